//! What was observed: facts with their source, and the scene a plan is made from.

mod observed;
pub mod wire;

pub use observed::*;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{mail::Address, tracker::Tracker};

/// Where a fact was seen, in words a person can follow: `desk`, `reports.mbox at byte 4711`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Source(pub String);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When a fact was seen, and which version of its source said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Time of the observation; never part of a plan's digest.
    pub at: Timestamp,
    /// ETag, revision or digest of what was read; empty when the source has none.
    pub version: String,
}

/// Something known, known to be absent, or not known (DESIGN §2). Unknown is never false: a registry that
/// answers 503 has not said "not released".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact<T> {
    /// The value, who said so and when.
    Known(T, Source, Seen),
    /// The source was asked and has no such thing.
    Absent(Source),
    /// The source could not be asked; the text says why.
    Unknown(String),
}

impl<T> Fact<T> {
    /// The value, when known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(v, ..) => Some(v),
            Fact::Absent(_) | Fact::Unknown(_) => None,
        }
    }

    /// A source nobody asked: unknown, and no reason to say so.
    #[must_use]
    pub fn unasked() -> Self {
        Fact::Unknown(String::new())
    }

    /// A value somebody stated, seen at that time.
    #[must_use]
    pub fn stated(value: T, source: &str, at: Timestamp) -> Self {
        Fact::Known(value, Source(source.into()), Seen { at, version: String::new() })
    }

    /// Why it is unknown, when a source was asked and failed.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        match self {
            Fact::Unknown(why) if !why.is_empty() => Some(why),
            _ => None,
        }
    }

    /// Who said so; empty when nobody did.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Fact::Known(_, s, _) | Fact::Absent(s) => &s.0,
            Fact::Unknown(_) => "",
        }
    }

    /// Is it unknown?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Fact::Unknown(_))
    }
}

/// One line of reasoning: what was seen, where, in which words. A rule without evidence proposes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Id of the rule or signal, e.g. `class.report.reproduction`.
    pub rule: String,
    /// What it rests on: a quoted span or a stated fact.
    pub text: String,
    /// Where that was seen.
    pub source: Source,
}

impl Evidence {
    /// Evidence of a rule.
    #[must_use]
    pub fn new(rule: &str, text: impl Into<String>, source: impl Into<String>) -> Self {
        Self { rule: rule.into(), text: text.into(), source: Source(source.into()) }
    }
}

/// Everything the desk knows of one tracker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// The tracker as it stands.
    pub tracker: Tracker,
    /// When the report arrived; the disclosure clock starts here.
    pub received: Timestamp,
    /// Root Message-ID of the report's thread; empty for a report without mail.
    pub thread: String,
    /// Who reported, or passed the report on.
    pub reporter: Address,
    /// Is the contact a forwarder?
    pub via_forwarder: bool,
    /// Rises with every change on this desk.
    pub revision: u64,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// What was observed beyond the tracker; empty until somebody looks.
    pub observed: Observed,
}
