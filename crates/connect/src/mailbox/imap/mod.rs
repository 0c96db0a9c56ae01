//! IMAP (RFC 3501): folders read from where the last reading ended, drafts put where the mail client looks for them,
//! and our letters looked up by their Message-ID. Nothing is flagged, moved or deleted.

mod name;
mod progress;
mod server;
mod session;
mod stream;
mod thread;
mod wire;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;

pub use server::{Security, Server};

use self::{progress::Progress, session::Session};
use super::{Abilities, Cursor, Found, LIMIT, Mail, MailFault, Mailbox, NewDraft, Page, Place};
use crate::net::{Limits, Secret};

/// Drafts that are looked at. With more of them nobody could say that one is not there.
const DRAFTS: usize = 2000;
/// Bytes of what is read of one draft, about.
const DRAFT_HEADER: u64 = 4096;
/// A connection that was not used for so long may be gone without a word, and is opened anew.
const IDLE: Duration = Duration::from_secs(60);
/// Bytes of a thread that are read, about.
const THREAD_BYTES: u64 = 256 * 1024 * 1024;
/// Messages with one Message-ID that are looked at.
const TWINS: usize = 50;
/// Folders named to a person who named one that is not there.
const NAMED: usize = 20;

/// How one logs in.
#[derive(Clone)]
pub enum LogIn {
    /// A password, or one made for programs.
    Password(Secret),
    /// An access token (XOAUTH2).
    Token(Secret),
}

/// Where a folder for a purpose is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Where the server says (RFC 6154), else by its usual name.
    #[default]
    Asked,
    /// In the folder of that name.
    Named(String),
    /// Not on this server.
    Nowhere,
}

/// What the configuration says about a server.
pub struct ImapSource {
    /// The server.
    pub server: Server,
    /// The account.
    pub account: String,
    /// How to log in.
    pub log_in: LogIn,
    /// Folders that are read, by their names for people.
    pub folders: Vec<String>,
    /// Where drafts go.
    pub drafts: Purpose,
    /// Where sent mail is kept.
    pub sent: Purpose,
    /// Authorities to trust instead of the built-in ones.
    pub ca_file: Option<PathBuf>,
}

type Log = Box<dyn Fn(&str) + Send + Sync>;

/// A mailbox on an IMAP server.
pub struct Imap {
    source: ImapSource,
    limits: Limits,
    trust: Arc<rustls::ClientConfig>,
    /// The open session, and when it was last used.
    session: Mutex<Option<(Session, Instant)>>,
    log: Option<Log>,
}

/// What went wrong in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trouble {
    Setup(String),
    Unreachable(String),
    LogIn(String),
    NotFound(String),
    Refused(String),
    /// The connection broke, or (`late`) nothing came in time.
    Lost {
        why: String,
        late: bool,
    },
    Strange(String),
    /// It broke when a message may have been kept.
    Unknown {
        why: String,
        late: bool,
    },
}

impl Imap {
    /// Use that server. Nothing is asked before it is needed.
    ///
    /// # Errors
    /// When the file of authorities cannot be used.
    pub fn new(source: ImapSource, limits: Limits) -> Result<Self, MailFault> {
        let trust = stream::trust(source.ca_file.as_deref())
            .map_err(|why| MailFault::Setup { what: source.server.origin(), why })?;
        Ok(Self { source, limits, trust, session: Mutex::default(), log: None })
    }

    /// Write every operation down, without secrets.
    #[must_use]
    pub fn logged(mut self, log: Log) -> Self {
        self.log = Some(log);
        self
    }

    fn what(&self, doing: &str) -> String {
        format!("{} {doing}", self.source.server.origin())
    }

    fn fault(&self, doing: &str, trouble: Trouble) -> MailFault {
        let what = self.what(doing);
        match trouble {
            Trouble::Setup(why) => MailFault::Setup { what, why },
            Trouble::Unreachable(why) => MailFault::Unreachable { what, why },
            Trouble::LogIn(why) => {
                MailFault::LogIn { what: self.what(&format!("as {}", self.source.account)), why }
            }
            Trouble::NotFound(why) => MailFault::NotFound { what, why },
            Trouble::Refused(why) => MailFault::Refused { what, why },
            Trouble::Lost { why, .. } => MailFault::NoAnswer { what, why },
            Trouble::Strange(why) => MailFault::Strange { what, why },
            Trouble::Unknown { why, .. } => MailFault::UnknownOutcome { what, why },
        }
    }

    fn no(&self, operation: &'static str) -> MailFault {
        MailFault::NotSupported { what: self.name(), operation }
    }

    /// Do something in a session, once more in a new one when the connection was lost. It must be something that may
    /// be done twice; a [`Trouble::Unknown`] is never tried again.
    fn with<T>(
        &self,
        doing: &str,
        mut work: impl FnMut(&mut Session) -> Result<T, Trouble>,
    ) -> Result<T, MailFault> {
        // What a thread that died left behind is a connection in an unknown state.
        let mut kept = self.session.lock().unwrap_or_else(|dead| {
            let mut kept = PoisonError::into_inner(dead);
            *kept = None;
            kept
        });
        let began = Instant::now();
        let mut tries = 0;
        let end = loop {
            tries += 1;
            let mut session = match kept.take() {
                Some((s, used)) if used.elapsed() < IDLE => s,
                _ => match self.open() {
                    Ok(s) => s,
                    Err(t) => break Err(t),
                },
            };
            match work(&mut session) {
                Ok(out) => {
                    *kept = Some((session, Instant::now()));
                    break Ok(out);
                }
                Err(t @ (Trouble::NotFound(_) | Trouble::Refused(_))) => {
                    *kept = Some((session, Instant::now()));
                    break Err(t);
                }
                Err(Trouble::Lost { late: false, .. }) if tries == 1 => {}
                Err(t) => break Err(t),
            }
        };
        drop(kept);
        let end = end.map_err(|t| self.fault(doing, t));
        if let Some(log) = &self.log {
            let took = began.elapsed().as_millis();
            let how = end.as_ref().err().map_or_else(|| "ok".to_owned(), ToString::to_string);
            log(&format!("{} {how} ({took} ms)", self.what(doing)));
        }
        end
    }

    fn open(&self) -> Result<Session, Trouble> {
        Session::open(
            &self.source.server,
            &self.source.account,
            &self.source.log_in,
            &self.trust,
            self.limits.connect,
            self.limits.deadline,
        )
    }

    /// The folder for a purpose, by its name on the wire.
    fn folder_for(&self, session: &mut Session, place: Place) -> Result<String, Trouble> {
        let (purpose, attribute, key, names): (_, _, _, &[&str]) = match place {
            Place::Drafts => (&self.source.drafts, "\\drafts", "drafts", &["drafts", "draft"]),
            Place::Sent => {
                let names = ["sent", "sent items", "sent mail", "sent messages"];
                (&self.source.sent, "\\sent", "sent", &names.clone())
            }
        };
        if let Purpose::Named(n) = purpose {
            return Ok(name::encode(n));
        }
        if let Some(raw) = session.known.get(key) {
            return Ok(raw.clone());
        }
        let all = session.list()?;
        let found = all
            .iter()
            .find(|f| f.attributes.contains(attribute))
            .or_else(|| all.iter().find(|f| names.contains(&f.leaf.to_lowercase().as_str())));
        if let Some(f) = found {
            session.known.insert(key, f.raw.clone());
            return Ok(f.raw.clone());
        }
        Err({
            let there: Vec<&str> = all.iter().take(NAMED).map(|f| f.name.as_str()).collect();
            Trouble::NotFound(format!(
                "the server says of no folder that it is for {key}; name it in mail.source.{key} (there are: {})",
                there.join(", ")
            ))
        })
    }

    fn has(&self, place: Place) -> Result<(), MailFault> {
        let (purpose, operation) = match place {
            Place::Drafts => (&self.source.drafts, "keep drafts"),
            Place::Sent => (&self.source.sent, "tell what was sent"),
        };
        if *purpose == Purpose::Nowhere { Err(self.no(operation)) } else { Ok(()) }
    }

    /// UIDs of the messages of the open folder with exactly this Message-ID.
    fn with_id(&self, session: &mut Session, extra: &str, id: &str) -> Result<Vec<u32>, Trouble> {
        let found = session.search(&format!("{extra}HEADER Message-ID {}", wire::quoted(id)))?;
        // A server searches for a part of the header; the rest is looked at here.
        let newest = found.get(found.len().saturating_sub(TWINS)..).unwrap_or_default();
        if newest.is_empty() {
            return Ok(Vec::new());
        }
        let headers = session.parts(newest, "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]", 0)?;
        if headers.lost > 0 {
            return Err(Trouble::Strange("the answer about a Message-ID cannot be read".into()));
        }
        let same = |header: &[u8]| desk::mail::parse_headers(header, Timestamp::UNIX_EPOCH).key.id == id;
        Ok(headers.of.into_iter().filter(|(_, h)| same(h)).map(|(uid, _)| uid).collect())
    }

    fn check_id(&self, id: &str) -> Result<(), MailFault> {
        if !id.is_empty() && wire::is_plain(id) {
            return Ok(());
        }
        let why = "a Message-ID of that form cannot be searched for".into();
        Err(MailFault::Refused { what: self.what("SEARCH"), why })
    }

    /// The thread of a message, from the folders that are read and what was sent.
    fn whole_thread(&self, message_id: &str, threads: bool) -> Result<Vec<Mail>, MailFault> {
        if self.source.folders.is_empty() {
            return Err(self.no("read a thread"));
        }
        self.check_id(message_id)?;
        self.with("read a thread", |s| {
            let mut folders: Vec<String> = self.source.folders.iter().map(|f| name::encode(f)).collect();
            if self.source.sent != Purpose::Nowhere {
                match self.folder_for(s, Place::Sent) {
                    Ok(raw) if !folders.contains(&raw) => folders.push(raw),
                    Ok(_) | Err(Trouble::NotFound(_)) => {}
                    Err(t) => return Err(t),
                }
            }
            let members = s.conversation(&folders, message_id, threads)?;
            let mut mails: Vec<Option<Mail>> = members.iter().map(|_| None).collect();
            let mut left = THREAD_BYTES;
            for (at, raw) in folders.iter().enumerate() {
                if members.iter().all(|m| m.folder != at) {
                    continue;
                }
                s.examine(raw)?;
                let folder = name::decode(raw.as_bytes());
                for (m, mail) in members.iter().zip(&mut mails).filter(|(m, _)| m.folder == at) {
                    // One that was deleted meanwhile is not of the thread any more.
                    *mail = self.whole(s, &folder, m.uid)?;
                    let size = mail.as_ref().map_or(0, |m| m.bytes.len() as u64);
                    left = left.checked_sub(size).ok_or_else(|| {
                        Trouble::Refused("the thread is larger than can be read at once".into())
                    })?;
                }
            }
            Ok(mails.into_iter().flatten().collect())
        })
    }

    /// A message of the open folder, or the head of a large one; none when it is gone.
    fn whole(&self, s: &mut Session, folder: &str, uid: u32) -> Result<Option<Mail>, Trouble> {
        let part = format!("BODY.PEEK[]<0.{LIMIT}>");
        let read = s.parts(&[uid], &part, LIMIT as u64)?;
        if read.lost > 0 {
            return Err(Trouble::Strange(format!("message {uid} of {folder} cannot be read")));
        }
        Ok({ read.of }.remove(&uid).map(|bytes| Mail {
            note: if bytes.len() < LIMIT {
                String::new()
            } else {
                "only the head of this large message was read".into()
            },
            bytes,
            place: format!("{} {folder} uid {uid}", self.source.server.origin()),
            folder: folder.to_owned(),
            id: uid.to_string(),
            thread: String::new(),
        }))
    }

    fn found(&self, raw: &str, uid: Option<u32>) -> Found {
        let folder = name::decode(raw.as_bytes());
        Found {
            place: format!("{folder} of {}", self.name()),
            id: uid.map(|u| u.to_string()).unwrap_or_default(),
            url: String::new(),
        }
    }
}

impl Mailbox for Imap {
    fn name(&self) -> String {
        format!("{} ({})", self.source.server.origin(), self.source.account)
    }

    fn can(&self) -> Abilities {
        let drafts = self.source.drafts != Purpose::Nowhere;
        Abilities {
            list_recent: !self.source.folders.is_empty(),
            read: !self.source.folders.is_empty(),
            list_drafts: drafts,
            list_sent: self.source.sent != Purpose::Nowhere,
            create_draft: drafts,
            read_thread: !self.source.folders.is_empty(),
            ..Abilities::default()
        }
    }

    fn probe(&self) -> Vec<Result<String, MailFault>> {
        let how = match self.source.server.security {
            Security::Tls => "TLS",
            Security::StartTls => "STARTTLS",
            Security::Plain => "no encryption",
        };
        let mut out = match self.with("log-in", |_| Ok(())) {
            Err(f) => return vec![Err(f)],
            Ok(()) => vec![Ok(format!("{} lets us in, with {how}", self.name()))],
        };
        for folder in &self.source.folders {
            let doing = format!("EXAMINE {folder}");
            out.push(self.with(&doing, |s| {
                let there = s.examine(&name::encode(folder))?;
                Ok(format!("{folder} has {} messages", there.exists))
            }));
        }
        for (place, what) in [(Place::Drafts, "drafts go to"), (Place::Sent, "sent mail is looked up in")] {
            if self.has(place).is_ok() {
                out.push(self.with("LIST", |s| {
                    let raw = self.folder_for(s, place)?;
                    s.examine(&raw)?;
                    Ok(format!("{what} {}", name::decode(raw.as_bytes())))
                }));
            }
        }
        out
    }

    fn page(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault> {
        if self.source.folders.is_empty() {
            return Err(self.no("list new mail"));
        }
        let mut progress = Progress::read(cursor);
        for folder in &self.source.folders {
            let place = format!("{} {folder}", self.source.server.origin());
            let batch = self.with(&format!("read {folder}"), |s| {
                // A second try begins where the first did.
                let mut ahead = progress.clone();
                let batch = ahead.next(s, folder, &name::encode(folder), &place, since)?;
                Ok((batch, ahead))
            });
            let (batch, ahead) = batch?;
            progress = ahead;
            if !batch.mails.is_empty() || !batch.passed.is_empty() {
                let cursor = progress.cursor();
                return Ok(Page { mails: batch.mails, passed: batch.passed, cursor, more: true });
            }
        }
        Ok(Page { cursor: progress.cursor(), ..Page::default() })
    }

    fn fetch(&self, message_id: &str) -> Result<Option<Mail>, MailFault> {
        self.check_id(message_id)?;
        for folder in &self.source.folders {
            let mail = self.with(&format!("look into {folder}"), |s| {
                s.examine(&name::encode(folder))?;
                let Some(uid) = self.with_id(s, "", message_id)?.pop() else { return Ok(None) };
                self.whole(s, folder, uid)
            })?;
            if mail.is_some() {
                return Ok(mail);
            }
        }
        Ok(None)
    }

    fn find(&self, place: Place, message_id: &str) -> Result<Option<Found>, MailFault> {
        self.has(place)?;
        self.check_id(message_id)?;
        let (doing, extra) = match place {
            Place::Drafts => ("look among the drafts", "UNDELETED "),
            Place::Sent => ("look among what was sent", ""),
        };
        self.with(doing, |s| {
            let raw = self.folder_for(s, place)?;
            s.examine(&raw)?;
            let uid = self.with_id(s, extra, message_id)?.pop();
            Ok(uid.map(|uid| self.found(&raw, Some(uid))))
        })
    }

    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        self.has(Place::Drafts)?;
        self.with("list the drafts", |s| {
            let raw = self.folder_for(s, Place::Drafts)?;
            s.examine(&raw)?;
            let all = s.search("UNDELETED")?;
            if all.len() > DRAFTS {
                let folder = name::decode(raw.as_bytes());
                return Err(Trouble::Refused(format!(
                    "{folder} holds more than {DRAFTS} drafts; throw old ones away"
                )));
            }
            if all.is_empty() {
                return Ok(Vec::new());
            }
            let part = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES SUBJECT DATE FROM TO CC)]";
            let headers = s.parts(&all, part, all.len() as u64 * DRAFT_HEADER)?;
            if headers.lost > 0 {
                return Err(Trouble::Strange("the header of a draft cannot be read".into()));
            }
            let folder = name::decode(raw.as_bytes());
            let mail = |(uid, bytes): (u32, Vec<u8>)| Mail {
                bytes,
                place: self.found(&raw, None).place,
                folder: folder.clone(),
                id: uid.to_string(),
                ..Mail::default()
            };
            Ok(headers.of.into_iter().map(mail).collect())
        })
    }

    fn create_draft(&self, draft: &NewDraft<'_>) -> Result<Found, MailFault> {
        if let Some(found) = self.find(Place::Drafts, draft.message_id)? {
            return Ok(found);
        }
        let mut to = String::new();
        let made = self.with("APPEND", |s| {
            to = self.folder_for(s, Place::Drafts)?;
            s.append(&to, draft.bytes)
        });
        match made {
            Ok(uid) => Ok(self.found(&to, uid)),
            // What certainly never was whole there was not kept.
            Err(MailFault::NoAnswer { what, why }) => Err(MailFault::Unreachable { what, why }),
            Err(MailFault::UnknownOutcome { what, why }) => {
                match self.find(Place::Drafts, draft.message_id) {
                    Ok(Some(found)) => Ok(found),
                    // It may still be on its way into the folder: writing it again now could make two.
                    Ok(None) => Err(MailFault::UnknownOutcome {
                        what,
                        why: format!("{why}; the draft is not there so far"),
                    }),
                    Err(_) => Err(MailFault::UnknownOutcome { what, why }),
                }
            }
            Err(fault) => Err(fault),
        }
    }

    fn thread_url(&self, _: &str) -> Result<Option<String>, MailFault> {
        Err(self.no("link to a thread"))
    }

    fn thread(&self, message_id: &str) -> Result<Vec<Mail>, MailFault> {
        self.whole_thread(message_id, true)
    }
}

#[cfg(test)]
mod tests;
