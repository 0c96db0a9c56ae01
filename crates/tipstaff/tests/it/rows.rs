//! What another version of the program left on the desk, and rows that came to harm: each stops what rests on it, is named
//! with what to do, is kept, and takes nothing else with it.
#![cfg(unix)]

use rusqlite::Connection;

use crate::{
    env::Env,
    lifecycle::{Phase, Place},
    mails::one,
};

/// A desk with a tracker whose fix is merged, and a second one that is new.
fn place() -> Place {
    let place = Place::new();
    for phase in [Phase::Imported, Phase::Assessed, Phase::Allocated, Phase::InReview, Phase::Merged] {
        place.prepare(&phase);
        place.send();
        place.settle();
    }
    place.env.write("second.txt", "The server logs session tokens in clear text.");
    let new = ["new", "--title", "Session tokens are logged", "--body", "second.txt"];
    let _ = place.env.answer(&new, "y\n").expect(0);
    place
}

fn change(env: &Env, sql: &str) {
    Connection::open(env.desk().join("desk.sqlite")).unwrap().execute_batch(sql).unwrap();
}

/// Everything a person may ask of a desk comes to its end.
fn all_work(env: &Env) {
    for args in [
        &["queue"][..],
        &["show", "1"],
        &["show", "2"],
        &["why", "1"],
        &["sync", "2"],
        &["sync", "all"],
        &["watch", "--times", "1"],
        &["clock"],
        &["plan", "list"],
        &["log"],
        &["import", "in.mbox"],
        &["import", "--skipped"],
        &["doctor"],
    ] {
        let said = env.run(args);
        assert!(!said.err.contains("error: "), "{args:?}: exit {}\n{}{}", said.code, said.out, said.err);
    }
}

#[test]
fn a_plan_of_another_version_is_set_aside_and_what_is_left_of_it_is_planned_again() {
    let place = place();
    let env = &place.env;
    place.prepare(&Phase::Filled);
    let said = env.run(&["sync", "1", "--json"]).expect(4).json();
    let fresh = said["digest"].as_str().unwrap().to_owned();
    let _ = env.run(&["plan", "approve", &fresh, "all"]).expect(0);
    for (shape, digest) in
        [("{\"format\": 0, \"entries\": []}", "0123456789abcdef"), ("not even JSON", "fedcba9876543210")]
    {
        change(
            env,
            &format!(
                "insert into plans select '{digest}', kind, made, plan, approval, state from plans where digest = '{fresh}'; update plans set state = 'proposed', approval = null where digest = '{fresh}'"
            ),
        );
        change(
            env,
            &format!("update plans set plan = '{shape}', state = 'approved' where digest = '{digest}'"),
        );
        // Looked at without planning: it is named, and nothing else is wrong.
        let doctor = env.run(&["doctor"]);
        assert!(
            doctor.out.contains(&digest[..12]) && doctor.out.contains("another version"),
            "{}",
            doctor.out
        );
        assert!(doctor.out.contains("`tipstaff sync` proposes what is left of it"), "{}", doctor.out);
        for args in [&["plan", "show", digest][..], &["plan", "apply", digest]] {
            let said = env.run(args).expect(5);
            assert!(said.err.contains("`tipstaff sync` proposes"), "{}", said.err);
        }
        let said = env.run(&["plan", "resume"]).expect(4);
        assert!(
            said.err.contains("set aside") && !said.out.contains("No approved plan"),
            "{}{}",
            said.out,
            said.err
        );
        assert!(env.run(&["plan", "list"]).out.contains("another version"));
        let said = env.run(&["sync", "1"]).expect(4);
        assert!(said.err.contains(&digest[..12]), "{}", said.err);
        assert!(said.out.contains("Record of CVE-2026-12345"), "proposed again: {}", said.out);
        // Said, and done with; the row is as it was.
        assert!(!env.run(&["sync", "1"]).err.contains("set aside"));
        assert!(!env.run(&["doctor"]).out.contains("another version"));
        let row = format!("select plan || ' ' || state from plans where digest = '{digest}'");
        assert_eq!(one::<String>(&env.desk(), &row), format!("{shape} superseded"));
    }
    all_work(env);
    // The very plan that is proposed came to harm: what the digest says is put back, and the log has what stood there.
    change(env, &format!("update plans set plan = 'harm' where digest = '{fresh}'"));
    place.settle();
    let _ = env.run(&["log", "--verify"]).expect(0);
    let kept = "select payload from event_payloads join events using (seq) where kind = 'plan-mended'";
    assert!(one::<String>(&env.desk(), kept).contains("harm"));
}

#[test]
fn an_approval_that_lapsed_is_named_until_the_next_look_takes_its_place() {
    let place = place();
    let env = &place.env;
    place.prepare(&Phase::Filled);
    let said = env.run(&["sync", "1", "--json"]).expect(4).json();
    let digest = said["digest"].as_str().unwrap().to_owned();
    let _ = env.run(&["plan", "approve", &digest, "all"]).expect(0);
    let late = ["--now", "2026-11-24T12:00:00Z"];
    let then = |args: &[&str]| env.run(&[args, &late].concat());
    let said = then(&["plan", "apply", &digest]).expect(5);
    assert!(said.err.contains("plan approve") && said.err.contains("tipstaff sync"), "{}", said.err);
    assert!(then(&["doctor"]).out.contains("lapsed"));
    assert!(then(&["sync", "1"]).expect(4).out.contains("lapsed:"));
    assert!(!then(&["sync", "1"]).out.contains("lapsed:"), "said once");
    let _ = then(&["plan", "resume"]).expect(3);
    // A person who wants just that one says yes to it again.
    let _ = then(&["plan", "approve", &digest, "all"]).expect(0);
    let _ = then(&["plan", "apply", &digest]).expect(0);
}

#[test]
fn a_row_that_cannot_be_read_stops_what_rests_on_it_and_nothing_else() {
    let place = place();
    let env = &place.env;
    let whole = env.path().join("whole");
    crate::mails::copy_dir(&env.desk(), &whole);
    for (sql, doctor, blocks) in [
        ("update records set json = '{', attached = '{'", "CVE-2026-12345", false),
        ("update trackers set received = 'never' where number = 1", "desk#1", true),
        (
            "update comments set at = '' where tracker = (select key from trackers where number = 1)",
            "comment",
            true,
        ),
        ("update messages set fate = '{\"shape\": 2}'", "", false),
        ("update messages set fate = '{\"shape\": 2}', word = 'parked'", "`parked` is no fate", false),
    ] {
        change(env, sql);
        all_work(env);
        let said = env.run(&["doctor"]);
        assert!(said.out.contains(doctor), "{sql}: {}", said.out);
        let v = env.run(&["sync", "all", "--json"]).json();
        let trackers = v["trackers"].as_array().unwrap();
        let blocked = |n: usize| !trackers[n]["blockers"].as_array().unwrap().is_empty();
        assert_eq!((blocked(0), blocked(1)), (blocks, false), "{sql}: {v}");
        for item in v["plan"]["items"].as_array().unwrap() {
            assert!(
                !blocks || item["subject"] != trackers[0]["tracker"] || !item["blocked"].is_null(),
                "{item}"
            );
        }
        let _ = env.run(&["log", "--verify"]).expect(0);
        std::fs::remove_dir_all(env.desk()).unwrap();
        crate::mails::copy_dir(&whole, &env.desk());
    }
    // A mail that another version decided in a way of its own is never decided over it.
    change(env, "update messages set fate = '{}', word = 'parked', tracker = null");
    let _ = env.answer(&["import", "in.mbox"], "all\n");
    assert_eq!(one::<i64>(&env.desk(), "select count(*) from trackers"), 2);
    assert_eq!(one::<String>(&env.desk(), "select group_concat(distinct word) from messages"), "parked");
}
