//! The process page: stages, transitions and gates as the code has them, around words that people wrote
//! (`lifecycle.md` beside this file). `docs/lifecycle.md` is written from it.

use std::fmt::Write as _;

use super::column;
use crate::{
    rules::stage::{self, Stage},
    tracker::LabelNames,
};

/// A change of stage: what brings it, and what must be true first (sync page §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The number of sync page §3; empty for a change that is a person's or the world's.
    pub id: &'static str,
    /// Stages it leaves.
    pub from: &'static [Stage],
    /// Stage it leads to.
    pub to: Stage,
    /// The rule that proposes it; empty when nothing is proposed.
    pub rule: &'static str,
    /// What brings it, in a few words.
    pub by: &'static str,
    /// Labels it sets and takes off, by role, as `+cve_allocated`.
    pub labels: &'static [&'static str],
    /// What must be true first.
    pub guard: &'static str,
}

const UNDECIDED: &[Stage] = &[Stage::New, Stage::Assessing, Stage::Stalled];

const fn t(
    id: &'static str,
    from: &'static [Stage],
    to: Stage,
    rule: &'static str,
    by: &'static str,
    labels: &'static [&'static str],
    guard: &'static str,
) -> Transition {
    Transition { id, from, to, rule, by, labels, guard }
}

/// Every transition, in the order of the process.
pub const TRANSITIONS: &[Transition] = &[
    t("", &[Stage::New], Stage::Assessing, "", "somebody comments", &[], "a person's comment, no bot's"),
    t(
        "",
        &[Stage::New, Stage::Assessing],
        Stage::Stalled,
        "sync.stalled",
        "a month of silence",
        &[],
        "no word of a person on tracker or thread for `disclosure.escalate_after_days`",
    ),
    t(
        "T1",
        UNDECIDED,
        Stage::NoCve,
        "sync.valid",
        "two members say valid",
        &["-needs_triage", "+scope"],
        "two distinct members of that day's roster say valid, for one configured scope, and nobody says invalid",
    ),
    t(
        "T2",
        UNDECIDED,
        Stage::Rejected,
        "",
        "`close --as`",
        &["+disposition"],
        "two distinct members say invalid; a person closes it, with exactly one disposition",
    ),
    t("", &[Stage::NoCve], Stage::AllocationPending, "", "`allocate`", &[], "the gate `allocate` is open"),
    t(
        "T3",
        &[Stage::NoCve, Stage::AllocationPending],
        Stage::Allocated,
        "sync.allocated",
        "the id is pasted",
        &["+cve_allocated"],
        "cve_tool_link holds exactly one CVE id",
    ),
    t(
        "T4",
        &[Stage::Allocated],
        Stage::InPr,
        "sync.in-review",
        "a fix is open",
        &["+pr_open"],
        "a CVE id, and a fix named in pr_with_fix that is open",
    ),
    t(
        "T5",
        &[Stage::Allocated, Stage::InPr],
        Stage::Merged,
        "sync.merged",
        "every fix is merged",
        &["-pr_open", "+pr_merged"],
        "every fix named in pr_with_fix is merged; one that was given up does not count",
    ),
    t(
        "T6",
        &[Stage::Merged],
        Stage::Merged,
        "sync.vote",
        "a vote opens",
        &["+rc_voting"],
        "votes are required here, and the newest vote on the release has no result",
    ),
    t(
        "",
        &[Stage::Merged],
        Stage::Shipped,
        "",
        "the release is out",
        &[],
        "every package of the release is published and final, from the fix's train, not older than the fix",
    ),
    t(
        "T7",
        &[Stage::Shipped],
        Stage::RmQueue,
        "sync.released",
        "the gate `release` is open",
        &["-pr_merged", "-rc_voting", "+fix_released"],
        "both stages of the gate: the fields, then the record's state asked at apply; a manager who can be assigned",
    ),
    t(
        "",
        &[Stage::RmQueue, Stage::Shipped, Stage::Merged, Stage::InPr, Stage::Allocated, Stage::NoCve],
        Stage::CloseOut,
        "",
        "a sign of disclosure",
        &[],
        "archived advisory, captured address, label, cve.org or record: any one, whatever the labels say",
    ),
    t(
        "T8 T9",
        &[Stage::CloseOut],
        Stage::Propagating,
        "sync.close-out",
        "one approval",
        &["-fix_released", "+emails_sent", "+announced"],
        "an advisory's address, never invented; the record is public and verified before the tracker closes",
    ),
    t(
        "T10",
        &[Stage::Propagating],
        Stage::Done,
        "sync.published",
        "cve.org shows it",
        &[],
        "cve.org says PUBLISHED; the reporter is told, or there is nobody to tell",
    ),
];

/// A gate and what it asks.
type Gate = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// The gates with the codes that close them and those that ask for a look (`x gate`).
pub const GATES: &[Gate] = &[
    (
        "allocate",
        "before a CVE id is asked for",
        &[
            "not-open",
            "cve-exists",
            "already-requested",
            "duplicate",
            "disposition",
            "no-scope",
            "two-scopes",
        ],
        &["needs-triage"],
    ),
    (
        "release",
        "before the release manager takes over",
        &[
            "closed",
            "already-released",
            "two-scopes",
            "no-cve",
            "not-merged",
            "not-shipped",
            "ask-shipped",
            "release-unknown",
            "field",
            "hygiene.*",
            "record-allocated",
            "record-unknown",
            "record-retracted",
            "no-release-manager",
            "no-handle",
            "not-collaborator",
        ],
        &["other-manager"],
    ),
    (
        "merge",
        "before one tracker goes into another",
        &["same-tracker", "no-scope", "two-scopes", "closed", "already-duplicate", "public", "scope-differs"],
        &["cve-unknown", "kept-without-cve"],
    ),
    (
        "invalidate",
        "before a report is closed as invalid",
        &["already-closed", "cve-allocated", "cve-public", "released"],
        &["cve-unknown"],
    ),
];

fn id(stage: Stage) -> String {
    stage.name().replace('-', "_")
}

/// The state diagram, as Mermaid.
#[must_use]
pub fn diagram() -> String {
    let mut out = String::from("```mermaid\nstateDiagram-v2\n");
    // Writing to a String cannot fail.
    for s in Stage::ALL.iter().rev() {
        let role = s.role().map_or("finished", crate::people::Role::title);
        let _ = writeln!(out, "    state \"{} ({role})\" as {}", s.name(), id(*s));
    }
    let _ = writeln!(out, "    [*] --> {}", id(Stage::New));
    for t in TRANSITIONS {
        let word = [t.id, t.by].iter().filter(|w| !w.is_empty()).copied().collect::<Vec<_>>().join(": ");
        for from in t.from {
            let _ = writeln!(out, "    {} --> {}: {}", id(*from), id(t.to), word.replace('`', ""));
        }
    }
    for end in Stage::ALL.iter().filter(|s| s.is_finished()) {
        let _ = writeln!(out, "    {} --> [*]", id(*end));
    }
    out.push_str("```\n");
    out
}

/// The stages, in the order in which they are tested.
#[must_use]
pub fn stages() -> String {
    let mut out =
        String::from("| stage | when | step | whose move | column | next |\n|---|---|---|---|---|---|\n");
    for s in Stage::ALL {
        let rule = format!("stage.{}", s.name().to_lowercase());
        let when = stage::RULES.iter().find(|(id, _)| *id == rule).map_or("", |(_, m)| m);
        let step =
            s.steps().map_or("–".into(), |(a, b)| if a == b { a.to_string() } else { format!("{a}–{b}") });
        let role = s.role().map_or("–", crate::people::Role::title);
        let column = match s {
            Stage::Rejected | Stage::Done | Stage::Propagating => "archived".to_owned(),
            _ => column::of(s).map_or("unchanged".to_owned(), |c| c.default_name().to_owned()),
        };
        let _ = writeln!(out, "| `{}` | {when} | {step} | {role} | {column} | {} |", s.name(), s.next());
    }
    out
}

/// The transitions with their guards.
#[must_use]
pub fn transitions() -> String {
    let labels = LabelNames::default();
    let named = |l: &&str| {
        let (sign, role) = l.split_at(1);
        let role = crate::tracker::LabelRole::ALL.iter().find(|r| r.as_str() == role);
        role.map_or((*l).to_owned(), |r| format!("{sign}{}", labels.name(*r)))
    };
    let mut out = String::from("| | from | to | labels | guard | rule |\n|---|---|---|---|---|---|\n");
    for t in TRANSITIONS {
        let from: Vec<&str> = t.from.iter().map(|s| s.name()).collect();
        let flips: Vec<String> = t.labels.iter().map(named).map(|l| format!("`{l}`")).collect();
        let rule = if t.rule.is_empty() { String::new() } else { format!("`{}`", t.rule) };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {rule} |",
            t.id,
            from.join(", "),
            t.to.name(),
            flips.join(" "),
            t.guard
        );
    }
    out
}

/// The gates with their codes.
#[must_use]
pub fn gates() -> String {
    let list = |codes: &[&str]| codes.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
    let mut out = String::from("| gate | when | stops | asks for a look |\n|---|---|---|---|\n");
    for (name, when, stops, asks) in GATES {
        let _ = writeln!(out, "| `x gate {name}` | {when} | {} | {} |", list(stops), list(asks));
    }
    out
}

/// `docs/lifecycle.md`.
#[must_use]
pub fn reference_markdown() -> String {
    include_str!("lifecycle.md")
        .replace("{{diagram}}\n", &diagram())
        .replace("{{stages}}\n", &stages())
        .replace("{{transitions}}\n", &transitions())
        .replace("{{gates}}\n", &gates())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_stage_but_the_ends_can_be_reached_and_left() {
        let reached: BTreeSet<Stage> = TRANSITIONS.iter().map(|t| t.to).chain([Stage::New]).collect();
        let left: BTreeSet<Stage> = TRANSITIONS.iter().flat_map(|t| t.from).copied().collect();
        for s in Stage::ALL {
            // Closed by hand, without a reason: no step of the process.
            if s == Stage::ClosedUnexplained {
                continue;
            }
            assert!(reached.contains(&s), "{s:?} is never reached");
            assert_eq!(left.contains(&s), !s.is_finished(), "{s:?}");
        }
    }

    #[test]
    fn the_page_names_declared_rules_and_holds_every_table() {
        for t in TRANSITIONS.iter().filter(|t| !t.rule.is_empty()) {
            assert!(super::super::RULES.iter().any(|(id, _)| *id == t.rule), "{}", t.rule);
        }
        let page = reference_markdown();
        assert!(!page.contains("{{") && page.contains("stateDiagram-v2"), "{page}");
        for s in Stage::ALL {
            assert!(page.contains(&format!("`{}`", s.name())), "{s:?}");
        }
    }

    #[test]
    fn codes_of_the_gates_are_those_in_the_code() {
        let source = concat!(include_str!("../gate.rs"), include_str!("released.rs"));
        for (name, _, stops, asks) in GATES {
            for code in stops.iter().chain(*asks).filter(|c| !c.ends_with('*')) {
                assert!(source.contains(&format!("\"{code}\"")), "{name}: {code} is no code");
            }
        }
    }
}
