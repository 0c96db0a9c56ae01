//! One report in two scopes becomes two trackers with one CVE (sync page §12): one of them keeps the record, each ships and
//! ends on its own, and the reporter hears everything once.
#![cfg(unix)]

use crate::{
    lifecycle::{Phase, Place},
    mails::{drafts, one},
};

const CLIENT: &str = "[[scope]]\nlabel = \"client\"\nproduct = \"Example Client\"\npackage = \"example-client\"\n\
                      collection_url = \"https://pypi.org\"\nmilestone_format = \"Example Client {version}\"\n\
                      train = \"2.4\"\n\n[releases]\n";

/// A desk with two scopes and an allocated id.
fn place() -> Place {
    let place = Place::new();
    for phase in [Phase::Imported, Phase::Assessed, Phase::Allocated] {
        place.prepare(&phase);
        place.send();
        settle(&place);
        // The second scope comes later: with one, a voice names none.
        let config = include_str!("../fixtures/lifecycle.toml").replacen("[releases]\n", CLIENT, 1);
        if phase == Phase::Assessed {
            place.env.write("tipstaff.toml", config);
        }
    }
    place
}

/// `sync all` with a yes to everything, until nothing is proposed.
fn settle(place: &Place) {
    for _ in 0..8 {
        let said = place.env.answer(&["sync", "all"], "all\n");
        place.send();
        match said.code {
            0 => {}
            3 | 5 => return,
            _ => panic!("exit {}\n{}\n{}", said.code, said.out, said.err),
        }
    }
    panic!("the trackers do not come to rest\n{}", place.env.run(&["sync", "all", "--why"]).out);
}

fn stages(place: &Place) -> Vec<String> {
    let v = place.env.run(&["sync", "all", "--json"]).json();
    let word = |t: &serde_json::Value| t["position"]["stage"].as_str().unwrap_or_default().to_owned();
    v["trackers"].as_array().unwrap().iter().map(word).collect()
}

#[test]
fn two_scopes_become_two_trackers_with_one_record_and_both_come_to_done() {
    let place = place();
    let _ = place.env.answer(&["edit", "1", "label", "+client"], "y\n").expect(0);
    let v = place.env.run(&["sync", "1", "--json"]).expect(4).json();
    let free = |i: &&serde_json::Value| i["blocked"].is_null();
    let items = v["plan"]["items"].as_array().unwrap();
    let rules: Vec<&str> = items.iter().filter(free).filter_map(|i| i["rule"].as_str()).collect();
    assert_eq!(rules, ["sync.split"], "nothing else while there are two: {v}");
    settle(&place);
    for (n, scope, other) in [("1", "server", "client"), ("2", "client", "server")] {
        let v = place.env.run(&["show", n, "--json"]).expect(0).json();
        let labels = v["labels"].to_string();
        assert!(labels.contains(scope) && !labels.contains(other) && labels.contains("cve allocated"), "{v}");
        assert_eq!(v["fields"]["cve_tool_link"], "CVE-2026-12345");
    }
    for phase in [Phase::InReview, Phase::Merged, Phase::Filled] {
        place.prepare(&phase);
        let fix = "https://github.com/example/server/pull/12";
        if phase == Phase::InReview {
            let _ = place.env.answer(&["edit", "2", "pr_with_fix", fix], "y\n").expect(0);
        }
        place.send();
        settle(&place);
    }
    for (field, value) in [
        (
            "public_summary",
            "A user can write files outside of the data folder. Upgrade to example-client 2.4.1 or later.",
        ),
        ("cwe", "CWE-22: Improper Limitation of a Pathname to a Restricted Directory"),
        ("severity", "High"),
        ("affected_versions", "`< 2.4.1`"),
    ] {
        let _ = place.env.answer(&["edit", "2", field, value], "y\n");
    }
    let both = "`example-server < 2.4.1`\n`example-client < 2.4.1`";
    let _ = place.env.answer(&["edit", "1", "affected_versions", both], "y\n").expect(0);
    settle(&place);
    let desk = place.env.desk();
    assert_eq!(one::<i64>(&desk, "select count(*) from records"), 1);
    let record: String = one(&desk, "select json from records");
    assert!(record.contains("Example Server") && record.contains("Example Client"), "{record}");
    place.prepare(&Phase::Released);
    settle(&place);
    assert_eq!(stages(&place), ["RM-QUEUE", "RM-QUEUE"]);
    place.prepare(&Phase::Announced);
    let said = place.env.run(&["sync", "2"]).expect(5);
    assert!(said.out.contains("close that one out first"), "{}", said.out);
    settle(&place);
    settle(&place);
    assert_eq!(stages(&place), ["PROPAGATING", "PROPAGATING"]);
    place.prepare(&Phase::Published);
    settle(&place);
    assert_eq!(stages(&place), ["DONE", "DONE"]);
    // One letter for each event, whatever the number of trackers; two for two releases.
    let letters: Vec<String> = drafts(&desk).into_iter().map(|(_, t)| t).collect();
    assert_eq!(letters.len(), 9, "{letters:#?}");
    let twice = "select count(*) from (select 1 from ledger group by event, artifact having count(*) > 1)";
    assert_eq!(one::<i64>(&desk, twice), 0);
    assert_eq!(one::<i64>(&desk, "select count(distinct event) from ledger"), 8);
    let _ = place.env.run(&["log", "--verify"]).expect(0);
}

#[test]
fn an_id_that_another_tracker_has_stops_the_one_that_took_it() {
    let place = place();
    place.env.write("second.txt", "The server logs session tokens in clear text.");
    let new = ["new", "--title", "Session tokens are logged", "--body", "second.txt"];
    let _ = place.env.answer(&new, "y\n").expect(0);
    let _ = place.env.answer(&["edit", "2", "cve_tool_link", "CVE-2026-12345"], "y\n");
    let said = place.env.answer(&["sync", "2"], "all\n");
    assert!(said.out.contains("CVE-2026-12345 is the id of desk#1"), "{}{}", said.out, said.err);
    assert_eq!(place.env.run(&["sync", "1"]).code, 3, "the one that has it goes on");
    assert!(!place.env.run(&["show", "2", "--json"]).json()["labels"].to_string().contains("cve allocated"));
}
