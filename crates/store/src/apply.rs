//! The journal, the preconditions and the changes of the embedded desk (DESIGN §2, Apply).

use std::collections::BTreeSet;

use desk::{
    plan::{
        ClearedEffect, Precondition, StepKey, digest,
        effect::Change,
        ports::{By, Holding, Lookup, PortError, Receipt, StepState},
    },
    tracker::{self, FieldRole, Headings, TrackerKey, rollup},
};
use jiff::{Timestamp, tz::TimeZone};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Desk, StoreError, comments, events, hosted, messages, milestones, records, trackers};

/// How long to wait for another process that works on the same tracker.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

impl Desk {
    /// Take the lease on a subject and open the item's transaction. The lease is an advisory file lock, so that it
    /// ends with the process that holds it, however that ends.
    ///
    /// # Errors
    /// `item_only` when another process keeps it for longer than 20 seconds.
    pub fn begin_item(&mut self, subject: &str) -> Result<(), PortError> {
        // A few files serve all subjects: two that share one wait for each other, which costs nothing but a moment.
        let path = self.dir().join(format!("lease-{}", &digest::sha256(subject.as_bytes())[..1]));
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(
            |e| {
                PortError::new(
                    format!("the lease {} cannot be opened: {e}", path.display()),
                    "check the permissions of the desk's folder",
                )
            },
        )?;
        let mut waited = std::time::Duration::ZERO;
        let pause = std::time::Duration::from_millis(20);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(std::fs::TryLockError::WouldBlock) if waited < PATIENCE => {
                    std::thread::sleep(pause);
                    waited += pause;
                }
                Err(std::fs::TryLockError::WouldBlock) => {
                    let mut e = PortError::new(
                        format!("another tipstaff is working on {subject}"),
                        "run this again when it is done",
                    );
                    e.item_only = true;
                    return Err(e);
                }
                Err(std::fs::TryLockError::Error(e)) => {
                    return Err(PortError::new(format!("the lease {} failed: {e}", path.display()), ""));
                }
            }
        }
        // The lease is kept only with its transaction: one that lingered would lock this process out of itself.
        self.begin()?;
        self.lock = Some(file);
        Ok(())
    }

    /// Close the item's transaction and give the lease back.
    ///
    /// # Errors
    /// When the transaction cannot be committed; its steps are then not made.
    pub fn end_item(&mut self) -> Result<(), PortError> {
        let end = self.commit();
        self.lock = None;
        end
    }

    /// Make what was written so far durable, before something outside the desk is touched.
    ///
    /// # Errors
    /// When the transaction cannot be committed.
    pub fn flush_item(&mut self) -> Result<(), PortError> {
        if self.in_item.get() {
            self.commit()?;
            self.begin()?;
        }
        Ok(())
    }

    pub(crate) fn begin(&mut self) -> Result<(), PortError> {
        self.conn.execute_batch("begin immediate").map_err(|e| self.err("be written", e))?;
        self.in_item.set(true);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), PortError> {
        if !self.in_item.replace(false) {
            return Ok(());
        }
        if let Err(e) = self.conn.execute_batch("commit") {
            // A full disk leaves the transaction open; without the rollback every later write would fail too.
            if !self.conn.is_autocommit() {
                self.conn.execute_batch("rollback").map_err(|e| self.err("undo a failed write", e))?;
            }
            return Err(self.err("be written", e).into());
        }
        Ok(())
    }

    /// What the journal knows of a step.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn step_state(&self, key: &StepKey) -> Result<StepState, StoreError> {
        let read = || {
            self.conn
                .prepare_cached("select state, receipt from journal where key = ?1")?
                .query_row([key.to_string()], |r| {
                    Ok((r.get::<_, String>(0)?, r.get::<_, Option<String>>(1)?))
                })
                .optional()
        };
        match read().map_err(|e| self.err("be read", e))? {
            None => Ok(StepState::New),
            Some((state, _)) if state == "intended" => Ok(StepState::Intended),
            Some((_, receipt)) => {
                let receipt = serde_json::from_str(receipt.as_deref().unwrap_or("{}"))
                    .map_err(|e| self.corrupt("receipt", e))?;
                Ok(StepState::Done(receipt))
            }
        }
    }

    /// Steps that were begun and have no receipt: key, effect, when.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn open_intents(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select key, effect, intended_at from journal where state = 'intended' order by intended_at, key",
            )?;
            let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Every journal row: key, effect, state, receipt; for comparing two desks.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn journal(&self) -> Result<Vec<(String, String, String, String)>, StoreError> {
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select key, effect, state, coalesce(receipt, '') from journal order by key",
            )?;
            let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be read", e))
    }

    /// Write an intent.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn intend(&self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<(), StoreError> {
        self.write("write an intent", |c| {
            intent(c, key, effect, by, "intended", None).map_err(|e| self.err("write an intent", e))
        })
    }

    /// Write the receipt of a change made outside the desk, with its row in the ledger.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn settle(
        &self,
        key: &StepKey,
        effect: &ClearedEffect,
        receipt: &Receipt,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        self.write("write a receipt", |c| {
            let put = || {
                if let Change::MailDraft { subject, letter } = effect {
                    let message_id = receipt.values.get("message_id").cloned().unwrap_or_default();
                    let asked = receipt.values.get("asked_credit").is_some_and(|v| v == "yes");
                    c.prepare_cached(
                        "insert into ledger (subject, event, artifact, state, message_id, thread, recipient,
                           asked_credit, at) values (?1, ?2, ?3, 'drafted', ?4, ?5, ?6, ?7, ?8)
                         on conflict (subject, event, artifact) do nothing",
                    )?
                    .execute(params![
                        subject,
                        letter.event,
                        letter.artifact,
                        message_id,
                        letter.thread,
                        letter.to.email,
                        asked,
                        by.at.to_string()
                    ])?;
                }
                done(c, key, effect, receipt, by)
            };
            put().map_err(|e| self.err("write a receipt", e))
        })
    }

    /// Write the receipt of a change made to a record at an authority outside, with what is known of it now.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn settle_record(
        &self,
        key: &StepKey,
        effect: &ClearedEffect,
        receipt: &Receipt,
        by: By<'_>,
        what: &records::Elsewhere<'_>,
    ) -> Result<(), StoreError> {
        self.write("write a receipt", |c| {
            records::seen(self, c, what, by.at)?;
            trackers::touch(c, what.tracker, by.at).map_err(|e| self.err("write a receipt", e))?;
            done(c, key, effect, receipt, by).map_err(|e| self.err("write a receipt", e))
        })
    }

    /// Take an intent back of which it is certain that it came to nothing.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn withdraw(&self, key: &StepKey, why: &str, by: By<'_>) -> Result<(), StoreError> {
        self.write("take an intent back", |c| {
            let put = || {
                c.execute("delete from journal where key = ?1 and state = 'intended'", [key.to_string()])?;
                let payload = serde_json::json!({"key": key.to_string(), "plan": by.plan, "why": why});
                events::append(c, by.at, "withdrawn", &by.actor.handle, &key.subject, &payload)
            };
            put().map(drop).map_err(|e| self.err("take an intent back", e))
        })
    }

    /// When a step was begun that has no receipt.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn intended_at(&self, key: &StepKey) -> Result<Option<Timestamp>, StoreError> {
        let read = || {
            self.conn
                .prepare_cached("select intended_at from journal where key = ?1")?
                .query_row([key.to_string()], |r| r.get::<_, String>(0))
                .optional()
        };
        Ok(read().map_err(|e| self.err("be read", e))?.and_then(|t| t.parse().ok()))
    }

    /// Record that an approved item was refused.
    ///
    /// # Errors
    /// When the desk cannot be written.
    pub fn refused(&self, subject: &str, why: &str, by: By<'_>) -> Result<(), StoreError> {
        let payload = serde_json::json!({"plan": by.plan, "why": why});
        self.record(by.at, "refused", &by.actor.handle, subject, &payload).map(drop)
    }

    /// Re-read a precondition that the desk itself can answer.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn holds(&self, requires: &Precondition, headings: &Headings) -> Result<Holding, StoreError> {
        let gone = |t: &TrackerKey| Holding::Broken(format!("there is no tracker {t}"));
        let name = |t: &TrackerKey| -> Result<String, StoreError> {
            Ok(self.reference(t)?.map_or_else(|| t.to_string(), |r| r.to_string()))
        };
        Ok(match requires {
            Precondition::Undecided { message } => match self.fate(message)? {
                None => Holding::Broken(format!("the message {message} is not on this desk")),
                Some(f) if f.undecided() => Holding::Holds,
                Some(f) => {
                    Holding::Broken(format!("the message {message} was decided meanwhile: {}", f.word()))
                }
            },
            Precondition::TrackerAbsent { tracker } => match self.reference(tracker)? {
                None => Holding::Holds,
                Some(r) => Holding::Broken(format!("{r} was created meanwhile")),
            },
            Precondition::TrackerIs { tracker, open } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) if c.tracker.state.is_open() == *open => Holding::Holds,
                Some(c) => Holding::Broken(format!(
                    "{} is {} now",
                    c.tracker.reference,
                    if *open { "closed" } else { "open" }
                )),
            },
            Precondition::FieldIs { tracker, role, digest: was } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) if field_digest(&c.tracker.body, *role, headings) == *was => Holding::Holds,
                Some(c) => {
                    Holding::Broken(format!("{role} of {} was changed meanwhile", c.tracker.reference))
                }
            },
            Precondition::TitleIs { tracker, digest: was } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) if digest::sha256(c.tracker.title.as_bytes()) == *was => Holding::Holds,
                Some(c) => {
                    Holding::Broken(format!("the title of {} was changed meanwhile", c.tracker.reference))
                }
            },
            Precondition::LabelIs { tracker, label, present } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) => {
                    let there = c.tracker.labels.iter().any(|l| l.eq_ignore_ascii_case(label));
                    if there == *present {
                        Holding::Holds
                    } else {
                        let word = if there { "has" } else { "no longer has" };
                        Holding::Broken(format!("{} {word} the label `{label}`", c.tracker.reference))
                    }
                }
            },
            Precondition::AssigneesAre { tracker, assignees } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) if c.tracker.assignees.iter().cloned().collect::<BTreeSet<_>>() == *assignees => {
                    Holding::Holds
                }
                Some(_) => Holding::Broken(format!("{} was assigned meanwhile", name(tracker)?)),
            },
            Precondition::MilestoneIs { tracker, milestone } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) if c.tracker.milestone == *milestone => Holding::Holds,
                Some(c) => Holding::Broken(format!(
                    "the milestone of {} is {} now",
                    c.tracker.reference,
                    c.tracker.milestone.as_deref().unwrap_or("none")
                )),
            },
            Precondition::CommentIs { tracker, comment, digest: was } => match self.case(tracker)? {
                None => gone(tracker),
                Some(c) => {
                    let name = &c.tracker.reference;
                    match c.tracker.comments.iter().find(|c| c.id == *comment) {
                        None => Holding::Broken(format!("comment {comment} of {name} is gone")),
                        Some(c) if digest::sha256(c.body.as_bytes()) == *was => Holding::Holds,
                        Some(_) => {
                            Holding::Broken(format!("comment {comment} of {name} was changed meanwhile"))
                        }
                    }
                }
            },
            Precondition::RecordIn { cve, states } => match self.cve_record(cve)? {
                None => Holding::Broken(format!("the desk holds no record of {cve}")),
                Some(r) if states.contains(&r.state) => Holding::Holds,
                Some(r) => Holding::Broken(format!("the record of {cve} is {} now", r.state.as_str())),
            },
            Precondition::NotTold { subject, event, artifact } => {
                let read = || {
                    self.conn
                        .prepare_cached(
                            "select state from ledger where subject = ?1 and event = ?2 and artifact = ?3",
                        )?
                        .query_row([subject, event, artifact], |r| r.get::<_, String>(0))
                        .optional()
                };
                match read().map_err(|e| self.err("be read", e))? {
                    None => Holding::Holds,
                    Some(state) => Holding::Broken(format!("they were told already ({event}, {state})")),
                }
            }
        })
    }

    /// Make a change on the embedded desk and write its receipt, in one transaction.
    ///
    /// # Errors
    /// When the change does not fit, or the desk cannot be written; nothing is changed then.
    pub fn perform(
        &self,
        key: &StepKey,
        effect: &ClearedEffect,
        by: By<'_>,
        headings: &Headings,
    ) -> Result<Receipt, StoreError> {
        self.write("make a change", |c| {
            let receipt = change(self, c, key, effect, by, headings)?;
            done(c, key, effect, &receipt, by).map_err(|e| self.err("write a receipt", e))?;
            Ok(receipt)
        })
    }

    /// After a crash: effect and receipt of an embedded change are one transaction, so no receipt means not done.
    #[must_use]
    pub fn look_up(&self) -> Lookup {
        Lookup::NotDone
    }
}

/// Id of a status entry. The tracker's key in it keeps an entry from being replayed on another tracker.
pub(crate) fn entry_id(tracker: &TrackerKey, key: &StepKey) -> String {
    format!("{tracker}:{}", &digest::sha256(key.to_string().as_bytes())[..16])
}

/// Digest of a field's value, that of the empty string when it is unset.
fn field_digest(text: &str, role: FieldRole, headings: &Headings) -> String {
    let parsed = tracker::parse(text, headings);
    digest::sha256(parsed.get(role).unwrap_or_default().as_bytes())
}

fn intent(
    c: &Connection,
    key: &StepKey,
    effect: &ClearedEffect,
    by: By<'_>,
    state: &str,
    receipt: Option<&str>,
) -> rusqlite::Result<()> {
    let done_at = receipt.map(|_| by.at.to_string());
    c.prepare_cached(
        "insert into journal (key, subject, effect, state, receipt, plan, actor, intended_at, done_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         on conflict (key) do update set
           state = excluded.state, receipt = excluded.receipt, plan = excluded.plan, done_at = excluded.done_at",
    )?
    .execute(params![
        key.to_string(),
        key.subject,
        effect.name(),
        state,
        receipt,
        by.plan,
        by.actor.handle,
        by.at.to_string(),
        done_at
    ])?;
    let payload = serde_json::json!({"key": key.to_string(), "effect": effect.name(), "plan": by.plan,
        "receipt": receipt});
    let kind = if receipt.is_some() { "receipt" } else { "intent" };
    events::append(c, by.at, kind, &by.actor.handle, &key.subject, &payload)?;
    Ok(())
}

pub(crate) fn done(
    c: &Connection,
    key: &StepKey,
    effect: &ClearedEffect,
    receipt: &Receipt,
    by: By<'_>,
) -> rusqlite::Result<()> {
    intent(c, key, effect, by, "done", Some(&digest::canonical(receipt)))
}

pub(crate) fn change(
    desk: &Desk,
    c: &Connection,
    key: &StepKey,
    effect: &ClearedEffect,
    by: By<'_>,
    headings: &Headings,
) -> Result<Receipt, StoreError> {
    let sql = |e| desk.err("make a change", e);
    let reference = |t: &TrackerKey| -> Result<String, StoreError> {
        desk.reference(t)?.map(|r| r.to_string()).ok_or_else(|| StoreError::NoTracker(t.to_string()))
    };
    let touch = |t: &TrackerKey| -> Result<(), StoreError> {
        match trackers::touch(c, t, by.at).map_err(sql)? {
            0 => Err(StoreError::NoTracker(t.to_string())),
            _ => Ok(()),
        }
    };
    match effect {
        Change::CreateTracker {
            tracker,
            title,
            body,
            labels,
            column,
            received,
            thread,
            reporter,
            via_forwarder,
        } => {
            let number: i64 = c
                .query_row("select coalesce(max(number), 0) + 1 from trackers", [], |r| r.get(0))
                .map_err(sql)?;
            let column = (!column.is_empty()).then_some(column);
            c.prepare_cached(
                "insert into trackers (key, number, title, body, open, board_column, created, updated, received,
                   thread, reporter, reporter_name, via_forwarder)
                 values (?1, ?2, ?3, ?4, 1, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11)",
            )
            .and_then(|mut q| {
                q.execute(params![
                    tracker.0,
                    number,
                    title.as_str(),
                    body.as_str(),
                    column,
                    by.at.to_string(),
                    received.to_string(),
                    thread,
                    reporter.email,
                    reporter.name,
                    via_forwarder
                ])
            })
            .map_err(sql)?;
            for label in labels {
                c.execute("insert into labels (tracker, label) values (?1, ?2)", [&tracker.0, label])
                    .map_err(sql)?;
            }
            let name = reference(tracker)?;
            Ok(Receipt::new(format!("created {name}"))
                .with("tracker", name)
                .with("number", number.to_string()))
        }
        Change::SetFate { message, to } => {
            let n = messages::set_fate(c, message, to, &by.actor.handle, by.at).map_err(sql)?;
            if n == 0 {
                return Err(StoreError::Change(format!("the message {message} is not on this desk")));
            }
            Ok(Receipt::new(format!("{message} is {}", to.word())))
        }
        Change::SetTitle { tracker, title } => {
            c.execute("update trackers set title = ?2 where key = ?1", params![tracker.0, title.as_str()])
                .map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("title of {} set", reference(tracker)?)))
        }
        Change::SetField { tracker, role, value } => {
            let case = desk.case(tracker)?.ok_or_else(|| StoreError::NoTracker(tracker.to_string()))?;
            let text = tracker::set(&case.tracker.body, *role, value.as_str(), headings)
                .map_err(|e| StoreError::Change(format!("{role} of {}: {e}", case.tracker.reference)))?;
            c.execute("update trackers set body = ?2 where key = ?1", params![tracker.0, text])
                .map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("{role} of {} set", case.tracker.reference)))
        }
        Change::AppendEntry { tracker, note } => {
            let existing: Option<(i64, String)> = c
                .prepare_cached(
                    "select id, body from comments where tracker = ?1 and kind = 'rollup' order by id desc limit 1",
                )
                .and_then(|mut q| q.query_row([&tracker.0], |r| Ok((r.get(0)?, r.get(1)?))).optional())
                .map_err(sql)?;
            let next = note.next.as_str().trim();
            let entry = rollup::Entry {
                id: entry_id(tracker, key),
                date: by.at.to_zoned(TimeZone::UTC).date(),
                actor: by.actor.handle.clone(),
                action: note.action.clone(),
                headline: note.headline.as_str().into(),
                body: note.body.as_str().into(),
                next: (!next.is_empty()).then(|| next.to_owned()),
                told: note.told.clone(),
            };
            let upsert = rollup::append(existing.as_ref().map(|(_, b)| b.as_str()), &entry, desk.key())
                .map_err(|e| StoreError::Change(format!("status of {tracker}: {e}")))?;
            let now = by.at.to_string();
            let add = |body: &str| {
                c.execute(
                    "insert into comments (tracker, author, at, updated, body, kind)
                     values (?1, ?2, ?3, ?3, ?4, 'rollup')",
                    params![tracker.0, by.actor.handle, now, body],
                )
            };
            let replace = |body: &str| {
                let id = existing.as_ref().map_or(0, |(id, _)| *id);
                c.execute("update comments set body = ?2, updated = ?3 where id = ?1", params![id, body, now])
            };
            match &upsert {
                rollup::Upsert::New(body) => add(body),
                rollup::Upsert::Replace(body) => replace(body),
                rollup::Upsert::Continue { sealed, next } => replace(sealed).and_then(|_| add(next)),
            }
            .map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("status entry `{}` on {}", note.action, reference(tracker)?)))
        }
        Change::SetLabels { tracker, add, remove } => {
            for label in remove {
                c.execute(
                    "delete from labels where tracker = ?1 and label = ?2 collate nocase",
                    [&tracker.0, label],
                )
                .map_err(sql)?;
            }
            for label in add {
                c.execute(
                    "insert into labels (tracker, label) values (?1, ?2) on conflict do nothing",
                    [&tracker.0, label],
                )
                .map_err(sql)?;
            }
            touch(tracker)?;
            let mut what: Vec<String> = add.iter().map(|l| format!("+{l}")).collect();
            what.extend(remove.iter().map(|l| format!("-{l}")));
            Ok(Receipt::new(format!("labels of {}: {}", reference(tracker)?, what.join(" "))))
        }
        Change::SetMilestone { tracker, milestone } => {
            if let Some(name) = milestone {
                c.execute("insert into milestones (name) values (?1) on conflict do nothing", [name])
                    .map_err(sql)?;
            }
            c.execute("update trackers set milestone = ?2 where key = ?1", params![tracker.0, milestone])
                .map_err(sql)?;
            touch(tracker)?;
            let name = milestone.as_deref().unwrap_or("none");
            Ok(Receipt::new(format!("milestone of {}: {name}", reference(tracker)?)))
        }
        Change::SetAssignees { tracker, assignees } => {
            c.execute("delete from assignees where tracker = ?1", [&tracker.0]).map_err(sql)?;
            for handle in assignees {
                c.execute("insert into assignees (tracker, handle) values (?1, ?2)", [&tracker.0, handle])
                    .map_err(sql)?;
            }
            touch(tracker)?;
            let who = if assignees.is_empty() {
                "nobody".to_owned()
            } else {
                assignees.iter().map(|a| format!("@{a}")).collect::<Vec<_>>().join(", ")
            };
            Ok(Receipt::new(format!("{} assigned to {who}", reference(tracker)?)))
        }
        Change::MoveCard { tracker, column } => {
            c.execute("update trackers set board_column = ?2 where key = ?1", [&tracker.0, column])
                .map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("{} moved to `{column}`", reference(tracker)?)))
        }
        Change::ArchiveCard { tracker, archived } => {
            c.execute("update trackers set archived = ?2 where key = ?1", params![tracker.0, archived])
                .map_err(sql)?;
            touch(tracker)?;
            let word = if *archived { "archived" } else { "brought back" };
            Ok(Receipt::new(format!("card of {} {word}", reference(tracker)?)))
        }
        Change::Comment { tracker, text } => {
            // At another host the answer can be lost, and the comment is then found by its mark.
            let mark = desk.home().map(|_| format!("\n\n{}", hosted::step_mark(key))).unwrap_or_default();
            let text = format!("{}{mark}", text.as_str());
            c.execute(
                "insert into comments (tracker, author, at, updated, body, kind) values (?1, ?2, ?3, ?3, ?4, 'comment')",
                params![tracker.0, by.actor.handle, by.at.to_string(), text],
            )
            .map_err(sql)?;
            let id = c.last_insert_rowid();
            touch(tracker)?;
            Ok(Receipt::new(format!("comment {id} on {}", reference(tracker)?))
                .with("comment", id.to_string()))
        }
        Change::PostMarked { tracker, kind, text } => {
            let (id, word) = comments::upsert(c, tracker, *kind, text.as_str(), by).map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("{kind} comment {id} {word} on {}", reference(tracker)?))
                .with("comment", id.to_string()))
        }
        Change::RemoveComment { tracker, comment } => {
            let was = comments::remove(c, tracker, comment).map_err(sql)?;
            let name = reference(tracker)?;
            let Some(was) = was else {
                return Err(StoreError::Refused(format!(
                    "comment {comment} of {name} is none that may be removed"
                )));
            };
            touch(tracker)?;
            Ok(Receipt::new(format!("comment {comment} of {name} removed"))
                .with("comment", comment.clone())
                .with("sha256", digest::sha256(was.as_bytes())))
        }
        Change::CreateMilestone { name, due } => {
            let made = milestones::create(c, name, *due).map_err(sql)?;
            let word = if made { "made" } else { "was there already" };
            Ok(Receipt::new(format!("milestone {name} {word}")))
        }
        Change::CloseMilestone { name } => {
            milestones::close(desk, c, name)?;
            Ok(Receipt::new(format!("milestone {name} closed")))
        }
        Change::AttachRecord { tracker, cve, record, beside } => {
            records::attach(desk, c, tracker, cve, record.as_str(), by.at)?;
            let place = match beside {
                None => "beside",
                Some(b) => records::embed(desk, c, (tracker, record.as_str(), b), by, headings)?,
            };
            touch(tracker)?;
            Ok(Receipt::new(format!("record of {cve} kept {place} {}", reference(tracker)?)))
        }
        Change::PushRecord { tracker, cve, state, record, .. } => {
            let now = records::push(desk, c, tracker, cve, *state, record.as_str(), by.at)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("record of {cve} pushed, it is {}", now.as_str()))
                .with("state", now.as_str()))
        }
        Change::PublishRecord { tracker, cve, record, .. } => {
            records::publish(desk, c, tracker, cve, record.as_str(), by.at)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("record of {cve} published")).with("state", "public"))
        }
        Change::RetractRecord { tracker, cve, .. } => {
            records::retract(desk, c, tracker, cve)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("{cve} taken back")).with("state", "retracted"))
        }
        Change::PrepareHost { .. } => Err(StoreError::Refused(
            "the trackers of this desk live on the desk; there is nothing to prepare".into(),
        )),
        Change::ReserveId { .. } => Err(StoreError::Refused("this desk hands out no ids".into())),
        Change::RecordRejection { message, reply, summary } => {
            let (sender, thread): (String, String) = c
                .query_row(
                    "select sender, thread from messages where digest = ?1",
                    [&message.digest.0],
                    |r| Ok((r.get(0)?, r.get(1)?)),
                )
                .map_err(sql)?;
            c.execute(
                "insert into rejections (message, at, reporter, reply, thread, summary)
                 values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (message) do nothing",
                params![message.digest.0, by.at.to_string(), sender, reply, thread, summary.as_str()],
            )
            .map_err(sql)?;
            Ok(Receipt::new(format!("{message} noted in the rejection ledger as {reply}")))
        }
        Change::Close { tracker, reason } => {
            set_open(c, tracker, false, Some(reason), by.at).map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("{} closed ({reason})", reference(tracker)?)))
        }
        Change::Reopen { tracker } => {
            set_open(c, tracker, true, None, by.at).map_err(sql)?;
            touch(tracker)?;
            Ok(Receipt::new(format!("{} reopened", reference(tracker)?)))
        }
        Change::MailDraft { .. } | Change::OpenPullRequest { .. } | Change::Choose { .. } => {
            Err(StoreError::Change(format!("`{}` is not a change of the desk itself", effect.name())))
        }
    }
}

fn set_open(
    c: &Connection,
    tracker: &TrackerKey,
    open: bool,
    reason: Option<&String>,
    at: Timestamp,
) -> rusqlite::Result<usize> {
    let closed = (!open).then(|| at.to_string());
    c.execute(
        "update trackers set open = ?2, reason = ?3, closed = ?4 where key = ?1",
        params![tracker.0, open, reason, closed],
    )
}
