//! Affected ranges read off the releases of a project: which of them hold the flaw and not its fix. The connector says
//! what each release holds; this module turns that into the expression of the tracker's field (CVE page §5).

use crate::rules::extract::versions::order::{Scheme, compare};

/// One final release of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// What was looked at, a tag for example.
    pub name: String,
    /// Does it hold every fix?
    pub has_fix: bool,
    /// Does it hold the change that brought the flaw? `None` when nobody named that change: every release without the
    /// fix is then taken to be affected.
    pub has_flaw: Option<bool>,
}

/// What the releases say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// For the field of affected versions, without a package: `>= 2.3.0, < 2.9.5; >= 2.10.0, < 2.10.2`. Empty when no
    /// release is affected.
    pub expression: String,
    /// Rule and reason of every bound, in the order of the expression.
    pub why: Vec<(&'static str, String)>,
}

/// The affected ranges of one package. `next` is the version that will ship the fix where no release holds it yet; may
/// be empty, and the range then stays open.
///
/// A range runs from the first affected release to the first later one that is not. Releases are taken in the order of
/// their versions, so that every release train gets its own bounds: what stands between the fix of an older train and
/// the fix of a newer one is a range of its own.
#[must_use]
pub fn ranges(releases: &[Release], next: &str, scheme: Scheme) -> Ranges {
    let mut all: Vec<&Release> = releases.iter().filter(|r| !r.version.is_empty()).collect();
    all.sort_by(|a, b| compare(&a.version, &b.version, scheme).then_with(|| a.name.cmp(&b.name)));
    let affected = |r: &Release| r.has_flaw.unwrap_or(true) && !r.has_fix;
    let mut out = Ranges::default();
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(first) = all.get(at) {
        if !affected(first) {
            at += 1;
            continue;
        }
        let end = all.iter().skip(at).position(|r| !affected(r)).map_or(all.len(), |n| at + n);
        let lower = lower(&all, at, &mut out.why);
        let upper = match (all.get(end), end.checked_sub(1).and_then(|i| all.get(i))) {
            (Some(r), _) => {
                let what = if r.has_fix { "holds the fix" } else { "does not hold the flaw" };
                out.why.push(("affected.upper", format!("{} ({}) {what}", r.version, r.name)));
                Some(format!("< {}", r.version))
            }
            (None, Some(last)) if is_after(next, &last.version, scheme) => {
                let why = format!("no release holds the fix yet; it is planned for {next}");
                out.why.push(("affected.planned", why));
                Some(format!("< {next}"))
            }
            (None, last) => {
                let last = last.map_or("", |r| r.version.as_str());
                let why = format!("no release holds the fix yet; {last} is the last one that was looked at");
                out.why.push(("affected.open", why));
                None
            }
        };
        let bounds: Vec<String> = [lower, upper].into_iter().flatten().collect();
        // Every version there is.
        parts.push(if bounds.is_empty() { ">= 0".into() } else { bounds.join(", ") });
        at = end;
    }
    if parts.is_empty() && !all.is_empty() {
        out.why.push(("affected.none", "no release holds the flaw without its fix".into()));
    }
    out.expression = parts.join("; ");
    out
}

/// The lower bound of a range that begins at that place; none where every earlier release is affected as well as anyone
/// knows.
fn lower(all: &[&Release], at: usize, why: &mut Vec<(&'static str, String)>) -> Option<String> {
    let first = all.get(at)?;
    let Some(before) = at.checked_sub(1).and_then(|i| all.get(i)) else {
        if first.has_flaw.is_none() {
            let it = "nobody named the change that brought the flaw, so every earlier version counts";
            why.push(("affected.since-ever", it.into()));
            return None;
        }
        // The oldest release there is holds it; what came before was never released.
        why.push(("affected.since-ever", format!("the first release, {}, holds the flaw", first.version)));
        return None;
    };
    let what = if before.has_fix { "holds the fix" } else { "does not hold the flaw" };
    let it = format!("{} ({}) is affected, {} before it {what}", first.version, first.name, before.version);
    why.push(("affected.lower", it));
    Some(format!(">= {}", first.version))
}

fn is_after(next: &str, last: &str, scheme: Scheme) -> bool {
    next.starts_with(|c: char| c.is_ascii_digit()) && compare(next, last, scheme).is_gt()
}

/// Rules of this module.
pub const RULES: &[(&str, &str)] = &[
    (
        "affected.since-ever",
        "nothing bounds the range below: the flaw is as old as the releases, or its origin is unnamed",
    ),
    (
        "affected.lower",
        "the first release with the flaw after one without it, or after the fix of an older train",
    ),
    ("affected.upper", "the first later release that holds every fix, or not the flaw"),
    ("affected.planned", "no release holds the fix; the milestone names the version that will"),
    ("affected.open", "no release holds the fix, and no version is planned: the range stays open"),
    ("affected.none", "no release holds the flaw without its fix"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::rules::extract::{VersionOptions, versions};

    /// `2.9.4` affected, `2.9.5+` fixed, `2.9.4-` without the flaw, `2.9.4?` affected as far as anyone knows.
    fn releases(text: &str) -> Vec<Release> {
        text.split_whitespace()
            .map(|w| {
                let version = w.trim_end_matches(['+', '-', '?']).to_owned();
                Release {
                    name: format!("v{version}"),
                    version,
                    has_fix: w.ends_with('+'),
                    has_flaw: (!w.ends_with('?')).then_some(!w.ends_with('-')),
                }
            })
            .collect()
    }

    #[test]
    fn releases_become_ranges() {
        for (text, next, want, rules) in [
            ("2.9.3? 2.9.4? 2.9.5+", "", "< 2.9.5", "since-ever upper"),
            ("2.8.0- 2.9.3 2.9.4 2.9.5+", "", ">= 2.9.3, < 2.9.5", "lower upper"),
            // Two trains, both mended; given in the order of their dates.
            (
                "2.9.4? 2.10.0? 2.10.1? 2.10.2+ 2.9.5+",
                "",
                "< 2.9.5; >= 2.10.0, < 2.10.2",
                "since-ever upper lower upper",
            ),
            // The older train is not mended: its users have to go to the newer one.
            ("2.9.4? 2.9.5? 2.10.1? 2.10.2+ 2.11.0+", "", "< 2.10.2", "since-ever upper"),
            // The fix was not taken to the newest train, which is planned.
            ("2.9.4 2.9.5+ 3.0.0", "3.0.1", "< 2.9.5; >= 3.0.0, < 3.0.1", "since-ever upper lower planned"),
            ("2.9.4 2.9.5+ 3.0.0", "", "< 2.9.5; >= 3.0.0", "since-ever upper lower open"),
            ("2.9.4? 2.9.5?", "2.9.6", "< 2.9.6", "since-ever planned"),
            // A planned version that is older than the last release says nothing about it.
            ("2.9.4? 3.0.0?", "2.9.5", ">= 0", "since-ever open"),
            ("2.9.4? 3.0.0?", "", ">= 0", "since-ever open"),
            ("2.9.4? 3.0.0?", "next", ">= 0", "since-ever open"),
            // The flaw came and was taken out again without a fix of its own.
            ("1.0- 1.1 1.2 1.3-", "", ">= 1.1, < 1.3", "lower upper"),
            ("1.0- 1.1+", "", "", "none"),
            ("", "1.0", "", ""),
        ] {
            let got = ranges(&releases(text), next, Scheme::Python);
            let short: Vec<&str> = got.why.iter().map(|(r, _)| r.trim_start_matches("affected.")).collect();
            assert_eq!((got.expression.as_str(), short.join(" ").as_str()), (want, rules), "{text}");
        }
    }

    proptest! {
        /// What is written into the field covers the affected releases and no other.
        #[test]
        fn the_expression_covers_the_affected_releases_and_no_other(
            all in prop::collection::vec((0u8..4, 0u8..6, any::<bool>(), prop::option::of(any::<bool>())), 0..12),
        ) {
            let mut seen = BTreeSet::new();
            let known = all.iter().all(|a| a.3.is_some());
            let all: Vec<Release> = all
                .iter()
                .filter(|(a, b, ..)| seen.insert((*a, *b)))
                .map(|(a, b, has_fix, has_flaw)| Release {
                    version: format!("{a}.{b}.0"),
                    name: format!("v{a}.{b}.0"),
                    has_fix: *has_fix,
                    has_flaw: if known { *has_flaw } else { None },
                })
                .collect();
            let got = ranges(&all, "", Scheme::Semver);
            let options = VersionOptions { ecosystem: Some("npm".into()), ..VersionOptions::default() };
            let read = versions::parse(&got.expression, &options);
            prop_assert!(read.problems.is_empty() || got.expression.is_empty(), "{}: {:?}", got.expression, read.problems);
            let cmp = |a: &str, b: &str| compare(a, b, Scheme::Semver);
            for r in &all {
                let covered = !got.expression.is_empty() && read.ranges.iter().any(|range| {
                    let low = range.version == "0" || cmp(&range.version, &r.version).is_le();
                    let high = range.less_than.as_deref().is_none_or(|h| h == "*" || cmp(&r.version, h).is_lt());
                    low && high
                });
                let affected = r.has_flaw.unwrap_or(true) && !r.has_fix;
                prop_assert_eq!(covered, affected, "{} in {}", r.version, got.expression);
            }
        }
    }
}
