//! Comments with a marker: written once, then edited in place (sync page §10).

use desk::{
    plan::ports::By,
    tracker::{Marked, TrackerKey, rollup},
};
use rusqlite::{Connection, OptionalExtension, params};

/// Write the comment of that kind, or edit the newest one. Only what this program wrote is edited: a marker that
/// somebody typed into a comment of their own makes it none of ours (hard case 28). Returns its id and what was done.
pub fn upsert(
    c: &Connection,
    tracker: &TrackerKey,
    kind: Marked,
    text: &str,
    by: By<'_>,
) -> rusqlite::Result<(i64, &'static str)> {
    let body = format!("{}\n{text}", kind.marker());
    let now = by.at.to_string();
    let mut q = c.prepare_cached(
        "select id, body from comments where tracker = ?1 and kind = 'marked' order by id desc",
    )?;
    let ours = q
        .query_map([&tracker.0], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)))?
        .find(|row| row.as_ref().map_or(true, |(_, body)| Marked::of(body) == Some(kind)))
        .transpose()?;
    if let Some((id, old)) = ours {
        if old == body {
            return Ok((id, "stands"));
        }
        c.execute("update comments set body = ?2, updated = ?3 where id = ?1", params![id, body, now])?;
        return Ok((id, "edited"));
    }
    c.execute(
        "insert into comments (tracker, author, at, updated, body, kind) values (?1, ?2, ?3, ?3, ?4, 'marked')",
        params![tracker.0, by.actor.handle, now, body],
    )?;
    Ok((c.last_insert_rowid(), "written"))
}

/// What the newest comment of that kind says below its marker, of those that this program wrote.
pub fn text(c: &Connection, tracker: &TrackerKey, kind: Marked) -> rusqlite::Result<Option<String>> {
    let mut q = c.prepare_cached(
        "select body from comments where tracker = ?1 and kind = 'marked' order by id desc",
    )?;
    let found = q
        .query_map([&tracker.0], |r| r.get::<_, String>(0))?
        .find(|body| body.as_ref().map_or(true, |b| Marked::of(b) == Some(kind)))
        .transpose()?;
    Ok(found.map(|b| b.split_once('\n').map_or_else(String::new, |(_, rest)| rest.to_owned())))
}

/// Take a plain comment away. Returns what it said; none when there is no such comment, or it is the status or has a marker.
pub fn remove(c: &Connection, tracker: &TrackerKey, comment: &str) -> rusqlite::Result<Option<String>> {
    let found: Option<(i64, String)> = c
        .prepare_cached("select id, body from comments where tracker = ?1 and id = ?2 and kind = 'comment'")?
        .query_row([&tracker.0, comment], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((id, body)) = found.filter(|(_, b)| !rollup::is_rollup(b) && Marked::of(b).is_none()) else {
        return Ok(None);
    };
    c.execute("delete from comments where id = ?1", [id])?;
    Ok(Some(body))
}
