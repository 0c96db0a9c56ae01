//! Sync page §12: those who package the product hear of a fix under embargo, once, and only what the record will say.

use super::*;
use crate::{
    confidential::{Identity, Phase, Policy, Slots, SurfaceKind, TrackerContext},
    plan::effect::Clearing,
};

fn on() -> Value {
    json!({"disclosure": {"notify_distributors": true, "distributors": ["distros@lists.example", "ports@bsd.example"]}})
}

fn letter(p: &Planned) -> crate::plan::Letter<crate::plan::effect::Drafted> {
    let all = p.item("sync.distributors").effects();
    let mut letters = all.into_iter().filter_map(|e| match e {
        Change::MailDraft { letter, .. } => Some(letter.clone()),
        _ => None,
    });
    let one = letters.next().unwrap();
    assert!(letters.next().is_none(), "{p}");
    one
}

#[test]
fn a_merged_fix_is_told_to_distributors_with_what_will_be_public() {
    let p = plan_with(&merged(), &on());
    assert_eq!(p.names("sync.distributors"), ["mail-draft", "append-entry"], "{p}");
    let l = letter(&p);
    assert_eq!(l.to.email, "distros@lists.example");
    let copies: Vec<&str> = l.cc.iter().map(|c| c.email.as_str()).collect();
    assert_eq!(copies, ["ports@bsd.example", "security@openwharf.example"]);
    let (subject, body) = l.preview();
    assert_eq!(subject, format!("[EMBARGOED] {CVE} in Harbour Queue"));
    for said in [CVE, "< 2.10.3", "Any user who can publish may read", "2026-06-22", "no promise"] {
        assert!(body.contains(said), "{said} in {body}");
    }
    for kept in ["Ada", "openwharf/security", "#42", "forge.example", "Medium", "CWE-200", "A stranger reads"]
    {
        assert!(!body.contains(kept), "{kept} in {body}");
    }
}

#[test]
fn they_are_told_once_and_not_before_the_fix_nor_after_the_advisory() {
    for (case, why) in [
        (in_pr(), "not merged"),
        (over(merged(), &json!({"ledger": [{"event": "distributors", "artifact": CVE}]})), "told"),
        (closed(), "announced"),
        (over(archived(), &json!({"tracker": {"fields": {"public_advisory_url": ADVISORY}}})), "public"),
    ] {
        let p = plan_with(&case, &on());
        assert!(!p.has("sync.distributors"), "{why}: {p}");
    }
    for case in [shipped(), queue()] {
        assert!(plan_with(&case, &on()).has("sync.distributors"));
    }
    plan(&merged()).lacks("sync.distributors");
}

#[test]
fn a_letter_that_cannot_be_written_yet_says_what_it_waits_for() {
    let bare =
        over(merged(), &json!({"tracker": {"fields": {"public_summary": "", "affected_versions": ""}}}));
    let p = plan_with(&bare, &on());
    p.lacks("sync.distributors");
    p.notice("distributors are told once the tracker has the affected versions and the public summary");
    let p = plan_with(&merged(), &json!({"disclosure": {"notify_distributors": true}}));
    p.lacks("sync.distributors");
    p.notice("`disclosure.distributors` names whom to write to");
}

#[test]
fn its_draft_does_not_hold_back_the_letter_to_the_reporter() {
    let told = json!({"ledger": [{"event": "distributors", "artifact": CVE}],
        "thread": thread(), "drafts": [{"id": "d@openwharf.example", "event": "distributors"}],
        "tracker": {"labels": ["security issue", "core", "cve allocated", "pr created"]}});
    let p = plan_with(&over(merged(), &told), &on());
    assert_eq!(p.letters(), ["pr_merged"], "{p}");
}

#[test]
fn what_is_private_does_not_pass_in_a_summary() {
    let summary = "Ask on private@openwharf.example, or see openwharf/security#42: Ada Finder <ada@ada.example> found it.";
    let leaky = over(merged(), &json!({"tracker": {"fields": {"public_summary": summary}}}));
    for (case, passes) in [(merged(), true), (leaky, false)] {
        let p = plan_with(&case, &on());
        let (case, basis, _) = read(&case, &on());
        let policy = Policy::new(&basis.config, &basis.roster).unwrap();
        let context = TrackerContext {
            repo: "openwharf/security".into(),
            number: Some(42),
            own_cve: Some(CVE.into()),
            reporter: Identity {
                name: "Ada Finder".into(),
                email: "ada@ada.example".into(),
                ..Identity::default()
            },
            ..TrackerContext::default()
        };
        let slots = Slots::new();
        let with = Clearing { policy: &policy, slots: &slots, context: &context, phase: Phase::Embargo };
        let all = p.item("sync.distributors").effects();
        let mail = all.into_iter().find(|e| matches!(e, Change::MailDraft { .. })).unwrap();
        let cleared = mail.clear(with);
        assert_eq!(cleared.is_ok(), passes, "{cleared:?} {}", case.tracker.key.0);
        if let Err(refused) = cleared {
            assert_eq!(refused.surface, SurfaceKind::CvePublic);
        }
    }
}
