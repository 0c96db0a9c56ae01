use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::config::RecordState;

fn config() -> Config {
    let mut c = Config::default();
    c.project.name = "Example Server".into();
    c.project.short_name = "ExSrv".into();
    c.project.vendor = "Example Foundation".into();
    c.upstream.repo = "example/server".into();
    c.cve.org_id = "f0158376-9dc2-43b6-827c-5f631a4d8d09".into();
    c.cve.private_owner = "example".into();
    c.scope = vec![Scope {
        label: "server".into(),
        product: "Example Server".into(),
        package: "example-server".into(),
        collection_url: "https://pypi.org".into(),
        ..Scope::default()
    }];
    c
}

const SUMMARY: &str =
    "An authenticated user could read other users' files. Users are advised to upgrade to 2.4.1.";

fn complete() -> Facts {
    let fields = [
        (FieldRole::PublicSummary, SUMMARY),
        (FieldRole::AffectedVersions, "`< 2.4.1`"),
        (FieldRole::ReporterCredit, "Ann Archer"),
        (FieldRole::PrWithFix, "https://github.com/example/server/pull/12"),
        (FieldRole::RemediationDeveloper, "Bea Brook"),
        (FieldRole::Cwe, "CWE-22: Path Traversal"),
        (FieldRole::Severity, "Moderate"),
        (FieldRole::CveToolLink, "https://tool.example/cve5/CVE-2026-12345"),
    ];
    Facts {
        title: "Path traversal in file uploads".into(),
        fields: fields.map(|(r, v)| (r, v.to_owned())).into(),
        labels: vec!["server".into()],
        ..Facts::default()
    }
}

fn with(role: FieldRole, value: &str) -> Facts {
    let mut f = complete();
    f.fields.insert(role, value.into());
    f
}

fn made(facts: &Facts) -> Built {
    build(facts, &config(), Options::default())
}

#[test]
fn a_complete_tracker_becomes_this_record() {
    let b = made(&complete());
    assert!(b.findings.is_empty(), "{:?}", b.findings);
    let want = json!({
        "containers": {"cna": {
            "affected": [{"collectionURL": "https://pypi.org", "defaultStatus": "unaffected", "packageName": "example-server",
                "product": "Example Server", "vendor": "Example Foundation", "versions": [
                    {"lessThan": "2.4.1", "status": "affected", "version": "0", "versionType": "python"}]}],
            "credits": [{"lang": "en", "type": "finder", "value": "Ann Archer"},
                {"lang": "en", "type": "remediation developer", "value": "Bea Brook"}],
            "descriptions": [{"lang": "en", "supportingMedia": [{"base64": false, "type": "text/html",
                "value": SUMMARY.replace('\'', "&#x27;")}], "value": SUMMARY}],
            "metrics": [{"other": {"content": {"text": "moderate"}, "type": "Textual description of severity"}}],
            "problemTypes": [{"descriptions": [{"cweId": "CWE-22", "description": "CWE-22: Path Traversal", "lang": "en", "type": "CWE"}]}],
            "providerMetadata": {"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"},
            "references": [{"tags": ["patch"], "url": "https://github.com/example/server/pull/12"}],
            "source": {"discovery": "UNKNOWN"},
            "title": "Path traversal in file uploads",
            "x_generator": {"engine": "tipstaff"}
        }},
        "cveMetadata": {"assignerOrgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09", "cveId": "CVE-2026-12345", "serial": 1, "state": "PUBLISHED"},
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1"
    });
    assert_eq!(b.record.to_value(), want, "{}", b.record.render());
    assert_eq!((b.readiness.ready, b.readiness.state), (true, RecordState::ReviewReady));
    assert_eq!(Record::parse(&b.record.render()).unwrap(), b.record);
}

#[test]
fn each_tool_gets_its_shape() {
    let v =
        |target| build(&complete(), &config(), Options { target, ..Options::default() }).record.to_value();
    let vulnogram = v(Target::Vulnogram);
    assert_eq!(
        vulnogram["CNA_private"],
        json!({"emailed": null, "owner": "example", "projecturl": "", "state": "REVIEW", "todo": [], "type": "unsure", "userslist": ""})
    );
    assert!(
        v(Target::CveServices).get("CNA_private").is_none() && v(Target::Plain).get("CNA_private").is_none()
    );
    let mut facts = with(FieldRole::PublicAdvisoryUrl, "https://lists.apache.org/thread/x");
    let public = build(&facts, &config(), Options { target: Target::Vulnogram, ..Options::default() });
    assert_eq!(public.record.rest["CNA_private"]["state"], "PUBLIC");
    assert_eq!(public.record.rest["CNA_private"]["emailed"], "yes");
    facts.discovery = Some("EXTERNAL".into());
    let newer = build(&facts, &config(), Options { data: DataVersion::V5_2, ..Options::default() });
    assert_eq!(newer.record.data_version, "5.2");
    assert_eq!(
        newer.record.containers.cna.affected[0].package_url.as_deref(),
        Some("pkg:pypi/example-server")
    );
    assert_eq!(newer.record.containers.cna.source, Some(json!({"discovery": "EXTERNAL"})));
}

#[test]
fn what_is_missing_holds_the_record_back() {
    for (role, value, field) in [
        (FieldRole::PublicSummary, "", "public_summary"),
        (FieldRole::AffectedVersions, "", "affected_versions"),
        (FieldRole::AffectedVersions, "all versions", "affected_versions"),
        (FieldRole::AffectedVersions, "< 2.4.1\nall of them", "affected_versions"),
        (FieldRole::ReporterCredit, "", "reporter_credit"),
        (FieldRole::PrWithFix, "", "pr_with_fix"),
        // CVE page §13 row 42: a related link is no fix.
        (FieldRole::PrWithFix, "https://nvd.nist.gov/vuln/detail/CVE-2020-1234", "pr_with_fix"),
        (FieldRole::Cwe, "", "cwe"),
        (FieldRole::Cwe, "missing check", "cwe"),
        (FieldRole::Severity, "Unknown", "severity"),
        (FieldRole::Severity, "TBD", "severity"),
        (FieldRole::CveToolLink, "", "cve_tool_link"),
    ] {
        let mut facts = with(role, value);
        if role == FieldRole::ReporterCredit {
            facts.fields.remove(&FieldRole::RemediationDeveloper);
        }
        facts.fields.retain(|_, v| !v.is_empty());
        let b = made(&facts);
        let missing: Vec<&str> = b.readiness.missing.iter().map(|m| m.field.as_str()).collect();
        assert_eq!((missing, b.readiness.state), (vec![field], RecordState::Allocated), "{role} {value}");
        let forced = build(&facts, &config(), Options { review: Some(true), ..Options::default() });
        assert_eq!(forced.readiness.state, RecordState::Allocated);
    }
    let advisory_alone = {
        let mut f = with(FieldRole::PublicAdvisoryUrl, "https://lists.apache.org/thread/x");
        f.fields.remove(&FieldRole::PrWithFix);
        f
    };
    assert_eq!(made(&advisory_alone).readiness.state, RecordState::Public);
}

#[test]
fn a_vote_may_be_waited_for() {
    let mut gated = config();
    gated.cve.vote_gating = true;
    let state = |labels: &[&str], review: Option<bool>| {
        let mut f = complete();
        f.labels.extend(labels.iter().map(|l| (*l).to_string()));
        build(&f, &gated, Options { review, ..Options::default() }).readiness.state
    };
    assert_eq!(state(&[], None), RecordState::Allocated);
    for label in [
        "rc voting",
        "RC Voting",
        "fix released",
        "announced - emails sent",
        "announced",
        "vendor-advisory ready",
    ] {
        assert_eq!(state(&[label], None), RecordState::ReviewReady, "{label}");
    }
    assert_eq!(state(&[], Some(true)), RecordState::ReviewReady);
    assert_eq!(state(&["rc voting"], Some(false)), RecordState::Allocated);
    let public = with(FieldRole::PublicAdvisoryUrl, "https://lists.apache.org/thread/x");
    let held = build(&public, &gated, Options { review: Some(false), ..Options::default() });
    assert_eq!(held.readiness.state, RecordState::Public, "holding back cannot lower a published record");
    let two = [RecordState::Allocated, RecordState::Public];
    assert_eq!(made(&complete()).readiness.state_known_to(&two), RecordState::Allocated);
}

#[test]
fn the_body_is_read_by_the_one_parser() {
    // CVE page §13 rows 39–41.
    let body = "### The issue description\n\n```\n### Severity\n\nCritical\n```\n\n### Remediation developer\n\n### CWE\n\nCWE-918 (SSRF)\n\n\
        ### Public advisory URL\n\n### Security mailing list thread\n\nhttps://lists.apache.org/thread/private\n\n### Severity\n\nLow\n";
    let facts = Facts::from_body(body, "T", &config());
    let b = made(&facts);
    let v = b.record.to_value();
    let cna = &v["containers"]["cna"];
    assert_eq!(cna["problemTypes"][0]["descriptions"][0]["description"], "CWE-918: SSRF");
    assert_eq!(cna["metrics"][0]["other"]["content"]["text"], "low");
    assert_eq!((cna.get("credits"), cna.get("references")), (None, None));
    assert!(!b.record.render().contains("lists.apache.org"));
    assert_eq!(b.readiness.state, RecordState::Allocated);
}

#[test]
fn titles_lose_the_product_on_a_boundary_only() {
    for (title, want) in [
        ("Example Server: path traversal in uploads", "path traversal in uploads"),
        ("example server - path traversal in uploads", "path traversal in uploads"),
        ("Example Server 2.4: path traversal in uploads", "path traversal in uploads"),
        ("Example Server path traversal in uploads", "path traversal in uploads"),
        ("Example Server: Example Server: twice", "Example Server: twice"),
        // CVE page §13 row 45.
        ("Example Servers leak", "Example Servers leak"),
        ("Example Server-cli leaks", "Example Server-cli leaks"),
        // The subject of a sentence is no prefix.
        ("Example Server allows path traversal", "Example Server allows path traversal"),
        ("Example Server 2.4 may leak", "Example Server 2.4 may leak"),
        ("Example Server (incubating) leaks", "Example Server (incubating) leaks"),
        ("Example Server", "Example Server"),
        ("Example Server:", "Example Server:"),
        // The rest is for the gate.
        ("[SECURITY] Path traversal in uploads", "[SECURITY] Path traversal in uploads"),
        ("mod_files: path traversal in uploads", "mod_files: path traversal in uploads"),
        ("Path traversal.", "Path traversal."),
        ("  Path \n traversal  ", "Path traversal"),
        ("", "An authenticated user could read other users' files"),
    ] {
        let facts = Facts { title: title.into(), ..complete() };
        assert_eq!(made(&facts).record.containers.cna.title.as_deref(), Some(want), "{title}");
    }
    let mut facts = with(FieldRole::PublicSummary, "Version 2.4.1 of it fails. More.");
    facts.title.clear();
    assert_eq!(made(&facts).record.containers.cna.title.as_deref(), Some("Version 2.4.1 of it fails"));
}

#[test]
fn ids_are_checked_and_compared() {
    for (given, link, want, findings) in [
        (Some("CVE-2026-1000"), "", Some("CVE-2026-1000"), 0),
        (Some("cve-2026-1000"), "https://t.example/CVE-2026-1000", Some("CVE-2026-1000"), 0),
        (Some("CVE-2026-1000"), "https://t.example/CVE-2026-2000", Some("CVE-2026-1000"), 1),
        (Some("CVE-2026-12"), "", None, 1),
        (Some("GHSA-x"), "CVE-2026-2000", Some("CVE-2026-2000"), 1),
        (None, "CVE-2026-2000 CVE-2026-3000", Some("CVE-2026-2000"), 0),
        (None, "", None, 0),
        (Some(" "), "", None, 0),
    ] {
        let mut facts = with(FieldRole::CveToolLink, link);
        facts.cve_id = given.map(String::from);
        let b = made(&facts);
        assert_eq!(b.record.cve_metadata.cve_id.as_deref(), want, "{given:?} {link}");
        assert_eq!(b.findings.iter().filter(|f| f.rule == "record.id").count(), findings, "{given:?} {link}");
    }
}

#[test]
fn an_empty_tracker_makes_a_record_without_empty_lists() {
    let b = build(&Facts::default(), &Config::default(), Options::default());
    let v = b.record.to_value();
    assert_eq!(
        v["containers"]["cna"],
        json!({"source": {"discovery": "UNKNOWN"}, "x_generator": {"engine": "tipstaff"}})
    );
    assert_eq!(b.readiness.missing.len(), 8);
    let titled =
        build(&Facts { title: "A flaw".into(), ..Facts::default() }, &Config::default(), Options::default());
    assert_eq!(titled.record.description(), "A flaw");
}

#[test]
fn scopes_come_from_labels() {
    let mut c = config();
    c.scope.push(Scope { label: "cli".into(), product: "Example CLI".into(), ..Scope::default() });
    let product = |labels: &[&str]| {
        let facts = Facts { labels: labels.iter().map(|l| (*l).to_string()).collect(), ..complete() };
        let b = build(&facts, &c, Options::default());
        let f: Vec<String> = b
            .findings
            .iter()
            .filter(|f| f.rule == "record.scope")
            .map(|f| format!("{:?}", f.level))
            .collect();
        (b.record.containers.cna.affected[0].product.clone().unwrap(), f.join(""))
    };
    assert_eq!(product(&["CLI", "security issue"]), ("Example CLI".into(), String::new()));
    assert_eq!(product(&["server"]), ("Example Server".into(), String::new()));
    assert_eq!(product(&[]).1, "Warning");
    assert_eq!(product(&["server", "cli"]).1, "Error");
}

#[test]
fn html_is_escaped_by_the_page() {
    assert_eq!(html("<b> & \"q\" 'x'\r\n\r\nend"), "&lt;b&gt; &amp; &quot;q&quot; &#x27;x&#x27;<br><br>end");
}

fn any_field() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        prop::collection::vec(
            prop::sample::select(vec![
                "CWE-79",
                "cwe-",
                "<!-- x -->",
                "````",
                "### CWE",
                "\n",
                "\r\n",
                "|",
                "https://",
                "https://a.b/(c",
                "`",
                "**",
                "]",
                "< 2.0",
                ">= ",
                "NEXT VERSION",
                "CVSS:3.1/AV:N",
                "CVE-2026-1234",
                "a@b.c",
                "#1",
                "a/b#2",
                "\u{202e}",
                "é",
                "$1",
                "\\n",
                "high",
            ]),
            0..8
        )
        .prop_map(|v| v.join(" ")),
    ]
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn whatever_the_fields_say_the_record_reads_back(values in prop::collection::vec(any_field(), 11), title in any_field(), id in any_field()) {
        let fields: BTreeMap<FieldRole, String> = FieldRole::ALL.into_iter().zip(values).collect();
        let facts = Facts { title, fields, cve_id: Some(id), labels: vec!["server".into()], ..Facts::default() };
        for target in [Target::Plain, Target::Vulnogram, Target::CveServices] {
            let b = build(&facts, &config(), Options { target, ..Options::default() });
            let text = b.record.render();
            prop_assert_eq!(&Record::parse(&text).unwrap(), &b.record);
            prop_assert_eq!(Record::parse(&text).unwrap().render(), text.clone());
            let v: Value = serde_json::from_str(&text).unwrap();
            prop_assert!(!text.contains(": []") || v.get("CNA_private").is_some());
            prop_assert_eq!(build(&facts, &config(), Options { target, ..Options::default() }), b);
        }
    }
}
