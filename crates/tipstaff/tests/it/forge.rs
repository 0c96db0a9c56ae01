//! The program with its trackers in a private repository at a forge, which is a fake on this machine: a new repository is
//! prepared, trackers that people opened by hand are taken, nothing is written where everybody reads or over what others wrote.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use testkit::serve::{GithubFake, Server, Wrong};

use crate::{
    env::{Env, Said},
    mails::{ann, mbox, media},
};

const REPO: &str = "acme/security";
pub const TOKEN: &str = "planted-forge-token-0123";
const BODY: &str = "### The issue description\n\nA flaw.\n\n### Severity\n\n_No response_\n";

pub fn place(board: &str) -> (Server<GithubFake>, Env) {
    let mut forge = GithubFake::new(REPO, TOKEN, "2026-11-20T10:00:00Z".parse().unwrap());
    forge.login = "maren".into();
    let server = Server::start(forge);
    let mut env = Env::new();
    let config = include_str!("../fixtures/lifecycle.toml");
    let tracker = format!(
        "[services]\ngithub = \"{}\"\n\n[tracker]\nforge = \"github\"\nrepo = \"{REPO}\"\ntoken = \"file:token\"\n\n\
         [tracker.board]\nenabled = true\n{board}\n[upstream]",
        server.url()
    );
    let path = env.write("tipstaff.toml", config.replacen("[upstream]", &tracker, 1));
    env.use_config(&path);
    env.write("users.mbox", "");
    env.write("dev.mbox", "");
    let token = env.write("token", TOKEN);
    std::fs::set_permissions(token, std::fs::Permissions::from_mode(0o600)).unwrap();
    (server, env)
}

pub const BOARD: &str = "url = \"https://github.com/orgs/acme/projects/1\"\n";

pub fn yes(env: &Env, args: &[&str]) -> Said {
    env.answer(args, "y\n").expect(0)
}

#[test]
fn a_new_repository_is_prepared_once() {
    let (server, env) = place("");
    let said = env.run(&["doctor"]);
    assert!(said.out.contains("lacks the labels") && said.out.contains("bootstrap"), "{}", said.out);
    let said = yes(&env, &["bootstrap"]);
    assert!(said.out.contains("tracker.board.url ="), "the address is configuration: {}", said.out);
    server.with(|f| {
        assert!(f.labels.contains("needs triage") && f.labels.contains("server"), "{:?}", f.labels);
        assert_eq!(f.boards, ["Example Server security"]);
        assert_eq!(f.columns.len(), 7);
        assert_eq!(
            f.milestones.iter().map(|m| m.title.as_str()).collect::<Vec<_>>(),
            ["Example Server 2.4.1"]
        );
        assert_eq!(f.files.keys().collect::<Vec<_>>(), [".github/ISSUE_TEMPLATE/security-report.yml"]);
        assert_eq!(f.issues.values().filter(|i| i.labels.contains("rejections-ledger")).count(), 1);
    });
    let writes = server.with(|f| f.writes);
    let again = env.answer(&["bootstrap"], "y\n");
    assert!(again.out.contains("was there") || again.code == 3, "{}", again.out);
    assert_eq!(server.with(|f| f.writes), writes);
    let queue = env.run(&["queue"]);
    assert!(!queue.out.contains("Ledger"), "the ledger is no tracker: {}", queue.out);
    assert!(env.run(&["log", "--verify"]).code == 0);
}

#[test]
fn preparing_goes_on_where_it_was_cut_off() {
    let (server, env) = place(BOARD);
    server.go_wrong_times("POST", "/labels", Wrong::HangUpAfter, 1);
    server.go_wrong_times("PUT", "/contents", Wrong::Status(500), 20);
    let _ = env.answer(&["bootstrap"], "y\n");
    server.all_well();
    let _ = env.answer(&["plan", "resume"], "y\n");
    let _ = env.answer(&["bootstrap"], "y\n");
    server.with(|f| {
        assert_eq!(f.files.len(), 1);
        assert_eq!(f.issues.len(), 1, "one ledger");
    });
}

#[test]
fn an_issue_opened_by_hand_is_a_tracker_and_edits_reach_it() {
    let (server, env) = place(BOARD);
    server.with(|f| {
        f.open_issue("maren", "Path traversal in upload", BODY, &["needs triage", "server", "by hand"]);
        f.say(1, "visitor", "<!-- tipstaff: voice v1 -->\nvalid: server");
    });
    let said = env.run(&["queue"]).expect(0);
    assert!(said.out.contains("acme/security#1"), "{}", said.out);
    let _ = yes(&env, &["edit", "1", "severity", "High"]);
    server.with(|f| {
        let i = &f.issues[&1];
        assert!(i.body.contains("### Severity\n\nHigh\n"), "{}", i.body);
        assert!(i.labels.contains("by hand"));
        assert_eq!(i.comments.len(), 2, "the status");
    });
    let _ = yes(&env, &["comment", "1", "a word"]);
    server.with(|f| assert!(f.issues[&1].comments.iter().any(|c| c.body.starts_with("a word"))));
    // What somebody writes at the forge is there at the next look.
    server.with(|f| f.edit(1, |i| i.title = "Path traversal in file upload".into()));
    assert!(env.run(&["show", "1"]).expect(0).out.contains("Path traversal in file upload"));
}

#[test]
fn what_changed_after_the_plan_was_made_is_not_written_over() {
    let (server, env) = place(BOARD);
    server.with(|f| f.open_issue("maren", "Path traversal in upload", BODY, &["needs triage", "server"]));
    let plan = env.run(&["edit", "1", "severity", "High", "--json"]).json();
    let digest = plan["digest"].as_str().unwrap_or_default().to_owned();
    server.with(|f| f.edit(1, |i| i.body = i.body.replace("_No response_", "Low")));
    let said = env.answer(&["plan", "approve", &digest, "all"], "y\n");
    let applied = env.answer(&["plan", "apply", &digest], "y\n");
    let all = format!("{}{}{}{}", said.out, said.err, applied.out, applied.err);
    assert!(all.contains("changed meanwhile"), "{all}");
    server.with(|f| {
        assert!(f.issues[&1].body.contains("Low"));
        assert_eq!(f.writes, 0);
    });
}

#[test]
fn nothing_is_written_where_everybody_can_read() {
    let (server, env) = place(BOARD);
    server.with(|f| {
        f.open_issue("maren", "Path traversal in upload", BODY, &["needs triage", "server"]);
        f.private = false;
    });
    let said = env.answer(&["edit", "1", "severity", "High"], "y\n");
    assert!(said.err.contains("can be read by everybody"), "{}", said.err);
    assert!(format!("{}{}", said.out, said.err).contains("not private"), "{}{}", said.out, said.err);
    assert_ne!(said.code, 0);
    assert_eq!(server.with(|f| f.writes), 0);
    assert!(env.run(&["doctor"]).out.contains("make it private"));
}

#[test]
fn looking_goes_on_without_the_forge_and_planning_does_not() {
    let (server, env) = place(BOARD);
    server.with(|f| f.open_issue("maren", "Path traversal in upload", BODY, &["needs triage", "server"]));
    let _ = env.run(&["queue"]).expect(0);
    server.with(|f| f.token = "another".into());
    let said = env.run(&["queue"]).expect(0);
    assert!(said.out.contains("Path traversal") && said.err.contains("as it was last seen"), "{}", said.err);
    let said = env.run(&["sync", "1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("does not accept the token"), "{}", said.err);
    for text in [said.out, said.err] {
        assert!(!text.contains(TOKEN));
    }
}

#[test]
fn a_desk_with_trackers_of_its_own_is_not_mixed_up_with_a_repository() {
    let (_server, env) = place(BOARD);
    let config = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write("tipstaff.toml", config.replace("token = \"file:token\"\n", ""));
    env.write("report.md", "The upload writes outside of its folder.\n");
    let _ = yes(&env, &["new", "--title", "Path traversal", "--body", "report.md", "--via", "chat"]);
    env.write("tipstaff.toml", config);
    let said = env.run(&["sync", "all"]);
    assert!(said.err.contains("use another folder"), "{}", said.err);
}

/// A tracker with an id and a fix, at a desk without any clone of the public code.
fn with_a_fix(pull: serde_json::Value) -> (Server<GithubFake>, Env) {
    let (server, env) = place(BOARD);
    server.with(|f| {
        f.upstream = "example/server".into();
        f.assignable.insert("tove".into());
        f.pull(12, pull);
        let body = "### The issue description\n\nA flaw.\n\n### PR with the fix\n\n\
                    https://github.com/example/server/pull/12\n\n### Remediation developer\n\n_No response_\n\n\
                    ### CVE tool link\n\nCVE-2026-12345\n";
        f.open_issue("maren", "Path traversal in upload", body, &["cve allocated", "server"]);
    });
    (server, env)
}

#[test]
fn a_fix_that_is_merged_at_the_forge_moves_its_tracker_without_a_clone() {
    let (server, env) = with_a_fix(serde_json::json!({"state": "MERGED", "mergedAt": "2026-11-20T09:00:00Z",
        "mergeCommit": {"oid": "0123456789abcdef0123456789abcdef01234567"},
        "milestone": {"title": "Example Server 2.4.1", "dueOn": "2026-11-30T00:00:00Z"}}));
    let said = env.answer(&["sync", "1"], "1,2\n");
    assert!(said.out.contains("pr merged"), "{}{}", said.out, said.err);
    server.with(|f| {
        let i = &f.issues[&1];
        assert!(i.labels.contains("pr merged"), "{:?}", i.labels);
        assert!(i.assignees.contains("tove") && i.body.contains("tove"), "{i:?}");
        let made: Vec<_> = f.milestones.iter().map(|m| (m.title.as_str(), m.due.as_deref())).collect();
        assert!(
            matches!(made.as_slice(), [("Example Server 2.4.1", Some(due))] if due.starts_with("2026-11-30")),
            "{made:?}"
        );
    });
}

#[test]
fn a_forge_that_is_down_says_nothing_about_a_fix() {
    let (server, env) =
        with_a_fix(serde_json::json!({"state": "MERGED", "mergedAt": "2026-11-20T09:00:00Z"}));
    let _ = env.run(&["queue"]).expect(0);
    // The trackers are read; what comes after them, the pull requests, fails.
    server.with(|f| f.upstream = "gone/away".into());
    let said = env.run(&["sync", "1"]);
    assert!(!said.out.contains("pr merged"), "{}", said.out);
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains("example/server is not there") && all.contains("upstream.token"), "{all}");
}

const CVE: &str = "CVE-2026-12345";

/// A tracker whose fields make a record, at a desk that keeps it there.
fn with_a_record(more: &str, tail: &str) -> (Server<GithubFake>, Env) {
    let (server, env) = place(BOARD);
    let config = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write("tipstaff.toml", config.replacen("[tracker]\n", &format!("[tracker]\n{more}"), 1));
    server.with(|f| {
        let body = format!(
            "### The issue description\n\nA flaw.\n\n### Affected versions\n\n>= 2.0, < 2.4.1\n\n### CVE tool link\n\n{CVE}\n\n\
             ### Severity\n\nHigh\n\n### Notes\n\nKept <b>as they are</b>.  \n{tail}"
        );
        f.open_issue("maren", "Path traversal in upload", &body, &["cve allocated", "server"]);
    });
    (server, env)
}

/// A second desk of the same team.
fn other_desk(env: &Env, args: &[&str]) -> Said {
    let other = env.path().join("other-desk");
    let args: Vec<&str> =
        ["--desk", other.to_str().unwrap()].into_iter().chain(args.iter().copied()).collect();
    env.answer(&args, "y\n")
}

#[test]
fn the_record_stands_in_the_body_and_every_desk_reads_it_there() {
    let (server, env) = with_a_record("", "");
    let before = server.with(|f| {
        f.say(1, "maren", "a word");
        f.issues[&1].body.clone()
    });
    let said = yes(&env, &["cve", "refresh", "1"]);
    assert!(said.out.contains("in the body"), "{}", said.out);
    let body = server.with(|f| f.issues[&1].body.clone());
    assert!(body.contains(&format!("<!-- tipstaff: cve-record cve={CVE} v1 -->")), "{body}");
    assert!(body.contains("Path traversal in upload") && body.contains("\"CVE_RECORD\""), "{body}");
    let (head, tail) = before.split_once("\n### Severity").unwrap();
    assert!(body.starts_with(head) && body.ends_with(tail), "{body}");
    // It stands, for this desk and for another one that never made it.
    let again = env.answer(&["cve", "refresh", "1"], "y\n");
    assert!(format!("{}{}", again.out, again.err).contains("up to date"), "{}{}", again.out, again.err);
    let other = other_desk(&env, &["cve", "refresh", "1"]);
    assert!(format!("{}{}", other.out, other.err).contains("up to date"), "{}{}", other.out, other.err);
    // Somebody spoils it: it is made again where it stands, and their words around it stay.
    server.with(|f| {
        f.edit(1, |i| {
            i.body = i.body.replace("\"CVE_RECORD\"", "\"CVE_RECOR").replace("as they are", "as edited")
        });
    });
    let _ = yes(&env, &["cve", "refresh", "1"]);
    assert_eq!(server.with(|f| f.issues[&1].body.clone()), body.replace("as they are", "as edited"));
    assert!(env.run(&["log", "--verify"]).code == 0);
}

#[test]
fn the_record_stands_in_a_comment_where_that_is_configured() {
    let (server, env) = with_a_record("record = \"comment\"\n", "");
    let body = server.with(|f| f.issues[&1].body.clone());
    let said = yes(&env, &["cve", "refresh", "1"]);
    assert!(said.out.contains("in a comment"), "{}", said.out);
    let copies = || -> Vec<(String, String)> {
        server.with(|f| {
            let all = f.issues[&1]
                .comments
                .iter()
                .filter(|c| c.body.starts_with("<!-- tipstaff: record-copy v1 -->"));
            all.map(|c| (c.author.clone(), c.body.clone())).collect()
        })
    };
    let kept = copies();
    assert!(kept.len() == 1 && kept[0].1.contains("\"CVE_RECORD\""), "{kept:?}");
    assert_eq!(server.with(|f| f.issues[&1].body.clone()), body);
    let other = other_desk(&env, &["cve", "refresh", "1"]);
    assert!(format!("{}{}", other.out, other.err).contains("up to date"), "{}{}", other.out, other.err);
    // A copy that a stranger pasted counts for nothing, and is not edited.
    server.with(|f| {
        let forged = kept[0].1.replace("Path traversal", "Nothing");
        f.say(1, "visitor", &forged);
    });
    let again = env.answer(&["cve", "refresh", "1"], "y\n");
    assert!(format!("{}{}", again.out, again.err).contains("up to date"), "{}{}", again.out, again.err);
    // The fields change, and the team's own comment with them.
    let _ = yes(&env, &["edit", "1", "severity", "Low"]);
    let _ = env.answer(&["cve", "refresh", "1"], "y\n");
    let now = copies();
    assert_eq!((now.len(), now[1].0.as_str()), (2, "visitor"));
    assert!(now[0].1.contains("\"low\"") || now[0].1.contains("Low"), "{}", now[0].1);
}

#[test]
fn a_record_that_does_not_fit_is_refused_and_nothing_is_written() {
    let (server, env) = with_a_record("", &"x".repeat(64_500));
    let said = env.answer(&["cve", "refresh", "1"], "y\n");
    assert!(format!("{}{}", said.out, said.err).contains("65536"), "{}{}", said.out, said.err);
    assert_eq!(server.with(|f| f.writes), 0);
    let (server, env) = with_a_record("record = \"comment\"\n", &"x".repeat(64_500));
    let _ = yes(&env, &["cve", "refresh", "1"]);
    assert!(server.with(|f| f.issues[&1].comments.iter().any(|c| c.body.contains("\"CVE_RECORD\""))));
}

/// Reject the journalist's mail on this desk.
fn reject(env: &Env) -> Said {
    env.write("in.mbox", mbox(&[media()]));
    env.answer(&["import", "in.mbox"], "1\n")
}

fn lines(f: &GithubFake) -> Vec<String> {
    let ledger = f.issues.values().filter(|i| i.labels.contains("rejections-ledger"));
    ledger.flat_map(|i| i.comments.iter().map(|c| c.body.clone())).collect()
}

#[test]
fn a_rejection_stands_in_the_teams_ledger_and_every_desk_learns_it() {
    let (server, env) = place(BOARD);
    server.with(|f| f.open_issue("maren", "Rejections", "Not a tracker.", &["rejections-ledger"]));
    // A stranger's line about Ann's mail counts for nothing.
    let digest = desk::mail::digest(ann().eml().as_bytes()).0;
    server.with(|f| {
        f.say(
            1,
            "visitor",
            &format!("<!-- rejection v1 -->\n<!-- tipstaff: rejection {digest} -->\ncanned: media\n"),
        );
    });
    let said = reject(&env).expect(0);
    assert!(said.out.contains("/issues/1"), "where it stands is said: {}", said.out);
    let all = server.with(|f| lines(f));
    assert_eq!(all.len(), 2, "{all:?}");
    for part in [
        "<!-- rejection v1 -->",
        "date: 2026-11-22",
        "reporter: h.lowe@times.example",
        "canned: ",
        "thread: four@times.example",
    ] {
        assert!(all[1].contains(part), "{}", all[1]);
    }
    // Another desk reads the same list: the mail is decided there, Ann's is not.
    env.write("both.mbox", mbox(&[media(), ann()]));
    let other = other_desk(&env, &["import", "both.mbox"]);
    assert!(
        other.out.contains("Path traversal") && !other.out.contains("Request for comment"),
        "{}",
        other.out
    );
    let state = |desk: &std::path::Path| -> String {
        crate::mails::one(desk, "select reply || ' ' || reporter from rejections")
    };
    assert_eq!(state(&env.path().join("other-desk")), state(&env.desk()));
    assert_eq!(server.with(|f| lines(f)).len(), 2);
    // The ledger is no tracker, and a repository without one keeps nothing.
    assert!(!env.run(&["queue"]).out.contains("Rejections"));
    let (server, env) = place(BOARD);
    let said = reject(&env).expect(0);
    assert!(said.out.contains("stands on this desk alone"), "{}", said.out);
    assert_eq!(server.with(|f| f.writes), 0);
}

#[test]
fn a_ledger_that_everybody_reads_gets_no_line() {
    let (server, env) = place(BOARD);
    server.with(|f| {
        f.open_issue("maren", "Rejections", "Not a tracker.", &["rejections-ledger"]);
        f.private = false;
    });
    let said = reject(&env);
    assert_ne!(said.code, 0, "{}", said.out);
    assert_eq!(server.with(|f| f.writes), 0);
}

#[test]
fn a_forge_that_goes_away_while_a_rejection_is_noted_has_it_once() {
    let run = |wrong: Option<(usize, Wrong)>| -> (Vec<bool>, Vec<String>, bool) {
        let (server, env) = place(BOARD);
        server.with(|f| f.open_issue("maren", "Rejections", "Not a tracker.", &["rejections-ledger"]));
        env.write("in.mbox", mbox(&[media()]));
        let plan = env.run(&["import", "in.mbox"]).expect(4);
        let short =
            plan.out.split("The plan waits as ").nth(1).unwrap().split('.').next().unwrap().to_owned();
        let _ = env.run(&["plan", "approve", &short, "1"]).expect(0);
        let before = server.seen().len();
        if let Some((at, wrong)) = &wrong {
            server.go_wrong_at(*at, 1, wrong.clone());
            server.go_wrong_at(0, 10_000, wrong.clone());
        }
        let first = env.run(&["plan", "apply", &short]).code == 0;
        let writes = |path: &str| path.ends_with("/comments");
        let spent = server.seen()[before..].iter().map(|a| writes(&a.path)).collect();
        server.all_well();
        if !first {
            let _ = env.run(&["plan", "resume"]);
            let again = env.run(&["plan", "apply", &short]);
            assert!(again.code == 0 || again.code == 3, "{wrong:?}: {}{}", again.out, again.err);
        }
        assert_eq!(env.run(&["log", "--verify"]).code, 0);
        let here: i64 = crate::mails::one(&env.desk(), "select count(*) from rejections");
        (spent, server.with(|f| lines(f)), here == 1)
    };
    let (requests, want, here) = run(None);
    assert!(here && want.len() == 1 && requests.contains(&true), "{want:?}");
    for (at, writes) in requests.iter().enumerate() {
        // A question whose answer is lost is no more than one that is lost.
        let ways = if *writes {
            &[Wrong::HangUp, Wrong::HangUpAfter, Wrong::StatusAfter(502)][..]
        } else {
            &[Wrong::HangUp]
        };
        for wrong in ways {
            let (_, got, here) = run(Some((at, wrong.clone())));
            assert!(here && got == want, "{wrong:?} at {at}: {got:?}");
        }
    }
}

#[test]
fn a_tracker_that_was_deleted_or_moved_is_named_and_not_planned_on() {
    let (server, env) = place(BOARD);
    server.with(|f| {
        for n in 1..=5 {
            f.open_issue("maren", &format!("Flaw number {n}"), BODY, &["needs triage", "server"]);
        }
    });
    let said = env.run(&["queue"]).expect(0);
    assert!(said.out.contains("acme/security#2") && said.out.contains("acme/security#3"), "{}", said.out);
    let before = server.seen().len();
    let _ = env.run(&["queue"]).expect(0);
    let idle = server.seen().len() - before;
    assert!(idle <= 3, "{idle}");
    server.with(|f| {
        f.issues.remove(&2);
        f.issues.remove(&3);
        f.moved.insert(3, ("acme/other".into(), 9));
    });
    let said = env.run(&["queue"]).expect(0);
    assert!(!said.out.contains("acme/security#2") && !said.out.contains("acme/security#3"), "{}", said.out);
    for line in [
        "#2 \u{201c}Flaw number 2\u{201d} is not at",
        "it was deleted there, or moved",
        "moved to acme/other#9",
    ] {
        assert!(said.err.contains(line), "{}", said.err);
    }
    // It is looked for once, and said every time.
    let before = server.seen().len();
    let said = env.run(&["sync", "all"]);
    assert_eq!(server.count("POST", "/graphql") + server.count("GET", "/"), server.seen().len());
    assert!(server.seen().len() - before <= idle + 1, "{}", server.seen().len() - before);
    assert!(said.err.contains("is left out of every plan"), "{}{}", said.out, said.err);
    assert!(!said.out.contains("Flaw number 2") && !said.out.contains("Flaw number 3"), "{}", said.out);
    let gone = env.run(&["sync", "2"]);
    assert!(gone.code != 0 && gone.err.contains("is not at"), "{}{}", gone.out, gone.err);
    // A new one is no riddle.
    server.with(|f| f.open_issue("maren", "Flaw number 6", BODY, &["needs triage", "server"]));
    assert!(env.run(&["queue"]).expect(0).out.contains("acme/security#6"));
    assert_eq!(env.run(&["log", "--verify"]).code, 0);
}
