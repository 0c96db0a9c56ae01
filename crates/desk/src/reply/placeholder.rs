//! The placeholders a template may hold: one table, each with its type and check.

use std::{fmt, sync::LazyLock};

use crate::pattern::Regex;

/// What may stand in the place of a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A name on one line, at most 200 characters, without link or angle brackets.
    Name,
    /// A whole number of days, 1 to 3650.
    Days,
    /// An `https` address without spaces, user or password, at most 2000 characters.
    Url,
    /// `CVE-YYYY-N…`.
    CveId,
    /// A version or the name of a release: letters, digits, `.`, `-`, `+`, `_`, `:` and single spaces.
    Release,
    /// One line of text, at most 300 characters.
    Line,
    /// One `https` address a line, at most twenty.
    Urls,
    /// One paragraph: lines without an empty one between them, at most 2000 characters.
    Paragraph,
    /// Any number of paragraphs of text that this library filled itself.
    Message,
}

impl Kind {
    /// The type in a word or two, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Name => "name",
            Kind::Days => "days",
            Kind::Url => "https URL",
            Kind::CveId => "CVE id",
            Kind::Release => "release",
            Kind::Line => "one line",
            Kind::Urls => "https URLs",
            Kind::Paragraph => "one paragraph",
            Kind::Message => "message",
        }
    }

    fn has_lines(self) -> bool {
        matches!(self, Kind::Urls | Kind::Paragraph | Kind::Message)
    }

    /// Why `value` may not be filled in, or `Ok`. `value` is trimmed and not empty.
    pub(super) fn check(self, value: &str) -> Result<(), &'static str> {
        static CVE: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^CVE-[0-9]{4}-[0-9]{4,19}$").ok());
        let long = |max: usize| value.chars().count() > max;
        let one_line = || !value.contains(['\n', '\r']);
        if value.chars().any(|c| c.is_control() && c != '\n') || (value.contains('\n') && !self.has_lines()) {
            return Err(if one_line() { "holds a control character" } else { "holds a line break" });
        }
        if crate::mail::has_invisible(value) || value.starts_with('\u{feff}') {
            return Err("holds an invisible or direction-changing character");
        }
        match self {
            Kind::Name if value.contains(['<', '>']) || value.contains("://") => Err("is not a plain name"),
            Kind::Name if long(200) => Err("is longer than 200 characters"),
            Kind::Days => match value.parse::<u32>() {
                Ok(1..=3650) if value.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
                _ => Err("is not a number of days from 1 to 3650"),
            },
            Kind::Url => check_url(value),
            Kind::Urls if value.lines().count() > 20 => Err("holds more than 20 addresses"),
            Kind::Urls => value.lines().try_for_each(check_url),
            Kind::CveId if !CVE.as_ref().is_some_and(|r| r.is_match(value)) => Err("is not a CVE id"),
            Kind::Release if long(100) => Err("is longer than 100 characters"),
            Kind::Release if !value.chars().all(|c| c.is_alphanumeric() || " .-+_:".contains(c)) => {
                Err("is not the name of a release")
            }
            Kind::Line if long(300) => Err("is longer than 300 characters"),
            Kind::Paragraph if long(2000) => Err("is longer than 2000 characters"),
            Kind::Paragraph if value.lines().any(|l| l.trim().is_empty()) => Err("holds an empty line"),
            Kind::Message if long(20_000) => Err("is longer than 20000 characters"),
            _ => Ok(()),
        }
    }
}

fn check_url(value: &str) -> Result<(), &'static str> {
    let Some(rest) = value.strip_prefix("https://") else { return Err("is no https address") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    if value.len() > 2000 {
        return Err("is longer than 2000 characters");
    }
    if value.chars().any(|c| c.is_whitespace() || "<>\"`{}|\\^".contains(c)) {
        return Err("holds a character that no address holds");
    }
    if host.contains('@') {
        return Err("holds a user name");
    }
    if host.is_empty() || host.starts_with(['.', ':', '-']) {
        return Err("has no host");
    }
    Ok(())
}

macro_rules! placeholders {
    ($($(#[doc = $d:literal])* $v:ident => $s:literal, $kind:ident, $optional:literal, $sample:literal;)+) => {
        /// A word in SCREAMING_CASE that a fill replaces.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Placeholder { $($(#[doc = $d])* $v),+ }

        impl Placeholder {
            /// Every placeholder.
            pub const ALL: &'static [Placeholder] = &[$(Placeholder::$v),+];

            /// As it is written in a template.
            #[must_use]
            pub fn as_str(self) -> &'static str { match self { $(Placeholder::$v => $s),+ } }

            /// What may be filled in.
            #[must_use]
            pub fn kind(self) -> Kind { match self { $(Placeholder::$v => Kind::$kind),+ } }

            /// May it be empty? Then a paragraph in which it stands on a line of its own goes away whole, and
            /// inside a line it goes with the space before it.
            #[must_use]
            pub fn is_optional(self) -> bool { match self { $(Placeholder::$v => $optional),+ } }

            /// A value to show or to test with.
            #[must_use]
            pub fn sample(self) -> &'static str { match self { $(Placeholder::$v => $sample),+ } }

            /// What it is for, in a sentence.
            #[must_use]
            pub fn purpose(self) -> &'static str { match self { $(Placeholder::$v => concat!($($d),*).trim_ascii()),+ } }
        }
    };
}

placeholders! {
    /// How to address the reporter.
    ReporterName => "REPORTER_NAME", Name, true, "Ada Example";
    /// How to address the forwarder.
    ForwarderName => "FORWARDER_NAME", Name, true, "Rowan";
    /// The product, from `project.name`.
    ProjectName => "PROJECT_NAME", Name, false, "Example Server";
    /// Who signs: a name, and the team.
    TeamSignature => "TEAM_SIGNATURE", Paragraph, false, "Sam Doe\nfor the Example Server security team";
    /// Days to disclosure, from `disclosure.window_days`.
    WindowDays => "WINDOW_DAYS", Days, false, "90";
    /// The credit question; empty when it was asked before.
    CreditQuestion => "CREDIT_QUESTION", Paragraph, true, "How would you like to be credited?";
    /// Titles of the reports that one receipt covers, one a line.
    ReportTitles => "REPORT_TITLES", Paragraph, false, "- Scheduler: missing check\n- Console: stored script";
    /// What the team needs to know, one question a line.
    OpenQuestions => "OPEN_QUESTIONS", Paragraph, false, "- Which version did you test?";
    /// The part of the security model that applies, from `project.security_model`.
    SecurityModelUrl => "SECURITY_MODEL_URL", Url, false, "https://www.example.org/security-model#users";
    /// The policy for reporters, from `project.security_policy_url`.
    SecurityPolicyUrl => "SECURITY_POLICY_URL", Url, true, "https://www.example.org/security";
    /// The CVE id of this report.
    CveId => "CVE_ID", CveId, false, "CVE-2026-99999";
    /// The published CVE record; never an address of the CVE tool.
    CveRecordUrl => "CVE_RECORD_URL", Url, false, "https://www.cve.org/CVERecord?id=CVE-2026-99999";
    /// The public pull request.
    PrUrl => "PR_URL", Url, false, "https://code.example.org/pulls/7";
    /// The public changes that fixed it, one address a line.
    FixUrls => "FIX_URLS", Urls, false, "https://code.example.org/pulls/7\nhttps://code.example.org/pulls/9";
    /// The release that holds the fix.
    Release => "RELEASE", Release, false, "2.8.3";
    /// The public advisory.
    AdvisoryUrl => "ADVISORY_URL", Url, false, "https://lists.example.org/announce/7";
    /// The affected versions, as the tracker words them.
    AffectedVersions => "AFFECTED_VERSIONS", Paragraph, false, "before 2.8.3";
    /// The summary that will be public.
    PublicSummary => "PUBLIC_SUMMARY", Message, false, "Any user could read the names of all queues. Upgrade to 2.8.3, which fixes this.";
    /// Day and hour by which it is public at the latest, with the zone.
    LatestDate => "LATEST_DATE", Line, false, "2026-07-01 12:00 UTC";
    /// Something public about a duplicate; empty before disclosure.
    PublicReferenceUrl => "PUBLIC_REFERENCE_URL", Url, true, "https://lists.example.org/announce/7";
    /// What changed in the public fields, one change a line.
    ChangedFields => "CHANGED_FIELDS", Paragraph, false, "- credit: Ada Example, Example University";
    /// The forwarder's own reference, a number or an address.
    ExternalReference => "EXTERNAL_REFERENCE", Line, true, "26-1188";
    /// A filled reply that a forwarder passes on.
    InnerMessage => "INNER_MESSAGE", Message, false, "Hello Ada Example,\n\nYour report was accepted.\n\nSam Doe";
}

impl Placeholder {
    /// The placeholder written like that.
    #[must_use]
    pub fn parse(word: &str) -> Option<Placeholder> {
        Self::ALL.iter().copied().find(|p| p.as_str() == word)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
