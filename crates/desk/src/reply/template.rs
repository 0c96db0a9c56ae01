//! A template file: a head of `key: value` lines between `---`, then a plain-text body.

use std::{collections::BTreeSet, fmt};

use super::{Placeholder, ReplyId};

/// What a paragraph of a reply is; only `Body` counts against the house limit of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParagraphKind {
    /// `Hello NAME,`
    Greeting,
    /// The message.
    Body,
    /// Who signs.
    Signature,
    /// The removable block for this one report.
    Addition,
}

/// A piece of a template's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Slot(Placeholder),
}

/// A paragraph of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TemplateParagraph {
    pub kind: ParagraphKind,
    pub lines: Vec<Vec<Piece>>,
}

/// One canned reply as it is written in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Which reply this is.
    pub id: ReplyId,
    /// What people call it.
    pub name: String,
    /// Other names, beside those that [`ReplyId::aliases`] knows.
    pub aliases: Vec<String>,
    /// Placeholders in the body.
    pub placeholders: BTreeSet<Placeholder>,
    pub(super) paragraphs: Vec<TemplateParagraph>,
}

/// What is wrong with a template file, and where. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateError {
    /// The file as it was named.
    pub file: String,
    /// Line in it.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Reads a template file. All errors are returned, not the first alone.
    ///
    /// # Errors
    /// A missing or broken head, an unknown id or key, an unknown placeholder, one declared and not used or used
    /// and not declared, an empty body.
    pub fn parse(file: &str, text: &str) -> Result<Template, Vec<TemplateError>> {
        Template::parse_with_line(file, text).map(|(t, _)| t)
    }

    /// As [`Template::parse`], with the line of the id.
    pub(super) fn parse_with_line(file: &str, text: &str) -> Result<(Template, usize), Vec<TemplateError>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut errors = Vec::new();
        let mut fail = |line: usize, message: String| {
            errors.push(TemplateError { file: file.into(), line, message });
        };
        let mut lines =
            text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).enumerate().map(|(i, l)| (i + 1, l));
        if lines.next().is_none_or(|(_, l)| l.trim_end() != "---") {
            fail(1, "the file must begin with a head between two lines of `---`".into());
            return Err(errors);
        }

        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let (mut id, mut id_line, mut name, mut name_line) = (None, 1, String::new(), 1);
        let (mut aliases, mut declared, mut closed) = (Vec::new(), None, false);
        for (n, line) in lines.by_ref() {
            let line = line.trim();
            if line == "---" {
                closed = true;
                break;
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((key, value)) = line.split_once(':') else {
                fail(n, format!("expected `key: value`, found `{}`", shorten(line)));
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if !seen.insert(key) {
                fail(n, format!("`{}` stands twice in the head", shorten(key)));
                continue;
            }
            match key {
                "id" => {
                    id_line = n;
                    id = ReplyId::ALL.iter().copied().find(|i| i.as_str() == value);
                    if id.is_none() {
                        fail(n, unknown_id(value));
                    }
                }
                "name" => (name, name_line) = (value.to_owned(), n),
                "aliases" => aliases = list(value, ';'),
                "placeholders" => {
                    let mut set = BTreeSet::new();
                    for word in list(value, ',') {
                        match Placeholder::parse(&word) {
                            Some(p) => {
                                set.insert(p);
                            }
                            None => fail(n, unknown_placeholder(&word)),
                        }
                    }
                    declared = Some((set, n));
                }
                other => fail(
                    n,
                    format!("unknown key `{}`; known: id, name, aliases, placeholders", shorten(other)),
                ),
            }
        }
        if !closed {
            fail(1, "the head is not closed by a second line of `---`".into());
            return Err(errors);
        }
        if !seen.contains("id") {
            fail(1, "the head has no `id`".into());
        }
        if seen.contains("name") && name.is_empty() {
            fail(name_line, "`name` is empty".into());
        }

        let (paragraphs, used) = body(lines, &mut fail);
        if paragraphs.is_empty() {
            fail(id_line, "the body is empty".into());
        }
        if let Some((declared, line)) = &declared {
            for p in declared.iter().filter(|p| !used.iter().any(|(u, _)| u == *p)) {
                fail(*line, format!("`{p}` is declared but does not stand in the body"));
            }
            let mut told = BTreeSet::new();
            for (p, n) in used.iter().filter(|(p, _)| !declared.contains(p)) {
                if told.insert(*p) {
                    fail(*n, format!("`{p}` stands in the body but is not declared"));
                }
            }
        }
        match id {
            Some(id) if errors.is_empty() => {
                let placeholders = used.into_iter().map(|(p, _)| p).collect();
                if name.is_empty() {
                    name = id.as_str().replace('_', " ");
                }
                Ok((Template { id, name, aliases, placeholders, paragraphs }, id_line))
            }
            _ => Err(errors),
        }
    }
}

/// Splits the body into paragraphs and placeholders, each placeholder with its line.
fn body<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    fail: &mut impl FnMut(usize, String),
) -> (Vec<TemplateParagraph>, Vec<(Placeholder, usize)>) {
    let mut used = Vec::new();
    let mut paragraphs: Vec<TemplateParagraph> = Vec::new();
    let mut current: Vec<Vec<Piece>> = Vec::new();
    for (n, line) in lines {
        let line = line.trim_end();
        if line.is_empty() {
            close(&mut paragraphs, &mut current);
            continue;
        }
        let pieces = pieces(line, n, fail);
        used.extend(pieces.iter().filter_map(|p| match p {
            Piece::Slot(p) => Some((*p, n)),
            Piece::Text(_) => None,
        }));
        current.push(pieces);
    }
    close(&mut paragraphs, &mut current);
    (paragraphs, used)
}

fn close(paragraphs: &mut Vec<TemplateParagraph>, current: &mut Vec<Vec<Piece>>) {
    if current.is_empty() {
        return;
    }
    let lines = std::mem::take(current);
    let signs = lines.iter().flatten().any(|p| *p == Piece::Slot(Placeholder::TeamSignature));
    let greets = paragraphs.is_empty()
        && lines.len() == 1
        && matches!(lines.iter().flatten().next_back(), Some(Piece::Text(t)) if t.ends_with(','));
    let kind = match (signs, greets) {
        (true, _) => ParagraphKind::Signature,
        (_, true) => ParagraphKind::Greeting,
        _ => ParagraphKind::Body,
    };
    paragraphs.push(TemplateParagraph { kind, lines });
}

/// Splits a line at its placeholders. A word in SCREAMING_CASE with an underscore that is none is an error.
fn pieces(line: &str, n: usize, fail: &mut impl FnMut(usize, String)) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if let Some(p) = Placeholder::parse(word) {
            if !text.is_empty() {
                out.push(Piece::Text(std::mem::take(&mut text)));
            }
            out.push(Piece::Slot(p));
        } else {
            if is_screaming(word) {
                fail(n, unknown_placeholder(word));
            }
            text.push_str(word);
        }
        let gap = tail.find(is_word).unwrap_or(tail.len());
        let (space, next) = tail.split_at(gap);
        text.push_str(space);
        rest = next;
    }
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `SOME_WORD`: what a writer means as a placeholder.
pub(super) fn is_screaming(word: &str) -> bool {
    word.contains('_')
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn list(value: &str, separator: char) -> Vec<String> {
    value.split(separator).map(str::trim).filter(|s| !s.is_empty()).map(String::from).collect()
}

fn unknown_placeholder(word: &str) -> String {
    let known: Vec<_> = Placeholder::ALL.iter().map(|p| p.as_str()).collect();
    format!("unknown placeholder `{}`; known: {}", shorten(word), known.join(", "))
}

fn unknown_id(value: &str) -> String {
    let hint = ReplyId::resolve(value).or_else(|| ReplyId::closest(value));
    match hint {
        Some(id) => format!("unknown id `{}`; did you mean `{id}`?", shorten(value)),
        None => {
            let known: Vec<_> = ReplyId::ALL.iter().map(|i| i.as_str()).collect();
            format!("unknown id `{}`; known: {}", shorten(value), known.join(", "))
        }
    }
}

/// At most sixty characters of a text for an error message.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
