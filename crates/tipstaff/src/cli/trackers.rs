//! Bringing the desk's copy of the trackers up to date, before a command plans with it or shows it.

use desk::plan::Plan;

use super::term::{Mark, Term};
use crate::app::{error::Result, host, session::Session};

/// For commands that plan: what the host says now, or nothing at all.
///
/// # Errors
/// When the host of the trackers cannot be read, or the desk cannot be written.
pub fn fresh(session: &mut Session, term: &mut Term) -> Result<()> {
    let notes = host::refresh(session)?;
    say(&notes, term);
    Ok(())
}

/// For commands that only show: what the host says now, else what was last seen, and that it is so.
pub fn fresh_if_possible(session: &mut Session, term: &mut Term) {
    match host::refresh(session) {
        Ok(notes) => say(&notes, term),
        Err(e) => say(&[format!("{}; what follows is as it was last seen", e.said())], term),
    }
}

/// Before a question about a plan: what applying it would ask of the host of the trackers.
///
/// # Errors
/// When standard output is gone.
pub fn estimate(session: &Session, plan: &Plan, term: &mut Term) -> Result<()> {
    let (Ok(Some(host)), changes) = (session.host(), host::estimate(plan)) else { return Ok(()) };
    let n = |n: usize| if n == 1 { "1 change".to_owned() } else { format!("{n} changes") };
    if changes > 0 {
        let line = term.mark(Mark::Dim, &format!("about {} at {}, a second apart", n(changes), host.name()));
        term.line(&line)?;
    }
    Ok(())
}

/// After a run: how many requests it made, and to whom.
///
/// # Errors
/// When standard output is gone.
pub fn spent(session: &Session, term: &mut Term) -> Result<()> {
    let Some(counts) = session.spent().filter(|c| c.total() > 0) else { return Ok(()) };
    let each: Vec<String> = counts
        .requests
        .iter()
        .map(|(s, n)| {
            let points = counts.points.get(s).map_or(String::new(), |p| format!(" ({p} points)"));
            format!("{n} to {}{points}", s.name())
        })
        .collect();
    let waited = match counts.waited.as_secs() {
        0 => String::new(),
        n => format!(", {n} s of waiting"),
    };
    let line = term.mark(Mark::Dim, &format!("requests: {}{waited}", each.join(", ")));
    term.line(&line)?;
    Ok(())
}

fn say(notes: &[String], term: &mut Term) {
    for note in notes {
        term.note("trackers", note);
    }
}
