//! Pull requests of the public repository, asked of GitHub (sync page §2, S3): one question for fifty of them. Into a question
//! go the configured `owner/name` and numbers, and nothing that a report says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use desk::case::{PublicWords, PullRequest, PullState};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::json;

use super::fix::Named;
use crate::{
    host::github::{
        answer, dressed, owner_and_name,
        shape::{Login, Name, Nodes},
    },
    net::{Client, Fault, Method, Request, Secret, Site},
};

/// Pull requests in one question.
const AT_ONCE: usize = 50;
/// Characters of the text of one that are looked at.
const TEXT: usize = 20_000;
/// The query language has no larger number.
const LARGEST: u64 = i32::MAX as u64;

/// The forge of one public repository.
pub struct Pulls {
    client: Arc<Client>,
    graph: Site,
    /// Hosts of the pages that people see, in small letters.
    hosts: Vec<String>,
    owner: String,
    name: String,
    token: Secret,
    /// Where the configuration names the token.
    key: &'static str,
}

/// What GitHub says about one pull request.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// As it stands; `branch` is the name of the branch it is for, the default one included.
    Here(Box<PullRequest>),
    /// There is none, or the token may not see it.
    Missing,
}

impl Pulls {
    /// `owner/name`, whose pages people see at these hosts; questions go to `graphql` under `graph`. `key` is where the
    /// configuration names the token.
    ///
    /// # Errors
    /// When the repository is not `owner/name`.
    pub fn new(
        client: Arc<Client>,
        graph: Site,
        hosts: &[&str],
        repo: &str,
        token: Secret,
        key: &'static str,
    ) -> Result<Self, String> {
        let (owner, name) = owner_and_name(repo)?;
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let hosts = hosts.iter().map(|h| h.to_lowercase()).collect();
        Ok(Self { client, graph, hosts, owner, name, token, key })
    }

    /// `owner/name`.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The number to ask about for a fix as the field names it; none for a commit or a branch.
    ///
    /// # Errors
    /// Why it is not asked about: it is of another repository or another host.
    pub fn number(&self, named: &Named) -> Result<Option<u64>, String> {
        let Named::Pull { url, repo, number } = named else { return Ok(None) };
        let named = if url.is_empty() { format!("{repo}#{number}") } else { url.clone() };
        let host = url.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(rest));
        if let Some(host) = host.map(str::to_lowercase)
            && !self.hosts.contains(&host)
        {
            return Err(format!("{named} is not at {}, where {} is", self.hosts.join(" or "), self.full()));
        }
        if !repo.is_empty() && !repo.eq_ignore_ascii_case(&self.full()) {
            return Err(format!("{named} is not of {}, which is asked about (upstream.repo)", self.full()));
        }
        if *number == 0 || *number > LARGEST {
            return Err(format!("{named} has a number that no pull request has"));
        }
        Ok(Some(*number))
    }

    /// Ask about these numbers. Each of them is in the answer.
    ///
    /// # Errors
    /// When GitHub cannot be asked, or answers something else.
    pub fn about(&self, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, Said>, Fault> {
        let all: Vec<u64> = numbers.iter().copied().filter(|n| *n > 0 && *n <= LARGEST).collect();
        let mut out = BTreeMap::new();
        for some in all.chunks(AT_ONCE) {
            let body = json!({"query": document(some),
                "variables": {"owner": self.owner, "name": self.name}});
            let request = Request::new(Method::Post, "/graphql").json(&body).asking();
            let reply = self.client.call(&self.graph, &dressed(request, &self.token))?;
            let (of, cost): (Of, u64) = answer(&reply, self.key)?;
            self.client.cost(self.graph.service, cost);
            let Some(mut found) = of.repository else {
                return Err(Fault::Setup(format!(
                    "{} is not there, or the token of {} may not see it; correct upstream.repo, or set upstream.token",
                    self.full(),
                    self.key
                )));
            };
            for (i, number) in some.iter().enumerate() {
                let said = match found.remove(&format!("p{i}")) {
                    Some(Some(pull)) if pull.number == *number => Said::Here(Box::new(pull.read())),
                    Some(Some(_)) => {
                        let why = "it answered with another pull request than was asked for";
                        return Err(Fault::unexpected(&reply, why));
                    }
                    // Null, with an error that says so; a field that was left out is no answer.
                    Some(None) => Said::Missing,
                    None => {
                        return Err(Fault::unexpected(&reply, "an answer without all of the pull requests"));
                    }
                };
                out.insert(*number, said);
            }
        }
        Ok(out)
    }
}

/// The question about these numbers.
fn document(numbers: &[u64]) -> String {
    let mut out = String::from(
        "query pulls($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n",
    );
    for (i, n) in numbers.iter().enumerate() {
        // Writing to text does not fail.
        let _ = writeln!(out, "    p{i}: pullRequest(number: {n}) {{ ...pull }}");
    }
    out.push_str(
        "  }
  rateLimit { cost }
}
fragment pull on PullRequest {
  number url state isDraft mergedAt mergeCommit { oid } baseRefName
  author { login }
  labels(first: 100) { nodes { name } }
  milestone { title dueOn }
  title body headRefName
  closingIssuesReferences(first: 10) { nodes { number repository { nameWithOwner } } }
}",
    );
    out
}

#[derive(Deserialize)]
struct Of {
    repository: Option<BTreeMap<String, Option<Pull>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum State {
    Open,
    Closed,
    Merged,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    number: u64,
    url: String,
    state: State,
    is_draft: bool,
    merged_at: Option<Timestamp>,
    merge_commit: Option<Commit>,
    base_ref_name: String,
    author: Option<Login>,
    labels: Option<Nodes<Name>>,
    milestone: Option<Milestone>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    head_ref_name: String,
    #[serde(default)]
    closing_issues_references: Option<Nodes<Closes>>,
}

#[derive(Deserialize)]
struct Closes {
    number: u64,
    repository: Repository,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    name_with_owner: String,
}

#[derive(Deserialize)]
struct Commit {
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Milestone {
    title: String,
    due_on: Option<Timestamp>,
}

impl Pull {
    fn read(self) -> PullRequest {
        let merged = matches!(self.state, State::Merged);
        let hex = |oid: &String| (7..=64).contains(&oid.len()) && oid.bytes().all(|b| b.is_ascii_hexdigit());
        let due = self.milestone.as_ref().and_then(|m| m.due_on);
        PullRequest {
            url: self.url,
            state: match self.state {
                State::Open => PullState::Open,
                State::Closed => PullState::Closed,
                State::Merged => PullState::Merged,
            },
            draft: self.is_draft,
            // Whoever deleted their account is nobody who can be assigned.
            author: self.author.map(|a| a.login).unwrap_or_default(),
            merged_at: self.merged_at.filter(|_| merged),
            // Of an open one it is a trial merge.
            commit: self.merge_commit.map(|c| c.oid).filter(|c| merged && hex(c)).unwrap_or_default(),
            milestone_due: due.map(|t| t.to_zoned(TimeZone::UTC).date()),
            milestone: self.milestone.map(|m| m.title).unwrap_or_default(),
            branch: self.base_ref_name,
            labels: self.labels.into_iter().flat_map(Nodes::there).map(|l| l.name).collect(),
            says: PublicWords {
                title: self.title,
                text: self.body.chars().take(TEXT).collect(),
                head: self.head_ref_name,
                closes: self
                    .closing_issues_references
                    .into_iter()
                    .flat_map(Nodes::there)
                    .map(|i| format!("{}#{}", i.repository.name_with_owner, i.number))
                    .collect(),
            },
            ..PullRequest::default()
        }
    }
}

#[cfg(test)]
mod tests;
