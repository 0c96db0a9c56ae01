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

fn of(affected: &str) -> Record {
    let text = format!(
        r#"{{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{{"cveId":"CVE-2026-12345","state":"PUBLISHED"}},
        "containers":{{"cna":{{"title":"Queue: stored script","descriptions":[{{"lang":"en","value":"It is."}}],"affected":{affected},
        "metrics":[{{"cvssV3_0":{{"version":"3.0","vectorString":"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N","baseScore":6.5,"baseSeverity":"MEDIUM"}}}}],
        "references":[]}}}}}}"#
    );
    Record::parse(&text).unwrap()
}

#[test]
fn an_expression_in_place_of_a_version_is_read() {
    let r = of(
        r#"[{"vendor":"v","product":"Queue","packageName":"queue","collectionURL":"https://registry.npmjs.org",
        "versions":[{"version":">= 7.0.0, < 7.2.6","status":"affected"},{"version":"< 6.5.1","status":"affected"},
            {"version":"the old ones","status":"affected"},{"version":"8.0.0","lessThanOrEqual":"8.0.0","status":"affected"}]}]"#,
    );
    let d = osv(&r, &about());
    let a = &d.document["affected"][0];
    // What npm counts as versions are semantic ones.
    assert_eq!(
        a["ranges"],
        serde_json::json!([
            {"type": "SEMVER", "events": [{"introduced": "7.0.0"}, {"fixed": "7.2.6"}]},
            {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "6.5.1"}]}])
    );
    assert_eq!(a["versions"], serde_json::json!(["8.0.0"]));
    assert_eq!(a["database_specific"]["ranges"], serde_json::json!(["the old ones"]));
    assert_eq!(d.document["severity"][0]["score"], "CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N");
    let c = csaf(&r, &about()).document;
    assert!(c["product_tree"].to_string().contains("vers:npm/>=7.0.0|<7.2.6"));
    assert_eq!(
        c["vulnerabilities"][0]["remediations"][0]["details"],
        "Upgrade to Queue 7.2.6 or 6.5.1, or a later version."
    );
    assert_eq!(c["vulnerabilities"][0]["scores"][0]["cvss_v3"]["version"], "3.0");
    let m = mail(&r, &about());
    assert_eq!(m.subject, "CVE-2026-12345: Queue: stored script", "the title names the product");
    assert!(m.body.contains("Severity: medium") && m.body.contains("- Queue (queue) 8.0.0\n"), "{}", m.body);
}

#[test]
fn a_score_that_is_not_its_vectors_stays_out_of_csaf() {
    let mut r = of(r#"[{"vendor":"v","product":"Queue","versions":[{"version":"1","status":"affected"}]}]"#);
    assert!(csaf(&r, &about()).document["vulnerabilities"][0].get("scores").is_some());
    let cvss = r.containers.cna.metrics[0].rest.get_mut("cvssV3_0").unwrap();
    cvss["baseScore"] = 6.6.into();
    let e = csaf(&r, &about());
    assert_eq!(e.document["vulnerabilities"][0].get("scores"), None);
    assert!(e.problems.iter().any(|p| p.contains("6.6")), "{:?}", e.problems);
}

#[test]
fn commits_are_no_versions() {
    let commits = |from: &str, to: &str| {
        of(&format!(
            r#"[{{"vendor":"v","product":"Queue","repo":"https://git.example/q.git","defaultStatus":"unaffected",
            "versions":[{{"version":"{from}","lessThan":"{to}","status":"affected","versionType":"git"}}]}}]"#
        ))
    };
    let (a, b) = ("1da177e4c3f41524e886b7f1b8a0c1fc7321cac2", "86df90f3fea7c5591f05c8a0010871d435e83046");
    let whole = osv(&commits(a, b), &about()).document;
    assert_eq!(
        whole["affected"][0]["ranges"][0],
        serde_json::json!({"type": "GIT", "repo": "https://git.example/q.git",
            "events": [{"introduced": a}, {"fixed": b}]})
    );
    assert_eq!(whole["affected"][0]["database_specific"]["product"], "Queue", "no package names it");
    let short = osv(&commits("1da177e4c3f4", "86df90f3fea7"), &about());
    assert_eq!(short.document["affected"][0].get("ranges"), None, "the format asks for whole ones");
    assert!(short.problems.iter().any(|p| p.contains("whole commit")), "{:?}", short.problems);
    let c = csaf(&commits(a, b), &about()).document;
    assert_eq!(c["vulnerabilities"][0]["remediations"][0]["category"], "none_available");
}

#[test]
fn what_is_affected_by_default_is_not_left_out() {
    let one = of(r#"[{"vendor":"v","product":"Queue","defaultStatus":"affected",
        "versions":[{"version":"0:18.0.6-1","lessThan":"*","status":"unaffected","versionType":"rpm"}]}]"#);
    assert!(mail(&one, &about()).body.contains("- Queue before 0:18.0.6-1\n"));
    assert!(csaf(&one, &about()).document["product_tree"].to_string().contains("vers:generic/<0%3A18.0.6-1"));
    let all = of(r#"[{"vendor":"v","product":"Queue","defaultStatus":"affected"}]"#);
    assert!(mail(&all, &about()).body.contains("- Queue every version\n"));
    let some = of(r#"[{"vendor":"v","product":"Queue","defaultStatus":"affected","versions":[
        {"version":"5.11","status":"affected"},{"version":"6.1.5","lessThanOrEqual":"6.1.*","status":"unaffected"}]}]"#);
    assert!(
        mail(&some, &about())
            .body
            .contains("- Queue: every version that the record does not call unaffected\n")
    );
    for problems in [osv(&some, &about()).problems, csaf(&some, &about()).problems] {
        assert!(problems.iter().any(|p| p.contains("does not list")), "{problems:?}");
    }
    // Without any product the document has no empty places, which its format forbids.
    let none = csaf(&of("[]"), &about());
    assert_eq!(none.document.get("product_tree"), None);
    assert!(!none.problems.is_empty());
}

#[test]
fn a_rejected_id_is_withdrawn() {
    let r = Record::parse(
        r#"{"dataType":"CVE_RECORD","dataVersion":"5.1",
        "cveMetadata":{"cveId":"CVE-2026-12345","state":"REJECTED","dateRejected":"2026-02-05T10:00:00"},
        "containers":{"cna":{"rejectedReasons":[{"lang":"en","value":"Not a flaw."}],"replacedBy":["CVE-2026-1000"]}}}"#,
    )
    .unwrap();
    let d = osv(&r, &about()).document;
    assert_eq!(d["withdrawn"], "2026-02-05T10:00:00Z");
    let why = "This id was rejected: Not a flaw.\n\nSee CVE-2026-1000.";
    assert_eq!(d["details"], why);
    assert_eq!(csaf(&r, &about()).document["vulnerabilities"][0]["notes"][0]["text"], why);
    assert!(openvex(&r, &about()).problems.iter().any(|p| p.contains("rejected")));
    let m = mail(&r, &about());
    assert_eq!(m.subject, "CVE-2026-12345");
    assert!(m.body.contains(why), "{}", m.body);
    assert!(page(&r).starts_with("# CVE-2026-12345\n\nThis id was rejected"), "{}", page(&r));
}
