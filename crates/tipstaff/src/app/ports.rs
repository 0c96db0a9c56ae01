//! The ports of applying a plan, filled by the embedded desk and the place where drafts go.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use connect::mailbox::{Found, MailFault, Mailbox, NewDraft, Place};
use desk::{
    case::{Case, Fact, RecordStage, Seen, Source},
    confidential::{Identity, Phase, Policy, Refusal, Signals, Slot, SlotValue, Slots, TrackerContext},
    config::Config,
    mail::{self, Address, MailDraft},
    people::Roster,
    plan::{
        ClearedEffect, Effect, ItemNo, Plan, Precondition, Probe, Step, StepKey, apply,
        effect::{Change, Clearing, InClear, Letter},
        ports::{By, Holding, Journal, Lookup, PortError, Receipt, StepState, World},
    },
    rules::{extract, import::propose},
    tracker::{self, FieldRole, Headings, LabelNames, LabelRole, TrackerKey},
};
use jiff::Timestamp;
use store::Desk;

use super::{
    authority::{self, Shared},
    host::{self, Link},
    mail as mailbox,
};

/// Stands in From when nothing says whom a draft is from; `.invalid` reaches nobody.
const NO_SENDER: &str = "unset@tipstaff.invalid";
/// Mails of one person that are read for what they themselves said.
const OWN_MAILS: usize = 50;

/// The embedded desk, and where drafts go.
pub struct Ports<'a> {
    /// The desk.
    pub desk: &'a mut Desk,
    /// Drafts.
    pub drafts: &'a dyn Mailbox,
    /// Configuration.
    pub config: &'a Config,
    /// Headings of body fields.
    pub headings: &'a Headings,
    /// The time, for what is seen now.
    pub now: Timestamp,
    /// The CVE authority on the network; none where the desk keeps its own records. An authority that cannot be used is a
    /// reason in words.
    pub authority: Result<Option<Shared>, String>,
    /// CVE ids of trackers that are not disclosed, by tracker; read when first needed.
    pub embargoed: OnceCell<Vec<(TrackerKey, String)>>,
    /// The host of the trackers; none where they live on the desk.
    pub host: Option<Link<'a>>,
}

impl Journal for Ports<'_> {
    fn lease(&mut self, subject: &str) -> Result<(), PortError> {
        self.desk.begin_item(subject)?;
        let Some(link) = &mut self.host else { return Ok(()) };
        link.forget();
        let end = link.fetch(self.desk, &TrackerKey(subject.into())).and_then(|()| self.desk.flush_item());
        if let Err(e) = end {
            // The lease is given back with what was read, or this process locks itself out.
            self.desk.end_item()?;
            return Err(e);
        }
        Ok(())
    }

    fn release(&mut self, _subject: &str) -> Result<(), PortError> {
        let given = self.settle_host();
        if let Some(link) = &mut self.host {
            link.forget();
        }
        // The lease is given back whatever became of the changes.
        let end = self.desk.end_item();
        given.and(end)
    }

    fn step(&self, key: &StepKey) -> Result<StepState, PortError> {
        Ok(self.desk.step_state(key)?)
    }

    fn intend(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<(), PortError> {
        // A change of the desk itself is one transaction with its receipt; only what leaves the desk needs an intent
        // that is on disk before it.
        let there = authority::is_there(effect) && !matches!(self.authority, Ok(None));
        if there || matches!(effect, Change::MailDraft { .. }) {
            self.settle_host()?;
            self.desk.intend(key, effect, by)?;
            self.desk.flush_item()?;
        }
        Ok(())
    }

    fn settle(
        &mut self,
        key: &StepKey,
        effect: &ClearedEffect,
        receipt: &Receipt,
        by: By<'_>,
    ) -> Result<(), PortError> {
        Ok(self.desk.settle(key, effect, receipt, by)?)
    }

    fn refused(&mut self, subject: &str, why: &str, by: By<'_>) -> Result<(), PortError> {
        Ok(self.desk.refused(subject, why, by)?)
    }
}

impl Ports<'_> {
    /// Whom a draft is from: the person at the desk, else the security list, else the address the report was sent to.
    /// A mail program puts its own identity there when it opens the draft.
    fn sender(&self, letter: &Letter<InClear>) -> Result<Address, PortError> {
        let user = &self.config.user;
        if !user.email.is_empty() {
            return Ok(Address::new(&user.name, &user.email));
        }
        let list = &self.config.mail.lists.security;
        if !list.is_empty() {
            return Ok(Address::new(&self.config.project.name, list));
        }
        for stored in self.desk.by_message_id(&letter.in_reply_to)? {
            let m = mail::parse_headers(&stored.raw, self.now);
            let there = m.to.iter().chain(&m.cc).find(|a| !a.email.is_empty() && !a.is(&letter.to.email));
            if let Some(a) = there {
                return Ok(a.clone());
            }
        }
        Ok(Address::new("", NO_SENDER))
    }
}

impl Ports<'_> {
    /// Message-IDs of the letters on a thread that were sent, or thrown away.
    fn settled(&self, thread: &str) -> Result<BTreeSet<String>, store::StoreError> {
        let rows = self.desk.ledger(Some(thread))?;
        let over = rows.into_iter().filter(|r| matches!(r.state.as_str(), "sent" | "discarded"));
        Ok(over.map(|r| r.message_id).collect())
    }

    /// Give the host what waits for it, before anything else leaves the desk.
    fn settle_host(&mut self) -> Result<(), PortError> {
        match &mut self.host {
            Some(link) => link.settle(self.desk),
            None => Ok(()),
        }
    }

    /// The authority a change of a record goes to; none when the desk is its own.
    fn there(&self, effect: &ClearedEffect) -> Result<Option<Shared>, PortError> {
        if !authority::is_there(effect) {
            return Ok(None);
        }
        self.authority.clone().map_err(|why| PortError::new(why, "`tipstaff doctor` checks it"))
    }

    /// How far a record is at the authority on the network; none when the desk keeps its own records.
    fn stage(&self, cve: &str) -> Option<Fact<RecordStage>> {
        let seen = |version: String| Seen { at: self.now, version };
        match &self.authority {
            Ok(None) => None,
            Err(why) => Some(Fact::Unknown(why.clone())),
            Ok(Some(a)) => Some(match a.fetch(cve) {
                Ok(Some(r)) if r.state == RecordStage::Unknown => {
                    Fact::Unknown(format!("{} has {cve} in a state this program does not know", a.name()))
                }
                Ok(Some(r)) => Fact::Known(r.state, Source(a.name()), seen(r.version)),
                Ok(None) => Fact::Unknown(format!("{} has no {cve}", a.name())),
                Err(e) => Fact::Unknown(e.to_string()),
            }),
        }
    }
}

impl World for Ports<'_> {
    fn holds(&self, requires: &Precondition) -> Result<Holding, PortError> {
        if let (Some(link), Some(tracker)) = (&self.host, requires.tracker()) {
            match link.fetch(self.desk, tracker) {
                Ok(()) => {}
                Err(e) => return Ok(Holding::Unknown(e.to_string())),
            }
        }
        if let Precondition::RecordIn { cve, states } = requires
            && let Some(stage) = self.stage(cve)
        {
            return Ok(match stage {
                Fact::Known(s, ..) if states.contains(&s) => Holding::Holds,
                Fact::Known(s, source, _) => {
                    Holding::Broken(format!("the record of {cve} is {} at {source} now", s.as_str()))
                }
                Fact::Absent(source) => Holding::Broken(format!("{source} has no {cve}")),
                Fact::Unknown(why) => Holding::Unknown(why),
            });
        }
        Ok(self.desk.holds(requires, self.headings)?)
    }

    fn probe(&self, probe: &Probe) -> Fact<String> {
        let seen = Seen { at: self.now, version: String::new() };
        match probe {
            Probe::DraftPending { thread } => match self.settled(thread) {
                Ok(settled) => match pending(self.drafts, thread, &settled) {
                    Ok(found) => {
                        let answer = if found.is_empty() { "no" } else { "yes" };
                        Fact::Known(answer.into(), Source(self.drafts.name()), seen)
                    }
                    Err(e) => Fact::Unknown(e.to_string()),
                },
                Err(e) => Fact::Unknown(e.to_string()),
            },
            Probe::RecordState { cve } => match self.stage(cve) {
                Some(Fact::Known(s, source, seen)) => Fact::Known(s.as_str().into(), source, seen),
                Some(Fact::Absent(source)) => Fact::Absent(source),
                Some(Fact::Unknown(why)) => Fact::Unknown(why),
                None => match self.desk.cve_record(cve) {
                    Ok(Some(r)) => Fact::Known(r.state.as_str().into(), Source("desk".into()), seen),
                    Ok(None) => Fact::Unknown(format!("the desk holds no record of {cve}")),
                    Err(e) => Fact::Unknown(e.to_string()),
                },
            },
            Probe::TrackerState { tracker } => match self.desk.case(tracker) {
                Ok(None) => Fact::Known("absent".into(), Source("desk".into()), seen),
                Ok(Some(c)) => {
                    let answer = if c.tracker.state.is_open() { "open" } else { "closed" };
                    Fact::Known(answer.into(), Source("desk".into()), seen)
                }
                Err(e) => Fact::Unknown(e.to_string()),
            },
        }
    }

    fn context(&self, subject: &str) -> Result<(TrackerContext, Phase), PortError> {
        let (mut context, phase) = context(self.desk, self.config, self.headings, subject, self.now)?;
        let embargoed = match self.embargoed.get() {
            Some(e) => e,
            None => {
                let found = embargoed(self.desk, self.headings)?;
                self.embargoed.get_or_init(|| found)
            }
        };
        // What they wrote themselves may be said back to them, but never another tracker's secret.
        // Parts of one report share their id: it is no other tracker's secret.
        let own = context.own_cve.clone();
        let others = embargoed
            .iter()
            .filter(|(t, id)| t.0 != subject && own.as_deref().is_none_or(|o| !o.eq_ignore_ascii_case(id)))
            .map(|(_, id)| id.clone());
        context.other_cves = others.collect();
        context.public_cves.retain(|id| !context.other_cves.contains(id));
        Ok((context, phase))
    }

    fn slots(&self, subject: &str) -> Result<Slots, PortError> {
        let mut slots = Slots::new();
        if let Some(reference) = self.desk.reference(&TrackerKey(subject.into()))? {
            let value = SlotValue::new(Slot::TrackerRef, &reference.to_string())
                .map_err(|e| PortError::new(e.to_string(), ""))?;
            slots = slots.with(value);
        }
        Ok(slots)
    }

    fn perform(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Receipt, PortError> {
        if let Some(a) = self.there(effect)? {
            return authority::perform(a.as_ref(), self.desk, key, effect, by);
        }
        if let Some(link) = self.host.as_mut().filter(|_| host::is_there(effect)) {
            return link.perform(self.desk, key, effect, by);
        }
        // What follows must not be on disk before what it follows.
        self.settle_host()?;
        let Change::MailDraft { letter, .. } = effect else {
            return Ok(self.desk.perform(key, effect, by, self.headings)?);
        };
        let draft = compose(letter, by, self.sender(letter)?);
        let bytes = mail::render(&draft).map_err(|e| {
            // One letter that cannot be written is no reason to stop the others.
            let what = format!("the draft cannot be written: {e}");
            PortError { item_only: true, ..PortError::new(what, "answer this one by hand") }
        })?;
        let new = NewDraft {
            message_id: &draft.message_id,
            bytes: &bytes,
            in_reply_to: draft.in_reply_to.as_deref().unwrap_or_default(),
            by_hand: !letter.page.is_empty(),
        };
        let found = match self.drafts.create_draft(&new) {
            Ok(found) => found,
            Err(f) => {
                if f.nothing_made() {
                    self.desk.withdraw(key, &f.to_string(), by)?;
                }
                return Err(mailbox::port(&f));
            }
        };
        let receipt = receipt(&found, letter);
        self.desk.settle(key, effect, &receipt, by)?;
        Ok(receipt)
    }

    fn look_up(&self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Lookup, PortError> {
        if let Some(a) = self.there(effect)? {
            let named = || -> Result<BTreeSet<String>, PortError> {
                let of = |c: &Case| {
                    tracker::parse(&c.tracker.body, self.headings).get(FieldRole::CveToolLink).and_then(cve)
                };
                Ok(self.desk.cases_ever()?.iter().filter_map(of).collect())
            };
            return authority::look_up(a.as_ref(), self.desk, &named, key, effect);
        }
        if let Some(link) = self.host.as_ref().filter(|_| host::is_there(effect)) {
            return link.look_up(self.desk, key, effect, by);
        }
        let Change::MailDraft { letter, .. } = effect else {
            return Ok(self.desk.look_up());
        };
        let port = |f: MailFault| mailbox::port(&f);
        if let Some(found) = self.drafts.find(Place::Drafts, &letter.message_id).map_err(port)? {
            return Ok(Lookup::Done(receipt(&found, letter)));
        }
        // Somebody may have found it among the drafts and sent it, before we came back.
        if self.drafts.can().list_sent {
            match self.drafts.find(Place::Sent, &letter.message_id) {
                Ok(Some(found)) => return Ok(Lookup::Done(receipt(&found, letter))),
                Ok(None) | Err(MailFault::NotFound { .. }) => {}
                Err(f) => return Err(port(f)),
            }
        }
        Ok(Lookup::NotDone)
    }
}

fn compose(letter: &Letter<InClear>, by: By<'_>, from: Address) -> MailDraft {
    let (subject, body) = letter.words();
    let (to, subject) = if letter.page.is_empty() {
        (letter.to.clone(), subject.to_owned())
    } else {
        // It lies among the drafts for a person to copy. Whoever sends it by mistake reaches nobody.
        (Address::new(&letter.to.name, NO_SENDER), format!("To paste into {}", last(&letter.page)))
    };
    MailDraft {
        from,
        to: vec![to],
        cc: letter.cc.clone(),
        subject,
        in_reply_to: Some(letter.in_reply_to.clone()).filter(|s| !s.is_empty()),
        references: letter.references.clone(),
        message_id: letter.message_id.clone(),
        date: by.at,
        body: body.into(),
        page: letter.page.clone(),
    }
}

/// The last part of an address: what people call the page.
fn last(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or(url)
}

fn asks_credit(letter: &Letter<InClear>) -> &'static str {
    if letter.asks_credit { "yes" } else { "no" }
}

fn receipt(found: &Found, letter: &Letter<InClear>) -> Receipt {
    let words = if letter.page.is_empty() {
        format!("draft to {} in {}", letter.to, found.place)
    } else {
        format!("text to paste into {} in {}", letter.page, found.place)
    };
    Receipt::new(words)
        .with("message_id", letter.message_id.clone())
        .with("path", found.place.clone())
        .with("asked_credit", asks_credit(letter))
}

/// Try every word of an item against the policy, as applying it would, so that a refusal is seen before the yes and not
/// after it. What cannot go out blocks its item, with the reason.
///
/// # Errors
/// When the desk cannot be read.
pub fn try_clearance(plan: &mut Plan, policy: &Policy, ports: &Ports<'_>) -> Result<(), PortError> {
    let slots = |subject: &str| -> Result<Slots, PortError> {
        let mut slots = ports.slots(subject)?;
        let day = ports.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        for value in [SlotValue::new(Slot::Approver, "somebody"), SlotValue::new(Slot::TrackerRef, "desk#1")]
        {
            slots = slots.with(value.map_err(|e| PortError::new(e.to_string(), ""))?);
        }
        Ok(slots.with(SlotValue::date(day)))
    };
    // What the items before one would have changed, by tracker: a letter about a fix that this plan says is open is judged
    // with that known, as applying the items in order would judge it.
    let mut ahead: BTreeMap<String, Case> = BTreeMap::new();
    let at: BTreeMap<ItemNo, usize> = plan.items.iter().enumerate().map(|(at, i)| (i.n, at)).collect();
    let order: Vec<ItemNo> = apply::in_order(plan.items.iter().collect()).iter().map(|i| i.n).collect();
    for n in order {
        let item = at.get(&n).and_then(|at| plan.items.get_mut(*at)).filter(|i| i.blocked.is_none());
        let Some(item) = item else { continue };
        let (mut context, mut phase) = ports.context(&item.subject)?;
        let slots = slots(&item.subject)?;
        let mut case = match ahead.remove(&item.subject) {
            Some(c) => Some(c),
            None => ports.desk.case(&TrackerKey(item.subject.clone()))?,
        };
        let before = case.clone();
        if let Some(c) = &case {
            phase = of_tracker(c, ports.config, ports.headings, &mut context);
        }
        let mut walk = Walk { policy, slots: &slots, ports, context, phase };
        item.blocked = walk.steps(&item.steps, &mut case).map(|r| r.to_string().replace("\n  ", "; "));
        if let Some(c) = if item.blocked.is_some() { before } else { case } {
            ahead.insert(item.subject.clone(), c);
        }
    }
    Ok(())
}

/// Clearing the steps of an item in order, with what they change.
struct Walk<'a> {
    policy: &'a Policy,
    slots: &'a Slots,
    ports: &'a Ports<'a>,
    context: TrackerContext,
    phase: Phase,
}

impl Walk<'_> {
    /// The first refusal.
    fn steps(&mut self, steps: &[Step], case: &mut Option<Case>) -> Option<Refusal> {
        for step in steps {
            if let Change::Choose { arms, .. } = &step.effect {
                let (begun, mut end) = (case.clone(), case.clone());
                for arm in arms.values() {
                    let mut one = begun.clone();
                    self.look_at(one.as_ref());
                    if let Some(refusal) = self.steps(arm, &mut one) {
                        return Some(refusal);
                    }
                    end = one;
                }
                *case = end;
                continue;
            }
            let with = Clearing {
                policy: self.policy,
                slots: self.slots,
                context: &self.context,
                phase: self.phase,
            };
            if let Err(refusal) = step.effect.clear(with) {
                return Some(refusal);
            }
            if let Some(c) = case.as_mut() {
                advance(c, &step.effect, self.ports.headings);
            }
            self.look_at(case.as_ref());
        }
        None
    }

    fn look_at(&mut self, case: Option<&Case>) {
        if let Some(c) = case {
            self.phase = of_tracker(c, self.ports.config, self.ports.headings, &mut self.context);
        }
    }
}

/// What an effect changes of what the policy looks at.
fn advance(case: &mut Case, effect: &Effect, headings: &Headings) {
    let t = &mut case.tracker;
    match effect {
        Change::SetLabels { tracker, add, remove } if *tracker == t.key => {
            t.labels.retain(|l| !remove.iter().any(|r| r.eq_ignore_ascii_case(l)));
            t.labels.extend(add.iter().cloned());
        }
        Change::SetField { tracker, role, value } if *tracker == t.key => {
            if let Ok(body) = tracker::set(&t.body, *role, &value.preview(), headings) {
                t.body = body;
            }
        }
        Change::Close { tracker, .. } if *tracker == t.key => {
            t.state = tracker::State::Closed { reason: tracker::CloseReason::Completed };
        }
        Change::Reopen { tracker } if *tracker == t.key => t.state = tracker::State::Open,
        _ => {}
    }
}

/// Drafts that answer a thread, without those of which a person said what became of them: a text that was pasted stays.
///
/// # Errors
/// When they cannot be read.
pub fn pending(
    drafts: &dyn Mailbox,
    thread: &str,
    settled: &BTreeSet<String>,
) -> Result<Vec<String>, MailFault> {
    if thread.is_empty() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for found in drafts.drafts()? {
        let m = mail::parse_headers(&found.bytes, Timestamp::MAX);
        let on = m.references.iter().chain(&m.in_reply_to).any(|id| id == thread);
        if on && !settled.contains(&m.key.id) {
            out.push(found.place);
        }
    }
    Ok(out)
}

/// What clearing words about a tracker, or about a message without one, needs to know.
///
/// # Errors
/// When the desk cannot be read.
pub fn context(
    desk: &Desk,
    config: &Config,
    headings: &Headings,
    subject: &str,
    now: Timestamp,
) -> Result<(TrackerContext, Phase), PortError> {
    let lists = &config.mail.lists;
    let private_lists =
        [&lists.security, &lists.private, &lists.foundation_security].map(Clone::clone).into_iter();
    let mut context = TrackerContext {
        key: subject.into(),
        repo: config.tracker.repo.clone(),
        lists: private_lists.filter(|l| !l.is_empty()).collect(),
        ..TrackerContext::default()
    };
    let Some(case) = desk.case(&TrackerKey(subject.into()))? else {
        answerable(desk, config, subject, &mut context)?;
        own_words(desk, now, &mut context)?;
        return Ok((context, Phase::Intake));
    };
    context.number = Some(case.tracker.reference.number);
    let contact = Identity {
        name: case.reporter.name.clone(),
        email: case.reporter.email.clone(),
        handle: String::new(),
    };
    if case.via_forwarder {
        context.forwarder = Some(contact);
    } else {
        context.reporter = contact;
    }
    context.thread_ids = case.tracker.message_ids.clone();
    let phase = of_tracker(&case, config, headings, &mut context);
    own_words(desk, now, &mut context)?;
    Ok((context, phase))
}

/// What labels and fields say to the policy: the tracker's own CVE, its credit, whether its fix is open, its phase.
fn of_tracker(case: &Case, config: &Config, headings: &Headings, context: &mut TrackerContext) -> Phase {
    let parsed = tracker::parse(&case.tracker.body, headings);
    context.credit = parsed.get(FieldRole::ReporterCredit).map(tracker::plain_text);
    context.own_cve = parsed.get(FieldRole::CveToolLink).and_then(cve);
    let labels = LabelNames::new(config).read(&case.tracker.labels);
    let open = case.tracker.state.is_open();
    let shipped = labels.has(LabelRole::FixReleased) || labels.has(LabelRole::Announced);
    let fix =
        labels.has(LabelRole::PrOpen) || labels.has(LabelRole::PrMerged) || labels.has(LabelRole::RcVoting);
    context.fix_pr_open = fix || shipped;
    Phase::derive(&Signals {
        needs_triage: Some(labels.has(LabelRole::NeedsTriage)),
        cve_allocated: Some(labels.has(LabelRole::CveAllocated) || context.own_cve.is_some()),
        fix_public: Some(fix),
        shipped: Some(shipped),
        closed: Some(!open),
        closing_label: Some(!labels.dispositions().is_empty()),
        public_advisory_url: parsed.get(FieldRole::PublicAdvisoryUrl).map(str::to_owned),
    })
}

/// CVE ids of trackers whose advisory is not public.
fn embargoed(desk: &Desk, headings: &Headings) -> Result<Vec<(TrackerKey, String)>, PortError> {
    let mut out = Vec::new();
    for case in desk.cases_ever()? {
        let parsed = tracker::parse(&case.tracker.body, headings);
        if parsed.get(FieldRole::PublicAdvisoryUrl).is_none()
            && let Some(id) = parsed.get(FieldRole::CveToolLink).and_then(cve)
        {
            out.push((case.tracker.key, id));
        }
    }
    Ok(out)
}

/// What they wrote themselves: a reply keeps their subject, and the ids they named are no news to them.
fn own_words(desk: &Desk, now: Timestamp, context: &mut TrackerContext) -> Result<(), PortError> {
    let them = [Some(&context.reporter), context.forwarder.as_ref()];
    let addresses: Vec<String> =
        them.into_iter().flatten().map(|i| i.email.clone()).filter(|e| !e.is_empty()).collect();
    for address in addresses {
        for stored in desk.by_sender(&address, OWN_MAILS)? {
            let m = mail::parse(&stored.raw, now);
            context.public_cves.extend(extract::cve_ids(&m.subject));
            context.public_cves.extend(extract::cve_ids(&m.text));
            context.own_subjects.push(mail::reply_subject(&m.subject));
        }
    }
    Ok(())
}

/// A message that has no tracker may be answered to the person who wrote it, and to nobody else. Who that is comes
/// from the message as it is stored, not from the plan that wants to answer.
fn answerable(
    desk: &Desk,
    config: &Config,
    subject: &str,
    context: &mut TrackerContext,
) -> Result<(), PortError> {
    // Subjects of an import are `m-` or `t-` and the first digits of the message's digest.
    let Some((_, digest)) = subject.split_once('-').filter(|(_, d)| d.len() == 16) else { return Ok(()) };
    let Some(stored) = desk.message(digest)? else { return Ok(()) };
    let message = mail::parse(&stored.raw, Timestamp::MAX);
    let page = mail::page_of_place(&stored.source).unwrap_or_default();
    if let Some((to, forwarded)) = propose::contact(&message, page, config, &Roster::from_config(config)) {
        let contact = Identity { name: to.name, email: to.email, handle: String::new() };
        if forwarded {
            context.forwarder = Some(contact);
        } else {
            context.reporter = contact;
        }
    }
    context.thread_ids.push(message.key.id);
    Ok(())
}

fn cve(text: &str) -> Option<String> {
    extract::cve_ids(text).into_iter().next()
}
