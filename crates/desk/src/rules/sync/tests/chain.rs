//! What a plan opens stands in the same plan, after what it rests on.

use super::*;
use crate::plan::{Precondition, settle};

fn said(who: &[&str]) -> Value {
    let all: Vec<Value> = who
        .iter()
        .map(|w| json!({"handle": w, "verdict": "valid", "scope": "core", "at": "2026-03-12"}))
        .collect();
    json!({"voices": all})
}

#[test]
fn a_consensus_brings_what_the_scope_decides() {
    // Everything happened while nobody looked: the scope alone was missing.
    let labels =
        json!({"tracker": {"labels": ["security issue", "needs triage", "cve allocated"], "milestone": "-"}});
    let case = over(over(shipped(), &labels), &over(said(&["ann", "bea"]), &json!({"thread": thread()})));
    let p = plan(&case);
    let valid = p.item("sync.valid").n;
    for rule in ["sync.milestone", "sync.released"] {
        assert!(p.item(rule).after.contains(&valid), "{rule}: {p}");
    }
    // One letter, about the newest of it; which arm holds it is asked at apply.
    assert_eq!(p.letters(), ["released"], "{p}");
    for i in &p.plan.items {
        assert!(i.after.iter().all(|a| *a < i.n), "{p}");
    }
}

#[test]
fn a_record_that_is_public_already_ends_in_the_same_plan() {
    let case = over(archived(), &json!({"record": "public", "cve_org": "PUBLISHED", "thread": thread()}));
    let p = plan(&case);
    let (closed, published) = (p.item("sync.close-out"), p.item("sync.published"));
    assert!(published.after.contains(&closed.n), "{p}");
    assert_eq!(p.letters(), ["cve_published"], "{p}");
    // The close-out may end in the arm that leaves the tracker open.
    let relies = &published.steps.first().unwrap().requires;
    assert!(relies.iter().any(|r| matches!(r, Precondition::TrackerIs { open: false, .. })), "{relies:?}");
    // What the authority could not say is not guessed at.
    let unread = over(case.clone(), &json!({"record": {"unknown": "503"}}));
    plan(&unread).lacks("sync.published");
    // A forwarder hears of the advisory alone.
    let relayed = over(case, &json!({"thread": {"routing": "via-forwarder"}}));
    assert_eq!(plan(&relayed).letters(), ["advisory_sent"]);
}

#[test]
fn a_split_and_what_waits_for_a_word_open_nothing() {
    let two = over(shipped(), &json!({"tracker": {"labels": ["core", "providers", "cve allocated"]}}));
    let p = plan(&two);
    assert!(p.plan.items.iter().all(|i| i.rule == "sync.split" || i.blocked.is_some()), "{p}");
    let named = over(merged(), &json!({"thread": over(thread(), &json!({"credit": "Claude Dupont"}))}));
    let p = plan(&named);
    assert_eq!(p.rules().iter().filter(|r| **r == "sync.credit").count(), 1, "{p}");
}

#[test]
fn what_comes_after_a_blocked_item_is_blocked_with_it() {
    let labels =
        json!({"tracker": {"labels": ["security issue", "needs triage", "cve allocated"], "milestone": "-"}});
    let p = plan(&over(over(shipped(), &labels), &said(&["ann", "bea"])));
    let mut items = p.plan.items.clone();
    items.iter_mut().find(|i| i.rule == "sync.valid").unwrap().blocked = Some("no".into());
    settle(&mut items);
    let after = items.iter().find(|i| i.rule == "sync.released").unwrap();
    assert!(after.blocked.as_ref().unwrap().contains("which is blocked"), "{:?}", after.blocked);
    items.iter_mut().for_each(|i| {
        if i.rule == "sync.valid" {
            i.blocked = None
        }
    });
    settle(&mut items);
    assert!(items.iter().all(|i| i.blocked.is_none()), "{p}");
}

#[test]
fn a_team_of_one_decides_alone_and_says_so() {
    let solo = json!({"roster": {"escalation": "ann", "duty": {}, "person": [
        {"handle": "ann", "names": ["Ann Archer"], "emails": ["ann@openwharf.example"], "roles": ["triager", "governance"]},
        {"handle": "gone", "names": ["Gus Gone"], "emails": ["gus@openwharf.example"], "roles": ["triager"], "to": "2025-12-31"}]}});
    let p = plan_with(&over(fresh(), &said(&["ann"])), &solo);
    assert!(
        p.item("sync.valid").why[0].text.contains("the only member of the team: one voice suffices"),
        "{p}"
    );
    plan_with(&over(fresh(), &said(&["mallory"])), &solo).lacks("sync.valid");
    // Without a roster nobody knows who else there is.
    let nobody = json!({"roster": {"person": []}});
    plan_with(&over(fresh(), &said(&["ann"])), &nobody).lacks("sync.valid");
}
