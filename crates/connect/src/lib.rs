//! Connectors to the systems outside, a folder per system behind the port named for its job (DESIGN §6). They hold
//! no rules and no wording. [`net`] is the only way out to a network.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails should say where"))]

pub mod archive;
pub mod cve;
pub mod cvelist;
pub mod drafts;
pub mod host;
pub mod mailbox;
pub mod net;
pub mod registry;
pub mod upstream;
pub mod webhook;
