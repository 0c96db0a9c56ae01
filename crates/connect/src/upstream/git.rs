//! Changes of a local clone, through the `git` program: no hooks, no prompts, no pager, no configuration of the
//! caller's environment (stack page, Git).

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::Timestamp;

/// A change on the public branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Commit id.
    pub sha: String,
    /// Subject line.
    pub title: String,
    /// Whole message.
    pub message: String,
    /// Changed paths.
    pub paths: Vec<String>,
    /// Commit time.
    pub at: Timestamp,
    /// Author address.
    pub author: String,
}

/// A piece of what a range of commits would make public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Commit id.
    pub commit: String,
    /// `commit message`, `path`, `added lines of PATH`.
    pub what: String,
    /// Its words.
    pub text: String,
    /// Words of it that are public already.
    pub exempt: Vec<String>,
}

/// Why the clone could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Not there, or not a clone.
    #[error("{path} is no git clone ({why}); set user.upstream_clone to one, or leave it empty")]
    NoClone {
        /// The folder.
        path: PathBuf,
        /// What git said.
        why: String,
    },
    /// The program failed.
    #[error("git {what} failed in {path}: {why}")]
    Failed {
        /// The folder.
        path: PathBuf,
        /// Which command.
        what: &'static str,
        /// What it said.
        why: String,
    },
}

/// A local clone.
#[derive(Clone, Debug)]
pub struct Clone {
    dir: PathBuf,
}

impl Clone {
    /// Use that clone.
    ///
    /// # Errors
    /// When it is not one.
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let this = Self { dir: dir.into() };
        let no = |why: String| GitError::NoClone { path: dir.into(), why };
        if !dir.is_dir() {
            return Err(no("no such folder".into()));
        }
        let out = this.git(&["rev-parse", "--git-dir"]).output().map_err(|e| no(e.to_string()))?;
        if out.status.success() { Ok(this) } else { Err(no(first_line(&out.stderr))) }
    }

    /// Changes on a branch since then, newest first; merges are left out.
    ///
    /// # Errors
    /// When git fails, for example because there is no such branch.
    pub fn changes(&self, branch: &str, since: Timestamp) -> Result<Vec<Change>, GitError> {
        let fail = |why: String| GitError::Failed { path: self.dir.clone(), what: "log", why };
        let since = format!("--since={since}");
        let out = self
            .git(&[
                "log",
                "--no-merges",
                "--name-only",
                "-z",
                "--format=%x01%H%x02%ct%x02%ae%x02%s%x02%B%x02",
                &since,
                "--end-of-options",
                branch,
                "--",
            ])
            .output()
            .map_err(|e| fail(e.to_string()))?;
        if !out.status.success() {
            return Err(fail(first_line(&out.stderr)));
        }
        let text = String::from_utf8_lossy(&out.stdout);
        text.split('\u{1}')
            .filter(|c| !c.trim().is_empty())
            .map(|c| {
                read(c).ok_or_else(|| {
                    fail(format!(
                        "an entry of its output cannot be read: {}",
                        c.chars().take(60).collect::<String>()
                    ))
                })
            })
            .collect()
    }

    /// What a range of commits would make public: messages, paths and added lines, oldest commit first.
    ///
    /// # Errors
    /// When git fails, for example because there is no such range.
    pub fn range(&self, range: &str) -> Result<Vec<Piece>, GitError> {
        let shas = self.text("rev-list", &["rev-list", "--reverse", "--end-of-options", range, "--"])?;
        let mut out = Vec::new();
        for sha in shas.lines() {
            let piece = |what: &str, text: String, exempt: Vec<String>| Piece {
                commit: sha.to_owned(),
                what: what.to_owned(),
                text,
                exempt,
            };
            let message = self.text("show", &["show", "-s", "--format=%B%n%an <%ae>", sha, "--"])?;
            out.push(piece("commit message", message, Vec::new()));
            let diff = self.text(
                "show",
                &[
                    "show",
                    "--format=",
                    "--unified=0",
                    "--no-color",
                    "--no-ext-diff",
                    "--no-textconv",
                    sha,
                    "--",
                ],
            )?;
            let mut path = String::new();
            let mut at_base = false;
            let mut added = String::new();
            let flush = |added: &mut String, path: &str, out: &mut Vec<Piece>| {
                if !added.is_empty() {
                    out.push(piece(&format!("added lines of {path}"), std::mem::take(added), Vec::new()));
                }
            };
            for line in diff.lines() {
                if let Some(old) = line.strip_prefix("--- ") {
                    flush(&mut added, &path, &mut out);
                    at_base = old != "/dev/null";
                } else if let Some(new) = line.strip_prefix("+++ ") {
                    new.strip_prefix("b/").unwrap_or(new).clone_into(&mut path);
                    // A path that stood at the base is public already (decisions page §13.21).
                    let exempt = if at_base { vec![path.clone()] } else { Vec::new() };
                    out.push(piece("path", path.clone(), exempt));
                } else if let Some(text) = line.strip_prefix('+') {
                    added.push_str(text);
                    added.push('\n');
                }
            }
            flush(&mut added, &path, &mut out);
        }
        Ok(out)
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn text(&self, what: &'static str, args: &[&str]) -> Result<String, GitError> {
        let fail = |why: String| GitError::Failed { path: self.dir.clone(), what, why };
        let out = self.git(args).output().map_err(|e| fail(e.to_string()))?;
        if out.status.success() {
            Ok(String::from_utf8_lossy(&out.stdout).into_owned())
        } else {
            Err(fail(first_line(&out.stderr)))
        }
    }

    /// Does it hold? Exit code 0 is yes, 1 no.
    pub(super) fn asks(&self, what: &'static str, args: &[&str]) -> Result<bool, GitError> {
        let fail = |why: String| GitError::Failed { path: self.dir.clone(), what, why };
        let out = self.git(args).output().map_err(|e| fail(e.to_string()))?;
        match out.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(fail(first_line(&out.stderr))),
        }
    }

    /// The commit that a full ref or an id names; `None` when there is none.
    pub(super) fn commit(&self, name: &str) -> Result<Option<String>, GitError> {
        let fail = |why: String| GitError::Failed { path: self.dir.clone(), what: "rev-parse", why };
        let spec = format!("{name}^{{commit}}");
        let out = self
            .git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])
            .output()
            .map_err(|e| fail(e.to_string()))?;
        let sha = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        Ok(Some(sha).filter(|s| out.status.success() && !s.is_empty()))
    }

    fn git(&self, args: &[&str]) -> Command {
        let mut c = Command::new("git");
        c.env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .arg("-C")
            .arg(&self.dir)
            .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.directory=*"])
            .args(["--no-pager"])
            .args(args)
            .stdin(Stdio::null());
        c
    }
}

fn read(entry: &str) -> Option<Change> {
    let mut parts = entry.split('\u{2}');
    let sha = parts.next()?.to_owned();
    let at = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
    let author = parts.next()?.to_owned();
    let title = parts.next()?.to_owned();
    let message = parts.next()?.trim().to_owned();
    let paths = parts
        .next()?
        .split(['\0', '\n'])
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(String::from)
        .collect();
    Some(Change { sha, title, message, paths, at, author })
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(dir: &Path, args: &[&str]) {
        let ok = Command::new("git")
            .arg("-C")
            .arg(dir)
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(ok.success(), "{args:?}");
    }

    #[test]
    fn changes_carry_message_paths_and_author() {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "-q", "-b", "main"]);
        std::fs::write(dir.path().join("a.c"), "1").unwrap();
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-q", "-m", "Check the length\n\nIt was not checked."]);
        let clone = Clone::open(dir.path()).unwrap();
        let found = clone.changes("main", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].title, "Check the length");
        assert_eq!(found[0].message, "Check the length\n\nIt was not checked.");
        assert_eq!(found[0].paths, ["a.c"]);
        assert_eq!(found[0].author, "ann@example.org");
        let none = clone.changes("no-such-branch", Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(none.to_string().contains("no-such-branch"), "{none}");
    }

    #[test]
    fn a_branch_name_is_never_an_option() {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "-q", "-b", "main"]);
        let clone = Clone::open(dir.path()).unwrap();
        let out = dir.path().join("out");
        let evil = format!("--output={}", out.display());
        assert!(clone.changes(&evil, Timestamp::UNIX_EPOCH).is_err());
        assert!(!out.exists());
    }

    #[test]
    fn a_folder_that_is_no_clone_is_said_so() {
        let dir = tempfile::tempdir().unwrap();
        let e = Clone::open(&dir.path().join("nothing")).unwrap_err();
        assert!(e.to_string().contains("no such folder"), "{e}");
    }
}
