use std::sync::Mutex;

use desk::mail::{Message, page_of_place, parse};
use serde_json::{Value, json};
use testkit::serve::{Asked, GithubFake, Server, Wrong};

use super::*;
use crate::net::{Service, hasty};

const REPO: &str = "example/server";
const TOKEN: &str = "planted-token-0123";
const ONE: &str = "GHSA-2h5m-9qxw-vr3c";
const TWO: &str = "GHSA-3h5m-9qxw-vr3c";

struct Inbox {
    server: Server<GithubFake>,
    ghsa: Ghsa,
}

fn start() -> Inbox {
    let mut fake = GithubFake::new("acme/security", TOKEN, "2026-11-20T00:00:00Z".parse().unwrap());
    fake.upstream = REPO.into();
    let server = Server::start(fake);
    let ghsa = open(&server, REPO);
    Inbox { server, ghsa }
}

fn open(server: &Server<GithubFake>, repo: &str) -> Ghsa {
    let source = GhsaSource {
        site: Site::at(Service::Github, &server.url(), false).unwrap(),
        web: "https://github.com".into(),
        repo: repo.into(),
        token: Secret::new(TOKEN.into()),
        key: "upstream.token".into(),
        team: BTreeMap::from([("maren".into(), Address::new("Maren Team", "maren@example.org"))]),
    };
    Ghsa::new(Arc::new(hasty()), source).unwrap()
}

/// Read to the end.
fn read(ghsa: &Ghsa, mut cursor: Option<Cursor>) -> Result<(Vec<Mail>, Vec<String>, Cursor), MailFault> {
    let (mut mails, mut passed) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        let page = ghsa.page(cursor.as_ref(), None)?;
        mails.extend(page.mails);
        passed.extend(page.passed.into_iter().map(|p| p.why));
        if !page.more {
            return Ok((mails, passed, page.cursor));
        }
        cursor = Some(page.cursor);
    }
    panic!("it never ends");
}

fn message(m: &Mail) -> Message {
    parse(&m.bytes, "2026-11-30T00:00:00Z".parse().unwrap())
}

fn ids(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|m| message(m).key.id).collect()
}

/// Each kind of request that this connector makes.
pub(crate) fn everything() -> Vec<Asked> {
    let b = start();
    b.server.with(|f| f.report(ONE, "zoe-h", "Path traversal", "x", Value::Null));
    read(&b.ghsa, None).unwrap();
    b.ghsa.fetch(&format!("{ONE}@github.com")).unwrap();
    b.ghsa.probe();
    b.server.seen()
}

#[test]
fn a_private_report_is_a_message_of_whoever_made_it() {
    let b = start();
    let text = "Höher than expected.\n\n```\nfrom x import y\n```\n\nCVSS: 9.8";
    b.server.with(|f| {
        f.report(
            ONE,
            "zoe-h",
            "Path traversal in\r\nBcc: a@b.example upload",
            text,
            json!({"cvss": {"vector_string": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "score": 7.5},
                "cwe_ids": ["CWE-22"],
                "credits_detailed": [
                    {"user": {"login": "zoe-h"}, "type": "finder", "state": "accepted"},
                    {"user": {"login": "shy"}, "type": "finder", "state": "declined"},
                    {"user": {"login": "fixer"}, "type": "remediation_developer", "state": "accepted"}]}),
        );
    });
    let (mails, passed, _) = read(&b.ghsa, None).unwrap();
    assert!(passed.is_empty(), "{passed:?}");
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let url = format!("https://github.com/{REPO}/security/advisories/{ONE}");
    assert_eq!(page_of_place(&mail.place), Some(url.as_str()));
    let m = message(mail);
    assert_eq!(m.key.id, format!("{ONE}@github.com"));
    assert_eq!((m.from.name.as_str(), m.from.email.as_str()), ("zoe-h", "zoe-h@users.noreply.github.com"));
    assert_eq!(m.subject, "Path traversal in Bcc: a@b.example upload");
    assert!(m.cc.is_empty() && !m.automatic && m.in_reply_to.is_empty());
    assert_eq!(m.date, Some("2026-11-20T00:00:01Z".parse().unwrap()));
    assert!(desk::rules::extract::unreplyable(&m.from));
    assert!(m.text.contains(text), "{}", m.text);
    for line in [
        format!("Reported privately as {ONE}: {url}"),
        "Package: example-server pip".into(),
        "Affected versions: >= 2.0.0, < 2.4.1".into(),
        "Severity given: high".into(),
        "CVSS given: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N".into(),
        "Weakness given: CWE-22".into(),
        "Credit: zoe-h".into(),
    ] {
        assert!(m.text.lines().any(|l| l == line), "{line}\n{}", m.text);
    }
    assert!(!m.text.contains("shy") && !m.text.contains("fixer"));
    // The same bytes whoever asks, so that it is one message on every desk.
    assert_eq!(b.ghsa.fetch(&m.key.id).unwrap().unwrap().bytes, mail.bytes);
    assert!(b.ghsa.fetch("GHSA-9999-9999-9999@github.com").unwrap().is_none());
    assert!(b.ghsa.fetch("../../user@github.com").unwrap().is_none());
    assert_eq!(b.ghsa.thread_url(&m.key.id).unwrap(), Some(url));
}

#[test]
fn odd_advisories_are_still_messages() {
    let b = start();
    b.server.with(|f| {
        f.report(
            ONE,
            "x",
            "",
            "",
            json!({"author": null, "description": null, "severity": null, "cvss": null, "vulnerabilities": null,
            "cwe_ids": null, "credits_detailed": null, "created_at": null, "updated_at": null}),
        );
        f.report(TWO, "dependabot[bot]", "a", "b", json!({"author": {"login": "Maren"}}));
    });
    let (mails, ..) = read(&b.ghsa, None).unwrap();
    let all: Vec<Message> = mails.iter().map(message).collect();
    assert_eq!(all[0].from.email, "ghost@users.noreply.github.com");
    // What the team writes is the team's.
    assert_eq!(all[1].from.email, "maren@example.org");
}

#[test]
fn each_is_told_once_and_what_becomes_of_it_stands_on_its_thread() {
    let b = start();
    b.server.with(|f| {
        f.report(ONE, "zoe", "One", "first", Value::Null);
        f.report(TWO, "maren", "Two", "ours", json!({"state": "draft", "submission": null}));
        f.report("GHSA-4h5m-9qxw-vr3c", "zoe", "Old", "x", json!({"state": "published"}));
        f.report(
            "GHSA-5h5m-9qxw-vr3c",
            "zoe",
            "Taken on",
            "x",
            json!({"state": "draft", "submission": {"accepted": true}}),
        );
    });
    let (mails, passed, cursor) = read(&b.ghsa, None).unwrap();
    assert_eq!(ids(&mails), [format!("{ONE}@github.com"), "GHSA-5h5m-9qxw-vr3c@github.com".into()]);
    assert_eq!(passed.len(), 1);
    assert!(passed[0].contains("@maren opened"), "{passed:?}");
    // Nothing new costs a question for each list.
    let before = b.server.seen().len();
    let (mails, passed, cursor) = read(&b.ghsa, Some(cursor)).unwrap();
    assert!(mails.is_empty() && passed.is_empty());
    assert_eq!(b.server.seen().len() - before, 2);
    assert!(b.server.seen()[before..].iter().all(|a| !a.header("if-none-match").is_empty()));

    let steps: &[(Value, &[&str])] = &[
        (json!({"description": "first, and more"}), &["Somebody changed the text"]),
        (json!({"severity": "low"}), &[]),
        (json!({"state": "draft", "submission": {"accepted": true}}), &["was accepted"]),
        (json!({"state": "closed"}), &["was closed"]),
        (json!({"description": "nobody looks any more"}), &[]),
        (json!({"state": "triage"}), &["was reopened", "Somebody changed the text"]),
        (json!({"state": "published"}), &["was published"]),
    ];
    let mut cursor = cursor;
    let mut seen = std::collections::BTreeSet::new();
    for (change, want) in steps {
        b.server.with(|f| f.change_report(ONE, change.clone()));
        let (mails, _, next) = read(&b.ghsa, Some(cursor)).unwrap();
        let texts: Vec<String> = mails.iter().map(|m| message(m).text).collect();
        assert_eq!(texts.len(), want.len(), "{change}: {texts:?}");
        for ((mail, text), want) in mails.iter().zip(&texts).zip(*want) {
            let m = message(mail);
            assert!(text.contains(want) && text.contains(ONE), "{text}");
            assert_eq!(m.in_reply_to, [format!("{ONE}@github.com")]);
            assert!(m.automatic && seen.insert(m.key.id));
        }
        cursor = next;
    }
}

#[test]
fn many_pages_are_read_to_the_end_and_nothing_twice() {
    let b = start();
    let letters: Vec<char> = "23456789cfghjmpqrvwx".chars().collect();
    b.server.with(|f| {
        f.public.page = 40;
        for n in 0..130 {
            let id = format!("GHSA-2222-22{}{}-3333", letters[n / 20], letters[n % 20]);
            f.report(&id, "zoe", &format!("Report {n}"), "x", Value::Null);
        }
    });
    let (mails, _, cursor) = read(&b.ghsa, None).unwrap();
    let all: std::collections::BTreeSet<String> = ids(&mails).into_iter().collect();
    assert_eq!((mails.len(), all.len()), (130, 130));
    assert!(read(&b.ghsa, Some(cursor)).unwrap().0.is_empty());
}

#[test]
fn a_token_that_may_not_look_is_a_fault_and_no_empty_inbox() {
    let b = start();
    b.server.with(|f| f.public.may_read = false);
    let f = read(&b.ghsa, None).unwrap_err();
    assert!(
        matches!(&f, MailFault::Refused { why, .. } if why.contains("upstream.token") && why.contains("security advisories")),
        "{f}"
    );
    // Who is no administrator is shown nothing, with status 200.
    b.server.with(|f| {
        (f.public.may_read, f.public.admin) = (true, false);
        f.report(ONE, "zoe", "One", "x", Value::Null);
    });
    let f = read(&b.ghsa, None).unwrap_err();
    assert!(matches!(&f, MailFault::Refused { why, .. } if why.contains("cannot be told")), "{f}");
    assert!(b.ghsa.probe()[0].is_err());
    // Who takes part in one is shown that one: it is read, and the rest is said to be unknown.
    b.server.with(|f| f.report(TWO, "ada", "Two", "x", Value::Null));
    let (mails, passed, cursor) = read(&b.ghsa, None).unwrap();
    assert_eq!((mails.len(), passed.len()), (1, 1));
    // The rights came, and went again.
    b.server.with(|f| f.public.admin = true);
    let (mails, _, cursor) = read(&b.ghsa, Some(cursor)).unwrap();
    assert_eq!(ids(&mails), [format!("{ONE}@github.com")]);
    b.server.with(|f| f.public.admin = false);
    let f = read(&b.ghsa, Some(cursor)).unwrap_err();
    assert!(f.to_string().contains("not shown any more"), "{f}");
    // An administrator of a quiet repository has an empty inbox.
    let b = start();
    assert!(read(&b.ghsa, None).unwrap().0.is_empty());
    assert!(b.ghsa.probe().iter().all(Result::is_ok));
    b.server.with(|f| f.public.reporting = false);
    assert!(b.ghsa.probe().iter().any(|l| l.as_ref().is_err_and(|f| f.to_string().contains("switched off"))));
    // Another repository, or none.
    let f = read(&open(&b.server, "example/other"), None).unwrap_err();
    assert!(matches!(&f, MailFault::NotFound { why, .. } if why.contains("upstream.repo")), "{f}");
}

#[test]
fn what_went_wrong_is_never_an_answer() {
    let asked = Mutex::new(0);
    {
        let at = "security-advisories";
        for wrong in Wrong::every() {
            // The lists of either state, then the one that left them.
            for skip in 0..3 {
                if matches!(wrong, Wrong::Silence) && skip > 0 {
                    continue;
                }
                let b = start();
                b.server.with(|f| {
                    f.report(ONE, "zoe", "One", "x", Value::Null);
                    f.report(TWO, "zoe", "Two", "x", Value::Null);
                });
                let (_, _, cursor) = read(&b.ghsa, None).unwrap();
                b.server.with(|f| {
                    f.change_report(ONE, json!({"state": "closed"}));
                    f.report("GHSA-4h5m-9qxw-vr3c", "zoe", "Three", "x", Value::Null);
                });
                b.server.go_wrong_skipping("GET", at, skip, wrong.clone());
                let first = read(&b.ghsa, Some(cursor.clone()));
                b.server.all_well();
                // Whether it failed or not, in the end everything was told, and nothing twice with other words.
                let (mut told, cursor) = match first {
                    Ok((mails, _, cursor)) => (ids(&mails), cursor),
                    Err(f) => {
                        *asked.lock().unwrap() += 1;
                        assert!(!f.to_string().contains(TOKEN), "{f}");
                        (Vec::new(), cursor)
                    }
                };
                // A list that somebody else's empty answer stood in for is read again once it changes.
                b.server.with(|f| f.change_report(TWO, json!({"severity": "low"})));
                told.extend(ids(&read(&b.ghsa, Some(cursor)).unwrap().0));
                assert_eq!(told.len(), 2, "{wrong:?} at {at} after {skip}: {told:?}");
            }
        }
    }
    assert!(*asked.lock().unwrap() > 20);
}

#[test]
fn what_is_no_advisory_stops_the_reading() {
    for (other, why) in [
        (json!([{"ghsa_id": ONE}]), "no advisory"),
        (json!({"message": "hello"}), "no advisory"),
        (json!("x"), "no advisory"),
    ] {
        let b = start();
        b.server.go_wrong("GET", "security-advisories", Wrong::Other(other));
        let f = read(&b.ghsa, None).unwrap_err();
        assert!(f.to_string().contains(why), "{f}");
    }
    for bad in ["GHSA-xxxx-xxxx-xxx", "GHSA-aaaa-bbbb-cccc", "../../user", "GHSA-2h5m-9qxw-vr3c\r\nBcc: x"] {
        let b = start();
        b.server.with(|f| f.report(bad, "zoe", "One", "x", Value::Null));
        assert!(read(&b.ghsa, None).unwrap_err().to_string().contains("no advisory"), "{bad}");
    }
}
