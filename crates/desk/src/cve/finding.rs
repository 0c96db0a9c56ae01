//! What is wrong with a record, and in which field of the tracker to mend it.

use serde::{Deserialize, Serialize};

use crate::tracker::FieldRole;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The record is wrong or may not leave.
    Error,
    /// A person should look.
    #[default]
    Warning,
    /// Said for the record.
    Info,
}

/// One finding (DESIGN §7, `cve check`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// Its weight.
    pub level: Level,
    /// JSON pointer into the record; empty when it is about what is not there.
    pub path: String,
    /// The tracker field to mend: a field role, `title`, `labels`, or a key of the configuration.
    pub field: Option<String>,
    /// What is wrong and what to write.
    pub message: String,
    /// Byte of the field's value at which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<usize>,
}

impl Finding {
    /// A finding about a field of the tracker.
    #[must_use]
    pub fn new(
        rule: &str,
        level: Level,
        path: &str,
        field: impl Into<Field>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            level,
            path: path.into(),
            field: Some(field.into().0),
            message: message.into(),
            at: None,
        }
    }

    /// The same, at a byte of the field's value.
    #[must_use]
    pub fn at(mut self, byte: usize) -> Self {
        self.at = Some(byte);
        self
    }
}

/// What is to be mended.
#[derive(Clone, Debug)]
pub struct Field(String);

impl From<FieldRole> for Field {
    fn from(role: FieldRole) -> Self {
        Self(role.as_str().into())
    }
}

impl From<&str> for Field {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("record.affected", "an affected version that cannot be recorded as it is written"),
    ("record.affected.doubt", "an affected version that is recorded and worth a look"),
    ("record.affected.type", "no version scheme fits every value; the range is recorded as `custom`"),
    ("record.body", "the tracker's body is broken, so that a field cannot be trusted"),
    ("record.config", "the record needs a value of the configuration that is not set"),
    ("record.credit", "a line of the credits that is no name"),
    ("record.credit.confirm", "a name that looks like a program's, or a program's that may be a name; ask"),
    ("record.credit.mail", "a mail address or markup was taken off a credit"),
    ("record.credit.remediation-bot", "a program credited with the fix"),
    ("record.credit.tool", "a program, credited as a tool"),
    ("record.cvss", "a CVSS vector that cannot be recorded"),
    ("record.cwe", "a weakness that no CWE id names, or an id that is none"),
    ("record.cwe.usage", "MITRE advises against recording this CWE"),
    ("record.description", "the description is missing or too long"),
    ("record.id", "the CVE id is none, or two of them differ"),
    ("record.reference", "a link that cannot be recorded"),
    ("record.reference.dropped", "a link into the tracker or the CVE tool; left out"),
    ("record.reference.private", "a link into a private archive; never recorded"),
    ("record.scope", "no scope label, or several: the product is not certain"),
    ("record.severity", "a severity outside the closed set"),
    ("record.title", "the product's name came off the title on its way into the record"),
    ("record.missing", "a field without which the record is not ready for review"),
];
