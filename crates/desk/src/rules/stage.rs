//! Where a tracker stands, who owns the next move, and what it is (sync page §3). Total: every tracker that is not
//! finished has exactly one stage and one owner (promise G4).
//!
//! Facts lead; where nobody looked, the labels say what was known when they were set.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::sync::{
    View,
    advisory::{self, Advisory},
    manager,
    target::{self, Shipped},
    tell::{self, Event},
};
use crate::{
    case::{Evidence, ListedState, RecordStage},
    people::Role,
    plan::Told,
    tracker::{FieldRole, LabelRole, TrackerKey},
};

/// A stage of the lifecycle, in the order in which they are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Stage {
    /// Closed with a disposition.
    Rejected,
    /// Closed without a disposition and without an announcement.
    ClosedUnexplained,
    /// Closed, announced, record published.
    Done,
    /// Closed and announced, the record on its way to the public list.
    Propagating,
    /// The advisory is public; the tracker can be closed out.
    CloseOut,
    /// The release manager sends the advisory.
    RmQueue,
    /// An id was asked for and has not come yet.
    AllocationPending,
    /// Scope known, no CVE yet.
    NoCve,
    /// The fix is out, the hand-off waits for its gate.
    Shipped,
    /// The fix is merged.
    Merged,
    /// The fix is in review.
    InPr,
    /// A CVE, no pull request.
    Allocated,
    /// Undecided, and nobody has said anything for a month.
    Stalled,
    /// Undecided, under discussion.
    Assessing,
    /// Nobody has looked yet.
    New,
}

impl Stage {
    /// The name of sync page §3.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::Rejected => "REJECTED",
            Stage::ClosedUnexplained => "CLOSED-UNEXPLAINED",
            Stage::Done => "DONE",
            Stage::Propagating => "PROPAGATING",
            Stage::CloseOut => "CLOSE-OUT",
            Stage::RmQueue => "RM-QUEUE",
            Stage::AllocationPending => "ALLOCATION-PENDING",
            Stage::NoCve => "NO-CVE",
            Stage::Shipped => "SHIPPED",
            Stage::Merged => "MERGED",
            Stage::InPr => "IN-PR",
            Stage::Allocated => "ALLOCATED",
            Stage::Stalled => "STALLED",
            Stage::Assessing => "ASSESSING",
            Stage::New => "NEW",
        }
    }

    /// First and last step of the process this stage covers; none for a finished tracker.
    #[must_use]
    pub fn steps(self) -> Option<(u8, u8)> {
        match self {
            Stage::Rejected | Stage::ClosedUnexplained => None,
            Stage::Done => Some((16, 16)),
            Stage::Propagating => Some((15, 16)),
            Stage::CloseOut => Some((14, 14)),
            Stage::RmQueue => Some((12, 13)),
            Stage::AllocationPending | Stage::NoCve => Some((6, 6)),
            Stage::Shipped => Some((12, 12)),
            Stage::Merged => Some((11, 11)),
            Stage::InPr => Some((8, 10)),
            Stage::Allocated => Some((7, 7)),
            Stage::Stalled => Some((4, 4)),
            Stage::Assessing => Some((3, 3)),
            Stage::New => Some((1, 2)),
        }
    }

    /// Is nothing left to do? A credit correction of an announced tracker is its release manager's.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Stage::Rejected | Stage::Done)
    }

    /// Every stage, in the order in which they are tested.
    pub const ALL: [Stage; 15] = [
        Stage::Rejected,
        Stage::ClosedUnexplained,
        Stage::Done,
        Stage::Propagating,
        Stage::CloseOut,
        Stage::RmQueue,
        Stage::AllocationPending,
        Stage::NoCve,
        Stage::Shipped,
        Stage::Merged,
        Stage::InPr,
        Stage::Allocated,
        Stage::Stalled,
        Stage::Assessing,
        Stage::New,
    ];

    /// Whose move it is; none for a rejected tracker.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Stage::Rejected => None,
            Stage::Done | Stage::Propagating | Stage::CloseOut | Stage::RmQueue => Some(Role::ReleaseManager),
            Stage::Shipped | Stage::Merged | Stage::InPr | Stage::Allocated => Some(Role::Remediation),
            Stage::ClosedUnexplained
            | Stage::AllocationPending
            | Stage::NoCve
            | Stage::Stalled
            | Stage::Assessing
            | Stage::New => Some(Role::Triager),
        }
    }

    /// What that move is, in words.
    #[must_use]
    pub fn next(self) -> &'static str {
        match self {
            Stage::Rejected | Stage::Done => "nothing, it is finished",
            Stage::ClosedUnexplained => "say why it was closed, or reopen it",
            Stage::Propagating => "wait until the CVE record is public",
            Stage::CloseOut => "close out: advisory address, record, board, milestone",
            Stage::RmQueue => "take the record through review, preview and send the advisory",
            Stage::AllocationPending => "paste the allocated CVE id back; never ask for another",
            Stage::NoCve => "allocate a CVE",
            Stage::Shipped => "fill what the release gate misses, then hand over to the release manager",
            Stage::Merged => "wait for the release that ships the fix",
            Stage::InPr => "see the fix through review",
            Stage::Allocated => "write the fix",
            Stage::Stalled => "escalate: nobody has said anything for a month",
            Stage::Assessing => "get a second opinion and decide whether it is valid",
            Stage::New => "open the discussion: is it valid?",
        }
    }
}

/// Where a tracker stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Position {
    /// Which tracker.
    pub tracker: TrackerKey,
    /// Its number in words.
    pub reference: String,
    /// Its stage.
    pub stage: Stage,
    /// The role that owns the next move.
    pub role: Option<Role>,
    /// The person; empty when nobody is named anywhere.
    pub person: String,
    /// Why that person.
    pub why_person: String,
    /// The board column it belongs in; `archived` when the card is off the board, `unchanged` when it stays where it is.
    pub column: String,
    /// What the move is.
    pub next: &'static str,
    /// What the stage rests on.
    pub why: Vec<Evidence>,
}

/// Find stage and owner of a tracker.
#[must_use]
pub fn position(v: &View<'_>) -> Position {
    let (stage, evidence) = stage(v);
    let role = stage.role();
    let (person, why_person) = match role {
        Some(r) if stage != Stage::Done => person(v, r, stage),
        Some(r) => v.t.assignees.first().map_or_else(
            || (String::new(), format!("finished; a correction is the {}'s", r.title())),
            |a| (a.clone(), "assigned".into()),
        ),
        None => (String::new(), "finished".into()),
    };
    let why =
        vec![Evidence::new(&format!("stage.{}", stage.name().to_lowercase()), evidence, v.name.clone())];
    Position {
        tracker: v.t.key.clone(),
        reference: v.name.clone(),
        stage,
        role,
        person,
        why_person,
        column: super::sync::column::place(v, stage),
        next: stage.next(),
        why,
    }
}

/// The stage of a tracker and what it rests on: the first match of sync page §3.
#[must_use]
pub fn stage(v: &View<'_>) -> (Stage, String) {
    v.stage.get_or_init(|| find(v)).clone()
}

fn find(v: &View<'_>) -> (Stage, String) {
    let label = |role: LabelRole| format!("label `{}`", v.g.labels.name(role));
    let announced = v.has(LabelRole::Announced);
    if !v.t.state.is_open() {
        if let Some(d) = v.labels.dispositions().into_iter().next() {
            return (Stage::Rejected, format!("closed, {}", label(d)));
        }
        if !announced {
            return (Stage::ClosedUnexplained, "closed without a disposition".into());
        }
        let published = v.o.listed.known().is_some_and(|l| l.state == ListedState::Published);
        // Somebody who is not there, or hears of milestones only, is not waited for.
        let told = tell::was_told(v, Event::Published)
            || matches!(tell::letter(v, Event::Published), Err(Told::NotNeeded(_)));
        return match (published, told) {
            (true, true) => (Stage::Done, "closed, announced, the record is public on cve.org".into()),
            (true, false) => {
                (Stage::Propagating, "the record is public; the reporter is not told yet".into())
            }
            (false, _) => (Stage::Propagating, "closed, announced".into()),
        };
    }
    if let Some(why) = disclosed(v) {
        return (Stage::CloseOut, why);
    }
    if v.has(LabelRole::FixReleased) {
        return (Stage::RmQueue, label(LabelRole::FixReleased));
    }
    // Older practice put the label of the mail in the place of the label of the release; it proves no advisory, but the
    // release manager still waits for the archive.
    let behind = [LabelRole::PrOpen, LabelRole::PrMerged, LabelRole::RcVoting];
    if v.has(LabelRole::EmailsSent) && v.has_cve() && !v.in_review() && !behind.iter().any(|r| v.has(*r)) {
        return (Stage::RmQueue, label(LabelRole::EmailsSent));
    }
    let cve = v.has_cve();
    if let Some(at) = v.o.allocation_requested.filter(|_| !cve) {
        return (Stage::AllocationPending, format!("an id was asked for on {}", super::sync::day(v, at)));
    }
    if v.decided() && !cve {
        let scopes: Vec<&str> = v.scopes.iter().map(|s| s.label.as_str()).collect();
        return (Stage::NoCve, format!("scope `{}`, no CVE", scopes.join("`, `")));
    }
    if v.merged() {
        if let Shipped::Yes(out) = target::shipped(v) {
            let what: Vec<String> =
                out.iter().map(|a| format!("{} {}", a.package, a.version).trim().to_owned()).collect();
            return (Stage::Shipped, format!("published: {}", what.join(", ")));
        }
        let fix =
            v.fixes().first().map_or_else(|| label(LabelRole::PrMerged), |p| format!("{} is merged", p.url));
        return (Stage::Merged, fix);
    }
    if v.in_review() {
        let fix =
            v.fixes().first().map_or_else(|| label(LabelRole::PrOpen), |p| format!("{} is open", p.url));
        return (Stage::InPr, fix);
    }
    if cve {
        return (Stage::Allocated, "a CVE is allocated, no pull request".into());
    }
    // A recorded voice is a word as much as a comment is.
    let voice = v.o.voices.iter().map(|w| w.at.unwrap_or(v.g.now)).max();
    let said = v.discussion().map(|c| c.at).max().max(voice);
    let idle = SignedDuration::from_hours(24 * i64::from(v.g.config.disclosure.escalate_after_days));
    // Mail of the reporter is somebody's word too; a tracker without a date is not old.
    let wrote = v.thread().and_then(|t| t.last_at);
    let last = said.max(wrote).max(Some(v.t.created)).unwrap_or_default();
    if last != Timestamp::UNIX_EPOCH && v.g.now.duration_since(last) > idle {
        let days = v.g.now.duration_since(last).as_hours() / 24;
        return (Stage::Stalled, format!("undecided, silent for {days} days"));
    }
    if said.is_some() {
        return (Stage::Assessing, "undecided, under discussion".into());
    }
    (Stage::New, "nobody has commented yet".into())
}

/// What says that the flaw is public: any one of the five signs, whatever the labels (sync page §3, CLOSE-OUT).
fn disclosed(v: &View<'_>) -> Option<String> {
    if !v.field(FieldRole::PublicAdvisoryUrl).is_empty() {
        return Some("the public advisory's address is captured".into());
    }
    if let Advisory::Found(mail) = advisory::find(v) {
        return Some(format!("the advisory is archived: {}", mail.url));
    }
    if let Advisory::Page(a) = advisory::find(v) {
        return Some(format!("the release page names the CVE: {}", a.page));
    }
    if v.has(LabelRole::Announced) {
        return Some(format!("label `{}`", v.g.labels.name(LabelRole::Announced)));
    }
    if v.o.listed.known().is_some_and(|l| l.state == ListedState::Published) {
        return Some("cve.org shows the record as published".into());
    }
    (v.record() == RecordStage::Public).then(|| "the record is public at its authority".into())
}

/// Who holds the role here (sync page §3, who by role): the assignee, the developer or manager the facts name, the one on
/// duty, else the escalation contact.
fn person(v: &View<'_>, role: Role, stage: Stage) -> (String, String) {
    let config = v.g.config;
    // The manager of this very release, whoever is still assigned from the step before.
    if role == Role::ReleaseManager
        && let manager::Manager::Known { handle, source, .. } = manager::find(v)
        && !handle.is_empty()
    {
        return (handle, format!("release manager by {source}"));
    }
    let assigned = v.t.assignees.iter().find(|a| !a.trim().is_empty());
    if let Some(a) = assigned {
        return (a.clone(), "assigned".into());
    }
    if role == Role::Remediation
        && let Some(author) = v.fixes().iter().map(|p| &p.author).find(|a| v.may_assign(a) == Some(true))
    {
        return (author.clone(), "wrote the fix".into());
    }
    let key = match role {
        Role::Triager => "triager",
        Role::Remediation => "remediation",
        Role::ReleaseManager => "release_manager",
        Role::Governance => "governance",
    };
    if let Some(duty) = config.roster.duty.get(key).filter(|d| !d.trim().is_empty()) {
        return (duty.clone(), format!("on duty as {}", role.title()));
    }
    if !config.roster.escalation.trim().is_empty() {
        return (config.roster.escalation.clone(), "escalation contact".into());
    }
    if config.roster.person.is_empty() && !config.user.handle.is_empty() {
        return (config.user.handle.clone(), "alone at this desk".into());
    }
    // Somebody always owns the next move (G4): the first member who holds the role.
    let member = v.g.roster.people.iter().filter(|p| p.member_at(v.g.now));
    if let Some(p) = member.clone().find(|p| p.roles.contains(&role)).or_else(|| member.clone().next()) {
        return (p.handle.clone(), format!("first on the roster for the {}", role.title()));
    }
    (String::new(), format!("{} has no assignee, and nobody is on duty", stage.name()))
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("stage.rejected", "closed with a disposition"),
    ("stage.closed-unexplained", "closed without a disposition and without an announcement"),
    ("stage.done", "closed, announced, the record public"),
    ("stage.propagating", "closed and announced; the record is on its way"),
    ("stage.close-out", "the advisory is public; the tracker can be closed out"),
    ("stage.rm-queue", "shipped; the advisory is to be sent"),
    ("stage.allocation-pending", "a CVE id was asked for and has not come yet"),
    ("stage.no-cve", "scope known, no CVE yet"),
    ("stage.shipped", "the fix is out; the hand-off waits for its gate"),
    ("stage.merged", "the fix is merged"),
    ("stage.in-pr", "the fix is in review"),
    ("stage.allocated", "a CVE, no pull request"),
    ("stage.stalled", "undecided, and nobody has said anything for a month"),
    ("stage.assessing", "undecided, under discussion"),
    ("stage.new", "nobody has looked yet"),
];
