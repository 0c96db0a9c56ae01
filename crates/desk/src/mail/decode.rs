//! The only place that names the MIME library: header values, transfer encodings and charsets, one value at a
//! time. The tree of parts is walked in `mime.rs`, with limits the library does not have.

use std::borrow::Cow;

use jiff::Timestamp;
use mail_parser::{
    Address as LibAddress, HeaderValue,
    decoders::{
        base64::base64_decode,
        charsets::map::charset_decoder,
        html::add_html_token,
        quoted_printable::{quoted_printable_decode, quoted_printable_decode_char},
    },
    parsers::MessageStream,
};

use super::Address;

/// Longest header value handed to the library, bytes: its RFC 2047 scan may start again at every `=?`.
const MAX_VALUE: usize = 16 * 1024;
/// Longest address or reference header read when it holds few encoded words, bytes.
const MAX_LONG_VALUE: usize = 256 * 1024;

/// A `Content-Type` or `Content-Disposition`: value in lower case, parameters decoded (RFC 2231).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameterised {
    pub value: String,
    pub params: Vec<(String, String)>,
}

impl Parameterised {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// The value with the line end the library waits for, cut to what it can read in linear time.
fn terminated(value: &[u8]) -> Vec<u8> {
    let long = value.len() > MAX_VALUE && memchr::memmem::find_iter(value, b"=?").take(101).count() <= 100;
    let limit = if long { MAX_LONG_VALUE } else { MAX_VALUE };
    let value = value.get(..limit).unwrap_or(value);
    let mut out = Vec::with_capacity(value.len() + 1);
    out.extend_from_slice(value.trim_ascii());
    out.push(b'\n');
    out
}

/// An unstructured header, RFC 2047 words decoded. May hold control characters a word carried.
pub(super) fn unstructured(value: &[u8]) -> String {
    // Plain ASCII on one line is the common case and needs no decoding.
    let trimmed = value.trim_ascii();
    if trimmed.len() < 4096
        && trimmed.is_ascii()
        && memchr::memchr2(b'\n', b'\r', trimmed).is_none()
        && memchr::memmem::find(trimmed, b"=?").is_none()
    {
        return String::from_utf8_lossy(trimmed).into_owned();
    }
    let buf = terminated(value);
    match MessageStream::new(&buf).parse_unstructured() {
        HeaderValue::Text(t) => t.into_owned(),
        HeaderValue::TextList(l) => l.join(" "),
        _ => String::new(),
    }
}

/// An address header. An entry without address keeps its name and has an empty `email`.
pub(super) fn addresses(value: &[u8]) -> Vec<Address> {
    let buf = terminated(value);
    let list = match MessageStream::new(&buf).parse_address() {
        HeaderValue::Address(LibAddress::List(list)) => list,
        HeaderValue::Address(LibAddress::Group(groups)) => {
            groups.into_iter().flat_map(|g| g.addresses).collect()
        }
        _ => Vec::new(),
    };
    list.into_iter()
        .map(|a| {
            let name = a.name.unwrap_or_default().trim().to_owned();
            let email: String = a
                .address
                .unwrap_or_default()
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect();
            clean_address(name, &email)
        })
        .filter(|a| !a.name.is_empty() || !a.email.is_empty())
        .collect()
}

fn clean_address(name: String, email: &str) -> Address {
    if let Some((local, domain)) = email.rsplit_once('@') {
        if !local.is_empty() || !domain.is_empty() {
            return Address { name, email: format!("{local}@{}", domain.to_lowercase()) };
        }
    } else if email.to_ascii_lowercase().ends_with(".invalid") {
        // A list's rewrite without `@`; `author.rs` reads it.
        return Address { name, email: email.to_lowercase() };
    }
    if email.is_empty() {
        if let Some(a) = unobfuscated(&name) {
            return a;
        }
        // `From: "jane@example.org"`: the quotes make it a name, the reader sees an address.
        if name.matches('@').count() == 1 && !name.contains(char::is_whitespace) {
            return clean_address(String::new(), &name.clone());
        }
        return Address { name, email: String::new() };
    }
    let name = if name.is_empty() { email.to_owned() } else { name };
    Address { name, email: String::new() }
}

/// `jane at example.org (Jane Doe)`, as public archives write it.
fn unobfuscated(name: &str) -> Option<Address> {
    let (local, rest) = name.split_once(" at ")?;
    let (domain, comment) = rest.split_once(' ').unwrap_or((rest, ""));
    let plain = |s: &str| !s.is_empty() && !s.contains(|c: char| c.is_whitespace() || c == '@');
    if !plain(local) || !plain(domain) || !domain.contains('.') {
        return None;
    }
    let comment = comment.trim();
    let inner = comment.strip_prefix('(').and_then(|c| c.strip_suffix(')'));
    if !comment.is_empty() && inner.is_none() {
        return None;
    }
    Some(Address::new(inner.unwrap_or(""), &format!("{local}@{}", domain.to_lowercase())))
}

/// A date of RFC 5322 (obsolete forms too) or RFC 3339. For `Received`, give the part after the last `;`.
pub(super) fn date(value: &[u8]) -> Option<Timestamp> {
    let value = value.get(..256).unwrap_or(value);
    let buf = terminated(value);
    if let HeaderValue::DateTime(mut d) = MessageStream::new(&buf).parse_date() {
        // A leap second is a valid time of day in mail.
        if d.second == 60 {
            d.second = 59;
        }
        if d.is_valid() {
            return Timestamp::from_second(d.to_timestamp()).ok();
        }
    }
    let text = std::str::from_utf8(value).ok()?;
    text.trim().parse().ok().or_else(|| loose_date(text))
}

/// Dates as old programs wrote them: no seconds, month first, full names, two-digit years. Without a zone, UTC.
fn loose_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const ZONES: [(&str, i64); 9] = [
        ("est", -5),
        ("edt", -4),
        ("cst", -6),
        ("cdt", -5),
        ("mst", -7),
        ("mdt", -6),
        ("pst", -8),
        ("pdt", -7),
        ("cet", 1),
    ];
    let (mut day, mut month, mut year, mut time, mut offset) = (None, None, None, None, 0i64);
    let text = text.split('(').next().unwrap_or(text);
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()) {
        let lower = word.to_ascii_lowercase();
        if let Some((h, rest)) = word.split_once(':') {
            let (m, s) = rest.split_once(':').unwrap_or((rest, "0"));
            time = Some((h.parse::<i8>().ok()?, m.parse::<i8>().ok()?, s.parse::<i8>().ok()?.min(59)));
        } else if let Some(sign) = word.strip_prefix(['+', '-']).filter(|z| z.len() == 4) {
            let zone: i64 = sign.parse().ok()?;
            let seconds = (zone / 100) * 3600 + (zone % 100) * 60;
            offset = if word.starts_with('-') { -seconds } else { seconds };
        } else if let Ok(n) = word.parse::<i16>() {
            match word.len() {
                1 | 2 if day.is_none() => day = i8::try_from(n).ok(),
                2 if year.is_none() => year = Some(if n < 70 { 2000 + n } else { 1900 + n }),
                4 => year = Some(n),
                _ => return None,
            }
        } else if let Some((_, hours)) = ZONES.iter().find(|(z, _)| *z == lower) {
            offset = hours * 3600;
        } else if month.is_none()
            && let Some(n) = MONTHS.iter().position(|m| lower.starts_with(m))
        {
            month = i8::try_from(n + 1).ok();
        }
    }
    let (h, m, s) = time?;
    let local = jiff::civil::DateTime::new(year?, month?, day?, h, m, s, 0).ok()?;
    let utc = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    utc.checked_sub(jiff::SignedDuration::from_secs(offset)).ok()
}

/// `Content-Type` and `Content-Disposition`.
pub(super) fn parameterised(value: &[u8]) -> Parameterised {
    let buf = terminated(value.get(..MAX_VALUE / 2).unwrap_or(value));
    let HeaderValue::ContentType(ct) = MessageStream::new(&buf).parse_content_type() else {
        return Parameterised::default();
    };
    let mut out = Parameterised { value: ct.c_type.trim().to_lowercase(), params: Vec::new() };
    if let Some(sub) = &ct.c_subtype {
        out.value.push('/');
        out.value.push_str(&sub.trim().to_lowercase());
    }
    for a in ct.attributes.into_iter().flatten() {
        // Many clients put RFC 2047 words where RFC 2231 belongs.
        let value =
            if a.value.contains("=?") { unstructured(a.value.as_bytes()) } else { a.value.into_owned() };
        out.params.push((a.name.to_lowercase(), value));
    }
    out
}

/// A content transfer encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Transfer {
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
}

impl Transfer {
    pub fn named(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        let value = value.split(|b| matches!(b, b' ' | b';' | b'\t')).next().unwrap_or(value);
        if value.eq_ignore_ascii_case(b"base64") {
            Self::Base64
        } else if value.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Identity
        }
    }
}

/// Undo a transfer encoding. What cannot be decoded is kept as it stands: nothing is lost.
pub(super) fn transfer(bytes: &[u8], how: Transfer) -> Cow<'_, [u8]> {
    match how {
        Transfer::Identity => Cow::Borrowed(bytes),
        Transfer::Base64 => Cow::Owned(base64_decode(bytes).unwrap_or_else(|| lenient_base64(bytes))),
        Transfer::QuotedPrintable => {
            Cow::Owned(quoted_printable_decode(bytes).unwrap_or_else(|| lenient_quoted_printable(bytes)))
        }
    }
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\r' | b'\n' | b' ' | b'\t')
}

/// Base64 up to the line that is none (a list's plain footer, say), then the rest as it stands.
fn lenient_base64(bytes: &[u8]) -> Vec<u8> {
    let bad = bytes.iter().position(|&b| !is_base64(b)).unwrap_or(bytes.len());
    let head = bytes.get(..bad).unwrap_or(bytes);
    let mut cut = memchr::memrchr(b'\n', head).map_or(0, |p| p + 1);
    // A blank line before the odd one ends the base64: the words of a footer's first line look like base64.
    if let Some(p) = memchr::memmem::find(head, b"\n\n").or_else(|| memchr::memmem::find(head, b"\r\n\r\n")) {
        cut = cut.min(p + 1);
    }
    let (head, tail) = bytes.split_at(cut);
    let mut out = base64_decode(head).unwrap_or_default();
    out.extend_from_slice(tail);
    out
}

/// Quoted-printable where a bad `=` stands for itself.
fn lenient_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (head, tail) = rest.split_at(at);
        out.extend_from_slice(head);
        rest = match tail {
            [_, b'\r', b'\n', more @ ..] | [_, b'\n', more @ ..] => more,
            [_, a, b, more @ ..] => match quoted_printable_decode_char(*a, *b) {
                Some(c) => {
                    out.push(c);
                    more
                }
                None => {
                    out.push(b'=');
                    tail.get(1..).unwrap_or_default()
                }
            },
            _ => {
                out.extend_from_slice(tail);
                &[]
            }
        };
    }
    out.extend_from_slice(rest);
    out
}

/// Bytes to text by the claimed charset; `true` when they do not fit it.
pub(super) fn charset(bytes: Cow<'_, [u8]>, label: Option<&str>) -> (String, bool) {
    let label = label.map(|l| l.trim().trim_matches('"')).filter(|l| !l.is_empty());
    let lower = label.unwrap_or("").to_ascii_lowercase();
    let ascii_claim = matches!(lower.as_str(), "us-ascii" | "ascii" | "ansi_x3.4-1968");
    let utf8_claim = matches!(lower.as_str(), "" | "utf-8" | "utf8" | "unicode-1-1-utf-8" | "unknown-8bit");
    if utf8_claim || ascii_claim {
        return utf8(bytes, ascii_claim);
    }
    match charset_decoder(lower.as_bytes()) {
        Some(decode) => {
            // The library maps C1 bytes of a wrong claim silently; valid multi-byte UTF-8 under a single-byte
            // claim is far likelier UTF-8 than mojibake someone meant.
            let single =
                lower.starts_with("iso-8859") || lower.starts_with("windows-125") || lower == "latin1";
            if single && !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok() {
                return (String::from_utf8_lossy(&bytes).into_owned(), true);
            }
            let text = decode(&bytes);
            let bad = text.contains('\u{FFFD}');
            (text, bad)
        }
        None => {
            let bad = !bytes.is_ascii();
            (utf8(bytes, false).0, bad)
        }
    }
}

fn utf8(bytes: Cow<'_, [u8]>, ascii_claim: bool) -> (String, bool) {
    match String::from_utf8(bytes.into_owned()) {
        Ok(s) => {
            let bad = ascii_claim && !s.is_ascii();
            (s, bad)
        }
        Err(e) => (String::from_utf8_lossy(e.as_bytes()).into_owned(), true),
    }
}

/// One HTML character reference, `&…;` included, decoded; an unknown one is returned as it stands.
pub(super) fn entity(token: &str, out: &mut String) {
    add_html_token(out, token.as_bytes(), false);
}

/// Message ids of a header value, without brackets; without brackets in the value, every word with an `@`.
pub(super) fn ids(value: &[u8]) -> Vec<String> {
    let value = value.get(..MAX_LONG_VALUE).unwrap_or(value);
    let clean = |b: &[u8]| -> String {
        String::from_utf8_lossy(b)
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control() && *c != '<' && *c != '>')
            .take(998)
            .collect()
    };
    let mut out = Vec::new();
    let mut rest = value;
    while let Some(open) = memchr::memchr(b'<', rest) {
        rest = rest.get(open + 1..).unwrap_or_default();
        let end = memchr::memchr2(b'>', b'<', rest).unwrap_or(rest.len());
        let id = clean(rest.get(..end).unwrap_or_default());
        if !id.is_empty() {
            out.push(id);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    if out.is_empty() {
        let words: Vec<_> =
            value.split(u8::is_ascii_whitespace).filter(|w| !w.trim_ascii().is_empty()).collect();
        let only = words.len() == 1;
        out.extend(words.into_iter().filter(|w| only || w.contains(&b'@')).map(clean));
        out.retain(|i| !i.is_empty());
    }
    out
}
