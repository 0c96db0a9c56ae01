//! What [`Policy::clear`] lets through and what it refuses.

use super::{
    scan_tests::{config, policy},
    *,
};
use crate::people::Roster;

fn context() -> TrackerContext {
    TrackerContext {
        key: "t-1".into(),
        repo: "acme/widget-s".into(),
        number: Some(142),
        reporter: Identity {
            name: "Åsa Brännström".into(),
            email: "asa.b@finder.io".into(),
            handle: "asab-sec".into(),
        },
        own_cve: Some("CVE-2026-1111".into()),
        other_cves: vec!["CVE-2026-2222".into()].into(),
        ..TrackerContext::default()
    }
}

fn slots() -> Slots {
    let v = |s, t: &str| SlotValue::new(s, t).unwrap();
    Slots::new()
        .with(v(Slot::CveId, "CVE-2026-1111"))
        .with(v(Slot::TrackerRef, "acme/widget-s#142"))
        .with(v(Slot::TrackerUrl, "https://forge.io/acme/widget-s/issues/142"))
        .with(v(Slot::PrUrl, "https://forge.io/acme/widget/pull/9"))
        .with(v(Slot::DraftId, "r-17"))
        .with(v(Slot::Approver, "jvg"))
        .with(v(Slot::Date, "2026-03-01"))
}

fn reporter() -> Recipients {
    Recipients::to("asa.b@finder.io").cc("security@acme.io")
}

fn why<S: Surface>(draft: &Draft<S>, to: &Recipients, c: &TrackerContext, phase: Phase) -> Vec<&'static str> {
    match policy().clear(draft, &slots(), to, c, phase) {
        Ok(_) => Vec::new(),
        Err(r) => r.hits.iter().map(|h| h.rule).collect(),
    }
}

#[test]
fn a_courteous_mail_is_cleared_with_its_recipients() {
    let d =
        Draft::<Reporter>::text("Dear Åsa,\n\nwe allocated ").push_slot(Slot::CveId).push_text(" for it.");
    let cleared = policy().clear(&d, &slots(), &reporter(), &context(), Phase::Embargo).unwrap();
    assert_eq!(cleared.as_str(), "Dear Åsa,\n\nwe allocated CVE-2026-1111 for it.");
    assert_eq!(cleared.recipients(), &reporter());
    assert_eq!((cleared.tracker(), cleared.phase()), ("t-1", Phase::Embargo));
}

#[test]
fn the_slot_is_the_trackers_own_id_even_when_it_is_new() {
    let d = Draft::<Reporter>::text("We allocated ").push_slot(Slot::CveId);
    let c = TrackerContext { own_cve: None, ..context() };
    assert!(why(&d, &reporter(), &c, Phase::Embargo).is_empty());
    let c = TrackerContext { other_cves: vec!["CVE-2026-1111".into()].into(), own_cve: None, ..context() };
    assert!(!why(&d, &reporter(), &c, Phase::Embargo).is_empty());
}

#[test]
fn slots_are_judged_by_their_kind() {
    let text = |s| Draft::<Reporter>::text("x ").push_slot(s);
    for (slot, open) in [
        (Slot::Date, true),
        (Slot::CveId, true),
        (Slot::PrUrl, false),
        (Slot::TrackerUrl, false),
        (Slot::TrackerRef, false),
        (Slot::DraftId, false),
        (Slot::Approver, false),
    ] {
        assert_eq!(why(&text(slot), &reporter(), &context(), Phase::Embargo).is_empty(), open, "{slot:?}");
        let tracker = Draft::<Tracker>::text("x ").push_slot(slot);
        assert!(why(&tracker, &Recipients::none(), &context(), Phase::Embargo).is_empty(), "{slot:?}");
        let public = Draft::<Public>::text("x ").push_slot(slot);
        let stays = why(&public, &Recipients::none(), &context(), Phase::Released).is_empty();
        assert_eq!(stays, matches!(slot, Slot::Date | Slot::PrUrl), "{slot:?}");
    }
    let open = TrackerContext { fix_pr_open: true, ..context() };
    assert!(why(&text(Slot::PrUrl), &reporter(), &open, Phase::Embargo).is_empty());
    let empty = policy().clear(&text(Slot::Date), &Slots::new(), &reporter(), &context(), Phase::Embargo);
    assert_eq!(empty.unwrap_err().hits.first().map(|h| h.text.clone()), Some("date".into()));
}

#[test]
fn mail_goes_to_the_people_of_its_surface_only() {
    let d = Draft::<Reporter>::text("Thank you.");
    let bad = [
        Recipients::none(),
        Recipients::to("someone@else.io"),
        reporter().cc("users@acme.io"),
        Recipients::to("asa.b@finder.io, x@y.io"),
        Recipients::to("asa.b@finder.io\nBcc: x@y.io"),
        Recipients::to("security@acme.io"),
    ];
    for to in bad {
        assert!(why(&d, &to, &context(), Phase::Embargo).contains(&"scan.recipient"), "{to:?}");
    }
    let public = Draft::<Public>::text("Trim names.");
    assert_eq!(why(&public, &reporter(), &context(), Phase::Disclosed), ["scan.recipient", "scan.recipient"]);
    let relay = Identity { email: "desk@relay.io".into(), ..Identity::default() };
    let c = TrackerContext { forwarder: Some(relay), ..context() };
    let d = Draft::<Forwarder>::text("The report is valid.");
    assert!(why(&d, &Recipients::to("desk@relay.io").cc("security@acme.io"), &c, Phase::Embargo).is_empty());
    assert!(!why(&d, &Recipients::to("asa.b@finder.io"), &c, Phase::Embargo).is_empty());
    let d = Draft::<TeamMail>::text("CVE-2026-2222 and acme/widget-s#142");
    assert!(why(&d, &Recipients::to("jana@acme.io").cc("private@acme.io"), &c, Phase::Embargo).is_empty());
    assert!(!why(&d, &Recipients::to("asa.b@finder.io"), &c, Phase::Embargo).is_empty());
}

#[test]
fn a_recorded_reason_answers_a_justify_hit_and_no_other() {
    let d = Draft::<Public>::text("Keep the csrf cookie");
    let reason = |rule: &str, text: &str| Justification {
        rule: rule.into(),
        text: text.into(),
        reason: "the cookie is called so".into(),
        by: "jvg".into(),
    };
    assert_eq!(why(&d, &Recipients::none(), &context(), Phase::Embargo), ["scan.csrf"]);
    let c = TrackerContext { justified: vec![reason("scan.csrf", "csrf")], ..context() };
    assert!(why(&d, &Recipients::none(), &c, Phase::Embargo).is_empty());
    let d = Draft::<Public>::text("the vulnerability");
    let c = TrackerContext { justified: vec![reason("scan.vulnerability", "vulnerability")], ..context() };
    assert_eq!(why(&d, &Recipients::none(), &c, Phase::Embargo), ["scan.vulnerability"]);
}

#[test]
fn the_name_of_a_branch_is_judged_more_strictly() {
    let d = Draft::<Public>::text("improve-security");
    let clear = |kind| {
        policy().clear_as(kind, &d, &Slots::new(), &Recipients::none(), &context(), Phase::Embargo).is_ok()
    };
    assert!(clear(Kind::Title) && !clear(Kind::Branch));
}

#[test]
fn a_tracker_turned_public_refuses_every_write() {
    let mut c = config();
    c.tracker.contents = crate::config::Visibility::Public;
    let p = Policy::new(&c, &Roster::from_config(&c)).unwrap();
    let d = Draft::<Tracker>::text("ok");
    let refusal = p.clear(&d, &Slots::new(), &Recipients::none(), &context(), Phase::Embargo).unwrap_err();
    assert_eq!(refusal.hits.first().map(|h| h.rule), Some("scan.contents-public"));
}

#[test]
fn a_refusal_names_every_reason_and_the_way_out() {
    let d = Draft::<Public>::text("security fix for #142 by Åsa Brännström");
    let r = policy().clear(&d, &Slots::new(), &Recipients::none(), &context(), Phase::Released).unwrap_err();
    let rules: Vec<_> = r.hits.iter().map(|h| h.rule).collect();
    assert_eq!(rules, ["scan.security-fix", "scan.tracker-number", "scan.reporter-name"]);
    let shown = r.to_string();
    assert!(shown.contains("`security fix` at byte 0") && shown.contains("neutral words"), "{shown}");
}
