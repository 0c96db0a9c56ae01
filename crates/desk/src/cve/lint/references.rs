//! References: where the public reads more, and where a scanner finds the fix.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{Level, Record, say};
use crate::cve::check::{At, Node, Sink, quoted, reference_field};

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("references");
    let mut seen = BTreeSet::new();
    for (n, reference) in r.cna.items("references") {
        let Some(url) = reference.get("url").and_then(Node::text) else { continue };
        let item = list.index(n);
        let at = item.key("url");
        let scheme = url.split_once("://").map(|(s, _)| s.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https" | "ftp" | "ftps")) {
            say(sink, "lint.E001", &at, format!("{} is no http, https, ftp or ftps address", quoted(url)));
        } else {
            address(url, &at, sink);
        }
        if !seen.insert(url) {
            say(sink, "lint.E002", &at, format!("{} stands above already", quoted(url)));
        }
        if let Some(why) = private(url) {
            let field = reference_field(reference);
            let message = format!("{} {why}", quoted(url));
            sink.say_for("lint.reference-private", Level::Error, &at, field, message);
        }
    }
    // Only a published record needs references.
    if r.state != Some("PUBLISHED") {
        return;
    }
    itself(r, &list, sink);
    tags(r, &list, sink);
}

/// cvelint E010 and E017.
fn itself(r: &Record<'_, '_>, list: &At<'_>, sink: &mut Sink<'_, '_>) {
    let mut others = 0;
    let mut any = false;
    for (n, reference) in r.cna.items("references") {
        any = true;
        let url = reference.get("url").and_then(Node::text).unwrap_or_default();
        if r.id.is_some_and(|id| is_record_page(url, id)) {
            let at = list.index(n);
            say(sink, "lint.E010", &at.key("url"), "points at this record itself");
        } else {
            others += 1;
        }
    }
    if !any {
        let message = "a published record needs a public reference: the advisory, or the fix";
        sink.say_for("lint.E017", Level::Error, list, "public_advisory_url", message);
    }
    if others == 0 {
        let message = "no reference leads to anything but this record";
        sink.say_for("lint.E010", Level::Error, list, "public_advisory_url", message);
    }
}

/// The page of a record on the list of the programme.
fn is_record_page(url: &str, id: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    rest.strip_prefix("cve.org/CVERecord?id=")
        .is_some_and(|i| i.trim_end_matches('/').eq_ignore_ascii_case(id))
}

fn tags(r: &Record<'_, '_>, list: &At<'_>, sink: &mut Sink<'_, '_>) {
    // A service that only its owner runs is mended there, and what nobody supports is not mended at all.
    let no_fix = r.tagged("exclusively-hosted-service") || r.tagged("unsupported-when-assigned");
    let tagged = |tag: &str| {
        r.cna.items("references").any(|(_, x)| x.items("tags").any(|(_, t)| t.text() == Some(tag)))
    };
    if !no_fix && !tagged("patch") {
        let fix = r
            .cna
            .items("references")
            .find(|(_, x)| x.get("url").and_then(Node::text).is_some_and(looks_like_a_change));
        match fix {
            Some((n, x)) => {
                let url = quoted(x.get("url").and_then(Node::text).unwrap_or_default());
                let message = format!("{url} looks like the fix, but is not tagged `patch`");
                sink.say_for("lint.no-patch", Level::Warning, &list.index(n), "pr_with_fix", message);
            }
            None => {
                let message = "no reference is tagged `patch`: nobody can tell which change is the fix";
                sink.say_for("lint.no-patch", Level::Warning, list, "pr_with_fix", message);
            }
        }
    }
    if !tagged("vendor-advisory") {
        let message = "no reference is tagged `vendor-advisory`: the project's own announcement is missing";
        sink.say_for("lint.no-vendor-advisory", Level::Warning, list, "public_advisory_url", message);
    }
}

/// Is the address that of a commit, a pull request or a merge request, on any forge?
fn looks_like_a_change(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let mut parts = path.split('/').skip(3);
    let number = |s: Option<&str>| s.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let hash = |s: Option<&str>| {
        s.map(|h| h.trim_end_matches(".patch").trim_end_matches(".diff"))
            .is_some_and(|h| h.len() >= 7 && h.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    while let Some(p) = parts.next() {
        let mut rest = parts.clone();
        let hit = match p {
            "pull" | "pulls" | "merge_requests" | "pull-requests" => number(rest.next()),
            "commit" | "commits" => hash(rest.next()),
            _ => false,
        };
        if hit {
            return true;
        }
    }
    false
}

/// Why the public cannot open an address, or should not see it.
fn private(url: &str) -> Option<&'static str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
    if user.is_some_and(|u| u.contains(':')) {
        return Some("carries a user name and a password");
    }
    let bare = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    let internal =
        |suffix: &str| name == suffix || name.strip_suffix(suffix).is_some_and(|n| n.ends_with('.'));
    if ["localhost", "local", "internal", "intranet", "lan", "corp", "localdomain"].into_iter().any(internal)
    {
        return Some("is on a private network");
    }
    let four = name
        .parse::<Ipv4Addr>()
        .is_ok_and(|a| a.is_private() || a.is_loopback() || a.is_link_local() || a.is_unspecified());
    let six = name.parse::<Ipv6Addr>().is_ok_and(|a| {
        a.is_loopback() || a.is_unspecified() || a.is_unique_local() || a.is_unicast_link_local()
    });
    (four || six).then_some("is on a private network")
}

/// The form that the record service asks of every address (RFC 3986), beyond what the schema's readers check.
pub(super) fn address(url: &str, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    if let Some(why) = not_a_uri(url) {
        say(sink, "lint.uri", at, format!("{} {why}", quoted(url)));
    }
}

fn not_a_uri(url: &str) -> Option<String> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Some("has no scheme such as https:".into());
    };
    let mut letters = scheme.bytes();
    if !(letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)))
    {
        return Some("has no scheme such as https:".into());
    }
    if rest.is_empty() || rest == "//" {
        return Some("leads nowhere".into());
    }
    let bytes = rest.as_bytes();
    for (n, c) in rest.char_indices() {
        let good = match c {
            '%' => bytes
                .get(n + 1)
                .zip(bytes.get(n + 2))
                .is_some_and(|(a, b)| a.is_ascii_hexdigit() && b.is_ascii_hexdigit()),
            _ => c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=".contains(c),
        };
        if !good {
            let what = match c {
                ' ' => "a space".to_owned(),
                '%' => "a `%` without two hexadecimal digits".to_owned(),
                c if c.is_ascii_graphic() => format!("`{c}`"),
                c => format!("U+{:04X}", u32::from(c)),
            };
            return Some(format!("holds {what}, which no address may"));
        }
    }
    // A fragment ends the address.
    (rest.matches('#').count() > 1).then(|| "holds two `#`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_known_on_any_forge() {
        for url in [
            "https://github.com/o/r/pull/12",
            "https://github.com/o/r/commit/0a1b2c3d4e",
            "https://gitlab.example/g/s/r/-/merge_requests/3/diffs",
            "https://gitlab.example/g/r/-/commit/0a1b2c3d4e5f.patch",
            "https://bitbucket.example/projects/x/repos/y/commits/0a1b2c3d4e5f",
        ] {
            assert!(looks_like_a_change(url), "{url}");
        }
        for url in [
            "https://lists.example/thread/abcdef1",
            "https://github.com/o/r/issues/12",
            "https://github.com/pull/commit",
            "https://evil.example/?x=/pull/1",
            "https://github.com/o/r/commits/main",
        ] {
            assert!(!looks_like_a_change(url), "{url}");
        }
    }

    #[test]
    fn private_places_are_known() {
        for url in [
            "http://localhost:8080/x",
            "https://jira.corp/x",
            "https://a.b.internal./",
            "http://10.1.2.3/",
            "http://[::1]/",
            "https://me:secret@host.example/",
        ] {
            assert!(private(url).is_some(), "{url}");
        }
        for url in [
            "https://corp.example/",
            "http://8.8.8.8/",
            "https://localhost.example/",
            "https://me@host.example/",
        ] {
            assert!(private(url).is_none(), "{url}");
        }
    }

    #[test]
    fn uris() {
        for url in ["https://a.example/b_(c)?d=e%20f#g", "pkg:npm/a", "mailto:a@b.example"] {
            assert_eq!(not_a_uri(url), None, "{url}");
        }
        for url in [
            "a.example",
            "https://",
            "https://a.example/b c",
            "https://a.example/%zz",
            "https://ü.example/",
            "https://a.example/<x>",
            "1https://a",
            "https://a#b#c",
        ] {
            assert!(not_a_uri(url).is_some(), "{url}");
        }
    }
}
