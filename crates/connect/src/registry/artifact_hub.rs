//! Artifact Hub: Helm charts, named `repository/chart`.

use desk::case::{Artifact, ArtifactState};
use jiff::Timestamp;
use serde_json::Value;

use super::{missing, other, read, segment};
use crate::net::{Client, Fault, Site};

pub(super) fn look_up(client: &Client, site: &Site, package: &str, version: &str) -> Result<Artifact, Fault> {
    let Some((repository, chart)) = package.split_once('/').filter(|(r, c)| !r.is_empty() && !c.is_empty())
    else {
        return Err(Fault::Setup(format!(
            "`{package}` is no chart: set scope.package to repository/chart, as the hub names it"
        )));
    };
    let path =
        format!("/api/v1/packages/helm/{}/{}/{}", segment(repository)?, segment(chart)?, segment(version)?);
    let Some(found) = read(client, site, path.clone())? else { return Ok(missing()) };
    if found.get("version").and_then(Value::as_str) != Some(version) {
        return Err(other(&path));
    }
    let pre = found.get("prerelease").and_then(Value::as_bool).unwrap_or(false);
    Ok(Artifact {
        state: if pre { ArtifactState::PreRelease } else { ArtifactState::Final },
        at: found.get("ts").and_then(Value::as_i64).and_then(|s| Timestamp::from_second(s).ok()),
        ..Artifact::default()
    })
}
