//! What a message says: who relayed it, whom to credit, which versions it names, which code it points at.
//!
//! Everything read here is untrusted text. It becomes a value to show and confirm, never an instruction
//! (intake page §7), and a severity stated by a reporter is an observation, never a field.

pub mod affected;
pub mod asked;
pub mod bot;
pub mod credit;
pub mod fields;
pub mod forwarder;
pub mod observed;
pub mod pointers;
mod text;
#[cfg(test)]
mod unseen;
pub mod versions;

pub use asked::asks_credit;
pub use bot::{BotVerdict, CreditKind, judge, unreplyable};
pub use credit::{Credit, CreditFinding, CreditOrigin, credits, from_message, private_scanners};
pub use fields::{ReportFields, clean_title, fields};
pub use forwarder::{ForwarderReport, Mode, detect, reporter_addressing_block};
pub use observed::{Observed, observed};
pub use pointers::{Pointers, cve_ids, pointers};
pub use versions::{VersionOptions, VersionRange, VersionReport, parse, render};
