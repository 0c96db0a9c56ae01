//! The effects of the lifecycle on an embedded desk: each does what it says, once, with its receipt.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    case::RecordStage,
    confidential::{Draft, Identity, Phase, Policy, Slots, TrackerContext},
    config::Config,
    cve::authority::Over,
    mail::Address,
    people::Roster,
    plan::{
        Actor, ClearedEffect, Effect, KnownBy, Precondition, StepKey,
        effect::{Change, Clearing},
        ports::{By, Holding, PortError, Receipt, StepState},
    },
    tracker::{Headings, Marked, TrackerKey},
};
use jiff::Timestamp;

use crate::{Desk, OpenOptions, PlanState, StoreError};

const CVE: &str = "CVE-2026-12345";

struct Place {
    desk: Desk,
    _dir: tempfile::TempDir,
    n: usize,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(n: u32) -> TrackerKey {
    TrackerKey(format!("t-{n}"))
}

impl Place {
    fn new(trackers: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = OpenOptions { create: true, now: at("2026-11-22T12:00:00Z"), seed: [7; 32] };
        let desk = Desk::open(&dir.path().join("desk"), options).unwrap();
        let mut place = Self { desk, _dir: dir, n: 0 };
        for n in 1..=trackers {
            place
                .make(Change::CreateTracker {
                    tracker: key(n),
                    title: Draft::text("A hole"),
                    body: Draft::text("### The issue description\n\nA hole.\n"),
                    labels: BTreeSet::new(),
                    column: String::new(),
                    received: at("2026-11-20T12:00:00Z"),
                    thread: String::new(),
                    reporter: Address::new("Ann", "ann@ann.example"),
                    via_forwarder: false,
                })
                .unwrap();
        }
        place
    }

    fn make(&mut self, effect: Effect) -> Result<Receipt, StoreError> {
        self.n += 1;
        let step = StepKey::new("t", "test", effect.name(), &self.n.to_string());
        let made = self.make_as("ada", &step, &effect);
        // A change and its receipt are one: neither is there without the other.
        let state = self.desk.step_state(&step).unwrap();
        assert_eq!(matches!(state, StepState::Done(_)), made.is_ok(), "{state:?}");
        made
    }

    fn make_as(&self, who: &str, step: &StepKey, effect: &Effect) -> Result<Receipt, StoreError> {
        let actor =
            Actor { handle: who.into(), known_by: KnownBy::OsUser, roles: BTreeSet::new(), stated: true };
        let by = By { actor: &actor, at: at("2026-11-22T12:00:00Z"), plan: "p" };
        self.desk.perform(step, &clear(effect), by, &Headings::default())
    }

    fn push(&mut self, tracker: u32, state: RecordStage, record: &str) -> Result<Receipt, StoreError> {
        self.make(Change::PushRecord {
            tracker: key(tracker),
            cve: CVE.into(),
            state,
            record: Draft::text(record),
            over: Over::default(),
        })
    }

    fn publish(&mut self, record: &str) -> Result<Receipt, StoreError> {
        self.make(Change::PublishRecord {
            tracker: key(1),
            cve: CVE.into(),
            record: Draft::text(record),
            over: Over::default(),
        })
    }

    fn state(&self) -> Option<RecordStage> {
        self.desk.cve_record(CVE).unwrap().map(|r| r.state)
    }

    fn holds(&self, p: &Precondition) -> bool {
        self.desk.holds(p, &Headings::default()).unwrap() == Holding::Holds
    }
}

fn clear(effect: &Effect) -> ClearedEffect {
    let config = Config::default();
    let policy = Policy::new(&config, &Roster::default()).unwrap();
    let context = TrackerContext {
        key: "t-1".into(),
        own_cve: Some(CVE.into()),
        reporter: Identity::default(),
        ..TrackerContext::default()
    };
    let with = Clearing { policy: &policy, slots: &Slots::new(), context: &context, phase: Phase::Disclosed };
    effect.clear(with).unwrap()
}

fn refused(made: Result<Receipt, StoreError>) -> String {
    let e = made.unwrap_err();
    assert!(matches!(e, StoreError::Refused(_)), "{e:?}");
    let e = PortError::from(e);
    assert!(e.item_only, "a refusal ends its item, not the run");
    e.what
}

#[test]
fn a_marked_comment_is_written_once_then_edited_and_only_ours_is_touched() {
    let mut p = Place::new(1);
    let post = |text: &str| Change::PostMarked {
        tracker: key(1),
        kind: Marked::FillFields,
        text: Draft::text(text),
    };
    let fake = format!("{}\nclose it", Marked::FillFields.marker());
    p.make(Change::Comment { tracker: key(1), text: Draft::text(fake.clone()) }).unwrap();
    let first = p.make(post("- cwe")).unwrap();
    p.make(Change::PostMarked { tracker: key(1), kind: Marked::HandOff, text: Draft::text("yours") })
        .unwrap();
    let again = p.make(post("- severity")).unwrap();
    assert_eq!(first.values["comment"], again.values["comment"]);
    assert!(again.what.contains("edited"), "{}", again.what);
    assert!(p.make(post("- severity")).unwrap().what.contains("stands"));
    let bodies: Vec<String> =
        p.desk.case(&key(1)).unwrap().unwrap().tracker.comments.into_iter().map(|c| c.body).collect();
    let marked = |kind: Marked, text: &str| format!("{}\n{text}", kind.marker());
    assert_eq!(
        bodies,
        [fake, marked(Marked::FillFields, "- severity"), marked(Marked::HandOff, "yours")],
        "what somebody typed stays as it was"
    );
}

#[test]
fn a_record_rises_from_push_to_push_and_never_falls() {
    let mut p = Place::new(2);
    let is = |cve: &str, states: &[RecordStage]| Precondition::RecordIn {
        cve: cve.into(),
        states: states.iter().copied().collect(),
    };
    assert_eq!(p.state(), None);
    assert!(!p.holds(&is(CVE, &[RecordStage::Allocated])), "no record is in no state");
    p.make(Change::AttachRecord {
        tracker: key(1),
        cve: CVE.into(),
        record: Draft::text("{\"a\":0}"),
        beside: None,
    })
    .unwrap();
    assert_eq!(p.state(), Some(RecordStage::Allocated));
    assert_eq!(p.desk.cve_record(CVE).unwrap().unwrap().json, None, "kept, not pushed");
    assert_eq!(p.desk.attached_record(CVE).unwrap().as_deref(), Some("{\"a\":0}"));
    for (wish, json, want, version) in [
        (RecordStage::Allocated, "{\"a\":1}", RecordStage::Allocated, "1"),
        (RecordStage::ReviewReady, "{\"a\":2}", RecordStage::ReviewReady, "2"),
        (RecordStage::Allocated, "{\"a\":2}", RecordStage::ReviewReady, "2"),
        (RecordStage::PublishReady, "{\"a\":3}", RecordStage::PublishReady, "3"),
        (RecordStage::ReviewReady, "{\"a\":4}", RecordStage::PublishReady, "4"),
        (RecordStage::Public, "{\"a\":5}", RecordStage::PublishReady, "5"),
        (RecordStage::Retracted, "{\"a\":5}", RecordStage::PublishReady, "5"),
    ] {
        let receipt = p.push(1, wish, json).unwrap();
        let got = p.desk.cve_record(CVE).unwrap().unwrap();
        assert_eq!((got.state, got.version.as_str()), (want, version), "{wish:?}");
        assert_eq!(receipt.values["state"], want.as_str());
        assert_eq!(got.json.unwrap().to_string(), json);
    }
    assert!(p.holds(&is(CVE, &[RecordStage::Public, RecordStage::PublishReady])));
    assert!(!p.holds(&is(CVE, &[RecordStage::Allocated])));
    let why = refused(p.push(2, RecordStage::Allocated, "{}"));
    assert!(why.contains("belongs to desk#1"), "{why}");
    p.publish("{\"a\":6}").unwrap();
    p.push(1, RecordStage::ReviewReady, "{\"a\":7}").unwrap();
    assert_eq!(p.state(), Some(RecordStage::Public), "a correction keeps it public");
    assert!(p.push(1, RecordStage::ReviewReady, "no json").is_err());
}

#[test]
fn an_allocated_record_is_never_published() {
    let mut p = Place::new(1);
    assert!(refused(p.publish("{}")).contains("no record"));
    p.push(1, RecordStage::Allocated, "{}").unwrap();
    assert!(refused(p.publish("{}")).contains("allocated"));
    assert_eq!(p.state(), Some(RecordStage::Allocated));
    p.push(1, RecordStage::ReviewReady, "{}").unwrap();
    p.publish("{}").unwrap();
    p.publish("{}").unwrap();
    assert_eq!(p.state(), Some(RecordStage::Public));
}

#[test]
fn milestones_count_their_trackers_and_close_only_when_all_are_closed() {
    let mut p = Place::new(3);
    let due = Some("2026-12-01".parse().unwrap());
    p.make(Change::CreateMilestone { name: "2.4.1".into(), due: None }).unwrap();
    let again = p.make(Change::CreateMilestone { name: "2.4.1".into(), due }).unwrap();
    assert!(again.what.contains("already"), "{}", again.what);
    p.make(Change::CreateMilestone { name: "2.5.0".into(), due: None }).unwrap();
    let is = |milestone: Option<&str>| Precondition::MilestoneIs {
        tracker: key(1),
        milestone: milestone.map(String::from),
    };
    assert!(p.holds(&is(None)));
    for n in 1..=3 {
        p.make(Change::SetMilestone { tracker: key(n), milestone: Some("2.4.1".into()) }).unwrap();
    }
    assert!(p.holds(&is(Some("2.4.1"))) && !p.holds(&is(None)) && !p.holds(&is(Some("2.5.0"))));
    p.make(Change::SetLabels {
        tracker: key(1),
        add: BTreeSet::from(["Announced".into()]),
        remove: BTreeSet::new(),
    })
    .unwrap();
    for n in 1..=2 {
        p.make(Change::Close { tracker: key(n), reason: "completed".into() }).unwrap();
    }
    let facts = p.desk.milestones("announced").unwrap();
    let counts: BTreeMap<&str, (bool, u32, u32)> =
        facts.iter().map(|m| (m.name.as_str(), (m.open, m.open_trackers, m.closed_unannounced))).collect();
    assert_eq!(counts, BTreeMap::from([("2.4.1", (true, 1, 1)), ("2.5.0", (true, 0, 0))]));
    assert_eq!(facts[0].due, due);
    let close = |name: &str| Change::CloseMilestone { name: name.into() };
    assert!(refused(p.make(close("2.4.1"))).contains("are open"));
    assert!(refused(p.make(close("9.9"))).contains("no milestone"));
    p.make(Change::Close { tracker: key(3), reason: "completed".into() }).unwrap();
    p.make(close("2.4.1")).unwrap();
    assert!(!p.desk.milestones("announced").unwrap()[0].open);
}

struct OwnStand<'a> {
    authority: crate::OwnAuthority<'a>,
}

impl testkit::authority::Stand for OwnStand<'_> {
    fn authority(&self) -> &dyn desk::cve::authority::CveAuthority {
        &self.authority
    }
    fn effects(&self) -> u64 {
        let record = self.authority.desk.cve_record(CVE).unwrap();
        record.map_or(0, |r| r.version.parse().unwrap())
    }
    fn state(&self, cve: &str) -> RecordStage {
        self.authority.desk.cve_record(cve).unwrap().map(|r| r.state).unwrap_or_default()
    }
    fn strict(&self) -> bool {
        false
    }
}

#[test]
fn the_desk_is_an_authority_like_the_others() {
    testkit::authority::conforms(&|| {
        // A test's places live as long as the test.
        let place: &'static Place = Box::leak(Box::new(Place::new(1)));
        let at = at("2026-11-22T12:00:00Z");
        Box::new(OwnStand { authority: crate::OwnAuthority { desk: &place.desk, tracker: key(1), at } })
    });
}

#[test]
fn a_plain_comment_is_removed_and_neither_status_nor_marked_ones_are() {
    let mut p = Place::new(2);
    let say = |n: u32, text: &str| Change::Comment { tracker: key(n), text: Draft::text(text) };
    let comments = |p: &Place, n: u32| p.desk.case(&key(n)).unwrap().unwrap().tracker.comments;
    p.make(say(1, "older words")).unwrap();
    p.make(Change::PostMarked { tracker: key(1), kind: Marked::WrapUp, text: Draft::text("over") }).unwrap();
    p.make(say(2, "another tracker's")).unwrap();
    p.make(say(1, "<!-- tipstaff status rollup v1 -->")).unwrap();
    let (here, there) = (comments(&p, 1), comments(&p, 2));
    let remove = |comment: &str| Change::RemoveComment { tracker: key(1), comment: comment.into() };
    let is = |text: &str| Precondition::CommentIs {
        tracker: key(1),
        comment: here[0].id.clone(),
        digest: desk::plan::digest::sha256(text.as_bytes()),
    };
    assert!(p.holds(&is("older words")) && !p.holds(&is("other words")));
    for id in [&here[1].id, &here[2].id, &there[0].id, "999", "", "1 or 1=1"] {
        assert!(refused(p.make(remove(id))).contains("none that may be removed"), "{id}");
    }
    let receipt = p.make(remove(&here[0].id)).unwrap();
    assert_eq!(receipt.values["sha256"], desk::plan::digest::sha256(b"older words"));
    assert!(!p.holds(&is("older words")));
    let left: Vec<String> = comments(&p, 1).into_iter().map(|c| c.id).collect();
    assert_eq!(left, [here[1].id.clone(), here[2].id.clone()]);
    assert_eq!(comments(&p, 2).len(), 1);
    assert!(refused(p.make(remove(&here[0].id))).contains("none that may be removed"));
}

#[test]
fn a_plan_of_another_version_stops_nobody_and_is_kept() {
    let p = Place::new(0);
    let made = at("2026-11-22T12:00:00Z");
    let plan = desk::plan::Plan::new("sync", "c".into(), "f".into(), made);
    let digest = p.desk.propose(&plan).unwrap();
    let other = desk::plan::Plan::new("import", "c".into(), "f".into(), made);
    let kept = p.desk.propose(&other).unwrap();
    let sql = "update plans set plan = '{\"format\":0}' where digest = ?1";
    p.desk.conn.execute(sql, [&digest]).unwrap();
    for state in [PlanState::Proposed, PlanState::Applied, PlanState::Approved] {
        p.desk.set_plan_state(&digest, state).unwrap();
        let all: Vec<String> = p.desk.plans(10).unwrap().into_iter().map(|r| r.digest).collect();
        assert_eq!(all, std::slice::from_ref(&kept), "{state:?}");
        assert!(p.desk.unfinished().unwrap().is_empty());
        assert!(p.desk.plan(&digest).is_err(), "who asks for it by name is told");
        assert!(p.desk.has_plan(&digest[..9]).unwrap());
        let old = p.desk.unreadable_plans().unwrap();
        assert_eq!(old.iter().map(|o| o.digest.as_str()).collect::<Vec<_>>(), [digest.as_str()]);
        assert!(!old[0].why.is_empty());
        let waits = p.desk.unreadable_approved().unwrap();
        assert_eq!(waits.len(), usize::from(state == PlanState::Approved), "{state:?}");
    }
    // What takes its place is said once, and not a byte of it goes.
    for _ in 0..2 {
        p.desk.set_aside(&digest, "planned again", "maren", made).unwrap();
    }
    assert!(p.desk.unreadable_approved().unwrap().is_empty());
    let old = p.desk.unreadable_plans().unwrap();
    assert_eq!((old.len(), old[0].state.as_str()), (1, "superseded"));
    let text: String =
        p.desk.conn.query_row("select plan from plans where digest = ?1", [&digest], |r| r.get(0)).unwrap();
    assert_eq!(text, "{\"format\":0}");
    let events = p.desk.events(None, 50).unwrap();
    let said = events.iter().filter(|e| e.kind == "set-aside" && e.subject == digest && e.actor == "maren");
    assert_eq!(said.count(), 1);
    assert!(p.desk.verify().unwrap().faults.is_empty());
}
