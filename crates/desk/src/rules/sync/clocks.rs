//! Disclosure clocks and escalation (sync page §12). They add words and never open a gate.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{Proposal, View, comments};
use crate::{
    confidential::{Draft, TeamMail},
    config::{Ack, Clock},
    mail::Address,
    plan::{
        Action, ActionKind, Letter, Told,
        effect::{Change, Drafted, LetterText},
    },
    reply::{Placeholder, ReplyId, Values},
    rules::stage::Stage,
    tracker::{FieldRole, LabelRole, Marked, marked, marked_text},
};

/// How a tracker stands to its disclosure window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clocks {
    /// When the clock began.
    pub start: Timestamp,
    /// When the window ends.
    pub end: Timestamp,
    /// When the grace for a fix that is ready ends.
    pub grace_end: Timestamp,
    /// Whole days since the start.
    pub age_days: i64,
    /// The window is nearly over.
    pub approaching: bool,
    /// The window is over.
    pub overdue: bool,
    /// A fix is ready, and window and grace are over.
    pub grace_expired: bool,
    /// The flaw is announced, or the tracker closed: the clock has stopped.
    pub stopped: bool,
}

/// Read the clocks of a tracker. Days are elapsed 24 hours.
#[must_use]
pub fn read(v: &View<'_>) -> Clocks {
    let d = &v.g.config.disclosure;
    let known = |t: Timestamp| Some(t).filter(|t| *t != Timestamp::UNIX_EPOCH);
    let received = known(v.case.received).filter(|_| d.clock == Clock::ReportReceived);
    // Clocks of senders run ahead: the disclosure clock never starts after the tracker, nor in the future. A tracker
    // without a date is not old.
    let start = [received, known(v.t.created)].into_iter().flatten().min().unwrap_or(v.g.now).min(v.g.now);
    let days = |n: u32| SignedDuration::from_hours(24 * i64::from(n));
    let end = start.checked_add(days(d.window_days)).unwrap_or(Timestamp::MAX);
    let grace_end = end.checked_add(days(d.grace_days)).unwrap_or(Timestamp::MAX);
    let age = v.g.now.duration_since(start);
    // `announced - emails sent` proves nothing; an address that was captured does (sync page §4, §12).
    let public = v.has(LabelRole::Announced) || !v.field(FieldRole::PublicAdvisoryUrl).is_empty();
    let stopped = public || !v.t.state.is_open();
    let ready = v.merged() || v.has(LabelRole::PrMerged) || v.has(LabelRole::FixReleased);
    let overdue = !stopped && v.g.now > end;
    #[expect(clippy::cast_precision_loss, reason = "days of a window, far below 2^52")]
    let near = age.as_secs() as f64 > d.warn_fraction * f64::from(d.window_days) * 86_400.0;
    Clocks {
        start,
        end,
        grace_end,
        age_days: age.as_hours() / 24,
        approaching: !stopped && near && !overdue,
        overdue,
        grace_expired: !stopped && ready && v.g.now > grace_end,
        stopped,
    }
}

/// A time as people read it: day, hour and zone of the project.
#[must_use]
pub fn shown(v: &View<'_>, at: Timestamp) -> String {
    let zone = TimeZone::get(&v.g.config.project.time_zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Notices of a window that closes, the comment of one that closed, and the call of a discussion that stopped.
pub fn rule(v: &View<'_>, stage: Stage, out: &mut super::Gathered) {
    let clocks = read(v);
    if clocks.approaching {
        out.notices.push(format!("the disclosure window ends {}", shown(v, clocks.end)));
    }
    if clocks.overdue && stage != Stage::CloseOut {
        overdue(v, &clocks, out);
    }
    if stage == Stage::Stalled {
        escalate(v, out);
    }
}

/// A window that closed is entered once into the status, with what can be done. When a fix is ready and its grace is over
/// too, whoever owns the tracker is told in a comment of its own.
fn overdue(v: &View<'_>, clocks: &Clocks, out: &mut super::Gathered) {
    let ended = shown(v, clocks.end);
    out.notices.push(format!("the disclosure window ended {ended}"));
    let options = if v.g.config.disclosure.ack == Ack::Manual {
        "- ask the reporter for more time, with a date;\n- publish an advisory without a fix."
    } else {
        "- publish an advisory without a fix."
    };
    let action = Action::with(ActionKind::Sync, "overdue");
    let why = |rule| {
        v.evidence(rule, format!("the report came {}, the window ended {ended}", shown(v, clocks.start)))
    };
    if !super::noted(v, &action) {
        out.items.push(
            Proposal::new(
                "sync.overdue",
                format!("{} is past its disclosure window", v.name),
                why("sync.overdue"),
            )
            .note(
                action,
                "The disclosure window has passed",
                format!("It ended {ended}. What can be done:\n\n{options}"),
                Told::NotTold("ask them for more time, or tell them what happens next".into()),
            ),
        );
    }
    if !clocks.grace_expired {
        return;
    }
    let grace = shown(v, clocks.grace_end);
    let text = format!(
        "{}, the disclosure window of this report ended {ended}. A fix is ready, and the grace for its release ended \
         {grace}: the release cannot wait longer. What can be done:\n\n{options}",
        super::owner(v)
    );
    let there = marked(&v.t.comments, Marked::Overdue, v.g.roster);
    if there.is_some_and(|c| super::unaddressed(marked_text(&c.body)) == super::unaddressed(text.trim())) {
        return;
    }
    if let Some(effect) = comments::post(v, Marked::Overdue, text) {
        let again = there.is_some();
        out.items.push(
            Proposal::new(
                "sync.grace",
                format!("The release of {} cannot wait longer", v.name),
                why("sync.grace"),
            )
            .step(effect, Vec::new())
            .note(
                Action::with(ActionKind::Sync, if again { "grace over, again" } else { "grace over" }),
                "The grace for the release has passed",
                format!("It ended {grace}."),
                Told::NotTold("tell them when the release comes".into()),
            ),
        );
    }
}

/// Phase 1 is a bare call for ideas; phase 2 is a person's analysis, asked for after a silent week.
fn escalate(v: &View<'_>, out: &mut super::Gathered) {
    let lists = &v.g.config.mail.lists;
    let to: Vec<&str> = [&lists.private, &lists.foundation_security]
        .into_iter()
        .filter(|l| !l.is_empty())
        .map(String::as_str)
        .collect();
    let to = if to.is_empty() { "a broader circle you trust".to_owned() } else { to.join(" and ") };
    if let Some(called) = marked(&v.t.comments, Marked::Escalation, v.g.roster) {
        let days = v.g.now.duration_since(called.at).as_hours() / 24;
        let after = i64::from(v.g.config.disclosure.escalate_phase2_days);
        if days >= after {
            out.notices.push(format!("the call for ideas of {days} days ago brought nothing: write the options down and send them to {to}"));
        }
        return;
    }
    let who = super::owner(v);
    let text = format!(
        "{who}, nobody has said anything here for a month. Does anybody have an idea how to assess this report? Otherwise it goes to {to} next."
    );
    let Some(effect) = comments::post(v, Marked::Escalation, text) else { return };
    let mut p = Proposal::new(
        "sync.stalled",
        format!("Nobody has said anything on {} for a month", v.name),
        v.evidence("sync.stalled", super::super::stage::stage(v).1),
    )
    .step(effect, Vec::new());
    if let Some(letter) = call(v).filter(|_| !v.told(ReplyId::EscalationCall.as_str())) {
        let not_told = letter.not_told(&v.t.key.0);
        p = p.step(Change::MailDraft { subject: v.t.key.0.clone(), letter }, vec![not_told]);
    }
    out.items.push(
        p.note(
            Action::with(ActionKind::Sync, "Step 4 escalation"),
            "Asked for ideas",
            format!("Next: {to}."),
            Told::NotTold("tell them that it takes longer".into()),
        )
        .next("somebody answers, or the report goes to a broader circle"),
    );
}

/// The call to the private list and to the foundation's, without a word of analysis (sync page §12).
fn call(v: &View<'_>) -> Option<Letter<Drafted>> {
    let lists = &v.g.config.mail.lists;
    let all = [&lists.private, &lists.foundation_security, &lists.security];
    let mut to: Vec<&String> = all.into_iter().filter(|l| !l.is_empty()).collect();
    to.dedup();
    let beyond = |l: &&String| **l != lists.security;
    let first = to.iter().copied().find(beyond)?;
    let title = crate::mail::one_line(&v.t.title, 120);
    let values = Values::new()
        .with(Placeholder::ProjectName, v.project())
        .with(Placeholder::ReportTitles, format!("- {}: {title}", v.name))
        .with(Placeholder::TeamSignature, v.signature());
    let id = ReplyId::EscalationCall;
    let body = v.g.replies.fill(id, &values, None).ok()?.text();
    let text = LetterText::Team {
        subject: Draft::<TeamMail>::text(format!("{}: a report waits for an assessment", v.project())),
        body: Draft::<TeamMail>::text(body),
    };
    let copies = to.iter().filter(|l| **l != first).map(|l| Address::new("", l)).collect();
    Some(Letter::beginning(id.as_str(), id, v.t.key.0.clone(), Address::new("", first), copies, text))
}
