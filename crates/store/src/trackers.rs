//! Trackers of the embedded desk.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    case::Case,
    mail::Address,
    tracker::{CloseReason, Comment, State, Tracker, TrackerKey, TrackerRef},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Desk, StoreError};

const COLUMNS: &str = "key, number, title, body, open, reason, milestone, board_column, archived, created, updated, \
                       closed, revision, received, thread, reporter, reporter_name, via_forwarder";

/// Trackers that are where they live.
pub(crate) const THERE: &str = "trackers.key not in (select tracker from hosted where gone is not null)";

impl Desk {
    /// One tracker by key; `None` when there is none.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn case(&self, key: &TrackerKey) -> Result<Option<Case>, StoreError> {
        self.cases_where("key = ?1", &key.0).map(|v| v.into_iter().next())
    }

    /// One tracker by number; `None` when there is none, or it is gone from its host.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn case_by_number(&self, number: u64) -> Result<Option<Case>, StoreError> {
        self.cases_where(&format!("number = cast(?1 as integer) and {THERE}"), &number.to_string())
            .map(|v| v.into_iter().next())
    }

    /// The tracker a thread belongs to.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn case_of_thread(&self, thread: &str) -> Result<Option<TrackerKey>, StoreError> {
        let sql = format!(
            "select coalesce(
            (select key from trackers where thread = ?1 and thread <> '' and {THERE} order by number limit 1),
            (select tracker from messages where thread = ?1 and tracker is not null
               and tracker not in (select tracker from hosted where gone is not null) order by arrived, id limit 1))"
        );
        let read = || self.conn.prepare_cached(&sql)?.query_row([thread], |r| r.get::<_, Option<String>>(0));
        Ok(read().map_err(|e| self.err("be read", e))?.map(TrackerKey))
    }

    /// Every tracker, open and closed, by number; without those that are gone from their host.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn cases(&self) -> Result<Vec<Case>, StoreError> {
        self.cases_where(&format!("'' = ?1 and {THERE}"), "")
    }

    /// The same with those that are gone: what they kept secret is no less secret.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn cases_ever(&self) -> Result<Vec<Case>, StoreError> {
        self.cases_where("'' = ?1", "")
    }

    /// Key and body of every tracker there ever was.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn bodies(&self) -> Result<Vec<(String, String)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached("select key, body from trackers order by number")?;
            let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// What to call a tracker: `desk#N`.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn reference(&self, key: &TrackerKey) -> Result<Option<TrackerRef>, StoreError> {
        let read = || {
            self.conn
                .prepare_cached("select number from trackers where key = ?1")?
                .query_row([&key.0], |r| r.get::<_, i64>(0))
                .optional()
        };
        let number = read().map_err(|e| self.err("be read", e))?;
        Ok(number.map(|n| self.at_home(n)))
    }

    /// Where the tracker of that number lives.
    fn at_home(&self, number: i64) -> TrackerRef {
        let (host, repo) = self.home().unwrap_or_default();
        TrackerRef { host, repo, number: u64::try_from(number).unwrap_or(0) }
    }

    fn cases_where(&self, filter: &str, arg: &str) -> Result<Vec<Case>, StoreError> {
        // `filter` is made of the literals above, never of input.
        let sql = format!("select {COLUMNS} from trackers where {filter} order by number");
        let rows = || {
            let mut q = self.conn.prepare_cached(&sql)?;
            let rows = q.query_map([arg], row)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let raw = rows().map_err(|e| self.err("be read", e))?;
        if raw.is_empty() {
            return Ok(Vec::new());
        }
        let many = raw.len() > 1;
        let only = if many { None } else { raw.first().map(|r| r.0.clone()) };
        let mut labels =
            self.group("select tracker, label from labels", only.as_deref(), "tracker, label")?;
        let mut assignees =
            self.group("select tracker, handle from assignees", only.as_deref(), "tracker, handle")?;
        let mut ids = self.group(
            "select tracker, message_id from messages",
            only.as_deref(),
            "tracker, case word when 'tracker' then 0 else 1 end, arrived, id",
        )?;
        let mut comments = self.comments(only.as_deref())?;
        raw.into_iter()
            .map(|(key, raw)| {
                let mut case = raw.case(self);
                case.tracker.labels =
                    labels.remove(&key).unwrap_or_default().into_iter().collect::<BTreeSet<_>>();
                case.tracker.assignees = assignees.remove(&key).unwrap_or_default();
                case.tracker.message_ids = ids.remove(&key).unwrap_or_default();
                case.tracker.message_ids.retain(|id| !id.is_empty());
                for (comment, at) in comments.remove(&key).unwrap_or_default() {
                    let at = at.unwrap_or_else(|why| {
                        let id = &comment.id;
                        case.observed
                            .damaged
                            .push(format!("comment {id} was written at no time that can be read ({why})"));
                        case.tracker.updated
                    });
                    case.tracker.comments.push(Comment { at, ..comment });
                }
                Ok(case)
            })
            .collect()
    }

    fn group(
        &self,
        select: &str,
        only: Option<&str>,
        order: &str,
    ) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
        // Two statements: one that says "all or this one" reads every row for this one.
        let filter = if only.is_some() { "tracker = ?1" } else { "?1 is null and tracker is not null" };
        let sql = format!("{select} where {filter} order by {order}");
        let read = || {
            let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let mut q = self.conn.prepare_cached(&sql)?;
            let mut rows = q.query([only])?;
            while let Some(r) = rows.next()? {
                out.entry(r.get(0)?).or_default().push(r.get(1)?);
            }
            Ok(out)
        };
        read().map_err(|e| self.err("be read", e))
    }

    fn comments(&self, only: Option<&str>) -> Result<BTreeMap<String, Vec<Said>>, StoreError> {
        let read = || {
            let mut out: BTreeMap<String, Vec<(i64, String, String, String)>> = BTreeMap::new();
            let filter = if only.is_some() { "tracker = ?1" } else { "?1 is null" };
            let mut q = self.conn.prepare_cached(&format!(
                "select tracker, id, author, at, body from comments where {filter} order by id"
            ))?;
            let mut rows = q.query([only])?;
            while let Some(r) = rows.next()? {
                out.entry(r.get(0)?).or_default().push((r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?));
            }
            Ok(out)
        };
        let all = read().map_err(|e| self.err("be read", e))?;
        let said = |(id, author, at, body): (i64, String, String, String)| {
            (Comment { id: id.to_string(), author, body, ..Comment::default() }, time(&at))
        };
        Ok(all.into_iter().map(|(tracker, rows)| (tracker, rows.into_iter().map(said).collect())).collect())
    }
}

/// A comment, and when it was written, or why that cannot be read.
type Said = (Comment, Result<Timestamp, String>);

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|e| format!("`{text}`: {e}"))
}

struct RawCase {
    key: String,
    number: i64,
    title: String,
    body: String,
    open: bool,
    reason: Option<String>,
    milestone: Option<String>,
    column: Option<String>,
    archived: bool,
    created: String,
    updated: String,
    closed: Option<String>,
    revision: i64,
    received: String,
    thread: String,
    reporter: Address,
    via_forwarder: bool,
}

fn row(r: &Row<'_>) -> rusqlite::Result<(String, RawCase)> {
    let key: String = r.get(0)?;
    let raw = RawCase {
        key: key.clone(),
        number: r.get(1)?,
        title: r.get(2)?,
        body: r.get(3)?,
        open: r.get(4)?,
        reason: r.get(5)?,
        milestone: r.get(6)?,
        column: r.get(7)?,
        archived: r.get(8)?,
        created: r.get(9)?,
        updated: r.get(10)?,
        closed: r.get(11)?,
        revision: r.get(12)?,
        received: r.get(13)?,
        thread: r.get(14)?,
        reporter: Address { email: r.get(15)?, name: r.get(16)? },
        via_forwarder: r.get(17)?,
    };
    Ok((key, raw))
}

impl RawCase {
    /// The case, with what of its row cannot be read. A time that cannot is the earliest one that can, and nothing is built on
    /// it: the rules stop at the damage.
    fn case(self, desk: &Desk) -> Case {
        let state = if self.open {
            State::Open
        } else {
            let reason = match self.reason.as_deref() {
                Some("not_planned") => CloseReason::NotPlanned,
                _ => CloseReason::Completed,
            };
            State::Closed { reason }
        };
        let mut damaged = Vec::new();
        let named = [("received", &self.received), ("created", &self.created), ("updated", &self.updated)];
        let earliest = named.iter().filter_map(|(_, text)| time(text).ok()).min().unwrap_or_default();
        let mut when = |name: &str, text: &str| {
            time(text).unwrap_or_else(|why| {
                damaged.push(format!("the time it was {name} cannot be read ({why})"));
                earliest
            })
        };
        let [received, created, updated] = named.map(|(name, text)| when(name, text));
        let closed = self.closed.as_deref().map(|text| when("closed", text));
        Case {
            received,
            thread: self.thread,
            reporter: self.reporter,
            via_forwarder: self.via_forwarder,
            revision: u64::try_from(self.revision).unwrap_or(0),
            closed,
            observed: desk::case::Observed { damaged, ..desk::case::Observed::default() },
            tracker: Tracker {
                key: TrackerKey(self.key),
                reference: desk.at_home(self.number),
                title: self.title,
                body: self.body,
                state,
                milestone: self.milestone,
                column: self.column,
                archived: self.archived,
                created,
                updated,
                ..Tracker::default()
            },
        }
    }
}

pub(crate) fn touch(c: &Connection, key: &TrackerKey, at: Timestamp) -> rusqlite::Result<usize> {
    c.prepare_cached("update trackers set revision = revision + 1, updated = ?2 where key = ?1")?
        .execute(params![key.0, at.to_string()])
}
