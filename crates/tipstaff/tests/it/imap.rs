//! A desk on a real IMAP server: mail in, drafts out, each once, whenever the program dies. Without Dovecot these tests
//! say so and pass.
#![cfg(unix)]

use std::{
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::Command,
};

use connect::mailbox::{Abilities, Cursor, Found, Mail, MailFault, Mailbox, NewDraft, Page, Place};
use desk::plan::apply;
use jiff::Timestamp;
use testkit::dovecot::{Dovecot, PASSWORD};
use tipstaff::app::{Ports, Session, plans};

use crate::{
    crash::setting,
    env::{Env, Said},
    mails::{ann, ann_again, bob, config, copy_dir, media, one, spam},
};

/// A configuration whose primary source is that server, and the file with its password.
fn configure(dir: &Path, d: &Dovecot, more: &str) -> PathBuf {
    let word = dir.join("mail-password");
    std::fs::write(&word, PASSWORD).unwrap();
    std::fs::set_permissions(&word, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = std::fs::read_to_string(config()).unwrap();
    let source = format!(
        "\n[[mail.source]]\nname = \"box\"\nkind = \"imap\"\nrole = \"primary\"\nurl = \"imap://127.0.0.1:{}\"\n\
         account = \"alice\"\ncredential = \"file:mail-password\"\n{more}",
        d.port
    );
    let path = dir.join("tipstaff.toml");
    std::fs::write(&path, text + &source).unwrap();
    path
}

fn env(d: &Dovecot, more: &str) -> Env {
    let mut env = Env::new();
    let path = configure(env.path(), d, more);
    env.use_config(&path);
    env
}

fn deliver(d: &Dovecot) {
    let mails = [ann(), bob(), spam(), media(), ann_again()];
    let mails: Vec<_> = mails
        .iter()
        .map(|m| (format!("1.{}", m.minute), m.eml().replace('\n', "\r\n").into_bytes()))
        .collect();
    d.deliver_all("INBOX", &mails);
}

/// Message-IDs of the drafts on the server, in order.
fn drafts(d: &Dovecot) -> Vec<String> {
    let id = |bytes: &[u8]| desk::mail::parse_headers(bytes, Timestamp::UNIX_EPOCH).key.id;
    let mut ids: Vec<String> = d.messages("Drafts").iter().map(|(_, bytes)| id(bytes)).collect();
    ids.sort();
    ids
}

/// The secret shows in nothing that was said or kept.
fn no_secret(env: &Env, said: &[&Said]) {
    env.holds_none_of(&[PASSWORD], said);
}

#[test]
fn mail_comes_from_the_server_and_drafts_go_there_once() {
    let Some(d) = Dovecot::start() else { return };
    deliver(&d);
    let env = env(&d, "");
    let first = env.answer(&["import", "--trace"], "all\n").expect(0);
    assert!(first.out.contains("read: 5 new, 0 known"), "{}", first.out);
    assert!(first.err.contains("read INBOX ok"), "{}", first.err);
    let there = drafts(&d);
    assert!(!there.is_empty(), "{}", first.out);
    let waits = format!("{} drafts wait in Drafts of imap://127.0.0.1:{} (alice)", there.len(), d.port);
    assert!(first.out.contains(&waits), "{}", first.out);
    assert!(!env.desk().join("drafts").exists(), "the folder of this machine is not used");
    // Nobody's unread mail became read, and the same again finds nothing.
    assert!(d.messages("INBOX").iter().all(|(name, _)| !name.contains('S')));
    let again = env.run(&["import"]).expect(4);
    assert!(again.out.contains("0 new, 0 known, 1 source unchanged"), "{}", again.out);
    assert_eq!(drafts(&d), there);
    // The same mails by another way are the same mails.
    let export: String = [ann(), bob()].iter().map(crate::mails::Mail::entry).collect();
    env.write("export.mbox", export);
    let other = env.run(&["import", "export.mbox"]).expect(4);
    assert!(other.out.contains("read: 0 new, 2 known"), "{}", other.out);
    let sound = env.run(&["doctor"]).expect(0);
    for line in ["lets us in, with no encryption", "INBOX has 5 messages", "drafts go to Drafts"] {
        assert!(sound.out.contains(line), "{}", sound.out);
    }
    // A person sends one, and the mail client moves it: sync knows, and asks nobody.
    let (name, bytes) = d.messages("Drafts").remove(0);
    let id = desk::mail::parse_headers(&bytes, Timestamp::UNIX_EPOCH).key.id;
    std::fs::remove_file(d.home().join(".Drafts/cur").join(&name)).unwrap();
    d.deliver("Sent", "9.sent", &bytes);
    let state = format!("select state from ledger where message_id = '{id}'");
    assert_eq!(one::<String>(&env.desk(), &state), "drafted");
    let synced = env.run(&["sync"]);
    assert_eq!(one::<String>(&env.desk(), &state), "sent", "{}", synced.out);
    let log = env.run(&["log"]).expect(0);
    no_secret(&env, &[&first, &again, &other, &sound, &synced, &log]);
}

#[test]
fn an_old_thread_is_read_whole_when_it_is_asked_for() {
    let Some(d) = Dovecot::start() else { return };
    let mail = |m: &crate::mails::Mail| m.eml().replace('\n', "\r\n").into_bytes();
    d.deliver("INBOX", "1.old", &mail(&ann()));
    let old = ["new", "cur"].map(|sub| d.home().join(sub).join("1.old"));
    let old = old.into_iter().find(|p| p.exists()).unwrap();
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(300 * 86_400);
    std::fs::File::options().write(true).open(old).unwrap().set_modified(then).unwrap();
    d.deliver("INBOX", "2.new", &mail(&ann_again()));
    let env = env(&d, "");
    let first = env.run(&["import"]);
    assert!(first.out.contains("read: 1 new"), "{}{}", first.out, first.err);
    let thread = env.run(&["import", "thread:six@ann.example"]);
    assert!(thread.out.contains("1 new, 1 known"), "{}{}", thread.out, thread.err);
    assert!(thread.out.contains("Path traversal in file upload"), "{}", thread.out);
    assert!(d.messages("INBOX").iter().all(|(name, _)| !name.contains('S')), "nobody read it");
}

#[test]
fn a_server_that_is_down_is_named_and_what_was_approved_goes_on_later() {
    let Some(mut d) = Dovecot::start() else { return };
    deliver(&d);
    let env = env(&d, "mandatory = true\n");
    let shown = env.run(&["import"]).expect(4);
    d.stop();
    // Approved while the server is away: nothing is made, nothing is lost.
    let short = shown.out.split("The plan waits as ").nth(1).unwrap().split('.').next().unwrap().to_owned();
    let _ = env.run(&["plan", "approve", &short, "all"]);
    let down = env.run(&["plan", "apply", &short]);
    assert_ne!(down.code, 0, "{}", down.out);
    assert!((down.out.clone() + &down.err).contains("nothing was sent"), "{}{}", down.out, down.err);
    let blocked = env.run(&["import"]);
    assert_ne!(blocked.code, 0);
    let ill = env.run(&["doctor"]);
    assert!(ill.out.contains("mail source \"box\"") && ill.out.contains("Connection refused"), "{}", ill.out);
    d.resume();
    let done = env.run(&["plan", "resume"]).expect(0);
    let ids = drafts(&d);
    let mut unique = ids.clone();
    unique.dedup();
    assert!(!ids.is_empty() && ids == unique, "{}\n{ids:?}", done.out);
    // A wrong password is said as what it is, with the place to mend, and stops a mandatory source.
    std::fs::write(env.path().join("mail-password"), "planted-imap-secret-of-yesterday").unwrap();
    let refused = env.run(&["import"]).expect(5);
    assert!(refused.err.contains("the log-in was refused"), "{}", refused.err);
    std::fs::set_permissions(env.path().join("mail-password"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    let shared = env.run(&["doctor"]);
    assert!(shared.out.contains("can be read by others"), "{}", shared.out);
    no_secret(&env, &[&shown, &down, &blocked, &ill, &done, &refused, &shared]);
}

#[test]
fn a_fallback_is_read_when_the_primary_is_down_and_no_draft_is_written_blindly() {
    let Some(d) = Dovecot::start() else { return };
    deliver(&d);
    // The primary is a port nobody listens on; the fallback is the server.
    let mut env = Env::new();
    let path = configure(env.path(), &d, "");
    let text = std::fs::read_to_string(&path).unwrap().replace(
        "[[mail.source]]\nname = \"box\"\nkind = \"imap\"\nrole = \"primary\"",
        "[[mail.source]]\nname = \"gone\"\nkind = \"imap\"\nrole = \"primary\"\nurl = \"imap://127.0.0.1:1\"\n\
         account = \"alice\"\ncredential = \"file:mail-password\"\n\n\
         [[mail.source]]\nname = \"box\"\nkind = \"imap\"\nrole = \"fallback\"",
    );
    std::fs::write(&path, text).unwrap();
    env.use_config(&path);
    let said = env.answer(&["import"], "all\n").expect(4);
    assert!(said.out.contains("source: mail source \"gone\""), "{}", said.out);
    assert!(said.out.contains("read: 5 new"), "{}", said.out);
    // The primary may hold a draft on that thread already: unknown is not no.
    assert!(said.out.contains("needs you"), "{}", said.out);
    assert!(drafts(&d).is_empty());
    // Where the user says where drafts go, nobody else is asked about them.
    let text = std::fs::read_to_string(&path).unwrap();
    let mut told = Env::new();
    let path = configure(told.path(), &d, "");
    std::fs::write(&path, text + "\n[user]\ndraft_backend = \"box\"\n").unwrap();
    told.use_config(&path);
    let said = told.answer(&["import"], "all\n").expect(0);
    assert_eq!(drafts(&d).len(), 2, "{}{}", said.out, said.err);
}

/// Says to the victim after which draft it dies, and whether before or after the server has it.
const WHEN: &str = "TIPSTAFF_TEST_IMAP_DIES";
/// Says to the victim where its desk is.
const DESK: &str = "TIPSTAFF_TEST_IMAP_DESK";

/// The place where drafts go, with a hand that pulls the plug.
struct Mortal<'a> {
    inner: &'a dyn Mailbox,
    at: usize,
    after: bool,
    count: std::sync::atomic::AtomicUsize,
}

fn die() -> ! {
    let _ = Command::new("kill").arg("-9").arg(std::process::id().to_string()).status();
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

impl Mailbox for Mortal<'_> {
    fn name(&self) -> String {
        self.inner.name()
    }
    fn can(&self) -> Abilities {
        self.inner.can()
    }
    fn probe(&self) -> Vec<Result<String, MailFault>> {
        self.inner.probe()
    }
    fn page(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault> {
        self.inner.page(cursor, since)
    }
    fn fetch(&self, id: &str) -> Result<Option<Mail>, MailFault> {
        self.inner.fetch(id)
    }
    fn find(&self, place: Place, id: &str) -> Result<Option<Found>, MailFault> {
        self.inner.find(place, id)
    }
    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        self.inner.drafts()
    }
    fn create_draft(&self, draft: &NewDraft<'_>) -> Result<Found, MailFault> {
        let n = 1 + self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if n == self.at && !self.after {
            die();
        }
        let made = self.inner.create_draft(draft);
        if n == self.at {
            die();
        }
        made
    }
    fn thread_url(&self, id: &str) -> Result<Option<String>, MailFault> {
        self.inner.thread_url(id)
    }
}

/// Not a test of its own: the process that is killed. Does nothing unless it is told when to die.
#[test]
fn victim() {
    let (Ok(when), Ok(desk)) = (std::env::var(WHEN), std::env::var(DESK)) else { return };
    let (at, word) = when.split_once(' ').unwrap();
    let mut session = Session::open(setting(Path::new(&desk)), false).unwrap();
    let row = session.desk.unfinished().unwrap().remove(0);
    let approved = plans::approved(&session, &row).unwrap();
    let config = session.loaded.config.clone();
    let mortal = Mortal {
        inner: session.drafts.as_ref(),
        at: at.parse().unwrap(),
        after: word == "after",
        count: 0.into(),
    };
    let mut ports = Ports {
        desk: &mut session.desk,
        drafts: &mortal,
        config: &config,
        headings: &session.headings,
        labels: &session.labels,
        now: session.setting.now,
        authority: Ok(None),
        embargoed: std::cell::OnceCell::new(),
        host: None,
        opener: None,
    };
    let report = apply::apply(&approved, &session.policy, &mut ports);
    assert!(report.complete(), "{report:#?}");
}

#[test]
fn killed_around_every_draft_and_resumed_the_server_has_each_once() {
    let Some(d) = Dovecot::start() else { return };
    deliver(&d);
    let mut env = env(&d, "");
    let shown = env.run(&["import"]).expect(4);
    let short = shown.out.split("The plan waits as ").nth(1).unwrap().split('.').next().unwrap().to_owned();
    let base = env.path().join("base");
    let _ = env.run(&["plan", "approve", &short, "all"]);
    assert!(drafts(&d).is_empty(), "a yes alone writes nothing");
    copy_dir(&env.desk(), &base);
    let mut whole: Option<usize> = None;
    for (n, word) in [(0, "never"), (1, "before"), (1, "after"), (2, "before"), (2, "after")] {
        let _ = std::fs::remove_dir_all(env.desk());
        copy_dir(&base, &env.desk());
        for (name, _) in d.messages("Drafts") {
            std::fs::remove_file(d.home().join(".Drafts/cur").join(name)).unwrap();
        }
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "imap::victim", "--nocapture", "--test-threads=1"])
            .env(WHEN, format!("{n} {word}"))
            .env(DESK, env.desk())
            .output()
            .unwrap();
        let killed = out.status.signal() == Some(9);
        assert_eq!(
            killed,
            n > 0,
            "{}\n{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        if killed {
            assert_eq!(drafts(&d).len(), if word == "after" { n } else { n - 1 }, "{n} {word}");
        }
        // Twice: the second finds nothing to do.
        let resumed = env.run(&["plan", "resume"]);
        assert!(matches!(resumed.code, 0 | 3), "{}{}", resumed.out, resumed.err);
        let _ = env.run(&["plan", "resume"]);
        let ids = drafts(&d);
        let mut unique = ids.clone();
        unique.dedup();
        assert_eq!(ids, unique, "{n} {word}: a draft is there twice");
        assert_eq!(ids.len(), *whole.get_or_insert(ids.len()), "{n} {word}");
    }
    assert!(whole.is_some_and(|n| n >= 2), "{whole:?}");
    let path = env.path().join("tipstaff.toml");
    env.use_config(&path);
}
