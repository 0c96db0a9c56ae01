//! What holds the house together, as tests: licences, bans, and who may depend on whom.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn metadata() -> Value {
    // For this platform only: a fresh machine has not downloaded what other platforms need.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).unwrap().to_owned();
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Names listed in a section of deny.toml, read without a TOML parser so that the file stays the one list.
fn listed(after: &str, key: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let section = text.split(after).nth(1).unwrap().split("\n[").next().unwrap();
    let list = section.split(key).nth(1).unwrap().split("\n]").next().unwrap();
    list.split('"').skip(1).step_by(2).map(String::from).collect()
}

fn packages(meta: &Value) -> Vec<(String, Value)> {
    let all = meta["packages"].as_array().unwrap();
    all.iter().map(|p| (p["name"].as_str().unwrap().to_owned(), p.clone())).collect()
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let allowed = listed("[licenses]", "allow = [");
    assert!(allowed.contains("MIT") && allowed.len() > 5);
    for (name, p) in packages(&metadata()) {
        let licence = p["license"].as_str().unwrap_or_default();
        // `A OR B` needs one of them, `A AND B` both.
        let fine = licence
            .replace('/', " OR ")
            .replace(['(', ')'], "")
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|l| allowed.contains(l.trim())));
        assert!(fine, "{name} has the licence `{licence}`, which deny.toml does not allow");
    }
}

#[test]
fn nothing_that_can_send_mail_is_linked() {
    let banned = listed("[bans]", "deny = [");
    assert!(banned.contains("lettre") && banned.len() > 5);
    for (name, _) in packages(&metadata()) {
        assert!(!banned.contains(&name), "{name} is banned by deny.toml");
        assert!(!name.contains("smtp") && !name.contains("sendmail"), "{name} looks like it sends mail");
    }
}

#[test]
fn every_source_is_a_registry() {
    for (name, p) in packages(&metadata()) {
        let source = p["source"].as_str();
        assert!(source.is_none_or(|s| s.starts_with("registry+")), "{name} comes from {source:?}");
    }
}

/// The arrows of DESIGN §3: tipstaff → connect, store → desk.
#[test]
fn arrows_point_one_way() {
    let may: BTreeMap<&str, &[&str]> = [
        ("desk", &[][..]),
        ("store", &["desk"][..]),
        ("connect", &["desk"][..]),
        ("testkit", &["desk"][..]),
        ("tipstaff", &["desk", "store", "connect"][..]),
        ("xtask", &["desk", "tipstaff"][..]),
    ]
    .into();
    let meta = metadata();
    let ours: BTreeSet<&str> = may.keys().copied().collect();
    for (name, p) in packages(&meta) {
        let Some(allowed) = may.get(name.as_str()) else { continue };
        if p["source"].is_string() {
            continue;
        }
        for d in p["dependencies"].as_array().unwrap() {
            let dep = d["name"].as_str().unwrap();
            if ours.contains(dep) && d["kind"].is_null() {
                assert!(allowed.contains(&dep), "{name} must not depend on {dep}");
            }
        }
    }
}

/// The core does no I/O: none of these is among the direct dependencies of `desk`.
#[test]
fn the_core_has_no_heavy_or_outward_dependency() {
    let heavy = ["rusqlite", "ureq", "reqwest", "tokio", "axum", "clap", "postgres", "tempfile", "hyper"];
    for (name, p) in packages(&metadata()) {
        if name == "desk" && p["source"].is_null() {
            for d in p["dependencies"].as_array().unwrap() {
                let dep = d["name"].as_str().unwrap();
                assert!(!heavy.contains(&dep), "desk must not depend on {dep}");
            }
        }
    }
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Vendors' names live in connectors, configuration and data, not in the core's logic (DESIGN §8, rule 5).
#[test]
fn the_core_names_no_vendor_in_code() {
    let mut files = Vec::new();
    sources(&root().join("crates/desk/src/plan"), &mut files);
    sources(&root().join("crates/desk/src/case"), &mut files);
    assert!(files.len() > 3);
    for f in files {
        let text = std::fs::read_to_string(&f).unwrap().to_lowercase();
        for vendor in ["gmail", "github.com", "ponymail", "vulnogram", "pypi.org"] {
            assert!(!text.contains(vendor), "{} names {vendor}", f.display());
        }
    }
}

#[test]
fn no_source_file_outgrows_a_sitting() {
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    sources(&root().join("xtask"), &mut files);
    let long: Vec<_> = files
        .into_iter()
        .map(|f| (std::fs::read_to_string(&f).unwrap().lines().count(), f))
        .filter(|(n, _)| *n > 1100)
        .collect();
    assert!(long.is_empty(), "split by noun: {long:?}");
}
