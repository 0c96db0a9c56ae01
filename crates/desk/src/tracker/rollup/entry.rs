//! One status entry: what it says, and how it was read.

use std::{fmt, ops::Range};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a status entry reports (config page §7 rule 2; the last seven are the desk's own, by hand).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// A report became a tracker.
    Import,
    /// Fields, labels or state followed the facts.
    Sync,
    /// Older comments were folded in.
    Reformat,
    /// A CVE id was reserved.
    CveAllocated,
    /// Another tracker was merged into this one.
    MergeKept,
    /// This tracker was merged into another.
    MergeDropped,
    /// A fix was proposed upstream.
    FixPr,
    /// Closed.
    Close,
    /// Reopened.
    Reopen,
    /// A remark.
    Comment,
    /// Somebody was assigned.
    Assign,
    /// A field was edited.
    Edit,
    /// Somebody took the next move.
    Claim,
    /// Somebody gave it back.
    Release,
}

impl ActionKind {
    /// Every kind. A name that begins with another's comes first.
    pub const ALL: [ActionKind; 14] = [
        ActionKind::Import,
        ActionKind::Sync,
        ActionKind::Reformat,
        ActionKind::CveAllocated,
        ActionKind::MergeKept,
        ActionKind::MergeDropped,
        ActionKind::FixPr,
        ActionKind::Close,
        ActionKind::Reopen,
        ActionKind::Comment,
        ActionKind::Assign,
        ActionKind::Edit,
        ActionKind::Claim,
        ActionKind::Release,
    ];

    /// The word in the summary line.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            ActionKind::Import => "Import",
            ActionKind::Sync => "Sync",
            ActionKind::Reformat => "Reformat",
            ActionKind::CveAllocated => "CVE allocated",
            ActionKind::MergeKept => "Merge (kept)",
            ActionKind::MergeDropped => "Merge (dropped)",
            ActionKind::FixPr => "Fix PR",
            ActionKind::Close => "Close",
            ActionKind::Reopen => "Reopen",
            ActionKind::Comment => "Comment",
            ActionKind::Assign => "Assign",
            ActionKind::Edit => "Edit",
            ActionKind::Claim => "Claim",
            ActionKind::Release => "Release",
        }
    }
}

/// An action with its detail: the CVE id, the PR, the counterpart, the transition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Action {
    /// What was done.
    pub kind: ActionKind,
    /// In parentheses behind it.
    pub detail: Option<String>,
}

impl Action {
    /// An action without a detail.
    #[must_use]
    pub fn new(kind: ActionKind) -> Self {
        Self { kind, detail: None }
    }

    /// An action with a detail.
    #[must_use]
    pub fn with(kind: ActionKind, detail: &str) -> Self {
        Self { kind, detail: Some(detail.to_owned()) }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        ActionKind::ALL.into_iter().find_map(|kind| {
            let rest = text.strip_prefix(kind.title())?;
            if rest.is_empty() {
                return Some(Self::new(kind));
            }
            rest.strip_prefix(" (")?.strip_suffix(')').map(|d| Self::with(kind, d))
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.title())?;
        let detail = self.detail.as_deref().map(one_line).filter(|d| !d.is_empty());
        detail.map_or(Ok(()), |d| write!(f, " ({d})"))
    }
}

/// What the reporter was told; every entry says one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "told", content = "text")]
pub enum Told {
    /// Told, and how.
    Notified(String),
    /// Nothing to tell, and why.
    NotNeeded(String),
    /// A draft of that id waits to be sent.
    PendingDraft(String),
    /// Not told, for that reason.
    NotTold(String),
}

impl Told {
    const WORDS: [&str; 4] = ["notified", "not needed", "pending draft", "not told"];

    pub(super) fn parts(&self) -> (&'static str, &str) {
        let [notified, not_needed, pending, not_told] = Self::WORDS;
        match self {
            Told::Notified(t) => (notified, t),
            Told::NotNeeded(t) => (not_needed, t),
            Told::PendingDraft(t) => (pending, t),
            Told::NotTold(t) => (not_told, t),
        }
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let make: [fn(String) -> Told; 4] =
            [Told::Notified, Told::NotNeeded, Told::PendingDraft, Told::NotTold];
        Self::WORDS.into_iter().zip(make).find_map(|(word, make)| {
            let rest = line.strip_prefix(word)?;
            if rest.is_empty() {
                Some(make(String::new()))
            } else {
                rest.strip_prefix(": ").map(|t| make(t.to_owned()))
            }
        })
    }
}

/// An entry to append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Unique in the desk: step key or event id. Holding the tracker's key keeps an entry from being replayed on
    /// another tracker.
    pub id: String,
    /// The day, in the desk's time zone.
    pub date: Date,
    /// Handle, without `@`.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// One line, shown bold.
    pub headline: String,
    /// Markdown below it; may be empty.
    pub body: String,
    /// Who does what next; none for a terminal entry.
    pub next: Option<String>,
    /// What the reporter was told.
    pub told: Told,
}

/// An entry as it was read. What does not have the expected shape is kept raw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Id from its marker.
    pub id: Option<String>,
    /// Keyed hash from its marker, 32 hex digits.
    pub mac: Option<String>,
    /// The summary line, references resolved.
    pub summary: String,
    /// The day as written.
    pub date: Option<String>,
    /// Handle, without `@`.
    pub actor: Option<String>,
    /// The third part of the summary.
    pub action: Option<String>,
    /// The same, when it is one of ours.
    pub kind: Option<Action>,
    /// Everything below the summary, LF line ends, the marker left out.
    pub text: String,
    /// The bold first line.
    pub headline: Option<String>,
    /// The text behind `**Next:**`.
    pub next: Option<String>,
    /// The reporter line.
    pub told: Option<Told>,
    /// Where the entry stands in the comment.
    pub span: Range<usize>,
}

/// May an entry be relied on?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Written by a desk that holds the key, unchanged since, and not a copy within this comment.
    Trusted,
    /// No marker: written by hand or by another program.
    Unsigned,
    /// A marker that does not fit: changed, invented, or pasted twice.
    Forged,
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
