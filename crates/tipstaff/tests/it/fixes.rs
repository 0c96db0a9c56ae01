//! `fix`: a pull request is judged before anything leaves, a person presses the button or a plan opens it, and whatever goes
//! wrong in between, there is one.
#![cfg(unix)]

use std::{process::Stdio, time::Duration};

use testkit::{
    described::{Api, fit},
    serve::{GithubFake, Server, Wrong},
};

use crate::{
    env::{Env, Said},
    forge::{BOARD, TOKEN, place, yes},
};

const BRANCH: &str = "check-upload-name";
const TITLE: &str = "Check the name of an upload";
const TEXT: &str = "Names of uploads are checked before they are kept.\n\n- [x] tests\n";
const PULL: &str = "https://github.com/example/server/pull/100";

/// A tracker that is ready for its fix, at a desk where that says who opens pull requests.
fn ready(open_pr: &str) -> (Server<GithubFake>, Env) {
    let (server, env) = place(BOARD);
    let config = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write(
        "tipstaff.toml",
        config.replace(
            "[upstream]\n",
            &format!("[upstream]\nopen_pr = \"{open_pr}\"\ntoken = \"file:token\"\n"),
        ),
    );
    env.write("pr.md", TEXT);
    server.with(|f| {
        f.upstream = "example/server".into();
        f.public.branches.insert(format!("tove:{BRANCH}"));
        let body = "### The issue description\n\nA flaw.\n\n### PR with the fix\n\n_No response_\n\n\
                    ### CVE tool link\n\nCVE-2026-12345\n";
        f.open_issue("maren", "Path traversal in upload", body, &["cve allocated", "server"]);
    });
    (server, env)
}

fn wish<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["fix", "1"];
    for (name, value) in [("--head", "tove:check-upload-name"), ("--title", TITLE), ("--body-file", "pr.md")]
    {
        let own = more.iter().position(|m| *m == name).and_then(|at| more.get(at + 1));
        all.extend([name, own.copied().unwrap_or(value)]);
    }
    all
}

fn opened(server: &Server<GithubFake>) -> Vec<String> {
    server.with(|f| f.public.opened.iter().map(|p| p["title"].as_str().unwrap().to_owned()).collect())
}

fn asked_upstream(server: &Server<GithubFake>) -> usize {
    server.seen().iter().filter(|a| a.path.contains("/example/server")).count()
}

fn all(said: &Said) -> String {
    format!("{}{}", said.out, said.err)
}

#[test]
fn the_form_is_filled_in_and_a_person_presses_its_button() {
    let (server, env) = ready("browser");
    let said = env.run(&wish(&[])).expect(0);
    for part in [
        "https://github.com/example/server/compare/main...tove:check-upload-name?quick_pull=1&title=Check%20the%20name",
        "a person presses the button",
        "tipstaff edit 1 pr_with_fix URL",
        "user.upstream_clone names no clone",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert_eq!((asked_upstream(&server), server.with(|f| f.writes)), (0, 0));
    server.with(|f| {
        f.edit(1, |i| {
            i.labels.remove("cve allocated");
        })
    });
    assert!(env.run(&wish(&[])).expect(0).out.contains("no CVE is allocated yet"));
    // A text that is too long for an address is said, and shown to be pasted.
    env.write("pr.md", "A longer text. ".repeat(700));
    let said = env.run(&wish(&[])).expect(0);
    assert!(said.out.contains("paste it there") && !said.out.contains("&body="), "{}", said.out);
    assert!(said.out.contains("A longer text. A longer text."), "{}", said.out);
}

#[test]
fn what_tells_of_the_flaw_is_named_and_nothing_leaves() {
    for open_pr in ["browser", "api"] {
        let (server, env) = ready(open_pr);
        let texts: &[(&str, &str, &[&str])] = &[
            (
                "--title",
                "Fix CVE-2026-12345 in the upload",
                &["title: `CVE-2026-12345`", "title, instead: Fix upload"],
            ),
            ("--title", "Fix a path traversal in the upload", &["title: `path traversal`"]),
            ("--title", "Fix vulnerability in upload", &["title: `vulnerability`"]),
            (
                "--head",
                "tove:security-fix-upload-name",
                &["branch: `security-fix", "branch, instead: upload-name"],
            ),
            ("--head", "cve-2026-12345", &["branch: `cve-2026-12345`"]),
            ("text", "Fixes acme/security#1", &["text: `acme/security"]),
            ("text", "See https://github.com/acme/security/issues/1", &["text: `"]),
            ("text", "As GHSA-2h5m-9qxw-vr3c says", &["text: `GHSA-2h5m-9qxw-vr3c`"]),
            ("text", "Severity: critical, CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", &["text: `"]),
        ];
        for (what, value, parts) in texts {
            let said = if *what == "text" {
                env.write("pr.md", value);
                env.run(&wish(&[]))
            } else {
                env.write("pr.md", TEXT);
                env.run(&wish(&[what, value]))
            };
            assert_eq!(said.code, 5, "{value}: {}", all(&said));
            for part in *parts {
                assert!(said.out.contains(part), "{value} without {part}: {}", all(&said));
            }
            assert!(said.out.contains("refused") && said.out.contains("[scan."), "{}", said.out);
            assert!(!said.out.contains("/compare/"), "{}", said.out);
        }
        assert_eq!((asked_upstream(&server), server.with(|f| f.writes)), (0, 0));
        assert!(env.run(&["plan", "list"]).out.contains("no plans"));
    }
}

#[test]
fn commits_of_the_branch_are_read_where_a_clone_has_them() {
    let (server, env) = ready("browser");
    let git = |args: &[&str]| {
        let out = std::process::Command::new("git")
            .args(["-c", "user.name=Vera Volunteer", "-c", "user.email=vera@elsewhere.example"])
            .args(args)
            .current_dir(env.path().join("code"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    env.write("code/upload.py", "def upload(name):\n    keep(name)\n");
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "Keep uploads"]);
    git(&["checkout", "-qb", BRANCH]);
    env.write("code/upload.py", "def upload(name):\n    # CVE-2026-12345: no .. any more\n    keep(name)\n");
    git(&["commit", "-qam", "Check the name of an upload"]);
    let config = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write("tipstaff.toml", config + "\n[user]\nupstream_clone = \"code\"\n");
    let said = env.run(&wish(&[]));
    assert_eq!(said.code, 5, "{}", all(&said));
    assert!(said.out.contains("added lines of upload.py: `CVE-2026-12345`"), "{}", all(&said));
    env.write("code/upload.py", "def upload(name):\n    keep(checked(name))\n");
    git(&["commit", "-qa", "--amend", "-m", "Check the name of an upload"]);
    let said = env.run(&wish(&[])).expect(0);
    assert!(said.out.contains("/compare/") && !said.out.contains("were not read"), "{}", said.out);
    // What was pushed is read as well as what stands here.
    git(&["commit", "-q", "--allow-empty", "-m", "Fix the vulnerability in uploads"]);
    git(&["update-ref", "refs/remotes/origin/check-upload-name", "HEAD"]);
    git(&["reset", "-q", "--hard", "HEAD~1"]);
    let said = env.run(&wish(&[]));
    assert!(said.code == 5 && said.out.contains("commit message: `vulnerability`"), "{}", all(&said));
    assert_eq!(asked_upstream(&server), 0);
}

#[test]
fn a_tracker_that_is_not_ready_gets_no_fix() {
    let (server, env) = ready("api");
    for (labels, open, words) in [
        (&["needs triage", "server"][..], true, "not assessed yet"),
        (&["cve allocated", "server"], false, "is closed"),
        (&["cve allocated", "server", "fix released"], true, "is released already"),
    ] {
        server.with(|f| {
            f.edit(1, |i| {
                i.labels = labels.iter().map(|l| (*l).to_owned()).collect();
                i.open = open;
            });
        });
        let said = env.run(&wish(&[]));
        assert!(said.code == 2 && said.err.contains(words), "{}", all(&said));
    }
    assert_eq!(asked_upstream(&server), 0);
}

#[test]
fn it_is_opened_after_a_yes_and_named_on_the_tracker() {
    let (server, env) = ready("api");
    // End of input is no.
    let said = env.run(&wish(&[]));
    assert_eq!(said.code, 4, "{}", all(&said));
    for part in [
        "open a pull request, which everybody sees: tove:check-upload-name into main",
        TITLE,
        "Names of uploads are checked",
        "\u{27e8}PR URL\u{27e9}",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert_eq!((opened(&server).len(), server.with(|f| f.writes)), (0, 0));

    let said = yes(&env, &wish(&[]));
    assert!(said.out.contains(&format!("pull request {PULL} opened")), "{}", said.out);
    assert_eq!(opened(&server), [TITLE]);
    server.with(|f| {
        let i = &f.issues[&1];
        assert!(i.body.contains(PULL), "{}", i.body);
        let status: String = i.comments.iter().map(|c| c.body.as_str()).collect();
        assert!(status.contains("Fix PR") && status.contains(PULL), "{status}");
        let pull = &f.public.opened[0];
        assert_eq!((pull["base"]["ref"].as_str(), pull["body"].as_str()), (Some("main"), Some(TEXT.trim())));
    });
    // Again: it is there, and the tracker names it.
    let again = env.answer(&wish(&[]), "y\n");
    assert!(again.code == 2 && again.err.contains("is open, and"), "{}", all(&again));
    assert_eq!(opened(&server).len(), 1);
    // What follows is the affair of `sync`, as with one that was opened by hand.
    let said = env.run(&["sync", "1"]);
    assert!(said.out.contains("sync.in-review") || said.out.contains("+pr created"), "{}", all(&said));
    assert_eq!(env.run(&["log", "--verify"]).code, 0);
    env.holds_none_of(&[TOKEN], &[&said, &again]);
    fit(Api::Github, &server.seen());
}

#[test]
fn a_desk_with_trackers_of_its_own_opens_it_too() {
    let (server, env) = ready("api");
    let config = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write(
        "tipstaff.toml",
        config.replacen(
            "repo = \"acme/security\"\ntoken = \"file:token\"\n",
            "repo = \"acme/security\"\n",
            1,
        ),
    );
    env.write("report.md", "The upload writes outside of its folder.\n");
    let _ = yes(&env, &["new", "--title", "Path traversal", "--body", "report.md", "--via", "chat"]);
    for label in ["-needs triage", "+server", "+cve allocated"] {
        let _ = yes(&env, &["edit", "1", "label", label]);
    }
    let said = yes(&env, &wish(&[]));
    assert!(said.out.contains(&format!("pull request {PULL} opened")), "{}", said.out);
    let shown = env.run(&["show", "1", "--json"]).expect(0).json();
    assert_eq!(shown["fields"]["pr_with_fix"], PULL);
    assert_eq!((opened(&server).len(), env.run(&["log", "--verify"]).code), (1, 0));
    assert!(env.run(&["plan", "resume"]).code == 3);
}

#[test]
fn one_that_somebody_opened_meanwhile_is_taken_and_not_doubled() {
    let (server, env) = ready("api");
    let said = yes(&env, &wish(&[]));
    assert!(said.out.contains(PULL));
    server.with(|f| f.edit(1, |i| i.body = i.body.replace(PULL, "_No response_")));
    let said = yes(&env, &wish(&[]));
    assert!(said.out.contains(&format!("Name {PULL} as the fix")), "{}", said.out);
    server.with(|f| assert_eq!(f.issues[&1].body.matches(PULL).count(), 1));
    assert_eq!(opened(&server).len(), 1);
    // Another one for a branch that is maintained stands beside it.
    server.with(|f| f.public.branches.insert("tove:check-upload-name-2.3".into()));
    let said = yes(&env, &wish(&["--head", "tove:check-upload-name-2.3"]));
    assert!(said.out.contains("names https://github.com/example/server/pull/100 already"), "{}", said.out);
    server.with(|f| {
        assert!(f.issues[&1].body.contains(&format!("{PULL}\nhttps://github.com/example/server/pull/101")))
    });
}

#[test]
fn what_the_forge_refuses_is_said_and_can_be_asked_again() {
    let (server, env) = ready("api");
    server.with(|f| f.public.branches.clear());
    let said = env.answer(&wish(&[]), "y\n");
    assert!(said.code == 5 && all(&said).contains("head invalid"), "{}", all(&said));
    server.with(|f| f.public.branches.insert(format!("tove:{BRANCH}")));
    let _ = yes(&env, &wish(&[]));
    assert_eq!(opened(&server).len(), 1);
    assert!(env.run(&["plan", "resume"]).code == 3);
}

/// Plan it and approve it.
fn approved(env: &Env) -> String {
    let plan = env.run(&wish(&[])).expect(4);
    let short = plan.out.split("The plan waits as ").nth(1).unwrap().split('.').next().unwrap().to_owned();
    let _ = env.run(&["plan", "approve", &short, "all"]).expect(0);
    short
}

/// One pull request, and the tracker names it once.
fn is_one(server: &Server<GithubFake>, env: &Env, what: &str) {
    assert_eq!(opened(server), [TITLE], "{what}");
    server.with(|f| {
        assert_eq!(f.issues[&1].body.matches(PULL).count(), 1, "{what}: {}", f.issues[&1].body);
        let status: String = f.issues[&1].comments.iter().map(|c| c.body.as_str()).collect();
        assert_eq!(status.matches("Fix PR (opened)").count(), 1, "{what}: {status}");
    });
    assert_eq!(env.run(&["log", "--verify"]).code, 0, "{what}");
}

#[test]
fn whatever_goes_wrong_on_the_way_there_is_one() {
    let run = |wrong: Option<(usize, Wrong)>| -> Vec<String> {
        let (server, env) = ready("api");
        let short = approved(&env);
        let before = server.seen().len();
        if let Some((at, wrong)) = &wrong {
            server.go_wrong_at(*at, 1, wrong.clone());
            server.go_wrong_at(0, 10_000, wrong.clone());
        }
        let first = env.run(&["plan", "apply", &short]);
        let spent = server.seen()[before..].iter().map(|a| format!("{} {}", a.method, a.path)).collect();
        server.all_well();
        if first.code != 0 {
            let _ = env.run(&["plan", "resume"]);
            let again = env.run(&["plan", "apply", &short]);
            assert!(matches!(again.code, 0 | 3), "{wrong:?}: {}\n{}", all(&first), all(&again));
        }
        is_one(&server, &env, &format!("{wrong:?}"));
        spent
    };
    let requests = run(None);
    assert!(requests.contains(&"POST /repos/example/server/pulls".to_owned()), "{requests:?}");
    let mut questions = std::collections::BTreeSet::new();
    for (at, what) in requests.iter().enumerate() {
        // A question whose answer is lost is no more than one that is lost, and one of a kind is like the other.
        let asks = what.starts_with("GET") || what.ends_with("/graphql");
        let ways = match asks {
            true if !questions.insert(what) => continue,
            true => &[Wrong::HangUp][..],
            false => &[Wrong::HangUp, Wrong::HangUpAfter, Wrong::StatusAfter(502)],
        };
        for wrong in ways {
            run(Some((at, wrong.clone())));
        }
    }
}

#[test]
fn killed_between_effect_and_receipt_it_is_found_and_not_opened_again() {
    // Before the answer comes the program dies; meanwhile nothing happens there, or somebody merges or closes it.
    for then in ["open", "merged", "closed"] {
        let (server, env) = ready("api");
        let short = approved(&env);
        server.go_wrong("POST", "/example/server/pulls", Wrong::Late(Duration::from_secs(20)));
        let mut child = env
            .command(&["plan", "apply", &short])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if !opened(&server).is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        let _ = child.wait();
        assert_eq!(opened(&server).len(), 1);
        server.with(|f| {
            assert!(!f.issues[&1].body.contains(PULL));
            // The clock of the forge is that of the desk.
            f.public.opened[0]["created_at"] = crate::env::NOW.into();
            if then != "open" {
                f.public.opened[0]["state"] = "closed".into();
            }
        });
        server.all_well();
        let said = env.run(&["plan", "resume"]).expect(0);
        assert!(said.out.contains("(found done)"), "{then}: {}", said.out);
        is_one(&server, &env, then);
        fit(Api::Github, &server.seen());
    }
}
