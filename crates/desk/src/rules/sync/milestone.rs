//! Which release a tracker waits for (sync page §5).

use super::{
    Proposal, View,
    target::{self, Shipped},
    tell::Event,
};
use crate::{
    case::Evidence,
    plan::{Action, ActionKind, Precondition, Told, effect::Change},
    rules::stage::Stage,
    tracker::LabelRole,
};

/// Set or correct the milestone; make it first when the repository has none of that name.
pub fn rule(v: &View<'_>, at: Stage, out: &mut super::Gathered) {
    if !v.t.state.is_open() || v.labels.advisory_sent() || at == Stage::CloseOut {
        return;
    }
    let stale = &v.g.config.tracker.milestones.stale;
    if let Some(m) = v.t.milestone.as_ref().filter(|m| stale.iter().any(|s| s.eq_ignore_ascii_case(m))) {
        out.blockers.push(format!(
            "the milestone `{m}` is retired (tracker.milestones.stale): choose the release that ships the fix"
        ));
        return;
    }
    if let Some(t) = target::train(v).filter(|t| t.retired) {
        out.blockers
            .push(format!("the release train `{}` is retired: choose another for this scope", t.name));
        return;
    }
    let Some(scope) = v.scope() else { return };
    // A wave may be planned before the merge; a version is known by the fix.
    let ready = target::is_wave(scope) && v.has_cve() || !v.fixes().is_empty() || v.has(LabelRole::PrMerged);
    if !ready || v.cve.is_none() {
        return;
    }
    let Some((name, why)) = target::milestone(v) else {
        out.notices.push("no milestone: neither the fix nor the release train names one".into());
        return;
    };
    let known = v.o.milestones.known();
    let found = known.and_then(|all| all.iter().find(|m| m.name.eq_ignore_ascii_case(&name)));
    let name = found.map_or(name, |m| m.name.clone());
    // Closed without the release: the fix will not ship with it. Where nobody could ask a registry, nothing is known.
    let gone = found.filter(|m| !m.open).and_then(|m| match target::shipped(v) {
        Shipped::No(why) => Some(format!(
            "the milestone `{}` is closed, and {why}: choose the release that ships the fix",
            m.name
        )),
        _ => None,
    });
    if v.t.milestone.as_deref().is_some_and(|m| m.eq_ignore_ascii_case(&name)) {
        if !v.has(LabelRole::FixReleased) {
            out.blockers.extend(gone);
        }
        return;
    }
    if stale.iter().any(|s| s.eq_ignore_ascii_case(&name)) {
        out.blockers
            .push(format!("{why} is `{name}`, which is retired: choose the release that ships the fix"));
        return;
    }
    let key = v.t.key.clone();
    let mut p = Proposal::new(
        "sync.milestone",
        format!("{} ships with {name}", v.name),
        vec![Evidence::new("sync.milestone", why.clone(), v.o.pulls.source())],
    );
    p.details.push(("milestone".into(), format!("{} → {name}", v.t.milestone.as_deref().unwrap_or("none"))));
    if known.is_some() && found.is_none() {
        // Copied from the fix's own milestone of that name, and never guessed (sync page §5, 4).
        let due = v.fixes().iter().filter(|f| f.milestone == name).find_map(|f| f.milestone_due);
        p = p.step(Change::CreateMilestone { name: name.clone(), due }, Vec::new());
        p.notices.push(match due {
            Some(day) => format!("the milestone `{name}` is made first, due {day} as upstream's is"),
            None => format!("the milestone `{name}` is made first, without a due date"),
        });
    }
    if found.is_some_and(|m| !m.open) {
        p.notices.push(format!("the milestone `{name}` is closed"));
        p.blocked = gone;
    }
    let was = Precondition::MilestoneIs { tracker: key.clone(), milestone: v.t.milestone.clone() };
    let p = p.step(Change::SetMilestone { tracker: key, milestone: Some(name.clone()) }, vec![was]).note(
        Action::with(ActionKind::Sync, "milestone"),
        format!("Scheduled for {name}"),
        why,
        Told::NotTold("with the next letter".into()),
    );
    if v.has(LabelRole::FixReleased) {
        // It is out: the reporter heard of the release itself.
        out.items.push(p);
    } else {
        out.push_with(p, Event::Scheduled);
    }
}
