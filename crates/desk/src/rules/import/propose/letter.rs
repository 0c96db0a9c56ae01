//! Letters of an import: receipts and canned refusals, each to the right person, each at most once (intake page §8,
//! sync page §11).

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use jiff::tz::TimeZone;

use super::{Candidate, Desk};
use crate::{
    case::Case,
    confidential::{Draft, Forwarder, Identity, Phase, Refusal, Reporter, Slots, TrackerContext},
    config::{Ack, Config},
    mail::{Address, Message, can_address, can_refer_to, reply_subject},
    people::Roster,
    plan::{
        Effect, Letter,
        effect::{Change, Clearing, Drafted, LetterText},
    },
    reply::{CREDIT_QUESTION_PERSON, CREDIT_QUESTION_TOOL, Filled, Placeholder, ReplyId, Values},
    rules::{
        extract::{CreditKind, CreditOrigin, ForwarderReport, Mode},
        import::{self, Class},
    },
};

/// Why there is no letter, in words that stand in the tracker after "Reporter: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoLetter {
    /// Nobody is to be told.
    NotNeeded(String),
    /// Somebody is to be told, and the program cannot write it.
    ByHand(String),
}

/// Whom to answer, and whether they are a forwarder.
pub(super) fn recipient(c: &Candidate, desk: Desk<'_>) -> Result<(Address, bool), NoLetter> {
    whom(&c.lead.message, c.lead.page(), &c.forwarder, desk.config, desk.roster)
}

/// Whom to answer: the forwarder when there is one, else Reply-To, else the author; on the page a report was read off, its
/// author, although no mail reaches them.
pub(super) fn whom(
    m: &Message,
    page: &str,
    forwarder: &ForwarderReport,
    config: &Config,
    roster: &Roster,
) -> Result<(Address, bool), NoLetter> {
    if forwarder.mode == Mode::ViaForwarder {
        return match &forwarder.contact.address {
            Some(a) if can_address(&Address::new(&m.from.name, a)) => {
                Ok((Address::new(&m.from.name, a), true))
            }
            None if !page.is_empty() && can_address(&m.from) => Ok((m.from.clone(), true)),
            _ => Err(NoLetter::ByHand("the sender cannot be answered by mail".into())),
        };
    }
    let lists = &config.mail.lists;
    let ours = |a: &Address| {
        [&lists.security, &lists.private, &lists.foundation_security].into_iter().any(|l| a.is(l))
    };
    // A Reply-To that points back at a list would send the answer round in a circle.
    let reply_to = m.reply_to.iter().find(|a| !a.email.is_empty() && !ours(a));
    let to = reply_to.unwrap_or(&m.from);
    if to.email.is_empty() || ours(to) || crate::rules::extract::unreplyable(to) {
        return Err(NoLetter::ByHand("the sender has no address that can be answered".into()));
    }
    // One mail that cannot be answered must not stop the answers to all others at apply.
    if !can_address(to) {
        return Err(NoLetter::ByHand("the sender's address is odd; answer by hand".into()));
    }
    if roster.is_team(&to.email, m.arrived()) {
        return Err(NoLetter::NotNeeded("they are on the team".into()));
    }
    Ok((to.clone(), false))
}

/// The receipt for one or several reports by one person; `titles` names them all.
pub(super) fn receipt(c: &Candidate, titles: &[String], desk: Desk<'_>) -> Result<Letter<Drafted>, NoLetter> {
    if c.verdict.class == Class::ConvergedReport {
        return Err(NoLetter::NotNeeded("the team and they agreed on this thread already".into()));
    }
    if desk.config.disclosure.ack == Ack::None {
        return Err(NoLetter::NotNeeded("this project sends no receipts".into()));
    }
    if desk.scene.was_told(&c.thread, "receipt") {
        return Err(NoLetter::NotNeeded("a receipt exists for this thread".into()));
    }
    let (to, forwarded) = recipient(c, desk)?;
    let ask = credit_question(c, forwarded, desk);
    let values = common(desk)
        .with(Placeholder::WindowDays, desk.config.disclosure.window_days.to_string())
        .with(Placeholder::CreditQuestion, ask.unwrap_or_default());
    let fill = |name: Option<String>| {
        let values = named(&values, name);
        let filled = if titles.len() > 1 {
            desk.replies.bundle(titles, &values, None)
        } else {
            desk.replies.fill(ReplyId::Receipt, &values, None)
        };
        filled.map_err(|e| NoLetter::ByHand(format!("the receipt cannot be filled: {e}")))
    };
    write(c, "receipt", &to, forwarded, ask.is_some(), desk, fill)
}

/// A canned reply in place of a tracker.
pub(super) fn canned(
    c: &Candidate,
    id: ReplyId,
    fix_urls: &[String],
    desk: Desk<'_>,
) -> Result<Letter<Drafted>, NoLetter> {
    if desk.scene.was_told(&c.thread, "rejected") {
        return Err(NoLetter::NotNeeded("a reply exists for this thread".into()));
    }
    let (to, forwarded) = recipient(c, desk)?;
    let mut values = common(desk);
    if id == ReplyId::AlreadyPublic {
        // The change the mail itself shows, when the public code was not searched.
        let shown = import::public_fix::address(&import::text::Doc::new(&c.lead.message), desk.config);
        let mut urls: Vec<&str> = fix_urls.iter().map(String::as_str).collect();
        if let Some(f) = &c.public_fix
            && urls.is_empty()
            && !f.url.is_empty()
        {
            urls.push(&f.url);
        }
        if urls.is_empty() {
            urls.extend(shown.as_deref());
        }
        if urls.is_empty() {
            return Err(NoLetter::ByHand("name the public fix: `N:reject-with-public-fix URL`".into()));
        }
        values.set(Placeholder::FixUrls, urls.join("\n"));
    }
    let fill = |name: Option<String>| {
        let filled = desk.replies.fill(id, &named(&values, name), None);
        filled.map_err(|e| NoLetter::ByHand(format!("the reply `{id}` cannot be filled: {e}")))
    };
    write(c, "rejected", &to, forwarded, false, desk, fill)
}

fn named(values: &Values, name: Option<String>) -> Values {
    match name {
        Some(name) => values.clone().with(Placeholder::ReporterName, name),
        None => values.clone(),
    }
}

/// Write a letter that the policy would let through. Subject line and name come from the reporter; where they hold what
/// may not leave (an id that is not public, an internal address), the letter goes without them. A letter that would be
/// refused at apply must not be proposed: its tracker would stand there without its first entry.
fn write(
    c: &Candidate,
    event: &str,
    to: &Address,
    forwarded: bool,
    asks_credit: bool,
    desk: Desk<'_>,
    fill: impl Fn(Option<String>) -> Result<Filled, NoLetter>,
) -> Result<Letter<Drafted>, NoLetter> {
    let day = c.lead.message.arrived().unwrap_or(desk.now).to_zoned(TimeZone::UTC).date();
    let theirs = reply_subject(&c.root_subject);
    let neutral = reply_subject(&format!("report of {day}"));
    let mut rules = BTreeSet::new();
    for (name, subject) in [(salutation(to), &theirs), (salutation(to), &neutral), (None, &neutral)] {
        let letter = letter(c, event, subject, &fill(name)?, to, forwarded, asks_credit, desk);
        let (subject, body) = letter.preview();
        if desk.strangers.named([&subject, &body], to) {
            rules = BTreeSet::from(["scan.reporter-name"]);
            continue;
        }
        match may_leave(&letter, forwarded, desk) {
            Ok(()) => return Ok(letter),
            Err(refusal) => rules = refusal.hits.iter().map(|h| h.rule).collect(),
        }
    }
    let rules: Vec<&str> = rules.into_iter().collect();
    Err(NoLetter::ByHand(format!("a letter would hold what may not leave ({})", rules.join(", "))))
}

/// Names and addresses of everybody who reported anything.
pub(crate) struct Strangers {
    search: Option<AhoCorasick>,
    words: Vec<String>,
}

impl Strangers {
    pub(super) fn of(cases: &[&Case]) -> Self {
        let mut words = BTreeSet::new();
        for c in cases {
            let (name, email) = (c.reporter.name.trim(), c.reporter.email.trim());
            // One word may be anybody's name, or no name at all.
            words.extend((name.contains(' ') && name.len() > 6).then(|| name.to_lowercase()));
            words.extend(email.contains('@').then(|| email.to_lowercase()));
        }
        let words: Vec<String> = words.into_iter().collect();
        let build = || AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&words).ok();
        let search = if words.is_empty() { None } else { build() };
        Self { search, words }
    }

    /// Does a text name a reporter who is not the one it goes to?
    fn named(&self, texts: [&str; 2], to: &Address) -> bool {
        let own = [to.name.trim().to_lowercase(), to.email.to_lowercase()];
        let Some(search) = &self.search else { return false };
        texts.into_iter().any(|t| {
            let text = t.to_lowercase();
            search
                .find_iter(&text)
                .any(|m| self.words.get(m.pattern().as_usize()).is_some_and(|w| !own.contains(w)))
        })
    }
}

fn may_leave(letter: &Letter<Drafted>, forwarded: bool, desk: Desk<'_>) -> Result<(), Refusal> {
    let lists = &desk.config.mail.lists;
    let who =
        Identity { name: letter.to.name.clone(), email: letter.to.email.clone(), handle: String::new() };
    let mut context = TrackerContext {
        repo: desk.config.tracker.repo.clone(),
        lists: [&lists.security, &lists.private, &lists.foundation_security]
            .into_iter()
            .filter(|l| !l.is_empty())
            .cloned()
            .collect(),
        ..TrackerContext::default()
    };
    if forwarded {
        context.forwarder = Some(who);
    } else {
        context.reporter = who;
    }
    let effect: Effect = Change::MailDraft { subject: String::new(), letter: letter.clone() };
    let clearing =
        Clearing { policy: desk.policy, slots: &Slots::new(), context: &context, phase: Phase::Intake };
    effect.clear(clearing).map(drop)
}

#[expect(clippy::too_many_arguments, reason = "a letter has as many parts")]
fn letter(
    c: &Candidate,
    event: &str,
    subject: &str,
    filled: &Filled,
    to: &Address,
    forwarded: bool,
    asks_credit: bool,
    desk: Desk<'_>,
) -> Letter<Drafted> {
    let body = filled.text();
    let text = if forwarded {
        LetterText::Forwarder {
            subject: Draft::<Forwarder>::text(subject),
            body: Draft::<Forwarder>::text(body),
        }
    } else {
        LetterText::Reporter {
            subject: Draft::<Reporter>::text(subject),
            body: Draft::<Reporter>::text(body),
        }
    };
    let list = &desk.config.mail.lists.security;
    // What a person pastes has no copies.
    let page = if crate::rules::extract::unreplyable(to) { c.lead.page() } else { "" };
    let alone = list.is_empty() || to.is(list) || !page.is_empty();
    let cc = if alone { Vec::new() } else { vec![Address::new("", list)] };
    let m = &c.lead.message;
    let mut references = c.references.clone();
    if !m.key.id.is_empty() && !references.contains(&m.key.id) {
        references.push(m.key.id.clone());
    }
    references.retain(|id| can_refer_to(id));
    Letter {
        // Set when the letter becomes a step, whose key it is derived from.
        message_id: String::new(),
        event: event.into(),
        reply: filled.id.to_string(),
        artifact: c.thread.clone(),
        thread: c.thread.clone(),
        to: to.clone(),
        page: page.into(),
        cc,
        in_reply_to: Some(&m.key.id).filter(|id| can_refer_to(id)).cloned().unwrap_or_default(),
        references,
        asks_credit,
        text,
    }
}

fn common(desk: Desk<'_>) -> Values {
    let p = &desk.config.project;
    let name = if p.name.is_empty() { "project" } else { &p.name };
    let mut v = Values::new()
        .with(Placeholder::ProjectName, name)
        .with(Placeholder::TeamSignature, format!("The {name} security team"));
    if !p.security_model.url.is_empty() {
        v.set(Placeholder::SecurityModelUrl, p.security_model.url.clone());
    }
    if !p.security_policy_url.is_empty() {
        v.set(Placeholder::SecurityPolicyUrl, p.security_policy_url.clone());
    }
    v
}

/// The credit question, once, and never to a forwarder (spec README, decision 4): not when they named a credit, not
/// when it was asked on this thread.
fn credit_question(c: &Candidate, forwarded: bool, desk: Desk<'_>) -> Option<&'static str> {
    if forwarded || desk.scene.asked_credit(&c.thread) || c.credit.origin == CreditOrigin::Explicit {
        return None;
    }
    let tool = c.credit.credits.iter().any(|k| k.kind != CreditKind::Human);
    Some(if tool { CREDIT_QUESTION_TOOL } else { CREDIT_QUESTION_PERSON })
}

/// A name to greet by; a name that is an address, or has line breaks, is none.
fn salutation(to: &Address) -> Option<String> {
    let name = to.name.trim();
    let plain = !name.is_empty() && !name.contains(['@', '<', '>', '\n', '\r']) && name.chars().count() <= 80;
    plain.then(|| name.to_owned()).filter(|n| !crate::mail::has_invisible(n))
}
