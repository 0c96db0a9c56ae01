//! The desk's memory: one SQLite file per desk (DESIGN §5). It keeps what was seen, decided and done; it decides
//! nothing itself.
//!
//! Every change to a tracker and the receipt that proves it are one transaction. Events are append-only and
//! hash-chained.

mod apply;
mod copies;
mod desk;
mod error;
mod events;
mod ledger;
mod messages;
mod observe;
mod plans;
mod trackers;
mod words;

pub use crate::{
    desk::{Desk, OpenOptions, SCHEMA},
    error::StoreError,
    events::{Event, Verified},
    ledger::{LedgerRow, Rejection},
    messages::Stored,
    observe::{NewMessage, Observed},
    plans::{PlanRow, PlanState},
};
