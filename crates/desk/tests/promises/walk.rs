//! Every way through the lifecycle: two people plan and apply at once, the world goes on meanwhile, and any one source
//! fails at any moment. Each state is visited once; the rules themselves plan, and the invariants hold everywhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use desk::{
    case::{Case, Observed, RecordStage},
    plan::{Item, effect::Change},
    rules::{
        stage::{Stage, position},
        sync::{Basis, View, reference::reference_markdown},
    },
    tracker::{FieldRole, Marked, marked},
};
use serde_json::{Value, json};
use testkit::lifecycle::{self as life, Ended, How};

const CVE: &str = "CVE-2026-30001";
const PR: &str = "https://forge.example/openwharf/harbour/pull/17";
const ADVISORY: &str = "https://lists.example/thread/abc";

/// What is true outside of the tracker, whether anybody sees it or not. Each only ever rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Outside {
    /// 0 none, 1 open, 2 merged.
    fix: u8,
    /// Is the release out?
    released: bool,
    /// 0 none, 1 allocated, 2 in review, 3 ready, 4 public.
    record: u8,
    /// Is the advisory in the archive?
    archived: bool,
    /// Does cve.org show the record?
    listed: bool,
}

/// The source that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Down {
    Nothing,
    Fixes,
    Registry,
    Authority,
    Archive,
}

const DOWN: [Down; 5] = [Down::Nothing, Down::Fixes, Down::Registry, Down::Authority, Down::Archive];

impl Outside {
    /// Has that source anything to say yet? One that knows nothing cannot withhold it.
    fn may_fail(self, down: Down) -> bool {
        match down {
            Down::Nothing => true,
            Down::Fixes => self.fix > 0,
            Down::Registry => self.fix == 2,
            Down::Authority => self.record > 0,
            Down::Archive => self.released,
        }
    }
}

/// A person who works on a plan: which one, the next item, and which of its items were applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    plan: u32,
    next: u8,
    applied: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    tracker: u32,
    outside: Outside,
    people: [Option<Person>; 2],
}

impl State {
    /// The same as one number: so many are kept.
    fn packed(self) -> u128 {
        let o = self.outside;
        let flags = u128::from(o.released) | u128::from(o.archived) << 1 | u128::from(o.listed) << 2;
        let outside = flags | u128::from(o.fix) << 3 | u128::from(o.record) << 5;
        let person = |p: Option<Person>| {
            p.map_or(0, |p| u128::from(p.plan + 1) << 24 | u128::from(p.next) << 16 | u128::from(p.applied))
        };
        u128::from(self.tracker) << 104
            | outside << 96
            | person(self.people[0]) << 48
            | person(self.people[1])
    }
}

/// Trackers and plans, each once.
struct World {
    basis: Basis,
    trackers: Vec<Case>,
    by_content: BTreeMap<String, u32>,
    plans: Vec<Vec<Item>>,
    planned: BTreeMap<(u32, Outside, Down), u32>,
    by_items: BTreeMap<String, u32>,
    applied: BTreeMap<(u32, u32, u8, u8), (u32, bool)>,
    events: BTreeMap<(u32, Outside), Vec<(u32, Outside)>>,
    around: BTreeMap<(Outside, Down), Observed>,
    checked: BTreeSet<(u32, u32)>,
}

impl World {
    fn new() -> Self {
        // Where the card is follows from the stage; it would only multiply the states.
        let mut config = life::config();
        config.tracker.board.enabled = false;
        let basis = life::basis(config);
        let case = json!({
            "now": "2026-03-20T12:00:00Z",
            "tracker": {"number": 42, "repo": "openwharf/security", "title": "Consumer groups leak queue names", "labels": ["security issue", "needs triage"],
                "assignees": ["dev"], "milestone": "Harbour Queue-2.10.3", "created": "2026-03-15", "fields": {"issue_description": "A stranger reads names.",
                    "security_thread": "No public archive: `<root@ada.example>`", "reporter_credit": "Ada Finder", "severity": "Medium", "cwe": "CWE-200: Exposure",
                    "public_summary": "Any user who can publish may read the names of all queues. Users should upgrade to 2.10.3.",
                    "affected_versions": "`< 2.10.3`", "remediation_developer": "Dev Dunn"}},
            "reporter": "Ada Finder <ada@ada.example>", "ledger": ["assessed_valid"], "drafts": [],
            "thread": {"root": "root@ada.example", "subject": "Names leak", "contact": "Ada Finder <ada@ada.example>"},
        });
        let first = life::read(&case, &mut basis.config.clone());
        let mut world = Self {
            basis,
            trackers: Vec::new(),
            by_content: BTreeMap::new(),
            plans: Vec::new(),
            planned: BTreeMap::new(),
            by_items: BTreeMap::new(),
            applied: BTreeMap::new(),
            events: BTreeMap::new(),
            around: BTreeMap::new(),
            checked: BTreeSet::new(),
        };
        world.tracker(first);
        world
    }

    /// The tracker without what was observed around it, known by its content.
    fn tracker(&mut self, mut case: Case) -> u32 {
        case.revision = 1;
        let told: Vec<_> = case.observed.told.iter().map(|r| (&r.event, &r.artifact)).collect();
        let key = serde_json::to_string(&(&case.tracker, told)).unwrap();
        if let Some(n) = self.by_content.get(&key) {
            return *n;
        }
        let n = u32::try_from(self.trackers.len()).unwrap();
        self.by_content.insert(key, n);
        self.trackers.push(case);
        n
    }

    /// What is observed around a tracker.
    fn around(&self, o: Outside, down: Down) -> Observed {
        let unless = |d: Down, v: Value| if down == d { json!({"unknown": "it does not answer"}) } else { v };
        let pulls = match o.fix {
            0 => json!([]),
            1 => json!([{"url": PR, "state": "open", "author": "dev", "author_name": "Dev Dunn"}]),
            _ => {
                json!([{"url": PR, "state": "merged", "author": "dev", "author_name": "Dev Dunn", "milestone": "Harbour Queue-2.10.3"}])
            }
        };
        let out = if o.released { "final" } else { "missing" };
        let mail = json!([{"url": ADVISORY, "subject": format!("{CVE}: a flaw"), "from": "carol@openwharf.example", "at": "2026-03-19",
            "body": format!("{CVE}: x\n\nAny user who can publish may read the names of all queues. Users should upgrade to 2.10.3.\n\nAffected versions:\n")}]);
        let facts = json!({
            "tracker": {"number": 42},
            "pull_requests": unless(Down::Fixes, pulls),
            "release": unless(Down::Registry, json!([{"package": "harbour-queue", "version": "2.10.3", "state": out}])),
            "record": unless(Down::Authority, match o.record {
                0 => Value::Null, 1 => json!("allocated"), 2 => json!("review-ready"), 3 => json!("publish-ready"), _ => json!("public"),
            }),
            "advisory": unless(Down::Archive, if o.archived { mail } else { json!([]) }),
            "cve_org": if o.listed { "PUBLISHED" } else { "RESERVED" },
            "milestones": [{"name": "Harbour Queue-2.10.3", "open_trackers": 1}],
            "drafts": [],
        });
        life::read(&facts, &mut self.basis.config.clone()).observed
    }

    /// The case as somebody sees it.
    fn seen(&mut self, tracker: u32, o: Outside, down: Down) -> Case {
        let mut case = self.trackers[tracker as usize].clone();
        let around = match self.around.get(&(o, down)) {
            Some(known) => known.clone(),
            None => {
                let read = self.around(o, down);
                self.around.insert((o, down), read.clone());
                read
            }
        };
        let own = std::mem::take(&mut case.observed);
        case.observed = around;
        (case.observed.told, case.observed.told_unknown, case.observed.thread) =
            (own.told, false, own.thread);
        case
    }

    /// What is planned for it, once for every way it can be seen; with it what holds of each such sight.
    fn plan(&mut self, tracker: u32, o: Outside, down: Down) -> u32 {
        if let Some(n) = self.planned.get(&(tracker, o, down)) {
            return *n;
        }
        let case = self.seen(tracker, o, down);
        let plan = life::plan(&case, &self.basis);
        let at = &plan.position;
        assert!(at.stage.is_finished() || !at.person.is_empty(), "nobody owns {at:?}");
        let key =
            if plan.items.is_empty() { String::new() } else { serde_json::to_string(&plan.items).unwrap() };
        let next = u32::try_from(self.plans.len()).unwrap();
        let n = *self.by_items.entry(key).or_insert(next);
        let items = plan.items;
        if down == Down::Nothing && !items.is_empty() && self.checked.insert((tracker, n)) {
            // Applied in full, it leaves nothing to do.
            let mut then = case.clone();
            let how = How { entries: false, ..How::default() };
            let ended = life::apply_all(&mut then, &items, &self.basis, how);
            if ended.iter().all(|(_, e)| *e == Ended::Applied) {
                let left = life::plan(&then, &self.basis);
                let rules: Vec<&str> = left.items.iter().map(|i| i.rule.as_str()).collect();
                assert!(rules.is_empty(), "{rules:?} after all of {:?} {o:?}", names(&items));
            }
        }
        if n == next {
            self.plans.push(items);
        }
        self.planned.insert((tracker, o, down), n);
        n
    }

    /// One item of a plan, applied to the tracker as it is now; the authority has that record, or does not answer.
    fn apply(&mut self, tracker: u32, plan: u32, item: u8, record: u8, o: Outside) -> (u32, bool) {
        let key = (tracker, plan, item, record);
        if let Some(done) = self.applied.get(&key) {
            return *done;
        }
        let answers = record < 9;
        let before =
            self.seen(tracker, Outside { record: if answers { record } else { 1 }, ..o }, Down::Nothing);
        let mut case = before.clone();
        let i = self.plans[plan as usize][usize::from(item)].clone();
        let how = How { entries: false, drafts_stay: false, authority: answers };
        let ended = life::apply(&mut case, &i, &self.basis, how);
        // Most yeses that come late are refused and change nothing.
        let same = case.tracker == before.tracker && case.observed.told.len() == before.observed.told.len();
        let after = if same {
            tracker
        } else {
            self.holds(&before, &case, &i, record);
            self.tracker(case)
        };
        let done = (after, ended == Ended::Applied);
        self.applied.insert(key, done);
        done
    }

    /// What must hold of every change.
    fn holds(&self, before: &Case, after: &Case, item: &Item, record: u8) {
        let (b, a) = (&before.tracker.labels, &after.tracker.labels);
        let rule = &item.rule;
        assert!(rank(a) >= rank(b), "{rule}: {b:?} → {a:?}");
        let side = ["pr created", "pr merged", "fix released"].iter().filter(|l| a.contains(**l)).count();
        assert!(side <= 1, "{rule}: {a:?}");
        for kept in ["security issue", "core", "cve allocated", "announced", "announced - emails sent"] {
            assert!(!b.contains(kept) || a.contains(kept), "{rule} takes {kept} off");
        }
        // The address stands nowhere else in this body; reading the fields takes longer.
        let url = after.tracker.body.contains(ADVISORY);
        if a.contains("announced") || !after.tracker.state.is_open() {
            assert!(url, "{rule}: announced or closed without an address");
        }
        if !after.tracker.state.is_open() && before.tracker.state.is_open() {
            assert!((2..=4).contains(&record), "{rule}: closed with a record {record}");
        }
        let called = |c: &Case| marked(&c.tracker.comments, Marked::HandOff, &self.basis.roster).is_some();
        if (a.contains("fix released") && !b.contains("fix released")) || (called(after) && !called(before)) {
            assert!((2..=4).contains(&record), "{rule}: handed over with a record {record}");
        }
        let mut told: Vec<_> = after.observed.told.iter().map(|r| (&r.event, &r.artifact)).collect();
        told.sort();
        let all = told.len();
        told.dedup();
        assert_eq!(told.len(), all, "{rule}: told twice");
    }
}

fn names(items: &[Item]) -> Vec<&str> {
    items.iter().map(|i| i.rule.as_str()).collect()
}

fn rank(labels: &BTreeSet<String>) -> usize {
    ["pr created", "pr merged", "fix released", "announced"]
        .iter()
        .rposition(|l| labels.contains(*l))
        .map_or(0, |at| at + 1)
}

impl World {
    /// What people and the world may do next, without the program.
    fn events(&mut self, tracker: u32, o: Outside) -> Vec<(u32, Outside)> {
        if let Some(known) = self.events.get(&(tracker, o)) {
            return known.clone();
        }
        let mut out = Vec::new();
        let case = self.trackers[tracker as usize].clone();
        let labels = &case.tracker.labels;
        let open = case.tracker.state.is_open();
        let decided = labels.contains("core");
        let (cve, named) = (case.tracker.body.contains(CVE), case.tracker.body.contains(PR));
        let set = |role, value: &str| {
            let mut c = case.clone();
            c.tracker.body = desk::tracker::set(&c.tracker.body, role, value, &self.basis.headings).unwrap();
            c
        };
        let mut edits = Vec::new();
        let said = case.tracker.comments.iter().any(|c| Marked::of(&c.body) == Some(Marked::Voice));
        if open && !said {
            let mut c = case.clone();
            for who in ["ann", "bea"] {
                c.tracker.comments.push(desk::tracker::Comment {
                    id: who.into(),
                    author: who.into(),
                    at: life::now(),
                    body: format!("{}\nvalid, scope `core`", Marked::Voice.marker()),
                });
            }
            edits.push((c, o));
        }
        if open && decided && !cve {
            edits.push((set(FieldRole::CveToolLink, CVE), Outside { record: 1, ..o }));
        }
        if open && cve && !named && o.fix == 0 {
            edits.push((set(FieldRole::PrWithFix, PR), Outside { fix: 1, ..o }));
        }
        for (c, o) in edits {
            out.push((self.tracker(c), o));
        }
        let mut rises = Vec::new();
        if o.fix == 1 {
            rises.push(Outside { fix: 2, ..o });
        }
        if o.fix == 2 && !o.released {
            rises.push(Outside { released: true, ..o });
        }
        if (1..4).contains(&o.record) {
            rises.push(Outside { record: o.record + 1, ..o });
        }
        if o.released && o.record >= 2 && !o.archived {
            rises.push(Outside { archived: true, ..o });
        }
        if o.record == 4 && !o.listed {
            rises.push(Outside { listed: true, ..o });
        }
        out.extend(rises.into_iter().map(|o| (tracker, o)));
        self.events.insert((tracker, o), out.clone());
        out
    }

    /// Everything that may happen in a state.
    fn next(&mut self, s: State) -> Vec<State> {
        let mut out: Vec<State> = self
            .events(s.tracker, s.outside)
            .into_iter()
            .map(|(tracker, outside)| State { tracker, outside, ..s })
            .collect();
        for who in 0..2 {
            let with = |p: Option<Person>| {
                let mut people = s.people;
                people[who] = p;
                // Which of the two is which says nothing.
                people.sort();
                people
            };
            match s.people[who] {
                None => {
                    // A closed tracker has nothing left to ask but cve.org.
                    let open = self.trackers[s.tracker as usize].tracker.state.is_open();
                    let fails = |d: &Down| *d == Down::Nothing || open && s.outside.may_fail(*d);
                    for down in DOWN.into_iter().filter(fails) {
                        let plan = self.plan(s.tracker, s.outside, down);
                        if !self.plans[plan as usize].is_empty() {
                            let p = Person { plan, next: 0, applied: 0 };
                            out.push(State { people: with(Some(p)), ..s });
                        }
                    }
                }
                Some(p) => {
                    // Giving up is as possible as going on.
                    out.push(State { people: with(None), ..s });
                    let items = &self.plans[p.plan as usize];
                    let item = &items[usize::from(p.next)];
                    let has = |n: u32| {
                        let first = items[0].n.0;
                        p.applied & (1 << (n - first)) != 0
                    };
                    let ready = item.after.iter().all(|n| has(n.0)) && item.blocked.is_none();
                    let asks = item.steps.iter().any(|st| matches!(st.effect, Change::Choose { .. }));
                    let last = usize::from(p.next) + 1 == items.len();
                    let on = |applied: u16| (!last).then_some(Person { next: p.next + 1, applied, ..p });
                    if !ready {
                        out.push(State { people: with(on(p.applied)), ..s });
                        continue;
                    }
                    let answers: &[u8] = if asks { &[0, 9] } else { &[0] };
                    for a in answers {
                        let record = if *a == 9 { 9 } else { s.outside.record };
                        let (tracker, done) = self.apply(s.tracker, p.plan, p.next, record, s.outside);
                        let applied = if done { p.applied | (1 << p.next) } else { p.applied };
                        out.push(State { tracker, people: with(on(applied)), ..s });
                    }
                }
            }
        }
        out
    }
}

#[test]
fn every_state_that_two_people_can_reach_keeps_the_promises() {
    let mut world = World::new();
    let start = State { tracker: 0, outside: Outside::default(), people: [None, None] };
    let mut seen = BTreeSet::from([start.packed()]);
    let mut queue = VecDeque::from([start]);
    let mut steps = 0u64;
    while let Some(s) = queue.pop_front() {
        for n in world.next(s) {
            steps += 1;
            if seen.insert(n.packed()) {
                queue.push_back(n);
            }
        }
    }
    let (trackers, plans) = (world.trackers.len(), world.plans.len());
    // The page says how many they are; a change of the rules changes the number, and it is looked at.
    let walked = format!(
        "{} states and {steps} steps between them, over {trackers} trackers and {plans} plans",
        seen.len()
    );
    assert!(reference_markdown().contains(&walked), "write into rules/sync/lifecycle.md: {walked}");

    // From wherever two people left it, one who goes on alone ends at DONE once the world has gone its way.
    let all = Outside { fix: 2, released: true, record: 4, archived: true, listed: true };
    let mut ends = BTreeMap::new();
    for tracker in 0..u32::try_from(trackers).unwrap() {
        let case = &world.trackers[tracker as usize];
        if !case.tracker.body.contains(PR) {
            continue;
        }
        let mut at = world.seen(tracker, all, Down::Nothing);
        for _ in 0..4 {
            let plan = life::plan(&at, &world.basis);
            if plan.items.is_empty() {
                break;
            }
            life::apply_all(&mut at, &plan.items, &world.basis, How { entries: false, ..How::default() });
        }
        let end = position(&View::new(&at, world.basis.ground("ann", life::now()))).stage;
        assert_eq!(at.observed.record.known().map(|r| r.state), Some(RecordStage::Public));
        *ends.entry(end).or_insert(0) += 1;
    }
    assert_eq!(ends.keys().copied().collect::<Vec<_>>(), [Stage::Done], "{ends:?}");
}
