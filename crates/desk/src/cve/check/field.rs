//! Which tracker field a part of a record comes from (CVE page §4, read backwards).

use super::{Node, Step};

/// The tracker field that mends what stands at a place; empty when no field does.
#[must_use]
pub fn field_of(steps: &[Step<'_>], root: &Node<'_>) -> &'static str {
    match steps {
        [Step::Key("cveMetadata"), Step::Key("cveId"), ..] => "cve_tool_link",
        [Step::Key("containers"), Step::Key("cna"), Step::Key(part), rest @ ..] => match *part {
            "title" => "title",
            "descriptions" | "rejectedReasons" => "public_summary",
            "affected" | "cpeApplicability" => "affected_versions",
            "problemTypes" => "cwe",
            "metrics" => "severity",
            "credits" => match item(root, "credits", rest) {
                Some(c) if is_remediation(c) => "remediation_developer",
                _ => "reporter_credit",
            },
            "references" => item(root, "references", rest).map_or("", reference_field),
            _ => "",
        },
        _ => "",
    }
}

fn item<'n, 'a>(root: &'n Node<'a>, part: &str, rest: &[Step<'_>]) -> Option<&'n Node<'a>> {
    let list = root.walk(&["containers", "cna", part])?;
    match (list, rest.first()) {
        (Node::List(items), Some(Step::Index(n))) => items.get(*n),
        _ => None,
    }
}

/// Is a credit one of those that the field *Remediation developer* makes?
pub(crate) fn is_remediation(credit: &Node<'_>) -> bool {
    credit.get("type").and_then(Node::text).is_some_and(|t| t.starts_with("remediation"))
}

/// The field a reference comes from, by its tags.
pub(crate) fn reference_field(reference: &Node<'_>) -> &'static str {
    let tagged = |tag: &str| {
        reference
            .get("tags")
            .and_then(Node::list)
            .is_some_and(|tags| tags.iter().any(|t| t.text() == Some(tag)))
    };
    if tagged("patch") {
        "pr_with_fix"
    } else if tagged("vendor-advisory") {
        "public_advisory_url"
    } else {
        ""
    }
}
