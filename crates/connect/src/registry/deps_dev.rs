//! deps.dev: one index of several ecosystems. It says that a version was published and when; it does not say whether it was
//! withdrawn since.

use desk::case::{Artifact, ArtifactState};

use super::{missing, moment, other, read, segment};
use crate::net::{Client, Fault, Site};

pub(super) fn look_up(
    client: &Client,
    site: &Site,
    system: &str,
    package: &str,
    version: &str,
) -> Result<Artifact, Fault> {
    let path = format!("/v3/systems/{system}/packages/{}/versions/{}", segment(package)?, segment(version)?);
    let Some(found) = read(client, site, path.clone())? else { return Ok(missing()) };
    let key = |name: &str| found.pointer(&format!("/versionKey/{name}")).and_then(|v| v.as_str());
    // Names may come back in the registry's own spelling; the version may not.
    if key("version") != Some(version) || !key("system").is_some_and(|s| s.eq_ignore_ascii_case(system)) {
        return Err(other(&path));
    }
    let page = found.get("links").and_then(|l| l.as_array()).into_iter().flatten();
    let page = page.filter(|l| l.get("label").and_then(|l| l.as_str()) == Some("ORIGIN"));
    let url = page.filter_map(|l| l.get("url")?.as_str()).find(|u| u.starts_with("https://"));
    Ok(Artifact {
        state: ArtifactState::Final,
        at: found.get("publishedAt").and_then(moment),
        url: url.unwrap_or_default().to_owned(),
        ..Artifact::default()
    })
}
