//! The ports of applying a plan, filled by the embedded desk and the place where drafts go.

use std::{cell::OnceCell, collections::BTreeSet};

use connect::{
    mailbox::{Found, MailFault, Mailbox, NewDraft, Place},
    upstream::open::Opener,
};
use desk::{
    case::{Fact, RecordStage, Seen, Source},
    confidential::{OtherIds, Phase, Slot, SlotValue, Slots, TrackerContext},
    config::Config,
    mail::{self, Address, MailDraft},
    plan::{
        ClearedEffect, Precondition, Probe, StepKey,
        effect::{Change, InClear, Letter},
        ports::{By, Holding, Journal, Lookup, PortError, Receipt, StepState, World},
    },
    tracker::{self, FieldRole, Headings, LabelNames, TrackerKey},
};
use jiff::Timestamp;
use store::Desk;

use super::{
    authority::{self, Shared},
    clearance, fix,
    host::{self, Link},
    mail as mailbox,
};

/// Stands in From when nothing says whom a draft is from; `.invalid` reaches nobody.
const NO_SENDER: &str = "unset@tipstaff.invalid";

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
    /// Names of labels.
    pub labels: &'a LabelNames,
    /// CVE ids of trackers that are not disclosed; read when first needed.
    pub embargoed: OnceCell<OtherIds>,
    /// The host of the trackers; none where they live on the desk.
    pub host: Option<Link<'a>>,
    /// What opens pull requests at the public repository, or why nothing does; none where none is to be opened.
    pub opener: Option<Result<Opener, String>>,
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
        if there || fix::is_there(effect) || matches!(effect, Change::MailDraft { .. }) {
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
        let case = self.desk.case(&TrackerKey(subject.into()))?;
        clearance::context(self, subject, case.as_ref())
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
        if fix::is_there(effect) {
            return fix::perform(self.opener.as_ref(), self.desk, key, effect, by);
        }
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
                let of = |(_, body): &(String, String)| {
                    tracker::parse(body, self.headings).get(FieldRole::CveToolLink).and_then(clearance::cve)
                };
                Ok(self.desk.bodies()?.iter().filter_map(of).collect())
            };
            return authority::look_up(a.as_ref(), self.desk, &named, key, effect);
        }
        if let Some(link) = self.host.as_ref().filter(|_| host::is_there(effect)) {
            return link.look_up(self.desk, key, effect, by);
        }
        if fix::is_there(effect) {
            return fix::look_up(self.opener.as_ref(), self.desk, key, effect);
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
