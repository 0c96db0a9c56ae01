//! A JSON index in the form of the Python package index: final means a version with at least one file that was not
//! withdrawn.

use desk::{
    case::{Artifact, ArtifactState},
    rules::extract::versions::order::{Scheme, compare},
};
use serde_json::Value;

use super::{missing, moment, other, read, segment};
use crate::net::{Client, Fault, Site};

pub(super) fn look_up(client: &Client, site: &Site, package: &str, version: &str) -> Result<Artifact, Fault> {
    let path = format!("/pypi/{}/{}/json", segment(package)?, segment(version)?);
    let Some(found) = read(client, site, path.clone())? else { return Ok(missing()) };
    let info = |name: &str| found.pointer(&format!("/info/{name}"));
    // The index writes `2.0` where somebody asks for `2.0.0`.
    let same = |v: &str| compare(v, version, Scheme::Python).is_eq();
    if !info("version").and_then(Value::as_str).is_some_and(same) {
        return Err(other(&path));
    }
    let Some(files) = found.get("urls").and_then(Value::as_array) else { return Err(other(&path)) };
    let yanked = |f: &Value| f.get("yanked").and_then(Value::as_bool).unwrap_or(false);
    let state = match (files.is_empty(), info("yanked").is_some_and(|y| y.as_bool() == Some(true))) {
        (true, _) => ArtifactState::Missing,
        (false, true) => ArtifactState::Yanked,
        (false, false) if files.iter().all(yanked) => ArtifactState::Yanked,
        (false, false) => ArtifactState::Final,
    };
    let reason = info("yanked_reason").and_then(Value::as_str).unwrap_or_default();
    Ok(Artifact {
        state,
        at: files.iter().filter_map(|f| f.get("upload_time_iso_8601")).filter_map(moment).min(),
        url: info("release_url").and_then(Value::as_str).unwrap_or_default().to_owned(),
        reason: if state == ArtifactState::Yanked {
            reason.chars().take(200).collect()
        } else {
            String::new()
        },
        ..Artifact::default()
    })
}
