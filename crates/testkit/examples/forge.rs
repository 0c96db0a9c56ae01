//! A forge with many trackers for `bench/sync`: answers after a fixed time, counts what it is asked, and says so at `/stats`.
//!
//! `cargo run --release -p testkit --example forge -- TRACKERS MILLISECONDS`

#![allow(clippy::print_stdout, reason = "a program that says its address")]

use std::time::Duration;

use serde_json::json;
use testkit::serve::{Answer, Asked, GithubFake, Server};

fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u64>().unwrap_or_default());
    let (trackers, wait) = (args.next().unwrap_or(200), Duration::from_millis(args.next().unwrap_or(50)));
    let begin = jiff::Timestamp::UNIX_EPOCH;
    let mut forge = GithubFake::new("acme/security", "bench-token", begin);
    for n in 1..=trackers {
        // Half of them have an id that nobody outside may see.
        let cve = if n % 2 == 0 { format!("CVE-2026-{}", 30_000 + n) } else { "_No response_".into() };
        let body = format!(
            "### The issue description\n\nReport {n}: the upload endpoint writes outside of its folder.\n\n\
             ### Affected versions\n\n< 2.{n}\n\n### Security mailing list thread\n\n<{n}@reporter.example>\n\n\
             ### Severity\n\nHigh\n\n### CVE tool link\n\n{cve}\n"
        );
        let title = format!("Path traversal {n} in file upload");
        forge.open_issue("ada", &title, &body, &["security issue", "needs triage"]);
        for c in 0..5 {
            forge.say(n, "dev", &format!("a remark, number {c}"));
        }
        forge.edit(n, |i| i.card = Some((Some("opt0".into()), false)));
    }
    let (mut questions, mut changes) = (0u64, 0u64);
    let server = Server::start(move |asked: &Asked| {
        use testkit::serve::Service;
        if asked.path == "/stats" {
            let said = json!({"requests": questions, "points": forge.points, "changes": changes});
            (questions, changes, forge.points) = (0, 0, 0);
            return Answer::json(200, &said);
        }
        std::thread::sleep(wait);
        questions += 1;
        let before = forge.writes;
        let answer = forge.answer(asked);
        changes += u64::from(forge.writes > before);
        answer
    });
    println!("{}", server.url());
    // Until whoever started it closes its input.
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}
