//! Against a real server.

use testkit::dovecot::{Dovecot, PASSWORD};

use super::*;

fn mail(id: &str, body: &str) -> Vec<u8> {
    format!("From: R <r@example.com>\r\nTo: security@example.org\r\nSubject: s\r\nMessage-ID: <{id}>\r\n\r\n{body}\r\n").into_bytes()
}

fn plain(d: &Dovecot) -> String {
    format!("imap://127.0.0.1:{}", d.port)
}

fn open(d: &Dovecot) -> Imap {
    at(&plain(d), PASSWORD, patience(20_000))
}

fn ids(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|m| desk::mail::parse_headers(&m.bytes, Timestamp::UNIX_EPOCH).key.id).collect()
}

#[test]
fn new_mail_is_read_once_and_its_flags_stay() {
    let Some(d) = Dovecot::start() else { return };
    for n in 0..3 {
        d.deliver("INBOX", &format!("1.{n}"), &mail(&format!("m{n}@x"), "body"));
    }
    let imap = open(&d);
    let (mails, passed, cursor) = all(&imap, None, None);
    let mut got = ids(&mails);
    got.sort();
    assert_eq!((got, passed.len()), (vec!["m0@x".into(), "m1@x".into(), "m2@x".into()], 0));
    assert_eq!(mails[0].place, format!("{} INBOX uid 1", plain(&d)));
    assert!(mails[0].bytes.ends_with(b"\r\n\r\nbody\r\n"));
    // Nothing new: the same cursor, and another program sees the mail unread.
    let (none, _, same) = all(&imap, Some(cursor.clone()), None);
    assert_eq!((none.len(), &same), (0, &cursor));
    assert!(d.messages("INBOX").iter().all(|(name, _)| !name.contains(":2,S")), "{:?}", d.messages("INBOX"));
    d.deliver("INBOX", "2.0", &mail("m3@x", "later"));
    let (more, _, cursor) = all(&open(&d), Some(cursor), None);
    assert_eq!(ids(&more), ["m3@x"]);
    // One by its Message-ID; a part of it is none.
    assert_eq!(imap.fetch("m3@x").unwrap().unwrap().bytes, mail("m3@x", "later"));
    assert_eq!(imap.fetch("3@x").unwrap(), None);
    assert!(imap.fetch("").unwrap_err().nothing_made());
    assert!(!cursor.0.contains(PASSWORD));
}

#[test]
fn a_renumbered_folder_is_read_again_from_the_start() {
    let Some(mut d) = Dovecot::start() else { return };
    d.deliver("INBOX", "1.0", &mail("a@x", "a"));
    let (_, _, cursor) = all(&open(&d), None, None);
    d.renumber("INBOX");
    d.deliver("INBOX", "1.1", &mail("b@x", "b"));
    let (mails, _, _) = all(&open(&d), Some(cursor), None);
    let mut got = ids(&mails);
    got.sort();
    assert_eq!(got, ["a@x", "b@x"]);
}

#[test]
fn old_mail_is_left_out_until_it_is_asked_for_and_moved_mail_is_not() {
    let Some(d) = Dovecot::start() else { return };
    let age = |name: &str, days: u64| {
        for sub in ["new", "cur"] {
            let path = d.home().join(sub).join(name);
            if path.exists() {
                let then = std::time::SystemTime::now() - Duration::from_secs(days * 86_400);
                std::fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
            }
        }
    };
    d.deliver("INBOX", "1.old", &mail("old@x", "a"));
    age("1.old", 300);
    d.deliver("INBOX", "2.new", &mail("new@x", "b"));
    let now = Timestamp::now();
    let ago = |days: i64| Some(now - jiff::SignedDuration::from_hours(24 * days));
    let imap = open(&d);
    let (mails, _, cursor) = all(&imap, None, ago(180));
    assert_eq!(ids(&mails), ["new@x"]);
    // Somebody moves an old report into the folder: it is new to the folder, and read.
    d.deliver("INBOX", "3.moved", &mail("moved@x", "c"));
    age("3.moved", 250);
    let (mails, _, cursor) = all(&imap, Some(cursor), ago(179));
    assert_eq!(ids(&mails), ["moved@x"]);
    let (mails, _, _) = all(&imap, Some(cursor), ago(400));
    assert_eq!(mails.len(), 3);
}

#[test]
fn a_mail_too_large_is_cut_and_said_so_and_the_next_is_read() {
    let Some(d) = Dovecot::start() else { return };
    let line = "x".repeat(998) + "\r\n";
    d.deliver("INBOX", "1.big", &mail("big@x", &line.repeat(LIMIT / 1000 + 4000)));
    d.deliver("INBOX", "2.next", &mail("next@x", "hello"));
    d.deliver("INBOX", "3.empty", b"\r\n");
    let (mails, passed, _) = all(&open(&d), None, None);
    assert_eq!(ids(&mails), ["big@x", "next@x"]);
    assert_eq!(mails[0].bytes.len(), LIMIT);
    assert_eq!(
        (mails[0].note.as_str(), mails[1].note.as_str()),
        ("only the head of this large message was read", "")
    );
    assert_eq!(passed, ["an empty message"]);
}

#[test]
fn pages_bound_what_is_held_and_a_stop_between_them_loses_nothing() {
    let Some(d) = Dovecot::start() else { return };
    let body = "y".repeat(40_000);
    let mails: Vec<_> = (0..600).map(|n| (format!("1.{n:04}"), mail(&format!("{n}@x"), &body))).collect();
    d.deliver_all("INBOX", &mails);
    let mut cursor = None;
    let mut got = Vec::new();
    loop {
        // A new program each time.
        let page = open(&d).page(cursor.as_ref(), None).unwrap();
        assert!(page.mails.iter().map(|m| m.bytes.len()).sum::<usize>() <= 9 * 1024 * 1024);
        got.extend(ids(&page.mails));
        if !page.more {
            break;
        }
        cursor = Some(page.cursor);
    }
    got.sort();
    let mut want: Vec<String> = (0..600).map(|n| format!("{n}@x")).collect();
    want.sort();
    assert_eq!(got, want);
}

#[test]
fn a_draft_is_there_once_and_is_found_where_it_goes() {
    let Some(d) = Dovecot::start() else { return };
    let imap = open(&d);
    assert_eq!(imap.find(Place::Drafts, "ours-1@desk").unwrap(), None);
    let made = imap.create_draft(&draft()).unwrap();
    assert_eq!(made.place, format!("Drafts of {} (alice)", plain(&d)));
    for _ in 0..2 {
        assert_eq!(open(&d).create_draft(&draft()).unwrap(), made);
    }
    let there = d.messages("Drafts");
    assert_eq!(there.len(), 1);
    // It keeps lines as its own system ends them.
    assert_eq!(String::from_utf8_lossy(&there[0].1), String::from_utf8_lossy(LETTER).replace("\r\n", "\n"));
    assert!(there[0].0.contains('D'), "it is a draft for the mail client: {}", there[0].0);
    assert_eq!(ids(&imap.drafts().unwrap()), ["ours-1@desk"]);
    assert_eq!(imap.find(Place::Sent, "ours-1@desk").unwrap(), None);
    // A person sends it: the client moves it.
    d.deliver("Sent", "9.sent", LETTER);
    assert!(imap.find(Place::Sent, "ours-1@desk").unwrap().is_some());
    // Nothing of it stands in what is said.
    assert!(!format!("{made:?}").contains(PASSWORD));
}

#[test]
fn the_way_there_is_tls_with_a_certificate_that_is_checked() {
    let Some(d) = Dovecot::start() else { return };
    let log_in = || LogIn::Password(Secret::new(PASSWORD.into()));
    let url = format!("imaps://localhost:{}", d.tls_port);
    let trusted = ImapSource { ca_file: Some(d.authority()), ..source(&url, log_in()) };
    let imap = Imap::new(trusted, patience(20_000)).unwrap();
    imap.create_draft(&draft()).unwrap();
    assert_eq!(d.messages("Drafts").len(), 1);
    // An authority nobody trusts, or a name that is another's.
    let stranger = at(&url, PASSWORD, patience(20_000)).page(None, None).unwrap_err();
    assert!(matches!(&stranger, MailFault::Unreachable { why, .. } if why.contains("TLS")), "{stranger}");
    let mut other = source(&format!("imaps://127.0.0.2:{}", d.tls_port), log_in());
    other.ca_file = Some(d.authority());
    assert!(Imap::new(other, patience(5_000)).unwrap().page(None, None).is_err());
    // STARTTLS, as an `imap://` address of another machine would do it.
    let mut starts = source(&format!("imap://localhost:{}", d.port), log_in());
    starts.server.security = Security::StartTls;
    starts.ca_file = Some(d.authority());
    let lines: Vec<String> =
        Imap::new(starts, patience(20_000)).unwrap().probe().into_iter().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].ends_with("lets us in, with STARTTLS"), "{lines:?}");
    assert_eq!(lines[1..], ["INBOX has 0 messages", "drafts go to Drafts", "sent mail is looked up in Sent"]);
}

#[test]
fn what_is_wrong_is_said_by_what_it_is() {
    let Some(mut d) = Dovecot::start() else { return };
    let e = at(&plain(&d), "planted-wrong-word", patience(20_000)).page(None, None).unwrap_err();
    assert!(matches!(&e, MailFault::LogIn { .. }), "{e}");
    assert!(!e.to_string().contains("planted"), "{e}");
    assert!(e.mend().contains("credential"));
    let mut elsewhere = source(&plain(&d), LogIn::Password(Secret::new(PASSWORD.into())));
    elsewhere.folders = vec!["Sécurité & co".into()];
    elsewhere.drafts = Purpose::Named("Entwürfe".into());
    let imap = Imap::new(elsewhere, patience(20_000)).unwrap();
    let e = imap.page(None, None).unwrap_err();
    assert!(matches!(&e, MailFault::NotFound { why, .. } if why.contains("`Sécurité & co`")), "{e}");
    let e = imap.create_draft(&draft()).unwrap_err();
    assert!(matches!(&e, MailFault::NotFound { .. }) && e.nothing_made(), "{e}");
    // A server that goes away in the middle, and comes back.
    let imap = open(&d);
    imap.find(Place::Drafts, "ours-1@desk").unwrap();
    d.stop();
    let e = imap.find(Place::Drafts, "ours-1@desk").unwrap_err();
    assert!(matches!(&e, MailFault::Unreachable { .. }), "{e}");
    let e = imap.create_draft(&draft()).unwrap_err();
    assert!(e.nothing_made() && e.unavailable(), "{e}");
    d.resume();
    imap.create_draft(&draft()).unwrap();
    // A session that the server ended meanwhile is opened anew, unseen.
    d.stop();
    d.resume();
    imap.create_draft(&draft()).unwrap();
    assert_eq!(d.messages("Drafts").len(), 1);
}

#[test]
fn folders_of_any_name_are_read() {
    let Some(d) = Dovecot::start() else { return };
    d.deliver("Lists.S&AOk-curit&AOk-", "1.0", &mail("far@x", "a"));
    let mut far = source(&plain(&d), LogIn::Password(Secret::new(PASSWORD.into())));
    far.folders = vec!["INBOX".into(), "Lists/Sécurité".into()];
    let (mails, _, cursor) = all(&Imap::new(far, patience(20_000)).unwrap(), None, None);
    assert_eq!(ids(&mails), ["far@x"]);
    assert_eq!(mails[0].folder, "Lists/Sécurité");
    assert!(cursor.0.contains("INBOX"));
}

/// A mail that answers others.
fn answer(id: &str, references: &[&str]) -> Vec<u8> {
    let all: Vec<String> = references.iter().map(|r| format!("<{r}>")).collect();
    let last = all.last().cloned().unwrap_or_default();
    let head = format!("References: {}\r\nIn-Reply-To: {last}\r\n", all.join("\r\n "));
    let text = String::from_utf8(mail(id, "body")).unwrap();
    text.replacen("\r\n\r\n", &format!("\r\n{head}\r\n"), 1).into_bytes()
}

#[test]
fn a_thread_is_read_whole_from_every_folder_and_nothing_else() {
    let Some(d) = Dovecot::start() else { return };
    // Another report with the same subject stands in the same folder.
    d.deliver("INBOX", "1.other", &mail("other@x", "body"));
    d.deliver("INBOX", "2.root", &mail("root@x", "body"));
    d.deliver("Sent", "3.ours", &answer("ours@desk", &["root@x"]));
    // Their client keeps the last reference alone: only our answer ties it to the rest.
    d.deliver("INBOX", "4.late", &answer("late@x", &["ours@desk"]));
    d.deliver("Lists.security", "5.cc", &answer("cc@x", &["lost@x", "late@x"]));
    d.deliver("INBOX", "6.beside", &answer("beside@x", &["other@x"]));
    d.deliver("INBOX", "7.near", &mail("oot@x", "an id that is part of another"));
    d.deliver("Lists.security", "8.copy", &mail("root@x", "body"));
    // Asked by any of its messages.
    for id in ["root@x", "late@x", "ours@desk", "cc@x"] {
        for threads in [true, false] {
            let mut far = source(&plain(&d), LogIn::Password(Secret::new(PASSWORD.into())));
            far.folders = vec!["INBOX".into(), "Lists/security".into()];
            let imap = Imap::new(far, patience(20_000)).unwrap();
            let mails = imap.whole_thread(id, threads).unwrap();
            let mut got = ids(&mails);
            assert_eq!(got[0], "root@x", "the root comes first");
            got.sort();
            assert_eq!(got, ["cc@x", "late@x", "ours@desk", "root@x"], "{id}, {threads}");
        }
    }
    let imap = open(&d);
    assert!(imap.can().read_thread);
    assert!(imap.thread("nobody@x").unwrap().is_empty());
    assert!(imap.thread("a\r\nb DELETE c").unwrap_err().nothing_made());
    assert!(d.messages("INBOX").iter().all(|(name, _)| !name.contains(":2,S")), "nobody read them");
}

#[test]
fn a_thread_that_forks_deeper_than_the_parser_goes_is_read_all_the_same() {
    let Some(d) = Dovecot::start() else { return };
    let mut all = vec![("1.0000".to_owned(), mail("n0@x", "body"))];
    // Two answers to each: the server writes parentheses within parentheses.
    for n in 1..=24 {
        let chain: Vec<String> = (0..n).map(|k| format!("n{k}@x")).collect();
        let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
        all.push((format!("2.{n:04}"), answer(&format!("n{n}@x"), &chain)));
        all.push((format!("3.{n:04}"), answer(&format!("s{n}@x"), &chain)));
    }
    d.deliver_all("INBOX", &all);
    assert_eq!(open(&d).thread("s24@x").unwrap().len(), 49);
}
