//! `allocate`: who asks for the CVE, with which words, and what follows once the id is there.

use desk::{
    case::RecordStage,
    rules::{
        allocate::{self, Path, Recipe},
        gate::{self, GateVerdict},
        sync::View,
    },
    tracker::TrackerKey,
};

use super::{
    args::AllocateArgs,
    plan_cmd,
    term::{Mark, Term, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, authority::Shared, by_hand as hand, clearance, error::Result, facts,
};

/// Run `allocate`.
///
/// # Errors
/// When the tracker is not there, or the pasted id is refused.
pub fn run(a: &AllocateArgs, s: &mut Session, term: &mut Term) -> Result<Exit> {
    let case = &facts::tracker(s, &a.tracker)?;
    let view = View::new(case, s.ground());
    if let Some(text) = &a.id {
        let others = s.desk.cases()?;
        let id = allocate::pasted(text, &view, &others)
            .map_err(|e| AppError::usage(e.to_string()).next("paste the id as the authority wrote it"))?;
        let mut plan = allocate::plan(&view, &id);
        clearance::judge(s, &mut plan, &[])?;
        return plan_cmd::offer(s, &plan, term);
    }
    let roles = s.actor.roles.clone();
    if a.requested {
        let plan = allocate::request(&view, &roles);
        return plan_cmd::offer(s, &plan, term);
    }
    if let Some(authority) = reserving(s)? {
        return reserve(&a.tracker, &authority, s, term);
    }
    let recipe = allocate::recipe(&view, &roles);
    let name = case.tracker.reference.number;
    if term.json {
        term.value(&serde_json::to_value(&recipe)?)?;
    } else {
        show(&recipe, name, term)?;
    }
    Ok(if recipe.gate.verdict == GateVerdict::Blocked { Exit::Blocked } else { Exit::Done })
}

/// The authority, when it hands out ids to this person's program.
fn reserving(s: &Session) -> Result<Option<Shared>> {
    if !gate::may_allocate(s.config().cve.gate, &s.actor.roles) {
        return Ok(None);
    }
    let there = s.authority().map_err(|why| {
        AppError::new(Exit::Failed, why, "`tipstaff doctor` checks the way to the CVE tool")
    })?;
    Ok(there.filter(|a| a.capabilities().reserves))
}

/// Ask the authority for an id, once, and propose what follows from it.
fn reserve(tracker: &str, authority: &Shared, s: &mut Session, term: &mut Term) -> Result<Exit> {
    let key = hand::tracker(s, tracker)?.tracker.key;
    if held(s, &key)?.is_none() {
        let case = hand::tracker(s, tracker)?;
        let mut plan = allocate::reserve(&View::new(&case, s.ground()), &authority.name());
        clearance::judge(s, &mut plan, &[])?;
        let end = plan_cmd::offer(s, &plan, term)?;
        if end != Exit::Done {
            return Ok(end);
        }
    }
    let Some(id) = held(s, &key)? else {
        return Err(AppError::new(Exit::Failed, "the id that was reserved is not on this desk", ""));
    };
    let case = &facts::tracker(s, tracker)?;
    let mut plan = allocate::plan(&View::new(case, s.ground()), &id);
    clearance::judge(s, &mut plan, &[])?;
    plan_cmd::offer(s, &plan, term)
}

/// An id that was reserved for this tracker.
fn held(s: &Session, tracker: &TrackerKey) -> Result<Option<String>> {
    let all = s.desk.cve_records()?;
    let mine = all.into_iter().filter(|(_, t, state)| t == tracker && *state != RecordStage::Retracted);
    Ok(mine.map(|(cve, ..)| cve).next())
}

fn show(r: &Recipe, number: u64, term: &mut Term) -> Result<()> {
    for b in &r.gate.blockers {
        let mark = term.mark(Mark::Bad, "blocked:");
        term.line(&format!("{mark} {}", untrusted_line(&b.detail, 200)))?;
    }
    for w in r.gate.warnings.iter().map(|w| &w.detail).chain(&r.notices) {
        let mark = term.mark(Mark::Warn, "look:");
        term.line(&format!("{mark} {}", untrusted_line(w, 200)))?;
    }
    let Some(way) = &r.way else { return Ok(()) };
    if r.title.normalized != r.title.original {
        let head = term.mark(Mark::Dim, "title");
        term.line(&format!("{head}  {}", untrusted_line(&r.title.original, 140)))?;
        term.line(&format!("    →  {}", untrusted_line(&r.title.normalized, 140)))?;
    }
    match way {
        Path::Own { url, title } => {
            let page = if url.is_empty() { "your authority's form".to_owned() } else { term.link(url, url) };
            term.line(&format!("1. Open {page} and paste this title, nothing else:"))?;
            term.line("")?;
            term.line(&format!("   {}", untrusted_line(title, 250)))?;
            term.line("")?;
            if !r.paste.is_empty() {
                term.line("   Where the form asks for more, and nothing else:")?;
                for (field, text) in &r.paste {
                    let head = term.mark(Mark::Dim, field);
                    term.line(&format!("   {head}"))?;
                    for line in text.lines() {
                        term.line(&format!("     {}", untrusted_line(line, 250)))?;
                    }
                }
                term.line("")?;
            }
            term.line("2. Submit it.")?;
        }
        Path::Relay { to, message } => {
            let to = if to.is_empty() { "a governance member".to_owned() } else { to.join(" ") };
            term.line(&format!("You may not ask for ids yourself. Send this to {to}, and nothing more:"))?;
            term.line("")?;
            for line in message.lines() {
                term.line(&format!("   {}", untrusted_line(line, 250)))?;
            }
            term.line("")?;
        }
    }
    term.line(&format!(
        "Then `tipstaff allocate {number} --requested` notes that it was asked for, and `tipstaff allocate {number} CVE-…` takes the id."
    ))?;
    Ok(())
}
