//! The confirmation grammars: what a person's answer to a plan says about its items (`x confirm`).
//!
//! Eleven plans ask for an answer, each with words of its own (intake page §9, sync page §14, decisions page
//! §1.7–4, CVE page §2.7). One parser reads them all; `grammar::Rules` says which words count where.
//!
//! The principles, in the order in which they win:
//! 1. **Silence is never consent.** An empty answer, or one that is only quotation, is [`Action::Ask`].
//! 2. **What is not understood is not done.** One unknown word makes the whole answer a question: "not all",
//!    "all?" and "all, if CI is green" contain an `all` and mean something else.
//! 3. **A doubt about one item stays with that item.** A number that is no item, a reply name that nobody
//!    knows, an item both taken and skipped: it goes to `unknown` and the rest runs, unless nothing else was
//!    said, which is a question again.
//! 4. **Blocked is blocked**, named or not.
//! 5. **Naming in or naming out.** Numbers take only what they name. An answer that only takes out
//!    (`skip 2`) speaks about the whole batch where the grammar lists it as an answer of its own (`import`, `md`):
//!    the other defaults are applied. Elsewhere a lone `skip 2` says nothing of the rest, and we ask.
//! 6. **An edit needs a new yes** (DESIGN §2). Edited items stay in `apply` so that the reader knows what they are
//!    for; the action is [`Action::Edit`] when nothing but edits was said, and always where an edit means a new
//!    plan (`allocate`, `fix`).
//! 7. A bare `yes` counts only where the grammar lists it (`invalidate`, `pr`), or, in `import` and `md`, when the
//!    plan has exactly one item, so that there is no doubt what it is about.

mod bulk;
pub mod canned;
mod clean;
mod grammar;
mod lex;
mod ops;
mod parse;
mod resolve;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Which plan was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grammar {
    /// Reports from mail (intake page §9).
    Import,
    /// One tracker's sync plan (sync page §14).
    Sync,
    /// The merged plan of many trackers (sync page §14).
    Bulk,
    /// Triage proposals (decisions page §1.7).
    Triage,
    /// A merge of two trackers (decisions page §2).
    Merge,
    /// A close as invalid (decisions page §3).
    Invalidate,
    /// A CVE allocation (CVE page §2.7).
    Allocate,
    /// A fix plan (decisions page §4).
    Fix,
    /// Findings from a Markdown file (intake page §9).
    Md,
    /// A tracker from a public pull request (intake page §9).
    Pr,
    /// Findings of a scan (intake page §9).
    Scan,
}

/// One item of the plan as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfirmItem {
    /// Its number. In `bulk`, the tracker's number when [`Self::tracker`] is not given.
    pub n: u32,
    /// Taken by `all`. Anything that needs an explicit word of its own (a scanner dump, spam) is not.
    #[serde(deserialize_with = "truthy")]
    pub default: bool,
    /// May not be applied now, whatever the answer. A text (the reason) means blocked, too.
    #[serde(deserialize_with = "truthy")]
    pub blocked: bool,
    /// `bulk` only: the tracker this item belongs to; items may then be numbered per tracker.
    pub tracker: Option<u32>,
    /// `scan` only: the bucket the finding fell into.
    pub bucket: Option<String>,
}

impl Default for ConfirmItem {
    fn default() -> Self {
        Self { n: 0, default: true, blocked: false, tracker: None, bucket: None }
    }
}

/// A flag that may be written as a word: `false`, `null`, `""`, `no`, `none`, `skip`, `hold` are no.
fn truthy<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Bool(b) => b,
        Value::Null => false,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !matches!(
            s.trim().to_lowercase().as_str(),
            "" | "false" | "no" | "none" | "skip" | "hold" | "exclude"
        ),
        Value::Array(a) => !a.is_empty(),
        Value::Object(o) => !o.is_empty(),
    })
}

/// A plan and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRequest {
    /// Which plan.
    pub grammar: Grammar,
    /// Its items.
    #[serde(default)]
    pub items: Vec<ConfirmItem>,
    /// What the person wrote; empty at end of input.
    #[serde(default)]
    pub reply: String,
    /// Canned replies of this desk beside the built-in ones: id → names people use.
    #[serde(default)]
    pub canned: BTreeMap<String, Vec<String>>,
}

/// What to do with the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Apply the items in `apply`; those in `edits` only after a new yes.
    Apply,
    /// Nothing happens.
    Cancel,
    /// Change the plan as said and show it again; nothing is applied before.
    Edit,
    /// Not understood: ask again. Nothing is applied.
    #[default]
    Ask,
}

/// A change a person asked for, in the person's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The item; null when the text names none (free edits of `allocate` and `fix`).
    pub n: Option<u32>,
    /// The text, verbatim.
    pub text: String,
}

/// Something in the answer that fits nothing in the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Unknown {
    /// A number: of no item, or of an item about which the answer contradicts itself.
    Number(u32),
    /// Words.
    Text(String),
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unknown::Number(n) => n.fmt(f),
            Unknown::Text(t) => t.fmt(f),
        }
    }
}

/// What the answer says about one tracker of a bulk plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerChoice {
    /// `apply`, `edit`, `ask`; `cancel` when the tracker is skipped.
    pub action: Action,
    /// Every default item of the tracker was taken. Says it all when the request listed trackers, not items.
    pub all: bool,
    /// Item numbers.
    pub apply: Vec<u32>,
    /// Item numbers.
    pub skip: Vec<u32>,
    /// Edits.
    pub edits: Vec<Edit>,
    /// What fits nothing.
    pub unknown: Vec<Unknown>,
    /// `force-sync`: plan this tracker although it was in the skipped group. Plans only; applies nothing.
    pub force: bool,
}

/// The answer, understood.
///
/// In `bulk` read `trackers`. The flat lists are a summary there: item numbers when no two trackers share one,
/// else the numbers of the trackers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confirmation {
    /// What to do.
    pub action: Action,
    /// Items to apply, ascending; edited items included.
    pub apply: Vec<u32>,
    /// Items not to apply, ascending: skipped, rejected, blocked, in doubt, and defaults nobody named. An item that
    /// is no default and was not named is in neither list.
    pub skip: Vec<u32>,
    /// Those of `skip` that the answer itself named: a person said no to them.
    #[serde(skip)]
    pub named_skip: Vec<u32>,
    /// Changes asked for.
    pub edits: Vec<Edit>,
    /// By item number (`{"3":{"reject-with-canned":"media"}}`) or by name (`title`, `severity`, `silent`).
    pub overrides: BTreeMap<String, Value>,
    /// What fits nothing, in order of appearance.
    pub unknown: Vec<Unknown>,
    /// `bulk` only: by tracker number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trackers: Option<BTreeMap<String, TrackerChoice>>,
    /// `bulk` only: the order asked for, when one was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<u32>,
}

/// Longest answer that is read, in bytes; a longer one is no answer to a plan.
const MAX_REPLY: usize = 32 * 1024;

/// Reads an answer. Total: every text gets an action, and only a clear one applies anything.
#[must_use]
pub fn read(request: &ConfirmRequest) -> Confirmation {
    if request.reply.len() > MAX_REPLY {
        return Confirmation {
            unknown: vec![Unknown::Text("reply too long".into())],
            ..Confirmation::default()
        };
    }
    let text = clean::own_words(&request.reply);
    if request.grammar == Grammar::Bulk {
        return bulk::read(request, &text);
    }
    let rules = grammar::Rules::of(request.grammar);
    let said = parse::parse(&text, rules, &request.items, &request.canned);
    resolve::resolve(said, rules, &request.items, &text)
}
