//! The release that holds the fix is out (sync page §3 T7, §7): two stages stand before the hand-off. The fields first,
//! then the record's own state, asked at apply: one yes covers hand-off and fill-the-fields.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Proposal, View, column, comments,
    manager::{self, Manager},
    record,
    target::{self, Shipped},
    tell::{self, Event},
};
use crate::{
    case::{Artifact, Evidence, RecordStage},
    plan::{Action, ActionKind, Effect, Precondition, Probe, Told, effect::Change},
    rules::stage::Stage,
    tracker::{Column, LabelRole},
};

/// What the gate says, for the plan and for `x gate release`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// What stops the hand-off: code and words.
    pub blockers: Vec<(&'static str, String)>,
    /// What to look at.
    pub warnings: Vec<(&'static str, String)>,
}

/// Judge the gate (sync page §7). `Unknown` states of registry or record block and are never read as no or yes.
#[must_use]
pub fn gate(v: &View<'_>) -> Gate {
    let mut g = Gate::default();
    if !v.t.state.is_open() {
        g.blockers.push(("closed", format!("{} is closed", v.name)));
    }
    if v.has(LabelRole::FixReleased) || v.labels.advisory_sent() {
        g.blockers.push(("already-released", "it is past the gate already".into()));
    }
    if v.labels.needs_split() {
        g.blockers.push(("two-scopes", "two scope labels: split it first".into()));
    }
    if v.cve.is_none() {
        g.blockers.push(("no-cve", "no CVE is allocated".into()));
    }
    if !v.merged() {
        g.blockers.push(("not-merged", "the fix is not merged".into()));
    }
    match target::shipped(v) {
        Shipped::Yes(_) => {}
        Shipped::No(why) => g.blockers.push(("not-shipped", why)),
        Shipped::Ask(why) => g.blockers.push(("ask-shipped", why)),
        Shipped::Unknown(why) => {
            let why = if why.is_empty() { "nobody asked a registry".to_owned() } else { why };
            g.blockers.push(("release-unknown", why));
        }
    }
    for m in comments::missing(v) {
        g.blockers.push(("field", format!("{}: {}", m.role, m.why)));
    }
    for (rule, _, text) in super::fields::hygiene(v) {
        g.blockers.push((rule, text));
    }
    if v.has_record_tool() && record::reviewed(v) {
        match v.record() {
            RecordStage::Allocated => {
                g.blockers.push(("record-allocated", "the record is still a draft at its authority".into()));
            }
            RecordStage::Unknown => {
                let why = v.o.record.failure().unwrap_or("its state was not read");
                g.blockers.push(("record-unknown", format!("state unverified: {why}")));
            }
            RecordStage::Retracted => {
                g.blockers.push(("record-retracted", "the record was withdrawn".into()))
            }
            _ => {}
        }
    }
    match manager::find(v) {
        Manager::Unknown(why) => g.blockers.push(("no-release-manager", why)),
        Manager::Known { handle, email, source, others } => {
            if handle.is_empty() {
                g.blockers.push((
                    "no-handle",
                    format!("{email} is release manager by {source}, and has no handle on the roster"),
                ));
            } else if v.may_assign(&handle) == Some(false) {
                g.blockers.push(("not-collaborator", format!("@{handle} is release manager by {source}, and cannot be assigned here: invite them first")));
            }
            for o in others {
                g.warnings.push(("other-manager", format!("another source names {o}")));
            }
        }
    }
    if !g.blockers.is_empty() {
        g.warnings.clear();
    }
    g
}

/// The label of a release that is not out: what says so. Set by hand, or the release was withdrawn or its tag moved since.
#[must_use]
pub fn contradicted(v: &View<'_>) -> Option<String> {
    let early = v.t.state.is_open() && v.has(LabelRole::FixReleased) && !v.labels.advisory_sent();
    match target::shipped(v) {
        Shipped::No(why) if early => Some(why),
        _ => None,
    }
}

/// The hand-off, as one conditional item.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if let Some(why) = contradicted(v) {
        let label = v.g.labels.name(LabelRole::FixReleased);
        out.blockers.push(format!(
            "it is labelled `{label}`, and {why}: take the label off (`tipstaff edit {} label \"-{label}\"`), or correct the milestone or the fix", v.t.reference.number
        ));
    }
    if !v.t.state.is_open()
        || v.has(LabelRole::FixReleased)
        || v.labels.advisory_sent()
        || v.cve.is_none()
        || !v.merged()
    {
        return;
    }
    let shipped = match target::shipped(v) {
        Shipped::Yes(out) => out,
        Shipped::No(_) => return,
        Shipped::Ask(why) => {
            out.blockers.push(why);
            return;
        }
        Shipped::Unknown(why) => {
            if !why.is_empty() {
                out.notices.push(format!("whether the fix is released is not known: {why}"));
            }
            return;
        }
    };
    let released: Vec<String> =
        shipped.iter().map(|a| format!("{} {}", a.package, a.version).trim().to_owned()).collect();
    let released = released.join(", ");
    let evidence = evidence(v, &shipped);
    let missing = comments::missing(v);
    let hygiene = super::fields::hygiene(v);
    if !missing.is_empty() || !hygiene.is_empty() {
        // Stage 1: the tracker stays with the developer, and is told once which fields are missing.
        let mut p = Proposal::new(
            "sync.fill-fields",
            format!("{} cannot be handed over yet: its fields are not ready", v.name),
            evidence,
        );
        let mut all = missing;
        all.extend(hygiene.into_iter().map(|(_, role, why)| comments::Missing { role, why }));
        out.notices.extend(all.iter().map(|m| format!("{}: {}", m.role, m.why)));
        if let Some(effect) = comments::fill_fields(v, &all, &format!("{released} is out")) {
            p = p.step(effect, Vec::new());
            out.items.push(p.next(Stage::Shipped.next()).note(
                Action::with(ActionKind::Sync, "fill fields"),
                format!("{released} is out, the fields are not ready"),
                all.iter().map(|m| format!("- {}: {}", m.role, m.why)).collect::<Vec<_>>().join("\n"),
                Told::NotTold("the release is told once the advisory can be prepared".into()),
            ));
        }
        return;
    }
    let manager = match manager::find(v) {
        Manager::Unknown(why) => {
            out.blockers.push(format!("{released} is out, and {why}"));
            return;
        }
        Manager::Known { handle, email, source, others } => {
            out.notices.extend(others.iter().map(|o| format!("another source names {o} as release manager")));
            if handle.is_empty() {
                out.blockers
                    .push(format!("{email} is release manager by {source}, and has no handle on the roster"));
                return;
            }
            (handle, source)
        }
    };
    let (manager, source) = manager;
    let mut p = Proposal::new(
        "sync.released",
        format!("{released} is out: hand {} to its release manager", v.name),
        evidence,
    );
    p.details.push(("release manager".into(), format!("@{manager} by {source}")));
    if v.may_assign(&manager) == Some(false) {
        // GitHub drops such a write without a word; an unassigned hand-off would be lost (hard case 17).
        p.blocked = Some(format!("@{manager} cannot be assigned on this tracker: invite them first"));
    }
    let arm = hand_over(v, &manager, &released, out);
    p = p.next(Stage::RmQueue.next());
    p.after = vec!["sync.merged", "sync.milestone", "sync.sentinel", "sync.record"];
    if v.has_record_tool() && record::reviewed(v) {
        let cve = v.cve.clone().unwrap_or_default();
        let mut arms: BTreeMap<String, Vec<(Effect, Vec<Precondition>)>> = BTreeMap::new();
        for state in [RecordStage::ReviewReady, RecordStage::PublishReady, RecordStage::Public] {
            arms.insert(state.as_str().into(), arm.clone());
        }
        let behind = comments::record_behind(v).map(|e| (e, Vec::new())).into_iter().collect();
        arms.insert(RecordStage::Allocated.as_str().into(), behind);
        p = super::choose(p, v, Probe::RecordState { cve }, arms);
        p.details.push((
            "record".into(),
            format!("{} when this was planned; asked again at apply", v.record().as_str()),
        ));
        if v.record() == RecordStage::Unknown {
            let why = v.o.record.failure().unwrap_or("its state was not read");
            p.notices.push(format!("state unverified: {why}; an unknown state hands nothing over"));
        }
    } else {
        for (effect, requires) in arm {
            p = p.step(effect, requires);
        }
    }
    out.items.push(p);
}

fn evidence(v: &View<'_>, shipped: &[Artifact]) -> Vec<Evidence> {
    shipped
        .iter()
        .map(|a| {
            let at = a.at.map(|at| format!(" on {}", super::day(v, at))).unwrap_or_default();
            let url = if a.url.is_empty() { String::new() } else { format!(", {}", a.url) };
            Evidence::new(
                "sync.released",
                format!("{} {} is published{at}{url}", a.package, a.version).trim().to_owned(),
                v.o.artifacts.source(),
            )
        })
        .collect()
}

/// What happens when the gate is clear: label, manager, column, hand-off, status, letter.
fn hand_over(
    v: &View<'_>,
    manager: &str,
    released: &str,
    out: &mut super::Gathered,
) -> Vec<(Effect, Vec<Precondition>)> {
    let key = v.t.key.clone();
    let remove: BTreeSet<String> = v
        .t
        .labels
        .iter()
        .filter(|l| {
            matches!(v.g.labels.role(l), Some(LabelRole::PrOpen | LabelRole::PrMerged | LabelRole::RcVoting))
        })
        .cloned()
        .collect();
    // The label of the merge is removed by its name: an item before this one may have set it only just now.
    let merged = v.g.labels.name(LabelRole::PrMerged).to_owned();
    let remove = remove.into_iter().chain([merged]).collect();
    let add: BTreeSet<String> = [v.g.labels.name(LabelRole::FixReleased).to_owned()].into();
    let was = Precondition::LabelIs {
        tracker: key.clone(),
        label: v.g.labels.name(LabelRole::FixReleased).to_owned(),
        present: false,
    };
    let mut steps: Vec<(Effect, Vec<Precondition>)> =
        vec![(Change::SetLabels { tracker: key.clone(), add, remove }, vec![was])];
    if !(v.t.assignees.len() == 1 && v.t.assignees[0].eq_ignore_ascii_case(manager)) {
        let assignees = BTreeSet::from([manager.to_owned()]);
        steps.push((Change::SetAssignees { tracker: key.clone(), assignees }, Vec::new()));
    }
    steps.extend(column::to(v, Column::FixReleased).map(|e| (e, Vec::new())));
    steps.extend(comments::hand_off(v, manager, released).map(|e| (e, Vec::new())));
    let letter = if tell::due(v, &[Event::Released]) == Some(Event::Released) {
        out.conditional = Some(Event::Released);
        tell::letter(v, Event::Released)
    } else {
        Err(Told::NotNeeded("they know of a later step already".into()))
    };
    super::with_entry(
        v,
        "sync.released",
        steps,
        super::proposal::Note {
            action: Action::with(ActionKind::Sync, "fix released"),
            headline: format!("{released} is out with the fix"),
            body: format!("Handed to the release manager, {}.", v.mention(manager)),
            told: Told::NotTold("not yet".into()),
        },
        Stage::RmQueue.next(),
        letter,
    )
}
