//! `cve check` as people and scripts meet it.

use serde_json::{Value, json};

use crate::env::{Env, Said};

/// A record without a flaw.
pub fn good() -> Value {
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": "CVE-2026-12345", "assignerOrgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09",
            "state": "PUBLISHED"},
        "containers": {"cna": {
            "providerMetadata": {"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"},
            "title": "Path traversal in the upload form of Example Server",
            "descriptions": [{"lang": "en", "value": "Example Server from 2.0.0 before 2.4.1 allows a user to write \
                outside of the upload folder. Users should upgrade to 2.4.1, which fixes this."}],
            "affected": [{"vendor": "Example Project", "product": "Example Server", "versions": [
                {"version": "2.0.0", "lessThan": "2.4.1", "status": "affected", "versionType": "semver"}]}],
            "problemTypes": [{"descriptions": [{"lang": "en", "cweId": "CWE-22", "description": "CWE-22"}]}],
            "metrics": [{"other": {"type": "Textual description of severity", "content": {"text": "moderate"}}}],
            "references": [{"url": "https://code.example/pull/12", "tags": ["patch"]},
                {"url": "https://lists.example/1", "tags": ["vendor-advisory"]}],
            "credits": [{"lang": "en", "value": "Jane Doe", "type": "finder"}]
        }}
    })
}

fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut r = good();
    change(&mut r);
    serde_json::to_string_pretty(&r).unwrap()
}

fn flawed() -> String {
    with(|r| {
        r["containers"]["cna"]["title"] = "Example Server < 2.4.1 <b>XSS</b>\u{1b}[31m".into();
        r["containers"]["cna"]["affected"][0]["versions"][0]["lessThan"] = "".into();
    })
}

fn rules(said: &Said) -> Vec<String> {
    let v = said.json();
    let files = v["files"].as_array().unwrap().clone();
    files
        .iter()
        .flat_map(|f| f["findings"].as_array().unwrap().clone())
        .map(|f| f["rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_good_record_is_clean_and_exits_0() {
    let env = Env::new();
    env.write("a.json", with(|_| {}));
    let said = env.run(&["cve", "check", "a.json"]).expect(0);
    assert_eq!(said.out, "1 record in 1 file: nothing to mend.\n");
    assert!(rules(&env.run(&["cve", "check", "--json", "a.json"]).expect(0)).is_empty());
    assert!(!env.desk().exists(), "no desk is made or needed");
}

#[test]
fn findings_have_the_keys_of_the_contract() {
    let env = Env::new();
    env.write("b.json", flawed());
    let v = env.run(&["cve", "check", "--json", "b.json"]).expect(0).json();
    let file = &v["files"][0];
    assert_eq!((file["file"].as_str(), file["cve"].as_str()), (Some("b.json"), Some("CVE-2026-12345")));
    let findings = file["findings"].as_array().unwrap();
    let schema = findings.iter().find(|f| f["rule"] == "schema.length").unwrap();
    assert_eq!(
        *schema,
        json!({"rule": "schema.length", "level": "error", "field": "affected_versions", "message": "is empty",
            "path": "$.containers.cna.affected[0].versions[0].lessThan", "line": schema["line"], "column": 27})
    );
    let line = flawed().lines().position(|l| l.contains("lessThan")).unwrap() + 1;
    assert_eq!(schema["line"], line);
    assert!(findings.iter().any(|f| f["rule"] == "lint.title-version" && f["field"] == "title"));
}

#[test]
fn people_get_exit_5_and_text_that_cannot_harm_their_terminal() {
    let env = Env::new();
    env.write("b.json", flawed());
    let said = env.run(&["cve", "check", "b.json"]).expect(5);
    assert!(said.out.starts_with("b.json  CVE-2026-12345  1 error, "), "{}", said.out);
    assert!(said.out.contains("lint.html") && said.out.contains("[title]"), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    let said = env.run(&["cve", "check", "--ignore", "schema", "--ignore", "lint.E", "b.json"]).expect(0);
    assert!(said.out.contains("warning") && !said.out.contains("schema."), "{}", said.out);
    let _ = env
        .run(&["cve", "check", "--ignore", "schema", "--ignore", "lint.E", "--deny", "warning", "b.json"])
        .expect(5);
    let _ = env.run(&["cve", "check", "--json", "--deny", "error", "b.json"]).expect(5);
    let _ = env.run(&["cve", "check", "--only", "lint.nothing", "b.json"]).expect(2);
}

#[test]
fn bad_json_is_a_finding_with_line_and_column_and_stops_nothing() {
    let env = Env::new();
    env.write("dir/1.json", "{\n  \"containers\": }");
    env.write("dir/2.json", with(|_| {}));
    env.write("dir/osv.json", "{\"id\": \"X-1\", \"affected\": []}");
    env.write("dir/.hidden.json", "no");
    env.write("dir/deep/3.JSON", "[".repeat(5000));
    let v = env.run(&["cve", "check", "--json", "dir"]).expect(0).json();
    let files: Vec<_> = v["files"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["dir/1.json", "dir/2.json", "dir/deep/3.JSON"]);
    let f = &v["files"][0]["findings"][0];
    assert_eq!((&f["rule"], &f["line"], &f["column"]), (&json!("schema.json"), &json!(2), &json!(17)));
    assert_eq!(v["summary"]["other_files"], 1);
    // A file that was named is always judged.
    assert!(
        rules(&env.run(&["cve", "check", "--json", "dir/osv.json"]).expect(0))
            .contains(&"schema.required".into())
    );
}

#[test]
fn lists_envelopes_and_standard_input_are_read() {
    let env = Env::new();
    let list = format!("[{{\"body\": {}, \"__v\": 1}},\n{}]", with(|_| {}), flawed());
    let path = env.write("list.json", &list);
    let v = env.run(&["cve", "check", "--json", "list.json"]).expect(0).json();
    let files = v["files"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["record"], &files[1]["record"]), (2, &json!(0), &json!(1)));
    assert_eq!(files[0]["findings"], json!([]));
    let line = list.lines().position(|l| l.contains("\"lessThan\": \"\"")).unwrap() + 1;
    assert!(
        files[1]["findings"].as_array().unwrap().iter().any(|f| f["line"] == line),
        "lines count from the file's start"
    );
    let mut c = env.command(&["cve", "check", "--json", "-"]);
    let o = c.stdin(std::fs::File::open(path).unwrap()).output().unwrap();
    let v: Value = serde_json::from_slice(&o.stdout).unwrap();
    assert_eq!((v["files"].as_array().unwrap().len(), &v["files"][0]["file"]), (2, &json!("-")));
}

#[test]
fn nothing_to_check_and_nothing_there_are_told_apart() {
    let env = Env::new();
    std::fs::create_dir(env.path().join("empty")).unwrap();
    let _ = env.run(&["cve", "check", "empty"]).expect(3);
    assert_eq!(env.run(&["cve", "check", "--json", "empty"]).expect(0).json()["files"], json!([]));
    let said = env.run(&["cve", "check", "none.json"]).expect(2);
    assert!(said.err.contains("none.json cannot be read"), "{}", said.err);
    let _ = env.run(&["cve", "check"]).expect(2);
    let _ = env.run(&["cve"]).expect(2);
}

#[test]
fn sarif_names_rules_places_and_fields() {
    let env = Env::new();
    env.write("a b.json", flawed());
    let v = env.run(&["cve", "check", "--sarif", "a b.json"]).expect(0).json();
    assert_eq!(v["version"], "2.1.0");
    let run = &v["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for r in results {
        let index = usize::try_from(r["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], r["ruleId"]);
        let place = &r["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.json");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 1 && r["message"]["text"].is_string());
    }
}

#[test]
fn thousands_are_checked_in_order_and_alike_every_time() {
    let env = Env::new();
    for n in 0..2500 {
        let text = if n % 3 == 0 {
            flawed()
        } else {
            with(|r| r["cveMetadata"]["cveId"] = format!("CVE-2026-{:05}", n).into())
        };
        env.write(&format!("many/{n:04}.json"), text);
    }
    let first = env.run(&["cve", "check", "--json", "many"]).expect(0);
    assert_eq!(first.out, env.run(&["cve", "check", "--json", "many"]).expect(0).out);
    let v = first.json();
    let files: Vec<_> =
        v["files"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap().to_owned()).collect();
    assert!(files.len() == 2500 && files.is_sorted());
}

#[test]
fn a_record_of_5_mb_is_checked_at_once() {
    let env = Env::new();
    let big = with(|r| {
        let list: Vec<Value> = (0..60_000)
            .map(|n| json!({"url": format!("https://a.example/{}", n % 30_000), "x": "y".repeat(30)}))
            .collect();
        r["containers"]["cna"]["references"] = list.into();
        let versions: Vec<Value> = (0..20_000)
            .map(|n| json!({"version": format!("{}.{}", n % 100, n), "status": "affected"}))
            .collect();
        r["containers"]["cna"]["affected"][0]["versions"] = versions.into();
    });
    assert!(big.len() > 5_000_000);
    env.write("big.json", big);
    let said = env.run(&["cve", "check", "big.json"]).expect(5);
    assert!(said.out.contains("more of schema.additional"), "{}", said.out);
    assert!(said.out.len() < 20_000, "{} bytes are no glance", said.out.len());
}

#[test]
fn published_records_are_checked_without_a_hitch() {
    let env = Env::new();
    let real = crate::schema_parity::published(&env);
    if real.is_empty() {
        eprintln!("skipped: shared/data/asf-records.tar.gz is not there");
        return;
    }
    let v = env.run(&["cve", "check", "--json", "asf-records"]).expect(0).json();
    assert_eq!(v["summary"]["records"], real.len());
    assert_eq!(v["files"].as_array().unwrap().len(), real.len());
    // `Not found` where an organisation belongs: 208 records, in two places each, and a few flaws besides.
    assert!(v["summary"]["rules"]["schema.pattern"].as_u64().unwrap() > 400);
}
