//! What an inbound message is, and what that means for the desk (intake page §3 D2, §4, §7.2, §8).
//!
//! Pure and deterministic: weighted cues over the author's own words, each with a rule id and the words that
//! matched. Nothing a message says is ever obeyed; a message can only be described.

pub mod answered;
pub mod bookkeeping;
pub mod class;
pub mod consolidated;
pub mod converged;
pub mod cue;
pub mod decoys;
pub mod features;
pub mod follow_up;
pub mod injection;
pub mod once;
pub mod people;
pub mod propose;
pub mod public_fix;
pub mod reject;
pub mod related;
pub mod scanner;
pub mod solicitation;
pub mod text;

#[cfg(test)]
mod samples;

pub use class::{
    Class, ClassifyInput, Fate, ThreadVerdict, TrackerSummary, Verdict, classify, classify_once,
};
pub use cue::Signal;
pub use once::Once;
pub use reject::{RejectCheck, RejectVerdict};
