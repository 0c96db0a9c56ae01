//! The rules, a file per capability.

pub mod import;
