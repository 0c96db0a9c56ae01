//! Plumbing over cases: where a tracker stands, what would be proposed, whether a gate opens (DESIGN §7, `docs/case.md`).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use desk::{
    case::{
        Case,
        wire::{self, AskedBy},
    },
    config::Config,
    plan::{Effect, Item, Step, effect::Change},
    reply::Library,
    rules::{
        gate::{self, GateReport},
        stage,
        sync::{self, Basis, Bucket, Ground, TrackerPlan, View},
    },
    tracker::TrackerKey,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{args::GateName, desk_cmd::file};
use crate::app::{AppError, Setting, error::Result};

/// Cases with everything the rules read beside them.
struct Table {
    basis: Basis,
    cases: Vec<Case>,
    actor: AskedBy,
    problems: Vec<String>,
    now: Timestamp,
}

impl Table {
    fn read(inputs: &[PathBuf], mut config: Config, setting: &Setting) -> Result<Self> {
        let mut cases = Vec::new();
        let mut problems = Vec::new();
        let mut now = None;
        let mut actor = AskedBy::default();
        for path in inputs {
            for given in read(path, &mut config)? {
                now = now.or(given.now);
                if !given.actor.handle.is_empty() || !given.actor.roles.is_empty() {
                    actor = given.actor;
                }
                problems.extend(given.problems.into_iter().map(|p| format!("{}: {p}", path.display())));
                cases.push(given.case);
            }
        }
        let now = if setting.now_given { setting.now } else { now.unwrap_or(setting.now) };
        let basis = Basis::new(config, Library::builtin().clone())?;
        Ok(Self { basis, cases, actor, problems, now })
    }

    fn ground(&self) -> Ground<'_> {
        self.basis.ground(&self.actor.handle, self.now)
    }
}

/// A file holds one case, or a list of them.
fn read(path: &Path, config: &mut Config) -> Result<Vec<wire::Given>> {
    let text = file(path)?;
    let wrong = |what: String| {
        AppError::usage(format!("{}: {what}", path.display()))
            .next("docs/case.md shows what a case looks like")
    };
    let value: Value = serde_json::from_str(&text).map_err(|e| wrong(format!("this is no JSON: {e}")))?;
    let list = match value {
        Value::Array(list) => list,
        one => vec![one],
    };
    list.iter().map(|v| wire::read_value(v, config).map_err(|e| wrong(e.to_string()))).collect()
}

/// `x step`.
///
/// # Errors
/// When the case cannot be read.
pub fn step(input: &Path, config: Config, setting: &Setting) -> Result<Value> {
    let table = Table::read(&[input.into()], config, setting)?;
    let mut out: Vec<Value> = table
        .cases
        .iter()
        .map(|c| {
            let p = stage::position(&View::new(c, table.ground()));
            let steps = p.stage.steps();
            json!({
                "tracker": p.reference, "stage": p.stage.name(), "step": steps.map(|s| s.0), "steps": steps,
                "owner": {"role": p.role, "person": p.person, "why": p.why_person},
                "column": p.column, "next": p.next, "why": p.why, "problems": table.problems,
            })
        })
        .collect();
    Ok(if out.len() == 1 { out.remove(0) } else { Value::Array(out) })
}

/// `x plan`.
///
/// # Errors
/// When a case cannot be read.
pub fn plan(inputs: &[PathBuf], config: Config, setting: &Setting) -> Result<Value> {
    let table = Table::read(inputs, config, setting)?;
    let plans = sync::plan(&table.cases, table.ground());
    let numbers = |b: Bucket| -> Vec<u32> {
        plans
            .iter()
            .flat_map(|p| p.items.iter().zip(&p.buckets).filter(|(_, x)| **x == b).map(|(i, _)| i.n.0))
            .collect()
    };
    let skipped: Vec<Value> = plans
        .iter()
        .filter_map(|p| {
            let why = p.skipped.as_ref()?;
            Some(json!({"tracker": p.position.reference, "stage": p.position.stage.name(), "why": why}))
        })
        .collect();
    let groups = json!({"skipped": skipped, "non_cve": numbers(Bucket::NonCve), "cve": numbers(Bucket::Cve)});
    let trackers: Vec<Value> = plans.iter().map(tracker).collect();
    // One case: its plan stands at the top as well, so that a script need not unwrap a list of one.
    let mut top = match &trackers[..] {
        [one] => one.clone(),
        _ => json!({}),
    };
    if let Some(map) = top.as_object_mut() {
        map.insert("trackers".into(), trackers.into());
        map.insert("groups".into(), groups);
        map.insert("problems".into(), table.problems.clone().into());
    }
    Ok(top)
}

/// What a list of steps comes to.
#[derive(Default)]
struct Net {
    add: BTreeSet<String>,
    remove: BTreeSet<String>,
    milestone: Option<String>,
    assignee: Option<Vec<String>>,
}

impl Net {
    fn of(steps: &[Step], tracker: &TrackerKey) -> Self {
        let mut net = Net::default();
        steps.iter().for_each(|s| net.take(&s.effect, tracker));
        net
    }

    /// What an effect comes to on this tracker; those on one that a split makes are not its own.
    fn take(&mut self, effect: &Effect, tracker: &TrackerKey) {
        if effect.tracker().is_some_and(|t| t != tracker) {
            return;
        }
        match effect {
            Change::SetLabels { add, remove, .. } => {
                for l in add {
                    if !self.remove.remove(l) {
                        self.add.insert(l.clone());
                    }
                }
                for l in remove {
                    if !self.add.remove(l) {
                        self.remove.insert(l.clone());
                    }
                }
            }
            Change::SetMilestone { milestone, .. } => self.milestone.clone_from(milestone),
            Change::SetAssignees { assignees, .. } => {
                self.assignee = Some(assignees.iter().cloned().collect())
            }
            _ => {}
        }
    }

    fn assignee(&self) -> Value {
        match self.assignee.as_deref() {
            None => Value::Null,
            Some([one]) => one.clone().into(),
            Some(many) => many.to_vec().into(),
        }
    }
}

fn tracker(p: &TrackerPlan) -> Value {
    let mut net = Net::default();
    let mut arms: BTreeMap<String, Value> = BTreeMap::new();
    for step in p.items.iter().filter(|i| i.blocked.is_none()).flat_map(|i| &i.steps) {
        net.take(&step.effect, &p.tracker);
        if let Change::Choose { arms: a, .. } = &step.effect {
            for (answer, steps) in a {
                let n = Net::of(steps, &p.tracker);
                let shown: Vec<Value> = steps.iter().map(step_value).collect();
                arms.insert(
                    answer.clone(),
                    json!({"labels": {"add": n.add, "remove": n.remove}, "milestone": n.milestone,
                        "assignee": n.assignee(), "steps": shown}),
                );
            }
        }
    }
    json!({
        "tracker": p.position.reference, "stage": p.position.stage.name(), "owner":
            {"role": p.position.role, "person": p.position.person, "why": p.position.why_person},
        "items": p.items.iter().zip(&p.buckets).map(|(i, b)| item(i, *b)).collect::<Vec<_>>(),
        "labels": {"add": net.add, "remove": net.remove}, "milestone": net.milestone, "assignee": net.assignee(),
        "arms": arms, "blockers": p.blockers, "notices": p.notices, "skipped": p.skipped,
    })
}

fn item(i: &Item, bucket: Bucket) -> Value {
    json!({
        "n": i.n, "rule": i.rule, "headline": i.headline, "details": i.details, "why": i.why,
        "steps": i.steps.iter().map(step_value).collect::<Vec<_>>(), "after": i.after, "needs": i.needs,
        "blocked": i.blocked, "notices": i.notices, "next": i.next, "bucket": bucket,
        "default": i.is_default(),
    })
}

/// A step with the name of its effect and its words as they would be written.
fn step_value(s: &Step) -> Value {
    let mut out = json!({"effect": s.effect.name(), "key": s.key, "requires": s.requires});
    let Some(map) = out.as_object_mut() else { return out };
    let mut put = |k: &str, v: Value| {
        map.insert(k.into(), v);
    };
    match &s.effect {
        Change::SetField { role, value, .. } => {
            put("field", json!(role));
            put("value", value.preview().into());
        }
        Change::SetTitle { title, .. } => put("title", title.preview().into()),
        Change::SetLabels { add, remove, .. } => {
            put("add", json!(add));
            put("remove", json!(remove));
        }
        Change::SetMilestone { milestone, .. } => put("milestone", json!(milestone)),
        Change::CreateMilestone { name, due } => {
            put("milestone", json!(name));
            put("due", json!(due));
        }
        Change::CloseMilestone { name } => put("milestone", json!(name)),
        Change::PrepareHost { part } => put("part", json!(part)),
        Change::SetAssignees { assignees, .. } => put("assignees", json!(assignees)),
        Change::MoveCard { column, .. } => put("column", json!(column)),
        Change::ArchiveCard { archived, .. } => put("archived", json!(archived)),
        Change::Comment { text, .. } => put("text", text.preview().into()),
        Change::RemoveComment { comment, .. } => put("comment", json!(comment)),
        Change::PostMarked { kind, text, .. } => {
            put("kind", json!(kind));
            put("text", format!("{}\n{}", kind.marker(), text.preview()).into());
        }
        Change::AppendEntry { note, .. } => {
            put("action", note.action.to_string().into());
            put("headline", note.headline.preview().into());
            put("text", note.body.preview().into());
            put("next", note.next.preview().into());
            put("told", json!(note.told));
        }
        Change::MailDraft { letter, .. } => {
            let (subject, body) = letter.preview();
            put("event", json!(letter.event));
            put("thread", json!(letter.thread));
            put("to", letter.to.to_string().into());
            put("cc", letter.cc.iter().map(ToString::to_string).collect::<Vec<_>>().into());
            put("subject", subject.into());
            put("text", body.into());
            put("asks_credit", letter.asks_credit.into());
        }
        Change::Close { reason, .. } => put("reason", json!(reason)),
        Change::CreateTracker { title, labels, .. } => {
            put("title", title.preview().into());
            put("labels", json!(labels));
        }
        Change::AttachRecord { cve, .. } | Change::PublishRecord { cve, .. } => put("cve", json!(cve)),
        Change::RetractRecord { cve, reason, .. } => {
            put("cve", json!(cve));
            put("reason", reason.preview().into());
        }
        Change::ReserveId { year, .. } => put("year", json!(year)),
        Change::OpenPullRequest { base, head, title, body, .. } => {
            put("base", base.preview().into());
            put("head", head.preview().into());
            put("title", title.preview().into());
            put("text", body.preview().into());
        }
        Change::PushRecord { cve, state, .. } => {
            put("cve", json!(cve));
            put("state", json!(state));
        }
        Change::Choose { probe, arms } => {
            put("probe", json!(probe));
            let arms: BTreeMap<&String, Vec<Value>> =
                arms.iter().map(|(k, v)| (k, v.iter().map(step_value).collect())).collect();
            put("arms", json!(arms));
        }
        Change::SetFate { .. } | Change::RecordRejection { .. } | Change::Reopen { .. } => {}
    }
    out
}

/// `x gate`.
///
/// # Errors
/// When a case cannot be read, or there are not as many as the gate needs.
pub fn gate(which: GateName, inputs: &[PathBuf], config: Config, setting: &Setting) -> Result<Value> {
    let table = Table::read(inputs, config, setting)?;
    let views: Vec<View<'_>> = table.cases.iter().map(|c| View::new(c, table.ground())).collect();
    let need = if which == GateName::Merge { 2 } else { 1 };
    if views.len() != need {
        let word = if need == 2 { "two cases, the one that is kept first" } else { "one case" };
        return Err(AppError::usage(format!("this gate judges {word}; {} were given", views.len())));
    }
    let mut out = match (which, &views[..]) {
        (GateName::Merge, [keep, dropped]) => report(&gate::merge(keep, dropped))?,
        (GateName::Allocate, [v, ..]) => {
            let mut out = report(&gate::allocate(v))?;
            let may = gate::may_allocate(table.basis.config.cve.gate, &table.actor.roles);
            set(&mut out, "authorised", may.into());
            set(&mut out, "path", if may { "self" } else { "relay" }.into());
            out
        }
        (GateName::Invalidate, [v, ..]) => {
            let (r, notify) = gate::invalidate(v);
            let mut out = report(&r)?;
            set(&mut out, "notify", serde_json::to_value(notify)?);
            out
        }
        (_, [v, ..]) => report(&gate::release(v))?,
        (_, []) => return Err(AppError::usage("no case was given")),
    };
    set(&mut out, "problems", table.problems.clone().into());
    Ok(out)
}

fn report(r: &GateReport) -> Result<Value> {
    Ok(serde_json::to_value(r)?)
}

fn set(value: &mut Value, key: &str, with: Value) {
    if let Some(map) = value.as_object_mut() {
        map.insert(key.into(), with);
    }
}
