//! The program against CVE authorities on the network, which are fakes on this machine: an id, a push, a publication, an id
//! taken back; and what happens when the line goes dead in the middle.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use testkit::serve::{CveServicesFake, Server, Service, VulnogramFake, Wrong};

use crate::{
    env::{Env, Said},
    mails::one,
};

const CVE: &str = "CVE-2026-12345";
const COOKIE: &str = "s%3Aplanted-session.cookie";
const KEY: &str = "planted-api-key-0123";
const ADVISORY: &str = "https://lists.server.example/thread/advisory@server.example";

const TOOL: &str = "tool = \"vulnogram\"\nsession = \"file:session\"\nstates = [\"allocated\", \"review-ready\", \"publish-ready\", \"public\"]";

/// A desk with one valid report, told how to reach its authority.
fn desk<S: Service>(server: &Server<S>, keys: &str) -> Env {
    let mut env = Env::new();
    let config = include_str!("../fixtures/lifecycle.toml");
    let cve = format!("[cve]\naddress = \"{}\"\n{keys}\npropagation = \"poll\"\n", server.url());
    let (before, rest) = config.split_once("[cve]\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let config = format!("{before}{cve}\n{after}");
    let path = env.write("tipstaff.toml", config);
    env.use_config(&path);
    env.write("users.mbox", "");
    env.write("dev.mbox", "");
    for (name, value) in [("session", COOKIE), ("user", "desk@example.org"), ("key", KEY)] {
        let path = env.write(name, value);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    env.write("report.md", "The upload writes outside of its folder.\n");
    yes(&env, &["new", "--title", "Path traversal in file upload", "--body", "report.md", "--via", "chat"]);
    yes(&env, &["edit", "1", "label", "+server"]);
    yes(&env, &["edit", "1", "label", "-needs triage"]);
    env
}

fn vulnogram() -> (Server<VulnogramFake>, Env) {
    let server = Server::start(VulnogramFake::new(COOKIE).with(CVE, "Path traversal in file upload"));
    let env = desk(&server, TOOL);
    (server, env)
}

fn services() -> (Server<CveServicesFake>, Env) {
    let server = Server::start(CveServicesFake::new(KEY));
    let keys = "tool = \"cve_services\"\napi_user = \"file:user\"\napi_org = \"example\"\napi_key = \"file:key\"\nstates = [\"allocated\", \"public\"]";
    let env = desk(&server, keys);
    (server, env)
}

fn yes(env: &Env, args: &[&str]) -> Said {
    env.answer(args, "y\ny\ny\n").expect(0)
}

fn fill(env: &Env) {
    let text = "An authenticated user can write files outside of the data folder of Example Server before 2.4.1 \
                through the upload endpoint. Users are recommended to upgrade to version 2.4.1 or later.";
    for (field, value) in [
        ("public_summary", text),
        ("cwe", "CWE-22: Improper Limitation of a Pathname to a Restricted Directory"),
        ("severity", "High"),
        ("affected_versions", "< 2.4.1"),
        ("reporter_credit", "Ann Archer"),
        ("pr_with_fix", "https://github.com/example/server/pull/12"),
    ] {
        yes(env, &["edit", "1", field, value]);
    }
}

fn state(env: &Env) -> Value {
    env.run(&["cve", "state", "1", "--json"]).json()
}

/// Nothing that was planted shows in what the program said or kept.
fn no_secret(env: &Env, said: &[&Said]) {
    env.holds_none_of(&[COOKIE, KEY, "csrf-planted-token"], said);
}

#[test]
fn a_record_goes_to_vulnogram_and_public_and_never_back() {
    let list = Server::start(CveServicesFake::new(KEY).with(CVE));
    let server = Server::start(VulnogramFake::new(COOKIE).with(CVE, "Path traversal in file upload"));
    let env = desk(&server, &format!("{TOOL}\nlist_url = \"{}\"", list.url()));
    let there = |s: &Server<VulnogramFake>| s.with(|f| f.state(CVE));
    // The tool hands out no ids to a program: a person asks, and pastes what they got.
    let recipe = env.run(&["allocate", "1"]).expect(0);
    assert!(recipe.out.contains("paste this title"), "{}", recipe.out);
    yes(&env, &["allocate", "1", CVE]);
    assert_eq!(state(&env)["state"], "allocated");
    fill(&env);
    let trace = env.answer(&["cve", "push", "1", "--trace"], "y\n").expect(0);
    assert!(trace.err.contains("vulnogram POST http://127.0.0.1"), "{}", trace.err);
    assert!(trace.out.contains("/containers/cna/credits"), "what is written is shown: {}", trace.out);
    assert_eq!((there(&server).as_str(), server.with(|f| f.saves)), ("REVIEW", 1));
    // The same again writes nothing, and so mails nobody.
    let again = env.answer(&["cve", "push", "1"], "y\n").expect(0);
    assert!(again.out.contains("nothing had to be written"), "{}", again.out);
    assert_eq!(server.with(|f| (f.saves, f.mails.len())), (1, 1));
    // A reviewer promotes it and writes beside us; the next push keeps both.
    server.with(|f| {
        f.set(CVE, "/CNA_private/state", "READY".into());
        f.set(CVE, "/containers/cna/x_note", "reviewed".into());
    });
    let early = env.answer(&["cve", "publish", "1"], "y\n").expect(5);
    assert!(early.err.contains("advisory"), "{}", early.err);
    yes(&env, &["edit", "1", "public_advisory_url", ADVISORY]);
    yes(&env, &["cve", "push", "1"]);
    assert_eq!(there(&server), "READY");
    yes(&env, &["cve", "publish", "1"]);
    let body = server.with(|f| f.records[CVE].0.clone());
    assert_eq!(body["CNA_private"]["state"], "PUBLIC");
    assert_eq!(body["containers"]["cna"]["x_note"], "reviewed");
    assert_eq!(body["CNA_private"]["owner"], "server", "whose it is was not ours to say");
    assert_eq!(state(&env)["state"], "public");
    let twice = env.answer(&["cve", "publish", "1"], "y\n").expect(3);
    assert!(twice.err.contains("public already"), "{}", twice.err);
    let back = env.answer(&["cve", "retract", "1", "--reason", "no"], "y\n").expect(3);
    assert!(back.err.contains("public"), "{}", back.err);
    // Only the public list proves that it is published (sync page §13), and it shows the id as reserved still.
    let facts = env.run(&["why", "1"]).expect(0).out;
    assert!(facts.contains("cve.org") && facts.contains("reserved"), "{facts}");
    assert_ne!(env.run(&["sync", "1", "--json"]).json()["trackers"][0]["position"]["stage"], "DONE");
    assert!(list.count("GET", "/cve-id/") > 0);
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("the session is let in"), "{}", doctor.out);
    // A closed tracker's record is asked about all the same.
    yes(&env, &["close", "1", "--as", "completed", "--reason", "done"]);
    let closed = env.answer(&["cve", "publish", "1"], "y\n").expect(3);
    assert!(closed.err.contains("public already"), "{}", closed.err);
    // A credit that changes now is corrected there as well, by publishing again: a push would leave the record as it is.
    yes(&env, &["edit", "1", "label", "+announced"]);
    yes(&env, &["edit", "1", "reporter_credit", "Ann Archer\nBo Bowman"]);
    let corrected = env.answer(&["sync", "1"], "all\n").expect(0);
    assert!(
        corrected.out.contains("sync.correction") || corrected.out.contains("Correct the credit"),
        "{}",
        corrected.out
    );
    let credits = server.with(|f| f.records[CVE].0["containers"]["cna"]["credits"].clone());
    assert!(credits.to_string().contains("Bo Bowman"), "{credits}\n{}", corrected.out);
    assert_eq!(there(&server), "PUBLIC");
    no_secret(&env, &[&trace, &again, &doctor, &corrected]);
}

#[test]
fn a_dead_line_leaves_the_tracker_and_goes_on_later() {
    for (wrong, saves) in [
        (Wrong::HangUp, 0),
        (Wrong::Wait(429, "86400".into()), 0),
        (Wrong::RedirectTo("/users/login".into()), 0),
        (Wrong::Status(403), 0),
    ] {
        let (server, env) = vulnogram();
        yes(&env, &["allocate", "1", CVE]);
        fill(&env);
        let before: i64 = one(&env.desk(), "select count(*) from records where state <> 'allocated'");
        server.go_wrong_times("POST", "/cve5/", wrong.clone(), 99);
        let said = env.answer(&["cve", "push", "1"], "y\n");
        assert!(matches!(said.code, 1 | 5), "{wrong:?}: {}\n{}", said.out, said.err);
        assert_eq!(server.with(|f| f.saves), saves, "{wrong:?}");
        let after: i64 = one(&env.desk(), "select count(*) from records where state <> 'allocated'");
        assert_eq!(before, after, "{wrong:?}");
        server.all_well();
        // What failed goes on; what was refused is asked for again.
        let resumed = env.answer(&["plan", "resume"], "");
        if resumed.code != 0 {
            yes(&env, &["cve", "push", "1"]);
        }
        assert_eq!(server.with(|f| (f.state(CVE), f.saves)), ("REVIEW".into(), 1), "{wrong:?}");
        no_secret(&env, &[&said, &resumed]);
    }
}

#[test]
fn a_session_that_is_over_is_named_and_nothing_else_changes() {
    let (server, env) = vulnogram();
    yes(&env, &["allocate", "1", CVE]);
    let kept = server.with(|f| std::mem::take(&mut f.records));
    let gone = env.run(&["cve", "state", "1"]).expect(0);
    assert!(gone.out.contains("not there:") && !gone.out.contains("no difference\n"), "{}", gone.out);
    server.with(|f| {
        f.records = kept;
        f.session.clear();
    });
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("does not let this session in"), "{}", doctor.out);
    let push = env.answer(&["cve", "push", "1"], "y\n").expect(3);
    assert!(push.err.contains("log-in") && push.err.contains("paste it by hand"), "{}", push.err);
    // What is kept here is not passed off as what stands there.
    let asked = env.run(&["cve", "state", "1"]).expect(0);
    assert!(asked.out.contains("not asked:") && !asked.out.contains("no difference\n"), "{}", asked.out);
    // A file that others can read is no place for a session.
    std::fs::set_permissions(env.path().join("session"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("chmod 600"), "{}", doctor.out);
    no_secret(&env, &[&push, &doctor]);
}

#[test]
fn cve_services_give_an_id_and_publish() {
    let (server, env) = services();
    yes(&env, &["allocate", "1"]);
    let id = "CVE-2026-40001";
    assert_eq!(server.with(|f| f.writes.clone()), [format!("reserve {id}")]);
    let field = env.run(&["show", "1", "--json"]).json()["fields"]["cve_tool_link"].to_string();
    assert!(field.contains(id), "{field}");
    // A second time there is nothing to ask for.
    let again = env.answer(&["allocate", "1"], "y\ny\n");
    assert!(matches!(again.code, 3 | 5), "{}\n{}", again.out, again.err);
    assert_eq!(server.count("POST", "/cve-id"), 1);
    fill(&env);
    let push = env.answer(&["cve", "push", "1"], "y\n").expect(3);
    assert!(push.err.contains("no drafts"), "{}", push.err);
    let early = env.answer(&["cve", "publish", "1"], "y\n").expect(5);
    assert!(early.err.contains("advisory"), "{}", early.err);
    yes(&env, &["edit", "1", "public_advisory_url", ADVISORY]);
    // The answer of the publication is lost: it is looked up, not sent again.
    server.go_wrong("POST", "/cna", Wrong::HangUpAfter);
    yes(&env, &["cve", "publish", "1"]);
    assert_eq!(server.with(|f| (f.state(id), f.writes.len())), ("PUBLISHED".into(), 2));
    assert_eq!(server.count("POST", "/cna"), 1);
    assert_eq!(env.answer(&["cve", "publish", "1"], "y\n").code, 3);
    // A correction goes out as an update.
    yes(&env, &["edit", "1", "severity", "Critical"]);
    yes(&env, &["cve", "publish", "1"]);
    assert_eq!(server.with(|f| f.writes[2].clone()), format!("update {id}"));
    let doctor = env.run(&["doctor"]);
    assert!(doctor.out.contains("ids can be reserved"), "{}", doctor.out);
    no_secret(&env, &[&push, &doctor]);
}

#[test]
fn a_lost_reservation_is_never_asked_for_twice() {
    let (server, env) = services();
    server.go_wrong("POST", "/cve-id", Wrong::HangUpAfter);
    let lost = env.answer(&["allocate", "1"], "y\n").expect(1);
    assert!(lost.out.contains("not known") || lost.err.contains("not known"), "{}\n{}", lost.out, lost.err);
    let id = "CVE-2026-40001";
    for _ in 0..2 {
        let asked = env.run(&["plan", "resume"]).expect(4);
        assert!(asked.out.contains(id), "{}\n{}", asked.out, asked.err);
    }
    assert_eq!(server.count("POST", "/cve-id"), 1);
    // The person takes it; the unfinished plan asks for no other.
    yes(&env, &["allocate", "1", id]);
    let resumed = env.run(&["plan", "resume"]);
    assert_eq!(server.count("POST", "/cve-id"), 1, "{}", resumed.out);
    assert_eq!(server.with(|f| f.writes.len()), 1);
}

#[test]
fn an_id_can_be_taken_back_while_nothing_is_public() {
    let (server, env) = services();
    yes(&env, &["allocate", "1"]);
    let why = "The report turned out to be no flaw of this product.";
    yes(&env, &["cve", "retract", "1", "--reason", why]);
    assert_eq!(server.with(|f| f.state("CVE-2026-40001")), "REJECTED");
    let body = server.with(|f| f.records["CVE-2026-40001"].clone());
    assert_eq!(body["containers"]["cna"]["rejectedReasons"][0]["value"], why);
    assert_eq!(env.answer(&["cve", "retract", "1", "--reason", why], "y\n").code, 3);
    // What stood in the way of the close stands there no more.
    yes(&env, &["close", "1", "--as", "invalid", "--reason", why]);
}

#[test]
fn sync_brings_a_record_to_review_and_keeps_what_others_wrote() {
    let (server, env) = vulnogram();
    yes(&env, &["allocate", "1", CVE]);
    fill(&env);
    let synced = env.answer(&["sync", "1"], "all\n").expect(0);
    assert!(synced.out.contains("review-ready"), "{}", synced.out);
    assert_eq!(server.with(|f| (f.state(CVE), f.mails.len())), ("REVIEW".into(), 1));
    // Nothing changed, so nothing is proposed for the record and nobody is mailed.
    let quiet = env.answer(&["sync", "1"], "all\n");
    assert_eq!(server.with(|f| (f.saves, f.mails.len())), (1, 1), "{}", quiet.out);
    // What a reviewer corrects there stays, and is no reason to push.
    server.with(|f| f.set(CVE, "/containers/cna/title", "Corrected by the reviewer".into()));
    let quiet = env.answer(&["sync", "1"], "all\n");
    assert_eq!(server.with(|f| f.saves), 1, "{}", quiet.out);
    // Both change the title: told, not pushed, nothing lost.
    yes(&env, &["edit", "1", "title", "Path traversal in the upload endpoint"]);
    let told = env.answer(&["sync", "1"], "all\n");
    assert!(told.out.contains("both changed /containers/cna/title"), "{}\n{}", told.out, told.err);
    assert_eq!(server.with(|f| f.saves), 1);
    let diff = env.run(&["cve", "diff", "1"]);
    assert!(diff.out.contains("both changed:"), "{}", diff.out);
    // A person may let the tracker's word count, for what they saw: not for what comes after.
    let told = env.answer(&["cve", "push", "1"], "y\n").expect(5);
    assert!(
        told.err.contains("--take-ours") || told.out.contains("--take-ours"),
        "{}\n{}",
        told.out,
        told.err
    );
    let plan = env.answer(&["cve", "push", "1", "--take-ours"], "n\n");
    assert!(plan.out.contains("goes over what others changed there"), "{}", plan.out);
    assert!(plan.out.contains("Corrected by the reviewer"), "what goes is shown: {}", plan.out);
    assert_eq!(server.with(|f| f.saves), 1);
    server.with(|f| f.set(CVE, "/containers/cna/title", "Path traversal in the upload endpoint".into()));
    // An authority that does not answer is no reason to stop looking at the rest.
    server.go_wrong_times("GET", "/cve5/json", Wrong::Status(500), 99);
    let down = env.answer(&["sync", "1"], "all\n");
    assert!(down.out.contains("could not be read") || down.err.contains("500"), "{}\n{}", down.out, down.err);
    server.all_well();
    assert_eq!(server.with(|f| (f.state(CVE), f.saves)), ("REVIEW".into(), 1));
}

#[test]
fn a_package_changes_and_a_conflict_is_settled_when_a_person_says_so() {
    let (server, env) = vulnogram();
    yes(&env, &["allocate", "1", CVE]);
    fill(&env);
    yes(&env, &["cve", "push", "1"]);
    let at = |pointer: &str| server.with(|f| f.records[CVE].0.pointer(pointer).cloned().unwrap_or_default());
    // A reviewer renames the package; the tracker's is another from then on.
    let package = at("/containers/cna/affected/0/packageName");
    let mut affected = at("/containers/cna/affected");
    affected[0]["packageName"] = "example-server-old".into();
    server.with(|f| f.set(CVE, "/containers/cna/affected", affected));
    yes(&env, &["edit", "1", "affected_versions", "< 2.4.2"]);
    let refused = env.answer(&["cve", "push", "1"], "y\n").expect(5);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(said.contains("--allow-packages") || said.contains("--take-ours"), "{said}");
    assert_eq!(server.with(|f| f.saves), 1);
    yes(&env, &["cve", "push", "1", "--allow-packages", "--take-ours"]);
    let now = at("/containers/cna/affected");
    assert!(now.as_array().is_some_and(|a| a.iter().any(|a| a["packageName"] == package)), "{now}");
    assert!(now.to_string().contains("2.4.2"), "{now}");
    // Both change the title, and the person decides for the tracker.
    server.with(|f| f.set(CVE, "/containers/cna/title", "Theirs".into()));
    yes(&env, &["edit", "1", "title", "Path traversal in the upload endpoint"]);
    env.answer(&["cve", "push", "1"], "y\n").expect(5);
    yes(&env, &["cve", "push", "1", "--take-ours"]);
    assert_eq!(at("/containers/cna/title"), "Path traversal in the upload endpoint");
    // Nothing is left to bring.
    let quiet = env.answer(&["cve", "push", "1"], "y\n").expect(0);
    assert!(quiet.out.contains("nothing had to be written"), "{}", quiet.out);
}
