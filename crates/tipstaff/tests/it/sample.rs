//! The sample mailbox in `examples/`, each message within its thread, on a desk without trackers.

use std::collections::BTreeMap;

use desk::mail;
use serde_json::Value;

use super::{
    env::{Env, examples},
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
    let class = &score.class;
    assert!(class.right * 100 >= class.of * 95, "class: {} of {}\n{}", class.right, class.of, class.misses);
    // Three of the misses of fate are duplicates of reports of the same mailbox, which a desk without trackers cannot
    // see; the plan below does.
    let floors = [
        (&score.class, 141),
        (&score.fate, 138),
        (&score.mode, 68),
        (&score.title, 14),
        (&score.credit, 65),
        (&score.affected, 62),
        (&score.injection, 141),
    ];
    for (tally, floor) in floors {
        assert!(tally.right >= floor, "{} of {}, floor {floor}\n{}", tally.right, tally.of, tally.misses);
    }
}

/// Every fate a plan gives, by Message-ID: the word of the fate, and the tracker.
fn planned(plan: &Value) -> BTreeMap<String, Vec<(String, String)>> {
    let mut out: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for item in plan["items"].as_array().unwrap() {
        let effects = effects(&item["steps"]);
        let fates = effects.iter().filter(|e| e["effect"] == "set-fate");
        for e in fates {
            let word = match e["to"]["fate"].as_str().unwrap() {
                "tracker" => "new-tracker",
                "rejected" => "reply",
                "answered" | "bookkeeping" | "spam" => "drop",
                "other" => "hold",
                same => same,
            };
            let tracker = e["to"]["tracker"].as_str().unwrap_or_default();
            out.entry(e["message"]["id"].as_str().unwrap().into())
                .or_default()
                .push((word.into(), tracker.into()));
        }
    }
    out
}

/// Every effect below a value, those of the arms of a choice included; an arm may repeat what another does.
fn effects(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(effects).collect(),
        Value::Object(map) if map.get("effect").is_some_and(Value::is_string) => {
            std::iter::once(value).chain(map.values().flat_map(effects)).collect()
        }
        Value::Object(map) => map.values().flat_map(effects).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn an_import_of_the_sample_proposes_the_expected_fates() {
    let env = Env::sample();
    let mailbox = examples().join("mailbox.mbox").display().to_string();
    let plan = env.run(&["import", &mailbox, "--json"]).json();
    let plan = plan.get("plan").unwrap_or(&plan);
    let fates = planned(plan);
    let expected: Vec<Value> =
        serde_json::from_slice(&std::fs::read(examples().join("expectations.json")).unwrap()).unwrap();
    let opened: BTreeMap<&str, &str> = fates
        .iter()
        .flat_map(|(id, list)| {
            list.iter().filter(|f| f.0 == "new-tracker").map(|f| (f.1.as_str(), id.as_str()))
        })
        .collect();
    let mut wrong = Vec::new();
    for e in &expected {
        let id = e["message_id"].as_str().unwrap_or_default();
        let fits = |(word, tracker): &&(String, String)| {
            let also = e.get("also").and_then(Value::as_array);
            let word_fits =
                e["fate"] == word.as_str() || also.is_some_and(|a| a.iter().any(|w| w == word.as_str()));
            let of = e.get("tracker_of").and_then(Value::as_str);
            word_fits
                && of.is_none_or(|of| {
                    !matches!(word.as_str(), "follow-up" | "duplicate")
                        || opened.get(tracker.as_str()) == Some(&of)
                })
        };
        let got = fates.get(id);
        if !got.is_some_and(|list| list.iter().any(|f| fits(&f))) {
            wrong.push(format!("{} {}: wanted {}, got {got:?}", e["index"], e["subject"], e["fate"]));
        }
    }
    println!("import: {} of {} fates\n{}", expected.len() - wrong.len(), expected.len(), wrong.join("\n"));
    // One known miss: a second report of the batch purge that shares too few words with the first.
    assert!(wrong.len() <= 1, "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
