//! What stands before the expression on a line: a bullet, a package.

use super::{Known, VersionOptions, VersionProblem, VersionReport};

/// A line without its bullet or number, and the bytes left out.
pub(super) fn without_bullet(text: &str) -> (&str, usize) {
    let trimmed = text.trim_start();
    let mut rest = trimmed;
    for mark in ["- ", "* ", "+ ", "• ", "· "] {
        if let Some(r) = rest.strip_prefix(mark) {
            rest = r.trim_start();
            return (rest, text.len() - rest.len());
        }
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=2).contains(&digits) {
        let after = rest.get(digits..).unwrap_or_default();
        if let Some(r) = after.strip_prefix(". ").or_else(|| after.strip_prefix(") ")) {
            rest = r.trim_start();
        }
    }
    (rest, text.len() - rest.len())
}

/// What a line begins with.
#[derive(Default)]
pub(super) struct Prefix {
    pub package: Option<String>,
    pub ecosystem: Option<String>,
    /// Bytes it takes.
    pub len: usize,
}

/// The package a line begins with: a known name or a configured pattern, in backticks or not.
pub(super) fn package(
    text: &str,
    options: &VersionOptions,
    report: &mut VersionReport,
    base: usize,
) -> Prefix {
    let ticks = text.len() - text.trim_start_matches(['`', '*', '_', '"', '\'']).len();
    let bare = text.get(ticks..).unwrap_or_default();
    let own = options.package.as_ref().map(|p| Known {
        name: p.clone(),
        package: Some(p.clone()),
        ecosystem: options.ecosystem.clone(),
    });
    let mut best: Option<(usize, Prefix)> = None;
    for known in own.iter().chain(&options.known) {
        let n = known.name.len();
        let matches = n > 0
            && bare.get(..n).is_some_and(|h| h.eq_ignore_ascii_case(&known.name))
            && boundary(bare.get(n..).unwrap_or_default());
        if matches && best.as_ref().is_none_or(|(m, _)| n > *m) {
            let p = Prefix { package: known.package.clone(), ecosystem: known.ecosystem.clone(), len: 0 };
            best = Some((n, p));
        }
    }
    for pattern in &options.patterns {
        let Some(c) = pattern.regex.captures(bare) else { continue };
        // `rest` is the expression when the pattern names it; else the pattern is the package.
        let whole = c.name("package").or_else(|| c.get(0));
        let Some(m) = whole.filter(|m| !m.as_str().trim().is_empty()) else { continue };
        let end = bare.get(..m.end()).map_or(0, |s| s.trim_end().len());
        if !boundary(bare.get(end..).unwrap_or_default()) || best.as_ref().is_some_and(|(n, _)| *n >= end) {
            continue;
        }
        let name = bare.get(m.start()..end).unwrap_or_default().trim().to_string();
        let displayed = pattern.display_names.is_empty()
            || pattern
                .display_names
                .iter()
                .any(|d| name.eq_ignore_ascii_case(d) || name.to_lowercase().ends_with(&d.to_lowercase()));
        if !displayed {
            report
                .warnings
                .push(VersionProblem { at: base + ticks, message: format!("`{name}` has no display name") });
        }
        best = Some((end, Prefix { package: Some(name), ecosystem: pattern.ecosystem.clone(), len: 0 }));
    }
    let Some((n, mut prefix)) = best else { return Prefix::default() };
    let after = bare.get(n..).unwrap_or_default();
    let marks = after.trim_start_matches(['`', '*', '_', '"', '\'', ' ', '\t']);
    let marks = marks.strip_prefix([':', '@']).unwrap_or(marks);
    prefix.len = text.len() - marks.len();
    prefix
}

fn boundary(after: &str) -> bool {
    after
        .chars()
        .next()
        .is_none_or(|c| !(c.is_alphanumeric() || c == '-' || c == '_' || c == '.' || c == '/'))
}
