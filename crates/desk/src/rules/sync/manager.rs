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
    if version.is_empty() {
        return Manager::Unknown("the release is not known yet".into());
    }
    let mut claims: Vec<ManagerClaim> = Vec::new();
    // The result of a vote: the release is cut, its sender managed it.
    for m in v.o.votes.known().map(Vec::as_slice).unwrap_or_default() {
        if is_result(&m.subject) && mentions(&m.subject, &version) {
            let source = if m.url.is_empty() { format!("\"{}\"", m.subject) } else { m.url.clone() };
            claims.push(ManagerClaim {
                email: m.from.email.clone(),
                version: version.clone(),
                source,
                ..ManagerClaim::default()
            });
        }
    }
    let named = v.o.managers.known().map(Vec::as_slice).unwrap_or_default();
    claims.extend(
        named
            .iter()
            .filter(|c| c.version.is_empty() || mentions(&c.version, &version) || c.version == target)
            .cloned(),
    );
    for cut in &v.g.config.releases.cut {
        if (mentions(&cut.name, &version) || cut.name.eq_ignore_ascii_case(&target))
            && !cut.rm.trim().is_empty()
        {
            let source =
                if cut.source_url.is_empty() { "releases.cut".to_owned() } else { cut.source_url.clone() };
            let rm = cut.rm.trim();
            let claim = ManagerClaim { version: version.clone(), source, ..ManagerClaim::default() };
            claims.push(if rm.trim_start_matches('@').contains('@') {
                ManagerClaim { email: rm.into(), ..claim }
            } else {
                ManagerClaim { handle: rm.trim_start_matches('@').into(), ..claim }
            });
        }
    }
    let who = |c: &ManagerClaim| {
        let by_mail = v.g.roster.by_email(&c.email).map(|p| p.handle.clone());
        Some(c.handle.clone()).filter(|h| !h.is_empty()).or(by_mail).unwrap_or_default()
    };
    let Some(first) = claims.first() else {
        return Manager::Unknown(format!(
            "no source names the release manager of {version}; add it to releases.cut"
        ));
    };
    let handle = who(first);
    let same = |c: &ManagerClaim| {
        let other = who(c);
        if handle.is_empty() || other.is_empty() {
            !c.email.is_empty() && Address::new("", &first.email).is(&c.email)
        } else {
            other.eq_ignore_ascii_case(&handle)
        }
    };
    let others = claims.iter().filter(|c| !same(c)).map(|c| {
        let name = who(c);
        let name = if name.is_empty() { c.email.clone() } else { format!("@{name}") };
        format!("{name} by {}", c.source)
    });
    Manager::Known {
        email: first.email.clone(),
        source: first.source.clone(),
        others: others.collect(),
        handle,
    }
}

/// Is this the result of a vote?
#[must_use]
pub fn is_result(subject: &str) -> bool {
    let s = subject.to_uppercase().replace(' ', "");
    s.contains("[RESULT]") && s.contains("[VOTE]")
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
            next.is_none_or(|c| !part(c) && !(c == '.' && after.next().is_some_and(|d| d.is_ascii_digit())));
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
    }
}
