use super::*;

fn about() -> About {
    About {
        publisher: "Example Foundation".into(),
        namespace: "https://example.org/security".into(),
        now: "2026-03-01T12:00:00Z".parse().unwrap(),
        engine: "0.1.0".into(),
    }
}

fn record() -> Record {
    Record::parse(
        r#"{"dataType":"CVE_RECORD","dataVersion":"5.1",
        "cveMetadata":{"cveId":"CVE-2026-12345","state":"PUBLISHED","datePublished":"2026-02-01T10:00:00.000Z","dateUpdated":"2026-02-03T10:00:00"},
        "containers":{"cna":{"title":"Stored script in <names>",
        "descriptions":[{"lang":"en","value":"Users may store scripts.\n\nUpgrade to 2.10.3."}],
        "affected":[
          {"vendor":"Example","product":"Queue","packageName":"queue","collectionURL":"https://pypi.org","defaultStatus":"unaffected",
           "versions":[{"version":"2.0.0","status":"affected","lessThan":"2.10.3","versionType":"python"},
                       {"version":"3.0.0","status":"affected","versionType":"python"},
                       {"version":"4.0.0","status":"unaffected"}]},
          {"vendor":"Example","product":"Chart","versions":[{"version":"0","status":"affected","lessThanOrEqual":"1.15"}]}],
        "problemTypes":[{"descriptions":[{"lang":"en","description":"CWE-79 XSS","cweId":"CWE-79","type":"CWE"}]}],
        "metrics":[{"other":{"type":"Textual description of severity","content":{"text":"high"}}}],
        "credits":[{"lang":"en","value":"Jane Doe","type":"finder"},{"lang":"en","value":"Rob","type":"remediation developer"}],
        "references":[{"url":"https://github.com/x/y/pull/7","tags":["patch"]},{"url":"https://lists.example.org/thread/1","tags":["vendor-advisory"]}]}}}"#,
    )
    .unwrap()
}

#[test]
fn osv_says_packages_ranges_and_credits() {
    let e = osv(&record(), &about());
    let d = &e.document;
    assert_eq!(d["id"], "CVE-2026-12345");
    assert_eq!(
        (&d["published"], &d["modified"]),
        (&"2026-02-01T10:00:00Z".into(), &"2026-02-03T10:00:00Z".into())
    );
    let a = &d["affected"][0];
    assert_eq!(
        a["package"],
        serde_json::json!({"ecosystem": "PyPI", "name": "queue", "purl": "pkg:pypi/queue"})
    );
    assert_eq!(a["ranges"][0]["events"], serde_json::json!([{"introduced": "2.0.0"}, {"fixed": "2.10.3"}]));
    assert_eq!(a["versions"], serde_json::json!(["3.0.0"]));
    assert_eq!(d["references"][0]["type"], "FIX");
    assert_eq!(d["credits"][1]["type"], "REMEDIATION_DEVELOPER");
    // What has no ecosystem is said, not left out.
    assert_eq!(d["affected"][1]["database_specific"]["ranges"], serde_json::json!(["through 1.15"]));
    assert!(e.problems.iter().any(|p| p.contains("Chart")), "{:?}", e.problems);
}

#[test]
fn csaf_defines_every_product_it_names() {
    let e = csaf(&record(), &about());
    let d = &e.document;
    let text = d["product_tree"].to_string();
    let v = &d["vulnerabilities"][0];
    for list in [&v["product_status"]["known_affected"], &v["product_status"]["fixed"]] {
        for p in list.as_array().unwrap() {
            assert!(text.contains(p.as_str().unwrap()), "{p}");
        }
    }
    assert_eq!(v["cwe"]["id"], "CWE-79");
    assert!(text.contains("vers:pypi/>=2.0.0|<2.10.3"), "{text}");
    assert!(text.contains("vers:generic/<=1.15"), "{text}");
    assert_eq!(v["remediations"][0]["category"], "vendor_fix");
    assert_eq!(v["remediations"][1]["category"], "none_available");
    assert_eq!(d["document"]["tracking"]["version"], "2");
}

#[test]
fn vex_names_what_can_be_matched_and_says_what_cannot() {
    let e = openvex(&record(), &about());
    let s = e.document["statements"].as_array().unwrap();
    assert_eq!((&s[0]["status"], &s[1]["status"]), (&"affected".into(), &"fixed".into()));
    assert_eq!(s[1]["products"][0]["@id"], "pkg:pypi/queue@2.10.3");
    assert!(e.problems.iter().any(|p| p.starts_with("Chart")));
}

#[test]
fn the_mail_leads_with_the_id_and_the_page_holds_no_markup_of_a_reporter() {
    let m = mail(&record(), &about());
    assert_eq!(m.subject, "CVE-2026-12345: Chart, Queue: Stored script in <names>");
    assert!(m.body.contains("- Queue (queue) from 2.0.0 before 2.10.3\n"), "{}", m.body);
    let p = page(&record());
    assert!(!p.contains("<names>"), "{p}");
    assert!(p.contains("<https://github.com/x/y/pull/7>"), "{p}");
}
