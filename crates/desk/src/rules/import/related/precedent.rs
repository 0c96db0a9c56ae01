//! How such reports were answered before: closed trackers (P1) and mail threads (P2). A precedent informs, it never
//! decides (decisions page §1.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Axes, Corpus, Index, ReportFacts, ReportTerms, Shared, Terms, Why};
use crate::{
    config::Config,
    mail::Thread,
    people::Roster,
    plan::confirm::canned::{CANNED, CannedKind, fold},
    rules::import::{answered, people::is_team},
};

/// How much of a precedent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecedentMatch {
    /// Same component only: worth knowing.
    Context,
    /// Same component and same bug class.
    Precedent,
}

/// A tracker that was closed without an advisory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precedent {
    /// How it is cited.
    pub tracker: String,
    /// Its number.
    pub number: u64,
    /// How much of a precedent.
    pub kind: PrecedentMatch,
    /// The label it was closed with.
    pub label: String,
    /// Did the closing comment say why?
    pub confirmed: bool,
    /// Id of the canned reply that the closing comment names.
    pub canned: Option<String>,
    /// Why.
    pub why: Vec<Why>,
}

/// Id of the negative reply that a text names by heading or id.
fn canned_in(text: &str) -> Option<String> {
    let text = format!(" {} ", fold(text));
    let mut best: Option<(usize, &str)> = None;
    for c in CANNED.iter().filter(|c| c.kind == CannedKind::Negative) {
        let id = fold(c.id);
        for name in c.names.iter().copied().chain([id.as_str()]) {
            // One word is no heading.
            if name.contains(' ')
                && text.contains(&format!(" {name} "))
                && best.is_none_or(|(l, _)| name.len() > l)
            {
                best = Some((name.len(), c.id));
            }
        }
    }
    best.map(|(_, id)| id.to_string())
}

impl Index {
    /// Closed trackers labelled `invalid`, `not CVE worthy` or `duplicate` that concern the same thing (P1), closest
    /// first. Component and class make a precedent, component alone is context; words alone are neither.
    #[must_use]
    pub fn precedents(&self, report: &ReportFacts) -> Vec<Precedent> {
        let terms = report.terms();
        self.precedents_among(&terms, &self.corpus.compare(&terms))
    }

    pub(super) fn precedents_among(&self, terms: &Terms, shared: &BTreeMap<u32, Shared>) -> Vec<Precedent> {
        let mut found = Vec::new();
        for (id, shared) in shared {
            let (Some(t), Some(d)) = (self.trackers.get(*id as usize), self.corpus.docs.get(*id as usize))
            else {
                continue;
            };
            if !t.is_precedent() {
                continue;
            }
            let axes = Axes::of(shared, &terms.topics, &d.topics);
            if !axes.component() {
                continue;
            }
            found.push(Precedent {
                tracker: t.reference.clone(),
                number: t.number,
                kind: if axes.class { PrecedentMatch::Precedent } else { PrecedentMatch::Context },
                label: t.labels.iter().find(|l| super::closing_label(l)).cloned().unwrap_or_default(),
                confirmed: !t.closing_comment.trim().is_empty(),
                canned: canned_in(&t.closing_comment),
                why: axes.why,
            });
        }
        found.sort_by(|a, b| (b.kind, b.confirmed, a.number).cmp(&(a.kind, a.confirmed, b.number)));
        found.truncate(super::MAX_RELATED);
        found
    }
}

/// A mail thread as the precedent search reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexedThread {
    /// Its id.
    pub id: String,
    /// Subject of its root.
    pub subject: String,
    /// Text of its root.
    pub text: String,
    /// The team's last answer; empty when there was none.
    pub team_reply: String,
    /// Did the reporter object afterwards?
    pub pushed_back: bool,
    /// Does a tracker exist for it?
    pub tracked: bool,
}

impl IndexedThread {
    /// What the search reads of a thread that came in; none for one that the team or a machine began.
    #[must_use]
    pub fn of(thread: &Thread, tracked: bool, roster: &Roster, config: &Config) -> Option<Self> {
        let root = thread.root().filter(|r| !r.automatic)?;
        if is_team(&root.from, root, roster, config) {
            return None;
        }
        let said = answered::exchange(thread, roster, config);
        Some(Self {
            id: thread.id.clone(),
            subject: root.subject.clone(),
            text: root.text.clone(),
            team_reply: said.reply,
            pushed_back: said.objection,
            tracked,
        })
    }
}

/// What to do with an earlier answer (intake page §3, P2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    /// Nobody has answered such a report yet.
    NewGround,
    /// The reporter objected: say more.
    UseWithAugmentation,
    /// The answer stood.
    UseVerbatim,
}

/// An earlier thread about the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPrecedent {
    /// The thread.
    pub thread: String,
    /// Subject of its root.
    pub subject: String,
    /// How much of a precedent.
    pub kind: PrecedentMatch,
    /// Id of the canned reply that answered it.
    pub canned: Option<String>,
    /// What to do with it.
    pub recommendation: Recommendation,
    /// Why.
    pub why: Vec<Why>,
}

/// Threads that can be searched.
#[derive(Clone, Debug, Default)]
pub struct ThreadIndex {
    threads: Vec<IndexedThread>,
    corpus: Corpus,
}

impl ThreadIndex {
    /// An index over these threads.
    #[must_use]
    pub fn build(threads: &[IndexedThread]) -> Self {
        let mut index = Self::default();
        for t in threads {
            index.corpus.add(Terms::of(&t.subject, &t.text), "");
            index.threads.push(IndexedThread { text: String::new(), ..t.clone() });
        }
        index
    }

    /// Threads about the same thing that were answered, or never got a tracker (P2). Empty means that there is none,
    /// which is to be said.
    #[must_use]
    pub fn precedents(&self, report: &ReportTerms) -> Vec<MailPrecedent> {
        let terms = &report.0;
        let mut found = Vec::new();
        for (id, shared) in &self.corpus.compare(terms) {
            let (Some(t), Some(d)) = (self.threads.get(*id as usize), self.corpus.docs.get(*id as usize))
            else {
                continue;
            };
            let axes = Axes::of(shared, &terms.topics, &d.topics);
            if t.tracked || !axes.component() {
                continue;
            }
            found.push(MailPrecedent {
                thread: t.id.clone(),
                subject: t.subject.clone(),
                kind: if axes.class { PrecedentMatch::Precedent } else { PrecedentMatch::Context },
                canned: canned_in(&t.team_reply),
                recommendation: match (t.team_reply.trim().is_empty(), t.pushed_back) {
                    (true, _) => Recommendation::NewGround,
                    (false, true) => Recommendation::UseWithAugmentation,
                    (false, false) => Recommendation::UseVerbatim,
                },
                why: axes.why,
            });
        }
        found.sort_by(|a, b| {
            (b.kind, b.recommendation, &a.thread).cmp(&(a.kind, a.recommendation, &b.thread))
        });
        found.truncate(super::MAX_RELATED);
        found
    }
}
