//! Severity: CVSS objects, and the words of those who do not score.

use super::{Level, Record, cvss3, say};
use crate::cve::{
    check::{At, Node, Num, Sink, quoted},
    schema::severity_of_tenths,
};

/// What severity scales call their steps.
const WORDS: &[&str] = &["none", "low", "moderate", "medium", "important", "high", "critical", "urgent"];

/// A metric's letter in a vector, the key beside it, and the word for each value.
type Metric = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What a vector says once more in keys.
const KEYS: &[Metric] = &[
    ("AV", "attackVector", &[("N", "NETWORK"), ("A", "ADJACENT_NETWORK"), ("L", "LOCAL"), ("P", "PHYSICAL")]),
    ("AC", "attackComplexity", &[("L", "LOW"), ("H", "HIGH")]),
    ("PR", "privilegesRequired", &[("N", "NONE"), ("L", "LOW"), ("H", "HIGH")]),
    ("UI", "userInteraction", &[("N", "NONE"), ("R", "REQUIRED")]),
    ("S", "scope", &[("U", "UNCHANGED"), ("C", "CHANGED")]),
    ("C", "confidentialityImpact", &[("N", "NONE"), ("L", "LOW"), ("H", "HIGH")]),
    ("I", "integrityImpact", &[("N", "NONE"), ("L", "LOW"), ("H", "HIGH")]),
    ("A", "availabilityImpact", &[("N", "NONE"), ("L", "LOW"), ("H", "HIGH")]),
];

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("metrics");
    let mut any = false;
    for (n, metric) in r.cna.items("metrics") {
        any = true;
        let item = list.index(n);
        for key in ["cvssV3_0", "cvssV3_1"] {
            if let Some(cvss) = metric.get(key) {
                version_3(cvss, key, &item.key(key), sink);
            }
        }
        word(metric, &item, sink);
    }
    if !any {
        say(sink, "lint.no-severity", &list, "nothing says how severe this is");
    }
}

fn version_3(cvss: &Node<'_>, key: &str, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    let score = cvss.get("baseScore").and_then(Node::number).map(Num::real);
    let severity = cvss.get("baseSeverity").and_then(Node::text);
    if let (Some(score), Some(severity)) = (score, severity) {
        let right = severity_of(score);
        if !severity.eq_ignore_ascii_case(right) {
            let message = format!("says {}, but a score of {score} is {right}", quoted(severity));
            say(sink, "lint.E005", &at.key("baseSeverity"), message);
        }
    }
    if key == "cvssV3_1" {
        if let Some(score) = score.filter(|s| !(0.0..=10.0).contains(s)) {
            say(sink, "lint.E018", &at.key("baseScore"), format!("{score} is not between 0 and 10"));
        }
        let known = ["NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
        if let Some(s) = severity.filter(|s| !s.is_empty() && !known.contains(s)) {
            let message = format!("{} is no severity: {}", quoted(s), known.join(", "));
            say(sink, "lint.E018", &at.key("baseSeverity"), message);
        }
    }
    let Some(vector) = cvss.get("vectorString").and_then(Node::text) else { return };
    let missing: Vec<&str> = cvss3::BASE.into_iter().filter(|k| cvss3::metric(vector, k).is_none()).collect();
    if !missing.is_empty() {
        let message = format!("lacks or repeats {}: no score follows from it", missing.join(", "));
        say(sink, "lint.cvss-vector", &at.key("vectorString"), message);
        return;
    }
    for (letter, key, words) in KEYS {
        let said = cvss.get(key).and_then(Node::text);
        let meant =
            cvss3::metric(vector, letter).and_then(|l| words.iter().find(|(k, _)| *k == l)).map(|(_, w)| *w);
        if let (Some(said), Some(meant)) = (said, meant)
            && said != meant
        {
            let message = format!("says {}, but the vector says {meant}", quoted(said));
            say(sink, "lint.cvss-vector", &at.key(key), message);
        }
    }
    if let (Some(score), Some(right)) = (score, cvss3::score(vector)) {
        let right = f64::from(right) / 10.0;
        if (score - right).abs() > 0.01 {
            let message = format!("is {score}, but the vector gives {right}");
            say(sink, "lint.cvss-score", &at.key("baseScore"), message);
        }
    }
}

/// As cvelint bands a score, whatever number it is.
fn severity_of(score: f64) -> &'static str {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100 before")]
    let tenths = (score * 10.0).ceil().clamp(0.0, 100.0) as u8;
    severity_of_tenths(tenths)
}

/// A severity in words, under `other`.
fn word(metric: &Node<'_>, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    let Some(other) = metric.get("other") else { return };
    let kind = other.get("type").and_then(Node::text).unwrap_or_default().to_lowercase();
    let Some(text) = other.walk(&["content", "text"]).and_then(Node::text) else { return };
    if kind.contains("severity") && !WORDS.contains(&text.trim().to_lowercase().as_str()) {
        let message = format!("{} is none of the words people sort by: {}", quoted(text), WORDS.join(", "));
        let other = at.key("other");
        sink.say("lint.severity-word", Level::Warning, &other.key("content").key("text"), message);
    }
}
