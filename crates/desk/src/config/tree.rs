//! The table of keys as a tree, and the search for the key somebody meant.

use std::{collections::BTreeMap, sync::LazyLock};

use super::keys::{KEYS, Key, Kind, LABEL_ROLES, RETIRED_KEYS};

/// One level of the tree. A map with tables as values has one child, named `*`.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) key: Option<&'static Key>,
    pub(super) children: BTreeMap<&'static str, Node>,
}

static ROOT: LazyLock<Node> = LazyLock::new(|| {
    let mut root = Node::default();
    for key in KEYS {
        let mut node = &mut root;
        for part in key.path.split('.') {
            node = node.children.entry(part).or_default();
        }
        node.key = Some(key);
    }
    root
});

/// The root of all keys.
pub(super) fn root() -> &'static Node {
    &ROOT
}

/// How similar two names have to be for one to be offered instead of the other.
const CLOSE: f64 = 0.82;
/// The same, for a name from another table.
const SURE: f64 = 0.92;
/// Longer names than any key are not compared: the comparison is quadratic in their length.
const LONGEST: usize = 64;

/// The word nearest to `said`, when one is near.
pub(super) fn nearest<'a>(said: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if said.is_empty() || said.len() > LONGEST {
        return None;
    }
    let said = fold(said);
    let mut best: Option<(f64, &str)> = None;
    for word in words {
        let near = strsim::jaro_winkler(&said, &fold(word));
        if near >= CLOSE && best.is_none_or(|(b, _)| near > b) {
            best = Some((near, word));
        }
    }
    best.map(|(_, word)| word)
}

/// `words`, those most like `said` first; the order of the table breaks ties.
pub(super) fn by_nearness<'a>(said: &str, words: &[&'a str]) -> Vec<&'a str> {
    let mut sorted: Vec<&str> = words.to_vec();
    if said.len() <= LONGEST {
        let said = fold(said);
        sorted.sort_by(|a, b| {
            strsim::jaro_winkler(&said, &fold(b)).total_cmp(&strsim::jaro_winkler(&said, &fold(a)))
        });
    }
    sorted
}

fn fold(s: &str) -> String {
    s.to_lowercase().replace(['-', ' '], "_")
}

/// What an unknown key was probably meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// A spelling of this key, or of one of these (`a" or "b`).
    Key(String),
    /// An older name of this key.
    Renamed(&'static str),
}

/// What `part`, unknown below `parent` (dotted, empty at the top), was probably meant to be.
pub(super) fn meant(parent: &[String], node: &Node, part: &str) -> Option<Meant> {
    if part.len() > LONGEST {
        return None;
    }
    let folded = fold(part);
    if let Some((_, new)) = RETIRED_KEYS.iter().find(|(old, _)| *old == folded) {
        return Some(Meant::Renamed(new));
    }
    let prefix = parent.iter().map(|p| format!("{p}.")).collect::<String>();
    if let Some(near) = nearest(part, node.children.keys().copied()) {
        return Some(Meant::Key(format!("{prefix}{near}")));
    }
    // The right name in the wrong table, or in none.
    let elsewhere: Vec<&str> = KEYS
        .iter()
        .map(|k| k.path)
        .filter(|p| p.rsplit('.').next().is_some_and(|last| last == folded))
        .collect();
    if (1..=3).contains(&elsewhere.len()) {
        return Some(Meant::Key(elsewhere.join("\" or \"")));
    }
    // Misspelt and in the wrong table: paths share their beginnings, so only the last part is compared.
    let mut best: Option<(f64, &str)> = None;
    for path in KEYS.iter().map(|k| k.path) {
        let near = strsim::jaro_winkler(&folded, path.rsplit('.').next().unwrap_or(path));
        if near >= SURE && best.is_none_or(|(b, _)| near > b) {
            best = Some((near, path));
        }
    }
    best.map(|(_, path)| Meant::Key(path.to_owned()))
}

/// What a leaf or table holds, found by concrete path: `scope.core.label` finds `scope.label` when `core` is an
/// item. `is_item` says whether a segment names an item of the list at that path.
pub(super) fn find(path: &[String], is_item: impl Fn(&[String]) -> bool) -> Option<(&'static Node, Kind)> {
    let mut node = root();
    let mut kind = Kind::Table;
    for (i, part) in path.iter().enumerate() {
        match kind {
            Kind::Table => {
                node = node.children.get(part.as_str())?;
                kind = node.key?.kind;
            }
            Kind::Tables(_) => {
                if is_item(path.get(..=i)?) {
                    kind = Kind::Table;
                } else {
                    node = node.children.get(part.as_str())?;
                    kind = node.key?.kind;
                }
            }
            Kind::Map(words, value) => {
                if words.is_some_and(|w| !w().contains(&part.as_str())) {
                    return None;
                }
                node = node.children.get("*").unwrap_or(node);
                kind = *value;
            }
            Kind::One(_) | Kind::List(_) => return None,
        }
    }
    Some((node, kind))
}

/// The default name of a label role (config page §4).
#[must_use]
pub fn default_label(role: &str) -> Option<&'static str> {
    LABEL_ROLES.iter().find(|(r, _)| *r == role).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_finds_its_neighbour() {
        let tracker = root().children.get("tracker").unwrap();
        let at = vec!["tracker".to_owned()];
        let key = |s: &str| Some(Meant::Key(s.to_owned()));
        assert_eq!(meant(&at, tracker, "repositry"), key("tracker.repo"));
        assert_eq!(meant(&at, tracker, "default-branch"), key("tracker.default_branch"));
        assert_eq!(meant(&at, tracker, "Labels"), key("tracker.labels"));
        assert_eq!(meant(&at, tracker, "zzz"), None);
        assert_eq!(meant(&[], root(), "trakcer"), key("tracker"));
        assert_eq!(meant(&[], root(), "grace_days"), key("disclosure.grace_days"));
        assert_eq!(meant(&at, tracker, "window_days"), key("disclosure.window_days"));
        assert_eq!(meant(&[], root(), "windw_days"), key("disclosure.window_days"));
        let disclosure = root().children.get("disclosure").unwrap();
        assert_eq!(
            meant(&["disclosure".into()], disclosure, "grace_period_days"),
            Some(Meant::Renamed("disclosure.grace_days"))
        );
    }

    #[test]
    fn every_path_is_declared_once_and_below_a_declared_table() {
        let mut seen = std::collections::BTreeSet::new();
        for key in KEYS {
            assert!(seen.insert(key.path), "{} twice", key.path);
            assert!(!key.meaning.is_empty() && !key.meaning.ends_with('.'), "{}", key.path);
            if let Some((parent, _)) = key.path.rsplit_once('.') {
                let parent = parent.strip_suffix(".*").unwrap_or(parent);
                assert!(seen.contains(parent), "{} before {parent}", key.path);
            }
            for user in key.used_by.split(' ') {
                assert!(super::super::keys::USERS.iter().any(|(u, _)| *u == user), "{}: {user}", key.path);
            }
        }
        for (_, new) in RETIRED_KEYS {
            assert!(seen.contains(new), "{new}");
        }
    }
}
