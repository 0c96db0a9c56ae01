//! What can go wrong with the desk's file, and what to do about it.

use std::path::PathBuf;

use desk::plan::ports::PortError;

/// A fault of the desk's memory.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("the desk at {path} cannot {doing}: {source}{}", hint(.source))]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The folder or file cannot be made or opened.
    #[error(
        "the desk's folder {path} cannot be {doing}: {source}; name another with --desk DIR or TIPSTAFF_DESK"
    )]
    Folder {
        /// Which.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Made by a newer program.
    #[error(
        "the desk at {path} has version {found}, this program knows up to {known}; use the newer tipstaff that made it"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Not a desk.
    #[error("{path} is a database, but not a desk; name another folder with --desk DIR")]
    NotADesk {
        /// The file.
        path: PathBuf,
    },
    /// Something stored cannot be read back.
    #[error("the desk at {path} holds a {what} that cannot be read ({why}); run `tipstaff doctor`")]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// No such tracker.
    #[error("there is no tracker {0} on this desk; `tipstaff queue` lists those there are")]
    NoTracker(String),
    /// A change that does not fit the tracker.
    #[error("{0}")]
    Change(String),
    /// A change that the world as it is now does not allow; nothing is broken, and other items may go on.
    #[error("{0}")]
    Refused(String),
}

fn hint(e: &rusqlite::Error) -> &'static str {
    use rusqlite::ErrorCode as C;
    match e.sqlite_error_code() {
        Some(C::DatabaseBusy | C::DatabaseLocked) => {
            "; another tipstaff is writing to this desk, try again when it is done"
        }
        Some(C::ReadOnly | C::PermissionDenied) => {
            "; the desk is read-only for this user, check its permissions"
        }
        Some(C::DiskFull) => {
            "; the disk is full, nothing of this step was written, free some space and run it again"
        }
        Some(C::CannotOpen) => "; check that the folder exists and may be written",
        Some(C::NotADatabase | C::DatabaseCorrupt) => "; the file is damaged, restore it from a backup",
        Some(C::SystemIoFailure) => {
            "; the disk did not take the write (full, or over a size limit), nothing of this step was kept"
        }
        // Statements of ours that do not fit its tables.
        Some(C::Unknown) => {
            "; another version of tipstaff may have made it: use that one, or name another folder with --desk DIR"
        }
        _ => "",
    }
}

impl StoreError {
    /// Is another process writing?
    #[must_use]
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode as C;
        matches!(self, StoreError::Sqlite { source, .. }
            if matches!(source.sqlite_error_code(), Some(C::DatabaseBusy | C::DatabaseLocked)))
    }
}

impl From<StoreError> for PortError {
    fn from(e: StoreError) -> Self {
        // A refusal ends its item and not the run, as a lease that somebody else holds does; so does one row that cannot be read.
        let item_only = e.is_busy() || matches!(e, StoreError::Refused(_) | StoreError::Corrupt { .. });
        PortError { what: e.to_string(), mend: String::new(), item_only }
    }
}
