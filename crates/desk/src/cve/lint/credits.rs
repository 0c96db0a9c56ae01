//! Credits.

use std::collections::BTreeSet;

use super::{Record, say};
use crate::cve::check::{At, Node, Sink, quoted};

/// What a sentence about a credit says, and a name does not.
const PHRASES: &[&str] = &[
    "would like to thank",
    "we thank",
    "thanks to",
    "for reporting",
    "reported by",
    "discovered by",
    "found by",
    "identified by",
    "was discovered",
    "was reported",
    "this issue",
    "this vulnerability",
    "credit to",
    "credits to",
    "would like to credit",
    "would like to acknowledge",
];

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("credits");
    let mut seen = BTreeSet::new();
    let mut any = false;
    for (n, credit) in r.cna.items("credits") {
        any = true;
        let Some(name) = credit.get("value").and_then(Node::text) else { continue };
        let item = list.index(n);
        let at = item.key("value");
        let low = name.to_lowercase();
        let kind = credit.get("type").and_then(Node::text).unwrap_or("finder");
        if !seen.insert((low.split_whitespace().collect::<Vec<_>>().join(" "), kind)) {
            say(sink, "lint.credit-twice", &at, format!("{} is credited above already", quoted(name)));
        }
        if has_mail(name) {
            say(sink, "lint.credit-mail", &at, format!("{} publishes a mail address", quoted(name)));
        }
        if PHRASES.iter().any(|p| low.contains(p)) {
            let message = format!("{} is a sentence; write the name alone", quoted(name));
            say(sink, "lint.credit-sentence", &at, message);
        }
    }
    if !any {
        say(sink, "lint.no-credit", &list, "nobody is credited, neither finder nor developer of the fix");
    }
}

/// `someone@host.tld` in a text; a handle such as `@someone` is none.
fn has_mail(text: &str) -> bool {
    text.match_indices('@').any(|(n, _)| {
        let local = text.get(..n).unwrap_or_default();
        let host: &str = text.get(n + 1..).unwrap_or_default();
        let end = host.find(|c: char| !(c.is_alphanumeric() || "-.".contains(c))).unwrap_or(host.len());
        let host = host.get(..end).unwrap_or_default().trim_end_matches('.');
        local.ends_with(|c: char| c.is_alphanumeric() || "_.+-".contains(c))
            && host.split_once('.').is_some_and(|(a, b)| !a.is_empty() && b.len() > 1)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn mail_addresses_and_handles() {
        for t in ["A B <a.b@c.example>", "a@b.example.", "x (root@lazy.pw)"] {
            assert!(super::has_mail(t), "{t}");
        }
        for t in ["@handle", "GHSL member @who.name", "a@b", "A @ B.com", "me @b.com"] {
            assert!(!super::has_mail(t), "{t}");
        }
    }
}
