//! Threads: no message is lost, order does not matter, and nobody joins what does not belong together.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::Arbitrary;
use desk::mail::{self, ContentDigest, Message, MessageKey};
use desk_fuzz::Numbers;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Mail {
    id: u8,
    variant: bool,
    date: Option<i8>,
    received: Option<i8>,
    answers: Vec<u8>,
    references: Vec<u8>,
}

fn name(id: u8) -> String {
    // An empty id now and then, also among the references.
    if id == 0 { String::new() } else { format!("m{}", id % 64) }
}

impl Mail {
    fn message(&self) -> Message {
        let at = |t: Option<i8>| t.and_then(|t| Timestamp::from_second(i64::from(t)).ok());
        let mut m = Message {
            in_reply_to: self.answers.iter().map(|i| name(*i)).collect(),
            references: self.references.iter().map(|i| name(*i)).collect(),
            date: at(self.date),
            received: at(self.received),
            subject: "Security issue".into(),
            size: 9,
            ..Message::default()
        };
        // Equal digests mean equal content; the variant stands for what the body says.
        let digest = format!("{} {} {:?}", name(self.id), self.variant, m);
        m.key = MessageKey { id: name(self.id), digest: ContentDigest(digest) };
        m
    }
}

fuzz_target!(|input: (u32, Vec<Mail>)| {
    let (seed, mails) = input;
    let messages: Vec<Message> = mails.iter().map(Mail::message).collect();
    let got = mail::group(messages.clone());

    let mut count: BTreeMap<&MessageKey, usize> = BTreeMap::new();
    for m in &messages {
        *count.entry(&m.key).or_default() += 1;
    }
    let mut threads_of: BTreeMap<&MessageKey, usize> = BTreeMap::new();
    for t in &got.threads {
        assert!(!t.messages.is_empty());
        for m in &t.messages {
            *threads_of.entry(&m.key).or_default() += 1;
        }
    }
    for d in &got.duplicates {
        *threads_of.entry(d).or_default() += 1;
    }
    assert_eq!(threads_of, count, "every message is in one thread or reported as a duplicate");
    let ids: BTreeSet<&str> = got.threads.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(ids.len(), got.threads.len(), "a thread has a name of its own");

    // An id whose messages answer nobody is a root, and no thread has two.
    let mut answers: BTreeMap<&str, bool> = BTreeMap::new();
    for m in messages.iter().filter(|m| !m.key.id.is_empty()) {
        *answers.entry(&m.key.id).or_default() |= m.is_reply();
    }
    for t in &got.threads {
        let roots: BTreeSet<&str> = t
            .messages
            .iter()
            .map(|m| m.key.id.as_str())
            .filter(|id| answers.get(id) == Some(&false))
            .collect();
        assert!(roots.len() <= 1, "{roots:?} are joined");
        assert!(roots.first().is_none_or(|r| *r == t.id), "the root names its thread");
    }

    let mut numbers = Numbers::of(&seed.to_le_bytes());
    let mut shuffled = messages;
    for i in (1..shuffled.len()).rev() {
        shuffled.swap(i, numbers.below(i + 1));
    }
    assert_eq!(mail::group(shuffled), got, "the order of arrival does not matter");
});
