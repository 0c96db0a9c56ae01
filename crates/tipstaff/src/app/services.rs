//! Services on the network that say what happened in public: the archive of the lists, and the registries in which
//! packages are published (sync page §2, S10, S11 and S13).

use std::collections::{BTreeMap, BTreeSet};

use connect::{
    archive::ponymail::PonyMail,
    net::{Address, Client, Service, Site},
    registry::{Registries, Registry},
};
use desk::{
    case::{Artifact, ArtifactState, Case, ListMail},
    config::ArchiveKind,
    rules::sync::target::Target,
};
use jiff::Timestamp;

use super::{authority, facts, host, pulls, session::Session};

/// What an archive of lists said: mails by CVE id, and votes; each with why it could not be asked.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where it was asked; empty when nobody was.
    pub source: String,
    /// Mails of the users list that mention an id of an open tracker.
    pub mentions: Option<Result<BTreeMap<String, Vec<ListMail>>, String>>,
    /// Votes on the dev list.
    pub votes: Option<Result<Vec<ListMail>, String>>,
}

/// Ask the archive about the open trackers that have an id. One search for each list, whatever the number of trackers.
pub(super) fn lists(session: &Session, cases: &[Case]) -> Lists {
    let a = &session.config().archive;
    let mut out = Lists::default();
    if a.kind != ArchiveKind::Ponymail {
        return out;
    }
    let open: Vec<&Case> = cases.iter().filter(|c| c.tracker.state.is_open()).collect();
    let ids: BTreeSet<String> = open.iter().filter_map(|c| facts::cve(session, c)).collect();
    if ids.is_empty() {
        return out;
    }
    let since = open.iter().map(|c| c.received).min().unwrap_or(session.now());
    out.source = format!("archive {}", a.api_url);
    if a.api_url.is_empty() {
        let why = "archive.kind is ponymail, and archive.api_url says not where; set it, or name an mbox of the list";
        out.mentions = Some(Err(why.into()));
        return out;
    }
    let asked = at(session).and_then(|site| Ok((site, authority::client(session)?)));
    let (site, client) = match asked {
        Ok(both) => both,
        Err(why) => {
            out.mentions = Some(Err(why.clone()));
            out.votes = Some(Err(why));
            return out;
        }
    };
    let lists = &session.config().mail.lists;
    let list = |address: &str| PonyMail::new(&client, site.clone(), &a.thread_url, address);
    let now: Timestamp = session.now();
    if !lists.users.is_empty() {
        out.mentions = Some(list(&lists.users).mentions(&ids, since, now).map_err(|e| e.to_string()));
    }
    if !lists.dev.is_empty() && session.config().releases.vote_required {
        // What could not be reached a moment ago is not waited for again.
        out.votes = Some(match &out.mentions {
            Some(Err(why)) => Err(why.clone()),
            _ => list(&lists.dev).votes(since, now).map_err(|e| e.to_string()),
        });
    }
    out
}

/// What the registries say about a target, with what the tags say about the fix: a registry knows what is published, a
/// tag knows what is in it.
pub(super) fn published(
    session: &Session,
    names: &[Registry],
    ecosystem: &str,
    target: &Target,
    tags: &[Artifact],
) -> Result<Vec<Artifact>, String> {
    let client: std::sync::Arc<Client> = authority::client(session)?;
    let asked = of_scope(names, ecosystem);
    let registries = registries(session, &client, &asked);
    let mut out = Vec::new();
    for package in &target.packages {
        let tag = tags
            .iter()
            .find(|t| t.package == *package && (target.version.is_empty() || t.version == target.version));
        // A wave has a version for each package, which only the tags name.
        let version = match (target.version.as_str(), tag) {
            ("", Some(t)) if t.state != ArtifactState::Missing => t.version.as_str(),
            (v, _) => v,
        };
        let all: Vec<Artifact> = asked.iter().map(|r| registries.look_up(*r, package, version)).collect();
        let page = all.iter().find(|a| !a.page.is_empty()).map(|a| (a.page.clone(), a.names.clone()));
        // Every registry that the configuration names has to show it.
        let Some(mut a) = all.into_iter().max_by_key(|a| doubt(a.state)) else { continue };
        if let Some((page, names)) = page {
            (a.page, a.names) = (page, names);
        }
        if let Some(t) = tag.filter(|t| t.version == a.version) {
            a.has_fix = t.has_fix;
            a.at = a.at.or(t.at);
            if a.url.is_empty() {
                a.url.clone_from(&t.url);
            }
        }
        out.push(a);
        // The next version that the tags know, where the wanted one was skipped.
        out.extend(tags.iter().filter(|t| t.package == *package && t.version != version).cloned());
    }
    Ok(out)
}

/// Can the services be asked that say what happened in public? What is looked for is nothing that anybody would want to keep
/// secret: words of a list, the project's own package, the first id there ever was. What, and how it went.
pub(super) fn probe(session: &Session) -> Vec<(String, Result<String, String>)> {
    let config = session.config();
    let mut out = Vec::new();
    if config.archive.kind == ArchiveKind::Ponymail {
        let lists = &config.mail.lists;
        let vote = if config.releases.vote_required { lists.dev.as_str() } else { "" };
        for list in [lists.users.as_str(), vote].into_iter().filter(|l| !l.is_empty()) {
            out.push((format!("archive of {list}"), archived(session, list)));
        }
    }
    let named: Vec<Registry> = config.releases.registries.iter().filter_map(|r| Registry::named(r)).collect();
    if let Some(package) = config.scope.first().map(|s| s.package.as_str())
        && !named.is_empty()
    {
        let client = authority::client(session);
        for r in named {
            let end = client.as_ref().map_err(Clone::clone).and_then(|client| {
                let all = registries(session, client, &[r]);
                // No project has released that.
                let a = all.look_up(r, package, "0.0.0.0.0");
                match a.state {
                    ArtifactState::Unknown => Err(a.reason),
                    _ => Ok("it answers".to_owned()),
                }
            });
            out.push((format!("registry {}", r.name()), end));
        }
    }
    if config.cve.list_path.is_empty() && !config.cve.list_url.is_empty() {
        let end = authority::list(session).and_then(|list| {
            let said = list.look_up("CVE-1999-0001").map_err(|e| e.to_string())?;
            Ok(format!(
                "{} answers, and {} CVE-1999-0001",
                list.host(),
                if said.is_some() { "has" } else { "does not have" }
            ))
        });
        out.push(("CVE list".to_owned(), end));
    }
    out
}

fn archived(session: &Session, list: &str) -> Result<String, String> {
    let a = &session.config().archive;
    if a.api_url.is_empty() {
        return Err("archive.kind is ponymail, and archive.api_url says not where".into());
    }
    let site = at(session)?;
    let client = authority::client(session)?;
    let day = jiff::SignedDuration::from_hours(24);
    let since = session.now().checked_sub(day).unwrap_or(session.now());
    let any = BTreeSet::from(["CVE-1999-0001".to_owned()]);
    PonyMail::new(&client, site, &a.thread_url, list)
        .mentions(&any, since, session.now())
        .map(|_| "it can be searched".to_owned())
        .map_err(|e| e.to_string())
}

/// Where the archive answers.
fn at(session: &Session) -> Result<Site, String> {
    // The configured address ends where the service's own paths begin.
    let base = session.config().archive.api_url.trim_end_matches('/').trim_end_matches("/api");
    Site::at(Service::Archive, base, false).map_err(|e| format!("archive.api_url: {e}"))
}

/// The registries at their addresses. Release pages are asked for with the token of the public repository, where they are at
/// the same forge as that.
fn registries<'a>(session: &'a Session, client: &'a Client, names: &[Registry]) -> Registries<'a> {
    let config = session.config();
    let all = Registries::new(client, &config.releases.addresses, &config.upstream.repo);
    if !names.contains(&Registry::GithubReleases) {
        return all;
    }
    let own = config.releases.addresses.get("github").and_then(|a| Address::parse(a, false).ok());
    let forge = host::forged(session).ok().map(|f| f.rest.address);
    match (own.filter(|o| forge.is_some_and(|f| f == *o)), pulls::token(session)) {
        (Some(_), Ok(Some((_, token)))) => all.with_token(token),
        _ => all,
    }
}

/// How far from "published" a state is.
fn doubt(state: ArtifactState) -> u8 {
    match state {
        ArtifactState::Final => 0,
        ArtifactState::PreRelease => 1,
        ArtifactState::Yanked => 2,
        ArtifactState::Missing => 3,
        ArtifactState::Unknown => 4,
    }
}

/// The registries that packages of this scope are published in: where the collection address says which, that one alone.
fn of_scope(names: &[Registry], ecosystem: &str) -> Vec<Registry> {
    let ecosystem = ecosystem.to_lowercase();
    let of = |r: &Registry| {
        let words: &[&str] = match r {
            Registry::Pypi => &["pypi"],
            Registry::Npm => &["npm"],
            Registry::Maven => &["maven"],
            Registry::Crates => &["crates.io"],
            Registry::Go => &["golang", "go.dev"],
            Registry::Nuget => &["nuget"],
            Registry::Rubygems => &["rubygems"],
            Registry::ArtifactHub => &["artifacthub", "helm"],
            Registry::GithubReleases => &["github.com"],
        };
        words.iter().any(|w| ecosystem.contains(w))
    };
    let own: Vec<Registry> = names.iter().copied().filter(of).collect();
    if own.is_empty() { names.to_vec() } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_published_where_its_collection_is() {
        use Registry as R;
        let names = [R::Pypi, R::ArtifactHub, R::GithubReleases];
        for (ecosystem, want) in [
            ("https://pypi.python.org", &[R::Pypi][..]),
            ("https://artifacthub.io/packages/search?kind=0", &[R::ArtifactHub]),
            ("https://repo.maven.apache.org/maven2", &names),
            ("", &names),
        ] {
            assert_eq!(of_scope(&names, ecosystem), want, "{ecosystem}");
        }
    }
}
