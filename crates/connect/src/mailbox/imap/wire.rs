//! Commands out, responses in. Commands are lines this program writes itself; what comes back is cut into messages and
//! decoded by `imap-codec`, each within a size, all of them within a budget.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use imap_codec::{
    GreetingCodec, ResponseCodec,
    decode::Decoder,
    fragmentizer::Fragmentizer,
    imap_types::{
        IntoStatic,
        response::{Code, Data, Greeting, Response, Status, StatusBody, StatusKind},
    },
};

use super::{
    Trouble,
    stream::{Stream, is_late, said},
};
use crate::mailbox::LIMIT;

/// Bytes of one message of the server: a mail of the largest size that is read, and what stands around it.
const MESSAGE: u32 = (LIMIT + 1024 * 1024) as u32;

/// What a command may be answered with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Bytes, at most.
    budget: u64,
    /// Bytes that are expected, and have time of their own: 64 kB a second are not too much to ask.
    bulk: u64,
}

impl Cost {
    /// An ordinary command.
    pub(super) const SMALL: Self = Self { budget: 2 * 1024 * 1024, bulk: 0 };
    /// A list of folders or numbers: a folder of a million mails is answered in eight megabytes.
    pub(super) const LIST: Self = Self { budget: 24 * 1024 * 1024, bulk: 0 };

    /// Messages of about that many bytes together; what a server says of sizes is not exact.
    pub(super) fn bulk(bytes: u64) -> Self {
        let most = bytes.max(LIMIT as u64);
        Self { budget: Self::SMALL.budget + most + most / 4, bulk: bytes }
    }
}

/// The commands that may leave, by how their lines begin. None sends mail, flags, moves, deletes or makes a folder; a
/// message is read with PEEK alone, so that it stays unread (promise G5).
const MAY_LEAVE: &[&str] = &[
    "CAPABILITY",
    "STARTTLS",
    "AUTHENTICATE ",
    "LOGIN ",
    "LIST ",
    "EXAMINE ",
    "UID SEARCH ",
    "UID FETCH ",
    "UID THREAD ",
    "APPEND ",
];

/// May that line leave? One line, of characters that mean what they say.
fn may_leave(line: &str) -> bool {
    let listed = MAY_LEAVE.iter().any(|c| if c.ends_with(' ') { line.starts_with(c) } else { line == *c });
    let peeks =
        !line.starts_with("UID FETCH ") || line.matches("BODY").count() == line.matches("BODY.PEEK[").count();
    listed && peeks && is_plain(line)
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Done {
    pub kind: StatusKind,
    pub code: Option<Code<'static>>,
    pub text: String,
    /// Codes of untagged answers.
    pub codes: Vec<Code<'static>>,
    /// Untagged answers that could not be read, or were too long.
    pub lost: usize,
}

impl Done {
    fn new(body: &StatusBody<'_>, codes: Vec<Code<'static>>, lost: usize) -> Self {
        Self {
            kind: body.kind,
            code: body.code.clone().map(IntoStatic::into_static),
            text: printable(body.text.inner()),
            codes,
            lost,
        }
    }

    /// The answer, when the server said yes.
    pub(super) fn yes(self) -> Result<Self, Trouble> {
        match self.kind {
            StatusKind::Ok => Ok(self),
            StatusKind::No | StatusKind::Bad => Err(Trouble::Refused(self.text)),
        }
    }
}

/// What a server says, fit for a terminal.
pub(super) fn printable(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    if clean.trim().is_empty() { "it says no more".into() } else { clean.trim().to_owned() }
}

/// A quoted string. The caller has seen to it that the text is ASCII without control characters.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Can it stand in a quoted string?
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// Something to write after the server's word to go on.
pub(super) enum More<'a> {
    /// A line.
    Line(String),
    /// A message. Once its last bytes left, a failure is a [`Trouble::Unknown`].
    Literal(&'a [u8]),
}

/// Is it a line that ends a command, or says how it goes?
fn is_status(message: &[u8]) -> bool {
    let mut words = message.splitn(3, |b| *b == b' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    first != b"+" && [&b"OK"[..], b"NO", b"BAD", b"BYE"].iter().any(|w| second.eq_ignore_ascii_case(w))
}

/// One character for each that is not ASCII.
fn ascii(message: &[u8]) -> Vec<u8> {
    let body = message.strip_suffix(b"\r\n").or_else(|| message.strip_suffix(b"\n")).unwrap_or(message);
    let text = String::from_utf8_lossy(body);
    let mut out: Vec<u8> =
        text.chars().map(|c| if (' '..='~').contains(&c) { c as u8 } else { b'?' }).collect();
    out.extend(b"\r\n");
    out
}

/// A connection that speaks IMAP.
pub(super) struct Wire {
    stream: Stream,
    frag: Fragmentizer,
    tag: u32,
    buf: Vec<u8>,
    patience: Duration,
}

impl Wire {
    pub(super) fn new(stream: Stream, patience: Duration) -> Self {
        let frag = Fragmentizer::new(MESSAGE);
        Self { stream, frag, tag: 0, buf: vec![0; 32 * 1024], patience }
    }

    /// Go on inside TLS. What came before counts for nothing; what came too early is an attempt to slip something in.
    pub(super) fn secure(
        mut self,
        host: &str,
        config: &std::sync::Arc<rustls::ClientConfig>,
    ) -> Result<Self, Trouble> {
        if self.frag.progress().is_some() || !self.frag.message_bytes().is_empty() {
            return Err(Trouble::Strange("the server spoke between STARTTLS and TLS".into()));
        }
        self.stream.ends(Instant::now() + self.patience);
        Ok(Self::new(self.stream.secure(host, config)?, self.patience))
    }

    pub(super) fn greeting(&mut self) -> Result<Greeting<'static>, Trouble> {
        let mut budget = 64 * 1024;
        self.stream.ends(Instant::now() + self.patience);
        self.message(&mut budget)?;
        match self.frag.decode_message(&GreetingCodec::default()) {
            Ok(g) => Ok(g.into_static()),
            Err(_) => Err(Trouble::Strange("what answers there does not speak IMAP".into())),
        }
    }

    /// Make a command and hand on the data it brings.
    pub(super) fn command(
        &mut self,
        line: &str,
        cost: Cost,
        take: &mut dyn FnMut(Data<'_>),
    ) -> Result<Done, Trouble> {
        self.dialogue(line, Vec::new(), cost, take)
    }

    /// The same, with something to say whenever the server asks to go on.
    pub(super) fn dialogue(
        &mut self,
        line: &str,
        more: Vec<More<'_>>,
        cost: Cost,
        take: &mut dyn FnMut(Data<'_>),
    ) -> Result<Done, Trouble> {
        if !may_leave(line) {
            return Err(Trouble::Setup("that is no command which may leave".into()));
        }
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        let weight: usize = more.iter().map(|m| if let More::Literal(b) = m { b.len() } else { 0 }).sum();
        let bulk = Duration::from_secs((cost.bulk + weight as u64) / 64_000);
        let mut budget = cost.budget;
        self.stream.ends(Instant::now() + self.patience + bulk);
        self.write(format!("{tag} {line}\r\n").as_bytes())?;
        let mut more = more.into_iter();
        let (mut codes, mut lost) = (Vec::new(), 0);
        // From here on a lost connection leaves open what became of a literal.
        let mut committed = false;
        let unknown = |t: Trouble, committed: bool| match t {
            Trouble::Lost { why, late } if committed => Trouble::Unknown { why, late },
            Trouble::Strange(why) if committed => Trouble::Unknown { why, late: false },
            t => t,
        };
        loop {
            self.message(&mut budget).map_err(|t| unknown(t, committed))?;
            let strange = |why: &str| Err(unknown(Trouble::Strange(why.into()), committed));
            let clean;
            let codec = ResponseCodec::default();
            let mut decoded = self.frag.decode_message(&codec).map_err(drop);
            if decoded.is_err()
                && !self.frag.is_max_message_size_exceeded()
                && is_status(self.frag.message_bytes())
            {
                // Words for people may be in any language; the parser takes the ASCII of the standard.
                clean = ascii(self.frag.message_bytes());
                decoded = codec.decode(&clean).map(|(_, response)| response).map_err(drop);
            }
            match decoded {
                Ok(Response::Data(data)) => {
                    take(data);
                    continue;
                }
                Ok(Response::Status(Status::Untagged(body))) => {
                    // More codes than that are noise.
                    if codes.len() < 64 {
                        codes.extend(body.code.map(IntoStatic::into_static));
                    }
                    continue;
                }
                Ok(Response::Status(Status::Tagged(tagged))) => {
                    if tagged.tag.inner() != tag {
                        return strange("the server answered another command");
                    }
                    return Ok(Done::new(&tagged.body, codes, lost));
                }
                Ok(Response::Status(Status::Bye(bye))) => {
                    let why = format!("the server ended the session: {}", printable(bye.text.inner()));
                    return Err(unknown(Trouble::Lost { why, late: false }, committed));
                }
                Ok(Response::CommandContinuationRequest(_)) => {}
                Err(_) if self.frag.message_bytes().starts_with(b"* ") => {
                    lost += 1;
                    continue;
                }
                Err(_) => return strange("the answer cannot be read as IMAP"),
            }
            match more.next() {
                Some(More::Line(line)) => self.write(format!("{line}\r\n").as_bytes())?,
                Some(More::Literal(bytes)) => {
                    // A server that has not the last bytes has no message: until they leave, nothing was made.
                    let (most, last) = bytes.split_at(bytes.len().saturating_sub(2));
                    self.write(most)?;
                    committed = true;
                    let end = [last, b"\r\n"].concat();
                    self.write(&end).map_err(|t| unknown(t, true))?;
                }
                None => return strange("the server asks for more than there is"),
            }
        }
    }

    /// Say good-bye and wait for nothing.
    pub(super) fn leave(&mut self) {
        self.stream.ends(Instant::now() + Duration::from_secs(1));
        let _ = self.write(b"bye LOGOUT\r\n");
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.stream
            .write_all(bytes)
            .and_then(|()| self.stream.flush())
            .map_err(|e| Trouble::Lost { why: said(&e), late: is_late(&e) })
    }

    /// Read until a message is whole.
    fn message(&mut self, budget: &mut u64) -> Result<(), Trouble> {
        loop {
            while self.frag.progress().is_some() {
                if self.frag.is_message_complete() {
                    return Ok(());
                }
            }
            let n = match self.stream.read(&mut self.buf) {
                Ok(0) => {
                    let why = "the server closed the connection".to_owned();
                    return Err(Trouble::Lost { why, late: false });
                }
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Trouble::Lost { why: said(&e), late: is_late(&e) }),
            };
            *budget = budget
                .checked_sub(n as u64)
                .ok_or_else(|| Trouble::Strange("the server sends far more than was asked for".into()))?;
            self.frag.enqueue_bytes(self.buf.get(..n).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_commands_leave_and_none_changes_a_message() {
        for line in [
            "CAPABILITY",
            "EXAMINE \"INBOX\"",
            "UID SEARCH UNDELETED HEADER Message-ID \"a@b\"",
            "UID THREAD REFS US-ASCII ALL",
            "UID FETCH 1:4 (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])",
            "UID FETCH 1 (UID RFC822.SIZE)",
            "APPEND \"Drafts\" (\\Draft) {12}",
        ] {
            assert!(may_leave(line), "{line}");
        }
        for line in [
            "SELECT \"INBOX\"",
            "UID STORE 1 +FLAGS (\\Seen)",
            "UID FETCH 1 (UID BODY[])",
            "UID FETCH 1 (BODY.PEEK[] BODY[])",
            "UID MOVE 1 \"x\"",
            "DELETE \"x\"",
            "CREATE \"x\"",
            "EXPUNGE",
            "CAPABILITY x",
            "EXAMINE \"a\r\nb DELETE c\"",
            "LOGIN \"\u{e9}\" \"x\"",
            "",
        ] {
            assert!(!may_leave(line), "{line}");
        }
    }
}
