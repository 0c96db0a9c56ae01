//! Who is the release manager (sync page §6): the release plan in the configuration, a release-plan page, the sender of
//! the vote's result. Never inferred from rotation or past releases.

use super::{View, target};
use crate::{case::ManagerClaim, mail::Address};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manager {
    /// One person.
    Known {
        /// Handle; empty when the address is on nobody's roster entry.
        handle: String,
        /// Address, where a source gave one.
        email: String,
        /// Who said so.
        source: String,
        /// Other people other sources name, with the sources.
        others: Vec<String>,
    },
    /// Nobody is named for this release; the text says where it was looked for.
    Unknown(String),
}

/// Find the release manager of the tracker's release. Of two names the one who sent the result of the vote wins, since the
/// release is cut (hard case 18); both are shown.
#[must_use]
pub fn find(v: &View<'_>) -> Manager {
    let target = target::milestone(v).map(|(m, _)| m).unwrap_or_default();
    let version = target::version_of(&target).unwrap_or_else(|| target.clone());
    let about =
        |text: &str| !version.is_empty() && (names(text, &version) || text.eq_ignore_ascii_case(&target));
    let claims = [shipped(v, about), planned(v, about), stated(v, about)];
    let who = |c: &ManagerClaim| {
        let by_mail = v.g.roster.by_email(&c.email).map(|p| p.handle.clone());
        Some(c.handle.clone()).filter(|h| !h.is_empty()).or(by_mail).unwrap_or_default()
    };
    let same = |a: &ManagerClaim, b: &ManagerClaim| match (who(a), who(b)) {
        (x, y) if x.is_empty() || y.is_empty() => {
            !a.email.is_empty() && Address::new("", &a.email).is(&b.email)
        }
        (x, y) => x.eq_ignore_ascii_case(&y),
    };
    let shown = |c: &ManagerClaim| {
        let name = who(c);
        let name = if name.is_empty() { c.email.clone() } else { format!("@{name}") };
        format!("{name} by {}", c.source)
    };
    let Some(best) = claims.iter().find(|c| !c.is_empty()) else {
        let release = if version.is_empty() { "the release, which is not known yet" } else { &version };
        let failed =
            v.o.managers.failure().or(v.o.votes.failure()).map(|w| format!(" ({w})")).unwrap_or_default();
        return Manager::Unknown(format!(
            "no source names the release manager of {release}{failed}; add it to releases.cut"
        ));
    };
    let Some(first) = best.first() else { return Manager::Unknown("nobody is named".into()) };
    // One kind of source that names two people settles nothing; the newest result of a vote does.
    if !std::ptr::eq(best, &claims[0]) && best.iter().any(|c| !same(first, c)) {
        let all: Vec<String> = best.iter().map(shown).collect();
        return Manager::Unknown(format!(
            "two people are named as release manager ({}); say which in releases.cut",
            all.join(", ")
        ));
    }
    Manager::Known {
        handle: who(first),
        email: first.email.clone(),
        source: first.source.clone(),
        others: claims.iter().flatten().filter(|c| !same(first, c)).map(shown).collect(),
    }
}

/// The senders of results of votes on the release, newest first: the release is cut, its sender managed it.
fn shipped(v: &View<'_>, about: impl Fn(&str) -> bool) -> Vec<ManagerClaim> {
    let all = v.o.votes.known().map(Vec::as_slice).unwrap_or_default();
    let mut mine: Vec<_> = all.iter().filter(|m| is_result(&m.subject) && about(&m.subject)).collect();
    mine.sort_by_key(|m| std::cmp::Reverse(m.at));
    let claim = |m: &&crate::case::ListMail| ManagerClaim {
        email: m.from.email.clone(),
        source: if m.url.is_empty() { format!("\"{}\"", m.subject) } else { m.url.clone() },
        ..ManagerClaim::default()
    };
    mine.iter().map(claim).collect()
}

/// The release plan in the configuration.
fn planned(v: &View<'_>, about: impl Fn(&str) -> bool) -> Vec<ManagerClaim> {
    let cuts = v.g.config.releases.cut.iter().filter(|c| about(&c.name) && !c.rm.trim().is_empty());
    let claim = |cut: &crate::config::Cut| {
        let source = if cut.source_url.is_empty() { "releases.cut".into() } else { cut.source_url.clone() };
        let rm = cut.rm.trim().trim_start_matches('@');
        let (handle, email) = if rm.contains('@') { (String::new(), rm) } else { (rm.to_owned(), "") };
        ManagerClaim { handle, email: email.into(), source, ..ManagerClaim::default() }
    };
    cuts.map(claim).collect()
}

/// What other sources state, such as a page of release plans.
fn stated(v: &View<'_>, about: impl Fn(&str) -> bool) -> Vec<ManagerClaim> {
    let all = v.o.managers.known().map(Vec::as_slice).unwrap_or_default();
    let named = |c: &&ManagerClaim| !c.handle.trim().is_empty() || !c.email.trim().is_empty();
    all.iter().filter(named).filter(|c| c.version.trim().is_empty() || about(&c.version)).cloned().collect()
}

/// Is this the result of a vote?
#[must_use]
pub fn is_result(subject: &str) -> bool {
    let s = subject.to_uppercase().replace(' ', "");
    s.contains("[RESULT]") && s.contains("[VOTE]")
}

/// Does a text name that version as a whole, or one of its release candidates?
#[must_use]
pub fn names(text: &str, version: &str) -> bool {
    if mentions(text, version) {
        return true;
    }
    // `2.10.3rc1` is a candidate of 2.10.3, and its vote is the vote on that release.
    text.match_indices(version).any(|(at, _)| {
        let rest = text[at + version.len()..].trim_start_matches(['-', '.', '_', ' ']);
        let candidate = rest.get(..2).is_some_and(|s| s.eq_ignore_ascii_case("rc"));
        let end = text.len() - rest.len();
        candidate && mentions(text.get(..end).unwrap_or_default(), version)
    })
}

/// Does a text name that version as a whole?
#[must_use]
pub fn mentions(text: &str, version: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(version).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + version.len()..].chars();
        let next = after.next();
        let clear_before =
            before.is_none_or(|c| !part(c) && c != '.' || c == 'v' && version.starts_with(char::is_numeric));
        let clear_after =
            next.is_none_or(|c| !(part(c) || c == '.' && after.next().is_some_and(|d| d.is_ascii_digit())));
        clear_before && clear_after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_as_a_whole() {
        for yes in ["[RESULT][VOTE] Release 2.10.3 from rc1", "v2.10.3", "Queue-2.10.3.", "2.10.3"] {
            assert!(mentions(yes, "2.10.3"), "{yes}");
        }
        for no in ["2.10.31", "12.10.3", "2.10.3.1", "2.10.3rc1", ""] {
            assert!(!mentions(no, "2.10.3"), "{no}");
        }
        assert!(is_result("[RESULT] [VOTE] x") && !is_result("[VOTE] x"));
        for yes in ["[VOTE] Queue 2.10.3rc1", "[VOTE] Queue 2.10.3-RC2", "2.10.3"] {
            assert!(names(yes, "2.10.3"), "{yes}");
        }
        for no in ["[VOTE] Queue 12.10.3rc1", "2.10.30rc1", "2.10.3beta1"] {
            assert!(!names(no, "2.10.3"), "{no}");
        }
    }
}
