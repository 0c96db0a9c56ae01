//! Plans and approvals: the plan file is a view, this table is the record (DESIGN §2).

use desk::plan::{Approval, FORMAT, Plan};
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

/// What is known of a plan that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadablePlan {
    /// Its digest.
    pub digest: String,
    /// Its kind, such as `sync`.
    pub kind: String,
    /// When it was made.
    pub made: String,
    /// Where it stood.
    pub state: String,
    /// Why it cannot be read.
    pub why: String,
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
            let put = || {
                let was = c
                    .prepare_cached("select plan from plans where digest = ?1")?
                    .query_row([&digest], |r| r.get::<_, String>(0))
                    .optional()?;
                match was {
                    Some(was) if was == json => {}
                    // The digest says what stood there: a row that came to harm is mended, and the log keeps what it held.
                    Some(was) => {
                        c.execute("update plans set plan = ?2 where digest = ?1", [&digest, &json])?;
                        let why = serde_json::json!({"was": was});
                        events::append(c, plan.made, "plan-mended", "", &digest, &why)?;
                    }
                    None => {
                        let row = params![digest, plan.kind, plan.made.to_string(), json];
                        c.execute(
                            "insert into plans (digest, kind, made, plan, state) values (?1, ?2, ?3, ?4, 'proposed')",
                            row,
                        )?;
                    }
                }
                Ok(())
            };
            put().map_err(|e| self.err("store a plan", e))
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
    /// When the desk cannot be read, or that plan cannot.
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

    /// Plans that this version can read, newest first; the others are [`Desk::unreadable_plans`].
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn plans(&self, limit: usize) -> Result<Vec<PlanRow>, StoreError> {
        let rows = self.plan_fields("1", limit)?;
        Ok(rows.into_iter().filter_map(|(_, f)| self.plan_row(f).ok()).collect())
    }

    /// Plans that were approved and not applied to their end, oldest first, as far as this version can read them.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn unfinished(&self) -> Result<Vec<PlanRow>, StoreError> {
        let rows = self.plan_fields("state = 'approved'", usize::MAX)?;
        Ok(rows.into_iter().rev().filter_map(|(_, f)| self.plan_row(f).ok()).collect())
    }

    /// Plans that this version cannot read, newest first: another one wrote them. They stay in the desk as they are.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn unreadable_plans(&self) -> Result<Vec<UnreadablePlan>, StoreError> {
        let rows = self.plan_fields("1", usize::MAX)?;
        Ok(rows.into_iter().filter_map(|(beside, f)| self.unreadable(beside, f)).collect())
    }

    /// Those of them that were approved and not applied to their end, newest first: what somebody said yes to waits.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn unreadable_approved(&self) -> Result<Vec<UnreadablePlan>, StoreError> {
        let rows = self.plan_fields("state = 'approved'", usize::MAX)?;
        Ok(rows.into_iter().filter_map(|(beside, f)| self.unreadable(beside, f)).collect())
    }

    /// Something else takes the place of an approved plan. It stays in the desk, and the log says why it went.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn set_aside(&self, digest: &str, why: &str, actor: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write("set a plan aside", |c| {
            let put = || {
                let sql = "update plans set state = 'superseded' where digest = ?1 and state = 'approved'";
                if c.execute(sql, [digest])? > 0 {
                    events::append(c, now, "set-aside", actor, digest, &serde_json::json!({"why": why}))?;
                }
                Ok(())
            };
            put().map_err(|e| self.err("set a plan aside", e))
        })
    }

    /// Does the desk have a plan whose digest begins with that prefix, whether it can be read or not?
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn has_plan(&self, prefix: &str) -> Result<bool, StoreError> {
        let found =
            self.one("select digest from plans where substr(digest, 1, length(?1)) = ?1 limit 1", prefix)?;
        Ok(!prefix.is_empty() && found.is_some())
    }

    /// `filter` is one of the literals above, never input.
    fn plan_fields(&self, filter: &str, limit: usize) -> Result<Vec<(Beside, Fields)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(&format!(
                "select digest, plan, approval, state, kind, made from plans where {filter}
                 order by made desc, digest limit ?1"
            ))?;
            let rows = q.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
                Ok(((r.get(4)?, r.get(5)?), fields(r)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    fn unreadable(&self, (kind, made): Beside, f: Fields) -> Option<UnreadablePlan> {
        let (digest, state) = (f.0.clone(), f.3.clone());
        let why = match self.plan_row(f) {
            Ok(_) => return None,
            Err(StoreError::Corrupt { why, .. }) => why,
            Err(e) => e.to_string(),
        };
        Some(UnreadablePlan { digest, kind, made, state, why })
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
        // One whose fields have changed their meaning since reads as another plan than the one that was shown. What is
        // applied or gone is history, and read as far as it goes.
        let waits = matches!(state, PlanState::Proposed | PlanState::Approved);
        if waits && (plan.format != FORMAT || plan.digest() != digest) {
            return Err(self
                .corrupt("plan", format!("format {}, and other fields than it was made with", plan.format)));
        }
        Ok(PlanRow { digest, plan, approval, state })
    }
}

/// Kind and time of a plan, which stand beside its text.
type Beside = (String, String);
type Fields = (String, String, Option<String>, String);

fn fields(r: &rusqlite::Row<'_>) -> rusqlite::Result<Fields> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
}
