//! The forge whose state lies in npm `emulate`. That has no query language, no board, no entity tags and no points: these
//! stand in front of it, and everything else goes through, so that reads and writes meet one world. Where it differs from
//! what GitHub documents, the front bridges, and says so beside it.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Asked, Comment, GithubFake, Issue, Milestone, Service};
use crate::emulate::{Emulator, Heard, ask};

/// Points of an hour.
const POINTS: u64 = 5000;
/// Changes of a minute.
const CHANGES: u32 = 80;

/// The front.
pub struct GithubFront {
    behind: Arc<Emulator>,
    /// Who may come in, and the board: what the emulator does not hold. The rest of it is what was last seen.
    pub held: GithubFake,
    /// Points that are left for questions.
    pub points: u64,
    /// Changes that are left of this minute. With none left one is refused, and the next minute begins.
    pub changes: u32,
    /// Answers that were not sent again, because the client had them.
    pub unchanged: usize,
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_owned()
}

fn texts(v: &Value, key: &str) -> impl Iterator<Item = String> {
    v.as_array().into_iter().flatten().map(move |x| text(&x[key]))
}

/// A time as GitHub writes it, to the second.
fn moment(v: &Value) -> Option<Timestamp> {
    let at: Timestamp = v.as_str()?.parse().ok()?;
    Timestamp::from_second(at.as_second()).ok()
}

/// GitHub's times have no fractions of a second.
fn whole_seconds(v: &mut Value) {
    match v {
        Value::String(s) => {
            let b = s.as_bytes();
            if b.len() == 24 && b[10] == b'T' && b[19] == b'.' && b[23] == b'Z' {
                s.replace_range(19..23, "");
            }
        }
        Value::Array(a) => a.iter_mut().for_each(whole_seconds),
        Value::Object(o) => o.values_mut().for_each(whole_seconds),
        _ => {}
    }
}

fn comment(c: &Value) -> Comment {
    Comment {
        id: c["id"].as_u64().unwrap_or(0),
        author: text(&c["user"]["login"]),
        body: text(&c["body"]),
        at: moment(&c["created_at"]).unwrap_or_default(),
    }
}

fn refused(status: u16, message: &str, code: &str) -> Answer {
    Answer::json(status, &json!({"message": message, "errors": [{"code": code}]}))
}

impl GithubFront {
    /// What the emulator should hold at first for a forge like this: its people with their tokens, its organization, its
    /// private repository, and the public one where it has a name.
    #[must_use]
    pub fn seed(of: &GithubFake) -> Value {
        let mut tokens = BTreeMap::from([(of.token.clone(), json!({"login": of.login}))]);
        tokens.extend(of.others.iter().map(|(t, login)| (t.clone(), json!({"login": login}))));
        let mut people = of.assignable.clone();
        people.insert(of.login.clone());
        people.extend(of.others.values().cloned());
        let users: Vec<Value> = people.iter().map(|p| json!({"login": p})).collect();
        // Its plain members may not add files.
        let members: Vec<Value> = people.iter().map(|p| json!({"login": p, "role": "admin"})).collect();
        let (mut orgs, mut repos) = (Vec::new(), Vec::new());
        for (full, private) in [(&of.repo, of.private), (&of.upstream, false)] {
            let Some((owner, name)) = full.split_once('/') else { continue };
            orgs.push(json!({"login": owner, "members": members}));
            repos.push(json!({"owner": owner, "name": name, "private": private, "auto_init": !private}));
        }
        json!({"tokens": tokens, "github": {"users": users, "orgs": orgs, "repos": repos}})
    }

    /// Stand in front of an emulator that was started with [`GithubFront::seed`].
    #[must_use]
    pub fn new(behind: Arc<Emulator>, held: GithubFake) -> Self {
        Self { behind, held, points: POINTS, changes: CHANGES, unchanged: 0 }
    }

    /// Do something as a person with a token does it, past the front. Panics when it is refused.
    pub fn by_hand(&self, token: &str, method: &str, path: &str, body: &Value) -> Value {
        let heard = self.pass(token, method, path, body.to_string().as_bytes());
        assert!(heard.ok(), "{method} {path}: {} {}", heard.status, String::from_utf8_lossy(&heard.body));
        heard.json()
    }

    /// The world as it is now.
    pub fn world(&mut self) -> &GithubFake {
        let token = self.held.token.clone();
        assert!(self.look(&token), "the repository is there");
        &self.held
    }

    fn pass(&self, token: &str, method: &str, target: &str, body: &[u8]) -> Heard {
        let kind = if body.is_empty() { "" } else { "application/json" };
        let bearer = if token.is_empty() { String::new() } else { format!("Bearer {token}") };
        ask(self.behind.port("github"), method, target, &bearer, kind, body)
    }

    /// Every row of a list.
    fn all(&self, token: &str, path: &str) -> Vec<Value> {
        let mut out = Vec::new();
        for page in 1.. {
            let sign = if path.contains('?') { '&' } else { '?' };
            let heard = self.pass(token, "GET", &format!("{path}{sign}per_page=100&page={page}"), b"");
            let rows = heard.json().as_array().cloned().unwrap_or_default();
            let last = rows.len() < 100;
            out.extend(rows);
            if last {
                break;
            }
        }
        out
    }

    /// See what is there, through the REST paths. False where this token may not see it.
    fn look(&mut self, token: &str) -> bool {
        let repo = format!("/repos/{}", self.held.repo);
        let heard = self.pass(token, "GET", &repo, b"");
        if !heard.ok() {
            return false;
        }
        let about = heard.json();
        self.held.private = about["private"] == true;
        let levels = [
            ("admin", "ADMIN"),
            ("maintain", "MAINTAIN"),
            ("push", "WRITE"),
            ("triage", "TRIAGE"),
            ("pull", "READ"),
        ];
        let may = levels.iter().find(|(word, _)| about["permissions"][word] == true);
        self.held.permission = may.map_or("READ", |(_, level)| level).into();
        let mut issues = BTreeMap::new();
        for i in self.all(token, &format!("{repo}/issues?state=all&sort=created&direction=asc")) {
            let number = i["number"].as_u64().unwrap_or(0);
            // The list of all comments of a repository is not reached there: its path is taken for an issue's.
            let said = match i["comments"].as_u64() {
                Some(0) => Vec::new(),
                _ => self.all(token, &format!("{repo}/issues/{number}/comments")),
            };
            let issue = Issue {
                number,
                title: text(&i["title"]),
                body: text(&i["body"]),
                labels: texts(&i["labels"], "name").collect(),
                open: i["state"] == "open",
                reason: i["state_reason"].as_str().map(String::from),
                author: text(&i["user"]["login"]),
                assignees: texts(&i["assignees"], "login").collect(),
                milestone: i["milestone"]["number"].as_u64(),
                comments: said.iter().map(comment).collect(),
                // The emulator has no boards.
                card: self.held.issues.get(&number).and_then(|i| i.card.clone()),
                created: moment(&i["created_at"]).unwrap_or_default(),
                updated: moment(&i["updated_at"]).unwrap_or_default(),
                closed: moment(&i["closed_at"]),
            };
            issues.insert(number, issue);
        }
        self.held.issues = issues;
        let mut milestones: Vec<Milestone> = self
            .all(token, &format!("{repo}/milestones?state=all"))
            .iter()
            .map(|m| Milestone {
                number: m["number"].as_u64().unwrap_or(0),
                title: text(&m["title"]),
                open: m["state"] == "open",
                due: m["due_on"].as_str().map(String::from),
            })
            .collect();
        milestones.sort_by_key(|m| m.number);
        self.held.milestones = milestones;
        self.held.labels = texts(&json!(self.all(token, &format!("{repo}/labels"))), "name").collect();
        true
    }

    /// See the pull requests that a question names, of the repository that it names.
    fn look_at_pulls(&mut self, token: &str, query: &str, vars: &Value) {
        let repo = format!("{}/{}", text(&vars["owner"]), text(&vars["name"]));
        self.held.pulls.clear();
        let seen = self.pass(token, "GET", &format!("/repos/{repo}"), b"").ok();
        self.held.upstream = if seen { repo.clone() } else { String::new() };
        for part in query.split("pullRequest(number: ").skip(1) {
            let number: u64 = part.split(')').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let heard = self.pass(token, "GET", &format!("/repos/{repo}/pulls/{number}"), b"");
            if !heard.ok() {
                continue;
            }
            let p = heard.json();
            let at = |v: &Value| moment(v).map(|t| t.to_string());
            let state = match (p["merged"] == true, p["state"] == "open") {
                (true, _) => "MERGED",
                (_, true) => "OPEN",
                _ => "CLOSED",
            };
            let labels: Vec<Value> = texts(&p["labels"], "name").map(|l| json!({"name": l})).collect();
            let milestone =
                p["milestone"].as_object().map(|m| json!({"title": m["title"], "dueOn": m["due_on"]}));
            let merge = (state == "MERGED").then(|| json!({"oid": p["merge_commit_sha"]}));
            let shown = json!({"state": state, "isDraft": p["draft"] == true, "mergedAt": at(&p["merged_at"]),
                "mergeCommit": merge, "baseRefName": p["base"]["ref"], "author": {"login": p["user"]["login"]},
                "labels": {"nodes": labels}, "milestone": milestone, "title": p["title"], "body": text(&p["body"]),
                "headRefName": p["head"]["ref"]});
            self.held.pull(number, shown);
        }
    }

    /// A question or a change in the query language, answered from what the REST paths show.
    fn question(&mut self, asked: &Asked, token: &str) -> Answer {
        let reset = (self.held.now.as_second() + 3600).to_string();
        let counted = |answer: Answer, left: u64| {
            answer
                .with("x-ratelimit-limit", &POINTS.to_string())
                .with("x-ratelimit-remaining", &left.to_string())
                .with("x-ratelimit-reset", &reset)
                .with("x-ratelimit-resource", "graphql")
        };
        if self.points == 0 {
            let error = json!([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]);
            return counted(Answer::json(200, &json!({"errors": error})), 0);
        }
        let body = asked.json();
        let (query, vars) = (text(&body["query"]), &body["variables"]);
        if query.trim_start().starts_with("query pulls") {
            self.look_at_pulls(token, &query, vars);
        } else if !self.look(token) {
            let error = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}]);
            return counted(
                Answer::json(200, &json!({"data": {"repository": null}, "errors": error})),
                self.points,
            );
        }
        let answer = self.held.graphql(asked);
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let cost = said.pointer("/data/rateLimit/cost").and_then(Value::as_u64).unwrap_or(1);
        self.points = self.points.saturating_sub(cost);
        counted(answer, self.points)
    }

    /// What GitHub refuses and the emulator takes.
    fn not_taken(&self, asked: &Asked, token: &str) -> Option<Answer> {
        let rest = asked.path.strip_prefix(&format!("/repos/{}", self.held.repo))?;
        let parts: Vec<&str> = rest.split('/').filter(|s| !s.is_empty()).collect();
        let body = asked.json();
        let there = |list: &str, key: &str, same: &dyn Fn(&str, &str) -> bool| {
            let rows = self.all(token, &format!("/repos/{}{list}", self.held.repo));
            texts(&json!(rows), key).any(|x| same(&x, body[key].as_str().unwrap_or_default()))
        };
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["issues"]) | ("PATCH", ["issues", _])
                if body["body"].as_str().is_some_and(|b| b.chars().count() > 65_536) =>
            {
                Some(refused(422, "body is too long (maximum is 65536 characters)", "custom"))
            }
            // A label's name stands for itself in any case of its letters.
            ("POST", ["labels"]) if there("/labels", "name", &|a, b| a.eq_ignore_ascii_case(b)) => {
                Some(refused(422, "Validation Failed", "already_exists"))
            }
            ("POST", ["milestones"]) if there("/milestones?state=all", "title", &|a, b| a == b) => {
                Some(refused(422, "Validation Failed", "already_exists"))
            }
            _ => None,
        }
    }

    fn through(&mut self, asked: &Asked, token: &str) -> Answer {
        if let Some(no) = self.not_taken(asked, token) {
            return no;
        }
        let sign = if asked.query.is_empty() { "" } else { "?" };
        let target = format!("{}{sign}{}", asked.path, asked.query);
        let heard = self.pass(token, &asked.method, &target, &asked.body);
        // What somebody may not see is not there; the emulator says that it is.
        if matches!(heard.status, 401 | 403) && asked.method == "GET" {
            return Answer::json(404, &json!({"message": "Not Found"}));
        }
        let mut said = heard.json();
        whole_seconds(&mut said);
        if asked.method == "PATCH"
            && asked.path.contains("/issues/comments/")
            && let Some(at) = said["issue_url"].as_str().and_then(|u| u.find("/repos/").map(|i| &u[i..]))
        {
            // An issue counts as updated when one of its comments is edited; here only when one is made or removed.
            self.pass(token, "PATCH", at, b"{}");
        }
        let mut answer = Answer::json(heard.status, &said);
        if heard.body.is_empty() {
            answer.body.clear();
        }
        for name in ["link", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            if !heard.header(name).is_empty() {
                answer = answer.with(name, heard.header(name));
            }
        }
        if asked.method == "GET" && heard.status == 200 {
            let mut hash = DefaultHasher::new();
            answer.body.hash(&mut hash);
            let tag = format!("W/\"{:016x}\"", hash.finish());
            if asked.header("if-none-match") == tag {
                self.unchanged += 1;
                answer = Answer { status: 304, body: Vec::new(), ..answer };
            }
            answer = answer.with("etag", &tag);
        }
        answer
    }
}

impl Service for GithubFront {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default().to_owned();
        let login = self.held.others.get(&token).cloned();
        // Who shows no token may read what is public. The emulator takes a token that it does not know for one of its first
        // person's.
        let nobody = asked.header("authorization").is_empty() && asked.method == "GET";
        if login.is_none() && token != self.held.token && !nobody {
            return Answer::json(401, &json!({"message": "Bad credentials"}));
        }
        let question = asked.path == "/graphql" && !asked.json()["query"].to_string().contains("mutation ");
        if asked.method != "GET" && !question {
            let Some(left) = self.changes.checked_sub(1) else {
                self.changes = CHANGES;
                let message = "You have exceeded a secondary rate limit";
                return Answer::json(403, &json!({"message": message})).with("retry-after", "60");
            };
            self.changes = left;
        }
        let owner = self.held.login.clone();
        self.held.login = login.unwrap_or_else(|| owner.clone());
        let answer = match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/graphql") => self.question(asked, &token),
            _ => self.through(asked, &token),
        };
        self.held.login = owner;
        answer
    }
}
