use desk::case::PullRequest;
use testkit::serve::{Asked, GithubFake, Server, Wrong};

use super::*;
use crate::{
    host::github::tests::fits_the_schema,
    net::{Service, hasty},
};

const REPO: &str = "example/server";
const TOKEN: &str = "planted-token-0123";
const FIX: &str = "0123456789abcdef0123456789abcdef01234567";
const MERGED: &str = "2026-11-10T09:00:00Z";

fn sha(c: char) -> String {
    c.to_string().repeat(40)
}

/// Tags, newest first: name, commit, day of November, does it hold the fix?
fn forge(tags: &[(&str, char, u8, bool)]) -> (Server<GithubFake>, Remote) {
    let mut fake = GithubFake::new("acme/security", TOKEN, "2026-03-01T00:00:00Z".parse().unwrap());
    fake.upstream = REPO.into();
    for (name, c, day, holds) in tags {
        fake.public.tags.push(((*name).into(), sha(*c), format!("2026-11-{day:02}T00:00:00Z")));
        if *holds {
            fake.public.contains.insert((sha(*c), FIX.into()));
        }
    }
    fake.public.contains.insert((sha('9'), FIX.into()));
    let server = Server::start(fake);
    let remote = open(&server, "");
    (server, remote)
}

fn open(server: &Server<GithubFake>, kept: &str) -> Remote {
    let site = || Site::at(Service::Github, &server.url(), false).unwrap();
    let token = Secret::new(TOKEN.into());
    Remote::new(Arc::new(hasty()), site(), site(), REPO, token, "upstream.token", kept).unwrap()
}

fn fix(branch: &str) -> Vec<Found> {
    let pull = PullRequest {
        url: "https://github.com/example/server/pull/12".into(),
        state: PullState::Merged,
        merged_at: Some(MERGED.parse().unwrap()),
        commit: FIX.into(),
        branch: branch.into(),
        ..PullRequest::default()
    };
    vec![Found { pulls: vec![pull], email: String::new(), commits: Vec::new() }]
}

fn wanted(version: &str, branch: &str) -> Wanted {
    Wanted {
        version: version.into(),
        packages: vec![String::new()],
        branch: branch.into(),
        project: vec!["server".into()],
    }
}

/// Each kind of request that this connector makes.
pub(crate) fn everything() -> Vec<Asked> {
    let (server, mut remote) = forge(&[("v2.4.1", 'a', 20, false)]);
    let mut fix = fix("");
    fix[0].commits.push(sha('9'));
    remote.artifacts(&wanted("2.4.1", "2.4"), &fix).unwrap();
    server.seen()
}

fn shown(all: &[Artifact]) -> Vec<String> {
    let state = |a: &Artifact| format!("{} {:?} {:?}", a.version, a.state, a.has_fix);
    all.iter().map(state).collect()
}

#[test]
fn a_release_holds_the_fix_or_does_not_or_nobody_knows() {
    type Case<'a> = (&'a str, &'a [(&'a str, char, u8, bool)], &'a str, &'a str, &'a str, &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        ("holds it", &[("v2.4.1", 'a', 20, true)], "2.4.1", "", "", &["2.4.1 Final Some(true)"]),
        (
            "cut from the same branch without it",
            &[("v2.4.1", 'a', 20, false)],
            "2.4.1",
            "",
            "",
            &["2.4.1 Final Some(false)"],
        ),
        // Another branch may have it by another commit.
        ("cut from another branch", &[("v2.4.1", 'a', 20, false)], "2.4.1", "2.4", "", &["2.4.1 Final None"]),
        (
            "its train has it",
            &[("v2.4.1", 'a', 20, true)],
            "2.4.1",
            "2.4",
            "2.4",
            &["2.4.1 Final Some(true)"],
        ),
        (
            "tagged before it was merged",
            &[("v2.4.1", 'a', 1, true)],
            "2.4.1",
            "",
            "",
            &["2.4.1 Final Some(false)"],
        ),
        ("a candidate", &[("v2.4.1rc1", 'a', 20, true)], "2.4.1", "", "", &["2.4.1 PreRelease Some(true)"]),
        ("none yet", &[("v2.4.0", 'a', 1, false)], "2.4.1", "", "", &["2.4.1 Missing None"]),
        ("no tags at all", &[], "2.4.1", "", "", &["2.4.1 Missing None"]),
        (
            "the next one",
            &[("v2.4.3", 'b', 25, true), ("v2.4.2", 'a', 20, true), ("v2.4.0", 'c', 1, false)],
            "2.4.1",
            "",
            "",
            &["2.4.1 Missing None", "2.4.2 Final Some(true)"],
        ),
        ("with lines below", &[("REL_2_4_1", 'a', 20, true)], "2.4.1", "", "", &["2.4.1 Final Some(true)"]),
    ];
    for (name, tags, version, train, merged_to, want) in cases {
        let (_server, mut remote) = forge(tags);
        let all = remote.artifacts(&wanted(version, train), &fix(merged_to)).unwrap();
        assert_eq!(shown(&all), *want, "{name}");
    }
}

#[test]
fn a_release_page_says_when_and_whether_it_is_for_everybody() {
    let (server, mut remote) = forge(&[("v2.4.1", 'a', 20, true), ("v2.4.0", 'b', 19, true)]);
    server.with(|f| {
        f.public.releases = vec![
            json!({"tagName": "v2.4.1", "isDraft": false, "isPrerelease": true, "publishedAt": "2026-11-21T08:00:00Z",
                "url": "https://github.com/example/server/releases/tag/v2.4.1"}),
            json!({"tagName": "v2.4.0", "isDraft": true, "isPrerelease": true, "publishedAt": null, "url": ""}),
        ];
    });
    let a = remote.artifacts(&wanted("2.4.1", ""), &fix("")).unwrap().remove(0);
    assert_eq!((a.state, a.has_fix), (ArtifactState::PreRelease, Some(true)));
    assert_eq!(a.at, Some("2026-11-21T08:00:00Z".parse().unwrap()));
    assert_eq!(a.url, "https://github.com/example/server/releases/tag/v2.4.1");
    // What is no page yet says nothing.
    let b = remote.artifacts(&wanted("2.4.0", ""), &fix("")).unwrap().remove(0);
    assert_eq!(b.state, ArtifactState::Final);
}

#[test]
fn what_was_taken_back_is_not_there_and_a_cherry_pick_is() {
    let of = |commits: &[(&str, &str)], holds: bool, train: &str| {
        let (server, mut remote) = forge(&[("v2.4.1", 'a', 20, holds)]);
        server.with(|f| {
            f.public.commits =
                commits.iter().map(|(s, m)| (sha('a'), (*s).to_owned(), (*m).to_owned())).collect();
        });
        remote.artifacts(&wanted("2.4.1", train), &fix("")).unwrap().remove(0).has_fix
    };
    let revert = format!("Revert \"Check names (#12)\"\n\nThis reverts commit {FIX}.");
    let again = format!("Reapply \"Check names\"\n\nThis reverts commit {}.", sha('b'));
    let pick = format!("Check names (#13)\n\n(cherry picked from commit {FIX})");
    let (b, c) = (sha('b'), sha('c'));
    assert_eq!(of(&[(&b, &revert)], true, ""), Some(false));
    assert_eq!(of(&[(&c, &again), (&b, &revert)], true, ""), Some(true));
    assert_eq!(of(&[(&b, &pick)], false, "2.4"), Some(true));
    assert_eq!(of(&[(&b, "Something else")], false, "2.4"), None);
    // More commits than are read: nobody knows what they take back. One that is not in the history may be among them.
    let many: Vec<(String, String)> = (0..400).map(|n| (format!("{n:040x}"), "x".into())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(s, m)| (s.as_str(), m.as_str())).collect();
    assert_eq!(of(&many, true, ""), None);
    for (holds, want) in [(true, "2.4.1 Final None"), (false, "2.4.1 Unknown None")] {
        let (server, mut remote) = forge(&[("v2.4.1", 'a', 20, holds)]);
        let listed = many.iter().map(|(s, m)| (sha('a'), (*s).to_owned(), (*m).to_owned()));
        server.with(|f| f.public.commits = listed.collect());
        assert_eq!(shown(&remote.artifacts(&wanted("2.4.1", ""), &fix("")).unwrap()), [want]);
    }
}

#[test]
fn what_does_not_change_is_asked_once() {
    let (server, mut remote) = forge(&[("v2.4.1", 'a', 20, true)]);
    for _ in 0..3 {
        remote.artifacts(&wanted("2.4.1", ""), &fix("")).unwrap();
    }
    assert_eq!(
        (server.count("POST", "/graphql"), server.count("GET", "/compare/"), server.count("GET", "/commits")),
        (1, 1, 1)
    );
    let mut next = open(&server, &remote.kept());
    next.artifacts(&wanted("2.4.1", ""), &fix("")).unwrap();
    assert_eq!(
        (server.count("POST", "/graphql"), server.count("GET", "/compare/"), server.count("GET", "/commits")),
        (2, 1, 1)
    );
    // What was kept by nobody of ours is as good as nothing.
    let mut odd = open(&server, "{\"a\": 3");
    assert_eq!(shown(&odd.artifacts(&wanted("2.4.1", ""), &fix("")).unwrap()), ["2.4.1 Final Some(true)"]);
}

#[test]
fn a_wave_is_found_among_the_newest_tags_or_is_unknown() {
    let (server, mut remote) = forge(&[("v3", 'b', 28, true), ("v2", 'a', 20, true), ("v1", 'c', 1, false)]);
    server.with(|f| f.public.page = 1);
    assert_eq!(shown(&remote.artifacts(&wanted("", ""), &fix("")).unwrap()), ["2 Final Some(true)"]);
    let (server, mut remote) = forge(&[]);
    server.with(|f| {
        f.public.page = 1;
        for n in 0..20 {
            f.public.tags.push((format!("nightly-{n}x"), sha('d'), "2026-11-28T00:00:00Z".into()));
        }
    });
    let a = remote.artifacts(&wanted("", ""), &fix("")).unwrap().remove(0);
    assert_eq!(a.state, ArtifactState::Unknown);
    assert!(a.reason.contains("user.upstream_clone"), "{}", a.reason);
    assert_eq!(server.count("POST", "/graphql"), PAGES);
}

#[test]
fn hostile_numbers_and_names_stay_names() {
    let (_server, mut remote) = forge(&[("v2.4.1\n../x", 'a', 20, true), ("v2.4.1", 'b', 20, true)]);
    assert_eq!(shown(&remote.artifacts(&wanted("2.4.1", ""), &fix("")).unwrap()), ["2.4.1 Final Some(true)"]);
    let mut early = fix("");
    early[0].pulls[0].merged_at = Some(Timestamp::MIN);
    assert!(remote.artifacts(&wanted("2.4.1", ""), &early).is_ok());
    // A fix without a commit is in no tag that anybody could name.
    let mut none = fix("");
    none[0].pulls[0].commit.clear();
    assert_eq!(shown(&remote.artifacts(&wanted("2.4.1", ""), &none).unwrap()), ["2.4.1 Final None"]);
}

#[test]
fn what_went_wrong_is_never_an_answer() {
    for (method, path) in [("POST", "/graphql"), ("GET", "/compare/"), ("GET", "/commits")] {
        for wrong in Wrong::every() {
            let (server, mut remote) = forge(&[("v2.4.1", 'a', 20, true)]);
            server.go_wrong_times(method, path, wrong.clone(), 50);
            match remote.artifacts(&wanted("2.4.1", ""), &fix("")) {
                Ok(all) => {
                    let said = shown(&all);
                    // What is out and cannot be compared is not "released".
                    let whole = said == ["2.4.1 Final Some(true)"] || said == ["2.4.1 Unknown None"];
                    assert!(whole, "{method} {path} {wrong:?}: {said:?}");
                }
                Err(e) => assert!(!e.to_string().contains(TOKEN), "{e}"),
            }
        }
    }
}

#[test]
fn the_question_fits_the_published_schema() {
    fits_the_schema(&serde_json::to_vec(&[("tags", DOCUMENT)]).unwrap());
}
