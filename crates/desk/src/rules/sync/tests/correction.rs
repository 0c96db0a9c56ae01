//! Step 16: credits that change after the disclosure.

use super::*;

/// The record as the world has it, with those credits.
fn public(case: &Value, credits: &Value) -> Value {
    let (read, basis, now) = read(case, &json!({}));
    let mut json = View::new(&read, basis.ground("ann", now)).built().record.to_value();
    json["containers"]["cna"]["credits"] = credits.clone();
    over(case.clone(), &json!({"record": {"state": "public", "version": "3", "json": json}}))
}

fn finder(name: &str) -> Value {
    json!({"lang": "en", "value": name, "type": "finder"})
}

fn developer() -> Value {
    json!({"lang": "en", "value": "Dev Dunn", "type": "remediation developer"})
}

fn changed() -> Value {
    let mail = over(advisory(), &json!({"message_id": "adv@openwharf.example"}));
    let done = over(
        closed(),
        &json!({"cve_org": "PUBLISHED", "advisory": [mail],
        "tracker": {"fields": {"reporter_credit": "Ada Finder\nBob Finder"}}}),
    );
    public(&done, &json!([finder("Ada Finder"), developer()]))
}

fn lists() -> Value {
    json!({"mail": {"lists": {"foundation_security": "security@foundation.example"}}})
}

#[test]
fn a_credit_that_changes_after_the_disclosure_is_corrected_everywhere() {
    let p = plan_with(&changed(), &lists());
    assert_eq!(
        p.names("sync.correction"),
        ["publish-record", "comment", "mail-draft", "mail-draft", "append-entry"],
        "{p}"
    );
    assert_eq!(p.letters(), ["credit_announcement", "credit_cna"]);
    let letters: Vec<_> = p
        .effects()
        .into_iter()
        .filter_map(|e| match e {
            Change::MailDraft { letter, .. } => Some(letter),
            _ => None,
        })
        .collect();
    let (subject, body) = letters[0].preview();
    assert_eq!(subject, format!("Re: {CVE}: Harbour Queue: names of queues leak"));
    assert_eq!(letters[0].in_reply_to, "adv@openwharf.example");
    assert_eq!(letters[0].to.email, "users@openwharf.example");
    assert!(body.contains("- Ada Finder (finder)\n- Bob Finder (finder)"), "{body}");
    assert_eq!(letters[1].to.email, "security@foundation.example");
    assert!(letters.iter().all(|l| !l.message_id.is_empty()), "{p}");
    assert!(!p.item("sync.correction").needs.is_empty(), "{p}");
}

#[test]
fn nothing_is_corrected_that_is_right_or_not_public() {
    let done = over(closed(), &json!({"cve_org": "PUBLISHED"}));
    plan(&public(&done, &json!([developer(), finder("Ada Finder")]))).lacks("sync.correction");
    plan(&done).lacks("sync.correction");
    // Still open, or withdrawn: not a correction of what was told.
    plan(&public(&over(archived(), &json!({"advisory": []})), &json!([finder("Eve")])))
        .lacks("sync.correction");
    plan(&over(changed(), &json!({"record": {"state": "retracted"}}))).lacks("sync.correction");
    // A public record names its advisory, a corrected one as well.
    let bare =
        plan_with(&over(changed(), &json!({"tracker": {"fields": {"public_advisory_url": ""}}})), &lists());
    assert!(!bare.effects().iter().any(|e| matches!(e, Change::PublishRecord { .. })), "{bare}");
    // What was announced is not announced again; the record is published all the same.
    let p = plan_with(&changed(), &lists());
    let artifact = p.effects().into_iter().find_map(|e| match e {
        Change::MailDraft { letter, .. } => Some(letter.artifact.clone()),
        _ => None,
    });
    let rows: Vec<Value> = ["credit_announcement", "credit_cna"]
        .iter()
        .map(|e| json!({"event": e, "artifact": artifact.clone().unwrap()}))
        .collect();
    let p = plan_with(&over(changed(), &json!({"ledger": rows})), &lists());
    assert_eq!(p.names("sync.correction"), ["publish-record", "comment", "append-entry"], "{p}");
    // Where no program can push, it is said once and then waited for.
    let by_hand = over(lists(), &json!({"cve": {"tool": "none"}}));
    assert_eq!(plan_with(&changed(), &by_hand).names("sync.correction")[0], "comment");
    let p = plan_with(&over(changed(), &json!({"ledger": rows})), &by_hand);
    p.lacks("sync.correction");
    p.notice("the tracker says Ada Finder (finder), Bob Finder (finder)");
}
