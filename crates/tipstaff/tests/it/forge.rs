//! The program with its trackers in a private repository at a forge, which is a fake on this machine: a new repository is
//! prepared, trackers that people opened by hand are taken, nothing is written where everybody reads or over what others wrote.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use testkit::serve::{GithubFake, Server, Wrong};

use crate::env::{Env, Said};

const REPO: &str = "acme/security";
const TOKEN: &str = "planted-forge-token-0123";
const BODY: &str = "### The issue description\n\nA flaw.\n\n### Severity\n\n_No response_\n";

fn desk(board: &str) -> (Server<GithubFake>, Env) {
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

const BOARD: &str = "url = \"https://github.com/orgs/acme/projects/1\"\n";

fn yes(env: &Env, args: &[&str]) -> Said {
    env.answer(args, "y\n").expect(0)
}

#[test]
fn a_new_repository_is_prepared_once() {
    let (server, env) = desk("");
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
    let (server, env) = desk(BOARD);
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
    let (server, env) = desk(BOARD);
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
    let (server, env) = desk(BOARD);
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
    let (server, env) = desk(BOARD);
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
    let (server, env) = desk(BOARD);
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
    let (_server, env) = desk(BOARD);
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
    let (server, env) = desk(BOARD);
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
