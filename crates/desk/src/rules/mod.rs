//! rules

pub mod title;
