//! What may be written where (promise G2, "nothing leaks"; confidentiality page §0.8, §4.1 and §5).
//!
//! A text meant for a surface is a [`Draft`]; only [`Policy::clear`] turns it into a [`Cleared`], and connectors
//! accept nothing else. The same rules, run over any text, are [`scan`]. What the program cannot judge (synonyms,
//! a diff that gives the flaw away, prose quoted from the tracker) stays with the person who approves.

mod branch;
mod catalog;
mod cleared;
mod draft;
mod ids;
mod judge;
mod matcher;
mod matrix;
mod normal;
mod phase;
mod plain;
mod policy;
mod scan;
mod secrets;
mod surface;
mod terms;

pub use catalog::{RULES, RuleInfo, rule_info};
pub use cleared::{Cleared, Recipients, Refusal, Refused};
pub use draft::{Draft, Piece, Slot, SlotError, SlotValue, Slots};
pub use ids::OtherIds;
pub use matrix::{Cell, Info, MATRIX, cell};
pub use phase::{Phase, Signals};
pub use policy::{Policy, PolicyError};
pub use scan::{Hit, Kind, ScanReport, ScanRequest, Scanner, Tier, scan, scan_bytes};
pub use secrets::{Identity, Justification, Secrets, TrackerContext, TrackerId};
pub use surface::{
    CveDraft, CvePublic, Forwarder, Public, Reporter, Surface, SurfaceKind, TeamMail, Tracker,
};

#[cfg(test)]
mod clear_tests;
#[cfg(test)]
mod scan_tests;
