//! Those who package the product hear of a merged fix under embargo (sync page §12): one draft to them, once, in words that
//! may go out, and the reporter hears what they would have heard anyway.
#![cfg(unix)]

use serde_json::Value;

use crate::{
    lifecycle::{Phase, Place},
    mails::{drafts, one},
};

const TOLD: &str = "[disclosure]\nnotify_distributors = true\n\
                    distributors = [\"distros@lists.example\", \"ports@bsd.example\"]\n";

/// A desk that tells distributors, with a fix that is merged.
fn merged() -> Place {
    let place = Place::new();
    place.env.write("tipstaff.toml", format!("{}\n{TOLD}", include_str!("../fixtures/lifecycle.toml")));
    for phase in [Phase::Imported, Phase::Assessed, Phase::Allocated, Phase::InReview, Phase::Merged] {
        place.prepare(&phase);
        place.send();
        place.settle();
    }
    place
}

/// The item for them in the next plan, if there is one.
fn proposed(place: &Place) -> Option<Value> {
    let v = place.env.run(&["sync", "1", "--json"]).json();
    let all = v["plan"]["items"].as_array().unwrap().clone();
    let mut ours = all.into_iter().filter(|i| i["rule"] == "sync.distributors");
    let found = ours.next();
    assert!(ours.next().is_none(), "proposed twice: {v}");
    found
}

/// Drafts by whom they are for: those to distributors, those to the reporter.
fn letters(place: &Place) -> (Vec<String>, Vec<String>) {
    let all = drafts(&place.env.desk()).into_iter().map(|(_, text)| text);
    let (theirs, hers): (Vec<_>, Vec<_>) = all.partition(|t| t.contains("distros@lists.example"));
    assert!(hers.iter().all(|t| t.contains("<ann@ann.example>") && !t.contains("ports@bsd.example")));
    (theirs, hers)
}

#[test]
fn they_hear_of_a_merged_fix_once_and_the_reporter_hears_what_she_always_does() {
    let place = merged();
    assert!(proposed(&place).is_none(), "there is no public summary yet");
    let said = place.env.run(&["sync", "1"]);
    assert!(
        said.out.contains("distributors are told once the tracker has the public summary"),
        "{}",
        said.out
    );
    place.prepare(&Phase::Filled);
    let item = proposed(&place).unwrap();
    let steps: Vec<&str> =
        item["steps"].as_array().unwrap().iter().filter_map(|s| s["effect"]["effect"].as_str()).collect();
    assert_eq!(steps, ["mail-draft", "append-entry"], "{item}");
    let (none, before) = letters(&place);
    assert!(none.is_empty());

    let said = place.env.answer(&["sync", "1"], "all\n").expect(0);
    assert!(said.out.contains("draft to distros@lists.example"), "{}", said.out);
    let (theirs, hers) = letters(&place);
    assert_eq!((theirs.len(), hers.len()), (1, before.len()), "no letter to her in its place");
    let (head, body) = theirs[0].split_once("\r\n\r\n").unwrap();
    let line = |name: &str| head.split("\r\n").find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert_eq!(line("To:"), "To: <distros@lists.example>");
    assert_eq!(line("Cc:"), "Cc: <ports@bsd.example>, <security@server.example>");
    assert_eq!(line("Subject:"), "Subject: [EMBARGOED] CVE-2026-12345 in Example Server");
    assert!(
        !head.contains("In-Reply-To") && !head.contains("References"),
        "not on the reporter's thread: {head}"
    );
    let body = body.replace("=\r\n", "").replace("=\n", "");
    for there in ["keep this to yourselves", "CVE-2026-12345", "2.4.1", "upload endpoint", "no promise"] {
        assert!(body.contains(there), "{there}: {body}");
    }
    for kept in ["Ann", "ann.example", "desk#1", "passwd", "Tove", "High", "CWE", "pull/12"] {
        assert!(!theirs[0].contains(kept), "{kept}: {}", theirs[0]);
    }

    // Not again: neither while the draft waits, nor after it was sent, nor when the embargo ends.
    assert!(proposed(&place).is_none());
    place.send();
    place.settle();
    for phase in [Phase::Released, Phase::Announced, Phase::Published] {
        place.prepare(&phase);
        place.send();
        assert!(proposed(&place).is_none(), "{phase:?}");
        place.settle();
    }
    let (theirs, hers) = letters(&place);
    assert_eq!((theirs.len(), hers.len()), (1, 8), "every letter of the walk, and the one beside it");
    let desk = place.env.desk();
    assert_eq!(
        one::<i64>(&desk, "select count(*) from ledger where event = 'distributors' and state = 'sent'"),
        1
    );
    assert_eq!(one::<i64>(&desk, "select count(distinct event) from ledger"), 9);
    let status: String = one(&desk, "select group_concat(body) from comments where kind = 'rollup'");
    assert_eq!(status.matches("Sync (distributors)").count(), 1, "{status}");
    let _ = place.env.run(&["log", "--verify"]).expect(0);
}

#[test]
fn words_that_tell_too_much_are_not_written_and_the_rest_goes_on() {
    let place = merged();
    let words = "A user can write files anywhere. Ask ann@ann.example, see desk#1. Upgrade to example-server 2.4.1 or later.";
    let _ = place.env.answer(&["edit", "1", "public_summary", words], "y\n").expect(0);
    let item = proposed(&place).unwrap();
    let why = item["blocked"].as_str().unwrap_or_default();
    assert!(why.contains("ann@ann.example") && why.contains("desk#1"), "{item}");
    // `all` passes it over, and whoever names it gets the reason and no letter.
    let _ = place.env.answer(&["sync", "1"], "all\n");
    let n = proposed(&place).unwrap()["n"].to_string();
    let said = place.env.answer(&["sync", "1"], &format!("{n}\n"));
    assert!(said.out.contains("identifies the reporter"), "{}", said.out);
    assert!(letters(&place).0.is_empty());
    assert_eq!(one::<i64>(&place.env.desk(), "select count(*) from ledger where event = 'distributors'"), 0);
}

#[test]
fn a_draft_that_was_thrown_away_is_not_written_again_by_itself() {
    let place = merged();
    place.prepare(&Phase::Filled);
    let _ = place.env.answer(&["sync", "1"], "all\n").expect(0);
    let folder = place.env.desk().join("drafts");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if std::fs::read_to_string(&path).unwrap().contains("distros@lists.example") {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(proposed(&place).is_none());
    let said = place.env.run(&["sync", "1"]);
    assert!(
        said.out.contains("the draft about distributors is in the drafts folder no longer"),
        "a person says what became of it: {}",
        said.out
    );
}
