use desk::{
    confidential::{Draft, Kind, Phase, Policy, Recipients, Refusal, Slots, TrackerContext},
    config::Config,
    people::Roster,
};
use testkit::serve::{Asked, GithubFake, Server, Wrong};

use super::*;
use crate::net::{Service, hasty};

const REPO: &str = "example/server";
const TOKEN: &str = "planted-token-0123";

fn cleared(kind: Kind, text: &str) -> Result<Cleared<Public>, Refusal> {
    let mut config = Config::default();
    config.upstream.repo = REPO.into();
    config.tracker.repo = "acme/security".into();
    let policy = Policy::new(&config, &Roster::default()).unwrap();
    let draft = Draft::<Public>::text(text);
    let context = TrackerContext { key: "t-1".into(), number: Some(12), ..TrackerContext::default() };
    policy.clear_as(kind, &draft, &Slots::new(), &Recipients::default(), &context, Phase::Embargo)
}

struct Words {
    base: Cleared<Public>,
    forks: [Cleared<Public>; 2],
    head: Cleared<Public>,
    title: Cleared<Public>,
    body: Cleared<Public>,
}

fn words(body: &str) -> Words {
    Words {
        base: cleared(Kind::Branch, "main").unwrap(),
        forks: ["", "tove"].map(|f| cleared(Kind::Text, f).unwrap()),
        head: cleared(Kind::Branch, "check-upload-name").unwrap(),
        title: cleared(Kind::Title, "Check the name & size of an upload").unwrap(),
        body: cleared(Kind::Text, body).unwrap(),
    }
}

impl Words {
    fn pull<'a>(&'a self, fork: &str) -> NewPull<'a> {
        let fork = self.forks.iter().find(|f| f.as_str() == fork).unwrap();
        NewPull {
            base: &self.base,
            fork,
            head: &self.head,
            title: &self.title,
            body: &self.body,
            draft: false,
        }
    }
}

#[test]
fn the_form_is_filled_in_and_nothing_in_it_leads_elsewhere() {
    let w = words("Names are checked.\n\n- [x] tests");
    let f = form("https://github.com/", REPO, &w.pull("tove")).unwrap();
    assert_eq!(
        f.url,
        "https://github.com/example/server/compare/main...tove:check-upload-name?quick_pull=1\
         &title=Check%20the%20name%20%26%20size%20of%20an%20upload\
         &body=Names%20are%20checked.%0A%0A-%20%5Bx%5D%20tests"
    );
    // In the repository itself nobody's name stands before the branch.
    let f = form("https://github.com", REPO, &w.pull("")).unwrap();
    assert!(f.url.contains("/compare/main...check-upload-name?"), "{}", f.url);
    let long = words(&"A longer text. ".repeat(700));
    let f = form("https://github.com", REPO, &long.pull("tove")).unwrap();
    assert!(f.without_body && !f.url.contains("&body="), "{}", f.url);
    for bad in ["a/../b", "-x", "a?b", "a#b", "", "a..b", "a b"] {
        let bad = cleared(Kind::Text, bad).unwrap();
        let pull = NewPull { base: &bad, ..w.pull("tove") };
        assert!(form("https://github.com", REPO, &pull).is_err(), "{bad:?}");
    }
    let fork = cleared(Kind::Text, "a/b").unwrap();
    assert!(form("https://github.com", REPO, &NewPull { fork: &fork, ..w.pull("tove") }).is_err());
}

#[test]
fn what_is_under_embargo_never_gets_as_far_as_a_form() {
    for (kind, text) in [
        (Kind::Title, "Fix CVE-2026-12345 in upload"),
        (Kind::Title, "Fix vulnerability in upload"),
        (Kind::Branch, "security-fix-upload"),
        (Kind::Text, "Fixes acme/security#12"),
        (Kind::Text, "See https://github.com/acme/security/issues/12"),
        (Kind::Text, "GHSA-2h5m-9qxw-vr3c"),
    ] {
        let refused = cleared(kind, text).map(drop).unwrap_err();
        assert!(!refused.hits.is_empty(), "{text}");
    }
}

fn forge() -> (Server<GithubFake>, Opener) {
    let mut fake = GithubFake::new("acme/security", TOKEN, "2026-03-01T00:00:00Z".parse().unwrap());
    fake.upstream = REPO.into();
    fake.public.branches.insert("tove:check-upload-name".into());
    fake.public.branches.insert("example:check-upload-name".into());
    let server = Server::start(fake);
    let site = Site::at(Service::Github, &server.url(), false).unwrap();
    let token = Secret::new(TOKEN.into());
    let opener =
        Opener::new(Arc::new(hasty()), site, "https://github.com", REPO, token, "upstream.token").unwrap();
    (server, opener)
}

/// Each kind of request that this connector makes.
pub(crate) fn everything() -> Vec<Asked> {
    let (server, opener) = forge();
    opener.open(&words("Names are checked.").pull("tove")).unwrap();
    server.seen()
}

#[test]
fn it_is_opened_once_however_often_it_is_asked() {
    for fork in ["tove", ""] {
        let (server, opener) = forge();
        let w = words("Names are checked.");
        let first = opener.open(&w.pull(fork)).unwrap();
        assert_eq!(first.url, "https://github.com/example/server/pull/100");
        assert!(!first.was_there);
        let again = opener.open(&w.pull(fork)).unwrap();
        assert_eq!((again.number, again.was_there), (100, true));
        server.with(|f| {
            assert_eq!(f.public.opened.len(), 1);
            let p = &f.public.opened[0];
            assert_eq!(
                (p["title"].as_str(), p["base"]["ref"].as_str()),
                (Some("Check the name & size of an upload"), Some("main"))
            );
        });
    }
}

#[test]
fn whatever_goes_wrong_there_is_one_or_none_and_it_is_known_which() {
    for method in ["POST", "GET"] {
        for wrong in Wrong::every() {
            let (server, opener) = forge();
            let w = words("Names are checked.");
            server.go_wrong(method, "/pulls", wrong.clone());
            let end = opener.open(&w.pull("tove"));
            server.all_well();
            let there = server.with(|f| f.public.opened.len());
            match end {
                Ok(o) => assert!(there == 1 && o.number == 100, "{method} {wrong:?}"),
                Err(f) => {
                    assert!(there == 0 || !f.nothing_made(), "{method} {wrong:?}: {f}");
                    assert!(!f.to_string().contains(TOKEN), "{f}");
                }
            }
            // Asked again, there is one.
            assert_eq!(opener.open(&w.pull("tove")).unwrap().number, 100, "{method} {wrong:?}");
            assert_eq!(server.with(|f| f.public.opened.len()), 1, "{method} {wrong:?}");
        }
    }
}

#[test]
fn what_the_service_refuses_is_said_in_its_words() {
    let (server, opener) = forge();
    let w = words("x");
    server.with(|f| f.public.branches.clear());
    let f = opener.open(&w.pull("tove")).unwrap_err();
    assert!(f.nothing_made() && f.to_string().contains("head invalid"), "{f}");
    server.with(|f| f.permission = "READ".into());
    let f = opener.open(&w.pull("tove")).unwrap_err();
    assert!(
        f.to_string().contains("upstream.token") && f.to_string().contains("pull requests (write)"),
        "{f}"
    );
}
