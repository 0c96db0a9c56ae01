//! Trackers that live at another host: taking what changed there into the desk's copy, and writing there what was approved.
//! Changes are made on the copy first; their difference is what the host is given, in one request where that is possible.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use connect::{
    host::{Board, Github, Hosted, Mark, Reading, TrackerHost, WriteFault},
    net::{Fault, Service, Site},
};
use desk::{
    config::{Forge, Visibility},
    cve::RecordPlace,
    mail,
    people::Roster,
    plan::{
        Actor, ClearedEffect, Plan, Step, StepKey, digest,
        effect::Change,
        hosted::{LedgerEntry, NewTracker, TrackerChange, key_of, noted},
        ports::{By, Lookup, PortError, Receipt},
    },
    rules::{bootstrap, import::propose},
    tracker::{self, Comment, FieldRole, Headings, LabelRole, Tracker, TrackerKey, by_team, thread_ref},
};
use jiff::Timestamp;
use store::{Card, Copy, Desk, Origin, StoreError};

use super::{
    authority,
    error::{AppError, Exit, Result},
    session::Session,
};

/// A host, shared by what reads and what writes.
pub type Shared = Arc<dyn TrackerHost>;

/// Where the forge answers programs, unless `services.github` says otherwise.
const API: &str = "https://api.github.com";
/// Time between two changes, as its documentation asks for.
const APART: std::time::Duration = std::time::Duration::from_secs(1);
/// Cards that went from the board are looked up one by one, this many at a time; the rest come with the next reading.
const CARDS: usize = 20;

/// The host of this project's trackers; none where they live on the desk.
///
/// # Errors
/// Why it cannot be used although the configuration names it.
pub fn of(session: &Session) -> std::result::Result<Option<Shared>, String> {
    let config = session.config();
    let t = &config.tracker;
    if t.forge != Forge::Github || t.token.is_empty() {
        return Ok(None);
    }
    let token = authority::secret(session, "tracker.token", &t.token)?;
    let Forged { rest, graph, web } = forged(session)?;
    let board = match (t.board.enabled, t.board.url.as_str()) {
        (true, url) if !url.is_empty() => {
            Some(Board::read(url).map_err(|e| format!("tracker.board.url: {e}"))?)
        }
        _ => None,
    };
    let client = authority::client(session)?;
    let host = Github::new(client, rest, graph, &web, &t.repo, token, board)
        .map_err(|e| format!("tracker.repo: {e}"))?;
    Ok(Some(Arc::new(host.open_to_all(t.contents == Visibility::Public))))
}

/// Where the forge is asked.
pub(super) struct Forged {
    /// For everything but questions in its query language.
    pub rest: Site,
    /// For those.
    pub graph: Site,
    /// Where people look.
    pub web: String,
}

/// Where the forge is asked, by `services.github`.
pub(super) fn forged(session: &Session) -> std::result::Result<Forged, String> {
    forge(&session.config().services)
}

/// As [`forged`], by the addresses of services.
pub(super) fn forge(
    services: &std::collections::BTreeMap<String, String>,
) -> std::result::Result<Forged, String> {
    let rest = services.get("github").map_or(API, String::as_str).trim_end_matches('/');
    let site = |base: &str| {
        let site = Site::at(Service::Github, base, false).map_err(|e| format!("services.github: {e}"))?;
        // A server on this machine is a test, and has no limits to respect.
        let apart = (!is_near(&site)).then_some(APART);
        Ok::<_, String>(Site { apart, ..site })
    };
    // An instance inside the house answers at /api/v3, and questions at /api/graphql beside it.
    let house = rest.strip_suffix("/api/v3");
    let graph = house.map_or_else(|| rest.to_owned(), |h| format!("{h}/api"));
    let web = match house {
        Some(h) => h.to_owned(),
        None if rest == API => "https://github.com".to_owned(),
        None => rest.to_owned(),
    };
    Ok(Forged { rest: site(rest)?, graph: site(&graph)?, web })
}

/// Is it a server on this machine?
pub(super) fn is_near(site: &Site) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|h| site.address.host() == *h)
}

/// What to do about a request to the host that failed.
fn mend(e: &Fault) -> &'static str {
    match e {
        Fault::Setup(_) => "`tipstaff doctor` checks the tracker",
        Fault::Throttled { .. } => "wait as long as it asks, then run this again",
        _ => "run this again; nothing is lost",
    }
}

fn down(host: &dyn TrackerHost, e: &Fault) -> AppError {
    AppError::new(Exit::Failed, format!("the trackers at {}: {e}", host.name()), mend(e))
}

/// Take into the desk what changed at the host of its trackers. Says in words what was odd.
///
/// # Errors
/// When the host cannot be read, or the desk cannot be written.
pub fn refresh(session: &mut Session) -> Result<Vec<String>> {
    let Some(host) =
        session.host().map_err(|why| AppError::new(Exit::Usage, why, "`tipstaff doctor` checks it"))?
    else {
        return Ok(Vec::new());
    };
    session.desk.set_home(&host.site(), &session.loaded.config.tracker.repo)?;
    let mark: Mark =
        session.desk.host_mark()?.and_then(|m| serde_json::from_str(&m).ok()).unwrap_or_default();
    let reading = host.read(&mark).map_err(|e| down(host.as_ref(), &e))?;
    let mut notes = Vec::new();
    if !reading.standing.private && session.config().tracker.contents == Visibility::Private {
        notes.push(format!(
            "{} can be read by everybody: nothing will be written there until it is private",
            host.name()
        ));
    }
    // One transaction: a reading that is cut off is begun again where it began.
    session.desk.begin_item("trackers at their host")?;
    let end = take(session, host.as_ref(), &mark, &reading);
    let kept = match end {
        Ok(()) => Ok(()),
        Err(e) => session.desk.give_up().map_err(AppError::from).and(Err(e)),
    };
    session.desk.end_item()?;
    kept?;
    for (number, title, to) in session.desk.gone()? {
        let to = if to.is_empty() {
            "it was deleted there, or moved".into()
        } else {
            format!("it was moved to {to}")
        };
        notes.push(format!(
            "#{number} \u{201c}{}\u{201d} is not at {} any more: {to}; it is left out of every plan, and its mail stays here",
            mail::one_line(&title, 60),
            host.name()
        ));
    }
    Ok(notes)
}

fn take(session: &Session, host: &dyn TrackerHost, before: &Mark, reading: &Reading) -> Result<()> {
    let desk = &session.desk;
    let all: Vec<_> = reading.milestones.iter().map(|m| (m.name.clone(), m.open, m.due)).collect();
    desk.take_milestones(&all)?;
    for hosted in &reading.trackers {
        if is_ledger(session, &hosted.tracker) {
            learn(session, &hosted.tracker)?;
        } else if let Some(key) = key(session, hosted)? {
            take_one(session, &key, hosted)?;
        }
    }
    if let Some(cards) = &reading.cards {
        let there: BTreeMap<u64, (&String, Option<&String>)> =
            cards.iter().map(|c| (c.number, (&c.id, c.column.as_ref()))).collect();
        let mut looked = 0;
        for Card { number, id: card, column } in desk.cards()? {
            match there.get(&number) {
                Some((id, c)) if card.as_ref() != Some(*id) || column.as_ref() != *c => {
                    desk.take_card(number, id, c.map(String::as_str))?;
                }
                // It left the board or went into the archive, which changes nothing else about the tracker.
                None if card.is_some() && looked < CARDS => {
                    looked += 1;
                    let (one, _) = host.one(number).map_err(|e| down(host, &e))?;
                    if let (Some(hosted), Some(key)) = (one, desk.key_of_number(number)?) {
                        take_one(session, &key, &hosted)?;
                    }
                }
                _ => {}
            }
        }
    }
    let mark = Mark { surplus: missing(session, host, before, reading)?, ..reading.mark.clone() };
    let mark = serde_json::to_string(&mark).unwrap_or_default();
    desk.set_host_mark(&mark)?;
    Ok(())
}

/// Has a tracker been deleted or moved away? The host tells of changes, and not of that; it tells how many issues it has. When
/// that number and ours no longer differ by as much as they did, those that are missing are looked for. Returns by how much
/// they differ now.
fn missing(
    session: &Session,
    host: &dyn TrackerHost,
    before: &Mark,
    reading: &Reading,
) -> Result<Option<i64>> {
    let desk = &session.desk;
    let Some(total) = reading.total else { return Ok(before.surplus) };
    let mut there = desk.there()?;
    let surplus = |there: &[(u64, String)]| {
        i64::try_from(there.len()).unwrap_or(i64::MAX) - i64::try_from(total).unwrap_or(i64::MAX)
    };
    if before.since.is_some() && before.surplus == Some(surplus(&there)) {
        return Ok(before.surplus);
    }
    // What was just read is there.
    there.retain(|(n, _)| !reading.trackers.iter().any(|h| h.tracker.reference.number == *n));
    if !there.is_empty() {
        for (number, to) in host.missing(&there).map_err(|e| down(host, &e))? {
            desk.set_gone(number, &to, session.now())?;
        }
    }
    Ok(Some(surplus(&desk.there()?)))
}

/// Where a tracker came from matters once: the desk keeps what it knew when it first saw it.
fn take_one(session: &Session, key: &TrackerKey, hosted: &Hosted) -> Result<()> {
    let origin = match session.desk.reference(key)? {
        Some(_) => Origin::unknown(hosted.tracker.created),
        None => origin(session, &hosted.tracker)?,
    };
    Ok(copy(&session.desk, key, hosted, &origin, &session.roster, session.now())?)
}

/// Is it the ledger of rejected reports, and no tracker?
fn is_ledger(session: &Session, t: &Tracker) -> bool {
    let ledger = &session.config().tracker.ledger_label;
    t.labels.iter().any(|l| l.eq_ignore_ascii_case(ledger))
}

/// What the team noted in the ledger: another desk's rejections are this desk's, too. Words of others count for nothing.
fn learn(session: &Session, t: &Tracker) -> Result<()> {
    let team = t.comments.iter().filter(|c| by_team(c, &session.roster));
    let all: Vec<_> = team.filter_map(|c| Some((noted(&c.body)?, c.at))).collect();
    Ok(session.desk.learn_rejections(&all, session.now())?)
}

/// Our name of a tracker at the host; none for what is no tracker. A marker counts where somebody on the team opened the
/// tracker, and the earlier one wins.
fn key(session: &Session, hosted: &Hosted) -> Result<Option<TrackerKey>> {
    let t = &hosted.tracker;
    if is_ledger(session, t) {
        return Ok(None);
    }
    if let Some(known) = session.desk.key_of_number(t.reference.number)? {
        return Ok(Some(known));
    }
    let team = session.roster.people.is_empty() || session.roster.by_handle(&hosted.author).is_some();
    if let Some(marked) = key_of(&t.body).filter(|_| team)
        && session.desk.reference(&marked)?.is_none()
    {
        return Ok(Some(marked));
    }
    let name = format!("{}/{}", t.reference.host, t.reference);
    Ok(Some(TrackerKey(format!("h-{}", &digest::sha256(name.as_bytes())[..16]))))
}

/// What this desk knows about where a tracker came from: the mail that its thread field names, where that was seen here.
fn origin(session: &Session, t: &Tracker) -> Result<Origin> {
    let mut out = Origin::unknown(t.created);
    let fields = tracker::parse(&t.body, &session.headings);
    let Some(id) = fields.get(FieldRole::SecurityThread).and_then(|v| thread_ref(v).id) else {
        return Ok(out);
    };
    let Some(stored) = session.desk.by_message_id(&id)?.into_iter().next() else { return Ok(out) };
    let m = mail::parse(&stored.raw, session.now());
    out.received = m.arrived().map_or(t.created, |at| at.min(t.created));
    let page = mail::page_of_place(&stored.source).unwrap_or_default();
    out.thread = stored.thread.clone();
    if let Some((who, forwarded)) = propose::contact(&m, page, session.config(), &session.roster) {
        (out.reporter, out.via_forwarder) = (who, forwarded);
    }
    Ok(out)
}

fn copy(
    desk: &Desk,
    key: &TrackerKey,
    hosted: &Hosted,
    origin: &Origin,
    roster: &Roster,
    at: Timestamp,
) -> std::result::Result<(), StoreError> {
    let tracker = Tracker { key: key.clone(), ..hosted.tracker.clone() };
    let copy =
        Copy { tracker: &tracker, closed: hosted.closed, node: &hosted.node, card: hosted.card.as_deref() };
    desk.take_copy(copy, origin, roster, at).map(drop)
}

/// How many changes applying a plan would make at the host, about: one for what belongs together of a tracker, and one for
/// each comment, card and part of the repository. Of the arms of a choice the longest counts.
#[must_use]
pub fn estimate(plan: &Plan) -> usize {
    fn count(steps: &[Step]) -> usize {
        let (mut fields, mut others) = (BTreeSet::new(), 0);
        for s in steps {
            match &s.effect {
                Change::SetTitle { tracker, .. }
                | Change::SetField { tracker, .. }
                | Change::SetLabels { tracker, .. }
                | Change::SetMilestone { tracker, .. }
                | Change::SetAssignees { tracker, .. }
                | Change::Close { tracker, .. }
                | Change::Reopen { tracker } => drop(fields.insert(tracker.0.clone())),
                Change::AttachRecord { tracker, beside: Some(b), .. } => match b.place {
                    RecordPlace::Body => drop(fields.insert(tracker.0.clone())),
                    RecordPlace::Comment => others += 1,
                },
                Change::CreateTracker { column, .. } => others += if column.is_empty() { 1 } else { 3 },
                Change::AppendEntry { .. }
                | Change::Comment { .. }
                | Change::PostMarked { .. }
                | Change::RemoveComment { .. }
                | Change::MoveCard { .. }
                | Change::ArchiveCard { .. }
                | Change::RecordRejection { .. }
                | Change::CreateMilestone { .. }
                | Change::CloseMilestone { .. }
                | Change::PrepareHost { .. } => others += 1,
                Change::Choose { arms, .. } => {
                    others += arms.values().map(|a| count(a)).max().unwrap_or(0);
                }
                _ => {}
            }
        }
        fields.len() + others
    }
    let items = plan.items.iter().filter(|i| i.blocked.is_none());
    items.map(|i| count(&i.steps)).sum()
}

/// What a new tracker repository lacks, as a plan.
///
/// # Errors
/// When the trackers live on the desk, or the host cannot be read.
pub fn prepare(session: &Session) -> Result<Plan> {
    let wrong = |why: String| AppError::new(Exit::Usage, why, "`tipstaff doctor` checks it");
    let Some(host) = session.host().map_err(wrong)? else {
        return Err(AppError::new(
            Exit::Usage,
            "the trackers of this desk live on the desk itself; there is nothing to prepare",
            "set tracker.forge, tracker.repo and tracker.token to keep them in a private repository",
        ));
    };
    let down = |e: Fault| down(host.as_ref(), &e);
    let setup = host.setup().map_err(down)?;
    let ledger = session.labels.name(LabelRole::RejectionsLedger);
    let there = bootstrap::There {
        ledger: host.has_issue(ledger).map_err(down)?,
        labels: setup.labels,
        milestones: session.desk.milestones("")?.into_iter().map(|m| m.name).collect(),
        form: setup.form,
    };
    let ground = bootstrap::Ground {
        config: session.config(),
        config_digest: &session.digest,
        labels: &session.labels,
        columns: &session.columns,
        headings: &session.headings,
        now: session.now(),
    };
    Ok(bootstrap::plan(&there, &host.name(), ground))
}

/// Is it a change of a tracker, a milestone or a card, and so one that the host is given?
#[must_use]
pub fn is_there(effect: &ClearedEffect) -> bool {
    match effect {
        Change::CreateMilestone { .. }
        | Change::CloseMilestone { .. }
        | Change::PrepareHost { .. }
        | Change::RecordRejection { .. } => true,
        Change::SetFate { .. } | Change::OpenPullRequest { .. } => false,
        Change::AttachRecord { beside, .. } => beside.is_some(),
        other => other.tracker().is_some() && !authority::is_there(other),
    }
}

/// A change that waits for the others of its item, so that they reach the host together.
struct Staged {
    key: StepKey,
    effect: ClearedEffect,
}

/// Who approved it, and when.
struct Word {
    actor: Actor,
    at: Timestamp,
    plan: String,
}

impl Word {
    fn by(&self) -> By<'_> {
        By { actor: &self.actor, at: self.at, plan: &self.plan }
    }
}

/// Writing at the host while a plan is applied.
pub struct Link<'a> {
    host: Shared,
    roster: &'a Roster,
    headings: &'a Headings,
    now: Timestamp,
    /// Label of the ledger of rejected reports; empty where there is none.
    ledger: String,
    staged: Vec<Staged>,
    word: Option<Word>,
    /// Trackers of this item as the host had them when they were read, and the copies of them.
    read: std::cell::RefCell<BTreeMap<TrackerKey, (Hosted, Tracker)>>,
}

fn fault(host: &dyn TrackerHost, e: &Fault) -> PortError {
    PortError::new(format!("{}: {e}", host.name()), mend(e))
}

fn write_fault(host: &dyn TrackerHost, e: &WriteFault) -> PortError {
    let (next, item_only) = match e {
        WriteFault::Fault(f) => (mend(f), false),
        WriteFault::Raced(_) | WriteFault::Gone(_) => ("run `tipstaff sync` again", true),
        WriteFault::NotPrivate(_) => ("make the repository private, or correct tracker.repo", false),
        WriteFault::NotTaken { .. } => ("look at the tracker, then run `tipstaff sync` again", true),
        WriteFault::NoSuch { .. } => {
            ("`tipstaff doctor` compares the names with those of the configuration", true)
        }
    };
    PortError { item_only, ..PortError::new(format!("{}: {e}", host.name()), next) }
}

impl<'a> Link<'a> {
    /// A link for one run.
    #[must_use]
    pub fn new(host: Shared, session: (&'a Roster, &'a Headings), now: Timestamp) -> Self {
        let (roster, headings) = session;
        Self {
            host,
            roster,
            headings,
            now,
            ledger: String::new(),
            staged: Vec::new(),
            word: None,
            read: std::cell::RefCell::default(),
        }
    }

    /// Keep rejected reports in the ledger with that label, too; `none` for no ledger.
    #[must_use]
    pub fn with_ledger(mut self, label: &str) -> Self {
        self.ledger = if label == "none" { String::new() } else { label.to_owned() };
        self
    }

    /// Read a tracker afresh, once an item.
    ///
    /// # Errors
    /// When the host cannot be read, is not private, or has lost the tracker.
    pub fn fetch(&self, desk: &Desk, key: &TrackerKey) -> std::result::Result<(), PortError> {
        if self.read.borrow().contains_key(key) {
            return Ok(());
        }
        let Some(reference) = desk.reference(key)? else { return Ok(()) };
        let host = self.host.as_ref();
        let (found, _) = host.one(reference.number).map_err(|e| fault(host, &e))?;
        let Some(hosted) = found else {
            return Err(write_fault(host, &WriteFault::Gone(reference.to_string())));
        };
        self.keep(desk, key, hosted)
    }

    fn keep(&self, desk: &Desk, key: &TrackerKey, hosted: Hosted) -> std::result::Result<(), PortError> {
        // What the desk knows of its origin stays as it is; this is for a tracker that it has not seen before.
        let origin = Origin::unknown(hosted.tracker.created);
        copy(desk, key, &hosted, &origin, self.roster, self.now)?;
        let here = desk.case(key)?.map(|c| c.tracker).unwrap_or_default();
        self.read.borrow_mut().insert(key.clone(), (hosted, here));
        Ok(())
    }

    /// Make a change that the host is given: at once where its answer is needed, else with the others of its item.
    ///
    /// # Errors
    /// When it does not fit, or the host did not take it.
    pub fn perform(
        &mut self,
        desk: &mut Desk,
        key: &StepKey,
        effect: &ClearedEffect,
        by: By<'_>,
    ) -> std::result::Result<Receipt, PortError> {
        match effect {
            Change::CreateTracker { tracker, .. } => {
                self.settle(desk)?;
                self.create(desk, key, effect, tracker, by)
            }
            Change::CreateMilestone { .. }
            | Change::CloseMilestone { .. }
            | Change::PrepareHost { .. }
            | Change::RecordRejection { .. } => {
                self.settle(desk)?;
                self.of_repository(desk, key, effect, by)
            }
            _ => {
                if let Some(tracker) = effect.tracker() {
                    self.fetch(desk, tracker)?;
                }
                if self.staged.is_empty() {
                    desk.flush_item()?;
                    self.word = Some(Word { actor: by.actor.clone(), at: by.at, plan: by.plan.to_owned() });
                }
                let receipt = desk.stage(key, effect, by, self.headings)?;
                self.staged.push(Staged { key: key.clone(), effect: effect.clone() });
                Ok(receipt)
            }
        }
    }

    fn create(
        &self,
        desk: &mut Desk,
        key: &StepKey,
        effect: &ClearedEffect,
        tracker: &TrackerKey,
        by: By<'_>,
    ) -> std::result::Result<Receipt, PortError> {
        let host = self.host.as_ref();
        let only = |what: String| PortError { item_only: true, ..PortError::new(what, "shorten it by hand") };
        let Some(new) = NewTracker::of(effect).map_err(|e| only(e.to_string()))? else {
            return Err(PortError::new("nothing to open", ""));
        };
        desk.intend(key, effect, by)?;
        desk.flush_item()?;
        let (hosted, odd) = match host.create(&new) {
            Ok(made) => made,
            Err(e) => {
                if e.nothing_made() {
                    desk.withdraw(key, &e.to_string(), by)?;
                    desk.flush_item()?;
                }
                return Err(write_fault(host, &e));
            }
        };
        desk.stage(key, effect, by, self.headings)?;
        self.keep(desk, tracker, hosted)?;
        let name = desk.reference(tracker)?.map(|r| (r.to_string(), r.number)).unwrap_or_default();
        let odd = odd.map(|o| format!("; {o}")).unwrap_or_default();
        let receipt = Receipt::new(format!("created {}{odd}", name.0))
            .with("tracker", name.0)
            .with("number", name.1.to_string());
        desk.settle(key, effect, &receipt, by)?;
        desk.flush_item()?;
        Ok(receipt)
    }

    /// Changes of the repository rather than of a tracker: made at once, one request each.
    fn of_repository(
        &self,
        desk: &mut Desk,
        key: &StepKey,
        effect: &ClearedEffect,
        by: By<'_>,
    ) -> std::result::Result<Receipt, PortError> {
        let host = self.host.as_ref();
        desk.intend(key, effect, by)?;
        desk.flush_item()?;
        // The desk's own rules about milestones come first; they change only the copy.
        let staged = match effect {
            Change::PrepareHost { .. } => Ok(Receipt::default()),
            _ => desk.stage(key, effect, by, self.headings),
        };
        let mut receipt = match staged {
            Ok(r) => r,
            Err(e) => {
                desk.withdraw(key, &e.to_string(), by)?;
                return Err(e.into());
            }
        };
        let end = match effect {
            Change::CreateMilestone { name, due } => host.make_milestone(name, *due),
            Change::CloseMilestone { name } => host.close_milestone(name),
            Change::PrepareHost { part } => host.prepare(part).map(|made| receipt = Receipt::new(made)),
            Change::RecordRejection { .. } => self.note(desk, effect, by, &mut receipt),
            _ => Ok(()),
        };
        if let Err(e) = end {
            desk.give_up()?;
            if e.nothing_made() {
                desk.withdraw(key, &e.to_string(), by)?;
            }
            return Err(write_fault(host, &e));
        }
        desk.settle(key, effect, &receipt, by)?;
        desk.flush_item()?;
        Ok(receipt)
    }

    /// Note a rejection in the team's ledger. A repository without one keeps nothing: the desk has it, and says so.
    fn note(
        &self,
        desk: &Desk,
        effect: &ClearedEffect,
        by: By<'_>,
        receipt: &mut Receipt,
    ) -> std::result::Result<(), WriteFault> {
        let Change::RecordRejection { message, .. } = effect else { return Ok(()) };
        let here = |e: StoreError| WriteFault::Fault(Fault::Setup(e.to_string()));
        let stored = desk.message(&message.digest.0).map_err(here)?;
        let (sender, thread) = stored
            .map_or_else(Default::default, |s| (mail::parse_headers(&s.raw, self.now).from.email, s.thread));
        let Some(entry) = LedgerEntry::of(effect, &sender, &thread, by.at) else { return Ok(()) };
        if self.ledger.is_empty() {
            return Ok(());
        }
        let team = |c: &Comment| by_team(c, self.roster);
        receipt.what = match self.host.note(&self.ledger, &entry, &team)? {
            Some(number) => format!("{}, at {}", receipt.what, self.host.url(number)),
            None => format!(
                "{}; {} has no open issue with the label `{}`, so it stands on this desk alone (`tipstaff bootstrap` \
                 makes one)",
                receipt.what,
                self.host.name(),
                self.ledger
            ),
        };
        Ok(())
    }

    /// Give the host what waits, and write the receipts. The intents are on disk before anything leaves.
    ///
    /// # Errors
    /// When the host did not take it; the intents stay where nobody knows what became of them.
    pub fn settle(&mut self, desk: &mut Desk) -> std::result::Result<(), PortError> {
        let staged = std::mem::take(&mut self.staged);
        let Some(word) = self.word.take().filter(|_| !staged.is_empty()) else { return Ok(()) };
        let by = word.by();
        desk.give_up()?;
        for s in &staged {
            desk.intend(&s.key, &s.effect, by)?;
        }
        desk.flush_item()?;
        let mut order: Vec<&TrackerKey> = Vec::new();
        for t in staged.iter().filter_map(|s| s.effect.tracker()) {
            if !order.contains(&t) {
                order.push(t);
            }
        }
        let mut made = false;
        for key in order {
            let mine: Vec<&Staged> = staged.iter().filter(|s| s.effect.tracker() == Some(key)).collect();
            match self.give(desk, key, &mine, by) {
                Ok(()) => made = true,
                Err((e, nothing)) => {
                    desk.give_up()?;
                    // What certainly came to nothing is no riddle for the next run.
                    if nothing && !made {
                        for s in &staged {
                            desk.withdraw(&s.key, &e.to_string(), by)?;
                        }
                    }
                    return Err(e);
                }
            }
        }
        Ok(())
    }

    fn give(
        &self,
        desk: &mut Desk,
        key: &TrackerKey,
        mine: &[&Staged],
        by: By<'_>,
    ) -> std::result::Result<(), (PortError, bool)> {
        let host = self.host.as_ref();
        let sure = |e: PortError| (e, true);
        let Some((hosted, before)) = self.read.borrow().get(key).cloned() else {
            return Err(sure(PortError::new(format!("the tracker {key} was not read"), "")));
        };
        let mut receipts = Vec::new();
        for s in mine {
            let r = desk.stage(&s.key, &s.effect, by, self.headings);
            receipts.push(r.map_err(|e| sure(e.into()))?);
        }
        let after = desk.case(key).map_err(|e| sure(e.into()))?.map(|c| c.tracker).unwrap_or_default();
        let effects: Vec<&ClearedEffect> = mine.iter().map(|s| &s.effect).collect();
        let change = TrackerChange::between(&before, &after, &effects).map_err(|e| {
            sure(PortError { item_only: true, ..PortError::new(e.to_string(), "shorten it by hand") })
        })?;
        let written = host.write(&hosted, &change).map_err(|e| (write_fault(host, &e), e.nothing_made()))?;
        // It is made; whatever fails from here on is found by looking it up.
        let rest = |e: PortError| (e, false);
        self.keep(desk, key, written).map_err(rest)?;
        for (s, r) in mine.iter().zip(&receipts) {
            desk.settle(&s.key, &s.effect, r, by).map_err(|e| rest(e.into()))?;
        }
        desk.flush_item().map_err(rest)
    }

    /// After a crash: was this change made at the host?
    ///
    /// # Errors
    /// When host or desk cannot be read.
    pub fn look_up(
        &self,
        desk: &Desk,
        key: &StepKey,
        effect: &ClearedEffect,
        by: By<'_>,
    ) -> std::result::Result<Lookup, PortError> {
        let host = self.host.as_ref();
        // What belongs to no tracker is looked for before it is made.
        let Some(tracker) = effect.tracker() else { return Ok(Lookup::NotDone) };
        if let Change::CreateTracker { .. } = effect
            && desk.reference(tracker)?.is_none()
        {
            let Some(found) = host.find(tracker).map_err(|e| fault(host, &e))? else {
                return Ok(Lookup::NotDone);
            };
            desk.stage(key, effect, by, self.headings)?;
            self.keep(desk, tracker, found)?;
        }
        self.fetch(desk, tracker)?;
        Ok(match desk.shows(key, effect, by, self.headings)? {
            Some(receipt) => {
                // The desk's own row of the record, which the tracker does not show.
                if matches!(effect, Change::AttachRecord { .. }) {
                    desk.stage(key, effect, by, self.headings)?;
                }
                Lookup::Done(receipt)
            }
            None => Lookup::NotDone,
        })
    }

    /// An item begins or ends: what was read for it is read again for the next.
    pub fn forget(&mut self) {
        self.read.borrow_mut().clear();
        self.staged.clear();
        self.word = None;
    }

    /// Does something wait for the host?
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.staged.is_empty()
    }
}
