//! Where mail drafts are written: the Drafts of a Maildir, or a folder of `.eml` files. A draft is written under a
//! name derived from its Message-ID, so that writing it twice is writing it once. Nothing here can send.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use desk::plan::digest::sha256;
use jiff::Timestamp;

use crate::mailbox::{Abilities, Cursor, Found, Mail, MailFault, Mailbox, NewDraft, Page, Place};

/// Why a draft could not be written or looked for.
#[derive(Debug, thiserror::Error)]
#[error("the drafts folder {path} cannot {doing}: {source}; check that it exists and may be written")]
pub struct DraftsError {
    /// Which folder or file.
    pub path: PathBuf,
    /// What was being done.
    pub doing: &'static str,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// A drafts folder.
#[derive(Clone, Debug)]
pub struct DraftsFolder {
    dir: PathBuf,
    maildir: bool,
}

/// A draft found in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDraft {
    /// Its file.
    pub path: PathBuf,
    /// Its bytes.
    pub raw: Vec<u8>,
}

impl DraftsFolder {
    /// Use that folder; one that holds `cur`, `new` and `tmp` is a Maildir.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        let maildir = ["cur", "new", "tmp"].iter().all(|d| dir.join(d).is_dir());
        Self { dir: dir.into(), maildir }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file a draft of that Message-ID has.
    #[must_use]
    pub fn path_of(&self, message_id: &str) -> PathBuf {
        let name = &sha256(message_id.as_bytes())[..24];
        if self.maildir {
            // `D` is the draft flag, `S` seen: a mail client shows it among the drafts, and not as new mail.
            self.dir.join("cur").join(format!("{name}.tipstaff:2,DS"))
        } else {
            self.dir.join(format!("{name}.eml"))
        }
    }

    /// Write a draft. The bytes are complete under their name or not there at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, message_id: &str, bytes: &[u8]) -> Result<PathBuf, DraftsError> {
        let path = self.path_of(message_id);
        let into = path.parent().unwrap_or(&self.dir);
        if !self.maildir {
            make_private_dir(into).map_err(|e| self.err("be made", e))?;
        }
        let scratch = if self.maildir { self.dir.join("tmp") } else { into.to_path_buf() };
        let mut file = tempfile::Builder::new()
            .prefix(".tipstaff-")
            .suffix(".part")
            .tempfile_in(&scratch)
            .map_err(|e| self.err("be written", e))?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|e| self.err("be written", e))?;
        file.persist(&path).map_err(|e| self.err("be written", e.error))?;
        // Without this the name itself could be lost with the power.
        fs::File::open(into).and_then(|d| d.sync_all()).map_err(|e| self.err("be written", e))?;
        Ok(path)
    }

    /// Is the draft of that Message-ID there? A person may have moved it on; then it is not.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn find(&self, message_id: &str) -> Result<Option<FoundDraft>, DraftsError> {
        let path = self.path_of(message_id);
        match fs::read(&path) {
            Ok(raw) => Ok(Some(FoundDraft { path, raw })),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                // A client that touched the flags renamed the file; the name before the colon is ours.
                let stem = sha256(message_id.as_bytes())[..24].to_owned();
                Ok(self.all()?.into_iter().find(|d| {
                    d.path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(&stem))
                }))
            }
            Err(e) => Err(self.err("be read", e)),
        }
    }

    /// Every draft in the folder, by name. A folder that does not exist yet holds none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn all(&self) -> Result<Vec<FoundDraft>, DraftsError> {
        let dirs = if self.maildir {
            vec![self.dir.join("cur"), self.dir.join("new")]
        } else {
            vec![self.dir.clone()]
        };
        let mut out = Vec::new();
        for dir in dirs {
            let entries = match fs::read_dir(&dir) {
                Ok(entries) => entries,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(self.err("be read", e)),
            };
            for entry in entries {
                let entry = entry.map_err(|e| self.err("be read", e))?;
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_mail = self.maildir || name.ends_with(".eml");
                let is_file = entry.file_type().map_err(|e| self.err("be read", e))?.is_file();
                if is_mail && is_file && !name.starts_with('.') {
                    let raw = fs::read(&path).map_err(|e| self.err("be read", e))?;
                    out.push(FoundDraft { path, raw });
                }
            }
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(out)
    }

    fn err(&self, doing: &'static str, source: io::Error) -> DraftsError {
        DraftsError { path: self.dir.clone(), doing, source }
    }
}

impl FoundDraft {
    fn found(&self) -> Found {
        let place = self.path.display().to_string();
        Found { id: place.clone(), place, url: String::new() }
    }
}

impl DraftsFolder {
    fn no(&self, operation: &'static str) -> MailFault {
        MailFault::NotSupported { what: self.name(), operation }
    }
}

impl From<DraftsError> for MailFault {
    fn from(e: DraftsError) -> Self {
        // A file is under its name as a whole or not at all, so nothing was made.
        MailFault::Setup { what: "mail.drafts".into(), why: e.to_string() }
    }
}

/// The folder knows drafts alone: it has no inbox, and what leaves it may have been sent or thrown away.
impl Mailbox for DraftsFolder {
    fn name(&self) -> String {
        self.dir.display().to_string()
    }

    fn can(&self) -> Abilities {
        Abilities { list_drafts: true, create_draft: true, ..Abilities::default() }
    }

    fn probe(&self) -> Vec<Result<String, MailFault>> {
        vec![match self.all() {
            Ok(all) => Ok(format!("{} in {}", all.len(), self.dir.display())),
            Err(e) => Err(e.into()),
        }]
    }

    fn page(&self, _: Option<&Cursor>, _: Option<Timestamp>) -> Result<Page, MailFault> {
        Err(self.no("list new mail"))
    }

    fn fetch(&self, _: &str) -> Result<Option<Mail>, MailFault> {
        Err(self.no("read mail"))
    }

    fn find(&self, place: Place, message_id: &str) -> Result<Option<Found>, MailFault> {
        match place {
            Place::Sent => Err(self.no("tell what was sent")),
            Place::Drafts => Ok(DraftsFolder::find(self, message_id)?.map(|d| d.found())),
        }
    }

    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        let mail = |d: FoundDraft| {
            let Found { place, id, .. } = d.found();
            Mail { bytes: d.raw, place, id, folder: self.name(), ..Mail::default() }
        };
        Ok(self.all()?.into_iter().map(mail).collect())
    }

    fn create_draft(&self, draft: &NewDraft<'_>) -> Result<Found, MailFault> {
        let path = self.write(draft.message_id, draft.bytes)?;
        Ok(FoundDraft { path, raw: Vec::new() }.found())
    }

    fn thread_url(&self, _: &str) -> Result<Option<String>, MailFault> {
        Err(self.no("link to a thread"))
    }
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_twice_is_writing_once() {
        let dir = tempfile::tempdir().unwrap();
        let drafts = DraftsFolder::new(&dir.path().join("drafts"));
        assert_eq!(drafts.all().unwrap(), []);
        let a = drafts.write("one@desk", b"Subject: a\r\n\r\nhello").unwrap();
        let b = drafts.write("one@desk", b"Subject: a\r\n\r\nhello").unwrap();
        assert_eq!(a, b);
        assert_eq!(drafts.all().unwrap().len(), 1);
        assert_eq!(drafts.find("one@desk").unwrap().unwrap().raw, b"Subject: a\r\n\r\nhello");
        assert_eq!(drafts.find("two@desk").unwrap(), None);
    }

    #[test]
    fn a_maildir_gets_a_flagged_draft_and_survives_a_renaming_client() {
        let dir = tempfile::tempdir().unwrap();
        for d in ["cur", "new", "tmp"] {
            fs::create_dir(dir.path().join(d)).unwrap();
        }
        let drafts = DraftsFolder::new(dir.path());
        let path = drafts.write("one@desk", b"x").unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.ends_with(":2,DS"), "{name}");
        fs::rename(&path, path.with_file_name(name.replace(":2,DS", ":2,D"))).unwrap();
        assert!(drafts.find("one@desk").unwrap().is_some());
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn drafts_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let drafts = DraftsFolder::new(&dir.path().join("drafts"));
        let path = drafts.write("one@desk", b"x").unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(fs::metadata(drafts.dir()).unwrap().permissions().mode() & 0o077, 0);
    }
}
