//! The generated pages of `docs/`, each written from the one place where its matter is declared.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, CommandFactory};

/// A page: its name in `docs/` and what must stand in it.
pub type Page = (&'static str, String);

/// Every generated page.
#[must_use]
pub fn pages() -> Vec<Page> {
    vec![
        ("config.md", desk::config::reference_markdown()),
        ("replies.md", replies()),
        ("commands.md", commands(tipstaff::cli::Cli::command())),
        ("lifecycle.md", desk::rules::sync::reference::reference_markdown()),
        ("rules.md", desk::rules::registry::reference_markdown()),
    ]
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

fn replies() -> String {
    format!(
        "<!-- Generated from crates/desk/src/reply; edits here are lost. -->\n\n# Canned replies\n\n\
         The wording is in `crates/desk/src/reply/builtin`. A desk replaces a reply by putting a file of that name into\n\
         the folder that `replies.dir` names; see `examples/replies`. Ids, names and \"also called\" all work in\n\
         `3:reject-with-canned NAME`. Nothing here is sent: a reply becomes a draft.\n\n{}",
        desk::reply::reference_markdown()
    )
}

fn commands(mut root: Command) -> String {
    root.build();
    let mut out = String::from(
        "<!-- Generated from crates/tipstaff/src/cli/args.rs; edits here are lost. -->\n\n# Commands\n\n\
         `tipstaff help COMMAND` prints the same; `tipstaff man` prints the manual page, and `tipstaff completions bash`\n\
         (or zsh, fish, elvish, powershell) a completion script.\n\n\
         Exit codes: 0 done, 1 failed, 2 usage, 3 nothing to do, 4 needs a decision, 5 blocked.\n\n## Everywhere\n\n",
    );
    let global: Vec<&Arg> = root.get_arguments().filter(|a| a.is_global_set() && !a.is_hide_set()).collect();
    table(&global, &mut out);
    for c in root.get_subcommands() {
        command(c, "tipstaff", 2, &mut out);
    }
    out
}

fn command(c: &Command, before: &str, level: usize, out: &mut String) {
    if c.get_name() == "help" || c.is_hide_set() {
        return;
    }
    let name = format!("{before} {}", c.get_name());
    let about = c.get_about().map(ToString::to_string).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n{} `{name}`\n\n{about}.\n", "#".repeat(level));
    let mut usage = c.clone();
    let usage = usage.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = writeln!(out, "    {}", usage.replace('\n', "\n    "));
    let args: Vec<&Arg> = c
        .get_arguments()
        .filter(|a| {
            !a.is_global_set() && !a.is_hide_set() && !["help", "version"].contains(&a.get_id().as_str())
        })
        .collect();
    if !args.is_empty() {
        out.push('\n');
        table(&args, out);
    }
    if let Some(more) = c.get_after_help() {
        let _ = writeln!(out, "\n```text\n{more}\n```");
    }
    for sub in c.get_subcommands() {
        command(sub, &name, level + 1, out);
    }
}

fn table(args: &[&Arg], out: &mut String) {
    out.push_str("| argument | meaning | default |\n|---|---|---|\n");
    for a in args {
        let value = a.get_value_names().map(|n| n.join(" ")).unwrap_or_default();
        let name = match a.get_long() {
            Some(long) if a.get_action().takes_values() => format!("--{long} {value}"),
            Some(long) => format!("--{long}"),
            None => value,
        };
        let meaning = a.get_help().map(|h| h.to_string().replace('|', "\\|")).unwrap_or_default();
        let env = a.get_env().filter(|_| !a.is_hide_env_set());
        let env = env.map(|e| format!(" (environment: `{}`)", e.to_string_lossy())).unwrap_or_default();
        let default: Vec<_> =
            a.get_default_values().iter().map(|v| format!("`{}`", v.to_string_lossy())).collect();
        // A flag's own default, `false`, says nothing.
        let default = if a.get_action().takes_values() { default.join(", ") } else { String::new() };
        let _ = writeln!(out, "| `{}` | {meaning}{env} | {default} |", name.replace('|', "\\|"));
    }
}
