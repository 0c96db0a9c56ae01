//! Labels by role (config page §4). Names come from the configuration and compare without regard to case.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::config::Config;

macro_rules! roles {
    ($($(#[$d:meta])* $v:ident => $key:literal, $name:literal, $colour:literal, $text:literal;)+) => {
        /// What a label says about a tracker (config page §4). Scope labels come from `[[scope]]`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum LabelRole { $($(#[$d])* $v),+ }

        impl LabelRole {
            /// Every role, in the order in which a tracker meets them.
            pub const ALL: &'static [LabelRole] = &[$(LabelRole::$v),+];

            /// The name of the role in `tracker.labels.<role>`.
            #[must_use]
            pub fn as_str(self) -> &'static str { match self { $(LabelRole::$v => $key),+ } }

            /// The label, unless the configuration names another.
            #[must_use]
            pub fn default_name(self) -> &'static str { match self { $(LabelRole::$v => $name),+ } }

            /// Colour as six hex digits.
            #[must_use]
            pub fn colour(self) -> &'static str { match self { $(LabelRole::$v => $colour),+ } }

            /// Description, at most 100 characters.
            #[must_use]
            pub fn description(self) -> &'static str { match self { $(LabelRole::$v => $text),+ } }
        }
    };
}

roles! {
    /// The issue is a security tracker.
    SecurityMarker => "security_marker", "security issue", "b60205", "Security tracker";
    /// Not assessed.
    NeedsTriage => "needs_triage", "needs triage", "d93f0b", "Not assessed yet";
    /// A CVE id is reserved.
    CveAllocated => "cve_allocated", "cve allocated", "5319e7", "CVE id reserved";
    /// The fix is open upstream.
    PrOpen => "pr_open", "pr created", "fbca04", "Fix PR open upstream";
    /// The fix is merged.
    PrMerged => "pr_merged", "pr merged", "e99695", "Fix merged, unreleased";
    /// A release with the fix is being voted on.
    RcVoting => "rc_voting", "rc voting", "c5def5", "Release with fix being voted";
    /// The fix has shipped.
    FixReleased => "fix_released", "fix released", "0e8a16", "Shipped, advisory pending";
    /// The advisory was mailed.
    EmailsSent => "emails_sent", "announced - emails sent", "006b75", "Advisory mailed";
    /// The advisory is in an archive.
    Announced => "announced", "announced", "0052cc", "Archive URL captured, record public";
    /// Closed: no vulnerability.
    Invalid => "invalid", "invalid", "cccccc", "Closed: not a vulnerability";
    /// Closed: hardening at most.
    NotCveWorthy => "not_cve_worthy", "not CVE worthy", "cccccc", "Closed: no CVE";
    /// Closed: another tracker has it.
    Duplicate => "duplicate", "duplicate", "cccccc", "Closed: another tracker has it";
    /// Closed: will not be fixed.
    Wontfix => "wontfix", "wontfix", "cccccc", "Closed: will not be fixed";
    /// No tracker, but the list of rejected mail.
    RejectionsLedger => "rejections_ledger", "rejections-ledger", "ededed", "Ledger issue, not a tracker";
}

/// Colour of every scope label.
pub const SCOPE_COLOUR: &str = "1d76db";
/// Description of every scope label.
pub const SCOPE_DESCRIPTION: &str = "Affected product; exactly one";

/// Spellings that other desks left behind; accepted when reading.
const ALIASES: &[(&str, LabelRole)] = &[
    ("security", LabelRole::SecurityMarker),
    ("not-cve-worthy", LabelRole::NotCveWorthy),
    ("vendor-advisory ready", LabelRole::EmailsSent),
    ("won't fix", LabelRole::Wontfix),
];

impl LabelRole {
    /// The progress labels, earliest first: a tracker carries the highest, and `announced - emails sent` beside
    /// `announced`.
    pub const PROGRESS: [LabelRole; 8] = [
        LabelRole::NeedsTriage,
        LabelRole::CveAllocated,
        LabelRole::PrOpen,
        LabelRole::PrMerged,
        LabelRole::RcVoting,
        LabelRole::FixReleased,
        LabelRole::EmailsSent,
        LabelRole::Announced,
    ];

    /// The closing dispositions; a rejected tracker carries exactly one.
    pub const DISPOSITIONS: [LabelRole; 4] =
        [LabelRole::Invalid, LabelRole::NotCveWorthy, LabelRole::Duplicate, LabelRole::Wontfix];

    /// Does it close a tracker without an advisory?
    #[must_use]
    pub fn is_disposition(self) -> bool {
        Self::DISPOSITIONS.contains(&self)
    }

    /// May it ever come off? (config page §4, sync page §3)
    #[must_use]
    pub fn is_permanent(self) -> bool {
        use LabelRole::{Announced, CveAllocated, EmailsSent, SecurityMarker};
        matches!(self, SecurityMarker | CveAllocated | EmailsSent | Announced)
    }
}

/// What the labels of this desk are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelNames {
    names: BTreeMap<LabelRole, String>,
    roles: BTreeMap<String, LabelRole>,
    scopes: BTreeMap<String, String>,
}

impl Default for LabelNames {
    fn default() -> Self {
        Self::new(&Config::default())
    }
}

impl LabelNames {
    /// The names of `tracker.labels.<role>`, `tracker.ledger_label`, `cve.vote_label` and `[[scope]]`. A configured
    /// name beats a scope label, and both beat the spellings of other desks.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut names = BTreeMap::new();
        let mut roles = BTreeMap::new();
        for role in LabelRole::ALL.iter().copied() {
            let other = match role {
                LabelRole::RcVoting => config.cve.vote_label.as_str(),
                LabelRole::RejectionsLedger if config.tracker.ledger_label != "none" => {
                    &config.tracker.ledger_label
                }
                _ => "",
            };
            let name = [config.tracker.labels.get(role.as_str()).map_or("", String::as_str), other]
                .into_iter()
                .find(|n| !n.trim().is_empty())
                .unwrap_or(role.default_name());
            names.insert(role, name.trim().to_owned());
            roles.entry(fold(name)).or_insert(role);
        }
        let mut scopes = BTreeMap::new();
        for label in config.scope.iter().map(|s| s.label.trim()).filter(|l| !l.is_empty()) {
            if !roles.contains_key(&fold(label)) {
                scopes.entry(fold(label)).or_insert_with(|| label.to_owned());
            }
        }
        let defaults = LabelRole::ALL.iter().map(|r| (r.default_name(), *r));
        for (alias, role) in ALIASES.iter().copied().chain(defaults) {
            if !scopes.contains_key(&fold(alias)) {
                roles.entry(fold(alias)).or_insert(role);
            }
        }
        Self { names, roles, scopes }
    }

    /// The label to write for a role.
    #[must_use]
    pub fn name(&self, role: LabelRole) -> &str {
        self.names.get(&role).map_or(role.default_name(), String::as_str)
    }

    /// The role of a label.
    #[must_use]
    pub fn role(&self, label: &str) -> Option<LabelRole> {
        self.roles.get(&fold(label)).copied()
    }

    /// The scope that a label names, spelled as configured.
    #[must_use]
    pub fn scope(&self, label: &str) -> Option<&str> {
        self.scopes.get(&fold(label)).map(String::as_str)
    }

    /// Sorts the labels of a tracker by what they say.
    #[must_use]
    pub fn read<'a>(&self, labels: impl IntoIterator<Item = &'a String>) -> Labels {
        let mut out = Labels::default();
        for label in labels {
            let folded = fold(label);
            if let Some(role) = self.roles.get(&folded) {
                out.roles.insert(*role);
            } else if let Some(scope) = self.scopes.get(&folded) {
                out.scopes.insert(scope.clone());
            } else {
                out.other.insert(label.clone());
            }
        }
        out
    }
}

fn fold(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for word in label.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if out.is_ascii() {
        // Every label of every tracker comes through here; this spares a copy.
        out.make_ascii_lowercase();
        return out;
    }
    out.to_lowercase()
}

/// The labels of one tracker by what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Roles present.
    pub roles: BTreeSet<LabelRole>,
    /// Scope labels present, spelled as configured.
    pub scopes: BTreeSet<String>,
    /// Labels without a meaning here.
    pub other: BTreeSet<String>,
}

impl Labels {
    /// Is there a label of that role?
    #[must_use]
    pub fn has(&self, role: LabelRole) -> bool {
        self.roles.contains(&role)
    }

    /// The one scope; none when there is none or there are several.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scopes.first().filter(|_| self.scopes.len() == 1).map(String::as_str)
    }

    /// Are there several scope labels, so that the tracker must be split? (config page §4 rule 2)
    #[must_use]
    pub fn needs_split(&self) -> bool {
        self.scopes.len() > 1
    }

    /// The highest progress label: progress is monotone, so it wins (config page §4 rule 5).
    #[must_use]
    pub fn progress(&self) -> Option<LabelRole> {
        LabelRole::PROGRESS.into_iter().rev().find(|r| self.has(*r))
    }

    /// Progress labels that a higher one has overtaken and that should come off; permanent ones stay.
    #[must_use]
    pub fn overtaken(&self) -> BTreeSet<LabelRole> {
        let Some(top) = self.progress() else { return BTreeSet::new() };
        let below = LabelRole::PROGRESS.into_iter().take_while(|r| *r != top);
        // A vote runs while the fix is merged and unreleased: both labels stand.
        let beside = |r: LabelRole| top == LabelRole::RcVoting && r == LabelRole::PrMerged;
        below.filter(|r| self.has(*r) && !r.is_permanent() && !beside(*r)).collect()
    }

    /// The closing dispositions present; more than one is a contradiction.
    #[must_use]
    pub fn dispositions(&self) -> BTreeSet<LabelRole> {
        self.roles.iter().copied().filter(|r| r.is_disposition()).collect()
    }

    /// Was the advisory mailed or announced?
    #[must_use]
    pub fn advisory_sent(&self) -> bool {
        self.has(LabelRole::EmailsSent) || self.has(LabelRole::Announced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Scope;

    fn read(names: &LabelNames, labels: &[&str]) -> Labels {
        names.read(&labels.iter().map(|l| (*l).to_string()).collect::<Vec<_>>())
    }

    fn with_scopes(scopes: &[&str]) -> Config {
        let scope = scopes.iter().map(|l| Scope { label: (*l).into(), ..Scope::default() }).collect();
        Config { scope, ..Config::default() }
    }

    #[test]
    fn descriptions_fit_and_colours_are_colours() {
        for role in LabelRole::ALL {
            assert!(role.description().len() <= 100);
            assert!(role.colour().len() == 6 && role.colour().bytes().all(|b| b.is_ascii_hexdigit()));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }

    #[test]
    fn labels_compare_without_case_and_old_spellings_read() {
        let names = LabelNames::new(&with_scopes(&["Core"]));
        let l = read(&names, &["Not cve WORTHY", "security", "CORE", "Announced", "good first issue"]);
        assert_eq!(
            l.roles,
            [LabelRole::SecurityMarker, LabelRole::Announced, LabelRole::NotCveWorthy].into_iter().collect()
        );
        assert_eq!(l.scope(), Some("Core"));
        assert_eq!(l.other.len(), 1);
        assert_eq!(names.role("vendor-advisory ready"), Some(LabelRole::EmailsSent));
    }

    #[test]
    fn configuration_renames_and_a_scope_beats_an_old_spelling() {
        let mut config = with_scopes(&["security", "invalid"]);
        config.tracker.labels.insert("needs_triage".into(), "triage me".into());
        config.cve.vote_label = "voting".into();
        let names = LabelNames::new(&config);
        assert_eq!(names.name(LabelRole::NeedsTriage), "triage me");
        assert_eq!(names.role("Triage Me"), Some(LabelRole::NeedsTriage));
        assert_eq!(names.name(LabelRole::RcVoting), "voting");
        assert_eq!((names.role("security"), names.scope("security")), (None, Some("security")));
        assert_eq!((names.role("invalid"), names.scope("invalid")), (Some(LabelRole::Invalid), None));
    }

    #[test]
    fn the_highest_progress_label_wins_and_the_rest_comes_off() {
        let names = LabelNames::default();
        let l = read(&names, &["needs triage", "cve allocated", "pr created", "pr merged"]);
        assert_eq!(l.progress(), Some(LabelRole::PrMerged));
        assert_eq!(l.overtaken(), [LabelRole::NeedsTriage, LabelRole::PrOpen].into_iter().collect());
        let l = read(&names, &["pr merged", "rc voting"]);
        assert_eq!(l.overtaken(), BTreeSet::new());
        let l = read(&names, &["pr merged", "rc voting", "fix released"]);
        assert_eq!(l.overtaken(), [LabelRole::PrMerged, LabelRole::RcVoting].into_iter().collect());
        let l = read(&names, &["fix released", "announced - emails sent", "announced"]);
        assert_eq!(l.overtaken(), [LabelRole::FixReleased].into_iter().collect());
    }

    #[test]
    fn two_scopes_need_a_split() {
        let names = LabelNames::new(&with_scopes(&["core", "docs"]));
        let l = read(&names, &["core", "docs"]);
        assert!(l.needs_split());
        assert_eq!(l.scope(), None);
    }
}
