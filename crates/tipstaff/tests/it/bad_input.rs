//! Bad input and bad places: each gets a clear error or a held message, and nothing is lost.
#![cfg(unix)]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rusqlite::Connection;
use store::{Desk, OpenOptions};

use crate::{
    env::{Env, NOW, Said},
    mails::{self, Mail, ann, bob, drafts, env, mbox, one, snapshot},
};

/// Import these bytes as an mbox and say `all`.
fn import(bytes: impl AsRef<[u8]>) -> (Env, Said) {
    let env = env();
    env.write("in.mbox", bytes);
    let said = env.answer(&["import", "in.mbox"], "all\n");
    assert!(!said.err.contains("panicked"), "{}", said.err);
    quiet(&said.out);
    quiet(&said.err);
    (env, said)
}

/// Nothing that a terminal would obey, and nothing that hides or turns text, is printed.
fn quiet(text: &str) {
    let bad = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if let Some(c) = text.chars().find(|c| bad(*c)) {
        panic!("U+{:04X} is printed raw in {text:?}", u32::from(c));
    }
}

fn messages(env: &Env) -> i64 {
    one(&env.desk(), "select count(*) from messages")
}

fn trackers(env: &Env) -> i64 {
    one(&env.desk(), "select count(*) from trackers")
}

/// Every message has exactly one fate, and what an import said it did is there.
fn sound(env: &Env) {
    env.run(&["log", "--verify"]).expect(0);
    let v = env.run(&["doctor", "--json"]).json();
    for f in v.as_array().unwrap() {
        assert_ne!(f["level"], "fault", "{f}");
    }
    assert_eq!(
        one::<i64>(
            &env.desk(),
            "select count(*) from messages m left join raw r on r.id = m.id where r.id is null"
        ),
        0
    );
}

#[test]
fn a_cut_mbox_keeps_what_is_there_and_says_where_it_ends() {
    let whole = mbox(&[ann(), bob()]);
    let cut = whole.len() - 200;
    let (env, said) = import(&whole[..cut]);
    assert!(
        said.out.contains("in part: in.mbox at byte") && said.out.contains("ends inside"),
        "{}",
        said.out
    );
    assert_eq!(messages(&env), 2);
    sound(&env);
    // The whole file later: the first is known, the second is the same mail with its end.
    env.write("in.mbox", &whole);
    let said = env.run(&["import", "in.mbox"]).expect(4);
    assert!(said.out.contains("1 new, 1 known"), "{}", said.out);
    assert!(said.out.contains("clash"), "the cut mail and the whole one are not the same: {}", said.out);
}

#[test]
fn lines_that_begin_with_from_stay_inside_their_mail() {
    let mut m = ann();
    m.body.push_str("\nFrom here on the server is lost.\n\nFrom 10:00 it was down.\n");
    let raw = format!("From x@mx.example Mon Nov 16 10:00:00 2026\n{}\n\n", m.eml());
    let (env, said) = import(format!("{raw}{}", bob().entry()));
    assert!(said.out.contains("read: 2 new"), "{}", said.out);
    let body: String = one(&env.desk(), "select body from trackers where number = 1");
    assert!(body.contains("From 10:00 it was down."), "{body}");
    sound(&env);
}

#[test]
fn bytes_that_fit_no_charset_are_read_as_far_as_they_go() {
    let mut raw = ann().with("Content-Type: text/plain; charset=utf-8").entry().into_bytes();
    let at = raw.windows(5).position(|w| w == b"check").unwrap();
    raw.splice(at..at, *b"\xff\xfe\xe4");
    let wrong = bob().with("Content-Type: text/plain; charset=x-klingon").entry();
    let mut third = mails::cleo().with("Content-Type: text/plain; charset=us-ascii").entry().into_bytes();
    let at = third.windows(6).position(|w| w == b"Cleo D").unwrap();
    third.splice(at..at, *b"Zo\xeb ");
    let (env, said) = import([raw, wrong.into_bytes(), third].concat());
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!((messages(&env), trackers(&env)), (3, 3));
    let body: String = one(&env.desk(), "select body from trackers where number = 1");
    assert!(body.contains("An attacker can overwrite any file"), "{body}");
    sound(&env);
}

/// Run the import and watch its memory; returns what it said and the peak in MiB.
fn watched(env: &Env) -> (Said, u64) {
    let mut child = env
        .command(&["import", "in.mbox"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"all\n");
    let file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&file).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
        let kb: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        peak = peak.max(kb / 1024);
        std::thread::sleep(Duration::from_millis(5));
    }
    let o = child.wait_with_output().unwrap();
    let said = Said {
        out: String::from_utf8_lossy(&o.stdout).into_owned(),
        err: String::from_utf8_lossy(&o.stderr).into_owned(),
        code: o.status.code().unwrap_or(-1),
    };
    (said, peak)
}

#[test]
fn a_mail_of_100_megabytes_is_held_and_the_next_one_is_read() {
    let env = env();
    let path = env.path().join("in.mbox");
    let mut f = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    let mut head = ann();
    head.id = "big@ann.example";
    head.subject = "A very large mail";
    f.write_all(head.entry().trim_end().as_bytes()).unwrap();
    let line = [b'x'; 999];
    for _ in 0..100 * 1024 {
        f.write_all(&line).unwrap();
        f.write_all(b"\n").unwrap();
    }
    f.write_all(b"\n").unwrap();
    f.write_all(bob().entry().as_bytes()).unwrap();
    drop(f);
    assert!(fs::metadata(&path).unwrap().len() > 100_000_000);
    let (said, peak) = watched(&env);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("only the head of this large message was read"), "{}", said.out);
    assert!(said.out.contains("too large to read whole"), "{}", said.out);
    assert!(said.out.contains("created desk#1"), "{}", said.out);
    let words: String = one(&env.desk(), "select group_concat(message_id || ' ' || word) from messages");
    assert!(
        words.contains("two@bob.example tracker") && words.contains("big@ann.example waiting"),
        "{words}"
    );
    assert!(peak > 0 && peak < 256, "{peak} MiB");
    sound(&env);
}

#[test]
fn deep_and_wide_mime_is_held_or_read_and_never_breaks_anything() {
    let mut deep = String::new();
    for i in 0..1000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"));
    }
    deep.push_str("Content-Type: text/plain\n\nthe bottom\n");
    let mut a = ann();
    a.id = "deep@ann.example";
    a.body = String::new();
    let deep = format!(
        "From x@mx.example Mon Nov 16 10:00:00 2026\n{}MIME-Version: 1.0\n{deep}\n",
        a.eml().trim_end_matches('\n').to_owned() + "\n"
    );
    let mut wide = String::from("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=w\n\n");
    for _ in 0..100_000 {
        wide.push_str("--w\nContent-Type: text/plain\n\nx\n");
    }
    wide.push_str("--w--\n");
    let mut b = bob();
    b.id = "wide@bob.example";
    b.body = String::new();
    let wide = format!(
        "From x@mx.example Mon Nov 16 10:00:00 2026\n{}{wide}\n",
        b.eml().trim_end_matches('\n').to_owned() + "\n"
    );
    let env = env();
    env.write("in.mbox", format!("{deep}{wide}{}", mails::cleo().entry()));
    let (said, peak) = watched(&env);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(messages(&env), 3);
    assert!(said.out.contains("too many parts"), "{}", said.out);
    assert!(said.out.contains("Heap buffer overflow"), "{}", said.out);
    assert!(peak < 256, "{peak} MiB");
    sound(&env);
}

#[test]
fn mails_without_or_with_the_same_message_id_are_all_kept() {
    let strip = |m: Mail| {
        m.entry()
            .lines()
            .filter(|l| !l.starts_with("Message-ID:"))
            .map(|l| format!("{l}\n"))
            .collect::<String>()
    };
    let mut second = bob();
    second.id = "one@ann.example";
    let (env, said) =
        import(format!("{}{}{}{}", strip(ann()), strip(bob()), mails::cleo().entry(), second.entry()));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(messages(&env), 4);
    assert!(said.out.contains("no message id"), "{}", said.out);
    // A mail that cannot be referred to is answered without inventing a reference.
    let (_, d) = drafts(&env.desk()).into_iter().find(|(_, d)| d.contains("ann@ann.example")).unwrap();
    assert!(!d.contains("In-Reply-To") && !d.contains("References"), "{d}");
    sound(&env);
    let said = env.run(&["import", "in.mbox"]).expect(3);
    assert!(said.out.contains("unchanged"), "{}", said.out);
}

#[test]
fn dates_that_cannot_be_true_are_not_believed() {
    let mut all = String::new();
    for (i, date) in [
        "",
        "Date: yesterday, after lunch",
        "Date: Mon, 16 Nov 2099 10:00:00 +0000",
        "Date: Thu, 01 Jan 1970 00:00:00 +0000",
        "Date: Mon, 99 Foo 99999999999 99:99:99 +9999",
    ]
    .iter()
    .enumerate()
    {
        let m = ann().entry().replace("one@ann.example", &format!("d{i}@ann.example"));
        all.extend(m.lines().filter(|l| !l.starts_with("Date:") && !l.starts_with("Received:")).map(|l| {
            let l = if l.starts_with("Subject:") { format!("{l} number {i}\n{date}") } else { l.to_owned() };
            format!("{}\n", l.trim_end())
        }));
    }
    let env = env();
    env.write("in.mbox", all);
    let said = env.answer(&["import", "in.mbox"], "all\n");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(messages(&env), 5);
    let late: i64 = one(
        &env.desk(),
        &format!("select count(*) from messages where arrived > '{NOW}' or arrived < '1990'"),
    );
    assert_eq!(late, 0);
    let late: i64 = one(
        &env.desk(),
        &format!("select count(*) from trackers where received > '{NOW}' or received < '1990'"),
    );
    assert_eq!(late, 0);
    env.run(&["queue"]).expect(0);
    sound(&env);
}

#[test]
fn a_header_cannot_bring_another_header_into_the_draft() {
    let mut m = ann();
    m.subject = "=?utf-8?Q?Path_traversal=0D=0ABcc:_everybody@evil.example=0D=0A=0D=0AHello?=";
    m.from = "=?utf-8?Q?Ann=0D=0ABcc:_all@evil.example?= <ann@ann.example>";
    let mut n =
        bob().with("Reply-To: \"x\\\"\r\n\tBcc: y@evil.example\" <bob@bob.example>, <evil@evil.example>\r");
    n.headers = n.headers.replace('\r', "");
    let m = m.with("References: <a b@c.example> <ok@ann.example> <\u{7f}x@y.example>");
    let (env, said) = import(mbox(&[m, n]));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(trackers(&env), 2);
    let all = drafts(&env.desk());
    assert_eq!(all.len(), 2, "{all:#?}");
    for (_, d) in &all {
        let (head, _) = d.split_once("\r\n\r\n").unwrap();
        for line in head.split("\r\n") {
            let name = line.split(':').next().unwrap().to_lowercase();
            assert!(name != "bcc", "{head}");
            assert!(line.starts_with([' ', '\t']) || line.contains(':'), "{head}");
        }
        assert!(head.to_lowercase().matches("\nto:").count() == 1, "{head}");
    }
    let title: String = one(&env.desk(), "select title from trackers where number = 1");
    assert!(!title.contains(['\n', '\r']), "{title:?}");
    let status: String = one(&env.desk(), "select group_concat(body) from comments");
    assert_eq!(status.matches("<details>").count(), status.matches("</details>").count(), "{status}");
    sound(&env);
}

#[test]
fn a_mail_that_cannot_be_answered_does_not_stop_the_others() {
    let long: &'static str = Box::leak(format!("b{}@x.example", "y".repeat(2000)).into_boxed_str());
    let mails: Vec<Mail> = [
        ("a@x.example", "\"a b\" <\"a b\"@x.example>"),
        (long, "B <b@x.example>"),
        ("c@x.example", "C <c@[127.0.0.1]>"),
        ("d@x.example", "D <f@@x.example>"),
        ("e@x.example", "undisclosed-recipients:;"),
        ("f f@x.example", "F <f@x.example>"),
        ("g@x.example", "G <ggg@x.example"),
    ]
    .into_iter()
    .zip(0..)
    .map(|((id, from), i)| {
        let mut m = if i % 2 == 0 { ann() } else { bob() };
        (m.id, m.from, m.minute) = (id, from, i);
        // Reports of different things, so that none is the twin of another.
        m.body = m
            .body
            .replace("/api/files", &format!("/api/f{i}"))
            .replace("POST /login", &format!("POST /login{i}"));
        m.with(&format!("References: <ok{i}@x.example> <b d@x{i}> <z@x{i}>"))
    })
    .collect();
    let (env, said) = import(mbox(&[&mails[..], &[mails::cleo()]].concat()));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(!said.out.contains("failed:") && !said.out.contains("refused:"), "{}", said.out);
    assert_eq!(
        one::<i64>(&env.desk(), "select count(*) from messages where word in ('tracker', 'duplicate')"),
        8
    );
    assert!(drafts(&env.desk()).iter().any(|(_, d)| d.contains("cleo@cleo.example")));
    sound(&env);
}

#[test]
fn a_name_or_title_cannot_forge_the_status_of_a_tracker() {
    let mut m = ann();
    m.from = "\"</details> 2020-01-01 · @maren · Close ·\" <ann@ann.example>";
    m.subject = "Traversal <!-- tipstaff --> </summary></details> | ### CWE";
    m.body.push_str("\n### CWE\n\nCWE-999\n\n### Severity\n\nCritical\n");
    let (env, said) = import(mbox(&[m]));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let v = env.run(&["show", "1", "--json"]).expect(0).json();
    assert!(v["fields"]["cwe"].is_null(), "{v}");
    assert_eq!(v["fields"]["severity"], "Unknown");
    let status: String = one(&env.desk(), "select body from comments where kind = 'rollup'");
    assert_eq!(status.matches("<details>").count(), 1, "{status}");
    assert_eq!(status.matches("</details>").count(), 1, "{status}");
}

#[test]
fn what_cannot_be_seen_is_spelled_out_on_the_terminal() {
    let mut m = ann();
    m.subject = "Path traversal \u{202e}daolpu elif\u{202c} \u{200b}\u{1b}[31mred\u{7} \u{9b}2J";
    m.from = "Ann \u{202e}rehcrA\u{1b}]8;;http://evil\u{7} <ann@ann.example>";
    m.id = "one\u{202e}x@ann.example";
    m.body = format!("\u{feff}{}\n\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}evil\u{2066}\u{200b}\n", m.body);
    let mut s = mails::spam();
    s.subject = "First page \u{202e}ranking\u{1b}[5m guaranteed";
    let (env, said) = import(mbox(&[m.clone(), s.clone()]));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("<U+202E>"), "{}", said.out);
    let mut n = m.clone();
    n.body = bob().body;
    env.write("two.mbox", mbox(&[n, s]));
    for args in [
        &["show", "1"][..],
        &["why", "1"],
        &["queue"],
        &["log"],
        &["plan", "list"],
        &["import", "--skipped"],
        &["import", "two.mbox", "--why"],
        &["doctor"],
    ] {
        let said = env.run(args);
        quiet(&said.out);
        quiet(&said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
    let digest: String = one(&env.desk(), "select digest from plans limit 1");
    quiet(&env.run(&["plan", "show", &digest]).expect(0).out);
    sound(&env);
}

#[test]
fn nul_bytes_do_not_end_a_mail() {
    let mut raw = ann().entry().into_bytes();
    let at = raw.windows(11).position(|w| w == b"An attacker").unwrap();
    raw.splice(at..at, *b"\0\0");
    let (env, said) = import(&raw);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let body: String = one(&env.desk(), "select body from trackers");
    assert!(body.contains("can overwrite any file") && !body.contains('\0'), "{body:?}");
    sound(&env);
    // One mail in a file, with NUL near its beginning, is still a mail; a picture is none.
    let mut eml = bob().eml().into_bytes();
    let at = eml.windows(9).position(|w| w == b"Dear team").unwrap();
    eml.splice(at..at, *b"\0");
    env.write("one.eml", &eml);
    assert!(env.run(&["import", "one.eml"]).expect(4).out.contains("read: 1 new"));
    env.write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let said = env.run(&["import", "picture.png"]).expect(1);
    assert!(said.err.contains("binary data"), "{}", said.err);
}

#[test]
fn links_and_pipes_in_a_maildir_are_passed_over_by_name() {
    let env = env();
    env.write("box/new/1.host", ann().eml());
    fs::create_dir_all(env.path().join("box/cur")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", env.path().join("box/new/2.host")).unwrap();
    std::os::unix::fs::symlink("1.host", env.path().join("box/new/3.host")).unwrap();
    assert!(Command::new("mkfifo").arg(env.path().join("box/cur/4.host")).status().unwrap().success());
    let said = env.answer(&["import", "box"], "all\n").expect(0);
    assert!(said.out.contains("read: 1 new"), "{}", said.out);
    assert_eq!(said.out.matches("a symbolic link is not followed").count(), 2, "{}", said.out);
    assert!(said.out.contains("it is no regular file"), "{}", said.out);
    let fifo = env.path().join("pipe.mbox");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let said = env.run(&["import", "pipe.mbox"]).expect(1);
    assert!(said.err.contains("neither a file nor a folder"), "{}", said.err);
    let said = env.run(&["import", "/dev/zero"]).expect(1);
    assert!(said.err.contains("neither a file nor a folder"), "{}", said.err);
}

#[test]
fn empty_and_foreign_files_are_said_to_be_so() {
    let env = env();
    env.write("empty.mbox", "");
    let said = env.run(&["import", "empty.mbox"]);
    assert!(matches!(said.code, 3) && said.out.contains("0 new"), "{}{}{}", said.code, said.out, said.err);
    env.write("notes.txt", "This is no mail.\nIt has lines.\n");
    let said = env.run(&["import", "notes.txt"]);
    assert!(said.out.contains("no mail"), "{}{}", said.out, said.err);
    fs::create_dir(env.path().join("hollow")).unwrap();
    env.run(&["import", "hollow"]).expect(3);
}

#[test]
fn a_read_only_desk_is_an_error_that_says_so() {
    if !Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"])
        .status()
        .is_ok_and(|s| s.success())
    {
        let _ = writeln!(std::io::stderr(), "skipped: becoming another user needs root and setpriv");
        return;
    }
    let env = env();
    env.write("in.mbox", mbox(&[ann()]));
    env.answer(&["import", "in.mbox"], "none\n").expect(0);
    // Everything readable for the other user, nothing writable.
    let exe = env.path().join("tipstaff");
    fs::copy(env!("CARGO_BIN_EXE_tipstaff"), &exe).unwrap();
    fs::copy(mails::config(), env.path().join("tipstaff.toml")).unwrap();
    let open = |p: &Path, mode| fs::set_permissions(p, fs::Permissions::from_mode(mode)).unwrap();
    open(env.path(), 0o755);
    open(&env.desk(), 0o555);
    open(&env.desk().join("desk.sqlite"), 0o444);
    let before = fs::read(env.desk().join("desk.sqlite")).unwrap();
    let nobody = |args: &[&str]| {
        let o = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&exe)
            .args(args)
            .env_clear()
            .env("TIPSTAFF_NOW", NOW)
            .env("TIPSTAFF_DESK", env.desk())
            .current_dir(env.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (o.status.code(), String::from_utf8_lossy(&o.stderr).into_owned())
    };
    for args in [&["import", "in.mbox"][..], &["comment", "1", "x"], &["import", "--unskip", "x@y.example"]] {
        let (code, err) = nobody(args);
        assert!(
            code != Some(0) && err.contains("error: ") && !err.contains("panicked"),
            "{args:?}: {code:?} {err}"
        );
    }
    let (code, err) = nobody(&["import", "in.mbox", "--all"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("read-only for this user") || err.contains("may be written"), "{err}");
    assert_eq!(fs::read(env.desk().join("desk.sqlite")).unwrap(), before);
    // A place where no desk can be made.
    let o = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&exe)
        .args(["import", "in.mbox", "--desk", "/usr/nowhere/desk"])
        .env_clear()
        .current_dir(env.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&o.stderr);
    assert!(
        o.status.code() == Some(1) && err.contains("cannot be made") && err.contains("--desk DIR"),
        "{err}"
    );
}

#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let mails = mbox(&[ann(), bob(), mails::spam()]);
    let fresh = || {
        let env = env();
        env.write("in.mbox", &mails);
        Desk::open(&env.desk(), OpenOptions { create: true, now: NOW.parse().unwrap(), seed: [7; 32] })
            .unwrap();
        env
    };
    let whole = fresh();
    whole.answer(&["import", "in.mbox"], "all\n").expect(0);
    let want = snapshot(&whole.desk(), false);
    let mut failed = 0;
    // Units of 512 bytes: from no room at all to enough.
    for blocks in [1, 32, 96, 200, 300, 400, 460, 520, 600, 700, 900, 4000] {
        let env = fresh();
        let command = env.command(&["import", "in.mbox"]);
        let mut sh = Command::new("sh");
        sh.arg("-c")
            .arg(format!("ulimit -f {blocks}; exec \"$0\" \"$@\""))
            .arg(command.get_program())
            .args(command.get_args());
        sh.env_clear().current_dir(env.path());
        for (k, v) in command.get_envs() {
            if let Some(v) = v {
                sh.env(k, v);
            }
        }
        let mut child =
            sh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(b"all\n");
        let o = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr));
        assert!(!err.contains("panicked"), "{blocks}: {err}");
        match o.status.code() {
            Some(0) => {}
            Some(1) => {
                failed += 1;
                let all = format!("{out}{err}");
                assert!(all.contains("error: ") || all.contains("failed"), "{blocks}: {all}");
                assert!(
                    all.contains("full") || all.contains("too large") || all.contains("size limit"),
                    "{blocks}: the cause is not named: {all}"
                );
            }
            other => panic!("{blocks}: exit {other:?}, {:?}\n{out}{err}", o.status),
        }
        // Nothing half-written, neither drafts nor plans.
        for (name, text) in drafts(&env.desk()) {
            assert!(text.contains("security team"), "{blocks}: {name} is half a draft");
        }
        for plan in fs::read_dir(env.desk().join("plans")).into_iter().flatten() {
            let plan = plan.unwrap().path();
            let text = fs::read_to_string(&plan).unwrap();
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{blocks}: {}", plan.display());
        }
        sound(&env);
        // With room again it comes to the same end.
        let said = env.run(&["plan", "resume"]);
        assert!(matches!(said.code, 0 | 3), "{blocks}: {}{}", said.out, said.err);
        let said = env.answer(&["import", "in.mbox"], "all\n");
        assert!(matches!(said.code, 0 | 3), "{blocks}: {}{}", said.out, said.err);
        let got = snapshot(&env.desk(), false);
        assert!(got == want, "{blocks}\nwanted {want}\ngot {got}");
    }
    assert!(failed >= 6, "only {failed} of the limits were felt");
}

#[test]
fn drafts_that_cannot_be_written_leave_the_plan_to_be_resumed() {
    let env = env();
    env.write("in.mbox", mbox(&[ann(), bob()]));
    env.run(&["import", "in.mbox"]).expect(4);
    // A file stands where the folder should be.
    fs::write(env.desk().join("drafts"), "in the way").unwrap();
    let said = env.answer(&["import", "in.mbox"], "all\n");
    assert!(matches!(said.code, 1 | 4), "{}{}", said.out, said.err);
    assert!(said.out.contains("drafts"), "{}", said.out);
    sound_but_drafts(&env);
    fs::remove_file(env.desk().join("drafts")).unwrap();
    env.run(&["plan", "resume"]).expect(0);
    assert_eq!(drafts(&env.desk()).len(), 2);
    assert_eq!(trackers(&env), 2);
    let status: String = one(&env.desk(), "select group_concat(body) from comments");
    assert_eq!(status.matches("pending draft").count(), 2, "{status}");
    sound(&env);
}

fn sound_but_drafts(env: &Env) {
    env.run(&["log", "--verify"]).expect(0);
    let said = env.run(&["doctor"]).expect(1);
    assert!(said.out.contains("drafts"), "{}", said.out);
}

#[test]
fn older_newer_foreign_and_broken_desks_are_told_apart() {
    let with = |make: &dyn Fn(&Path)| {
        let env = env();
        fs::create_dir_all(env.desk()).unwrap();
        make(&env.desk().join("desk.sqlite"));
        env
    };
    // An empty file, or a database without anything in it, becomes a desk.
    for make in [&(|p: &Path| fs::write(p, "").unwrap()) as &dyn Fn(&Path), &|p: &Path| {
        Connection::open(p).unwrap().execute_batch("pragma user_version = 0; vacuum").unwrap()
    }] {
        let env = with(make);
        env.run(&["queue"]).expect(3);
        sound(&env);
    }
    let newer = format!("has version 99, this program knows up to {}; use the newer tipstaff", store::SCHEMA);
    for (what, make, words) in [
        (
            "a newer desk",
            &(|p: &Path| {
                drop(
                    Desk::open(
                        p.parent().unwrap(),
                        OpenOptions { create: true, now: NOW.parse().unwrap(), seed: [1; 32] },
                    )
                    .unwrap(),
                );
                Connection::open(p).unwrap().execute_batch("pragma user_version = 99").unwrap();
            }) as &dyn Fn(&Path),
            newer.as_str(),
        ),
        (
            "a foreign database",
            &|p: &Path| Connection::open(p).unwrap().execute_batch("create table songs (name text)").unwrap(),
            "is a database, but not a desk",
        ),
        (
            "a foreign database with a version",
            &|p: &Path| {
                Connection::open(p)
                    .unwrap()
                    .execute_batch("create table songs (name text); pragma user_version = 1")
                    .unwrap()
            },
            "is a database, but not a desk",
        ),
        (
            "no database",
            &|p: &Path| fs::write(p, "just some text, long enough to be looked at".repeat(40)).unwrap(),
            "damaged",
        ),
        ("a folder", &|p: &Path| fs::create_dir(p).unwrap(), "cannot be opened"),
    ] {
        let env = with(make);
        let file = env.desk().join("desk.sqlite");
        let before = fs::read(&file).ok();
        for args in [&["queue"][..], &["import", "in.mbox"], &["doctor"]] {
            env.write("in.mbox", mbox(&[ann()]));
            let said = env.run(args);
            assert_eq!(said.code, 1, "{what} {args:?}: {}{}", said.out, said.err);
            assert!(
                said.err.contains(words) || (what == "a folder" && said.err.contains("error: ")),
                "{what}: {}",
                said.err
            );
        }
        assert_eq!(fs::read(&file).ok(), before, "{what} was written to");
    }
}

#[test]
fn a_damaged_desk_is_named_and_not_made_worse() {
    let env = env();
    env.write("in.mbox", mbox(&[ann(), bob()]));
    env.answer(&["import", "in.mbox"], "all\n").expect(0);
    let file = env.desk().join("desk.sqlite");
    let whole = fs::read(&file).unwrap();
    // Pages overwritten in the middle, and a file that ends early.
    let mut holes = whole.clone();
    for page in 2..whole.len() / 4096 {
        for b in &mut holes[page * 4096..page * 4096 + 64] {
            *b = 0xAA;
        }
    }
    for (what, bytes) in [("holes", holes), ("cut", whole[..whole.len() / 2].to_vec())] {
        fs::write(&file, &bytes).unwrap();
        for args in
            [&["queue"][..], &["show", "1"], &["log", "--verify"], &["doctor"], &["import", "in.mbox"]]
        {
            let said = env.run(args);
            assert!(!said.err.contains("panicked"), "{what} {args:?}: {}", said.err);
            assert_ne!(said.code, 101);
            if args[0] == "doctor" || args[0] == "queue" {
                assert_eq!(said.code, 1, "{what} {args:?}: {}{}", said.out, said.err);
                let all = format!("{}{}", said.out, said.err);
                assert!(all.contains("damaged") || all.contains("fault"), "{what} {args:?}: {all}");
            }
        }
    }
    fs::write(&file, &whole).unwrap();
    env.run(&["doctor"]).expect(0);
}
