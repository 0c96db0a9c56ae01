//! Plans: what is proposed, why, under which conditions, and how a yes is bound to it (DESIGN §2 and §4).
//!
//! A [`Plan`] is pure data. [`approval::Approved`] can only be made from a plan and an approval that names its
//! digest; [`apply::apply`] takes nothing else.

pub mod apply;
pub mod approval;
pub mod confirm;
pub mod digest;
pub mod effect;
pub mod hosted;
pub mod ports;

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    approval::{Actor, Approval, ApprovalError, Approved, KnownBy},
    effect::{ClearedEffect, Effect, Fate, Letter, Precondition, Probe, RollupNote},
};
pub use crate::tracker::rollup::{Action, ActionKind, Told};
use crate::{case::Evidence, people::Role};

/// Version of the plan file. A plan of another version is refused, never guessed at.
pub const FORMAT: u32 = 1;

/// Version of the rules. It is part of every digest: a plan made by other rules is another plan.
pub const RULES: &str = env!("CARGO_PKG_VERSION");

/// Number of an item within one plan, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemNo(pub u32);

impl fmt::Display for ItemNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What makes a step the same step in any plan: never a plan or item number (DESIGN §4). The generation rises
/// when a person undoes the effect, so that it may be proposed again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepKey {
    /// Tracker key, or the message key where there is no tracker.
    pub subject: String,
    /// Rule that proposes the step.
    pub rule: String,
    /// Name of the step within the rule.
    pub step: String,
    /// What the step is about: a label, a field, a digest of the text.
    pub artifact: String,
    /// Rises with every undo.
    pub generation: u32,
}

impl StepKey {
    /// A key of the first generation.
    #[must_use]
    pub fn new(subject: &str, rule: &str, step: &str, artifact: &str) -> Self {
        let clean = |s: &str| s.replace(['|', '\n', '\r'], "_");
        Self {
            subject: clean(subject),
            rule: clean(rule),
            step: clean(step),
            artifact: clean(artifact),
            generation: 0,
        }
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}|{}|{}", self.subject, self.rule, self.step, self.artifact, self.generation)
    }
}

impl From<StepKey> for String {
    fn from(k: StepKey) -> Self {
        k.to_string()
    }
}

impl TryFrom<String> for StepKey {
    type Error = String;

    fn try_from(s: String) -> Result<Self, String> {
        let parts: Vec<&str> = s.split('|').collect();
        match parts.as_slice() {
            [subject, rule, step, artifact, generation] => Ok(Self {
                subject: (*subject).into(),
                rule: (*rule).into(),
                step: (*step).into(),
                artifact: (*artifact).into(),
                generation: generation.parse().map_err(|_| format!("step key `{s}` has no generation"))?,
            }),
            _ => Err(format!("step key `{s}` does not have five parts")),
        }
    }
}

/// One change to the world, with what must still be true when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its journal key.
    pub key: StepKey,
    /// What it does.
    pub effect: Effect,
    /// Re-read at apply; one that no longer holds refuses the item.
    pub requires: Vec<Precondition>,
}

/// The group an item is shown in (intake page §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Applied by `all`.
    Proposed,
    /// Needs to be named: a canned refusal, a held message.
    NeedsWord,
    /// Set aside without a reply: bookkeeping, spam.
    SetAside,
}

/// A proposal: steps approved as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its number in this plan.
    pub n: ItemNo,
    /// The rule that proposes it.
    pub rule: String,
    /// What it is about: tracker key or message key.
    pub subject: String,
    /// One line a person reads first.
    pub headline: String,
    /// Class, reporter and the like, shown under the headline.
    pub details: Vec<(String, String)>,
    /// The evidence.
    pub why: Vec<Evidence>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Items that must be applied first.
    pub after: Vec<ItemNo>,
    /// Roles the approver needs, any one of them; empty means anyone at the desk.
    pub needs: Vec<Role>,
    /// Group and so what `all` does with it.
    pub group: Group,
    /// Reason why it cannot be applied; approving it is refused.
    pub blocked: Option<String>,
    /// Things a person should know before saying yes.
    pub notices: Vec<String>,
    /// Who owns the next move once it is applied, in words.
    pub next: String,
}

impl Item {
    /// Does a bare `all` include it?
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.blocked.is_none() && self.group != Group::NeedsWord
    }

    /// Every effect, those in the arms of a choice included.
    #[must_use]
    pub fn effects(&self) -> Vec<&Effect> {
        fn walk<'a>(steps: &'a [Step], out: &mut Vec<&'a Effect>) {
            for s in steps {
                out.push(&s.effect);
                if let Effect::Choose { arms, .. } = &s.effect {
                    arms.values().for_each(|a| walk(a, out));
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.steps, &mut out);
        out
    }
}

/// A proposal with its reasons: the same facts give the same bytes (G6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: u32,
    /// [`RULES`].
    pub rules: String,
    /// What made it: `import`, `comment`, …
    pub kind: String,
    /// Digest of the configuration used.
    pub config: String,
    /// Fingerprint of the facts used, observation times left out.
    pub facts: String,
    /// The items.
    pub items: Vec<Item>,
    /// What stands in the way and is no item's.
    pub blockers: Vec<String>,
    /// What a person should know.
    pub notices: Vec<String>,
    /// When it was made; not part of the digest.
    pub made: Timestamp,
}

/// Begins the reason of an item that is blocked because of another.
const WAITS: &str = "it comes after item ";

/// What comes after a blocked item is blocked with it, and what comes after an item that needs a word needs one too: `all`
/// takes what can be applied as a whole.
pub fn settle(items: &mut [Item]) {
    let mut blocked: BTreeSet<ItemNo> = BTreeSet::new();
    let mut named: BTreeSet<ItemNo> = BTreeSet::new();
    // Each comes after smaller numbers only.
    for i in items {
        if i.blocked.as_ref().is_some_and(|b| b.starts_with(WAITS)) {
            i.blocked = None;
        }
        if i.blocked.is_none()
            && let Some(first) = i.after.iter().find(|a| blocked.contains(a))
        {
            i.blocked = Some(format!("{WAITS}{first}, which is blocked"));
        }
        if i.group == Group::Proposed && i.after.iter().any(|a| named.contains(a)) {
            i.group = Group::NeedsWord;
        }
        if i.blocked.is_some() {
            blocked.insert(i.n);
        }
        if i.group == Group::NeedsWord {
            named.insert(i.n);
        }
    }
}

impl Plan {
    /// An empty plan over those facts.
    #[must_use]
    pub fn new(kind: &str, config: String, facts: String, made: Timestamp) -> Self {
        Self {
            format: FORMAT,
            rules: RULES.into(),
            kind: kind.into(),
            config,
            facts,
            items: Vec::new(),
            blockers: Vec::new(),
            notices: Vec::new(),
            made,
        }
    }

    /// The item of that number.
    #[must_use]
    pub fn item(&self, n: ItemNo) -> Option<&Item> {
        self.items.iter().find(|i| i.n == n)
    }

    /// Digest that an approval binds: format, rules, configuration, facts and items; not `made` (DESIGN §2).
    #[must_use]
    pub fn digest(&self) -> String {
        digest::of(&(self.format, &self.rules, &self.kind, &self.config, &self.facts, &self.items))
    }

    /// Numbers of the items a bare `all` would apply.
    #[must_use]
    pub fn defaults(&self) -> BTreeSet<ItemNo> {
        self.items.iter().filter(|i| i.is_default()).map(|i| i.n).collect()
    }
}
