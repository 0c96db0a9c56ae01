//! The public repository beside the trackers, over REST: private reports and advisories, tags, releases, what contains what,
//! and pull requests that are opened. Shapes are those of the published description of the service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Answer, Asked, GithubFake};

/// Its state.
#[derive(Clone, Debug)]
pub struct Public {
    /// Advisories by id, as the service shows them.
    pub advisories: BTreeMap<String, Value>,
    /// Does the token belong to an administrator?
    pub admin: bool,
    /// May the token read what is not published at all?
    pub may_read: bool,
    /// Is private reporting switched on?
    pub reporting: bool,
    /// Items of one page at most.
    pub page: usize,
    /// Tags, newest first: name, commit and time.
    pub tags: Vec<(String, String, String)>,
    /// Release pages, newest first, as the query language shows them.
    pub releases: Vec<Value>,
    /// Commits that are listed for a commit: (of, sha, message).
    pub commits: Vec<(String, String, String)>,
    /// Which commits are in the history of which: (descendant, ancestor). A commit contains itself.
    pub contains: BTreeSet<(String, String)>,
    /// Pull requests as REST shows them.
    pub opened: Vec<Value>,
    /// Branches that may be the head of one, as `owner:branch`.
    pub branches: BTreeSet<String>,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            advisories: BTreeMap::new(),
            admin: true,
            may_read: true,
            reporting: true,
            page: 100,
            tags: Vec::new(),
            releases: Vec::new(),
            commits: Vec::new(),
            contains: BTreeSet::new(),
            opened: Vec::new(),
            branches: BTreeSet::new(),
        }
    }
}

fn user(login: &str) -> Value {
    json!({"login": login, "id": 1, "node_id": "MDQ6VXNlcjE=", "avatar_url": "https://avatars.example/u/1", "gravatar_id": "",
        "url": format!("https://api.github.com/users/{login}"), "html_url": format!("https://github.com/{login}"),
        "followers_url": "", "following_url": "", "gists_url": "", "starred_url": "", "subscriptions_url": "",
        "organizations_url": "", "repos_url": "", "events_url": "", "received_events_url": "", "type": "User",
        "site_admin": false})
}

/// What a reading request is answered, unless the asker has it already.
fn named(asked: &Asked, value: &Value) -> Answer {
    let text = value.to_string();
    // FNV-1a: any name that follows the content will do.
    let name = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let etag = format!("W/\"{name:016x}\"");
    if asked.header("if-none-match") == etag {
        return Answer { body: Vec::new(), ..Answer::json(304, &Value::Null) }.with("etag", &etag);
    }
    Answer::json(200, value).with("etag", &etag)
}

fn missing() -> Answer {
    Answer::json(
        404,
        &json!({"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}),
    )
}

impl GithubFake {
    /// Somebody reports something privately; `more` goes over what a plain report is.
    pub fn report(&mut self, ghsa: &str, author: &str, summary: &str, description: &str, more: Value) {
        let at = self.tick().to_string();
        let api = format!("https://api.github.com/repos/{}/security-advisories/{ghsa}", self.upstream);
        let mut advisory = json!({
            "ghsa_id": ghsa, "cve_id": null, "url": api,
            "html_url": format!("https://github.com/{}/security/advisories/{ghsa}", self.upstream),
            "summary": summary, "description": description, "severity": "high", "author": user(author),
            "publisher": null, "identifiers": [{"value": ghsa, "type": "GHSA"}], "state": "triage",
            "created_at": at, "updated_at": at, "published_at": null, "closed_at": null, "withdrawn_at": null,
            "submission": {"accepted": false},
            "vulnerabilities": [{"package": {"ecosystem": "pip", "name": "example-server"},
                "vulnerable_version_range": ">= 2.0.0, < 2.4.1", "patched_versions": null, "vulnerable_functions": []}],
            "cvss": {"vector_string": null, "score": null}, "cvss_severities": {
                "cvss_v3": {"vector_string": null, "score": null}, "cvss_v4": {"vector_string": null, "score": null}},
            "cwes": [], "cwe_ids": [], "credits": [], "credits_detailed": [], "collaborating_users": [],
            "collaborating_teams": [], "private_fork": null,
        });
        if let (Value::Object(to), Value::Object(from)) = (&mut advisory, more) {
            to.extend(from);
        }
        self.public.advisories.insert(ghsa.into(), advisory);
    }

    /// Somebody changes an advisory.
    pub fn change_report(&mut self, ghsa: &str, more: Value) {
        let at = self.tick().to_string();
        if let Some(Value::Object(to)) = self.public.advisories.get_mut(ghsa) {
            if let Value::Object(from) = more {
                to.extend(from);
            }
            to.insert("updated_at".into(), at.into());
        }
    }

    pub(super) fn public_rest(&mut self, asked: &Asked, path: &str) -> Answer {
        let parts: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", []) => {
                let admin = self.public.admin;
                let mut repo = json!({"full_name": self.upstream, "private": false,
                    "permissions": {"admin": admin, "maintain": admin, "push": admin, "triage": admin, "pull": true}});
                if admin {
                    repo["security_and_analysis"] = json!({"secret_scanning": {"status": "enabled"}});
                }
                Answer::json(200, &repo)
            }
            ("GET", ["private-vulnerability-reporting"]) => {
                Answer::json(200, &json!({"enabled": self.public.reporting}))
            }
            ("GET", ["security-advisories"]) if !self.public.may_read => Answer::json(
                403,
                &json!({"message": "Resource not accessible by personal access token", "status": "403"}),
            ),
            ("GET", ["security-advisories"]) => {
                let state = asked.param("state").unwrap_or_default();
                let mut all: Vec<&Value> = self
                    .public
                    .advisories
                    .values()
                    .filter(|a| a["state"] == state && self.shown(a))
                    .collect();
                all.sort_by_key(|a| (a["created_at"].to_string(), a["ghsa_id"].to_string()));
                self.listed(asked, &all)
            }
            ("GET", ["security-advisories", id]) => match self.public.advisories.get(*id) {
                Some(a) if self.shown(a) && self.public.may_read => named(asked, a),
                _ => missing(),
            },
            ("GET", ["commits"]) => {
                let of = asked.param("sha").unwrap_or_default();
                let page: usize = asked.param("page").and_then(|p| p.parse().ok()).unwrap_or(1);
                let all: Vec<Value> = self
                    .public
                    .commits
                    .iter()
                    .filter(|(c, ..)| c == of)
                    .skip((page - 1) * 100)
                    .take(100)
                    .map(|(_, sha, message)| json!({"sha": sha, "commit": {"message": message}}))
                    .collect();
                Answer::json(200, &json!(all))
            }
            ("GET", ["compare", basehead]) => self.compare(basehead),
            ("GET", ["pulls"]) => {
                let head = asked.param("head").unwrap_or_default().replace("%3A", ":").replace("%2F", "/");
                let state = asked.param("state").unwrap_or("open");
                let all: Vec<&Value> = self
                    .public
                    .opened
                    .iter()
                    .filter(|p| {
                        p["head"]["label"] == head.as_str() && (state == "all" || p["state"] == state)
                    })
                    .collect();
                Answer::json(200, &json!(all))
            }
            ("POST", ["pulls"]) => self.open_pull(&asked.json()),
            _ => missing(),
        }
    }

    /// Those who may not see what is private are shown less, with no word about it.
    fn shown(&self, advisory: &Value) -> bool {
        self.public.admin
            || advisory["state"] == "published"
            || advisory["author"]["login"] == self.login.as_str()
    }

    fn listed(&self, asked: &Asked, all: &[&Value]) -> Answer {
        let size = asked.param("per_page").and_then(|p| p.parse().ok()).unwrap_or(30).min(self.public.page);
        let numbered = asked.param("page").and_then(|p| p.parse::<usize>().ok()).map(|p| (p - 1) * size);
        let after = asked.param("after").map(|a| a.replace("%3D", "=")).and_then(|a| {
            a.strip_prefix("cursor:")
                .or_else(|| a.strip_prefix("cursor%3A"))?
                .trim_end_matches('=')
                .parse()
                .ok()
        });
        let from: usize = numbered.or(after).unwrap_or(0);
        let some: Vec<&&Value> = all.iter().skip(from).take(size).collect();
        let answer = named(asked, &json!(some));
        if from + size >= all.len() {
            return answer;
        }
        let url = format!("https://api.github.com{}?per_page={size}", asked.path);
        let next =
            format!("<{url}&after=cursor%3A{0}%3D%3D&page={1}>; rel=\"next\"", from + size, from / size + 2);
        answer.with("link", &next)
    }

    fn compare(&self, basehead: &str) -> Answer {
        let plain = basehead.replace("%2F", "/").replace("%40", "@");
        let Some((base, head)) = plain.split_once("...") else { return missing() };
        let p = &self.public;
        let commit = |name: &str| {
            p.tags.iter().find(|(n, ..)| n == name).map_or(name, |(_, c, _)| c.as_str()).to_owned()
        };
        let (base, head) = (commit(base), commit(head));
        let known = |c: &String| {
            p.tags.iter().any(|(_, t, _)| t == c) || p.contains.iter().any(|(a, b)| a == c || b == c)
        };
        if !known(&base) || !known(&head) {
            return missing();
        }
        let holds = |a: &String, b: &String| p.contains.contains(&(a.clone(), b.clone()));
        let status = match (base == head, holds(&base, &head), holds(&head, &base)) {
            (true, ..) => "identical",
            (_, true, _) => "behind",
            (_, _, true) => "ahead",
            _ => "diverged",
        };
        Answer::json(
            200,
            &json!({"url": "", "html_url": "", "permalink_url": "", "diff_url": "", "patch_url": "",
                "base_commit": {"sha": base}, "merge_base_commit": {"sha": base}, "status": status, "ahead_by": 0,
                "behind_by": 0, "total_commits": 0, "commits": [], "files": []}),
        )
    }

    pub(super) fn asked_tags(&self, vars: &Value) -> Answer {
        let repo =
            format!("{}/{}", vars["owner"].as_str().unwrap_or("-"), vars["name"].as_str().unwrap_or("-"));
        if repo != self.upstream {
            let error = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}]);
            return Answer::json(200, &json!({"data": {"repository": null}, "errors": error}));
        }
        // Every other tag is one that somebody wrote a message for.
        let node = |(i, (name, sha, at)): (usize, &(String, String, String))| {
            let target = if i % 2 == 0 {
                json!({"oid": sha, "committedDate": at})
            } else {
                json!({"oid": "f".repeat(40), "tagger": {"date": at}, "target": {"oid": sha}})
            };
            json!({"name": name, "target": target})
        };
        let all: Vec<Value> = self.public.tags.iter().enumerate().map(node).collect();
        let like = |part: &Value| -> Vec<&Value> {
            let part = part.as_str().unwrap_or_default();
            all.iter().filter(|t| t["name"].as_str().is_some_and(|n| n.contains(part))).take(100).collect()
        };
        let size = self.public.page.min(100);
        let from: usize = vars["after"].as_str().and_then(|a| a.parse().ok()).unwrap_or(0);
        let newest: Vec<&Value> = all.iter().skip(from).take(size).collect();
        let page = json!({"hasNextPage": from + size < all.len(), "endCursor": (from + size).to_string()});
        Answer::json(
            200,
            &json!({"data": {"repository": {"dots": {"nodes": like(&vars["dots"])}, "lines": {"nodes": like(&vars["lines"])},
                "newest": {"nodes": newest, "pageInfo": page}, "releases": {"nodes": self.public.releases}},
                "rateLimit": {"cost": 1}}}),
        )
    }

    fn open_pull(&mut self, body: &Value) -> Answer {
        if self.permission == "READ" {
            return Answer::json(
                403,
                &json!({"message": "Resource not accessible by personal access token"}),
            );
        }
        let text = |k: &str| body[k].as_str().unwrap_or_default().to_owned();
        let owner = self.upstream.split('/').next().unwrap_or_default().to_owned();
        let head =
            if text("head").contains(':') { text("head") } else { format!("{owner}:{}", text("head")) };
        let bad = |why: &str| {
            Answer::json(
                422,
                &json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest",
                "code": "custom", "message": why}]}),
            )
        };
        if !self.public.branches.contains(&head) {
            return Answer::json(
                422,
                &json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest",
                "field": "head", "code": "invalid"}]}),
            );
        }
        if self.public.opened.iter().any(|p| p["head"]["label"] == head.as_str() && p["state"] == "open") {
            return bad(&format!("A pull request already exists for {head}."));
        }
        let number = 100 + self.public.opened.len();
        let at = self.tick();
        self.pull(
            number as u64,
            json!({"title": body["title"], "body": body["body"], "baseRefName": body["base"], "author": {"login": self.login},
                "headRefName": head.split(':').nth(1), "isDraft": body["draft"] == true}),
        );
        let pull = json!({"number": number, "state": "open", "created_at": at.to_string(), "draft": body["draft"] == true, "title": body["title"],
            "body": body["body"], "html_url": format!("https://github.com/{}/pull/{number}", self.upstream),
            "head": {"label": head, "ref": head.split(':').nth(1)}, "base": {"ref": body["base"]}});
        self.writes += 1;
        self.public.opened.push(pull.clone());
        Answer::json(201, &pull)
    }
}
