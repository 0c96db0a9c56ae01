//! A checked value of the file with the place it was written at, and how layers are laid over each other.

use std::{collections::BTreeMap, fmt::Write as _};

/// Where something stands: which source, which bytes, which line (from 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct At {
    pub(super) source: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
}

/// A value that passed the checks of its key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Table(BTreeMap<String, Entry>),
    /// A list of tables: items of layers meet by `identity`; an empty identity means that the list is replaced.
    Tables {
        identity: &'static str,
        items: Vec<Entry>,
    },
    Text(String),
    Flag(bool),
    Number(u32),
    Fraction(f64),
    List(Vec<(String, At)>),
}

/// A value, its place, and what lower layers had said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) at: At,
    /// Lowest layer first.
    pub(super) under: Vec<(Value, At)>,
}

impl Entry {
    pub(super) fn new(value: Value, at: At) -> Self {
        Self { value, at, under: Vec::new() }
    }

    pub(super) fn empty() -> Self {
        Self::new(Value::Table(BTreeMap::new()), At::default())
    }

    /// The entry at a concrete path; items are named by their identity, or by number (from 1) without one.
    pub(super) fn get(&self, path: &[String]) -> Option<&Entry> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match &self.value {
            Value::Table(map) => map.get(first)?.get(rest),
            Value::Tables { identity, items } => {
                let item = items.iter().enumerate().find(|(i, item)| item.name(identity, *i) == *first)?.1;
                item.get(rest)
            }
            _ => None,
        }
    }

    /// The text at a key of this table, empty when there is none.
    pub(super) fn text(&self, key: &str) -> &str {
        match &self.value {
            Value::Table(map) => match map.get(key).map(|e| &e.value) {
                Some(Value::Text(text)) => text,
                _ => "",
            },
            _ => "",
        }
    }

    /// The place of a key of this table, else of the table.
    pub(super) fn place(&self, key: &str) -> At {
        match &self.value {
            Value::Table(map) => map.get(key).map_or(self.at, |e| e.at),
            _ => self.at,
        }
    }

    /// The items of the list of tables at `path`.
    pub(super) fn items(&self, path: &[&str]) -> &[Entry] {
        let path: Vec<String> = path.iter().map(|p| (*p).to_owned()).collect();
        match self.get(&path).map(|e| &e.value) {
            Some(Value::Tables { items, .. }) => items,
            _ => &[],
        }
    }

    /// What the item at index `i` of a list is called.
    pub(super) fn name(&self, identity: &str, i: usize) -> String {
        let name = if identity.is_empty() { "" } else { self.text(identity) };
        if name.is_empty() { (i + 1).to_string() } else { name.to_owned() }
    }

    /// Every value below, with its concrete path, in the order of the keys.
    pub(super) fn leaves(&self, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, Entry)>) {
        match &self.value {
            Value::Table(map) => {
                for (key, entry) in map {
                    path.push(key.clone());
                    entry.leaves(path, out);
                    path.pop();
                }
            }
            Value::Tables { identity, items } => {
                for (i, item) in items.iter().enumerate() {
                    path.push(item.name(identity, i));
                    item.leaves(path, out);
                    path.pop();
                }
            }
            _ => out.push((path.clone(), self.clone())),
        }
    }

    /// Lays `high` over this: tables by key, lists of tables by identity, anything else is replaced (§1.2 rule 2).
    pub(super) fn merge(self, high: Entry) -> Entry {
        let (at, over) = (high.at, high.under);
        match (self.value, high.value) {
            (Value::Table(mut low), Value::Table(high)) => {
                for (key, entry) in high {
                    let merged = match low.remove(&key) {
                        Some(below) => below.merge(entry),
                        None => entry,
                    };
                    low.insert(key, merged);
                }
                Entry { value: Value::Table(low), at, under: Vec::new() }
            }
            (Value::Tables { identity, items: low }, Value::Tables { items: high, .. })
                if !identity.is_empty() =>
            {
                let mut slots: Vec<Option<Entry>> = Vec::with_capacity(low.len() + high.len());
                let mut index: BTreeMap<String, usize> = BTreeMap::new();
                for item in low.into_iter().chain(high) {
                    let name = item.text(identity).to_owned();
                    match index.get(&name).and_then(|&i| slots.get_mut(i)) {
                        Some(slot) => {
                            *slot = match slot.take() {
                                Some(below) => Some(below.merge(item)),
                                None => Some(item),
                            };
                        }
                        None => {
                            index.insert(name, slots.len());
                            slots.push(Some(item));
                        }
                    }
                }
                let items = slots.into_iter().flatten().collect();
                Entry { value: Value::Tables { identity, items }, at, under: Vec::new() }
            }
            (low, high) => {
                let mut under = self.under;
                under.push((low, self.at));
                under.extend(over);
                Entry { value: high, at, under }
            }
        }
    }

    /// As a TOML value, to be read into the types.
    pub(super) fn to_toml(&self) -> toml::Value {
        self.value.to_toml()
    }
}

impl Value {
    fn to_toml(&self) -> toml::Value {
        match self {
            Value::Table(map) => {
                toml::Value::Table(map.iter().map(|(k, e)| (k.clone(), e.to_toml())).collect::<toml::Table>())
            }
            Value::Tables { items, .. } => toml::Value::Array(items.iter().map(Entry::to_toml).collect()),
            Value::Text(s) => toml::Value::String(s.clone()),
            Value::Flag(b) => toml::Value::Boolean(*b),
            Value::Number(n) => toml::Value::Integer(i64::from(*n)),
            Value::Fraction(f) => toml::Value::Float(*f),
            Value::List(items) => {
                toml::Value::Array(items.iter().map(|(s, _)| toml::Value::String(s.clone())).collect())
            }
        }
    }

    /// Same content, wherever it was written?
    pub(super) fn same(&self, other: &Value) -> bool {
        self.to_toml() == other.to_toml()
    }

    /// As it would be written in the file, on one line.
    pub(super) fn render(&self) -> String {
        render(&self.to_toml())
    }
}

/// A TOML value on one line.
pub(super) fn render(value: &toml::Value) -> String {
    match value {
        toml::Value::String(s) => quote(s),
        toml::Value::Array(items) => format!("[{}]", items.iter().map(render).collect::<Vec<_>>().join(", ")),
        toml::Value::Table(map) if map.is_empty() => "{}".to_owned(),
        toml::Value::Table(map) => {
            let parts: Vec<String> =
                map.iter().map(|(k, v)| format!("{} = {}", bare(k), render(v))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        other => other.to_string(),
    }
}

/// Text as a TOML string on one line; anything that does not print is escaped.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if !prints(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Does this character print as itself, so that it may stand on a terminal as it is? (Controls, directional
/// marks and their like do not.)
pub(super) fn prints(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

/// A part of a dotted key, quoted when it has to be.
pub(super) fn bare(part: &str) -> String {
    if !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        part.to_owned()
    } else {
        quote(part)
    }
}

/// A dotted key as it is shown.
pub(super) fn dotted(path: &[String]) -> String {
    path.iter().map(|p| bare(p)).collect::<Vec<_>>().join(".")
}
