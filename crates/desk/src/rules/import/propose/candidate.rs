//! Judging the inbox: one candidate per message that needs a decision of its own, with the replies that follow it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Desk, InboxMessage, InboxThread, Override, Overrides,
    near::{Known, Near},
};
use crate::{
    case::Evidence,
    mail::{Message, Thread},
    plan::{Group, digest},
    rules::{
        extract::{self, CreditFinding, ForwarderReport, ReportFields},
        import::{
            Class, ClassifyInput, Fate, Once, RejectVerdict, TrackerSummary, Verdict, classify_once,
            related::{
                Changes, Grade, Index, IndexedTracker, MailPrecedent, Precedent, PrecedentMatch, PublicFix,
                Related, ReportFacts, ReportTerms, ThreadIndex, Why,
            },
        },
    },
    spread::{Spread, in_order},
    tracker::TrackerKey,
};

/// What is proposed for one message and those that follow it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Subject of its item: the tracker it opens or belongs to, or the message.
    pub subject: String,
    /// Its thread.
    pub thread: String,
    /// The message that decides.
    pub lead: InboxMessage,
    /// Root subject line of the thread, for replies.
    pub root_subject: String,
    /// Message-IDs of the thread before the lead, oldest first.
    pub references: Vec<String>,
    /// Undecided replies that share its fate.
    pub rest: Vec<InboxMessage>,
    /// What it is.
    pub verdict: Verdict,
    /// From a forwarder?
    pub forwarder: ForwarderReport,
    /// Extracted fields.
    pub fields: ReportFields,
    /// Whom to credit.
    pub credit: CreditFinding,
    /// Related trackers, strongest first.
    pub related: Vec<Related>,
    /// Closed twins that were rejected.
    pub precedents: Vec<Precedent>,
    /// How such mail was answered before; none where nobody needs to know.
    pub earlier: Option<Vec<MailPrecedent>>,
    /// A public fix.
    pub public_fix: Option<PublicFix>,
    terms: ReportTerms,
    /// What is proposed.
    pub proposal: Proposal,
    /// The group it has when nobody overrides it.
    pub natural: Group,
    /// Does it report what an earlier message of the same inbox reports?
    pub twin: bool,
}

/// What is proposed for a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// A tracker of this key.
    NewTracker(TrackerKey),
    /// It belongs to this tracker.
    FollowUp(TrackerKey),
    /// It reports what this tracker holds.
    Duplicate(TrackerKey),
    /// A canned reply.
    Reply(crate::reply::ReplyId),
    /// Nothing; set aside.
    SetAside,
    /// A person must look.
    Hold(String),
    /// A person said no.
    Skipped(String),
}

/// Judge every undecided message.
pub(super) fn judge(desk: Desk<'_>, overrides: &Overrides, spread: &dyn Spread) -> Vec<Candidate> {
    let mut known: Vec<Known<'_>> = Vec::with_capacity(desk.cases.len());
    in_order(spread, desk.cases, |c| Known::of(c, desk), |_, k| known.push(k));
    let pass = Pass {
        desk,
        reader: extract::Reader::new(desk.config, desk.roster),
        near: Near::build(&known),
        index: Index::build_with(&known.iter().map(Known::indexed).collect::<Vec<_>>(), spread),
        earlier: ThreadIndex::build(desk.scene.earlier.known().map(Vec::as_slice).unwrap_or_default()),
        changes: Changes::new(desk.scene.changes.known().map(Vec::as_slice).unwrap_or_default()),
        known,
    };
    let mut run = Run::default();
    let mut threads: Vec<&InboxThread> = desk.scene.threads.iter().collect();
    threads.sort_by_cached_key(|t| (t.messages.first().and_then(|m| m.message.arrived()), t.id.clone()));
    in_order(spread, &threads, |t| pass.read_all(t), |t, read| pass.thread(t, read, &mut run));
    // What a person said comes last: who decides with whom, the groups and so the numbers follow from the mail alone.
    join_twins(&mut run.out);
    super::earlier::join(&mut run.out, &desk.scene.cases);
    say(&mut run.out, overrides);
    run.out
}

/// The candidates so far.
#[derive(Default)]
struct Run {
    out: Vec<Candidate>,
    /// The candidate that collects what belongs to a tracker.
    follow: BTreeMap<TrackerKey, usize>,
}

impl Run {
    /// Add a message to the item of its tracker, if this run has one.
    fn joins(&mut self, tracker: &TrackerKey, m: &InboxMessage) -> bool {
        let at = self.follow.get(tracker).and_then(|f| self.out.get_mut(*f));
        at.map(|c| c.rest.push(m.clone())).is_some()
    }

    fn push(&mut self, c: Candidate) {
        if let Proposal::FollowUp(key) = &c.proposal {
            self.follow.insert(key.clone(), self.out.len());
        }
        self.out.push(c);
    }
}

/// What stays the same while the inbox is read.
struct Pass<'a> {
    desk: Desk<'a>,
    reader: extract::Reader<'a>,
    known: Vec<Known<'a>>,
    near: Near,
    index: Index,
    earlier: ThreadIndex,
    changes: Changes<'a>,
}

impl Pass<'_> {
    /// Everything that is read out of the undecided messages of a thread; nothing of it depends on another thread.
    fn read_all(&self, inbox: &InboxThread) -> Vec<Option<Read>> {
        let near: Vec<TrackerSummary> = self
            .near
            .of(inbox, &self.known)
            .into_iter()
            .filter_map(|i| self.known.get(i).map(Known::summary))
            .collect();
        let thread = Thread {
            id: inbox.id.clone(),
            messages: inbox.messages.iter().map(|m| m.message.clone()).collect(),
        };
        let once = Once::default();
        let messages = inbox.messages.iter().enumerate();
        messages.map(|(i, m)| m.fate.undecided().then(|| self.read(m, &thread, i, &near, &once))).collect()
    }

    fn thread(&self, inbox: &InboxThread, read: Vec<Option<Read>>, run: &mut Run) {
        // The candidate of this run that later replies of the thread follow.
        let mut lead: Option<usize> = None;
        for (i, (m, read)) in inbox.messages.iter().zip(read).enumerate() {
            let Some(read) = read else { continue };
            // A second mail under a Message-ID that was taken is no reply to the first; nothing of it may go unseen.
            let follows =
                (i > 0 && !m.clash) || (inbox.tracker.is_some() && !stands_before(inbox, i, &read.verdict));
            // A machine's answer within a thread says nothing about the tracker.
            let machine = m.message.automatic && read.verdict.class == Class::Other;
            // D1 works by message: a reply follows its thread unless it reports something new (intake page §3).
            if follows && !machine && !reports_anew(&read.verdict, lead.is_some() || inbox.tracker.is_some())
            {
                if let Some(at) = lead.and_then(|l| run.out.get_mut(l))
                    && at.takes(m, &read.verdict)
                {
                    at.rest.push(m.clone());
                    continue;
                }
                if let Some(tracker) = inbox.tracker.as_ref().filter(|_| lead.is_none()) {
                    // A message for a tracker that exists: one item per tracker, however many messages.
                    if !run.joins(tracker, m) {
                        let mut c = bare(inbox, m, read);
                        c.subject = tracker.0.clone();
                        c.proposal = Proposal::FollowUp(tracker.clone());
                        c.natural = Group::Proposed;
                        run.push(c);
                    }
                    continue;
                }
            }
            let c = self.candidate(inbox, i, m, read);
            if let Proposal::FollowUp(tracker) = &c.proposal
                && run.joins(tracker, m)
            {
                continue;
            }
            if lead.is_none() {
                lead = Some(run.out.len());
            }
            run.push(c);
        }
    }

    /// Everything that is read out of one message.
    fn read(
        &self,
        m: &InboxMessage,
        thread: &Thread,
        i: usize,
        near: &[TrackerSummary],
        once: &Once,
    ) -> Read {
        let desk = self.desk;
        let extract::Read { forwarder, fields, credit } = self.reader.read(&m.message);
        let facts = facts(&m.message, &fields);
        let terms = facts.read();
        let fix = (!self.changes.is_empty()).then(|| self.changes.fix(&facts, &terms)).flatten();
        let strong = fix.as_ref().filter(|f| f.grade == Grade::Strong).map(fix_words);
        let input = ClassifyInput {
            thread,
            index: i,
            roster: desk.roster,
            config: desk.config,
            trackers: near,
            forwarder: forwarder.adapter.as_deref(),
            public_fix: strong.as_deref(),
            now: desk.now,
        };
        let verdict = classify_once(&input, once);
        Read { forwarder, fields, credit, fix, terms, verdict }
    }

    fn candidate(&self, inbox: &InboxThread, at: usize, m: &InboxMessage, mut read: Read) -> Candidate {
        let fix = read.fix.take();
        let mut c = bare(inbox, m, read);
        c.public_fix = fix;
        if at > 0 && c.root_subject.is_empty() {
            c.root_subject.clone_from(&m.message.subject);
        }
        if matches!(c.verdict.class, Class::Report | Class::RelayedReport | Class::ConvergedReport) {
            let facts = facts(&m.message, &c.fields);
            (c.related, c.precedents) = self.index.both(&facts, &c.terms);
            if reads_like_a_no(&c) && !self.desk.scene.earlier.is_unknown() {
                c.earlier = Some(self.earlier.precedents(&c.terms));
            }
        }
        (c.proposal, c.natural) = propose(&c, &c.own_key(), self.desk);
        if let Proposal::NewTracker(key) = &c.proposal {
            c.subject = key.0.clone();
        }
        c
    }
}

/// What is read out of one message.
struct Read {
    forwarder: ForwarderReport,
    fields: ReportFields,
    credit: CreditFinding,
    fix: Option<PublicFix>,
    terms: ReportTerms,
    verdict: Verdict,
}

/// Does it read like what was rejected before? Only then is it worth knowing how such mail was answered (intake page §3, P2).
fn reads_like_a_no(c: &Candidate) -> bool {
    let strong = c.related.iter().any(|r| r.grade == Grade::Strong);
    let rejected = c.precedents.iter().any(|p| p.kind == PrecedentMatch::Precedent);
    !strong && (rejected || c.verdict.reject.verdict != RejectVerdict::NoMatch)
}

/// Put what a person said in place of what is proposed. The subject stays, so that the item keeps its number and what
/// was said about it.
fn say(candidates: &mut [Candidate], overrides: &Overrides) {
    for c in candidates.iter_mut() {
        let key = c.own_key();
        let to_tracker = matches!(&c.proposal, Proposal::FollowUp(t) if t.0 == c.subject);
        c.proposal = match overrides.get(&c.subject).or_else(|| overrides.get(&key.0)) {
            Some(Override::Skip { by }) => Proposal::Skipped(by.clone()),
            // Messages of a tracker's own thread are read there; they are no report to answer or to import.
            _ if to_tracker => continue,
            Some(Override::Canned(id)) => Proposal::Reply(*id),
            Some(Override::PublicFix(_)) => Proposal::Reply(crate::reply::ReplyId::AlreadyPublic),
            Some(Override::Import(_)) => Proposal::NewTracker(key),
            None => continue,
        };
    }
    // A twin whose tracker will not be opened opens it itself, and the other twins join that one.
    let opens = |c: &Candidate| match &c.proposal {
        Proposal::NewTracker(key) => Some(key.clone()),
        _ => None,
    };
    let mut opened: BTreeMap<TrackerKey, TrackerKey> =
        candidates.iter().filter_map(|c| opens(c).map(|k| (k.clone(), k))).collect();
    for c in candidates.iter_mut().filter(|c| c.twin) {
        if let Proposal::Duplicate(of) = &c.proposal {
            let key = opened.entry(of.clone()).or_insert_with(|| c.own_key()).clone();
            c.proposal =
                if key == c.own_key() { Proposal::NewTracker(key) } else { Proposal::Duplicate(key) };
        }
    }
}

/// Is this reply a report of its own?
fn reports_anew(verdict: &Verdict, tracked: bool) -> bool {
    let new = verdict.signals.iter().any(|s| s.rule == "class.report.new-on-tracked-thread");
    let report = matches!(verdict.class, Class::Report | Class::RelayedReport | Class::ConvergedReport);
    new || (report && !tracked)
}

/// Is this a root that is no report (a scan, a question), while the tracker of the thread was opened for a reply to it?
/// It keeps the answer it has not had yet.
fn stands_before(inbox: &InboxThread, at: usize, verdict: &Verdict) -> bool {
    let opened = |m: &InboxMessage| matches!(m.fate, crate::plan::Fate::Tracker { .. });
    let report = matches!(
        verdict.class,
        Class::Report | Class::RelayedReport | Class::ConvergedReport | Class::FollowUp
    );
    at == 0 && !report && inbox.messages.iter().skip(1).any(opened)
}

fn bare(inbox: &InboxThread, m: &InboxMessage, read: Read) -> Candidate {
    let root = inbox.messages.first().map_or(&m.message, |r| &r.message);
    Candidate {
        subject: format!("m-{}", short(&m.message.key.digest.0)),
        thread: inbox.id.clone(),
        root_subject: root.subject.clone(),
        references: references(inbox, m),
        fields: read.fields,
        credit: read.credit,
        lead: m.clone(),
        rest: Vec::new(),
        verdict: read.verdict,
        forwarder: read.forwarder,
        related: Vec::new(),
        precedents: Vec::new(),
        earlier: None,
        public_fix: None,
        terms: read.terms,
        proposal: Proposal::SetAside,
        natural: Group::SetAside,
        twin: false,
    }
}

/// The default proposal of a judgement: one table (intake page §4, §8).
fn propose(c: &Candidate, key: &TrackerKey, desk: Desk<'_>) -> (Proposal, Group) {
    use crate::reply::ReplyId as R;
    if c.verdict.thread.answered {
        return (Proposal::SetAside, Group::SetAside);
    }
    if let Some(why) = c.lead.message.unreadable {
        return (Proposal::Hold(unreadable(why)), Group::NeedsWord);
    }
    let reply = |id| (Proposal::Reply(id), Group::NeedsWord);
    match (c.verdict.fate, c.verdict.class) {
        (Fate::Drop, _) => (Proposal::SetAside, Group::SetAside),
        // Nobody waits for an answer to an automatic mail.
        (Fate::Hold, Class::Other) if c.lead.message.automatic => (Proposal::SetAside, Group::SetAside),
        (Fate::Hold, _) => (Proposal::Hold(hold_reason(c)), Group::NeedsWord),
        (Fate::Reply, Class::Scanner) => reply(R::AutomatedScan),
        (Fate::Reply, Class::Consolidated) => reply(R::Consolidated),
        (Fate::Reply, Class::Media) => reply(R::Media),
        (Fate::Reply, Class::AlreadyPublic) => reply(R::AlreadyPublic),
        (Fate::Reply, _) => reply(R::NotVulnerability),
        (Fate::FollowUp, _) => match followed(c, desk) {
            Some(t) => (Proposal::FollowUp(t), Group::Proposed),
            None => {
                (Proposal::Hold("it follows a tracker that is not on this desk".into()), Group::NeedsWord)
            }
        },
        (Fate::NewTracker | Fate::Duplicate, _) => {
            // A match that was closed without a CVE is a precedent, not a duplicate (decisions page §1.4).
            let twin = c.related.iter().filter(|r| r.grade == Grade::Strong).find_map(|r| {
                let case = desk.cases.iter().find(|case| case.tracker.reference.number == r.number)?;
                let rejected = !desk.labels.read(&case.tracker.labels).dispositions().is_empty();
                (!rejected).then(|| case.tracker.key.clone())
            });
            if let Some(twin) = twin {
                return (Proposal::Duplicate(twin), Group::Proposed);
            }
            let canned = c.verdict.reject.reply_id.as_deref().and_then(R::resolve);
            match (c.verdict.reject.verdict, canned) {
                (RejectVerdict::RejectWithCanned, Some(id)) => reply(id),
                (RejectVerdict::HoldForHumanReview, _) => {
                    (Proposal::NewTracker(key.clone()), Group::NeedsWord)
                }
                _ => (Proposal::NewTracker(key.clone()), Group::Proposed),
            }
        }
    }
}

fn hold_reason(c: &Candidate) -> String {
    c.verdict.signals.first().map_or_else(|| "a person must look".into(), |s| s.evidence.clone())
}

fn unreadable(why: crate::mail::Unreadable) -> String {
    use crate::mail::Unreadable as U;
    match why {
        U::PgpEncrypted => "it is encrypted with PGP; decrypt it and import the plain text",
        U::SmimeEncrypted => "it is encrypted with S/MIME; decrypt it and import the plain text",
        U::NoText => "it holds no text; look at its attachments",
        U::TooLarge => "it is too large to read whole; look at it in its mailbox",
        U::TooManyParts => "it has too many parts to read; look at it in its mailbox",
    }
    .into()
}

fn followed(c: &Candidate, desk: Desk<'_>) -> Option<TrackerKey> {
    let name = c.verdict.thread.tracker.as_deref()?;
    desk.cases
        .iter()
        .find(|case| case.tracker.reference.to_string() == name || case.tracker.key.0 == name)
        .map(|case| case.tracker.key.clone())
}

/// The evidence of a public fix in one line.
fn fix_words(fix: &PublicFix) -> String {
    let why: Vec<&str> = fix.evidence.iter().map(|w| w.evidence.as_str()).collect();
    format!("{} {}", fix.url, why.join("; "))
}

fn facts(message: &Message, fields: &ReportFields) -> ReportFacts {
    ReportFacts {
        from: message.from.clone(),
        received: message.arrived(),
        ..ReportFacts::new(&fields.title, &message.text)
    }
}

/// Two reports of one flaw in the same inbox: the earlier opens the tracker, the later joins it.
fn join_twins(candidates: &mut [Candidate]) {
    let new: Vec<usize> = candidates
        .iter()
        .enumerate()
        .filter(|(_, c)| matches!(c.proposal, Proposal::NewTracker(_)) && c.lead.message.unreadable.is_none())
        .map(|(i, _)| i)
        .collect();
    if new.len() < 2 {
        return;
    }
    let index =
        Index::of_reports(new.iter().filter_map(|i| candidates.get(*i).map(|c| (proposed(*i, c), &c.terms))));
    // Where each of them ended up: with itself, or with the twin that opens the tracker. Never with one that joins.
    let mut joined: BTreeMap<usize, usize> = BTreeMap::new();
    for &i in &new {
        let Some(c) = candidates.get(i) else { continue };
        let earlier: Vec<Related> = index
            .related_to(&facts(&c.lead.message, &c.fields), &c.terms)
            .into_iter()
            .filter(|r| usize::try_from(r.number).is_ok_and(|n| n <= i && n > 0))
            .collect();
        let twin = earlier
            .iter()
            .filter(|r| r.grade == Grade::Strong)
            .filter_map(|r| usize::try_from(r.number).ok()?.checked_sub(1))
            .find_map(|n| joined.get(&n).copied());
        joined.insert(i, twin.unwrap_or(i));
        let target = twin.and_then(|t| candidates.get(t)).map(|t| (t.own_key(), t.natural));
        let Some(c) = candidates.get_mut(i) else { continue };
        c.related.extend(earlier.into_iter().filter(|r| r.grade >= Grade::Medium));
        if let Some((key, natural)) = target {
            c.subject = format!("m-{}", short(&c.lead.message.key.digest.0));
            c.proposal = Proposal::Duplicate(key);
            // It needs the item that opens the tracker, so it is shown and taken with it.
            c.natural = natural;
            c.twin = true;
        }
    }
}

/// A candidate of this run, as a tracker that could be matched; its number is its place, from 1.
fn proposed(at: usize, c: &Candidate) -> IndexedTracker {
    IndexedTracker {
        reference: format!("the report `{}`", crate::mail::one_line(&c.fields.title, 80)),
        number: u64::try_from(at + 1).unwrap_or(u64::MAX),
        open: true,
        title: c.fields.title.clone(),
        reporter_emails: Some(c.lead.message.from.email.clone())
            .filter(|e| !e.is_empty())
            .into_iter()
            .collect(),
        ..IndexedTracker::default()
    }
}

fn references(inbox: &InboxThread, m: &InboxMessage) -> Vec<String> {
    let mut ids: Vec<String> = m.message.references.clone();
    if ids.is_empty() {
        ids.extend(m.message.in_reply_to.iter().take(1).cloned());
    }
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()) && !id.is_empty());
    // A thread id of `sha256:…` stands for a message without an id, which nothing can refer to.
    if ids.is_empty() && inbox.id != m.message.key.id && !inbox.id.starts_with("sha256:") {
        ids.push(inbox.id.clone());
    }
    ids
}

fn short(digest_hex: &str) -> &str {
    digest_hex.get(..16).unwrap_or(digest_hex)
}

/// Why two reports are related, in one line.
#[must_use]
pub(super) fn words(why: &[Why]) -> String {
    why.iter().map(|w| w.evidence.as_str()).collect::<Vec<_>>().join("; ")
}

impl Candidate {
    /// Key of the tracker it opens, or would.
    fn own_key(&self) -> TrackerKey {
        TrackerKey(format!("t-{}", short(&self.lead.message.key.digest.0)))
    }

    /// Does a reply share its fate? What is set aside takes only what would be set aside itself: a person who answers
    /// spam or a notice of a machine may still say something.
    fn takes(&self, m: &InboxMessage, verdict: &Verdict) -> bool {
        let idle = verdict.fate == Fate::Drop || m.message.automatic || verdict.thread.answered;
        self.proposal != Proposal::SetAside || idle
    }

    /// The evidence of the judgement, for `why`.
    #[must_use]
    pub fn why(&self) -> Vec<Evidence> {
        let source = &self.lead.source;
        let mut out: Vec<Evidence> =
            self.verdict.signals.iter().map(|s| Evidence::new(&s.rule, &s.evidence, source)).collect();
        for r in &self.related {
            out.push(Evidence::new(
                &format!("related.{}", r.grade.as_str().to_lowercase()),
                words(&r.why),
                &r.tracker,
            ));
        }
        for p in &self.precedents {
            out.push(Evidence::new("precedent", words(&p.why), &p.tracker));
        }
        for p in self.earlier.iter().flatten() {
            out.push(Evidence::new("precedent.mail", words(&p.why), &p.thread));
        }
        if let Some(rule) = &self.verdict.reject.rule {
            let quote = self.verdict.reject.quotes.first().map_or("", String::as_str);
            out.push(Evidence::new(rule, quote, source));
        }
        if let Some(f) = &self.public_fix {
            out.push(Evidence::new("public-fix", fix_words(f), "the public code"));
        }
        out.extend(self.verdict.injection.iter().map(|s| Evidence::new(&s.rule, &s.evidence, source)));
        out
    }

    /// A digest of everything the proposal rests on.
    #[must_use]
    pub fn facts(&self) -> String {
        let rest: Vec<_> = self.rest.iter().map(|m| &m.message.key).collect();
        digest::of(&(&self.lead.message.key, rest, self.verdict.class.as_str()))
    }
}
