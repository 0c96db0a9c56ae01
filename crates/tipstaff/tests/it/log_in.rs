//! `log-in`: a person says yes in a browser, which is this test, and the mailbox can be read.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Child, Stdio},
};

use testkit::serve::{GmailFake, Server};

use crate::{env::Env, mails::config};

const ACCOUNT: &str = "security@server.example";
const KEYS: [&str; 3] = ["planted-client", "planted-client-word", "planted-refresh"];
const CODE: &str = "4/planted-code";

fn place() -> (Server<GmailFake>, Env) {
    let mut fake = GmailFake::new(ACCOUNT, KEYS);
    fake.scope =
        "https://www.googleapis.com/auth/gmail.compose https://www.googleapis.com/auth/gmail.readonly".into();
    let server = Server::start(fake);
    let mut env = Env::new();
    let text = std::fs::read_to_string(config()).unwrap();
    let source = format!(
        "\n[services]\ngmail = \"{0}\"\ngoogle_token = \"{0}\"\n\n[[mail.source]]\nname = \"box\"\nkind = \"gmail\"\n\
         role = \"primary\"\naccount = \"{ACCOUNT}\"\ncredential = \"file:kept/gmail.json\"\n",
        server.url()
    );
    let path = env.write("tipstaff.toml", text + &source);
    env.use_config(&path);
    let client = format!(
        r#"{{"installed":{{"client_id":"{}","client_secret":"{}","redirect_uris":["http://localhost"]}}}}"#,
        KEYS[0], KEYS[1]
    );
    let path = env.write("client.json", client);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    (server, env)
}

/// Begin, and read the page that a person is sent to: its parameters.
fn begin(env: &Env) -> (Child, BufReader<std::process::ChildStdout>, impl Fn(&str) -> String) {
    let mut child = env
        .command(&["log-in", "--client", "client.json", "--trace"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut page = String::new();
    while !page.starts_with("https://") {
        page.clear();
        assert!(out.read_line(&mut page).unwrap() > 0, "no page is named");
    }
    assert!(page.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"), "{page}");
    assert!(!page.contains(KEYS[1]), "{page}");
    let get = move |key: &str| {
        let value =
            page.trim().split(['?', '&']).find_map(|p| p.strip_prefix(key)?.strip_prefix('=')).unwrap();
        value.replace("%3A", ":").replace("%2F", "/").replace("%20", " ").replace("%40", "@")
    };
    (child, out, get)
}

/// The browser goes there.
fn visit(redirect: &str, target: &str) -> String {
    let mut s = TcpStream::connect(redirect.trim_start_matches("http://")).unwrap();
    s.write_all(format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes()).unwrap();
    let mut text = String::new();
    s.read_to_string(&mut text).unwrap();
    text
}

fn end(mut child: Child, mut out: BufReader<std::process::ChildStdout>) -> (i32, String) {
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    (child.wait().unwrap().code().unwrap(), text)
}

#[test]
fn a_person_says_yes_once_and_the_mailbox_can_be_read() {
    let (server, env) = place();
    let before = env.run(&["doctor"]);
    assert!(before.out.contains("gmail.json"), "{}", before.out);
    let (child, out, get) = begin(&env);
    assert_eq!((get("login_hint").as_str(), get("access_type").as_str()), (ACCOUNT, "offline"));
    assert!(get("scope").split(' ').all(|s| s.ends_with("gmail.readonly") || s.ends_with("gmail.compose")));
    server.with(|f| f.granted = Some([CODE.into(), get("code_challenge"), get("redirect_uri")]));
    let redirect = get("redirect_uri");
    // Somebody else's page sends the browser here with a code of its own.
    let foreign = visit(&redirect, "/?code=4%2Fplanted-other&state=x");
    assert!(foreign.starts_with("HTTP/1.1 404") && !env.path().join("kept").exists(), "{foreign}");
    let said = visit(&redirect, &format!("/?state={}&code=4%2Fplanted-code&scope=x", get("state")));
    assert!(said.contains("You can close this page"), "{said}");
    let (code, text) = end(child, out);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("planted-"), "{text}");
    let file = env.path().join("kept/gmail.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(env.path().join("kept")).unwrap().count(), 1, "nothing else lies there");
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("lets us in"), "{}", doctor.out);
    env.holds_none_of(&["planted-"], &[&before, &doctor]);
}

#[test]
fn a_no_or_a_lost_code_keeps_nothing_and_what_was_there() {
    let (server, env) = place();
    let file = env.write("kept/gmail.json", "as it was");
    let (child, out, get) = begin(&env);
    let _ = visit(&get("redirect_uri"), &format!("/?error=access_denied&state={}", get("state")));
    let (code, text) = end(child, out);
    assert!(code == 1 && text.contains("access_denied") && text.contains("nothing was kept"), "{text}");
    // The service does not know the code any more, or allows less.
    let (child, out, get) = begin(&env);
    let _ = visit(&get("redirect_uri"), &format!("/?code=4%2Fplanted-code&state={}", get("state")));
    let (code, text) = end(child, out);
    assert!(code == 1 && text.contains("invalid_grant") && !text.contains("planted-"), "{text}");
    server.with(|f| f.scope = "https://www.googleapis.com/auth/gmail.readonly".into());
    let (child, out, get) = begin(&env);
    server.with(|f| f.granted = Some([CODE.into(), get("code_challenge"), get("redirect_uri")]));
    let _ = visit(&get("redirect_uri"), &format!("/?code=4%2Fplanted-code&state={}", get("state")));
    let (code, text) = end(child, out);
    assert!(code == 1 && text.contains("gmail.compose was not allowed"), "{text}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "as it was");
    for (args, words) in [
        (&["log-in", "post", "--client", "client.json"][..], "no mail source \"post\""),
        (&["log-in", "--client", "none.json"], "cannot be read"),
        (&["log-in", "--client", "tipstaff.toml"], "chmod 600"),
    ] {
        let said = env.run(args);
        assert!(said.code == 2 && said.err.contains(words), "{args:?}: {}", said.err);
    }
}
