use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

mod peers;

use proptest::prelude::*;
use testkit::serve::{GmailFake, Server, Wrong};

use super::*;
use crate::net::{Secret, Service, Surroundings, SystemPace};

const ACCOUNT: &str = "security@example.org";
const KEYS: [&str; 3] = ["planted-client", "planted-secret", "planted-refresh"];
const DAY: i64 = 86_400;

struct Inbox {
    server: Server<GmailFake>,
    log: Arc<Mutex<String>>,
    gmail: Gmail,
}

fn mail(id: &str) -> String {
    format!(
        "From: a@b.example\r\nTo: {ACCOUNT}\r\nMessage-ID: <{id}>\r\nSubject: Crash é\r\n\r\nIt crashes.\r\n"
    )
}

fn start(folders: &[&str]) -> Inbox {
    let server = Server::start(GmailFake::new(ACCOUNT, KEYS));
    let log = Arc::new(Mutex::new(String::new()));
    let gmail = open(&server, folders, ACCOUNT, &log);
    Inbox { server, log, gmail }
}

fn open(server: &Server<GmailFake>, folders: &[&str], account: &str, log: &Arc<Mutex<String>>) -> Gmail {
    open_at(&server.url(), KEYS, folders, account, log)
}

fn open_at(url: &str, keys: [&str; 3], folders: &[&str], account: &str, log: &Arc<Mutex<String>>) -> Gmail {
    let limits = Limits {
        deadline: Duration::from_millis(700),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        body: 100_000,
        ..Limits::default()
    };
    let kept = Arc::clone(log);
    let client = Client::new(&Surroundings::default(), limits, Box::new(SystemPace::default()))
        .unwrap()
        .logged(Box::new(move |line| kept.lock().unwrap().push_str(&format!("{line}\n"))));
    let document = json!({"type": "authorized_user", "client_id": keys[0], "client_secret": keys[1],
        "refresh_token": keys[2]});
    let source = GmailSource {
        site: Site::at(Service::Mailbox, url, false).unwrap(),
        tokens: Site::at(Service::Token, url, false).unwrap(),
        credential: Credential::read(&Secret::new(format!("{document:#}"))).unwrap(),
        account: account.into(),
        folders: folders.iter().map(|f| (*f).to_owned()).collect(),
        drafts: true,
        sent: true,
    };
    Gmail::new(Arc::new(client), source)
}

/// Read to the end. Returns the Message-IDs in order, what was passed, and the cursor.
fn read(gmail: &Gmail, mut cursor: Option<Cursor>, since: Option<i64>) -> (Vec<String>, Vec<String>, Cursor) {
    let since = since.map(|s| Timestamp::from_second(s).unwrap());
    let (mut ids, mut passed) = (Vec::new(), Vec::new());
    loop {
        let page = gmail.page(cursor.as_ref(), since).unwrap();
        ids.extend(page.mails.iter().map(|m| message_id_of(&m.bytes)));
        passed.extend(page.passed.into_iter().map(|p| p.why));
        if !page.more {
            return (ids, passed, page.cursor);
        }
        cursor = Some(page.cursor);
    }
}

fn letter(id: &str, answers: &str) -> (String, String) {
    (
        id.into(),
        format!(
            "{}In-Reply-To: <{answers}>\r\n\r\nThank you.\r\n",
            mail(id).split("\r\n\r\n").next().unwrap().to_owned() + "\r\n"
        ),
    )
}

fn draft<'a>(l: &'a (String, String), answers: &'a str) -> NewDraft<'a> {
    NewDraft { message_id: &l.0, bytes: l.1.as_bytes(), in_reply_to: answers, by_hand: false }
}

#[test]
fn gmail_is_read_newest_first_and_then_what_is_new() {
    let b = start(&["INBOX"]);
    b.server.with(|f| {
        f.page = 3;
        for n in 0..8 {
            f.receive(&mail(&format!("m{n}@x")), &["INBOX"], n * DAY);
        }
        f.receive(&mail("spam@x"), &["SPAM"], DAY);
        f.receive(&mail("archived@x"), &[], DAY);
        f.receive(&mail("draft@x"), &["DRAFT"], DAY);
    });
    let (ids, passed, cursor) = read(&b.gmail, None, Some(2 * DAY));
    assert_eq!(ids, ["m7@x", "m6@x", "m5@x", "m4@x", "m3@x", "m2@x"]);
    assert!(passed.is_empty());
    // Nothing new costs nothing but the question.
    let before = b.server.seen().len();
    assert_eq!(read(&b.gmail, Some(cursor.clone()), Some(3 * DAY)), (vec![], vec![], cursor.clone()));
    assert_eq!(b.server.seen().len() - before, 1);
    // New mail, old mail that is moved here, and mail that a person takes out of the spam.
    b.server.with(|f| {
        f.receive(&mail("new@x"), &["INBOX", "UNREAD"], 9 * DAY);
        let (spam, archived) = (f.messages[8].id.clone(), f.messages[9].id.clone());
        f.label(&archived, "INBOX");
        f.label(&spam, "INBOX");
        f.unlabel(&spam, "SPAM");
        f.receive(&mail("other@x"), &["SENT"], 9 * DAY);
    });
    let (ids, _, cursor) = read(&b.gmail, Some(cursor), Some(3 * DAY));
    // Two events of one message on two pages may bring it twice.
    assert!(ids.len() <= 4, "{ids:?}");
    assert_eq!(
        ids.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        ["archived@x", "new@x", "spam@x"].into()
    );
    // That somebody reads and stars a mail is no news.
    b.server.with(|f| {
        let id = f.messages[7].id.clone();
        f.unlabel(&id, "UNREAD");
        f.label(&id, "STARRED");
    });
    let before = b.server.seen().len();
    let (ids, _, cursor) = read(&b.gmail, Some(cursor), Some(3 * DAY));
    assert_eq!((ids.len(), b.server.seen().len() - before), (0, 1));
    // Asked for more of the past, it goes back for that alone.
    let (ids, _, cursor) = read(&b.gmail, Some(cursor), None);
    assert!(ids.contains(&"m1@x".into()) && ids.contains(&"m0@x".into()), "{ids:?}");
    assert!(!ids.contains(&"m5@x".into()), "{ids:?}");
    assert_eq!(read(&b.gmail, Some(cursor), None).0, Vec::<String>::new());
}

#[test]
fn gmail_loses_nothing_when_a_run_stops_midway() {
    let b = start(&["INBOX", "Lists/Security"]);
    b.server.with(|f| {
        f.labels = vec![("Label_7".into(), "Lists/security".into())];
        for n in 0..130 {
            let label = if n % 2 == 0 { "INBOX" } else { "Label_7" };
            f.receive(&mail(&format!("m{n}@x")), &[label], n);
        }
    });
    let (mut cursor, mut ids, mut n) = (None, Vec::new(), 130);
    loop {
        // Each page by a run of its own; mail keeps coming in until the listing is over.
        let gmail = open(&b.server, &["INBOX", "Lists/Security"], ACCOUNT, &b.log);
        let page = gmail.page(cursor.as_ref(), None).unwrap();
        assert!(page.mails.len() <= 50);
        ids.extend(page.mails.iter().map(|m| message_id_of(&m.bytes)));
        if n < 133 {
            b.server.with(|f| f.receive(&mail(&format!("m{n}@x")), &["INBOX"], n));
            n += 1;
        }
        cursor = Some(page.cursor);
        if !page.more {
            break;
        }
    }
    let all: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(all.len(), 133);
    assert!(ids.len() < 140, "{}", ids.len());
}

#[test]
fn gmail_whose_history_is_gone_is_read_anew_and_never_in_a_circle() {
    let b = start(&["INBOX"]);
    b.server.with(|f| f.receive(&mail("a@x"), &["INBOX"], 5));
    let (_, _, cursor) = read(&b.gmail, None, None);
    b.server.with(|f| {
        f.receive(&mail("b@x"), &["INBOX"], 6);
        f.forgotten = f.place();
    });
    assert_eq!(read(&b.gmail, Some(cursor.clone()), None).0, ["b@x", "a@x"]);
    b.server.with(|f| f.forgotten = u64::MAX);
    let (mut cursor, mut turns) = (cursor, 0);
    let fault = loop {
        turns += 1;
        assert!(turns < 20);
        match b.gmail.page(Some(&cursor), None) {
            Ok(page) => cursor = page.cursor,
            Err(f) => break f,
        }
    };
    assert!(matches!(fault, MailFault::NotFound { .. }), "{fault}");
}

#[test]
fn a_token_that_ended_is_renewed_once_and_a_revoked_one_says_what_to_do() {
    let b = start(&["INBOX"]);
    b.server.with(|f| f.receive(&mail("a@x"), &["INBOX"], 5));
    assert!(b.gmail.fetch("a@x").unwrap().is_some());
    b.server.with(|f| f.expired = true);
    assert!(b.gmail.fetch("a@x").unwrap().is_some());
    assert_eq!(b.server.count("POST", "/token"), 2);
    b.server.with(|f| (f.expired, f.revoked) = (true, true));
    let fault = b.gmail.fetch("a@x").unwrap_err();
    assert!(matches!(&fault, MailFault::LogIn { why, .. } if why.contains("refresh token")), "{fault}");
    assert!(!fault.to_string().contains("planted"), "{fault}");
    // A service that refuses every token is not asked for ever.
    b.server.with(|f| f.revoked = false);
    b.server.go_wrong_times("GET", "/messages", Wrong::Status(401), 99);
    assert!(matches!(b.gmail.fetch("a@x").unwrap_err(), MailFault::LogIn { .. }));
    // Somebody else's credential opens somebody else's mailbox.
    b.server.all_well();
    let other = open(&b.server, &["INBOX"], "other@example.org", &b.log);
    let fault = other.page(None, None).unwrap_err();
    assert!(matches!(&fault, MailFault::Setup { why, .. } if why.contains(ACCOUNT)), "{fault}");
    assert!(other.create_draft(&draft(&letter("l@x", ""), "")).is_err());
    assert_eq!(b.server.with(|f| f.made), 0);
}

#[test]
fn a_loose_search_of_gmail_is_not_believed() {
    let b = start(&["INBOX"]);
    b.server.with(|f| {
        f.fuzzy = true;
        f.receive(&mail("report@x"), &["INBOX"], 5);
        f.receive(&mail("sent@x"), &["SENT"], 6);
        let m = &mut f.messages[0];
        m.thread = "18aa".into();
    });
    assert_eq!(b.gmail.fetch("report").unwrap(), None);
    let got = b.gmail.fetch("report@x").unwrap().unwrap();
    assert_eq!((String::from_utf8(got.bytes).unwrap(), got.thread.as_str()), (mail("report@x"), "18aa"));
    assert_eq!(b.gmail.find(Place::Sent, "report@x").unwrap(), None);
    assert!(b.gmail.find(Place::Sent, "sent@x").unwrap().is_some());
    assert_eq!(b.gmail.find(Place::Drafts, "sent@x").unwrap(), None);
    assert_eq!(
        b.gmail.thread_url("report@x").unwrap().unwrap(),
        "https://mail.google.com/mail/u/0/#all/18aa"
    );
    assert_eq!(b.gmail.thread_url("gone@x").unwrap(), None);
    for bad in ["", "a b@x", "a\"b@x", "{a}@x", "a\r\n@x"] {
        assert!(matches!(b.gmail.fetch(bad), Err(MailFault::Refused { .. })), "{bad}");
    }
}

#[test]
fn a_gmail_draft_stands_on_the_thread_it_answers_and_is_written_once() {
    let b = start(&["INBOX"]);
    b.server.with(|f| f.receive(&mail("report@x"), &["INBOX"], 5));
    let l = letter("ours@x", "report@x");
    let found = b.gmail.create_draft(&draft(&l, "report@x")).unwrap();
    let thread = b.server.with(|f| f.messages[0].thread.clone());
    assert_eq!(found.url, format!("https://mail.google.com/mail/u/0/#all/{thread}"));
    assert_eq!(b.gmail.create_draft(&draft(&l, "report@x")).unwrap(), found);
    assert_eq!(b.gmail.find(Place::Drafts, "ours@x").unwrap(), Some(found.clone()));
    // The search may learn of a new draft late.
    b.server.with(|f| f.late = true);
    assert_eq!(b.gmail.create_draft(&draft(&l, "report@x")).unwrap(), found);
    assert_eq!(b.server.with(|f| f.made), 1);
    assert_eq!(b.server.with(|f| f.messages[1].bytes.clone()), l.1.as_bytes());
    let drafts = b.gmail.drafts().unwrap();
    let header = desk::mail::parse_headers(&drafts[0].bytes, Timestamp::UNIX_EPOCH);
    assert_eq!((drafts.len(), header.key.id.as_str()), (1, "ours@x"));
    assert_eq!(header.in_reply_to, ["report@x"]);
    // A thread that is gone: the letter stands alone.
    let l = letter("alone@x", "gone@x");
    assert!(b.gmail.create_draft(&draft(&l, "gone@x")).is_ok());
    b.server.with(|f| f.messages[0].thread = "18ff".into());
    b.server.go_wrong("POST", "/drafts", Wrong::Status(404));
    assert!(b.gmail.create_draft(&draft(&letter("third@x", "report@x"), "report@x")).is_ok());
    assert_eq!(b.server.with(|f| f.made), 3);
}

#[test]
fn no_fault_makes_gmail_write_a_draft_twice_or_say_a_token() {
    let l = letter("ours@x", "report@x");
    let fresh = || {
        let b = start(&["INBOX"]);
        b.server.with(|f| f.receive(&mail("report@x"), &["INBOX"], 5));
        b
    };
    let b = fresh();
    b.gmail.create_draft(&draft(&l, "report@x")).unwrap();
    let requests = b.server.seen().len();
    for wrong in Wrong::every() {
        for at in 0..requests {
            for times in [1, 99] {
                // Silence costs real time: at the one place where it matters.
                if (wrong == Wrong::Silence && (times > 1 || at + 1 < requests))
                    || (times > 1 && at > 2 && at + 1 < requests)
                {
                    continue;
                }
                let b = fresh();
                b.server.go_wrong_at(at, times, wrong.clone());
                let end = b.gmail.create_draft(&draft(&l, "report@x"));
                let what = format!("{wrong:?} at {at} ×{times}: {end:?}");
                let made = b.server.with(|f| f.made);
                assert!(made <= 1, "{what}");
                match &end {
                    Ok(_) => assert_eq!(made, 1, "{what}"),
                    Err(f) if f.nothing_made() => assert_eq!(made, 0, "{what}"),
                    Err(_) => {}
                }
                b.server.all_well();
                b.gmail.create_draft(&draft(&l, "report@x")).unwrap_or_else(|e| panic!("{what}, again: {e}"));
                assert_eq!(b.server.with(|f| f.made), 1, "{what}, again");
                let said = format!("{end:?} {}", b.log.lock().unwrap());
                assert!(!said.contains("planted"), "{what}: {said}");
            }
        }
    }
}

#[test]
fn no_fault_makes_a_reading_of_gmail_lose_mail() {
    let fresh = || {
        let b = start(&["INBOX"]);
        b.server.with(|f| {
            f.page = 2;
            for n in 0..3 {
                f.receive(&mail(&format!("m{n}@x")), &["INBOX"], n);
            }
        });
        b
    };
    let b = fresh();
    read(&b.gmail, None, None);
    let requests = b.server.seen().len();
    for wrong in Wrong::every().into_iter().filter(|w| *w != Wrong::Silence) {
        for at in 0..requests {
            let b = fresh();
            b.server.go_wrong_at(at, 1, wrong.clone());
            let (mut cursor, mut ids, mut passed, mut faults) = (None, BTreeSet::new(), 0, Vec::new());
            for turn in 0.. {
                assert!(turn < 40, "{wrong:?} at {at}");
                match b.gmail.page(cursor.as_ref(), None) {
                    Ok(page) => {
                        ids.extend(page.mails.iter().map(|m| message_id_of(&m.bytes)));
                        passed += page.passed.len();
                        cursor = Some(page.cursor);
                        if !page.more {
                            break;
                        }
                    }
                    Err(f) => faults.push(f),
                }
            }
            // Only a message of which the service says that it is gone may be missing, and is named.
            assert_eq!(ids.len() + passed, 3, "{wrong:?} at {at}: {faults:?}");
            assert!(passed == 0 || wrong == Wrong::Status(404), "{wrong:?} at {at}");
            let said = format!("{faults:?} {}", b.log.lock().unwrap());
            assert!(!said.contains("planted"), "{wrong:?} at {at}: {said}");
        }
    }
}

#[test]
fn no_fault_makes_a_thread_of_gmail_shorter() {
    let fresh = || {
        let b = start(&["INBOX"]);
        b.server.with(|f| {
            let root = f.receive(&mail("root@x"), &["INBOX"], 0);
            let thread = f.messages.iter().find(|m| m.id == root).unwrap().thread.clone();
            for (id, label) in [("ours@x", "SENT"), ("late@x", "INBOX"), ("waits@x", "DRAFT")] {
                let id = f.receive(&mail(id), &[label], 1);
                let m = f.messages.iter_mut().find(|m| m.id == id).unwrap();
                m.thread.clone_from(&thread);
            }
            f.receive(&mail("other@x"), &["INBOX"], 2);
        });
        b
    };
    let b = fresh();
    let whole = |all: &[Mail]| all.iter().map(|m| message_id_of(&m.bytes)).collect::<Vec<_>>();
    assert_eq!(whole(&b.gmail.thread("late@x").unwrap()), ["root@x", "ours@x", "late@x"]);
    assert!(b.gmail.can().read_thread);
    let requests = b.server.seen().len();
    for wrong in Wrong::every().into_iter().filter(|w| *w != Wrong::Silence) {
        for at in 0..requests {
            let b = fresh();
            b.server.go_wrong_at(at, 3, wrong.clone());
            match b.gmail.thread("late@x") {
                // A message, or a thread, of which the service says that it is gone is gone.
                Ok(all) => assert!(all.len() == 3 || wrong == Wrong::Status(404), "{wrong:?} at {at}"),
                Err(f) => assert!(!f.to_string().contains("planted"), "{wrong:?} at {at}: {f}"),
            }
        }
    }
}

#[test]
fn hostile_answers_of_gmail_are_faults_and_nothing_else() {
    for answer in [
        json!({}),
        json!([]),
        json!({"messages": [{"id": "../../messages/send"}], "resultSizeEstimate": 1}),
        json!({"messages": [{"id": ""}], "resultSizeEstimate": 1}),
        json!({"messages": "x", "resultSizeEstimate": 1}),
        json!({"messages": [{"id": "a"}, 7], "resultSizeEstimate": 1}),
    ] {
        let b = start(&["INBOX"]);
        b.server.go_wrong("GET", "/messages", Wrong::Other(answer.clone()));
        let end = b.gmail.page(None, None);
        assert!(matches!(end, Err(MailFault::Strange { .. })), "{answer}: {end:?}");
    }
    // A message that cannot be read is named, and the next is read.
    let b = start(&["INBOX"]);
    let id = b.server.with(|f| {
        f.padded = true;
        f.receive(&mail("a@x"), &["INBOX"], 5);
        f.receive(&mail("b@x"), &["INBOX"], 6)
    });
    b.server.go_wrong(
        "GET",
        &format!("/messages/{id}"),
        Wrong::Other(json!({"id": id, "raw": "*?*", "labelIds": ["INBOX"]})),
    );
    let (ids, passed, _) = read(&b.gmail, None, None);
    assert_eq!((ids, passed.len()), (vec!["a@x".to_owned()], 1));
    // One that is too large has its header.
    let b = start(&["INBOX"]);
    b.server.with(|f| f.receive(&(mail("big@x") + &"x".repeat(120_000)), &["INBOX"], 6));
    let page = b.gmail.page(None, None).unwrap();
    assert_eq!(message_id_of(&page.mails[0].bytes), "big@x");
    assert_eq!(page.mails[0].note, "only the header of this large message was read");
    // So is an event, and a cursor that is none of ours is as good as none.
    let b = start(&["INBOX"]);
    let (_, _, cursor) = read(&b.gmail, None, None);
    for answer in [
        json!({"history": [{"id": "9999", "messagesAdded": [{"message": {"id": "../x"}}]}], "historyId": "9999"}),
        json!({"history": [{"id": "x"}], "historyId": "9999"}),
        json!({"historyId": "-1"}),
        json!({"nextPageToken": "1"}),
    ] {
        b.server.go_wrong("GET", "/history", Wrong::Other(answer.clone()));
        let end = b.gmail.page(Some(&cursor), None);
        assert!(matches!(end, Err(MailFault::Strange { .. })), "{answer}: {end:?}");
    }
    for text in ["", "{}", "[1]", "x", r#"{"INBOX": {"validity": 1}}"#] {
        assert!(b.gmail.page(Some(&Cursor(text.into())), None).is_ok());
    }
    // A label that is not there.
    let b = start(&["Nowhere"]);
    assert!(matches!(b.gmail.page(None, None), Err(MailFault::NotFound { .. })));
    for bad in
        ["", "x", "[]", "{}", r#"{"client_id": "abcd", "client_secret": "a b c d", "refresh_token": "x"}"#]
    {
        let e = Credential::read(&Secret::new(bad.into())).err().unwrap();
        assert!(!e.contains("abcd") && !e.contains("a b"), "{e}");
    }
}

#[test]
fn a_probe_of_gmail_names_the_scope_that_is_missing() {
    let b = start(&["INBOX"]);
    assert!(b.gmail.probe().iter().all(Result::is_ok));
    let b = start(&["INBOX"]);
    b.server.with(|f| f.scope = "https://www.googleapis.com/auth/gmail.readonly".into());
    let lines = b.gmail.probe();
    let bad: Vec<String> = lines.into_iter().filter_map(Result::err).map(|f| f.to_string()).collect();
    assert!(bad.len() == 1 && bad[0].contains("gmail.compose"), "{bad:?}");
}

proptest! {
    #[test]
    fn base64_of_gmail_is_read_padded_or_not(bytes: Vec<u8>) {
        let bare = URL_SAFE_NO_PAD.encode(&bytes);
        let padded = base64::engine::general_purpose::URL_SAFE.encode(&bytes);
        prop_assert_eq!(&BASE64.decode(bare).unwrap(), &bytes);
        prop_assert_eq!(&BASE64.decode(padded).unwrap(), &bytes);
    }

    #[test]
    fn no_header_of_gmail_breaks_out_of_its_line(name: String, value: String) {
        let bytes = header(&[shape::Field { name, value }]);
        let lines = String::from_utf8(bytes).unwrap();
        prop_assert!(lines == "\r\n" || lines.matches(['\r', '\n']).count() == 4, "{lines:?}");
    }
}
