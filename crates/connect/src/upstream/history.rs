//! The commits of one branch, read once: which pull requests they merge, what they revert, what they repeat.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jiff::Timestamp;
use regex::Regex;

use super::git::{Clone, GitError};

/// A commit as far as the lookups need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    pub sha: String,
    pub at: Timestamp,
    pub author: String,
    pub email: String,
    pub parents: Vec<String>,
    pub subject: String,
}

/// One branch, newest commit first.
#[derive(Debug, Default)]
pub(super) struct History {
    commits: BTreeMap<String, Commit>,
    /// Commits by the pull request they merge, newest first.
    pulls: BTreeMap<u64, Vec<String>>,
    /// Reverts by the commit they revert.
    reverts: BTreeMap<String, Vec<String>>,
    /// Cherry-picks by the commit they repeat.
    picks: BTreeMap<String, Vec<String>>,
    /// Merges by the name of the branch they merge.
    branches: BTreeMap<String, String>,
}

fn re(pattern: &str) -> Regex {
    #[allow(clippy::unwrap_used, reason = "every caller is a constant, compiled in every test run")]
    Regex::new(pattern).unwrap()
}

/// Subjects and trailers by which the common forges and merge bots name the pull request that they merged.
static MERGES: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"^(?:Auto merge of|Merge(?:d)?(?: PR| pull request)?) [#!]([0-9]{1,9})\b|[(](?:pull request )?[#!]([0-9]{1,9})[)]",
    )
});
static TRAILERS: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?m)^(?:See merge request \S*!([0-9]{1,9})\b|Closes #([0-9]{1,9}) from \S|PR-URL: \S+/([0-9]{1,9})\s*$)",
    )
});
static REVERTS: LazyLock<Regex> = LazyLock::new(|| re(r"(?m)^This reverts commit ([0-9a-f]{7,64})\b"));
static PICKS: LazyLock<Regex> = LazyLock::new(|| re(r"(?m)^\(cherry picked from commit ([0-9a-f]{7,64})\)"));
static BRANCH: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"^Merge (?:remote-tracking )?branch '(?:[^'\s]+/)??([^'\s]+)'|^Merge pull request #[0-9]+ from [^/\s]+/(\S+)$",
    )
});

/// Most reverts of reverts that are followed.
const DEEP: usize = 8;

impl History {
    /// Read a branch from its tip back to that time.
    pub(super) fn read(clone: &Clone, tip: &str, since: Timestamp) -> Result<Self, GitError> {
        let since = format!("--since={since}");
        let text = clone.text(
            "log",
            &[
                "log",
                "-z",
                "--format=%H%x01%ct%x01%an%x01%ae%x01%P%x01%s%x01%b",
                &since,
                "--end-of-options",
                tip,
                "--",
            ],
        )?;
        let mut out = Self::default();
        for entry in text.split('\0').filter(|e| !e.is_empty()) {
            let mut parts = entry.splitn(7, '\u{1}');
            let mut next = || parts.next().unwrap_or_default();
            let (sha, at, author, email, parents, subject, body) =
                (next(), next(), next(), next(), next(), next(), next());
            let at = at.parse().ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or_default();
            out.take(
                Commit {
                    sha: sha.into(),
                    at,
                    author: author.into(),
                    email: email.into(),
                    parents: parents.split_whitespace().map(String::from).collect(),
                    subject: subject.into(),
                },
                body,
            );
        }
        Ok(out)
    }

    pub(super) fn take(&mut self, c: Commit, body: &str) {
        // What a revert quotes is what it takes away.
        let subject = match c.subject.strip_prefix("Revert ") {
            Some(rest) => rest.rsplit_once('"').map_or("", |(_, after)| after),
            None => &c.subject,
        };
        let numbers: BTreeSet<u64> = MERGES
            .captures_iter(subject)
            .chain(TRAILERS.captures_iter(body))
            .filter_map(|m| m.iter().skip(1).flatten().next()?.as_str().parse().ok())
            .collect();
        for n in numbers {
            self.pulls.entry(n).or_default().push(c.sha.clone());
        }
        for (pattern, map) in [(&REVERTS, &mut self.reverts), (&PICKS, &mut self.picks)] {
            for m in pattern.captures_iter(body) {
                map.entry(m[1].to_owned()).or_default().push(c.sha.clone());
            }
        }
        if let Some(m) = BRANCH.captures(&c.subject)
            && let Some(name) = m.iter().skip(1).flatten().next()
        {
            self.branches.entry(name.as_str().to_owned()).or_insert_with(|| c.sha.clone());
        }
        self.commits.insert(c.sha.clone(), c);
    }

    pub(super) fn get(&self, sha: &str) -> Option<&Commit> {
        self.commits.get(sha)
    }

    /// Commits that merge a pull request and were not taken back.
    pub(super) fn merges(&self, number: u64) -> Vec<&Commit> {
        let all = self.pulls.get(&number).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|s| self.stands(s)).filter_map(|s| self.commits.get(s)).collect()
    }

    /// The merge of a branch by its name.
    pub(super) fn merge_of(&self, branch: &str) -> Option<&Commit> {
        self.branches.get(branch).filter(|s| self.stands(s)).and_then(|s| self.commits.get(s))
    }

    /// Commits that repeat that one here and were not taken back.
    pub(super) fn picks(&self, sha: &str) -> Vec<&Commit> {
        let named = self.picks.range(sha.get(..7).unwrap_or(sha).to_owned()..);
        named
            .take_while(|(of, _)| of.starts_with(sha.get(..7).unwrap_or(sha)))
            .filter(|(of, _)| sha.starts_with(of.as_str()))
            .flat_map(|(_, picks)| picks)
            .filter(|s| self.stands(s))
            .filter_map(|s| self.commits.get(s))
            .collect()
    }

    /// Reverts of that commit.
    pub(super) fn reverts(&self, sha: &str) -> Vec<&str> {
        let short = sha.get(..7).unwrap_or(sha);
        self.reverts
            .range(short.to_owned()..)
            .take_while(|(of, _)| of.starts_with(short))
            .filter(|(of, _)| sha.starts_with(of.as_str()))
            .flat_map(|(_, r)| r.iter().map(String::as_str))
            .collect()
    }

    /// Was a commit not taken back, or its revert taken back in turn?
    pub(super) fn stands(&self, sha: &str) -> bool {
        self.stands_to(sha, DEEP)
    }

    fn stands_to(&self, sha: &str, deep: usize) -> bool {
        deep == 0 || !self.reverts(sha).iter().any(|r| self.stands_to(r, deep - 1))
    }

    /// Who wrote what a commit brought: of a merge, the author of the branch that was merged.
    pub(super) fn author<'a>(&'a self, c: &'a Commit) -> &'a Commit {
        c.parents.get(1).and_then(|p| self.commits.get(p)).unwrap_or(c)
    }
}
