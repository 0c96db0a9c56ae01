//! One look at the public code through a local clone: which fixes are merged where, and which tags contain them (sync page
//! §2 S3 and S10, §5). Nothing is fetched; what the clone does not know is said to be unknown.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use desk::case::{PullRequest, PullState};
use jiff::Timestamp;

use super::{
    commit_url,
    fix::{Found, Named},
    git::{Clone, GitError},
    history::{Commit, History},
    pull_url,
    tags::Tag,
};

/// Which branches are looked at.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// `owner/name` of the public repository; empty when unknown.
    pub repo: String,
    /// The default branch.
    pub default: String,
    /// Branches of release trains.
    pub trains: Vec<String>,
    /// Remote of the person's fork: what is merged there is merged nowhere.
    pub fork: String,
}

/// One branch.
struct Line {
    /// As the configuration names it; empty for the default branch.
    name: String,
    tip: String,
    history: History,
}

/// The clone, read for one run.
pub struct Survey {
    pub(super) clone: Clone,
    pub(super) repo: String,
    default: String,
    lines: Vec<Line>,
    remotes: Vec<String>,
    pub(super) tags: Vec<Tag>,
    pub(super) holders: BTreeMap<String, BTreeSet<String>>,
    ancestors: BTreeMap<(String, String), bool>,
    /// What could not be looked at, in words.
    pub notes: Vec<String>,
}

/// Why a fix cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The clone failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The clone does not know it.
    #[error("{0}")]
    NotHere(String),
}

impl Survey {
    /// Read branches and tags. Commits older than `since` are not searched for pull-request numbers.
    ///
    /// # Errors
    /// When the folder is no clone, or its default branch is not there.
    pub fn open(dir: &Path, lines: &Lines, since: Timestamp) -> Result<Self, SurveyError> {
        let clone = Clone::open(dir)?;
        let mut this = Self {
            remotes: remotes(&clone, lines)?,
            tags: Tag::all(&clone)?,
            repo: lines.repo.clone(),
            default: lines.default.clone(),
            clone,
            lines: Vec::new(),
            holders: BTreeMap::new(),
            ancestors: BTreeMap::new(),
            notes: Vec::new(),
        };
        let mut names = vec![lines.default.as_str()];
        names
            .extend(lines.trains.iter().map(String::as_str).filter(|b| !b.is_empty() && *b != lines.default));
        let mut seen = BTreeSet::new();
        for (i, name) in names.into_iter().enumerate() {
            if !seen.insert(name) {
                continue;
            }
            match this.branch(name)? {
                Some(tip) => {
                    let history = History::read(&this.clone, &tip, since)?;
                    let name = if i == 0 { String::new() } else { name.to_owned() };
                    this.lines.push(Line { name, tip, history });
                }
                None if i == 0 => {
                    let why = format!("the clone {} has no branch `{name}`", dir.display());
                    return Err(SurveyError::NotHere(format!(
                        "{why}; correct upstream.default_branch, or fetch"
                    )));
                }
                None => this
                    .notes
                    .push(format!("the clone has no branch `{name}`; fetch it, or correct the train")),
            }
        }
        Ok(this)
    }

    /// The tip of a branch as the public repository has it, else of the local branch of that name.
    fn branch(&self, name: &str) -> Result<Option<String>, GitError> {
        for remote in &self.remotes {
            if let Some(sha) = self.clone.commit(&format!("refs/remotes/{remote}/{name}"))? {
                return Ok(Some(sha));
            }
        }
        self.clone.commit(&format!("refs/heads/{name}"))
    }

    pub(super) fn contains(&mut self, descendant: &str, ancestor: &str) -> Result<bool, GitError> {
        let key = (descendant.to_owned(), ancestor.to_owned());
        if let Some(known) = self.ancestors.get(&key) {
            return Ok(*known);
        }
        let args = ["merge-base", "--is-ancestor", ancestor, descendant];
        let is = self.clone.asks("merge-base", &args)?;
        self.ancestors.insert(key, is);
        Ok(is)
    }

    pub(super) fn tip(&self, branch: &str) -> Option<String> {
        let name = if branch == self.default { "" } else { branch };
        self.lines.iter().find(|l| l.name == name).map(|l| l.tip.clone())
    }

    /// Every revert of a commit that any of the branches holds.
    pub(super) fn reverts(&self, sha: &str) -> BTreeSet<String> {
        self.lines.iter().flat_map(|l| l.history.reverts(sha)).map(String::from).collect()
    }

    /// Look a fix up. A branch whose newest commit is older than `since` holds nothing of its own yet.
    ///
    /// # Errors
    /// When the clone does not know it, or it belongs to another repository.
    pub fn fix(&mut self, named: &Named, since: Timestamp) -> Result<Found, SurveyError> {
        match named {
            Named::Pull { url, repo, number } => {
                let url = if url.is_empty() { pull_url(&self.repo, *number) } else { url.clone() };
                self.ours(repo, &url)?;
                self.pull(*number, &url)
            }
            Named::Commit { url, repo, sha } => {
                let url = if url.is_empty() { commit_url(&self.repo, sha) } else { url.clone() };
                let url = if url.is_empty() { sha.clone() } else { url };
                self.ours(repo, &url)?;
                let Some(full) = self.clone.commit(sha)? else {
                    let why = format!("the clone has no commit {sha}; fetch, and run this again");
                    return Err(SurveyError::NotHere(why));
                };
                self.commit(&full, &url)
            }
            Named::Branch(name) => self.by_branch(name, since),
        }
    }

    fn ours(&self, repo: &str, url: &str) -> Result<(), SurveyError> {
        if repo.is_empty() || self.repo.is_empty() || repo.eq_ignore_ascii_case(&self.repo) {
            return Ok(());
        }
        Err(SurveyError::NotHere(format!("{url} is not of {}, whose clone this is", self.repo)))
    }

    fn pull(&mut self, number: u64, url: &str) -> Result<Found, SurveyError> {
        let mut out = Gathering::new(url);
        for line in &self.lines {
            for c in line.history.merges(number) {
                out.on(line, c);
            }
        }
        let direct: Vec<String> = out.commits.iter().cloned().collect();
        self.repeats(&direct, &mut out);
        if out.pulls.is_empty() {
            // Some clones fetch the heads of pull requests; a head that the branch contains is merged.
            let mut heads =
                vec![format!("refs/pull/{number}/head"), format!("refs/merge-requests/{number}/head")];
            for r in &self.remotes {
                heads.extend(
                    ["pr", "pull", "merge-requests"].map(|w| format!("refs/remotes/{r}/{w}/{number}")),
                );
            }
            for head in heads {
                if let Some(sha) = self.clone.commit(&head)? {
                    return self.commit(&sha, url);
                }
            }
        }
        Ok(out.found())
    }

    /// A commit, on every branch that contains it or a cherry-pick of it.
    fn commit(&mut self, sha: &str, url: &str) -> Result<Found, SurveyError> {
        let mut out = Gathering::new(url);
        out.writer(&self.one(sha)?);
        for i in 0..self.lines.len() {
            let Some(tip) = self.lines.get(i).map(|l| l.tip.clone()) else { continue };
            if self.contains(&tip, sha)? {
                let commit = self.one(sha)?;
                if let Some(line) = self.lines.get(i).filter(|l| l.history.stands(sha)) {
                    out.on(line, line.history.get(sha).unwrap_or(&commit));
                }
            }
        }
        self.repeats(&[sha.to_owned()], &mut out);
        Ok(out.found())
    }

    fn repeats(&self, of: &[String], out: &mut Gathering) {
        for line in &self.lines {
            for sha in of {
                for pick in line.history.picks(sha) {
                    out.on(line, pick);
                }
            }
        }
    }

    fn by_branch(&mut self, name: &str, since: Timestamp) -> Result<Found, SurveyError> {
        if self.tip(name).is_some() {
            return Err(SurveyError::NotHere(format!(
                "`{name}` is a branch that is released from, and no fix"
            )));
        }
        let mut tip = self.clone.commit(&format!("refs/heads/{name}"))?;
        for remote in self.remotes.clone() {
            if tip.is_none() {
                tip = self.clone.commit(&format!("refs/remotes/{remote}/{name}"))?;
            }
        }
        let Some(tip) = tip else {
            let mut out = Gathering::new(name);
            for line in &self.lines {
                if let Some(c) = line.history.merge_of(name) {
                    out.on(line, c);
                }
            }
            if out.pulls.is_empty() {
                return Err(SurveyError::NotHere(format!(
                    "the clone has no branch `{name}`, and no merge of one"
                )));
            }
            return Ok(out.found());
        };
        let newest = self.one(&tip)?;
        if newest.at < since {
            // It was cut before the report came, and nothing was written on it since.
            return Ok(Gathering::new(name).found());
        }
        let mut found = self.commit(&tip, name)?;
        if found.commits.is_empty() {
            let mut out = Gathering::new(name);
            out.writer(&newest);
            for i in 0..self.lines.len() {
                let Some(line_tip) = self.lines.get(i).map(|l| l.tip.clone()) else { continue };
                let same = self.equivalents(&line_tip, &tip)?;
                for sha in same {
                    let commit = self.one(&sha)?;
                    if let Some(line) = self.lines.get(i).filter(|l| l.history.stands(&sha)) {
                        out.on(line, &commit);
                    }
                }
            }
            found = out.found();
        }
        Ok(found)
    }

    /// Commits of a line that bring the same change as those of a branch: rebased, or squashed from one. None unless
    /// every commit of the branch is there.
    fn equivalents(&self, line: &str, branch: &str) -> Result<Vec<String>, GitError> {
        let cherry = self.clone.text("cherry", &["cherry", line, branch])?;
        if cherry.is_empty() || cherry.lines().any(|l| !l.starts_with("- ")) {
            return Ok(Vec::new());
        }
        let range = format!("{line}...{branch}");
        let args = ["rev-list", "--left-only", "--cherry-mark", "--no-merges", &range, "--"];
        let text = self.clone.text("rev-list", &args)?;
        Ok(text.lines().filter_map(|l| l.strip_prefix('=')).map(|s| s.trim().to_owned()).collect())
    }

    fn one(&self, sha: &str) -> Result<Commit, GitError> {
        if let Some(c) = self.lines.iter().find_map(|l| l.history.get(sha)) {
            return Ok(c.clone());
        }
        let text = self.clone.text("show", &["show", "-s", "--format=%ct%x01%an%x01%ae", sha, "--"])?;
        let mut parts = text.trim_end().split('\u{1}');
        let at = parts.next().and_then(|s| s.parse().ok()).and_then(|s| Timestamp::from_second(s).ok());
        Ok(Commit {
            sha: sha.into(),
            at: at.unwrap_or_default(),
            author: parts.next().unwrap_or_default().into(),
            email: parts.next().unwrap_or_default().into(),
            ..Commit::default()
        })
    }
}

/// What is found out about one fix.
struct Gathering {
    url: String,
    pulls: Vec<PullRequest>,
    commits: BTreeSet<String>,
    author: String,
    handle: String,
    email: String,
}

impl Gathering {
    fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            pulls: Vec::new(),
            commits: BTreeSet::new(),
            author: String::new(),
            handle: String::new(),
            email: String::new(),
        }
    }

    fn writer(&mut self, c: &Commit) {
        if self.author.is_empty() {
            self.author.clone_from(&c.author);
            self.email.clone_from(&c.email);
            self.handle = handle_of(&c.email).unwrap_or_default();
        }
    }

    /// It is on that line, by that commit.
    fn on(&mut self, line: &Line, c: &Commit) {
        let writer = line.history.author(c).clone();
        self.writer(&writer);
        if self.handle.is_empty() {
            self.handle = merged_from(&c.subject).unwrap_or_default();
        }
        self.commits.insert(c.sha.clone());
        let here = self.pulls.iter_mut().find(|p| p.branch == line.name);
        match here {
            // The earliest of several is when it was merged.
            Some(p) if p.merged_at.is_some_and(|at| at <= c.at) => {}
            Some(p) => {
                p.merged_at = Some(c.at);
                p.commit.clone_from(&c.sha);
            }
            None => self.pulls.push(PullRequest {
                state: PullState::Merged,
                merged_at: Some(c.at),
                commit: c.sha.clone(),
                branch: line.name.clone(),
                ..PullRequest::default()
            }),
        }
    }

    fn found(mut self) -> Found {
        if self.pulls.is_empty() {
            self.pulls.push(PullRequest::default());
        }
        for p in &mut self.pulls {
            p.url.clone_from(&self.url);
            p.author.clone_from(&self.handle);
            p.author_name.clone_from(&self.author);
        }
        Found { pulls: self.pulls, email: self.email, commits: self.commits.into_iter().collect() }
    }
}

/// The handle in an address that a forge gives to people who hide theirs.
fn handle_of(email: &str) -> Option<String> {
    let (local, domain) = email.split_once('@')?;
    let handle = local.split_once('+').map_or(local, |(_, h)| h);
    domain.starts_with("users.noreply.").then(|| handle.to_owned()).filter(|h| is_handle(h))
}

/// `Merge pull request #12 from ann/branch` names who made it.
fn merged_from(subject: &str) -> Option<String> {
    let rest = subject.strip_prefix("Merge pull request #")?;
    let (_, from) = rest.split_once(" from ")?;
    from.split_once('/').map(|(h, _)| h.to_owned()).filter(|h| is_handle(h))
}

fn is_handle(h: &str) -> bool {
    !h.is_empty() && h.len() <= 64 && h.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// The remotes that may speak for the public repository, best first: the one of its address, `upstream`, `origin`.
fn remotes(clone: &Clone, lines: &Lines) -> Result<Vec<String>, GitError> {
    let text = clone.text("remote", &["remote", "--verbose"])?;
    let mut known: Vec<(u8, String)> = Vec::new();
    for line in text.lines() {
        let Some((name, url)) = line.split_once('\t') else { continue };
        if name == lines.fork || known.iter().any(|(_, n)| n == name) {
            continue;
        }
        let url =
            url.split_whitespace().next().unwrap_or_default().trim_end_matches('/').trim_end_matches(".git");
        let repo = lines.repo.to_lowercase();
        let ours = !repo.is_empty()
            && (url.to_lowercase().ends_with(&format!("/{repo}"))
                || url.to_lowercase().ends_with(&format!(":{repo}")));
        match (ours, name) {
            (true, _) => known.push((0, name.into())),
            (false, "upstream") => known.push((1, name.into())),
            (false, "origin") => known.push((2, name.into())),
            _ => {}
        }
    }
    known.sort();
    Ok(known.into_iter().map(|(_, n)| n).collect())
}
