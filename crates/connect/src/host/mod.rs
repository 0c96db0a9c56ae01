//! Hosts of trackers: where the team's trackers live when they do not live on the desk itself (DESIGN §6, `TrackerHost` and
//! `Board`). A host is read in batches and given only what was approved; the desk keeps a copy to plan with.

pub(crate) mod github;

use std::collections::BTreeSet;

use desk::{
    plan::hosted::{HostPart, LedgerEntry, NewTracker, TrackerChange},
    tracker::{Comment, Tracker},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use self::github::{Board, Github, QUERIES};
use crate::net::Fault;

/// A tracker as its host has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosted {
    /// The tracker. Its key is empty: names of ours are the desk's business.
    pub tracker: Tracker,
    /// Handle of who opened it.
    pub author: String,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The host's own id of it.
    pub node: String,
    /// The host's id of its card on the board; none when it has no card.
    pub card: Option<String>,
}

/// A milestone as its host has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostMilestone {
    /// Its number there.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// Open?
    pub open: bool,
    /// When it is due.
    pub due: Option<Date>,
}

/// A card on the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostCard {
    /// Number of its tracker.
    pub number: u64,
    /// The host's id of it.
    pub id: String,
    /// The column it is in; none when it is in no column.
    pub column: Option<String>,
}

/// Where a reading of the host ended, so that the next one begins there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mark {
    /// When the newest tracker that was read had changed.
    pub since: Option<Timestamp>,
    /// By how much the desk had more trackers than the host had issues; none when nobody has counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surplus: Option<i64>,
}

/// What the host says of the person whose token asks, and of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Their handle.
    pub login: String,
    /// Can nobody but the team read the repository? Nothing is written where this is not so.
    pub private: bool,
    /// What they may do: `READ`, `TRIAGE`, `WRITE`, `MAINTAIN`, `ADMIN`.
    pub permission: String,
}

impl Standing {
    /// May they change trackers?
    #[must_use]
    pub fn may_write(&self) -> bool {
        matches!(self.permission.as_str(), "WRITE" | "MAINTAIN" | "ADMIN")
    }
}

/// How a tracker repository is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Who asks, and of what.
    pub standing: Standing,
    /// Labels that issues can have.
    pub labels: BTreeSet<String>,
    /// Columns of the board; none when no board is configured.
    pub columns: Option<Vec<String>>,
    /// Is there a form for reports?
    pub form: bool,
}

/// What changed at the host since a mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Trackers that changed, oldest change first.
    pub trackers: Vec<Hosted>,
    /// How many issues the host has, what is no tracker included; none where it does not say.
    pub total: Option<u64>,
    /// Every milestone.
    pub milestones: Vec<HostMilestone>,
    /// Cards on the board that are not archived. None when there is no board.
    pub cards: Option<Vec<HostCard>>,
    /// Where the next reading begins.
    pub mark: Mark,
    /// Who asked, and of what.
    pub standing: Standing,
    /// Points of the host's own measure that it cost.
    pub points: u64,
}

/// Why a change was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteFault {
    /// Somebody changed the same thing after it was read; nothing further was written.
    #[error("{0} was changed at the host meanwhile")]
    Raced(String),
    /// The tracker is gone.
    #[error("{0} is not there any more")]
    Gone(String),
    /// Everybody can read the repository.
    #[error("{0} is not private, so nothing is written there")]
    NotPrivate(String),
    /// The host took the change and says something else.
    #[error("{what} was written, and the host has {now} instead")]
    NotTaken {
        /// What was written.
        what: String,
        /// What is there.
        now: String,
    },
    /// A name that the host does not know.
    #[error("{what}; it has {}", list(.known))]
    NoSuch {
        /// What is missing, and where.
        what: String,
        /// What there is.
        known: BTreeSet<String>,
    },
    /// A request failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "none".into() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") }
}

impl WriteFault {
    /// Is it certain that the host has nothing of the change? A race is seen before anything is written.
    #[must_use]
    pub fn nothing_made(&self) -> bool {
        match self {
            WriteFault::Raced(_) | WriteFault::Gone(_) | WriteFault::NotPrivate(_) => true,
            WriteFault::NotTaken { .. } | WriteFault::NoSuch { .. } => false,
            WriteFault::Fault(f) => f.nothing_made(),
        }
    }
}

/// A host of trackers.
pub trait TrackerHost: Send + Sync {
    /// What to call it in messages: `github acme/security`.
    fn name(&self) -> String;

    /// Host name of its pages, under which a desk remembers where its trackers live.
    fn site(&self) -> String;

    /// Where a tracker can be seen.
    fn url(&self, number: u64) -> String;

    /// How the repository is set up, for `doctor` and `bootstrap`.
    ///
    /// # Errors
    /// When the host cannot be read.
    fn setup(&self) -> Result<Setup, Fault>;

    /// Is there an issue with this label, open or closed?
    ///
    /// # Errors
    /// When the host cannot be read.
    fn has_issue(&self, label: &str) -> Result<bool, Fault>;

    /// Read what changed since a mark; everything without one.
    ///
    /// # Errors
    /// When the host cannot be read whole.
    fn read(&self, since: &Mark) -> Result<Reading, Fault>;

    /// One tracker as it is now, with what the host says about who asks; none when it is not there.
    ///
    /// # Errors
    /// When the host cannot be read.
    fn one(&self, number: u64) -> Result<(Option<Hosted>, Standing), Fault>;

    /// Which of these trackers, given by number and the host's id, are not there any more, each with where it went as far as
    /// the host says (`owner/repo#7`). A hundred are asked about at once.
    ///
    /// # Errors
    /// When the host cannot be read; nothing is missing then as far as anybody knows.
    fn missing(&self, trackers: &[(u64, String)]) -> Result<Vec<(u64, String)>, Fault>;

    /// Open a tracker, unless one with its marker is there already. The second value says why it has no card, where it
    /// should have one.
    ///
    /// # Errors
    /// When it was not opened, or nobody knows.
    fn create(&self, new: &NewTracker) -> Result<(Hosted, Option<String>), WriteFault>;

    /// The tracker that carries this marker, among the newest ones.
    ///
    /// # Errors
    /// When the host cannot be read.
    fn find(&self, key: &desk::tracker::TrackerKey) -> Result<Option<Hosted>, Fault>;

    /// Write a change over a tracker as it was read; returns it as it is then.
    ///
    /// # Errors
    /// See [`WriteFault`]. Parts of the change may have been made before it.
    fn write(&self, before: &Hosted, change: &TrackerChange) -> Result<Hosted, WriteFault>;

    /// Make a milestone, unless it is there.
    ///
    /// # Errors
    /// When it was not made, or nobody knows.
    fn make_milestone(&self, name: &str, due: Option<Date>) -> Result<(), WriteFault>;

    /// Make a part of the repository, unless it is there. Says what it made, and what a person does next.
    ///
    /// # Errors
    /// When it was not made, or nobody knows.
    fn prepare(&self, part: &HostPart) -> Result<String, WriteFault>;

    /// Note a rejected report in the ledger, the oldest open issue with that label, unless a comment there that counts notes
    /// the same message. Returns the number of the issue; none when there is no ledger.
    ///
    /// # Errors
    /// When it was not noted, or nobody knows.
    fn note(
        &self,
        label: &str,
        entry: &LedgerEntry,
        counts: &dyn Fn(&Comment) -> bool,
    ) -> Result<Option<u64>, WriteFault>;

    /// Close a milestone.
    ///
    /// # Errors
    /// When there is none, or it was not closed.
    fn close_milestone(&self, name: &str) -> Result<(), WriteFault>;
}
