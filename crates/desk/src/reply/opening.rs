//! How a negative reply begins: the cue by which an answered thread is recognised (intake page §3, D2).

use std::sync::LazyLock;

use super::{
    Library, ParagraphKind, ReplyId, Template,
    template::{Piece, TemplateParagraph},
};

/// The first sentence of a negative reply, as the literal parts between its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which reply begins like that.
    pub id: ReplyId,
    /// The parts, lower case, white space folded to single spaces, none empty.
    pub parts: Vec<String>,
}

impl Opening {
    /// Do all parts stand in the text, in order? Case, line breaks and quoting of white space do not matter.
    #[must_use]
    pub fn found_in(&self, text: &str) -> bool {
        let text = fold(text);
        let mut rest = text.as_str();
        !self.parts.is_empty()
            && self.parts.iter().all(|part| match rest.find(part.as_str()) {
                Some(at) => {
                    rest = rest.get(at + part.len()..).unwrap_or("");
                    true
                }
                None => false,
            })
    }
}

impl Library {
    /// The opening sentence of every negative reply of this desk.
    #[must_use]
    pub fn openings(&self) -> Vec<Opening> {
        self.templates().filter(|t| t.id.is_negative()).filter_map(opening).collect()
    }
}

/// The opening sentences of the built-in negative replies.
#[must_use]
pub fn openings() -> &'static [Opening] {
    static SET: LazyLock<Vec<Opening>> = LazyLock::new(|| Library::builtin().openings());
    &SET
}

fn opening(template: &Template) -> Option<Opening> {
    let first = template.paragraphs.iter().find(|p| p.kind == ParagraphKind::Body)?;
    let parts = first_sentence(first);
    (!parts.is_empty()).then_some(Opening { id: template.id, parts })
}

fn first_sentence(paragraph: &TemplateParagraph) -> Vec<String> {
    let mut parts = vec![String::new()];
    'sentence: for line in &paragraph.lines {
        for piece in line {
            match piece {
                Piece::Slot(_) => parts.push(String::new()),
                Piece::Text(t) => {
                    // A sentence ends at a stop before white space or at the end of a line.
                    let end = t.char_indices().find(|(i, c)| {
                        ".!?".contains(*c)
                            && t.get(i + 1..).is_none_or(|r| r.is_empty() || r.starts_with(' '))
                    });
                    let text = end.and_then(|(i, _)| t.get(..i)).unwrap_or(t);
                    if let Some(last) = parts.last_mut() {
                        last.push_str(text);
                    }
                    if end.is_some() {
                        break 'sentence;
                    }
                }
            }
        }
        if let Some(last) = parts.last_mut() {
            last.push(' ');
        }
    }
    parts.iter().map(|p| fold(p)).filter(|p| p.chars().any(char::is_alphanumeric)).collect()
}

fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}
