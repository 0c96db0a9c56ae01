//! Which trackers a report has to do with, and how closely (intake page §3: D3, P1, P2, P3).
//!
//! An [`Index`] is built once over all trackers, open and closed, whole bodies and comments (Weaknesses 4). A report is
//! compared only with trackers that share something rare with it: an id, a place in code, a distinctive word, a bug
//! class together with how it is reached or mended. What is rare is counted in the index itself.
//!
//! Grades:
//! - **STRONG**: the same advisory id; the tracker's own CVE id in the report's title; or three of the four axes
//!   (component, bug class, attack path, fix shape) with component and class among them; or the same class at the
//!   same entry point and in the same function. Sibling flaws share code or
//!   cause, not both, so they stop at MEDIUM (decision 3 of the specification).
//! - **MEDIUM**: a shared, rare place in code; two axes with component or class among them; the reporter of the
//!   tracker, when component or class matches too.
//! - **WEAK**: three rare title words, or a CVE id both speak of.
//!
//! One axis alone is nothing: everybody reports XSS, and everything is in the web server.

mod axes;
mod corpus;
mod precedent;
mod public_fix;
mod terms;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::{
    axes::Axes,
    corpus::{Corpus, Doc, Shared},
    terms::Terms,
};
pub use self::{
    precedent::{IndexedThread, MailPrecedent, Precedent, PrecedentMatch, Recommendation, ThreadIndex},
    public_fix::{Changes, PublicFix, UpstreamChange, public_fix},
};
use crate::{
    config::Config,
    mail::Address,
    rules::vocabulary,
    spread::{InTurn, Spread, in_order},
};

/// A tracker as the index reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexedTracker {
    /// How it is cited, e.g. `owner/repo#12`.
    pub reference: String,
    /// Its number.
    pub number: u64,
    /// Not closed.
    pub open: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its body, whole.
    pub body: String,
    /// Its comments, oldest first.
    pub comments: Vec<String>,
    /// Addresses of its reporters, from the private address book (Weaknesses 3).
    pub reporter_emails: Vec<String>,
    /// Why it was closed, in the tracker's word.
    pub closed_reason: String,
    /// The comment it was closed with.
    pub closing_comment: String,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Its own CVE id; empty when it has none.
    pub cve: String,
    /// Paths its fix changes.
    pub fix_paths: Vec<String>,
}

impl IndexedTracker {
    /// Closed without being a flaw of its own: a precedent, not a duplicate (decisions page §1.4).
    #[must_use]
    pub fn is_precedent(&self) -> bool {
        !self.open && self.labels.iter().any(|l| closing_label(l))
    }
}

/// Labels of trackers that were closed without an advisory.
fn closing_label(label: &str) -> bool {
    let l: Vec<String> = vocabulary::words(label).collect();
    matches!(l.join(" ").as_str(), "invalid" | "not cve worthy" | "duplicate" | "wontfix" | "won t fix")
}

/// What is known of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportFacts {
    /// Its subject or title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Who wrote it; for a relayed report, nobody.
    pub from: Address,
    /// Advisory ids known beside those in the text.
    pub ghsa: Vec<String>,
    /// Places in code known beside those in the text.
    pub pointers: Vec<String>,
    /// When it arrived.
    pub received: Option<Timestamp>,
}

impl ReportFacts {
    /// A report with that title and text.
    #[must_use]
    pub fn new(title: &str, text: &str) -> Self {
        Self { title: title.into(), text: text.into(), ..Self::default() }
    }

    /// What the report is about, for several searches.
    #[must_use]
    pub fn read(&self) -> ReportTerms {
        ReportTerms(Arc::new(self.terms()))
    }

    fn terms(&self) -> Terms {
        let mut terms = Terms::of(&self.title, &self.text);
        let extra = Terms::of("", &format!("{}\n{}", self.ghsa.join("\n"), self.pointers.join("\n")));
        terms.ghsa.extend(extra.ghsa);
        for (folded, shown) in extra.pointers {
            terms.pointers.entry(folded).or_insert(shown);
        }
        terms.pointers.extend(extra.names);
        terms
    }
}

/// What a report is about, read once.
#[derive(Clone, Debug)]
pub struct ReportTerms(Arc<Terms>);

/// How closely two things are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Grade {
    /// Worth a look.
    Weak,
    /// Offer: new, merge, or new with a cross-link.
    Medium,
    /// Propose to treat it as the same.
    Strong,
}

impl Grade {
    /// The word of the specification.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::Weak => "WEAK",
            Grade::Medium => "MEDIUM",
            Grade::Strong => "STRONG",
        }
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Why {
    /// Rule id, such as `related.component`.
    pub rule: String,
    /// What both have.
    pub evidence: String,
}

impl Why {
    fn new(rule: &str, evidence: impl Into<String>) -> Self {
        Self { rule: format!("related.{rule}"), evidence: evidence.into() }
    }
}

/// A tracker that a report has to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// How it is cited.
    pub tracker: String,
    /// Its number.
    pub number: u64,
    /// How closely.
    pub grade: Grade,
    /// Why.
    pub why: Vec<Why>,
}

/// Most trackers that one report is shown with.
const MAX_RELATED: usize = 10;
/// Days for which a closed tracker of the same reporter counts (intake page §3).
const REPORTER_DAYS: i64 = 180;
/// Local parts that many people share.
const SHARED_LOCAL: &[&str] = &[
    "info",
    "security",
    "admin",
    "noreply",
    "no-reply",
    "donotreply",
    "contact",
    "support",
    "hello",
    "mail",
    "me",
    "notifications",
    "root",
    "office",
    "team",
    "psirt",
    "cert",
    "research",
    "bugs",
    "abuse",
    "webmaster",
    "postmaster",
    "disclosure",
    "report",
    "reports",
    "vulnerability",
    "secure",
    "help",
    "dev",
    "test",
    "user",
];

/// Trackers that can be searched.
#[derive(Clone, Debug, Default)]
pub struct Index {
    trackers: Vec<IndexedTracker>,
    corpus: Corpus,
    /// By address and by local part, folded.
    reporters: BTreeMap<String, Vec<u32>>,
}

impl Index {
    /// An index over these trackers; they are kept without their long texts.
    #[must_use]
    pub fn build(trackers: &[IndexedTracker]) -> Self {
        Self::of(trackers, BTreeSet::new(), &InTurn)
    }

    /// As [`Index::build`], where somebody helps with reading.
    #[must_use]
    pub fn build_with(trackers: &[IndexedTracker], spread: &dyn Spread) -> Self {
        Self::of(trackers, BTreeSet::new(), spread)
    }

    /// The same, where the product's own names say nothing: everything is about the product.
    #[must_use]
    pub fn build_for(config: &Config, trackers: &[IndexedTracker]) -> Self {
        let names = [&config.project.name, &config.project.short_name, &config.project.vendor];
        let products = config.scope.iter().map(|s| &s.product);
        let own = names.into_iter().chain(products);
        Self::of(
            trackers,
            own.flat_map(|n| vocabulary::words(n)).map(|w| terms::word_hash(&w)).collect(),
            &InTurn,
        )
    }

    /// An index over reports that were read before: of each as a tracker only what [`Terms`] leave out is taken.
    #[must_use]
    pub fn of_reports<'r>(reports: impl Iterator<Item = (IndexedTracker, &'r ReportTerms)>) -> Self {
        let mut index = Self::default();
        for (t, terms) in reports {
            index.add(&t, (*terms.0).clone());
        }
        index
    }

    fn add(&mut self, t: &IndexedTracker, terms: Terms) {
        let id = u32::try_from(self.trackers.len()).unwrap_or(u32::MAX);
        self.corpus.add(terms, &t.cve);
        for e in &t.reporter_emails {
            let e = e.trim().to_lowercase();
            for key in [local_key(&e), Some(e.clone())].into_iter().flatten() {
                let list = self.reporters.entry(key).or_default();
                if list.last() != Some(&id) {
                    list.push(id);
                }
            }
        }
        self.trackers.push(IndexedTracker { body: String::new(), comments: Vec::new(), ..t.clone() });
    }

    fn of(trackers: &[IndexedTracker], own: BTreeSet<u64>, spread: &dyn Spread) -> Self {
        let mut index = Self { corpus: Corpus { own, ..Corpus::default() }, ..Self::default() };
        let read = |t: &IndexedTracker| {
            let mut text = t.body.clone();
            for c in t.comments.iter().chain([&t.closing_comment]) {
                text.push('\n');
                text.push_str(c);
            }
            let mut terms = Terms::of(&t.title, &text);
            for p in t.fix_paths.iter().flat_map(|p| terms::path_names(p)) {
                terms.pointers.entry(p.clone()).or_insert(p);
            }
            terms
        };
        in_order(spread, trackers, read, |t, terms| index.add(t, terms));
        index
    }

    /// How many trackers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.trackers.len()
    }

    /// Nothing to search.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trackers.is_empty()
    }

    /// The trackers a report has to do with, closest first, at most ten (D3).
    #[must_use]
    pub fn related(&self, report: &ReportFacts) -> Vec<Related> {
        self.search(report).0
    }

    /// [`Index::related`] for a report that was read before.
    #[must_use]
    pub fn related_to(&self, report: &ReportFacts, terms: &ReportTerms) -> Vec<Related> {
        self.graded(report, &terms.0, self.corpus.compare(&terms.0)).0
    }

    /// Trackers of the same reporter that are otherwise unrelated: a note, no grade (D3, reporter identity).
    #[must_use]
    pub fn reporter_notes(&self, report: &ReportFacts) -> Vec<Related> {
        self.search(report).1
    }

    /// [`Index::related`] and [`Index::precedents`] with one search.
    #[must_use]
    pub fn both(&self, report: &ReportFacts, terms: &ReportTerms) -> (Vec<Related>, Vec<Precedent>) {
        let shared = self.corpus.compare(&terms.0);
        let precedents = self.precedents_among(&terms.0, &shared);
        (self.graded(report, &terms.0, shared).0, precedents)
    }

    fn search(&self, report: &ReportFacts) -> (Vec<Related>, Vec<Related>) {
        let terms = report.terms();
        let shared = self.corpus.compare(&terms);
        self.graded(report, &terms, shared)
    }

    fn graded(
        &self,
        report: &ReportFacts,
        terms: &Terms,
        mut shared: BTreeMap<u32, Shared>,
    ) -> (Vec<Related>, Vec<Related>) {
        let same = self.same_reporter(report);
        for id in same.keys() {
            shared.entry(*id).or_default();
        }
        let (mut related, mut notes) = (Vec::new(), Vec::new());
        for (id, s) in &shared {
            let (Some(t), Some(d)) = (self.trackers.get(*id as usize), self.corpus.docs.get(*id as usize))
            else {
                continue;
            };
            let axes = Axes::of(s, &terms.topics, &d.topics);
            let mut grade = axes.grade(s.rare_topic);
            let mut why = axes.why.clone();
            if !s.ghsa.is_empty() {
                grade = Some(Grade::Strong);
                why.insert(0, Why::new("ghsa", s.ghsa.join(", ")));
            } else if t.is_precedent() && grade == Some(Grade::Strong) {
                grade = Some(Grade::Medium);
                why.push(Why::new("closed-without-cve", t.labels.join(", ")));
            }
            for c in &s.cves {
                let g = self.by_cve(c, d, report);
                grade = grade.max(Some(g));
                why.insert(0, Why::new("cve", c.clone()));
            }
            if grade.is_none() && !axes.other_cause && s.title_words.len() >= 3 {
                grade = Some(Grade::Weak);
                why.push(Why::new("subject", s.title_words.join(", ")));
            }
            if let Some(address) = same.get(id) {
                if axes.component() || axes.class {
                    grade = grade.max(Some(Grade::Medium));
                }
                why.push(Why::new("reporter", address.clone()));
            }
            let entry =
                |grade| Related { tracker: t.reference.clone(), number: t.number, grade, why: why.clone() };
            match grade {
                Some(g) => related.push((g, axes.count(), t.open, entry(g))),
                None if same.contains_key(id) => notes.push(entry(Grade::Weak)),
                None => {}
            }
        }
        related.sort_by(|a, b| (b.0, b.1, b.2).cmp(&(a.0, a.1, a.2)).then(a.3.number.cmp(&b.3.number)));
        related.truncate(MAX_RELATED);
        (related.into_iter().map(|r| r.3).collect(), notes)
    }

    /// A CVE id in common: the tracker's own in the title is the same flaw, unless the report says it is another one.
    fn by_cve(&self, cve: &str, doc: &Doc, report: &ReportFacts) -> Grade {
        let title = report.title.to_uppercase();
        if doc.own_cve != cve {
            return if doc.cves.contains(cve) { Grade::Weak } else { Grade::Medium };
        }
        let folded = vocabulary::folded(&report.title);
        let another = [
            "bypass",
            "incomplete",
            "variant",
            "similar",
            "regression",
            "insufficient",
            "follow",
            "related",
            "like",
        ]
        .iter()
        .any(|w| folded.contains(&format!(" {w} ")));
        if title.contains(cve) && !another { Grade::Strong } else { Grade::Medium }
    }

    /// Trackers this reporter reported: by address, else by a local part that is a person's.
    fn same_reporter(&self, report: &ReportFacts) -> BTreeMap<u32, String> {
        let address = report.from.email.trim().to_lowercase();
        let mut found = BTreeMap::new();
        for key in
            [Some(address.clone()).filter(|a| a.contains('@')), local_key(&address)].into_iter().flatten()
        {
            for id in self.reporters.get(&key).into_iter().flatten() {
                let recent = self.trackers.get(*id as usize).is_some_and(|t| {
                    let days = |closed: Timestamp, now: Timestamp| now.duration_since(closed).as_hours() / 24;
                    t.open
                        || t.closed_at
                            .zip(report.received)
                            .is_none_or(|(c, now)| days(c, now) <= REPORTER_DAYS)
                });
                if recent {
                    found.entry(*id).or_insert_with(|| key.clone());
                }
            }
        }
        found
    }
}

/// The local part as a key of its own, when it is one person's.
fn local_key(address: &str) -> Option<String> {
    let local = address.split_once('@')?.0;
    let local = local.split('+').next().unwrap_or(local);
    (local.len() >= 4 && !SHARED_LOCAL.contains(&local)).then(|| format!("{local}@"))
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("related.strong", "grade STRONG: propose to treat them as one"),
    ("related.medium", "grade MEDIUM: a person decides"),
    ("related.weak", "grade WEAK: worth a look"),
    ("related.attack-path", "both are reached the same way"),
    ("related.bug-class", "both are of the same class"),
    (
        "related.closed-without-cve",
        "the tracker was closed without a CVE, so it is a precedent and no duplicate",
    ),
    ("related.code-pointer", "both name the same, rare place in code"),
    ("related.component", "both are about the same component"),
    ("related.cve", "both name the same CVE id"),
    ("related.fix-shape", "both are mended the same way"),
    ("related.ghsa", "both name the same advisory id"),
    ("related.reporter", "the same person reported both"),
    ("related.subject", "three rare words of the title in common"),
    ("precedent", "a closed tracker of the same component and class"),
    ("precedent.mail", "earlier mail about the same component, and how it was answered"),
    ("public-fix", "the flaw seems to be mended in public"),
    ("public-fix.bug-class", "the change mends the same class"),
    ("public-fix.fix", "the change calls itself a fix"),
    ("public-fix.ghsa", "the change names the advisory id"),
    ("public-fix.linked", "the report links the change"),
    ("public-fix.surface", "the change touches the same place"),
];
