use proptest::prelude::*;

use super::{entry::one_line, *};
use crate::tracker::Comment;

const KEY: &[u8] = b"a key of this desk";

fn entry(id: &str) -> Entry {
    Entry {
        id: id.into(),
        date: jiff::civil::date(2026, 3, 1),
        actor: "ada".into(),
        action: Action::with(ActionKind::Import, "report, reporter Eve"),
        headline: "Report imported".into(),
        body: "- from the list\n- `core` suspected".into(),
        next: Some("@bob to triage".into()),
        told: Told::PendingDraft("draft-7".into()),
    }
}

fn new(entry: &Entry) -> String {
    match append(None, entry, KEY) {
        Ok(Upsert::New(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn more(text: &str, entry: &Entry) -> String {
    match append(Some(text), entry, KEY) {
        Ok(Upsert::Replace(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_entry_has_the_agreed_shape() {
    let text = new(&entry("t1:import"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "<!-- tipstaff status rollup v1 -->");
    assert_eq!(lines[1], "<details><summary>2026-03-01 · @ada · Import (report, reporter Eve)</summary>");
    assert_eq!(lines[2], "");
    assert!(
        lines[3].starts_with("<!-- entry t1:import ")
            && lines[3].len() == "<!-- entry t1:import  -->".len() + 32
    );
    assert_eq!(lines[4], "**Report imported**");
    assert_eq!(lines[lines.len() - 2..], ["", "</details>"]);
    assert!(text.contains("\n\n**Next:** @bob to triage\n\n**Reporter:** pending draft: draft-7\n"));
    assert!(lines.iter().all(|l| !l.starts_with(' ')));
    let two = more(&text, &entry("t1:sync"));
    assert!(two.starts_with(text.trim_end()));
    assert!(two.contains("</details>\n\n---\n\n<details>"));
}

#[test]
fn what_was_appended_is_read_back_and_trusted() {
    let mut text = new(&entry("a"));
    for kind in ActionKind::ALL {
        let e = Entry {
            action: Action::new(kind),
            next: None,
            told: Told::NotNeeded("team".into()),
            ..entry(kind.title().split(' ').next().unwrap())
        };
        let e = Entry { id: format!("{}-{:?}", e.id, kind), ..e };
        text = more(&text, &e);
    }
    let r = parse(&text);
    assert_eq!(r.problems, []);
    assert_eq!(r.entries.len(), 15);
    assert!(r.verify(KEY).iter().all(|t| *t == Trust::Trusted));
    assert!(r.verify(b"another key").iter().all(|t| *t == Trust::Forged));
    let first = &r.entries[0];
    assert_eq!(first.kind, Some(entry("a").action));
    assert_eq!((first.date.as_deref(), first.actor.as_deref()), (Some("2026-03-01"), Some("ada")));
    assert_eq!(first.headline.as_deref(), Some("Report imported"));
    assert_eq!(first.next.as_deref(), Some("@bob to triage"));
    assert_eq!(first.told, Some(Told::PendingDraft("draft-7".into())));
    assert_eq!(r.entries[1].next, None);
    let kinds: Vec<_> = r.entries[1..].iter().map(|e| e.kind.clone().unwrap().kind).collect();
    assert_eq!(kinds, ActionKind::ALL);
}

#[test]
fn a_changed_or_copied_entry_is_forged() {
    let text = new(&entry("a"));
    for (from, to) in [
        ("Report imported", "Report invalid"),
        ("@ada", "@eve"),
        ("2026-03-01", "2026-03-02"),
        ("Import (", "Close ("),
        ("entry a ", "entry b "),
    ] {
        assert_eq!(parse(&text.replace(from, to)).verify(KEY), [Trust::Forged], "{from} -> {to}");
    }
    let (_, one) = text.split_once('\n').unwrap();
    let twice = format!("{}{RULER}{one}", text.trim_end());
    let r = parse(&twice);
    assert_eq!(r.verify(KEY), [Trust::Trusted, Trust::Forged]);
    assert!(r.problems.iter().any(|(p, _)| *p == RollupProblem::DuplicateId));
    let by_hand = format!(
        "{}{RULER}<details><summary>2026-03-02 · @eve · Close</summary>\n\n**ok**\n\n</details>\n",
        text.trim_end()
    );
    assert_eq!(parse(&by_hand).verify(KEY), [Trust::Trusted, Trust::Unsigned]);
    let crlf = text.replace('\n', "\r\n");
    assert_eq!(parse(&crlf).verify(KEY), [Trust::Trusted], "line ends are no change");
}

#[test]
fn nested_and_unclosed_details_do_not_become_entries() {
    let nested = "<!-- airflow-s status rollup v1 — x -->\n<details><summary>2026-01-01 · @a · Sync</summary>\n\nx\n\n<details><summary>2026-01-02 · @b · Close</summary>\n\nforged\n\n</details>\n\ny\n\n</details>\n\n---\n\n<details><summary>2026-01-03 · @c · Odd · thing</summary>\n\nz\n\n</details>\n";
    let r = parse(nested);
    assert_eq!(r.entries.len(), 2);
    assert!(r.entries[0].text.ends_with('y'));
    assert_eq!(r.entries[1].summary, "2026-01-03 · @c · Odd · thing");
    assert_eq!(r.entries[1].action, None);
    assert_eq!(r.problems.iter().map(|p| p.0).collect::<Vec<_>>(), [RollupProblem::OddSummary]);
    let open = "<!-- tipstaff status rollup v1 -->\n<details><summary>2026-01-01 · @a · Sync</summary>\n\nx\n\n---\n\n<details><summary>2026-01-02 · @b · Close</summary>\n\ny\n\n</details>\n";
    let r = parse(open);
    assert_eq!(r.entries.iter().map(|e| e.text.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(r.problems[0].0, RollupProblem::MissingClose);
    assert_eq!(parse(&more(open, &entry("n"))).entries.len(), 3);
    let fenced =
        "<!-- tipstaff status rollup v1 -->\n```\n<details><summary>2026-01-01 · @a · Sync</summary>\n```\n";
    assert_eq!(parse(fenced).entries.len(), 0);
}

#[test]
fn hostile_text_stays_inside_its_entry() {
    let forged = "</details>\n\n---\n\n<details><summary>2026-03-01 · @boss · Close</summary>\n\n<!-- entry x 00000000000000000000000000000000 -->\n**Next:** nothing\n\n**Reporter:** notified";
    let e = Entry {
        action: Action::with(ActionKind::Sync, forged),
        headline: forged.into(),
        body: forged.into(),
        next: Some(forged.into()),
        told: Told::NotTold(forged.into()),
        ..entry("a")
    };
    let r = parse(&new(&e));
    assert_eq!((r.entries.len(), r.verify(KEY)), (1, vec![Trust::Trusted]));
    assert_eq!(r.problems, []);
    assert!(matches!(r.entries[0].told, Some(Told::NotTold(_))));
    assert_eq!(
        r.entries[0].kind,
        Some(Action::with(ActionKind::Sync, &one_line(forged))),
        "the wording of the action survives"
    );
    let fake_next =
        Entry { body: "x\n\n**Next:** hand over\n\n**Reporter:** notified".into(), next: None, ..entry("b") };
    let r = parse(&new(&fake_next));
    assert_eq!(r.entries[0].next, None);
    assert_eq!(r.entries[0].told, Some(Told::PendingDraft("draft-7".into())));
}

#[test]
fn code_in_an_entry_stays_as_it_is() {
    let body = "```html\n</details>\n<!-- x -->\n```\n\nuse `<details>`";
    let text = new(&Entry { body: body.into(), ..entry("a") });
    assert!(text.contains(body));
    assert_eq!(parse(&text).entries.len(), 1);
}

#[test]
fn what_cannot_be_appended_says_why() {
    let text = new(&entry("a"));
    let try_ = |text: Option<&str>, e: &Entry| append(text, e, KEY).unwrap_err();
    assert_eq!(try_(Some(&text), &entry("a")), RollupError::AlreadyThere("a".into()));
    assert_eq!(try_(Some("hello"), &entry("a")), RollupError::NotARollup);
    assert!(matches!(try_(Some(&format!("{text}\n<!-- open")), &entry("b")), RollupError::Unterminated(_)));
    assert!(matches!(try_(None, &Entry { id: "a -->".into(), ..entry("a") }), RollupError::BadName(_)));
    assert!(matches!(try_(None, &Entry { actor: "a · b".into(), ..entry("a") }), RollupError::BadName(_)));
    assert!(matches!(
        try_(None, &Entry { told: Told::NotTold(" ".into()), ..entry("a") }),
        RollupError::Missing(_)
    ));
    assert!(matches!(
        try_(None, &Entry { told: Told::PendingDraft(String::new()), ..entry("a") }),
        RollupError::Missing(_)
    ));
    assert!(matches!(try_(None, &Entry { headline: "\n".into(), ..entry("a") }), RollupError::Missing(_)));
    let long = Entry { body: "x ".repeat(40_000), ..entry("b") };
    assert!(matches!(try_(None, &long), RollupError::TooLong { .. }));
    assert!(matches!(try_(Some(&text), &long), RollupError::TooLong { .. }));
}

#[test]
fn a_full_comment_is_continued_and_nothing_is_cut() {
    let body = "päragraph ".repeat(900);
    let mut parts = vec![new(&Entry { body: body.clone(), ..entry("e0") })];
    for i in 1..20 {
        let e = Entry { body: body.clone(), ..entry(&format!("e{i}")) };
        match append(parts.last().map(String::as_str), &e, KEY).unwrap() {
            Upsert::Replace(text) => *parts.last_mut().unwrap() = text,
            Upsert::Continue { sealed, next } => {
                *parts.last_mut().unwrap() = sealed;
                parts.push(next);
            }
            Upsert::New(_) => panic!("there is one"),
        }
        assert!(parts.iter().all(|p| p.len() <= LIMIT));
    }
    assert!(parts.len() > 2);
    let read: Vec<Rollup> = parts.iter().map(|p| parse(p)).collect();
    assert_eq!(
        read.iter().map(|r| r.part).collect::<Vec<_>>(),
        (1..=u32::try_from(parts.len()).unwrap()).collect::<Vec<_>>()
    );
    assert!(read[..parts.len() - 1].iter().all(|r| r.sealed) && !read[parts.len() - 1].sealed);
    let ids: Vec<_> = read.iter().flat_map(|r| &r.entries).filter_map(|e| e.id.clone()).collect();
    assert_eq!(ids, (0..20).map(|i| format!("e{i}")).collect::<Vec<_>>());
    assert!(read.iter().all(|r| r.verify(KEY).iter().all(|t| *t == Trust::Trusted) && r.problems.is_empty()));
    let small = append(Some(&parts[0]), &entry("late"), KEY).unwrap();
    assert!(
        matches!(small, Upsert::Continue { sealed, .. } if sealed == parts[0]),
        "a sealed comment stays sealed"
    );
}

#[test]
fn the_rollup_is_found_among_comments_of_the_team() {
    let c = |id: &str, author: &str, body: &str| Comment {
        id: id.into(),
        author: author.into(),
        body: body.into(),
        ..Comment::default()
    };
    let one = new(&entry("a"));
    let two = one.replacen("v1", "v1 part 2", 1);
    let team = |a: &str| a != "eve";
    let all = [c("1", "ada", "hello"), c("2", "ada", &two), c("3", "ada", &one), c("4", "eve", &one)];
    let found = locate(&all, team).unwrap();
    assert_eq!(found.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["3", "2"]);
    assert_eq!(locate(&all, |_| true), Err(RollupError::TwoRollups(vec!["3".into(), "4".into()])));
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        5 => prop::sample::select(vec![
            "\n", "\n\n", " ", "```", "~~~\n", "`", "``", "<details>", "</details>", "<details><summary>2026-01-01 · @x · Sync</summary>\n\n", "<summary>",
            "</summary>", "<!--", "-->", "<!-- entry z 00000000000000000000000000000000 -->", "\n\n---\n\n", "·", "**Next:** ", "**Reporter:** notified",
            "**", "> ", "- ", "1. ", "    ", "# ", "[a]: /u", "[", "](", ")", "&middot;", "&lt;", "<script>", "<?", "<", ">", "\r", "\t", "\u{2028}", "\\", "<b", "\"",
            "Continued in part 2 of this rollup.",
        ]).prop_map(String::from),
        1 => "[ -~]{0,6}",
        1 => "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..14).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn appended_entries_are_exactly_the_entries_read(
        texts in prop::collection::vec((text(), text(), text(), text()), 1..4)
    ) {
        let mut comment: Option<String> = None;
        let mut wanted = Vec::new();
        for (i, (detail, headline, body, next)) in texts.into_iter().enumerate() {
            let e = Entry {
                action: Action::with(ActionKind::Sync, &detail),
                headline: format!("h {headline}"),
                body,
                next: Some(next),
                told: Told::NotTold(format!("r {detail}")),
                ..entry(&format!("e{i}"))
            };
            let text = match append(comment.as_deref(), &e, KEY) {
                Ok(Upsert::New(t) | Upsert::Replace(t)) => t,
                other => return Err(TestCaseError::fail(format!("{other:?} for {e:?}"))),
            };
            prop_assert!(comment.is_none_or(|c| text.starts_with(c.trim_end())));
            wanted.push((e.id.clone(), render_text(&e).unwrap()));
            comment = Some(text);
        }
        let text = comment.unwrap_or_default();
        let r = parse(&text);
        prop_assert_eq!(&r.problems, &[], "{}", text);
        let got: Vec<_> = r.entries.iter().map(|e| (e.id.clone().unwrap_or_default(), e.text.clone())).collect();
        prop_assert_eq!(got, wanted);
        prop_assert!(r.verify(KEY).iter().all(|t| *t == Trust::Trusted));
        prop_assert!(!r.sealed);
    }

    #[test]
    fn reading_and_appending_never_panic(a in text(), b in text()) {
        let _ = parse(&a);
        let _ = append(Some(&format!("{MARKER} -->\n{a}")), &Entry { body: b, ..entry("n") }, KEY);
    }
}
