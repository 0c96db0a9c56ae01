//! Is a record ready for review, and if not, which fields are missing (CVE page §8, OURS; §13 rows 42–44).

use serde::{Deserialize, Serialize};

use super::{
    build::Facts,
    finding::{Finding, Level},
    record::Record,
};
use crate::{
    config::{Config, RecordState},
    tracker::{FieldRole, LabelRole, Labels},
};

/// One thing that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The tracker field to fill: a field role, or `title`.
    pub field: String,
    /// What to write.
    pub why: String,
}

/// What is missing, and the state that follows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// Is nothing missing?
    pub ready: bool,
    /// In the order of the fields.
    pub missing: Vec<Missing>,
    /// The state to push.
    pub state: RecordState,
    /// Why it is this state.
    pub why: String,
}

impl Readiness {
    /// What is missing, as findings.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let one = |m: &Missing| {
            Finding::new(
                "record.missing",
                Level::Error,
                "",
                m.field.as_str(),
                format!("not ready: write {}", m.why),
            )
        };
        self.missing.iter().map(one).collect()
    }

    /// The nearest state at or below that the tool knows (`cve.states`).
    #[must_use]
    pub fn state_known_to(&self, states: &[RecordState]) -> RecordState {
        states.iter().copied().filter(|s| *s <= self.state).max().unwrap_or_default()
    }
}

/// Judges a record built from these facts. `review` is a person's word: it cannot lift an incomplete record, and
/// holding back cannot lower a published one.
#[must_use]
pub fn ready(
    record: &Record,
    facts: &Facts,
    findings: &[Finding],
    labels: &Labels,
    config: &Config,
    review: Option<bool>,
) -> Readiness {
    let missing = missing(record, facts, findings);
    let (state, why) = if !missing.is_empty() {
        let fields: Vec<&str> = missing.iter().map(|m| m.field.as_str()).collect();
        (RecordState::Allocated, format!("not complete: {}", fields.join(", ")))
    } else if record.has_tag("vendor-advisory") {
        (RecordState::Public, "the advisory is public".into())
    } else if vote(labels, config, review) == Some(false) {
        (RecordState::Allocated, "complete, held back until the release is being voted on".into())
    } else {
        (RecordState::ReviewReady, "complete".into())
    };
    Readiness { ready: missing.is_empty(), missing, state, why }
}

fn missing(record: &Record, facts: &Facts, findings: &[Finding]) -> Vec<Missing> {
    let cna = &record.containers.cna;
    let broken = |role: FieldRole| {
        findings.iter().any(|f| {
            f.level == Level::Error
                && f.field.as_deref() == Some(role.as_str())
                && f.rule == "record.affected"
        })
    };
    let summary = !facts.field(FieldRole::PublicSummary).is_empty();
    let versions = !cna.affected.is_empty() && cna.affected.iter().all(|a| !a.versions.is_empty());
    let word = |m: &super::record::Metric| m.other.is_some();
    let cwe = cna.problem_types.iter().flat_map(|p| &p.descriptions).any(|d| d.cwe_id.is_some());
    let rows: [(bool, &str, &str); 8] = [
        (cna.title.is_some(), "title", "a title"),
        // The title standing in for the summary is no description.
        (summary, FieldRole::PublicSummary.as_str(), "what the public will read"),
        (
            versions && !broken(FieldRole::AffectedVersions),
            FieldRole::AffectedVersions.as_str(),
            "the affected versions, a range a line",
        ),
        (!cna.credits.is_empty(), FieldRole::ReporterCredit.as_str(), "who is credited, or `anonymous`"),
        (
            record.has_tag("patch") || record.has_tag("vendor-advisory"),
            FieldRole::PrWithFix.as_str(),
            "the link to the fix (or to the advisory in its own field)",
        ),
        (cwe, FieldRole::Cwe.as_str(), "`CWE-N: title`"),
        (cna.metrics.iter().any(word), FieldRole::Severity.as_str(), "the team's severity"),
        (record.cve_metadata.cve_id.is_some(), FieldRole::CveToolLink.as_str(), "the CVE id"),
    ];
    rows.into_iter()
        .filter(|(there, _, _)| !there)
        .map(|(_, field, why)| Missing { field: field.into(), why: why.into() })
        .collect()
}

/// May the record be reviewed yet? None when nothing speaks for or against it (CVE page §8).
fn vote(labels: &Labels, config: &Config, review: Option<bool>) -> Option<bool> {
    if review.is_some() {
        return review;
    }
    let forward = [LabelRole::RcVoting, LabelRole::FixReleased, LabelRole::EmailsSent, LabelRole::Announced];
    config.cve.vote_gating.then(|| forward.into_iter().any(|r| labels.has(r)))
}

/// The state as Vulnogram writes it.
#[must_use]
pub fn tool_state(state: RecordState) -> &'static str {
    match state {
        RecordState::Allocated => "DRAFT",
        RecordState::ReviewReady => "REVIEW",
        RecordState::PublishReady => "READY",
        RecordState::Public => "PUBLIC",
    }
}
