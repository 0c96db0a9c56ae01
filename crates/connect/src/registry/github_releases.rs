//! Release pages of the public repository. A draft is seen by nobody and counts for nothing.

use desk::{
    case::{Artifact, ArtifactState},
    rules::extract,
};
use serde_json::Value;

use super::{ask, missing, moment, other, segment};
use crate::{
    host::github::dressed,
    net::{Client, Fault, Request, Secret, Site},
};

pub(super) fn look_up(
    client: &Client,
    site: &Site,
    (repo, token): (&str, Option<&Secret>),
    package: &str,
    version: &str,
) -> Result<Artifact, Fault> {
    let Some((owner, name)) = repo.split_once('/') else {
        return Err(Fault::Setup("no public repository is configured: set upstream.repo".into()));
    };
    // The tag of a release names its version in one of the usual ways; those of a package come first.
    let short = package.rsplit([':', '/']).next().unwrap_or_default();
    let mut tags = Vec::new();
    for p in [package, short].into_iter().filter(|p| !p.is_empty()) {
        tags.extend([format!("{p}-{version}"), format!("{p}/{version}"), format!("{p}@{version}")]);
    }
    tags.extend([format!("v{version}"), version.to_owned(), format!("release-{version}")]);
    tags.dedup();
    let (owner, name) = (segment(owner)?, segment(name)?);
    for tag in tags {
        let path = format!("/repos/{owner}/{name}/releases/tags/{}", segment(&tag)?);
        let request = Request::get(path.clone());
        let request = token.map_or_else(|| request.clone(), |t| dressed(request.clone(), t));
        let Some(found) = ask(client, site, &request)? else { continue };
        if found.get("tag_name").and_then(Value::as_str) != Some(tag.as_str()) {
            return Err(other(&path));
        }
        let is = |name: &str| found.get(name).and_then(Value::as_bool).unwrap_or(false);
        if is("draft") {
            continue;
        }
        let page = found.get("html_url").and_then(Value::as_str).unwrap_or_default();
        // What the page says is read for ids alone; its words go nowhere.
        let said = ["name", "body"].map(|k| found.get(k).and_then(Value::as_str).unwrap_or_default());
        let mut names: Vec<String> = said.map(extract::cve_ids).concat();
        names.sort();
        names.dedup();
        return Ok(Artifact {
            state: if is("prerelease") { ArtifactState::PreRelease } else { ArtifactState::Final },
            at: found.get("published_at").and_then(moment),
            url: page.to_owned(),
            page: page.to_owned(),
            names,
            ..Artifact::default()
        });
    }
    Ok(missing())
}
