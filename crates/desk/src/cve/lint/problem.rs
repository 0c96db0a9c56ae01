//! The weakness.

use super::{Record, say};
use crate::cve::check::{At, Node, Sink, quoted};

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("problemTypes");
    let mut identified = false;
    let mut unlinked = None;
    for (n, problem) in r.cna.items("problemTypes") {
        let item = list.index(n);
        let descriptions = item.key("descriptions");
        for (m, d) in problem.items("descriptions") {
            let one = descriptions.index(m);
            let id = d.get("cweId").and_then(Node::text);
            let text = d.get("description").and_then(Node::text).unwrap_or_default();
            identified |= id.is_some();
            match (id, cwe_in(text)) {
                (Some(id), Some(said)) if !id.eq_ignore_ascii_case(&said) => {
                    let message = format!("says {said}, but `cweId` is {}", quoted(id));
                    say(sink, "lint.cwe-text", &one.key("description"), message);
                }
                (None, Some(said)) => unlinked = unlinked.or(Some((n, m, said))),
                _ => {}
            }
        }
    }
    if identified {
        return;
    }
    match unlinked {
        Some((n, m, said)) => {
            let (a, b) = (list.index(n), "descriptions");
            let message =
                format!("the text says {said}, but there is no `cweId`: no reader of JSON will see it");
            say(sink, "lint.no-cwe", &a.key(b).index(m), message);
        }
        None => say(sink, "lint.no-cwe", &list, "no weakness has a CWE ID"),
    }
}

/// The first CWE ID of a text.
fn cwe_in(text: &str) -> Option<String> {
    let low = text.to_ascii_lowercase();
    low.match_indices("cwe-").find_map(|(n, _)| {
        let digits: String = low.get(n + 4..)?.chars().take_while(char::is_ascii_digit).collect();
        let number = digits.trim_start_matches('0');
        (!number.is_empty()).then(|| format!("CWE-{number}"))
    })
}
