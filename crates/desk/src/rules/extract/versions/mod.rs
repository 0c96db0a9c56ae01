//! Version expressions, written by people, as the ranges of a CVE record (CVE page §5, OURS grammar; §13 rows 1–19).
//!
//! What is left over is an error that points at its character; what a record cannot say (an exclusive lower
//! bound) is reported, never bent into something near.

mod grammar;
mod join;
mod lex;
pub mod order;
mod prefix;

use std::cmp::Ordering;

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use order::{Scheme, compare, version_type};

/// One affected range or version (DESIGN §7, `x versions`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRange {
    /// The package, when one was named or given.
    pub package: Option<String>,
    /// The version, or the lower bound (included); `0` when nothing is said.
    pub version: String,
    /// Upper bound, not affected; `*` means no fixed version is known.
    pub less_than: Option<String>,
    /// Upper bound, affected.
    pub less_than_or_equal: Option<String>,
    /// `versionType` of the record; none when no scheme fits every value.
    pub version_type: Option<String>,
}

/// Something a person must mend or know, at a byte of the expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionProblem {
    /// Byte offset in the expression.
    pub at: usize,
    /// What is wrong and what to write.
    pub message: String,
}

/// The reading of an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionReport {
    /// By package in order of appearance, then by version.
    pub ranges: Vec<VersionRange>,
    /// Errors; the part they stand in yields no range.
    pub problems: Vec<VersionProblem>,
    /// Things worth a look; their ranges stand.
    pub warnings: Vec<VersionProblem>,
}

/// What is known about the packages of an expression.
#[derive(Clone, Debug, Default)]
pub struct VersionOptions {
    /// Ecosystem name or collection URL.
    pub ecosystem: Option<String>,
    /// Package of lines that name none.
    pub package: Option<String>,
    /// Known packages and products, each with the package it means and its own collection URL.
    pub known: Vec<Known>,
    /// Patterns of sub-packages with their collection URL and the names that have a display name.
    pub patterns: Vec<Pattern>,
}

/// A name that may begin a line.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// As written.
    pub name: String,
    /// The package it means; none for the default package.
    pub package: Option<String>,
    /// Its ecosystem or collection URL.
    pub ecosystem: Option<String>,
}

/// `scope.package_pattern`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Anchored at the start of the line.
    pub regex: Regex,
    /// Its ecosystem or collection URL.
    pub ecosystem: Option<String>,
    /// Package names, or parts of them, that have a display name; others are warned about when this is not empty.
    pub display_names: Vec<String>,
}

impl VersionOptions {
    /// The packages, products and patterns of a configuration. Patterns that do not compile are left out;
    /// loading the configuration reports them.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let some = |s: &str| (!s.trim().is_empty()).then(|| s.trim().to_string());
        let mut options = Self::default();
        if let [only] = config.scope.as_slice() {
            options.ecosystem = some(&only.collection_url);
            options.package = some(&only.package);
        }
        for scope in &config.scope {
            let ecosystem = some(&scope.collection_url);
            let package = some(&scope.package);
            for name in [&scope.package, &scope.product, &scope.version_prefix] {
                if let Some(name) = some(name) {
                    options.known.push(Known {
                        name,
                        package: package.clone(),
                        ecosystem: ecosystem.clone(),
                    });
                }
            }
            if let Some(regex) = some(&scope.package_pattern).and_then(|p| anchored(&p)) {
                let display_names = scope.display_names.keys().cloned().collect();
                options.patterns.push(Pattern { regex, ecosystem, display_names });
            }
        }
        for name in [&config.project.name, &config.project.short_name] {
            if let Some(name) = some(name) {
                options.known.push(Known { name, package: options.package.clone(), ecosystem: None });
            }
        }
        options
    }
}

fn anchored(pattern: &str) -> Option<Regex> {
    let bare = pattern.trim_start_matches('^').trim_end_matches('$');
    Regex::new(&format!("^(?:{bare})")).ok()
}

/// A range with the byte it was read from.
pub(super) struct Read {
    pub at: usize,
    pub range: VersionRange,
    pub ecosystem: Option<String>,
}

/// Reads an expression: ranges, versions and lists of them, per line with an optional package.
///
/// Never fails: what cannot be read is a problem with its offset.
#[must_use]
pub fn parse(expr: &str, options: &VersionOptions) -> VersionReport {
    let mut report = VersionReport::default();
    let mut reads: Vec<Read> = Vec::new();
    let mut base = 0usize;
    let mut said = false;
    for raw in expr.split_inclusive('\n') {
        said |= grammar::line(raw, base, options, &mut reads, &mut report);
        base += raw.len();
    }
    if !said {
        report.problems.push(VersionProblem { at: 0, message: "no version is stated".into() });
    }
    check(reads, options, &mut report);
    report.problems.sort_by_key(|p| p.at);
    report.warnings.sort_by_key(|p| p.at);
    report
}

/// Upper bound for comparison: the bound and whether it is included; none is the version itself.
fn upper(range: &VersionRange) -> (Option<&str>, bool) {
    match (&range.less_than, &range.less_than_or_equal) {
        (Some(v), _) if v == "*" => (None, false),
        (Some(v), _) => (Some(v), false),
        (None, Some(v)) => (Some(v), true),
        (None, None) => (Some(&range.version), true),
    }
}

/// Refuses empty ranges, sorts, drops repetitions, reports overlaps, sets version types.
fn check(reads: Vec<Read>, options: &VersionOptions, report: &mut VersionReport) {
    let mut packages: Vec<Option<String>> = Vec::new();
    let mut kept: Vec<(usize, Read)> = Vec::new();
    for mut read in reads {
        let scheme = Scheme::of(read.ecosystem.as_deref().unwrap_or_default());
        let r = &mut read.range;
        if let (Some(high), inclusive) = upper(r) {
            let order = compare(&r.version, high, scheme);
            if order == Ordering::Greater || (order == Ordering::Equal && !inclusive) {
                let message = format!("the range from {} to {high} is empty", r.version);
                report.problems.push(VersionProblem { at: read.at, message });
                continue;
            }
            if order == Ordering::Equal && r.less_than_or_equal.is_some() {
                r.less_than_or_equal = None;
            }
        }
        let place = packages.iter().position(|p| *p == r.package).unwrap_or_else(|| {
            packages.push(r.package.clone());
            packages.len() - 1
        });
        kept.push((place, read));
    }
    kept.sort_by(|(p, a), (q, b)| {
        let scheme = Scheme::of(a.ecosystem.as_deref().unwrap_or_default());
        p.cmp(q)
            .then_with(|| compare(&a.range.version, &b.range.version, scheme))
            .then_with(|| a.at.cmp(&b.at))
    });
    let mut out: Vec<(usize, Read)> = Vec::new();
    // The range with the highest upper end so far, per package; sorted input makes one pass enough.
    let mut widest: Option<usize> = None;
    for (place, read) in kept {
        let scheme = Scheme::of(read.ecosystem.as_deref().unwrap_or_default());
        let before = widest.and_then(|w| out.get(w)).filter(|(p, _)| *p == place);
        if let Some((_, prev)) = before {
            if out.iter().rev().take_while(|(p, _)| *p == place).take(8).any(|(_, o)| o.range == read.range) {
                report.warnings.push(VersionProblem { at: read.at, message: "stated twice".into() });
                continue;
            }
            let overlaps = match upper(&prev.range) {
                (None, _) => true,
                (Some(high), inclusive) => match compare(&read.range.version, high, scheme) {
                    Ordering::Less => true,
                    Ordering::Equal => inclusive,
                    Ordering::Greater => false,
                },
            };
            if overlaps {
                let message = format!("overlaps {}", show(&prev.range));
                report.problems.push(VersionProblem { at: read.at, message });
            }
        }
        let wider = before.is_none_or(|(_, prev)| match (upper(&prev.range).0, upper(&read.range).0) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(a), Some(b)) => compare(b, a, scheme) != Ordering::Less,
        });
        out.push((place, read));
        if wider {
            widest = Some(out.len() - 1);
        }
    }
    // One type per package: a record's entries of one package share it.
    for (i, package) in packages.iter().enumerate() {
        let values: Vec<String> = out
            .iter()
            .filter(|(p, _)| *p == i)
            .flat_map(|(_, r)| {
                [Some(r.range.version.clone()), r.range.less_than.clone(), r.range.less_than_or_equal.clone()]
            })
            .flatten()
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let ecosystem = out.iter().find(|(p, _)| *p == i).and_then(|(_, r)| r.ecosystem.clone());
        let kind = version_type(&values, ecosystem.as_deref().or(options.ecosystem.as_deref()));
        for (_, read) in out.iter_mut().filter(|(_, r)| r.range.package == *package) {
            read.range.version_type = kind.map(str::to_string);
        }
    }
    report.ranges = out.into_iter().map(|(_, r)| r.range).collect();
}

fn show(r: &VersionRange) -> String {
    match (&r.less_than, &r.less_than_or_equal) {
        (Some(h), _) if h == "*" => format!(">= {}", r.version),
        (Some(h), _) if r.version == "0" => format!("< {h}"),
        (Some(h), _) => format!(">= {}, < {h}", r.version),
        (None, Some(h)) if r.version == "0" => format!("<= {h}"),
        (None, Some(h)) => format!(">= {}, <= {h}", r.version),
        (None, None) => r.version.clone(),
    }
}

/// Ranges as an expression, a line each; reading it with the same options gives the ranges back.
#[must_use]
pub fn render(ranges: &[VersionRange]) -> String {
    let lines: Vec<String> = ranges
        .iter()
        .map(|r| match &r.package {
            Some(p) => format!("{p} {}", show(r)),
            None => show(r),
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
