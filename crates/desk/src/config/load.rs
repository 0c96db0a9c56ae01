//! Layers of configuration, laid over each other and read into the types (config page §1.2).

use serde::Serialize;

use super::{
    check,
    error::ConfigErrors,
    keys::{Kind, PER_PROJECT},
    read::{Errors, read},
    review::Finding,
    schema::Config,
    tree::{find, nearest},
    value::{At, Entry, Value, dotted},
};

/// The schema this program knows.
pub const SCHEMA: u32 = 1;

/// Organization profiles that come with the program, by name.
pub const PROFILES: &[(&str, &str)] =
    &[("asf", include_str!("profiles/asf.toml")), ("independent", include_str!("profiles/independent.toml"))];

/// Who wrote a layer, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// An organization's profile, used when `project.extends` names it.
    Organization(String),
    /// The project's `tipstaff.toml`.
    Project,
    /// The user's own file; sets `[user]` and nothing else.
    User,
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Layer::Organization(name) => write!(f, "profile {name}"),
            Layer::Project => f.write_str("project"),
            Layer::User => f.write_str("user"),
        }
    }
}

/// One layer as the shell read it.
#[derive(Clone, Debug)]
pub struct LayerText {
    /// Who wrote it.
    pub layer: Layer,
    /// The file, as it is to be named in messages.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// A configuration that passed every check, and where each value came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// What is allowed but should be looked at, and shows only in the files (a `[user]` in the project's file).
    pub notices: Vec<Finding>,
    pub(super) tree: Entry,
    pub(super) sources: Vec<(Layer, String)>,
    pub(super) locks: Vec<Lock>,
}

/// A key that an organization does not let later layers change.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    pub(super) path: Vec<String>,
    /// The source that locks it.
    pub(super) source: usize,
}

/// Loads the layers: built-in defaults, then the profiles in `project.extends`, the project and the user (§1.2
/// rule 1). No layers at all are the `independent` profile.
///
/// # Errors
/// Everything that is wrong in any of the files, in their order.
pub fn load(layers: &[LayerText]) -> Result<Loaded, ConfigErrors> {
    let mut errors = Errors::new();
    let mut sources: Vec<(Layer, String)> = Vec::new();

    // The project is read first, since it says which profiles lie below it.
    let mut project: Vec<Entry> = Vec::new();
    let mut user: Vec<Entry> = Vec::new();
    for text in layers.iter().filter(|l| l.layer == Layer::Project) {
        project.push(open(text, &mut errors, &mut sources));
    }
    for text in layers.iter().filter(|l| l.layer == Layer::User) {
        user.push(open(text, &mut errors, &mut sources));
    }

    let mut organizations: Vec<Entry> = Vec::new();
    for (name, at) in extends(&project) {
        let given = layers.iter().find(|l| l.layer == Layer::Organization(name.clone()));
        let built_in = PROFILES.iter().find(|(n, _)| *n == name);
        match (built_in, given) {
            (Some(_), Some(given)) => {
                let message = format!("the profile \"{name}\" is built in; give {} another name", given.file);
                errors.add("config.profile", at, "project.extends", message, None);
            }
            (Some((name, text)), None) => {
                let file = format!("profiles/{name}.toml");
                sources.push((Layer::Organization((*name).to_owned()), file.clone()));
                let source = errors.file(&file, text);
                organizations.push(read(source, text, &mut errors));
            }
            (None, Some(given)) => organizations.push(open(given, &mut errors, &mut sources)),
            (None, None) => {
                let known =
                    PROFILES.iter().map(|(n, _)| *n).chain(layers.iter().filter_map(|l| match &l.layer {
                        Layer::Organization(name) => Some(name.as_str()),
                        _ => None,
                    }));
                let known: Vec<&str> = known.collect();
                let near = nearest(&name, known.iter().copied());
                let said = super::leaf::shown(&name);
                let list = known.join(", ");
                let message = match near {
                    Some(near) => {
                        format!("there is no profile {said}; did you mean \"{near}\"? Known: {list}")
                    }
                    None => format!("there is no profile {said}; known: {list}"),
                };
                errors.add("config.profile", at, "project.extends", message, near.map(str::to_owned));
            }
        }
    }

    for layer in &organizations {
        only_shared(layer, &mut errors);
    }
    for layer in &project {
        no_lock(layer, &mut errors);
    }
    for layer in &user {
        only_user(layer, &mut errors);
    }

    let locks = locks(&organizations, &mut errors);
    let mut notices = Vec::new();
    if project.iter().any(|p| p.get(&["user".to_owned()]).is_some()) {
        notices.push(Finding {
            code: "review.user-in-project",
            message: "the project's file has a [user] section, which then holds for everybody".into(),
            mend: "move [user] to your own user.toml".into(),
        });
    }

    let mut tree = Entry::empty();
    for layer in organizations.into_iter().chain(project).chain(user) {
        locked(&locks, &tree, &layer, &sources, &mut errors);
        tree = tree.merge(layer);
    }
    set_lock(&mut tree, &locks);
    check::check(&tree, &mut errors);
    if !errors.is_empty() {
        return Err(errors.finish());
    }
    match tree.to_toml().try_into::<Config>() {
        Ok(config) => Ok(Loaded { config, notices, tree, sources, locks }),
        Err(error) => {
            // The table of keys and the types agree (a test walks both), so this is not expected; it is still an
            // error with a message rather than a panic.
            let message = format!("cannot be read: {}", error.message());
            errors.add("config.internal", At::default(), "", message, None);
            Err(errors.finish())
        }
    }
}

fn open<'a>(text: &'a LayerText, errors: &mut Errors<'a>, sources: &mut Vec<(Layer, String)>) -> Entry {
    sources.push((text.layer.clone(), text.file.clone()));
    let source = errors.file(&text.file, &text.text);
    read(source, &text.text, errors)
}

/// The profiles to lay below the project, with the place that names them.
fn extends(project: &[Entry]) -> Vec<(String, At)> {
    let path = ["project".to_owned(), "extends".to_owned()];
    let said = project.iter().rev().find_map(|p| match &p.get(&path)?.value {
        Value::List(names) => Some(names.clone()),
        _ => None,
    });
    let mut out: Vec<(String, At)> = Vec::new();
    for (name, at) in said.unwrap_or_else(|| {
        Config::default().project.extends.into_iter().map(|n| (n, At::default())).collect()
    }) {
        if !out.iter().any(|(n, _)| *n == name) {
            out.push((name, at));
        }
    }
    out
}

/// An organization holds shared values only (§10).
fn only_shared(layer: &Entry, errors: &mut Errors<'_>) {
    for key in PER_PROJECT {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        if let Some(entry) = layer.get(&path) {
            let message = format!("\"{key}\" belongs to the project; a profile cannot set it");
            errors.add("config.per-project", entry.at, key, message, None);
        }
    }
}

fn no_lock(layer: &Entry, errors: &mut Errors<'_>) {
    if let Some(Entry { value: Value::List(keys), at, .. }) = layer.get(&["lock".to_owned()])
        && !keys.is_empty()
    {
        let message = "\"lock\" can only be set by an organization profile".to_owned();
        errors.add("config.lock-place", *at, "lock", message, None);
    }
}

/// §1.2 rule 4.
fn only_user(layer: &Entry, errors: &mut Errors<'_>) {
    let Value::Table(map) = &layer.value else { return };
    for (key, entry) in map.iter().filter(|(key, _)| *key != "user") {
        let at = first_place(entry);
        let message = format!("a user file may only set [user]; \"{key}\" belongs in tipstaff.toml");
        errors.add("config.user-layer", at, key, message, None);
    }
}

/// The place of a table is that of its header, which implied tables do not have: then that of what is in it.
fn first_place(entry: &Entry) -> At {
    if entry.at.end > entry.at.start {
        return entry.at;
    }
    let mut leaves = Vec::new();
    entry.leaves(&mut Vec::new(), &mut leaves);
    leaves.iter().map(|(_, e)| e.at).min_by_key(|at| at.start).unwrap_or(entry.at)
}

fn locks(organizations: &[Entry], errors: &mut Errors<'_>) -> Vec<Lock> {
    let mut out: Vec<Lock> = Vec::new();
    for layer in organizations {
        let Some(Entry { value: Value::List(keys), .. }) = layer.get(&["lock".to_owned()]) else { continue };
        for (key, at) in keys {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            if find(&path, |_| false).is_none() {
                let known = super::keys::KEYS.iter().map(|k| k.path);
                let near = nearest(key, known);
                let hint = near.map_or(String::new(), |n| format!("; did you mean \"{n}\"?"));
                let message = format!("\"lock\" names the unknown key {}{hint}", super::leaf::shown(key));
                errors.add("config.unknown-key", *at, "lock", message, near.map(str::to_owned));
            } else if !out.iter().any(|l| l.path == path) {
                out.push(Lock { path, source: at.source });
            }
        }
    }
    out
}

/// Refuses a layer that changes what a lower one locked. Repeating the value is no change.
fn locked(
    locks: &[Lock],
    below: &Entry,
    layer: &Entry,
    sources: &[(Layer, String)],
    errors: &mut Errors<'_>,
) {
    for lock in locks {
        let Some(entry) = layer.get(&lock.path) else { continue };
        let mut leaves = Vec::new();
        entry.leaves(&mut lock.path.clone(), &mut leaves);
        for (path, leaf) in leaves {
            let before = below.get(&path);
            let same = match before {
                Some(before) => before.value.same(&leaf.value),
                None => super::explain::default_text(&path) == leaf.value.render(),
            };
            if same || leaf.at.source == lock.source {
                continue;
            }
            let Some((by, _)) = sources.get(lock.source) else { continue };
            let key = dotted(&path);
            let kept = before.map_or_else(|| super::explain::default_text(&path), |b| b.value.render());
            let message =
                format!("\"{key}\" is locked by {by}: it stays {kept}; ask the organization to change it");
            errors.add("config.locked", leaf.at, &key, message, None);
        }
    }
}

/// Locks of several organizations add up; a lower one is not lifted by a higher.
fn set_lock(tree: &mut Entry, locks: &[Lock]) {
    if let Value::Table(map) = &mut tree.value
        && !locks.is_empty()
    {
        let keys =
            locks.iter().map(|l| (dotted(&l.path), At { source: l.source, ..At::default() })).collect();
        let at = map.get("lock").map(|e| e.at).unwrap_or_default();
        map.insert("lock".to_owned(), Entry::new(Value::List(keys), at));
    }
}

/// The shape of the key at a concrete path of a loaded tree.
pub(super) fn kind_at(tree: &Entry, path: &[String]) -> Option<(&'static super::tree::Node, Kind)> {
    find(path, |prefix| tree.get(prefix).is_some())
}
