//! Regular expressions that cost little until they are needed, and little then.
//!
//! The rules hold hundreds of patterns with Unicode classes and words of many languages, and most texts that meet them
//! are plain ASCII. On such a text nothing beyond ASCII can match, so each pattern is cut down to ASCII first: classes
//! are narrowed, alternatives that need another character are dropped, word boundaries look at bytes. What is left finds
//! the same places and groups, is compiled in a fraction of the time, and may be nothing at all. The whole pattern is
//! compiled when a text beyond ASCII comes along. What a text must hold at least (`needs`) is looked for before. Syntax and meaning are those of the `regex` crate; a property test
//! holds the two beside each other.

mod needs;

use std::{
    borrow::Cow,
    fmt,
    ops::{Index, Range},
    sync::{Arc, OnceLock},
};

use regex_automata::{Input, meta, nfa::thompson, util::captures, util::interpolate};
use regex_syntax::{
    ParserBuilder,
    hir::{Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look},
};

use needs::Needs;

/// Why a pattern is none.
#[derive(Clone, Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A pattern, read but compiled only when it is first searched with. Cloning is cheap.
#[derive(Clone)]
pub struct Regex(Arc<Inner>);

struct Inner {
    source: String,
    case_insensitive: bool,
    /// What can match in ASCII; nothing when nothing can.
    ascii: Option<Hir>,
    /// The pattern has nothing beyond ASCII to it, so that one automaton serves every text.
    plain: bool,
    groups: usize,
    /// What an ASCII text must hold.
    needs: Needs,
    /// What another text must hold.
    whole_needs: OnceLock<Needs>,
    small: OnceLock<Option<meta::Regex>>,
    whole: OnceLock<Option<meta::Regex>>,
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.0.source).finish()
    }
}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.source)
    }
}

/// Makes a [`Regex`] with options.
#[derive(Clone, Debug)]
pub struct RegexBuilder {
    source: String,
    case_insensitive: bool,
    size_limit: Option<usize>,
}

impl RegexBuilder {
    /// Options for a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self { source: pattern.to_owned(), case_insensitive: false, size_limit: None }
    }

    /// Do letters match whatever their case?
    #[must_use]
    pub fn case_insensitive(mut self, yes: bool) -> Self {
        self.case_insensitive = yes;
        self
    }

    /// The most bytes the compiled pattern may take. Meant for patterns that strangers write: it is held at once.
    #[must_use]
    pub fn size_limit(mut self, bytes: usize) -> Self {
        self.size_limit = Some(bytes);
        self
    }

    /// The pattern.
    ///
    /// # Errors
    /// When it is no regular expression, or larger than the limit.
    pub fn build(&self) -> Result<Regex, Error> {
        let hir = parse(&self.source, self.case_insensitive)?;
        if let Some(limit) = self.size_limit {
            // A cheap upper part of the work: the forward automaton, whose size is what the limit is about.
            let config = thompson::Config::new().utf8(true).nfa_size_limit(Some(limit));
            thompson::Compiler::new()
                .configure(config)
                .build_from_hir(&hir)
                .map_err(|e| Error(format!("compiled, it exceeds {limit} bytes: {e}")))?;
        }
        let small = narrowed(&hir);
        Ok(Regex(Arc::new(Inner {
            source: self.source.clone(),
            case_insensitive: self.case_insensitive,
            needs: Needs::of(&small),
            whole_needs: OnceLock::new(),
            plain: small == hir,
            groups: hir.properties().explicit_captures_len() + 1,
            ascii: (!fails(&small)).then_some(small),
            small: OnceLock::new(),
            whole: OnceLock::new(),
        })))
    }
}

fn parse(source: &str, case_insensitive: bool) -> Result<Hir, Error> {
    let mut parser = ParserBuilder::new().case_insensitive(case_insensitive).utf8(true).build();
    parser.parse(source).map_err(|e| Error(e.to_string()))
}

fn compile(hir: &Hir) -> Option<meta::Regex> {
    // What does not compile (it is larger than 10 MB) matches nothing; patterns of strangers are checked before.
    let config = meta::Config::new().utf8_empty(true).nfa_size_limit(Some(10 << 20));
    meta::Builder::new().configure(config).build_from_hir(hir).ok()
}

fn fails(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Class(c) if c.is_empty())
}

/// The pattern as far as ASCII texts can match it. Depth is bounded by the parser.
fn narrowed(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(l) if l.0.is_ascii() => Hir::literal(l.0.clone()),
        HirKind::Literal(_) => Hir::fail(),
        HirKind::Class(Class::Unicode(c)) => {
            // Ranges are in order: the thousands beyond ASCII are not looked at.
            let low = c.ranges().iter().take_while(|r| r.start().is_ascii());
            let cut = low.map(|r| ClassUnicodeRange::new(r.start(), r.end().min('\x7F')));
            Hir::class(Class::Unicode(ClassUnicode::new(cut)))
        }
        HirKind::Class(Class::Bytes(c)) => {
            let mut c = c.clone();
            c.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7F)]));
            Hir::class(Class::Bytes(c))
        }
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => *other,
        }),
        HirKind::Repetition(r) => {
            let sub = narrowed(&r.sub);
            match fails(&sub) {
                true if r.min == 0 => Hir::empty(),
                true => sub,
                false => Hir::repetition(r.with(sub)),
            }
        }
        HirKind::Capture(c) => {
            let sub = narrowed(&c.sub);
            if fails(&sub) {
                return sub;
            }
            Hir::capture(Capture { index: c.index, name: c.name.clone(), sub: Box::new(sub) })
        }
        HirKind::Concat(subs) => {
            let mut out = Vec::with_capacity(subs.len());
            for sub in subs {
                let sub = narrowed(sub);
                if fails(&sub) {
                    return sub;
                }
                out.push(sub);
            }
            Hir::concat(out)
        }
        HirKind::Alternation(subs) => {
            Hir::alternation(subs.iter().map(narrowed).filter(|s| !fails(s)).collect())
        }
    }
}

impl Inner {
    fn parsed(&self) -> Option<Hir> {
        parse(&self.source, self.case_insensitive).ok()
    }

    fn whole_needs(&self) -> &Needs {
        self.whole_needs.get_or_init(|| self.parsed().map_or(Needs::Nothing, |h| Needs::of(&h)))
    }
}

impl Regex {
    /// The pattern in the syntax of the `regex` crate.
    ///
    /// # Errors
    /// When it is no regular expression.
    pub fn new(pattern: &str) -> Result<Self, Error> {
        RegexBuilder::new(pattern).build()
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    /// The number of groups, the whole match counted.
    #[must_use]
    pub fn captures_len(&self) -> usize {
        self.0.groups
    }

    /// What to search that text with; nothing when nothing can match.
    fn engine(&self, text: &str) -> Option<&meta::Regex> {
        let inner = &*self.0;
        let small = || inner.small.get_or_init(|| inner.ascii.as_ref().and_then(compile)).as_ref();
        // One automaton for every text, and nothing to look for before: the text need not be looked at.
        if inner.plain && inner.needs == Needs::Nothing {
            return small();
        }
        // A long text is not looked through for each search: a caller may search it from many places.
        if text.len() <= needs::LARGEST {
            let ascii = needs::may_match(text, |ascii| match ascii {
                true => (&inner.needs, inner.small.get().is_some()),
                false if inner.plain => (&inner.needs, inner.small.get().is_some()),
                false => (inner.whole_needs(), inner.whole.get().is_some()),
            })?;
            if ascii || inner.plain {
                return small();
            }
        }
        inner.whole.get_or_init(|| inner.parsed().and_then(|h| compile(&h))).as_ref()
    }

    /// Does it match anywhere?
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.engine(text).is_some_and(|e| e.is_match(text))
    }

    /// The first match.
    #[must_use]
    pub fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.engine(text)?.find(text).map(|m| Match::new(text, m.range()))
    }

    /// The first match from a byte on; what stands before it is seen by anchors and boundaries.
    #[must_use]
    pub fn find_at<'t>(&self, text: &'t str, start: usize) -> Option<Match<'t>> {
        let input = Input::new(text).span(start..text.len());
        self.engine(text)?.find(input).map(|m| Match::new(text, m.range()))
    }

    /// Every match, one after the other.
    pub fn find_iter<'r, 't>(&'r self, text: &'t str) -> impl Iterator<Item = Match<'t>> + use<'r, 't> {
        let found = self.engine(text).map(|e| e.find_iter(text));
        found.into_iter().flatten().map(move |m| Match::new(text, m.range()))
    }

    /// The groups of the first match.
    #[must_use]
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.captures_at(text, 0)
    }

    /// The groups of the first match from a byte on.
    #[must_use]
    pub fn captures_at<'t>(&self, text: &'t str, start: usize) -> Option<Captures<'t>> {
        let engine = self.engine(text)?;
        let mut groups = engine.create_captures();
        engine.captures(Input::new(text).span(start..text.len()), &mut groups);
        groups.is_match().then_some(Captures { text, groups })
    }

    /// The groups of every match.
    pub fn captures_iter<'r, 't>(
        &'r self,
        text: &'t str,
    ) -> impl Iterator<Item = Captures<'t>> + use<'r, 't> {
        let found = self.engine(text).map(|e| e.captures_iter(text));
        found.into_iter().flatten().map(move |groups| Captures { text, groups })
    }

    /// What stands between the matches.
    pub fn split<'r, 't>(&'r self, text: &'t str) -> impl Iterator<Item = &'t str> + use<'r, 't> {
        let mut found = self.find_iter(text);
        let mut last = Some(0);
        std::iter::from_fn(move || {
            let from = last?;
            let m = found.next();
            last = m.as_ref().map(Match::end);
            text.get(from..m.map_or(text.len(), |m| m.start()))
        })
    }

    /// Every match replaced; `$1` and `${name}` in a text stand for groups.
    #[must_use]
    pub fn replace_all<'t>(&self, text: &'t str, with: impl Replacer) -> Cow<'t, str> {
        self.replacen(text, usize::MAX, with)
    }

    /// The first match replaced.
    #[must_use]
    pub fn replace<'t>(&self, text: &'t str, with: impl Replacer) -> Cow<'t, str> {
        self.replacen(text, 1, with)
    }

    fn replacen<'t>(&self, text: &'t str, most: usize, mut with: impl Replacer) -> Cow<'t, str> {
        let mut out = String::new();
        let mut last = None;
        for c in self.captures_iter(text).take(most) {
            let m = c.whole();
            out.push_str(text.get(last.unwrap_or(0)..m.start).unwrap_or_default());
            with.append(&c, &mut out);
            last = Some(m.end);
        }
        let Some(last) = last else { return Cow::Borrowed(text) };
        out.push_str(text.get(last..).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// Where a pattern matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl<'t> Match<'t> {
    fn new(text: &'t str, range: Range<usize>) -> Self {
        Self { text, start: range.start, end: range.end }
    }

    /// Where it begins, in bytes.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where it ends, in bytes.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// Where it stands, in bytes.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// What matched.
    #[must_use]
    pub fn as_str(&self) -> &'t str {
        // The engine matches whole characters of this text.
        self.text.get(self.range()).unwrap_or_default()
    }

    /// Did it match without any text?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes matched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.start
    }
}

/// The groups of a match.
#[derive(Clone)]
pub struct Captures<'t> {
    text: &'t str,
    groups: captures::Captures,
}

impl<'t> Captures<'t> {
    fn whole(&self) -> Range<usize> {
        self.groups.get_group(0).map_or(0..0, |s| s.range())
    }

    /// A group by number, 0 for the whole match; nothing when it took no part.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<Match<'t>> {
        self.groups.get_group(i).map(|s| Match::new(self.text, s.range()))
    }

    /// The groups in turn, the whole match first; nothing for those that took no part.
    pub fn iter(&self) -> impl Iterator<Item = Option<Match<'t>>> {
        self.groups.iter().map(|s| s.map(|s| Match::new(self.text, s.range())))
    }

    /// A group by name; nothing when it took no part.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<Match<'t>> {
        self.groups.get_group_by_name(name).map(|s| Match::new(self.text, s.range()))
    }
}

impl fmt::Debug for Captures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.groups.iter().map(|s| s.and_then(|s| self.text.get(s.range())))).finish()
    }
}

/// # Panics
/// When the group took no part.
impl Index<usize> for Captures<'_> {
    type Output = str;

    fn index(&self, i: usize) -> &str {
        // The promise of an index; callers name groups that every match has.
        self.get(i).map_or_else(|| panic!("no group {i}"), |m| m.as_str())
    }
}

/// # Panics
/// When the group took no part.
impl Index<&str> for Captures<'_> {
    type Output = str;

    fn index(&self, name: &str) -> &str {
        // As above.
        self.name(name).map_or_else(|| panic!("no group {name}"), |m| m.as_str())
    }
}

/// What a match is replaced by.
pub trait Replacer {
    /// Write what replaces that match.
    fn append(&mut self, groups: &Captures<'_>, out: &mut String);
}

impl Replacer for &str {
    fn append(&mut self, groups: &Captures<'_>, out: &mut String) {
        interpolate::string(
            self,
            |i, out| out.push_str(groups.get(i).map_or("", |m| m.as_str())),
            |name| groups.groups.group_info().to_index(groups.groups.pattern()?, name),
            out,
        );
    }
}

impl Replacer for String {
    fn append(&mut self, groups: &Captures<'_>, out: &mut String) {
        self.as_str().append(groups, out);
    }
}

impl Replacer for &String {
    fn append(&mut self, groups: &Captures<'_>, out: &mut String) {
        self.as_str().append(groups, out);
    }
}

impl<F: FnMut(&Captures<'_>) -> T, T: AsRef<str>> Replacer for F {
    fn append(&mut self, groups: &Captures<'_>, out: &mut String) {
        out.push_str(self(groups).as_ref());
    }
}

#[cfg(test)]
mod tests;
