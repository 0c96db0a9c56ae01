//! What the public page of a fix gives away.

use super::*;

const TRACKERS: &str = "openwharf/security";

fn page(of: Value) -> Value {
    let pull = over(json!({"url": PR, "state": "open", "author": "dev"}), &of);
    json!({"pull_requests": [pull]})
}

#[test]
fn a_public_page_that_names_the_flaw_is_said_at_once() {
    let cases: &[(&str, Value, &str)] = &[
        ("a title", json!({"title": "Fix a vulnerability in upload"}), "`vulnerability` in its title"),
        ("an id", json!({"body": "This is CVE-2026-12345."}), "in its text (scan.cve"),
        ("a branch", json!({"head": "security-fix-upload"}), "in its branch"),
        ("an advisory", json!({"body": "See GHSA-2h5m-9qxw-vr3c"}), "scan.ghsa"),
    ];
    for (name, of, want) in cases {
        let p = plan(&over(in_pr(), &page(of.clone())));
        let said = p.to_string();
        assert!(
            said.contains("says in public what is under embargo") && said.contains(want),
            "{name}: {said}"
        );
    }
    for quiet in [
        json!({"title": "Check the name of an upload", "body": "Names are checked.", "head": "check-upload-name"}),
        json!({}),
    ] {
        let p = plan(&over(in_pr(), &page(quiet))).to_string();
        assert!(!p.contains("under embargo"), "{p}");
    }
}

#[test]
fn a_link_to_the_tracker_is_said_whatever_the_words() {
    let of = |closes: &str| plan(&over(in_pr(), &page(json!({"closes": [closes]})))).to_string();
    assert!(of(&format!("{TRACKERS}#7")).contains("is linked to"), "{}", of(&format!("{TRACKERS}#7")));
    assert!(!of("example/elsewhere#7").contains("is linked to"));
}
