//! `tipstaff cve …` on the trackers of a desk: make a record again, compare, push, publish, export.

use desk::{
    case::{Evidence, Fact, Source},
    config::CveTool,
    cve::{
        Record,
        authority::Over,
        export::{self, About},
    },
    rules::{
        by_hand::Request,
        sync::{
            View,
            record::{self, Ask},
        },
    },
    tracker::FieldRole,
};
use serde_json::{Value, json};

use super::{
    args::{AffectedArgs, CveExportArgs, ExportFormat, RetractArgs, TrackerArg},
    desk_cmd::file,
    plan_cmd,
    term::{Mark, Term, untrusted, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, Setting, affected::affected as read_affected, by_hand as hand, clearance,
    error::Result, facts,
};

/// `cve refresh|push|publish N`.
///
/// # Errors
/// When the tracker is not there, has no id, or there is nothing to change.
pub fn ask(a: &TrackerArg, what: Ask, over: &Over, s: &mut Session, term: &mut Term) -> Result<Exit> {
    let case = &facts::tracker(s, &a.tracker)?;
    let view = View::new(case, s.ground());
    let proposal = record::by_hand(&view, what, over).map_err(|why| AppError::new(Exit::Nothing, why, ""))?;
    let mut plan = record::plan(&view, proposal);
    clearance::judge(s, &mut plan, &[])?;
    plan_cmd::offer(s, &plan, term)
}

/// `cve retract N --reason …`.
///
/// # Errors
/// When the tracker is not there, has no id, or its record is public.
pub fn retract(a: &RetractArgs, s: &mut Session, term: &mut Term) -> Result<Exit> {
    let case = &facts::tracker(s, &a.tracker.tracker)?;
    let view = View::new(case, s.ground());
    let proposal = record::retract(&view, &a.reason).map_err(|why| AppError::new(Exit::Nothing, why, ""))?;
    let mut plan = record::plan(&view, proposal);
    clearance::judge(s, &mut plan, &[])?;
    plan_cmd::offer(s, &plan, term)
}

/// `cve state N`, and `cve diff N`: how the record at its authority stands to the tracker's.
///
/// # Errors
/// When the tracker is not there, or has no id.
pub fn compare(a: &TrackerArg, differences: bool, s: &Session, term: &mut Term) -> Result<Exit> {
    let case = &facts::tracker(s, &a.tracker)?;
    let view = View::new(case, s.ground());
    let Some(cve) = &view.cve else {
        return Err(AppError::new(
            Exit::Nothing,
            format!("{} has no CVE id", view.name),
            "`tipstaff allocate N`",
        ));
    };
    let b = view.built();
    let there = case.observed.record.known().and_then(|r| r.json.clone());
    let copy = there.is_none();
    // The copy kept here says nothing about what its authority has, and is not passed off as that.
    let absent = match &case.observed.record {
        Fact::Absent(source) if s.config().cve.tool != CveTool::Desk => Some(source.0.clone()),
        _ => None,
    };
    let theirs = there.or_else(|| {
        let kept = case.observed.attached.as_deref().filter(|t| !t.is_empty())?;
        serde_json::from_str(kept).ok()
    });
    let ours = b.record.to_value();
    // At an authority where others write too, what they wrote is no difference.
    let wanted = case.observed.record.known().and_then(|r| record::merged(&view, r, &ours)).map(|m| m.record);
    let diff =
        theirs.as_ref().map(|t| record::difference(t, wanted.as_ref().unwrap_or(&ours))).unwrap_or_default();
    let contested = record::contested(&view, &ours);
    let unknown = case.observed.record.failure().filter(|w| !w.is_empty());
    if term.json {
        let rows: Vec<Value> =
            diff.iter().map(|(at, old, new)| json!({"path": at, "old": old, "new": new})).collect();
        term.value(&json!({
            "tracker": view.name, "cve": cve, "state": view.record().as_str(), "readiness": b.readiness,
            "hygiene": record::held_back(&view), "contested": contested, "unknown": unknown, "absent": absent.is_some(), "compared": theirs.is_some(),
            "compared_with": theirs.as_ref().map(|_| if copy { "copy" } else { "authority" }), "difference": rows,
        }))?;
        return Ok(Exit::Done);
    }
    term.line(&format!("{cve} of {}: {} at its authority", view.name, view.record().as_str()))?;
    let mark = if b.readiness.ready { Mark::Good } else { Mark::Warn };
    let word = term.mark(mark, &b.readiness.why);
    term.line(&format!("  the tracker's record: {word}"))?;
    for (field, why) in record::held_back(&view) {
        let head = term.mark(Mark::Warn, "held back:");
        term.line(&format!("  {head} {field}: {}", untrusted_line(&why, 160)))?;
    }
    if let Some(why) = unknown {
        let head = term.mark(Mark::Warn, "not asked:");
        term.line(&format!("  {head} {}", untrusted_line(why, 200)))?;
    }
    if let Some(source) = &absent {
        let head = term.mark(Mark::Warn, "not there:");
        term.line(&format!("  {head} {} has no record of {cve}", untrusted_line(source, 100)))?;
    }
    let from = if copy { " from the copy kept beside the tracker" } else { "" };
    for at in &contested {
        let head = term.mark(Mark::Bad, "both changed:");
        term.line(&format!("  {head} {}", untrusted_line(at, 160)))?;
    }
    if theirs.is_none() {
        term.line("  nothing was pushed or kept yet: `tipstaff cve refresh N`")?;
    } else if diff.is_empty() {
        term.line(&format!("  no difference{from}"))?;
    } else {
        term.line(&format!(
            "  {} difference(s){from}{}",
            diff.len(),
            if differences { ":" } else { "; `tipstaff cve diff N` shows them" }
        ))?;
    }
    if differences {
        for (at, old, new) in &diff {
            term.line(&format!("  {}", untrusted_line(at, 160)))?;
            for (sign, value, mark) in [("-", old, Mark::Bad), ("+", new, Mark::Good)] {
                if let Some(v) = value {
                    let line =
                        term.mark(mark, &format!("    {sign} {}", untrusted_line(&v.to_string(), 200)));
                    term.line(&line)?;
                }
            }
        }
    }
    let sure = unknown.is_none() && absent.is_none();
    Ok(if diff.is_empty() && theirs.is_some() && sure { Exit::Nothing } else { Exit::Done })
}

/// `cve affected N [--since …]`: the ranges, why, and the field as a proposal where it says something else.
///
/// # Errors
/// When the tracker is not there, or the clone says nothing about it.
pub fn affected(a: &AffectedArgs, s: &mut Session, term: &mut Term) -> Result<Exit> {
    let case = &facts::tracker(s, &a.tracker)?;
    let found = read_affected(s, case, &a.since)?;
    for note in &found.notes {
        term.note("note", note);
    }
    let field = found.field();
    let now = View::new(case, s.ground()).field(FieldRole::AffectedVersions).trim().to_owned();
    let same = now == field;
    if term.json {
        let rows: Vec<Value> = found
            .packages
            .iter()
            .map(|p| {
                let why: Vec<Value> =
                    p.ranges.why.iter().map(|(rule, text)| json!({"rule": rule, "text": text})).collect();
                json!({"package": p.name, "expression": p.ranges.expression, "why": why})
            })
            .collect();
        term.value(&json!({"packages": rows, "field": field, "now": now, "source": found.source}))?;
        return Ok(if same { Exit::Nothing } else { Exit::Done });
    }
    for p in &found.packages {
        let name = if p.name.is_empty() { String::new() } else { format!("{}: ", p.name) };
        let none = "no release is affected";
        let what = if p.ranges.expression.is_empty() { none } else { &p.ranges.expression };
        term.line(&format!("{}{}", untrusted_line(&name, 100), term.mark(Mark::Good, what)))?;
        for (rule, why) in &p.ranges.why {
            term.line(&format!("  {rule}: {}", untrusted_line(why, 160)))?;
        }
    }
    term.line(&format!("  from the tags of the {}", found.source))?;
    if same {
        term.line("  the tracker says the same")?;
        return Ok(Exit::Nothing);
    }
    if field.is_empty() {
        return Ok(Exit::Nothing);
    }
    let mut plan = hand::plan(s, case, &Request::Field(FieldRole::AffectedVersions, field))?;
    for item in &mut plan.items {
        item.why.extend(found.packages.iter().flat_map(|p| &p.ranges.why).map(|(rule, text)| Evidence {
            rule: (*rule).into(),
            text: text.clone(),
            source: Source(found.source.clone()),
        }));
    }
    plan_cmd::offer(s, &plan, term)
}

/// `cve export N|FILE --format F`.
///
/// # Errors
/// When there is no such tracker or file, or it holds no record.
pub fn export(a: &CveExportArgs, setting: Setting, term: &mut Term) -> Result<Exit> {
    let number = a.what.rsplit('#').next().and_then(|n| n.trim().parse::<u64>().ok());
    let path = std::path::Path::new(&a.what);
    let (record, config) = if number.is_some() && !path.exists() {
        let mut s = Session::open(setting.clone(), false)?;
        super::trackers::fresh_if_possible(&mut s, term);
        let case = hand::tracker(&s, &a.what)?;
        let view = View::new(&case, s.ground());
        (view.built().record.clone(), s.config().clone())
    } else {
        let text = file(path)?;
        let record = Record::parse(&text).map_err(|e| {
            AppError::usage(format!("{}: {e}", a.what))
                .next("`tipstaff cve check FILE` says what is wrong with it")
        })?;
        (record, setting.load_config()?.config)
    };
    let p = &config.project;
    let publisher = [&p.vendor, &p.name]
        .into_iter()
        .find(|n| !n.is_empty())
        .cloned()
        .unwrap_or_else(|| "the project".into());
    let namespace = [&p.security_policy_url, &p.url].into_iter().find(|n| !n.is_empty()).cloned();
    let about = About {
        publisher,
        namespace: namespace.unwrap_or_default(),
        now: setting.now,
        engine: env!("CARGO_PKG_VERSION").into(),
    };
    let document = match a.format {
        ExportFormat::Json => return text(&record.render(), term),
        ExportFormat::Mail => {
            let m = export::mail(&record, &about);
            if term.json {
                term.value(&serde_json::to_value(m)?)?;
                return Ok(Exit::Done);
            }
            return text(&format!("Subject: {}\n\n{}", m.subject, m.body), term);
        }
        ExportFormat::Markdown => return text(&export::page(&record), term),
        ExportFormat::Osv => export::osv(&record, &about),
        ExportFormat::Csaf => export::csaf(&record, &about),
        ExportFormat::Openvex => export::openvex(&record, &about),
    };
    for p in &document.problems {
        term.note("note", p);
    }
    term.value(&document.document)?;
    Ok(Exit::Done)
}

fn text(words: &str, term: &mut Term) -> Result<Exit> {
    term.line(&untrusted(words.trim_end()))?;
    Ok(Exit::Done)
}
