//! The sample mailbox in `examples/`, each message within its thread, on a desk without trackers.

use std::collections::BTreeMap;

use desk::mail;
use serde_json::Value;

use super::{
    env::examples,
    score::{Score, config, judge, now},
};

fn score() -> Score {
    let read = |name: &str| std::fs::read(examples().join(name)).unwrap();
    let config = config(&examples().join("tipstaff.toml"));
    let expected: Vec<Value> = serde_json::from_slice(&read("expectations.json")).unwrap();
    let messages: Vec<mail::Message> =
        mail::split(&read("mailbox.mbox")).map(|e| mail::parse(&e.raw, now())).collect();
    assert_eq!(messages.len(), expected.len());
    let by_key: BTreeMap<mail::MessageKey, usize> =
        messages.iter().enumerate().map(|(i, m)| (m.key.clone(), i)).collect();
    let mut judged = BTreeMap::new();
    for thread in &mail::group(messages).threads {
        for (index, m) in thread.messages.iter().enumerate() {
            judged.insert(by_key[&m.key], judge(thread, index, &[], &config));
        }
    }
    let mut score = Score::default();
    for (i, entry) in expected.iter().enumerate() {
        let name = format!("{i} {:?}", entry["subject"].as_str().unwrap());
        match judged.get(&i) {
            Some(j) => score.add(&name, entry, j),
            None => println!("{name}: came twice"),
        }
    }
    score
}

#[test]
fn the_sample_mailbox_is_judged_as_expected() {
    let score = score();
    println!("{}", score.words());
}
