//! Who was told what, and what was rejected (DESIGN §5, ledger).

use std::collections::BTreeSet;

use desk::{
    mail::{ContentDigest, MessageKey},
    plan::{Fate, hosted::Noted},
};
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;

use crate::{Desk, StoreError, events, messages, often::Often};

/// One row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// Tracker or message key.
    pub subject: String,
    /// What they were told about.
    pub event: String,
    /// Which instance of it.
    pub artifact: String,
    /// `drafted`, `sent`, `discarded` or `unknown`.
    pub state: String,
    /// Our Message-ID.
    pub message_id: String,
    /// Root Message-ID of the thread.
    pub thread: String,
    /// To whom.
    pub recipient: String,
    /// Did it ask how to credit the reporter?
    pub asked_credit: bool,
    /// Since when.
    pub at: String,
}

/// A report answered with a canned reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Digest of the message.
    pub message: String,
    /// When.
    pub at: String,
    /// Who reported.
    pub reporter: String,
    /// Which reply.
    pub reply: String,
    /// Thread.
    pub thread: String,
    /// One line.
    pub summary: String,
}

impl Desk {
    /// Rows of the ledger, oldest first; of one thread when named.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn ledger(&self, thread: Option<&str>) -> Result<Vec<LedgerRow>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select subject, event, artifact, state, message_id, thread, recipient, asked_credit, at from ledger
                 where ?1 is null or thread = ?1 order by at, subject, event, artifact",
            )?;
            let rows = q.query_map([thread], |r| {
                Ok(LedgerRow {
                    subject: r.get(0)?,
                    event: r.get(1)?,
                    artifact: r.get(2)?,
                    state: r.get(3)?,
                    message_id: r.get(4)?,
                    thread: r.get(5)?,
                    recipient: r.get(6)?,
                    asked_credit: r.get(7)?,
                    at: r.get(8)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Record what became of a draft. Returns how many rows it was.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn mark_draft(
        &self,
        message_id: &str,
        state: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write("be written", |c| {
            let put = || {
                let n = c.run(
                    "update ledger set state = ?2, at = ?3 where message_id = ?1 and state <> ?2",
                    params![message_id, state, now.to_string()],
                )?;
                if n > 0 {
                    events::append(c, now, state, actor, message_id, &serde_json::json!({"rows": n}))?;
                }
                Ok(n)
            };
            put().map_err(|e| self.err("be written", e))
        })
    }

    /// The rejection ledger, oldest first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn rejections(&self) -> Result<Vec<Rejection>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select message, at, reporter, reply, thread, summary from rejections order by at, message",
            )?;
            let rows = q.query_map([], |r| {
                Ok(Rejection {
                    message: r.get(0)?,
                    at: r.get(1)?,
                    reporter: r.get(2)?,
                    reply: r.get(3)?,
                    thread: r.get(4)?,
                    summary: r.get(5)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Take what the team noted in the ledger at the host of its trackers: another desk's rejections are this desk's, too.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn learn_rejections(&self, all: &[(Noted, Timestamp)], now: Timestamp) -> Result<(), StoreError> {
        let known: BTreeSet<String> = self.rejections()?.into_iter().map(|r| r.message).collect();
        let new: Vec<_> =
            all.iter().filter(|(n, _)| !n.message.is_empty() && !known.contains(&n.message)).collect();
        if new.is_empty() {
            return Ok(());
        }
        self.write("learn of rejections", |c| {
            let put = || {
                for (n, at) in &new {
                    c.run(
                        "insert into rejections (message, at, reporter, reply, thread, summary)
                         values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (message) do nothing",
                        params![n.message, at.to_string(), n.reporter, n.reply, n.thread, n.summary],
                    )?;
                    let payload = serde_json::json!({"rejected": n.reply, "thread": n.thread});
                    events::append(c, now, "observed", "tipstaff", &n.message, &payload)?;
                }
                Ok(())
            };
            put().map_err(|e| self.err("learn of rejections", e))
        })
    }

    /// Give the messages that another desk rejected their fate here. It is the very message that was rejected, byte for byte;
    /// what else came in its thread waits for a person. Returns how many it were.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn settle_rejections(&self, now: Timestamp) -> Result<usize, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select m.message_id, m.digest, r.reply from rejections r join messages m on m.digest = r.message
                 where m.word in ('waiting', 'held')",
            )?;
            let rows = q.query_map([], |r| {
                let key = MessageKey { id: r.get(0)?, digest: ContentDigest(r.get(1)?) };
                Ok((key, r.get::<_, String>(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let waiting = read().map_err(|e| self.err("be read", e))?;
        if waiting.is_empty() {
            return Ok(0);
        }
        self.write("take rejections", |c| {
            for (key, reply) in &waiting {
                let fate = Fate::Rejected { reply: reply.clone() };
                messages::set_fate(c, key, &fate, "the team's ledger", now)
                    .map_err(|e| self.err("take rejections", e))?;
            }
            Ok(waiting.len())
        })
    }

    /// Remember a no: the item of that rule stays away until its facts change (DESIGN §2).
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn decline(
        &self,
        subject: &str,
        rule: &str,
        facts: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("be written", |c| {
            let put = || {
                c.run(
                    "insert into declined (subject, rule, facts, actor, at) values (?1, ?2, ?3, ?4, ?5)
                     on conflict (subject, rule) do update set
                       facts = excluded.facts, actor = excluded.actor, at = excluded.at",
                    params![subject, rule, facts, actor, now.to_string()],
                )?;
                let payload = serde_json::json!({"rule": rule, "facts": facts});
                events::append(c, now, "declined", actor, subject, &payload).map(drop)
            };
            put().map_err(|e| self.err("be written", e))
        })
    }

    /// What was declined: subject, rule, digest of the facts then.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn declined(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let read = || {
            let mut q = self
                .conn
                .prepare_cached("select subject, rule, facts from declined order by subject, rule")?;
            let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Take a message that was skipped back into the undecided ones.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn unskip(&self, key: &MessageKey, actor: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write("be written", |c| {
            // The effect is undone, so its step may be made again; what was done stays in the event log.
            let undo = || {
                c.prepare_cached("delete from journal where key like '%|fate|' || ?1 || '|%'")?
                    .execute([&key.digest.0])?;
                crate::messages::set_fate(c, key, &desk::plan::Fate::Waiting, actor, now).map(drop)
            };
            undo().map_err(|e| self.err("be written", e))
        })
    }
}
