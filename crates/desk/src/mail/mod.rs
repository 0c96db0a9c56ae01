//! Mail as data: what a message says, who wrote it, which thread it belongs to. Everything here is untrusted
//! text; no rule ever takes an instruction from it (intake page §7).

mod message;

pub use message::*;
