//! Ordering of versions by ecosystem (CVE page §5, OURS grammar).

use std::{cmp::Ordering, str::FromStr};

use serde::{Deserialize, Serialize};

/// A family of version schemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// PEP 440.
    Python,
    /// Maven's ComparableVersion.
    Maven,
    /// Semantic versioning is expected.
    Semver,
    /// Nothing is known.
    #[default]
    Generic,
}

impl Scheme {
    /// The scheme of an ecosystem name (`PyPI`, `maven`, `npm`) or of a collection URL.
    #[must_use]
    pub fn of(ecosystem: &str) -> Self {
        let e = ecosystem.to_ascii_lowercase();
        let words: Vec<&str> =
            e.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let has = |set: &[&str]| words.iter().any(|w| set.contains(w));
        if has(&["pypi", "python", "pip", "pep440"]) {
            Scheme::Python
        } else if has(&["maven", "maven2", "gradle", "java"]) {
            Scheme::Maven
        } else if has(&[
            "npm", "npmjs", "node", "crates", "cargo", "rust", "crate", "go", "golang", "hex", "helm", "pub",
            "semver",
        ]) {
            Scheme::Semver
        } else {
            Scheme::Generic
        }
    }
}

/// Orders two versions; what a scheme cannot read is ordered by its parts.
#[must_use]
pub fn compare(a: &str, b: &str, scheme: Scheme) -> Ordering {
    match scheme {
        Scheme::Python => {
            if let (Ok(x), Ok(y)) = (pep440_rs::Version::from_str(a), pep440_rs::Version::from_str(b)) {
                return x.cmp(&y);
            }
        }
        Scheme::Semver => {
            if let (Ok(x), Ok(y)) = (semver::Version::parse(a), semver::Version::parse(b)) {
                return x.cmp_precedence(&y);
            }
        }
        Scheme::Maven | Scheme::Generic => {}
    }
    by_parts(a, b)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'a> {
    Number(&'a str),
    Word(i8, String),
}

/// Rank of a qualifier beside the release (0): Maven's order, with the usual words of other schemes.
fn rank(word: &str, before_digit: bool) -> i8 {
    match word {
        "dev" => -7,
        "alpha" => -6,
        "a" if before_digit => -6,
        "beta" => -5,
        "b" if before_digit => -5,
        "milestone" => -4,
        "m" if before_digit => -4,
        "rc" | "cr" | "c" | "pre" | "preview" => -3,
        "snapshot" => -2,
        "" | "ga" | "final" | "release" => 0,
        "sp" => 1,
        "post" | "patch" | "p" | "rev" | "r" if before_digit => 2,
        _ => 3,
    }
}

fn parts(v: &str) -> Vec<Part<'_>> {
    let lower_tail = v.split('+').next().unwrap_or(v);
    let mut out = Vec::new();
    let bytes = lower_tail.as_bytes();
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        let kind = |c: &u8| c.is_ascii_digit();
        if !(b.is_ascii_alphanumeric() || b >= 0x80) {
            i += 1;
            continue;
        }
        let digits = b.is_ascii_digit();
        let start = i;
        while bytes.get(i).is_some_and(|c| (c.is_ascii_alphanumeric() || *c >= 0x80) && kind(c) == digits) {
            i += 1;
        }
        // Runs of one class end on character boundaries: multi-byte characters stay within their run.
        let run = lower_tail.get(start..i).unwrap_or_default();
        if digits {
            out.push(Part::Number(run.trim_start_matches('0')));
        } else {
            let word = run.to_lowercase();
            let before_digit = bytes.get(i).is_some_and(u8::is_ascii_digit)
                || bytes.get(i + 1).is_some_and(u8::is_ascii_digit);
            out.push(Part::Word(rank(&word, before_digit), word));
        }
    }
    // Trailing zeros and release words say nothing.
    while out.last().is_some_and(|p| matches!(p, Part::Number("") | Part::Word(0, _))) {
        out.pop();
    }
    out
}

fn number(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn by_parts(a: &str, b: &str) -> Ordering {
    let (x, y) = (parts(a), parts(b));
    let end = |p: &Part<'_>| match p {
        Part::Number("") => Ordering::Equal,
        Part::Number(_) => Ordering::Greater,
        Part::Word(r, _) => r.cmp(&0),
    };
    for i in 0..x.len().max(y.len()) {
        let o = match (x.get(i), y.get(i)) {
            (Some(Part::Number(m)), Some(Part::Number(n))) => number(m, n),
            (Some(Part::Number(_)), Some(Part::Word(..))) => Ordering::Greater,
            (Some(Part::Word(..)), Some(Part::Number(_))) => Ordering::Less,
            (Some(Part::Word(r, w)), Some(Part::Word(s, u))) => {
                r.cmp(s).then_with(|| if *r == 3 { w.cmp(u) } else { Ordering::Equal })
            }
            (Some(p), None) => end(p),
            (None, Some(p)) => end(p).reverse(),
            (None, None) => Ordering::Equal,
        };
        if o != Ordering::Equal {
            return o;
        }
    }
    Ordering::Equal
}

/// `versionType` of a record (CVE page §5): by ecosystem; `semver` only when every value is one.
#[must_use]
pub fn version_type(values: &[&str], ecosystem: Option<&str>) -> Option<&'static str> {
    match ecosystem.map_or(Scheme::Generic, Scheme::of) {
        Scheme::Python => Some("python"),
        Scheme::Maven => Some("maven"),
        // `0` and `*` are bounds of the record format, not versions.
        Scheme::Semver | Scheme::Generic => values
            .iter()
            .filter(|v| **v != "0" && **v != "*")
            .all(|v| semver::Version::parse(v).is_ok())
            .then_some("semver"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_order() {
        let rows: &[(Scheme, &[&str])] = &[
            (Scheme::Generic, &["2.9.0", "2.10.0", "2.10.1"]),
            (Scheme::Python, &["2.0.dev1", "2.0a1", "2.0b2", "2.0rc1", "2.0", "2.0.post1", "2.0.1"]),
            (
                Scheme::Maven,
                &[
                    "1.0-alpha-1",
                    "1.0-beta",
                    "1.0-milestone-2",
                    "1.0-RC1",
                    "1.0-SNAPSHOT",
                    "1.0",
                    "1.0-sp1",
                    "1.0.1",
                    "1.1",
                ],
            ),
            (
                Scheme::Semver,
                &[
                    "1.0.0-alpha",
                    "1.0.0-alpha.1",
                    "1.0.0-beta.2",
                    "1.0.0-beta.11",
                    "1.0.0-rc.1",
                    "1.0.0",
                    "1.0.1",
                ],
            ),
            (Scheme::Generic, &["9.0.0.M1", "9.0.0.M27", "9.0.0.RC1", "9.0.0", "9.0.100"]),
            (Scheme::Generic, &["0", "1.0.2", "1.0.2a", "1.0.2zg", "1.1.0"]),
        ];
        for (scheme, list) in rows {
            for w in list.windows(2) {
                assert_eq!(compare(w[0], w[1], *scheme), Ordering::Less, "{w:?} {scheme:?}");
                assert_eq!(compare(w[1], w[0], *scheme), Ordering::Greater, "{w:?} {scheme:?}");
            }
        }
        assert_eq!(compare("2.0", "2.0.0", Scheme::Generic), Ordering::Equal);
        assert_eq!(compare("1.0-GA", "1.0", Scheme::Maven), Ordering::Equal);
    }
}
