//! Trackers that live at another host. The desk keeps a copy to plan with; the host's word counts. Changes are made to the
//! copy first, in a transaction that is given up again, so that what goes to the host is their difference (DESIGN §5).

use std::collections::BTreeSet;

use desk::{
    mail::Address,
    people::Roster,
    plan::{
        ClearedEffect, StepKey, digest,
        effect::Change,
        ports::{By, PortError, Receipt},
    },
    tracker::{Comment, Marked, State, Tracker, TrackerKey, by_team, rollup},
};
use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Desk, StoreError, apply, events, often::Often};

/// What the desk itself knows about a tracker that it sees for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// When the report arrived.
    pub received: Timestamp,
    /// Root Message-ID of its thread; may be empty.
    pub thread: String,
    /// Who reported, as far as known.
    pub reporter: Address,
    /// Is that a forwarder?
    pub via_forwarder: bool,
}

impl Origin {
    /// Of a tracker about which nothing else is known than when it was opened.
    #[must_use]
    pub fn unknown(opened: Timestamp) -> Self {
        Self { received: opened, thread: String::new(), reporter: Address::default(), via_forwarder: false }
    }
}

/// A tracker as its host has it.
#[derive(Clone, Copy, Debug)]
pub struct Copy<'a> {
    /// The tracker, under our name of it.
    pub tracker: &'a Tracker,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The host's id of it.
    pub node: &'a str,
    /// The host's id of its card.
    pub card: Option<&'a str>,
}

/// Where a tracker stands on the board of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Number of the tracker.
    pub number: u64,
    /// The host's id of its card; none when it has none.
    pub id: Option<String>,
    /// The column it is in.
    pub column: Option<String>,
}

impl Desk {
    /// Where the trackers of this desk live: host and repository; none when they live here.
    #[must_use]
    pub fn home(&self) -> Option<(String, String)> {
        self.home.borrow().clone()
    }

    /// Let the trackers of this desk live at a host from now on.
    ///
    /// # Errors
    /// When the desk has trackers that live elsewhere, or cannot be written.
    pub fn set_home(&self, host: &str, repo: &str) -> Result<(), StoreError> {
        let home = (host.to_owned(), repo.to_owned());
        let was = self.home();
        if was.as_ref() == Some(&home) {
            return Ok(());
        }
        let count: i64 = self
            .conn
            .query_row("select count(*) from trackers", [], |r| r.get(0))
            .map_err(|e| self.err("be read", e))?;
        if count > 0 {
            let there = was.map_or_else(|| "on the desk itself".to_owned(), |(h, r)| format!("at {h}/{r}"));
            return Err(StoreError::Refused(format!(
                "this desk has {count} trackers that live {there}; use another folder (--desk DIR) for the trackers at \
                 {host}/{repo}"
            )));
        }
        self.write("be given a home", |c| {
            let put = || put_meta(c, "home_host", host).and_then(|()| put_meta(c, "home_repo", repo));
            put().map_err(|e| self.err("be given a home", e))
        })?;
        *self.home.borrow_mut() = Some(home);
        Ok(())
    }

    /// Where the last reading of the host ended, as it was kept.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn host_mark(&self) -> Result<Option<String>, StoreError> {
        self.one("select value from meta where key = ?1", "host_mark")
    }

    /// Keep where a reading of the host ended.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn set_host_mark(&self, mark: &str) -> Result<(), StoreError> {
        if self.host_mark()?.as_deref() == Some(mark) {
            return Ok(());
        }
        self.write("keep a mark", |c| put_meta(c, "host_mark", mark).map_err(|e| self.err("keep a mark", e)))
    }

    /// The key of the tracker that has this number.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn key_of_number(&self, number: u64) -> Result<Option<TrackerKey>, StoreError> {
        let found =
            self.one("select key from trackers where number = cast(?1 as integer)", &number.to_string())?;
        Ok(found.map(TrackerKey))
    }

    /// Ids of a tracker at its host: its own and that of its card.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn host_ids(&self, key: &TrackerKey) -> Result<Option<(String, Option<String>)>, StoreError> {
        let read = || {
            self.conn
                .prepare_cached("select node, card from hosted where tracker = ?1")?
                .query_row([&key.0], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Cards that are not archived, as far as this desk knows.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn cards(&self) -> Result<Vec<Card>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select t.number, h.card, t.board_column from trackers t join hosted h on h.tracker = t.key
                 where t.archived = 0 and h.gone is null order by t.number",
            )?;
            let card = |r: &Row<'_>| {
                let number = u64::try_from(r.get::<_, i64>(0)?).unwrap_or(0);
                Ok(Card { number, id: r.get(1)?, column: r.get(2)? })
            };
            q.query_map([], card)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Trackers that are at their host as far as this desk knows: number, and the host's id.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn there(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select t.number, h.node from trackers t join hosted h on h.tracker = t.key where h.gone is null
                 order by t.number",
            )?;
            let row = |r: &Row<'_>| Ok((u64::try_from(r.get::<_, i64>(0)?).unwrap_or(0), r.get(1)?));
            q.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Trackers that are gone from their host: number, title, and where they went as far as it says.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn gone(&self) -> Result<Vec<(u64, String, String)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select t.number, t.title, h.gone from trackers t join hosted h on h.tracker = t.key
                 where h.gone is not null order by t.number",
            )?;
            let row =
                |r: &Row<'_>| Ok((u64::try_from(r.get::<_, i64>(0)?).unwrap_or(0), r.get(1)?, r.get(2)?));
            q.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// A tracker is not at its host any more; `to` is where it went, empty when nobody says. It is left out of everything
    /// that is planned, and its mail and history stay.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn set_gone(&self, number: u64, to: &str, at: Timestamp) -> Result<(), StoreError> {
        let Some(key) = self.key_of_number(number)? else { return Ok(()) };
        let name = self.reference(&key)?.map(|r| r.to_string()).unwrap_or_default();
        self.write("lose a tracker", |c| {
            let put = || {
                let n =
                    c.run("update hosted set gone = ?2 where tracker = ?1 and gone is null", [&key.0, to])?;
                if n > 0 {
                    let payload = serde_json::json!({"tracker": name, "gone": to});
                    events::append(c, at, "observed", "tipstaff", &key.0, &payload)?;
                }
                Ok(())
            };
            put().map_err(|e| self.err("lose a tracker", e))
        })
    }

    /// A card was moved at the host.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn take_card(&self, number: u64, card: &str, column: Option<&str>) -> Result<(), StoreError> {
        self.write("take a card", |c| {
            let put = || {
                let number = i64::try_from(number).unwrap_or(i64::MAX);
                c.run(
                    "update trackers set board_column = ?2, archived = 0, revision = revision + 1 where number = ?1",
                    params![number, column],
                )?;
                c.run(
                    "update hosted set card = ?2 where tracker = (select key from trackers where number = ?1)",
                    params![number, card],
                )
            };
            put().map(drop).map_err(|e| self.err("take a card", e))
        })
    }

    /// Take the milestones of the host.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn take_milestones(&self, all: &[(String, bool, Option<Date>)]) -> Result<(), StoreError> {
        let here: Vec<(String, bool, Option<String>)> = {
            let read = || {
                let mut q = self.conn.prepare_cached("select name, open, due from milestones")?;
                let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            };
            read().map_err(|e| self.err("be read", e))?
        };
        let want = |(name, open, due): &(String, bool, Option<Date>)| {
            (name.clone(), *open, due.map(|d| d.to_string()))
        };
        let new: Vec<_> = all.iter().map(want).filter(|m| !here.contains(m)).collect();
        if new.is_empty() {
            return Ok(());
        }
        self.write("take milestones", |c| {
            for (name, open, due) in &new {
                c.run(
                    "insert into milestones (name, open, due) values (?1, ?2, ?3)
                     on conflict (name) do update set open = excluded.open, due = excluded.due",
                    params![name, open, due],
                )
                .map_err(|e| self.err("take milestones", e))?;
            }
            Ok(())
        })
    }

    /// Take a tracker as its host has it. Nothing is written when nothing differs.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn take_copy(
        &self,
        copy: Copy<'_>,
        origin: &Origin,
        roster: &Roster,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let t = copy.tracker;
        let ids = (copy.node.to_owned(), copy.card.map(String::from));
        let here = self.case(&t.key)?;
        let stands = here.is_some_and(|c| c.closed == copy.closed && same(&c.tracker, t));
        let lost = self.gone()?.iter().any(|(n, ..)| *n == t.reference.number);
        if stands && !lost && self.host_ids(&t.key)? == Some(ids) {
            return Ok(());
        }
        self.write("take a tracker", |c| {
            let put = || -> rusqlite::Result<()> {
                put_tracker(c, copy, origin)?;
                put_comments(c, t, roster)?;
                let payload = serde_json::json!({"tracker": t.reference.to_string(), "updated": t.updated.to_string(),
                    "digest": digest::of(t)});
                events::append(c, at, "observed", "tipstaff", &t.key.0, &payload)?;
                Ok(())
            };
            put().map_err(|e| self.err("take a tracker", e))
        })
    }

    /// Make a change on the copy of a tracker, without a receipt: it is to be made at the host, too.
    ///
    /// # Errors
    /// When the change does not fit, or the desk cannot be written; nothing is changed then.
    pub fn stage(
        &self,
        key: &StepKey,
        effect: &ClearedEffect,
        by: By<'_>,
        headings: &desk::tracker::Headings,
    ) -> Result<Receipt, StoreError> {
        self.write("make a change", |c| apply::change(self, c, key, effect, by, headings))
    }

    /// Give up what was written since the last moment that lasts, and go on within the item.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn give_up(&mut self) -> Result<(), PortError> {
        if self.in_item.get() {
            if !self.conn.is_autocommit() {
                self.conn.execute_batch("rollback").map_err(|e| self.err("give up a change", e))?;
            }
            self.in_item.set(false);
            self.begin()?;
        }
        Ok(())
    }

    /// Does the copy show that a change was made already? The receipt it would have then.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn shows(
        &self,
        key: &StepKey,
        effect: &ClearedEffect,
        by: By<'_>,
        headings: &desk::tracker::Headings,
    ) -> Result<Option<Receipt>, StoreError> {
        let Some(tracker) = effect.tracker() else { return Ok(None) };
        let Some(before) = self.case(tracker)? else { return Ok(None) };
        let name = before.tracker.reference.to_string();
        let comments = || before.tracker.comments.iter();
        match effect {
            Change::CreateTracker { .. } => {
                let number = before.tracker.reference.number.to_string();
                Ok(Some(Receipt::new(format!("created {name}")).with("tracker", name).with("number", number)))
            }
            Change::Comment { .. } => {
                let mark = step_mark(key);
                let found = comments().find(|c| c.body.contains(&mark));
                Ok(found.map(|c| {
                    Receipt::new(format!("comment {} on {name}", c.id)).with("comment", c.id.clone())
                }))
            }
            Change::AppendEntry { note, .. } => {
                let id = apply::entry_id(tracker, key);
                let found = comments().any(|c| rollup::is_rollup(&c.body) && rollup::parse(&c.body).has(&id));
                Ok(found.then(|| Receipt::new(format!("status entry `{}` on {name}", note.action))))
            }
            Change::RemoveComment { comment, .. } => {
                let gone = comments().all(|c| c.id != *comment);
                Ok(gone.then(|| Receipt::new(format!("comment {comment} of {name} removed"))))
            }
            _ => {
                let mut receipt = None;
                let mut after = None;
                // The change is tried and given up again, whatever came of it.
                let end: Result<(), StoreError> = self.write("try a change", |c| {
                    receipt = Some(apply::change(self, c, key, effect, by, headings)?);
                    after = self.case(tracker)?;
                    Err(StoreError::Refused(String::new()))
                });
                match (end, receipt, after) {
                    (_, Some(r), Some(a)) => Ok(same(&before.tracker, &a.tracker).then_some(r)),
                    (Err(e), None, _) => match e {
                        StoreError::Refused(_) | StoreError::Change(_) => Ok(None),
                        e => Err(e),
                    },
                    _ => Ok(None),
                }
            }
        }
    }
}

/// The line by which a plain comment is found again when the host's answer was lost.
pub(crate) fn step_mark(key: &StepKey) -> String {
    format!("<!-- tipstaff: step {} -->", &digest::sha256(key.to_string().as_bytes())[..16])
}

/// Are two copies the same, but for when they were touched?
fn same(a: &Tracker, b: &Tracker) -> bool {
    let what = |t: &Tracker| {
        let who: BTreeSet<String> = t.assignees.iter().cloned().collect();
        let comments: Vec<Comment> = t.comments.clone();
        (
            (t.reference.number, t.title.clone(), t.body.clone(), t.labels.clone(), t.state),
            (t.milestone.clone(), who, t.column.clone(), t.archived, comments),
        )
    };
    what(a) == what(b)
}

fn put_meta(c: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    c.run(
        "insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value",
        [key, value],
    )
    .map(drop)
}

fn put_tracker(c: &Connection, copy: Copy<'_>, origin: &Origin) -> rusqlite::Result<()> {
    let t = copy.tracker;
    let number = i64::try_from(t.reference.number).unwrap_or(i64::MAX);
    let reason = match t.state {
        State::Open => None,
        State::Closed { reason: desk::tracker::CloseReason::Completed } => Some("completed"),
        State::Closed { reason: desk::tracker::CloseReason::NotPlanned } => Some("not_planned"),
    };
    if let Some(name) = &t.milestone {
        c.run("insert into milestones (name) values (?1) on conflict do nothing", [name])?;
    }
    let closed = copy.closed.map(|t| t.to_string());
    c.run(
        "insert into trackers (key, number, title, body, open, reason, milestone, board_column, archived, created,
           updated, closed, received, thread, reporter, reporter_name, via_forwarder)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         on conflict (key) do update set number = excluded.number, title = excluded.title, body = excluded.body,
           open = excluded.open, reason = excluded.reason, milestone = excluded.milestone,
           board_column = excluded.board_column, archived = excluded.archived, updated = excluded.updated,
           closed = excluded.closed, revision = revision + 1",
        params![
            t.key.0,
            number,
            t.title,
            t.body,
            t.state.is_open(),
            reason,
            t.milestone,
            t.column,
            t.archived,
            t.created.to_string(),
            t.updated.to_string(),
            closed,
            origin.received.to_string(),
            origin.thread,
            origin.reporter.email,
            origin.reporter.name,
            origin.via_forwarder
        ],
    )?;
    c.run(
        "insert into hosted (tracker, node, card) values (?1, ?2, ?3)
         on conflict (tracker) do update set node = excluded.node, card = excluded.card, gone = null",
        params![t.key.0, copy.node, copy.card],
    )?;
    c.run("delete from labels where tracker = ?1", [&t.key.0])?;
    for label in &t.labels {
        c.run("insert into labels (tracker, label) values (?1, ?2)", [&t.key.0, label])?;
    }
    c.run("delete from assignees where tracker = ?1", [&t.key.0])?;
    for handle in &t.assignees {
        c.run("insert or ignore into assignees (tracker, handle) values (?1, ?2)", [&t.key.0, handle])?;
    }
    Ok(())
}

/// Comments with a marker count as ours only when somebody on the team wrote them (sync page §10).
fn put_comments(c: &Connection, t: &Tracker, roster: &Roster) -> rusqlite::Result<()> {
    c.run("delete from comments where tracker = ?1", [&t.key.0])?;
    let mut q = c.prepare_cached(
        "insert into comments (id, tracker, author, at, updated, body, kind) values (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
    )?;
    for one in &t.comments {
        let kind = match by_team(one, roster) {
            true if rollup::is_rollup(&one.body) => "rollup",
            true if Marked::of(&one.body).is_some() => "marked",
            _ => "comment",
        };
        // An id that is no number comes from no host that is known; the next free one stands for it.
        let id: Option<i64> = one.id.parse().ok();
        q.execute(params![id, t.key.0, one.author, one.at.to_string(), one.body, kind])?;
    }
    Ok(())
}
