//! Reports in: what a report is about and what it has to do with what we know.

pub mod related;
