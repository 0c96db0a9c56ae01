//! Generated pages are as their declarations are, and every rule id in the code is declared.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn generated_pages_are_fresh() {
    for (name, text) in xtask::pages() {
        let path = xtask::root().join("docs").join(name);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "docs/{name} is stale: run `cargo xtask generate` and commit it");
    }
}

/// The quoted words of a source, without its tests and comments.
fn quoted(text: &str) -> BTreeSet<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    code.lines()
        .map(|l| l.split("// ").next().unwrap_or(l))
        .flat_map(|l| l.split('"').skip(1).step_by(2).map(String::from).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_rule_id_in_the_code_is_declared() {
    let families = desk::rules::registry::families();
    let declared: BTreeSet<&str> = families.iter().flat_map(|f| f.rules.iter().map(|(id, _)| *id)).collect();
    let prefixes: Vec<String> = families.iter().map(|f| format!("{}.", f.prefix)).collect();
    let mut files = Vec::new();
    rust_files(&xtask::root().join("crates/desk/src"), &mut files);
    let mut missing = BTreeSet::new();
    for f in files {
        let name = f.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("tests") || name == "samples.rs" || f.components().any(|c| c.as_os_str() == "tests")
        {
            continue;
        }
        for word in quoted(&std::fs::read_to_string(&f).unwrap()) {
            let rule =
                word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-');
            // What the scan answers for an id that it does not know.
            let named = rule && prefixes.iter().any(|p| word.starts_with(p)) && word != "scan.unknown";
            if named && !declared.contains(word.as_str()) {
                missing.insert(format!("{word} in {}", f.display()));
            }
        }
    }
    assert!(missing.is_empty(), "say in the RULES table beside it what it means: {missing:#?}");
}
