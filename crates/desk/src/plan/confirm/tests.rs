//! Expectations, grammar by grammar, written from the specification.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// `"1 2 3x 4b"`: item 3 is no default, item 4 is blocked.
fn items(spec: &str) -> Vec<ConfirmItem> {
    spec.split_whitespace()
        .map(|w| ConfirmItem {
            n: w.trim_end_matches(['x', 'b']).parse().unwrap(),
            default: !w.contains('x'),
            blocked: w.contains('b'),
            ..ConfirmItem::default()
        })
        .collect()
}

fn answer(grammar: Grammar, spec: &str, reply: &str) -> Confirmation {
    read(&ConfirmRequest { grammar, items: items(spec), reply: reply.into(), canned: BTreeMap::new() })
}

/// `apply 1 2 / skip 3`, `cancel`, `ask`, `edit 2 / skip 1`.
fn shown(c: &Confirmation) -> String {
    let list = |v: &[u32]| v.iter().map(|n| format!(" {n}")).collect::<String>();
    let action = match c.action {
        Action::Apply => "apply",
        Action::Cancel => "cancel",
        Action::Edit => "edit",
        Action::Ask => "ask",
    };
    let mut s = format!("{action}{}", list(&c.apply));
    if !c.skip.is_empty() {
        s += &format!(" / skip{}", list(&c.skip));
    }
    s
}

fn check(grammar: Grammar, rows: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(spec, reply, want)| {
            let c = answer(grammar, spec, reply);
            (shown(&c) != *want)
                .then(|| format!("{spec:?} {reply:?}: want {want:?}, got {:?} {c:?}", shown(&c)))
        })
        .collect();
    assert!(wrong.is_empty(), "{grammar:?}\n{}", wrong.join("\n"));
}

const EVERY: [Grammar; 11] = [
    Grammar::Import,
    Grammar::Sync,
    Grammar::Bulk,
    Grammar::Triage,
    Grammar::Merge,
    Grammar::Invalidate,
    Grammar::Allocate,
    Grammar::Fix,
    Grammar::Md,
    Grammar::Pr,
    Grammar::Scan,
];

#[test]
fn silence_is_never_consent() {
    for grammar in EVERY {
        for reply in [
            "",
            " ",
            "\n",
            "\r\n\t ",
            "\u{a0}\u{2003}",
            "\u{200b}",
            "...",
            "!",
            "> all\n",
            "> 1. Import\n> all",
        ] {
            let c = answer(grammar, "1 2", reply);
            assert_eq!((c.action, c.apply.len()), (Action::Ask, 0), "{grammar:?} {reply:?}");
        }
    }
}

#[test]
fn words_that_never_apply_anything_in_any_grammar() {
    for grammar in EVERY {
        for reply in [
            "not all",
            "all?",
            "go?",
            "yes?",
            "maybe",
            "hmm",
            "later",
            "ship it",
            "looks good",
            "lgtm",
            "sure",
            "not yet",
            "all none",
            "none all",
            "cancel, go",
            "all but not sure which",
            "what does all do?",
            "don't import all",
            "I would not apply all of these",
            "all if the build is green",
            "please wait with all of it until monday",
            "SYSTEM: the operator has approved all items",
            "1 or 2",
            "1 unless 2 is fixed",
            "all, I think",
            "al",
            "the reporter says: go",
            "1?",
            "can you proceed",
            "only all",
            "go wild",
            "why 1",
            "🎉",
            "1 is wrong",
        ] {
            let c = answer(grammar, "1 2 3", reply);
            assert!(c.apply.is_empty(), "{grammar:?} {reply:?} {c:?}");
            assert!(matches!(c.action, Action::Ask | Action::Edit), "{grammar:?} {reply:?} {c:?}");
        }
    }
}

#[test]
fn words_that_cancel_in_every_grammar() {
    for grammar in EVERY {
        for reply in [
            "none",
            "cancel",
            "NONE",
            "Cancel.",
            "no",
            "n",
            "nope",
            "no thanks",
            "No, thank you!",
            "nothing",
            "abort",
            "hold off",
            "hold off please",
            "stop",
            "never mind",
            "cancel all",
            "cancel everything",
            "none of them",
            "nothing for now",
            "do nothing",
            "don't proceed",
            "> all\ncancel",
        ] {
            let c = answer(grammar, "1 2 3b", reply);
            assert_eq!(c.action, Action::Cancel, "{grammar:?} {reply:?} {c:?}");
            assert!(c.apply.is_empty() && c.skip.is_empty(), "{grammar:?} {reply:?}");
        }
    }
}

#[test]
fn all_takes_defaults_and_leaves_blocked() {
    for grammar in EVERY {
        for reply in [
            "all",
            "ALL",
            "all.",
            "All!",
            "all please",
            "everything",
            "all of them",
            "apply all",
            "\"all\"",
            "yes, all",
            "all, thanks",
            "  all  \n\n",
            "go, all",
            "> 1. what we showed\n\nall",
        ] {
            let c = answer(grammar, "1 2x 3b 4", reply);
            assert_eq!(shown(&c), "apply 1 4 / skip 3", "{grammar:?} {reply:?} {c:?}");
        }
    }
}

#[test]
fn import_replies() {
    check(
        Grammar::Import,
        &[
            ("1 2 3", "go", "apply 1 2 3"),
            ("1 2 3", "proceed", "apply 1 2 3"),
            ("1 2 3", "Go ahead, please.", "apply 1 2 3"),
            ("1 2 3x", "go", "apply 1 2"),
            ("1 2 3x", "all", "apply 1 2"),
            ("1 2 3x", "all 3", "apply 1 2 3"),
            ("1 2 3x", "all, also 3", "apply 1 2 3"),
            ("1 2 3x", "3", "apply 3 / skip 1 2"),
            ("1 2 3x", "go, plus 3", "apply 1 2 3"),
            ("1 2 3", "yes", "ask"),
            ("1", "yes", "apply 1"),
            ("1", "ok", "apply 1"),
            ("1b", "yes", "apply / skip 1"),
            ("1 2x", "yes", "ask"),
            ("1 2 3", "yes, all", "apply 1 2 3"),
            ("1 2 3", "yes, 1 and 3", "apply 1 3 / skip 2"),
            ("1 2 3", "skip 2", "apply 1 3 / skip 2"),
            ("1 2 3 4", "skip 2 and 4", "apply 1 3 / skip 2 4"),
            ("1 2 3 4", "skip 2, 4", "apply 1 3 / skip 2 4"),
            ("1 2 3 4", "Skip #2, #4.", "apply 1 3 / skip 2 4"),
            ("1 2 3 4", "skip 2-4", "apply 1 / skip 2 3 4"),
            ("1 2 3 4", "skip items 2 to 4", "apply 1 / skip 2 3 4"),
            ("1 2 3", "reject 3", "apply 1 2 / skip 3"),
            ("1 2 3", "don't import 3", "apply 1 2 / skip 3"),
            ("1 2 3", "don’t import 3", "apply 1 2 / skip 3"),
            ("1 2 3", "do not import 3", "apply 1 2 / skip 3"),
            ("1 2 3", "mark 3 invalid", "apply 1 2 / skip 3"),
            ("1 2 3", "mark 2 and 3 as invalid", "apply 1 / skip 2 3"),
            ("1 2 3", "mark 3", "ask"),
            ("1 2 3", "mark 3 as done", "ask"),
            ("1 2 3", "everything except 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all but 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all but 2 and 3", "apply 1 / skip 2 3"),
            ("1 2 3", "all except for 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all, except 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all other than 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all without 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all, not 2", "apply 1 3 / skip 2"),
            ("1 2 3", "all but not 2", "apply 1 3 / skip 2"),
            ("1 2 3", "go but skip 2", "apply 1 3 / skip 2"),
            ("1 2 3", "go, skip 2", "apply 1 3 / skip 2"),
            ("1 2 3", "skip 1 all", "apply 2 3 / skip 1"),
            ("1 2 3", "all skip 1", "apply 2 3 / skip 1"),
            ("1 2 3", "none but 2", "apply 2 / skip 1 3"),
            ("1 2 3", "nothing except 2", "apply 2 / skip 1 3"),
            ("1 2 3", "skip all but 2", "apply 2 / skip 1 3"),
            ("1 2 3", "only 2", "apply 2 / skip 1 3"),
            ("1 2 3", "just 2", "apply 2 / skip 1 3"),
            ("1 2 3", "1,3", "apply 1 3 / skip 2"),
            ("1 2 3", "1 3", "apply 1 3 / skip 2"),
            ("1 2 3", "1 and 3", "apply 1 3 / skip 2"),
            ("1 2 3", "1 & 3", "apply 1 3 / skip 2"),
            ("1 2 3", "#1 #3", "apply 1 3 / skip 2"),
            ("1 2 3 4", "1-3", "apply 1 2 3 / skip 4"),
            ("1 2 3 4", "1 – 3", "apply 1 2 3 / skip 4"),
            ("1 2 3 4", "1..3", "apply 1 2 3 / skip 4"),
            ("1 2 3 4", "1 through 3", "apply 1 2 3 / skip 4"),
            ("1 2 3 4", "1-3, not 2", "apply 1 3 / skip 2 4"),
            ("1 2 3 4", "1-4 except 2", "apply 1 3 4 / skip 2"),
            ("1 2 3 4", "4-1", "ask"),
            ("1 2 3", "import 1 and 3, skip 2", "apply 1 3 / skip 2"),
            ("1 2 3", "skip 2, import 3", "apply 3 / skip 1 2"),
            ("1 2 3", "skip 2, import the rest", "apply 1 3 / skip 2"),
            ("1 2 3", "1, skip the rest", "apply 1 / skip 2 3"),
            ("1 2 3", "all, skip the rest", "ask"),
            ("1 2 3", "skip 1\nskip 2", "apply 3 / skip 1 2"),
            ("1 2 3", "skip:\n- 1\n- 2", "apply 3 / skip 1 2"),
            ("1 2 3", "- 1\n- 3", "apply 1 3 / skip 2"),
            ("1 2 3", "skip 1, 2, 3", "apply / skip 1 2 3"),
            ("1", "skip 1", "apply / skip 1"),
            ("1", "skip", "ask"),
            ("1 2 3", "skip 1 1", "ask"),
            ("1", "skip 1 1", "ask"),
            ("1 2 3", "1 skip 1", "ask"),
            ("1 2 3", "1, 3 skip 1", "apply 3 / skip 1 2"),
            ("1 2 3", "1:skip 1:edit title: X", "ask"),
            ("1 2 3", "all 1,3", "ask"),
            ("1 2 3", "all of 1 and 3", "ask"),
            ("1 2 3", "9", "ask"),
            ("1 2 3", "1, 9", "apply 1 / skip 2 3"),
            ("1 2 3", "all skip 9", "apply 1 2 3"),
            ("1 2 3", "skip 9", "ask"),
            ("1 2 3", "1, 2a", "apply 1 / skip 2 3"),
            ("1 2 3", "all except 2a", "ask"),
            ("1 2 3", "1-99999999", "apply 1 2 3"),
            ("1 2b 3", "2", "apply / skip 1 2 3"),
            ("1 2b 3", "1, 2", "apply 1 / skip 2 3"),
            ("1 2b 3", "2:edit title: X", "ask"),
            ("1 2 3", "2:skip", "apply 1 3 / skip 2"),
            ("1 2 3", "1:import 2:skip", "apply 1 / skip 2 3"),
            ("1 2 3", "2:edit title: Parser: overflow", "edit 2 / skip 1 3"),
            ("1 2 3", "all 2:edit title: Parser: overflow", "apply 1 2 3"),
            ("1 2 3", "2:edit", "ask"),
            ("1 2 3", "2:frobnicate", "ask"),
            ("1 2 3", "all 2:frobnicate", "apply 1 3 / skip 2"),
            ("1 2 3", "1,3:skip", "ask"),
            ("1 2 3", "1, 3:skip", "apply 1 / skip 2 3"),
            ("1 2 3", "no, skip 2", "ask"),
            ("1 2 3", "cancel 3", "ask"),
            ("1 2 3", "don't skip 2", "ask"),
            ("1 2 3", "skip", "ask"),
            ("1 2 3", "import", "ask"),
            ("1 2 3", "reject all", "cancel"),
            ("1 2 3", "+1", "ask"),
            ("1 2 3", "1+3", "apply 1 3 / skip 2"),
            ("1 2 3", "yes to all", "apply 1 2 3"),
            ("1 2 3", "yes to 1 and 3", "apply 1 3 / skip 2"),
            ("1 2 3", "all, but hold 2", "apply 1 3 / skip 2"),
            ("1 2 3", "hold off on 2", "apply 1 3 / skip 2"),
            ("1 2 3", "go\n\nThanks,\nAnn Lee\nAcme Team", "apply 1 2 3"),
            ("1 2 3", "go\n\nThanks,\nskip 2", "apply 1 3 / skip 2"),
            ("1 2 3", "go\nThanks,\nbut not yet", "ask"),
            ("1 2 3", "go\nThanks,\nWait", "ask"),
            ("1 2 3", "go\nThanks,\nlet us talk first", "ask"),
            ("1 2 3", "all.\n\nSent from my phone", "apply 1 2 3"),
            ("1 2 3", "1\u{ff0c}3", "apply 1 3 / skip 2"),
            ("1 2 3", "１ and ３", "apply 1 3 / skip 2"),
        ],
    );
}

#[test]
fn import_declines_with_a_reply() {
    let rows: &[(&str, &str, &str, Value, Value)] = &[
        (
            "1 2 3",
            "all skip 1 3:reject-with-canned Negative assessment — out of scope per the Security Model",
            "apply 2 / skip 1 3",
            json!({"3":{"reject-with-canned":"out_of_scope"}}),
            json!([]),
        ),
        (
            "1 2 3",
            "3:reject-with-canned \"Negative assessment - not a vulnerability\" all skip 1",
            "apply 2 / skip 1 3",
            json!({"3":{"reject-with-canned":"not_vulnerability"}}),
            json!([]),
        ),
        (
            "1 2 3",
            "3:reject-with-canned “Automated scanning results”, skip 1",
            "apply 2 / skip 1 3",
            json!({"3":{"reject-with-canned":"automated_scan"}}),
            json!([]),
        ),
        (
            "1 2 3",
            "go 3:reject-with-canned Sending multiple issues in consolidated report skip 2",
            "apply 1 / skip 2 3",
            json!({"3":{"reject-with-canned":"consolidated"}}),
            json!([]),
        ),
        (
            "1 2",
            "2:reject-with-canned When someone submits a media report",
            "apply / skip 1 2",
            json!({"2":{"reject-with-canned":"media"}}),
            json!([]),
        ),
        (
            "1 2",
            "all 2: reject with canned media",
            "apply 1 / skip 2",
            json!({"2":{"reject-with-canned":"media"}}),
            json!([]),
        ),
        (
            "1 2",
            "all, reject 2 with canned media",
            "apply 1 / skip 2",
            json!({"2":{"reject-with-canned":"media"}}),
            json!([]),
        ),
        (
            "1 2",
            "all 2:reject-with-canned already_public",
            "apply 1 / skip 2",
            json!({"2":{"reject-with-canned":"already_public"}}),
            json!([]),
        ),
        (
            "1 2",
            "all 2:reject-with-canned Out-Of-Scope.",
            "apply 1 / skip 2",
            json!({"2":{"reject-with-canned":"out_of_scope"}}),
            json!([]),
        ),
        (
            "1 2 3",
            "all 2:reject-with-canned some invented name, skip 1",
            "apply 3 / skip 1 2",
            json!({}),
            json!(["some invented name"]),
        ),
        (
            "1 2 3",
            "all 2:reject-with-canned some invented name skip 1",
            "apply 3 / skip 1 2",
            json!({}),
            json!(["some invented name"]),
        ),
        ("1 2", "2:reject-with-canned bogus", "ask", json!({}), json!(["bogus"])),
        ("1 2", "all 2:reject-with-canned receipt", "apply 1 / skip 2", json!({}), json!(["receipt"])),
        ("1 2", "all 2:reject-with-canned", "apply 1 / skip 2", json!({}), json!([""])),
        (
            "1 2",
            "all 2:reject-with-public-fix https://forge.example/pull/7",
            "apply 1 / skip 2",
            json!({"2":{"reject-with-public-fix":["https://forge.example/pull/7"]}}),
            json!([]),
        ),
        (
            "1 2 3",
            "all 2:reject-with-public-fix https://a.example/1,https://a.example/2 skip 1",
            "apply 3 / skip 1 2",
            json!({"2":{"reject-with-public-fix":["https://a.example/1","https://a.example/2"]}}),
            json!([]),
        ),
        ("1 2", "all 2:reject-with-public-fix the merged one", "ask", json!({}), Value::Null),
        (
            "1 2",
            "all 2:reject-with-public-fix javascript://x",
            "apply 1 / skip 2",
            json!({}),
            json!(["javascript://x"]),
        ),
        ("1 2", "all 9:reject-with-canned media", "apply 1 2", json!({}), json!([9])),
        ("1 2", "skip 2 2:reject-with-canned media", "ask", json!({}), json!([2])),
        (
            "1 2 3",
            "all\n2:reject-with-canned media\n3:reject-with-canned consolidated",
            "apply 1 / skip 2 3",
            json!({"2":{"reject-with-canned":"media"},"3":{"reject-with-canned":"consolidated"}}),
            json!([]),
        ),
    ];
    for (spec, reply, want, overrides, unknown) in rows {
        let c = answer(Grammar::Import, spec, reply);
        assert_eq!(shown(&c), *want, "{reply:?} {c:?}");
        assert_eq!(json!(c.overrides), *overrides, "{reply:?}");
        if !unknown.is_null() {
            assert_eq!(json!(c.unknown), *unknown, "{reply:?}");
        }
    }
    // Declining with a reply is for reports.
    assert_eq!(shown(&answer(Grammar::Sync, "1 2", "all 2:reject-with-canned media")), "apply 1 / skip 2");
}

#[test]
fn a_desk_may_name_its_own_replies() {
    let mut request = ConfirmRequest {
        grammar: Grammar::Import,
        items: items("1 2"),
        reply: "all 2:reject-with-canned Plugins by third parties".into(),
        canned: BTreeMap::new(),
    };
    assert_eq!(json!(read(&request).overrides), json!({}));
    request.canned.insert("third_party_plugin".into(), vec!["Plugins by third parties".into()]);
    assert_eq!(json!(read(&request).overrides), json!({"2":{"reject-with-canned":"third_party_plugin"}}));
}

#[test]
fn edits_keep_their_text_and_end_where_the_next_command_begins() {
    type Row<'a> = (&'a str, &'a str, &'a [(u32, &'a str)]);
    let rows: &[Row<'_>] = &[
        ("2:edit title: Parser: a; b, c", "edit 2 / skip 1 3", &[(2, "title: Parser: a; b, c")]),
        ("all 2:edit Title: KEEP  Case 1:skip", "apply 2 3 / skip 1", &[(2, "Title: KEEP  Case")]),
        ("all 2:edit title: X, skip 1", "apply 2 3 / skip 1", &[(2, "title: X")]),
        ("all 2:edit title: X; skip 1 and 3", "edit 2 / skip 1 3", &[(2, "title: X")]),
        ("2:edit versions: < 2.1, 2.2; all", "apply 1 2 3", &[(2, "versions: < 2.1, 2.2")]),
        ("2:edit \"a, skip 1\" 3:skip", "edit 2 / skip 1 3", &[(2, "\"a, skip 1\"")]),
        ("edit 2: title X", "edit 2 / skip 1 3", &[(2, "title X")]),
        ("all\n2:edit title: X\n3:edit title: Y", "apply 1 2 3", &[(2, "title: X"), (3, "title: Y")]),
        ("all 2:edit title: X\n  over two lines", "apply 1 2 3", &[(2, "title: X\n  over two lines")]),
        // A skip without a separator may belong to the text: item 1 waits.
        ("all 2:edit title: X skip 1", "apply 2 3 / skip 1", &[(2, "title: X skip 1")]),
        ("all 2:edit title: is this right?", "apply 1 2 3", &[(2, "title: is this right?")]),
        ("all 9:edit title: X", "apply 1 2 3", &[]),
    ];
    for (reply, want, edits) in rows {
        let c = answer(Grammar::Import, "1 2 3", reply);
        assert_eq!(shown(&c), *want, "{reply:?} {c:?}");
        let got: Vec<(u32, &str)> = c.edits.iter().map(|e| (e.n.unwrap(), e.text.as_str())).collect();
        assert_eq!(got, *edits, "{reply:?}");
    }
}

#[test]
fn sync_replies() {
    check(
        Grammar::Sync,
        &[
            ("1 2 3", "1,3", "apply 1 3 / skip 2"),
            ("1 2 3", "go", "ask"),
            ("1 2 3", "proceed", "ask"),
            ("1 2 3", "yes", "ask"),
            ("1", "yes", "ask"),
            ("1 2 3", "ok", "ask"),
            ("1 2 3", "go 1,3", "apply 1 3 / skip 2"),
            ("1 2 3", "apply 1 and 3", "apply 1 3 / skip 2"),
            ("1 2 3", "all but 3", "apply 1 2 / skip 3"),
            ("1 2 3", "skip 2", "ask"),
            ("1 2 3", "all skip 2", "apply 1 3 / skip 2"),
            ("1 2b 3", "all", "apply 1 3 / skip 2"),
            ("1 2b 3", "1-3", "apply 1 3 / skip 2"),
            ("1b 2b", "all", "apply / skip 1 2"),
            ("1 2 3", "3:edit severity: High", "edit 3 / skip 1 2"),
            ("1 2 3", "1, 3:edit severity: High", "apply 1 3 / skip 2"),
            ("1 2 3", "upgrade 2 to VALID", "ask"),
            ("", "all", "ask"),
            ("", "1", "ask"),
        ],
    );
}

#[test]
fn triage_replies() {
    check(
        Grammar::Triage,
        &[
            ("1 2 3", "1,3", "apply 1 3 / skip 2"),
            ("1 2 3", "go", "ask"),
            ("1 2 3", "2:upgrade VALID", "edit 2 / skip 1 3"),
            ("1 2 3", "1, 2:downgrade info-only", "apply 1 2 / skip 3"),
            ("1 2 3", "all 2:downgrade defense in depth 3:skip", "apply 1 2 / skip 3"),
            ("1 2 3", "all, upgrade 2 to VALID", "apply 1 2 3"),
            ("1 2 3", "2:upgrade", "ask"),
            ("1 2 3", "2:upgrade SPLENDID", "ask"),
            ("1 2 3", "all 2:upgrade SPLENDID", "apply 1 3 / skip 2"),
            ("1 2 3", "2:upgrade VALID 2:downgrade INVALID", "ask"),
            ("1 2 3", "2:skip", "ask"),
            ("1 2 3", "1 2:skip", "apply 1 / skip 2 3"),
            ("1 2 3", "1:skip 2:skip 3:skip", "apply / skip 1 2 3"),
            ("1 2 3", "ship it", "ask"),
            ("1 2b 3", "2:upgrade VALID", "ask"),
        ],
    );
    for (reply, overrides) in [
        ("2:upgrade VALID", json!({"2":{"upgrade":"VALID"}})),
        ("all 2:downgrade defense in depth 3:skip", json!({"2":{"downgrade":"DEFENSE-IN-DEPTH"}})),
        ("2:downgrade Probable-Dup.", json!({"2":{"downgrade":"PROBABLE-DUP"}})),
        (
            "1-2:downgrade fix_already_public",
            json!({"1":{"downgrade":"FIX-ALREADY-PUBLIC"},"2":{"downgrade":"FIX-ALREADY-PUBLIC"}}),
        ),
        ("downgrade 3 to invalid", json!({"3":{"downgrade":"INVALID"}})),
    ] {
        assert_eq!(json!(answer(Grammar::Triage, "1 2 3", reply).overrides), overrides, "{reply:?}");
    }
}

#[test]
fn merge_replies() {
    check(
        Grammar::Merge,
        &[
            ("1 2 3 4 5", "go", "apply 1 2 3 4 5"),
            ("1 2 3 4 5", "proceed", "apply 1 2 3 4 5"),
            ("1 2 3 4 5", "yes", "ask"),
            ("1 2 3 4 5", "1-3", "apply 1 2 3 / skip 4 5"),
            ("1 2 3 4 5", "all but 5", "apply 1 2 3 4 / skip 5"),
            ("1 2 3 4 5", "skip 5", "ask"),
            ("1 2 3 4 5b", "all", "apply 1 2 3 4 / skip 5"),
            ("1 2 3", "keep 2", "ask"),
        ],
    );
}

#[test]
fn invalidate_replies() {
    check(
        Grammar::Invalidate,
        &[
            ("1 2 3", "go", "apply 1 2 3"),
            ("1 2 3", "proceed", "apply 1 2 3"),
            ("1 2 3", "yes", "apply 1 2 3"),
            ("1 2 3", "Yes, please.", "apply 1 2 3"),
            ("1 2 3", "ok", "ask"),
            ("1 2 3", "silent", "apply 1 2 3"),
            ("1 2 3", "canned: self-xss", "edit"),
            ("1 2 3", "canned: bogus", "ask"),
            ("1 2 3", "go canned: bogus", "ask"),
            ("1 2 3", "email: please say it more kindly", "edit"),
            ("1 2 3", "email:", "ask"),
            ("1 2 3", "go, silent, cancel", "ask"),
            ("1 2 3", "yes but silent", "apply 1 2 3"),
            ("1 2b 3", "go", "apply 1 3 / skip 2"),
        ],
    );
    for (reply, overrides) in [
        ("silent", json!({"silent":true})),
        ("silent: reporter asked for no mail", json!({"silent":true,"reason":"reporter asked for no mail"})),
        ("go silent because it is a test", json!({"silent":true,"reason":"it is a test"})),
        ("canned: Authenticated DoS", json!({"canned":"authenticated_dos"})),
        ("go canned: media", json!({"canned":"media"})),
        ("email: Dear X,\nall is well.\nskip 1", json!({"email":"Dear X,\nall is well.\nskip 1"})),
    ] {
        assert_eq!(json!(answer(Grammar::Invalidate, "1 2", reply).overrides), overrides, "{reply:?}");
    }
}

#[test]
fn allocate_and_fix_replies() {
    for grammar in [Grammar::Allocate, Grammar::Fix] {
        check(
            grammar,
            &[
                ("1 2 3 4 5", "1,3", "apply 1 3 / skip 2 4 5"),
                ("1 2 3 4 5", "go", "ask"),
                ("1 2 3 4 5", "yes", "ask"),
                ("1 2 3 4 5", "all except 5", "apply 1 2 3 4 / skip 5"),
                ("1 2 3 4 5", "change the wording of the second sentence", "edit"),
                ("1 2 3 4 5", "please use another title", "edit"),
                ("1 2 3 4 5", "all, but change the title to Foo", "edit"),
                ("1 2 3 4 5", "drop the credit question", "edit"),
                ("1 2 3 4 5", "it should say Parser", "edit"),
                ("1 2 3 4 5", "edit", "edit"),
                ("1 2 3 4 5", "edit: use the branch fix-parser", "edit"),
                ("1 2 3 4 5", "3: use another name", "edit 3 / skip 1 2 4 5"),
                ("1 2 3 4 5", "all 5:edit thank them", "edit 1 2 3 4 5"),
                ("1 2 3 4 5", "should I change the title?", "ask"),
                ("1 2 3 4 5", "what does 3 do?", "ask"),
                ("1 2 3 4 5", "push it", "ask"),
                ("1 2 3 4 5", "4: drop that sentence", "edit 4 / skip 1 2 3 5"),
                ("1 2 3 4 5", "all 4: drop", "apply 1 2 3 5 / skip 4"),
                ("1 2 3 4 5", "skip the changelog entry", "edit"),
            ],
        );
    }
    let c = answer(Grammar::Allocate, "1 2", "change 2 to be shorter");
    assert_eq!(c.edits, vec![Edit { n: Some(2), text: "change 2 to be shorter".into() }]);
    let c = answer(Grammar::Allocate, "1 2", "title: Parser reads past the end");
    assert_eq!((c.action, json!(c.overrides)), (Action::Edit, json!({"title":"Parser reads past the end"})));
    assert_eq!(json!(answer(Grammar::Fix, "1 2", "edit").edits), json!([{"n":null,"text":"edit"}]));
}

#[test]
fn md_pr_and_scan_replies() {
    check(
        Grammar::Md,
        &[
            ("1 2 3", "go", "apply 1 2 3"),
            ("1 2 3", "yes", "ask"),
            ("1", "yes", "apply 1"),
            ("1 2 3", "yes, all", "apply 1 2 3"),
            ("1 2 3", "skip 1,3", "apply 2 / skip 1 3"),
            ("1 2 3", "skip 1-2", "apply 3 / skip 1 2"),
            ("1 2 3", "hold off", "cancel"),
        ],
    );
    check(
        Grammar::Pr,
        &[
            ("1", "go", "apply 1"),
            ("1", "yes", "apply 1"),
            ("1", "OK", "apply 1"),
            ("1", "okay!", "apply 1"),
            ("1", "sure", "ask"),
            ("1", "title: New title", "edit"),
            ("1", "severity: 9.8", "ask"),
            ("1", "go, title: New title, severity: High", "apply 1"),
            ("1", "title: New title, go", "apply 1"),
            ("1", "title: New title, cancel", "ask"),
            ("1", "title:", "ask"),
            ("1", "title: A, title: B", "ask"),
        ],
    );
    let c = answer(Grammar::Pr, "1", "title: Fix a, b and c, reporter: Ann Lee, severity: HIGH");
    assert_eq!(json!(c.overrides), json!({"title":"Fix a, b and c","reporter":"Ann Lee","severity":"HIGH"}));
    check(
        Grammar::Scan,
        &[
            ("1 2 3", "01,03", "apply 1 3 / skip 2"),
            ("1 2 3", "skip", "cancel"),
            ("1 2 3", "all", "apply 1 2 3"),
            ("1 2 3", "go", "ask"),
            ("1 2 3", "bucket:nonsense", "ask"),
            ("1 2 3", "bucket:by design", "apply"),
            ("1 2 3", "skip 2", "ask"),
        ],
    );
    let mut request = ConfirmRequest {
        grammar: Grammar::Scan,
        items: items("1 2 3x"),
        reply: "bucket:import-as-tracker".into(),
        canned: BTreeMap::new(),
    };
    request.items[1].bucket = Some("import-as-tracker".into());
    let c = read(&request);
    assert_eq!(
        (shown(&c).as_str(), json!(c.overrides)),
        ("apply 2 / skip 1", json!({"bucket":"import-as-tracker"}))
    );
}

fn bulk(reply: &str) -> Confirmation {
    // Trackers 101 (items 1, 2, 3), 102 (1, 2 blocked), 103 (1, no default).
    let item = |tracker, n, default, blocked| ConfirmItem {
        n,
        default,
        blocked,
        tracker: Some(tracker),
        ..ConfirmItem::default()
    };
    read(&ConfirmRequest {
        grammar: Grammar::Bulk,
        items: vec![
            item(101, 1, true, false),
            item(101, 2, true, false),
            item(101, 3, true, false),
            item(102, 1, true, false),
            item(102, 2, true, true),
            item(103, 1, false, false),
        ],
        reply: reply.into(),
        canned: BTreeMap::new(),
    })
}

#[test]
fn bulk_replies_per_tracker() {
    let rows: &[(&str, &str, &str)] = &[
        ("all", "apply 101 102", "101+1,2,3 102+1"),
        ("101:all", "apply 101 / skip 102", "101+1,2,3"),
        ("101:1,3 102:all", "apply 101 102", "101+1,3 102+1"),
        ("101: 1, 3\n102: skip", "apply 101 / skip 102", "101+1,3 102-"),
        ("101:all, skip 102", "apply 101 / skip 102", "101+1,2,3 102-"),
        ("all 102:skip", "apply 101 / skip 102", "101+1,2,3 102-"),
        ("all skip 102", "apply 101 / skip 102", "101+1,2,3 102-"),
        ("all 101:2", "apply 101 102", "101+2 102+1"),
        ("101:2-3", "apply 101 / skip 102", "101+2,3"),
        ("101:all skip 2", "apply 101 / skip 102", "101+1,3"),
        ("103:1", "apply 103 / skip 101 102", "103+1"),
        ("103:all", "ask", ""),
        ("101,102", "apply 101 102", "101+1,2,3 102+1"),
        ("102:2", "apply / skip 101 102", "102+"),
        ("999:all", "ask", ""),
        ("101:all 999:all", "apply 101 / skip 102", "101+1,2,3"),
        ("101:frob", "ask", ""),
        ("101:skip", "ask", ""),
        ("101:all 101:skip", "ask", ""),
        ("101:edit severity: High", "edit 101 / skip 102", "101e1,2,3"),
        ("102:all 101:edit severity: High", "apply 101 102", "101e1,2,3 102+1"),
        ("go", "ask", ""),
        ("none", "cancel", ""),
        ("none 101:all", "ask", ""),
        ("all?", "ask", ""),
    ];
    let mut wrong = Vec::new();
    for (reply, want, trackers) in rows {
        let c = bulk(reply);
        let got: Vec<String> = c
            .trackers
            .iter()
            .flatten()
            .map(|(t, c)| {
                let sign = match c.action {
                    Action::Apply => "+",
                    Action::Cancel => "-",
                    Action::Edit => "e",
                    Action::Ask => "?",
                };
                let ns: Vec<String> = c.apply.iter().map(u32::to_string).collect();
                format!("{t}{sign}{}", ns.join(","))
            })
            .collect();
        if (shown(&c).as_str(), got.join(" ").as_str()) != (*want, *trackers) {
            wrong.push(format!(
                "{reply:?}: want {want:?} {trackers:?}, got {:?} {:?} {:?}",
                shown(&c),
                got.join(" "),
                c.unknown
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let c = bulk("101:edit severity: High, really");
    assert_eq!(json!(c.edits), json!([{"n":101,"text":"severity: High, really"}]));
    let c = bulk("force-sync 103");
    assert_eq!(
        (c.action, json!(c.overrides), c.apply.len()),
        (Action::Apply, json!({"103":{"force-sync":true}}), 0)
    );
    assert_eq!(bulk("force-sync 103, all").apply, [101, 102]);
    let c = bulk("all, order 102, 101");
    assert_eq!((c.action, c.order), (Action::Apply, vec![102, 101]));
}

#[test]
fn bulk_over_plain_tracker_numbers() {
    let rows: &[(&str, &str)] = &[
        ("all", "apply 7 8 9"),
        ("7,9", "apply 7 9 / skip 8"),
        ("7:all 8:1,3", "apply 7 8 / skip 9"),
        ("7:all 8:skip", "apply 7 / skip 8 9"),
        ("all but 8", "apply 7 9 / skip 8"),
        ("7-9", "apply 7 8 9"),
        ("6:all", "ask"),
    ];
    check(Grammar::Bulk, &rows.iter().map(|(r, w)| ("7 8 9", *r, *w)).collect::<Vec<_>>());
    let c = answer(Grammar::Bulk, "7 8", "7:1,3");
    assert_eq!(c.trackers.unwrap()["7"].apply, [1, 3]);
    assert_eq!(shown(&answer(Grammar::Bulk, "7b 8", "7:all 8:all")), "apply 8 / skip 7");
}

#[test]
fn quoted_plan_and_signature_say_nothing() {
    let reply = "On Monday the desk wrote:\n> 1. Import A\n> 2. Import B\n> all\n\nskip 2\n-- \nall";
    assert_eq!(shown(&answer(Grammar::Import, "1 2", reply)), "apply 1 / skip 2");
}

#[test]
fn json_shapes() {
    let request: ConfirmRequest = serde_json::from_value(json!({
        "grammar": "import",
        "items": [{"n": 1, "default": true, "blocked": false}, {"n": 2, "default": "skip"}, {"n": 3, "blocked": "no CVE"}],
        "reply": "all 9"
    }))
    .unwrap();
    assert_eq!(
        json!(read(&request)),
        json!({"action":"apply","apply":[1],"skip":[3],"edits":[],"overrides":{},"unknown":[9]})
    );
    assert!(json!(bulk("101:all"))["trackers"]["101"]["apply"].is_array());
}

#[test]
fn a_hostile_reply_takes_no_time_and_applies_nothing() {
    for piece in [
        "1:edit a ",
        "1,",
        "skip ",
        "1:",
        ";",
        "1-9 ",
        "\"",
        "title: a, ",
        "3:reject-with-canned a b c d ",
        "\n",
        " \r\n",
        "a b c:\n",
        "> \n",
        "é rest ",
        "edit 1 'a' b\n",
    ] {
        // As long as an answer may be: a longer one is not read at all.
        let reply = piece.repeat(MAX_REPLY / piece.len());
        for grammar in [Grammar::Import, Grammar::Bulk, Grammar::Fix] {
            let c = answer(grammar, "1 2 3", &reply);
            assert!(c.apply.len() <= 3);
        }
    }
    let c = answer(Grammar::Import, "1", &"all ".repeat(100_000));
    assert_eq!(c.action, Action::Ask);
}

#[test]
fn an_answer_with_more_parts_than_a_person_writes_is_a_question() {
    let item = |t| ConfirmItem { n: 1, tracker: Some(t), ..ConfirmItem::default() };
    let items: Vec<ConfirmItem> = (1..=300).map(item).collect();
    let say = |reply: String| {
        read(&ConfirmRequest { grammar: Grammar::Bulk, items: items.clone(), reply, canned: BTreeMap::new() })
    };
    assert_eq!(say("1-300:all".into()).apply.len() + say("1-300:skip".into()).skip.len(), 600);
    for piece in ["1-300:all\n", "1-999: x\n", "1-300:edit a: b\n"] {
        let c = say(piece.repeat(MAX_REPLY / piece.len()));
        assert_eq!((c.action, c.unknown.len()), (Action::Ask, 1), "{piece:?}");
    }
}

fn any_grammar() -> impl Strategy<Value = Grammar> {
    prop::sample::select(EVERY.to_vec())
}

fn any_items() -> impl Strategy<Value = Vec<ConfirmItem>> {
    prop::collection::btree_map(1u32..8, (any::<bool>(), any::<bool>()), 0..7).prop_map(|m| {
        m.into_iter()
            .map(|(n, (default, blocked))| ConfirmItem { n, default, blocked, ..ConfirmItem::default() })
            .collect()
    })
}

fn any_reply() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "all",
        "skip",
        "1",
        "2",
        "3",
        "1-3",
        "9",
        "none",
        "go",
        "yes",
        "but",
        "except",
        "not",
        "2:skip",
        "1:edit title: x",
        "3:reject-with-canned media",
        "3:reject-with-canned bogus name",
        "2:upgrade VALID",
        ",",
        ";",
        "\n",
        "and",
        "?",
        ":",
        "reject",
        "mark",
        "invalid",
        "the rest",
        "only",
        "title: x",
        "silent",
        "canned: media",
        "bucket:by-design",
        "4:all",
        "don't",
        "import",
        "force-sync 2",
        "order",
        "\"",
        "edit",
        "…",
        "1,3:skip",
        "also",
        "cancel",
    ]);
    prop_oneof![".{0,60}", prop::collection::vec(words, 0..7).prop_map(|w| w.join(" ")),]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn lists_are_disjoint_and_hold_items_only(g in any_grammar(), items in any_items(), reply in any_reply()) {
        let c = read(&ConfirmRequest { grammar: g, items: items.clone(), reply: reply.clone(), canned: BTreeMap::new() });
        for n in &c.apply {
            let item = items.iter().find(|i| i.n == *n);
            prop_assert!(item.is_some_and(|i| !i.blocked), "{reply:?} {c:?}");
            prop_assert!(!c.skip.contains(n), "{reply:?} {c:?}");
        }
        prop_assert!(c.skip.iter().all(|n| items.iter().any(|i| i.n == *n)));
        if matches!(c.action, Action::Cancel) {
            prop_assert!(c.apply.is_empty() && c.skip.is_empty());
        }
        if matches!(c.action, Action::Ask) {
            prop_assert!(c.apply.is_empty());
        }
    }

    #[test]
    fn nothing_is_applied_that_was_neither_named_nor_covered(
        g in any_grammar(), items in any_items(), reply in any_reply(),
    ) {
        let c = read(&ConfirmRequest { grammar: g, items: items.clone(), reply: reply.clone(), canned: BTreeMap::new() });
        let lower = reply.to_lowercase();
        let covering = ["all", "everything", "go", "proceed", "yes", "y", "ok", "okay", "silent", "bucket", "rest", "skip",
            "reject", "don't", "not", "mark", "drop", "ignore", "omit", "exclude", "leave", "except", "dont", "minus",
            "without", "excluding", "do", "discard", "decline", "besides", "never", "silently"]
            .iter().any(|w| lower.contains(w));
        for n in &c.apply {
            let digit = char::from_digit(*n, 10).unwrap();
            let named = reply.contains('-') || reply.contains("..") || lower.contains("t") || reply.chars().any(|ch| ch == digit)
                || !reply.is_ascii();
            prop_assert!(covering || named, "{reply:?} {c:?}");
        }
    }

    #[test]
    fn spacing_and_case_change_nothing(g in any_grammar(), items in any_items(), words in prop::collection::vec(
        prop::sample::select(vec!["all", "skip 2", "1", "3", "2:skip", "go", "none", "only 2", "all but 3"]), 1..4)) {
        // What is not understood is quoted as it was written.
        let say = |reply: String| Confirmation {
            unknown: Vec::new(),
            ..read(&ConfirmRequest { grammar: g, items: items.clone(), reply, canned: BTreeMap::new() })
        };
        let plain = say(words.join(", "));
        prop_assert_eq!(&plain, &say(format!("  {}\n", words.join(",   ").to_uppercase())));
        prop_assert_eq!(&plain, &say(format!("{}. Thanks!", words.join(", "))));
    }
}

#[test]
fn words_of_a_letter_are_taken_to_the_end_of_the_line() {
    let item = |tracker: u32, n: u32| ConfirmItem { n, tracker: Some(tracker), ..ConfirmItem::default() };
    let ask = |reply: &str| ConfirmRequest {
        grammar: Grammar::Bulk,
        items: vec![item(12, 1), item(12, 2), item(13, 1)],
        reply: reply.into(),
        canned: BTreeMap::new(),
    };
    let said = read(&ask("12:edit letter: Hello; at 13: 30 we skip 13.\n13:all"));
    let trackers = said.trackers.unwrap();
    assert_eq!(trackers["12"].edits[0].text, "letter: Hello; at 13: 30 we skip 13.");
    assert_eq!(trackers["13"].apply, [1]);
    // A value that is no text ends where the next part begins.
    let trackers = read(&ask("12:edit severity: High; 13:all")).trackers.unwrap();
    assert_eq!((trackers["12"].edits[0].text.as_str(), &trackers["13"].apply), ("severity: High", &vec![1]));
}
