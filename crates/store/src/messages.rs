//! Messages: every mail seen, its thread and its one fate (G3).

use desk::{
    mail::{Message, MessageKey},
    plan::Fate,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Desk, StoreError,
    copies::{self, Twin},
    events,
};

/// A message to be remembered.
#[derive(Debug)]
pub struct NewMessage<'a> {
    /// It, decoded.
    pub message: &'a Message,
    /// Its bytes.
    pub raw: &'a [u8],
    /// Where it was read, e.g. `reports.mbox at byte 4711`.
    pub source: &'a str,
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

/// A message as the desk holds it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Identity.
    pub key: MessageKey,
    /// Root Message-ID of its thread.
    pub thread: String,
    /// Its fate.
    pub fate: Fate,
    /// Does the desk hold another mail of the same Message-ID, with other content?
    pub clash: bool,
    /// Where it was read.
    pub source: String,
    /// Its bytes.
    pub raw: Vec<u8>,
}

impl Desk {
    /// Remember messages, in one transaction. Returns what was new. A message known by its digest is left alone.
    ///
    /// # Errors
    /// When the desk cannot be written; nothing of the batch is kept then.
    pub fn observe(&self, batch: &[NewMessage<'_>], now: Timestamp) -> Result<Observed, StoreError> {
        self.write("remember messages", |c| {
            let mut out = Observed::default();
            for m in batch {
                insert(c, m, now, &mut out).map_err(|e| self.err("remember messages", e))?;
            }
            Ok(out)
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

    /// Does the desk hold a message with that content?
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn holds_digest(&self, digest: &str) -> Result<bool, StoreError> {
        Ok(self.one("select digest from messages where digest = ?1", digest)?.is_some())
    }

    /// Messages with that Message-ID: more than one is a copy or a clash.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn by_message_id(&self, id: &str) -> Result<Vec<Stored>, StoreError> {
        self.stored("m.message_id = ?1 and m.message_id <> ''", id)
    }

    /// The message whose content digest begins so; `None` when there is none or more than one.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn message(&self, digest: &str) -> Result<Option<Stored>, StoreError> {
        let mut found = self.stored("m.digest >= ?1 and m.digest < ?1 || 'g'", digest)?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// Every message of a thread, oldest first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn thread(&self, id: &str) -> Result<Vec<Stored>, StoreError> {
        self.stored("m.thread = ?1", id)
    }

    /// The thread that holds a message with that Message-ID.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn thread_of(&self, message_id: &str) -> Result<Option<String>, StoreError> {
        self.one("select thread from messages where message_id = ?1 order by id limit 1", message_id)
    }

    /// Threads that hold an undecided message which arrived since then, oldest first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn undecided_threads(&self, since: Option<Timestamp>) -> Result<Vec<String>, StoreError> {
        let since = since.map_or(String::new(), |t| t.to_string());
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select thread, min(arrived) as first from messages
                 where word in ('waiting', 'held') and arrived >= ?1 group by thread order by first, thread",
            )?;
            let rows = q.query_map([since], |r| r.get(0))?;
            rows.collect::<rusqlite::Result<Vec<String>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// How many messages have no final fate.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn undecided(&self) -> Result<i64, StoreError> {
        self.conn
            .query_row("select count(*) from messages where word in ('waiting', 'held')", [], |r| r.get(0))
            .map_err(|e| self.err("be read", e))
    }

    /// Messages a person skipped, newest first: key, subject, sender, fate.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn with_fate(&self, word: &str) -> Result<Vec<(MessageKey, String, String, Fate)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select message_id, digest, subject, sender, fate from messages where word = ?1
                 order by arrived desc, id desc",
            )?;
            let rows = q.query_map([word], |r| {
                let key = MessageKey { id: r.get(0)?, digest: desk::mail::ContentDigest(r.get(1)?) };
                Ok((key, r.get(2)?, r.get(3)?, r.get::<_, String>(4)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read()
            .map_err(|e| self.err("be read", e))?
            .into_iter()
            .map(|(k, subject, sender, fate)| {
                let fate = serde_json::from_str(&fate).map_err(|e| self.corrupt("fate", e))?;
                Ok((k, subject, sender, fate))
            })
            .collect()
    }

    /// How many messages have each fate.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn fates(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let read = || {
            let mut q = self
                .conn
                .prepare_cached("select word, count(*) from messages group by word order by word")?;
            let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// The fate of a message; `None` when it was never seen.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn fate(&self, key: &MessageKey) -> Result<Option<Fate>, StoreError> {
        match self.one("select fate from messages where digest = ?1", &key.digest.0)? {
            None => Ok(None),
            Some(json) => serde_json::from_str(&json).map(Some).map_err(|e| self.corrupt("fate", e)),
        }
    }

    /// The newest messages of a sender, oldest of them first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn by_sender(&self, email: &str, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let mut found = self.stored("m.sender = ?1 collate nocase", email)?;
        let skip = found.len().saturating_sub(limit);
        Ok(found.split_off(skip))
    }

    /// Full-text search: Message-IDs and subjects, best first. Quotes are handled; no query syntax leaks in.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn search(&self, words: &str, limit: usize) -> Result<Vec<(MessageKey, String)>, StoreError> {
        let query: String = words
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(|w| format!("\"{w}\""))
            .collect::<Vec<_>>()
            .join(" ");
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select m.message_id, m.digest, m.subject from search s join messages m on m.id = s.rowid
                 where search match ?1 order by rank limit ?2",
            )?;
            let rows = q.query_map(params![query, i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
                let key = MessageKey { id: r.get(0)?, digest: desk::mail::ContentDigest(r.get(1)?) };
                Ok((key, r.get(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be searched", e))
    }

    pub(crate) fn one(&self, sql: &str, arg: &str) -> Result<Option<String>, StoreError> {
        let read = || self.conn.prepare_cached(sql)?.query_row([arg], |r| r.get(0)).optional();
        read().map_err(|e| self.err("be read", e))
    }

    fn stored(&self, filter: &str, arg: &str) -> Result<Vec<Stored>, StoreError> {
        // `filter` is one of the literals above, never input.
        let sql = format!(
            "select m.message_id, m.digest, m.thread, m.fate, m.source, r.bytes,
               m.message_id <> '' and m.word <> 'copy' and exists (select 1 from messages o
                 where o.message_id = m.message_id and o.id <> m.id and o.word <> 'copy')
             from messages m join raw r on r.id = m.id where {filter} order by m.arrived, m.id"
        );
        let read = || {
            let mut q = self.conn.prepare_cached(&sql)?;
            let rows = q.query_map([arg], |r| {
                let key = MessageKey { id: r.get(0)?, digest: desk::mail::ContentDigest(r.get(1)?) };
                Ok((key, r.get(2)?, r.get::<_, String>(3)?, r.get(4)?, r.get(5)?, r.get(6)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read()
            .map_err(|e| self.err("be read", e))?
            .into_iter()
            .map(|(key, thread, fate, source, raw, clash)| {
                let fate = serde_json::from_str(&fate).map_err(|e| self.corrupt("fate", e))?;
                Ok(Stored { key, thread, fate, clash, source, raw })
            })
            .collect()
    }
}

pub(crate) fn set_fate(
    c: &Connection,
    key: &MessageKey,
    fate: &Fate,
    by: &str,
    at: Timestamp,
) -> rusqlite::Result<usize> {
    let json = desk::plan::digest::canonical(fate);
    let n = c
        .prepare_cached("update messages set fate = ?1, word = ?2, tracker = ?3 where digest = ?4")?
        .execute(params![json, fate.word(), fate.tracker().map(|t| t.0.as_str()), key.digest.0])?;
    if n > 0 {
        events::append(c, at, "fate", by, &key.to_string(), fate)?;
    }
    Ok(n)
}

fn insert(c: &Connection, new: &NewMessage<'_>, now: Timestamp, out: &mut Observed) -> rusqlite::Result<()> {
    let m = new.message;
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
    match copies::twin(c, new, now)? {
        Some(Twin::Copy(of)) => {
            out.copies += 1;
            fate = Fate::Copy { of };
        }
        Some(Twin::Clash) => out.clashes.push(m.key.clone()),
        None => {}
    }
    let thread = thread_for(c, m)?;
    let refs: Vec<&str> = m.references.iter().chain(&m.in_reply_to).map(String::as_str).collect();
    let arrived = m.arrived().unwrap_or(now).min(now);
    c.prepare_cached(
        "insert into messages (message_id, digest, thread, refs, list, sender, sender_name, subject, arrived, size,
           source, seen, fate, word) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        m.key.id,
        m.key.digest.0,
        thread,
        refs.join(" "),
        m.list_id,
        m.from.email,
        m.from.name,
        m.subject,
        arrived.to_string(),
        i64::try_from(m.size).unwrap_or(i64::MAX),
        new.source,
        now.to_string(),
        desk::plan::digest::canonical(&fate),
        fate.word(),
    ])?;
    let id = c.last_insert_rowid();
    c.prepare_cached("insert into raw (id, bytes) values (?1, ?2)")?.execute(params![id, new.raw])?;
    c.prepare_cached("insert into search (rowid, subject, sender, body) values (?1, ?2, ?3, ?4)")?
        .execute(params![id, m.subject, format!("{} {}", m.from.name, m.from.email), m.text])?;
    if !m.key.id.is_empty() && thread != m.key.id {
        // Messages that named this one as their missing root now follow it to the older root.
        c.prepare_cached("update messages set thread = ?1 where thread = ?2")?
            .execute([&thread, &m.key.id])?;
    }
    if !m.from.email.is_empty() {
        c.prepare_cached(
            "insert into people (email, name, handle, first_seen, last_seen) values (?1, ?2, '', ?3, ?3)
             on conflict (email) do update set
               first_seen = min(first_seen, excluded.first_seen),
               last_seen = max(last_seen, excluded.last_seen),
               name = case when people.name = '' then excluded.name else people.name end",
        )?
        .execute(params![m.from.email.to_lowercase(), m.from.name, arrived.to_string()])?;
    }
    if fate == Fate::Waiting {
        out.new += 1;
    }
    Ok(())
}

/// The thread of a new message: that of its nearest known ancestor, else its oldest reference, else its own.
fn thread_for(c: &Connection, m: &Message) -> rusqlite::Result<String> {
    let mut find = c.prepare_cached("select thread from messages where message_id = ?1 limit 1")?;
    let ancestors = m.in_reply_to.iter().rev().chain(m.references.iter().rev());
    for id in ancestors.filter(|id| **id != m.key.id) {
        if let Some(thread) = find.query_row([id], |r| r.get(0)).optional()? {
            return Ok(thread);
        }
    }
    let oldest = m.references.iter().chain(&m.in_reply_to).find(|id| **id != m.key.id);
    Ok(match oldest {
        Some(id) => id.clone(),
        None if m.key.id.is_empty() => format!("sha256:{}", m.key.digest.0),
        None => m.key.id.clone(),
    })
}
