//! What a person lets a write to an authority go over (sync page §9: overrides are explicit, one for each guard). It counts
//! for the record they saw and for no other: what others write meanwhile is guarded as ever.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Prefer;
use crate::plan::digest;

/// The guards a person lets a write go over. The advisory of a public record and the order of the states have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// Digest of the record at the authority as it stood when they said so.
    pub seen: String,
    /// Packages and products may change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub packages: bool,
    /// Where both sides changed something the tracker's word counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflicts: bool,
}

impl Over {
    /// Over nothing: every guard stands.
    #[must_use]
    pub fn is_none(&self) -> bool {
        !self.packages && !self.conflicts
    }

    /// The same, said of this record.
    #[must_use]
    pub fn of(self, theirs: &Value) -> Self {
        Self { seen: digest::of(theirs), ..self }
    }

    fn fits(&self, theirs: &Value) -> bool {
        !self.is_none() && self.seen == digest::of(theirs)
    }

    /// May packages change in this record?
    #[must_use]
    pub fn packages_of(&self, theirs: &Value) -> bool {
        self.packages && self.fits(theirs)
    }

    /// Whose word counts in this record?
    #[must_use]
    pub fn prefer(&self, theirs: &Value) -> Prefer {
        if self.conflicts && self.fits(theirs) { Prefer::Ours } else { Prefer::Neither }
    }
}
