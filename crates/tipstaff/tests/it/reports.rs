//! Private reports at the forge as an inbox: imported once, by the same rules as mail, joined with mail about them, and
//! answered by texts that a person pastes.
#![cfg(unix)]

use std::{io::Write, os::unix::fs::PermissionsExt, process::Stdio};

use serde_json::{Value, json};
use testkit::serve::{GithubFake, Server, Wrong};

use crate::env::Env;

const TOKEN: &str = "planted-upstream-token-0123";
const ONE: &str = "GHSA-2h5m-9qxw-vr3c";
const PAGE: &str = "https://github.com/example/server/security/advisories/GHSA-2h5m-9qxw-vr3c";
const WORDS: &str = "The upload handler of Example Server writes files outside of the upload folder when the name of an \
    attachment holds `../`. An attacker who may upload anything overwrites files of the server.\n\n\
    ### Reproduction\n\n```\ncurl -F 'file=@x;filename=../../app.py' http://127.0.0.1:8080/upload\n```\n\n\
    ### Impact\n\nRemote code execution as the user of the server.\n";

fn desk(more: &str) -> (Server<GithubFake>, Env) {
    let mut forge = GithubFake::new("acme/security", TOKEN, "2026-11-20T10:00:00Z".parse().unwrap());
    forge.upstream = "example/server".into();
    let server = Server::start(forge);
    let mut env = Env::new();
    let config = include_str!("../fixtures/lifecycle.toml");
    let here = format!(
        "{more}\n[services]\ngithub = \"{}\"\n\n[[mail.source]]\nname = \"reports\"\nkind = \"ghsa\"\n\n[upstream]\ntoken = \"file:token\"",
        server.url()
    );
    let path = env.write("tipstaff.toml", config.replacen("[upstream]", &here, 1));
    env.use_config(&path);
    env.write("users.mbox", "");
    env.write("dev.mbox", "");
    let token = env.write("token", TOKEN);
    std::fs::set_permissions(token, std::fs::Permissions::from_mode(0o600)).unwrap();
    (server, env)
}

/// Every draft that waits.
fn drafts(env: &Env) -> Vec<String> {
    let Ok(all) = std::fs::read_dir(env.desk().join("drafts")) else { return Vec::new() };
    all.map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_private_report_is_imported_once_and_answered_on_its_page() {
    let (server, env) = desk("");
    server.with(|f| f.report(ONE, "zoe-h", "Path traversal in upload of attachments", WORDS, Value::Null));
    let said = env.answer(&["import"], "all\n").expect(0);
    assert!(said.out.contains(&format!("for zoe-h, to paste into {PAGE}")), "{}", said.out);
    assert!(said.out.contains("send or paste"), "{}", said.out);
    let show = env.run(&["show", "1"]).expect(0);
    assert!(
        show.out.contains("zoe-h") && show.out.contains(ONE) && show.out.contains("no mail reaches them"),
        "{}",
        show.out
    );
    let tracker = env.run(&["show", "1", "--json"]).expect(0);
    assert!(tracker.out.contains(&format!("private report {PAGE}")), "{}", tracker.out);
    // The text lies here, and names its place. Sent by mistake, it reaches nobody.
    let [draft] = drafts(&env).try_into().unwrap();
    assert!(
        draft.contains("paste into")
            && draft.contains("@tipstaff.invalid")
            && !draft.contains("users.noreply"),
        "{draft}"
    );
    // No second time, by no way.
    let again = env.answer(&["import"], "all\n");
    assert!(!again.out.contains("New tracker") && again.code == 3, "{} {}", again.code, again.out);
    assert_eq!(env.run(&["queue", "--json"]).expect(0).out.matches("Path traversal").count(), 1);
    // Nothing went out but questions.
    assert!(server.seen().iter().all(|a| a.method == "GET"), "{:?}", server.seen());
    // A closed advisory is news on the thread; the tracker was not decided, so nothing more follows from it.
    server.with(|f| f.change_report(ONE, json!({"state": "closed"})));
    let said = env.answer(&["import"], "all\n");
    assert!(!said.out.contains("New tracker"), "{}", said.out);
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("private reports of example/server"), "{}", doctor.out);
    for out in [said.out, said.err, doctor.out, doctor.err, show.out] {
        assert!(!out.contains(TOKEN), "{out}");
    }
}

#[test]
fn mail_about_a_private_report_is_the_same_report() {
    let notice = format!(
        "From: Zoe H <notifications@github.com>\nTo: security@server.example\nMessage-ID: <example/server/advisories/1@github.com>\n\
         Date: Fri, 20 Nov 2026 10:05:00 +0000\nSubject: [example/server] Path traversal in upload of attachments ({ONE})\n\n\
         @zoe-h privately reported a vulnerability.\n\n{WORDS}\n\n-- \nView it on GitHub: {PAGE}\n"
    );
    let mbox = format!("From notifications@github.com Fri Nov 20 10:05:00 2026\n{notice}\n");
    // Both at once.
    let (server, env) = desk("[[mail.source]]\nname = \"list\"\nkind = \"mbox\"\npath = \"list.mbox\"\n");
    env.write("list.mbox", &mbox);
    server.with(|f| f.report(ONE, "zoe-h", "Path traversal in upload of attachments", WORDS, Value::Null));
    let said = env.answer(&["import"], "all\n").expect(0);
    assert_eq!(said.out.matches("created desk#").count(), 1, "{}", said.out);
    // The report first, the mail later.
    let (server, env) = desk("[[mail.source]]\nname = \"list\"\nkind = \"mbox\"\npath = \"list.mbox\"\n");
    env.write("list.mbox", "");
    server.with(|f| f.report(ONE, "zoe-h", "Path traversal in upload of attachments", WORDS, Value::Null));
    let said = env.answer(&["import"], "all\n").expect(0);
    assert_eq!(said.out.matches("created desk#").count(), 1, "{}", said.out);
    env.write("list.mbox", &mbox);
    let said = env.answer(&["import"], "all\n").expect(0);
    assert!(said.out.contains("desk#1") && !said.out.contains("created desk#"), "{}", said.out);
}

#[test]
fn an_inbox_that_cannot_be_read_is_a_fault_and_mail_is_read_all_the_same() {
    let (server, env) = desk("[[mail.source]]\nname = \"list\"\nkind = \"mbox\"\npath = \"list.mbox\"\n");
    env.write("list.mbox", "");
    server.with(|f| f.public.may_read = false);
    let said = env.run(&["import"]);
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains("may not read advisories") && all.contains("upstream.token"), "{all}");
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("may not read advisories"), "{}", doctor.out);
    // Alone, or where it is mandatory, nothing goes on without it.
    let (server, env) = desk("");
    server.go_wrong_times("GET", "security-advisories", Wrong::Status(500), 50);
    let said = env.run(&["import"]);
    assert_eq!(said.code, 5, "{}{}", said.out, said.err);
    // A token that nobody named.
    let (_server, env) = desk("");
    let config = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write("tipstaff.toml", config.replace("token = \"file:token\"", ""));
    let said = env.run(&["import"]);
    assert!(said.err.contains("set upstream.token"), "{}", said.err);
}

#[test]
fn what_became_of_a_report_is_told_by_a_text_to_paste() {
    let (server, env) = desk("");
    server.with(|f| f.report(ONE, "zoe-h", "Path traversal in upload of attachments", WORDS, Value::Null));
    env.answer(&["import"], "all\n").expect(0);
    let _ = env.answer(&["assess", "1", "valid", "--scope", "server"], "y\n").expect(0);
    let mut tove = env.command(&["assess", "1", "valid"]);
    tove.env("USER", "tove").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = tove.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"y\n");
    assert!(child.wait().unwrap().success());
    let receipt = id_of(&drafts(&env)[0]);
    let _ = env.run(&["mark-sent", &receipt]).expect(0);
    let said = env.answer(&["sync", "1"], "all\n").expect(0);
    let letters: Vec<String> = drafts(&env).into_iter().filter(|d| id_of(d) != receipt).collect();
    let [letter] = letters.as_slice() else { panic!("{letters:?}\n{}{}", said.out, said.err) };
    assert!(letter.contains(&format!("X-Paste-Into: {PAGE}")) && letter.contains("Hello zoe-h,"), "{letter}");
    // They read it themselves: there is nobody who passes it on, and nothing to wrap it in.
    assert!(!letter.contains("```") && !letter.to_lowercase().contains("forward"), "{letter}");
    assert!(said.out.contains("paste"), "{}", said.out);
    // The forge closes its advisory although the team accepted the report: that is said.
    server.with(|f| f.change_report(ONE, json!({"state": "closed"})));
    let _ = env.answer(&["import"], "all\n");
    let said = env.run(&["sync", "1"]);
    assert!(said.out.contains("advisory for this report is closed"), "{}{}", said.out, said.err);
}

fn id_of(draft: &str) -> String {
    let line = draft.lines().find(|l| l.starts_with("Message-ID:")).unwrap();
    line.split(['<', '>']).nth(1).unwrap().to_owned()
}
