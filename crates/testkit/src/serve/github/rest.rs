//! The REST paths.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Answer, Asked, GithubFake, Issue, Milestone};

impl GithubFake {
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

    pub(super) fn rest(&mut self, asked: &Asked, path: &str) -> Answer {
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
