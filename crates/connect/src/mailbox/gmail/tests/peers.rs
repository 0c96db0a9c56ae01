//! Everything this connector does, once: at our fake and at npm `emulate`, with the requests held beside Google's description.

use testkit::{
    described::{Api, fit},
    emulate::Emulator,
    serve::{Asked, GmailFront},
};

use super::*;
use crate::net::{ALLOWED, allowed};

/// The other side of a mailbox.
trait Owner {
    fn receive(&self, id: &str, labels: &[&str]);
    /// Press *Send* on the only draft.
    fn send(&self);
}

impl Owner for Server<GmailFake> {
    fn receive(&self, id: &str, labels: &[&str]) {
        self.with(|f| f.receive(&mail(id), labels, 5 * DAY));
    }

    fn send(&self) {
        self.with(|f| {
            let m = f.messages.iter_mut().find(|m| !m.draft.is_empty()).unwrap();
            m.draft.clear();
            m.labels = ["SENT".to_owned()].into();
        });
    }
}

impl Owner for Server<GmailFront> {
    fn receive(&self, id: &str, labels: &[&str]) {
        self.with(|f| f.receive(mail(id).as_bytes(), labels));
    }

    fn send(&self) {
        self.with(|f| {
            let [(draft, ..)] = f.drafts().try_into().unwrap();
            f.press_send(&draft);
        });
    }
}

/// Do all of it in an empty mailbox that has a label `Lists/security` with the id `Label_7`.
fn everything(owner: &impl Owner, gmail: &Gmail) {
    for line in gmail.probe() {
        line.unwrap();
    }
    owner.receive("a@x", &["Label_7", "UNREAD"]);
    owner.receive("inbox@x", &["INBOX"]);
    owner.receive("spam@x", &["Label_7", "SPAM"]);
    let (ids, passed, cursor) = read(gmail, None, Some(DAY));
    assert_eq!((ids, passed), (vec!["a@x".to_owned()], vec![]));
    owner.receive("b@x", &["Label_7"]);
    owner.receive("other@x", &["INBOX"]);
    let (ids, _, cursor) = read(gmail, Some(cursor), Some(DAY));
    assert_eq!(ids, ["b@x"]);

    let a = gmail.fetch("a@x").unwrap().unwrap();
    assert_eq!(a.bytes, mail("a@x").into_bytes());
    assert!(gmail.fetch("none@x").unwrap().is_none());
    let own = letter("ours@x", "a@x");
    let made = gmail.create_draft(&draft(&own, "a@x")).unwrap();
    assert!(made.url.ends_with(&a.thread), "on the thread that it answers: {made:?}");
    assert_eq!(gmail.create_draft(&draft(&own, "a@x")).unwrap(), made, "there once");
    assert_eq!(gmail.thread_url("a@x").unwrap(), Some(made.url.clone()));
    // The thread is read whole, without what nobody sent.
    let thread = gmail.thread("a@x").unwrap();
    assert!(
        matches!(thread.as_slice(), [m] if m.bytes == a.bytes && m.thread == a.thread),
        "{}",
        thread.len()
    );
    assert!(gmail.thread("none@x").unwrap().is_empty());
    let all = gmail.drafts().unwrap();
    assert!(matches!(all.as_slice(), [d] if message_id_of(&d.bytes) == "ours@x" && d.thread == a.thread));
    assert_eq!(gmail.find(Place::Drafts, "ours@x").unwrap(), Some(made));
    assert_eq!(gmail.find(Place::Sent, "ours@x").unwrap(), None);
    owner.send();
    assert_eq!(gmail.find(Place::Drafts, "ours@x").unwrap(), None);
    assert!(gmail.find(Place::Sent, "ours@x").unwrap().is_some());
    assert!(read(gmail, Some(cursor), Some(DAY)).0.is_empty(), "our own letters are no news");
}

#[test]
fn every_request_fits_what_google_publishes_and_every_route_is_needed() {
    let b = start(&["Lists/security"]);
    b.server.with(|f| f.labels = vec![("Label_7".into(), "Lists/security".into())]);
    everything(&b.server, &b.gmail);
    let seen = b.server.seen();
    fit(Api::Gmail, &seen);
    for r in ALLOWED.iter().filter(|r| r.service == Service::Mailbox) {
        let same = |a: &Asked| {
            allowed(r.service, &a.method, &a.path).is_ok_and(|x| (x.path, x.method) == (r.path, r.method))
        };
        assert!(seen.iter().any(same), "nothing asks {} {}", r.method, r.path);
    }
}

#[test]
fn the_same_against_a_mailbox_that_we_did_not_write() {
    let now = Timestamp::from_second(4 * DAY).unwrap();
    let mut seed = GmailFront::seed(ACCOUNT, [KEYS[0], KEYS[1]]);
    seed["google"]["labels"] = json!([{"id": "Label_7", "user_email": ACCOUNT, "name": "Lists/security"}]);
    let Some(behind) = Emulator::start(&["google"], now, &seed) else { return };
    let front = GmailFront::new(Arc::new(behind), ACCOUNT, [KEYS[0], KEYS[1]], now);
    let keys = front.credential.clone();
    let server = Server::start(front);
    let keys = [&keys[0][..], &keys[1], &keys[2]];
    let log = Arc::default();
    let gmail = open_at(&server.url(), keys, &["Lists/security"], ACCOUNT, &log);
    everything(&server, &gmail);
    fit(Api::Gmail, &server.seen());
    assert!(!log.lock().unwrap().contains(keys[2]));
    // Somebody else's token is refused as such.
    let stranger = open_at(&server.url(), [keys[0], keys[1], "planted-other"], &["INBOX"], ACCOUNT, &log);
    let refused = stranger.fetch("a@x").unwrap_err();
    assert!(matches!(refused, MailFault::LogIn { .. }), "{refused}");
}
