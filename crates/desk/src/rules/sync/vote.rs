//! A vote on the release is open (sync page §3, T6): optional, and proved only by the list.

use super::{Proposal, View, manager, target};
use crate::{
    case::Evidence,
    plan::{Action, ActionKind, Told},
    tracker::LabelRole,
};

/// The label of an open vote.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    let c = v.g.config;
    let wanted = c.releases.vote_required || c.cve.vote_gating;
    if !wanted
        || !v.t.state.is_open()
        || !v.has(LabelRole::PrMerged)
        || v.has(LabelRole::FixReleased)
        || v.has(LabelRole::RcVoting)
    {
        return;
    }
    let Some((milestone, _)) = target::milestone(v) else { return };
    let version = target::version_of(&milestone).unwrap_or_else(|| milestone.clone());
    let votes = v.o.votes.known().map(Vec::as_slice).unwrap_or_default();
    let about = |s: &str| manager::mentions(s, &version) || s.contains(&milestone);
    let open = votes.iter().find(|m| {
        let s = m.subject.to_uppercase();
        m.is_root()
            && s.contains("[VOTE]")
            && !s.contains("[RESULT]")
            && !s.contains("[CANCEL")
            && about(&m.subject)
    });
    let over = votes.iter().any(|m| {
        let s = m.subject.to_uppercase();
        (s.contains("[RESULT]") || s.contains("[CANCEL")) && about(&m.subject)
    });
    let Some(vote) = open.filter(|_| !over) else { return };
    out.items.push(
        Proposal::new(
            "sync.vote",
            format!("The release of {} is voted on", v.name),
            vec![Evidence::new(
                "sync.vote",
                format!("\"{}\" {}", vote.subject, vote.url),
                v.o.votes.source(),
            )],
        )
        .labels(v, &[LabelRole::RcVoting], &[])
        .note(
            Action::with(ActionKind::Sync, "rc voting"),
            format!("The vote on {version} is open"),
            vote.url.clone(),
            Told::NotNeeded("a vote is a step of the release".into()),
        ),
    );
}
