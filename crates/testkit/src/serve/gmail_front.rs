//! A mailbox at Gmail whose state lies in npm `emulate`. Everything goes through; what that lacks or does otherwise than Gmail
//! documents is bridged here, and said beside it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Answer, Asked, Service,
    gmail::{decode, unweb64, web64},
};
use crate::emulate::{Emulator, Heard, ask};

const FORM: &str = "application/x-www-form-urlencoded";
const ME: &str = "/gmail/v1/users/me";
/// The scopes that the manual asks for.
const SCOPE: &str =
    "https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.compose";
const REDIRECT: &str = "http://127.0.0.1:9/done";

/// The front.
pub struct GmailFront {
    behind: Arc<Emulator>,
    account: String,
    /// Client id, client secret, refresh token.
    pub credential: [String; 3],
    /// Access tokens that were given out.
    given: Vec<String>,
    /// The token of the person whose mailbox it is.
    own: String,
    /// What the emulator's places in the history begin at.
    base: u128,
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            let plain = b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
            if plain { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect::<Vec<_>>().join("&")
}

fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": status, "message": message, "errors": []}}))
}

impl GmailFront {
    /// What the emulator should hold at first.
    #[must_use]
    pub fn seed(account: &str, client: [&str; 2]) -> Value {
        json!({"google": {"users": [{"email": account}],
            "oauth_clients": [{"client_id": client[0], "client_secret": client[1], "redirect_uris": [REDIRECT]}]}})
    }

    /// Stand in front of an emulator that was started with [`GmailFront::seed`] at that time. The owner of the account logs in
    /// once, as a person does it for an installed app; that gives the refresh token.
    #[must_use]
    pub fn new(behind: Arc<Emulator>, account: &str, client: [&str; 2], start: Timestamp) -> Self {
        let port = behind.port("google");
        let consent = form(&[
            ("email", account),
            ("redirect_uri", REDIRECT),
            ("scope", SCOPE),
            ("client_id", client[0]),
            ("state", "s"),
        ]);
        let heard = ask(port, "POST", "/o/oauth2/v2/auth/callback", "", FORM, consent.as_bytes());
        let to = heard.header("location").to_owned();
        let code = to.split(['?', '&']).find_map(|p| p.strip_prefix("code=")).unwrap_or_default();
        let trade = form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", client[0]),
            ("client_secret", client[1]),
        ]);
        let said = ask(port, "POST", "/oauth2/token", "", FORM, trade.as_bytes()).json();
        let word = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        assert!(!word("refresh_token").is_empty(), "the owner of the account can log in: {said}");
        let base = u128::try_from(start.as_millisecond()).unwrap() * 100_000_000;
        Self {
            behind,
            account: account.into(),
            credential: [client[0].into(), client[1].into(), word("refresh_token")],
            given: Vec::new(),
            own: word("access_token"),
            base,
        }
    }

    fn pass(&self, token: &str, method: &str, target: &str, kind: &str, body: &[u8]) -> Heard {
        ask(self.behind.port("google"), method, target, &format!("Bearer {token}"), kind, body)
    }

    fn get(&self, path: &str) -> Value {
        self.pass(&self.own, "GET", &format!("{ME}{path}"), "", b"").json()
    }

    /// A message comes in, with these labels.
    pub fn receive(&self, bytes: &[u8], labels: &[&str]) {
        let body = json!({"raw": web64(bytes, false), "labelIds": labels}).to_string();
        let path = format!("{ME}/messages/import");
        let heard = self.pass(&self.own, "POST", &path, "application/json", body.as_bytes());
        assert!(heard.ok(), "{}", String::from_utf8_lossy(&heard.body));
    }

    fn bytes(&self, id: &str) -> Vec<u8> {
        let raw = self.get(&format!("/messages/{id}?format=raw"));
        unweb64(raw["raw"].as_str().unwrap_or_default().trim_end_matches('=')).unwrap_or_default()
    }

    /// The drafts as they lie there: id, thread and bytes.
    #[must_use]
    pub fn drafts(&self) -> Vec<(String, String, Vec<u8>)> {
        let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let all = self.get("/drafts?maxResults=500");
        let rows = all["drafts"].as_array().cloned().unwrap_or_default();
        let one = |d: &Value| {
            let m = &d["message"];
            (word(&d["id"]), word(&m["threadId"]), self.bytes(m["id"].as_str().unwrap_or_default()))
        };
        rows.iter().map(one).collect()
    }

    /// What lies under a label: thread and bytes, newest first.
    #[must_use]
    pub fn under(&self, label: &str) -> Vec<(String, Vec<u8>)> {
        let all = self.get(&format!("/messages?maxResults=500&labelIds={label}"));
        let rows = all["messages"].as_array().cloned().unwrap_or_default();
        let one = |m: &Value| {
            let thread = m["threadId"].as_str().unwrap_or_default().to_owned();
            (thread, self.bytes(m["id"].as_str().unwrap_or_default()))
        };
        rows.iter().map(one).collect()
    }

    /// The owner of the mailbox presses *Send* on a draft.
    pub fn press_send(&self, draft: &str) {
        let body = json!({"id": draft}).to_string();
        let path = format!("{ME}/drafts/send");
        let heard = self.pass(&self.own, "POST", &path, "application/json", body.as_bytes());
        assert!(heard.ok(), "{}", String::from_utf8_lossy(&heard.body));
    }

    /// A place in the history as Gmail writes it: an unsigned number of 64 bits. The emulator's has 21 digits.
    fn place(&self, theirs: &str) -> String {
        theirs.parse::<u128>().unwrap_or(0).saturating_sub(self.base).to_string()
    }

    fn their_place(&self, ours: &str) -> String {
        let n = ours.parse::<u128>().unwrap_or(0);
        if n == 0 { "0".into() } else { (n + self.base).to_string() }
    }

    fn with_our_places(&self, v: &mut Value, records: bool) {
        match v {
            Value::Object(o) => {
                for (key, x) in o.iter_mut() {
                    match x {
                        Value::String(s) if key == "historyId" || (records && key == "id") => {
                            *s = self.place(s);
                        }
                        x => self.with_our_places(x, key == "history"),
                    }
                }
            }
            Value::Array(a) => a.iter_mut().for_each(|x| self.with_our_places(x, records)),
            _ => {}
        }
    }

    fn token(&mut self, asked: &Asked) -> Answer {
        let heard = ask(self.behind.port("google"), "POST", "/oauth2/token", "", FORM, &asked.body);
        let said = heard.json();
        if let Some(token) = said["access_token"].as_str() {
            self.given.push(token.to_owned());
        }
        Answer::json(heard.status, &said)
    }

    /// The emulator answers no `profile`: the account, and where its history stands.
    fn profile(&self, token: &str) -> Answer {
        let target = format!("{ME}/history?startHistoryId={}", self.their_place("1"));
        let said = self.pass(token, "GET", &target, "", b"").json();
        let place = self.place(said["historyId"].as_str().unwrap_or_default());
        Answer::json(200, &json!({"emailAddress": self.account, "historyId": place}))
    }

    /// Its search reads `rfc822msgid:` with its colon, so that it finds nothing; takes `-in:` for a word of the text; and does
    /// not look at the drafts' `q` at all.
    fn search(&self, asked: &Asked, token: &str, list: &str) -> Answer {
        let q = asked.param("q").map(decode).unwrap_or_default();
        let (ids, terms): (Vec<&str>, Vec<&str>) =
            q.split_whitespace().partition(|t| t.starts_with("rfc822msgid:"));
        let terms: Vec<String> = terms
            .iter()
            .map(|t| t.strip_prefix("-in:").map_or_else(|| (*t).to_owned(), |rest| format!("-label:{rest}")))
            .collect();
        let others = asked.query.split('&').filter(|p| !p.is_empty() && !p.starts_with("q="));
        let mut parts: Vec<String> = others.map(String::from).collect();
        if !terms.is_empty() {
            parts.push(format!("q={}", encode(&terms.join(" "))));
        }
        let target = format!("{ME}/{list}?{}", parts.join("&"));
        let Some(id) = ids.first().map(|t| t["rfc822msgid:".len()..].to_owned()) else {
            let heard = self.pass(token, "GET", &target, "", b"");
            return Answer::json(heard.status, &heard.json());
        };
        // Page after page is looked through; what fits is one page.
        let (mut rows, mut page) = (Vec::new(), String::new());
        loop {
            let said = self.pass(token, "GET", &format!("{target}{page}"), "", b"").json();
            for row in said[list].as_array().into_iter().flatten() {
                let m = if list == "drafts" { &row["message"] } else { row };
                let path = format!("{ME}/messages/{}?format=metadata", m["id"].as_str().unwrap_or_default());
                let shown = self.pass(token, "GET", &path, "", b"").json();
                let has = |h: &Value| {
                    let value = h["value"].as_str().unwrap_or_default();
                    h["name"] == "Message-ID" && value.trim_matches(['<', '>']) == id
                };
                if shown["payload"]["headers"].as_array().is_some_and(|a| a.iter().any(has)) {
                    rows.push(row.clone());
                }
            }
            match said["nextPageToken"].as_str() {
                Some(next) => page = format!("&pageToken={next}"),
                None => break,
            }
        }
        Answer::json(200, &json!({list: rows, "resultSizeEstimate": rows.len()}))
    }
}

impl Service for GmailFront {
    fn answer(&mut self, asked: &Asked) -> Answer {
        if (asked.method.as_str(), asked.path.as_str()) == ("POST", "/token") {
            return self.token(asked);
        }
        let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default().to_owned();
        // The emulator takes a token that it does not know for one of its first person's.
        if !self.given.contains(&token) {
            return error(401, "Request had invalid authentication credentials.");
        }
        match (asked.method.as_str(), asked.path.strip_prefix(ME)) {
            ("GET", Some("/profile")) => return self.profile(&token),
            ("GET", Some("/messages")) => return self.search(asked, &token, "messages"),
            ("GET", Some("/drafts")) => return self.search(asked, &token, "drafts"),
            _ => {}
        }
        let query: Vec<String> = asked
            .query
            .split('&')
            .filter(|p| !p.is_empty())
            .map(|p| match p.strip_prefix("startHistoryId=") {
                Some(n) => format!("startHistoryId={}", self.their_place(n)),
                None => p.to_owned(),
            })
            .collect();
        let target = format!("{}?{}", asked.path, query.join("&"));
        let heard = self.pass(&token, &asked.method, &target, asked.header("content-type"), &asked.body);
        let mut said = heard.json();
        self.with_our_places(&mut said, false);
        Answer::json(heard.status, &said)
    }
}
