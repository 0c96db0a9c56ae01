//! Opening a desk: its folder, its file, its version.

use std::{
    cell::{Cell, RefCell},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::StoreError;

/// The version of the schema this program writes.
pub const SCHEMA: u32 = 3;

const MIGRATIONS: &[(u32, &str)] = &[
    (1, include_str!("schema/0001_first_light.sql")),
    (2, include_str!("schema/0002_hosted.sql")),
    (3, include_str!("schema/0003_gone.sql")),
];

/// How to open a desk.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Make the desk when there is none.
    pub create: bool,
    /// Time of opening, kept for the first event.
    pub now: Timestamp,
    /// Random bytes for the desk's own key; used only when it is created.
    pub seed: [u8; 32],
}

/// An open desk. One value per thread; several processes may hold one each.
pub struct Desk {
    pub(crate) conn: Connection,
    pub(crate) path: PathBuf,
    dir: PathBuf,
    pub(crate) key: Vec<u8>,
    /// Depth of the item's transaction: 1 while an item is being applied.
    pub(crate) in_item: Cell<bool>,
    pub(crate) lock: Option<fs::File>,
    /// Host and repository of trackers that do not live here.
    pub(crate) home: RefCell<Option<(String, String)>>,
    created: bool,
}

impl Desk {
    /// Open the desk in a folder, making it (0700, its file 0600) when asked to.
    ///
    /// # Errors
    /// When the folder or file cannot be used, is no desk, or was made by a newer program.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        let path = dir.join("desk.sqlite");
        let exists = path.exists();
        if !exists && !options.create {
            return Err(StoreError::Folder {
                path,
                doing: "opened",
                source: std::io::Error::new(std::io::ErrorKind::NotFound, "there is no desk yet"),
            });
        }
        if !exists {
            make_private_dir(dir).map_err(|source| StoreError::Folder {
                path: dir.into(),
                doing: "made",
                source,
            })?;
            make_private_file(&path).map_err(|source| StoreError::Folder {
                path: path.clone(),
                doing: "made",
                source,
            })?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let err = |doing| {
            let path = path.clone();
            move |source| StoreError::Sqlite { path, doing, source }
        };
        let mut conn = Connection::open_with_flags(&path, flags).map_err(err("be opened"))?;
        conn.busy_timeout(Duration::from_secs(20)).map_err(err("be opened"))?;
        conn.set_prepared_statement_cache_capacity(64);
        // One read, so that a desk which another process is making is seen empty or whole.
        let (version, tables, ours): (u32, i64, i64) = conn
            .query_row(
                "select (select user_version from pragma_user_version), count(*),
                   count(*) filter (where name in ('meta', 'events', 'messages', 'journal', 'trackers'))
                 from sqlite_master where type = 'table'",
                [],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )
            .map_err(err("be read"))?;
        // Somebody else's database is left as it is: nothing is written before this is known.
        if (version == 0 && tables > 0) || (version > 0 && ours < 5) {
            return Err(StoreError::NotADesk { path });
        }
        if version > SCHEMA {
            return Err(StoreError::Newer { path, found: version, known: SCHEMA });
        }
        // A commit is on the disk when it returns (full). Pages of 8 KiB hold most mails in one or two; the write-ahead
        // log is folded into the file every 64 MiB, so that a page which many mails change is written there once.
        conn.execute_batch(
            "pragma page_size = 8192; pragma synchronous = full; pragma wal_autocheckpoint = 8192;
             pragma cache_size = -32768; pragma foreign_keys = on; pragma trusted_schema = off;
             pragma secure_delete = on;",
        )
        .map_err(err("be set up"))?;
        write_ahead(&conn).map_err(err("be set up"))?;
        let created = version == 0;
        if version < SCHEMA {
            migrate(&mut conn, &options).map_err(err("be brought to this version"))?;
        }
        let key: Option<String> = conn
            .query_row("select value from meta where key = 'desk_key'", [], |r| r.get(0))
            .optional()
            .map_err(err("be read"))?;
        let key = key.ok_or_else(|| StoreError::NotADesk { path: path.clone() })?.into_bytes();
        let meta = |key: &str| {
            conn.query_row("select value from meta where key = ?1", [key], |r| r.get::<_, String>(0))
                .optional()
        };
        let home = meta("home_host").map_err(err("be read"))?.zip(meta("home_repo").map_err(err("be read"))?);
        let (home, in_item) = (RefCell::new(home), Cell::new(false));
        let desk = Self { conn, path, dir: dir.into(), key, in_item, lock: None, home, created };
        Ok(desk)
    }

    /// Was the desk made by this call to [`Desk::open`]?
    #[must_use]
    pub fn created(&self) -> bool {
        self.created
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its database file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// The desk's own secret, with which it signs markers (config page §7).
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Let SQLite check its own file: `ok`, or the first faults found.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn integrity(&self) -> Result<String, StoreError> {
        let found: String = self
            .conn
            .query_row("pragma quick_check(5)", [], |r| r.get(0))
            .map_err(|e| self.err("be checked", e))?;
        let orphans: i64 = self
            .conn
            .query_row("select count(*) from pragma_foreign_key_check", [], |r| r.get(0))
            .map_err(|e| self.err("be checked", e))?;
        Ok(if found == "ok" && orphans > 0 { format!("{orphans} rows point at nothing") } else { found })
    }

    pub(crate) fn err(&self, doing: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), doing, source }
    }

    pub(crate) fn corrupt(&self, what: &'static str, why: impl ToString) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), what, why: why.to_string() }
    }

    /// Run a write. Inside an item's transaction it joins that one; else it is one of its own.
    pub(crate) fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.in_item.get() {
            self.conn.execute_batch("savepoint step").map_err(|e| self.err(doing, e))?;
            return match work(&self.conn) {
                Ok(v) => {
                    self.conn.execute_batch("release step").map_err(|e| self.err(doing, e))?;
                    Ok(v)
                }
                Err(e) if self.conn.is_autocommit() => {
                    // A full disk made SQLite undo the whole transaction; there is no savepoint to go back to.
                    self.in_item.set(false);
                    Err(e)
                }
                Err(e) => {
                    self.conn
                        .execute_batch("rollback to step; release step")
                        .map_err(|e| self.err(doing, e))?;
                    Err(e)
                }
            };
        }
        let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)
            .map_err(|e| self.err(doing, e))?;
        let v = work(&tx)?;
        tx.commit().map_err(|e| self.err(doing, e))?;
        Ok(v)
    }
}

/// Keep a write-ahead log. Two processes that make the switch at once cannot wait for each other inside SQLite, which
/// answers busy straight away; so the wait is here.
fn write_ahead(conn: &Connection) -> rusqlite::Result<()> {
    let mode: String = conn.query_row("pragma journal_mode", [], |r| r.get(0))?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    let mut tries = 0;
    loop {
        match conn.execute_batch("pragma journal_mode = wal") {
            Err(e)
                if tries < 200
                    && matches!(
                        e.sqlite_error_code(),
                        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
                    ) =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

fn user_version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.query_row("pragma user_version", [], |r| r.get(0))
}

fn migrate(conn: &mut Connection, options: &OpenOptions) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Another process may have done it while we waited for the lock.
    let version = user_version(&tx)?;
    for (n, sql) in MIGRATIONS.iter().filter(|(n, _)| *n > version) {
        tx.execute_batch(sql)?;
        tx.execute_batch(&format!("pragma user_version = {n}"))?;
    }
    if version == 0 {
        let key = desk::plan::digest::hex(&options.seed);
        tx.execute("insert into meta (key, value) values ('desk_key', ?1)", [key])?;
        tx.execute("insert into meta (key, value) values ('created', ?1)", [options.now.to_string()])?;
    }
    tx.commit()
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(unix)]
fn make_private_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(not(unix))]
fn make_private_file(path: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}
