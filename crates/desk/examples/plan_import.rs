//! How long does planning an import take? `cargo run --release -p desk --example plan_import [REPORTS [TRACKERS]]`
//!
//! Reports, trackers and public changes are drawn from a fixed seed, with sizes as they come in practice.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program run by hand that reads the clock and prints what it measured"
)]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use desk::{
    case::{Case, Fact, Seen, Source},
    plan::Fate,
    reply::Library,
    rules::import::{
        propose::{self, InboxMessage, InboxThread, Overrides, Scene},
        related::UpstreamChange,
    },
    spread::{InTurn, Spread},
    tracker::{CloseReason, Comment, FieldRole, State},
};
use testkit::{
    case::{self, Sealed as _},
    mails,
};

/// Two threads, as the program uses on two cores.
struct Two;

impl Spread for Two {
    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let go_on =
            || while_some(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < pieces), work);
        std::thread::scope(|s| {
            s.spawn(go_on);
            go_on();
        });
    }
}

fn while_some(mut next: impl FnMut() -> Option<usize>, work: &(dyn Fn(usize) + Sync)) {
    while let Some(i) = next() {
        work(i);
    }
}

/// A small generator with a fixed seed (Knuth's MMIX constants); good enough to draw words.
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.next(list.len())]
    }

    fn component(&mut self) -> String {
        let (a, b) = (self.next(90), self.next(60));
        format!("{}{a}/{}{b}.{}", self.of(DIRS), self.of(FILES), self.of(&["py", "go", "java", "c"]))
    }

    /// A report of roughly 1 to 4 KB.
    fn report(&mut self) -> (String, String) {
        let (flaw, place, path) = (self.of(FLAWS), self.of(PLACES), self.component());
        let title = format!("{flaw} in {place} {}", self.of(FILES));
        let mut text = format!(
            "Hello security team,\n\nI found a {flaw} in the {place}. The code in {path} uses the value of `{}` \
             without checking it.\n\nSteps to reproduce:\n1. Log in as a user.\n2. curl 'https://host/api/{}?{}=x'\n\
             3. Look at the answer.\n\nImpact: {}.\n\n",
            self.of(FILES),
            self.of(FILES),
            self.of(PLACES),
            self.of(IMPACTS),
        );
        for _ in 0..6 + self.next(30) {
            let words: Vec<&str> = (0..12).map(|_| self.of(WORDS)).collect();
            text.push_str(&format!("The {} {}.\n", self.of(PLACES), words.join(" ")));
        }
        text.push_str("\nAffected versions: 3.0.0 to 3.1.2\n\nBest regards\n");
        (title, text)
    }
}

const DIRS: &[&str] = &["server/", "cli/", "server/api/", "web/", "worker/"];
const FILES: &[&str] = &[
    "query", "upload", "session", "render", "archive", "webhook", "login", "tokens", "export", "billing",
    "plugin", "search", "cache", "config", "avatar", "report", "queue", "schema", "mirror", "digest",
];
const PLACES: &[&str] = &[
    "search endpoint",
    "upload form",
    "session store",
    "template engine",
    "archive importer",
    "webhook sender",
    "login page",
    "token service",
    "CSV export",
    "plugin loader",
    "admin console",
    "job scheduler",
];
const FLAWS: &[&str] = &[
    "SQL injection",
    "stored XSS",
    "path traversal",
    "SSRF",
    "deserialisation of untrusted data",
    "open redirect",
    "missing authorization check",
    "CSRF",
    "command injection",
    "denial of service",
    "race condition",
    "information disclosure",
];
const IMPACTS: &[&str] = &[
    "an attacker reads the whole database",
    "any user becomes administrator",
    "the service stops for everyone",
    "remote code execution on the server",
];
const WORDS: &[&str] = &[
    "then", "parses", "the", "value", "which", "is", "passed", "to", "handler", "without", "escaping", "so",
    "a", "request", "with", "long", "header", "reaches", "internal", "host", "and", "returns", "its", "body",
    "because", "check", "happens", "after", "decoding", "twice", "in", "loop", "user", "supplied", "name",
    "of", "file",
];

fn tracker(d: &mut Draw, n: u64) -> Case {
    let (title, text) = d.report();
    let mut c = case::case(n, &title, &text);
    if d.next(3) > 0 {
        let id = format!("https://cve.foundation.example/cve5/CVE-20{}-{}", 20 + d.next(6), 10_000 + n);
        c = case::with_field(c, FieldRole::CveToolLink, &id);
    }
    if d.next(4) > 0 {
        c.tracker.state = State::Closed { reason: CloseReason::Completed };
        c.tracker.labels.insert(d.of(&["announced - emails sent", "invalid", "duplicate"]).into());
    }
    c.reporter.email = format!("reporter{}@lab{}.example", d.next(3000), d.next(40));
    c.thread = format!("root-{n}@lab.example");
    c.tracker.message_ids = vec![c.thread.clone()];
    for i in 0..d.next(5) {
        let words: Vec<&str> = (0..60).map(|_| d.of(WORDS)).collect();
        c.tracker.comments.push(Comment {
            id: i.to_string(),
            author: "ann".into(),
            body: words.join(" "),
            ..Comment::default()
        });
    }
    c
}

fn thread(d: &mut Draw, n: usize, trackers: usize) -> InboxThread {
    let known = d.next(10);
    let id = if known == 0 {
        format!("root-{}@lab.example", 1 + d.next(trackers))
    } else {
        format!("new-{n}@mail.example")
    };
    let kind = mails::ROOTS[d.next(mails::ROOTS.len())];
    let mut m = case::mail(&kind, &id, i64::try_from(n % 400).unwrap());
    if known < 8 {
        (m.subject, m.text) = d.report();
        m.from.email = format!("reporter{}@lab{}.example", d.next(3000), d.next(40));
        m.unreadable = None;
        m.automatic = false;
    }
    let (mut fate, mut tracker) = (Fate::Waiting, None);
    if known == 0 {
        let n = id.trim_start_matches("root-").split('@').next().unwrap().parse().unwrap();
        tracker = Some(case::key(n));
        fate = Fate::Tracker { tracker: case::key(n) };
    }
    let mut messages = vec![InboxMessage { fate, ..case::waiting(m.sealed()) }];
    if known < 2 {
        let mut r = case::mail(&mails::by_name("more"), &format!("re-{n}@mail.example"), 401);
        r.in_reply_to = vec![id.clone()];
        messages.push(case::waiting(r.sealed()));
    }
    InboxThread { id, tracker, messages }
}

fn main() {
    let arg = |i: usize, or: usize| std::env::args().nth(i).map_or(or, |a| a.parse().unwrap());
    let (reports, trackers) = (arg(1, 1000), arg(2, 5000));
    let mut d = Draw(20_260_320);
    let cases: Vec<Case> = (1..=u64::try_from(trackers).unwrap()).map(|n| tracker(&mut d, n)).collect();
    let threads: Vec<InboxThread> = (0..reports).map(|n| thread(&mut d, n, trackers.max(1))).collect();
    let changes: Vec<UpstreamChange> = (0..500)
        .map(|n| {
            let (title, _) = d.report();
            UpstreamChange {
                sha: format!("{n:040}"),
                title: format!("Improve {title}"),
                message: (0..40).map(|_| d.of(WORDS)).collect::<Vec<_>>().join(" "),
                paths: vec![d.component()],
                merged_at: Some(case::now()),
                ..UpstreamChange::default()
            }
        })
        .collect();
    let bytes: usize = threads.iter().flat_map(|t| &t.messages).map(|m| m.message.text.len()).sum();
    let bodies: usize = cases.iter().map(|c| c.tracker.body.len()).sum();
    let scene = Scene {
        threads,
        cases,
        told: vec![],
        changes: Fact::Known(
            changes,
            Source("seed".into()),
            Seen { at: case::now(), version: String::new() },
        ),
        earlier: Fact::Absent(Source("none".into())),
    };
    println!(
        "{reports} threads ({} KB of mail) against {trackers} trackers ({} KB of bodies), 500 public changes",
        bytes / 1024,
        bodies / 1024
    );
    let config = case::config();
    let roster = case::roster();
    let said = Overrides::new();
    // The first run compiles the patterns.
    for (run, spread) in
        [("cold, two threads", &Two as &dyn Spread), ("two threads", &Two), ("one thread", &InTurn)]
    {
        let start = Instant::now();
        let plan =
            propose::plan_with(&scene, &config, &roster, Library::builtin(), &said, case::now(), spread);
        let seconds = start.elapsed().as_secs_f64();
        let digest_start = Instant::now();
        let digest = plan.digest();
        println!(
            "{run}: planned {} items in {seconds:.2} s, {:.2} ms per thread; digest {} in {:.2} s",
            plan.items.len(),
            seconds * 1000.0 / f64::from(u32::try_from(reports.max(1)).unwrap()),
            &digest[..12],
            digest_start.elapsed().as_secs_f64()
        );
    }
}
