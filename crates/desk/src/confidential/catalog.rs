//! The rules of the scan, each with its reason and the way out. Declared once; references are made from this list.

use super::Info;

/// One rule of the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Stable id.
    pub id: &'static str,
    /// The row of the matrix it belongs to.
    pub info: Info,
    /// Why a hit may not leave.
    pub why: &'static str,
    /// What to do.
    pub todo: &'static str,
}

const fn r(id: &'static str, info: Info, why: &'static str, todo: &'static str) -> RuleInfo {
    RuleInfo { id, info, why, todo }
}

const FRAMING: &str = "it tells readers that this is a security matter before the advisory does";
const NEUTRAL: &str = "say what the change does for users, in neutral words";
const CLASS: &str = "it names the kind of attack before the advisory does";
const JUSTIFY: &str = "use neutral words, or have a person record why they are needed";

/// Every rule, by id.
pub const RULES: &[RuleInfo] = &[
    r("scan.advisory", Info::Framing, FRAMING, NEUTRAL),
    r("scan.attack-words", Info::Framing, FRAMING, NEUTRAL),
    r("scan.auth-bypass", Info::Framing, CLASS, JUSTIFY),
    r("scan.code-execution", Info::Framing, CLASS, JUSTIFY),
    r(
        "scan.contents-public",
        Info::TrackerProse,
        "the tracker itself is public",
        "make the tracker private first",
    ),
    r("scan.csrf", Info::Framing, CLASS, JUSTIFY),
    r("scan.cve-id", Info::CveId, "this CVE id may not be read here yet", "leave the id out"),
    r(
        "scan.cve-tool",
        Info::CveTool,
        "the CVE tool's address is for the team alone",
        "name the CVE id, no link",
    ),
    r("scan.cve-word", Info::CveId, FRAMING, NEUTRAL),
    r(
        "scan.cvss",
        Info::Assessment,
        "scores stay inside until the record is published",
        "leave the score out",
    ),
    r(
        "scan.cwe",
        Info::Assessment,
        "the CWE stays inside until the record is published",
        "leave the CWE out",
    ),
    r("scan.deserialization", Info::Framing, CLASS, JUSTIFY),
    r("scan.embargo-term", Info::Framing, "the project's configuration embargoes this word", NEUTRAL),
    r("scan.exploit", Info::Framing, CLASS, JUSTIFY),
    r(
        "scan.fix-pr",
        Info::FixPr,
        "the fix is not to be told here",
        "leave the link out, or wait until it is open",
    ),
    r("scan.ghsa", Info::CveId, "a GHSA id names an unpublished advisory", "leave the id out"),
    r("scan.injection", Info::Framing, CLASS, JUSTIFY),
    r("scan.internal-url", Info::PrivateThread, "this address is configured never to leave", "leave it out"),
    r("scan.memory", Info::Framing, CLASS, JUSTIFY),
    r("scan.mention", Info::TrackerState, "a team member is named without a handle", "write the @handle"),
    r("scan.phone", Info::ThirdPartyPii, "a telephone number of somebody else", "leave it out or redact it"),
    r("scan.private-list", Info::PrivateThread, "the address of a private list", "leave it out"),
    r("scan.private-thread", Info::PrivateThread, "it points into a private thread", "leave it out"),
    r("scan.privilege-escalation", Info::Framing, CLASS, JUSTIFY),
    r(
        "scan.recipient",
        Info::ThirdPartyPii,
        "this recipient is not one of this surface",
        "correct To and Cc",
    ),
    r(
        "scan.redaction-id",
        Info::ThirdPartyPii,
        "a redaction identifier means nothing outside",
        "reveal it where it was made, or rephrase",
    ),
    r(
        "scan.reporter-cvss",
        Info::ReporterAssessment,
        "the reporter's score is an observation, never repeated",
        "leave it out",
    ),
    r("scan.reporter-email", Info::ReporterIdentity, "it identifies the reporter", "leave it out"),
    r("scan.reporter-handle", Info::ReporterIdentity, "it identifies the reporter", "leave it out"),
    r(
        "scan.reporter-name",
        Info::ReporterIdentity,
        "it identifies the reporter",
        "leave it out, or credit in the confirmed form after disclosure",
    ),
    r(
        "scan.scanner-product",
        Info::PrivateThread,
        "a private scanner product is named",
        "write `a private scanner`",
    ),
    r("scan.security-address", Info::Framing, FRAMING, "leave the address out"),
    r("scan.security-fix", Info::Framing, FRAMING, NEUTRAL),
    r("scan.security-word", Info::Framing, FRAMING, NEUTRAL),
    r(
        "scan.sensitive",
        Info::Framing,
        "near credentials it hints at a leak",
        "check that it reads as routine work",
    ),
    r(
        "scan.severity",
        Info::Assessment,
        "the severity stays inside until the record is published",
        "leave it out",
    ),
    r(
        "scan.sibling-project",
        Info::OtherProjects,
        "another project's flaws are not ours to tell",
        "write `another project`",
    ),
    r(
        "scan.slot",
        Info::TrackerProse,
        "a slot has no value, or its kind may not be read here",
        "remove the slot or wait for its value",
    ),
    r("scan.sql-injection", Info::Framing, CLASS, JUSTIFY),
    r("scan.ssrf", Info::Framing, CLASS, JUSTIFY),
    r(
        "scan.third-party-email",
        Info::ThirdPartyPii,
        "an address of somebody else",
        "leave it out or redact it",
    ),
    r(
        "scan.tracker-number",
        Info::TrackerRef,
        "the tracker's number does not leave before disclosure",
        "leave it out",
    ),
    r(
        "scan.tracker-ref",
        Info::TrackerRef,
        "the tracker's address does not leave before disclosure",
        "leave it out",
    ),
    r(
        "scan.tracker-state",
        Info::TrackerState,
        "labels, columns and milestones of the tracker stay inside",
        "say what happened, in plain words",
    ),
    r("scan.traversal", Info::Framing, CLASS, JUSTIFY),
    r(
        "scan.unreadable",
        Info::TrackerProse,
        "what cannot be read cannot be cleared",
        "give UTF-8 text of at most 4 GiB",
    ),
    r("scan.vulnerability", Info::Framing, FRAMING, NEUTRAL),
    r("scan.xss", Info::Framing, CLASS, JUSTIFY),
];

/// The rule with that id.
#[must_use]
pub fn rule_info(id: &str) -> Option<&'static RuleInfo> {
    RULES.binary_search_by(|r| r.id.cmp(id)).ok().and_then(|i| RULES.get(i))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sorted() {
        assert!(RULES.windows(2).all(|w| w[0].id < w[1].id));
        assert_eq!(rule_info("scan.xss").unwrap().info, Info::Framing);
    }
}
