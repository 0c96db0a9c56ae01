//! The shapes of the archive's answers, as far as they are read, and the tree of a thread.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// What is said about a list and a span of time.
#[derive(Deserialize)]
pub(super) struct Stats {
    /// The list that the answer is about.
    pub list: Option<String>,
    /// How many messages the answer holds.
    pub hits: Option<u64>,
    /// They; with their time alone where nothing else was asked for.
    pub emails: Option<Vec<Row>>,
    /// Messages of each month, `2026-11`, whatever the span.
    #[serde(default, deserialize_with = "months")]
    pub active_months: Option<BTreeMap<String, u64>>,
    #[serde(default, rename = "firstYear")]
    pub first_year: i64,
    #[serde(default, rename = "firstMonth")]
    pub first_month: i64,
    #[serde(default, rename = "lastYear")]
    pub last_year: i64,
    #[serde(default, rename = "lastMonth")]
    pub last_month: i64,
    /// The archive's own clock.
    pub unixtime: Option<i64>,
}

/// A message as lists and searches name it.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Row {
    #[serde(default, deserialize_with = "text")]
    pub mid: String,
    #[serde(default, deserialize_with = "text")]
    pub id: String,
    #[serde(default, rename = "message-id", deserialize_with = "text")]
    pub message_id: String,
    #[serde(default)]
    pub epoch: f64,
}

impl Row {
    /// The archive's own id of it; none when it has none that could be asked for.
    pub fn key(&self) -> Option<&str> {
        let id = if self.mid.is_empty() { &self.id } else { &self.mid };
        is_id(id).then_some(id.as_str())
    }

    /// Its Message-ID, bare.
    pub fn bare(&self) -> String {
        bare(&self.message_id)
    }
}

/// A message with its text, where its source is more than is read.
#[derive(Default, Deserialize)]
pub(super) struct Email {
    #[serde(flatten)]
    pub row: Row,
    #[serde(default, deserialize_with = "text")]
    pub from: String,
    #[serde(default, deserialize_with = "text")]
    pub to: String,
    #[serde(default, deserialize_with = "text")]
    pub cc: String,
    #[serde(default, deserialize_with = "text")]
    pub subject: String,
    #[serde(default, rename = "in-reply-to", deserialize_with = "text")]
    pub in_reply_to: String,
    #[serde(default, deserialize_with = "text")]
    pub references: String,
    #[serde(default, deserialize_with = "text")]
    pub body: String,
}

/// Who asks, and which lists they may read.
#[derive(Deserialize)]
pub(super) struct Preferences {
    #[serde(default)]
    pub login: Login,
    /// Lists by domain and name, with the number of their messages.
    pub lists: Option<BTreeMap<String, BTreeMap<String, f64>>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Login {
    pub credentials: Option<Who>,
}

#[derive(Deserialize)]
pub(super) struct Who {
    #[serde(default, deserialize_with = "text")]
    pub uid: String,
    #[serde(default, deserialize_with = "text")]
    pub email: String,
}

impl Preferences {
    /// The session's own name of who it is for; none when nobody is logged in.
    pub fn who(&self) -> Option<&str> {
        let who = self.login.credentials.as_ref()?;
        [who.uid.as_str(), &who.email].into_iter().find(|n| !n.is_empty())
    }

    /// Messages of a list, where it is shown to who asks.
    pub fn count(&self, name: &str, domain: &str) -> Option<u64> {
        let lists = self.lists.iter().flatten().filter(|(d, _)| d.eq_ignore_ascii_case(domain));
        let found = lists.flat_map(|(_, l)| l).find(|(n, _)| n.eq_ignore_ascii_case(name));
        // A count for people; what is out of range is cut.
        found.map(|(_, n)| n.max(0.0) as u64)
    }
}

/// An id that can be asked for.
pub(super) fn is_id(id: &str) -> bool {
    (1..=512).contains(&id.len()) && !id.chars().any(|c| c.is_control() || c.is_whitespace())
}

pub(super) fn bare(id: &str) -> String {
    let id: String = id.split_whitespace().collect();
    id.trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// A text, or nothing where there is none.
fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(d).map(Option::unwrap_or_default)
}

/// Months by name: one object, or a list of objects.
fn months<'de, D: Deserializer<'de>>(d: D) -> Result<Option<BTreeMap<String, u64>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(BTreeMap<String, u64>),
        Many(Vec<BTreeMap<String, u64>>),
    }
    Ok(Option::<Either>::deserialize(d)?.map(|e| match e {
        Either::One(all) => all,
        Either::Many(many) => many.into_iter().flatten().collect(),
    }))
}

/// The ids of the messages of a thread, from its root on: the tree in the order of the text, however deep it is. A flat
/// list of them is not complete there, and a parser of trees has a depth at which it gives up. None when the text is no
/// whole JSON object.
pub(super) fn tree(json: &[u8]) -> Option<Vec<String>> {
    let json = json.trim_ascii();
    if json.first() != Some(&b'{') {
        return None;
    }
    let (mut at, mut depth, mut out) = (0, 0_i64, Vec::new());
    while let Some(&b) = json.get(at) {
        match b {
            b'"' => {
                let end = string(json, at)?;
                let key = json.get(at..end)?;
                at = end;
                if key != b"\"mid\"" {
                    continue;
                }
                let colon = skip(json, at);
                if json.get(colon) != Some(&b':') {
                    continue;
                }
                let start = skip(json, colon + 1);
                if json.get(start) == Some(&b'"') {
                    at = string(json, start)?;
                    let id: String = serde_json::from_slice(json.get(start..at)?).ok()?;
                    if is_id(&id) && !out.contains(&id) {
                        // The root may name itself after its children.
                        let place = if depth == 2 { 0 } else { out.len() };
                        out.insert(place, id);
                    }
                    if out.len() > super::THREAD {
                        return Some(out);
                    }
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    (depth == 0 && at == json.len()).then_some(out)
}

/// Where a string ends that begins there.
fn string(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match json.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn skip(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// A message made of what the archive shows of it. No value breaks out of its line.
pub(super) fn message(e: &Email) -> Vec<u8> {
    let line = |v: &str| v.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    let mut put = |name: &str, value: &str| {
        let value: String = line(value).chars().filter(|c| !c.is_control()).collect();
        if !value.is_empty() {
            out.push_str(&format!("{name}: {value}\n"));
        }
    };
    put("From", &e.from);
    put("To", &e.to);
    put("Cc", &e.cc);
    put("Subject", &e.subject);
    // What is out of range becomes no date.
    if let Ok(at) = jiff::Timestamp::from_second(e.row.epoch as i64)
        && let Ok(date) = jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC))
    {
        put("Date", &date);
    }
    put("Message-ID", &e.row.message_id);
    put("In-Reply-To", &e.in_reply_to);
    put("References", &e.references);
    out.push_str(
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
    );
    out.push_str(&e.body);
    out.into_bytes()
}
