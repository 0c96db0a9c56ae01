//! Which trackers a thread could belong to: found by id, so that no mail is compared with thousands of bodies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::pattern::Regex;

use super::{Desk, InboxThread};
use crate::{
    case::Case,
    rules::{
        extract,
        import::{TrackerSummary, related::IndexedTracker},
    },
    tracker::{self, FieldRole},
};

/// A tracker with what is read out of its body once.
pub(super) struct Known<'a> {
    case: &'a Case,
    description: Option<String>,
    cve: Option<String>,
}

impl<'a> Known<'a> {
    pub(super) fn of(case: &'a Case, desk: Desk<'_>) -> Self {
        let parsed = tracker::parse(&case.tracker.body, desk.headings);
        let cve = parsed.get(FieldRole::CveToolLink).and_then(|v| extract::cve_ids(v).into_iter().next());
        let description = parsed.get(FieldRole::IssueDescription).map(str::to_owned);
        Self { case, description, cve }
    }

    /// As the classification reads it.
    pub(super) fn summary(&self) -> TrackerSummary {
        let t = &self.case.tracker;
        TrackerSummary {
            number: t.reference.number,
            reference: t.reference.to_string(),
            state_open: t.state.is_open(),
            labels: t.labels.iter().cloned().collect(),
            title: t.title.clone(),
            body: t.body.clone(),
            message_ids: t.message_ids.clone(),
            cve: self.cve.clone(),
        }
    }

    /// As the search for related trackers reads it.
    pub(super) fn indexed(&self) -> IndexedTracker {
        let t = &self.case.tracker;
        let closed = !t.state.is_open();
        let reporter = &self.case.reporter.email;
        IndexedTracker {
            reference: t.reference.to_string(),
            number: t.reference.number,
            open: !closed,
            labels: t.labels.iter().cloned().collect(),
            title: t.title.clone(),
            body: self.description.as_deref().unwrap_or(&t.body).to_owned(),
            comments: t.comments.iter().map(|c| c.body.clone()).collect(),
            reporter_emails: Some(reporter.clone()).filter(|e| !e.is_empty()).into_iter().collect(),
            closing_comment: t.comments.last().filter(|_| closed).map(|c| c.body.clone()).unwrap_or_default(),
            closed_at: self.case.closed,
            cve: self.cve.clone().unwrap_or_default(),
            ..IndexedTracker::default()
        }
    }
}

// Invariant: a literal pattern; every test of this module compiles it.
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every import")]
static IDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bCVE-\d{4}-\d{4,19}\b|\bGHSA(?:-[23456789cfghjmpqrvwx]{4}){3}\b").unwrap()
});

/// Most ids read out of one text; a list of more names none of them as its matter.
const MOST: usize = 400;

/// Trackers by the ids that tie a mail to them: Message-IDs, CVE and advisory ids, all folded.
#[derive(Debug, Default)]
pub(super) struct Near(BTreeMap<String, Vec<usize>>);

impl Near {
    pub(super) fn build(known: &[Known<'_>]) -> Self {
        let mut near = Self::default();
        for (i, k) in known.iter().enumerate() {
            let t = &k.case.tracker;
            let ids = t.message_ids.iter().map(|id| id.trim().trim_matches(['<', '>']).to_owned());
            let mut all: BTreeSet<String> = ids.collect();
            all.extend(message_ids(&t.body));
            all.extend(k.cve.iter().map(|c| c.trim().to_uppercase()));
            all.extend(named(&t.title).chain(named(&t.body)).filter(|id| id.starts_with("GHSA")));
            all.remove("");
            for id in all {
                near.0.entry(id).or_default().push(i);
            }
        }
        near
    }

    /// Places of the trackers a thread may belong to, in order.
    pub(super) fn of(&self, inbox: &InboxThread, known: &[Known<'_>]) -> BTreeSet<usize> {
        let mut out = BTreeSet::new();
        let mut look = |id: &str| out.extend(self.0.get(id).into_iter().flatten().copied());
        look(&inbox.id);
        for m in inbox.messages.iter().map(|m| &m.message) {
            let headers = m.references.iter().chain(&m.in_reply_to).chain([&m.key.id]);
            for id in headers.map(|id| id.trim().trim_matches(['<', '>'])) {
                look(id);
                // An id that holds a delimiter itself stands in a body in pieces, its last one with the `@`.
                look(id.rsplit(delimiter).next().unwrap_or_default());
            }
            let attached = m.attachments.iter().map(|a| a.text.as_str());
            for text in [m.subject.as_str(), &m.text, &m.hidden_text].into_iter().chain(attached) {
                named(text).for_each(|id| look(&id));
            }
        }
        let own = inbox.tracker.as_ref();
        out.extend(own.and_then(|t| known.iter().position(|k| k.case.tracker.key == *t)));
        out
    }
}

fn named(text: &str) -> impl Iterator<Item = String> {
    IDS.find_iter(text).take(MOST).map(|m| m.as_str().to_uppercase())
}

fn delimiter(c: char) -> bool {
    c.is_whitespace() || "<>`'\"()[],;/:=|*".contains(c)
}

/// What may be a Message-ID in a body: a word with an `@` between the delimiters that the classification accepts.
fn message_ids(body: &str) -> impl Iterator<Item = String> {
    body.split(delimiter).filter(|w| w.contains('@')).map(str::to_owned)
}
