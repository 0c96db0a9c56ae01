//! Tokens of an answer, with their place in it.

use unicode_normalization::UnicodeNormalization;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    /// `3`, `#3`, `003`.
    Number(u32),
    /// `1-3`, `1–3`, `1..3`, `1 to 3`, `1 through 3`.
    Range(u32, u32),
    /// A word, folded to lower case, with straight apostrophes and hyphens for underscores.
    Word(String),
    /// Joins members of a list: comma, `&`, `+`.
    Comma,
    /// Ends a clause: semicolon, full stop, dash between blanks, line end.
    Stop,
    /// `:`.
    Colon,
    /// Anything else: a question mark, a stray sign, something in quotes.
    Other,
}

/// A token and where it stands (byte offsets).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub tok: Tok,
    pub start: usize,
    pub end: usize,
}

/// Dashes people and programs put between two numbers.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '\'' | '’' | '-' | '/')
}

/// The text from a byte offset on; empty past the end. Offsets come from this module and lie on char boundaries.
pub(super) fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

/// The next token at or after `at`.
pub(super) fn next(text: &str, mut at: usize) -> Option<Token> {
    loop {
        let c = rest(text, at).chars().next()?;
        let end = at + c.len_utf8();
        let after = rest(text, end).chars().next();
        let token = |tok| Some(Token { tok, start: at, end });
        match c {
            '\n' | ';' | '；' => return token(Tok::Stop),
            c if c.is_whitespace() => at = end,
            // Emphasis and brackets around a token say nothing.
            '!' | '(' | ')' | '[' | ']' | '*' | '…' => at = end,
            '.' if after.is_none_or(char::is_whitespace) => return token(Tok::Stop),
            c if is_dash(c) && after.is_none_or(char::is_whitespace) => return token(Tok::Stop),
            // `+1` is applause, not item 1.
            '+' if after.is_some_and(|a| a.is_ascii_digit()) && !after_digit(text, at) => {
                return token(Tok::Other);
            }
            ',' | '&' | '+' | '，' | '、' => return token(Tok::Comma),
            ':' | '：' => return token(Tok::Colon),
            '#' if after.is_some_and(|a| a.is_ascii_digit()) => at = end,
            c if c.is_alphanumeric() => return Some(word_or_number(text, at)),
            _ => return token(Tok::Other),
        }
    }
}

/// Does a digit stand right before this place?
fn after_digit(text: &str, at: usize) -> bool {
    text.get(..at).unwrap_or("").ends_with(|c: char| c.is_ascii_digit())
}

/// A word, number or range that begins at `start`.
fn word_or_number(text: &str, start: usize) -> Token {
    if let Some((n, end)) = number(text, start) {
        if let Some((m, end)) = range_end(text, end) {
            return Token { tok: Tok::Range(n, m), start, end };
        }
        return Token { tok: Tok::Number(n), start, end };
    }
    let tail = rest(text, start);
    let len = tail.find(|c| !in_word(c) && c != '.').unwrap_or(tail.len());
    // Dots belong to a word only inside it (`1.2`), as do hyphens and apostrophes.
    let raw = tail.get(..len).unwrap_or("").trim_end_matches(|c: char| !c.is_alphanumeric());
    let word: String = raw
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '’' => '\'',
            '_' => '-',
            c => c,
        })
        .collect();
    let end = start + raw.len().max(1);
    // A digit of another script folds to an ASCII one and counts as it.
    let tok = match word.parse::<u32>() {
        Ok(n) if word.bytes().all(|b| b.is_ascii_digit()) => Tok::Number(n),
        _ => Tok::Word(word),
    };
    Token { tok, start, end }
}

/// Digits that are a number of their own: not `1a`, not `1.2`, not `2024-01`.
fn number(text: &str, start: usize) -> Option<(u32, usize)> {
    let tail = rest(text, start);
    let len = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let n = tail.get(..len)?.parse().ok()?;
    let mut after = rest(tail, len).chars();
    match (after.next(), after.next()) {
        (Some('.'), Some(c)) if c.is_ascii_digit() => None,
        (Some(c), _) if c.is_alphanumeric() || matches!(c, '_' | '\'' | '’' | '/') => None,
        // A hyphen only as the sign of a range.
        (Some('-'), Some(c)) if !c.is_ascii_digit() && !c.is_whitespace() && c != '#' => None,
        _ => Some((n, start + len)),
    }
}

/// The second half of a range, when one follows a number that ends at `at`.
fn range_end(text: &str, at: usize) -> Option<(u32, usize)> {
    let tail = rest(text, at);
    let blank = |s: &str| s.len() - s.trim_start_matches([' ', '\t']).len();
    let mut pos = blank(tail);
    let sign = rest(tail, pos);
    if let Some(c) = sign.chars().next().filter(|c| is_dash(*c)) {
        pos += c.len_utf8();
    } else if sign.starts_with("..") {
        pos += sign.len() - sign.trim_start_matches('.').len();
    } else {
        let word = ["to ", "through ", "thru ", "until "]
            .iter()
            .find(|w| sign.get(..w.len()).is_some_and(|s| s.eq_ignore_ascii_case(w)) && pos > 0)?;
        pos += word.len();
    }
    pos += blank(rest(tail, pos));
    if rest(tail, pos).starts_with('#') {
        pos += 1;
    }
    let first = rest(tail, pos).chars().next()?;
    if !first.is_ascii_digit() {
        return None;
    }
    number(text, at + pos)
}
