//! Board columns (config page §5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::label::{LabelRole, Labels};
use crate::config::Config;

/// A column of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Not assessed.
    NeedsTriage,
    /// Valid, with a scope, without a CVE.
    Assessed,
    /// A CVE id is reserved.
    CveAllocated,
    /// The fix is open.
    PrCreated,
    /// The fix is merged.
    PrMerged,
    /// The fix has shipped.
    FixReleased,
    /// The advisory is out.
    Announced,
}

impl Column {
    /// Every column, left to right.
    pub const ALL: [Column; 7] = [
        Column::NeedsTriage,
        Column::Assessed,
        Column::CveAllocated,
        Column::PrCreated,
        Column::PrMerged,
        Column::FixReleased,
        Column::Announced,
    ];

    /// The name of the state in `tracker.board.columns.<state>`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Column::NeedsTriage => "needs_triage",
            Column::Assessed => "assessed",
            Column::CveAllocated => "cve_allocated",
            Column::PrCreated => "pr_created",
            Column::PrMerged => "pr_merged",
            Column::FixReleased => "fix_released",
            Column::Announced => "announced",
        }
    }

    /// The column's name, unless the configuration has another.
    #[must_use]
    pub fn default_name(self) -> &'static str {
        match self {
            Column::NeedsTriage => "Needs triage",
            Column::Assessed => "Assessed",
            Column::CveAllocated => "CVE allocated",
            Column::PrCreated => "PR created",
            Column::PrMerged => "PR merged",
            Column::FixReleased => "Fix released",
            Column::Announced => "Announced",
        }
    }
}

/// What the columns of this desk are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames(BTreeMap<Column, String>);

impl Default for ColumnNames {
    fn default() -> Self {
        Self::new(&Config::default())
    }
}

impl ColumnNames {
    /// The names of `tracker.board.columns.<state>`, defaults where it is silent.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let named = |c: Column| {
            config.tracker.board.columns.get(c.as_str()).map(|n| n.trim()).filter(|n| !n.is_empty())
        };
        Self(Column::ALL.into_iter().map(|c| (c, named(c).unwrap_or(c.default_name()).to_owned())).collect())
    }

    /// The name to write for a column.
    #[must_use]
    pub fn name(&self, column: Column) -> &str {
        self.0.get(&column).map_or(column.default_name(), String::as_str)
    }

    /// The column of that name, without regard to case.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Column> {
        let wanted = name.trim().to_lowercase();
        self.0.iter().find(|(_, n)| n.to_lowercase() == wanted).map(|(c, _)| *c)
    }
}

/// Where the card of a tracker belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The column; none means: leave it where it is.
    pub column: Option<Column>,
    /// Should the card be archived?
    pub archived: bool,
}

/// Where the card of a tracker belongs: the first match of the table in config page §5. Every closed tracker's card
/// is archived when `archive_on_close` says so.
#[must_use]
pub fn column(labels: &Labels, open: bool, archive_on_close: bool) -> Place {
    let archived = !open && archive_on_close;
    if !open && !labels.dispositions().is_empty() {
        return Place { column: None, archived };
    }
    let has = |r| labels.has(r);
    let column = if labels.advisory_sent() {
        Column::Announced
    } else if has(LabelRole::FixReleased) {
        Column::FixReleased
    } else if has(LabelRole::PrMerged) {
        Column::PrMerged
    } else if has(LabelRole::PrOpen) {
        Column::PrCreated
    } else if has(LabelRole::CveAllocated) {
        Column::CveAllocated
    } else if labels.scope().is_some() && !has(LabelRole::NeedsTriage) {
        Column::Assessed
    } else {
        Column::NeedsTriage
    };
    Place { column: Some(column), archived }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Scope, tracker::label::LabelNames};

    #[test]
    fn the_first_match_decides() {
        use Column::{Announced, Assessed, CveAllocated, FixReleased, NeedsTriage, PrCreated, PrMerged};
        let config = Config {
            scope: vec![
                Scope { label: "core".into(), ..Scope::default() },
                Scope { label: "docs".into(), ..Scope::default() },
            ],
            ..Config::default()
        };
        let names = LabelNames::new(&config);
        let cases: &[(&[&str], bool, Option<Column>, bool)] = &[
            (&["core", "invalid"], false, None, true),
            (&["core", "invalid"], true, Some(Assessed), false),
            (&["announced", "fix released"], true, Some(Announced), false),
            (&["announced - emails sent"], true, Some(Announced), false),
            (&["announced", "core"], false, Some(Announced), true),
            (&["fix released", "pr merged"], true, Some(FixReleased), false),
            (&["pr merged", "pr created"], true, Some(PrMerged), false),
            (&["pr created", "cve allocated"], true, Some(PrCreated), false),
            (&["cve allocated", "core"], true, Some(CveAllocated), false),
            (&["core"], true, Some(Assessed), false),
            (&["core", "needs triage"], true, Some(NeedsTriage), false),
            (&["core", "docs"], true, Some(NeedsTriage), false),
            (&[], true, Some(NeedsTriage), false),
        ];
        for (labels, open, want, archived) in cases {
            let labels: Vec<String> = labels.iter().map(|l| (*l).to_string()).collect();
            let got = column(&names.read(&labels), *open, true);
            assert_eq!((got.column, got.archived), (*want, *archived), "{labels:?} open={open}");
        }
        assert!(!column(&names.read(&["invalid".to_string()]), false, false).archived);
    }

    #[test]
    fn names_come_from_the_configuration() {
        let mut config = Config::default();
        config.tracker.board.columns.insert("assessed".into(), "Valid".into());
        let names = ColumnNames::new(&config);
        assert_eq!(names.name(Column::Assessed), "Valid");
        assert_eq!(names.column("valid"), Some(Column::Assessed));
        assert_eq!(names.column("needs TRIAGE"), Some(Column::NeedsTriage));
        assert_eq!(names.column("Assessed"), None);
    }
}
