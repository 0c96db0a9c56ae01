use super::*;
use crate::config::{Project, Scope};

fn config() -> Config {
    Config {
        project: Project {
            name: "Example Server".into(),
            short_name: "Example".into(),
            id: "example".into(),
            ..Project::default()
        },
        scope: vec![Scope {
            product: "Example Server".into(),
            package: "example-server".into(),
            ..Scope::default()
        }],
        ..Config::default()
    }
}

fn read(subject: &str, body: &str) -> Vec<String> {
    affected_versions(subject, body, &config())
}

#[test]
fn versions_as_reports_state_them() {
    let table: &[(&str, &[&str])] = &[
        ("Affected versions: 2.3.1", &["2.3.1"]),
        ("Affected versions: <= 2.3.1", &["<= 2.3.1"]),
        ("Affected versions: >= 2.0.0, < 2.4.1", &[">= 2.0.0, < 2.4.1"]),
        ("**Affected versions:** 2.1.0 through 2.4.3", &["2.1.0 through 2.4.3"]),
        ("Affected Versions: Example Server 2.8.0, 2.8.1 and 2.9.0", &["2.8.0", "2.8.1", "2.9.0"]),
        ("Versions affected: up to and including 2.3.1", &["up to and including 2.3.1"]),
        ("## Affected versions\n\n- 2.8.0\n- 2.8.1\n\n## Fixed versions\n- 2.8.2", &["2.8.0", "2.8.1"]),
        ("| Affected versions | < 2.3.1 |", &["< 2.3.1"]),
        ("| Version | Affected |\n|---|---|\n| 2.9.0 | no |\n| 2.8.4 | yes |", &["2.8.4"]),
        ("Version: 2.3.1", &["2.3.1"]),
        ("Product: Example Server\nVersion: v2.3.1\nOS: Ubuntu 22.04\nPython: 3.11.4", &["2.3.1"]),
        ("This affects Example Server 2.x before 2.4.4.", &["2.x before 2.4.4"]),
        ("The flaw affects all versions up to 2.4.3.", &["up to 2.4.3"]),
        ("All versions prior to 2.4.0 are vulnerable.", &["prior to 2.4.0"]),
        ("I tested this on Example 2.3.1 with Python 3.11 on Ubuntu 22.04.", &["2.3.1"]),
        ("Example Server 2.3.1 and earlier are affected; 2.3.2 fixes this.", &["2.3.1 and earlier"]),
        ("2.9.1 is vulnerable. I have not tested 2.10.x.", &["2.9.1"]),
        ("I confirmed it on 2.9.1 (not tested on 2.10.x).", &["2.9.1"]),
        ("2.9 is not affected, but 2.8.3 is.", &["2.8.3"]),
        ("Version 2.8.3 is affected. Fixed in 3.1.2.", &["2.8.3"]),
        ("The bug exists since 1.8.", &["since 1.8"]),
        ("It was introduced in 1.8.0 and fixed in 2.3.1.", &["since 1.8.0"]),
        ("Latest Docker image is affected.", &[]),
        ("Affected versions: latest", &[]),
        ("Affected versions: all versions", &[]),
        ("Affected: main branch at 3f2a9c1d", &[]),
        ("Affected versions: latest (2.3.1)", &["2.3.1"]),
        ("pip install example-server==2.3.1 and run it.", &["2.3.1"]),
        ("docker run example/example-server:2.3.1", &["2.3.1"]),
        ("The server at 192.168.1.10 answers; CVSS:3.1/AV:N, score 9.8, TLS 1.2.", &[]),
        ("Connect to 127.0.0.1:8080. RFC 7231 section 4.2.1 says so.", &[]),
        ("OpenSSL 3.0.2 and Java 17.0.1 were installed.", &[]),
        ("Upgrade to 2.4.1 to be safe.", &[]),
        ("Affects Example 2.1.0 to 2.4.3 on Java 17.", &["2.1.0 to 2.4.3"]),
        ("We reproduced the issue with 2.3.0 and 2.3.1.", &["2.3.0", "2.3.1"]),
        ("Running Example Server v2.3.1-rc1 here.", &["2.3.1-rc1"]),
        ("Severity: 9.8 (Critical)\nCVSS 3.1 score 7.5\nVersion: 2.3", &["2.3"]),
        ("Fixed in: 2.3.2\nAffected: 2.3.1", &["2.3.1"]),
        ("Unaffected versions: 1.x\nVulnerable versions: 2.x", &["2.x"]),
        ("Neither 2.9 nor 2.10 is affected.", &[]),
        ("Affected versions: 3 through 5", &["3 through 5"]),
        ("Found on 15.01.2026 in Example 2.3.1.", &["2.3.1"]),
        ("from Example Server 2.1.0 to Example Server 2.4.3", &["2.1.0 to 2.4.3"]),
        ("The vulnerable dependency is libfoo 1.2.3, shipped with Example 2.3.1.", &["2.3.1"]),
        ("Version 2.3.1+ is vulnerable", &["2.3.1+"]),
        ("Any release between 2.1 and 2.4 is affected.", &["between 2.1 and 2.4"]),
        ("Tested on: Example Server 2.3.1, Chrome 120.0", &["2.3.1"]),
        ("User-Agent: Mozilla/5.0\nServer: Example/2.3.1\nHTTP/1.1 200 OK", &["2.3.1"]),
        ("The fix in 2.3.1 is incomplete.", &["2.3.1"]),
        ("Environment:\n- Example: 2.3.1\n- Node: 18.2.0\n- macOS 14.1", &["2.3.1"]),
        ("Python version 3.11, Example version 2.3.1", &["2.3.1"]),
        ("I only tested 2.3.1 but earlier releases are likely affected.", &["2.3.1"]),
        ("Versions < 2.3.1 are affected", &["< 2.3.1"]),
        ("The issue is still present in 2.4.4.", &["2.4.4"]),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(body, want)| read("", body) != **want)
        .map(|(body, want)| format!("{body:?}\n  want {want:?}\n  got {:?}", read("", body)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn subjects_state_versions_too() {
    for (subject, want) in [
        ("RCE in Example Server 2.3.1", &["2.3.1"][..]),
        ("[SECURITY] Example Server <= 2.3.1: XSS (CVSS 9.8)", &["<= 2.3.1"]),
        ("XSS with Python 3.11 (CVSS 3.1: 9.8)", &[]),
    ] {
        assert_eq!(read(subject, ""), want, "{subject}");
    }
}

#[test]
fn without_a_configured_name_a_noun_is_enough() {
    let got = |body: &str| affected_versions("", body, &Config::default());
    assert_eq!(got("The flaw affects Foobar 1.2.3."), ["1.2.3"]);
    assert_eq!(got("The flaw affects Foobar 1.2.3 on Python 3.11."), ["1.2.3"]);
    assert_eq!(got("Affected: Foobar < 1.2.3"), ["< 1.2.3"]);
    assert!(got("I ran it on Ubuntu 22.04.").is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn never_panics(text in "\\PC{0,200}") {
        let _ = read(&text, &text);
    }

    #[test]
    fn near_misses_never_panic(parts in proptest::collection::vec(proptest::sample::select(vec![
        "2.3.1", "v2", "Example", " ", "before", "<=", ",", "affected", "not", "(", ")", "\n", "|", ": ", "- ", "–", "é", "x", ".", "up to", "and earlier",
    ]), 0..20)) {
        let text = parts.concat();
        let _ = read("", &text);
    }
}
