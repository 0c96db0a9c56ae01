//! The sample desk in `examples/` is what its README says.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::collections::{BTreeMap, BTreeSet};

use desk::config::Config;
use regex::Regex;
use serde_json::Value;

const CONFIG: &str = include_str!("../../../examples/tipstaff.toml");
const EXPECTATIONS: &str = include_str!("../../../examples/expectations.json");
const MAILBOX: &[u8] = include_bytes!("../../../examples/mailbox.mbox");

fn expectations() -> Vec<Value> {
    serde_json::from_str(EXPECTATIONS).unwrap()
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or("")
}

#[test]
fn the_configuration_has_known_keys_only_and_regexes_that_compile() {
    let config: Config = toml::from_str(CONFIG).unwrap();
    assert_eq!((config.scope.len(), config.roster.person.len(), config.forwarder.len()), (3, 4, 2));
    for f in &config.forwarder {
        for pattern in f.senders.iter().chain([&f.preamble, &f.credit]) {
            Regex::new(pattern).unwrap();
        }
        assert_eq!(Regex::new(&f.credit).unwrap().captures_len(), 2, "{}", f.name);
    }
    for pattern in config.scope.iter().map(|s| &s.paths).chain(&config.confidentiality.internal_url_patterns)
    {
        Regex::new(pattern).unwrap();
    }
}

#[test]
fn every_message_has_one_expectation_in_order() {
    let starts = MAILBOX.split(|b| *b == b'\n').filter(|l| l.starts_with(b"From ")).count();
    let entries = expectations();
    assert_eq!(entries.len(), starts);
    assert!(MAILBOX.len() < 600_000);
    for (i, e) in entries.iter().enumerate() {
        assert_eq!(e["index"], i);
        let id = text(e, "message_id");
        let header = format!("\nMessage-ID: <{id}>\n");
        let found = MAILBOX.windows(header.len()).any(|w| w == header.as_bytes());
        assert!(found || id.is_empty(), "{id}");
    }
    assert_eq!(entries.iter().filter(|e| e["message_id"].is_null()).count(), 1);
}

#[test]
fn every_class_is_there_and_every_reference_leads_to_a_tracker() {
    let entries = expectations();
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for e in &entries {
        *classes.entry(text(e, "class")).or_default() += 1;
    }
    let all = "already-public bookkeeping consolidated converged-report follow-up media other relayed-report report scanner spam";
    assert_eq!(classes.keys().copied().collect::<Vec<_>>().join(" "), all);
    assert!(classes.values().all(|n| *n >= 5), "{classes:?}");

    let trackers: BTreeSet<&str> =
        entries.iter().filter(|e| text(e, "fate") == "new-tracker").map(|e| text(e, "message_id")).collect();
    let fates = ["new-tracker", "follow-up", "duplicate", "reply", "drop", "hold"];
    for e in &entries {
        let (fate, of) = (text(e, "fate"), text(e, "tracker_of"));
        assert!(fates.contains(&fate), "{e}");
        assert_eq!(matches!(fate, "follow-up" | "duplicate"), !of.is_empty(), "{e}");
        assert!(of.is_empty() || trackers.contains(of), "{e}");
    }
}
