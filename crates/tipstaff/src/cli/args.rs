//! The command line's shape; help, completions and the manual are made from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The security desk of an open-source project: from a private report to a published advisory.
///
/// Tipstaff observes, proposes, asks, and does what was confirmed. It never sends mail and never acts unasked.
#[derive(Debug, Parser)]
#[command(name = "tipstaff", version, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 nothing to do, 4 needs a decision, 5 blocked."
)]
pub struct Cli {
    /// Folder of the desk; made on first use
    #[arg(long, global = true, value_name = "DIR", env = "TIPSTAFF_DESK")]
    pub desk: Option<PathBuf>,
    /// Configuration; else tipstaff.toml here or in a folder above, else the `independent` profile
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON and ask nothing
    #[arg(long, global = true)]
    pub json: bool,
    /// Pretend that it is this time (RFC 3339)
    #[arg(long, global = true, value_name = "TIME", env = "TIPSTAFF_NOW", hide_env = true)]
    pub now: Option<String>,
    /// Write every request to a service on standard error, without its secrets
    #[arg(long, global = true)]
    pub trace: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a mailbox and propose what to do with every message
    #[command(
        after_help = "Examples:\n  tipstaff import reports.mbox\n  tipstaff import ~/Maildir/.security last 30d\n  \
                            tipstaff import since:2026-11-01\n  tipstaff import --skipped"
    )]
    Import(ImportArgs),
    /// File a report that came without mail: you become its forwarder
    New(NewArgs),
    /// Show who owns the next move, tracker by tracker
    Queue(QueueArgs),
    /// Show one tracker
    Show(TrackerArg),
    /// Show the rule and the evidence behind a tracker's place and its proposals
    Why(TrackerArg),
    /// Bring trackers from where they are to where the facts say they should be
    #[command(after_help = SELECTORS)]
    Sync(SyncArgs),
    /// Plan again and again, and show what waits; nothing is ever applied
    #[command(after_help = SELECTORS)]
    Watch(WatchArgs),
    /// How far every tracker is in its disclosure window; `--ics` exports the ends to a calendar
    #[command(after_help = SELECTORS)]
    Clock(ClockArgs),
    /// Say whether a report is valid, and for which scope; two members who agree decide
    Assess(AssessArgs),
    /// Make what a new tracker repository lacks: labels, form, ledger, milestones, board
    Bootstrap,
    /// Ask for a CVE id, or take the one that came back
    #[command(
        after_help = "Examples:\n  tipstaff allocate 42                  the form and the title, or the message to relay\n  \
                            tipstaff allocate 42 --requested      note that it was asked for\n  \
                            tipstaff allocate 42 CVE-2026-12345   take the id"
    )]
    Allocate(AllocateArgs),
    /// Take a tracker as its remediation developer or triager
    Claim(TrackerArg),
    /// Open the pull request with a fix: the form of the forge filled in, or by its API (`upstream.open_pr`)
    #[command(
        after_help = "Branch, title, text and the commits of the branch are judged first: nothing that tells of the flaw leaves.\n\n\
                      Example:\n  tipstaff fix 42 --head tove:check-upload-name --title \"Check the name of an upload\" --body-file pr.md"
    )]
    Fix(FixArgs),
    /// Give a tracker back
    Release(TrackerArg),
    /// Say something on a tracker
    Comment(CommentArgs),
    /// Change a field, the title, a label or the milestone of a tracker
    Edit(EditArgs),
    /// Set who is assigned
    Assign(AssignArgs),
    /// Close a tracker with a disposition
    Close(CloseArgs),
    /// Open a closed tracker again
    Reopen(TrackerArg),
    /// Review, approve, apply and resume plans
    Plan(PlanArgs),
    /// Work with CVE records
    Cve(CveArgs),
    /// Show the log; check its chain
    Log(LogArgs),
    /// Say that you sent, or threw away, a draft
    MarkSent(MarkSentArgs),
    /// Make a tipstaff.toml
    Init(InitArgs),
    /// Look into the configuration
    Config(ConfigArgs),
    /// Check desk and configuration, and say how to mend each finding
    Doctor,
    /// Log in at Gmail once: say yes in a browser, and the credential of a mail source is kept
    #[command(name = "log-in")]
    LogIn(LogInArgs),
    /// One judgement on its own: a file or `-` in, JSON out
    #[command(subcommand)]
    X(X),
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// How trackers are selected.
const SELECTORS: &str = "Selectors: 12 or desk#12, lists 1,3, ranges 3-7 (open or closed); CVE-2026-12345; all (open, and\n\
    announced within 90 days), open, closed, closed announced; a label; words of a title (asks first).\n\
    Several are taken together; none at all means all; one that selects nothing is an error.";

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Which trackers
    #[arg(value_name = "SELECTOR")]
    pub what: Vec<String>,
    /// Show evidence and every step of every proposal
    #[arg(long)]
    pub why: bool,
    /// Show what was declined before, too
    #[arg(long)]
    pub declined: bool,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Which trackers
    #[arg(value_name = "SELECTOR")]
    pub what: Vec<String>,
    /// How often: 30s, 10m, 2h
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub every: String,
    /// End after that many looks
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,
}

/// Arguments of `clock`.
#[derive(Debug, Args)]
pub struct ClockArgs {
    /// Which trackers
    #[arg(value_name = "SELECTOR")]
    pub what: Vec<String>,
    /// Write the ends of the windows as iCalendar; `-` writes to standard output
    #[arg(long, value_name = "FILE")]
    pub ics: Option<PathBuf>,
}

/// A member's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Verdict {
    /// It is a vulnerability
    Valid,
    /// It is none
    Invalid,
}

/// Arguments of `allocate`.
#[derive(Debug, Args)]
pub struct AllocateArgs {
    /// The tracker's number
    pub tracker: String,
    /// The id that came back
    pub id: Option<String>,
    /// Note on the tracker that an id was asked for, so that nobody asks again
    #[arg(long, conflicts_with = "id")]
    pub requested: bool,
}

/// Arguments of `assess`.
#[derive(Debug, Args)]
pub struct AssessArgs {
    /// The tracker's number
    pub tracker: String,
    /// Is it a vulnerability?
    #[arg(value_enum)]
    pub verdict: Verdict,
    /// Scope of a valid report; may be left out where the project has only one
    #[arg(long, value_name = "LABEL")]
    pub scope: Option<String>,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Mailboxes (mbox, Maildir, folder of .eml, one .eml), and a selector: `since:DATE`, `last Nd`, `all`, `thread:ID`
    #[arg(value_name = "PATH|SELECTOR")]
    pub what: Vec<String>,
    /// Everything, however old
    #[arg(long)]
    pub all: bool,
    /// Show the messages that were set aside or skipped, and why
    #[arg(long)]
    pub skipped: bool,
    /// Take skipped messages back: their Message-IDs
    #[arg(long, value_name = "MESSAGE-ID", conflicts_with = "skipped")]
    pub unskip: Vec<String>,
    /// Show the evidence of every proposal
    #[arg(long)]
    pub why: bool,
}

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Title of the tracker
    #[arg(long)]
    pub title: String,
    /// The report: a file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub body: PathBuf,
    /// How it came: a name for the tracker, e.g. `chat`, `phone`, `anonymous tip`
    #[arg(long, default_value = "anonymous tip")]
    pub via: String,
    /// Credit, when the reporter gave one
    #[arg(long)]
    pub credit: Option<String>,
}

/// Arguments of `queue`.
#[derive(Debug, Args)]
pub struct QueueArgs {
    /// Only what waits for you
    #[arg(long)]
    pub mine: bool,
    /// Only one role: triager, remediation, release-manager
    #[arg(long)]
    pub role: Option<String>,
    /// Closed trackers too
    #[arg(long)]
    pub all: bool,
}

/// A tracker.
#[derive(Debug, Args)]
pub struct TrackerArg {
    /// Its number: `12` or `desk#12`
    pub tracker: String,
}

/// Arguments of `comment`.
#[derive(Debug, Args)]
pub struct CommentArgs {
    /// The tracker's number
    pub tracker: String,
    /// What to say; `-` reads standard input
    #[arg(allow_hyphen_values = true)]
    pub text: String,
}

/// Arguments of `edit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Fields: title, issue_description, public_summary, affected_versions, security_thread,\n\
                        public_advisory_url, reporter_credit, pr_with_fix, remediation_developer, cwe, severity,\n\
                        cve_tool_link, label (+name or -name), milestone"
)]
pub struct EditArgs {
    /// The tracker's number
    pub tracker: String,
    /// Which field
    pub field: String,
    /// Its new value; empty clears it; `-` reads standard input
    #[arg(allow_hyphen_values = true)]
    pub value: String,
}

/// Arguments of `assign`.
#[derive(Debug, Args)]
pub struct AssignArgs {
    /// The tracker's number
    pub tracker: String,
    /// Handles; none clears
    pub handles: Vec<String>,
}

/// Arguments of `close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The tracker's number
    pub tracker: String,
    /// Why: invalid, not-cve-worthy, duplicate, wontfix, completed
    #[arg(long = "as", value_name = "DISPOSITION")]
    pub disposition: String,
    /// One or two sentences for the team
    #[arg(long)]
    pub reason: String,
}

/// Arguments of `log-in`.
#[derive(Debug, Args)]
pub struct LogInArgs {
    /// Name of the mail source; may be left out where there is only one of kind gmail
    pub source: Option<String>,
    /// The JSON of an OAuth client of type Desktop app, as the console gives it
    #[arg(long, value_name = "FILE")]
    pub client: PathBuf,
}

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub struct FixArgs {
    /// The tracker's number
    pub tracker: String,
    /// The branch with the fix, pushed already; `OWNER:BRANCH` for one in a fork
    #[arg(long, value_name = "BRANCH")]
    pub head: String,
    /// The branch it is for; upstream.default_branch when left out
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Whose fork the branch is in; the public repository itself when left out
    #[arg(long, value_name = "OWNER")]
    pub fork: Option<String>,
    /// Title of the pull request
    #[arg(long)]
    pub title: String,
    /// Its text: a file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub body_file: Option<PathBuf>,
    /// Open it as a draft; the form has a button of its own for that
    #[arg(long)]
    pub draft: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What to do with plans
    #[command(subcommand)]
    pub command: PlanCommand,
}

/// What to do with plans.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Plans of this desk, newest first
    List,
    /// Show a plan again
    Show {
        /// First characters of its digest
        plan: String,
    },
    /// Say yes to items of a plan, without applying them
    Approve {
        /// First characters of its digest
        plan: String,
        /// Which items, in the words of the question: `all`, `1,3`, `all skip 2`
        #[arg(required = true)]
        reply: Vec<String>,
    },
    /// Apply what was approved
    Apply {
        /// First characters of its digest, or a plan file
        plan: String,
    },
    /// Go on with every approved plan that did not finish
    Resume,
}

/// Arguments of `cve`.
#[derive(Debug, Args)]
pub struct CveArgs {
    /// What to do with records
    #[command(subcommand)]
    pub command: CveCommand,
}

/// What to do with records.
#[derive(Debug, Subcommand)]
pub enum CveCommand {
    /// Check CVE records: what the record format refuses, and what a published record should not have
    Check(CveCheckArgs),
    /// Make the record of a tracker again and keep it there
    Refresh(TrackerArg),
    /// Push the record of a tracker to its authority; its state is never lowered
    #[command(
        after_help = "Each option counts for the record as it is shown, and is part of what is approved. A public record names its\nadvisory, and no state goes down: there is no option for those."
    )]
    Push(BringArgs),
    /// Publish the record of a tracker whose advisory is archived
    Publish(BringArgs),
    /// How far a record is, what is missing, and whether it differs from what its authority has
    State(TrackerArg),
    /// What differs between the tracker's record and what its authority has
    Diff(TrackerArg),
    /// Read the affected versions off the tags of the public code, and propose them for the tracker
    #[command(
        after_help = "Examples:\n  tipstaff cve affected 12\n  tipstaff cve affected 12 --since 4f2a91c\n  tipstaff cve affected 12 --since 2.3.0"
    )]
    Affected(AffectedArgs),
    /// Take an id back whose record is not public; it is not used again
    Retract(RetractArgs),
    /// The record in the form others read: OSV, CSAF, OpenVEX, mail, page
    #[command(
        after_help = "Examples:\n  tipstaff cve export 12 --format mail\n  tipstaff cve export CVE-2026-12345.json --format osv"
    )]
    Export(CveExportArgs),
}

/// Arguments of `cve push` and `cve publish`.
#[derive(Debug, Args)]
pub struct BringArgs {
    /// Which tracker
    #[command(flatten)]
    pub tracker: TrackerArg,
    /// Let packages and products of the record there change
    #[arg(long)]
    pub allow_packages: bool,
    /// Where the tracker and others changed the same place, bring the tracker's
    #[arg(long)]
    pub take_ours: bool,
}

/// Arguments of `cve affected`.
#[derive(Debug, Args)]
pub struct AffectedArgs {
    /// A tracker's number
    #[arg(value_name = "N")]
    pub tracker: String,
    /// What brought the flaw: a commit, a pull request, or the first version with it; without it, every release
    /// without the fix counts
    #[arg(long, value_name = "COMMIT|PR|VERSION")]
    pub since: Vec<String>,
}

/// Arguments of `cve retract`.
#[derive(Debug, Args)]
pub struct RetractArgs {
    /// Which tracker
    #[command(flatten)]
    pub tracker: TrackerArg,
    /// Why; the reason stands in the rejected record
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Arguments of `cve export`.
#[derive(Debug, Args)]
pub struct CveExportArgs {
    /// A tracker's number, a CVE record, or `-`
    #[arg(value_name = "N|FILE")]
    pub what: String,
    /// In which form
    #[arg(long, value_enum, default_value = "json")]
    pub format: ExportFormat,
}

/// The forms of `cve export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// The CVE record itself
    Json,
    /// OSV 1.6
    Osv,
    /// CSAF 2.0, security advisory
    Csaf,
    /// OpenVEX 0.2
    Openvex,
    /// The advisory mail, as text; it is shown, never sent
    Mail,
    /// A page
    Markdown,
}

/// Arguments of `cve check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Works on any CVE JSON, without a desk. A folder stands for every *.json below it; files that hold no\n\
                  record are passed over there.\n\n\
                  Exit codes: 0 no errors; 5 there are (--deny changes what counts); 3 no file to check; 2 usage. With\n\
                  --json or --sarif: 0 whenever it was printed, unless --deny is given.\n\n\
                  Examples:\n  tipstaff cve check CVE-2026-12345.json\n  \
                  tipstaff cve check --min-level note cvelist/cves/2026\n  \
                  curl -s https://cve.example/api/cve/CVE-2026-12345 | tipstaff cve check -\n  \
                  tipstaff cve check --sarif --deny error records/ > records.sarif"
)]
pub struct CveCheckArgs {
    /// Records, lists of records, folders, or `-`
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print SARIF 2.1.0
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
    /// Show findings from this level on; else `warning`, and `note` in JSON and SARIF
    #[arg(long, value_name = "LEVEL")]
    pub min_level: Option<LevelWord>,
    /// Exit 5 when there is a finding of this level or worse
    #[arg(long, value_name = "LEVEL")]
    pub deny: Option<LevelWord>,
    /// Only rules whose id begins so: `schema`, `lint.E007`
    #[arg(long, value_name = "RULE")]
    pub only: Vec<String>,
    /// No rules whose id begins so
    #[arg(long, value_name = "RULE")]
    pub ignore: Vec<String>,
}

/// Weight of a finding.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum LevelWord {
    /// Good to know
    Note,
    /// A reader of the record is misled or left without something
    Warning,
    /// The record is refused, or says what cannot be
    Error,
}

impl From<LevelWord> for desk::cve::check::Level {
    fn from(w: LevelWord) -> Self {
        match w {
            LevelWord::Note => Self::Note,
            LevelWord::Warning => Self::Warning,
            LevelWord::Error => Self::Error,
        }
    }
}

/// Arguments of `log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Check the whole chain
    #[arg(long)]
    pub verify: bool,
    /// Print the anchor to keep elsewhere
    #[arg(long, conflicts_with = "verify")]
    pub head: bool,
    /// Only one tracker
    #[arg(long, value_name = "N")]
    pub tracker: Option<String>,
    /// How many
    #[arg(long, default_value_t = 40)]
    pub limit: usize,
}

/// Arguments of `mark-sent`.
#[derive(Debug, Args)]
pub struct MarkSentArgs {
    /// Message-ID of the draft, as `show` and the recap print it
    pub message_id: String,
    /// It was thrown away instead
    #[arg(long)]
    pub discarded: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where to write it
    #[arg(default_value = "tipstaff.toml")]
    pub file: PathBuf,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to look at
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// The value of a key, what it means, and which layer set it
    Explain {
        /// Dotted key, e.g. `disclosure.window_days`
        key: String,
    },
    /// Read the configuration and list every error
    Check,
}

/// The gates of `x gate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum GateName {
    /// May a CVE be allocated?
    Allocate,
    /// May two trackers be merged?
    Merge,
    /// May it be closed as invalid?
    Invalidate,
    /// May the release manager take over?
    Release,
}

/// One judgement on its own.
#[derive(Debug, Subcommand)]
pub enum X {
    /// Classify a message
    #[command(after_help = "Example:\n  tipstaff x classify report.eml --trackers index.json")]
    Classify {
        /// A message, or `-`
        input: PathBuf,
        /// Its thread as an mbox
        #[arg(long, value_name = "FILE")]
        thread: Option<PathBuf>,
        /// Trackers: `[{number,state,labels,body,message_ids,cve}]`
        #[arg(long, value_name = "FILE")]
        trackers: Option<PathBuf>,
    },
    /// Is a message from a forwarder, and whom to answer?
    #[command(after_help = "Example:\n  tipstaff x forwarder relayed.eml --config tipstaff.toml")]
    Forwarder {
        /// A message, or `-`
        input: PathBuf,
    },
    /// Find credit lines in a text
    #[command(after_help = "Example:\n  tipstaff x credit --text 'Reported by: Jane Doe of Acme'")]
    Credit(TextArg),
    /// Read the fields of a tracker body
    #[command(after_help = "Example:\n  tipstaff x fields body.md")]
    Fields {
        /// A body document, or `-`
        input: PathBuf,
    },
    /// Read a reply to a proposal
    #[command(
        after_help = "Example:\n  echo '{\"grammar\":\"import\",\"items\":[{\"n\":1,\"default\":true,\"blocked\":false}],\
                            \"reply\":\"all\"}' | tipstaff x confirm -"
    )]
    Confirm {
        /// `{grammar, items[], reply}`, or `-`
        input: PathBuf,
    },
    /// Clean a title
    #[command(
        after_help = "Example:\n  tipstaff x title --text 'Re: [SECURITY] Example Server 2.1: path traversal in uploads'"
    )]
    Title(TextArg),
    /// Scan words before they leave
    #[command(
        after_help = "Example:\n  tipstaff x scan --surface public --phase embargo --kind branch --text fix-cve-2026-12345\n  \
                            tipstaff x scan --surface public --phase embargo --range main..fix --repo ~/src/server"
    )]
    Scan {
        /// Words, or a file
        #[command(flatten)]
        text: TextOrRange,
        /// tracker, team-mail, reporter, forwarder, public, cve-draft, cve-public
        #[arg(long)]
        surface: String,
        /// intake, embargo, released, disclosed, closed-no-cve
        #[arg(long)]
        phase: String,
        /// text, title, branch, commit, pr-body, changelog, comment
        #[arg(long, default_value = "text")]
        kind: String,
        /// `{reporter{name,email,handle}, tracker{repo,number}, threads[], lists[]}`
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,
        /// Commits to scan instead of a text: messages, added lines, paths
        #[arg(long, value_name = "A..B", requires = "repo")]
        range: Option<String>,
        /// The clone of --range
        #[arg(long, value_name = "DIR")]
        repo: Option<PathBuf>,
    },
    /// Where a tracker stands, and who owns the next move
    #[command(after_help = "Example:\n  tipstaff x step case.json --config tipstaff.toml")]
    Step {
        /// A case (docs/case.md), or `-`
        input: PathBuf,
    },
    /// What `sync` would propose
    #[command(after_help = "Example:\n  tipstaff x plan case.json other.json --now 2026-03-01T12:00:00Z")]
    Plan {
        /// Cases (docs/case.md), or `-`
        #[arg(required = true)]
        inputs: Vec<PathBuf>,
    },
    /// Does a gate open?
    #[command(
        after_help = "Example:\n  tipstaff x gate release case.json\n  tipstaff x gate merge kept.json dropped.json"
    )]
    Gate {
        /// Which gate
        gate: GateName,
        /// Cases (docs/case.md), or `-`
        #[arg(required = true)]
        inputs: Vec<PathBuf>,
    },
    /// Make the CVE record of a tracker body
    #[command(
        after_help = "Example:\n  tipstaff x cve body.md --title 'Path traversal in uploads' --cve-id CVE-2026-12345 --labels server --lint"
    )]
    Cve(RecordArgs),
    /// Read an expression of affected versions
    #[command(after_help = "Example:\n  tipstaff x versions --ecosystem pypi --text '>= 2.0, < 2.4.1'")]
    Versions {
        /// Words, or a file
        #[command(flatten)]
        text: TextArg,
        /// pypi, npm, maven, crates, …
        #[arg(long)]
        ecosystem: Option<String>,
        /// Package the versions are of
        #[arg(long)]
        package: Option<String>,
    },
}

/// What `x cve` reads.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// A tracker body, or `-`
    pub input: PathBuf,
    /// Title of the tracker; else the first sentence of the summary
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// The CVE id; else the first in the field of the CVE tool link
    #[arg(long, value_name = "ID")]
    pub cve_id: Option<String>,
    /// Labels of the tracker
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// For which tool: vulnogram, cve-services, plain; else the tool of the configuration
    #[arg(long = "for", value_name = "TOOL")]
    pub target: Option<String>,
    /// Version of the record format: 5.1, 5.2
    #[arg(long, value_name = "VERSION", default_value = "5.1")]
    pub format: String,
    /// One more remediation developer
    #[arg(long, value_name = "NAME")]
    pub remediation_developer: Vec<String>,
    /// One more address of the advisory
    #[arg(long, value_name = "URL")]
    pub advisory_url: Vec<String>,
    /// How it was discovered: INTERNAL, EXTERNAL, USER, UPSTREAM, UNKNOWN
    #[arg(long, value_name = "WORD")]
    pub discovery: Option<String>,
    /// Ask for the review state, whatever the labels say
    #[arg(long)]
    pub review: bool,
    /// Hold the record back as a draft
    #[arg(long, conflicts_with = "review")]
    pub draft: bool,
    /// Print the findings beside the record
    #[arg(long)]
    pub lint: bool,
}

/// A text: a file, `-`, or words on the command line.
#[derive(Debug, Args)]
pub struct TextArg {
    /// A file, or `-` for standard input
    pub input: Option<PathBuf>,
    /// The text itself
    #[arg(long, conflicts_with = "input")]
    pub text: Option<String>,
}

/// The same, where a range of commits may stand in its place.
#[derive(Debug, Args)]
pub struct TextOrRange {
    /// A file, or `-` for standard input
    pub input: Option<PathBuf>,
    /// The text itself
    #[arg(long, conflicts_with = "input")]
    pub text: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// What clap checks only in debug builds, and there only for the command that is run.
    #[test]
    fn every_command_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
