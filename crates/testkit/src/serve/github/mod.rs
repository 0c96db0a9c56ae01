//! A forge with issues, comments, labels, milestones and a board: its REST paths and the questions of its query language
//! answer from one state, as the real one's do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

mod front;
mod graphql;
mod public;
mod rest;

use super::{Answer, Asked, Service};

pub use front::GithubFront;
pub use public::Public;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub at: Timestamp,
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
    /// Labels.
    pub labels: BTreeSet<String>,
    /// Open?
    pub open: bool,
    /// `completed`, `not_planned`, `reopened`.
    pub reason: Option<String>,
    /// Who opened it.
    pub author: String,
    /// Who is assigned.
    pub assignees: BTreeSet<String>,
    /// Number of its milestone.
    pub milestone: Option<u64>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// On the board: id of its option, and whether the card is archived.
    pub card: Option<(Option<String>, bool)>,
    /// When it was opened.
    pub created: Timestamp,
    /// When it changed.
    pub updated: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
}

/// A milestone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Open?
    pub open: bool,
    /// `due_on`.
    pub due: Option<String>,
}

/// The forge.
#[derive(Clone, Debug)]
pub struct GithubFake {
    /// `owner/name` of the tracker.
    pub repo: String,
    /// Can nobody else read it?
    pub private: bool,
    /// Who the token belongs to.
    pub login: String,
    /// What they may do.
    pub permission: String,
    /// Whom issues can be assigned to.
    pub assignable: BTreeSet<String>,
    /// Issues by number.
    pub issues: BTreeMap<u64, Issue>,
    /// Milestones.
    pub milestones: Vec<Milestone>,
    /// Labels of the repository.
    pub labels: BTreeSet<String>,
    /// Columns of the board: option id and name; no board when empty.
    pub columns: Vec<(String, String)>,
    /// Points asked for so far.
    pub points: u64,
    /// The token that is accepted.
    pub token: String,
    /// Tokens of other people, with their handles.
    pub others: BTreeMap<String, String>,
    /// Files of the repository, by path.
    pub files: BTreeMap<String, String>,
    /// Titles of boards that were made.
    pub boards: Vec<String>,
    /// Requests that changed something.
    pub writes: usize,
    /// `owner/name` of the public repository.
    pub upstream: String,
    /// Its pull requests, as the query language shows them.
    pub pulls: BTreeMap<u64, Value>,
    /// Issues that were moved to another repository, and where they are.
    pub moved: BTreeMap<u64, (String, u64)>,
    /// What else the public repository holds.
    pub public: Public,
    now: Timestamp,
    next: u64,
}

impl GithubFake {
    /// An empty private repository with the usual board.
    #[must_use]
    pub fn new(repo: &str, token: &str, now: Timestamp) -> Self {
        let columns = [
            "Needs triage",
            "Assessed",
            "CVE allocated",
            "PR created",
            "PR merged",
            "Fix released",
            "Announced",
        ];
        Self {
            repo: repo.into(),
            private: true,
            login: "ada".into(),
            permission: "WRITE".into(),
            assignable: ["ada", "dev", "rm"].map(String::from).into(),
            issues: BTreeMap::new(),
            milestones: Vec::new(),
            labels: BTreeSet::new(),
            columns: columns.iter().enumerate().map(|(i, n)| (format!("opt{i}"), (*n).into())).collect(),
            points: 0,
            token: token.into(),
            others: BTreeMap::new(),
            files: BTreeMap::new(),
            boards: Vec::new(),
            writes: 0,
            upstream: String::new(),
            pulls: BTreeMap::new(),
            moved: BTreeMap::new(),
            public: Public::default(),
            now,
            next: 3_000_000_000,
        }
    }

    /// The time there; each call is a second later.
    pub fn tick(&mut self) -> Timestamp {
        self.now = self.now.checked_add(1.second()).unwrap();
        self.now
    }

    /// Set the time there.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Somebody opens an issue by hand.
    pub fn open_issue(&mut self, author: &str, title: &str, body: &str, labels: &[&str]) -> u64 {
        let number = self.issues.keys().last().map_or(1, |n| n + 1);
        let at = self.tick();
        let issue = Issue {
            number,
            title: title.into(),
            body: body.into(),
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
            open: true,
            reason: None,
            author: author.into(),
            assignees: BTreeSet::new(),
            milestone: None,
            comments: Vec::new(),
            card: None,
            created: at,
            updated: at,
            closed: None,
        };
        self.issues.insert(number, issue);
        number
    }

    /// Somebody comments by hand. Returns the id.
    pub fn say(&mut self, number: u64, author: &str, body: &str) -> u64 {
        let at = self.tick();
        self.next += 1;
        let comment = Comment { id: self.next, author: author.into(), body: body.into(), at };
        if let Some(i) = self.issues.get_mut(&number) {
            i.comments.push(comment);
            i.updated = at;
        }
        self.next
    }

    /// Somebody changes an issue by hand.
    pub fn edit(&mut self, number: u64, f: impl FnOnce(&mut Issue)) {
        let at = self.tick();
        if let Some(i) = self.issues.get_mut(&number) {
            f(i);
            i.updated = at;
        }
    }

    /// What people see of it, without ids and times.
    #[must_use]
    pub fn seen(&self) -> String {
        let mut out = String::new();
        for i in self.issues.values() {
            let comments: Vec<_> = i.comments.iter().map(|c| (&c.author, &c.body)).collect();
            let column = (self.column(i.number), i.card.as_ref().is_some_and(|c| c.1));
            out.push_str(&format!(
                "#{} {:?}\n{}\n{:?} open {} {:?} to {:?} in {:?} at {:?}\n{comments:#?}\n",
                i.number, i.title, i.body, i.labels, i.open, i.reason, i.assignees, i.milestone, column
            ));
        }
        out.push_str(&format!("{:#?}\n", self.milestones));
        out
    }

    /// Name of the column an issue's card is in.
    #[must_use]
    pub fn column(&self, number: u64) -> Option<String> {
        let option = self.issues.get(&number)?.card.clone()?.0?;
        self.columns.iter().find(|(id, _)| *id == option).map(|(_, n)| n.clone())
    }
}

impl Service for GithubFake {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default().to_owned();
        if let Some(other) = self.others.get(&token).cloned() {
            let owner = std::mem::replace(&mut self.login, other);
            let answer = self.let_in(asked);
            self.login = owner;
            return answer;
        }
        if token != self.token {
            return Answer::json(401, &json!({"message": "Bad credentials"}));
        }
        self.let_in(asked)
    }
}

impl GithubFake {
    fn let_in(&mut self, asked: &Asked) -> Answer {
        if asked.path == "/graphql" && asked.method == "POST" {
            return self.graphql(asked);
        }
        if asked.path == "/user" {
            return Answer::json(200, &json!({"login": self.login}));
        }
        match asked.path.strip_prefix(&format!("/repos/{}", self.repo)) {
            Some(rest) => self.rest(asked, rest),
            None if !self.upstream.is_empty()
                && let Some(rest) = asked.path.strip_prefix(&format!("/repos/{}", self.upstream)) =>
            {
                self.public_rest(asked, rest)
            }
            None => Answer::json(404, &json!({"message": "Not Found"})),
        }
    }
}
