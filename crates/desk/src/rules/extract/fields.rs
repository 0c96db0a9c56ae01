//! The fields of a report: title, affected versions, credit, severity (intake page §6).

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{
    affected::affected_versions,
    bot::unreplyable,
    credit,
    observed::{Observed, observed},
    text,
};
use crate::{config::Config, mail::Message};

/// What goes into a new tracker (DESIGN §7, `x classify`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFields {
    /// The subject, cleaned.
    pub title: String,
    /// Stated versions, without the product's name; empty when vague.
    pub affected_versions: Vec<String>,
    /// The credit, one name per line; none when unknown.
    pub credit: Option<String>,
    /// Always `Unknown`: the team rates, not the reporter.
    pub severity: String,
}

/// The severity of every new tracker (intake page §6).
pub const UNKNOWN: &str = "Unknown";

/// Reads the fields of a report. `text` is the body to read, normally [`Message::text`]; a sender that nobody can
/// answer is a relay and is never credited.
#[must_use]
pub fn fields(message: &Message, text: &str, config: &Config) -> ReportFields {
    let read = Message { text: text.to_string(), from: message.from.clone(), ..Message::default() };
    let relayed = unreplyable(&message.from);
    ReportFields {
        title: clean_title(&message.subject, config),
        affected_versions: affected_versions(&message.subject, text, config),
        credit: credit::from_message(&read, relayed).field(),
        severity: UNKNOWN.into(),
    }
}

/// The reporter's own ratings, from subject and body: observation only.
#[must_use]
pub fn observed_in(message: &Message, text: &str) -> Observed {
    observed(&message.subject, text)
}

static REPLY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:(?:re|fwd?|aw|wg|sv|vs|antw|tr|réf|ref|rv|res|enc|odp|回复|转发|答复)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]|(?:回复|转发)[:：])\s*").expect("valid")
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*[\[(【]([^\])】]{0,60})[\])】]\s*[:|\-–—]*\s*").expect("valid"));
static TAG_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:security|important|urgent|critical|high|medium|moderate|low|severe|external|ext|cve|cvss|vuln\w*|report|disclosure|embargo\w*|confidential|private|responsible|coordinated|bug\s*bounty|poc|0-?day|issue|advisory|action\s+required|new|spam\??|list|pmc)\b").expect("valid")
});
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:(?:possible|potential|responsible|coordinated|private|confidential|urgent|new|critical|important|high|medium|low|severe|suspected|a|re)\s+)*(?:(?:security|vulnerability|bug)\s+(?:report|issue|vulnerability|bug|disclosure|advisory|finding|flaw|problem|notification|concern)|(?:vulnerability|responsible|coordinated|private)\s+disclosure|cve\s+(?:candidate|request|report)|security|vulnerability|urgent|important|critical|disclosure|report)(?:\s+(?:report|disclosure|submission))?(?:\s+(?:in|for|of|on|affecting)\s+\x{E000})?\s*(?:[:|–—]|\s-|-\s)\s*").expect("valid")
});
static CVSS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*[\[(][^\])]*\b(?:cvss|cve\s+candidate|score)\b[^\])]*[\])]\s*|[\s,;|–—-]*\bCVSS(?:\s*v?\s*[234](?:\.\d)?)?(?:\s*(?:base\s+)?score)?\s*[:=]?\s*(?:~|approx\.?\s*)?(?:10(?:\.0)?|\d\.\d)(?:\s*/\s*10)?(?:\s*[(,/\-–]?\s*(?:critical|high|medium|moderate|low)\s*\)?)?|\s*\(\s*(?:critical|high|medium|moderate|low|severity[^)]*|(?:10\.0|\d\.\d)(?:\s*[,/]?\s*\w+)?)\s*\)\s*|[\s,;|–—-]*\bCVSS:[34]\.\d/\S+|[\s,;|–—-]*\(?\bcve\s+candidate\b\)?\s*[:\-–—]?\s*|\s*\b(?:critical|high|medium|moderate|low)\s+severity\b\s*[:\-–—]?\s*").expect("valid")
});
static TRAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*(?:[-–—|,]\s*)?(?:\b(?:in|of|on|for|affecting)\s+(?:the\s+)?)?\(?\x{E000}(?:\s*(?:versions?\s*)?(?:[<>=≤≥]+\s*)?v?\d[\w.]*(?:\.x)?(?:\s*(?:and|or)\s+(?:earlier|below|prior))?)?\)?\s*$").expect("valid")
});
static LEAD_PRODUCT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*\[?\x{E000}\]?(?:\s*(?:version\s*)?(?:[<>=≤≥]+\s*)?v?\d+(?:\.[\dx*]+)+)?\s*(?:[:|–—]\s*|\s-\s*|-\s+|\s+)").expect("valid")
});

/// A subject as a title: reply marks, tags, ratings and the product's name removed, first letter upper case.
///
/// The full cascade is [`crate::rules`]' own; this is the reading used until a person edits the title.
#[must_use]
pub fn clean_title(subject: &str, config: &Config) -> String {
    const MARK: &str = "\u{E000}";
    let original = text::collapse(text::head(&subject.replace(MARK, " "), 500));
    let product = product_names(config);
    let mut t = match &product {
        Some(re) => re.replace_all(&original, MARK).into_owned(),
        None => original.clone(),
    };
    for _ in 0..12 {
        let before = t.clone();
        t = REPLY.replace(&t, "").into_owned();
        if let Some(c) = TAG.captures(&t) {
            let inner = c.get(1).map_or("", |m| m.as_str());
            let list = config
                .mail
                .lists
                .security
                .split('@')
                .next()
                .is_some_and(|l| !l.is_empty() && inner.eq_ignore_ascii_case(l));
            if TAG_WORDS.is_match(inner) || inner.contains(MARK) || list || inner.trim().is_empty() {
                let rest = t.get(c.get(0).map_or(0, |m| m.end())..).unwrap_or_default().to_string();
                if !rest.trim().is_empty() {
                    t = rest;
                }
            }
        }
        t = CVSS.replace_all(&t, " ").trim().to_string();
        for re in [&LEAD, &LEAD_PRODUCT, &TRAIL] {
            let cut = re.replace(&t, "").trim().to_string();
            if cut.chars().filter(|c| c.is_alphanumeric()).count() >= 3 {
                t = cut;
            }
        }
        t = t.trim_matches(|c: char| c.is_whitespace() || ":|-–—,;".contains(c)).to_string();
        if t == before {
            break;
        }
    }
    // Names that stand within the title stay as the reporter wrote them.
    if let Some(re) = &product {
        let mut names =
            re.find_iter(&original).map(|m| m.as_str().to_string()).collect::<Vec<_>>().into_iter();
        let kept = t.matches(MARK).count();
        let all: Vec<String> = names.by_ref().collect();
        let from = all.len().saturating_sub(kept);
        let mut left = all.into_iter().skip(from);
        while let Some(at) = t.find(MARK) {
            let name = left.next().unwrap_or_default();
            t.replace_range(at..at + MARK.len(), &name);
        }
    }
    let t = text::collapse(t.trim_end_matches(['.', ' ', '-', ':']));
    let t = if t.is_empty() { original } else { t };
    let mut chars = t.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn product_names(config: &Config) -> Option<Regex> {
    let mut names: Vec<&str> = vec![&config.project.name, &config.project.short_name];
    names.extend(config.scope.iter().map(|s| s.product.as_str()));
    names.retain(|n| n.trim().chars().count() >= 2);
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let words: Vec<String> = names.iter().map(|n| regex::escape(n.trim())).collect();
    if words.is_empty() {
        return None;
    }
    RegexBuilder::new(&format!(r"\b(?:{})\b", words.join("|"))).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests;
