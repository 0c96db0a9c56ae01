//! Pony Mail as a mailbox: the lists of an archive, read month by month with the session of a person who may read them. It
//! is read only: an archive keeps no drafts and knows nothing of what was sent. What a private list does not show to a
//! session that has ended looks like an empty list; no reading here is believed before the archive has said who asks
//! (intake page §2).

mod access;
mod progress;
mod shape;

use std::sync::Arc;

use desk::mail::place_of_archive;
use jiff::Timestamp;

pub use access::PonySession;

use self::{access::Access, progress::One, shape::Row};
use super::{Abilities, Cursor, Found, LIMIT, Mail, MailFault, Mailbox, NewDraft, Page, Place};
use crate::net::{Client, Limits, Site};

/// Messages of a thread that are read.
const THREAD: usize = 1000;

/// Limits for a client that reads whole messages. The archive asks for one more try, not for three.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        body: LIMIT as u64 + 256 * 1024,
        deadline: std::time::Duration::from_secs(120),
        tries: 2,
        ..Limits::default()
    }
}

/// A list of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    name: String,
    domain: String,
}

impl List {
    /// Read the address of a list. A star would ask for every list there is.
    fn read(address: &str) -> Option<Self> {
        let (name, domain) = address.trim().split_once('@')?;
        let plain = |s: &str| {
            let ok = |b: u8| b.is_ascii_alphanumeric() || b"-_.+".contains(&b);
            (1..=200).contains(&s.len()) && s.bytes().all(ok)
        };
        (plain(name) && plain(domain)).then(|| Self { name: name.into(), domain: domain.into() })
    }

    fn address(&self) -> String {
        format!("{}@{}", self.name, self.domain)
    }

    /// The archive's own name of it.
    fn id(&self) -> String {
        format!("<{}.{}>", self.name, self.domain)
    }
}

/// What the configuration says about an archive.
pub struct PonySource {
    /// The archive.
    pub site: Site,
    /// Addresses of the lists that are read.
    pub lists: Vec<String>,
    /// The session of a person who may read them; none for lists that everybody may read.
    pub session: Option<PonySession>,
}

/// Lists at an archive of Pony Mail.
pub struct PonyMailbox {
    access: Access,
    lists: Vec<List>,
}

impl PonyMailbox {
    /// Use those lists, through a client with [`limits`]. Nothing is asked before it is needed.
    ///
    /// # Errors
    /// Which text is no list.
    pub fn new(client: Arc<Client>, source: PonySource) -> Result<Self, String> {
        let mut lists: Vec<List> = Vec::new();
        for address in &source.lists {
            let list = List::read(address).ok_or_else(|| format!("`{address}` is no address of a list"))?;
            if !lists.contains(&list) {
                lists.push(list);
            }
        }
        if lists.is_empty() {
            return Err("it names no list".into());
        }
        Ok(Self { access: Access::new(client, source.site, source.session), lists })
    }

    fn no(&self, operation: &'static str) -> MailFault {
        MailFault::NotSupported { what: self.name(), operation }
    }

    /// A message by its Message-ID, in the first list that has it.
    fn row(&self, message_id: &str) -> Result<Option<(&List, Row)>, MailFault> {
        let plain = |b: u8| b.is_ascii_graphic() && !b"<>".contains(&b);
        if !(1..=900).contains(&message_id.len()) || !message_id.bytes().all(plain) {
            let why = "a Message-ID of that form cannot be searched for".into();
            return Err(MailFault::Refused { what: self.access.what("email"), why });
        }
        for list in &self.lists {
            if let Some(row) = self.access.by_message_id(list, message_id)? {
                return Ok(Some((list, row)));
            }
        }
        // Not there, or not shown?
        self.access.check(&self.lists.iter().collect::<Vec<_>>())?;
        Ok(None)
    }

    /// The page that shows a message with its thread; none where its id would change where a browser goes.
    fn link(&self, list: &List, key: &str) -> Option<String> {
        let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
        let List { name, domain } = list;
        plain.then(|| format!("{}/thread/{key}?%3C{name}.{domain}%3E", self.access.origin()))
    }

    /// Where a message was read.
    fn place(&self, list: &List, key: &str) -> String {
        match self.link(list, key) {
            Some(url) => place_of_archive(&url),
            None => format!("{} {} message {key}", self.access.origin(), list.address()),
        }
    }

    fn mail(&self, list: &List, key: &str, thread: &str) -> Result<Option<Mail>, MailFault> {
        Ok(match self.one(key)? {
            One::Not(_) => None,
            One::Is(bytes, note) => Some(Mail {
                bytes,
                place: self.place(list, key),
                folder: list.address(),
                id: key.into(),
                thread: thread.into(),
                note,
            }),
        })
    }
}

impl Mailbox for PonyMailbox {
    fn name(&self) -> String {
        let lists: Vec<String> = self.lists.iter().map(List::address).collect();
        format!("{} ({})", self.access.origin(), lists.join(", "))
    }

    fn can(&self) -> Abilities {
        abilities()
    }

    fn probe(&self) -> Vec<Result<String, MailFault>> {
        let found = match self.access.check(&[]) {
            Ok(found) => found,
            Err(f) => return vec![Err(f)],
        };
        let mut out = vec![Ok(match found.who() {
            Some(who) => format!("{} lets us in as {}", self.access.origin(), plain(who)),
            None => format!("{} answers; nobody is logged in", self.access.origin()),
        })];
        for list in &self.lists {
            out.push(match found.count(&list.name, &list.domain) {
                Some(n) => Ok(format!("{} has {n} messages", list.address())),
                None => match self.access.check(&[list]) {
                    Ok(_) => Ok(format!("{} can be read", list.address())),
                    Err(f) => Err(f),
                },
            });
        }
        out
    }

    fn page(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault> {
        self.next(cursor, since)
    }

    fn fetch(&self, message_id: &str) -> Result<Option<Mail>, MailFault> {
        let Some((list, row)) = self.row(message_id)? else { return Ok(None) };
        self.mail(list, row.key().unwrap_or_default(), "")
    }

    fn find(&self, place: Place, _: &str) -> Result<Option<Found>, MailFault> {
        Err(self.no(match place {
            Place::Drafts => "keep drafts",
            Place::Sent => "tell what was sent",
        }))
    }

    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        Err(self.no("keep drafts"))
    }

    fn create_draft(&self, _: &NewDraft<'_>) -> Result<Found, MailFault> {
        Err(self.no("keep drafts"))
    }

    fn thread_url(&self, message_id: &str) -> Result<Option<String>, MailFault> {
        let Some((list, row)) = self.row(message_id)? else { return Ok(None) };
        let ids = self.access.thread(row.key().unwrap_or_default())?;
        let root = ids.first().map_or_else(|| row.key().unwrap_or_default(), String::as_str);
        Ok(self.link(list, root))
    }

    fn thread(&self, message_id: &str) -> Result<Vec<Mail>, MailFault> {
        let Some((list, row)) = self.row(message_id)? else { return Ok(Vec::new()) };
        let ids = self.access.thread(row.key().unwrap_or_default())?;
        if ids.len() > THREAD {
            return Err(MailFault::Refused {
                what: self.access.what("thread"),
                why: format!("the thread has more than {THREAD} messages"),
            });
        }
        let root = ids.first().cloned().unwrap_or_default();
        let mut out = Vec::new();
        for id in &ids {
            out.extend(self.mail(list, id, &root)?);
        }
        // A reply that a session may no longer see is not a reply that does not exist.
        self.access.check(&[])?;
        Ok(out)
    }
}

/// What an archive can do, before anybody asks it.
#[must_use]
pub fn abilities() -> Abilities {
    Abilities { list_recent: true, read: true, thread_url: true, read_thread: true, ..Abilities::default() }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests;
