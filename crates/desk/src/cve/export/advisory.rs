//! The advisory as people read it: the mail the release manager previews, and a Markdown page.

use super::{About, hits, id, product, severity, text, weaknesses, words};
use crate::{cve::Record, tracker::inline_text};

/// Subject and text of the advisory mail. It is shown, never sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Letter {
    /// Subject: the id leads, so that the archive finds it.
    pub subject: String,
    /// Text.
    pub body: String,
}

fn affected(record: &Record) -> Vec<String> {
    let mut out = Vec::new();
    for a in &record.containers.cna.affected {
        let name = product(a);
        let package =
            a.package_name.as_deref().filter(|p| *p != name).map(|p| format!(" ({p})")).unwrap_or_default();
        let found = hits(a);
        out.extend(found.versions.iter().map(|v| format!("{name}{package} {}", words(v))));
        if found.more {
            out.push(format!("{name}{package}: every version that the record does not call unaffected"));
        }
    }
    out
}

fn credits(record: &Record) -> Vec<String> {
    record
        .containers
        .cna
        .credits
        .iter()
        .map(|c| c.kind.as_deref().map_or_else(|| c.value.clone(), |k| format!("{} ({k})", c.value)))
        .collect()
}

/// The advisory mail (the text of a record, in blocks a reader and a program can find again).
#[must_use]
pub fn mail(record: &Record, about: &About) -> Letter {
    let cna = &record.containers.cna;
    let cve = id(record);
    let title = cna.title.as_deref().unwrap_or_default().trim();
    let names: std::collections::BTreeSet<String> = cna.affected.iter().map(product).collect();
    let names: Vec<String> = names.into_iter().collect();
    // A title that begins with the product names it already.
    let named = names.iter().any(|n| title.get(..n.len()).is_some_and(|t| t.eq_ignore_ascii_case(n)));
    let products = match names.as_slice() {
        _ if named => String::new(),
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {} more", rest.len()),
        all => all.join(", "),
    };
    let subject = match (products.is_empty(), title.is_empty()) {
        (false, false) => format!("{cve}: {products}: {title}"),
        (true, false) => format!("{cve}: {title}"),
        (false, true) => format!("{cve}: {products}"),
        (true, true) => cve.to_owned(),
    };
    let mut blocks = Vec::new();
    if let Some(word) = severity(record) {
        blocks.push(format!("Severity: {word}"));
    }
    let versions = affected(record);
    if !versions.is_empty() {
        blocks.push(format!("Affected versions:\n\n{}", bullets(&versions)));
    }
    blocks.push(format!("Description:\n\n{}", text(record)));
    let cwes: Vec<String> =
        weaknesses(record).into_iter().map(|(id, name)| format!("{id}: {name}")).collect();
    if !cwes.is_empty() {
        blocks.push(format!("Weakness:\n\n{}", bullets(&cwes)));
    }
    let thanks = credits(record);
    if !thanks.is_empty() {
        blocks.push(format!("Credit:\n\n{}", bullets(&thanks)));
    }
    let mut links: Vec<String> = cna.references.iter().map(|r| r.url.clone()).collect();
    links.push(format!("https://www.cve.org/CVERecord?id={cve}"));
    if !about.namespace.is_empty() {
        links.insert(0, about.namespace.clone());
    }
    links.dedup();
    blocks.push(format!("References:\n\n{}", links.join("\n")));
    Letter { subject, body: format!("{}\n", blocks.join("\n\n")) }
}

fn bullets(lines: &[String]) -> String {
    lines.iter().map(|l| format!("- {l}")).collect::<Vec<_>>().join("\n")
}

/// The advisory as a Markdown page. What the record says is text there, never markup.
#[must_use]
pub fn page(record: &Record) -> String {
    let cna = &record.containers.cna;
    let cve = id(record);
    let title = cna.title.as_deref().unwrap_or_default().trim();
    let mut out = if title.is_empty() {
        format!("# {cve}\n\n")
    } else {
        format!("# {cve}: {}\n\n", inline_text(title))
    };
    if let Some(word) = severity(record) {
        out.push_str(&format!("**Severity:** {}\n\n", inline_text(&word)));
    }
    for p in text(record).split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        out.push_str(&inline_text(p));
        out.push_str("\n\n");
    }
    let list = |head: &str, lines: &[String], out: &mut String| {
        if !lines.is_empty() {
            out.push_str(&format!("## {head}\n\n"));
            lines.iter().for_each(|l| out.push_str(&format!("- {}\n", inline_text(l))));
            out.push('\n');
        }
    };
    list("Affected versions", &affected(record), &mut out);
    let cwes: Vec<String> =
        weaknesses(record).into_iter().map(|(id, name)| format!("{id}: {name}")).collect();
    list("Weakness", &cwes, &mut out);
    list("Credit", &credits(record), &mut out);
    out.push_str("## References\n\n");
    for r in &cna.references {
        // An address is a link only where it is plainly one.
        if r.url.starts_with("https://") && !r.url.contains(['<', '>', ' ', '\n']) {
            out.push_str(&format!("- <{}>\n", r.url));
        } else {
            out.push_str(&format!("- {}\n", inline_text(&r.url)));
        }
    }
    out.push_str(&format!("- <https://www.cve.org/CVERecord?id={cve}>\n"));
    out
}
