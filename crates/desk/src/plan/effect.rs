//! What a step may do: a closed set. The same enum exists in two states of its words: drafted, as a plan stores
//! it and a person approves it, and cleared, as a port accepts it. Only the policy turns one into the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Step, hosted::HostPart};
use crate::{
    case::RecordStage,
    confidential::{
        self as surface, Cleared, Draft, Kind, Phase, Policy, Recipients, Refusal, Slots, TrackerContext,
    },
    cve::{RecordPlace, authority::Over},
    mail::{Address, ContentDigest, MessageKey},
    reply::ReplyId,
    tracker::{
        FieldRole, Marked, TrackerKey,
        rollup::{Action, Told},
    },
};

/// Where in a tracker at a host its CVE record is kept, for the whole team (CVE page §9). The record was let through for a
/// draft at the authority, which is further from the team than its own tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// In the body, or in a comment.
    pub place: RecordPlace,
    /// Address of the record's page in the CVE tool; `{cve_id}` is the id. Empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
}

/// How the words of an effect are held.
pub trait Wording: Clone + Debug + PartialEq + Eq {
    /// Words for the tracker.
    type Tracker: Clone + Debug + PartialEq + Eq;
    /// Words for the reporter.
    type Reporter: Clone + Debug + PartialEq + Eq;
    /// Words for a forwarder.
    type Forwarder: Clone + Debug + PartialEq + Eq;
    /// Words for the team's own lists.
    type Team: Clone + Debug + PartialEq + Eq;
    /// Words for everybody.
    type Public: Clone + Debug + PartialEq + Eq;
    /// A CVE record that is not public.
    type CveDraft: Clone + Debug + PartialEq + Eq;
    /// A CVE record as it is published.
    type CvePublic: Clone + Debug + PartialEq + Eq;
}

/// Words with slots, as a plan stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drafted {}

impl Wording for Drafted {
    type Tracker = Draft<surface::Tracker>;
    type Reporter = Draft<surface::Reporter>;
    type Forwarder = Draft<surface::Forwarder>;
    type Team = Draft<surface::TeamMail>;
    type Public = Draft<surface::Public>;
    type CveDraft = Draft<surface::CveDraft>;
    type CvePublic = Draft<surface::CvePublic>;
}

/// Words the policy let through. Not serialisable: clearance is made again at every apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InClear {}

impl Wording for InClear {
    type Tracker = Cleared<surface::Tracker>;
    type Reporter = Cleared<surface::Reporter>;
    type Forwarder = Cleared<surface::Forwarder>;
    type Team = Cleared<surface::TeamMail>;
    type Public = Cleared<surface::Public>;
    type CveDraft = Cleared<surface::CveDraft>;
    type CvePublic = Cleared<surface::CvePublic>;
}

/// What became of a message. Every message has exactly one fate (G3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// Seen, not decided: every import shows it again.
    Waiting,
    /// A person must look: the next import shows it again, with the reason.
    Held {
        /// Why.
        why: String,
    },
    /// It opened this tracker.
    Tracker {
        /// Which.
        tracker: TrackerKey,
    },
    /// It belongs to this tracker's thread.
    FollowUp {
        /// Which.
        tracker: TrackerKey,
    },
    /// It reports what this tracker already holds.
    Duplicate {
        /// Which.
        tracker: TrackerKey,
    },
    /// Answered with a canned reply, without a tracker.
    Rejected {
        /// Id of the reply.
        reply: String,
    },
    /// A reply in a thread that was answered without a tracker.
    Answered,
    /// Mail of the CVE tool and the like.
    Bookkeeping,
    /// Spam.
    Spam,
    /// No report at all.
    Other,
    /// The same mail by another way: its fate is that of the one seen first.
    Copy {
        /// Digest of the one seen first.
        of: ContentDigest,
    },
    /// A person said no to it.
    Skipped {
        /// Who.
        by: String,
    },
}

impl Fate {
    /// Does the next import show the message again?
    #[must_use]
    pub fn undecided(&self) -> bool {
        matches!(self, Fate::Waiting | Fate::Held { .. })
    }

    /// The word stored beside it and shown in lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Fate::Waiting => "waiting",
            Fate::Held { .. } => "held",
            Fate::Tracker { .. } => "tracker",
            Fate::FollowUp { .. } => "follow-up",
            Fate::Duplicate { .. } => "duplicate",
            Fate::Rejected { .. } => "rejected",
            Fate::Answered => "answered",
            Fate::Bookkeeping => "bookkeeping",
            Fate::Spam => "spam",
            Fate::Other => "other",
            Fate::Copy { .. } => "copy",
            Fate::Skipped { .. } => "skipped",
        }
    }

    /// The tracker it points at.
    #[must_use]
    pub fn tracker(&self) -> Option<&TrackerKey> {
        match self {
            Fate::Tracker { tracker } | Fate::FollowUp { tracker } | Fate::Duplicate { tracker } => {
                Some(tracker)
            }
            _ => None,
        }
    }
}

/// One entry of the status rollup. Date and actor are those of the approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "W::Tracker: Serialize + DeserializeOwned")]
pub struct RollupNote<W: Wording> {
    /// What kind of change.
    pub action: Action,
    /// What changed, on one line.
    pub headline: W::Tracker,
    /// More about it, with links to the artifacts; may be empty.
    pub body: W::Tracker,
    /// Who does what next; empty for terminal entries.
    pub next: W::Tracker,
    /// Was the reporter told? Every entry says so (roles guide).
    pub told: Told,
}

/// The body of a letter, by whom it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    bound = "W::Reporter: Serialize + DeserializeOwned, W::Forwarder: Serialize + DeserializeOwned, W::Team: Serialize + DeserializeOwned, W::Public: Serialize + DeserializeOwned, W::CvePublic: Serialize + DeserializeOwned"
)]
pub enum LetterText<W: Wording> {
    /// To the reporter.
    Reporter {
        /// Subject line.
        subject: W::Reporter,
        /// Body.
        body: W::Reporter,
    },
    /// To the person or relay that passed the report on.
    Forwarder {
        /// Subject line.
        subject: W::Forwarder,
        /// Body.
        body: W::Forwarder,
    },
    /// To the team's own lists and those it reports to.
    Team {
        /// Subject line.
        subject: W::Team,
        /// Body.
        body: W::Team,
    },
    /// To a public list: what anybody may read.
    List {
        /// Subject line.
        subject: W::Public,
        /// Body.
        body: W::Public,
    },
    /// To distributors under embargo: what the record will say once it is public, and nothing else.
    Distributors {
        /// Subject line.
        subject: W::CvePublic,
        /// Body.
        body: W::CvePublic,
    },
}

/// A mail that is written into a drafts folder and never sent (G5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "LetterText<W>: Serialize + DeserializeOwned")]
pub struct Letter<W: Wording> {
    /// Its Message-ID, derived from the step, so that two runs write one draft.
    pub message_id: String,
    /// Ledger event: `receipt`, `rejected`, ….
    pub event: String,
    /// Id of the canned reply it was made from.
    pub reply: String,
    /// Which instance of the event: the ledger's key with event and tracker.
    pub artifact: String,
    /// Root Message-ID of the thread it answers.
    pub thread: String,
    /// Recipient.
    pub to: Address,
    /// The page that a person pastes it into, where no mail reaches the recipient; empty for mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// Copies; always holds the security list.
    pub cc: Vec<Address>,
    /// Message-ID it answers.
    pub in_reply_to: String,
    /// Its `References`, oldest first.
    pub references: Vec<String>,
    /// Does it ask how the reporter wants to be credited? The question is asked once (spec README, decision 4).
    pub asks_credit: bool,
    /// Subject and body.
    pub text: LetterText<W>,
}

/// A question asked at apply (DESIGN §2, Choice). The answer names the arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "kebab-case")]
pub enum Probe {
    /// `yes` or `no`: does the drafts folder hold a reply to that thread?
    DraftPending {
        /// Root Message-ID.
        thread: String,
    },
    /// State of a CVE record at its authority, in the verbs of sync page §9; unknown when it cannot be read.
    RecordState {
        /// Which CVE.
        cve: String,
    },
    /// `open`, `closed` or `absent`.
    TrackerState {
        /// Which.
        tracker: TrackerKey,
    },
}

/// What must still be true when a step is made: the smallest thing it relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "requires", rename_all = "kebab-case")]
pub enum Precondition {
    /// The message has no final fate yet.
    Undecided {
        /// Which message.
        message: MessageKey,
    },
    /// No tracker of that key exists.
    TrackerAbsent {
        /// Which.
        tracker: TrackerKey,
    },
    /// The tracker exists and is open, or closed.
    TrackerIs {
        /// Which.
        tracker: TrackerKey,
        /// Open?
        open: bool,
    },
    /// A body field still has this value (digest of it; of the empty string when unset).
    FieldIs {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which field.
        role: FieldRole,
        /// SHA-256 of its value.
        digest: String,
    },
    /// The title is still this one.
    TitleIs {
        /// Which tracker.
        tracker: TrackerKey,
        /// SHA-256 of the title.
        digest: String,
    },
    /// The label is there, or is not.
    LabelIs {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which label.
        label: String,
        /// There?
        present: bool,
    },
    /// The assignees are still these.
    AssigneesAre {
        /// Which tracker.
        tracker: TrackerKey,
        /// Who.
        assignees: BTreeSet<String>,
    },
    /// The milestone is still this one.
    MilestoneIs {
        /// Which tracker.
        tracker: TrackerKey,
        /// Its milestone.
        milestone: Option<String>,
    },
    /// The comment is there and says what it said.
    CommentIs {
        /// Which tracker.
        tracker: TrackerKey,
        /// Its id at the host.
        comment: String,
        /// SHA-256 of its text.
        digest: String,
    },
    /// The record at its authority is in one of these states.
    RecordIn {
        /// Which CVE.
        cve: String,
        /// Any of these.
        states: BTreeSet<RecordStage>,
    },
    /// Nobody was told about this event yet.
    NotTold {
        /// Subject of the ledger row: tracker or message key.
        subject: String,
        /// Event.
        event: String,
        /// Artifact.
        artifact: String,
    },
}

impl Precondition {
    /// The tracker it looks at.
    #[must_use]
    pub fn tracker(&self) -> Option<&TrackerKey> {
        match self {
            Precondition::TrackerAbsent { tracker }
            | Precondition::TrackerIs { tracker, .. }
            | Precondition::FieldIs { tracker, .. }
            | Precondition::TitleIs { tracker, .. }
            | Precondition::LabelIs { tracker, .. }
            | Precondition::AssigneesAre { tracker, .. }
            | Precondition::MilestoneIs { tracker, .. }
            | Precondition::CommentIs { tracker, .. } => Some(tracker),
            Precondition::Undecided { .. } | Precondition::RecordIn { .. } | Precondition::NotTold { .. } => {
                None
            }
        }
    }
}

/// A change to the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "effect",
    rename_all = "kebab-case",
    bound = "W::Tracker: Serialize + DeserializeOwned, W::Reporter: Serialize + DeserializeOwned, W::Forwarder: Serialize + DeserializeOwned, W::Team: Serialize + DeserializeOwned, W::Public: Serialize + DeserializeOwned, W::CveDraft: Serialize + DeserializeOwned, W::CvePublic: Serialize + DeserializeOwned"
)]
pub enum Change<W: Wording> {
    /// Open a tracker.
    CreateTracker {
        /// Its key, ours and stable.
        tracker: TrackerKey,
        /// Title.
        title: W::Tracker,
        /// Body document.
        body: W::Tracker,
        /// Labels.
        labels: BTreeSet<String>,
        /// Board column; empty when there is no board.
        column: String,
        /// When the report arrived: the disclosure clock starts here.
        received: Timestamp,
        /// Root Message-ID of the report's thread; empty for a report without mail.
        thread: String,
        /// Who reported, as far as known.
        reporter: Address,
        /// Is the contact a forwarder?
        via_forwarder: bool,
    },
    /// Decide what becomes of a message.
    SetFate {
        /// Which.
        message: MessageKey,
        /// Its fate.
        to: Fate,
    },
    /// Change a title.
    SetTitle {
        /// Which tracker.
        tracker: TrackerKey,
        /// The new title.
        title: W::Tracker,
    },
    /// Change one field of the body document, over a fresh read.
    SetField {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which field.
        role: FieldRole,
        /// Its new value; empty writes the placeholder.
        value: W::Tracker,
    },
    /// Append to the status rollup.
    AppendEntry {
        /// Which tracker.
        tracker: TrackerKey,
        /// The entry.
        note: RollupNote<W>,
    },
    /// Add and remove labels in one write.
    SetLabels {
        /// Which tracker.
        tracker: TrackerKey,
        /// To add.
        add: BTreeSet<String>,
        /// To remove.
        remove: BTreeSet<String>,
    },
    /// Set or clear the milestone.
    SetMilestone {
        /// Which tracker.
        tracker: TrackerKey,
        /// Its name; `None` clears.
        milestone: Option<String>,
    },
    /// Set who is assigned.
    SetAssignees {
        /// Which tracker.
        tracker: TrackerKey,
        /// Exactly these, handles without `@`.
        assignees: BTreeSet<String>,
    },
    /// Move the board card.
    MoveCard {
        /// Which tracker.
        tracker: TrackerKey,
        /// To which column.
        column: String,
    },
    /// Archive the board card.
    ArchiveCard {
        /// Which tracker.
        tracker: TrackerKey,
        /// Archived?
        archived: bool,
    },
    /// Say something on the tracker.
    Comment {
        /// Which tracker.
        tracker: TrackerKey,
        /// What.
        text: W::Tracker,
    },
    /// Write a comment with a marker, or edit the one that is there (sync page §10).
    PostMarked {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which comment.
        kind: Marked,
        /// What it says, below its marker.
        text: W::Tracker,
    },
    /// Take a comment away whose words stand in the status by now (sync page §4). Never the status itself, nor a comment
    /// with a marker.
    RemoveComment {
        /// Which tracker.
        tracker: TrackerKey,
        /// Its id at the host.
        comment: String,
    },
    /// Make a milestone.
    CreateMilestone {
        /// Its name.
        name: String,
        /// When it is due, copied from upstream.
        due: Option<Date>,
    },
    /// Close a milestone whose trackers are all closed.
    CloseMilestone {
        /// Its name.
        name: String,
    },
    /// Make a part of the tracker repository (config page §9).
    PrepareHost {
        /// Which.
        part: HostPart,
    },
    /// Keep the CVE record beside the tracker, where the team can read it (CVE page §9).
    AttachRecord {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which CVE.
        cve: String,
        /// The record as JSON text.
        record: W::CveDraft,
        /// Where in the tracker; none for the desk's own copy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<Beside>,
    },
    /// Bring the record at its authority to this content and at least this state (sync page §9).
    PushRecord {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which CVE.
        cve: String,
        /// The state it should have at least; never lowered.
        state: RecordStage,
        /// The record as JSON text.
        record: W::CveDraft,
        /// What a person let it go over.
        #[serde(default, skip_serializing_if = "Over::is_none")]
        over: Over,
    },
    /// Publish the record; only after the advisory is archived (sync page §8).
    PublishRecord {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which CVE.
        cve: String,
        /// The record as JSON text.
        record: W::CvePublic,
        /// What a person let it go over.
        #[serde(default, skip_serializing_if = "Over::is_none")]
        over: Over,
    },
    /// Take a record or an id back that is not public (sync page §9).
    RetractRecord {
        /// Which tracker.
        tracker: TrackerKey,
        /// Which CVE.
        cve: String,
        /// Why, in words the authority may show.
        reason: W::CvePublic,
    },
    /// Ask the authority for an id (CVE page §11). It cannot be repeated: a second request is a second id.
    ReserveId {
        /// For which tracker.
        tracker: TrackerKey,
        /// The year of the id.
        year: i16,
    },
    /// Open a pull request at the public repository (decisions page §4). What it was opened as fills [`surface::Slot::PrUrl`]
    /// in the steps after it.
    OpenPullRequest {
        /// For which tracker.
        tracker: TrackerKey,
        /// Whose fork the branch is in; empty for the repository itself.
        fork: W::Public,
        /// The branch it is for.
        base: W::Public,
        /// The branch.
        head: W::Public,
        /// Title.
        title: W::Public,
        /// Text.
        body: W::Public,
        /// As a draft?
        draft: bool,
    },
    /// Write a mail draft.
    MailDraft {
        /// Subject of the ledger row: tracker or message key.
        subject: String,
        /// The letter.
        letter: Letter<W>,
    },
    /// Note a rejection in the ledger of rejections (intake page §10.5).
    RecordRejection {
        /// The rejected message.
        message: MessageKey,
        /// Id of the canned reply.
        reply: String,
        /// One line about the report.
        summary: W::Tracker,
    },
    /// Close a tracker.
    Close {
        /// Which.
        tracker: TrackerKey,
        /// `completed` or `not_planned`.
        reason: String,
    },
    /// Reopen a tracker.
    Reopen {
        /// Which.
        tracker: TrackerKey,
    },
    /// Ask at apply, then take one arm; an unknown answer takes none and leaves a blocker.
    Choose {
        /// The question.
        probe: Probe,
        /// Steps by answer.
        arms: BTreeMap<String, Vec<Step>>,
    },
}

/// A change as a plan stores it.
pub type Effect = Change<Drafted>;

/// A change whose words the policy let through; ports accept only these.
pub type ClearedEffect = Change<InClear>;

/// What clearing an effect needs to know.
#[derive(Clone, Copy)]
pub struct Clearing<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Values for the slots.
    pub slots: &'a Slots,
    /// The tracker the words are about.
    pub context: &'a TrackerContext,
    /// Its phase.
    pub phase: Phase,
}

impl Clearing<'_> {
    fn any<S: surface::Surface>(&self, d: &Draft<S>) -> Result<Cleared<S>, Refusal> {
        self.policy.clear(d, self.slots, &Recipients::none(), self.context, self.phase)
    }

    fn public(&self, kind: Kind, d: &Draft<surface::Public>) -> Result<Cleared<surface::Public>, Refusal> {
        self.policy.clear_as(kind, d, self.slots, &Recipients::none(), self.context, self.phase)
    }

    fn tracker(&self, d: &Draft<surface::Tracker>) -> Result<Cleared<surface::Tracker>, Refusal> {
        self.policy.clear(d, self.slots, &Recipients::none(), self.context, self.phase)
    }
}

impl Change<Drafted> {
    /// Let the policy judge every word of the effect.
    ///
    /// # Errors
    /// The policy's refusal, with every hit.
    pub fn clear(&self, with: Clearing<'_>) -> Result<ClearedEffect, Refusal> {
        Ok(match self {
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
            } => Change::CreateTracker {
                tracker: tracker.clone(),
                title: with.tracker(title)?,
                body: with.tracker(body)?,
                labels: labels.clone(),
                column: column.clone(),
                received: *received,
                thread: thread.clone(),
                reporter: reporter.clone(),
                via_forwarder: *via_forwarder,
            },
            Change::SetFate { message, to } => Change::SetFate { message: message.clone(), to: to.clone() },
            Change::SetTitle { tracker, title } => {
                Change::SetTitle { tracker: tracker.clone(), title: with.tracker(title)? }
            }
            Change::SetField { tracker, role, value } => {
                Change::SetField { tracker: tracker.clone(), role: *role, value: with.tracker(value)? }
            }
            Change::AppendEntry { tracker, note } => Change::AppendEntry {
                tracker: tracker.clone(),
                note: RollupNote {
                    action: note.action.clone(),
                    headline: with.tracker(&note.headline)?,
                    body: with.tracker(&note.body)?,
                    next: with.tracker(&note.next)?,
                    told: note.told.clone(),
                },
            },
            Change::SetLabels { tracker, add, remove } => {
                Change::SetLabels { tracker: tracker.clone(), add: add.clone(), remove: remove.clone() }
            }
            Change::SetMilestone { tracker, milestone } => {
                Change::SetMilestone { tracker: tracker.clone(), milestone: milestone.clone() }
            }
            Change::SetAssignees { tracker, assignees } => {
                Change::SetAssignees { tracker: tracker.clone(), assignees: assignees.clone() }
            }
            Change::MoveCard { tracker, column } => {
                Change::MoveCard { tracker: tracker.clone(), column: column.clone() }
            }
            Change::ArchiveCard { tracker, archived } => {
                Change::ArchiveCard { tracker: tracker.clone(), archived: *archived }
            }
            Change::Comment { tracker, text } => {
                Change::Comment { tracker: tracker.clone(), text: with.tracker(text)? }
            }
            Change::PostMarked { tracker, kind, text } => {
                Change::PostMarked { tracker: tracker.clone(), kind: *kind, text: with.tracker(text)? }
            }
            Change::RemoveComment { tracker, comment } => {
                Change::RemoveComment { tracker: tracker.clone(), comment: comment.clone() }
            }
            Change::CreateMilestone { name, due } => {
                Change::CreateMilestone { name: name.clone(), due: *due }
            }
            Change::CloseMilestone { name } => Change::CloseMilestone { name: name.clone() },
            Change::PrepareHost { part } => Change::PrepareHost { part: part.clone() },
            Change::AttachRecord { tracker, cve, record, beside } => Change::AttachRecord {
                tracker: tracker.clone(),
                cve: cve.clone(),
                record: with.any(record)?,
                beside: beside.clone(),
            },
            Change::PushRecord { tracker, cve, state, record, over } => Change::PushRecord {
                tracker: tracker.clone(),
                cve: cve.clone(),
                state: *state,
                record: with.any(record)?,
                over: over.clone(),
            },
            Change::PublishRecord { tracker, cve, record, over } => Change::PublishRecord {
                tracker: tracker.clone(),
                cve: cve.clone(),
                record: with.any(record)?,
                over: over.clone(),
            },
            Change::RetractRecord { tracker, cve, reason } => Change::RetractRecord {
                tracker: tracker.clone(),
                cve: cve.clone(),
                reason: with.any(reason)?,
            },
            Change::ReserveId { tracker, year } => {
                Change::ReserveId { tracker: tracker.clone(), year: *year }
            }
            Change::OpenPullRequest { tracker, fork, base, head, title, body, draft } => {
                Change::OpenPullRequest {
                    tracker: tracker.clone(),
                    fork: with.public(Kind::Text, fork)?,
                    base: with.public(Kind::Branch, base)?,
                    head: with.public(Kind::Branch, head)?,
                    title: with.public(Kind::Title, title)?,
                    body: with.public(Kind::PrBody, body)?,
                    draft: *draft,
                }
            }
            Change::MailDraft { subject, letter } => {
                Change::MailDraft { subject: subject.clone(), letter: letter.clear(with)? }
            }
            Change::RecordRejection { message, reply, summary } => Change::RecordRejection {
                message: message.clone(),
                reply: reply.clone(),
                summary: with.tracker(summary)?,
            },
            Change::Close { tracker, reason } => {
                Change::Close { tracker: tracker.clone(), reason: reason.clone() }
            }
            Change::Reopen { tracker } => Change::Reopen { tracker: tracker.clone() },
            // The arms are steps of their own; each is cleared when it is taken.
            Change::Choose { probe, arms } => Change::Choose { probe: probe.clone(), arms: arms.clone() },
        })
    }
}

impl Letter<Drafted> {
    /// A letter that begins a thread of its own, to the first of these addresses with copies to the others.
    #[must_use]
    pub fn beginning(
        event: &str,
        reply: ReplyId,
        artifact: String,
        to: Address,
        cc: Vec<Address>,
        text: LetterText<Drafted>,
    ) -> Self {
        Self {
            message_id: String::new(),
            event: event.into(),
            reply: reply.as_str().into(),
            artifact,
            thread: String::new(),
            to,
            page: String::new(),
            cc,
            in_reply_to: String::new(),
            references: Vec::new(),
            asks_credit: false,
            text,
        }
    }

    /// That nobody was told of this instance of its event: what writing it relies on.
    #[must_use]
    pub fn not_told(&self, subject: &str) -> Precondition {
        Precondition::NotTold {
            subject: subject.into(),
            event: self.event.clone(),
            artifact: self.artifact.clone(),
        }
    }

    /// Everyone the letter would reach.
    #[must_use]
    pub fn recipients(&self) -> Recipients {
        self.cc.iter().fold(Recipients::to(self.to.email.clone()), |r, cc| r.cc(cc.email.clone()))
    }

    fn clear(&self, with: Clearing<'_>) -> Result<Letter<InClear>, Refusal> {
        let to = self.recipients();
        let text = match &self.text {
            LetterText::Reporter { subject, body } => LetterText::Reporter {
                subject: with.policy.clear(subject, with.slots, &to, with.context, with.phase)?,
                body: with.policy.clear(body, with.slots, &to, with.context, with.phase)?,
            },
            LetterText::Forwarder { subject, body } => LetterText::Forwarder {
                subject: with.policy.clear(subject, with.slots, &to, with.context, with.phase)?,
                body: with.policy.clear(body, with.slots, &to, with.context, with.phase)?,
            },
            LetterText::Team { subject, body } => LetterText::Team {
                subject: with.policy.clear(subject, with.slots, &to, with.context, with.phase)?,
                body: with.policy.clear(body, with.slots, &to, with.context, with.phase)?,
            },
            LetterText::List { subject, body } => LetterText::List {
                subject: with.policy.clear(subject, with.slots, &to, with.context, with.phase)?,
                body: with.policy.clear(body, with.slots, &to, with.context, with.phase)?,
            },
            LetterText::Distributors { subject, body } => LetterText::Distributors {
                subject: with.policy.clear(subject, with.slots, &to, with.context, with.phase)?,
                body: with.policy.clear(body, with.slots, &to, with.context, with.phase)?,
            },
        };
        Ok(Letter {
            message_id: self.message_id.clone(),
            event: self.event.clone(),
            reply: self.reply.clone(),
            artifact: self.artifact.clone(),
            thread: self.thread.clone(),
            to: self.to.clone(),
            page: self.page.clone(),
            cc: self.cc.clone(),
            in_reply_to: self.in_reply_to.clone(),
            references: self.references.clone(),
            asks_credit: self.asks_credit,
            text,
        })
    }

    /// Subject and body with slots shown by name.
    #[must_use]
    pub fn preview(&self) -> (String, String) {
        match &self.text {
            LetterText::Reporter { subject, body } => (subject.preview(), body.preview()),
            LetterText::Forwarder { subject, body } => (subject.preview(), body.preview()),
            LetterText::Team { subject, body } => (subject.preview(), body.preview()),
            LetterText::List { subject, body } => (subject.preview(), body.preview()),
            LetterText::Distributors { subject, body } => (subject.preview(), body.preview()),
        }
    }
}

impl Letter<InClear> {
    /// Subject and body as they may be written.
    #[must_use]
    pub fn words(&self) -> (&str, &str) {
        match &self.text {
            LetterText::Reporter { subject, body } => (subject.as_str(), body.as_str()),
            LetterText::Forwarder { subject, body } => (subject.as_str(), body.as_str()),
            LetterText::Team { subject, body } => (subject.as_str(), body.as_str()),
            LetterText::List { subject, body } => (subject.as_str(), body.as_str()),
            LetterText::Distributors { subject, body } => (subject.as_str(), body.as_str()),
        }
    }
}

impl<W: Wording> Change<W> {
    /// The name shown to people and in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Change::CreateTracker { .. } => "create-tracker",
            Change::SetFate { .. } => "set-fate",
            Change::SetTitle { .. } => "set-title",
            Change::SetField { .. } => "set-field",
            Change::AppendEntry { .. } => "append-entry",
            Change::SetLabels { .. } => "set-labels",
            Change::SetMilestone { .. } => "set-milestone",
            Change::SetAssignees { .. } => "set-assignees",
            Change::MoveCard { .. } => "move-card",
            Change::ArchiveCard { .. } => "archive-card",
            Change::Comment { .. } => "comment",
            Change::PostMarked { .. } => "post-marked",
            Change::RemoveComment { .. } => "remove-comment",
            Change::CreateMilestone { .. } => "create-milestone",
            Change::CloseMilestone { .. } => "close-milestone",
            Change::PrepareHost { .. } => "prepare-host",
            Change::AttachRecord { .. } => "attach-record",
            Change::PushRecord { .. } => "push-record",
            Change::PublishRecord { .. } => "publish-record",
            Change::RetractRecord { .. } => "retract-record",
            Change::ReserveId { .. } => "reserve-id",
            Change::OpenPullRequest { .. } => "open-pull-request",
            Change::MailDraft { .. } => "mail-draft",
            Change::RecordRejection { .. } => "record-rejection",
            Change::Close { .. } => "close",
            Change::Reopen { .. } => "reopen",
            Change::Choose { .. } => "choose",
        }
    }

    /// The tracker it changes.
    #[must_use]
    pub fn tracker(&self) -> Option<&TrackerKey> {
        match self {
            Change::CreateTracker { tracker, .. }
            | Change::SetTitle { tracker, .. }
            | Change::SetField { tracker, .. }
            | Change::AppendEntry { tracker, .. }
            | Change::SetLabels { tracker, .. }
            | Change::SetMilestone { tracker, .. }
            | Change::SetAssignees { tracker, .. }
            | Change::MoveCard { tracker, .. }
            | Change::ArchiveCard { tracker, .. }
            | Change::Comment { tracker, .. }
            | Change::PostMarked { tracker, .. }
            | Change::RemoveComment { tracker, .. }
            | Change::AttachRecord { tracker, .. }
            | Change::PushRecord { tracker, .. }
            | Change::PublishRecord { tracker, .. }
            | Change::RetractRecord { tracker, .. }
            | Change::ReserveId { tracker, .. }
            | Change::OpenPullRequest { tracker, .. }
            | Change::Close { tracker, .. }
            | Change::Reopen { tracker } => Some(tracker),
            Change::SetFate { to, .. } => to.tracker(),
            Change::CreateMilestone { .. }
            | Change::CloseMilestone { .. }
            | Change::PrepareHost { .. }
            | Change::MailDraft { .. }
            | Change::RecordRejection { .. }
            | Change::Choose { .. } => None,
        }
    }
}
