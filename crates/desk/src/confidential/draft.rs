//! Text with typed slots: what a plan stores and a person approves (DESIGN §2, "late values").

use std::{collections::BTreeMap, fmt, marker::PhantomData, sync::LazyLock};

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use super::Surface;

/// A value that is known only when the plan is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// The tracker's short reference, `owner/repo#N` or `desk#N`.
    TrackerRef,
    /// The tracker's address.
    TrackerUrl,
    /// The id allocated to this tracker.
    CveId,
    /// The id of a mail draft.
    DraftId,
    /// The address of the fix.
    PrUrl,
    /// The handle of the person who approved.
    Approver,
    /// The day of the act, `YYYY-MM-DD`.
    Date,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Slot; 7] = [
        Slot::TrackerRef,
        Slot::TrackerUrl,
        Slot::CveId,
        Slot::DraftId,
        Slot::PrUrl,
        Slot::Approver,
        Slot::Date,
    ];

    /// What a person reads where the value will stand.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Slot::TrackerRef => "tracker number",
            Slot::TrackerUrl => "tracker URL",
            Slot::CveId => "CVE id",
            Slot::DraftId => "draft id",
            Slot::PrUrl => "PR URL",
            Slot::Approver => "approver",
            Slot::Date => "date",
        }
    }
}

/// A run of approved text, or a slot. In JSON a text is a string and a slot `{"slot":"cve-id"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Piece {
    /// Approved bytes.
    Text(String),
    /// A late value.
    Slot {
        /// Which one.
        slot: Slot,
    },
}

/// Text with slots, meant for one surface. It reaches the surface only as [`super::Cleared`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Draft<S: Surface> {
    pieces: Vec<Piece>,
    #[serde(skip)]
    surface: PhantomData<S>,
}

impl<S: Surface> Default for Draft<S> {
    fn default() -> Self {
        Self { pieces: Vec::new(), surface: PhantomData }
    }
}

impl<S: Surface> Draft<S> {
    /// A draft that starts with this text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().push_text(text)
    }

    /// The draft with more text at its end.
    #[must_use]
    pub fn push_text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(&text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Text(text)),
        }
        self
    }

    /// The draft with a slot at its end.
    #[must_use]
    pub fn push_slot(mut self, slot: Slot) -> Self {
        self.pieces.push(Piece::Slot { slot });
        self
    }

    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text as a person reads it before approval, slots shown as `⟨CVE id⟩`.
    #[must_use]
    pub fn preview(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Slot { slot } => {
                    out.push('⟨');
                    out.push_str(slot.title());
                    out.push('⟩');
                }
            }
        }
        out
    }
}

/// A value that does not have the form of its slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` cannot fill the slot for the {}: {expected}", slot.title())]
pub struct SlotError {
    /// The slot.
    pub slot: Slot,
    /// The refused value, cut to 120 characters.
    pub value: String,
    /// What is accepted.
    pub expected: &'static str,
}

/// A validated value of one slot. Made only by its constructors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "RawValue", into = "RawValue")]
pub struct SlotValue {
    slot: Slot,
    value: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct RawValue {
    slot: Slot,
    value: String,
}

impl TryFrom<RawValue> for SlotValue {
    type Error = SlotError;

    fn try_from(raw: RawValue) -> Result<Self, SlotError> {
        SlotValue::new(raw.slot, &raw.value)
    }
}

impl From<SlotValue> for RawValue {
    fn from(v: SlotValue) -> Self {
        RawValue { slot: v.slot, value: v.value }
    }
}

static CVE_ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"\ACVE-[0-9]{4}-[0-9]{4,19}\z"));
static TRACKER_REF: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\A(?:desk|[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+)#[1-9][0-9]{0,9}\z"));
static URL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"\Ahttps://[A-Za-z0-9.-]+(?::[0-9]+)?/[^\s<>"]*\z"#));
static DRAFT_ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A[A-Za-z0-9][A-Za-z0-9._:@+=/-]{0,199}\z"));
static HANDLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A@?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,63})\z"));

/// Compiles a literal of this file; the tests below use every one of them.
#[expect(clippy::unwrap_used, reason = "literal patterns, each one compiled by a test")]
fn pattern(p: &str) -> Regex {
    Regex::new(p).unwrap()
}

impl SlotValue {
    /// A value for that slot.
    ///
    /// # Errors
    /// When the value does not have the slot's form; a line break never has.
    pub fn new(slot: Slot, value: &str) -> Result<Self, SlotError> {
        let (ok, expected) = match slot {
            Slot::TrackerRef => (TRACKER_REF.is_match(value), "it must read owner/repo#N or desk#N"),
            Slot::TrackerUrl | Slot::PrUrl => (URL.is_match(value), "it must be an https address"),
            Slot::CveId => (CVE_ID.is_match(value), "it must read CVE-YYYY-NNNN"),
            Slot::DraftId => (DRAFT_ID.is_match(value), "it must be one word of at most 200 characters"),
            Slot::Approver => (HANDLE.is_match(value), "it must be a handle"),
            Slot::Date => (
                value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok(),
                "it must be a day, YYYY-MM-DD",
            ),
        };
        if ok {
            return Ok(Self { slot, value: value.into() });
        }
        Err(SlotError { slot, value: value.chars().take(120).collect(), expected })
    }

    /// An id of the form `CVE-YYYY-NNNN…`.
    ///
    /// # Errors
    /// See [`SlotValue::new`].
    pub fn cve_id(value: &str) -> Result<Self, SlotError> {
        Self::new(Slot::CveId, value)
    }

    /// A day.
    #[must_use]
    pub fn date(day: jiff::civil::Date) -> Self {
        Self { slot: Slot::Date, value: day.to_string() }
    }

    /// Which slot it fills.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// The value as it will be written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

/// Typed values for slots, from verified receipts and from the approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slots(BTreeMap<Slot, SlotValue>);

impl Slots {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same values and this one; a slot is filled once, the last value wins.
    #[must_use]
    pub fn with(mut self, value: SlotValue) -> Self {
        self.0.insert(value.slot, value);
        self
    }

    /// The value of a slot. A value filed under another slot (in a stored map) does not count.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&SlotValue> {
        self.0.get(&slot).filter(|v| v.slot == slot)
    }
}

impl fmt::Display for SlotValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Reporter, Tracker};
    use super::*;

    #[test]
    fn a_draft_is_shown_with_its_slots_named() {
        let d =
            Draft::<Reporter>::text("We allocated ").push_slot(Slot::CveId).push_text(" on ").push_text("x.");
        assert_eq!(d.preview(), "We allocated ⟨CVE id⟩ on x.");
        assert_eq!(d.pieces().len(), 3);
    }

    #[test]
    fn a_draft_survives_json() {
        let d = Draft::<Tracker>::text("Id: ").push_slot(Slot::CveId);
        let json = serde_json::to_string(&d).unwrap();
        assert_eq!(json, r#"{"pieces":["Id: ",{"slot":"cve-id"}]}"#);
        assert_eq!(serde_json::from_str::<Draft<Tracker>>(&json).unwrap(), d);
    }

    #[test]
    fn values_must_have_the_form_of_their_slot() {
        let good = [
            (Slot::CveId, "CVE-2026-1234"),
            (Slot::TrackerRef, "acme/widget-s#42"),
            (Slot::TrackerRef, "desk#1"),
            (Slot::TrackerUrl, "https://forge.example/acme/widget-s/issues/42"),
            (Slot::PrUrl, "https://forge.example/acme/widget/pull/9"),
            (Slot::DraftId, "r-123@local"),
            (Slot::Approver, "@jane"),
            (Slot::Date, "2026-02-28"),
        ];
        for (slot, value) in good {
            assert_eq!(SlotValue::new(slot, value).unwrap().as_str(), value);
        }
        let bad = [
            (Slot::CveId, "CVE-2026-123"),
            (Slot::CveId, "cve-2026-1234"),
            (Slot::CveId, "CVE-2026-1234\nBcc: x@example.org"),
            (Slot::CveId, "CVE-2026-12345678901234567890"),
            (Slot::TrackerRef, "#42"),
            (Slot::TrackerRef, "desk#0"),
            (Slot::PrUrl, "http://forge.example/pull/9"),
            (Slot::PrUrl, "https://forge.example/pull/9 and more"),
            (Slot::DraftId, ""),
            (Slot::Approver, "Jane Doe"),
            (Slot::Date, "2026-02-30"),
            (Slot::Date, "tomorrow"),
        ];
        for (slot, value) in bad {
            assert!(SlotValue::new(slot, value).is_err(), "{slot:?} {value}");
        }
    }

    #[test]
    fn a_stored_value_is_validated_again() {
        let forged = r#"{"cve-id":{"slot":"cve-id","value":"anything at all"}}"#;
        assert!(serde_json::from_str::<Slots>(forged).is_err());
        let misfiled = r#"{"cve-id":{"slot":"date","value":"2026-01-01"}}"#;
        assert_eq!(serde_json::from_str::<Slots>(misfiled).unwrap().get(Slot::CveId), None);
    }
}
