//! OpenVEX 0.2: which versions are affected and which are fixed.

use serde_json::{Value, json};

use super::{About, Export, fixed, id, is_affected, package_url, product, time, words};
use crate::cve::Record;

/// The record as an OpenVEX document.
#[must_use]
pub fn openvex(record: &Record, about: &About) -> Export {
    let cna = &record.containers.cna;
    let cve = id(record);
    let mut problems = Vec::new();
    let stamp = time(record, &["dateUpdated", "datePublished"], about.now);
    let vulnerability = json!({"@id": format!("https://www.cve.org/CVERecord?id={cve}"), "name": cve});
    let mut statements: Vec<Value> = Vec::new();
    for a in &cna.affected {
        let name = product(a);
        let Some(purl) = package_url(a) else {
            problems.push(format!(
                "{name}: no package URL, so nobody can match it; set collectionURL and packageName"
            ));
            continue;
        };
        let hit: Vec<String> = a.versions.iter().filter(|v| is_affected(a, v)).map(words).collect();
        if hit.is_empty() {
            continue;
        }
        let fixes = fixed(a);
        let action = match fixes.last() {
            Some(v) => format!("Upgrade to {name} {v} or later."),
            None => format!("No fixed version of {name} is known."),
        };
        // Single versions are named; a range can only be said in words, on the package as a whole.
        let single = a
            .versions
            .iter()
            .filter(|v| is_affected(a, v))
            .all(|v| v.less_than.is_none() && v.less_than_or_equal.is_none());
        let products: Vec<Value> = if single {
            hit.iter().map(|v| json!({"@id": format!("{purl}@{v}")})).collect()
        } else {
            vec![json!({"@id": purl})]
        };
        statements.push(json!({
            "vulnerability": vulnerability, "products": products, "status": "affected",
            "status_notes": format!("Affected: {}.", hit.join("; ")), "action_statement": action,
        }));
        let mended: Vec<Value> = fixes.iter().map(|v| json!({"@id": format!("{purl}@{v}")})).collect();
        if !mended.is_empty() {
            statements.push(json!({"vulnerability": vulnerability, "products": mended, "status": "fixed"}));
        }
    }
    if statements.is_empty() {
        problems.push("no statement: a VEX document needs one".into());
    }
    let base = about.namespace.trim_end_matches('/');
    let base = if base.is_empty() { "urn:publisher:unknown" } else { base };
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("{base}/vex/{}", cve.to_lowercase()),
        "author": about.publisher,
        "timestamp": stamp,
        "tooling": format!("tipstaff {}", about.engine),
        "version": 1,
        "statements": statements,
    });
    Export { document, problems }
}
