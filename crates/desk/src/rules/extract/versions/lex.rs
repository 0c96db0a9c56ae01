//! Tokens of a version expression, each with its byte offset.

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A comparison sign, normalised.
    Op(&'static str),
    /// A version, `v` removed.
    Version(String),
    /// `2.9.x`: the part before the wildcard, and the byte of the wildcard.
    Wildcard(String, usize),
    /// `2.0+`.
    AndLater(String),
    /// A word, lower case.
    Word(String),
    /// `,`, `;`, `|` (also `||`), a line end.
    Separator(char),
    /// A range dash: ` - `, `–`, `..`.
    Dash,
    /// `[`, `]`, `(`, `)`.
    Bracket(char),
    /// Anything else, with the reason it is refused.
    Bad(String),
}

/// A token at a byte offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// First byte in the expression.
    pub at: usize,
    /// The token.
    pub token: Token,
}

const OPS: &[(&str, &str)] = &[
    ("===", "="),
    ("<=", "<="),
    ("=<", "<="),
    (">=", ">="),
    ("=>", ">="),
    ("==", "="),
    ("!=", "!="),
    ("<>", "!="),
    ("~=", "~="),
    ("~>", "~>"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("＜", "<"),
    ("＞", ">"),
    ("<", "<"),
    (">", ">"),
    ("=", "="),
    ("^", "^"),
    ("~", "~"),
];

fn version_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-+_*:!".contains(c)
}

/// Splits one line, which begins at byte `base` of the expression.
pub(super) fn line(text: &str, base: usize) -> Vec<At> {
    let mut out: Vec<At> = Vec::new();
    let mut i = 0usize;
    while let Some(rest) = text.get(i..).filter(|r| !r.is_empty()) {
        let Some(c) = rest.chars().next() else { break };
        let at = base + i;
        if c.is_whitespace() || c == '`' {
            i += c.len_utf8();
            continue;
        }
        if let Some((sign, op)) = OPS.iter().find(|(s, _)| rest.starts_with(s)) {
            out.push(At { at, token: Token::Op(op) });
            i += sign.len();
            continue;
        }
        if rest.starts_with("||") || rest.starts_with("&&") {
            out.push(At { at, token: Token::Separator(if c == '|' { '|' } else { ',' }) });
            i += 2;
            continue;
        }
        if rest.starts_with("..") {
            let n = rest.bytes().take_while(|b| *b == b'.').count();
            out.push(At { at, token: Token::Dash });
            i += n;
            continue;
        }
        match c {
            ',' | ';' | '|' | '&' | '，' | '；' | '、' => {
                let s = if matches!(c, ',' | '&' | '，' | '、') {
                    ','
                } else if c == '|' {
                    '|'
                } else {
                    ';'
                };
                out.push(At { at, token: Token::Separator(s) });
                i += c.len_utf8();
                continue;
            }
            '–' | '—' | '−' | '‒' => {
                out.push(At { at, token: Token::Dash });
                i += c.len_utf8();
                continue;
            }
            '-' if rest.len() == 1 || rest[1..].starts_with(char::is_whitespace) => {
                out.push(At { at, token: Token::Dash });
                i += 1;
                continue;
            }
            '[' | ']' | '(' | ')' => {
                out.push(At { at, token: Token::Bracket(c) });
                i += 1;
                continue;
            }
            _ => {}
        }
        let digits = rest.strip_prefix(['v', 'V']).unwrap_or(rest).trim_start_matches('.');
        if digits.starts_with(|d: char| d.is_ascii_digit()) && (c.is_ascii_digit() || matches!(c, 'v' | 'V'))
        {
            let mut len = rest.find(|ch: char| !version_char(ch)).unwrap_or(rest.len());
            // `2.1..2.4`: the dots are a dash.
            if let Some(dots) = rest.get(..len).and_then(|r| r.find("..")) {
                len = dots;
            }
            let raw = rest.get(..len).unwrap_or(rest);
            version(raw, at, &mut out);
            i += len.max(1);
            continue;
        }
        if c.is_alphabetic() {
            let len = rest
                .find(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == '\''))
                .unwrap_or(rest.len());
            let word = rest.get(..len).unwrap_or(rest);
            out.push(At { at, token: Token::Word(word.to_lowercase()) });
            i += len.max(c.len_utf8());
            continue;
        }
        let why = if c == '*' {
            "`*` names no bound; write `>= 0` for every version".to_string()
        } else {
            format!("`{c}` is not part of a version expression")
        };
        out.push(At { at, token: Token::Bad(why) });
        i += c.len_utf8();
    }
    out
}

/// Reads a run of version characters: a version, a wildcard, `2.0+`, or two versions around a hyphen.
fn version(raw: &str, at: usize, out: &mut Vec<At>) {
    let body = raw.strip_prefix(['v', 'V']).unwrap_or(raw).trim_start_matches('.');
    let shift = raw.len() - body.len();
    if body.len() > 128 {
        out.push(At { at, token: Token::Bad("too long for a version".into()) });
        return;
    }
    // `2.1.0-2.4.3`: a hyphen between two dotted numbers is a range, not a pre-release.
    for (i, _) in body.match_indices('-') {
        let (left, right) = (body.get(..i).unwrap_or_default(), body.get(i + 1..).unwrap_or_default());
        let bare = right.strip_prefix(['v', 'V']).unwrap_or(right);
        let dotted = |s: &str| {
            let mut parts = s.split('.');
            parts.next().is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
                && parts.next().is_some_and(|p| {
                    p.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*'))
                })
        };
        if dotted(left) && dotted(bare) {
            version(left, at + shift, out);
            out.push(At { at: at + shift + i, token: Token::Dash });
            version(right, at + shift + i + 1, out);
            return;
        }
    }
    if let Some(v) = body.strip_suffix('+').filter(|v| v.ends_with(|c: char| c.is_ascii_alphanumeric())) {
        out.push(At { at, token: Token::AndLater(v.to_string()) });
        return;
    }
    let mut segments: Vec<&str> = body.split('.').collect();
    let wild = |s: &&str| matches!(*s, "x" | "X" | "*" | "xx");
    if segments.iter().any(wild) {
        while segments.last().is_some_and(wild) {
            segments.pop();
        }
        let numeric = segments.iter().all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()));
        if numeric && !segments.is_empty() {
            let prefix = segments.join(".");
            let star = at + shift + prefix.len() + 1;
            out.push(At { at, token: Token::Wildcard(prefix, star) });
        } else {
            let star = body.find(['x', 'X', '*']).unwrap_or(0);
            out.push(At {
                at: at + shift + star,
                token: Token::Bad("a wildcard may only stand last".into()),
            });
        }
        return;
    }
    if let Some(star) = body.find(['*', '!']) {
        out.push(At { at: at + shift + star, token: Token::Bad("not part of a version".into()) });
        return;
    }
    let end = body.trim_end_matches(['.', '-', '_', '+', ':']);
    if end.len() < body.len() {
        out.push(At { at, token: Token::Version(end.to_string()) });
        out.push(At {
            at: at + shift + end.len(),
            token: Token::Bad("a version ends with a letter or digit".into()),
        });
        return;
    }
    let hash = body.len() >= 7
        && body.bytes().all(|b| b.is_ascii_hexdigit())
        && body.bytes().any(|b| b.is_ascii_alphabetic());
    if hash {
        out.push(At { at, token: Token::Bad("a commit is not a version".into()) });
        return;
    }
    if let Some(empty) = body.find("..") {
        out.push(At { at: at + shift + empty, token: Token::Bad("an empty part in a version".into()) });
        return;
    }
    out.push(At { at, token: Token::Version(body.to_string()) });
}
