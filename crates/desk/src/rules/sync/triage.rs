//! From a report to a decided tracker: the recorded consensus becomes labels (sync page §3, T1 and T2).

use std::collections::BTreeSet;

use super::{Proposal, View, column, tell::Event, view::Consensus};
use crate::{
    plan::{Action, ActionKind, Precondition, Told},
    rules::stage::Stage,
    tracker::{Column, LabelRole},
};

/// What triage comes to: an item, or words a person must read.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if !v.t.state.is_open() {
        return;
    }
    if !v.labels.dispositions().is_empty() {
        return;
    }
    let undecided = v.scopes.is_empty() || v.has(LabelRole::NeedsTriage);
    if !undecided || v.has_cve() && !v.has(LabelRole::NeedsTriage) {
        return;
    }
    match v.consensus() {
        Consensus::Valid(said) => valid(v, &said, out),
        Consensus::Invalid(said) => out.notices.push(format!(
            "{} {} it is not valid; close it with `tipstaff close {} --as invalid --reason …`",
            names(&said.iter().map(|s| s.handle.as_str()).collect::<Vec<_>>()),
            if said.len() == 1 { "says" } else { "say" },
            v.t.reference.number
        )),
        Consensus::Split(said) => out.blockers.push(format!(
            "no consensus: {}",
            said.iter()
                .map(|s| {
                    let scope = s.scope.as_deref().map(|c| format!(" ({c})")).unwrap_or_default();
                    format!("@{} says {}{scope}", s.handle, if s.valid { "valid" } else { "invalid" })
                })
                .collect::<Vec<_>>()
                .join(", ")
        )),
        Consensus::None => {
            let marked = v.has(LabelRole::NeedsTriage) || !v.scopes.is_empty();
            if !marked && !v.has_cve() {
                out.items.push(
                    Proposal::new(
                        "sync.needs-triage",
                        format!("Mark {} as untriaged", v.name),
                        v.evidence("sync.needs-triage", "neither a scope nor the triage label"),
                    )
                    .labels(v, &[LabelRole::NeedsTriage], &[])
                    .note(
                        Action::with(ActionKind::Sync, "needs triage"),
                        "Waits for triage",
                        "Nobody has assessed this report yet.",
                        Told::NotNeeded("the receipt said so".into()),
                    )
                    .next(Stage::New.next()),
                );
            }
        }
    }
}

fn valid(v: &View<'_>, said: &[super::view::Said], out: &mut super::Gathered) {
    let mut wanted: BTreeSet<String> = said.iter().filter_map(|s| s.scope.clone()).collect();
    if wanted.is_empty() {
        wanted = v.scopes.iter().map(|s| s.label.clone()).collect();
    }
    let who = names(&said.iter().map(|s| s.handle.as_str()).collect::<Vec<_>>());
    let [scope] = wanted.iter().collect::<Vec<_>>()[..] else {
        out.blockers.push(if wanted.is_empty() {
            format!("{who} say it is valid, for which scope? Say it with `tipstaff assess N valid --scope S`")
        } else {
            "two scopes were named; a tracker has exactly one".into()
        });
        return;
    };
    let Some(label) = v.g.labels.scope(scope) else {
        out.blockers.push(format!(
            "`{scope}` is no scope of this project; `tipstaff config explain scope` lists them"
        ));
        return;
    };
    if v.scopes.iter().any(|s| !s.label.eq_ignore_ascii_case(label)) {
        out.blockers
            .push(format!("it carries another scope label than `{label}`; a tracker has exactly one"));
        return;
    }
    let sources: Vec<String> = said.iter().map(|s| format!("@{}: {}", s.handle, s.source)).collect();
    let has = v.scopes.iter().any(|s| s.label.eq_ignore_ascii_case(label));
    let add = if has { BTreeSet::new() } else { BTreeSet::from([label.to_owned()]) };
    let triage =
        v.t.labels.iter().filter(|l| v.g.labels.role(l) == Some(LabelRole::NeedsTriage)).cloned().collect();
    let mut p = Proposal::new(
        "sync.valid",
        format!("{} is valid, scope {label}", v.name),
        v.evidence("sync.valid", format!("{} ({})", decided(v, &who), sources.join("; "))),
    )
    .label_names(v, add, triage);
    if let Some(effect) = column::to(v, Column::Assessed).filter(|_| !v.has_cve()) {
        p = p.step(effect, vec![Precondition::TrackerIs { tracker: v.t.key.clone(), open: true }]);
    }
    let p = p
        .note(
            Action::with(ActionKind::Sync, "valid"),
            format!("Assessed as valid, scope {label}"),
            format!("{}.", capital(&decided(v, &who))),
            Told::NotTold("not yet".into()),
        )
        .next(Stage::NoCve.next());
    out.push_with(p, Event::Valid);
}

/// Whose decision it is; alone on the roster nobody else could be asked.
fn decided(v: &View<'_>, who: &str) -> String {
    if v.alone() {
        format!("decided by {who}, the only member of the team: one voice suffices")
    } else {
        format!("recorded consensus of {who}")
    }
}

fn capital(text: &str) -> String {
    let mut c = text.chars();
    c.next().map(|f| f.to_uppercase().chain(c).collect()).unwrap_or_default()
}

/// `@a and @b`.
fn names(handles: &[&str]) -> String {
    let all: Vec<String> = handles.iter().map(|h| format!("@{h}")).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.concat(),
    }
}
