//! Shared reading of plain text: lines without quote marks, blocks, sentence ends, markup.

use std::sync::LazyLock;

use crate::pattern::Regex;

/// One line of mail without its quote marks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The line, quote marks and trailing space removed.
    pub text: &'a str,
    /// Did quote marks precede it?
    pub quoted: bool,
    /// Does it stand in a code fence (or is it the fence itself)?
    pub fenced: bool,
}

/// Splits text into lines and removes quote marks (`>`); fences toggle on three or more backticks or tildes.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut fence: Option<char> = None;
    text.lines()
        .map(|raw| {
            let mut line = raw.trim_end();
            let mut quoted = false;
            while let Some(rest) = line.trim_start().strip_prefix('>') {
                quoted = true;
                line = rest;
            }
            let head = line.trim_start();
            let mark = ['`', '~'].into_iter().find(|c| head.chars().take(3).filter(|h| h == c).count() == 3);
            let fenced = match (fence, mark) {
                (None, Some(c)) => {
                    fence = Some(c);
                    true
                }
                (Some(open), Some(c)) if open == c => {
                    fence = None;
                    true
                }
                (open, _) => open.is_some(),
            };
            Line { text: line, quoted, fenced }
        })
        .collect()
}

/// Whitespace runs become one space; ends are trimmed.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The first `n` characters.
pub(super) fn head(text: &str, n: usize) -> &str {
    text.char_indices().nth(n).map_or(text, |(i, _)| text.get(..i).unwrap_or(text))
}

static BULLET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:[-+•*·]|\d{1,2}[.)])\s+").expect("valid"));

/// `Label: value` at the start of a line, markup around the label removed. Addresses (`https:`) are no labels.
pub(super) fn label(line: &str) -> Option<(&str, &str)> {
    let (label, value) = labelled(line)?;
    if value.starts_with("//") || value.starts_with(':') || label.split_whitespace().count() > 10 {
        return None;
    }
    Some((label, value.trim()))
}

/// A list mark, emphasis, a label of up to 80 letters, digits and a few signs, emphasis, a colon, emphasis; the rest is
/// the value. Read by hand: as a pattern, it was the dearest of all.
fn labelled(line: &str) -> Option<(&str, &str)> {
    let at = line.find([':', '：'])?;
    let (before, rest) = line.split_at(at);
    let label = emphasis_off(unmarked(before.trim_start())?).trim_end();
    let mut trimmed = label;
    for _ in 0..3 {
        trimmed = trimmed.strip_suffix(['*', '_', '`']).unwrap_or(trimmed);
    }
    let mut chars = trimmed.chars();
    let first = chars.next().is_some_and(is_letter);
    let fits = chars.clone().all(|c| c.is_alphanumeric() || is_mark(c) || " /&'’._()-".contains(c));
    if !first || !fits || chars.count() > 79 {
        return None;
    }
    let value = rest.strip_prefix([':', '：'])?;
    Some((trimmed.trim(), emphasis_off(value)))
}

/// What follows a list mark, if the line has one; `None` where no label can follow.
fn unmarked(line: &str) -> Option<&str> {
    let blank = |s: &str| s.starts_with(char::is_whitespace);
    if let Some(rest) = line.strip_prefix(['-', '+', '•', '*']).filter(|r| blank(r)) {
        return Some(rest.trim_start());
    }
    if line.starts_with(char::is_numeric) {
        let mut chars = line.chars();
        let digits = chars.clone().take_while(|c| c.is_numeric()).count();
        if digits > 2 {
            return None;
        }
        let rest = chars.by_ref().nth(digits - 1).and_then(|_| chars.as_str().strip_prefix(['.', ')']))?;
        return blank(rest).then(|| rest.trim_start());
    }
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    if hashes > 0 {
        return (hashes <= 6).then(|| line.get(hashes..).unwrap_or_default().trim_start());
    }
    Some(line.strip_prefix('|').map_or(line, str::trim_start))
}

/// Without up to three marks of emphasis in front.
fn emphasis_off(text: &str) -> &str {
    let marks = text.bytes().take(3).take_while(|b| matches!(b, b'*' | b'_' | b'`')).count();
    text.get(marks..).unwrap_or(text)
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !c.is_numeric() && !is_mark(c)
}

/// A line without its bullet or number, when it had one.
pub(super) fn bullet(line: &str) -> Option<&str> {
    BULLET.find(line).map(|m| line[m.end()..].trim())
}

/// The text of a Markdown heading, or of a line that is bold as a whole or underlined text alone.
pub(super) fn heading(line: &str) -> Option<&str> {
    let t = line.trim();
    let h = t.trim_start_matches('#');
    if h.len() < t.len() && (h.starts_with(' ') || h.starts_with('*')) {
        return Some(h.trim().trim_matches(['*', '_', '#', ' ', ':', '：']));
    }
    let bold = t.strip_prefix("**").and_then(|b| b.strip_suffix("**"));
    let slanted = ['*', '_']
        .into_iter()
        .find_map(|c| t.strip_prefix(c)?.strip_suffix(c))
        .filter(|s| s.split_whitespace().count() <= 5);
    bold.or(slanted).filter(|b| !b.contains(['*', '_'])).map(|b| b.trim().trim_matches([':', '：', ' ']))
}

/// Cells of a table row.
pub(super) fn cells(line: &str) -> Option<Vec<&str>> {
    let t = line.trim();
    let inner = t.strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(inner.split('|').map(str::trim).collect())
}

/// Lines that end a mail: a closing formula or the signature mark.
pub(super) fn closing(line: &str) -> bool {
    static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)^\s*(?:--\s*$|__+$|(?:best|kind|warm|many|with)?\s*(?:regards|wishes)|best\s*,?$|thanks?\b|thank you|thx|cheers|sincerely|yours|respectfully|cordially|mit freundlichen|viele grüße|cordialement|saludos|atentamente|此致|よろしく)",
        )
        .expect("valid")
    });
    CLOSING.is_match(line)
}

/// Words that open a new English sentence rather than go on with a name.
pub(super) fn opens_sentence(word: &str) -> bool {
    matches!(
        word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\''),
        "The"
            | "This"
            | "That"
            | "These"
            | "Those"
            | "I"
            | "I'm"
            | "I'd"
            | "I've"
            | "We"
            | "We're"
            | "We'd"
            | "We've"
            | "You"
            | "Your"
            | "It"
            | "It's"
            | "If"
            | "In"
            | "An"
            | "A"
            | "As"
            | "At"
            | "My"
            | "Our"
            | "There"
            | "Let"
            | "Also"
            | "Please"
            | "Note"
            | "Looking"
            | "For"
            | "From"
            | "When"
            | "While"
            | "With"
            | "Thank"
            | "Thanks"
            | "No"
            | "Not"
            | "They"
            | "He"
            | "She"
            | "His"
            | "Her"
            | "Their"
            | "Is"
            | "Are"
            | "Do"
            | "Does"
            | "Can"
            | "Could"
            | "Should"
            | "Would"
            | "Best"
            | "Kind"
            | "Regards"
            | "Cheers"
            | "Hello"
            | "Hi"
            | "Dear"
            | "Happy"
            | "Feel"
            | "However"
            | "Attached"
            | "Affected"
            | "See"
            | "To"
            | "On"
            | "Here"
            | "All"
            | "Any"
            | "After"
            | "Before"
            | "Once"
            | "Since"
            | "Description"
            | "Summary"
            | "Impact"
            | "Details"
            | "Steps"
            | "CVSS"
            | "CWE"
            | "Severity"
            | "Version"
            | "Versions"
            | "Reproduction"
            | "Proof"
            | "PoC"
            | "Vulnerability"
    )
}

fn abbreviation(token: &str) -> bool {
    let t = token.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
    let bare = t.trim_end_matches('.');
    if bare.chars().count() == 1 && bare.chars().all(char::is_alphabetic) {
        return true; // an initial
    }
    let dotted = bare.contains('.') && bare.split('.').all(|p| p.chars().count() <= 2); // S.p.A., e.V., Ph.D.
    dotted
        || matches!(
            bare.to_lowercase().as_str(),
            "inc"
                | "ltd"
                | "corp"
                | "co"
                | "dr"
                | "mr"
                | "mrs"
                | "ms"
                | "jr"
                | "sr"
                | "st"
                | "prof"
                | "dept"
                | "univ"
                | "inst"
                | "pty"
                | "pvt"
                | "bros"
                | "intl"
                | "assoc"
                | "dipl"
                | "ph"
                | "esq"
        )
}

/// Where the first sentence ends: the byte after its last character, and whether a stop was found. Dots inside
/// names, initials and company forms do not end it; neither does anything inside closed parentheses.
pub(super) fn sentence_end(text: &str, semicolon: bool) -> (usize, bool) {
    let mut depth = 0usize;
    for (i, c) in text.char_indices() {
        let after = text.get(i + c.len_utf8()..).unwrap_or_default();
        match c {
            '(' | '（' if head(after, 160).contains([')', '）']) => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '。' | '！' | '？' => return (i, true),
            ';' if semicolon => return (i, true),
            '!' | '?' if after.is_empty() || after.starts_with(char::is_whitespace) => return (i, true),
            '.' => {
                let rest = after.trim_start_matches(['"', '”', '\'', ')', '*', '_', '`', '.']);
                if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                    continue;
                }
                let token =
                    text.get(..i).unwrap_or_default().rsplit(char::is_whitespace).next().unwrap_or_default();
                let next = rest.split_whitespace().next();
                let abbreviated = abbreviation(token);
                match next {
                    None if abbreviated => return (i + 1, true),
                    None => return (i, true),
                    Some(w) if abbreviated && !opens_sentence(w) => {}
                    Some(_) if abbreviated => return (i + 1, true),
                    Some(_) => return (i, true),
                }
            }
            _ => {}
        }
    }
    (text.len(), false)
}

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"!?\[([^\]\[]*)\]\([^)\s]*\)").expect("valid"));
static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:&lt;|[<(\[])?\s*(?:mailto:)?[\p{L}\p{N}._%+\-]+@[\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)+\s*(?:&gt;|[>)\]])?",
    )
    .expect("valid")
});
static MAIL_OBFUSCATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[<(\[]?\s*[\w.+\-]+\s*[\[({]at[\])}]\s*[\w\-]+(?:\s*(?:\.|[\[({]dot[\])}])\s*[\w\-]+)+\s*[>)\]]?").expect("valid")
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[<(\[]?\s*\b(?:https?://|www\.)[^\s<>()\[\]]+\s*[>)\]]?").expect("valid")
});
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)</?(?:b|i|u|em|strong|a|p|br|span|code|tt|font|div|li|sub|sup)(?:\s[^<>]*)?/?>")
        .expect("valid")
});
static EMPTY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\(\s*[,;]?\s*\)|<\s*>|\[\s*\]").expect("valid"));
static STRESS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\*{1,3}|`+|~~|__").expect("valid"));
static UNDERSCORE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^|[\s(])_([^_\s](?:[^_]*[^_\s])?)_($|[\s),.;:])").expect("valid"));

/// A name without Markdown, HTML, addresses and links. Only removes and joins whitespace; never adds a character.
pub(super) fn plain(text: &str) -> String {
    let s = LINK.replace_all(text, "$1");
    let s = TAG.replace_all(&s, "");
    let s = ADDRESS.replace_all(&s, " ");
    let s = MAIL.replace_all(&s, " ");
    let s = MAIL_OBFUSCATED.replace_all(&s, " ");
    let s = STRESS.replace_all(&s, "");
    let s = UNDERSCORE.replace_all(&s, "$1$2$3");
    let s = EMPTY.replace_all(&s, " ");
    let s = collapse(&s).replace(" ,", ",").replace("( ", "(").replace(" )", ")");
    s.trim_matches(|c: char| c.is_whitespace() || ",;:|-–—•/\\=".contains(c)).trim().to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a label is, as a pattern.
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^\s*(?:[-+•*]\s+|\d{1,2}[.)]\s+|#{1,6}\s*|\|\s*)?[*_`]{0,3}(?P<label>\p{L}[\p{L}\p{M}\p{N} /&'’._()\-]{0,79}?)[*_`]{0,3}\s*[:：][*_`]{0,3}(?P<value>.*)$",
        )
        .unwrap()
    });

    fn by_pattern(line: &str) -> Option<(&str, &str)> {
        let c = LABEL.captures(line)?;
        Some((c.name("label")?.as_str().trim(), c.name("value")?.as_str()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn a_label_is_what_the_pattern_says(
            line in "[ \t]{0,2}([-+•*#|0-9.)]{0,4})[ *_`]{0,5}[a-zA-ZéЖ漏:： *_`'’./&()=\\-\u{301}1-9]{0,24}[ *_`]{0,5}[:：]{0,2}[ *_`a-z:]{0,8}"
        ) {
            prop_assert_eq!(labelled(&line), by_pattern(&line));
        }
    }

    #[test]
    fn a_label_has_at_most_80_characters() {
        for n in [79, 80, 81, 82] {
            let line = format!("{}: x", "é".repeat(n));
            assert_eq!(labelled(&line), by_pattern(&line), "{n}");
        }
    }

    #[test]
    fn sentences_end_after_names_with_dots() {
        for (text, want) in [
            ("bugbunny.ai. We thank you", "bugbunny.ai"),
            ("J. R. Smith. The bug", "J. R. Smith"),
            ("Jane Doe of Acme Inc. Please tell us", "Jane Doe of Acme Inc."),
            ("Jane Doe of Acme Inc. for the fix", "Jane Doe of Acme Inc. for the fix"),
            ("Dr. Jane Doe, Dept. of CS", "Dr. Jane Doe, Dept. of CS"),
            ("Jane Doe (Acme. Really). Bye", "Jane Doe (Acme. Really)"),
            ("张伟。谢谢", "张伟"),
        ] {
            assert_eq!(&text[..sentence_end(text, true).0], want);
        }
    }

    #[test]
    fn markup_and_mail_leave_names() {
        for (text, want) in [
            ("**Alice**", "Alice"),
            ("[Alice](https://a.example)", "Alice"),
            ("Alice <a@b.c>", "Alice"),
            ("Alice (alice@example.org), Acme", "Alice, Acme"),
            ("_Alice_ of `Acme`", "Alice of Acme"),
            ("<b>Alice</b> https://a.example/x", "Alice"),
            ("snake_case_user", "snake_case_user"),
            ("Alice [at] Acme", "Alice [at] Acme"),
            ("Alice (@alice) of Acme", "Alice (@alice) of Acme"),
        ] {
            assert_eq!(plain(text), want, "{text}");
        }
    }
}
