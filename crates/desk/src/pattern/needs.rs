//! What a text must hold for a pattern to match: rows of three characters, as in an index for code search. Looking for
//! them in a table made once for the text costs far less than a search, and a pattern whose rows are missing need not
//! even be compiled.
//!
//! Characters are taken without case, every run of white space as one blank, every digit as 0; two characters may share
//! a code. So a text may seem to hold what it does not, never the other way round.

use std::cell::RefCell;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Words a pattern may stand for before they are cut off; more are rarely worth the time to look for them.
const MOST: usize = 24;
/// Codes in such a word.
const LONGEST: usize = 24;
/// Bits in the table of a text.
const BITS: usize = 1 << 15;
/// Texts beyond this many bytes are searched without a table: they would fill it, and hold nearly everything.
pub(super) const LARGEST: usize = 1 << 16;

/// The code of a character.
fn code(c: char) -> u8 {
    match c {
        '0'..='9' => b'0',
        c if c.is_ascii_whitespace() || c == '\x0B' => b' ',
        c if c.is_ascii() => c.to_ascii_lowercase() as u8,
        // These two are letters of ASCII when case does not count.
        '\u{17F}' => b's',
        '\u{212A}' => b'k',
        c if c.is_whitespace() => b' ',
        c => 0x80 | (u32::from(c) & 0x7F) as u8,
    }
}

fn bit(a: u8, b: u8, c: u8) -> u16 {
    let all = u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16;
    // The upper 15 bits of a product: the codes spread over all of it.
    (all.wrapping_mul(0x9E37_79B1) >> 17) as u16
}

/// A condition on the table of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// None.
    Nothing,
    /// All bits of at least one of these words: of each the rarest rows, which are enough.
    Words(Box<[[u16; 3]]>),
    /// Every one of these.
    All(Vec<Needs>),
    /// At least one of these.
    One(Vec<Needs>),
}

impl Needs {
    /// What that pattern needs.
    pub(super) fn of(hir: &Hir) -> Self {
        match read(hir) {
            Read::Words(w) => words(&w),
            Read::Needs(n) => n,
        }
    }

    fn met(&self, table: &Table) -> bool {
        match self {
            Self::Nothing => true,
            Self::Words(words) => words.iter().any(|w| w.iter().all(|b| table.has(*b))),
            Self::All(n) => n.iter().all(|n| n.met(table)),
            Self::One(n) => n.iter().any(|n| n.met(table)),
        }
    }
}

/// What a part of a pattern can be: one of a few words, or something that needs this.
enum Read {
    Words(Vec<Vec<u8>>),
    Needs(Needs),
}

fn words(list: &[Vec<u8>]) -> Needs {
    if list.iter().any(|w| w.len() < 3) {
        return Needs::Nothing;
    }
    Needs::Words(list.iter().filter_map(|w| rarest(w)).collect())
}

/// The rows of a word that texts hold least often, by how common their letters are in languages of Latin script.
fn rarest(word: &[u8]) -> Option<[u16; 3]> {
    const COMMON: &[u8] = b" etaoinsrhldcumfpgwybvkxjqz";
    let rare = |c: u8| COMMON.iter().position(|k| *k == c).unwrap_or(COMMON.len() / 2);
    let mut rows: Vec<(usize, u16)> = word
        .windows(3)
        .filter_map(|t| <[u8; 3]>::try_from(t).ok())
        .map(|[a, b, c]| (rare(a) + rare(b) + rare(c), bit(a, b, c)))
        .collect();
    rows.sort_unstable_by(|a, b| b.cmp(a));
    let first = rows.first()?.1;
    let at = |i: usize| rows.get(i).map_or(first, |r| r.1);
    Some([first, at(1), at(2)])
}

fn all(mut list: Vec<Needs>) -> Needs {
    list.retain(|n| *n != Needs::Nothing);
    match list.len() {
        0 => Needs::Nothing,
        1 => list.swap_remove(0),
        _ => Needs::All(list),
    }
}

fn push(word: &mut Vec<u8>, code: u8) {
    if code != b' ' || word.last() != Some(&b' ') {
        word.push(code);
    }
}

fn joined(left: &[Vec<u8>], right: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    if left.len() * right.len() > MOST {
        return None;
    }
    let mut out = Vec::with_capacity(left.len() * right.len());
    for l in left {
        for r in right {
            let mut w = Vec::with_capacity(l.len() + r.len());
            w.extend_from_slice(l);
            r.iter().for_each(|c| push(&mut w, *c));
            out.push(w);
        }
    }
    out.sort_unstable();
    out.dedup();
    Some(out)
}

fn empty() -> Vec<Vec<u8>> {
    vec![Vec::new()]
}

fn read(hir: &Hir) -> Read {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Read::Words(empty()),
        HirKind::Literal(l) => {
            let Ok(text) = std::str::from_utf8(&l.0) else { return Read::Needs(Needs::Nothing) };
            let mut word = Vec::with_capacity(text.len());
            text.chars().for_each(|c| push(&mut word, code(c)));
            Read::Words(vec![word])
        }
        HirKind::Class(class) => one_of(class),
        HirKind::Capture(c) => read(&c.sub),
        HirKind::Repetition(r) => {
            let sub = read(&r.sub);
            match sub {
                Read::Words(w) if w.iter().all(|w| w == b" ") && r.min > 0 => Read::Words(w),
                Read::Words(mut w) if r.min == 0 && (r.max == Some(1) || w.iter().all(|w| w == b" ")) => {
                    if w.len() >= MOST {
                        return Read::Needs(Needs::Nothing);
                    }
                    w.push(Vec::new());
                    w.sort_unstable();
                    w.dedup();
                    Read::Words(w)
                }
                Read::Words(w) if r.min == 1 && r.max == Some(1) => Read::Words(w),
                _ if r.min == 0 => Read::Needs(Needs::Nothing),
                Read::Words(w) => Read::Needs(words(&w)),
                Read::Needs(n) => Read::Needs(n),
            }
        }
        HirKind::Concat(subs) => row(subs),
        HirKind::Alternation(subs) => choice(subs),
    }
}

/// The codes of a class when they are few.
fn one_of(class: &Class) -> Read {
    let mut out: Vec<Vec<u8>> = Vec::new();
    let mut add = |from: char, to: char| -> bool {
        // Ranges are in order and most characters of a wide one have codes of their own.
        if from.is_ascii_digit() && to.is_ascii_digit() || u32::from(to) - u32::from(from) < 16 {
            out.extend((from..=to).map(|c| vec![code(c)]));
            return out.len() <= 4 * MOST;
        }
        false
    };
    let few = match class {
        Class::Unicode(c) => {
            c.ranges().len() <= 2 * MOST && c.ranges().iter().all(|r| add(r.start(), r.end()))
        }
        Class::Bytes(c) => {
            c.ranges().len() <= MOST
                && c.is_ascii()
                && c.ranges().iter().all(|r| add(char::from(r.start()), char::from(r.end())))
        }
    };
    out.sort_unstable();
    out.dedup();
    if few && out.len() <= MOST { Read::Words(out) } else { Read::Needs(Needs::Nothing) }
}

/// The one code of a small class.
fn single(class: &Class) -> Option<u8> {
    let one = |from: char, to: char| {
        let (a, b) = (code(from), code(to));
        (from == to || from.is_ascii_digit() && to.is_ascii_digit()).then_some(a).filter(|_| a == b)
    };
    let mut codes = match class {
        Class::Unicode(c) if c.ranges().len() <= 4 => {
            c.ranges().iter().map(|r| one(r.start(), r.end())).collect::<Option<Vec<u8>>>()?
        }
        Class::Bytes(c) if c.ranges().len() <= 4 && c.is_ascii() => {
            let ends = |r: &regex_syntax::hir::ClassBytesRange| (char::from(r.start()), char::from(r.end()));
            c.ranges().iter().map(ends).map(|(a, b)| one(a, b)).collect::<Option<Vec<u8>>>()?
        }
        _ => return None,
    };
    codes.dedup();
    if let [only] = codes.as_slice() { Some(*only) } else { None }
}

/// Do these words stay short enough when that one follows?
fn fits(now: &[Vec<u8>], next: &[Vec<u8>]) -> bool {
    let most = next.iter().map(Vec::len).max().unwrap_or(0);
    now.iter().all(|w| w.len() + most <= LONGEST)
}

/// Parts that follow each other.
fn row(subs: &[Hir]) -> Read {
    let mut needs = Vec::new();
    let mut now = empty();
    let mut whole = true;
    for sub in subs {
        // Most parts are one letter in both cases.
        if let HirKind::Class(class) = sub.kind()
            && let Some(code) = single(class)
            && now.iter().all(|w| w.len() < LONGEST)
        {
            now.iter_mut().for_each(|w| push(w, code));
            continue;
        }
        match read(sub) {
            Read::Words(next) if next.len() == 1 && fits(&now, &next) => {
                for w in &mut now {
                    next.iter().flatten().for_each(|c| push(w, *c));
                }
            }
            Read::Words(next) => match joined(&now, &next) {
                Some(w) if w.iter().all(|w| w.len() <= LONGEST) => now = w,
                _ => {
                    whole = false;
                    needs.push(words(&now));
                    // The last two codes go on into what follows.
                    for w in &mut now {
                        w.drain(..w.len().saturating_sub(2));
                    }
                    now.sort_unstable();
                    now.dedup();
                    now = joined(&now, &next).unwrap_or(next);
                }
            },
            Read::Needs(n) => {
                whole = false;
                needs.push(words(&std::mem::replace(&mut now, empty())));
                needs.push(n);
            }
        }
    }
    if whole {
        return Read::Words(now);
    }
    needs.push(words(&now));
    Read::Needs(all(needs))
}

/// Parts of which one stands there.
fn choice(subs: &[Hir]) -> Read {
    let read: Vec<Read> = subs.iter().map(read).collect();
    let count: usize = read.iter().map(|r| if let Read::Words(w) = r { w.len() } else { MOST + 1 }).sum();
    if count <= MOST {
        let mut out: Vec<Vec<u8>> = Vec::with_capacity(count);
        for r in read {
            if let Read::Words(w) = r {
                out.extend(w);
            }
        }
        out.sort_unstable();
        out.dedup();
        return Read::Words(out);
    }
    let mut flat: Vec<[u16; 3]> = Vec::new();
    let mut each = Vec::new();
    for r in read {
        let n = match r {
            Read::Words(w) => words(&w),
            Read::Needs(n) => n,
        };
        match n {
            Needs::Nothing => return Read::Needs(n),
            Needs::Words(w) => flat.extend(w),
            Needs::One(list) => each.extend(list),
            Needs::All(_) => each.push(n),
        }
    }
    if each.is_empty() {
        return Read::Needs(Needs::Words(flat.into()));
    }
    if !flat.is_empty() {
        each.push(Needs::Words(flat.into()));
    }
    Read::Needs(Needs::One(each))
}

/// Which rows of three a text holds. A short text, a title or a sentence, uses the first part of the table alone: emptying
/// the whole of it would cost more than reading the text.
struct Table {
    words: Box<[u64]>,
    /// How many of the upper bits of a row do not count.
    narrower: u32,
}

/// A text of at most so many bytes is short; an eighth of the table holds its rows.
const SHORT: usize = 256;

impl Table {
    fn new() -> Self {
        Self { words: vec![0; BITS / 64].into_boxed_slice(), narrower: 0 }
    }

    fn has(&self, bit: u16) -> bool {
        let bit = bit >> self.narrower;
        self.words.get(usize::from(bit) / 64).is_some_and(|w| w >> (bit % 64) & 1 == 1)
    }

    fn fill(&mut self, text: &str) {
        self.narrower = if text.len() <= SHORT { 3 } else { 0 };
        let narrower = self.narrower;
        self.words.iter_mut().take((BITS / 64) >> narrower).for_each(|w| *w = 0);
        let (mut a, mut b) = (0, 0);
        let mut count = 0_usize;
        let mut next = |c: u8| {
            if c == b' ' && b == b' ' && count > 0 {
                return;
            }
            count += 1;
            if count > 2 {
                let bit = bit(a, b, c) >> narrower;
                if let Some(w) = self.words.get_mut(usize::from(bit) / 64) {
                    *w |= 1 << (bit % 64);
                }
            }
            (a, b) = (b, c);
        };
        if text.is_ascii() {
            text.bytes().for_each(|b| next(CODES.get(usize::from(b)).copied().unwrap_or(b)));
        } else {
            text.chars().for_each(|c| next(code(c)));
        }
    }
}

/// [`code`] of ASCII.
static CODES: std::sync::LazyLock<[u8; 128]> =
    std::sync::LazyLock::new(|| std::array::from_fn(|i| u8::try_from(i).map_or(0, |b| code(char::from(b)))));

/// A text that was met lately. It is found again by its whole content.
#[derive(Default)]
struct Met {
    text: String,
    beyond: bool,
    table: Option<Table>,
    filled: bool,
}

/// Texts are met by many patterns in turn, and some patterns by the sentences of one text in turn.
const REMEMBERED: usize = 16;

thread_local! {
    static LATELY: RefCell<[Met; REMEMBERED]> = RefCell::default();
}

/// Whether the text is ASCII, when it holds what the pattern needs. `pick` says what that is for an ASCII text or for
/// another, and whether the pattern is compiled: then a table is worth its time only when the text comes again.
pub(super) fn may_match<'n>(text: &str, pick: impl FnOnce(bool) -> (&'n Needs, bool)) -> Option<bool> {
    LATELY.with_borrow_mut(|lately| {
        // Where to look; what is found there is compared in full.
        let at = (text.as_ptr().addr() >> 4 ^ text.len()) % REMEMBERED;
        let Some(met) = lately.get_mut(at) else { return Some(text.is_ascii()) };
        let again = met.text == text;
        if !again {
            met.text.clear();
            met.text.push_str(text);
            met.beyond = !text.is_ascii();
            met.filled = false;
        }
        let ascii = !met.beyond;
        let (needs, ready) = pick(ascii);
        if *needs == Needs::Nothing || (!again && ready) {
            return Some(ascii);
        }
        let table = met.table.get_or_insert_with(Table::new);
        if !std::mem::replace(&mut met.filled, true) {
            table.fill(text);
        }
        needs.met(table).then_some(ascii)
    })
}
