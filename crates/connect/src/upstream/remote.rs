//! Tags and releases as the forge has them, where there is no clone (sync page §2 S10, §5). One question brings the tags; what
//! one of them holds is asked once and kept, for a tag's commit and a fix's commit do not change. What cannot be told within
//! the bounds is unknown, and never "no".

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use desk::case::{Artifact, ArtifactState, PullState};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    fix::Found,
    history::{Commit, History},
    tags::{self, Code, ReleasePage, Tag, Wanted},
};
use crate::{
    host::github::{answer, dressed, owner_and_name, shape::Nodes},
    net::{Client, Fault, Method, Request, Secret, Site},
};

/// Pages of the newest tags, of a hundred each.
const PAGES: usize = 5;
/// Questions about what a tag holds, in one run.
const QUESTIONS: usize = 100;
/// Pages of the commits of one tag, of a hundred each.
const COMMITS: usize = 3;
/// Clocks of different people differ.
const SLACK: SignedDuration = SignedDuration::from_hours(24);

/// What names the commits of a tag since a moment.
fn listing(tag: &str, since: Timestamp) -> String {
    format!("{tag} {since}")
}

fn before(t: Timestamp) -> Timestamp {
    t.checked_sub(SLACK).unwrap_or(t)
}

/// The tags of one public repository.
pub struct Remote {
    client: Arc<Client>,
    rest: Site,
    graph: Site,
    owner: String,
    name: String,
    full: String,
    token: Secret,
    key: &'static str,
    tags: Vec<Tag>,
    pages: BTreeMap<String, ReleasePage>,
    /// What was asked, so that it is asked once: versions, and how far back the newest tags were read.
    asked: BTreeSet<String>,
    newest: Newest,
    /// `tag..fix`: is the one's history the other's? `tag..fix since then`: does it stand there, under its own name or another?
    holds: BTreeMap<String, bool>,
    /// Commits of a tag since a moment; none when there are more than are read.
    histories: BTreeMap<String, Option<History>>,
    questions: usize,
    /// Why the last question about a fix was left open.
    doubt: Option<String>,
    /// Commits of a tag since a moment that the repository does not list at all.
    unlisted: BTreeSet<String>,
}

/// How far the newest tags were read.
#[derive(Default)]
struct Newest {
    after: Option<String>,
    oldest: Option<Timestamp>,
    end: bool,
    pages: usize,
}

impl Remote {
    /// `owner/name`; questions go to `graphql` under `graph`. `kept` is what [`Remote::kept`] gave before.
    ///
    /// # Errors
    /// When the repository is not `owner/name`.
    pub fn new(
        client: Arc<Client>,
        rest: Site,
        graph: Site,
        repo: &str,
        token: Secret,
        key: &'static str,
        kept: &str,
    ) -> Result<Self, String> {
        let (owner, name) = owner_and_name(repo)?;
        let (owner, name) = (owner.to_owned(), name.to_owned());
        Ok(Self {
            full: format!("{owner}/{name}"),
            client,
            rest,
            graph,
            owner,
            name,
            token,
            key,
            tags: Vec::new(),
            pages: BTreeMap::new(),
            asked: BTreeSet::new(),
            newest: Newest::default(),
            // What is no such text is as good as nothing.
            holds: serde_json::from_str(kept).unwrap_or_default(),
            histories: BTreeMap::new(),
            questions: 0,
            doubt: None,
            unlisted: BTreeSet::new(),
        })
    }

    /// What was learnt and does not change, for the next run.
    #[must_use]
    pub fn kept(&self) -> String {
        // Texts and truth values are always JSON.
        serde_json::to_string(&self.holds).unwrap_or_default()
    }

    /// How every package of a target stands. `fixes` are the pull requests as the forge has them.
    ///
    /// # Errors
    /// When the forge cannot be asked, or would have to be asked too often.
    pub fn artifacts(&mut self, wanted: &Wanted, fixes: &[Found]) -> Result<Vec<Artifact>, Fault> {
        let merged = fixes.iter().flat_map(|f| &f.pulls).filter_map(|p| p.merged_at).min();
        self.look(&wanted.version, merged)?;
        let all =
            merged.is_some_and(|t| self.newest.end || self.newest.oldest.is_some_and(|o| o < before(t)));
        let mut out = tags::artifacts(self, wanted, fixes)?;
        // Tags between those that were read and the fix could be what is looked for.
        for a in
            out.iter_mut().filter(|a| a.state == ArtifactState::Missing && !all && wanted.version.is_empty())
        {
            a.state = ArtifactState::Unknown;
            a.reason = format!(
                "{} has more tags since the fix than are looked at; a clone of it tells (user.upstream_clone)",
                self.full
            );
        }
        Ok(out)
    }

    /// Read the tags that may matter: those that name the version, and the newest down to the fix.
    fn look(&mut self, version: &str, merged: Option<Timestamp>) -> Result<(), Fault> {
        let far = |n: &Newest| {
            n.end
                || n.pages >= PAGES
                || (n.pages > 0 && merged.is_none_or(|t| n.oldest.is_some_and(|o| o < before(t))))
        };
        let new = self.asked.insert(version.to_owned());
        if !new && far(&self.newest) {
            return Ok(());
        }
        loop {
            let body = json!({"query": DOCUMENT, "variables": {
                "owner": self.owner, "name": self.name, "dots": version, "lines": version.replace('.', "_"),
                "after": self.newest.after}});
            let request = Request::new(Method::Post, "/graphql").json(&body).asking();
            let reply = self.client.call(&self.graph, &dressed(request, &self.token))?;
            let (of, cost): (Of, u64) = answer(&reply, self.key)?;
            self.client.cost(self.graph.service, cost);
            let Some(of) = of.repository else {
                return Err(Fault::Setup(format!(
                    "{} is not there, or the token of {} may not see it; correct upstream.repo, or set upstream.token",
                    self.full, self.key
                )));
            };
            let (end, after) = (!of.newest.page_info.has_next_page, of.newest.page_info.end_cursor);
            if !end && (after.is_none() || after == self.newest.after) {
                return Err(Fault::unexpected(&reply, "pages that lead nowhere"));
            }
            let newest: Vec<Tag> = of.newest.nodes.into_iter().flatten().filter_map(Ref::read).collect();
            self.newest.oldest = newest.iter().filter_map(|t| t.at).min().or(self.newest.oldest);
            (self.newest.end, self.newest.after) = (end, after);
            self.newest.pages += 1;
            for r in of.releases.there().filter(|r| !r.is_draft) {
                let page = ReleasePage { pre: r.is_prerelease, at: r.published_at, url: r.url };
                self.pages.insert(r.tag_name, page);
            }
            let found = of.dots.there().chain(of.lines.there()).filter_map(Ref::read).chain(newest);
            for tag in found.collect::<Vec<_>>() {
                if !self.tags.iter().any(|t| t.name == tag.name) {
                    self.tags.push(tag);
                }
            }
            if far(&self.newest) {
                return Ok(());
            }
        }
    }

    fn count(&mut self) -> Result<(), Fault> {
        self.questions += 1;
        if self.questions > QUESTIONS {
            return Err(Fault::Setup(format!(
                "what the releases of {} hold would take more than {QUESTIONS} questions; a clone of it tells \
                 (user.upstream_clone)",
                self.full
            )));
        }
        Ok(())
    }

    fn get(&mut self, request: Request) -> Result<Option<Value>, Fault> {
        self.count()?;
        let reply = self.client.call(&self.rest, &dressed(request, &self.token))?;
        match reply.status() {
            200 => reply.json().map(Some),
            404 if !reply.is_html() => Ok(None),
            _ => Err(reply.refusal()),
        }
    }

    /// Is a commit in the history of a tag? None when the repository does not know one of the two.
    fn in_history(&mut self, tag: &str, commit: &str) -> Result<Option<bool>, Fault> {
        let key = format!("{tag}..{commit}");
        if let Some(known) = self.holds.get(&key) {
            return Ok(Some(*known));
        }
        let path = format!("/repos/{}/{}/compare/{tag}...{commit}", self.owner, self.name);
        // Of what lies between the two nothing is needed.
        let Some(v) = self.get(Request::get(path.clone()).query("per_page", "1"))? else { return Ok(None) };
        let holds = match v.get("status").and_then(Value::as_str) {
            Some("behind" | "identical") => true,
            Some("ahead" | "diverged") => false,
            _ => {
                let why = "an answer that compares nothing".to_owned();
                return Err(Fault::Unexpected { what: format!("GET {path}"), why });
            }
        };
        self.holds.insert(key, holds);
        Ok(Some(holds))
    }

    /// The commits of a tag since a moment.
    fn history(&mut self, tag: &str, since: Timestamp) -> Result<Option<&History>, Fault> {
        let key = listing(tag, since);
        if !self.histories.contains_key(&key) {
            let mut out = Some(History::default());
            for page in 1..=COMMITS + 1 {
                if page > COMMITS {
                    out = None;
                    break;
                }
                let request = Request::get(format!("/repos/{}/{}/commits", self.owner, self.name))
                    .query("sha", tag)
                    .query("since", since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
                    .query("per_page", "100")
                    .query("page", page.to_string());
                let Some(v) = self.get(request)? else {
                    self.unlisted.insert(key.clone());
                    out = None;
                    break;
                };
                let all: Vec<Listed> = serde_json::from_value(v).map_err(|e| Fault::Unexpected {
                    what: format!("commits of {}", self.full),
                    why: format!("an answer that is no list of commits: {e}"),
                })?;
                let last = all.len() < 100;
                for c in all {
                    let message = c.commit.message;
                    let (subject, body) = message.split_once('\n').unwrap_or((&message, ""));
                    let commit = Commit { sha: c.sha, subject: subject.into(), ..Commit::default() };
                    if let Some(h) = &mut out {
                        h.take(commit, body);
                    }
                }
                if last {
                    break;
                }
            }
            self.histories.insert(key.clone(), out);
        }
        Ok(self.histories.get(&key).and_then(Option::as_ref))
    }

    fn untold(&self, commit: &str, tag: &Tag) -> String {
        format!(
            "whether {} of {} holds {commit} cannot be told from there: look at it, or name a clone (user.upstream_clone)",
            tag.name, self.full
        )
    }

    /// Does a tag hold one fix?
    fn holds(&mut self, tag: &Tag, branch: &str, fix: &Found) -> Result<Option<bool>, Fault> {
        let merged = || fix.pulls.iter().filter(|p| p.state == PullState::Merged);
        let mut commits: BTreeSet<&str> = fix.commits.iter().map(String::as_str).collect();
        commits.extend(merged().map(|p| p.commit.as_str()).filter(|c| !c.is_empty()));
        let (Some(since), false) = (merged().filter_map(|p| p.merged_at).min(), commits.is_empty()) else {
            return Ok(None);
        };
        let since = before(since);
        // What was tagged before it was merged does not hold it; by another way in, somebody else would have to say so.
        let same = merged().any(|p| p.branch == branch);
        let no = same.then_some(false);
        if tag.at.is_some_and(|at| at < since) {
            return Ok(no);
        }
        let mut unknown = false;
        for commit in commits {
            let Some(inside) = self.in_history(&tag.commit, commit)? else {
                self.doubt = Some(self.untold(commit, tag));
                unknown = true;
                continue;
            };
            let key = format!("{}..{commit} since {since}", tag.commit);
            let stands = match self.holds.get(&key) {
                Some(known) => *known,
                None => {
                    // It may have been taken back since, or gone in under another name.
                    let Some(h) = self.history(&tag.commit, since)? else {
                        // One that is in its history is there unless it was taken back; one that is not may be there
                        // under another name, among commits that are not read.
                        if !inside || self.unlisted.contains(&listing(&tag.commit, since)) {
                            self.doubt = Some(self.untold(commit, tag));
                        }
                        unknown = true;
                        continue;
                    };
                    let stands = if inside {
                        h.stands(commit)
                    } else {
                        h.picks(commit).iter().any(|c| h.stands(&c.sha))
                    };
                    self.holds.insert(key, stands);
                    stands
                }
            };
            if stands {
                return Ok(Some(true));
            }
            unknown |= !inside && !same;
        }
        Ok(if unknown { None } else { Some(false) })
    }
}

impl Code for Remote {
    type Fault = Fault;

    fn repo(&self) -> &str {
        &self.full
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// A tag beside the wanted one is shown to a person, who knows the trains.
    fn is_on(&mut self, _: &str, _: &Tag) -> Result<bool, Fault> {
        Ok(true)
    }

    fn has_fix(&mut self, tag: &Tag, branch: &str, fixes: &[Found]) -> Result<Option<bool>, Fault> {
        self.doubt = None;
        if fixes.is_empty() {
            return Ok(None);
        }
        let mut unknown = false;
        for fix in fixes {
            match self.holds(tag, branch, fix)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => unknown = true,
            }
        }
        Ok(if unknown { None } else { Some(true) })
    }

    fn doubt(&mut self) -> Option<String> {
        self.doubt.take()
    }

    fn page(&self, tag: &Tag) -> Option<ReleasePage> {
        self.pages.get(&tag.name).cloned()
    }
}

const DOCUMENT: &str = "query tags($owner: String!, $name: String!, $dots: String!, $lines: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    dots: refs(refPrefix: \"refs/tags/\", query: $dots, first: 100) { nodes { ...tag } }
    lines: refs(refPrefix: \"refs/tags/\", query: $lines, first: 100) { nodes { ...tag } }
    newest: refs(refPrefix: \"refs/tags/\", first: 100, after: $after, orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) {
      nodes { ...tag }
      pageInfo { hasNextPage endCursor }
    }
    releases(first: 100, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { tagName isDraft isPrerelease publishedAt url }
    }
  }
  rateLimit { cost }
}
fragment tag on Ref {
  name
  target { oid ... on Commit { committedDate } ... on Tag { tagger { date } target { oid } } }
}";

#[derive(Deserialize)]
struct Of {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    dots: Nodes<Ref>,
    lines: Nodes<Ref>,
    newest: Newer,
    releases: Nodes<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Newer {
    nodes: Vec<Option<Ref>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Ref {
    name: String,
    target: Option<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    oid: String,
    #[serde(default)]
    committed_date: Option<Timestamp>,
    #[serde(default)]
    tagger: Option<Tagger>,
    #[serde(default)]
    target: Option<Object>,
}

#[derive(Deserialize)]
struct Tagger {
    #[serde(default)]
    date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    tag_name: String,
    is_draft: bool,
    is_prerelease: bool,
    published_at: Option<Timestamp>,
    url: String,
}

#[derive(Deserialize)]
struct Listed {
    sha: String,
    commit: Message,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

impl Ref {
    /// A tag whose commit can go into an address.
    fn read(self) -> Option<Tag> {
        let target = self.target?;
        let at = target.committed_date.or_else(|| target.tagger.and_then(|t| t.date));
        let commit = target.target.map_or(target.oid, |o| o.oid);
        let hex = (7..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| Tag::named(&self.name, &commit, at))
    }
}

#[cfg(test)]
pub(crate) mod tests;
