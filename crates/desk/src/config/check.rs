//! Rules over the merged whole, which no single value shows (config page §1.2, §1.3).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    keys::LABEL_ROLES,
    leaf::shown,
    load::SCHEMA,
    read::Errors,
    schema::{RecordState, SourceKind, SourceRole},
    value::{Entry, Value},
};

/// Runs every rule.
pub(super) fn check(tree: &Entry, errors: &mut Errors<'_>) {
    schema(tree, errors);
    sources(tree, errors);
    scope_labels(tree, errors);
    clashes(tree, errors);
    states(tree, errors);
    people(tree, errors);
    one_way_to_the_release_manager(tree, errors);
    public_lists(tree, errors);
    required_in_items(tree, errors);
}

fn at<'t>(tree: &'t Entry, path: &[&str]) -> Option<&'t Entry> {
    let path: Vec<String> = path.iter().map(|p| (*p).to_owned()).collect();
    tree.get(&path)
}

fn schema(tree: &Entry, errors: &mut Errors<'_>) {
    if let Some(Entry { value: Value::Number(said), at, .. }) = at(tree, &["project", "schema"]) {
        let message = if *said > SCHEMA {
            format!("the file is written for schema {said}, this program knows {SCHEMA}: use a newer program")
        } else if *said == 0 {
            format!("there is no schema 0; the schema is {SCHEMA}")
        } else {
            return;
        };
        errors.add("config.schema", *at, "project.schema", message, None);
    }
}

/// Exactly one primary source when there are any (§1.3, dispatch). Private reports are a channel of their own, beside mail.
fn sources(tree: &Entry, errors: &mut Errors<'_>) {
    let items = tree.items(&["mail", "source"]);
    let known = |role: &str| role.is_empty() || SourceRole::ALL.iter().any(|(word, _)| *word == role);
    if !items.iter().all(|s| known(s.text("role"))) {
        return; // Reported where it stands.
    }
    let items: Vec<&Entry> = items.iter().filter(|s| s.text("kind") != SourceKind::Ghsa.as_str()).collect();
    let primary: Vec<&Entry> =
        items.iter().copied().filter(|s| matches!(s.text("role"), "" | "primary")).collect();
    match primary.as_slice() {
        [] => {
            if let Some(first) = items.first() {
                let message = "no mail source is primary: give one of them role = \"primary\"".to_owned();
                errors.add("config.primary", first.place("role"), "mail.source.role", message, None);
            }
        }
        [_] => {}
        [first, others @ ..] => {
            for other in others {
                let how = if other.text("role").is_empty() { ", which is the default" } else { "" };
                let message = format!(
                    "mail source {} is a second primary{how}; {} is the first: make it fallback or optional",
                    shown(other.text("name")),
                    shown(first.text("name")),
                );
                let place =
                    if other.text("role").is_empty() { other.place("name") } else { other.place("role") };
                errors.add("config.primary", place, "mail.source.role", message, None);
            }
        }
    }
}

/// A scope label cannot be one of the labels that tell the stage of a tracker.
fn scope_labels(tree: &Entry, errors: &mut Errors<'_>) {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (role, name) in LABEL_ROLES {
        let name = at(tree, &["tracker", "labels", role]).map_or(*name, |e| match &e.value {
            Value::Text(said) if !said.is_empty() => said.as_str(),
            _ => name,
        });
        taken.insert(name.to_lowercase(), role);
    }
    for scope in tree.items(&["scope"]) {
        if let Some(role) = taken.get(&scope.text("label").to_lowercase()) {
            let message =
                format!("\"scope.label\" cannot be {}: that label says {role}", shown(scope.text("label")));
            errors.add("config.reserved", scope.place("label"), "scope.label", message, None);
        }
    }
    let mut roles: BTreeMap<String, &str> = BTreeMap::new();
    if let Some(Entry { value: Value::Table(labels), .. }) = at(tree, &["tracker", "labels"]) {
        for (role, entry) in labels {
            let Value::Text(name) = &entry.value else { continue };
            if name.is_empty() {
                continue;
            }
            if let Some(first) = roles.insert(name.to_lowercase(), role) {
                let key = format!("tracker.labels.{role}");
                let message = format!("\"{key}\" is {}, which already says {first}", shown(name));
                errors.add("config.duplicate", entry.at, &key, message, None);
            }
        }
    }
}

/// Labels and handles are compared without case; layers may not differ in case only.
fn clashes(tree: &Entry, errors: &mut Errors<'_>) {
    for (path, key) in [(&["scope"][..], "label"), (&["roster", "person"][..], "handle")] {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for item in tree.items(path) {
            let name = item.text(key);
            if let Some(first) = seen.insert(name.to_lowercase(), name) {
                let full = format!("{}.{key}", path.join("."));
                let message = format!("\"{full}\" {} and {} differ in case only", shown(first), shown(name));
                errors.add("config.duplicate", item.place(key), &full, message, None);
            }
        }
    }
}

/// `cve.states` is an ordered subset (§1.3).
fn states(tree: &Entry, errors: &mut Errors<'_>) {
    let Some(Entry { value: Value::List(said), .. }) = at(tree, &["cve", "states"]) else { return };
    let order = |word: &str| RecordState::ALL.iter().position(|(w, _)| *w == word);
    for pair in said.windows(2) {
        let [(a, _), (b, place)] = pair else { continue };
        // A word that is no state was reported where it stands.
        if order(b).is_some() && order(a) >= order(b) {
            let message =
                format!("\"cve.states\" has \"{b}\" after \"{a}\"; write them in the order they are reached");
            errors.add("config.order", *place, "cve.states", message, None);
        }
    }
}

/// Membership ends after it begins; an address belongs to one person.
fn people(tree: &Entry, errors: &mut Errors<'_>) {
    let mut owner: BTreeMap<String, &str> = BTreeMap::new();
    for person in tree.items(&["roster", "person"]) {
        let (from, to) = (person.text("from"), person.text("to"));
        let day = |text: &str| text.parse::<Date>().ok();
        if let (Some(first), Some(last)) = (day(from), day(to))
            && last < first
        {
            let message = format!("\"roster.person.to\" {} is before \"from\" {}", shown(to), shown(from));
            errors.add("config.bad-date", person.place("to"), "roster.person.to", message, None);
        }
        let Some(Entry { value: Value::List(emails), .. }) = person.get(&["emails".to_owned()]) else {
            continue;
        };
        for (email, place) in emails {
            let handle = person.text("handle");
            if let Some(first) = owner.insert(email.to_lowercase(), handle)
                && first != handle
            {
                let message = format!(
                    "\"roster.person.emails\": {} is the address of both {} and {}",
                    shown(email),
                    shown(first),
                    shown(handle)
                );
                errors.add("config.duplicate", *place, "roster.person.emails", message, None);
            }
        }
    }
}

fn one_way_to_the_release_manager(tree: &Entry, errors: &mut Errors<'_>) {
    for item in tree.items(&["releases", "rm_lookup"]) {
        let set =
            ["roster_file", "wiki_url", "vote_thread"].iter().filter(|k| !item.text(k).is_empty()).count();
        if set != 1 {
            let message =
                "an entry of \"releases.rm_lookup\" has exactly one of roster_file, wiki_url, vote_thread";
            errors.add("config.rm-lookup", item.at, "releases.rm_lookup", message.to_owned(), None);
        }
    }
}

/// The security list is never publicly archived (§1.3), so it cannot be one of the lists that are.
fn public_lists(tree: &Entry, errors: &mut Errors<'_>) {
    let list = |name: &str| at(tree, &["mail", "lists", name]).map(|e| (e.at, text(e).to_lowercase()));
    for private in ["security", "private"] {
        let Some((_, address)) = list(private).filter(|(_, a)| !a.is_empty()) else { continue };
        for public in ["users", "announce", "dev", "commits"] {
            if let Some((place, _)) = list(public).filter(|(_, a)| *a == address) {
                let key = format!("mail.lists.{public}");
                let message = format!("\"{key}\" is publicly archived and cannot be the {private} list");
                errors.add("config.list-public", place, &key, message, None);
            }
        }
    }
}

fn text(entry: &Entry) -> &str {
    match &entry.value {
        Value::Text(text) => text,
        _ => "",
    }
}

/// Keys of list items for which no default makes sense.
fn required_in_items(tree: &Entry, errors: &mut Errors<'_>) {
    let need: [(&[&str], &str, &str); 4] = [
        (&["mail", "source"], "name", "kind"),
        (&["upstream", "backport_labels"], "label", "branch"),
        (&["models", "endpoint"], "name", "url"),
        (&["stats", "milestones"], "label", "date"),
    ];
    for (path, name, key) in need {
        for item in tree.items(path) {
            if item.text(key).is_empty() {
                let list = path.join(".");
                let message = format!("[[{list}]] {} has no {key}", shown(item.text(name)));
                errors.add("config.required", item.place(name), &format!("{list}.{key}"), message, None);
            }
        }
    }
}
