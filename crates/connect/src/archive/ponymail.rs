//! Pony Mail: one search of a public list over a span of days, then the source of each message that may matter, because
//! the search hides addresses (intake page §2, sync page §2 S11 and S13).

use std::collections::{BTreeMap, BTreeSet};

use desk::{case::ListMail, mail, rules::extract};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;

use super::mbox::{SETTLED, VOTE, is_answer, is_re, list_mail, page};
use crate::net::{Client, Fault, Reply, Request, Site};

/// Most messages whose source is read in one run: there are few advisories, and a search for a common word is no reason
/// to read a list whole.
const SOURCES: usize = 60;

/// A list in an archive.
pub struct PonyMail<'a> {
    client: &'a Client,
    site: Site,
    /// `archive.thread_url`; `{thread_id}` is the archive's own id of the message.
    template: String,
    /// The list's address.
    list: String,
}

/// One hit of a search.
struct Hit {
    id: String,
    message_id: String,
    subject: String,
    excerpt: String,
    answers: bool,
    at: Timestamp,
}

impl<'a> PonyMail<'a> {
    /// A list in the archive at that site.
    #[must_use]
    pub fn new(client: &'a Client, site: Site, template: &str, list: &str) -> Self {
        Self { client, site, template: template.into(), list: list.into() }
    }

    /// The messages since that day that mention each of these CVE ids, oldest first. Answers are left out: an advisory
    /// begins a thread.
    ///
    /// # Errors
    /// When the archive cannot be asked, or its answer makes no sense.
    pub fn mentions(
        &self,
        ids: &BTreeSet<String>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Vec<ListMail>>, Fault> {
        let mut out: BTreeMap<String, Vec<ListMail>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(out);
        }
        let hits = self.search("CVE", since, now)?;
        let may = |h: &&Hit| {
            let said = [h.subject.as_str(), &h.excerpt].map(extract::cve_ids).concat();
            !h.answers && (said.is_empty() || said.iter().any(|id| ids.contains(id)))
        };
        for m in self.read(hits.iter().filter(may), now)? {
            let named = [m.subject.as_str(), &m.body].map(extract::cve_ids).concat();
            let named: BTreeSet<String> = named.into_iter().filter(|id| ids.contains(id)).collect();
            for id in named {
                out.entry(id).or_default().push(m.clone());
            }
        }
        Ok(out)
    }

    /// Votes on releases since that day, their results and cancellations, oldest first.
    ///
    /// # Errors
    /// When the archive cannot be asked, or its answer makes no sense.
    pub fn votes(&self, since: Timestamp, now: Timestamp) -> Result<Vec<ListMail>, Fault> {
        let hits = self.search("VOTE", since, now)?;
        let may = |h: &&Hit| VOTE.is_match(&h.subject) && (!h.answers || SETTLED.is_match(&h.subject));
        self.read(hits.iter().filter(may), now)
    }

    fn search(&self, word: &str, since: Timestamp, now: Timestamp) -> Result<Vec<Hit>, Fault> {
        let Some((list, domain)) = self.list.split_once('@') else {
            return Err(Fault::Setup(format!("`{}` is no address of a list", self.list)));
        };
        let day = |t: Timestamp| t.to_zoned(TimeZone::UTC).date();
        // The archive files by its own clock, so a day more on either side.
        let hours = SignedDuration::from_hours(24);
        let from = since.checked_sub(hours).unwrap_or(since);
        let to = now.checked_add(hours).unwrap_or(now);
        let span = format!("dfr={}|dto={}", day(from), day(to));
        let request = Request::get("/api/stats.lua")
            .query("list", list)
            .query("domain", domain)
            .query("d", span)
            .query("q", word);
        let reply = self.client.call(&self.site, &request)?;
        let found = read(&reply)?;
        let asked = format!("{list}@{domain}");
        let theirs = found.get("list").and_then(Value::as_str);
        if theirs.is_some_and(|l| !l.eq_ignore_ascii_case(&asked)) {
            return Err(Fault::unexpected(&reply, "the answer is about another list"));
        }
        let Some(emails) = found.get("emails").and_then(Value::as_array) else {
            return Err(Fault::unexpected(&reply, "the answer has no list of messages"));
        };
        let mut out: Vec<Hit> = emails.iter().filter_map(hit).collect();
        out.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(out)
    }

    /// The messages themselves; the newest where there are too many.
    fn read<'h>(&self, hits: impl Iterator<Item = &'h Hit>, now: Timestamp) -> Result<Vec<ListMail>, Fault> {
        let hits: Vec<&Hit> = hits.collect();
        let skip = hits.len().saturating_sub(SOURCES);
        let mut out = Vec::new();
        for h in hits.into_iter().skip(skip) {
            let reply =
                self.client.call(&self.site, &Request::get("/api/source.lua").query("id", h.id.as_str()))?;
            // Gone since the search: hidden by its archive.
            if reply.status() == 404 && !reply.is_html() {
                continue;
            }
            if !reply.ok() {
                return Err(reply.refusal());
            }
            let m = mail::parse(reply.bytes(), now);
            let same = h.message_id.is_empty() || m.key.id == h.message_id;
            if m.key.id.is_empty() || !same {
                return Err(Fault::unexpected(&reply, "the answer is not the message that was asked for"));
            }
            if h.answers || !is_answer(&m) || SETTLED.is_match(&m.subject) {
                let url = page(&self.template, &self.list, &h.id, &m.key.id);
                out.push(list_mail(m, url));
            }
        }
        out.sort_by(|a, b| (a.at, &a.message_id).cmp(&(b.at, &b.message_id)));
        Ok(out)
    }
}

fn read(reply: &Reply) -> Result<Value, Fault> {
    if !reply.ok() {
        return Err(reply.refusal());
    }
    let found = reply.json()?;
    if found.get("okay").and_then(Value::as_bool) == Some(false) {
        let why = found.get("message").and_then(Value::as_str).unwrap_or("no reason given");
        return Err(Fault::unexpected(reply, format!("it refused: {}", reply.scrub(why))));
    }
    Ok(found)
}

fn hit(value: &Value) -> Option<Hit> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = [text("mid"), text("id")].into_iter().find(|i| !i.is_empty())?;
    let bare = |id: &str| id.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
    let subject = text("subject");
    let at = value.get("epoch").and_then(Value::as_i64).and_then(|s| Timestamp::from_second(s).ok());
    Some(Hit {
        id: id.to_owned(),
        message_id: bare(text("message-id")),
        subject: subject.to_owned(),
        excerpt: text("body").to_owned(),
        answers: is_re(subject) || !bare(text("in-reply-to")).is_empty(),
        at: at.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::serve::{Answer, Asked, Server, Wrong};

    use super::*;
    use crate::net::{Service, hasty as client};

    fn raw(id: &str, subject: &str, more: &str, body: &str) -> String {
        format!(
            "From: Rita RM <rita@acme.example>\nDate: Sat, 21 Nov 2026 09:00:00 +0000\nMessage-ID: <{id}>\nSubject: \
             {subject}\n{more}\n{body}\n"
        )
    }

    /// What the archive holds: its id, subject, more headers, body.
    const MAILS: &[(&str, &str, &str, &str)] = &[
        ("aa11", "CVE-2026-11111: Acme Server: a flaw", "", "Severity: low\n"),
        ("bb22", "Re: CVE-2026-11111: Acme Server: a flaw", "In-Reply-To: <aa11@x>\n", "thanks"),
        ("cc33", "[ANNOUNCE] Acme Server 2.4.1", "", "This release mends CVE-2026-11111."),
        ("dd44", "CVE-2025-99999: another", "", "nothing of ours"),
        ("ee55", "[VOTE] Release Acme Server 2.4.1 from rc1", "", "please vote"),
        ("ff66", "Re: [VOTE] Release Acme Server 2.4.1 from rc1", "In-Reply-To: <ee55@x>\n", "+1"),
        ("gg77", "[RESULT][VOTE] Release Acme Server 2.4.1", "In-Reply-To: <ee55@x>\n", "passed"),
    ];

    fn archive(asked: &Asked) -> Answer {
        match asked.path.as_str() {
            "/api/stats.lua" => {
                let word = asked.param("q").unwrap_or_default();
                let hits = MAILS.iter().filter(|m| format!("{} {}", m.1, m.3).contains(word));
                let emails: Vec<Value> = hits
                    .map(|(id, subject, more, body)| {
                        json!({
                            "id": id, "mid": id, "message-id": format!("<{id}@x>"), "subject": subject, "epoch": 1_763_715_600,
                            "from": "Rita RM <ri...@acme.example>", "body": body, "private": false,
                            "in-reply-to": more.strip_prefix("In-Reply-To: ").unwrap_or_default().trim(),
                        })
                    })
                    .collect();
                Answer::json(
                    200,
                    &json!({"list": "users@acme.example", "hits": emails.len(), "emails": emails}),
                )
            }
            _ => match MAILS.iter().find(|m| Some(m.0) == asked.param("id")) {
                Some((id, subject, more, body)) => {
                    let text = raw(&format!("{id}@x"), subject, more, body);
                    Answer { kind: "text/plain", body: text.into_bytes(), ..Answer::html(200, "") }
                }
                None => Answer::json(404, &json!({"okay": false, "message": "Email not found!"})),
            },
        }
    }

    fn site(url: &str) -> Site {
        Site::at(Service::Archive, url, false).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const TEMPLATE: &str = "https://lists.acme.example/thread/{thread_id}";

    #[test]
    fn an_advisory_is_found_with_its_sender_and_its_page() {
        let server = Server::start(archive);
        let client = client();
        let list = PonyMail::new(&client, site(&server.url()), TEMPLATE, "users@acme.example");
        let ids = BTreeSet::from(["CVE-2026-11111".to_owned(), "CVE-2026-22222".to_owned()]);
        let (since, now) = (at("2026-11-01T00:00:00Z"), at("2026-11-22T12:00:00Z"));
        let found = list.mentions(&ids, since, now).unwrap();
        let mails = &found["CVE-2026-11111"];
        let urls: Vec<&str> = mails.iter().map(|m| m.url.as_str()).collect();
        assert_eq!(
            urls,
            ["https://lists.acme.example/thread/aa11", "https://lists.acme.example/thread/cc33"]
        );
        assert!(mails[0].is_root() && mails[0].from.is("rita@acme.example"), "{:?}", mails[0]);
        assert!(!found.contains_key("CVE-2026-22222"));
        let asked = server.seen();
        assert!(asked[0].query.contains("list=users&domain=acme.example"), "{}", asked[0].query);
        assert!(asked[0].query.contains("d=dfr%3D2026-10-31%7Cdto%3D2026-11-23"), "{}", asked[0].query);
        assert_eq!(asked.len(), 3, "one search, and the source of what may matter: no answer, no other flaw");
        assert!(list.mentions(&BTreeSet::new(), since, now).unwrap().is_empty());
        assert_eq!(server.seen().len(), 3, "nothing to look for, nothing asked");

        let votes = list.votes(since, now).unwrap();
        let votes: Vec<&str> = votes.iter().map(|m| m.subject.as_str()).collect();
        assert_eq!(votes, [MAILS[4].1, MAILS[6].1]);
    }

    #[test]
    fn whatever_goes_wrong_is_an_error_and_never_an_empty_list() {
        let server = Server::start(archive);
        let client = client();
        let list = PonyMail::new(&client, site(&server.url()), TEMPLATE, "users@acme.example");
        let ids = BTreeSet::from(["CVE-2026-11111".to_owned()]);
        let (since, now) = (at("2026-11-01T00:00:00Z"), at("2026-11-22T12:00:00Z"));
        for path in ["stats", "source"] {
            for wrong in Wrong::every() {
                if matches!(wrong, Wrong::Silence) {
                    continue;
                }
                server.go_wrong_times("GET", path, wrong.clone(), 4);
                let found = list.mentions(&ids, since, now);
                server.all_well();
                match (path, &wrong) {
                    (_, Wrong::Late(_)) => assert_eq!(found.unwrap()["CVE-2026-11111"].len(), 2),
                    // A message that its archive has hidden since the search.
                    ("source", Wrong::Status(404)) => assert!(found.unwrap().is_empty()),
                    _ => {
                        let e = found.unwrap_err().to_string();
                        assert!(e.contains(path), "{wrong:?}: {e}");
                    }
                }
            }
        }
        let nowhere = PonyMail::new(&client, site(&server.url()), TEMPLATE, "users");
        assert!(nowhere.mentions(&ids, since, now).is_err());
        let other = PonyMail::new(&client, site(&server.url()), TEMPLATE, "dev@acme.example");
        assert!(other.votes(since, now).unwrap_err().to_string().contains("another list"));
    }
}
