//! The typed `tipstaff.toml`: one schema, layered from profiles, project and user (config page §1).
//!
//! [`load`] turns layers of text into a [`Loaded`] configuration or a list of errors; [`explain`] says what a key
//! means and who set it; [`init`] asks the questions that make a first file; [`review`] says what is left open.

mod authority;
mod check;
mod digest;
mod error;
mod explain;
pub mod init;
pub mod keys;
mod leaf;
mod load;
mod read;
mod reference;
mod review;
mod schema;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use digest::digest;
pub use error::{ConfigError, ConfigErrors};
pub use explain::{Explanation, Origin, Said, UnknownKey, explain};
pub use load::{Layer, LayerText, Loaded, PROFILES, SCHEMA, load};
pub use reference::reference_markdown;
pub use review::{Finding, review};
pub use schema::*;
pub use tree::default_label;
