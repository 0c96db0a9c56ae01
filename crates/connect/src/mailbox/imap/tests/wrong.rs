//! Against a server that goes wrong on request. It keeps its drafts in memory, so that a test can count them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use proptest::prelude::*;

use super::*;

/// What goes wrong, and where. Each happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// The connection ends when that command comes; a draft of it is not kept.
    EndsBefore(&'static str),
    /// The connection ends in the middle of the draft's bytes.
    EndsWithin,
    /// The draft is kept, then the connection ends without a word.
    EndsAfter,
    /// Nothing comes back to that command; a draft of it is kept.
    Silent(&'static str),
    /// The draft is kept, but so late that nobody waits any more.
    LateCommit,
    /// These bytes instead of an answer, then the end.
    Says(&'static str, Vec<u8>),
    /// One byte at a time.
    Drips(&'static str),
    /// A message in a form that no parser takes, however often it is asked for.
    Unreadable,
    /// No end of it.
    Floods(&'static str),
}

#[derive(Default)]
struct World {
    drafts: Vec<Vec<u8>>,
    lines: Vec<String>,
    /// Does it keep threads?
    threads: bool,
}

struct Fake {
    port: u16,
    world: Arc<Mutex<World>>,
}

impl Fake {
    fn start(wrong: Wrong) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World::default()));
        let wrong = Arc::new(Mutex::new(wrong));
        let shared = world.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (world, wrong) = (shared.clone(), wrong.clone());
                thread::spawn(move || talk(stream.unwrap(), &world, &wrong));
            }
        });
        Self { port, world }
    }

    fn open(&self, limits: Limits) -> Imap {
        at(&format!("imap://127.0.0.1:{}", self.port), "planted-word", limits)
    }

    fn drafts(&self) -> usize {
        self.world.lock().unwrap().drafts.len()
    }
}

fn clear(line: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(line.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One session. Any failure to read or write ends it.
fn talk(stream: TcpStream, world: &Mutex<World>, wrong: &Mutex<Wrong>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream);
    let mut say = |text: &str| out.write_all(text.as_bytes()).ok();
    say("* OK ready\r\n")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        world.lock().unwrap().lines.push(line.trim().to_owned());
        let (tag, rest) = line.trim().split_once(' ')?;
        let word = rest.trim_start_matches("UID ").split(' ').next()?.to_uppercase();
        let now = {
            let mut kept = wrong.lock().unwrap();
            let hit = match &*kept {
                Wrong::Nothing | Wrong::Unreadable => false,
                Wrong::EndsBefore(w)
                | Wrong::Silent(w)
                | Wrong::Says(w, _)
                | Wrong::Drips(w)
                | Wrong::Floods(w) => *w == word,
                Wrong::EndsWithin | Wrong::EndsAfter | Wrong::LateCommit => word == "APPEND",
            };
            if hit { std::mem::replace(&mut *kept, Wrong::Nothing) } else { Wrong::Nothing }
        };
        match &now {
            Wrong::EndsBefore(_) => return None,
            Wrong::Silent(w) if *w != "APPEND" => {
                thread::sleep(Duration::from_secs(3));
                return None;
            }
            Wrong::Says(_, bytes) => {
                // `TAG` stands for the tag, so that what is wrong is wrong in the right place.
                let text = String::from_utf8_lossy(bytes).replace("TAG", tag);
                if bytes.is_ascii() {
                    say(&text)?;
                } else {
                    out.write_all(bytes).ok()?;
                }
                return None;
            }
            Wrong::Drips(_) => {
                for byte in format!("{tag} OK [{}] slow\r\n", "x".repeat(400)).bytes() {
                    out.write_all(&[byte]).ok()?;
                    thread::sleep(Duration::from_millis(20));
                }
                return None;
            }
            Wrong::Floods(_) => {
                let much = "* 1 EXISTS\r\n".repeat(5000);
                while say(&much).is_some() {}
                return None;
            }
            _ => {}
        }
        match word.as_str() {
            "CAPABILITY" => {
                let more = if world.lock().unwrap().threads { " THREAD=REFERENCES" } else { "" };
                say(&format!("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2{more}\r\n{tag} OK done\r\n"))?;
            }
            "THREAD" => say(&format!("* THREAD (1)\r\n{tag} OK done\r\n"))?,
            "LOGIN" => say(&format!("{tag} OK in\r\n"))?,
            "AUTHENTICATE" => {
                say("+ \r\n")?;
                let mut token = String::new();
                lines.read_line(&mut token).ok()?;
                world.lock().unwrap().lines.push(token.trim().to_owned());
                if clear(&token).contains("planted-good") {
                    say(&format!("{tag} OK in\r\n"))?;
                } else {
                    say("+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")?;
                    lines.read_line(&mut token).ok()?;
                    say(&format!("{tag} NO [AUTHENTICATIONFAILED] no: {}\r\n", token.trim()))?;
                }
            }
            "LIST" => {
                say(&format!("* LIST (\\Drafts) \"/\" D\r\n* LIST () \"/\" INBOX\r\n{tag} OK done\r\n"))?
            }
            "EXAMINE" => say(&format!(
                "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 2] n\r\n{tag} OK [READ-ONLY] done\r\n"
            ))?,
            "SEARCH" => {
                let count = world.lock().unwrap().drafts.len();
                let found: Vec<String> =
                    (1..=if rest.contains("HEADER") { count } else { 1 }).map(|n| n.to_string()).collect();
                say(&format!("* SEARCH {}\r\n{tag} OK done\r\n", found.join(" ")))?;
            }
            "FETCH" if rest.contains("RFC822.SIZE") => {
                say(&format!("* 1 FETCH (UID 1 RFC822.SIZE {})\r\n{tag} OK done\r\n", LETTER.len()))?;
            }
            "FETCH" if *wrong.lock().unwrap() == Wrong::Unreadable => {
                say(&format!("* 1 FETCH (UID 1 BODY[] what)\r\n{tag} OK done\r\n"))?;
            }
            "FETCH" => {
                let text = String::from_utf8_lossy(LETTER).into_owned();
                let part = if rest.contains("HEADER.FIELDS") {
                    "BODY[HEADER.FIELDS (MESSAGE-ID)]"
                } else {
                    "BODY[]"
                };
                say(&format!("* 1 FETCH (UID 1 {part} {{{}}}\r\n{text})\r\n{tag} OK done\r\n", text.len()))?;
            }
            "APPEND" => {
                let size: usize = rest.rsplit_once('{')?.1.trim_end_matches('}').parse().ok()?;
                say("+ go on\r\n")?;
                if now == Wrong::EndsWithin {
                    let mut half = vec![0; size / 2];
                    lines.read_exact(&mut half).ok()?;
                    return None;
                }
                let mut bytes = vec![0; size + 2];
                lines.read_exact(&mut bytes).ok()?;
                if now == Wrong::LateCommit {
                    thread::sleep(Duration::from_millis(900));
                }
                bytes.truncate(size);
                world.lock().unwrap().drafts.push(bytes);
                match now {
                    Wrong::EndsAfter | Wrong::LateCommit => return None,
                    Wrong::Silent(_) => {
                        thread::sleep(Duration::from_secs(3));
                        return None;
                    }
                    _ => say(&format!("{tag} OK [APPENDUID 7 1] done\r\n"))?,
                }
            }
            _ => say(&format!("{tag} BAD what\r\n"))?,
        }
    }
}

/// What may become of a draft when something goes wrong on the way.
enum End {
    Made,
    Nothing(fn(&MailFault) -> bool),
    Unknown,
}

#[test]
fn whatever_happens_to_a_draft_is_known_and_there_is_never_a_second() {
    use End::{Made, Nothing, Unknown};
    let says = |word, text: &str| Wrong::Says(word, text.as_bytes().to_vec());
    let refused: fn(&MailFault) -> bool = |f| matches!(f, MailFault::Refused { .. });
    let absent: fn(&MailFault) -> bool = |f| matches!(f, MailFault::NotFound { .. });
    let away: fn(&MailFault) -> bool =
        |f| matches!(f, MailFault::NoAnswer { .. } | MailFault::Unreachable { .. });
    let strange: fn(&MailFault) -> bool = |f| matches!(f, MailFault::Strange { .. });
    let cases = [
        (Wrong::Nothing, Made),
        // Lost before it was whole there: once more.
        (Wrong::EndsBefore("APPEND"), Made),
        // Its end may have been on the way: nobody sends it again unasked.
        (Wrong::EndsWithin, Unknown),
        (Wrong::EndsAfter, Made),
        (Wrong::Silent("APPEND"), Made),
        (Wrong::LateCommit, Unknown),
        (says("APPEND", "TAG NO [OVERQUOTA] full\r\n"), Nothing(refused)),
        (says("APPEND", "TAG NO [TRYCREATE] no such\r\n"), Nothing(absent)),
        (says("APPEND", "TAG BAD literal\r\n"), Nothing(refused)),
        (says("APPEND", "* BYE going down\r\n"), Made),
        (says("APPEND", "%%%%\r\n"), Nothing(strange)),
        (says("APPEND", "other OK done\r\n"), Nothing(strange)),
        (Wrong::EndsBefore("SEARCH"), Made),
        (Wrong::EndsBefore("LOGIN"), Nothing(away)),
        (Wrong::Silent("SEARCH"), Nothing(away)),
        (says("SEARCH", "* SEARCH 1 two\r\nTAG OK done\r\n"), Nothing(strange)),
        (Wrong::Drips("EXAMINE"), Nothing(away)),
        (Wrong::Floods("EXAMINE"), Nothing(strange)),
    ];
    for (wrong, end) in cases {
        let fake = Fake::start(wrong.clone());
        // The second half of a draft's bytes is small here; the fake's silence lasts longer than our patience.
        let imap = fake.open(patience(if matches!(wrong, Wrong::Floods(_)) { 20_000 } else { 400 }));
        let got = imap.create_draft(&draft());
        match (&end, &got) {
            (Made, Ok(_)) => {}
            (Nothing(kind), Err(f)) => assert!(f.nothing_made() && kind(f), "{wrong:?}: {f:?}"),
            (Unknown, Err(MailFault::UnknownOutcome { .. })) => {}
            _ => panic!("{wrong:?}: {got:?}"),
        }
        if let Err(f) = &got {
            assert!(!f.to_string().contains("planted"), "{f}");
        }
        // Whatever it was: asked again later, the draft is there, and there is one.
        thread::sleep(Duration::from_millis(if wrong == Wrong::LateCommit { 800 } else { 0 }));
        imap.create_draft(&draft()).unwrap_or_else(|f| panic!("{wrong:?}: {f}"));
        assert_eq!(fake.drafts(), 1, "{wrong:?}");
    }
}

#[test]
fn reading_ends_in_mail_or_in_words() {
    let says = |word, text: &str| Wrong::Says(word, text.as_bytes().to_vec());
    let cases: [(Wrong, &str); 14] = [
        (Wrong::Nothing, "read"),
        // Reads are made once more.
        (Wrong::EndsBefore("EXAMINE"), "read"),
        (Wrong::EndsBefore("FETCH"), "read"),
        (says("FETCH", "* 1 FETCH (UID 1 RFC822.SIZE 100"), "read"),
        (Wrong::Silent("FETCH"), "no answer in the time there was"),
        (Wrong::Drips("SEARCH"), "no answer in the time there was"),
        (Wrong::Floods("EXAMINE"), "far more than was asked for"),
        (says("CAPABILITY", "HTTP/1.1 400 Bad Request\r\n\r\n"), "cannot be read as IMAP"),
        (says("EXAMINE", "TAG OK [READ-ONLY] done\r\n"), "no UIDVALIDITY"),
        (says("EXAMINE", "TAG NO \x1b[2J gone\r\n"), "there is no folder `INBOX` for this account: [2J gone"),
        (says("SEARCH", "* SEARCH 99999999999999999999\r\nTAG OK done\r\n"), "search cannot be read"),
        (says("SEARCH", "* SEARCH 4294967295 0\r\nTAG OK done\r\n"), "search cannot be read"),
        (says("LOGIN", "TAG NO planted-word is not it\r\n"), "the log-in was refused: *** is not it"),
        (Wrong::Says("EXAMINE", vec![0xff, 0x00, b'{', b'9', b'}', b'\r', b'\n', 0x80, 0xfe]), "read"),
    ];
    for (wrong, want) in cases {
        let fake = Fake::start(wrong.clone());
        let patience = patience(if matches!(wrong, Wrong::Floods(_)) { 20_000 } else { 400 });
        match fake.open(patience).page(None, None) {
            Ok(page) => assert_eq!((page.mails.len(), want), (1, "read"), "{wrong:?}"),
            Err(f) => {
                assert!(f.to_string().contains(want), "{wrong:?}: {f}");
                assert!(!f.to_string().contains("planted-word") && !f.mend().is_empty());
            }
        }
    }
}

#[test]
fn no_fault_makes_a_thread_of_imap_shorter() {
    let says = |word, text: &str| Wrong::Says(word, text.as_bytes().to_vec());
    // How much may come is bounded by kind of command, and a flood of the smallest is the fastest told.
    let mut cases =
        vec![Wrong::Nothing, Wrong::Floods("EXAMINE"), says("SEARCH", "* SEARCH 1 two\r\nTAG OK done\r\n")];
    for word in ["EXAMINE", "SEARCH", "THREAD", "FETCH", "LIST", "CAPABILITY"] {
        cases.extend([Wrong::EndsBefore(word), Wrong::Silent(word)]);
        for text in [
            "TAG NO not now\r\n",
            "TAG BAD what\r\n",
            "%%%%\r\n",
            "* BYE going down\r\n",
            "other OK done\r\n",
        ] {
            cases.push(says(word, text));
        }
    }
    for text in [
        "* THREAD (1 (2\r\nTAG OK done\r\n",
        "* THREAD ((((((((((1)(2))(3))(4))(5))(6))(7))(8))(9))\r\nTAG OK done\r\n",
    ] {
        cases.push(says("THREAD", text));
    }
    for wrong in cases {
        for threads in [false, true] {
            let fake = Fake::start(wrong.clone());
            {
                let mut world = fake.world.lock().unwrap();
                (world.threads, world.drafts) = (threads, vec![LETTER.to_vec()]);
            }
            let limits = patience(if matches!(wrong, Wrong::Floods(_)) { 20_000 } else { 400 });
            match fake.open(limits).thread("ours-1@desk") {
                Ok(all) => assert_eq!(all.len(), 1, "{wrong:?}, {threads}"),
                Err(f) => assert!(!f.to_string().contains("planted") && f.nothing_made(), "{wrong:?}: {f}"),
            }
        }
    }
    // A server that says it keeps threads, and then does not, is asked in the other way.
    for text in ["TAG NO not now\r\n", "TAG BAD what\r\n", "* THREAD (1 (2\r\nTAG OK done\r\n"] {
        let fake = Fake::start(says("THREAD", text));
        {
            let mut world = fake.world.lock().unwrap();
            (world.threads, world.drafts) = (true, vec![LETTER.to_vec()]);
        }
        let end = fake.open(patience(2000)).thread("ours-1@desk");
        assert!(end.as_ref().is_ok_and(|all| all.len() == 1), "{text}: {end:?}");
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_said_and_not_lost_in_silence() {
    let fake = Fake::start(Wrong::Unreadable);
    let imap = fake.open(patience(2000));
    let page = imap.page(None, None).unwrap();
    assert_eq!((page.mails.len(), page.passed.len()), (0, 1));
    assert_eq!(page.passed[0].place, format!("imap://127.0.0.1:{} INBOX uid 1", fake.port));
    assert!(page.passed[0].why.contains("cannot be read; look at it in a mail client"));
    // It is said once and does not stand in the way of what comes after.
    assert_eq!(imap.page(Some(&page.cursor), None).unwrap().passed, []);
    // Nothing that would change a flag: folders are examined, bodies peeked at.
    let lines = fake.world.lock().unwrap().lines.clone();
    assert!(lines.iter().filter(|l| l.contains("BODY")).all(|l| l.contains("BODY.PEEK")), "{lines:?}");
    assert!(!lines.iter().any(|l| l.contains("SELECT") || l.contains("STORE")), "{lines:?}");
}

#[test]
fn a_token_is_carried_and_a_refused_one_is_said() {
    let fake = Fake::start(Wrong::Nothing);
    let url = format!("imap://127.0.0.1:{}", fake.port);
    let with = |token: &str| {
        Imap::new(source(&url, LogIn::Token(Secret::new(token.into()))), patience(2000)).unwrap()
    };
    assert_eq!(with("planted-good").page(None, None).unwrap().mails.len(), 1);
    let e = with("planted-bad").page(None, None).unwrap_err();
    assert!(matches!(e, MailFault::LogIn { .. }), "{e}");
    assert!(!e.to_string().contains("planted"), "{e}");
    let lines = fake.world.lock().unwrap().lines.clone();
    let sent = lines.iter().filter(|l| clear(l).contains("planted")).map(|l| clear(l));
    let form = |token: &str| format!("user=alice\x01auth=Bearer {token}\x01\x01");
    assert_eq!(sent.collect::<Vec<_>>(), [form("planted-good"), form("planted-bad")]);
}

#[test]
fn secrets_do_not_go_out_in_the_clear() {
    let fake = Fake::start(Wrong::Nothing);
    let mut far = source(
        &format!("imap://127.0.0.1:{}", fake.port),
        LogIn::Password(Secret::new("planted-word".into())),
    );
    far.server.security = Security::StartTls;
    let e = Imap::new(far, patience(2000)).unwrap().page(None, None).unwrap_err();
    assert!(e.to_string().contains("offers no STARTTLS"), "{e}");
    assert!(!fake.world.lock().unwrap().lines.iter().any(|l| l.contains("LOGIN")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_breaks_the_reader(
        word in prop::sample::select(vec!["CAPABILITY", "LOGIN", "LIST", "EXAMINE", "SEARCH", "FETCH", "THREAD"]),
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..30),
            prop::sample::select(vec![
                "* ", "1 FETCH (", "UID 1 ", "BODY[] ", "{5}\r\n", "{4294967295}\r\n", "NIL", "\"", ")", "\r\n", "TAG OK ",
                "* SEARCH ", "* THREAD (", "* LIST (\\Drafts) \"/\" ", "[UIDVALIDITY ", "[UIDNEXT 0]", "((((((((((", "+ ", "BODYSTRUCTURE ",
            ]).prop_map(|s| s.as_bytes().to_vec()),
        ], 0..12),
    ) {
        let fake = Fake::start(Wrong::Says(word, pieces.concat()));
        fake.world.lock().unwrap().threads = true;
        let imap = fake.open(patience(300));
        let _ = imap.page(None, None);
        let _ = imap.thread("ours-1@desk");
        let _ = imap.create_draft(&draft());
        prop_assert!(fake.drafts() <= 1);
    }
}
