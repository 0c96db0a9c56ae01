//! The desk as its own CVE authority: what it holds of each record, and how far the record is (sync page §9). A state
//! never goes back, whoever pushes what.

use desk::{
    case::{Record, RecordStage},
    cve::{self, RecordPlace},
    plan::{effect::Beside, ports::By},
    tracker::{Headings, Marked, TrackerKey},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::{Desk, StoreError, comments, often::Often};

const STAGES: [RecordStage; 5] = [
    RecordStage::Allocated,
    RecordStage::ReviewReady,
    RecordStage::PublishReady,
    RecordStage::Public,
    RecordStage::Retracted,
];

impl Desk {
    /// The record as the authority has it; `None` when it was never attached or pushed. `json` is what was pushed
    /// last, and empty before the first push.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn cve_record(&self, cve: &str) -> Result<Option<Record>, StoreError> {
        let row = read(&self.conn, cve).map_err(|e| self.err("be read", e))?;
        row.map(|r| r.record(self)).transpose()
    }

    /// The tracker that keeps a record; `None` when nobody does yet.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn record_owner(&self, cve: &str) -> Result<Option<TrackerKey>, StoreError> {
        let row = read(&self.conn, cve).map_err(|e| self.err("be read", e))?;
        Ok(row.map(|r| TrackerKey(r.tracker)))
    }

    /// The copy of the record that is kept beside its tracker (CVE page §9).
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn attached_record(&self, cve: &str) -> Result<Option<String>, StoreError> {
        let row = read(&self.conn, cve).map_err(|e| self.err("be read", e))?;
        Ok(row.and_then(|r| r.attached))
    }

    /// Every record: CVE, tracker, state.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn cve_records(&self) -> Result<Vec<(String, TrackerKey, RecordStage)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached("select cve, tracker, state from records order by cve")?;
            let rows = q.query_map([], |r| Ok((r.get(0)?, TrackerKey(r.get(1)?), r.get::<_, String>(2)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(|e| self.err("be read", e))?;
        rows.into_iter().map(|(cve, t, s)| Ok((cve, t, stage(self, &s)?))).collect()
    }
}

struct Row {
    tracker: String,
    state: String,
    attached: Option<String>,
    json: Option<String>,
    version: i64,
}

impl Row {
    fn record(&self, desk: &Desk) -> Result<Record, StoreError> {
        let json =
            self.json.as_deref().map(|j| value(j).map_err(|e| desk.corrupt("record", e))).transpose()?;
        Ok(Record {
            state: stage(desk, &self.state)?,
            base: json.clone(),
            json,
            version: self.version.to_string(),
        })
    }
}

fn value(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

fn stage(desk: &Desk, word: &str) -> Result<RecordStage, StoreError> {
    STAGES
        .into_iter()
        .find(|s| s.as_str() == word)
        .ok_or_else(|| desk.corrupt("record state", format!("`{word}`")))
}

fn read(c: &Connection, cve: &str) -> rusqlite::Result<Option<Row>> {
    c.prepare_cached("select tracker, state, attached, json, version from records where cve = ?1")?
        .query_row([cve], |r| {
            Ok(Row {
                tracker: r.get(0)?,
                state: r.get(1)?,
                attached: r.get(2)?,
                json: r.get(3)?,
                version: r.get(4)?,
            })
        })
        .optional()
}

/// The row of a record, if it may be changed for that tracker.
fn ours(
    desk: &Desk,
    c: &Connection,
    tracker: &TrackerKey,
    cve: &str,
    record: &str,
) -> Result<Option<Row>, StoreError> {
    value(record).map_err(|e| StoreError::Change(format!("the record of {cve} is no JSON: {e}")))?;
    let row = read(c, cve).map_err(|e| desk.err("make a change", e))?;
    if let Some(row) = &row
        && row.tracker != tracker.0
    {
        let other = desk.reference(&TrackerKey(row.tracker.clone()))?;
        let other = other.map_or_else(|| row.tracker.clone(), |r| r.to_string());
        return Err(StoreError::Refused(format!("{cve} belongs to {other}")));
    }
    Ok(row)
}

/// Keep a copy beside the tracker. A record that nobody pushed yet is `allocated`.
pub fn attach(
    desk: &Desk,
    c: &Connection,
    tracker: &TrackerKey,
    cve: &str,
    record: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    ours(desk, c, tracker, cve, record)?;
    c.run(
        "insert into records (cve, tracker, state, attached, pushed_at) values (?1, ?2, 'allocated', ?3, ?4)
         on conflict (cve) do update set attached = excluded.attached",
        params![cve, tracker.0, record, at.to_string()],
    )
    .map(drop)
    .map_err(|e| desk.err("make a change", e))
}

/// Keep the record in the tracker itself, where it stood before or for the first time. Says where.
///
/// # Errors
/// When the tracker's text takes no record, or the desk cannot be written.
pub fn embed(
    desk: &Desk,
    c: &Connection,
    (tracker, record, beside): (&TrackerKey, &str, &Beside),
    by: By<'_>,
    headings: &Headings,
) -> Result<&'static str, StoreError> {
    let change = |e: &dyn std::fmt::Display| StoreError::Change(e.to_string());
    let sql = |e: rusqlite::Error| desk.err("make a change", e);
    let record = cve::Record::parse(record).map_err(|e| change(&e))?;
    let put = |text: &str| cve::embed(text, &record, &beside.link, headings).map_err(|e| change(&e));
    match beside.place {
        RecordPlace::Body => {
            let body: String = c
                .query_row("select body from trackers where key = ?1", [&tracker.0], |r| r.get(0))
                .map_err(sql)?;
            c.run("update trackers set body = ?2 where key = ?1", [&tracker.0, &put(&body)?]).map_err(sql)?;
            Ok("in the body of")
        }
        RecordPlace::Comment => {
            let kept = comments::text(c, tracker, Marked::RecordCopy).map_err(sql)?.unwrap_or_default();
            comments::upsert(c, tracker, Marked::RecordCopy, &put(&kept)?, by).map_err(sql)?;
            Ok("in a comment on")
        }
    }
}

/// Take content and a wished state; the state rises and never falls. Returns the state it has now.
pub fn push(
    desk: &Desk,
    c: &Connection,
    tracker: &TrackerKey,
    cve: &str,
    wish: RecordStage,
    record: &str,
    at: Timestamp,
) -> Result<RecordStage, StoreError> {
    let row = ours(desk, c, tracker, cve, record)?;
    let has = row.map_or(Ok(RecordStage::Allocated), |r| stage(desk, &r.state))?;
    if has == RecordStage::Retracted {
        return Err(StoreError::Refused(format!("{cve} was retracted")));
    }
    // Only publishing makes a record public; retracting is no push either.
    let now = has.max(wish.clamp(RecordStage::Allocated, RecordStage::PublishReady));
    put(desk, c, tracker, cve, now, record, at)?;
    Ok(now)
}

/// Make a record public.
///
/// # Errors
/// When it is not reviewed: `allocated`, retracted, or not here.
pub fn publish(
    desk: &Desk,
    c: &Connection,
    tracker: &TrackerKey,
    cve: &str,
    record: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let row = ours(desk, c, tracker, cve, record)?;
    let Some(row) = row else {
        return Err(StoreError::Refused(format!("the desk holds no record of {cve}; push it first")));
    };
    let has = stage(desk, &row.state)?;
    if !has.is_reviewable() {
        let why = format!("the record of {cve} is {}; only a reviewed one is published", has.as_str());
        return Err(StoreError::Refused(why));
    }
    put(desk, c, tracker, cve, RecordStage::Public, record, at)
}

/// Take a record back that is not public.
///
/// # Errors
/// When it is public, or not here.
pub fn retract(desk: &Desk, c: &Connection, tracker: &TrackerKey, cve: &str) -> Result<(), StoreError> {
    let Some(row) = ours(desk, c, tracker, cve, "{}")? else {
        return Err(StoreError::Refused(format!("the desk holds no record of {cve}")));
    };
    if stage(desk, &row.state)? == RecordStage::Public {
        return Err(StoreError::Refused(format!("{cve} is public; it is not taken back by this")));
    }
    c.run("update records set state = 'retracted' where cve = ?1", [cve])
        .map(drop)
        .map_err(|e| desk.err("make a change", e))
}

/// What is known of a record at an authority outside, after a change there was made.
pub fn seen(desk: &Desk, c: &Connection, what: &Elsewhere<'_>, at: Timestamp) -> Result<(), StoreError> {
    let json = what.pushed.unwrap_or("{}");
    ours(desk, c, what.tracker, what.cve, json)?;
    let state = if what.state == RecordStage::Unknown { RecordStage::Allocated } else { what.state };
    c.run(
        "insert into records (cve, tracker, state, json, version, pushed_at) values (?1, ?2, ?3, ?4, 1, ?5)
         on conflict (cve) do update set state = excluded.state, version = version + 1,
           json = coalesce(excluded.json, json), pushed_at = excluded.pushed_at",
        params![what.cve, what.tracker.0, state.as_str(), what.pushed, at.to_string()],
    )
    .map(drop)
    .map_err(|e| desk.err("make a change", e))
}

/// A record at an authority outside, as it stands after a change.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere<'a> {
    /// Whose.
    pub tracker: &'a TrackerKey,
    /// Which.
    pub cve: &'a str,
    /// How far it is there.
    pub state: RecordStage,
    /// What the tracker made of it, when that was brought there: the base of the next merge.
    pub pushed: Option<&'a str>,
}

fn put(
    desk: &Desk,
    c: &Connection,
    tracker: &TrackerKey,
    cve: &str,
    state: RecordStage,
    record: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    c.run(
        "insert into records (cve, tracker, state, json, version, pushed_at) values (?1, ?2, ?3, ?4, 1, ?5)
         on conflict (cve) do update set state = excluded.state, version = version + (json is not excluded.json),
           json = excluded.json, pushed_at = excluded.pushed_at",
        params![cve, tracker.0, state.as_str(), record, at.to_string()],
    )
    .map(drop)
    .map_err(|e| desk.err("make a change", e))
}
