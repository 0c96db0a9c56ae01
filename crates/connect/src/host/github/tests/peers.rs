//! Everything this connector does, once: at our fake and at npm `emulate`, with the requests held beside GitHub's description.

use testkit::{
    described::{Api, fit},
    emulate::Emulator,
    serve::{Asked, GithubFront},
};

use super::*;
use crate::{
    host::HostCard,
    mailbox::ghsa,
    net::{ALLOWED, allowed},
    upstream::{open, remote},
};

/// Do all of it in a repository with one issue by `maren`, and see that it was done.
fn everything(g: &Github) {
    let board =
        |g: &Github| g.prepare(&HostPart::Board { title: "Security".into(), columns: vec!["New".into()] });
    assert!(g.setup().unwrap().columns.is_some());
    for (name, said) in [("needs triage", "made"), ("Needs Triage", "was there"), ("rejections", "made")] {
        let label = HostPart::Label {
            name: name.into(),
            colour: "d73a4a".into(),
            description: "somebody looks at it".into(),
        };
        assert!(g.prepare(&label).unwrap().ends_with(said), "{name}");
    }
    let path = ".github/ISSUE_TEMPLATE/security-report.yml".to_owned();
    let form = HostPart::IssueForm { path, text: "name: Report\nbody: []\n".into() };
    let ledger = HostPart::Ledger { title: "Ledger".into(), label: "rejections".into() };
    for (part, first) in [(&form, "added"), (&ledger, "opened")] {
        assert!(g.prepare(part).unwrap().ends_with(first));
        assert!(g.prepare(part).unwrap().ends_with("was there"));
    }
    let setup = g.setup().unwrap();
    assert!(setup.form && setup.labels.contains("needs triage"), "{:?}", setup.labels);
    assert!(g.has_issue("rejections").unwrap());

    g.make_milestone("1.0", Some("2026-05-01".parse().unwrap())).unwrap();
    g.make_milestone("1.0", None).unwrap();
    let before = one(g, 1);
    let text = |body: &str| Comment { body: body.into(), ..Comment::default() };
    let first = change(&before.tracker, |t| {
        t.labels = ["needs triage", "näh: 1/2"].map(String::from).into();
        t.milestone = Some("1.0".into());
        t.assignees = vec!["tove".into()];
        t.column = Some("Assessed".into());
        t.comments = vec![text("first"), text("second *word* ✓")];
    });
    let now = g.write(&before, &first).unwrap();
    assert_eq!(now.tracker.column.as_deref(), Some("Assessed"));
    let second = change(&now.tracker, |t| {
        t.comments[0].body = "first, again".into();
        t.comments.pop();
        t.labels.clear();
        t.assignees.clear();
        t.milestone = None;
        t.archived = true;
        t.state = State::Closed { reason: CloseReason::NotPlanned };
    });
    let mark = g.read(&Mark::default()).unwrap();
    assert_eq!((mark.trackers.len(), mark.milestones.len()), (2, 1));
    assert!(matches!(mark.cards.as_deref(), Some([HostCard { number: 1, .. }])), "{:?}", mark.cards);
    assert!(mark.standing.private && mark.standing.may_write(), "{:?}", mark.standing);
    let closed = g.write(&now, &second).unwrap();
    assert_eq!(closed.tracker.state, State::Closed { reason: CloseReason::NotPlanned });
    assert_eq!((closed.author.as_str(), closed.tracker.archived), ("maren", true));
    let said: Vec<&str> = closed.tracker.comments.iter().map(|c| c.body.as_str()).collect();
    assert_eq!(said, ["first, again"]);
    let open = change(&closed.tracker, |t| t.state = State::Open);
    assert!(g.write(&closed, &open).unwrap().tracker.state.is_open());
    g.close_milestone("1.0").unwrap();
    let news = g.read(&mark.mark).unwrap();
    assert!(news.trackers.iter().any(|h| h.tracker.reference.number == 1));
    assert!(!news.milestones[0].open);
    assert_eq!(board(g).unwrap().split(';').next(), Some("the board `Security` was made"));
    assert_eq!(board(g).unwrap().split(';').next(), Some("the board `Security` was there"));
}

#[test]
fn every_request_fits_what_github_publishes_and_every_route_is_needed() {
    let s = server();
    s.with(|f| {
        f.assignable.insert("tove".into());
        f.open_issue("maren", "report", "### A\n\nb\n", &["by hand"])
    });
    everything(&github(&s));
    let mut seen = s.seen();
    seen.extend(remote::tests::everything());
    seen.extend(open::tests::everything());
    seen.extend(ghsa::tests::everything());
    fit(Api::Github, &seen);
    // A right that nobody uses is one to lose. Release pages are asked for by the registries.
    let used = |path: &str, method: &str| {
        let same = |a: &Asked| {
            allowed(Service::Github, &a.method, &a.path).is_ok_and(|r| (r.path, r.method) == (path, method))
        };
        path.ends_with("/releases/tags/{name}") || seen.iter().any(same)
    };
    for r in ALLOWED.iter().filter(|r| r.service == Service::Github) {
        assert!(used(r.path, r.method), "nothing asks {} {}", r.method, r.path);
    }
}

#[test]
fn the_same_against_a_forge_that_we_did_not_write() {
    let now = "2026-03-01T00:00:00Z".parse().unwrap();
    let mut held = GithubFake::new(REPO, TOKEN, now);
    held.login = "maren".into();
    held.assignable = ["maren", "tove"].map(String::from).into();
    let Some(behind) = Emulator::start(&["github"], now, &GithubFront::seed(&held)) else { return };
    let s = Server::start(GithubFront::new(Arc::new(behind), held));
    s.with(|f| {
        let issue = json!({"title": "report", "body": "### A\n\nb\n", "labels": ["by hand"]});
        f.by_hand(TOKEN, "POST", &format!("/repos/{REPO}/issues"), &issue);
    });
    let g = github(&s);
    everything(&g);
    fit(Api::Github, &s.seen());
    s.with(|f| f.changes = 0);
    let refused = g.make_milestone("2.0", None).unwrap_err();
    assert!(refused.nothing_made() && refused.to_string().contains("60"), "{refused}");
    assert_eq!(s.with(|f| f.world().milestones.len()), 1);
    github(&s).make_milestone("2.0", None).unwrap();
    let spent = s.with(|f| std::mem::replace(&mut f.points, 0));
    assert!(spent < 5000, "questions cost points");
    let limited = g.read(&Mark::default()).unwrap_err();
    assert!(matches!(limited, Fault::Throttled { .. }), "{limited}");
}

#[test]
fn a_token_that_may_not_add_a_file_is_told_which_right_it_lacks() {
    let s = server();
    s.go_wrong("PUT", "/contents/", Wrong::Status(403));
    s.go_wrong("POST", "/labels", Wrong::Status(403));
    let form = HostPart::IssueForm { path: ".github/ISSUE_TEMPLATE/a.yml".into(), text: String::new() };
    let label = HostPart::Label { name: "a".into(), colour: "d73a4a".into(), description: String::new() };
    for (part, right) in [(form, "write access to contents"), (label, "write access to issues")] {
        let said = github(&s).prepare(&part).unwrap_err().to_string();
        assert!(said.ends_with(right), "{said}");
    }
}

#[test]
fn the_front_sends_nothing_again_that_did_not_change() {
    let now = "2026-03-01T00:00:00Z".parse().unwrap();
    let held = GithubFake::new(REPO, TOKEN, now);
    let Some(behind) = Emulator::start(&["github"], now, &GithubFront::seed(&held)) else { return };
    let mut front = GithubFront::new(Arc::new(behind), held);
    let mut get = |tag: &str| {
        let headers = [("authorization", &format!("Bearer {TOKEN}")[..]), ("if-none-match", tag)];
        let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        let path = format!("/repos/{REPO}/labels");
        let asked = Asked { method: "GET".into(), path, headers, ..Asked::default() };
        let answer = testkit::serve::Service::answer(&mut front, &asked);
        let tag = answer.headers.iter().find(|(n, _)| n == "etag").map(|(_, v)| v.clone());
        (answer.status, tag.unwrap_or_default())
    };
    let (status, tag) = get("");
    assert_eq!((status, get(&tag).0, get("W/\"0\"").0), (200, 304, 200));
}

/// A hook of that forge, with its own signatures.
#[test]
fn notices_of_a_forge_that_we_did_not_write_are_proved_and_read() {
    use crate::webhook::{Notice, Post, Refused, What, take};
    let now = "2026-03-01T00:00:00Z".parse().unwrap();
    let held = GithubFake::new(REPO, TOKEN, now);
    let Some(behind) = Emulator::start(&["github"], now, &GithubFront::seed(&held)) else { return };
    let front = GithubFront::new(Arc::new(behind), held);
    let ear = Server::start(|_: &Asked| testkit::serve::Answer::json(202, &json!({})));
    let at = |path: &str| format!("/repos/{REPO}{path}");
    let hook = json!({"name": "web", "events": ["*"],
        "config": {"url": ear.url(), "content_type": "json", "secret": "planted ✓ secret"}});
    let made = front.by_hand(TOKEN, "POST", &at("/hooks"), &hook);
    // Here somebody has to ask for the greeting, which GitHub's sends by itself.
    front.by_hand(TOKEN, "POST", &at(&format!("/hooks/{}/pings", made["id"])), &json!({}));
    front.by_hand(TOKEN, "POST", &at("/issues"), &json!({"title": "näh ✓"}));
    front.by_hand(TOKEN, "POST", &at("/issues/1/comments"), &json!({"body": "a word"}));
    front.by_hand(TOKEN, "POST", &at("/milestones"), &json!({"title": "1.0"}));
    front.by_hand(TOKEN, "POST", &at("/labels"), &json!({"name": "a"}));
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while ear.seen().len() < 5 && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let read = |a: &Asked, secret: &str| {
        let post = Post {
            signature: a.header("x-hub-signature-256"),
            event: a.header("x-github-event"),
            delivery: a.header("x-github-delivery"),
            body: &a.body,
        };
        take(&post, &Secret::new(secret.into()), &["ACME/Security"])
    };
    let mut what: Vec<What> = Vec::new();
    for a in ear.seen() {
        assert_eq!(read(&a, "another"), Err(Refused::Signature));
        let Notice { repo, what: w, .. } = read(&a, "planted ✓ secret").unwrap();
        assert!(repo == "ACME/Security" || w == What::Ping);
        what.push(w);
    }
    // They come in any order.
    what.sort_by_key(|w| format!("{w:?}"));
    assert_eq!(what, [What::Comment(1), What::Ignored, What::Issue(1), What::Milestone(1), What::Ping]);
}
