//! Applying an approved plan: lease, precondition, clearance, intent, act, receipt (DESIGN §2, Apply).
//!
//! The engine does no I/O of its own; it drives [`Journal`] and [`World`]. A step with a receipt is never made
//! again; an intent without one is looked up first. A world that moved refuses the item, a port that fails stops
//! the run, and everything is said in the [`Report`].

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    Approved, Effect, Item, ItemNo, Step,
    effect::{Change, Clearing},
    ports::{By, Holding, Journal, Lookup, PortError, Receipt, StepState, World},
};
use crate::{
    case::Fact,
    confidential::{Policy, Slot, SlotValue},
};

/// The value of a receipt that fills [`Slot::PrUrl`] in the steps after it.
pub const PR_URL: &str = "pr_url";

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// Made now.
    Done(Receipt),
    /// Made before; the journal has its receipt.
    Already(Receipt),
    /// Found made after an interrupted run.
    Found(Receipt),
    /// A choice that took this arm.
    Took(String),
    /// Not reached.
    NotReached,
}

/// How an item ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ItemOutcome {
    /// Every step is made.
    Applied,
    /// The world moved, or the policy refused; nothing further of it was done.
    Refused {
        /// Why.
        why: String,
    },
    /// A person must look before it can go on.
    NeedsPerson {
        /// What to look at.
        why: String,
    },
    /// A port failed.
    Failed {
        /// What happened and what to do.
        why: String,
    },
    /// Not started, because an earlier failure stopped the run or an item it depends on was refused.
    NotStarted {
        /// Why.
        why: String,
    },
}

/// What happened to one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemReport {
    /// Its number.
    pub n: ItemNo,
    /// Its headline.
    pub headline: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: ItemOutcome,
    /// Its steps: name, key and outcome.
    pub steps: Vec<(String, String, StepOutcome)>,
    /// Who owns the next move.
    pub next: String,
}

/// What happened to an approved plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One entry per approved item.
    pub items: Vec<ItemReport>,
}

impl Report {
    /// Did every approved item end well?
    #[must_use]
    pub fn complete(&self) -> bool {
        self.items.iter().all(|i| i.outcome == ItemOutcome::Applied)
    }

    /// Did a port fail?
    #[must_use]
    pub fn failed(&self) -> bool {
        self.items.iter().any(|i| matches!(i.outcome, ItemOutcome::Failed { .. }))
    }
}

enum Stop {
    Refused(String),
    Person(String),
    Failed(String),
}

impl From<PortError> for Stop {
    fn from(e: PortError) -> Self {
        if e.item_only { Stop::Refused(e.to_string()) } else { Stop::Failed(e.to_string()) }
    }
}

/// The items in the order in which they are made: by number, and each after those it depends on. A plan is numbered as it
/// is read, with what belongs together shown together; that need not be the order of the work.
#[must_use]
pub fn in_order(items: Vec<&Item>) -> Vec<&Item> {
    let here: BTreeSet<ItemNo> = items.iter().map(|i| i.n).collect();
    let mut out: Vec<&Item> = Vec::with_capacity(items.len());
    let mut done: BTreeSet<ItemNo> = BTreeSet::new();
    let mut waiting = items;
    loop {
        let before = out.len();
        waiting.retain(|i| {
            let free = i.after.iter().all(|a| done.contains(a) || !here.contains(a));
            if free {
                done.insert(i.n);
                out.push(i);
            }
            !free
        });
        if out.len() == before {
            // Items that wait for each other are tried in their own order, and refused there.
            out.extend(waiting);
            return out;
        }
    }
}

/// Apply the approved items, each after those it depends on.
pub fn apply<P: Journal + World>(approved: &Approved, policy: &Policy, ports: &mut P) -> Report {
    let digest = approved.approval().plan.clone();
    let by = By { actor: &approved.approval().actor, at: approved.approval().at, plan: &digest };
    let mut report = Report::default();
    let mut applied: BTreeSet<ItemNo> = BTreeSet::new();
    let mut stopped: Option<ItemNo> = None;
    for item in in_order(approved.items().collect()) {
        let blocked_by = item.after.iter().find(|a| !applied.contains(a));
        let (outcome, steps) = if let Some(first) = stopped {
            (ItemOutcome::NotStarted { why: format!("item {first} failed") }, not_reached(item))
        } else if let Some(first) = blocked_by {
            (ItemOutcome::NotStarted { why: format!("item {first} was not applied") }, not_reached(item))
        } else {
            run_item(item, policy, ports, by)
        };
        if outcome == ItemOutcome::Applied {
            applied.insert(item.n);
        }
        if matches!(outcome, ItemOutcome::Failed { .. }) && stopped.is_none() {
            stopped = Some(item.n);
        }
        report.items.push(ItemReport {
            n: item.n,
            headline: item.headline.clone(),
            outcome,
            steps,
            next: item.next.clone(),
        });
    }
    report
}

type Steps = Vec<(String, String, StepOutcome)>;

fn not_reached(item: &Item) -> Steps {
    item.steps.iter().map(|s| entry(s, StepOutcome::NotReached)).collect()
}

fn entry(step: &Step, outcome: StepOutcome) -> (String, String, StepOutcome) {
    (step.effect.name().into(), step.key.to_string(), outcome)
}

fn run_item<P: Journal + World>(
    item: &Item,
    policy: &Policy,
    ports: &mut P,
    by: By<'_>,
) -> (ItemOutcome, Steps) {
    let mut done = Vec::new();
    let mut end = ports.lease(&item.subject).map_err(Stop::from);
    if end.is_ok() {
        for step in &item.steps {
            end = run_step(&item.subject, step, policy, ports, by, &mut done);
            if end.is_err() {
                break;
            }
        }
        if let Err(e) = ports.release(&item.subject) {
            // What was made since the last write that lasted is gone with it; a report that lists it would lie.
            done.clear();
            let stop = if e.item_only {
                Stop::Refused(e.to_string())
            } else {
                Stop::Failed(format!("{e}; `tipstaff plan resume` goes on from what was kept"))
            };
            end = end.and(Err(stop));
        }
    }
    let reached = done.len();
    done.extend(item.steps.iter().skip(reached).map(|s| entry(s, StepOutcome::NotReached)));
    let outcome = match end {
        Ok(()) => ItemOutcome::Applied,
        Err(Stop::Refused(why)) => match ports.refused(&item.subject, &why, by) {
            Ok(()) => ItemOutcome::Refused { why },
            Err(e) => {
                ItemOutcome::Failed { why: format!("{why}; and the refusal could not be recorded: {e}") }
            }
        },
        Err(Stop::Person(why)) => ItemOutcome::NeedsPerson { why },
        Err(Stop::Failed(why)) => ItemOutcome::Failed { why },
    };
    (outcome, done)
}

fn run_step<P: Journal + World>(
    subject: &str,
    step: &Step,
    policy: &Policy,
    ports: &mut P,
    by: By<'_>,
    done: &mut Steps,
) -> Result<(), Stop> {
    if let Change::Choose { probe, arms } = &step.effect {
        return choose(subject, step, probe, arms, policy, ports, by, done);
    }
    let state = ports.step(&step.key)?;
    if let StepState::Done(receipt) = state {
        done.push(entry(step, StepOutcome::Already(receipt)));
        return Ok(());
    }
    let cleared = clear(subject, &step.effect, policy, ports, by, done)?;
    if state == StepState::Intended {
        match ports.look_up(&step.key, &cleared, by)? {
            Lookup::Done(receipt) => {
                ports.settle(&step.key, &cleared, &receipt, by)?;
                done.push(entry(step, StepOutcome::Found(receipt)));
                return Ok(());
            }
            Lookup::NotDone => {}
            Lookup::CannotTell(why) => return Err(Stop::Person(why)),
        }
    }
    for requires in &step.requires {
        match ports.holds(requires)? {
            Holding::Holds => {}
            Holding::Broken(now) => {
                return Err(Stop::Refused(format!("{}: {now}", step.effect.name())));
            }
            Holding::Unknown(why) => {
                return Err(Stop::Refused(format!(
                    "{}: cannot check what it relies on, {why}",
                    step.effect.name()
                )));
            }
        }
    }
    ports.intend(&step.key, &cleared, by)?;
    let receipt = ports.perform(&step.key, &cleared, by)?;
    done.push(entry(step, StepOutcome::Done(receipt)));
    Ok(())
}

fn clear<P: World>(
    subject: &str,
    effect: &Effect,
    policy: &Policy,
    ports: &P,
    by: By<'_>,
    done: &Steps,
) -> Result<super::ClearedEffect, Stop> {
    let (context, phase) = ports.context(subject)?;
    let approver =
        SlotValue::new(Slot::Approver, &by.actor.handle).map_err(|e| Stop::Refused(e.to_string()))?;
    let day = SlotValue::date(by.at.to_zoned(TimeZone::UTC).date());
    let mut slots = ports.slots(subject)?.with(approver).with(day);
    // What an earlier step of the item was made as, by its receipt.
    for (_, _, outcome) in done {
        if let StepOutcome::Done(r) | StepOutcome::Already(r) | StepOutcome::Found(r) = outcome
            && let Some(url) = r.values.get(PR_URL)
        {
            slots = slots.with(SlotValue::new(Slot::PrUrl, url).map_err(|e| Stop::Refused(e.to_string()))?);
        }
    }
    effect
        .clear(Clearing { policy, slots: &slots, context: &context, phase })
        .map_err(|refusal| Stop::Refused(format!("{}: {refusal}", effect.name())))
}

#[expect(clippy::too_many_arguments, reason = "one arm of run_step, split out to be read on its own")]
fn choose<P: Journal + World>(
    subject: &str,
    step: &Step,
    probe: &super::Probe,
    arms: &std::collections::BTreeMap<String, Vec<Step>>,
    policy: &Policy,
    ports: &mut P,
    author: By<'_>,
    done: &mut Steps,
) -> Result<(), Stop> {
    // An arm that was begun is finished, whatever the probe says now: its own effects may have changed the answer.
    // Arms may share steps, so the one that was begun is the one of which most steps in a row were tried.
    let mut begun = 0;
    let mut ahead: Vec<(&String, &Vec<Step>)> = Vec::new();
    for (name, steps) in arms {
        let mut tried = 0;
        for s in steps {
            if ports.step(&s.key)? == StepState::New {
                break;
            }
            tried += 1;
        }
        if tried > begun {
            ahead.clear();
            begun = tried;
        }
        if tried == begun && tried > 0 {
            ahead.push((name, steps));
        }
    }
    if let [(name, steps)] = ahead.as_slice() {
        return take(subject, step, name, steps, policy, ports, author, done);
    }
    match ports.probe(probe) {
        Fact::Known(answer, source, _) => match arms.get(&answer) {
            Some(steps) => take(subject, step, &answer, steps, policy, ports, author, done),
            None => Err(Stop::Refused(format!("no arm for the answer `{answer}` of {source}"))),
        },
        Fact::Absent(source) => {
            Err(Stop::Person(format!("{source} has no answer to the question this step depends on")))
        }
        Fact::Unknown(why) => {
            Err(Stop::Person(format!("the question this step depends on has no answer: {why}")))
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one arm of run_step, split out to be read on its own")]
fn take<P: Journal + World>(
    subject: &str,
    choice: &Step,
    arm: &str,
    steps: &[Step],
    policy: &Policy,
    ports: &mut P,
    by: By<'_>,
    done: &mut Steps,
) -> Result<(), Stop> {
    // The steps of an arm are reported inside their choice, so that the list stays one line per step of the item.
    let mut inner = Vec::new();
    for s in steps {
        run_step(subject, s, policy, ports, by, &mut inner)?;
    }
    let what: Vec<String> = inner
        .iter()
        .map(|(name, _, outcome)| match outcome {
            StepOutcome::Done(r) | StepOutcome::Already(r) | StepOutcome::Found(r) => r.what.clone(),
            _ => name.clone(),
        })
        .collect();
    let what = if what.is_empty() { format!("{arm}: nothing to do") } else { what.join("; ") };
    done.push(entry(choice, StepOutcome::Took(what)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Group;

    fn item(n: u32, after: &[u32]) -> Item {
        Item {
            n: ItemNo(n),
            rule: "test".into(),
            subject: "t-1".into(),
            headline: String::new(),
            details: Vec::new(),
            why: Vec::new(),
            steps: Vec::new(),
            after: after.iter().map(|a| ItemNo(*a)).collect(),
            needs: Vec::new(),
            group: Group::Proposed,
            blocked: None,
            notices: Vec::new(),
            next: String::new(),
        }
    }

    #[test]
    fn an_item_is_made_after_those_it_depends_on_wherever_they_stand() {
        type Case<'a> = (&'a [(u32, &'a [u32])], &'a [u32]);
        let cases: &[Case<'_>] = &[
            (&[(1, &[]), (2, &[]), (3, &[])], &[1, 2, 3]),
            (&[(1, &[3]), (2, &[]), (3, &[])], &[2, 3, 1]),
            (&[(1, &[2]), (2, &[3]), (3, &[])], &[3, 2, 1]),
            (&[(1, &[9]), (2, &[])], &[1, 2]),
            (&[(1, &[2]), (2, &[1]), (3, &[])], &[3, 1, 2]),
            (&[(1, &[1])], &[1]),
        ];
        for (items, want) in cases {
            let items: Vec<Item> = items.iter().map(|(n, after)| item(*n, after)).collect();
            let got: Vec<u32> = in_order(items.iter().collect()).iter().map(|i| i.n.0).collect();
            assert_eq!(got, *want);
        }
    }
}
