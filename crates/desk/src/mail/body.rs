//! The readable text of a message, and its other parts.

use super::{
    Attachment, Unreadable,
    armour::{self, Armour},
    decode::{self, Transfer},
    flowed, headers, html,
    mime::{self, Part, Tree},
};

/// Largest text kept of an attachment, bytes.
const MAX_ATTACHMENT_TEXT: usize = 64 * 1024;
/// How deep attached messages are read.
const MAX_MESSAGES: usize = 3;

/// What the body says.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub text: String,
    pub hidden: String,
    pub from_html: bool,
    pub attachments: Vec<Attachment>,
    pub unreadable: Option<Unreadable>,
    pub bad_charset: bool,
    pub truncated: bool,
}

/// Read the body of a message whose header block is known. `complete` is false when `raw` is only its head.
pub(super) fn read(raw: &[u8], block: &headers::Block<'_>, complete: bool, depth: usize) -> Body {
    let tree = mime::walk(raw, block, complete);
    let mut reader = Reader { raw, tree: &tree, body: Body::default(), depth };
    reader.body.truncated = tree.truncated;
    let mut text = reader.shown(0, true);
    let mut body = reader.body;
    if text.trim().is_empty()
        && let Some(inner) =
            body.attachments.iter().find(|a| a.content_type == "message/rfc822" && !a.text.trim().is_empty())
    {
        // Forwarded as an attachment and nothing else: the attached message is what was written.
        text = format!("---------- Forwarded message ----------\n{}", inner.text);
    }
    match armour::inline(&text) {
        Armour::Encrypted => {
            body.unreadable.get_or_insert(Unreadable::PgpEncrypted);
        }
        Armour::Signed(inner) => text = inner,
        Armour::None => {}
    }
    if tree.too_many {
        body.unreadable = Some(Unreadable::TooManyParts);
    } else if text.trim().is_empty() && body.attachments.iter().all(|a| a.text.trim().is_empty()) {
        body.unreadable.get_or_insert(Unreadable::NoText);
    }
    body.text = text;
    body
}

/// CRLF and lone CR to LF.
fn lf(text: String) -> String {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

struct Reader<'a> {
    raw: &'a [u8],
    tree: &'a Tree,
    body: Body,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn part(&self, i: usize) -> Option<&'a Part> {
        self.tree.parts.get(i)
    }

    /// Text of part `i` as a mail reader shows it; what is not shown goes to the attachments. The recursion is as
    /// deep as the tree, which is limited.
    fn shown(&mut self, i: usize, alone: bool) -> String {
        let Some(part) = self.part(i) else { return String::new() };
        let Some(children) = &part.children else { return self.leaf(part, alone) };
        match part.ctype.value.as_str() {
            "multipart/alternative" => self.alternative(children),
            "multipart/encrypted" => {
                self.body.unreadable.get_or_insert(Unreadable::PgpEncrypted);
                self.attach_all(children);
                String::new()
            }
            "multipart/related" | "multipart/signed" => {
                let (first, rest) = children.split_first().map_or((None, &[][..]), |(f, r)| (Some(*f), r));
                let text = first.map(|f| self.shown(f, true)).unwrap_or_default();
                self.attach_all(rest);
                text
            }
            _ => {
                let mut text = String::new();
                for (n, &c) in children.iter().enumerate() {
                    let piece = self.shown(c, n == 0);
                    if !piece.trim().is_empty() {
                        if !text.is_empty() && !text.ends_with('\n') {
                            text.push('\n');
                        }
                        text.push_str(&piece);
                    }
                }
                text
            }
        }
    }

    /// The plain reading when it says something, else the richest that does. What HTML hides is kept either way.
    fn alternative(&mut self, children: &[usize]) -> String {
        let was_html = self.body.from_html;
        let mut plain: Option<String> = None;
        let mut rich: Option<String> = None;
        for &c in children {
            let is_plain =
                self.part(c).is_some_and(|p| p.children.is_none() && p.ctype.value == "text/plain");
            let text = self.shown(c, true);
            if text.trim().is_empty() {
                continue;
            }
            if is_plain {
                plain.get_or_insert(text);
            } else {
                rich = Some(text);
            }
        }
        let stub = |p: &str, r: &str| {
            // "Your reader cannot show HTML": a plain part that only points at the other one.
            p.len() < 200 && r.len() > 2 * p.len() && p.to_ascii_lowercase().contains("html")
        };
        match (plain, rich) {
            (Some(p), Some(r)) if stub(&p, &r) => r,
            (Some(p), _) => {
                self.body.from_html = was_html;
                p
            }
            (None, r) => r.unwrap_or_default(),
        }
    }

    fn attach_all(&mut self, children: &[usize]) {
        for &c in children {
            let Some(part) = self.part(c) else { continue };
            match &part.children {
                Some(inner) => self.attach_all(inner),
                None => self.attach(part),
            }
        }
    }

    fn bytes(&self, part: &Part) -> &'a [u8] {
        self.raw.get(part.range.clone()).unwrap_or_default()
    }

    fn leaf(&mut self, part: &Part, alone: bool) -> String {
        let kind = part.ctype.value.as_str();
        if let Some(why) = armour::smime(part, self.bytes(part)) {
            if let Some(why) = why {
                self.body.unreadable.get_or_insert(why);
            }
            self.attach(part);
            return String::new();
        }
        let readable = matches!(
            kind,
            "text/plain" | "text/html" | "text/markdown" | "text/enriched" | "text/x-markdown"
        );
        let set_apart = part.disposition == "attachment" || (!part.name.is_empty() && !alone);
        if !readable || set_apart {
            self.attach(part);
            return String::new();
        }
        let text = self.text(part, self.bytes(part));
        if kind == "text/html" {
            let reading = html::read(&text);
            if !reading.hidden.trim().is_empty() {
                if !self.body.hidden.is_empty() {
                    self.body.hidden.push('\n');
                }
                self.body.hidden.push_str(&reading.hidden);
            }
            self.body.from_html |= !reading.visible.is_empty();
            return reading.visible;
        }
        if part.ctype.param("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed")) {
            let delsp = part.ctype.param("delsp").is_some_and(|f| f.eq_ignore_ascii_case("yes"));
            return flowed::unflow(&text, delsp);
        }
        text
    }

    fn text(&mut self, part: &Part, bytes: &[u8]) -> String {
        let (text, bad) =
            decode::charset(decode::transfer(bytes, part.transfer), part.ctype.param("charset"));
        self.body.bad_charset |= bad;
        lf(text)
    }

    fn attach(&mut self, part: &Part) {
        let bytes = self.bytes(part);
        let kind = part.ctype.value.clone();
        let mut out = Attachment {
            name: clean_name(&part.name),
            content_type: kind.clone(),
            size: 0,
            text: String::new(),
        };
        if matches!(kind.as_str(), "message/rfc822" | "message/global") {
            let content = decode::transfer(bytes, part.transfer);
            out.size = content.len();
            if self.depth < MAX_MESSAGES {
                let (subject, text, unreadable) = attached_message(&content, self.depth + 1);
                if out.name.is_empty() {
                    out.name = clean_name(&subject);
                }
                out.text = cut(text, MAX_ATTACHMENT_TEXT);
                if let Some(why @ (Unreadable::PgpEncrypted | Unreadable::SmimeEncrypted)) = unreadable {
                    self.body.unreadable.get_or_insert(why);
                }
            }
            self.body.attachments.push(out);
            return;
        }
        out.size = decoded_size(bytes, part.transfer);
        if out.size <= MAX_ATTACHMENT_TEXT {
            let is_text = kind.starts_with("text/") || kind.starts_with("message/");
            if is_text {
                out.text = self.text(part, bytes);
            } else if kind.starts_with("application/") {
                // Scripts and logs often travel as application/octet-stream.
                let content = decode::transfer(bytes, part.transfer);
                if let Ok(t) = std::str::from_utf8(&content)
                    && !super::hygiene::has_control(t)
                {
                    out.text = lf(t.to_owned());
                }
            }
        }
        self.body.attachments.push(out);
    }
}

/// Subject, readable text (its main headers first) and unreadability of an attached message.
fn attached_message(raw: &[u8], depth: usize) -> (String, String, Option<Unreadable>) {
    let block = headers::block(raw, true);
    let body = read(raw, &block, true, depth);
    let mut text = String::new();
    let mut subject = String::new();
    for name in ["From", "Date", "Subject", "To"] {
        if let Some(v) = block.get(name) {
            let v: String =
                decode::unstructured(v).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            text.push_str(&format!("{name}: {v}\n"));
            if name == "Subject" {
                subject = v;
            }
        }
    }
    text.push('\n');
    text.push_str(&body.text);
    (subject, text, body.unreadable)
}

fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let mut at = max;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.truncate(at);
    }
    text
}

/// A file name to show: no control characters, one line, at most 255 characters.
fn clean_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(255).collect::<String>().trim().to_owned()
}

fn decoded_size(bytes: &[u8], how: Transfer) -> usize {
    match how {
        Transfer::Identity => bytes.len(),
        Transfer::Base64 => {
            let letters =
                bytes.iter().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
            letters / 4 * 3 + (letters % 4).saturating_sub(1)
        }
        Transfer::QuotedPrintable => decode::transfer(bytes, how).len(),
    }
}
