//! Mailboxes. Those on a server stand behind one port, [`Mailbox`], which reads, writes drafts and never sends. Files on
//! this machine are read as [`LocalMailbox`]: an mbox file, a Maildir, a folder of `.eml`, one `.eml` (intake page §2,
//! rule 6); strictly read-only, nothing is moved, flagged or locked.

mod fault;
mod folder;
pub mod ghsa;
pub mod gmail;
pub mod imap;
mod mbox;
pub mod ponymail;
mod port;

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use desk::plan::digest::sha256;

pub use fault::MailFault;
pub use port::{Abilities, Cursor, Found, Mail, Mailbox, NewDraft, Page, Place};

/// Bytes of one message that are kept; the rest of a longer one is left in its file and said so.
pub const LIMIT: usize = 24 * 1024 * 1024 + 64 * 1024;

/// One message as it was read.
#[derive(Debug)]
pub struct RawMail<'a> {
    /// Its bytes; owned where the reader has no further use for them.
    pub bytes: Cow<'a, [u8]>,
    /// Where they were, in words: `reports.mbox at byte 4711`.
    pub place: &'a str,
    /// Why they may not be the whole message; empty when they are.
    pub note: &'a str,
}

/// Something in the mailbox that was not read as a message, and why. It is never silently left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which file or place.
    pub place: String,
    /// Why.
    pub why: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Messages handed on.
    pub messages: usize,
    /// What was passed over.
    pub passed: Vec<Passed>,
}

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// Nothing there.
    #[error("there is no mailbox at {0}; name an mbox file, a Maildir or a folder of .eml files")]
    Missing(PathBuf),
    /// Something there that is none.
    #[error("{path} is no mailbox: {why}")]
    NoMailbox {
        /// Where.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Reading failed.
    #[error("the mailbox {path} cannot be read: {source}; what was read before is kept")]
    Read {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The reader of the messages failed.
    #[error("{0}")]
    Taker(String),
}

/// Takes each message; an error stops the reading.
pub type Taker<'t> = dyn FnMut(RawMail<'_>) -> Result<(), String> + 't;

/// What kind of mailbox a path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file of many messages, or of one.
    Mbox,
    /// A Maildir: `cur`, `new`, `tmp`.
    Maildir,
    /// A folder of `.eml` files, folders below it included.
    EmlFolder,
}

/// A mailbox on this machine.
#[derive(Clone, Debug)]
pub struct LocalMailbox {
    path: PathBuf,
    kind: Kind,
}

impl LocalMailbox {
    /// Look at a path and say what it holds.
    ///
    /// # Errors
    /// When it holds no mailbox.
    pub fn open(path: &Path) -> Result<Self, MailboxError> {
        let meta = fs::metadata(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => MailboxError::Missing(path.into()),
            _ => MailboxError::Read { path: path.into(), source: e },
        })?;
        let no = |why: &str| MailboxError::NoMailbox { path: path.into(), why: why.into() };
        let kind = if meta.is_dir() {
            if path.join("cur").is_dir() || path.join("new").is_dir() {
                Kind::Maildir
            } else {
                Kind::EmlFolder
            }
        } else if meta.is_file() {
            Kind::Mbox
        } else {
            return Err(no("it is neither a file nor a folder"));
        };
        if kind == Kind::Mbox {
            let head = mbox::head(path).map_err(|source| MailboxError::Read { path: path.into(), source })?;
            let mail = head.starts_with(b"From ") || desk::mail::is_single_message(&head);
            if head.contains(&0) && !mail {
                return Err(no("it holds binary data"));
            }
        }
        Ok(Self { path: path.into(), kind })
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A value that changes when messages may have been added: names, sizes and times, without reading any message.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn fingerprint(&self) -> Result<String, MailboxError> {
        let mut all = Vec::new();
        let read = |source| MailboxError::Read { path: self.path.clone(), source };
        match self.kind {
            Kind::Mbox => all.push(stamp(&self.path, &fs::metadata(&self.path).map_err(read)?)),
            Kind::Maildir | Kind::EmlFolder => {
                let (files, _) = folder::files(&self.path, self.kind)?;
                for f in files {
                    match fs::metadata(&f) {
                        Ok(meta) => all.push(stamp(&f, &meta)),
                        // A mail reader moved it since it was listed; under its new name it counts as a change.
                        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                        Err(e) => return Err(read(e)),
                    }
                }
            }
        }
        Ok(sha256(all.join("\n").as_bytes()))
    }

    /// Hand every message to `take`, in the mailbox's order.
    ///
    /// # Errors
    /// When reading fails, or `take` does.
    pub fn read(&self, take: &mut Taker<'_>) -> Result<ReadReport, MailboxError> {
        match self.kind {
            Kind::Mbox => mbox::read(&self.path, take),
            Kind::Maildir | Kind::EmlFolder => folder::read(&self.path, self.kind, take),
        }
    }
}

fn stamp(path: &Path, meta: &fs::Metadata) -> String {
    let modified = meta
        .modified()
        .ok()
        .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or_else(String::new, |d| d.as_nanos().to_string());
    format!("{}\t{}\t{modified}", path.display(), meta.len())
}

#[cfg(test)]
mod tests;
