//! `cve check`: JSON in, findings out. [`super::schema`] says what the record format refuses, [`super::lint`] what it
//! allows and should not be published; this module reads the JSON and gives each finding its place.

mod at;
mod field;
mod finding;
mod locate;
mod node;

pub(crate) use self::field::reference_field;
pub use self::{
    at::{At, Step},
    field::field_of,
    finding::{Finding, Level, Sink},
    locate::{Place, locate},
    node::{Node, Num, Object},
};
use super::{lint, schema};

/// What a text holds besides records.
pub const RULES: &[(&str, &str)] = &[
    ("schema.json", "The text is no JSON, or nests deeper than 128 levels"),
    (
        "lint.duplicate-key",
        "A key stands twice in one object; readers keep one of the two, and not all the same",
    ),
];

/// Every rule with its meaning: of the text, of the record format, of the lint.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.iter().chain(schema::RULES).chain(lint::RULES).copied()
}

/// The usual level of a rule; a few findings weigh less than their rule.
#[must_use]
pub fn default_level(rule: &str) -> Level {
    if rule.starts_with("schema") { Level::Error } else { lint::level(rule) }
}

/// One record of a text, checked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// Its CVE ID as written; null when there is none.
    pub cve: Option<String>,
    /// Its number in the list, from 0, when the text is a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<usize>,
    /// What stands before every path of this record, seen from the root of the text; `$` for the text itself.
    #[serde(skip)]
    pub base: String,
    /// What was found, errors of the format first.
    pub findings: Vec<Finding>,
}

/// What a text turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Records, or what was given for one.
    Records(Vec<Checked>),
    /// JSON of another kind: it has none of the keys of a record. The findings say what a record would need.
    Other(Vec<Checked>),
}

impl Content {
    /// The records, whatever they are.
    #[must_use]
    pub fn into_records(self) -> Vec<Checked> {
        match self {
            Content::Records(r) | Content::Other(r) => r,
        }
    }
}

/// Check a text: one record, a list of records, or the envelopes in which record tools keep them (`body`).
#[must_use]
pub fn check_text(text: &[u8], options: &lint::Options) -> Content {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let root = match Node::parse(text) {
        Ok(root) => root,
        Err(e) => {
            let message = format!("this is not JSON: {e}");
            let mut f = Finding::new("schema.json", Level::Error, "$".into(), "", message);
            f.place = Some(Place { line: e.line().max(1), column: e.column().max(1) });
            return Content::Records(vec![Checked {
                cve: None,
                record: None,
                base: "$".into(),
                findings: vec![f],
            }]);
        }
    };
    let other = match &root {
        Node::List(items) => !items.iter().any(|i| looks_like_a_record(unwrap(i).0)),
        _ => !looks_like_a_record(unwrap(&root).0),
    };
    let records = match &root {
        Node::List(items) => items
            .iter()
            .enumerate()
            .map(|(n, item)| {
                let (node, inside) = unwrap(item);
                let mut c = check_node(node, options);
                c.record = Some(n);
                c.base = format!("$[{n}]{inside}");
                c
            })
            .collect(),
        _ => {
            let (node, inside) = unwrap(&root);
            let mut c = check_node(node, options);
            c.base = format!("${inside}");
            vec![c]
        }
    };
    if other { Content::Other(records) } else { Content::Records(records) }
}

/// Check a record that is a value already.
#[must_use]
pub fn check_value(record: &serde_json::Value, options: &lint::Options) -> Checked {
    check_node(&Node::from(record), options)
}

/// Check a record.
#[must_use]
pub fn check_node(record: &Node<'_>, options: &lint::Options) -> Checked {
    let mut sink = Sink::new(record);
    schema::check(record, &mut sink);
    lint::check(record, &mut sink);
    let mut findings = sink.into_findings();
    findings.retain(|f| options.keeps(f));
    let cve = record.walk(&["cveMetadata", "cveId"]).and_then(Node::text).map(str::to_owned);
    Checked { cve, record: None, base: "$".into(), findings }
}

/// Words of a record inside a message: at most 60 characters, on one line, what is invisible made visible.
#[must_use]
pub(crate) fn quoted(text: &str) -> String {
    if text.is_empty() { "empty".to_owned() } else { format!("`{}`", crate::mail::one_line(text, 60)) }
}

/// Has this any of the keys by which a record is known?
fn looks_like_a_record(node: &Node<'_>) -> bool {
    node.object().is_some_and(|o| {
        ["dataType", "dataVersion", "cveMetadata", "containers", "CNA_private"].iter().any(|k| o.has(k))
    })
}

/// The record inside the envelope of a record tool, and the path to it.
fn unwrap<'n, 'a>(node: &'n Node<'a>) -> (&'n Node<'a>, &'static str) {
    match node.get("body") {
        Some(body @ Node::Object(_)) if !looks_like_a_record(node) => (body, ".body"),
        _ => (node, ""),
    }
}

#[cfg(test)]
mod tests;
