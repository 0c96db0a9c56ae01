//! The CVSS objects of a record: 2.0, 3.0, 3.1 and 4.0.

use super::{
    super::check::{At, Node},
    refuse,
    shape::{Context, Form, Object, Open, Shape, Text, tenths},
};

const fn vector(holds: fn(&str) -> bool, what: &'static str) -> Shape {
    Shape::Text(Text { min: 0, max: usize::MAX, form: Some(Form { holds, what }) })
}

const SEVERITY: Shape = Shape::Words(&["NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"]);
const HIGH_LOW: Shape = Shape::Words(&["HIGH", "LOW"]);
const HIGH_LOW_X: Shape = Shape::Words(&["HIGH", "LOW", "NOT_DEFINED"]);
const IMPACT: Shape = Shape::Words(&["NONE", "LOW", "HIGH"]);
const IMPACT_X: Shape = Shape::Words(&["NONE", "LOW", "HIGH", "NOT_DEFINED"]);
const IMPACT_SAFETY: Shape = Shape::Words(&["NONE", "LOW", "HIGH", "SAFETY", "NOT_DEFINED"]);
const NEED: Shape = Shape::Words(&["LOW", "MEDIUM", "HIGH", "NOT_DEFINED"]);
const EXPLOITABLE: Shape =
    Shape::Words(&["UNPROVEN", "PROOF_OF_CONCEPT", "FUNCTIONAL", "HIGH", "NOT_DEFINED"]);
const REMEDIATION: Shape =
    Shape::Words(&["OFFICIAL_FIX", "TEMPORARY_FIX", "WORKAROUND", "UNAVAILABLE", "NOT_DEFINED"]);

pub(super) static V4_0: Object = Object {
    what: "`cvssV4_0`",
    required: &["version", "vectorString", "baseScore", "baseSeverity"],
    keys: &[
        ("version", Shape::Words(&["4.0"])),
        ("vectorString", vector(is_v4, "CVSS 4.0 vector with its metrics in order")),
        ("baseScore", Shape::Score),
        ("baseSeverity", SEVERITY),
        ("attackVector", Shape::Words(&["NETWORK", "ADJACENT", "LOCAL", "PHYSICAL"])),
        ("attackComplexity", HIGH_LOW),
        ("attackRequirements", Shape::Words(&["NONE", "PRESENT"])),
        ("privilegesRequired", IMPACT),
        ("userInteraction", Shape::Words(&["NONE", "PASSIVE", "ACTIVE"])),
        ("vulnConfidentialityImpact", IMPACT),
        ("vulnIntegrityImpact", IMPACT),
        ("vulnAvailabilityImpact", IMPACT),
        ("subConfidentialityImpact", IMPACT),
        ("subIntegrityImpact", IMPACT),
        ("subAvailabilityImpact", IMPACT),
        ("exploitMaturity", Shape::Words(&["UNREPORTED", "PROOF_OF_CONCEPT", "ATTACKED", "NOT_DEFINED"])),
        ("confidentialityRequirement", NEED),
        ("integrityRequirement", NEED),
        ("availabilityRequirement", NEED),
        ("modifiedAttackVector", Shape::Words(&["NETWORK", "ADJACENT", "LOCAL", "PHYSICAL", "NOT_DEFINED"])),
        ("modifiedAttackComplexity", HIGH_LOW_X),
        ("modifiedAttackRequirements", Shape::Words(&["NONE", "PRESENT", "NOT_DEFINED"])),
        ("modifiedPrivilegesRequired", IMPACT_X),
        ("modifiedUserInteraction", Shape::Words(&["NONE", "PASSIVE", "ACTIVE", "NOT_DEFINED"])),
        ("modifiedVulnConfidentialityImpact", IMPACT_X),
        ("modifiedVulnIntegrityImpact", IMPACT_X),
        ("modifiedVulnAvailabilityImpact", IMPACT_X),
        ("modifiedSubConfidentialityImpact", IMPACT_X),
        ("modifiedSubIntegrityImpact", IMPACT_SAFETY),
        ("modifiedSubAvailabilityImpact", IMPACT_SAFETY),
        ("Safety", Shape::Words(&["NEGLIGIBLE", "PRESENT", "NOT_DEFINED"])),
        ("Automatable", Shape::Words(&["NO", "YES", "NOT_DEFINED"])),
        ("Recovery", Shape::Words(&["AUTOMATIC", "USER", "IRRECOVERABLE", "NOT_DEFINED"])),
        ("valueDensity", Shape::Words(&["DIFFUSE", "CONCENTRATED", "NOT_DEFINED"])),
        ("vulnerabilityResponseEffort", Shape::Words(&["LOW", "MODERATE", "HIGH", "NOT_DEFINED"])),
        ("providerUrgency", Shape::Words(&["CLEAR", "GREEN", "AMBER", "RED", "NOT_DEFINED"])),
    ],
    open: Open::No,
    only: true,
    more: Some(severity_of_score),
};

const ATTACK_3: Shape = Shape::Words(&["NETWORK", "ADJACENT_NETWORK", "LOCAL", "PHYSICAL"]);
const ATTACK_3_X: Shape = Shape::Words(&["NETWORK", "ADJACENT_NETWORK", "LOCAL", "PHYSICAL", "NOT_DEFINED"]);

/// The keys of 3.0 and 3.1 are the same.
const fn v3(what: &'static str, keys: &'static [(&'static str, Shape)]) -> Object {
    Object {
        what,
        required: &["version", "vectorString", "baseScore", "baseSeverity"],
        keys,
        open: Open::No,
        only: true,
        more: Some(severity_of_score),
    }
}

macro_rules! v3_keys {
    ($version:literal, $vector:expr) => {
        &[
            ("version", Shape::Words(&[$version])),
            ("vectorString", $vector),
            ("attackVector", ATTACK_3),
            ("attackComplexity", HIGH_LOW),
            ("privilegesRequired", IMPACT),
            ("userInteraction", Shape::Words(&["NONE", "REQUIRED"])),
            ("scope", Shape::Words(&["UNCHANGED", "CHANGED"])),
            ("confidentialityImpact", IMPACT),
            ("integrityImpact", IMPACT),
            ("availabilityImpact", IMPACT),
            ("baseScore", Shape::Score),
            ("baseSeverity", SEVERITY),
            ("exploitCodeMaturity", EXPLOITABLE),
            ("remediationLevel", REMEDIATION),
            ("reportConfidence", Shape::Words(&["UNKNOWN", "REASONABLE", "CONFIRMED", "NOT_DEFINED"])),
            ("temporalScore", Shape::Score),
            ("temporalSeverity", SEVERITY),
            ("confidentialityRequirement", NEED),
            ("integrityRequirement", NEED),
            ("availabilityRequirement", NEED),
            ("modifiedAttackVector", ATTACK_3_X),
            ("modifiedAttackComplexity", HIGH_LOW_X),
            ("modifiedPrivilegesRequired", IMPACT_X),
            ("modifiedUserInteraction", Shape::Words(&["NONE", "REQUIRED", "NOT_DEFINED"])),
            ("modifiedScope", Shape::Words(&["UNCHANGED", "CHANGED", "NOT_DEFINED"])),
            ("modifiedConfidentialityImpact", IMPACT_X),
            ("modifiedIntegrityImpact", IMPACT_X),
            ("modifiedAvailabilityImpact", IMPACT_X),
            ("environmentalScore", Shape::Score),
            ("environmentalSeverity", SEVERITY),
        ]
    };
}

pub(super) static V3_1: Object =
    v3("`cvssV3_1`", v3_keys!("3.1", vector(is_v3_1, "CVSS 3.1 vector beginning `CVSS:3.1/`")));
pub(super) static V3_0: Object =
    v3("`cvssV3_0`", v3_keys!("3.0", vector(is_v3_0, "CVSS 3.0 vector beginning `CVSS:3.0/`")));

pub(super) static V2_0: Object = Object {
    what: "`cvssV2_0`",
    required: &["version", "vectorString", "baseScore"],
    keys: &[
        ("version", Shape::Words(&["2.0"])),
        ("vectorString", vector(is_v2, "CVSS 2.0 vector")),
        ("accessVector", Shape::Words(&["NETWORK", "ADJACENT_NETWORK", "LOCAL"])),
        ("accessComplexity", Shape::Words(&["HIGH", "MEDIUM", "LOW"])),
        ("authentication", Shape::Words(&["MULTIPLE", "SINGLE", "NONE"])),
        ("confidentialityImpact", IMPACT_2),
        ("integrityImpact", IMPACT_2),
        ("availabilityImpact", IMPACT_2),
        ("baseScore", Shape::ZeroToTen),
        ("exploitability", EXPLOITABLE),
        ("remediationLevel", REMEDIATION),
        ("reportConfidence", Shape::Words(&["UNCONFIRMED", "UNCORROBORATED", "CONFIRMED", "NOT_DEFINED"])),
        ("temporalScore", Shape::ZeroToTen),
        (
            "collateralDamagePotential",
            Shape::Words(&["NONE", "LOW", "LOW_MEDIUM", "MEDIUM_HIGH", "HIGH", "NOT_DEFINED"]),
        ),
        ("targetDistribution", Shape::Words(&["NONE", "LOW", "MEDIUM", "HIGH", "NOT_DEFINED"])),
        ("confidentialityRequirement", NEED),
        ("integrityRequirement", NEED),
        ("availabilityRequirement", NEED),
        ("environmentalScore", Shape::ZeroToTen),
    ],
    open: Open::No,
    only: true,
    more: None,
};
const IMPACT_2: Shape = Shape::Words(&["NONE", "PARTIAL", "COMPLETE"]);

/// The severity of a score in tenths, in CVSS 3 and 4.
pub(crate) fn severity(tenths: u8) -> &'static str {
    match tenths {
        0 => "NONE",
        1..=39 => "LOW",
        40..=69 => "MEDIUM",
        70..=89 => "HIGH",
        _ => "CRITICAL",
    }
}

/// `baseSeverity` is the word for `baseScore`.
fn severity_of_score(node: &Node<'_>, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    let (Some(score), Some(word)) = (node.get("baseScore"), node.get("baseSeverity").and_then(Node::text))
    else {
        return;
    };
    // What is no score, or no severity, has been said.
    let Some(score) = score.number().map(super::super::check::Num::real) else { return };
    let known = ["NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(&word);
    if let (true, Some(right)) = (known, tenths(score).map(severity))
        && right != word
    {
        let message = format!("says {word}, but a score of {score} is {right}");
        refuse(cx.sink, "schema.severity", &at.key("baseSeverity"), message);
    }
}

/// A metric of a vector, the letters it may have, and whether it must be there.
type Metric = (&'static str, &'static [&'static str], bool);

const V4: &[Metric] = &[
    ("AV", &["N", "A", "L", "P"], true),
    ("AC", &["L", "H"], true),
    ("AT", &["N", "P"], true),
    ("PR", &["N", "L", "H"], true),
    ("UI", &["N", "P", "A"], true),
    ("VC", &["H", "L", "N"], true),
    ("VI", &["H", "L", "N"], true),
    ("VA", &["H", "L", "N"], true),
    ("SC", &["H", "L", "N"], true),
    ("SI", &["H", "L", "N"], true),
    ("SA", &["H", "L", "N"], true),
    ("E", &["X", "A", "P", "U"], false),
    ("CR", &["X", "H", "M", "L"], false),
    ("IR", &["X", "H", "M", "L"], false),
    ("AR", &["X", "H", "M", "L"], false),
    ("MAV", &["X", "N", "A", "L", "P"], false),
    ("MAC", &["X", "L", "H"], false),
    ("MAT", &["X", "N", "P"], false),
    ("MPR", &["X", "N", "L", "H"], false),
    ("MUI", &["X", "N", "P", "A"], false),
    ("MVC", &["X", "N", "L", "H"], false),
    ("MVI", &["X", "N", "L", "H"], false),
    ("MVA", &["X", "N", "L", "H"], false),
    ("MSC", &["X", "N", "L", "H"], false),
    ("MSI", &["X", "N", "L", "H", "S"], false),
    ("MSA", &["X", "N", "L", "H", "S"], false),
    ("S", &["X", "N", "P"], false),
    ("AU", &["X", "N", "Y"], false),
    ("R", &["X", "A", "U", "I"], false),
    ("V", &["X", "D", "C"], false),
    ("RE", &["X", "L", "M", "H"], false),
    ("U", &["X", "Clear", "Green", "Amber", "Red"], false),
];

/// Every metric at most once, in the order of the specification.
fn is_v4(t: &str) -> bool {
    let Some(rest) = t.strip_prefix("CVSS:4.0/") else { return false };
    let mut table = V4.iter();
    for part in rest.split('/') {
        let Some((key, value)) = part.split_once(':') else { return false };
        loop {
            match table.next() {
                Some((k, values, _)) if *k == key => {
                    if !values.contains(&value) {
                        return false;
                    }
                    break;
                }
                Some((_, _, true)) | None => return false,
                Some((_, _, false)) => {}
            }
        }
    }
    !table.any(|(_, _, needed)| *needed)
}

/// Metrics in any order, none of them needed: the official pattern asks no more.
fn all_known(rest: &str, letters: fn(&str) -> Option<&'static [&'static str]>) -> bool {
    rest.split('/').all(|part| {
        part.split_once(':').is_some_and(|(key, value)| letters(key).is_some_and(|l| l.contains(&value)))
    })
}

fn is_v3_1(t: &str) -> bool {
    t.strip_prefix("CVSS:3.1/").is_some_and(|rest| all_known(rest, letters_3))
}

fn is_v3_0(t: &str) -> bool {
    // The pattern of 3.0 also takes `U` for the privileges.
    let letters = |key: &str| match key {
        "PR" => Some(&["U", "N", "L", "H"][..]),
        "MPR" => Some(&["X", "U", "N", "L", "H"][..]),
        _ => letters_3(key),
    };
    t.strip_prefix("CVSS:3.0/").is_some_and(|rest| all_known(rest, letters))
}

fn letters_3(key: &str) -> Option<&'static [&'static str]> {
    Some(match key {
        "AV" => &["N", "A", "L", "P"],
        "AC" => &["L", "H"],
        "PR" | "C" | "I" | "A" => &["N", "L", "H"],
        "UI" => &["N", "R"],
        "S" => &["U", "C"],
        "E" => &["X", "U", "P", "F", "H"],
        "RL" => &["X", "O", "T", "W", "U"],
        "RC" => &["X", "U", "R", "C"],
        "CR" | "IR" | "AR" => &["X", "L", "M", "H"],
        "MAV" => &["X", "N", "A", "L", "P"],
        "MAC" => &["X", "L", "H"],
        "MPR" | "MC" | "MI" | "MA" => &["X", "N", "L", "H"],
        "MUI" => &["X", "N", "R"],
        "MS" => &["X", "U", "C"],
        _ => return None,
    })
}

fn is_v2(t: &str) -> bool {
    all_known(t, |key| {
        Some(match key {
            "AV" => &["N", "A", "L"],
            "AC" => &["L", "M", "H"],
            "Au" => &["M", "S", "N"],
            "C" | "I" | "A" => &["N", "P", "C"],
            "E" => &["U", "POC", "F", "H", "ND"],
            "RL" => &["OF", "TF", "W", "U", "ND"],
            "RC" => &["UC", "UR", "C", "ND"],
            "CDP" => &["N", "L", "LM", "MH", "H", "ND"],
            "TD" => &["N", "L", "M", "H", "ND"],
            "CR" | "IR" | "AR" => &["L", "M", "H", "ND"],
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        let four = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
        assert!(is_v4(four));
        assert!(is_v4(&format!("{four}/E:A/MSI:S/U:Amber")));
        assert!(!is_v4(&format!("{four}/U:Amber/E:A")), "out of order");
        assert!(!is_v4(&format!("{four}/E:A/E:A")), "twice");
        assert!(!is_v4(&format!("{four}/")));
        assert!(!is_v4(four.strip_suffix("/SA:N").unwrap()), "one is missing");
        assert!(!is_v4("CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"));
        assert!(is_v3_1("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
        assert!(is_v3_1("CVSS:3.1/A:H"), "the pattern asks for one metric");
        assert!(!is_v3_1("CVSS:3.1/"));
        assert!(!is_v3_1("CVSS:3.0/A:H"));
        assert!(is_v3_0("CVSS:3.0/PR:U/MPR:U"));
        assert!(!is_v3_1("CVSS:3.1/PR:U"));
        assert!(is_v2("AV:N/AC:L/Au:N/C:P/I:P/A:P/E:POC"));
        assert!(!is_v2("(AV:N/AC:L/Au:N/C:P/I:P/A:P)"));
    }

    #[test]
    fn severities() {
        for (score, word) in [
            (0, "NONE"),
            (1, "LOW"),
            (39, "LOW"),
            (40, "MEDIUM"),
            (70, "HIGH"),
            (89, "HIGH"),
            (90, "CRITICAL"),
        ] {
            assert_eq!(severity(score), word);
        }
    }
}
