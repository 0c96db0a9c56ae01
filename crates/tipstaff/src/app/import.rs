//! Importing mail: read the sources, remember every message, plan what to do with those that are undecided.

use std::path::{Path, PathBuf};

use connect::{
    mailbox::{Cursor, LocalMailbox, Mail, MailFault, Passed},
    upstream::git,
};
use desk::{
    case::{Fact, Seen, Source},
    config::{Config, SourceKind, SourceRole},
    mail::{self, MessageKey, Thread},
    plan::{Fate, Plan},
    rules::{
        import::{
            propose::{self, InboxMessage, InboxThread, Overrides, Scene, ToldFact},
            related::{IndexedThread, UpstreamChange},
        },
        select::{self, Selector},
    },
};
use jiff::{SignedDuration, Timestamp};
use store::{NewMessage, Observed};

use super::{
    clearance,
    error::{AppError, Exit, Result},
    mail::{Account, Operation},
    reading,
    session::{Session, Setting},
    threads::Threads,
};

/// Messages remembered in one transaction.
const BATCH: usize = 8192;
/// Bytes remembered in one transaction.
const BATCH_BYTES: usize = 24 * 1024 * 1024;
/// Days of mail that are read from a server besides those that are wanted, and searched for earlier answers (intake page
/// §3, P2).
const CONTEXT_DAYS: i64 = 180;
/// Threads that are searched for earlier answers, the newest ones.
const EARLIER: usize = 500;
/// Days of public changes that are looked at for fixes that are public already (intake page §3, P3).
const FIX_DAYS: i64 = 180;

/// What to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Mailboxes; empty means those of the configuration.
    pub paths: Vec<PathBuf>,
    /// Which messages of them are planned. All are remembered.
    pub selector: Selector,
}

/// Tell paths from selectors.
///
/// # Errors
/// When a word is neither.
pub fn wanted(words: &[String], all: bool, cwd: &Path, now: Timestamp) -> Result<Wanted> {
    let mut paths = Vec::new();
    let mut chosen: Option<Selector> = None;
    let mut i = 0;
    while let Some(word) = words.get(i) {
        i += 1;
        // `last 30d` arrives as two words.
        let joined =
            words.get(i).filter(|_| word.eq_ignore_ascii_case("last")).map(|next| format!("last {next}"));
        i += usize::from(joined.is_some());
        let text = joined.as_deref().unwrap_or(word);
        let path = cwd.join(text);
        let found = if path.exists() { Ok(None) } else { select::selector(text, now) };
        match found.map_err(|e| AppError::usage(e.to_string()))? {
            Some(s) if chosen.is_none() => chosen = Some(s),
            Some(_) => return Err(AppError::usage("give one selector, not several")),
            None => paths.push(path),
        }
    }
    if all {
        if chosen.is_some() {
            return Err(AppError::usage("--all and a selector contradict each other"));
        }
        chosen = Some(Selector::All);
    }
    // A path named by hand is meant whole; configured sources are swept from where the last sweep ended.
    let default = if paths.is_empty() { select::default_window(now) } else { Selector::All };
    Ok(Wanted { paths, selector: chosen.unwrap_or(default) })
}

/// What reading the sources brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Messages seen for the first time.
    pub new: usize,
    /// Messages the desk had.
    pub known: usize,
    /// The same mails by another way, such as a second list.
    pub copies: usize,
    /// Sources that have not changed since they were read.
    pub unchanged: usize,
    /// Messages whose Message-ID came before with other content.
    pub clashes: Vec<MessageKey>,
    /// What was not read as a message.
    pub passed: Vec<Passed>,
    /// Messages read in part, and why.
    pub notes: Vec<String>,
    /// Which source was used for which operation (intake page §2, rule 3).
    pub sources: Vec<String>,
    /// Sources that could not be read, why, and what to do.
    pub down: Vec<String>,
}

/// Called with the number of messages read so far.
pub type Progress<'p> = dyn FnMut(usize) + 'p;

/// Read every source and remember its messages.
///
/// # Errors
/// When a source cannot be read or the desk cannot be written. What was read before is kept.
pub fn sweep(session: &Session, wanted: &Wanted, progress: &mut Progress<'_>) -> Result<Swept> {
    let mut out = Swept::default();
    for path in sources(&session.setting, session.config(), wanted)? {
        let mailbox = LocalMailbox::open(&path)
            .map_err(|e| AppError::from(e).next("nothing was changed; name another path"))?;
        out.sources.push(path.display().to_string());
        read(session, &mailbox, &mut out, progress)?;
    }
    if wanted.paths.is_empty() {
        servers(session, &wanted.selector, &mut out, progress)?;
    }
    Ok(out)
}

/// Read the sources on servers: the first that can be read, and every mandatory one (intake page §2, rules 3 and 4).
fn servers(
    session: &Session,
    selector: &Selector,
    out: &mut Swept,
    progress: &mut Progress<'_>,
) -> Result<()> {
    // Older mail is the context in which new mail is judged.
    let context = session.now().checked_sub(SignedDuration::from_hours(24 * CONTEXT_DAYS)).ok();
    let since = match selector {
        Selector::All => None,
        Selector::Since(t) => context.map(|c| c.min(*t)),
        Selector::Thread(_) => context,
    };
    let mut found = false;
    for source in session.mail.order(Operation::ListRecent) {
        // Private reports are no second way to the same mail.
        let own = source.config.kind == SourceKind::Ghsa;
        if found && !source.config.mandatory && !own {
            continue;
        }
        match pages(session, source, since, out, progress)? {
            Ok(name) => {
                found |= !own;
                out.sources.push(name);
            }
            Err(f) if source.config.mandatory => {
                return Err(AppError::new(
                    Exit::Blocked,
                    format!("the mandatory {} cannot be read: {f}", source.title()),
                    f.mend(),
                ));
            }
            Err(f) => out.down.push(format!("{}: {f}; {}", source.title(), f.mend())),
        }
    }
    if let Selector::Thread(id) = selector {
        thread(session, id, out)?;
    }
    match out.down.first() {
        Some(why) if !found && out.sources.is_empty() => Err(AppError::new(
            Exit::Blocked,
            why.clone(),
            "nothing was changed; `tipstaff doctor` tries every source",
        )),
        _ => Ok(()),
    }
}

/// A thread that was asked for by name is read whole, however old, from the first source that knows threads.
fn thread(session: &Session, id: &str, out: &mut Swept) -> Result<()> {
    for source in session.mail.order(Operation::ReadThread) {
        let read = session.mail.open(source).and_then(|m| m.thread(id));
        match read {
            Ok(mails) if mails.is_empty() => {}
            Ok(mails) => {
                keep(session, mails, out)?;
                return Ok(());
            }
            Err(f) => out.down.push(format!("{}, the thread {id}: {f}; {}", source.title(), f.mend())),
        }
    }
    Ok(())
}

/// Remember messages of a server.
fn keep(session: &Session, mails: Vec<Mail>, out: &mut Swept) -> Result<Observed> {
    let now = session.now();
    let mut batch = Vec::with_capacity(mails.len());
    for m in mails {
        if !m.note.is_empty() {
            out.notes.push(format!("{}: {}", m.place, m.note));
        }
        batch.push(NewMessage::new(mail::parse(&m.bytes, now), m.bytes, m.place, now));
    }
    let seen = if batch.is_empty() { Observed::default() } else { session.desk.observe(&batch, now)? };
    out.new += seen.new;
    out.known += seen.known;
    out.copies += seen.copies;
    out.clashes.extend(seen.clashes.iter().cloned());
    Ok(seen)
}

/// Read one source from where its last page ended. The place moves only after the messages are on the desk, so that a
/// run that stops in between reads some of them twice and loses none.
fn pages(
    session: &Session,
    source: &Account,
    since: Option<Timestamp>,
    out: &mut Swept,
    progress: &mut Progress<'_>,
) -> Result<std::result::Result<String, MailFault>> {
    let mailbox = match session.mail.open(source) {
        Ok(m) => m,
        Err(f) => return Ok(Err(f)),
    };
    let (name, now) = (mailbox.name(), session.now());
    let mut cursor = session.desk.source_fingerprint(&name)?.map(Cursor);
    let mut any = false;
    loop {
        let page = match mailbox.page(cursor.as_ref(), since) {
            Ok(page) => page,
            Err(f) => return Ok(Err(f)),
        };
        any |= !page.mails.is_empty();
        let seen = keep(session, page.mails, out)?;
        if cursor.as_ref() != Some(&page.cursor) {
            session.desk.source_read(&name, &page.cursor.0, &seen, now)?;
        }
        out.passed.extend(page.passed);
        progress(out.new + out.known + out.copies);
        if !page.more {
            out.unchanged += usize::from(!any);
            return Ok(Ok(name));
        }
        cursor = Some(page.cursor);
    }
}

/// The mailboxes of this machine to read: those named, else those of the configuration.
///
/// # Errors
/// When there is none, or one that must be read cannot be.
pub fn sources(setting: &Setting, config: &Config, wanted: &Wanted) -> Result<Vec<PathBuf>> {
    if !wanted.paths.is_empty() {
        return Ok(wanted.paths.clone());
    }
    let base = setting.config_file().and_then(|p| p.parent().map(Path::to_path_buf));
    let base = base.unwrap_or_else(|| setting.cwd.clone());
    let local: Vec<PathBuf> = config
        .mail
        .source
        .iter()
        .filter(|s| s.kind == SourceKind::Mbox && s.role != SourceRole::Optional)
        .map(|s| base.join(&s.path))
        .collect();
    let server =
        config.mail.source.iter().any(|s| s.kind != SourceKind::Mbox && s.role != SourceRole::Optional);
    if local.is_empty() && !server {
        return Err(AppError::new(
            Exit::Usage,
            "there is no mailbox to read",
            "name one: `tipstaff import PATH`; or list it under [[mail.source]] in tipstaff.toml",
        ));
    }
    Ok(local)
}

fn read(
    session: &Session,
    mailbox: &LocalMailbox,
    out: &mut Swept,
    progress: &mut Progress<'_>,
) -> Result<()> {
    let name = std::fs::canonicalize(mailbox.path()).unwrap_or_else(|_| mailbox.path().into());
    let name = name.display().to_string();
    let fingerprint = mailbox.fingerprint()?;
    if session.desk.source_fingerprint(&name)?.as_deref() == Some(&fingerprint) {
        out.unchanged += 1;
        return Ok(());
    }
    let mut sink = Sink { session, batch: Vec::new(), bytes: 0, seen: Observed::default() };
    let mut read = out.new + out.known + out.copies;
    let notes = &mut out.notes;
    let report = reading::each(mailbox, session.now(), &mut |ready| {
        for r in ready {
            read += 1;
            progress(read);
            if !r.note.is_empty() {
                notes.push(r.note);
            }
            sink.take(r.message)?;
        }
        Ok(())
    });
    // What was read before a failure is kept.
    sink.flush()?;
    let report = report?;
    out.passed.extend(report.passed);
    session.desk.source_read(&name, &fingerprint, &sink.seen, session.now())?;
    out.new += sink.seen.new;
    out.known += sink.seen.known;
    out.copies += sink.seen.copies;
    out.clashes.extend(sink.seen.clashes);
    Ok(())
}

/// Collects messages into transactions of a sensible size. The desk is locked only while a batch is written, not
/// while it is read, so that another process gets its turn.
struct Sink<'a> {
    session: &'a Session,
    batch: Vec<NewMessage>,
    bytes: usize,
    seen: Observed,
}

impl Sink<'_> {
    fn take(&mut self, message: NewMessage) -> std::result::Result<(), store::StoreError> {
        self.bytes += message.bytes();
        self.batch.push(message);
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::result::Result<(), store::StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        // Taken first: a batch that failed is not written again on the way out.
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let seen = self.session.desk.observe(&batch, self.session.now())?;
        self.seen.new += seen.new;
        self.seen.known += seen.known;
        self.seen.copies += seen.copies;
        self.seen.clashes.extend(seen.clashes);
        Ok(())
    }
}

/// Gather the facts of an import.
///
/// # Errors
/// When the desk cannot be read.
pub fn scene(session: &Session, selector: &Selector) -> Result<Scene> {
    let desk = &session.desk;
    desk.settle_rejections(session.now())?;
    let ids = match selector {
        Selector::All => desk.undecided_threads(None)?,
        Selector::Since(t) => desk.undecided_threads(Some(*t))?,
        Selector::Thread(id) => {
            let thread = desk.thread_of(id)?.or_else(|| Some(id.clone()).filter(|i| !i.is_empty()));
            thread.into_iter().collect()
        }
    };
    let mut threads = Vec::new();
    for id in ids {
        let mut stored = desk.thread(&id)?;
        // A copy has the fate of the mail seen first; a judgement would read it as an answer.
        stored.retain(|s| !matches!(s.fate, Fate::Copy { .. }));
        if stored.is_empty() {
            continue;
        }
        let tracker = desk.case_of_thread(&id)?;
        let mut messages: Vec<InboxMessage> = stored
            .into_iter()
            .map(|s| InboxMessage {
                message: mail::parse(&s.raw, session.now()),
                fate: s.fate,
                clash: s.clash,
                source: s.source,
            })
            .collect();
        // The root first, whatever its clock said.
        if let Some(root) = messages.iter().position(|m| m.message.key.id == id) {
            let root = messages.remove(root);
            messages.insert(0, root);
        }
        threads.push(InboxThread { id, tracker, messages });
    }
    let told = desk
        .ledger(None)?
        .into_iter()
        .filter(|r| r.state != "discarded")
        .map(|r| ToldFact {
            subject: r.subject,
            event: r.event,
            thread: r.thread,
            asked_credit: r.asked_credit,
        })
        .collect();
    let earlier = earlier(session, &threads)?;
    Ok(Scene { threads, cases: desk.cases()?, told, changes: changes(session), earlier })
}

/// Threads of the last half year that are decided, the newest first; nobody needs them while nothing waits for a decision.
fn earlier(session: &Session, waiting: &[InboxThread]) -> Result<Fact<Vec<IndexedThread>>> {
    let here = Source("the mail of this desk".into());
    if waiting.is_empty() {
        return Ok(Fact::Absent(here));
    }
    let desk = &session.desk;
    let since = session
        .now()
        .checked_sub(SignedDuration::from_hours(24 * CONTEXT_DAYS))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut found = Vec::new();
    for id in desk.decided_threads(since, EARLIER)? {
        let stored = desk.thread(&id)?;
        let tracked = desk.case_of_thread(&id)?.is_some();
        let messages = stored.iter().map(|s| mail::parse(&s.raw, session.now())).collect();
        let thread = Thread { id, messages };
        found.extend(IndexedThread::of(&thread, tracked, &session.roster, session.config()));
    }
    Ok(Fact::Known(found, here, Seen { at: session.now(), version: String::new() }))
}

/// Recent changes of the public code, where a clone of it is configured.
fn changes(session: &Session) -> Fact<Vec<UpstreamChange>> {
    let config = session.config();
    if config.user.upstream_clone.is_empty() {
        return Fact::Absent(Source(
            "no clone of the public code is configured (user.upstream_clone)".into(),
        ));
    }
    let since =
        session.now().checked_sub(SignedDuration::from_hours(24 * FIX_DAYS)).unwrap_or(Timestamp::UNIX_EPOCH);
    let found = git::Clone::open(Path::new(&config.user.upstream_clone))
        .and_then(|c| c.changes(&config.upstream.default_branch, since));
    match found {
        Err(e) => Fact::Unknown(e.to_string()),
        Ok(changes) => {
            let version = changes.first().map_or_else(String::new, |c| c.sha.clone());
            let repo = &config.upstream.repo;
            let changes = changes
                .into_iter()
                .map(|c| UpstreamChange {
                    url: connect::upstream::commit_url(repo, &c.sha),
                    author_on_roster: session.roster.is_team(&c.author, Some(c.at)),
                    sha: c.sha,
                    title: c.title,
                    message: c.message,
                    paths: c.paths,
                    merged_at: Some(c.at),
                    ..UpstreamChange::default()
                })
                .collect();
            Fact::Known(
                changes,
                Source(config.user.upstream_clone.clone()),
                Seen { at: session.now(), version },
            )
        }
    }
}

/// Plan the import of a scene. An item whose words could not go out is blocked.
///
/// # Errors
/// When the desk cannot be read.
pub fn plan(session: &mut Session, scene: &Scene, overrides: &Overrides) -> Result<Plan> {
    let now = session.now();
    let mut plan = propose::plan_with(
        scene,
        session.config(),
        &session.roster,
        &session.replies,
        overrides,
        now,
        &Threads,
    );
    clearance::judge(session, &mut plan, &[])?;
    Ok(plan)
}

/// One message that was set aside: key, subject, sender, fate, by whom or why.
pub type Skipped = (MessageKey, String, String, Fate);

/// Messages that are not shown again, and why.
///
/// # Errors
/// When the desk cannot be read.
pub fn skipped(session: &Session) -> Result<Vec<Skipped>> {
    let mut out = Vec::new();
    for word in ["skipped", "spam", "other", "answered", "bookkeeping"] {
        out.extend(session.desk.with_fate(word)?);
    }
    Ok(out)
}

/// Take messages back, so that the next import shows them again.
///
/// # Errors
/// When one is not on the desk, or holds a fate that an import does not undo.
pub fn unskip(session: &Session, ids: &[String]) -> Result<usize> {
    let mut n = 0;
    for id in ids {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        let mut found = session.desk.by_message_id(id)?;
        found.retain(|m| !matches!(m.fate, Fate::Copy { .. }));
        if found.is_empty() {
            return Err(AppError::new(
                Exit::Usage,
                format!("there is no message <{id}> on this desk"),
                "`tipstaff import --skipped` lists those that were set aside",
            ));
        }
        for m in found {
            if m.fate.tracker().is_some() || matches!(m.fate, Fate::Rejected { .. }) {
                return Err(AppError::new(
                    Exit::Usage,
                    format!("<{id}> was not skipped, its fate is `{}`", m.fate.word()),
                    "",
                ));
            }
            session.desk.unskip(&m.key, &session.actor.handle, session.now())?;
            n += 1;
        }
    }
    Ok(n)
}
