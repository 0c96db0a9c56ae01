//! What one pass of the sanitiser rewrites.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use crate::pattern::Regex;
use pulldown_cmark::{Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};

use crate::tracker::{invisible, structure};

/// One rewrite of the source.
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) with: String,
    pub(super) rule: &'static str,
    pub(super) shown: Range<usize>,
}

pub(super) fn apply(text: &str, edits: Vec<Edit>) -> String {
    let mut out = String::with_capacity(text.len() + edits.len() * 4);
    let mut pos = 0;
    for e in edits {
        out.push_str(text.get(pos..e.span.start).unwrap_or_default());
        out.push_str(&e.with);
        pos = e.span.end;
    }
    out.push_str(text.get(pos..).unwrap_or_default());
    out
}

/// Everything one pass wants to rewrite, in order and without overlap. What overlaps waits for the next pass.
pub(super) fn edits(text: &str) -> Vec<Edit> {
    let mut reader = Reader::new(text);
    reader.events();
    reader.source();
    let mut all = reader.edits;
    all.sort_by_key(|e| (e.span.start, e.span.end));
    let mut end = 0;
    let mut last_start = None;
    all.retain(|e| {
        let keep = e.span.start >= end && last_start != Some(e.span.start);
        if keep {
            end = e.span.end;
            last_start = Some(e.span.start);
        }
        keep
    });
    all
}

pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) edits: Vec<Edit>,
    /// Source that no rewrite of plain text may touch: code, link destinations, HTML of this pass.
    pub(super) shielded: Vec<Range<usize>>,
    /// Where an image's `!` stands.
    images: BTreeSet<usize>,
}

/// An open link or image.
struct OpenLink {
    start: usize,
    /// End of the last thing inside.
    inner_end: usize,
    empty: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, edits: Vec::new(), shielded: Vec::new(), images: BTreeSet::new() }
    }

    fn edit(&mut self, span: Range<usize>, with: impl Into<String>, rule: &'static str, shown: Range<usize>) {
        self.edits.push(Edit { span, with: with.into(), rule, shown });
    }

    fn slice(&self, span: &Range<usize>) -> &str {
        work::add(span.len());
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The rewrites that follow from the parse.
    pub(super) fn events(&mut self) {
        let parser = Parser::new_ext(self.text, structure::options());
        let definitions: Vec<Range<usize>> =
            parser.reference_definitions().iter().map(|(_, d)| d.span.clone()).collect();
        for span in definitions {
            if let Some(at) = self.slice(&span).find('[').map(|i| span.start + i) {
                self.edit(at..at, "\\", "sanitise.definition", span);
            }
        }
        let mut links: Vec<OpenLink> = Vec::new();
        for (event, span) in parser.into_offset_iter() {
            work::add(1);
            let is_link_end = matches!(event, Event::End(TagEnd::Link | TagEnd::Image));
            match event {
                Event::Start(Tag::Heading { level, .. }) if level <= HeadingLevel::H3 => self.heading(&span),
                Event::Start(Tag::CodeBlock(_)) | Event::Code(_) => self.shielded.push(span.clone()),
                Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => self.html(&span),
                Event::TaskListMarker(_) => {
                    self.edit(span.start..span.start, "\\", "sanitise.task", span.clone());
                }
                Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                    self.link(link_type, &dest_url, &span);
                    links.push(OpenLink { start: span.start, inner_end: span.start + 1, empty: true });
                    continue;
                }
                Event::Start(Tag::Image { .. }) => {
                    self.images.insert(span.start);
                    links.push(OpenLink { start: span.start, inner_end: span.start + 2, empty: true });
                    continue;
                }
                Event::End(TagEnd::Link) => {
                    if let Some(l) = links.pop() {
                        self.shielded.push(l.inner_end.min(span.end)..span.end);
                    }
                }
                Event::End(TagEnd::Image) => {
                    if let Some(l) = links.pop() {
                        self.image(&l, &span);
                        self.shielded.push(l.inner_end.min(span.end)..span.end);
                    }
                }
                _ => {}
            }
            if let Some(l) = links.last_mut() {
                l.inner_end = l.inner_end.max(span.end);
                l.empty &= is_link_end;
            }
        }
    }

    fn heading(&mut self, span: &Range<usize>) {
        let source = self.slice(span);
        let blanks = source.len() - source.trim_start_matches([' ', '\t']).len();
        let line = source.get(blanks..).unwrap_or_default();
        let marks = line.bytes().take_while(|b| *b == b'#').count();
        let after = line.as_bytes().get(marks);
        let at = span.start + blanks;
        if (1..=3).contains(&marks) && matches!(after, None | Some(b' ' | b'\t' | b'\n')) {
            self.edit(at..at, "#".repeat(4 - marks), "sanitise.heading", span.clone());
            return;
        }
        // Underlined: one line becomes a `####` heading, several become the paragraph they look like in mail.
        let body = line.trim_end_matches('\n');
        let Some((title, underline)) = body.rsplit_once('\n') else { return };
        let start = at + body.len() - underline.len()
            + (underline.len() - underline.trim_start_matches([' ', '\t', '>']).len());
        let end = at + body.trim_end_matches([' ', '\t']).len();
        if title.contains('\n') || title.trim_end().ends_with('#') || start >= end {
            self.edit(start..start, "\\", "sanitise.heading", span.clone());
        } else {
            self.edit(at..at, "#### ", "sanitise.heading", span.clone());
            self.edit(start..end, "", "sanitise.heading", span.clone());
        }
    }

    fn html(&mut self, span: &Range<usize>) {
        let at: Vec<usize> =
            memchr::memchr_iter(b'<', self.slice(span).as_bytes()).map(|i| span.start + i).collect();
        for lt in at {
            self.edit(lt..lt + 1, "&lt;", "sanitise.html", span.clone());
        }
        self.shielded.push(span.clone());
    }

    fn link(&mut self, kind: LinkType, dest: &str, span: &Range<usize>) {
        let auto = matches!(kind, LinkType::Autolink | LinkType::Email);
        if auto {
            self.shielded.push(span.clone());
        }
        if !safe_destination(dest) {
            let (len, with) = if auto { (1, "&lt;") } else { (0, "\\") };
            self.edit(span.start..span.start + len, with, "sanitise.link", span.clone());
        }
    }

    /// An image becomes a link to the same place; nothing is fetched when the tracker is shown.
    fn image(&mut self, open: &OpenLink, span: &Range<usize>) {
        let before = open.start.checked_sub(1).and_then(|i| self.text.as_bytes().get(i));
        // A `!` or `]` right before would make something else of the bare `[`.
        let with = if before.is_none_or(|b| matches!(b, b' ' | b'\n' | b'\t')) { "" } else { "\\!" };
        self.edit(open.start..open.start + 1, with, "sanitise.image", span.clone());
        if open.empty {
            let at = open.start + 2;
            self.edit(at..at, "image", "sanitise.image", span.clone());
        }
    }

    /// The rewrites that follow from the plain text between code, destinations and HTML.
    fn source(&mut self) {
        self.shielded.sort_by_key(|r| (r.start, r.end));
        let stray = self.stray_backticks();
        let mark = "`".repeat((1..).find(|n| !stray.contains(n)).unwrap_or(1));
        self.definitions();
        self.brackets();
        let entities = self.entities();
        let mut quoted = self.notifying(&entities);
        quoted.extend(entities.into_iter().filter(|e| spells_syntax(self.slice(e))));
        quoted.sort_by_key(|r| (r.start, r.end));
        let mut merged: Vec<Range<usize>> = Vec::new();
        for span in quoted {
            match merged.last_mut().filter(|l| l.end >= span.start) {
                Some(last) => last.end = last.end.max(span.end),
                None => merged.push(span),
            }
        }
        for span in merged {
            let bytes = self.text.as_bytes();
            let left =
                if span.start.checked_sub(1).and_then(|i| bytes.get(i)) == Some(&b'`') { " " } else { "" };
            let right = if bytes.get(span.end) == Some(&b'`') { " " } else { "" };
            let with = format!("{left}{mark}{}{mark}{right}", self.slice(&span));
            let rule = match self.slice(&span) {
                s if s.starts_with('&') => "sanitise.entity",
                s if s.contains('@') => "sanitise.mention",
                _ => "sanitise.reference",
            };
            self.edit(span.clone(), with, rule, span);
        }
    }

    /// Mentions and cross references in plain text, in order.
    fn notifying(&self, entities: &[Range<usize>]) -> Vec<Range<usize>> {
        let bytes = self.text.as_bytes();
        let in_entity = |at: usize| {
            let i = entities.partition_point(|e| e.start < at);
            i.checked_sub(1).and_then(|i| entities.get(i)).is_some_and(|e| at < e.end)
        };
        let mut shield = Shield::new(&self.shielded);
        let mut out: Vec<Range<usize>> = Vec::new();
        for hit in NOTIFIES.find_iter(self.text) {
            let mut span = hit.range();
            let text = hit.as_str();
            if shield.covers(&span) || text.contains("://") || in_entity(span.start) {
                continue;
            }
            // Nothing before this place belongs to the hit: code ends there, or the hit before.
            let floor = out.last().map_or(0, |q| q.end).max(shield.last_end(span.start));
            let before = |at: usize| {
                work::add(1);
                at.checked_sub(1).filter(|i| *i >= floor).and_then(|i| bytes.get(i)).copied()
            };
            if text.starts_with('#') {
                let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
                while before(span.start).is_some_and(name) {
                    span.start -= 1;
                }
            } else if before(span.start).is_some_and(|b| b.is_ascii_alphanumeric()) {
                // `a@b` is an address; after `_` it may be emphasis.
                continue;
            }
            while before(span.start) == Some(b'\\') {
                span.start -= 1;
            }
            out.push(span);
        }
        out
    }

    /// Lengths of the backtick runs that delimit no code: a code span of such a length could be captured by them.
    fn stray_backticks(&self) -> BTreeSet<usize> {
        let bytes = self.text.as_bytes();
        let mut out = BTreeSet::new();
        let mut shield = Shield::new(&self.shielded);
        let mut at = 0;
        while let Some(start) = bytes.get(at..).and_then(|r| memchr::memchr(b'`', r)).map(|i| at + i) {
            let len = bytes.iter().skip(start).take_while(|b| **b == b'`').count();
            at = start + len;
            work::add(len);
            if !shield.covers(&(start..at)) {
                // An escaped first backtick leaves a run that is one shorter.
                out.extend([len, len.saturating_sub(1)]);
            }
        }
        out
    }

    /// Link and footnote definitions, which would hold for the whole body.
    fn definitions(&mut self) {
        let hits: Vec<Range<usize>> =
            DEFINITION.captures_iter(self.text).filter_map(|c| c.name("label").map(|m| m.range())).collect();
        let mut shield = Shield::new(&self.shielded);
        let hits: Vec<Range<usize>> = hits.into_iter().filter(|h| !shield.covers(h)).collect();
        for span in hits {
            self.edit(span.start..span.start, "\\", "sanitise.definition", span);
        }
    }

    /// Callouts of the forge (`[!NOTE]`), which only the desk may raise, and image marks that resolve to nothing yet.
    fn brackets(&mut self) {
        let hits: Vec<Range<usize>> = BRACKET.find_iter(self.text).map(|m| m.range()).collect();
        let mut shield = Shield::new(&self.shielded);
        let hits: Vec<Range<usize>> = hits
            .into_iter()
            .filter(|h| !shield.covers(h) && !self.images.contains(&h.start) && !self.escaped(h.start))
            .collect();
        for span in hits {
            let rule = if self.slice(&span).starts_with('!') { "sanitise.image" } else { "sanitise.callout" };
            self.edit(span.start..span.start, "\\", rule, span);
        }
    }

    fn escaped(&self, at: usize) -> bool {
        let head = self.text.as_bytes().get(..at).unwrap_or_default();
        let run = head.iter().rev().take_while(|b| **b == b'\\').count();
        work::add(run + 1);
        run % 2 == 1
    }

    /// Character references in plain text, in order.
    fn entities(&self) -> Vec<Range<usize>> {
        let mut shield = Shield::new(&self.shielded);
        ENTITY.find_iter(self.text).map(|m| m.range()).filter(|r| !shield.covers(r)).collect()
    }
}

/// Walks the shielded ranges alongside a scan that only moves forward.
pub(super) struct Shield<'a> {
    ranges: &'a [Range<usize>],
    next: usize,
    /// Furthest end of the ranges that began so far.
    reach: usize,
}

impl<'a> Shield<'a> {
    pub(super) fn new(ranges: &'a [Range<usize>]) -> Self {
        Self { ranges, next: 0, reach: 0 }
    }

    fn advance(&mut self, to: usize) {
        while let Some(r) = self.ranges.get(self.next).filter(|r| r.start < to) {
            work::add(1);
            self.reach = self.reach.max(r.end);
            self.next += 1;
        }
    }

    /// Does a shielded range touch the span? Spans must come in order.
    pub(super) fn covers(&mut self, span: &Range<usize>) -> bool {
        self.advance(span.end);
        self.reach > span.start
    }

    /// Where the shielded source before a place ends, as far as seen.
    fn last_end(&self, at: usize) -> usize {
        self.reach.min(at)
    }
}

/// What a forge turns into a notification or a cross reference. Addresses of the web are matched to be skipped.
pub(super) static NOTIFIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:https?|ftp)://[A-Za-z0-9][A-Za-z0-9.-]*(?:[:/?#][^\s<>()\[\]`*\x22'|]*)?",
        r"|@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?",
        r"|#[0-9]+",
        r"|[Gg][Hh]\\?-[0-9]+",
    ))
    .expect("a constant pattern, compiled by a test")
});

static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t>*+\-0-9.)]*(?P<label>\[(?:[^\[\]\\\n]|\\.)+\]:)")
        .expect("a constant pattern, compiled by a test")
});

static BRACKET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"!\[|\[![A-Za-z]+\]").expect("a constant pattern, compiled by a test"));

static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
        .expect("a constant pattern, compiled by a test")
});

/// Named references of characters that are syntax to a forge or that nobody sees.
const SYNTAX_NAMES: &[&str] = &[
    "commat",
    "num",
    "sol",
    "lowbar",
    "UnderBar",
    "Tab",
    "NewLine",
    "ZeroWidthSpace",
    "NegativeThinSpace",
    "NegativeMediumSpace",
    "NegativeThickSpace",
    "NegativeVeryThinSpace",
    "zwj",
    "zwnj",
    "lrm",
    "rlm",
    "shy",
    "NoBreak",
    "ApplyFunction",
    "af",
    "InvisibleTimes",
    "it",
    "InvisibleComma",
    "ic",
];

/// Does a character reference spell what the other rules look for?
fn spells_syntax(entity: &str) -> bool {
    let name = entity.trim_start_matches('&').trim_end_matches(';');
    let Some(number) = name.strip_prefix('#') else { return SYNTAX_NAMES.contains(&name) };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    };
    code.and_then(char::from_u32).is_none_or(|c| {
        c.is_ascii_alphanumeric()
            || matches!(c, '@' | '#' | '/' | '-' | '_' | '\n' | '\t')
            || invisible::hidden(c)
    })
}

/// Only addresses a reader can judge: the web, mail, and places within the page.
fn safe_destination(dest: &str) -> bool {
    let head = dest.trim_start();
    let Some((scheme, _)) = head.split_once(':') else { return true };
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    ["http", "https", "mailto"].iter().any(|s| scheme.eq_ignore_ascii_case(s))
}

#[cfg(not(test))]
mod work {
    pub(super) fn add(_: usize) {}
}

/// Places looked at, so that a test can tell whether the work grows with the text; nothing outside tests.
#[cfg(test)]
pub(super) mod work {
    use std::cell::Cell;

    thread_local!(static DONE: Cell<usize> = const { Cell::new(0) });

    pub(in crate::tracker::markdown) fn of(what: impl FnOnce()) -> usize {
        DONE.set(0);
        what();
        DONE.get()
    }

    pub(super) fn add(n: usize) {
        DONE.set(DONE.get() + n);
    }
}
