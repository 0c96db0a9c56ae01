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
