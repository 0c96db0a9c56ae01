//! A forge with issues, comments, labels, milestones and a board: its REST paths and the questions of its query language
//! answer from one state, as the real one's do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{Answer, Asked, Service};

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

    fn comment_node(c: &Comment) -> Value {
        json!({"fullDatabaseId": c.id.to_string(), "body": c.body, "createdAt": c.at.to_string(),
            "author": {"login": c.author}})
    }

    fn card_node(&self, i: &Issue) -> Option<Value> {
        let (_, archived) = i.card.as_ref()?;
        let status = self.column(i.number).map(|name| json!({"name": name}));
        let owner = self.repo.split('/').next().unwrap_or_default();
        Some(json!({"id": format!("PVTI_{}", i.number), "isArchived": archived,
            "project": {"id": "PVT_1", "number": 1, "owner": {"login": owner}},
            "content": {"number": i.number, "repository": {"nameWithOwner": self.repo}},
            "fieldValueByName": status}))
    }

    fn issue_node(&self, i: &Issue) -> Value {
        let milestone = i.milestone.and_then(|n| self.milestones.iter().find(|m| m.number == n));
        let comments: Vec<Value> = i.comments.iter().take(50).map(Self::comment_node).collect();
        json!({
            "id": format!("I_{}", i.number), "number": i.number, "title": i.title, "body": i.body,
            "state": if i.open { "OPEN" } else { "CLOSED" },
            "stateReason": i.reason.as_ref().map(|r| r.to_uppercase()),
            "createdAt": i.created.to_string(), "updatedAt": i.updated.to_string(),
            "closedAt": i.closed.map(|t| t.to_string()),
            "author": {"login": i.author},
            "labels": {"nodes": i.labels.iter().map(|l| json!({"name": l})).collect::<Vec<_>>()},
            "assignees": {"nodes": i.assignees.iter().map(|a| json!({"login": a})).collect::<Vec<_>>()},
            "milestone": milestone.map(|m| json!({"title": m.title})),
            "comments": {"nodes": comments,
                "pageInfo": {"hasNextPage": i.comments.len() > 50, "endCursor": "50"}},
            "projectItems": {"nodes": self.card_node(i).into_iter().collect::<Vec<_>>()},
        })
    }

    fn is_ours(&self, vars: &Value) -> bool {
        let (owner, name) = (vars["owner"].as_str(), vars["name"].as_str());
        owner.zip(name).is_some_and(|(o, n)| format!("{o}/{n}") == self.repo)
    }

    /// Somebody opens a pull request at the public repository, or changes one; `more` goes over what an open one is.
    pub fn pull(&mut self, number: u64, more: Value) {
        let mut node = json!({"number": number, "url": format!("https://github.com/{}/pull/{number}", self.upstream),
            "state": "OPEN", "isDraft": false, "mergedAt": null, "mergeCommit": null, "baseRefName": "main",
            "author": {"login": "tove"}, "labels": {"nodes": []}, "milestone": null});
        if let (Value::Object(to), Value::Object(from)) = (&mut node, more) {
            to.extend(from);
        }
        self.pulls.insert(number, node);
    }

    fn asked_pulls(&self, query: &str, vars: &Value) -> Answer {
        let repo =
            format!("{}/{}", vars["owner"].as_str().unwrap_or("-"), vars["name"].as_str().unwrap_or("-"));
        if repo != self.upstream {
            let error = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}]);
            return Answer::json(200, &json!({"data": {"repository": null}, "errors": error}));
        }
        let (mut found, mut errors) = (serde_json::Map::new(), Vec::new());
        for line in query.lines() {
            let Some((alias, rest)) = line.trim().split_once(": pullRequest(number: ") else { continue };
            let number: u64 = rest.split(')').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let node = self.pulls.get(&number).cloned().unwrap_or(Value::Null);
            if node.is_null() {
                errors.push(json!({"type": "NOT_FOUND", "path": ["repository", alias],
                    "message": "Could not resolve to a PullRequest"}));
            }
            found.insert(alias.to_owned(), node);
        }
        let mut out = json!({"data": {"repository": found, "rateLimit": {"cost": 1}}});
        if !errors.is_empty() {
            out["errors"] = errors.into();
        }
        Answer::json(200, &out)
    }

    fn graphql(&mut self, asked: &Asked) -> Answer {
        let body = asked.json();
        let (query, vars) =
            (body["query"].as_str().unwrap_or_default().to_owned(), body["variables"].clone());
        let word = |after: &str| {
            query.trim_start().strip_prefix(after).and_then(|r| r.split('(').next()).map(str::trim)
        };
        if let Some(name) = word("mutation ") {
            return self.mutation(name, &vars);
        }
        let name = word("query ").unwrap_or_default().to_owned();
        let (data, cost) = match name.as_str() {
            "pulls" => return self.asked_pulls(&query, &vars),
            "changed" | "one" | "newest" if !self.is_ours(&vars) => {
                let error = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}]);
                return Answer::json(200, &json!({"data": {"repository": null}, "errors": error}));
            }
            "changed" => self.changed(&vars),
            "one" => {
                let issue = vars["number"].as_u64().and_then(|n| self.issues.get(&n));
                (json!({"issue": issue.map(|i| self.issue_node(i))}), 1)
            }
            "newest" => {
                let nodes: Vec<Value> =
                    self.issues.values().rev().take(30).map(|i| self.issue_node(i)).collect();
                (json!({"issues": {"nodes": nodes}}), 2)
            }
            "there" => {
                let one = |id: &Value| -> Value {
                    let n =
                        id.as_str().and_then(|i| i.strip_prefix("I_")).and_then(|n| n.parse::<u64>().ok());
                    let n = n.unwrap_or_default();
                    if let Some((repo, number)) = self.moved.get(&n) {
                        return json!({"number": number, "repository": {"nameWithOwner": repo}});
                    }
                    let there = self.issues.contains_key(&n);
                    if there {
                        json!({"number": n, "repository": {"nameWithOwner": self.repo}})
                    } else {
                        Value::Null
                    }
                };
                let nodes: Vec<Value> = vars["ids"].as_array().into_iter().flatten().map(one).collect();
                self.points += 1;
                let lost = nodes.iter().any(Value::is_null);
                let mut out = json!({"data": {"nodes": nodes, "rateLimit": {"cost": 1}}});
                if lost {
                    out["errors"] = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a node"}]);
                }
                return Answer::json(200, &out);
            }
            "comments" => return self.more_comments(&vars),
            "board" => return self.board(&vars),
            "boards" => return self.all_boards(&vars, query.contains("organization(")),
            _ => {
                return Answer::json(
                    200,
                    &json!({"errors": [{"message": format!("no such question: {name}")}]}),
                );
            }
        };
        self.points += cost;
        let mut repository = json!({"isPrivate": self.private, "viewerPermission": self.permission});
        if let (Value::Object(to), Value::Object(from)) = (&mut repository, data) {
            to.extend(from);
        }
        Answer::json(
            200,
            &json!({"data": {"viewer": {"login": self.login}, "repository": repository,
                "rateLimit": {"cost": cost}}}),
        )
    }

    fn changed(&self, vars: &Value) -> (Value, u64) {
        let first = usize::try_from(vars["first"].as_u64().unwrap_or(1)).unwrap_or(1);
        let after: usize = vars["after"].as_str().and_then(|a| a.parse().ok()).unwrap_or(0);
        let since: Option<Timestamp> = vars["since"].as_str().and_then(|t| t.parse().ok());
        let mut all: Vec<&Issue> =
            self.issues.values().filter(|i| since.is_none_or(|s| i.updated >= s)).collect();
        all.sort_by_key(|i| (i.updated, i.number));
        let nodes: Vec<Value> = all.iter().skip(after).take(first).map(|i| self.issue_node(i)).collect();
        let more = after + first < all.len();
        let milestones: Vec<Value> = self
            .milestones
            .iter()
            .rev()
            .map(|m| {
                json!({"number": m.number, "title": m.title, "state": if m.open { "OPEN" } else { "CLOSED" },
                    "dueOn": m.due})
            })
            .collect();
        // One for the trackers and one for each connection of each of them, by the hundred, as the real one counts.
        let cost = (2 + 4 * first as u64).div_ceil(100);
        let data = json!({
            "all": {"totalCount": self.issues.len()},
            "issues": {"nodes": nodes, "pageInfo": {"hasNextPage": more, "endCursor": (after + first).to_string()}},
            "milestones": {"nodes": milestones},
        });
        (data, cost)
    }

    fn more_comments(&self, vars: &Value) -> Answer {
        let number = vars["id"].as_str().and_then(|i| i.strip_prefix("I_")).and_then(|n| n.parse().ok());
        let after: usize = vars["after"].as_str().and_then(|a| a.parse().ok()).unwrap_or(0);
        let issue = number.and_then(|n: u64| self.issues.get(&n));
        let node = issue.map(|i| {
            let nodes: Vec<Value> = i.comments.iter().skip(after).take(100).map(Self::comment_node).collect();
            let page = json!({"hasNextPage": i.comments.len() > after + 100, "endCursor": (after + 100).to_string()});
            json!({"comments": {"nodes": nodes, "pageInfo": page}})
        });
        Answer::json(200, &json!({"data": {"node": node, "rateLimit": {"cost": 1}}}))
    }

    fn board(&mut self, vars: &Value) -> Answer {
        self.points += 1;
        let owner = self.repo.split('/').next().unwrap_or_default();
        if self.columns.is_empty() || vars["owner"].as_str() != Some(owner) || vars["number"] != 1 {
            let error = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a ProjectV2"}]);
            return Answer::json(200, &json!({"data": {"owner": {"projectV2": null}}, "errors": error}));
        }
        let after: usize = vars["after"].as_str().and_then(|a| a.parse().ok()).unwrap_or(0);
        let cards: Vec<Value> = self
            .issues
            .values()
            .filter(|i| i.card.as_ref().is_some_and(|c| !c.1))
            .filter_map(|i| self.card_node(i))
            .collect();
        let nodes: Vec<&Value> = cards.iter().skip(after).take(100).collect();
        let options: Vec<Value> = self.columns.iter().map(|(id, n)| json!({"id": id, "name": n})).collect();
        let project = json!({
            "id": "PVT_1", "field": {"id": "PVTSSF_1", "options": options},
            "items": {"nodes": nodes, "pageInfo": {"hasNextPage": cards.len() > after + 100,
                "endCursor": (after + 100).to_string()}},
        });
        Answer::json(200, &json!({"data": {"owner": {"projectV2": project}, "rateLimit": {"cost": 1}}}))
    }

    fn all_boards(&self, vars: &Value, organization: bool) -> Answer {
        let ours = organization && vars["owner"].as_str() == self.repo.split('/').next();
        let node = |t: &String| json!({"title": t, "url": "https://github.com/orgs/acme/projects/1", "field": {"id": "PVTSSF_1"}});
        let owner = ours.then(|| {
            json!({"id": "O_1", "projectsV2": {"nodes": self.boards.iter().map(node).collect::<Vec<_>>()}})
        });
        Answer::json(200, &json!({"data": {"owner": owner}}))
    }

    fn new_board(&mut self, name: &str, vars: &Value) -> Answer {
        self.writes += 1;
        if name == "board" {
            self.boards.push(vars["title"].as_str().unwrap_or_default().to_owned());
            let made = json!({"title": vars["title"], "url": "https://github.com/orgs/acme/projects/1",
                "field": {"id": "PVTSSF_1"}});
            return Answer::json(200, &json!({"data": {"createProjectV2": {"projectV2": made}}}));
        }
        let options = vars["options"].as_array().cloned().unwrap_or_default();
        let named = |o: &Value| o["name"].as_str().unwrap_or_default().to_owned();
        self.columns = options.iter().enumerate().map(|(at, o)| (format!("opt{at}"), named(o))).collect();
        Answer::json(200, &json!({"data": {"updateProjectV2Field": {"projectV2Field": {"id": "PVTSSF_1"}}}}))
    }

    fn mutation(&mut self, name: &str, vars: &Value) -> Answer {
        if matches!(name, "board" | "columns") {
            return self.new_board(name, vars);
        }
        let bad = |why: &str| {
            Answer::json(200, &json!({"data": null, "errors": [{"type": "INVALID", "message": why}]}))
        };
        let number =
            |v: &Value, prefix: &str| -> Option<u64> { v.as_str()?.strip_prefix(prefix)?.parse().ok() };
        if self.permission == "READ" {
            return bad("Resource not accessible by personal access token");
        }
        let n = if name == "add" { number(&vars["content"], "I_") } else { number(&vars["item"], "PVTI_") };
        let known = self.columns.iter().any(|(id, _)| vars["option"].as_str() == Some(id));
        let Some(issue) = n.and_then(|n| self.issues.get_mut(&n)) else { return bad("no such node") };
        self.writes += 1;
        let item = json!({"id": format!("PVTI_{}", issue.number)});
        let data = match (name, &mut issue.card) {
            ("add", card) => {
                card.get_or_insert((None, false));
                json!({"addProjectV2ItemById": {"item": item}})
            }
            ("move", Some(card)) if known => {
                if card.1 {
                    return bad("The item is archived and cannot be updated");
                }
                card.0 = vars["option"].as_str().map(String::from);
                json!({"updateProjectV2ItemFieldValue": {"projectV2Item": item}})
            }
            ("move", Some(_)) => return bad("The single select option Id does not belong to the field"),
            ("archive", Some(card)) => {
                card.1 = true;
                json!({"archiveProjectV2Item": {"item": item}})
            }
            ("unarchive", Some(card)) => {
                card.1 = false;
                json!({"unarchiveProjectV2Item": {"item": item}})
            }
            _ => return bad("no such item"),
        };
        Answer::json(200, &json!({"data": data}))
    }

    fn rest_issue(&self, i: &Issue) -> Value {
        json!({"number": i.number, "node_id": format!("I_{}", i.number), "title": i.title, "body": i.body,
            "state": if i.open { "open" } else { "closed" }, "state_reason": i.reason,
            "labels": i.labels.iter().map(|l| json!({"name": l})).collect::<Vec<_>>()})
    }

    fn patch_issue(&mut self, number: u64, body: &Value) -> Answer {
        let texts = |v: &Value| -> BTreeSet<String> {
            v.as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
        };
        if body["body"].as_str().is_some_and(|b| b.chars().count() > 65_536) {
            return Answer::json(422, &json!({"message": "body is too long (maximum is 65536 characters)"}));
        }
        if let Some(m) = body["milestone"].as_u64()
            && !self.milestones.iter().any(|x| x.number == m)
        {
            return Answer::json(422, &json!({"message": "Validation Failed"}));
        }
        let at = self.tick();
        let assignable = self.assignable.clone();
        let Some(i) = self.issues.get_mut(&number) else {
            return Answer::json(404, &json!({"message": "Not Found"}));
        };
        if let Some(t) = body["title"].as_str() {
            i.title = t.into();
        }
        if let Some(t) = body["body"].as_str() {
            i.body = t.into();
        }
        if body["labels"].is_array() {
            i.labels = texts(&body["labels"]);
        }
        if body["assignees"].is_array() {
            i.assignees = texts(&body["assignees"]).intersection(&assignable).cloned().collect();
        }
        if let Some(m) = body.get("milestone") {
            i.milestone = m.as_u64();
        }
        if let Some(s) = body["state"].as_str() {
            i.open = s == "open";
            i.closed = (!i.open).then_some(at);
            i.reason = body["state_reason"].as_str().map(String::from);
        }
        i.updated = at;
        self.writes += 1;
        let i = i.clone();
        Answer::json(200, &self.rest_issue(&i))
    }

    fn rest(&mut self, asked: &Asked, path: &str) -> Answer {
        let body = asked.json();
        let parts: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let number = |at: usize| parts.get(at).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        let missing = || Answer::json(404, &json!({"message": "Not Found"}));
        let writes = asked.method != "GET";
        if writes && self.permission == "READ" {
            return Answer::json(
                403,
                &json!({"message": "Resource not accessible by personal access token"}),
            );
        }
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", []) => Answer::json(200, &json!({"full_name": self.repo, "private": self.private})),
            ("GET", ["labels"]) => {
                let page: usize = asked.param("page").and_then(|p| p.parse().ok()).unwrap_or(1);
                let all: Vec<Value> =
                    self.labels.iter().skip((page - 1) * 100).take(100).map(|l| json!({"name": l})).collect();
                Answer::json(200, &json!(all))
            }
            ("POST", ["labels"]) => {
                let name = body["name"].as_str().unwrap_or_default().to_owned();
                if self.labels.iter().any(|l| l.eq_ignore_ascii_case(&name)) {
                    return Answer::json(
                        422,
                        &json!({"message": "Validation Failed", "errors": [{"code": "already_exists"}]}),
                    );
                }
                self.labels.insert(name);
                self.writes += 1;
                Answer::json(201, &json!({"id": 1}))
            }
            ("GET", ["issues"]) => {
                let label = asked.param("labels").unwrap_or_default().replace("%20", " ");
                let all: Vec<Value> = self
                    .issues
                    .values()
                    .filter(|i| i.labels.iter().any(|l| l.eq_ignore_ascii_case(&label)))
                    .filter(|i| i.open || asked.param("state") != Some("open"))
                    .map(|i| self.rest_issue(i))
                    .collect();
                Answer::json(200, &json!(all))
            }
            ("GET", ["contents", ".github", "ISSUE_TEMPLATE"]) => {
                let names: Vec<Value> = self
                    .files
                    .keys()
                    .filter_map(|p| p.strip_prefix(".github/ISSUE_TEMPLATE/"))
                    .map(|n| json!({"name": n}))
                    .collect();
                if names.is_empty() { missing() } else { Answer::json(200, &json!(names)) }
            }
            ("GET", ["contents", file @ ..]) => match self.files.get(&file.join("/")) {
                Some(text) => Answer::json(200, &json!({"content": text})),
                None => missing(),
            },
            ("PUT", ["contents", file @ ..]) => {
                let (path, text) = (file.join("/"), body["content"].as_str().unwrap_or_default().to_owned());
                // Over a file that is there the real one asks for its digest.
                if self.files.contains_key(&path) {
                    return Answer::json(422, &json!({"message": "\"sha\" wasn't supplied."}));
                }
                self.files.insert(path, text);
                self.writes += 1;
                Answer::json(201, &json!({"content": {}}))
            }
            ("POST", ["issues"]) => {
                let n = self.open_issue(
                    &self.login.clone(),
                    body["title"].as_str().unwrap_or_default(),
                    body["body"].as_str().unwrap_or_default(),
                    &[],
                );
                let labels = body["labels"].clone();
                self.writes += 1;
                if let Some(i) = self.issues.get_mut(&n) {
                    i.labels = labels
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .map(String::from)
                        .collect();
                }
                let i = self.issues[&n].clone();
                Answer::json(201, &self.rest_issue(&i))
            }
            ("PATCH", ["issues", "comments", _]) => {
                let (id, at) = (number(2), self.tick());
                let text = body["body"].as_str().unwrap_or_default().to_owned();
                for i in self.issues.values_mut() {
                    if let Some(c) = i.comments.iter_mut().find(|c| c.id == id) {
                        c.body = text;
                        i.updated = at;
                        self.writes += 1;
                        return Answer::json(200, &json!({"id": id}));
                    }
                }
                missing()
            }
            ("DELETE", ["issues", "comments", _]) => {
                let (id, at) = (number(2), self.tick());
                for i in self.issues.values_mut() {
                    let before = i.comments.len();
                    i.comments.retain(|c| c.id != id);
                    if i.comments.len() < before {
                        i.updated = at;
                        self.writes += 1;
                        return Answer { body: Vec::new(), ..Answer::json(204, &Value::Null) };
                    }
                }
                missing()
            }
            ("POST", ["issues", _, "comments"]) => {
                if !self.issues.contains_key(&number(1)) {
                    return missing();
                }
                let author = self.login.clone();
                let id = self.say(number(1), &author, body["body"].as_str().unwrap_or_default());
                self.writes += 1;
                Answer::json(201, &json!({"id": id}))
            }
            ("PATCH", ["issues", _]) => self.patch_issue(number(1), &body),
            ("GET", ["milestones"]) => {
                let page: usize = asked.param("page").and_then(|p| p.parse().ok()).unwrap_or(1);
                let all: Vec<Value> = self
                    .milestones
                    .iter()
                    .skip((page - 1) * 100)
                    .take(100)
                    .map(|m| {
                        json!({"number": m.number, "title": m.title, "state": if m.open { "open" } else { "closed" }})
                    })
                    .collect();
                Answer::json(200, &json!(all))
            }
            ("POST", ["milestones"]) => {
                let title = body["title"].as_str().unwrap_or_default().to_owned();
                if self.milestones.iter().any(|m| m.title == title) {
                    return Answer::json(
                        422,
                        &json!({"message": "Validation Failed", "errors": [{"code": "already_exists"}]}),
                    );
                }
                let number = self.milestones.len() as u64 + 1;
                let due = body["due_on"].as_str().map(String::from);
                self.milestones.push(Milestone { number, title, open: true, due });
                self.writes += 1;
                Answer::json(201, &json!({"number": number}))
            }
            ("PATCH", ["milestones", _]) => {
                let n = number(1);
                let Some(m) = self.milestones.iter_mut().find(|m| m.number == n) else { return missing() };
                m.open = body["state"].as_str() != Some("closed");
                self.writes += 1;
                Answer::json(200, &json!({"number": n}))
            }
            _ => missing(),
        }
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
            None => Answer::json(404, &json!({"message": "Not Found"})),
        }
    }
}
