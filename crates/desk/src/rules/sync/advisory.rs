//! Is the advisory archived (S13)? Only a root message of a public list whose subject leads with the CVE id, sent by the
//! release manager or the CVE tool, proves it; everything else is shown and asked about (sync page §2, hard cases 9–11).

use super::{View, manager};
use crate::{
    case::{Fact, ListMail},
    config::ArchiveKind,
    people::Role,
};

/// The verdict on the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advisory<'a> {
    /// One message is it.
    Found(&'a ListMail),
    /// Messages that may be it, with the reason to ask.
    Ask(Vec<&'a ListMail>, String),
    /// The archive was asked and has none.
    No,
    /// The archive could not be asked, or nobody asked.
    Unknown(String),
}

/// The advisory of this tracker, if it is archived.
#[must_use]
pub fn find<'a>(v: &View<'a>) -> Advisory<'a> {
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

/// Does a subject lead with that id, after list tags and words such as `[SECURITY]` or `[ANNOUNCE]`? `Re:` is a reply.
fn leads_with(subject: &str, cve: &str) -> bool {
    let mut rest = subject.trim();
    while let Some(inner) = rest.strip_prefix('[') {
        match inner.split_once(']') {
            Some((_, after)) => rest = after.trim_start_matches([' ', ':', '-', '|']),
            None => break,
        }
    }
    let Some(after) =
        rest.get(..cve.len()).filter(|h| h.eq_ignore_ascii_case(cve)).map(|_| &rest[cve.len()..])
    else {
        return false;
    };
    !after.starts_with(|c: char| c.is_ascii_alphanumeric())
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
        ] {
            assert!(leads_with(yes, cve), "{yes}");
        }
        for no in [
            "Re: CVE-2026-1234: a flaw",
            "CVE-2026-12345: another flaw",
            "CVE-2026-9999: incomplete fix of CVE-2026-1234",
            "About CVE-2026-1234",
            "[unclosed CVE-2026-1234",
            "",
        ] {
            assert!(!leads_with(no, cve), "{no}");
        }
    }
}
