//! People: the roster, who a message is from, who holds which role.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{config::Config, mail::Address};

/// A role at the desk (roles guide). At any moment one person owns the next move of a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Steps 1–6: from a report to a CVE allocated.
    Triager,
    /// Steps 7–11: from a CVE to the merged fix.
    Remediation,
    /// Steps 12–15: from a release to the published advisory.
    ReleaseManager,
    /// Allocates and publishes CVE records (the PMC gate).
    Governance,
}

impl Role {
    /// The name people use.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Role::Triager => "issue triager",
            Role::Remediation => "remediation developer",
            Role::ReleaseManager => "release manager",
            Role::Governance => "governance member",
        }
    }
}

/// Words that name a kind of organization, lower case and sorted.
const ORGANIZATION_WORDS: &[&str] = &[
    "agency",
    "association",
    "bank",
    "center",
    "centre",
    "cert",
    "college",
    "company",
    "consulting",
    "corp",
    "corporation",
    "csirt",
    "department",
    "division",
    "foundation",
    "gmbh",
    "group",
    "inc",
    "institute",
    "intelligence",
    "lab",
    "laboratories",
    "laboratory",
    "labs",
    "limited",
    "llc",
    "ltd",
    "networks",
    "office",
    "project",
    "psirt",
    "research",
    "response",
    "school",
    "security",
    "services",
    "soc",
    "society",
    "software",
    "solutions",
    "systems",
    "team",
    "technologies",
    "technology",
    "university",
];

/// Does this lower-case word say what kind of organization a name is of (`security`, `labs`, `ltd`)? It tells nobody
/// apart: `Acme Security` is known by its first word.
#[must_use]
pub fn is_organization_word(word: &str) -> bool {
    ORGANIZATION_WORDS.binary_search(&word).is_ok()
}

/// One member of the security team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Forge handle without `@`.
    pub handle: String,
    /// Names this person signs with; the first is shown.
    pub names: Vec<String>,
    /// Addresses this person writes from.
    pub emails: Vec<String>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Member from this day.
    pub from: Option<Date>,
    /// Member until this day.
    pub to: Option<Date>,
}

impl Person {
    /// Was this person on the team at that time?
    #[must_use]
    pub fn member_at(&self, when: Timestamp) -> bool {
        let day = when.to_zoned(TimeZone::UTC).date();
        self.from.is_none_or(|f| f <= day) && self.to.is_none_or(|t| day <= t)
    }
}

/// The security team, with membership dates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Everyone, past members included.
    pub people: Vec<Person>,
}

impl Roster {
    /// The roster written in the configuration. Dates that are not dates were refused at load.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let people = config
            .roster
            .person
            .iter()
            .map(|p| Person {
                handle: p.handle.clone(),
                names: p.names.clone(),
                emails: p.emails.clone(),
                roles: p.roles.clone(),
                from: p.from.parse().ok(),
                to: p.to.parse().ok(),
            })
            .collect();
        Self { people }
    }

    /// The member who writes from that address, now or in the past.
    #[must_use]
    pub fn by_email(&self, email: &str) -> Option<&Person> {
        let who = Address::new("", email);
        self.people.iter().find(|p| p.emails.iter().any(|e| who.is(e)))
    }

    /// The member with that handle; a leading `@` is ignored.
    #[must_use]
    pub fn by_handle(&self, handle: &str) -> Option<&Person> {
        let handle = handle.trim_start_matches('@');
        self.people.iter().find(|p| p.handle.eq_ignore_ascii_case(handle))
    }

    /// Was the author of this address on the team when it was written?
    #[must_use]
    pub fn is_team(&self, email: &str, when: Option<Timestamp>) -> bool {
        self.by_email(email).is_some_and(|p| when.is_none_or(|t| p.member_at(t)))
    }
}
