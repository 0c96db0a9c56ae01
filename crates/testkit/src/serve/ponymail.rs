//! An archive of Pony Mail, as its documentation describes it: what may not be seen is not there, a session is a cookie, mail
//! is filed by the date it bears, the tree of a thread nests, and its flat list holds little but the root.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{Answer, Asked, Service, gmail::decode};

/// A message of the archive.
#[derive(Clone, Debug, Default)]
pub struct PonyMessage {
    /// The archive's own id.
    pub mid: String,
    /// `security@example.org`.
    pub list: String,
    /// Its source.
    pub source: String,
    /// When it says that it was written, in seconds.
    pub epoch: i64,
    /// Hidden by an administrator.
    pub hidden: bool,
}

impl PonyMessage {
    fn field(&self, name: &str) -> String {
        let head = self.source.split("\n\n").next().unwrap_or_default();
        let found = head.lines().find_map(|l| {
            let (n, v) = l.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| v.trim().to_owned())
        });
        found.unwrap_or_default()
    }

    fn message_id(&self) -> String {
        let id = self.field("Message-ID");
        if id.is_empty() { format!("<{}@archive>", self.mid) } else { id }
    }

    fn raw_list(&self) -> String {
        format!("<{}>", self.list.replace('@', "."))
    }

    fn month(&self) -> String {
        let at = Timestamp::from_second(self.epoch).unwrap().to_zoned(TimeZone::UTC);
        format!("{:04}-{:02}", at.year(), at.month())
    }
}

/// The archive.
pub struct PonyFake {
    /// Cookies of sessions, and who they are for.
    pub sessions: BTreeMap<String, String>,
    /// Lists that only members may read, and who they are.
    pub private: BTreeMap<String, BTreeSet<String>>,
    /// Lists that everybody may read.
    pub public: BTreeSet<String>,
    /// Mail, oldest first.
    pub mails: Vec<PonyMessage>,
    /// The clock.
    pub now: i64,
    /// Say how many messages each month has? Archives of old do not.
    pub months: bool,
    /// Name the months as a list of objects?
    pub listed: bool,
    /// Answer for whole months?
    pub mbox: bool,
    /// The next reading after that many requests finds its session ended.
    pub ends_after: Option<usize>,
}

impl PonyFake {
    /// An archive with one private list and one session.
    #[must_use]
    pub fn new(list: &str, session: &str, now: i64) -> Self {
        Self {
            sessions: BTreeMap::from([(session.into(), "maren".into())]),
            private: BTreeMap::from([(list.into(), BTreeSet::from(["maren".into()]))]),
            public: BTreeSet::new(),
            mails: Vec::new(),
            now,
            months: true,
            listed: false,
            mbox: true,
            ends_after: None,
        }
    }

    /// A mail comes in. Line ends are folded, as the archive keeps them.
    pub fn receive(&mut self, list: &str, source: &str, epoch: i64) -> String {
        let mid = format!("r{:04}x", self.mails.len());
        let source = source.replace("\r\n", "\n");
        self.mails.push(PonyMessage { mid: mid.clone(), list: list.into(), source, epoch, hidden: false });
        mid
    }

    fn who(&self, asked: &Asked) -> Option<&String> {
        let cookie = asked.header("cookie").split(';').find_map(|c| c.trim().strip_prefix("ponymail="))?;
        self.sessions.get(cookie)
    }

    fn may(&self, list: &str, who: Option<&String>) -> bool {
        self.public.contains(list)
            || who.is_some_and(|w| self.private.get(list).is_some_and(|members| members.contains(w)))
    }

    fn seen<'a>(&'a self, who: Option<&'a String>) -> impl Iterator<Item = &'a PonyMessage> {
        self.mails.iter().filter(move |m| !m.hidden && self.may(&m.list, who))
    }

    fn row(m: &PonyMessage) -> Value {
        json!({"mid": m.mid, "id": m.mid, "message-id": m.message_id(), "in-reply-to": m.field("In-Reply-To"),
            "from": m.field("From"), "subject": m.field("Subject"), "epoch": m.epoch, "list_raw": m.raw_list(),
            "private": true, "body": "the beginning of it ..."})
    }

    fn found<'a>(&'a self, asked: &Asked, who: Option<&'a String>) -> Option<&'a PonyMessage> {
        let id = decode(asked.param("id").unwrap_or_default());
        let list = asked.param("listid").map(decode);
        self.seen(who).find(|m| match &list {
            Some(l) => m.message_id() == id && m.raw_list() == *l,
            None => m.mid == id,
        })
    }

    fn children(&self, m: &PonyMessage, who: Option<&String>) -> Vec<Value> {
        let answers = self.seen(who).filter(|c| c.field("In-Reply-To") == m.message_id());
        let child = |c: &PonyMessage| {
            let mut row = Self::row(c);
            row["tid"] = c.mid.clone().into();
            row["children"] = self.children(c, who).into();
            row
        };
        answers.map(child).collect()
    }

    fn stats(&self, asked: &Asked, who: Option<&String>) -> Answer {
        let (Some(name), Some(domain)) = (asked.param("list"), asked.param("domain")) else {
            return Answer::json(200, &json!({}));
        };
        let list = format!("{}@{}", decode(name), decode(domain));
        let all: Vec<&PonyMessage> = self.seen(who).filter(|m| m.list == list).collect();
        let span = asked.param("d").map(decode).unwrap_or_default();
        let within = |m: &&&PonyMessage| span.is_empty() || m.month() == span;
        let rows: Vec<Value> = all.iter().filter(within).map(|m| Self::row(m)).collect();
        let mut months: BTreeMap<String, u64> = BTreeMap::new();
        // What is hidden is counted, and not shown.
        for m in self.mails.iter().filter(|m| m.list == list && self.may(&list, who)) {
            *months.entry(m.month()).or_default() += 1;
        }
        let of = |m: Option<&String>| -> (i64, i64) {
            let m = m.map_or("1970-01", String::as_str);
            (m[..4].parse().unwrap(), m[5..].parse().unwrap())
        };
        let (first, last) = (of(months.keys().next()), of(months.keys().next_back()));
        let rows = if asked.param("quick").is_some() {
            rows.into_iter().map(|r| json!({"epoch": r["epoch"]})).collect()
        } else {
            rows
        };
        let mut out = json!({"list": list, "name": decode(name), "domain": decode(domain), "hits": rows.len(),
            "emails": rows, "no_threads": 0, "unixtime": self.now, "firstYear": first.0, "firstMonth": first.1,
            "lastYear": last.0, "lastMonth": last.1, "searchParams": {}, "participants": {}});
        if self.months && self.listed {
            out["active_months"] = months.iter().map(|(m, n)| json!({m: n})).collect();
        } else if self.months {
            out["active_months"] = json!(months);
        }
        Answer::json(200, &out)
    }

    fn mbox(&self, asked: &Asked, who: Option<&String>) -> Answer {
        let of = |key: &str| asked.param(key).map(decode).unwrap_or_default();
        let (list, span) = (format!("{}@{}", of("list"), of("domain")), of("d"));
        let mut text = String::new();
        for m in self.seen(who).filter(|m| m.list == list && m.month() == span) {
            text.push_str("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n");
            for line in m.source.split('\n') {
                if line.trim_start_matches('>').starts_with("From ") {
                    text.push('>');
                }
                text.push_str(line);
                text.push('\n');
            }
            if !text.ends_with("\n\n") {
                text.push('\n');
            }
        }
        Answer { kind: "application/mbox", body: text.into_bytes(), ..Answer::html(200, "") }
    }

    fn preferences(&self, who: Option<&String>) -> Answer {
        let mut lists = json!({});
        for list in self.private.keys().chain(&self.public).filter(|l| self.may(l, who)) {
            let (name, domain) = list.split_once('@').unwrap();
            lists[domain][name] = self.mails.iter().filter(|m| m.list == *list).count().into();
        }
        let login = match who {
            Some(w) => json!({"credentials": {"uid": w, "email": format!("{w}@example.org"), "fullname": w}}),
            None => json!({}),
        };
        Answer::json(200, &json!({"login": login, "lists": lists, "versions": {"foal": "fake"}}))
    }
}

impl Service for PonyFake {
    fn answer(&mut self, asked: &Asked) -> Answer {
        match self.ends_after {
            Some(0) => self.sessions.clear(),
            Some(n) => self.ends_after = Some(n - 1),
            None => {}
        }
        let who = self.who(asked).cloned();
        let who = who.as_ref();
        let plain = |status: u16, text: &str| Answer {
            kind: "text/plain; charset=utf-8",
            ..Answer::html(status, text)
        };
        let gone = || plain(404, "Email not found");
        match asked.path.as_str() {
            "/api/stats.lua" => self.stats(asked, who),
            "/api/preferences.lua" => self.preferences(who),
            "/api/mbox.lua" if self.mbox => self.mbox(asked, who),
            "/api/source.lua" => self.found(asked, who).map_or_else(gone, |m| plain(200, &m.source)),
            "/api/email.lua" => self.found(asked, who).map_or_else(gone, |m| {
                let mut row = Self::row(m);
                let body: String =
                    m.source.split_once("\n\n").map_or("", |(_, b)| b).chars().take(5000).collect();
                row["body"] = body.into();
                row["to"] = m.field("To").into();
                row["references"] = m.field("References").into();
                row["attachments"] = json!([]);
                Answer::json(200, &row)
            }),
            "/api/thread.lua" => {
                let Some(mut m) = self.found(asked, who) else { return plain(404, "Content not found") };
                if asked.param("find_parent").is_some() {
                    while let Some(p) = self.seen(who).find(|p| p.message_id() == m.field("In-Reply-To")) {
                        m = p;
                    }
                }
                let mut root = Self::row(m);
                root["children"] = self.children(m, who).into();
                Answer::json(200, &json!({"thread": root, "emails": [Self::row(m)]}))
            }
            _ => plain(404, "API Endpoint not found!"),
        }
    }
}
