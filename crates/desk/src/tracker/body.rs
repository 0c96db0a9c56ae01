//! Reads and edits the `### ` sections of a tracker body (config page §2, §3).
//!
//! A body is remote text that people and other programs edit too. What this module promises: reading never mistakes
//! quoted or fenced text for a field; writing one field changes no other byte, and a value that would leak into
//! another field is refused. [`set`] proves the latter for each write by reading its own result.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};

use super::{
    field::{FieldRole, Headings},
    markdown, structure,
    structure::{Open, TokenKind},
};

/// What an empty field holds; forms write the same.
pub const PLACEHOLDER: &str = "_No response_";

/// How the marks around a generated CVE block begin and end, ours first.
const CVE_MARKS: [(&str, &str); 2] = [
    ("tipstaff: cve-record cve=", "tipstaff: cve-record end"),
    ("generate-cve-json: cve=", "generate-cve-json:end"),
];

/// One section of a body. All offsets are bytes of the original body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The field, when the heading is known.
    pub role: Option<FieldRole>,
    /// The text of the heading.
    pub heading: String,
    /// The whole section, heading line included.
    pub span: Range<usize>,
    /// The value and the blank lines around it; the generated CVE block is not part of it.
    pub content: Range<usize>,
    /// The value alone, as it stands in the body.
    pub core: Range<usize>,
    value: String,
}

impl Section {
    /// The value with LF line ends, without blank lines around it; the placeholder as it stands.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyProblemKind {
    /// The same field stands twice; neither value is trusted.
    DuplicateHeading,
    /// The field has no section.
    MissingHeading,
    /// A code fence never closes. What follows was read by its headings alone; writes are refused.
    UnterminatedFence,
    /// An HTML comment never closes; as above.
    UnterminatedComment,
    /// Another raw HTML block never closes; as above.
    UnterminatedHtml,
}

/// One problem of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyProblem {
    /// What it is.
    pub kind: BodyProblemKind,
    /// The field it concerns, if one.
    pub role: Option<FieldRole>,
    /// Byte offset in the body; the end of the body for what is missing.
    pub at: usize,
    /// The same in words.
    pub message: String,
}

/// A body, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    sections: Vec<Section>,
    /// What is wrong, in order of kind within place.
    pub problems: Vec<BodyProblem>,
    /// What stands before the first section.
    pub preamble: Range<usize>,
    /// The generated CVE blocks inside the sections, markers included.
    pub cve_blocks: Vec<Range<usize>>,
}

impl Body {
    /// Every section in order, known or not.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of a field; none when it is missing or stands twice.
    #[must_use]
    pub fn section(&self, role: FieldRole) -> Option<&Section> {
        let mut found = self.sections.iter().filter(|s| s.role == Some(role));
        found.next().filter(|_| found.next().is_none())
    }

    /// The value of a field. None when it is empty, holds the placeholder, is missing, or stands twice.
    #[must_use]
    pub fn get(&self, role: FieldRole) -> Option<&str> {
        self.section(role).map(Section::value).filter(|v| !is_placeholder(v))
    }

    /// Does the field count as set at the gate? `Unknown` is no severity (config page §2 rule 1).
    #[must_use]
    pub fn is_set(&self, role: FieldRole) -> bool {
        self.get(role).is_some_and(|v| {
            role != FieldRole::Severity || !v.trim_matches('`').trim().eq_ignore_ascii_case("unknown")
        })
    }

    /// Does a fence, comment or HTML block run past its section, so that no write is safe?
    #[must_use]
    pub fn unterminated(&self) -> Option<&BodyProblem> {
        use BodyProblemKind::{UnterminatedComment, UnterminatedFence, UnterminatedHtml};
        let open = [UnterminatedFence, UnterminatedComment, UnterminatedHtml];
        self.problems.iter().find(|p| open.contains(&p.kind))
    }
}

/// Is that the text of an empty field?
#[must_use]
pub fn is_placeholder(value: &str) -> bool {
    let v = value.trim();
    let bare = ['_', '*'].into_iter().find_map(|m| v.strip_prefix(m)?.strip_suffix(m));
    v.is_empty() || bare.is_some_and(|b| b.eq_ignore_ascii_case("no response"))
}

/// Reads a body. Never fails: what is odd stands in [`Body::problems`].
#[must_use]
pub fn parse(body: &str, headings: &Headings) -> Body {
    let text = structure::shadow(body);
    let mut reader =
        Reader { body, text: &text, headings, found: Vec::new(), tokens: Vec::new(), problems: Vec::new() };
    reader.read();
    reader.finish()
}

/// A heading on its way to becoming a section.
struct Found {
    start: usize,
    end: usize,
    role: Option<FieldRole>,
}

struct Reader<'a> {
    body: &'a str,
    text: &'a str,
    headings: &'a Headings,
    found: Vec<Found>,
    tokens: Vec<structure::Token>,
    problems: Vec<BodyProblem>,
}

impl Reader<'_> {
    /// Scans; where a block swallows the rest, notes it and scans again from the next field behind it. Every such
    /// restart stands at a field not seen before, so there are at most eleven.
    fn read(&mut self) {
        let mut from = 0;
        loop {
            let scan = structure::scan(self.text, from);
            let open = scan.open.last().copied();
            let limit = open.map_or(usize::MAX, |(_, at)| at);
            let live = scan.headings.iter().filter(|h| h.start < limit);
            for h in live {
                let role = self.headings.role(self.name(h.start, h.end));
                self.found.push(Found { start: h.start, end: h.end, role });
            }
            self.tokens.extend(scan.tokens.into_iter().filter(|t| t.span.start < limit));
            let Some((kind, at)) = open else { return };
            let (kind, what) = match kind {
                Open::Fence => (BodyProblemKind::UnterminatedFence, "a code fence"),
                Open::Comment => (BodyProblemKind::UnterminatedComment, "an HTML comment"),
                Open::RawHtml | Open::Element => (BodyProblemKind::UnterminatedHtml, "an HTML block"),
            };
            let message = format!("{what} opened here never closes; close it before any field is written");
            self.problems.push(BodyProblem { kind, role: None, at, message });
            match self.recovery(at) {
                Some(next) => from = next,
                None => return,
            }
        }
    }

    fn name(&self, start: usize, end: usize) -> &str {
        structure::heading_name(self.body.get(start..end).unwrap_or_default())
    }

    /// Where to read on behind an open block: the first of the fields not seen yet, each taken at its last place,
    /// so that a heading quoted inside the block does not win over the real one.
    fn recovery(&self, at: usize) -> Option<usize> {
        let mut last: BTreeMap<FieldRole, usize> = BTreeMap::new();
        let mut pos = at;
        while let Some(line) = self.text.get(pos..).and_then(|r| r.find("\n### ")).map(|i| pos + i + 1) {
            let end = self.text.get(line..).and_then(|r| r.find('\n')).map_or(self.text.len(), |i| line + i);
            if let Some(role) = self.headings.role(self.name(line, end)) {
                last.insert(role, line);
            }
            pos = end;
        }
        let seen = |role: &FieldRole| self.found.iter().any(|f| f.role == Some(*role));
        last.into_iter().filter(|(role, _)| !seen(role)).map(|(_, line)| line).min()
    }

    fn finish(mut self) -> Body {
        self.drop_collapsed();
        let blocks = self.cve_blocks();
        // Blocks are disjoint and in order.
        let first_from = |at: usize| blocks.get(blocks.partition_point(|b| b.start < at));
        let last_before =
            |at: usize| blocks.partition_point(|b| b.start < at).checked_sub(1).and_then(|i| blocks.get(i));
        self.found.retain(|f| last_before(f.start).is_none_or(|b| b.end <= f.start));
        let mut sections = Vec::with_capacity(self.found.len());
        for (i, f) in self.found.iter().enumerate() {
            let end = self.found.get(i + 1).map_or(self.body.len(), |n| n.start);
            let stop = first_from(f.end).map(|b| b.start).filter(|b| *b < end).unwrap_or(end);
            let core = core_of(self.body, f.end..stop);
            let value = normalise(self.body.get(core.clone()).unwrap_or_default());
            let heading = self.name(f.start, f.end).to_owned();
            sections.push(Section {
                role: f.role,
                heading,
                span: f.start..end,
                content: f.end..stop,
                core,
                value,
            });
        }
        for role in FieldRole::ALL {
            let places: Vec<usize> =
                sections.iter().filter(|s| s.role == Some(role)).map(|s| s.span.start).collect();
            let heading = self.headings.heading(role);
            if places.is_empty() {
                let message = format!("the section `### {heading}` is missing; add it");
                let kind = BodyProblemKind::MissingHeading;
                self.problems.push(BodyProblem { kind, role: Some(role), at: self.body.len(), message });
            }
            for at in places.into_iter().skip(1) {
                let message = format!("`### {heading}` stands more than once; keep one");
                let kind = BodyProblemKind::DuplicateHeading;
                self.problems.push(BodyProblem { kind, role: Some(role), at, message });
            }
        }
        let preamble = 0..sections.first().map_or(self.body.len(), |s| s.span.start);
        Body { sections, problems: self.problems, preamble, cve_blocks: blocks }
    }

    /// Headings inside a collapsed block are part of the value that holds the block (a merged report quotes the
    /// other tracker's sections), except a field that stands nowhere else: nothing may vanish.
    fn drop_collapsed(&mut self) {
        let regions = structure::details_regions(&self.tokens);
        let mut reach = Vec::with_capacity(regions.len());
        let mut furthest = 0;
        for r in &regions {
            furthest = furthest.max(r.end);
            reach.push(furthest);
        }
        // Regions nest or follow each other; the furthest end of all that open before a place decides.
        let inside = |at: usize| {
            let before = regions.partition_point(|r| r.start < at);
            before.checked_sub(1).and_then(|i| reach.get(i)).is_some_and(|end| at < *end)
        };
        let outside: Vec<FieldRole> =
            self.found.iter().filter(|f| !inside(f.start)).filter_map(|f| f.role).collect::<Vec<_>>();
        let outside: std::collections::BTreeSet<FieldRole> = outside.into_iter().collect();
        self.found.retain(|f| !inside(f.start) || f.role.is_some_and(|r| !outside.contains(&r)));
    }

    /// The generated CVE blocks: only those in the section of the CVE tool link, or behind the last field.
    fn cve_blocks(&self) -> Vec<Range<usize>> {
        let mark = |t: &structure::Token, begin: bool| {
            let inner =
                self.body.get(t.span.clone()).unwrap_or_default().trim_start_matches("<!--").trim_start();
            let column_0 = t.span.start == 0 || self.body.as_bytes().get(t.span.start - 1) == Some(&b'\n');
            t.kind == TokenKind::Comment
                && column_0
                && CVE_MARKS.iter().any(|(first, last)| inner.starts_with(if begin { first } else { last }))
        };
        let fields: Vec<usize> = self.found.iter().filter(|f| f.role.is_some()).map(|f| f.start).collect();
        let last_field = fields.last().copied().unwrap_or(0);
        let begins: Vec<usize> = self.tokens.iter().filter(|t| mark(t, true)).map(|t| t.span.start).collect();
        let ends: Vec<usize> = self.tokens.iter().filter(|t| mark(t, false)).map(|t| t.span.end).collect();
        let after = |list: &[usize], at: usize| list.get(list.partition_point(|e| *e <= at)).copied();
        let mut out: Vec<Range<usize>> = Vec::new();
        // The section that holds the place read so far; headings inside a block are none.
        let mut holder = None;
        let mut seen = self.found.iter().peekable();
        for &begin in &begins {
            if out.last().is_some_and(|b| begin < b.end) {
                continue;
            }
            while let Some(f) = seen.next_if(|f| f.start < begin) {
                if out.last().is_none_or(|b| f.start >= b.end) {
                    holder = f.role;
                }
            }
            // A mark that another one follows before any end has lost its own.
            let closed =
                after(&ends, begin).filter(|end| after(&begins, begin).is_none_or(|next| *end <= next));
            let end = closed.unwrap_or_else(|| {
                let next = [after(&fields, begin), after(&begins, begin)];
                next.into_iter().flatten().min().unwrap_or(self.body.len())
            });
            if holder != Some(FieldRole::CveToolLink) && last_field >= end {
                continue;
            }
            out.push(begin..end);
        }
        out
    }
}

/// The value within a section's content: first to last line that is not blank, without the last line's end.
fn core_of(body: &str, content: Range<usize>) -> Range<usize> {
    let text = body.get(content.clone()).unwrap_or_default();
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let Some(first) = text.find(|c| !blank(c)) else { return content.start..content.start };
    let line = text.get(..first).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    content.start + line..content.start + text.trim_end_matches(blank).len()
}

/// A value as it compares: LF line ends (a lone CR becomes one, as the forge shows it), no blank lines around, no blanks at the end.
fn normalise(value: &str) -> String {
    let value = match memchr::memchr(b'\r', value.as_bytes()) {
        None => Cow::Borrowed(value),
        Some(_) => Cow::Owned(value.replace("\r\n", "\n").replace('\r', "\n")),
    };
    let core = core_of(&value, 0..value.len());
    value.get(core).unwrap_or_default().to_owned()
}

/// Why a field was not written. The body is untouched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body has no such section.
    #[error("the body has no section `### {heading}`; add it, then write again")]
    MissingHeading {
        /// The field.
        role: FieldRole,
        /// Its heading here.
        heading: String,
    },
    /// The body has the section more than once.
    #[error("`### {heading}` stands more than once in the body; keep one, then write again")]
    DuplicateHeading {
        /// The field.
        role: FieldRole,
        /// Its heading here.
        heading: String,
        /// Where each stands.
        at: Vec<usize>,
    },
    /// A fence, comment or HTML block of the body never closes.
    #[error("byte {at} of the body: {message}")]
    Unterminated {
        /// Where it opens.
        at: usize,
        /// What it is.
        message: String,
    },
    /// The value holds a line that would become a section.
    #[error(
        "line {line} of the value is a `### ` heading and would become a section; use `####`, or fence it"
    )]
    ValueHasHeading {
        /// The line, from 1.
        line: usize,
    },
    /// The value opens something that it does not close, or closes what it did not open.
    #[error("the value has {what} that does not balance; close it, or fence the text whole")]
    ValueUnbalanced {
        /// What it is.
        what: &'static str,
    },
    /// The value would be read differently, or change how another field is read.
    #[error("the value of {role} would not read back as written, or would change another field")]
    ValueEscapes {
        /// The field.
        role: FieldRole,
    },
}

/// Writes one field: every byte outside the section stays, line ends are those of the section, an equal value is no
/// write, an empty one writes the placeholder.
///
/// # Errors
/// See [`BodyError`]; a value that would leak out of its section is refused, never repaired.
pub fn set(body: &str, role: FieldRole, value: &str, headings: &Headings) -> Result<String, BodyError> {
    let written = set_in(body, &parse(body, headings), role, value, headings)?;
    Ok(written.map_or_else(|| body.to_owned(), |(after, _)| after))
}

/// As [`set`], for a body that was read before; the result comes as it reads. None when the field has that value already.
///
/// # Errors
/// As [`set`].
pub fn set_in(
    body: &str,
    before: &Body,
    role: FieldRole,
    value: &str,
    headings: &Headings,
) -> Result<Option<(String, Body)>, BodyError> {
    if let Some(open) = before.unterminated() {
        return Err(BodyError::Unterminated { at: open.at, message: open.message.clone() });
    }
    let Some(section) = before.section(role) else {
        let at: Vec<usize> =
            before.sections.iter().filter(|s| s.role == Some(role)).map(|s| s.span.start).collect();
        let heading = headings.heading(role).to_owned();
        return Err(if at.is_empty() {
            BodyError::MissingHeading { role, heading }
        } else {
            BodyError::DuplicateHeading { role, heading, at }
        });
    };
    let mut value = normalise(value);
    let unset = is_placeholder(&value);
    if value == section.value || (unset && is_placeholder(&section.value)) {
        return Ok(None);
    }
    if unset {
        PLACEHOLDER.clone_into(&mut value);
    }
    check_value(&value)?;
    let after = splice(body, section, &value);
    let read = parse(&after, headings);
    if reads_back(before, body, &read, &after, role, &value) {
        Ok(Some((after, read)))
    } else {
        Err(BodyError::ValueEscapes { role })
    }
}

/// May the value stand in a section at all?
fn check_value(value: &str) -> Result<(), BodyError> {
    let text = structure::shadow(value);
    let scan = structure::scan(&text, 0);
    if let Some(h) = scan.headings.first() {
        let line = value.get(..h.start).unwrap_or_default().matches('\n').count() + 1;
        return Err(BodyError::ValueHasHeading { line });
    }
    match structure::unbalanced(&scan, false) {
        None => Ok(()),
        Some((Open::Fence, _)) => Err(BodyError::ValueUnbalanced { what: "a code fence" }),
        Some((Open::Comment, _)) => Err(BodyError::ValueUnbalanced { what: "an HTML comment" }),
        Some((Open::RawHtml, _)) => Err(BodyError::ValueUnbalanced { what: "raw HTML" }),
        Some((Open::Element, _)) => Err(BodyError::ValueUnbalanced { what: "`<details>` or `<summary>`" }),
    }
}

fn splice(body: &str, section: &Section, value: &str) -> String {
    let part = |r: Range<usize>| body.get(r).unwrap_or_default();
    let heading_line = part(section.span.start..section.content.start);
    let crlf = if heading_line.ends_with('\n') {
        heading_line.ends_with("\r\n")
    } else {
        body.matches("\r\n").count() * 2 > body.matches('\n').count()
    };
    let eol = if crlf { "\r\n" } else { "\n" };
    let value = if crlf { value.replace('\n', "\r\n") } else { value.to_owned() };
    let at_end = section.content.end == body.len();
    let mut out = String::with_capacity(body.len() + value.len() + 8);
    if section.core.is_empty() {
        // An empty section gets the spacers of the template.
        out.push_str(part(0..section.content.start));
        if !heading_line.ends_with('\n') {
            out.push_str(eol);
        }
        out.push_str(eol);
        out.push_str(&value);
        out.push_str(eol);
        if !at_end {
            out.push_str(eol);
        }
    } else {
        out.push_str(part(0..section.core.start));
        out.push_str(&value);
        let tail = part(section.core.end..section.content.end);
        out.push_str(tail);
        if !tail.ends_with('\n') {
            out.push_str(eol);
        }
    }
    out.push_str(part(section.content.end..body.len()));
    out
}

/// The proof of a write: the field reads as written, and nothing else reads differently.
fn reads_back(before: &Body, old: &str, after: &Body, new: &str, role: FieldRole, value: &str) -> bool {
    let kinds = |b: &Body| b.problems.iter().map(|p| (p.kind, p.role)).collect::<Vec<_>>();
    let blocks = |b: &Body, text: &str| -> Vec<String> {
        b.cve_blocks.iter().map(|r| text.get(r.clone()).unwrap_or_default().to_owned()).collect()
    };
    before.sections.len() == after.sections.len()
        && old.get(before.preamble.clone()) == new.get(after.preamble.clone())
        && kinds(before) == kinds(after)
        && blocks(before, old) == blocks(after, new)
        && before.sections.iter().zip(&after.sections).all(|(a, b)| {
            let kept = if a.role == Some(role) { b.value == value } else { a.value == b.value };
            a.role == b.role && a.heading == b.heading && kept
        })
}

/// Builds a body of all eleven sections in order; a field without a value gets the placeholder. A value that could
/// not stand in a section goes through [`markdown::sanitise`] first, so that the result always reads back.
#[must_use]
pub fn new_body(values: &BTreeMap<FieldRole, String>, headings: &Headings) -> String {
    let mut out = String::new();
    for role in FieldRole::ALL {
        let raw = values.get(&role).map(String::as_str).unwrap_or_default();
        let mut value = normalise(raw);
        if is_placeholder(&value) {
            PLACEHOLDER.clone_into(&mut value);
        } else if check_value(&value).is_err() || has_cve_mark(&value) {
            value = markdown::sanitise(&value).markdown;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str("### ");
        out.push_str(headings.heading(role));
        out.push_str("\n\n");
        out.push_str(&value);
        out.push('\n');
    }
    out
}

fn has_cve_mark(value: &str) -> bool {
    value.contains("generate-cve-json") || value.contains("tipstaff: cve-record")
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
