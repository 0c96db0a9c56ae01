//! Tipstaff, the security desk of an open-source project: the composition root. `app` holds the use cases every
//! shell shares; `cli` is the command line. There is no domain logic here.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails should say where"))]

pub mod app;
pub mod cli;
