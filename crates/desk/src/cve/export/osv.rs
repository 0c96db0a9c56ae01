//! OSV 1.6: one entry per package, ranges as events.

use serde_json::{Map, Value, json};

use super::{
    About, Export, cvss3, hits, id, is_plain, package_url, product, severity, text, time, unlisted,
    weaknesses,
};
use crate::cve::{Affected, Record};

/// Ecosystems of the format, by the type of a package URL.
const ECOSYSTEMS: [(&str, &str); 9] = [
    ("pkg:pypi/", "PyPI"),
    ("pkg:npm/", "npm"),
    ("pkg:maven/", "Maven"),
    ("pkg:cargo/", "crates.io"),
    ("pkg:golang/", "Go"),
    ("pkg:gem/", "RubyGems"),
    ("pkg:nuget/", "NuGet"),
    ("pkg:hex/", "Hex"),
    ("pkg:composer/", "Packagist"),
];

/// Ecosystems whose versions are semantic ones.
const SEMANTIC: [&str; 4] = ["npm", "crates.io", "Go", "Hex"];

/// The record as an OSV document.
#[must_use]
pub fn osv(record: &Record, about: &About) -> Export {
    let cna = &record.containers.cna;
    let mut problems = Vec::new();
    let mut out = Map::new();
    let mut put = |k: &str, v: Value| {
        let empty =
            v.as_array().is_some_and(Vec::is_empty) || v.as_str().is_some_and(str::is_empty) || v.is_null();
        if !empty {
            out.insert(k.into(), v);
        }
    };
    put("schema_version", "1.6.1".into());
    put("id", id(record).into());
    put("modified", time(record, &["dateUpdated", "datePublished"], about.now).into());
    put("published", time(record, &["datePublished", "dateUpdated"], about.now).into());
    put("summary", cna.title.as_deref().unwrap_or_default().trim().into());
    put("details", text(record).into());
    if super::rejected(record).is_some() {
        put("withdrawn", time(record, &["dateRejected", "dateUpdated"], about.now).into());
    }
    let scores: Vec<Value> = cna
        .metrics
        .iter()
        .flat_map(|m| {
            let three = cvss3(m).map(|c| json!({"type": "CVSS_V3", "score": c.vector}));
            let four = m.cvss_v4_0.as_ref().map(|c| json!({"type": "CVSS_V4", "score": c.vector_string}));
            [three, four].into_iter().flatten()
        })
        .collect();
    put("severity", scores.into());
    let affected: Vec<Value> = cna.affected.iter().filter_map(|a| entry(a, &mut problems)).collect();
    put("affected", affected.into());
    let references: Vec<Value> = cna
        .references
        .iter()
        .map(|r| {
            let has = |t: &str| r.tags.iter().any(|x| x == t);
            let kind = if has("vendor-advisory") || has("third-party-advisory") {
                "ADVISORY"
            } else if has("patch") {
                "FIX"
            } else if has("exploit") {
                "EVIDENCE"
            } else if has("issue-tracking") {
                "REPORT"
            } else {
                "WEB"
            };
            json!({"type": kind, "url": r.url})
        })
        .collect();
    put("references", references.into());
    let credits: Vec<Value> = cna
        .credits
        .iter()
        .map(|c| {
            let kind = c.kind.as_deref().unwrap_or("other").replace(' ', "_").to_uppercase();
            json!({"name": c.value, "type": kind})
        })
        .collect();
    put("credits", credits.into());
    let cwes: Vec<String> = weaknesses(record).into_iter().map(|(id, _)| id).collect();
    let mut own = Map::new();
    if !cwes.is_empty() {
        own.insert("cwe_ids".into(), cwes.into());
    }
    if let Some(s) = severity(record) {
        own.insert("severity".into(), s.into());
    }
    if !own.is_empty() {
        put("database_specific", own.into());
    }
    Export { document: out.into(), problems }
}

fn entry(a: &Affected, problems: &mut Vec<String>) -> Option<Value> {
    let name = product(a);
    let mut out = Map::new();
    let purl = package_url(a);
    let ecosystem = purl.as_ref().and_then(|p| ECOSYSTEMS.iter().find(|(prefix, _)| p.starts_with(prefix)));
    if let (Some((_, eco)), Some(package), Some(purl)) = (ecosystem, &a.package_name, &purl) {
        out.insert("package".into(), json!({"ecosystem": eco, "name": package, "purl": purl}));
    } else {
        problems.push(format!("{name}: no ecosystem of OSV; its ranges stand without a package"));
    }
    let mut versions = Vec::new();
    let mut ranges = Vec::new();
    let found = hits(a);
    if found.more {
        problems.push(unlisted(&name));
    }
    let repo = a.rest.get("repo").and_then(Value::as_str);
    // What no program can order stands as it was written, for people to read.
    let mut words: Vec<String> = Vec::new();
    for v in &found.versions {
        let mut events = vec![json!({"introduced": v.version})];
        match (&v.less_than, &v.less_than_or_equal) {
            (Some(end), _) if end == "*" => {}
            (Some(end), _) => events.push(json!({"fixed": end})),
            (None, Some(end)) if end == "*" => {}
            (None, Some(end)) => events.push(json!({"last_affected": end})),
            (None, None) if is_plain(&v.version) && v.version_type.as_deref() != Some("git") => {
                versions.push(Value::from(v.version.clone()));
                continue;
            }
            (None, None) => {
                problems.push(format!("{name}: `{}` is no version", v.version));
                words.push(super::words(v));
                continue;
            }
        }
        let bounds = [Some(&v.version), v.less_than.as_ref(), v.less_than_or_equal.as_ref()];
        let bounds = || bounds.into_iter().flatten().filter(|b| *b != "*" && *b != "0");
        if v.version_type.as_deref() == Some("git") {
            let whole = |b: &String| b.len() == 40 && b.bytes().all(|c| c.is_ascii_hexdigit());
            match repo {
                Some(repo) if bounds().all(whole) => {
                    ranges.push(json!({"type": "GIT", "repo": repo, "events": events}));
                }
                _ => {
                    problems
                        .push(format!("{name}: `{}` is no whole commit of a repository", super::words(v)));
                    words.push(super::words(v));
                }
            }
            continue;
        }
        // Semantic ordering only where every bound is a semantic version; else the ecosystem's own, where there is one.
        let semantic = bounds().all(|b| semver::Version::parse(b).is_ok());
        match ecosystem {
            Some((_, eco)) if semantic && SEMANTIC.contains(eco) => {
                ranges.push(json!({"type": "SEMVER", "events": events}));
            }
            Some(_) => ranges.push(json!({"type": "ECOSYSTEM", "events": events})),
            None if semantic && v.version_type.as_deref() != Some("custom") => {
                ranges.push(json!({"type": "SEMVER", "events": events}));
            }
            None => {
                problems.push(format!("{name}: `{}` has an order no format knows", super::words(v)));
                words.push(super::words(v));
            }
        }
    }
    if found.versions.is_empty() {
        problems.push(format!("{name}: no affected version"));
        return None;
    }
    // Without a package the entry would not say what it is about.
    if !words.is_empty() || !out.contains_key("package") {
        let mut own = json!({"product": name});
        if let (false, Some(map)) = (words.is_empty(), own.as_object_mut()) {
            map.insert("ranges".into(), words.into());
        }
        out.insert("database_specific".into(), own);
    }
    if !ranges.is_empty() {
        out.insert("ranges".into(), ranges.into());
    }
    if !versions.is_empty() {
        out.insert("versions".into(), versions.into());
    }
    Some(out.into())
}
