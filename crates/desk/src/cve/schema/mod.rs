//! What the CVE Record Format refuses (CVE page, *Schema limits*). The verdict is that of the official JSON schema
//! 5.1.1, as validators give it that do not check `format`; a record that says `dataVersion` 5.2 or later is held to
//! what 5.2 closed. A test compares both on thousands of records (`tests/schema_parity.rs`).
//!
//! [`record`] and [`cvss`] say what the format is, as tables; [`shape`] reads them.

mod cvss;
mod form;
mod record;
mod shape;

use super::check::{At, Level, Node, Sink};
pub(crate) use cvss::severity as severity_of_tenths;
pub use form::{is_timestamp, is_uuid4};

/// Rules of the record format.
pub const RULES: &[(&str, &str)] = &[
    ("schema.type", "A value is of the wrong kind: text where a list belongs, a number where text belongs"),
    ("schema.required", "A key that the record format demands is missing"),
    (
        "schema.additional",
        "A key that the record format does not know; only `x_…` keys are free, and only in containers",
    ),
    ("schema.pattern", "A text has not the form it must have: an id, a timestamp, a language code, a vector"),
    ("schema.length", "A text is empty, too short or too long"),
    ("schema.enum", "A word is none of those allowed here"),
    ("schema.items", "A list is empty, or too long"),
    ("schema.unique", "An entry stands twice in a list"),
    ("schema.range", "A number is out of its range"),
    ("schema.one-of", "The keys of an object do not go together"),
    ("schema.english", "No description is in English"),
    ("schema.severity", "A CVSS severity that is not the one of the score"),
    ("schema.properties", "An object has fewer keys than it needs"),
];

/// Hold a record to the record format.
pub fn check(record: &Node<'_>, sink: &mut Sink<'_, '_>) {
    let metadata = record.get("cveMetadata");
    let state = metadata.and_then(|m| m.get("state")).and_then(Node::text);
    let rejected = match state {
        Some("PUBLISHED") => false,
        Some("REJECTED") => true,
        // Neither: then it is refused either way, and what it holds says what it was meant to be.
        _ => record.walk(&["containers", "cna", "rejectedReasons"]).is_some(),
    };
    let mut context = shape::Context { sink, version: data_version(record) };
    let table = if rejected { &record::REJECTED } else { &record::PUBLISHED };
    shape::object(table, record, &At::ROOT, &mut context);
}

/// `dataVersion` as two numbers; 5.1 when it says nothing readable.
fn data_version(record: &Node<'_>) -> (u32, u32) {
    let read = || {
        let mut parts = record.get("dataVersion")?.text()?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    read().unwrap_or((5, 1))
}

/// Say that the format refuses something.
fn refuse(sink: &mut Sink<'_, '_>, rule: &'static str, at: &At<'_>, message: impl Into<String>) {
    sink.say(rule, Level::Error, at, message);
}

#[cfg(test)]
pub(crate) mod tests;
