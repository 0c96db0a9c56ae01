//! The publication scan (§4.1): which words of a text may not stand on a surface, and where they are.

use std::{collections::BTreeMap, str::FromStr};

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};

use super::{
    Phase, Policy, Secrets, SurfaceKind, branch,
    judge::Judge,
    matcher::{Matcher, What},
    normal::Folded,
};

/// How hard a hit refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// May not stand.
    Block,
    /// May not stand unless a person records why.
    Justify,
    /// A person should look.
    Review,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Anything.
    #[default]
    Text,
    /// Title of a pull request or record.
    Title,
    /// Name of a branch: stricter, and a neutral name is suggested.
    Branch,
    /// Commit message.
    Commit,
    /// Text of a pull request: missing parts are named.
    PrBody,
    /// Changelog fragment.
    Changelog,
    /// Comment.
    Comment,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Ok(match s.trim().to_ascii_lowercase().as_str() {
            "text" => Kind::Text,
            "title" => Kind::Title,
            "branch" => Kind::Branch,
            "commit" => Kind::Commit,
            "pr-body" => Kind::PrBody,
            "changelog" => Kind::Changelog,
            "comment" => Kind::Comment,
            _ => {
                return Err(format!(
                    "no kind is called `{s}`: use text, title, branch, commit, pr-body, changelog or comment"
                ));
            }
        })
    }
}

/// Where a text is to go and what must not be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRequest {
    /// Where it is to go.
    pub surface: SurfaceKind,
    /// How public the flaw is.
    pub phase: Phase,
    /// What kind of text it is.
    pub kind: Kind,
    /// The secrets of the tracker.
    pub secrets: Secrets,
    /// Paths and identifiers that exist at the base of the change; a hit inside one of them is no news (§4.1).
    /// The reporter's and the tracker's identifiers are never exempt.
    pub exempt: Vec<String>,
}

impl ScanRequest {
    /// A request without secrets, for text of no special kind.
    #[must_use]
    pub fn new(surface: SurfaceKind, phase: Phase) -> Self {
        Self { surface, phase, kind: Kind::default(), secrets: Secrets::default(), exempt: Vec::new() }
    }

    /// The same request for another kind of text.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}

/// One thing found. Offsets are bytes of the original input, on character boundaries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Stable id of the rule; [`super::rule_info`] explains it.
    pub rule: String,
    /// How hard it refuses.
    pub tier: Tier,
    /// The words as they stand in the input.
    pub text: String,
    /// First byte.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
}

/// What a scan found (DESIGN §7, `x scan`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReport {
    /// No `block` and no `justify` hit; a `review` hit asks a person to look.
    pub clear: bool,
    /// What was found, by place; at most 1000 per rule.
    pub hits: Vec<Hit>,
    /// A neutral name for a branch that has hits.
    pub suggestion: Option<String>,
    /// Required parts that a pull-request text lacks.
    pub missing: Vec<String>,
}

/// Hits of one rule that are reported; beyond this a text is refused as a whole anyway.
const MOST_PER_RULE: usize = 1000;

/// Scans one text. To scan many with one request, make a [`Scanner`].
#[must_use]
pub fn scan(text: &str, request: &ScanRequest, policy: &Policy) -> ScanReport {
    Scanner::new(policy, request).scan(text)
}

/// Scans bytes; what is not UTF-8 is refused (§4.1: unreadable input blocks).
#[must_use]
pub fn scan_bytes(bytes: &[u8], request: &ScanRequest, policy: &Policy) -> ScanReport {
    match std::str::from_utf8(bytes) {
        Ok(text) => scan(text, request, policy),
        Err(e) => {
            let start = e.valid_up_to();
            let end = e.error_len().map_or(bytes.len(), |n| start + n);
            unreadable(
                start,
                end,
                String::from_utf8_lossy(bytes.get(start..end).unwrap_or_default()).into_owned(),
            )
        }
    }
}

fn unreadable(start: usize, end: usize, text: String) -> ScanReport {
    let hit = Hit { rule: "scan.unreadable".into(), tier: Tier::Block, text, start, end };
    ScanReport { clear: false, hits: vec![hit], suggestion: None, missing: Vec::new() }
}

/// A request compiled for many texts: the lines, paths and messages of a range of commits.
pub struct Scanner<'a> {
    policy: &'a Policy,
    request: &'a ScanRequest,
    judge: Judge<'a>,
    secrets: Option<Matcher>,
    exempt: Option<(AhoCorasick, Vec<bool>)>,
}

impl<'a> Scanner<'a> {
    /// Compiles the secrets and exemptions of a request.
    #[must_use]
    pub fn new(policy: &'a Policy, request: &'a ScanRequest) -> Self {
        Self::with(policy, request, None)
    }

    /// The scanner of [`Policy::clear`], which knows whether the fix is open and which people are addressed.
    pub(super) fn strict(
        policy: &'a Policy,
        request: &'a ScanRequest,
        fix_open: bool,
        recipients: &'a [String],
    ) -> Self {
        Self::with(policy, request, Some((fix_open, recipients)))
    }

    fn with(policy: &'a Policy, request: &'a ScanRequest, strict: Option<(bool, &'a [String])>) -> Self {
        let judge = Judge::new(policy, request, strict);
        let others = &request.secrets.other_cves;
        let known = others.is_empty() || others.bare().is_some();
        let secrets = Matcher::brief(policy.secret_patterns(&request.secrets)).ok().filter(|_| known);
        let exempt = exemptions(policy, request);
        Self { policy, request, judge, secrets, exempt }
    }

    /// Scans one text. Time is linear in its length.
    #[must_use]
    pub fn scan(&self, text: &str) -> ScanReport {
        let Some(secrets) = self.secrets.as_ref().filter(|_| u32::try_from(text.len()).is_ok()) else {
            return unreadable(0, 0, String::new());
        };
        let mut found = Found { text, hits: BTreeMap::new(), counts: BTreeMap::new() };
        let exempt = self.exempt_spans(text);
        let folded = Folded::new(text, true);
        self.words(&folded, secrets, &exempt, &mut found);
        if folded.decoded {
            // What decoding swallowed (`%c3%advisory`) is still read as it stands.
            self.words(&Folded::new(text, false), secrets, &exempt, &mut found);
        }
        drop(folded);
        self.judge.plain(text, &mut |rule, tier, start, end| {
            if !is_exempt(&exempt, rule, start, end) {
                found.add(rule, tier, start, end);
            }
        });
        let hits = found.finish();
        let clear = hits.iter().all(|h| h.tier == Tier::Review);
        let suggestion =
            (self.request.kind == Kind::Branch && !hits.is_empty()).then(|| self.suggest(text, &hits));
        let missing = match self.request.kind {
            Kind::PrBody => branch::missing(text, &self.policy.disclosure_url),
            _ => Vec::new(),
        };
        ScanReport { clear, hits, suggestion, missing }
    }

    fn words(&self, f: &Folded, secrets: &Matcher, exempt: &[(usize, usize)], found: &mut Found) {
        let others = self.request.secrets.other_cves.bare();
        let all = [Some((&self.policy.matcher, false)), Some((secrets, true)), others.map(|m| (m, true))];
        for (matcher, secret) in all.into_iter().flatten() {
            matcher.each(f, |pat, start, end| {
                let Some((rule, tier, start, end)) = self.judge.weigh(f, pat, start, end) else { return };
                let (mut s, e) = f.span(start, end);
                if pat.what == What::Number && f.around(start, end).0.is_some_and(|c| matches!(c, '#' | '＃'))
                {
                    // The sign belongs to the number.
                    s -= f.around(start, end).0.map_or(0, char::len_utf8);
                }
                let firm = secret || matches!(pat.what, What::Slug | What::CveTool | What::List(_));
                if firm || !is_exempt(exempt, rule, s, e) {
                    found.add(rule, tier, s, e);
                }
            });
        }
    }

    /// A neutral branch name, checked by the scan itself.
    fn suggest(&self, text: &str, hits: &[Hit]) -> String {
        let slug = branch::suggestion(text, hits);
        let again = ScanRequest { kind: Kind::Text, ..self.request.clone() };
        if scan(&slug, &again, self.policy).hits.is_empty() { slug } else { branch::FALLBACK.into() }
    }

    /// Where exempt paths and identifiers stand, as whole tokens.
    fn exempt_spans(&self, text: &str) -> Vec<(usize, usize)> {
        let Some((automaton, paths)) = &self.exempt else { return Vec::new() };
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let mut out: Vec<(usize, usize)> = automaton
            .find_overlapping_iter(text)
            .filter(|m| {
                let before = text.get(..m.start()).unwrap_or_default();
                let after = text.get(m.end()..).and_then(|t| t.chars().next());
                let path = paths.get(m.pattern().as_usize()).copied().unwrap_or(false);
                let free = match before.chars().next_back() {
                    // A path below another folder is another path; `./` and the sides of a diff are the same one.
                    Some('/') => path && ["./", "a/", "b/"].iter().any(|p| before.ends_with(p)),
                    Some(c) => !word(c) && c != '-',
                    None => true,
                };
                let folder = text.get(m.start()..m.end()).is_some_and(|t| t.ends_with('/'));
                free && (folder || after.is_none_or(|c| !word(c)))
            })
            .map(|m| (m.start(), m.end()))
            .collect();
        out.sort_unstable();
        // Merge, so that a search by start finds the one span that can cover a hit.
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(out.len());
        for (s, e) in out {
            match merged.last_mut() {
                Some(last) if s < last.1 => last.1 = last.1.max(e),
                _ => merged.push((s, e)),
            }
        }
        merged
    }
}

/// A hit inside an exempt token is no news. A phrase that only begins or ends in one (`fix security.py`) is not
/// framing by itself; ids must lie wholly inside.
fn is_exempt(spans: &[(usize, usize)], rule: &str, start: usize, end: usize) -> bool {
    let next = spans.partition_point(|s| s.0 < end);
    let Some(&(s, e)) = next.checked_sub(1).and_then(|i| spans.get(i)) else { return false };
    if s <= start && end <= e {
        return true;
    }
    rule == "scan.security-fix" && s < end && start < e
}

/// The exempt tokens of a request: paths, their folders, their file names, identifiers, and the address that pull
/// requests must carry.
fn exemptions(policy: &Policy, request: &ScanRequest) -> Option<(AhoCorasick, Vec<bool>)> {
    let mut tokens: BTreeMap<String, bool> = BTreeMap::new();
    for token in &request.exempt {
        if token.len() < 3 || token.contains(char::is_whitespace) {
            continue;
        }
        tokens.insert(token.clone(), token.contains(['/', '.']));
        for (i, _) in token.match_indices('/') {
            tokens.insert(token.get(..=i).unwrap_or_default().to_string(), true);
        }
        if let Some((_, name)) = token.rsplit_once('/').filter(|(_, n)| n.contains('.') && n.len() > 2) {
            tokens.insert(name.to_string(), true);
        }
    }
    for url in [&policy.disclosure_url, &policy.contributing_url] {
        if !url.is_empty() {
            tokens.insert(url.clone(), true);
        }
    }
    tokens.remove("/");
    if tokens.is_empty() {
        return None;
    }
    // Too many tokens to compile would mean no exemptions: stricter, never laxer.
    let automaton = AhoCorasick::new(tokens.keys()).ok()?;
    Some((automaton, tokens.values().copied().collect()))
}

struct Found<'t> {
    text: &'t str,
    hits: BTreeMap<(usize, usize, &'static str), Tier>,
    counts: BTreeMap<&'static str, usize>,
}

impl Found<'_> {
    fn add(&mut self, rule: &'static str, tier: Tier, start: usize, end: usize) {
        let count = self.counts.entry(rule).or_default();
        // One rule may have several tiers; a block is never dropped for a review.
        if *count >= MOST_PER_RULE && (tier == Tier::Review || *count >= 2 * MOST_PER_RULE) {
            return;
        }
        let held = self.hits.entry((start, end, rule)).or_insert_with(|| {
            *count += 1;
            tier
        });
        *held = (*held).min(tier);
    }

    /// Hits by place, without those that a wider and at least as firm hit already says.
    fn finish(self) -> Vec<Hit> {
        let mut all: Vec<_> = self.hits.into_iter().map(|((s, e, rule), tier)| (s, e, rule, tier)).collect();
        // Wider first, so that one pass sees every container before what it contains.
        all.sort_unstable_by_key(|&(s, e, rule, tier)| (s, std::cmp::Reverse(e), is_minor(rule), tier, rule));
        let mut reach: BTreeMap<(&str, Tier), usize> = BTreeMap::new();
        let mut firm_reach = 0;
        let mut out: Vec<Hit> = Vec::with_capacity(all.len());
        for (start, end, rule, tier) in all {
            let firmer = [Tier::Block, Tier::Justify, Tier::Review].into_iter().filter(|t| *t <= tier);
            let said = firmer.into_iter().any(|t| reach.get(&(rule, t)).is_some_and(|r| *r >= end))
                || (is_minor(rule) && firm_reach >= end);
            if said {
                continue;
            }
            reach.insert((rule, tier), end);
            if !is_minor(rule) && tier != Tier::Review {
                firm_reach = firm_reach.max(end);
            }
            let text = self.text.get(start..end).unwrap_or_default().to_string();
            out.push(Hit { rule: rule.into(), tier, text, start, end });
        }
        out
    }
}

/// Rules whose hit says nothing beside a firmer hit over the same words.
fn is_minor(rule: &str) -> bool {
    matches!(
        rule,
        "scan.cve-word"
            | "scan.security-word"
            | "scan.embargo-term"
            | "scan.third-party-email"
            | "scan.sensitive"
    )
}
