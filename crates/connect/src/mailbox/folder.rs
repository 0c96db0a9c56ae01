//! Maildirs and folders of `.eml`: regular files only, in the order of their names. A link or a pipe is passed over
//! and said so; it could lead anywhere, or never end.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::{Kind, LIMIT, MailboxError, Passed, RawMail, ReadReport, Taker};

/// Folders below folders are followed so far.
const DEPTH: usize = 16;

/// The message files of a mailbox, and what was passed over.
pub(super) fn files(path: &Path, kind: Kind) -> Result<(Vec<PathBuf>, Vec<Passed>), MailboxError> {
    let mut out = (Vec::new(), Vec::new());
    if kind == Kind::Maildir {
        for sub in ["cur", "new"].map(|d| path.join(d)) {
            if sub.is_dir() {
                list(&sub, kind, 0, &mut out)?;
            }
        }
    } else {
        list(path, kind, 0, &mut out)?;
    }
    Ok(out)
}

fn list(
    dir: &Path,
    kind: Kind,
    depth: usize,
    out: &mut (Vec<PathBuf>, Vec<Passed>),
) -> Result<(), MailboxError> {
    let fail = |source| MailboxError::Read { path: dir.into(), source };
    let mut entries = fs::read_dir(dir).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut pass = |why: &str| {
            out.1.push(Passed { place: path.display().to_string(), why: why.into() });
        };
        let what = entry.file_type().map_err(fail)?;
        if name.starts_with('.') {
            continue;
        }
        if what.is_symlink() {
            pass("a symbolic link is not followed");
        } else if what.is_dir() {
            if kind == Kind::Maildir {
                pass("a folder inside cur or new is no message");
            } else if depth >= DEPTH {
                pass("folders nested deeper than 16 are not read");
            } else {
                list(&path, kind, depth + 1, out)?;
            }
        } else if !what.is_file() {
            pass("it is no regular file");
        } else if kind == Kind::Maildir || name.to_lowercase().ends_with(".eml") {
            out.0.push(path);
        }
    }
    Ok(())
}

pub(super) fn read(path: &Path, kind: Kind, take: &mut Taker<'_>) -> Result<ReadReport, MailboxError> {
    let (files, passed) = files(path, kind)?;
    let mut report = ReadReport { messages: 0, passed };
    for file in files {
        let place = file.strip_prefix(path).unwrap_or(&file).display().to_string();
        let mut bytes = Vec::new();
        let size = match open(&file).and_then(|f| {
            let size = f.metadata()?.len();
            f.take(LIMIT as u64).read_to_end(&mut bytes)?;
            Ok(size)
        }) {
            Ok(size) => size,
            Err(e) => {
                // One unreadable file does not lose the others; the report names it.
                report.passed.push(Passed { place, why: format!("it cannot be read: {e}") });
                continue;
            }
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            report.passed.push(Passed { place, why: "an empty file".into() });
            continue;
        }
        let note = if size > LIMIT as u64 { "only the head of this large message was read" } else { "" };
        take(RawMail { bytes: bytes.into(), place: &place, note }).map_err(MailboxError::Taker)?;
        report.messages += 1;
    }
    Ok(report)
}

/// Open without waiting: a pipe that took a file's place since it was listed must not stop the run.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    const O_NONBLOCK: i32 = 0o4000;
    const O_NOFOLLOW: i32 = 0o400_000;
    let f = fs::OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOFOLLOW).open(path)?;
    if f.metadata()?.is_file() { Ok(f) } else { Err(std::io::Error::other("it is no regular file")) }
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}
