//! The house style of mail to a reporter (sync page §11, decisions page §11).

use std::sync::LazyLock;

use crate::pattern::Regex;
use serde::Serialize;

use super::{Filled, ParagraphKind, ReplyId};

/// A breach of the house style.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StyleFinding {
    /// Stable id of the rule.
    pub rule: &'static str,
    /// What was found, quoted.
    pub evidence: String,
    /// What the rule asks for.
    pub message: &'static str,
}

/// Longest paragraph, in characters: "short" in a number.
const LONG: usize = 700;

/// Breaches of the house style in a filled reply, in the order of the rules. The addition is exempt from the
/// count of paragraphs only; receipts and relays from the count.
#[must_use]
pub fn check_style(filled: &Filled) -> Vec<StyleFinding> {
    let mut out = Vec::new();
    let body: Vec<_> = filled.paragraphs.iter().filter(|p| p.kind == ParagraphKind::Body).collect();
    let exempt = matches!(filled.id, ReplyId::Receipt | ReplyId::ReceiptBundle | ReplyId::ForwarderRelay);
    if body.len() > 3 && !exempt {
        out.push(StyleFinding {
            rule: "reply.style.paragraphs",
            evidence: format!("{} paragraphs", body.len()),
            message: "at most three short paragraphs: what changed, what comes next, the link",
        });
    }
    if !exempt {
        for p in body.iter().filter(|p| p.text.chars().count() > LONG) {
            out.push(StyleFinding {
                rule: "reply.style.long",
                evidence: p.text.chars().take(60).collect(),
                message: "paragraphs are short: at most 700 characters",
            });
        }
    }
    for (rule, regex, message) in PATTERNS.iter() {
        for p in &filled.paragraphs {
            if let Some(found) = regex.find(&p.text) {
                out.push(StyleFinding { rule, evidence: found.as_str().trim().to_owned(), message });
            }
        }
    }
    out
}

/// Breaches in words that a person wrote into a letter: what never stands in one. Length is theirs to judge.
#[must_use]
pub fn check_text(text: &str) -> Vec<StyleFinding> {
    let found = |(rule, regex, message): &Pattern| {
        let m = regex.find(text)?;
        Some(StyleFinding { rule, evidence: m.as_str().trim().to_owned(), message })
    };
    PATTERNS.iter().filter_map(found).collect()
}

type Pattern = (&'static str, Regex, &'static str);

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    [
        (
            "reply.style.cvss",
            r"(?i)\bCVSS|\bAV:[NALP]/AC:[LH]",
            "a score never stands in mail to a reporter; it is in the published record",
        ),
        (
            "reply.style.bare-number",
            r"(?m)(?:^|[\s(\[])#[0-9]+\b",
            "a bare number means nothing to the reader; write the full address or leave it out",
        ),
        (
            "reply.style.markup",
            r"\[[^\]\n]+\]\([^)\n]+\)|</?[a-zA-Z][^>\n]*>",
            "plain text with bare addresses only",
        ),
        ("reply.style.http", r"\bhttp://\S+", "links are https"),
    ]
    .into_iter()
    // The patterns are constants; `patterns_compile` proves that each of them compiles.
    .filter_map(|(rule, pattern, message)| Some((rule, Regex::new(pattern).ok()?, message)))
    .collect()
});

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("reply.style.bare-number", "a bare number such as `#12`"),
    ("reply.style.cvss", "a score in mail to a reporter"),
    ("reply.style.http", "a link that is not https"),
    ("reply.style.long", "a paragraph of more than 700 characters"),
    ("reply.style.markup", "markup in plain text"),
    ("reply.style.paragraphs", "more than three paragraphs"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_compile() {
        assert_eq!(super::PATTERNS.len(), 4);
    }
}
