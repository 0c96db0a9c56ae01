//! What a plan opens stands in the same plan (sync page §3: lagging labels chain, every guard kept). The case is taken as it
//! will be once the proposals are applied, the rules look again, and what is new comes after the items it rests on.

use std::collections::BTreeSet;

use super::{Gathered, Ground, Proposal, View, gather, kept::Kept};
use crate::{
    case::{Case, Fact, Milestone, Record, RecordStage},
    plan::{Effect, Group, Precondition, Probe, Step, effect::Change},
    tracker::{CloseReason, Comment, FieldRole, Marked, State, marked},
};

/// How often the rules look again; three rounds are the most a tracker was seen to need.
const ROUNDS: usize = 6;

/// The case as it would be once those proposals are applied that a bare `all` covers.
#[must_use]
pub fn project<'p>(v: &View<'_>, items: impl IntoIterator<Item = &'p Proposal>) -> Case {
    let mut then = v.case.clone();
    for p in items {
        if counts(&then, p) {
            p.steps.iter().for_each(|(effect, _)| apply_in(v, &mut then, effect));
        }
    }
    then
}

/// Is it known what becomes of the tracker with it? Not where a person must name it first, nor where the answer of a
/// choice is still open.
pub(super) fn counts(case: &Case, p: &Proposal) -> bool {
    let open = |e: &Effect| matches!(e, Change::Choose { .. }) && arm(case, e).is_none();
    p.blocked.is_none() && p.group == Group::Proposed && !p.steps.iter().any(|(e, _)| open(e))
}

/// The arm that would be taken now. A record that this plan may still push into review has no answer yet.
fn arm<'e>(case: &Case, effect: &'e Effect) -> Option<&'e [Step]> {
    let Change::Choose { probe: Probe::RecordState { .. }, arms } = effect else { return None };
    let state = case.observed.record.known()?.state;
    let settled = state.is_reviewable().then(|| arms.get(state.as_str()))?;
    settled.map(Vec::as_slice)
}

/// One change, in memory. Status entries and letters change nothing that a rule of the same plan asks for.
pub fn apply(case: &mut Case, effect: &Effect, g: Ground<'_>) {
    apply_with(case, effect, g, &Kept::default());
}

/// The same in a plan for that tracker, whose looks share what was read.
pub(super) fn apply_in(v: &View<'_>, case: &mut Case, effect: &Effect) {
    apply_with(case, effect, v.g, &v.kept);
}

fn apply_with(case: &mut Case, effect: &Effect, g: Ground<'_>, kept: &Kept) {
    if effect.tracker().is_some_and(|t| *t != case.tracker.key) {
        return;
    }
    match effect {
        Change::SetField { role, value, .. } => {
            if let Some(body) = kept.write(&case.tracker.body, *role, &value.preview(), g) {
                case.tracker.body = body;
            }
        }
        Change::SetTitle { title, .. } => case.tracker.title = title.preview(),
        Change::SetLabels { add, remove, .. } => {
            let labels = &mut case.tracker.labels;
            labels.retain(|l| !remove.iter().any(|r| r.eq_ignore_ascii_case(l)));
            labels.extend(add.iter().cloned());
        }
        Change::SetMilestone { milestone, .. } => case.tracker.milestone.clone_from(milestone),
        Change::CreateMilestone { name, due } => {
            if let Fact::Known(all, ..) = &mut case.observed.milestones {
                let made = Milestone {
                    name: name.clone(),
                    open: true,
                    due: *due,
                    open_trackers: 1,
                    ..Milestone::default()
                };
                all.push(made);
            }
        }
        Change::CloseMilestone { name } => {
            if let Fact::Known(all, ..) = &mut case.observed.milestones {
                all.iter_mut().filter(|m| m.name == *name).for_each(|m| m.open = false);
            }
        }
        Change::SetAssignees { assignees, .. } => {
            case.tracker.assignees = assignees.iter().cloned().collect();
        }
        Change::MoveCard { column, .. } => case.tracker.column = Some(column.clone()),
        Change::ArchiveCard { archived, .. } => case.tracker.archived = *archived,
        Change::RemoveComment { comment, .. } => case.tracker.comments.retain(|c| c.id != *comment),
        Change::PostMarked { kind, text, .. } => post(case, *kind, &text.preview(), g),
        Change::AttachRecord { record, .. } => case.observed.attached = Some(record.preview()),
        Change::PushRecord { state, record, .. } => {
            if matches!(case.observed.record, Fact::Absent(_)) {
                case.observed.record = Fact::stated(Record::default(), "the authority", g.now);
            }
            if let Fact::Known(r, ..) = &mut case.observed.record {
                r.state = r.state.max(*state);
                r.json = serde_json::from_str(&record.preview()).ok();
            }
        }
        Change::PublishRecord { record, .. } => {
            if let Fact::Known(r, ..) = &mut case.observed.record {
                r.state = RecordStage::Public;
                r.json = serde_json::from_str(&record.preview()).ok();
            }
        }
        Change::RetractRecord { .. } => {
            if let Fact::Known(r, ..) = &mut case.observed.record {
                r.state = RecordStage::Retracted;
            }
        }
        Change::Close { .. } => {
            case.tracker.state = State::Closed { reason: CloseReason::Completed };
            case.closed = Some(g.now);
        }
        Change::Reopen { .. } => case.tracker.state = State::Open,
        Change::Choose { .. } => {
            for s in arm(case, effect).unwrap_or_default() {
                apply_with(case, &s.effect, g, kept);
            }
        }
        // Which id is reserved is not known before.
        Change::ReserveId { .. }
        | Change::OpenPullRequest { .. }
        | Change::CreateTracker { .. }
        | Change::SetFate { .. }
        | Change::AppendEntry { .. }
        | Change::Comment { .. }
        | Change::MailDraft { .. }
        | Change::PrepareHost { .. }
        | Change::RecordRejection { .. } => {}
    }
}

fn post(case: &mut Case, kind: Marked, text: &str, g: Ground<'_>) {
    let body = format!("{}\n{text}", kind.marker());
    let there = marked(&case.tracker.comments, kind, g.roster).map(|c| c.id.clone());
    // The rules trust a marker of the team alone.
    let member = g.roster.by_handle(g.actor).or_else(|| g.roster.people.first());
    let author = member.map_or_else(|| g.actor.to_owned(), |p| p.handle.clone());
    let comments = &mut case.tracker.comments;
    match comments.iter_mut().find(|c| there.as_ref() == Some(&c.id)) {
        Some(c) => c.body = body,
        None => comments.push(Comment { id: format!("planned-{}", kind.as_str()), author, at: g.now, body }),
    }
}

/// Does a rule read what it changes? Cards, comments and letters are read by those alone that write them.
fn opens(effect: &Effect) -> bool {
    matches!(
        effect,
        Change::SetField { .. }
            | Change::SetTitle { .. }
            | Change::SetLabels { .. }
            | Change::SetMilestone { .. }
            | Change::SetAssignees { .. }
            | Change::Close { .. }
            | Change::Reopen { .. }
            | Change::Choose { .. }
    )
}

/// What an item is about: its rule, its kinds of change, and the fields it writes.
fn slot(p: &Proposal) -> (&'static str, Vec<(&'static str, Option<FieldRole>)>) {
    let one = |e: &Effect| match e {
        Change::SetField { role, .. } => (e.name(), Some(*role)),
        _ => (e.name(), None),
    };
    (p.rule, p.steps.iter().map(|(e, _)| one(e)).collect())
}

/// Is it nothing the plan holds already? An item that waits for a person's word is not proposed a second time in another
/// shape.
fn is_new(case: &Case, p: &Proposal, items: &[Proposal]) -> bool {
    !items.iter().any(|i| i.rule == p.rule && (!counts(case, i) || slot(i) == slot(p)))
}

/// Chain what this plan opens until nothing new comes. The case in which the last of it was proposed; none when nothing was.
pub fn extend(v: &View<'_>, out: &mut Gathered) -> Option<Case> {
    let mut last = None;
    for _ in 0..ROUNDS {
        let opening = |p: &Proposal| counts(v.case, p) && p.steps.iter().any(|(e, _)| opens(e));
        if out.halt.is_some() || v.scopes.len() > 1 || !out.items.iter().any(opening) {
            break;
        }
        let case = project(v, &out.items);
        let more = gather(&v.again(&case));
        if more.halt.is_some() || !more.items.iter().any(|p| is_new(v.case, p, &out.items)) {
            break;
        }
        let needs = needed(v, &out.items, &more.items);
        let base = out.items.len();
        let mut place = Vec::with_capacity(more.items.len());
        let mut fresh = Vec::new();
        for (mut p, needs) in more.items.into_iter().zip(needs) {
            let new = is_new(v.case, &p, &out.items);
            place.push(new.then_some(base + fresh.len()));
            if new {
                rests_on(v, &case, &mut p, &needs, &out.items);
                fresh.push(p);
            }
        }
        out.items.append(&mut fresh);
        let events = more.events.iter().filter_map(|(at, e)| Some((place.get(*at).copied()??, *e)));
        out.events.extend(events);
        out.conditional = more.conditional.or(out.conditional);
        last = Some(case);
    }
    last
}

/// For each of the later proposals the earlier ones without which the rules would not propose it as it is.
fn needed(v: &View<'_>, before: &[Proposal], later: &[Proposal]) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new(); later.len()];
    let all: Vec<usize> =
        (0..before.len()).filter(|at| before.get(*at).is_some_and(|p| counts(v.case, p))).collect();
    for at in all.iter().copied().filter(|at| before.get(*at).is_some_and(|p| !p.steps.is_empty())) {
        let others = before.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, p)| p);
        let case = project(v, others);
        let without = gather(&v.again(&case));
        for (needs, p) in out.iter_mut().zip(later) {
            if !without.items.iter().any(|w| w.rule == p.rule && w.steps == p.steps) {
                needs.push(at);
            }
        }
    }
    // Two items of which either would do: it waits for both.
    for needs in out.iter_mut().filter(|n| n.is_empty()) {
        needs.clone_from(&all);
    }
    out
}

/// Tie a proposal to those it rests on. What an approval cannot promise, which arm of a choice is taken, is asked again
/// when it is made.
fn rests_on(v: &View<'_>, then: &Case, p: &mut Proposal, needs: &[usize], items: &[Proposal]) {
    for before in needs.iter().filter_map(|at| items.get(*at)) {
        if before.rule != p.rule {
            p.after.push(before.rule);
        }
        let arms = before.steps.iter().filter_map(|(e, _)| arm(then, e).or_else(|| arm(v.case, e)));
        let mut labels: BTreeSet<&String> = BTreeSet::new();
        let mut closes = false;
        for s in arms.flatten() {
            match &s.effect {
                Change::SetLabels { add, remove, .. } => labels.extend(add.iter().chain(remove)),
                Change::Close { .. } => closes = true,
                _ => {}
            }
        }
        let tracker = v.t.key.clone();
        p.relies.extend(labels.into_iter().map(|l| Precondition::LabelIs {
            tracker: tracker.clone(),
            label: l.clone(),
            present: then.tracker.labels.iter().any(|t| t.eq_ignore_ascii_case(l)),
        }));
        if closes {
            p.relies.push(Precondition::TrackerIs { tracker, open: false });
        }
    }
}
