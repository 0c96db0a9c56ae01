//! Questions to the person at the terminal. End of input means no (DESIGN §7).

use std::io::{self, BufRead, Write};

use super::term::Term;

/// The longest reply read, in bytes; more is no reply to a question.
const LONGEST: u64 = 64 * 1024;

/// Ask, and read one line; `None` at the end of input.
///
/// # Errors
/// When the terminal is gone.
pub fn ask(term: &mut Term, question: &str) -> io::Result<Option<String>> {
    term.flush()?;
    let mut err = anstream::stderr().lock();
    write!(err, "{question} ")?;
    err.flush()?;
    let mut line = Vec::new();
    let mut input = io::Read::take(io::stdin().lock(), LONGEST);
    input.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        writeln!(err)?;
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned()))
}

/// Ask a plain question; only a clear yes is a yes.
///
/// # Errors
/// When the terminal is gone.
pub fn yes(term: &mut Term, question: &str) -> io::Result<bool> {
    let reply = ask(term, &format!("{question} [y/N]"))?;
    Ok(reply.is_some_and(|r| matches!(r.trim().to_lowercase().as_str(), "y" | "yes")))
}
