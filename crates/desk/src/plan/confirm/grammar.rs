//! Which words count in which grammar: one row each.

use super::Grammar;

/// A word of assent. What it is worth alone depends on the grammar; beside numbers or `all` it adds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assent {
    /// `go`, `proceed`.
    Go,
    /// `yes`.
    Yes,
    /// `OK`.
    Ok,
    /// `lgtm`, `sure`, `yep`: pleasant, and never enough.
    Weak,
}

/// One grammar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub grammar: Grammar,
    /// Words of assent that alone take every default item.
    pub assent: &'static [Assent],
    /// `skip N` alone takes the other defaults.
    pub skip_is_complete: bool,
    /// An assent of any kind is enough when the plan has one item.
    pub yes_for_one: bool,
    /// `N:reject-with-canned`, `N:reject-with-public-fix`.
    pub rejections: bool,
    /// `N:upgrade CLASS`.
    pub classes: bool,
    /// Prose that asks for a change is an edit of the whole plan, and any edit means a new plan.
    pub free_edits: bool,
    /// `key: value` answers.
    pub keys: &'static [&'static str],
    /// A bare `skip` cancels.
    pub bare_skip: bool,
}

impl Rules {
    /// The row of a grammar.
    pub(super) fn of(grammar: Grammar) -> Self {
        use Assent::{Go, Ok, Yes};
        let plain = Rules {
            grammar,
            assent: &[],
            skip_is_complete: false,
            yes_for_one: false,
            rejections: false,
            classes: false,
            free_edits: false,
            keys: &[],
            bare_skip: false,
        };
        match grammar {
            Grammar::Import => {
                Rules { assent: &[Go], skip_is_complete: true, yes_for_one: true, rejections: true, ..plain }
            }
            Grammar::Md => Rules { assent: &[Go], skip_is_complete: true, yes_for_one: true, ..plain },
            Grammar::Sync | Grammar::Bulk => plain,
            Grammar::Triage => Rules { classes: true, ..plain },
            Grammar::Merge => Rules { assent: &[Go], ..plain },
            Grammar::Invalidate => {
                Rules { assent: &[Go, Yes], keys: &["email", "canned", "silent", "reason"], ..plain }
            }
            Grammar::Allocate => Rules { free_edits: true, keys: &["title"], ..plain },
            Grammar::Fix => Rules { free_edits: true, ..plain },
            Grammar::Pr => {
                Rules { assent: &[Go, Yes, Ok], keys: &["title", "reporter", "severity"], ..plain }
            }
            Grammar::Scan => Rules { keys: &["bucket"], bare_skip: true, ..plain },
        }
    }
}

/// Triage classes (decisions page §1.4) and what people call them; compared without case and punctuation.
const CLASSES: &[(&str, &[&str])] = &[
    ("VALID", &["valid"]),
    ("DEFENSE-IN-DEPTH", &["defense in depth", "defence in depth", "did", "hardening"]),
    ("INFO-ONLY", &["info only", "informational", "info", "information only"]),
    ("INVALID", &["invalid", "not valid"]),
    ("PROBABLE-DUP", &["probable dup", "probable duplicate", "duplicate", "dup"]),
    ("FIX-ALREADY-PUBLIC", &["fix already public", "already public", "public fix", "already fixed"]),
];

/// The triage class of that name, however it is spelt.
pub(super) fn class(name: &str) -> Option<&'static str> {
    let name = super::canned::fold(name);
    CLASSES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(id, _)| *id)
}

/// Buckets of a scan (intake page §11).
const BUCKETS: &[(&str, &[&str])] = &[
    ("pr-worth", &["pr worth", "pr worthy", "pr"]),
    ("import-as-tracker", &["import as tracker", "import", "tracker", "trackers"]),
    ("defense-in-depth", &["defense in depth", "defence in depth"]),
    ("by-design", &["by design"]),
    ("duplicate", &["duplicate", "duplicates", "dup"]),
    ("already-fixed", &["already fixed", "fixed"]),
];

/// The scan bucket of that name.
pub(super) fn bucket(name: &str) -> Option<&'static str> {
    let name = super::canned::fold(name);
    BUCKETS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(id, _)| *id)
}

/// Is this a severity a person may set? Scores and vectors are not (sync page §16.24).
pub(super) fn severity(value: &str) -> bool {
    matches!(
        value.trim().to_lowercase().as_str(),
        "none" | "low" | "medium" | "moderate" | "important" | "high" | "critical" | "unknown"
    )
}
