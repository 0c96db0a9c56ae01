//! Package registries: is this version of this package published (sync page §2 S10, §5)? Final versions count, a 404 is
//! "not published", and every other answer that is no answer is unknown, never "no".

mod artifact_hub;
mod deps_dev;
mod github_releases;
mod json_index;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use desk::case::{Artifact, ArtifactState};
use jiff::Timestamp;
use serde_json::Value;

use crate::net::{Client, Fault, Reply, Request, Secret, Service, Site};

/// Which registry is asked, as `releases.registries` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    /// Python packages: the JSON index where its address is configured, else deps.dev.
    Pypi,
    /// npm packages, through deps.dev.
    Npm,
    /// Maven artifacts, through deps.dev.
    Maven,
    /// Rust crates, through deps.dev.
    Crates,
    /// Go modules, through deps.dev.
    Go,
    /// NuGet packages, through deps.dev.
    Nuget,
    /// Ruby gems, through deps.dev.
    Rubygems,
    /// Helm charts.
    ArtifactHub,
    /// Release pages of the public repository.
    GithubReleases,
}

impl Registry {
    /// Every registry.
    pub const ALL: [Registry; 9] = [
        Registry::Pypi,
        Registry::Npm,
        Registry::Maven,
        Registry::Crates,
        Registry::Go,
        Registry::Nuget,
        Registry::Rubygems,
        Registry::ArtifactHub,
        Registry::GithubReleases,
    ];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Registry::Pypi => "pypi",
            Registry::Npm => "npm",
            Registry::Maven => "maven",
            Registry::Crates => "crates",
            Registry::Go => "go",
            Registry::Nuget => "nuget",
            Registry::Rubygems => "rubygems",
            Registry::ArtifactHub => "artifacthub",
            Registry::GithubReleases => "github_releases",
        }
    }

    /// The registry of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// Its name at deps.dev; none for what deps.dev does not know.
    fn system(self) -> Option<&'static str> {
        match self {
            Registry::Pypi => Some("pypi"),
            Registry::Npm => Some("npm"),
            Registry::Maven => Some("maven"),
            Registry::Crates => Some("cargo"),
            Registry::Go => Some("go"),
            Registry::Nuget => Some("nuget"),
            Registry::Rubygems => Some("rubygems"),
            Registry::ArtifactHub | Registry::GithubReleases => None,
        }
    }
}

/// Base addresses, by what is asked there: `deps_dev`, `pypi` (a JSON index), `artifacthub`, `github`. None is built in.
pub type Addresses = BTreeMap<String, String>;

/// The registries at their addresses.
pub struct Registries<'a> {
    client: &'a Client,
    addresses: &'a Addresses,
    /// `owner/name` of the public repository, for its release pages.
    repo: String,
    /// Who asks for those, where somebody may: without, the service answers sixty questions an hour.
    token: Option<Secret>,
}

impl<'a> Registries<'a> {
    /// The registries at these addresses.
    #[must_use]
    pub fn new(client: &'a Client, addresses: &'a Addresses, repo: &str) -> Self {
        Self { client, addresses, repo: repo.into(), token: None }
    }

    /// Ask for release pages with that token.
    #[must_use]
    pub fn with_token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// What a registry says about one version of a package. What cannot be asked is unknown, with the reason.
    #[must_use]
    pub fn look_up(&self, registry: Registry, package: &str, version: &str) -> Artifact {
        let asked = self.ask(registry, package, version);
        let mut artifact = asked.unwrap_or_else(|why| Artifact {
            state: ArtifactState::Unknown,
            reason: why,
            ..Artifact::default()
        });
        artifact.package = package.into();
        artifact.version = version.into();
        artifact
    }

    fn ask(&self, registry: Registry, package: &str, version: &str) -> Result<Artifact, String> {
        if version.trim().is_empty() {
            return Err(format!("{} is asked about a version, and none is known", registry.name()));
        }
        let indexed = registry == Registry::Pypi && self.addresses.contains_key("pypi");
        let found = match registry {
            Registry::GithubReleases => {
                let site = self.site("github", Service::Github)?;
                let by = (self.repo.as_str(), self.token.as_ref());
                github_releases::look_up(self.client, &site, by, package, version)
            }
            Registry::ArtifactHub => {
                let site = self.site("artifacthub", Service::ArtifactHub)?;
                artifact_hub::look_up(self.client, &site, package, version)
            }
            Registry::Pypi if indexed => {
                let site = self.site("pypi", Service::JsonIndex)?;
                json_index::look_up(self.client, &site, named(package)?, version)
            }
            other => {
                let site = self.site("deps_dev", Service::DepsDev)?;
                let system = other.system().unwrap_or_default();
                deps_dev::look_up(self.client, &site, system, named(package)?, version)
            }
        };
        found.map_err(|e| format!("{}: {e}", registry.name()))
    }

    fn site(&self, name: &str, service: Service) -> Result<Site, String> {
        let Some(address) = self.addresses.get(name).filter(|a| !a.trim().is_empty()) else {
            return Err(format!("no address of {name} is configured: set releases.addresses.{name}"));
        };
        Site::at(service, address, false).map_err(|e| format!("releases.addresses.{name}: {e}"))
    }
}

fn named(package: &str) -> Result<&str, String> {
    let package = package.trim();
    if package.is_empty() {
        return Err("the scope names no package: set scope.package".into());
    }
    Ok(package)
}

/// A name as one segment of a path: what may stand there stays, `@`, `/` and `:` are encoded, anything else is refused.
fn segment(name: &str) -> Result<String, Fault> {
    let mut out = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '~' | '+' => out.push(c),
            '@' => out.push_str("%40"),
            '/' => out.push_str("%2F"),
            ':' => out.push_str("%3A"),
            _ => return Err(Fault::Setup(format!("`{name}` is no name that a registry can be asked about"))),
        }
    }
    Ok(out)
}

/// Get JSON; `None` for 404 with an answer of the service itself.
fn read(client: &Client, site: &Site, path: String) -> Result<Option<Value>, Fault> {
    ask(client, site, &Request::get(path))
}

fn ask(client: &Client, site: &Site, request: &Request) -> Result<Option<Value>, Fault> {
    let reply: Reply = client.call(site, request)?;
    match reply.status() {
        200 => reply.json().map(Some),
        // A page of a proxy or of a front end says nothing about the package.
        404 if reply.is_html() => Err(reply.refusal()),
        404 => Ok(None),
        _ => Err(reply.refusal()),
    }
}

/// A moment in an answer.
fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(|t| t.parse().ok())
}

/// The answer is about another version than was asked for.
fn other(what: &str) -> Fault {
    Fault::Unexpected { what: what.into(), why: "the answer is about another package or version".into() }
}

fn missing() -> Artifact {
    Artifact { state: ArtifactState::Missing, ..Artifact::default() }
}
