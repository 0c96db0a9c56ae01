//! OpenVEX 0.2: which versions are affected and which are fixed.

use serde_json::{Value, json};

use super::{About, Export, fixed, hits, id, is_plain, package_url, product, time, unlisted, upgrade, words};
use crate::{cve::Record, percent::encoded};

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
        let found = hits(a);
        if found.more {
            problems.push(unlisted(&name));
        }
        let hit: Vec<String> = found.versions.iter().map(words).collect();
        if hit.is_empty() {
            continue;
        }
        let fixes = fixed(&found.versions);
        let action = upgrade(&name, &fixes);
        // Single versions are named; a range can only be said in words, on the package as a whole.
        let single = found
            .versions
            .iter()
            .all(|v| v.less_than.is_none() && v.less_than_or_equal.is_none() && is_plain(&v.version));
        let products: Vec<Value> = if single {
            hit.iter().map(|v| json!({"@id": format!("{purl}@{}", encoded(v, b""))})).collect()
        } else {
            vec![json!({"@id": purl})]
        };
        statements.push(json!({
            "vulnerability": vulnerability, "products": products, "status": "affected",
            "status_notes": format!("Affected: {}.", hit.join("; ")), "action_statement": action,
        }));
        let mended: Vec<Value> =
            fixes.iter().map(|v| json!({"@id": format!("{purl}@{}", encoded(v, b""))})).collect();
        if !mended.is_empty() {
            statements.push(json!({"vulnerability": vulnerability, "products": mended, "status": "fixed"}));
        }
    }
    if super::rejected(record).is_some() {
        problems.push("the id was rejected: nothing is affected by it".into());
    }
    if statements.is_empty() {
        problems.push("no statement: a VEX document needs one".into());
    }
    if about.namespace.is_empty() {
        problems.push("project.url is not set: the document needs an address of its own".into());
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
