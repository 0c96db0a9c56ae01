//! What is observed about trackers besides the trackers themselves (sync page §2), from the sources an embedded desk has:
//! its own records, messages and ledger; a clone of the public code; local archives of public lists; a local copy of the
//! CVE list. One source that is down makes its facts unknown, says why, and keeps nothing else from being looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use connect::{
    archive::mbox::ListArchive,
    cvelist,
    mailbox::MailboxError,
    net::Fault,
    registry::Registry,
    upstream::{
        fix::{self, Found},
        survey::{Lines, Survey, SurveyError},
        tags::Wanted,
    },
};
use desk::{
    case::{
        Artifact, Case, CreditWish, Fact, ListMail, Listed, ListedState, MailThread, Milestone, PendingDraft,
        RecordStage, RecordWith, ReviewNote, Routing, Seen, Source, ToldRow,
    },
    config::{ArchiveKind, CveTool, Propagation},
    cve::authority::AuthorityError,
    mail::{self, Message},
    plan::Fate,
    rules::{
        extract::{self, CreditOrigin},
        import::propose,
        sync::{Ground, View, split, target},
    },
    tracker::{self, FieldRole, LabelRole, ThreadKind, thread_ref},
};
use jiff::{SignedDuration, Timestamp};
use store::{LedgerRow, StoreError};

use super::{error::Result, pulls, services, session::Session};

/// Messages of one thread that are read; the newest ones, and always the root.
const THREAD: usize = 200;
/// Message-IDs of a thread that a reply refers to, besides its root.
const REFERENCES: usize = 30;
/// Mails that are looked at for comments on one record.
const REVIEWS: usize = 100;
/// How long ago a comment on a record may have been made (sync page §2, S9).
const REVIEWED_WITHIN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Days before the oldest report in which its fix may have been merged already.
const BEFORE_DAYS: i64 = 2 * 365;
/// Days after its close in which a tracker's record is looked for on the public list (sync page §13).
const LISTED_DAYS: i64 = 90;

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The desk's own rows: records, milestones, who was told.
    Desk,
    /// The reporter's thread and the drafts, too.
    Mail,
    /// Everything: clone, archives, CVE list.
    World,
}

/// Fill what was observed. Returns what could not be looked at, each source once, in words.
///
/// # Errors
/// Only when the desk itself cannot be read.
pub fn gather(session: &Session, cases: &mut [Case], reach: Reach) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    let outside = if reach == Reach::World { Outside::of(session, cases) } else { Outside::default() };
    // The archives are files of their own, so they are read beside everything else.
    std::thread::scope(|scope| -> Result<()> {
        let now = session.now();
        let users = outside.users.as_ref().map(|(a, ids)| scope.spawn(move || a.mentions(ids, now)));
        let dev = outside.dev.as_ref().map(|a| scope.spawn(move || a.votes(now)));
        own(session, cases)?;
        listed(session, cases, reach, &mut notes);
        if reach != Reach::Desk {
            correspondence(session, cases)?;
            for case in cases.iter_mut().filter(|c| c.tracker.state.is_open()) {
                case.observed.reviews = reviews(session, case)?;
            }
        }
        if reach == Reach::World {
            records(session, cases, &mut notes)?;
            code(session, cases, &mut notes);
            let archive = |path: &str| format!("archive {path}");
            let gone = || MailboxError::Taker("the reader of an archive ended early".into());
            if let Some(users) = users {
                let found = users.join().unwrap_or_else(|_| Err(gone())).map_err(|e| e.to_string());
                advisories(session, cases, found, &archive(&session.config().archive.path), &mut notes);
            } else {
                asked_lists(session, cases, &mut notes);
            }
            if let Some(dev) = dev {
                let found = dev.join().unwrap_or_else(|_| Err(gone())).map_err(|e| e.to_string());
                votes(session, cases, found, &archive(&session.config().archive.dev_path), &mut notes);
            }
        }
        Ok(())
    })?;
    Ok(notes)
}

/// A tracker of that name with everything that was observed about it.
///
/// # Errors
/// When it is not there, or the desk cannot be read.
pub fn tracker(session: &Session, name: &str) -> Result<Case> {
    let mut case = super::by_hand::tracker(session, name)?;
    gather(session, std::slice::from_mut(&mut case), Reach::World)?;
    Ok(case)
}

/// The archives to read.
#[derive(Default)]
struct Outside {
    users: Option<(ListArchive, BTreeSet<String>)>,
    dev: Option<ListArchive>,
}

impl Outside {
    fn of(session: &Session, cases: &[Case]) -> Self {
        let a = &session.config().archive;
        if a.kind != ArchiveKind::Mbox {
            return Self::default();
        }
        let lists = &session.config().mail.lists;
        let at = |path: &str, list: &str| ListArchive::new(&session.base.join(path), &a.thread_url, list);
        let users = (!a.path.is_empty()).then(|| {
            let ids = cases.iter().filter_map(|c| cve(session, c)).collect();
            (at(&a.path, &lists.users), ids)
        });
        Self { users, dev: (!a.dev_path.is_empty()).then(|| at(&a.dev_path, &lists.dev)) }
    }
}

pub(super) fn cve(session: &Session, case: &Case) -> Option<String> {
    let fields = tracker::parse(&case.tracker.body, &session.headings);
    extract::cve_ids(fields.get(FieldRole::CveToolLink)?).into_iter().next()
}

fn known<T>(session: &Session, value: T, source: impl Into<String>) -> Fact<T> {
    Fact::Known(value, Source(source.into()), Seen { at: session.now(), version: String::new() })
}

/// Records, milestones and the ledger.
fn own(session: &Session, cases: &mut [Case]) -> Result<()> {
    let milestones: Vec<Milestone> = session.desk.milestones(session.labels.name(LabelRole::Announced))?;
    let ledger = session.desk.ledger(None)?;
    let mut by_subject: BTreeMap<&str, Vec<&LedgerRow>> = BTreeMap::new();
    let mut by_thread: BTreeMap<&str, Vec<&LedgerRow>> = BTreeMap::new();
    for row in &ledger {
        by_subject.entry(&row.subject).or_default().push(row);
        by_thread.entry(&row.thread).or_default().push(row);
    }
    for case in cases {
        case.observed.milestones = known(session, milestones.clone(), "desk");
        let mine = by_subject.get(case.tracker.key.0.as_str()).into_iter().flatten();
        let theirs =
            by_thread.get(case.thread.as_str()).filter(|_| !case.thread.is_empty()).into_iter().flatten();
        let theirs = theirs.filter(|r| r.subject != case.tracker.key.0);
        case.observed.told = mine
            .chain(theirs)
            .map(|r| ToldRow {
                event: r.event.clone(),
                artifact: r.artifact.clone(),
                state: r.state.clone(),
                asked_credit: r.asked_credit && r.state != "discarded",
                at: r.at.parse().ok(),
            })
            .collect();
        if let Some(cve) = cve(session, case) {
            case.observed.attached = Some(match desk::rules::sync::record::place(session.config()) {
                // The team's copy counts, which another desk may have made.
                Some(place) => {
                    desk::cve::kept(&case.tracker, &cve, place, &session.headings, &session.roster)
                }
                None => session.desk.attached_record(&cve)?.unwrap_or_default(),
            });
            case.observed.record_with = kept_with(session, case, &cve)?;
            // Another tool's state is that tool's to say; the copy kept here proves nothing about it.
            if session.config().cve.tool == CveTool::Desk {
                case.observed.record = match session.desk.cve_record(&cve) {
                    Ok(Some(r)) => {
                        let seen = Seen { at: session.now(), version: r.version.clone() };
                        Fact::Known(r, Source("desk".into()), seen)
                    }
                    Ok(None) => Fact::Absent(Source("desk".into())),
                    // One row that cannot be read takes no other tracker with it, and is not taken for no record.
                    Err(e @ StoreError::Corrupt { .. }) => Fact::Unknown(e.to_string()),
                    Err(e) => return Err(e.into()),
                };
            }
        }
    }
    Ok(())
}

/// The other tracker that keeps the record of that id, and whether the two are parts of one report.
fn kept_with(session: &Session, case: &Case, cve: &str) -> Result<Option<RecordWith>> {
    let Some(key) = session.desk.record_owner(cve)?.filter(|k| *k != case.tracker.key) else {
        return Ok(None);
    };
    let Some(other) = session.desk.case(&key)? else { return Ok(None) };
    let from = |part: &Case, whole: &Case| {
        let words = split::from(&whole.tracker.reference.to_string());
        let says = |c: &tracker::Comment| c.body.starts_with(&words) && tracker::by_team(c, &session.roster);
        part.tracker.comments.iter().any(says)
    };
    let split = from(case, &other) || from(&other, case);
    Ok(Some(RecordWith { tracker: other.tracker.reference.to_string(), split }))
}

/// The records at an authority on the network: one request for each open tracker that has an id. When it does not let us in
/// or does not answer, it is not asked again in this run.
fn records(session: &Session, cases: &mut [Case], notes: &mut Vec<String>) -> Result<()> {
    let authority = match session.authority() {
        Ok(None) => return Ok(()),
        Ok(Some(a)) => Ok(a),
        Err(why) => Err(why),
    };
    let mut down: Option<String> = authority.as_ref().err().cloned();
    notes.extend(down.clone());
    // A closed tracker's record is looked at when somebody asks about that tracker.
    let one = cases.len() == 1;
    for case in cases.iter_mut().filter(|c| one || c.tracker.state.is_open()) {
        let Some(cve) = cve(session, case) else { continue };
        let (Ok(a), None) = (&authority, &down) else {
            case.observed.record = Fact::Unknown(down.clone().unwrap_or_default());
            continue;
        };
        case.observed.record = match a.fetch(&cve) {
            Ok(Some(mut r)) => {
                r.base = session.desk.cve_record(&cve)?.and_then(|kept| kept.base);
                let seen = Seen { at: session.now(), version: r.version.clone() };
                Fact::Known(r, Source(a.name()), seen)
            }
            Ok(None) => Fact::Absent(Source(a.name())),
            Err(e) => {
                let why = e.to_string();
                notes.push(why.clone());
                if matches!(e, AuthorityError::Expired { .. } | AuthorityError::Unreachable { .. }) {
                    down = Some(why.clone());
                }
                Fact::Unknown(why)
            }
        };
    }
    Ok(())
}

/// The reporters' threads and the drafts that wait on them.
fn correspondence(session: &Session, cases: &mut [Case]) -> Result<()> {
    let ledger: BTreeMap<String, LedgerRow> =
        session.desk.ledger(None)?.into_iter().map(|r| (r.message_id.clone(), r)).collect();
    let settled = |id: &str| ledger.get(id).is_some_and(|r| matches!(r.state.as_str(), "sent" | "discarded"));
    let all = session.drafts.drafts().map_err(|e| e.to_string()).map(|found| {
        let drafts = found.into_iter().map(|d| mail::parse_headers(&d.bytes, Timestamp::MAX));
        drafts.filter(|m| !settled(&m.key.id)).collect::<Vec<Message>>()
    });
    for case in cases {
        case.observed.thread = thread(session, case)?;
        case.observed.drafts = match &all {
            Err(why) => Fact::Unknown(why.clone()),
            Ok(drafts) => {
                let ours = |id: &String| *id == case.thread || case.tracker.message_ids.contains(id);
                // On the reporter's thread, or written for this tracker and addressed to somebody else.
                let on = drafts.iter().filter_map(|m| {
                    let written = ledger.get(&m.key.id);
                    let theirs = m.references.iter().chain(&m.in_reply_to).any(ours);
                    let about = written.is_some_and(|r| r.subject == case.tracker.key.0);
                    (theirs || about).then(|| PendingDraft {
                        id: m.key.id.clone(),
                        event: written.map(|r| r.event.clone()).unwrap_or_default(),
                        thread: if theirs { case.thread.clone() } else { String::new() },
                    })
                });
                known(session, on.collect(), session.drafts.name())
            }
        };
    }
    Ok(())
}

/// The reporter's thread as the desk holds it (S5, S6).
fn thread(session: &Session, case: &Case) -> Result<Fact<MailThread>> {
    let fields = tracker::parse(&case.tracker.body, &session.headings);
    let origin = thread_ref(fields.get(FieldRole::SecurityThread).unwrap_or_default()).kind;
    if case.thread.is_empty() {
        return Ok(Fact::Absent(Source("the tracker came without mail".into())));
    }
    let mut stored = session.desk.thread(&case.thread)?;
    stored.retain(|s| !matches!(s.fate, Fate::Copy { .. }));
    if stored.is_empty() {
        return Ok(Fact::Unknown(format!("the desk holds no message of the thread <{}>", case.thread)));
    }
    // The root first, then the newest; what lies between them in a very long thread changes nothing.
    if let Some(at) = stored.iter().position(|s| s.key.id == case.thread) {
        let root = stored.remove(at);
        stored.insert(0, root);
    }
    let skip = stored.len().saturating_sub(THREAD);
    let messages: Vec<Message> = stored
        .iter()
        .enumerate()
        .filter(|(i, _)| *i == 0 || *i > skip)
        .map(|(_, s)| mail::parse(&s.raw, session.now()))
        .collect();
    let Some(root) = messages.first() else { return Ok(Fact::Absent(Source("desk".into()))) };
    let page = stored.first().and_then(|s| mail::page_of_place(&s.source)).unwrap_or_default().to_owned();
    let team = |m: &Message| {
        session.roster.is_team(&m.from.email, m.arrived())
            || m.from.is(&session.config().mail.lists.security)
            || m.from.is(&session.config().user.email)
    };
    let people: Vec<&Message> = messages.iter().filter(|m| !m.automatic).collect();
    let last = people.last().copied().unwrap_or(root);
    let routing = match (case.via_forwarder, origin) {
        (true, _) => Routing::ViaForwarder,
        (false, ThreadKind::PullRequest) => Routing::FromPr,
        (false, ThreadKind::Import) => Routing::Nobody,
        _ => Routing::Direct,
    };
    let contact = if case.reporter.email.is_empty() {
        propose::contact(root, &page, session.config(), &session.roster).map(|(a, _)| a).unwrap_or_default()
    } else {
        case.reporter.clone()
    };
    let theirs: Vec<&Message> = people.iter().copied().filter(|m| !team(m)).collect();
    let asked_on_thread =
        people.iter().filter(|m| team(m)).any(|m| extract::asks_credit(&mail::own_words(&m.text)));
    let ids = messages.iter().map(|m| &m.key.id).filter(|id| !id.is_empty());
    let mut references: Vec<String> = ids.cloned().collect();
    let long = references.len().saturating_sub(REFERENCES);
    references =
        references.into_iter().enumerate().filter(|(i, _)| *i == 0 || *i >= long).map(|(_, id)| id).collect();
    let observed = theirs.first().map(|m| extract::observed(&m.subject, &m.text)).unwrap_or_default();
    let observed = [("severity", observed.severity), ("CVSS", observed.cvss), ("CWE", observed.cwe)];
    let newest = stored.last().map(|s| s.key.digest.0.clone()).unwrap_or_default();
    let fact = MailThread {
        root: case.thread.clone(),
        subject: root.subject.clone(),
        last: last.key.id.clone(),
        references,
        contact,
        page,
        routing,
        credit_asked: asked_on_thread || case.observed.told.iter().any(|r| r.asked_credit),
        credit: theirs.iter().rev().find_map(|m| wish(m, case.via_forwarder)),
        // A letter of ours that was sent since is an answer, whether the list has its copy or not.
        awaits_us: !team(last)
            && !case.observed.told.iter().any(|r| r.state == "sent" && r.at > last.arrived()),
        last_at: last.arrived(),
        ghsa: messages.iter().rev().find_map(forge_state).unwrap_or_default(),
        observed: observed.into_iter().filter_map(|(k, v)| Some(format!("{k} {}", v?))).collect(),
    };
    let seen = Seen { at: session.now(), version: newest };
    Ok(Fact::Known(fact, Source(format!("thread <{}>", case.thread)), seen))
}

/// What reviewers of the record wrote, on a list or by way of the CVE tool: mail whose subject names the CVE (S9). A thread in
/// which somebody of the team wrote later is answered.
fn reviews(session: &Session, case: &Case) -> Result<Fact<Vec<ReviewNote>>> {
    let Some(id) = cve(session, case) else { return Ok(Fact::unasked()) };
    let since = session.now().checked_sub(REVIEWED_WITHIN).unwrap_or(Timestamp::UNIX_EPOCH);
    let team = |m: &Message| {
        session.roster.is_team(&m.from.email, m.arrived()) || m.from.is(&session.config().user.email)
    };
    let mut out = Vec::new();
    for (key, subject) in session.desk.search(&id, REVIEWS)? {
        let upper = subject.to_uppercase();
        let other = ["[VOTE]", "[RESULT]", "[ANNOUNCE]"].iter().any(|tag| upper.contains(tag));
        if other || extract::cve_ids(&subject) != [id.clone()] {
            continue;
        }
        let Some(stored) = session.desk.message(&key.digest.0)? else { continue };
        let m = mail::parse(&stored.raw, session.now());
        let mirror = session.config().mail.mirror_senders.iter().any(|s| m.from.is(s));
        let reporter = m.from.is(&case.reporter.email) || stored.thread == case.thread;
        let old = m.arrived().is_none_or(|at| at < since);
        // The tool's own news is no comment; a mail that announces one carries it.
        let news = stored.fate == Fate::Bookkeeping && !upper.contains("COMMENT");
        if team(&m)
            || mirror
            || reporter
            || old
            || news
            || matches!(stored.fate, Fate::Copy { .. } | Fate::Spam)
        {
            continue;
        }
        let thread = session.desk.thread(&stored.thread)?;
        let later = thread.iter().map(|s| mail::parse(&s.raw, session.now()));
        let resolved = later.filter(&team).any(|r| r.arrived() > m.arrived());
        let text = mail::own_words(&m.text);
        out.push(ReviewNote { id: m.key.id.clone(), from: m.from.clone(), text, resolved });
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(known(session, out, "the desk's mail"))
}

/// What a forge's notice says became of its own advisory; a person's mail says nothing about it.
fn forge_state(m: &Message) -> Option<String> {
    let words = m.subject.to_lowercase() + "\n" + &m.text.to_lowercase();
    if !m.automatic || !words.contains("ghsa-") {
        return None;
    }
    ["reopened", "rejected", "dismissed", "withdrawn", "closed", "accepted", "published"]
        .into_iter()
        .find(|w| {
            let near = |line: &str| {
                line.contains(w)
                    && (line.contains("advisory") || line.contains("ghsa-") || line.contains("report"))
            };
            words.lines().any(near)
        })
        .map(str::to_owned)
}

/// What a message states about credit; a display name or a signature states nothing.
fn wish(m: &Message, relayed: bool) -> Option<CreditWish> {
    let own = Message { text: mail::own_words(&m.text), ..m.clone() };
    let found = extract::from_message(&own, relayed);
    if found.origin != CreditOrigin::Explicit {
        return None;
    }
    let anonymous = found.credits.iter().all(|c| c.name == extract::credit::ANONYMOUS);
    let names: Vec<&str> = found.credits.iter().map(|c| c.name.as_str()).collect();
    Some(CreditWish {
        name: if anonymous { String::new() } else { names.join("\n") },
        anonymous,
        source: format!("message {}", m.key),
    })
}

/// The branches that are released from.
pub(super) fn lines_of(session: &Session) -> Lines {
    let config = session.config();
    let trains = config.releases.train.iter().filter(|t| !t.retired).map(|t| t.branch.clone());
    let backports = config.upstream.backport_labels.iter().map(|b| b.branch.clone());
    Lines {
        repo: config.upstream.repo.clone(),
        default: config.upstream.default_branch.clone(),
        trains: trains.chain(backports).filter(|b| !b.is_empty()).collect(),
        fork: config.user.fork_remote.clone(),
    }
}

/// Names of the project that may stand before the version in a tag.
pub(super) fn project_names(session: &Session, view: &View<'_>) -> Vec<String> {
    let project = &session.config().project;
    let repo = session.config().upstream.repo.rsplit('/').next().unwrap_or_default().to_owned();
    let product = view.scope().map(|s| s.product.clone()).unwrap_or_default();
    let names = [project.id.clone(), project.name.clone(), project.short_name.clone(), repo, product];
    names.into_iter().filter(|n| !n.is_empty()).collect()
}

/// Fixes and releases, from GitHub and a clone of the public code, as far as there are such.
fn code(session: &Session, cases: &mut [Case], notes: &mut Vec<String>) {
    let config = session.config();
    let named = |c: &Case| -> Vec<fix::Named> {
        let fields = tracker::parse(&c.tracker.body, &session.headings);
        fix::named(fields.get(FieldRole::PrWithFix).unwrap_or_default())
    };
    for case in cases.iter_mut().filter(|c| c.tracker.state.is_open() && named(c).is_empty()) {
        let fields = tracker::parse(&case.tracker.body, &session.headings);
        if let Some(text) = fields.get(FieldRole::PrWithFix).filter(|t| !t.trim().is_empty()) {
            let text = mail::one_line(text, 60);
            let said = format!("pr_with_fix says `{text}`, which names no pull request, branch or commit");
            case.observed.failures.push(said);
        }
    }
    let asks: Vec<(usize, Vec<fix::Named>)> = cases
        .iter()
        .enumerate()
        .filter(|(_, c)| c.tracker.state.is_open())
        .map(|(i, c)| (i, named(c)))
        .filter(|(_, n)| !n.is_empty())
        .collect();
    if asks.is_empty() {
        return;
    }
    let told = pulls::ask(session, asks.iter().flat_map(|(_, n)| n), notes);
    let dir = session.setting.cwd.join(&config.user.upstream_clone);
    let survey = (!config.user.upstream_clone.is_empty()).then(|| {
        let oldest = cases.iter().map(|c| c.received).min().unwrap_or_default();
        let before = SignedDuration::from_hours(24 * BEFORE_DAYS);
        let since = oldest.checked_sub(before).unwrap_or(Timestamp::UNIX_EPOCH);
        Survey::open(&dir, &lines_of(session), since).map_err(|e| e.to_string())
    });
    if let Some(Err(why)) = &survey {
        notes.push(why.clone());
    }
    let (mut survey, broken) = match survey {
        Some(Ok(s)) => (Some(s), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let mut sources: Vec<String> = told.iter().map(pulls::Told::source).collect();
    if survey.is_some() {
        sources.push(format!("clone {}", dir.display()));
    }
    let source = sources.join(", ");
    let ground = session.ground();
    // Asked only where there is no clone, and a fix is merged.
    let mut remote = None;
    for (i, names) in asks {
        // Without a clone there is somebody to ask about pull requests only; nobody was asked about the others.
        let pull = names.iter().any(|n| matches!(n, fix::Named::Pull { .. }));
        let asked = survey.is_some() || broken.is_some() || told.is_some() && pull;
        let Some(case) = cases.get_mut(i).filter(|_| asked) else { continue };
        if let Some(why) = &broken {
            case.observed.artifacts = Fact::Unknown(why.clone());
        }
        let mut found: Vec<Found> = Vec::new();
        let mut failed = None;
        for n in &names {
            let clone = match (&mut survey, &broken) {
                (Some(s), _) => pulls::Clone::Read(s),
                (None, Some(why)) => pulls::Clone::Broken(why),
                (None, None) => pulls::Clone::None,
            };
            match pulls::fix(session, n, told.as_ref(), clone, case.received, notes) {
                Ok(f) => found.push(f),
                Err(why) => failed = failed.or(Some(why)),
            }
        }
        if let Some(why) = failed {
            // What is wrong with the whole source was said once.
            if !notes.contains(&why) {
                case.observed.failures.push(format!("a fix could not be looked up: {why}"));
            }
            case.observed.pulls = Fact::Unknown(why);
            continue;
        }
        let pulls = found.iter().flat_map(|f| {
            let ours = session.roster.by_email(&f.email).map(|p| p.handle.clone());
            f.pulls.iter().cloned().map(move |mut p| {
                if let Some(handle) = &ours {
                    p.author.clone_from(handle);
                }
                p
            })
        });
        case.observed.pulls = known(session, pulls.collect(), source.clone());
        if let Some(survey) = &mut survey {
            let tags = |w: &Wanted, f: &[Found]| {
                survey.artifacts(w, f).map_err(|e| SurveyError::from(e).to_string())
            };
            artifacts(session, case, tags, &found, ground, &source);
        } else if let Some(told) = told.as_ref().filter(|_| broken.is_none()) {
            let remote = remote.get_or_insert_with(|| pulls::remote(session));
            let tags = |w: &Wanted, f: &[Found]| match remote {
                Ok(Some(r)) => r.artifacts(w, f).map_err(|e| format!("the releases of {}: {e}", told.repo())),
                Ok(None) => Err("nobody may ask GitHub about releases".to_owned()),
                Err(why) => Err(why.clone()),
            };
            artifacts(session, case, tags, &found, ground, &source);
        }
    }
    if let Some(Ok(Some(remote))) = &remote
        && let Err(why) = pulls::keep(session, remote)
    {
        notes.push(format!("what tags hold is asked again next time: {why}"));
    }
    if let Some(survey) = &mut survey {
        notes.append(&mut survey.notes);
    }
}

/// Is the fix released? Asked once every fix is merged (S10).
fn artifacts(
    session: &Session,
    case: &mut Case,
    tags: impl FnOnce(&Wanted, &[Found]) -> std::result::Result<Vec<Artifact>, String>,
    found: &[Found],
    ground: Ground<'_>,
    source: &str,
) {
    let config = session.config();
    let view = View::new(case, ground);
    if !view.merged() {
        return;
    }
    let Some(target) = target::of(&view) else { return };
    let remote: Vec<Registry> =
        config.releases.registries.iter().filter_map(|r| Registry::named(r)).collect();
    let wanted = Wanted {
        version: target.version.clone(),
        packages: target.packages.clone(),
        branch: target.branch.clone(),
        project: project_names(session, &view),
    };
    let found = match tags(&wanted, found) {
        Ok(tags) if remote.is_empty() => Ok((tags, source.to_owned())),
        Ok(tags) => {
            let ecosystem = view.scope().map(|s| s.collection_url.clone()).unwrap_or_default();
            let names: Vec<&str> = remote.iter().map(|r| r.name()).collect();
            let all = services::published(session, &remote, &ecosystem, &target, &tags);
            all.map(|all| (all, format!("{}, {source}", names.join(", "))))
        }
        Err(why) => Err(why),
    };
    case.observed.artifacts = match found {
        Ok((all, source)) => known(session, all, source),
        Err(why) => Fact::Unknown(why),
    };
}

type Mentions = std::result::Result<BTreeMap<String, Vec<ListMail>>, String>;

fn advisories(session: &Session, cases: &mut [Case], found: Mentions, source: &str, notes: &mut Vec<String>) {
    if let Err(why) = &found {
        notes.push(why.clone());
    }
    for case in cases {
        let Some(cve) = cve(session, case) else { continue };
        case.observed.advisories = match &found {
            Err(why) => Fact::Unknown(why.clone()),
            Ok(by_cve) => match by_cve.get(&cve) {
                Some(mails) => known(session, mails.clone(), source),
                None => Fact::Absent(Source(source.into())),
            },
        };
    }
}

/// The archive of the lists, where it is a service. One that cannot be asked is unknown, and never empty.
fn asked_lists(session: &Session, cases: &mut [Case], notes: &mut Vec<String>) {
    let asked = super::services::lists(session, cases);
    if let Some(found) = asked.mentions {
        advisories(session, cases, found, &asked.source, notes);
    }
    if let Some(found) = asked.votes {
        votes(session, cases, found, &asked.source, notes);
    }
}

type Votes = std::result::Result<Vec<ListMail>, String>;

fn votes(session: &Session, cases: &mut [Case], found: Votes, source: &str, notes: &mut Vec<String>) {
    match found {
        Ok(mails) => {
            for case in cases.iter_mut().filter(|c| c.tracker.state.is_open()) {
                case.observed.votes = known(session, mails.clone(), source);
            }
        }
        Err(why) => {
            for case in cases {
                case.observed.votes = Fact::Unknown(why.clone());
            }
            notes.push(why);
        }
    }
}

/// What the public CVE list shows (S14). One small file per tracker: it is looked up wherever trackers are shown.
/// The list's own service is asked only when everything is, and only about trackers it can still matter for.
fn listed(session: &Session, cases: &mut [Case], reach: Reach, notes: &mut Vec<String>) {
    let config = &session.config().cve;
    let path: Option<PathBuf> = (!config.list_path.is_empty()).then(|| session.base.join(&config.list_path));
    let mut failed = BTreeSet::new();
    let net = (path.is_none() && reach == Reach::World && !config.list_url.is_empty())
        .then(|| super::authority::list(session));
    let since = session.now().checked_sub(SignedDuration::from_hours(24 * LISTED_DAYS)).unwrap_or_default();
    let recent = |c: &Case| c.tracker.state.is_open() || c.closed.is_none_or(|at| at > since);
    let mut told = BTreeMap::new();
    if let Some(net) = &net {
        let ids: BTreeSet<String> =
            cases.iter().filter(|c| recent(c)).filter_map(|c| cve(session, c)).collect();
        told = ask_list(session, net, &ids.into_iter().collect::<Vec<_>>());
    }
    for case in cases {
        let Some(cve) = cve(session, case) else { continue };
        if let Some(said) = told.get(&cve).filter(|_| recent(case)) {
            failed.extend(said.failure().map(str::to_owned));
            case.observed.listed = said.clone();
            continue;
        }
        let own = case.observed.record.known().map(|r| r.state);
        case.observed.listed = match &path {
            Some(list) => look_up(session, list, &cve, &mut failed),
            // Where publication is a person's word, the record they published is that word.
            None if config.tool == CveTool::Desk
                && config.propagation == Propagation::Manual
                && own == Some(RecordStage::Public) =>
            {
                let it = Listed { state: ListedState::Published, ..Listed::default() };
                known(session, it, "the desk's record, published by hand")
            }
            None => Fact::unasked(),
        };
    }
    notes.extend(failed);
}

type Net = std::result::Result<cvelist::NetList, String>;

/// How many ids are asked about at once.
const AT_ONCE: usize = 4;

/// What the list's service says about these ids. A few are asked at once; when it cannot be reached the others are not
/// waited for.
fn ask_list(session: &Session, net: &Net, ids: &[String]) -> BTreeMap<String, Fact<Listed>> {
    let list = match net {
        Ok(list) => list,
        Err(why) => return ids.iter().map(|id| (id.clone(), Fact::Unknown(why.clone()))).collect(),
    };
    let down: OnceLock<String> = OnceLock::new();
    let one = |id: &String| {
        let said = match down.get() {
            Some(why) => Err(why.clone()),
            None => list.look_up(id).map_err(|e| {
                if matches!(e, Fault::NotSent { .. } | Fault::NoAnswer { .. } | Fault::Throttled { .. }) {
                    down.get_or_init(|| e.to_string());
                }
                e.to_string()
            }),
        };
        (id.clone(), said)
    };
    let one = &one;
    let share = ids.len().div_ceil(AT_ONCE).max(1);
    let asked: Vec<(String, std::result::Result<Option<Listed>, String>)> = std::thread::scope(|s| {
        let hands: Vec<_> =
            ids.chunks(share).map(|ids| s.spawn(move || ids.iter().map(one).collect::<Vec<_>>())).collect();
        // A thread that died said nothing: its ids stay unknown.
        hands.into_iter().flat_map(|h| h.join().unwrap_or_default()).collect()
    });
    let mut out: BTreeMap<String, Fact<Listed>> =
        ids.iter().map(|id| (id.clone(), Fact::Unknown("the list was not asked".into()))).collect();
    for (id, said) in asked {
        let fact = match said {
            Ok(Some(found)) => known(session, found, list.host()),
            Ok(None) => Fact::Absent(Source(list.host().to_owned())),
            Err(why) => Fact::Unknown(why),
        };
        out.insert(id, fact);
    }
    out
}

fn look_up(session: &Session, list: &Path, cve: &str, failed: &mut BTreeSet<String>) -> Fact<Listed> {
    let source = format!("CVE list {}", list.display());
    match cvelist::look_up(list, cve) {
        Ok(Some(found)) => known(session, found, source),
        Ok(None) => Fact::Absent(Source(source)),
        Err(e) => {
            failed.insert(e.to_string());
            Fact::Unknown(e.to_string())
        }
    }
}

/// A fact in one line: what it is about, what it says, who said so and when.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FactLine {
    /// What it is about.
    pub fact: &'static str,
    /// What it says; why it is unknown.
    pub says: String,
    /// Who said so; empty when nobody could.
    pub source: String,
    /// When; empty when nobody could.
    pub seen: String,
}

/// The facts about a tracker that somebody looked at.
#[must_use]
pub fn lines(case: &Case) -> Vec<FactLine> {
    let o = &case.observed;
    let mut out = Vec::new();
    line(&mut out, "fix", &o.pulls, |all| {
        let say = |p: &desk::case::PullRequest| {
            let on = if p.branch.is_empty() { String::new() } else { format!(" on {}", p.branch) };
            let at = p.merged_at.map(|t| format!(" {t}")).unwrap_or_default();
            format!("{} {}{on}{at}", p.url, word(&p.state))
        };
        all.iter().map(say).collect::<Vec<_>>().join("; ")
    });
    line(&mut out, "release", &o.artifacts, |all| {
        let say = |a: &desk::case::Artifact| {
            let fix = match a.has_fix {
                Some(true) => ", with the fix",
                Some(false) => ", without the fix",
                None => "",
            };
            let why = if a.reason.is_empty() { String::new() } else { format!(" ({})", a.reason) };
            format!("{} {} {}{fix}{why}", a.package, a.version, word(&a.state)).trim().to_owned()
        };
        all.iter().map(say).collect::<Vec<_>>().join("; ")
    });
    line(&mut out, "record", &o.record, |r| format!("{}, version {}", r.state.as_str(), r.version));
    line(&mut out, "advisory", &o.advisories, |all| {
        let say = |m: &ListMail| format!("\"{}\" by {} {}", m.subject, m.from, m.url);
        all.iter().map(say).collect::<Vec<_>>().join("; ")
    });
    line(&mut out, "vote", &o.votes, |all| format!("{} mails about votes", all.len()));
    line(&mut out, "cve.org", &o.listed, |l| {
        let at = l.published.map(|t| format!(" {t}")).unwrap_or_default();
        format!("{}{at}", word(&l.state))
    });
    line(&mut out, "reporter", &o.thread, |t| {
        let turn = if t.awaits_us { "they wrote last" } else { "we wrote last" };
        let credit = match &t.credit {
            Some(c) if c.anonymous => ", wants no credit".to_owned(),
            Some(c) => format!(", credit \"{}\"", c.name.replace('\n', "; ")),
            None if t.credit_asked => ", asked about credit".to_owned(),
            None => String::new(),
        };
        format!("{}, {}, {turn}{credit}", t.contact, word(&t.routing))
    });
    line(&mut out, "review", &o.reviews, |all| match all.as_slice() {
        [] => "nobody commented on the record".into(),
        all => all
            .iter()
            .map(|r| format!("{} in <{}>{}", r.from, r.id, if r.resolved { ", answered" } else { "" }))
            .collect::<Vec<_>>()
            .join("; "),
    });
    line(&mut out, "drafts", &o.drafts, |d| match d.as_slice() {
        [] => "none waits on their thread".into(),
        all => all.iter().map(|d| format!("<{}> waits", d.id)).collect::<Vec<_>>().join("; "),
    });
    out
}

fn line<T>(out: &mut Vec<FactLine>, fact: &'static str, about: &Fact<T>, say: impl Fn(&T) -> String) {
    let (says, source, seen) = match about {
        Fact::Known(v, s, seen) => (say(v), s.0.clone(), seen.at.to_string()),
        Fact::Absent(s) => ("none".to_owned(), s.0.clone(), String::new()),
        Fact::Unknown(why) if why.is_empty() => return,
        Fact::Unknown(why) => (format!("unknown: {why}"), String::new(), String::new()),
    };
    out.push(FactLine { fact, says, source, seen });
}

/// The word of a closed set, as JSON has it.
fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default()
}
