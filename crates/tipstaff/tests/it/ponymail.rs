//! The program with a private list at an archive of Pony Mail, which is a fake on this machine: mail is read there and
//! joined with other sources, drafts go elsewhere, and no session is no empty list. Its session is kept in a keyring, too.
#![cfg(unix)]

use std::{os::unix::fs::PermissionsExt, path::PathBuf};

use jiff::Timestamp;
use testkit::serve::{PonyFake, Server};

use crate::{
    env::{Env, NOW, Said},
    mails::{Mail, ann, ann_again, bob, config, mbox, media, one, spam},
};

const LIST: &str = "security@server.example";
const SESSION: &str = "planted-7c1e-session";

fn second(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

fn start(mails: &[Mail]) -> Server<PonyFake> {
    let mut fake = PonyFake::new(LIST, SESSION, second(NOW));
    for m in mails {
        fake.receive(LIST, &m.eml(), second("2026-11-16T10:00:00Z") + 60 * i64::from(m.minute));
    }
    Server::start(fake)
}

/// A desk whose source is that archive.
fn desk(server: &Server<PonyFake>, source: &str) -> Env {
    let mut env = Env::new();
    let text = std::fs::read_to_string(config()).unwrap();
    let source = format!(
        "\n[[mail.source]]\nname = \"archive\"\nkind = \"ponymail\"\nurl = \"{}\"\nfolder = \"{LIST}\"\n{source}",
        server.url()
    );
    let path = env.write("tipstaff.toml", text + &source);
    env.use_config(&path);
    secret(&env, SESSION);
    env
}

fn secret(env: &Env, text: &str) {
    let path = env.write("session", text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

const FILE: &str = "role = \"primary\"\ncredential = \"file:session\"\n";

fn drafts(env: &Env) -> usize {
    std::fs::read_dir(env.desk().join("drafts")).map_or(0, Iterator::count)
}

fn none_shown(env: &Env, said: &[&Said]) {
    env.holds_none_of(&[SESSION], said);
}

#[test]
fn mail_comes_from_the_archive_and_drafts_go_to_the_folder() {
    let server = start(&[ann(), bob(), spam(), media(), ann_again()]);
    let env = desk(&server, FILE);
    let first = env.answer(&["import", "--trace"], "all\n").expect(0);
    assert!(first.out.contains("read: 5 new, 0 known"), "{}", first.out);
    assert!(first.err.contains("stats.lua"), "{}", first.err);
    assert!(drafts(&env) > 0, "{}", first.out);
    // Whoever reads the tracker finds the thread, for the whole team has the same archive.
    let page = format!("The team reads it at {}/thread/", server.url());
    let body: String = one(&env.desk(), "select body from trackers where number = 1");
    assert!(body.contains(&page) && body.contains("?%3Csecurity.server.example%3E"), "{body}");
    let sound = env.run(&["doctor"]).expect(0);
    for line in
        ["lets us in as maren", "security@server.example has 5 messages", "go to the folder of this machine"]
    {
        assert!(sound.out.contains(line), "{}", sound.out);
    }
    let again = env.run(&["import"]).expect(4);
    assert!(again.out.contains("0 new, 0 known, 1 source unchanged"), "{}", again.out);
    // The session ends: the list looks empty, and that is said as what it is.
    server.with(|f| f.sessions.clear());
    let ended = env.run(&["import"]).expect(5);
    assert!(ended.err.contains("the session has ended") && ended.err.contains("log in"), "{}", ended.err);
    let ill = env.run(&["doctor"]);
    assert!(ill.out.contains("the session has ended"), "{}", ill.out);
    // A new one is put where the configuration says, and reading goes on.
    server.with(|f| {
        f.sessions.insert("planted-second-session".into(), "maren".into());
        let late =
            Mail::new("late@bob.example", "Bob Baker <bob@bob.example>", "Re: login", 400, "Any news?\n");
        f.receive(LIST, &late.eml(), second(NOW));
    });
    secret(&env, "ponymail=planted-second-session\n");
    let renewed = env.run(&["import"]);
    assert!(renewed.out.contains("read: 1 new, 0 known"), "{}{}", renewed.out, renewed.err);
    secret(&env, "nonsense and no cookie");
    let bad = env.run(&["import"]).expect(5);
    assert!(bad.err.contains("no session of Pony Mail"), "{}", bad.err);
    // Without any, a private list is refused as well.
    let text = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    env.write("tipstaff.toml", text.replace("credential = \"file:session\"\n", ""));
    let nobody = env.run(&["import"]).expect(5);
    assert!(nobody.err.contains("not logged in"), "{}", nobody.err);
    let said = [&sound, &first, &again, &ended, &ill, &renewed, &bad, &nobody];
    none_shown(&env, &said);
    env.holds_none_of(&["planted-second-session"], &said);
}

#[test]
fn the_archive_and_a_mailbox_are_joined_by_message_id() {
    let server = start(&[ann(), bob(), ann_again()]);
    let both = "role = \"fallback\"\nmandatory = true\ncredential = \"file:session\"\n\n\
                [[mail.source]]\nname = \"export\"\nkind = \"mbox\"\nrole = \"primary\"\npath = \"export.mbox\"\n";
    let env = desk(&server, both);
    // The archive has what the export lacks, and the other way round.
    env.write("export.mbox", mbox(&[ann(), media()]));
    let said = env.run(&["import", "all"]).expect(4);
    assert!(said.out.contains("read: 4 new, 1 known"), "{}", said.out);
    none_shown(&env, &[&said]);
}

#[test]
fn an_old_thread_is_read_whole_when_it_is_named() {
    let old = |id: &'static str, more: &str| {
        let mut m = ann();
        m.id = id;
        m.with(more)
    };
    let server = start(&[]);
    server.with(|f| {
        let root = old("root@ann.example", "X-Note: none");
        f.receive(LIST, &root.eml(), second("2024-03-01T10:00:00Z"));
        let answer = old("answer@ann.example", "In-Reply-To: <root@ann.example>");
        f.receive(LIST, &answer.eml(), second("2024-03-02T10:00:00Z"));
    });
    let env = desk(&server, FILE);
    assert!(env.run(&["import"]).out.contains("read: 0 new"));
    let said = env.run(&["import", "thread:answer@ann.example"]);
    assert!(said.out.contains("read: 2 new"), "{}{}", said.out, said.err);
}

#[test]
fn a_configuration_that_asks_an_archive_for_drafts_is_told() {
    let server = start(&[]);
    let env = desk(
        &server,
        "role = \"primary\"\ncredential = \"file:session\"\npreferred_for = [\"create_draft\"]\n\n[user]\ndraft_backend = \"archive\"\n",
    );
    let _ = env.run(&["import"]);
    let said = env.run(&["doctor"]);
    for line in ["cannot do create_draft", "an archive, which takes none", "no mail source that takes drafts"]
    {
        assert!(said.out.contains(line), "{}", said.out);
    }
}

/// A `secret-tool` that answers so.
fn tool(env: &mut Env, script: &str) -> PathBuf {
    let name = if cfg!(target_os = "macos") { "security" } else { "secret-tool" };
    let path = env.write(&format!("tools/{name}"), format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    env.use_tools(&env.path().join("tools"));
    path
}

#[test]
fn a_secret_of_the_keyring_is_used_and_never_shown() {
    let server = start(&[ann()]);
    let mut env = desk(&server, "role = \"primary\"\ncredential = \"keyring:lists/maren\"\n");
    // What it is asked for is written down by the tool.
    let log = env.path().join("asked");
    tool(&mut env, &format!("echo \"$@\" >> {}\necho {SESSION}", log.display()));
    let first = env.answer(&["import", "--trace"], "all\n").expect(0);
    assert!(first.out.contains("read: 1 new"), "{}", first.out);
    let asked = std::fs::read_to_string(&log).unwrap();
    assert!(
        asked.contains("tipstaff") && asked.contains("lists/maren") && !asked.contains(SESSION),
        "{asked}"
    );
    let sound = env.run(&["doctor"]).expect(0);
    let logged = env.run(&["log"]).expect(0);
    let explained = env.run(&["config", "explain"]);
    // Not there, not answering as it should, and saying too much.
    tool(&mut env, "exit 1");
    let gone = env.run(&["doctor"]);
    let store = if cfg!(target_os = "macos") {
        "security add-generic-password -s tipstaff -a lists/maren -w"
    } else {
        "secret-tool store --label='tipstaff lists/maren' service tipstaff account lists/maren"
    };
    assert!(gone.out.contains("it is not there") && gone.out.contains(store), "{}", gone.out);
    let refused = env.run(&["import"]).expect(5);
    assert!(refused.err.contains(store), "{}", refused.err);
    tool(&mut env, &format!("echo {SESSION}; echo {SESSION} >&2; exit 2"));
    let loud = env.run(&["import"]).expect(5);
    tool(&mut env, &format!("printf '{SESSION}\\033[31m'"));
    let odd = env.run(&["import"]).expect(5);
    none_shown(&env, &[&first, &sound, &logged, &explained, &gone, &refused, &loud, &odd]);
}
