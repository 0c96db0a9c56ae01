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
    pub(super) etag: String,
    pub(super) link: String,
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

    /// What names this state of what was asked about, for asking whether it changed; empty when there is nothing.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// A parameter of the address of the next page, decoded; none when this page is the last.
    #[must_use]
    pub fn next_page(&self, parameter: &str) -> Option<String> {
        let next = self.link.split(',').find(|l| l.contains("rel=\"next\""))?;
        let url = next.split_once('<')?.1.split_once('>')?.0;
        let query = url.split_once('?')?.1.split('#').next()?;
        let value = query.split('&').find_map(|p| p.strip_prefix(parameter)?.strip_prefix('='))?;
        decoded(value)
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

/// What was written with percent signs; none when that is no text.
fn decoded(value: &str) -> Option<String> {
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'%' => {
                let (high, low) =
                    (char::from(bytes.next()?).to_digit(16)?, char::from(bytes.next()?).to_digit(16)?);
                u8::try_from(high * 16 + low).ok()?
            }
            b => b,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_named_by_its_parameter_alone() {
        let next = |link: &str| {
            let reply = Reply {
                what: String::new(),
                changes: false,
                status: 200,
                content_type: String::new(),
                etag: String::new(),
                link: link.into(),
                body: Vec::new(),
                secrets: Vec::new(),
            };
            reply.next_page("after")
        };
        let of = |q: &str| {
            format!(
                "<https://api.example/x?{q}>; rel=\"next\", <https://api.example/x?after=a>; rel=\"first\""
            )
        };
        assert_eq!(next(&of("per_page=2&after=Y3Vyc29yOnYyOpK5%3D%3D")), Some("Y3Vyc29yOnYyOpK5==".into()));
        assert_eq!(next(&of("after=%zz")), None);
        assert_eq!(next(&of("before=a")), None);
        assert_eq!(next("<https://api.example/x?after=a>; rel=\"prev\""), None);
        assert_eq!(next(""), None);
    }
}
