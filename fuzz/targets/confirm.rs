//! A person's answer to a plan: only what the plan holds and the answer names is ever applied.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::Arbitrary;
use desk::plan::confirm::{self, Action, ConfirmItem, ConfirmRequest, Grammar};
use libfuzzer_sys::fuzz_target;

const GRAMMARS: [Grammar; 11] = [
    Grammar::Import,
    Grammar::Sync,
    Grammar::Bulk,
    Grammar::Triage,
    Grammar::Merge,
    Grammar::Invalidate,
    Grammar::Allocate,
    Grammar::Fix,
    Grammar::Md,
    Grammar::Pr,
    Grammar::Scan,
];
const BUCKETS: [&str; 4] = ["pr-worth", "by-design", "duplicate", "import"];

#[derive(Arbitrary, Debug)]
struct Item {
    n: u8,
    default: bool,
    blocked: bool,
    tracker: u8,
    bucket: Option<u8>,
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    grammar: u8,
    nested: bool,
    canned: bool,
    items: [Item; 6],
    count: u8,
    reply: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let grammar = GRAMMARS[usize::from(input.grammar) % GRAMMARS.len()];
    let nested = grammar == Grammar::Bulk && input.nested;
    let mut seen = BTreeSet::new();
    let items: Vec<ConfirmItem> = input
        .items
        .iter()
        .take(usize::from(input.count) % 7)
        .map(|i| ConfirmItem {
            n: u32::from(i.n % 24),
            default: i.default,
            blocked: i.blocked,
            tracker: nested.then_some(u32::from(i.tracker % 4) + 100),
            bucket: i.bucket.map(|b| BUCKETS[usize::from(b) % BUCKETS.len()].to_owned()),
        })
        // A plan numbers its items once; a bulk plan may number them per tracker.
        .filter(|i| seen.insert((i.tracker, i.n)))
        .collect();
    let mut canned = BTreeMap::new();
    if input.canned {
        canned.insert("house-rules".to_owned(), vec!["House rules".to_owned(), "rules 2".to_owned()]);
    }
    let request = ConfirmRequest { grammar, items, reply: input.reply.to_owned(), canned };
    let c = confirm::read(&request);
    assert_eq!(confirm::read(&request), c);

    let numbers: BTreeSet<u32> = request.items.iter().map(|i| i.n).collect();
    let unique = numbers.len() == request.items.len();
    let by_item = !nested || unique;
    let trackers: BTreeSet<u32> = request.items.iter().filter_map(|i| i.tracker).collect();
    let known = |n: &u32| if by_item { numbers.contains(n) } else { trackers.contains(n) };
    assert!(c.apply.iter().all(known), "{c:?}");
    assert!(c.skip.iter().all(known), "{c:?}");
    assert!(c.apply.is_sorted() && c.skip.is_sorted());
    assert!(!c.apply.iter().any(|n| c.skip.contains(n)), "{c:?}");
    let blocked = |n: &u32| {
        let mut of = request.items.iter().filter(|i| if by_item { i.n == *n } else { i.tracker == Some(*n) });
        of.all(|i| i.blocked)
    };
    assert!(!c.apply.iter().any(blocked), "{c:?}");
    for (t, choice) in c.trackers.iter().flatten() {
        let t: u32 = t.parse().unwrap();
        for n in choice.apply.iter().filter(|_| nested) {
            let item = request.items.iter().find(|i| i.tracker == Some(t) && i.n == *n);
            assert!(item.is_some_and(|i| !i.blocked), "{t}: {choice:?}");
            assert!(!choice.skip.contains(n), "{t}: {choice:?}");
        }
        let all_blocked = request.items.iter().filter(|i| i.tracker.unwrap_or(i.n) == t).all(|i| i.blocked);
        assert!(!(all_blocked && (choice.all && !nested || !choice.apply.is_empty())), "{t}: {choice:?}");
    }
    match c.action {
        Action::Ask => assert!(c.apply.is_empty(), "{c:?}"),
        Action::Cancel => assert!(c.apply.is_empty() && c.skip.is_empty(), "{c:?}"),
        Action::Apply | Action::Edit => {}
    }
    let silent = request.reply.trim().is_empty() || request.reply.lines().all(|l| l.trim().starts_with('>'));
    if silent {
        assert_eq!(c.action, Action::Ask, "silence is never consent");
    }
});
