//! Requests beside what their services publish about them: GitHub's OpenAPI description, and the discovery document of Gmail.
//! `./check` fetches both; without them a test says so and passes.

use std::{
    collections::BTreeSet,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::serve::Asked;

/// Whose description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// GitHub's REST paths.
    Github,
    /// Gmail's.
    Gmail,
}

const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");

impl Api {
    /// Is it a request that the description is about? Not the query language, and not the endpoint for tokens.
    fn describes(self, asked: &Asked) -> bool {
        match self {
            Api::Github => asked.path != "/graphql",
            Api::Gmail => asked.path != "/token",
        }
    }
}

/// What of these requests does not fit the description, each with its number; none where that is not here.
///
/// # Panics
/// When the description cannot be read.
#[must_use]
pub fn faults(api: Api, asked: &[Asked]) -> Option<Vec<(usize, String)>> {
    let (style, file) = match api {
        Api::Github => ("openapi", "api.github.com.json"),
        Api::Gmail => ("discovery", "gmail.v1.json"),
    };
    let file = Path::new(TARGET).join("check-api").join(file);
    let python = Path::new(TARGET).join("check-venv/bin/python3");
    if !file.is_file() || !python.is_file() {
        #[allow(clippy::print_stdout, reason = "this is how a skipped test shows")]
        {
            println!("skipped: the description of {api:?} is not here; `./check` fetches it");
        }
        return None;
    }
    let requests: Vec<Value> = asked
        .iter()
        .map(|a| {
            let body = (!a.body.is_empty()).then(|| a.json());
            json!({"method": a.method, "path": a.path, "query": a.query,
                "kind": a.header("content-type"), "body": body})
        })
        .collect();
    let mut child = Command::new(python)
        .args(["-c", include_str!("described.py"), style])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(json!(requests).to_string().as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut lines: Vec<&str> = said.lines().collect();
    // A checker that died has found nothing, too.
    let end = lines.pop().unwrap_or_default();
    assert_eq!(end, format!("{} requests", requests.len()), "{}", String::from_utf8_lossy(&out.stderr));
    let read = |line: &str| {
        let (n, fault) = line.split_once(' ').unwrap();
        (n.parse().unwrap(), fault.to_owned())
    };
    Some(lines.into_iter().map(read).collect())
}

/// Every one of these requests that the description is about fits it. Those that are alike are looked at once.
///
/// # Panics
/// When one does not.
pub fn fit(api: Api, asked: &[Asked]) {
    let mut seen = BTreeSet::new();
    let asked: Vec<Asked> = asked
        .iter()
        .filter(|a| api.describes(a) && seen.insert((&a.method, &a.path, &a.query, &a.body)))
        .cloned()
        .collect();
    let said: Vec<String> = faults(api, &asked)
        .into_iter()
        .flatten()
        .map(|(n, fault)| format!("{} {}?{}: {fault}", asked[n].method, asked[n].path, asked[n].query))
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, target: &str, body: &str) -> Asked {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Asked {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    /// Method, target, body, and how what is wrong with it begins.
    fn table(api: Api, rows: &[(&str, String, &str, &str)]) {
        let requests: Vec<Asked> =
            rows.iter().map(|(method, target, body, _)| asked(method, target, body)).collect();
        let Some(faults) = faults(api, &requests) else { return };
        for (n, (method, target, body, words)) in rows.iter().enumerate() {
            let said: Vec<&str> = faults.iter().filter(|f| f.0 == n).map(|f| f.1.as_str()).collect();
            let fits =
                if words.is_empty() { said.is_empty() } else { said.iter().any(|s| s.starts_with(words)) };
            assert!(fits, "{method} {target} {body}: {said:?}");
        }
    }

    #[test]
    fn what_github_does_not_describe_is_found() {
        let issues = "/repos/acme/security/issues";
        let rows = [
            ("GET", format!("{issues}?state=all&per_page=100"), "", ""),
            ("GET", format!("{issues}?state=some"), "", "query parameter state"),
            ("GET", format!("{issues}?per_page=many"), "", "query parameter per_page"),
            ("GET", format!("{issues}?lables=x"), "", "no such query parameter: lables"),
            ("GET", "/repos/acme/security/issue".into(), "", "no such path"),
            ("PUT", issues.into(), "{}", "no such method"),
            ("POST", issues.into(), r#"{"title": "x", "labels": ["a"]}"#, ""),
            ("POST", issues.into(), r#"{"body": "x"}"#, "body : 'title' is a required"),
            ("POST", issues.into(), r#"{"title": "x", "lables": []}"#, "body : Additional properties"),
            ("POST", issues.into(), "", "no body"),
            ("PATCH", format!("{issues}/1"), r#"{"state": "shut"}"#, "body state"),
            ("PATCH", format!("{issues}/1"), r#"{"milestone": null, "state_reason": null}"#, ""),
            ("PATCH", format!("{issues}/one"), r#"{"state": "open"}"#, "path parameter issue_number"),
            ("GET", "/repos/acme/security/contents/.github/ISSUE_TEMPLATE/form.yml".into(), "", ""),
        ];
        table(Api::Github, &rows);
    }

    #[test]
    fn what_gmail_does_not_describe_is_found() {
        let me = "/gmail/v1/users/me";
        let rows = [
            ("GET", format!("{me}/messages?q=in%3Asent&maxResults=20"), "", ""),
            ("GET", format!("{me}/messages?labelIds=A&labelIds=B"), "", ""),
            ("GET", format!("{me}/messages?q=a&q=b"), "", "query parameter q more than once"),
            ("GET", format!("{me}/messages/1?format=whole"), "", "query parameter format"),
            ("GET", format!("{me}/message"), "", "no such path"),
            ("PUT", format!("{me}/drafts"), "{}", "no such method"),
            ("POST", format!("{me}/drafts"), r#"{"message": {"raw": "AA_-", "threadId": "1"}}"#, ""),
            ("POST", format!("{me}/drafts"), r#"{"message": {"raw": "AA+/"}}"#, "body message/raw"),
            ("POST", format!("{me}/drafts"), r#"{"massage": {}}"#, "body : Additional"),
        ];
        table(Api::Gmail, &rows);
    }
}
