//! The questions of the query language.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Asked, Comment, GithubFake, Issue};

impl GithubFake {
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
            "author": {"login": "tove"}, "labels": {"nodes": []}, "milestone": null, "title": "Check the name of an upload",
            "body": "", "headRefName": "check-upload-name", "closingIssuesReferences": {"nodes": []}});
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

    pub(super) fn graphql(&mut self, asked: &Asked) -> Answer {
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
            "tags" => return self.asked_tags(&vars),
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
            "there" => return self.there(&vars),
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

    /// Which of these ids are still there, and where.
    fn there(&mut self, vars: &Value) -> Answer {
        let one = |id: &Value| -> Value {
            let n = id.as_str().and_then(|i| i.strip_prefix("I_")).and_then(|n| n.parse::<u64>().ok());
            let n = n.unwrap_or_default();
            match self.moved.get(&n) {
                Some((repo, number)) => json!({"number": number, "repository": {"nameWithOwner": repo}}),
                None if self.issues.contains_key(&n) => {
                    json!({"number": n, "repository": {"nameWithOwner": self.repo}})
                }
                None => Value::Null,
            }
        };
        let nodes: Vec<Value> = vars["ids"].as_array().into_iter().flatten().map(one).collect();
        self.points += 1;
        let lost = nodes.iter().any(Value::is_null);
        let mut out = json!({"data": {"nodes": nodes, "rateLimit": {"cost": 1}}});
        if lost {
            out["errors"] = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a node"}]);
        }
        Answer::json(200, &out)
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
}
