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

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Affected, Metric, Record, Version, cwe, lint, purl, schema::severity_of_tenths};
use crate::rules::extract::versions::{self, VersionOptions};

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

/// Why an id was given back, when it was.
fn rejected(record: &Record) -> Option<String> {
    let cna = &record.containers.cna;
    (record.cve_metadata.state.as_deref() == Some("REJECTED")).then(|| {
        let mut why: Vec<&str> = cna.rejected_reasons.iter().map(|d| d.value.trim()).collect();
        why.retain(|w| !w.is_empty());
        let why = if why.is_empty() { "no reason is given".to_owned() } else { why.join("\n\n") };
        let instead = cna.replaced_by.join(", ");
        let instead = if instead.is_empty() { instead } else { format!("\n\nSee {instead}.") };
        format!("This id was rejected: {why}{instead}")
    })
}

/// What there is to say: the description, or why there is none any more.
fn text(record: &Record) -> String {
    rejected(record).unwrap_or_else(|| record.description().trim().to_owned())
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
        (None, Some(end)) if *end == v.version => end.clone(),
        (None, Some(end)) => format!("{from}through {end}"),
        (None, None) => v.version.clone(),
    }
}

/// What of a product is affected.
struct Hits {
    /// Ranges and versions; one that nobody can read stands as its authors wrote it.
    versions: Vec<Version>,
    /// The record says that every version it does not list is affected as well, and these are not all of them.
    more: bool,
}

/// The affected versions of an entry. Expressions in place of a version (`>= 7.0, < 7.2.6`) are read as the tracker's field
/// is; where the default is `affected`, the one range that is left open by what is unaffected is named.
fn hits(a: &Affected) -> Hits {
    let default = a.default_status.as_deref() == Some("affected");
    let is = |v: &&Version| v.status == "affected" || v.status.is_empty() && default;
    let mut out: Vec<Version> = a.versions.iter().filter(is).flat_map(|v| read(a, v)).collect();
    let mut more = default;
    if default && out.is_empty() {
        let rest: Vec<&Version> = a.versions.iter().filter(|v| v.status == "unaffected").collect();
        let all = |end: &str| Version {
            version: "0".into(),
            status: "affected".into(),
            less_than: Some(end.into()),
            ..Version::default()
        };
        let open =
            |v: &Version| [&v.less_than, &v.less_than_or_equal].into_iter().flatten().any(|end| end == "*");
        match rest.as_slice() {
            [] if a.versions.is_empty() => out.push(all("*")),
            [one] if open(one) && one.version != "0" && is_plain(&one.version) => {
                let kind = one.version_type.clone();
                out.push(Version { version_type: kind, ..all(&one.version) });
            }
            _ => {}
        }
        more = out.is_empty();
    }
    Hits { versions: out, more }
}

/// A version of the record, or what its words say.
fn read(a: &Affected, v: &Version) -> Vec<Version> {
    let bounded = v.less_than.is_some() || v.less_than_or_equal.is_some();
    if !bounded && !is_plain(&v.version) {
        let options = VersionOptions { ecosystem: a.collection_url.clone(), ..VersionOptions::default() };
        let report = versions::parse(&v.version, &options);
        if report.problems.is_empty() && !report.ranges.is_empty() {
            let made = report.ranges.into_iter().map(|r| Version {
                version: r.version,
                status: "affected".into(),
                version_type: v.version_type.clone(),
                less_than: r.less_than,
                less_than_or_equal: r.less_than_or_equal,
                ..Version::default()
            });
            return made.collect();
        }
    }
    let mut one = v.clone();
    if one.less_than.is_none() && one.less_than_or_equal.as_ref() == Some(&one.version) {
        one.less_than_or_equal = None;
    }
    vec![one]
}

/// One version, and no words about several.
fn is_plain(version: &str) -> bool {
    version.chars().any(|c| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || "._-+:~".contains(c))
}

/// What to say of versions that the record does not list and calls affected all the same.
fn unlisted(name: &str) -> String {
    format!("{name}: versions that the record does not list are affected as well, which cannot be said here")
}

/// A score of CVSS 3.
struct Cvss3<'r> {
    version: &'static str,
    vector: &'r str,
    score: &'r Value,
    severity: &'r str,
}

impl Cvss3<'_> {
    /// Do score and severity follow from the vector?
    fn fits(&self) -> bool {
        let tenths = |t: u8| f64::from(t) / 10.0;
        lint::base_score(self.vector).is_some_and(|right| {
            self.score.as_f64().is_some_and(|s| (s - tenths(right)).abs() < 0.01)
                && self.severity.eq_ignore_ascii_case(severity_of_tenths(right))
        })
    }
}

fn cvss3(m: &Metric) -> Option<Cvss3<'_>> {
    if let Some(c) = &m.cvss_v3_1 {
        let (vector, severity) = (c.vector_string.as_str(), c.base_severity.as_str());
        return Some(Cvss3 { version: "3.1", vector, score: &c.base_score, severity });
    }
    let c = m.rest.get("cvssV3_0")?;
    let text = |k: &str| c.get(k).and_then(Value::as_str);
    let (vector, severity) = (text("vectorString")?, text("baseSeverity")?);
    Some(Cvss3 { version: "3.0", vector, score: c.get("baseScore")?, severity })
}

/// The severity as one word: a score's band, else the textual one.
fn severity(record: &Record) -> Option<String> {
    let metrics = &record.containers.cna.metrics;
    let scored = metrics.iter().find_map(|m| {
        m.cvss_v4_0.as_ref().map(|c| c.base_severity.as_str()).or_else(|| cvss3(m).map(|c| c.severity))
    });
    let text =
        || metrics.iter().find_map(|m| Some(m.other.as_ref()?.content.get("text")?.as_str()?.to_owned()));
    scored.map(str::to_lowercase).or_else(text)
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

/// The versions that mend it: the ends of the ranges that are bounds which are not affected. A commit is no version.
fn fixed(versions: &[Version]) -> Vec<&str> {
    let ends = versions.iter().filter(|v| v.version_type.as_deref() != Some("git"));
    let mut seen = BTreeSet::new();
    ends.filter_map(|v| v.less_than.as_deref()).filter(|e| is_plain(e) && seen.insert(*e)).collect()
}

/// What to do.
fn upgrade(name: &str, fixes: &[&str]) -> String {
    match fixes {
        [] => format!("No fixed version of {name} is known."),
        [one] => format!("Upgrade to {name} {one} or later."),
        [all @ .., last] => format!("Upgrade to {name} {} or {last}, or a later version.", all.join(", ")),
    }
}

#[cfg(test)]
mod tests;
