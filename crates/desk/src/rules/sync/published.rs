//! After the close: what cve.org shows (sync page §13, T10).

use super::{Proposal, View, tell::Event};
use crate::{
    case::{Evidence, ListedState},
    plan::{Action, ActionKind, Told},
    rules::stage::Stage,
    tracker::LabelRole,
};

/// The last letter, once the record is public; a rejected record is a blocker, an unknown state a notice.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if v.t.state.is_open() || !v.has(LabelRole::Announced) {
        return;
    }
    let Some(cve) = &v.cve else { return };
    if let Some(why) = v.o.listed.failure() {
        out.notices.push(format!("cve.org could not be asked about {cve}: {why}"));
    }
    let Some(listed) = v.o.listed.known() else { return };
    match listed.state {
        ListedState::Rejected => out
            .blockers
            .push(format!("cve.org shows {cve} as rejected: ask the authority before anything else")),
        ListedState::Reserved => {
            out.notices.push(format!("cve.org shows {cve} as reserved still; it is asked again"))
        }
        ListedState::Published => {
            let action = Action::with(ActionKind::Sync, "published");
            if super::tell::was_told(v, Event::Published) || super::noted(v, &action) {
                return;
            }
            let at = listed.published.map(|at| format!(" on {}", super::day(v, at))).unwrap_or_default();
            let url = format!("https://www.cve.org/CVERecord?id={cve}");
            let p = Proposal::new(
                "sync.published",
                format!("{cve} is on cve.org"),
                vec![Evidence::new("sync.published", format!("published{at}: {url}"), v.o.listed.source())],
            )
            .note(action, format!("{cve} is published on cve.org"), url, Told::NotTold("not yet".into()))
            .next(Stage::Done.next());
            out.push_with(p, Event::Published);
        }
    }
}
