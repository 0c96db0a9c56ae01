//! The rules, a file per capability.

pub mod import;
pub mod title;
pub mod vocabulary;
