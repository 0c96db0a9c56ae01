//! Are versions versions? (cvelint E007, E011)

use super::{Level, purl, say};
use crate::cve::check::{At, Node, Sink, quoted};

pub(super) fn check(entry: &Node<'_>, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = at.key("versions");
    let only = entry.items("versions").count() == 1;
    for (n, v) in entry.items("versions") {
        let at = list.index(n);
        let kind = v.get("versionType").and_then(Node::text).unwrap_or_default();
        for key in ["version", "lessThan", "lessThanOrEqual"] {
            if let Some(text) = v.get(key).and_then(Node::text) {
                value(text, key, kind, &at.key(key), sink);
            }
        }
        let changes = at.key("changes");
        for (m, c) in v.items("changes") {
            if let Some(text) = c.get("at").and_then(Node::text) {
                value(text, "at", kind, &changes.index(m).key("at"), sink);
            }
        }
        version_type(kind, &at.key("versionType"), sink);
        let affected = v.get("status").and_then(Node::text) == Some("affected");
        let single = v.get("lessThan").is_none() && v.get("lessThanOrEqual").is_none();
        if affected && single && only && v.get("version").and_then(Node::text) == Some("0") {
            let message = "only version 0 is affected: give an end with `lessThan`, `*` if there is none yet";
            sink.say("lint.version-zero", Level::Warning, &at, message);
        }
    }
}

fn version_type(kind: &str, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    if kind == "custom" {
        let message = "`custom` says nothing about order: use semver, python, maven, rpm, git or the like";
        say(sink, "lint.E011", at, message);
    } else if kind.starts_with(|c: char| c.is_ascii_digit()) || kind.contains(char::is_whitespace) {
        let message = format!("{} is no type of versions", quoted(kind));
        sink.say("lint.version-type", Level::Warning, at, message);
    }
}

fn value(text: &str, key: &str, kind: &str, at: &At<'_>, sink: &mut Sink<'_, '_>) {
    if text.is_empty() {
        return;
    }
    if text == "*" {
        match key {
            "lessThan" => {}
            // Read as it is meant, and written so by the CNA with the most records.
            "lessThanOrEqual" => {
                let message = "`*` stands in `lessThan`, for a range without an end";
                sink.say("lint.E007", Level::Note, at, message);
            }
            _ => say(sink, "lint.E007", at, "`*` stands in `lessThan` only, for a range without an end"),
        }
        return;
    }
    if text.starts_with("pkg:") {
        if let Err(why) = purl::parse(text) {
            say(sink, "lint.E007", at, format!("{} {why}", quoted(text)));
        }
        return;
    }
    let typed = of_type(text, kind);
    match (is_plain(text), typed) {
        (true, None | Some(true)) => {}
        (true, Some(false)) if text == "0" && key == "version" => {
            let message = format!(
                "`0` is no {kind} version; the record format uses it for a range without a beginning"
            );
            sink.say("lint.E007", Level::Note, at, message);
        }
        // The record format: an end may close with an asterisk, for a whole branch.
        (true, Some(false)) if key.starts_with("lessThan") && is_branch(text) => {
            let message =
                format!("{} is a branch, which readers of {kind} versions may not know", quoted(text));
            sink.say("lint.E007", Level::Note, at, message);
        }
        (true, Some(false)) => {
            let message = format!("{} is no {kind} version{}", quoted(text), wanted(kind));
            sink.say("lint.E007", Level::Warning, at, message);
        }
        (false, Some(true)) => {
            let message = format!("{} is a {kind} version that some readers stumble over", quoted(text));
            sink.say("lint.E007", Level::Note, at, message);
        }
        // `15.3(3)S`: a vendor's own, which nobody else reads.
        (false, None) if is_odd(text) => {
            let message = format!("{} has characters that readers of versions do not expect", quoted(text));
            sink.say("lint.E007", Level::Warning, at, message);
        }
        (false, _) => say(sink, "lint.E007", at, format!("{} is no version{}", quoted(text), hint(text))),
    }
}

/// Alphanumeric first, then also `-`, `*`, `_`, `:`, `.` (cvelint's alphabet).
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-*_:.".contains(&b))
}

/// `2.4.*`, `5.*`.
fn is_branch(text: &str) -> bool {
    text.strip_suffix(".*").is_some_and(|head| {
        !head.is_empty() && head.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// A number with at least one dot, and marks that a vendor's own versions have besides.
fn is_odd(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or(text);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0
        && number.as_bytes().get(digits) == Some(&b'.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.()+~^".contains(&b))
}

/// Is it a version of its type? `None` when nothing is known of the type.
fn of_type(text: &str, kind: &str) -> Option<bool> {
    let all = |extra: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b));
    Some(match kind {
        "semver" => semver::Version::parse(text).is_ok(),
        "git" => {
            matches!(text.len(), 40 | 64)
                && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        }
        "rpm" => all(b"._~^-:+"),
        "maven" => all(b"._-"),
        // Longer than any version, and the parser is not ours.
        "python" => text.len() <= 128 && text.parse::<pep440_rs::Version>().is_ok(),
        _ => return None,
    })
}

fn wanted(kind: &str) -> &'static str {
    match kind {
        "semver" => ": those have three numbers, as in 1.2.3",
        "git" => ": those are full hashes",
        _ => "",
    }
}

/// What was meant, when it can be told.
fn hint(text: &str) -> &'static str {
    let low = text.to_lowercase();
    let versions =
        text.split([',', ';', ' ']).filter(|w| w.starts_with(|c: char| c.is_ascii_digit())).count();
    let range = [
        "<", ">", " to ", "up to", "before", "prior", "earlier", "through", "later", "below", "until", " - ",
    ];
    if range.iter().any(|w| low.contains(w)) {
        ": a range belongs in `lessThan` or `lessThanOrEqual`"
    } else if text.contains(',') || (versions > 1 && low.contains(" and ")) {
        ": each version needs an entry of its own"
    } else if versions > 0 && text.contains(' ') {
        ": leave out the name of the product"
    } else if text.ends_with('*') {
        ": for a range without an end write `*` alone"
    } else if versions == 0 {
        ": a name or a word is none"
    } else {
        ""
    }
}
