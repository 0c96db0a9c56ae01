//! What the public list shows against what the tracker says (sync page §13). Order, white space, language tags and what
//! the list adds on its own are no differences; what a reader of the record would learn otherwise is.

use std::collections::BTreeSet;

use super::record::{Affected, Cna, Record, Version};
use crate::tracker::FieldRole;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The field of the tracker it is about; none for the title.
    pub field: Option<FieldRole>,
    /// What the difference is, in words: `cve.org has not …`, `the tracker has not …`.
    pub what: String,
}

/// How the live record differs from the tracker's, in the order of the fields.
#[must_use]
pub fn drift(live: &Record, ours: &Record) -> Vec<Drift> {
    let (live, ours) = (&live.containers.cna, &ours.containers.cna);
    let mut out = Vec::new();
    let title = |c: &Cna| one_line(c.title.as_deref().unwrap_or_default());
    if title(live) != title(ours) {
        out.push(Drift { field: None, what: format!("the title there is \"{}\"", title(live)) });
    }
    let text = |c: &Cna| {
        let english = c.descriptions.iter().filter(|d| d.lang.to_lowercase().starts_with("en"));
        english.map(|d| one_line(&d.value)).collect::<Vec<_>>().join(" ")
    };
    if text(live) != text(ours) {
        let first = first_difference(&text(live), &text(ours));
        out.push(Drift {
            field: Some(FieldRole::PublicSummary),
            what: format!("the description there reads on: \"{first}\""),
        });
    }
    sets(&mut out, FieldRole::AffectedVersions, "version range", versions(live), versions(ours));
    sets(&mut out, FieldRole::Cwe, "weakness", weaknesses(live), weaknesses(ours));
    sets(&mut out, FieldRole::Severity, "severity", severities(live), severities(ours));
    sets(&mut out, FieldRole::ReporterCredit, "credit", credits(live), credits(ours));
    sets(&mut out, FieldRole::PublicAdvisoryUrl, "reference", references(live), references(ours));
    out
}

/// One entry for what is only there, one for what is only here.
fn sets(out: &mut Vec<Drift>, field: FieldRole, noun: &str, live: BTreeSet<String>, ours: BTreeSet<String>) {
    let list = |all: Vec<&String>| {
        let shown: Vec<&str> = all.iter().take(4).map(|s| s.as_str()).collect();
        let more = if all.len() > 4 { format!(" and {} more", all.len() - 4) } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    let missing: Vec<&String> = ours.difference(&live).collect();
    if !missing.is_empty() {
        let what = format!("it has not the {noun} {}", list(missing));
        out.push(Drift { field: Some(field), what });
    }
    let added: Vec<&String> = live.difference(&ours).collect();
    if !added.is_empty() {
        let what = format!("it has the {noun} {}, the tracker has not", list(added));
        out.push(Drift { field: Some(field), what });
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The live text from the first word that differs, cut.
fn first_difference(live: &str, ours: &str) -> String {
    let same = live.split(' ').zip(ours.split(' ')).take_while(|(a, b)| a == b).count();
    let rest: String = live.split(' ').skip(same).collect::<Vec<_>>().join(" ");
    if rest.is_empty() {
        return "… and ends there".into();
    }
    let cut: String = rest.chars().take(60).collect();
    if cut.len() < rest.len() { format!("{cut}…") } else { cut }
}

/// `acme-server 2.0 < 2.4.1`, one for each range; packages and products are told apart by name alone.
fn versions(c: &Cna) -> BTreeSet<String> {
    let name = |a: &Affected| {
        let names = [&a.package_name, &a.product];
        let name = names.into_iter().flatten().map(|n| n.trim()).find(|n| !n.is_empty());
        name.unwrap_or_default().to_lowercase()
    };
    let range = |v: &Version| {
        let upper = match (&v.less_than, &v.less_than_or_equal) {
            (Some(u), _) => format!(" < {}", u.trim()),
            (None, Some(u)) => format!(" <= {}", u.trim()),
            (None, None) => String::new(),
        };
        // "n/a" and "unspecified" are how older tools write that nothing bounds the range below.
        let lower = match v.version.trim() {
            "n/a" | "unspecified" | "" => "0",
            v => v,
        };
        let status = if v.status == "affected" { String::new() } else { format!("{} ", v.status) };
        format!("{status}{lower}{upper}")
    };
    let each = |a: &Affected| {
        let name = name(a);
        a.versions.iter().map(|v| format!("{name} {}", range(v)).trim().to_owned()).collect::<Vec<_>>()
    };
    c.affected.iter().flat_map(each).collect()
}

fn weaknesses(c: &Cna) -> BTreeSet<String> {
    let all = c.problem_types.iter().flat_map(|p| &p.descriptions);
    all.filter_map(|d| {
        let id = d.cwe_id.clone().or_else(|| {
            let word = d.description.split([' ', ':']).next()?;
            word.starts_with("CWE-").then(|| word.to_owned())
        });
        id.map(|id| id.to_uppercase())
    })
    .collect()
}

/// The vector where there is one, else the word.
fn severities(c: &Cna) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for m in &c.metrics {
        let vectors = [&m.cvss_v3_1, &m.cvss_v4_0].into_iter().flatten();
        out.extend(vectors.map(|d| d.vector_string.trim().to_owned()));
        if let Some(other) = &m.other {
            let text = other.content.get("text").or_else(|| other.content.get("value"));
            out.extend(text.and_then(|v| v.as_str()).map(|t| t.trim().to_lowercase()));
        }
    }
    out.remove("");
    out
}

fn credits(c: &Cna) -> BTreeSet<String> {
    let one = |c: &super::record::RecordCredit| {
        let kind = c.kind.as_deref().map(|k| format!(" ({k})")).unwrap_or_default();
        format!("{}{kind}", one_line(&c.value))
    };
    c.credits.iter().map(one).collect()
}

fn references(c: &Cna) -> BTreeSet<String> {
    c.references.iter().map(|r| r.url.trim().trim_end_matches('/').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record() -> Value {
        json!({"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": {"cveId": "CVE-2026-12345", "state": "PUBLISHED"},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "b4d7b1a0-0000-4000-8000-000000000000"},
            "title": "Acme Server: Path traversal",
            "descriptions": [{"lang": "en", "value": "A user of Acme Server can write any file. Upgrade to 2.4.1."}],
            "affected": [{"vendor": "Acme", "product": "Acme Server", "packageName": "acme-server",
                "versions": [{"version": "2.0", "lessThan": "2.4.1", "status": "affected", "versionType": "semver"}]}],
            "problemTypes": [{"descriptions": [{"lang": "en", "description": "CWE-22 Path traversal", "cweId": "CWE-22"}]}],
            "metrics": [{"other": {"type": "Textual description of severity", "content": {"text": "high"}}}],
            "credits": [{"lang": "en", "value": "Ann Archer", "type": "finder"}],
            "references": [{"url": "https://lists.acme.example/thread/x", "tags": ["vendor-advisory"]}],
        }}})
    }

    fn against(change: impl FnOnce(&mut Value)) -> Vec<(Option<FieldRole>, String)> {
        let mut live = record();
        change(&mut live["containers"]["cna"]);
        let (live, ours) = (Record::from_value(live).unwrap(), Record::from_value(record()).unwrap());
        drift(&live, &ours).into_iter().map(|d| (d.field, d.what)).collect()
    }

    #[test]
    fn how_a_record_is_written_is_no_difference() {
        let same = against(|c| {
            c["providerMetadata"]["dateUpdated"] = json!("2026-11-22T10:00:00Z");
            c["providerMetadata"]["shortName"] = json!("acme");
            c["descriptions"][0]["lang"] = json!("en-US");
            c["descriptions"][0]["value"] =
                json!("A user of Acme Server can write\n any file.  Upgrade to 2.4.1.\n");
            c["descriptions"][0]["supportingMedia"] =
                json!([{"type": "text/html", "base64": false, "value": "<p>"}]);
            c["references"][0]["url"] = json!("https://lists.acme.example/thread/x/");
            c["references"][0]["tags"] = json!([]);
            c["affected"][0]["defaultStatus"] = json!("unaffected");
            c["affected"][0]["versions"][0]["versionType"] = json!("python");
            c["x_generator"] = json!({"engine": "other"});
            c["source"] = json!({"discovery": "UNKNOWN"});
        });
        assert_eq!(same, []);
    }

    #[test]
    fn what_a_reader_would_learn_otherwise_is_named_with_its_field() {
        for (field, word, change) in [
            (None, "Path traversal in upload", json!({"title": "Acme Server: Path traversal in upload"})),
            (
                Some(FieldRole::PublicSummary),
                "\"read any file. Upgrade to 2.4.1.\"",
                json!({"descriptions": [{"lang": "en",
                    "value": "A user of Acme Server can read any file. Upgrade to 2.4.1."}]}),
            ),
            (
                Some(FieldRole::PublicSummary),
                "ends there",
                json!({"descriptions": [{"lang": "en", "value": "A user of Acme Server can write any file."}]}),
            ),
            (
                Some(FieldRole::AffectedVersions),
                "has not the version range acme-server 2.0 < 2.4.1",
                json!({"affected": [{"packageName": "acme-server",
                    "versions": [{"version": "2.0", "lessThan": "2.4.2", "status": "affected"}]}]}),
            ),
            (Some(FieldRole::Cwe), "has not the weakness CWE-22", json!({"problemTypes": []})),
            (
                Some(FieldRole::Severity),
                "has not the severity high",
                json!({"metrics": [{"other": {"type": "Textual description of severity", "content": {"text": "low"}}}]}),
            ),
            (
                Some(FieldRole::ReporterCredit),
                "has not the credit Ann Archer (finder)",
                json!({"credits": []}),
            ),
            (
                Some(FieldRole::PublicAdvisoryUrl),
                "has the reference https://nvd.example/x, the tracker has not",
                json!({"references": [{"url": "https://lists.acme.example/thread/x"}, {"url": "https://nvd.example/x"}]}),
            ),
        ] {
            let got = against(|c| {
                let (Some(c), Some(new)) = (c.as_object_mut(), change.as_object()) else { return };
                c.extend(new.clone());
            });
            let hit = got.iter().find(|(f, what)| *f == field && what.contains(word));
            assert!(hit.is_some(), "{word}: {got:?}");
            assert!(got.iter().all(|(f, _)| *f == field), "{got:?}");
        }
    }
}
