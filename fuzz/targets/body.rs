//! A tracker body: reading what others wrote, writing one field, and letting report text in.
#![no_main]

use std::collections::BTreeMap;

use desk::tracker::{self, FieldRole, Headings};
use desk_fuzz::Fields;
use libfuzzer_sys::fuzz_target;

/// A value as it compares.
fn plain(value: &str) -> String {
    value.replace("\r\n", "\n").replace('\r', "\n")
}

fn write(body: &str, role: FieldRole, value: &str, headings: &Headings) {
    let before = tracker::parse(body, headings);
    let mut at = before.preamble.end;
    for s in before.sections() {
        assert_eq!(s.span.start, at, "sections follow one another");
        assert!(s.content.start <= s.core.start && s.core.end <= s.content.end);
        assert!(body.get(s.core.clone()).is_some());
        at = s.span.end;
    }
    assert_eq!(at, body.len(), "sections reach the end");
    let Some(section) = before.section(role) else {
        assert!(tracker::set(body, role, value, headings).is_err());
        return;
    };
    if before.unterminated().is_none() {
        let same = tracker::set(body, role, before.get(role).unwrap_or_default(), headings);
        assert_eq!(same.as_deref(), Ok(body), "writing what stands there is no write");
    }
    let Ok(after) = tracker::set(body, role, value, headings) else { return };
    let new = tracker::parse(&after, headings);
    for other in FieldRole::ALL.into_iter().filter(|r| *r != role) {
        assert_eq!(before.get(other), new.get(other), "{other} changed with {role}");
    }
    let blank = [' ', '\t', '\n'];
    let wanted = plain(value);
    match new.get(role) {
        Some(v) => assert_eq!(v.trim_matches(blank), wanted.trim_matches(blank), "{role} reads back"),
        None => assert!(tracker::is_placeholder(&wanted), "{role} is lost: {wanted:?}"),
    }
    assert!(after.starts_with(body.get(..section.content.start).unwrap()), "what is above stays");
    assert!(after.ends_with(body.get(section.content.end..).unwrap()), "what is below stays");
    assert_eq!(tracker::set(&after, role, value, headings), Ok(after), "the second write changes nothing");
}

fn let_in(text: &str, role: FieldRole, headings: &Headings) {
    let clean = tracker::sanitise(text);
    let again = tracker::sanitise(&clean.markdown);
    assert_eq!(again.markdown, clean.markdown, "clean text stays as it is");
    let mut values: BTreeMap<FieldRole, String> =
        FieldRole::ALL.into_iter().map(|r| (r, format!("the {r}"))).collect();
    values.insert(role, clean.markdown.clone());
    let body = tracker::new_body(&values, headings);
    let read = tracker::parse(&body, headings);
    assert_eq!(read.problems, [], "{body}");
    assert_eq!(read.sections().len(), FieldRole::ALL.len());
    for other in FieldRole::ALL.into_iter().filter(|r| *r != role) {
        assert_eq!(read.get(other), values.get(&other).map(String::as_str), "{other} is not what it was");
    }
    let wanted = Some(clean.markdown.as_str()).filter(|v| !tracker::is_placeholder(v));
    assert_eq!(read.get(role), wanted);
    values.insert(role, String::new());
    let set = tracker::set(&tracker::new_body(&values, headings), role, &clean.markdown, headings);
    assert_eq!(set.as_deref(), Ok(body.as_str()), "clean text may be written");
}

fuzz_target!(|data: &[u8]| {
    let headings = Headings::default();
    let mut fields = Fields::of(data);
    let (first, second) = (fields.text(), fields.text());
    let role = FieldRole::ALL[usize::from(fields.byte()) % FieldRole::ALL.len()];
    write(&first, role, &second, &headings);

    let values =
        FieldRole::ALL.into_iter().map(|r| (r, if r == role { first.clone() } else { second.clone() }));
    let body = tracker::new_body(&values.collect(), &headings);
    let read = tracker::parse(&body, &headings);
    assert_eq!(read.problems, [], "{body}");
    assert_eq!(read.sections().len(), FieldRole::ALL.len());
    write(&body, role, &second, &headings);

    let_in(&first, role, &headings);
    let_in(&format!("{first}{second}"), FieldRole::IssueDescription, &headings);
});
