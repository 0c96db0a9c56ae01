//! `cve check` says of a record what the official JSON schema says: the same verdict on thousands of records, real
//! ones, whole ones made here, and both damaged in every way we could think of.
//!
//! The schema comes from PyPI (`cvelib`), which `./check` installs into `target/check-venv`. Without it the test says
//! that it was skipped. Real records come from `shared/data` beside a folder above, when it is there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value, json};

use crate::env::Env;

/// Damaged records for each whole one made here, twice this for the full one; more when there are no real ones.
const TIMES: (usize, usize) = (120, 280);

/// A Python that has `cvelib`.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/check-venv/bin/python3");
    [venv, PathBuf::from("python3")].into_iter().find(|p| {
        let run = Command::new(p).args(["-c", "import cvelib, jsonschema"]).output();
        run.is_ok_and(|o| o.status.success())
    })
}

/// The archive of published records.
pub fn archive() -> Option<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|a| a.join("shared/data/asf-records.tar.gz"))
        .find(|p| p.is_file())
}

/// Published records, unpacked into the working folder of the test.
pub fn published(env: &Env) -> Vec<PathBuf> {
    let Some(archive) = archive() else { return Vec::new() };
    let done = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(env.path()).status();
    assert!(done.is_ok_and(|s| s.success()), "{} can be unpacked", archive.display());
    let mut open = vec![env.path().join("asf-records")];
    let mut out = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".cve.json") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// Numbers that depend on the seed alone (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n.max(1) as u64).unwrap()
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let n = self.below(list.len());
        &list[n]
    }
}

const ORG: &str = "f0158376-9dc2-43b6-827c-5f631a4d8d09";

/// Whole records that use every part of the format.
fn whole() -> Vec<Value> {
    let text = |t: &str| {
        json!([{"lang": "en", "value": t, "supportingMedia": [
        {"type": "text/html", "base64": false, "value": "<p>x</p>"}]}])
    };
    let cpe = "cpe:2.3:a:example:server:2.0:*:*:*:*:*:*:*";
    let range = json!({"version": "2.0.0", "lessThan": "2.4.1", "status": "affected", "versionType": "semver",
        "changes": [{"at": "2.3.9", "status": "unaffected"}]});
    let product = json!({"vendor": "Example", "product": "Server", "collectionURL": "https://registry.example/",
        "packageName": "server", "cpes": [cpe, "cpe:/a:example:server:2.0"], "modules": ["upload"],
        "programFiles": ["src/upload.c"], "programRoutines": [{"name": "save"}], "platforms": ["Linux", "x86"],
        "repo": "https://code.example/server", "defaultStatus": "unaffected", "versions": [range,
            {"version": "1.0", "status": "unknown"}, {"version": "1.1", "status": "affected", "versionType": "custom"},
            {"version": "0", "lessThanOrEqual": "0.9", "status": "affected", "versionType": "custom"}]});
    let metrics = json!([
        {"format": "CVSS", "scenarios": [{"lang": "en", "value": "GENERAL"}], "cvssV3_1": {"version": "3.1",
            "vectorString": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N", "baseScore": 6.5, "baseSeverity": "MEDIUM",
            "attackVector": "NETWORK", "attackComplexity": "LOW", "privilegesRequired": "LOW", "userInteraction": "NONE",
            "scope": "UNCHANGED", "confidentialityImpact": "NONE", "integrityImpact": "HIGH", "availabilityImpact": "NONE",
            "exploitCodeMaturity": "UNPROVEN", "remediationLevel": "OFFICIAL_FIX", "reportConfidence": "CONFIRMED",
            "temporalScore": 5.7, "temporalSeverity": "MEDIUM", "confidentialityRequirement": "LOW",
            "modifiedAttackVector": "NOT_DEFINED", "modifiedScope": "CHANGED", "environmentalScore": 10,
            "environmentalSeverity": "CRITICAL"}},
        {"cvssV3_0": {"version": "3.0", "vectorString": "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N/E:P/RL:O",
            "baseScore": 6.1, "baseSeverity": "MEDIUM"}},
        {"cvssV2_0": {"version": "2.0", "vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P/E:POC", "baseScore": 7.5,
            "accessVector": "NETWORK", "accessComplexity": "LOW", "authentication": "NONE",
            "confidentialityImpact": "PARTIAL", "collateralDamagePotential": "LOW_MEDIUM", "targetDistribution": "HIGH",
            "temporalScore": 5.9, "exploitability": "PROOF_OF_CONCEPT", "reportConfidence": "UNCORROBORATED"}},
        {"cvssV4_0": {"version": "4.0", "vectorString":
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A/MSI:S/U:Amber", "baseScore": 9.3,
            "baseSeverity": "CRITICAL", "attackVector": "ADJACENT", "attackRequirements": "PRESENT",
            "userInteraction": "PASSIVE", "vulnIntegrityImpact": "HIGH", "subAvailabilityImpact": "LOW",
            "exploitMaturity": "ATTACKED", "modifiedSubIntegrityImpact": "SAFETY", "Safety": "PRESENT",
            "Automatable": "YES", "Recovery": "USER", "valueDensity": "DIFFUSE",
            "vulnerabilityResponseEffort": "MODERATE", "providerUrgency": "AMBER"}},
        {"other": {"type": "Textual description of severity", "content": {"text": "important"}}}
    ]);
    let common = json!({
        "providerMetadata": {"orgId": ORG, "shortName": "example", "dateUpdated": "2026-02-01T10:00:00.123Z"},
        "datePublic": "2026-02-01T10:00:00+01:00", "title": "A flaw", "descriptions": text("A flaw in Server."),
        "affected": [product], "cpeApplicability": [{"operator": "OR", "negate": false, "nodes": [{"operator": "AND",
            "negate": true, "cpeMatch": [{"vulnerable": true, "criteria": cpe, "matchCriteriaId": ORG,
                "versionStartIncluding": "2.0", "versionEndExcluding": "2.4.1"}]}]}],
        "problemTypes": [{"descriptions": [{"lang": "en", "description": "CWE-22", "cweId": "CWE-22", "type": "CWE",
            "references": [{"url": "https://cwe.example/22"}]}]}],
        "references": [{"url": "https://code.example/pull/1", "name": "fix", "tags": ["patch", "x_ours"]},
            {"url": "https://lists.example/1", "tags": ["vendor-advisory"]}],
        "impacts": [{"capecId": "CAPEC-126", "descriptions": text("Path traversal")}], "metrics": metrics,
        "configurations": text("Uploads are on"), "workarounds": text("Turn uploads off"),
        "solutions": text("Upgrade to 2.4.1"), "exploits": text("None known"),
        "timeline": [{"time": "2026-01-01T00:00:00", "lang": "en", "value": "reported"}],
        "credits": [{"lang": "en", "value": "Jane Doe", "type": "finder", "user": ORG},
            {"lang": "en-US", "value": "John Roe", "type": "remediation developer"}],
        "source": {"discovery": "EXTERNAL"}, "tags": ["disputed", "x_tag"],
        "taxonomyMappings": [{"taxonomyName": "ATT&CK", "taxonomyVersion": "v9", "taxonomyRelations": [
            {"taxonomyId": "T1", "relationshipName": "r", "relationshipValue": "v"}]}],
        "x_generator": {"engine": "none"}
    });
    let metadata = json!({"cveId": "CVE-2026-12345", "assignerOrgId": ORG, "assignerShortName": "example",
        "requesterUserId": ORG, "serial": 1, "dateUpdated": "2026-02-01T10:00:00Z",
        "dateReserved": "2024-02-29T00:00:00", "datePublished": "2026-02-01T10:00:00Z", "state": "PUBLISHED"});
    let record = |metadata: &Value, containers: Value| json!({"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": metadata, "containers": containers});
    let mut cna = common.clone();
    cna["dateAssigned"] = "2026-01-01T00:00:00Z".into();
    let published = record(&metadata, json!({"cna": cna, "adp": [common]}));
    let mut rejected_metadata = metadata.clone();
    rejected_metadata.as_object_mut().unwrap().remove("requesterUserId");
    rejected_metadata["state"] = "REJECTED".into();
    rejected_metadata["dateRejected"] = "2026-03-01T00:00:00Z".into();
    let rejected = record(
        &rejected_metadata,
        json!({"cna": {"providerMetadata": {"orgId": ORG}, "rejectedReasons": text("Not a flaw."),
            "replacedBy": ["CVE-2026-12346"], "x_own": 1}}),
    );
    let least = record(
        &json!({"cveId": "CVE-1999-0001", "assignerOrgId": ORG, "state": "PUBLISHED"}),
        json!({"cna": {"providerMetadata": {"orgId": ORG}, "descriptions": [{"lang": "en", "value": "x"}],
            "affected": [{"vendor": "n/a", "product": "n/a", "defaultStatus": "unknown"}],
            "references": [{"url": "x"}]}}),
    );
    vec![published, rejected, least]
}

/// JSON pointers of every value.
fn places(v: &Value, at: String, out: &mut Vec<String>) {
    match v {
        Value::Object(map) => {
            for (k, c) in map {
                places(c, format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Value::Array(items) => {
            for (n, c) in items.iter().enumerate() {
                places(c, format!("{at}/{n}"), out);
            }
        }
        _ => {}
    }
    out.push(at);
}

/// Words that are right in one place and wrong in most.
const WORDS: &[&str] = &[
    "",
    "x",
    "xx",
    "en",
    "de",
    "en-US",
    "en_Latn_GB",
    "english",
    "EN",
    "CVE-2026-1",
    "CVE-2026-99999",
    "CVE-26-9999",
    "cve-2026-99999",
    "CVE-2026-12345678901234567890",
    "CWE-79",
    "CWE-079",
    "CWE-123456",
    "CWE-1",
    "CAPEC-1",
    "CAPEC-99999",
    "CAPEC-100000",
    "CAPEC-0",
    ORG,
    "F0158376-9DC2-43B6-A27C-5F631A4D8D09",
    "f0158376-9dc2-13b6-827c-5f631a4d8d09",
    "f0158376-9dc2-43b6-c27c-5f631a4d8d09",
    "f01583769dc243b6827c5f631a4d8d09",
    "Not found",
    "PUBLISHED",
    "REJECTED",
    "RESERVED",
    "published",
    "affected",
    "unaffected",
    "unknown",
    "Affected",
    "finder",
    "tool",
    "sponsor",
    "coordinator",
    "Finder",
    "2024-02-29T00:00:00",
    "2023-02-29T00:00:00",
    "1996-02-29T00:00:00Z",
    "19-02-29T00:00:00",
    "2000-02-29T23:59:59.9Z",
    "2024-12-31T23:59:60Z",
    "2024-01-01",
    "2024-01-01T10:00:00+0100",
    "2024-01-01T10:00:00-99:99",
    "2024-1-1T00:00:00",
    "2024-06-31T00:00:00",
    "2024-01-01T00:00:00.Z",
    "2024-01-01t00:00:00z",
    "3000-01-01T00:00:00Z",
    "5.1",
    "5.0",
    "5.1.1",
    "5.0.0",
    "5",
    "4.0",
    "5.01",
    "6.0",
    "CVE_RECORD",
    "CVE",
    "patch",
    "fix",
    "x_",
    "x_a b",
    "x.",
    "disputed",
    "exclusively-hosted-service",
    "unsupported-when-assigned",
    "NONE",
    "LOW",
    "MEDIUM",
    "HIGH",
    "CRITICAL",
    "high",
    "NETWORK",
    "ADJACENT",
    "ADJACENT_NETWORK",
    "NOT_DEFINED",
    "PARTIAL",
    "SAFETY",
    "AND",
    "OR",
    "or",
    "2.0",
    "3.0",
    "3.1",
    "4.0",
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:3.1/AV:N",
    "CVSS:3.1/",
    "CVSS:3.1/PR:U",
    "CVSS:3.0/PR:U",
    "CVSS:3.0/AV:N/",
    "CVSS:3.1/AV:N/E:X/RL:W/RC:R/CR:M/MAV:P/MUI:R/MS:X/MA:H",
    "CVSS:3.1/AV:Z",
    "AV:N/AC:M/Au:S/C:C/I:C/A:C",
    "(AV:N/AC:M/Au:S/C:C/I:C/A:C)",
    "AV:N/CDP:LM/TD:ND/CR:ND",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/U:Amber/E:A",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/S:P/AU:Y/R:I/V:C/RE:H/U:Red",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
    "cpe:/",
    "cPE:/o:a",
    "Cpe:/o:a",
    "xx cpe:/a yy",
    "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*",
    "cpe:2.3:a:v:p:1:*:*:*:*:*:*",
    "cpe:2.3:a:v:p:1:*:*:xx-YY:*:*:*:*",
    r"cpe:2.3:o:v\/x:p\!:1\.0:-:*:en:?a?:*b*:*:-",
    "cpe:2.3:z:v:p:1:*:*:*:*:*:*:*",
    "https://example.org/",
    "no address",
    "http://[",
    "custom",
    "semver",
    "*",
    "0",
    "true",
    "é",
    "\u{1F600}",
];

/// Scores at the edges of their bands, and what is no score.
const SCORES: &[f64] = &[
    0.0,
    0.1,
    0.05,
    3.9,
    3.95,
    4.0,
    6.9,
    7.0,
    8.9,
    9.0,
    10.0,
    10.1,
    -0.1,
    1e30,
    0.300_000_000_000_000_04,
    1.0,
];

fn value(dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => true.into(),
        2 => json!([]),
        3 => json!({}),
        4 => "".into(),
        5 => {
            let n = *dice.one(&[2, 33, 65, 129, 257, 513, 1025, 2049, 4097, 16385]) - dice.below(2);
            dice.one(&["a", "é", "\u{1F600}"]).repeat(n).into()
        }
        6 => json!(*dice.one(&[
            0.0,
            0.1,
            0.05,
            3.9,
            3.95,
            4.0,
            6.9,
            7.0,
            8.9,
            9.0,
            10.0,
            10.1,
            -0.1,
            1e30,
            0.30000000000000004
        ])),
        7 => json!(*dice.one(&[0i64, 1, 2, 10, 11, -1, i64::MAX])),
        8 => json!([{}]),
        9 => json!(["en", "en"]),
        10 => json!({"lang": "en", "value": "x"}),
        11 => json!({"x_a": 1}),
        _ => (*dice.one(WORDS)).into(),
    }
}

/// One thing goes wrong, or stays right.
fn damage(record: &mut Value, dice: &mut Dice) {
    let mut all = Vec::new();
    places(record, String::new(), &mut all);
    let place: String = dice.one(&all).clone();
    let spot: &String = dice.one(&all);
    let other = record.pointer(spot).cloned().unwrap();
    let key = |dice: &mut Dice| {
        (*dice.one(&["extra", "x_own", "x_o.wn", "x_", "X_a", "", "lang", "value", "version", "other"]))
            .to_owned()
    };
    match dice.below(14) {
        0..=2 => {
            // Take a value away.
            let Some((up, last)) = place.rsplit_once('/') else { return };
            match record.pointer_mut(up) {
                Some(Value::Object(map)) => {
                    map.remove(&last.replace("~1", "/").replace("~0", "~"));
                }
                Some(Value::Array(items)) => {
                    items.remove(last.parse().unwrap());
                }
                _ => {}
            }
        }
        3..=6 => *record.pointer_mut(&place).unwrap() = value(dice),
        7 => {
            // A key more.
            let key = key(dice);
            let v = value(dice);
            if let Some(Value::Object(map)) = record.pointer_mut(&place) {
                map.insert(key, v);
            }
        }
        8 => {
            // An entry twice, perhaps with its keys in another order; or very many.
            let many = dice.below(12) == 0;
            if let Some(Value::Array(items)) = record.pointer_mut(&place)
                && let Some(first) = items.first().cloned()
            {
                let again = match &first {
                    Value::Object(map) => {
                        map.iter().rev().map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>().into()
                    }
                    v => v.clone(),
                };
                items.push(again);
                if many {
                    items.extend((0..512).map(|n| json!({"url": format!("https://a.example/{n}")})));
                }
            }
        }
        9 => *record.pointer_mut(&place).unwrap() = other,
        12 | 13 => {
            // A number that is not quite right.
            let numbers: Vec<&String> =
                all.iter().filter(|p| record.pointer(p).is_some_and(Value::is_number)).collect();
            if !numbers.is_empty() {
                let at: String = (*dice.one(&numbers)).clone();
                *record.pointer_mut(&at).unwrap() = json!(*dice.one(SCORES));
            }
        }
        10 => {
            // Text changed a little.
            if let Some(Value::String(s)) = record.pointer_mut(&place) {
                *s = match dice.below(5) {
                    0 => s.to_lowercase(),
                    1 => s.to_uppercase(),
                    2 => format!(" {s}"),
                    3 => s.chars().skip(1).collect(),
                    _ => format!("{s}0"),
                };
            }
        }
        _ => {
            // A key renamed.
            let key = key(dice);
            if let Some(Value::Object(map)) = record.pointer_mut(&place)
                && let Some(first) = map.keys().nth(dice.below(map.len())).cloned()
                && let Some(v) = map.remove(&first)
            {
                map.insert(key, v);
            }
        }
    }
}

/// The verdicts of the official schema; two processes share the work.
fn official(python: &Path, env: &Env, records: &[Value]) -> Vec<bool> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/schema_verdicts.py");
    let runs: Vec<_> = records
        .chunks(records.len().div_ceil(2))
        .enumerate()
        .map(|(n, part)| {
            let list = env.write(&format!("part-{n}.json"), serde_json::to_vec(part).unwrap());
            Command::new(python).arg(&script).arg(list).stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut out = Vec::new();
    for run in runs {
        let o = run.wait_with_output().unwrap();
        assert!(o.status.success(), "the official validator runs");
        let said: Value = serde_json::from_slice(&o.stdout).unwrap();
        assert_eq!(said["schema"], "CVE_JSON_bundled_5.1.1.json", "the schema this crate follows");
        out.extend(said["valid"].as_array().unwrap().iter().map(|v| v == true));
    }
    out
}

#[test]
fn the_verdict_is_that_of_the_official_schema() {
    let Some(python) = python() else {
        eprintln!(
            "skipped: no Python with cvelib and jsonschema; ./check installs them into target/check-venv"
        );
        return;
    };
    let env = Env::new();
    let real = published(&env);
    if real.is_empty() {
        eprintln!("without the published records: shared/data/asf-records.tar.gz is not there");
    }
    let times = if real.is_empty() { TIMES.1 } else { TIMES.0 };
    let mut dice = Dice(20_261_122);
    let mut records = Vec::new();
    for base in whole() {
        for _ in 0..times * if records.is_empty() { 6 } else { 1 } {
            let mut r = base.clone();
            for _ in 0..=dice.below(2) {
                damage(&mut r, &mut dice);
            }
            records.push(r);
        }
        records.push(base);
    }
    let made = records.len();
    for path in &real {
        let base: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut r = base.clone();
        damage(&mut r, &mut dice);
        records.push(base);
        records.push(r);
    }
    env.write("list.json", serde_json::to_vec(&records).unwrap());
    let theirs = official(&python, &env, &records);
    let ours = env.run(&["cve", "check", "--json", "--only", "schema", "list.json"]).expect(0).json();
    let ours = ours["files"].as_array().unwrap();
    assert_eq!((ours.len(), theirs.len()), (records.len(), records.len()));
    let mut wrong = Vec::new();
    let mut valid = 0;
    for (n, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        let findings = our["findings"].as_array().unwrap();
        valid += usize::from(*their);
        if findings.is_empty() != *their {
            wrong.push(format!("record {n}: schema says {their}; {}\n{}", our["findings"], records[n]));
        }
    }
    println!(
        "{} records ({made} made here, {} published), {valid} valid, {} differ",
        records.len(),
        real.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{} differ; the first:\n{}", wrong.len(), wrong[0]);
    assert!(
        records.len() >= 2000 && valid * 5 > records.len() && valid * 5 < 4 * records.len(),
        "{valid} of {} valid",
        records.len()
    );
    // The damage reaches every rule of the format.
    let seen: std::collections::BTreeSet<&str> = ours
        .iter()
        .flat_map(|o| o["findings"].as_array().unwrap())
        .filter_map(|f| f["rule"].as_str())
        .collect();
    let silent: Vec<&str> =
        desk::cve::schema::RULES.iter().map(|(id, _)| *id).filter(|id| !seen.contains(id)).collect();
    assert!(silent.is_empty(), "no record shows {silent:?}");
}
