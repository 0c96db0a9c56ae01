//! The log: append-only, hash-chained (DESIGN §5). An event holds the digest of its payload; the payload beside
//! it may be erased without breaking the chain.

use desk::plan::digest;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::{Desk, StoreError};

const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its place, from 1.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What: `observed`, `approved`, `refused`, `intent`, `receipt`, `sent`, …
    pub kind: String,
    /// Who.
    pub actor: String,
    /// About which tracker, message or plan.
    pub subject: String,
    /// SHA-256 of the payload.
    pub payload_digest: String,
    /// Hash of the event before.
    pub prev: String,
    /// Its own hash.
    pub hash: String,
    /// The payload; `None` when it was erased.
    pub payload: Option<String>,
}

impl Event {
    fn expected_hash(&self) -> String {
        digest::of(&(
            self.seq,
            &self.at,
            &self.kind,
            &self.actor,
            &self.subject,
            &self.payload_digest,
            &self.prev,
        ))
    }
}

/// Result of checking the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Events checked.
    pub events: i64,
    /// Payloads that were erased on purpose.
    pub erased: i64,
    /// Hash of the last event; keep it elsewhere to prove later that nothing was cut off.
    pub head: String,
    /// Faults found; empty when the chain holds.
    pub faults: Vec<String>,
}

pub(crate) fn append<T: Serialize>(
    conn: &Connection,
    at: Timestamp,
    kind: &str,
    actor: &str,
    subject: &str,
    payload: &T,
) -> rusqlite::Result<i64> {
    let last: Option<(i64, String)> = conn
        .prepare_cached("select seq, hash from events order by seq desc limit 1")?
        .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (seq, prev) = last.map_or((1, GENESIS.to_owned()), |(s, h)| (s + 1, h));
    let payload = digest::canonical(payload);
    let mut event = Event {
        seq,
        at: at.to_string(),
        kind: kind.into(),
        actor: actor.into(),
        subject: subject.into(),
        payload_digest: digest::sha256(payload.as_bytes()),
        prev,
        hash: String::new(),
        payload: None,
    };
    event.hash = event.expected_hash();
    conn.prepare_cached(
        "insert into events (seq, at, kind, actor, subject, payload_digest, prev, hash)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        event.seq,
        event.at,
        event.kind,
        event.actor,
        event.subject,
        event.payload_digest,
        event.prev,
        event.hash
    ])?;
    conn.prepare_cached("insert into event_payloads (seq, payload) values (?1, ?2)")?
        .execute(params![seq, payload])?;
    Ok(seq)
}

impl Desk {
    /// Append an event of the desk's own.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn record<T: Serialize>(
        &self,
        at: Timestamp,
        kind: &str,
        actor: &str,
        subject: &str,
        payload: &T,
    ) -> Result<i64, StoreError> {
        self.write("be written", |c| {
            append(c, at, kind, actor, subject, payload).map_err(|e| self.err("be written", e))
        })
    }

    /// Events, newest first; of one subject when named.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn events(&self, subject: Option<&str>, limit: usize) -> Result<Vec<Event>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select e.seq, at, kind, actor, subject, payload_digest, prev, hash, payload
                 from events e left join event_payloads p on p.seq = e.seq
                 where ?1 is null or subject = ?1 order by e.seq desc limit ?2",
            )?;
            let rows = q.query_map(params![subject, i64::try_from(limit).unwrap_or(i64::MAX)], row)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Check the whole chain.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        let read = || {
            let mut out = Verified { events: 0, erased: 0, head: GENESIS.to_owned(), faults: Vec::new() };
            let mut q = self.conn.prepare(
                "select e.seq, at, kind, actor, subject, payload_digest, prev, hash, payload
                 from events e left join event_payloads p on p.seq = e.seq order by e.seq",
            )?;
            let mut rows = q.query([])?;
            while let Some(r) = rows.next()? {
                let e = row(r)?;
                out.events += 1;
                if e.seq != out.events {
                    out.faults.push(format!("event {} stands where {} should be", e.seq, out.events));
                    out.events = e.seq;
                }
                if e.prev != out.head {
                    out.faults.push(format!("event {} does not follow the one before it", e.seq));
                }
                if e.hash != e.expected_hash() {
                    out.faults.push(format!("event {} was changed after it was written", e.seq));
                }
                match &e.payload {
                    None => out.erased += 1,
                    Some(p) if digest::sha256(p.as_bytes()) != e.payload_digest => {
                        out.faults.push(format!("the payload of event {} was changed", e.seq));
                    }
                    Some(_) => {}
                }
                out.head = e.hash;
            }
            Ok(out)
        };
        read().map_err(|e| self.err("be read", e))
    }
}

fn row(r: &rusqlite::Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        seq: r.get(0)?,
        at: r.get(1)?,
        kind: r.get(2)?,
        actor: r.get(3)?,
        subject: r.get(4)?,
        payload_digest: r.get(5)?,
        prev: r.get(6)?,
        hash: r.get(7)?,
        payload: r.get(8)?,
    })
}
