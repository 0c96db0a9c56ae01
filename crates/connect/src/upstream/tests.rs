//! A real repository with real merges, backports, reverts and tags.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use desk::{
    case::{ArtifactState, PullState},
    cve::ranges::ranges,
    rules::extract::versions::order::Scheme,
};
use jiff::Timestamp;
use tempfile::TempDir;

use super::{
    fix::{Found, named},
    releases::Since,
    survey::{Lines, Survey},
    tags::Wanted,
};

struct Repo {
    dir: TempDir,
    clock: std::cell::Cell<i64>,
}

impl Repo {
    fn new() -> Self {
        let this = Self { dir: tempfile::tempdir().unwrap(), clock: std::cell::Cell::new(1_760_000_000) };
        this.git(&["init", "-q", "-b", "main"]);
        this.commit("a.c", "Begin");
        this
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn git(&self, args: &[&str]) -> String {
        self.git_as("Ann Archer", "7+ann@users.noreply.forge.example", args)
    }

    fn git_as(&self, name: &str, email: &str, args: &[&str]) -> String {
        self.clock.set(self.clock.get() + 60);
        let at = format!("{} +0000", self.clock.get());
        let out = Command::new("git")
            .arg("-C")
            .arg(self.path())
            .args(["-c", &format!("user.name={name}"), "-c", &format!("user.email={email}")])
            .env("GIT_AUTHOR_DATE", &at)
            .env("GIT_COMMITTER_DATE", &at)
            .args(args)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(out.status.success(), "{args:?}");
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, file: &str, message: &str) -> String {
        std::fs::write(self.path().join(file), format!("{message}\n{}", self.clock.get())).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn survey(&self) -> Survey {
        let lines = Lines {
            repo: "acme/server".into(),
            default: "main".into(),
            trains: vec!["v2-8".into()],
            fork: String::new(),
        };
        Survey::open(self.path(), &lines, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn fix(&self, field: &str) -> Result<Found, String> {
        let all = named(field);
        assert_eq!(all.len(), 1, "{all:?}");
        self.survey().fix(&all[0], Timestamp::UNIX_EPOCH).map_err(|e| e.to_string())
    }
}

fn pr(n: u64) -> String {
    format!("https://forge.example/acme/server/pull/{n}")
}

fn want(version: &str) -> Wanted {
    Wanted { version: version.into(), packages: vec![String::new()], ..Wanted::default() }
}

#[test]
fn a_pull_request_is_merged_by_merge_squash_rebase_or_trailer() {
    let r = Repo::new();
    r.git(&["switch", "-q", "-c", "check-length"]);
    r.commit("b.c", "Check the length");
    r.git(&["switch", "-q", "main"]);
    let merge =
        ["merge", "-q", "--no-ff", "-m", "Merge pull request #12 from ann/check-length", "check-length"];
    r.git_as("Bob Merger", "bob@example.org", &merge);
    r.git(&["branch", "-q", "-D", "check-length"]);
    r.commit("c.c", "Check the path (#13)");
    r.commit("d.c", "Follow-up of #14\n\nMentions (#15) in its text.");
    r.commit("e.c", "Tidy up\n\nSee merge request acme/server!16");

    let found = r.fix(&pr(12)).unwrap();
    assert_eq!(found.pulls.len(), 1);
    let p = &found.pulls[0];
    assert_eq!((p.state, p.url.as_str(), p.branch.as_str()), (PullState::Merged, pr(12).as_str(), ""));
    assert_eq!((p.author.as_str(), p.author_name.as_str()), ("ann", "Ann Archer"), "not who merged it");
    assert_eq!(found.email, "7+ann@users.noreply.forge.example");
    assert!(p.merged_at.is_some() && p.commit.len() == 40);
    for (n, state) in [
        (13, PullState::Merged),
        (14, PullState::Open),
        (15, PullState::Open),
        (16, PullState::Merged),
        (1, PullState::Open),
        (123, PullState::Open),
    ] {
        assert_eq!(r.fix(&pr(n)).unwrap().pulls[0].state, state, "{n}");
    }
    assert_eq!(r.fix("`check-length`").unwrap().pulls[0].state, PullState::Merged, "a branch that is gone");
    let e = r.fix("https://forge.example/other/repo/pull/12").unwrap_err();
    assert!(e.contains("not of acme/server"), "{e}");
}

#[test]
fn a_fix_may_be_named_by_commit_or_branch() {
    let r = Repo::new();
    r.git(&["switch", "-q", "-c", "fix"]);
    let sha = r.commit("b.c", "Check the length");
    r.git(&["switch", "-q", "main"]);
    assert_eq!(r.fix(&sha).unwrap().pulls[0].state, PullState::Open);
    assert_eq!(r.fix("fix").unwrap().pulls[0].state, PullState::Open);
    r.commit("other.c", "Something else");
    r.git(&["cherry-pick", "fix"]);
    let picked = r.git(&["rev-parse", "HEAD"]);
    assert_ne!(picked, sha);
    let found = r.fix("fix").unwrap();
    assert_eq!(found.pulls[0].state, PullState::Merged, "rebased");
    assert_eq!(found.commits, [picked]);
    r.git(&["merge", "-q", "--no-ff", "-m", "Merge", "fix"]);
    let found = r.fix(&sha[..10]).unwrap();
    assert_eq!((found.pulls[0].state, found.pulls[0].commit.as_str()), (PullState::Merged, sha.as_str()));
    let e = r.fix("deadbeef00").unwrap_err();
    assert!(e.contains("no commit deadbeef00"), "{e}");
    let e = r.fix("no-such-branch").unwrap_err();
    assert!(e.contains("no branch `no-such-branch`"), "{e}");
    assert!(r.fix("main").unwrap_err().contains("no fix"));
    // A branch that was cut and holds nothing of its own is not merged.
    r.git(&["branch", "empty"]);
    let all = named("empty");
    let later = Timestamp::from_second(r.clock.get() + 1).unwrap();
    assert_eq!(r.survey().fix(&all[0], later).unwrap().pulls[0].state, PullState::Open);
}

#[test]
fn a_backport_counts_on_its_train_and_a_revert_takes_back() {
    let r = Repo::new();
    r.git(&["branch", "v2-8"]);
    let fix = r.commit("b.c", "Check the length (#20)");
    assert_eq!(r.fix(&pr(20)).unwrap().pulls.len(), 1);
    r.git(&["tag", "v3.0.0"]);
    r.git(&["switch", "-q", "v2-8"]);
    r.commit("x.c", "A patch");
    r.git(&["tag", "v2.8.1"]);
    r.git(&["cherry-pick", "-x", &fix]);
    r.git(&["tag", "v2.8.2"]);
    let found = r.fix(&pr(20)).unwrap();
    let on: Vec<&str> = found.pulls.iter().map(|p| p.branch.as_str()).collect();
    assert_eq!(on, ["", "v2-8"]);
    let mut s = r.survey();
    for (version, has) in [("2.8.1", false), ("2.8.2", true), ("3.0.0", true)] {
        let a = s.artifacts(&want(version), std::slice::from_ref(&found)).unwrap();
        assert_eq!((a[0].state, a[0].has_fix), (ArtifactState::Final, Some(has)), "{version}");
    }
    r.git(&["revert", "--no-edit", "HEAD"]);
    r.git(&["tag", "v2.8.3"]);
    let found = r.fix(&pr(20)).unwrap();
    assert_eq!(found.pulls.len(), 1, "taken back on the train");
    let mut s = r.survey();
    let a = s.artifacts(&want("2.8.3"), std::slice::from_ref(&found)).unwrap();
    assert_eq!(a[0].has_fix, Some(false));
    r.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(r.fix(&pr(20)).unwrap().pulls.len(), 2, "and brought back");
}

#[test]
fn tags_say_what_is_published() {
    let r = Repo::new();
    r.git(&["tag", "2.8.3"]);
    r.commit("b.c", "Check the length (#20)");
    let found = vec![r.fix(&pr(20)).unwrap()];
    let state = |version: &str| {
        let a = r.survey().artifacts(&want(version), &found).unwrap();
        a.into_iter().map(|a| (a.version, a.state, a.has_fix)).collect::<Vec<_>>()
    };
    let one = |v: &str, s, has| vec![(v.to_owned(), s, has)];
    assert_eq!(state("2.8.4"), one("2.8.4", ArtifactState::Missing, None));
    r.git(&["tag", "-a", "-m", "candidate", "v2.8.4-rc1"]);
    assert_eq!(state("2.8.4"), one("2.8.4", ArtifactState::PreRelease, Some(true)));
    r.git(&["tag", "-a", "-m", "release", "v2.8.4"]);
    assert_eq!(state("2.8.4"), one("2.8.4", ArtifactState::Final, Some(true)));
    assert_eq!(state("2.8.3"), one("2.8.3", ArtifactState::Final, Some(false)));
    // A tag that moved is read anew.
    r.git(&["tag", "-f", "-a", "-m", "again", "v2.8.4", "2.8.3"]);
    assert_eq!(state("2.8.4"), one("2.8.4", ArtifactState::Final, Some(false)));
    r.git(&["tag", "-d", "v2.8.4"]);
    r.git(&["tag", "v2.8.5"]);
    let skipped = state("2.8.4");
    assert_eq!(skipped[0].1, ArtifactState::PreRelease);
    assert_eq!(
        skipped[1],
        ("2.8.5".into(), ArtifactState::Final, Some(true)),
        "skipped, and a later one is out"
    );
    let a = r.survey().artifacts(&want("2.8.5"), &[]).unwrap();
    assert_eq!(a[0].has_fix, None, "nobody named the fix");
    assert_eq!(a[0].url, "https://github.com/acme/server/releases/tag/v2.8.5");
    assert!(a[0].at.is_some());
}

#[test]
fn packages_of_one_repository_have_tags_of_their_own() {
    let r = Repo::new();
    r.commit("b.c", "Check the length (#20)");
    let found = vec![r.fix(&pr(20)).unwrap()];
    for tag in ["providers-ftp/1.2.0", "providers-ssh/3.1.0rc1", "client-4.0.0", "4.0.0"] {
        r.git(&["tag", tag]);
    }
    let wave = |packages: &[&str]| {
        let wanted = Wanted { packages: packages.iter().map(|p| (*p).into()).collect(), ..Wanted::default() };
        let found = r.survey().artifacts(&wanted, &found).unwrap();
        found.into_iter().map(|a| (a.package, a.version, a.state)).collect::<Vec<_>>()
    };
    assert_eq!(
        wave(&["acme-providers-ftp", "acme-providers-ssh", "acme-providers-git"]),
        [
            ("acme-providers-ftp".into(), "1.2.0".into(), ArtifactState::Final),
            ("acme-providers-ssh".into(), "3.1.0rc1".into(), ArtifactState::PreRelease),
            ("acme-providers-git".into(), String::new(), ArtifactState::Unknown),
        ]
    );
    let one = |package: &str, version: &str| {
        let wanted =
            Wanted { packages: vec![package.into()], project: vec!["Acme Server".into()], ..want(version) };
        r.survey().artifacts(&wanted, &found).unwrap()[0].state
    };
    assert_eq!(one("org.acme:client", "4.0.0"), ArtifactState::Final);
    assert_eq!(one("org.acme:server", "4.0.0"), ArtifactState::Final, "the only plain tag");
    assert_eq!(one("org.acme:server", "1.2.0"), ArtifactState::Missing, "a tag of another package");
}

#[test]
fn what_the_fork_or_a_local_branch_holds_is_not_public() {
    let upstream = Repo::new();
    let here = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let c = ["-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "protocol.file.allow=always"];
        let out = Command::new("git").arg("-C").arg(here.path()).args(c).args(args).output().unwrap();
        assert!(out.status.success(), "{args:?} {}", String::from_utf8_lossy(&out.stderr));
    };
    git(&["clone", "-q", upstream.path().to_str().unwrap(), "."]);
    std::fs::write(here.path().join("f"), "x").unwrap();
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "Check the length (#9)"]);
    let lines = Lines { default: "main".into(), ..Lines::default() };
    let state = |lines: &Lines| {
        let mut s = Survey::open(here.path(), lines, Timestamp::UNIX_EPOCH).unwrap();
        s.fix(&named("#9")[0], Timestamp::UNIX_EPOCH).unwrap().pulls[0].state
    };
    assert_eq!(state(&lines), PullState::Open, "merged at home only");
    git(&["push", "-q", "origin", "HEAD:refs/heads/public"]);
    upstream.git(&["merge", "-q", "public"]);
    git(&["fetch", "-q"]);
    assert_eq!(state(&lines), PullState::Merged);
}

#[test]
fn a_clone_that_cannot_be_read_says_why() {
    let lines = Lines { default: "main".into(), ..Lines::default() };
    let dir = tempfile::tempdir().unwrap();
    let why = |dir: &Path, lines: &Lines| match Survey::open(dir, lines, Timestamp::UNIX_EPOCH) {
        Ok(_) => String::new(),
        Err(e) => e.to_string(),
    };
    assert!(why(&dir.path().join("none"), &lines).contains("no such folder"));
    assert!(why(dir.path(), &lines).contains("no git clone"));
    let r = Repo::new();
    let other = Lines { default: "trunk".into(), ..Lines::default() };
    assert!(why(r.path(), &other).contains("no branch `trunk`"));
    let mut s = r.survey();
    assert!(s.notes[0].contains("v2-8"), "{:?}", s.notes);
    std::fs::remove_dir_all(r.path().join(".git/objects")).unwrap();
    assert!(s.fix(&named("0123456789ab")[0], Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn releases_say_which_versions_hold_the_flaw_and_not_its_fix() {
    let r = Repo::new();
    r.git(&["tag", "v2.7.0"]);
    let brought = r.commit("b.c", "Add the parser (#3)");
    r.git(&["tag", "v2.8.0-rc1"]);
    r.git(&["tag", "v2.8.0"]);
    r.git(&["branch", "v2-8"]);
    r.commit("c.c", "More");
    r.git(&["tag", "-a", "v2.9.0", "-m", "2.9.0"]);
    let fix = r.commit("d.c", "Check the length (#12)");
    r.git(&["switch", "-q", "v2-8"]);
    r.commit("e.c", "Other");
    r.git(&["tag", "v2.8.1"]);
    r.git(&["cherry-pick", "-x", &fix]);
    r.git(&["tag", "v2.8.2"]);
    r.git(&["switch", "-q", "main"]);
    r.git(&["tag", "v2.9.1"]);

    let read = |since: Option<&str>| {
        let mut s = r.survey();
        let fixes = [s.fix(&named(&pr(12))[0], Timestamp::UNIX_EPOCH).unwrap()];
        let since = match since {
            None => Since::Unknown,
            Some(v) if v.starts_with('2') && v.contains('.') => Since::Version(v.into()),
            Some(c) => Since::Changes(vec![s.origin(&named(c)[0]).unwrap()]),
        };
        let all = s.releases("", &want(""), &fixes, &since).unwrap().unwrap();
        ranges(&all, "", Scheme::Generic).expression
    };
    assert_eq!(read(None), "< 2.8.2; >= 2.9.0, < 2.9.1", "one range for each train");
    for since in [brought.as_str(), &pr(3), "2.8.0"] {
        assert_eq!(read(Some(since)), ">= 2.8.0, < 2.8.2; >= 2.9.0, < 2.9.1", "{since}");
    }
    let e = r.survey().origin(&named(&pr(99))[0]).unwrap_err().to_string();
    assert!(e.contains("no branch of the clone"), "{e}");
}
