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

use std::{collections::BTreeSet, fmt, ops::Range, sync::LazyLock};

use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::Date;
use regex::Regex;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    Comment, markdown, structure,
    structure::{Token, TokenKind},
};

/// Longest rollup that is written, in bytes. A forge counts characters up to 65,536; bytes are never fewer.
pub const LIMIT: usize = 60_000;

const MARKER: &str = "<!-- tipstaff status rollup v1";
/// Beginnings of the marker line that are recognised, ours first.
const MARKERS: [&str; 2] = ["<!-- tipstaff status rollup v", "<!-- airflow-s status rollup v"];
const RULER: &str = "\n\n---\n\n";
/// Room for the line that ends a full comment.
const FOOTER_ROOM: usize = 80;

/// What a status entry reports (config page §7 rule 2; the last seven are the desk's own, by hand).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// A report became a tracker.
    Import,
    /// Fields, labels or state followed the facts.
    Sync,
    /// Older comments were folded in.
    Reformat,
    /// A CVE id was reserved.
    CveAllocated,
    /// Another tracker was merged into this one.
    MergeKept,
    /// This tracker was merged into another.
    MergeDropped,
    /// A fix was proposed upstream.
    FixPr,
    /// Closed.
    Close,
    /// Reopened.
    Reopen,
    /// A remark.
    Comment,
    /// Somebody was assigned.
    Assign,
    /// A field was edited.
    Edit,
    /// Somebody took the next move.
    Claim,
    /// Somebody gave it back.
    Release,
}

impl ActionKind {
    /// Every kind. A name that begins with another's comes first.
    pub const ALL: [ActionKind; 14] = [
        ActionKind::Import,
        ActionKind::Sync,
        ActionKind::Reformat,
        ActionKind::CveAllocated,
        ActionKind::MergeKept,
        ActionKind::MergeDropped,
        ActionKind::FixPr,
        ActionKind::Close,
        ActionKind::Reopen,
        ActionKind::Comment,
        ActionKind::Assign,
        ActionKind::Edit,
        ActionKind::Claim,
        ActionKind::Release,
    ];

    /// The word in the summary line.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            ActionKind::Import => "Import",
            ActionKind::Sync => "Sync",
            ActionKind::Reformat => "Reformat",
            ActionKind::CveAllocated => "CVE allocated",
            ActionKind::MergeKept => "Merge (kept)",
            ActionKind::MergeDropped => "Merge (dropped)",
            ActionKind::FixPr => "Fix PR",
            ActionKind::Close => "Close",
            ActionKind::Reopen => "Reopen",
            ActionKind::Comment => "Comment",
            ActionKind::Assign => "Assign",
            ActionKind::Edit => "Edit",
            ActionKind::Claim => "Claim",
            ActionKind::Release => "Release",
        }
    }
}

/// An action with its detail: the CVE id, the PR, the counterpart, the transition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Action {
    /// What was done.
    pub kind: ActionKind,
    /// In parentheses behind it.
    pub detail: Option<String>,
}

impl Action {
    /// An action without a detail.
    #[must_use]
    pub fn new(kind: ActionKind) -> Self {
        Self { kind, detail: None }
    }

    /// An action with a detail.
    #[must_use]
    pub fn with(kind: ActionKind, detail: &str) -> Self {
        Self { kind, detail: Some(detail.to_owned()) }
    }

    fn parse(text: &str) -> Option<Self> {
        ActionKind::ALL.into_iter().find_map(|kind| {
            let rest = text.strip_prefix(kind.title())?;
            if rest.is_empty() {
                return Some(Self::new(kind));
            }
            rest.strip_prefix(" (")?.strip_suffix(')').map(|d| Self::with(kind, d))
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.title())?;
        let detail = self.detail.as_deref().map(one_line).filter(|d| !d.is_empty());
        detail.map_or(Ok(()), |d| write!(f, " ({d})"))
    }
}

/// What the reporter was told; every entry says one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "told", content = "text")]
pub enum Told {
    /// Told, and how.
    Notified(String),
    /// Nothing to tell, and why.
    NotNeeded(String),
    /// A draft of that id waits to be sent.
    PendingDraft(String),
    /// Not told, for that reason.
    NotTold(String),
}

impl Told {
    const WORDS: [&str; 4] = ["notified", "not needed", "pending draft", "not told"];

    fn parts(&self) -> (&'static str, &str) {
        let [notified, not_needed, pending, not_told] = Self::WORDS;
        match self {
            Told::Notified(t) => (notified, t),
            Told::NotNeeded(t) => (not_needed, t),
            Told::PendingDraft(t) => (pending, t),
            Told::NotTold(t) => (not_told, t),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let make: [fn(String) -> Told; 4] =
            [Told::Notified, Told::NotNeeded, Told::PendingDraft, Told::NotTold];
        Self::WORDS.into_iter().zip(make).find_map(|(word, make)| {
            let rest = line.strip_prefix(word)?;
            if rest.is_empty() {
                Some(make(String::new()))
            } else {
                rest.strip_prefix(": ").map(|t| make(t.to_owned()))
            }
        })
    }
}

/// An entry to append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Unique in the desk: step key or event id. Holding the tracker's key keeps an entry from being replayed on
    /// another tracker.
    pub id: String,
    /// The day, in the desk's time zone.
    pub date: Date,
    /// Handle, without `@`.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// One line, shown bold.
    pub headline: String,
    /// Markdown below it; may be empty.
    pub body: String,
    /// Who does what next; none for a terminal entry.
    pub next: Option<String>,
    /// What the reporter was told.
    pub told: Told,
}

/// An entry as it was read. What does not have the expected shape is kept raw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Id from its marker.
    pub id: Option<String>,
    /// Keyed hash from its marker, 32 hex digits.
    pub mac: Option<String>,
    /// The summary line, references resolved.
    pub summary: String,
    /// The day as written.
    pub date: Option<String>,
    /// Handle, without `@`.
    pub actor: Option<String>,
    /// The third part of the summary.
    pub action: Option<String>,
    /// The same, when it is one of ours.
    pub kind: Option<Action>,
    /// Everything below the summary, LF line ends, the marker left out.
    pub text: String,
    /// The bold first line.
    pub headline: Option<String>,
    /// The text behind `**Next:**`.
    pub next: Option<String>,
    /// The reporter line.
    pub told: Option<Told>,
    /// Where the entry stands in the comment.
    pub span: Range<usize>,
}

/// May an entry be relied on?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Written by a desk that holds the key, unchanged since, and not a copy within this comment.
    Trusted,
    /// No marker: written by hand or by another program.
    Unsigned,
    /// A marker that does not fit: changed, invented, or pasted twice.
    Forged,
}

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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first 32 hex digits of HMAC-SHA256 over the parts, each with its length before it.
fn mac(key: &[u8], parts: [&str; 5]) -> String {
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

fn footer(part: u32) -> String {
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

/// Escapes text for a summary line, which is raw HTML: no tag, no entity, no `·` of its own.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('·', "&middot;")
}

fn unescape(text: &str) -> String {
    text.replace("&middot;", "·").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}

/// Text in which nothing can pass for the labelled lines that the desk itself writes; it looks the same.
fn without_labels(text: &str) -> String {
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
    let (action, _) = super::invisible::visible(&action);
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
#[path = "rollup_tests.rs"]
mod tests;
