//! Lets untrusted text into Markdown: report text into a tracker body, names and subjects onto a line (intake page
//! §7, Weaknesses 1).
//!
//! [`sanitise`] rewrites the source where a construct is unsafe and leaves every other byte, code above all. It
//! repeats until a pass finds nothing left to do; text that does not balance, or does not settle, is fenced whole
//! (spec decision 6). So what comes out was always seen clean by the same parser that looks for what is unsafe.

mod edits;
mod inline;

pub use inline::*;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::edits::{Reader, Shield, apply, edits};
use super::{invisible, structure};

/// What the sanitiser did, once per rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable id, such as `sanitise.heading`.
    pub rule: String,
    /// How often.
    pub count: usize,
    /// The first text it applied to, shortened; empty when there is none to show.
    pub evidence: String,
}

/// Untrusted text, safe to stand in a section of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanitised {
    /// The Markdown: LF line ends, no blank lines around.
    pub markdown: String,
    /// Was the text put into one code fence because it did not balance?
    pub fenced_whole: bool,
    /// What was done.
    pub notes: Vec<Note>,
}

/// Passes before the text is given up and fenced: each may bring to light what the one before set free.
const PASSES: usize = 5;

/// Makes report text safe to stand in a tracker body: no heading above level four, no image, no live HTML or
/// comment, no mention, cross reference, task box, callout or link definition; characters nobody sees are made
/// visible. Code stays byte-identical. Text whose fences or HTML do not balance is fenced whole.
#[must_use]
pub fn sanitise(text: &str) -> Sanitised {
    let text =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let (clean, hidden) = invisible::visible(&text);
    let mut notes = Notes::default();
    if hidden > 0 {
        notes.add("sanitise.invisible", hidden, "");
    }
    let mut current = trim_blank_lines(&clean).to_owned();
    for _ in 0..PASSES {
        let scan = structure::scan(&current, 0);
        if let Some((_, at)) = structure::unbalanced(&scan, true) {
            notes.add("sanitise.unbalanced", 1, current.get(at..).unwrap_or_default());
            break;
        }
        let edits = edits(&current);
        if edits.is_empty() {
            return Sanitised { markdown: current, fenced_whole: false, notes: notes.0 };
        }
        for e in &edits {
            notes.add(e.rule, 1, current.get(e.shown.clone()).unwrap_or_default());
        }
        current = trim_blank_lines(&apply(&current, edits)).to_owned();
    }
    let mut fenced = Notes::default();
    fenced.0.extend(
        notes.0.into_iter().filter(|n| n.rule == "sanitise.invisible" || n.rule == "sanitise.unbalanced"),
    );
    if !fenced.0.iter().any(|n| n.rule == "sanitise.unbalanced") {
        fenced.add("sanitise.unsettled", 1, "");
    }
    Sanitised { markdown: fence(&clean), fenced_whole: true, notes: fenced.0 }
}

/// Team text with its Markdown alive but no live HTML: what stands in a status entry, whose own tags must stay the
/// only ones. Text that does not balance is fenced whole.
pub(super) fn without_html(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (clean, _) = invisible::visible(&text);
    let mut current = trim_blank_lines(&clean).to_owned();
    for _ in 0..PASSES {
        if structure::unbalanced(&structure::scan(&current, 0), false).is_some() {
            break;
        }
        let mut reader = Reader::new(&current);
        reader.events();
        let mut html = reader.edits;
        html.retain(|e| e.rule == "sanitise.html");
        if html.is_empty() {
            return current;
        }
        html.sort_by_key(|e| e.span.start);
        html.dedup_by_key(|e| e.span.start);
        current = trim_blank_lines(&apply(&current, html)).to_owned();
    }
    fence(&clean)
}

/// The same for text that must stay on one line: blanks are folded, and every `<` outside code is written as text.
pub(super) fn line_without_html(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (line, _) = invisible::visible(&line);
    if !line.contains('<') {
        return line.into_owned();
    }
    // The leading word keeps the line a paragraph, as it will be behind its label.
    let lead = "x ";
    let paragraph = format!("{lead}{line}");
    let mut reader = Reader::new(&paragraph);
    reader.events();
    let code = reader.shielded;
    let mut out = String::with_capacity(line.len() + 8);
    let mut shield = Shield::new(&code);
    let html: BTreeSet<usize> =
        reader.edits.iter().filter(|e| e.rule == "sanitise.html").map(|e| e.span.start).collect();
    for (at, c) in paragraph.char_indices().skip(lead.len()) {
        let live = c == '<' && (html.contains(&at) || !shield.covers(&(at..at + 1)));
        out.push_str(if live { "&lt;" } else { "" });
        if !live {
            out.push(c);
        }
    }
    out
}

#[derive(Default)]
struct Notes(Vec<Note>);

impl Notes {
    fn add(&mut self, rule: &str, count: usize, evidence: &str) {
        if let Some(n) = self.0.iter_mut().find(|n| n.rule == rule) {
            n.count += count;
        } else {
            let evidence = evidence.chars().take(80).collect();
            self.0.push(Note { rule: rule.into(), count, evidence });
        }
    }
}

/// Puts text into a code fence that nothing inside can close.
#[must_use]
pub fn fence(text: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for b in text.bytes() {
        run = if b == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let mark = "`".repeat(longest + 1);
    format!("{mark}text\n{}\n{mark}", trim_blank_lines(text))
}

fn trim_blank_lines(text: &str) -> &str {
    let body = text.trim_end_matches([' ', '\t', '\n', '\r']);
    let first = body.find(|c| !matches!(c, ' ' | '\t' | '\n' | '\r')).unwrap_or(0);
    let line = body.get(..first).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    body.get(line..).unwrap_or_default()
}
/// The ids of these rules, and what each means.
pub const SANITISE_RULES: &[(&str, &str)] = &[
    ("sanitise.callout", "a callout of a forge is shown, not made"),
    ("sanitise.definition", "a link definition is shown, not made"),
    ("sanitise.entity", "an entity is shown as typed"),
    ("sanitise.heading", "a heading of levels 1 to 3 becomes level 4"),
    ("sanitise.html", "markup is shown, not made"),
    ("sanitise.image", "an image becomes a link"),
    ("sanitise.invisible", "an invisible character is spelled out"),
    ("sanitise.link", "a link to an unsafe destination is shown, not made"),
    ("sanitise.mention", "an `@name` notifies nobody"),
    ("sanitise.reference", "a `#12` refers to nothing"),
    ("sanitise.task", "a task box is shown, not made"),
    ("sanitise.unbalanced", "Markdown that does not balance stands in one code block"),
    ("sanitise.unsettled", "Markdown that does not come to rest stands in one code block"),
];

#[cfg(test)]
mod tests;
