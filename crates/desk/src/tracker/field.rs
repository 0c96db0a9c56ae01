//! The eleven fields of a tracker body: names, headings, order and confidentiality (config page §2).

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::config::Config;

/// May the value of a field leave the tracker? (config page §2, column *class*)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldClass {
    /// **P**: never leaves.
    Private,
    /// **E**: publishable once the advisory is archived.
    Embargoed,
    /// **O**: public as soon as it is captured.
    Open,
}

/// A field of the tracker body, in body order (decisions page §0.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRole {
    /// 1: the sanitised report.
    IssueDescription,
    /// 2: what the public will read.
    PublicSummary,
    /// 3: bare versions, one line each.
    AffectedVersions,
    /// 4: where the report's mail thread is.
    SecurityThread,
    /// 5: the advisory in a public archive.
    PublicAdvisoryUrl,
    /// 6: who is credited, one line each.
    ReporterCredit,
    /// 7: the fix, one link a line.
    PrWithFix,
    /// 8: who wrote the fix.
    RemediationDeveloper,
    /// 9: the weakness.
    Cwe,
    /// 10: the team's severity.
    Severity,
    /// 11: the record in the CVE tool.
    CveToolLink,
}

impl FieldRole {
    /// Every role in body order.
    pub const ALL: [FieldRole; 11] = [
        FieldRole::IssueDescription,
        FieldRole::PublicSummary,
        FieldRole::AffectedVersions,
        FieldRole::SecurityThread,
        FieldRole::PublicAdvisoryUrl,
        FieldRole::ReporterCredit,
        FieldRole::PrWithFix,
        FieldRole::RemediationDeveloper,
        FieldRole::Cwe,
        FieldRole::Severity,
        FieldRole::CveToolLink,
    ];

    /// The fields that must be set before a fix may be handed to the release manager (config page §2 rule 1).
    pub const GATE: [FieldRole; 6] = [
        FieldRole::PublicSummary,
        FieldRole::AffectedVersions,
        FieldRole::ReporterCredit,
        FieldRole::PrWithFix,
        FieldRole::Cwe,
        FieldRole::Severity,
    ];

    /// The name of the role in configuration and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FieldRole::IssueDescription => "issue_description",
            FieldRole::PublicSummary => "public_summary",
            FieldRole::AffectedVersions => "affected_versions",
            FieldRole::SecurityThread => "security_thread",
            FieldRole::PublicAdvisoryUrl => "public_advisory_url",
            FieldRole::ReporterCredit => "reporter_credit",
            FieldRole::PrWithFix => "pr_with_fix",
            FieldRole::RemediationDeveloper => "remediation_developer",
            FieldRole::Cwe => "cwe",
            FieldRole::Severity => "severity",
            FieldRole::CveToolLink => "cve_tool_link",
        }
    }

    /// The heading, unless the configuration names another.
    #[must_use]
    pub fn default_heading(self) -> &'static str {
        match self {
            FieldRole::IssueDescription => "The issue description",
            FieldRole::PublicSummary => "Short public summary for publish",
            FieldRole::AffectedVersions => "Affected versions",
            FieldRole::SecurityThread => "Security mailing list thread",
            FieldRole::PublicAdvisoryUrl => "Public advisory URL",
            FieldRole::ReporterCredit => "Reporter credited as",
            FieldRole::PrWithFix => "PR with the fix",
            FieldRole::RemediationDeveloper => "Remediation developer",
            FieldRole::Cwe => "CWE",
            FieldRole::Severity => "Severity",
            FieldRole::CveToolLink => "CVE tool link",
        }
    }

    /// May its value leave the tracker, and when?
    #[must_use]
    pub fn class(self) -> FieldClass {
        match self {
            FieldRole::IssueDescription | FieldRole::SecurityThread | FieldRole::CveToolLink => {
                FieldClass::Private
            }
            FieldRole::PublicAdvisoryUrl => FieldClass::Open,
            _ => FieldClass::Embargoed,
        }
    }

    /// Must the field be set before the hand-off?
    #[must_use]
    pub fn in_gate(self) -> bool {
        Self::GATE.contains(&self)
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for FieldRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no field role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no field; the fields are {names}", names = FieldRole::ALL.map(FieldRole::as_str).join(", "))]
pub struct UnknownField(pub String);

impl FromStr for FieldRole {
    type Err = UnknownField;

    fn from_str(s: &str) -> Result<Self, UnknownField> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or_else(|| UnknownField(s.into()))
    }
}

/// Which heading means which field on this desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headings {
    headings: [String; 11],
    roles: BTreeMap<String, FieldRole>,
}

impl Default for Headings {
    fn default() -> Self {
        Self::new(&Config::default())
    }
}

impl Headings {
    /// The headings of `tracker.fields.<role>`, defaults where it is silent. A heading beats an alias of the same
    /// text; of two equal aliases the earlier field has it.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let configured = |r: FieldRole| config.tracker.fields.get(r.as_str());
        let headings = FieldRole::ALL.map(|r| {
            let given = configured(r).map(|f| one_line(&f.heading)).filter(|h| !h.is_empty());
            given.unwrap_or_else(|| r.default_heading().to_owned())
        });
        let mut roles = BTreeMap::new();
        for (role, heading) in FieldRole::ALL.into_iter().zip(&headings) {
            roles.entry(heading.clone()).or_insert(role);
        }
        for role in FieldRole::ALL {
            for alias in configured(role).map(|f| f.aliases.as_slice()).unwrap_or_default() {
                roles.entry(one_line(alias)).or_insert(role);
            }
        }
        roles.remove("");
        Self { headings, roles }
    }

    /// The heading to write for a field.
    #[must_use]
    pub fn heading(&self, role: FieldRole) -> &str {
        // An array of eleven, indexed by an enum of eleven.
        &self.headings[role.index()]
    }

    /// The field that a heading means: the exact text, then the aliases (config page §3).
    #[must_use]
    pub fn role(&self, heading: &str) -> Option<FieldRole> {
        self.roles.get(heading).copied()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FieldConfig;

    #[test]
    fn names_round_trip_and_keep_body_order() {
        for (i, role) in FieldRole::ALL.into_iter().enumerate() {
            assert_eq!(role.index(), i);
            assert_eq!(role.as_str().parse::<FieldRole>().unwrap(), role);
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert!("Severity".parse::<FieldRole>().is_err());
    }

    #[test]
    fn classes_follow_the_table() {
        let class = |c| FieldRole::ALL.into_iter().filter(|r| r.class() == c).count();
        assert_eq!((class(FieldClass::Private), class(FieldClass::Open)), (3, 1));
        assert!(FieldRole::GATE.iter().all(|r| r.class() == FieldClass::Embargoed));
    }

    #[test]
    fn configuration_renames_a_heading_and_adds_aliases() {
        let mut config = Config::default();
        let field =
            FieldConfig { heading: "Impact rating".into(), aliases: vec!["CWE".into(), "Score".into()] };
        config.tracker.fields.insert("severity".into(), field);
        let h = Headings::new(&config);
        assert_eq!(h.heading(FieldRole::Severity), "Impact rating");
        assert_eq!(h.role("Score"), Some(FieldRole::Severity));
        assert_eq!(h.role("CWE"), Some(FieldRole::Cwe), "a heading beats an alias");
        assert_eq!(h.role("Severity"), None);
        assert_eq!(h.role("score"), None, "headings are case-sensitive");
    }
}
