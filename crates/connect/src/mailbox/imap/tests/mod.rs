mod real;
mod wrong;

use std::time::Duration;

use super::*;
use crate::net::Limits;

const LETTER: &[u8] =
    b"From: Team <team@example.org>\r\nTo: r@example.com\r\nSubject: Re: x\r\nMessage-ID: <ours-1@desk>\r\n\r\nhello\r\n";

fn draft() -> NewDraft<'static> {
    NewDraft { message_id: "ours-1@desk", bytes: LETTER, in_reply_to: "", by_hand: false }
}

fn patience(deadline: u64) -> Limits {
    Limits {
        deadline: Duration::from_millis(deadline),
        connect: Duration::from_millis(deadline),
        ..Limits::default()
    }
}

fn at(url: &str, password: &str, limits: Limits) -> Imap {
    Imap::new(source(url, LogIn::Password(Secret::new(password.into()))), limits).unwrap()
}

fn source(url: &str, log_in: LogIn) -> ImapSource {
    ImapSource {
        server: Server::parse(url, false).unwrap(),
        account: testkit::dovecot::ACCOUNT.into(),
        log_in,
        folders: vec!["INBOX".into()],
        drafts: Purpose::Asked,
        sent: Purpose::Asked,
        ca_file: None,
    }
}

/// Read to the end, and say how many pages that took.
fn all(
    imap: &Imap,
    mut cursor: Option<Cursor>,
    since: Option<Timestamp>,
) -> (Vec<Mail>, Vec<String>, Cursor) {
    let (mut mails, mut passed) = (Vec::new(), Vec::new());
    loop {
        let page = imap.page(cursor.as_ref(), since).unwrap();
        mails.extend(page.mails);
        passed.extend(page.passed.into_iter().map(|p| p.why));
        if !page.more {
            return (mails, passed, page.cursor);
        }
        assert_ne!(cursor, Some(page.cursor.clone()), "reading goes on");
        cursor = Some(page.cursor);
    }
}

#[test]
fn no_cursor_of_another_kind_stops_the_reading() {
    for text in [
        "",
        "{}",
        "[1]",
        "null",
        r#"{"INBOX":{"validity":"x"}}"#,
        r#"{"INBOX":{"validity":-1,"done":0,"first":0}}"#,
    ] {
        assert_eq!(Progress::read(Some(&Cursor(text.into()))), Progress::default(), "{text}");
    }
}
