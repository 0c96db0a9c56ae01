//! Gmail over REST: mail read by label from where the last reading ended, drafts put on the thread they answer, and our
//! letters looked up by their Message-ID. Nothing is labelled, moved or deleted, and no request here can send.

mod access;
pub mod consent;
mod progress;
mod shape;

use std::sync::{Arc, Mutex, PoisonError};

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use serde_json::json;

pub use access::Credential;

use self::{
    access::{Access, Trouble, object},
    shape::{Draft, DraftStub, Drafts, Labels, Message, Messages, Thread, header},
};
use super::{Abilities, Cursor, Found, LIMIT, Mail, MailFault, Mailbox, NewDraft, Page, Place};
use crate::net::{Client, Fault, Limits, Method, Request, Site};

const MESSAGES: &str = "/gmail/v1/users/me/messages";
const THREADS: &str = "/gmail/v1/users/me/threads";
const DRAFTS: &str = "/gmail/v1/users/me/drafts";
const LABELS: &str = "/gmail/v1/users/me/labels";
/// Drafts that are looked at. With more of them nobody could say that one is not there.
const MANY: usize = 2000;
/// The newest drafts, looked at one by one: the search learns of a new draft late.
const NEWEST: &str = "10";
/// Messages that a search for a Message-ID may find.
const TWINS: &str = "20";
/// Messages of a thread that are read, and their bytes together.
const THREAD: usize = 1000;
const THREAD_BYTES: usize = 256 * 1024 * 1024;
/// Labels named to a person who named one that is not there.
const NAMED: usize = 20;
/// Labels that are there in every mailbox, by their own names.
const USUAL: [&str; 5] = ["INBOX", "SENT", "STARRED", "IMPORTANT", "UNREAD"];
/// The word for mail of every label.
const ALL: &str = "ALL";

/// The address when the configuration says nothing else.
pub const API: &str = "https://gmail.googleapis.com";
/// The address for tokens when the configuration says nothing else.
pub const TOKENS: &str = "https://oauth2.googleapis.com";

/// Limits for a client that reads whole messages: as base64 they are a third longer.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        body: (LIMIT as u64) / 3 * 4 + 256 * 1024,
        deadline: std::time::Duration::from_secs(120),
        ..Limits::default()
    }
}

/// Base64 of the web, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the configuration says about a mailbox.
pub struct GmailSource {
    /// The service.
    pub site: Site,
    /// Its endpoint for tokens.
    pub tokens: Site,
    /// How to log in.
    pub credential: Credential,
    /// The account; a credential for another one is refused.
    pub account: String,
    /// Labels that are read, by their names; `ALL` for all mail.
    pub folders: Vec<String>,
    /// Are drafts written there?
    pub drafts: bool,
    /// Is sent mail looked up there?
    pub sent: bool,
}

/// A label that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    /// Empty for all mail.
    id: String,
    name: String,
}

/// A mailbox at Gmail.
pub struct Gmail {
    access: Access,
    folders: Vec<String>,
    drafts: bool,
    sent: bool,
    labels: Mutex<Option<Vec<Label>>>,
}

/// One message by its id.
enum Raw {
    Is { bytes: Vec<u8>, labels: Vec<String>, thread: String, note: String },
    Gone,
    Unreadable,
}

/// An id that can stand in a path.
fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn message_id_of(header: &[u8]) -> String {
    desk::mail::parse_headers(header, Timestamp::UNIX_EPOCH).key.id
}

fn link(thread: &str) -> String {
    if is_id(thread) { format!("https://mail.google.com/mail/u/0/#all/{thread}") } else { String::new() }
}

impl Gmail {
    /// Use that mailbox, through a client with [`limits`]. Nothing is asked before it is needed.
    #[must_use]
    pub fn new(client: Arc<Client>, source: GmailSource) -> Self {
        let GmailSource { site, tokens, credential, account, folders, drafts, sent } = source;
        let access = Access::new(client, site, tokens, credential, account);
        Self { access, folders, drafts, sent, labels: Mutex::default() }
    }

    fn no(&self, operation: &'static str) -> MailFault {
        MailFault::NotSupported { what: self.name(), operation }
    }

    fn strange(&self, doing: &str, why: &str) -> MailFault {
        MailFault::Strange { what: self.access.what(doing), why: why.into() }
    }

    /// The labels that are read.
    fn labels(&self) -> Result<Vec<Label>, MailFault> {
        let mut kept = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(labels) = kept.as_ref() {
            return Ok(labels.clone());
        }
        let mut all = None;
        let mut out: Vec<Label> = Vec::new();
        for name in &self.folders {
            let id = if name == ALL {
                String::new()
            } else if USUAL.contains(&name.as_str()) {
                name.clone()
            } else {
                if all.is_none() {
                    all = Some(self.access.get::<Labels>(&Request::get(LABELS))?.labels);
                }
                let there = all.as_deref().unwrap_or_default();
                let found = there
                    .iter()
                    .find(|l| l.name == *name)
                    .or_else(|| there.iter().find(|l| l.name.eq_ignore_ascii_case(name)));
                found.map(|l| l.id.clone()).filter(|id| !id.is_empty()).ok_or_else(|| {
                    let names: Vec<&str> = there.iter().take(NAMED).map(|l| l.name.as_str()).collect();
                    MailFault::NotFound {
                        what: self.access.what("labels"),
                        why: format!("there is no label {name} (there are: {})", names.join(", ")),
                    }
                })?
            };
            if !out.iter().any(|l| l.id == id) {
                out.push(Label { id, name: name.clone() });
            }
        }
        *kept = Some(out.clone());
        Ok(out)
    }

    /// One message, whole; of one that is larger than the limit, its header.
    fn raw(&self, id: &str) -> Result<Raw, MailFault> {
        if !is_id(id) {
            return Err(self.strange("messages", "the id of a message is none"));
        }
        let at = |format: &str| Request::get(format!("{MESSAGES}/{id}")).query("format", format);
        let reply = match self.access.call(&at("raw")) {
            Ok(reply) => reply,
            Err(Trouble::Call(Fault::TooLarge { .. })) => {
                let Ok(m) = self.access.read::<Message>(&at("metadata"))? else { return Ok(Raw::Gone) };
                self.same(id, &m.id)?;
                return Ok(Raw::Is {
                    bytes: header(&m.payload.headers),
                    labels: m.label_ids,
                    thread: m.thread_id,
                    note: "only the header of this large message was read".into(),
                });
            }
            Err(t) => return Err(t.into()),
        };
        if reply.status() == 404 {
            return Ok(Raw::Gone);
        }
        let m: Message = self.access.shape(&reply)?;
        self.same(id, &m.id)?;
        let Ok(mut bytes) = BASE64.decode(m.raw.trim_ascii()) else { return Ok(Raw::Unreadable) };
        let mut note = String::new();
        if bytes.len() > LIMIT {
            bytes.truncate(LIMIT);
            note = "only the head of this large message was read".into();
        }
        Ok(Raw::Is { bytes, labels: m.label_ids, thread: m.thread_id, note })
    }

    fn same(&self, asked: &str, got: &str) -> Result<(), MailFault> {
        if asked == got { Ok(()) } else { Err(self.strange(asked, "it answers with another message")) }
    }

    fn check_id(&self, id: &str) -> Result<(), MailFault> {
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"(){}<>\\".contains(&b);
        if (1..=900).contains(&id.len()) && id.bytes().all(plain) {
            return Ok(());
        }
        let why = "a Message-ID of that form cannot be searched for".into();
        Err(MailFault::Refused { what: self.access.what("search"), why })
    }

    /// A message with its header alone; none when it is gone.
    fn head(&self, id: &str) -> Result<Option<Message>, MailFault> {
        if !is_id(id) {
            return Err(self.strange("messages", "the id of a message is none"));
        }
        let request = Request::get(format!("{MESSAGES}/{id}"))
            .query("format", "metadata")
            .query("metadataHeaders", "Message-ID");
        match self.access.read::<Message>(&request)? {
            Ok(m) => {
                self.same(id, &m.id)?;
                Ok(Some(m))
            }
            Err(reply) if reply.status() == 404 => Ok(None),
            Err(reply) => Err(self.access.refusal(&reply)),
        }
    }

    /// The messages with exactly this Message-ID. The service searches loosely; each header is looked at here.
    fn with_id(&self, extra: &str, id: &str) -> Result<Vec<Message>, MailFault> {
        self.check_id(id)?;
        let request =
            Request::get(MESSAGES).query("maxResults", TWINS).query("q", format!("rfc822msgid:{id}{extra}"));
        let mut out = Vec::new();
        for stub in self.access.get::<Messages>(&request)?.messages {
            if let Some(m) = self.head(&stub.id)?
                && message_id_of(&header(&m.payload.headers)) == id
            {
                out.push(m);
            }
        }
        Ok(out)
    }

    /// A draft with its header; none when it is gone.
    fn draft(&self, id: &str) -> Result<Option<Draft>, MailFault> {
        if !is_id(id) {
            return Err(self.strange("drafts", "the id of a draft is none"));
        }
        let request = Request::get(format!("{DRAFTS}/{id}")).query("format", "metadata");
        match self.access.read::<Draft>(&request)? {
            Ok(d) => {
                self.same(id, &d.id)?;
                Ok(Some(d))
            }
            Err(reply) if reply.status() == 404 => Ok(None),
            Err(reply) => Err(self.access.refusal(&reply)),
        }
    }

    fn drafted(&self, id: &str, thread: &str) -> Found {
        Found { place: format!("drafts of {}", self.name()), id: id.into(), url: link(thread) }
    }

    fn find_draft(&self, message_id: &str) -> Result<Option<Found>, MailFault> {
        self.check_id(message_id)?;
        let mut seen = Vec::new();
        let list = Request::get(DRAFTS);
        let searched =
            list.clone().query("maxResults", TWINS).query("q", format!("rfc822msgid:{message_id}"));
        for request in [searched, list.query("maxResults", NEWEST)] {
            for stub in self.access.get::<Drafts>(&request)?.drafts {
                if seen.contains(&stub.id) {
                    continue;
                }
                if let Some(d) = self.draft(&stub.id)?
                    && message_id_of(&header(&d.message.payload.headers)) == message_id
                {
                    return Ok(Some(self.drafted(&d.id, &d.message.thread_id)));
                }
                seen.push(stub.id);
            }
        }
        Ok(None)
    }

    fn find_sent(&self, message_id: &str) -> Result<Option<Found>, MailFault> {
        let all = self.with_id(" in:sent", message_id)?;
        let sent = |m: &&Message| m.label_ids.iter().any(|l| l == "SENT");
        Ok(all.iter().find(sent).map(|m| Found {
            place: format!("sent mail of {}", self.name()),
            id: m.id.clone(),
            url: link(&m.thread_id),
        }))
    }

    /// Ask for a draft, once; the answer may be lost.
    fn write(&self, draft: &NewDraft<'_>, thread: Option<&str>) -> Result<Written, MailFault> {
        let mut message = json!({ "raw": URL_SAFE_NO_PAD.encode(draft.bytes) });
        if let (Some(thread), Some(m)) = (thread, message.as_object_mut()) {
            m.insert("threadId".into(), thread.into());
        }
        let request = Request::new(Method::Post, DRAFTS).json(&json!({ "message": message }));
        let lost = |what: String, why: String| Ok(Written::Lost { what, why });
        let reply = match self.access.call(&request) {
            Ok(reply) => reply,
            Err(Trouble::Call(fault)) if !fault.nothing_made() => {
                return match MailFault::of_request(fault) {
                    MailFault::UnknownOutcome { what, why } | MailFault::Strange { what, why } => {
                        lost(what, why)
                    }
                    other => lost(self.access.what("drafts"), other.to_string()),
                };
            }
            Err(t) => return Err(t.into()),
        };
        let what = reply.what().to_owned();
        match reply.status() {
            200..=299 => match object::<DraftStub>(reply.bytes()) {
                Some(d) if is_id(&d.id) && is_id(&d.message.id) => {
                    Ok(Written::Is(self.drafted(&d.id, &d.message.thread_id)))
                }
                _ => lost(what, "the answer names no draft".into()),
            },
            400 | 404 if thread.is_some() => Ok(Written::NoThread),
            400..=499 => Err(self.access.refusal(&reply)),
            _ => {
                let refused = self.access.refusal(&reply);
                let (MailFault::NoAnswer { why, .. } | MailFault::Strange { why, .. }) = refused else {
                    return lost(what, refused.to_string());
                };
                lost(what, why)
            }
        }
    }
}

/// What became of a draft that was asked for.
enum Written {
    Is(Found),
    /// It was refused, perhaps because of its thread.
    NoThread,
    Lost {
        what: String,
        why: String,
    },
}

impl Mailbox for Gmail {
    fn name(&self) -> String {
        format!("{} ({})", self.access.site.address.origin(), self.access.account)
    }

    fn can(&self) -> Abilities {
        Abilities {
            list_recent: !self.folders.is_empty(),
            read: true,
            list_drafts: self.drafts,
            list_sent: self.sent,
            create_draft: self.drafts,
            thread_url: true,
            read_thread: true,
        }
    }

    fn probe(&self) -> Vec<Result<String, MailFault>> {
        if let Err(f) = self.access.profile() {
            return vec![Err(f)];
        }
        let mut out = vec![Ok(format!("{} lets us in", self.name()))];
        let scope = self.access.scope();
        let lacks = |any: &[&str]| {
            let has = |s: &str| any.iter().any(|w| s.trim_end_matches('/').ends_with(w));
            !scope.is_empty() && !scope.split_whitespace().any(has)
        };
        let narrow = |what: &str| MailFault::LogIn {
            what: self.name(),
            why: format!("the credential lacks the scope {what} (docs/mailboxes.md, Gmail)"),
        };
        if lacks(&["gmail.readonly", "gmail.modify", "mail.google.com"]) {
            out.push(Err(narrow("gmail.readonly")));
        }
        out.push(self.labels().map(|labels| {
            let names: Vec<&str> = labels.iter().map(|l| l.name.as_str()).collect();
            format!("{} will be read", names.join(", "))
        }));
        if self.drafts {
            out.push(if lacks(&["gmail.compose", "gmail.modify", "mail.google.com"]) {
                Err(narrow("gmail.compose"))
            } else {
                let request = Request::get(DRAFTS).query("maxResults", "1");
                self.access.get::<Drafts>(&request).map(|_| "drafts go to Drafts".into())
            });
        }
        out
    }

    fn page(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault> {
        if self.folders.is_empty() {
            return Err(self.no("list new mail"));
        }
        self.next(cursor, since)
    }

    fn fetch(&self, message_id: &str) -> Result<Option<Mail>, MailFault> {
        for m in self.with_id(" -in:drafts -in:chats", message_id)? {
            if m.label_ids.iter().any(|l| l == "DRAFT" || l == "CHAT") {
                continue;
            }
            if let Raw::Is { bytes, thread, note, .. } = self.raw(&m.id)? {
                let place = format!("{} message {}", self.access.site.address.origin(), m.id);
                return Ok(Some(Mail { bytes, place, folder: String::new(), id: m.id, thread, note }));
            }
        }
        Ok(None)
    }

    fn find(&self, place: Place, message_id: &str) -> Result<Option<Found>, MailFault> {
        match place {
            Place::Drafts if !self.drafts => Err(self.no("keep drafts")),
            Place::Sent if !self.sent => Err(self.no("tell what was sent")),
            Place::Drafts => self.find_draft(message_id),
            Place::Sent => self.find_sent(message_id),
        }
    }

    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        if !self.drafts {
            return Err(self.no("keep drafts"));
        }
        let (mut ids, mut token) = (Vec::new(), String::new());
        loop {
            let mut request = Request::get(DRAFTS).query("maxResults", "500");
            if !token.is_empty() {
                request = request.query("pageToken", token.clone());
            }
            let answer: Drafts = self.access.get(&request)?;
            let (before, next) = (ids.len(), answer.next_page_token.unwrap_or_default());
            ids.extend(answer.drafts.into_iter().map(|d| d.id));
            if ids.len() > MANY {
                return Err(MailFault::Refused {
                    what: self.access.what("drafts"),
                    why: format!("there are more than {MANY} drafts; throw old ones away"),
                });
            }
            if next.is_empty() {
                break;
            }
            if next == token || ids.len() == before {
                return Err(self.strange("drafts", "the list goes round in a circle"));
            }
            token = next;
        }
        let mut out = Vec::new();
        for id in ids {
            let Some(d) = self.draft(&id)? else { continue };
            out.push(Mail {
                bytes: header(&d.message.payload.headers),
                place: format!("drafts of {}", self.name()),
                folder: "DRAFT".into(),
                id: d.id,
                thread: d.message.thread_id,
                note: String::new(),
            });
        }
        Ok(out)
    }

    fn create_draft(&self, draft: &NewDraft<'_>) -> Result<Found, MailFault> {
        if let Some(found) = self.find(Place::Drafts, draft.message_id)? {
            return Ok(found);
        }
        let answered = if draft.in_reply_to.is_empty() || self.check_id(draft.in_reply_to).is_err() {
            None
        } else {
            self.with_id("", draft.in_reply_to)?.into_iter().map(|m| m.thread_id).find(|t| is_id(t))
        };
        let mut end = self.write(draft, answered.as_deref())?;
        if matches!(end, Written::NoThread) {
            // The thread went away meanwhile, or takes no such letter: nothing was made.
            end = self.write(draft, None)?;
        }
        let (what, why) = match end {
            Written::Is(found) => return Ok(found),
            Written::NoThread => (self.access.what("drafts"), "it was refused".into()),
            Written::Lost { what, why } => (what, why),
        };
        match self.find(Place::Drafts, draft.message_id) {
            Ok(Some(found)) => Ok(found),
            // The lists may learn of it late: writing it again now could make two.
            Ok(None) => {
                Err(MailFault::UnknownOutcome { what, why: format!("{why}; the draft is not there so far") })
            }
            Err(_) => Err(MailFault::UnknownOutcome { what, why }),
        }
    }

    fn thread_url(&self, message_id: &str) -> Result<Option<String>, MailFault> {
        let found = self.with_id(" -in:chats", message_id)?;
        Ok(found.iter().map(|m| link(&m.thread_id)).find(|l| !l.is_empty()))
    }

    fn thread(&self, message_id: &str) -> Result<Vec<Mail>, MailFault> {
        // No mail: what nobody sent, what was thrown away.
        let none = |labels: &[String]| {
            labels.iter().any(|l| matches!(l.as_str(), "DRAFT" | "CHAT" | "TRASH" | "SPAM"))
        };
        let mut ids: Vec<String> = Vec::new();
        for m in self.with_id(" -in:drafts -in:chats", message_id)? {
            if !none(&m.label_ids) && is_id(&m.thread_id) && !ids.contains(&m.thread_id) {
                ids.push(m.thread_id);
            }
        }
        let mut out: Vec<Mail> = Vec::new();
        let mut bytes_read = 0;
        for thread_id in ids {
            let request = Request::get(format!("{THREADS}/{thread_id}")).query("format", "minimal");
            let thread = match self.access.read::<Thread>(&request)? {
                Ok(t) => t,
                Err(reply) if reply.status() == 404 => continue,
                Err(reply) => return Err(self.access.refusal(&reply)),
            };
            self.same(&thread_id, &thread.id)?;
            let refused = |why: String| MailFault::Refused { what: self.access.what("threads"), why };
            if out.len() + thread.messages.len() > THREAD {
                return Err(refused(format!("the thread has more than {THREAD} messages")));
            }
            for stub in thread.messages {
                if none(stub.label_ids.as_deref().unwrap_or_default()) {
                    continue;
                }
                let (bytes, note) = match self.raw(&stub.id)? {
                    Raw::Is { bytes, note, .. } => (bytes, note),
                    Raw::Gone => continue,
                    Raw::Unreadable => return Err(self.strange("messages", "a message has no bytes")),
                };
                bytes_read += bytes.len();
                if bytes_read > THREAD_BYTES {
                    return Err(refused("the thread is larger than can be read at once".into()));
                }
                let place = format!("{} message {}", self.access.site.address.origin(), stub.id);
                let (folder, thread) = (String::new(), thread_id.clone());
                out.push(Mail { bytes, place, folder, id: stub.id, thread, note });
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
