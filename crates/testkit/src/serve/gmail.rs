//! Gmail as far as a mailbox needs it: messages with labels, history, drafts, and the endpoint for tokens. It searches
//! loosely, as the real one does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Answer, Asked, Service};

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its thread.
    pub thread: String,
    /// Its labels, by id.
    pub labels: BTreeSet<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it came, in seconds.
    pub at: i64,
    /// The id of the draft it is.
    pub draft: String,
}

impl Message {
    fn field(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.replace("\r\n", "\n");
        let head = head.split("\n\n").next().unwrap_or_default();
        head.lines()
            .filter_map(|l| l.split_once(':'))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.trim().to_owned())
    }
}

/// What happened to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Happened {
    id: u64,
    kind: &'static str,
    message: String,
    labels: Vec<String>,
}

/// A mailbox of one account.
#[derive(Clone, Debug, Default)]
pub struct GmailFake {
    /// The account.
    pub account: String,
    /// What the token endpoint knows: client id, client secret, refresh token.
    pub credential: [String; 3],
    /// Access tokens that were given out; only the last is good.
    pub tokens: Vec<String>,
    /// Is the last one good no more?
    pub expired: bool,
    /// Is the refresh token taken back?
    pub revoked: bool,
    /// What the token allows.
    pub scope: String,
    /// Messages, oldest first.
    pub messages: Vec<Message>,
    /// Labels of the user: id and name.
    pub labels: Vec<(String, String)>,
    /// Most of one answer.
    pub page: usize,
    /// Events before that are forgotten.
    pub forgotten: u64,
    /// Does the search find what it was not asked for?
    pub fuzzy: bool,
    /// Does the search not know new drafts yet?
    pub late: bool,
    /// Is base64 padded?
    pub padded: bool,
    /// A code that was given to a browser: itself, the proof that it asks for, and where the browser was sent.
    pub granted: Option<[String; 3]>,
    /// Drafts that were made.
    pub made: usize,
    history: Vec<Happened>,
    at: u64,
    ids: u64,
}

impl GmailFake {
    /// An empty mailbox.
    #[must_use]
    pub fn new(account: &str, credential: [&str; 3]) -> Self {
        Self {
            account: account.into(),
            credential: credential.map(String::from),
            page: 100,
            at: 1000,
            ids: 0x18f0,
            ..Self::default()
        }
    }

    /// Where the history stands.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.at
    }

    fn happen(&mut self, kind: &'static str, message: &str, labels: &[&str]) {
        self.at += 7;
        let labels = labels.iter().map(|l| (*l).to_owned()).collect();
        self.history.push(Happened { id: self.at, kind, message: message.into(), labels });
    }

    /// A message comes in. Returns its id.
    pub fn receive(&mut self, bytes: &str, labels: &[&str], at: i64) -> String {
        self.ids += 1;
        let id = format!("{:x}", self.ids);
        let labels_of = labels.iter().map(|l| (*l).to_owned()).collect();
        self.messages.push(Message {
            id: id.clone(),
            thread: id.clone(),
            labels: labels_of,
            bytes: bytes.into(),
            at,
            draft: String::new(),
        });
        self.happen("messagesAdded", &id, labels);
        id
    }

    /// Somebody gives a message a label.
    pub fn label(&mut self, id: &str, label: &str) {
        self.with(id, |m| m.labels.insert(label.into()));
        self.happen("labelsAdded", id, &[label]);
    }

    /// Somebody takes a label off a message.
    pub fn unlabel(&mut self, id: &str, label: &str) {
        self.with(id, |m| m.labels.remove(label));
        self.happen("labelsRemoved", id, &[label]);
    }

    fn with(&mut self, id: &str, change: impl FnOnce(&mut Message) -> bool) {
        if let Some(m) = self.messages.iter_mut().find(|m| m.id == id) {
            change(m);
        }
    }

    fn stub(m: &Message) -> Value {
        let mut out = json!({"id": m.id, "threadId": m.thread});
        if !m.labels.is_empty() {
            out["labelIds"] = json!(m.labels);
        }
        out
    }

    fn shown(&self, m: &Message, asked: &Asked) -> Value {
        let mut out = Self::stub(m);
        out["internalDate"] = json!((m.at * 1000).to_string());
        match asked.param("format") {
            Some("raw") => out["raw"] = json!(web64(&m.bytes, self.padded)),
            _ => {
                let names = ["Message-ID", "In-Reply-To", "References", "Subject", "From", "To"];
                let rows = names.iter().filter_map(|n| Some(json!({"name": n, "value": m.field(n)?})));
                out["payload"] = json!({"headers": rows.collect::<Vec<_>>()});
            }
        }
        out
    }

    fn matches(&self, m: &Message, q: &str) -> bool {
        let has = |l: &str| m.labels.contains(l);
        q.split_whitespace().all(|term| match term.split_once(':') {
            Some(("rfc822msgid", id)) => {
                let its = m.field("Message-ID").unwrap_or_default();
                (m.draft.is_empty() || !self.late) && (self.fuzzy || its.trim_matches(['<', '>']) == id)
            }
            Some(("after", s)) => s.parse().is_ok_and(|s: i64| m.at > s),
            Some(("before", s)) => s.parse().is_ok_and(|s: i64| m.at < s),
            Some(("in", "sent")) => has("SENT"),
            Some(("-in", "drafts")) => !has("DRAFT"),
            Some(("-in", "chats")) => !has("CHAT"),
            // A search that is not understood finds nothing.
            _ => false,
        })
    }

    fn found(&self, asked: &Asked) -> Vec<&Message> {
        let q = asked.param("q").map(decode).unwrap_or_default();
        let label = asked.param("labelIds").map(decode);
        let mut out: Vec<&Message> = self
            .messages
            .iter()
            .filter(|m| !m.labels.contains("SPAM") && !m.labels.contains("TRASH"))
            .filter(|m| label.as_ref().is_none_or(|l| m.labels.contains(l)))
            .filter(|m| self.matches(m, &q))
            .collect();
        out.sort_by_key(|m| std::cmp::Reverse(m.at));
        out
    }

    fn paged(&self, asked: &Asked, key: &str, rows: &[Value]) -> Answer {
        let start: usize = match asked.param("pageToken").map(str::parse) {
            None => 0,
            Some(Ok(n)) => n,
            Some(Err(_)) => return error(400, "Invalid pageToken"),
        };
        let most = asked.param("maxResults").and_then(|n| n.parse().ok()).unwrap_or(100).min(self.page);
        let mut out = json!({"resultSizeEstimate": rows.len()});
        let part: Vec<Value> = rows.iter().skip(start).take(most).cloned().collect();
        if !part.is_empty() {
            out[key] = json!(part);
        }
        if start + most < rows.len() {
            out["nextPageToken"] = json!((start + most).to_string());
        }
        Answer::json(200, &out)
    }

    fn token(&mut self, asked: &Asked) -> Answer {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let get = |key: &str| {
            let find = |p: &str| Some(decode(p.strip_prefix(key)?.strip_prefix('=')?));
            body.split('&').find_map(find).unwrap_or_default()
        };
        let told = [get("client_id"), get("client_secret"), get("refresh_token")];
        if told[..2] != self.credential[..2] {
            return Answer::json(
                401,
                &json!({"error": "invalid_client", "error_description": "Unauthorized"}),
            );
        }
        if get("grant_type") == "authorization_code" {
            let hex = desk::plan::digest::sha256(get("code_verifier").as_bytes());
            let bytes = hex.as_bytes().chunks(2).map(|h| {
                std::str::from_utf8(h).ok().and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or_default()
            });
            let proof = web64(&bytes.collect::<Vec<u8>>(), false);
            // A code is good once.
            if self.granted.take() != Some([get("code"), proof, get("redirect_uri")]) {
                return Answer::json(
                    400,
                    &json!({"error": "invalid_grant", "error_description": get("code")}),
                );
            }
            return Answer::json(
                200,
                &json!({"access_token": "ya29.planted-first", "expires_in": 3599, "token_type": "Bearer",
                    "refresh_token": self.credential[2], "scope": self.scope}),
            );
        }
        if told != self.credential || self.revoked || get("grant_type") != "refresh_token" {
            let why = format!("Token has been expired or revoked: {}", told[2]);
            return Answer::json(400, &json!({"error": "invalid_grant", "error_description": why}));
        }
        self.tokens.push(format!("ya29.planted-access-{}", self.tokens.len()));
        self.expired = false;
        Answer::json(
            200,
            &json!({"access_token": self.tokens.last(), "expires_in": 3599, "token_type": "Bearer",
                "scope": self.scope}),
        )
    }

    fn happened(&self, asked: &Asked) -> Answer {
        let start: u64 = asked.param("startHistoryId").and_then(|s| s.parse().ok()).unwrap_or_default();
        if start < self.forgotten {
            return error(404, "Requested entity was not found.");
        }
        let rows: Vec<Value> = self
            .history
            .iter()
            .filter(|h| h.id > start)
            .map(|h| {
                let m = self.messages.iter().find(|m| m.id == h.message);
                let stub = m.map_or_else(|| json!({"id": h.message}), Self::stub);
                let mut event = json!({"message": stub});
                if h.kind != "messagesAdded" {
                    event["labelIds"] = json!(h.labels);
                }
                json!({"id": h.id.to_string(), "messages": [stub], h.kind: [event]})
            })
            .collect();
        let mut answer = self.paged(asked, "history", &rows);
        if answer.status == 200 {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            body["historyId"] = json!(self.at.to_string());
            answer = Answer::json(200, &body);
        }
        answer
    }

    fn make(&mut self, asked: &Asked) -> Answer {
        let body = asked.json();
        let message = &body["message"];
        let raw = message["raw"].as_str().unwrap_or_default();
        if raw.contains(['=', '+', '/']) {
            return error(400, "Invalid value for ByteString");
        }
        let Some(bytes) = unweb64(raw) else { return error(400, "Invalid value for ByteString") };
        let thread = message["threadId"].as_str().map(String::from);
        if thread.as_ref().is_some_and(|t| !self.messages.iter().any(|m| m.thread == *t)) {
            return error(404, "Requested entity was not found.");
        }
        let id = self.receive(&String::from_utf8_lossy(&bytes), &["DRAFT"], 0);
        let draft = format!("r-{}", self.ids);
        self.made += 1;
        let made = draft.clone();
        self.with(&id, |m| {
            m.draft = draft;
            m.thread = thread.unwrap_or_else(|| m.id.clone());
            true
        });
        let Some(m) = self.messages.iter().find(|m| m.id == id) else { return error(500, "") };
        Answer::json(200, &json!({"id": made, "message": Self::stub(m)}))
    }
}

fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": status, "message": message, "errors": []}}))
}

impl Service for GmailFake {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (method, path) = (asked.method.as_str(), asked.path.as_str());
        if (method, path) == ("POST", "/token") {
            return self.token(asked);
        }
        let bearer = self.tokens.last().map(|t| format!("Bearer {t}"));
        if self.expired || bearer.as_deref() != Some(asked.header("authorization")) {
            let said = asked.header("authorization").trim_start_matches("Bearer ");
            return error(401, &format!("Request had invalid authentication credentials: {said}"));
        }
        let Some(rest) = path.strip_prefix("/gmail/v1/users/me/") else { return error(404, "no") };
        let drafts = |all: Vec<&Message>| -> Vec<Value> {
            let own = all.into_iter().rev().filter(|m| !m.draft.is_empty());
            own.map(|m| json!({"id": m.draft, "message": {"id": m.id, "threadId": m.thread}})).collect()
        };
        match (method, rest.split_once('/').unwrap_or((rest, ""))) {
            ("GET", ("profile", "")) => Answer::json(
                200,
                &json!({"emailAddress": self.account, "messagesTotal": self.messages.len(),
                    "historyId": self.at.to_string()}),
            ),
            ("GET", ("labels", "")) => {
                let usual = ["INBOX", "SENT", "DRAFT"].map(|l| json!({"id": l, "name": l, "type": "system"}));
                let own = self.labels.iter().map(|(id, n)| json!({"id": id, "name": n, "type": "user"}));
                Answer::json(200, &json!({"labels": usual.into_iter().chain(own).collect::<Vec<_>>()}))
            }
            ("GET", ("history", "")) => self.happened(asked),
            ("GET", ("messages", "")) => {
                let rows: Vec<Value> =
                    self.found(asked).iter().map(|m| json!({"id": m.id, "threadId": m.thread})).collect();
                self.paged(asked, "messages", &rows)
            }
            ("GET", ("messages", id)) => match self.messages.iter().find(|m| m.id == id) {
                Some(m) => Answer::json(200, &self.shown(m, asked)),
                None => error(404, "Requested entity was not found."),
            },
            ("GET", ("threads", id)) => {
                let all: Vec<Value> = self
                    .messages
                    .iter()
                    .filter(|m| m.thread == id)
                    .map(|m| {
                        let mut row = Self::stub(m);
                        row["labelIds"] = json!(m.labels);
                        row
                    })
                    .collect();
                if all.is_empty() {
                    return error(404, "Requested entity was not found.");
                }
                Answer::json(200, &json!({"id": id, "historyId": self.at.to_string(), "messages": all}))
            }
            ("GET", ("drafts", "")) => {
                let found = self.found(asked);
                self.paged(asked, "drafts", &drafts(found))
            }
            ("GET", ("drafts", id)) => match self.messages.iter().find(|m| m.draft == id) {
                Some(m) => Answer::json(200, &json!({"id": id, "message": self.shown(m, asked)})),
                None => error(404, "Requested entity was not found."),
            },
            ("POST", ("drafts", "")) => self.make(asked),
            _ => error(404, "no"),
        }
    }
}

/// A parameter as it was meant.
pub(super) fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        out.push(match (first, more) {
            (b'+', _) => b' ',
            (b'%', [a, b, after @ ..]) => {
                rest = after;
                let hex = [*a, *b];
                std::str::from_utf8(&hex).ok().and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or(b'?')
            }
            (c, _) => *c,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

const WEB: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn web64(bytes: &[u8], padded: bool) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().enumerate().fold(0u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..=chunk.len() {
            out.push(char::from(WEB[(n >> (18 - 6 * i) & 63) as usize]));
        }
        if padded {
            out.push_str(&"=".repeat(3 - chunk.len()));
        }
    }
    out
}

pub(super) fn unweb64(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut n) = (Vec::new(), 0u32, 0);
    for c in text.bytes() {
        bits = bits << 6 | u32::try_from(WEB.iter().position(|w| *w == c)?).ok()?;
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n & 255) as u8);
        }
    }
    Some(out)
}
