//! Private reports at the forge as an inbox: imported once, by the same rules as mail, joined with mail about them, and
//! answered by texts that a person pastes.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use testkit::serve::{GithubFake, Server, Wrong};

use crate::env::Env;

const TOKEN: &str = "planted-upstream-token-0123";
const ONE: &str = "GHSA-2h5m-9qxw-vr3c";
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

#[test]
fn a_private_report_is_imported_once_and_answered_on_its_page() {
    let (server, env) = desk("");
    server.with(|f| f.report(ONE, "zoe-h", "Path traversal in upload of attachments", WORDS, Value::Null));
    let shown = env.answer(&["import"], "none\n");
    eprintln!("{}\n{}", shown.out, shown.err);
    let said = env.answer(&["import"], "all\n");
    eprintln!("{}\n{}", said.out, said.err);
    let show = env.run(&["show", "1"]);
    eprintln!("{}\n{}", show.out, show.err);
    panic!();
}
