//! Forty messages by people who had not read the rules, to projects of every kind: what a desk can expect of mail
//! nobody wrote a rule for. `docs/accuracy.md` tells how the first run ended.

use std::path::{Path, PathBuf};

use desk::mail;
use serde_json::Value;

use super::{
    env::Env,
    score::{Score, config, judge, now, thread_of},
};

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/held_out")
}

fn expected() -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(dir().join("expected.json")).unwrap()).unwrap()
}

fn file(entry: &Value, key: &str) -> Option<PathBuf> {
    entry.get(key).and_then(Value::as_str).map(|name| dir().join(name))
}

fn score() -> Score {
    let config = config(&dir().join("tipstaff.toml"));
    let mut score = Score::default();
    for entry in expected() {
        let path = file(&entry, "file").unwrap();
        let m = mail::parse(&std::fs::read(&path).unwrap(), now());
        let mbox = file(&entry, "thread").map(|p| std::fs::read(p).unwrap());
        let (thread, index) = thread_of(&m, mbox.as_deref());
        let trackers: Vec<desk::rules::import::TrackerSummary> = file(&entry, "trackers")
            .map(|p| serde_json::from_str(&std::fs::read_to_string(p).unwrap()).unwrap())
            .unwrap_or_default();
        let judged = judge(&thread, index, &trackers, &config);
        score.add(entry["file"].as_str().unwrap(), &entry, &judged);
    }
    score
}

#[test]
fn unseen_mail_is_judged_no_worse_than_before() {
    let score = score();
    println!("{}", score.words());
    // Floors: what the rules reach now. Raise them with the rules, never lower them.
    let parts = [
        (&score.class, 40),
        (&score.fate, 40),
        (&score.mode, 40),
        (&score.credit, 14),
        (&score.affected, 16),
    ];
    for (tally, floor) in parts {
        assert!(tally.right >= floor, "{} of {}, floor {floor}\n{}", tally.right, tally.of, tally.misses);
    }
}

#[test]
fn the_program_says_what_the_library_says() {
    let env = Env::with_config(&dir().join("tipstaff.toml"));
    for wanted in ["04-ferrule-review.eml", "13-you-are-wrong.eml", "36-polices-type1.eml"] {
        let entry = expected().into_iter().find(|e| e["file"] == wanted).unwrap();
        let path = file(&entry, "file").unwrap();
        let mut args = vec!["x".to_string(), "classify".into(), path.display().to_string()];
        for key in ["thread", "trackers"] {
            if let Some(p) = file(&entry, key) {
                args.extend([format!("--{key}"), p.display().to_string()]);
            }
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let said = env.run(&args).expect(0).json();
        assert_eq!((&said["class"], &said["fate"]), (&entry["class"], &entry["fate"]), "{wanted}");
    }
}
