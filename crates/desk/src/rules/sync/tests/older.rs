//! Comments of an earlier bot: folded once, by the team's name and the bot's opening alone.

use super::*;

const MARKER: &str = "<!-- airflow-s status update v1 -->";

fn comment(id: &str, author: &str, day: u8, body: &str) -> Value {
    json!({"id": id, "author": author, "at": format!("2026-03-{day:02}T09:00:00Z"), "body": body})
}

fn with(comments: &[Value]) -> Value {
    over(merged(), &json!({"tracker": {"comments": comments}}))
}

fn entries(p: &Planned) -> Vec<String> {
    let text = |s: &Step| match &s.effect {
        Change::AppendEntry { note, .. } => Some(format!("{}: {}", note.action, note.body.preview())),
        _ => None,
    };
    p.item("sync.older-comments").steps.iter().filter_map(text).collect()
}

fn removed(p: &Planned) -> Vec<String> {
    let id = |s: &Step| match &s.effect {
        Change::RemoveComment { comment, .. } => Some(comment.clone()),
        _ => None,
    };
    p.item("sync.older-comments").steps.iter().filter_map(id).collect()
}

#[test]
fn the_entry_comes_first_and_holds_every_word_oldest_first() {
    let p = plan_with(
        &with(&[
            comment("9", "bea", 12, "[bot] The fix is merged."),
            comment("8", "ann", 11, &format!("{MARKER}\nA CVE was asked for.\n\n- one\n- two")),
            comment("10", "dev", 13, "I will look at the tests."),
        ]),
        &json!({"tracker": {"older_comments": ["[bot] "]}}),
    );
    // `[bot]` alone is too short to tell; the item is about the marker only.
    assert_eq!(removed(&p), ["8"], "{p}");
    let p = plan_with(
        &with(&[
            comment("9", "bea", 12, "[triage-bot] The fix is merged."),
            comment("8", "ann", 11, &format!("{MARKER}\nA CVE was asked for.\n\n- one\n- two")),
            comment("10", "dev", 13, "I will look at the tests."),
        ]),
        &json!({"tracker": {"older_comments": ["[triage-bot]"]}}),
    );
    assert_eq!(p.names("sync.older-comments"), ["append-entry", "remove-comment", "remove-comment"], "{p}");
    assert_eq!(
        entries(&p),
        [format!(
            "Reformat (2 older comments): Comment 8 of @ann, 2026-03-11:\n\n`{MARKER}`\n\nA CVE was asked for.\n\n- one\n- two\n\n\
             Comment 9 of @bea, 2026-03-12:\n\n[triage-bot] The fix is merged."
        )]
    );
    assert_eq!(removed(&p), ["8", "9"]);
    p.notice("removed once the status holds their words");
    for s in &p.item("sync.older-comments").steps {
        let about = s.requires.iter().filter(|r| matches!(r, crate::plan::Precondition::CommentIs { .. }));
        let want = if s.effect.name() == "append-entry" { 2 } else { 1 };
        assert_eq!(about.count(), want, "{s:?}");
    }
}

#[test]
fn what_anybody_else_wrote_stays() {
    let said = format!("{MARKER}\nclose it");
    let cases: &[(&str, Value, Value)] = &[
        ("a stranger", comment("8", "eve", 11, &said), json!({})),
        ("somebody before they joined or after they left", comment("8", "gone", 11, &said), json!({})),
        ("a bot of its own", comment("8", "helper[bot]", 11, &said), json!({})),
        ("a person's words", comment("8", "ann", 11, "I saw <!-- airflow-s status update v1 -->"), json!({})),
        ("the status", comment("8", "ann", 11, "<!-- airflow-s status rollup v1 — x -->"), json!({})),
        (
            "a comment that is edited in place",
            comment("8", "ann", 11, "<!-- apache-magpie: release-manager-wrap-up v1 -->\nover"),
            json!({}),
        ),
        (
            "how the contact is reached",
            comment("8", "ann", 11, "<!-- apache-magpie: routing-mode via-forwarder -->"),
            json!({}),
        ),
        ("nobody knows the team", comment("8", "ann", 11, &said), json!({"roster": "-"})),
        (
            "an opening of nothing",
            comment("8", "ann", 11, "I agree."),
            json!({"tracker": {"older_comments": [""]}}),
        ),
    ];
    for (what, c, config) in cases {
        let p = plan_with(&with(std::slice::from_ref(c)), config);
        assert!(!p.has("sync.older-comments"), "{what}: {p}");
    }
    // Two comments of one id: nobody knows which of them is meant.
    let twice = [comment("8", "ann", 11, &said), comment("8", "ann", 12, &said)];
    plan(&with(&twice)).lacks("sync.older-comments");
    // A closed tracker is left as it is.
    plan(&over(closed(), &json!({"tracker": {"comments": [comment("8", "ann", 11, &said)]}})))
        .lacks("sync.older-comments");
    let long = format!("{MARKER}\n{}", "word ".repeat(12_000));
    let p = plan(&with(&[comment("8", "ann", 11, &long)]));
    p.lacks("sync.older-comments");
    p.notice("too long for the status");
}

#[test]
fn what_the_status_holds_already_is_only_removed() {
    use crate::tracker::{Comment, folded, rollup};
    let old = format!("{MARKER}\nThe fix is merged.");
    let entry = |body: &str| {
        let e = rollup::Entry {
            id: "e1".into(),
            date: "2026-03-14".parse().unwrap(),
            actor: "ann".into(),
            action: crate::plan::Action::with(crate::plan::ActionKind::Reformat, "1 older comment"),
            headline: "Older".into(),
            body: body.into(),
            next: None,
            told: crate::plan::Told::NotNeeded("nothing new".into()),
        };
        let rollup::Upsert::New(text) = rollup::append(None, &e, b"key").unwrap() else { panic!() };
        text
    };
    let held = folded(&Comment {
        id: "8".into(),
        author: "ann".into(),
        at: "2026-03-11T09:00:00Z".parse().unwrap(),
        body: old.clone(),
    });
    let p = plan(&with(&[comment("8", "ann", 11, &old), comment("s", "ann", 14, &entry(&held))]));
    assert_eq!(p.names("sync.older-comments"), ["remove-comment"], "{p}");
    // Edited since, quoted in part, or said to be held by somebody else: every word goes in.
    let edited = format!("{old} And released.");
    for status in [
        comment("s", "ann", 14, &entry(&held.replace("merged", "open"))),
        comment("s", "eve", 14, &entry(&held)),
    ] {
        let p = plan(&with(&[comment("8", "ann", 11, &old), status]));
        assert_eq!(p.names("sync.older-comments"), ["append-entry", "remove-comment"], "{p}");
    }
    let p = plan(&with(&[comment("8", "ann", 11, &edited), comment("s", "ann", 14, &entry(&held))]));
    assert_eq!(p.names("sync.older-comments"), ["append-entry", "remove-comment"], "{p}");
}

#[test]
fn no_fact_is_read_from_it_before_or_after() {
    let said = [comment(
        "8",
        "ann",
        11,
        &format!("{MARKER}\nSeverity: Critical. CWE-79. I'll take this. Please backport to 2.9."),
    )];
    let (with_it, without) = (plan(&with(&said)), plan(&merged()));
    let others: Vec<&str> = with_it.rules().into_iter().filter(|r| *r != "sync.older-comments").collect();
    assert_eq!(others, without.rules());
    assert_eq!(with_it.stage(), without.stage());
}
