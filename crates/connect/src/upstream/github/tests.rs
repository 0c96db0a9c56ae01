use serde_json::{Value, json};
use testkit::serve::{GithubFake, Server, Wrong};

use super::*;
use crate::{
    host::github::tests::fits_the_schema,
    net::{Service, hasty},
    upstream::fix,
};

const REPO: &str = "example/server";
const TOKEN: &str = "planted-token-0123";
const OID: &str = "0123456789abcdef0123456789abcdef01234567";

fn forge(pulls: &[(u64, Value)]) -> (Server<GithubFake>, Pulls) {
    let mut fake = GithubFake::new("acme/security", TOKEN, "2026-03-01T00:00:00Z".parse().unwrap());
    fake.upstream = REPO.into();
    for (n, more) in pulls {
        fake.pull(*n, more.clone());
    }
    let server = Server::start(fake);
    let site = Site::at(Service::Github, &server.url(), false).unwrap();
    let token = Secret::new(TOKEN.into());
    let pulls = Pulls::new(Arc::new(hasty()), site, &["GitHub.com"], REPO, token, "upstream.token").unwrap();
    (server, pulls)
}

fn one(more: Value) -> Said {
    let (_server, pulls) = forge(&[(12, more)]);
    pulls.about(&[12].into()).unwrap().remove(&12).unwrap()
}

fn here(more: Value) -> PullRequest {
    match one(more) {
        Said::Here(p) => *p,
        Said::Missing => panic!("missing"),
    }
}

#[test]
fn a_merged_one_says_when_and_as_what_and_for_which_release() {
    let p = here(json!({"state": "MERGED", "mergedAt": "2026-11-20T09:00:00Z", "mergeCommit": {"oid": OID},
        "baseRefName": "2.4", "labels": {"nodes": [{"name": "backport 2.3"}, null]},
        "milestone": {"title": "2.4.1", "dueOn": "2026-11-30T00:00:00Z"}, "body": "Names are checked.",
        "closingIssuesReferences": {"nodes": [null, {"number": 7, "repository": {"nameWithOwner": "example/server"}}]}}));
    assert_eq!(
        p,
        PullRequest {
            url: "https://github.com/example/server/pull/12".into(),
            state: PullState::Merged,
            author: "tove".into(),
            merged_at: Some("2026-11-20T09:00:00Z".parse().unwrap()),
            commit: OID.into(),
            milestone: "2.4.1".into(),
            milestone_due: Some("2026-11-30".parse().unwrap()),
            branch: "2.4".into(),
            labels: vec!["backport 2.3".into()],
            says: PublicWords {
                title: "Check the name of an upload".into(),
                text: "Names are checked.".into(),
                head: "check-upload-name".into(),
                closes: vec!["example/server#7".into()],
            },
            ..PullRequest::default()
        }
    );
}

#[test]
fn open_and_closed_ones_were_merged_as_nothing() {
    let trial = json!({"isDraft": true, "mergeCommit": {"oid": OID}});
    let p = here(trial);
    assert_eq!((p.state, p.draft, p.commit.as_str(), p.merged_at), (PullState::Open, true, "", None));
    assert_eq!(here(json!({"state": "CLOSED"})).state, PullState::Closed);
    // A milestone without a day, and an author who is gone.
    let p = here(json!({"author": null, "labels": null, "milestone": {"title": "2.4.1", "dueOn": null}}));
    assert_eq!((p.author.as_str(), p.milestone_due), ("", None));
    // What is no commit is not handed to git.
    let odd = json!({"state": "MERGED", "mergeCommit": {"oid": "--upload-pack=x"}});
    assert_eq!(here(odd).commit, "");
}

#[test]
fn many_are_asked_about_in_one_question_and_each_is_answered() {
    let some: Vec<(u64, Value)> = (1..=120).filter(|n| n % 7 != 0).map(|n| (n, json!({}))).collect();
    let (server, pulls) = forge(&some);
    let said = pulls.about(&(1..=120).collect()).unwrap();
    assert_eq!(said.len(), 120);
    for (n, s) in said {
        assert_eq!(s == Said::Missing, n % 7 == 0, "{n}");
    }
    assert_eq!(server.count("POST", "/graphql"), 3);
    assert!(pulls.about(&BTreeSet::new()).unwrap().is_empty());
    assert_eq!(server.count("POST", "/graphql"), 3);
}

#[test]
fn only_the_configured_repository_at_its_own_host_is_asked_about() {
    let (_server, pulls) = forge(&[]);
    let cases: &[(&str, Result<Option<u64>, &str>)] = &[
        ("https://github.com/example/server/pull/12", Ok(Some(12))),
        ("https://GitHub.com/Example/Server/pull/12/files", Ok(Some(12))),
        ("#12", Ok(Some(12))),
        ("example/server#12", Ok(Some(12))),
        ("example/other#12", Err("is not of example/server")),
        ("https://github.com/example/other/pull/12", Err("is not of example/server")),
        ("https://forge.example/example/server/pull/12", Err("is not at github.com")),
        ("https://github.com.evil.example/example/server/pull/12", Err("is not at github.com")),
        ("https://github.com/example/server/pull/4294967296", Err("a number that no pull request has")),
        ("https://github.com/example/server/pull/0", Err("a number that no pull request has")),
        ("0123456789ab", Ok(None)),
        ("some-branch", Ok(None)),
    ];
    for (field, want) in cases {
        let named = fix::named(field);
        assert_eq!(named.len(), 1, "{field}");
        match (pulls.number(&named[0]), want) {
            (Ok(n), Ok(w)) => assert_eq!(n, *w, "{field}"),
            (Err(why), Err(part)) => assert!(why.contains(part), "{field}: {why}"),
            (got, _) => panic!("{field}: {got:?}"),
        }
    }
    let bad = |repo: &str| {
        let site = Site::at(Service::Github, "http://127.0.0.1:1", false).unwrap();
        Pulls::new(Arc::new(hasty()), site, &[], repo, Secret::new(TOKEN.into()), "upstream.token").is_err()
    };
    assert!(["", "a", "a/b/c", "a/b\") { x", "../b", "a/..", "a /b"].iter().all(|r| bad(r)));
}

#[test]
fn what_went_wrong_is_never_an_answer() {
    for wrong in Wrong::every() {
        let (server, pulls) = forge(&[(12, json!({"state": "MERGED"}))]);
        server.go_wrong_times("POST", "/graphql", wrong.clone(), 50);
        match pulls.about(&[12].into()) {
            Ok(said) => assert!(matches!(said.get(&12), Some(Said::Here(_))), "{wrong:?}: {said:?}"),
            Err(e) => assert!(!e.to_string().contains(TOKEN), "{e}"),
        }
    }
    let other = |v: Value| {
        let (server, pulls) = forge(&[]);
        server.go_wrong("POST", "/graphql", Wrong::Other(v));
        pulls.about(&[12].into()).unwrap_err().to_string()
    };
    assert!(other(json!({"data": {"repository": {}}})).contains("without all"));
    assert!(other(json!({"data": {"repository": null}})).contains("upstream.token"));
    let node = |n: u64, state: &str| json!({"number": n, "url": "u", "state": state, "isDraft": false, "baseRefName": "main"});
    assert!(
        other(json!({"data": {"repository": {"p0": node(13, "OPEN")}}})).contains("another pull request")
    );
    assert!(other(json!({"data": {"repository": {"p0": node(12, "NEW")}}})).contains("does not fit"));
    let errors = json!([{"type": "FORBIDDEN", "message": "no"}]);
    assert!(!other(json!({"data": {"repository": {"p0": null}}, "errors": errors})).is_empty());
}

#[test]
fn the_questions_fit_the_published_schema() {
    let documents = [("one", document(&[12])), ("fifty", document(&(1..=50).collect::<Vec<_>>()))];
    fits_the_schema(&serde_json::to_vec(&documents).unwrap());
}
