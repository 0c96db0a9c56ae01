//! Bringing the desk's copy of the trackers up to date, before a command plans with it or shows it.

use super::term::Term;
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
        Err(e) => say(&[format!("{:#}; what follows is as it was last seen", e.error)], term),
    }
}

fn say(notes: &[String], term: &mut Term) {
    for note in notes {
        term.note("trackers", note);
    }
}
