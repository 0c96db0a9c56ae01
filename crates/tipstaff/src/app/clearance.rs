//! What clearing words needs to know, and trying it before anybody is asked.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    case::Case,
    confidential::{
        Identity, OtherIds, Phase, Policy, Refusal, Signals, Slot, SlotValue, Slots, TrackerContext,
    },
    config::Config,
    mail,
    people::Roster,
    plan::{
        Effect, ItemNo, Plan, Step, apply,
        effect::{Change, Clearing},
        ports::{PortError, World},
    },
    rules::{extract, import::propose},
    tracker::{self, FieldRole, Headings, LabelRole, State, Tracker, TrackerKey},
};
use jiff::Timestamp;
use store::Desk;

use super::{error::Result, ports::Ports, session::Session};

/// Mails of one person that are read for what they themselves said.
const OWN_MAILS: usize = 50;

/// What the policy looks at of a tracker, and what the items of a plan may change of it.
#[derive(Clone)]
struct Standing {
    body: String,
    labels: BTreeSet<String>,
    state: State,
}

impl Standing {
    fn of(t: &Tracker) -> Self {
        Self { body: t.body.clone(), labels: t.labels.clone(), state: t.state }
    }
}

/// What is known of the subject of some items: a letter about a fix that an item before it opens is judged with that known,
/// as applying the items in order would judge it.
struct Known {
    context: TrackerContext,
    phase: Phase,
    slots: Slots,
    standing: Option<Standing>,
}

impl Known {
    fn read(
        subject: &str,
        cases: &BTreeMap<&str, &Case>,
        ports: &Ports<'_>,
    ) -> std::result::Result<Self, PortError> {
        let read;
        let case = match cases.get(subject) {
            Some(case) => Some(*case),
            None => {
                read = ports.desk.case(&TrackerKey(subject.into()))?;
                read.as_ref()
            }
        };
        let (context, phase) = context(ports, subject, case)?;
        let mut slots = ports.slots(subject)?;
        let day = ports.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        for value in [
            SlotValue::new(Slot::Approver, "somebody"),
            SlotValue::new(Slot::TrackerRef, "desk#1"),
            SlotValue::new(Slot::PrUrl, "https://forge.example/public/code/pull/1"),
        ] {
            slots = slots.with(value.map_err(|e| PortError::new(e.to_string(), ""))?);
        }
        let standing = case.map(|c| Standing::of(&c.tracker));
        Ok(Self { context, phase, slots: slots.with(SlotValue::date(day)), standing })
    }
}

/// What reads for clearing, and the policy. Nothing is written through it.
fn reading<'a>(session: &'a mut Session, config: &'a Config) -> (Ports<'a>, &'a Policy) {
    let authority = session.authority();
    let ports = Ports {
        desk: &mut session.desk,
        drafts: session.drafts.as_ref(),
        config,
        headings: &session.headings,
        labels: &session.labels,
        now: session.setting.now,
        authority,
        embargoed: std::cell::OnceCell::new(),
        host: None,
        opener: None,
    };
    (ports, &session.policy)
}

/// Try every word of a plan against the policy, so that a refusal is seen before the yes. `cases` are those trackers that
/// were read already.
///
/// # Errors
/// When the desk cannot be read.
pub fn judge(session: &mut Session, plan: &mut Plan, cases: &[Case]) -> Result<()> {
    let config = session.loaded.config.clone();
    let (ports, policy) = reading(session, &config);
    Ok(try_clearance(plan, policy, &ports, cases)?)
}

/// What clearing words about that subject needs to know: its own secrets, and those of the other trackers.
///
/// # Errors
/// When the desk cannot be read.
pub fn context_of(session: &mut Session, subject: &str) -> Result<(TrackerContext, Phase)> {
    let config = session.loaded.config.clone();
    let (ports, _) = reading(session, &config);
    Ok(ports.context(subject)?)
}

/// Try every word of an item against the policy, as applying it would, so that a refusal is seen before the yes and not
/// after it. What cannot go out blocks its item, with the reason. `cases` are trackers as the desk has them, as far as
/// somebody has read them already.
///
/// # Errors
/// When the desk cannot be read.
fn try_clearance(
    plan: &mut Plan,
    policy: &Policy,
    ports: &Ports<'_>,
    cases: &[Case],
) -> std::result::Result<(), PortError> {
    let cases: BTreeMap<&str, &Case> = cases.iter().map(|c| (c.tracker.key.0.as_str(), c)).collect();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let at: BTreeMap<ItemNo, usize> = plan.items.iter().enumerate().map(|(at, i)| (i.n, at)).collect();
    let order: Vec<ItemNo> = apply::in_order(plan.items.iter().collect()).iter().map(|i| i.n).collect();
    for n in order {
        let item = at.get(&n).and_then(|at| plan.items.get_mut(*at)).filter(|i| i.blocked.is_none());
        let Some(item) = item else { continue };
        let before = match known.remove(&item.subject) {
            Some(k) => k,
            None => Known::read(&item.subject, &cases, ports)?,
        };
        let mut standing = before.standing.clone();
        let mut walk = Walk {
            policy,
            slots: &before.slots,
            ports,
            context: before.context.clone(),
            phase: before.phase,
        };
        item.blocked = walk.steps(&item.steps, &mut standing).map(|r| r.to_string().replace("\n  ", "; "));
        let after = match item.blocked {
            Some(_) => before,
            None => Known { context: walk.context, phase: walk.phase, standing, slots: before.slots },
        };
        known.insert(item.subject.clone(), after);
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
    fn steps(&mut self, steps: &[Step], standing: &mut Option<Standing>) -> Option<Refusal> {
        for step in steps {
            if let Change::Choose { arms, .. } = &step.effect {
                let (begun, mut end) = (standing.clone(), standing.clone());
                for arm in arms.values() {
                    let mut one = begun.clone();
                    self.look_at(one.as_ref());
                    if let Some(refusal) = self.steps(arm, &mut one) {
                        return Some(refusal);
                    }
                    end = one;
                }
                *standing = end;
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
            if standing
                .as_mut()
                .is_some_and(|s| advance(s, &self.context.key, &step.effect, self.ports.headings))
            {
                self.look_at(standing.as_ref());
            }
        }
        None
    }

    fn look_at(&mut self, standing: Option<&Standing>) {
        if let Some(s) = standing {
            self.phase = of_tracker(s, self.ports, &mut self.context);
        }
    }
}

/// What an effect changes of what the policy looks at; says whether it did.
fn advance(s: &mut Standing, key: &str, effect: &Effect, headings: &Headings) -> bool {
    match effect {
        Change::SetLabels { tracker, add, remove } if tracker.0 == key => {
            s.labels.retain(|l| !remove.iter().any(|r| r.eq_ignore_ascii_case(l)));
            s.labels.extend(add.iter().cloned());
        }
        Change::SetField { tracker, role, value } if tracker.0 == key => {
            if let Ok(body) = tracker::set(&s.body, *role, &value.preview(), headings) {
                s.body = body;
            }
        }
        Change::Close { tracker, .. } if tracker.0 == key => {
            s.state = State::Closed { reason: tracker::CloseReason::Completed };
        }
        Change::Reopen { tracker } if tracker.0 == key => s.state = State::Open,
        _ => return false,
    }
    true
}

/// What clearing words about a tracker, or about a message without one, needs to know.
///
/// # Errors
/// When the desk cannot be read.
pub fn context(
    ports: &Ports<'_>,
    subject: &str,
    case: Option<&Case>,
) -> std::result::Result<(TrackerContext, Phase), PortError> {
    let lists = &ports.config.mail.lists;
    let private_lists =
        [&lists.security, &lists.private, &lists.foundation_security].map(Clone::clone).into_iter();
    let mut context = TrackerContext {
        key: subject.into(),
        repo: ports.config.tracker.repo.clone(),
        lists: private_lists.filter(|l| !l.is_empty()).collect(),
        other_cves: embargoed(ports)?.without(subject),
        ..TrackerContext::default()
    };
    let phase = match case {
        Some(case) => {
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
            of_tracker(&Standing::of(&case.tracker), ports, &mut context)
        }
        None => {
            answerable(ports.desk, ports.config, subject, &mut context)?;
            Phase::Intake
        }
    };
    // What they wrote themselves may be said back to them, but never another tracker's secret.
    own_words(ports.desk, ports.now, &mut context)?;
    let others = &context.other_cves;
    context.public_cves.retain(|id| !others.contains(id));
    Ok((context, phase))
}

/// What labels and fields say to the policy: the tracker's own CVE, its credit, whether its fix is open, its phase.
fn of_tracker(s: &Standing, ports: &Ports<'_>, context: &mut TrackerContext) -> Phase {
    let parsed = tracker::parse(&s.body, ports.headings);
    context.credit = parsed.get(FieldRole::ReporterCredit).map(tracker::plain_text);
    context.own_cve = parsed.get(FieldRole::CveToolLink).and_then(cve);
    context.other_cves.set_own(context.own_cve.as_deref());
    let labels = ports.labels.read(&s.labels);
    let open = s.state.is_open();
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

/// CVE ids of trackers whose advisory is not public, those that are gone from their host included.
fn embargoed<'a>(ports: &'a Ports<'_>) -> std::result::Result<&'a OtherIds, PortError> {
    if let Some(e) = ports.embargoed.get() {
        return Ok(e);
    }
    let mut found = Vec::new();
    for (tracker, body) in ports.desk.bodies()? {
        let parsed = tracker::parse(&body, ports.headings);
        if parsed.get(FieldRole::PublicAdvisoryUrl).is_none()
            && let Some(id) = parsed.get(FieldRole::CveToolLink).and_then(cve)
        {
            found.push((tracker, id));
        }
    }
    Ok(ports.embargoed.get_or_init(|| OtherIds::of(found)))
}

/// What they wrote themselves: a reply keeps their subject, and the ids they named are no news to them.
fn own_words(
    desk: &Desk,
    now: Timestamp,
    context: &mut TrackerContext,
) -> std::result::Result<(), PortError> {
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
) -> std::result::Result<(), PortError> {
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

/// The first CVE id of a text.
pub(super) fn cve(text: &str) -> Option<String> {
    extract::cve_ids(text).into_iter().next()
}
