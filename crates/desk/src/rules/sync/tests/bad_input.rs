//! Trackers and sources as people and clocks leave them: each is a blocker, a refused item or a word to a person, with its
//! reason, and none of them moves a label.

use super::*;

fn flips(p: &Planned) -> Vec<String> {
    let labels = |e: &&Effect| match e {
        Change::SetLabels { add, .. } => add.iter().cloned().collect(),
        _ => Vec::new(),
    };
    p.effects().iter().flat_map(labels).collect()
}

#[test]
fn labels_that_contradict_each_other_or_the_fields_are_said() {
    let labels = |list: &[&str]| json!({"tracker": {"labels": list}});
    // A step of the fix that no fix stands behind; an id that is only a label; an announcement without an address.
    let nothing = json!({"pull_requests": []});
    plan(&over(over(allocated(), &labels(&["core", "cve allocated", "pr created"])), &nothing))
        .notice("pr_with_fix names no fix");
    let unnamed = over(
        over(assessed(), &labels(&["core", "cve allocated"])),
        &json!({"tracker": {"fields": {"cve_tool_link": ""}}}),
    );
    plan(&unnamed).blocker("the field holds no CVE id");
    let p = plan(&over(queue(), &labels(&["core", "cve allocated", "announced"])));
    assert_eq!(p.stage(), "CLOSE-OUT");
    p.blocker("no advisory address is known");
    p.lacks("sync.close-out");
    // Every label of the fix at once: the highest holds, the others come off.
    let all = ["core", "cve allocated", "pr created", "pr merged", "fix released"];
    assert_eq!(plan(&over(queue(), &labels(&all))).labels("sync.labels"), ["-pr created", "-pr merged"]);
    // Decided and not decided; open with a disposition.
    let p = plan(&over(merged(), &labels(&["core", "needs triage", "cve allocated", "pr merged"])));
    p.lacks("sync.valid");
    let p = plan(&over(merged(), &labels(&["core", "cve allocated", "pr merged", "wontfix"])));
    assert!(p.plan.items.iter().all(|i| i.blocked.is_some()), "{p}");
    p.blocker("close it, or take the label off");
    // A merge that the label claims and the fix denies.
    let open = json!({"pull_requests": [{"url": PR, "state": "open", "author": "dev"}]});
    plan(&over(merged(), &open)).notice("labels are never taken back");
}

#[test]
fn a_release_label_that_the_registries_deny_is_told_to_nobody() {
    let says = |what: Value| {
        over(
            queue(),
            &json!({"release": [over(json!({"package": "harbour-queue", "version": "2.10.3"}), &what)]}),
        )
    };
    let told = json!({"thread": thread()});
    for denied in [
        json!({"state": "missing"}),
        json!({"state": "pre-release"}),
        json!({"state": "yanked"}),
        json!({"state": "final", "has_fix": false}),
    ] {
        let behind = json!({"tracker": {"labels": ["core", "cve allocated", "pr merged", "fix released"]}});
        let p = plan(&over(over(says(denied.clone()), &told), &behind));
        p.blocker("it is labelled `fix released`, and");
        p.blocker("tipstaff edit 42 label");
        assert!(!p.letters().contains(&"released".to_owned()), "{denied}: {p}");
        p.lacks("sync.labels");
    }
    // What nobody knows is not denied, and what is out is told.
    for fine in [
        json!({"state": "unknown", "reason": "503"}),
        json!({"state": "final", "at": "2026-03-18T10:00:00Z"}),
    ] {
        let p = plan(&over(says(fine.clone()), &told));
        assert!(p.plan.blockers.is_empty(), "{fine}: {p}");
        assert_eq!(p.letters(), ["released"], "{fine}: {p}");
    }
    // Disclosed all the same: that is another matter, and it is closed out.
    let p = plan(&over(
        says(json!({"state": "yanked"})),
        &json!({"advisory": [advisory()], "record": "publish-ready"}),
    ));
    assert_eq!(p.stage(), "CLOSE-OUT");
    assert!(p.plan.blockers.is_empty() && p.has("sync.close-out"), "{p}");
}

#[test]
fn an_advisory_address_that_nobody_outside_can_read_closes_nothing_out() {
    let at = |url: &str| plan(&over(queue(), &json!({"tracker": {"fields": {"public_advisory_url": url}}})));
    for private in [
        "https://lists.example/security.openwharf.example/1",
        "https://lists.example/?private@openwharf.example",
    ] {
        let p = at(private);
        assert_eq!(p.stage(), "CLOSE-OUT");
        p.blocker("is no address of a public advisory");
        p.lacks("sync.close-out");
    }
    let p = at("soon");
    p.blocker("no advisory address is known");
    p.lacks("sync.close-out");
    // One that the archive does not know is a person's word, and said to be no more.
    let p = at("https://lists.example/elsewhere");
    assert!(
        p.item("sync.close-out").notices.iter().any(|n| n.contains("the archive has no advisory of")),
        "{p}"
    );
}

#[test]
fn one_id_has_one_record_and_one_tracker_that_keeps_it() {
    let with = |case: &Value, split: bool| {
        let (mut case, basis, now) = super::read(case, &json!({}));
        case.observed.record_with =
            Some(crate::case::RecordWith { tracker: "openwharf/security#41".into(), split });
        plan_one(&View::new(&case, basis.ground("ann", now)), 1)
    };
    let rules = |p: &TrackerPlan| p.items.iter().map(|i| i.rule.clone()).collect::<Vec<_>>();
    // Part of one report: it goes on without a record of its own, and ends after the one that keeps it.
    let p = with(&merged(), true);
    assert!(!rules(&p).contains(&"sync.record".to_owned()), "{p:?}");
    assert!(p.notices.iter().any(|n| n.contains("is kept with openwharf/security#41")), "{:?}", p.notices);
    let p = with(&archived(), true);
    assert!(p.blockers.iter().any(|b| b.contains("close that one out first")), "{:?}", p.blockers);
    assert!(!rules(&p).contains(&"sync.close-out".to_owned()));
    let p = with(&over(archived(), &json!({"record": "public"})), true);
    let item = p.items.iter().find(|i| i.rule == "sync.close-out").unwrap();
    assert!(item.effects().iter().any(|e| matches!(e, Change::Close { .. })));
    let writes = |e: &&Effect| {
        matches!(e, Change::PushRecord { .. } | Change::PublishRecord { .. } | Change::AttachRecord { .. })
    };
    assert!(!item.effects().iter().any(writes), "{item:?}");
    // The id of another report: nothing is done with it.
    let p = with(&merged(), false);
    assert!(p.blockers.iter().any(|b| b.contains("is the id of openwharf/security#41")), "{:?}", p.blockers);
    assert!(p.items.iter().all(|i| i.blocked.is_some()));
}

#[test]
fn a_row_of_the_desk_that_is_damaged_stops_its_tracker() {
    let (mut case, basis, now) = super::read(&merged(), &json!({}));
    case.observed.damaged = vec!["the time it was received cannot be read".into()];
    let p = plan_one(&View::new(&case, basis.ground("ann", now)), 1);
    assert!(
        p.blockers.iter().any(|b| b.contains("cannot be read; restore it from a backup")),
        "{:?}",
        p.blockers
    );
    assert!(p.items.iter().all(|i| i.blocked.is_some()));
}

#[test]
fn fields_that_are_missing_or_there_twice_are_never_written() {
    let twice = "### CWE\n\nCWE-200: Exposure\n\n### CWE\n\nCWE-79\n\n### Severity\n\nUnknown\n";
    let said = json!({"tracker": {"body": twice, "fields": "-", "comments": [
        {"author": "ann", "at": "2026-03-12", "body": "CWE-79: Cross-site Scripting"}, {"author": "ann", "at": "2026-03-12", "body": "Severity: high"}]}});
    let p = plan(&over(assessed(), &said));
    p.blocker("body:");
    let item = p.plan.items.iter().find(|i| i.rule == "sync.team-cwe").unwrap_or_else(|| panic!("{p}"));
    assert!(item.blocked.as_ref().is_some_and(|b| b.contains("no single section")), "{p}");
    assert!(p.item("sync.team-severity").blocked.is_none(), "{p}");
    // No record is made without what stands there twice, and nobody is asked to fill it.
    let (read, basis, now) = super::read(&merged(), &json!({}));
    let mut case = read.clone();
    let kept = View::new(&read, basis.ground("ann", now)).built().record.render();
    case.observed.attached = Some(kept);
    case.tracker.body.push_str("\n\n### Severity\n\nLow\n");
    let p = plan_one(&View::new(&case, basis.ground("ann", now)), 1);
    assert!(p.blockers.iter().any(|b| b.contains("stands more than once")), "{:?}", p.blockers);
    for rule in ["sync.record", "sync.fill-fields"] {
        for item in p.items.iter().filter(|i| i.rule == rule) {
            assert!(item.blocked.as_ref().is_some_and(|b| b.contains("more than once")), "{item:?}");
        }
    }
    assert!(p.items.iter().any(|i| i.rule == "sync.record"), "{:?}", p.items);
}

#[test]
fn a_milestone_that_closed_without_its_release_stops_the_tracker() {
    let closed = json!({"milestones": [{"name": "Harbour Queue-2.10.3", "state": "closed"}]});
    plan(&over(merged(), &closed)).blocker("the milestone `Harbour Queue-2.10.3` is closed, and");
    let p = plan(&over(over(merged(), &closed), &json!({"tracker": {"milestone": "-"}})));
    assert!(
        p.item("sync.milestone").blocked.as_ref().is_some_and(|b| b.contains("choose the release")),
        "{p}"
    );
    // Shipped, or not to be found out: no reason to stop.
    for release in [json!({}), json!({"release": {"unknown": "503"}})] {
        let p = plan(&over(over(shipped(), &closed), &release));
        assert!(p.plan.blockers.iter().all(|b| !b.contains("is closed")), "{p}");
    }
}

#[test]
fn a_release_manager_nobody_names_or_two_sources_name_differently_hands_nothing_over() {
    let cuts = |list: Value| plan_with(&shipped(), &json!({"releases": {"cut": list}}));
    let p = cuts(json!([]));
    p.blocker("no source names the release manager");
    p.lacks("sync.released");
    let two = json!([{"name": "2.10.3", "rm": "carol"}, {"name": "2.10.3", "rm": "dev"}]);
    cuts(two).blocker("two people are named as release manager");
    cuts(json!([{"name": "2.10.3", "rm": "who@else.example"}])).blocker("has no handle on the roster");
}

#[test]
fn a_tag_that_moved_is_judged_as_it_is_now() {
    let tag = |fix: bool| json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "final", "has_fix": fix}]});
    assert_eq!(plan(&over(shipped(), &tag(true))).stage(), "SHIPPED");
    let p = plan(&over(shipped(), &tag(false)));
    assert_eq!(p.stage(), "MERGED");
    assert_eq!(flips(&p), Vec::<String>::new());
}

#[test]
fn mail_that_looks_like_the_advisory_is_none() {
    let mails = [
        json!({"subject": format!("CVE-2026-39999: another flaw, like {CVE}")}),
        json!({"in_reply_to": "root@lists.example"}),
        json!({"subject": format!("Re: {CVE}: Harbour Queue")}),
        json!({"url": "https://lists.example/security.openwharf.example/1"}),
    ];
    for patch in mails {
        let p = plan(&over(queue(), &json!({"advisory": [over(advisory(), &patch)]})));
        assert_eq!(p.stage(), "RM-QUEUE", "{patch}: {p}");
        assert_eq!(flips(&p), Vec::<String>::new(), "{patch}");
    }
    let strange = over(advisory(), &json!({"from": "mallory@else.example"}));
    let p = plan(&over(queue(), &json!({"advisory": [strange]})));
    p.notice("is not known as release manager");
    assert_eq!(p.stage(), "RM-QUEUE");
}

#[test]
fn clocks_that_run_ahead_bring_nothing_forward() {
    // A release of next year is not out, and no window ends before its report came.
    let early = json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "final", "at": "2027-03-18"}]});
    let p = plan(&over(shipped(), &early));
    assert_eq!(p.stage(), "MERGED");
    p.notice("which is in the future");
    let born = over(fresh(), &json!({"received": "2031-01-01", "tracker": {"created": "2030-01-01"}}));
    let p = plan(&born);
    assert_eq!(p.stage(), "NEW");
    p.lacks("sync.overdue");
    // A comment from the future is no silence, and no voice counts twice.
    let late = json!({"tracker": {"created": "2025-01-01", "comments": [{"author": "ann", "at": "2031-01-01", "body": "Looking."}]}});
    assert_eq!(plan(&over(fresh(), &late)).stage(), "ASSESSING");
}

#[test]
fn a_draft_that_is_gone_is_asked_about() {
    let row = |state: &str| json!({"thread": thread(), "drafts": [], "ledger": [{"event": "pr_opened", "artifact": PR, "state": state}]});
    for state in ["drafted", "unknown"] {
        let p = plan(&over(in_pr(), &row(state)));
        p.notice("the draft about pr opened is in the drafts folder no longer");
        assert_eq!(p.letters(), Vec::<String>::new());
    }
    let quiet =
        |case: Value| assert!(plan(&case).plan.notices.iter().all(|n| !n.contains("no longer")), "{case}");
    quiet(over(in_pr(), &row("sent")));
    quiet(over(in_pr(), &over(row("drafted"), &json!({"drafts": {"unknown": "the folder is gone"}}))));
    quiet(over(
        in_pr(),
        &over(
            row("drafted"),
            &json!({"drafts": [{"id": "d", "thread": "root@ada.example", "event": "pr_opened"}]}),
        ),
    ));
}

#[test]
fn a_sign_that_a_form_ate_is_noticed_beside_the_kept_record() {
    let (read, basis, now) = read(&merged_with(">= 2.7.0, < 2.10.3"), &json!({}));
    let kept = View::new(&read, basis.ground("ann", now)).built().record.render();
    let seen = |versions: &str| {
        let (mut case, basis, now) = super::read(&merged_with(versions), &json!({}));
        case.observed.attached = Some(kept.clone());
        plan_one(&View::new(&case, basis.ground("ann", now)), 1).notices
    };
    assert!(seen("2.7.0, < 2.10.3").iter().any(|n| n.contains("a form may have eaten the sign")));
    for fine in [
        "`>= 2.7.0, < 2.10.3`",
        "`< 2.10.3`",
        "`>= 2.7.1, < 2.10.3`",
        "2.7.0 to 2.10.2",
        "2.7.0 through 2.10.2",
    ] {
        assert!(seen(fine).iter().all(|n| !n.contains("eaten")), "{fine}");
    }
}

fn merged_with(versions: &str) -> Value {
    over(
        merged(),
        &json!({"tracker": {"fields": {"affected_versions": versions, "issue_description": "Introduced in 2.7.0."}}}),
    )
}

#[test]
fn facts_that_come_off_a_title_stay_in_the_tracker() {
    let title = json!({"tracker": {"title": "[SECURITY] Consumer groups leak queue names (CVE-2026-30001)"}});
    let p = plan(&over(merged(), &title));
    assert!(
        p.field("sync.title", "issue_description").ends_with("**Related references**\n\n- CVE-2026-30001"),
        "{p}"
    );
    let tag = json!({"tracker": {"title": "[SECURITY] Consumer groups leak queue names"}});
    assert_eq!(plan(&over(merged(), &tag)).names("sync.title"), ["set-title", "append-entry"]);
}

#[test]
fn a_backport_that_is_asked_for_is_named_once() {
    let asks = json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-12", "body": "Please backport this to v2-9."}]}});
    let labels = json!({"upstream": {"backport_labels": [{"label": "backport-to-v2-9", "branch": "v2-9"}, {"label": "backport-to-v2-8", "branch": "v2-8"}]}});
    let p = plan_with(&over(merged(), &asks), &labels);
    assert_eq!(p.names("sync.backport"), ["append-entry"]);
    assert!(p.item("sync.backport").next.contains("backport-to-v2-9"), "{p}");
    let has = json!({"pull_requests": [{"url": PR, "state": "merged", "author": "dev", "labels": ["backport-to-v2-9"]}]});
    plan_with(&over(over(merged(), &asks), &has), &labels).lacks("sync.backport");
    plan(&over(merged(), &asks)).notice("to which branch?");
    let stranger = json!({"tracker": {"comments": [{"author": "mallory", "at": "2026-03-12", "body": "Please backport this to v2-9."}]}});
    plan_with(&over(merged(), &stranger), &labels).lacks("sync.backport");
}
