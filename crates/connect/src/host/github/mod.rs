//! GitHub issues as trackers, and a board of Projects (config page §5 and §6). Reading is one batched query; writing is one
//! `PATCH` for what belongs together, over a fresh read.

mod prepare;
mod queries;
pub(crate) mod shape;
mod write;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use desk::{
    plan::hosted::{HostPart, LedgerEntry, NewTracker, TrackerChange, key_of},
    tracker::{Comment, TrackerKey},
};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use self::queries::QUERIES;
use self::shape::{Issue, Nodes, OfNode, OfNodes, OfOwner, OfRepository, Rest};
use super::{HostCard, Hosted, Mark, Reading, Setup, Standing, TrackerHost, WriteFault};
use crate::net::{Client, Fault, Reply, Request, Secret, Site};

/// Trackers in one question. The host gives up on questions that take it longer than ten seconds; a page that was too much
/// is asked again in halves.
const PAGE: u32 = 50;
/// Pages of one kind that are read: 100,000 trackers. A server that always says there is more is not believed for ever.
const PAGES: usize = 2_000;
/// Trackers that are looked for by their ids in one question.
const IDS: usize = 100;
/// Trackers that may be gone at once. With more of them the token, or the repository, is another.
const GONE: usize = 20;
/// Where the configuration names the token.
const KEY: &str = "tracker.token";
/// Labels on one page of their list.
const LABELS: usize = 100;

/// Which board: `https://…/orgs/OWNER/projects/N` or `https://…/users/OWNER/projects/N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Whose.
    pub owner: String,
    /// Is the owner a person, and no organization?
    pub user: bool,
    /// Its number there.
    pub number: u64,
}

impl Board {
    /// Read the address of a board.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(url: &str) -> Result<Self, String> {
        let bad = || {
            format!("`{url}` is no board: it should end in /orgs/OWNER/projects/N or /users/OWNER/projects/N")
        };
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let at = parts.iter().rposition(|p| *p == "projects").filter(|at| *at >= 2).ok_or_else(bad)?;
        let (kind, owner) = (parts[at - 2], parts[at - 1]);
        let number = parts.get(at + 1).and_then(|n| n.parse().ok()).ok_or_else(bad)?;
        let user = match kind {
            "orgs" => false,
            "users" => true,
            _ => return Err(bad()),
        };
        Ok(Self { owner: owner.to_owned(), user, number })
    }
}

/// The columns of a board.
#[derive(Clone)]
struct Columns {
    project: String,
    field: String,
    /// Id and name of each.
    options: Vec<(String, String)>,
}

/// The host.
pub struct Github {
    client: Arc<Client>,
    /// For everything but queries.
    rest: Site,
    /// For queries.
    graph: Site,
    /// Host of the pages that people see.
    web: String,
    owner: String,
    repo: String,
    token: Secret,
    board: Option<Board>,
    open: bool,
    columns: Mutex<Option<Columns>>,
}

impl Github {
    /// A repository of trackers. `rest` is the base address of the API; queries go to `graphql` beside it.
    ///
    /// # Errors
    /// When the repository is not `owner/name`.
    pub fn new(
        client: Arc<Client>,
        rest: Site,
        graph: Site,
        web: &str,
        repo: &str,
        token: Secret,
        board: Option<Board>,
    ) -> Result<Self, String> {
        let (owner, name) = owner_and_name(repo)?;
        Ok(Self {
            client,
            rest,
            graph,
            web: web.trim_end_matches('/').to_owned(),
            owner: owner.to_owned(),
            repo: name.to_owned(),
            token,
            board,
            open: false,
            columns: Mutex::default(),
        })
    }

    /// Write although everybody can read the repository: the team said that its trackers are public.
    #[must_use]
    pub fn open_to_all(mut self, open: bool) -> Self {
        self.open = open;
        self
    }

    fn full(&self) -> String {
        format!("{}/{}", self.owner, self.repo)
    }

    fn dressed(&self, request: Request) -> Request {
        dressed(request, &self.token)
    }

    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.repo)
    }

    /// Ask a question in the query language.
    fn ask<T: DeserializeOwned>(&self, document: &str, variables: &Value) -> Result<(T, u64), Fault> {
        let body = json!({"query": document, "variables": variables});
        let request = self.dressed(Request::new(crate::net::Method::Post, "/graphql").json(&body).asking());
        let reply = self.client.call(&self.graph, &request)?;
        let (data, cost) = answer(&reply, KEY)?;
        self.client.cost(self.graph.service, cost);
        Ok((data, cost))
    }

    /// Ask a question whose answer has no shape of its own.
    fn ask_freely(&self, document: &str, variables: &Value) -> Result<Value, Fault> {
        Ok(self.ask::<Value>(document, variables)?.0)
    }

    /// Ask for a change in the query language. What it does is done again without harm.
    fn mutate(&self, document: &str, variables: &Value) -> Result<Value, Fault> {
        let body = json!({"query": document, "variables": variables});
        let request = self.dressed(Request::new(crate::net::Method::Post, "/graphql").json(&body));
        let reply = self.client.call(&self.graph, &request)?;
        Ok(answer::<Value>(&reply, KEY)?.0)
    }

    fn repository(&self) -> Value {
        json!({"owner": self.owner, "name": self.repo})
    }

    fn with(&self, more: &[(&str, Value)]) -> Value {
        let mut v = self.repository();
        for (k, x) in more {
            v[*k] = x.clone();
        }
        v
    }

    fn standing(&self, of: &OfRepository) -> Result<Standing, Fault> {
        let Some(r) = &of.repository else {
            return Err(Fault::Setup(format!(
                "{} is not there, or this token may not see it; check tracker.repo and the token's permissions",
                self.full()
            )));
        };
        Ok(Standing {
            login: of.viewer.as_ref().map(|v| v.login.clone()).unwrap_or_default(),
            private: r.is_private,
            permission: r.viewer_permission.clone().unwrap_or_default(),
        })
    }

    fn hosted(&self, issue: Issue, points: &mut u64) -> Result<Hosted, Fault> {
        let board = self.board.as_ref().map(|b| (b.owner.as_str(), b.number));
        let (mut hosted, mut rest): (Hosted, Rest) = issue.hosted(&self.web_host(), &self.full(), board);
        for _ in 0..PAGES {
            let Some(after) = rest else { return Ok(hosted) };
            let (more, cost): (OfNode, u64) =
                self.ask(queries::COMMENTS, &json!({"id": hosted.node, "after": after}))?;
            *points += cost;
            let Some(comments) = more.node.and_then(|n| n.comments) else {
                return Err(self.strange("the rest of the comments of a tracker is missing"));
            };
            rest = comments.page.more.then(|| comments.page.end.clone().unwrap_or_default());
            hosted.tracker.comments.extend(comments.there().map(shape::Said::comment));
        }
        Err(self.strange("the comments of one tracker do not end"))
    }

    fn strange(&self, why: &str) -> Fault {
        Fault::Unexpected {
            what: format!("{} at {}", self.full(), self.graph.address.origin()),
            why: why.into(),
        }
    }

    fn web_host(&self) -> String {
        self.web.trim_start_matches("https://").trim_start_matches("http://").to_owned()
    }

    /// Every label of the repository.
    fn labels(&self) -> Result<BTreeSet<String>, Fault> {
        let mut out = BTreeSet::new();
        for page in 1..=PAGES {
            let request = Request::get(self.path("/labels"))
                .query("per_page", LABELS.to_string())
                .query("page", page.to_string());
            let reply = self.client.call(&self.rest, &self.dressed(request))?;
            if !reply.ok() {
                return Err(reply.refusal());
            }
            let json = reply.json()?;
            let Some(all) = json.as_array() else {
                return Err(Fault::unexpected(&reply, "labels that are no list"));
            };
            let name = |l: &Value| l.get("name").and_then(Value::as_str).map(String::from);
            out.extend(all.iter().filter_map(name));
            if all.len() < LABELS {
                return Ok(out);
            }
        }
        Err(self.strange("the labels do not end"))
    }

    /// Is there an issue with that label?
    fn labelled(&self, label: &str) -> Result<bool, Fault> {
        let request = Request::get(self.path("/issues"))
            .query("labels", label)
            .query("state", "all")
            .query("per_page", "1");
        let reply = self.client.call(&self.rest, &self.dressed(request))?;
        if !reply.ok() {
            return Err(reply.refusal());
        }
        Ok(reply.json()?.as_array().is_some_and(|a| !a.is_empty()))
    }

    /// Is there any form for reports?
    fn has_form(&self) -> Result<bool, Fault> {
        let request = Request::get(self.path("/contents/.github/ISSUE_TEMPLATE"));
        let reply = self.client.call(&self.rest, &self.dressed(request))?;
        match reply.status() {
            200 => {
                let json = reply.json()?;
                let names = json.as_array().into_iter().flatten().filter_map(|f| f.get("name")?.as_str());
                Ok(names.into_iter().any(|n| n == "security-report.yml"))
            }
            404 => Ok(false),
            _ => Err(reply.refusal()),
        }
    }

    /// One page of what changed. A page that the host cannot make in time is asked for again in halves.
    fn page(&self, after: Option<&str>, since: &Mark, first: &mut u32) -> Result<(OfRepository, u64), Fault> {
        loop {
            let vars = self.with(&[
                ("first", json!(*first)),
                ("after", json!(after)),
                ("since", json!(since.since.map(|t| t.to_string()))),
            ]);
            match self.ask(queries::CHANGED, &vars) {
                Err(Fault::TooLarge { .. } | Fault::NoAnswer { .. }) if *first > 1 => {
                    *first = (*first / 2).max(1)
                }
                Err(Fault::Unexpected { why, .. }) if *first > 1 && why.starts_with("status 50") => {
                    *first = (*first / 2).max(1);
                }
                other => return other,
            }
        }
    }

    /// The columns of the board, read once and again when asked to.
    fn columns(&self, again: bool) -> Result<Option<Columns>, Fault> {
        let Some(board) = &self.board else { return Ok(None) };
        if !again && let Some(known) = self.kept().clone() {
            return Ok(Some(known));
        }
        let mut points = 0;
        self.board_page(board, None, &mut points)?;
        Ok(self.kept().clone())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Columns>> {
        self.columns.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn board_page(
        &self,
        board: &Board,
        after: Option<&str>,
        points: &mut u64,
    ) -> Result<Nodes<shape::Card>, Fault> {
        let document = if board.user { queries::BOARD_OF_USER } else { queries::BOARD_OF_ORGANIZATION };
        let vars = json!({"owner": board.owner, "number": board.number, "after": after});
        let (of, cost): (OfOwner, u64) = self.ask(document, &vars)?;
        *points += cost;
        let project = of.owner.and_then(|o| o.project).ok_or_else(|| {
            Fault::Setup(format!(
                "the board {}/projects/{} is not there, or this token may not see it; check tracker.board.url",
                board.owner, board.number
            ))
        })?;
        let field = project.field.unwrap_or_default();
        *self.kept() = Some(Columns {
            project: project.id,
            field: field.id,
            options: field.options.into_iter().map(|o| (o.id, o.name)).collect(),
        });
        Ok(project.items)
    }

    fn cards(&self, points: &mut u64) -> Result<Option<Vec<HostCard>>, Fault> {
        let Some(board) = &self.board else { return Ok(None) };
        let full = self.full();
        let (mut out, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let items = self.board_page(board, after.as_deref(), points)?;
            let more = items.page.more.then(|| items.page.end.clone().unwrap_or_default());
            for card in items.there() {
                let column = card.column();
                let Some(content) = card.content else { continue };
                let ours = content.repository.is_some_and(|r| r.name.eq_ignore_ascii_case(&full));
                if let (true, false, Some(n)) = (ours, card.is_archived, content.number) {
                    out.push(HostCard { number: n, id: card.id, column });
                }
            }
            match more {
                Some(m) => after = Some(m),
                None => return Ok(Some(out)),
            }
        }
        Err(self.strange("the cards of the board do not end"))
    }
}

/// The two parts of `owner/name`.
///
/// # Errors
/// When it is not that: nothing else is ever put into a path or a question.
pub(crate) fn owner_and_name(repo: &str) -> Result<(&str, &str), String> {
    let plain = |s: &str| {
        let ok = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !s.is_empty() && s.bytes().all(ok) && s != "." && s != ".."
    };
    repo.split_once('/')
        .filter(|(o, n)| plain(o) && plain(n))
        .ok_or_else(|| format!("`{repo}` is no repository, which is written owner/name"))
}

/// A request with the token, which is in no trace.
pub(crate) fn dressed(request: Request, token: &Secret) -> Request {
    let bearer = Secret::new(format!("Bearer {}", token.expose()));
    request
        .header("authorization", &bearer)
        .hiding(token)
        .open_header("accept", "application/vnd.github+json")
        .open_header("x-github-api-version", "2022-11-28")
}

/// The token, kept where that key says, is not accepted.
fn no_token(key: &str) -> Fault {
    Fault::Setup(format!("the host does not accept the token; make a new one and put it where {key} says"))
}

/// The data of an answer, and what it cost. Errors beside data are errors: half a story is none. `key` is where the
/// configuration names the token.
pub(crate) fn answer<T: DeserializeOwned>(reply: &Reply, key: &str) -> Result<(T, u64), Fault> {
    match reply.status() {
        200 => {}
        401 => return Err(no_token(key)),
        _ => return Err(reply.refusal()),
    }
    let value = reply.json()?;
    let errors = value.get("errors").and_then(Value::as_array).filter(|e| !e.is_empty());
    if let Some(errors) = errors {
        let of = |e: &Value, key: &str| e.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = errors.first().map(|e| of(e, "type")).unwrap_or_default();
        // What is not there is null in the data, and what reads it says so better.
        let absent = errors.iter().all(|e| of(e, "type") == "NOT_FOUND");
        if kind == "RATE_LIMITED" {
            return Err(Fault::Throttled { what: reply.what().into(), wait: None });
        }
        if !absent {
            let words: Vec<String> = errors.iter().map(|e| reply.scrub(&of(e, "message"))).collect();
            return Err(Fault::unexpected(reply, words.join("; ")));
        }
    }
    let cost = value.pointer("/data/rateLimit/cost").and_then(Value::as_u64).unwrap_or(0);
    let data = value.get("data").filter(|d| d.is_object()).cloned().unwrap_or(Value::Null);
    let data = serde_json::from_value(data)
        .map_err(|e| Fault::unexpected(reply, format!("an answer that does not fit the question: {e}")))?;
    Ok((data, cost))
}

impl TrackerHost for Github {
    fn name(&self) -> String {
        format!("github {}", self.full())
    }

    fn site(&self) -> String {
        self.web_host().split('/').next().unwrap_or_default().to_owned()
    }

    fn url(&self, number: u64) -> String {
        format!("{}/{}/issues/{number}", self.web, self.full())
    }

    fn has_issue(&self, label: &str) -> Result<bool, Fault> {
        self.labelled(label)
    }

    fn setup(&self) -> Result<Setup, Fault> {
        let (of, _) = self.ask::<OfRepository>(queries::NEWEST, &self.repository())?;
        let mut out = Setup { standing: self.standing(&of)?, ..Setup::default() };
        out.labels = self.labels()?;
        out.columns = self.columns(true)?.map(|c| c.options.into_iter().map(|(_, n)| n).collect());
        out.form = self.has_form()?;
        Ok(out)
    }

    fn read(&self, since: &Mark) -> Result<Reading, Fault> {
        let mut out = Reading { mark: since.clone(), ..Reading::default() };
        let (mut after, mut first) = (None, PAGE);
        for page in 0..PAGES {
            let (of, cost) = self.page(after.as_deref(), since, &mut first)?;
            out.points += cost;
            out.standing = self.standing(&of)?;
            let Some(r) = of.repository else { return Err(self.strange("no repository")) };
            if page == 0 {
                out.total = r.all.map(|a| a.count);
                let all = r.milestones.into_iter().flat_map(Nodes::there);
                out.milestones = all.map(shape::Milestone::hosted).collect();
            }
            let Some(issues) = r.issues else { return Err(self.strange("no trackers in the answer")) };
            let more = issues.page.more.then(|| issues.page.end.clone().unwrap_or_default());
            for issue in issues.there() {
                out.mark.since = out.mark.since.max(Some(issue.updated_at));
                out.trackers.push(self.hosted(issue, &mut out.points)?);
            }
            match more {
                Some(m) => after = Some(m),
                None => {
                    out.cards = self.cards(&mut out.points)?;
                    return Ok(out);
                }
            }
        }
        Err(self.strange("the list of trackers does not end"))
    }

    fn one(&self, number: u64) -> Result<(Option<Hosted>, Standing), Fault> {
        let (of, mut points) =
            self.ask::<OfRepository>(queries::ONE, &self.with(&[("number", json!(number))]))?;
        let standing = self.standing(&of)?;
        let issue = of.repository.and_then(|r| r.issue);
        if issue.as_ref().is_some_and(|i| i.number != number) {
            return Err(self.strange("it answered with another tracker than was asked for"));
        }
        Ok((issue.map(|i| self.hosted(i, &mut points)).transpose()?, standing))
    }

    fn missing(&self, trackers: &[(u64, String)]) -> Result<Vec<(u64, String)>, Fault> {
        let mut out = Vec::new();
        for some in trackers.chunks(IDS) {
            let ids: Vec<&String> = some.iter().map(|(_, id)| id).collect();
            let (of, _) = self.ask::<OfNodes>(queries::THERE, &json!({"ids": ids}))?;
            if of.nodes.len() != ids.len() {
                return Err(self.strange("it answers about another number of trackers than was asked about"));
            }
            for ((number, _), found) in some.iter().zip(of.nodes) {
                let at = found.and_then(|f| Some((f.number?, f.repository?.name)));
                match at {
                    Some((n, repo)) if n == *number && repo.eq_ignore_ascii_case(&self.full()) => {}
                    // A repository that was given another name keeps the numbers of its issues.
                    Some((n, _)) if n == *number && self.one(*number)?.0.is_some() => {}
                    Some((n, repo)) => out.push((*number, format!("{repo}#{n}"))),
                    // Nobody knows that id any more; the number is the last word.
                    None if out.len() < GONE => {
                        if self.one(*number)?.0.is_none() {
                            out.push((*number, String::new()));
                        }
                    }
                    None => {
                        return Err(
                            self.strange("too many trackers are not there; is tracker.repo the right one?")
                        );
                    }
                }
            }
        }
        Ok(out)
    }

    fn create(&self, new: &NewTracker) -> Result<(Hosted, Option<String>), WriteFault> {
        write::create(self, new)
    }

    fn find(&self, key: &TrackerKey) -> Result<Option<Hosted>, Fault> {
        Ok(self.newest(key)?.0)
    }

    fn write(&self, before: &Hosted, change: &TrackerChange) -> Result<Hosted, WriteFault> {
        write::write(self, before, change)
    }

    fn prepare(&self, part: &HostPart) -> Result<String, WriteFault> {
        prepare::prepare(self, part)
    }

    fn note(
        &self,
        label: &str,
        entry: &LedgerEntry,
        counts: &dyn Fn(&Comment) -> bool,
    ) -> Result<Option<u64>, WriteFault> {
        write::note(self, label, entry, counts)
    }

    fn make_milestone(&self, name: &str, due: Option<Date>) -> Result<(), WriteFault> {
        write::make_milestone(self, name, due)
    }

    fn close_milestone(&self, name: &str) -> Result<(), WriteFault> {
        write::close_milestone(self, name)
    }
}

impl Github {
    /// The tracker with that marker among the newest, the earliest one if there are two; and who asks.
    fn newest(&self, key: &TrackerKey) -> Result<(Option<Hosted>, Standing), Fault> {
        let (of, mut points) = self.ask::<OfRepository>(queries::NEWEST, &self.repository())?;
        let standing = self.standing(&of)?;
        let issues = of.repository.and_then(|r| r.issues).into_iter().flat_map(Nodes::there);
        let mut found: Option<Hosted> = None;
        for issue in issues {
            let hosted = self.hosted(issue, &mut points)?;
            let earlier =
                found.as_ref().is_none_or(|f| f.tracker.reference.number > hosted.tracker.reference.number);
            if key_of(&hosted.tracker.body).as_ref() == Some(key) && earlier {
                found = Some(hosted);
            }
        }
        Ok((found, standing))
    }
}

#[cfg(test)]
pub(crate) mod tests;
