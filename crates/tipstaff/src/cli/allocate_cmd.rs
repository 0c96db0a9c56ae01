//! `allocate`: who asks for the CVE, with which words, and what follows once the id is there.

use desk::rules::{
    allocate::{self, Path, Recipe},
    gate::GateVerdict,
    sync::View,
};

use super::{
    args::AllocateArgs,
    plan_cmd,
    term::{Mark, Term, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, by_hand as hand,
    error::Result,
    facts::{self, Reach},
    sync,
};

/// Run `allocate`.
///
/// # Errors
/// When the tracker is not there, or the pasted id is refused.
pub fn run(a: &AllocateArgs, s: &mut Session, term: &mut Term) -> Result<Exit> {
    let mut cases = vec![hand::tracker(s, &a.tracker)?];
    facts::gather(s, &mut cases, Reach::World)?;
    let [case] = &cases[..] else { return Err(AppError::usage("one tracker at a time")) };
    let view = View::new(case, s.ground());
    if let Some(text) = &a.id {
        let others = s.desk.cases()?;
        let id = allocate::pasted(text, &view, &others)
            .map_err(|e| AppError::usage(e.to_string()).next("paste the id as the authority wrote it"))?;
        let mut plan = allocate::plan(&view, &id);
        sync::judge(s, &mut plan)?;
        return plan_cmd::offer(s, &plan, term);
    }
    let roles = s.actor.roles.clone();
    if a.requested {
        let plan = allocate::request(&view, &roles);
        return plan_cmd::offer(s, &plan, term);
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
