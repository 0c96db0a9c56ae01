//! Plans and approvals: the plan file is a view, this table is the record (DESIGN §2).

use desk::plan::{Approval, Plan};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::{Desk, StoreError, events};

/// Where a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanState {
    /// Shown, not approved.
    Proposed,
    /// Approved, not applied to its end.
    Approved,
    /// Applied.
    Applied,
    /// A newer plan of its kind took its place.
    Superseded,
}

impl PlanState {
    fn word(self) -> &'static str {
        match self {
            PlanState::Proposed => "proposed",
            PlanState::Approved => "approved",
            PlanState::Applied => "applied",
            PlanState::Superseded => "superseded",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Self::Proposed, Self::Approved, Self::Applied, Self::Superseded]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// A plan as stored.
#[derive(Clone, Debug)]
pub struct PlanRow {
    /// Its digest.
    pub digest: String,
    /// The plan.
    pub plan: Plan,
    /// The approval, if any.
    pub approval: Option<Approval>,
    /// Where it stands.
    pub state: PlanState,
}

impl Desk {
    /// Store a plan as proposed. Storing the same plan again changes nothing.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn propose(&self, plan: &Plan) -> Result<String, StoreError> {
        let digest = plan.digest();
        let json = desk::plan::digest::canonical(plan);
        self.write("store a plan", |c| {
            c.execute(
                "insert into plans (digest, kind, made, plan, state) values (?1, ?2, ?3, ?4, 'proposed')
                 on conflict (digest) do nothing",
                params![digest, plan.kind, plan.made.to_string(), json],
            )
            .map_err(|e| self.err("store a plan", e))
        })?;
        Ok(digest)
    }

    /// Record a yes as an event and beside its plan. A later yes to the same plan adds its items.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        self.write("record an approval", |c| {
            let put = || {
                c.execute(
                    "update plans set approval = ?2, state = 'approved' where digest = ?1",
                    params![approval.plan, desk::plan::digest::canonical(approval)],
                )?;
                events::append(c, approval.at, "approved", &approval.actor.handle, &approval.plan, approval)
            };
            put().map(drop).map_err(|e| self.err("record an approval", e))
        })
    }

    /// Move a plan on.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn set_plan_state(&self, digest: &str, state: PlanState) -> Result<(), StoreError> {
        self.write("store a plan", |c| {
            c.execute("update plans set state = ?2 where digest = ?1", params![digest, state.word()])
                .map(drop)
                .map_err(|e| self.err("store a plan", e))
        })
    }

    /// The plan whose digest begins with that prefix; `None` when there is none or more than one.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn plan(&self, prefix: &str) -> Result<Option<PlanRow>, StoreError> {
        let read = || {
            self.conn
                .prepare_cached(
                    "select digest, plan, approval, state from plans where substr(digest, 1, length(?1)) = ?1
                       and (select count(*) from plans where substr(digest, 1, length(?1)) = ?1) = 1",
                )?
                .query_row([prefix], fields)
                .optional()
        };
        if prefix.is_empty() {
            return Ok(None);
        }
        read().map_err(|e| self.err("be read", e))?.map(|f| self.plan_row(f)).transpose()
    }

    /// Plans, newest first. One that an earlier version wrote and this one cannot read is left out unless it is approved
    /// and waits: what was applied stands in the log, and what was only proposed is planned anew.
    ///
    /// # Errors
    /// When the desk cannot be read, or an approved plan cannot.
    pub fn plans(&self, limit: usize) -> Result<Vec<PlanRow>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select digest, plan, approval, state from plans order by made desc, digest limit ?1",
            )?;
            let rows = q.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], fields)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(|e| self.err("be read", e))?;
        let waits = |f: &Fields| PlanState::read(&f.3).is_none_or(|s| s == PlanState::Approved);
        rows.into_iter()
            .filter_map(|f| {
                let waits = waits(&f);
                Some(self.plan_row(f)).filter(|r| waits || r.is_ok())
            })
            .collect()
    }

    /// Plans that were approved and not applied to their end, oldest first.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn unfinished(&self) -> Result<Vec<PlanRow>, StoreError> {
        let mut rows = self.plans(usize::MAX)?;
        rows.retain(|r| r.state == PlanState::Approved);
        rows.reverse();
        Ok(rows)
    }

    /// Forget proposals nobody approved before that time; their events stay.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn drop_stale_proposals(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.write("tidy plans", |c| {
            c.execute("delete from plans where state = 'proposed' and made < ?1", [before.to_string()])
                .map_err(|e| self.err("tidy plans", e))
        })
    }

    fn plan_row(&self, (digest, plan, approval, state): Fields) -> Result<PlanRow, StoreError> {
        let plan: Plan = serde_json::from_str(&plan).map_err(|e| self.corrupt("plan", e))?;
        let approval = approval
            .map(|a| serde_json::from_str(&a))
            .transpose()
            .map_err(|e| self.corrupt("approval", e))?;
        let state = PlanState::read(&state).ok_or_else(|| self.corrupt("plan state", &state))?;
        Ok(PlanRow { digest, plan, approval, state })
    }
}

type Fields = (String, String, Option<String>, String);

fn fields(r: &rusqlite::Row<'_>) -> rusqlite::Result<Fields> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
}
