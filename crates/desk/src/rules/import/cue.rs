//! Cues: a rule id, a weight and a pattern; hits carry the words that matched.

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

/// One rule that spoke, with the words it saw (DESIGN §7, `signals[]{rule,evidence}`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signal {
    /// Stable rule id, e.g. `class.spam.payment-first`.
    pub rule: String,
    /// A short quotation of the message, on one line.
    pub evidence: String,
}

impl Signal {
    /// A signal with its evidence shortened to one line of at most 140 characters.
    #[must_use]
    pub fn new(rule: &str, evidence: &str) -> Self {
        Self { rule: rule.into(), evidence: shorten(evidence) }
    }
}

/// One line of at most 140 characters; control and invisible characters become spaces.
#[must_use]
pub fn shorten(text: &str) -> String {
    let mut out = String::new();
    let mut gap = false;
    for (count, c) in text.chars().enumerate() {
        // Evidence is shown on terminals and pages: nothing invisible may ride along.
        if c.is_whitespace() || c.is_control() || crate::mail::is_hidden(c) {
            gap = !out.is_empty();
            continue;
        }
        if count >= 140 {
            out.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A row of a rule table: what a pattern means and how much it weighs.
#[derive(Clone, Copy, Debug)]
pub struct Cue {
    /// Rule id.
    pub rule: &'static str,
    /// Weight; several cues add up.
    pub weight: i32,
    /// Pattern, see [`pattern`].
    pub pattern: &'static str,
}

/// A cue of whole words.
#[must_use]
pub const fn cue(rule: &'static str, weight: i32, pattern: &'static str) -> Cue {
    Cue { rule, weight, pattern }
}

/// Compiles a table's pattern: no case, a blank stands for a run of white space (` ?` for one that
/// may be absent), and the edges are word
/// boundaries unless the pattern opens with `=` (used for scripts without blanks, and for symbols).
///
/// `\w`, `\d`, `\s` and `\b` are narrowed to the scripts the tables use, so that the automata stay small and linear:
/// a Unicode `\b` would fall back to a slow engine on the first letter beyond ASCII.
///
/// # Panics
/// Only on a pattern that is no regex. Patterns are constants of this crate and every table is compiled by a test.
#[must_use]
pub fn pattern(source: &str) -> Regex {
    let (raw, wrap) = source.strip_prefix('=').map_or((source, true), |s| (s, false));
    let narrow = narrow(&raw.replace(" ?", r"\s*").replace(' ', r"\s+"));
    let full = if wrap {
        format!(r"(?i)(?-u:\b{{start-half}})(?:{narrow})(?-u:\b{{end-half}})")
    } else {
        format!("(?i)(?:{narrow})")
    };
    // Constants of this crate, each compiled by a test.
    Regex::new(&full).unwrap_or_else(|e| panic!("pattern `{source}`: {e}"))
}

fn narrow(source: &str) -> String {
    let mut out = String::with_capacity(source.len() * 2);
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('w') => out.push_str(r"[0-9A-Za-z_\u{C0}-\u{24F}\u{400}-\u{52F}]"),
            Some('d') => out.push_str("[0-9]"),
            Some('s') => out.push_str(r"[\t\n\x0B\x0C\r\x20]"),
            Some('S') => out.push_str(r"[^\t\n\x0B\x0C\r\x20]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => {}
        }
    }
    out
}

/// A compiled table.
#[derive(Debug)]
pub struct Cues {
    rows: Vec<(Cue, Regex)>,
}

/// A cue that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Rule id.
    pub rule: &'static str,
    /// Weight of the cue.
    pub weight: i32,
    /// The words.
    pub words: String,
    /// Where they begin in the text searched, in bytes.
    pub start: usize,
    /// Where they end.
    pub end: usize,
}

impl Hit {
    /// The hit as a signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        Signal::new(self.rule, &self.words)
    }
}

impl Cues {
    /// Compiles a table.
    #[must_use]
    pub fn new(rows: &[Cue]) -> Self {
        Self { rows: rows.iter().map(|c| (*c, pattern(c.pattern))).collect() }
    }

    /// The first match of every cue.
    #[must_use]
    pub fn hits(&self, text: &str) -> Vec<Hit> {
        self.rows.iter().filter_map(|(c, re)| hit(c, re, text)).collect()
    }

    /// The rows that match somewhere in a text: what its sentences need be searched for. Of no use for a table
    /// with anchors.
    #[must_use]
    pub fn present(&self, text: &str) -> Present<'_> {
        Present(self.rows.iter().filter(|(_, re)| re.is_match(text)).collect())
    }

    /// Does any cue match?
    #[must_use]
    pub fn any(&self, text: &str) -> bool {
        self.rows.iter().any(|(_, re)| re.is_match(text))
    }

    /// The first hit, in table order.
    #[must_use]
    pub fn first(&self, text: &str) -> Option<Hit> {
        self.rows.iter().find_map(|(c, re)| hit(c, re, text))
    }
}

/// The rows of a table that are worth searching for.
#[derive(Debug)]
pub struct Present<'t>(Vec<&'t (Cue, Regex)>);

impl Present<'_> {
    /// As [`Cues::hits`].
    #[must_use]
    pub fn hits(&self, text: &str) -> Vec<Hit> {
        self.0.iter().filter_map(|(c, re)| hit(c, re, text)).collect()
    }

    /// Does any row of that rule match?
    #[must_use]
    pub fn has(&self, rule: &str, text: &str) -> bool {
        self.0.iter().any(|(c, re)| c.rule == rule && re.is_match(text))
    }
}

fn hit(cue: &Cue, re: &Regex, text: &str) -> Option<Hit> {
    re.find(text).map(|m| Hit {
        rule: cue.rule,
        weight: cue.weight,
        words: m.as_str().into(),
        start: m.start(),
        end: m.end(),
    })
}

/// Sum of weights; several cues of one rule count once, with the highest weight.
#[must_use]
pub fn score(hits: &[Hit]) -> i32 {
    let mut best = std::collections::BTreeMap::<&str, i32>::new();
    for h in hits {
        let w = best.entry(h.rule).or_insert(h.weight);
        *w = (*w).max(h.weight);
    }
    best.values().sum()
}

/// Declares a static table of cues.
macro_rules! cues {
    ($($(#[$m:meta])* $vis:vis $name:ident = [$($rule:literal $weight:literal $pattern:expr),+ $(,)?];)+) => {$(
        $(#[$m])*
        $vis static $name: std::sync::LazyLock<$crate::rules::import::cue::Cues> =
            std::sync::LazyLock::new(|| $crate::rules::import::cue::Cues::new(
                &[$($crate::rules::import::cue::cue($rule, $weight, $pattern)),+]));
    )+};
}

/// Declares a static pattern, see [`pattern`].
macro_rules! words {
    ($($(#[$m:meta])* $vis:vis $name:ident = $pattern:expr;)+) => {$(
        $(#[$m])*
        $vis static $name: std::sync::LazyLock<crate::pattern::Regex> =
            std::sync::LazyLock::new(|| $crate::rules::import::cue::pattern($pattern));
    )+};
}

pub(crate) use {cues, words};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_one_short_visible_line() {
        assert_eq!(shorten("a\n  b\u{200b}c\u{7}"), "a b c");
        assert!(shorten(&"x".repeat(500)).chars().count() <= 141);
    }

    #[test]
    fn cues_of_one_rule_count_once() {
        let t = Cues::new(&[cue("a", 2, "one"), cue("a", 3, "two"), cue("b", 1, "three")]);
        assert_eq!(score(&t.hits("one two three")), 4);
        assert_eq!(t.hits("ONE\ntwo").len(), 2, "no case, whole words");
        assert!(t.hits("bone").is_empty());
    }
}
