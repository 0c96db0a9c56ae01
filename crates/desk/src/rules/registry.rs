//! Every rule id with its meaning, gathered from where the rules are; `docs/rules.md` is written from it.

use std::fmt::Write as _;

use super::{
    allocate, bootstrap, by_hand,
    extract::{bot, credit},
    import::{
        answered, bookkeeping, class, consolidated, converged, decoys, features, follow_up, injection,
        propose, public_fix, reject, related, scanner, solicitation,
    },
    stage, sync, title,
};
use crate::{confidential, cve, reply::style, tracker};

/// Ids and meanings, as each rule file declares them.
pub type Rows = &'static [(&'static str, &'static str)];

/// Rules of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// What the ids begin with.
    pub prefix: &'static str,
    /// What they are about.
    pub about: &'static str,
    /// Where they are declared, from `crates/desk/src`.
    pub home: &'static str,
    /// Its rules, by id.
    pub rules: Vec<(&'static str, &'static str)>,
}

fn family(prefix: &'static str, about: &'static str, home: &'static str, tables: &[Rows]) -> Family {
    let mut rules: Vec<_> = tables.iter().flat_map(|t| t.iter().copied()).collect();
    rules.sort_unstable();
    Family { prefix, about, home, rules }
}

/// Every family, in the order in which a report meets them.
#[must_use]
pub fn families() -> Vec<Family> {
    let scan: Vec<_> = confidential::RULES.iter().map(|r| (r.id, r.why)).collect();
    vec![
        family(
            "class",
            "What a message is. Signals add up; each stands in the plan with the words that matched",
            "rules/import/",
            &[
                class::RULES,
                features::RULES,
                scanner::RULES,
                solicitation::RULES,
                decoys::RULES,
                bookkeeping::RULES,
                consolidated::RULES,
                converged::RULES,
                follow_up::RULES,
                public_fix::RULES,
            ],
        ),
        family(
            "injection",
            "Text that tries to direct its reader. It is shown and changes nothing",
            "rules/import/injection.rs",
            &[injection::RULES],
        ),
        family(
            "reject",
            "A standing negative answer may fit. With a claimed way around it a person decides",
            "rules/import/reject.rs",
            &[reject::RULES],
        ),
        family(
            "answered",
            "The team has answered, and the thread is at rest",
            "rules/import/answered.rs",
            &[answered::RULES],
        ),
        family(
            "related",
            "What a report has in common with a tracker or with a public change",
            "rules/import/related.rs",
            &[related::RULES],
        ),
        family("import", "Items of an import", "rules/import/propose/", &[propose::RULES]),
        family("title", "What is taken off a title", "rules/title.rs", &[title::RULES]),
        family("credit", "Whom to credit", "rules/extract/credit.rs", &[credit::RULES]),
        family(
            "bot",
            "Is a credited name a person, a tool or a service?",
            "rules/extract/bot.rs",
            &[bot::RULES],
        ),
        family(
            "sanitise",
            "What is done to report text before it enters a tracker",
            "tracker/markdown/",
            &[tracker::SANITISE_RULES],
        ),
        family(
            "record",
            "What is wrong with a CVE record, which field to mend, and what is asked of it by hand",
            "cve/",
            &[cve::RULES, sync::record::BY_HAND],
        ),
        family(
            "hygiene",
            "What keeps a record from being pushed (sync page §7.2)",
            "cve/hygiene.rs",
            &[cve::HYGIENE_RULES],
        ),
        family(
            "affected",
            "Affected ranges read off the releases of the code (`cve affected N`)",
            "cve/ranges.rs",
            &[cve::ranges::RULES],
        ),
        family("allocate", "From a valid report to a CVE id", "rules/allocate.rs", &[allocate::RULES]),
        family("bootstrap", "What a new tracker repository lacks", "rules/bootstrap.rs", &[bootstrap::RULES]),
        family("hand", "What a person asked for in so many words", "rules/by_hand.rs", &[by_hand::RULES]),
        family("stage", "Where a tracker stands", "rules/stage.rs", &[stage::RULES]),
        family("sync", "What `sync` proposes, item by item", "rules/sync/", &[sync::RULES]),
        family("reply.style", "The house style of mail to a reporter", "reply/style.rs", &[style::RULES]),
        family(
            "schema",
            "What the CVE Record Format refuses",
            "cve/schema/",
            &[cve::check::RULES, cve::schema::RULES],
        ),
        family(
            "lint",
            "What the CVE Record Format allows and a published record should not have. `lint.E…` carry cvelint's codes",
            "cve/lint/",
            &[cve::lint::RULES],
        ),
        Family {
            prefix: "scan",
            about: "What may not stand on a surface. `x scan` says for each hit what to do about it",
            home: "confidential/catalog.rs",
            rules: scan,
        },
    ]
}

/// `docs/rules.md`.
#[must_use]
pub fn reference_markdown() -> String {
    let mut out = String::from(
        "<!-- Generated from the RULES tables in crates/desk/src; edits here are lost. -->\n\n# Rules\n\n\
         Every judgement names the rule it rests on. `tipstaff import --why`, `tipstaff why N` and the plumbing show\n\
         the id with the evidence: the words, header or fact that made the rule speak. To change what a rule does,\n\
         look for its id in the file named with its family.\n",
    );
    for f in families() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n## `{}`\n\n{} (`crates/desk/src/{}`).\n", f.prefix, f.about, f.home);
        let _ = writeln!(out, "| id | meaning |\n|---|---|");
        for (id, meaning) in f.rules {
            let _ = writeln!(out, "| `{id}` | {} |", meaning.replace('|', "\\|"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_id_is_declared_once_and_says_what_it_means() {
        let mut seen = BTreeSet::new();
        for f in families() {
            assert!(!f.rules.is_empty(), "{}", f.prefix);
            for (id, meaning) in f.rules {
                assert!(seen.insert(id), "{id} is declared twice");
                assert!(!meaning.is_empty() && !meaning.contains('\n'), "{id}");
            }
        }
        assert!(seen.contains("class.report.doubt") && seen.contains("scan.cve-id"));
    }
}
