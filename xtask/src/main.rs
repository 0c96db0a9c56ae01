//! Chores of the repository: `cargo xtask generate` writes the generated pages of `docs/`, `cargo xtask cwe FILE.xml`
//! the table of CWE names (the file comes in the PyPI package `cwe2`).

mod cwe;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["generate"] => generate(),
        ["cwe", file] => {
            let xml = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            let path = xtask::root().join("crates/desk/src/cve/cwe.txt");
            std::fs::write(&path, cwe::table(&xml)?)
                .with_context(|| format!("cannot write {}", path.display()))
        }
        _ => bail!("say `cargo xtask generate` or `cargo xtask cwe FILE.xml`"),
    }
}

fn generate() -> Result<()> {
    let docs = xtask::root().join("docs");
    for (name, text) in xtask::pages() {
        let path = docs.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
