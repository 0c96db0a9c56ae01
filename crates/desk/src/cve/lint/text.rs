//! What stands in texts: white space, unseen characters, markup, placeholders.

use std::sync::LazyLock;

use memchr::memmem;

use super::{Level, Record, say, version};
use crate::cve::check::{At, Node, Sink, quoted};

/// The shortest description that says something, in characters (cvelint E003).
const SHORTEST: usize = 10;

/// Tags that lay out text. Others are quoted from the flaw itself more often than not.
const LAYOUT: &[&str] = &[
    "p",
    "br",
    "hr",
    "b",
    "i",
    "u",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "div",
    "span",
    "a",
    "code",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "tr",
    "td",
    "th",
    "tt",
    "blockquote",
    "font",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sentences, over several lines.
    Prose,
    /// A name or heading, on one line.
    Name,
    /// A vendor or product; what stands for no name has rules of its own.
    Product,
    /// A version, whose white space has a rule of its own.
    Version,
}

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    descriptions(r, cna, sink);
    if let Some(title) = r.cna.get("title") {
        look(title, &cna.key("title"), Kind::Name, sink);
    }
    for key in [
        "descriptions",
        "rejectedReasons",
        "configurations",
        "workarounds",
        "solutions",
        "exploits",
        "timeline",
    ] {
        let list = cna.key(key);
        for (n, d) in r.cna.items(key) {
            part(d, "value", &list.index(n), Kind::Prose, sink);
        }
    }
    let list = cna.key("credits");
    for (n, c) in r.cna.items("credits") {
        part(c, "value", &list.index(n), Kind::Name, sink);
    }
    let list = cna.key("problemTypes");
    for (n, p) in r.cna.items("problemTypes") {
        let item = list.index(n);
        let inner = item.key("descriptions");
        for (m, d) in p.items("descriptions") {
            part(d, "description", &inner.index(m), Kind::Name, sink);
        }
    }
    let list = cna.key("affected");
    for (n, a) in r.cna.items("affected") {
        let item = list.index(n);
        for key in ["vendor", "product"] {
            part(a, key, &item, Kind::Product, sink);
        }
        part(a, "packageName", &item, Kind::Name, sink);
        let ranges = item.key("versions");
        for (m, v) in a.items("versions") {
            let one = ranges.index(m);
            for key in ["version", "lessThan", "lessThanOrEqual"] {
                part(v, key, &one, Kind::Version, sink);
            }
        }
    }
}

fn part(node: &Node<'_>, key: &str, at: &At<'_>, kind: Kind, sink: &mut Sink<'_, '_>) {
    if let Some(value) = node.get(key) {
        look(value, &at.key(key), kind, sink);
    }
}

/// cvelint E003, E004, E016, E020.
fn descriptions(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let rejected = r.state == Some("REJECTED");
    let key = if rejected { "rejectedReasons" } else { "descriptions" };
    let list = cna.key(key);
    let mut languages: Vec<&str> = Vec::new();
    for (n, d) in r.english(key) {
        languages.extend(d.get("lang").and_then(Node::text));
        let text = d.get("value").and_then(Node::text).unwrap_or_default();
        if text.chars().take(SHORTEST).count() < SHORTEST {
            say(
                sink,
                "lint.E003",
                &list.index(n),
                format!("{} is too short to describe anything", quoted(text)),
            );
        }
    }
    let none = languages.is_empty();
    languages.sort_unstable();
    // `en` beside `en-US` is no second one: services keep one entry of each.
    if let Some(twice) =
        languages.windows(2).find_map(|w| if let [a, b] = w { (a == b).then_some(*a) } else { None })
    {
        let entries = languages.iter().filter(|l| **l == twice).count();
        say(
            sink,
            "lint.E003",
            &list,
            format!("there are {entries} entries with `lang`: {}; readers show one of them", quoted(twice)),
        );
    }
    if none && r.state == Some("PUBLISHED") {
        say(sink, "lint.E016", &list, "there is no entry with `lang`: `en`");
    }
    for (n, d) in r.cna.items(key) {
        let Some(text) = d.get("value").and_then(Node::text) else { continue };
        let item = list.index(n);
        let at = item.key("value");
        if !rejected && text.trim().len() != text.len() {
            say(sink, "lint.E004", &at, "begins or ends with white space");
        }
        if let Some(escape) = literal_escape(text) {
            say(sink, "lint.E020", &at, format!("holds {} where a character was meant", quoted(escape)));
        }
    }
}

/// `\u` and four hexadecimal digits, as characters of the text.
fn literal_escape(text: &str) -> Option<&str> {
    static ESCAPE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("\\u"));
    ESCAPE.find_iter(text.as_bytes()).find_map(|n| {
        let whole = text.get(n..n + 6)?;
        whole.bytes().skip(2).all(|b| b.is_ascii_hexdigit()).then_some(whole)
    })
}

/// What kinds of bytes a text holds, seen in one pass; most texts need no second one.
const ODD: u8 = 1;
const TAG: u8 = 2;
const MARK: u8 = 4;
const BRACKET: u8 = 8;
const LINE: u8 = 16;

static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            b'<' | b'&' => TAG,
            b'*' | b'#' | b'`' | b']' => MARK,
            b'[' => BRACKET,
            b'\t' | b'\n' | b'\r' => LINE,
            0..0x20 | 0x7F..=0xFF => ODD,
            _ => 0,
        };
        b += 1;
    }
    table
};

fn kinds(text: &str) -> u8 {
    text.bytes().fold(0, |k, b| k | KINDS.get(usize::from(b)).copied().unwrap_or(0))
}

fn look(node: &Node<'_>, at: &At<'_>, kind: Kind, sink: &mut Sink<'_, '_>) {
    let Some(text) = node.text() else { return };
    let kinds = kinds(text);
    if kinds & ODD != 0 || (kinds & LINE != 0 && kind != Kind::Prose) {
        unseen(text, at, kind, sink);
    }
    let blank = text.trim().is_empty();
    if matches!(kind, Kind::Name | Kind::Product) && text.trim().len() != text.len() && !blank {
        say(sink, "lint.whitespace", at, format!("{} begins or ends with white space", quoted(text)));
    }
    // `n/a`, `-` and `/` as vendor or product have rules of their own.
    let own_rule = kind == Kind::Product && matches!(text, "-" | "/" | "n/a");
    let version = kind == Kind::Version && matches!(text, "-" | "*");
    if !text.is_empty() && !own_rule && !version && version::is_placeholder(text) {
        let what = if blank { "a blank".to_owned() } else { quoted(text) };
        say(sink, "lint.placeholder", at, format!("{what} says nothing"));
    } else if let Some(mark) = template(text, kinds & BRACKET != 0) {
        say(sink, "lint.placeholder", at, format!("holds {}, which nobody filled in", quoted(mark)));
    }
    if kind == Kind::Version {
        return;
    }
    if kinds & TAG != 0
        && let Some(tag) = html(text)
    {
        say(sink, "lint.html", at, format!("holds {}; plain text belongs here", quoted(tag)));
    }
    if kinds & MARK != 0
        && let Some(mark) = markdown(text)
    {
        sink.say(
            "lint.markdown",
            Level::Note,
            at,
            format!("holds Markdown ({mark}), which is shown as it is"),
        );
    }
}

/// A place in a template that nobody filled: `[FIXED_VERSION]`, `TBD`.
fn template(text: &str, brackets: bool) -> Option<&str> {
    let bracket = || {
        text.match_indices('[').take(64).find_map(|(n, _)| {
            let rest = text.get(n + 1..)?;
            let end = rest.bytes().take(40).position(|b| b == b']')?;
            let word = rest.get(..end)?;
            let upper = word.len() >= 5 && word.bytes().all(|b| b.is_ascii_uppercase() || b"_ ".contains(&b));
            let marks = [
                "VERSION",
                "PRODUCT",
                "VENDOR",
                "COMPONENT",
                "PROJECT",
                "IMPACT",
                "ATTACK",
                "INSERT",
                "PLACEHOLDER",
            ];
            (upper && marks.iter().any(|m| word.contains(m))).then(|| text.get(n..n + end + 2))?
        })
    };
    static TBD: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("TBD"));
    static FIXME: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("FIXME"));
    let word = |w: &memmem::Finder<'static>| {
        w.find_iter(text.as_bytes()).take(16).find_map(|n| {
            let w = w.needle();
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let before = text.get(..n).and_then(|t| t.chars().next_back());
            let after = text.get(n + w.len()..).and_then(|t| t.chars().next());
            (!inside(before) && !inside(after)).then(|| text.get(n..n + w.len()))?
        })
    };
    brackets.then(bracket).flatten().or_else(|| word(&TBD)).or_else(|| word(&FIXME))
}

fn unseen(text: &str, at: &At<'_>, kind: Kind, sink: &mut Sink<'_, '_>) {
    let mut spaces = 0usize;
    let mut first_space = None;
    let mut other = None;
    for (n, c) in text.chars().enumerate() {
        match c {
            '\u{A0}' | '\u{2007}' | '\u{202F}' => {
                spaces += 1;
                first_space = first_space.or(Some((n, c)));
            }
            '\n' | '\r' | '\t' if kind == Kind::Prose => {}
            '\u{200B}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{AD}' => other = other.or(Some((n, c))),
            c if c.is_control() => other = other.or(Some((n, c))),
            _ => {}
        }
    }
    if let Some(wrong) = mojibake(text) {
        let message = format!("holds {}: its characters were read in the wrong character set", quoted(wrong));
        say(sink, "lint.mojibake", at, message);
    }
    if let Some((n, c)) = first_space {
        let code = u32::from(c);
        let more = if spaces > 1 { format!(", and {} more", spaces - 1) } else { String::new() };
        let message = format!("character {} is a non-breaking space (U+{code:04X}){more}", n + 1);
        say(sink, "lint.nbsp", at, message);
    }
    if let Some((n, c)) = other {
        let message = format!("character {} cannot be seen (U+{:04X})", n + 1, u32::from(c));
        say(sink, "lint.invisible", at, message);
    }
}

/// UTF-8 that was read as Latin-1 or Windows-1252, or what was put where it could not be read.
fn mojibake(text: &str) -> Option<&str> {
    if let Some(n) = text.find('\u{FFFD}') {
        return text.get(n..n + 3);
    }
    let mut chars = text.char_indices().peekable();
    while let Some((n, c)) = chars.next() {
        let Some((m, next)) = chars.peek().copied() else { break };
        let wrong = match c {
            'Ã' | 'Â' => matches!(next, '\u{80}'..='\u{BF}'),
            'â' => next == '€',
            _ => false,
        };
        if wrong {
            return text.get(n..m + next.len_utf8());
        }
    }
    None
}

/// The first piece of HTML that lays out text.
fn html(text: &str) -> Option<&str> {
    let entity = || {
        text.match_indices('&').find_map(|(n, _)| {
            let rest = text.get(n + 1..)?;
            let end = rest.bytes().take(9).position(|b| b == b';')?;
            let name = rest.get(..end)?;
            let number = name.strip_prefix('#').is_some_and(|d| {
                let hex = d.strip_prefix(['x', 'X']);
                let (digits, radix) = hex.map_or((d, 10), |h| (h, 16));
                !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
            });
            (number || ["lt", "gt", "amp", "quot", "apos", "nbsp"].contains(&name))
                .then(|| text.get(n..n + end + 2))?
        })
    };
    let tag = || {
        // Seeing that a tag is closed costs a scan of the text; a few tags are enough to judge by.
        text.match_indices('<').take(64).find_map(|(n, _)| {
            let rest = text.get(n + 1..)?;
            let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
            let low = name.to_ascii_lowercase();
            if !LAYOUT.contains(&low.as_str()) {
                return None;
            }
            let end = rest.get(..rest.len().min(300).min(floor(rest, 300)))?.find('>')?;
            let inside = rest.get(name.len()..end)?;
            if !(inside.is_empty() || inside.starts_with([' ', '/', '\n'])) {
                return None;
            }
            let whole = text.get(n..n + end + 2)?;
            let alone = ["br", "hr", "p"].contains(&low.as_str());
            let closed = || {
                rest.match_indices("</").take(64).any(|(m, _)| {
                    rest.get(m + 2..m + 2 + low.len()).is_some_and(|t| t.eq_ignore_ascii_case(&low))
                        && rest.as_bytes().get(m + 2 + low.len()) == Some(&b'>')
                })
            };
            (alone || closed()).then_some(whole)
        })
    };
    if text.contains('<')
        && let Some(t) = tag()
    {
        return Some(t);
    }
    if text.contains('&') { entity() } else { None }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0)
}

/// What of Markdown stands in a text.
fn markdown(text: &str) -> Option<&'static str> {
    if text.contains("```") {
        return Some("a code fence");
    }
    if text.contains("](http") {
        return Some("a link");
    }
    let bold = |(n, _): (usize, &str)| {
        let before = text.get(..n).and_then(|t| t.chars().next_back());
        let rest = text.get(n + 2..).unwrap_or_default();
        before.is_none_or(char::is_whitespace)
            && rest.starts_with(|c: char| c.is_alphanumeric())
            && rest.find("**").is_some_and(|m| {
                let inner = rest.get(..m).unwrap_or_default();
                !inner.contains('\n') && !inner.ends_with(char::is_whitespace) && !inner.contains('/')
            })
    };
    if text.match_indices("**").take(32).any(bold) {
        return Some("bold");
    }
    let heading = |l: &str| {
        let rest = l.trim_start_matches('#');
        (1..=6).contains(&(l.len() - rest.len())) && rest.starts_with(' ') && rest.len() > 2
    };
    (text.contains('#') && text.contains('\n') && text.lines().any(heading)).then_some("a heading")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_that_lays_out_text() {
        for t in [
            "a<br>b",
            "<p>a</p>",
            "see <a href=\"x\">y</a>",
            "a &lt;script&gt; b",
            "x&nbsp;y",
            "&#39;",
            "<B>x</B>",
        ] {
            assert!(html(t).is_some(), "{t}");
        }
        for t in [
            "an unclosed <b> tag is passed on",
            "<script>alert(1)</script> is not escaped",
            "<servlet-name>x</servlet-name>",
            "Vec<a> and a < b",
            "R&D; AT&T; a&b=c;",
            "<clinit>",
            "generic List<String>",
        ] {
            assert_eq!(html(t), None, "{t}");
        }
    }

    #[test]
    fn markdown_in_plain_text() {
        for t in ["use **this** one", "[a](https://b.example)", "x\n## Impact\ny", "```\ncode\n```"] {
            assert!(markdown(t).is_some(), "{t}");
        }
        for t in [
            "**kwargs and *args",
            "matches **/*.js and **/*.ts",
            "issue #12\nand #13",
            "2 ** 3 ** 4",
            "C# and\nF#",
        ] {
            assert_eq!(markdown(t), None, "{t}");
        }
    }

    #[test]
    fn templates_that_nobody_filled() {
        for t in ["upgrade to version [FIXED_VERSION], which", "[PRODUCT NAME] allows", "affects TBD."] {
            assert!(template(t, true).is_some(), "{t}");
        }
        for t in ["[SECURITY] notice", "a[INDEX] is read", "[CVE-2026-1]", "set [mail] SMTP", "NOTBDX"] {
            assert_eq!(template(t, true), None, "{t}");
        }
    }

    #[test]
    fn literal_escapes() {
        assert_eq!(literal_escape(r"a \u00e9 b"), Some(r"\u00e9"));
        assert_eq!(literal_escape(r"C:\users\u1"), None);
    }
}
