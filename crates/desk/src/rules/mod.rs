//! The rules of the desk, a file per capability.
pub mod extract;
