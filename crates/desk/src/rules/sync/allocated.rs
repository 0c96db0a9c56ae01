//! The CVE id is in the tracker (sync page §3, T3): the label follows the field, never the other way round.

use super::{Proposal, View, column, tell::Event};
use crate::{
    plan::{Action, ActionKind, Precondition, Told},
    rules::stage::Stage,
    tracker::{Column, FieldRole, LabelRole},
};

/// Label, column and letter of an allocated id; and what contradicts it.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if !v.t.state.is_open() {
        return;
    }
    let link = v.field(FieldRole::CveToolLink);
    match (&v.cve, v.has(LabelRole::CveAllocated)) {
        _ if super::view::cve_ids(link).len() > 1 => out.blockers.push(format!(
            "the field cve_tool_link holds several CVE ids ({}): keep the one that is this tracker's",
            super::view::cve_ids(link).join(", ")
        )),
        (None, true) => out.blockers.push(format!(
            "the label `{}` is set and the field holds no CVE id: paste it with `tipstaff edit {} cve_tool_link CVE-…`",
            v.g.labels.name(LabelRole::CveAllocated),
            v.t.reference.number
        )),
        (None, false) if !link.is_empty() => out.blockers.push(format!(
            "the field cve_tool_link holds no CVE id: \"{}\"",
            crate::mail::one_line(link, 80)
        )),
        (Some(id), false) => {
            let mut p = Proposal::new(
                "sync.allocated",
                format!("{id} is allocated for {}", v.name),
                v.evidence("sync.allocated", format!("the field cve_tool_link holds {id}")),
            )
            .labels(v, &[LabelRole::CveAllocated], &[]);
            if column::of(crate::rules::stage::stage(v).0) == Some(Column::CveAllocated)
                && let Some(effect) = column::to(v, Column::CveAllocated)
            {
                p = p.step(effect, vec![Precondition::TrackerIs { tracker: v.t.key.clone(), open: true }]);
            }
            let p = p
                .note(
                    Action::with(ActionKind::CveAllocated, id),
                    format!("{id} allocated"),
                    record_link(v, id),
                    Told::NotTold("not yet".into()),
                )
                .next(Stage::Allocated.next());
            out.push_with(p, Event::CveAllocated);
        }
        _ => {}
    }
}

/// The record in the CVE tool, as a link; the bare id where no tool is configured.
#[must_use]
pub fn record_link(v: &View<'_>, id: &str) -> String {
    let url = v.g.config.cve.record_url.replace("{cve_id}", id).replace("<CVE-ID>", id);
    if url.is_empty() { id.to_owned() } else { format!("[{id}]({url})") }
}
