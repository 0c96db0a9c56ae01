//! Approving and applying: the same way for every plan (DESIGN §2).

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use desk::plan::{
    Approval, ApprovalError, Approved, ItemNo, Plan,
    apply::{self, Report},
};
use store::{PlanRow, PlanState, UnreadablePlan};

use super::{
    error::{AppError, Exit, Result},
    fix,
    host::Link,
    ports::Ports,
    session::Session,
};

/// Store a plan and write its file: a view that one can review, void if changed.
///
/// # Errors
/// When the desk's folder cannot be written.
pub fn propose(session: &Session, plan: &Plan) -> Result<String> {
    forget_stale(session)?;
    make_way(session, &plan.kind)?;
    let digest = session.desk.propose(plan)?;
    write_file(&file(session, &digest), plan)?;
    Ok(digest)
}

/// A look at what there is to do takes the place of approved plans of its kind that cannot be applied any more: another
/// version wrote them, or their approval lapsed. They stay in the desk. A step that one of them began is looked up by its
/// key, which whatever proposes it again shares.
///
/// # Errors
/// When the desk cannot be written.
pub fn make_way(session: &Session, kind: &str) -> Result<()> {
    let aside =
        |digest: &str, why: &str| session.desk.set_aside(digest, why, &session.actor.handle, session.now());
    for old in session.desk.unreadable_approved()?.iter().filter(|p| p.kind == kind) {
        aside(
            &old.digest,
            &format!("another version of tipstaff wrote it, and this one plans again: {}", old.why),
        )?;
    }
    for row in session.desk.unfinished()? {
        // What was asked for by hand is planned by no other look; after a week it has been forgotten.
        let forgotten = row.approval.as_ref().is_some_and(|a| session.now().duration_since(a.at) > WEEK);
        if lapsed(session, &row) && (row.plan.kind == kind || forgotten) {
            aside(&row.digest, "its approval lapsed, and it was planned again")?;
        }
    }
    Ok(())
}

/// How long a proposal that nobody acts on is kept in sight.
const WEEK: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 7);

/// Was it approved so long ago that it cannot be applied without another yes?
#[must_use]
pub fn lapsed(session: &Session, row: &PlanRow) -> bool {
    let after = desk::plan::approval::LAPSES_AFTER;
    row.approval.as_ref().is_some_and(|a| session.now().duration_since(a.at) > after)
}

/// Proposals nobody approved in a week are forgotten, with their files: they hold embargoed words.
fn forget_stale(session: &Session) -> Result<()> {
    let before = session.now().checked_sub(WEEK).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    if session.desk.drop_stale_proposals(before)? == 0 {
        return Ok(());
    }
    for entry in std::fs::read_dir(session.desk.dir().join("plans"))? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        if !session.desk.has_plan(stem)? {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Where the file of a plan is.
#[must_use]
pub fn file(session: &Session, digest: &str) -> PathBuf {
    let short = digest.get(..16).unwrap_or(digest);
    session.desk.dir().join("plans").join(format!("{short}.json"))
}

fn write_file(path: &Path, plan: &Plan) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    make_private_dir(dir)?;
    // Whole under its name or not there at all; the process id keeps two runs out of each other's way.
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let text = serde_json::to_vec_pretty(plan)?;
    let written = private(&part)
        .and_then(|mut f| f.write_all(&text).and_then(|()| f.write_all(b"\n")))
        .and_then(|()| std::fs::rename(&part, path));
    written.map_err(|e| {
        let _ = std::fs::remove_file(&part);
        AppError::new(
            Exit::Failed,
            format!("the plan {} cannot be written: {e}", path.display()),
            "nothing was changed; free some space or mend the folder's permissions, and run it again",
        )
    })
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::create(path)
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)
}

/// Find a plan by the beginning of its digest, or by its file. A file that was changed is void.
///
/// # Errors
/// When there is none, more than one, or the file differs from what was proposed.
pub fn find(session: &Session, name: &str) -> Result<PlanRow> {
    let path = session.setting.cwd.join(name);
    let prefix = if path.is_file() {
        let text = std::fs::read_to_string(&path)?;
        let plan: Plan = serde_json::from_str(&text).map_err(|e| {
            AppError::new(
                Exit::Usage,
                format!("{} is no plan: {e}", path.display()),
                "`tipstaff plan list` lists them",
            )
        })?;
        plan.digest()
    } else {
        name.to_owned()
    };
    if !prefix.is_empty()
        && let Some(old) =
            session.desk.unreadable_plans()?.into_iter().find(|p| p.digest.starts_with(&prefix))
    {
        return Err(AppError::new(
            Exit::Blocked,
            format!("{}: {}", unreadable(&old), old.why),
            format!(
                "{}; nothing of the old one is applied any more, and it stays in the desk",
                again(&old.kind)
            ),
        ));
    }
    session.desk.plan(&prefix)?.ok_or_else(|| {
        AppError::new(
            Exit::Usage,
            format!("`{name}` is no plan of this desk"),
            "a plan file that was changed is void; `tipstaff plan list` lists the plans there are",
        )
    })
}

/// A plan that another version wrote, in words.
#[must_use]
pub fn unreadable(old: &UnreadablePlan) -> String {
    let short = old.digest.get(..12).unwrap_or(&old.digest);
    format!(
        "the {} plan {short} ({}, made {}) was written by another version of tipstaff and cannot be read by this one",
        old.kind, old.state, old.made
    )
}

/// What makes a plan of that kind again.
#[must_use]
pub fn again(kind: &str) -> &'static str {
    match kind {
        "sync" => "`tipstaff sync` proposes what is left of it",
        "import" => "`tipstaff import` proposes what is left of it",
        _ => "give the command again that made it",
    }
}

/// Record a yes.
///
/// # Errors
/// When it does not bind, or the desk cannot be written.
pub fn approve(session: &Session, plan: &Plan, items: &BTreeSet<ItemNo>) -> Result<Approved> {
    let digest = plan.digest();
    let mut items = items.clone();
    // A second yes of the same person adds to the first. One of somebody else would speak for items they did not name.
    if let Some(row) = session.desk.plan(&digest)?
        && row.state == PlanState::Approved
        && let Some(before) = row.approval
        && session.now().duration_since(before.at) <= desk::plan::approval::LAPSES_AFTER
    {
        if before.actor.handle != session.actor.handle {
            let short = digest.get(..12).unwrap_or(&digest);
            return Err(AppError::new(
                Exit::Blocked,
                format!("@{} approved items of this plan, which are not applied yet", before.actor.handle),
                format!("`tipstaff plan apply {short}` first"),
            ));
        }
        items.extend(before.items);
    }
    let approval = Approval { plan: digest.clone(), items, actor: session.actor.clone(), at: session.now() };
    let approved = Approved::bind(plan.clone(), approval, session.now())
        .map_err(|e| blocked(&e, &digest, &plan.kind))?;
    session.desk.approve(approved.approval())?;
    Ok(approved)
}

fn blocked(e: &ApprovalError, digest: &str, kind: &str) -> AppError {
    let short = digest.get(..12).unwrap_or(digest);
    let next = match e {
        ApprovalError::Lapsed => format!(
            "`tipstaff plan show {short}`, `tipstaff plan approve {short} …`, `tipstaff plan apply {short}`; or plan anew: {}",
            again(kind)
        ),
        _ => "nothing was changed".to_owned(),
    };
    AppError::new(Exit::Blocked, e.to_string(), next)
}

/// Apply what was approved. A plan whose approval was applied to its end is marked so.
///
/// # Errors
/// When the desk cannot be written; the report says what became of each item.
pub fn apply(session: &mut Session, approved: &Approved) -> Result<Report> {
    let config = session.loaded.config.clone();
    let opener = fix::opener_for(session, approved.plan());
    let authority = session.authority();
    let host =
        session.host().map_err(|why| AppError::new(Exit::Usage, why, "`tipstaff doctor` checks it"))?;
    let with = (&session.roster, &session.headings);
    let host =
        host.map(|h| Link::new(h, with, session.setting.now).with_ledger(&config.tracker.ledger_label));
    let mut ports = Ports {
        desk: &mut session.desk,
        drafts: session.drafts.as_ref(),
        config: &config,
        headings: &session.headings,
        labels: &session.labels,
        now: session.setting.now,
        authority,
        embargoed: std::cell::OnceCell::new(),
        host,
        opener,
    };
    let report = apply::apply(approved, &session.policy, &mut ports);
    // An item that waits for a person goes on with `plan resume` once they have looked.
    let waits = report.items.iter().any(|i| matches!(i.outcome, apply::ItemOutcome::NeedsPerson { .. }));
    if !report.failed() && !waits {
        session.desk.set_plan_state(&approved.approval().plan, PlanState::Applied)?;
    }
    Ok(report)
}

/// Bind a stored approval again, at this time.
///
/// # Errors
/// When the plan has none, or it lapsed.
pub fn approved(session: &Session, row: &PlanRow) -> Result<Approved> {
    let short = row.digest.get(..12).unwrap_or(&row.digest);
    let approval = row.approval.clone().ok_or_else(|| {
        AppError::new(
            Exit::Decision,
            format!("nobody has approved the plan {short}"),
            format!("`tipstaff plan approve {short} all`, after `tipstaff plan show {short}`"),
        )
    })?;
    Approved::bind(row.plan.clone(), approval, session.now())
        .map_err(|e| blocked(&e, &row.digest, &row.plan.kind))
}
