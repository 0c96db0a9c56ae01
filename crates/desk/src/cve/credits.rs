//! `credits[]`: one line of the field, one credit (CVE page §6, §13 rows 26–32).

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;

use super::{
    finding::{Finding, Level},
    record::RecordCredit,
};
use crate::{
    mail::is_hidden,
    rules::extract::{CreditKind, credit::ANONYMOUS, judge},
    tracker::{FieldRole, credit_lines, plain_text},
};

/// Every kind of credit the record format knows.
pub const CREDIT_TYPES: [&str; 10] = [
    "finder",
    "reporter",
    "analyst",
    "coordinator",
    "remediation developer",
    "remediation reviewer",
    "remediation verifier",
    "tool",
    "sponsor",
    "other",
];

/// What the credit fields become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditReport {
    /// Finders and reporters first, then those who mended it.
    pub credits: Vec<RecordCredit>,
    /// What a person must confirm, and which rule asks.
    pub findings: Vec<Finding>,
}

static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[<(\[]?\s*(?:mailto:)?[^\s<>()\[\],;:`*\x22]+@[^\s<>()\[\],;:`*\x22@]+\.[a-z][a-z0-9-]*\s*[>)\]]?")
        .expect("a constant pattern, compiled by a test")
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"</?[A-Za-z][^<>]*>").expect("a constant pattern, compiled by a test"));
static EMPTY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\(\s*\)|\[\s*\]|<\s*>").expect("a constant pattern, compiled by a test"));

const PATH: &str = "/containers/cna/credits";

/// Reads the two credit fields, finders first. Each line is one credit; a kind may stand before it (`reporter: Ann`)
/// or behind it in brackets (`Ann (reporter)`) and then needs no question. `more` are remediation developers from
/// elsewhere.
#[must_use]
pub fn credits(reporters: &str, developers: &str, more: &[String]) -> CreditReport {
    let mut out = CreditReport::default();
    let mut seen = BTreeSet::new();
    let lines = |text: &str, role: FieldRole| {
        credit_lines(text).into_iter().map(|l| (role, l.to_owned())).collect::<Vec<_>>()
    };
    let all = lines(reporters, FieldRole::ReporterCredit)
        .into_iter()
        .chain(lines(developers, FieldRole::RemediationDeveloper))
        .chain(more.iter().flat_map(|m| lines(m, FieldRole::RemediationDeveloper)));
    for (role, line) in all {
        if let Some(credit) = one(role, &line, out.credits.len(), &mut out.findings)
            && seen.insert((credit.value.clone(), credit.kind.clone()))
        {
            out.credits.push(credit);
        }
    }
    out
}

fn one(role: FieldRole, line: &str, index: usize, findings: &mut Vec<Finding>) -> Option<RecordCredit> {
    let path = format!("{PATH}/{index}");
    let mut say = |rule: &str, level: Level, message: String| {
        findings.push(Finding::new(rule, level, &path, role, message));
    };
    let (stated, rest) = stated_kind(line);
    let name = published_name(rest);
    let lower = name.to_lowercase();
    if matches!(
        lower.as_str(),
        "" | "n/a" | "none" | "unknown" | "tbd" | "-" | "no credit" | "to be confirmed"
    ) {
        let shown: String = line.chars().take(80).collect();
        say("record.credit", Level::Error, format!("`{shown}` names nobody; write a name, or `{ANONYMOUS}`"));
        return None;
    }
    if MAIL.is_match(rest) {
        let message = format!("a mail address was left out of the credit of {name}; take it off the field");
        say("record.credit.mail", Level::Warning, message);
    }
    let developer = role == FieldRole::RemediationDeveloper;
    let kind = if let Some(kind) = stated {
        kind
    } else if lower == ANONYMOUS {
        if developer { "remediation developer" } else { "finder" }
    } else {
        let verdict = judge(&name);
        let rule = verdict.rule.unwrap_or_default();
        let tool = verdict.kind == CreditKind::Tool;
        if developer {
            if tool {
                let message = format!(
                    "{name} looks like a program ({rule}); credit the person behind the fix, or take it off"
                );
                say("record.credit.remediation-bot", Level::Warning, message);
            }
            "remediation developer"
        } else {
            let kind = if tool { "tool" } else { "finder" };
            if verdict.confirm {
                let message = format!(
                    "is {name} a person or a program ({rule})? recorded as {kind}; write `{name} (finder)` or `{name} (tool)` to settle it"
                );
                say("record.credit.confirm", Level::Warning, message);
            } else if tool {
                say("record.credit.tool", Level::Info, format!("{name} is credited as a tool ({rule})"));
            }
            kind
        }
    };
    Some(RecordCredit {
        lang: "en".into(),
        value: if lower == ANONYMOUS { ANONYMOUS.into() } else { name },
        kind: Some(kind.into()),
        ..RecordCredit::default()
    })
}

/// `reporter: NAME` and `NAME (reporter)`: the kind and the rest.
fn stated_kind(line: &str) -> (Option<&'static str>, &str) {
    let line = line.trim();
    let kind = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_whitespace() || "*_`".contains(c));
        CREDIT_TYPES.into_iter().find(|t| t.eq_ignore_ascii_case(word))
    };
    if let Some((before, after)) = line.split_once(':')
        && let Some(k) = kind(before)
        && !after.trim().is_empty()
    {
        return (Some(k), after.trim());
    }
    if let Some(open) =
        line.trim_end_matches(['*', '_', '`']).strip_suffix(')').and_then(|l| l.rfind('(').map(|at| (l, at)))
        && let (l, at) = open
        && let Some(k) = l.get(at + 1..).and_then(kind)
    {
        return (Some(k), line.get(..at).unwrap_or_default().trim());
    }
    (None, line)
}

/// The name as it is published: no mail address, no markup, nothing a reader cannot see (§13 row 31).
fn published_name(line: &str) -> String {
    let without = MAIL.replace_all(line, " ");
    // A rule or list mark alone on the line would vanish with the markup.
    let text = plain_text(without.trim());
    let text = if text.trim().is_empty() { without.into_owned() } else { text };
    let text = TAG.replace_all(&text, "");
    let text = EMPTY.replace_all(&text, " ");
    let visible: String =
        text.chars().filter(|c| !is_hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let joined = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let name =
        joined.trim_end_matches([',', ';', ':', '-', '<', '(', ' ']).trim_start_matches([',', ';', ':', ' ']);
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(r: &CreditReport) -> Vec<String> {
        r.credits.iter().map(|c| format!("{}: {}", c.kind.as_deref().unwrap_or("-"), c.value)).collect()
    }

    #[test]
    fn a_line_of_the_field_is_a_credit() {
        for (line, want, rules) in [
            // CVE page §13 rows 26–31, OURS.
            ("Jane Doe, Acme", "finder: Jane Doe, Acme", &[][..]),
            ("dependabot[bot]", "tool: dependabot[bot]", &["record.credit.tool"]),
            ("Snyk", "tool: Snyk", &["record.credit.tool"]),
            ("securitybot", "tool: securitybot", &["record.credit.tool"]),
            ("scan-ai", "tool: scan-ai", &["record.credit.tool"]),
            ("Joe Bot", "finder: Joe Bot", &[]),
            ("Botev Martinov", "finder: Botev Martinov", &[]),
            ("AI Research Lab", "finder: AI Research Lab", &[]),
            ("Marie Talbot", "finder: Marie Talbot", &["record.credit.confirm"]),
            ("Claude Monet", "finder: Claude Monet", &["record.credit.confirm"]),
            ("Li-Ai", "finder: Li-Ai", &["record.credit.confirm"]),
            ("Robot", "finder: Robot", &["record.credit.confirm"]),
            ("Alice <a@b.c>", "finder: Alice", &["record.credit.mail"]),
            ("**Alice**", "finder: Alice", &[]),
            // Beyond.
            ("- `Alice`", "finder: Alice", &[]),
            ("[Alice](https://alice.example) of Acme", "finder: Alice of Acme", &[]),
            ("Alice (alice@example.org), Acme", "finder: Alice , Acme", &["record.credit.mail"]),
            ("<b>Alice</b>", "finder: Alice", &[]),
            ("foo\\_bar", "finder: foo_bar", &[]),
            ("snake_case_name", "finder: snake_case_name", &[]),
            ("`@alice`", "finder: @alice", &[]),
            ("Anonymous", "finder: anonymous", &[]),
            ("Ann Archer (reporter)", "reporter: Ann Archer", &[]),
            ("Coordinator: CERT Example", "coordinator: CERT Example", &[]),
            ("Marie Talbot (finder)", "finder: Marie Talbot", &[]),
            ("Ann Archer (Acme)", "finder: Ann Archer (Acme)", &[]),
            ("Example Security Team", "finder: Example Security Team", &[]),
            ("张伟", "finder: 张伟", &[]),
            ("https://github.com/alice", "finder: https://github.com/alice", &[]),
        ] {
            let r = credits(line, "", &[]);
            let want = want.replace(" , ", ", ");
            assert_eq!(show(&r).iter().map(|s| s.replace(" , ", ", ")).collect::<Vec<_>>(), [want], "{line}");
            let got: Vec<&str> = r.findings.iter().map(|f| f.rule.as_str()).collect();
            assert_eq!(got, rules, "{line}");
        }
        for nobody in ["n/a", "-", "TBD", "unknown", "<a@b.c>"] {
            let r = credits(nobody, "", &[]);
            assert!(r.credits.is_empty(), "{nobody}: {r:?}");
        }
    }

    #[test]
    fn finders_come_first_and_nobody_twice() {
        let r = credits(
            "- Ann\n* Bob\n1. Carl\nAnn\n",
            "Dora\nrenovate[bot]\nAnn",
            &["Dora".into(), "Emil".into()],
        );
        assert_eq!(
            show(&r),
            [
                "finder: Ann",
                "finder: Bob",
                "finder: Carl",
                "remediation developer: Dora",
                "remediation developer: renovate[bot]",
                "remediation developer: Ann",
                "remediation developer: Emil",
            ]
        );
        assert_eq!(
            r.findings.iter().map(|f| f.rule.as_str()).collect::<Vec<_>>(),
            ["record.credit.remediation-bot"]
        );
        assert_eq!(r.findings[0].field.as_deref(), Some("remediation_developer"));
    }

    #[test]
    fn hostile_credits_become_text() {
        for line in
            ["", "-->", "````", "### CWE", "\u{202e}enaJ", "a@b.c", "<script>alert(1)</script>", "|", "\\"]
        {
            let r = credits(line, line, &[]);
            for c in &r.credits {
                assert!(!c.value.is_empty() && !c.value.contains(['\n', '\u{202e}']), "{line:?}: {c:?}");
            }
        }
    }
}
