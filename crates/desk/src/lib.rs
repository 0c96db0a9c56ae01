//! The domain of Tipstaff, pure: what a tracker is, what a message says, what may be written where, and what
//! should happen next. No I/O, no clock, no randomness, no vendor; the same facts give the same bytes (G6).
//!
//! One module per noun of the trade; the rules live in [`rules`], a file per capability.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails should say where"))]

pub mod case;
pub mod confidential;
pub mod config;
pub mod cve;
pub mod mail;
pub mod pattern;
pub mod people;
pub mod percent;
pub mod plan;
pub mod reply;
pub mod rules;
pub mod spread;
pub mod tracker;
