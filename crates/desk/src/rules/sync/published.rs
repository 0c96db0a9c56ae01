//! After the close: what cve.org shows (sync page §13, T10).

use super::{Proposal, View, tell::Event};
use crate::{
    case::{Evidence, Listed, ListedState},
    cve::{Record, drift},
    plan::{Action, ActionKind, Told},
    rules::stage::Stage,
    tracker::LabelRole,
};

/// Does the publication come next, once the tracker is closed?
#[must_use]
pub fn is_next(v: &View<'_>) -> bool {
    v.cve.is_some()
        && v.o.listed.known().is_some_and(|l| l.state == ListedState::Published)
        && !super::tell::was_told(v, Event::Published)
        && !super::noted(v, &Action::with(ActionKind::Sync, "published"))
}

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
            differs(v, cve, listed, out);
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

/// Does the list show what the tracker says? What differs is reported; which of the two is right, a person knows.
fn differs(v: &View<'_>, cve: &str, listed: &Listed, out: &mut super::Gathered) {
    let Some(json) = &listed.json else { return };
    let live = match Record::from_value(json.clone()) {
        Ok(live) => live,
        Err(e) => {
            out.notices.push(format!("the record of {cve} on cve.org cannot be compared: {e}"));
            return;
        }
    };
    for d in drift(&live, &v.built().record) {
        let field = d.field.map_or("Title", |f| v.g.headings.heading(f));
        out.notices.push(format!(
            "sync.drift: cve.org shows {cve} otherwise, {field}: {}; mend the tracker, or publish the record again",
            d.what
        ));
    }
}
