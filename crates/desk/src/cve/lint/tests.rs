use serde_json::{Value, json};

use super::*;
use crate::cve::check::check_value;

/// A record of which nobody could ask more.
pub(crate) fn good() -> Value {
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-12345", "assignerOrgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09",
            "state": "PUBLISHED", "dateReserved": "2026-01-01T00:00:00Z", "datePublished": "2026-02-01T00:00:00Z"},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"},
            "title": "Path traversal in the upload form of Example Server",
            "descriptions": [{"lang": "en", "value": "Example Server from 2.0.0 before 2.4.1 does not check the names of \
                uploaded files, which allows a user who is logged in to write outside of the upload folder.\n\nUsers \
                should upgrade to 2.4.1, which fixes this."}],
            "affected": [{"vendor": "Example Project", "product": "Example Server", "packageName": "example-server",
                "collectionURL": "https://registry.example/", "defaultStatus": "unaffected",
                "versions": [{"version": "2.0.0", "lessThan": "2.4.1", "status": "affected", "versionType": "semver"}]}],
            "problemTypes": [{"descriptions": [{"lang": "en", "cweId": "CWE-22", "type": "CWE",
                "description": "CWE-22: Path Traversal"}]}],
            "metrics": [{"cvssV3_1": {"version": "3.1", "baseScore": 6.5, "baseSeverity": "MEDIUM", "scope": "UNCHANGED",
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N"}}],
            "references": [
                {"url": "https://code.example/example/server/pull/12", "tags": ["patch"]},
                {"url": "https://lists.example/announce/1", "tags": ["vendor-advisory"]}],
            "credits": [{"lang": "en", "value": "Jane Doe", "type": "finder"},
                {"lang": "en", "value": "John Roe", "type": "remediation developer"}]
        }}
    })
}

/// Rules, levels and fields after a change.
fn found(change: impl FnOnce(&mut Value)) -> Vec<(&'static str, Level, &'static str)> {
    let mut record = good();
    change(&mut record);
    check_value(&record, &Options::default())
        .findings
        .into_iter()
        .map(|f| (f.rule, f.level, f.field))
        .collect()
}

#[test]
fn a_good_record_is_clean() {
    assert_eq!(found(|_| {}), []);
}

fn cna(r: &mut Value) -> &mut Value {
    &mut r["containers"]["cna"]
}

/// Each rule: a change that makes it speak, its level, and the field to mend.
#[test]
fn each_rule_speaks_and_names_the_field() {
    type Row = (&'static str, Level, &'static str, fn(&mut Value));
    let rows: &[Row] = &[
        ("lint.E001", Error, "pr_with_fix", |r| cna(r)["references"][0]["url"] = "www.example.org/a".into()),
        ("lint.E002", Warning, "", |r| {
            let url = cna(r)["references"][0]["url"].clone();
            cna(r)["references"].as_array_mut().unwrap().push(json!({"url": url}));
        }),
        ("lint.E003", Error, "public_summary", |r| cna(r)["descriptions"][0]["value"] = "XSS".into()),
        ("lint.E003", Error, "public_summary", |r| {
            let d = json!({"lang": "en", "value": "Another description, in English."});
            cna(r)["descriptions"].as_array_mut().unwrap().push(d);
        }),
        ("lint.E004", Warning, "public_summary", |r| {
            let d = format!("{}\n", cna(r)["descriptions"][0]["value"].as_str().unwrap());
            cna(r)["descriptions"][0]["value"] = d.into();
        }),
        ("lint.E005", Error, "severity", |r| {
            cna(r)["metrics"][0]["cvssV3_1"]["baseSeverity"] = "HIGH".into()
        }),
        ("lint.E006", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["status"] = "unaffected".into();
        }),
        ("lint.E007", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["version"] = "Example Server 2.0".into();
        }),
        ("lint.E007", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"] = json!([{"version": "*", "status": "affected"}]);
        }),
        ("lint.E007", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["version"] = "2.0".into()
        }),
        ("lint.E007", Note, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["version"] = "0".into()
        }),
        ("lint.E007", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"] = json!([{"version": "15.3(3)S", "status": "affected"}]);
        }),
        ("lint.E007", Note, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["lessThan"] = "2.4.*".into()
        }),
        ("lint.E007", Note, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0] = json!({"version": "2.0.0", "lessThanOrEqual": "*", "status": "affected", "versionType": "semver"});
        }),
        ("lint.E007", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["changes"] =
                json!([{"at": "2 or so", "status": "unaffected"}]);
        }),
        ("lint.E008", Error, "affected_versions", |r| cna(r)["affected"][0]["vendor"] = "n/a".into()),
        ("lint.E009", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["product"] = "https://x.example".into()
        }),
        ("lint.E010", Warning, "", |r| {
            let own = json!({"url": "https://www.cve.org/CVERecord?id=CVE-2026-12345"});
            cna(r)["references"].as_array_mut().unwrap().push(own);
        }),
        ("lint.E010", Error, "public_advisory_url", |r| {
            cna(r)["references"] = json!([{"url": "https://www.cve.org/CVERecord?id=CVE-2026-12345"}]);
        }),
        ("lint.E011", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["versionType"] = "custom".into();
        }),
        ("lint.E013", Error, "affected_versions", |r| cna(r)["affected"][0]["packageURL"] = "pkg:npm".into()),
        ("lint.E013", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["packageURL"] = "pkg:npm/example-server@1.0".into();
        }),
        ("lint.E014", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["packageURL"] = "pkg:npm/other".into()
        }),
        ("lint.E015", Error, "cve_tool_link", |r| r["cveMetadata"]["cveId"] = "2026-12345".into()),
        ("lint.E015", Error, "", |r| r["cveMetadata"]["state"] = "RESERVED".into()),
        ("lint.E016", Error, "public_summary", |r| cna(r)["descriptions"][0]["lang"] = "de".into()),
        ("lint.E017", Error, "public_advisory_url", |r| cna(r)["references"] = json!([])),
        ("lint.E018", Error, "severity", |r| cna(r)["metrics"][0]["cvssV3_1"]["baseScore"] = 11.into()),
        ("lint.E020", Warning, "public_summary", |r| {
            let d = format!("{} \\u00e9", cna(r)["descriptions"][0]["value"].as_str().unwrap());
            cna(r)["descriptions"][0]["value"] = d.into();
        }),
        ("lint.cvss-score", Error, "severity", |r| {
            cna(r)["metrics"][0]["cvssV3_1"]["baseScore"] = 6.4.into()
        }),
        ("lint.cvss-vector", Error, "severity", |r| {
            cna(r)["metrics"][0]["cvssV3_1"]["vectorString"] = "CVSS:3.1/AV:N".into();
        }),
        ("lint.cvss-vector", Error, "severity", |r| {
            cna(r)["metrics"][0]["cvssV3_1"]["scope"] = "CHANGED".into()
        }),
        ("lint.credit-mail", Warning, "reporter_credit", |r| {
            cna(r)["credits"][0]["value"] = "Jane Doe <jane@doe.example>".into();
        }),
        ("lint.credit-sentence", Note, "reporter_credit", |r| {
            cna(r)["credits"][0]["value"] = "The project would like to thank Jane Doe".into();
        }),
        ("lint.credit-twice", Warning, "remediation_developer", |r| {
            let again = json!({"lang": "en", "value": "john  roe", "type": "remediation developer"});
            cna(r)["credits"].as_array_mut().unwrap().push(again);
        }),
        ("lint.cwe-text", Warning, "cwe", |r| {
            cna(r)["problemTypes"][0]["descriptions"][0]["description"] = "CWE-79 XSS".into();
        }),
        ("lint.dates", Warning, "", |r| r["cveMetadata"]["datePublished"] = "2025-12-31T00:00:00Z".into()),
        ("lint.description-product", Note, "public_summary", |r| {
            cna(r)["affected"][0]["product"] = "Frobnicator".into();
            cna(r)["affected"][0]["packageName"] = "frobnicator".into();
        }),
        ("lint.description-upgrade", Warning, "public_summary", |r| {
            cna(r)["descriptions"][0]["value"] =
                "Example Server through 2.4.0 allows a user to write outside of the upload folder.".into();
        }),
        ("lint.description-upgrade", Note, "public_summary", |r| {
            cna(r)["descriptions"][0]["value"] =
                "Example Server before 2.4.1 allows a user to write outside of the upload folder.".into();
        }),
        ("lint.description-what", Note, "public_summary", |r| {
            cna(r)["descriptions"][0]["value"] =
                "There is a problem in Example Server 2.4.0; see the report of Jane Doe.".into();
        }),
        ("lint.description-when", Note, "public_summary", |r| {
            cna(r)["descriptions"][0]["value"] =
                "Example Server allows a user to write outside of the upload folder.".into();
        }),
        ("lint.description-who", Note, "public_summary", |r| {
            cna(r)["descriptions"][0]["value"] =
                "A stack buffer overflow in Example 2.4.0. Users are recommended to upgrade to 2.4.1.".into();
        }),
        ("lint.html", Warning, "public_summary", |r| {
            let d = format!("<p>{}</p>", cna(r)["descriptions"][0]["value"].as_str().unwrap());
            cna(r)["descriptions"][0]["value"] = d.into();
        }),
        ("lint.invisible", Warning, "title", |r| cna(r)["title"] = "Path traver\u{200b}sal".into()),
        ("lint.legacy", Note, "", |r| cna(r)["x_legacyV4Record"] = json!({})),
        ("lint.markdown", Note, "public_summary", |r| {
            let d = format!("**Impact** {}", cna(r)["descriptions"][0]["value"].as_str().unwrap());
            cna(r)["descriptions"][0]["value"] = d.into();
        }),
        ("lint.mojibake", Warning, "title", |r| cna(r)["title"] = "Path traversal â€” in uploads".into()),
        ("lint.name-version", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["packageName"] = "example-server < 2.4.1".into();
        }),
        ("lint.name-version", Note, "affected_versions", |r| {
            cna(r)["affected"][0]["product"] = "Example Server 2.x".into()
        }),
        ("lint.nbsp", Warning, "title", |r| cna(r)["title"] = "Path\u{a0}traversal".into()),
        ("lint.no-credit", Note, "reporter_credit", |r| {
            cna(r).as_object_mut().unwrap().remove("credits");
        }),
        ("lint.no-cwe", Warning, "cwe", |r| {
            cna(r).as_object_mut().unwrap().remove("problemTypes");
        }),
        ("lint.no-cwe", Warning, "cwe", |r| {
            cna(r)["problemTypes"][0]["descriptions"][0].as_object_mut().unwrap().remove("cweId");
        }),
        ("lint.no-patch", Warning, "pr_with_fix", |r| {
            cna(r)["references"][0].as_object_mut().unwrap().remove("tags");
        }),
        ("lint.no-severity", Note, "severity", |r| {
            cna(r).as_object_mut().unwrap().remove("metrics");
        }),
        ("lint.no-title", Warning, "title", |r| {
            cna(r).as_object_mut().unwrap().remove("title");
        }),
        ("lint.no-vendor-advisory", Warning, "public_advisory_url", |r| {
            cna(r)["references"].as_array_mut().unwrap().pop();
        }),
        ("lint.open-range", Note, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["lessThan"] = "*".into()
        }),
        ("lint.organisation", Warning, "", |r| {
            cna(r)["providerMetadata"]["orgId"] = "a0158376-9dc2-43b6-827c-5f631a4d8d09".into();
        }),
        ("lint.placeholder", Warning, "cwe", |r| {
            cna(r)["problemTypes"][0]["descriptions"][0]["description"] = "n/a".into();
        }),
        ("lint.placeholder", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["version"] = "unspecified".into();
        }),
        ("lint.product-twice", Warning, "affected_versions", |r| {
            let again = cna(r)["affected"][0].clone();
            cna(r)["affected"].as_array_mut().unwrap().push(again);
        }),
        ("lint.range-overlap", Warning, "affected_versions", |r| {
            let v = json!({"version": "2.4.0", "lessThan": "3.0.0", "status": "affected", "versionType": "semver"});
            cna(r)["affected"][0]["versions"].as_array_mut().unwrap().push(v);
        }),
        ("lint.range-reversed", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["version"] = "2.10.0".into();
        }),
        ("lint.range-reversed", Error, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["version"] = "2.4.1".into();
        }),
        ("lint.reference-private", Error, "public_advisory_url", |r| {
            cna(r)["references"][1]["url"] = "https://wiki.internal/advisory".into();
        }),
        ("lint.severity-word", Warning, "severity", |r| {
            cna(r)["metrics"] =
                json!([{"other": {"type": "Textual description of severity", "content": {"text": "TBD"}}}]);
        }),
        ("lint.title-version", Warning, "title", |r| {
            cna(r)["title"] = "Example Server before 2.4.1: path traversal".into()
        }),
        ("lint.uri", Error, "pr_with_fix", |r| {
            cna(r)["references"][0]["url"] = "https://a.example/b c".into()
        }),
        ("lint.version-type", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"][0]["versionType"] = "8.0 to 9.2".into();
        }),
        ("lint.version-zero", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["versions"] = json!([{"version": "0", "status": "affected"}]);
        }),
        ("lint.whitespace", Warning, "affected_versions", |r| {
            cna(r)["affected"][0]["product"] = "Example Server ".into()
        }),
    ];
    for (rule, level, field, change) in rows {
        let got = found(change);
        assert!(got.contains(&(rule, *level, field)), "{rule} {level:?} {field}: {got:?}");
    }
    let tried: std::collections::BTreeSet<&str> = rows.iter().map(|(r, _, _, _)| *r).collect();
    let untried: Vec<&str> = RULES.iter().map(|(id, _)| *id).filter(|id| !tried.contains(id)).collect();
    assert_eq!(untried, ["lint.E019", "lint.duplicate-key"], "those have tests of their own");
}

#[test]
fn a_key_that_stands_twice_is_found() {
    let text = good().to_string().replacen("\"title\":", "\"title\":\"x\",\"title\":", 1);
    let all = crate::cve::check::check_text(text.as_bytes(), &Options::default()).into_records();
    let got: Vec<_> = all[0].findings.iter().map(|f| (f.rule, f.path.as_str())).collect();
    assert_eq!(got, [("lint.duplicate-key", "$.containers.cna.title")]);
}

#[test]
fn a_rule_that_is_off_speaks_when_it_is_named() {
    let mut record = good();
    cna(&mut record)["timeline"] =
        json!([{"time": "2026-01-01T00:00:00Z", "lang": "en", "value": "reported"}]);
    let with = |only: &[&str]| {
        let options = Options { only: only.iter().map(|s| (*s).to_owned()).collect(), ..Options::default() };
        check_value(&record, &options).findings.len()
    };
    assert_eq!((with(&[]), with(&["lint.E"]), with(&["lint.E019"])), (0, 0, 1));
}

#[test]
fn levels_and_names_choose_findings() {
    let mut record = good();
    cna(&mut record)["affected"][0]["versions"][0]["version"] = "0".into();
    cna(&mut record)["title"] = "Path\u{a0}traversal".into();
    let with = |o: Options| check_value(&record, &o).findings.into_iter().map(|f| f.rule).collect::<Vec<_>>();
    assert_eq!(with(Options { min_level: Warning, ..Options::default() }), ["lint.nbsp"]);
    assert_eq!(with(Options { only: vec!["lint.E".into()], ..Options::default() }), ["lint.E007"]);
    assert_eq!(with(Options { ignore: vec!["lint.E007".into()], ..Options::default() }), ["lint.nbsp"]);
}

/// Near misses: what looks like a flaw and is none.
#[test]
fn what_is_right_is_left_alone() {
    type Row = (&'static str, fn(&mut Value));
    let rows: &[Row] = &[
        ("a protocol version in the title", |r| {
            cna(r)["title"] = "Request smuggling with HTTP/1.1 in Example Server".into()
        }),
        ("another product's version", |r| cna(r)["title"] = "Bypass when used with Spring Boot 2.6+".into()),
        ("a payload in the description", |r| {
            let d =
                format!("A <script> tag is kept. {}", cna(r)["descriptions"][0]["value"].as_str().unwrap());
            cna(r)["descriptions"][0]["value"] = d.into();
        }),
        ("a list of single versions", |r| {
            cna(r)["affected"][0]["versions"] = json!([
                {"version": "2.4.0", "status": "affected"}, {"version": "2.3.0", "status": "affected"}]);
        }),
        ("ranges that touch", |r| {
            let v = json!({"version": "2.4.1", "lessThan": "2.5.0", "status": "affected", "versionType": "semver"});
            cna(r)["affected"][0]["versions"].as_array_mut().unwrap().push(v);
        }),
        ("a python version", |r| {
            cna(r)["affected"][0]["versions"] = json!([{"version": "2.0rc1", "lessThan": "2.4.1", "status": "affected", "versionType": "python"}]);
        }),
        ("a name with an affiliation", |r| cna(r)["credits"][0]["value"] = "Jane Doe (@jane), Acme".into()),
        ("finder and developer in one person", |r| cna(r)["credits"][1]["value"] = "Jane Doe".into()),
        ("a package of the same name", |r| {
            cna(r)["affected"][0]["packageURL"] = "pkg:pypi/Example_Server".into()
        }),
        ("English of a country", |r| cna(r)["descriptions"][0]["lang"] = "en-US".into()),
        ("two kinds of English", |r| {
            let mut other = cna(r)["descriptions"][0].clone();
            other["lang"] = "en-GB".into();
            cna(r)["descriptions"].as_array_mut().unwrap().push(other);
        }),
        ("versions that only their vendor can order", |r| {
            cna(r)["affected"][0]["versions"] = json!([
                {"version": "21.4-EVO", "lessThan": "21.4R3-S5-EVO", "status": "affected", "versionType": "vendor"},
                {"version": "21.4R3-S7-EVO", "lessThan": "21.4R3-S9-EVO", "status": "affected", "versionType": "vendor"}]);
        }),
        ("commits in one entry and releases in another, which differ in what is not listed", |r| {
            let mut other = cna(r)["affected"][0].clone();
            other["defaultStatus"] = "affected".into();
            cna(r)["affected"].as_array_mut().unwrap().push(other);
        }),
        ("versions in words", |r| {
            let d = "Example Server 2024 Q1 and prior versions do not check names, which allows a user to write anywhere.\n\n\
                Users should upgrade to 2.4.1, which fixes this.";
            cna(r)["descriptions"][0]["value"] = d.into();
        }),
        ("two products of one vendor", |r| {
            let mut other = cna(r)["affected"][0].clone();
            other["packageName"] = "example-server-core".into();
            cna(r)["affected"].as_array_mut().unwrap().push(other);
        }),
    ];
    for (what, change) in rows {
        assert_eq!(found(change), [], "{what}");
    }
}

#[test]
fn a_rejected_record_is_asked_for_its_reason_only() {
    let rejected = json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-12345", "assignerOrgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09",
            "state": "REJECTED"},
        "containers": {"cna": {"providerMetadata": {"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"},
            "rejectedReasons": [{"lang": "en", "value": "Not a vulnerability."}]}}
    });
    assert_eq!(check_value(&rejected, &Options::default()).findings, []);
    let mut short = rejected.clone();
    cna(&mut short)["rejectedReasons"][0]["value"] = "Dup".into();
    let got: Vec<_> = check_value(&short, &Options::default()).findings.into_iter().map(|f| f.rule).collect();
    assert_eq!(got, ["lint.E003"]);
}
