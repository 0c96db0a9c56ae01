//! The adapters against stateful fakes: the common suite, and every call with every fault at every request it makes.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
    time::Duration,
};

use desk::{
    case::RecordStage,
    cve::authority::{AuthorityError, CveAuthority, Submission, parse_stage},
};
use serde_json::json;
use testkit::{
    authority::{CVE, Stand, ask, conforms, record},
    serve::{CveServicesFake, Server, VulnogramFake, Wrong},
};

use super::*;
use crate::net::{Client, Limits, Secret, Service, Site, Still, Surroundings};

const COOKIE: &str = "s%3Aplanted-session.cookie";
const KEY: &str = "planted-api-key-0123";

type Log = Arc<Mutex<String>>;

fn client(log: &Log) -> Arc<Client> {
    // Waits cost nothing here, silence does.
    let limits = Limits {
        deadline: Duration::from_millis(2500),
        connect: Duration::from_millis(500),
        first_wait: Duration::from_millis(100),
        tries: 2,
        body: 200_000,
        ..Limits::default()
    };
    let log = Arc::clone(log);
    let client = Client::new(&Surroundings::default(), limits, Box::<Still>::default()).unwrap();
    Arc::new(client.logged(Box::new(move |l| {
        let mut log = log.lock().unwrap();
        log.push_str(&l.to_string());
        log.push('\n');
    })))
}

fn site(service: Service, url: &str) -> Site {
    Site::at(service, url, false).unwrap()
}

struct Tool {
    server: Server<VulnogramFake>,
    tool: Vulnogram,
    log: Log,
}

impl Tool {
    fn new() -> Self {
        let log = Log::default();
        let server = Server::start(VulnogramFake::new(COOKIE).with(CVE, "Path traversal"));
        let session = Session::read(&Secret::new(COOKIE.into())).unwrap();
        let tool = Vulnogram::new(client(&log), site(Service::Vulnogram, &server.url()), session);
        Self { server, tool, log }
    }
}

impl Stand for Tool {
    fn authority(&self) -> &dyn CveAuthority {
        &self.tool
    }
    fn effects(&self) -> u64 {
        self.server.with(|f| f.saves)
    }
    fn state(&self, cve: &str) -> RecordStage {
        self.server.with(|f| parse_stage(&f.state(cve)))
    }
    fn strict(&self) -> bool {
        true
    }
}

struct Services {
    server: Server<CveServicesFake>,
    service: CveServices,
    log: Log,
}

impl Services {
    fn new() -> Self {
        let log = Log::default();
        let server = Server::start(CveServicesFake::new(KEY).with(CVE));
        let key = Key {
            user: Secret::new("desk@example.org".into()),
            org: "example".into(),
            key: Secret::new(KEY.into()),
        };
        let service = CveServices::new(client(&log), site(Service::CveServices, &server.url()), key);
        Self { server, service, log }
    }
}

impl Stand for Services {
    fn authority(&self) -> &dyn CveAuthority {
        &self.service
    }
    fn effects(&self) -> u64 {
        self.server.with(|f| f.writes.len() as u64)
    }
    fn state(&self, cve: &str) -> RecordStage {
        match self.server.with(|f| f.state(cve)).as_str() {
            "RESERVED" => RecordStage::Allocated,
            "PUBLISHED" => RecordStage::Public,
            "REJECTED" => RecordStage::Retracted,
            _ => RecordStage::Unknown,
        }
    }
    fn strict(&self) -> bool {
        true
    }
}

#[test]
fn vulnogram_does_its_job() {
    conforms(&|| Box::new(Tool::new()));
}

#[test]
fn cve_services_do_their_job() {
    conforms(&|| Box::new(Services::new()));
}

/// A stand whose requests can go wrong, and that can be put back to how it was.
trait Faulty: Stand {
    /// What it remembers now, to be put back; every request before is forgotten.
    fn keep(&self) -> Box<dyn Fn(&Self)>
    where
        Self: Sized;
    fn go_wrong_at(&self, skip: usize, times: usize, wrong: Wrong);
    fn mend(&self);
    fn requests(&self) -> usize;
    /// What was logged since the last time.
    fn log(&self) -> String;
}

impl Faulty for Tool {
    fn keep(&self) -> Box<dyn Fn(&Self)> {
        let kept = self.server.with(|f| f.clone());
        Box::new(move |s| s.server.with(|f| f.clone_from(&kept)))
    }
    fn go_wrong_at(&self, skip: usize, times: usize, wrong: Wrong) {
        self.server.go_wrong_at(skip, times, wrong);
    }
    fn mend(&self) {
        self.server.all_well();
    }
    fn requests(&self) -> usize {
        self.server.seen().len()
    }
    fn log(&self) -> String {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

impl Faulty for Services {
    fn keep(&self) -> Box<dyn Fn(&Self)> {
        let kept = self.server.with(|f| f.clone());
        Box::new(move |s| s.server.with(|f| f.clone_from(&kept)))
    }
    fn go_wrong_at(&self, skip: usize, times: usize, wrong: Wrong) {
        self.server.go_wrong_at(skip, times, wrong);
    }
    fn mend(&self) {
        self.server.all_well();
    }
    fn requests(&self) -> usize {
        self.server.seen().len()
    }
    fn log(&self) -> String {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

struct Call {
    name: &'static str,
    before: fn(&dyn CveAuthority),
    call: fn(&dyn CveAuthority) -> Result<RecordStage, AuthorityError>,
    /// The state the record has when it was done; none for calls that change nothing.
    after: Option<RecordStage>,
}

fn nothing(_: &dyn CveAuthority) {}

fn reviewed(a: &dyn CveAuthority) {
    a.push(ask(&record("Path traversal"), RecordStage::ReviewReady)).unwrap();
}

fn publish(a: &dyn CveAuthority) -> Result<RecordStage, AuthorityError> {
    let ours = record("Path traversal in uploads");
    let base = record("Path traversal");
    let s = Submission { base: Some(&base), ..ask(&ours, RecordStage::Public) };
    a.publish(s).map(|d| d.state)
}

const CALLS: &[Call] = &[
    Call { name: "probe", before: nothing, call: |a| a.probe().map(|_| RecordStage::Unknown), after: None },
    Call {
        name: "fetch",
        before: nothing,
        call: |a| a.fetch(CVE).map(|r| r.map_or(RecordStage::Unknown, |r| r.state)),
        after: None,
    },
    Call {
        name: "push",
        before: nothing,
        call: |a| a.push(ask(&record("Path traversal"), RecordStage::ReviewReady)).map(|d| d.state),
        after: Some(RecordStage::ReviewReady),
    },
    Call { name: "publish", before: reviewed, call: publish, after: Some(RecordStage::Public) },
    Call {
        name: "update",
        before: |a| {
            reviewed(a);
            a.publish(ask(&record("Path traversal"), RecordStage::Public)).unwrap();
        },
        call: publish,
        after: Some(RecordStage::Public),
    },
    Call {
        name: "retract",
        before: nothing,
        call: |a| a.retract(CVE, "Not a flaw.").map(|d| d.state),
        after: Some(RecordStage::Retracted),
    },
];

/// Every fault at every request of every call: what is said is true, nothing is done twice, and doing it again ends well.
fn survives<S: Faulty>(s: &S) {
    let fresh = s.keep();
    for c in CALLS {
        fresh(s);
        (c.before)(s.authority());
        let prepared = s.keep();
        let (start, effects) = (s.requests(), s.effects());
        (c.call)(s.authority()).unwrap_or_else(|e| panic!("{}: {e}", c.name));
        let (requests, cost) = (s.requests() - start, s.effects() - effects);
        // A service without drafts has nothing to push.
        let after = c.after.filter(|_| cost > 0);
        // Silence costs real time, and has a test of its own.
        for wrong in Wrong::every().into_iter().filter(|w| *w != Wrong::Silence) {
            for at in 0..requests {
                // Once in the middle; from some request on for good, where it begins.
                for times in [1, 99] {
                    if times > 1 && at > 0 && at + 1 < requests {
                        continue;
                    }
                    prepared(s);
                    s.go_wrong_at(at, times, wrong.clone());
                    let what = format!("{} with {wrong:?} at {at} ×{times}", c.name);
                    let end = (c.call)(s.authority());
                    let made = s.effects() - effects;
                    assert!(made <= cost, "{what}: made {made} times");
                    match (&end, after) {
                        (Ok(state), Some(want)) => {
                            assert_eq!((*state, s.state(CVE), made), (want, want, cost), "{what}");
                        }
                        (Err(e), _) if e.nothing_changed() => assert_eq!(made, 0, "{what}: {e}"),
                        _ => {}
                    }
                    s.mend();
                    let again = (c.call)(s.authority());
                    if let Some(want) = after {
                        let again = again.unwrap_or_else(|e| panic!("{what}, again: {e}"));
                        assert_eq!((again, s.state(CVE)), (want, want), "{what}, again");
                        assert_eq!(s.effects() - effects, cost, "{what}: the effect happened twice");
                    }
                    let said = format!("{end:?} {}", s.log());
                    for secret in [COOKIE, KEY, "csrf-planted-token"] {
                        assert!(!said.contains(secret), "{what}: {said}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_fault_makes_vulnogram_lie_or_act_twice() {
    survives(&Tool::new());
}

#[test]
fn no_fault_makes_cve_services_lie_or_act_twice() {
    survives(&Services::new());
}

#[test]
fn an_id_is_asked_for_once_whatever_happens() {
    let since = "2026-11-01T00:00:00Z".parse().unwrap();
    for wrong in Wrong::every().into_iter().filter(|w| *w != Wrong::Silence) {
        for at in 0..2 {
            let s = Services::new();
            s.server.go_wrong_at(at, 1, wrong.clone());
            let end = s.service.reserve(2026);
            let made = s.effects();
            let what = format!("{wrong:?} at {at}: {end:?}");
            assert!(s.server.count("POST", "/cve-id") <= 1, "{what}");
            match &end {
                Ok(r) => assert_eq!((made, s.state(&r.cve)), (1, RecordStage::Allocated), "{what}"),
                Err(e) if e.nothing_changed() => assert_eq!(made, 0, "{what}"),
                // What nobody knows can be looked up.
                Err(_) => assert_eq!(s.service.reserved_since(since).unwrap().len() as u64, made, "{what}"),
            }
        }
    }
    // Somebody else's request is under way: worth another try, and nothing was made.
    let s = Services::new();
    s.server.with(|f| f.busy = true);
    let e = s.service.reserve(2026).unwrap_err();
    assert!(matches!(&e, AuthorityError::Unreachable { .. }) && e.mend().contains("resume"), "{e}");
    s.server.with(|f| f.busy = false);
    assert!(s.service.reserve(2026).is_ok());
    let s = Services::new();
    s.server.with(|f| f.quota = 1);
    let e = s.service.reserve(2026).unwrap_err();
    assert!(matches!(&e, AuthorityError::Refused { why, .. } if why.contains("quota")), "{e}");
    assert_eq!(s.server.count("POST", "/"), 0);
}

#[test]
fn a_list_of_ids_is_read_to_its_end_or_not_at_all() {
    let s = Services::new();
    s.server.with(|f| f.page = 2);
    let ids: Vec<String> = (0..5).map(|_| s.service.reserve(2026).unwrap().cve).collect();
    let since = "2026-11-01T00:00:00Z".parse().unwrap();
    assert_eq!(s.service.reserved_since(since).unwrap(), ids);
    assert_eq!(s.server.count("GET", "/cve-id"), 3);
    // A page that leads nowhere is no end: the id that is looked for may stand behind it.
    for next in [json!(3), json!(1), json!("2"), json!(2.5)] {
        let row = json!({"cve_ids": [], "nextPage": next});
        s.server.go_wrong("GET", "/cve-id", Wrong::Other(row));
        assert!(s.service.reserved_since(since).is_err(), "{next}");
    }
}

#[test]
fn silence_is_no_yes_and_no_second_try() {
    let t = Tool::new();
    t.server.go_wrong("POST", "/cve5/", Wrong::Silence);
    // Looked up, not made, and made then.
    assert!(t.tool.push(ask(&record("T"), RecordStage::ReviewReady)).unwrap().wrote);
    assert_eq!(t.effects(), 1);
    let s = Services::new();
    s.server.go_wrong("POST", "/cve-id", Wrong::Silence);
    let e = s.service.reserve(2026).unwrap_err();
    assert!(matches!(e, AuthorityError::CannotTell { .. }), "{e}");
    assert_eq!((s.server.count("POST", "/cve-id"), s.effects()), (1, 0));
}

#[test]
fn a_session_that_is_over_is_said_so_at_every_step() {
    let t = Tool::new();
    assert!(t.tool.probe().is_ok());
    t.server.with(|f| f.session.clear());
    let all: Vec<AuthorityError> = [
        t.tool.probe().map(drop),
        t.tool.fetch(CVE).map(drop),
        t.tool.push(ask(&record("T"), RecordStage::ReviewReady)).map(drop),
        t.tool.publish(ask(&record("T"), RecordStage::ReviewReady)).map(drop),
        t.tool.retract(CVE, "x").map(drop),
    ]
    .into_iter()
    .map(Result::unwrap_err)
    .collect();
    for e in all {
        assert!(matches!(&e, AuthorityError::Expired { .. }) && e.mend().contains("doctor"), "{e}");
    }
    // Between the token and the save.
    let t = Tool::new();
    t.server.go_wrong("POST", "/cve5/", Wrong::RedirectTo("/users/login".into()));
    let e = t.tool.push(ask(&record("T"), RecordStage::ReviewReady)).unwrap_err();
    assert!(matches!(e, AuthorityError::Expired { .. }), "{e}");
    assert_eq!(t.effects(), 0);
}

#[test]
fn people_who_edit_there_keep_their_words() {
    let t = Tool::new();
    let ours = record("Path traversal");
    t.tool.push(ask(&ours, RecordStage::ReviewReady)).unwrap();
    // A reviewer promotes the record, adds a note, an x_ key, a link, and corrects the description.
    t.server.with(|f| {
        f.set(CVE, "/CNA_private/state", json!("READY"));
        f.set(CVE, "/CNA_private/todo", json!(["ask Ann"]));
        f.set(CVE, "/containers/cna/x_review", json!({"by": "bo"}));
        f.set(
            CVE,
            "/containers/cna/descriptions",
            json!([{"lang": "en", "value": "Corrected by the reviewer."}]),
        );
    });
    let mails = t.server.with(|f| f.mails.len());
    let mut next = record("Path traversal in uploads");
    let based = Submission { base: Some(&ours), ..ask(&next, RecordStage::ReviewReady) };
    let done = t.tool.push(based).unwrap();
    assert_eq!((done.state, done.wrote), (RecordStage::PublishReady, true));
    assert!(done.notes.iter().any(|n| n.contains("descriptions")), "{:?}", done.notes);
    let body = t.server.with(|f| f.records[CVE].0.clone());
    assert_eq!(body["CNA_private"]["todo"], json!(["ask Ann"]));
    assert_eq!(body["containers"]["cna"]["x_review"], json!({"by": "bo"}));
    assert_eq!(body["containers"]["cna"]["descriptions"][0]["value"], "Corrected by the reviewer.");
    assert_eq!(body["containers"]["cna"]["title"], "Path traversal in uploads");
    assert_eq!(t.server.with(|f| f.mails.len()), mails, "no state changed, so nobody is mailed");
    // Both change the title: a conflict, and nothing is written.
    t.server.with(|f| f.set(CVE, "/containers/cna/title", json!("Theirs")));
    let saves = t.effects();
    let base = next.clone();
    next["containers"]["cna"]["title"] = json!("Ours");
    let e =
        t.tool.push(Submission { base: Some(&base), ..ask(&next, RecordStage::ReviewReady) }).unwrap_err();
    assert!(
        matches!(&e, AuthorityError::Conflict { fields, .. } if fields[0].at == "/containers/cna/title"),
        "{e}"
    );
    assert_eq!(t.effects(), saves);
}

#[test]
fn a_save_in_between_is_merged_anew_and_never_lost() {
    let ours = record("Path traversal");
    let push = |t: &Tool| t.tool.push(ask(&ours, RecordStage::ReviewReady));
    let meanwhile = |t: &Tool, all: &[(&str, serde_json::Value)]| {
        t.server.with(|f| f.meanwhile = all.iter().rev().map(|(at, v)| ((*at).into(), v.clone())).collect());
    };
    // Between our last reading and our save others save: the tool compares no versions, so their words are gone until its
    // history gives them back. Once, and again while that is done.
    let t = Tool::new();
    meanwhile(&t, &[("/containers/cna/x_y", json!(1)), ("/CNA_private/state", json!("READY"))]);
    let done = push(&t).unwrap();
    assert!(done.notes.iter().any(|n| n.contains("merged in")), "{:?}", done.notes);
    let body = t.server.with(|f| f.records[CVE].0.clone());
    assert_eq!(body["containers"]["cna"]["x_y"], json!(1));
    assert_eq!((done.state, t.state(CVE)), (RecordStage::PublishReady, RecordStage::PublishReady));
    assert_eq!(body["containers"]["cna"]["credits"][0]["value"], "Ann Archer", "and ours is in there");
    assert_eq!(t.effects(), 3);
    // They brought what we bring.
    let t = Tool::new();
    meanwhile(&t, &[("/containers/cna/title", json!("Path traversal"))]);
    assert_eq!(push(&t).unwrap().state, RecordStage::ReviewReady);
    // They published it, or took it back: that stands, and is no place for a push.
    for word in ["PUBLIC", "REJECTED", "a word of theirs"] {
        let t = Tool::new();
        meanwhile(&t, &[("/CNA_private/state", json!(word))]);
        let e = push(&t).unwrap_err();
        assert!(matches!(&e, AuthorityError::Refused { .. }), "{word}: {e}");
        let body = t.server.with(|f| f.records[CVE].0.clone());
        assert_eq!(body["CNA_private"]["state"], word);
        assert_eq!(body["containers"]["cna"]["credits"], json!(null), "{word}: nothing of ours is in there");
    }
    // Whoever saves as often as we do is left to it, and a person is told.
    let t = Tool::new();
    let keys: Vec<String> = (0..9).map(|n| format!("/containers/cna/x_{n}")).collect();
    let many: Vec<_> = keys.iter().map(|k| (k.as_str(), json!(1))).collect();
    meanwhile(&t, &many);
    let e = push(&t).unwrap_err();
    assert!(matches!(&e, AuthorityError::Overwrote { why, .. } if why.contains("3 tries")), "{e}");
    let t = Tool::new();
    meanwhile(&t, &[("/containers/cna/x_y", json!(1)), ("/containers/cna/x_y", json!(2))]);
    let e = push(&t).unwrap_err();
    assert!(matches!(&e, AuthorityError::Overwrote { why, .. } if why.contains("second")), "{e}");
    // Where the history is not to be had it is said so, and not that nothing was changed.
    let t = Tool::new();
    t.server.with(|f| f.forgets = true);
    meanwhile(&t, &[("/containers/cna/x_y", json!(1))]);
    let e = push(&t).unwrap_err();
    assert!(matches!(&e, AuthorityError::Overwrote { .. }) && !e.nothing_changed(), "{e}");
    assert!(e.to_string().contains("between 0 and 2") && e.mend().contains("history"), "{e}");
    // A tool that names no versions beside a record may keep a history that does.
    let t = Tool::new();
    t.server.with(|f| f.bare = true);
    meanwhile(&t, &[("/containers/cna/x_y", json!(1))]);
    let done = push(&t).unwrap();
    assert!(done.notes.iter().any(|n| n.contains("merged in")), "{:?}", done.notes);
    assert_eq!(t.server.with(|f| f.records[CVE].0["containers"]["cna"]["x_y"].clone()), json!(1));
    // With neither, nobody can know, and it is said.
    let t = Tool::new();
    t.server.with(|f| (f.bare, f.forgets) = (true, true));
    let done = push(&t).unwrap();
    assert!(done.wrote && done.notes.iter().any(|n| n.contains("no versions")), "{:?}", done.notes);
    // Where both wrote the same place theirs goes back, and a person settles it.
    let t = Tool::new();
    push(&t).unwrap();
    let next = record("Ours");
    meanwhile(&t, &[("/containers/cna/title", json!("Theirs"))]);
    let e =
        t.tool.push(Submission { base: Some(&ours), ..ask(&next, RecordStage::ReviewReady) }).unwrap_err();
    assert!(matches!(&e, AuthorityError::Conflict { fields, .. } if fields[0].theirs == "Theirs"), "{e}");
    assert_eq!(t.server.with(|f| f.records[CVE].0["containers"]["cna"]["title"].clone()), "Theirs");
    assert_eq!(t.state(CVE), RecordStage::ReviewReady);
}

#[test]
fn a_save_right_after_ours_is_no_error_that_says_nothing_was_written() {
    let t = Tool::new();
    let ours = record("Path traversal");
    t.tool.push(ask(&ours, RecordStage::ReviewReady)).unwrap();
    let next = record("Ours");
    // The answer to our save is read when somebody has put another title over ours.
    let mut theirs = t.server.with(|f| f.records[CVE].0.clone());
    theirs["containers"]["cna"]["title"] = json!("Theirs");
    let seen = json!([{"body": theirs, "__v": 3}]);
    t.server.go_wrong_skipping("GET", "/cve5/json", 2, Wrong::Other(seen));
    let e =
        t.tool.push(Submission { base: Some(&ours), ..ask(&next, RecordStage::ReviewReady) }).unwrap_err();
    assert!(!e.nothing_changed(), "{e:?}");
}

#[test]
fn the_tool_may_refuse_and_lists_may_be_bare() {
    let t = Tool::new();
    t.server.with(|f| f.bare = true);
    assert!(t.tool.push(ask(&record("Path traversal"), RecordStage::ReviewReady)).unwrap().wrote);
    t.server.go_wrong(
        "POST",
        "/",
        Wrong::Other(json!({"type": "err", "msg": format!("no such owner ({COOKIE})")})),
    );
    // The work is done and the answer says no: what is said is believed only after looking. What it says back of the
    // session is not said on.
    let e = t.tool.push(ask(&record("Another title"), RecordStage::ReviewReady)).unwrap_err();
    assert!(matches!(&e, AuthorityError::Refused { why, .. } if why.contains("no such owner (***)")), "{e}");
    let mut other = record("Path traversal");
    other["containers"]["cna"]["affected"][0]["packageName"] = json!("another");
    let e = t.tool.push(ask(&other, RecordStage::ReviewReady)).unwrap_err();
    assert!(e.to_string().contains("packages"), "{e}");
}

#[test]
fn sessions_are_read_in_the_forms_people_keep_them() {
    let cookie = |text: &str| Session::read(&Secret::new(text.into())).map(|s| s.0.expose().to_owned()).ok();
    let want = Some(format!("connect.sid={COOKIE}"));
    assert_eq!(cookie(COOKIE), want);
    assert_eq!(cookie(&format!("connect.sid={COOKIE}")), want);
    assert_eq!(cookie(&format!("{{\"host\": \"x\", \"session_cookie_value\": \"{COOKIE}\"}}")), want);
    assert_eq!(
        cookie("{\"session_cookie_name\": \"sid\", \"session_cookie_value\": \"abcdef\"}"),
        Some("sid=abcdef".into())
    );
    for bad in ["{", "{\"host\": \"x\"}", "abc def", "abc; path=/", "abc\r\nx: y"] {
        assert!(cookie(bad).is_none(), "{bad}");
    }
}

#[test]
fn two_hundred_requests_a_minute_are_the_most() {
    let t = Tool::new();
    let seen = RefCell::new(0);
    for _ in 0..205 {
        t.tool.fetch(CVE).unwrap();
        *seen.borrow_mut() += 1;
    }
    assert_eq!(t.requests(), 205);
    assert!(t.tool.waited() >= Duration::from_secs(59), "{:?}", t.tool.waited());
}
