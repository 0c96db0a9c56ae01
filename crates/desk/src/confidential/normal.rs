//! The form in which text is matched (§4.1 **[R]**): compatibility-decomposed, case-folded, confusables folded, marks
//! and invisible characters dropped, escapes decoded, separators taken out but remembered.
//!
//! Only letters and digits are kept; what stood between two of them survives as flags on the second. So
//! `C V E–2026`, `&#67;VE_2026` and `cve2026` become one run, and word boundaries are still known. Every kept byte
//! knows where it came from, so a hit is reported in bytes of the original.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_security::skeleton;

/// Something other than a letter or digit stood before.
pub(super) const SEP: u8 = 1;
/// A camel-case hump, or a change between letters, digits and scripts.
pub(super) const HUMP: u8 = 2;
/// The gap before holds `@`.
pub(super) const AT: u8 = 4;
/// The gap before ends with `#`.
pub(super) const HASH: u8 = 8;
/// The gap before holds `/`.
pub(super) const SLASH: u8 = 16;
/// The gap before ends a sentence or a paragraph.
pub(super) const STOP: u8 = 32;
/// The gap before is a hyphen at the end of a line.
pub(super) const BREAK: u8 = 64;

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
    Gap,
}

/// Text without its separators. At most 4 GiB of input (the caller checks).
pub(super) struct Folded<'t> {
    pub(super) text: &'t str,
    /// Lower-case letters and digits, UTF-8.
    pub(super) bytes: Vec<u8>,
    at: Vec<u32>,
    flags: Vec<u8>,
    decode: bool,
    /// Was any escape decoded?
    pub(super) decoded: bool,
    gap: Gap,
    last: [Class; 2],
}

#[derive(Default)]
struct Gap {
    flags: u8,
    dot: bool,
    newlines: u8,
    hyphen: u8,
}

impl Gap {
    fn see(&mut self, c: char) {
        self.flags = (self.flags & !HASH) | SEP;
        match c {
            '@' => self.flags |= AT,
            '#' => self.flags |= HASH,
            '/' => self.flags |= SLASH,
            _ => {}
        }
        let newline = c == '\n';
        if (self.dot && c.is_whitespace()) || (newline && self.newlines > 0) {
            self.flags |= STOP;
        }
        self.dot = matches!(c, '.' | '!' | '?');
        if newline {
            self.newlines = self.newlines.saturating_add(1);
        } else if !c.is_whitespace() {
            self.newlines = 0;
        }
        // 0: nothing yet, 1: hyphen, 2: hyphen and line break (indent, quote and comment marks may follow), 3: other.
        self.hyphen = match (self.hyphen, c) {
            (0, _) if is_hyphen(c) => 1,
            (1, '\n') => 2,
            (1, '\r' | ' ') => 1,
            (2, ' ' | '\t' | '>' | '*' | '/' | '#' | '|' | '+') => 2,
            _ => 3,
        };
    }

    fn take(&mut self) -> u8 {
        let gap = std::mem::take(self);
        gap.flags | if gap.hyphen == 2 { BREAK } else { 0 }
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

impl<'t> Folded<'t> {
    /// Folds the text; with `decode`, HTML entities, percent-encoding, backslash escapes and tags are resolved.
    pub(super) fn new(text: &'t str, decode: bool) -> Self {
        let mut out = Self {
            text,
            bytes: Vec::with_capacity(text.len()),
            at: Vec::with_capacity(text.len()),
            flags: Vec::with_capacity(text.len()),
            decode,
            decoded: false,
            gap: Gap::default(),
            last: [Class::Gap; 2],
        };
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
            if decode && let Some((unit, len)) = decode_unit(rest) {
                out.decoded = true;
                if let Some(c) = unit {
                    out.push(c, at);
                }
                at += len;
            } else if let Some(c) = rest.chars().next() {
                out.push(c, at);
                at += c.len_utf8();
            }
        }
        out
    }

    fn push(&mut self, c: char, at: usize) {
        if c.is_ascii_alphanumeric() {
            let class = match c {
                'A'..='Z' => Class::Upper,
                'a'..='z' => Class::Lower,
                _ => Class::Digit,
            };
            self.letter(c.to_ascii_lowercase(), class, at);
        } else if c.is_ascii() {
            if !c.is_ascii_control() || c.is_ascii_whitespace() {
                self.gap.see(c);
            }
        } else if is_hyphen(c) || c.is_whitespace() {
            self.gap.see(c);
        } else {
            let upper = c.is_uppercase();
            fold(c, &mut |f| {
                if f.is_alphanumeric() {
                    let class = match f {
                        'a'..='z' if upper => Class::Upper,
                        'a'..='z' => Class::Lower,
                        '0'..='9' => Class::Digit,
                        _ => Class::Other,
                    };
                    self.letter(f, class, at);
                } else {
                    self.gap.see(f);
                }
            });
        }
    }

    fn letter(&mut self, c: char, class: Class, at: usize) {
        let mut flags = self.gap.take();
        if flags & SEP != 0 {
            self.last = [Class::Gap; 2];
        }
        let [before, prev] = self.last;
        match (prev, class) {
            // `SQLInjection` splits before the `I`, `XSSin` before the `i`: both readings stand.
            (Class::Upper, Class::Lower) if before == Class::Upper => {
                flags |= HUMP;
                if let Some(last) = self.flags.last_mut() {
                    *last |= HUMP;
                }
            }
            (Class::Gap, _) | (Class::Upper, Class::Upper | Class::Lower) => {}
            (a, b) if a != b => flags |= HUMP,
            _ => {}
        }
        self.last = [prev, class];
        let mut buf = [0; 4];
        // Inputs are at most 4 GiB, so the offset fits.
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        for (i, b) in c.encode_utf8(&mut buf).bytes().enumerate() {
            self.bytes.push(b);
            self.at.push(at);
            self.flags.push(if i == 0 { flags } else { 0 });
        }
    }

    /// The flags of what stood before kept byte `i`.
    pub(super) fn flags(&self, i: usize) -> u8 {
        self.flags.get(i).copied().unwrap_or(SEP)
    }

    /// May a word begin or end before kept byte `i`?
    pub(super) fn boundary(&self, i: usize) -> bool {
        i == 0 || i >= self.bytes.len() || self.flags(i) & (SEP | HUMP) != 0
    }

    /// Did something stand before kept byte `i`?
    pub(super) fn gap(&self, i: usize) -> bool {
        i == 0 || i >= self.bytes.len() || self.flags(i) & SEP != 0
    }

    /// Bytes of the original that kept bytes `start..end` came from.
    pub(super) fn span(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.at.get(start).map_or(self.text.len(), |&a| a as usize);
        let Some(&last) = end.checked_sub(1).and_then(|e| self.at.get(e)) else { return (first, first) };
        let last = last as usize;
        let rest = self.text.get(last..).unwrap_or_default();
        let unit = if self.decode { decode_unit(rest).map(|(_, len)| len) } else { None };
        let len = unit.unwrap_or_else(|| rest.chars().next().map_or(0, char::len_utf8));
        (first, last + len)
    }

    /// The original characters before and after kept bytes `start..end`.
    pub(super) fn around(&self, start: usize, end: usize) -> (Option<char>, Option<char>) {
        let (s, e) = self.span(start, end);
        let before = self.text.get(..s).and_then(|t| t.chars().next_back());
        (before, self.text.get(e..).and_then(|t| t.chars().next()))
    }

    /// The word that begins at or after kept byte `i`, to the next separator or hump: `(start, end)`.
    pub(super) fn word(&self, i: usize) -> (usize, usize) {
        let mut end = i + 1;
        // Longer than any word we look for; keeps the look-ahead constant.
        while end < self.bytes.len() && end - i < 24 && !self.boundary(end) {
            end += 1;
        }
        (i, end.min(self.bytes.len()))
    }
}

impl Folded<'_> {
    /// The word that ends before kept byte `i`: `(start, end)`, empty at the beginning.
    pub(super) fn word_before(&self, i: usize) -> (usize, usize) {
        let mut start = i.saturating_sub(1);
        while start > 0 && i - start < 24 && !self.boundary(start) {
            start -= 1;
        }
        (start, i)
    }

    /// Is the gap before kept byte `i` such as people spell a word out with: on one line, no brackets, quotes or
    /// operators? Code such as `x(s)?.s` spells nothing.
    pub(super) fn spells(&self, i: usize) -> bool {
        let Some(before) = i.checked_sub(1).filter(|_| self.gap(i)) else { return false };
        let (_, from) = self.span(before, i);
        let (to, _) = self.span(i, i + 1);
        let gap = self.text.get(from..to).unwrap_or_default();
        // An escape in the gap stands for a dash or a space; its own letters are no code.
        gap.starts_with(['&', '%', '\\'])
            || (gap.len() <= 12 && gap.chars().all(|c| !c.is_ascii() || " \t-_.*~".contains(c)))
    }

    /// Kept bytes `start..end`, empty when out of range.
    pub(super) fn kept(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// Folds one character that is not ASCII: emits lower-case letters and digits, a space for a separator, nothing
/// for what a reader does not see.
fn fold(c: char, emit: &mut impl FnMut(char)) {
    // Letters in boxes and circles that have no decomposition.
    let boxed = match u32::from(c) {
        u @ 0x1F150..=0x1F169 => Some(u - 0x1F150),
        u @ 0x1F170..=0x1F189 => Some(u - 0x1F170),
        u @ 0x1F1E6..=0x1F1FF => Some(u - 0x1F1E6),
        _ => None,
    };
    if let Some(letter) = boxed.and_then(|n| char::from_u32(u32::from(b'a') + n)) {
        return emit(letter);
    }
    decompose_compatible(c, |d| {
        if d.is_ascii() {
            emit(d.to_ascii_lowercase());
        } else if !is_invisible(d) && !is_combining_mark(d) {
            resolve(d, emit);
        }
    });
}

fn resolve(d: char, emit: &mut impl FnMut(char)) {
    if let Some(digit) = digit(d).or_else(|| special(d)) {
        return emit(digit);
    }
    match d {
        'ß' => return "ss".chars().for_each(emit),
        'æ' | 'Æ' => return "ae".chars().for_each(emit),
        'œ' | 'Œ' => return "oe".chars().for_each(emit),
        'þ' | 'Þ' => return "th".chars().for_each(emit),
        _ => {}
    }
    let lower = d.to_lowercase().next().unwrap_or(d);
    let mut look = prototype(d);
    // A capital that looks like `l` is an `I` when its small letter looks like `i`.
    if look.as_deref().is_none_or(|l| l == "l") && lower != d {
        look = special(lower).map(String::from).or_else(|| prototype(lower)).or(look);
    }
    match look.as_deref() {
        // Bars and rings are drawing, not letters.
        Some("l" | "o") if !d.is_alphabetic() => emit(' '),
        Some("rn") => emit('m'),
        Some(look) => look.chars().for_each(|c| emit(if c.is_alphanumeric() { c } else { ' ' })),
        None if lower.is_alphanumeric() => emit(lower),
        None => emit(' '),
    }
}

/// The ASCII text that Unicode TS 39 says this character looks like, lower case.
fn prototype(c: char) -> Option<String> {
    let mut buf = [0; 4];
    let s: String = skeleton(c.encode_utf8(&mut buf)).filter(|&p| !is_combining_mark(p)).collect();
    let s: String = s.chars().map(|p| special(p).unwrap_or(p).to_ascii_lowercase()).collect();
    (!s.is_empty() && s.is_ascii()).then_some(s)
}

/// Letters that read as Latin ones and that the tables of TS 39 map to other non-ASCII letters or not at all.
fn special(c: char) -> Option<char> {
    Some(match c {
        'ᴀ' | 'α' | 'ɑ' => 'a',
        'ʙ' | 'в' | 'β' => 'b',
        'ᴄ' => 'c',
        'ᴅ' | 'đ' | 'ð' => 'd',
        'ᴇ' | 'ε' | 'ɛ' => 'e',
        'ꜰ' => 'f',
        'ɢ' => 'g',
        'ʜ' | 'н' => 'h',
        'ɪ' | 'ı' | 'ι' | 'і' => 'i',
        'ᴊ' => 'j',
        'ᴋ' | 'к' | 'κ' | 'ĸ' => 'k',
        'ʟ' | 'ł' => 'l',
        'ᴍ' | 'м' | 'ʍ' | 'μ' => 'm',
        'ɴ' | 'η' => 'n',
        'ᴏ' | 'ø' => 'o',
        'ᴘ' | 'ρ' => 'p',
        'ʀ' => 'r',
        'ꜱ' => 's',
        'ᴛ' | 'т' | 'τ' => 't',
        'ᴜ' | 'υ' | 'ʋ' => 'u',
        'ᴠ' | 'ν' | 'ѵ' => 'v',
        'ᴡ' => 'w',
        'χ' => 'x',
        'ʏ' | 'у' => 'y',
        'ᴢ' => 'z',
        _ => return None,
    })
}

/// Decimal digits of other scripts.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 20] = [
        0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
        0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0x1946, 0x1B50,
    ];
    let u = u32::from(c);
    ZEROS.iter().find(|&&z| (z..z + 10).contains(&u)).and_then(|z| char::from_digit(u - z, 10))
}

/// Characters that a reader does not see: zero-width, bidirectional, variation selectors, tags, controls.
pub(super) fn is_invisible(c: char) -> bool {
    // Line and paragraph separators part words; unassigned specials and C1 controls show nothing either.
    matches!(c, '\u{80}'..='\u{9F}' | '\u{FFF0}'..='\u{FFF8}')
        || (crate::mail::is_hidden(c) && !matches!(c, '\u{2028}' | '\u{2029}'))
}

/// An escape at the start of `rest`: the character it stands for (none for a tag) and its length in bytes.
fn decode_unit(rest: &str) -> Option<(Option<char>, usize)> {
    let b = rest.as_bytes();
    match b.first()? {
        b'&' => entity(b).map(|(c, n)| (Some(c), n)),
        b'%' => percent(b).map(|(c, n)| (Some(c), n)),
        b'\\' => backslash(b).map(|(c, n)| (Some(c), n)),
        b'<' => tag(b).map(|n| (None, n)),
        _ => None,
    }
}

/// `&#67;`, `&#x43;`, `&ndash;`, also encoded twice (`&amp;#67;`).
fn entity(b: &[u8]) -> Option<(char, usize)> {
    let mut i = 1;
    for _ in 0..4 {
        if b.get(i..)?.starts_with(b"amp;") {
            i += 4;
        }
    }
    if b.get(i) == Some(&b'#') {
        i += 1;
        let radix = if matches!(b.get(i), Some(b'x' | b'X')) { 16 } else { 10 };
        i += usize::from(radix == 16);
        let digits = b.get(i..)?.iter().take(12).take_while(|d| char::from(**d).is_digit(radix)).count();
        let value = u32::from_str_radix(str::from_utf8(b.get(i..i + digits)?).ok()?, radix).ok()?;
        i += digits;
        i += usize::from(b.get(i) == Some(&b';'));
        return char::from_u32(value).map(|c| (c, i));
    }
    let name = b.get(i..)?.iter().take(16).take_while(|c| c.is_ascii_alphanumeric()).count();
    if b.get(i + name) != Some(&b';') {
        return None;
    }
    let c = match b.get(i..i + name)? {
        b"nbsp" | b"ensp" | b"emsp" | b"thinsp" | b"Tab" | b"NewLine" => ' ',
        b"hyphen" | b"dash" | b"ndash" | b"mdash" | b"minus" | b"horbar" => '-',
        b"shy" | b"zwnj" | b"zwj" | b"lrm" | b"rlm" | b"ZeroWidthSpace" | b"NoBreak" => '\u{200B}',
        b"lowbar" | b"UnderBar" => '_',
        b"period" => '.',
        b"sol" => '/',
        b"num" => '#',
        b"colon" => ':',
        b"commat" => '@',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        _ => return None,
    };
    Some((c, i + name + 1))
}

/// `%2D`, also encoded twice (`%252D`), and UTF-8 in several escapes.
fn percent(b: &[u8]) -> Option<(char, usize)> {
    let hex = |i: usize| -> Option<u8> {
        let pair = b.get(i..i + 2).filter(|p| p.iter().all(u8::is_ascii_hexdigit))?;
        u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()
    };
    let mut i = 1;
    for _ in 0..4 {
        if b.get(i..i + 2) == Some(b"25") && hex(i + 2).is_some() {
            i += 2;
        }
    }
    let first = hex(i)?;
    i += 2;
    let more = match first {
        0..0x80 => return Some((char::from(first), i)),
        0xC2..=0xDF => 1,
        0xE0..=0xEF => 2,
        0xF0..=0xF4 => 3,
        _ => return None,
    };
    let mut utf8 = vec![first];
    for _ in 0..more {
        if b.get(i) != Some(&b'%') {
            return None;
        }
        utf8.push(hex(i + 1)?);
        i += 3;
    }
    str::from_utf8(&utf8).ok()?.chars().next().map(|c| (c, i))
}

/// `\n`, `\u0043`, `\u{43}`, `\U00000043`, `\x43`.
fn backslash(b: &[u8]) -> Option<(char, usize)> {
    let hex = |from: usize, to: usize| -> Option<char> {
        let digits = b.get(from..to).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        char::from_u32(u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?)
    };
    match b.get(1)? {
        b'n' | b'r' => Some(('\n', 2)),
        b't' => Some((' ', 2)),
        b'x' => hex(2, 4).map(|c| (c, 4)),
        b'U' => hex(2, 10).map(|c| (c, 10)),
        b'u' if b.get(2) == Some(&b'{') => {
            let close = 3 + b.get(3..)?.iter().take(7).position(|c| *c == b'}')?;
            hex(3, close).map(|c| (c, close + 1))
        }
        b'u' => hex(2, 6).map(|c| (c, 6)),
        _ => None,
    }
}

/// An HTML tag or comment of at most 256 bytes, which a reader does not see.
fn tag(b: &[u8]) -> Option<usize> {
    let window = b.get(..b.len().min(256))?;
    if window.starts_with(b"<!--") {
        return memchr::memmem::find(window.get(4..)?, b"-->").map(|i| i + 7);
    }
    let name = window.get(1).filter(|c| **c != b'/').or_else(|| window.get(2))?;
    if !name.is_ascii_alphabetic() {
        return None;
    }
    let end = memchr::memchr3(b'>', b'<', b'\n', window.get(1..)?)? + 1;
    (window.get(end) == Some(&b'>')).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        String::from_utf8(Folded::new(text, true).bytes).unwrap()
    }

    #[test]
    fn disguises_fold_to_one_form() {
        let cases = [
            "CVE-2026-12345",
            "C V E - 2 0 2 6 - 1 2 3 4 5",
            "CVE\u{2013}2026\u{2011}12345",
            "ＣＶＥ－２０２６－１２３４５",
            "СVЕ-2026-12345",
            "ⅭⅤE-2026-12345",
            "𝐂𝐕𝐄-𝟐𝟎𝟐𝟔-12345",
            "🄲🅅🄴-2026-12345",
            "🅲🆅🅴-2026-12345",
            "&#67;VE-2026-12345",
            "&#x43;&#0086;E&ndash;2026&hyphen;12345",
            "&amp;#67;VE-2026-12345",
            "CVE%2D2026%2D12345",
            "CVE%252D2026%252d12345",
            "%43%56%45-2026-12345",
            "C\u{200B}V\u{202E}E\u{AD}-2026-12345",
            "c\u{301}ve-2026-12345",
            "\\u0043VE\\x2d2026-12345",
            "C<b>V</b>E<!-- x -->-2026-12345",
            "CVE-٢٠٢٦-12345",
            "ᴄᴠᴇ-2026-12345",
        ];
        for text in cases {
            assert_eq!(folded(text), "cve202612345", "{text}");
        }
        assert_eq!(folded("ЅЕСURІТУ"), "security");
        assert_eq!(folded("EXPΙOIT").len(), 7);
        assert_eq!(folded("Łukasz Żółć, Søren Müßig"), "lukaszzolcsørenmussig".replace('ø', "o"));
    }

    #[test]
    fn boundaries_follow_separators_and_humps() {
        let words = |text: &str| {
            let f = Folded::new(text, true);
            let mut out = Vec::new();
            let mut i = 0;
            while i < f.bytes.len() {
                let (s, e) = f.word(i);
                out.push(String::from_utf8_lossy(&f.bytes[s..e]).into_owned());
                i = e;
            }
            out.join("|")
        };
        assert_eq!(words("test_rejects_ssrf"), "test|rejects|ssrf");
        assert_eq!(words("fixSqlInjection"), "fix|sql|injection");
        assert_eq!(words("SQLInjection"), "sql|i|njection");
        assert_eq!(words("v2.10-rc1"), "v|2|10|rc|1");
        assert_eq!(words("这是CVE漏洞").split('|').count(), 3);
    }

    #[test]
    fn kept_bytes_know_their_origin() {
        let text = "xx &#67;VE\u{2013}2026";
        let f = Folded::new(text, true);
        let (s, e) = f.span(2, 9);
        assert_eq!(&text[s..e], "&#67;VE\u{2013}2026");
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in
            ["100%defect", "a & b", "AT&T;", "x < y", "C:\\dir", "&#xZZ;", "%c3%advisory", "&#99999999;"]
        {
            let raw: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            assert_eq!(String::from_utf8(Folded::new(text, false).bytes).unwrap(), raw.to_lowercase());
        }
        assert_eq!(folded("100%defect"), "100defect");
        assert_eq!(folded("x < y"), "xy");
    }
}
