//! The grammar of one line: bullet, package, then bounds joined into ranges.

use super::{
    Read, VersionOptions, VersionProblem, VersionRange, VersionReport,
    join::{Piece, Pieces, join, next},
    lex::{self, At, Token},
    prefix,
};

/// Reads one line that begins at byte `base`. Returns whether it said anything at all.
pub(super) fn line(
    raw: &str,
    base: usize,
    options: &VersionOptions,
    reads: &mut Vec<Read>,
    report: &mut VersionReport,
) -> bool {
    let (text, shift) = prefix::without_bullet(raw.trim_end());
    let placeholder =
        matches!(text.trim().trim_matches(['_', '*']).to_lowercase().as_str(), "" | "no response");
    if placeholder {
        return false;
    }
    let base = base + shift;
    let prefix = prefix::package(text, options, report, base);
    let rest = text.get(prefix.len..).unwrap_or_default();
    let tokens = lex::line(rest, base + prefix.len);
    if tokens.is_empty() {
        let message = if prefix.len > 0 { "a package without versions" } else { "no version is stated" };
        report.problems.push(VersionProblem { at: base, message: message.into() });
        return true;
    }
    let package = prefix.package.or_else(|| options.package.clone());
    let ecosystem = prefix.ecosystem.or_else(|| options.ecosystem.clone());
    // A bar joins two alternatives; one that joins nothing is a slip.
    let bar = |t: Option<&At>| t.filter(|t| t.token == Token::Separator('|')).map(|t| t.at);
    if let Some(at) = bar(tokens.first()).or_else(|| bar(tokens.last())) {
        report.problems.push(VersionProblem { at, message: "a separator with nothing beside it".into() });
    }
    for segment in segments(&tokens) {
        let mut parser =
            Parser { tokens: segment, i: 0, warnings: Vec::new(), ecosystem: ecosystem.as_deref() };
        match parser.pieces() {
            Ok(pieces) => {
                report.warnings.append(&mut parser.warnings);
                for (at, range, open) in join(pieces) {
                    if open {
                        let message =
                            "no upper bound: every later version is recorded as affected".to_string();
                        report.warnings.push(VersionProblem { at, message });
                    }
                    let range = VersionRange { package: package.clone(), ..range };
                    reads.push(Read { at, range, ecosystem: ecosystem.clone() });
                }
            }
            Err(problem) => report.problems.push(problem),
        }
    }
    true
}

/// Splits at `||`, `;` and `or`: what they part never forms one range.
fn segments(tokens: &[At]) -> Vec<&[At]> {
    let hard = |i: usize, t: &At| match &t.token {
        Token::Separator(c) => *c != ',',
        Token::Word(w) if w == "or" => {
            !matches!(tokens.get(i + 1).map(|n| &n.token), Some(Token::Word(w)) if direction(w).is_some() || w == "equal" || w == "all" || w == "any")
        }
        _ => false,
    };
    let mut out = Vec::new();
    let mut from = 0;
    for (i, t) in tokens.iter().enumerate() {
        if hard(i, t) {
            out.extend(tokens.get(from..i).filter(|s| !s.is_empty()));
            from = i + 1;
        }
    }
    out.extend(tokens.get(from..).filter(|s| !s.is_empty()));
    out
}

/// `earlier`, `later` and their kin after a version.
fn direction(word: &str) -> Option<bool> {
    match word {
        "earlier" | "below" | "older" | "prior" | "lower" | "previous" | "before" | "under" | "less" => {
            Some(false)
        }
        "later" | "newer" | "above" | "up" | "higher" | "greater" | "onwards" | "onward" | "upward"
        | "upwards" | "beyond" | "after" | "following" | "more" => Some(true),
        _ => None,
    }
}

struct Parser<'a> {
    tokens: &'a [At],
    i: usize,
    warnings: Vec<VersionProblem>,
    ecosystem: Option<&'a str>,
}

type Parsed<T> = Result<T, VersionProblem>;

fn problem<T>(at: usize, message: impl Into<String>) -> Parsed<T> {
    Err(VersionProblem { at, message: message.into() })
}

const EXCLUSIVE: &str =
    "an exclusive lower bound cannot be recorded; name the first affected version with `>=`";

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.i).map(|t| &t.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.i).or_else(|| self.tokens.last()).map_or(0, |t| t.at)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.i + ahead).map(|t| &t.token) {
            Some(Token::Word(w)) => Some(w),
            _ => None,
        }
    }

    /// Skips the words if all of them come next.
    fn eat(&mut self, words: &[&str]) -> bool {
        let all = words.iter().enumerate().all(|(n, w)| self.word(n) == Some(w));
        if all {
            self.i += words.len();
        }
        all
    }

    /// As [`Self::eat`]; commas may stand between the words (`up to, but not including`).
    fn eat_loose(&mut self, words: &[&str]) -> bool {
        let mark = self.i;
        for (n, word) in words.iter().enumerate() {
            if n > 1 && matches!(self.peek(), Some(Token::Separator(','))) {
                self.i += 1;
            }
            if !self.eat(&[word]) {
                self.i = mark;
                return false;
            }
        }
        if words.len() > 3 && matches!(self.peek(), Some(Token::Separator(','))) {
            self.i += 1;
        }
        true
    }

    fn eat_any(&mut self, options: &[&[&str]]) -> bool {
        options.iter().any(|o| self.eat(o))
    }

    /// Words that carry no bound: `version`, `releases`.
    fn noise(&mut self) {
        while self.eat_any(&[
            &["version"],
            &["versions"],
            &["release"],
            &["releases"],
            &["ver"],
            &["v"],
            &["is"],
        ]) {
            if matches!(self.peek(), Some(Token::Separator(_))) {
                break;
            }
        }
    }

    fn pieces(&mut self) -> Parsed<Pieces> {
        let mut out = Pieces::new();
        while self.peek().is_some() {
            if matches!(self.peek(), Some(Token::Separator(_))) || self.word(0) == Some("and") {
                if out.is_empty() || self.i + 1 >= self.tokens.len() {
                    return problem(self.at(), "a separator with nothing beside it");
                }
                self.i += 1;
                if matches!(self.peek(), Some(Token::Separator(_))) {
                    return problem(self.at(), "a separator with nothing beside it");
                }
                if self.word(0) == Some("and") {
                    self.i += 1;
                    if self.peek().is_none() {
                        return problem(self.at(), "a separator with nothing beside it");
                    }
                }
                continue;
            }
            let at = self.at();
            let piece = self.piece()?;
            out.push((at, piece));
        }
        if out.is_empty() { problem(self.at(), "no version is stated") } else { Ok(out) }
    }

    /// A sign or word that begins a bound, normalised.
    fn comparison(&mut self) -> Option<&'static str> {
        if let Some(Token::Op(op)) = self.peek() {
            let op = *op;
            self.i += 1;
            return Some(op);
        }
        let table: &[(&[&str], &'static str)] = &[
            (&["greater", "than", "or", "equal", "to"], ">="),
            (&["less", "than", "or", "equal", "to"], "<="),
            (&["up", "to", "and", "including"], "<="),
            (&["upto", "and", "including"], "<="),
            (&["up", "to", "but", "not", "including"], "<"),
            (&["up", "to", "but", "excluding"], "<"),
            (&["up", "to", "not", "including"], "<"),
            (&["up", "through"], "<="),
            (&["up", "to"], "<="),
            (&["upto"], "<="),
            (&["through"], "<="),
            (&["thru"], "<="),
            (&["at", "most"], "<="),
            (&["no", "later", "than"], "<="),
            (&["before"], "<"),
            (&["prior", "to"], "<"),
            (&["earlier", "than"], "<"),
            (&["older", "than"], "<"),
            (&["lower", "than"], "<"),
            (&["less", "than"], "<"),
            (&["below"], "<"),
            (&["until"], "<"),
            (&["till"], "<"),
            (&["since"], ">="),
            (&["starting", "from"], ">="),
            (&["starting", "with"], ">="),
            (&["starting", "at"], ">="),
            (&["starting", "in"], ">="),
            (&["beginning", "with"], ">="),
            (&["beginning", "in"], ">="),
            (&["introduced", "in"], ">="),
            (&["as", "of"], ">="),
            (&["at", "least"], ">="),
            (&["from"], ">="),
            (&["after"], ">"),
            (&["later", "than"], ">"),
            (&["newer", "than"], ">"),
            (&["greater", "than"], ">"),
            (&["higher", "than"], ">"),
            (&["above"], ">"),
        ];
        let at = self.at();
        for (words, op) in table {
            if self.eat_loose(words) {
                if matches!(*words, ["until"] | ["till"]) {
                    let message = "`until` is read as not including the version".to_string();
                    self.warnings.push(VersionProblem { at, message });
                }
                return Some(op);
            }
        }
        None
    }

    /// `NEXT VERSION`: no fixed version is known.
    fn sentinel(&mut self) -> bool {
        self.eat_any(&[&["next", "version"], &["next", "release"], &["next_version"]])
    }

    fn piece(&mut self) -> Parsed<Piece> {
        let at = self.at();
        // `all versions before 2.3`, `versions 2.0 through 2.4`; alone, they say nothing.
        let vague = self.eat_any(&[&["all"], &["any"], &["every"], &["affected"], &["vulnerable"]]);
        self.noise();
        if self.peek().is_none() || (vague && !self.bound_follows()) {
            return problem(at, "this names no version; state a range such as `>= 2.0, < 2.4.1`");
        }
        if let Some(bracket) = self.brackets()? {
            return Ok(bracket);
        }
        if self.eat(&["between"]) {
            self.noise();
            let (low, _) = self.version()?;
            if !self.eat(&["and"]) && !self.eat(&["to"]) {
                return problem(self.at(), "`between` needs `and`");
            }
            self.noise();
            let (high, wild) = self.version()?;
            let exclusive = self.modifier("exclusive");
            self.modifier("inclusive");
            return Ok(Piece::Whole(low, Some(if wild { (next(&high), false) } else { (high, !exclusive) })));
        }
        let op_at = self.at();
        if let Some(op) = self.comparison() {
            self.noise();
            if self.sentinel() {
                return match op {
                    "<" | "<=" => Ok(Piece::Upper("*".into(), false)),
                    _ => problem(op_at, "the next version can only be an upper bound"),
                };
            }
            return self.bound(op, op_at);
        }
        if self.sentinel() {
            return problem(at, "the next version can only follow `<`");
        }
        if let Some(Token::AndLater(v)) = self.peek() {
            let v = v.clone();
            self.i += 1;
            return Ok(Piece::Whole(v, Some(("*".into(), false))));
        }
        let (low, wild) = self.version()?;
        self.after_version(low, wild)
    }

    fn bound_follows(&self) -> bool {
        let mut probe = Parser { tokens: self.tokens, i: self.i, warnings: Vec::new(), ecosystem: None };
        probe.comparison().is_some()
            || matches!(
                self.peek(),
                Some(Token::Version(_) | Token::Wildcard(..) | Token::AndLater(_) | Token::Bracket('['))
            )
            || matches!(self.word(0), Some("between"))
    }

    /// The version after a comparison.
    fn bound(&mut self, op: &'static str, op_at: usize) -> Parsed<Piece> {
        let at = match self.peek() {
            Some(Token::Wildcard(_, star)) => *star,
            _ => self.at(),
        };
        let (v, wild) = self.version()?;
        if wild && !matches!(op, ">=" | "<=" | "=") {
            return problem(at, "a wildcard is no bound here; write the version itself");
        }
        match op {
            ">=" => {
                // `from 2.0 to 2.4`, `since 2.0 up to 2.4` join by the upper bound that follows.
                if self.eat(&["to"]) || matches!(self.peek(), Some(Token::Dash)) {
                    if matches!(self.peek(), Some(Token::Dash)) {
                        self.i += 1;
                    }
                    return self.upper_of(v);
                }
                self.eat_any(&[
                    &["onwards"],
                    &["onward"],
                    &["and", "later"],
                    &["and", "above"],
                    &["and", "newer"],
                    &["and", "up"],
                    &["or", "later"],
                ]);
                Ok(Piece::Lower(v))
            }
            "<=" => {
                let inclusive = !self.modifier("exclusive");
                self.modifier("inclusive");
                self.trailing_earlier();
                Ok(if wild { Piece::Upper(next(&v), false) } else { Piece::Upper(v, inclusive) })
            }
            "<" => {
                let inclusive = self.modifier("inclusive");
                self.modifier("exclusive");
                Ok(Piece::Upper(v, inclusive))
            }
            "=" => Ok(if wild {
                Piece::Whole(v.clone(), Some((next(&v), false)))
            } else {
                Piece::Whole(v, None)
            }),
            ">" => problem(op_at, EXCLUSIVE),
            "!=" => problem(op_at, "an exclusion cannot be recorded; state the affected ranges"),
            "^" | "~" | "~=" | "~>" => self.compatible(op, &v, op_at),
            _ => problem(op_at, "unknown comparison"),
        }
    }

    /// Caret and tilde, where the ecosystem gives them one meaning.
    fn compatible(&self, op: &str, v: &str, at: usize) -> Parsed<Piece> {
        use super::order::Scheme;
        let parts: Vec<&str> = v.split('.').collect();
        let numeric = parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let scheme = Scheme::of(self.ecosystem.unwrap_or_default());
        let keep = match (op, scheme) {
            ("^", Scheme::Semver) if parts.len() == 3 => {
                parts.iter().position(|p| p.bytes().any(|b| b != b'0')).map(|i| i + 1)
            }
            ("~", Scheme::Semver) if parts.len() >= 2 => Some(2),
            ("~=", Scheme::Python) if parts.len() >= 2 => Some(parts.len() - 1),
            _ => None,
        };
        match keep.and_then(|k| parts.get(..k)) {
            Some(prefix) if numeric => {
                Ok(Piece::Whole(v.to_string(), Some((next(&prefix.join(".")), false))))
            }
            _ => problem(at, format!("`{op}` means different things; write both bounds")),
        }
    }

    /// `(inclusive)` or `inclusive` after a bound.
    fn modifier(&mut self, word: &str) -> bool {
        if self.eat(&[word]) {
            return true;
        }
        let bracketed = matches!(self.peek(), Some(Token::Bracket('(')))
            && self.word(1) == Some(word)
            && matches!(self.tokens.get(self.i + 2).map(|t| &t.token), Some(Token::Bracket(')')));
        if bracketed {
            self.i += 3;
        }
        bracketed
    }

    fn trailing_earlier(&mut self) {
        self.eat_any(&[
            &["and", "earlier"],
            &["and", "below"],
            &["and", "older"],
            &["and", "prior"],
            &["or", "earlier"],
        ]);
    }

    fn upper_of(&mut self, low: String) -> Parsed<Piece> {
        self.noise();
        self.eat_any(&[&["and", "including"], &["including"]]);
        let op = match self.peek() {
            Some(Token::Op("<")) => {
                self.i += 1;
                "<"
            }
            Some(Token::Op("<=")) => {
                self.i += 1;
                "<="
            }
            _ => "<=",
        };
        if self.sentinel() {
            return Ok(Piece::Whole(low, Some(("*".into(), false))));
        }
        let (high, wild) = self.version()?;
        let exclusive = self.modifier("exclusive");
        self.modifier("inclusive");
        Ok(Piece::Whole(
            low,
            Some(if wild { (next(&high), false) } else { (high, op == "<=" && !exclusive) }),
        ))
    }

    /// What may follow a version: a dash, `to`, `before`, `and earlier`, an upper bound of its own.
    fn after_version(&mut self, low: String, wild: bool) -> Parsed<Piece> {
        self.modifier("inclusive");
        if matches!(self.peek(), Some(Token::Dash)) {
            self.i += 1;
            return self.upper_of(low);
        }
        if self.eat(&["to"]) {
            return self.upper_of(low);
        }
        // `2.x before 2.4.4`, `2.0 through 2.4`, `2.0 <= version < 2.4`.
        let at = self.at();
        let sign = matches!(self.peek(), Some(Token::Op("<" | "<=")));
        let unknown = sign && matches!(self.word(1), Some("x" | "version" | "v" | "versions"));
        if unknown {
            if matches!(self.peek(), Some(Token::Op("<"))) {
                return problem(at, EXCLUSIVE);
            }
            self.i += 2;
            return self.upper_of(low);
        }
        let starts_bound = self.word(0).is_some_and(|w| {
            matches!(w, "before" | "through" | "thru" | "until" | "till" | "upto" | "below")
                || (w == "up" && self.word(1) != Some("and"))
                || (w == "prior" && self.word(1) == Some("to"))
        });
        let upper = if starts_bound || (sign && wild) { self.comparison() } else { None };
        if let Some(op) = upper {
            self.noise();
            if self.sentinel() {
                return Ok(Piece::Whole(low, Some(("*".into(), false))));
            }
            return match self.bound(op, at)? {
                Piece::Upper(h, inclusive) => Ok(Piece::Whole(low, Some((h, inclusive)))),
                _ => problem(at, "an upper bound was expected"),
            };
        }
        if matches!(self.peek(), Some(Token::Op(_))) {
            return problem(at, "a comma or `>=` is missing before this");
        }
        if let Some(later) = self.direction_after() {
            let upper = if wild { (next(&low), false) } else { (low.clone(), true) };
            return Ok(if later {
                Piece::Whole(low, Some(("*".into(), false)))
            } else {
                Piece::Whole("0".into(), Some(upper))
            });
        }
        self.noise();
        if let Some(Token::Version(_) | Token::Wildcard(..)) = self.peek() {
            return problem(self.at(), "a comma is missing before this");
        }
        Ok(if wild { Piece::Whole(low.clone(), Some((next(&low), false))) } else { Piece::Whole(low, None) })
    }

    /// `and earlier`, `or later`, `and all previous versions`, `onwards`.
    fn direction_after(&mut self) -> Option<bool> {
        let mark = self.i;
        if matches!(self.peek(), Some(Token::Separator(','))) {
            self.i += 1;
        }
        let joined = self.eat_any(&[&["and"], &["or"]]);
        self.eat_any(&[&["all"], &["any"]]);
        let found = self.word(0).and_then(direction);
        let bare = matches!(self.word(0), Some("onwards" | "onward" | "upwards" | "upward"));
        if let Some(later) = found.filter(|_| joined || bare) {
            self.i += 1;
            // `and before 2.3` is a bound of its own.
            if !matches!(self.peek(), Some(Token::Version(_) | Token::Wildcard(..) | Token::Op(_)))
                && self.word(0) != Some("to")
            {
                self.eat_any(&[&["versions"], &["version"], &["releases"], &["release"]]);
                return Some(later);
            }
        }
        self.i = mark;
        None
    }

    /// Maven's interval notation: `[1.0,2.0)`, `(,1.5]`, `[1.2,)`, `[1.0]`.
    fn brackets(&mut self) -> Parsed<Option<Piece>> {
        let Some(Token::Bracket(open @ ('[' | '('))) = self.peek().cloned() else { return Ok(None) };
        let at = self.at();
        let token = |n: usize| self.tokens.get(self.i + n).map(|t| &t.token);
        let (mut n, mut low, mut high) = (1usize, None, None);
        if let Some(Token::Version(v)) = token(n) {
            low = Some(v.clone());
            n += 1;
        }
        let comma = matches!(token(n), Some(Token::Separator(',')));
        if comma {
            n += 1;
            if let Some(Token::Version(v)) = token(n) {
                high = Some(v.clone());
                n += 1;
            }
        }
        let Some(Token::Bracket(close @ (']' | ')'))) = token(n).cloned() else {
            return problem(at, "a note is not part of a version expression");
        };
        let single = open == '[' && close == ']' && low.is_some();
        if (!comma && !single) || (low.is_none() && high.is_none()) {
            return problem(at, "a note is not part of a version expression");
        }
        if open == '(' && low.is_some() {
            return problem(at, EXCLUSIVE);
        }
        self.i += n + 1;
        Ok(Some(match (low, high) {
            (Some(l), None) if !comma => Piece::Whole(l, None),
            (l, Some(h)) => Piece::Whole(l.unwrap_or_else(|| "0".into()), Some((h, close == ']'))),
            (Some(l), None) => Piece::Whole(l, Some(("*".into(), false))),
            // Refused above: one bound is present.
            (None, None) => return problem(at, "no version is stated"),
        }))
    }

    /// A version or wildcard; the flag says which.
    fn version(&mut self) -> Parsed<(String, bool)> {
        let at = self.at();
        match self.peek().cloned() {
            Some(Token::Version(v)) => {
                self.i += 1;
                // A character that spoils the version is reported where it stands.
                if let Some(Token::Bad(why)) = self.peek() {
                    return problem(self.at(), why.clone());
                }
                Ok((v, false))
            }
            Some(Token::Wildcard(v, _)) => {
                self.i += 1;
                Ok((v, true))
            }
            Some(Token::Bad(why)) => problem(at, why),
            Some(Token::Word(w)) => problem(at, format!("`{w}` is not a version")),
            Some(Token::Bracket(_)) => problem(at, "a note is not part of a version expression"),
            Some(_) => problem(at, "a version was expected here"),
            None => problem(at, "the expression ends where a version was expected"),
        }
    }
}
