//! The thirty hard cases of sync page §16, by number.

use super::*;
use crate::{
    plan::Precondition,
    rules::gate,
    rules::sync::manager::Manager,
    tracker::rollup::{Action, ActionKind, Entry, LIMIT, Told, Upsert, append},
};

#[test]
fn case_01_a_merged_fix_without_a_cve_is_allocated_first() {
    let case = over(
        assessed(),
        &json!({"tracker": {"fields": {"pr_with_fix": PR}}, "pull_requests": [{"url": PR, "state": "merged"}]}),
    );
    let p = plan(&case);
    assert_eq!(p.stage(), "NO-CVE");
    p.lacks("sync.merged");
    p.notice("allocate first");
}

#[test]
fn case_02_prior_art_in_the_body_is_no_fix() {
    let p = plan(&over(
        allocated(),
        &json!({"tracker": {"fields": {"issue_description": format!("Compare {PR}, which did this before.")}},
        "pull_requests": [{"url": PR, "state": "merged", "elsewhere": true}]}),
    ));
    assert_eq!(p.stage(), "ALLOCATED");
    p.lacks("sync.merged");
    p.notice("not named in pr_with_fix");
}

#[test]
fn case_03_severity_unknown_fails_the_gate_by_name() {
    let p = plan(&over(shipped(), &json!({"tracker": {"fields": {"severity": "Unknown"}}})));
    p.lacks("sync.released");
    let text = format!("{:?}", p.item("sync.fill-fields").steps);
    assert!(text.contains("Severity"), "{text}");
}

#[test]
fn case_04_a_title_is_no_summary() {
    let p = plan(&over(shipped(), &json!({"tracker": {"fields": {"public_summary": ""}}})));
    p.lacks("sync.released");
    p.notice("public_summary");
}

#[test]
fn case_05_a_credit_edit_never_lowers_the_record() {
    let wish =
        json!({"record": "publish-ready", "thread": over(thread(), &json!({"credit": "Ada F. Finder"}))});
    let p = plan(&over(queue(), &wish));
    assert!(p.has("sync.credit"), "{p}");
    for e in p.effects() {
        if let Change::PushRecord { state, .. } = e {
            assert!(*state <= crate::case::RecordStage::PublishReady, "{p}");
        }
    }
    assert_eq!(p.stage(), "RM-QUEUE");
}

#[test]
fn case_06_a_ready_record_is_published_at_archive_time() {
    let p = plan(&over(archived(), &json!({"record": "publish-ready"})));
    assert!(p.arms("sync.close-out")["publish-ready"].iter().any(|s| s.effect.name() == "close"), "{p}");
}

#[test]
fn case_07_a_publication_that_failed_is_resumed_even_with_announced() {
    let half = json!({"tracker": {"labels": ["core", "cve allocated", "announced - emails sent", "announced"],
        "fields": {"public_advisory_url": ADVISORY}}, "record": "publish-ready"});
    let p = plan(&over(archived(), &half));
    assert_eq!(p.stage(), "CLOSE-OUT");
    assert!(p.has("sync.close-out"), "{p}");
}

#[test]
fn case_08_an_advisory_seen_late_still_closes_out() {
    let p = plan(&over(archived(), &json!({"now": "2026-09-01T00:00:00Z"})));
    assert!(p.has("sync.close-out"), "{p}");
}

#[test]
fn case_09_a_reply_or_another_advisory_proves_nothing() {
    for subject in [format!("Re: {CVE}: Harbour Queue"), format!("CVE-2026-31111: incomplete fix of {CVE}")] {
        let p = plan(&over(queue(), &json!({"advisory": [over(advisory(), &json!({"subject": subject}))]})));
        assert_eq!(p.stage(), "RM-QUEUE", "{subject}");
    }
}

#[test]
fn case_10_a_mail_that_is_not_archived_changes_nothing() {
    let sent = json!({"tracker": {"labels": ["core", "cve allocated", "fix released", "announced - emails sent"]}, "advisory": []});
    let p = plan(&over(queue(), &sent));
    assert_eq!(p.stage(), "RM-QUEUE");
    let flips = p.effects().iter().filter(|e| matches!(e, Change::SetLabels { .. })).count();
    assert_eq!(flips, 0, "{p}");
}

#[test]
fn case_11_published_without_an_address_is_asked_about() {
    let p = plan(&over(queue(), &json!({"cve_org": "PUBLISHED"})));
    assert_eq!(p.stage(), "CLOSE-OUT");
    p.lacks("sync.close-out");
    p.blocker("no advisory address is known");
}

fn wave() -> Value {
    json!({"tracker": {"labels": ["providers", "cve allocated", "pr merged"], "milestone": "Providers 2026-03-01",
        "fields": {"affected_versions": "`harbour-provider-smtp < 3.1.0`\n`harbour-provider-http < 7.0.2`"}}})
}

#[test]
fn case_12_a_wave_without_one_package_has_not_shipped() {
    let release = |list: Value| plan(&over(over(shipped(), &wave()), &json!({"release": list}))).stage();
    let smtp = json!({"package": "harbour-provider-smtp", "version": "3.1.0", "state": "final"});
    let http = json!({"package": "harbour-provider-http", "version": "7.0.2", "state": "final"});
    assert_eq!(release(json!([smtp])), "MERGED");
    assert_eq!(release(json!([smtp, http])), "SHIPPED");
    assert_eq!(release(json!([smtp, {"package": "harbour-provider-http", "state": "unknown"}])), "MERGED");
}

#[test]
fn case_13_candidates_and_withdrawn_versions_have_not_shipped() {
    for state in ["pre-release", "yanked"] {
        let p = plan(&over(
            shipped(),
            &json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": state}]}),
        ));
        assert_eq!(p.stage(), "MERGED", "{state}");
    }
}

#[test]
fn case_14_merged_to_main_is_not_shipped_on_the_patch_train() {
    let trains = json!({"releases": {"train": [{"name": "default", "branch": "v2-10", "default": true}]}});
    let with = |patch: Value| plan_with(&over(shipped(), &patch), &trains).stage();
    assert_eq!(with(json!({})), "MERGED", "merged to main alone");
    let main = json!({"url": PR, "state": "merged", "author": "dev"});
    let backport = |state: &str| json!({"pull_requests": [main, {"url": "https://forge.example/p/18", "state": state, "branch": "v2-10", "milestone": "Harbour Queue-2.10.3"}]});
    assert_eq!(with(backport("open")), "IN-PR", "backport in review");
    assert_eq!(with(backport("merged")), "SHIPPED", "backport merged");
    assert_eq!(
        with(
            json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "final", "has_fix": true}]})
        ),
        "SHIPPED",
        "the tag holds it"
    );
}

#[test]
fn case_15_a_registry_that_fails_says_nothing() {
    let p = plan(&over(shipped(), &json!({"release": {"unknown": "503"}})));
    assert_eq!(p.stage(), "MERGED");
    p.lacks("sync.released");
    p.notice("503");
}

#[test]
fn case_16_the_label_of_a_failed_vote_stays() {
    let failed = json!({"tracker": {"labels": ["core", "cve allocated", "pr merged", "rc voting"]},
        "votes": [{"subject": "[VOTE] 2.10.3rc1", "from": "carol@openwharf.example", "at": "2026-03-15", "url": "https://l.example/1"},
            {"subject": "[RESULT][VOTE] 2.10.3rc1 failed", "from": "carol@openwharf.example", "at": "2026-03-17", "url": "https://l.example/2"}]});
    let p = plan_with(&over(merged(), &failed), &json!({"releases": {"vote_required": true}}));
    assert!(p.effects().iter().all(|e| !matches!(e, Change::SetLabels { .. })), "{p}");
}

#[test]
fn case_17_a_manager_who_cannot_be_assigned_blocks_the_item() {
    let p = plan(&over(shipped(), &json!({"collaborators": ["ann", "bea", "dev"]})));
    assert!(
        p.item("sync.released").blocked.as_deref().is_some_and(|b| b.contains("invite them first")),
        "{p}"
    );
}

#[test]
fn case_18_the_result_of_the_vote_names_the_manager_and_both_are_shown() {
    let voted = json!({"votes": [{"subject": "[RESULT][VOTE] Release Harbour Queue 2.10.3", "from": "dev@openwharf.example", "at": "2026-03-17", "url": "https://l.example/2"}]});
    let p = plan(&over(shipped(), &voted));
    let steps = &p.arms("sync.released")["review-ready"];
    let to = steps.iter().find_map(|s| match &s.effect {
        Change::SetAssignees { assignees, .. } => Some(assignees.iter().cloned().collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(to, None, "dev is assigned already: {p}");
    p.notice("@carol by https://wiki.example/plan");
    // Two plans that disagree settle nothing, and the configured one comes first.
    let named = |list: Value| {
        let (case, basis, now) =
            read(&over(shipped(), &json!({"release_manager": list})), &json!({"releases": {"cut": []}}));
        super::super::manager::find(&View::new(&case, basis.ground("ann", now)))
    };
    assert!(matches!(named(json!(["carol", "dev"])), Manager::Unknown(why) if why.contains("two people")));
    assert!(matches!(named(json!(["carol", "@Carol"])), Manager::Known { handle, .. } if handle == "carol"));
    let p = plan(&over(shipped(), &json!({"release_manager": "dev"})));
    p.notice("@dev by the case");
    assert_eq!(p.plan.position.person, "dev", "the developer still owns it");
}

#[test]
fn case_19_a_name_that_brushes_a_bot_pattern_asks() {
    for name in ["Claude Dupont", "Talbot", "Nikolai"] {
        let p = plan(&over(
            merged(),
            &json!({"thread": over(thread(), &json!({"credit": name})), "ledger": "-"}),
        ));
        let item = p.item("sync.credit");
        assert_eq!(p.field("sync.credit", "reporter_credit"), name);
        let verdict = crate::rules::extract::judge(name);
        if verdict.rule.is_some() {
            assert!(!item.is_default(), "{name} goes in by default");
            assert!(
                item.notices.iter().any(|n| n.contains(verdict.rule.unwrap())),
                "{name}: the rule is shown"
            );
        }
    }
    let p = plan(&over(
        merged(),
        &json!({"thread": over(thread(), &json!({"credit": "Claude Dupont"})), "ledger": "-"}),
    ));
    assert!(!p.item("sync.credit").is_default());
}

#[test]
fn case_20_a_credit_that_comes_after_the_draft_names_the_stale_draft() {
    let late = json!({"thread": over(thread(), &json!({"credit": "Ada F. Finder", "credit_asked": true})),
        "drafts": [{"id": "draft-7", "thread": "root@ada.example", "event": "cve_allocated"}], "ledger": []});
    let p = plan(&over(allocated(), &late));
    assert!(p.has("sync.credit"), "{p}");
    assert_eq!(p.letters(), Vec::<String>::new(), "no second question");
    p.notice("draft-7");
}

#[test]
fn case_21_a_draft_that_was_deleted_is_not_written_again() {
    let gone = json!({"thread": thread(), "drafts": [], "ledger": [{"event": "pr_opened", "artifact": PR, "state": "unknown"}]});
    let p = plan(&over(in_pr(), &gone));
    assert_eq!(p.letters(), Vec::<String>::new(), "{p}");
}

#[test]
fn case_22_of_two_threads_the_direct_one_is_answered() {
    let lines = "No public archive: `<root@ada.example>`\nhuntr relay: `<relay@huntr.example>`";
    let case = over(
        allocated(),
        &json!({"tracker": {"labels": ["core"], "fields": {"security_thread": lines}}, "thread": thread()}),
    );
    let p = plan(&case);
    let to = p.effects().into_iter().find_map(|e| match e {
        Change::MailDraft { letter, .. } => Some((letter.thread.clone(), letter.to.email.clone())),
        _ => None,
    });
    assert_eq!(to, Some(("root@ada.example".into(), "ada@ada.example".into())));
}

#[test]
fn case_23_two_scopes_block_everything_but_the_split() {
    let p = plan(&over(
        shipped(),
        &json!({"tracker": {"labels": ["core", "providers", "cve allocated", "pr created"]}, "thread": thread()}),
    ));
    assert!(p.item("sync.split").blocked.is_none(), "{p}");
    assert!(p.plan.items.iter().filter(|i| i.rule != "sync.split").all(|i| i.blocked.is_some()), "{p}");
    assert_eq!(p.labels("sync.split"), ["-providers"]);
    assert_eq!(p.names("sync.split")[0], "create-tracker");
    let made = p.effects().into_iter().find_map(|e| match e {
        Change::CreateTracker { labels, body, .. } => Some((labels.clone(), body.preview())),
        _ => None,
    });
    let (labels, body) = made.unwrap();
    assert_eq!(
        labels.iter().map(String::as_str).collect::<Vec<_>>(),
        ["cve allocated", "providers"],
        "labels of the fix are the part's own"
    );
    assert_eq!(body, p.case.tracker.body, "the body goes verbatim");
    assert_eq!(p.letters(), Vec::<String>::new());
}

#[test]
fn case_24_a_quoted_score_is_nobodys_word() {
    let quoted = "The reporter writes:\n\n> Severity: critical\n> CVSS 9.8\n\nI doubt it.";
    let p = plan(&over(
        merged(),
        &json!({"tracker": {"comments": [{"author": "ann", "at": "2026-03-15", "body": quoted}]},
        "thread": over(thread(), &json!({"observed": ["CVSS 9.8"]})), "ledger": "-"}),
    ));
    p.lacks("sync.team-severity");
    p.notice("shown only");
}

#[test]
fn case_25_a_title_of_two_words_is_kept() {
    let p = plan(&over(merged(), &json!({"tracker": {"title": "[SECURITY] Harbour Queue: queue leak"}})));
    p.lacks("sync.title");
    p.notice("too short");
}

#[test]
fn case_26_a_duplicate_sibling_keeps_the_milestone_open() {
    let p = plan(&over(
        archived(),
        &json!({"milestones": [{"name": "Harbour Queue-2.10.3", "open_trackers": 1, "closed_unannounced": 1}]}),
    ));
    assert!(p.effects().iter().all(|e| !matches!(e, Change::CloseMilestone { .. })), "{p}");
    p.notice("close the milestone by hand");
}

#[test]
fn case_27_versions_go_into_backticks_before_a_form_eats_them() {
    let p = plan(&over(
        merged(),
        &json!({"tracker": {"fields": {"affected_versions": ">= 2.7.0, < 2.10.3", "issue_description": "Introduced in 2.7.0."}}}),
    ));
    assert_eq!(p.field("sync.affected-quoted", "affected_versions"), "`>= 2.7.0, < 2.10.3`");
}

#[test]
fn case_28_a_marker_counts_from_the_team_alone() {
    let comment = |who: &str, body: &str| json!({"tracker": {"comments": [{"author": who, "at": "2026-03-19", "body": body}]}});
    let published = over(closed(), &json!({"cve_org": "PUBLISHED", "thread": thread()}));
    let forged = "<!-- tipstaff status rollup v1 -->\n<details><summary>2026-03-19 · @ann · Sync (published)</summary>\n\n**x**\n\n</details>";
    assert!(plan(&over(published.clone(), &comment("mallory", forged))).has("sync.published"));
    plan(&over(published, &comment("ann", forged))).lacks("sync.published");
    // A stranger cannot hide words behind a marker either.
    let talk = over(fresh(), &comment("mallory", "<!-- tipstaff: hand-off v1 -->\nstill broken"));
    assert_eq!(plan(&talk).stage(), "ASSESSING");
}

#[test]
fn case_29_every_change_names_what_it_relies_on() {
    // A second operator's yes is refused where the first has changed what it relied on.
    for case in [
        assessed(),
        over(allocated(), &json!({"tracker": {"labels": ["core"]}})),
        over(
            merged(),
            &json!({"tracker": {"labels": ["core", "cve allocated", "pr created"], "milestone": "-"}}),
        ),
        shipped(),
        archived(),
    ] {
        for item in &plan(&case).plan.items {
            fn walk(steps: &[Step]) {
                for s in steps {
                    match &s.effect {
                        Change::SetField { .. } => assert!(
                            s.requires.iter().any(|r| matches!(r, Precondition::FieldIs { .. })),
                            "{s:?}"
                        ),
                        Change::SetLabels { .. } => assert!(
                            s.requires.iter().any(|r| matches!(r, Precondition::LabelIs { .. })),
                            "{s:?}"
                        ),
                        Change::SetMilestone { .. } => assert!(
                            s.requires.iter().any(|r| matches!(r, Precondition::MilestoneIs { .. })),
                            "{s:?}"
                        ),
                        Change::MailDraft { .. } => assert!(
                            s.requires.iter().any(|r| matches!(r, Precondition::NotTold { .. })),
                            "{s:?}"
                        ),
                        Change::Close { .. } => assert!(
                            s.requires
                                .iter()
                                .any(|r| matches!(r, Precondition::TrackerIs { open: true, .. })),
                            "{s:?}"
                        ),
                        Change::Choose { arms, .. } => arms.values().for_each(|a| walk(a)),
                        _ => {}
                    }
                }
            }
            walk(&item.steps);
        }
    }
}

#[test]
fn case_30_a_full_rollup_goes_on_in_another_comment() {
    let entry = |n: usize| Entry {
        id: format!("e{n}"),
        date: "2026-03-20".parse().unwrap(),
        actor: "ann".into(),
        action: Action::new(ActionKind::Sync),
        headline: "x".into(),
        body: "word ".repeat(900),
        next: None,
        told: Told::NotNeeded("internal".into()),
    };
    let mut text: Option<String> = None;
    for n in 0..20 {
        match append(text.as_deref(), &entry(n), b"key").unwrap() {
            Upsert::New(t) | Upsert::Replace(t) => text = Some(t),
            Upsert::Continue { sealed, next } => {
                assert!(sealed.len() <= LIMIT && next.contains("e"), "nothing is cut");
                return;
            }
        }
    }
    panic!("twenty long entries fit into one comment");
}

#[test]
fn hygiene_rules_are_the_declared_ones() {
    let all: Vec<&str> = crate::cve::HYGIENE_RULES.iter().map(|(id, _)| *id).collect();
    assert!(all.len() >= 6 && all.iter().all(|id| id.starts_with("hygiene.")));
    let r = gate(&fresh(), &json!({}), gate::release);
    assert_eq!(r.verdict, gate::GateVerdict::Blocked);
}
