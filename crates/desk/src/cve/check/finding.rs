//! What a check says, and where it is gathered.

use serde::{Serialize, Serializer};

use super::{At, Node, Place, at::path_of, field::field_of};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Note,
    /// A reader of the record will be misled or left without something.
    Warning,
    /// The record is refused, or says something that cannot be.
    Error,
}

impl Level {
    /// `error`, `warning` or `note`, the words of SARIF.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "note" => Ok(Level::Note),
            "warning" => Ok(Level::Warning),
            "error" => Ok(Level::Error),
            _ => Err(format!("`{s}` is no level; say note, warning or error")),
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// One finding (DESIGN §7, `cve check --json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule speaks; ids of the record format begin with `schema`.
    pub rule: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// Where, as a JSONPath from the record.
    pub path: String,
    /// Which tracker field to mend (decisions page §0.5, or `title`); empty when none does.
    pub field: &'static str,
    /// What is wrong, in plain words.
    pub message: String,
    /// Where in the text, when that is known already.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl Finding {
    /// A finding without a place in a text.
    #[must_use]
    pub fn new(rule: &'static str, level: Level, path: String, field: &'static str, message: String) -> Self {
        Self { rule, level, path, field, message, place: None }
    }
}

/// Gathers findings about one record.
pub struct Sink<'n, 'a> {
    root: &'n Node<'a>,
    findings: Vec<Finding>,
}

impl<'n, 'a> Sink<'n, 'a> {
    /// For that record.
    #[must_use]
    pub fn new(root: &'n Node<'a>) -> Self {
        Self { root, findings: Vec::new() }
    }

    /// Say something about a place; the tracker field follows from the place.
    pub fn say(&mut self, rule: &'static str, level: Level, at: &At<'_>, message: impl Into<String>) {
        let steps = at.steps();
        let field = field_of(&steps, self.root);
        self.findings.push(Finding::new(rule, level, path_of(&steps), field, message.into()));
    }

    /// Say something that another field than that of the place would mend.
    pub fn say_for(
        &mut self,
        rule: &'static str,
        level: Level,
        at: &At<'_>,
        field: &'static str,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding::new(rule, level, at.path(), field, message.into()));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Is there nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Everything that was said, in the order in which it was.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
