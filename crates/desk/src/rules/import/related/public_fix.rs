//! Is the flaw mended in public already? (intake page §3 P3; Weaknesses 13)
//!
//! A link alone proves nothing: the reporter may link the change that brought the flaw. STRONG takes a date, the same
//! surface and evidence of a fix; and a change that was made because of this very report proves only that the team
//! works.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Grade, ReportFacts, ReportTerms, Terms, Why, terms};
use crate::rules::vocabulary::{self, BUG_CLASSES};

/// A public change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpstreamChange {
    /// Its address.
    pub url: String,
    /// Its commit; empty when not merged.
    pub sha: String,
    /// Its title.
    pub title: String,
    /// Its description and commit messages.
    pub message: String,
    /// Paths it changes.
    pub paths: Vec<String>,
    /// When it was opened.
    pub created_at: Option<Timestamp>,
    /// When it was merged; none while open.
    pub merged_at: Option<Timestamp>,
    /// Is its author on the security team?
    pub author_on_roster: bool,
}

/// A public change that mends, or may mend, what a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicFix {
    /// The change.
    pub url: String,
    /// STRONG makes the report `fix-already-public`; the others are notes.
    pub grade: Grade,
    /// Evidence for it.
    pub evidence: Vec<Why>,
    /// Why a STRONG match was not taken: the change answers this report.
    pub downgraded: Option<String>,
}

#[allow(clippy::unwrap_used, reason = "the patterns are constants, compiled in every test run")]
static INTRODUCES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:introduc\w+|caused\s+by|regress\w+|since\s+(?:this|that|the)?\s*(?:pr|pull|commit|change)|began\s+with|brought\s+in|broke\w*|root\s+cause|added\s+(?:in|by)|bug\s+(?:is|was)\s+in|reverted\s+by|vulnerable\s+(?:change|commit|code)|after\s+(?:this|the)\s+(?:change|commit|merge))\b",
    )
    .unwrap()
});
#[allow(clippy::unwrap_used, reason = "the patterns are constants, compiled in every test run")]
static MENDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:fix(?:es|ed|ing)?|prevent\w*|escap\w+|sanitiz\w+|sanitis\w+|validat\w+|harden\w*|restrict\w*|mask\w*|redact\w*|disallow\w*|reject\w*|block\w*|enforce\w*|protect\w*|guard\w*|mitigat\w+|patch\w*|resolv\w+|correct\w*|check(?:s|ed|ing)?|avoid\w*|den(?:y|ies)|limit\w*|secur\w+|quot(?:e|ing)|canonicali[sz]\w+|verif\w+|forbid\w*)\b",
    )
    .unwrap()
});
#[allow(clippy::unwrap_used, reason = "the patterns are constants, compiled in every test run")]
static PRIVATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:privately\s+(?:reported|disclosed)|reported\s+privately|private(?:ly)?\s+(?:report|disclosure|advisory)|responsib(?:le|ly)\s+disclos\w+|security\s+(?:team|list|mailing\s+list)|security@\S+|coordinated\s+disclosure|under\s+embargo)",
    )
    .unwrap()
});

/// Characters around a link in which the reporter says what it is.
const AROUND: usize = 160;

/// Public changes, each read once.
#[derive(Debug, Default)]
pub struct Changes<'a>(Vec<Read<'a>>);

#[derive(Debug)]
struct Read<'a> {
    change: &'a UpstreamChange,
    terms: Terms,
    places: BTreeSet<String>,
    /// Does it call itself a fix?
    mends: bool,
}

impl<'a> Changes<'a> {
    /// Read these changes. Their order means nothing.
    #[must_use]
    pub fn new(changes: &'a [UpstreamChange]) -> Self {
        let mut all: Vec<&UpstreamChange> = changes.iter().collect();
        all.sort_by_key(|c| (c.merged_at, &c.url, &c.sha));
        let read = all.into_iter().map(|change| {
            let terms = Terms::of(&change.title, &change.message);
            let mut places: BTreeSet<String> = terms.pointers.keys().cloned().collect();
            places.extend(change.paths.iter().flat_map(|p| terms::path_names(p)));
            let mends = MENDS.is_match(&change.title) || terms.topics.fixes != 0;
            Read { change, terms, places, mends }
        });
        Self(read.collect())
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The best public fix among these changes, if any is more than a coincidence.
    #[must_use]
    pub fn fix(&self, report: &ReportFacts, ours: &ReportTerms) -> Option<PublicFix> {
        let ours = &*ours.0;
        let text = Named::of(format!("{}\n{}", report.title, report.text));
        let mut best: Option<PublicFix> = None;
        for read in &self.0 {
            let Some(fix) = judge(report, ours, &text, read) else { continue };
            let rank = |f: &PublicFix| (f.grade, f.downgraded.is_none());
            if best.as_ref().is_none_or(|b| rank(&fix) > rank(b)) {
                best = Some(fix);
            }
        }
        best
    }
}

/// The best public fix among these changes, if any is more than a coincidence.
#[must_use]
pub fn public_fix(report: &ReportFacts, changes: &[UpstreamChange]) -> Option<PublicFix> {
    Changes::new(changes).fix(report, &report.read())
}

fn judge(report: &ReportFacts, ours: &Terms, text: &Named, read: &Read<'_>) -> Option<PublicFix> {
    let Read { change, terms: theirs, places, mends } = read;
    let mends = *mends;
    let mut evidence = Vec::new();
    let mut note = |rule: &str, what: String| {
        evidence.push(Why { rule: format!("public-fix.{rule}"), evidence: what });
    };
    let linked = text.link(change);
    let text = text.text.as_str();
    let introduced = linked.is_some_and(|at| INTRODUCES.is_match(around(text, at)));
    if introduced {
        return None;
    }
    let surface: Vec<&String> =
        ours.pointers.iter().filter(|(p, _)| places.contains(*p)).map(|(_, s)| s).collect();
    let words: Vec<&String> = ours
        .words
        .iter()
        .filter(|(w, mine)| **mine && theirs.words.get(*w) == Some(&true))
        .map(|(w, _)| w)
        .collect();
    let on_surface = !surface.is_empty() || words.len() >= 2;
    let (a, b) = (&ours.topics, &theirs.topics);
    let causes = a.causes() & b.causes();
    let class =
        if causes != 0 || (a.causes() != 0 && b.causes() != 0) { causes } else { a.classes & b.classes };
    let same_id: Vec<&String> = ours.ghsa.intersection(&theirs.ghsa).collect();
    let opened = change.created_at.or(change.merged_at);
    let dated = opened.is_some() && report.received.zip(opened).is_none_or(|(mail, pr)| pr <= mail);

    if let Some(at) = linked {
        note("linked", around(text, at).trim().to_string());
    }
    if !surface.is_empty() {
        note("surface", surface.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", "));
    } else if on_surface {
        note("surface", words.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", "));
    }
    if class != 0 {
        note("bug-class", vocabulary::names(BUG_CLASSES, class).join(", "));
    }
    if mends {
        note("fix", change.title.clone());
    }
    for id in &same_id {
        note("ghsa", (*id).clone());
    }
    let strong = (linked.is_some() && dated && on_surface && mends)
        || (class != 0 && on_surface && mends)
        || (!same_id.is_empty() && mends);
    if !strong {
        // Same place, nothing that says it is the fix.
        let near = !surface.is_empty() || (linked.is_some() && on_surface);
        return near.then(|| PublicFix {
            url: change.url.clone(),
            grade: Grade::Medium,
            evidence,
            downgraded: None,
        });
    }
    let newer = report.received.zip(opened).is_some_and(|(mail, pr)| pr > mail);
    let downgraded = if change.author_on_roster && newer {
        Some("its author is on the security team and it is newer than the report".to_string())
    } else {
        PRIVATE
            .find(&change.message)
            .or_else(|| PRIVATE.find(&change.title))
            .map(|m| format!("it speaks of a private report: {}", m.as_str()))
    };
    let grade = if downgraded.is_some() { Grade::Weak } else { Grade::Strong };
    Some(PublicFix { url: change.url.clone(), grade, evidence, downgraded })
}

/// A report's text, and whether it may name any change at all: most name none, and there are many changes.
struct Named {
    text: String,
    /// It holds an address.
    address: bool,
    /// It holds seven hexadecimal digits in a row.
    commit: bool,
}

impl Named {
    fn of(text: String) -> Self {
        let address = text.contains("://");
        let commit = text.as_bytes().chunk_by(|a, b| is_hex(*a) && is_hex(*b)).any(|run| run.len() >= 7);
        Self { text, address, commit }
    }

    /// Where the report links the change: by address or by commit.
    fn link(&self, change: &UpstreamChange) -> Option<usize> {
        let text = self.text.as_str();
        let url = change.url.trim_end_matches('/');
        let by_url = (!url.is_empty() && (self.address || !url.contains("://"))).then(|| {
            text.match_indices(url).map(|(i, _)| i).find(|i| {
                // `…/pull/12` is not `…/pull/123`.
                !text.get(i + url.len()..).unwrap_or("").starts_with(|c: char| c.is_ascii_alphanumeric())
            })
        });
        by_url.flatten().or_else(|| {
            let sha = change.sha.get(..7)?;
            if self.commit || !sha.bytes().all(is_hex) { text.find(sha) } else { None }
        })
    }
}

fn is_hex(b: u8) -> bool {
    b.is_ascii_hexdigit()
}

/// The text around a place, on character boundaries.
fn around(text: &str, at: usize) -> &str {
    let line_start = text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let mut from = at.saturating_sub(AROUND).max(line_start);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = text.get(at..).and_then(|t| t.find('\n')).map_or(text.len(), |i| at + i).min(at + AROUND);
    while !text.is_char_boundary(to) {
        to += 1;
    }
    text.get(from..to).unwrap_or("")
}
