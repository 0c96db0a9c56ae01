//! Sync page §8: the close-out as one item, entered by any sign of disclosure and resumed wherever it stopped.

use super::*;

#[test]
fn one_item_does_it_all_in_order() {
    let p = plan(&over(archived(), &json!({"thread": thread()})));
    let names = p.names("sync.close-out");
    assert_eq!(&names[..2], ["set-field", "set-field"], "address and summary first: {names:?}");
    assert!(
        names.iter().position(|n| *n == "set-labels").unwrap()
            < names.iter().position(|n| *n == "choose").unwrap()
    );
    assert_eq!(p.field("sync.close-out", "public_advisory_url"), ADVISORY);
    for state in ["review-ready", "publish-ready", "public"] {
        let steps: Vec<&str> = p.arms("sync.close-out")[state].iter().map(|s| s.effect.name()).collect();
        let at = |n: &str| {
            steps.iter().position(|s| *s == n).unwrap_or_else(|| panic!("{state}: no {n} in {steps:?}"))
        };
        assert!(at("move-card") < at("close") && at("close") < at("archive-card"), "{steps:?}");
        assert!(
            at("archive-card") < at("close-milestone") && at("close-milestone") < at("append-entry"),
            "{steps:?}"
        );
        assert_eq!(steps.last(), Some(&"mail-draft"), "{steps:?}");
    }
    let draft: Vec<&str> = p.arms("sync.close-out")["allocated"].iter().map(|s| s.effect.name()).collect();
    assert_eq!(draft, ["post-marked"], "an allocated record is neither published nor closed");
    // Nothing outside of the choice closes it.
    assert!(p.item("sync.close-out").steps.iter().all(|s| s.effect.name() != "close"));
}

#[test]
fn it_resumes_from_every_step_where_it_may_have_stopped() {
    let steps = [
        json!({"tracker": {"fields": {"public_advisory_url": ADVISORY}}}),
        json!({"tracker": {"fields": {"public_summary": "Any user who can publish may read the names of all queues. Upgrade to 2.10.3 or later."}}}),
        json!({"tracker": {"labels": ["security issue", "core", "cve allocated", "announced - emails sent", "announced"]}}),
        json!({"record": "public"}),
        json!({"tracker": {"column": "Announced"}}),
    ];
    let mut case = archived();
    for (done, step) in steps.iter().enumerate() {
        case = over(case, step);
        let p = plan(&case);
        assert_eq!(p.stage(), "CLOSE-OUT", "after {done}");
        let closes = p.arms("sync.close-out")["public"].iter().any(|s| s.effect.name() == "close");
        assert!(closes, "after step {done}: {p}");
    }
    // Once closed, it is over.
    plan(&over(closed(), &json!({"advisory": [advisory()]}))).lacks("sync.close-out");
}

#[test]
fn every_sign_of_disclosure_enters_it_whatever_the_labels() {
    for labels in [
        json!(["core", "cve allocated"]),
        json!(["core", "cve allocated", "pr merged"]),
        json!(["core", "cve allocated", "announced"]),
    ] {
        let p = plan(&over(archived(), &json!({"tracker": {"labels": labels}})));
        assert!(p.has("sync.close-out"), "{p}");
        // No label of the fix is set on the way out.
        let fix = ["pr created", "pr merged", "fix released"];
        let sets =
            |e: &&Effect| matches!(e, Change::SetLabels { add, .. } if fix.iter().any(|l| add.contains(*l)));
        assert!(!p.effects().iter().any(sets), "{p}");
    }
}

#[test]
fn an_advisory_is_a_root_of_a_public_list_that_leads_with_the_id() {
    let found = |mail: Value| plan(&over(queue(), &json!({"advisory": mail}))).has("sync.close-out");
    let with = |patch: Value| json!([over(advisory(), &patch)]);
    assert!(found(with(json!({}))));
    assert!(found(with(json!({"subject": format!("[SECURITY] {CVE}: Harbour Queue")}))));
    assert!(!found(with(json!({"subject": format!("Re: {CVE}: Harbour Queue")}))), "a reply by its subject");
    assert!(!found(with(json!({"in_reply_to": "x@lists.example"}))), "a reply by its header");
    assert!(
        !found(with(json!({"subject": format!("CVE-2026-39999: incomplete fix of {CVE}")}))),
        "another CVE's"
    );
    assert!(!found(with(json!({"from": "mallory@else.example"}))), "a stranger");
    assert!(
        !found(with(json!({"url": "https://lists.openwharf.example/list.html?private@openwharf.example"}))),
        "a private list"
    );
    assert!(
        !found(json!([advisory(), over(advisory(), &json!({"url": "https://lists.example/thread/other"}))])),
        "two of them"
    );
    let two = plan(&over(
        queue(),
        &json!({"advisory": [advisory(), over(advisory(), &json!({"url": "https://lists.example/thread/other"}))]}),
    ));
    two.notice("several messages");
    let stranger = plan(&over(
        queue(),
        &json!({"advisory": [over(advisory(), &json!({"from": "mallory@else.example"}))]}),
    ));
    stranger.notice("not known as release manager");
}

#[test]
fn a_record_without_an_id_or_a_state_waits() {
    let p = plan(&over(
        archived(),
        &json!({"tracker": {"fields": {"cve_tool_link": "", "public_advisory_url": ADVISORY}}}),
    ));
    p.lacks("sync.close-out");
    p.blocker("holds no CVE id");
    let p = plan(&over(archived(), &json!({"record": {"unknown": "session expired"}})));
    p.blocker("state unverified");
    // What waits for the record proposes nothing again once it is said.
    let done = json!({"record": "allocated", "tracker": {"labels": ["core", "cve allocated", "announced - emails sent", "announced"],
        "fields": {"public_advisory_url": ADVISORY, "public_summary": "Any user who can publish may read the names of all queues. Upgrade to 2.10.3 or later."}}});
    let p = plan(&over(archived(), &done));
    let said = p.effects().into_iter().find_map(|e| match e {
        Change::PostMarked { text, .. } => Some(text.preview()),
        _ => None,
    });
    let there = json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-19", "body": format!("<!-- tipstaff: publication-ready v1 -->\n{}", said.unwrap())}]}});
    let p = plan(&over(over(archived(), &done), &there));
    p.lacks("sync.close-out");
    p.blocker("is allocated");
}

#[test]
fn without_a_tool_there_is_nothing_to_ask() {
    let config = json!({"cve": {"tool": "none"}});
    let p = plan_with(&over(archived(), &json!({"record": "-"})), &config);
    assert!(p.names("sync.close-out").contains(&"close"), "{p}");
    let p = plan_with(&over(shipped(), &json!({"record": "-"})), &config);
    assert_eq!(p.labels("sync.released"), ["+fix released", "-pr merged"], "{p}");
}

#[test]
fn the_milestone_closes_with_its_last_announced_tracker() {
    let closes = |m: Value| {
        plan(&over(
            archived(),
            &json!({"milestones": [over(json!({"name": "Harbour Queue-2.10.3", "state": "open"}), &m)]}),
        ))
        .effects()
        .iter()
        .any(|e| matches!(e, Change::CloseMilestone { .. }))
    };
    assert!(closes(json!({"open_trackers": 1})));
    assert!(!closes(json!({"open_trackers": 2})));
    assert!(!closes(json!({"open_trackers": 1, "closed_unannounced": 1})));
    assert!(!closes(json!({"open_trackers": 1, "state": "closed"})));
}

/// The desk of a project that announces on its release page.
fn by_page() -> Value {
    json!({"archive": {"kind": "none", "advisory_signal": "release_page"}})
}

fn page(names: &[&str], url: &str) -> Value {
    over(
        queue(),
        &json!({"record": "publish-ready", "release": [{"package": "harbour-queue", "version": "2.10.3",
            "state": "final", "at": "2026-03-18T10:00:00Z", "url": url, "page": url, "names": names}]}),
    )
}

const PAGE: &str = "https://forge.example/openwharf/harbour/releases/tag/2.10.3";

#[test]
fn a_release_page_that_names_the_cve_is_the_advisory_where_the_project_says_so() {
    let p = plan_with(&page(&["CVE-2026-9", "cve-2026-30001"], PAGE), &by_page());
    assert_eq!(p.stage(), "CLOSE-OUT", "{p}");
    assert_eq!(p.field("sync.close-out", "public_advisory_url"), PAGE);
    assert!(
        p.item("sync.close-out").steps.iter().all(|s| !matches!(&s.effect,
        Change::SetField { role, .. } if role.as_str() == "public_summary")),
        "a page is no summary: {p}"
    );
    // Captured, the same is proposed without the field: what the page says leads, not the empty field.
    let case =
        over(page(&["CVE-2026-30001"], PAGE), &json!({"tracker": {"fields": {"public_advisory_url": PAGE}}}));
    assert_eq!(plan_with(&case, &by_page()).stage(), "CLOSE-OUT");
    // A mail proves it there, too, and its words are the summary.
    let mail = over(page(&["CVE-2026-30001"], PAGE), &json!({"advisory": [advisory()]}));
    assert_eq!(plan_with(&mail, &by_page()).field("sync.close-out", "public_advisory_url"), ADVISORY);
    // An archive that cannot be asked hides no page.
    let down = over(page(&["CVE-2026-30001"], PAGE), &json!({"advisory": {"unknown": "503"}}));
    assert_eq!(plan_with(&down, &by_page()).stage(), "CLOSE-OUT");
}

#[test]
fn no_other_page_is_an_advisory_and_nothing_is_published_without_one() {
    let release = |patch: Value| {
        let mut case = page(&["CVE-2026-30001"], PAGE);
        lay(&mut case["release"][0], &patch);
        case
    };
    let cases: &[(&str, Value, Value)] = &[
        ("another CVE", page(&["CVE-2026-300011", "CVE-2026-3000"], PAGE), by_page()),
        ("no CVE", page(&[], PAGE), by_page()),
        ("no address", page(&["CVE-2026-30001"], ""), by_page()),
        ("no web page", page(&["CVE-2026-30001"], "file:///etc/passwd"), by_page()),
        (
            "the archive of a private list",
            page(&["CVE-2026-30001"], "https://lists.example/security@openwharf.example/1"),
            by_page(),
        ),
        ("a candidate", release(json!({"state": "pre-release"})), by_page()),
        ("withdrawn", release(json!({"state": "yanked"})), by_page()),
        ("another release", release(json!({"version": "2.10.2"})), by_page()),
        ("without the fix", release(json!({"has_fix": false})), by_page()),
        ("unknown", release(json!({"state": "unknown", "reason": "503"})), by_page()),
        ("a project that mails", page(&["CVE-2026-30001"], PAGE), json!({})),
    ];
    for (what, case, config) in cases {
        let p = plan_with(case, config);
        assert_eq!(p.stage(), "RM-QUEUE", "{what}: {p}");
        p.lacks("sync.close-out");
        let publishes = p.effects().into_iter().any(|e| matches!(e, Change::PublishRecord { .. }));
        assert!(!publishes, "{what}: {p}");
    }
    // Public without any address: a person is asked, whatever the signal.
    let p = plan_with(&over(page(&[], PAGE), &json!({"record": "public"})), &by_page());
    p.blocker("no advisory address is known");
    p.lacks("sync.close-out");
}

#[test]
fn a_mail_about_two_cves_is_the_advisory_of_each() {
    let mail = over(
        advisory(),
        &json!({"subject": format!("[SECURITY] CVE-2026-30002, {CVE}: Harbour Queue: two flaws"),
            "body": format!("CVE-2026-30002: another\n\nAn attacker may stop the whole broker.\n\n{CVE}: names of queues leak\n\nAnybody may read all names of queues. Upgrade to 2.10.3.\n")}),
    );
    let mut other = over(queue(), &json!({"record": "publish-ready", "advisory": [mail.clone()]}));
    let p = plan(&other);
    assert_eq!(p.field("sync.close-out", "public_advisory_url"), ADVISORY);
    assert!(p.field("sync.close-out", "public_summary").starts_with("Anybody may read all names"), "{p}");
    other["tracker"]["fields"]["cve_tool_link"] = json!("https://cve.openwharf.example/cve5/CVE-2026-30002");
    let p = plan(&other);
    assert_eq!(p.field("sync.close-out", "public_advisory_url"), ADVISORY);
    assert!(p.field("sync.close-out", "public_summary").starts_with("An attacker may stop"), "{p}");
    // A third one that the mail only speaks of is not announced by it.
    other["tracker"]["fields"]["cve_tool_link"] = json!("https://cve.openwharf.example/cve5/CVE-2026-30003");
    plan(&other).lacks("sync.close-out");
}
