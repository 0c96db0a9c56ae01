//! The same facts for everybody who reads them: OSV, CSAF 2.0, OpenVEX, the advisory mail and a page (issue: exports). Each
//! is made from a CVE record alone; what a format cannot say is a problem beside it, never left out in silence.

mod advisory;
mod csaf;
mod osv;
mod vex;

pub use advisory::{Letter, mail, page};
pub use csaf::csaf;
pub use osv::osv;
pub use vex::openvex;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Affected, Record, Version, cwe, purl};

/// What an export needs besides the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Who publishes: the project or its foundation.
    pub publisher: String,
    /// Their page: the namespace of a CSAF document and the author of a VEX document.
    pub namespace: String,
    /// The time of the export, where the record has none of its own.
    pub now: Timestamp,
    /// Version of this program.
    pub engine: String,
}

/// A document and what could not be said in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Export {
    /// The document.
    pub document: Value,
    /// What its format cannot say, in words.
    pub problems: Vec<String>,
}

/// A time of the record's metadata, else the given one.
fn time(record: &Record, keys: &[&str], otherwise: Timestamp) -> String {
    let meta = &record.cve_metadata.rest;
    // The format's times may lack a zone; they are UTC then.
    let read = |t: &str| t.parse::<Timestamp>().ok().or_else(|| format!("{t}Z").parse().ok());
    let found = keys.iter().find_map(|k| read(meta.get(*k)?.as_str()?));
    found.unwrap_or(otherwise).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn id(record: &Record) -> &str {
    record.cve_metadata.cve_id.as_deref().unwrap_or("CVE-UNKNOWN")
}

/// The name people know a product by.
fn product(a: &Affected) -> String {
    [&a.product, &a.package_name]
        .into_iter()
        .flatten()
        .find(|n| !n.trim().is_empty())
        .cloned()
        .unwrap_or_else(|| "product".into())
}

fn package_url(a: &Affected) -> Option<String> {
    a.package_url.clone().or_else(|| purl(a.collection_url.as_deref()?, a.package_name.as_deref()?))
}

/// A range in words: `from 2.0 before 2.10.3`.
fn words(v: &Version) -> String {
    let from = if v.version == "0" { String::new() } else { format!("from {} ", v.version) };
    match (&v.less_than, &v.less_than_or_equal) {
        (Some(end), _) if end == "*" => {
            if from.is_empty() {
                "every version".to_owned()
            } else {
                format!("{from}on")
            }
        }
        (Some(end), _) => format!("{from}before {end}"),
        (None, Some(end)) => format!("{from}through {end}"),
        (None, None) => v.version.clone(),
    }
}

fn is_affected(a: &Affected, v: &Version) -> bool {
    v.status == "affected" || v.status.is_empty() && a.default_status.as_deref() == Some("affected")
}

/// The severity as one word: a score's band, else the textual one.
fn severity(record: &Record) -> Option<String> {
    let metrics = &record.containers.cna.metrics;
    let scored = metrics.iter().find_map(|m| m.cvss_v4_0.as_ref().or(m.cvss_v3_1.as_ref()));
    let text =
        || metrics.iter().find_map(|m| Some(m.other.as_ref()?.content.get("text")?.as_str()?.to_owned()));
    scored.map(|c| c.base_severity.to_lowercase()).or_else(text)
}

fn weaknesses(record: &Record) -> Vec<(String, String)> {
    let all = record.containers.cna.problem_types.iter().flat_map(|p| &p.descriptions);
    all.filter_map(|d| {
        let id = d.cwe_id.clone()?;
        let number = id.strip_prefix("CWE-")?.parse().ok()?;
        let name = cwe(number).map_or_else(
            || d.description.trim_start_matches(&id).trim_start_matches([':', ' ', '-']).to_owned(),
            |c| c.name.to_owned(),
        );
        Some((id, name))
    })
    .collect()
}

/// The version that mends it: the end of the last range of a product, where it is a bound that is not affected.
fn fixed(a: &Affected) -> Vec<&str> {
    let ends = a.versions.iter().filter(|v| is_affected(a, v)).filter_map(|v| v.less_than.as_deref());
    ends.filter(|e| *e != "*" && !e.is_empty()).collect()
}

#[cfg(test)]
mod tests;
