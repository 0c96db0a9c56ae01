//! Whose mail is it: the team's, the organization's, a machine's, a stranger's.

use super::cue::words;
use crate::{
    config::Config,
    mail::{Address, Message, Thread},
    people::Roster,
};

words! {
    ROLE_LOCAL = r"=^(?:security|secalert|psirt|product-security|cve|cve-[\w-]+|cna|cna-[\w-]+|vulnogram|private|pmc|infra|infrastructure|root|admin|moderator|[\w-]*-?(?:help|owner|request|return)|noreply|no-reply|no_reply|donotreply|notifications?|postmaster|mailer-daemon)(?:[+-][\w.-]*)?$";
    MACHINE_LOCAL = r"=^(?:no-?reply|no_reply|donotreply|do-not-reply|notifications?|mailer-daemon|postmaster|bounces?|auto\w*|alerts?|security-?alerts?|jenkins|ci|builds?|robot|bot)(?:[+.-].*)?$";
    FREE_MAIL = r"=(?:^|\.)(?:gmail|googlemail|outlook|hotmail|live|yahoo|icloud|proton|protonmail|gmx|web|mail|qq|163|126|yandex|aol|tutanota|zoho|fastmail|pm)\.\w{2,3}(?:\.\w{2})?$";
}

fn lists(config: &Config) -> [&str; 3] {
    let l = &config.mail.lists;
    [l.security.as_str(), l.private.as_str(), l.foundation_security.as_str()]
}

/// Does the address belong to the team or to its lists?
#[must_use]
pub fn is_team(address: &Address, message: &Message, roster: &Roster, config: &Config) -> bool {
    roster.is_team(&address.email, message.arrived()) || lists(config).iter().any(|l| address.is(l))
}

/// Did the team write this message of the thread? Without a roster, someone other than the root's author who
/// writes from the domain the report was sent to counts as the team.
#[must_use]
pub fn team_wrote(message: &Message, thread: &Thread, roster: &Roster, config: &Config) -> bool {
    let from = &message.from;
    if is_team(from, message, roster, config) {
        return true;
    }
    if message.rewritten_from.as_ref().is_some_and(|a| is_team(a, message, roster, config))
        && !same_author(message, thread)
    {
        return roster.people.is_empty();
    }
    let Some(root) = thread.root() else { return false };
    if from.email.is_empty() || same_author(message, thread) {
        return false;
    }
    let addressed = root.to.iter().chain(&root.cc);
    if addressed.clone().any(|a| a.is(&from.email)) && ROLE_LOCAL.is_match(from.local()) {
        return true;
    }
    roster.people.is_empty()
        && !root.from.domain().eq_ignore_ascii_case(from.domain())
        && root.to.iter().chain(&root.cc).any(|a| same_organization(a.domain(), from.domain()))
}

fn same_author(message: &Message, thread: &Thread) -> bool {
    thread.root().is_some_and(|r| r.from.is(&message.from.email))
}

/// Is one domain the other, or below it, and no provider of free mailboxes?
#[must_use]
pub fn same_organization(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    if a.is_empty() || b.is_empty() || !a.contains('.') || FREE_MAIL.is_match(&a) {
        return false;
    }
    a == b
        || a.strip_suffix(&b).is_some_and(|p| p.ends_with('.'))
        || b.strip_suffix(&a).is_some_and(|p| p.ends_with('.'))
}

/// How far a sender may be believed to speak for the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Anyone.
    Stranger,
    /// A person's address in the recipients' organization, not on the roster.
    Colleague,
    /// Roster, configured list, or a role address of the recipients' organization.
    Office,
}

/// The sender's standing. `From` can be forged; this only decides what is set aside, never what is trusted.
#[must_use]
pub fn standing(message: &Message, roster: &Roster, config: &Config) -> Standing {
    let mut senders = vec![&message.from];
    // "Name via List": the list's own address says nothing about the author.
    if message.rewritten_from.is_none() {
        senders.extend(message.rewritten_from.iter());
    }
    let mirror = config.mail.mirror_senders.iter().any(|m| message.from.is(m));
    if mirror || senders.iter().any(|a| is_team(a, message, roster, config)) {
        return Standing::Office;
    }
    let from = &message.from;
    let tool_host = host(&config.cve.record_url);
    if !tool_host.is_empty()
        && same_organization(from.domain(), tool_host)
        && ROLE_LOCAL.is_match(from.local())
    {
        return Standing::Office;
    }
    let within = message
        .to
        .iter()
        .chain(&message.cc)
        .map(Address::domain)
        .chain(lists(config).iter().filter_map(|l| l.rsplit_once('@').map(|(_, d)| d)))
        .any(|d| same_organization(d, from.domain()));
    match (within, ROLE_LOCAL.is_match(from.local())) {
        (true, true) => Standing::Office,
        (true, false) => Standing::Colleague,
        _ => Standing::Stranger,
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    rest.split(['/', ':', '?']).next().unwrap_or("")
}

/// Does a machine send from this address?
#[must_use]
pub fn is_machine(address: &Address) -> bool {
    MACHINE_LOCAL.is_match(address.local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_compare_by_whole_labels() {
        assert!(same_organization("example.org", "widget.example.org"));
        assert!(!same_organization("evilexample.org", "example.org"));
        assert!(!same_organization("gmail.com", "gmail.com"));
        assert!(!same_organization("", "example.org"));
    }
}
