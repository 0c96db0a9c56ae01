use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::json;
use testkit::serve::{PonyFake, Server, Wrong};

use super::*;
use crate::net::{Secret, Service, Surroundings, SystemPace};

const LIST: &str = "security@acme.example";
const SESSION: &str = "planted-0b5f-session";
/// 2026-11-22.
const NOW: i64 = 1_795_348_800;
const DAY: i64 = 86_400;

struct Archive {
    server: Server<PonyFake>,
    log: Arc<Mutex<String>>,
    pony: PonyMailbox,
}

fn mail(id: &str, answers: &str) -> String {
    let answers = if answers.is_empty() { String::new() } else { format!("In-Reply-To: <{answers}>\n") };
    format!(
        "From: a@b.example\nTo: {LIST}\nMessage-ID: <{id}>\nSubject: Crash é\n{answers}\nIt crashes.\nFrom here on, too.\n"
    )
}

fn start(lists: &[&str]) -> Archive {
    let server = Server::start(PonyFake::new(LIST, SESSION, NOW));
    let log = Arc::new(Mutex::new(String::new()));
    let pony = open(&server, lists, Some(SESSION), &log);
    Archive { server, log, pony }
}

fn open(
    server: &Server<PonyFake>,
    lists: &[&str],
    session: Option<&str>,
    log: &Arc<Mutex<String>>,
) -> PonyMailbox {
    let limits = Limits {
        deadline: Duration::from_millis(700),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        body: 100_000,
        ..limits()
    };
    let kept = Arc::clone(log);
    let client = Client::new(&Surroundings::default(), limits, Box::new(SystemPace::default()))
        .unwrap()
        .logged(Box::new(move |line| kept.lock().unwrap().push_str(&format!("{line}\n"))));
    let source = PonySource {
        site: Site::at(Service::Archive, &server.url(), false).unwrap(),
        lists: lists.iter().map(|l| (*l).to_owned()).collect(),
        session: session.map(|s| PonySession::read(&Secret::new(s.into())).unwrap()),
    };
    PonyMailbox::new(Arc::new(client), source).unwrap()
}

fn id(m: &Mail) -> String {
    desk::mail::parse_headers(&m.bytes, Timestamp::UNIX_EPOCH).key.id
}

/// Read to the end. Returns the Message-IDs in order, what was passed, and the cursor.
fn read(
    pony: &PonyMailbox,
    mut cursor: Option<Cursor>,
    since: Option<i64>,
) -> (Vec<String>, Vec<String>, Cursor) {
    let since = since.map(|s| Timestamp::from_second(s).unwrap());
    let (mut ids, mut passed) = (Vec::new(), Vec::new());
    loop {
        let page = pony.page(cursor.as_ref(), since).unwrap();
        ids.extend(page.mails.iter().map(id));
        passed.extend(page.passed.into_iter().map(|p| p.why));
        if !page.more {
            return (ids, passed, page.cursor);
        }
        cursor = Some(page.cursor);
    }
}

#[test]
fn an_archive_is_read_by_month_and_then_what_is_new() {
    for (months, listed) in [(true, false), (true, true), (false, false)] {
        let b = start(&[LIST]);
        b.server.with(|f| {
            (f.months, f.listed) = (months, listed);
            for n in 0..8 {
                f.receive(LIST, &mail(&format!("m{n}@x"), ""), NOW - (8 - n) * 30 * DAY);
            }
        });
        let (ids, passed, cursor) = read(&b.pony, None, Some(NOW - 100 * DAY));
        assert_eq!(ids, ["m5@x", "m6@x", "m7@x"]);
        assert!(passed.is_empty());
        // Nothing new: the numbers, the two newest months, and who asks. Without numbers, every month of the time.
        let before = b.server.seen().len();
        assert_eq!(
            read(&b.pony, Some(cursor.clone()), Some(NOW - 99 * DAY)),
            (vec![], vec![], cursor.clone())
        );
        let cost = b.server.seen().len() - before;
        assert!(if months { cost == 4 } else { cost <= 11 }, "{cost}");
        // New mail; and mail that bears an old date, which is filed in its old month.
        b.server.with(|f| {
            f.receive(LIST, &mail("new@x", ""), NOW);
            let stamp = "Received: by lists.example; Sun, 22 Nov 2026 08:00:00 +0000\n";
            f.receive(LIST, &format!("{stamp}{}", mail("backdated@x", "")), NOW - 210 * DAY);
            let stamp = "Received: by lists.example; Fri, 1 May 2026 08:00:00 +0000\n";
            f.receive(LIST, &format!("{stamp}{}", mail("moved@x", "")), NOW - 210 * DAY);
        });
        let (mut ids, _, cursor) = read(&b.pony, Some(cursor), Some(NOW - 99 * DAY));
        ids.sort();
        if months {
            // What does not say when it arrived is taken, too.
            assert_eq!(
                ids,
                ["backdated@x", "m1@x", "new@x"],
                "what came before the time that is read is left out"
            );
        } else {
            assert!(ids.contains(&"new@x".to_owned()), "{ids:?}");
        }
        // Asked for more of the past, it goes back for that alone.
        let (ids, _, cursor) = read(&b.pony, Some(cursor), None);
        assert!(ids.contains(&"m0@x".into()) && ids.contains(&"moved@x".into()), "{ids:?}");
        assert!(!ids.contains(&"m6@x".into()), "{ids:?}");
        assert_eq!(read(&b.pony, Some(cursor), None).0, Vec::<String>::new());
    }
}

#[test]
fn a_full_month_is_one_request_and_what_it_lacks_is_asked_for_alone() {
    let fill = |b: &Archive, many: i64| {
        b.server.with(|f| {
            for n in 0..many {
                f.receive(LIST, &mail(&format!("m{n}@x"), ""), NOW - n);
            }
            f.receive(LIST, "From: a@b.example\nSubject: no id\n\nIt crashes.\n", NOW - 3);
        });
    };
    let b = start(&[LIST]);
    fill(&b, 120);
    let (ids, passed, cursor) = read(&b.pony, None, None);
    assert_eq!((ids.len(), passed.len()), (121, 0));
    assert_eq!((b.server.count("GET", "/mbox"), b.server.count("GET", "/source")), (1, 1));
    // The same mail is the same bytes, whichever way it came.
    let whole = b.pony.page(None, None).unwrap().mails;
    let b = start(&[LIST]);
    b.server.with(|f| f.mbox = false);
    fill(&b, 120);
    let (mut ids, mut at) = (Vec::new(), None);
    for _ in 0..3 {
        let page = b.pony.page(at.as_ref(), None).unwrap();
        assert!(page.mails.len() <= 50);
        for m in page.mails {
            ids.push(id(&m));
            let other = whole.iter().find(|w| w.id == m.id).unwrap();
            assert_eq!(desk::mail::digest(&m.bytes), desk::mail::digest(&other.bytes));
        }
        at = Some(page.cursor);
    }
    assert_eq!((ids.len(), at), (121, Some(cursor)));
}

#[test]
fn a_private_list_without_a_session_is_a_fault_and_never_empty() {
    let b = start(&[LIST]);
    b.server.with(|f| {
        f.public.insert("users@acme.example".into());
        f.receive(LIST, &mail("a@x", ""), NOW);
        f.receive("users@acme.example", &mail("u@x", ""), NOW);
    });
    let (_, _, cursor) = read(&b.pony, None, None);
    let log_in = |end: Result<Page, MailFault>| {
        let fault = end.unwrap_err();
        assert!(matches!(&fault, MailFault::LogIn { why, .. } if why.contains("log in there")), "{fault}");
        assert!(fault.unavailable() && !fault.to_string().contains("planted"), "{fault}");
    };
    // Nobody.
    let nobody = open(&b.server, &[LIST], None, &b.log);
    log_in(nobody.page(None, None));
    assert!(nobody.fetch("a@x").is_err() && nobody.thread("a@x").is_err());
    // A list that everybody may read needs no session.
    let users = open(&b.server, &["users@acme.example"], None, &b.log);
    assert_eq!(read(&users, None, None).0, ["u@x"]);
    // A session that has ended, with and without anything to see.
    b.server.with(|f| f.sessions.clear());
    log_in(b.pony.page(None, None));
    log_in(b.pony.page(Some(&cursor), None));
    let both = open(&b.server, &[LIST, "users@acme.example"], Some(SESSION), &b.log);
    log_in(both.page(None, None));
    let public = open(&b.server, &["users@acme.example"], Some(SESSION), &b.log);
    log_in(public.page(None, None));
    assert!(b.pony.fetch("a@x").is_err());
    assert!(b.pony.probe().iter().any(Result::is_err));
    // Somebody else's session, which is good.
    b.server.with(|f| f.sessions.insert(SESSION.into(), "mallory".into()));
    let fault = b.pony.page(None, None).unwrap_err();
    assert!(matches!(&fault, MailFault::NotFound { why, .. } if why.contains("users")), "{fault}");
    assert_eq!(b.log.lock().unwrap().matches("planted").count(), 0);
}

#[test]
fn a_session_that_ends_midway_ends_the_page() {
    let fresh = || {
        let b = start(&[LIST]);
        b.server.with(|f| {
            f.mbox = false;
            for n in 0..5 {
                f.receive(LIST, &mail(&format!("m{n}@x"), ""), NOW - n * 20 * DAY);
            }
        });
        b
    };
    let b = fresh();
    read(&b.pony, None, None);
    let requests = b.server.seen().len();
    for at in 0..requests {
        let b = fresh();
        b.server.with(|f| f.ends_after = Some(at));
        let end = b.pony.page(None, None);
        assert!(matches!(end, Err(MailFault::LogIn { .. })), "{at}: {end:?}");
    }
}

#[test]
fn an_empty_list_that_may_be_read_is_empty() {
    let b = start(&[LIST]);
    assert_eq!(read(&b.pony, None, None).0, Vec::<String>::new());
    assert!(b.pony.probe().iter().all(Result::is_ok));
    let gone = open(&b.server, &["secruity@acme.example"], Some(SESSION), &b.log);
    let fault = gone.page(None, None).unwrap_err();
    assert!(matches!(&fault, MailFault::NotFound { why, .. } if why.contains("security")), "{fault}");
}

#[test]
fn a_thread_is_walked_to_its_leaves_however_deep_and_old() {
    let b = start(&[LIST]);
    b.server.with(|f| {
        f.receive(LIST, &mail("root@x", ""), NOW - 900 * DAY);
        for n in 0..100 {
            let answers = if n == 0 { "root@x".into() } else { format!("r{}@x", n - 1) };
            f.receive(LIST, &mail(&format!("r{n}@x"), &answers), NOW - (800 - n) * DAY);
        }
        f.receive(LIST, &mail("aside@x", "r3@x"), NOW);
        f.receive(LIST, &mail("other@x", ""), NOW);
    });
    let all: Vec<String> = b.pony.thread("r50@x").unwrap().iter().map(id).collect();
    assert_eq!((all.len(), all[0].as_str()), (102, "root@x"));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 102);
    assert!(all.contains(&"aside@x".into()) && !all.contains(&"other@x".into()));
    let url = b.pony.thread_url("r50@x").unwrap().unwrap();
    assert_eq!(url, format!("{}/thread/r0000x?%3Csecurity.acme.example%3E", b.server.url()));
    assert!(b.pony.thread("gone@x").unwrap().is_empty());
    assert_eq!(b.pony.thread_url("gone@x").unwrap(), None);
    assert_eq!(id(&b.pony.fetch("aside@x").unwrap().unwrap()), "aside@x");
    assert_eq!(b.pony.fetch("gone@x").unwrap(), None);
    for bad in ["", "a b@x", "<a@x>", "a\r\n@x"] {
        assert!(matches!(b.pony.fetch(bad), Err(MailFault::Refused { .. })), "{bad}");
    }
}

#[test]
fn an_archive_keeps_no_drafts_and_says_so() {
    let b = start(&[LIST]);
    let no = |f: MailFault| assert!(matches!(f, MailFault::NotSupported { .. }), "{f}");
    no(b.pony.drafts().unwrap_err());
    no(b.pony.find(Place::Drafts, "a@x").unwrap_err());
    no(b.pony.find(Place::Sent, "a@x").unwrap_err());
    let draft = NewDraft { message_id: "a@x", bytes: b"", in_reply_to: "", by_hand: false };
    no(b.pony.create_draft(&draft).unwrap_err());
    assert!(b.server.seen().is_empty());
    let can = b.pony.can();
    assert!(!can.create_draft && !can.list_drafts && !can.list_sent);
}

#[test]
fn what_cannot_be_shown_is_named_and_what_is_large_is_read_in_part() {
    let b = start(&[LIST]);
    let hidden = b.server.with(|f| {
        let hidden = f.receive(LIST, &mail("hidden@x", ""), NOW);
        f.receive(LIST, " \n\n", NOW);
        f.receive(LIST, &(mail("big@x", "root@x") + &"x".repeat(120_000)), NOW);
        f.receive(LIST, "no header at all", NOW);
        hidden
    });
    // Hidden between the list and the reading.
    b.server.go_wrong("GET", "/source", Wrong::Status(404));
    let page = b.pony.page(None, None).unwrap();
    let passed: Vec<&str> = page.passed.iter().map(|p| p.why.as_str()).collect();
    assert_eq!(passed, ["the archive lists it and does not show it", "an empty message"]);
    assert!(page.passed[0].place.contains(&hidden), "{:?}", page.passed);
    let big = page.mails.iter().find(|m| id(m) == "big@x").unwrap();
    assert_eq!(big.note, "only the text of this large message was read");
    let m = desk::mail::parse(&big.bytes, Timestamp::from_second(NOW).unwrap());
    assert!(m.subject == "Crash é" && m.in_reply_to == ["root@x"] && m.date.is_some(), "{m:?}");
    assert_eq!(page.mails.len(), 2);
    // It is named once.
    assert!(!page.more);
    assert!(b.pony.page(Some(&page.cursor), None).unwrap().passed.is_empty());
}

#[test]
fn no_fault_makes_a_reading_of_an_archive_lose_mail_or_say_a_session() {
    let fresh = |mbox: bool| {
        let b = start(&[LIST]);
        b.server.with(|f| {
            f.mbox = mbox;
            let n = if mbox { 9 } else { 3 };
            for n in 0..n {
                f.receive(LIST, &mail(&format!("m{n}@x"), ""), NOW - n);
            }
            f.receive(LIST, &mail("old@x", ""), NOW - 40 * DAY);
        });
        b
    };
    for (mbox, all) in [(false, 4), (true, 10)] {
        let b = fresh(mbox);
        read(&b.pony, None, None);
        let requests = b.server.seen();
        for wrong in Wrong::every().into_iter().filter(|w| *w != Wrong::Silence) {
            for (at, asked) in requests.iter().enumerate() {
                // Of the reading by months only that request is another.
                if mbox && !asked.path.contains("mbox") {
                    continue;
                }
                let b = fresh(mbox);
                b.server.go_wrong_at(at, 3, wrong.clone());
                let (mut cursor, mut ids, mut passed, mut faults) = (None, BTreeSet::new(), 0, Vec::new());
                for turn in 0.. {
                    assert!(turn < 40, "{wrong:?} at {at}");
                    match b.pony.page(cursor.as_ref(), None) {
                        Ok(page) => {
                            ids.extend(page.mails.iter().map(id));
                            passed += page.passed.len();
                            cursor = Some(page.cursor);
                            if !page.more {
                                break;
                            }
                        }
                        Err(f) => {
                            assert!(f.nothing_made(), "{f}");
                            faults.push(f);
                        }
                    }
                }
                // Only a message of which the archive says that it is not shown may be missing, and is named.
                assert_eq!(ids.len() + passed, all, "{wrong:?} at {at}: {faults:?}");
                assert!(passed == 0 || wrong == Wrong::Status(404), "{wrong:?} at {at}");
                let said = format!("{faults:?} {}", b.log.lock().unwrap());
                assert!(!said.contains("planted"), "{wrong:?} at {at}: {said}");
            }
        }
    }
}

#[test]
fn no_fault_makes_a_thread_shorter() {
    let fresh = || {
        let b = start(&[LIST]);
        b.server.with(|f| {
            f.receive(LIST, &mail("root@x", ""), NOW);
            f.receive(LIST, &mail("r1@x", "root@x"), NOW);
        });
        b
    };
    let b = fresh();
    b.pony.thread("r1@x").unwrap();
    let requests = b.server.seen().len();
    for wrong in Wrong::every().into_iter().filter(|w| *w != Wrong::Silence) {
        for at in 0..requests {
            let b = fresh();
            b.server.go_wrong_at(at, 3, wrong.clone());
            match b.pony.thread("r1@x") {
                Ok(all) => assert!(
                    all.len() == 2 || wrong == Wrong::Status(404),
                    "{wrong:?} at {at}: {} messages",
                    all.len()
                ),
                Err(f) => assert!(!f.to_string().contains("planted"), "{f}"),
            }
        }
    }
}

#[test]
fn hostile_answers_of_an_archive_are_faults_and_nothing_else() {
    let stats = |emails: serde_json::Value| json!({"list": LIST, "emails": emails});
    for (path, answer) in [
        ("stats", json!({})),
        ("stats", json!([])),
        ("stats", json!({"list": "users@acme.example", "emails": [], "active_months": {}})),
        ("stats", json!({"list": LIST, "emails": [], "active_months": {"soon": 3}})),
        ("stats", json!({"list": LIST, "emails": [], "active_months": {"2026-11": -3}})),
        (
            "stats",
            json!({"list": LIST, "firstYear": 2026, "firstMonth": 13, "lastYear": 2026, "lastMonth": 1}),
        ),
        ("preferences", json!({})),
        ("preferences", json!({"login": {"credentials": 7}, "lists": {}})),
        ("preferences", json!({"login": {}, "lists": []})),
    ] {
        let b = start(&[LIST]);
        b.server.with(|f| f.receive(LIST, &mail("a@x", ""), NOW));
        b.server.go_wrong("GET", path, Wrong::Other(answer.clone()));
        let end = b.pony.page(None, None);
        assert!(matches!(end, Err(MailFault::Strange { .. })), "{answer}: {end:?}");
    }
    for answer in [
        stats(json!([{"mid": ""}])),
        stats(json!([{"mid": "a b"}])),
        stats(json!([7])),
        stats(json!("x")),
        json!({"list": LIST, "hits": 3, "emails": []}),
        json!({"list": LIST}),
    ] {
        let b = start(&[LIST]);
        b.server.with(|f| f.receive(LIST, &mail("a@x", ""), NOW));
        b.server.go_wrong_skipping("GET", "stats", 1, Wrong::Other(answer.clone()));
        let end = b.pony.page(None, None);
        assert!(matches!(end, Err(MailFault::Strange { .. })), "{answer}: {end:?}");
    }
    let b = start(&[LIST]);
    for text in ["", "{}", "[1]", "x", r#"{"lists": {"security@acme.example": 1}}"#] {
        assert!(b.pony.page(Some(&Cursor(text.into())), None).is_ok());
    }
    for bad in ["*@acme.example", "security@*", "security", "", "a@b@c", "a b@c"] {
        assert_eq!(List::read(bad), None, "{bad}");
    }
    for bad in ["", "short", "with space in it", "a;b=cdefghijkl", "ponymail=", "line\nbreak-000000"] {
        assert!(PonySession::read(&Secret::new(bad.into())).is_err(), "{bad}");
    }
}

#[test]
fn a_tree_names_its_root_first_wherever_it_says_its_name() {
    let of = |json: &str| shape::tree(json.as_bytes());
    let ids = |ids: &[&str]| Some(ids.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>());
    assert_eq!(
        of(
            r#"{"emails": [{"mid": "b"}], "thread": {"children": [{"mid": "b", "children": []}], "mid": "a"}}"#
        ),
        ids(&["a", "b"])
    );
    // Words of a message are no keys.
    assert_eq!(of(r#"{"thread": {"mid": "a", "subject": "\"mid\": \"x\"", "from": "mid"}}"#), ids(&["a"]));
    for cut in [r#"{"thread": {"mid": "a""#, r#"{"thread": {"mid": "#, "[]", "", r#"{} {"mid": "a"}"#] {
        assert_eq!(of(cut), None, "{cut}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_the_tree_panic(text in "[\\[\\]{}\":,\\\\mid a0]{0,60}") {
        let _ = shape::tree(text.as_bytes());
    }

    #[test]
    fn no_value_of_a_message_breaks_out_of_its_line(subject: String, from: String) {
        let bytes = shape::message(&shape::Email { subject, from, ..shape::Email::default() });
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(text.lines().take_while(|l| !l.is_empty()).count() <= 6, "{text:?}");
    }
}
