//! The lifecycle, judged over cases written as a script would write them (`docs/case.md`).

mod bad_input;
mod chain;
mod closeout;
mod correction;
mod distributors;
mod fields;
mod gates;
mod hard_cases;
mod leak;
mod mail;
mod older;
mod review;
mod stage;
mod transitions;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{Basis, TrackerPlan, View, plan_one};
use crate::{
    case::{Case, wire},
    config::Config,
    plan::{Effect, Item, Step, effect::Change},
    reply::Library,
    rules::gate::GateReport,
};

/// The desk at which every test plans: two scopes, one of them released in waves, a board, a CVE tool with states.
static CONFIG: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "project": {"id": "harbour", "name": "Harbour Queue", "short_name": "Harbour", "vendor": "Openwharf"},
        "tracker": {"repo": "openwharf/security", "board": {"enabled": true, "archive_on_close": true},
            "milestones": {"stale": ["Harbour Queue-1.9.9"], "close_when_done": true}},
        "upstream": {"repo": "openwharf/harbour", "default_branch": "main"},
        "scope": [
            {"label": "core", "product": "Harbour Queue", "package": "harbour-queue"},
            {"label": "providers", "product": "Harbour Providers", "milestone_format": "Providers {date}",
                "package_pattern": "harbour-provider-[a-z]+", "train": "providers"}],
        "mail": {"mirror_senders": ["notifications@tracker.example"],
            "lists": {"security": "security@openwharf.example", "private": "private@openwharf.example",
                "users": "users@openwharf.example", "announce": "announce@openwharf.example"}},
        "archive": {"kind": "ponymail"},
        "cve": {"tool": "vulnogram", "record_url": "https://cve.openwharf.example/cve5/{cve_id}",
            "gate": "governance_member"},
        "releases": {"cut": [{"name": "2.10.3", "rm": "carol", "source_url": "https://wiki.example/plan"}]},
        "confidentiality": {"scanner": [{"token": "SharpNose", "aliases": [], "channel": "private"}]},
        "roster": {"escalation": "ann", "duty": {"triager": "bea", "remediation": "dev"}, "person": [
            {"handle": "ann", "names": ["Ann Archer"], "emails": ["ann@openwharf.example"], "roles": ["triager", "governance"]},
            {"handle": "bea", "names": ["Bea Brook"], "emails": ["bea@openwharf.example"], "roles": ["triager"]},
            {"handle": "carol", "names": ["Carol Crane"], "emails": ["carol@openwharf.example"], "roles": ["release_manager"]},
            {"handle": "dev", "names": ["Dev Dunn"], "emails": ["dev@openwharf.example"], "roles": ["remediation"]},
            {"handle": "gone", "names": ["Gus Gone"], "emails": ["gus@openwharf.example"], "roles": ["triager"], "to": "2025-12-31"}]},
    })
});

const CVE: &str = "CVE-2026-30001";
const PR: &str = "https://forge.example/openwharf/harbour/pull/17";
const ADVISORY: &str = "https://lists.example/thread/abc123";

/// Lay one object over another; `null` takes a key away.
fn lay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(b), Value::Object(o)) => {
            for (k, v) in o {
                if v == "-" {
                    b.remove(k);
                } else {
                    lay(b.entry(k.clone()).or_insert(Value::Object(Map::new())), v);
                }
            }
        }
        (b, o) => *b = o.clone(),
    }
}

fn over(mut base: Value, patch: &Value) -> Value {
    lay(&mut base, patch);
    base
}

/// A report nobody has looked at.
fn fresh() -> Value {
    json!({
        "now": "2026-03-20T12:00:00Z",
        "tracker": {"number": 42, "repo": "openwharf/security", "title": "Consumer groups leak queue names to strangers",
            "state": "open", "labels": ["security issue", "needs triage"], "column": "Needs triage",
            "created": "2026-03-10T08:00:00Z", "fields": {
                "issue_description": "A stranger reads names of queues.",
                "security_thread": "No public archive: `<root@ada.example>`", "severity": "Unknown"}},
        "reporter": "Ada Finder <ada@ada.example>",
        "ledger": [],
        "drafts": [],
    })
}

fn thread() -> Value {
    json!({"root": "root@ada.example", "subject": "Queue names leak", "contact": "Ada Finder <ada@ada.example>"})
}

/// Decided valid for core, no CVE yet.
fn assessed() -> Value {
    over(fresh(), &json!({"tracker": {"labels": ["security issue", "core"], "column": "Assessed"}}))
}

/// A CVE, no fix.
fn allocated() -> Value {
    over(
        assessed(),
        &json!({"tracker": {"labels": ["security issue", "core", "cve allocated"], "column": "CVE allocated",
            "fields": {"cve_tool_link": format!("https://cve.openwharf.example/cve5/{CVE}")}},
            "record": "allocated"}),
    )
}

/// The fix is in review.
fn in_pr() -> Value {
    over(
        allocated(),
        &json!({"tracker": {"labels": ["security issue", "core", "cve allocated", "pr created"], "column": "PR created",
            "assignees": ["dev"], "fields": {"pr_with_fix": PR, "remediation_developer": "Dev Dunn"}},
            "pull_requests": [{"url": PR, "state": "open", "author": "dev", "author_name": "Dev Dunn"}]}),
    )
}

/// The fix is merged, every field is filled, the release is not out.
fn merged() -> Value {
    over(
        in_pr(),
        &json!({"tracker": {"labels": ["security issue", "core", "cve allocated", "pr merged"], "column": "PR merged",
            "milestone": "Harbour Queue-2.10.3", "fields": {
                "public_summary": "Any user who can publish may read the names of all queues. Users are recommended to upgrade to 2.10.3 or later, which fixes the issue.",
                "affected_versions": "`< 2.10.3`", "reporter_credit": "Ada Finder", "severity": "Medium",
                "cwe": "CWE-200: Exposure of Sensitive Information to an Unauthorized Actor"}},
            "milestones": [{"name": "Harbour Queue-2.10.3", "state": "open", "open_trackers": 1}],
            "pull_requests": [{"url": PR, "state": "merged", "merged_at": "2026-03-12T10:00:00Z", "author": "dev",
                "author_name": "Dev Dunn", "milestone": "Harbour Queue-2.10.3"}],
            "release": [{"package": "harbour-queue", "version": "2.10.3", "state": "missing"}]}),
    )
}

/// The release is out and the record is in review.
fn shipped() -> Value {
    over(
        merged(),
        &json!({"release": [{"package": "harbour-queue", "version": "2.10.3", "state": "final",
            "at": "2026-03-18T10:00:00Z", "url": "https://releases.example/2.10.3"}], "record": "review-ready"}),
    )
}

/// The release manager is to send the advisory.
fn queue() -> Value {
    over(
        shipped(),
        &json!({"tracker": {"labels": ["security issue", "core", "cve allocated", "fix released"],
            "column": "Fix released", "assignees": ["carol"]}, "advisory": []}),
    )
}

fn advisory() -> Value {
    json!({"url": ADVISORY, "subject": format!("{CVE}: Harbour Queue: names of queues leak"),
        "from": "Carol Crane <carol@openwharf.example>", "at": "2026-03-19T10:00:00Z",
        "body": format!("{CVE}: Harbour Queue: names of queues leak\n\nAny user who can publish may read the names of all queues. Upgrade to 2.10.3 or later.\n\nAffected versions:\n- before 2.10.3\n")})
}

/// The advisory is in the archive.
fn archived() -> Value {
    over(queue(), &json!({"advisory": [advisory()], "record": "publish-ready"}))
}

/// Closed out; cve.org has not shown it yet.
fn closed() -> Value {
    over(
        archived(),
        &json!({"tracker": {"state": "closed", "closed": "2026-03-19T12:00:00Z", "archived": true, "column": "Announced",
            "labels": ["security issue", "core", "cve allocated", "announced - emails sent", "announced"],
            "fields": {"public_advisory_url": ADVISORY}}, "record": "public", "cve_org": "RESERVED"}),
    )
}

/// A case read with the configuration of these tests, and what is planned for it.
struct Planned {
    plan: TrackerPlan,
    case: Case,
}

fn read(case: &Value, config: &Value) -> (Case, Basis, jiff::Timestamp) {
    let mut config: Config = serde_json::from_value(over(CONFIG.clone(), config)).unwrap();
    let given = wire::read_value(case, &mut config).unwrap_or_else(|e| panic!("{e} in {case:#}"));
    assert!(given.problems.is_empty(), "{:?}", given.problems);
    let basis = Basis::new(config, Library::builtin().clone()).unwrap();
    (given.case, basis, given.now.unwrap())
}

fn plan_with(case: &Value, config: &Value) -> Planned {
    let (case, basis, now) = read(case, config);
    let plan = plan_one(&View::new(&case, basis.ground("ann", now)), 1);
    Planned { plan, case }
}

fn plan(case: &Value) -> Planned {
    plan_with(case, &json!({}))
}

/// The record of a case as it would be generated.
fn built(case: &Value) -> Value {
    let (case, basis, now) = read(case, &json!({}));
    View::new(&case, basis.ground("ann", now)).built().record.to_value()
}

/// A gate over a case.
fn gate(case: &Value, config: &Value, f: impl Fn(&View<'_>) -> GateReport) -> GateReport {
    let (case, basis, now) = read(case, config);
    f(&View::new(&case, basis.ground("ann", now)))
}

impl Planned {
    fn stage(&self) -> &'static str {
        self.plan.position.stage.name()
    }

    fn rules(&self) -> Vec<&str> {
        self.plan.items.iter().map(|i| i.rule.as_str()).collect()
    }

    /// The one item of a rule.
    fn item(&self, rule: &str) -> &Item {
        let mut found = self.plan.items.iter().filter(|i| i.rule == rule);
        let first = found.next().unwrap_or_else(|| panic!("no {rule} among {:?}; {self}", self.rules()));
        assert!(found.next().is_none(), "two items of {rule}");
        first
    }

    fn has(&self, rule: &str) -> bool {
        self.rules().contains(&rule)
    }

    fn lacks(&self, rule: &str) {
        assert!(!self.has(rule), "{rule} among {:?}; {self}", self.rules());
    }

    /// Labels added (`+`) and removed (`-`) by steps, in order of the alphabet.
    fn flips(steps: &[Step]) -> Vec<String> {
        let mut out = Vec::new();
        for s in steps {
            if let Change::SetLabels { add, remove, .. } = &s.effect {
                out.extend(add.iter().map(|l| format!("+{l}")));
                out.extend(remove.iter().map(|l| format!("-{l}")));
            }
        }
        out
    }

    fn labels(&self, rule: &str) -> Vec<String> {
        Self::flips(&self.item(rule).steps)
    }

    /// The value an item sets a field to.
    fn field(&self, rule: &str, role: &str) -> String {
        let set = |s: &Step| match &s.effect {
            Change::SetField { role: r, value, .. } if r.as_str() == role => Some(value.preview()),
            _ => None,
        };
        self.item(rule)
            .steps
            .iter()
            .find_map(set)
            .unwrap_or_else(|| panic!("{rule} does not set {role}; {self}"))
    }

    /// The arms of the choice in an item.
    fn arms(&self, rule: &str) -> &std::collections::BTreeMap<String, Vec<Step>> {
        let choice = |s: &'_ Step| matches!(s.effect, Change::Choose { .. });
        match self.item(rule).steps.iter().find(|s| choice(s)).map(|s| &s.effect) {
            Some(Change::Choose { arms, .. }) => arms,
            _ => panic!("{rule} holds no choice; {self}"),
        }
    }

    /// Every effect, those in arms included.
    fn effects(&self) -> Vec<&Effect> {
        self.plan.items.iter().flat_map(Item::effects).collect()
    }

    /// Names of the effects of an item, in order.
    fn names(&self, rule: &str) -> Vec<&'static str> {
        self.item(rule).steps.iter().map(|s| s.effect.name()).collect()
    }

    /// Events of the letters, those in arms once each.
    fn letters(&self) -> Vec<String> {
        let mut out = Vec::new();
        for e in self.effects() {
            if let Change::MailDraft { letter, .. } = e
                && !out.contains(&letter.event)
            {
                out.push(letter.event.clone());
            }
        }
        out
    }

    /// Subject, words and question of the one letter.
    fn letter(&self) -> (String, String, bool) {
        let mut found = self.effects().into_iter().filter_map(|e| match e {
            Change::MailDraft { letter, .. } => Some(letter),
            _ => None,
        });
        let l = found.next().unwrap_or_else(|| panic!("no letter; {self}"));
        let (subject, body) = l.preview();
        (subject, body, l.asks_credit)
    }

    fn assigns(&self, rule: &str) -> Vec<String> {
        let set = |s: &Step| match &s.effect {
            Change::SetAssignees { assignees, .. } => Some(assignees.iter().cloned().collect()),
            _ => None,
        };
        self.item(rule).steps.iter().find_map(set).unwrap_or_default()
    }

    fn blocker(&self, words: &str) {
        assert!(self.plan.blockers.iter().any(|b| b.contains(words)), "no blocker `{words}`; {self}");
    }

    fn notice(&self, words: &str) {
        let items = self.plan.items.iter().flat_map(|i| &i.notices);
        let mut all = self.plan.notices.iter().chain(items);
        assert!(all.any(|b| b.contains(words)), "no notice `{words}`; {self}");
    }
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let p = &self.plan;
        writeln!(f, "{}", self.stage())?;
        for i in &p.items {
            let steps: Vec<&str> = i.steps.iter().map(|s| s.effect.name()).collect();
            writeln!(
                f,
                "  {} {} {steps:?} after {:?} blocked {:?} {:?}",
                i.n, i.rule, i.after, i.blocked, i.notices
            )?;
        }
        writeln!(f, "  blockers {:#?}\n  notices {:#?}", p.blockers, p.notices)
    }
}
