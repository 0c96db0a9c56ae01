//! The record inside the tracker: a block between two comments, replaced in place (CVE page §9, §13 rows 46–48).
//!
//! ```text
//! <!-- tipstaff: cve-record cve=CVE-2026-12345 v1 -->
//! ## CVE record CVE-2026-12345
//! …
//! <!-- tipstaff: cve-record end cve=CVE-2026-12345 v1 -->
//! ```
//!
//! A block for the same id, for `UNKNOWN`, or with the marks of an older tool is replaced; a block for another id
//! stands (a tracker may have several). Every write is read back before it is returned.

use std::{fmt::Write as _, ops::Range};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{Record, Version};
use crate::{
    people::Roster,
    tracker::{self, Body, FieldRole, Headings, Marked, Tracker, inline_text, marked},
};

/// Why a record was not embedded. The body is untouched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// A fence, comment or HTML block of the body never closes.
    #[error("byte {at} of the body: {message}")]
    Unterminated {
        /// Where it opens.
        at: usize,
        /// What it is.
        message: String,
    },
    /// The result would not read back as written.
    #[error(
        "the record would not read back from the body as it was written; the body has raw HTML around the place"
    )]
    NotReadBack,
}

/// A record found in a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// The id of its mark; none for `UNKNOWN`.
    pub cve_id: Option<String>,
    /// Bytes of the body, marks included.
    pub span: Range<usize>,
    /// The record, when its JSON can be read.
    pub record: Option<Value>,
    /// Is it written by this program?
    pub ours: bool,
}

/// Where in a tracker its record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordPlace {
    /// In its body, below the link to the CVE tool.
    Body,
    /// In a comment of its own.
    Comment,
}

/// The bytes of the record that a tracker keeps there; empty when it keeps none, or none that can be read: somebody changed
/// it, or it stands there twice. A comment counts from the team alone.
#[must_use]
pub fn kept(
    tracker: &Tracker,
    cve: &str,
    place: RecordPlace,
    headings: &Headings,
    roster: &Roster,
) -> String {
    let text = match place {
        RecordPlace::Body => tracker.body.as_str(),
        RecordPlace::Comment => marked(&tracker.comments, Marked::RecordCopy, roster)
            .map_or("", |c| c.body.split_once('\n').map_or("", |(_, rest)| rest)),
    };
    let all = embedded(text, headings);
    let mut mine = all.iter().filter(|b| b.cve_id.as_deref() == Some(cve));
    match (mine.next(), mine.next()) {
        (Some(Embedded { ours: true, record: Some(r), .. }), None) => super::render(r),
        _ => String::new(),
    }
}

impl Embedded {
    /// Does the record of that id take its place?
    fn gives_way_to(&self, id: Option<&str>) -> bool {
        self.cve_id.is_none() || self.cve_id.as_deref() == id
    }
}

const BEGIN: &str = "<!-- tipstaff: cve-record cve=";
const UNKNOWN: &str = "UNKNOWN";

/// Every embedded record of a body, in order.
#[must_use]
pub fn embedded(text: &str, headings: &Headings) -> Vec<Embedded> {
    read(text, &tracker::parse(text, headings))
}

fn read(text: &str, parsed: &Body) -> Vec<Embedded> {
    let one = |span: &Range<usize>| {
        let block = text.get(span.clone()).unwrap_or_default();
        let mark = block.lines().next().unwrap_or_default();
        let id = mark.split_once("cve=").map_or("", |(_, rest)| rest);
        let id = id.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
        Embedded {
            cve_id: (!id.is_empty() && id != UNKNOWN).then(|| id.to_owned()),
            span: span.clone(),
            record: json_of(block),
            ours: mark.starts_with(BEGIN),
        }
    };
    parsed.cve_blocks.iter().map(one).collect()
}

/// The JSON in the fence of a block.
fn json_of(block: &str) -> Option<Value> {
    let mut lines = block.lines();
    let fence = lines.find(|l| l.trim_start().starts_with("```") && l.contains("json"))?;
    let ticks: String = fence.trim_start().chars().take_while(|c| *c == '`').collect();
    let json: Vec<&str> = lines.take_while(|l| l.trim() != ticks).collect();
    serde_json::from_str(&json.join("\n")).ok()
}

/// Writes the record into the body. `source_url` is the record's page in the CVE tool, or empty. Embedding twice is
/// embedding once; bytes outside the block stay.
///
/// # Errors
/// When the body is not safe to write, or the result would not read back.
pub fn embed(
    text: &str,
    record: &Record,
    source_url: &str,
    headings: &Headings,
) -> Result<String, EmbedError> {
    let before = tracker::parse(text, headings);
    if let Some(open) = before.unterminated() {
        return Err(EmbedError::Unterminated { at: open.at, message: open.message.clone() });
    }
    let id = record.cve_metadata.cve_id.as_deref();
    let eol = if text.matches("\r\n").count() * 2 > text.matches('\n').count() { "\r\n" } else { "\n" };
    let block = block(record, source_url).replace('\n', eol);
    let mine: Vec<Range<usize>> =
        read(text, &before).into_iter().filter(|b| b.gives_way_to(id)).map(|b| b.span).collect();
    let part = |r: Range<usize>| text.get(r).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + block.len());
    if let Some(first) = mine.first() {
        // The first block is replaced where it stands; others of the same record go, with the blank lines before them.
        let mut pos = 0;
        for span in &mine {
            let head = part(pos..span.start);
            if span.start == first.start {
                out.push_str(head);
                out.push_str(&block);
            } else {
                out.push_str(head.trim_end_matches(['\r', '\n']));
            }
            pos = span.end;
        }
        let tail = part(pos..text.len());
        // A block whose end was missing reached to the next field: that begins on a line of its own.
        if !tail.is_empty() && !tail.starts_with(['\n', '\r']) {
            out.push_str(eol);
            out.push_str(eol);
        }
        out.push_str(tail);
    } else {
        let link = before.section(FieldRole::CveToolLink);
        let at = link.map_or(text.len(), |s| s.content.end);
        out.push_str(part(0..at));
        let head = out.trim_end_matches(['\r', '\n', ' ', '\t']).len();
        let gap = out.get(head..).unwrap_or_default();
        for _ in gap.matches('\n').count()..if out.is_empty() { 0 } else { 2 } {
            out.push_str(eol);
        }
        out.push_str(&block);
        out.push_str(eol);
        let tail = part(at..text.len());
        if !tail.is_empty() {
            out.push_str(eol);
            out.push_str(tail);
        }
    }
    if out.trim_end() == text.trim_end() {
        return Ok(text.to_owned());
    }
    if reads_back(text, &before, &out, record, headings) { Ok(out) } else { Err(EmbedError::NotReadBack) }
}

/// The proof of a write: one block of this record that reads as the record, none that the next write would take away,
/// and every field as before.
fn reads_back(old: &str, before: &Body, new: &str, record: &Record, headings: &Headings) -> bool {
    let after = tracker::parse(new, headings);
    let id = record.cve_metadata.cve_id.as_deref();
    let blocks = read(new, &after);
    let mut own = blocks.iter().filter(|b| b.gives_way_to(id));
    let reads =
        |b: &Embedded| b.ours && b.cve_id.as_deref() == id && b.record.as_ref() == Some(&record.to_value());
    let found = own.next().is_some_and(reads) && own.next().is_none();
    let others = |text: &str, body: &Body| -> Vec<String> {
        let all = read(text, body).into_iter();
        let foreign = all.filter(|b| b.cve_id.is_some() && b.cve_id.as_deref() != id);
        foreign.map(|b| text.get(b.span).unwrap_or_default().to_owned()).collect()
    };
    let fields = |b: &Body| -> Vec<(Option<FieldRole>, String, String)> {
        let all = b.sections().iter();
        all.map(|s| (s.role, s.heading.clone(), s.value().to_owned())).collect()
    };
    found
        && after.unterminated().is_none()
        && fields(before) == fields(&after)
        && others(old, before) == others(new, &after)
}

/// The block, without a line end behind it.
fn block(record: &Record, source_url: &str) -> String {
    let id = record.cve_metadata.cve_id.as_deref().unwrap_or(UNKNOWN);
    let cna = &record.containers.cna;
    let bytes = record.render();
    let mut out = format!("{BEGIN}{id} v1 -->\n");
    let link = source_url.trim().replace("{cve_id}", id);
    let shown = inline_text(id);
    // Writing to a String cannot fail.
    let _ = match super::host(&link).filter(|_| !link.contains(['(', ')', '<', '>', ' ', '\n', '|'])) {
        Some(_) => writeln!(out, "## CVE record [{shown}]({link})\n"),
        None => writeln!(out, "## CVE record {shown}\n"),
    };
    out.push_str("Generated from the fields above. Edit the fields; edits here are lost.\n\n");
    let state = record.rest.get("CNA_private").and_then(|p| p.get("state")).and_then(Value::as_str);
    let packages: Vec<&str> =
        cna.affected.iter().filter_map(|a| a.package_name.as_deref().or(a.product.as_deref())).collect();
    let credits: Vec<&str> = cna.credits.iter().map(|c| c.value.as_str()).collect();
    let rows = [
        ("Title", cell(cna.title.as_deref().unwrap_or("—"))),
        ("State", cell(state.or(record.cve_metadata.state.as_deref()).unwrap_or("—"))),
        ("Packages", list(&packages)),
        ("Credits", list(&credits)),
        ("References", cna.references.len().to_string()),
        ("Bytes", bytes.len().to_string()),
    ];
    out.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(out, "| {name} | {value} |");
    }
    if !cna.affected.is_empty() {
        out.push_str("\n| package | product | affected |\n|---|---|---|\n");
        for a in &cna.affected {
            let ranges: Vec<String> = a.versions.iter().map(range).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                cell(a.package_name.as_deref().unwrap_or("—")),
                cell(a.product.as_deref().unwrap_or("—")),
                cell(&ranges.join("; "))
            );
        }
    }
    out.push_str("\n<details><summary>JSON</summary>\n\n````json\n");
    out.push_str(&inert(bytes.trim_end()));
    let _ = write!(out, "\n````\n\n</details>\n\n<!-- tipstaff: cve-record end cve={id} v1 -->");
    out
}

/// Untrusted text in a cell: on one line, without effect, and without an address that would become a link.
fn cell(text: &str) -> String {
    let short: String = text.chars().take(200).collect();
    let shown = inline_text(&short);
    // A code span in a table still ends at a pipe.
    let shown = shown.replace("\\|", "&#124;").replace('|', "&#124;");
    if shown.is_empty() { "—".into() } else { shown }
}

fn list(names: &[&str]) -> String {
    let mut cells: Vec<String> = names.iter().take(5).map(|n| cell(n)).collect();
    if names.len() > 5 {
        cells.push(format!("and {} more", names.len() - 5));
    }
    if cells.is_empty() { "—".into() } else { cells.join("; ") }
}

fn range(v: &Version) -> String {
    match (&v.less_than, &v.less_than_or_equal) {
        (Some(h), _) if h == "*" => format!(">= {}", v.version),
        (Some(h), _) if v.version == "0" => format!("< {h}"),
        (Some(h), _) => format!(">= {}, < {h}", v.version),
        (None, Some(h)) if v.version == "0" => format!("<= {h}"),
        (None, Some(h)) => format!(">= {}, <= {h}", v.version),
        (None, None) => v.version.clone(),
    }
}

/// The same JSON without anything that a Markdown reader, or one that looks for marks by their text, could take for
/// an end: these characters stand inside strings only, where an escape says the same.
fn inert(json: &str) -> String {
    json.replace("<!--", "\\u003c!--")
        .replace("-->", "--\\u003e")
        .replace("```", "\\u0060\\u0060\\u0060")
        .replace("</details", "\\u003c/details")
}

#[cfg(test)]
#[path = "embed_tests.rs"]
mod tests;
