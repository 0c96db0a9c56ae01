//! The check of CVE records: any bytes are judged, alike however they are given, and every finding has a place.
#![no_main]

use desk::cve::{
    check::{self, At, Content, Finding, Level, check_text, check_value, locate},
    lint::Options,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let all = Options::default();
    let content = check_text(data, &all);
    let other = matches!(content, Content::Other(_));
    let records = content.into_records();
    let lines = data.iter().filter(|b| **b == b'\n').count() + 1;
    let paths: Vec<String> =
        records.iter().flat_map(|c| c.findings.iter().map(|f| f.path.replacen('$', &c.base, 1))).collect();
    let places = locate(data, paths.iter().map(String::as_str));
    for p in &paths {
        let place = places[p.as_str()];
        assert!(place.line >= 1 && place.line <= lines && place.column >= 1, "{p} is at {place:?}");
    }
    let known: Vec<&str> = check::rules().map(|(id, _)| id).collect();
    for f in records.iter().flat_map(|c| &c.findings) {
        assert!(known.contains(&f.rule), "{f:?} has a rule");
        assert!(f.path.starts_with('$') && !f.message.is_empty(), "{f:?}");
        assert!(f.level <= check::default_level(f.rule) || varies(f), "{f:?} weighs no more than its rule");
    }
    // What is no record at all cannot pass for one.
    if other {
        assert!(records.iter().all(|c| c.findings.iter().any(|f| f.rule.starts_with("schema"))), "{records:?}");
    }
    let strict = Options { min_level: Level::Error, ..Options::default() };
    for (a, b) in records.iter().zip(check_text(data, &strict).into_records()) {
        let errors: Vec<&Finding> = a.findings.iter().filter(|f| f.level == Level::Error).collect();
        assert!(errors.into_iter().eq(&b.findings), "a level only chooses");
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(data)
        && value.is_object()
        && records.iter().all(|c| c.base == "$" && c.findings.iter().all(|f| f.rule != "lint.duplicate-key"))
    {
        let again = check_value(&value, &all);
        let mut read: Vec<_> = records.iter().flat_map(|c| c.findings.clone()).collect();
        let mut given = again.findings;
        let key = |f: &Finding| (f.path.clone(), f.rule, f.message.clone());
        // A value has its keys in another order than its text.
        read.sort_by_key(key);
        given.sort_by_key(key);
        assert_eq!(read, given, "text and value are judged alike");
    }
    let _ = At::ROOT.path();
});

/// Rules whose findings may weigh more than usual: a record that refers to itself alone.
fn varies(f: &Finding) -> bool {
    f.rule == "lint.E010"
}
