//! From the text of one layer to checked values: unknown keys, wrong types, words, patterns (§1.2 rule 3).

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::{
    error::{ConfigError, ConfigErrors, Lines},
    keys::{Kind, Leaf},
    leaf::{check, shown, takes},
    tree::{Meant, Node, meant, root},
    value::{At, Entry, Value, dotted},
};

/// More errors than anyone reads are counted, not kept.
const MOST: usize = 100;

/// Collects errors with their places; sorts them at the end.
#[derive(Debug)]
pub(super) struct Errors<'a> {
    files: Vec<(String, Lines<'a>)>,
    list: Vec<(At, ConfigError)>,
    more: usize,
}

impl<'a> Errors<'a> {
    pub(super) fn new() -> Self {
        Self { files: Vec::new(), list: Vec::new(), more: 0 }
    }

    /// Adds a file and returns its number.
    pub(super) fn file(&mut self, name: &str, text: &'a str) -> usize {
        self.files.push((name.to_owned(), Lines::new(text)));
        self.files.len() - 1
    }

    pub(super) fn full(&self) -> bool {
        self.list.len() >= MOST
    }

    pub(super) fn add(
        &mut self,
        code: &'static str,
        at: At,
        key: &str,
        message: String,
        nearest: Option<String>,
    ) {
        self.push(code, at, key, message, nearest, None);
    }

    /// As [`Errors::add`]; `hide` is the byte from which the source line is left out.
    pub(super) fn push(
        &mut self,
        code: &'static str,
        at: At,
        key: &str,
        message: String,
        nearest: Option<String>,
        hide: Option<usize>,
    ) {
        if self.full() {
            self.more += 1;
            return;
        }
        let (file, line, column, source_line, mark) = match self.files.get(at.source) {
            Some((file, lines)) => {
                let hide = hide.or_else(|| lines.secret(at.start));
                let (column, source_line, mark) = lines.show(at.start, at.end, hide);
                (file.clone(), lines.line(at.start), column, source_line, mark)
            }
            None => (String::new(), 1, 1, String::new(), (0, 1)),
        };
        let error = ConfigError {
            code,
            file,
            line,
            column,
            key: key.to_owned(),
            message,
            nearest,
            source_line,
            mark,
        };
        self.list.push((at, error));
    }

    pub(super) fn at(&self, source: usize, span: &std::ops::Range<usize>) -> At {
        let line = self.files.get(source).map_or(1, |(_, lines)| lines.line(span.start));
        At { source, start: span.start, end: span.end, line }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn finish(mut self) -> ConfigErrors {
        self.list.sort_by_key(|(at, _)| (at.source, at.start));
        ConfigErrors { errors: self.list.into_iter().map(|(_, e)| e).collect(), more: self.more }
    }
}

/// Reads one file; what is wrong goes to `errors`, and what remains is returned.
pub(super) fn read(source: usize, text: &str, errors: &mut Errors<'_>) -> Entry {
    let (table, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        // What follows from a syntax error is noise: one error a line, and no look at the keys.
        let mut last = 0;
        for error in syntax {
            let span = error.span().unwrap_or(0..0);
            let at = errors.at(source, &span);
            if at.line != last {
                let hide = errors.files.get(source).and_then(|(_, lines)| lines.secret_around(span.start));
                errors.push("config.syntax", at, "", format!("not TOML: {}", error.message()), None, hide);
            }
            last = at.line;
        }
        return Entry::empty();
    }
    let mut reader = Reader { source, errors, path: Vec::new() };
    let map = reader.table(root(), table.get_ref());
    Entry::new(Value::Table(map), At { source, ..At::default() })
}

struct Reader<'e, 'a> {
    source: usize,
    errors: &'e mut Errors<'a>,
    path: Vec<String>,
}

impl Reader<'_, '_> {
    fn at(&self, span: &std::ops::Range<usize>) -> At {
        self.errors.at(self.source, span)
    }

    fn refuse(&mut self, code: &'static str, at: At, message: &str) {
        let key = dotted(&self.path);
        self.errors.add(code, at, &key, format!("\"{key}\" {message}"), None);
    }

    fn table(&mut self, node: &Node, table: &DeTable<'_>) -> BTreeMap<String, Entry> {
        let mut out = BTreeMap::new();
        for (name, value) in table {
            let at = self.at(&name.span());
            let name = name.get_ref().as_ref();
            match node.children.get(name).and_then(|child| Some((child, child.key?))) {
                Some((child, key)) => {
                    self.path.push(name.to_owned());
                    let entry = self.value(child, key.kind, value.get_ref(), &value.span(), at);
                    self.path.pop();
                    if let Some(entry) = entry {
                        out.insert(name.to_owned(), entry);
                    }
                }
                None => self.unknown(node, name, at),
            }
        }
        out
    }

    fn unknown(&mut self, node: &Node, name: &str, at: At) {
        // Looking for the nearest of all keys costs; past the errors that are shown it is not done.
        let meant = if self.errors.full() { None } else { meant(&self.path, node, name) };
        let prefix: String = self.path.iter().map(|p| format!("{p}.")).collect();
        let shown = shown(&format!("{prefix}{name}"));
        let (message, nearest) = match meant {
            Some(Meant::Key(key)) => (format!("unknown key {shown}; did you mean \"{key}\"?"), Some(key)),
            Some(Meant::Renamed(key)) => {
                (format!("unknown key {shown}: that is now called \"{key}\""), Some(key.to_owned()))
            }
            None => (format!("unknown key {shown}"), None),
        };
        let nearest = nearest.filter(|n| !n.contains('"'));
        self.unknown_key(at, &format!("{prefix}{name}"), message, nearest);
    }

    /// The value is not shown: the name may be that of a credential, misspelt.
    fn unknown_key(&mut self, at: At, key: &str, message: String, nearest: Option<String>) {
        let hide = self.errors.files.get(at.source).and_then(|(_, lines)| lines.after_equals(at.end));
        self.errors.push("config.unknown-key", at, key, message, nearest, hide);
    }

    fn value(
        &mut self,
        node: &Node,
        kind: Kind,
        value: &DeValue<'_>,
        span: &std::ops::Range<usize>,
        at: At,
    ) -> Option<Entry> {
        let there = if span.is_empty() { at } else { self.at(span) };
        let value = match (kind, value) {
            (Kind::Table, DeValue::Table(table)) => Value::Table(self.table(node, table)),
            (Kind::Tables(identity), DeValue::Array(items)) => self.items(node, identity, items, there)?,
            (Kind::Map(words, inner), DeValue::Table(table)) => {
                let mut map = BTreeMap::new();
                for (name, value) in table {
                    let at = self.at(&name.span());
                    let name = name.get_ref().as_ref();
                    if let Some(words) = words.map(|w| w())
                        && !words.contains(&name)
                    {
                        self.unknown_word(&words, name, at);
                        continue;
                    }
                    self.path.push(name.to_owned());
                    let entry = match inner {
                        Kind::Table => match value.get_ref() {
                            DeValue::Table(table) => {
                                let map = self.starred(node, table);
                                Some(Entry::new(Value::Table(map), at))
                            }
                            other => {
                                self.wrong_type(Kind::Table, other, self.at(&value.span()));
                                None
                            }
                        },
                        inner => self.value(node, *inner, value.get_ref(), &value.span(), at),
                    };
                    self.path.pop();
                    if let Some(entry) = entry {
                        map.insert(name.to_owned(), entry);
                    }
                }
                Value::Table(map)
            }
            (Kind::One(leaf), value) => self.leaf(leaf, value, there)?,
            (Kind::List(leaf), DeValue::Array(items)) => {
                let mut list = Vec::new();
                for item in items {
                    let there = self.at(&item.span());
                    match self.leaf(leaf, item.get_ref(), there) {
                        Some(Value::Text(text)) if text.is_empty() => {
                            self.refuse("config.empty", there, "has an empty entry");
                        }
                        Some(Value::Text(text)) => list.push((text, there)),
                        _ => {}
                    }
                }
                Value::List(list)
            }
            (kind, value) => {
                self.wrong_type(kind, value, there);
                return None;
            }
        };
        Some(Entry::new(value, there))
    }

    fn starred(&mut self, node: &Node, table: &DeTable<'_>) -> BTreeMap<String, Entry> {
        match node.children.get("*") {
            Some(star) => self.table(star, table),
            None => BTreeMap::new(),
        }
    }

    fn unknown_word(&mut self, words: &[&str], name: &str, at: At) {
        let list = super::tree::by_nearness(name, words).join(", ");
        let near = super::tree::nearest(name, words.iter().copied());
        let prefix = dotted(&self.path);
        let shown = shown(&format!("{prefix}.{name}"));
        let message = match near {
            Some(near) => format!("unknown key {shown}; did you mean \"{prefix}.{near}\"?"),
            None => format!("unknown key {shown}; allowed in [{prefix}]: {list}"),
        };
        let nearest = near.map(|n| format!("{prefix}.{n}"));
        self.unknown_key(at, &format!("{prefix}.{name}"), message, nearest);
    }

    fn items(
        &mut self,
        node: &Node,
        identity: &'static str,
        items: &toml::de::DeArray<'_>,
        at: At,
    ) -> Option<Value> {
        let mut out: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for item in items {
            let there = if item.span().is_empty() { at } else { self.at(&item.span()) };
            let DeValue::Table(table) = item.get_ref() else {
                self.wrong_type(Kind::Tables(identity), item.get_ref(), there);
                continue;
            };
            let entry = Entry::new(Value::Table(self.table(node, table)), there);
            if !identity.is_empty() {
                let name = entry.text(identity).to_owned();
                let place = entry.place(identity);
                let key = dotted(&self.path);
                if name.is_empty() {
                    let message = format!("[[{key}]] has no {identity}; it is known by that");
                    self.errors.add("config.no-identity", place, &format!("{key}.{identity}"), message, None);
                    continue;
                }
                if let Some(first) = seen.insert(name.to_lowercase(), place.line) {
                    let message = format!(
                        "\"{key}.{identity}\" {} is there twice, first on line {first}",
                        shown(&name)
                    );
                    self.errors.add("config.duplicate", place, &format!("{key}.{identity}"), message, None);
                    continue;
                }
            }
            out.push(entry);
        }
        Some(Value::Tables { identity, items: out })
    }

    fn leaf(&mut self, leaf: Leaf, value: &DeValue<'_>, at: At) -> Option<Value> {
        match (leaf, value) {
            (Leaf::Flag, DeValue::Boolean(flag)) => Some(Value::Flag(*flag)),
            (Leaf::Count, DeValue::Integer(number)) => {
                match u32::from_str_radix(number.as_str(), number.radix()) {
                    Ok(n) => Some(Value::Number(n)),
                    Err(_) => {
                        let said = shown(number.as_str());
                        let said = said.trim_matches('"');
                        self.refuse("config.bad-number", at, &format!("takes {}, not {said}", takes(leaf)));
                        None
                    }
                }
            }
            (Leaf::Fraction, DeValue::Float(_) | DeValue::Integer(_)) => {
                let said = match value {
                    DeValue::Float(f) => f.as_str(),
                    DeValue::Integer(i) => i.as_str(),
                    _ => "",
                };
                match said.parse::<f64>() {
                    Ok(n) if n > 0.0 && n <= 1.0 => Some(Value::Fraction(n)),
                    _ => {
                        let said = shown(said);
                        let said = said.trim_matches('"');
                        self.refuse("config.bad-number", at, &format!("takes {}, not {said}", takes(leaf)));
                        None
                    }
                }
            }
            (Leaf::Flag | Leaf::Count | Leaf::Fraction, other) => {
                self.wrong_type(Kind::One(leaf), other, at);
                None
            }
            // A day may be written without quotes: TOML has a type for it.
            (Leaf::Date, DeValue::Datetime(day)) if day.time.is_none() && day.offset.is_none() => {
                Some(Value::Text(day.to_string()))
            }
            (leaf, DeValue::String(text)) => match check(leaf, text) {
                Ok(text) => Some(Value::Text(text)),
                Err(refusal) => {
                    let key = dotted(&self.path);
                    let message = format!("\"{key}\" {}", refusal.message);
                    let hide = refusal.secret.then_some(at.start);
                    self.errors.push(refusal.code, at, &key, message, refusal.nearest, hide);
                    // It stays, so that the rules over the whole do not report it as missing; nothing is loaded.
                    Some(Value::Text(text.clone().into_owned()))
                }
            },
            (leaf, other) => {
                self.wrong_type(Kind::One(leaf), other, at);
                None
            }
        }
    }

    fn wrong_type(&mut self, kind: Kind, value: &DeValue<'_>, at: At) {
        let key = dotted(&self.path);
        let got = match value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = match kind {
            Kind::Table | Kind::Map(..) if value.is_array() => {
                format!("\"{key}\" is one table: write [{key}], not [[{key}]]")
            }
            Kind::Table | Kind::Map(..) => {
                format!("\"{key}\" is a table: write [{key}] and its keys below, not {got}")
            }
            Kind::Tables(_) if value.is_table() => {
                format!("\"{key}\" is a list of tables: write [[{key}]], not [{key}]")
            }
            Kind::Tables(_) => format!("\"{key}\" is a list of tables: write [[{key}]] for each, not {got}"),
            Kind::List(_) if value.is_str() => format!("\"{key}\" takes a list: put [ ] around the text"),
            Kind::List(leaf) => format!("\"{key}\" takes a list of values, each {}; not {got}", takes(leaf)),
            Kind::One(leaf @ (Leaf::Flag | Leaf::Count | Leaf::Fraction)) => {
                let quoted = match (leaf, value) {
                    (Leaf::Flag, DeValue::String(s)) => s == "true" || s == "false",
                    (_, DeValue::String(s)) => s.parse::<f64>().is_ok(),
                    _ => false,
                };
                let hint = if quoted { "; leave out the quotes" } else { "" };
                format!("\"{key}\" takes {}, not {got}{hint}", takes(leaf))
            }
            Kind::One(leaf) => {
                let quoted = matches!(value, DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_));
                let hint = if quoted { "; put it in quotes" } else { "" };
                format!("\"{key}\" takes {}, not {got}{hint}", takes(leaf))
            }
        };
        self.errors.add("config.wrong-type", at, &key, message, None);
    }
}
