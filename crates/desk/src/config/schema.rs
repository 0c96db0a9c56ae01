//! Every key of the security lifecycle, as types (config page §1.3). Defaults are the built-in layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::authority::Cve;

/// The whole configuration of one desk, after all layers are merged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The project whose reports these are.
    pub project: Project,
    /// Where trackers live, what their fields, labels and columns are called.
    pub tracker: TrackerConfig,
    /// The public code.
    pub upstream: Upstream,
    /// One entry per scope label; a single-product project has one.
    pub scope: Vec<Scope>,
    /// Lists and mail sources.
    pub mail: Mail,
    /// Relays that report for somebody else, first match wins.
    pub forwarder: Vec<ForwarderConfig>,
    /// What may ride along in mail to a forwarder.
    pub forwarding: Forwarding,
    /// The public mail archive.
    pub archive: Archive,
    /// The CVE tool and its gate.
    pub cve: Cve,
    /// Releases, trains and who manages them.
    pub releases: Releases,
    /// The people.
    pub roster: RosterConfig,
    /// Clocks and acknowledgement.
    pub disclosure: Disclosure,
    /// Embargo words, private scanners, identities.
    pub confidentiality: Confidentiality,
    /// Approved language-model endpoints; normally none.
    pub models: Models,
    /// Canned replies.
    pub replies: Replies,
    /// Statistics.
    pub stats: Stats,
    /// Rosters and releases service of the organization.
    pub metadata: Metadata,
    /// Base address by outside service, when it is not the connector's own, e.g. a forge inside the house.
    pub services: BTreeMap<String, String>,
    /// The person at this desk; only the user layer sets it.
    pub user: User,
    /// Keys that later layers may not change (organization layer only).
    pub lock: Vec<String>,
}

/// `[project]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Project {
    /// Version of this schema.
    pub schema: u32,
    /// Slug of the project.
    pub id: String,
    /// Full product name, e.g. `Example Server`.
    pub name: String,
    /// Name used in prose and stripped from titles, e.g. `Example`.
    pub short_name: String,
    /// CVE vendor.
    pub vendor: String,
    /// Product page.
    pub url: String,
    /// Organization profiles to build on.
    pub extends: Vec<String>,
    /// The security model that triage cites.
    pub security_model: SecurityModel,
    /// Policy for reporters.
    pub security_policy_url: String,
    /// Severity rubric.
    pub severity_rubric_url: String,
    /// Spelling fixes, wrong → right.
    pub terminology: BTreeMap<String, String>,
    /// Names that tracker text may not mention.
    pub sibling_projects: Vec<String>,
    /// IANA zone in which times are shown.
    pub time_zone: String,
}

impl Default for Project {
    fn default() -> Self {
        Self {
            schema: 1,
            id: String::new(),
            name: String::new(),
            short_name: String::new(),
            vendor: String::new(),
            url: String::new(),
            extends: vec!["independent".into()],
            security_model: SecurityModel::default(),
            security_policy_url: String::new(),
            severity_rubric_url: String::new(),
            terminology: BTreeMap::new(),
            sibling_projects: Vec::new(),
            time_zone: "UTC".into(),
        }
    }
}

/// `[project.security_model]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityModel {
    /// Its address.
    pub url: String,
    /// Anchor by topic, e.g. `authenticated-dos = "#dos"`.
    pub anchors: BTreeMap<String, String>,
}

macro_rules! closed_set {
    ($(#[$m:meta])* $name:ident { $($(#[$d:meta])* $v:ident => $s:literal),+ $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$d])* #[serde(rename = $s)] $v),+ }
        impl $name {
            /// Every value as it is written in the file.
            pub const ALL: &'static [(&'static str, $name)] = &[$(($s, $name::$v)),+];
            /// The value as it is written in the file.
            #[must_use]
            pub fn as_str(self) -> &'static str { match self { $($name::$v => $s),+ } }
        }
    };
}

closed_set! {
    /// `tracker.forge`: where trackers live.
    Forge {
        /// The desk's own database.
        #[default] Embedded => "embedded",
        /// GitHub issues.
        Github => "github",
    }
}
closed_set! {
    /// `tracker.contents`: who can read the tracker repository.
    Visibility {
        /// The team only.
        #[default] Private => "private",
        /// Anyone; every write of embargoed text is refused.
        Public => "public",
    }
}
closed_set! {
    /// `tracker.identifiers`: may a tracker's URL or number leave before disclosure?
    Identifiers {
        /// No (the default).
        #[default] Secret => "secret",
        /// Yes, the team decided so.
        PublicSafe => "public_safe",
    }
}
closed_set! {
    /// `tracker.record`: where the CVE record of a tracker at a host is kept.
    RecordHome {
        /// In its body, below the link to the CVE tool.
        #[default] Body => "body",
        /// In a comment of its own.
        Comment => "comment",
        /// On this desk alone.
        Desk => "desk",
    }
}
closed_set! {
    /// `mail.inbox`: the intake channel.
    Inbox {
        /// A security mailing list.
        #[default] MailingList => "mailing_list",
        /// Private vulnerability reports on a forge.
        Ghsa => "ghsa",
        /// A bounty platform.
        Hackerone => "hackerone",
        /// A chat channel.
        Chat => "chat",
        /// A web form.
        Form => "form",
    }
}
closed_set! {
    /// `mail.source.role`
    SourceRole {
        /// Exactly one source is primary.
        #[default] Primary => "primary",
        /// Tried in listed order when the primary cannot.
        Fallback => "fallback",
        /// Never chosen automatically.
        Optional => "optional",
    }
}
closed_set! {
    /// `mail.source.log_in`
    LogIn {
        /// A password, or one made for programs.
        #[default] Password => "password",
        /// An access token (XOAUTH2).
        Xoauth2 => "xoauth2",
    }
}
closed_set! {
    /// `mail.source.kind`
    SourceKind {
        /// A file, Maildir or folder of `.eml`.
        #[default] Mbox => "mbox",
        /// Gmail over REST.
        Gmail => "gmail",
        /// A Pony Mail archive, read only.
        Ponymail => "ponymail",
        /// IMAP.
        Imap => "imap",
        /// Private vulnerability reports on a forge.
        Ghsa => "ghsa",
    }
}
closed_set! {
    /// `archive.kind`
    ArchiveKind {
        /// No public archive.
        #[default] None => "none",
        /// Pony Mail.
        Ponymail => "ponymail",
        /// An mbox of the users list.
        Mbox => "mbox",
    }
}
closed_set! {
    /// `archive.advisory_signal`: what proves that an advisory is public.
    AdvisorySignal {
        /// The advisory in the users list's archive.
        #[default] UsersList => "users_list",
        /// The release page.
        ReleasePage => "release_page",
    }
}
closed_set! {
    /// `cve.tool`
    CveTool {
        /// No tool: the record is kept on the tracker and carried by hand.
        #[default] None => "none",
        /// The desk's own records: the program moves them through their states, publishing outside is by hand.
        Desk => "desk",
        /// ASF Vulnogram.
        Vulnogram => "vulnogram",
        /// The MITRE web form.
        MitreForm => "mitre_form",
        /// CVE Services.
        CveServices => "cve_services",
        /// Repository advisories.
        Ghsa => "ghsa",
    }
}
closed_set! {
    /// `cve.states`: generic verbs for the state of a record.
    RecordState {
        /// An id, not yet reviewable.
        #[default] Allocated => "allocated",
        /// Ready for review.
        ReviewReady => "review-ready",
        /// Ready to publish.
        PublishReady => "publish-ready",
        /// Published.
        Public => "public",
    }
}
closed_set! {
    /// `cve.propagation`: how "public" is detected.
    Propagation {
        /// By asking.
        #[default] Poll => "poll",
        /// By being told.
        Webhook => "webhook",
        /// By a person's word.
        Manual => "manual",
    }
}
closed_set! {
    /// `cve.reviewer_channel`
    ReviewerChannel {
        /// Nobody reviews records.
        #[default] None => "none",
        /// A mailing list.
        MailingList => "mailing_list",
        /// A pull request.
        PullRequest => "pull_request",
    }
}
closed_set! {
    /// `cve.gate`: who may allocate.
    CveGate {
        /// Any member of the security team.
        #[default] SecurityTeam => "security_team",
        /// Members of the governance body only.
        GovernanceMember => "governance_member",
        /// Maintainers.
        Maintainer => "maintainer",
        /// Anyone at the desk.
        None => "none",
    }
}
closed_set! {
    /// `scope.affected_style`: how the affected versions follow from the milestone.
    AffectedStyle {
        /// A range below the fixed version.
        #[default] Range => "range",
        /// The versions named, exactly.
        Exact => "exact",
        /// `< NEXT VERSION` until the release is known.
        NextVersion => "next_version",
    }
}
closed_set! {
    /// `upstream.open_pr`
    OpenPr {
        /// A person presses Create in a browser.
        #[default] Browser => "browser",
        /// The program opens it by API, once approved.
        Api => "api",
    }
}
closed_set! {
    /// `roster.source`
    RosterSource {
        /// The `[[roster.person]]` tables.
        #[default] File => "file",
        /// The tracker's collaborators.
        Collaborators => "collaborators",
        /// A forge team.
        Team => "team",
    }
}
closed_set! {
    /// `disclosure.clock`: where the disclosure clock starts.
    Clock {
        /// When the report arrived.
        #[default] ReportReceived => "report_received",
        /// When the tracker was created.
        TrackerCreated => "tracker_created",
    }
}
closed_set! {
    /// `disclosure.ack`: how receipts are prepared. None of them is ever sent by the program.
    Ack {
        /// A draft per report.
        #[default] Manual => "manual",
        /// The same draft, marked `[auto-ack]` on its summary line.
        Auto => "auto",
        /// No receipt; the tracker and the recap say so.
        None => "none",
    }
}
closed_set! {
    /// `confidentiality.finder_default`
    FinderDefault {
        /// Credit is `anonymous` until the finder agrees.
        #[default] Anonymous => "anonymous",
        /// Credit is the name given.
        Named => "named",
    }
}
closed_set! {
    /// `metadata.kind`
    MetadataKind {
        /// No such service.
        #[default] None => "none",
        /// projects.apache.org.
        ApacheProjects => "apache_projects",
    }
}

/// `[tracker]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackerConfig {
    /// Where trackers live.
    pub forge: Forge,
    /// `owner/name` of the private repository.
    pub repo: String,
    /// Where the token for it is kept: `env:`, `file:` or `keyring:`.
    pub token: String,
    /// Its default branch.
    pub default_branch: String,
    /// Who can read it.
    pub contents: Visibility,
    /// May URL and number leave?
    pub identifiers: Identifiers,
    /// Does the reporter see the tracker?
    pub reporter_has_access: bool,
    /// Headings of the body fields, by role (see [`crate::tracker::FieldRole`]).
    pub fields: BTreeMap<String, FieldConfig>,
    /// Label names by role (see [`crate::tracker::LabelRole`]).
    pub labels: BTreeMap<String, String>,
    /// The board.
    pub board: Board,
    /// Milestones.
    pub milestones: Milestones,
    /// Openings of comments that an earlier bot wrote under a team member's name.
    pub older_comments: Vec<String>,
    /// Label of the rejection ledger, or `none`.
    pub ledger_label: String,
    /// Where the CVE record of a tracker at a host is kept, so that the team sees it.
    pub record: RecordHome,
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self {
            forge: Forge::default(),
            repo: String::new(),
            token: String::new(),
            default_branch: "main".into(),
            contents: Visibility::default(),
            identifiers: Identifiers::default(),
            reporter_has_access: false,
            fields: BTreeMap::new(),
            labels: BTreeMap::new(),
            board: Board::default(),
            milestones: Milestones::default(),
            older_comments: Vec::new(),
            ledger_label: "rejections-ledger".into(),
            record: RecordHome::default(),
        }
    }
}

/// `[tracker.fields.<role>]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldConfig {
    /// The heading as written in bodies.
    pub heading: String,
    /// Other headings that mean the same field.
    pub aliases: Vec<String>,
}

/// `[tracker.board]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Board {
    /// Off means that the board is never touched and never a failure.
    pub enabled: bool,
    /// Address of the board.
    pub url: String,
    /// Column names by state.
    pub columns: BTreeMap<String, String>,
    /// Archive the card when a tracker closes.
    pub archive_on_close: bool,
}

impl Default for Board {
    fn default() -> Self {
        Self { enabled: true, url: String::new(), columns: BTreeMap::new(), archive_on_close: true }
    }
}

/// `[tracker.milestones]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Milestones {
    /// Never assigned.
    pub stale: Vec<String>,
    /// Close after the last announced sibling.
    pub close_when_done: bool,
}

impl Default for Milestones {
    fn default() -> Self {
        Self { stale: Vec::new(), close_when_done: true }
    }
}

/// `[upstream]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// `owner/name` of the public repository.
    pub repo: String,
    /// Where the token for reading its pull requests is kept: `env:`, `file:` or `keyring:`; `tracker.token` when empty.
    pub token: String,
    /// Its default branch.
    pub default_branch: String,
    /// Regex over changed paths: does a pull request really touch the product?
    pub product_paths: String,
    /// Contribution rules.
    pub contributing_url: String,
    /// Rules on generated code.
    pub genai_disclosure_url: String,
    /// Backport labels of the public pull request.
    pub backport_labels: Vec<BackportLabel>,
    /// Changelog fragment tool, or `none`.
    pub changelog: Changelog,
    /// Trailer of generated commits.
    pub commit_trailer: String,
    /// Who opens pull requests.
    pub open_pr: OpenPr,
    /// Build and test commands by step.
    pub toolchain: BTreeMap<String, Vec<String>>,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            repo: String::new(),
            token: String::new(),
            default_branch: "main".into(),
            product_paths: ".*".into(),
            contributing_url: String::new(),
            genai_disclosure_url: String::new(),
            backport_labels: Vec::new(),
            changelog: Changelog::default(),
            commit_trailer: "Generated-by: {model}".into(),
            open_pr: OpenPr::default(),
            toolchain: BTreeMap::new(),
        }
    }
}

/// `[[upstream.backport_labels]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackportLabel {
    /// The label on the public pull request.
    pub label: String,
    /// The branch it asks for.
    pub branch: String,
    /// Proposed without being asked for.
    pub default: bool,
}

/// `[upstream.changelog]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changelog {
    /// Name of the fragment tool, or `none`.
    pub tool: String,
}

impl Default for Changelog {
    fn default() -> Self {
        Self { tool: "none".into() }
    }
}

/// `[[scope]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// The tracker label.
    pub label: String,
    /// Product of the CVE affected entry.
    pub product: String,
    /// Package of the CVE affected entry.
    pub package: String,
    /// Collection URL, e.g. the package index.
    pub collection_url: String,
    /// Regex that recognises sub-packages.
    pub package_pattern: String,
    /// Display names of sub-packages.
    pub display_names: BTreeMap<String, String>,
    /// Regex over upstream paths that belong to this scope.
    pub paths: String,
    /// Milestone name, with `{product}` and `{version}` or a date wave.
    pub milestone_format: String,
    /// Release train.
    pub train: String,
    /// How affected versions follow from the milestone.
    pub affected_style: AffectedStyle,
    /// Prefix stripped from extracted versions; the product name when empty.
    pub version_prefix: String,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            label: String::new(),
            product: String::new(),
            package: String::new(),
            collection_url: String::new(),
            package_pattern: String::new(),
            display_names: BTreeMap::new(),
            paths: String::new(),
            milestone_format: "{product}-{version}".into(),
            train: "default".into(),
            affected_style: AffectedStyle::default(),
            version_prefix: String::new(),
        }
    }
}

/// `[mail]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Intake channel.
    pub inbox: Inbox,
    /// Lists by job.
    pub lists: Lists,
    /// Where mail is read and drafts are written.
    pub source: Vec<MailSource>,
    /// Folder or Maildir that receives drafts; the desk's own `drafts` when empty.
    pub drafts: String,
    /// Sender of the tracker's notification copies, never replied to.
    pub mirror_senders: Vec<String>,
}

/// `[mail.lists]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    /// Inbound; never publicly archived.
    pub security: String,
    /// Governance.
    pub private: String,
    /// The parent organization's security team, a relay.
    pub foundation_security: String,
    /// Public lists.
    pub users: String,
    /// Announcements.
    pub announce: String,
    /// Developers.
    pub dev: String,
    /// Commits.
    pub commits: String,
}

/// `[[mail.source]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSource {
    /// Its name; layers merge by it.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Its place in the resolution order.
    pub role: SourceRole,
    /// Operations this source is preferred for.
    pub preferred_for: Vec<String>,
    /// Stop when it is unavailable.
    pub mandatory: bool,
    /// A secret reference: `env:`, `file:` or `keyring:`.
    pub credential: String,
    /// Account name.
    pub account: String,
    /// What the secret is.
    pub log_in: LogIn,
    /// Folder on the server that is read; `INBOX` when empty.
    pub folder: String,
    /// Further folders that are read.
    pub folders: Vec<String>,
    /// Folder on the server that takes drafts: the one the server says when empty; `none` for no drafts there.
    pub drafts: String,
    /// Folder on the server that keeps sent mail: the one the server says when empty; `none` for not looking there.
    pub sent: String,
    /// Speak without encryption to another machine, where a wire of one's own is trusted.
    pub plain_text: bool,
    /// Path of a local source.
    pub path: String,
    /// Address of the server, e.g. `imaps://mail.example.org`.
    pub url: String,
}

/// `[[forwarder]]`: an adapter for a relay (intake page §5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForwarderConfig {
    /// Name of the adapter.
    pub name: String,
    /// Regexes over the sender address.
    pub senders: Vec<String>,
    /// Regex over about the first 400 characters of the body.
    pub preamble: String,
    /// Both sender and preamble must match.
    pub require_both: bool,
    /// Regex whose first group is the credit.
    pub credit: String,
    /// Address of the person to talk to; the sender's when empty.
    pub contact: String,
    /// Forge handle of the person to talk to; never an address.
    pub contact_handle: String,
}

/// `[forwarding]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Forwarding {
    /// Adapters in use; empty means all that are defined.
    pub enabled: Vec<String>,
    /// May a one-line credit question ride along in a milestone relay?
    pub credit_line: bool,
}

/// `[archive]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Archive {
    /// What it is.
    pub kind: ArchiveKind,
    /// Link to a thread.
    pub thread_url: String,
    /// Link to a search.
    pub search_url: String,
    /// Address of the service.
    pub api_url: String,
    /// What proves an advisory.
    pub advisory_signal: AdvisorySignal,
    /// Path of a local archive of the users list.
    pub path: String,
    /// Path of a local archive of the developers list, read for release votes.
    pub dev_path: String,
}

/// `[releases]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Releases {
    /// Where to find the release manager, in order.
    pub rm_lookup: Vec<RmLookup>,
    /// Registries that prove a release.
    pub registries: Vec<String>,
    /// Base addresses of what is asked about packages; none is built in.
    pub addresses: BTreeMap<String, String>,
    /// How releases are announced.
    pub announce: String,
    /// Is a vote required?
    pub vote_required: bool,
    /// Trains.
    pub train: Vec<Train>,
    /// Known cuts.
    pub cut: Vec<Cut>,
    /// Release page.
    pub site: Site,
}

/// One entry of `releases.rm_lookup`; exactly one key is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RmLookup {
    /// A file of cuts.
    pub roster_file: String,
    /// A wiki page.
    pub wiki_url: String,
    /// The list of vote threads.
    pub vote_thread: String,
}

/// `[[releases.train]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Train {
    /// Its name.
    pub name: String,
    /// Its branch.
    pub branch: String,
    /// The next version.
    pub next: String,
    /// The train used when nothing says otherwise.
    pub default: bool,
    /// No longer released.
    pub retired: bool,
}

/// `[[releases.cut]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cut {
    /// Version or wave.
    pub name: String,
    /// Date, `YYYY-MM-DD`.
    pub date: String,
    /// Release manager's handle.
    pub rm: String,
    /// Where that is written.
    pub source_url: String,
}

/// `[releases.site]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// Repository of the release page.
    pub repo: String,
    /// Files to update.
    pub files: Vec<String>,
}

/// `[roster]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RosterConfig {
    /// Where it comes from.
    pub source: RosterSource,
    /// The people.
    pub person: Vec<PersonConfig>,
    /// Handle that inherits what nobody owns.
    pub escalation: String,
    /// Handle on duty, by role.
    pub duty: BTreeMap<String, String>,
    /// Governance page.
    pub governance_url: String,
    /// What the governance body is called.
    pub governance_name: String,
    /// Rewrite bare roster names to `@handle` in tracker text.
    pub mention_rule: bool,
}

impl Default for RosterConfig {
    fn default() -> Self {
        Self {
            source: RosterSource::default(),
            person: Vec::new(),
            escalation: String::new(),
            duty: BTreeMap::new(),
            governance_url: String::new(),
            governance_name: "maintainers".into(),
            mention_rule: true,
        }
    }
}

/// `[[roster.person]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonConfig {
    /// Forge handle, without `@`.
    pub handle: String,
    /// Names this person signs with.
    pub names: Vec<String>,
    /// Addresses this person writes from.
    pub emails: Vec<String>,
    /// triager, remediation, release_manager, governance.
    pub roles: Vec<crate::people::Role>,
    /// Member from this date on, `YYYY-MM-DD`; empty means always.
    pub from: String,
    /// Member until this date; empty means still.
    pub to: String,
}

/// `[disclosure]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disclosure {
    /// Days from report to disclosure.
    pub window_days: u32,
    /// Days granted once a patch is ready but unreleased.
    pub grace_days: u32,
    /// Fraction of the window after which a tracker is `approaching`.
    pub warn_fraction: f64,
    /// Where the clock starts.
    pub clock: Clock,
    /// How receipts are prepared.
    pub ack: Ack,
    /// Tell distributors before the announcement.
    pub notify_distributors: bool,
    /// Their addresses; without any, a person is reminded and writes by hand.
    pub distributors: Vec<String>,
    /// Days without discussion before escalation.
    pub escalate_after_days: u32,
    /// Days until its second phase.
    pub escalate_phase2_days: u32,
}

impl Default for Disclosure {
    fn default() -> Self {
        Self {
            window_days: 90,
            grace_days: 14,
            warn_fraction: 0.8,
            clock: Clock::default(),
            ack: Ack::default(),
            notify_distributors: false,
            distributors: Vec::new(),
            escalate_after_days: 30,
            escalate_phase2_days: 7,
        }
    }
}

/// `[confidentiality]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confidentiality {
    /// Words blocked on public surfaces before disclosure, beside the built-in table.
    pub embargo_terms: Vec<String>,
    /// Public surfaces to scan.
    pub surfaces: Vec<String>,
    /// Private scanner products.
    pub scanner: Vec<ScannerConfig>,
    /// Credit of a finder who has not answered.
    pub finder_default: FinderDefault,
    /// Regexes of URLs that never leave.
    pub internal_url_patterns: Vec<String>,
}

impl Default for Confidentiality {
    fn default() -> Self {
        Self {
            embargo_terms: ["CVE-", "vulnerability", "security fix", "advisory"].map(String::from).into(),
            surfaces: ["branch", "commit", "title", "body", "changelog", "mail"].map(String::from).into(),
            scanner: Vec::new(),
            finder_default: FinderDefault::default(),
            internal_url_patterns: Vec::new(),
        }
    }
}

/// `[[confidentiality.scanner]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScannerConfig {
    /// The product's name.
    pub token: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// How its findings reach us.
    pub channel: String,
}

/// `[models]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Models {
    /// Approved endpoints.
    pub endpoint: Vec<ModelEndpoint>,
    /// Lists whose content needs an approved endpoint.
    pub private_lists: Vec<String>,
    /// What is redacted before any endpoint sees text.
    pub redact_types: Vec<String>,
    /// Leave collaborators' identities alone.
    pub exempt_collaborators: bool,
}

impl Default for Models {
    fn default() -> Self {
        Self {
            endpoint: Vec::new(),
            private_lists: Vec::new(),
            redact_types: ["name", "email", "phone", "ip", "handle", "address"].map(String::from).into(),
            exempt_collaborators: true,
        }
    }
}

/// `[[models.endpoint]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelEndpoint {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub approved_on: String,
    /// Under which contract.
    pub contract: String,
}

/// `[replies]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replies {
    /// Folder of canned replies; the built-in set when empty.
    pub dir: String,
}

/// `[stats]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stats {
    /// `monthly`, `quarterly` or `weekly`.
    pub buckets: String,
    /// First day shown.
    pub start: String,
    /// Output folder.
    pub out: String,
    /// Private cache.
    pub cache_dir: String,
    /// Hours before facts are read again.
    pub refresh_hours: u32,
    /// Bands, in order.
    pub categories: Vec<String>,
    /// Stack order of the bands.
    pub stack_order: Vec<String>,
    /// How a triage comment is recognised.
    pub triage: StatsTriage,
    /// Vertical marks.
    pub milestones: Vec<StatsMark>,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            buckets: "monthly".into(),
            start: String::new(),
            out: String::new(),
            cache_dir: String::new(),
            refresh_hours: 24,
            categories: Vec::new(),
            stack_order: Vec::new(),
            triage: StatsTriage::default(),
            milestones: Vec::new(),
        }
    }
}

/// `[stats.triage]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatsTriage {
    /// Words that mark a triage comment.
    pub keywords: Vec<String>,
    /// Prefixes of handles that are bots.
    pub bot_prefixes: Vec<String>,
}

/// `[[stats.milestones]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatsMark {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Its label.
    pub label: String,
}

/// `[metadata]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metadata {
    /// What it is.
    pub kind: MetadataKind,
    /// Stop when it is unavailable.
    pub mandatory: bool,
}

/// `[user]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// Forge handle.
    pub handle: String,
    /// Address drafts come from.
    pub email: String,
    /// Name drafts are signed with.
    pub name: String,
    /// Stated membership of the governance body.
    pub governance_member: bool,
    /// Local clone of the public code.
    pub upstream_clone: String,
    /// Remote of the fork.
    pub fork_remote: String,
    /// Secret references by service.
    pub credentials: BTreeMap<String, String>,
    /// Mail source that receives drafts.
    pub draft_backend: String,
}
