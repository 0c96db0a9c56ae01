//! The `x` commands: the JSON keys of DESIGN §7, without desk and without home, and one clear line for bad input.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    env::{Env, NOW, Said},
    mails::{ann, ann_again, bob, mbox},
};

/// Run without home, desk and user, so that nothing can be read that was not named.
fn bare(env: &Env, args: &[&str], input: &[u8]) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tipstaff"))
        .env_clear()
        .env("TIPSTAFF_NOW", NOW)
        .current_dir(env.path())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    let o = child.wait_with_output().unwrap();
    Said {
        out: String::from_utf8_lossy(&o.stdout).into_owned(),
        err: String::from_utf8_lossy(&o.stderr).into_owned(),
        code: o.status.code().unwrap_or(-1),
    }
}

fn keys(v: &Value, keys: &[&str]) {
    for k in keys {
        // A dot steps into an object, `[]` into the first entry of a list.
        let mut at = v;
        for part in k.split('.') {
            let (name, list) = part.strip_suffix("[]").map_or((part, false), |n| (n, true));
            at = at.get(name).unwrap_or_else(|| panic!("`{k}` is missing in {v:#}"));
            if list {
                at = at.get(0).unwrap_or_else(|| panic!("`{k}` is empty in {v:#}"));
            }
        }
    }
}

#[test]
fn every_command_prints_the_keys_of_its_contract() {
    let env = Env::new();
    env.write("report.eml", ann().eml());
    env.write("thread.mbox", mbox(&[ann(), ann_again()]));
    env.write("reply.eml", ann_again().eml());
    env.write("index.json", r#"[{"number": 7, "state": "open", "labels": ["needs triage"], "body": "x", "message_ids": ["one@ann.example"], "cve": null}]"#);
    env.write("body.md", "### The issue description\n\nIt breaks.\n\n### CWE\n\n_No response_\n");
    env.write("confirm.json", r#"{"grammar": "import", "items": [{"n": 1, "default": true, "blocked": false}, {"n": 2, "default": true, "blocked": false}], "reply": "all skip 2"}"#);
    env.write("secrets.json", r#"{"reporter": {"name": "Ann Archer", "email": "ann@ann.example", "handle": ""}, "tracker": {"repo": "acme/private", "number": 7}, "threads": [], "lists": []}"#);
    for (args, want) in [
        (
            vec!["x", "classify", "report.eml"],
            vec![
                "class",
                "fate",
                "signals[].rule",
                "signals[].evidence",
                "injection",
                "fields.title",
                "fields.affected_versions",
                "fields.credit",
                "fields.severity",
                "observed.severity",
                "observed.cvss",
                "observed.cwe",
                "related",
                "thread.tracked",
                "thread.tracker",
                "thread.answered",
            ],
        ),
        (
            vec!["x", "classify", "reply.eml", "--thread", "thread.mbox", "--trackers", "index.json"],
            vec!["class", "fate"],
        ),
        (
            vec!["x", "forwarder", "report.eml"],
            vec![
                "match",
                "mode",
                "contact.address",
                "contact.handle",
                "sender_matched",
                "preamble",
                "collaborator_warning",
                "credit",
                "problems",
            ],
        ),
        (
            vec!["x", "credit", "--text", "Reported by: Jane Doe of Acme"],
            vec!["credits[].name", "credits[].kind", "credits[].raw", "credits[].rule", "credits[].confirm"],
        ),
        (vec!["x", "fields", "body.md"], vec!["fields", "problems"]),
        (
            vec!["x", "confirm", "confirm.json"],
            vec!["action", "apply[]", "skip[]", "edits", "overrides", "unknown"],
        ),
        (
            vec!["x", "title", "--text", "Re: [SECURITY] Example Server 2.1: path traversal in uploads"],
            vec!["original", "normalized", "words", "stripped", "warnings"],
        ),
        (
            vec![
                "x",
                "scan",
                "--surface",
                "public",
                "--phase",
                "embargo",
                "--secrets",
                "secrets.json",
                "--text",
                "thanks to Ann Archer",
            ],
            vec!["clear", "hits[].rule", "hits[].tier", "hits[].text", "hits[].start", "hits[].end"],
        ),
        (
            vec!["x", "versions", "--ecosystem", "pypi", "--package", "p", "--text", ">= 2.0, < 2.4.1"],
            vec![
                "ranges[].package",
                "ranges[].version",
                "ranges[].less_than",
                "ranges[].less_than_or_equal",
                "ranges[].version_type",
                "problems",
            ],
        ),
    ] {
        let said = bare(&env, &args, b"").expect(0);
        keys(&said.json(), &want);
        assert!(said.err.is_empty(), "{args:?}: {}", said.err);
    }
    assert!(!env.path().join("desk").exists());
    assert_eq!(std::fs::read_dir(env.path()).unwrap().count(), 7, "nothing is written");
}

#[test]
fn judgements_say_what_they_should_about_plain_cases() {
    let env = Env::new();
    env.write("report.eml", ann().eml());
    env.write("reply.eml", ann_again().eml());
    env.write("thread.mbox", mbox(&[ann(), ann_again()]));
    env.write("index.json", r#"[{"number": 7, "state": "open", "labels": [], "body": "", "message_ids": ["one@ann.example"], "cve": null}]"#);
    let v = bare(&env, &["x", "classify", "report.eml"], b"").expect(0).json();
    assert_eq!((&v["class"], &v["fate"]), (&json!("report"), &json!("new-tracker")));
    assert_eq!(v["fields"]["severity"], "Unknown");
    let v = bare(
        &env,
        &["x", "classify", "reply.eml", "--thread", "thread.mbox", "--trackers", "index.json"],
        b"",
    )
    .expect(0)
    .json();
    assert_eq!((&v["class"], &v["fate"]), (&json!("follow-up"), &json!("follow-up")));
    assert_eq!(v["thread"]["tracked"], true);
    let v = bare(&env, &["x", "forwarder", "report.eml"], b"").expect(0).json();
    assert_eq!((&v["match"], &v["mode"]), (&Value::Null, &json!("direct")));
    let v = bare(&env, &["x", "confirm", "-"], br#"{"grammar":"import","items":[{"n":1,"default":true},{"n":2,"default":true}],"reply":"all skip 2"}"#)
        .expect(0)
        .json();
    assert_eq!((&v["action"], &v["apply"], &v["skip"]), (&json!("apply"), &json!([1]), &json!([2])));
    let text = "fix for Ünïcode by ann@ann.example";
    env.write("secrets.json", r#"{"reporter": {"name": "", "email": "ann@ann.example", "handle": ""}, "tracker": {"repo": "", "number": null}, "threads": [], "lists": []}"#);
    let v = bare(
        &env,
        &[
            "x",
            "scan",
            "--surface",
            "public",
            "--phase",
            "embargo",
            "--secrets",
            "secrets.json",
            "--text",
            text,
        ],
        b"",
    )
    .expect(0)
    .json();
    assert_eq!(v["clear"], false);
    let h = v["hits"]
        .as_array()
        .unwrap()
        .iter()
        .find(|h| h["text"] == "ann@ann.example")
        .unwrap_or_else(|| panic!("{v}"));
    let (a, b) = (h["start"].as_u64().unwrap() as usize, h["end"].as_u64().unwrap() as usize);
    assert_eq!(&text.as_bytes()[a..b], b"ann@ann.example", "offsets are bytes of the input");
}

#[test]
fn a_file_a_dash_and_words_are_the_same_input() {
    let env = Env::new();
    let text = "Reported by: Jane Doe of Acme";
    env.write("credit.txt", text);
    let words = bare(&env, &["x", "credit", "--text", text], b"").expect(0).json();
    assert_eq!(bare(&env, &["x", "credit", "credit.txt"], b"").expect(0).json(), words);
    assert_eq!(bare(&env, &["x", "credit", "-"], text.as_bytes()).expect(0).json(), words);
    env.write("report.eml", bob().eml());
    let file = bare(&env, &["x", "classify", "report.eml"], b"").expect(0).json();
    assert_eq!(bare(&env, &["x", "classify", "-"], bob().eml().as_bytes()).expect(0).json(), file);
    let scan = ["x", "scan", "--surface", "public", "--phase", "embargo"];
    let with = |more: &[&str], input: &[u8]| bare(&env, &[&scan[..], more].concat(), input).expect(0).json();
    assert_eq!(with(&["credit.txt"], b""), with(&["--text", text], b""));
    assert_eq!(with(&["-"], text.as_bytes()), with(&["--text", text], b""));
    assert_eq!(
        bare(&env, &["x", "title", "-"], b"Path traversal\r\n").expect(0).json(),
        bare(&env, &["x", "title", "--text", "Path traversal"], b"").expect(0).json()
    );
}

#[test]
fn the_help_of_every_command_shows_an_example() {
    let env = Env::new();
    for command in
        ["classify", "forwarder", "credit", "fields", "confirm", "title", "scan", "cve", "versions"]
    {
        let said = bare(&env, &["x", command, "--help"], b"").expect(0);
        assert!(
            said.out.contains("Example:\n  ") && said.out.contains(&format!("tipstaff x {command}")),
            "{}",
            said.out
        );
    }
    // The example of `confirm` runs as it stands.
    let reply = br#"{"grammar":"import","items":[{"n":1,"default":true,"blocked":false}],"reply":"all"}"#;
    bare(&env, &["x", "confirm", "-"], reply).expect(0);
}

#[test]
fn bad_input_is_exit_2_with_one_clear_line() {
    let env = Env::new();
    env.write("bad.json", "{not json");
    env.write("latin1.txt", b"Gr\xfc\xdfe");
    env.write("report.eml", ann().eml());
    for (args, words) in [
        (vec!["x", "classify", "missing.eml"], "missing.eml cannot be read"),
        (vec!["x", "classify", "report.eml", "--trackers", "bad.json"], "bad.json"),
        (vec!["x", "confirm", "bad.json"], "bad.json: key must be a string"),
        (vec!["x", "confirm", "-"], "-: "),
        (vec!["x", "credit"], "there is nothing to read"),
        (vec!["x", "title"], "there is nothing to read"),
        (vec!["x", "versions"], "there is nothing to read"),
        (vec!["x", "cve"], "the following required arguments were not provided"),
        (vec!["x", "cve", "missing.md"], "missing.md cannot be read"),
        (vec!["x", "cve", "-", "--for", "moon"], "--for: unknown variant `moon`"),
        (vec!["x", "cve", "-", "--format", "4.0"], "--format: unknown variant `4.0`"),
        (vec!["x", "cve", "-", "--discovery", "luck"], "--discovery: LUCK is none of"),
        (vec!["x", "credit", "latin1.txt"], "byte 2 is not UTF-8"),
        (vec!["x", "fields", "."], "cannot be read"),
        (
            vec!["x", "scan", "--surface", "moon", "--phase", "embargo", "--text", "a"],
            "--surface: unknown variant `moon`",
        ),
        (
            vec!["x", "scan", "--surface", "public", "--phase", "teatime", "--text", "a"],
            "--phase: unknown variant",
        ),
        (vec!["x", "scan", "--surface", "public", "--phase", "embargo"], "there is nothing to read"),
        (
            vec![
                "x",
                "scan",
                "--surface",
                "public",
                "--phase",
                "embargo",
                "--secrets",
                "bad.json",
                "--text",
                "a",
            ],
            "bad.json",
        ),
        (vec!["x", "title", "--text", "a", "--config", "none.toml"], "none.toml cannot be read"),
        (vec!["x", "title", "--text", "a", "--now", "tomorrow"], "is no time"),
    ] {
        let said = bare(&env, &args, b"");
        assert_eq!(said.code, 2, "{args:?}\n{}{}", said.out, said.err);
        assert!(said.out.is_empty(), "{args:?} printed {}", said.out);
        let first = said.err.lines().next().unwrap_or_default();
        assert!(first.contains(words) || said.err.contains(words), "{args:?}: {}", said.err);
        let lines = said.err.lines().filter(|l| l.starts_with("error")).count();
        assert_eq!(lines, 1, "{args:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
    for args in [
        &["x"][..],
        &["x", "frobnicate"],
        &["x", "credit", "a", "--text", "b"],
        &["x", "scan", "--text", "a"],
    ] {
        let said = bare(&env, args, b"");
        assert_eq!(said.code, 2, "{args:?}: {}", said.err);
    }
}

#[test]
fn hostile_input_is_judged_and_never_breaks_the_json() {
    let env = Env::new();
    let noise: Vec<u8> = (0..=255u8).cycle().take(20_000).collect();
    for command in ["classify", "forwarder"] {
        let said = bare(&env, &["x", command, "-"], &noise).expect(0);
        assert!(said.json().is_object());
        let said = bare(&env, &["x", command, "-"], b"").expect(0);
        assert!(said.json().is_object());
    }
    for args in [
        vec!["x", "credit", "--text", "Reported by: \u{202e}enaJ\u{1b}[31m\0"],
        vec!["x", "title", "--text", "\u{202e}"],
        vec!["x", "title", "--text", ""],
        vec!["x", "versions", "--text", "<<>>,,,*"],
    ] {
        // NUL cannot stand on a command line.
        let args: Vec<String> = args.iter().map(|a| a.replace('\0', "")).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let said = bare(&env, &args, b"").expect(0);
        assert!(said.json().is_object());
        assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    }
}

const BODY: &str = "### The issue description\n\nIt reads files.\n\n\
    ### Short public summary for publish\n\nAn authenticated user could read other users' files.\n\nUsers are advised to upgrade to 2.4.1.\n\n\
    ### Affected versions\n\n`< 2.4.1`\n\n### Security mailing list thread\n\nhttps://lists.apache.org/thread/private\n\n\
    ### Public advisory URL\n\n_No response_\n\n### Reporter credited as\n\nAnn Archer\nMarie Talbot\n\n\
    ### PR with the fix\n\nacme/server#12\n\n### Remediation developer\n\n### CWE\n\nCWE-22: Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')\n\n\
    ### Severity\n\nModerate\n\n### CVE tool link\n\n_No response_\n";

const CONFIG: &str = r#"
[project]
schema = 1
id = "server"
name = "Apache Server"
short_name = "Server"
vendor = "Apache Software Foundation"
extends = ["asf"]
[tracker]
repo = "acme/private"
[cve]
private_owner = "server"
private_url = "https://server.example.org/"
[[scope]]
label = "server"
product = "Apache Server"
package = "apache-server"
collection_url = "https://pypi.org"
"#;

#[test]
fn a_tracker_body_becomes_a_record() {
    let env = Env::new();
    env.write("body.md", BODY);
    env.write("tipstaff.toml", CONFIG);
    let args = [
        "x",
        "cve",
        "body.md",
        "--title",
        "Apache Server: path traversal in uploads",
        "--cve-id",
        "CVE-2026-12345",
        "--labels",
        "server,rc voting",
    ];
    let with = |more: &[&str]| bare(&env, &[&args[..], more].concat(), b"").expect(0);
    let said = with(&[]);
    assert!(
        said.out.starts_with("{\n    \"CNA_private\": {\n") && said.out.ends_with("\n}\n"),
        "{}",
        said.out
    );
    assert!(said.err.contains("is Marie Talbot a person or a program"), "{}", said.err);
    let v = said.json();
    let cna = &v["containers"]["cna"];
    assert_eq!(cna["title"], "path traversal in uploads");
    assert_eq!(v["CNA_private"]["state"], "REVIEW");
    assert_eq!(v["cveMetadata"]["cveId"], "CVE-2026-12345");
    assert_eq!(cna["affected"][0]["packageName"], "apache-server");
    assert_eq!(
        cna["affected"][0]["versions"],
        json!([{"lessThan": "2.4.1", "status": "affected", "version": "0", "versionType": "python"}])
    );
    assert_eq!(
        cna["references"],
        json!([{"tags": ["patch"], "url": "https://github.com/acme/server/pull/12"}])
    );
    assert_eq!(cna["credits"][1]["type"], "finder");
    assert!(!said.out.contains("lists.apache.org"));
    assert_eq!(with(&["--draft"]).json()["CNA_private"]["state"], "DRAFT");
    let services = with(&["--for", "cve-services"]).json();
    assert!(services.get("CNA_private").is_none());
    assert_eq!(services["containers"], v["containers"]);
    assert_eq!(
        with(&["--format", "5.2"]).json()["containers"]["cna"]["affected"][0]["packageURL"],
        "pkg:pypi/apache-server"
    );
    let public = with(&["--advisory-url", "https://lists.apache.org/thread/public"]).json();
    assert_eq!(
        (&public["CNA_private"]["state"], &public["CNA_private"]["emailed"]),
        (&json!("PUBLIC"), &json!("yes"))
    );
    let lint = with(&["--lint"]);
    assert!(lint.err.is_empty(), "{}", lint.err);
    let lint = lint.json();
    keys(
        &lint,
        &[
            "record.containers.cna",
            "findings[].rule",
            "findings[].level",
            "findings[].path",
            "findings[].field",
            "findings[].message",
            "readiness.state",
        ],
    );
    assert_eq!(lint["record"], v);
    let rules: Vec<&str> =
        lint["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"record.credit.confirm") && rules.contains(&"hygiene.title"), "{rules:?}");
    // Standard input, no configuration, nothing set: still a record, with what is missing on standard error.
    let empty = bare(&env, &["x", "cve", "-", "--config", "tipstaff.toml"], b"").expect(0);
    assert!(empty.err.contains("problem: affected_versions: not ready"), "{}", empty.err);
    assert_eq!(empty.json()["CNA_private"]["state"], "DRAFT");
    let noise: Vec<u8> = "### CWE\n\n\u{202e}<!-- -->|````\n### CWE\n".bytes().collect();
    assert!(bare(&env, &["x", "cve", "-", "--lint"], &noise).expect(0).json().is_object());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let env = Env::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tipstaff"))
        .env_clear()
        .current_dir(env.path())
        .arg("man")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let o = child.wait_with_output().unwrap();
    assert!(o.stderr.is_empty(), "{}", String::from_utf8_lossy(&o.stderr));
    assert_eq!(o.status.code(), Some(0));
}

/// A tracker whose fix was merged while nobody looked.
fn merged_case() -> Value {
    json!({
        "now": "2026-03-20T12:00:00Z",
        "tracker": {"number": 42, "repo": "openwharf/security", "title": "Consumer groups leak queue names to strangers",
            "labels": ["security issue", "core", "cve allocated", "pr created"], "assignees": ["dev"], "created": "2026-03-10",
            "fields": {"public_summary": "Any user who can publish may read the names of all queues. Users should upgrade to 2.10.3.",
                "affected_versions": "`< 2.10.3`", "reporter_credit": "Ada Finder", "severity": "Unknown",
                "cwe": "CWE-200: Exposure of Sensitive Information", "cve_tool_link": "CVE-2026-30001",
                "pr_with_fix": "https://forge.example/openwharf/harbour/pull/17", "remediation_developer": "Dev Dunn"}},
        "scopes": [{"label": "core", "product": "Harbour Queue", "package": "harbour-queue"}],
        "roster": [{"handle": "bea", "roles": ["triager"]}, {"handle": "dev", "roles": ["remediation"]},
            {"handle": "carol", "roles": ["release_manager"]}],
        "pull_requests": [{"url": "https://forge.example/openwharf/harbour/pull/17", "state": "merged", "author": "dev",
            "milestone": "Harbour Queue-2.10.3"}],
        "release": [{"package": "harbour-queue", "version": "2.10.3", "state": "missing"}],
        "record": "allocated",
        "thread": {"root": "root@ada.example", "subject": "Queue names leak", "contact": "Ada Finder <ada@ada.example>"},
        "ledger": ["assessed_valid", "cve_allocated", "pr_opened"], "drafts": [],
    })
}

fn judged(env: &Env, args: &[&str], case: &Value) -> Value {
    let said = bare(env, args, case.to_string().as_bytes());
    assert_eq!(said.code, 0, "{args:?}: {} {}", said.out, said.err);
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn a_case_has_a_stage_an_owner_and_a_next_step() {
    let env = Env::new();
    let v = judged(&env, &["x", "step", "-"], &merged_case());
    keys(
        &v,
        &[
            "stage",
            "step",
            "steps[]",
            "owner.role",
            "owner.person",
            "owner.why",
            "column",
            "next",
            "why[].rule",
            "problems",
        ],
    );
    assert_eq!((v["stage"].as_str(), v["step"].as_u64()), (Some("MERGED"), Some(11)));
    assert_eq!(
        (v["owner"]["role"].as_str(), v["owner"]["person"].as_str()),
        (Some("remediation"), Some("dev"))
    );
    // A tracker may stand at the top; several cases come as a list.
    let flat = json!({"number": 1, "labels": ["invalid"], "state": "closed"});
    let v = judged(&env, &["x", "step", "-"], &flat);
    assert_eq!((v["stage"].as_str(), v["step"].is_null()), (Some("REJECTED"), true));
    let v = judged(&env, &["x", "step", "-"], &json!([flat, merged_case()]));
    assert_eq!(v.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_plan_shows_items_labels_arms_and_groups() {
    let env = Env::new();
    let v = judged(&env, &["x", "plan", "-"], &merged_case());
    keys(
        &v,
        &[
            "stage",
            "owner.person",
            "items[].n",
            "items[].rule",
            "items[].why[].text",
            "items[].steps[].effect",
            "items[].steps[].key",
            "items[].after",
            "items[].needs",
            "labels.add[]",
            "labels.remove[]",
            "milestone",
            "assignee",
            "arms",
            "blockers",
            "notices",
            "groups.skipped",
            "groups.non_cve[]",
            "groups.cve",
            "trackers[].items",
            "problems",
        ],
    );
    assert_eq!(v["labels"], json!({"add": ["pr merged"], "remove": ["pr created"]}));
    assert_eq!(v["milestone"], "Harbour Queue-2.10.3");
    let letters = |v: &Value| v.to_string().matches(r#""effect":"mail-draft""#).count();
    assert_eq!(letters(&v), 2, "one letter, shown at the top and among the trackers: {v:#}");
    // The release is out: what the gate decides is in the arms, and in no unconditional label.
    let mut out = merged_case();
    out["tracker"]["labels"] = json!(["core", "cve allocated", "pr merged"]);
    out["tracker"]["fields"]["severity"] = json!("Medium");
    out["tracker"]["milestone"] = json!("Harbour Queue-2.10.3");
    out["release"] = json!([{"package": "harbour-queue", "version": "2.10.3", "state": "final"}]);
    (out["release_manager"], out["record"]) = (json!("carol"), json!("review-ready"));
    let v = judged(&env, &["x", "plan", "-"], &out);
    assert_eq!(v["labels"], json!({"add": [], "remove": []}), "{v:#}");
    assert_eq!(v["arms"]["review-ready"]["labels"]["add"], json!(["fix released"]));
    assert_eq!(v["arms"]["review-ready"]["assignee"], "carol");
    assert_eq!(v["arms"]["allocated"]["labels"]["add"], json!([]));
    // The same bytes again, and a tracker with nothing to do among the skipped.
    let again = judged(&env, &["x", "plan", "-"], &out);
    assert_eq!(v, again);
    let quiet = json!([{"number": 1, "labels": ["invalid"], "state": "closed"}, out]);
    let v = judged(&env, &["x", "plan", "-"], &quiet);
    assert_eq!(v["groups"]["skipped"][0]["stage"], "REJECTED");
    assert_eq!(v["trackers"].as_array().map(Vec::len), Some(2));
}

#[test]
fn gates_open_ask_or_stay_shut() {
    let env = Env::new();
    let case = merged_case();
    let v = judged(&env, &["x", "gate", "release", "-"], &case);
    keys(&v, &["verdict", "blockers[].code", "blockers[].detail", "warnings", "problems"]);
    assert_eq!(v["verdict"], "blocked");
    let v = judged(&env, &["x", "gate", "allocate", "-"], &case);
    assert_eq!(
        (v["verdict"].as_str(), v["blockers"][0]["code"].as_str()),
        (Some("blocked"), Some("cve-exists"))
    );
    let fresh = json!({"number": 3, "labels": ["core", "needs triage"], "scopes": ["core"], "actor": {"handle": "pat", "roles": ["pmc"]}});
    let v = judged(&env, &["x", "gate", "allocate", "-"], &fresh);
    assert_eq!(
        (v["verdict"].as_str(), v["warnings"][0]["code"].as_str()),
        (Some("confirm"), Some("needs-triage"))
    );
    keys(&v, &["authorised", "path"]);
    let v = judged(&env, &["x", "gate", "invalidate", "-"], &fresh);
    assert_eq!((v["verdict"].as_str(), v["notify"].as_str()), (Some("proceed"), Some("ask")));
    let pair =
        json!([{"number": 3, "labels": ["core"], "scopes": ["core"]}, {"number": 4, "labels": ["core"]}]);
    assert_eq!(judged(&env, &["x", "gate", "merge", "-"], &pair)["verdict"], "proceed");
    let one = bare(&env, &["x", "gate", "merge", "-"], fresh.to_string().as_bytes());
    assert_eq!(one.code, 2);
    assert!(one.err.contains("two cases"), "{}", one.err);
}

#[test]
fn a_case_that_cannot_be_read_says_where() {
    let env = Env::new();
    for (case, words) in [
        (
            r#"{"tracker": {"number": 1}, "pull_requests": [{"merged_at": "yesterday"}]}"#,
            "pull_requests[0].merged_at: `yesterday` is no time",
        ),
        (r#"{"tracker": {"state": "ajar"}}"#, "the state `ajar` is neither"),
        (r#"{"tracker": {"labels": [7, true]}}"#, "tracker.labels[1]: this must be text"),
        (r#"{"tracker": []}"#, "tracker: this must be an object"),
        (r#"{"tracker": {"fields": {"sevrity": "x"}}}"#, "`sevrity` is no field"),
        (r#"{"number": 1, "record": "almost"}"#, "record: `almost` is no state"),
        (
            r#"{"number": 1, "voices": [{"handle": "ann", "verdict": "perhaps"}]}"#,
            "voices[0]: `perhaps` is no verdict",
        ),
        (
            r#"{"number": 1, "roster": [{"handle": "ann", "roles": ["king"]}]}"#,
            "roster[0].roles[0]: `king` is no role",
        ),
        (r#"{"number": "x"}"#, "number: this must be a number"),
        ("7", "the case: this must be an object"),
        ("{", "this is no JSON"),
        ("", "this is no JSON"),
    ] {
        for command in [["x", "step"].as_slice(), &["x", "plan"], &["x", "gate", "release"]] {
            let args = [command, &["-"]].concat();
            let said = bare(&env, &args, case.as_bytes());
            assert_eq!(said.code, 2, "{case}: {}", said.out);
            assert!(said.err.contains(words) && said.err.contains("docs/case.md"), "{case}: {}", said.err);
        }
    }
    let said = bare(&env, &["x", "step", "no-such-file.json"], b"");
    assert_ne!(said.code, 0);
}

#[test]
fn a_key_that_is_not_read_is_named_with_its_neighbour() {
    let env = Env::new();
    let case = json!({"tracker": {"number": 1, "lables": ["core"], "comments": [{"author": "ann", "boddy": "x"}]},
        "pull_requests": [{"url": "https://f.example/1", "merged_att": "2026-03-01"}], "weather": "fine"});
    let v = judged(&env, &["x", "step", "-"], &case);
    let problems: Vec<&str> = v["problems"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for words in [
        "`tracker.lables`",
        "did you mean `labels`?",
        "`tracker.comments[0].boddy`",
        "did you mean `body`?",
        "`pull_requests[0].merged_att`",
        "did you mean `merged_at`?",
        "`weather`",
    ] {
        assert!(problems.iter().any(|p| p.contains(words)), "{words}: {problems:#?}");
    }
    assert_eq!(problems.len(), 4, "{problems:#?}");
}
