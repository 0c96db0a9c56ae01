//! Checking the desk, and how to mend what is found.

use std::path::Path;

use connect::mailbox::MailFault;
use desk::{
    config::{Forge, Inbox, OpenPr, SourceKind, SourceRole, Visibility},
    tracker::{Column, LabelRole},
};
use jiff::tz::TimeZone;
use serde::Serialize;
use store::Desk;

use super::{error::Result, plans, pulls, services, session::Session};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `ok`, `note`, `warning` or `fault`.
    pub level: &'static str,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// How to mend it; empty when there is nothing to mend.
    pub mend: String,
}

fn finding(level: &'static str, what: &str, found: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { level, what: what.into(), found: found.into(), mend: mend.into() }
}

/// Check everything that can be checked: what is here, and whether the CVE authority lets this session in.
///
/// # Errors
/// When the desk cannot be read at all.
pub fn check(session: &Session) -> Result<Vec<Finding>> {
    let mut out = Vec::new();
    let desk = &session.desk;
    let place = desk.file().display().to_string();
    match desk.integrity()?.as_str() {
        "ok" => out.push(finding("ok", "desk", format!("{place} is sound"), "")),
        bad => {
            out.push(finding("fault", "desk", format!("{place}: {bad}"), "restore the file from a backup"))
        }
    }
    let chain = desk.verify()?;
    if chain.faults.is_empty() {
        out.push(finding("ok", "log", format!("{} events, the chain holds", chain.events), ""));
    }
    for fault in chain.faults {
        out.push(finding(
            "fault",
            "log",
            fault,
            "somebody changed the log; compare with a backup and a kept `log --head`",
        ));
    }
    private(desk.dir(), 0o077, "chmod 700", &mut out);
    private(desk.file(), 0o077, "chmod 600", &mut out);
    for (key, effect, at) in desk.open_intents()? {
        out.push(finding(
            "warning",
            "journal",
            format!("`{effect}` was begun at {at} and has no receipt ({key})"),
            "`tipstaff plan resume` looks it up and finishes it; where no plan is left to resume, `tipstaff sync` does",
        ));
    }
    for old in desk.unreadable_approved()? {
        let found = format!("{}: {}", plans::unreadable(&old), old.why);
        out.push(finding(
            "warning",
            "plan",
            found,
            format!("{}; the old one stays in the desk", plans::again(&old.kind)),
        ));
    }
    for row in desk.unfinished()? {
        let short = row.digest.get(..12).unwrap_or(&row.digest);
        let (found, mend) = if plans::lapsed(session, &row) {
            (
                format!("the approval of the {} plan {short} lapsed", row.plan.kind),
                plans::again(&row.plan.kind).to_owned(),
            )
        } else {
            (format!("{short} is approved and not applied"), format!("tipstaff plan apply {short}"))
        };
        out.push(finding("note", "plan", found, mend));
    }
    rows(desk, &mut out)?;
    match session.setting.config_file() {
        Some(f) => out.push(finding("ok", "configuration", f.display().to_string(), "")),
        None => out.push(finding(
            "note",
            "configuration",
            "there is no tipstaff.toml, the `independent` profile is used",
            "`tipstaff init` makes one",
        )),
    }
    for f in desk::config::review(session.config()).into_iter().chain(session.loaded.notices.clone()) {
        out.push(finding("warning", "configuration", f.message, f.mend));
    }
    let zone = &session.config().project.time_zone;
    if TimeZone::get(zone).is_err() {
        out.push(finding(
            "fault",
            "configuration",
            format!("`{zone}` is no time zone"),
            "set project.time_zone to an IANA name",
        ));
    }
    for line in session.drafts.probe() {
        out.push(match line {
            Ok(found) => finding("ok", "drafts", found, ""),
            Err(f) => finding("fault", "drafts", f.to_string(), mend_drafts(&f)),
        });
    }
    for source in session.mail.sources() {
        let lines = match session.mail.open(source) {
            Ok(m) => m.probe(),
            Err(f) => vec![Err(f)],
        };
        // What nobody would choose may be down without harm.
        let bad = if source.config.role == SourceRole::Optional { "warning" } else { "fault" };
        for line in lines {
            out.push(match line {
                Ok(found) => finding("ok", &source.title(), found, ""),
                Err(f) => finding(bad, &source.title(), f.to_string(), f.mend()),
            });
        }
    }
    trackers(session, &mut out);
    match session.authority() {
        Ok(None) => {}
        Err(why) => {
            out.push(finding("fault", "CVE authority", why, "correct the [cve] keys, or unset cve.address"))
        }
        Ok(Some(a)) => match a.probe() {
            Ok(found) => out.push(finding("ok", "CVE authority", format!("{}: {found}", a.name()), "")),
            Err(e) => out.push(finding("fault", "CVE authority", e.to_string(), e.mend())),
        },
    }
    match pulls::probe(session) {
        None => {}
        Some(Ok(found)) => out.push(finding("ok", "public repository", found, "")),
        Some(Err(why)) => out.push(finding(
            "fault",
            "public repository",
            why,
            "correct upstream.repo, or put a token that may read it where upstream.token says",
        )),
    }
    if session.config().upstream.open_pr == OpenPr::Api {
        out.push(match pulls::token(session) {
            Ok(None) => finding(
                "warning",
                "public repository",
                "upstream.open_pr is \"api\", and no token may open pull requests",
                "set upstream.token, or open_pr = \"browser\"",
            ),
            // One that cannot be read was said above.
            _ => finding(
                "note",
                "public repository",
                "`fix` opens pull requests itself; whether the token may is told by the first one",
                "it needs pull requests (read and write)",
            ),
        });
    }
    for (what, end) in services::probe(session) {
        out.push(match end {
            Ok(found) => finding("ok", &what, found, ""),
            Err(why) => finding(
                "warning",
                &what,
                why,
                "correct its address; until then what it would tell is unknown, and never no",
            ),
        });
    }
    let mail = &session.config().mail;
    let public = !session.config().upstream.repo.is_empty();
    if public && mail.inbox == Inbox::Ghsa && !mail.source.iter().any(|s| s.kind == SourceKind::Ghsa) {
        out.push(finding(
            "note",
            "public repository",
            "reports arrive as private advisories, and nothing reads them",
            "add a [[mail.source]] of kind \"ghsa\", with upstream.token",
        ));
    }
    let clone = &session.config().user.upstream_clone;
    if !clone.is_empty() {
        match connect::upstream::git::Clone::open(Path::new(clone)) {
            Ok(_) => out.push(finding("ok", "public code", clone.clone(), "")),
            Err(e) => out.push(finding("fault", "public code", e.to_string(), "")),
        }
    }
    Ok(out)
}

/// Rows that cannot be read back: each stops what rests on it and nothing else, so somebody has to be told.
fn rows(desk: &Desk, out: &mut Vec<Finding>) -> Result<()> {
    let restore = "restore the desk from a backup; until then nothing is proposed that rests on it";
    for (digest, why) in desk.unreadable_fates()? {
        let short = digest.get(..12).unwrap_or(&digest);
        out.push(finding(
            "warning",
            "mail",
            format!("what became of the mail {short} is not known to this version: {why}"),
            "use the tipstaff that wrote it; until then the mail is shown to you, and nothing is done with it",
        ));
    }
    for case in desk.cases_ever()? {
        for what in case.observed.damaged {
            out.push(finding("fault", "trackers", format!("{}: {what}", case.tracker.reference), restore));
        }
    }
    for (cve, ..) in desk.cve_records()? {
        if let Err(e) = desk.cve_record(&cve) {
            out.push(finding("fault", "records", format!("{cve}: {e}"), restore));
        }
    }
    Ok(())
}

/// The host of the trackers: is it private, may we write, and does it know the names of the configuration?
fn trackers(session: &Session, out: &mut Vec<Finding>) {
    const WHAT: &str = "trackers";
    let t = &session.config().tracker;
    let host = match session.host() {
        Ok(Some(h)) => h,
        Ok(None) if t.forge == Forge::Github => {
            return out.push(finding(
                "note",
                WHAT,
                "tracker.token is not set, so the trackers are kept on this desk",
                "set tracker.token to env:NAME or file:PATH to keep them in the repository",
            ));
        }
        Ok(None) => return,
        Err(why) => return out.push(finding("fault", WHAT, why, "correct the [tracker] keys")),
    };
    let setup = match host.setup() {
        Ok(s) => s,
        Err(e) => {
            return out.push(finding(
                "fault",
                WHAT,
                e.to_string(),
                "check the token, tracker.repo and the board",
            ));
        }
    };
    let who = &setup.standing;
    out.push(finding(
        "ok",
        WHAT,
        format!("{}: @{} has {}", host.name(), who.login, who.permission.to_lowercase()),
        "",
    ));
    if !who.private && t.contents == Visibility::Private {
        let found = format!("{} can be read by everybody", host.name());
        out.push(finding("fault", WHAT, found, "make it private; until then nothing is written there"));
    }
    if !who.may_write() {
        let found = format!("@{} may read the trackers and not write them", who.login);
        out.push(finding("warning", WHAT, found, "give the token write access to issues"));
    }
    let missing = |names: Vec<String>, there: &dyn Fn(&str) -> bool| -> Vec<String> {
        names.into_iter().filter(|n| !there(n)).collect()
    };
    let labels = LabelRole::ALL.iter().map(|r| session.labels.name(*r).to_owned());
    let scopes = session.config().scope.iter().map(|s| s.label.clone());
    let labels = labels.chain(scopes).filter(|n| !n.is_empty()).collect();
    let gone = missing(labels, &|n| setup.labels.iter().any(|l| l.eq_ignore_ascii_case(n)));
    if !gone.is_empty() {
        let found = format!("the repository lacks the labels {}", gone.join(", "));
        out.push(finding("warning", WHAT, found, "`tipstaff bootstrap` makes them"));
    }
    if let Some(columns) = &setup.columns {
        let names = Column::ALL.iter().map(|c| session.columns.name(*c).to_owned()).collect();
        let gone = missing(names, &|n| columns.iter().any(|c| c.eq_ignore_ascii_case(n)));
        out.push(finding(
            "note",
            WHAT,
            format!("one step is a person's: the board's workflow \"auto-add to project\", with the filter `is:issue label:\"{}\"`", session.labels.name(LabelRole::SecurityMarker)),
            "switch it on in the board's settings, under Workflows; no program can",
        ));
        if gone.is_empty() {
            out.push(finding("ok", WHAT, format!("the board has its {} columns", columns.len()), ""));
        } else {
            let found = format!("the board lacks the columns {}", gone.join(", "));
            out.push(finding(
                "warning",
                WHAT,
                found,
                "add them by hand, in its settings, under Status: changing them by program clears the cards",
            ));
        }
    }
}

fn mend_drafts(f: &MailFault) -> &'static str {
    match f {
        MailFault::Setup { what, .. } if what == "mail.drafts" => "set mail.drafts to a folder you can write",
        MailFault::Setup { .. } => "name one that does in user.draft_backend, or unset it",
        f => f.mend(),
    }
}

#[cfg(unix)]
fn private(path: &Path, others: u32, mend: &str, out: &mut Vec<Finding>) {
    use std::os::unix::fs::PermissionsExt;
    let name = path.display();
    match std::fs::metadata(path) {
        Ok(m) if m.permissions().mode() & others != 0 => out.push(finding(
            "warning",
            "permissions",
            format!("{name} can be read by others ({:o})", m.permissions().mode() & 0o777),
            format!("{mend} {name}"),
        )),
        Ok(_) => {}
        Err(e) => out.push(finding("fault", "permissions", format!("{name}: {e}"), "")),
    }
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32, _: &str, _: &mut Vec<Finding>) {}
