//! Version expressions in prose: single versions, ranges in signs or words, lists of them.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::super::text;

/// A version or range as stated, with its place in the clause.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    /// As stated, without product names and the word `version`.
    pub text: String,
    /// The versions in it.
    pub versions: Vec<String>,
    /// More than one version by itself?
    pub range: bool,
    /// `introduced in`, `since`: says of itself that it is affected from there.
    pub since: bool,
    /// The product's name stands within it.
    pub product: bool,
    /// The word `version` stands within it.
    pub announced: bool,
    /// First byte in the clause.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

const V: &str = r"(?:[vV]\.?\s?)?\d+(?:\.\d+)*(?:\.[xX*])*(?:[a-z]{1,2}\b)?(?:[-._]?(?:alpha|beta|rc|cr|milestone|preview|pre|dev|snapshot|SNAPSHOT|RC|M|CR|final|Final|GA|RELEASE|SP|sp|post|patch|hotfix|lts|LTS|p|a|b|u)[-.]?\d*)?(?:\+\w[\w.]*)?(?:-\d+)?";
const N: &str = r"(?:(?:\x{E000}|(?i:versions?|releases?|ver\.?|the|branch|tag))\s*[:=@/]?\s*)*";
const LOW: &str = r"(?i:earlier|older|below|prior|lower|previous|before|under|less)";
const HIGH: &str = r"(?i:later|newer|above|up|upwards?|higher|greater|onwards?|on|beyond|after)";
const UPPER: &str = r"(?i:up\s*to\s*,?\s*(?:and|&)\s*,?\s*includ(?:ing|es)\s*,?|up\s*to\s*,?\s*\(?includ(?:ing|es)\)?|up\s*to|upto|up\s+through|through|thru|before|prior\s+to|earlier\s+than|older\s+than|lower\s+than|less\s+than|below|until|till|bis|jusqu['’]à|hasta)";
const LOWER: &str = r"(?i:starting\s+(?:from|with|at|in)|beginning\s+(?:with|in|at)|introduced\s+(?:in|with|by)|since|from|as\s+of|at\s+least|after|later\s+than|newer\s+than|greater\s+than|above|ab|seit|depuis|desde|von)";

static EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
    let signs = r"(?:<=|>=|=<|=>|==|<|>|=|≤|≥)";
    let incl = r"(?:\s*\(?(?i:inclusive|exclusive|included|excluded|incl\.?)\)?)?";
    Regex::new(&format!(
        r"(?P<interval>\[{V}?,{V}?[\])]|\({V}?,{V}?\])|(?P<between>(?i:between)\s+{N}{V}\s+(?i:and|to)\s+{N}{V}{incl})|(?P<signs>{signs}\s*{N}{V}(?:\s*(?:,|&&|&|(?i:and)|(?i:but))?\s*{signs}\s*{N}{V})*)|(?P<chain>{N}{V}\s*(?:<=|<|≤)\s*\w+\s*(?:<=|<|≤)\s*{N}{V})|(?P<lowup>{LOWER}\s+{N}{V}{incl}\s*,?\s*(?:(?i:and|but)\s+)?(?:{UPPER}|(?i:to|and)|–|—|-)\s*{N}{V}{incl})|(?P<twosided>{N}{V}{incl}(?:\s*,?\s*(?:(?i:and\s+)?{UPPER}|(?i:to))\s+{N}|\s*(?:–|—|−|\.\.\.?|…)\s*{N}|\s+-\s+{N}|-){V}{incl}|{N}{V}\s*(?:<=|<|≤)\s*{V})|(?P<direction>{N}{V}\s*,?\s*(?:\(?\s*(?i:and|or|&|/)\s+(?i:all\s+|any\s+|every\s+|other\s+|potentially\s+|possibly\s+|probably\s+|likely\s+|perhaps\s+|maybe\s+|the\s+)*(?:{LOW}|{HIGH})(?:\s+(?i:versions?|releases?|ones?))?\)?|\+|\s(?i:onwards?|upwards?)))|(?P<upper>{UPPER}\s+{N}{V}{incl})|(?P<lower>{LOWER}\s+{N}{V}(?:\s*,?\s*(?:(?i:and|or)\s+)?{HIGH}\b)?)|(?P<one>{N}{V})"
    ))
    .expect("valid")
});
static VERSION: LazyLock<Regex> = LazyLock::new(|| Regex::new(V).expect("valid"));
static NOISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\x{E000}\s*[:=@/]?|\b(?i:versions?|releases?|ver\b\.?|the|branch|tag)\s*[:=@/]?\s*")
        .expect("valid")
});
static V_PREFIX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[vV]\.?\s?(\d)").expect("valid"));

static ANNOUNCED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:versions?|releases?)\b").expect("valid"));

/// Every expression in a clause, from left to right.
pub(super) fn find(clause: &str) -> Vec<Expression> {
    let mut out = Vec::new();
    for c in EXPRESSION.captures_iter(clause) {
        let Some(m) = c.get(0) else { break };
        let text = m.as_str();
        // The run of noise before a version belongs to what stands before it.
        let lead = VERSION.find(text).map_or(0, |v| v.start());
        let bare = c.name("one").is_some() || c.name("twosided").is_some() || c.name("direction").is_some();
        let start = if bare { m.start() + lead } else { m.start() };
        let versions: Vec<String> = VERSION
            .find_iter(text)
            .map(|v| v.as_str().trim_start_matches(['v', 'V', '.', ' ']).to_string())
            .collect();
        let hyphen = c.name("twosided").is_some_and(|t| !t.as_str().contains([' ', '–', '—', '.', '−', '…']));
        if versions.is_empty() || hyphen {
            continue;
        }
        let before = clause.get(..m.start() + lead).and_then(|s| s.chars().next_back());
        let after = clause.get(m.end()..).and_then(|s| s.chars().next());
        let glued = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '#' | '$' | '€' | '%'))
            || after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '%'));
        if glued {
            continue;
        }
        out.push(Expression {
            text: shown(text),
            range: c.name("one").is_none() || versions.iter().any(|v| v.ends_with(['x', 'X', '*'])),
            since: c.name("lower").is_some() || c.name("lowup").is_some(),
            product: !bare && text.contains(super::PRODUCT)
                || bare && text.get(lead..).is_some_and(|t| t.contains(super::PRODUCT)),
            announced: !bare && ANNOUNCED.is_match(text),
            versions,
            start,
            end: m.end(),
        });
    }
    out
}

/// The expression without product names, filler and `v`; `introduced in` reads as `since`.
fn shown(raw: &str) -> String {
    static INTRODUCED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\bintroduced\s+(?:in|with|by)\b").expect("valid"));
    let s = NOISE.replace_all(raw, " ");
    let s = V_PREFIX.replace_all(&s, "$1");
    let s = INTRODUCED.replace_all(&s, "since");
    let s = text::collapse(&s);
    // `from 2.1 to 2.4` is the range itself; `from 2.1` alone needs its word.
    let s = s
        .strip_prefix("from ")
        .filter(|r| VERSION.find_iter(r).count() > 1)
        .map_or(s.clone(), str::to_string);
    let s = s.replace("( ", "(");
    if s.starts_with(['[', '(']) && s.contains(',') && s.ends_with([']', ')']) {
        return s;
    }
    let open = s.matches('(').count();
    let close = s.matches(')').count();
    let s = if open > close {
        s.replace('(', "")
    } else if close > open {
        s.replace(')', "")
    } else {
        s
    };
    text::collapse(s.trim_matches([' ', ',', ';', ':', '=', '@', '/'])).to_string().replace(" ,", ",")
}

/// Groups expressions that form a list: only commas and conjunctions stand between them.
pub(super) fn chains<'e>(clause: &str, list: &'e [Expression]) -> Vec<Vec<&'e Expression>> {
    static GLUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:\s*\((?:tested|confirmed|verified|vulnerable|affected)\))?[\s,;&/|+]*(?:(?:and|or|with|vs\.?|versus|as\s+well\s+as|und|et|y|e|и|also)\b|および|及び|と|、|和|及)?\s*(?:(?:versions?|releases?|the)\s+)*$").expect("valid")
    });
    let mut out: Vec<Vec<&Expression>> = Vec::new();
    for e in list {
        let joined = out
            .last()
            .and_then(|c| c.last())
            .is_some_and(|last| clause.get(last.end..e.start).is_some_and(|gap| GLUE.is_match(gap)));
        match out.last_mut() {
            Some(chain) if joined => chain.push(e),
            _ => out.push(vec![e]),
        }
    }
    out
}

/// Could this be a version of the product at all? Refuses numbers, scores, addresses and dates. `firm` means that
/// a label or the product's name announced a version.
pub(super) fn plausible(e: &Expression, before: &str, after: &str, firm: bool) -> bool {
    static UNIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\s*(?:/\s*\d|%|[kmgt]i?b(?:ytes?)?\b|bytes?\b|ms\b|sec(?:ond)?s?\b|min(?:ute)?s?\b|hours?\b|days?\b|weeks?\b|months?\b|years?\b|times\b|percent|out\s+of|[gmk]hz|cores?\b|users?\b|requests?\b|lines?\b|characters?\b|million|billion|usd|eur|\(?\s*(?:critical|high|medium|low)\b)").expect("valid")
    });
    static SCORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:cvss\S*|scores?|scored|rating|rated|severity)\b[^.;]{0,30}$").expect("valid")
    });
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:\b(?:ip|host|address|server\s+at|listening\s+on|bind|connect\s+to|ping|curl|nc|telnet|localhost)\b[^.;]{0,15}|//|@)$").expect("valid")
    });
    static DATE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:\d{1,2}\.\d{1,2}\.(?:19|20)?\d\d)$").expect("valid"));
    if UNIT.is_match(after) && !(firm && e.range && after.trim_start().starts_with('/')) {
        return false;
    }
    if SCORE.is_match(before) {
        return false;
    }
    for v in &e.versions {
        let numbers: Vec<&str> = v.split('.').collect();
        if v.len() > 40 || (DATE.is_match(v) && numbers.last().is_some_and(|y| y.len() == 4)) {
            return false;
        }
        let quad = numbers.len() == 4 && numbers.iter().all(|n| n.parse::<u16>().is_ok_and(|n| n < 256));
        let private = matches!(
            numbers.first(),
            Some(&("127" | "10" | "192" | "172" | "169" | "198" | "203" | "0" | "255" | "224"))
        );
        if quad && (private || PLACE.is_match(before) || after.starts_with(':') || after.starts_with('/')) {
            return false;
        }
        // A whole number is a version only where one was announced.
        if numbers.len() == 1 && v.bytes().all(|b| b.is_ascii_digit()) {
            let year = v.len() == 4 && (v.starts_with("19") || v.starts_with("20"));
            static NEXT: LazyLock<Regex> = LazyLock::new(|| {
                Regex::new(r"(?i)^\s*(?:$|[,.;:()\]|]|and\b|or\b|to\b|through|before|up\b|is\b|are\b|was\b|on\b|in\b|with\b|both\b|inclusive|only\b|-|–)").expect("valid")
            });
            if !firm || v.len() > 4 || (year && !e.range) && v.len() > 4 || !NEXT.is_match(after) {
                return false;
            }
        }
    }
    true
}
