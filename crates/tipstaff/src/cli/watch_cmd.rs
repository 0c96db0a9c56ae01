//! `tipstaff watch` and `tipstaff clock`: what waits, and for how long. Neither changes anything.

use std::{
    collections::BTreeSet,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use desk::{case::Case, rules::sync::clocks::Clocks};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    args::{ClockArgs, WatchArgs},
    desk_cmd, sync_cmd,
    term::{Mark, Term, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, Setting,
    error::Result,
    ical::{self, Event},
    sync,
};

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_secs(1);

/// Run `watch`.
///
/// # Errors
/// When a selector selects nothing, or the desk cannot be read.
pub fn watch(args: &WatchArgs, setting: &Setting, term: &mut Term) -> Result<Exit> {
    let every = pause(&args.every)?;
    let begin = Instant::now();
    let mut shown = String::new();
    let mut looks = 0;
    loop {
        // The clock goes on while the program runs, from the time it was told.
        let passed = SignedDuration::try_from(begin.elapsed()).unwrap_or_default();
        let now = setting.now.checked_add(passed).unwrap_or(setting.now);
        match look(args, Setting { now, ..setting.clone() }, &mut shown, term) {
            Ok(()) => {}
            // What worked before is down for a while, and is looked at again; what never worked is for a person.
            Err(e) if looks > 0 => {
                term.error(&e);
                shown.clear();
            }
            Err(e) => return Err(e),
        }
        looks += 1;
        if args.times.is_some_and(|n| looks >= n) {
            return Ok(Exit::Done);
        }
        std::thread::sleep(every);
    }
}

/// One look: what waits, if it is not what was shown last.
fn look(args: &WatchArgs, setting: Setting, shown: &mut String, term: &mut Term) -> Result<()> {
    let mut session = Session::open(setting, false)?;
    super::trackers::fresh(&mut session, term)?;
    let numbers = sync::select(&session, &args.what)?.numbers();
    let synced = sync::plan(&mut session, &numbers, &BTreeSet::new())?;
    let digest = synced.plan.digest();
    if digest == *shown {
        return Ok(());
    }
    shown.clone_from(&digest);
    if term.json {
        term.value(&serde_json::json!({"at": session.now(), "digest": shown, "trackers": synced.trackers,
            "unknown": synced.notes}))?;
    } else {
        let head = format!("{} waiting at {}", synced.plan.items.len(), time(&session, session.now()));
        let head = term.mark(Mark::Head, &head);
        term.line(&head)?;
        sync_cmd::overview(&synced, false, term)?;
        if !synced.plan.items.is_empty() {
            term.line("\nnext: `tipstaff sync` asks about them")?;
        }
    }
    term.flush()?;
    Ok(())
}

fn pause(text: &str) -> Result<Duration> {
    let wrong = || AppError::usage(format!("--every: `{text}` is no pause")).next("write 30s, 10m or 2h");
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let all = number.checked_mul(seconds).filter(|s| *s <= 7 * 86_400).ok_or_else(wrong)?;
    Ok(Duration::from_secs(all).max(SHORTEST))
}

fn zone(session: &Session) -> TimeZone {
    TimeZone::get(&session.config().project.time_zone).unwrap_or(TimeZone::UTC)
}

fn time(session: &Session, at: Timestamp) -> String {
    at.to_zoned(zone(session)).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Run `clock`.
///
/// # Errors
/// When a selector selects nothing, or the calendar cannot be written.
pub fn clock(args: &ClockArgs, setting: Setting, term: &mut Term) -> Result<Exit> {
    let mut session = Session::open(setting, false)?;
    super::trackers::fresh_if_possible(&mut session, term);
    let numbers = sync::select(&session, &args.what)?.numbers();
    let cases = sync::cases(&session, &numbers)?;
    let clocks = sync::clocks(&session, &cases);
    let mut rows: Vec<(&Case, &Clocks)> = cases.iter().zip(&clocks).collect();
    // What ends first stands first; clocks that have stopped come last.
    rows.sort_by_key(|(c, k)| (k.stopped, k.end, c.tracker.reference.number));
    if let Some(path) = &args.ics {
        return export(&session, &rows, path, term);
    }
    if term.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(c, k)| {
                serde_json::json!({"tracker": c.tracker.reference.to_string(), "number": c.tracker.reference.number,
                    "title": c.tracker.title, "start": k.start, "end": k.end, "end_local": time(&session, k.end),
                    "grace_end": k.grace_end, "age_days": k.age_days, "approaching": k.approaching,
                    "overdue": k.overdue, "grace_expired": k.grace_expired, "stopped": k.stopped})
            })
            .collect();
        term.value(&serde_json::json!({"time_zone": session.config().project.time_zone, "clocks": rows}))?;
        return Ok(Exit::Done);
    }
    for (c, k) in &rows {
        let name = term.mark(Mark::Key, &format!("{:>9}", c.tracker.reference.to_string()));
        let (mark, state) = state(k, session.now());
        let state = term.mark(mark, &state);
        let title = untrusted_line(&c.tracker.title, 46);
        term.line(&format!(
            "{name}  {title:<46}  {:>4} d  window ends {}  {state}",
            k.age_days,
            time(&session, k.end)
        ))?;
    }
    Ok(if rows.is_empty() { Exit::Nothing } else { Exit::Done })
}

fn state(k: &Clocks, now: Timestamp) -> (Mark, String) {
    let days = |a: Timestamp, b: Timestamp| (b.duration_since(a).as_hours() / 24).abs();
    if k.stopped {
        (Mark::Dim, "stopped: announced or closed".into())
    } else if k.grace_expired {
        (Mark::Bad, "overdue, and the grace of a ready fix is over".into())
    } else if k.overdue {
        (Mark::Bad, format!("overdue by {} days", days(k.end, now)))
    } else if k.approaching {
        (Mark::Warn, format!("closing in {} days", days(now, k.end)))
    } else {
        (Mark::Good, format!("{} days left", days(now, k.end)))
    }
}

fn export(session: &Session, rows: &[(&Case, &Clocks)], path: &Path, term: &mut Term) -> Result<Exit> {
    let running: Vec<&(&Case, &Clocks)> = rows.iter().filter(|(_, k)| !k.stopped).collect();
    let events: Vec<Event> = running
        .iter()
        .map(|(c, k)| Event {
            // A calendar may be kept elsewhere: it learns the tracker's number and nothing of the report.
            uid: format!("{}-window@tipstaff.invalid", c.tracker.key),
            at: k.end,
            summary: format!("Disclosure window of {} ends", c.tracker.reference),
            text: format!(
                "The window ends {}. The report came {}.",
                time(session, k.end),
                time(session, k.start)
            ),
            warn_days: 7,
        })
        .collect();
    let text = ical::calendar(&events, session.now());
    if path.as_os_str() == "-" {
        term.out.write_all(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    desk_cmd::private_file(path, text.as_bytes())?;
    let word = if events.len() == 1 { "window" } else { "windows" };
    term.line(&format!("{} {word} written to {}", events.len(), path.display()))?;
    Ok(Exit::Done)
}
