//! Whole files in, values or errors out.

mod bad_files;
mod layers;
mod promises;

use super::*;

/// A project layer named `tipstaff.toml`.
fn project(text: &str) -> LayerText {
    LayerText { layer: Layer::Project, file: "tipstaff.toml".into(), text: text.into() }
}

/// A user layer named `user.toml`.
fn user(text: &str) -> LayerText {
    LayerText { layer: Layer::User, file: "user.toml".into(), text: text.into() }
}

/// An organization layer named after it.
fn organization(name: &str, text: &str) -> LayerText {
    LayerText { layer: Layer::Organization(name.into()), file: format!("{name}.toml"), text: text.into() }
}
