//! A whole outside in maps, behind the ports of [`desk::plan::ports`].
//!
//! Every call that writes is counted, and the process can be made to die at any of them: before the effect, between the
//! effect and its receipt, or after both. A dead world answers nothing until [`World::restart`].

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    case::{Case, Fact, Milestone, Record, RecordStage, Seen, Source},
    confidential::{Identity, Phase, Signals, Slot, SlotValue, Slots, TrackerContext},
    config::Config,
    people::Roster,
    plan::{
        ClearedEffect, Effect, Fate, Precondition, Probe, StepKey, digest,
        effect::{Change, Letter, LetterText, Wording},
        ports::{By, Holding, Journal, Lookup, PortError, Receipt, StepState, World as WorldPort},
    },
    rules::{
        extract,
        import::{
            propose::{self, InboxThread, Scene, ToldFact},
            related::UpstreamChange,
        },
    },
    tracker::{
        self, CloseReason, Comment, FieldRole, Headings, LabelNames, LabelRole, Marked, State, Tracker,
        TrackerKey, TrackerRef, rollup,
    },
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// A mail that waits in the drafts folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftMail {
    /// `reporter` or `forwarder`.
    pub surface: &'static str,
    /// Thread it answers.
    pub thread: String,
    /// Recipients, copies included.
    pub to: Vec<String>,
    /// Subject line.
    pub subject: String,
    /// Body.
    pub body: String,
    /// Its Message-ID.
    pub message_id: String,
}

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The writing call, counted from 0, at which the process dies.
    pub die_at: Option<usize>,
    /// No precondition can be read.
    pub unknown_preconditions: bool,
    /// No probe can be answered.
    pub unknown_probes: bool,
    /// Nobody can tell whether an intent was carried out.
    pub blind: bool,
    /// This subject's lease is held by somebody else.
    pub busy: Option<String>,
}

/// The world.
#[derive(Clone, Debug)]
pub struct World {
    /// Threads with all of their messages.
    pub threads: Vec<InboxThread>,
    /// Trackers.
    pub cases: BTreeMap<TrackerKey, Case>,
    /// Who was told what.
    pub told: Vec<ToldFact>,
    /// The drafts folder.
    pub drafts: Vec<DraftMail>,
    /// Rejections: message digest, reply, summary.
    pub rejections: Vec<(String, String, String)>,
    /// CVE records at their authority, by id. A state never goes back.
    pub records: BTreeMap<String, Record>,
    /// Copies of records beside their trackers, by id.
    pub attached: BTreeMap<String, String>,
    /// Milestones by name: open, due.
    pub milestones: BTreeMap<String, (bool, Option<jiff::civil::Date>)>,
    /// The journal.
    pub journal: BTreeMap<StepKey, StepState>,
    /// Refusals recorded at apply: subject and reason.
    pub refusals: Vec<(String, String)>,
    /// Every effect, in the order in which it was made.
    pub log: Vec<(StepKey, Value)>,
    /// What goes wrong.
    pub faults: Faults,
    /// Writing calls so far.
    pub calls: usize,
    dead: bool,
    leases: BTreeSet<String>,
    truth: BTreeMap<StepKey, Receipt>,
    changes: Fact<Vec<UpstreamChange>>,
    config: Config,
    roster: Roster,
    headings: Headings,
    now: Timestamp,
}

impl World {
    /// The world a scene was observed in.
    #[must_use]
    pub fn new(scene: &Scene, config: &Config, now: Timestamp) -> Self {
        Self {
            threads: scene.threads.clone(),
            cases: scene.cases.iter().map(|c| (c.tracker.key.clone(), c.clone())).collect(),
            told: scene.told.clone(),
            drafts: Vec::new(),
            rejections: Vec::new(),
            records: BTreeMap::new(),
            attached: BTreeMap::new(),
            milestones: BTreeMap::new(),
            journal: BTreeMap::new(),
            refusals: Vec::new(),
            log: Vec::new(),
            faults: Faults::default(),
            calls: 0,
            dead: false,
            leases: BTreeSet::new(),
            truth: BTreeMap::new(),
            changes: scene.changes.clone(),
            config: config.clone(),
            roster: Roster::from_config(config),
            headings: Headings::new(config),
            now,
        }
    }

    /// Observe it again: threads that hold an undecided message, every tracker, the ledger.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let mut cases: Vec<Case> = self.cases.values().cloned().collect();
        for case in &mut cases {
            let mut ids: Vec<String> = Vec::new();
            for opening in [true, false] {
                for m in self.threads.iter().flat_map(|t| &t.messages) {
                    let opens = matches!(m.fate, Fate::Tracker { .. });
                    if m.fate.tracker() == Some(&case.tracker.key) && opens == opening {
                        ids.push(m.message.key.id.clone());
                    }
                }
            }
            case.tracker.message_ids = ids;
        }
        cases.sort_by_key(|c| c.tracker.reference.number);
        let mut threads = Vec::new();
        for t in self.threads.iter().filter(|t| t.messages.iter().any(|m| m.fate.undecided())) {
            let own = cases.iter().find(|c| !c.thread.is_empty() && c.thread == t.id);
            let tracker = own
                .map(|c| c.tracker.key.clone())
                .or_else(|| t.messages.iter().find_map(|m| m.fate.tracker().cloned()));
            threads.push(InboxThread { tracker, ..t.clone() });
        }
        Scene {
            threads,
            cases,
            told: self.told.clone(),
            changes: self.changes.clone(),
            earlier: Fact::Absent(Source("none".into())),
        }
    }

    /// Start the process again: leases are gone, what was written stays, nothing goes wrong any more.
    pub fn restart(&mut self) {
        self.dead = false;
        self.leases.clear();
        self.faults = Faults::default();
    }

    /// Everything that lasts, to compare two runs: the order in which effects were made is left out.
    #[must_use]
    pub fn state(&self) -> Value {
        let fates: BTreeMap<String, Value> = self.fates().into_iter().map(|(k, f)| (k, json!(f))).collect();
        let drafts: Vec<Value> = self
            .drafts
            .iter()
            .map(|d| json!([d.surface, d.thread, d.to, d.subject, d.body, d.message_id]))
            .collect();
        let journal: BTreeMap<String, bool> =
            self.journal.iter().map(|(k, s)| (k.to_string(), matches!(s, StepState::Done(_)))).collect();
        json!({"fates": fates, "cases": self.cases.values().collect::<Vec<_>>(), "told": self.told,
            "drafts": drafts, "rejections": self.rejections, "journal": journal, "records": self.records,
            "attached": self.attached, "milestones": self.milestones})
    }

    /// The fate of every message, by digest.
    #[must_use]
    pub fn fates(&self) -> BTreeMap<String, Fate> {
        let all = self.threads.iter().flat_map(|t| &t.messages);
        all.map(|m| (m.message.key.digest.0.clone(), m.fate.clone())).collect()
    }

    /// How often each effect was made; more than once is a broken promise.
    #[must_use]
    pub fn times(&self) -> BTreeMap<&StepKey, usize> {
        self.log.iter().fold(BTreeMap::new(), |mut n, (k, _)| {
            *n.entry(k).or_default() += 1;
            n
        })
    }

    /// The milestones as they are observed.
    #[must_use]
    pub fn milestone_facts(&self) -> Vec<Milestone> {
        let announced = LabelNames::new(&self.config).name(LabelRole::Announced).to_owned();
        let on = |name: &str, open: bool, plain: bool| {
            let here =
                self.cases.values().map(|c| &c.tracker).filter(|t| t.milestone.as_deref() == Some(name));
            let said = |t: &&Tracker| !plain || !t.labels.iter().any(|l| l.eq_ignore_ascii_case(&announced));
            u32::try_from(here.filter(|t| t.state.is_open() == open).filter(said).count()).unwrap()
        };
        self.milestones
            .iter()
            .map(|(name, (open, due))| Milestone {
                name: name.clone(),
                open: *open,
                due: *due,
                open_trackers: on(name, true, false),
                closed_unannounced: on(name, false, true),
            })
            .collect()
    }

    /// The record of a CVE, for a change by that tracker.
    fn record(&mut self, cve: &str, json: &str) -> Result<&mut Record, PortError> {
        let json = serde_json::from_str(json).map_err(|e| PortError::new(e.to_string(), ""))?;
        let fresh = Record { state: RecordStage::Allocated, ..Record::default() };
        let record = self.records.entry(cve.into()).or_insert(fresh);
        record.json = Some(json);
        Ok(record)
    }

    fn alive(&self) -> Result<(), PortError> {
        if self.dead { Err(PortError::new("the process died", "start it again")) } else { Ok(()) }
    }

    /// A point at which the process may die.
    fn point(&mut self) -> Result<(), PortError> {
        self.alive()?;
        let here = self.calls;
        self.calls += 1;
        if self.faults.die_at == Some(here) {
            self.dead = true;
        }
        self.alive()
    }

    fn case(&mut self, key: &TrackerKey) -> Result<&mut Case, PortError> {
        let case = self
            .cases
            .get_mut(key)
            .ok_or_else(|| PortError::new(format!("there is no tracker {key}"), ""))?;
        case.revision += 1;
        Ok(case)
    }

    fn change(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Receipt, PortError> {
        match effect {
            Change::CreateTracker {
                tracker,
                title,
                body,
                labels,
                column,
                received,
                thread,
                reporter,
                via_forwarder,
            } => {
                if self.cases.contains_key(tracker) {
                    return Err(PortError::new(format!("{tracker} exists"), ""));
                }
                let number = self.cases.values().map(|c| c.tracker.reference.number).max().unwrap_or(0) + 1;
                let case = Case {
                    tracker: Tracker {
                        key: tracker.clone(),
                        reference: TrackerRef { number, ..TrackerRef::default() },
                        title: title.as_str().into(),
                        body: body.as_str().into(),
                        labels: labels.clone(),
                        column: Some(column.clone()).filter(|c| !c.is_empty()),
                        created: by.at,
                        updated: by.at,
                        ..Tracker::default()
                    },
                    received: *received,
                    thread: thread.clone(),
                    reporter: reporter.clone(),
                    via_forwarder: *via_forwarder,
                    revision: 1,
                    closed: None,
                    observed: desk::case::Observed::default(),
                };
                self.cases.insert(tracker.clone(), case);
                return Ok(Receipt::new(format!("created desk#{number}")).with("number", number.to_string()));
            }
            Change::SetFate { message, to } => {
                let all = self.threads.iter_mut().flat_map(|t| &mut t.messages);
                let Some(m) = all.into_iter().find(|m| m.message.key == *message) else {
                    return Err(PortError::new(format!("there is no message {message}"), ""));
                };
                m.fate = to.clone();
            }
            Change::SetTitle { tracker, title } => self.case(tracker)?.tracker.title = title.as_str().into(),
            Change::SetField { tracker, role, value } => {
                let headings = self.headings.clone();
                let case = self.case(tracker)?;
                case.tracker.body = tracker::set(&case.tracker.body, *role, value.as_str(), &headings)
                    .map_err(|e| PortError::new(e.to_string(), ""))?;
            }
            Change::AppendEntry { tracker, note } => {
                let entry = rollup::Entry {
                    id: format!("{tracker}:{}", &digest::sha256(key.to_string().as_bytes())[..16]),
                    date: by.at.to_zoned(TimeZone::UTC).date(),
                    actor: by.actor.handle.clone(),
                    action: note.action.clone(),
                    headline: note.headline.as_str().into(),
                    body: note.body.as_str().into(),
                    next: Some(note.next.as_str().trim().to_owned()).filter(|n| !n.is_empty()),
                    told: note.told.clone(),
                };
                let case = self.case(tracker)?;
                let comments = &mut case.tracker.comments;
                let at = comments.iter().rposition(|c| rollup::is_rollup(&c.body));
                let old = at.and_then(|i| comments.get(i)).map(|c| c.body.clone());
                let up = rollup::append(old.as_deref(), &entry, b"key")
                    .map_err(|e| PortError::new(format!("status of {tracker}: {e}"), ""))?;
                let new = |body: String| Comment {
                    id: format!("c{}", comments.len()),
                    author: by.actor.handle.clone(),
                    at: by.at,
                    body,
                };
                match (up, at) {
                    (rollup::Upsert::Replace(body), Some(i)) => comments[i].body = body,
                    (rollup::Upsert::Continue { sealed, next }, Some(i)) => {
                        let next = new(next);
                        comments[i].body = sealed;
                        comments.push(next);
                    }
                    (rollup::Upsert::New(body) | rollup::Upsert::Replace(body), _)
                    | (rollup::Upsert::Continue { next: body, .. }, None) => {
                        let c = new(body);
                        comments.push(c);
                    }
                }
            }
            Change::SetLabels { tracker, add, remove } => {
                let t = &mut self.case(tracker)?.tracker;
                t.labels.retain(|l| !remove.iter().any(|r| r.eq_ignore_ascii_case(l)));
                t.labels.extend(add.iter().cloned());
            }
            Change::SetMilestone { tracker, milestone } => {
                if let Some(name) = milestone {
                    self.milestones.entry(name.clone()).or_insert((true, None));
                }
                self.case(tracker)?.tracker.milestone.clone_from(milestone);
            }
            Change::SetAssignees { tracker, assignees } => {
                self.case(tracker)?.tracker.assignees = assignees.iter().cloned().collect();
            }
            Change::MoveCard { tracker, column } => self.case(tracker)?.tracker.column = Some(column.clone()),
            Change::ArchiveCard { tracker, archived } => self.case(tracker)?.tracker.archived = *archived,
            Change::Comment { tracker, text } => {
                let c = Comment {
                    id: digest::sha256(key.to_string().as_bytes())[..8].into(),
                    author: by.actor.handle.clone(),
                    at: by.at,
                    body: text.as_str().into(),
                };
                self.case(tracker)?.tracker.comments.push(c);
            }
            Change::PostMarked { tracker, kind, text } => {
                let body = format!("{}\n{}", kind.marker(), text.as_str());
                let id = format!("m{}", &digest::sha256(key.to_string().as_bytes())[..8]);
                let comments = &mut self.case(tracker)?.tracker.comments;
                // Ours are known by their id; a marker somebody typed is not edited.
                let ours = |c: &&mut Comment| c.id.starts_with('m') && Marked::of(&c.body) == Some(*kind);
                match comments.iter_mut().rev().find(ours) {
                    Some(c) => c.body = body,
                    None => {
                        comments.push(Comment { id, author: by.actor.handle.clone(), at: by.at, body });
                    }
                }
            }
            Change::RemoveComment { tracker, comment } => {
                let comments = &mut self.case(tracker)?.tracker.comments;
                let at = comments.iter().position(|c| c.id == *comment);
                let Some(at) = at else { return Err(refused(format!("no comment {comment}"))) };
                comments.remove(at);
            }
            Change::CreateMilestone { name, due } => {
                let m = self.milestones.entry(name.clone()).or_insert((true, *due));
                m.1 = m.1.or(*due);
            }
            Change::CloseMilestone { name } => {
                let open =
                    self.milestone_facts().into_iter().find(|m| m.name == *name).map(|m| m.open_trackers);
                if open != Some(0) {
                    return Err(refused(format!("{name}: open trackers {open:?}")));
                }
                if let Some(m) = self.milestones.get_mut(name) {
                    m.0 = false;
                }
            }
            Change::AttachRecord { tracker, cve, record, .. } => {
                self.case(tracker)?;
                let fresh = Record { state: RecordStage::Allocated, ..Record::default() };
                self.records.entry(cve.clone()).or_insert(fresh);
                self.attached.insert(cve.clone(), record.as_str().into());
            }
            Change::PushRecord { tracker, cve, state, record, .. } => {
                self.case(tracker)?;
                let wish = (*state).clamp(RecordStage::Allocated, RecordStage::PublishReady);
                let r = self.record(cve, record.as_str())?;
                r.state = r.state.max(wish);
                return Ok(Receipt::new("pushed").with("state", r.state.as_str()));
            }
            Change::PublishRecord { tracker, cve, record, .. } => {
                self.case(tracker)?;
                if !self.records.get(cve).is_some_and(|r| r.state.is_reviewable()) {
                    return Err(refused(format!("{cve} is not reviewed")));
                }
                self.record(cve, record.as_str())?.state = RecordStage::Public;
            }
            Change::RetractRecord { tracker, cve, .. } => {
                self.case(tracker)?;
                match self.records.get_mut(cve) {
                    Some(r) if r.state != RecordStage::Public => r.state = RecordStage::Retracted,
                    _ => return Err(refused(format!("{cve} cannot be taken back"))),
                }
            }
            Change::ReserveId { .. } => return Err(refused("this desk reserves no ids".into())),
            Change::OpenPullRequest { .. } => {
                return Err(refused("there is no public repository here".into()));
            }
            Change::MailDraft { subject, letter } => return Ok(self.draft(subject, letter)),
            Change::RecordRejection { message, reply, summary } => {
                self.rejections.push((message.digest.0.clone(), reply.clone(), summary.as_str().into()));
            }
            Change::Close { tracker, reason } => {
                let reason =
                    if reason == "completed" { CloseReason::Completed } else { CloseReason::NotPlanned };
                let case = self.case(tracker)?;
                case.tracker.state = State::Closed { reason };
                case.closed = Some(by.at);
            }
            Change::Reopen { tracker } => {
                let case = self.case(tracker)?;
                case.tracker.state = State::Open;
                case.closed = None;
            }
            Change::PrepareHost { .. } => {
                return Err(PortError::new("this world has no host to prepare", ""));
            }
            Change::Choose { .. } => return Err(PortError::new("a choice is no change", "")),
        }
        Ok(Receipt::new(effect.name()))
    }

    fn draft(&mut self, subject: &str, letter: &Letter<desk::plan::effect::InClear>) -> Receipt {
        let (line, body) = letter.words();
        let surface = match letter.text {
            LetterText::Reporter { .. } => "reporter",
            LetterText::Forwarder { .. } => "forwarder",
            LetterText::Team { .. } => "team-mail",
            LetterText::List { .. } => "public",
            LetterText::Distributors { .. } => "cve-public",
        };
        self.drafts.push(DraftMail {
            surface,
            thread: letter.thread.clone(),
            to: letter.to_all(),
            subject: line.into(),
            body: body.into(),
            message_id: letter.message_id.clone(),
        });
        self.told.push(ToldFact {
            subject: subject.into(),
            event: letter.event.clone(),
            thread: letter.thread.clone(),
            asked_credit: letter.asks_credit,
        });
        Receipt::new(format!("draft to {}", letter.to)).with("message_id", letter.message_id.clone())
    }

    /// What clearing words about a subject needs. The people are everybody who reported anything else.
    #[must_use]
    pub fn clearing(&self, subject: &str) -> (TrackerContext, Phase) {
        let lists = &self.config.mail.lists;
        let key = TrackerKey(subject.into());
        let parsed = |c: &Case| tracker::parse(&c.tracker.body, &self.headings);
        let cve = |c: &Case| {
            parsed(c).get(FieldRole::CveToolLink).and_then(|v| extract::cve_ids(v).into_iter().next())
        };
        let who = |a: &desk::mail::Address| Identity {
            name: a.name.clone(),
            email: a.email.clone(),
            handle: String::new(),
        };
        let mut out = TrackerContext {
            key: subject.into(),
            lists: [&lists.security, &lists.private, &lists.foundation_security].map(Clone::clone).into(),
            other_cves: self
                .cases
                .values()
                .filter(|c| c.tracker.key != key)
                .filter_map(cve)
                .collect::<Vec<_>>()
                .into(),
            ..TrackerContext::default()
        };
        let Some(case) = self.cases.get(&key) else {
            let prefix = subject.strip_prefix("m-").unwrap_or("none");
            let all = self.threads.iter().flat_map(|t| &t.messages);
            if let Some(m) = all.into_iter().find(|m| m.message.key.digest.0.starts_with(prefix))
                && let Some((address, relay)) =
                    propose::contact(&m.message, m.page(), &self.config, &self.roster)
            {
                if relay { out.forwarder = Some(who(&address)) } else { out.reporter = who(&address) }
            }
            out.people = self.others(&key, &out.reporter.email);
            return (out, Phase::Intake);
        };
        out.number = Some(case.tracker.reference.number);
        if case.via_forwarder {
            out.forwarder = Some(who(&case.reporter));
        } else {
            out.reporter = who(&case.reporter);
        }
        out.people = self.others(&key, &case.reporter.email);
        out.own_cve = cve(case);
        let labels = LabelNames::new(&self.config).read(&case.tracker.labels);
        out.fix_pr_open =
            [LabelRole::PrOpen, LabelRole::PrMerged, LabelRole::FixReleased, LabelRole::Announced]
                .into_iter()
                .any(|r| labels.has(r));
        let phase = Phase::derive(&Signals {
            needs_triage: Some(labels.has(LabelRole::NeedsTriage)),
            cve_allocated: Some(labels.has(LabelRole::CveAllocated)),
            fix_public: Some(labels.has(LabelRole::PrOpen) || labels.has(LabelRole::PrMerged)),
            shipped: Some(labels.has(LabelRole::FixReleased)),
            closed: Some(!case.tracker.state.is_open()),
            closing_label: Some(!labels.dispositions().is_empty()),
            public_advisory_url: parsed(case).get(FieldRole::PublicAdvisoryUrl).map(str::to_owned),
        });
        (out, phase)
    }

    fn others(&self, key: &TrackerKey, but: &str) -> Vec<Identity> {
        self.cases
            .values()
            .filter(|c| c.tracker.key != *key && !c.reporter.is(but) && !c.via_forwarder)
            .map(|c| {
                // Half a sentence in From is nobody's name, and its last word nobody's surname.
                let name = c.reporter.name.as_str();
                let plain = name.split_whitespace().count() <= 3
                    && name.chars().all(|c| c.is_alphabetic() || " -'.".contains(c));
                Identity {
                    name: if plain { name.into() } else { String::new() },
                    email: c.reporter.email.clone(),
                    handle: String::new(),
                }
            })
            .collect()
    }

    /// The slot values about a subject.
    #[must_use]
    pub fn filled(&self, subject: &str) -> Slots {
        let case = self.cases.get(&TrackerKey(subject.into()));
        case.map_or_else(Slots::new, |c| {
            Slots::new().with(SlotValue::new(Slot::TrackerRef, &c.tracker.reference.to_string()).unwrap())
        })
    }
}

/// The end of an item, not of the run.
fn refused(why: String) -> PortError {
    PortError { item_only: true, ..PortError::new(why, "") }
}

/// Everyone a letter would reach.
trait ToAll {
    fn to_all(&self) -> Vec<String>;
}

impl<W: Wording> ToAll for Letter<W> {
    fn to_all(&self) -> Vec<String> {
        std::iter::once(&self.to).chain(&self.cc).map(|a| a.email.clone()).collect()
    }
}

impl Journal for World {
    fn lease(&mut self, subject: &str) -> Result<(), PortError> {
        self.point()?;
        if self.faults.busy.as_deref() == Some(subject) || !self.leases.insert(subject.into()) {
            return Err(PortError { item_only: true, ..PortError::new(format!("{subject} is taken"), "") });
        }
        Ok(())
    }

    fn release(&mut self, subject: &str) -> Result<(), PortError> {
        self.point()?;
        self.leases.remove(subject);
        Ok(())
    }

    fn step(&self, key: &StepKey) -> Result<StepState, PortError> {
        self.alive()?;
        Ok(self.journal.get(key).cloned().unwrap_or(StepState::New))
    }

    fn intend(&mut self, key: &StepKey, _effect: &ClearedEffect, _by: By<'_>) -> Result<(), PortError> {
        self.point()?;
        self.journal.insert(key.clone(), StepState::Intended);
        self.point()
    }

    fn settle(
        &mut self,
        key: &StepKey,
        _effect: &ClearedEffect,
        receipt: &Receipt,
        _by: By<'_>,
    ) -> Result<(), PortError> {
        self.point()?;
        self.journal.insert(key.clone(), StepState::Done(receipt.clone()));
        self.point()
    }

    fn refused(&mut self, subject: &str, why: &str, _by: By<'_>) -> Result<(), PortError> {
        self.point()?;
        self.refusals.push((subject.into(), why.into()));
        Ok(())
    }
}

impl WorldPort for World {
    fn holds(&self, requires: &Precondition) -> Result<Holding, PortError> {
        self.alive()?;
        if self.faults.unknown_preconditions {
            return Ok(Holding::Unknown("the source does not answer".into()));
        }
        let case = |t: &TrackerKey| self.cases.get(t).map(|c| &c.tracker);
        let holds = match requires {
            Precondition::Undecided { message } => {
                self.fates().get(&message.digest.0).is_some_and(Fate::undecided)
            }
            Precondition::TrackerAbsent { tracker } => case(tracker).is_none(),
            Precondition::TrackerIs { tracker, open } => {
                case(tracker).is_some_and(|t| t.state.is_open() == *open)
            }
            Precondition::FieldIs { tracker, role, digest: was } => case(tracker).is_some_and(|t| {
                let parsed = tracker::parse(&t.body, &self.headings);
                digest::sha256(parsed.get(*role).unwrap_or_default().as_bytes()) == *was
            }),
            Precondition::TitleIs { tracker, digest: was } => {
                case(tracker).is_some_and(|t| digest::sha256(t.title.as_bytes()) == *was)
            }
            Precondition::LabelIs { tracker, label, present } => case(tracker)
                .is_some_and(|t| t.labels.iter().any(|l| l.eq_ignore_ascii_case(label)) == *present),
            Precondition::AssigneesAre { tracker, assignees } => case(tracker)
                .is_some_and(|t| t.assignees.iter().cloned().collect::<BTreeSet<_>>() == *assignees),
            Precondition::MilestoneIs { tracker, milestone } => {
                case(tracker).is_some_and(|t| t.milestone == *milestone)
            }
            Precondition::CommentIs { tracker, comment, digest: was } => case(tracker).is_some_and(|t| {
                t.comments.iter().any(|c| c.id == *comment && digest::sha256(c.body.as_bytes()) == *was)
            }),
            Precondition::RecordIn { cve, states } => {
                self.records.get(cve).is_some_and(|r| states.contains(&r.state))
            }
            Precondition::NotTold { subject, event, artifact } => {
                let row = |t: &ToldFact| t.subject == *subject && t.event == *event && t.thread == *artifact;
                !self.told.iter().any(row)
            }
        };
        Ok(if holds { Holding::Holds } else { Holding::Broken(format!("{requires:?} does not hold")) })
    }

    fn probe(&self, probe: &Probe) -> Fact<String> {
        if self.faults.unknown_probes || self.dead {
            return Fact::Unknown("the folder cannot be read".into());
        }
        let answer = match probe {
            Probe::DraftPending { thread } => {
                if self.drafts.iter().any(|d| d.thread == *thread) {
                    "yes"
                } else {
                    "no"
                }
            }
            Probe::RecordState { cve } => match self.records.get(cve) {
                Some(r) => r.state.as_str(),
                None => return Fact::Unknown(format!("nobody holds a record of {cve}")),
            },
            Probe::TrackerState { tracker } => match self.cases.get(tracker) {
                None => "absent",
                Some(c) if c.tracker.state.is_open() => "open",
                Some(_) => "closed",
            },
        };
        Fact::Known(answer.into(), Source("fake".into()), Seen { at: self.now, version: String::new() })
    }

    fn context(&self, subject: &str) -> Result<(TrackerContext, Phase), PortError> {
        self.alive()?;
        Ok(self.clearing(subject))
    }

    fn slots(&self, subject: &str) -> Result<Slots, PortError> {
        self.alive()?;
        Ok(self.filled(subject))
    }

    fn perform(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Receipt, PortError> {
        self.point()?;
        let receipt = self.change(key, effect, by)?;
        self.log.push((key.clone(), shape_cleared(effect)));
        self.truth.insert(key.clone(), receipt.clone());
        // The effect is made and nobody has written it down yet.
        self.point()?;
        self.journal.insert(key.clone(), StepState::Done(receipt.clone()));
        self.point()?;
        Ok(receipt)
    }

    fn look_up(&self, key: &StepKey, _effect: &ClearedEffect, _by: By<'_>) -> Result<Lookup, PortError> {
        self.alive()?;
        if self.faults.blind {
            return Ok(Lookup::CannotTell(
                "the folder cannot be searched; look for the draft yourself".into(),
            ));
        }
        Ok(self.truth.get(key).map_or(Lookup::NotDone, |r| Lookup::Done(r.clone())))
    }
}

/// An effect as a value, with its words as they were cleared.
#[must_use]
pub fn shape_cleared(effect: &ClearedEffect) -> Value {
    shape(
        effect,
        &|t| t.as_str().into(),
        &|t| t.as_str().into(),
        &|t| t.as_str().into(),
        &|t| t.as_str().into(),
        &|t| t.as_str().into(),
        &|t| t.as_str().into(),
        &|t| t.as_str().into(),
    )
}

/// An effect as a value, with its words as they were approved and their slots filled.
#[must_use]
pub fn shape_approved(effect: &Effect, slots: &Slots) -> Value {
    fn fill<S: desk::confidential::Surface>(d: &desk::confidential::Draft<S>, slots: &Slots) -> String {
        let piece = |p: &desk::confidential::Piece| match p {
            desk::confidential::Piece::Text(t) => t.clone(),
            desk::confidential::Piece::Slot { slot } => slots.get(*slot).unwrap().to_string(),
        };
        d.pieces().iter().map(piece).collect()
    }
    shape(
        effect,
        &|d| fill(d, slots),
        &|d| fill(d, slots),
        &|d| fill(d, slots),
        &|d| fill(d, slots),
        &|d| fill(d, slots),
        &|d| fill(d, slots),
        &|d| fill(d, slots),
    )
}

#[expect(clippy::too_many_arguments, reason = "one for each kind of words")]
fn shape<W: Wording>(
    effect: &Change<W>,
    t: &dyn Fn(&W::Tracker) -> String,
    r: &dyn Fn(&W::Reporter) -> String,
    f: &dyn Fn(&W::Forwarder) -> String,
    draft: &dyn Fn(&W::CveDraft) -> String,
    public: &dyn Fn(&W::CvePublic) -> String,
    m: &dyn Fn(&W::Team) -> String,
    p: &dyn Fn(&W::Public) -> String,
) -> Value {
    let fields = match effect {
        Change::CreateTracker {
            tracker,
            title,
            body,
            labels,
            column,
            received,
            thread,
            reporter,
            via_forwarder,
        } => {
            json!([tracker, t(title), t(body), labels, column, received, thread, reporter, via_forwarder])
        }
        Change::SetFate { message, to } => json!([message, to]),
        Change::SetTitle { tracker, title } => json!([tracker, t(title)]),
        Change::SetField { tracker, role, value } => json!([tracker, role, t(value)]),
        Change::AppendEntry { tracker, note: n } => {
            json!([tracker, n.action, t(&n.headline), t(&n.body), t(&n.next), n.told])
        }
        Change::SetLabels { tracker, add, remove } => json!([tracker, add, remove]),
        Change::SetMilestone { tracker, milestone } => json!([tracker, milestone]),
        Change::SetAssignees { tracker, assignees } => json!([tracker, assignees]),
        Change::MoveCard { tracker, column } => json!([tracker, column]),
        Change::ArchiveCard { tracker, archived } => json!([tracker, archived]),
        Change::Comment { tracker, text } => json!([tracker, t(text)]),
        Change::PostMarked { tracker, kind, text } => json!([tracker, kind, t(text)]),
        Change::RemoveComment { tracker, comment } => json!([tracker, comment]),
        Change::CreateMilestone { name, due } => json!([name, due]),
        Change::CloseMilestone { name } => json!([name]),
        Change::PrepareHost { part } => json!([part]),
        Change::AttachRecord { tracker, cve, record, .. } => json!([tracker, cve, draft(record)]),
        Change::PushRecord { tracker, cve, state, record, .. } => json!([tracker, cve, state, draft(record)]),
        Change::PublishRecord { tracker, cve, record, .. } => json!([tracker, cve, public(record)]),
        Change::RetractRecord { tracker, cve, reason } => json!([tracker, cve, public(reason)]),
        Change::ReserveId { tracker, year } => json!([tracker, year]),
        Change::OpenPullRequest { tracker, fork, base, head, title, body, draft } => {
            json!([tracker, p(fork), p(base), p(head), p(title), p(body), draft])
        }
        Change::MailDraft { subject, letter: l } => {
            let words = match &l.text {
                LetterText::Reporter { subject, body } => json!(["reporter", r(subject), r(body)]),
                LetterText::Forwarder { subject, body } => json!(["forwarder", f(subject), f(body)]),
                LetterText::Team { subject, body } => json!(["team-mail", m(subject), m(body)]),
                LetterText::List { subject, body } => json!(["public", p(subject), p(body)]),
                LetterText::Distributors { subject, body } => {
                    json!(["cve-public", public(subject), public(body)])
                }
            };
            json!([
                subject,
                l.message_id,
                l.event,
                l.reply,
                l.thread,
                l.to,
                l.cc,
                l.in_reply_to,
                l.references,
                words
            ])
        }
        Change::RecordRejection { message, reply, summary } => json!([message, reply, t(summary)]),
        Change::Close { tracker, reason } => json!([tracker, reason]),
        Change::Reopen { tracker } => json!([tracker]),
        Change::Choose { probe, arms } => json!([probe, arms]),
    };
    json!([effect.name(), fields])
}
