//! Reading many records and checking them on every core, with results in the order of the files.

use std::{
    borrow::Cow,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use desk::cve::{
    check::{Checked, Content, Finding, Level, Place, check_text, locate},
    lint::Options,
};

use super::error::{AppError, Result};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Files that are read before their results are handed on; it bounds the memory that results take.
const BATCH: usize = 1024;

/// A file to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Was it named, or found in a folder that was?
    pub named: bool,
}

/// What one file holds.
#[derive(Clone, Debug)]
pub struct Report {
    /// The file, as it was named or found.
    pub file: String,
    /// Its records. Empty for a file found in a folder that holds no record.
    pub records: Vec<Checked>,
}

/// The files behind the words of the command line: files as they are, folders with every `*.json` below them, by
/// name. Hidden entries are left out and links to folders are not followed.
///
/// # Errors
/// When a path does not exist, or a folder cannot be read.
pub fn targets(paths: &[PathBuf]) -> Result<Vec<Target>> {
    let mut out = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            out.push(Target { path: path.clone(), named: true });
            continue;
        }
        let kind = std::fs::metadata(path).map_err(|e| {
            AppError::usage(format!("{} cannot be read: {e}", path.display()))
                .next("name files, folders, or `-` for standard input")
        })?;
        if kind.is_dir() {
            folder(path, &mut out)?;
        } else {
            out.push(Target { path: path.clone(), named: true });
        }
    }
    Ok(out)
}

fn folder(dir: &Path, out: &mut Vec<Target>) -> Result<()> {
    let mut open = vec![dir.to_path_buf()];
    let mut found = Vec::new();
    while let Some(dir) = open.pop() {
        let unreadable = |e: std::io::Error| {
            AppError::usage(format!("the folder {} cannot be read: {e}", dir.display()))
                .next("name the files, or another folder")
        };
        for entry in std::fs::read_dir(&dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type().map_err(unreadable)?;
            let path = entry.path();
            if kind.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
                && (kind.is_file() || path.is_file())
            {
                found.push(Target { path, named: false });
            }
        }
    }
    found.sort_by_cached_key(|t| name(&t.path));
    out.append(&mut found);
    Ok(())
}

/// What paths are sorted by, part by part: no byte of a name comes before the end of a folder's.
fn name(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|b| if *b == std::path::MAIN_SEPARATOR as u8 { 0 } else { *b }).collect()
}

/// Check one file. What cannot be read is a finding, so that one bad file does not hide the others.
#[must_use]
pub fn check(target: &Target, options: &Options) -> Report {
    let file = target.path.display().to_string();
    let text = match read(&target.path) {
        Ok(text) => text,
        Err(message) => {
            let finding = Finding::new("schema.unreadable", Level::Error, "$".into(), "", message);
            let findings = Some(finding).filter(|f| options.keeps(f)).into_iter().collect();
            let records = vec![Checked { cve: None, record: None, base: "$".into(), findings }];
            return Report { file, records };
        }
    };
    let mut records = match check_text(&text, options) {
        Content::Other(_) if !target.named => Vec::new(),
        content => content.into_records(),
    };
    place(&text, &mut records);
    Report { file, records }
}

/// Give every finding its line and column: one walk over the text for all of them.
fn place(text: &[u8], records: &mut [Checked]) {
    // Paths are said from the record; a record in a list or an envelope stands deeper.
    fn whole<'f>(base: &str, path: &'f str) -> Cow<'f, str> {
        if base == "$" { Cow::Borrowed(path) } else { Cow::Owned(path.replacen('$', base, 1)) }
    }
    let missing = |c: &Checked| c.findings.iter().any(|f| f.place.is_none());
    if !records.iter().any(missing) {
        return;
    }
    let paths: Vec<Cow<'_, str>> =
        records.iter().flat_map(|c| c.findings.iter().map(|f| whole(&c.base, &f.path))).collect();
    let found = locate(text, paths.iter().map(AsRef::as_ref));
    let places: Vec<Option<Place>> = paths.iter().map(|p| found.get(p.as_ref()).copied()).collect();
    let mut places = places.into_iter();
    for f in records.iter_mut().flat_map(|c| &mut c.findings) {
        let place = places.next().flatten();
        f.place = f.place.or(place);
    }
}

fn read(path: &Path) -> std::result::Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|f| {
            let size = f.metadata().map_or(0, |m| m.len().min(LARGEST));
            text.reserve(usize::try_from(size).unwrap_or(0));
            f.take(LARGEST + 1).read_to_end(&mut text)
        })
    };
    match read {
        Err(e) => Err(format!("cannot be read: {e}")),
        Ok(n) if n as u64 > LARGEST => Err(format!("is larger than {} MiB", LARGEST >> 20)),
        Ok(_) => Ok(text),
    }
}

/// Do the work for every target on all cores, and hand the results on in the order of the targets.
///
/// # Errors
/// What `then` fails with; no further batch is begun.
pub fn in_order<T: Send>(
    targets: &[Target],
    work: impl Fn(&Target) -> T + Sync,
    mut then: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for batch in targets.chunks(BATCH) {
        let threads = cores.min(batch.len().div_ceil(8));
        if threads < 2 {
            for t in batch {
                then(work(t))?;
            }
            continue;
        }
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<T>>> =
            Mutex::new(std::iter::repeat_with(|| None).take(batch.len()).collect());
        std::thread::scope(|s| {
            for _ in 0..threads {
                s.spawn(|| {
                    loop {
                        let from = next.fetch_add(8, Ordering::Relaxed);
                        let Some(mine) =
                            batch.get(from..(from + 8).min(batch.len())).filter(|m| !m.is_empty())
                        else {
                            break;
                        };
                        let results: Vec<T> = mine.iter().map(&work).collect();
                        // A panic elsewhere ends the program at the end of the scope; the list is whole either way.
                        let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        for (n, r) in results.into_iter().enumerate() {
                            if let Some(slot) = done.get_mut(from + n) {
                                *slot = Some(r);
                            }
                        }
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for result in done.into_iter().flatten() {
            then(result)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_targets() {
        let targets: Vec<Target> =
            (0..3000).map(|n| Target { path: n.to_string().into(), named: true }).collect();
        let mut got = Vec::new();
        in_order(
            &targets,
            |t| t.path.clone(),
            |p| {
                got.push(p);
                Ok(())
            },
        )
        .unwrap();
        assert!(got.iter().eq(targets.iter().map(|t| &t.path)));
    }
}
