//! Sync page §4: every row that sets a field, its precondition and when it is quiet.

use super::*;

fn with(patch: Value) -> Planned {
    plan(&over(merged(), &patch))
}

fn field(role: &str, value: &str) -> Planned {
    with(json!({"tracker": {"fields": {role: value}}}))
}

fn wish(credit: Value) -> Value {
    json!({"thread": over(thread(), &json!({"credit": credit})), "ledger": "-"})
}

#[test]
fn credit_is_what_the_reporter_said() {
    let p = with(wish(json!("Ada F. Finder, Example Labs")));
    assert_eq!(p.field("sync.credit", "reporter_credit"), "Ada F. Finder, Example Labs");
    assert!(p.item("sync.credit").is_default());
    with(wish(json!("Ada Finder"))).lacks("sync.credit");
    // Said before anybody decided, it is kept all the same.
    assert!(plan(&over(fresh(), &wish(json!("Ada F. Finder")))).has("sync.credit"));
    // Several people stand there: somebody says whom the statement is about.
    let several = json!({"tracker": {"fields": {"reporter_credit": "Ada Finder\nBob Finder"}}});
    assert!(
        !plan(&over(over(merged(), &several), &wish(json!("Ada F. Finder"))))
            .item("sync.credit")
            .is_default()
    );
}

#[test]
fn whoever_wants_no_credit_gets_none() {
    for case in [merged(), over(merged(), &json!({"via_forwarder": true}))] {
        let p = plan(&over(case, &wish(json!({"anonymous": true}))));
        assert_eq!(p.field("sync.credit-opt-out", "reporter_credit"), "anonymous");
    }
    let done = json!({"tracker": {"fields": {"reporter_credit": "Anonymous"}}});
    plan(&over(over(merged(), &done), &wish(json!({"anonymous": true})))).lacks("sync.credit-opt-out");
}

#[test]
fn the_author_of_the_fix_is_appended_once() {
    let author = |handle: &str, name: &str| json!({"pull_requests": [{"url": PR, "state": "merged", "author": handle, "author_name": name}]});
    let p = with(author("eve", "Eve Engineer"));
    assert_eq!(p.field("sync.developer", "remediation_developer"), "Dev Dunn\nEve Engineer");
    with(author("dev", "DEV DUNN")).lacks("sync.developer");
    let p = with(author("dependabot[bot]", ""));
    p.lacks("sync.developer");
    p.notice("looks like a program");
}

#[test]
fn the_milestone_is_the_one_of_the_merged_fix() {
    let p = with(json!({"tracker": {"milestone": "-"}}));
    assert_eq!(p.names("sync.milestone"), ["set-milestone", "append-entry"]);
    // A new one is a step of its own.
    let p = with(json!({"tracker": {"milestone": "-"}, "milestones": []}));
    assert_eq!(p.names("sync.milestone"), ["create-milestone", "set-milestone", "append-entry"]);
    // Spelled as the repository spells it.
    with(json!({"milestones": [{"name": "harbour queue-2.10.3"}], "tracker": {"milestone": "harbour queue-2.10.3"}})).lacks("sync.milestone");
    // An open fix proposes, what a person chose stays.
    let open = json!({"tracker": {"milestone": "Harbour Queue-2.10.4"}, "pull_requests": [{"url": PR, "state": "open", "author": "dev", "milestone": "Harbour Queue-3.0.0"}]});
    plan(&over(in_pr(), &open)).lacks("sync.milestone");
    with(json!({"tracker": {"milestone": "Harbour Queue-1.9.9"}})).blocker("retired");
    let stale =
        json!({"pull_requests": [{"url": PR, "state": "merged", "milestone": "Harbour Queue-1.9.9"}]});
    with(stale).blocker("retired");
}

#[test]
fn trains_and_waves_choose_their_own() {
    let trains = json!({"releases": {"train": [{"name": "default", "branch": "v2-10", "next": "2.10.5", "default": true}]}});
    let unset = json!({"tracker": {"milestone": "-"}, "pull_requests": [{"url": PR, "state": "merged", "author": "dev", "milestone": "Harbour Queue-3.0.0"}]});
    let set = |p: &Planned| {
        p.effects().into_iter().find_map(|e| match e {
            Change::SetMilestone { milestone, .. } => milestone.clone(),
            _ => None,
        })
    };
    // Merged to main says nothing about the patch train.
    let p = plan_with(&over(merged(), &unset), &trains);
    assert_eq!(set(&p).as_deref(), Some("Harbour Queue-2.10.5"));
    let backport = json!({"pull_requests": [{"url": PR, "state": "merged", "milestone": "Harbour Queue-3.0.0"},
        {"url": "https://forge.example/p/18", "state": "merged", "branch": "v2-10", "milestone": "Harbour Queue-2.10.4"}]});
    let p = plan_with(&over(over(merged(), &unset), &backport), &trains);
    assert_eq!(set(&p).as_deref(), Some("Harbour Queue-2.10.4"));
    let retired = json!({"releases": {"train": [{"name": "default", "next": "1.9.9", "default": true, "retired": true}]}});
    plan_with(&merged(), &retired).blocker("retired");
    // The next wave, never the milestone of the pull request.
    let waves = json!({"releases": {"cut": [{"name": "Providers 2026-03-01", "date": "2026-03-01", "rm": "carol"}, {"name": "Providers 2026-04-01", "date": "2026-04-01", "rm": "carol"}]}});
    let wave = over(
        merged(),
        &json!({"tracker": {"labels": ["providers", "cve allocated", "pr merged"], "milestone": "-"}}),
    );
    assert_eq!(set(&plan_with(&wave, &waves)).as_deref(), Some("Providers 2026-04-01"));
}

#[test]
fn affected_versions_follow_the_release_or_are_asked_for() {
    let p = field("affected_versions", "");
    assert_eq!(p.field("sync.affected", "affected_versions"), "`< 2.10.3`");
    let unknown = json!({"tracker": {"milestone": "-", "fields": {"affected_versions": ""}}, "pull_requests": [{"url": PR, "state": "merged", "author": "dev"}]});
    with(unknown).lacks("sync.affected");
    let next = json!({"scope": [{"label": "core", "product": "Harbour Queue", "package": "harbour-queue", "affected_style": "next_version"}]});
    let p = plan_with(&over(merged(), &json!({"tracker": {"fields": {"affected_versions": ""}}})), &next);
    assert_eq!(p.field("sync.affected", "affected_versions"), "`< NEXT VERSION`");
}

#[test]
fn affected_versions_are_kept_in_backticks() {
    for (value, want) in [
        ("< 2.10.3", "`< 2.10.3`"),
        (">= 2.7.0, < 2.10.3\n< 1.9.2", "`< 2.10.3`\n`< 1.9.2`"),
        ("harbour-queue < 2.10.3", "`harbour-queue < 2.10.3`"),
    ] {
        let p = field("affected_versions", value);
        let item =
            p.plan.items.iter().find(|i| i.rule.starts_with("sync.affected") || i.rule == "sync.lower-bound");
        assert_eq!(p.field(&item.unwrap().rule, "affected_versions"), want, "{value}");
    }
    for quiet in ["`< 2.10.3`", "`< 2.10.3`\n`< 1.9.2`", "harbour-queue `< 2.10.3`"] {
        let p = field("affected_versions", quiet);
        assert!(p.rules().iter().all(|r| !r.starts_with("sync.affected")), "{quiet}: {p}");
    }
}

#[test]
fn a_lower_bound_without_evidence_is_widened() {
    for (value, want) in [
        ("`>= 2.7.0, < 2.10.3`", "`< 2.10.3`"),
        ("`< 2.10.3, >= 2.7.0`", "`< 2.10.3`"),
        ("`harbour-queue >= 2.7.0, < 2.10.3`", "`harbour-queue < 2.10.3`"),
        ("`> 2.7 and <= 2.10.2`", "`<= 2.10.2`"),
    ] {
        assert_eq!(
            field("affected_versions", value).field("sync.lower-bound", "affected_versions"),
            want,
            "{value}"
        );
    }
    let value = "`>= 2.7.0, < 2.10.3`";
    for evidence in [
        json!({"tracker": {"fields": {"issue_description": "Introduced in 2.7.0 by the new broker."}}}),
        json!({"tracker": {"fields": {"issue_description": "Affects >= 2.7.0 as far as I tried."}}}),
        json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-12", "body": "2.6 is end of life."}]}}),
        json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-12", "body": "Appeared with https://forge.example/pull/1234"}]}}),
    ] {
        let case =
            over(over(merged(), &json!({"tracker": {"fields": {"affected_versions": value}}})), &evidence);
        plan(&case).lacks("sync.lower-bound");
    }
    // "since" alone is a conjunction.
    let said = json!({"tracker": {"fields": {"affected_versions": value, "issue_description": "It leaks since the token is not checked."}}});
    assert!(plan(&over(merged(), &said)).has("sync.lower-bound"));
    // Without an upper bound nothing is left to say.
    field("affected_versions", "`>= 2.7.0`").lacks("sync.lower-bound");
}

#[test]
fn the_sentinel_goes_when_the_version_is_known() {
    let sentinel = json!({"tracker": {"fields": {"affected_versions": "`< NEXT VERSION`"}}});
    let p = plan(&over(shipped(), &sentinel));
    assert_eq!(p.field("sync.sentinel", "affected_versions"), "`< 2.10.3`");
    plan(&over(merged(), &sentinel)).lacks("sync.sentinel");
    plan(&over(over(shipped(), &sentinel), &json!({"release": {"unknown": "503"}}))).lacks("sync.sentinel");
    // Each package of a wave has a version of its own.
    let wave = json!({"tracker": {"labels": ["providers", "cve allocated", "pr merged"], "milestone": "Providers 2026-03-01",
        "fields": {"affected_versions": "`harbour-provider-smtp < NEXT VERSION`\n`harbour-provider-http < NEXT VERSION`"}},
        "release": [{"package": "harbour-provider-smtp", "version": "3.1.0", "state": "final"},
            {"package": "harbour-provider-http", "version": "7.0.2", "state": "final"}]});
    let p = plan(&over(shipped(), &wave));
    assert_eq!(
        p.field("sync.sentinel", "affected_versions"),
        "`harbour-provider-smtp < 3.1.0`\n`harbour-provider-http < 7.0.2`"
    );
}

#[test]
fn the_summary_names_the_version_to_upgrade_to() {
    let bare = "Any user who can publish may read the names of all queues.";
    let p = field("public_summary", bare);
    let text = p.field("sync.summary-upgrade", "public_summary");
    assert!(text.starts_with(bare) && text.contains("upgrade to harbour-queue 2.10.3 or later"), "{text}");
    merged_is_quiet("sync.summary-upgrade");
    let unknown = json!({"tracker": {"milestone": "-", "fields": {"public_summary": bare}}, "pull_requests": [{"url": PR, "state": "merged", "author": "dev"}]});
    let p = with(unknown);
    p.lacks("sync.summary-upgrade");
    p.notice("no release is known yet");
    field("public_summary", "Names leak; upgrade to 2.10.3.").notice("rewrite it");
    field(
        "public_summary",
        "An incomplete fix lets any user who can publish read names. Users should upgrade to 2.10.3.",
    )
    .notice("name the CVE whose fix was incomplete");
}

fn merged_is_quiet(rule: &str) {
    plan(&merged()).lacks(rule);
}

#[test]
fn a_private_scanner_and_its_finder_stay_private() {
    let text =
        "sharpnose found that any user who can publish may read names. Users should upgrade to 2.10.3.";
    let p = field("public_summary", text);
    let value = p.field("sync.private-scanner", "public_summary");
    assert!(value.starts_with("a tool found"), "{value}");
    let p = field("security_thread", "SharpNose run, `<root@ada.example>`");
    assert_eq!(p.field("sync.private-scanner", "reporter_credit"), "anonymous");
    // Who asked to be named is.
    let asked = json!({"tracker": {"fields": {"security_thread": "SharpNose run, `<root@ada.example>`"}}});
    plan(&over(over(merged(), &asked), &wish(json!("Ada Finder")))).lacks("sync.private-scanner");
}

#[test]
fn titles_lose_what_does_not_belong_there() {
    let p = with(json!({"tracker": {"title": "[SECURITY] Harbour Queue: consumer groups leak queue names"}}));
    assert_eq!(p.names("sync.title"), ["set-title", "append-entry"]);
    plan(&over(fresh(), &json!({"tracker": {"title": "[SECURITY] Consumer groups leak queue names"}})))
        .item("sync.title");
    merged_is_quiet("sync.title");
}

#[test]
fn the_team_sets_severity_and_weakness_in_a_comment() {
    let said = |who: &str, body: &str| {
        with(json!({"tracker": {"comments": [{"author": who, "at": "2026-03-15", "body": body}]}}))
    };
    assert_eq!(said("ann", "Severity: high").field("sync.team-severity", "severity"), "High");
    assert_eq!(
        said("ann", "CWE-79: Cross-site Scripting").field("sync.team-cwe", "cwe"),
        "CWE-79: Cross-site Scripting"
    );
    said("ann", "Severity: medium").lacks("sync.team-severity");
    said("ann", "CWE-200").lacks("sync.team-cwe");
    assert!(said("ann", "CWE-20: Improper Input Validation").has("sync.team-cwe"), "CWE-20 is not CWE-200");
    said("mallory", "Severity: critical").lacks("sync.team-severity");
    said("ann", "I would not call this severity high yet").lacks("sync.team-severity");
}

#[test]
fn what_is_missing_is_said_every_run() {
    let p = field("cwe", "");
    p.notice("not ready for the record: CWE");
    with(
        json!({"reviews": [{"id": "r1", "from": "Rita <rita@cna.example>", "text": "please check the CWE"}]}),
    )
    .notice("please check the CWE");
    with(
        json!({"reviews": [{"id": "r1", "from": "Rita <rita@cna.example>", "text": "x", "resolved": true}]}),
    )
    .lacks("sync.team-cwe");
}

#[test]
fn a_field_without_its_section_is_named_and_not_written() {
    let body = "### Severity\n\nUnknown\n\n### CVE tool link\n\nCVE-2026-30001\n\n### PR with the fix\n\nhttps://forge.example/openwharf/harbour/pull/17\n";
    let fields = |b: &str| json!({"tracker": {"body": b, "labels": ["core", "cve allocated", "pr created"], "comments": [{"author": "ann", "at": "2026-03-15", "body": "CWE-79: XSS"}]}});
    let p = plan(&over(merged(), &fields(body)));
    assert!(
        p.item("sync.team-cwe").blocked.as_deref().is_some_and(|b| b.contains("no single section")),
        "{p}"
    );
    // The merge itself does not wait for it.
    assert!(p.item("sync.merged").blocked.is_none() && p.has("sync.merged"), "{p}");
    let twice = format!("{body}\n### Severity\n\nHigh\n\n### CWE\n\n\n### CWE\n\nCWE-1\n");
    let p = plan(&over(merged(), &fields(&twice)));
    p.blocker("body:");
    assert!(p.item("sync.team-cwe").blocked.is_some(), "{p}");
}

#[test]
fn clocks_warn_and_then_speak_up() {
    let aged = |base: Value, received: &str| {
        over(base, &json!({"received": received, "tracker": {"created": received}}))
    };
    plan(&aged(merged(), "2026-03-01")).lacks("sync.overdue");
    plan(&aged(merged(), "2026-01-03")).notice("the disclosure window ends");
    let p = plan(&aged(merged(), "2025-12-10"));
    assert_eq!(p.names("sync.overdue"), ["append-entry"]);
    p.lacks("sync.grace");
    let p = plan(&aged(merged(), "2025-11-01"));
    assert_eq!(p.names("sync.grace"), ["post-marked", "append-entry"]);
    plan(&aged(in_pr(), "2025-11-01")).lacks("sync.grace");
    // A mail that was sent proves nothing; an address does.
    let sent =
        json!({"tracker": {"labels": ["core", "cve allocated", "fix released", "announced - emails sent"]}});
    assert!(plan(&over(aged(queue(), "2025-11-01"), &sent)).has("sync.overdue"));
    plan(&over(
        aged(queue(), "2025-11-01"),
        &json!({"tracker": {"fields": {"public_advisory_url": ADVISORY}}}),
    ))
    .lacks("sync.overdue");
    // A sender's clock that runs ahead shortens nothing and lengthens nothing.
    let ahead = over(merged(), &json!({"received": "2030-01-01", "tracker": {"created": "2025-12-10"}}));
    assert!(plan(&ahead).has("sync.overdue"));
}

#[test]
fn a_silent_discussion_is_called_back_once() {
    let old = over(fresh(), &json!({"tracker": {"created": "2026-01-01"}}));
    let p = plan(&old);
    assert_eq!(p.names("sync.stalled"), ["post-marked", "mail-draft", "append-entry"]);
    // The call goes to the private list with a copy to the team's, says which tracker, and not a word of analysis.
    let effects = p.item("sync.stalled").effects();
    let letter = effects.iter().find_map(|e| match e {
        Change::MailDraft { letter, .. } => Some(letter),
        _ => None,
    });
    let letter = letter.unwrap();
    assert_eq!(letter.to.email, "private@openwharf.example");
    assert_eq!(
        letter.cc.iter().map(|c| c.email.as_str()).collect::<Vec<_>>(),
        ["security@openwharf.example"]
    );
    let (_, body) = letter.preview();
    assert!(body.contains("openwharf/security#42") && !body.contains("Ada"), "{body}");
    let called = |at: &str| json!({"tracker": {"comments": [{"author": "ann", "at": at, "body": "<!-- tipstaff: escalation v1 -->\n@bea, ideas?"}]}});
    let p = plan(&over(old.clone(), &called("2026-03-18")));
    p.lacks("sync.stalled");
    let p = plan(&over(old.clone(), &called("2026-03-10")));
    p.lacks("sync.stalled");
    p.notice("write the options down");
    // A call that somebody else wrote is none.
    let forged = json!({"tracker": {"comments": [{"author": "mallory", "at": "2026-02-01", "body": "<!-- tipstaff: escalation v1 -->\nx"}]}});
    assert!(plan(&over(old, &forged)).has("sync.stalled"));
}

#[test]
fn whom_a_comment_addresses_is_no_news() {
    use crate::rules::sync::unaddressed;
    for text in
        ["@bea, these fields", "Remediation developer, these fields", "Team, these fields", "these fields"]
    {
        assert_eq!(unaddressed(text), "these fields", "{text}");
    }
    assert_eq!(unaddressed("First, these fields"), "First, these fields");
}
