//! The documentation points at what exists.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn files(dir: &Path, ext: &str, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            files(&path, ext, out);
        } else if path.extension().is_some_and(|e| e == ext) {
            out.push(path);
        }
    }
}

/// The text outside fences; examples may link where they like.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// Targets of `[words](target)`.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

/// Anchors of a page, as forges make them from headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let heading = |l: &str| {
        let words = l.trim_start_matches('#').trim().to_lowercase();
        words
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>()
            .replace(' ', "-")
    };
    prose(text).lines().filter(|l| l.starts_with('#')).map(heading).collect()
}

/// Links of a page that lead nowhere.
fn broken(page: &Path, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for link in links(&prose(text)) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() { page.to_path_buf() } else { page.parent().unwrap().join(file) };
        if !target.exists() {
            out.push(link.to_owned());
        } else if !anchor.is_empty() && target.is_file() {
            let there = std::fs::read_to_string(&target).unwrap();
            if !anchors(&there).contains(anchor) {
                out.push(link.to_owned());
            }
        }
    }
    out
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = Vec::new();
    let root = xtask::root();
    for entry in std::fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "md") {
            pages.push(path);
        }
    }
    for dir in ["docs", "examples"] {
        files(&root.join(dir), "md", &mut pages);
    }
    assert!(pages.len() > 8);
    for p in pages {
        let bad = broken(&p, &std::fs::read_to_string(&p).unwrap());
        assert!(bad.is_empty(), "{}: {bad:?}", p.display());
    }
}

#[test]
fn a_broken_link_is_found() {
    let page = xtask::root().join("README.md");
    assert_eq!(broken(&page, "[a](no/such.md) [b](Cargo.toml) [c](README.md#no-such-heading)").len(), 2);
    assert!(broken(&page, "text\n```\n[a](no/such.md)\n```\n").is_empty());
}

/// Names of test functions, and of properties, anywhere in the tree.
fn tests_in_the_tree() -> BTreeSet<String> {
    let mut sources = Vec::new();
    files(&xtask::root().join("crates"), "rs", &mut sources);
    files(&xtask::root().join("xtask"), "rs", &mut sources);
    let mut out = BTreeSet::new();
    for s in sources {
        let text = std::fs::read_to_string(s).unwrap();
        for after in text.split("#[test]").skip(1) {
            if let Some(name) = after.split("fn ").nth(1).and_then(|f| f.split('(').next()) {
                out.insert(name.trim().to_owned());
            }
        }
    }
    out
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let text = std::fs::read_to_string(xtask::root().join("docs/threat-model.md")).unwrap();
    let there = tests_in_the_tree();
    // A test is named in backticks, in words joined by underscores.
    let named: BTreeSet<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|w| w.matches('_').count() >= 2 && w.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    assert!(named.len() > 10, "the threat model names its tests");
    let missing: Vec<_> = named.into_iter().filter(|n| !there.contains(*n)).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}
