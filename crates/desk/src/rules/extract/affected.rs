//! The versions a report states as affected (intake page §6, Hard case 13; config page §2 rule 2).
//!
//! A version counts when it hangs on the product: by a label (`Affected versions:`), by the product's name beside
//! it, or by a verb (`affects`, `confirmed on`). It does not count when the same clause disclaims it (`fixed in`,
//! `not tested`), or when it hangs on something else (`Python 3.11`, `CVSS 3.1`, an address, a date). Vague words
//! (`latest`, `all versions`, a branch, a commit) are no versions. Ranges stay as stated.

mod expression;
mod polarity;
mod unit;
mod words;

use std::{collections::BTreeSet, sync::Arc};

use crate::pattern::{Regex, RegexBuilder};

use super::text;
use crate::config::Config;
use expression::Expression;
use unit::{Context, Unit};

/// Stands for the product's name while a text is read; never in the input.
pub(super) const PRODUCT: char = '\u{E000}';

/// The names of the product: project, scopes, packages, repository.
pub(super) struct Names {
    product: Arc<Product>,
    /// Words that name the product in this mail only: of its subject, its recipients.
    heard: BTreeSet<String>,
}

/// What is the same for every mail of a project.
struct Product {
    regex: Option<Regex>,
    /// Words of its configured names.
    heard: BTreeSet<String>,
}

impl Names {
    /// Names from the configuration, longest first.
    pub(super) fn new(config: &Config) -> Self {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut add = |s: &str| {
            let s = s.trim();
            if s.chars().filter(|c| c.is_alphanumeric()).count() >= 2 {
                names.insert(s.to_string());
            }
        };
        let p = &config.project;
        for s in [&p.name, &p.short_name, &p.id] {
            add(s);
        }
        for scope in &config.scope {
            add(&scope.product);
            add(&scope.package);
            add(&scope.version_prefix);
            for part in scope.package.rsplit(['/', ':']).take(1) {
                add(part);
            }
            for (package, shown) in &scope.display_names {
                add(package);
                add(shown);
            }
        }
        if let Some((_, repo)) = config.upstream.repo.split_once('/') {
            add(repo);
        }
        let mut list: Vec<String> = names.into_iter().collect();
        list.sort_by_key(|n| std::cmp::Reverse(n.len()));
        let patterns: Vec<String> = list
            .iter()
            .map(|n| {
                let words: Vec<String> =
                    n.split([' ', '-', '_']).filter(|w| !w.is_empty()).map(regex::escape).collect();
                words.join(r"[\s_\-]*")
            })
            .filter(|p| !p.is_empty())
            .collect();
        let regex = (!patterns.is_empty())
            .then(|| RegexBuilder::new(&patterns.join("|")).case_insensitive(true).build().ok())
            .flatten();
        let heard = list.iter().flat_map(|n| telling(n)).collect();
        Self { product: Arc::new(Product { regex, heard }), heard: BTreeSet::new() }
    }

    /// The same names, and the words of a subject or an address, which a report uses for the product without
    /// asking how it is configured.
    pub(super) fn hearing<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Self {
        Self { product: Arc::clone(&self.product), heard: texts.flat_map(telling).take(200).collect() }
    }

    /// Does the text end with a name heard, or with one and up to two more words?
    fn heard(&self, before: &str) -> bool {
        let tail = before.rsplit(['.', ';', '\n']).next().unwrap_or(before);
        let mut words = tail.split(|c: char| !c.is_alphanumeric()).rev().filter(|w| !w.is_empty());
        words.by_ref().take(3).any(|w| {
            let w = w.to_lowercase();
            self.product.heard.contains(&w) || self.heard.contains(&w)
        })
    }

    /// Is any name known?
    pub(super) fn known(&self) -> bool {
        self.product.regex.is_some()
    }

    /// The text with every product name replaced by [`PRODUCT`].
    pub(super) fn mark(&self, text: &str) -> String {
        let text = text.replace(PRODUCT, " ");
        let Some(re) = &self.product.regex else { return text };
        let mut out = String::with_capacity(text.len());
        let mut last = 0;
        for m in re.find_iter(&text) {
            let before = text.get(..m.start()).and_then(|s| s.chars().next_back());
            let after = text.get(m.end()..).and_then(|s| s.chars().next());
            if before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphabetic) {
                continue;
            }
            out.push_str(text.get(last..m.start()).unwrap_or_default());
            out.push(PRODUCT);
            last = m.end();
        }
        out.push_str(text.get(last..).unwrap_or_default());
        out
    }
}

/// The words of a name or subject that may name a product.
fn telling(text: &str) -> Vec<String> {
    const COMMON: &[&str] = &[
        "security",
        "private",
        "lists",
        "list",
        "example",
        "org",
        "com",
        "net",
        "mail",
        "report",
        "vulnerability",
        "issue",
        "project",
        "team",
        "client",
        "server",
        "api",
        "http",
        "https",
        "www",
        "users",
        "dev",
        "fix",
        "cve",
    ];
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.chars().count() >= 3 && !w.chars().all(|c| c.is_ascii_digit()))
        .map(str::to_lowercase)
        .filter(|w| !COMMON.contains(&w.as_str()) && !words::generic(w) && !words::foreign(w))
        .collect()
}

/// How firmly a version was stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    /// Alone, or beside a name that only this mail uses; counts where nothing else was found.
    Loose,
    /// Beside the product's name.
    Named,
    /// Tested or run by the reporter; under a `Version` label.
    Tested,
    /// Said to be affected.
    Affected,
    /// Under an `Affected versions` label.
    Labelled,
}

/// The weakest grade that counts, given what was found: a label or a range says it all; single versions said to
/// be affected do not hide the ones that were tested.
fn floor(found: &[(Grade, Expression)]) -> Grade {
    let best = found.iter().map(|(g, _)| *g).max().unwrap_or(Grade::Named);
    let ranged = found.iter().any(|(g, e)| *g == Grade::Affected && e.range);
    if best == Grade::Affected && !ranged { Grade::Tested } else { best }
}

/// The versions stated as affected in subject and body, without product names, each range whole; empty when the
/// statement is vague.
#[must_use]
pub fn affected_versions(subject: &str, body: &str, config: &Config) -> Vec<String> {
    affected_in(subject, body, &Names::new(config).hearing(std::iter::once(subject)))
}

/// The same, where the addresses the report was sent to may name the product as well.
pub(super) fn affected_in(subject: &str, body: &str, names: &Names) -> Vec<String> {
    let mut found: Vec<(Grade, Expression)> = Vec::new();
    let subject = Unit { text: names.mark(subject), context: Context::Prose };
    for unit in std::iter::once(subject).chain(unit::units(body, names)) {
        match unit.context {
            Context::Negative | Context::Foreign => {}
            context => read(&unit.text, context, names, &mut found),
        }
    }
    let floor = floor(&found);
    let kept: Vec<&Expression> = found.iter().filter(|(g, _)| *g >= floor).map(|(_, e)| e).collect();
    let bounds: BTreeSet<&str> =
        kept.iter().filter(|e| e.range).flat_map(|e| e.versions.iter().map(String::as_str)).collect();
    let mut seen = BTreeSet::new();
    kept.iter()
        .filter(|e| e.range || !e.versions.iter().any(|v| bounds.contains(v.as_str())))
        .filter(|e| seen.insert(e.text.clone()))
        .map(|e| e.text.clone())
        .take(100)
        .collect()
}

/// How much of a sentence, and how far around a version, is read; keeps hostile text linear.
const SENTENCE: usize = 1500;
const AROUND: usize = 300;

/// The last characters of a text.
fn tail(text: &str) -> &str {
    text.char_indices().rev().nth(AROUND).map_or(text, |(i, _)| text.get(i..).unwrap_or(text))
}

fn read(text: &str, context: Context, names: &Names, found: &mut Vec<(Grade, Expression)>) {
    if found.len() > 2000 {
        return;
    }
    for clause in polarity::clauses(text::head(text, SENTENCE)) {
        let expressions = expression::find(&clause);
        for chain in expression::chains(&clause, &expressions) {
            let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
            let before = tail(clause.get(..first.start).unwrap_or_default());
            let after = text::head(clause.get(last.end..).unwrap_or_default(), AROUND);
            let polarity = polarity::judge(before, first, after);
            if polarity == polarity::Polarity::Disclaimed {
                continue;
            }
            let attach = polarity::attach(before, first, names.known());
            let said = polarity != polarity::Polarity::Silent;
            let labelled = matches!(context, Context::Affected | Context::Version);
            let holds = match attach {
                polarity::Attach::Product => true,
                _ if context == Context::Code => false,
                polarity::Attach::Foreign => false,
                polarity::Attach::Version => true,
                polarity::Attach::Stranger => labelled || (said && !names.known()),
                polarity::Attach::Neutral => labelled || said,
            };
            if !holds {
                if polarity == polarity::Polarity::Silent || said {
                    loose(&clause, &chain, context, attach, names, found);
                }
                continue;
            }
            let grade = match (context, polarity) {
                (Context::Affected, polarity::Polarity::Tested) => Grade::Tested,
                (Context::Affected, _) => Grade::Labelled,
                (_, polarity::Polarity::Affected) => Grade::Affected,
                (Context::Version, _) | (_, polarity::Polarity::Tested) => Grade::Tested,
                _ if chain.iter().any(|e| e.range) => Grade::Affected,
                _ => Grade::Named,
            };
            let firm = labelled || matches!(attach, polarity::Attach::Product | polarity::Attach::Version);
            for e in chain {
                let next = text::head(clause.get(e.end..).unwrap_or_default(), AROUND);
                let prior = tail(clause.get(..e.start).unwrap_or_default());
                if expression::plausible(e, prior, next, firm) {
                    found.push((grade, e.clone()));
                }
            }
        }
    }
}

/// `2026.01.02`: more likely a day than a version, unless something else says so.
fn is_date(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').filter_map(|n| n.parse().ok()).collect();
    matches!(parts[..], [1900..=2100, 1..=12, 1..=31])
}

/// A version that stands alone ("2.8.0 and 2.8.1.", "(2.8.1)", "in 2.8.2"), or beside a name heard in this mail.
fn loose(
    clause: &str,
    chain: &[&Expression],
    context: Context,
    attach: polarity::Attach,
    names: &Names,
    found: &mut Vec<(Grade, Expression)>,
) {
    let Some(first) = chain.first() else { return };
    if context == Context::Code || first.since {
        return;
    }
    let before = tail(clause.get(..first.start).unwrap_or_default());
    let heard = names.heard(before);
    let last =
        before.trim_end_matches([' ', '(', '[']).rsplit(char::is_whitespace).next().unwrap_or_default();
    let aside = before.trim_end().ends_with(['(', '[']);
    // In brackets after an ordinary word; after a name that nobody mentioned it would be that thing's version.
    let plain =
        !last.is_empty() && last.trim_end_matches([',', ':', ';', '"', ')']).chars().all(char::is_lowercase);
    // "Steps (2.8.1):" is a part of the report, no other software.
    let part = aside && unit::is_structure(last);
    let alone = match attach {
        polarity::Attach::Foreign => part,
        polarity::Attach::Stranger => heard || (aside && plain),
        _ => true,
    };
    if !alone {
        return;
    }
    for e in chain {
        let dotted = e.versions.iter().all(|v| v.contains('.'));
        let whole = e.range && dotted
            || e.versions.iter().all(|v| v.matches('.').count() >= if heard { 1 } else { 2 });
        let next = text::head(clause.get(e.end..).unwrap_or_default(), AROUND);
        let prior = tail(clause.get(..e.start).unwrap_or_default());
        let dated = !heard && e.versions.iter().any(|v| is_date(v));
        if whole && !dated && expression::plausible(e, prior, next, false) {
            found.push((Grade::Loose, (*e).clone()));
        }
    }
}

#[cfg(test)]
mod tests;
