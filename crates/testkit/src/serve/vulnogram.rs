//! A CVE tool that keeps drafts, as CVE page §11 describes it: a session cookie, a token on the page, envelopes in a list,
//! and a save that believes whatever it is given.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Asked, Service, kept};

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct VulnogramFake {
    /// Records by id: body and version.
    pub records: BTreeMap<String, (Value, u64)>,
    /// The session that is let in.
    pub session: String,
    /// The token of that session.
    pub token: String,
    /// Mails it sent to people, one for each change of a state.
    pub mails: Vec<String>,
    /// Saves so far.
    pub saves: u64,
    /// Does the list hold envelopes (upstream), or bodies?
    pub bare: bool,
    /// What another person saves between our reading and our save, the next times.
    pub meanwhile: Vec<(String, Value)>,
    /// Its history of each record: version, patch.
    pub history: BTreeMap<String, Vec<(u64, Value)>>,
    /// Does it show its history?
    pub forgets: bool,
}

/// A JSON Patch from one body to another, as the tool writes it into its history.
fn patch(at: &str, old: &Value, new: &Value, out: &mut Vec<Value>) {
    let place = |k: &str| format!("{at}/{}", k.replace('~', "~0").replace('/', "~1"));
    match (old, new) {
        (a, b) if a == b => {}
        (Value::Object(a), Value::Object(b)) => {
            for (k, v) in a {
                match b.get(k) {
                    Some(w) => patch(&place(k), v, w, out),
                    None => out.push(json!({"op": "remove", "path": place(k)})),
                }
            }
            for (k, w) in b.iter().filter(|(k, _)| !a.contains_key(*k)) {
                out.push(json!({"op": "add", "path": place(k), "value": w}));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for (i, (v, w)) in a.iter().zip(b).enumerate() {
                patch(&place(&i.to_string()), v, w, out);
            }
            for i in (b.len()..a.len()).rev() {
                out.push(json!({"op": "remove", "path": place(&i.to_string())}));
            }
            for (i, w) in b.iter().enumerate().skip(a.len()) {
                out.push(json!({"op": "add", "path": place(&i.to_string()), "value": w}));
            }
        }
        (_, w) => out.push(json!({"op": "replace", "path": at, "value": w})),
    }
}

impl VulnogramFake {
    /// One with a session.
    #[must_use]
    pub fn new(session: &str) -> Self {
        Self { session: session.into(), token: "csrf-planted-token".into(), ..Self::default() }
    }

    /// A person allocated an id by hand.
    #[must_use]
    pub fn with(mut self, cve: &str, title: &str) -> Self {
        let body = json!({
            "dataType": "CVE_RECORD", "dataVersion": "5.1",
            "cveMetadata": {"cveId": cve, "assignerOrgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"},
            "containers": {"cna": {"title": title}},
            "CNA_private": {"state": "DRAFT", "owner": "server", "todo": [], "type": "unsure"},
        });
        self.records.insert(cve.into(), (body, 0));
        self
    }

    /// The state of a record.
    #[must_use]
    pub fn state(&self, cve: &str) -> String {
        let at = self.records.get(cve).and_then(|(b, _)| b.pointer("/CNA_private/state"));
        at.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A person on the other side sets something.
    pub fn set(&mut self, cve: &str, pointer: &str, value: Value) {
        let Some((mut body, _)) = self.records.get(cve).cloned() else { return };
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Value::Object(o)) = body.pointer_mut(parent)
        {
            o.insert(key.into(), value);
        }
        self.put(cve, body);
    }

    /// The whole body is replaced, and the version counted.
    fn put(&mut self, cve: &str, body: Value) {
        let entry = self.records.entry(cve.into()).or_insert((json!({}), 0));
        let mut steps = Vec::new();
        patch("", &entry.0, &body, &mut steps);
        entry.0 = body;
        entry.1 += 1;
        if !steps.is_empty() {
            self.history.entry(cve.into()).or_default().push((entry.1, Value::Array(steps)));
        }
    }

    fn save(&mut self, cve: &str, asked: &Asked) -> Answer {
        if asked.header("csrf-token") != self.token {
            return Answer::html(403, "invalid csrf token");
        }
        if let Some((pointer, value)) = self.meanwhile.pop() {
            self.set(cve, &pointer, value);
        }
        let body = kept(asked.json());
        let named = body.pointer("/cveMetadata/cveId").and_then(Value::as_str).unwrap_or_default();
        if named.is_empty() {
            return Answer::json(200, &json!({"type": "err", "msg": "Document ID missing"}));
        }
        let was = self.state(named);
        let renamed = named != cve;
        let named = named.to_owned();
        if renamed && let Some(old) = self.records.remove(cve) {
            self.records.insert(named.clone(), old);
        }
        self.put(&named, body);
        self.saves += 1;
        let now = self.state(&named);
        if was != now {
            self.mails.push(format!("{named}: {was} → {now}"));
        }
        if renamed {
            return Answer::json(200, &json!({"type": "go", "to": format!("/cve5/{named}")}));
        }
        Answer::json(200, &json!({"type": "saved"}))
    }
}

impl Service for VulnogramFake {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let session = format!("connect.sid={}", self.session);
        if self.session.is_empty() || !asked.header("cookie").split("; ").any(|c| c == session) {
            return Answer::redirect("https://oauth.apache.org/auth-oidc");
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/cve5/new") => Answer::html(200, "<script>var csrfToken = \"x\";</script>"),
            ("GET", path) if path.starts_with("/cve5/json/") => {
                let cve = path.trim_start_matches("/cve5/json/");
                let all: Vec<Value> = self
                    .records
                    .get(cve)
                    .into_iter()
                    .map(|(body, v)| {
                        if self.bare {
                            body.clone()
                        } else {
                            json!({"body": body, "author": "x", "__v": v, "createdAt": "2026-11-01T00:00:00Z"})
                        }
                    })
                    .collect();
                Answer::json(200, &Value::Array(all))
            }
            ("GET", path) if path.starts_with("/cve5/log/CVE-") && !self.forgets => {
                let cve = path.trim_start_matches("/cve5/log/");
                let entry = |(v, patch): &(u64, Value)| {
                    json!({"author": "x", "updatedAt": "2026-11-01T00:00:00Z", "__v": v,
                        "body": {"old_version": v - 1, "old_author": "x", "patch": patch}})
                };
                let all = self.history.get(cve).map(Vec::as_slice).unwrap_or_default();
                Answer::json(200, &all.iter().rev().map(entry).collect())
            }
            ("GET", path) if path.starts_with("/cve5/CVE-") => {
                let page = format!("<html><script>\n var csrfToken = \"{}\";\n</script></html>", self.token);
                Answer::html(200, &page)
            }
            ("POST", path) if path.starts_with("/cve5/CVE-") => {
                let cve = path.trim_start_matches("/cve5/").to_owned();
                self.save(&cve, asked)
            }
            _ => Answer::html(404, "not found"),
        }
    }
}
