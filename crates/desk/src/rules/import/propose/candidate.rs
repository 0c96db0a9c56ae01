//! Judging the inbox: one candidate per message that needs a decision of its own, with the replies that follow it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Desk, InboxMessage, InboxThread, Override, Overrides};
use crate::{
    case::{Case, Evidence},
    mail::{Message, Thread},
    plan::{Group, digest},
    rules::{
        extract::{self, CreditFinding, ForwarderReport, Mode, ReportFields},
        import::{
            Class, ClassifyInput, Fate, RejectVerdict, TrackerSummary, Verdict, classify,
            related::{
                Grade, Index, IndexedTracker, Precedent, PublicFix, Related, ReportFacts, Why, public_fix,
            },
        },
    },
    tracker::{self, FieldRole, TrackerKey},
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
    /// A public fix.
    pub public_fix: Option<PublicFix>,
    /// What is proposed.
    pub proposal: Proposal,
    /// The group it has when nobody overrides it.
    pub natural: Group,
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
pub(super) fn judge(desk: Desk<'_>, overrides: &Overrides) -> Vec<Candidate> {
    let summaries: Vec<TrackerSummary> = desk.scene.cases.iter().map(|c| summary(c, desk)).collect();
    let by_key: BTreeMap<&TrackerKey, usize> =
        desk.scene.cases.iter().enumerate().map(|(i, c)| (&c.tracker.key, i)).collect();
    let with_cve: Vec<TrackerSummary> = summaries.iter().filter(|s| s.cve.is_some()).cloned().collect();
    let index = Index::build(&desk.scene.cases.iter().map(|c| indexed(c, desk)).collect::<Vec<_>>());
    let mut out: Vec<Candidate> = Vec::new();
    let mut follow: BTreeMap<TrackerKey, usize> = BTreeMap::new();
    let mut threads: Vec<&InboxThread> = desk.scene.threads.iter().collect();
    threads.sort_by_key(|t| (t.messages.first().and_then(|m| m.message.arrived()), &t.id));
    for thread in threads {
        // Classifying against thousands of trackers would read each of them for every mail: only the one this thread
        // belongs to, and those that have a CVE a mail could name, can matter.
        let mut near = with_cve.clone();
        if let Some(i) = thread.tracker.as_ref().and_then(|t| by_key.get(t))
            && let Some(s) = summaries.get(*i).filter(|s| s.cve.is_none())
        {
            near.push(s.clone());
        }
        judge_thread(thread, &near, desk, overrides, &index, &mut out, &mut follow);
    }
    join_twins(&mut out, overrides);
    super::earlier::join(&mut out, &desk.scene.cases);
    out
}

#[expect(clippy::too_many_arguments, reason = "the state of one pass over the inbox")]
fn judge_thread(
    inbox: &InboxThread,
    near: &[TrackerSummary],
    desk: Desk<'_>,
    overrides: &Overrides,
    index: &Index,
    out: &mut Vec<Candidate>,
    follow: &mut BTreeMap<TrackerKey, usize>,
) {
    let thread =
        Thread { id: inbox.id.clone(), messages: inbox.messages.iter().map(|m| m.message.clone()).collect() };
    // The candidate of this run that later replies of the thread follow.
    let mut lead: Option<usize> = None;
    for (i, m) in inbox.messages.iter().enumerate() {
        if !m.fate.undecided() {
            continue;
        }
        let forwarder = extract::detect(&m.message, desk.config, desk.roster);
        let fix = fix_of(&m.message, desk);
        let strong = fix.as_ref().filter(|f| f.grade == Grade::Strong).map(fix_words);
        let verdict = classify(&ClassifyInput {
            thread: &thread,
            index: i,
            roster: desk.roster,
            config: desk.config,
            trackers: near,
            forwarder: forwarder.adapter.as_deref(),
            public_fix: strong.as_deref(),
            now: desk.now,
        });
        // A second mail under a Message-ID that was taken is no reply to the first; nothing of it may go unseen.
        let follows = (i > 0 && !m.clash) || inbox.tracker.is_some();
        // D1 works by message: a reply follows its thread unless it reports something new (intake page §3).
        // A machine's answer within a thread says nothing about the tracker.
        let machine = m.message.automatic && verdict.class == Class::Other;
        if follows && !machine && !reports_anew(&verdict, lead.is_some() || inbox.tracker.is_some()) {
            if let Some(at) = lead.and_then(|l| out.get_mut(l)) {
                at.rest.push(m.clone());
                continue;
            }
            if let Some(tracker) = &inbox.tracker {
                join(tracker, inbox, m, verdict, forwarder, desk, overrides, out, follow);
                continue;
            }
        }
        let c = candidate(inbox, i, m, verdict, forwarder, fix, desk, overrides, index);
        if let Proposal::FollowUp(tracker) = &c.proposal
            && let Some(at) = follow.get(tracker).and_then(|f| out.get_mut(*f))
        {
            at.rest.push(m.clone());
            continue;
        }
        if let Proposal::FollowUp(key) = &c.proposal {
            follow.insert(key.clone(), out.len());
        }
        if lead.is_none() || !follows {
            lead = Some(out.len());
        }
        out.push(c);
    }
}

/// Is this reply a report of its own?
fn reports_anew(verdict: &Verdict, tracked: bool) -> bool {
    let new = verdict.signals.iter().any(|s| s.rule == "class.report.new-on-tracked-thread");
    let report = matches!(verdict.class, Class::Report | Class::RelayedReport | Class::ConvergedReport);
    new || (report && !tracked)
}

/// A message for a tracker that exists: one item per tracker, however many messages.
#[expect(clippy::too_many_arguments, reason = "the state of one pass over the inbox")]
fn join(
    tracker: &TrackerKey,
    inbox: &InboxThread,
    m: &InboxMessage,
    verdict: Verdict,
    forwarder: ForwarderReport,
    desk: Desk<'_>,
    overrides: &Overrides,
    out: &mut Vec<Candidate>,
    follow: &mut BTreeMap<TrackerKey, usize>,
) {
    if let Some(at) = follow.get(tracker).and_then(|f| out.get_mut(*f)) {
        at.rest.push(m.clone());
        return;
    }
    follow.insert(tracker.clone(), out.len());
    let mut c = bare(inbox, m, verdict, forwarder, desk);
    c.subject = tracker.0.clone();
    c.proposal = Proposal::FollowUp(tracker.clone());
    c.natural = Group::Proposed;
    if let Some(Override::Skip { by }) = overrides.get(&c.subject) {
        c.proposal = Proposal::Skipped(by.clone());
    }
    out.push(c);
}

fn bare(
    inbox: &InboxThread,
    m: &InboxMessage,
    verdict: Verdict,
    forwarder: ForwarderReport,
    desk: Desk<'_>,
) -> Candidate {
    let relayed = forwarder.mode == Mode::ViaForwarder;
    let root = inbox.messages.first().map_or(&m.message, |r| &r.message);
    Candidate {
        subject: format!("m-{}", short(&m.message.key.digest.0)),
        thread: inbox.id.clone(),
        root_subject: root.subject.clone(),
        references: references(inbox, m),
        fields: extract::fields(&m.message, &m.message.text, desk.config),
        credit: extract::from_message(&m.message, relayed),
        lead: m.clone(),
        rest: Vec::new(),
        verdict,
        forwarder,
        related: Vec::new(),
        precedents: Vec::new(),
        public_fix: None,
        proposal: Proposal::SetAside,
        natural: Group::SetAside,
    }
}

#[expect(clippy::too_many_arguments, reason = "the state of one pass over the inbox")]
fn candidate(
    inbox: &InboxThread,
    at: usize,
    m: &InboxMessage,
    verdict: Verdict,
    forwarder: ForwarderReport,
    fix: Option<PublicFix>,
    desk: Desk<'_>,
    overrides: &Overrides,
    index: &Index,
) -> Candidate {
    let mut c = bare(inbox, m, verdict, forwarder, desk);
    c.public_fix = fix;
    if at > 0 && c.root_subject.is_empty() {
        c.root_subject.clone_from(&m.message.subject);
    }
    let report = matches!(c.verdict.class, Class::Report | Class::RelayedReport | Class::ConvergedReport);
    if report {
        let facts = facts(&m.message, &c.fields);
        c.related = index.related(&facts);
        c.precedents = index.precedents(&facts);
    }
    let key = TrackerKey(format!("t-{}", short(&m.message.key.digest.0)));
    let (proposal, group) = propose(&c, &key, desk);
    (c.proposal, c.natural) = (proposal, group);
    c.subject = match &c.proposal {
        Proposal::NewTracker(key) => key.0.clone(),
        _ => format!("m-{}", short(&m.message.key.digest.0)),
    };
    let said = overrides.get(&c.subject).or_else(|| overrides.get(&key.0));
    match said {
        Some(Override::Skip { by }) => c.proposal = Proposal::Skipped(by.clone()),
        Some(Override::Canned(id)) => c.proposal = Proposal::Reply(*id),
        Some(Override::PublicFix(_)) => c.proposal = Proposal::Reply(crate::reply::ReplyId::AlreadyPublic),
        // The subject stays that of the natural proposal, so that the item keeps its number and its override.
        Some(Override::Import(_)) => c.proposal = Proposal::NewTracker(key),
        None => {}
    }
    c
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
                let case = desk.scene.cases.iter().find(|case| case.tracker.reference.number == r.number)?;
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
    desk.scene
        .cases
        .iter()
        .find(|case| case.tracker.reference.to_string() == name || case.tracker.key.0 == name)
        .map(|case| case.tracker.key.clone())
}

fn fix_of(message: &Message, desk: Desk<'_>) -> Option<PublicFix> {
    let changes = desk.scene.changes.known().filter(|c| !c.is_empty())?;
    let fields = extract::fields(message, &message.text, desk.config);
    public_fix(&facts(message, &fields), changes)
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
fn join_twins(candidates: &mut [Candidate], overrides: &Overrides) {
    let new: Vec<usize> = candidates
        .iter()
        .enumerate()
        .filter(|(_, c)| matches!(c.proposal, Proposal::NewTracker(_)))
        .map(|(i, _)| i)
        .collect();
    if new.len() < 2 {
        return;
    }
    let indexed: Vec<IndexedTracker> =
        new.iter().filter_map(|i| candidates.get(*i).map(|c| proposed(*i, c))).collect();
    let index = Index::build(&indexed);
    let mut joined: BTreeMap<usize, (usize, Vec<Related>)> = BTreeMap::new();
    for &i in &new {
        let Some(c) = candidates.get(i) else { continue };
        if overrides.contains_key(&c.subject) || c.lead.message.unreadable.is_some() {
            continue;
        }
        let earlier: Vec<Related> = index
            .related(&facts(&c.lead.message, &c.fields))
            .into_iter()
            .filter(|r| usize::try_from(r.number).is_ok_and(|n| n <= i && n > 0))
            .collect();
        let twin = earlier
            .iter()
            .filter(|r| r.grade == Grade::Strong)
            .filter_map(|r| usize::try_from(r.number).ok()?.checked_sub(1))
            .find(|n| !joined.get(n).is_some_and(|(to, _)| to != n));
        let seen = earlier.into_iter().filter(|r| r.grade >= Grade::Medium).collect();
        joined.insert(i, (twin.unwrap_or(i), seen));
    }
    for (i, (to, seen)) in joined {
        let key = match candidates.get(to).map(|t| &t.proposal) {
            Some(Proposal::NewTracker(key)) if to != i => Some(key.clone()),
            _ => None,
        };
        let Some(c) = candidates.get_mut(i) else { continue };
        c.related.extend(seen);
        if let Some(key) = key {
            c.subject = format!("m-{}", short(&c.lead.message.key.digest.0));
            c.proposal = Proposal::Duplicate(key);
            c.natural = Group::Proposed;
        }
    }
}

fn summary(case: &Case, desk: Desk<'_>) -> TrackerSummary {
    let t = &case.tracker;
    let parsed = tracker::parse(&t.body, desk.headings);
    TrackerSummary {
        number: t.reference.number,
        reference: t.reference.to_string(),
        state_open: t.state.is_open(),
        labels: t.labels.iter().cloned().collect(),
        title: t.title.clone(),
        body: t.body.clone(),
        message_ids: t.message_ids.clone(),
        cve: parsed.get(FieldRole::CveToolLink).and_then(|v| extract::cve_ids(v).into_iter().next()),
    }
}

fn indexed(case: &Case, desk: Desk<'_>) -> IndexedTracker {
    let t = &case.tracker;
    let parsed = tracker::parse(&t.body, desk.headings);
    let closed = !t.state.is_open();
    let cve = parsed.get(FieldRole::CveToolLink).and_then(|v| extract::cve_ids(v).into_iter().next());
    IndexedTracker {
        reference: t.reference.to_string(),
        number: t.reference.number,
        open: !closed,
        labels: t.labels.iter().cloned().collect(),
        title: t.title.clone(),
        body: parsed.get(FieldRole::IssueDescription).unwrap_or(&t.body).to_owned(),
        comments: t.comments.iter().map(|c| c.body.clone()).collect(),
        reporter_emails: Some(case.reporter.email.clone()).filter(|e| !e.is_empty()).into_iter().collect(),
        closing_comment: t.comments.last().filter(|_| closed).map(|c| c.body.clone()).unwrap_or_default(),
        closed_at: case.closed,
        cve: cve.unwrap_or_default(),
        ..IndexedTracker::default()
    }
}

/// A candidate of this run, as a tracker that could be matched; its number is its place, from 1.
fn proposed(at: usize, c: &Candidate) -> IndexedTracker {
    IndexedTracker {
        reference: format!("the report `{}`", crate::mail::one_line(&c.fields.title, 80)),
        number: u64::try_from(at + 1).unwrap_or(u64::MAX),
        open: true,
        title: c.fields.title.clone(),
        body: c.lead.message.text.clone(),
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
