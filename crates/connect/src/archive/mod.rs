//! Archives of public lists: where an advisory is found, and the votes on a release (sync page §2, S11 and S13).

pub mod mbox;
pub mod ponymail;
