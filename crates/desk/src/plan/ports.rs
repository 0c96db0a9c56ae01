//! What applying a plan needs from the outside. The traits are named for the job; `store` and `connect` fill them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Actor, ClearedEffect, Precondition, Probe, StepKey};
use crate::{
    case::Fact,
    confidential::{Phase, Slots, TrackerContext},
};

/// Proof that a step was made: what was read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// One line for people: `created acme/security#12`, `draft <id> written to /…/drafts`.
    pub what: String,
    /// Values a machine may want: `number`, `message_id`, `path`.
    pub values: BTreeMap<String, String>,
}

impl Receipt {
    /// A receipt with that line.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), values: BTreeMap::new() }
    }

    /// Add a value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.values.insert(key.into(), value.into());
        self
    }
}

/// What the journal knows of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Never tried.
    New,
    /// Tried; nobody knows yet how it ended.
    Intended,
    /// Made.
    Done(Receipt),
}

/// Does a precondition hold?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It does.
    Holds,
    /// It does not; the text says what is there instead.
    Broken(String),
    /// It could not be read. Unknown is never yes.
    Unknown(String),
}

/// What became of an intent without a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It was made.
    Done(Receipt),
    /// It was not made.
    NotDone,
    /// Nobody can tell; a person must look.
    CannotTell(String),
}

/// A port that could not do its job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", if .mend.is_empty() { String::new() } else { format!("; {}", .mend) })]
pub struct PortError {
    /// What happened, and where.
    pub what: String,
    /// What to do next; may be empty.
    pub mend: String,
    /// Does it stop this item alone, so that the others go on? Another process works on its tracker, or a person must
    /// answer it.
    pub item_only: bool,
}

impl PortError {
    /// An error with advice.
    #[must_use]
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into(), item_only: false }
    }
}

/// On whose word and when a step is made.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The approver.
    pub actor: &'a Actor,
    /// When the approval was given.
    pub at: Timestamp,
    /// Digest of the plan.
    pub plan: &'a str,
}

/// The journal: intents and receipts by step key.
pub trait Journal {
    /// Take the lease on a subject, so that two processes do not work on it at once.
    ///
    /// # Errors
    /// `item_only` when somebody else holds it.
    fn lease(&mut self, subject: &str) -> Result<(), PortError>;

    /// Give the lease back.
    ///
    /// # Errors
    /// When the journal cannot be written.
    fn release(&mut self, subject: &str) -> Result<(), PortError>;

    /// What is known of a step.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn step(&self, key: &StepKey) -> Result<StepState, PortError>;

    /// Say that a step is about to be made.
    ///
    /// # Errors
    /// When the journal cannot be written; the step must then not be made.
    fn intend(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<(), PortError>;

    /// Record a receipt for a step whose effect was found already made.
    ///
    /// # Errors
    /// When the journal cannot be written.
    fn settle(
        &mut self,
        key: &StepKey,
        effect: &ClearedEffect,
        receipt: &Receipt,
        by: By<'_>,
    ) -> Result<(), PortError>;

    /// Record that an approved item was refused at apply, and why.
    ///
    /// # Errors
    /// When the journal cannot be written.
    fn refused(&mut self, subject: &str, why: &str, by: By<'_>) -> Result<(), PortError>;
}

/// The world as a plan changes it.
pub trait World {
    /// Re-read a precondition.
    ///
    /// # Errors
    /// Only for faults of the desk itself; a source that cannot answer is [`Holding::Unknown`].
    fn holds(&self, requires: &Precondition) -> Result<Holding, PortError>;

    /// Answer a probe.
    fn probe(&self, probe: &Probe) -> Fact<String>;

    /// What clearing words about a subject needs: its context and phase.
    ///
    /// # Errors
    /// When the desk cannot be read.
    fn context(&self, subject: &str) -> Result<(TrackerContext, Phase), PortError>;

    /// Verified values for slots about a subject.
    ///
    /// # Errors
    /// When the desk cannot be read.
    fn slots(&self, subject: &str) -> Result<Slots, PortError>;

    /// Make the change, read it back, and record the receipt: on the embedded desk all in one transaction.
    ///
    /// # Errors
    /// When the change was not made, or nobody can tell; the intent stays open then.
    fn perform(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Receipt, PortError>;

    /// After a crash: was this change made?
    ///
    /// # Errors
    /// When the desk cannot be read.
    fn look_up(&self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Lookup, PortError>;
}
