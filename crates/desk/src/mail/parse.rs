//! Bytes to [`Message`]. Never fails and never panics: what is odd becomes a problem, what cannot be read is named.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{
    Address, ContentDigest, MailProblem, Message, MessageKey, Unreadable,
    author::{self, Origin},
    automatic, body, decode,
    headers::{self, Block},
    hygiene,
};

/// Largest message that is read whole, bytes.
pub const MAX_MESSAGE: usize = 24 * 1024 * 1024;
/// Bytes of the body that are read of a larger one.
const HEAD_OF_LARGE: usize = 1024 * 1024;
/// Clocks of honest senders differ by less.
const SKEW: SignedDuration = SignedDuration::from_mins(15);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// 1990-01-01T00:00:00Z.
const EARLIEST: i64 = 631_152_000;
/// Most ids kept of one `References`, the root and the newest.
const MAX_REFERENCES: usize = 200;
/// Limits on what is kept of the other headers.
const MAX_HEADERS: usize = 200;
const MAX_HEADER_VALUE: usize = 2048;

/// Decode a message. `observed_at` is when the desk first saw it: no date is believed to be later.
///
/// [`Message::arrived`] of the result is never later than `observed_at`. Where the headers give no time that could
/// be true (a Date in the future or before 1990, and no usable `Received`), `received` is `observed_at` itself.
#[must_use]
pub fn parse(raw: &[u8], observed_at: Timestamp) -> Message {
    let block = headers::block(raw, true);
    let mut m = from_headers(raw, &block, observed_at);
    let large = raw.len() > MAX_MESSAGE;
    let end = if large { raw.len().min(block.body + HEAD_OF_LARGE) } else { raw.len() };
    let body = body::read(raw.get(..end).unwrap_or(raw), &block, !large, 0);
    m.unreadable = if large { Some(Unreadable::TooLarge) } else { body.unreadable };
    if body.bad_charset {
        note(&mut m.problems, MailProblem::BadCharset);
    }
    if body.truncated {
        note(&mut m.problems, MailProblem::Truncated);
    }
    inspect(&mut m.problems, &body.text);
    m.text = body.text;
    m.hidden_text = body.hidden;
    m.from_html = body.from_html;
    m.attachments = body.attachments;
    for a in &m.attachments {
        inspect(&mut m.problems, &a.name);
    }
    m.problems.sort_unstable();
    m
}

/// Decode the headers only, for a quick listing: as [`parse`], with no text, no attachments and no judgement on
/// whether the body can be read.
#[must_use]
pub fn parse_headers(raw: &[u8], observed_at: Timestamp) -> Message {
    let mut m = from_headers(raw, &headers::block(raw, true), observed_at);
    m.problems.sort_unstable();
    m
}

/// SHA-256 of a message, whichever way it was fetched: line ends folded to LF, a mailbox's separator line before it
/// and its blank lines after it left out. Streams; nothing is copied.
#[must_use]
pub fn digest(raw: &[u8]) -> ContentDigest {
    let mut rest = raw;
    if rest.starts_with(b"From ") {
        let (_, next) = headers::line_at(rest, 0);
        rest = rest.get(next..).unwrap_or_default();
    }
    while let Some(&(b'\n' | b'\r')) = rest.last() {
        rest = rest.get(..rest.len() - 1).unwrap_or_default();
    }
    let mut hash = Sha256::new();
    let mut start = 0;
    for at in memchr::memchr_iter(b'\r', rest) {
        if rest.get(at + 1) == Some(&b'\n') {
            hash.update(rest.get(start..at).unwrap_or_default());
            start = at + 1;
        }
    }
    hash.update(rest.get(start..).unwrap_or_default());
    ContentDigest(hex(&hash.finalize()))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS.get(usize::from(n)).copied().unwrap_or(b'0'));
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

fn note(problems: &mut Vec<MailProblem>, p: MailProblem) {
    if !problems.contains(&p) {
        problems.push(p);
    }
}

fn inspect(problems: &mut Vec<MailProblem>, text: &str) {
    if hygiene::has_control(text) {
        note(problems, MailProblem::ControlCharacters);
    }
    if hygiene::has_invisible(text) {
        note(problems, MailProblem::InvisibleCharacters);
    }
}

/// A decoded header on one line; a line break in it is an injection.
fn one_line(value: String, problems: &mut Vec<MailProblem>) -> String {
    inspect(problems, &value);
    if !value.contains(['\r', '\n']) {
        return value;
    }
    note(problems, MailProblem::HeaderInjection);
    value.split(['\r', '\n']).map(str::trim).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

fn address_list(block: &Block<'_>, name: &str, problems: &mut Vec<MailProblem>) -> Vec<Address> {
    let mut out: Vec<Address> = Vec::new();
    for value in block.all(name) {
        check_bytes(value, problems);
        for mut a in decode::addresses(value) {
            a.name = one_line(a.name, problems);
            inspect(problems, &a.email);
            out.push(a);
        }
    }
    out
}

/// Raw bytes of a header that is shown: its charset, and a CR that no LF follows.
fn check_bytes(value: &[u8], problems: &mut Vec<MailProblem>) {
    if !value.is_ascii() && std::str::from_utf8(value).is_err() {
        note(problems, MailProblem::BadCharset);
    }
    if memchr::memchr_iter(b'\r', value).any(|i| value.get(i + 1) != Some(&b'\n') && i + 1 != value.len()) {
        note(problems, MailProblem::HeaderInjection);
    }
}

fn from_headers(raw: &[u8], block: &Block<'_>, observed_at: Timestamp) -> Message {
    let mut problems = Vec::new();
    let single = [
        "from",
        "date",
        "message-id",
        "subject",
        "reply-to",
        "to",
        "cc",
        "in-reply-to",
        "references",
        "content-type",
    ];
    if single.iter().any(|n| block.all(n).nth(1).is_some()) {
        problems.push(MailProblem::DuplicateHeader);
    }
    let ids = |name: &str| block.get(name).map(decode::ids).unwrap_or_default();
    let id = ids("message-id").into_iter().next().unwrap_or_default();
    if id.is_empty() {
        problems.push(MailProblem::NoMessageId);
    }
    let subject = block.get("subject").map(|v| {
        check_bytes(v, &mut problems);
        decode::unstructured(v)
    });
    let subject = one_line(subject.unwrap_or_default(), &mut problems).trim().to_owned();
    let to = address_list(block, "to", &mut problems);
    let cc = address_list(block, "cc", &mut problems);
    let reply_to = address_list(block, "reply-to", &mut problems);
    let list_id = block.get("list-id").map(list_id).unwrap_or_default();

    let mut authors = address_list(block, "from", &mut problems);
    let first = authors.iter().position(|a| !a.email.is_empty()).unwrap_or(0);
    let stood = if authors.is_empty() { Address::default() } else { authors.swap_remove(first) };
    if stood.email.is_empty() {
        problems.push(MailProblem::NoFrom);
    }
    let origin = Origin {
        reply_to: &reply_to,
        recipients: to.iter().chain(&cc).collect(),
        original: ["x-original-from", "original-from", "x-google-original-from", "x-original-sender"]
            .iter()
            .flat_map(|n| address_list(block, n, &mut problems))
            .collect(),
        list_id: &list_id,
        list_addresses: list_addresses(block),
    };
    let (from, rewritten_from) = match author::behind(&stood, &origin) {
        Some(author) => (author, Some(stood)),
        None => (stood, None),
    };

    let date = block.get("date").and_then(decode::date);
    if date.is_none() {
        problems.push(MailProblem::NoDate);
    }
    let received = arrival(block, date, observed_at, &mut problems);
    let sender = rewritten_from.as_ref().unwrap_or(&from);
    let content_type = block.get("content-type").map(|v| decode::parameterised(v).value).unwrap_or_default();
    let automatic = automatic::is_automatic(block, sender, &list_id, &content_type);
    let mut references = ids("references");
    if references.len() > MAX_REFERENCES {
        let newest = references.split_off(references.len() - (MAX_REFERENCES - 1));
        references.truncate(1);
        references.extend(newest);
    }
    let mut in_reply_to = ids("in-reply-to");
    in_reply_to.truncate(10);
    Message {
        key: MessageKey { id, digest: digest(raw) },
        in_reply_to,
        references,
        from,
        rewritten_from,
        reply_to,
        to,
        cc,
        subject,
        date,
        received,
        list_id,
        automatic,
        headers: other_headers(block),
        problems,
        size: raw.len(),
        ..Message::default()
    }
}

/// `Security reports <security.lists.x>` → `security.lists.x`.
fn list_id(value: &[u8]) -> String {
    let text = decode::unstructured(value);
    let inner = text.rsplit_once('<').map_or(text.as_str(), |(_, r)| r.split('>').next().unwrap_or(r));
    inner
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(255)
        .collect::<String>()
        .to_lowercase()
}

/// The list's own addresses, from the headers lists add.
fn list_addresses(block: &Block<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for name in ["list-post", "x-beenthere", "mailing-list", "x-mailing-list"] {
        for value in block.all(name) {
            let text = decode::unstructured(value).to_lowercase();
            let before = out.len();
            for word in text.split(|c: char| c.is_whitespace() || "<>,;()\"".contains(c)) {
                let word = word.trim_start_matches("mailto:").split('?').next().unwrap_or("");
                if word.contains('@') {
                    out.push(word.to_owned());
                }
            }
            // `Mailing-List: list security@x; contact security-owner@x`: the first is the list.
            if name == "mailing-list" {
                out.truncate(before + 1);
            }
        }
    }
    out
}

/// When the message reached us (DESIGN §5, Time), and whether its Date can be true.
fn arrival(
    block: &Block<'_>,
    date: Option<Timestamp>,
    observed_at: Timestamp,
    problems: &mut Vec<MailProblem>,
) -> Option<Timestamp> {
    let after = |t: Timestamp, by: SignedDuration| t.checked_add(by).unwrap_or(Timestamp::MAX);
    let plausible = date.filter(|d| d.as_second() >= EARLIEST && *d <= after(observed_at, DAY));
    let received = block
        .all("received")
        .filter_map(|v| {
            let stamp = v.rsplit(|b| *b == b';').next().filter(|s| s.len() < v.len())?;
            decode::date(stamp)
        })
        .filter(|t| t.as_second() >= EARLIEST && *t <= observed_at)
        // A hop years before the message was written had a broken clock.
        .filter(|t| plausible.is_none_or(|d| after(*t, YEAR) >= d))
        .min();
    let Some(date) = date else { return received };
    let late = received.is_some_and(|r| date > after(r, SKEW));
    if plausible.is_none() || late {
        note(problems, MailProblem::AbsurdDate);
    }
    // `arrived()` falls back to Date, which must then be one that could be true.
    let usable = plausible.is_some() && date <= observed_at;
    received.or((!usable).then_some(observed_at))
}

/// The headers kept for later rules: those not decoded into fields, without the long trails of the transport.
fn other_headers(block: &Block<'_>) -> Vec<(String, String)> {
    const FIELDS: [&str; 10] = [
        "from",
        "to",
        "cc",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "list-id",
    ];
    const TRAILS: [&str; 12] = [
        "received",
        "dkim-",
        "arc-",
        "x-spam",
        "x-google-",
        "x-gm-",
        "x-ms-",
        "x-microsoft-",
        "x-forefront-",
        "domainkey-",
        "x-exchange-",
        "authentication-results-",
    ];
    block
        .fields
        .iter()
        .filter(|(n, _)| {
            let skip = |p: &&str| n.get(..p.len()).is_some_and(|h| h.eq_ignore_ascii_case(p.as_bytes()));
            !FIELDS.iter().any(|f| n.eq_ignore_ascii_case(f.as_bytes())) && !TRAILS.iter().any(skip)
        })
        .take(MAX_HEADERS)
        .map(|(n, v)| {
            let v = v.get(..MAX_HEADER_VALUE).unwrap_or(v);
            let text = decode::unstructured(v);
            let text = if text.contains(['\r', '\n']) { text.replace(['\r', '\n'], " ") } else { text };
            (String::from_utf8_lossy(n).into_owned(), text)
        })
        .collect()
}
