//! The reference page of `tipstaff.toml`, written from the table of keys.

use std::fmt::Write as _;

use super::{
    explain::{allowed, default_text, describe},
    keys::{KEYS, Key, Kind, Need, PER_PROJECT, USERS},
};

/// `docs/config.md`.
#[must_use]
pub fn reference_markdown() -> String {
    let mut out = String::from(HEAD);
    let users: Vec<String> = USERS.iter().map(|(code, name)| format!("{code} {name}")).collect();
    let _ = writeln!(out, "Used by: {}.\n", users.join(" · "));
    for section in KEYS.iter().filter(|k| !k.path.contains('.')) {
        section_table(section, &mut out);
    }
    let _ = writeln!(out, "## What a profile cannot set\n");
    let _ = writeln!(
        out,
        "These belong to the project: {}.",
        PER_PROJECT.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
    );
    out
}

const HEAD: &str = "\
<!-- Generated from crates/desk/src/config/keys.rs; edits here are lost. -->

# Configuration

One file, `tipstaff.toml`, in the project; optionally a `user.toml` with a `[user]` section of your own.
Layers, lowest first: built-in values, the profiles in `project.extends`, the project, the user. Tables merge by
key; lists of tables merge by the key that identifies their items; other lists and single values replace.
An empty text means unset. Secrets are never written here: `env:NAME`, `file:PATH` or `keyring:NAME` say where
one is kept. `tipstaff config explain KEY` shows a value and who set it.

Defaults: **required** means that nothing stands in for it once its section is used; *profile* means that the
organization profile usually sets it.

";

fn section_table(section: &Key, out: &mut String) {
    let heading = match section.kind {
        Kind::Tables(_) => format!("`[[{}]]`", section.path),
        Kind::Table | Kind::Map(..) => format!("`[{}]`", section.path),
        _ => format!("`{}`", section.path),
    };
    let _ = writeln!(out, "## {heading}\n\n{}.\n", section.meaning);
    let _ = writeln!(out, "| key | takes | default | meaning | used by |\n|---|---|---|---|---|");
    let prefix = format!("{}.", section.path);
    let mut any = false;
    for key in KEYS.iter().filter(|k| k.path.starts_with(&prefix) && !matches!(k.kind, Kind::Table)) {
        row(key, key.path.strip_prefix(&prefix).unwrap_or(key.path), out);
        any = true;
    }
    if !any {
        row(section, section.path, out);
    }
    out.push('\n');
}

fn row(key: &Key, name: &str, out: &mut String) {
    let words = allowed(key.kind);
    let takes = if words.is_empty() {
        describe(key.kind)
    } else {
        let list = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        format!("{}: {list}", describe(key.kind))
    };
    let path: Vec<String> = key.path.split('.').map(str::to_owned).collect();
    let default = match (key.need, key.kind) {
        (Need::Required, _) => "**required**".to_owned(),
        (_, Kind::Tables(_)) => "none".to_owned(),
        (_, Kind::Map(..) | Kind::Table) => "empty".to_owned(),
        (need, _) => {
            let text = default_text(&path);
            let text = if text == "\"\"" || text == "[]" { "empty".to_owned() } else { format!("`{text}`") };
            if need == Need::Profile { format!("{text}, *profile*") } else { text }
        }
    };
    let cells = [format!("`{name}`"), takes, default, key.meaning.to_owned(), key.used_by.to_owned()];
    let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
