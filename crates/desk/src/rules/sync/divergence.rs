//! The forge's own advisory for a report and the team's decision may differ (sync page §4): closed there, accepted here.

use super::{Gathered, Proposal, View};
use crate::{
    case::Evidence,
    plan::{Action, ActionKind, Told},
};

/// Words by which a forge says that an advisory came to nothing.
const OVER: [&str; 5] = ["closed", "rejected", "dismissed", "withdrawn", "declined"];

/// Said once in the status, so that whoever sends the advisory knows of it.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    let Some(thread) = v.thread().filter(|t| OVER.contains(&t.ghsa.as_str())) else { return };
    if !v.t.state.is_open() || !(v.decided() || v.has_cve()) {
        return;
    }
    let words =
        format!("the forge's advisory for this report is {}, and the team has accepted it", thread.ghsa);
    out.notices.push(words.clone());
    let action = Action::with(ActionKind::Sync, "advisory differs");
    if super::noted(v, &action) {
        return;
    }
    let why = vec![Evidence::new("sync.ghsa", words.clone(), v.o.thread.source())];
    out.items.push(
        Proposal::new("sync.ghsa", format!("The forge's advisory of {} is {}", v.name, thread.ghsa), why)
            .note(
                action,
                "The forge and the team differ",
                format!("Note: {words}. Reopen it there, or tell the reporter why both stand."),
                Told::NotTold("tell them which of the two counts".into()),
            ),
    );
}
