//! Patterns over folded text: one automaton for all words, then a check of boundaries and gaps at each match.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{
    Tier,
    normal::{AT, BREAK, Folded, HASH, SEP, SLASH, STOP},
};

/// Whose identity a pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Reporter,
    Other,
}

/// How much of a name a pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Full,
    Surname,
    First,
}

/// Which list an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKind {
    Security,
    Relay,
    Private,
    Secret,
}

/// What a pattern stands for; the judge decides what a match means on a surface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Term(Tier),
    Cve,
    CveNumber,
    Ghsa,
    Cwe,
    Security,
    Sensitive,
    Sibling,
    Scanner,
    State,
    CveTool,
    List(ListKind),
    Slug,
    Desk,
    Number,
    Issues,
    Name(Who, Part, bool),
    Email(Who),
    Handle(Who, bool),
    Thread,
    Vector,
    Roster(String),
    UpstreamPull,
}

/// One pattern.
#[derive(Clone, Debug)]
pub(super) struct Pat {
    pub(super) rule: &'static str,
    pub(super) what: What,
    key: Vec<u8>,
    /// Where words join: a gap may, but need not, stand there.
    joints: Vec<usize>,
    /// A flag that the gap at this joint must carry.
    mark: Option<(usize, u8)>,
    prefix: bool,
}

impl Pat {
    /// A word, phrase, address or slug; `None` when nothing of it remains after folding.
    pub(super) fn new(rule: &'static str, what: What, text: &str) -> Option<Self> {
        let folded = Folded::new(text, false);
        let joints: Vec<usize> = (1..folded.bytes.len()).filter(|&i| folded.flags(i) & SEP != 0).collect();
        let wanted = match what {
            What::Email(_) | What::List(_) => AT,
            What::Slug | What::UpstreamPull | What::Issues => SLASH,
            _ => 0,
        };
        let mark = joints.iter().copied().find(|&j| folded.flags(j) & wanted != 0).map(|j| (j, wanted));
        let key = folded.bytes;
        if key.is_empty() || (wanted != 0 && mark.is_none()) {
            return None;
        }
        let mark = if what == What::Number { Some((0, HASH)) } else { mark };
        Some(Self { rule, what, key, joints, mark, prefix: text.ends_with('*') })
    }

    /// An address, also as people spell it out (`name at host dot org`).
    pub(super) fn address(rule: &'static str, what: &What, address: &str) -> Vec<Self> {
        let mut out: Vec<Self> = Self::new(rule, what.clone(), address).into_iter().collect();
        if let Some((local, domain)) = address.rsplit_once('@') {
            for dots in [domain.to_string(), domain.replace('.', " dot ")] {
                if let Some(mut p) = Self::new(rule, What::Thread, &format!("{local} at {dots}")) {
                    p.what = what.clone();
                    out.push(p);
                }
            }
        }
        out
    }

    /// More than one word?
    pub(super) fn is_phrase(&self) -> bool {
        !self.joints.is_empty()
    }

    fn word_length(&self, at: usize) -> usize {
        let start = self.joints.iter().rev().find(|&&j| j <= at).copied().unwrap_or(0);
        let end = self.joints.iter().find(|&&j| j > at).copied().unwrap_or(self.key.len());
        end - start
    }

    /// Are the gaps inside the match such as a reader overlooks? Between words any gap may stand; inside a word a
    /// hyphen at a line's end, gaps in a long word, or a gap after every letter.
    fn gaps_fit(&self, f: &Folded, start: usize) -> bool {
        let (mut letters, mut gaps, mut odd, mut spelled) = (0, 0, false, true);
        for k in 1..self.key.len() {
            if self.key.get(k).is_some_and(|b| b & 0xC0 == 0x80) {
                continue;
            }
            let flags = f.flags(start + k);
            if self.joints.binary_search(&k).is_ok() {
                odd |= flags & STOP != 0;
                continue;
            }
            letters += 1;
            // A long word is recognised through any gaps; a short one only when spelled out on purpose.
            spelled &= self.word_length(k) >= 7 || f.spells(start + k);
            if flags & SEP != 0 && flags & BREAK == 0 {
                gaps += 1;
                odd |= flags & STOP != 0 || self.word_length(k) < 7;
            }
        }
        !odd || (spelled && letters > 0 && gaps == letters)
    }

    /// The end of the match in kept bytes, or `None` when it is no word of its own.
    fn fit(&self, f: &Folded, start: usize) -> Option<usize> {
        let mut end = start + self.key.len();
        // Text without spaces between words (CJK names) has no boundaries to ask for.
        let spaceless =
            self.key.iter().all(|b| !b.is_ascii_alphabetic()) && self.key.iter().any(|b| *b >= 0x80);
        let marked = self.mark.is_none_or(|(at, flag)| f.flags(start + at) & flag != 0);
        let anywhere = matches!(self.what, What::Cve);
        if !marked || !(anywhere || spaceless || f.boundary(start)) || !(anywhere || self.gaps_fit(f, start))
        {
            return None;
        }
        let open = matches!(self.what, What::Cve | What::Cwe | What::Ghsa) || self.prefix || spaceless;
        if self.prefix {
            while end < f.bytes.len() && end - start < 40 && !f.boundary(end) {
                end += 1;
            }
        } else if !open && !f.boundary(end) {
            // A plural is the same word, for words only.
            let word = matches!(self.what, What::Term(_) | What::Sibling | What::State);
            if !(word && f.bytes.get(end) == Some(&b's') && f.boundary(end + 1)) {
                return None;
            }
            end += 1;
        }
        Some(end)
    }
}

/// Many patterns at once.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    automaton: AhoCorasick,
    pats: Vec<Pat>,
}

impl Matcher {
    /// Compiles the patterns of one letter: few, and used for little text, so that compiling is what counts.
    ///
    /// # Errors
    /// When there are more than the automaton can hold.
    pub(super) fn brief(pats: Vec<Pat>) -> Result<Self, aho_corasick::BuildError> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .prefilter(false)
            .build(pats.iter().map(|p| p.key.as_slice()))?;
        Ok(Self { automaton, pats })
    }

    /// Compiles the patterns.
    ///
    /// # Errors
    /// When there are more than the automaton can hold.
    pub(super) fn new(pats: Vec<Pat>) -> Result<Self, aho_corasick::BuildError> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(pats.iter().map(|p| p.key.as_slice()))?;
        Ok(Self { automaton, pats })
    }

    /// Calls `found` with each pattern that stands in the text as a word of its own, in kept bytes.
    pub(super) fn each(&self, f: &Folded, mut found: impl FnMut(&Pat, usize, usize)) {
        for m in self.automaton.find_overlapping_iter(&f.bytes) {
            // The automaton gives only ids of patterns it was built from.
            let Some(pat) = self.pats.get(m.pattern().as_usize()) else { continue };
            if let Some(end) = pat.fit(f, m.start()) {
                found(pat, m.start(), end);
            }
        }
    }
}
