//! From an inbox to a plan: every undecided message gets a proposed fate (intake page §1, §8).
//!
//! [`plan`] is pure. It judges each message (`candidate`), turns each judgement into an item (`item`), and writes
//! the letters (`letter`). What a person overrode goes in as data, so that a revised plan is again a function of
//! its facts.

mod candidate;
mod earlier;
mod item;
mod letter;
mod near;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use self::candidate::{Candidate, Proposal};
pub use self::item::BOOKKEEPING;
use crate::{
    case::{Case, Fact},
    confidential::Policy,
    config::Config,
    mail::{Address, Message},
    people::Roster,
    plan::{Fate, Group, ItemNo, Plan, digest},
    reply::{Library, ReplyId},
    rules::import::{
        Fate as Judged, Signal, TrackerSummary, Verdict,
        related::{Grade, Index, IndexedThread, IndexedTracker, Related, ReportFacts, UpstreamChange},
    },
    spread::{InTurn, Spread},
    tracker::{ColumnNames, Headings, LabelNames, TrackerKey},
};

/// A message of the inbox.
#[derive(Clone, Debug)]
pub struct InboxMessage {
    /// It, decoded.
    pub message: Message,
    /// Its fate so far.
    pub fate: Fate,
    /// Does the desk hold another mail of the same Message-ID, with other content?
    pub clash: bool,
    /// Where it was read.
    pub source: String,
}

impl InboxMessage {
    /// The page it was read off, for what came by no mail; empty for mail.
    #[must_use]
    pub fn page(&self) -> &str {
        crate::mail::page_of_place(&self.source).unwrap_or_default()
    }

    /// The page where an archive shows it to those who may read the list; none when it was read elsewhere.
    #[must_use]
    pub fn archive(&self) -> Option<&str> {
        crate::mail::archive_of_place(&self.source)
    }
}

/// A thread that holds at least one undecided message.
#[derive(Clone, Debug, Default)]
pub struct InboxThread {
    /// Message-ID of the root.
    pub id: String,
    /// The tracker it belongs to, if any.
    pub tracker: Option<TrackerKey>,
    /// Its messages, root first, then by arrival.
    pub messages: Vec<InboxMessage>,
}

/// A row of the ledger: somebody was told something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct ToldFact {
    /// Tracker or message key.
    pub subject: String,
    /// About what.
    pub event: String,
    /// Thread.
    pub thread: String,
    /// Did it ask how to credit them?
    pub asked_credit: bool,
}

/// The facts an import is planned from.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The inbox.
    pub threads: Vec<InboxThread>,
    /// Every tracker, open and closed.
    pub cases: Vec<Case>,
    /// The ledger.
    pub told: Vec<ToldFact>,
    /// Recent public changes, for fixes that are public already.
    pub changes: Fact<Vec<UpstreamChange>>,
    /// Threads of the last half year that came in and are decided: how such mail was answered before.
    pub earlier: Fact<Vec<IndexedThread>>,
}

/// What a person said about one item in place of its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Override {
    /// Neither tracker nor draft.
    Skip {
        /// Who said so.
        by: String,
    },
    /// A canned reply, no tracker.
    Canned(ReplyId),
    /// A reply that names the public fix, no tracker.
    PublicFix(Vec<String>),
    /// A tracker, with these changes: `title: …`, `credit: …`, `versions: …`, or a new title.
    Import(String),
}

/// Overrides by item subject.
pub type Overrides = BTreeMap<String, Override>;

/// Everything that stays the same while one plan is made.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub config: &'a Config,
    pub roster: &'a Roster,
    pub replies: &'a Library,
    pub headings: &'a Headings,
    pub labels: &'a LabelNames,
    pub columns: &'a ColumnNames,
    pub scene: &'a Scene,
    /// The scene's trackers, by number.
    pub cases: &'a [&'a Case],
    /// Asked whether a letter could leave before anybody is asked to approve it.
    pub policy: &'a Policy,
    pub strangers: &'a letter::Strangers,
    pub now: Timestamp,
}

/// Plan an import.
#[must_use]
pub fn plan(
    scene: &Scene,
    config: &Config,
    roster: &Roster,
    replies: &Library,
    overrides: &Overrides,
    now: Timestamp,
) -> Plan {
    plan_with(scene, config, roster, replies, overrides, now, &InTurn)
}

/// As [`plan`], where somebody helps with reading. The plan is the same to the byte.
#[must_use]
pub fn plan_with(
    scene: &Scene,
    config: &Config,
    roster: &Roster,
    replies: &Library,
    overrides: &Overrides,
    now: Timestamp,
    spread: &dyn Spread,
) -> Plan {
    let (headings, labels, columns) =
        (Headings::new(config), LabelNames::new(config), ColumnNames::new(config));
    let mut plan = Plan::new("import", crate::config::digest(config), fingerprint(scene), now);
    let policy = match Policy::new(config, roster) {
        Ok(policy) => policy,
        Err(e) => {
            plan.blockers.push(e.to_string());
            return plan;
        }
    };
    // The order in which facts were gathered means nothing.
    let mut cases: Vec<&Case> = scene.cases.iter().collect();
    cases.sort_by_key(|c| (c.tracker.reference.number, &c.tracker.key));
    let strangers = letter::Strangers::of(&cases);
    let desk = Desk {
        config,
        roster,
        replies,
        headings: &headings,
        labels: &labels,
        columns: &columns,
        scene,
        cases: &cases,
        policy: &policy,
        strangers: &strangers,
        now,
    };
    if let Fact::Unknown(why) = &scene.changes {
        plan.notices.push(format!("public fixes were not looked for: {why}"));
    }
    if let Fact::Unknown(why) = &scene.earlier {
        plan.notices.push(format!("earlier answers were not looked for: {why}"));
    }
    let candidates = candidate::judge(desk, overrides, spread);
    plan.items = item::items(&candidates, desk, overrides);
    // Proposals first, then what needs a word, then what is set aside: the order in which a person reads them. The
    // order must not change with overrides, or numbers would shift between a plan and its revision.
    number(&mut plan.items, &candidates);
    plan
}

/// Number the items by the group they have without overrides, then by arrival.
fn number(items: &mut [crate::plan::Item], candidates: &[Candidate]) {
    let natural: BTreeMap<&str, (Group, usize)> =
        candidates.iter().enumerate().map(|(i, c)| (c.subject.as_str(), (c.natural, i))).collect();
    items.sort_by_key(|i| natural.get(i.subject.as_str()).copied().unwrap_or((Group::SetAside, usize::MAX)));
    let mut renamed = BTreeMap::new();
    for (n, item) in (1u32..).zip(items.iter_mut()) {
        renamed.insert(item.n, ItemNo(n));
        item.n = ItemNo(n);
    }
    for item in items {
        for after in &mut item.after {
            if let Some(n) = renamed.get(after) {
                *after = *n;
            }
        }
    }
}

/// Digest of the facts: messages and their fates, trackers at their revisions, the ledger, public changes. The order
/// in which they were gathered is left out; that of the messages in a thread is a fact.
fn fingerprint(scene: &Scene) -> String {
    let mut threads: Vec<_> = scene
        .threads
        .iter()
        .map(|t| {
            (&t.id, &t.tracker, t.messages.iter().map(|m| (&m.message.key, &m.fate)).collect::<Vec<_>>())
        })
        .collect();
    threads.sort();
    let mut cases: Vec<_> = scene.cases.iter().map(|c| (&c.tracker.key, c.revision)).collect();
    cases.sort();
    let mut told: Vec<_> = scene.told.iter().collect();
    told.sort();
    let mut changes: Vec<String> = scene.changes.known().into_iter().flatten().map(digest::of).collect();
    changes.sort();
    let mut earlier: Vec<String> = scene.earlier.known().into_iter().flatten().map(digest::of).collect();
    earlier.sort();
    let unknown = (scene.changes.is_unknown(), scene.earlier.is_unknown());
    digest::of(&(threads, cases, told, changes, earlier, unknown))
}

impl Scene {
    /// The tracker of that key.
    #[must_use]
    pub fn case(&self, key: &TrackerKey) -> Option<&Case> {
        self.cases.iter().find(|c| c.tracker.key == *key)
    }

    /// Was somebody told about this event on that thread?
    #[must_use]
    pub fn was_told(&self, thread: &str, event: &str) -> bool {
        self.told.iter().any(|t| t.thread == thread && t.event == event)
    }

    /// Was the credit question asked on that thread?
    #[must_use]
    pub fn asked_credit(&self, thread: &str) -> bool {
        self.told.iter().any(|t| t.thread == thread && t.asked_credit)
    }
}

/// Whom an answer to that message may go to, and whether they hear of milestones only, as a forwarder does; `None` when
/// nobody can or need be answered. `page` is where it was read, for what came by no mail.
#[must_use]
pub fn contact(message: &Message, page: &str, config: &Config, roster: &Roster) -> Option<(Address, bool)> {
    let forwarder = crate::rules::extract::detect(message, config, roster);
    letter::whom(message, page, &forwarder, config, roster).ok()
}

/// Subjects that occur more than once; every item has its own.
#[must_use]
pub fn duplicate_subjects(plan: &Plan) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    plan.items.iter().filter(|i| !seen.insert(i.subject.as_str())).map(|i| i.subject.as_str()).collect()
}

/// The judgement of a message, given the trackers it has to do with: a report that is STRONGly the same as one is a
/// duplicate (intake page §3, D3).
pub fn settle(verdict: &mut Verdict, related: &[Related]) {
    let twin = related.iter().find(|r| r.grade == Grade::Strong);
    if let (Judged::NewTracker, Some(twin)) = (verdict.fate, twin) {
        verdict.fate = Judged::Duplicate;
        verdict.thread.tracked = true;
        verdict.thread.tracker = Some(twin.tracker.clone());
        let why = twin.why.iter().map(|w| w.evidence.as_str()).collect::<Vec<_>>().join("; ");
        verdict
            .signals
            .push(Signal::new("class.report.same-as-tracker", &format!("{}: {why}", twin.tracker)));
    }
}

/// The trackers of an index that a message has to do with, as `x classify` prints them.
#[must_use]
pub fn related_to(message: &Message, title: &str, trackers: &[TrackerSummary]) -> Vec<Related> {
    let indexed: Vec<IndexedTracker> = trackers
        .iter()
        .map(|t| IndexedTracker {
            reference: t.shown(),
            number: t.number,
            open: t.state_open,
            labels: t.labels.clone(),
            title: t.title.clone(),
            body: t.body.clone(),
            cve: t.cve.clone().unwrap_or_default(),
            ..IndexedTracker::default()
        })
        .collect();
    let facts = ReportFacts {
        from: message.from.clone(),
        received: message.arrived(),
        ..ReportFacts::new(title, &message.text)
    };
    Index::build(&indexed).related(&facts)
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[(
    "import",
    "one message, or one thread, gets its fate; the evidence of the judgement stands beside it",
)];
