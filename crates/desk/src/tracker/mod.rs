//! The tracker: one report on its way to an advisory. Its body fields, labels, board column, status rollup, and the
//! sanitiser that lets report text into it.

mod board;
mod body;
mod field;
mod invisible;
mod label;
mod markdown;
mod marked;
mod older;
pub mod rollup;
mod structure;
mod thread;
mod values;

pub use board::*;
pub use body::*;
pub use field::*;
pub use label::*;
pub use markdown::*;
pub use marked::*;
pub use older::*;
pub use thread::*;
pub use values::*;

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Our own, stable name of a tracker; it survives a move of the tracker to another host (DESIGN §4).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackerKey(pub String);

impl fmt::Display for TrackerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a tracker lives now.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerRef {
    /// Host name of the forge; empty on the embedded desk.
    pub host: String,
    /// `owner/name`; empty on the embedded desk.
    pub repo: String,
    /// Number there.
    pub number: u64,
}

impl fmt::Display for TrackerRef {
    /// `owner/repo#N`, or `desk#N` on the embedded desk; never a bare `#N` (DESIGN §7).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repo = if self.repo.is_empty() { "desk" } else { &self.repo };
        write!(f, "{repo}#{}", self.number)
    }
}

/// Why a tracker was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseReason {
    /// The work is done.
    #[default]
    Completed,
    /// Invalid, duplicate, out of scope, or not to be fixed.
    NotPlanned,
}

/// Open or closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Somebody owns the next move.
    #[default]
    Open,
    /// Finished.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

impl State {
    /// Is the tracker open?
    #[must_use]
    pub fn is_open(self) -> bool {
        self == State::Open
    }
}

/// A comment on a tracker. Its author decides whether it may be trusted, never its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// Its id at the host.
    pub id: String,
    /// Handle of its author, without `@`.
    pub author: String,
    /// When it was written.
    pub at: Timestamp,
    /// Its Markdown.
    pub body: String,
}

/// A tracker as it stands at its host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tracker {
    /// Our name of it.
    pub key: TrackerKey,
    /// Where it lives.
    pub reference: TrackerRef,
    /// `Component: short description`.
    pub title: String,
    /// The sections (config page §2).
    pub body: String,
    /// Labels as written at the host; compare them through [`LabelNames::read`].
    pub labels: BTreeSet<String>,
    /// Open or closed.
    pub state: State,
    /// Name of the milestone.
    pub milestone: Option<String>,
    /// Handles, without `@`.
    pub assignees: Vec<String>,
    /// Name of the board column its card is in; none when it has no card.
    pub column: Option<String>,
    /// Is the card archived?
    pub archived: bool,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Message-IDs of the mails that belong to it, without brackets, the root of the report first.
    pub message_ids: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_never_a_bare_number() {
        let here = TrackerRef { number: 7, ..TrackerRef::default() };
        assert_eq!(here.to_string(), "desk#7");
        let there = TrackerRef { host: "forge.example".into(), repo: "acme/security".into(), number: 7 };
        assert_eq!(there.to_string(), "acme/security#7");
    }

    #[test]
    fn a_tracker_survives_json() {
        let t = Tracker {
            state: State::Closed { reason: CloseReason::NotPlanned },
            labels: BTreeSet::from(["security issue".into()]),
            comments: vec![Comment { author: "ada".into(), ..Comment::default() }],
            ..Tracker::default()
        };
        let text = serde_json::to_string(&t).unwrap();
        assert_eq!(serde_json::from_str::<Tracker>(&text).unwrap(), t);
    }
}
