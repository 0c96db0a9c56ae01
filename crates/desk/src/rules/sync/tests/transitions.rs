//! Sync page §3, transitions: each with its guard kept and its guard broken.

use super::*;

fn voices(list: &[(&str, &str, &str)]) -> Value {
    let all: Vec<Value> = list
        .iter()
        .map(|(who, verdict, scope)| json!({"handle": who, "verdict": verdict, "scope": scope, "at": "2026-03-12"}))
        .collect();
    json!({"voices": all})
}

#[test]
fn t1_two_distinct_members_make_it_valid() {
    let said = voices(&[("ann", "valid", "core"), ("bea", "valid", "core")]);
    let p = plan(&over(over(fresh(), &said), &json!({"thread": thread()})));
    assert_eq!(p.labels("sync.valid"), ["+core", "-needs triage"]);
    assert_eq!(p.names("sync.valid"), ["set-labels", "move-card", "append-entry", "mail-draft"]);
    assert_eq!(p.letters(), ["assessed_valid"]);
    // The id is there already: the card stands where the CVE puts it.
    let with_cve =
        over(over(allocated(), &said), &json!({"tracker": {"labels": ["needs triage", "cve allocated"]}}));
    assert!(!plan(&with_cve).names("sync.valid").contains(&"move-card"));
}

#[test]
fn t1_is_not_made_of_less() {
    for (name, said) in [
        ("one voice", voices(&[("ann", "valid", "core")])),
        ("one person twice", voices(&[("ann", "valid", "core"), ("Ann", "valid", "core")])),
        ("a stranger", voices(&[("ann", "valid", "core"), ("mallory", "valid", "core")])),
        ("somebody who left", voices(&[("ann", "valid", "core"), ("gone", "valid", "core")])),
        ("nobody in particular", voices(&[("ann", "valid", "core"), ("", "valid", "core")])),
        ("two scopes", voices(&[("ann", "valid", "core"), ("bea", "valid", "providers")])),
        ("a disagreement", voices(&[("ann", "valid", "core"), ("bea", "invalid", "")])),
        ("no scope", voices(&[("ann", "valid", ""), ("bea", "valid", "")])),
        ("a scope nobody configured", voices(&[("ann", "valid", "kernel"), ("bea", "valid", "kernel")])),
    ] {
        let p = plan(&over(fresh(), &said));
        assert!(!p.has("sync.valid"), "{name}: {p}");
    }
    let p = plan(&over(fresh(), &voices(&[("ann", "valid", "core"), ("bea", "invalid", "")])));
    p.blocker("no consensus: @ann says valid (core), @bea says invalid");
}

#[test]
fn t1_reads_voices_from_marked_comments_of_members_alone() {
    let voice = |who: &str| json!({"author": who, "at": "2026-03-12", "body": "<!-- tipstaff: voice v1 -->\nvalid, scope `core`"});
    let said = |a: &str, b: &str| over(fresh(), &json!({"tracker": {"comments": [voice(a), voice(b)]}}));
    assert!(plan(&said("ann", "bea")).has("sync.valid"));
    assert!(!plan(&said("ann", "mallory")).has("sync.valid"));
    assert!(!plan(&said("ann", "ann")).has("sync.valid"));
}

#[test]
fn t2_a_consensus_of_invalid_is_shown_and_closes_nothing() {
    let p = plan(&over(fresh(), &voices(&[("ann", "invalid", ""), ("bea", "invalid", "")])));
    p.notice("tipstaff close 42 --as invalid");
    assert!(p.effects().iter().all(|e| !matches!(e, Change::Close { .. })), "{p}");
}

#[test]
fn a_report_without_labels_is_marked_as_untriaged() {
    let p = plan(&over(fresh(), &json!({"tracker": {"labels": []}})));
    assert_eq!(p.labels("sync.needs-triage"), ["+needs triage"]);
    plan(&fresh()).lacks("sync.needs-triage");
    plan(&over(fresh(), &json!({"tracker": {"labels": ["core"]}}))).lacks("sync.needs-triage");
}

#[test]
fn t3_the_label_follows_the_id() {
    let unlabelled = over(allocated(), &json!({"tracker": {"labels": ["core"]}, "thread": thread()}));
    let p = plan(&unlabelled);
    assert_eq!(p.labels("sync.allocated"), ["+cve allocated"]);
    assert_eq!(p.letters(), ["cve_allocated"]);
    plan(&allocated()).lacks("sync.allocated");
    // Nothing but an id is one, and two are none.
    for (field, words) in
        [("asked Bea", "holds no CVE id"), ("CVE-2026-30001, was CVE-2026-30002", "several CVE ids")]
    {
        let p = plan(&over(unlabelled.clone(), &json!({"tracker": {"fields": {"cve_tool_link": field}}})));
        p.lacks("sync.allocated");
        p.blocker(words);
    }
    plan(&over(assessed(), &json!({"tracker": {"labels": ["core", "cve allocated"]}}))).blocker("paste it");
}

#[test]
fn t4_an_open_fix_needs_a_cve_first() {
    let pr = json!({"tracker": {"assignees": [], "labels": ["core", "cve allocated"], "fields": {"remediation_developer": ""}}, "thread": thread()});
    let p = plan(&over(in_pr(), &pr));
    assert_eq!(p.labels("sync.in-review"), ["+pr created"]);
    assert_eq!(p.field("sync.in-review", "remediation_developer"), "Dev Dunn");
    assert_eq!(p.assigns("sync.in-review"), ["dev"]);
    assert_eq!(p.letters(), ["pr_opened"]);
    let early = over(in_pr(), &json!({"tracker": {"labels": ["core"], "fields": {"cve_tool_link": ""}}}));
    let p = plan(&early);
    p.lacks("sync.in-review");
    p.notice("allocate first");
    for (name, patch) in [
        ("unknown", json!({"pull_requests": {"unknown": "timeout"}})),
        ("given up", json!({"pull_requests": [{"url": PR, "state": "closed"}]})),
        ("a mention", json!({"pull_requests": [{"url": PR, "state": "open", "elsewhere": true}]})),
        ("not in the field", json!({"tracker": {"fields": {"pr_with_fix": ""}}})),
    ] {
        let p = plan(&over(over(in_pr(), &pr), &patch));
        assert!(!p.has("sync.in-review"), "{name}: {p}");
    }
}

#[test]
fn t4_assigns_collaborators_only_and_undoes_nobody() {
    let unset = json!({"tracker": {"assignees": [], "labels": ["core", "cve allocated"]}});
    let with = |patch: Value| plan(&over(over(in_pr(), &unset), &patch)).assigns("sync.in-review");
    assert_eq!(
        with(json!({"pull_requests": [{"url": PR, "state": "open", "author": "stranger"}]})),
        Vec::<String>::new()
    );
    assert_eq!(with(json!({"collaborators": ["ann"]})), Vec::<String>::new());
    assert_eq!(with(json!({"collaborators": {"unknown": "403"}})), Vec::<String>::new());
    assert_eq!(with(json!({"tracker": {"assignees": ["bea"]}})), ["dev"], "the author beats the volunteer");
    // Whoever was chosen since stays.
    plan(&over(in_pr(), &json!({"tracker": {"assignees": ["bea"]}}))).lacks("sync.assignee");
    assert_eq!(
        plan(&over(in_pr(), &json!({"tracker": {"assignees": []}}))).assigns("sync.assignee"),
        ["dev"]
    );
}

#[test]
fn t5_needs_every_fix_merged() {
    let lag = json!({"tracker": {"labels": ["core", "cve allocated", "pr created"], "column": "PR created"}, "thread": thread()});
    let p = plan(&over(merged(), &lag));
    assert_eq!(p.labels("sync.merged"), ["+pr merged", "-pr created"]);
    assert_eq!(p.letters(), ["pr_merged"]);
    let open = json!({"pull_requests": [{"url": PR, "state": "merged"}, {"url": "https://forge.example/p/18", "state": "open"}]});
    plan(&over(over(merged(), &lag), &open)).lacks("sync.merged");
    // A second fix that was given up does not hold the first.
    let given_up = json!({"pull_requests": [{"url": PR, "state": "merged"}, {"url": "https://forge.example/p/18", "state": "closed"}]});
    assert!(plan(&over(over(merged(), &lag), &given_up)).has("sync.merged"));
    plan(&over(over(merged(), &lag), &json!({"pull_requests": {"unknown": "502"}}))).lacks("sync.merged");
}

#[test]
fn t5_names_the_fields_that_the_release_will_ask_for() {
    let lag = json!({"tracker": {"labels": ["core", "cve allocated", "pr created"], "fields": {"cwe": "", "severity": "Unknown"}}});
    let p = plan(&over(merged(), &lag));
    assert!(p.names("sync.merged").contains(&"post-marked"));
    let text = p.effects().into_iter().find_map(|e| match e {
        Change::PostMarked { text, .. } => Some(text.preview()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.contains("@dev") && text.contains("CWE") && text.contains("Severity"), "{text}");
    assert!(!text.contains("Reporter credited"), "{text}");
}

#[test]
fn the_list_of_missing_fields_is_corrected_while_the_release_is_awaited() {
    let there = json!({"author": "ann", "at": "2026-03-13", "body": "<!-- tipstaff: fill-fields v1 -->\n@dev, all of them"});
    let case = over(merged(), &json!({"tracker": {"comments": [there], "fields": {"cwe": ""}}}));
    assert_eq!(plan(&case).names("sync.fill-fields"), ["post-marked", "append-entry"]);
    // Nothing is asked for that nobody asked for before, nor of a tracker that is complete.
    plan(&over(merged(), &json!({"tracker": {"fields": {"cwe": ""}}}))).lacks("sync.fill-fields");
    plan(&merged()).lacks("sync.fill-fields");
}

#[test]
fn t6_a_vote_counts_only_where_votes_do_and_while_it_runs() {
    let vote = |subject: &str, at: &str| json!({"url": "https://lists.example/v", "subject": subject, "from": "carol@openwharf.example", "at": at});
    let opt = json!({"releases": {"vote_required": true}});
    let with = |votes: Value| plan_with(&over(merged(), &json!({"votes": votes})), &opt).has("sync.vote");
    let open = vote("[VOTE] Release Harbour Queue 2.10.3 from 2.10.3rc1", "2026-03-15");
    assert!(with(json!([open])));
    assert!(with(json!([vote("[VOTE] Harbour Queue 2.10.3rc2", "2026-03-15")])));
    assert!(!plan(&over(merged(), &json!({"votes": [open]}))).has("sync.vote"), "not asked for");
    assert!(!with(json!([open, vote("[RESULT][VOTE] Release Harbour Queue 2.10.3", "2026-03-18")])), "over");
    assert!(
        !with(json!([open, vote("[CANCELLED] [VOTE] Harbour Queue 2.10.3rc1", "2026-03-16")])),
        "cancelled"
    );
    assert!(
        with(json!([
            open,
            vote("[CANCELLED] [VOTE] Harbour Queue 2.10.3rc1", "2026-03-16"),
            vote("[VOTE] Harbour Queue 2.10.3rc2", "2026-03-17")
        ])),
        "cut again"
    );
    assert!(!with(json!([vote("[VOTE] Harbour Queue 2.10.30", "2026-03-15")])), "another release");
    assert!(!with(json!({"unknown": "no archive"})));
    let released = over(queue(), &json!({"votes": [open]}));
    assert!(!plan_with(&released, &opt).has("sync.vote"), "after the release");
}

#[test]
fn t7_needs_the_release_the_fields_and_the_record() {
    let p = plan(&shipped());
    let arms = p.arms("sync.released");
    assert_eq!(arms.keys().collect::<Vec<_>>(), ["allocated", "public", "publish-ready", "review-ready"]);
    for state in ["review-ready", "publish-ready", "public"] {
        let steps = &arms[state];
        assert_eq!(Planned::flips(steps), ["+fix released", "-pr merged"], "{state}");
        let names: Vec<&str> = steps.iter().map(|s| s.effect.name()).collect();
        assert_eq!(
            names,
            ["set-labels", "set-assignees", "move-card", "post-marked", "append-entry"],
            "{state}"
        );
    }
    let names: Vec<&str> = arms["allocated"].iter().map(|s| s.effect.name()).collect();
    assert_eq!(names, ["post-marked"], "the developer, not the manager");
    // Outside of the choice nothing is flipped.
    assert_eq!(p.labels("sync.released"), Vec::<String>::new());
    let flips = |p: &Planned| {
        p.effects().iter().any(|e| matches!(e, Change::SetLabels { add, .. } if add.contains("fix released")))
    };
    for (name, patch) in [
        (
            "not published",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "missing"}]}),
        ),
        (
            "a candidate",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "pre-release"}]}),
        ),
        (
            "withdrawn",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "yanked"}]}),
        ),
        ("registry down", json!({"release": {"unknown": "503"}})),
        (
            "registry unsure",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "unknown"}]}),
        ),
        (
            "another version",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.2", "state": "final"}]}),
        ),
        (
            "without the fix",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "final", "has_fix": false}]}),
        ),
        (
            "older than the fix",
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "final", "at": "2026-03-01"}]}),
        ),
        ("the fix is not known", json!({"pull_requests": {"unknown": "502"}})),
        ("no severity", json!({"tracker": {"fields": {"severity": "Unknown"}}})),
        ("no summary", json!({"tracker": {"fields": {"public_summary": ""}}})),
        ("no CVE", json!({"tracker": {"labels": ["core", "pr merged"], "fields": {"cve_tool_link": ""}}})),
        (
            "nobody manages it",
            json!({"tracker": {"milestone": "Harbour Queue-2.10.9"}, "pull_requests": [{"url": PR, "state": "merged"}],
            "release": [{"version": "2.10.9", "state": "final"}]}),
        ),
        ("public already", json!({"cve_org": "PUBLISHED"})),
    ] {
        let p = plan(&over(shipped(), &patch));
        assert!(!flips(&p), "{name}: {p}");
    }
}

#[test]
fn t7_lagging_labels_chain_in_one_plan() {
    // From an allocated CVE to the hand-off: the fix was merged and released while nobody looked.
    let p =
        plan(&over(shipped(), &json!({"tracker": {"labels": ["core", "cve allocated"], "milestone": "-"}})));
    assert_eq!(p.labels("sync.merged"), ["+pr merged"]);
    let (released, merged, milestone) =
        (p.item("sync.released"), p.item("sync.merged"), p.item("sync.milestone"));
    assert!(released.after.contains(&merged.n) && released.after.contains(&milestone.n), "{p}");
    for i in &p.plan.items {
        assert!(i.after.iter().all(|a| *a < i.n), "item {} comes before what it needs: {p}", i.n);
    }
}

#[test]
fn an_item_comes_after_those_it_needs_whatever_their_bucket() {
    let case = over(shipped(), &json!({"tracker": {"fields": {"affected_versions": "`< NEXT VERSION`"}}}));
    let p = plan(&case);
    assert!(p.has("sync.sentinel") && p.has("sync.released"), "{p}");
    for i in &p.plan.items {
        assert!(i.after.iter().all(|a| *a < i.n), "item {} comes before what it needs: {p}", i.n);
    }
    assert!(p.item("sync.released").after.contains(&p.item("sync.sentinel").n), "{p}");
}

#[test]
fn t8_the_address_of_an_advisory_and_nothing_less() {
    let p = plan(&archived());
    assert_eq!(p.labels("sync.close-out"), ["+announced", "+announced - emails sent", "-fix released"]);
    for (name, patch) in [
        (
            "the mail was sent",
            json!({"tracker": {"labels": ["core", "cve allocated", "fix released", "announced - emails sent"]}, "advisory": []}),
        ),
        ("the archive is down", json!({"advisory": {"unknown": "timeout"}})),
        ("nothing there", json!({"advisory": []})),
        ("published without an address", json!({"advisory": [], "cve_org": "PUBLISHED"})),
    ] {
        let p = plan(&over(archived(), &patch));
        let announces = |e: &&Effect| matches!(e, Change::SetLabels { add, remove, .. } if add.contains("announced") || remove.contains("fix released"));
        assert!(!p.effects().iter().any(announces), "{name}: {p}");
    }
}

#[test]
fn t10_published_is_told_once() {
    let published = over(closed(), &json!({"cve_org": "PUBLISHED", "thread": thread()}));
    let p = plan(&published);
    assert_eq!(p.names("sync.published"), ["append-entry", "mail-draft"]);
    assert_eq!(p.letters(), ["cve_published"]);
    plan(&over(published.clone(), &json!({"ledger": ["cve_published"]}))).lacks("sync.published");
    for state in [json!("RESERVED"), json!({"unknown": "404"}), json!("REJECTED")] {
        plan(&over(published.clone(), &json!({"cve_org": state}))).lacks("sync.published");
    }
    plan(&over(published, &json!({"cve_org": "REJECTED"}))).blocker("rejected");
}

#[test]
fn what_cve_org_shows_otherwise_is_reported() {
    let with = |change: &dyn Fn(&mut Value)| {
        let case = over(closed(), &json!({"thread": thread()}));
        let mut live = built(&case);
        change(&mut live);
        plan(&over(case, &json!({"cve_org": {"state": "PUBLISHED", "json": live}})))
    };
    let same = with(&|_| {});
    assert!(!same.plan.notices.iter().any(|n| n.contains("sync.drift")), "{same}");
    with(&|r| r["containers"]["cna"]["credits"] = json!([])).notice("sync.drift: cve.org shows");
    with(&|r| r["containers"]["cna"]["references"] = json!([{"url": "https://a.example"}]))
        .notice("https://a.example");
    with(&|r| *r = json!("page")).notice("cannot be compared");
}

#[test]
fn permanent_labels_never_come_off() {
    let cases =
        [fresh(), assessed(), allocated(), in_pr(), merged(), shipped(), queue(), archived(), closed()];
    for c in &cases {
        for e in plan(c).effects() {
            if let Change::SetLabels { remove, .. } = e {
                for kept in
                    ["security issue", "core", "cve allocated", "announced", "announced - emails sent"]
                {
                    assert!(!remove.contains(kept), "{kept} in {c:#}");
                }
            }
        }
    }
}

#[test]
fn labels_of_the_fix_exclude_each_other_and_the_mail_takes_none_off() {
    let with = |labels: Value| plan(&over(merged(), &json!({"tracker": {"labels": labels}})));
    assert_eq!(
        with(json!(["core", "cve allocated", "pr created", "pr merged"])).labels("sync.labels"),
        ["-pr created"]
    );
    with(json!(["core", "cve allocated", "pr merged", "rc voting"])).lacks("sync.labels");
    let p = plan(&over(
        queue(),
        &json!({"tracker": {"labels": ["core", "cve allocated", "fix released", "pr merged", "rc voting"]}}),
    ));
    assert_eq!(p.labels("sync.labels"), ["-pr merged", "-rc voting"]);
    let p = plan(&over(
        queue(),
        &json!({"tracker": {"labels": ["core", "cve allocated", "fix released", "announced - emails sent"]}}),
    ));
    p.lacks("sync.labels");
}

#[test]
fn an_open_tracker_with_a_disposition_stands_still() {
    for label in ["invalid", "duplicate", "wontfix", "not CVE worthy"] {
        let p = plan(&over(
            shipped(),
            &json!({"tracker": {"labels": ["core", "cve allocated", "pr merged", label]}, "thread": thread()}),
        ));
        p.blocker("close it, or take the label off");
        assert!(p.plan.items.iter().all(|i| i.blocked.is_some()), "{p}");
        p.lacks("sync.tell");
    }
}

#[test]
fn a_card_that_drifted_is_moved_and_an_orphan_is_added() {
    let moved = |case: &Value| -> Option<String> {
        plan(case).effects().into_iter().find_map(|e| match e {
            Change::MoveCard { column, .. } => Some(column.clone()),
            _ => None,
        })
    };
    assert_eq!(
        moved(&over(merged(), &json!({"tracker": {"column": "Assessed"}}))).as_deref(),
        Some("PR merged")
    );
    assert_eq!(moved(&over(merged(), &json!({"tracker": {"column": "-"}}))).as_deref(), Some("PR merged"));
    assert_eq!(moved(&over(merged(), &json!({"tracker": {"column": "pr MERGED"}}))), None);
    assert_eq!(plan(&merged()).rules(), Vec::<&str>::new(), "a parked tracker asks for nothing");
    let rejected = json!({"tracker": {"state": "closed", "labels": ["invalid"], "column": "Needs triage"}});
    let p = plan(&over(fresh(), &rejected));
    assert_eq!(p.names("sync.column"), ["archive-card", "append-entry"], "archived where it is");
}

#[test]
fn volunteers_are_assigned_and_strangers_invited() {
    let said = |who: &str, words: &str| {
        plan(&over(
            allocated(),
            &json!({"tracker": {"comments": [{"author": who, "at": "2026-03-15", "body": words}]}}),
        ))
    };
    assert_eq!(said("bea", "I'll take this one.").assigns("sync.volunteer"), ["bea"]);
    said("bea", "I'll take a look.").lacks("sync.volunteer");
    let p = said("mallory", "I can work on a fix");
    p.lacks("sync.volunteer");
    p.notice("invite them first?");
    let taken = json!({"tracker": {"assignees": ["ann"], "comments": [{"author": "bea", "at": "2026-03-15", "body": "I'll take this"}]}});
    plan(&over(allocated(), &taken)).lacks("sync.volunteer");
    assert_eq!(
        plan(&over(allocated(), &json!({"tracker": {"assignees": ["gone", "ann"]}})))
            .assigns("sync.inactive"),
        ["ann"]
    );
}
