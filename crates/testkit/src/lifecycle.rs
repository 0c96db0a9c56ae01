//! The lifecycle without ports: items of a sync applied to a case in memory, as the engine would apply them, and the
//! configuration and cases such tests begin with.

use std::collections::BTreeSet;

use desk::{
    case::{Case, Fact, Milestone, PendingDraft, Record, RecordStage, ToldRow, wire},
    config::Config,
    plan::{
        Effect, Item, ItemNo, Precondition, Probe, Step, digest,
        effect::{Change, LetterText},
    },
    reply::Library,
    rules::sync::{Basis, View},
    tracker::{
        CloseReason, Comment, FieldRole, Marked, State, TrackerKey, marked,
        rollup::{self, Entry, Upsert},
    },
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// The configuration of a desk with two scopes, one of them in waves, a board, a CVE tool with states, a small roster.
#[must_use]
pub fn config() -> Config {
    serde_json::from_value(json!({
        "project": {"id": "harbour", "name": "Harbour Queue", "short_name": "Harbour", "vendor": "Openwharf"},
        "tracker": {"repo": "openwharf/security", "board": {"enabled": true, "archive_on_close": true},
            "milestones": {"close_when_done": true}},
        "upstream": {"repo": "openwharf/harbour", "default_branch": "main",
            "backport_labels": [{"label": "backport-to-v2-9", "branch": "v2-9"}]},
        "scope": [{"label": "core", "product": "Harbour Queue", "package": "harbour-queue"},
            {"label": "providers", "product": "Harbour Providers", "milestone_format": "Providers {date}",
                "package_pattern": "harbour-provider-[a-z]+"}],
        "mail": {"lists": {"security": "security@openwharf.example", "private": "private@openwharf.example",
            "users": "users@openwharf.example", "announce": "announce@openwharf.example"}},
        "cve": {"tool": "vulnogram", "record_url": "https://cve.openwharf.example/cve5/{cve_id}", "gate": "governance_member"},
        "releases": {"cut": [{"name": "2.10.3", "rm": "carol", "source_url": "https://wiki.example/plan"}]},
        "disclosure": {"escalate_after_days": 30},
        "roster": {"escalation": "ann", "duty": {"triager": "bea", "remediation": "dev"}, "person": [
            {"handle": "ann", "names": ["Ann Archer"], "emails": ["ann@openwharf.example"], "roles": ["triager", "governance"]},
            {"handle": "bea", "names": ["Bea Brook"], "emails": ["bea@openwharf.example"], "roles": ["triager"]},
            {"handle": "carol", "names": ["Carol Crane"], "emails": ["carol@openwharf.example"], "roles": ["release_manager"]},
            {"handle": "dev", "names": ["Dev Dunn"], "emails": ["dev@openwharf.example"], "roles": ["remediation"]}]},
    }))
    .unwrap()
}

/// What the rules read, from a configuration.
#[must_use]
pub fn basis(config: Config) -> Basis {
    Basis::new(config, Library::builtin().clone()).unwrap()
}

/// When these tests plan.
#[must_use]
pub fn now() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

/// A case from its JSON.
#[must_use]
pub fn read(value: &Value, config: &mut Config) -> Case {
    let given = wire::read_value(value, config).unwrap_or_else(|e| panic!("{e} in {value:#}"));
    assert!(given.problems.is_empty(), "{:?}", given.problems);
    given.case
}

/// How an item ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every step is made.
    Applied,
    /// What it relied on has changed, or it was blocked.
    Refused(String),
    /// The question of a choice has no answer.
    NoAnswer,
}

/// What becomes of a case.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Are status entries written, too?
    pub entries: bool,
    /// Do written drafts lie in the drafts folder afterwards, or were they sent?
    pub drafts_stay: bool,
    /// Does the authority answer when it is asked at apply?
    pub authority: bool,
}

impl Default for How {
    fn default() -> Self {
        Self { entries: true, drafts_stay: false, authority: true }
    }
}

/// Apply those of the items that can be approved, in order, each after those it needs.
pub fn apply_all(case: &mut Case, items: &[Item], basis: &Basis, how: How) -> Vec<(ItemNo, Ended)> {
    let mut done: BTreeSet<ItemNo> = BTreeSet::new();
    let mut out = Vec::new();
    for i in items {
        let ended = if i.after.iter().all(|a| done.contains(a)) {
            apply(case, i, basis, how)
        } else {
            Ended::Refused("an item it needs was not applied".into())
        };
        if ended == Ended::Applied {
            done.insert(i.n);
        }
        out.push((i.n, ended));
    }
    case.revision += 1;
    out
}

/// Apply one item, steps in order; a broken precondition stops it where it is, as the engine does.
pub fn apply(case: &mut Case, item: &Item, basis: &Basis, how: How) -> Ended {
    if let Some(why) = &item.blocked {
        return Ended::Refused(why.clone());
    }
    let mut hand = Hand { case, basis, how };
    match hand.steps(&item.steps) {
        Ok(()) => Ended::Applied,
        Err(e) => e,
    }
}

struct Hand<'a> {
    case: &'a mut Case,
    basis: &'a Basis,
    how: How,
}

impl Hand<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), Ended> {
        for s in steps {
            if let Change::Choose { probe, arms } = &s.effect {
                let Probe::RecordState { .. } = probe else { return Err(Ended::NoAnswer) };
                let record = self.case.observed.record.known().filter(|r| r.state != RecordStage::Unknown);
                let Some(record) = record.filter(|_| self.how.authority) else { return Err(Ended::NoAnswer) };
                let name = record.state.as_str();
                let Some(arm) = arms.get(name) else {
                    return Err(Ended::Refused(format!("no arm for {name}")));
                };
                self.steps(arm)?;
                continue;
            }
            if let Some(broken) = s.requires.iter().find(|r| !self.holds(r)) {
                return Err(Ended::Refused(format!("{} relied on {broken:?}", s.effect.name())));
            }
            self.effect(s)?;
        }
        Ok(())
    }

    fn mine(&self, key: &TrackerKey) -> bool {
        *key == self.case.tracker.key
    }

    fn holds(&self, requires: &Precondition) -> bool {
        let t = &self.case.tracker;
        match requires {
            Precondition::TrackerAbsent { tracker } => !self.mine(tracker),
            Precondition::TrackerIs { open, .. } => t.state.is_open() == *open,
            Precondition::FieldIs { role, digest: want, .. } => {
                let body = desk::tracker::parse(&t.body, &self.basis.headings);
                digest::sha256(body.get(*role).unwrap_or_default().as_bytes()) == *want
            }
            Precondition::TitleIs { digest: want, .. } => digest::sha256(t.title.as_bytes()) == *want,
            Precondition::LabelIs { label, present, .. } => {
                t.labels.iter().any(|l| l.eq_ignore_ascii_case(label)) == *present
            }
            Precondition::AssigneesAre { assignees, .. } => {
                t.assignees.iter().cloned().collect::<BTreeSet<_>>() == *assignees
            }
            Precondition::MilestoneIs { milestone, .. } => t.milestone == *milestone,
            Precondition::CommentIs { comment, digest: want, .. } => {
                t.comments.iter().any(|c| c.id == *comment && digest::sha256(c.body.as_bytes()) == *want)
            }
            Precondition::RecordIn { states, .. } => {
                self.case.observed.record.known().is_some_and(|r| states.contains(&r.state))
            }
            Precondition::NotTold { event, artifact, .. } => !self
                .case
                .observed
                .told
                .iter()
                .any(|r| r.event == *event && r.artifact == *artifact && r.state != "discarded"),
            Precondition::Undecided { .. } => false,
        }
    }

    fn effect(&mut self, step: &Step) -> Result<(), Ended> {
        let wrong = |what: String| Ended::Refused(what);
        let told = || Comment { author: "ann".into(), at: now(), ..Comment::default() };
        match &step.effect {
            // A part that is split off is another tracker's story.
            Change::CreateTracker { .. } => {}
            e if e.tracker().is_some_and(|t| !self.mine(t)) => {}
            Change::SetTitle { title, .. } => self.case.tracker.title = title.preview(),
            Change::SetField { role, value, .. } => {
                let t = &mut self.case.tracker;
                t.body = desk::tracker::set(&t.body, *role, &value.preview(), &self.basis.headings)
                    .map_err(|e| wrong(e.to_string()))?;
            }
            Change::SetLabels { add, remove, .. } => {
                let labels = &mut self.case.tracker.labels;
                labels.retain(|l| !remove.iter().any(|r| r.eq_ignore_ascii_case(l)));
                labels.extend(add.iter().cloned());
            }
            Change::SetMilestone { milestone, .. } => self.case.tracker.milestone.clone_from(milestone),
            Change::CreateMilestone { name, due } => {
                if let Fact::Known(all, ..) = &mut self.case.observed.milestones {
                    all.push(Milestone {
                        name: name.clone(),
                        open: true,
                        due: *due,
                        open_trackers: 1,
                        ..Milestone::default()
                    });
                }
            }
            Change::CloseMilestone { name } => {
                if let Fact::Known(all, ..) = &mut self.case.observed.milestones {
                    all.iter_mut().filter(|m| m.name == *name).for_each(|m| m.open = false);
                }
            }
            Change::SetAssignees { assignees, .. } => {
                self.case.tracker.assignees = assignees.iter().cloned().collect();
            }
            Change::MoveCard { column, .. } => self.case.tracker.column = Some(column.clone()),
            Change::ArchiveCard { archived, .. } => self.case.tracker.archived = *archived,
            Change::Comment { text, .. } => {
                self.case.tracker.comments.push(Comment { body: text.preview(), ..told() });
            }
            Change::PostMarked { kind, text, .. } => self.post(*kind, &text.preview()),
            Change::RemoveComment { comment, .. } => {
                self.case.tracker.comments.retain(|c| c.id != *comment);
            }
            Change::AppendEntry { note, .. } => {
                if self.how.entries {
                    self.entry(step, note)?;
                }
            }
            Change::MailDraft { letter, .. } => {
                self.case.observed.told.push(ToldRow {
                    event: letter.event.clone(),
                    artifact: letter.artifact.clone(),
                    state: "drafted".into(),
                    asked_credit: letter.asks_credit,
                    at: Some(now()),
                });
                if self.how.drafts_stay
                    && let Fact::Known(all, ..) = &mut self.case.observed.drafts
                {
                    all.push(PendingDraft {
                        id: letter.message_id.clone(),
                        event: letter.event.clone(),
                        thread: letter.thread.clone(),
                    });
                }
            }
            Change::Close { .. } => {
                self.case.tracker.state = State::Closed { reason: CloseReason::Completed };
                self.case.closed = Some(now());
            }
            Change::Reopen { .. } => self.case.tracker.state = State::Open,
            Change::PushRecord { state, record, .. } => {
                // What an authority did not have it has after a push.
                if matches!(self.case.observed.record, Fact::Absent(_)) {
                    self.case.observed.record =
                        Fact::stated(Record::default(), "the authority", self.case.tracker.updated);
                }
                let json: Option<serde_json::Value> = serde_json::from_str(&record.preview()).ok();
                self.record(|r| {
                    r.state = r.state.max(*state);
                    r.json.clone_from(&json);
                });
            }
            Change::PublishRecord { record, .. } => {
                let json: Option<serde_json::Value> = serde_json::from_str(&record.preview()).ok();
                self.record(|r| {
                    r.state = RecordStage::Public;
                    r.json.clone_from(&json);
                });
            }
            Change::RetractRecord { .. } => self.record(|r| r.state = RecordStage::Retracted),
            Change::AttachRecord { .. } | Change::ReserveId { .. } => {}
            Change::SetFate { .. }
            | Change::RecordRejection { .. }
            | Change::PrepareHost { .. }
            | Change::OpenPullRequest { .. }
            | Change::Choose { .. } => {
                return Err(wrong(format!("{} is no step of a sync", step.effect.name())));
            }
        }
        Ok(())
    }

    fn record(&mut self, f: impl Fn(&mut Record)) {
        if let Fact::Known(r, ..) = &mut self.case.observed.record {
            f(r);
        }
    }

    fn post(&mut self, kind: Marked, text: &str) {
        let body = format!("{}\n{text}", kind.marker());
        let id = marked(&self.case.tracker.comments, kind, &self.basis.roster).map(|c| c.id.clone());
        let comments = &mut self.case.tracker.comments;
        match comments.iter_mut().find(|c| Some(&c.id) == id.as_ref()) {
            Some(c) => c.body = body,
            None => {
                let id = format!("m-{}-{}", kind.as_str(), comments.len());
                comments.push(Comment { id, author: "ann".into(), at: now(), body });
            }
        }
    }

    fn entry(
        &mut self,
        step: &Step,
        note: &desk::plan::RollupNote<desk::plan::effect::Drafted>,
    ) -> Result<(), Ended> {
        let entry = Entry {
            id: digest::sha256(step.key.to_string().as_bytes())[..16].to_owned(),
            date: now().to_zoned(TimeZone::UTC).date(),
            actor: "ann".into(),
            action: note.action.clone(),
            headline: note.headline.preview(),
            body: note.body.preview(),
            next: Some(note.next.preview()).filter(|n| !n.is_empty()),
            told: note.told.clone(),
        };
        let comments = &mut self.case.tracker.comments;
        let team = |h: &str| self.basis.roster.by_handle(h).is_some();
        let at = comments.iter().rposition(|c| rollup::is_rollup(&c.body) && team(&c.author));
        let old = at.and_then(|at| comments.get(at)).map(|c| c.body.clone());
        let made =
            rollup::append(old.as_deref(), &entry, b"key").map_err(|e| Ended::Refused(e.to_string()))?;
        match (made, at) {
            (Upsert::Replace(body), Some(at)) => comments[at].body = body,
            (Upsert::Continue { sealed, next }, Some(at)) => {
                comments[at].body = sealed;
                let id = format!("r-{}", comments.len());
                comments.push(Comment { id, author: "ann".into(), at: now(), body: next });
            }
            (Upsert::New(body) | Upsert::Replace(body) | Upsert::Continue { next: body, .. }, _) => {
                let id = format!("r-{}", comments.len());
                comments.push(Comment { id, author: "ann".into(), at: now(), body });
            }
        }
        Ok(())
    }
}

/// Every text that an effect would write, with the letter's subject and body.
#[must_use]
pub fn texts(effect: &Effect) -> Vec<String> {
    match effect {
        Change::SetTitle { title, .. } => vec![title.preview()],
        Change::SetField { value, .. } => vec![value.preview()],
        Change::Comment { text, .. } | Change::PostMarked { text, .. } => vec![text.preview()],
        Change::AppendEntry { note, .. } => {
            vec![note.headline.preview(), note.body.preview(), note.next.preview()]
        }
        Change::MailDraft { letter, .. } => match &letter.text {
            LetterText::Reporter { subject, body } => vec![subject.preview(), body.preview()],
            LetterText::Forwarder { subject, body } => vec![subject.preview(), body.preview()],
            LetterText::Team { subject, body } => vec![subject.preview(), body.preview()],
            LetterText::List { subject, body } => vec![subject.preview(), body.preview()],
            LetterText::Distributors { subject, body } => vec![subject.preview(), body.preview()],
        },
        Change::CreateTracker { title, .. } => vec![title.preview()],
        _ => Vec::new(),
    }
}

/// The value of a field of a case.
#[must_use]
pub fn field(case: &Case, role: FieldRole, basis: &Basis) -> String {
    let body = desk::tracker::parse(&case.tracker.body, &basis.headings);
    body.get(role).unwrap_or_default().to_owned()
}

/// The plan for a case, as the person `ann` sees it.
#[must_use]
pub fn plan(case: &Case, basis: &Basis) -> desk::rules::sync::TrackerPlan {
    desk::rules::sync::plan_one(&View::new(case, basis.ground("ann", now())), 1)
}
