//! The desk by hand: queue, show, why, new, comment, edit, assign, claim, release, close, reopen, log, mark-sent; allocate and
//! fix in files of their own.

use std::io::Read;

use desk::{
    case::Case,
    mail::{self, one_line},
    people::Role,
    rules::{
        by_hand::{self, Request},
        stage::Position,
    },
    tracker::{self, FieldRole, rollup},
};
use jiff::tz::TimeZone;

use super::{
    args::{
        AssignArgs, CloseArgs, Command, CommentArgs, EditArgs, LogArgs, MarkSentArgs, NewArgs, QueueArgs,
        Verdict,
    },
    plan_cmd,
    term::{Mark, Term, untrusted, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, Setting, by_hand as hand,
    error::Result,
    facts::{self, Reach},
    sync,
};

/// The largest report or comment read from a file or standard input, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Run a command of the desk.
///
/// # Errors
/// When the desk cannot be used, or the request does not fit.
pub fn run(command: Command, setting: Setting, term: &mut Term) -> Result<Exit> {
    if let Command::New(a) = &command {
        return new(a, setting, term);
    }
    let mut session = Session::open(setting, false)?;
    let s = &mut session;
    if matches!(command, Command::Queue(_) | Command::Show(_) | Command::Why(_)) {
        super::trackers::fresh_if_possible(s, term);
    } else {
        super::trackers::fresh(s, term)?;
    }
    match command {
        Command::Queue(a) => queue(&a, s, term),
        Command::Show(a) => show(&hand::tracker(s, &a.tracker)?, s, term),
        Command::Why(a) => why(&hand::tracker(s, &a.tracker)?, s, term),
        Command::Claim(a) => {
            let consensus = sync::agreed(s, &hand::tracker(s, &a.tracker)?);
            request(&a.tracker, &Request::Claim { consensus }, s, term)
        }
        Command::Bootstrap => {
            let plan = crate::app::host::prepare(s)?;
            if plan.items.is_empty() {
                term.line("Nothing is missing. One step is a person's: switch on the board's workflow \"auto-add to project\".")?;
                return Ok(Exit::Nothing);
            }
            plan_cmd::offer(s, &plan, term)
        }
        Command::Allocate(a) => super::allocate_cmd::run(&a, s, term),
        Command::Fix(a) => super::fix_cmd::run(&a, s, term),
        Command::Assess(a) => {
            let (valid, scope) = (a.verdict == Verdict::Valid, a.scope.unwrap_or_default());
            request(&a.tracker, &Request::Assess { valid, scope }, s, term)
        }
        Command::Release(a) => request(&a.tracker, &Request::Release, s, term),
        Command::Reopen(a) => request(&a.tracker, &Request::Reopen, s, term),
        Command::Comment(CommentArgs { tracker, text }) => {
            let text = words(&text)?;
            request(&tracker, &Request::Comment(text), s, term)
        }
        Command::Edit(a) => {
            let r = edit(&a)?;
            request(&a.tracker, &r, s, term)
        }
        Command::Assign(AssignArgs { tracker, handles }) => {
            request(&tracker, &Request::Assign(handles.into_iter().collect()), s, term)
        }
        Command::Close(CloseArgs { tracker, disposition, reason }) => {
            let d = by_hand::disposition(&disposition).map_err(|e| AppError::usage(e.what).next(e.next))?;
            request(&tracker, &Request::Close(d, words(&reason)?), s, term)
        }
        Command::Log(a) => log(&a, s, term),
        Command::MarkSent(a) => mark_sent(&a, s, term),
        Command::New(_)
        | Command::Import(_)
        | Command::Sync(_)
        | Command::Watch(_)
        | Command::Clock(_)
        | Command::Plan(_)
        | Command::Init(_)
        | Command::Config(_)
        | Command::Doctor
        | Command::LogIn(_)
        | Command::X(_)
        | Command::Cve(_)
        | Command::Completions { .. }
        | Command::Man => Err(AppError::usage("this command is run elsewhere")),
    }
}

fn request(name: &str, r: &Request, session: &mut Session, term: &mut Term) -> Result<Exit> {
    let case = hand::tracker(session, name)?;
    let plan = hand::plan(session, &case, r)?;
    plan_cmd::offer(session, &plan, term)
}

fn new(a: &NewArgs, setting: Setting, term: &mut Term) -> Result<Exit> {
    let text = file(&a.body)?;
    let mut session = Session::open(setting, true)?;
    super::trackers::fresh(&mut session, term)?;
    let plan = hand::plan_new(&session, a.title.clone(), text, a.via.clone(), a.credit.clone())?;
    plan_cmd::offer(&mut session, &plan, term)
}

fn edit(a: &EditArgs) -> Result<Request> {
    let value = words(&a.value)?;
    Ok(match a.field.to_lowercase().replace('-', "_").as_str() {
        "title" => Request::Title(value),
        "milestone" => Request::Milestone(Some(value).filter(|v| !v.trim().is_empty())),
        "label" => match value.split_at_checked(1) {
            Some(("+", name)) if !name.trim().is_empty() => Request::Label(name.trim().into(), true),
            Some(("-", name)) if !name.trim().is_empty() => Request::Label(name.trim().into(), false),
            _ => {
                return Err(AppError::usage(format!("`{value}` changes no label"))
                    .next("write `+name` to add a label, `-name` to remove it"));
            }
        },
        field => match field.parse::<FieldRole>() {
            Ok(role) => Request::Field(role, value),
            Err(_) => {
                let names: Vec<&str> = FieldRole::ALL.iter().map(|r| r.as_str()).collect();
                return Err(AppError::usage(format!("`{field}` is no field of a tracker"))
                    .next(format!("use title, label, milestone, {}", names.join(", "))));
            }
        },
    })
}

fn words(text: &str) -> Result<String> {
    if text == "-" { file(std::path::Path::new("-")) } else { Ok(text.to_owned()) }
}

/// A text file, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, is larger than 16 MiB, or is not UTF-8.
pub fn file(path: &std::path::Path) -> Result<String> {
    String::from_utf8(bytes(path)?).map_err(|e| {
        AppError::usage(format!("{}: byte {} is not UTF-8", path.display(), e.utf8_error().valid_up_to()))
            .next("save it as UTF-8 and try again")
    })
}

/// The bytes of a file, or of standard input for `-`.
///
/// # Errors
/// When it cannot be read.
pub fn bytes(path: &std::path::Path) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST * 8).read_to_end(&mut out)?;
        return Ok(out);
    }
    let open = || std::fs::File::open(path)?.take(LARGEST * 8).read_to_end(&mut out);
    let mut open = open;
    open().map_err(|e| {
        AppError::usage(format!("{} cannot be read: {e}", path.display()))
            .next("name a file, or `-` for standard input")
    })?;
    Ok(out)
}

/// Write a file that only its owner may read.
///
/// # Errors
/// When it cannot be written.
pub fn private_file(path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).and_then(|mut f| std::io::Write::write_all(&mut f, bytes)).map_err(|e| {
        AppError::new(Exit::Failed, format!("{} cannot be written: {e}", path.display()), "name another file")
    })
}

fn role(word: &str) -> Result<Role> {
    Ok(match word.to_lowercase().replace(['_', ' '], "-").as_str() {
        "triager" | "issue-triager" => Role::Triager,
        "remediation" | "remediation-developer" | "developer" => Role::Remediation,
        "release-manager" | "rm" => Role::ReleaseManager,
        _ => {
            return Err(AppError::usage(format!("`{word}` is no role"))
                .next("use triager, remediation or release-manager"));
        }
    })
}

/// Where a tracker stands, from what was observed of it that far.
fn position(case: &mut Case, reach: Reach, s: &Session) -> Result<(Position, Vec<String>)> {
    let notes = facts::gather(s, std::slice::from_mut(case), reach)?;
    let mut found = sync::positions(s, std::slice::from_ref(case));
    found.pop().map(|p| (p, notes)).ok_or_else(|| AppError::usage("the tracker is gone"))
}

fn row(case: &Case, p: &Position, s: &Session) -> serde_json::Value {
    let days = s.now().duration_since(case.received).as_hours() / 24;
    serde_json::json!({
        "tracker": case.tracker.reference.to_string(), "number": case.tracker.reference.number,
        "key": case.tracker.key, "title": case.tracker.title, "stage": p.stage.name(), "steps": p.stage.steps(),
        "owner": {"role": p.role, "person": p.person, "why": p.why_person}, "next": p.next,
        "column": case.tracker.column, "labels": case.tracker.labels, "age_days": days,
        "open": case.tracker.state.is_open(), "milestone": case.tracker.milestone,
    })
}

fn queue(a: &QueueArgs, s: &Session, term: &mut Term) -> Result<Exit> {
    let want = a.role.as_deref().map(role).transpose()?;
    let mut cases = s.desk.cases()?;
    // What the desk itself holds; `sync` looks further.
    facts::gather(s, &mut cases, Reach::Desk)?;
    let positions = sync::positions(s, &cases);
    let mut rows: Vec<(Case, Position)> = cases
        .into_iter()
        .zip(positions)
        .filter(|(c, p)| a.all || c.tracker.state.is_open() || !p.stage.is_finished())
        .filter(|(_, p)| want.is_none_or(|r| p.role == Some(r)))
        .filter(|(_, p)| !a.mine || p.person.eq_ignore_ascii_case(&s.actor.handle))
        .collect();
    // The oldest report first within a stage: it has waited longest.
    rows.sort_by_key(|(c, p)| (p.stage, c.received, c.tracker.reference.number));
    let held = s.desk.with_fate("held")?.len() + s.desk.with_fate("waiting")?.len();
    let exit = if rows.is_empty() && held == 0 { Exit::Nothing } else { Exit::Done };
    if term.json {
        let rows: Vec<_> = rows.iter().map(|(c, p)| row(c, p, s)).collect();
        term.value(&serde_json::json!({"trackers": rows, "undecided_messages": held}))?;
        return Ok(exit);
    }
    if rows.is_empty() {
        term.line("No tracker waits.")?;
    }
    let mut group = None;
    for (c, p) in &rows {
        if group != Some(p.stage) {
            group = Some(p.stage);
            let role = p.role.map_or("finished", Role::title);
            let head = term.mark(Mark::Head, &format!("\n{}  {role}: {}", p.stage.name(), p.next));
            term.line(&head)?;
        }
        let n = term.mark(Mark::Key, &format!("{:>9}", c.tracker.reference.to_string()));
        let days = s.now().duration_since(c.received).as_hours() / 24;
        let who = if p.person.is_empty() { "nobody".to_owned() } else { format!("@{}", p.person) };
        let line = format!("{n}  {:<62} {who:<14} {days:>3} d", untrusted_line(&c.tracker.title, 62));
        let window = i64::from(s.config().disclosure.window_days);
        let late = if days > window {
            term.mark(Mark::Bad, "  overdue")
        } else if (days as f64) > s.config().disclosure.warn_fraction * (window as f64) {
            term.mark(Mark::Warn, "  window closing")
        } else {
            String::new()
        };
        term.line(&format!("{line}{late}"))?;
    }
    if held > 0 {
        let word = if held == 1 { "message has" } else { "messages have" };
        let line = term.mark(Mark::Warn, &format!("\n{held} {word} no fate yet: `tipstaff import`"));
        term.line(&line)?;
    }
    Ok(exit)
}

fn show(case: &Case, s: &Session, term: &mut Term) -> Result<Exit> {
    let mut case = case.clone();
    let (p, _) = position(&mut case, Reach::Mail, s)?;
    let case = &case;
    let fields = tracker::parse(&case.tracker.body, &s.headings);
    let ledger: Vec<_> =
        s.desk.ledger(None)?.into_iter().filter(|r| r.subject == case.tracker.key.0).collect();
    if term.json {
        let mut value = row(case, &p, s);
        if let Some(map) = value.as_object_mut() {
            let fields: serde_json::Map<_, _> = FieldRole::ALL
                .iter()
                .map(|r| (r.as_str().to_owned(), fields.get(*r).map_or(serde_json::Value::Null, Into::into)))
                .collect();
            map.insert("fields".into(), fields.into());
            map.insert("body".into(), case.tracker.body.clone().into());
            map.insert("comments".into(), serde_json::to_value(&case.tracker.comments)?);
            map.insert("assignees".into(), serde_json::to_value(&case.tracker.assignees)?);
            map.insert("message_ids".into(), serde_json::to_value(&case.tracker.message_ids)?);
            map.insert("told".into(), serde_json::to_value(&ledger)?);
            map.insert("received".into(), case.received.to_string().into());
        }
        term.value(&value)?;
        return Ok(Exit::Done);
    }
    let t = &case.tracker;
    let head = term.mark(Mark::Head, &format!("{}  {}", t.reference, untrusted_line(&t.title, 110)));
    term.line(&head)?;
    if let Ok(Some(host)) = s.host() {
        let url = term.mark(Mark::Dim, &host.url(t.reference.number));
        term.line(&url)?;
    }
    let zone = TimeZone::get(&s.config().project.time_zone).unwrap_or(TimeZone::UTC);
    let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let who =
        if p.person.is_empty() { p.why_person.clone() } else { format!("@{} ({})", p.person, p.why_person) };
    let labels: Vec<&str> = t.labels.iter().map(String::as_str).collect();
    let line = |k: &str, v: &str, term: &mut Term| -> std::io::Result<()> {
        if v.is_empty() {
            return Ok(());
        }
        let k = term.mark(Mark::Dim, &format!("{k:<10}"));
        term.line(&format!("{k} {}", untrusted_line(v, 160)))
    };
    line("stage", &format!("{}: {}", p.stage.name(), p.next), term)?;
    line("owner", &who, term)?;
    line("labels", &labels.join(", "), term)?;
    line("column", t.column.as_deref().unwrap_or(""), term)?;
    line("milestone", t.milestone.as_deref().unwrap_or(""), term)?;
    line("assigned", &t.assignees.join(", "), term)?;
    let via = match (case.via_forwarder, desk::rules::extract::unreplyable(&case.reporter)) {
        (true, true) => " (no mail reaches them)",
        (true, false) => " (forwarder)",
        (false, _) => "",
    };
    line("reporter", &format!("{}{via}", case.reporter), term)?;
    for role in [FieldRole::PrWithFix, FieldRole::PublicAdvisoryUrl, FieldRole::CveToolLink] {
        let url = fields.get(role).unwrap_or_default().trim();
        if url.starts_with("https://") && !url.contains(char::is_whitespace) {
            let k = term.mark(Mark::Dim, &format!("{:<10}", "link"));
            let link = term.link(role.as_str(), url);
            term.line(&format!("{k} {link}"))?;
        }
    }
    line("received", &time(case.received), term)?;
    for r in FieldRole::ALL {
        if r == FieldRole::IssueDescription {
            continue;
        }
        let value = fields.get(r).unwrap_or_default();
        let unset = term.mark(Mark::Dim, "unset");
        let shown = if value.is_empty() { unset } else { untrusted_line(&tracker::plain_text(value), 120) };
        let k = term.mark(Mark::Dim, &format!("{:<22}", r.as_str()));
        term.line(&format!("  {k} {shown}"))?;
    }
    for p in &fields.problems {
        let mark = term.mark(Mark::Bad, "body:");
        term.line(&format!("{mark} {}", untrusted_line(&p.message, 160)))?;
    }
    if let Some(text) = fields.get(FieldRole::IssueDescription) {
        term.line("")?;
        term.line(&untrusted(&tracker::plain_text(text)))?;
    }
    for c in &t.comments {
        term.line("")?;
        if rollup::is_rollup(&c.body) {
            for e in rollup::parse(&c.body).entries {
                let k = term.mark(Mark::Key, &untrusted_line(&e.summary, 100));
                term.line(&k)?;
                term.line(&format!("  {}", untrusted(e.text.trim()).replace('\n', "\n  ")))?;
            }
        } else {
            let k = term
                .mark(Mark::Key, &format!("{} · @{} commented", time(c.at), untrusted_line(&c.author, 40)));
            term.line(&k)?;
            term.line(&format!("  {}", untrusted(c.body.trim()).replace('\n', "\n  ")))?;
        }
    }
    for r in &ledger {
        let k = term.mark(Mark::Dim, "told");
        let id = one_line(&r.message_id, 80);
        term.line(&format!("{k} {}: {} to {} <{id}>", r.event, r.state, untrusted_line(&r.recipient, 60)))?;
    }
    Ok(Exit::Done)
}

fn why(case: &Case, s: &Session, term: &mut Term) -> Result<Exit> {
    let mut case = case.clone();
    let (p, notes) = position(&mut case, Reach::World, s)?;
    let case = &case;
    let facts = facts::lines(case);
    let events = s.desk.events(Some(&case.tracker.key.0), 50)?;
    if term.json {
        let rows: Vec<_> = p
            .why
            .iter()
            .map(|e| serde_json::json!({"rule": e.rule, "text": e.text, "source": e.source, "seen": case.tracker.updated}))
            .collect();
        let proposals = proposals(case, s)?;
        term.value(
            &serde_json::json!({"tracker": case.tracker.reference.to_string(), "stage": p.stage.name(),
            "why": rows, "facts": facts, "unknown": notes, "proposals": proposals, "events": events}),
        )?;
        return Ok(Exit::Done);
    }
    let head = term.mark(Mark::Head, &format!("{} is {}", case.tracker.reference, p.stage.name()));
    term.line(&head)?;
    for e in &p.why {
        let rule = term.mark(Mark::Key, &e.rule);
        term.line(&format!("  {rule}  {}  [{}]", untrusted_line(&e.text, 140), e.source))?;
    }
    for f in &facts {
        let what = term.mark(Mark::Key, &format!("  {:<10}", f.fact));
        let seen = if f.seen.is_empty() { String::new() } else { format!(", seen {}", f.seen) };
        term.line(&format!(
            "{what} {}  [{}{seen}]",
            untrusted_line(&f.says, 140),
            untrusted_line(&f.source, 80)
        ))?;
    }
    let who = if p.person.is_empty() { "nobody" } else { &p.person };
    term.line(&format!("  owner: {} ({}), {}", who, p.role.map_or("finished", Role::title), p.why_person))?;
    for (headline, evidence) in proposals(case, s)? {
        let head = term.mark(Mark::Head, &untrusted_line(&headline, 110));
        term.line(&head)?;
        for e in evidence {
            let rule = term.mark(Mark::Key, &e.rule);
            term.line(&format!(
                "  {rule}  {}  [{}]",
                untrusted_line(&e.text, 140),
                untrusted_line(&e.source.0, 60)
            ))?;
        }
    }
    Ok(Exit::Done)
}

/// The evidence of every item that was approved for this tracker, from the stored plans.
fn proposals(case: &Case, s: &Session) -> Result<Vec<(String, Vec<desk::case::Evidence>)>> {
    let mut out = Vec::new();
    for row in s.desk.plans(200)? {
        let Some(approval) = &row.approval else { continue };
        for item in &row.plan.items {
            let ours = item.subject == case.tracker.key.0
                || item.effects().iter().any(|e| e.tracker() == Some(&case.tracker.key));
            if ours && approval.items.contains(&item.n) {
                out.push((
                    format!("{} (@{}, {})", item.headline, approval.actor.handle, approval.at),
                    item.why.clone(),
                ));
            }
        }
    }
    Ok(out)
}

fn log(a: &LogArgs, s: &Session, term: &mut Term) -> Result<Exit> {
    if a.verify || a.head {
        let v = s.desk.verify()?;
        if term.json {
            term.value(&v)?;
        } else if a.head {
            term.line(&format!("{} {}", v.events, v.head))?;
        } else if v.faults.is_empty() {
            let good = term.mark(Mark::Good, "the chain holds");
            term.line(&format!(
                "{good}: {} events, {} payloads erased, head {}",
                v.events, v.erased, v.head
            ))?;
        } else {
            for f in &v.faults {
                let bad = term.mark(Mark::Bad, "fault:");
                term.line(&format!("{bad} {f}"))?;
            }
        }
        return Ok(if v.faults.is_empty() { Exit::Done } else { Exit::Failed });
    }
    let subject = match &a.tracker {
        Some(name) => Some(hand::tracker(s, name)?.tracker.key.0),
        None => None,
    };
    let mut events = s.desk.events(subject.as_deref(), a.limit)?;
    events.reverse();
    if term.json {
        term.value(&events)?;
        return Ok(Exit::Done);
    }
    for e in &events {
        let seq = term.mark(Mark::Key, &format!("{:>5}", e.seq));
        let who = if e.actor.is_empty() { String::new() } else { format!("@{} ", e.actor) };
        let what = untrusted_line(&event_words(e, s)?, 120);
        term.line(&format!("{seq}  {}  {:<9} {who}{what}", e.at, e.kind))?;
    }
    Ok(if events.is_empty() { Exit::Nothing } else { Exit::Done })
}

/// What an event says, from its payload; its subject when the payload was erased.
fn event_words(e: &store::Event, s: &Session) -> Result<String> {
    let payload: serde_json::Value =
        e.payload.as_deref().and_then(|p| serde_json::from_str(p).ok()).unwrap_or_default();
    let text = |key: &str| payload.get(key).and_then(|v| v.as_str()).map(String::from);
    let receipt = text("receipt").and_then(|r| serde_json::from_str::<serde_json::Value>(&r).ok());
    let what = receipt.as_ref().and_then(|r| r.get("what")?.as_str().map(String::from));
    let reference = s.desk.reference(&tracker::TrackerKey(e.subject.clone()))?;
    let subject = reference.map_or_else(|| e.subject.clone(), |r| r.to_string());
    Ok(match what.or_else(|| text("why")).or_else(|| text("effect")).or_else(|| text("fate")) {
        Some(what) if what.contains(&subject) => what,
        Some(what) => format!("{subject}  {what}"),
        None => subject,
    })
}

fn mark_sent(a: &MarkSentArgs, s: &Session, term: &mut Term) -> Result<Exit> {
    let id = a.message_id.trim().trim_start_matches('<').trim_end_matches('>');
    let state = if a.discarded { "discarded" } else { "sent" };
    let n = s.desk.mark_draft(id, state, &s.actor.handle, s.now())?;
    if n == 0 {
        return Err(AppError::new(
            Exit::Nothing,
            format!("no draft <{id}> waits to be marked as {state}"),
            "`tipstaff show N` lists the drafts of a tracker with their Message-IDs",
        ));
    }
    if !term.json {
        term.line(&format!("<{id}> is {state}"))?;
    }
    Ok(Exit::Done)
}

/// A message as a file, decoded.
///
/// # Errors
/// When it cannot be read.
pub fn message(path: &std::path::Path, now: jiff::Timestamp) -> Result<mail::Message> {
    let raw = bytes(path)?;
    let first = mail::split(&raw).next().map_or(raw.clone(), |e| e.raw.into_owned());
    Ok(mail::parse(&first, now))
}
