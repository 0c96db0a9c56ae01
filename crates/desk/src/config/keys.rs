//! Every key of `tipstaff.toml`, declared once: what it is called, what it takes, what it means and who reads
//! it. Loading, "did you mean", `config explain` and the reference page all read this table (config page §1.3).

use super::schema::{
    Ack, AdvisorySignal, AffectedStyle, ArchiveKind, Clock, CveGate, CveTool, FinderDefault, Forge,
    Identifiers, Inbox, LogIn, MetadataKind, OpenPr, Propagation, RecordHome, RecordState, ReviewerChannel,
    RosterSource, SourceKind, SourceRole, Visibility,
};

/// The allowed words of a key, in the order they are shown.
pub type Words = fn() -> Vec<&'static str>;

/// What one value may be.
#[derive(Clone, Copy, Debug)]
pub enum Leaf {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number from 0 on.
    Count,
    /// A number above 0, at most 1.
    Fraction,
    /// One of the words.
    Word(Words),
    /// A regular expression; `true` when it must have a group to capture.
    Regex(bool),
    /// Text with these `{variables}`.
    Template(&'static [&'static str]),
    /// A web address with these `{variables}`.
    UrlTemplate(&'static [&'static str]),
    /// A web address.
    Url,
    /// The address of a mail server.
    ServerUrl,
    /// A bare mail address.
    Address,
    /// A bare mail address or the name of one of `mail.lists`.
    ListRef,
    /// A forge handle, without `@`.
    Handle,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// An IANA time zone.
    Zone,
    /// A repository, `owner/name`.
    Repo,
    /// Where a secret is kept: `env:NAME`, `file:PATH` or `keyring:NAME`; never the secret.
    Secret,
    /// The name of a key of this file.
    KeyName,
}

/// The shape of a key.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `[table]`.
    Table,
    /// `[[table]]`: layers merge items by this key of theirs; when it is empty the whole list is replaced.
    Tables(&'static str),
    /// A table with keys of the writer's choice, or with the given words as keys.
    Map(Option<Words>, &'static Kind),
    /// One value.
    One(Leaf),
    /// A list of values; a higher layer replaces it.
    List(Leaf),
}

/// Where a value comes from when the project does not write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The default will do.
    Optional,
    /// Nothing works without it, once its section is used.
    Required,
    /// The organization profile usually sets it.
    Profile,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Dotted path; `*` stands for a key of the writer's choice.
    pub path: &'static str,
    /// Its shape.
    pub kind: Kind,
    /// Who should write it.
    pub need: Need,
    /// The capabilities that read it, as in [`USERS`]; `*` for all.
    pub used_by: &'static str,
    /// One line: what it says.
    pub meaning: &'static str,
}

/// Names of the capabilities in [`Key::used_by`].
pub const USERS: &[(&str, &str)] = &[
    ("*", "everything"),
    ("CA", "CVE allocation and records"),
    ("DB", "statistics"),
    ("DD", "deduplication"),
    ("FX", "fixes"),
    ("GT", "confidentiality"),
    ("IM", "import"),
    ("IV", "invalidation"),
    ("RP", "replies"),
    ("SY", "sync"),
    ("TR", "triage"),
];

/// Operations of a mail source, for `mail.source.preferred_for` (config page §1.3, dispatch).
pub const MAIL_OPERATIONS: &[&str] =
    &["list_recent", "read", "list_drafts", "list_sent_since", "create_draft", "thread_url"];
/// Names of `[mail.lists]`.
pub const LISTS: &[&str] =
    &["security", "private", "foundation_security", "users", "announce", "dev", "commits"];
/// Roles of the body fields (decisions page §0.5).
pub const FIELD_ROLES: &[&str] = &[
    "issue_description",
    "public_summary",
    "affected_versions",
    "security_thread",
    "public_advisory_url",
    "reporter_credit",
    "pr_with_fix",
    "remediation_developer",
    "cwe",
    "severity",
    "cve_tool_link",
];
/// Roles of the labels, with the name each has unless the project says otherwise (config page §4).
pub const LABEL_ROLES: &[(&str, &str)] = &[
    ("security_marker", "security issue"),
    ("needs_triage", "needs triage"),
    ("cve_allocated", "cve allocated"),
    ("pr_open", "pr created"),
    ("pr_merged", "pr merged"),
    ("rc_voting", "rc voting"),
    ("fix_released", "fix released"),
    ("emails_sent", "announced - emails sent"),
    ("announced", "announced"),
    ("invalid", "invalid"),
    ("not_cve_worthy", "not CVE worthy"),
    ("duplicate", "duplicate"),
    ("wontfix", "wontfix"),
    ("rejections_ledger", "rejections-ledger"),
];
/// Columns of the board (config page §5).
pub const COLUMNS: &[&str] =
    &["needs_triage", "assessed", "cve_allocated", "pr_created", "pr_merged", "fix_released", "announced"];
/// Roles of people; the same words as [`crate::people::Role`].
pub const PERSON_ROLES: &[&str] = &["triager", "remediation", "release_manager", "governance"];
const REGISTRIES: &[&str] = &[
    "pypi",
    "npm",
    "maven",
    "crates",
    "go",
    "nuget",
    "rubygems",
    "artifacthub",
    "github_releases",
    "git_tags",
];
const REGISTRY_ADDRESSES: &[&str] = &["deps_dev", "pypi", "artifacthub", "github"];
const SURFACES: &[&str] = &["branch", "commit", "title", "body", "changelog", "mail"];
const REDACT_TYPES: &[&str] = &["name", "email", "phone", "ip", "handle", "address"];
const BANDS: &[&str] =
    &["fixed_released", "open_pr_merged", "open_triaged", "open_untriaged", "closed_other"];

macro_rules! words_of {
    ($($f:ident = $t:ident),+ $(,)?) => {
        $(fn $f() -> Vec<&'static str> { $t::ALL.iter().map(|(word, _)| *word).collect() })+
    };
}
words_of! {
    forges = Forge, record_homes = RecordHome, visibilities = Visibility, identifiers = Identifiers, inboxes = Inbox,
    source_roles = SourceRole, log_ins = LogIn, source_kinds = SourceKind, archives = ArchiveKind, signals = AdvisorySignal,
    tools = CveTool, states = RecordState, propagations = Propagation, channels = ReviewerChannel,
    gates = CveGate, styles = AffectedStyle, open_prs = OpenPr, roster_sources = RosterSource, clocks = Clock,
    acks = Ack, finders = FinderDefault, metadata_kinds = MetadataKind,
}

use Kind::{List, Map, One, Table, Tables};
use Leaf::{
    Address, Count, Date, Flag, Fraction, Handle, KeyName, ListRef, Regex, Repo, Secret, ServerUrl, Template,
    Text, Url, UrlTemplate, Word, Zone,
};
use Need::{Optional, Profile, Required};

const fn key(
    path: &'static str,
    kind: Kind,
    need: Need,
    used_by: &'static str,
    meaning: &'static str,
) -> Key {
    Key { path, kind, need, used_by, meaning }
}

const CVE_VARS: &[&str] = &["cve_id"];
const ARCHIVE_VARS: &[&str] = &["list", "thread_id", "message_id", "query"];

/// Every key, section by section in the order of the reference page.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("project", Table, Optional, "*", "The project whose reports these are"),
    key("project.schema", One(Count), Optional, "*", "Version of this schema"),
    key("project.id", One(Text), Required, "*", "Short name for machines, e.g. example-server"),
    key("project.name", One(Text), Required, "*", "Full product name, e.g. Example Server"),
    key("project.short_name", One(Text), Required, "*", "Name in prose, also stripped from titles"),
    key("project.vendor", One(Text), Profile, "CA", "Vendor in CVE records"),
    key("project.url", One(Url), Required, "CA RP", "Product page"),
    key("project.extends", List(Text), Optional, "*", "Organization profiles to build on, lowest first"),
    key("project.security_model", Table, Optional, "TR IV RP", "The security model that triage cites"),
    key("project.security_model.url", One(Url), Required, "TR IV RP", "Its address"),
    key("project.security_model.anchors", Map(None, &One(Text)), Optional, "TR IV RP", "Anchor by topic"),
    key("project.security_policy_url", One(Url), Profile, "RP TR", "Policy for reporters"),
    key("project.severity_rubric_url", One(Url), Profile, "RP TR", "How severity is rated"),
    key("project.terminology", Map(None, &One(Text)), Optional, "RP", "Spelling fixes, wrong = right"),
    key("project.sibling_projects", List(Text), Profile, "GT", "Names that tracker text may not mention"),
    key("project.time_zone", One(Zone), Optional, "*", "IANA zone in which times are shown"),

    key("tracker", Table, Optional, "*", "Where trackers live and what their parts are called"),
    key("tracker.forge", One(Word(forges)), Optional, "*", "Where trackers live"),
    key("tracker.repo", One(Repo), Required, "*", "The private repository of trackers, owner/name"),
    key("tracker.token", One(Secret), Optional, "*", "Where the token for that repository is kept; without one the trackers are kept on this desk"),
    key("tracker.default_branch", One(Text), Optional, "* FX", "Its default branch, for private pull requests"),
    key("tracker.contents", One(Word(visibilities)), Optional, "GT", "Who can read the tracker"),
    key("tracker.identifiers", One(Word(identifiers)), Optional, "GT RP", "May a tracker's URL or number leave before disclosure?"),
    key("tracker.reporter_has_access", One(Flag), Optional, "RP", "Does the reporter see the tracker?"),
    key("tracker.fields", Map(Some(|| FIELD_ROLES.to_vec()), &Table), Optional, "*", "Headings of the body fields, by role"),
    key("tracker.fields.*.heading", One(Text), Optional, "*", "The heading as written in bodies"),
    key("tracker.fields.*.aliases", List(Text), Optional, "*", "Other headings that mean the same field"),
    key("tracker.labels", Map(Some(label_roles), &One(Text)), Optional, "*", "Label names, by role"),
    key("tracker.board", Table, Optional, "SY IM", "The board"),
    key("tracker.board.enabled", One(Flag), Profile, "SY IM", "Off: the board is never touched and never a failure"),
    key("tracker.board.url", One(Url), Profile, "SY IM", "Address of the board"),
    key("tracker.board.columns", Map(Some(|| COLUMNS.to_vec()), &One(Text)), Optional, "SY", "Column names, by state"),
    key("tracker.board.archive_on_close", One(Flag), Optional, "SY IV DD", "Archive the card when a tracker closes, whatever the reason"),
    key("tracker.milestones", Table, Optional, "SY", "Milestones"),
    key("tracker.milestones.stale", List(Text), Optional, "SY", "Milestones that are never assigned"),
    key("tracker.milestones.close_when_done", One(Flag), Optional, "SY", "Close a milestone after its last announced tracker"),
    key("tracker.older_comments", List(Text), Optional, "SY", "Openings of comments that an earlier bot wrote in a team member's name; they are folded into the status"),
    key("tracker.ledger_label", One(Text), Optional, "IM DB", "Label of the rejection ledger, or none"),
    key("tracker.record", One(Word(record_homes)), Optional, "SY", "Where the CVE record of a tracker at a host is kept: in its body, in a comment of its own, or on this desk alone"),

    key("upstream", Table, Optional, "FX", "The public code"),
    key("upstream.repo", One(Repo), Required, "FX SY DB", "The public repository, owner/name"),
    key("upstream.token", One(Secret), Optional, "SY", "Where the token for reading its pull requests and releases is kept, the one of the trackers when there is none; and its private reports, where a mail source of kind `ghsa` has no credential"),
    key("upstream.default_branch", One(Text), Optional, "FX SY DB", "Its default branch"),
    key("upstream.product_paths", One(Regex(false)), Optional, "FX", "Paths that are the product"),
    key("upstream.contributing_url", One(Url), Optional, "FX", "Contribution rules"),
    key("upstream.genai_disclosure_url", One(Url), Optional, "FX", "Rules on generated code"),
    key("upstream.backport_labels", Tables("label"), Optional, "FX", "Backport labels of the public pull request"),
    key("upstream.backport_labels.label", One(Text), Required, "FX", "The label"),
    key("upstream.backport_labels.branch", One(Text), Required, "FX", "The branch it asks for"),
    key("upstream.backport_labels.default", One(Flag), Optional, "FX", "Proposed without being asked for"),
    key("upstream.changelog", Table, Optional, "FX", "Changelog fragments"),
    key("upstream.changelog.tool", One(Text), Optional, "FX", "Name of the fragment tool, or none"),
    key("upstream.commit_trailer", One(Template(&["model"])), Optional, "FX", "Trailer of generated commits; never a co-author"),
    key("upstream.open_pr", One(Word(open_prs)), Optional, "FX", "Who opens a public pull request that `fix` asks for: a person, in the form of the forge, or the program by its API once that is approved"),
    key("upstream.toolchain", Map(None, &List(Text)), Optional, "FX", "Build and test commands, by step"),

    key("scope", Tables("label"), Required, "*", "One entry per scope label; a triaged tracker has exactly one"),
    key("scope.label", One(Text), Required, "*", "The tracker label"),
    key("scope.product", One(Text), Required, "CA", "Product of the CVE affected entry"),
    key("scope.package", One(Text), Required, "CA", "Package of the CVE affected entry"),
    key("scope.collection_url", One(Url), Required, "CA", "Package index of the CVE affected entry"),
    key("scope.package_pattern", One(Regex(false)), Optional, "CA", "Recognises sub-packages"),
    key("scope.display_names", Map(None, &One(Text)), Optional, "CA", "Product names of sub-packages"),
    key("scope.paths", One(Regex(false)), Optional, "FX TR", "Upstream paths that belong to this scope"),
    key("scope.milestone_format", One(Template(&["product", "version", "date"])), Optional, "SY", "Milestone name; a date wave uses {date}"),
    key("scope.train", One(Text), Optional, "SY FX", "Release train"),
    key("scope.affected_style", One(Word(styles)), Optional, "SY", "How affected versions follow from the milestone"),
    key("scope.version_prefix", One(Text), Optional, "IM SY", "Prefix stripped from extracted versions; the product name when empty"),

    key("mail", Table, Optional, "IM SY", "Lists and mail sources"),
    key("mail.inbox", One(Word(inboxes)), Profile, "IM", "Intake channel"),
    key("mail.lists", Table, Optional, "IM SY RP", "Lists, by job"),
    key("mail.lists.security", One(Address), Required, "IM SY RP", "Inbound; never publicly archived"),
    key("mail.lists.private", One(Address), Profile, "SY CA", "Governance"),
    key("mail.lists.foundation_security", One(Address), Profile, "SY CA", "The parent organization's security team, a relay"),
    key("mail.lists.users", One(Address), Profile, "SY CA", "Users; publicly archived"),
    key("mail.lists.announce", One(Address), Profile, "SY CA", "Announcements; publicly archived"),
    key("mail.lists.dev", One(Address), Profile, "SY CA", "Developers; publicly archived"),
    key("mail.lists.commits", One(Address), Profile, "SY CA", "Commits; publicly archived"),
    key("mail.source", Tables("name"), Optional, "IM SY", "Where mail is read and drafts are written; tried in order"),
    key("mail.source.name", One(Text), Required, "IM SY", "Its name"),
    key("mail.source.kind", One(Word(source_kinds)), Required, "IM SY", "What it is"),
    key("mail.source.role", One(Word(source_roles)), Optional, "*", "Its place in the order; exactly one source of mail is primary. One of kind `ghsa` is read beside the mail, whatever its place, unless it is optional"),
    key("mail.source.preferred_for", List(Word(|| MAIL_OPERATIONS.to_vec())), Optional, "*", "Operations this source is asked for first"),
    key("mail.source.mandatory", One(Flag), Optional, "*", "Stop when it is unavailable"),
    key("mail.source.credential", One(Secret), Optional, "*", "Where its secret is kept"),
    key("mail.source.account", One(Text), Optional, "*", "Account name"),
    key("mail.source.log_in", One(Word(log_ins)), Optional, "*", "What the secret is"),
    key("mail.source.folder", One(Text), Optional, "*", "Folder on the server that is read; `INBOX` when empty"),
    key("mail.source.folders", List(Text), Optional, "*", "Further folders that are read"),
    key("mail.source.drafts", One(Text), Optional, "RP", "Folder on the server that takes drafts: the one the server says when empty; `none` for no drafts there"),
    key("mail.source.sent", One(Text), Optional, "SY", "Folder on the server that keeps sent mail: the one the server says when empty; `none` for not looking there"),
    key("mail.source.plain_text", One(Flag), Optional, "*", "Speak without encryption to another machine"),
    key("mail.source.path", One(Text), Optional, "*", "Path of a local source"),
    key("mail.source.url", One(ServerUrl), Optional, "*", "Address of the server"),
    key("mail.drafts", One(Text), Optional, "RP", "Folder that receives drafts; the desk's own when empty"),
    key("mail.mirror_senders", List(Address), Optional, "IM SY", "Senders of the tracker's notification copies; never replied to"),

    key("forwarder", Tables("name"), Optional, "IM SY IV RP", "Relays that report for somebody else; the first match wins"),
    key("forwarder.name", One(Text), Required, "IM SY IV RP", "Name of the adapter"),
    key("forwarder.senders", List(Regex(false)), Optional, "IM SY IV RP", "Sender addresses"),
    key("forwarder.preamble", One(Regex(false)), Optional, "IM SY IV RP", "Opening words, in about the first 400 characters"),
    key("forwarder.require_both", One(Flag), Optional, "IM SY IV RP", "Sender and opening must both match"),
    key("forwarder.credit", One(Regex(true)), Optional, "IM SY IV RP", "First group is the credit; the general extractor when empty"),
    key("forwarder.contact", One(Address), Optional, "IM SY IV RP", "Whom to write to; the sender when empty"),
    key("forwarder.contact_handle", One(Handle), Optional, "IM SY IV RP", "Forge handle of that person"),
    key("forwarding", Table, Optional, "IM RP", "What rides along in mail to a forwarder"),
    key("forwarding.enabled", List(Text), Optional, "IM", "Adapters in use; all that are defined when empty"),
    key("forwarding.credit_line", One(Flag), Optional, "RP", "May a one-line credit question ride along in a milestone relay?"),

    key("archive", Table, Optional, "SY", "The public mail archive"),
    key("archive.kind", One(Word(archives)), Profile, "SY", "What it is"),
    key("archive.thread_url", One(UrlTemplate(ARCHIVE_VARS)), Profile, "SY", "Link to a thread"),
    key("archive.search_url", One(UrlTemplate(ARCHIVE_VARS)), Profile, "SY", "Link to a search"),
    key("archive.api_url", One(UrlTemplate(ARCHIVE_VARS)), Profile, "SY", "Address of the service"),
    key("archive.advisory_signal", One(Word(signals)), Profile, "SY", "What proves that an advisory is public"),
    key("archive.path", One(Text), Optional, "SY", "Local archive of the users list: an mbox, a Maildir or a folder of .eml"),
    key("archive.dev_path", One(Text), Optional, "SY", "Local archive of the developers list, read for release votes"),

    key("cve", Table, Optional, "CA SY", "The CVE tool and its gate"),
    key("cve.tool", One(Word(tools)), Profile, "CA SY", "Which tool"),
    key("cve.allocate_url", One(UrlTemplate(CVE_VARS)), Profile, "CA SY", "Link to the allocation form; empty skips the step"),
    key("cve.record_url", One(UrlTemplate(CVE_VARS)), Profile, "CA SY", "Link to a record"),
    key("cve.source_url", One(UrlTemplate(CVE_VARS)), Profile, "CA SY", "Link to a record's source"),
    key("cve.email_preview_url", One(UrlTemplate(CVE_VARS)), Profile, "CA SY", "Link to the preview of the advisory"),
    key("cve.states", List(Word(states)), Profile, "SY", "States the tool knows, in order"),
    key("cve.propagation", One(Word(propagations)), Profile, "SY", "How it is found out that a record is public"),
    key("cve.emits_allocation_mail", One(Flag), Profile, "CA", "Does the tool mail the list about an allocation?"),
    key("cve.address", One(Url), Profile, "CA SY", "Base address of the tool's own service, for pushing and publishing"),
    key("cve.session", One(Secret), Optional, "CA SY", "Vulnogram: where the cookie of a log-in is kept"),
    key("cve.api_user", One(Secret), Optional, "CA SY", "CVE Services: where the user is kept"),
    key("cve.api_org", One(Text), Optional, "CA SY", "CVE Services: short name of the organization"),
    key("cve.api_key", One(Secret), Optional, "CA SY", "CVE Services: where the key is kept"),
    key("cve.plain_http", One(Flag), Optional, "CA SY", "May the tool at `cve.address` be asked over plain http on another machine? Anybody on the way could read it"),
    key("cve.list_path", One(Text), Optional, "SY", "Local copy of the public CVE list, asked whether a record is published"),
    key("cve.list_url", One(Url), Optional, "SY", "Base address of the public CVE list, asked where there is no local copy"),
    key("cve.reviewer_channel", One(Word(channels)), Profile, "CA SY", "Where records are reviewed"),
    key("cve.gate", One(Word(gates)), Profile, "CA", "Who may allocate; anyone else gets a message to pass on"),
    key("cve.org_id", One(Text), Profile, "CA", "CNA organization id"),
    key("cve.private_owner", One(Text), Profile, "CA", "CNA envelope: owner"),
    key("cve.private_url", One(Url), Profile, "CA", "CNA envelope: project page"),
    key("cve.private_users_list", One(Address), Profile, "CA", "CNA envelope: users list"),
    key("cve.vote_gating", One(Flag), Profile, "SY CA", "Hold the review state until the release vote passes"),
    key("cve.vote_label", One(Text), Optional, "SY CA", "Label of a running vote"),
    key("cve.title_rules", List(Regex(false)), Optional, "CA IM", "More to strip from titles, after the built-in rules"),
    key("cve.title_min_words", One(Count), Optional, "CA", "Fewer words than this: warn and ask"),
    key("cve.advisory_hosts", List(Text), Optional, "CA SY", "Hosts whose pages are advisories, exactly; the host of archive.thread_url is always one"),
    key("cve.patch_hosts", List(Text), Optional, "CA SY", "Forges whose pull requests and commits are patches, exactly"),

    key("releases", Table, Optional, "SY FX RP", "Releases, trains and who manages them"),
    key("releases.rm_lookup", Tables(""), Profile, "SY", "Where the release manager is found, first answer wins; one key each"),
    key("releases.rm_lookup.roster_file", One(Text), Optional, "SY", "A file of cuts"),
    key("releases.rm_lookup.wiki_url", One(UrlTemplate(&["project_id"])), Optional, "SY", "A wiki page"),
    key("releases.rm_lookup.vote_thread", One(ListRef), Optional, "SY", "The list that votes; who sent the result is the release manager"),
    key("releases.registries", List(Word(|| REGISTRIES.to_vec())), Optional, "SY", "Registries that prove a release"),
    key("releases.addresses", Map(Some(|| REGISTRY_ADDRESSES.to_vec()), &One(Url)), Optional, "SY", "Base addresses of the registries: deps_dev for most, pypi for an index with JSON pages, artifacthub, github"),
    key("releases.announce", One(Text), Profile, "SY RP", "Where releases are announced: lists, releases, or the address of a list"),
    key("releases.vote_required", One(Flag), Profile, "SY", "Does a release need a vote?"),
    key("releases.train", Tables("name"), Optional, "SY FX", "Release trains"),
    key("releases.train.name", One(Text), Required, "SY FX", "Its name"),
    key("releases.train.branch", One(Text), Optional, "SY FX", "Its branch"),
    key("releases.train.next", One(Text), Optional, "SY FX", "Its next version"),
    key("releases.train.default", One(Flag), Optional, "SY FX", "The train when nothing says otherwise"),
    key("releases.train.retired", One(Flag), Optional, "SY FX", "No longer released"),
    key("releases.cut", Tables("name"), Optional, "SY RP", "Known cuts"),
    key("releases.cut.name", One(Text), Required, "SY RP", "Version or wave"),
    key("releases.cut.date", One(Date), Optional, "SY RP", "Its day"),
    key("releases.cut.rm", One(Handle), Optional, "SY RP", "Release manager's handle"),
    key("releases.cut.source_url", One(Url), Optional, "SY", "Where that is written"),
    key("releases.site", Table, Optional, "RP", "Release page"),
    key("releases.site.repo", One(Repo), Optional, "RP", "Its repository, owner/name"),
    key("releases.site.files", List(Text), Optional, "RP", "Files to update"),

    key("roster", Table, Optional, "SY GT DB CA", "The people"),
    key("roster.source", One(Word(roster_sources)), Optional, "SY GT DB CA", "Where the roster comes from"),
    key("roster.person", Tables("handle"), Optional, "SY GT DB CA", "The people, past members included"),
    key("roster.person.handle", One(Handle), Required, "SY GT DB CA", "Forge handle, without @"),
    key("roster.person.names", List(Text), Optional, "SY GT", "Names this person signs with; the first is shown"),
    key("roster.person.emails", List(Address), Optional, "SY GT IM", "Addresses this person writes from"),
    key("roster.person.roles", List(Word(|| PERSON_ROLES.to_vec())), Optional, "*", "What this person does"),
    key("roster.person.from", One(Date), Optional, "SY DB", "Member from this day; always when empty"),
    key("roster.person.to", One(Date), Optional, "SY DB", "Member until this day; still when empty"),
    key("roster.escalation", One(Handle), Optional, "SY", "Handle that inherits what nobody owns"),
    key("roster.duty", Map(Some(|| PERSON_ROLES.to_vec()), &One(Handle)), Optional, "SY", "Handle on duty, by role"),
    key("roster.governance_url", One(Url), Profile, "CA", "Page of the governance body"),
    key("roster.governance_name", One(Text), Profile, "CA RP", "What the governance body is called"),
    key("roster.mention_rule", One(Flag), Optional, "GT", "Rewrite bare roster names to handles in tracker text"),

    key("disclosure", Table, Optional, "IM SY", "Clocks and acknowledgement"),
    key("disclosure.window_days", One(Count), Optional, "IM SY", "Days from report to disclosure"),
    key("disclosure.grace_days", One(Count), Optional, "SY", "Days granted once a patch is ready but unreleased"),
    key("disclosure.warn_fraction", One(Fraction), Optional, "SY", "Share of the window after which a tracker is approaching"),
    key("disclosure.clock", One(Word(clocks)), Optional, "SY", "Where the clock starts"),
    key("disclosure.ack", One(Word(acks)), Optional, "IM", "How receipts are prepared; always a draft, never sent"),
    key("disclosure.notify_distributors", One(Flag), Optional, "SY", "Tell distributors before the announcement"),
    key("disclosure.distributors", List(Address), Optional, "SY", "Whom to tell: lists and people who keep an embargo"),
    key("disclosure.escalate_after_days", One(Count), Optional, "SY", "Days without discussion before escalation"),
    key("disclosure.escalate_phase2_days", One(Count), Optional, "SY", "Days until its second phase"),

    key("confidentiality", Table, Optional, "GT FX SY", "Embargo words, private scanners, identities"),
    key("confidentiality.embargo_terms", List(Text), Optional, "GT FX", "Words blocked on public surfaces before disclosure, beside the built-in ones"),
    key("confidentiality.surfaces", List(Word(|| SURFACES.to_vec())), Optional, "GT FX", "Public surfaces to scan"),
    key("confidentiality.scanner", Tables("token"), Optional, "GT SY", "Scanners that must not be named in public"),
    key("confidentiality.scanner.token", One(Text), Required, "GT SY", "The product's name"),
    key("confidentiality.scanner.aliases", List(Text), Optional, "GT SY", "Its other names"),
    key("confidentiality.scanner.channel", One(Text), Optional, "GT SY", "How its findings reach the team"),
    key("confidentiality.finder_default", One(Word(finders)), Optional, "GT SY", "Credit of a finder who has not answered"),
    key("confidentiality.internal_url_patterns", List(Regex(false)), Optional, "GT FX SY", "Addresses that never leave"),

    key("models", Table, Optional, "GT", "Language models; none is needed, and an empty list is normal"),
    key("models.endpoint", Tables("name"), Optional, "GT", "Approved endpoints; loopback needs no approval"),
    key("models.endpoint.name", One(Text), Required, "GT", "Its name"),
    key("models.endpoint.url", One(Url), Required, "GT", "Its address"),
    key("models.endpoint.approved_by", One(Text), Optional, "GT", "Who approved it"),
    key("models.endpoint.approved_on", One(Date), Optional, "GT", "When"),
    key("models.endpoint.contract", One(Text), Optional, "GT", "Under which contract"),
    key("models.private_lists", List(Address), Optional, "GT", "Lists whose content needs an approved endpoint"),
    key("models.redact_types", List(Word(|| REDACT_TYPES.to_vec())), Optional, "GT", "What is redacted before any endpoint sees text"),
    key("models.exempt_collaborators", One(Flag), Optional, "GT", "Leave collaborators' identities alone"),

    key("replies", Table, Optional, "RP IM IV", "Canned replies"),
    key("replies.dir", One(Text), Optional, "RP IM IV", "Folder of canned replies; the built-in set when empty"),

    key("stats", Table, Optional, "DB", "Statistics"),
    key("stats.buckets", One(Word(|| vec!["monthly", "quarterly", "weekly"])), Optional, "DB", "Length of a bucket"),
    key("stats.start", One(Date), Optional, "DB", "First day shown; the first report when empty"),
    key("stats.out", One(Text), Optional, "DB", "Output folder"),
    key("stats.cache_dir", One(Text), Optional, "DB", "Private cache"),
    key("stats.refresh_hours", One(Count), Optional, "DB", "Hours before facts are read again"),
    key("stats.categories", List(Word(|| BANDS.to_vec())), Optional, "DB", "Bands shown; all when empty"),
    key("stats.stack_order", List(Word(|| BANDS.to_vec())), Optional, "DB", "Bands from the bottom up"),
    key("stats.triage", Table, Optional, "DB", "How a triage comment is recognised"),
    key("stats.triage.keywords", List(Text), Optional, "DB", "Words that mark one"),
    key("stats.triage.bot_prefixes", List(Text), Optional, "DB", "First words of comments written by programs"),
    key("stats.milestones", Tables(""), Optional, "DB", "Vertical marks"),
    key("stats.milestones.date", One(Date), Required, "DB", "Its day"),
    key("stats.milestones.label", One(Text), Required, "DB", "Its label"),

    key("metadata", Table, Optional, "SY CA", "The organization's service for rosters and releases"),
    key("metadata.kind", One(Word(metadata_kinds)), Profile, "SY CA", "What it is"),
    key("metadata.mandatory", One(Flag), Profile, "SY CA", "Stop when it is unavailable"),

    key("services", Map(None, &One(Url)), Optional, "*", "Base address by outside service, when it is not the usual one"),

    key("user", Table, Optional, "*", "The person at this desk; written in the user file"),
    key("user.handle", One(Handle), Optional, "*", "Forge handle"),
    key("user.email", One(Address), Optional, "RP", "Address drafts come from"),
    key("user.name", One(Text), Optional, "RP", "Name drafts are signed with"),
    key("user.governance_member", One(Flag), Optional, "CA", "Stated membership of the governance body"),
    key("user.upstream_clone", One(Text), Optional, "FX", "Local clone of the public code"),
    key("user.fork_remote", One(Text), Optional, "FX", "Remote of the fork"),
    key("user.credentials", Map(None, &One(Secret)), Optional, "*", "Where secrets are kept, by service"),
    key("user.draft_backend", One(Text), Optional, "RP", "Mail source that receives drafts"),

    key("lock", List(KeyName), Optional, "*", "Keys that later layers may not change; organization profiles only"),
];

fn label_roles() -> Vec<&'static str> {
    LABEL_ROLES.iter().map(|(role, _)| *role).collect()
}

/// Keys an organization profile may not hold: addresses, scopes, roster and labels stay with the project (§10).
pub const PER_PROJECT: &[&str] = &[
    "project.id",
    "project.name",
    "project.short_name",
    "project.extends",
    "tracker.repo",
    "tracker.labels",
    "upstream.repo",
    "scope",
    "mail.lists.security",
    "roster.person",
    "roster.duty",
    "roster.escalation",
    "user",
];

/// Names that other tools or older pages use for a key, and the key that now says it.
pub const RETIRED_KEYS: &[(&str, &str)] = &[
    ("tracker_repo", "tracker.repo"),
    ("upstream_repo", "upstream.repo"),
    ("security_list", "mail.lists.security"),
    ("security_inbox", "mail.inbox"),
    ("cve_authority", "cve"),
    ("cve_allocation_gate", "cve.gate"),
    ("record_url_template", "cve.record_url"),
    ("source_tab_url_template", "cve.source_url"),
    ("email_preview_url_template", "cve.email_preview_url"),
    ("publication_propagation", "cve.propagation"),
    ("emits_allocation_email", "cve.emits_allocation_mail"),
    ("release_vote_gating", "cve.vote_gating"),
    ("rc_voting_label", "cve.vote_label"),
    ("grace_period_days", "disclosure.grace_days"),
    ("pre_announce_distributors", "disclosure.notify_distributors"),
    ("reporter_acknowledgement_model", "disclosure.ack"),
    ("disclosure_governance", "disclosure"),
    ("scope_detection", "scope"),
    ("body_fields", "tracker.fields"),
    ("project_board_enabled", "tracker.board.enabled"),
    ("forwarders", "forwarder"),
    ("sources", "mail.source"),
    ("scopes", "scope"),
    ("role_flags", "user.governance_member"),
];

/// Words that other tools or older pages use for a value, and the word that now says it.
pub const RETIRED_WORDS: &[(&str, &str)] = &[
    ("pmc-member", "governance_member"),
    ("pmc_member", "governance_member"),
    ("security-team-member", "security_team"),
    ("cve-org-direct", "cve_services"),
    ("github-pr", "pull_request"),
    ("ghsa-inbox", "ghsa"),
    ("chat-channel", "chat"),
    ("intake-form", "form"),
    ("local", "embedded"),
    ("list_recent_threads", "list_recent"),
    ("read_thread", "read"),
];
