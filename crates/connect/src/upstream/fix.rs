//! What the field *PR with the fix* names: pull requests, commits, branches (sync page §2, S3). Its text is untrusted: it
//! becomes a number, a hexadecimal id or a plain ref name, and nothing else.

use std::{collections::BTreeSet, sync::LazyLock};

use desk::{
    case::PullRequest,
    rules::extract::pointers::{self, LinkKind},
    tracker,
};
use regex::Regex;

/// One fix as the field names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A pull request.
    Pull {
        /// Its address as written; empty for `#N`.
        url: String,
        /// `owner/name`; empty for `#N`.
        repo: String,
        /// Its number.
        number: u64,
    },
    /// A commit, by 7 to 40 hexadecimal digits.
    Commit {
        /// Its address as written; empty for a bare id.
        url: String,
        /// `owner/name`; empty for a bare id.
        repo: String,
        /// The id.
        sha: String,
    },
    /// A branch.
    Branch(String),
}

/// A fix as the clone knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// As it stands, once for every branch it is on.
    pub pulls: Vec<PullRequest>,
    /// Address of its author; empty when unknown.
    pub email: String,
    /// The commits that brought it, on any of the branches.
    pub commits: Vec<String>,
}

fn re(pattern: &str) -> Regex {
    #[allow(clippy::unwrap_used, reason = "every caller is a constant, compiled in every test run")]
    Regex::new(pattern).unwrap()
}

static URL: LazyLock<Regex> = LazyLock::new(|| re(r"https?://[^\s<>`]+"));
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| re(r"(?:^|[\s(,;])([\w.-]+/[\w.-]+)?#([0-9]{1,9})(?:$|[\s),;.:])"));
static SHA: LazyLock<Regex> = LazyLock::new(|| re(r"(?:^|[\s(`,;])([0-9a-f]{7,40})(?:$|[\s)`,;.:])"));
static BRANCH: LazyLock<Regex> = LazyLock::new(|| re(r"^[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}$"));

/// Words that stand where a fix will stand.
const NONE_YET: &[&str] =
    &["n/a", "none", "tbd", "todo", "pending", "unknown", "no", "open", "later", "private"];

/// The fixes a field names, each once, in the order in which they stand there.
#[must_use]
pub fn named(field: &str) -> Vec<Named> {
    let text: String = field.chars().take(100_000).collect();
    let mut out = Vec::new();
    for link in pointers::pointers(&text).links {
        match link.kind {
            LinkKind::PullRequest => {
                if let Ok(number) = link.id.parse() {
                    out.push(Named::Pull { url: link.url, repo: link.repo, number });
                }
            }
            LinkKind::Commit => {
                out.push(Named::Commit { url: link.url, repo: link.repo, sha: link.id.to_ascii_lowercase() });
            }
            LinkKind::Issue | LinkKind::Advisory => {}
        }
    }
    for line in text.lines() {
        let whole = line;
        let line = URL.replace_all(line, " ");
        let line = line.as_ref();
        for c in NUMBER.captures_iter(line) {
            let repo = c.get(1).map_or("", |m| m.as_str()).to_owned();
            if let Ok(number) = c[2].parse() {
                out.push(Named::Pull { url: String::new(), repo, number });
            }
        }
        let mut commit = false;
        for c in SHA.captures_iter(line).filter(|c| c[1].contains(|c: char| c.is_ascii_digit())) {
            commit = true;
            out.push(Named::Commit { url: String::new(), repo: String::new(), sha: c[1].to_owned() });
        }
        let word = line.trim().trim_start_matches(['-', '*', '+']).trim().trim_matches('`');
        if !commit && line == whole && is_branch(word) {
            out.push(Named::Branch(word.to_owned()));
        }
    }
    let mut seen = BTreeSet::new();
    out.retain(|n| seen.insert(key(n)));
    out
}

/// What makes two names the same fix.
fn key(n: &Named) -> (u8, String) {
    match n {
        Named::Pull { number, repo, .. } => (0, format!("{}#{number}", repo.to_lowercase())),
        Named::Commit { sha, .. } => (1, sha.clone()),
        Named::Branch(b) => (2, b.clone()),
    }
}

fn is_branch(word: &str) -> bool {
    BRANCH.is_match(word)
        && !word.contains("..")
        && !word.contains("//")
        && !word.ends_with(['/', '.'])
        && !word.split('/').any(|p| p.starts_with('.') || p.ends_with(".lock"))
        && !NONE_YET.contains(&word.to_lowercase().as_str())
        && !tracker::is_placeholder(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pull(repo: &str, number: u64) -> Named {
        let url = format!("https://forge.example/{repo}/pull/{number}");
        Named::Pull { url, repo: repo.into(), number }
    }

    #[test]
    fn a_field_names_pull_requests_commits_and_branches() {
        let bare = |repo: &str, number| Named::Pull { url: String::new(), repo: repo.into(), number };
        let commit = |sha: &str| Named::Commit { url: String::new(), repo: String::new(), sha: sha.into() };
        let branch = |b: &str| Named::Branch(b.into());
        let cases: &[(&str, Vec<Named>)] = &[
            ("https://forge.example/o/r/pull/12", vec![pull("o/r", 12)]),
            ("[the fix](https://forge.example/o/r/pull/12/files).", vec![pull("o/r", 12)]),
            (
                "- https://forge.example/o/r/pull/12\n- https://forge.example/o/r/pull/13#discussion",
                vec![pull("o/r", 12), pull("o/r", 13)],
            ),
            ("o/r#12 and #13.", vec![bare("o/r", 12), bare("", 13)]),
            ("https://forge.example/o/r/pull/12 https://forge.example/o/r/pull/12", vec![pull("o/r", 12)]),
            ("commit `0a1b2c3d4e5f`", vec![commit("0a1b2c3d4e5f")]),
            ("`check-upload-path`", vec![branch("check-upload-path")]),
            ("* feature/upload-2.8", vec![branch("feature/upload-2.8")]),
            ("Ann is writing it", vec![]),
            ("TBD", vec![]),
            ("_No response_", vec![]),
            ("--upload-pack=touch", vec![]),
            ("-rf", vec![branch("rf")]),
            ("a..b", vec![]),
            ("../../etc/passwd", vec![]),
            ("/etc/passwd", vec![]),
            ("x@{1}", vec![]),
            ("main:secret.txt", vec![]),
            ("see https://forge.example/o/r/issues/12", vec![]),
        ];
        for (field, want) in cases {
            assert_eq!(named(field), *want, "{field:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_becomes_an_option_or_leaves_the_repository(text in "(?s).{0,200}") {
            for n in named(&text) {
                if let Named::Branch(b) = n {
                    prop_assert!(!b.starts_with(['-', '/', '.']), "{b}");
                    prop_assert!(!b.contains("..") && !b.contains([' ', '\\', ':', '~', '^', '@', '\0']), "{b}");
                }
            }
        }
    }
}
