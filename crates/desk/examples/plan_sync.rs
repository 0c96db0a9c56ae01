//! How long a plan over many trackers takes with the facts in hand: `plan_sync NUMBER [ROUNDS] [--one-thread] [--digest]`.
//! With `--digest` the SHA-256 of all plans stands in the output: a faster planner has to give the same.
//! `bench/plan/run.py` calls it. With `--json FILE` the same facts are written as JSON, so that reading them can be compared.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_types,
    reason = "a measurement, never shipped"
)]
#![allow(clippy::disallowed_methods, reason = "a measurement needs a clock and a file")]

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use desk::{
    case::Case,
    plan::digest,
    rules::sync,
    spread::{InTurn, Spread},
};
use serde_json::{Value, json};
use testkit::lifecycle as life;

const STEPS: usize = 8;

/// A desk as it looks: most trackers wait for something, some have moved.
fn case(n: usize) -> Value {
    let cve = format!("CVE-2026-{}", 30_000 + n);
    let pr = format!("https://forge.example/openwharf/harbour/pull/{n}");
    let at = n % STEPS;
    let labels: &[&str] = match at {
        0 => &["security issue", "needs triage"],
        1 => &["security issue", "core"],
        2 => &["security issue", "core", "cve allocated"],
        3 | 4 => &["security issue", "core", "cve allocated", "pr created"],
        5 | 6 => &["security issue", "core", "cve allocated", "pr merged"],
        _ => &["security issue", "core", "cve allocated", "fix released"],
    };
    let column = [
        "Needs triage",
        "Assessed",
        "CVE allocated",
        "PR created",
        "PR created",
        "PR merged",
        "PR merged",
        "Fix released",
    ][at];
    let comments: Vec<Value> = (0..4)
        .map(|i| {
            json!({"author": "ann", "at": "2026-03-11T08:00:00Z",
                "body": format!("I looked at case {n} again ({i}): the group filter is applied after the join, so that names leak.")})
        })
        .collect();
    let mut out = json!({
        "now": "2026-03-20T12:00:00Z",
        "tracker": {"number": n, "repo": "openwharf/security", "title": format!("Consumer group {n} leaks queue names to strangers"),
            "labels": labels, "column": column, "created": "2026-03-05T08:00:00Z", "comments": comments,
            "assignees": if at == 7 { json!(["carol"]) } else { json!(["dev"]) },
            "milestone": if at >= 5 { "Harbour Queue-2.10.3" } else { "" },
            "fields": {"issue_description": "A stranger who may list consumer groups reads the names of all queues. ".repeat(12),
                "security_thread": format!("No public archive: `<report-{n}@ada.example>`"),
                "severity": if at >= 5 { "Medium" } else { "Unknown" }, "cwe": if at >= 5 { "CWE-200: Exposure of Sensitive Information to an Unauthorized Actor" } else { "" },
                "reporter_credit": "Ada Finder", "affected_versions": if at >= 5 { "`< 2.10.3`" } else { "" },
                "public_summary": if at >= 5 { "Any user who can publish may read the names of all queues. Users are recommended to upgrade to 2.10.3 or later, which fixes the issue." } else { "" },
                "cve_tool_link": if at >= 2 { cve.as_str() } else { "" }, "pr_with_fix": if at >= 3 { pr.as_str() } else { "" },
                "remediation_developer": if at >= 3 { "Dev Dunn" } else { "" }}},
        "reporter": "Ada Finder <ada@ada.example>",
        "thread": {"root": format!("report-{n}@ada.example"), "subject": "Queue names leak", "contact": "Ada Finder <ada@ada.example>"},
        "ledger": [{"event": "assessed_valid"}, {"event": "cve_allocated", "artifact": cve}, {"event": "pr_opened", "artifact": pr},
            {"event": if at >= 5 { "pr_merged" } else { "receipt" }, "artifact": pr}, {"event": if at == 7 { "released" } else { "receipt" }}],
        "drafts": [], "record": if at == 7 { "review-ready" } else { "allocated" }, "advisory": [],
    });
    let map = out.as_object_mut().unwrap();
    if at >= 3 {
        let state = if at == 3 { "open" } else { "merged" };
        let pulls = json!([{"url": pr, "state": state, "author": "dev", "author_name": "Dev Dunn", "milestone": "Harbour Queue-2.10.3"}]);
        map.insert("pull_requests".into(), pulls);
        let shipped = if at >= 6 { "final" } else { "missing" };
        map.insert(
            "release".into(),
            json!([{"package": "harbour-queue", "version": "2.10.3", "state": shipped}]),
        );
        map.insert("milestones".into(), json!([{"name": "Harbour Queue-2.10.3", "open_trackers": 9}]));
    }
    out
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n: usize = args.first().and_then(|a| a.parse().ok()).unwrap_or(200);
    let spread: &dyn Spread = if args.iter().any(|a| a == "--one-thread") { &InTurn } else { &Two };
    let rounds: usize = args.get(1).and_then(|a| a.parse().ok()).unwrap_or(5);
    if let Some(path) = args.iter().position(|a| a == "--json").and_then(|at| args.get(at + 1)) {
        let mut out = BufWriter::new(File::create(path).unwrap());
        for i in 1..=n {
            out.write_all(if i == 1 { b"[" } else { b"," }).unwrap();
            serde_json::to_writer(&mut out, &case(i)).unwrap();
        }
        out.write_all(b"]").unwrap();
        out.flush().unwrap();
    }
    let mut config = life::config();
    // One by one: what is measured is the memory of the trackers and their plans, not of JSON.
    let cases: Vec<Case> = (1..=n).map(|i| life::read(&case(i), &mut config)).collect();
    let facts = memory("VmRSS");
    let basis = life::basis(config);
    let mut best = f64::MAX;
    let mut items = 0;
    let mut whole = None;
    for _ in 0..rounds {
        let start = Instant::now();
        let plans = sync::plan_with(&cases, basis.ground("ann", life::now()), spread);
        best = best.min(start.elapsed().as_secs_f64());
        items = plans.iter().map(|p| p.items.len()).sum();
        whole = args.iter().any(|a| a == "--digest").then(|| digest::name(&plans));
    }
    println!(
        "{}",
        json!({"trackers": n, "items": items, "milliseconds": (best * 1e6).round() / 1e3, "facts": facts,
            "peak": memory("VmHWM"), "digest": whole})
    );
}

/// A line of what the system says of this process.
fn memory(what: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(what)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

/// Two threads, as the program uses on two cores.
struct Two;

impl Spread for Two {
    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let go_on = || {
            loop {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                if piece >= pieces {
                    return;
                }
                work(piece);
            }
        };
        std::thread::scope(|s| {
            s.spawn(go_on);
            go_on();
        });
    }
}
