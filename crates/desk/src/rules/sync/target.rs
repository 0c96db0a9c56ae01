//! Which version ships the fix, of which packages (sync page §5). A connector asks the registries for exactly this.

use serde::Serialize;

/// What has to be published for a tracker to count as shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The version; empty for a wave, whose packages have a version each.
    pub version: String,
    /// The milestone it comes from.
    pub milestone: String,
    /// Is the milestone a dated wave of several packages?
    pub wave: bool,
    /// Every package that has to be there; one empty name for the project's only one.
    pub packages: Vec<String>,
    /// Branch of the release train; empty for the default branch.
    pub branch: String,
    /// Where the version was found.
    pub why: String,
}
