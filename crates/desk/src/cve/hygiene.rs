//! The seven gates of hygiene before a record is pushed (sync page §7.2). Each names the field to mend; none of them
//! mends the record.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{
    build::Facts,
    credits::CREDIT_TYPES,
    cwe::cwe,
    finding::{Finding, Level},
    record::Record,
    references::cve_ids,
};
use crate::{
    config::Config,
    rules::{
        extract::{CreditKind, credit::ANONYMOUS, judge, private_scanners},
        title::{TitleRules, normalise},
    },
    tracker::FieldRole,
};

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    (
        "hygiene.cross-cve",
        "H4: a follow-up of an incomplete fix names the earlier CVE and says to upgrade again",
    ),
    ("hygiene.long-cwe", "H5: a weakness is written `CWE-N: title`"),
    ("hygiene.lower-bound", "H7: a lower bound of the affected versions has evidence"),
    ("hygiene.scanner", "H6: no private scanner is named, and no finder who used one without consent"),
    ("hygiene.title", "H1: nothing comes off the title, and it says enough"),
    ("hygiene.upgrade-version", "H2: the summary says which version to upgrade to"),
    ("hygiene.who-when-action", "H3: the summary says at least two of who, when and what happens"),
];

/// All seven, in order. A record without findings may be pushed.
#[must_use]
pub fn hygiene(record: &Record, facts: &Facts, config: &Config) -> Vec<Finding> {
    hygiene_with(record, facts, config, &TitleRules::from_config(config))
}

/// As [`hygiene`], with the title cascade of the configuration made before: for many records.
#[must_use]
pub fn hygiene_with(record: &Record, facts: &Facts, config: &Config, titles: &TitleRules) -> Vec<Finding> {
    let mut out = Vec::new();
    out.extend(title(facts, titles));
    out.extend(upgrade_version(record, facts));
    out.extend(who_when_action(facts));
    out.extend(cross_cve(record, facts));
    out.extend(long_cwe(record));
    out.extend(scanner(facts, config));
    out.extend(lower_bound(record, facts));
    out
}

#[expect(clippy::unwrap_used, reason = "literal patterns, each one compiled by a test")]
fn pattern(p: &str) -> Regex {
    // ASCII classes: the words are, and the tables of Unicode would make every start of the program slower.
    let ascii = [(r"\w", "[A-Za-z0-9_]"), (r"\s", r"[ \t\r\n]"), (r"\d", "[0-9]"), (r"\b", r"(?-u:\b)")];
    Regex::new(&ascii.iter().fold(p.to_owned(), |p, (class, plain)| p.replace(class, plain))).unwrap()
}

/// H1: the title of the tracker is at rest under the cascade and long enough.
fn title(facts: &Facts, titles: &TitleRules) -> Option<Finding> {
    let raw = facts.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if raw.is_empty() {
        return None;
    }
    let say = |message: String| {
        Some(Finding::new("hygiene.title", Level::Error, "/containers/cna/title", "title", message))
    };
    let report = normalise(&raw, titles);
    if !report.stripped.is_empty() {
        let off: Vec<String> = report.stripped.iter().map(|s| format!("`{}`", s.text)).collect();
        return say(format!("take {} off: `{}`", off.join(", "), report.normalized));
    }
    let wrong = [
        "too-few-words",
        "too-long",
        "version-in-title",
        "cve-in-title",
        "ghsa-in-title",
        "invisible-characters",
    ];
    let found: Vec<&str> = report.warnings.iter().map(String::as_str).filter(|w| wrong.contains(w)).collect();
    if found.is_empty() { None } else { say(format!("`{raw}`: {}", found.join(", "))) }
}

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\w.])v?\d+(?:\.\d+)+(?:[-.]?[A-Za-z]+[-.]?\d*)*|\b(?:version|release)s?\s+v?\d+\b|\b\d{4}-\d{2}-\d{2}\b",
    )
});
/// Words that tell somebody what to do, or say where the fix is.
static REMEDY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:upgrad\w*|updat(?:e|ing)\s+to|migrat\w*|switch\s+to|(?:fix(?:ed|es)|patched|resolved|addressed|remediated|corrected|mitigated|solved)\b|install\w*\s+version)",
    )
});

/// H2: some sentence says what to upgrade to.
fn upgrade_version(record: &Record, facts: &Facts) -> Option<Finding> {
    let text = facts.field(FieldRole::PublicSummary);
    if text.is_empty() {
        return None;
    }
    let fixed = fixed_in(record);
    if names_upgrade(text, &fixed) {
        return None;
    }
    let hint = fixed.last().map_or_else(
        || "no fixed version is known from the affected versions either; ask the release manager".to_owned(),
        |v| format!("add `Users are recommended to upgrade to version {v}, which fixes the issue.`"),
    );
    Some(Finding::new(
        "hygiene.upgrade-version",
        Level::Error,
        "/containers/cna/descriptions/0/value",
        FieldRole::PublicSummary,
        format!("the summary does not say which version to upgrade to; {hint}"),
    ))
}

/// The first versions of a record that are not affected.
#[must_use]
pub fn fixed_in(record: &Record) -> Vec<&str> {
    let all = record.containers.cna.affected.iter().flat_map(|a| &a.versions);
    all.filter_map(|v| v.less_than.as_deref()).filter(|v| *v != "*").collect()
}

/// Does some sentence say what to upgrade to: a version, or one of these, whatever their shape (`7`, `2026a`)?
#[must_use]
pub fn names_upgrade(text: &str, known: &[&str]) -> bool {
    let version = |s: &str| VERSION.is_match(s) || known.iter().any(|v| !v.is_empty() && names(s, v));
    sentences(text).into_iter().any(|s| REMEDY.is_match(s) && version(s))
}

fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
        let after = text.get(at + word.len()..).unwrap_or_default();
        let dotted = after.strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
        !part(text.get(..at).and_then(|t| t.chars().next_back())) && !part(after.chars().next()) && !dotted
    })
}

/// Sentences; a stop inside a version ends none.
fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let bytes = text.as_bytes();
    for (i, c) in text.char_indices() {
        let ends = match c {
            '\n' => bytes.get(i + 1) == Some(&b'\n'),
            '.' | '!' | '?' => {
                bytes.get(i + 1).is_none_or(|n| n.is_ascii_whitespace() || n.is_ascii_uppercase())
            }
            '。' => true,
            _ => false,
        };
        if ends {
            out.extend(text.get(from..i));
            from = i + c.len_utf8();
        }
    }
    out.extend(text.get(from..));
    out
}

static WHO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:attackers?|adversar(?:y|ies)|(?:malicious|remote|local|unauthenticated|authenticated|unauthori[sz]ed|untrusted|privileged|unprivileged|",
        r"low-privileged|logged-in|anonymous|other|another|any|regular|normal|tenant)\s+(?:\w+\s+){0,2}(?:users?|clients?|parties|party|actors?|servers?|peers?|tenants?|callers?|accounts?|admins?|administrators?|processes|process)|",
        r"users?\s+(?:with|who|without|having|could|can|may|might|are\s+able)|anyone|somebody|someone|everyone|actors?|hackers?|third[- ]part(?:y|ies)|administrators?|operators?|tenants?|intruders?|",
        r"(?:man|adversary|machine)[- ]in[- ]the[- ]middle|deployments?\s+(?:that|which|with|using|where)|installations?\s+(?:that|which|with|using|where)|(?:dag\s+)?authors?|clients?\s+(?:that|which|can|could|may))\b",
    ))
});
static WHEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:when(?:ever)?|if|while|once|unless|under\s+(?:certain|some|specific)|by\s+\w+ing|via|through|using|with\s+(?:a|an|the)\s+\w+|because|due\s+to|",
        r"in\s+(?:case|versions?|configurations?|deployments?|certain|some)|where|during|after|before|on\s+(?:systems?|hosts?|platforms?|windows|linux|macos|unix)|only\s+affects?|requires?|",
        r"which\s+(?:is|are|was|were)\s+(?:not|enabled|configured)|not\s+(?:properly|correctly|sufficiently)|(?:does|did|do)\s+not)\b",
    ))
});
static ACTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:allow(?:s|ed|ing)?|permit(?:s|ted)?|enable[sd]?|let|lets|lead(?:s|ing)?\s+to|led\s+to|result(?:s|ed|ing)?\s+in|caus(?:e|es|ed|ing)|",
        r"(?:could|can|may|might|able\s+to|possible\s+to)\s+(?:\w+\s+){0,2}\w+|execut(?:e|es|ion|ing)|bypass(?:es|ed|ing)?|disclos\w+|leak(?:s|ed|ing|age)?|",
        r"expos(?:e|es|ed|ing|ure)|escalat\w+|inject(?:s|ed|ion)?|overwrit\w+|impersonat\w+|crash(?:es|ed)?|exhaust\w*|denial[- ]of[- ]service|hijack\w*|steal\w*|forg(?:e|ed|ery)|traversal|scripting)\b",
    ))
});

/// Which of who, when and what happens a summary does not say.
#[must_use]
pub fn lacks(text: &str) -> Vec<&'static str> {
    let parts = [("who can do it", &WHO), ("when it happens", &WHEN), ("what happens", &ACTION)];
    parts.iter().filter(|(_, p)| !p.is_match(text)).map(|(n, _)| *n).collect()
}

/// H3: at least two of who, when and what happens (sync page §4).
fn who_when_action(facts: &Facts) -> Option<Finding> {
    let text = facts.field(FieldRole::PublicSummary);
    if text.is_empty() {
        return None;
    }
    let absent = lacks(text);
    (absent.len() > 1).then(|| {
        Finding::new(
            "hygiene.who-when-action",
            Level::Error,
            "/containers/cna/descriptions/0/value",
            FieldRole::PublicSummary,
            format!("the summary does not say {}", absent.join(", nor ")),
        )
    })
}

static INCOMPLETE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?:\b(?:incomplete|insufficient|partial|inadequate|improper)(?:ly)?\s+(?:\w+\s+){0,2}(?:fix|patch|mitigation|remediation)(?:e[sd])?\b|",
        r"\b(?:fix|patch|mitigation|remediation)\b[^.\n]{0,60}\b(?:was|were|is|are)\s+(?:incomplete|insufficient|not\s+(?:complete|sufficient|enough)|inadequate|bypassed)\b|",
        r"\b(?:fix|patch|mitigation)\b[^.\n]{0,40}\b(?:did|does)\s+not\s+(?:fully|completely|sufficiently|cover|address)|",
        r"\bbypass(?:es|ed|ing)?\s+(?:of\s+)?(?:the\s+)?(?:\w+\s+){0,2}(?:fix|patch|mitigation)\b|",
        r"\bnot\s+(?:fully|completely|sufficiently)\s+(?:fixed|addressed|mitigated|patched|resolved)\b|",
        r"\bfollow[- ]?up\s+(?:to|of|for)\s+CVE-)",
    ))
});
static ALSO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?:\b(?:also|again|nevertheless|still|additionally|even\s+if|even\s+those|regardless)\b[^\n]{0,80}\b(?:upgrad|updat|install|migrat)\w*|",
        r"\b(?:upgrad|updat|install|migrat)\w*\b[^\n]{0,80}\b(?:also|again|as\s+well|too|even\s+if|regardless)\b)",
    ))
});

/// What the summary of a follow-up of an incomplete fix does not say; nothing for any other summary.
#[must_use]
pub fn cross_cve_lacks(text: &str, title: &str, own: Option<&str>) -> Vec<&'static str> {
    let mut absent = Vec::new();
    let told = INCOMPLETE.is_match(text) || INCOMPLETE.is_match(title);
    if text.is_empty() || !told {
        return absent;
    }
    if !cve_ids(text).iter().any(|id| Some(id.as_str()) != own) {
        absent.push("name the CVE whose fix was incomplete");
    }
    if !ALSO.is_match(text) {
        absent.push("say that those who upgraded for it should also upgrade to the new version");
    }
    absent
}

/// H4: the follow-up of an incomplete fix names the earlier CVE and tells those who upgraded to upgrade again.
fn cross_cve(record: &Record, facts: &Facts) -> Option<Finding> {
    let text = facts.field(FieldRole::PublicSummary);
    let absent = cross_cve_lacks(text, &facts.title, record.cve_metadata.cve_id.as_deref());
    (!absent.is_empty()).then(|| {
        Finding::new(
            "hygiene.cross-cve",
            Level::Error,
            "/containers/cna/descriptions/0/value",
            FieldRole::PublicSummary,
            format!("a follow-up of an incomplete fix must {}", absent.join(" and ")),
        )
    })
}

/// H5: every weakness in its long form.
fn long_cwe(record: &Record) -> Vec<Finding> {
    let mut out = Vec::new();
    for (i, p) in record.containers.cna.problem_types.iter().enumerate() {
        for d in &p.descriptions {
            let Some(id) = d.cwe_id.as_deref() else { continue };
            let number = id.trim_start_matches("CWE-").parse::<u32>().unwrap_or(0);
            let title = d.description.strip_prefix(id).unwrap_or_default();
            let path = format!("/containers/cna/problemTypes/{i}/descriptions/0/description");
            let known = cwe(number);
            let long = known.map_or_else(|| format!("{id}: title"), |c| c.long());
            if title.trim_matches([':', ' ', '-']).is_empty() {
                let message = format!("write the long form: `{long}`");
                out.push(Finding::new("hygiene.long-cwe", Level::Error, &path, FieldRole::Cwe, message));
            } else if let Some(c) = known
                && !same_title(title, c.name)
            {
                let message = format!("MITRE calls it `{long}`");
                out.push(Finding::new("hygiene.long-cwe", Level::Warning, &path, FieldRole::Cwe, message));
            }
        }
    }
    out
}

/// Do two titles say the same? One may be the short name in the other's quotes or its beginning.
fn same_title(a: &str, b: &str) -> bool {
    let words = |t: &str| -> Vec<String> {
        let plain: String = t.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        plain.split_whitespace().map(str::to_lowercase).collect()
    };
    let (a, b) = (words(a), words(b));
    let common = a.iter().filter(|w| b.contains(w)).count();
    // Most of the shorter one's words stand in the other.
    !a.is_empty() && common * 3 >= a.len().min(b.len()) * 2
}

/// H6: where the thread names a private scanner, no person is credited and the name stays inside, unless the finder
/// agreed (a kind stated with the credit is that agreement).
fn scanner(facts: &Facts, config: &Config) -> Vec<Finding> {
    let mut out = Vec::new();
    let public = [
        ("title", facts.title.as_str(), "/containers/cna/title"),
        (
            FieldRole::PublicSummary.as_str(),
            facts.field(FieldRole::PublicSummary),
            "/containers/cna/descriptions/0/value",
        ),
        (
            FieldRole::ReporterCredit.as_str(),
            facts.field(FieldRole::ReporterCredit),
            "/containers/cna/credits",
        ),
    ];
    for (field, text, path) in public {
        for hit in private_scanners(text, config).into_iter().take(1) {
            let message = format!("`{}` is a private scanner; take its name off", hit.matched);
            out.push(Finding::new("hygiene.scanner", Level::Error, path, field, message).at(hit.start));
        }
    }
    let by_scanner = !private_scanners(facts.field(FieldRole::SecurityThread), config).is_empty();
    let agreed = |line: &str| CREDIT_TYPES.iter().any(|t| line.to_lowercase().contains(&format!("({t})")));
    let people: Vec<&str> = facts
        .field(FieldRole::ReporterCredit)
        .lines()
        .map(|l| l.trim().trim_start_matches(['-', '*', '+', '•']).trim())
        .filter(|l| !l.is_empty() && !l.eq_ignore_ascii_case(ANONYMOUS) && !agreed(l))
        .filter(|l| judge(l).kind == CreditKind::Human)
        .collect();
    if by_scanner && !people.is_empty() {
        let message = format!(
            "the report came from a private scanner: credit `{ANONYMOUS}` instead of {}, or write `NAME (finder)` once they agreed to be named",
            people.join(", ")
        );
        out.push(Finding::new(
            "hygiene.scanner",
            Level::Error,
            "/containers/cna/credits",
            FieldRole::ReporterCredit,
            message,
        ));
    }
    out
}

static EVIDENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:introduc\w+|added|adds|appeared|first|since|regress\w+|began|begins|starting|started|new\s+in|came\s+(?:in|with)|earlier\s+(?:versions?|releases?)|",
        r"(?:versions?|releases?)\s+(?:before|prior)|not\s+affected|unaffected|end[- ]of[- ]life|eol|unsupported|no\s+longer\s+supported|out\s+of\s+support)\b",
    ))
});

/// H7: a lower bound needs a word on where the flaw came in, or which versions are no longer supported.
fn lower_bound(record: &Record, facts: &Facts) -> Vec<Finding> {
    let mut texts: Vec<&str> =
        vec![facts.field(FieldRole::PublicSummary), facts.field(FieldRole::IssueDescription)];
    texts.extend(facts.evidence.iter().map(String::as_str));
    let evident: Vec<&str> =
        texts.iter().flat_map(|t| sentences(t)).filter(|s| EVIDENCE.is_match(s)).collect();
    let mut out = Vec::new();
    for (i, a) in record.containers.cna.affected.iter().enumerate() {
        for (j, v) in a.versions.iter().enumerate() {
            let ranged = v.less_than.is_some() || v.less_than_or_equal.is_some();
            if !ranged || v.version == "0" {
                continue;
            }
            // The series of the bound is evidence enough: `2.4` speaks for `2.4.0`.
            let bare = v.version.strip_suffix(".0").unwrap_or(&v.version);
            let series = bare.strip_suffix(".0").unwrap_or(bare);
            // The next range of the same package says where this one begins: trains are listed apart.
            let train = j > 0;
            if train || evident.iter().any(|s| [v.version.as_str(), bare, series].iter().any(|w| names(s, w)))
            {
                continue;
            }
            let wider = match (&v.less_than, &v.less_than_or_equal) {
                (Some(h), _) if h == "*" => "< NEXT VERSION".to_owned(),
                (Some(h), _) => format!("< {h}"),
                (None, h) => format!("<= {}", h.as_deref().unwrap_or_default()),
            };
            let message = format!(
                "nothing says why {} is the first affected version: name the change or release that brought it in, or which versions are out of support, in the issue; else widen to `{wider}`",
                v.version,
            );
            let path = format!("/containers/cna/affected/{i}/versions/{j}");
            out.push(Finding::new(
                "hygiene.lower-bound",
                Level::Error,
                &path,
                FieldRole::AffectedVersions,
                message,
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::ScannerConfig,
        cve::{Options, build},
    };

    fn config() -> Config {
        let mut c = Config::default();
        c.project.name = "Example Server".into();
        c.confidentiality.scanner =
            vec![ScannerConfig { token: "Skerry".into(), ..ScannerConfig::default() }];
        c
    }

    fn facts(fields: &[(FieldRole, &str)]) -> Facts {
        Facts {
            title: "Path traversal in file uploads".into(),
            fields: fields.iter().map(|(r, v)| (*r, (*v).to_owned())).collect(),
            ..Facts::default()
        }
    }

    fn rules(facts: &Facts) -> Vec<String> {
        let record = build(facts, &config(), Options::default()).record;
        hygiene(&record, facts, &config()).into_iter().map(|f| f.rule).collect()
    }

    #[test]
    fn a_clean_tracker_passes() {
        let f = facts(&[
            (
                FieldRole::PublicSummary,
                "An attacker who can upload files could read files of the host. This issue affects Example Server before 2.4.1.\n\nUsers are recommended to upgrade to version 2.4.1, which fixes the issue.",
            ),
            (FieldRole::AffectedVersions, "< 2.4.1"),
            (FieldRole::ReporterCredit, "Ann Archer"),
            (
                FieldRole::Cwe,
                "CWE-22: Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')",
            ),
        ]);
        assert!(rules(&f).is_empty(), "{:?}", rules(&f));
    }

    #[test]
    fn h1_titles() {
        for (title, clean) in [
            ("Path traversal in file uploads", true),
            ("[SECURITY] Path traversal in file uploads", false),
            ("Example Server: path traversal in uploads", false),
            ("RCE", false),
            ("Path traversal in uploads of 2.4.1", false),
        ] {
            let f = Facts { title: title.into(), ..Facts::default() };
            assert_eq!(rules(&f).is_empty(), clean, "{title}: {:?}", rules(&f));
        }
    }

    #[test]
    fn h2_upgrade_versions() {
        for (summary, said) in [
            ("Users are recommended to upgrade to version 2.4.1, which fixes the issue.", true),
            ("The issue was fixed in 2.4.1.", true),
            ("Upgrade to example-server 2.4.1 or later.", true),
            ("Upgrade to version 7.", true),
            ("This has been resolved in releases 1.2.3 and 1.3.", true),
            ("Users should upgrade to 7", true),
            ("Users should upgrade.", false),
            ("Versions before 2.4.1 are affected.", false),
            ("Upgrade as soon as you can. Versions up to 2.4.1 leak.", false),
        ] {
            let f = facts(&[(FieldRole::PublicSummary, summary), (FieldRole::AffectedVersions, "< 7")]);
            assert_eq!(!rules(&f).contains(&"hygiene.upgrade-version".to_owned()), said, "{summary}");
        }
    }

    #[test]
    fn h3_who_when_action() {
        for (summary, said) in [
            ("An unauthenticated attacker can read arbitrary files.", true),
            ("A user with write access may execute commands when the plugin is enabled.", true),
            ("Improper input validation leads to code execution if templates are user-supplied.", true),
            ("Malicious servers could crash the client.", true),
            ("Schema parsing allows bad actors to run code.", true),
            ("Path traversal in Example Server.", false),
            ("A vulnerability in the parser. Upgrade to 2.4.1.", false),
            ("Security issue.", false),
        ] {
            let f = facts(&[(FieldRole::PublicSummary, summary)]);
            assert_eq!(!rules(&f).contains(&"hygiene.who-when-action".to_owned()), said, "{summary}");
        }
    }

    #[test]
    fn h4_follow_ups_name_the_earlier_cve() {
        for (summary, passes) in [
            (
                "The fix for CVE-2026-1000 was incomplete. Users who upgraded for it should also upgrade to 2.4.2.",
                true,
            ),
            ("Incomplete fix of the upload check. Users should upgrade to 2.4.2.", false),
            ("The fix for CVE-2026-1000 was incomplete. Users should upgrade to 2.4.2.", false),
            ("A bypass of the patch was found; those who applied it should also upgrade to 2.4.2.", false),
            ("This is related to CVE-2026-1000. Users should upgrade to 2.4.2.", true),
            ("Fixed the upload check. An attacker could read files.", true),
        ] {
            let f = facts(&[(FieldRole::PublicSummary, summary)]);
            assert_eq!(!rules(&f).contains(&"hygiene.cross-cve".to_owned()), passes, "{summary}");
        }
    }

    #[test]
    fn h5_long_forms() {
        for (field, want) in [
            ("CWE-79", Some(Level::Error)),
            (
                "CWE-79: Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')",
                None,
            ),
            ("CWE-79: Cross-site Scripting", None),
            ("CWE-79 (Cross-site scripting)", None),
            ("CWE-79: SQL Injection", Some(Level::Warning)),
            ("CWE-22: Path Traversal", None),
        ] {
            let f = facts(&[(FieldRole::Cwe, field)]);
            let record = build(&f, &config(), Options::default()).record;
            let got = hygiene(&record, &f, &config());
            let got = got.iter().find(|f| f.rule == "hygiene.long-cwe").map(|f| f.level);
            assert_eq!(got, want, "{field}");
        }
    }

    #[test]
    fn h6_private_scanners() {
        for (thread, credit, summary, hits) in [
            ("`<a@b.example>` found with Skerry", "Ann Archer", "", 1),
            ("`<a@b.example>` found with Skerry", "anonymous", "", 0),
            ("`<a@b.example>` found with Skerry", "Ann Archer (finder)", "", 0),
            ("`<a@b.example>`", "Ann Archer", "", 0),
            ("`<a@b.example>`", "Ann Archer using Skerry", "", 1),
            ("`<a@b.example>`", "Ann Archer", "An attacker could crash it, says skerry, if it runs.", 1),
        ] {
            let f = facts(&[
                (FieldRole::SecurityThread, thread),
                (FieldRole::ReporterCredit, credit),
                (FieldRole::PublicSummary, summary),
            ]);
            let got = rules(&f).iter().filter(|r| *r == "hygiene.scanner").count();
            assert_eq!(got, hits, "{thread} {credit} {summary}");
        }
    }

    #[test]
    fn h7_lower_bounds_have_evidence() {
        for (versions, description, passes) in [
            ("< 2.4.1", "", true),
            (">= 2.0, < 2.4.1", "", false),
            (">= 2.0, < 2.4.1", "The endpoint was introduced in 2.0.", true),
            (">= 2.0.0, < 2.4.1", "Present since 2.0, see the change.", true),
            (">= 2.0, < 2.4.1", "Introduced in 2.0.3.", false),
            (">= 2.0, < 2.4.1", "I run 2.0 and saw it.", false),
            (">= 2.0, < 2.4.1", "Releases before 2.0 are unsupported.", true),
            ("2.0", "", true),
            ("< 2.5.1 || >= 3.0, < 3.2", "", true),
        ] {
            let f =
                facts(&[(FieldRole::AffectedVersions, versions), (FieldRole::IssueDescription, description)]);
            assert_eq!(
                !rules(&f).contains(&"hygiene.lower-bound".to_owned()),
                passes,
                "{versions} {description}"
            );
        }
        let mut f = facts(&[(FieldRole::AffectedVersions, ">= 2.0, < 2.4.1")]);
        f.evidence.push("The flaw came in with #12, first released in 2.0".into());
        assert!(rules(&f).is_empty());
    }
}
