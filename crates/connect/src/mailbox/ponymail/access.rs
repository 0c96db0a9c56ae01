//! The way in: requests with the cookie of a session, and what their answers mean. An archive answers a request that may
//! not see a list like one about an empty list; what the account may read is asked for by itself.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{
    List,
    shape::{Email, Preferences, Row, Stats, bare, is_id},
};
use crate::{
    mailbox::MailFault,
    net::{Client, Fault, Redirect, Reply, Request, Secret, Site},
};

/// How to get a session that is good.
pub(super) const AGAIN: &str = "log in there in a browser, and put the value of its cookie `ponymail` where \
                                mail.source.credential says (docs/mailboxes.md, Pony Mail)";
/// Lists named to a person who named one that is not there.
const NAMED: usize = 20;

/// The cookie of a session. It lasts for about a day.
pub struct PonySession {
    header: Secret,
    value: Secret,
}

impl PonySession {
    /// Read it: the value, or `ponymail=` and the value.
    ///
    /// # Errors
    /// What is wrong with it; nothing of it is said.
    pub fn read(secret: &Secret) -> Result<Self, String> {
        let text = secret.expose().trim();
        let text = text.strip_prefix("ponymail=").unwrap_or(text).trim_end_matches(';');
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !plain || !(8..=256).contains(&text.len()) {
            return Err(
                "the secret is no session of Pony Mail: it is the value of its cookie `ponymail`".into()
            );
        }
        Ok(Self { header: Secret::new(format!("ponymail={text}")), value: Secret::new(text.into()) })
    }
}

/// An archive, and who asks.
pub(super) struct Access {
    client: Arc<Client>,
    pub site: Site,
    session: Option<PonySession>,
}

impl Access {
    pub fn new(client: Arc<Client>, site: Site, session: Option<PonySession>) -> Self {
        Self { client, site, session }
    }

    pub fn origin(&self) -> String {
        self.site.address.origin()
    }

    pub fn what(&self, doing: &str) -> String {
        format!("{} {doing}", self.origin())
    }

    pub fn strange(&self, doing: &str, why: impl Into<String>) -> MailFault {
        MailFault::Strange { what: self.what(doing), why: why.into() }
    }

    /// Ask. An answer with any status comes back; `None` is one that is longer than is read.
    fn ask(&self, request: Request) -> Result<Option<Reply>, MailFault> {
        let request = match &self.session {
            Some(s) => request.header("cookie", &s.header).hiding(&s.value),
            None => request,
        };
        match self.client.call(&self.site, &request.stay()) {
            Ok(reply) => Ok(Some(reply)),
            Err(Fault::TooLarge { .. }) => Ok(None),
            // Whose session has ended is sent to a page where one logs in.
            Err(Fault::Redirected { what, to: to @ (Redirect::Page(_) | Redirect::OtherHost(_)) }) => {
                Err(MailFault::LogIn { what, why: format!("{to}; {AGAIN}") })
            }
            Err(f) => Err(MailFault::of_request(f)),
        }
    }

    /// What a status that is no success means.
    fn refusal(&self, reply: &Reply) -> MailFault {
        let (what, status) = (reply.what().to_owned(), reply.status());
        let why = format!("status {status}: {}", reply.excerpt());
        match status {
            401 | 403 => MailFault::LogIn { what, why: format!("{why}; {AGAIN}") },
            404 | 410 => MailFault::NotFound { what, why },
            500.. => MailFault::NoAnswer { what, why },
            400..=499 => MailFault::Refused { what, why },
            _ => MailFault::Strange { what, why },
        }
    }

    /// A JSON object of that shape. Its content is mail, and is not repeated in an error.
    fn shape<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, MailFault> {
        if !reply.ok() {
            return Err(self.refusal(reply));
        }
        let what = reply.what().to_owned();
        let bytes = reply.bytes().trim_ascii_start();
        let found = if bytes.first() == Some(&b'{') { serde_json::from_slice(bytes).ok() } else { None };
        found.ok_or_else(|| {
            let kind = if reply.is_html() { "a page of HTML" } else { "not what an archive answers" };
            MailFault::Strange { what, why: format!("the answer is {kind}") }
        })
    }

    fn whole(&self, reply: Option<Reply>, doing: &str) -> Result<Reply, MailFault> {
        reply.ok_or_else(|| self.strange(doing, "the answer is longer than is read"))
    }

    /// What the archive has of a list: of one month with its messages, else their number by month.
    pub fn stats(&self, list: &List, month: Option<&str>) -> Result<Stats, MailFault> {
        let request = Request::get("/api/stats.lua")
            .query("list", list.name.as_str())
            .query("domain", list.domain.as_str());
        let request = match month {
            Some(m) => request.query("d", m).query("emailsOnly", "true"),
            None => request.query("quick", "true"),
        };
        let reply = self.whole(self.ask(request)?, "stats")?;
        let stats: Stats = self.shape(&reply)?;
        let strange = |why: &str| MailFault::Strange { what: reply.what().into(), why: why.into() };
        let theirs = stats.list.as_deref().ok_or_else(|| strange("the answer names no list"))?;
        if !theirs.eq_ignore_ascii_case(&list.address()) {
            return Err(strange("the answer is about another list"));
        }
        if month.is_some() {
            let rows =
                stats.emails.as_deref().ok_or_else(|| strange("the answer has no list of messages"))?;
            if stats.hits.is_some_and(|h| h != rows.len() as u64) {
                return Err(strange("the answer names another number of messages than it holds"));
            }
            if rows.iter().any(|r| r.key().is_none()) {
                return Err(strange("the answer has a message without an id"));
            }
        }
        Ok(stats)
    }

    /// The source of a message; none when the archive does not show it, and inside none when it is longer than is read.
    pub fn source(&self, id: &str) -> Result<Option<Option<Vec<u8>>>, MailFault> {
        let Some(reply) = self.ask(Request::get("/api/source.lua").query("id", id))? else {
            return Ok(Some(None));
        };
        if reply.status() == 404 {
            return Ok(None);
        }
        if !reply.ok() {
            return Err(self.refusal(&reply));
        }
        if !reply.is_plain() {
            let why = "the answer is not the source of a message".to_owned();
            return Err(MailFault::Strange { what: reply.what().into(), why });
        }
        Ok(Some(Some(reply.bytes().to_vec())))
    }

    /// Every message of a list and month, one after the other; none where that is not to be had. It saves requests, and
    /// what it lacks is asked for one by one.
    pub fn month(&self, list: &List, month: &str) -> Result<Option<Vec<u8>>, MailFault> {
        let request = Request::get("/api/mbox.lua")
            .query("list", list.name.as_str())
            .query("domain", list.domain.as_str())
            .query("d", month);
        let reply = self.ask(request)?;
        Ok(reply.filter(|r| r.ok() && r.is_mail()).map(|r| r.bytes().to_vec()))
    }

    /// A message by its Message-ID in a list; none when the archive shows none.
    pub fn by_message_id(&self, list: &List, message_id: &str) -> Result<Option<Row>, MailFault> {
        let request =
            Request::get("/api/email.lua").query("id", format!("<{message_id}>")).query("listid", list.id());
        let Some(found) = self.email(request)? else { return Ok(None) };
        if found.row.bare() != bare(message_id) || found.row.key().is_none() {
            return Err(self.strange("email", "it answers with another message"));
        }
        Ok(Some(found.row))
    }

    /// What the archive shows of a message, its attachments left out.
    pub fn shown(&self, id: &str) -> Result<Option<Email>, MailFault> {
        let found = self.email(Request::get("/api/email.lua").query("id", id))?;
        match found {
            Some(e) if e.row.key() != Some(id) => {
                Err(self.strange("email", "it answers with another message"))
            }
            found => Ok(found),
        }
    }

    fn email(&self, request: Request) -> Result<Option<Email>, MailFault> {
        let reply = self.whole(self.ask(request)?, "email")?;
        if reply.status() == 404 {
            return Ok(None);
        }
        self.shape(&reply).map(Some)
    }

    /// The ids of a thread from its root on, given the id of one of its messages.
    pub fn thread(&self, id: &str) -> Result<Vec<String>, MailFault> {
        let request = Request::get("/api/thread.lua").query("id", id).query("find_parent", "true");
        let reply = self.whole(self.ask(request)?, "thread")?;
        if !reply.ok() {
            return Err(self.refusal(&reply));
        }
        let ids = super::shape::tree(reply.bytes()).filter(|ids| !ids.is_empty());
        ids.ok_or_else(|| MailFault::Strange {
            what: reply.what().into(),
            why: "the answer is no thread".into(),
        })
    }

    /// Who asks, and what they may read.
    pub fn preferences(&self) -> Result<Preferences, MailFault> {
        let reply = self.whole(self.ask(Request::get("/api/preferences.lua"))?, "preferences")?;
        let found: Preferences = self.shape(&reply)?;
        if found.lists.is_none() {
            let why = "the answer has no lists".into();
            return Err(MailFault::Strange { what: reply.what().into(), why });
        }
        Ok(found)
    }

    /// Is what was just read the whole story? Asked after the reading: a session that is good then was good before. Lists
    /// that showed nothing are given; they must be ones that the account may read.
    pub fn check(&self, empty: &[&List]) -> Result<Preferences, MailFault> {
        let found = self.preferences()?;
        let what = self.what("preferences");
        let who = found.who();
        if self.session.is_some() && who.is_none() {
            return Err(MailFault::LogIn { what, why: format!("the session has ended; {AGAIN}") });
        }
        for list in empty {
            if found.count(&list.name, &list.domain).is_some() {
                continue;
            }
            let address = list.address();
            return Err(match who {
                None => MailFault::LogIn {
                    what,
                    why: format!("it shows no list {address} to those who are not logged in; {AGAIN}"),
                },
                Some(who) => {
                    let of = |d: &String| d.eq_ignore_ascii_case(&list.domain);
                    let names =
                        found.lists.iter().flatten().filter(|(d, _)| of(d)).flat_map(|(_, l)| l.keys());
                    let names: Vec<&str> =
                        names.filter(|n| is_id(n)).take(NAMED).map(String::as_str).collect();
                    let there = if names.is_empty() { "none".into() } else { names.join(", ") };
                    let why =
                        format!("it shows no list {address} to {who} (of {} it shows: {there})", list.domain);
                    MailFault::NotFound { what, why }
                }
            });
        }
        Ok(found)
    }
}
