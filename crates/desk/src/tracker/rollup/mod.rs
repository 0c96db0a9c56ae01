//! The status rollup: one comment per tracker that tells its story, an entry per step (config page §7, sync page
//! §10).
//!
//! ```text
//! <!-- tipstaff status rollup v1 -->
//! <details><summary>2026-03-01 · @ada · Import (report)</summary>
//!
//! <!-- entry {id} {mac} -->
//! **headline**
//! …
//! ```
//!
//! History is never rewritten: an append keeps every byte that stands. The keyed hash of an entry covers its id, date,
//! actor, action and text, so that an entry typed or pasted by somebody else is told from the desk's own.

mod entry;
mod read;

pub use entry::*;
pub use read::*;

use read::{footer, mac};

use super::{invisible, markdown};

/// Longest rollup that is written, in bytes. A forge counts characters up to 65,536; bytes are never fewer.
pub const LIMIT: usize = 60_000;

const MARKER: &str = "<!-- tipstaff status rollup v1";
/// Beginnings of the marker line that are recognised, ours first.
const MARKERS: [&str; 2] = ["<!-- tipstaff status rollup v", "<!-- airflow-s status rollup v"];
const RULER: &str = "\n\n---\n\n";
/// Room for the line that ends a full comment.
const FOOTER_ROOM: usize = 80;
/// Why a rollup was not written. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollupError {
    /// Two comments claim to be the rollup.
    #[error("two rollup comments ({}): keep one, delete the other's marker line, then run again", .0.join(", "))]
    TwoRollups(Vec<String>),
    /// The comment has no marker.
    #[error("the comment is no status rollup: its first line has no marker")]
    NotARollup,
    /// A fence or comment in it never closes.
    #[error("byte {0} of the rollup: a fence or HTML comment never closes; close it, then run again")]
    Unterminated(usize),
    /// The entry stands there already.
    #[error("the rollup already has the entry {0}")]
    AlreadyThere(String),
    /// The entry alone is too long for a comment.
    #[error("the entry has {len} bytes, a comment holds {limit}: attach the long part elsewhere and link it")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// The id or the handle holds characters it must not.
    #[error("`{0}` is no id or handle: letters, digits and . _ : / - [ ] only")]
    BadName(String),
    /// No headline, no draft id or no reason for silence.
    #[error("the entry does not say {0}")]
    Missing(&'static str),
    /// The entry would not read back as written.
    #[error("the entry would not read back as written; simplify its text")]
    NotReadBack,
}

/// What to do with the comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upsert {
    /// Post this as the tracker's rollup.
    New(String),
    /// Replace the comment by this.
    Replace(String),
    /// The comment is full: replace it by `sealed` and post `next`.
    Continue {
        /// The comment with a line that points on.
        sealed: String,
        /// The continuation with the new entry.
        next: String,
    },
}
/// Escapes text for a summary line, which is raw HTML: no tag, no entity, no `·` of its own.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('·', "&middot;")
}

/// Text in which nothing can pass for the labelled lines that the desk itself writes; it looks the same.
pub(super) fn without_labels(text: &str) -> String {
    text.replace("**Next:**", "**Next**:").replace("**Reporter:**", "**Reporter**:")
}

fn render_text(entry: &Entry) -> Result<String, RollupError> {
    let line = |t: &str| without_labels(&markdown::line_without_html(t));
    let headline = line(&entry.headline);
    if headline.is_empty() {
        return Err(RollupError::Missing("what happened: it needs a headline"));
    }
    let mut parts = vec![format!("**{headline}**")];
    let body = without_labels(&markdown::without_html(&entry.body));
    if !body.is_empty() {
        parts.push(body);
    }
    if let Some(next) = entry.next.as_deref().map(line).filter(|n| !n.is_empty()) {
        parts.push(format!("**Next:** {next}"));
    }
    let (word, detail) = entry.told.parts();
    match line(detail) {
        d if !d.is_empty() => parts.push(format!("**Reporter:** {word}: {d}")),
        _ => match entry.told {
            Told::PendingDraft(_) => return Err(RollupError::Missing("which draft is pending")),
            Told::NotTold(_) => return Err(RollupError::Missing("why the reporter was not told")),
            Told::Notified(_) | Told::NotNeeded(_) => parts.push(format!("**Reporter:** {word}")),
        },
    }
    Ok(parts.join("\n\n"))
}

/// One entry as it stands in a rollup, signed.
///
/// # Errors
/// A bad id or handle, no headline, no draft id, no reason.
fn render(entry: &Entry, key: &[u8]) -> Result<String, RollupError> {
    let name = |n: &str| {
        let fine = |c: char| c.is_ascii_alphanumeric() || "._:/-[]".contains(c);
        // `--` could end the marker early in older HTML parsers.
        let good = !n.is_empty() && n.len() <= 200 && n.chars().all(fine) && !n.contains("--");
        if good { Ok(()) } else { Err(RollupError::BadName(n.to_owned())) }
    };
    name(&entry.id)?;
    name(&entry.actor)?;
    let date = entry.date.to_string();
    let action = entry.action.to_string();
    let (action, _) = invisible::visible(&action);
    let text = render_text(entry)?;
    let mac = mac(key, [&entry.id, &date, &entry.actor, &action, &text]);
    let (id, actor, shown) = (&entry.id, &entry.actor, escape(&action));
    Ok(format!(
        "<details><summary>{date} · @{actor} · {shown}</summary>\n\n<!-- entry {id} {mac} -->\n{text}\n\n</details>"
    ))
}

/// Appends an entry to the rollup, newest last; every byte that stands there stays. A full comment is continued in
/// a new one, nothing is cut.
///
/// # Errors
/// See [`RollupError`]; the entry is refused when the result would not read back as the old entries and this one.
pub fn append(existing: Option<&str>, entry: &Entry, key: &[u8]) -> Result<Upsert, RollupError> {
    let rendered = render(entry, key)?;
    let fresh = |part: u32| {
        let part = if part > 1 { format!(" part {part}") } else { String::new() };
        format!("{MARKER}{part} -->\n{rendered}\n")
    };
    let limit = LIMIT - FOOTER_ROOM;
    let fits = |text: &str| text.len() <= limit;
    let check = |text: &str, before: &[Found]| {
        let after = parse(text);
        let (new, old) = after.entries.split_last().ok_or(RollupError::NotReadBack)?;
        let same = |a: &Found, b: &Found| {
            (&a.id, &a.mac, &a.summary, &a.text) == (&b.id, &b.mac, &b.summary, &b.text)
        };
        let kept = old.len() == before.len() && old.iter().zip(before).all(|(a, b)| same(a, b));
        let open = after.problems.iter().any(|(p, _)| *p == RollupProblem::Unterminated);
        let signed =
            new.id.as_deref() == Some(&entry.id) && after.verify(key).last() == Some(&Trust::Trusted);
        if kept && signed && !open { Ok(()) } else { Err(RollupError::NotReadBack) }
    };
    let first = fresh(1);
    check(&first, &[])?;
    let Some(existing) = existing else {
        return if fits(&first) {
            Ok(Upsert::New(first))
        } else {
            Err(RollupError::TooLong { len: rendered.len(), limit })
        };
    };
    if !is_rollup(existing) {
        return Err(RollupError::NotARollup);
    }
    let before = parse(existing);
    if let Some((_, at)) = before.problems.iter().find(|(p, _)| *p == RollupProblem::Unterminated) {
        return Err(RollupError::Unterminated(*at));
    }
    if before.has(&entry.id) {
        return Err(RollupError::AlreadyThere(entry.id.clone()));
    }
    let head = existing.trim_end();
    let ruler = if before.entries.is_empty() { "\n" } else { RULER };
    let joined = format!("{head}{ruler}{rendered}\n");
    if fits(&joined) && !before.sealed {
        check(&joined, &before.entries)?;
        return Ok(Upsert::Replace(joined));
    }
    let next = fresh(before.part.saturating_add(1));
    if !fits(&next) {
        return Err(RollupError::TooLong { len: rendered.len(), limit });
    }
    // A comment that somebody else filled beyond the limit stays as it is.
    let pointed = format!("{head}{RULER}{}\n", footer(before.part));
    let sealed = if before.sealed || pointed.len() > LIMIT { existing.to_owned() } else { pointed };
    Ok(Upsert::Continue { sealed, next })
}

#[cfg(test)]
mod tests;
