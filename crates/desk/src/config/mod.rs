//! The typed `tipstaff.toml`: one schema, layered from profiles, project and user (config page §1).

mod schema;

pub use schema::*;
