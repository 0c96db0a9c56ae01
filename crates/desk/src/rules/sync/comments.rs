//! The comments the program keeps on a tracker, each written once and edited in place (sync page §10), and the list of
//! fields the release waits for.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::View;
use crate::{
    confidential::{self as surface, Draft},
    config::CveTool,
    plan::{Effect, effect::Change},
    tracker::{FieldRole, Marked, marked, marked_text},
};

static CWE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bCWE-[1-9][0-9]{0,4}\b").expect("a constant pattern, compiled by a test")
});

/// Severities a record takes (CVE page §13.25).
pub const SEVERITIES: [&str; 7] = ["none", "low", "moderate", "medium", "high", "important", "critical"];

/// A field the release waits for, and what to write there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which field.
    pub role: FieldRole,
    /// What is wrong with it.
    pub why: String,
}

/// What stands between the tracker and its release: empty mandatory fields, and values a record cannot carry (sync page
/// §7 stage 1).
#[must_use]
pub fn missing(v: &View<'_>) -> Vec<Missing> {
    let mut out = Vec::new();
    for role in FieldRole::GATE {
        let value = v.field(role).trim();
        let why = if value.is_empty() {
            hint(role)
        } else {
            match role {
                FieldRole::Severity if value.eq_ignore_ascii_case("unknown") => hint(role),
                FieldRole::Severity if !SEVERITIES.contains(&severity_word(value).as_str()) => {
                    format!(
                        "`{}` is no severity: low, medium, high or critical",
                        crate::mail::one_line(value, 40)
                    )
                }
                FieldRole::Cwe if !CWE.is_match(value) => "names no CWE: write `CWE-N: title`".into(),
                FieldRole::AffectedVersions => match affected_problem(v, value) {
                    Some(problem) => problem,
                    None => continue,
                },
                FieldRole::PublicSummary if value.split_whitespace().count() < 4 => {
                    "is no description: who is affected, by what, and which version to upgrade to".into()
                }
                _ => continue,
            }
        };
        out.push(Missing { role, why });
    }
    out
}

/// The severity as one lower-case word.
#[must_use]
pub fn severity_word(value: &str) -> String {
    value.trim().trim_matches(['`', '*', '_', '.']).trim().to_lowercase()
}

fn affected_problem(v: &View<'_>, value: &str) -> Option<String> {
    let report = v.kept.ranges(value, v.g);
    if let Some(p) = report.problems.first() {
        return Some(format!("at character {}: {}", p.at, p.message));
    }
    report.ranges.is_empty().then(|| "names no version".into())
}

fn hint(role: FieldRole) -> String {
    match role {
        FieldRole::PublicSummary => "who is affected, by what, and which version to upgrade to",
        FieldRole::AffectedVersions => "the versions with the flaw, such as `>= 2.0, < 2.10.3`",
        FieldRole::ReporterCredit => "the name as the reporter wants it, or `anonymous`",
        FieldRole::PrWithFix => "address of the pull request that fixes it",
        FieldRole::Cwe => "the weakness, such as `CWE-79: Cross-site Scripting`",
        FieldRole::Severity => "what the team scored: low, medium, high or critical",
        _ => "a value",
    }
    .into()
}

/// The heading people see for a field.
#[must_use]
pub fn heading(v: &View<'_>, role: FieldRole) -> String {
    v.g.headings.heading(role).to_owned()
}

/// The step that writes a marked comment; none when it stands there with these words.
#[must_use]
pub fn post(v: &View<'_>, kind: Marked, text: String) -> Option<Effect> {
    let there = marked(&v.t.comments, kind, v.g.roster);
    // Whom a call on the owner names follows the tracker's owner; a new owner is no reason to call again.
    let calls = matches!(kind, Marked::Overdue | Marked::Escalation);
    let said = |t: &str| {
        if calls { t.split_once(", ").map_or(t, |(_, rest)| rest).to_owned() } else { t.to_owned() }
    };
    if there.is_some_and(|c| said(marked_text(&c.body)) == said(text.trim())) {
        return None;
    }
    Some(Change::PostMarked { tracker: v.t.key.clone(), kind, text: Draft::<surface::Tracker>::text(text) })
}

/// To the remediation developer: what is still missing. None when nothing is, or when it says so already.
#[must_use]
pub fn fill_fields(v: &View<'_>, missing: &[Missing], reason: &str) -> Option<Effect> {
    if missing.is_empty() {
        return None;
    }
    let who = developer(v);
    let lines: Vec<String> =
        missing.iter().map(|m| format!("- **{}**: {}", heading(v, m.role), m.why)).collect();
    let text = format!(
        "{who}, these fields of the tracker are not ready, and {reason}:\n\n{}\n\nThe tracker stays with you until they \
         are filled; the release manager is asked only then.",
        lines.join("\n")
    );
    post(v, Marked::FillFields, text)
}

/// The same when the record itself stays behind: its fields are there, and it is still `allocated`.
#[must_use]
pub fn record_behind(v: &View<'_>) -> Option<Effect> {
    let who = developer(v);
    let cve = v.cve.as_deref().unwrap_or("the CVE");
    let text = format!(
        "{who}, every field is filled, and the record of {cve} is still a draft at its authority. Look at what it \
         reports about the record, mend the field it names, and run `tipstaff sync` again.\n\nThe tracker stays with \
         you until the record is ready for review."
    );
    post(v, Marked::FillFields, text)
}

fn developer(v: &View<'_>) -> String {
    let author = v.fixes().iter().map(|p| p.author.clone()).find(|a| !a.is_empty());
    let field = v.field(FieldRole::RemediationDeveloper);
    let by_name =
        v.g.roster
            .people
            .iter()
            .find(|p| p.names.iter().any(|n| !n.is_empty() && field.contains(n.as_str())));
    let handle = by_name.map(|p| p.handle.clone()).or(author).or_else(|| v.t.assignees.first().cloned());
    handle.map_or_else(|| "Remediation developer".into(), |h| v.mention(&h))
}

/// To the release manager: the advisory is theirs to send.
#[must_use]
pub fn hand_off(v: &View<'_>, manager: &str, released: &str) -> Option<Effect> {
    let cve = v.cve.as_deref().unwrap_or_default();
    let lists = &v.g.config.mail.lists;
    let to: Vec<&str> =
        [&lists.users, &lists.announce].into_iter().filter(|l| !l.is_empty()).map(String::as_str).collect();
    let to = if to.is_empty() { "the users and announce lists".to_owned() } else { to.join(" and ") };
    let link = |template: &str, word: &str| {
        let url = template.replace("{cve_id}", cve).replace("<CVE-ID>", cve);
        if url.is_empty() { word.to_owned() } else { format!("[{word}]({url})") }
    };
    let c = &v.g.config.cve;
    let record = link(&c.source_url, "the record");
    // A desk without a tool's page makes the text itself.
    let preview = if c.email_preview_url.is_empty() {
        format!("the advisory mail (`tipstaff cve export {} --format mail`)", v.t.reference.number)
    } else {
        link(&c.email_preview_url, "the advisory mail")
    };
    let text = format!(
        "{}, {released} is out with the fix, and the record of {} is ready for you. What is left is yours:\n\n\
         1. Answer the reviewers of {record} on their thread, if they said anything; three quiet days close it. Then \
         set the record to ready.\n\
         2. Preview {preview}: check recipients ({to}), subject, upgrade instructions, versions and credit. Send it.\n\
         3. Stop there. Labels, record, board and closing follow by themselves once the mail is in the archive; please \
         do not change them by hand.",
        v.mention(manager),
        super::allocated::record_link(v, cve),
    );
    post(v, Marked::HandOff, text)
}

/// The advisory is archived and the record could not be published: what waits for whom.
#[must_use]
pub fn publication_ready(v: &View<'_>, url: &str) -> Option<Effect> {
    let cve = v.cve.as_deref().unwrap_or_default();
    let text = format!(
        "The advisory of {} is public: {url}\n\nIts record is not published yet, because it has not been through \
         review. Set it to ready in the CVE tool; the next `tipstaff sync` publishes it and closes this tracker.",
        super::allocated::record_link(v, cve),
    );
    post(v, Marked::PublicationReady, text)
}

/// It is over; nothing is asked of anybody.
#[must_use]
pub fn wrap_up(v: &View<'_>, url: &str) -> Option<Effect> {
    let cve = v.cve.as_deref().unwrap_or_default();
    let milestone = v.t.milestone.as_deref().map(|m| format!("\n\nRelease: {m}")).unwrap_or_default();
    let closed = "this tracker is closed";
    // Only an authority that passes records on has handed this one over.
    let record = match v.g.config.cve.tool {
        CveTool::Vulnogram | CveTool::CveServices => {
            format!("The record was handed to cve.org, and {closed}.")
        }
        CveTool::Desk => format!("The record is published, and {closed}."),
        _ => "This tracker is closed.".to_owned(),
    };
    post(v, Marked::WrapUp, format!("{cve} is disclosed: {url}\n\n{record}{milestone}"))
}
