//! What an inbound message is, and what that means for the desk (intake page §3 D2, §4, §7.2, §8).
//!
//! Pure and deterministic: weighted cues over the author's own words, each with a rule id and the words that
//! matched. Nothing a message says is ever obeyed; a message can only be described.

pub mod related;

#[cfg(test)]

