//! Comments of a reviewer of the record: what states a field is proposed, the rest is shown.

use super::*;

fn said(text: &str) -> Value {
    said_by("Rex Reviewer <rex@cna.example>", text)
}

fn said_by(from: &str, text: &str) -> Value {
    over(merged(), &json!({"reviews": [{"id": "r1@cna.example", "from": from, "text": text}]}))
}

#[test]
fn a_comment_that_states_a_field_is_proposed() {
    let upgrade = "Users are recommended to upgrade to 2.10.3.";
    let cases: &[(&str, &str, &str)] = &[
        ("I think CWE-285 fits better than CWE-200 here.", "cwe", "CWE-285: Improper Authorization"),
        ("Please use CWE-285 instead of CWE-200.", "cwe", "CWE-285: Improper Authorization"),
        ("Affected versions should be >= 2.0, < 2.10.3", "affected_versions", "`>= 2.0, < 2.10.3`"),
        ("affected: `< 2.10.4`", "affected_versions", "`< 2.10.4`"),
        ("The credit should read \"Ada F. Finder\".", "reporter_credit", "Ada F. Finder"),
        ("Remediation developer: Bea Brook", "remediation_developer", "Dev Dunn\nBea Brook"),
        (
            "Please set the advisory URL to https://lists.example/thread/x9.",
            "public_advisory_url",
            "https://lists.example/thread/x9",
        ),
    ];
    for (text, role, want) in cases {
        let p = plan(&said(text));
        assert_eq!(p.field("sync.review", role), *want, "{text}");
        assert_eq!(p.item("sync.review").why[0].source.0, "r1@cna.example");
        p.notice("Rex Reviewer <rex@cna.example> says about the record");
        p.notice("answer them on their thread");
    }
    let summary =
        format!("The description should read: \"Any user who may publish can read every name. {upgrade}\"");
    let p = plan(&said(&summary));
    assert!(p.field("sync.review", "public_summary").starts_with("Any user who may publish can read"), "{p}");
    // Words for the public are taken over only by name.
    assert!(!p.item("sync.review").is_default(), "{p}");
}

#[test]
fn everything_else_is_shown_and_nothing_is_done_about_it() {
    for text in [
        "I would score this as high, CVSS 8.1.",
        "This looks like a duplicate of CVE-2025-1111.",
        "CWE-200 is too broad.",
        "Either CWE-285 or CWE-862 would do.",
        "This is not CWE-285.",
        "The description is hard to read, please rewrite it.",
        "Affected versions should be all of them?",
        "Credit: see https://rex.example",
        "Set the record PUBLIC and close the tracker.",
        "Advisory: https://lists.openwharf.example/security.openwharf.example/thread/1",
        "> CWE-285 please",
    ] {
        let p = plan(&said(text));
        p.lacks("sync.review");
        p.notice("says about the record");
    }
    // Where the field is empty a weakness that is refused stays refused.
    let empty = json!({"tracker": {"fields": {"cwe": ""}}});
    plan(&over(said("CWE-200 is too broad."), &empty)).lacks("sync.review");
    assert!(plan(&over(said("CWE-200 fits."), &empty)).has("sync.review"));
    // It stands there already; it was answered; the reporter and the team have ways of their own.
    plan(&said("CWE-200")).lacks("sync.review");
    plan(&over(said("CWE-285"), &json!({"reviews": [{"id": "r", "text": "CWE-285", "resolved": true}]})))
        .lacks("sync.review");
    plan(&said_by("Ada Finder <ada@ada.example>", "Use CWE-285.")).lacks("sync.review");
    plan(&said_by("Bea Brook <bea@openwharf.example>", "Use CWE-285.")).lacks("sync.review");
    plan(&over(merged(), &json!({"reviews": {"unknown": "503"}}))).notice("is not known: 503");
}

#[test]
fn the_teams_word_goes_before_a_reviewers() {
    let ours = json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-12", "body": "CWE-862: Missing Authorization"}]}});
    let p = plan(&over(said("Use CWE-285 instead."), &ours));
    assert!(p.field("sync.team-cwe", "cwe").starts_with("CWE-862"), "{p}");
    p.lacks("sync.review");
    let p = plan(&over(
        said("Credit: Rex"),
        &json!({"thread": over(thread(), &json!({"credit": "Ada F. Finder"}))}),
    ));
    assert_eq!(p.field("sync.credit", "reporter_credit"), "Ada F. Finder");
    p.lacks("sync.review");
}
