//! Sync page §11: who hears of what, by which way they are reached, and when nobody does.

use super::*;

/// The cases that bring each event, newest fact only.
fn bringing(event: &str) -> Value {
    let voices = json!({"voices": [{"handle": "ann", "verdict": "valid", "scope": "core"}, {"handle": "bea", "verdict": "valid", "scope": "core"}]});
    match event {
        "assessed_valid" => over(fresh(), &voices),
        "cve_allocated" => over(allocated(), &json!({"tracker": {"labels": ["core"]}})),
        "pr_opened" => over(in_pr(), &json!({"tracker": {"labels": ["core", "cve allocated"]}})),
        "pr_merged" => {
            over(merged(), &json!({"tracker": {"labels": ["core", "cve allocated", "pr created"]}}))
        }
        "scheduled" => over(merged(), &json!({"tracker": {"milestone": "-"}, "ledger": ["pr_merged"]})),
        "released" => shipped(),
        "advisory_sent" => archived(),
        "cve_published" => over(closed(), &json!({"cve_org": "PUBLISHED"})),
        other => panic!("{other}"),
    }
}

const EVENTS: [&str; 8] = [
    "assessed_valid",
    "cve_allocated",
    "pr_opened",
    "pr_merged",
    "scheduled",
    "released",
    "advisory_sent",
    "cve_published",
];

/// What was told before that event came.
fn before(event: &str) -> Value {
    let at = EVENTS.iter().position(|e| *e == event).unwrap();
    json!(EVENTS[..at].iter().filter(|e| **e != "scheduled").collect::<Vec<_>>())
}

fn routed(event: &str, routing: &str) -> Planned {
    let way = json!({"thread": over(thread(), &json!({"routing": routing})), "ledger": before(event)});
    plan(&over(bringing(event), &way))
}

#[test]
fn each_event_reaches_those_the_table_names() {
    for event in EVENTS {
        let direct = routed(event, "direct");
        assert_eq!(direct.letters(), [event], "{event}, direct: {direct}");
        let forwarder = routed(event, "via-forwarder");
        let relayed = matches!(event, "assessed_valid" | "cve_allocated" | "advisory_sent");
        let want: Vec<String> = if relayed { vec![event.to_owned()] } else { Vec::new() };
        assert_eq!(forwarder.letters(), want, "{event}, via forwarder: {forwarder}");
        for nobody in ["from-pr", "nobody"] {
            assert_eq!(routed(event, nobody).letters(), Vec::<String>::new(), "{event}, {nobody}");
        }
    }
}

#[test]
fn a_forwarder_is_found_by_every_sign_of_one() {
    let forwarded = [
        json!({"via_forwarder": true, "thread": thread()}),
        json!({"thread": thread(), "tracker": {"comments": [{"author": "ann", "at": "2026-03-11", "body": "<!-- tipstaff: routing-mode via-forwarder -->"}]}}),
    ];
    for sign in forwarded {
        let told = json!({"ledger": ["cve_allocated"]});
        assert_eq!(
            plan(&over(over(bringing("pr_merged"), &sign), &told)).letters(),
            Vec::<String>::new(),
            "{sign}"
        );
        let p = plan(&over(bringing("cve_allocated"), &sign));
        let letter = p.effects().into_iter().find_map(|e| match e {
            Change::MailDraft { letter, .. } => Some(letter.clone()),
            _ => None,
        });
        let letter = letter.unwrap();
        assert!(matches!(letter.text, crate::plan::effect::LetterText::Forwarder { .. }), "{sign}");
        assert!(!letter.asks_credit, "no credit confirmation to a forwarder");
    }
    // A report that came by a public pull request says so in its thread field.
    let imported = json!({"tracker": {"fields": {"security_thread": "N/A, https://forge.example/o/h/pull/9"}}, "thread": thread()});
    assert_eq!(plan(&over(bringing("cve_allocated"), &imported)).letters(), Vec::<String>::new());
}

#[test]
fn suppressed_news_is_said_in_the_status() {
    let p = routed("pr_merged", "via-forwarder");
    let told = p.effects().into_iter().find_map(|e| match e {
        Change::AppendEntry { note, .. } => Some(note.told.clone()),
        _ => None,
    });
    assert!(format!("{told:?}").contains("milestones only"), "{told:?}");
}

#[test]
fn letters_are_short_plain_and_keep_secrets() {
    for event in EVENTS {
        let p = routed(event, "direct");
        let (subject, body, _) = p.letter();
        assert_eq!(subject, "Re: Queue names leak", "{event}");
        for secret in ["cve.openwharf.example", "openwharf/security", "#42", "CVSS", "Medium"] {
            assert!(!body.contains(secret), "{event} names {secret}: {body}");
        }
        let listed = body.contains("cve.org");
        assert_eq!(listed, event == "cve_published", "{event}: {body}");
        assert!(body.lines().all(|l| l.len() <= 100), "{event}: {body}");
    }
    assert!(routed("pr_opened", "direct").letter().1.contains(PR));
    assert!(routed("cve_allocated", "direct").letter().1.contains(CVE));
    assert!(routed("advisory_sent", "direct").letter().1.contains(ADVISORY));
    assert!(routed("released", "direct").letter().1.contains("2.10.3"));
}

#[test]
fn every_letter_copies_the_list_and_answers_the_newest_message() {
    let t = json!({"thread": over(thread(), &json!({"last": "two@ada.example", "references": ["root@ada.example"]}))});
    let p = plan(&over(bringing("cve_allocated"), &t));
    let letter = p.effects().into_iter().find_map(|e| match e {
        Change::MailDraft { letter, .. } => Some(letter.clone()),
        _ => None,
    });
    let l = letter.unwrap();
    assert_eq!(l.cc[0].email, "security@openwharf.example");
    assert_eq!((l.in_reply_to.as_str(), l.thread.as_str()), ("two@ada.example", "root@ada.example"));
    assert_eq!(l.references, ["root@ada.example", "two@ada.example"]);
}

#[test]
fn one_letter_covers_everything_since_the_last() {
    // From nothing told to merged: the newest alone is told.
    let case = over(
        bringing("pr_merged"),
        &json!({"thread": thread(), "tracker": {"labels": ["core"], "milestone": "-"}}),
    );
    let p = plan(&case);
    assert!(p.has("sync.allocated") && p.has("sync.merged") && p.has("sync.milestone"), "{p}");
    assert_eq!(p.letters(), ["pr_merged"]);
    // What was drafted is not drafted again, whatever the labels do.
    let told =
        json!({"thread": thread(), "ledger": [{"event": "pr_merged", "artifact": PR, "state": "drafted"}]});
    assert_eq!(plan(&over(bringing("pr_merged"), &told)).letters(), Vec::<String>::new());
    // Told of the merge, they are not told of the review.
    assert_eq!(
        plan(&over(bringing("pr_opened"), &json!({"thread": thread(), "ledger": ["pr_merged"]}))).letters(),
        Vec::<String>::new()
    );
    // A fix that took the place of another is news.
    let other = json!({"thread": thread(), "ledger": [{"event": "pr_opened", "artifact": "https://forge.example/p/1"}]});
    assert_eq!(plan(&over(in_pr(), &other)).letters(), ["pr_opened"]);
    // A second fix beside the one they know of is not.
    let beside = json!({"thread": thread(), "ledger": [{"event": "pr_opened", "artifact": PR}],
        "pull_requests": [{"url": "https://forge.example/p/1", "state": "open"}, {"url": PR, "state": "open", "author": "dev"}]});
    assert_eq!(plan(&over(in_pr(), &beside)).letters(), Vec::<String>::new());
}

#[test]
fn a_release_that_moves_is_told_even_after_the_merge() {
    let moved = json!({"thread": thread(), "tracker": {"milestone": "Harbour Queue-2.10.2"},
        "ledger": [{"event": "pr_merged", "artifact": PR}, {"event": "scheduled", "artifact": "Harbour Queue-2.10.2"}]});
    assert_eq!(plan(&over(merged(), &moved)).letters(), ["scheduled"]);
    let said = json!({"ledger": [{"event": "pr_merged", "artifact": PR}, {"event": "scheduled", "artifact": "Harbour Queue-2.10.3"}]});
    assert_eq!(plan(&over(over(merged(), &moved), &said)).letters(), Vec::<String>::new());
}

#[test]
fn what_was_missed_is_told_later_but_never_guessed() {
    let missed = over(in_pr(), &json!({"thread": thread()}));
    assert_eq!(plan(&missed).names("sync.tell"), ["append-entry", "mail-draft"]);
    // Nobody looked into the ledger: what the labels say may have been told long ago.
    let unknown = over(missed.clone(), &json!({"ledger": "-"}));
    assert_eq!(plan(&unknown).letters(), Vec::<String>::new());
    assert_eq!(
        plan(&over(unknown, &json!({"ledger": {"unknown": "locked"}}))).letters(),
        Vec::<String>::new()
    );
    // Yet an event of this very plan is told.
    assert_eq!(
        plan(&over(bringing("pr_merged"), &json!({"thread": thread(), "ledger": "-"}))).letters(),
        ["pr_merged"]
    );
}

#[test]
fn a_closed_report_hears_nothing_of_its_acceptance() {
    for label in ["duplicate", "wontfix", "invalid"] {
        let case = over(
            allocated(),
            &json!({"thread": thread(), "tracker": {"state": "closed", "labels": ["core", "cve allocated", label], "archived": true}}),
        );
        let p = plan(&case);
        assert_eq!(p.letters(), Vec::<String>::new(), "{label}: {p}");
    }
    let by_hand = over(allocated(), &json!({"thread": thread(), "tracker": {"state": "closed"}}));
    assert_eq!(plan(&by_hand).letters(), Vec::<String>::new());
}

#[test]
fn drafts_are_neither_shadowed_nor_guessed() {
    let event =
        |drafts: Value| plan(&over(bringing("pr_merged"), &json!({"thread": thread(), "drafts": drafts})));
    let p = event(json!([{"id": "draft-7", "thread": "root@ada.example"}]));
    assert_eq!(p.letters(), Vec::<String>::new());
    assert!(format!("{:?}", p.effects()).contains("draft-7"), "its id is shown: {p}");
    assert_eq!(event(json!([{"id": "draft-8", "thread": "other@else.example"}])).letters(), ["pr_merged"]);
    let p = event(json!({"unknown": "the folder is locked"}));
    assert_eq!(p.letters(), Vec::<String>::new());
    assert!(format!("{:?}", p.effects()).contains("the folder is locked"), "{p}");
}

#[test]
fn nobody_is_written_to_who_should_not_be() {
    let to = |contact: &str| {
        plan(&over(bringing("pr_merged"), &json!({"thread": over(thread(), &json!({"contact": contact}))})))
            .letters()
    };
    assert_eq!(to("Ann Archer <ann@openwharf.example>"), Vec::<String>::new(), "the team");
    assert_eq!(to("notifications@tracker.example"), Vec::<String>::new(), "copies of the tracker");
    assert_eq!(to("Ada"), Vec::<String>::new(), "no address");
    assert_eq!(plan(&bringing("pr_merged")).letters(), Vec::<String>::new(), "no thread");
    plan(&over(in_pr(), &json!({"thread": {"unknown": "mailbox locked"}}))).notice("mailbox locked");
}

#[test]
fn the_credit_question_is_asked_once_and_never_of_a_forwarder() {
    let asks = |event: &str, patch: Value| {
        plan(&over(over(bringing(event), &json!({"thread": thread()})), &patch)).letter().2
    };
    assert!(asks("assessed_valid", json!({})));
    assert!(asks("cve_allocated", json!({})));
    assert!(!asks("pr_merged", json!({})));
    assert!(!asks("cve_allocated", json!({"thread": {"credit_asked": true}})));
    assert!(!asks("cve_allocated", json!({"thread": {"credit": "Ada Finder"}})));
    assert!(!asks("cve_allocated", json!({"ledger": [{"event": "receipt", "asked_credit": true}]})));
    assert!(!asks(
        "cve_allocated",
        json!({"ledger": [{"event": "receipt", "asked_credit": true, "state": "drafted"}]})
    ));
    assert!(!asks("cve_allocated", json!({"thread": {"routing": "via-forwarder"}})));
}

#[test]
fn a_credit_that_looks_like_a_program_is_asked_about_once_and_directly() {
    let bot = json!({"tracker": {"fields": {"reporter_credit": "vulnscan-bot"}}, "thread": thread(),
        "ledger": [{"event": "cve_allocated", "artifact": CVE}]});
    let p = plan(&over(allocated(), &bot));
    assert_eq!(p.letters(), ["credit_question"], "{p}");
    assert!(p.letter().1.contains("names a tool"), "{p}");
    p.notice("vulnscan-bot");
    for (name, patch) in [
        (
            "asked before",
            json!({"ledger": [{"event": "receipt", "asked_credit": true}, {"event": "cve_allocated", "artifact": CVE}]}),
        ),
        ("they said it", json!({"thread": {"credit": "vulnscan-bot"}})),
        ("a forwarder", json!({"thread": {"routing": "via-forwarder"}})),
        ("settled in the field", json!({"tracker": {"fields": {"reporter_credit": "vulnscan-bot (tool)"}}})),
        ("a person", json!({"tracker": {"fields": {"reporter_credit": "Ada Finder"}}})),
        ("this plan asks", json!({"ledger": [], "tracker": {"labels": ["core"]}})),
    ] {
        let p = plan(&over(over(allocated(), &bot), &patch));
        assert!(!p.has("sync.credit-question"), "{name}: {p}");
    }
}

#[test]
fn a_forge_that_rejected_what_the_team_accepted_is_said_once() {
    let closed = json!({"thread": over(thread(), &json!({"ghsa": "rejected"}))});
    let p = plan(&over(allocated(), &closed));
    assert!(p.has("sync.ghsa"), "{p}");
    p.notice("the forge's advisory for this report is rejected");
    plan(&over(fresh(), &closed)).lacks("sync.ghsa");
    let said = "<!-- tipstaff status rollup v1 -->\n<details><summary>2026-03-19 · @ann · Sync (advisory differs)</summary>\n\n**x**\n\n</details>";
    let again = json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-19", "body": said}]}});
    plan(&over(over(allocated(), &closed), &again)).lacks("sync.ghsa");
    let accepted = json!({"thread": over(thread(), &json!({"ghsa": "accepted"}))});
    plan(&over(allocated(), &accepted)).lacks("sync.ghsa");
}

#[test]
fn parts_of_one_report_tell_their_reporter_once() {
    let reviewed = over(
        in_pr(),
        &json!({"thread": thread(), "tracker": {"labels": ["security issue", "core", "cve allocated"]}}),
    );
    let (first, basis, now) = read(&reviewed, &json!({}));
    let mut second = first.clone();
    second.tracker.reference.number = 43;
    second.tracker.key.0 = "case-43".into();
    let told = |cases: &[Case]| -> Vec<Vec<String>> {
        let plans = crate::rules::sync::plan(cases, basis.ground("ann", now));
        let one = |p: &TrackerPlan| {
            p.items
                .iter()
                .flat_map(|i| i.effects())
                .filter_map(|e| match e {
                    Change::MailDraft { letter, .. } => Some(letter.event.clone()),
                    _ => None,
                })
                .collect()
        };
        plans.iter().map(one).collect()
    };
    assert_eq!(told(&[first.clone(), second.clone()]), [vec!["pr_opened".to_owned()], vec![]]);
    // Of two threads each hears it.
    second.thread = "other@ada.example".into();
    if let crate::case::Fact::Known(t, ..) = &mut second.observed.thread {
        t.root = "other@ada.example".into();
    }
    assert_eq!(told(&[first, second]), [vec!["pr_opened".to_owned()], vec!["pr_opened".to_owned()]]);
}
