//! The desk by hand: find the tracker, plan the request.

use desk::{
    case::{Case, Fact, RecordStage},
    mail::Address,
    plan::Plan,
    rules::by_hand::{self, CannotPlan, NewReport, Request},
};

use super::{
    error::{AppError, Exit, Result},
    session::Session,
};

/// Find a tracker by `12`, `desk#12` or its key.
///
/// # Errors
/// When there is none.
pub fn tracker(session: &Session, name: &str) -> Result<Case> {
    let (repo, number) = name.rsplit_once('#').unwrap_or(("", name));
    let number = number.trim();
    let home = session.desk.home().map(|(_, repo)| repo).unwrap_or_default();
    if repo.contains('/') && !repo.trim().eq_ignore_ascii_case(&home) {
        let ours = if home.is_empty() { "desk" } else { &home };
        return Err(AppError::usage(format!("`{name}` is no tracker of this desk"))
            .next(format!("its trackers are {ours}#N")));
    }
    let found = match number.parse::<u64>() {
        Ok(n) => session.desk.case_by_number(n)?,
        Err(_) => session.desk.case(&desk::tracker::TrackerKey(name.trim().into()))?,
    };
    let mut case = found.ok_or_else(|| {
        AppError::new(
            Exit::Usage,
            format!("there is no tracker `{name}` on this desk"),
            "`tipstaff queue` lists the open ones, `tipstaff queue --all` all",
        )
    })?;
    // An id that was taken back keeps nobody from closing its tracker.
    if let Some(cve) = super::facts::cve(session, &case)
        && let Ok(Some(record)) = session.desk.cve_record(&cve)
        && record.state == RecordStage::Retracted
    {
        case.observed.record = Fact::stated(record, "desk", session.now());
    }
    Ok(case)
}

/// Plan a request on a tracker.
///
/// # Errors
/// When it does not fit.
pub fn plan(session: &Session, case: &Case, request: &Request) -> Result<Plan> {
    let digest = desk::config::digest(session.config());
    by_hand::plan(case, request, desk(session, &digest)).map_err(refuse)
}

/// Plan a tracker for a report without mail. The person who files it is its forwarder.
///
/// # Errors
/// When it has no title or text.
pub fn plan_new(
    session: &Session,
    title: String,
    text: String,
    via: String,
    credit: Option<String>,
) -> Result<Plan> {
    let digest = desk::config::digest(session.config());
    let who = session.roster.by_handle(&session.actor.handle);
    let email =
        who.and_then(|p| p.emails.first()).cloned().unwrap_or_else(|| session.config().user.email.clone());
    let name = who.and_then(|p| p.names.first()).cloned().unwrap_or_else(|| session.actor.handle.clone());
    let report = NewReport { title, text, via, credit, forwarder: Address::new(&name, &email) };
    by_hand::plan_new(&report, desk(session, &digest)).map_err(refuse)
}

fn desk<'a>(session: &'a Session, digest: &'a str) -> by_hand::Desk<'a> {
    by_hand::Desk {
        config: session.config(),
        config_digest: digest,
        headings: &session.headings,
        labels: &session.labels,
        actor: &session.actor.handle,
        now: session.now(),
    }
}

fn refuse(e: CannotPlan) -> AppError {
    AppError::new(Exit::Usage, e.what, e.next)
}
