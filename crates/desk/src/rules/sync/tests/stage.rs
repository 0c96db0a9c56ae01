//! Sync page §3: one stage, one owner, one column for every tracker.

use super::*;
use crate::rules::stage::Stage;

/// Name, case, stage, role, person, steps, column.
type Row = (&'static str, Value, &'static str, &'static str, &'static str, Option<(u8, u8)>, &'static str);

fn commented(by: &str, at: &str) -> Value {
    json!({"tracker": {"comments": [{"author": by, "at": at, "body": "I can reproduce it."}]}})
}

fn rows() -> Vec<Row> {
    let triager = "triager";
    let dev = "remediation";
    let rm = "release_manager";
    let bare = |labels: Value| over(fresh(), &json!({"tracker": {"labels": labels}}));
    let reject = |label: &str| over(bare(json!([label])), &json!({"tracker": {"state": "closed"}}));
    let told = json!({"cve_org": "PUBLISHED", "ledger": ["cve_published"]});
    vec![
        ("invalid", reject("invalid"), "REJECTED", "", "", None, "archived"),
        ("not CVE worthy", reject("not cve worthy"), "REJECTED", "", "", None, "archived"),
        ("duplicate", reject("duplicate"), "REJECTED", "", "", None, "archived"),
        ("wontfix", reject("wontfix"), "REJECTED", "", "", None, "archived"),
        (
            "a disposition wins over an announcement",
            over(closed(), &json!({"tracker": {"labels": ["announced", "duplicate"]}})),
            "REJECTED",
            "",
            "",
            None,
            "archived",
        ),
        (
            "closed by hand",
            over(assessed(), &json!({"tracker": {"state": "closed"}})),
            "CLOSED-UNEXPLAINED",
            triager,
            "bea",
            None,
            "unchanged",
        ),
        (
            "closed by hand after the release",
            over(queue(), &json!({"tracker": {"state": "closed"}})),
            "CLOSED-UNEXPLAINED",
            triager,
            "carol",
            None,
            "unchanged",
        ),
        ("published and told", over(closed(), &told), "DONE", rm, "carol", Some((16, 16)), "archived"),
        (
            "published, told by a letter of another spelling of the event",
            over(
                closed(),
                &json!({"cve_org": "PUBLISHED",
            "ledger": [{"event": "cve_published", "artifact": CVE, "state": "drafted"}], "thread": thread()}),
            ),
            "DONE",
            rm,
            "carol",
            Some((16, 16)),
            "archived",
        ),
        (
            "published, not told",
            over(closed(), &json!({"cve_org": "PUBLISHED", "thread": thread()})),
            "PROPAGATING",
            rm,
            "carol",
            Some((15, 16)),
            "archived",
        ),
        (
            "a discarded letter told nobody",
            over(
                closed(),
                &json!({"cve_org": "PUBLISHED", "thread": thread(),
            "ledger": [{"event": "cve_published", "state": "discarded"}]}),
            ),
            "PROPAGATING",
            rm,
            "carol",
            Some((15, 16)),
            "archived",
        ),
        (
            "nobody to tell",
            over(
                closed(),
                &json!({"cve_org": "PUBLISHED", "thread": over(thread(), &json!({"routing": "nobody"}))}),
            ),
            "DONE",
            rm,
            "carol",
            Some((16, 16)),
            "archived",
        ),
        (
            "a forwarder is not told of the record",
            over(closed(), &json!({"cve_org": "PUBLISHED", "via_forwarder": true, "thread": thread()})),
            "DONE",
            rm,
            "carol",
            Some((16, 16)),
            "archived",
        ),
        (
            "a teammate reported",
            over(
                closed(),
                &json!({"cve_org": "PUBLISHED", "thread": {"root": "r@x.example",
            "contact": "dev@openwharf.example"}}),
            ),
            "DONE",
            rm,
            "carol",
            Some((16, 16)),
            "archived",
        ),
        ("reserved still", closed(), "PROPAGATING", rm, "carol", Some((15, 16)), "archived"),
        (
            "cve.org does not answer",
            over(closed(), &json!({"cve_org": {"unknown": "503"}})),
            "PROPAGATING",
            rm,
            "carol",
            Some((15, 16)),
            "archived",
        ),
        ("archived advisory", archived(), "CLOSE-OUT", rm, "carol", Some((14, 14)), "Announced"),
        (
            "address captured",
            over(queue(), &json!({"tracker": {"fields": {"public_advisory_url": ADVISORY}}})),
            "CLOSE-OUT",
            rm,
            "carol",
            Some((14, 14)),
            "Announced",
        ),
        (
            "label announced",
            over(queue(), &json!({"tracker": {"labels": ["core", "cve allocated", "announced"]}})),
            "CLOSE-OUT",
            rm,
            "carol",
            Some((14, 14)),
            "Announced",
        ),
        (
            "cve.org published",
            over(merged(), &json!({"cve_org": "PUBLISHED"})),
            "CLOSE-OUT",
            rm,
            "carol",
            Some((14, 14)),
            "Announced",
        ),
        (
            "record public",
            over(in_pr(), &json!({"record": "public"})),
            "CLOSE-OUT",
            rm,
            "dev",
            Some((14, 14)),
            "Announced",
        ),
        ("fix released", queue(), "RM-QUEUE", rm, "carol", Some((12, 13)), "Fix released"),
        (
            "the manager, not whoever is assigned still",
            over(queue(), &json!({"tracker": {"assignees": ["dev"]}})),
            "RM-QUEUE",
            rm,
            "carol",
            Some((12, 13)),
            "Fix released",
        ),
        (
            "emails sent in the place of fix released",
            over(
                queue(),
                &json!({"tracker": {"labels": ["core", "cve allocated", "announced - emails sent"]}}),
            ),
            "RM-QUEUE",
            rm,
            "carol",
            Some((12, 13)),
            "Fix released",
        ),
        (
            "emails sent proves nothing about an open fix",
            over(
                in_pr(),
                &json!({"tracker": {"labels": ["core", "cve allocated", "pr created", "announced - emails sent"]}}),
            ),
            "IN-PR",
            dev,
            "dev",
            Some((8, 10)),
            "PR created",
        ),
        (
            "id requested",
            over(assessed(), &json!({"allocation": "2026-03-19"})),
            "ALLOCATION-PENDING",
            triager,
            "bea",
            Some((6, 6)),
            "Assessed",
        ),
        (
            "id requested and here",
            over(allocated(), &json!({"allocation": "2026-03-19"})),
            "ALLOCATED",
            dev,
            "dev",
            Some((7, 7)),
            "CVE allocated",
        ),
        ("assessed", assessed(), "NO-CVE", triager, "bea", Some((6, 6)), "Assessed"),
        (
            "assessed and taken",
            over(assessed(), &json!({"tracker": {"assignees": ["ann"]}})),
            "NO-CVE",
            triager,
            "ann",
            Some((6, 6)),
            "Assessed",
        ),
        (
            "a fix without a CVE",
            over(
                assessed(),
                &json!({"tracker": {"fields": {"pr_with_fix": PR}}, "pull_requests": [{"url": PR, "state": "merged"}]}),
            ),
            "NO-CVE",
            triager,
            "bea",
            Some((6, 6)),
            "Assessed",
        ),
        (
            "words in the link field are no CVE",
            over(assessed(), &json!({"tracker": {"fields": {"cve_tool_link": "asked Bea"}}})),
            "NO-CVE",
            triager,
            "bea",
            Some((6, 6)),
            "Assessed",
        ),
        ("released, gate not clear", shipped(), "SHIPPED", dev, "dev", Some((12, 12)), "PR merged"),
        ("merged", merged(), "MERGED", dev, "dev", Some((11, 11)), "PR merged"),
        (
            "merged, registry silent",
            over(merged(), &json!({"release": {"unknown": "503"}})),
            "MERGED",
            dev,
            "dev",
            Some((11, 11)),
            "PR merged",
        ),
        (
            "merged by label where nobody looked",
            over(merged(), &json!({"pull_requests": "-", "release": "-"})),
            "MERGED",
            dev,
            "dev",
            Some((11, 11)),
            "PR merged",
        ),
        ("in review", in_pr(), "IN-PR", dev, "dev", Some((8, 10)), "PR created"),
        (
            "one of two fixes open",
            over(
                merged(),
                &json!({"pull_requests": [{"url": PR, "state": "merged"}, {"url": "https://forge.example/p/18", "state": "open"}]}),
            ),
            "IN-PR",
            dev,
            "dev",
            Some((8, 10)),
            "PR created",
        ),
        (
            "a fix that was given up",
            over(in_pr(), &json!({"pull_requests": [{"url": PR, "state": "closed"}]})),
            "ALLOCATED",
            dev,
            "dev",
            Some((7, 7)),
            "CVE allocated",
        ),
        (
            "a mention is no fix",
            over(allocated(), &json!({"pull_requests": [{"url": PR, "state": "merged", "elsewhere": true}]})),
            "ALLOCATED",
            dev,
            "dev",
            Some((7, 7)),
            "CVE allocated",
        ),
        ("allocated, nobody assigned", allocated(), "ALLOCATED", dev, "dev", Some((7, 7)), "CVE allocated"),
        (
            "label without an id",
            over(assessed(), &json!({"tracker": {"labels": ["core", "cve allocated"]}})),
            "ALLOCATED",
            dev,
            "dev",
            Some((7, 7)),
            "CVE allocated",
        ),
        (
            "silent for a month",
            over(fresh(), &json!({"tracker": {"created": "2026-01-01"}})),
            "STALLED",
            triager,
            "bea",
            Some((4, 4)),
            "Needs triage",
        ),
        (
            "silent since the last word",
            over(
                over(fresh(), &json!({"tracker": {"created": "2026-01-01"}})),
                &commented("ann", "2026-02-01"),
            ),
            "STALLED",
            triager,
            "bea",
            Some((4, 4)),
            "Needs triage",
        ),
        (
            "thirty days are not more than thirty",
            over(fresh(), &json!({"tracker": {"created": "2026-02-18T12:00:00Z"}})),
            "NEW",
            triager,
            "bea",
            Some((1, 2)),
            "Needs triage",
        ),
        (
            "a bot says nothing",
            over(
                over(fresh(), &json!({"tracker": {"created": "2026-01-01"}})),
                &commented("stale[bot]", "2026-03-19"),
            ),
            "STALLED",
            triager,
            "bea",
            Some((4, 4)),
            "Needs triage",
        ),
        (
            "the reporter wrote last week",
            over(
                fresh(),
                &json!({"tracker": {"created": "2026-01-01"}, "thread": over(thread(), &json!({"last_at": "2026-03-15"}))}),
            ),
            "NEW",
            triager,
            "bea",
            Some((1, 2)),
            "Needs triage",
        ),
        (
            "under discussion",
            over(fresh(), &commented("ann", "2026-03-11")),
            "ASSESSING",
            triager,
            "bea",
            Some((3, 3)),
            "Needs triage",
        ),
        (
            "under discussion, a scope already",
            over(
                over(fresh(), &commented("ann", "2026-03-11")),
                &json!({"tracker": {"labels": ["needs triage", "core"]}}),
            ),
            "ASSESSING",
            triager,
            "bea",
            Some((3, 3)),
            "Needs triage",
        ),
        (
            "one voice is recorded",
            over(
                fresh(),
                &json!({"voices": [{"handle": "ann", "verdict": "valid", "scope": "core", "at": "2026-03-12"}]}),
            ),
            "ASSESSING",
            triager,
            "bea",
            Some((3, 3)),
            "Needs triage",
        ),
        ("nobody has looked", fresh(), "NEW", triager, "bea", Some((1, 2)), "Needs triage"),
        ("no label at all", bare(json!([])), "NEW", triager, "bea", Some((1, 2)), "Needs triage"),
        (
            "no date at all",
            over(fresh(), &json!({"now": "2026-03-20", "tracker": {"created": "-"}})),
            "NEW",
            triager,
            "bea",
            Some((1, 2)),
            "Needs triage",
        ),
    ]
}

#[test]
fn every_row_of_the_table_has_its_stage_owner_and_column() {
    let mut seen = std::collections::BTreeSet::new();
    for (name, case, stage, role, person, steps, column) in rows() {
        let p = plan(&case);
        let at = &p.plan.position;
        assert_eq!(p.stage(), stage, "{name}: {p}");
        let holds = at.role.map(|r| serde_json::to_value(r).unwrap().as_str().unwrap().to_owned());
        assert_eq!(holds.unwrap_or_default(), role, "{name}");
        assert_eq!(at.person, person, "{name}: {}", at.why_person);
        assert_eq!(at.stage.steps(), steps, "{name}");
        assert_eq!(at.column, column, "{name}");
        assert!(!at.why.is_empty() && !at.next.is_empty(), "{name}");
        seen.insert(at.stage);
    }
    assert_eq!(seen.len(), Stage::ALL.len(), "every stage has a row");
}

#[test]
fn a_manager_without_a_handle_leaves_the_move_with_somebody() {
    let config = json!({"releases": {"cut": [{"name": "2.10.3", "rm": "stranger@else.example"}]}});
    let p = plan_with(&over(queue(), &json!({"tracker": {"assignees": []}})), &config);
    assert_eq!(p.plan.position.person, "ann", "{}", p.plan.position.why_person);
}

#[test]
fn the_list_of_rejected_mail_is_no_tracker() {
    let p = plan(&over(fresh(), &json!({"tracker": {"labels": ["rejections-ledger"]}})));
    assert_eq!(p.rules(), Vec::<&str>::new());
    p.notice("no tracker");
}
