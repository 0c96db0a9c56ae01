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
    let about = |s: &str| manager::names(s, &version) || s.contains(&milestone);
    let ends = |s: &str| s.contains("[RESULT]") || s.contains("[CANCEL");
    let mine = || votes.iter().filter(|m| about(&m.subject)).map(|m| (m.subject.to_uppercase(), m));
    // A vote that failed is over; the next candidate has a vote of its own.
    let begun = mine().filter(|(s, m)| m.is_root() && s.contains("[VOTE]") && !ends(s)).map(|(_, m)| m);
    let Some(vote) = begun.max_by_key(|m| m.at) else { return };
    if mine().any(|(s, m)| ends(&s) && m.at >= vote.at) {
        return;
    }
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
