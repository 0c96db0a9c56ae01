//! Whole-program tests: every one of them drives the real binary in an environment of its own.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measure is printed for whoever asks for it")]

mod authorities;
mod bad_input;
mod by_hand;
mod crash;
mod cve_check;
mod distributors;
mod doctor;
mod env;
mod exports;
mod fixes;
mod forge;
mod held_out;
mod imap;
mod import;
mod lifecycle;
mod log_in;
mod mails;
mod plumbing;
mod ponymail;
mod post;
mod reports;
mod rows;
mod sample;
mod schema_parity;
mod score;
mod split;
mod walks;

/// A test module that is not named above would never run.
#[test]
fn no_test_file_was_forgotten() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(dir.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(stem) = name.strip_suffix(".rs") else { continue };
        assert!(stem == "main" || main.contains(&format!("mod {stem};")), "{name} is not in main.rs");
    }
}
