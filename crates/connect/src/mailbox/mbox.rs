//! An mbox file, read in pieces: memory stays at one message, however large the file.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use desk::mail::{Boundary, CONTEXT, MboxEntry, is_single_message, next_boundary};

use super::{LIMIT, MailboxError, Passed, RawMail, ReadReport, Taker};

const PIECE: usize = 4 * 1024 * 1024;
/// Room that is kept when the entry that needed more of it is gone.
const ROOM: usize = 4 * PIECE;

pub(super) fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut head)?;
    Ok(head)
}

pub(super) fn read(path: &Path, take: &mut Taker<'_>) -> Result<ReadReport, MailboxError> {
    let fail = |source| MailboxError::Read { path: path.into(), source };
    let mut file = File::open(path).map_err(fail)?;
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let mut report = ReadReport::default();
    let mut w = Window::default();
    loop {
        let eof = w.fill(&mut file).map_err(fail)?;
        while let Some(entry) = w.next(eof) {
            let place = format!("{name} at byte {}", entry.offset);
            if entry.leading_garbage {
                let what = format!("{} bytes before the first message are no mail", entry.len);
                report.passed.push(Passed { place, why: what });
                continue;
            }
            if entry.raw.iter().all(u8::is_ascii_whitespace) {
                report.passed.push(Passed { place, why: "an empty message".into() });
                continue;
            }
            let note = match (entry.truncated, entry.len > LIMIT as u64) {
                (_, true) => "only the head of this large message was read",
                (true, false) => "the file ends inside this message",
                (false, false) => "",
            };
            take(RawMail { bytes: entry.raw, place: &place, note }).map_err(MailboxError::Taker)?;
            report.messages += 1;
        }
        if eof {
            return Ok(report);
        }
    }
}

/// The part of the file in memory: from the start of the current entry on.
#[derive(Default)]
struct Window {
    buf: Vec<u8>,
    /// Where the current entry begins in `buf`.
    start: usize,
    /// Where the search for its end goes on, from `start`.
    resume: usize,
    /// Offset in the file of `buf[start]`, as if nothing had been dropped.
    offset: u64,
    /// Bytes of the current entry that were dropped because it is over the limit.
    dropped: u64,
    /// The kept head of such an entry.
    kept: Vec<u8>,
    single: Option<bool>,
}

impl Window {
    fn fill(&mut self, file: &mut File) -> io::Result<bool> {
        // What was consumed goes first, so that the buffer holds one entry and one piece.
        self.buf.drain(..self.start);
        self.start = 0;
        // A large entry must not hold its room until the end of the file.
        self.buf.shrink_to(ROOM);
        let before = self.buf.len();
        file.take(PIECE as u64).read_to_end(&mut self.buf)?;
        if self.single.is_none() {
            self.single = Some(is_single_message(&self.buf));
        }
        Ok(self.buf.len() == before)
    }

    fn next(&mut self, eof: bool) -> Option<MboxEntry<'_>> {
        let rest = self.buf.get(self.start..).unwrap_or_default();
        if rest.is_empty() && self.dropped == 0 {
            return None;
        }
        let found = match self.single {
            Some(true) if eof => Boundary::End,
            Some(true) => Boundary::More(rest.len()),
            _ => next_boundary(rest, self.resume.max(1), eof),
        };
        let end = match found {
            Boundary::At(n) => n,
            Boundary::End => rest.len(),
            Boundary::More(resume) => {
                self.resume = resume;
                self.shed();
                return None;
            }
        };
        let last = found == Boundary::End;
        let (from, len) = (self.start, self.dropped + end as u64);
        let offset = self.offset;
        self.start += end;
        self.offset += len;
        self.resume = 1;
        let cut = std::mem::take(&mut self.dropped) > 0;
        if cut {
            let head = std::mem::take(&mut self.kept);
            let mut entry = MboxEntry::from_bytes(offset, &head, last);
            let raw = std::borrow::Cow::Owned(entry.raw.into_owned());
            entry.raw = std::borrow::Cow::Borrowed(&[]);
            return Some(MboxEntry {
                raw,
                offset,
                len,
                leading_garbage: entry.leading_garbage,
                truncated: true,
            });
        }
        let bytes = self.buf.get(from..from + end).unwrap_or_default();
        Some(MboxEntry::from_bytes(offset, bytes, last))
    }

    /// An entry over the limit keeps its head; its middle is read and forgotten.
    fn shed(&mut self) {
        let have = self.buf.len() - self.start;
        if self.dropped == 0 && have <= LIMIT {
            return;
        }
        if self.dropped == 0 {
            self.kept = self.buf.get(self.start..self.start + LIMIT).unwrap_or_default().to_vec();
        }
        let cut = self.resume.saturating_sub(CONTEXT).min(have);
        self.start += cut;
        self.dropped += cut as u64;
        self.resume -= cut;
    }
}
