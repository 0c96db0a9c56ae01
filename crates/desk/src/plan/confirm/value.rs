//! Where a free text inside an answer ends.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::lex::rest;

fn re(pattern: &str) -> Regex {
    // Every pattern is a literal of this file and is compiled by a test.
    #[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
    Regex::new(pattern).unwrap()
}

/// `3:skip` and its like: a new command.
static ITEM_OP: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)[\s,;]#?\d{1,9}(?:\s*-\s*\d{1,9})?\s*:\s*(?:skip|edit|reject|upgrade|downgrade|reclassify|all|apply|import|include|go|ok|yes|no|none|canned|cancel|hold)\b",
    )
});
const SKIPS: &str = r"(?:skip|reject|exclude|omit|drop|ignore|leave\s+out|except|mark|not|do\s+not(?:\s+[a-z]+)?|don['’]?t(?:\s+[a-z]+)?)\s+(?:the\s+)?(?:items?\s+|numbers?\s+|reports?\s+)?#?\d";
/// After a comma: a skip with a number is a command of its own.
static SKIP_HERE: LazyLock<Regex> =
    LazyLock::new(|| re(&format!(r"(?i)^\s*(?:(?:and|then|but|also|please)\s+)*{SKIPS}")));
/// After a semicolon: so is any plain selection up to the line's end.
static SELECTION_HERE: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)^\s*(?:all|everything|go|proceed|yes|none|cancel|hold off|#?\d+(?:(?:\s*,\s*|\s+and\s+|\s*-\s*|\s+)#?\d+)*)\s*[.!;]?\s*(?:\n|$)",
    )
});
/// A skip in running text, with its numbers.
static HIDDEN: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:skip|reject|exclude|omit|except|do\s+not\s+import|don['’]?t\s+import)\s+(?:items?\s+|numbers?\s+|reports?\s+)?(#?\d{1,9}(?:(?:\s*,\s*|\s+and\s+|\s*&\s*|\s+)#?\d{1,9})*)",
    )
});
/// Where a name nobody knows ends.
static UNKNOWN_END: LazyLock<Regex> = LazyLock::new(|| {
    re(r"(?i)[,;\n]|\s(?:skip|reject|exclude|except|all|go|none|cancel|don['’]?t|do\s+not)\b|\s#?\d{1,9}\s*:")
});

/// End of the line at `at`.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    rest(text, at).find('\n').map_or(text.len(), |i| at + i)
}

/// How much of this text an unknown name takes.
pub(super) fn unknown_end(text: &str) -> usize {
    let lead = text.len() - text.trim_start().len();
    UNKNOWN_END.find_at(text, lead).map_or(text.len(), |m| m.start())
}

/// A quotation that begins here: what is inside, and where it ends.
pub(super) fn quoted(text: &str, at: usize) -> Option<(&str, usize)> {
    let tail = rest(text, at);
    let lead = tail.len() - tail.trim_start_matches([' ', '\t']).len();
    let body = rest(tail, lead);
    let open = body.chars().next()?;
    let close = match open {
        '"' | '\'' | '`' => open,
        '“' | '„' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    let inner = rest(body, open.len_utf8());
    let len = inner.find(close)?;
    Some((inner.get(..len)?, at + lead + open.len_utf8() + len + close.len_utf8()))
}

/// Does a command, a separator or nothing begin here?
fn command_here(text: &str) -> bool {
    let t = text.trim_start_matches([' ', '\t', '.', '!']);
    t.is_empty()
        || t.starts_with(['\n', ';', ','])
        || SKIP_HERE.is_match(t)
        || ITEM_OP.find(text).is_some_and(|m| text.get(..m.start()).is_some_and(|s| s.trim().is_empty()))
}

/// Free text: to the line's end and over indented lines below it, or to the next command. Verbatim, trimmed.
pub(super) fn free_text(text: &str, at: usize) -> (String, usize) {
    if let Some((_, end)) = quoted(text, at)
        && command_here(rest(text, end))
    {
        return (text.get(at..end).unwrap_or("").trim().to_string(), end);
    }
    let mut end = line_end(text, at);
    while rest(text, end).starts_with("\n ") || rest(text, end).starts_with("\n\t") {
        end = line_end(text, end + 1);
    }
    let body = text.get(at..end).unwrap_or("");
    // The operation needs a separator before it, which may be the first byte of the value.
    let mut stop = ITEM_OP.find(body).map_or(body.len(), |m| m.start());
    for (i, c) in body.char_indices().take_while(|(i, _)| *i < stop) {
        let after = rest(body, i + c.len_utf8());
        let ends = match c {
            ';' => SKIP_HERE.is_match(after) || SELECTION_HERE.is_match(after),
            ',' | '.' => after.starts_with([' ', '\t']) && SKIP_HERE.is_match(after),
            _ => false,
        };
        if ends {
            stop = i;
            break;
        }
    }
    (body.get(..stop).unwrap_or("").trim().to_string(), at + stop)
}

/// The value of `key: value` where pairs are joined by commas.
pub(super) fn key_text(text: &str, at: usize, keys: &[&str]) -> (String, usize) {
    if let Some((inner, end)) = quoted(text, at)
        && command_here(rest(text, end))
    {
        return (inner.trim().to_string(), end);
    }
    let body = text.get(at..line_end(text, at)).unwrap_or("");
    let mut stop = body.len();
    for (i, c) in body.char_indices().filter(|(_, c)| matches!(c, ',' | ';')) {
        let after = rest(body, i + c.len_utf8()).trim_start();
        let word_len = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
        let word = after.get(..word_len).unwrap_or("").to_lowercase();
        let then = rest(after, word_len).trim();
        let next_key = keys.contains(&word.as_str()) && then.starts_with([':', '=']);
        let last_word = matches!(word.as_str(), "go" | "proceed" | "yes" | "ok" | "cancel" | "none")
            && then.trim_matches(['.', '!']).is_empty();
        if next_key || last_word {
            stop = i;
            break;
        }
    }
    (body.get(..stop).unwrap_or("").trim().to_string(), at + stop)
}

/// Numbers that a `skip 1` inside a text names.
pub(super) fn hidden_skips(text: &str) -> Vec<u32> {
    if text.starts_with(['"', '“', '`', '«']) {
        return Vec::new();
    }
    HIDDEN
        .captures_iter(text)
        .filter_map(|c| c.get(1))
        .flat_map(|m| m.as_str().split(|c: char| !c.is_ascii_digit()).filter_map(|d| d.parse().ok()))
        .collect()
}
