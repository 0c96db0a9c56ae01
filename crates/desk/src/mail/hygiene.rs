//! Text from strangers, made safe to look at (intake page §7): what cannot be seen is spelled out.

use std::{borrow::Cow, fmt::Write as _};

/// Controls other than line feed and tab: C0, DEL, C1.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// Characters that show nothing or reorder what is shown, whatever stands around them: the one list of them.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}' | '\u{1F000}'..='\u{1FAFF}'
        | '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}')
}

/// Scripts whose spelling needs the zero-width joiners.
fn is_joining(c: char) -> bool {
    // Their blocks hold unseen characters too (U+061C, U+17B4, U+180B), which excuse nothing.
    !is_hidden(c)
        && matches!(c, '\u{0600}'..='\u{08FF}' | '\u{0900}'..='\u{0DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}'
        | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Is `c` between those two neighbours something a reader cannot see? A joiner that spells an emoji or a word of
/// a joining script is not; nor is an emoji's presentation selector.
fn invisible_between(prev: Option<char>, c: char, next: Option<char>) -> bool {
    if !is_hidden(c) {
        return false;
    }
    match c {
        '\u{200D}' => {
            let emoji =
                prev.is_some_and(|p| is_pictograph(p) || p == '\u{FE0F}') && next.is_some_and(is_pictograph);
            let word = prev.is_some_and(is_joining);
            !(emoji || word)
        }
        '\u{200C}' => !(prev.is_some_and(is_joining) && next.is_some_and(is_joining)),
        '\u{FE0E}' | '\u{FE0F}' => {
            !prev.is_some_and(|p| is_pictograph(p) || p.is_ascii_digit() || p == '#' || p == '*')
        }
        _ => true,
    }
}

/// Does the text hold bidirectional, zero-width or other unseen characters? A byte-order mark at the start does
/// not count, nor do the joiners of emoji and of scripts that need them.
#[must_use]
pub fn has_invisible(text: &str) -> bool {
    // Every such character takes at least two bytes, the first of which is not ASCII.
    if text.is_ascii() {
        return false;
    }
    let mut prev = None;
    let mut chars = text.strip_prefix('\u{FEFF}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        if invisible_between(prev, c, chars.peek().copied()) {
            return true;
        }
        prev = Some(c);
    }
    false
}

/// Does the text hold control characters other than line feed, tab and carriage return?
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.bytes().any(|b| (b < 0x20 && !matches!(b, b'\n' | b'\t' | b'\r')) || b == 0x7F)
        || (!text.is_ascii() && text.chars().any(|c| ('\u{80}'..='\u{9F}').contains(&c)))
}

/// The text with everything unseen written out, such as `<U+202E>`: controls except LF and TAB, escape,
/// bidirectional and zero-width characters, line and paragraph separators.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut prev = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        if is_control(c) || invisible_between(prev, c, next) {
            let out = out.get_or_insert_with(|| text.get(..at).unwrap_or_default().to_owned());
            // Writing to a String cannot fail.
            let _ = write!(out, "<U+{:04X}>", u32::from(c));
            // What stands there now: a joiner behind it joins nothing.
            prev = Some('>');
            continue;
        }
        if let Some(out) = &mut out {
            out.push(c);
        }
        prev = Some(c);
    }
    out.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A summary on one line, at most `max` characters, an ellipsis included when it was cut: unseen characters are
/// spelled out, runs of blanks are one space, a combining mark stays with its letter.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    // A summary needs the head only; 16 bytes a character is room for blanks and long escapes.
    let mut end = text.len().min(max.saturating_mul(16).saturating_add(1024));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(..end).unwrap_or_default();
    let spaced: String = head.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let seen = visible(&spaced);
    let mut flat = String::with_capacity(seen.len().min(max.saturating_mul(4)));
    let mut count = 0;
    let mut cut = end < text.len();
    for word in seen.split(' ').filter(|w| !w.is_empty()) {
        if count > max {
            cut = true;
            break;
        }
        if !flat.is_empty() {
            flat.push(' ');
            count += 1;
        }
        flat.push_str(word);
        count += word.chars().count();
    }
    if count <= max && !cut {
        return flat;
    }
    let keep = max.saturating_sub(1);
    let mut at = flat.char_indices().nth(keep).map_or(flat.len(), |(i, _)| i);
    // Do not leave a letter without the marks that follow it.
    while at > 0 && flat.get(at..).and_then(|r| r.chars().next()).is_some_and(is_mark) {
        at = flat.get(..at).and_then(|h| h.char_indices().next_back()).map_or(0, |(i, _)| i);
    }
    let mut out = flat.get(..at).unwrap_or_default().trim_end().to_owned();
    if max > 0 {
        out.push('…');
    }
    out
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{200D}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_unseen_is_spelled_out() {
        for (text, want) in [
            ("plain\n\ttext", "plain\n\ttext"),
            ("a\u{202E}b", "a<U+202E>b"),
            ("a\u{200B}b\u{200D}c", "a<U+200B>b<U+200D>c"),
            ("\u{1b}[31m", "<U+001B>[31m"),
            ("a\0b\rc\u{85}", "a<U+0000>b<U+000D>c<U+0085>"),
            ("a\u{2028}b\u{2029}", "a<U+2028>b<U+2029>"),
            ("tag \u{E0041}", "tag <U+E0041>"),
            ("Zoë 日本 👩\u{200D}💻 ❤\u{FE0F}", "Zoë 日本 👩\u{200D}💻 ❤\u{FE0F}"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("a\u{FE0F}\u{200D}👩", "a<U+FE0F><U+200D>👩"),
            ("ب\u{200C}\u{61C}", "ب<U+200C><U+061C>"),
            ("\u{61C}\u{200D}x", "<U+061C><U+200D>x"),
        ] {
            assert_eq!(visible(text), want);
            assert_eq!(has_invisible(text) || has_control(text), text != want, "{text:?}");
        }
    }

    #[test]
    fn one_line_is_short_and_whole() {
        for (text, max, want) in [
            ("  a\n b\t c ", 20, "a b c"),
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("日本語です", 3, "日本…"),
            ("ae\u{301}x", 3, "ae\u{301}…"),
            ("abe\u{301}x", 4, "ab…"),
            ("", 5, ""),
            ("abc", 0, ""),
        ] {
            let got = one_line(text, max);
            if text == "ae\u{301}x" {
                // Four characters in three: the accent goes with its letter.
                assert_eq!(got, "a…");
            } else {
                assert_eq!(got, want, "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn visible_text_has_nothing_unseen(
            text in "\\PC*|.*|[a1ب👩\u{200C}\u{200D}\u{FE0F}\u{61C}\u{17B4}\u{202E}\u{FEFF}]{0,8}", max in 0usize..60,
        ) {
            let seen = visible(&text);
            prop_assert!(!seen.chars().any(is_control) && !has_invisible(&seen), "{seen:?}");
            prop_assert_eq!(visible(&seen), seen.clone());
            let line = one_line(&text, max);
            prop_assert!(line.chars().count() <= max, "{line:?}");
            prop_assert!(!line.contains('\n'));
        }
    }
}
