//! The team's severity in words, and a CVSS vector where the team set one (CVE page §4, §13 row 25).

use std::sync::LazyLock;

use crate::pattern::Regex;
use cvss::Cvss;
use serde_json::{Value, json};

use super::{
    finding::{Finding, Level},
    record::{CvssData, Metric, OtherMetric},
};
use crate::tracker::FieldRole;

/// Every severity a record may say.
pub const SEVERITIES: [&str; 7] = ["none", "low", "moderate", "medium", "high", "important", "critical"];

static VECTOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)CVSS:[0-9.]+/[A-Za-z0-9:/.]+").expect("a constant pattern, compiled by a test")
});

/// What the severity field becomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeverityReport {
    /// The word, lower case.
    pub word: Option<String>,
    /// The word first, then each vector.
    pub metrics: Vec<Metric>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

const PATH: &str = "/containers/cna/metrics";

/// Reads the severity field: one word of [`SEVERITIES`] and, beside it or on lines of their own, CVSS 3.1 or 4.0
/// vectors. `Unknown` is no severity. Only this field counts: what a reporter computed is never recorded.
#[must_use]
pub fn severity(field: &str) -> SeverityReport {
    let mut out = SeverityReport::default();
    let finding =
        |rule: &str, message: String| Finding::new(rule, Level::Error, PATH, FieldRole::Severity, message);
    let vectors: Vec<&str> =
        VECTOR.find_iter(field).map(|m| m.as_str().trim_end_matches(['.', '/', ':'])).collect();
    let words = VECTOR.replace_all(field, " ");
    let marks = |c: char| c.is_whitespace() || "`*_\"'()[]:;,.–—-".contains(c);
    let word = words.trim_matches(marks).to_lowercase();
    if SEVERITIES.contains(&word.as_str()) {
        out.metrics.push(Metric {
            other: Some(OtherMetric {
                kind: "Textual description of severity".into(),
                content: json!({ "text": word }),
                ..OtherMetric::default()
            }),
            ..Metric::default()
        });
        out.word = Some(word);
    } else if !word.is_empty() && word != "unknown" {
        let message = format!("`{}` is no severity; write one of {}", words.trim(), SEVERITIES.join(", "));
        out.findings.push(finding("record.severity", message));
    }
    let mut seen = std::collections::BTreeSet::new();
    for v in vectors {
        match vector(v) {
            Ok(metric) => {
                if seen.insert(v.to_ascii_uppercase()) {
                    out.metrics.push(metric);
                }
            }
            Err(why) => out.findings.push(finding("record.cvss", format!("`{v}` {why}"))),
        }
    }
    out
}

/// Metrics without which there is no score.
const BASE_3: [&str; 8] = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
const BASE_4: [&str; 11] = ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];

/// The vector as the standards spell it: upper case, but for the words of the provider's urgency (`U:Green`).
fn spelled(text: &str) -> String {
    let part = |p: &str| match p.to_ascii_uppercase().split_once(':') {
        Some(("U", word)) => {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("U:{first}{}", rest.to_ascii_lowercase())
        }
        _ => p.to_ascii_uppercase(),
    };
    text.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn vector(text: &str) -> Result<Metric, String> {
    let text = spelled(text);
    let parsed: Cvss = text.parse().map_err(|e| format!("is no CVSS vector: {e}"))?;
    let (score, needed, version) = match &parsed {
        Cvss::CvssV31(v) => (v.base_score().value(), &BASE_3[..], "3.1"),
        Cvss::CvssV40(v) => (v.score().value(), &BASE_4[..], "4.0"),
        _ => return Err("is of a version the record does not take; write a 3.1 or 4.0 vector".into()),
    };
    // The library takes a vector without all of its base metrics and scores it 0.
    let given: Vec<&str> = text.split('/').skip(1).filter_map(|p| p.split(':').next()).collect();
    if let Some(missing) = needed.iter().find(|n| !given.contains(n)) {
        return Err(format!("lacks the metric {missing}"));
    }
    let score = (score * 10.0).round() / 10.0;
    let band = match score {
        s if s <= 0.0 => "NONE",
        s if s < 4.0 => "LOW",
        s if s < 7.0 => "MEDIUM",
        s if s < 9.0 => "HIGH",
        _ => "CRITICAL",
    };
    let data = CvssData {
        version: version.into(),
        vector_string: text.clone(),
        base_score: Value::from(score),
        base_severity: band.into(),
        ..CvssData::default()
    };
    let general = json!([{"lang": "en", "value": "GENERAL"}]);
    let mut metric = Metric {
        format: Some("CVSS".into()),
        rest: [("scenarios".to_owned(), general)].into(),
        ..Metric::default()
    };
    if version == "3.1" {
        metric.cvss_v3_1 = Some(data);
    } else {
        metric.cvss_v4_0 = Some(data);
    }
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_of_the_closed_set() {
        for (field, want) in [
            ("HIGH", Some("high")),
            ("`Important`", Some("important")),
            ("Low.", Some("low")),
            ("moderate", Some("moderate")),
            ("Medium (CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N)", Some("medium")),
            ("Informational", None),
            ("TBD", None),
            ("Unknown", None),
            ("", None),
            ("high or critical", None),
            ("7.5", None),
        ] {
            let r = severity(field);
            assert_eq!(r.word.as_deref(), want, "{field}: {r:?}");
            let silent = want.is_some() || matches!(field, "" | "Unknown");
            assert_eq!(r.findings.is_empty(), silent, "{field}: {r:?}");
        }
    }

    #[test]
    fn a_vector_of_the_team_is_scored() {
        for (vector, version, score, band) in [
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:L", "3.1", 9.9, "CRITICAL"),
            ("cvss:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "3.1", 6.1, "MEDIUM"),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "3.1", 0.0, "NONE"),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "4.0", 9.3, "CRITICAL"),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/U:Green",
                "4.0",
                9.3,
                "CRITICAL",
            ),
        ] {
            let r = severity(&format!("High\n{vector}"));
            assert!(r.findings.is_empty(), "{r:?}");
            let v = serde_json::to_value(&r.metrics[1]).unwrap();
            let data = &v[if version == "3.1" { "cvssV3_1" } else { "cvssV4_0" }];
            assert_eq!(data["vectorString"], vector.replace("cvss", "CVSS"));
            assert_eq!(
                (data["baseScore"].as_f64(), data["baseSeverity"].as_str()),
                (Some(score), Some(band))
            );
            assert_eq!((&v["format"], &v["scenarios"][0]["value"]), (&"CVSS".into(), &"GENERAL".into()));
        }
        for bad in [
            "CVSS:3.1/AV:N",
            "CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:L",
            "CVSS:3.1/AV:X/AC:L",
            "CVSS:9/AV:N",
        ] {
            let r = severity(bad);
            assert_eq!((r.metrics.len(), r.findings.len()), (0, 1), "{bad}: {r:?}");
        }
    }
}
