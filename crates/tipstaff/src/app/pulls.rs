//! Fixes from two sources: GitHub says how a pull request stands, the clone of the public code proves where it is (sync page
//! §2, S3). Where only one was asked, it is believed; where one cannot be asked, the other goes on.

use std::collections::{BTreeMap, BTreeSet};

use connect::{
    net::Secret,
    upstream::{
        fix::{Found, Named},
        github::{Pulls, Said},
        remote::Remote,
        survey::Survey,
    },
};
use desk::{
    case::{PullRequest, PullState},
    config::Forge,
};
use jiff::Timestamp;
use store::Observed;

use super::{authority, facts, host, session::Session};

/// What GitHub was asked, and said.
pub(super) struct Told {
    pulls: Pulls,
    said: Result<BTreeMap<u64, Said>, String>,
}

/// Ask GitHub about every pull request that the trackers name. None when no token says that it may be asked, and when there
/// is nothing to ask.
pub(super) fn ask<'a>(
    session: &Session,
    named: impl Iterator<Item = &'a Named>,
    notes: &mut Vec<String>,
) -> Option<Told> {
    let pulls = match pulls(session) {
        Ok(p) => p?,
        Err(why) => {
            notes.push(format!("pull requests are not looked up at GitHub: {why}"));
            return None;
        }
    };
    let mut any = false;
    let mut numbers = BTreeSet::new();
    for n in named.filter(|n| matches!(n, Named::Pull { .. })) {
        any = true;
        numbers.extend(pulls.number(n).ok().flatten());
    }
    if !any {
        return None;
    }
    let said = pulls.about(&numbers).map_err(|e| {
        let why = format!("the pull requests of {}: {e}", pulls.full());
        notes.push(why.clone());
        why
    });
    Some(Told { pulls, said })
}

/// The token with which the public repository is asked, and where the configuration names it; none when none says that it
/// may be.
pub(super) fn token(session: &Session) -> Result<Option<(&'static str, Secret)>, String> {
    let config = session.config();
    let (key, reference) = match (&config.upstream.token, &config.tracker.token) {
        (own, _) if !own.is_empty() => ("upstream.token", own),
        (_, theirs) if !theirs.is_empty() && config.tracker.forge == Forge::Github => {
            ("tracker.token", theirs)
        }
        _ => return Ok(None),
    };
    if config.upstream.repo.is_empty() {
        return Ok(None);
    }
    authority::secret(session, key, reference).map(|token| Some((key, token)))
}

/// Tags and releases as GitHub has them; none when nobody may ask it.
pub(super) fn remote(session: &Session) -> Result<Option<Remote>, String> {
    let Some((key, token)) = token(session)? else { return Ok(None) };
    let at = host::forged(session)?;
    let repo = &session.config().upstream.repo;
    let kept = session.desk.source_fingerprint(&held(repo)).map_err(|e| e.to_string())?;
    let client = authority::client(session)?;
    Remote::new(client, at.rest, at.graph, repo, token, key, kept.as_deref().unwrap_or_default())
        .map(Some)
        .map_err(|e| format!("upstream.repo: {e}"))
}

/// Keep what does not change, for the next run.
pub(super) fn keep(session: &Session, remote: &Remote) -> Result<(), String> {
    let (name, now) = (held(&session.config().upstream.repo), session.now());
    let kept = remote.kept();
    if session.desk.source_fingerprint(&name).is_ok_and(|was| was.as_deref() == Some(&kept)) {
        return Ok(());
    }
    session.desk.source_read(&name, &kept, &Observed::default(), now).map_err(|e| e.to_string())
}

fn held(repo: &str) -> String {
    format!("what tags of {repo} hold")
}

fn pulls(session: &Session) -> Result<Option<Pulls>, String> {
    let config = session.config();
    let Some((key, token)) = token(session)? else { return Ok(None) };
    let at = host::forged(session)?;
    let house = at.web.trim_start_matches("https://").trim_start_matches("http://").to_owned();
    // What answers in GitHub's place on this machine answers for its pages.
    let hosts: &[&str] = if host::is_near(&at.graph) { &["github.com", "www.github.com"] } else { &[&house] };
    let client = authority::client(session)?;
    Pulls::new(client, at.graph, hosts, &config.upstream.repo, token, key)
        .map(Some)
        .map_err(|e| format!("upstream.repo: {e}"))
}

/// Can the pull requests of the public repository be read? None when nobody says that they may be asked about; words to a
/// person otherwise.
pub(super) fn probe(session: &Session) -> Option<Result<String, String>> {
    match pulls(session) {
        Ok(None) => None,
        Err(why) => Some(Err(why)),
        // Whether there is one of that number does not matter.
        Ok(Some(p)) => Some(match p.about(&BTreeSet::from([1])) {
            Ok(_) => Ok(format!("{}: pull requests, tags and releases can be read", p.full())),
            Err(e) => Err(e.to_string()),
        }),
    }
}

impl Told {
    /// Which repository.
    pub(super) fn repo(&self) -> String {
        self.pulls.full()
    }

    /// Who said so.
    pub(super) fn source(&self) -> String {
        format!("GitHub {}", self.pulls.full())
    }
}

/// The clone: not configured, not usable, or read.
pub(super) enum Clone<'a> {
    /// None is configured.
    None,
    /// Why it cannot be read.
    Broken(&'a str),
    /// As read.
    Read(&'a mut Survey),
}

/// One fix, of both sources.
///
/// # Errors
/// Why its state is not known.
pub(super) fn fix(
    session: &Session,
    named: &Named,
    told: Option<&Told>,
    clone: Clone<'_>,
    received: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Found, String> {
    let (clone, survey) = match clone {
        Clone::None => (None, None),
        Clone::Broken(why) => (Some(Err(why.to_owned())), None),
        Clone::Read(s) => (Some(s.fix(named, received).map_err(|e| e.to_string())), Some(s)),
    };
    let none = || "no clone of the public code is configured (user.upstream_clone)".to_owned();
    let Some(told) = told else { return clone.unwrap_or_else(|| Err(none())) };
    let number = match told.pulls.number(named) {
        Ok(Some(number)) => number,
        Ok(None) => return clone.unwrap_or_else(|| Err(none())),
        Err(why) => return clone.unwrap_or(Err(why)),
    };
    let said = match &told.said {
        Ok(all) => all.get(&number),
        Err(why) => return clone.unwrap_or_else(|| Err(why.clone())),
    };
    let at = match said {
        Some(Said::Here(pull)) => pull,
        Some(Said::Missing) | None => {
            let why = format!(
                "{} has no pull request {number}, or the token may not see it: correct pr_with_fix",
                told.source()
            );
            return clone.filter(|c| c.as_ref().is_ok_and(is_merged)).unwrap_or(Err(why));
        }
    };
    let lines = facts::lines_of(session);
    let both = Both { at, named, default: &lines.default, trains: &lines.trains };
    match at.state {
        PullState::Open => {
            if clone.is_some_and(|c| c.is_ok_and(|f| is_merged(&f))) {
                notes.push(format!("{} is open at GitHub, and the clone holds commits of it", both.url()));
            }
            Ok(both.alone())
        }
        PullState::Closed => match clone {
            // Some projects merge by hand and close the pull request.
            Some(Ok(f)) if is_merged(&f) => {
                notes.push(format!(
                    "{} was closed at GitHub without a merge, and the clone holds commits of it",
                    both.url()
                ));
                Ok(both.beside(f))
            }
            _ => Ok(both.alone()),
        },
        PullState::Merged => both.merged(clone, survey, received, notes),
    }
}

fn is_merged(f: &Found) -> bool {
    f.pulls.iter().any(|p| p.state == PullState::Merged)
}

/// What GitHub says about a fix, to be put together with what the clone says.
struct Both<'a> {
    at: &'a PullRequest,
    named: &'a Named,
    default: &'a str,
    trains: &'a [String],
}

impl Both<'_> {
    fn url(&self) -> String {
        match self.named {
            Named::Pull { url, .. } if !url.is_empty() => url.clone(),
            _ => self.at.url.clone(),
        }
    }

    /// As rules name branches: empty for the default one.
    fn pull(&self) -> PullRequest {
        let mut p = self.at.clone();
        p.url = self.url();
        if p.branch == self.default {
            p.branch.clear();
        }
        p
    }

    fn is_released_from(&self) -> bool {
        self.at.branch == self.default || self.trains.contains(&self.at.branch)
    }

    fn alone(&self) -> Found {
        Found { pulls: vec![self.pull()], email: String::new(), commits: Vec::new() }
    }

    /// What the clone found, with what only GitHub knows. A cherry-pick on another branch has another milestone.
    fn beside(&self, mut found: Found) -> Found {
        let ours = self.pull();
        for p in &mut found.pulls {
            if !ours.author.is_empty() {
                p.author.clone_from(&ours.author);
            }
            p.url.clone_from(&ours.url);
            p.says.clone_from(&ours.says);
            if p.branch == ours.branch || !self.is_released_from() {
                p.milestone.clone_from(&ours.milestone);
                p.milestone_due = ours.milestone_due;
                p.labels.clone_from(&ours.labels);
            }
        }
        found
    }

    fn merged(
        &self,
        clone: Option<Result<Found, String>>,
        survey: Option<&mut Survey>,
        received: Timestamp,
        notes: &mut Vec<String>,
    ) -> Result<Found, String> {
        let here = |f: &Found| f.pulls.iter().any(|p| p.branch == self.pull().branch);
        let stale = match (clone, survey) {
            (Some(Ok(f)), _) if is_merged(&f) => {
                let mut out = self.beside(f);
                // It is on a branch that took it over, and the clone does not have it on its own yet.
                let lacks = self.is_released_from() && !here(&out);
                if lacks {
                    out.pulls.insert(0, self.pull());
                    notes.push(self.fetch());
                }
                return Ok(out);
            }
            (Some(_), Some(survey)) => {
                let sha = self.at.commit.clone();
                let commit = Named::Commit { url: self.url(), repo: String::new(), sha };
                match survey.fix(&commit, received) {
                    Ok(f) if is_merged(&f) => return Ok(self.beside(f)),
                    Ok(_) => {
                        return Err(format!(
                            "GitHub says that {} was merged as {}, which no branch that is released from holds in \
                             the clone: it was reverted or not taken over, or the clone is old; fetch, and run this again",
                            self.url(),
                            self.at.commit
                        ));
                    }
                    Err(_) => true,
                }
            }
            _ => false,
        };
        if !self.is_released_from() {
            return Err(format!(
                "{} was merged to `{}`, which nothing is released from: name the pull request that brings it further, \
                 or correct upstream.default_branch or the trains",
                self.url(),
                self.at.branch
            ));
        }
        if stale {
            notes.push(self.fetch());
        }
        Ok(self.alone())
    }

    fn fetch(&self) -> String {
        format!(
            "{} is merged at GitHub, and the clone does not hold {} yet: fetch, so that releases can be compared with it",
            self.url(),
            if self.at.commit.is_empty() { "it" } else { &self.at.commit }
        )
    }
}

#[cfg(test)]
mod tests;
