//! What a CVE authority does for the desk, whoever it is (CVE page §11, sync page §9): hand out an id, keep a record while it
//! is written, publish it, take it back. The pure parts stand here: states and their order, merging, guards. Connectors
//! fill [`CveAuthority`].

mod guard;
mod kept;
mod merge;
mod over;
mod prepare;
mod state;

use jiff::Timestamp;
use serde_json::Value;

use crate::case::{Record, RecordStage};
pub use guard::{Guard, advisory_there, packages, packages_changed, same_id};
pub use kept::as_kept;
pub use merge::{Conflict, Merge, Prefer, merge};
pub use over::Over;
pub use prepare::{Prepared, prepare, unwrap_envelope};
pub use state::{parse_stage, rise, stage_of, with_stage};

/// What an authority can do, so that "not supported" is never an empty answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// A program may ask it for an id.
    pub reserves: bool,
    /// It keeps a record before it is public.
    pub drafts: bool,
    /// A program may publish.
    pub publishes: bool,
    /// A program may take a record or an id back.
    pub retracts: bool,
}

/// How an authority could not do what it was asked. What is certain of the effect is part of the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The session or key is not let in; nothing was changed.
    #[error("{who} does not let this session in: {why}")]
    Expired {
        /// Which authority.
        who: String,
        /// Why.
        why: String,
    },
    /// It was reached and says no; nothing was changed.
    #[error("{who} refuses: {why}")]
    Refused {
        /// Which authority.
        who: String,
        /// Its words, or the guard of ours that said no.
        why: String,
    },
    /// It has no such record or id.
    #[error("{who} has no {cve}")]
    Absent {
        /// Which authority.
        who: String,
        /// Which id.
        cve: String,
    },
    /// Both sides changed the same places; nothing was changed.
    #[error("the tracker and {who} both changed {}", places(.fields))]
    Conflict {
        /// Which authority.
        who: String,
        /// Where.
        fields: Vec<Conflict>,
    },
    /// The record is public: what was asked is for records that are not.
    #[error("{cve} is public at {who}")]
    AlreadyPublic {
        /// Which authority.
        who: String,
        /// Which id.
        cve: String,
    },
    /// This authority does not do that; the text says what a person does instead.
    #[error("{who} takes no such request from a program: {instead}")]
    NotSupported {
        /// Which authority.
        who: String,
        /// What to do by hand.
        instead: String,
    },
    /// It could not be reached, or did not answer as it should, before anything was changed.
    #[error("{who} cannot be asked: {why}")]
    Unreachable {
        /// Which authority.
        who: String,
        /// Why.
        why: String,
    },
    /// A change left and nobody can tell whether it was made.
    #[error("{who} may have made the change or not: {why}")]
    CannotTell {
        /// Which authority.
        who: String,
        /// What is known.
        why: String,
    },
    /// The change was made, and went over what somebody else saved at the same moment; it could not be put back.
    #[error("{who}: {cve} was saved over what somebody else saved at the same moment ({why})")]
    Overwrote {
        /// Which authority.
        who: String,
        /// Which id.
        cve: String,
        /// Which of their versions, and why it could not be put back.
        why: String,
    },
}

fn places(fields: &[Conflict]) -> String {
    fields.iter().map(|c| c.at.as_str()).collect::<Vec<_>>().join(", ")
}

impl AuthorityError {
    /// Is it certain that nothing was changed?
    #[must_use]
    pub fn nothing_changed(&self) -> bool {
        !matches!(self, AuthorityError::CannotTell { .. } | AuthorityError::Overwrote { .. })
    }

    /// What a person does about it; empty when the text says it all.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            AuthorityError::Expired { .. } => {
                "log in, bring the secret up to date, and run `tipstaff doctor`"
            }
            AuthorityError::Conflict { .. } => {
                "settle it on one side: edit the tracker, or the record at its authority; `tipstaff cve diff N` shows both"
            }
            AuthorityError::Unreachable { .. } => "try again later: `tipstaff plan resume`",
            AuthorityError::CannotTell { .. } => {
                "look at the authority's own page, then `tipstaff plan resume`"
            }
            AuthorityError::Overwrote { .. } => {
                "look at the record's history there, put back what is missing, then `tipstaff plan resume`"
            }
            _ => "",
        }
    }
}

/// A record on its way to its authority.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The id; the record must name the same.
    pub cve: &'a str,
    /// The record as the tracker makes it.
    pub ours: &'a Value,
    /// The one that was pushed last; what changed since is ours to bring.
    pub base: Option<&'a Value>,
    /// The state it should have at least; never lowered, and never public by this.
    pub wish: RecordStage,
    /// What a person let it go over; none for nothing.
    pub over: Option<&'a Over>,
}

/// What became of a submission.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Submitted {
    /// The state the record has now.
    pub state: RecordStage,
    /// Its version there.
    pub version: String,
    /// Was anything written? Nothing is, where nothing differs: a save may mail people.
    pub wrote: bool,
    /// Does the record hold now what was submitted? Not where it was left alone.
    pub holds: bool,
    /// What to tell a person: what was kept, what others changed.
    pub notes: Vec<String>,
}

/// An id that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The id.
    pub cve: String,
    /// What to tell a person: what is left of the quota.
    pub notes: Vec<String>,
}

/// The job of a CVE authority (DESIGN §6).
pub trait CveAuthority {
    /// What people call it.
    fn name(&self) -> String;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Is this session let in? One line about it.
    ///
    /// # Errors
    /// Why not.
    fn probe(&self) -> Result<String, AuthorityError>;

    /// The record as it stands there; none when it has none.
    ///
    /// # Errors
    /// When it cannot be asked: never "none" then.
    fn fetch(&self, cve: &str) -> Result<Option<Record>, AuthorityError>;

    /// Ask for an id. Never tried twice: after [`AuthorityError::CannotTell`] look with [`CveAuthority::reserved_since`].
    ///
    /// # Errors
    /// Why there is none.
    fn reserve(&self, year: i16) -> Result<Reserved, AuthorityError>;

    /// Ids that this session reserved since then and that have no record.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn reserved_since(&self, since: Timestamp) -> Result<Vec<String>, AuthorityError>;

    /// Bring the record to this content and at least this state. Doing it again changes nothing. A record that is public
    /// is left alone: bringing it up to date is publishing.
    ///
    /// # Errors
    /// When it was not done, or nobody can tell.
    fn push(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError>;

    /// Make the record public, or bring a public one up to date. Doing it again changes nothing.
    ///
    /// # Errors
    /// When it was not done, or nobody can tell.
    fn publish(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError>;

    /// Take a record or an id back that is not public.
    ///
    /// # Errors
    /// [`AuthorityError::AlreadyPublic`]; and when it was not done, or nobody can tell.
    fn retract(&self, cve: &str, reason: &str) -> Result<Submitted, AuthorityError>;
}
