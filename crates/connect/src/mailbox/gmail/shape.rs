//! What the service answers, as far as it is used. Each shape needs a field that the service always sends, so that
//! somebody else's JSON is never an empty list.

use serde::{Deserialize, Deserializer};

/// An id or a count that some write as text and some as a number.
fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    Ok(match Either::deserialize(d)? {
        Either::Text(t) => t,
        Either::Number(n) => n.to_string(),
    })
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
pub(super) struct Token {
    pub access_token: String,
    #[serde(default)]
    pub expires_in: u64,
    #[serde(default)]
    pub scope: String,
}

/// Whose mailbox it is, and where its history stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    pub email_address: String,
    #[serde(deserialize_with = "text")]
    pub history_id: String,
}

/// A message as lists and events name it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stub {
    pub id: String,
    #[serde(default)]
    pub thread_id: String,
    pub label_ids: Option<Vec<String>>,
}

/// A page of messages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Messages {
    #[serde(default)]
    pub messages: Vec<Stub>,
    pub next_page_token: Option<String>,
    #[serde(rename = "resultSizeEstimate")]
    pub _estimate: u64,
}

/// A thread with what names its messages, oldest first.
#[derive(Deserialize)]
pub(super) struct Thread {
    pub id: String,
    pub messages: Vec<Stub>,
}

/// A page of drafts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Drafts {
    #[serde(default)]
    pub drafts: Vec<DraftStub>,
    pub next_page_token: Option<String>,
    #[serde(rename = "resultSizeEstimate")]
    pub _estimate: u64,
}

/// A draft as lists name it, and as it is answered when it was made.
#[derive(Deserialize)]
pub(super) struct DraftStub {
    pub id: String,
    pub message: Stub,
}

/// A draft with its header.
#[derive(Deserialize)]
pub(super) struct Draft {
    pub id: String,
    pub message: Message,
}

/// A message with its header, or with its bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub id: String,
    #[serde(default)]
    pub thread_id: String,
    /// Absent when it has none, as archived mail.
    #[serde(default)]
    pub label_ids: Vec<String>,
    #[serde(default)]
    pub raw: String,
    #[serde(default)]
    pub payload: Payload,
}

/// What holds the header.
#[derive(Default, Deserialize)]
pub(super) struct Payload {
    #[serde(default)]
    pub headers: Vec<Field>,
}

/// A field of the header.
#[derive(Deserialize)]
pub(super) struct Field {
    pub name: String,
    pub value: String,
}

/// The labels.
#[derive(Deserialize)]
pub(super) struct Labels {
    pub labels: Vec<LabelRow>,
}

/// A label.
#[derive(Deserialize)]
pub(super) struct LabelRow {
    pub id: String,
    pub name: String,
}

/// What happened since.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Histories {
    #[serde(default)]
    pub history: Vec<Record>,
    pub next_page_token: Option<String>,
    #[serde(deserialize_with = "text")]
    pub history_id: String,
}

/// One thing that happened.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(deserialize_with = "text")]
    pub id: String,
    #[serde(default)]
    pub messages_added: Vec<Event>,
    #[serde(default)]
    pub labels_added: Vec<Event>,
    #[serde(default)]
    pub labels_removed: Vec<Event>,
}

/// To which message, and with which labels.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub message: Stub,
    pub label_ids: Option<Vec<String>>,
}

/// The header as bytes. A value that would break out of its line does not.
pub(super) fn header(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for f in fields {
        let named = !f.name.is_empty() && f.name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        if named {
            out.extend_from_slice(f.name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend(f.value.bytes().map(|b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { b }));
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}
