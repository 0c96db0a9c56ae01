//! The promises of the lifecycle over generated cases (issue "The lifecycle", how well).

use std::{collections::BTreeSet, sync::LazyLock};

use desk::{
    case::{Case, RecordStage},
    config::CveTool,
    plan::{Effect, Step, digest, effect::Change},
    rules::{
        stage::Stage,
        sync::{self, Basis, TrackerPlan},
    },
    tracker::{FieldRole, Marked, marked},
};
use proptest::prelude::*;
use regex_lite::bare_numbers;
use serde_json::{Value, json};
use testkit::lifecycle::{self as life, Ended, How};

use super::few;

/// A tracker number that stands alone, which leads nowhere outside of its repository.
mod regex_lite {
    /// Every `#N` without a repository before it.
    pub fn bare_numbers(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        for (at, _) in text.match_indices('#') {
            let before = text[..at].chars().next_back();
            let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 && before.is_none_or(|c| !c.is_ascii_alphanumeric() && !"/-_.&".contains(c)) {
                out.push(&text[at..=at + digits]);
            }
        }
        out
    }
}

static TOOL: LazyLock<Basis> = LazyLock::new(|| {
    let mut config = life::config();
    config.disclosure.notify_distributors = true;
    config.disclosure.distributors = DISTRIBUTORS.map(String::from).into();
    life::basis(config)
});
const DISTRIBUTORS: [&str; 2] = ["distros@lists.example", "ports@bsd.example"];
static PLAIN: LazyLock<Basis> = LazyLock::new(|| {
    let mut config = life::config();
    config.cve.tool = CveTool::None;
    config.tracker.board.enabled = false;
    life::basis(config)
});

const CVE: &str = "CVE-2026-30001";
const PR: &str = "https://forge.example/openwharf/harbour/pull/17";
const BACKPORT: &str = "https://forge.example/openwharf/harbour/pull/18";
const ADVISORY: &str = "https://lists.example/thread/abc";

fn some(values: Vec<Value>) -> impl Strategy<Value = Value> {
    prop::sample::select(values)
}

/// A fact: not asked, unknown, absent, or one of these.
fn fact(values: Vec<Value>) -> impl Strategy<Value = Option<Value>> {
    let known = some(values).prop_map(Some);
    prop_oneof![1 => Just(None), 1 => Just(Some(json!({"unknown": "503"}))), 1 => Just(Some(Value::Null)), 5 => known]
}

fn labels() -> impl Strategy<Value = Vec<&'static str>> {
    let progress = vec![
        vec![],
        vec!["needs triage"],
        vec!["cve allocated"],
        vec!["cve allocated", "pr created"],
        vec!["cve allocated", "pr merged"],
        vec!["cve allocated", "pr merged", "rc voting"],
        vec!["cve allocated", "fix released"],
        vec!["cve allocated", "fix released", "announced - emails sent"],
        vec!["cve allocated", "announced - emails sent", "announced"],
        vec!["pr created", "pr merged", "fix released"],
    ];
    let scope =
        vec![vec!["core"], vec!["core"], vec!["core"], vec!["providers"], vec![], vec!["core", "providers"]];
    let closing = vec![vec![], vec![], vec![], vec![], vec![], vec![], vec!["duplicate"]];
    let pick = prop::sample::select;
    (pick(progress), pick(scope), pick(closing))
        .prop_map(|(a, b, c)| [a, b, c, vec!["security issue"]].concat())
}

fn fields() -> impl Strategy<Value = Value> {
    let or_empty = |v: &'static str| prop_oneof![1 => Just(""), 4 => Just(v)];
    let affected = prop::sample::select(vec![
        "",
        "`< 2.10.3`",
        "< 2.10.3",
        "`>= 2.7.0, < 2.10.3`",
        "`< NEXT VERSION`",
        ">= 2.7\n< 1.0",
        "all of them",
    ]);
    let summary = prop::sample::select(vec![
        "",
        "Any user who can publish may read the names of all queues.",
        "Any user who can publish may read the names of all queues. Users should upgrade to 2.10.3.",
        "Short.",
    ]);
    let cve = prop_oneof![1 => Just(String::new()), 6 => Just(CVE.to_owned()), 1 => Just(format!("{CVE} or CVE-2026-30002"))];
    let url = prop_oneof![5 => Just(""), 1 => Just(ADVISORY)];
    let pr = or_empty(PR);
    let credit =
        prop::sample::select(vec!["", "Ada Finder", "Ada Finder\nBob Finder", "anonymous", "vulnscan-bot"]);
    let severity = prop::sample::select(vec!["", "Unknown", "Medium", "spicy"]);
    let cwe = prop::sample::select(vec!["", "CWE-200: Exposure", "leak"]);
    let thread = prop::sample::select(vec![
        "",
        "No public archive: `<root@ada.example>`",
        "N/A, https://forge.example/o/h/pull/9",
    ]);
    (affected, summary, cve, url, pr, (credit, severity, cwe, thread)).prop_map(|(a, s, c, u, p, (cr, se, cw, th))| {
        json!({"affected_versions": a, "public_summary": s, "cve_tool_link": c, "public_advisory_url": u, "pr_with_fix": p,
            "reporter_credit": cr, "severity": se, "cwe": cw, "security_thread": th, "issue_description": "A stranger reads names."})
    })
}

fn facts() -> impl Strategy<Value = Vec<(&'static str, Option<Value>)>> {
    let pr = |state: &str, more: Value| {
        let mut v = json!({"url": PR, "state": state, "author": "dev", "author_name": "Dev Dunn"});
        v.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        v
    };
    let on = json!({"milestone": "Harbour Queue-2.10.3", "merged_at": "2026-03-12"});
    let pulls = fact(vec![
        json!([]),
        json!([pr("open", json!({}))]),
        json!([pr("open", json!({"draft": true, "milestone": "Harbour Queue-2.10.3"}))]),
        json!([pr("merged", on.clone())]),
        json!([pr("merged", json!({}))]),
        json!([pr("closed", json!({}))]),
        json!([pr("merged", on), {"url": BACKPORT, "state": "open", "author": "eve"}]),
        json!([pr("merged", json!({"elsewhere": true}))]),
    ]);
    let release = |s: &str| json!([{"package": "harbour-queue", "version": "2.10.3", "state": s}]);
    let artifacts = fact(vec![
        json!([]),
        release("final"),
        release("final"),
        release("missing"),
        release("yanked"),
        release("pre-release"),
        release("unknown"),
        json!([{"package": "harbour-queue", "version": "2.10.4", "state": "final"}]),
        json!([{"package": "harbour-queue", "version": "2.10.3", "state": "final", "has_fix": false}]),
    ]);
    let record = fact(
        ["allocated", "review-ready", "publish-ready", "public", "retracted", "unknown"]
            .map(Value::from)
            .to_vec(),
    );
    let listed = fact(["RESERVED", "PUBLISHED", "REJECTED"].map(Value::from).to_vec());
    let mail = |subject: &str, from: &str| {
        json!({"url": ADVISORY, "subject": subject, "from": from, "at": "2026-03-19",
            "body": format!("{CVE}: x\n\nAny user who can publish may read all names. Upgrade to 2.10.3.\n\nAffected versions:\n")})
    };
    let advisories = fact(vec![
        json!([]),
        json!([]),
        json!([mail(&format!("{CVE}: a flaw"), "carol@openwharf.example")]),
        json!([mail(&format!("Re: {CVE}: a flaw"), "carol@openwharf.example")]),
        json!([mail(&format!("{CVE}: a flaw"), "mallory@else.example")]),
        json!([
            mail(&format!("{CVE}: a flaw"), "carol@openwharf.example"),
            mail(&format!("{CVE}: two"), "carol@openwharf.example")
        ]),
    ]);
    let milestones = fact(vec![
        json!([]),
        json!([{"name": "Harbour Queue-2.10.3", "open_trackers": 1}]),
        json!([{"name": "Harbour Queue-2.10.3", "open_trackers": 2, "closed_unannounced": 1}]),
    ]);
    let collaborators = fact(vec![json!(["ann", "bea", "carol", "dev"]), json!(["ann"])]);
    let contact = |routing: &str, credit: Value| json!({"root": "root@ada.example", "subject": "Queue names leak", "contact": "Ada Finder <ada@ada.example>", "routing": routing, "credit": credit});
    let thread = fact(vec![
        contact("direct", Value::Null),
        contact("direct", Value::Null),
        contact("direct", json!("Ada F. Finder")),
        contact("direct", json!("Claude Dupont")),
        contact("via-forwarder", Value::Null),
        contact("via-forwarder", json!({"anonymous": true})),
        contact("from-pr", Value::Null),
        contact("nobody", Value::Null),
    ]);
    let drafts = fact(vec![json!([]), json!([]), json!([{"id": "d1", "thread": "root@ada.example"}])]);
    let row = |event: &str, artifact: &str| json!({"event": event, "artifact": artifact});
    let ledger = fact(vec![
        json!([]),
        json!([]),
        json!([row("cve_allocated", CVE)]),
        json!([row("cve_allocated", CVE), row("pr_merged", PR)]),
        json!([{"event": "released", "artifact": "Harbour Queue-2.10.3", "state": "discarded"}]),
        json!([{"event": "receipt", "asked_credit": true}]),
    ]);
    let manager = fact(vec![json!("carol"), json!(["carol", "dev"]), json!([{"email": "rm@else.example"}])]);
    let votes = fact(vec![
        json!([]),
        json!([{"subject": "[RESULT][VOTE] Harbour Queue 2.10.3", "from": "carol@openwharf.example", "at": "2026-03-15", "url": "https://l.example/v"}]),
    ]);
    let review = |text: &str| json!([{"id": "r1", "from": "Rex <rex@cna.example>", "text": text}]);
    let reviews = fact(vec![
        json!([]),
        review("Please use CWE-285."),
        review("Affected versions should be >= 2.7.0, < 2.10.3"),
        review("Affected: `< 2.10.3`\nCWE-285\nRemediation developer: Bea Brook"),
        review("The credit should read Ada F. Finder"),
        review("Advisory: https://lists.example/thread/abc"),
        review("Description: Any user who may publish can read every name. Upgrade to 2.10.3."),
        review("This looks like a duplicate, CVSS 9.8."),
    ]);
    let first = (pulls, artifacts, record, listed, advisories, milestones);
    let second = (collaborators, thread, drafts, ledger, manager, votes, reviews);
    (first, second).prop_map(|(a, b)| {
        vec![
            ("pull_requests", a.0),
            ("release", a.1),
            ("record", a.2),
            ("cve_org", a.3),
            ("advisory", a.4),
            ("milestones", a.5),
            ("collaborators", b.0),
            ("thread", b.1),
            ("drafts", b.2),
            ("ledger", b.3),
            ("release_manager", b.4),
            ("votes", b.5),
            ("reviews", b.6),
        ]
    })
}

fn comments() -> impl Strategy<Value = Vec<Value>> {
    let said = vec![
        ("ann", "I can reproduce it."),
        ("ann", "Please backport this to v2-9."),
        ("bea", "I'll take this."),
        ("mallory", "Severity: critical"),
        ("ann", "Severity: high"),
        ("bea", "CWE-79: Cross-site Scripting"),
        ("ann", "<!-- tipstaff: voice v1 -->\nvalid, scope `core`"),
        ("bea", "<!-- tipstaff: voice v1 -->\nvalid, scope `core`"),
        ("bea", "<!-- tipstaff: voice v1 -->\ninvalid"),
        ("ann", "<!-- tipstaff: fill-fields v1 -->\n@dev, all of them"),
        ("ann", "<!-- tipstaff: escalation v1 -->\n@bea, ideas?"),
        ("mallory", "<!-- tipstaff status rollup v1 -->\n"),
    ];
    let one = (prop::sample::select(said), 1..28u32).prop_map(|((who, body), day)| {
        json!({"author": who, "body": body, "at": format!("2026-02-{day:02}T09:00:00Z")})
    });
    prop::collection::vec(one, 0..4)
}

/// A case as it may come from a desk that people have edited by hand, with sources that fail.
fn cases() -> impl Strategy<Value = Value> {
    let state = prop_oneof![6 => Just("open"), 1 => Just("closed")];
    let column = prop::sample::select(vec!["", "Needs triage", "PR merged", "Announced", "Fix released"]);
    let milestone = prop::sample::select(vec!["", "Harbour Queue-2.10.3", "Harbour Queue-2.10.2", "next"]);
    let assignee = prop::sample::select(vec![vec![], vec!["dev"], vec!["carol"], vec!["ann", "stranger"]]);
    let created = prop::sample::select(vec!["2026-03-15", "2026-02-01", "2025-11-01", "2030-01-01"]);
    let title = prop::sample::select(vec![
        "Consumer groups leak queue names",
        "[SECURITY] Harbour Queue: consumer groups leak names",
        "Leak",
    ]);
    let more = (state, column, milestone, assignee, created, title, any::<bool>());
    (labels(), fields(), facts(), comments(), more).prop_map(|(labels, fields, facts, comments, more)| {
        let (state, column, milestone, assignees, created, title, archived) = more;
        let mut case = json!({
            "now": "2026-03-20T12:00:00Z",
            "tracker": {"number": 42, "repo": "openwharf/security", "title": title, "state": state, "labels": labels,
                "fields": fields, "column": column, "milestone": milestone, "assignees": assignees, "created": created,
                "comments": comments, "archived": archived && state == "closed"},
            "reporter": "Ada Finder <ada@ada.example>",
        });
        let map = case.as_object_mut().unwrap();
        for (key, value) in facts {
            if let Some(v) = value {
                map.insert(key.into(), v);
            }
        }
        case
    })
}

fn read(value: &Value, basis: &Basis) -> Case {
    life::read(value, &mut basis.config.clone())
}

fn effects(p: &TrackerPlan) -> Vec<&Effect> {
    p.items.iter().flat_map(|i| i.effects()).collect()
}

const FIX: [&str; 4] = ["pr created", "pr merged", "rc voting", "fix released"];

fn rank(labels: &BTreeSet<String>) -> usize {
    if labels.contains("announced") {
        return FIX.len() + 1;
    }
    FIX.iter().rposition(|l| labels.contains(*l)).map_or(0, |at| at + 1)
}

fn sets_released(steps: &[Step]) -> bool {
    steps.iter().any(|s| match &s.effect {
        Change::SetLabels { add, .. } => add.contains("fix released"),
        Change::Choose { arms, .. } => arms.values().any(|a| sets_released(a)),
        _ => false,
    })
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 192, ..few() })]

    #[test]
    fn the_same_facts_give_the_same_bytes(a in cases(), b in cases()) {
        let (first, mut second) = (read(&a, &TOOL), read(&b, &TOOL));
        second.tracker.reference.number = 43;
        second.tracker.key.0.push('b');
        let ground = TOOL.ground("ann", life::now());
        let one = sync::plan(&[first.clone(), second.clone()], ground);
        let two = sync::plan(&[second, first], ground);
        prop_assert_eq!(digest::canonical(&one), digest::canonical(&two));
    }

    #[test]
    fn every_tracker_has_one_owner_and_every_item_its_reason(value in cases()) {
        let case = read(&value, &TOOL);
        let p = life::plan(&case, &TOOL);
        let finished = p.position.stage.is_finished();
        prop_assert!(finished || !p.position.person.trim().is_empty(), "{:?}", p.position);
        prop_assert_eq!(p.position.role.is_none(), p.position.stage == Stage::Rejected);
        for i in &p.items {
            prop_assert!(!i.why.is_empty() && i.why.iter().all(|e| !e.rule.is_empty() && !e.text.is_empty()), "{}", i.rule);
            prop_assert!(i.after.iter().all(|a| *a < i.n), "{} before what it needs", i.rule);
            prop_assert!(!i.steps.is_empty(), "{}", i.rule);
        }
        prop_assert!(p.skipped.is_some() == p.items.is_empty());
    }

    #[test]
    fn no_release_is_believed_on_an_unknown_and_no_close_without_an_address(value in cases(), plain in any::<bool>()) {
        let basis: &Basis = if plain { &PLAIN } else { &TOOL };
        let case = read(&value, basis);
        let p = life::plan(&case, basis);
        let o = &case.observed;
        for i in &p.items {
            if sets_released(&i.steps) {
                prop_assert!(o.artifacts.known().is_some() && o.pulls.failure().is_none(), "{value:#}");
                let asked = basis.config.cve.tool == CveTool::None && o.record.known().is_none();
                let outside = i.steps.iter().any(|s| matches!(&s.effect, Change::SetLabels { add, .. } if add.contains("fix released")));
                prop_assert!(asked || !outside, "released without asking for the record: {value:#}");
            }
            for s in &i.steps {
                if let Change::Choose { arms, .. } = &s.effect {
                    let draft = arms.get("allocated").map(Vec::as_slice).unwrap_or_default();
                    prop_assert!(!sets_released(draft), "handed over while allocated");
                    let ends = draft.iter().any(|s| matches!(s.effect, Change::Close { .. } | Change::PublishRecord { .. }));
                    prop_assert!(!ends, "closed while allocated");
                }
            }
            let ends = i.effects().iter().any(|e| matches!(e, Change::Close { .. } | Change::PublishRecord { .. }));
            let sets = i.steps.iter().any(|s| matches!(&s.effect, Change::SetField { role: FieldRole::PublicAdvisoryUrl, value, .. } if !value.preview().is_empty()));
            prop_assert!(!ends || sets || !life::field(&case, FieldRole::PublicAdvisoryUrl, basis).is_empty(), "closed without an address: {value:#}");
            for e in i.effects() {
                if let Change::SetLabels { remove, .. } = e {
                    for kept in ["security issue", "cve allocated", "announced", "announced - emails sent"] {
                        prop_assert!(!remove.contains(kept), "{kept} comes off");
                    }
                }
            }
        }
    }

    #[test]
    fn letters_reach_whom_they_may_and_once(value in cases()) {
        let case = read(&value, &TOOL);
        let p = life::plan(&case, &TOOL);
        let routing = value["thread"]["routing"].as_str().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for e in effects(&p) {
            let Change::MailDraft { letter, .. } = e else { continue };
            prop_assert!(!case.observed.told.iter().any(|r| r.event == letter.event && r.artifact == letter.artifact && r.state != "discarded"));
            // Those who package the product: whatever way the report came, under embargo, and to nobody else.
            let theirs = letter.event == "distributors";
            let listed = |a: &str| DISTRIBUTORS.contains(&a);
            let team = |a: &str| a == "security@openwharf.example";
            prop_assert_eq!(theirs, listed(&letter.to.email));
            prop_assert!(letter.cc.iter().all(|c| !theirs && !listed(&c.email) || theirs && (listed(&c.email) || team(&c.email))));
            // A call beyond the team stays among those who keep it, whoever brought the report.
            if letter.event == "escalation_call" {
                let mut to = letter.cc.iter().chain([&letter.to]).map(|a| a.email.as_str());
                prop_assert!(to.all(|a| a == "private@openwharf.example" || team(a)), "{letter:?}");
                continue;
            }
            if theirs {
                prop_assert!(case.tracker.state.is_open() && !case.tracker.labels.contains("announced"), "{value:#}");
                let (subject, body) = letter.preview();
                for kept in ["Ada", "openwharf/security", "#42"] {
                    prop_assert!(!subject.contains(kept) && !body.contains(kept), "{kept} in {body}");
                }
                prop_assert!(seen.insert((letter.event.clone(), String::new())), "two letters to distributors");
                continue;
            }
            prop_assert!(routing != "via-forwarder" || ["assessed_valid", "cve_allocated", "advisory_sent"].contains(&letter.event.as_str()));
            prop_assert!(!(routing == "via-forwarder" && letter.asks_credit));
            prop_assert!(!["from-pr", "nobody"].contains(&routing));
            // The question about a credit that looks like a program's is no news, and goes beside it.
            if letter.event != "credit_question" {
                seen.insert((letter.event.clone(), letter.artifact.clone()));
            }
        }
        seen.retain(|(event, _)| event != "distributors");
        prop_assert!(seen.len() <= 1, "one letter at a time: {seen:?}");
        for text in effects(&p).iter().flat_map(|e| life::texts(e)) {
            prop_assert_eq!(bare_numbers(&text), Vec::<&str>::new(), "{}", text);
        }
        for text in p.items.iter().map(|i| &i.headline).chain(&p.blockers).chain(&p.notices) {
            prop_assert_eq!(bare_numbers(text), Vec::<&str>::new(), "{}", text);
        }
    }

    #[test]
    fn a_plan_that_was_applied_leaves_nothing_to_do(value in cases(), plain in any::<bool>(), drafts_stay in any::<bool>()) {
        let basis: &Basis = if plain { &PLAIN } else { &TOOL };
        let before = read(&value, basis);
        let mut case = before.clone();
        let first = life::plan(&case, basis);
        let how = How { drafts_stay, ..How::default() };
        // A bare `all` leaves out what needs a word.
        let mut said = first.items.clone();
        for i in said.iter_mut().filter(|i| !i.is_default()) {
            i.blocked = Some("nobody named it".into());
        }
        let ended = life::apply_all(&mut case, &said, basis, how);
        for (n, e) in &ended {
            let item = first.items.iter().find(|i| i.n == *n).unwrap();
            let waits = !item.is_default() || *e == Ended::NoAnswer;
            let needs = item.after.iter().any(|a| ended.iter().any(|(m, e)| m == a && *e != Ended::Applied));
            let retracted = before.observed.record.known().is_some_and(|r| r.state == RecordStage::Retracted);
            prop_assert!(*e == Ended::Applied || waits || needs || retracted, "{}: {e:?} in {value:#}", item.rule);
        }
        // Labels of the fix rise and exclude each other.
        let stuck = !first.blockers.is_empty();
        prop_assert!(rank(&case.tracker.labels) >= rank(&before.tracker.labels), "{:?} → {:?}", before.tracker.labels, case.tracker.labels);
        let side = FIX.iter().filter(|l| case.tracker.labels.contains(**l)).count();
        let vote = case.tracker.labels.contains("rc voting") && case.tracker.labels.contains("pr merged");
        prop_assert!(stuck || !case.tracker.state.is_open() || side <= 1 || (vote && side == 2), "{:?} in {value:#}", case.tracker.labels);
        // The release manager is called for a reviewed record alone.
        if !plain && marked(&case.tracker.comments, Marked::HandOff, &basis.roster).is_some() {
            prop_assert!(before.observed.record.known().is_some_and(|r| r.state.is_reviewable()));
        }
        let second = life::plan(&case, basis);
        let left: Vec<&str> = second
            .items
            .iter()
            .filter(|i| {
                let again = first.items.iter().zip(&ended).find(|(f, _)| f.rule == i.rule);
                let waited = again.is_some_and(|(_, (_, e))| *e != Ended::Applied);
                // Nothing but the split is made while there are two scopes.
                let split = first.items.iter().any(|f| f.rule == "sync.split");
                i.blocked.is_none() && !waited && !split
            })
            .map(|i| i.rule.as_str())
            .collect();
        prop_assert!(left.is_empty(), "{left:?} after {:?} of {value:#}", first.items.iter().map(|i| i.rule.as_str()).collect::<Vec<_>>());
        // A letter is never written twice.
        let mut seen = BTreeSet::new();
        for r in case.observed.told.iter().filter(|r| r.state != "discarded") {
            prop_assert!(seen.insert((r.event.clone(), r.artifact.clone())), "{} told twice", r.event);
        }
    }
}
