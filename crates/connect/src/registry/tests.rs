//! The registries against a server that has their shapes, well and unwell.

use std::time::Duration;

use desk::case::ArtifactState;
use serde_json::{Value, json};
use testkit::{
    described::{Api, fit},
    emulate::Emulator,
    serve::{Answer, Asked, GithubFake, GithubFront, Server, Wrong},
};

use super::*;
use crate::net::hasty as client;

/// The services answer as their documentation shapes it; in one server, since their paths do not meet.
fn answer(asked: &Asked) -> Answer {
    let found: Option<Value> = match asked.path.as_str() {
        "/v3/systems/npm/packages/%40acme%2Fserver/versions/2.4.1" => Some(json!({
            "versionKey": {"system": "NPM", "name": "@acme/server", "version": "2.4.1"},
            "publishedAt": "2026-11-20T10:00:00Z", "isDefault": true, "licenses": ["Apache-2.0"],
            "links": [{"label": "HOMEPAGE", "url": "https://acme.example"},
                      {"label": "ORIGIN", "url": "https://registry.example/@acme/server"}],
        })),
        "/v3/systems/maven/packages/org.acme%3Aserver/versions/2.4.1" => {
            Some(json!({"versionKey": {"system": "MAVEN", "name": "org.acme:server", "version": "2.4.1"}}))
        }
        "/v3/systems/cargo/packages/acme/versions/1.0.0" => {
            Some(json!({"versionKey": {"system": "CARGO", "name": "acme", "version": "1.0.1"}}))
        }
        "/pypi/acme-server/2.4.0/json" => Some(json!({
            "info": {"name": "acme-server", "version": "2.4", "yanked": false,
                     "release_url": "https://index.example/project/acme-server/2.4/"},
            "urls": [{"yanked": true, "upload_time_iso_8601": "2026-11-19T10:00:00.000000Z"},
                     {"yanked": false, "upload_time_iso_8601": "2026-11-20T10:00:00.000000Z"}],
        })),
        "/pypi/acme-server/2.3.0/json" => Some(json!({
            "info": {"version": "2.3.0", "yanked": true, "yanked_reason": "broken wheel"},
            "urls": [{"yanked": true, "upload_time_iso_8601": "2026-11-19T10:00:00Z"}],
        })),
        "/pypi/acme-server/2.2.0/json" => Some(json!({"info": {"version": "2.2.0"}, "urls": []})),
        "/api/v1/packages/helm/acme/server/1.2.0" => {
            Some(json!({"name": "server", "version": "1.2.0", "ts": 1_763_632_800, "prerelease": false}))
        }
        "/api/v1/packages/helm/acme/server/1.3.0-rc1" => {
            Some(json!({"version": "1.3.0-rc1", "ts": 1_763_632_800, "prerelease": true}))
        }
        "/repos/acme/server/releases/tags/v2.4.1" => Some(json!({
            "tag_name": "v2.4.1", "draft": false, "prerelease": false, "published_at": "2026-11-20T10:00:00Z",
            "html_url": "https://forge.example/acme/server/releases/tag/v2.4.1",
            "body": "Fixes CVE-2026-30001 and cve-2026-30002 (CVE-2026-30001).",
        })),
        "/repos/acme/server/releases/tags/plugin-1.0" => {
            Some(json!({"tag_name": "plugin-1.0", "draft": false, "prerelease": true}))
        }
        "/repos/acme/server/releases/tags/v2.5.0" => {
            Some(json!({"tag_name": "v2.5.0", "draft": true, "prerelease": false}))
        }
        _ => None,
    };
    match found {
        Some(value) => Answer::json(200, &value),
        None => Answer::json(404, &json!({"code": 5, "message": "not found"})),
    }
}

fn addresses(url: &str, names: &[&str]) -> Addresses {
    names.iter().map(|n| ((*n).to_owned(), url.to_owned())).collect()
}

const ALL: &[&str] = &["deps_dev", "pypi", "artifacthub", "github"];

#[test]
fn a_version_is_published_withdrawn_a_candidate_or_not_there() {
    use ArtifactState as S;
    let server = Server::start(answer);
    let (client, at) = (client(), addresses(&server.url(), ALL));
    let registries = Registries::new(&client, &at, "acme/server");
    for (registry, package, version, state, url) in [
        (Registry::Npm, "@acme/server", "2.4.1", S::Final, "https://registry.example/@acme/server"),
        (Registry::Npm, "@acme/server", "2.4.2", S::Missing, ""),
        (Registry::Maven, "org.acme:server", "2.4.1", S::Final, ""),
        (Registry::Crates, "acme", "1.0.0", S::Unknown, ""),
        (Registry::Pypi, "acme-server", "2.4.0", S::Final, "https://index.example/project/acme-server/2.4/"),
        (Registry::Pypi, "acme-server", "2.3.0", S::Yanked, ""),
        (Registry::Pypi, "acme-server", "2.2.0", S::Missing, ""),
        (Registry::Pypi, "acme-server", "9.9.9", S::Missing, ""),
        (Registry::Pypi, "", "2.4.0", S::Unknown, ""),
        (Registry::Pypi, "acme server", "2.4.0", S::Unknown, ""),
        (Registry::Pypi, "acme-server", "", S::Unknown, ""),
        (Registry::ArtifactHub, "acme/server", "1.2.0", S::Final, ""),
        (Registry::ArtifactHub, "acme/server", "1.3.0-rc1", S::PreRelease, ""),
        (Registry::ArtifactHub, "server", "1.2.0", S::Unknown, ""),
        (
            Registry::GithubReleases,
            "",
            "2.4.1",
            S::Final,
            "https://forge.example/acme/server/releases/tag/v2.4.1",
        ),
        (Registry::GithubReleases, "plugin", "1.0", S::PreRelease, ""),
        (Registry::GithubReleases, "", "2.5.0", S::Missing, ""),
    ] {
        let a = registries.look_up(registry, package, version);
        let what = format!("{} {package} {version}", registry.name());
        assert_eq!((a.state, a.url.as_str()), (state, url), "{what}: {}", a.reason);
        assert_eq!((a.package.as_str(), a.version.as_str(), a.has_fix), (package, version, None));
        assert_eq!(a.reason.is_empty(), !matches!(state, S::Unknown | S::Yanked), "{what}: {}", a.reason);
    }
    assert_eq!(Registry::ALL.map(|r| Registry::named(r.name())), Registry::ALL.map(Some));
    let pages: Vec<Asked> = server.seen().into_iter().filter(|a| a.path.starts_with("/repos/")).collect();
    assert!(!pages.is_empty());
    fit(Api::Github, &pages);
}

#[test]
fn a_registry_without_an_address_is_unknown_and_says_which_key_to_set() {
    let (client, none) = (client(), Addresses::new());
    let registries = Registries::new(&client, &none, "acme/server");
    for registry in Registry::ALL {
        let a = registries.look_up(registry, "acme/server", "1.0");
        assert_eq!(a.state, ArtifactState::Unknown);
        assert!(a.reason.contains("set releases.addresses."), "{}", a.reason);
    }
    let plain = addresses("http://registry.example", ALL);
    let a = Registries::new(&client, &plain, "").look_up(Registry::Npm, "a", "1.0");
    assert!(a.reason.contains("plain http"), "{}", a.reason);
}

#[test]
fn whatever_goes_wrong_is_unknown_and_never_no() {
    let server = Server::start(answer);
    let (client, at) = (client(), addresses(&server.url(), ALL));
    let registries = Registries::new(&client, &at, "acme/server");
    for (registry, package, version) in [
        (Registry::Npm, "@acme/server", "2.4.1"),
        (Registry::Pypi, "acme-server", "2.4.0"),
        (Registry::ArtifactHub, "acme/server", "1.2.0"),
        (Registry::GithubReleases, "", "2.4.1"),
    ] {
        for wrong in Wrong::every() {
            if matches!(wrong, Wrong::Silence) {
                // Told by the deadline of the client, whose own tests wait for it.
                continue;
            }
            let says_no = matches!(wrong, Wrong::Status(404));
            server.go_wrong_times("GET", "/", wrong.clone(), 4);
            let a = registries.look_up(registry, package, version);
            server.all_well();
            let fine = match a.state {
                ArtifactState::Unknown => !a.reason.is_empty(),
                ArtifactState::Final => wrong == Wrong::Late(Duration::from_millis(30)),
                ArtifactState::Missing => says_no,
                _ => false,
            };
            assert!(fine, "{} {wrong:?}: {a:?}", registry.name());
        }
    }
}

#[test]
fn release_pages_alone_are_asked_for_with_a_token() {
    let server = Server::start(answer);
    let (client, at) = (client(), addresses(&server.url(), ALL));
    let registries =
        Registries::new(&client, &at, "acme/server").with_token(Secret::new("planted-token".into()));
    for registry in [Registry::GithubReleases, Registry::Npm, Registry::Pypi, Registry::ArtifactHub] {
        let before = server.seen().len();
        let _ = registries.look_up(registry, "acme/server", "2.4.1");
        let all = server.seen().split_off(before);
        assert!(!all.is_empty());
        for a in all {
            let carried = a.header("authorization").contains("planted-token");
            assert_eq!(carried, registry == Registry::GithubReleases, "{a:?}");
        }
    }
}

#[test]
fn a_release_page_gives_its_ids_and_no_words() {
    let server = Server::start(answer);
    let (client, at) = (client(), addresses(&server.url(), ALL));
    let registries = Registries::new(&client, &at, "acme/server");
    let found = registries.look_up(Registry::GithubReleases, "", "2.4.1");
    assert_eq!(found.page, "https://forge.example/acme/server/releases/tag/v2.4.1");
    assert_eq!(found.names, ["CVE-2026-30001", "CVE-2026-30002"]);
    let silent = registries.look_up(Registry::GithubReleases, "plugin", "1.0");
    assert!(silent.page.is_empty() && silent.names.is_empty());
}

#[test]
fn release_pages_of_a_forge_that_we_did_not_write_are_read() {
    use ArtifactState as S;
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    let mut held = GithubFake::new("acme/security", "token", now);
    held.upstream = "acme/server".into();
    let Some(behind) = Emulator::start(&["github"], now, &GithubFront::seed(&held)) else { return };
    let front = GithubFront::new(std::sync::Arc::new(behind), held);
    for (tag, draft, candidate) in [
        ("v2.4.1", false, false),
        ("v2.5.0rc1", false, true),
        ("v2.5.0", true, false),
        ("plugin/1.0", false, false),
    ] {
        let release = json!({"tag_name": tag, "draft": draft, "prerelease": candidate, "body": "Fixes CVE-2026-30001."});
        front.by_hand("token", "POST", "/repos/acme/server/releases", &release);
    }
    let server = Server::start(front);
    let (client, at) = (client(), addresses(&server.url(), ALL));
    let look = |repo: &str, package: &str, version: &str| {
        Registries::new(&client, &at, repo).look_up(Registry::GithubReleases, package, version)
    };
    for (package, version, state) in [
        ("", "2.4.1", S::Final),
        ("", "2.5.0rc1", S::PreRelease),
        ("", "2.5.0", S::Missing),
        ("", "3.0", S::Missing),
        ("plugin", "1.0", S::Final),
    ] {
        let a = look("acme/server", package, version);
        assert_eq!(a.state, state, "{package} {version}: {}", a.reason);
        let named = matches!(state, S::Final | S::PreRelease);
        assert_eq!((a.names.len() == 1, a.page.is_empty()), (named, !named), "{package} {version}");
    }
    // A private repository shows nothing to somebody without a token.
    assert_eq!(look("acme/security", "", "1.0").state, S::Missing);
}
