//! Is the advisory archived (S13)? Only a root message of a public list whose subject leads with the CVE id, sent by the
//! release manager or the CVE tool, proves it; everything else is shown and asked about (sync page §2, hard cases 9–11).

use std::sync::LazyLock;

use super::{
    View, manager,
    target::{self, Shipped},
};
use crate::{
    case::{Artifact, Fact, ListMail},
    config::{AdvisorySignal, ArchiveKind},
    pattern::Regex,
    people::Role,
    tracker::LabelRole,
};

static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(CVE-[0-9]{4}-[0-9]{4,19})(?:[^0-9A-Za-z]|$)")
        .expect("a constant pattern, compiled by a test")
});

static JOIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:\s*(?:,|;|/|&|\+)\s*(?:and\s+|&\s*)?|\s+and\s+|\s+)")
        .expect("a constant pattern, compiled by a test")
});

/// The verdict on the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advisory<'a> {
    /// One message is it.
    Found(&'a ListMail),
    /// The page of the release that ships the fix names the CVE, and that is how this project announces.
    Page(&'a Artifact),
    /// Messages that may be it, with the reason to ask.
    Ask(Vec<&'a ListMail>, String),
    /// The archive was asked and has none.
    No,
    /// The archive could not be asked, or nobody asked.
    Unknown(String),
}

/// The advisory of this tracker, if it is public. A mail proves it wherever the archive is read; with
/// `archive.advisory_signal = "release_page"` so does the page of the release.
#[must_use]
pub fn find<'a>(v: &View<'a>) -> Advisory<'a> {
    let by_mail = archived(v);
    let open = matches!(by_mail, Advisory::No | Advisory::Unknown(_));
    if v.g.config.archive.advisory_signal != AdvisorySignal::ReleasePage || !open {
        return by_mail;
    }
    match (page(v), by_mail) {
        (Page::Names(a), _) => Advisory::Page(a),
        // What could not be asked keeps its own reason; else the page's counts, once one is due.
        (Page::Unknown(why), Advisory::Unknown(mails))
            if mails.is_empty() && v.has(LabelRole::FixReleased) =>
        {
            Advisory::Unknown(why)
        }
        (Page::Unknown(why), Advisory::No) if v.has(LabelRole::FixReleased) => Advisory::Unknown(why),
        (_, by_mail) => by_mail,
    }
}

/// The release page that was read, if it names the CVE of the tracker. Only that of the release which ships the fix: a
/// later one that looks back, or one of a candidate, announces nothing.
enum Page<'a> {
    Names(&'a Artifact),
    Silent,
    Unknown(String),
}

fn page<'a>(v: &View<'a>) -> Page<'a> {
    let Some(cve) = &v.cve else { return Page::Silent };
    let out = match target::shipped(v) {
        Shipped::Yes(out) => out,
        Shipped::Unknown(why) if !why.is_empty() => return Page::Unknown(why),
        _ => return Page::Silent,
    };
    let all = v.o.artifacts.known().map(Vec::as_slice).unwrap_or_default();
    let names = |a: &&Artifact| {
        out.contains(a) && is_public(v, &a.page) && a.names.iter().any(|id| id.eq_ignore_ascii_case(cve))
    };
    all.iter().find(names).map_or(Page::Silent, Page::Names)
}

fn archived<'a>(v: &View<'a>) -> Advisory<'a> {
    let mails = match &v.case.observed.advisories {
        Fact::Known(mails, ..) => mails,
        Fact::Absent(_) => return Advisory::No,
        Fact::Unknown(why) => return Advisory::Unknown(why.clone()),
    };
    let Some(cve) = &v.cve else { return Advisory::No };
    let leads = |m: &&ListMail| m.vouched || (m.is_root() && leads_with(&m.subject, cve));
    let roots: Vec<&ListMail> = mails.iter().filter(leads).filter(|m| is_public(v, &m.url)).collect();
    let (known, strangers): (Vec<&ListMail>, Vec<&ListMail>) =
        roots.into_iter().partition(|m| m.vouched || sender_may(v, m));
    match (known.as_slice(), strangers.as_slice()) {
        ([one], _) => Advisory::Found(one),
        ([], []) => Advisory::No,
        ([], [one, ..]) => Advisory::Ask(
            strangers.clone(),
            format!("{} leads with {cve}, but {} is not known as release manager", one.url, one.from),
        ),
        _ => Advisory::Ask(known, format!("several messages lead with {cve}")),
    }
}

/// Does a subject lead with that id, after list tags and words such as `[SECURITY]` or `[ANNOUNCE]`? Several ids may lead
/// together, as `CVE-1, CVE-2 and CVE-3: …`: the mail is then the advisory of each. `Re:` is a reply.
fn leads_with(subject: &str, cve: &str) -> bool {
    heads(subject).any(|id| id.eq_ignore_ascii_case(cve))
}

/// The ids that lead a subject.
pub(super) fn heads(subject: &str) -> impl Iterator<Item = &str> {
    let mut rest = subject.trim();
    while let Some(inner) = rest.strip_prefix('[') {
        match inner.split_once(']') {
            Some((_, after)) => rest = after.trim_start_matches([' ', ':', '-', '|']),
            None => break,
        }
    }
    leading(rest)
}

/// The ids with which a text begins, joined by commas, slashes and the like, or by `and`.
fn leading(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let m = LEAD.captures(rest)?.get(1)?;
        let id = m.as_str();
        rest = rest.get(m.end()..)?;
        // Only what joins two ids is passed over; the next one has to follow.
        rest = JOIN.find(rest).and_then(|j| rest.get(j.end()..)).unwrap_or("");
        Some(id)
    })
}

/// A private archive's address never becomes the public advisory.
pub(super) fn is_public(v: &View<'_>, url: &str) -> bool {
    let lists = &v.g.config.mail.lists;
    let private = [&lists.security, &lists.private, &lists.foundation_security];
    let named = |l: &&String| {
        let (local, domain) = l.split_once('@').unwrap_or((l, ""));
        !local.is_empty()
            && (url.contains(l.as_str())
                || (!domain.is_empty() && url.contains(&format!("{local}.{domain}"))))
    };
    url.starts_with("https://") && !private.iter().any(&named)
        || url.starts_with("http://") && !private.iter().any(named)
}

fn sender_may(v: &View<'_>, m: &ListMail) -> bool {
    let roster = v.g.roster;
    if roster.people.is_empty() {
        return true;
    }
    let is_manager = match manager::find(v) {
        manager::Manager::Known { handle, email, .. } => {
            m.from.is(&email)
                || roster.by_handle(&handle).is_some_and(|p| p.emails.iter().any(|e| m.from.is(e)))
        }
        _ => false,
    };
    let team = roster.by_email(&m.from.email);
    is_manager
        || team
            .is_some_and(|p| p.roles.contains(&Role::ReleaseManager) || p.roles.contains(&Role::Governance))
}

/// Was an advisory expected by now and not seen? Shown after two days (sync page §4).
#[must_use]
pub fn is_late(v: &View<'_>) -> bool {
    let sent = v.o.told.iter().find(|r| r.event == "advisory_mailed").and_then(|r| r.at);
    v.g.config.archive.kind != ArchiveKind::None
        && sent.is_some_and(|at| v.g.now.duration_since(at) > jiff::SignedDuration::from_hours(48))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_leads_with_the_id_or_it_is_another_mail() {
        let cve = "CVE-2026-1234";
        for yes in [
            "CVE-2026-1234: Harbour Queue: a flaw",
            "[SECURITY] CVE-2026-1234: a flaw",
            "[ANNOUNCE] [SECURITY] CVE-2026-1234 a flaw",
            "cve-2026-1234 - a flaw",
            "CVE-2026-9999, CVE-2026-1234: two flaws",
            "[SECURITY] CVE-2026-1234 / CVE-2026-9999: two flaws",
            "CVE-2026-0001, CVE-2026-9999, and CVE-2026-1234",
            "CVE-2026-9999 and CVE-2026-1234: two flaws",
            "CVE-2026-9999 & CVE-2026-1234",
        ] {
            assert!(leads_with(yes, cve), "{yes}");
        }
        for no in [
            "Re: CVE-2026-1234: a flaw",
            "CVE-2026-12345: another flaw",
            "CVE-2026-9999: incomplete fix of CVE-2026-1234",
            "About CVE-2026-1234",
            "[unclosed CVE-2026-1234",
            "CVE-2026-9999: follows CVE-2026-1234",
            "CVE-2026-9999 or CVE-2026-1234",
            "CVE-2026-9999 supersedes CVE-2026-1234",
            "Re: CVE-2026-9999, CVE-2026-1234: two flaws",
            "CVE-2026-9999, CVE-2026-12345: two flaws",
            "",
        ] {
            assert!(!leads_with(no, cve), "{no}");
        }
    }
}
