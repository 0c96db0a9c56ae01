//! Two scope labels: one tracker each (sync page §12). Never just a label dropped.

use std::collections::BTreeSet;

use super::{Proposal, View};
use crate::{
    confidential::Draft,
    plan::{Action, ActionKind, Precondition, Told, digest, effect::Change},
    tracker::{Column, LabelRole, TrackerKey},
};

/// How the comment on a part begins: which tracker it was split from.
#[must_use]
pub fn from(whole: &str) -> String {
    format!("Split from {whole} for the scope ")
}

/// The blocker, and the item that mends it: the scope that comes first in the configuration keeps the tracker.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if !v.t.state.is_open() || v.scopes.len() < 2 {
        return;
    }
    let labels: Vec<&str> = v.scopes.iter().map(|s| s.label.as_str()).collect();
    out.blockers.push(format!("scopes `{}`: a tracker has exactly one, split it first", labels.join("`, `")));
    let Some((anchor, rest)) = v.scopes.split_first() else { return };
    let key = v.t.key.clone();
    let mut p = Proposal::new(
        "sync.split",
        format!("Split {}: {} stays, {} get their own", v.name, anchor.label, labels[1..].join(", ")),
        v.evidence("sync.split", format!("scope labels `{}`", labels.join("`, `"))),
    );
    let open = Precondition::TrackerIs { tracker: key.clone(), open: true };
    for scope in rest {
        let made = TrackerKey(format!("t-{}", &digest::of(&(&key.0, "split", &scope.label))[..16]));
        let mut keep: BTreeSet<String> = [scope.label.clone()].into();
        // What the flaw has as a whole goes with each part; what the fix of one part has does not.
        for l in &v.t.labels {
            let role = v.g.labels.role(l);
            if matches!(
                role,
                Some(LabelRole::SecurityMarker | LabelRole::CveAllocated | LabelRole::NeedsTriage)
            ) || role.is_none() && v.g.labels.scope(l).is_none()
            {
                keep.insert(l.clone());
            }
        }
        let column = if v.has(LabelRole::NeedsTriage) {
            Column::NeedsTriage
        } else if v.has_cve() {
            Column::CveAllocated
        } else {
            Column::Assessed
        };
        let board = v.g.config.tracker.board.enabled;
        p = p.step(
            Change::CreateTracker {
                tracker: made.clone(),
                title: Draft::text(v.t.title.clone()),
                body: Draft::text(v.t.body.clone()),
                labels: keep,
                column: if board { v.g.columns.name(column).to_owned() } else { String::new() },
                received: v.case.received,
                thread: v.case.thread.clone(),
                reporter: v.case.reporter.clone(),
                via_forwarder: v.case.via_forwarder,
            },
            vec![open.clone(), Precondition::TrackerAbsent { tracker: made.clone() }],
        );
        p = p.step(
            Change::Comment {
                tracker: made.clone(),
                text: Draft::text(format!("{}`{}`.", from(&v.name), scope.label)),
            },
            Vec::new(),
        );
        if !v.t.assignees.is_empty() {
            let assignees = v.t.assignees.iter().cloned().collect();
            p = p.step(Change::SetAssignees { tracker: made, assignees }, Vec::new());
        }
    }
    let remove =
        v.t.labels.iter().filter(|l| rest.iter().any(|s| s.label.eq_ignore_ascii_case(l))).cloned().collect();
    out.items.push(p.label_names(v, BTreeSet::new(), remove).note(
        Action::with(ActionKind::Sync, "split"),
        format!("Split by scope; this one keeps {}", anchor.label),
        format!("New trackers: {}; each names this one.", labels[1..].join(", ")),
        Told::NotTold("with the next letter, if it matters to them".into()),
    ));
}
