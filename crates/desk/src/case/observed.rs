//! What was observed beyond the tracker itself: pull requests, releases, archives, the CVE record, the reporter's
//! thread (sync page §2). Connectors fill it; rules read it. A source that was not asked is `Unknown("")`.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::Fact;
use crate::{mail::Address, people::Person};

/// The state of a pull request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullState {
    /// Open, a draft included.
    #[default]
    Open,
    /// Merged: reachable from the branch it was made for.
    Merged,
    /// Closed without a merge.
    Closed,
}

/// A fix named in the tracker's *PR with the fix* field: by address, branch or commit (S3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PullRequest {
    /// What names it: its address, else the branch or commit.
    pub url: String,
    /// Its state.
    pub state: PullState,
    /// Is it a draft?
    pub draft: bool,
    /// Handle of its author; empty when unknown.
    pub author: String,
    /// Name of its author; empty when unknown.
    pub author_name: String,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// The commit it became.
    pub commit: String,
    /// Its milestone; empty for none.
    pub milestone: String,
    /// When that milestone is due, where its source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_due: Option<Date>,
    /// The branch it is for; empty for the default branch.
    pub branch: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Found by a search, and not named in the field: shown, never acted on (hard case 2).
    pub elsewhere: bool,
    /// What everybody reads on its page; empty when nobody looked.
    #[serde(skip_serializing_if = "PublicWords::is_empty")]
    pub says: PublicWords,
}

/// The words of a public page: they are compared with what is under embargo, and are no authority for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PublicWords {
    /// Its title.
    pub title: String,
    /// The beginning of its text.
    pub text: String,
    /// The branch it comes from.
    pub head: String,
    /// Issues it closes, as `owner/repo#N`.
    pub closes: Vec<String>,
}

impl PublicWords {
    /// Did nobody look?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a released artifact stands in its registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactState {
    /// Published, final, not withdrawn.
    Final,
    /// A candidate, beta or development release: not shipped.
    PreRelease,
    /// Published and withdrawn: not shipped.
    Yanked,
    /// The registry was asked and has no such version.
    Missing,
    /// The registry could not be asked. Never "no".
    #[default]
    Unknown,
}

/// One package at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Artifact {
    /// Package name; empty for the project's only one.
    pub package: String,
    /// Version.
    pub version: String,
    /// How it stands.
    pub state: ArtifactState,
    /// When it was published.
    pub at: Option<Timestamp>,
    /// Its page or tag.
    pub url: String,
    /// Does it contain the fix? `None` when the source cannot tell.
    pub has_fix: Option<bool>,
    /// Why it is unknown.
    pub reason: String,
    /// Its release page, where one was read; empty otherwise.
    pub page: String,
    /// CVE ids that the release page names.
    pub names: Vec<String>,
}

/// How far a CVE record is at its authority (sync page §9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordStage {
    /// The authority could not say.
    #[default]
    Unknown,
    /// Reserved, being written.
    Allocated,
    /// Complete, waits for its reviewer.
    ReviewReady,
    /// Reviewed, waits for the advisory.
    PublishReady,
    /// Public.
    Public,
    /// Withdrawn.
    Retracted,
}

impl RecordStage {
    /// The verb of sync page §9.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RecordStage::Unknown => "unknown",
            RecordStage::Allocated => "allocated",
            RecordStage::ReviewReady => "review-ready",
            RecordStage::PublishReady => "publish-ready",
            RecordStage::Public => "public",
            RecordStage::Retracted => "retracted",
        }
    }

    /// May the release manager take over (sync page §7)?
    #[must_use]
    pub fn is_reviewable(self) -> bool {
        matches!(self, RecordStage::ReviewReady | RecordStage::PublishReady | RecordStage::Public)
    }
}

/// The record at its authority (S15).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// How far it is.
    pub state: RecordStage,
    /// The record itself, where it was read.
    pub json: Option<serde_json::Value>,
    /// Its version at the authority.
    pub version: String,
    /// What the tracker made when it was pushed last: others' changes since then are told from ours by it.
    pub base: Option<serde_json::Value>,
}

/// What cve.org says (sync page §13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListedState {
    /// Reserved: not public yet.
    #[default]
    Reserved,
    /// Public.
    Published,
    /// Rejected there.
    Rejected,
}

/// The record as the public list shows it (S14).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// Its state.
    pub state: ListedState,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// The record, where it was read.
    pub json: Option<serde_json::Value>,
}

/// A mail of a public list: the advisory, a vote, a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListMail {
    /// Its permalink.
    pub url: String,
    /// Message-ID.
    pub message_id: String,
    /// Message-ID it answers; empty for the root of a thread.
    pub in_reply_to: String,
    /// Subject.
    pub subject: String,
    /// Sender.
    pub from: Address,
    /// When.
    pub at: Timestamp,
    /// Text.
    pub body: String,
    /// Stated by a person, not read from an archive: subject and sender are not judged.
    pub vouched: bool,
}

impl ListMail {
    /// Does it begin a thread?
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.in_reply_to.trim().is_empty()
    }
}

/// Somebody named as release manager by a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ManagerClaim {
    /// Handle, where the source gives one.
    pub handle: String,
    /// Address, where the source gives one.
    pub email: String,
    /// The version or wave.
    pub version: String,
    /// Where it says so.
    pub source: String,
}

/// How the contact is reached (S19).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// The reporter writes to us.
    #[default]
    Direct,
    /// Somebody passes our words on.
    ViaForwarder,
    /// Nobody reported: a public pull request was imported.
    FromPr,
    /// Nobody to tell: found by the team, or anonymous.
    Nobody,
}

/// What the reporter said about credit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditWish {
    /// The name, verbatim; empty for an opt-out.
    pub name: String,
    /// They want no credit.
    pub anonymous: bool,
    /// Where they said so.
    pub source: String,
}

/// The reporter's thread (S5, S6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MailThread {
    /// Message-ID of its root; the ledger's key.
    pub root: String,
    /// Subject of the root.
    pub subject: String,
    /// The newest message: a reply answers it.
    pub last: String,
    /// Message-IDs of the thread, oldest first.
    pub references: Vec<String>,
    /// Who is written to.
    pub contact: Address,
    /// The page on which they are answered by hand, where they reported on one and no mail reaches them; empty for mail.
    pub page: String,
    /// How.
    pub routing: Routing,
    /// Was the credit question asked on this thread, by us or by anybody on the team?
    pub credit_asked: bool,
    /// The newest statement about credit.
    pub credit: Option<CreditWish>,
    /// Was the last word theirs?
    pub awaits_us: bool,
    /// When the last message came.
    pub last_at: Option<Timestamp>,
    /// What became of the forge's own advisory for this report, as its notices say: `closed`, `rejected` and the like;
    /// empty when there is none.
    pub ghsa: String,
    /// Score, weakness or label the reporter gave: shown, never written (hard case 24).
    pub observed: Vec<String>,
}

/// A draft that is already written for this tracker (S8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PendingDraft {
    /// Its id or Message-ID.
    pub id: String,
    /// The ledger event it is about; empty when it was not written by this program.
    pub event: String,
    /// Root of the thread it is on.
    pub thread: String,
}

/// A row of the ledger: who was told what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToldRow {
    /// What they were told about.
    pub event: String,
    /// Which instance of it.
    pub artifact: String,
    /// `drafted`, `sent`, `discarded` or `unknown`.
    pub state: String,
    /// Did it ask how to credit them?
    pub asked_credit: bool,
    /// Since when.
    pub at: Option<Timestamp>,
}

/// A milestone of the tracker repository (S16).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// Open?
    pub open: bool,
    /// Due date, copied from upstream.
    pub due: Option<Date>,
    /// Open trackers on it, this one included.
    pub open_trackers: u32,
    /// Closed trackers on it that were not announced.
    pub closed_unannounced: u32,
}

/// A reviewer's comment on the record (S9).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewNote {
    /// Its id or Message-ID.
    pub id: String,
    /// Who.
    pub from: Address,
    /// Its first lines.
    pub text: String,
    /// Was it answered on its thread?
    pub resolved: bool,
}

/// A member's word on whether a report is valid (spec README, decision 9).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voice {
    /// Handle.
    pub handle: String,
    /// Valid?
    pub valid: bool,
    /// Which scope, for a valid one.
    pub scope: String,
    /// When.
    pub at: Option<Timestamp>,
    /// The comment that says so.
    pub source: String,
}

/// Everything observed about one tracker besides the tracker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// Fixes named in the body field (S3).
    pub pulls: Fact<Vec<PullRequest>>,
    /// What the registries say about the target version (S10).
    pub artifacts: Fact<Vec<Artifact>>,
    /// Mail of the dev list about votes on releases (S11).
    pub votes: Fact<Vec<ListMail>>,
    /// Who manages the release, by each source that says so (S12).
    pub managers: Fact<Vec<ManagerClaim>>,
    /// Mail of the users list that mentions the CVE (S13).
    pub advisories: Fact<Vec<ListMail>>,
    /// What cve.org shows (S14).
    pub listed: Fact<Listed>,
    /// The record at its authority (S15).
    pub record: Fact<Record>,
    /// The copy of the record that is kept on the tracker; empty when none is, none when nobody looked.
    pub attached: Option<String>,
    /// The other tracker that keeps the record, when two share the id.
    pub record_with: Option<RecordWith>,
    /// Milestones of the tracker repository (S16).
    pub milestones: Fact<Vec<Milestone>>,
    /// The reporter's thread.
    pub thread: Fact<MailThread>,
    /// Drafts already written.
    pub drafts: Fact<Vec<PendingDraft>>,
    /// The ledger.
    pub told: Vec<ToldRow>,
    /// Nobody looked into the ledger: what is not in `told` may have been said all the same.
    pub told_unknown: bool,
    /// Reviewers' comments (S9).
    pub reviews: Fact<Vec<ReviewNote>>,
    /// Members' words on validity that stand elsewhere than in comments.
    pub voices: Vec<Voice>,
    /// Was an allocation requested and not answered yet?
    pub allocation_requested: Option<Timestamp>,
    /// Who may be assigned; unknown on a desk whose roster is the only list.
    pub collaborators: Fact<Vec<String>>,
    /// People the tracker host knows, by handle, beyond the roster.
    pub people: BTreeMap<String, Person>,
    /// Sources that could not be asked, in words: they stand in the plan.
    pub failures: Vec<String>,
    /// What of the tracker itself cannot be read back, in words: nothing is built on the rest.
    pub damaged: Vec<String>,
}

/// Another tracker that keeps the record of the same id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordWith {
    /// Which, as people call it.
    pub tracker: String,
    /// Are the two parts of one report? Else one of them has the wrong id.
    pub split: bool,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            pulls: Fact::unasked(),
            artifacts: Fact::unasked(),
            votes: Fact::unasked(),
            managers: Fact::unasked(),
            advisories: Fact::unasked(),
            listed: Fact::unasked(),
            record: Fact::unasked(),
            attached: None,
            record_with: None,
            milestones: Fact::unasked(),
            thread: Fact::unasked(),
            drafts: Fact::unasked(),
            told: Vec::new(),
            told_unknown: false,
            reviews: Fact::unasked(),
            voices: Vec::new(),
            allocation_requested: None,
            collaborators: Fact::unasked(),
            people: BTreeMap::new(),
            failures: Vec::new(),
            damaged: Vec::new(),
        }
    }
}
