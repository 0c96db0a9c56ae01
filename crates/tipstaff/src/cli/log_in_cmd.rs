//! `tipstaff log-in`: say yes in a browser, once.

use super::{
    args::LogInArgs,
    term::{Mark, Term},
};
use crate::app::{Exit, Setting, error::Result, log_in};

/// Run `log-in`.
///
/// # Errors
/// When there is nothing to log in to, or the log-in comes to nothing.
pub fn run(a: &LogInArgs, setting: &Setting, term: &mut Term) -> Result<Exit> {
    let waiting = log_in::begin(setting, a.source.as_deref(), &a.client)?;
    if term.json {
        term.value(&serde_json::json!({"page": waiting.page, "account": waiting.account}))?;
    } else {
        let head = term.mark(
            Mark::Head,
            &format!("Open this page in a browser on this machine, as {}:", waiting.account),
        );
        term.line(&head)?;
        term.line(&format!("\n{}\n", waiting.page))?;
        let minutes = log_in::TIME.as_secs() / 60;
        term.line(&format!("It asks for reading mail and for drafts. Waiting for {minutes} minutes."))?;
    }
    term.flush()?;
    let file = waiting.finish()?;
    if term.json {
        term.value(&serde_json::json!({"file": file}))?;
    } else {
        term.line(&format!("The credential is kept in {}, for you alone.", file.display()))?;
        term.line("next: `tipstaff doctor` tries it")?;
    }
    Ok(Exit::Done)
}
