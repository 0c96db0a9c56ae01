//! Where a tracker stands, who owns the next move, and what it is (sync page §3). Total: every tracker that is not
//! finished has exactly one stage and one owner (promise G4).
//!
//! This is the part that follows from the tracker itself. What pull requests, releases and archives say is read
//! from its labels here; the lifecycle rules set those labels from observed facts.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    case::{Case, Evidence},
    config::Config,
    people::{Role, Roster},
    tracker::{self, FieldRole, Headings, LabelNames, LabelRole},
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
    /// Scope known, no CVE yet.
    NoCve,
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
            Stage::NoCve => "NO-CVE",
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
            Stage::NoCve => Some((6, 6)),
            Stage::Merged => Some((11, 11)),
            Stage::InPr => Some((8, 10)),
            Stage::Allocated => Some((7, 7)),
            Stage::Stalled => Some((4, 4)),
            Stage::Assessing => Some((3, 3)),
            Stage::New => Some((1, 2)),
        }
    }

    /// Whose move it is; none when the tracker is finished.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Stage::Rejected | Stage::Done => None,
            Stage::Propagating | Stage::CloseOut | Stage::RmQueue => Some(Role::ReleaseManager),
            Stage::Merged | Stage::InPr | Stage::Allocated => Some(Role::Remediation),
            Stage::ClosedUnexplained | Stage::NoCve | Stage::Stalled | Stage::Assessing | Stage::New => {
                Some(Role::Triager)
            }
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
            Stage::NoCve => "allocate a CVE",
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
    /// Its stage.
    pub stage: Stage,
    /// The role that owns the next move.
    pub role: Option<Role>,
    /// The person; empty when nobody is named anywhere.
    pub person: String,
    /// Why that person.
    pub why_person: String,
    /// What the move is.
    pub next: &'static str,
    /// What the stage rests on.
    pub why: Vec<Evidence>,
}

/// Find stage and owner of a tracker.
#[must_use]
pub fn position(
    case: &Case,
    config: &Config,
    headings: &Headings,
    roster: &Roster,
    now: Timestamp,
) -> Position {
    let (stage, evidence) = stage(case, config, headings, roster, now);
    let role = stage.role();
    let (person, why_person) =
        role.map_or((String::new(), "finished".into()), |r| person(case, r, stage, config));
    let source = case.tracker.reference.to_string();
    let why = vec![Evidence::new(&format!("stage.{}", stage.name().to_lowercase()), evidence, source)];
    Position { stage, role, person, why_person, next: stage.next(), why }
}

fn stage(
    case: &Case,
    config: &Config,
    headings: &Headings,
    roster: &Roster,
    now: Timestamp,
) -> (Stage, String) {
    let t = &case.tracker;
    let names = LabelNames::new(config);
    let labels = names.read(&t.labels);
    let has = |role: LabelRole| labels.has(role);
    let label = |role: LabelRole| format!("label `{}`", names.name(role));
    let announced = has(LabelRole::Announced);
    if !t.state.is_open() {
        let disposition =
            [LabelRole::Invalid, LabelRole::NotCveWorthy, LabelRole::Duplicate, LabelRole::Wontfix];
        if let Some(d) = disposition.into_iter().find(|d| has(*d)) {
            return (Stage::Rejected, format!("closed, label `{}`", names.name(d)));
        }
        // Whether the record is public is an observation of the lifecycle rules; until then it is on its way.
        return if announced {
            (Stage::Propagating, "closed, announced".into())
        } else {
            (Stage::ClosedUnexplained, "closed without a disposition".into())
        };
    }
    let fields = tracker::parse(&t.body, headings);
    if announced || fields.get(FieldRole::PublicAdvisoryUrl).is_some() {
        return (Stage::CloseOut, "the public advisory is known".into());
    }
    if has(LabelRole::FixReleased) {
        return (Stage::RmQueue, label(LabelRole::FixReleased));
    }
    let triage = has(LabelRole::NeedsTriage);
    let scope = config.scope.iter().find(|s| t.labels.iter().any(|l| l.eq_ignore_ascii_case(&s.label)));
    let cve = has(LabelRole::CveAllocated) || fields.get(FieldRole::CveToolLink).is_some();
    if let (Some(scope), false, false) = (scope, triage, cve) {
        return (Stage::NoCve, format!("scope `{}`, no CVE", scope.label));
    }
    if has(LabelRole::PrMerged) {
        return (Stage::Merged, label(LabelRole::PrMerged));
    }
    if has(LabelRole::PrOpen) {
        return (Stage::InPr, label(LabelRole::PrOpen));
    }
    if cve {
        return (Stage::Allocated, "a CVE is allocated, no pull request".into());
    }
    let said = t.comments.iter().filter(|c| !is_rollup(&c.body)).map(|c| c.at).max();
    let idle = SignedDuration::from_hours(24 * i64::from(config.disclosure.escalate_after_days));
    let last = said.unwrap_or(t.created);
    if now.duration_since(last) > idle {
        let days = now.duration_since(last).as_hours() / 24;
        return (Stage::Stalled, format!("undecided, silent for {days} days"));
    }
    let team = t.comments.iter().any(|c| !is_rollup(&c.body) && roster.by_handle(&c.author).is_some());
    if said.is_some() || team {
        return (Stage::Assessing, "undecided, under discussion".into());
    }
    (Stage::New, "nobody has commented yet".into())
}

fn is_rollup(comment: &str) -> bool {
    crate::tracker::rollup::is_rollup(comment)
}

/// Who holds the role here: the assignee, else the one on duty, else the escalation contact (sync page §3).
fn person(case: &Case, role: Role, stage: Stage, config: &Config) -> (String, String) {
    let assigned = case.tracker.assignees.iter().find(|a| !a.trim().is_empty());
    // Before a tracker is claimed its assignee may be the triager; a claim is what makes them the developer.
    if let Some(a) = assigned {
        return (a.clone(), "assigned".into());
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
    ("stage.no-cve", "scope known, no CVE yet"),
    ("stage.merged", "the fix is merged"),
    ("stage.in-pr", "the fix is in review"),
    ("stage.allocated", "a CVE, no pull request"),
    ("stage.stalled", "undecided, and nobody has said anything for a month"),
    ("stage.assessing", "undecided, under discussion"),
    ("stage.new", "nobody has looked yet"),
];
