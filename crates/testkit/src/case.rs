//! Builders for configuration, mails, trackers and scenes, and strategies that put them together.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    case::{Case, Fact, Seen, Source},
    config::Config,
    mail::{Address, ContentDigest, Message, MessageKey, Unreadable},
    people::{Role, Roster},
    plan::{Actor, Fate, KnownBy, digest},
    rules::import::{
        propose::{InboxMessage, InboxThread, Scene, ToldFact},
        related::UpstreamChange,
    },
    tracker::{CloseReason, Comment, FieldRole, Headings, State, Tracker, TrackerKey, TrackerRef, new_body},
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::mails::{Kind, REPLIES, ROOTS, by_name, hostile};

/// The moment at which every test plans.
#[must_use]
pub fn now() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

/// The configuration of a desk with lists, a relay, two people, a board and a CVE tool; tracker numbers are secret.
#[must_use]
pub fn config() -> Config {
    serde_json::from_value(json!({
        "project": {"id": "lantern", "name": "Lantern", "short_name": "Lantern", "vendor": "Lantern Works",
            "security_policy_url": "https://lantern.example/security",
            "security_model": {"url": "https://lantern.example/model"}},
        "tracker": {"identifiers": "secret", "board": {"enabled": true, "archive_on_close": true}},
        "scope": [
            {"label": "server", "product": "Lantern", "package": "lantern", "paths": "^server/"},
            {"label": "cli", "product": "Lantern CLI", "package": "lantern-cli", "paths": "^cli/"}],
        "mail": {"mirror_senders": ["noreply@tracker.example"],
            "lists": {"security": "security@lantern.example", "private": "private@lantern.example",
                "foundation_security": "security@foundation.example"}},
        "forwarder": [{"name": "foundation", "senders": ["(?i)^security@foundation\\.example$"],
            "preamble": "(?is)dear\\s+maintainers.*has\\s+received\\s+the\\s+following\\s+vulnerability\\s+report",
            "require_both": true, "credit": "(?im)^Credit:[ \\t]*(\\S[^\\n]*)$"}],
        "forwarding": {"enabled": ["foundation"]},
        "cve": {"record_url": "https://cve.foundation.example/cve5/{cve_id}"},
        "roster": {"escalation": "ann", "duty": {"triager": "bea"}, "person": [
            {"handle": "ann", "names": ["Ann Archer"], "emails": ["ann@lantern.example"],
                "roles": ["triager", "governance"]},
            {"handle": "bea", "names": ["Bea Brook"], "emails": ["bea@lantern.example"],
                "roles": ["triager", "remediation"]}]},
    }))
    .unwrap()
}

/// The roster of [`config`].
#[must_use]
pub fn roster() -> Roster {
    Roster::from_config(&config())
}

/// A triager who says yes.
#[must_use]
pub fn actor() -> Actor {
    Actor {
        handle: "ann".into(),
        known_by: KnownBy::OsUser,
        roles: BTreeSet::from([Role::Triager]),
        stated: false,
    }
}

/// A decoded mail of that kind: `id` is its Message-ID, `hour` its age order from the start of the month.
#[must_use]
pub fn mail(kind: &Kind, id: &str, hour: i64) -> Message {
    let start: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
    let at = start + SignedDuration::from_hours(hour);
    let encrypted = kind.text.starts_with("-----BEGIN PGP");
    Message {
        key: MessageKey { id: id.into(), digest: ContentDigest::default() },
        from: Address::new(kind.from, kind.email),
        to: vec![Address::new("", "security@lantern.example")],
        subject: kind.subject.into(),
        text: kind.text.into(),
        date: Some(at),
        received: Some(at),
        automatic: matches!(kind.name, "absence" | "bounce"),
        unreadable: if encrypted {
            Some(Unreadable::PgpEncrypted)
        } else {
            kind.text.is_empty().then_some(Unreadable::NoText)
        },
        size: kind.text.len(),
        ..Message::default()
    }
    .sealed()
}

/// Give a message the digest of its content.
pub trait Sealed {
    /// The message with a digest that follows from everything else.
    #[must_use]
    fn sealed(self) -> Self;
}

impl Sealed for Message {
    fn sealed(mut self) -> Self {
        self.key.digest = ContentDigest::default();
        self.key.digest = ContentDigest(digest::of(&self));
        self
    }
}

/// An undecided message of an inbox.
#[must_use]
pub fn waiting(message: Message) -> InboxMessage {
    let source = format!("reports.mbox: {}", message.key);
    InboxMessage { message, fate: Fate::Waiting, source, clash: false }
}

/// A message with a fate.
#[must_use]
pub fn decided(message: Message, fate: Fate) -> InboxMessage {
    InboxMessage { fate, ..waiting(message) }
}

/// A tracker as the desk made it, with nothing said on it yet.
#[must_use]
pub fn case(number: u64, title: &str, description: &str) -> Case {
    let config = config();
    let created: Timestamp = "2026-02-01T08:00:00Z".parse().unwrap();
    let values = BTreeMap::from([
        (FieldRole::IssueDescription, description.to_owned()),
        (FieldRole::SecurityThread, "No public archive: private list".to_owned()),
        (FieldRole::Severity, "Unknown".to_owned()),
    ]);
    Case {
        tracker: Tracker {
            key: key(number),
            reference: TrackerRef { number, ..TrackerRef::default() },
            title: title.into(),
            body: new_body(&values, &Headings::new(&config)),
            labels: ["needs triage", "security issue"].map(String::from).into(),
            column: Some("Needs triage".into()),
            created,
            updated: created,
            ..Tracker::default()
        },
        received: created,
        reporter: Address::new("Quentin Blackwood", "quentin@secret.example"),
        revision: 1,
        ..Case::default()
    }
}

/// The key of the tracker of that number in [`case`].
#[must_use]
pub fn key(number: u64) -> TrackerKey {
    TrackerKey(format!("t-{number:016}"))
}

/// Fill a field of a tracker.
///
/// # Panics
/// When the field cannot be set.
#[must_use]
pub fn with_field(mut case: Case, role: FieldRole, value: &str) -> Case {
    let headings = Headings::new(&config());
    case.tracker.body = desk::tracker::set(&case.tracker.body, role, value, &headings).unwrap();
    case
}

/// The trackers a scene may hold: fresh; with a CVE; closed as invalid; nearly done.
#[must_use]
pub fn cases(n: usize) -> Vec<Case> {
    let cve = with_field(
        case(
            2,
            "Webhook: SSRF through redirects",
            "The webhook sender follows redirects (server/hooks/send.py).",
        ),
        FieldRole::CveToolLink,
        "https://cve.foundation.example/cve5/CVE-2026-30001",
    );
    let mut cve = Case { reporter: Address::new("Wanda Greyfield", "wanda@hidden.example"), ..cve };
    cve.tracker.labels = ["server", "cve allocated", "security issue"].map(String::from).into();
    let mut rejected = case(3, "Self-XSS in the console", "The console runs what one pastes into it.");
    rejected.tracker.state = State::Closed { reason: CloseReason::NotPlanned };
    rejected.tracker.labels = ["invalid", "security issue"].map(String::from).into();
    rejected.closed = Some("2026-02-20T08:00:00Z".parse().unwrap());
    rejected.tracker.comments = vec![Comment {
        id: "7".into(),
        author: "ann".into(),
        at: "2026-02-20T08:00:00Z".parse().unwrap(),
        body: "Not a vulnerability, see the security model.".into(),
    }];
    let mut shipped = with_field(
        case(4, "CLI: symlink attack on the cache", "cli/cache/open.go follows symbolic links."),
        FieldRole::CveToolLink,
        "https://cve.foundation.example/cve5/CVE-2026-30002",
    );
    shipped.tracker.labels =
        ["cli", "cve allocated", "fix released", "security issue"].map(String::from).into();
    let fresh =
        case(1, "Login: no limit on attempts", "Anyone may try passwords at /login as often as they like.");
    [fresh, cve, rejected, shipped].into_iter().take(n).collect()
}

/// What must never reach a reporter, a forwarder or the public from a scene over [`cases`]: ids of other trackers, their
/// reporters, the CVE tool, numbers of trackers, the private list.
pub const SECRETS: [&str; 10] = [
    "CVE-2026-30001",
    "CVE-2026-30002",
    "2026-30001",
    "Blackwood",
    "quentin@secret.example",
    "Greyfield",
    "wanda@hidden.example",
    "cve.foundation.example",
    "desk#",
    "private@lantern.example",
];

/// Thread of a scene before it is built.
#[derive(Clone, Debug)]
pub struct ThreadSpec {
    /// Its root.
    pub root: Kind,
    /// Its replies, in order of arrival.
    pub replies: Vec<Kind>,
    /// Words put into root and replies.
    pub hostile: Option<String>,
    /// Words put into the root's subject and the sender's name as well.
    pub hostile_headers: bool,
    /// Place of the tracker it belongs to; its root is then decided.
    pub tracked: Option<usize>,
}

/// A scene before it is built.
#[derive(Clone, Debug)]
pub struct SceneSpec {
    /// Its threads.
    pub threads: Vec<ThreadSpec>,
    /// How many of [`cases`] it holds.
    pub cases: usize,
    /// Was the first thread acknowledged before?
    pub told: bool,
    /// Is there a public change that mends the first root's flaw?
    pub changes: bool,
}

impl SceneSpec {
    /// A scene of single-message threads of these kinds, without trackers.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        let threads = names.iter().map(|n| ThreadSpec::new(n)).collect();
        Self { threads, cases: 0, told: false, changes: false }
    }

    /// Build it.
    #[must_use]
    pub fn build(&self) -> Scene {
        let mut cases = cases(self.cases);
        let threads: Vec<InboxThread> =
            self.threads.iter().enumerate().map(|(i, t)| t.build(i, &mut cases)).collect();
        let told = threads
            .first()
            .filter(|_| self.told)
            .map(|t| ToldFact {
                subject: "t-earlier".into(),
                event: "receipt".into(),
                thread: t.id.clone(),
                asked_credit: true,
            })
            .into_iter()
            .collect();
        Scene {
            threads,
            cases,
            told,
            changes: if self.changes { changes() } else { Fact::Absent(Source("none".into())) },
            earlier: Fact::Absent(Source("none".into())),
        }
    }
}

/// Two public changes, one of which mends the flaw of the kind `sqli`.
#[must_use]
pub fn changes() -> Fact<Vec<UpstreamChange>> {
    let change = |n: u8, title: &str, path: &str| UpstreamChange {
        url: format!("https://forge.example/lantern/commit/{n}"),
        sha: format!("{n:040}"),
        title: title.into(),
        paths: vec![path.into()],
        merged_at: Some("2026-02-27T08:00:00Z".parse().unwrap()),
        ..UpstreamChange::default()
    };
    Fact::Known(
        vec![
            change(1, "Escape the order parameter against SQL injection in search", "server/search/query.py"),
            change(2, "Translate the manual", "docs/manual.md"),
        ],
        Source("clone".into()),
        Seen { at: now(), version: "1".into() },
    )
}

impl ThreadSpec {
    /// A thread of one untouched mail.
    #[must_use]
    pub fn new(root: &str) -> Self {
        Self { root: by_name(root), replies: vec![], hostile: None, hostile_headers: false, tracked: None }
    }

    /// The same with these replies.
    #[must_use]
    pub fn replies(mut self, names: &[&str]) -> Self {
        self.replies = names.iter().map(|n| by_name(n)).collect();
        self
    }

    fn build(&self, place: usize, cases: &mut [Case]) -> InboxThread {
        let id = format!("{}-{place}@mail.example", self.root.name);
        let hour = i64::try_from(place).unwrap() * 7;
        let spoil = |m: &mut Message| {
            if let Some(words) = &self.hostile {
                m.text.push_str(&format!("\n{words}\n"));
                if self.hostile_headers {
                    let line = words.replace(['\n', '\r'], " ");
                    m.subject = format!("{} {line}", m.subject);
                    m.from.name = format!("{} {line}", m.from.name);
                }
            }
        };
        let mut root = mail(&self.root, &id, hour);
        spoil(&mut root);
        let root = root.sealed();
        let case = self.tracked.and_then(|n| cases.get_mut(n));
        let tracker = case.as_ref().map(|c| c.tracker.key.clone());
        let first = if let Some(case) = case {
            case.thread.clone_from(&id);
            case.tracker.message_ids.push(id.clone());
            case.reporter = root.from.clone();
            decided(root, Fate::Tracker { tracker: case.tracker.key.clone() })
        } else {
            waiting(root)
        };
        let mut messages = vec![first];
        for (n, kind) in self.replies.iter().enumerate() {
            let mut m = mail(
                kind,
                &format!("{}-{place}-{n}@mail.example", kind.name),
                hour + 1 + i64::try_from(n).unwrap(),
            );
            m.in_reply_to = vec![id.clone()];
            m.references = vec![id.clone()];
            spoil(&mut m);
            messages.push(waiting(m.sealed()));
        }
        InboxThread { id, tracker, messages }
    }
}

/// Scenes of up to four threads over up to four trackers. `hostile_mail` puts hostile words into some of them.
pub fn scenes(hostile_mail: bool) -> impl Strategy<Value = SceneSpec> {
    let words =
        if hostile_mail { prop::option::weighted(0.7, hostile()).boxed() } else { Just(None).boxed() };
    let thread = (
        prop::sample::select(&ROOTS[..]),
        prop::collection::vec(prop::sample::select(&REPLIES[..]), 0..3),
        words,
        any::<bool>(),
        prop::option::weighted(0.25, 0..4usize),
    )
        .prop_map(|(root, replies, hostile, hostile_headers, tracked)| ThreadSpec {
            root,
            replies,
            hostile,
            hostile_headers,
            tracked,
        });
    (prop::collection::vec(thread, 1..5), 0..5usize, any::<bool>(), any::<bool>()).prop_map(
        |(mut threads, cases, told, changes)| {
            // A tracker has one thread; a tracked thread without a new message is not in an inbox.
            let mut taken = BTreeSet::new();
            for t in &mut threads {
                let free = t.tracked.filter(|n| *n < cases && !t.replies.is_empty() && taken.insert(*n));
                t.tracked = free;
            }
            SceneSpec { threads, cases, told, changes }
        },
    )
}
