//! Milestones of the embedded desk (sync page §5).

use desk::case::Milestone;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Desk, StoreError, often::Often, trackers::THERE};

impl Desk {
    /// Every milestone with its counts, by name. A closed tracker counts as announced when it has that label.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn milestones(&self, announced: &str) -> Result<Vec<Milestone>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(&format!(
                "select m.name, m.open, m.due,
                   (select count(*) from trackers where milestone = m.name and open = 1 and {THERE}),
                   (select count(*) from trackers where milestone = m.name and open = 0 and {THERE} and not exists
                     (select 1 from labels l where l.tracker = trackers.key and l.label = ?1 collate nocase))
                 from milestones m order by m.name"
            ))?;
            let rows = q.query_map([announced], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get::<_, Option<String>>(2)?, r.get(3)?, r.get(4)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<(String, bool, Option<String>, u32, u32)>>>()
        };
        read()
            .map_err(|e| self.err("be read", e))?
            .into_iter()
            .map(|(name, open, due, open_trackers, closed_unannounced)| {
                let day = |t: String| t.parse().map_err(|e| self.corrupt("day", format!("{t}: {e}")));
                let due = due.map(day).transpose()?;
                Ok(Milestone { name, open, due, open_trackers, closed_unannounced })
            })
            .collect()
    }
}

/// Make a milestone; one that is there gets a due date it did not have. False when it was there.
pub fn create(c: &Connection, name: &str, due: Option<Date>) -> rusqlite::Result<bool> {
    let due = due.map(|d| d.to_string());
    let made = c.run(
        "insert into milestones (name, due) values (?1, ?2) on conflict (name) do nothing",
        params![name, due],
    )? > 0;
    if !made {
        c.run("update milestones set due = coalesce(due, ?2) where name = ?1", params![name, due])?;
    }
    Ok(made)
}

/// Close a milestone.
///
/// # Errors
/// When there is none of that name, or a tracker on it is open (sync page §5.6).
pub fn close(desk: &Desk, c: &Connection, name: &str) -> Result<(), StoreError> {
    let sql = |e| desk.err("make a change", e);
    let open: Option<i64> = c
        .query_row(
            &format!(
                "select (select count(*) from trackers where milestone = m.name and trackers.open = 1 and {THERE})
                 from milestones m where m.name = ?1"
            ),
            [name],
            |r| r.get(0),
        )
        .optional()
        .map_err(sql)?;
    match open {
        None => Err(StoreError::Refused(format!("there is no milestone `{name}`"))),
        Some(0) => c.run("update milestones set open = 0 where name = ?1", [name]).map(drop).map_err(sql),
        Some(n) => Err(StoreError::Refused(format!("{n} trackers on the milestone `{name}` are open"))),
    }
}
