//! `doctor` tries every service of the configuration, and what it asks them gives nothing away.
#![cfg(unix)]

use serde_json::json;
use testkit::serve::{Answer, Asked, CveServicesFake, Server, Wrong};

use crate::env::Env;

/// An archive of lists and a registry in one.
fn answer(asked: &Asked) -> Answer {
    if asked.path == "/api/stats.lua" {
        return Answer::json(200, &json!({"list": "users@server.example", "emails": [], "hits": 0}));
    }
    Answer::json(404, &json!({"code": 5, "message": "version not found"}))
}

#[test]
fn archive_registries_and_list_are_tried() {
    let server = Server::start(answer);
    let list = Server::start(CveServicesFake::new("planted-key"));
    let mut env = Env::new();
    let config = include_str!("../fixtures/lifecycle.toml")
        .replace(
            "kind = \"mbox\"\npath = \"users.mbox\"\ndev_path = \"dev.mbox\"\n",
            &format!("kind = \"ponymail\"\napi_url = \"{}\"\n", server.url()),
        )
        .replace(
            "registries = [\"git_tags\"]",
            &format!("registries = [\"pypi\"]\naddresses = {{ deps_dev = \"{}\" }}", server.url()),
        )
        .replace("list_path = \"cvelist\"", &format!("list_url = \"{}\"", list.url()));
    let path = env.write("tipstaff.toml", config);
    env.use_config(&path);
    env.write("empty.mbox", "");
    let _ = env.run(&["import", "empty.mbox"]);

    let said = env.run(&["doctor"]).expect(0);
    for what in ["archive of users@server.example", "registry pypi", "CVE list"] {
        let line = said.out.lines().find(|l| l.contains(what));
        assert!(line.is_some_and(|l| l.contains("ok")), "{what}: {}", said.out);
    }
    let seen: Vec<Asked> = [server.seen(), list.seen()].concat();
    assert!(seen.len() >= 3);
    assert!(seen.iter().all(|a| a.method == "GET" && a.body.is_empty()), "{seen:?}");
    // One that is down is said, with what it means.
    for wrong in [Wrong::Status(500), Wrong::Page] {
        server.go_wrong_times("GET", "/", wrong.clone(), 1000);
        list.go_wrong_times("GET", "/", wrong.clone(), 1000);
        let said = env.run(&["doctor"]);
        server.all_well();
        list.all_well();
        assert_eq!(said.out.matches("never no").count(), 3, "{wrong:?}: {}", said.out);
    }
}
