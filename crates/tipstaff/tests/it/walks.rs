//! The walk of `lifecycle` where teams live: trackers at a forge, mail in files, on a real IMAP server, or at Gmail, with the
//! same expectations everywhere. The forge is our fake, or npm `emulate` with a front; Gmail is npm `emulate`.
#![cfg(unix)]

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{
    described::{Api, fit},
    dovecot::Dovecot,
    emulate::Emulator,
    serve::{GithubFake, GithubFront, GmailFront, Server, Service, Wrong},
};

use crate::{
    lifecycle::{After, Phase, Place, REPO, TOKEN, TOVES_TOKEN, WALK, report},
    post::{ACCOUNT, CLIENT, Post},
};

/// When the forge and the mailbox begin.
const START: &str = "2026-11-22T11:00:00Z";

/// An empty forge with the people of the place.
fn forge() -> GithubFake {
    let mut forge = GithubFake::new(REPO, TOKEN, START.parse().unwrap());
    forge.login = "maren".into();
    forge.assignable = ["maren", "tove", "rita"].map(String::from).into();
    forge.others.insert(TOVES_TOKEN.into(), "tove".into());
    forge
}

/// A place whose trackers live at that address, with its mail there.
fn place(url: &str, post: Post) -> Place {
    let mut place = Place { home: REPO, ..Place::new() };
    let (services, source) = post.settings(&place.env);
    let tracker = format!(
        "[services]\ngithub = \"{url}\"\n{services}\n[tracker]\nforge = \"github\"\nrepo = \"{REPO}\"\n\
         token = \"file:token\"\n\n[tracker.board]\nenabled = true\n\
         url = \"https://github.com/orgs/acme/projects/1\"\n\n[upstream]"
    );
    let config = include_str!("../fixtures/lifecycle.toml").replacen("[upstream]", &tracker, 1);
    place.env.write("tipstaff.toml", config + &source);
    place.token(TOKEN);
    post.deliver(&report());
    place.post = post;
    place
}

/// Trackers at our fake, mail in files.
pub fn at_a_forge() -> (Server<GithubFake>, Place) {
    let server = Server::start(forge());
    let place = place(&server.url(), Post::Here);
    (server, place)
}

/// Requests that change something at a forge.
fn changes<S: Service>(server: &Server<S>) -> usize {
    let question = |body: Value| body["query"].as_str().is_some_and(|q| q.trim_start().starts_with("query"));
    let changes =
        |a: &testkit::serve::Asked| a.method != "GET" && !(a.path == "/graphql" && question(a.json()));
    server.seen().iter().filter(|a| changes(a)).count()
}

/// Walk from the mailbox to DONE. `world` is how the forge stands.
fn walk<S: Service>(server: &Server<S>, place: &Place, world: impl Fn() -> GithubFake) {
    walk_with(server, place, world, WALK, |_| ());
}

/// The same, with what else happens in a phase, and what holds after it.
fn walk_with<S: Service>(
    server: &Server<S>,
    place: &Place,
    world: impl Fn() -> GithubFake,
    walk: &[After],
    happens: impl Fn(&Phase),
) {
    for after in walk {
        place.prepare(&after.0);
        happens(&after.0);
        place.send();
        place.settle();
        let before = changes(server);
        place.is_where(after);
        assert_eq!(changes(server), before, "a plan writes nothing");
    }
    assert!(place.env.run(&["sync", "all"]).expect(3).out.contains("Nothing to do"));
    let forge = world();
    assert_eq!(forge.issues.len(), 1, "one report, one tracker");
    let issue = &forge.issues[&1];
    assert!(!issue.open && issue.reason.as_deref() == Some("completed"));
    assert_eq!(issue.assignees.iter().collect::<Vec<_>>(), ["rita"]);
    assert!(matches!(forge.milestones.as_slice(), [m] if m.title == "Example Server 2.4.1" && !m.open));
    assert_eq!(issue.card, Some((Some("opt6".into()), true)), "announced, and archived");
    let status: String = issue.comments.iter().map(|c| c.body.as_str()).collect();
    let mut at = 0;
    for words in ["Import (", "Sync (valid)", "CVE allocated (", "Sync (pr merged)", "Sync (published)"] {
        let here = status.get(at..).unwrap().find(words);
        at += here.unwrap_or_else(|| panic!("{words} is missing or out of order\n{status}"));
    }
    let rollups = issue.comments.iter().filter(|c| desk::tracker::rollup::is_rollup(&c.body)).count();
    assert_eq!(rollups, 1, "one status");
    // Every letter is for the reporter, on her thread, with a copy for the list.
    let letters = place.post.letters(&place.env);
    assert_eq!(letters.len(), 8);
    for text in &letters {
        assert!(text.contains("<ann@ann.example>") && text.contains("In-Reply-To:"), "{text}");
        assert!(text.contains("security@server.example"), "the list has a copy: {text}");
    }
    let _ = place.env.run(&["log", "--verify"]).expect(0);
    // A second desk of the same team sees the same trackers, and has nothing to do.
    let other = place.env.path().join("other-desk");
    let said = place.env.run(&["--desk", other.to_str().unwrap(), "show", "1"]).expect(0);
    assert!(said.out.contains("acme/security#1"), "{}", said.out);
    let secrets = place.post.secrets();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).chain([TOKEN, TOVES_TOKEN]).collect();
    place.env.holds_none_of(&secrets, &[&said]);
    fit(Api::Github, &server.seen());
}

/// The mailbox after the walk: what a person did not send lies there as a draft, and the report was not touched.
fn one_more_letter(place: &Place) {
    assert_eq!(place.post.waiting(), 0);
    let _ = place.env.answer(&["edit", "1", "reporter_credit", "Ann Archer\nBo Berg"], "y\n").expect(0);
    let said = place.env.answer(&["sync", "1"], "all\n").expect(0);
    assert_eq!(place.post.waiting(), 1, "{}", said.out);
    let letters = place.post.letters(&place.env);
    let own = letters.iter().find(|t| t.contains("Bo Berg")).unwrap();
    assert!(own.contains("users@server.example") && own.contains("advisory@server.example"), "{own}");
    assert!(!place.env.desk().join("drafts").exists(), "the folder of this machine is not used");
    let doctor = place.env.run(&["doctor"]);
    assert!(doctor.out.contains("lets us in") && doctor.out.contains(REPO), "{}", doctor.out);
    let again = place.env.run(&["import"]).expect(3);
    assert!(again.out.contains("0 new"), "our own letters are no news: {}", again.out);
}

#[test]
fn the_walk_with_the_trackers_at_a_forge() {
    let (server, place) = at_a_forge();
    walk(&server, &place, || server.with(|f| f.clone()));
}

/// The commit that the fix was merged as, and those of the tags.
const FIX: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn the_walk_without_a_clone_and_unknown_is_never_released() {
    let (server, place) = at_a_forge();
    place.env.write("home/.config/tipstaff/user.toml", "");
    server.with(|f| f.upstream = "example/server".into());
    let tag = |name: &str, c: char, holds: bool| {
        server.with(|f| {
            let sha = c.to_string().repeat(40);
            f.public.tags.insert(0, (name.into(), sha.clone(), "2026-11-20T10:00:00Z".into()));
            if holds {
                f.public.contains.insert((sha, FIX.into()));
            }
        });
    };
    let released = || {
        let said = place.env.run(&["sync", "1", "--json"]);
        let plan = said.json()["plan"].to_string();
        (plan.contains("\"fix released\"") || plan.contains("sync.released"), said.json())
    };
    // Only the forge says whose the fix is, and says so while it is open.
    let mut walk = WALK.to_vec();
    for after in walk.iter_mut().filter(|a| a.0 == Phase::InReview) {
        after.2 = "tove";
    }
    let world = || server.with(|f| f.clone());
    walk_with(&server, &place, world, &walk, |phase| match phase {
        Phase::InReview => server.with(|f| f.pull(12, json!({}))),
        Phase::Merged => {
            server.with(|f| {
                f.pull(
                    12,
                    json!({"state": "MERGED", "mergedAt": "2026-11-19T10:00:00Z", "mergeCommit": {"oid": FIX}}),
                );
            });
        }
        Phase::Filled => tag("v2.4.1rc1", 'b', true),
        Phase::Released => {
            assert!(!released().0, "a candidate is no release");
            tag("v2.4.1", 'a', true);
            // It is out, and whether it holds the fix cannot be told.
            // What each fault does to an answer has tests of its own.
            let compare = [
                Wrong::Status(404),
                Wrong::Status(403),
                Wrong::HangUp,
                Wrong::Other(json!({"status": "sideways"})),
            ];
            let ways = compare.map(|w| ("/compare/", w)).into_iter();
            for (path, wrong) in ways.chain([Wrong::Status(404), Wrong::Page].map(|w| ("/commits", w))) {
                server.go_wrong_times("GET", path, wrong.clone(), 1000);
                let (out, said) = released();
                server.all_well();
                assert!(!out, "{path} {wrong:?}: {said:#}");
            }
            assert!(released().0, "asked again, it is");
        }
        _ => {}
    });
    // What a tag holds does not change: it was compared once for each tag.
    let compared =
        server.seen().iter().filter(|a| a.path.contains("/compare/") && a.path.contains("aaaa")).count();
    assert!(compared > 0, "the forge was asked");
}

#[test]
fn the_walk_with_a_forge_and_an_imap_server() {
    let Some(dovecot) = Dovecot::start() else { return };
    let server = Server::start(forge());
    let place = place(&server.url(), Post::Imap(dovecot));
    walk(&server, &place, || server.with(|f| f.clone()));
    one_more_letter(&place);
    let Post::Imap(d) = &place.post else { unreachable!() };
    assert!(d.messages("INBOX").iter().all(|(name, _)| !name.contains('S')), "nobody read the report");
}

#[test]
fn the_walk_with_a_forge_and_gmail_that_we_did_not_write() {
    let mut seed = GithubFront::seed(&forge());
    seed["google"] = GmailFront::seed(ACCOUNT, CLIENT)["google"].take();
    let start = START.parse().unwrap();
    let Some(behind) = Emulator::start(&["github", "google"], start, &seed) else { return };
    let behind = Arc::new(behind);
    let server = Server::start(GithubFront::new(Arc::clone(&behind), forge()));
    let mailbox = GmailFront::new(behind, ACCOUNT, CLIENT, start);
    let place = place(&server.url(), Post::Gmail(Server::start(mailbox)));
    walk(&server, &place, || server.with(|f| f.world().clone()));
    one_more_letter(&place);
    let Post::Gmail(mailbox) = &place.post else { unreachable!() };
    let (inbox, sent) = mailbox.with(|f| (f.under("INBOX"), f.under("SENT")));
    assert!(
        sent.iter().all(|(thread, _)| *thread == inbox[0].0),
        "every letter is on the thread of the report"
    );
    let asked = mailbox.seen();
    fit(Api::Gmail, &asked);
    // Nothing that we asked for sends, labels or deletes: drafts were made, and that is all.
    for a in asked.iter().filter(|a| a.method != "GET") {
        assert!(matches!(a.path.as_str(), "/token" | "/gmail/v1/users/me/drafts"), "{} {}", a.method, a.path);
    }
    let drafts = asked.iter().filter(|a| a.method == "POST" && a.path.ends_with("/drafts")).count();
    assert_eq!(drafts, 9, "eight letters, and one about the correction");
}

#[test]
fn a_fix_at_a_forge_that_we_did_not_write_moves_its_tracker() {
    let mut held = forge();
    held.upstream = "example/server".into();
    let start = START.parse().unwrap();
    let Some(behind) = Emulator::start(&["github"], start, &GithubFront::seed(&held)) else { return };
    let server = Server::start(GithubFront::new(Arc::new(behind), held));
    let place = place(&server.url(), Post::Here);
    // Without a clone, the forge alone tells.
    place.env.write("home/.config/tipstaff/user.toml", "");
    let by_hand = |token: &str, method: &str, path: &str, body: Value| {
        server.with(|f| f.by_hand(token, method, &format!("/repos/{path}"), &body))
    };
    let main = by_hand(TOKEN, "GET", "example/server/git/ref/heads/main", Value::Null);
    let branch = json!({"ref": "refs/heads/guard", "sha": main["object"]["sha"]});
    by_hand(TOVES_TOKEN, "POST", "example/server/git/refs", branch);
    let file = json!({"message": "Check names", "content": "eA==", "branch": "guard"});
    by_hand(TOVES_TOKEN, "PUT", "example/server/contents/b.py", file);
    let pull = json!({"title": "Check names", "head": "guard", "base": "main"});
    let number = by_hand(TOVES_TOKEN, "POST", "example/server/pulls", pull)["number"].to_string();
    let body = format!(
        "### The issue description\n\nA flaw.\n\n### PR with the fix\n\nhttps://github.com/example/server/pull/{number}\n\n\
         ### Remediation developer\n\n_No response_\n\n### CVE tool link\n\nCVE-2026-12345\n"
    );
    let issue =
        json!({"title": "Path traversal in upload", "body": body, "labels": ["cve allocated", "server"]});
    by_hand(TOKEN, "POST", &format!("{REPO}/issues"), issue);
    let synced = |label: &str| {
        let said = place.env.answer(&["sync", "1"], "all\n").expect(0);
        let labels = server.with(|f| f.world().issues[&1].labels.clone());
        assert_eq!(labels, ["cve allocated", label, "server"].map(String::from).into(), "{}", said.out);
    };
    synced("pr created");
    by_hand(TOKEN, "PUT", &format!("example/server/pulls/{number}/merge"), json!({}));
    synced("pr merged");
    let issue = server.with(|f| f.world().issues[&1].clone());
    assert!(issue.assignees.contains("tove") && issue.body.contains("tove"), "{issue:?}");
}
