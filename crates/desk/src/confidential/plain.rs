//! What is recognised by its punctuation, in the original text: addresses, telephone numbers, redaction
//! identifiers, scores.

use std::sync::LazyLock;

use crate::pattern::Regex;

/// Compiles a literal of this file; the tests below use every one of them.
#[expect(clippy::unwrap_used, reason = "literal patterns, each one compiled by a test")]
fn pattern(p: &str) -> Regex {
    Regex::new(p).unwrap()
}

static REDACTION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?-u:\b)(?:N|E|P|IP|H|A)-[0-9a-f]{6,64}(?-u:\b)"));
static SCORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?-u:\b)(?:CVSS[^\n\pL]{0,3}(?:v[0-9.]+)?[^\n\pL]{0,6}(?:(?:base )?score)?[^\n\pL]{0,8}[0-9][0-9A-Z.:/]*|AV:[NALP]/AC:[LHM][A-Z:/]*)",
    )
});
static SEVERITY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?-u:\b)(?:severity\s*(?:is|as|of|at|to be|was)?[\s:=*_`]{0,4}(?:rated|set to|scored|assessed as)?\s*(?:critical|important|high|medium|moderate|low)|(?:critical|important|high|medium|moderate|low)[ -]severity)(?-u:\b)",
    )
});
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:\+[1-9][0-9]{0,2}|\(\+?[0-9]{2,4}\))(?:[ .()-]{1,2}[0-9]{2,4}){2,5}(?-u:\b)")
});

/// Spans of redaction identifiers such as `N-1a2b3c` (§8).
pub(super) fn redaction_ids(text: &str) -> impl Iterator<Item = (usize, usize)> {
    REDACTION.find_iter(text).filter_map(move |m| {
        let before = text.get(..m.start()).and_then(|t| t.chars().next_back());
        let after = text.get(m.end()..).and_then(|t| t.chars().next());
        // Part of a longer code, such as a UUID or a product number.
        let glued = matches!(before, Some('-' | '_' | '/')) || matches!(after, Some('-'));
        (!glued).then_some((m.start(), m.end()))
    })
}

/// Spans of CVSS vectors and scores.
pub(super) fn scores(text: &str) -> impl Iterator<Item = (usize, usize)> {
    SCORE.find_iter(text).map(|m| (m.start(), m.end()))
}

/// Spans of stated severities.
pub(super) fn severities(text: &str) -> impl Iterator<Item = (usize, usize)> {
    SEVERITY.find_iter(text).map(|m| (m.start(), m.end()))
}

/// Spans of telephone numbers in international or bracketed form.
pub(super) fn phones(text: &str) -> impl Iterator<Item = (usize, usize)> {
    PHONE.find_iter(text).filter_map(|m| {
        let digits = m.as_str().bytes().filter(u8::is_ascii_digit).count();
        ((9..=15).contains(&digits)).then_some((m.start(), m.end()))
    })
}

/// Spans of mail addresses.
pub(super) fn emails(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let b = text.as_bytes();
    memchr::memchr_iter(b'@', b).filter_map(move |at| {
        let local = b.get(..at)?.iter().rev().take(64);
        let local = local.take_while(|c| c.is_ascii_alphanumeric() || b"._%+-".contains(c)).count();
        let domain = b.get(at + 1..)?.iter().take(253);
        let mut domain = domain.take_while(|c| c.is_ascii_alphanumeric() || b".-".contains(c)).count();
        while domain > 0 && matches!(b.get(at + domain), Some(b'.' | b'-')) {
            domain -= 1;
        }
        let host = text.get(at + 1..at + 1 + domain)?;
        let tld = host.rsplit_once('.')?.1;
        (local > 0 && tld.len() > 1 && tld.bytes().all(|c| c.is_ascii_alphabetic()))
            .then_some((at - local, at + 1 + domain))
    })
}

/// Is this an address nobody owns (documentation domains, machine senders, a forge's ssh user)?
pub(super) fn is_nobody(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let under = |d: &str| domain == d || domain.strip_suffix(d).is_some_and(|r| r.ends_with('.'));
    ["example.com", "example.org", "example.net", "example", "invalid", "test", "localhost", "local"]
        .into_iter()
        .any(under)
        || matches!(local, "git" | "noreply" | "no-reply" | "donotreply")
        || domain.contains("noreply")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, spans: impl Iterator<Item = (usize, usize)>) -> Vec<&str> {
        spans.map(|(s, e)| &text[s..e]).collect()
    }

    #[test]
    fn forms_are_found_and_near_misses_are_not() {
        let t = "ask N-1a2b3c, IP-00ff00aa; not XN-1a2b3c, 12-N-1a2b3c, N-12, e-123456";
        assert_eq!(all(t, redaction_ids(t)), ["N-1a2b3c", "IP-00ff00aa"]);
        let t = "CVSS:3.1/AV:N/AC:L/PR:N, CVSS score 9.8, CVSS v3.1 base score: 7.5, AV:N/AC:L/Au:N; cvss library";
        assert_eq!(all(t, scores(t)).len(), 4, "{:?}", all(t, scores(t)));
        let t = "severity: high. A critical-severity one. Severity is set to low; the severity of logs";
        assert_eq!(all(t, severities(t)).len(), 3);
        let t = "call +49 30 1234 5678 or (030) 1234-5678; 2026-01-02 10.0.0.1 +1 -1 (12) 34";
        assert_eq!(all(t, phones(t)).len(), 2, "{:?}", all(t, phones(t)));
        let t = "mail a.b+c@corp.org., x@y, @handle, npm i @scope/pkg@1.2.3, é@ü.de";
        assert_eq!(all(t, emails(t)), ["a.b+c@corp.org"]);
        assert!(is_nobody("me@example.com") && is_nobody("git@forge.io") && !is_nobody("me@corp.org"));
    }
}
