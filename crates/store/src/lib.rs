//! The desk's memory: one SQLite file per desk (DESIGN §5). It keeps what was seen, decided and done; it decides
//! nothing itself.
//!
//! Every change to a tracker and the receipt that proves it are one transaction. Events are append-only and
//! hash-chained.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails should say where"))]

mod apply;
mod authority;
mod comments;
mod copies;
mod desk;
mod error;
mod events;
mod hosted;
mod ledger;
mod messages;
mod milestones;
mod observe;
mod often;
mod plans;
mod records;
#[cfg(test)]
mod tests;
mod trackers;
mod words;

pub use crate::{
    authority::OwnAuthority,
    desk::{Desk, OpenOptions, SCHEMA},
    error::StoreError,
    events::{Event, Verified},
    hosted::{Card, Copy, Origin},
    ledger::{LedgerRow, Rejection},
    messages::Stored,
    observe::{NewMessage, Observed},
    plans::{PlanRow, PlanState, UnreadablePlan},
    records::Elsewhere,
};
