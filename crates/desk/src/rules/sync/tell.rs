//! Who is told what, and when not (sync page §11): one letter for everything since the last, never twice, never a
//! question asked before, and to a forwarder only the milestones.

use super::{View, released, target};
use crate::{
    case::{Fact, MailThread, Routing},
    confidential::{Draft, Forwarder, Reporter},
    mail::{Address, can_address, can_refer_to, has_invisible, reply_subject},
    plan::{
        Told, digest,
        effect::{Drafted, Letter, LetterText},
    },
    reply::{CREDIT_QUESTION_PERSON, CREDIT_QUESTION_TOOL, Placeholder, ReplyId, Values},
    rules::extract::unreplyable,
    tracker::{FieldRole, LabelRole},
};

/// What the contact hears about, in the order in which it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// Assessed as valid.
    Valid,
    /// A CVE id is reserved.
    CveAllocated,
    /// The fix is scheduled for a release: before or after it is written, so a letter about the fix itself goes first.
    Scheduled,
    /// The fix is open for review.
    PrOpened,
    /// The fix is merged.
    PrMerged,
    /// The release is out.
    Released,
    /// The advisory is archived.
    AdvisorySent,
    /// The record is on cve.org.
    Published,
}

impl Event {
    /// Every event.
    pub const ALL: [Event; 8] = [
        Event::Valid,
        Event::CveAllocated,
        Event::Scheduled,
        Event::PrOpened,
        Event::PrMerged,
        Event::Released,
        Event::AdvisorySent,
        Event::Published,
    ];

    /// Its canned reply; the ledger's word for it is the same.
    #[must_use]
    pub fn reply(self) -> ReplyId {
        match self {
            Event::Valid => ReplyId::AssessedValid,
            Event::CveAllocated => ReplyId::CveAllocated,
            Event::PrOpened => ReplyId::PrOpened,
            Event::PrMerged => ReplyId::PrMerged,
            Event::Scheduled => ReplyId::Scheduled,
            Event::Released => ReplyId::Released,
            Event::AdvisorySent => ReplyId::AdvisorySent,
            Event::Published => ReplyId::CvePublished,
        }
    }

    /// Is it passed on to a forwarder? Only the milestones are (roles guide, forwarder routing).
    #[must_use]
    pub fn relayed(self) -> bool {
        matches!(self, Event::Valid | Event::CveAllocated | Event::AdvisorySent)
    }

    /// Which instance of the event: part of the ledger's key.
    #[must_use]
    pub fn artifact(self, v: &View<'_>) -> String {
        let cve = || v.cve.clone().unwrap_or_default();
        let fix = || v.fixes().first().map(|p| p.url.clone()).unwrap_or_default();
        match self {
            Event::Valid => v.t.key.0.clone(),
            Event::CveAllocated | Event::Published | Event::AdvisorySent => cve(),
            Event::PrOpened | Event::PrMerged => fix(),
            Event::Scheduled | Event::Released => target::milestone(v).map(|(m, _)| m).unwrap_or_default(),
        }
    }
}

/// Was the contact told about this instance? A letter about any of several fixes told of the fix.
#[must_use]
pub fn was_told(v: &View<'_>, event: Event) -> bool {
    let word = event.reply().as_str();
    let mut rows = v.o.told.iter().filter(|r| r.event == word && r.state != "discarded").peekable();
    if rows.peek().is_none() {
        return false;
    }
    let artifact = event.artifact(v);
    let fixes = if matches!(event, Event::PrOpened | Event::PrMerged) { v.fixes() } else { Vec::new() };
    rows.any(|r| {
        let same = r.artifact == artifact || fixes.iter().any(|p| p.url == r.artifact);
        r.artifact.is_empty() || artifact.is_empty() || same
    })
}

/// What has happened already, whatever was said about it.
fn happened(v: &View<'_>, event: Event) -> bool {
    match event {
        Event::Valid => v.decided(),
        Event::CveAllocated => v.cve.is_some() && v.has(LabelRole::CveAllocated),
        Event::PrOpened => v.has(LabelRole::PrOpen) && v.fixes().iter().any(|p| is_address(&p.url)),
        Event::PrMerged => v.has(LabelRole::PrMerged) && v.fixes().iter().any(|p| is_address(&p.url)),
        Event::Scheduled => false,
        // A label set by hand proves no release.
        Event::Released => v.has(LabelRole::FixReleased) && released::contradicted(v).is_none(),
        Event::AdvisorySent => v.labels.advisory_sent() && !v.field(FieldRole::PublicAdvisoryUrl).is_empty(),
        Event::Published => {
            !v.t.state.is_open()
                && v.o.listed.known().is_some_and(|l| l.state == crate::case::ListedState::Published)
        }
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// The newest event the contact should hear of and has not: of those that happened and those this plan would bring.
#[must_use]
pub fn due(v: &View<'_>, coming: &[Event]) -> Option<Event> {
    let reaches = |e: &Event| v.routing() != Routing::ViaForwarder || e.relayed();
    let newest =
        Event::ALL.into_iter().rev().filter(reaches).find(|e| coming.contains(e) || happened(v, *e))?;
    // Told of a later step, they know of the earlier ones.
    let later = Event::ALL.into_iter().filter(|e| *e >= newest).any(|e| was_told(v, e));
    if !later {
        return Some(newest);
    }
    // A release can be fixed, or change, after everything else there is was told.
    let scheduled = coming == [Event::Scheduled] && reaches(&Event::Scheduled);
    (scheduled && !was_told(v, Event::Scheduled)).then_some(Event::Scheduled)
}

/// The letter about an event, or the words that stand in the tracker in its place.
///
/// # Errors
/// Why there is no letter.
pub fn letter(v: &View<'_>, event: Event) -> Result<Letter<Drafted>, Told> {
    let may = |t: &MailThread| may_ask_credit(v, t) && v.routing() != Routing::ViaForwarder;
    let asks = matches!(event, Event::Valid | Event::CveAllocated) && v.thread().is_some_and(may);
    let about = About {
        reply: event.reply(),
        artifact: event.artifact(v),
        relayed: event.relayed(),
        published: event == Event::Published,
        question: if asks { CREDIT_QUESTION_PERSON } else { "" },
    };
    compose(v, &about)
}

/// The question whether a credit that looks like a program's is one: a letter of its own, to those who write to us, and only
/// if nobody has asked about credit before (sync page §11).
///
/// # Errors
/// Why there is no letter.
pub fn clarification(v: &View<'_>, credit: &str) -> Result<Letter<Drafted>, Told> {
    if !v.thread().is_some_and(|t| may_ask_credit(v, t)) {
        return Err(Told::NotNeeded("they were asked about credit already".into()));
    }
    let about = About {
        reply: ReplyId::CreditQuestion,
        artifact: artifact_of(credit),
        relayed: false,
        published: false,
        question: CREDIT_QUESTION_TOOL,
    };
    compose(v, &about)
}

/// What a letter is about.
struct About {
    reply: ReplyId,
    artifact: String,
    relayed: bool,
    published: bool,
    question: &'static str,
}

fn compose(v: &View<'_>, about: &About) -> Result<Letter<Drafted>, Told> {
    match v.routing() {
        Routing::FromPr => {
            return Err(Told::NotNeeded("it came from a public pull request, nobody reported it".into()));
        }
        Routing::Nobody => return Err(Told::NotNeeded("nobody outside the team reported it".into())),
        Routing::ViaForwarder if !about.relayed => {
            return Err(Told::NotNeeded("it came by a forwarder, who is told of milestones only".into()));
        }
        _ => {}
    }
    let Some(thread) = v.thread() else {
        let why = v.o.thread.failure().map_or("their thread is not known", |w| w);
        return Err(Told::NotTold(format!("{why}; write to them by hand")));
    };
    if let Fact::Unknown(why) = &v.o.drafts
        && !why.is_empty()
    {
        return Err(Told::NotTold(format!("the drafts could not be listed ({why}), so none is written")));
    }
    if let Some(d) = pending(v, thread) {
        return Err(Told::PendingDraft(d));
    }
    let to = &thread.contact;
    if to.email.is_empty() || !can_address(to) {
        return Err(Told::NotTold("they have no address that can be written to".into()));
    }
    if v.g.roster.is_team(&to.email, Some(v.case.received)) {
        return Err(Told::NotNeeded("they are on the team".into()));
    }
    if v.g.config.mail.mirror_senders.iter().any(|m| to.is(m)) {
        // Copies of tracker notifications are never answered (spec README, decision 10).
        return Err(Told::NotTold("only the tracker's own notification address is known".into()));
    }
    let forwarded = v.routing() == Routing::ViaForwarder;
    let nobody = unreplyable(to);
    if nobody && thread.page.is_empty() {
        return Err(Told::NotTold(
            "no mail to them is read by anybody; write to them where they reported it".into(),
        ));
    }
    // What is pasted where they wrote is read by them, and needs nobody to pass it on.
    let page = if nobody { thread.page.as_str() } else { "" };
    let values = values(v, thread, about);
    let filled = v.g.replies.fill(about.reply, &values, None).and_then(|inner| {
        if forwarded && page.is_empty() { v.g.replies.relay(&inner, &values) } else { Ok(inner) }
    });
    let filled = filled.map_err(|e| Told::NotTold(format!("the letter cannot be filled: {e}")))?;
    let subject = reply_subject(if thread.subject.is_empty() { "your report" } else { &thread.subject });
    let text = if forwarded {
        LetterText::Forwarder {
            subject: Draft::<Forwarder>::text(subject),
            body: Draft::<Forwarder>::text(filled.text()),
        }
    } else {
        LetterText::Reporter {
            subject: Draft::<Reporter>::text(subject),
            body: Draft::<Reporter>::text(filled.text()),
        }
    };
    let list = &v.g.config.mail.lists.security;
    let alone = list.is_empty() || to.is(list) || !page.is_empty();
    let cc = if alone { Vec::new() } else { vec![Address::new("", list)] };
    let last = if thread.last.is_empty() { &thread.root } else { &thread.last };
    let mut references: Vec<String> = thread.references.clone();
    for id in [&thread.root, last] {
        if !id.is_empty() && !references.contains(id) {
            references.push(id.clone());
        }
    }
    references.retain(|id| can_refer_to(id));
    Ok(Letter {
        message_id: String::new(),
        event: about.reply.as_str().into(),
        reply: about.reply.as_str().into(),
        artifact: about.artifact.clone(),
        thread: thread.root.clone(),
        to: to.clone(),
        page: page.to_owned(),
        cc,
        in_reply_to: Some(last).filter(|id| can_refer_to(id)).cloned().unwrap_or_default(),
        references,
        asks_credit: !about.question.is_empty(),
        text,
    })
}

/// Letters that a tracker brings and that do not go to who reported it.
fn goes_elsewhere(event: &str) -> bool {
    let elsewhere = [ReplyId::CreditAnnouncement, ReplyId::CreditCna, ReplyId::EscalationCall];
    event == super::distributors::EVENT || elsewhere.into_iter().any(|r| r.as_str() == event)
}

/// A draft that lies on their thread already: shown, not shadowed by a second (sync page §11.3).
fn pending(v: &View<'_>, thread: &MailThread) -> Option<String> {
    let mut drafts = v.o.drafts.known()?.iter().filter(|d| !goes_elsewhere(&d.event));
    let on = drafts.find(|d| d.thread.is_empty() || thread.root.is_empty() || d.thread == thread.root)?;
    Some(on.id.clone())
}

/// Drafts that were written and are in no drafts folder any more: sent or thrown away, nobody knows. They are asked about
/// and not written again (hard case 21).
#[must_use]
pub fn gone(v: &View<'_>) -> Vec<String> {
    let Some(drafts) = v.o.drafts.known() else { return Vec::new() };
    let open = v.o.told.iter().filter(|r| matches!(r.state.as_str(), "drafted" | "unknown"));
    let lost = open.filter(|r| !drafts.iter().any(|d| d.event.is_empty() || d.event == r.event));
    lost.map(|r| {
        format!(
            "the draft about {} is in the drafts folder no longer: was it sent, or thrown away? Say it with `tipstaff mark-sent`",
            r.event.replace('_', " ")
        )
    })
    .collect()
}

/// The credit question is asked once, by anybody, ever (spec README, decision 4).
#[must_use]
pub fn may_ask_credit(v: &View<'_>, thread: &MailThread) -> bool {
    !thread.credit_asked
        && thread.credit.is_none()
        && v.routing() == Routing::Direct
        && !v.o.told.iter().any(|r| r.asked_credit)
}

fn values(v: &View<'_>, thread: &MailThread, about: &About) -> Values {
    let mut out = Values::new()
        .with(Placeholder::ProjectName, v.project())
        .with(Placeholder::TeamSignature, v.signature())
        .with(Placeholder::CreditQuestion, about.question);
    let name = thread.contact.name.trim();
    if !name.is_empty()
        && !name.contains(['@', '<', '>', '\n', '\r'])
        && name.chars().count() <= 80
        && !has_invisible(name)
    {
        let passed_on = v.routing() == Routing::ViaForwarder && thread.page.is_empty();
        let to = if passed_on { Placeholder::ForwarderName } else { Placeholder::ReporterName };
        out.set(to, name);
    }
    if let Some(cve) = &v.cve {
        out.set(Placeholder::CveId, cve.clone());
        if about.published {
            out.set(Placeholder::CveRecordUrl, format!("https://www.cve.org/CVERecord?id={cve}"));
        }
    }
    if let Some(p) = v.fixes().iter().find(|p| is_address(&p.url)) {
        out.set(Placeholder::PrUrl, p.url.clone());
    }
    if let Some((milestone, _)) = target::milestone(v) {
        out.set(Placeholder::Release, target::version_of(&milestone).unwrap_or(milestone));
    }
    let advisory = match super::advisory::find(v) {
        super::advisory::Advisory::Found(m) => m.url.clone(),
        super::advisory::Advisory::Page(a) => a.page.clone(),
        _ => v.field(FieldRole::PublicAdvisoryUrl).to_owned(),
    };
    if !advisory.is_empty() {
        out.set(Placeholder::AdvisoryUrl, advisory);
    }
    out
}

/// A digest that names a text, for ledger rows about changed fields.
#[must_use]
pub fn artifact_of(text: &str) -> String {
    digest::sha256(text.as_bytes())[..16].to_owned()
}
