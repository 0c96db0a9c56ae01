//! The table of CWE names in `crates/desk/src/cve/cwe.txt`, from MITRE's list.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use regex::Regex;

/// The table of a `cwec_vN.xml`: id, usage (Allowed, allowed with Review, Discouraged, Prohibited) and name.
///
/// # Errors
/// When the text is no such list.
pub fn table(xml: &str) -> Result<String> {
    let version = Regex::new(r#"<Weakness_Catalog [^>]*Version="([0-9.]+)""#)?;
    let version = version.captures(xml).and_then(|c| c.get(1)).context("no <Weakness_Catalog Version=…>")?;
    let entry = Regex::new(
        r#"(?s)<(?:Weakness|Category|View) ID="(\d+)" Name="([^"]*)"[^>]*>(.*?)</(?:Weakness|Category|View)>"#,
    )?;
    let usage = Regex::new(r"<Usage>([^<]*)</Usage>")?;
    let mut rows: Vec<(u32, String)> = Vec::new();
    for c in entry.captures_iter(xml) {
        let text = |i: usize| c.get(i).map_or("", |m| m.as_str());
        let id: u32 = text(1).parse()?;
        let word = usage.captures(text(3)).and_then(|u| u.get(1)).map_or("Prohibited", |m| m.as_str());
        let mark = match word {
            "Allowed" => 'A',
            "Allowed-with-Review" => 'R',
            "Discouraged" => 'D',
            _ => 'P',
        };
        rows.push((id, format!("{id} {mark} {}", plain(text(2)).trim())));
    }
    rows.sort();
    let mut out = format!(
        "# CWE {} names and mapping usage, (c) The MITRE Corporation; written by `cargo xtask cwe FILE.xml`.\n",
        version.as_str()
    );
    for (_, row) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{row}");
    }
    Ok(out)
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}
