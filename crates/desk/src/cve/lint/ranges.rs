//! Do ranges make sense, alone and together?

use std::cmp::Ordering;

use super::{Level, say};
use crate::{
    cve::check::{At, Node, Sink, quoted},
    rules::extract::versions::order::{Scheme, compare},
};

/// Pairs are compared up to this many ranges; of longer lists only neighbours are.
const PAIRS: usize = 48;

struct Range<'n> {
    n: usize,
    low: &'n str,
    /// `None`: without an end.
    high: Option<&'n str>,
    inclusive: bool,
    status: &'n str,
    kind: &'n str,
}

pub(super) fn check(entry: &Node<'_>, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = at.key("versions");
    let scheme_of = |kind: &str| match Scheme::of(kind) {
        Scheme::Generic => {
            entry.get("collectionURL").and_then(Node::text).map_or(Scheme::Generic, Scheme::of)
        }
        s => s,
    };
    let mut ranges: Vec<Range<'_>> = Vec::new();
    for (n, v) in entry.items("versions") {
        let text = |key: &str| v.get(key).and_then(Node::text);
        let (Some(low), Some(status)) = (text("version"), text("status")) else { continue };
        let kind = text("versionType").unwrap_or_default();
        // A commit has no order, and a range with turns inside is more than its two ends.
        if kind == "git" || v.get("changes").is_some() || !ordered(low) {
            continue;
        }
        let scheme = scheme_of(kind);
        let range = match (text("lessThan"), text("lessThanOrEqual")) {
            (Some("*"), _) | (None, Some("*")) => Range { n, low, high: None, inclusive: true, status, kind },
            (Some(high), None) if ordered(high) => {
                Range { n, low, high: Some(high), inclusive: false, status, kind }
            }
            (None, Some(high)) if ordered(high) => {
                Range { n, low, high: Some(high), inclusive: true, status, kind }
            }
            (None, None) => Range { n, low, high: Some(low), inclusive: true, status, kind },
            _ => continue,
        };
        let at = list.index(n);
        match range.high {
            None if status == "affected" => {
                say(sink, "lint.open-range", &at, "has no end: every later version counts as affected");
            }
            Some(high) => match certain(low, high, scheme) {
                Some(Ordering::Greater) => {
                    let message = format!("begins at {} and ends before, at {}", quoted(low), quoted(high));
                    say(sink, "lint.range-reversed", &at, message);
                    continue;
                }
                Some(Ordering::Equal) if !range.inclusive => {
                    let message =
                        format!("begins and ends at {}, which it excludes: it holds no version", quoted(low));
                    say(sink, "lint.range-reversed", &at, message);
                    continue;
                }
                _ => {}
            },
            None => {}
        }
        ranges.push(range);
    }
    let near = if ranges.len() > PAIRS { 1 } else { PAIRS };
    for (i, b) in ranges.iter().enumerate() {
        let before = ranges.iter().take(i).rev().take(near);
        let clash = before.filter(|a| a.kind == b.kind).find(|a| overlap(a, b, scheme_of(b.kind)));
        if let Some(a) = clash {
            let other = a.n + 1;
            let message = if a.status == b.status {
                format!("shares versions with entry {other}")
            } else {
                format!(
                    "shares versions with entry {other}, which says {} of them, not {}",
                    a.status, b.status
                )
            };
            sink.say("lint.range-overlap", Level::Warning, &list.index(b.n), message);
        }
    }
}

/// Can its place among others be told? Prose and wildcards have none.
fn ordered(v: &str) -> bool {
    v.len() <= 128
        && v.starts_with(|c: char| c.is_ascii_digit())
        && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+~:".contains(&b))
        && !v.split(['.', '-']).any(|p| p.eq_ignore_ascii_case("x"))
}

/// The order of two versions, where it is no guess: the scheme reads both, or their numbers differ. Whether `21.4-EVO` comes
/// before `21.4R3-EVO` is known to their vendor alone.
fn certain(a: &str, b: &str, scheme: Scheme) -> Option<Ordering> {
    let read = |v: &str| match scheme {
        Scheme::Python => v.parse::<pep440_rs::Version>().is_ok(),
        Scheme::Semver => semver::Version::parse(v).is_ok(),
        Scheme::Maven => true,
        Scheme::Generic => false,
    };
    if a == b || (read(a) && read(b)) {
        return Some(compare(a, b, scheme));
    }
    let (x, rest_x) = numbers(a);
    let (y, rest_y) = numbers(b);
    match compare(x, y, Scheme::Generic) {
        Ordering::Equal => (rest_x.is_empty() && rest_y.is_empty()).then_some(Ordering::Equal),
        // `7.8` and what follows it, against `7.8.1`: more numbers may be a patch of the one or of the other.
        _ if (x.starts_with(y) && !rest_y.is_empty()) || (y.starts_with(x) && !rest_x.is_empty()) => None,
        order => Some(order),
    }
}

/// The numbers at the beginning, and what follows them.
fn numbers(v: &str) -> (&str, &str) {
    let end = v.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    v.split_at_checked(end).unwrap_or((v, ""))
}

fn overlap(a: &Range<'_>, b: &Range<'_>, scheme: Scheme) -> bool {
    // `0` alone begins at the beginning.
    let below = |low: &str, r: &Range<'_>| match r.high {
        None => true,
        Some(_) if low == "0" => true,
        Some(high) => match certain(low, high, scheme) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => r.inclusive,
            Some(Ordering::Greater) | None => false,
        },
    };
    below(a.low, b) && below(b.low, a)
}
