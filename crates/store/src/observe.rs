//! Remembering mail: every message once, with its bytes, its thread and its words for the search.

use std::collections::BTreeMap;

use desk::{
    mail::{Message, MessageKey},
    plan::Fate,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Desk, StoreError,
    copies::{self, Twin},
    events, words,
};

/// A message to be remembered: what the desk keeps of it, made ready on whichever thread decoded it.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub(crate) key: MessageKey,
    /// Ids it answers, the nearest first.
    ancestors: Vec<String>,
    /// Thread when no ancestor is known: its oldest reference, else itself.
    root: String,
    refs: String,
    list: String,
    sender: String,
    sender_name: String,
    subject: String,
    arrived: String,
    size: i64,
    words: String,
    pub(crate) raw: Vec<u8>,
    source: String,
}

impl NewMessage {
    /// What the desk keeps of a message. `raw` is its bytes, `source` says where it was read
    /// (`reports.mbox at byte 4711`), `now` bounds the time of its arrival.
    #[must_use]
    pub fn new(m: Message, raw: Vec<u8>, source: String, now: Timestamp) -> Self {
        let words = words::of(&m);
        let own = &m.key.id;
        let ancestors = m.in_reply_to.iter().rev().chain(m.references.iter().rev());
        let ancestors = ancestors.filter(|id| *id != own).cloned().collect();
        let oldest = m.references.iter().chain(&m.in_reply_to).find(|id| *id != own);
        let root = match oldest {
            Some(id) => id.clone(),
            None if own.is_empty() => format!("sha256:{}", m.key.digest.0),
            None => own.clone(),
        };
        let refs: Vec<&str> = m.references.iter().chain(&m.in_reply_to).map(String::as_str).collect();
        Self {
            ancestors,
            root,
            refs: refs.join(" "),
            arrived: m.arrived().unwrap_or(now).min(now).to_string(),
            size: i64::try_from(m.size).unwrap_or(i64::MAX),
            list: m.list_id,
            sender: m.from.email,
            sender_name: m.from.name,
            subject: m.subject,
            key: m.key,
            words,
            raw,
            source,
        }
    }

    /// Its identity.
    #[must_use]
    pub fn key(&self) -> &MessageKey {
        &self.key
    }

    /// Bytes of the message as it was read.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.raw.len()
    }
}

/// What an observation changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Messages seen for the first time.
    pub new: usize,
    /// Messages the desk had.
    pub known: usize,
    /// Messages the desk had by another way: another list, other hops, the same mail.
    pub copies: usize,
    /// Messages whose Message-ID the desk had with other content.
    pub clashes: Vec<MessageKey>,
}

/// Senders of a batch: the first name given, first and last time seen.
type Senders<'a> = BTreeMap<String, (&'a str, &'a str, &'a str)>;

impl Desk {
    /// Remember messages, in one transaction. Returns what was new. A message known by its digest is left alone.
    ///
    /// # Errors
    /// When the desk cannot be written; nothing of the batch is kept then.
    pub fn observe(&self, batch: &[NewMessage], now: Timestamp) -> Result<Observed, StoreError> {
        let seen = now.to_string();
        self.write("remember messages", |c| {
            let put = || {
                let mut out = Observed::default();
                let mut senders = Senders::new();
                for m in batch {
                    insert(c, m, now, &seen, &mut senders, &mut out)?;
                }
                people(c, &senders)?;
                Ok(out)
            };
            put().map_err(|e| self.err("remember messages", e))
        })
    }

    /// Record that a source was read to its end, so that the same bytes need not be read again.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn source_read(
        &self,
        path: &str,
        fingerprint: &str,
        seen: &Observed,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let total = i64::try_from(seen.new + seen.known + seen.copies).unwrap_or(i64::MAX);
        self.write("remember a source", |c| {
            let put = || {
                c.prepare_cached(
                    "insert into sources (path, fingerprint, messages, at) values (?1, ?2, ?3, ?4)
                     on conflict (path) do update set
                       fingerprint = excluded.fingerprint, messages = excluded.messages, at = excluded.at",
                )?
                .execute(params![path, fingerprint, total, now.to_string()])?;
                if seen.new > 0 {
                    let payload = serde_json::json!({"source": path, "new": seen.new, "known": seen.known});
                    events::append(c, now, "observed", "", path, &payload)?;
                }
                Ok(())
            };
            put().map_err(|e| self.err("remember a source", e))
        })
    }

    /// The fingerprint a source had when it was last read to its end.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn source_fingerprint(&self, path: &str) -> Result<Option<String>, StoreError> {
        self.one("select fingerprint from sources where path = ?1", path)
    }
}

fn insert<'a>(
    c: &Connection,
    m: &'a NewMessage,
    now: Timestamp,
    seen: &str,
    senders: &mut Senders<'a>,
    out: &mut Observed,
) -> rusqlite::Result<()> {
    let known = c
        .prepare_cached("select 1 from messages where digest = ?1")?
        .query_row([&m.key.digest.0], |_| Ok(()))
        .optional()?
        .is_some();
    if known {
        out.known += 1;
        return Ok(());
    }
    let mut fate = Fate::Waiting;
    match copies::twin(c, m, now)? {
        Some(Twin::Copy(of)) => {
            out.copies += 1;
            fate = Fate::Copy { of };
        }
        Some(Twin::Clash) => out.clashes.push(m.key.clone()),
        None => {}
    }
    let found = thread_for(c, m)?;
    let thread = found.as_deref().unwrap_or(&m.root);
    c.prepare_cached(
        "insert into messages (message_id, digest, thread, refs, list, sender, sender_name, subject, arrived, size,
           source, seen, fate, word) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        m.key.id,
        m.key.digest.0,
        thread,
        m.refs,
        m.list,
        m.sender,
        m.sender_name,
        m.subject,
        m.arrived,
        m.size,
        m.source,
        seen,
        desk::plan::digest::canonical(&fate),
        fate.word(),
    ])?;
    let id = c.last_insert_rowid();
    c.prepare_cached("insert into raw (id, bytes) values (?1, ?2)")?.execute(params![id, m.raw])?;
    c.prepare_cached("insert into search (rowid, words) values (?1, ?2)")?.execute(params![id, m.words])?;
    if !m.key.id.is_empty() && thread != m.key.id {
        // Messages that named this one as their missing root now follow it to the older root.
        c.prepare_cached("update messages set thread = ?1 where thread = ?2")?
            .execute([thread, &m.key.id])?;
    }
    if !m.sender.is_empty() {
        let times = (m.sender_name.as_str(), m.arrived.as_str(), m.arrived.as_str());
        let (name, first, last) = senders.entry(m.sender.to_lowercase()).or_insert(times);
        if name.is_empty() {
            *name = &m.sender_name;
        }
        *first = m.arrived.as_str().min(first);
        *last = m.arrived.as_str().max(last);
    }
    if fate == Fate::Waiting {
        out.new += 1;
    }
    Ok(())
}

/// One statement for each person of a batch, not for each mail: a list has few who write much.
fn people(c: &Connection, senders: &Senders<'_>) -> rusqlite::Result<()> {
    let mut put = c.prepare_cached(
        "insert into people (email, name, handle, first_seen, last_seen) values (?1, ?2, '', ?3, ?4)
         on conflict (email) do update set
           first_seen = min(first_seen, excluded.first_seen),
           last_seen = max(last_seen, excluded.last_seen),
           name = case when people.name = '' then excluded.name else people.name end",
    )?;
    for (email, (name, first, last)) in senders {
        put.execute([email.as_str(), name, first, last])?;
    }
    Ok(())
}

/// The thread of a new message: that of its nearest known ancestor, if any.
fn thread_for(c: &Connection, m: &NewMessage) -> rusqlite::Result<Option<String>> {
    if m.ancestors.is_empty() {
        return Ok(None);
    }
    let mut find = c.prepare_cached("select thread from messages where message_id = ?1 limit 1")?;
    for id in &m.ancestors {
        if let Some(thread) = find.query_row([id], |r| r.get(0)).optional()? {
            return Ok(Some(thread));
        }
    }
    Ok(None)
}
