//! Published CVE records to test with, from an archive beside the repository; nothing of it is committed.

use std::{io::Read, path::Path};

/// Name and text of every file of the archive whose name ends so, by name; none where the archive is absent.
#[must_use]
pub fn published(ending: &str) -> Option<Vec<(String, String)>> {
    // Beside the repository, or beside the folder of its work trees.
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let places = [here.join("shared"), here.join("../shared")];
    let file = places.iter().find_map(|p| std::fs::File::open(p.join("data/asf-records.tar.gz")).ok())?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut out = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if name.ends_with(ending) {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            out.push((name, text));
        }
    }
    out.sort();
    Some(out)
}
