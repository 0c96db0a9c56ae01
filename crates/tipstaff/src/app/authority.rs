//! The CVE authority of the project, where a program can reach it: made from the configuration, asked for facts, and given
//! what was approved. An authority that cannot be reached is a reason in words, never a silent "no".

use std::{collections::BTreeSet, sync::Arc};

use connect::{
    cve::{CveServices, Key, Session as LogIn, Vulnogram},
    cvelist::NetList,
    net::{Client, Limits, Secret, SecretRef, Service, Site, Surroundings, SystemPace},
};
use desk::{
    case::RecordStage,
    config::CveTool,
    cve::authority::{AuthorityError, CveAuthority, Over, Submission, Submitted},
    plan::{
        ClearedEffect, StepKey,
        effect::Change,
        ports::{By, Lookup, PortError, Receipt},
    },
    tracker::TrackerKey,
};
use jiff::SignedDuration;
use serde_json::Value;
use store::{Desk, Elsewhere};

use super::session::Session;

/// An authority, shared by what reads and what writes.
pub type Shared = Arc<dyn CveAuthority>;

/// How far the clocks of desk and authority may be apart when a lost reservation is looked for, in minutes.
const SKEW: i64 = 10;

/// The authority of this project on the network; none for a desk that keeps its own records, or that was not told how to
/// reach the tool.
///
/// # Errors
/// Why it cannot be used although the configuration names it.
pub fn of(session: &Session) -> Result<Option<Shared>, String> {
    let cve = &session.config().cve;
    if cve.address.is_empty() {
        return Ok(None);
    }
    let site = |service: Service| {
        Site::at(service, &cve.address, cve.plain_http).map_err(|e| format!("cve.address: {e}"))
    };
    let secret = |key: &str, text: &str| secret(session, key, text);
    match cve.tool {
        CveTool::Vulnogram if !cve.session.is_empty() => {
            let log_in = LogIn::read(&secret("cve.session", &cve.session)?)
                .map_err(|e| format!("cve.session: {e}"))?;
            Ok(Some(Arc::new(Vulnogram::new(client(session)?, site(Service::Vulnogram)?, log_in))))
        }
        CveTool::CveServices if !cve.api_key.is_empty() => {
            if cve.api_user.is_empty() || cve.api_org.is_empty() {
                return Err("cve.api_key needs cve.api_user and cve.api_org beside it".into());
            }
            let key = Key {
                user: secret("cve.api_user", &cve.api_user)?,
                org: cve.api_org.clone(),
                key: secret("cve.api_key", &cve.api_key)?,
            };
            Ok(Some(Arc::new(CveServices::new(client(session)?, site(Service::CveServices)?, key))))
        }
        _ => Ok(None),
    }
}

/// The secret that a key of the configuration refers to.
pub(super) fn secret(session: &Session, key: &str, text: &str) -> Result<Secret, String> {
    SecretRef::parse(text)
        .and_then(|r| r.resolve(&session.base, session.setting.home.as_deref(), &session.setting.env))
        .map_err(|e| format!("{key}: {e}"))
}

/// The client of this run.
///
/// # Errors
/// When the surroundings name a proxy or authorities that cannot be used.
pub fn client(session: &Session) -> Result<Arc<Client>, String> {
    session.client.get_or_init(|| new_client(session)).clone()
}

fn new_client(session: &Session) -> Result<Arc<Client>, String> {
    let surroundings = Surroundings::from_env(&session.setting.env);
    let client = Client::new(&surroundings, Limits::default(), Box::<SystemPace>::default())
        .map_err(|e| e.to_string())?;
    Ok(Arc::new(match session.setting.trace {
        Some(write) => client.logged(Box::new(move |line| write(&line.to_string()))),
        None => client,
    }))
}

/// The public CVE list, over the network.
///
/// # Errors
/// When its address or the surroundings cannot be used.
pub fn list(session: &Session) -> Result<NetList, String> {
    let cve = &session.config().cve;
    // `cve.plain_http` is about the tool; a public list has no reason to be asked in plain.
    let site = Site::at(Service::CveList, &cve.list_url, false).map_err(|e| format!("cve.list_url: {e}"))?;
    Ok(NetList::new(client(session)?, site))
}

/// Is it a change made at the authority, and not on the desk?
#[must_use]
pub fn is_there(effect: &ClearedEffect) -> bool {
    matches!(
        effect,
        Change::PushRecord { .. }
            | Change::PublishRecord { .. }
            | Change::RetractRecord { .. }
            | Change::ReserveId { .. }
    )
}

fn port(e: &AuthorityError) -> PortError {
    // What a person has to settle ends its item alone; an authority that is down or has lost us ends the run.
    let item_only = matches!(
        e,
        AuthorityError::Refused { .. }
            | AuthorityError::Absent { .. }
            | AuthorityError::Conflict { .. }
            | AuthorityError::AlreadyPublic { .. }
            | AuthorityError::NotSupported { .. }
    );
    PortError { item_only, ..PortError::new(e.to_string(), e.mend()) }
}

/// Make a change there, and write its receipt. An intent that certainly came to nothing is taken out of the journal again.
///
/// # Errors
/// What happened, by what is known of the effect.
pub fn perform(
    authority: &dyn CveAuthority,
    desk: &Desk,
    key: &StepKey,
    effect: &ClearedEffect,
    by: By<'_>,
) -> Result<Receipt, PortError> {
    match make(authority, desk, effect) {
        Ok(made) => {
            let receipt = made.receipt();
            let what = Elsewhere {
                tracker: &made.tracker,
                cve: &made.cve,
                state: made.done.state,
                pushed: made.pushed.as_deref(),
            };
            desk.settle_record(key, effect, &receipt, by, &what)?;
            Ok(receipt)
        }
        Err(Failed::Port(e)) => Err(e),
        Err(Failed::There(e)) => {
            if e.nothing_changed() {
                desk.withdraw(key, &e.to_string(), by)?;
            }
            Err(port(&e))
        }
    }
}

enum Failed {
    There(AuthorityError),
    Port(PortError),
}

impl From<AuthorityError> for Failed {
    fn from(e: AuthorityError) -> Self {
        Failed::There(e)
    }
}

struct Made {
    tracker: TrackerKey,
    cve: String,
    word: &'static str,
    done: Submitted,
    pushed: Option<String>,
}

impl Made {
    fn receipt(&self) -> Receipt {
        let mut what = format!("{} {}", self.cve, self.word);
        if !self.done.wrote {
            what.push_str(", nothing had to be written");
        }
        what.push_str(&format!("; it is {}", self.done.state.as_str()));
        for note in &self.done.notes {
            what.push_str(&format!(" ({note})"));
        }
        Receipt::new(what)
            .with("cve", self.cve.clone())
            .with("state", self.done.state.as_str())
            .with("version", self.done.version.clone())
    }
}

fn make(authority: &dyn CveAuthority, desk: &Desk, effect: &ClearedEffect) -> Result<Made, Failed> {
    let submit =
        |tracker: &TrackerKey, cve: &str, text: &str, wish: RecordStage, over: &Over, publish: bool| {
            let ours: Value = serde_json::from_str(text).map_err(|e| {
                Failed::Port(PortError::new(format!("the record of {cve} is no JSON: {e}"), ""))
            })?;
            let kept = desk.cve_record(cve).map_err(|e| Failed::Port(e.into()))?;
            let base = kept.and_then(|r| r.base);
            let it = Submission { cve, ours: &ours, base: base.as_ref(), wish, over: Some(over) };
            let (word, done) =
                if publish { ("published", authority.publish(it)?) } else { ("pushed", authority.push(it)?) };
            let pushed = done.holds.then(|| text.to_owned());
            Ok(Made { tracker: tracker.clone(), cve: cve.to_owned(), word, done, pushed })
        };
    match effect {
        Change::PushRecord { tracker, cve, state, record, over } => {
            submit(tracker, cve, record.as_str(), *state, over, false)
        }
        Change::PublishRecord { tracker, cve, record, over } => {
            submit(tracker, cve, record.as_str(), RecordStage::Public, over, true)
        }
        Change::RetractRecord { tracker, cve, reason } => {
            let done = authority.retract(cve, reason.as_str())?;
            Ok(Made { tracker: tracker.clone(), cve: cve.clone(), word: "taken back", done, pushed: None })
        }
        Change::ReserveId { tracker, year } => {
            let got = authority.reserve(*year)?;
            let done = Submitted {
                state: RecordStage::Allocated,
                wrote: true,
                notes: got.notes,
                ..Submitted::default()
            };
            Ok(Made { tracker: tracker.clone(), cve: got.cve, word: "reserved", done, pushed: None })
        }
        other => Err(Failed::Port(PortError::new(format!("`{}` is no change there", other.name()), ""))),
    }
}

/// After a crash. A push, a publication and a retraction change nothing when they are made again, so they are. A reservation
/// is looked for among the ids that no tracker has; `named` gives those that trackers name.
///
/// # Errors
/// When desk or authority cannot be asked.
pub fn look_up(
    authority: &dyn CveAuthority,
    desk: &Desk,
    named: &dyn Fn() -> Result<BTreeSet<String>, PortError>,
    key: &StepKey,
    effect: &ClearedEffect,
) -> Result<Lookup, PortError> {
    let Change::ReserveId { tracker, .. } = effect else { return Ok(Lookup::NotDone) };
    let Some(at) = desk.intended_at(key)? else { return Ok(Lookup::NotDone) };
    let since = at.checked_sub(SignedDuration::from_mins(SKEW)).unwrap_or(at);
    let reserved = authority.reserved_since(since).map_err(|e| port(&e))?;
    let named = if reserved.is_empty() { BTreeSet::new() } else { named()? };
    let mut loose = Vec::new();
    for id in reserved {
        if !named.contains(&id) && desk.cve_record(&id)?.is_none() {
            loose.push(id);
        }
    }
    if loose.is_empty() {
        return Ok(Lookup::NotDone);
    }
    let number = desk.reference(tracker)?.map(|r| r.number.to_string()).unwrap_or_else(|| "N".into());
    Ok(Lookup::CannotTell(format!(
        "an id was asked for and the answer was lost; reserved since, and on no tracker: {}. If one is the one asked for here: `tipstaff allocate {number} {}`",
        loose.join(", "),
        loose.first().map_or("CVE-…", String::as_str)
    )))
}
