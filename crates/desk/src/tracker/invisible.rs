//! Characters that a reader cannot see, made visible.

use std::borrow::Cow;

/// Replaces control, bidirectional, zero-width and tag characters by `⟨U+XXXX⟩`, and says how many there were.
/// Line feed and tab stay. Joiners and variation selectors stay between characters that are not ASCII, where
/// scripts and emoji need them.
pub(super) fn visible(text: &str) -> (Cow<'_, str>, usize) {
    if text.bytes().all(|b| (b' '..0x7f).contains(&b) || matches!(b, b'\n' | b'\t')) {
        return (Cow::Borrowed(text), 0);
    }
    let mut out = String::with_capacity(text.len());
    let mut count = 0;
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') && !before.is_ascii();
        let needs_next = matches!(c, '\u{200c}' | '\u{200d}');
        let wanted = joins && (!needs_next || rest.peek().is_some_and(|n| !n.is_ascii() && !hidden(*n)));
        if hidden(c) && !wanted {
            out.push_str(&format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(c)));
            count += 1;
        } else {
            out.push(c);
        }
        before = c;
    }
    (Cow::Owned(out), count)
}

/// Is that a character a reader does not see?
pub(super) fn hidden(c: char) -> bool {
    !matches!(c, '\n' | '\t') && (c.is_control() || crate::mail::is_hidden(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_show_and_text_stays() {
        let cases = [
            ("plain\ttext\n", "plain\ttext\n", 0),
            ("a\u{202e}b", "a⟨U+202E⟩b", 1),
            ("a\u{200b}b\u{7}", "a⟨U+200B⟩b⟨U+0007⟩", 2),
            ("x\u{e0041}", "x⟨U+E0041⟩", 1),
            ("👩\u{200d}💻 ❤\u{fe0f} می\u{200c}خواهم é", "👩\u{200d}💻 ❤\u{fe0f} می\u{200c}خواهم é", 0),
            ("a\u{200d}b", "a⟨U+200D⟩b", 1),
        ];
        for (text, want, count) in cases {
            assert_eq!(visible(text), (want.into(), count));
        }
    }
}
