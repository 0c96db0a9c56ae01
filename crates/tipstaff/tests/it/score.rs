//! Judges mail as `x classify` does, in this process, and counts what came out against what was expected.

use std::{fmt::Write as _, path::Path};

use desk::{
    config::{self, Config, Layer, LayerText},
    mail::{self, Message, Thread},
    people::Roster,
    rules::{
        extract::{self, Mode},
        import::{self, Class, ClassifyInput, Fate, TrackerSummary},
    },
};
use serde_json::Value;

/// What the program made of one message.
#[derive(Debug)]
pub struct Judged {
    pub class: Class,
    pub fate: Fate,
    pub mode: &'static str,
    pub title: String,
    pub credit: Option<String>,
    pub affected: Vec<String>,
    pub injection: bool,
    pub signals: Vec<String>,
}

/// The clock of every test.
pub fn now() -> jiff::Timestamp {
    super::env::NOW.parse().unwrap()
}

/// A configuration, read as the program reads it.
pub fn config(path: &Path) -> Config {
    let text = std::fs::read_to_string(path).unwrap();
    let file = path.display().to_string();
    config::load(&[LayerText { layer: Layer::Project, file, text }]).unwrap().config
}

/// One message in its thread.
pub fn judge(thread: &Thread, index: usize, trackers: &[TrackerSummary], config: &Config) -> Judged {
    let roster = Roster::from_config(config);
    let m = &thread.messages[index];
    let forwarder = extract::detect(m, config, &roster);
    let mut verdict = import::classify(&ClassifyInput {
        thread,
        index,
        roster: &roster,
        config,
        trackers,
        forwarder: forwarder.adapter.as_deref(),
        public_fix: None,
        now: now(),
    });
    let fields = extract::fields(m, &m.text, config);
    import::propose::settle(&mut verdict, &import::propose::related_to(m, &fields.title, trackers));
    let relayed = forwarder.mode == Mode::ViaForwarder;
    Judged {
        class: verdict.class,
        fate: verdict.fate,
        mode: if relayed { "via-forwarder" } else { "direct" },
        title: fields.title,
        credit: extract::from_message(m, relayed).field(),
        affected: fields.affected_versions,
        injection: !verdict.injection.is_empty(),
        signals: verdict.signals.iter().map(|s| format!("{} «{}»", s.rule, s.evidence)).collect(),
    }
}

/// A message within the mails that are given as one thread.
pub fn thread_of(m: &Message, mbox: Option<&[u8]>) -> (Thread, usize) {
    let mut all = vec![m.clone()];
    if let Some(raw) = mbox {
        all.extend(mail::split(raw).map(|e| mail::parse(&e.raw, now())).filter(|a| a.key != m.key));
    }
    let root = mbox.and_then(|raw| mail::split(raw).next().map(|e| mail::parse(&e.raw, now()).key.id));
    all.sort_by_key(|a| (Some(&a.key.id) != root.as_ref(), a.arrived()));
    let index = all.iter().position(|a| a.key == m.key).unwrap();
    (Thread { id: all[0].key.id.clone(), messages: all }, index)
}

/// Right answers and the words about the wrong ones, one aspect.
#[derive(Default)]
pub struct Tally {
    pub right: usize,
    pub of: usize,
    pub misses: String,
}

impl Tally {
    fn count(&mut self, ok: bool, name: &str, wanted: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug) {
        self.of += 1;
        self.right += usize::from(ok);
        if !ok {
            writeln!(self.misses, "  {name}: wanted {wanted:?}, got {got:?}").unwrap();
        }
    }
}

/// One tally for each thing that is judged.
#[derive(Default)]
pub struct Score {
    pub class: Tally,
    pub fate: Tally,
    pub mode: Tally,
    pub title: Tally,
    pub credit: Tally,
    pub affected: Tally,
    pub injection: Tally,
}

impl Score {
    /// Compare one message with its expectation; a key that is not given is not counted.
    pub fn add(&mut self, name: &str, expected: &Value, got: &Judged) {
        let word = |key: &str| expected.get(key).and_then(Value::as_str);
        let among = |key: &str, value: &str| {
            expected
                .get(key)
                .and_then(Value::as_array)
                .is_some_and(|list| list.iter().any(|v| v.as_str() == Some(value)))
        };
        let class = got.class.as_str();
        let ok = word("class") == Some(class) || among("also_class", class);
        self.class.count(ok, name, &word("class").unwrap(), &(class, &got.signals));

        let fate = serde_json::to_value(got.fate).unwrap();
        let fate = fate.as_str().unwrap();
        let ok = word("fate") == Some(fate) || among("also", fate);
        self.fate.count(ok, name, &word("fate").unwrap(), &fate);

        if let Some(mode) = word("mode") {
            self.mode.count(mode == got.mode, name, &mode, &got.mode);
        }
        if let Some(title) = word("title") {
            self.title.count(title == got.title, name, &title, &got.title);
        }
        if let Some(credit) = expected.get("credit") {
            let credit = credit.as_str();
            self.credit.count(credit == got.credit.as_deref(), name, &credit, &got.credit);
        }
        if let Some(list) = expected.get("affected_versions").and_then(Value::as_array) {
            let fold = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
            let wanted: Vec<String> = list.iter().filter_map(Value::as_str).map(fold).collect();
            let have: Vec<String> = got.affected.iter().map(|s| fold(s)).collect();
            self.affected.count(wanted == have, name, &wanted, &have);
        }
        let wanted = expected.get("injection").and_then(Value::as_bool).unwrap_or(false);
        self.injection.count(wanted == got.injection, name, &wanted, &got.injection);
    }

    /// Every tally by name.
    pub fn parts(&self) -> [(&'static str, &Tally); 7] {
        [
            ("class", &self.class),
            ("fate", &self.fate),
            ("mode", &self.mode),
            ("title", &self.title),
            ("credit", &self.credit),
            ("affected versions", &self.affected),
            ("injection", &self.injection),
        ]
    }

    /// The score in words, misses included.
    pub fn words(&self) -> String {
        let mut out = String::new();
        for (name, t) in self.parts() {
            writeln!(out, "{name}: {} of {}\n{}", t.right, t.of, t.misses).unwrap();
        }
        out
    }
}
