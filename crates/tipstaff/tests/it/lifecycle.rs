//! One report walks from a mailbox to DONE: a real git repository with real tags, a users list as an mbox, every approval
//! given at the prompt. Then the same with the program killed before every effect (G3).
#![cfg(unix)]

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use connect::{
    host::{Board, Github, TrackerHost},
    net::{Client, Limits, Secret, Service, Site, Surroundings, SystemPace},
};
use desk::plan::{ItemNo, apply};
use serde_json::Value;
use store::PlanState;
use testkit::serve::{GithubFake, Server, Wrong};
use tipstaff::app::{Session, Setting, host::Link, plans, ports::Ports, sync};

use crate::{
    crash::{apply_all, diff, empty_desk, in_pairs, kill_at, setting},
    env::{Env, Said},
    mails::{self, Mail, copy_dir, drafts, mbox, one, snapshot},
    post::Post,
    walks::at_a_forge,
};

const CVE: &str = "CVE-2026-12345";
const PR: &str = "https://github.com/example/server/pull/12";

const ADVISORY: &str = "Severity: high

Affected versions:

- Example Server 2.0 before 2.4.1

Description:

An authenticated user can write files outside of the data folder of Example Server before 2.4.1 through the
upload endpoint. Users are recommended to upgrade to example-server 2.4.1 or later.

Credit:

Ann Archer (finder)
";

/// The report that walks.
pub fn report() -> Mail {
    Mail::new(
        "one@ann.example",
        "Ann Archer <ann@ann.example>",
        "Path traversal in file upload",
        0,
        &mails::TRAVERSAL.replace("Regards,", "Please credit me as Ann Archer.\n\nRegards,"),
    )
}

/// A place with a project, its code and its lists.
pub struct Place {
    pub env: Env,
    /// Where its trackers live.
    pub home: &'static str,
    /// Where its mail comes from and its letters go.
    pub post: Post,
}

impl Place {
    pub fn new() -> Self {
        let env = Env::new();
        env.write("tipstaff.toml", include_str!("../fixtures/lifecycle.toml"));
        env.write("home/.config/tipstaff/user.toml", "[user]\nupstream_clone = \"code\"\n");
        env.write("users.mbox", "");
        env.write("dev.mbox", "");
        std::fs::create_dir_all(env.path().join("cvelist")).unwrap();
        env.write("in.mbox", mbox(&[report()]));
        let this = Self { env, home: "desk", post: Post::Here };
        std::fs::create_dir(this.code()).unwrap();
        this.git(&["init", "-q", "-b", "main"]);
        this.commit("a.py", "Begin");
        this.git(&["tag", "v2.4.0"]);
        // The same key in every run, so that two runs can be compared.
        empty_desk(&this.env.desk());
        this
    }

    fn code(&self) -> PathBuf {
        self.env.path().join("code")
    }

    fn git(&self, args: &[&str]) {
        let ok = Command::new("git")
            .arg("-C")
            .arg(self.code())
            .args(["-c", "user.name=Tove Falk", "-c", "user.email=tove@server.example"])
            .env("GIT_AUTHOR_DATE", "2026-11-19T10:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-11-19T10:00:00Z")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(args)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(ok.success(), "{args:?}");
    }

    fn commit(&self, file: &str, message: &str) {
        std::fs::write(self.code().join(file), message).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn yes(&self, args: &[&str]) {
        let _ = self.env.answer(args, "y\n").expect(0);
    }

    /// Another member of the team at the same desk.
    fn as_tove(&self, args: &[&str]) -> Said {
        use std::io::Write;
        self.token(TOVES_TOKEN);
        let mut c = self.env.command(args);
        c.env("USER", "tove").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = c.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(b"y\n");
        let o = child.wait_with_output().unwrap();
        self.token(TOKEN);
        Said {
            out: String::from_utf8_lossy(&o.stdout).into_owned(),
            err: String::from_utf8_lossy(&o.stderr).into_owned(),
            code: o.status.code().unwrap_or(-1),
        }
    }

    /// Whose token is used at the forge.
    pub fn token(&self, token: &str) {
        let path = self.env.write("token", token);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Every draft goes out, as from a mail program.
    pub fn send(&self) {
        self.post.send(&self.env);
    }

    /// What has happened in the world before this phase, and what people did by hand.
    pub fn prepare(&self, phase: &Phase) {
        match phase {
            Phase::Imported => {
                let from: &[&str] =
                    if matches!(self.post, Post::Here) { &["import", "in.mbox"] } else { &["import"] };
                let said = self.env.answer(from, "all\n").expect(0);
                assert!(said.out.contains(&format!("created {}#1", self.home)), "{}", said.out);
            }
            Phase::Assessed => {
                self.yes(&["assess", "1", "valid", "--scope", "server"]);
                let _ = self.as_tove(&["assess", "1", "valid"]).expect(0);
            }
            Phase::Allocated => self.yes(&["edit", "1", "cve_tool_link", CVE]),
            Phase::InReview => {
                self.git(&["switch", "-q", "-c", "guard"]);
                self.commit("b.py", "Check names");
                self.git(&["switch", "-q", "main"]);
                self.yes(&["edit", "1", "pr_with_fix", PR]);
            }
            Phase::Merged => {
                let message = "Merge pull request #12 from tove/guard";
                self.git(&["merge", "-q", "--no-ff", "-m", message, "guard"]);
            }
            Phase::Filled => {
                let text = "An authenticated user can write files outside of the data folder of Example Server \
                            before 2.4.1 through the upload endpoint. Users are recommended to upgrade to \
                            example-server 2.4.1 or later.";
                self.yes(&["edit", "1", "public_summary", text]);
                self.yes(&[
                    "edit",
                    "1",
                    "cwe",
                    "CWE-22: Improper Limitation of a Pathname to a Restricted Directory",
                ]);
                self.yes(&["edit", "1", "severity", "High"]);
                self.yes(&["edit", "1", "affected_versions", "< 2.4.1"]);
                self.git(&["tag", "-a", "-m", "candidate", "v2.4.1rc1"]);
            }
            Phase::Released => self.git(&["tag", "-a", "-m", "release", "v2.4.1"]),
            Phase::Announced => {
                let mail = Mail::new(
                    "advisory@server.example",
                    "Rita Roos <rita@server.example>",
                    "CVE-2026-12345: Example Server: path traversal in file upload",
                    300,
                    ADVISORY,
                );
                self.env.write("users.mbox", mbox(&[mail]));
            }
            Phase::Published => {
                let record =
                    r#"{"cveMetadata":{"state":"PUBLISHED","datePublished":"2026-11-22T11:00:00Z"}}"#;
                self.env.write(&format!("cvelist/{CVE}.json"), record);
            }
        }
    }

    /// `sync`, with a yes to everything, until nothing is proposed. Returns how many rounds it took.
    pub fn settle(&self) -> usize {
        for round in 0..6 {
            let said = self.env.answer(&["sync", "1"], "all\n");
            self.send();
            match said.code {
                3 => return round,
                0 => {}
                _ => panic!("exit {}\n{}\n{}", said.code, said.out, said.err),
            }
        }
        panic!("the tracker does not come to rest\n{}", self.env.run(&["sync", "1", "--why"]).out);
    }

    /// Is everything as it should be after a phase?
    pub fn is_where(&self, (phase, stage, owner, labels, letters): &After) {
        let (is, who, has) = self.stands();
        assert_eq!((is.as_str(), who.as_str()), (*stage, *owner), "after {phase:?}");
        assert_eq!(has, *labels, "after {phase:?}");
        assert_eq!(self.post.letters(&self.env).len(), *letters, "after {phase:?}");
    }

    pub fn show(&self) -> Value {
        self.env.run(&["show", "1", "--json"]).expect(0).json()
    }

    /// Stage as the facts say, owner, labels.
    fn stands(&self) -> (String, String, Vec<String>) {
        let said = self.env.run(&["sync", "1", "--json"]);
        let v = said.json();
        let p = &v["trackers"][0]["position"];
        let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let mut labels: Vec<String> = self.show()["labels"].as_array().unwrap().iter().map(word).collect();
        labels.retain(|l| l != "security issue");
        (word(&p["stage"]), word(&p["person"]), labels)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Imported,
    Assessed,
    Allocated,
    InReview,
    Merged,
    Filled,
    Released,
    Announced,
    Published,
}

/// What holds when a phase has been synced: stage, owner, labels, letters so far.
pub type After = (Phase, &'static str, &'static str, &'static [&'static str], usize);

pub const WALK: &[After] = &[
    (Phase::Imported, "NEW", "maren", &["needs triage"], 1),
    (Phase::Assessed, "NO-CVE", "maren", &["server"], 2),
    (Phase::Allocated, "ALLOCATED", "maren", &["cve allocated", "server"], 3),
    (Phase::InReview, "IN-PR", "maren", &["cve allocated", "pr created", "server"], 4),
    (Phase::Merged, "MERGED", "tove", &["cve allocated", "pr merged", "server"], 5),
    (Phase::Filled, "MERGED", "tove", &["cve allocated", "pr merged", "server"], 5),
    (Phase::Released, "RM-QUEUE", "rita", &["cve allocated", "fix released", "server"], 6),
    (
        Phase::Announced,
        "PROPAGATING",
        "rita",
        &["announced", "announced - emails sent", "cve allocated", "server"],
        7,
    ),
    (
        Phase::Published,
        "DONE",
        "rita",
        &["announced", "announced - emails sent", "cve allocated", "server"],
        8,
    ),
];

#[test]
fn one_report_walks_from_a_mailbox_to_done() {
    let place = Place::new();
    for after in WALK {
        let phase = &after.0;
        place.prepare(phase);
        place.send();
        place.settle();
        place.is_where(after);
        let state = match phase {
            Phase::Imported | Phase::Assessed => None,
            Phase::Allocated | Phase::InReview | Phase::Merged => Some("allocated"),
            Phase::Filled | Phase::Released => Some("review-ready"),
            Phase::Announced | Phase::Published => Some("public"),
        };
        let sql = format!("select (select state from records where cve = '{CVE}')");
        let is: Option<String> = one(&place.env.desk(), &sql);
        assert_eq!(is.as_deref(), state, "the record after {phase:?}");
        // The plan after a full apply is empty (DESIGN §2).
        let said = place.env.run(&["sync", "all"]).expect(3);
        assert!(said.out.contains("Nothing to do"), "{}", said.out);
    }
    let desk = place.env.desk();
    let v = place.show();
    assert_eq!(v["open"], false);
    assert_eq!(
        v["fields"]["public_advisory_url"],
        "https://lists.server.example/thread/advisory@server.example"
    );
    assert_eq!(v["fields"]["remediation_developer"], "Tove Falk");
    assert_eq!(v["fields"]["reporter_credit"], "Ann Archer");
    assert_eq!(v["milestone"], "Example Server 2.4.1");
    assert_eq!(one::<i64>(&desk, "select open from milestones where name = 'Example Server 2.4.1'"), 0);
    // Nobody was asked twice, and nobody was told twice.
    assert_eq!(one::<i64>(&desk, "select count(*) from ledger"), 8);
    assert_eq!(one::<i64>(&desk, "select count(distinct event) from ledger"), 8);
    assert_eq!(one::<i64>(&desk, "select count(*) from ledger where state <> 'sent'"), 0);
    for (_, text) in drafts(&desk) {
        assert!(text.contains("<ann@ann.example>") && text.contains("In-Reply-To:"), "{text}");
        assert!(text.contains("security@server.example"), "the list has a copy: {text}");
    }
    let status: String = one(&desk, "select group_concat(body) from comments where kind = 'rollup'");
    let mut at = 0;
    for words in [
        "Import (",
        "Sync (valid)",
        "CVE allocated (",
        "Sync (pr created)",
        "Sync (pr merged)",
        "Sync (fix released)",
        "Sync (announced)",
        "Sync (published)",
    ] {
        let here = status.get(at..).unwrap().find(words);
        at += here.unwrap_or_else(|| panic!("{words} is missing or out of order\n{status}"));
    }
    let _ = place.env.run(&["log", "--verify"]).expect(0);
    let queue = place.env.run(&["queue", "--json"]).expect(3).json();
    assert_eq!(queue["trackers"].as_array().unwrap().len(), 0, "nobody owns a move any more: {queue}");
    // Step 16: somebody was left out. The record, the lists and the tracker hear of it, once.
    place.yes(&["edit", "1", "reporter_credit", "Ann Archer\nBo Berg"]);
    let said = place.env.answer(&["sync", "1", "--why"], "all\n").expect(0);
    assert!(said.out.contains("sync.correction"), "{}", said.out);
    let letter = drafts(&desk).into_iter().map(|(_, t)| t).find(|t| t.contains("Bo Berg")).unwrap();
    assert!(
        letter.contains("To: users@server.example") || letter.contains("To: <users@server.example>"),
        "{letter}"
    );
    assert!(letter.contains("In-Reply-To: <advisory@server.example>"), "{letter}");
    let record: String = one(&desk, &format!("select json from records where cve = '{CVE}'"));
    assert!(record.contains("Bo Berg"), "{record}");
    assert!(place.env.run(&["sync", "1"]).expect(3).out.contains("Nothing to do"));
}

pub const REPO: &str = "acme/security";
pub const TOKEN: &str = "planted-forge-token-0123";
pub const TOVES_TOKEN: &str = "planted-forge-token-4567";

/// Apply every approved plan with a client that does not wait long. True when all of it was made.
fn apply_at_the_forge(place: &Place, server: &Server<GithubFake>) -> bool {
    let desk = place.env.desk();
    let mut session = Session::open(at(&desk, place), false).unwrap();
    let limits = Limits {
        deadline: Duration::from_secs(20),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(5),
        ..Limits::default()
    };
    let client = Client::new(&Surroundings::default(), limits, Box::<SystemPace>::default()).unwrap();
    let site = || Site::at(Service::Github, &server.url(), false).unwrap();
    let board = Board::read("https://github.com/orgs/acme/projects/1").unwrap();
    let token = Secret::new(TOKEN.into());
    let forge =
        Github::new(Arc::new(client), site(), site(), &server.url(), REPO, token, Some(board)).unwrap();
    let forge: Arc<dyn TrackerHost> = Arc::new(forge);
    for row in session.desk.unfinished().unwrap() {
        let approved = plans::approved(&session, &row).unwrap();
        let config = session.loaded.config.clone();
        let now = session.setting.now;
        let mut ports = Ports {
            desk: &mut session.desk,
            drafts: session.drafts.as_ref(),
            config: &config,
            headings: &session.headings,
            labels: &session.labels,
            now,
            authority: Ok(None),
            embargoed: std::cell::OnceCell::new(),
            host: Some(Link::new(Arc::clone(&forge), (&session.roster, &session.headings), now)),
            opener: None,
        };
        let report = apply::apply(&approved, &session.policy, &mut ports);
        if !report.complete() {
            return false;
        }
        session.desk.set_plan_state(&row.digest, PlanState::Applied).unwrap();
    }
    assert_eq!(session.desk.verify().unwrap().faults, Vec::<String>::new());
    true
}

/// The forge goes away at every single request of the walk, with that request lost or only its answer; when it is back, what
/// was approved is finished, and nothing is there twice or missing.
#[test]
fn a_forge_that_goes_away_at_any_request_ends_the_same() {
    let (server, place) = at_a_forge();
    let aside = tempfile::tempdir().unwrap();
    let mut lost = 0;
    for (phase, ..) in WALK {
        // What people do by hand between the phases goes through the program, too.
        place.prepare(phase);
        if *phase == Phase::InReview {
            // What an earlier bot left there is folded under the same faults.
            for words in OLDER {
                let _ = server.with(|f| f.say(1, "maren", &older(words)));
            }
        }
        place.send();
        for round in 0..6 {
            if !approve_all(&place) {
                break;
            }
            let (forge, desk) = (server.with(|f| f.clone()), place.env.desk());
            let kept = aside.path().join(format!("{phase:?}-{round}"));
            copy_dir(&desk, &kept);
            let back = || {
                server.all_well();
                server.with(|f| *f = forge.clone());
                std::fs::remove_dir_all(&desk).unwrap();
                copy_dir(&kept, &desk);
            };
            let before = server.seen().len();
            assert!(apply_at_the_forge(&place, &server), "{phase:?}");
            let asked = server.seen().split_off(before);
            let want = (server.with(|f| f.seen()), drafts(&desk).len());
            let requests = asked.len();
            for (n, asked) in asked.iter().enumerate() {
                let question =
                    asked.path == "/graphql" && !asked.json()["query"].to_string().contains("mutation");
                // A question whose answer is lost is no more than a question that is lost, and a few of them will do.
                let read = question || asked.method == "GET";
                if read && n % 6 != round % 6 {
                    continue;
                }
                let ways = if read { &[Wrong::HangUp][..] } else { &[Wrong::HangUp, Wrong::HangUpAfter] };
                for wrong in ways {
                    back();
                    server.go_wrong_at(n, 1, wrong.clone());
                    server.go_wrong_at(0, 10_000, Wrong::HangUp);
                    let whole = apply_at_the_forge(&place, &server);
                    server.all_well();
                    assert!(whole || apply_at_the_forge(&place, &server), "{phase:?}: {wrong:?} at {n}");
                    let got = (server.with(|f| f.seen()), drafts(&desk).len());
                    assert!(
                        got == want,
                        "{phase:?}: {wrong:?} at {n} of {requests}\n{}",
                        diff(&want.0, &got.0)
                    );
                    lost += 1;
                }
            }
            place.send();
        }
    }
    let (stage, ..) = place.stands();
    assert_eq!(stage, "DONE");
    assert!(lost >= 40, "only {lost} requests were lost");
    let (status, others): (Vec<_>, Vec<_>) = server
        .with(|f| f.issues[&1].comments.clone())
        .into_iter()
        .map(|c| c.body)
        .partition(|b| desk::tracker::rollup::is_rollup(b));
    assert_once_and_only_in(&status.concat());
    assert!(others.iter().all(|b| !b.contains("airflow-s")), "{others:#?}");
}

/// The surroundings of a place, for calls into the library.
fn at(desk: &Path, place: &Place) -> Setting {
    let home = place.env.path().join("home");
    Setting { home: Some(home), cwd: place.env.path().into(), ..setting(desk) }
}

/// Plan the tracker and say yes to everything; false when nothing is proposed.
fn approve_all(place: &Place) -> bool {
    let desk = place.env.desk();
    let mut session = Session::open(at(&desk, place), false).unwrap();
    tipstaff::app::host::refresh(&mut session).unwrap();
    let numbers = std::collections::BTreeSet::from([1]);
    let synced = sync::plan(&mut session, &numbers, &std::collections::BTreeSet::new()).unwrap();
    let items: std::collections::BTreeSet<ItemNo> =
        synced.plan.items.iter().filter(|i| i.blocked.is_none()).map(|i| i.n).collect();
    if items.is_empty() {
        return false;
    }
    plans::propose(&session, &synced.plan).unwrap();
    plans::approve(&session, &synced.plan, &items).unwrap();
    true
}

#[test]
fn killed_before_every_effect_the_walk_ends_in_the_same_desk() {
    let place = Place::new();
    let aside = tempfile::tempdir().unwrap();
    let mut kills = 0;
    let mut folded = false;
    for (phase, ..) in WALK {
        place.prepare(phase);
        if *phase == Phase::InReview {
            for words in OLDER {
                place.yes(&["comment", "1", &older(words)]);
            }
        }
        place.send();
        for round in 0..6 {
            if !approve_all(&place) {
                break;
            }
            // From here on: the whole apply once, and once for every effect with the program killed before it.
            let copy = |name: &str| -> PathBuf {
                let to = aside.path().join(format!("{phase:?}-{round}-{name}"));
                copy_dir(&place.env.desk(), &to.join("desk"));
                std::fs::copy(place.env.path().join("tipstaff.toml"), to.join("tipstaff.toml")).unwrap();
                to.join("desk")
            };
            let whole = copy("whole");
            let ops = apply_all(&whole, 0, false);
            let want = snapshot(&whole, true);
            let points: Vec<usize> = (1..=ops).collect();
            let dead = in_pairs(points, |n| {
                let desk = copy(&format!("k{n}"));
                let killed = kill_at(&desk, n, false);
                assert!(killed, "operation {n} of {ops} was not reached in {phase:?}");
                apply_all(&desk, 0, false);
                let got = snapshot(&desk, true);
                assert!(got == want, "{phase:?}, killed before operation {n}\n{}", diff(&want, &got));
                std::fs::remove_dir_all(desk.parent().unwrap()).unwrap();
            });
            kills += dead.len();
            folded |= want.contains("remove-comment");
            // The walk goes on from a desk that was killed, not from the one that was spared.
            let survivor = copy("survivor");
            assert!(kill_at(&survivor, ops / 2 + 1, false));
            apply_all(&survivor, 0, false);
            std::fs::remove_dir_all(place.env.desk()).unwrap();
            copy_dir(&survivor, &place.env.desk());
            place.send();
        }
    }
    let (stage, ..) = place.stands();
    assert_eq!(stage, "DONE");
    assert_eq!(one::<i64>(&place.env.desk(), "select count(distinct event) from ledger"), 8);
    assert_eq!(drafts(&place.env.desk()).len(), 8);
    assert!(kills >= 40, "only {kills} kills");
    // The words of the earlier bot stand in the status, each once, and its comments are gone.
    let rollups = "select group_concat(body, char(10)) from comments where kind = 'rollup'";
    assert_once_and_only_in(&one::<String>(&place.env.desk(), rollups));
    let others: i64 = one(
        &place.env.desk(),
        "select count(*) from comments where kind = 'comment' and body like '%airflow-s%'",
    );
    assert_eq!(others, 0);
    assert!(folded, "the folding was among what was cut off");
}

/// What an earlier bot wrote in a member's name, before this program came.
const OLDER: [&str; 3] =
    ["Discussed with two members", "The CVE tool was asked", "The pull request is under review"];

fn older(words: &str) -> String {
    format!("<!-- airflow-s status update v1 -->\n{words}.")
}

fn assert_once_and_only_in(status: &str) {
    for words in OLDER {
        assert_eq!(status.matches(words).count(), 1, "{words}: {status}");
    }
}

#[test]
fn a_source_that_is_down_is_unknown_and_the_rest_goes_on() {
    let place = Place::new();
    for phase in [Phase::Imported, Phase::Assessed, Phase::Allocated, Phase::InReview, Phase::Merged] {
        place.prepare(&phase);
        place.send();
        place.settle();
    }
    place.prepare(&Phase::Filled);
    place.prepare(&Phase::Released);
    let config = include_str!("../fixtures/lifecycle.toml");
    let cases = [
        ("code", "no such folder", "code"),
        ("users.mbox", "users.mbox", "users.mbox"),
        ("cvelist", "no copy of the CVE list", "cvelist"),
    ];
    for (what, words, path) in cases {
        let away = place.env.path().join("away");
        let here = place.env.path().join(path);
        std::fs::rename(&here, &away).unwrap();
        let said = place.env.run(&["sync", "1"]);
        assert!(
            said.out.contains("unknown:") && said.out.contains(words),
            "{what}:\n{}{}",
            said.out,
            said.err
        );
        let v = place.env.run(&["sync", "1", "--json"]).json();
        assert_eq!(v["unknown"].as_array().unwrap().len(), 1, "said once: {v}");
        let released = v["plan"]["items"].as_array().unwrap().iter().any(|i| i["rule"] == "sync.released");
        // Unknown is never "shipped", and one source never takes another with it.
        assert_eq!(released, what != "code", "{what}: {v}");
        std::fs::rename(&away, &here).unwrap();
    }
    place.env.write("tipstaff.toml", config.replace("kind = \"mbox\"", "kind = \"ponymail\""));
    let said = place.env.run(&["why", "1"]);
    assert!(said.out.contains("archive.api_url says not where"), "{}", said.out);
}

/// The services of the same world: an archive of lists, a package index, the public CVE list.
struct Services {
    users: String,
    released: bool,
    published: bool,
}

impl testkit::serve::Service for Services {
    fn answer(&mut self, asked: &testkit::serve::Asked) -> testkit::serve::Answer {
        use testkit::serve::Answer;
        let none = |error: &str| Answer::json(404, &serde_json::json!({"error": error}));
        let list = asked.param("list").unwrap_or_default();
        match asked.path.as_str() {
            "/api/stats.lua" => {
                let here = list == "users" && !self.users.is_empty();
                let emails = if here {
                    vec![
                        serde_json::json!({"mid": "abc123", "message-id": "<advisory@server.example>", "epoch": 1_763_800_000,
                        "subject": format!("{CVE}: Example Server: path traversal in file upload"), "in-reply-to": ""}),
                    ]
                } else {
                    Vec::new()
                };
                Answer::json(
                    200,
                    &serde_json::json!({"list": format!("{list}@server.example"), "emails": emails}),
                )
            }
            "/api/source.lua" => {
                // The mail without the line that begins it in an mbox.
                let raw = self.users.split_once('\n').map_or("", |(_, rest)| rest);
                Answer { kind: "text/plain", body: raw.as_bytes().to_vec(), ..Answer::html(200, "") }
            }
            "/pypi/example-server/2.4.1/json" if self.released => Answer::json(
                200,
                &serde_json::json!({"info": {"version": "2.4.1"},
                    "urls": [{"yanked": false, "upload_time_iso_8601": "2026-11-21T10:00:00Z"}]}),
            ),
            p if p.starts_with("/list/cve-id/") => {
                let state = if self.published { "PUBLISHED" } else { "RESERVED" };
                Answer::json(200, &serde_json::json!({"cve_id": CVE, "state": state}))
            }
            p if p.starts_with("/list/cve/") && self.published => {
                let record = serde_json::json!({"cveMetadata": {"cveId": CVE, "state": "PUBLISHED",
                    "datePublished": "2026-11-22T11:00:00Z"}, "containers": {"cna": {}}});
                Answer::json(200, &record)
            }
            _ => none("NOT_THERE"),
        }
    }
}

#[test]
fn the_same_walk_on_services_instead_of_files() {
    let place = Place::new();
    let server =
        testkit::serve::Server::start(Services { users: String::new(), released: false, published: false });
    let config = include_str!("../fixtures/lifecycle.toml")
        .replace("kind = \"mbox\"", &format!("kind = \"ponymail\"\napi_url = \"{}/api\"", server.url()))
        .replace("path = \"users.mbox\"\ndev_path = \"dev.mbox\"\n", "")
        .replace("{message_id}", "{thread_id}")
        .replace("list_path = \"cvelist\"", &format!("list_url = \"{}/list\"", server.url()))
        .replace("[\"git_tags\"]", "[\"pypi\"]")
        .replace(
            "[[releases.train]]",
            &format!("[releases.addresses]\npypi = \"{}\"\n\n[[releases.train]]", server.url()),
        );
    place.env.write("tipstaff.toml", config);
    for after in WALK {
        let phase = &after.0;
        place.prepare(phase);
        match phase {
            Phase::Released => {
                // The tag is there; what is not in the index is not out.
                place.settle();
                assert_eq!(place.stands().0, "MERGED");
                server.with(|s| s.released = true);
            }
            Phase::Announced => {
                let mail = std::fs::read_to_string(place.env.path().join("users.mbox")).unwrap();
                server.with(|s| s.users = mail);
            }
            Phase::Published => server.with(|s| s.published = true),
            _ => {}
        }
        place.send();
        place.settle();
        place.is_where(after);
    }
    assert_eq!(place.show()["fields"]["public_advisory_url"], "https://lists.server.example/thread/abc123");
    // A service that is down takes nothing with it.
    server.go_wrong_times("GET", "/list/", testkit::serve::Wrong::Status(403), 9);
    let said = place.env.run(&["sync", "1"]);
    assert!(said.out.contains("unknown:") && said.out.contains("/list/"), "{}{}", said.out, said.err);
}

#[test]
fn a_selection_is_echoed_never_widened_and_a_no_is_remembered() {
    let place = Place::new();
    place.prepare(&Phase::Imported);
    place.send();
    for (args, code) in [
        (&["sync", "7"][..], 2),
        (&["sync", "CVE-2026-9"], 2),
        (&["sync", "fix released"], 2),
        (&["sync", "path traversal"], 4),
        (&["watch", "--times", "1"], 0),
        (&["watch", "--every", "soon"], 2),
        (&["clock", "9"], 2),
    ] {
        let said = place.env.run(args);
        assert_eq!(said.code, code, "{args:?}\n{}{}", said.out, said.err);
    }
    place.prepare(&Phase::Assessed);
    let said = place.env.answer(&["sync", "path", "traversal"], "y\nnone\n").expect(0);
    assert!(
        said.out.contains("path traversal: desk#1") && said.out.contains("Nothing was changed"),
        "{}",
        said.out
    );
    // A word that fits nothing is asked again; no answer is no.
    let said = place.env.answer(&["sync"], "all if it rains\n").expect(4);
    assert!(said.out.contains("The plan waits as"), "{}", said.out);
    let said = place.env.answer(&["sync", "1"], "skip 1\n").expect(0);
    assert!(said.out.contains("Nothing was changed"), "{}", said.out);
    let said = place.env.run(&["sync", "1"]).expect(3);
    assert!(said.out.contains("declined before"), "{}", said.out);
    let said = place.env.run(&["sync", "1", "--declined", "--json"]).expect(4).json();
    assert_eq!(said["plan"]["items"].as_array().unwrap().len(), 1, "{said}");
    // One more fact, and it is proposed again.
    place.yes(&["assess", "1", "invalid"]);
    place.yes(&["assess", "1", "valid"]);
    assert_eq!(place.env.run(&["sync", "1", "--json"]).code, 4);
}

#[test]
fn only_the_team_assesses_and_a_claim_needs_scope_cve_and_consensus() {
    let place = Place::new();
    place.prepare(&Phase::Imported);
    place.send();
    let mut c = place.env.command(&["assess", "1", "valid", "--scope", "server"]);
    let stranger = c.env("USER", "mallory").stdin(Stdio::null()).output().unwrap();
    assert_eq!(stranger.status.code(), Some(2), "{}", String::from_utf8_lossy(&stranger.stderr));
    let _ = place.env.run(&["assess", "1", "valid", "--scope", "nothing"]).expect(2);
    let _ = place.env.run(&["assess", "1", "invalid", "--scope", "server"]).expect(2);
    let _ = place.env.run(&["assess", "1", "maybe"]).expect(2);
    place.yes(&["assess", "1", "valid", "--scope", "server"]);
    let _ = place.env.run(&["assess", "1", "valid"]).expect(2);
    let said = place.env.answer(&["claim", "1"], "y\n").expect(5);
    for missing in ["a scope label", "a CVE", "two members"] {
        assert!(said.err.contains(missing), "{missing}: {}", said.err);
    }
    assert_eq!(place.env.run(&["sync", "1"]).code, 3, "one voice decides nothing");
    let _ = place.as_tove(&["assess", "1", "valid"]).expect(0);
    place.settle();
    place.prepare(&Phase::Allocated);
    place.settle();
    place.yes(&["claim", "1"]);
    assert_eq!(place.show()["assignees"][0], "maren");
}

#[test]
fn clocks_are_shown_with_hour_and_zone_and_go_into_a_calendar() {
    let place = Place::new();
    place.prepare(&Phase::Imported);
    let said = place.env.run(&["clock"]).expect(0);
    assert!(said.out.contains("2027-02-14 10:00 UTC") && said.out.contains("83 days left"), "{}", said.out);
    let v = place.env.run(&["clock", "1", "--json"]).expect(0).json();
    assert_eq!((&v["clocks"][0]["overdue"], &v["clocks"][0]["age_days"]), (&false.into(), &6.into()), "{v}");
    let _ = place.env.run(&["clock", "--ics", "windows.ics"]).expect(0);
    let text = std::fs::read_to_string(place.env.path().join("windows.ics")).unwrap();
    assert!(text.contains("DTSTART:20270214T100000Z\r\n") && text.contains("desk#1"), "{text}");
    assert!(!text.to_lowercase().contains("traversal"), "a calendar may be kept elsewhere: {text}");
    let said = place.env.run(&["clock", "--now", "2027-03-01T00:00:00Z"]).expect(0);
    assert!(said.out.contains("overdue by 14 days"), "{}", said.out);
}

#[test]
fn the_tags_of_the_code_say_which_versions_are_affected() {
    let p = Place::new();
    p.prepare(&Phase::Imported);
    p.yes(&["assess", "1", "valid", "--scope", "server"]);
    let said = p.env.run(&["cve", "affected", "1"]).expect(3);
    assert!(said.err.contains("names no fix") && said.err.contains("pr_with_fix"), "{}", said.err);
    p.yes(&["edit", "1", "pr_with_fix", PR]);
    let field = |args: &[&str]| {
        let all = [&["cve", "affected", "1", "--json"], args].concat();
        let v: Value = p.env.run(&all).expect(0).json();
        v["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(field(&[]), ">= 0", "no release holds the fix, and no version is planned");
    p.commit("c.py", "Check names (#12)");
    p.git(&["tag", "v2.4.1rc1"]);
    p.git(&["tag", "v2.4.1"]);
    assert_eq!(field(&[]), "< 2.4.1");
    p.git(&["tag", "v2.3.0", "v2.4.0~0"]);
    assert_eq!(field(&["--since", "2.4.0"]), ">= 2.4.0, < 2.4.1");
    let _ = p.env.run(&["cve", "affected", "1", "--since", "0000000"]).expect(1);
    let said = p.env.answer(&["cve", "affected", "1", "--since", "v2.4.0"], "y\n").expect(0);
    assert!(said.out.contains("affected.lower") && said.out.contains("v2.4.0"), "{}", said.out);
    let v: Value = p.env.run(&["show", "1", "--json"]).expect(0).json();
    assert!(v.to_string().contains(">= 2.4.0, < 2.4.1"), "{v}");
    let said = p.env.run(&["cve", "affected", "1", "--since", "2.4.0"]).expect(3);
    assert!(said.out.contains("the tracker says the same"), "{}", said.out);
}

#[test]
fn a_plan_over_two_trackers_is_answered_the_same_way_everywhere_and_words_can_be_edited() {
    let place = Place::new();
    place.prepare(&Phase::Imported);
    place.env.write("second.txt", "The server logs session tokens in clear text.");
    place.yes(&["new", "--title", "Session tokens are logged in clear text", "--body", "second.txt"]);
    for n in ["1", "2"] {
        place.yes(&["assess", n, "valid", "--scope", "server"]);
        let _ = place.as_tove(&["assess", n, "valid"]).expect(0);
    }
    place.send();
    let said = place.env.run(&["sync", "all", "--json"]).expect(4).json();
    let digest = said["digest"].as_str().unwrap().to_owned();
    let shown = place.env.run(&["plan", "show", &digest]).expect(0);
    assert!(shown.out.contains("desk#1") && shown.out.contains("desk#2"), "{}", shown.out);
    // An answer of which a part fits nothing is asked again as a whole.
    for answer in ["1:all, 9:skip\n", "all; 2:skip 7\n", "1:1,8\n"] {
        let said = place.env.answer(&["sync", "all"], answer).expect(4);
        assert!(
            said.out.contains("not understood") && said.out.contains("say all of it again"),
            "{}",
            said.out
        );
    }
    // Numbers are those of the tracker; what fits none is no answer.
    for (answer, code) in [("2:9", 2), ("7:all", 2), ("maybe", 2), ("none", 2), ("2:all", 0)] {
        let said = place.env.run(&["plan", "approve", &digest, answer]);
        assert_eq!(said.code, code, "{answer}\n{}{}", said.out, said.err);
    }
    let _ = place.env.run(&["plan", "apply", &digest]).expect(0);
    let labels = |n: &str| place.env.run(&["show", n, "--json"]).expect(0).json()["labels"].to_string();
    assert!(labels("2").contains("server") && !labels("1").contains("server"));
    // An edit given to a stored plan makes another one, which waits.
    let said = place.env.run(&["sync", "1", "--json"]).expect(4).json();
    let digest = said["digest"].as_str().unwrap().to_owned();
    let n = said["plan"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["rule"] == "sync.valid")
        .and_then(|i| i["n"].as_u64())
        .unwrap();
    let edit = format!("{n}:edit letter: Hello Ann,\\n\\nwe accept it; more soon.");
    let revised = place.env.run(&["plan", "approve", &digest, &edit, "--json"]).expect(4).json();
    assert_ne!(revised["digest"], said["digest"]);
    // A key that the item lacks is not taken for words of its letter.
    let elsewhere = format!("{n}:edit title: Files leak");
    let refused = place.env.run(&["plan", "approve", &digest, &elsewhere]).expect(2);
    assert!(refused.err.contains("has no title"), "{}", refused.err);
    let scored = format!("{n}:edit letter: It is CVSS 9.8.");
    assert!(
        place.env.run(&["plan", "approve", &digest, &scored]).expect(2).err.contains("a score never stands")
    );
    // The same at the prompt: shown again, and a yes of its own.
    let said = place.env.answer(&["sync", "1"], &format!("{edit}\ny\n")).expect(0);
    assert!(said.out.contains("Revised as you said"), "{}", said.out);
    let written = drafts(&place.env.desk()).into_iter().map(|(_, text)| text).collect::<String>();
    assert!(written.contains("we accept it; more soon."), "{written}");
    let _ = place.env.run(&["log", "--verify"]).expect(0);
}
