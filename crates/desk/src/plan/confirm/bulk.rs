//! The answer to a plan over many trackers (sync page §14): `N:all`, `N:1,3`, `N:skip`, `N:edit k: value`,
//! `force-sync N`, an order, and the plain words.
//!
//! Two shapes of request: items with a `tracker` (numbered through or per tracker), or one item per tracker whose `n`
//! is the tracker. In the second, `N:1,3` is taken as said: the item numbers cannot be checked here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::pattern::Regex;

use super::{
    Action, ConfirmItem, ConfirmRequest, Confirmation, Edit, Grammar, TrackerChoice, Unknown, grammar::Rules,
    parse, resolve,
};

#[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
static HEAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[\s,;])#?(\d{1,9})(?:\s*-\s*#?(\d{1,9}))?\s*:\s*").unwrap());
/// A command about trackers inside the text of one.
#[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
static GLOBAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[\s,;]+(?:(?:and|then|but|also|please)\s+)*(?:skip|force[- ]sync|order|except|not|reject)\s+(?:tracker\s+)?#?(\d{1,9})\b").unwrap()
});

/// An edit of words: the rest of the line is theirs, whatever stands in it.
#[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:\d{1,9}\s*:\s*)?edit[\s:]+(?:letter|comment|subject|title|public.summary)\s*[:=]")
        .unwrap()
});

/// Most parts `N: …` of one answer, a range counting for each of its trackers. Ranges repeated down a long answer
/// would otherwise multiply with the trackers.
const MAX_PARTS: usize = 5_000;

/// The trackers of a plan and their items.
struct Book<'a> {
    /// By tracker; empty when the request lists trackers only.
    items: BTreeMap<u32, Vec<&'a ConfirmItem>>,
    /// Items carry a tracker.
    nested: bool,
    /// No two trackers share an item number.
    unique: bool,
}

impl<'a> Book<'a> {
    fn of(items: &'a [ConfirmItem]) -> Self {
        let nested = items.iter().any(|i| i.tracker.is_some());
        let mut by: BTreeMap<u32, Vec<&ConfirmItem>> = BTreeMap::new();
        for i in items {
            by.entry(i.tracker.unwrap_or(i.n)).or_default().push(i);
        }
        let distinct: BTreeSet<u32> = items.iter().map(|i| i.n).collect();
        Self { items: by, nested, unique: distinct.len() == items.len() }
    }

    fn owner(&self, n: u32) -> Option<u32> {
        if !self.nested || !self.unique || self.items.contains_key(&n) {
            return None;
        }
        self.items.iter().find(|(_, is)| is.iter().any(|i| i.n == n)).map(|(t, _)| *t)
    }

    fn of_tracker(&self, t: u32) -> Vec<ConfirmItem> {
        self.items.get(&t).map(|is| is.iter().map(|i| (*i).clone()).collect()).unwrap_or_default()
    }
}

pub(super) fn read(request: &ConfirmRequest, text: &str) -> Confirmation {
    let book = Book::of(&request.items);
    let Some((general, parts)) = split(text, &book) else {
        return Confirmation {
            unknown: vec![Unknown::Text("too many parts".into())],
            trackers: Some(BTreeMap::new()),
            ..Confirmation::default()
        };
    };
    let mut said = Answer { choices: BTreeMap::new(), unknown: Vec::new(), conflict: BTreeSet::new() };

    // The plain words, over trackers (and over items where their numbers are unique).
    let mut flat: Vec<ConfirmItem> = book
        .items
        .iter()
        .map(|(t, is)| ConfirmItem {
            n: *t,
            default: is.iter().any(|i| i.default),
            blocked: is.iter().all(|i| i.blocked),
            ..ConfirmItem::default()
        })
        .collect();
    flat.extend(request.items.iter().filter(|i| book.owner(i.n).is_some()).cloned());
    let rules = Rules::of(Grammar::Bulk);
    let plain = parse::parse(&general, rules, &flat, &request.canned);
    let order = plain.order.clone();
    let forced = plain.force.clone();
    let spoke = plain.all
        || plain.cancel
        || plain.lost
        || plain.bare_skip
        || plain.skip_all
        || !plain.named.is_empty()
        || !plain.ranged.is_empty()
        || !plain.edits.is_empty()
        || !plain.doubtful.is_empty();
    let all = plain.all;
    let skipped: Vec<u32> = plain.skipped.iter().copied().collect();
    said.unknown.extend(plain.unknown.iter().cloned());
    if plain.lost || (plain.cancel && !parts.is_empty()) {
        return Confirmation {
            unknown: said.unknown,
            trackers: Some(BTreeMap::new()),
            ..Confirmation::default()
        };
    }
    if spoke {
        let answer = resolve::resolve(plain, rules, &flat, &general);
        match answer.action {
            Action::Cancel => {
                return Confirmation { trackers: Some(BTreeMap::new()), ..answer };
            }
            Action::Ask if parts.is_empty() && forced.is_empty() => {
                return Confirmation { trackers: Some(BTreeMap::new()), ..answer };
            }
            _ => said.take_plain(&book, &answer, all),
        }
        said.unknown = answer.unknown;
    }
    for n in skipped {
        said.skip(&book, n);
    }
    for t in &forced {
        said.choices.entry(*t).or_default().force = true;
    }
    let overridden: BTreeSet<u32> = parts.iter().map(|(t, _)| *t).collect();
    for t in &overridden {
        // A word about one tracker beats the word about all.
        if all {
            said.choices.remove(t);
        }
    }
    for (t, payload) in &parts {
        said.part(&book, request, *t, payload);
    }
    finish(said, &book, order)
}

/// The text without its parts, and the parts `N: …` by tracker.
type Parts = (String, Vec<(u32, String)>);

/// Parts `N: …` and the rest of the text; none when there are too many.
fn split(text: &str, book: &Book<'_>) -> Option<Parts> {
    let mut total = 0;
    let mut heads: Vec<(usize, usize, Vec<u32>)> = Vec::new();
    for c in HEAD.captures_iter(text) {
        let (Some(m), Some(a)) = (c.get(0), c.get(1).and_then(|m| m.as_str().parse::<u32>().ok())) else {
            continue;
        };
        let b = c.get(2).and_then(|m| m.as_str().parse::<u32>().ok()).unwrap_or(a);
        // `101: 2:edit …`: a number of the tracker's own item opens no new part.
        let inner = heads.last().is_some_and(|(_, end, ts)| {
            let same_line = !text.get(*end..m.start()).unwrap_or("").contains('\n');
            let own = !book.items.contains_key(&a) && ts.iter().any(|t| has_item(book, *t, a));
            same_line && (own || WORDS.is_match(text.get(*end..m.start()).unwrap_or("")))
        });
        if !inner {
            let of_range: Vec<u32> =
                if b > a { book.items.range(a..=b).map(|(t, _)| *t).collect() } else { vec![a] };
            total += of_range.len();
            if total > MAX_PARTS {
                return None;
            }
            heads.push((m.start(), m.end(), of_range));
        }
    }
    let mut general = text.get(..heads.first().map_or(text.len(), |h| h.0)).unwrap_or("").to_string();
    let mut parts = Vec::new();
    for (i, (_, begin, trackers)) in heads.iter().enumerate() {
        let end = heads.get(i + 1).map_or(text.len(), |h| h.0);
        let body = text.get(*begin..end).unwrap_or("");
        let words = WORDS.is_match(body);
        let ends: &[char] = if words { &['\n'] } else { &[';', '\n'] };
        let line = body.find(ends).unwrap_or(body.len());
        let global = GLOBAL
            .captures(body)
            .filter(|_| !words)
            .filter(|c| {
                c.get(1)
                    .and_then(|m| m.as_str().parse().ok())
                    .is_some_and(|n: u32| book.items.contains_key(&n))
            })
            .and_then(|c| c.get(0))
            .map_or(body.len(), |m| m.start());
        let cut = line.min(global);
        for t in trackers {
            parts.push((*t, body.get(..cut).unwrap_or("").trim().trim_end_matches(',').to_string()));
        }
        general.push('\n');
        general.push_str(body.get(cut..).unwrap_or("").trim_start_matches([',', ';']));
    }
    Some((general, parts))
}

fn has_item(book: &Book<'_>, tracker: u32, n: u32) -> bool {
    book.items.get(&tracker).is_some_and(|is| book.nested && is.iter().any(|i| i.n == n))
}

struct Answer {
    choices: BTreeMap<u32, TrackerChoice>,
    unknown: Vec<Unknown>,
    /// Trackers about which two parts disagree.
    conflict: BTreeSet<u32>,
}

impl Answer {
    fn take_plain(&mut self, book: &Book<'_>, answer: &Confirmation, all: bool) {
        for n in &answer.apply {
            if book.items.contains_key(n) {
                if !book.nested || all || answer.apply.contains(n) {
                    let choice = whole(book, *n);
                    self.choices.insert(*n, choice);
                }
            } else if let Some(t) = book.owner(*n).filter(|_| !all) {
                let choice = self.choices.entry(t).or_default();
                choice.action = Action::Apply;
                choice.apply.push(*n);
            }
        }
        for e in &answer.edits {
            let t = e.n.and_then(|n| if book.items.contains_key(&n) { Some(n) } else { book.owner(n) });
            if let Some(t) = t {
                let choice = self.choices.entry(t).or_default();
                choice.edits.push(e.clone());
                choice.action = Action::Edit;
            }
        }
    }

    fn skip(&mut self, book: &Book<'_>, n: u32) {
        if book.items.contains_key(&n) {
            self.choices.insert(n, skipped(book, n));
        } else if let Some(choice) = book.owner(n).and_then(|t| self.choices.get_mut(&t)) {
            choice.apply.retain(|a| *a != n);
            choice.all = false;
        }
    }

    fn part(&mut self, book: &Book<'_>, request: &ConfirmRequest, t: u32, payload: &str) {
        if !book.items.contains_key(&t) {
            self.unknown.push(Unknown::Number(t));
            return;
        }
        let choice = choose(book, request, t, payload);
        if choice.action == Action::Ask {
            self.unknown.push(Unknown::Text(format!("{t}:{payload}")));
        }
        match self.choices.get_mut(&t) {
            Some(old) if old.action == Action::Edit && choice.action == Action::Edit => {
                old.edits.extend(choice.edits)
            }
            Some(old) if old.force && old.action == Action::Ask => {
                *old = TrackerChoice { force: true, ..choice };
            }
            Some(old) if *old != choice => {
                self.conflict.insert(t);
                self.unknown.push(Unknown::Number(t));
            }
            _ => {
                self.choices.insert(t, choice);
            }
        }
    }
}

/// Every default item of the tracker.
fn whole(book: &Book<'_>, t: u32) -> TrackerChoice {
    let items = book.items.get(&t).map(Vec::as_slice).unwrap_or_default();
    if !book.nested {
        let ok = items.iter().any(|i| !i.blocked);
        return TrackerChoice {
            action: if ok { Action::Apply } else { Action::Cancel },
            all: ok,
            ..TrackerChoice::default()
        };
    }
    let (apply, rest): (Vec<&ConfirmItem>, Vec<&ConfirmItem>) =
        items.iter().partition(|i| i.default && !i.blocked);
    // Nothing that `all` covers, and something that may be named: which?
    let unclear = apply.is_empty() && rest.iter().any(|i| !i.blocked);
    TrackerChoice {
        action: if unclear { Action::Ask } else { Action::Apply },
        all: !unclear,
        apply: apply.iter().map(|i| i.n).collect(),
        skip: rest.iter().filter(|i| i.blocked).map(|i| i.n).collect(),
        ..TrackerChoice::default()
    }
}

fn skipped(book: &Book<'_>, t: u32) -> TrackerChoice {
    let skip = if book.nested { book.of_tracker(t).iter().map(|i| i.n).collect() } else { Vec::new() };
    TrackerChoice { action: Action::Cancel, skip, ..TrackerChoice::default() }
}

/// What `N: payload` says about tracker N.
fn choose(book: &Book<'_>, request: &ConfirmRequest, t: u32, payload: &str) -> TrackerChoice {
    if let Some(text) = edit_text(payload) {
        let mut choice = whole(book, t);
        if choice.all && !(book.nested && choice.apply.is_empty()) {
            choice.action = Action::Edit;
            choice.edits = vec![Edit { n: Some(t), text: text.to_string() }];
        }
        choice.all = false;
        return choice;
    }
    // Items that cannot be checked: take the numbers as said.
    let items = if book.nested {
        book.of_tracker(t)
    } else {
        let named: BTreeSet<u32> =
            payload.split(|c: char| !c.is_ascii_digit()).filter_map(|d| d.parse().ok()).collect();
        let high = named.iter().next_back().copied().unwrap_or(0).min(999);
        (1..=high).map(|n| ConfirmItem { n, default: false, ..ConfirmItem::default() }).collect()
    };
    // A tracker of its own may be skipped with one word.
    let rules = Rules { grammar: Grammar::Sync, bare_skip: true, ..Rules::of(Grammar::Bulk) };
    let said = parse::parse(payload, rules, &items, &request.canned);
    let all = said.all && said.skipped.is_empty();
    let answer = resolve::resolve(said, rules, &items, payload);
    match answer.action {
        Action::Cancel => return skipped(book, t),
        Action::Apply if all && answer.edits.is_empty() => return whole(book, t),
        // No items to check, and the answer was `all`.
        Action::Ask if all && items.is_empty() && answer.unknown.is_empty() => return whole(book, t),
        _ => {}
    }
    if !book.nested && request.items.iter().any(|i| i.n == t && i.blocked) {
        return TrackerChoice { action: Action::Cancel, unknown: answer.unknown, ..TrackerChoice::default() };
    }
    TrackerChoice {
        action: answer.action,
        apply: answer.apply,
        skip: answer.skip,
        edits: answer.edits,
        unknown: answer.unknown,
        ..TrackerChoice::default()
    }
}

/// The text of `edit k: value`.
fn edit_text(payload: &str) -> Option<&str> {
    let head = payload.get(..4).filter(|h| h.eq_ignore_ascii_case("edit"))?;
    let text = payload.get(head.len()..)?;
    text.starts_with([' ', '\t', ':'])
        .then(|| text.trim_start_matches([' ', '\t', ':']).trim())
        .filter(|t| !t.is_empty() && !t.starts_with(|c: char| c.is_ascii_digit()))
}

fn finish(mut said: Answer, book: &Book<'_>, order: Vec<u32>) -> Confirmation {
    for t in &said.conflict {
        said.choices.insert(*t, TrackerChoice::default());
    }
    // `force-sync` alone is a clear word about its tracker.
    for c in said.choices.values_mut().filter(|c| c.force && c.action == Action::Ask && c.unknown.is_empty())
    {
        c.action = Action::Apply;
    }
    let numbers = book.nested && book.unique;
    let (mut apply, mut skip, mut edits) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (t, items) in &book.items {
        let choice = said.choices.get(t);
        let acts = choice.is_some_and(|c| matches!(c.action, Action::Apply | Action::Edit));
        edits.extend(choice.into_iter().flat_map(|c| c.edits.iter().cloned()));
        if numbers {
            apply.extend(choice.filter(|_| acts).into_iter().flat_map(|c| c.apply.iter().copied()));
        } else if acts
            && choice.is_some_and(|c| (c.all && !book.nested) || !c.apply.is_empty() || !c.edits.is_empty())
        {
            apply.insert(*t);
        }
        for i in items {
            let named_out = choice.is_some_and(|c| c.skip.contains(&i.n) || c.action == Action::Cancel);
            let n = if numbers { i.n } else { *t };
            if i.blocked || i.default || named_out {
                skip.insert(n);
            }
        }
    }
    skip.retain(|n| !apply.contains(n));
    let mut seen = BTreeSet::new();
    let all = said.unknown.into_iter().chain(said.choices.values().flat_map(|c| c.unknown.iter().cloned()));
    let unknown: Vec<Unknown> = all.filter(|u| seen.insert(u.clone())).collect();
    let live = |a: Action| said.choices.values().any(|c| c.action == a);
    let forced = said.choices.values().any(|c| c.force);
    let every_skipped = !said.choices.is_empty()
        && book.items.keys().all(|t| said.choices.get(t).is_some_and(|c| c.action == Action::Cancel));
    let action = if live(Action::Apply) || forced || every_skipped {
        Action::Apply
    } else if live(Action::Edit) {
        Action::Edit
    } else {
        return Confirmation { unknown, trackers: Some(BTreeMap::new()), ..Confirmation::default() };
    };
    let mut overrides = BTreeMap::new();
    for (t, c) in said.choices.iter().filter(|(_, c)| c.force) {
        overrides.insert(t.to_string(), serde_json::json!({ "force-sync": c.force }));
    }
    Confirmation {
        action,
        apply: apply.into_iter().collect(),
        skip: skip.into_iter().collect(),
        edits,
        overrides,
        unknown,
        trackers: Some(said.choices.iter().map(|(t, c)| (t.to_string(), c.clone())).collect()),
        order,
        ..Confirmation::default()
    }
}
