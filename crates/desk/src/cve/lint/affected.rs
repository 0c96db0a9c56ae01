//! What is affected: names, addresses, package URLs. The versions are in [`super::versions`] and [`super::ranges`].

use std::collections::{BTreeMap, btree_map::Entry};

use super::{Level, Record, purl, ranges, references, say, version, versions};
use crate::cve::check::{At, Node, Sink, quoted};

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("affected");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (n, entry) in r.cna.items("affected") {
        let at = list.index(n);
        names(entry, &at, sink);
        for key in ["collectionURL", "repo"] {
            if let Some(url) = entry.get(key).and_then(Node::text) {
                references::address(url, &at.key(key), sink);
            }
        }
        purls(entry, &at, sink);
        versions::check(entry, &at, sink);
        ranges::check(entry, &at, sink);
        // One entry cannot stand twice.
        if n > 0 || r.cna.items("affected").nth(1).is_some() {
            match seen.entry(identity(entry)) {
                Entry::Occupied(first) => {
                    let first = first.get() + 1;
                    let message =
                        format!("is the same product as entry {first}; its versions can stand there");
                    say(sink, "lint.product-twice", &at, message);
                }
                Entry::Vacant(free) => {
                    free.insert(n);
                }
            }
        }
    }
    components(r, cna, sink);
    // cvelint E006.
    let hit = |s: Option<&Node<'_>>| matches!(s.and_then(Node::text), Some("affected" | "unknown"));
    let any = r
        .cna
        .items("affected")
        .any(|(_, a)| hit(a.get("defaultStatus")) || a.items("versions").any(|(_, v)| hit(v.get("status"))));
    if !any && r.state == Some("PUBLISHED") {
        say(sink, "lint.E006", &list, "no version is affected, and for none it is unknown");
    }
}

/// Everything but the versions. What holds for versions that are not listed is part of it: two entries that differ in it
/// cannot become one.
fn identity(entry: &Node<'_>) -> String {
    let Some(o) = entry.object() else { return entry.canonical() };
    let mut parts: Vec<String> =
        o.iter().filter(|(k, _)| *k != "versions").map(|(k, v)| format!("{k:?}:{}", v.canonical())).collect();
    parts.sort_unstable();
    parts.join(",")
}

fn names(entry: &Node<'_>, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    for (key, rule) in [("vendor", "lint.E008"), ("product", "lint.E009")] {
        let Some(name) = entry.get(key).and_then(Node::text) else { continue };
        let address = name.starts_with("http://") || name.starts_with("https://");
        if matches!(name, "-" | "/" | "n/a") || address {
            let instead = if address { "; an address belongs in `collectionURL` or `repo`" } else { "" };
            say(sink, rule, &at.key(key), format!("{} names nobody and nothing{instead}", quoted(name)));
        }
    }
    for key in ["product", "packageName"] {
        let Some(name) = entry.get(key).and_then(Node::text) else { continue };
        if let Some(range) = range_words(name) {
            let message = format!("{} holds a range ({range}); it belongs in `versions`", quoted(name));
            say(sink, "lint.name-version", &at.key(key), message);
        } else if let Some(f) = version::versions(name).first() {
            // Some products have a version in their name: it is worth a look, no more.
            let message =
                format!("{} holds version {}; is it part of the name?", quoted(name), quoted(f.version));
            sink.say("lint.name-version", Level::Note, &at.key(key), message);
        }
    }
}

/// Words that say which versions, in a name that has a number.
fn range_words(name: &str) -> Option<&'static str> {
    if !name.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let operators = [("<", "<"), (">", ">"), ("≤", "≤"), ("≥", "≥")];
    if let Some((_, o)) = operators.into_iter().find(|(o, _)| name.contains(o)) {
        return Some(o);
    }
    let low = format!(" {} ", name.to_lowercase());
    [
        " before ",
        " prior to ",
        " and earlier",
        " and below",
        " and prior",
        " or earlier",
        " up to ",
        " versions ",
        " through ",
        " and later",
        " and above",
        " and newer",
        " earlier than ",
        " until ",
    ]
    .into_iter()
    .find(|w| low.contains(w))
    .map(str::trim)
}

/// cvelint E013 and E014, and `packageURL`, which cvelint does not know.
fn purls(entry: &Node<'_>, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    for key in ["purl", "packageURL"] {
        let Some(text) = entry.get(key).and_then(Node::text).filter(|t| !t.is_empty()) else { continue };
        let at = at.key(key);
        match purl::parse(text) {
            Err(why) => say(sink, "lint.E013", &at, format!("{} {why}", quoted(text))),
            Ok(p) => {
                if key == "packageURL" && p.version.is_some() {
                    let message = format!("{} has a version; versions belong in `versions`", quoted(text));
                    say(sink, "lint.E013", &at, message);
                }
                let name = entry.get("packageName").and_then(Node::text);
                if let Some(name) = name.filter(|n| plain(last_part(n)) != plain(&p.name)) {
                    let message = format!("{} is another package than {}", quoted(text), quoted(name));
                    say(sink, "lint.E014", &at, message);
                }
            }
        }
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

/// Registries do not tell these spellings apart.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !"-_.".contains(*c)).flat_map(char::to_lowercase).collect()
}

fn components(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("components");
    for (n, c) in r.cna.items("components") {
        let Some(text) = c.get("purl").and_then(Node::text).filter(|t| !t.is_empty()) else { continue };
        let item = list.index(n);
        let at = item.key("purl");
        match purl::parse(text) {
            Err(why) => say(sink, "lint.E013", &at, format!("{} {why}", quoted(text))),
            Ok(p) => {
                for (key, said) in [("namespace", &p.namespace), ("name", &p.name)] {
                    let other = c.get(key).and_then(Node::text).filter(|t| !t.is_empty() && t != said);
                    if let Some(other) = other {
                        let message = format!("{} has another {key} than {}", quoted(text), quoted(other));
                        say(sink, "lint.E014", &at, message);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn range_words_in_names() {
        for n in ["server < 2.0", "Apache X before 1.2", "lib 1.0 and earlier", "tool up to 3", "x >=1"] {
            assert!(super::range_words(n).is_some(), "{n}");
        }
        for n in ["Before Sunrise", "log4j 1 to log4j 2 bridge", "Through the Glass", "h2", "pac4j"] {
            assert_eq!(super::range_words(n), None, "{n}");
        }
    }
}
