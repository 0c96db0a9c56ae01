//! What `cve export` writes is what the formats' own validators accept: the OSV schema (PyPI `osv` carries it) and the
//! CSAF tests (npm `@secvisogram/csaf-validator-lib`), both installed by `./check`. Without them the test says that it
//! was skipped. Real records come from `shared/data` beside a folder above, when it is there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{env::Env, schema_parity::published};

const CONFIG: &str = "[project]\nschema = 1\nid = \"x\"\nname = \"Example\"\nshort_name = \"Ex\"\n\
                      vendor = \"Example Foundation\"\nurl = \"https://example.org/\"\nextends = [\"independent\"]\n";

/// A record that uses what published ones seldom do: scores, several packages, hostile words.
const FULL: &str = r#"{"dataType":"CVE_RECORD","dataVersion":"5.1",
"cveMetadata":{"cveId":"CVE-2026-12345","assignerOrgId":"f0158376-9dc2-43b6-827c-5f631a4d8d09","state":"PUBLISHED",
 "datePublished":"2026-02-01T10:00:00.000Z","dateUpdated":"2026-02-03T10:00:00.000Z"},
"containers":{"cna":{"providerMetadata":{"orgId":"f0158376-9dc2-43b6-827c-5f631a4d8d09"},
"title":"Stored script in <names> \u202e \" & --> ```",
"descriptions":[{"lang":"en","value":"Users may store scripts.\n\n<script>alert(1)</script> Upgrade to 2.10.3."}],
"affected":[
 {"vendor":"Example","product":"Queue","packageName":"queue","collectionURL":"https://pypi.org","defaultStatus":"unaffected",
  "versions":[{"version":"2.0.0","status":"affected","lessThan":"2.10.3","versionType":"python"},
   {"version":"3.0.0 beta|1","status":"affected","versionType":"custom"},{"version":"4.0.0","status":"unaffected"}]},
 {"vendor":"Example","product":"Chart","packageName":"org.example:chart","collectionURL":"https://repo1.maven.org/maven2",
  "versions":[{"version":"0","status":"affected","lessThan":"*","versionType":"maven"}]},
 {"product":"No versions","vendor":"Example","defaultStatus":"unknown"}],
"problemTypes":[{"descriptions":[{"lang":"en","description":"CWE-79 XSS","cweId":"CWE-79","type":"CWE"},
 {"lang":"en","description":"CWE-20 Input","cweId":"CWE-20","type":"CWE"}]}],
"metrics":[{"format":"CVSS","cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N",
 "baseScore":5.4,"baseSeverity":"MEDIUM"}},{"other":{"type":"Textual description of severity","content":{"text":"moderate"}}}],
"credits":[{"lang":"en","value":"Jane Doe","type":"finder"},{"lang":"en","value":"scan-bot","type":"tool"},
 {"lang":"en","value":"Rob","type":"remediation developer"}],
"references":[{"url":"https://github.com/x/y/pull/7","tags":["patch"]},{"url":"https://lists.example.org/thread/1","tags":["vendor-advisory"]}]}}}"#;

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(name)
}

/// Export some records, the real ones where they are.
fn exported(form: &str, env: &Env) -> usize {
    env.write("tipstaff.toml", CONFIG);
    env.write("full.cve.json", FULL);
    let mut records = vec![env.path().join("full.cve.json")];
    records.extend(published(env).into_iter().step_by(9));
    let out = env.path().join("out");
    std::fs::create_dir_all(&out).unwrap();
    for (i, record) in records.iter().enumerate() {
        let said = env.run(&["cve", "export", &record.display().to_string(), "--format", form]).expect(0);
        std::fs::write(out.join(format!("{i}.json")), said.out).unwrap();
    }
    records.len()
}

fn judge(mut command: Command, env: &Env, records: usize) {
    let o = command.arg(env.path().join("out")).output().unwrap();
    let said = String::from_utf8_lossy(&o.stdout);
    assert!(o.status.success(), "{said}{}", String::from_utf8_lossy(&o.stderr));
    assert_eq!(said.trim(), format!("{records} documents, the broken one refused"), "{said}");
}

#[test]
fn osv_documents_pass_the_official_schema() {
    let python = target("check-venv").join("bin/python3");
    if !target("check-osv/osv/osv-schema/validation/schema.json").is_file() {
        eprintln!("skipped: ./check has not fetched the OSV schema (PyPI osv)");
        return;
    }
    let env = Env::new();
    let n = exported("osv", &env);
    let mut c = Command::new(python);
    c.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/osv_verdicts.py"))
        .arg(target("check-osv/osv/osv-schema/validation/schema.json"));
    judge(c, &env, n);
}

#[test]
fn csaf_documents_pass_the_official_tests() {
    let node = target("check-node");
    if !node.join("node_modules/@secvisogram/csaf-validator-lib/package.json").is_file() {
        eprintln!(
            "skipped: ./check has not fetched the CSAF validator (npm @secvisogram/csaf-validator-lib)"
        );
        return;
    }
    let env = Env::new();
    let n = exported("csaf", &env);
    // The script stands where its modules are found.
    let script = node.join(format!("csaf_verdicts-{}.mjs", std::process::id()));
    std::fs::write(&script, include_str!("csaf_verdicts.mjs")).unwrap();
    let mut c = Command::new("node");
    c.arg(&script);
    judge(c, &env, n);
    std::fs::remove_file(script).unwrap();
}

#[test]
fn every_form_is_written_for_a_record_with_everything_in_it() {
    let env = Env::new();
    env.write("tipstaff.toml", CONFIG);
    env.write("full.cve.json", FULL);
    let run = |form: &str| env.run(&["cve", "export", "full.cve.json", "--format", form]).expect(0).out;
    let vex: serde_json::Value = serde_json::from_str(&run("openvex")).unwrap();
    assert_eq!(vex["statements"].as_array().unwrap().len(), 3);
    let mail = run("mail");
    assert!(mail.starts_with("Subject: CVE-2026-12345: "), "{mail}");
    assert!(!mail.contains('\u{202e}'), "hidden characters are made visible");
    assert!(!run("markdown").contains("<script>"));
    assert!(run("json").contains("\"CVE_RECORD\""));
}
