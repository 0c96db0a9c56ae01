//! The title.

use std::collections::BTreeSet;

use super::{Record, say, version};
use crate::cve::check::{At, Node, Sink, quoted};

/// Words that make a following number a version of the product.
const RANGE_WORDS: &[&str] = &[
    "before", "prior", "to", "through", "until", "version", "versions", "from", "than", "since", "and", "or",
    "between", "in", "<", "<=", ">", ">=", "=", "upto", "release", "releases",
];

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let at = cna.key("title");
    let Some(title) = r.cna.get("title").and_then(Node::text) else {
        say(sink, "lint.no-title", &at, "there is no title: lists show an ID and nothing else");
        return;
    };
    let found = version::versions(title);
    if found.is_empty() {
        return;
    }
    let known = affected_versions(r);
    let names = product_words(r);
    let hit = found.into_iter().find(|f| {
        let word = f.before.to_lowercase();
        known.contains(f.version) || RANGE_WORDS.contains(&word.as_str()) || names.contains(&word)
    });
    if let Some(f) = hit {
        let message = format!(
            "holds {}; versions belong in `affected`, where they can be corrected",
            quoted(f.version)
        );
        say(sink, "lint.title-version", &at, message);
    }
}

/// Every version that the record names.
fn affected_versions<'n>(r: &Record<'n, '_>) -> BTreeSet<&'n str> {
    r.cna
        .items("affected")
        .flat_map(|(_, a)| a.items("versions").map(|(_, v)| v))
        .flat_map(|v| ["version", "lessThan", "lessThanOrEqual"].into_iter().filter_map(|k| v.get(k)?.text()))
        .collect()
}

/// The words of product and package names, in lower case.
fn product_words(r: &Record<'_, '_>) -> BTreeSet<String> {
    r.cna
        .items("affected")
        .flat_map(|(_, a)| {
            ["product", "packageName"].into_iter().filter_map(|k| a.get(k)?.text()).collect::<Vec<_>>()
        })
        .flat_map(|n| n.split(|c: char| c.is_whitespace() || "/:@()".contains(c)))
        .filter(|w| w.len() > 1)
        .map(str::to_lowercase)
        .collect()
}
