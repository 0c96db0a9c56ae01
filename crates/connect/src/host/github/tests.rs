use std::{collections::BTreeSet, process::Command, sync::Arc, time::Duration};

use desk::{
    plan::{
        ClearedEffect,
        effect::Change,
        hosted::{CommentChange, TrackerChange},
    },
    tracker::{CloseReason, Comment, State, Tracker, TrackerKey},
};
use testkit::serve::{GithubFake, Server, Wrong};

mod peers;

use super::*;
use crate::{
    host::Hosted,
    net::{Limits, Service, Surroundings, SystemPace, hasty},
};

const REPO: &str = "acme/security";
const TOKEN: &str = "planted-token-0123";

fn server() -> Server<GithubFake> {
    Server::start(GithubFake::new(REPO, TOKEN, "2026-03-01T00:00:00Z".parse().unwrap()))
}

fn github<S: testkit::serve::Service>(server: &Server<S>) -> Github {
    with(server, hasty())
}

fn with<S: testkit::serve::Service>(server: &Server<S>, client: Client) -> Github {
    let site = || Site::at(Service::Github, &server.url(), false).unwrap();
    let board = Some(Board { owner: "acme".into(), user: false, number: 1 });
    let token = Secret::new(TOKEN.into());
    Github::new(Arc::new(client), site(), site(), &server.url(), REPO, token, board).unwrap()
}

/// Effects that touch every part of a tracker, so that a difference of any part is covered. What they hold does not matter
/// to the difference.
fn all_parts(key: &TrackerKey) -> Vec<ClearedEffect> {
    let tracker = || key.clone();
    vec![
        Change::SetLabels { tracker: tracker(), add: BTreeSet::new(), remove: BTreeSet::new() },
        Change::SetMilestone { tracker: tracker(), milestone: None },
        Change::SetAssignees { tracker: tracker(), assignees: BTreeSet::new() },
        Change::MoveCard { tracker: tracker(), column: String::new() },
        Change::ArchiveCard { tracker: tracker(), archived: true },
        Change::RemoveComment { tracker: tracker(), comment: String::new() },
        Change::Close { tracker: tracker(), reason: String::new() },
    ]
}

fn change(before: &Tracker, f: impl FnOnce(&mut Tracker)) -> TrackerChange {
    let mut after = before.clone();
    f(&mut after);
    let effects = all_parts(&before.key);
    TrackerChange::between(before, &after, &effects.iter().collect::<Vec<_>>()).unwrap()
}

fn one(g: &Github, number: u64) -> Hosted {
    g.one(number).unwrap().0.unwrap()
}

#[test]
fn a_board_is_named_by_its_address() {
    for (url, want) in [
        ("https://github.com/orgs/acme/projects/3", Some(("acme", false, 3))),
        ("https://github.com/orgs/acme/projects/3/views/1?x=y", Some(("acme", false, 3))),
        ("https://ghe.example/users/ada/projects/12", Some(("ada", true, 12))),
        ("https://github.com/acme/security/projects/1", None),
        ("https://github.com/orgs/acme/projects", None),
        ("https://github.com/orgs/acme/projects/x", None),
        ("", None),
    ] {
        let want = want.map(|(o, user, number)| Board { owner: o.into(), user, number });
        assert_eq!(Board::read(url).ok(), want, "{url}");
    }
}

#[test]
fn a_repository_that_is_no_name_makes_no_request() {
    let s = server();
    for bad in ["", "acme", "acme/", "../x", "acme/a b", "acme/x/y", "acme/.."] {
        let site = || Site::at(Service::Github, &s.url(), false).unwrap();
        let made = Github::new(Arc::new(hasty()), site(), site(), "", bad, Secret::new(TOKEN.into()), None);
        assert!(made.is_err(), "{bad}");
    }
    assert!(s.seen().is_empty());
}

#[test]
fn everything_is_read_in_pages_and_then_only_what_changed() {
    let s = server();
    s.with(|f| {
        for n in 0..120 {
            let at = f.open_issue("ada", &format!("report {n}"), "### A\n\nb\n", &["security issue"]);
            f.issues.get_mut(&at).unwrap().card = Some((Some("opt1".into()), false));
        }
        for n in 0..130 {
            f.say(7, "dev", &format!("comment {n}"));
        }
        f.edit(9, |i| i.card = Some((Some("opt6".into()), true)));
    });
    let g = github(&s);
    let all = g.read(&Mark::default()).unwrap();
    assert_eq!(all.trackers.len(), 120);
    let seven = all.trackers.iter().find(|h| h.tracker.reference.number == 7).unwrap();
    assert_eq!(seven.tracker.comments.len(), 130);
    assert_eq!(seven.tracker.comments[129].body, "comment 129");
    assert_eq!(seven.tracker.column.as_deref(), Some("Assessed"));
    let nine = all.trackers.iter().find(|h| h.tracker.reference.number == 9).unwrap();
    assert_eq!((nine.tracker.archived, nine.tracker.column.as_deref()), (true, Some("Announced")));
    assert_eq!(all.cards.as_ref().unwrap().len(), 119);
    assert!(all.standing.private && all.standing.may_write() && all.standing.login == "ada");
    // Three pages of trackers, one of comments, two of cards.
    assert_eq!(s.seen().len(), 6);

    let again = g.read(&all.mark).unwrap();
    assert_eq!(s.seen().len(), 9);
    assert_eq!(again.trackers.len(), 1, "what changed in the last second is read again");
    assert_eq!(again.mark, all.mark);
    s.with(|f| f.say(3, "dev", "news"));
    let news = g.read(&again.mark).unwrap();
    assert!(news.trackers.iter().any(|h| h.tracker.reference.number == 3));
}

#[test]
fn a_tracker_that_is_gone_is_told_from_a_host_that_is_down() {
    let fresh = || {
        let s = server();
        s.with(|f| {
            for n in 0..5 {
                f.open_issue("ada", &format!("report {n}"), "", &[]);
            }
            f.issues.remove(&2);
            f.issues.remove(&4);
            f.moved.insert(4, ("acme/other".into(), 9));
        });
        s
    };
    let ids: Vec<(u64, String)> = (1..=5).map(|n| (n, format!("I_{n}"))).collect();
    let want = [(2, String::new()), (4, "acme/other#9".to_owned())];
    let s = fresh();
    assert_eq!(github(&s).missing(&ids).unwrap(), want);
    assert_eq!(github(&s).read(&Mark::default()).unwrap().total, Some(3));
    // A repository that was given another name has lost nothing.
    s.with(|f| f.moved = (1..=5).map(|n| (n, ("acme/renamed".to_owned(), n))).collect());
    assert_eq!(github(&s).missing(&ids[..1]).unwrap(), []);
    for wrong in Wrong::every() {
        for at in 0..2 {
            let s = fresh();
            s.go_wrong_at(at, 3, wrong.clone());
            match github(&s).missing(&ids) {
                Ok(got) => assert_eq!(got, want, "{wrong:?} at {at}"),
                Err(e) => assert!(!e.to_string().contains(TOKEN), "{e}"),
            }
        }
    }
    // Most of them gone at once is no tracker that was deleted.
    let s = fresh();
    let all: Vec<(u64, String)> = (100..150).map(|n| (n, format!("I_{n}"))).collect();
    assert!(github(&s).missing(&all).is_err());
}

#[test]
fn a_page_that_is_too_much_is_asked_for_in_halves() {
    let s = server();
    s.with(|f| {
        for n in 0..12 {
            f.open_issue("ada", &format!("report {n}"), &"x".repeat(20_000), &[]);
        }
    });
    // The client of this test takes 100,000 bytes.
    let all = github(&s).read(&Mark::default()).unwrap();
    assert_eq!(all.trackers.len(), 12);
}

#[test]
fn what_belongs_together_is_one_patch() {
    let s = server();
    s.with(|f| {
        f.open_issue("ada", "report", "### A\n\nb\n", &["needs triage", "Security issue", "by hand"]);
        f.milestones.push(testkit::serve::GithubMilestone {
            number: 4,
            title: "1.0".into(),
            open: false,
            due: None,
        });
    });
    let g = github(&s);
    let before = one(&g, 1);
    let change = change(&before.tracker, |t| {
        t.labels.remove("needs triage");
        t.labels.insert("server".into());
        t.milestone = Some("1.0".into());
        t.assignees = vec!["dev".into()];
        t.column = Some("Assessed".into());
        t.state = State::Closed { reason: CloseReason::NotPlanned };
        t.comments.push(Comment { id: "1".into(), body: "done".into(), ..Comment::default() });
    });
    // Somebody adds a label between reading and writing: it stays.
    s.with(|f| f.edit(1, |i| i.labels.extend(["meanwhile".to_owned()])));
    let end = g.write(&before, &change).unwrap();
    assert_eq!(s.count("PATCH", "/issues/1"), 1);
    assert_eq!(s.count("POST", "/issues/1/comments"), 1);
    let labels: Vec<&str> = end.tracker.labels.iter().map(String::as_str).collect();
    assert_eq!(labels, ["Security issue", "by hand", "meanwhile", "server"]);
    assert_eq!(end.tracker.milestone.as_deref(), Some("1.0"));
    assert_eq!(end.tracker.assignees, ["dev"]);
    assert_eq!(end.tracker.state, State::Closed { reason: CloseReason::NotPlanned });
    assert_eq!(end.tracker.column.as_deref(), Some("Assessed"));
    assert_eq!(end.tracker.comments[0].body, "done");
}

#[test]
fn an_empty_change_makes_no_request() {
    let s = server();
    s.with(|f| f.open_issue("ada", "report", "", &[]));
    let g = github(&s);
    let before = one(&g, 1);
    let asked = s.seen().len();
    g.write(&before, &change(&before.tracker, |_| {})).unwrap();
    assert_eq!(s.seen().len(), asked);
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_written_over() {
    type By = fn(&mut Tracker);
    type Other = fn(&mut GithubFake);
    let cases: &[(&str, By, Other)] = &[
        ("the milestone", |t| t.milestone = None, |f| f.edit(1, |i| i.milestone = None)),
        (
            "who is assigned",
            |t| t.assignees = vec!["rm".into()],
            |f| f.edit(1, |i| i.assignees = ["ada".to_owned()].into()),
        ),
        (
            "the state",
            |t| t.state = State::Closed { reason: CloseReason::Completed },
            |f| f.edit(1, |i| i.open = false),
        ),
        (
            "comment",
            |t| t.comments[0].body = "ours".into(),
            |f| f.edit(1, |i| i.comments[0].body = "theirs".into()),
        ),
    ];
    for (what, ours, theirs) in cases {
        let s = server();
        s.with(|f| {
            f.milestones.push(testkit::serve::GithubMilestone {
                number: 1,
                title: "1.0".into(),
                open: true,
                due: None,
            });
            f.open_issue("ada", "report", "", &[]);
            f.edit(1, |i| i.milestone = Some(1));
            f.say(1, "ada", "first");
        });
        let g = github(&s);
        let before = one(&g, 1);
        let change = change(&before.tracker, ours);
        s.with(theirs);
        let writes = s.with(|f| f.writes);
        let end = g.write(&before, &change).unwrap_err();
        assert!(matches!(&end, WriteFault::Raced(w) if w.starts_with(what)), "{what}: {end}");
        assert!(end.nothing_made());
        assert_eq!(s.with(|f| f.writes), writes);
    }
}

#[test]
fn an_assignee_that_the_host_drops_is_said() {
    let s = server();
    s.with(|f| f.open_issue("ada", "report", "", &[]));
    let g = github(&s);
    let before = one(&g, 1);
    let end = g.write(&before, &change(&before.tracker, |t| t.assignees = vec!["stranger".into()]));
    let end = end.unwrap_err().to_string();
    assert!(end.contains("@stranger as assignee"), "{end}");
}

#[test]
fn nothing_is_written_where_everybody_can_read() {
    let s = server();
    s.with(|f| {
        f.open_issue("ada", "report", "", &["a"]);
        f.private = false;
    });
    let g = github(&s);
    let before = one(&g, 1);
    let end = g.write(&before, &change(&before.tracker, |t| t.labels.clear()));
    assert!(matches!(end, Err(WriteFault::NotPrivate(_))), "{end:?}");
    assert_eq!(s.with(|f| f.writes), 0);
}

#[test]
fn a_card_is_made_moved_and_archived_and_new_ids_of_columns_are_found() {
    let s = server();
    s.with(|f| f.open_issue("ada", "report", "", &[]));
    let g = github(&s);
    let put = |column: Option<&str>, archived: bool| {
        let before = one(&g, 1);
        let change = change(&before.tracker, |t| {
            t.column = column.map(String::from).or(t.column.clone());
            t.archived = archived;
        });
        g.write(&before, &change)
    };
    assert_eq!(put(Some("Needs triage"), false).unwrap().tracker.column.as_deref(), Some("Needs triage"));
    // Whoever edits the columns of a board gives each a new id.
    s.with(|f| {
        for (at, c) in f.columns.iter_mut().enumerate() {
            c.0 = format!("new{at}");
        }
    });
    assert_eq!(put(Some("Assessed"), false).unwrap().tracker.column.as_deref(), Some("Assessed"));
    assert!(put(None, true).unwrap().tracker.archived);
    assert!(put(None, true).unwrap().tracker.archived);
    let back = put(Some("PR created"), false).unwrap().tracker;
    assert_eq!((back.archived, back.column.as_deref()), (false, Some("PR created")));
    let missing = put(Some("Elsewhere"), false).unwrap_err().to_string();
    assert!(missing.contains("no column `Elsewhere`") && missing.contains("Announced"), "{missing}");
}

#[test]
fn milestones_are_made_once_and_closed_once() {
    let s = server();
    let g = github(&s);
    for _ in 0..2 {
        g.make_milestone("1.0", Some("2026-05-01".parse().unwrap())).unwrap();
    }
    assert_eq!(s.count("POST", "/milestones"), 1);
    assert_eq!(s.with(|f| f.milestones[0].due.clone()).as_deref(), Some("2026-05-01T23:59:59Z"));
    for _ in 0..2 {
        g.close_milestone("1.0").unwrap();
    }
    assert_eq!(s.count("PATCH", "/milestones/1"), 1);
    assert!(matches!(g.close_milestone("2.0"), Err(WriteFault::NoSuch { .. })));
}

/// One that waits for a silent server no longer than a test may take.
fn impatient() -> Client {
    let limits = Limits {
        deadline: Duration::from_millis(700),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        body: 100_000,
        ..Limits::default()
    };
    Client::new(&Surroundings::default(), limits, Box::new(SystemPace::default())).unwrap()
}

/// Whatever goes wrong at whichever request: a comment is there at most once, and an answer that says it was written is true.
#[test]
fn a_fault_at_any_request_never_writes_a_comment_twice() {
    for wrong in Wrong::every() {
        for at in 0..4 {
            let s = server();
            s.with(|f| f.open_issue("ada", "report", "", &["a"]));
            let g = github(&s);
            let before = one(&g, 1);
            let change = change(&before.tracker, |t| {
                t.labels.insert("b".into());
                t.comments.push(Comment { id: "1".into(), body: "said once".into(), ..Comment::default() });
            });
            s.go_wrong_at(at, 1, wrong.clone());
            let end = with(&s, impatient()).write(&before, &change);
            s.all_well();
            let (labels, said) = s.with(|f| {
                let i = &f.issues[&1];
                (i.labels.contains("b"), i.comments.iter().filter(|c| c.body == "said once").count())
            });
            assert!(said <= 1, "{wrong:?} at {at}: said {said} times");
            match end {
                Ok(h) => {
                    assert!(labels && said == 1 && h.tracker.comments.len() == 1, "{wrong:?} at {at}");
                }
                Err(e) if e.nothing_made() => {
                    assert!(at > 1 || (!labels && said == 0), "{wrong:?} at {at}: {e}");
                }
                Err(e) => assert!(!e.to_string().contains(TOKEN), "{e}"),
            }
            // Whoever looks and goes on ends where they wanted to be.
            let now = one(&g, 1);
            let rest = self::change(&now.tracker, |t| {
                t.labels.insert("b".into());
                if !t.comments.iter().any(|c| c.body == "said once") {
                    t.comments.push(Comment {
                        id: "1".into(),
                        body: "said once".into(),
                        ..Comment::default()
                    });
                }
            });
            g.write(&now, &rest).unwrap();
            let said = s.with(|f| f.issues[&1].comments.len());
            assert_eq!(said, 1, "{wrong:?} at {at}");
        }
    }
}

#[test]
fn a_token_that_is_not_accepted_and_a_repository_that_is_not_seen_are_said() {
    let s = server();
    s.with(|f| f.token = "another".into());
    let said = github(&s).read(&Mark::default()).unwrap_err().to_string();
    assert!(said.contains("does not accept the token"), "{said}");
    s.with(|f| {
        f.token = TOKEN.into();
        f.repo = "acme/elsewhere".into();
    });
    let said = github(&s).read(&Mark::default()).unwrap_err().to_string();
    assert!(said.contains("acme/security is not there, or this token may not see it"), "{said}");
}

#[test]
fn removing_a_comment_that_is_gone_is_done() {
    let s = server();
    let id = s.with(|f| {
        f.open_issue("ada", "report", "", &[]);
        f.say(1, "ada", "old")
    });
    let g = github(&s);
    let before = one(&g, 1);
    assert_eq!(before.tracker.comments[0].id, id.to_string());
    let change = change(&before.tracker, |t| t.comments.clear());
    assert_eq!(change.comments(), [CommentChange::Remove { id: id.to_string() }]);
    assert!(g.write(&before, &change).unwrap().tracker.comments.is_empty());
    assert!(g.write(&before, &change).unwrap().tracker.comments.is_empty());
}

/// Every document against the published schema; `./check` fetches it.
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn every_question_fits_the_published_schema() {
    fits_the_schema(&serde_json::to_vec(QUERIES).unwrap());
}

/// Name and text of documents, as JSON.
#[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
pub(crate) fn fits_the_schema(documents: &[u8]) {
    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/check-node/node_modules");
    if !std::path::Path::new(modules).join("@octokit/graphql-schema").is_dir() {
        eprintln!("skipped: the schema of the query language is not here; `./check` fetches it");
        return;
    }
    let script = "
        const { buildSchema, parse, validate } = require('graphql');
        const fs = require('fs');
        const schema = buildSchema(fs.readFileSync(process.argv[1] + '/@octokit/graphql-schema/schema.graphql', 'utf8'), { assumeValidSDL: true, assumeValid: true });
        let bad = 0;
        for (const [name, text] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
          for (const e of validate(schema, parse(text))) { console.log(name + ': ' + e.message); bad++; }
        }
        console.log(bad + ' faults');";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("questions.json");
    std::fs::write(&file, documents).unwrap();
    let out = Command::new("node")
        .args(["-e", script, modules])
        .env("NODE_PATH", modules)
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(said.trim(), "0 faults", "{said}{}", String::from_utf8_lossy(&out.stderr));
}
