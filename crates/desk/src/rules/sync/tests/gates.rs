//! The gates: allocate (CVE page §2.2), merge and invalidate (decisions page §2, §3), release (sync page §7).

use super::*;
use crate::{
    config::CveGate,
    people::Role,
    rules::gate::{self, GateVerdict, Notify},
};

fn codes(r: &GateReport) -> (GateVerdict, Vec<&'static str>, Vec<&'static str>) {
    let of = |f: &[gate::Finding]| f.iter().map(|f| f.code).collect();
    (r.verdict, of(&r.blockers), of(&r.warnings))
}

#[test]
fn allocate_by_every_row() {
    use GateVerdict::{Blocked, Confirm, Proceed};
    let labels = |l: Value| over(assessed(), &json!({"tracker": {"labels": l}}));
    for (name, case, verdict, blockers, warnings) in [
        ("assessed", assessed(), Proceed, vec![], vec![]),
        (
            "closed",
            over(assessed(), &json!({"tracker": {"state": "closed"}})),
            Blocked,
            vec!["not-open"],
            vec![],
        ),
        (
            "an id in the field",
            over(allocated(), &json!({"tracker": {"labels": ["core"]}})),
            Blocked,
            vec!["cve-exists"],
            vec![],
        ),
        ("the label alone", labels(json!(["core", "cve allocated"])), Blocked, vec!["cve-exists"], vec![]),
        ("both are one", allocated(), Blocked, vec!["cve-exists"], vec![]),
        (
            "an id of three digits",
            over(assessed(), &json!({"tracker": {"fields": {"cve_tool_link": "CVE-2026-123"}}})),
            Blocked,
            vec!["cve-exists"],
            vec![],
        ),
        (
            "words in the field",
            over(assessed(), &json!({"tracker": {"fields": {"cve_tool_link": "asked Bea"}}})),
            Proceed,
            vec![],
            vec![],
        ),
        ("duplicate", labels(json!(["core", "duplicate"])), Blocked, vec!["duplicate"], vec![]),
        ("invalid", labels(json!(["core", "invalid"])), Blocked, vec!["disposition"], vec![]),
        ("no scope", labels(json!(["security issue"])), Blocked, vec!["no-scope"], vec![]),
        ("two scopes", labels(json!(["core", "providers"])), Blocked, vec!["two-scopes"], vec![]),
        ("under triage", labels(json!(["core", "needs triage"])), Confirm, vec![], vec!["needs-triage"]),
        ("a blocker hides warnings", labels(json!(["needs triage"])), Blocked, vec!["no-scope"], vec![]),
        (
            "requested already",
            over(assessed(), &json!({"allocation": "2026-03-19"})),
            Blocked,
            vec!["already-requested"],
            vec![],
        ),
        (
            "everything at once",
            over(
                allocated(),
                &json!({"tracker": {"state": "closed", "labels": ["duplicate", "needs triage", "cve allocated"]}}),
            ),
            Blocked,
            vec!["not-open", "cve-exists", "duplicate", "no-scope"],
            vec![],
        ),
    ] {
        let r = gate(&case, &json!({}), gate::allocate);
        assert_eq!(codes(&r), (verdict, blockers, warnings), "{name}: {r:?}");
    }
    let r = gate(&allocated(), &json!({}), gate::allocate);
    assert!(r.blockers[0].detail.contains(CVE), "{r:?}");
}

#[test]
fn who_may_allocate() {
    let roles = |r: &[Role]| r.iter().copied().collect();
    for (gate, r, may) in [
        (CveGate::GovernanceMember, vec![Role::Governance], true),
        (CveGate::GovernanceMember, vec![Role::Triager, Role::ReleaseManager], false),
        (CveGate::SecurityTeam, vec![Role::Triager], true),
        (CveGate::SecurityTeam, vec![], false),
        (CveGate::Maintainer, vec![], true),
        (CveGate::None, vec![], true),
    ] {
        assert_eq!(gate::may_allocate(gate, &roles(&r)), may, "{gate:?} {r:?}");
    }
}

fn merge(keep: &Value, dropped: &Value) -> GateReport {
    let (keep, basis, now) = read(keep, &json!({}));
    let (dropped, ..) = read(dropped, &json!({}));
    let ground = basis.ground("ann", now);
    gate::merge(&View::new(&keep, ground), &View::new(&dropped, ground))
}

#[test]
fn merge_by_every_row() {
    use GateVerdict::{Blocked, Confirm, Proceed};
    let other = |patch: Value| over(over(assessed(), &json!({"tracker": {"number": 43}})), &patch);
    for (name, keep, dropped, verdict, blockers, warnings) in [
        ("two of one kind", assessed(), other(json!({})), Proceed, vec![], vec![]),
        ("the kept one has the CVE", allocated(), other(json!({})), Proceed, vec![], vec![]),
        (
            "scopes differ",
            assessed(),
            other(json!({"tracker": {"labels": ["providers"]}})),
            Blocked,
            vec!["scope-differs"],
            vec![],
        ),
        (
            "no scope",
            assessed(),
            other(json!({"tracker": {"labels": []}})),
            Blocked,
            vec!["no-scope"],
            vec![],
        ),
        (
            "two scopes",
            other(json!({"tracker": {"labels": ["core", "providers"]}})),
            assessed(),
            Blocked,
            vec!["two-scopes"],
            vec![],
        ),
        (
            "closed",
            assessed(),
            other(json!({"tracker": {"state": "closed"}})),
            Blocked,
            vec!["closed"],
            vec![],
        ),
        (
            "labelled duplicate",
            assessed(),
            other(json!({"tracker": {"labels": ["core", "duplicate"]}})),
            Blocked,
            vec!["already-duplicate"],
            vec![],
        ),
        ("itself", assessed(), assessed(), Blocked, vec!["same-tracker"], vec![]),
        (
            "public record",
            over(allocated(), &json!({"record": "public"})),
            other(json!({})),
            Blocked,
            vec!["public"],
            vec![],
        ),
        (
            "on cve.org",
            over(allocated(), &json!({"cve_org": "PUBLISHED"})),
            other(json!({})),
            Blocked,
            vec!["public"],
            vec![],
        ),
        (
            "advisory sent",
            assessed(),
            other(json!({"tracker": {"labels": ["core", "announced - emails sent"]}})),
            Blocked,
            vec!["public"],
            vec![],
        ),
        (
            "address captured",
            assessed(),
            other(json!({"tracker": {"fields": {"public_advisory_url": ADVISORY}}})),
            Blocked,
            vec!["public"],
            vec![],
        ),
        (
            "record not read",
            over(allocated(), &json!({"record": {"unknown": "session expired"}})),
            other(json!({})),
            Confirm,
            vec![],
            vec!["cve-unknown"],
        ),
        (
            "the dropped one has the CVE",
            other(json!({})),
            allocated(),
            Confirm,
            vec![],
            vec!["kept-without-cve"],
        ),
    ] {
        let r = merge(&keep, &dropped);
        assert_eq!(codes(&r), (verdict, blockers, warnings), "{name}: {r:?}");
    }
}

#[test]
fn invalidate_by_every_row() {
    use GateVerdict::{Blocked, Confirm, Proceed};
    for (name, case, verdict, blockers, warnings) in [
        ("a fresh report", fresh(), Proceed, vec![], vec![]),
        (
            "closed",
            over(fresh(), &json!({"tracker": {"state": "closed", "labels": ["invalid"]}})),
            Blocked,
            vec!["already-closed"],
            vec![],
        ),
        ("allocated", allocated(), Blocked, vec!["cve-allocated"], vec![]),
        (
            "in review",
            over(allocated(), &json!({"record": "review-ready"})),
            Blocked,
            vec!["cve-allocated"],
            vec![],
        ),
        (
            "ready",
            over(allocated(), &json!({"record": "publish-ready"})),
            Blocked,
            vec!["cve-public"],
            vec![],
        ),
        ("public", over(allocated(), &json!({"record": "public"})), Blocked, vec!["cve-public"], vec![]),
        ("released", over(queue(), &json!({"record": "retracted"})), Blocked, vec!["released"], vec![]),
        ("retracted", over(allocated(), &json!({"record": "retracted"})), Proceed, vec![], vec![]),
        (
            "state unknown, id there",
            over(allocated(), &json!({"record": "unknown"})),
            Confirm,
            vec![],
            vec!["cve-unknown"],
        ),
        (
            "state unknown, label there",
            over(assessed(), &json!({"record": "unknown", "tracker": {"labels": ["core", "cve allocated"]}})),
            Confirm,
            vec![],
            vec!["cve-unknown"],
        ),
        (
            "state unknown, words in the link",
            over(assessed(), &json!({"tracker": {"fields": {"cve_tool_link": "asked"}}})),
            Confirm,
            vec![],
            vec!["cve-unknown"],
        ),
        (
            "state unknown, cve.org knows",
            over(allocated(), &json!({"record": "unknown", "cve_org": "PUBLISHED"})),
            Blocked,
            vec!["cve-public"],
            vec![],
        ),
    ] {
        let r = gate(&case, &json!({}), |v| gate::invalidate(v).0);
        assert_eq!(codes(&r), (verdict, blockers, warnings), "{name}: {r:?}");
    }
    let r = gate(
        &over(fresh(), &json!({"tracker": {"state": "closed", "labels": ["invalid"]}})),
        &json!({}),
        |v| gate::invalidate(v).0,
    );
    assert!(r.blockers[0].detail.contains("as `invalid`"), "{r:?}");
}

#[test]
fn who_hears_that_a_report_is_invalid() {
    let field = |text: &str| over(fresh(), &json!({"tracker": {"fields": {"security_thread": text}}}));
    for (name, case, want) in [
        ("an archive", field("https://lists.example/thread/xyz"), Notify::Draft),
        ("a private thread", field("No public archive: `<root@ada.example>`"), Notify::Draft),
        (
            "a direct thread and a relay",
            field("https://lists.example/thread/xyz\nhuntr relay: `<x@huntr.example>`"),
            Notify::Draft,
        ),
        (
            "two relays",
            field("huntr: `<x@huntr.example>`\nforwarded by the foundation: `<y@f.example>`"),
            Notify::Ask,
        ),
        ("a forwarder", over(fresh(), &json!({"via_forwarder": true})), Notify::Forwarder),
        (
            "a forwarder, by the thread",
            over(fresh(), &json!({"thread": over(thread(), &json!({"routing": "via-forwarder"}))})),
            Notify::Forwarder,
        ),
        (
            "a forwarder, by a marker of older practice",
            over(
                fresh(),
                &json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-11",
            "body": "<!-- apache-magpie: routing-mode via-forwarder -->"}]}}),
            ),
            Notify::Forwarder,
        ),
        (
            "a marker of a stranger",
            over(
                fresh(),
                &json!({"tracker": {"comments": [{"author": "mallory", "at": "2026-03-11",
            "body": "<!-- apache-magpie: routing-mode via-forwarder -->"}]}}),
            ),
            Notify::Draft,
        ),
        (
            "an audit",
            over(fresh(), &json!({"thread": {"root": "x@y.example", "routing": "internal"}})),
            Notify::None,
        ),
        ("a public pull request", field("N/A, https://forge.example/openwharf/harbour/pull/9"), Notify::None),
        ("a file of findings", field("N/A: `findings.md`"), Notify::None),
        ("nothing", field(""), Notify::Ask),
        ("nothing, but a contact", over(field(""), &json!({"thread": thread()})), Notify::Draft),
    ] {
        let (case, basis, now) = read(&case, &json!({}));
        let (_, notify) = gate::invalidate(&View::new(&case, basis.ground("ann", now)));
        assert_eq!(notify, want, "{name}");
    }
}

#[test]
fn release_by_every_check() {
    use GateVerdict::{Blocked, Confirm, Proceed};
    let field = |role: &str, value: &str| over(shipped(), &json!({"tracker": {"fields": {role: value}}}));
    for (name, case, verdict, blockers) in [
        ("ready", shipped(), Proceed, vec![]),
        ("publish-ready", over(shipped(), &json!({"record": "publish-ready"})), Proceed, vec![]),
        ("public", over(shipped(), &json!({"record": "public"})), Proceed, vec![]),
        ("closed", over(shipped(), &json!({"tracker": {"state": "closed"}})), Blocked, vec!["closed"]),
        ("past it", queue(), Blocked, vec!["already-released"]),
        (
            "not merged",
            over(shipped(), &json!({"pull_requests": [{"url": PR, "state": "open"}]})),
            Blocked,
            vec!["not-merged", "not-shipped"],
        ),
        (
            "not out",
            over(
                shipped(),
                &json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "missing"}]}),
            ),
            Blocked,
            vec!["not-shipped"],
        ),
        (
            "registry down",
            over(shipped(), &json!({"release": {"unknown": "503"}})),
            Blocked,
            vec!["release-unknown"],
        ),
        ("nobody asked", over(shipped(), &json!({"release": "-"})), Blocked, vec!["release-unknown"]),
        (
            "skipped",
            over(
                shipped(),
                &json!({"release": [{"package": "harbour-queue", "version": "2.10.4", "state": "final"}]}),
            ),
            Blocked,
            vec!["ask-shipped"],
        ),
        ("severity Unknown", field("severity", "Unknown"), Blocked, vec!["field"]),
        ("no CWE", field("cwe", ""), Blocked, vec!["field"]),
        ("a CWE without a number", field("cwe", "information leak"), Blocked, vec!["field"]),
        ("no credit", field("reporter_credit", ""), Blocked, vec!["field"]),
        ("no versions", field("affected_versions", ""), Blocked, vec!["field"]),
        ("no summary", field("public_summary", ""), Blocked, vec!["field"]),
        ("no fix named", field("pr_with_fix", ""), Blocked, vec!["field"]),
        (
            "record allocated",
            over(shipped(), &json!({"record": "allocated"})),
            Blocked,
            vec!["record-allocated"],
        ),
        (
            "record unknown",
            over(shipped(), &json!({"record": {"unknown": "session expired"}})),
            Blocked,
            vec!["record-unknown"],
        ),
        (
            "record withdrawn",
            over(shipped(), &json!({"record": "retracted"})),
            Blocked,
            vec!["record-retracted"],
        ),
        (
            "two scopes",
            over(
                shipped(),
                &json!({"tracker": {"labels": ["core", "providers", "cve allocated", "pr merged"]}}),
            ),
            Blocked,
            vec!["two-scopes"],
        ),
        ("no id", field("cve_tool_link", ""), Blocked, vec!["no-cve"]),
        (
            "the manager cannot be assigned",
            over(shipped(), &json!({"collaborators": ["ann", "dev"]})),
            Blocked,
            vec!["not-collaborator"],
        ),
        (
            "another source names somebody else",
            over(shipped(), &json!({"release_manager": "dev"})),
            Confirm,
            vec![],
        ),
    ] {
        let r = gate(&case, &json!({}), gate::release);
        let (v, b, _) = codes(&r);
        assert_eq!(v, verdict, "{name}: {r:?}");
        for code in &blockers {
            assert!(b.contains(code), "{name}: no {code} in {r:?}");
        }
        if blockers.len() == 1 && !matches!(name, "two scopes" | "past it") {
            assert_eq!(b, blockers, "{name}: {r:?}");
        }
    }
}

#[test]
fn hygiene_holds_a_record_that_nobody_has_reviewed_yet() {
    let draft = json!({"record": "allocated"});
    for (name, patch, code) in [
        (
            "title",
            json!({"tracker": {"title": "[SECURITY] Consumer groups leak queue names to strangers"}}),
            "hygiene.title",
        ),
        (
            "upgrade",
            json!({"tracker": {"fields": {"public_summary": "Any user who can publish may read the names of all queues; administrators should restrict publishing."}}}),
            "hygiene.upgrade-version",
        ),
        (
            "who, when, what",
            json!({"tracker": {"fields": {"public_summary": "Names of queues leak in 2.10.2, fixed in 2.10.3 by a check."}}}),
            "hygiene.who-when-action",
        ),
        (
            "follow-up",
            json!({"tracker": {"fields": {"public_summary": "An incomplete fix lets any user who can publish read names of queues. Users should upgrade to 2.10.3."}}}),
            "hygiene.cross-cve",
        ),
        (
            "scanner",
            json!({"tracker": {"fields": {"security_thread": "SharpNose finding, `<root@ada.example>`"}}}),
            "hygiene.scanner",
        ),
        (
            "lower bound",
            json!({"tracker": {"fields": {"affected_versions": "`>= 2.7.0, < 2.10.3`"}}}),
            "hygiene.lower-bound",
        ),
    ] {
        let case = over(over(shipped(), &draft), &patch);
        let r = gate(&case, &json!({}), gate::release);
        assert!(r.blockers.iter().any(|b| b.code == code), "{name}: {r:?}");
        let reviewed = gate(&over(shipped(), &patch), &json!({}), gate::release);
        assert!(!reviewed.blockers.iter().any(|b| b.code == code), "{name}, reviewed: {reviewed:?}");
    }
}
