//! One mail as it comes from outside: decoding, and the readings of its text.
#![no_main]

use desk::mail::{self, Message};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// 2026-03-01T00:00:00Z.
const OBSERVED: i64 = 1_772_323_200;

fn visible(text: &str) {
    let shown = mail::visible(text);
    assert!(!mail::has_invisible(&shown), "unseen characters are left in {shown:?}");
    assert!(!mail::has_control(&shown) && !shown.contains('\r'), "controls are left in {shown:?}");
    assert_eq!(mail::visible(&shown), shown, "what is visible stays");
}

fn headers(m: &Message, observed: Timestamp, raw: &[u8]) {
    assert!(m.arrived().is_none_or(|t| t <= observed), "{:?} is later than {observed}", m.arrived());
    assert_eq!(m.size, raw.len());
    assert!(!m.subject.contains(['\r', '\n']));
    let people = [&m.reply_to, &m.to, &m.cc].into_iter().flatten().chain([&m.from]).chain(&m.rewritten_from);
    for a in people {
        assert!(!a.name.contains(['\r', '\n']), "{a:?}");
    }
    assert!(m.headers.iter().all(|(_, v)| !v.contains(['\r', '\n'])));
}

fuzz_target!(|raw: &[u8]| {
    let observed = Timestamp::from_second(OBSERVED).unwrap();
    let m = mail::parse(raw, observed);
    headers(&m, observed, raw);
    assert!(!m.text.contains('\r'));
    assert!(m.problems.is_sorted());

    let quick = mail::parse_headers(raw, observed);
    let same = |m: &Message| {
        (m.key.clone(), m.from.clone(), m.subject.clone(), m.date, m.received, m.references.clone())
    };
    assert_eq!(same(&quick), same(&m), "a quick listing says the same");
    headers(&mail::parse_headers(raw, Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH, raw);

    let own = mail::own_words(&m.text);
    assert!(own.len() <= m.text.len() + 1, "own words add nothing");
    if let Some(s) = mail::signature(&m.text) {
        assert!(m.text.contains(s));
    }
    if let Some(f) = mail::forwarded(&m.text) {
        visible(&f.body);
    }
    visible(&m.text);
    visible(&m.hidden_text);
    for a in &m.attachments {
        visible(&a.name);
    }
    let _ = mail::one_line(&m.subject, 80);
});
