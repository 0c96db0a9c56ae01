//! `config explain KEY`: what a key means, what it says now, and who said so.

use std::{fmt, sync::LazyLock};

use serde::Serialize;

use super::{
    keys::{KEYS, Kind, Leaf, Need, USERS},
    leaf::takes,
    load::{Layer, Loaded, kind_at},
    schema::{
        BackportLabel, Config, Cut, FieldConfig, ForwarderConfig, MailSource, ModelEndpoint, PersonConfig,
        RmLookup, ScannerConfig, Scope, StatsMark, Train,
    },
    tree::{Meant, find, meant, root},
    value::{At, Entry, Value, dotted, render},
};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// `built-in`, `profile NAME`, `project` or `user`.
    pub layer: String,
    /// The file; empty for built-in values.
    pub file: String,
    /// Line, from 1; 0 for built-in values.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            f.write_str(&self.layer)
        } else {
            write!(f, "{}, {}:{}", self.layer, self.file, self.line)
        }
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The dotted key.
    pub key: String,
    /// The value as TOML on one line.
    pub value: String,
    /// Where it was written.
    pub origin: Origin,
}

/// All there is to say about a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The dotted key that was asked for.
    pub key: String,
    /// What it takes.
    pub takes: String,
    /// What it means.
    pub meaning: String,
    /// Which capabilities read it.
    pub used_by: Vec<String>,
    /// The built-in value as TOML; `required` when there is none that would do.
    pub default: String,
    /// The allowed words, when only some are allowed.
    pub allowed: Vec<String>,
    /// The value in force; none for tables, and for a key of list items asked for without an item.
    pub value: Option<Said>,
    /// Values of lower layers that are not in force, lowest first.
    pub overridden: Vec<Said>,
    /// The keys of a table with their values; for a key of list items, its value in each.
    pub keys: Vec<Said>,
    /// The layer that locks it.
    pub locked_by: Option<String>,
}

/// There is no such key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key {}{}", super::leaf::shown(.key), .nearest.as_ref().map_or(String::new(), |n| format!("; did you mean \"{n}\"?")))]
pub struct UnknownKey {
    /// What was asked for.
    pub key: String,
    /// The nearest known key.
    pub nearest: Option<String>,
}

/// Explains a key: `cve.tool`, a table (`cve`), an item's key (`scope.core.label`) or the key of all items
/// (`scope.label`).
///
/// # Errors
/// [`UnknownKey`] with the nearest known key.
pub fn explain(loaded: &Loaded, key: &str) -> Result<Explanation, UnknownKey> {
    let unknown = |nearest| UnknownKey { key: key.to_owned(), nearest };
    let path = split(key).ok_or_else(|| unknown(None))?;
    let Some((node, kind)) = kind_at(&loaded.tree, &path).filter(|_| !path.is_empty()) else {
        return Err(unknown(guess(&path)));
    };
    // Every node but the root is declared in the table.
    let Some(declared) = node.key else { return Err(unknown(None)) };
    let schema_path = schema_path(loaded, &path);
    let mut out = Explanation {
        key: dotted(&path),
        takes: describe(kind),
        meaning: declared.meaning.to_owned(),
        used_by: users(declared.used_by),
        default: String::new(),
        allowed: allowed(kind),
        value: None,
        overridden: Vec::new(),
        keys: Vec::new(),
        locked_by: loaded
            .locks
            .iter()
            .find(|l| path.starts_with(&l.path))
            .and_then(|l| loaded.sources.get(l.source))
            .map(|(layer, _)| layer.to_string()),
    };
    let concrete = loaded.tree.get(&path);
    match kind {
        Kind::One(_) | Kind::List(_) => {
            out.default = match declared.need {
                Need::Required if !matches!(declared.kind, Kind::Map(..)) => "required".to_owned(),
                _ => default_text(&schema_path),
            };
            if let Some(items) = items_with(loaded, &path) {
                out.keys = items;
            } else {
                let built_in = default_text(&schema_path);
                out.value = Some(match concrete {
                    Some(entry) => said(loaded, &path, &entry.value, entry.at),
                    None => Said { key: dotted(&path), value: built_in, origin: built_in_origin() },
                });
                out.overridden = concrete
                    .map(|e| e.under.iter().map(|(v, at)| said(loaded, &path, v, *at)).collect())
                    .unwrap_or_default();
            }
        }
        Kind::Table | Kind::Tables(_) | Kind::Map(..) => out.keys = below(loaded, &path),
    }
    Ok(out)
}

fn users(codes: &str) -> Vec<String> {
    let name = |code: &str| USERS.iter().find(|(c, _)| *c == code).map_or(code, |(_, name)| name).to_owned();
    codes.split(' ').map(name).collect()
}

fn built_in_origin() -> Origin {
    Origin { layer: "built-in".into(), file: String::new(), line: 0 }
}

fn said(loaded: &Loaded, path: &[String], value: &Value, at: At) -> Said {
    let origin = match loaded.sources.get(at.source) {
        Some((layer, file)) => Origin { layer: layer.to_string(), file: file.clone(), line: at.line },
        None => built_in_origin(),
    };
    Said { key: dotted(path), value: value.render(), origin }
}

/// A path as it is declared: names of items left out, keys of the writer's choice as `*`.
fn schema_path(loaded: &Loaded, path: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut kind = Kind::Table;
    for (i, part) in path.iter().enumerate() {
        let prefix = path.get(..=i).unwrap_or(path);
        let below = kind_at(&loaded.tree, prefix).map(|(_, k)| k);
        match kind {
            Kind::Tables(_) if loaded.tree.get(prefix).is_some() => {}
            Kind::Map(..) => out.push("*".to_owned()),
            _ => out.push(part.clone()),
        }
        kind = below.unwrap_or(kind);
    }
    out
}

/// For `scope.label`: the value in each item. None when the path names no list, or an item of it.
fn items_with(loaded: &Loaded, path: &[String]) -> Option<Vec<Said>> {
    let (last, list) = path.split_last()?;
    let (_, Kind::Tables(identity)) = kind_at(&loaded.tree, list)? else { return None };
    if loaded.tree.get(list).is_some_and(|e| e.get(std::slice::from_ref(last)).is_some()) {
        return None;
    }
    let Some(Entry { value: Value::Tables { items, .. }, .. }) = loaded.tree.get(list) else {
        return Some(Vec::new());
    };
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let mut full = list.to_vec();
        full.push(item.name(identity, i));
        full.push(last.clone());
        out.push(match loaded.tree.get(&full) {
            Some(entry) => said(loaded, &full, &entry.value, entry.at),
            None => Said { key: dotted(&full), value: default_text(path), origin: built_in_origin() },
        });
    }
    Some(out)
}

/// Every value below a table: those that are written, and the built-in ones of plain tables.
fn below(loaded: &Loaded, path: &[String]) -> Vec<Said> {
    let mut leaves = Vec::new();
    if let Some(entry) = loaded.tree.get(path) {
        entry.leaves(&mut path.to_vec(), &mut leaves);
    }
    let mut out: Vec<Said> = leaves.iter().map(|(p, e)| said(loaded, p, &e.value, e.at)).collect();
    for key in KEYS.iter().filter(|k| matches!(k.kind, Kind::One(_) | Kind::List(_))) {
        let full: Vec<String> = key.path.split('.').map(str::to_owned).collect();
        // Keys of items have no value of their own.
        let plain = (1..full.len()).all(|n| {
            full.get(..n).and_then(|p| find(p, |_| false)).is_some_and(|(_, k)| matches!(k, Kind::Table))
        });
        if plain && full.starts_with(path) && loaded.tree.get(&full).is_none() {
            out.push(Said { key: dotted(&full), value: default_text(&full), origin: built_in_origin() });
        }
    }
    out.sort_by(|a, b| a.key.cmp(&b.key));
    out
}

/// What somebody meant by a path that leads nowhere: the first part that is unknown is compared with its
/// neighbours.
fn guess(path: &[String]) -> Option<String> {
    let mut node = root();
    for (i, part) in path.iter().enumerate() {
        match node.children.get(part.as_str()) {
            Some(child) => node = child,
            None => {
                let found = match meant(path.get(..i)?, node, part)? {
                    Meant::Key(key) if key.contains('"') => return Some(key),
                    Meant::Key(key) => key,
                    Meant::Renamed(key) => key.to_owned(),
                };
                // The rest may be right: `trakcer.repo` means `tracker.repo`.
                let mut whole: Vec<String> = found.split('.').map(str::to_owned).collect();
                whole.extend(path.get(i + 1..)?.iter().cloned());
                let whole_known = find(&whole, |_| false).is_some();
                return Some(if whole_known { dotted(&whole) } else { found });
            }
        }
    }
    None
}

/// A dotted key into its parts; parts may be quoted as in TOML. None when it is not a key.
fn split(key: &str) -> Option<Vec<String>> {
    if key.len() > 1000 {
        return None;
    }
    let mut out = Vec::new();
    let mut rest = key.trim();
    loop {
        let (part, after) = match rest.chars().next()? {
            quote @ ('"' | '\'') => {
                let inner = rest.get(1..)?;
                let end = inner.find(quote)?;
                (inner.get(..end)?.to_owned(), inner.get(end + 1..)?)
            }
            _ => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest.get(..end)?.trim().to_owned(), rest.get(end..)?)
            }
        };
        out.push(part);
        match after.strip_prefix('.') {
            Some(more) => rest = more,
            None if after.trim().is_empty() => return Some(out),
            None => return None,
        }
    }
}

/// The allowed words of a key.
pub(super) fn allowed(kind: Kind) -> Vec<String> {
    let words = match kind {
        Kind::One(Leaf::Word(w)) | Kind::List(Leaf::Word(w)) => w(),
        Kind::Map(Some(words), _) => words(),
        _ => Vec::new(),
    };
    words.into_iter().map(str::to_owned).collect()
}

/// What a key takes, in words.
pub(super) fn describe(kind: Kind) -> String {
    match kind {
        Kind::Table => "a table".into(),
        Kind::Tables("") => "a list of tables, replaced as a whole".into(),
        Kind::Tables(identity) => format!("a list of tables, known by their {identity}"),
        Kind::Map(words, value) => {
            let key =
                if words.is_some() { "a table by role or state" } else { "a table with keys of your own" };
            format!("{key}; each is {}", describe(*value))
        }
        Kind::One(Leaf::Word(_)) => "one word".into(),
        Kind::One(leaf) => takes(leaf),
        Kind::List(Leaf::Word(_)) => "a list of words".into(),
        Kind::List(leaf) => format!("a list, each {}", takes(leaf)),
    }
}

/// The built-in configuration with one built-in item in every list and map, so that every key has a value.
pub(super) fn sample() -> Config {
    let mut config = Config { scope: vec![Scope::default()], ..Config::default() };
    let one = || [(String::from("*"), String::new())].into_iter().collect();
    config.tracker.fields.insert("*".into(), FieldConfig::default());
    config.upstream.backport_labels = vec![BackportLabel::default()];
    config.upstream.toolchain.insert("*".into(), Vec::new());
    config.scope.iter_mut().for_each(|s| s.display_names = one());
    config.mail.source = vec![MailSource::default()];
    config.forwarder = vec![ForwarderConfig::default()];
    config.releases.rm_lookup = vec![RmLookup::default()];
    config.releases.train = vec![Train::default()];
    config.releases.cut = vec![Cut::default()];
    config.roster.person = vec![PersonConfig::default()];
    config.confidentiality.scanner = vec![ScannerConfig::default()];
    config.models.endpoint = vec![ModelEndpoint::default()];
    config.stats.milestones = vec![StatsMark::default()];
    for map in [
        &mut config.project.security_model.anchors,
        &mut config.project.terminology,
        &mut config.tracker.labels,
        &mut config.tracker.board.columns,
        &mut config.roster.duty,
        &mut config.services,
        &mut config.user.credentials,
    ] {
        *map = one();
    }
    config
}

static SAMPLE: LazyLock<toml::Value> = LazyLock::new(|| {
    toml::Value::try_from(sample()).unwrap_or_else(|_| toml::Value::Table(toml::Table::new()))
});

/// The built-in value of a key (as declared, or concrete without items), as TOML on one line.
pub(super) fn default_text(path: &[String]) -> String {
    let mut value = &*SAMPLE;
    for part in path {
        if let Some(first) = value.as_array().and_then(|a| a.first()) {
            value = first;
        }
        match value.get(part.as_str()).or_else(|| value.get("*")) {
            Some(below) => value = below,
            None => return "\"\"".to_owned(),
        }
    }
    render(value)
}

impl fmt::Display for Explanation {
    /// What the command line prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(value) = &self.value {
            writeln!(f, "{} = {}", self.key, value.value)?;
            writeln!(f, "  from     {}", value.origin)?;
            for old in self.overridden.iter().rev() {
                writeln!(f, "  instead of {}  ({})", old.value, old.origin)?;
            }
        } else {
            writeln!(f, "{}", self.key)?;
        }
        writeln!(f, "  means    {}", self.meaning)?;
        writeln!(f, "  takes    {}", self.takes)?;
        if !self.allowed.is_empty() {
            writeln!(f, "  allowed  {}", self.allowed.join(", "))?;
        }
        if !self.default.is_empty() {
            writeln!(f, "  default  {}", self.default)?;
        }
        writeln!(f, "  used by  {}", self.used_by.join(", "))?;
        if let Some(by) = &self.locked_by {
            writeln!(f, "  locked   by {by}")?;
        }
        if !self.keys.is_empty() {
            writeln!(f)?;
            let width = self.keys.iter().map(|k| k.key.chars().count() + k.value.chars().count() + 3).max();
            let width = width.unwrap_or(0).min(72);
            for said in &self.keys {
                let line = format!("{} = {}", said.key, said.value);
                writeln!(f, "  {line:width$}  # {}", said.origin)?;
            }
        }
        Ok(())
    }
}

/// The name of a layer, for those who show where values came from.
impl Loaded {
    /// The files that were read, lowest layer first is not promised; each with its layer.
    #[must_use]
    pub fn sources(&self) -> &[(Layer, String)] {
        &self.sources
    }
}
