//! Messages: every mail seen, its thread and its one fate (G3).

use desk::{mail::MessageKey, plan::Fate, tracker::TrackerKey};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Desk, StoreError, events};

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
        self.stored("m.message_id = ?1 and m.message_id <> ''", id, usize::MAX)
    }

    /// The message whose content digest begins so; `None` when there is none or more than one.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn message(&self, digest: &str) -> Result<Option<Stored>, StoreError> {
        let mut found = self.stored("m.digest >= ?1 and m.digest < ?1 || 'g'", digest, 2)?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// Every message of a thread, oldest first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn thread(&self, id: &str) -> Result<Vec<Stored>, StoreError> {
        self.stored("m.thread = ?1", id, usize::MAX)
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
            // Left to itself, the planner reads every message in the order of threads.
            let mut q = self.conn.prepare_cached(
                "select thread, min(arrived) as first from messages indexed by messages_by_word
                 where word in ('waiting', 'held') and arrived >= ?1 group by thread order by first, thread",
            )?;
            let rows = q.query_map([since], |r| r.get(0))?;
            rows.collect::<rusqlite::Result<Vec<String>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Threads of which some message arrived since then and none waits for a decision, those that moved last first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn decided_threads(&self, since: Timestamp, limit: usize) -> Result<Vec<String>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select thread from messages group by thread
                 having max(arrived) >= ?1 and sum(word in ('waiting', 'held')) = 0
                 order by max(arrived) desc, thread limit ?2",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = q.query_map(params![since.to_string(), limit], |r| r.get(0))?;
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
                "select message_id, digest, subject, sender, fate, word, tracker from messages where word = ?1
                 order by arrived desc, id desc",
            )?;
            let rows = q.query_map([word], |r| {
                let key = MessageKey { id: r.get(0)?, digest: desk::mail::ContentDigest(r.get(1)?) };
                Ok((key, r.get(2)?, r.get(3)?, kept_fate(r, 4)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read()
            .map_err(|e| self.err("be read", e))?
            .into_iter()
            .map(|(k, subject, sender, fate)| Ok((k, subject, sender, fate.shown())))
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
    /// When the desk cannot be read, or another version gave it a fate that this one does not know.
    pub fn fate(&self, key: &MessageKey) -> Result<Option<Fate>, StoreError> {
        let read = || {
            self.conn
                .prepare_cached("select fate, word, tracker from messages where digest = ?1")?
                .query_row([&key.digest.0], |r| kept_fate(r, 0))
                .optional()
        };
        let kept = read().map_err(|e| self.err("be read", e))?;
        kept.map(|k| k.read().map_err(|why| self.corrupt("fate of a mail", why))).transpose()
    }

    /// Messages whose fate another version wrote and this one does not know: digest and why.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn unreadable_fates(&self) -> Result<Vec<(String, String)>, StoreError> {
        let read = || {
            let mut q =
                self.conn.prepare_cached("select fate, word, tracker, digest from messages order by id")?;
            let rows = q.query_map([], |r| Ok((kept_fate(r, 0)?, r.get::<_, String>(3)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let all = read().map_err(|e| self.err("be read", e))?;
        Ok(all.into_iter().filter_map(|(k, digest)| Some((digest, k.read().err()?))).collect())
    }

    /// The newest messages of a sender, oldest of them first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn by_sender(&self, email: &str, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.stored("m.sender = ?1 collate nocase", email, limit)
    }

    pub(crate) fn one(&self, sql: &str, arg: &str) -> Result<Option<String>, StoreError> {
        let read = || self.conn.prepare_cached(sql)?.query_row([arg], |r| r.get(0)).optional();
        read().map_err(|e| self.err("be read", e))
    }

    /// The newest `limit` messages of a filter, oldest of them first.
    fn stored(&self, filter: &str, arg: &str, limit: usize) -> Result<Vec<Stored>, StoreError> {
        // `filter` is one of the literals above, never input.
        let sql = format!(
            "select m.id, m.message_id, m.digest, m.thread, m.fate, m.word, m.tracker, m.source,
               m.message_id <> '' and m.word <> 'copy' and exists (select 1 from messages o
                 where o.message_id = m.message_id and o.id <> m.id and o.word <> 'copy')
             from messages m where {filter} order by m.arrived desc, m.id desc limit ?2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || {
            let mut q = self.conn.prepare_cached(&sql)?;
            let rows = q.query_map(params![arg, limit], |r| {
                let key = MessageKey { id: r.get(1)?, digest: desk::mail::ContentDigest(r.get(2)?) };
                Ok((r.get::<_, i64>(0)?, key, r.get(3)?, kept_fate(r, 4)?, r.get(7)?, r.get(8)?))
            })?;
            let mut rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            rows.reverse();
            // The bytes come last: sorted along with the rest, those of a large mail would be held four times.
            let mut raw = self.conn.prepare_cached("select bytes from raw where id = ?1")?;
            rows.into_iter()
                .map(|(id, key, thread, fate, source, clash)| {
                    let raw: Vec<u8> = raw.query_row([id], |r| r.get(0))?;
                    Ok((key, thread, fate, source, clash, raw))
                })
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read()
            .map_err(|e| self.err("be read", e))?
            .into_iter()
            .map(|(key, thread, fate, source, clash, raw)| {
                Ok(Stored { key, thread, fate: fate.shown(), clash, source, raw })
            })
            .collect()
    }
}

/// A fate as its row holds it: whole, and what stands beside it for the searches.
struct KeptFate {
    json: String,
    word: String,
    tracker: Option<String>,
}

/// The three columns from that one on.
fn kept_fate(r: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<KeptFate> {
    Ok(KeptFate { json: r.get(at)?, word: r.get(at + 1)?, tracker: r.get(at + 2)? })
}

impl KeptFate {
    /// One that another version wrote in another shape still says the same by its word and its tracker.
    fn read(&self) -> Result<Fate, String> {
        let why = match serde_json::from_str(&self.json) {
            Ok(fate) => return Ok(fate),
            Err(e) => e,
        };
        let tracker = self.tracker.clone().map(TrackerKey);
        let lost = || format!("another version of tipstaff wrote it: {why}");
        Ok(match (self.word.as_str(), tracker) {
            ("waiting", _) => Fate::Waiting,
            ("held", _) => Fate::Held { why: lost() },
            ("tracker", Some(tracker)) => Fate::Tracker { tracker },
            ("follow-up", Some(tracker)) => Fate::FollowUp { tracker },
            ("duplicate", Some(tracker)) => Fate::Duplicate { tracker },
            ("answered", _) => Fate::Answered,
            ("bookkeeping", _) => Fate::Bookkeeping,
            ("spam", _) => Fate::Spam,
            ("other", _) => Fate::Other,
            ("rejected", _) => Fate::Rejected { reply: String::new() },
            ("skipped", _) => Fate::Skipped { by: String::new() },
            (word, _) => return Err(format!("`{word}` is no fate that this version knows ({why})")),
        })
    }

    /// The same for a reader who decides nothing: what is not known is for a person to look at.
    fn shown(&self) -> Fate {
        self.read().unwrap_or_else(|why| Fate::Held { why })
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
