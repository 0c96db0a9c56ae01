//! The program is killed at every step of applying a plan, and at moments of nobody's choosing; what is recovered
//! must equal what an undisturbed run leaves, and nothing may be there twice (G3).
#![cfg(unix)]

use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use desk::{
    case::Fact,
    confidential::{Phase, Slots, TrackerContext},
    plan::{
        ClearedEffect, ItemNo, Precondition, Probe, StepKey, apply,
        ports::{By, Holding, Journal, Lookup, PortError, Receipt, StepState, World},
    },
    rules::{import::propose::Overrides, select::Selector},
};
use store::{Desk, OpenOptions, PlanState};
use tipstaff::app::{
    Ports, Session, Setting,
    import::{self, Wanted},
    plans,
};

use crate::{
    env::{Env, NOW},
    mails::{self, Mail, ann, ann_again, bob, config, copy_dir, mbox, media, snapshot, spam},
};

/// Says to the victim at which operation it dies: `N before` or `N after`.
const WHEN: &str = "TIPSTAFF_TEST_DIES";
/// Says to the victim where its desk is.
const DESK: &str = "TIPSTAFF_TEST_DESK";

/// Bob's report in the words of somebody else: it joins the tracker of the first.
fn twin() -> Mail {
    let mut m = bob();
    m.id = "seven@cy.example";
    m.from = "Cy Dorn <cy@cy.example>";
    m.minute = 200;
    m.body = m.body.replace("Dear team,", "Hello all,").replace("Bob Baker", "Cy Dorn");
    m
}

fn mailbox() -> String {
    mbox(&[ann(), bob(), spam(), media(), ann_again(), twin()])
}

/// The surroundings of a desk: a configuration beside it wins over the common one.
pub fn setting(desk: &Path) -> Setting {
    let own = desk.parent().unwrap().join("tipstaff.toml");
    Setting {
        config: Some(if own.exists() { own } else { config() }),
        desk: Some(desk.into()),
        cwd: desk.parent().unwrap().into(),
        home: None,
        data_home: None,
        config_home: None,
        os_user: "maren".into(),
        now: NOW.parse().unwrap(),
        now_given: true,
        env: |_| None,
        trace: None,
    }
}

/// An empty desk whose key is the same in every run, so that its signatures are, too.
pub fn empty_desk(dir: &Path) {
    Desk::open(dir, OpenOptions { create: true, now: NOW.parse().unwrap(), seed: [7; 32] }).unwrap();
}

/// A desk with the mailbox read, a plan made and every item of it approved.
fn approved_desk(dir: &Path) {
    empty_desk(dir);
    let mbox = dir.parent().unwrap().join("in.mbox");
    std::fs::write(&mbox, mailbox()).unwrap();
    let mut session = Session::open(setting(dir), false).unwrap();
    let wanted = Wanted { paths: vec![mbox], selector: Selector::All };
    let swept = import::sweep(&session, &wanted, &mut |_| {}).unwrap();
    assert_eq!((swept.new, swept.copies), (6, 0));
    let scene = import::scene(&session, &Selector::All).unwrap();
    let plan = import::plan(&mut session, &scene, &Overrides::new()).unwrap();
    assert_eq!(plan.items.len(), 5, "{:#?}", plan.items.iter().map(|i| &i.headline).collect::<Vec<_>>());
    plans::propose(&session, &plan).unwrap();
    let items = plan.items.iter().map(|i| i.n).collect::<std::collections::BTreeSet<ItemNo>>();
    plans::approve(&session, &plan, &items).unwrap();
}

/// The desk's ports, and a hand that pulls the plug.
struct Mortal<'a> {
    inner: Ports<'a>,
    at: usize,
    after: bool,
    count: usize,
}

impl Mortal<'_> {
    fn op<T>(&mut self, work: impl FnOnce(&mut Ports<'_>) -> T) -> T {
        self.count += 1;
        let now = self.count == self.at;
        if now && !self.after {
            die();
        }
        let out = work(&mut self.inner);
        if now {
            die();
        }
        out
    }
}

fn die() -> ! {
    // The safe way to end without any cleaning up.
    let _ = Command::new("kill").arg("-9").arg(std::process::id().to_string()).status();
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

impl Journal for Mortal<'_> {
    fn lease(&mut self, subject: &str) -> Result<(), PortError> {
        self.op(|p| p.lease(subject))
    }
    fn release(&mut self, subject: &str) -> Result<(), PortError> {
        self.op(|p| p.release(subject))
    }
    fn step(&self, key: &StepKey) -> Result<StepState, PortError> {
        self.inner.step(key)
    }
    fn intend(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<(), PortError> {
        self.op(|p| p.intend(key, effect, by))
    }
    fn settle(
        &mut self,
        key: &StepKey,
        effect: &ClearedEffect,
        receipt: &Receipt,
        by: By<'_>,
    ) -> Result<(), PortError> {
        self.op(|p| p.settle(key, effect, receipt, by))
    }
    fn refused(&mut self, subject: &str, why: &str, by: By<'_>) -> Result<(), PortError> {
        self.op(|p| p.refused(subject, why, by))
    }
}

impl World for Mortal<'_> {
    fn holds(&self, requires: &Precondition) -> Result<Holding, PortError> {
        self.inner.holds(requires)
    }
    fn probe(&self, probe: &Probe) -> Fact<String> {
        self.inner.probe(probe)
    }
    fn context(&self, subject: &str) -> Result<(TrackerContext, Phase), PortError> {
        self.inner.context(subject)
    }
    fn slots(&self, subject: &str) -> Result<Slots, PortError> {
        self.inner.slots(subject)
    }
    fn perform(&mut self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Receipt, PortError> {
        self.op(|p| p.perform(key, effect, by))
    }
    fn look_up(&self, key: &StepKey, effect: &ClearedEffect, by: By<'_>) -> Result<Lookup, PortError> {
        self.inner.look_up(key, effect, by)
    }
}

/// Apply every approved plan; die at that operation, never when it is 0. Returns how many operations there were.
pub fn apply_all(desk: &Path, at: usize, after: bool) -> usize {
    let mut session = Session::open(setting(desk), false).unwrap();
    let mut count = 0;
    for row in session.desk.unfinished().unwrap() {
        let approved = plans::approved(&session, &row).unwrap();
        let config = session.loaded.config.clone();
        let inner = Ports {
            desk: &mut session.desk,
            drafts: session.drafts.as_ref(),
            config: &config,
            headings: &session.headings,
            labels: &session.labels,
            now: NOW.parse().unwrap(),
            authority: Ok(None),
            embargoed: std::cell::OnceCell::new(),
            host: None,
            opener: None,
        };
        let mut ports = Mortal { inner, at, after, count };
        let report = apply::apply(&approved, &session.policy, &mut ports);
        count = ports.count + 1;
        assert!(report.complete(), "{report:#?}");
        if count == at && !after {
            die();
        }
        session.desk.set_plan_state(&row.digest, PlanState::Applied).unwrap();
        if count == at {
            die();
        }
    }
    assert_eq!(session.desk.verify().unwrap().faults, Vec::<String>::new());
    count
}

/// Not a test of its own: the process that is killed. Does nothing unless it is told when to die.
#[test]
fn victim() {
    let (Ok(when), Ok(desk)) = (std::env::var(WHEN), std::env::var(DESK)) else { return };
    let (at, word) = when.split_once(' ').unwrap();
    apply_all(Path::new(&desk), at.parse().unwrap(), word == "after");
}

/// Run the victim; true when it was killed, false when it came to its end before.
pub fn kill_at(desk: &Path, at: usize, after: bool) -> bool {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::victim", "--nocapture", "--test-threads=1"])
        .env(WHEN, format!("{at} {}", if after { "after" } else { "before" }))
        .env(DESK, desk)
        .output()
        .unwrap();
    match out.status.signal() {
        Some(9) => true,
        None if out.status.success() => false,
        _ => panic!("{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
    }
}

#[test]
fn killed_at_every_step_and_resumed_the_desk_is_as_if_nothing_had_happened() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("base/desk");
    std::fs::create_dir(dir.path().join("base")).unwrap();
    approved_desk(&base);
    let at = |name: &str| -> PathBuf {
        let to = dir.path().join(name).join("desk");
        copy_dir(&base, &to);
        to
    };
    let whole = at("whole");
    let ops = apply_all(&whole, 0, false);
    let want = snapshot(&whole, true);
    assert_eq!(mails::drafts(&whole).len(), 4, "{want}");
    assert!(ops > 40, "{ops} operations");

    // Every operation, before and after; then once more with a second death while it is being mended.
    let mut points: Vec<(usize, bool, usize)> = Vec::new();
    for n in 1..=ops {
        points.extend([(n, false, 0), (n, true, 0)]);
        points.push((n, true, 1 + n % 5));
        if n % 2 == 0 {
            points.push((n, false, 1 + n % 4));
        }
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let kills = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(&(n, after, again)) = points.get(i) else { return };
                    let desk = at(&format!("k{i}"));
                    assert!(kill_at(&desk, n, after), "operation {n} of {ops} was not reached");
                    let mut killed = 1;
                    if again > 0 && kill_at(&desk, again, after) {
                        killed += 1;
                    }
                    if i.is_multiple_of(16) {
                        resume_with_the_program(&desk);
                    } else {
                        apply_all(&desk, 0, false);
                    }
                    let got = snapshot(&desk, true);
                    assert!(
                        got == want,
                        "killed at {n}, after: {after}, again: {again}\n{}",
                        diff(&want, &got)
                    );
                    kills.fetch_add(killed, std::sync::atomic::Ordering::Relaxed);
                    std::fs::remove_dir_all(desk.parent().unwrap()).unwrap();
                }
            });
        }
    });
    let kills = kills.into_inner();
    assert!(kills >= 200, "only {kills} kills");
}

fn resume_with_the_program(desk: &Path) {
    let out = Command::new(env!("CARGO_BIN_EXE_tipstaff"))
        .env_clear()
        .env("USER", "maren")
        .args(["plan", "resume", "--now", NOW])
        .arg("--desk")
        .arg(desk)
        .arg("--config")
        .arg(config())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // 3: it had come to its end.
    assert!(matches!(out.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&out.stderr));
    let desk =
        Desk::open(desk, OpenOptions { create: false, now: NOW.parse().unwrap(), seed: [0; 32] }).unwrap();
    assert_eq!(desk.verify().unwrap().faults, Vec::<String>::new());
}

pub fn diff(want: &str, got: &str) -> String {
    let lines = |s: &str| s.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (w, g) = (lines(want), lines(got));
    let only = |a: &std::collections::BTreeSet<String>, b: &std::collections::BTreeSet<String>| {
        a.difference(b).cloned().collect::<Vec<_>>().join("\n")
    };
    format!("wanted:\n{}\ngot:\n{}", only(&w, &g), only(&g, &w))
}

/// Moments that are the same in every run of the tests, spread over the whole.
fn moments(n: u32, of: Duration) -> impl Iterator<Item = Duration> {
    // Steps of the golden ratio fall everywhere and never on the same spot twice.
    (1..=n).map(move |i| of.mul_f64((f64::from(i) * 0.618_034).fract() * 1.05))
}

/// Run the program and kill it after that time; true when it was still running.
fn kill_after(env: &Env, args: &[&str], input: &str, wait: Duration) -> bool {
    use std::io::Write;
    let mut child =
        env.command(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    std::thread::sleep(wait);
    let _ = child.kill();
    child.wait().unwrap().signal() == Some(9)
}

/// Bring a desk to its end as a person would: resume, then import until nothing is left.
fn finish(env: &Env) {
    let said = env.run(&["plan", "resume"]);
    assert!(matches!(said.code, 0 | 3), "{}{}", said.out, said.err);
    for _ in 0..3 {
        let said = env.answer(&["import", "in.mbox"], "all\n");
        assert!(matches!(said.code, 0 | 3), "{}{}", said.out, said.err);
        if said.code == 3 {
            env.run(&["log", "--verify"]).expect(0);
            return;
        }
    }
    panic!("the import has no end");
}

fn fresh(mails: &[Mail]) -> Env {
    let env = mails::env();
    env.write("in.mbox", mbox(mails));
    empty_desk(&env.desk());
    env
}

#[test]
fn killed_at_any_moment_of_an_import_nothing_is_lost_and_nothing_is_there_twice() {
    let mails = [ann(), bob(), twin()];
    let whole = fresh(&mails);
    let start = Instant::now();
    whole.answer(&["import", "in.mbox"], "all\n").expect(0);
    let time = start.elapsed();
    finish(&whole);
    let want = snapshot(&whole.desk(), false);
    let killed: Vec<bool> = in_pairs(moments(16, time).collect(), |wait| {
        let env = fresh(&mails);
        let killed = kill_after(&env, &["import", "in.mbox"], "all\n", wait);
        finish(&env);
        let got = snapshot(&env.desk(), false);
        assert!(got == want, "killed after {wait:?} of {time:?}\n{}", diff(&want, &got));
        killed
    });
    assert!(killed.iter().filter(|k| **k).count() >= 8, "{killed:?}");
}

#[test]
fn killed_at_any_moment_of_an_apply_it_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("desk");
    approved_desk(&base);
    let digest: String = mails::one(&base, "select digest from plans");
    let fresh = || {
        let env = mails::env();
        copy_dir(&base, &env.desk());
        env
    };
    let whole = fresh();
    let start = Instant::now();
    whole.run(&["plan", "apply", &digest]).expect(0);
    let time = start.elapsed();
    let want = snapshot(&whole.desk(), true);
    let killed: Vec<bool> = in_pairs(moments(40, time).collect(), |wait| {
        let env = fresh();
        let killed = kill_after(&env, &["plan", "apply", &digest], "", wait);
        let said = env.run(&["plan", "resume"]);
        assert!(matches!(said.code, 0 | 3), "{}{}", said.out, said.err);
        let got = snapshot(&env.desk(), true);
        assert!(got == want, "killed after {wait:?} of {time:?}\n{}", diff(&want, &got));
        killed
    });
    assert!(killed.iter().filter(|k| **k).count() >= 20, "{killed:?}");
}

/// Two at a time, on two cores.
pub fn in_pairs<T: Send, R: Send>(work: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let queue = std::sync::Mutex::new(work);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(one) = queue.lock().unwrap().pop() else { return };
                    let out = each(one);
                    done.lock().unwrap().push(out);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

#[test]
fn two_imports_at_once_make_one_tracker_one_draft_one_fate() {
    let mails = [ann(), bob(), spam()];
    let rounds: Vec<u32> = (0..10).collect();
    in_pairs(rounds, |round| {
        let env = mails::env();
        env.write("in.mbox", mbox(&mails));
        // The first rounds race for making the desk, too.
        if round % 2 == 0 {
            empty_desk(&env.desk());
        }
        let both = std::thread::scope(|s| {
            let other = s.spawn(|| env.answer(&["import", "in.mbox"], "all\n"));
            let one = env.answer(&["import", "in.mbox"], "all\n");
            [one, other.join().unwrap()]
        });
        for said in &both {
            assert!(matches!(said.code, 0 | 3 | 5), "exit {}\n{}{}", said.code, said.out, said.err);
            assert!(!said.err.contains("panicked"), "{}", said.err);
        }
        finish(&env);
        let desk = env.desk();
        assert_eq!(mails::one::<i64>(&desk, "select count(*) from trackers"), 2);
        assert_eq!(mails::one::<i64>(&desk, "select count(*) from messages where word = 'tracker'"), 2);
        assert_eq!(mails::one::<i64>(&desk, "select count(*) from messages"), 3);
        assert_eq!(mails::one::<i64>(&desk, "select count(*) from ledger"), 2);
        assert_eq!(mails::one::<i64>(&desk, "select count(*) from comments"), 2, "one status each");
        assert_eq!(mails::drafts(&desk).len(), 2);
        let body: String = mails::one(&desk, "select group_concat(body) from comments");
        assert_eq!(body.matches("Imported from mail").count(), 2, "{body}");
    });
}

#[test]
fn people_who_comment_at_once_are_all_heard() {
    let env = mails::env();
    env.write("report.md", "There is a hole in the upload.");
    env.answer(&["new", "--title", "A hole", "--body", "report.md"], "y\n").expect(0);
    let n = 6;
    std::thread::scope(|s| {
        for i in 0..n {
            let env = &env;
            s.spawn(move || {
                let text = format!("remark number {i}");
                env.answer(&["comment", "1", &text], "y\n").expect(0);
            });
        }
    });
    let comments: i64 = mails::one(&env.desk(), "select count(*) from comments where kind = 'comment'");
    assert_eq!(comments, n);
    let rollup: String =
        mails::one(&env.desk(), "select group_concat(body) from comments where kind = 'rollup'");
    assert_eq!(rollup.matches("@maren commented.").count(), usize::try_from(n).unwrap(), "{rollup}");
    env.run(&["log", "--verify"]).expect(0);
}
