//! An answer, whole.

use serde_json::Value;

use super::{Fault, Secret};

/// Characters of an answer that are shown when it makes no sense.
const EXCERPT: usize = 160;

/// An answer: its status, the headers that matter, and its whole body.
#[derive(Clone)]
pub struct Reply {
    pub(super) what: String,
    pub(super) changes: bool,
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Vec<Secret>,
}

impl Reply {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Is the status 2xx?
    #[must_use]
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Method, host and path of the request it answers.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Was the request one that changes things?
    #[must_use]
    pub fn changes(&self) -> bool {
        self.changes
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as it came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else: a page of HTML with status 200 is no answer.
    pub fn json(&self) -> Result<Value, Fault> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let kind = if self.is_html() { "a page of HTML" } else { "no JSON" };
            Fault::unexpected(self, format!("status {} with {kind} where JSON belongs", self.status))
        })
    }

    /// Is the body a page, and no answer of a program?
    #[must_use]
    pub fn is_html(&self) -> bool {
        self.content_type.contains("html") || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// Is it declared to be plain text?
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.content_type.trim_start().to_ascii_lowercase().starts_with("text/plain")
    }

    /// Is it declared to be messages one after the other? Some say that it is plain text.
    #[must_use]
    pub fn is_mail(&self) -> bool {
        self.is_plain() || self.content_type.trim_start().to_ascii_lowercase().starts_with("application/mbox")
    }

    /// The beginning of the body on one line, without the secrets of the request.
    #[must_use]
    pub fn excerpt(&self) -> String {
        self.scrub(&self.text())
    }

    /// Any text from this answer on one line, cut, and without the secrets of the request.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for s in &self.secrets {
            text = s.scrub(&text);
        }
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut out: String = line.chars().filter(|c| !c.is_control()).take(EXCERPT).collect();
        if line.chars().count() > EXCERPT {
            out.push('…');
        }
        out
    }

    /// What an answer with an error status means, in words.
    #[must_use]
    pub fn refusal(&self) -> Fault {
        let why = format!("status {}: {}", self.status, self.excerpt());
        Fault::unexpected(self, why)
    }
}
