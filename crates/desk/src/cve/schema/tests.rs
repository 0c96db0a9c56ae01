use super::*;
use crate::cve::check::Finding;

/// A record with everything that must be there.
pub(crate) const LEAST: &str = r#"{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-12345",
"assignerOrgId":"f0158376-9dc2-43b6-827c-5f631a4d8d09","state":"PUBLISHED"},"containers":{"cna":{"providerMetadata":
{"orgId":"f0158376-9dc2-43b6-827c-5f631a4d8d09"},"descriptions":[{"lang":"en","value":"A flaw."}],"affected":[{"vendor":
"Example","product":"Server","versions":[{"version":"1.0","status":"affected"}]}],"references":[{"url":
"https://example.org/a"}]}}}"#;

fn findings(record: &serde_json::Value) -> Vec<Finding> {
    let node = Node::from(record);
    let mut sink = Sink::new(&node);
    check(&node, &mut sink);
    sink.into_findings()
}

/// Change the least record and say what is found: `rule path field`.
fn after(change: impl FnOnce(&mut serde_json::Value)) -> Vec<String> {
    let mut record: serde_json::Value = serde_json::from_str(LEAST).unwrap();
    change(&mut record);
    findings(&record).into_iter().map(|f| format!("{} {} {}", f.rule, f.path, f.field)).collect()
}

fn set(path: &str, value: serde_json::Value) -> Vec<String> {
    after(|r| {
        let (up, key) = path.rsplit_once('/').unwrap();
        let up = if up.is_empty() { r } else { r.pointer_mut(up).unwrap() };
        if value.is_null() {
            up.as_object_mut().unwrap().remove(key);
        } else {
            up.as_object_mut().unwrap().insert(key.into(), value);
        }
    })
}

#[test]
fn the_least_record_passes() {
    assert_eq!(after(|_| {}), [""; 0]);
}

#[test]
fn each_flaw_has_rule_path_and_field() {
    use serde_json::{Value::Null, json};
    let cna = "/containers/cna";
    let rows: &[(&str, serde_json::Value, &str)] = &[
        ("/dataType", Null, "schema.required $.dataType "),
        ("/dataType", json!("CVE"), "schema.enum $.dataType "),
        ("/dataVersion", json!("4.0"), "schema.pattern $.dataVersion "),
        ("/CNA_private", json!({}), "schema.additional $.CNA_private "),
        ("/cveMetadata/cveId", json!("CVE-1"), "schema.pattern $.cveMetadata.cveId cve_tool_link"),
        ("/cveMetadata/serial", json!(0), "schema.range $.cveMetadata.serial "),
        ("/cveMetadata/serial", json!(1.5), "schema.type $.cveMetadata.serial "),
        (
            "/cveMetadata/datePublished",
            json!("2024-02-30T00:00:00"),
            "schema.pattern $.cveMetadata.datePublished ",
        ),
        ("/containers/cna/title", json!(""), "schema.length $.containers.cna.title title"),
        ("/containers/cna/title", json!("ü".repeat(257)), "schema.length $.containers.cna.title title"),
        (
            "/containers/cna/descriptions",
            json!([]),
            "schema.items $.containers.cna.descriptions public_summary",
        ),
        (
            "/containers/cna/descriptions",
            json!([{"lang": "de", "value": "x"}]),
            "schema.english $.containers.cna.descriptions public_summary",
        ),
        ("/containers/cna/affected", json!("all"), "schema.type $.containers.cna.affected affected_versions"),
        (
            "/containers/cna/affected",
            json!([{"vendor": "x", "defaultStatus": "affected"}]),
            "schema.one-of $.containers.cna.affected[0] affected_versions",
        ),
        (
            "/containers/cna/affected",
            json!([{"vendor": "x", "product": "y"}]),
            "schema.one-of $.containers.cna.affected[0] affected_versions",
        ),
        (
            "/containers/cna/references",
            json!([{"url": "https://a.example/"}, {"url": "https://a.example/"}]),
            "schema.unique $.containers.cna.references[1] ",
        ),
        (
            "/containers/cna/references",
            json!([{"url": "https://a.example/", "tags": ["patch", "fix"]}]),
            "schema.enum $.containers.cna.references[0].tags[1] pr_with_fix",
        ),
        (
            "/containers/cna/credits",
            json!([{"lang": "en", "value": "A", "type": "remediation developer", "x": 1}]),
            "schema.additional $.containers.cna.credits[0].x remediation_developer",
        ),
        (
            "/containers/cna/credits",
            json!([{"lang": "en", "value": ""}]),
            "schema.length $.containers.cna.credits[0].value reporter_credit",
        ),
        (
            "/containers/cna/problemTypes",
            json!([{"descriptions": [{"lang": "en", "description": "x", "cweId": "79"}]}]),
            "schema.length $.containers.cna.problemTypes[0].descriptions[0].cweId cwe",
        ),
        (
            "/containers/cna/metrics",
            json!([{"format": "x"}]),
            "schema.one-of $.containers.cna.metrics[0] severity",
        ),
        ("/containers/cna/source", json!({}), "schema.properties $.containers.cna.source "),
        (
            "/containers/adp",
            json!([{"providerMetadata": {"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"}}]),
            "schema.properties $.containers.adp[0] ",
        ),
    ];
    let _ = cna;
    for (path, value, want) in rows {
        let got = set(path, value.clone());
        assert!(got.contains(&(*want).to_owned()), "{path} {value}: {got:?}");
    }
}

#[test]
fn own_keys_stand_in_containers_only() {
    let value = || serde_json::json!(1);
    assert_eq!(set("/containers/cna/x_own", value()), [""; 0]);
    assert_eq!(set("/containers/cna/x_o.wn", value()).len(), 1);
    assert_eq!(set("/containers/cna/y_own", value()).len(), 1);
    assert_eq!(set("/x_own", value()).len(), 1);
}

#[test]
fn a_range_has_one_end_and_a_type() {
    use serde_json::json;
    let rows = [
        (json!({"version": "1", "status": "affected"}), true),
        (json!({"version": "1", "status": "affected", "versionType": "semver"}), true),
        (json!({"version": "1", "status": "affected", "versionType": "semver", "lessThan": "2"}), true),
        (json!({"version": "1", "status": "affected", "lessThan": "2"}), false),
        (
            json!({"version": "1", "status": "affected", "versionType": "s", "lessThan": "2", "lessThanOrEqual": "2"}),
            false,
        ),
        (
            json!({"version": "1", "status": "affected", "changes": [{"at": "2", "status": "unaffected"}]}),
            false,
        ),
        (
            json!({"version": "1", "status": "affected", "versionType": "s", "lessThan": "*",
            "changes": [{"at": "2", "status": "unaffected"}]}),
            true,
        ),
    ];
    for (range, good) in rows {
        let got = set(
            "/containers/cna/affected",
            json!([{"vendor": "x", "product": "y", "versions": [range.clone()]}]),
        );
        assert_eq!(got.is_empty(), good, "{range}: {got:?}");
    }
}

#[test]
fn a_record_of_5_2_is_held_to_what_5_2_closed() {
    let with = |version: &str, key: &str| {
        after(|r| {
            r["dataVersion"] = version.into();
            r["containers"]["cna"]["affected"][0][key] = "pkg:pypi/example".into();
        })
    };
    assert_eq!(with("5.1", "packageURL"), [""; 0]);
    assert_eq!(with("5.1", "other"), [""; 0]);
    assert_eq!(with("5.2", "packageURL"), [""; 0]);
    assert_eq!(
        with("5.2.0", "other"),
        ["schema.additional $.containers.cna.affected[0].other affected_versions"]
    );
}

#[test]
fn a_rejected_record_has_its_own_shape() {
    let rejected = |keep: bool| {
        after(|r| {
            r["cveMetadata"]["state"] = "REJECTED".into();
            let provider = r["containers"]["cna"]["providerMetadata"].clone();
            if !keep {
                r["containers"]["cna"] = serde_json::json!({"providerMetadata": provider,
                    "rejectedReasons": [{"lang": "en", "value": "Withdrawn."}], "replacedBy": ["CVE-2026-1111"]});
            }
        })
    };
    assert_eq!(rejected(false), [""; 0]);
    assert!(
        rejected(true)
            .contains(&"schema.required $.containers.cna.rejectedReasons public_summary".to_owned())
    );
}
