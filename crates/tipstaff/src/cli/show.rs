//! Plans, reports and trackers as people read them.

use std::io;

use desk::cve::RecordPlace;
use desk::plan::{
    Effect, Group, Item, Plan, Probe, Step, Told,
    apply::{ItemOutcome, Report, StepOutcome},
    effect::Change,
};

use super::term::{Mark, Term, untrusted, untrusted_line};

/// Show a plan: what is proposed first, evidence on request.
///
/// # Errors
/// When standard output is gone.
pub fn plan(term: &mut Term, plan: &Plan, evidence: bool) -> io::Result<()> {
    let mut group = None;
    for item in &plan.items {
        if group != Some(item.group) && plan.kind == "import" {
            group = Some(item.group);
            let head = match item.group {
                Group::Proposed => "Proposed (applied by `all`)",
                Group::NeedsWord => "Needs a word from you (applied only when named)",
                Group::SetAside => "Set aside, nothing is written (recorded by `all`)",
            };
            let head = term.mark(Mark::Head, head);
            term.line(&format!("\n{head}"))?;
        }
        self::item(term, item, evidence)?;
    }
    for b in &plan.blockers {
        let mark = term.mark(Mark::Bad, "blocked:");
        term.line(&format!("{mark} {}", untrusted(b)))?;
    }
    for n in &plan.notices {
        let mark = term.mark(Mark::Dim, "note:");
        term.line(&format!("{mark} {}", untrusted(n)))?;
    }
    Ok(())
}

/// Show one proposal.
///
/// # Errors
/// When standard output is gone.
pub fn item(term: &mut Term, item: &Item, evidence: bool) -> io::Result<()> {
    let n = term.mark(Mark::Key, &format!("{:>3}", item.n.0));
    let headline = untrusted_line(&item.headline, 110);
    let quiet = item.group == Group::SetAside;
    let headline = term.mark(if quiet { Mark::Dim } else { Mark::Head }, &headline);
    term.line(&format!("{n}  {headline}"))?;
    if quiet && !evidence {
        let from = item.details.iter().find(|(k, _)| k == "from").map_or("", |(_, v)| v.as_str());
        let why = item.why.first().map_or("", |w| w.rule.as_str());
        if !from.is_empty() {
            let line = term.mark(Mark::Dim, &format!("{}  [{why}]", untrusted_line(from, 70)));
            term.line(&format!("     {line}"))?;
        }
        return Ok(());
    }
    let detail = |name: &str| item.details.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str());
    // Who, when and what kind on one line; the subject only where the headline does not say it.
    let when = detail("arrived").get(..16).unwrap_or_default().replace('T', " ");
    let about = [detail("class"), detail("from"), &when, detail("thread")];
    let about: Vec<String> = about.iter().filter(|v| !v.is_empty()).map(|v| untrusted_line(v, 80)).collect();
    if !about.is_empty() {
        let line = about.join(" · ");
        term.line(&format!("     {line}"))?;
    }
    for (key, value) in &item.details {
        let shown = matches!(key.as_str(), "class" | "from" | "arrived" | "thread");
        let said = key == "subject" && item.headline.contains(value.as_str());
        if !shown && !said {
            let key = term.mark(Mark::Dim, &format!("{key:<8}"));
            term.line(&format!("     {key} {}", untrusted_line(value, 160)))?;
        }
    }
    if let Some(why) = &item.blocked {
        let mark = term.mark(Mark::Bad, "blocked ");
        term.line(&format!("     {mark} {}", untrusted_line(why, 200)))?;
    }
    for notice in &item.notices {
        let mark = term.mark(Mark::Warn, "look    ");
        term.line(&format!("     {mark} {}", untrusted_line(notice, 200)))?;
    }
    if evidence {
        for why in &item.why {
            let rule = term.mark(Mark::Dim, &format!("why      {}", why.rule));
            term.line(&format!("     {rule}  {}", untrusted_line(&why.text, 200)))?;
        }
    } else if !item.why.is_empty() {
        let first: Vec<String> = item
            .why
            .iter()
            .take(2)
            .map(|w| format!("{} “{}”", w.rule, untrusted_line(&w.text, 50)))
            .collect();
        let line = term.mark(Mark::Dim, &format!("why      {}", first.join("; ")));
        term.line(&format!("     {line}"))?;
    }
    if evidence {
        for s in &item.steps {
            step(term, s, 1)?;
        }
    }
    Ok(())
}

fn step(term: &mut Term, s: &Step, depth: usize) -> io::Result<()> {
    let indent = "  ".repeat(depth + 2);
    term.line(&format!("{indent}- {}", untrusted_line(&effect(&s.effect), 180)))?;
    match &s.effect {
        Change::Choose { arms, .. } => {
            for (answer, steps) in arms {
                let answer = term.mark(Mark::Dim, &format!("if {answer}:"));
                term.line(&format!("{indent}  {answer}"))?;
                for inner in steps {
                    step(term, inner, depth + 2)?;
                }
            }
        }
        Change::MailDraft { letter, .. } => {
            let (subject, body) = letter.preview();
            let cc: Vec<String> = letter.cc.iter().map(ToString::to_string).collect();
            let head = if letter.page.is_empty() {
                format!("To: {}\nCc: {}\nSubject: {subject}", letter.to, cc.join(", "))
            } else {
                format!("To paste into {}", letter.page)
            };
            block(term, &indent, &format!("{head}\n\n{body}"))?;
        }
        Change::CreateTracker { body, .. } => block(term, &indent, &body.preview())?,
        Change::Comment { text, .. } | Change::PostMarked { text, .. } => {
            block(term, &indent, &text.preview())?;
        }
        Change::PushRecord { record, .. } => record_head(term, &indent, &record.preview())?,
        Change::PublishRecord { record, .. } => record_head(term, &indent, &record.preview())?,
        Change::RetractRecord { reason, .. } => block(term, &indent, &reason.preview())?,
        Change::SetField { value, .. } => block(term, &indent, &value.preview())?,
        Change::OpenPullRequest { title, body, .. } => {
            block(term, &indent, &format!("{}\n\n{}", title.preview(), body.preview()))?;
        }
        Change::AppendEntry { note, .. } => {
            let told = told(&note.told);
            let text = format!("{}\n{}\nReporter: {told}", note.headline.preview(), note.body.preview());
            block(term, &indent, &text)?;
        }
        _ => {}
    }
    Ok(())
}

/// The first lines of a record; the whole of it is in the plan's file.
fn record_head(term: &mut Term, indent: &str, text: &str) -> io::Result<()> {
    const LINES: usize = 12;
    let shown: Vec<&str> = text.lines().take(LINES).collect();
    block(term, indent, &shown.join("\n"))?;
    match text.lines().count().saturating_sub(LINES) {
        0 => Ok(()),
        more => {
            let line = term.mark(Mark::Dim, &format!("| … {more} more lines (`tipstaff plan show --json`)"));
            term.line(&format!("{indent}  {line}"))
        }
    }
}

fn told(t: &Told) -> String {
    match t {
        Told::Notified(how) => format!("told, {how}"),
        Told::NotNeeded(why) => format!("not told, {why}"),
        Told::PendingDraft(id) => format!("draft <{id}> waits to be sent"),
        Told::NotTold(why) => format!("not told yet: {why}"),
    }
}

fn block(term: &mut Term, indent: &str, text: &str) -> io::Result<()> {
    for line in text.lines() {
        let line = term.mark(Mark::Dim, &format!("| {}", untrusted(line)));
        term.line(&format!("{indent}  {line}"))?;
    }
    Ok(())
}

/// One line about an effect.
#[must_use]
pub fn effect(e: &Effect) -> String {
    match e {
        Change::CreateTracker { title, labels, column, .. } => {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let column = if column.is_empty() { String::new() } else { format!(", column `{column}`") };
            format!("create tracker `{}`, labels {}{column}", title.preview(), labels.join(", "))
        }
        Change::SetFate { message, to } => format!("message {message}: {}", to.word()),
        Change::SetTitle { title, .. } => format!("title: {}", title.preview()),
        Change::SetField { role, .. } => format!("field {role}"),
        Change::AppendEntry { note, .. } => format!("status entry `{}`", note.action),
        Change::SetLabels { add, remove, .. } => {
            let words = add.iter().map(|l| format!("+{l}")).chain(remove.iter().map(|l| format!("-{l}")));
            format!("labels {}", words.collect::<Vec<_>>().join(" "))
        }
        Change::SetMilestone { milestone, .. } => {
            format!("milestone {}", milestone.as_deref().unwrap_or("none"))
        }
        Change::SetAssignees { assignees, .. } => {
            format!("assignees {}", assignees.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        Change::MoveCard { column, .. } => format!("card to `{column}`"),
        Change::ArchiveCard { archived: true, .. } => "archive the card".into(),
        Change::ArchiveCard { archived: false, .. } => "bring the card back".into(),
        Change::Comment { .. } => "comment".into(),
        Change::PostMarked { kind, .. } => format!("{kind} comment, written once and edited in place"),
        Change::RemoveComment { comment, .. } => {
            format!("remove comment {}, now that the status holds its words", untrusted(comment))
        }
        Change::CreateMilestone { name, due } => {
            let due = due.map(|d| format!(", due {d}")).unwrap_or_default();
            format!("make the milestone {name}{due}")
        }
        Change::CloseMilestone { name } => format!("close the milestone {name}"),
        Change::PrepareHost { part } => format!("make the {part}"),
        Change::AttachRecord { cve, beside, .. } => match beside.as_ref().map(|b| b.place) {
            None => format!("keep the record of {cve} beside the tracker"),
            Some(RecordPlace::Body) => format!("keep the record of {cve} in the body of the tracker"),
            Some(RecordPlace::Comment) => format!("keep the record of {cve} in a comment of its own"),
        },
        Change::PushRecord { cve, state, .. } => {
            format!("push the record of {cve}, at least {}", state.as_str())
        }
        Change::PublishRecord { cve, .. } => format!("publish the record of {cve}"),
        Change::RetractRecord { cve, .. } => format!("take {cve} back at its authority"),
        Change::ReserveId { year, .. } => {
            format!("ask the CVE authority for an id of {year}; this cannot be undone")
        }
        Change::OpenPullRequest { fork, base, head, draft, .. } => {
            let what = if *draft { "draft pull request" } else { "pull request" };
            let (fork, head) = (fork.preview(), head.preview());
            let head = if fork.is_empty() { head } else { format!("{fork}:{head}") };
            format!("open a {what}, which everybody sees: {head} into {}", base.preview())
        }
        Change::MailDraft { letter, .. } if !letter.page.is_empty() => {
            format!(
                "text `{}` for {}, which a person pastes into {}",
                letter.reply, letter.to.name, letter.page
            )
        }
        Change::MailDraft { letter, .. } => {
            format!("mail draft `{}` to {} (never sent)", letter.reply, letter.to)
        }
        Change::RecordRejection { reply, .. } => format!("rejection ledger: {reply}"),
        // An item is about one tracker, and its headline names it.
        Change::Close { reason, .. } => format!("close the tracker ({reason})"),
        Change::Reopen { .. } => "reopen the tracker".into(),
        Change::Choose { probe: Probe::DraftPending { .. }, .. } => {
            "if no draft for this thread waits already".into()
        }
        Change::Choose { probe: Probe::RecordState { cve }, .. } => {
            format!("ask how far the record of {cve} is, then")
        }
        Change::Choose { probe: Probe::TrackerState { .. }, .. } => {
            "ask whether the tracker is open, then".into()
        }
    }
}

/// Show what applying did: done, partly done, not started; then who moves next.
///
/// # Errors
/// When standard output is gone.
pub fn report(term: &mut Term, report: &Report) -> io::Result<()> {
    for item in &report.items {
        let n = term.mark(Mark::Key, &format!("{:>3}", item.n.0));
        let (mark, word) = match &item.outcome {
            ItemOutcome::Applied => (Mark::Good, "done"),
            ItemOutcome::Refused { .. } => (Mark::Warn, "refused"),
            ItemOutcome::NeedsPerson { .. } => (Mark::Warn, "needs you"),
            ItemOutcome::Failed { .. } => (Mark::Bad, "failed"),
            ItemOutcome::NotStarted { .. } => (Mark::Dim, "not started"),
        };
        let word = term.mark(mark, word);
        term.line(&format!("{n}  {word}: {}", untrusted_line(&item.headline, 110)))?;
        match &item.outcome {
            ItemOutcome::Applied => {}
            ItemOutcome::Refused { why }
            | ItemOutcome::NeedsPerson { why }
            | ItemOutcome::Failed { why }
            | ItemOutcome::NotStarted { why } => {
                term.line(&format!("     {}", untrusted(why)))?;
            }
        }
        for (name, _, outcome) in &item.steps {
            let lines: Vec<String> = match outcome {
                StepOutcome::Done(r) if name != "set-fate" => vec![r.what.clone()],
                // A choice says what its arm did, one receipt after the other.
                StepOutcome::Took(what) => what.split("; ").map(String::from).collect(),
                StepOutcome::Already(r) => vec![format!("{} (done before)", r.what)],
                StepOutcome::Found(r) => vec![format!("{} (found done)", r.what)],
                _ => continue,
            };
            for line in lines {
                let line = term.mark(Mark::Dim, &untrusted_line(&line, 180));
                term.line(&format!("     {line}"))?;
            }
        }
        if item.outcome == ItemOutcome::Applied && !item.next.is_empty() && item.next != "nothing" {
            let next = term.mark(Mark::Dim, "next:");
            term.line(&format!("     {next} {}", untrusted_line(&item.next, 140)))?;
        }
    }
    Ok(())
}
