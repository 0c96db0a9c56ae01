//! Splitting an mbox. The separator is a line, and mail quotes such lines: a message starts only where a blank
//! line (or the start of the file) is followed by `From `, a sender and a date.

use std::{borrow::Cow, sync::LazyLock};

use memchr::memmem;
use regex::bytes::Regex;

use super::headers::{field_name, line_at};

/// Longest line that can be a separator, bytes.
const MAX_SEPARATOR: usize = 1024;
/// Bytes that must stay in front of the place where a search resumes; see [`next_boundary`].
pub const CONTEXT: usize = 4;

/// One message of an mbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MboxEntry<'a> {
    /// Where the entry starts in the file, its separator line included, bytes.
    pub offset: u64,
    /// Length in the file, bytes; entries follow one another without gaps.
    pub len: u64,
    /// The message: no separator line, no blank line of the mailbox after it, `>From ` unquoted by one level.
    pub raw: Cow<'a, [u8]>,
    /// The bytes before the first separator of an mbox that does not start with one.
    pub leading_garbage: bool,
    /// The last message, and the file ends inside a line or inside its headers; or the message was longer than the
    /// limit of an [`MboxSplitter`].
    pub truncated: bool,
}

/// Where the next message starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// At this offset of the buffer; the bytes before it are one whole entry.
    At(usize),
    /// Not in these bytes. Append more and ask again with `from` set to this offset.
    More(usize),
    /// Not in these bytes, and there are no more: the rest is the last entry.
    End,
}

/// Find the next separator line at or after `from`.
///
/// `buf` starts where the file or an entry starts. To stream: read into `buf`, ask with `from` = 1 for the end of
/// the entry at its start (0 asks whether the very first line is a separator), and on [`Boundary::At`] hand
/// `buf[..n]` to [`MboxEntry::from_bytes`] and drain it. On [`Boundary::More`] bytes may be dropped from the front
/// of a huge entry so long as [`CONTEXT`] bytes before the resumption point stay. A file whose first line is a
/// header field is one message and no mbox: see [`is_single_message`]. [`MboxSplitter`] does all of this.
#[must_use]
pub fn next_boundary(buf: &[u8], from: usize, at_eof: bool) -> Boundary {
    static FROM: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"From "));
    let mut pos = from;
    while let Some(i) = buf.get(pos..).and_then(|rest| FROM.find(rest)) {
        let at = pos + i;
        pos = at + 1;
        if !after_blank_line(buf, at) {
            continue;
        }
        let rest = buf.get(at..).unwrap_or_default();
        let window = rest.get(..MAX_SEPARATOR).unwrap_or(rest);
        match memchr::memchr(b'\n', window) {
            Some(end) if is_separator(window.get(..end).unwrap_or_default()) => return Boundary::At(at),
            Some(_) => {}
            None if rest.len() >= MAX_SEPARATOR => {}
            None if !at_eof => return Boundary::More(at),
            None if is_separator(window) => return Boundary::At(at),
            None => {}
        }
    }
    if at_eof { Boundary::End } else { Boundary::More(from.max(buf.len().saturating_sub(4))) }
}

fn after_blank_line(buf: &[u8], at: usize) -> bool {
    let before = buf.get(..at).unwrap_or_default();
    let Some(line) = before.strip_suffix(b"\n") else { return before.is_empty() };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.is_empty() || line.ends_with(b"\n")
}

/// Is that line (without its line end) what mail stores write between messages?
fn is_separator(line: &[u8]) -> bool {
    // Sender, day of the week, month, day, time, then year and time zone in either order; `user at host` in archives.
    static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?x-u)^From\ +
            (?: - | [^\s"]+ | "[^"]*"@[^\s]+ | [^\s]+(?:\ at\ |\ @\ |@\ )[^\s]+ )
            \ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?
            (?:\ +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\ +[0-9]{1,2},?
              |\ +[0-9]{1,2}\ +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*(?:\ +[0-9]{4})?)
            \ +[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?
            (?:\ +(?:[A-Za-z]{1,5}|[+-][0-9]{4}|\([^)]*\)|[0-9]{4})){1,4}
            (?:\ +remote\ from\ .*)?\s*$"#,
        )
        .ok()
    });
    line.starts_with(b"From ") && has_year(line) && LINE.as_ref().is_some_and(|r| r.is_match(line))
}

/// A year stands somewhere after the time; the pattern alone would take a zone for one.
fn has_year(line: &[u8]) -> bool {
    line.split(|b| *b == b' ' || *b == b'\r')
        .any(|w| w.len() == 4 && w.iter().all(u8::is_ascii_digit) && matches!(w.first(), Some(b'1' | b'2')))
}

/// Does a file that starts like that hold one message and no mbox? Its first line is a header field. Give at least
/// the first line.
#[must_use]
pub fn is_single_message(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let (line, _) = line_at(head, 0);
    !line.starts_with(b"From ") && field_name(line).is_some()
}

impl<'a> MboxEntry<'a> {
    /// The entry made of those bytes of the file: what stands between two boundaries. `last` says that the file
    /// ends here.
    #[must_use]
    pub fn from_bytes(offset: u64, bytes: &'a [u8], last: bool) -> Self {
        let len = bytes.len() as u64;
        let (line, next) = line_at(bytes, 0);
        if !is_separator(line) {
            let leading_garbage = !is_single_message(bytes);
            return Self { offset, len, raw: Cow::Borrowed(bytes), leading_garbage, truncated: false };
        }
        let mut raw = bytes.get(next..).unwrap_or_default();
        let in_headers = memmem::find(raw, b"\n\n").is_none()
            && memmem::find(raw, b"\n\r\n").is_none()
            && !raw.starts_with(b"\n")
            && !raw.starts_with(b"\r\n");
        let truncated = last && (!bytes.ends_with(b"\n") || in_headers);
        // The blank line before the next separator is the mailbox's.
        for blank in [&b"\n\r\n"[..], b"\n\n"] {
            if raw.ends_with(blank) {
                raw = raw.get(..raw.len() - (blank.len() - 1)).unwrap_or(raw);
                break;
            }
        }
        Self { offset, len, raw: unquoted(raw), leading_garbage: false, truncated }
    }

    fn into_owned(self) -> MboxEntry<'static> {
        MboxEntry { raw: Cow::Owned(self.raw.into_owned()), ..self }
    }
}

/// `>From ` and `>>From ` lines lose one `>`.
fn unquoted(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut copied = 0;
    // Where the last examined run of `>` ended, so that runs are looked at once.
    for at in memmem::find_iter(raw, b">From ") {
        let mut start = at;
        while start > copied && raw.get(start - 1) == Some(&b'>') {
            start -= 1;
        }
        if start == 0 || raw.get(start - 1) == Some(&b'\n') {
            out.extend_from_slice(raw.get(copied..start).unwrap_or_default());
            copied = start + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(raw);
    }
    out.extend_from_slice(raw.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The entries of an mbox in memory, in order and without gaps: the lengths add up to the input. Empty input gives
/// none; a single message (no mbox at all) gives one.
pub fn split(bytes: &[u8]) -> impl Iterator<Item = MboxEntry<'_>> {
    let single = is_single_message(bytes);
    let mut pos = 0;
    std::iter::from_fn(move || {
        if pos >= bytes.len() {
            return None;
        }
        let start = pos;
        let end = match next_boundary(bytes, start + 1, true) {
            Boundary::At(n) if !single => n,
            _ => bytes.len(),
        };
        pos = end;
        Some(MboxEntry::from_bytes(
            start as u64,
            bytes.get(start..end).unwrap_or_default(),
            end == bytes.len(),
        ))
    })
}

/// Splits an mbox that arrives in pieces, holding one entry (at most `limit` bytes of it) at a time.
///
/// Push bytes, take entries until there is none, push again; after the last bytes call [`MboxSplitter::finish`] and
/// take what is left. The entries are those of [`split`], whatever the sizes of the pieces.
#[derive(Debug)]
pub struct MboxSplitter {
    buf: Vec<u8>,
    /// Where the entry at hand starts in `buf`; what is before it is dropped at the next push.
    start: usize,
    /// Where to go on searching, from `start`.
    resume: usize,
    /// Kept start of an entry longer than the limit, and how much of it left `buf`.
    head: Vec<u8>,
    dropped: u64,
    /// Place of the entry at hand in the file.
    offset: u64,
    limit: usize,
    single: Option<bool>,
    eof: bool,
}

impl MboxSplitter {
    /// A splitter that keeps at most about `limit` bytes of one message; a longer one is returned truncated.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            buf: Vec::new(),
            start: 0,
            resume: 1,
            head: Vec::new(),
            dropped: 0,
            offset: 0,
            limit: limit.max(MAX_SEPARATOR),
            single: None,
            eof: false,
        }
    }

    /// Append bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buf.drain(..self.start);
        self.start = 0;
        self.buf.extend_from_slice(bytes);
    }

    /// There are no more bytes.
    pub fn finish(&mut self) {
        self.eof = true;
    }

    /// The next whole entry, if it is there.
    pub fn take(&mut self) -> Option<MboxEntry<'static>> {
        let bytes = self.buf.get(self.start..).unwrap_or_default();
        if self.single.is_none() {
            // The first line decides, whole or longer than any header name.
            if !self.eof && memchr::memchr(b'\n', bytes).is_none() && bytes.len() < MAX_SEPARATOR {
                return None;
            }
            self.single = Some(is_single_message(bytes));
        }
        if bytes.is_empty() && self.dropped == 0 {
            return None;
        }
        let boundary = match (self.single, self.eof) {
            (Some(true), true) => Boundary::End,
            (Some(true), false) => Boundary::More(bytes.len()),
            _ => next_boundary(bytes, self.resume, self.eof),
        };
        let end = match boundary {
            Boundary::At(n) => n,
            Boundary::End => bytes.len(),
            Boundary::More(resume) => {
                self.resume = resume;
                self.shed();
                return None;
            }
        };
        let last = boundary == Boundary::End;
        let bytes = bytes.get(..end).unwrap_or(bytes);
        let mut entry = if self.dropped == 0 {
            MboxEntry::from_bytes(self.offset, bytes, last).into_owned()
        } else {
            let mut head = std::mem::take(&mut self.head);
            let room = self.limit.saturating_sub(head.len());
            head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            let cut = MboxEntry::from_bytes(self.offset, &head, last).into_owned();
            MboxEntry { truncated: true, ..cut }
        };
        entry.len = self.dropped + end as u64;
        self.offset += entry.len;
        self.start += end;
        self.dropped = 0;
        self.resume = 1;
        Some(entry)
    }

    /// Drop the middle of an entry that is over the limit.
    fn shed(&mut self) {
        let cut = self.resume.saturating_sub(CONTEXT);
        if self.buf.len() - self.start <= self.limit || cut == 0 {
            return;
        }
        let gone = self.buf.get(self.start..self.start + cut).unwrap_or_default();
        let room = self.limit.saturating_sub(self.head.len());
        self.head.extend_from_slice(gone.get(..room).unwrap_or(gone));
        self.start += cut;
        self.dropped += cut as u64;
        self.resume -= cut;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "From jane@x.example Fri Nov 13 10:00:00 2020\n";

    #[test]
    fn separator_lines() {
        for (line, want) in [
            ("From jane@x.example Fri Nov 13 10:00:00 2020", true),
            ("From jane@x.example  Fri Nov  3 10:00 2020", true),
            ("From - Fri Nov 13 10:00:00 2020", true),
            ("From MAILER-DAEMON Fri Jul  8 12:08:34 2011", true),
            ("From user at host.example  Wed Nov 11 10:00:00 2020", true),
            ("From jane@x.example Fri Nov 13 10:00:00 CET 2020", true),
            ("From jane@x.example Fri Nov 13 10:00:00 2020 +0100", true),
            ("From 1234@xxx Mon Jan 01 00:00:00 +0000 2020", true),
            ("From \"a b\"@x.example Fri Nov 13 10:00:00 2020", true),
            ("From jane@x.example Fri Nov 13 10:00:00 2020 remote from uucp\r", true),
            ("From me to you Fri Nov 13 10:00:00 2020", false),
            ("From me to you, with love", false),
            ("From Monday on we ship 2.0", false),
            ("From jane@x.example", false),
            ("From 10:00 to 11:00 2020", false),
            ("from jane@x.example Fri Nov 13 10:00:00 2020", false),
            ("From: jane@x.example", false),
        ] {
            assert_eq!(is_separator(line.as_bytes()), want, "{line}");
        }
    }

    fn raws(mbox: &str) -> Vec<String> {
        split(mbox.as_bytes()).map(|e| String::from_utf8(e.raw.into_owned()).unwrap()).collect()
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let cases: [(String, Vec<&str>); 9] = [
            (String::new(), vec![]),
            (format!("{A}S: 1\n\none\n\n{A}S: 2\n\ntwo\n"), vec!["S: 1\n\none\n", "S: 2\n\ntwo\n"]),
            (
                format!("{A}S: 1\n\nFrom me to you\n\nFrom you, too\n"),
                vec!["S: 1\n\nFrom me to you\n\nFrom you, too\n"],
            ),
            (
                format!("{A}S: 1\n\ntext\n{A}no blank line\n"),
                vec![&*Box::leak(format!("S: 1\n\ntext\n{A}no blank line\n").into_boxed_str())],
            ),
            (
                format!("{A}S: 1\n\n>From x\n>>From y\n> From z\n"),
                vec!["S: 1\n\nFrom x\n>From y\n> From z\n"],
            ),
            (format!("junk\n\n{A}S: 1\n\none\n"), vec!["junk\n\n", "S: 1\n\none\n"]),
            (
                format!("Subject: x\n\n{A}S: 1\n\none\n"),
                vec![&*Box::leak(format!("Subject: x\n\n{A}S: 1\n\none\n").into_boxed_str())],
            ),
            (
                format!("{A}S: 1\n\none\n\n{A}S: 2\n\ntw").replace('\n', "\r\n"),
                vec!["S: 1\r\n\r\none\r\n", "S: 2\r\n\r\ntw"],
            ),
            (format!("{A}S: 1\n\n\n\n{A}S: 2\n\n"), vec!["S: 1\n\n\n", "S: 2\n"]),
        ];
        for (mbox, want) in cases {
            assert_eq!(raws(&mbox), want, "{mbox:?}");
        }
    }

    #[test]
    fn flags_of_odd_entries() {
        let mbox = format!("junk\n\n{A}S: 1\n\none\n\n{A}S: 2\n\ntw");
        let flags: Vec<_> = split(mbox.as_bytes()).map(|e| (e.leading_garbage, e.truncated)).collect();
        assert_eq!(flags, [(true, false), (false, false), (false, true)]);
        let mbox = format!("{A}S: 1\nT: 2\n");
        assert!(split(mbox.as_bytes()).all(|e| e.truncated));
    }

    #[test]
    fn a_huge_message_is_cut_and_the_next_one_found() {
        let mbox = format!("{A}S: 1\n\n{}\n\n{A}S: 2\n\ntwo\n", "x\n".repeat(50_000));
        let mut s = MboxSplitter::new(2000);
        let mut got = Vec::new();
        for c in mbox.as_bytes().chunks(777) {
            s.push(c);
            while let Some(e) = s.take() {
                got.push(e);
            }
            assert!(s.buf.len() < 8000);
        }
        s.finish();
        got.extend(std::iter::from_fn(|| s.take()));
        assert_eq!(got.len(), 2);
        assert!(got[0].truncated && got[0].raw.len() <= 2000 && got[0].len > 100_000);
        assert_eq!(&*got[1].raw, b"S: 2\n\ntwo\n");
        assert_eq!(got.iter().map(|e| e.len).sum::<u64>(), mbox.len() as u64);
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(A.to_owned()),
            Just(A.trim_end().to_owned()),
            Just("\n".to_owned()),
            Just("\r\n".to_owned()),
            Just("From ".to_owned()),
            Just(">From x\n".to_owned()),
            Just("Subject: s\n".to_owned()),
            "[ -~\\n]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn streaming_gives_the_same_split(pieces in prop::collection::vec(piece(), 0..25), size in 1usize..60) {
            let mbox = pieces.concat();
            let whole: Vec<_> = split(mbox.as_bytes()).map(MboxEntry::into_owned).collect();
            prop_assert_eq!(whole.iter().map(|e| e.len).sum::<u64>(), mbox.len() as u64);
            let mut s = MboxSplitter::new(1 << 20);
            let mut got = Vec::new();
            for c in mbox.as_bytes().chunks(size) {
                s.push(c);
                while let Some(e) = s.take() {
                    got.push(e);
                }
            }
            s.finish();
            got.extend(std::iter::from_fn(|| s.take()));
            prop_assert_eq!(got, whole);
        }
    }
}
