//! Reading rollup comments.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    MARKERS, RollupError,
    entry::{Action, Found, Told, Trust},
};
use crate::tracker::{
    Comment, structure,
    structure::{Token, TokenKind},
};

/// What is odd about a rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollupProblem {
    /// Line 1 holds no marker.
    NoMarker,
    /// An entry never closes; the next one ends it.
    MissingClose,
    /// An entry's summary is not date, handle and action.
    OddSummary,
    /// Two entries have one id.
    DuplicateId,
    /// A fence or comment never closes and hides what follows; appending is refused.
    Unterminated,
    /// Text before the first entry.
    TextAbove,
}

/// A rollup comment, read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollup {
    /// Entries, oldest first.
    pub entries: Vec<Found>,
    /// What is odd, with byte offsets.
    pub problems: Vec<(RollupProblem, usize)>,
    /// 1, or the number of this continuation.
    pub part: u32,
    /// Does a continuation follow?
    pub sealed: bool,
}

impl Rollup {
    /// Judges every entry against the desk's key, in order.
    #[must_use]
    pub fn verify(&self, key: &[u8]) -> Vec<Trust> {
        let mut seen = BTreeSet::new();
        self.entries
            .iter()
            .map(|e| match (&e.id, &e.mac) {
                (Some(id), Some(given)) => {
                    let part = |p: &Option<String>| p.clone().unwrap_or_default();
                    let wanted = mac(key, [id, &part(&e.date), &part(&e.actor), &part(&e.action), &e.text]);
                    // Every byte is compared, so that the time taken tells nothing about the key.
                    let differs = wanted.bytes().zip(given.bytes()).fold(0, |d, (a, b)| d | (a ^ b));
                    let same = differs == 0 && wanted.len() == given.len();
                    if same && seen.insert(id.as_str()) { Trust::Trusted } else { Trust::Forged }
                }
                _ => Trust::Unsigned,
            })
            .collect()
    }

    /// Is there an entry of that id?
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.entries.iter().any(|e| e.id.as_deref() == Some(id))
    }
}
/// The first 32 hex digits of HMAC-SHA256 over the parts, each with its length before it.
pub(super) fn mac(key: &[u8], parts: [&str; 5]) -> String {
    // HMAC takes a key of any length; without one nothing is ever trusted.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().iter().take(16).map(|b| format!("{b:02x}")).collect()
}
static ENTRY_MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^<!-- entry ([A-Za-z0-9._:/\[\]-]{1,200}) ([0-9a-f]{32}) -->[ \t]*(?:\n|$)")
        .expect("a constant pattern, compiled by a test")
});

static MARKER_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^<!-- [a-z-]+ status rollup v[0-9]+(?: part ([0-9]{1,6}))?\b[^\n]*-->[ \t\r]*$")
        .expect("a constant pattern, compiled by a test")
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$").expect("a constant pattern, compiled by a test")
});

/// Is the comment a status rollup, ours or an older one?
#[must_use]
pub fn is_rollup(comment: &str) -> bool {
    MARKERS.iter().any(|m| comment.starts_with(m))
}

/// The tracker's rollup among its comments: its parts in order, none when there is none. Only comments of the team
/// count, so that nobody else can block the desk with a marker.
///
/// # Errors
/// [`RollupError::TwoRollups`] when two comments claim the same part.
pub fn locate(comments: &[Comment], is_team: impl Fn(&str) -> bool) -> Result<Vec<&Comment>, RollupError> {
    let mut parts: Vec<(u32, &Comment)> = comments
        .iter()
        .filter(|c| is_rollup(&c.body) && is_team(&c.author))
        .map(|c| (part_of(c.body.lines().next().unwrap_or_default()), c))
        .collect();
    parts.sort_by_key(|(part, _)| *part);
    for pair in parts.windows(2) {
        if let [(a, x), (b, y)] = pair
            && a == b
        {
            return Err(RollupError::TwoRollups(vec![x.id.clone(), y.id.clone()]));
        }
    }
    Ok(parts.into_iter().map(|(_, c)| c).collect())
}

fn part_of(first_line: &str) -> u32 {
    let captured = MARKER_LINE.captures(first_line).and_then(|c| c.get(1)?.as_str().parse().ok());
    captured.unwrap_or(1)
}

/// Reads a rollup comment. Never fails: what is odd stands in [`Rollup::problems`].
#[must_use]
pub fn parse(comment: &str) -> Rollup {
    let text = structure::shadow(comment);
    let scan = structure::scan(&text, 0);
    let first_line = comment.lines().next().unwrap_or_default();
    let mut out = Rollup { part: part_of(first_line), ..Rollup::default() };
    if !is_rollup(comment) {
        out.problems.push((RollupProblem::NoMarker, 0));
    }
    if let Some((_, at)) = scan.open.first() {
        out.problems.push((RollupProblem::Unterminated, *at));
    }
    let closes = closes(&scan.tokens);
    let mut at = 0;
    let mut ids = BTreeSet::new();
    while let Some(i) = (at..scan.tokens.len()).find(|i| opens_entry(comment, &scan.tokens, *i)) {
        let (found, next, closed) = read_entry(comment, &scan.tokens, i, closes.get(i).copied().flatten());
        if out.entries.is_empty() {
            let from = if is_rollup(comment) { first_line.len() } else { 0 };
            if !comment.get(from..found.span.start).unwrap_or_default().trim().is_empty() {
                out.problems.push((RollupProblem::TextAbove, from));
            }
        }
        if !closed {
            out.problems.push((RollupProblem::MissingClose, found.span.start));
        }
        if found.action.is_none() {
            out.problems.push((RollupProblem::OddSummary, found.span.start));
        }
        if found.id.clone().is_some_and(|id| !ids.insert(id)) {
            out.problems.push((RollupProblem::DuplicateId, found.span.start));
        }
        out.entries.push(found);
        at = next.max(i + 1);
    }
    let tail = out.entries.last().map_or(0, |e| e.span.end);
    out.sealed = comment.get(tail..).unwrap_or_default().contains(&footer(out.part));
    out
}
pub(super) fn footer(part: u32) -> String {
    format!("Continued in part {} of this rollup.", u64::from(part) + 1)
}

/// For each `<details>` token the index of its close tag, inner ones paired first.
fn closes(tokens: &[Token]) -> Vec<Option<usize>> {
    let mut out = vec![None; tokens.len()];
    let mut stack = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match &token.kind {
            TokenKind::Open(n) if n == "details" => stack.push(i),
            TokenKind::Close(n) if n == "details" => {
                if let Some(slot) = stack.pop().and_then(|open: usize| out.get_mut(open)) {
                    *slot = Some(i);
                }
            }
            _ => {}
        }
    }
    out
}

/// An entry begins with `<details><summary>` in column 0.
fn opens_entry(comment: &str, tokens: &[Token], i: usize) -> bool {
    let (Some(open), Some(summary)) = (tokens.get(i), tokens.get(i + 1)) else { return false };
    let column_0 = open.span.start == 0 || comment.as_bytes().get(open.span.start - 1) == Some(&b'\n');
    let between = comment.get(open.span.end..summary.span.start).unwrap_or("x");
    open.kind == TokenKind::Open("details".into())
        && summary.kind == TokenKind::Open("summary".into())
        && column_0
        && between.trim().is_empty()
}

/// Reads the entry at token `i`; gives the token to go on from and whether the entry was closed.
fn read_entry(comment: &str, tokens: &[Token], i: usize, close: Option<usize>) -> (Found, usize, bool) {
    let start = tokens.get(i).map_or(0, |t| t.span.start);
    let summary_start = tokens.get(i + 1).map_or(start, |t| t.span.end);
    let line_end =
        comment.get(summary_start..).and_then(|r| r.find('\n')).map_or(comment.len(), |n| summary_start + n);
    let summary_close = tokens.get(i + 2).filter(|t| t.kind == TokenKind::Close("summary".into()));
    let (summary_end, text_start) =
        summary_close.map_or((line_end, line_end), |t| (t.span.start, t.span.end));
    let (text_end, end, next) = match close.and_then(|c| Some((c, tokens.get(c)?))) {
        Some((c, t)) => (t.span.start, t.span.end, c + 1),
        None => {
            // Never closed: the next entry with a regular summary ends it.
            let regular = |j: &usize| {
                opens_entry(comment, tokens, *j) && {
                    let from = tokens.get(j + 1).map_or(0, |t| t.span.end);
                    let line = comment.get(from..).and_then(|r| r.lines().next()).unwrap_or_default();
                    split_summary(line.split("</summary>").next().unwrap_or_default()).is_some()
                }
            };
            let j = (i + 1..tokens.len()).find(regular);
            let at = j.and_then(|j| tokens.get(j)).map_or(comment.len(), |t| t.span.start);
            (at, at, j.unwrap_or(tokens.len()))
        }
    };
    let summary = unescape(comment.get(summary_start..summary_end).unwrap_or_default().trim());
    let raw = comment.get(summary_start..summary_end).unwrap_or_default();
    let text = comment.get(text_start..text_end).unwrap_or_default().replace("\r\n", "\n");
    let mut text = text.trim_matches([' ', '\t', '\n']).to_owned();
    if close.is_none() {
        text = text.strip_suffix("\n---").unwrap_or(&text).trim_end().to_owned();
    }
    let mut found = Found { summary, span: start..end, ..Found::default() };
    if let Some(c) = ENTRY_MARK.captures(&text) {
        found.id = c.get(1).map(|m| m.as_str().to_owned());
        found.mac = c.get(2).map(|m| m.as_str().to_owned());
        let behind = c.get(0).map_or(0, |m| m.end());
        text = text.get(behind..).unwrap_or_default().trim_start_matches('\n').to_owned();
    }
    if let Some((date, actor, action)) = split_summary(raw) {
        found.kind = Action::parse(&action);
        (found.date, found.actor, found.action) = (Some(date), Some(actor), Some(action));
    }
    read_text(&text, &mut found);
    found.text = text;
    (found, next, close.is_some())
}

/// Date, handle and action of a summary, if it has that shape.
fn split_summary(raw: &str) -> Option<(String, String, String)> {
    let parts: Vec<&str> = raw.split('·').map(str::trim).collect();
    let [date, actor, action] = parts.as_slice() else { return None };
    let actor = actor.strip_prefix('@').filter(|a| !a.is_empty() && !a.contains(char::is_whitespace))?;
    (DATE.is_match(date) && !action.is_empty())
        .then(|| ((*date).to_owned(), unescape(actor), unescape(action)))
}

fn read_text(text: &str, found: &mut Found) {
    let first = text.lines().next().unwrap_or_default();
    found.headline = first.strip_prefix("**").and_then(|h| h.strip_suffix("**")).map(str::to_owned);
    let mut rest = text;
    if let Some((head, line)) = rest.rsplit_once("\n\n**Reporter:** ")
        && !line.contains('\n')
    {
        found.told = Told::parse(line);
        rest = head;
    }
    if let Some((_, line)) = rest.rsplit_once("**Next:** ") {
        found.next = Some(line.lines().next().unwrap_or_default().to_owned());
    }
}
fn unescape(text: &str) -> String {
    text.replace("&middot;", "·").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}
