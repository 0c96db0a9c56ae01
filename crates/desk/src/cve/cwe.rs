//! The weakness: MITRE's names as a table, and the CWE field as `problemTypes[]` (CVE page §4, §13 rows 20–24).

use std::{collections::BTreeMap, sync::LazyLock};

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use super::{
    finding::{Finding, Level},
    record::{ProblemDescription, ProblemType},
};
use crate::tracker::FieldRole;

/// Id, usage and name, a line each; written by `cargo xtask cwe`.
const TABLE: &str = include_str!("cwe.txt");

/// May a CWE be recorded as the weakness of a vulnerability? MITRE's word on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CweUsage {
    /// Yes.
    Allowed,
    /// Yes, when nothing more exact fits.
    Review,
    /// Better not: too general, mostly.
    Discouraged,
    /// No: a category, a view, or withdrawn.
    Prohibited,
}

/// One CWE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cwe {
    /// Its number.
    pub id: u32,
    /// MITRE's advice.
    pub usage: CweUsage,
    /// MITRE's name.
    pub name: &'static str,
}

impl Cwe {
    /// `CWE-79: name`
    #[must_use]
    pub fn long(&self) -> String {
        format!("CWE-{}: {}", self.id, self.name)
    }
}

static CWES: LazyLock<BTreeMap<u32, Cwe>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut parts = line.splitn(3, ' ');
        let id = parts.next()?.parse().ok()?;
        let usage = match parts.next()? {
            "A" => CweUsage::Allowed,
            "R" => CweUsage::Review,
            "D" => CweUsage::Discouraged,
            _ => CweUsage::Prohibited,
        };
        Some((id, Cwe { id, usage, name: parts.next()? }))
    };
    TABLE.lines().filter(|l| !l.starts_with('#')).filter_map(row).collect()
});

/// Looks up a CWE by number.
#[must_use]
pub fn cwe(id: u32) -> Option<Cwe> {
    CWES.get(&id).copied()
}

static ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[^\w-])(CWE[-_ ]?0*([0-9]{1,5}))(?:[^\w]|$)")
        .expect("a constant pattern, compiled by a test")
});
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[([^\[\]]*)\]\([^()\s]*\)").expect("a constant pattern, compiled by a test")
});

/// What the CWE field becomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CweReport {
    /// One per weakness.
    pub problem_types: Vec<ProblemType>,
    /// What is wrong, and what MITRE advises against.
    pub findings: Vec<Finding>,
}

const PATH: &str = "/containers/cna/problemTypes";

/// One id in a line: where it stands, its number, and whether it begins an entry.
struct Hit {
    start: usize,
    end: usize,
    id: u32,
    head: bool,
}

/// Reads the CWE field: ids in any case, several of them by line or separator, each with the title that follows it.
/// A bare id stays bare: the field is mended, never the record (sync page §7.2).
#[must_use]
pub fn weaknesses(field: &str) -> CweReport {
    let mut out = CweReport::default();
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut prose: Vec<String> = Vec::new();
    for line in field.lines() {
        let line = LINK.replace_all(line, "$1").replace(['`'], "");
        let line = line.replace("**", "");
        let line = line.trim().trim_start_matches(['-', '*', '+', '•']).trim();
        if line.is_empty() {
            continue;
        }
        let hits = hits(line);
        if hits.is_empty() {
            prose.push(line.to_owned());
            continue;
        }
        let heads: Vec<&Hit> = hits.iter().filter(|h| h.head).collect();
        if heads.is_empty() {
            found.extend(hits.iter().map(|h| (h.id, String::new())));
            continue;
        }
        for (i, h) in heads.iter().enumerate() {
            let end = heads.get(i + 1).map_or(line.len(), |n| n.start);
            found.push((h.id, title(line.get(h.end..end).unwrap_or_default())));
        }
    }
    let finding =
        |rule: &str, level, message: String| Finding::new(rule, level, PATH, FieldRole::Cwe, message);
    if found.is_empty() && !prose.is_empty() {
        let message = "no CWE id: write `CWE-N: title`".to_owned();
        out.findings.push(finding("record.cwe", Level::Error, message));
        out.problem_types.push(entry(prose.join(" "), None));
    }
    let mut seen = std::collections::BTreeSet::new();
    for (id, title) in found {
        if !seen.insert(id) {
            continue;
        }
        match cwe(id) {
            None if id == 0 => {
                out.findings.push(finding("record.cwe", Level::Error, "CWE-0 is no weakness".into()));
                continue;
            }
            None => {
                let message = format!("CWE-{id} is not in the list of CWE 4.14; check the number");
                out.findings.push(finding("record.cwe", Level::Warning, message));
            }
            Some(c) if c.usage == CweUsage::Prohibited => {
                let message =
                    format!("CWE-{id} ({}) is a category or withdrawn; MITRE forbids recording it", c.name);
                out.findings.push(finding("record.cwe.usage", Level::Warning, message));
            }
            Some(c) if c.usage == CweUsage::Discouraged => {
                let message =
                    format!("CWE-{id} ({}) is too general; MITRE asks for a more exact one", c.name);
                out.findings.push(finding("record.cwe.usage", Level::Info, message));
            }
            Some(_) => {}
        }
        let text = if title.is_empty() { format!("CWE-{id}") } else { format!("CWE-{id}: {title}") };
        out.problem_types.push(entry(text, Some(format!("CWE-{id}"))));
    }
    out
}

fn entry(text: String, id: Option<String>) -> ProblemType {
    let kind = if id.is_some() { "CWE" } else { "text" };
    let description = ProblemDescription {
        lang: "en".into(),
        description: text,
        cwe_id: id,
        kind: Some(kind.into()),
        ..ProblemDescription::default()
    };
    ProblemType { descriptions: vec![description], ..ProblemType::default() }
}

fn hits(line: &str) -> Vec<Hit> {
    let mut out: Vec<Hit> = Vec::new();
    let mut from = 0;
    // The marks around an id belong to two matches where ids touch; hence one search after the other.
    while let Some(c) = line.get(from..).and_then(|rest| ID.captures(rest)) {
        let (Some(whole), Some(digits)) = (c.get(1), c.get(2)) else { break };
        let (start, end) = (from + whole.start(), from + whole.end());
        let before = line.get(..start).unwrap_or_default().trim_end();
        let separated = before.ends_with([',', ';', '/', '|', '+', '&']) || {
            let last = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            last.eq_ignore_ascii_case("and") || last.eq_ignore_ascii_case("or")
        };
        // `(CWE-20, CWE-79)` after other words is an aside, not a list of entries.
        let open = before.matches('(').count() > before.matches(')').count();
        let head = before.is_empty() || (separated && !open && out.first().is_some_and(|h| h.head));
        out.push(Hit { start, end, id: digits.as_str().parse().unwrap_or(0), head });
        from = end;
    }
    out
}

/// The title after an id: without the mark before it, the separator behind it, and one pair of brackets around all.
fn title(rest: &str) -> String {
    let mut t = rest.trim();
    loop {
        let cut = t.trim_end_matches([',', ';', '/', '|', '+', '&']).trim_end();
        let word = cut.rsplit(char::is_whitespace).next().unwrap_or_default();
        let cut = if ["and", "or"].iter().any(|w| word.eq_ignore_ascii_case(w)) {
            cut.get(..cut.len() - word.len()).unwrap_or_default().trim_end()
        } else {
            cut
        };
        if cut.len() == t.len() {
            break;
        }
        t = cut;
    }
    let bare = t.strip_prefix([':', '-', '–', '—']).map_or(t, str::trim_start);
    unwrapped(bare).trim().to_owned()
}

/// Without the brackets, when one pair holds all of it.
fn unwrapped(text: &str) -> &str {
    for (open, close) in [('(', ')'), ('[', ']')] {
        let Some(inner) = text.strip_prefix(open).and_then(|t| t.strip_suffix(close)) else { continue };
        let mut depth = 0i32;
        let balanced = inner.chars().all(|c| {
            depth += i32::from(c == open) - i32::from(c == close);
            depth >= 0
        });
        if balanced && depth == 0 {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(field: &str) -> Vec<String> {
        let r = weaknesses(field);
        r.problem_types.iter().map(|p| p.descriptions[0].description.clone()).collect()
    }

    #[test]
    fn the_field_as_problem_types() {
        for (field, want) in [
            // CVE page §13 rows 20–24, OURS.
            ("CWE-285 (X)", &["CWE-285: X"][..]),
            ("CWE-285 [X]", &["CWE-285: X"]),
            ("CWE-285 - X", &["CWE-285: X"]),
            ("CWE-285: X", &["CWE-285: X"]),
            ("CWE-285 (Foo) Bar (Baz)", &["CWE-285: (Foo) Bar (Baz)"]),
            ("CWE-918 (A (B))", &["CWE-918: A (B)"]),
            ("CWE-285, CWE-79", &["CWE-285", "CWE-79"]),
            ("cwe-79", &["CWE-79"]),
            // Beyond.
            ("CWE-285", &["CWE-285"]),
            ("CWE-0285: X", &["CWE-285: X"]),
            ("CWE 79 - X\n\n- CWE-89: Y", &["CWE-79: X", "CWE-89: Y"]),
            ("CWE-79: X, CWE-89: Y and Z; CWE-22", &["CWE-79: X", "CWE-89: Y and Z", "CWE-22"]),
            ("CWE-79 and CWE-89", &["CWE-79", "CWE-89"]),
            ("CWE-79: A flaw (see CWE-80)", &["CWE-79: A flaw (see CWE-80)"]),
            ("CWE-79: A flaw (CWE-80, CWE-81)", &["CWE-79: A flaw (CWE-80, CWE-81)"]),
            ("the weakness is CWE-79 here", &["CWE-79"]),
            ("`CWE-79`", &["CWE-79"]),
            ("[CWE-79](https://cwe.mitre.org/data/definitions/79.html): X", &["CWE-79: X"]),
            ("CWE-79: X\nCWE-79: Y", &["CWE-79: X"]),
            ("missing check", &["missing check"]),
            ("NVD-CWE-noinfo", &["NVD-CWE-noinfo"]),
            ("XCWE-79", &["XCWE-79"]),
            ("", &[]),
            ("CWE-0", &[]),
        ] {
            assert_eq!(texts(field), want, "{field}");
        }
        let ids = weaknesses("cwe-79 / CWE-0089").problem_types;
        let ids: Vec<_> = ids.iter().map(|p| p.descriptions[0].cwe_id.clone().unwrap()).collect();
        assert_eq!(ids, ["CWE-79", "CWE-89"]);
        assert_eq!(
            weaknesses("missing check").problem_types[0].descriptions[0].kind.as_deref(),
            Some("text")
        );
    }

    #[test]
    fn what_is_wrong_with_an_id_is_said() {
        for (field, rule) in [
            ("missing check", "record.cwe"),
            ("CWE-99999: X", "record.cwe"),
            ("CWE-0", "record.cwe"),
            ("CWE-264", "record.cwe.usage"),
            ("CWE-20", "record.cwe.usage"),
        ] {
            let r = weaknesses(field);
            assert_eq!(r.findings.iter().map(|f| f.rule.as_str()).collect::<Vec<_>>(), [rule], "{field}");
            assert_eq!(r.findings[0].field.as_deref(), Some("cwe"));
        }
        assert!(weaknesses("CWE-79").findings.is_empty());
    }

    #[test]
    fn the_table_holds_mitre_s_names() {
        assert!(CWES.len() > 1400, "{}", CWES.len());
        assert_eq!(
            cwe(22).unwrap().long(),
            "CWE-22: Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')"
        );
        assert_eq!(cwe(264).unwrap().usage, CweUsage::Prohibited);
        assert_eq!(cwe(100_000), None);
        assert!(CWES.values().all(|c| !c.name.is_empty() && c.name.trim() == c.name));
    }
}
