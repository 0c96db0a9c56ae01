//! The desk by hand: every command a person gives on a tracker, and what it refuses.

use std::path::Path;

use rusqlite::Connection;

use crate::{
    env::{Env, Said},
    mails::{self, ann, config, drafts, mbox, one},
};

/// A desk with one tracker, filed by hand: nothing is classified, so it is quick.
fn desk() -> Env {
    let env = mails::env();
    env.write(
        "report.md",
        "The upload writes outside of its folder.\n\n    curl -F file=@../../etc/passwd http://host/\n",
    );
    let said = env.answer(
        &["new", "--title", "Upload escapes its folder", "--body", "report.md", "--via", "chat"],
        "y\n",
    );
    let _ = said.expect(0);
    env
}

fn yes(env: &Env, args: &[&str]) -> Said {
    env.answer(args, "y\n").expect(0)
}

fn json(env: &Env, args: &[&str]) -> serde_json::Value {
    let mut args = args.to_vec();
    args.push("--json");
    env.run(&args).expect(0).json()
}

/// How many trackers `queue --json` shows; an empty queue ends as it does without `--json` (DESIGN §7).
fn queued(env: &Env, args: &[&str]) -> usize {
    let all = [&["queue"], args].concat();
    let said = env.run(&[&all[..], &["--json"]].concat());
    let n = said.json()["trackers"].as_array().unwrap().len();
    assert_eq!(said.code, if n == 0 { 3 } else { 0 }, "{}", said.out);
    env.run(&all).expect(said.code);
    n
}

fn status(env: &Env) -> String {
    one(&env.desk(), "select coalesce(group_concat(body), '') from comments where kind = 'rollup'")
}

#[test]
fn a_report_without_mail_is_filed_by_the_person_who_heard_it() {
    let env = mails::env();
    env.write("report.md", "The upload writes outside of its folder.\n");
    let new = [
        "new",
        "--title",
        "Upload escapes",
        "--body",
        "report.md",
        "--via",
        "phone",
        "--credit",
        "Q. Caller",
    ];
    let said = env.run(&new).expect(4);
    assert!(said.out.contains("Nothing was changed"), "{}", said.out);
    assert_eq!(queued(&env, &[]), 0);
    yes(&env, &new);
    let v = json(&env, &["show", "1"]);
    assert_eq!(v["title"], "Upload escapes");
    assert_eq!(v["fields"]["reporter_credit"], "Q. Caller");
    assert_eq!(v["fields"]["security_thread"], "N/A (reported by phone)");
    assert_eq!(v["fields"]["severity"], "Unknown");
    assert!(v["labels"].as_array().unwrap().contains(&"needs triage".into()), "{v}");
    assert!(drafts(&env.desk()).is_empty(), "nobody can be written to");
    // The same report again is the same tracker.
    let again = env.answer(&new, "y\n");
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from trackers"), 1);
    env.write("empty.md", " \n");
    env.answer(&["new", "--title", "x", "--body", "empty.md"], "y\n").expect(2);
    env.answer(&["new", "--title", "two\nlines", "--body", "report.md"], "y\n").expect(2);
    let from_pipe =
        env.answer(&["new", "--title", "Piped", "--body", "-", "--json"], "words of the report").expect(4);
    assert_eq!(from_pipe.json()["plan"]["items"][0]["headline"], "New tracker: Piped");
}

#[test]
fn the_queue_is_for_people_and_for_programs() {
    let env = desk();
    let said = env.run(&["queue"]).expect(0);
    assert!(said.out.contains("desk#1") && said.out.contains("Upload escapes its folder"), "{}", said.out);
    assert!(said.out.contains("NEW"), "{}", said.out);
    let v = json(&env, &["queue"]);
    let t = &v["trackers"][0];
    for key in [
        "tracker", "number", "title", "stage", "steps", "owner", "next", "column", "labels", "age_days",
        "open",
    ] {
        assert!(t.get(key).is_some(), "{key} is missing: {t}");
    }
    assert_eq!(t["owner"]["role"], "triager");
    assert_eq!(queued(&env, &["--role", "triager"]), 1);
    assert_eq!(queued(&env, &["--role", "rm"]), 0);
    env.run(&["queue", "--role", "king"]).expect(2);
    yes(&env, &["assign", "1", "ivo"]);
    assert_eq!(queued(&env, &["--mine"]), 0);
    yes(&env, &["assign", "1", "maren"]);
    assert_eq!(queued(&env, &["--mine"]), 1);
    yes(&env, &["close", "1", "--as", "invalid", "--reason", "it is documented"]);
    env.run(&["queue"]).expect(3);
    assert_eq!(queued(&env, &["--all"]), 1);
}

#[test]
fn show_and_why_say_where_a_tracker_stands_and_by_which_rule() {
    let env = desk();
    let said = env.run(&["show", "desk#1"]).expect(0);
    for words in ["desk#1  Upload escapes its folder", "stage", "labels", "cwe", "unset", "curl -F", "@maren"]
    {
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
    let said = env.run(&["why", "1"]).expect(0);
    assert!(said.out.contains("desk#1 is NEW") && said.out.contains("owner:"), "{}", said.out);
    let v = json(&env, &["why", "1"]);
    assert!(!v["why"].as_array().unwrap().is_empty() && v["why"][0]["rule"].is_string(), "{v}");
    assert!(!v["events"].as_array().unwrap().is_empty());
    let said = env.run(&["show", "9"]).expect(2);
    assert!(said.err.contains("there is no tracker `9`") && said.err.contains("queue"), "{}", said.err);
}

#[test]
fn comments_and_edits_are_made_recorded_and_refused_when_they_do_not_fit() {
    let env = desk();
    yes(&env, &["comment", "1", "I can reproduce it."]);
    assert!(env.run(&["show", "1"]).expect(0).out.contains("@maren commented"));
    env.answer(&["comment", "1", "  "], "y\n").expect(2);
    env.answer(&["comment", "1", "not now"], "n\n").expect(4);
    env.answer(&["comment", "1", "- a list\n- of things", "--json"], "").expect(4);
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from comments where kind = 'comment'"), 1);

    yes(&env, &["edit", "1", "cwe", "CWE-22"]);
    // What no record could take is said before the yes.
    let odd = env.answer(&["edit", "1", "severity", "Banana"], "n\n").expect(4);
    assert!(odd.out.contains("`Banana` is no severity; write one of none, low"), "{}", odd.out);
    yes(&env, &["edit", "1", "affected-versions", "< 2.4.1"]);
    yes(&env, &["edit", "1", "title", "Upload leaves its folder"]);
    yes(&env, &["edit", "1", "label", "+server"]);
    yes(&env, &["edit", "1", "milestone", "2.4.1"]);
    let v = json(&env, &["show", "1"]);
    assert_eq!(v["fields"]["cwe"], "CWE-22");
    assert_eq!(v["fields"]["affected_versions"], "< 2.4.1");
    assert_eq!(v["title"], "Upload leaves its folder");
    assert_eq!(v["milestone"], "2.4.1");
    assert!(v["labels"].as_array().unwrap().contains(&"server".into()));
    yes(&env, &["edit", "1", "cwe", ""]);
    yes(&env, &["edit", "1", "label", "-server"]);
    yes(&env, &["edit", "1", "milestone", ""]);
    let v = json(&env, &["show", "1"]);
    assert!(v["fields"]["cwe"].is_null() && v["milestone"].is_null(), "{v}");

    for (args, words) in [
        (["edit", "1", "colour", "red"], "is no field"),
        (["edit", "1", "label", "server"], "changes no label"),
        (["edit", "1", "label", "+nonsense"], "is no label of this project"),
        (["edit", "1", "label", "-server"], "does not have the label"),
        (["edit", "1", "title", "Upload leaves its folder"], "has that title already"),
        (["edit", "1", "severity", "Unknown"], "has that value already"),
    ] {
        let said = env.answer(&args, "y\n").expect(2);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
    let status = status(&env);
    for words in [
        "cwe: unset → CWE-22",
        "Title: Upload escapes its folder → Upload leaves its folder",
        "Milestone: 2.4.1",
    ] {
        assert!(status.replace('\\', "").contains(words), "{words}\n{status}");
    }
    env.run(&["log", "--verify"]).expect(0);
}

#[test]
fn assigning_claiming_and_giving_back() {
    let env = desk();
    let said = env.answer(&["claim", "1"], "y\n").expect(5);
    assert!(said.err.contains("a scope label, a CVE and the word of two members"), "{}", said.err);
    yes(&env, &["assign", "1", "@ivo", "stranger"]);
    assert_eq!(json(&env, &["show", "1"])["assignees"], serde_json::json!(["ivo", "stranger"]));
    env.answer(&["assign", "1", "ivo", "stranger"], "y\n").expect(2);
    env.answer(&["assign", "1", "no body"], "y\n").expect(2);
    env.answer(&["release", "1"], "y\n").expect(2);
    yes(&env, &["edit", "1", "label", "+server"]);
    let said = env.answer(&["claim", "1"], "y\n").expect(5);
    assert!(said.err.contains("has a CVE") && !said.err.contains("scope"), "{}", said.err);
    yes(&env, &["edit", "1", "label", "+cve allocated"]);
    yes(&env, &["assess", "1", "valid"]);
    let said = env.answer(&["claim", "1"], "y\n").expect(5);
    assert!(said.err.contains("has the word of two members"), "{}", said.err);
    // The second member sits at the same desk under their own name.
    let mut second = env.command(&["assess", "1", "valid", "--json"]);
    let plan = second.env("USER", "ivo").output().unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    let digest = plan["digest"].as_str().unwrap();
    for args in [["plan", "approve", digest, "all"].as_slice(), &["plan", "apply", digest]] {
        assert!(env.command(args).env("USER", "ivo").output().unwrap().status.success());
    }
    yes(&env, &["claim", "1"]);
    assert_eq!(json(&env, &["show", "1"])["assignees"], serde_json::json!(["ivo", "maren", "stranger"]));
    yes(&env, &["release", "1"]);
    yes(&env, &["assign", "1"]);
    assert_eq!(json(&env, &["show", "1"])["assignees"], serde_json::json!([]));
}

#[test]
fn closing_needs_a_reason_and_no_cve_and_can_be_undone() {
    let env = desk();
    env.answer(&["close", "1", "--as", "boring", "--reason", "x"], "y\n").expect(2);
    env.answer(&["close", "1", "--as", "invalid", "--reason", " "], "y\n").expect(2);
    env.answer(&["reopen", "1"], "y\n").expect(2);
    for (word, label, reason) in [
        ("invalid", "invalid", "not_planned"),
        ("not-cve-worthy", "not CVE worthy", "not_planned"),
        ("duplicate", "duplicate", "not_planned"),
        ("wontfix", "wontfix", "not_planned"),
        ("completed", "", "completed"),
    ] {
        yes(&env, &["close", "1", "--as", word, "--reason", "for a reason"]);
        let v = json(&env, &["show", "1"]);
        assert_eq!(v["open"], false, "{word}");
        assert_eq!(one::<String>(&env.desk(), "select reason from trackers"), reason, "{word}");
        let labels: Vec<String> =
            v["labels"].as_array().unwrap().iter().map(|l| l.as_str().unwrap().to_lowercase()).collect();
        assert!(label.is_empty() || labels.contains(&label.to_lowercase()), "{word}: {labels:?}");
        env.answer(&["close", "1", "--as", word, "--reason", "again"], "y\n").expect(2);
        yes(&env, &["reopen", "1"]);
        let v = json(&env, &["show", "1"]);
        assert_eq!(v["open"], true);
        assert!(
            label.is_empty() || !v["labels"].to_string().to_lowercase().contains(&label.to_lowercase()),
            "{v}"
        );
    }
    yes(&env, &["edit", "1", "cve-tool-link", "https://cve.example/CVE-2026-12345"]);
    let said = env.answer(&["close", "1", "--as", "invalid", "--reason", "x"], "y\n").expect(5);
    assert!(said.err.contains("retract it first"), "{}", said.err);
    assert_eq!(json(&env, &["show", "1"])["open"], true);
}

/// The first plan that waits.
fn waiting(env: &Env) -> String {
    let v = json(env, &["plan", "list"]);
    let p = v.as_array().unwrap().iter().find(|p| p["state"] == "proposed").unwrap().clone();
    p["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_plan_can_be_reviewed_approved_and_applied_by_hand() {
    let env = desk();
    env.answer(&["comment", "1", "later"], "n\n").expect(4);
    let digest = waiting(&env);
    let short = &digest[..12];
    let said = env.run(&["plan", "show", short]).expect(0);
    assert!(said.out.contains("Comment on desk#1") && said.out.contains("later"), "{}", said.out);
    let said = env.run(&["plan", "apply", short]).expect(4);
    assert!(said.err.contains("nobody has approved"), "{}", said.err);
    env.run(&["plan", "resume"]).expect(3);
    env.run(&["plan", "approve", short, "nothing", "at", "all"]).expect(2);
    env.run(&["plan", "approve", short, "7"]).expect(2);
    env.run(&["plan", "approve", short, "all"]).expect(0);
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from comments where kind = 'comment'"), 0);
    env.run(&["plan", "resume"]).expect(0);
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from comments where kind = 'comment'"), 1);
    // Applying again makes nothing a second time.
    env.run(&["plan", "apply", short]).expect(0);
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from comments where kind = 'comment'"), 1);
    env.run(&["plan", "show", "ffffffffffff"]).expect(2);
}

#[test]
fn a_plan_over_a_world_that_moved_is_refused() {
    let env = desk();
    env.answer(&["edit", "1", "cwe", "CWE-22"], "n\n").expect(4);
    let digest = waiting(&env);
    yes(&env, &["edit", "1", "cwe", "CWE-23"]);
    env.run(&["plan", "approve", &digest, "all"]).expect(0);
    let said = env.run(&["plan", "apply", &digest]).expect(5);
    assert!(said.out.contains("refused") && said.out.contains("was changed meanwhile"), "{}", said.out);
    assert_eq!(json(&env, &["show", "1"])["fields"]["cwe"], "CWE-23");
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from events where kind = 'refused'"), 1);
}

#[test]
fn a_changed_plan_file_is_void_and_an_old_yes_lapses() {
    let env = desk();
    env.answer(&["comment", "1", "the words that were shown"], "n\n").expect(4);
    let digest = waiting(&env);
    let file = env.desk().join("plans").join(format!("{}.json", &digest[..16]));
    let text = std::fs::read_to_string(&file).unwrap();
    let by_file = env.run(&["plan", "show", file.to_str().unwrap()]).expect(0);
    assert!(by_file.out.contains("the words that were shown"));
    let forged = env.write("forged.json", text.replace("the words that were shown", "other words"));
    let said = env.run(&["plan", "apply", forged.to_str().unwrap()]).expect(2);
    assert!(said.err.contains("a plan file that was changed is void"), "{}", said.err);
    env.write("broken.json", "{\"format\": 1");
    env.run(&["plan", "apply", "broken.json"]).expect(2);

    env.run(&["plan", "approve", &digest, "all"]).expect(0);
    let late = |args: &[&str]| {
        let mut c = env.command(args);
        c.env("TIPSTAFF_NOW", "2026-11-23T12:00:01Z").stdin(std::process::Stdio::null());
        let o = c.output().unwrap();
        (o.status.code().unwrap(), String::from_utf8_lossy(&o.stderr).into_owned())
    };
    for args in [vec!["plan", "apply", &digest], vec!["plan", "resume"]] {
        let (code, err) = late(&args);
        assert!(code == 5 && err.contains("24 hours"), "{code} {err}");
    }
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from comments where kind = 'comment'"), 0);
    // A new yes makes it good again.
    assert_eq!(late(&["plan", "approve", &digest, "all"]).0, 0);
    assert_eq!(late(&["plan", "apply", &digest]).0, 0);
}

#[test]
fn a_second_yes_adds_to_the_first_and_speaks_for_its_own_person_only() {
    let env = mails::env();
    env.write("in.mbox", mbox(&[ann(), mails::bob(), mails::cleo()]));
    env.run(&["import", "in.mbox"]).expect(4);
    let digest = waiting(&env);
    env.run(&["plan", "approve", &digest, "1"]).expect(0);
    env.run(&["plan", "approve", &digest, "2"]).expect(0);
    let mut other = env.command(&["plan", "approve", &digest, "3"]);
    other.env("USER", "ivo");
    let o = other.output().unwrap();
    assert_eq!(o.status.code(), Some(5), "{}", String::from_utf8_lossy(&o.stderr));
    env.run(&["plan", "apply", &digest]).expect(0);
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from trackers"), 2);
    let said = env.run(&["import", "in.mbox"]).expect(4);
    assert!(said.out.contains("Heap buffer overflow"), "{}", said.out);
}

#[test]
fn the_log_is_a_chain_that_shows_every_cut() {
    let env = desk();
    yes(&env, &["comment", "1", "secret of a person"]);
    let said = env.run(&["log"]).expect(0);
    assert!(said.out.contains("approved") && said.out.contains("receipt"), "{}", said.out);
    let head = env.run(&["log", "--head"]).expect(0).out;
    let verified = json(&env, &["log", "--verify"]);
    assert_eq!(head.split_whitespace().nth(1), verified["head"].as_str());
    assert!(!json(&env, &["log", "--tracker", "1"]).as_array().unwrap().is_empty());
    assert_eq!(json(&env, &["log", "--limit", "1"]).as_array().unwrap().len(), 1);

    let tamper = |sql: &str| -> Env {
        let copy = mails::env();
        mails::copy_dir(&env.desk(), &copy.desk());
        let c = Connection::open(copy.desk().join("desk.sqlite")).unwrap();
        c.execute_batch(sql).unwrap();
        copy
    };
    // A payload may be erased: the digest stays, and the chain holds.
    let erased = tamper("delete from event_payloads where seq = 2");
    let v = json(&erased, &["log", "--verify"]);
    assert_eq!(v["erased"], 1);
    for (what, sql) in [
        ("a payload", "update event_payloads set payload = '{}' where seq = 2"),
        ("an event", "drop trigger events_no_update; update events set actor = 'nobody' where seq = 2"),
        (
            "a cut in the middle",
            "drop trigger events_no_delete; delete from event_payloads where seq = 2; delete from events where seq = 2",
        ),
        ("a rewritten hash", "drop trigger events_no_update; update events set hash = '00' where seq = 2"),
    ] {
        let bad = tamper(sql);
        let said = bad.run(&["log", "--verify"]).expect(1);
        assert!(said.out.contains("fault:"), "{what}: {}", said.out);
        let said = bad.run(&["doctor"]).expect(1);
        assert!(said.out.contains("somebody changed the log"), "{what}: {}", said.out);
    }
    // A cut at the end is not seen by the chain alone; the kept head shows it.
    let cut = tamper(
        "drop trigger events_no_delete; delete from event_payloads where seq = (select max(seq) from events);
         delete from events where seq = (select max(seq) from events)",
    );
    let now = cut.run(&["log", "--head"]).expect(0).out;
    assert_ne!(now, head);
    let c = Connection::open(env.desk().join("desk.sqlite")).unwrap();
    assert!(c.execute("update events set actor = 'x'", []).is_err(), "events are append-only");
    assert!(c.execute("delete from events", []).is_err(), "events are append-only");
}

#[test]
fn a_draft_is_marked_as_sent_or_thrown_away() {
    let env = mails::env();
    env.write("in.mbox", mbox(&[ann()]));
    env.answer(&["import", "in.mbox"], "all\n").expect(0);
    let id: String = one(&env.desk(), "select message_id from ledger");
    env.run(&["mark-sent", "nobody@nowhere.example"]).expect(3);
    env.run(&["mark-sent", &format!("<{id}>")]).expect(0);
    assert_eq!(one::<String>(&env.desk(), "select state from ledger"), "sent");
    env.run(&["mark-sent", &id]).expect(3);
    env.run(&["mark-sent", &id, "--discarded"]).expect(0);
    assert_eq!(one::<String>(&env.desk(), "select state from ledger"), "discarded");
    assert!(env.run(&["show", "1"]).expect(0).out.contains("told receipt: discarded"));
}

#[test]
fn init_asks_writes_and_never_overwrites() {
    let env = Env::new();
    let said = env.run(&["init"]).expect(4);
    assert!(said.out.contains("nothing was written"), "{}", said.out);
    assert!(!env.path().join("tipstaff.toml").exists());
    env.answer(
        &["init"],
        "independent\nExample Server\nembedded\nnone\nsecurity@server.example\nprofile\nserver\nmaren, ivo\n",
    )
    .expect(0);
    let text = std::fs::read_to_string(env.path().join("tipstaff.toml")).unwrap();
    assert!(text.contains("Example Server") && text.contains("security@server.example"), "{text}");
    let said = env.run(&["init"]).expect(2);
    assert!(said.err.contains("exists already"), "{}", said.err);
    env.run(&["config", "check"]).expect(0);
    let said = env.run(&["config", "explain", "project.name"]).expect(0);
    assert!(said.out.contains("Example Server") && said.out.contains("tipstaff.toml"), "{}", said.out);
    // A slip is mended where it was made.
    let said = env.answer(&["init", "b.toml"], "nonsense\nindependent\n\n\n\n\n\n\n\n");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    env.run(&["init", "c.toml", "--json"]).expect(4).json();
}

#[test]
fn errors_of_the_configuration_say_where() {
    let env = Env::new();
    env.write(
        "tipstaff.toml",
        "[project]\nschema = 1\nname = \"X\"\n[disclosure]\nwindow_days = \"many\"\nwindwo = 3\n",
    );
    for args in [&["config", "check"][..], &["queue"], &["x", "title", "--text", "a"]] {
        let said = env.run(args).expect(2);
        assert!(said.err.contains("tipstaff.toml:5:"), "line and column: {}", said.err);
        assert!(said.err.contains("tipstaff.toml:6:"), "every error at once: {}", said.err);
        assert!(!env.desk().exists());
    }
    env.write("tipstaff.toml", "[project\n");
    let said = env.run(&["config", "check"]).expect(2);
    assert!(said.err.contains("tipstaff.toml:1:"), "{}", said.err);
    env.write("tipstaff.toml", b"[project]\nname = \"\xff\"\n");
    env.run(&["config", "check"]).expect(2);
    let said = env.run(&["config", "check", "--config", "elsewhere.toml"]).expect(2);
    assert!(said.err.contains("elsewhere.toml"), "{}", said.err);
    env.write("tipstaff.toml", "");
    let said = env.run(&["config", "explain", "disclosure.windw_days"]).expect(2);
    assert!(said.err.contains("window_days"), "a near miss is named: {}", said.err);
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_how_to_mend_it() {
    use std::os::unix::fs::PermissionsExt;
    let env = desk();
    env.run(&["doctor"]).expect(0);
    let v = json(&env, &["doctor"]);
    assert!(v.as_array().unwrap().iter().any(|f| f["what"] == "desk" && f["level"] == "ok"), "{v}");
    std::fs::set_permissions(env.desk(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = env.run(&["doctor"]).expect(0);
    assert!(said.out.contains("can be read by others") && said.out.contains("chmod 700"), "{}", said.out);
    let c = Connection::open(env.desk().join("desk.sqlite")).unwrap();
    c.execute(
        "insert into journal (key, subject, effect, state, plan, actor, intended_at)
         values ('a|b|c|d|0', 'a', 'mail-draft', 'intended', 'p', 'maren', '2026-11-22T12:00:00Z')",
        [],
    )
    .unwrap();
    let said = env.run(&["doctor"]).expect(0);
    assert!(said.out.contains("has no receipt") && said.out.contains("plan resume"), "{}", said.out);
}

#[test]
fn help_completions_and_the_manual_need_no_desk() {
    let env = Env::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(env.run(&["completions", shell]).expect(0).out.contains("tipstaff"));
    }
    assert!(env.run(&["man"]).expect(0).out.contains(".TH"));
    assert!(env.run(&["--help"]).expect(0).out.contains("Exit codes: 0 done"));
    assert!(env.run(&["--version"]).expect(0).out.starts_with("tipstaff "));
    env.run(&[]).expect(2);
    env.run(&["frobnicate"]).expect(2);
    let said = env.run(&["queue", "--now", "yesterday"]).expect(2);
    assert!(said.err.contains("is no time"), "{}", said.err);
    assert!(!env.desk().exists());
    assert!(Path::new(&config()).exists());
}

#[test]
fn an_actor_without_a_name_is_still_somebody() {
    let env = desk();
    let o = env
        .command(&["comment", "1", "x"])
        .env_remove("USER")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(o.status.code(), Some(4), "{}", String::from_utf8_lossy(&o.stderr));
}
