//! Text that may leave, and why other text may not.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize};

use super::{Phase, Surface, SurfaceKind, Tier};

/// Who a mail goes to. Empty for every surface that is not mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipients {
    /// `To`, bare addresses.
    pub to: Vec<String>,
    /// `Cc`, bare addresses.
    pub cc: Vec<String>,
}

impl Recipients {
    /// No recipients.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Mail to one address.
    #[must_use]
    pub fn to(address: impl Into<String>) -> Self {
        Self { to: vec![address.into()], cc: Vec::new() }
    }

    /// The same recipients and one more in Cc.
    #[must_use]
    pub fn cc(mut self, address: impl Into<String>) -> Self {
        self.cc.push(address.into());
        self
    }

    /// Every address.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.to.iter().chain(&self.cc).map(String::as_str)
    }
}

/// Text that the policy cleared for surface `S`, bound to its recipients, tracker and phase. Connectors accept
/// nothing else (promise G2). Only [`super::Policy::clear`] makes one; it cannot be stored, so every apply clears
/// again.
///
/// A raw string does not reach a public surface:
/// ```compile_fail,E0308
/// use desk::confidential::{Cleared, Public};
/// fn publish(_: Cleared<Public>) {}
/// publish(String::from("fixes the flaw"));
/// ```
/// Nor does text that was cleared for the tracker:
/// ```compile_fail,E0308
/// use desk::confidential::{Cleared, Public, Tracker};
/// fn publish(_: Cleared<Public>) {}
/// fn wrong(text: Cleared<Tracker>) { publish(text) }
/// ```
/// Nobody else can make one:
/// ```compile_fail,E0451
/// use desk::confidential::{Cleared, Phase, Public, Recipients};
/// let _ = Cleared::<Public> {
///     text: String::new(), recipients: Recipients::none(), tracker: String::new(), phase: Phase::Disclosed,
///     surface: std::marker::PhantomData,
/// };
/// ```
/// ```compile_fail,E0599
/// use desk::confidential::{Cleared, Public};
/// let _: Cleared<Public> = Cleared::default();
/// ```
/// And it cannot be read back from anywhere:
/// ```compile_fail,E0277
/// use desk::confidential::{Cleared, Public};
/// let _: Cleared<Public> = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared<S: Surface> {
    text: String,
    recipients: Recipients,
    tracker: String,
    phase: Phase,
    surface: PhantomData<S>,
}

impl<S: Surface> Cleared<S> {
    /// Used by the policy alone.
    pub(super) fn seal(text: String, recipients: Recipients, tracker: String, phase: Phase) -> Self {
        Self { text, recipients, tracker, phase, surface: PhantomData }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The recipients it was cleared for; no others.
    #[must_use]
    pub fn recipients(&self) -> &Recipients {
        &self.recipients
    }

    /// Key of the tracker it was cleared for.
    #[must_use]
    pub fn tracker(&self) -> &str {
        &self.tracker
    }

    /// The phase it was cleared in.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }
}

/// One reason why a text may not leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Stable id of the rule.
    pub rule: &'static str,
    /// How hard it refuses.
    pub tier: Tier,
    /// The offending words, or the name of the slot or recipient.
    pub text: String,
    /// First byte in the filled text.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
    /// Why.
    pub why: &'static str,
    /// What to do.
    pub todo: &'static str,
}

/// Why the policy did not clear a draft: every reason, not only the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Refusal {
    /// Where the text was to go.
    pub surface: SurfaceKind,
    /// The phase it was judged in.
    pub phase: Phase,
    /// The reasons.
    pub hits: Vec<Refused>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this text may not go to `{}` in phase `{}`", self.surface, self.phase)?;
        for hit in &self.hits {
            write!(f, "\n  {} `{}` at byte {}: {}; {}", hit.rule, hit.text, hit.start, hit.why, hit.todo)?;
        }
        Ok(())
    }
}
