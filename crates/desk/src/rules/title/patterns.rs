//! The built-in cascade as patterns. Each is anchored at one end, so that a title is read in linear time.

use std::sync::LazyLock;

use crate::pattern::{Regex, RegexBuilder};

/// Ids of other trackers (CVE page §2.3, T4).
pub(super) const EXTERNAL: &[&str] = &["ZDRES", "HUNTR", "GHSL", "ZDI"];

fn re(pattern: &str) -> Regex {
    #[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
    RegexBuilder::new(pattern).case_insensitive(true).build().unwrap()
}

/// What separates a prefix from the rest: blanks, colon, bar, dashes.
pub(super) const SEP: &str = r"[\s:：|\-–—]";
/// The same without blanks, standing free.
pub(super) const MARK: &str = r"(?:\s*[:：|–—]|\s+-)\s*";
pub(super) const SEVERITY: &str = r"(?:critical|high|medium|moderate|low|important|urgent|informational)";
pub(super) const CVE_WORDS: &str =
    r"(?:(?:potential|possible|new)\s+)?cve\s+(?:candidate|request|submission)s?";
pub(super) const CVSS: &str = r"cvss(?:\s*v?[234](?:\.\d)?)?(?:\s*(?:base\s*)?score)?\s*[:=/]?\s*(?:[234]\.\d)?(?:/[a-z]{1,3}:[a-z]{1,2})*\s*[:=]?\s*(?:10(?:\.0)?|\d(?:\.\d)?)?(?:/10(?:\.0)?)?";

/// A rule of the built-in cascade.
pub(super) struct Fixed {
    pub(super) id: &'static str,
    pub(super) regex: Regex,
}

fn fixed(id: &'static str, pattern: &str) -> Fixed {
    Fixed { id, regex: re(pattern) }
}

/// Prefixes, in the order of the cascade. The product names come between `security-words` and the end.
pub(super) static LEADING: LazyLock<Vec<Fixed>> = LazyLock::new(|| {
    vec![
        fixed(
            "title.reply-prefix",
            r"^(?:re|fwd?|aw|wg|sv|vs|tr|rv|rif|antw|odp|ynt|doorst|vb|回复|答复|转发)(?:\s*\[\d+\]|\s*\(\d+\)|\^\d+)?\s*[:：]\s*",
        ),
        fixed(
            "title.security-tag",
            &format!(
                r"^(?:\[[^\[\]]*\b(?:security|important)\b[^\[\]]*\]|\([^()]*\b(?:security|important)\b[^()]*\)){SEP}*"
            ),
        ),
        fixed(
            "title.tag",
            &format!(
                r"^(?:\[\s*(?:ext|external|private|confidential|embargoed|urgent|spam\??|suspected\s+spam|vuln(?:erability)?(?:\s+report)?|bug\s*bounty|responsible\s+disclosure|disclosure|report|0day|zero-?day)\s*[:!]*\s*\]){SEP}*"
            ),
        ),
        fixed(
            "title.severity",
            &format!(
                r"^(?:\[\s*(?:severity\s*[:=]?\s*)?{SEVERITY}(?:\s+(?:severity|risk))?\s*\]{SEP}*|\(\s*(?:severity\s*[:=]?\s*)?{SEVERITY}(?:\s+severity)?\s*\){SEP}*|(?:severity\s*[:=]\s*)?{SEVERITY}(?:\s+severity)?{MARK}|severity\s*[:=]\s*{SEVERITY}\b{SEP}+)"
            ),
        ),
        fixed(
            "title.cvss",
            &format!(
                r"^(?:\[[^\[\]]*\bcvss\b[^\[\]]*\]{SEP}*|\([^()]*\bcvss\b[^()]*\){SEP}*|{CVSS}(?:\s*[(,]?\s*{SEVERITY}\b\s*\)?)?{MARK})"
            ),
        ),
        fixed(
            "title.cve-candidate",
            &format!(
                r"^(?:\[\s*{CVE_WORDS}[^\[\]]*\]{SEP}*|\(\s*{CVE_WORDS}[^()]*\){SEP}*|{CVE_WORDS}(?:{MARK}|\s+for\s*[:：]\s*))"
            ),
        ),
        fixed("title.security-words", &format!(r"^security\s+(?:report|issue|vulnerability|bug){SEP}+")),
        fixed(
            "title.report-words",
            &format!(
                r"^(?:(?:(?:private|responsible|coordinated|possible|potential|critical|new|urgent)\s+)*(?:security|vulnerability|vuln|bug)\s+(?:reports?|disclosure|advisory|finding|submission|notification|issues?|vulnerabilit(?:y|ies)|bugs?)(?:\s+(?:reports?|disclosure|submission|notification))?|(?:responsible|coordinated)\s+disclosure|security|vulnerability|report|disclosure){MARK}"
            ),
        ),
    ]
});

/// Suffixes, in the order of the cascade, after `in <product>` and `(<product> <version>)`.
pub(super) static TRAILING: LazyLock<Vec<Fixed>> = LazyLock::new(|| {
    vec![
        fixed(
            "title.ghsa",
            r"(?:[\(\[]\s*GHSA-[a-z0-9-]{4,}\s*[\)\]]|(?:\s*[:|–—]|\s-)\s*GHSA(?:-[a-z0-9]{4}){3})\.?$",
        ),
        fixed("title.split-from", r"\([^()]*split\s+from\s+#\d+[^()]*\)\.?$"),
        fixed(
            "title.cve-id",
            r"(?:\([^()]*\bCVE-\d{4}-\d{4,7}\b[^()]*\)|\[[^\[\]]*\bCVE-\d{4}-\d{4,7}\b[^\[\]]*\])\.?$",
        ),
        fixed("title.follow-up", r"\((?:\p{L}[\p{L}.'’-]*\s+){0,5}follow-?up\)\.?$"),
        fixed(
            "title.severity",
            &format!(
                r"(?:[\(\[]\s*(?:severity\s*[:=]?\s*)?{SEVERITY}(?:\s+(?:severity|risk))?\s*[\)\]]|(?:\s*[:|–—,]|\s-)\s*severity\s*[:=]?\s*{SEVERITY}|(?:\s*[|–—]|\s-)\s*{SEVERITY}(?:\s+severity)?)\.?$"
            ),
        ),
        fixed(
            "title.cvss",
            &format!(
                r"(?:[\(\[][^()\[\]]*\bcvss\b[^()\[\]]*[\)\]]|(?:\s*[:|–—,]|\s-|\s)\s*{CVSS}(?:\s*[(,]?\s*{SEVERITY}\s*\)?)?)\.?$"
            ),
        ),
        fixed(
            "title.cve-candidate",
            &format!(r"(?:[\(\[]\s*{CVE_WORDS}\s*\??\s*[\)\]]|(?:\s*[:|–—,]|\s-)\s*{CVE_WORDS})\.?$"),
        ),
        fixed(
            "title.security-tag",
            r"[\(\[]\s*(?:security|important|security\s+(?:report|issue|vulnerability|bug))\s*[\)\]]\.?$",
        ),
    ]
});

/// A note in the middle: nobody reads a title for its score.
pub(super) static INNER_CVSS: LazyLock<Regex> =
    LazyLock::new(|| re(r"\s*(?:\([^()]*\bcvss\b[^()]*\)|\[[^\[\]]*\bcvss\b[^\[\]]*\])"));

pub(super) static PR_LEADING: LazyLock<Fixed> = LazyLock::new(|| {
    fixed(
        "title.commit-prefix",
        r"^(?:build|chore|ci|docs?|feat|feature|fix|bugfix|hotfix|perf|refactor|revert|security|style|test|tests|deps)(?:\([^()]*\))?!?:\s*",
    )
});
pub(super) static PR_CI_SKIP: LazyLock<Fixed> = LazyLock::new(|| {
    fixed(
        "title.ci-skip",
        r"\s*\[(?:skip[ -](?:ci|actions|travis|circleci)|(?:ci|actions|travis|circleci)[ -]skip|no[ -]ci)\]\s*|\s*\*\*\*\s*no_ci\s*\*\*\*\s*",
    )
});
pub(super) static PR_NUMBER: LazyLock<Fixed> = LazyLock::new(|| fixed("title.pr-number", r"\(#\d+\)\.?$"));

/// A version, with the blank before it, perhaps in brackets.
pub(super) static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    const V: &str = r"(?:[<>=≤≥]{1,2}\s*)?(?:versions?\s+)?v?(?:\d+(?:\.\d+)+(?:\.x)?|\d+(?:\.\d+)*\.x)(?:[-.]?(?:rc|alpha|beta|a|b|m|dev|snapshot)[-.]?\d*)?";
    re(&format!(r"^\s*(?:\(\s*{V}\s*\)|\[\s*{V}\s*\]|{V})"))
});
/// A version without a dot counts only where nothing but a version can stand: `Example 2: …`, `Example v2 …`.
pub(super) static MAJOR: LazyLock<Regex> =
    LazyLock::new(|| re(r"^\s+(?:v\d+(?:\s|$)|v?\d+(?:\s*[:：|–—]|\s+-\s|\s*$))"));
pub(super) static DIGITS: LazyLock<Regex> = LazyLock::new(|| re(r"^\s+v?\d+"));
pub(super) static LEADING_MARKS: LazyLock<Regex> = LazyLock::new(|| re(r"^(?:[:：|–—,\-]+(?:\s+|$))+"));
pub(super) static TRAILING_MARKS: LazyLock<Regex> = LazyLock::new(|| re(r"(?:\s+[:：|–—,\-]+)+$|[:：,]$"));
pub(super) static HAS_VERSION: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?:^|[\s(\[<>=≤≥])v?\d+\.(?:\d+(?:\.\d+)*(?:\.x)?|x)(?:[-.]?(?:rc|alpha|beta)\d*)?(?:$|[\s)\],;:])|(?:^|\s)v\d+(?:$|[\s,:])",
    )
});
pub(super) static HAS_CVE: LazyLock<Regex> = LazyLock::new(|| re(r"\bCVE-\d{4}-\d{4,}\b"));
pub(super) static HAS_GHSA: LazyLock<Regex> = LazyLock::new(|| re(r"\bGHSA(?:-[a-z0-9]{4}){3}\b"));
