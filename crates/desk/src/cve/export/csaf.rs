//! CSAF 2.0, profile *security advisory*.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    About, Export, cvss3, fixed, hits, id, is_plain, package_url, product, severity, text, time, unlisted,
    upgrade, weaknesses, words,
};
use crate::{
    cve::{Affected, Record, Version},
    percent::encoded,
};

/// The record as a CSAF document.
#[must_use]
pub fn csaf(record: &Record, about: &About) -> Export {
    let cna = &record.containers.cna;
    let mut problems = Vec::new();
    let cve = id(record);
    let first = time(record, &["datePublished", "dateUpdated"], about.now);
    let current = time(record, &["dateUpdated", "datePublished"], about.now).max(first.clone());
    let title = cna.title.as_deref().map(str::trim).filter(|t| !t.is_empty()).unwrap_or(cve);
    let mut products = Products::default();
    let mut vendors: BTreeMap<String, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
    let (mut known, mut mended): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut remediations: Vec<Value> = Vec::new();
    for a in &cna.affected {
        let vendor =
            a.vendor.clone().filter(|v| !v.trim().is_empty()).unwrap_or_else(|| about.publisher.clone());
        let name = product(a);
        let list = vendors.entry(vendor).or_default().entry(name.clone()).or_default();
        let mut ids = Vec::new();
        let found = hits(a);
        if found.more {
            problems.push(unlisted(&name));
        }
        for v in &found.versions {
            let (kind, range) = range(a, v);
            let product_id = products.next();
            list.push(branch(
                kind,
                &range,
                &format!("{name} {}", words(v)),
                &product_id,
                a,
                (kind == "product_version").then_some(&v.version),
            ));
            ids.push(product_id);
        }
        if ids.is_empty() {
            problems.push(format!("{name}: no affected version"));
        }
        let fixes = fixed(&found.versions);
        for version in &fixes {
            let product_id = products.next();
            list.push(branch(
                "product_version",
                version,
                &format!("{name} {version}"),
                &product_id,
                a,
                Some(version),
            ));
            mended.push(product_id);
        }
        let category = if fixes.is_empty() { "none_available" } else { "vendor_fix" };
        let details = upgrade(&name, &fixes);
        if !ids.is_empty() {
            remediations.push(json!({"category": category, "details": details, "product_ids": ids}));
        }
        known.extend(ids);
    }
    let branches: Vec<Value> = vendors
        .into_iter()
        .map(|(vendor, names)| {
            let inner: Vec<Value> = names
                .into_iter()
                .filter(|(_, v)| !v.is_empty())
                .map(|(name, versions)| json!({"category": "product_name", "name": name, "branches": versions}))
                .collect();
            json!({"category": "vendor", "name": vendor, "branches": inner})
        })
        .filter(|v| v["branches"].as_array().is_some_and(|b| !b.is_empty()))
        .collect();
    let mut vulnerability = Map::new();
    vulnerability.insert("cve".into(), cve.into());
    vulnerability.insert("title".into(), title.into());
    let mut cwes = weaknesses(record).into_iter();
    if let Some((cwe, name)) = cwes.next() {
        vulnerability.insert("cwe".into(), json!({"id": cwe, "name": name}));
        let rest: Vec<String> = cwes.map(|(id, _)| id).collect();
        if !rest.is_empty() {
            problems.push(format!("the format takes one weakness; {} stand in the notes", rest.join(", ")));
        }
    }
    let said = text(record);
    let text = if said.is_empty() { title } else { said.as_str() };
    if super::rejected(record).is_some() {
        problems.push("the id was rejected: a CSAF document about it says so in its notes alone".into());
    }
    let mut notes = vec![json!({"category": "description", "text": text, "title": "Description"})];
    let all: Vec<String> = weaknesses(record).into_iter().map(|(id, name)| format!("{id}: {name}")).collect();
    if all.len() > 1 {
        notes.push(json!({"category": "other", "title": "Weaknesses", "text": all.join("\n")}));
    }
    vulnerability.insert("notes".into(), notes.into());
    let mut status = Map::new();
    if !known.is_empty() {
        status.insert("known_affected".into(), known.clone().into());
    }
    if !mended.is_empty() {
        status.insert("fixed".into(), mended.into());
    }
    if status.is_empty() {
        problems.push("no product: the profile needs one".into());
    }
    if !status.is_empty() {
        vulnerability.insert("product_status".into(), status.into());
    }
    if !remediations.is_empty() {
        vulnerability.insert("remediations".into(), remediations.into());
    }
    let scores: Vec<Value> = cna
        .metrics
        .iter()
        .filter_map(cvss3)
        .filter(|_| !known.is_empty())
        .filter(|c| {
            // The format forbids what does not follow from the vector.
            let why =
                format!("the score {} of {} is not that of the vector, and stays out", c.score, c.vector);
            let fits = c.fits();
            problems.extend((!fits).then_some(why));
            fits
        })
        .map(|c| {
            let cvss = json!({"version": c.version, "vectorString": c.vector, "baseScore": c.score,
                "baseSeverity": c.severity});
            json!({"products": known, "cvss_v3": cvss})
        })
        .collect();
    if !scores.is_empty() {
        vulnerability.insert("scores".into(), scores.into());
    }
    if cna.metrics.iter().any(|m| m.cvss_v4_0.is_some()) {
        problems.push("CSAF 2.0 has no place for a CVSS 4.0 score".into());
    }
    let thanks: Vec<Value> = cna
        .credits
        .iter()
        .filter(|c| !c.value.trim().is_empty())
        .map(|c| {
            let role = c.kind.as_deref().unwrap_or("other");
            json!({"names": [c.value.trim()], "summary": role})
        })
        .collect();
    if !thanks.is_empty() {
        vulnerability.insert("acknowledgments".into(), thanks.into());
    }
    let mut references = vec![json!({
        "category": "external", "summary": "CVE record", "url": format!("https://www.cve.org/CVERecord?id={cve}")
    })];
    for r in &cna.references {
        let tag = r.tags.first().map_or("reference", String::as_str);
        references.push(json!({"category": "external", "summary": tag, "url": r.url}));
    }
    if about.namespace.is_empty() {
        problems
            .push("project.url is not set: the document needs an address that names its publisher".into());
    }
    let namespace = if about.namespace.is_empty() { "urn:publisher:unknown" } else { &about.namespace };
    let mut document = json!({
        "category": "csaf_security_advisory",
        "csaf_version": "2.0",
        "distribution": {"tlp": {"label": "WHITE"}},
        "lang": "en",
        "title": format!("{cve}: {title}"),
        "publisher": {"category": "vendor", "name": about.publisher, "namespace": namespace},
        "references": references,
        "notes": [{"category": "summary", "text": text, "title": "Summary"}],
        "tracking": {
            "id": cve, "status": "final", "version": "1",
            "initial_release_date": first, "current_release_date": current,
            "revision_history": [{"date": first, "number": "1", "summary": "First release"}],
            "generator": {"engine": {"name": "tipstaff", "version": about.engine}},
        },
    });
    if let (Some(word), Some(map)) = (severity(record), document.as_object_mut()) {
        map.insert("aggregate_severity".into(), json!({"text": word}));
    }
    if current != first
        && let Some(t) = document.get_mut("tracking").and_then(Value::as_object_mut)
    {
        t.insert("version".into(), "2".into());
        t.insert(
            "revision_history".into(),
            json!([{"date": first, "number": "1", "summary": "First release"},
                {"date": current, "number": "2", "summary": "Record updated"}]),
        );
    }
    let mut out = json!({"document": document, "vulnerabilities": [vulnerability]});
    if let (false, Some(map)) = (branches.is_empty(), out.as_object_mut()) {
        map.insert("product_tree".into(), json!({"branches": branches}));
    }
    Export { document: out, problems }
}

#[derive(Default)]
struct Products(u32);

impl Products {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("CSAFPID-{:04}", self.0)
    }
}

fn branch(
    kind: &str,
    name: &str,
    full: &str,
    product_id: &str,
    a: &Affected,
    version: Option<&str>,
) -> Value {
    let mut p = json!({"name": full, "product_id": product_id});
    // A helper names one version or none: a range is said by the branch.
    if let (Some(purl), Some(version), Some(map)) = (package_url(a), version, p.as_object_mut()) {
        map.insert(
            "product_identification_helper".into(),
            json!({"purl": format!("{purl}@{}", encoded(version, b""))}),
        );
    }
    json!({"category": kind, "name": name, "product": p})
}

/// A version, or a range in `vers` notation.
fn range(a: &Affected, v: &Version) -> (&'static str, String) {
    let kind = package_url(a).and_then(|p| Some(p.strip_prefix("pkg:")?.split('/').next()?.to_owned()));
    let kind = kind.unwrap_or_else(|| "generic".into());
    let from = (v.version != "0" && !v.version.is_empty()).then(|| format!(">={}", encoded(&v.version, b"")));
    let to = match (&v.less_than, &v.less_than_or_equal) {
        // A version that is prose ("1.9 and before") is a range in the words of its authors.
        (None, None) if is_plain(&v.version) => return ("product_version", v.version.clone()),
        (None, None) => return ("product_version_range", v.version.clone()),
        (Some(end), _) if end == "*" => None,
        (Some(end), _) => Some(format!("<{}", encoded(end, b""))),
        (None, Some(end)) if end == "*" => None,
        (None, Some(end)) => Some(format!("<={}", encoded(end, b""))),
    };
    let parts: Vec<String> = [from, to].into_iter().flatten().collect();
    let all = if parts.is_empty() { "*".to_owned() } else { parts.join("|") };
    ("product_version_range", format!("vers:{kind}/{all}"))
}
