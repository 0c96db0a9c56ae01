//! The record as a whole.

use super::{Level, Record, say};
use crate::cve::check::{At, Node, Sink, quoted};

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    identity(r, sink);
    if has_repeated_keys(r.root) {
        repeated_keys(r.root, &At::ROOT, sink, 0);
    }
    dates(r, sink);
    let leftovers: Vec<&str> = ["x_legacyV4Record", "x_ValidationErrors", "x_ConverterErrors"]
        .into_iter()
        .filter(|k| r.cna.get(k).is_some())
        .collect();
    if let Some(first) = leftovers.first() {
        let message = format!("`{}` came with a conversion and says nothing new", leftovers.join("`, `"));
        say(sink, "lint.legacy", &cna.key(first), message);
    }
    let owner = r.root.walk(&["cveMetadata", "assignerOrgId"]).and_then(Node::text);
    let author = r.cna.walk(&["providerMetadata", "orgId"]).and_then(Node::text);
    if let (Some(owner), Some(author)) = (owner, author)
        && !owner.eq_ignore_ascii_case(author)
    {
        let provider = cna.key("providerMetadata");
        let message = format!("is {}, but the ID was assigned by {}", quoted(author), quoted(owner));
        say(sink, "lint.organisation", &provider.key("orgId"), message);
    }
    for (n, event) in r.cna.items("timeline") {
        if event.get("event").is_none() || event.get("eventDate").is_none() {
            say(sink, "lint.E019", &cna.key("timeline").index(n), "has no `event` and `eventDate`");
        }
    }
}

/// cvelint E015.
fn identity(r: &Record<'_, '_>, sink: &mut Sink<'_, '_>) {
    let metadata = At::ROOT.key("cveMetadata");
    match r.id {
        Some(id) if id.starts_with("CVE-") => {}
        Some(id) => {
            say(
                sink,
                "lint.E015",
                &metadata.key("cveId"),
                format!("{} does not begin with CVE-", quoted(id)),
            );
        }
        None => say(sink, "lint.E015", &metadata.key("cveId"), "there is no CVE ID"),
    }
    match r.state {
        Some("PUBLISHED" | "REJECTED") => {}
        Some(s) => {
            let message = format!("{} is no state of a record: PUBLISHED or REJECTED", quoted(s));
            say(sink, "lint.E015", &metadata.key("state"), message);
        }
        None => say(sink, "lint.E015", &metadata.key("state"), "there is no state"),
    }
}

/// Most records have none: no path need be known to see that.
fn has_repeated_keys(node: &Node<'_>) -> bool {
    match node {
        Node::Object(o) => !o.twice().is_empty() || o.iter().any(|(_, v)| has_repeated_keys(v)),
        Node::List(items) => items.iter().any(has_repeated_keys),
        _ => false,
    }
}

/// The depth is bounded by the reader of the JSON.
fn repeated_keys(node: &Node<'_>, at: &At<'_>, sink: &mut Sink<'_, '_>, depth: usize) {
    if depth > 200 {
        return;
    }
    match node {
        Node::Object(o) => {
            for key in o.twice() {
                let message = format!("{} stands twice in this object", quoted(key));
                say(sink, "lint.duplicate-key", &at.key(key), message);
            }
            for (key, child) in o.iter() {
                repeated_keys(child, &at.key(key), sink, depth + 1);
            }
        }
        Node::List(items) => {
            for (n, item) in items.iter().enumerate() {
                repeated_keys(item, &at.index(n), sink, depth + 1);
            }
        }
        _ => {}
    }
}

/// Days are compared: the clocks of the two entries may differ by hours.
fn dates(r: &Record<'_, '_>, sink: &mut Sink<'_, '_>) {
    let day = |key: &str| {
        let text = r.root.walk(&["cveMetadata", key])?.text()?;
        crate::cve::schema::is_timestamp(text).then(|| text.get(..10)).flatten()
    };
    if let (Some(reserved), Some(published)) = (day("dateReserved"), day("datePublished"))
        && published < reserved
    {
        let at = At::ROOT.key("cveMetadata");
        let message = format!("says {published}, before the ID was reserved on {reserved}");
        sink.say("lint.dates", Level::Warning, &at.key("datePublished"), message);
    }
}
