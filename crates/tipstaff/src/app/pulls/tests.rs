//! GitHub and a real clone, which do not always say the same.

use std::{path::Path, process::Command};

use connect::upstream::survey::Lines;

use super::*;

struct Repo {
    dir: tempfile::TempDir,
    clock: std::cell::Cell<i64>,
}

impl Repo {
    fn new() -> Self {
        let this = Self { dir: tempfile::tempdir().unwrap(), clock: std::cell::Cell::new(1_790_000_000) };
        this.git(&["init", "-q", "-b", "main"]);
        this.commit("Begin");
        this.git(&["branch", "2.4"]);
        this
    }

    fn git(&self, args: &[&str]) -> String {
        self.clock.set(self.clock.get() + 60);
        let at = format!("{} +0000", self.clock.get());
        let out = Command::new("git")
            .arg("-C")
            .arg(self.dir.path())
            .args(["-c", "user.name=Ann Archer", "-c", "user.email=7+ann@users.noreply.github.com"])
            .env("GIT_AUTHOR_DATE", &at)
            .env("GIT_COMMITTER_DATE", &at)
            .args(args)
            .output()
            .unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, message: &str) -> String {
        let name = format!("{}.c", self.clock.get());
        std::fs::write(self.dir.path().join(&name), message).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn survey(&self) -> Survey {
        let lines = lines();
        Survey::open(self.dir.path(), &lines, Timestamp::UNIX_EPOCH).unwrap()
    }
}

fn lines() -> Lines {
    Lines {
        repo: "example/server".into(),
        default: "main".into(),
        trains: vec!["2.4".into()],
        ..Lines::default()
    }
}

/// What is expected of the two together: branches it is merged on, words of the fault, words of the note.
#[derive(Debug, PartialEq)]
enum Want {
    On(&'static [&'static str]),
    Unknown(&'static str),
}

/// Branch and milestone of each place it is merged to, or why that is not known; and what is noted beside.
type Told = (Result<Vec<(String, String)>, String>, Vec<String>);

/// Merged at GitHub, to that branch, as that commit.
fn merged(repo: Option<&Repo>, base: &str, commit: &str) -> Told {
    let url = "https://github.com/example/server/pull/12";
    let named = Named::Pull { url: url.into(), repo: "example/server".into(), number: 12 };
    let at = PullRequest {
        url: url.into(),
        state: PullState::Merged,
        author: "ann".into(),
        merged_at: Some("2026-11-20T09:00:00Z".parse().unwrap()),
        commit: commit.into(),
        milestone: "2.4.1".into(),
        branch: base.into(),
        ..PullRequest::default()
    };
    let lines = lines();
    let both = Both { at: &at, named: &named, default: &lines.default, trains: &lines.trains };
    let mut survey = repo.map(Repo::survey);
    let clone = survey.as_mut().map(|s| s.fix(&named, Timestamp::UNIX_EPOCH).map_err(|e| e.to_string()));
    let mut notes = Vec::new();
    let found = both.merged(clone, survey.as_mut(), Timestamp::UNIX_EPOCH, &mut notes);
    let shown = |f: Found| -> Vec<(String, String)> {
        f.pulls.into_iter().map(|p| (p.branch, p.milestone)).collect()
    };
    (found.map(shown), notes)
}

#[test]
fn what_both_say_is_put_together_and_what_they_deny_each_other_is_unknown() {
    use Want::{On, Unknown};
    const AWAY: &str = "0123456789abcdef0123456789abcdef01234567";
    // The clone: how it got its commits; returns the commit that GitHub names.
    type Story = fn(&Repo) -> String;
    let cases: &[(&str, Option<Story>, &str, Want, &str)] = &[
        ("no clone", None, "main", On(&[""]), ""),
        ("no clone, a train", None, "2.4", On(&["2.4"]), ""),
        ("no clone, another branch", None, "feature", Unknown("nothing is released from"), ""),
        ("both", Some(|r| r.commit("Check names (#12)")), "main", On(&[""]), ""),
        ("the clone is old", Some(|_| AWAY.into()), "main", On(&[""]), "fetch"),
        (
            "the clone is old, another branch",
            Some(|_| AWAY.into()),
            "feature",
            Unknown("nothing is released from"),
            "",
        ),
        ("the number stands in no message", Some(|r| r.commit("Check names")), "main", On(&[""]), ""),
        (
            "reverted",
            Some(|r| {
                let sha = r.commit("Check names (#12)");
                r.git(&["revert", "--no-edit", &sha]);
                sha
            }),
            "main",
            Unknown("reverted or not taken over"),
            "",
        ),
        (
            "reverted, and taken in again",
            Some(|r| {
                let sha = r.commit("Check names (#12)");
                r.git(&["revert", "--no-edit", &sha]);
                r.git(&["revert", "--no-edit", "HEAD"]);
                sha
            }),
            "main",
            On(&[""]),
            "",
        ),
        (
            "on a branch that nothing is released from, in the clone as well",
            Some(|r| {
                r.git(&["switch", "-q", "-c", "feature"]);
                let sha = r.commit("Check names (#12)");
                r.git(&["switch", "-q", "main"]);
                sha
            }),
            "feature",
            Unknown("no branch that is released from holds"),
            "",
        ),
        (
            "that branch was merged further",
            Some(|r| {
                r.git(&["switch", "-q", "-c", "feature"]);
                let sha = r.commit("Check names (#12)");
                r.git(&["switch", "-q", "main"]);
                r.git(&["merge", "-q", "--no-ff", "-m", "Merge the feature", "feature"]);
                sha
            }),
            "feature",
            On(&[""]),
            "",
        ),
        (
            "on the train by a cherry-pick",
            Some(|r| {
                let sha = r.commit("Check names (#12)");
                r.git(&["switch", "-q", "2.4"]);
                r.git(&["cherry-pick", "-x", &sha]);
                r.git(&["switch", "-q", "main"]);
                sha
            }),
            "main",
            On(&["", "2.4"]),
            "",
        ),
        (
            "on the train in the clone, and on the default branch at GitHub only",
            Some(|r| {
                r.git(&["switch", "-q", "2.4"]);
                r.commit("Check names (#12)");
                r.git(&["switch", "-q", "main"]);
                AWAY.into()
            }),
            "main",
            On(&["", "2.4"]),
            "fetch",
        ),
    ];
    for (name, story, base, want, note) in cases {
        let repo = story.map(|story| {
            let r = Repo::new();
            let sha = story(&r);
            (r, sha)
        });
        let sha = repo.as_ref().map_or(AWAY, |(_, s)| s.as_str());
        let (found, notes) = merged(repo.as_ref().map(|(r, _)| r), base, sha);
        match (&found, want) {
            (Ok(all), On(branches)) => {
                let on: Vec<&str> = all.iter().map(|(b, _)| b.as_str()).collect();
                assert_eq!(on, *branches, "{name}");
                // The milestone is that of the branch it was merged to; a cherry-pick has another.
                let base = if *base == "main" { "" } else { base };
                for (branch, milestone) in all {
                    let theirs = branch == base || !["", "2.4"].contains(&base);
                    assert_eq!(milestone == "2.4.1", theirs, "{name}: {branch}");
                }
            }
            (Err(why), Unknown(part)) => assert!(why.contains(part), "{name}: {why}"),
            _ => panic!("{name}: {found:?}, not {want:?}"),
        }
        assert_eq!(notes.iter().any(|n| n.contains("fetch")), *note == "fetch", "{name}: {notes:?}");
    }
}

#[test]
fn the_clone_of_a_test_is_a_clone() {
    let r = Repo::new();
    assert!(Path::new(r.dir.path()).join(".git").is_dir());
    assert!(r.survey().notes.is_empty());
}
