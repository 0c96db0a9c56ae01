//! The answers of the host, as types, and trackers made of them.

use std::collections::BTreeSet;

use desk::tracker::{CloseReason, Comment, State, Tracker, TrackerRef};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use super::super::{HostMilestone, Hosted};

#[derive(Deserialize)]
pub struct Nodes<T> {
    pub nodes: Vec<Option<T>>,
    #[serde(default, rename = "pageInfo")]
    pub page: Page,
}

impl<T> Nodes<T> {
    /// What is there; a row that its reader may not see is null.
    pub fn there(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten()
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    #[serde(rename = "hasNextPage")]
    pub more: bool,
    #[serde(rename = "endCursor")]
    pub end: Option<String>,
}

#[derive(Deserialize)]
pub struct Login {
    pub login: String,
}

#[derive(Deserialize)]
pub struct Name {
    pub name: String,
}

#[derive(Deserialize)]
pub struct Title {
    pub title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    full_database_id: Option<Id>,
    body: String,
    created_at: Timestamp,
    author: Option<Login>,
}

/// A big number: the schema calls it text, and some servers write a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn text(self) -> String {
        match self {
            Id::Text(t) => t,
            Id::Number(n) => n.to_string(),
        }
    }
}

impl Said {
    pub fn comment(self) -> Comment {
        Comment {
            id: self.full_database_id.map(Id::text).unwrap_or_default(),
            author: handle(self.author),
            at: self.created_at,
            body: self.body,
        }
    }
}

/// Whoever deleted their account is called this by the host.
fn handle(author: Option<Login>) -> String {
    author.map_or_else(|| "ghost".into(), |a| a.login)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    pub id: String,
    pub number: u64,
    title: String,
    #[serde(default)]
    body: String,
    state: String,
    state_reason: Option<String>,
    created_at: Timestamp,
    pub updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    author: Option<Login>,
    labels: Option<Nodes<Name>>,
    assignees: Nodes<Login>,
    milestone: Option<Title>,
    comments: Nodes<Said>,
    #[serde(default)]
    project_items: Option<Nodes<Card>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    pub id: String,
    #[serde(default)]
    pub is_archived: bool,
    project: Option<Project>,
    pub content: Option<Content>,
    #[serde(rename = "fieldValueByName")]
    status: Option<Status>,
}

impl Card {
    pub fn column(&self) -> Option<String> {
        self.status.as_ref().and_then(|s| s.name.clone())
    }
}

#[derive(Deserialize)]
struct Project {
    number: Option<u64>,
    owner: Option<Owner>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Owner {
    login: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Content {
    pub number: Option<u64>,
    pub repository: Option<Repo>,
}

#[derive(Deserialize)]
pub struct Repo {
    #[serde(rename = "nameWithOwner")]
    pub name: String,
}

/// Any field of one choice that is called Status; another kind of field has no name in the answer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    name: Option<String>,
}

/// A tracker that has more comments than came with it: after which.
pub type Rest = Option<String>;

impl Issue {
    /// The tracker, and where its comments go on. `board` is the owner and number of the board whose card counts.
    pub fn hosted(self, host: &str, repo: &str, board: Option<(&str, u64)>) -> (Hosted, Rest) {
        let open = self.state.eq_ignore_ascii_case("open");
        let reason = match self.state_reason.as_deref() {
            Some(r) if r.eq_ignore_ascii_case("not_planned") || r.eq_ignore_ascii_case("duplicate") => {
                CloseReason::NotPlanned
            }
            _ => CloseReason::Completed,
        };
        let mut card = None;
        if let Some((owner, number)) = board {
            let ours = |c: &Card| {
                c.project.as_ref().is_some_and(|p| {
                    p.number == Some(number)
                        && p.owner.as_ref().is_some_and(|o| o.login.eq_ignore_ascii_case(owner))
                })
            };
            card = self.project_items.and_then(|items| items.there().find(ours));
        }
        let rest = self.comments.page.more.then(|| self.comments.page.end.clone().unwrap_or_default());
        let tracker = Tracker {
            reference: TrackerRef { host: host.into(), repo: repo.into(), number: self.number },
            title: self.title,
            body: self.body,
            labels: self.labels.into_iter().flat_map(Nodes::there).map(|l| l.name).collect::<BTreeSet<_>>(),
            state: if open { State::Open } else { State::Closed { reason } },
            milestone: self.milestone.map(|m| m.title),
            assignees: {
                let mut who: Vec<String> = self.assignees.there().map(|a| a.login).collect();
                who.sort();
                who
            },
            column: card.as_ref().and_then(Card::column),
            archived: card.as_ref().is_some_and(|c| c.is_archived),
            comments: self.comments.there().map(Said::comment).collect(),
            created: self.created_at,
            updated: self.updated_at,
            ..Tracker::default()
        };
        let hosted = Hosted {
            tracker,
            author: handle(self.author),
            closed: self.closed_at.filter(|_| !open),
            node: self.id,
            card: card.map(|c| c.id),
        };
        (hosted, rest)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Milestone {
    number: u64,
    title: String,
    state: String,
    due_on: Option<Timestamp>,
}

impl Milestone {
    pub fn hosted(self) -> HostMilestone {
        HostMilestone {
            number: self.number,
            name: self.title,
            open: self.state.eq_ignore_ascii_case("open"),
            due: self.due_on.map(|t| t.to_zoned(TimeZone::UTC).date()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    #[serde(default)]
    pub is_private: bool,
    pub viewer_permission: Option<String>,
    pub issues: Option<Nodes<Issue>>,
    pub all: Option<Total>,
    pub issue: Option<Issue>,
    pub milestones: Option<Nodes<Milestone>>,
}

#[derive(Deserialize)]
pub struct OfRepository {
    pub viewer: Option<Login>,
    pub repository: Option<Repository>,
}

#[derive(Deserialize)]
pub struct Total {
    #[serde(rename = "totalCount")]
    pub count: u64,
}

/// Issues by their ids, in the order of the ids; none for what is not there.
#[derive(Deserialize)]
pub struct OfNodes {
    pub nodes: Vec<Option<Where>>,
}

/// Where an issue is.
#[derive(Deserialize)]
pub struct Where {
    pub number: Option<u64>,
    pub repository: Option<Named>,
}

#[derive(Deserialize)]
pub struct Named {
    #[serde(rename = "nameWithOwner")]
    pub name: String,
}

#[derive(Deserialize)]
pub struct OfNode {
    pub node: Option<WithComments>,
}

#[derive(Deserialize)]
pub struct WithComments {
    pub comments: Option<Nodes<Said>>,
}

#[derive(Deserialize)]
pub struct OfOwner {
    pub owner: Option<WithBoard>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WithBoard {
    #[serde(rename = "projectV2")]
    pub project: Option<ProjectV2>,
}

#[derive(Deserialize)]
pub struct ProjectV2 {
    pub id: String,
    pub field: Option<StatusField>,
    pub items: Nodes<Card>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct StatusField {
    pub id: String,
    pub options: Vec<Choice>,
}

#[derive(Clone, Deserialize)]
pub struct Choice {
    pub id: String,
    pub name: String,
}
