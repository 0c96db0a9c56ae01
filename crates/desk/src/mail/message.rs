//! One message, decoded.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An address as it stood in a header.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// Display name, decoded; empty when there was none.
    pub name: String,
    /// `local@domain`, lower-cased domain; empty when the header held no address.
    pub email: String,
}

impl Address {
    /// An address with a display name.
    #[must_use]
    pub fn new(name: &str, email: &str) -> Self {
        Self { name: name.into(), email: email.into() }
    }

    /// The part before `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(l, _)| l)
    }

    /// The part after `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, d)| d)
    }

    /// Same mailbox: addresses compare without regard to case.
    #[must_use]
    pub fn is(&self, email: &str) -> bool {
        !self.email.is_empty() && self.email.eq_ignore_ascii_case(email)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.email.as_str()) {
            ("", e) => f.write_str(e),
            (n, "") => f.write_str(n),
            (n, e) => write!(f, "{n} <{e}>"),
        }
    }
}

/// SHA-256 of a message's bytes as hex, with line ends folded to LF so that one mail fetched two ways is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentDigest(pub String);

/// What identifies a message: its Message-ID **and** its content (DESIGN §5). Two messages with one Message-ID
/// and different content are a clash that is shown, never hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// Message-ID without angle brackets; empty when the message has none.
    pub id: String,
    /// Digest of the content.
    pub digest: ContentDigest,
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.digest.0.get(..12).unwrap_or(&self.digest.0);
        if self.id.is_empty() { write!(f, "sha256:{short}") } else { write!(f, "<{}>", self.id) }
    }
}

/// A MIME part that is not the readable body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// File name, decoded, control characters removed; empty when none was given. Never used as a path.
    pub name: String,
    /// `type/subtype`, lower case.
    pub content_type: String,
    /// Decoded size in bytes.
    pub size: usize,
    /// Decoded text when the part is text of at most 64 KiB, else empty.
    pub text: String,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreadable {
    /// PGP/MIME or inline PGP encrypted.
    PgpEncrypted,
    /// S/MIME enveloped.
    SmimeEncrypted,
    /// No text in any part.
    NoText,
    /// Larger than the limit; only the head was read.
    TooLarge,
    /// More parts or deeper nesting than the limit.
    TooManyParts,
}

/// Something odd about a message that a person may want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailProblem {
    /// No Message-ID.
    NoMessageId,
    /// No From, or a From without an address.
    NoFrom,
    /// No Date, or one that cannot be read.
    NoDate,
    /// A Date before 1990 or after the message was received.
    AbsurdDate,
    /// Bytes that fit no charset the message claims.
    BadCharset,
    /// NUL or other control characters.
    ControlCharacters,
    /// Bidirectional or zero-width characters.
    InvisibleCharacters,
    /// A header holds a line break or another header.
    HeaderInjection,
    /// The MIME structure ends before it closes.
    Truncated,
    /// A header that must be single stands twice.
    DuplicateHeader,
}

/// One message, decoded. Built by [`crate::mail::parse`]; every string is valid UTF-8 but otherwise untrusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Identity.
    pub key: MessageKey,
    /// First `In-Reply-To` ids, without brackets.
    pub in_reply_to: Vec<String>,
    /// `References`, oldest first, without brackets.
    pub references: Vec<String>,
    /// Author as a reader would see it: `From`, or the original author where a list rewrote From (`X-Original-From`,
    /// `Reply-To` behind "Name via List").
    pub from: Address,
    /// `From` exactly as it stood, when a list rewrote it.
    pub rewritten_from: Option<Address>,
    /// `Reply-To`.
    pub reply_to: Vec<Address>,
    /// `To`.
    pub to: Vec<Address>,
    /// `Cc`.
    pub cc: Vec<Address>,
    /// Subject, decoded, on one line.
    pub subject: String,
    /// `Date`.
    pub date: Option<Timestamp>,
    /// Earliest `Received` of the message's own hops.
    pub received: Option<Timestamp>,
    /// `List-Id` without brackets, lower case; empty when not a list mail.
    pub list_id: String,
    /// `Auto-Submitted` other than `no`, `Precedence: bulk|junk|auto_reply`, bounces and list-administration mail.
    pub automatic: bool,
    /// The readable text: text/plain, else HTML turned to text. LF line ends.
    pub text: String,
    /// Text a mail reader would not show: HTML hidden by style or comment. Joined by LF.
    pub hidden_text: String,
    /// Was the text made from HTML?
    pub from_html: bool,
    /// The other parts.
    pub attachments: Vec<Attachment>,
    /// Why the body cannot be read, if so.
    pub unreadable: Option<Unreadable>,
    /// Oddities.
    pub problems: Vec<MailProblem>,
    /// Size of the raw message in bytes.
    pub size: usize,
    /// Selected raw headers, decoded: every header not listed above, in order, name as written.
    pub headers: Vec<(String, String)>,
}

impl Message {
    /// When the message reached us: earliest trusted `Received`, else `Date` (DESIGN §5, Time).
    #[must_use]
    pub fn arrived(&self) -> Option<Timestamp> {
        self.received.or(self.date)
    }

    /// Does the message answer another one?
    #[must_use]
    pub fn is_reply(&self) -> bool {
        !self.in_reply_to.is_empty() || !self.references.is_empty()
    }

    /// First raw header of that name, without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Messages that answer one another, root first, then by arrival. Grouped by headers only, never by subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Message-ID of the root (of the missing root when it was never seen), without brackets; the digest of a
    /// message without Message-ID, as `sha256:…`.
    pub id: String,
    /// The messages, root first.
    pub messages: Vec<Message>,
}

impl Thread {
    /// The first message. A thread is never empty.
    #[must_use]
    pub fn root(&self) -> Option<&Message> {
        self.messages.first()
    }
}
