//! What a rule proposes, before it is a numbered item.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::View;
use crate::{
    case::Evidence,
    confidential::Draft,
    mail::{Address, message_id_for},
    people::Role,
    plan::{
        Action, Effect, Group, Item, ItemNo, Letter, Precondition, RollupNote, Step, StepKey, Told, digest,
        effect::{Change, Drafted},
    },
    tracker::{FieldRole, LabelRole},
};

/// The group of sync page §14 in which an item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bucket {
    /// Labels, milestone, assignee, board, comments, letters.
    NonCve,
    /// What changes the CVE record: title, summary, affected versions, credit and the like.
    Cve,
}

/// The status entry that goes with a proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What kind of change.
    pub action: Action,
    /// What changed, on one line.
    pub headline: String,
    /// More about it, with links.
    pub body: String,
    /// Was the reporter told?
    pub told: Told,
}

/// What one rule proposes for one tracker.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The rule.
    pub rule: &'static str,
    /// One line.
    pub headline: String,
    /// Before and after, and the like.
    pub details: Vec<(String, String)>,
    /// The evidence.
    pub why: Vec<Evidence>,
    /// Changes in order, each with what must still be true.
    pub steps: Vec<(Effect, Vec<Precondition>)>,
    /// What the first of its steps relies on besides, whichever that is.
    pub relies: Vec<Precondition>,
    /// Its status entry.
    pub note: Option<Note>,
    /// A letter that goes with it.
    pub letter: Option<Letter<Drafted>>,
    /// Rules whose items come first, when they are in the plan.
    pub after: Vec<&'static str>,
    /// Roles, any of which the approver needs.
    pub needs: Vec<Role>,
    /// Why it cannot be applied.
    pub blocked: Option<String>,
    /// What to know before a yes.
    pub notices: Vec<String>,
    /// Who does what next.
    pub next: String,
    /// Where it is shown.
    pub bucket: Bucket,
    /// Does a bare `all` include it?
    pub group: Group,
}

impl Proposal {
    /// A proposal of a rule with its evidence.
    #[must_use]
    pub fn new(rule: &'static str, headline: impl Into<String>, why: Vec<Evidence>) -> Self {
        Self {
            rule,
            headline: headline.into(),
            details: Vec::new(),
            why,
            steps: Vec::new(),
            relies: Vec::new(),
            note: None,
            letter: None,
            after: Vec::new(),
            needs: Vec::new(),
            blocked: None,
            notices: Vec::new(),
            next: String::new(),
            bucket: Bucket::NonCve,
            group: Group::Proposed,
        }
    }

    /// Add a change.
    #[must_use]
    pub fn step(mut self, effect: Effect, requires: Vec<Precondition>) -> Self {
        self.steps.push((effect, requires));
        self
    }

    /// Add the change of a field, relying on the value it has now.
    #[must_use]
    pub fn field(self, v: &View<'_>, role: FieldRole, value: impl Into<String>) -> Self {
        let value: String = value.into();
        let shown = |s: &str| if s.is_empty() { "unset".to_owned() } else { s.to_owned() };
        let details = (role.as_str().to_owned(), format!("{} → {}", shown(v.field(role)), shown(&value)));
        let effect = Change::SetField { tracker: v.t.key.clone(), role, value: Draft::text(value) };
        let mut this = self.step(effect, vec![v.field_is(role)]);
        this.details.push(details);
        this
    }

    /// Add a change of labels, relying on those it adds and removes.
    #[must_use]
    pub fn labels(self, v: &View<'_>, add: &[LabelRole], remove: &[LabelRole]) -> Self {
        let name = |r: &LabelRole| v.g.labels.name(*r).to_owned();
        let add: BTreeSet<String> = add.iter().filter(|r| !v.has(**r)).map(name).collect();
        let gone: BTreeSet<String> =
            v.t.labels
                .iter()
                .filter(|l| v.g.labels.role(l).is_some_and(|r| remove.contains(&r)))
                .cloned()
                .collect();
        self.label_names(v, add, gone)
    }

    /// The same for labels by name.
    #[must_use]
    pub fn label_names(self, v: &View<'_>, add: BTreeSet<String>, remove: BTreeSet<String>) -> Self {
        if add.is_empty() && remove.is_empty() {
            return self;
        }
        let tracker = v.t.key.clone();
        let was = |label: &String, present| Precondition::LabelIs {
            tracker: tracker.clone(),
            label: label.clone(),
            present,
        };
        let requires = add.iter().map(|l| was(l, false)).chain(remove.iter().map(|l| was(l, true))).collect();
        self.step(Change::SetLabels { tracker: tracker.clone(), add, remove }, requires)
    }

    /// Its status entry.
    #[must_use]
    pub fn note(
        mut self,
        action: Action,
        headline: impl Into<String>,
        body: impl Into<String>,
        told: Told,
    ) -> Self {
        self.note = Some(Note { action, headline: headline.into(), body: body.into(), told });
        self
    }

    /// What comes next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// Shown with the changes of the record.
    #[must_use]
    pub fn in_record(mut self) -> Self {
        self.bucket = Bucket::Cve;
        self
    }

    /// Applied only when it is named.
    #[must_use]
    pub fn needs_word(mut self) -> Self {
        self.group = Group::NeedsWord;
        self
    }

    /// Make it the item of that number.
    #[must_use]
    pub fn into_item(self, n: ItemNo, after: Vec<ItemNo>, v: &View<'_>) -> Item {
        let subject = v.t.key.0.clone();
        // The revision makes a change that a person undid a new step; the letter's key is without it: one letter only.
        let generation = u32::try_from(v.case.revision).unwrap_or(u32::MAX);
        let keyed = |effect: &Effect| StepKey {
            generation,
            ..StepKey::new(&subject, self.rule, effect.name(), &digest::name(effect)[..16])
        };
        let list = Address::new("", &v.g.config.mail.lists.security);
        let tell = |l: &Letter<Drafted>| {
            StepKey::new(&subject, &format!("tell.{}", l.event), "mail-draft", &l.artifact)
        };
        let mut steps: Vec<Step> = self
            .steps
            .into_iter()
            .map(|(mut effect, requires)| {
                let key = match &mut effect {
                    Change::MailDraft { letter, .. } => {
                        let key = tell(letter);
                        letter.message_id = message_id_for(&key.to_string(), list.domain());
                        key
                    }
                    other => keyed(other),
                };
                Step { key, effect, requires }
            })
            .collect();
        let mut told = None;
        let letter = self.letter.map(|mut letter| {
            let key = tell(&letter);
            letter.message_id = message_id_for(&key.to_string(), list.domain());
            told = Some(Told::PendingDraft(letter.message_id.clone()));
            let not_told = letter.not_told(&subject);
            let effect = Change::MailDraft { subject: subject.clone(), letter };
            Step { key, effect, requires: vec![not_told] }
        });
        if let Some(note) = self.note {
            let effect = Change::AppendEntry {
                tracker: v.t.key.clone(),
                note: RollupNote::<Drafted> {
                    action: note.action,
                    headline: Draft::text(note.headline),
                    body: Draft::text(note.body),
                    next: Draft::text(self.next.clone()),
                    told: told.unwrap_or(note.told),
                },
            };
            // The entry belongs to this change: two changes of one revision are two entries.
            let about = digest::name(&steps.iter().map(|s| &s.key).collect::<Vec<_>>());
            let mut key = keyed(&effect);
            key.artifact = format!("{}-{}", key.artifact, &about[..8]);
            steps.push(Step { key, effect, requires: Vec::new() });
        }
        steps.extend(letter);
        if let Some(first) = steps.first_mut() {
            first.requires.extend(self.relies);
        }
        Item {
            n,
            rule: self.rule.into(),
            subject,
            headline: self.headline,
            details: self.details,
            why: self.why,
            steps,
            after,
            needs: self.needs,
            group: self.group,
            blocked: self.blocked,
            notices: self.notices,
            next: self.next,
        }
    }
}
