//! `tipstaff plan`: list, show, approve, apply, resume.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    plan::{
        ItemNo, Plan,
        apply::{ItemOutcome, Report},
        confirm::{self, Action},
    },
    tracker::TrackerKey,
};
use store::PlanState;

use super::{
    answer::Asked,
    args::{PlanArgs, PlanCommand},
    import_cmd, prompt, show, sync_cmd,
    term::{Mark, Term},
};
use crate::app::{AppError, Exit, Session, Setting, error::Result, plans, sync};

/// Run `plan`.
///
/// # Errors
/// When the plan cannot be found, bound or applied.
pub fn plan(args: &PlanArgs, setting: Setting, term: &mut Term) -> Result<Exit> {
    let mut session = Session::open(setting, false)?;
    match &args.command {
        PlanCommand::List => list(&session, term),
        PlanCommand::Show { plan } => {
            let row = plans::find(&session, plan)?;
            if term.json {
                term.value(&serde_json::json!({
                    "digest": row.digest, "state": row.state, "plan": row.plan, "approval": row.approval,
                }))?;
            } else {
                head(term, &row.digest, &row.plan, row.state)?;
                if row.plan.kind == "sync" {
                    by_tracker(&session, &row.plan, term)?;
                } else {
                    show::plan(term, &row.plan, true)?;
                }
            }
            Ok(Exit::Done)
        }
        PlanCommand::Approve { plan, reply } => {
            let row = plans::find(&session, plan)?;
            let reply = reply.join(" ");
            let items = if row.plan.kind == "sync" {
                match agreed(&mut session, &row.plan, &reply, term)? {
                    Answer::Items(items) => items,
                    Answer::Revised(exit) => return Ok(exit),
                }
            } else {
                chosen(&session, &row.plan, &reply)?
            };
            plans::approve(&session, &row.plan, &items)?;
            let short = row.digest.get(..12).unwrap_or(&row.digest);
            let numbers: Vec<String> = items.iter().map(ToString::to_string).collect();
            if term.json {
                term.value(&serde_json::json!({"digest": row.digest, "approved": items}))?;
            } else {
                term.line(&format!(
                    "approved {} of {short} as @{}",
                    numbers.join(", "),
                    session.actor.handle
                ))?;
                term.line(&format!("next: `tipstaff plan apply {short}`"))?;
            }
            Ok(Exit::Done)
        }
        PlanCommand::Apply { plan } => {
            let row = plans::find(&session, plan)?;
            run(&mut session, &row, term)
        }
        PlanCommand::Resume => {
            let rows = session.desk.unfinished()?;
            let old = say_unreadable(&session, term)?;
            if rows.is_empty() && old {
                return Ok(Exit::Decision);
            }
            if rows.is_empty() {
                if !term.json {
                    term.line("No approved plan is unfinished.")?;
                }
                return Ok(Exit::Nothing);
            }
            let mut end = if old { Exit::Decision } else { Exit::Done };
            for row in rows {
                // One plan that lapsed or failed must not keep the others from their end.
                let this = run(&mut session, &row, term).unwrap_or_else(|e| {
                    term.error(&e);
                    e.exit
                });
                if this != Exit::Done {
                    end = this;
                }
            }
            Ok(end)
        }
    }
}

fn run(session: &mut Session, row: &store::PlanRow, term: &mut Term) -> Result<Exit> {
    let approved = plans::approved(session, row)?;
    let report = plans::apply(session, &approved)?;
    if term.json {
        term.value(&serde_json::json!({"digest": row.digest, "report": report}))?;
    } else {
        show::report(term, &report)?;
        let refused = |i: &desk::plan::apply::ItemReport| matches!(i.outcome, ItemOutcome::Refused { .. });
        if report.items.iter().any(refused) {
            term.line(&format!("next: {}", plans::again(&row.plan.kind)))?;
        }
        super::trackers::spent(session, term)?;
    }
    Ok(exit(&report))
}

/// The exit code of an applied plan.
#[must_use]
pub fn exit(report: &Report) -> Exit {
    if report.failed() {
        return Exit::Failed;
    }
    if report.items.iter().any(|i| matches!(i.outcome, ItemOutcome::NeedsPerson { .. })) {
        return Exit::Decision;
    }
    if report.complete() { Exit::Done } else { Exit::Blocked }
}

/// The items a reply names, read by the same grammar as the question.
fn chosen(session: &Session, plan: &Plan, reply: &str) -> Result<BTreeSet<ItemNo>> {
    let read = confirm::read(&import_cmd::request(plan, reply.to_owned(), &import_cmd::canned(session)));
    let changes = !read.edits.is_empty() || !read.overrides.is_empty();
    if read.action != Action::Apply || changes || read.apply.is_empty() || !read.unknown.is_empty() {
        let what = if changes {
            "an edit makes another plan; make it with `tipstaff import`".to_owned()
        } else if read.unknown.is_empty() {
            "it approves nothing".to_owned()
        } else {
            let words: Vec<String> = read.unknown.iter().map(ToString::to_string).collect();
            format!("not understood: {}", words.join(", "))
        };
        return Err(AppError::new(
            Exit::Usage,
            format!("`{reply}`: {what}"),
            "say `all`, `1,3` or `all skip 2`",
        ));
    }
    Ok(read.apply.iter().map(|n| ItemNo(*n)).collect())
}

/// What an answer to a plan over trackers comes to.
enum Answer {
    /// These items are approved.
    Items(BTreeSet<ItemNo>),
    /// It asked for a change: the revised plan waits for a yes of its own.
    Revised(Exit),
}

fn asked(session: &Session, plan: &Plan) -> Result<Asked> {
    let mut numbers = BTreeMap::new();
    for i in &plan.items {
        if let Some(r) = session.desk.reference(&TrackerKey(i.subject.clone()))? {
            numbers.insert(i.subject.clone(), r.number);
        }
    }
    Ok(Asked::of(plan, |subject| numbers.get(subject).copied()))
}

/// A plan over trackers with the numbers an answer uses, as `sync` shows it.
fn by_tracker(session: &Session, plan: &Plan, term: &mut Term) -> Result<()> {
    let asked = asked(session, plan)?;
    if !asked.several() {
        return Ok(show::plan(term, plan, true)?);
    }
    let mut subject = "";
    for item in &plan.items {
        if item.subject != subject {
            subject = &item.subject;
            let reference = session.desk.reference(&TrackerKey(subject.to_owned()))?;
            let name = reference.map_or_else(|| subject.to_owned(), |r| r.to_string());
            let name = term.mark(Mark::Head, &format!("\n{name}"));
            term.line(&name)?;
        }
        show::item(term, &asked.numbered(item), true)?;
    }
    let rest = Plan { items: Vec::new(), ..plan.clone() };
    Ok(show::plan(term, &rest, true)?)
}

/// Read an answer to a plan over trackers as the prompt of `sync` reads it.
fn agreed(session: &mut Session, plan: &Plan, reply: &str, term: &mut Term) -> Result<Answer> {
    let asked = asked(session, plan)?;
    let read = confirm::read(&asked.request(reply.to_owned()));
    let said = asked.understood(&read);
    let usage = |what: String| {
        let say = if asked.several() {
            "say `all`, `12:all`, `12:1,3` or `12:skip`"
        } else {
            "say `all`, `1,3` or `all skip 2`"
        };
        AppError::new(Exit::Usage, format!("`{reply}`: {what}"), say)
    };
    let mut lost: Vec<String> = read.unknown.iter().map(ToString::to_string).collect();
    lost.extend(said.lost.iter().cloned());
    if !lost.is_empty() {
        return Err(usage(format!("not understood: {}", lost.join(", "))));
    }
    if !term.json {
        sync_cmd::heard(&asked, &said, term)?;
    }
    if !said.edits.is_empty() {
        let subjects: BTreeSet<&str> = plan.items.iter().map(|i| i.subject.as_str()).collect();
        let cases = sync::observed(session, &subjects)?;
        let mut revised = plan.clone();
        for (n, text) in &said.edits {
            revised = sync::revise(session, &revised, &cases, *n, text)?;
        }
        let digest = plans::propose(session, &revised)?;
        let short = digest.get(..12).unwrap_or(&digest);
        if term.json {
            term.value(&serde_json::json!({"digest": digest, "plan": revised}))?;
        } else {
            term.line(&format!("An edit makes another plan; it waits as {short}, nothing is approved."))?;
            term.line(&format!(
                "next: `tipstaff plan show {short}`, then `tipstaff plan approve {short} …`"
            ))?;
        }
        return Ok(Answer::Revised(Exit::Decision));
    }
    if !matches!(read.action, Action::Apply) || said.apply.is_empty() {
        return Err(usage("it approves nothing".to_owned()));
    }
    Ok(Answer::Items(said.apply))
}

fn list(session: &Session, term: &mut Term) -> Result<Exit> {
    let rows = session.desk.plans(50)?;
    let mut old = session.desk.unreadable_plans()?;
    old.truncate(50);
    if term.json {
        let mut all: Vec<_> = rows
            .iter()
            .map(|r| {
                serde_json::json!({"digest": r.digest, "kind": r.plan.kind, "made": r.plan.made, "state": r.state,
                    "items": r.plan.items.len(), "file": plans::file(session, &r.digest)})
            })
            .collect();
        all.extend(old.iter().map(|p| {
            serde_json::json!({"digest": p.digest, "kind": p.kind, "made": p.made, "state": p.state,
                "unreadable": p.why, "file": plans::file(session, &p.digest)})
        }));
        term.value(&all)?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() && old.is_empty() {
        term.line("There are no plans.")?;
        return Ok(Exit::Nothing);
    }
    for r in rows {
        head(term, &r.digest, &r.plan, r.state)?;
    }
    for p in old {
        let key = term.mark(Mark::Key, p.digest.get(..12).unwrap_or(&p.digest));
        let what = format!("{key}  {}  of another version of tipstaff, {}, {}", p.kind, p.state, p.made);
        term.line(&what)?;
    }
    Ok(Exit::Done)
}

fn head(term: &mut Term, digest: &str, plan: &Plan, state: PlanState) -> Result<()> {
    let key = term.mark(Mark::Key, digest.get(..12).unwrap_or(digest));
    let n = plan.items.len();
    let word = if n == 1 { "item" } else { "items" };
    let state = format!("{state:?}").to_lowercase();
    Ok(term.line(&format!("{key}  {}  {n} {word}, {state}, {}", plan.kind, plan.made))?)
}

/// Say that an approved plan did not finish, and offer to go on. True when the person said no, so that a new plan is
/// not laid over a half-applied one.
///
/// # Errors
/// When the desk cannot be read.
pub fn unfinished_notice(session: &Session, term: &mut Term) -> Result<bool> {
    say_unreadable(session, term)?;
    if term.json {
        return Ok(false);
    }
    for row in session.desk.unfinished()? {
        let short = row.digest.get(..12).unwrap_or(&row.digest).to_owned();
        if plans::lapsed(session, &row) {
            let mark = term.mark(Mark::Warn, "lapsed:");
            let again = plans::again(&row.plan.kind);
            term.line(&format!(
                "{mark} the approval of the {} plan {short} is more than a day old; {again}",
                row.plan.kind
            ))?;
            continue;
        }
        let mark = term.mark(Mark::Warn, "unfinished:");
        term.line(&format!(
            "{mark} the approved plan {short} was not applied to its end; `tipstaff plan resume`"
        ))?;
    }
    Ok(false)
}

/// Say which approved plans were written by another version, and what to do. True when there are any.
fn say_unreadable(session: &Session, term: &mut Term) -> Result<bool> {
    let old = session.desk.unreadable_approved()?;
    for p in &old {
        term.note("set aside", &format!("{}; {}", plans::unreadable(p), plans::again(&p.kind)));
    }
    Ok(!old.is_empty())
}

/// Show a plan of one request, ask, apply.
///
/// # Errors
/// When it cannot be stored, bound or applied.
pub fn offer(session: &mut Session, plan: &Plan, term: &mut Term) -> Result<Exit> {
    let digest = plans::propose(session, plan)?;
    if term.json {
        term.value(&serde_json::json!({"digest": digest, "plan": plan}))?;
        return Ok(Exit::Decision);
    }
    show::plan(term, plan, true)?;
    if let Some(why) = plan.items.iter().find_map(|i| i.blocked.clone()) {
        return Err(AppError::new(Exit::Blocked, why, "nothing was changed"));
    }
    let short = digest.get(..12).unwrap_or(&digest);
    super::trackers::estimate(session, plan, term)?;
    if !prompt::yes(term, "\nApply?")? {
        term.line(&format!("Nothing was changed. The plan waits as {short}."))?;
        return Ok(Exit::Decision);
    }
    let items = plan.items.iter().map(|i| i.n).collect();
    let approved = plans::approve(session, plan, &items)?;
    let report = plans::apply(session, &approved)?;
    show::report(term, &report)?;
    super::trackers::spent(session, term)?;
    Ok(exit(&report))
}
