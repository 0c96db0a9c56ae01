//! What the reporter says about severity: shown in the proposal, never a field (intake page §6, Hard case 12).

use std::sync::LazyLock;

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use super::text;

/// The reporter's own rating (DESIGN §7, `x classify`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// A severity word, as written.
    pub severity: Option<String>,
    /// The first CVSS vector, else the first score.
    pub cvss: Option<String>,
    /// The first CWE id.
    pub cwe: Option<String>,
    /// Every vector.
    pub cvss_vectors: Vec<String>,
    /// Every score.
    pub cvss_scores: Vec<String>,
    /// Every CWE id.
    pub cwes: Vec<String>,
}

static VECTOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bCVSS:[34]\.[01](?:/[A-Z]{1,3}:[A-Z]{1,5})+|\bAV:[NALP](?:/[A-Z]{1,3}:[A-Z]{1,5}){4,}")
        .expect("valid")
});
static SCORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bCVSS(?:[\s_-]*v?\s*[234](?:\.[0-9x])?)?(?:[\s:=()\-–,*|]|base|overall|temporal|score|rating|severity|of|is|at|~|≈|approx\w*|estimated?|would|be|around|about|vector)*?(10(?:\.0)?|\d\.\d)\b|(?:\b(?:score|rating)\s*[:=]?\s*|\bscor\w+\s+(?:a\s+|an\s+|at\s+)?)(10(?:\.0)?|\d\.\d)\b|\b(10(?:\.0)?|\d\.\d)\s*(?:/\s*10\b|\(?\s*(?:critical|high|medium|moderate|low)\b)|\b(?:critical|high|medium|moderate|low)\s*[(\[:\-–,]\s*(10\.0|\d\.\d)\b").expect("valid")
});
static CWE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bCWE[-\s_:]{0,2}#?(\d{1,5})\b").expect("valid"));
const WORD: &str = r"(critical|very\s+high|high|important|medium|moderate|low|informational|none|severe|minor|major|blocker)";
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?im)\b(?:severity|criticality|risk|priority|impact\s+rating|rating|threat\s+level|schweregrad|gravité|sévérité|severidad|gravidade|严重性|严重程度|危险等级)\b(?:\s+(?:rating|level|score|is|of|as|assessment|estimate|would\s+be|should\s+be|\([^)\n]{{0,30}}\)))*[\s*_`|]*[:=：\-–|]?[\s*_`|]*{WORD}\b"
    ))
    .expect("valid")
});
static LOOSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)\b{WORD}[\s-]+(?:severity|risk|criticality)\b|\b(?:rat(?:e|ed|ing)|consider(?:ed)?|scor(?:e|ed)|classif(?:y|ied)|assess(?:ed)?|mark(?:ed)?)\s+(?:this|it|the\s+\w+)?\s*(?:to\s+be\s+|as\s+|at\s+)?(?:a\s+|an\s+)?{WORD}\b|[\[(]\s*{WORD}\s*[\])]|\b\d{{1,2}}\.\d\s*[(/,\-–]?\s*{WORD}\b|\b{WORD}\s*[(,:]\s*(?:CVSS|10\.0|\d\.\d)"
    ))
    .expect("valid")
});

/// Reads the ratings in a subject and a body.
#[must_use]
pub fn observed(subject: &str, body: &str) -> Observed {
    let all = format!("{subject}\n{}", text::head(body, 400_000));
    let mut out = Observed::default();
    for m in VECTOR.find_iter(&all) {
        add(&mut out.cvss_vectors, m.as_str().trim_end_matches('/').to_string());
    }
    // A vector's own version is no score.
    let bare = VECTOR.replace_all(&all, " ");
    for c in SCORE.captures_iter(&bare) {
        if let Some(m) = c.iter().skip(1).flatten().next() {
            add(&mut out.cvss_scores, m.as_str().to_string());
        }
    }
    for c in CWE.captures_iter(&all) {
        let id = c.get(1).map_or("", |m| m.as_str()).trim_start_matches('0');
        if !id.is_empty() {
            add(&mut out.cwes, format!("CWE-{id}"));
        }
    }
    let word = |re: &Regex, s: &str| {
        re.captures_iter(s)
            .find_map(|c| c.iter().skip(1).flatten().next().map(|m| text::collapse(m.as_str())))
    };
    out.severity = word(&LABELLED, &all)
        .or_else(|| word(&LOOSE, subject))
        .or_else(|| word(&LOOSE, &bare))
        .or_else(|| subject_word(subject));
    out.cvss = out.cvss_vectors.first().or_else(|| out.cvss_scores.first()).cloned();
    out.cwe = out.cwes.first().cloned();
    out
}

/// A rating that opens a subject: `Critical: …`, `CRITICAL RCE in …`.
fn subject_word(subject: &str) -> Option<String> {
    static FIRST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:^|[:\]|]\s*)(critical|high|medium|moderate|severe)\b(?:\s*[:|\-–]|\s+(?:\S+\s+)?(?:vulnerability|bug|issue|flaw|rce|xss|sqli|ssrf)\b)").expect("valid")
    });
    FIRST.captures(subject).and_then(|c| c.get(1)).map(|m| m.as_str().to_string())
}

fn add(list: &mut Vec<String>, value: String) {
    if list.len() < 50 && !list.contains(&value) {
        list.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_as_reporters_write_them() {
        let v = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        type Row<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);
        let table: &[Row<'_>] = &[
            ("RCE (CVSS 9.8)", "Severity: Critical\nCWE-79", Some("Critical"), Some("9.8"), Some("CWE-79")),
            ("RCE", &format!("Vector: {v} (9.8)"), None, Some(v), None),
            ("x", "CVSS v3.1 Base Score: 7.5 (High)", Some("High"), Some("7.5"), None),
            ("[CRITICAL] x", "CWE 89, cwe-022", Some("CRITICAL"), None, Some("CWE-89")),
            ("x", "I would rate this as medium.", Some("medium"), None, None),
            ("x", "**Severity:** High", Some("High"), None, None),
            ("x", "| Severity | Low |", Some("Low"), None, None),
            (
                "x",
                "CVSS 4.0: 8.7 CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
                None,
                Some("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"),
                None,
            ),
            ("x", "AV:N/AC:L/Au:N/C:P/I:P/A:P", None, Some("AV:N/AC:L/Au:N/C:P/I:P/A:P"), None),
            ("x", "It has high memory use and low speed in 2.3.1.", None, None, None),
            ("x", "a high severity flaw, scored 8.8", Some("high"), Some("8.8"), None),
            ("Critical: login bypass", "", Some("Critical"), None, None),
        ];
        for (subject, body, severity, cvss, cwe) in table {
            let o = observed(subject, body);
            assert_eq!(
                (o.severity.as_deref(), o.cvss.as_deref(), o.cwe.as_deref()),
                (*severity, *cvss, *cwe),
                "{subject} / {body}: {o:?}"
            );
        }
        assert_eq!(observed("", "CVSS 4.0: 8.7").cvss_scores, ["8.7"]);
    }
}
