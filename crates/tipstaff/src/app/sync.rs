//! `sync`: choose trackers, observe, plan, and carry edits and refusals of a person into the plan (sync page §14).

use std::collections::BTreeSet;

use desk::{
    case::Case,
    confidential::Draft,
    plan::{
        Effect, Item, ItemNo, Plan, Step, digest,
        effect::{Change, LetterText},
        settle,
    },
    reply,
    rules::{
        selection::{self, Selection},
        stage::{self, Position},
        sync::{self, TrackerPlan, View, clocks::Clocks},
    },
    tracker::{FieldRole, Marked},
};

use super::{
    clearance,
    error::{AppError, Exit, Result},
    facts::{self, Reach},
    mail,
    session::Session,
    threads::Threads,
};

/// What a run of `sync` proposes.
#[derive(Debug)]
pub struct Synced {
    /// The trackers, as they were observed.
    pub cases: Vec<Case>,
    /// One plan over all of them.
    pub plan: Plan,
    /// The same by tracker, ascending.
    pub trackers: Vec<TrackerPlan>,
    /// What could not be looked at, each source once.
    pub notes: Vec<String>,
    /// Items a person declined and whose facts have not changed: headline and rule. They are not in the plan.
    pub declined: Vec<(String, String)>,
}

/// Read the selectors of a command line.
///
/// # Errors
/// When one selects nothing, or the desk cannot be read.
pub fn select(session: &Session, words: &[String]) -> Result<Selection> {
    let cases = session.desk.cases()?;
    if cases.is_empty() {
        return Err(AppError::new(
            Exit::Nothing,
            "there is no tracker on this desk yet",
            "`tipstaff import PATH` makes them from a mailbox",
        ));
    }
    let ground = selection::Ground {
        cases: &cases,
        config: session.config(),
        headings: &session.headings,
        labels: &session.labels,
        now: session.now(),
    };
    selection::select(words, ground).map_err(|e| AppError::new(Exit::Usage, e.what, e.next))
}

/// The trackers of a selection, as the desk has them now.
///
/// # Errors
/// When the desk cannot be read.
pub fn cases(session: &Session, numbers: &BTreeSet<u64>) -> Result<Vec<Case>> {
    let mut all = session.desk.cases()?;
    all.retain(|c| numbers.contains(&c.tracker.reference.number));
    Ok(all)
}

/// Observe the trackers and plan them in one pass. What could not go out is blocked, with the reason. What was declined
/// stays away, except for the trackers named in `again`.
///
/// # Errors
/// When the desk cannot be read.
pub fn plan(session: &mut Session, numbers: &BTreeSet<u64>, again: &BTreeSet<u64>) -> Result<Synced> {
    let mut cases = cases(session, numbers)?;
    // Before anything is looked at: a letter that was sent is known as sent to every rule.
    let (_, unasked) = mail::learn_sent(session)?;
    let mut notes = facts::gather(session, &mut cases, Reach::World)?;
    notes.extend(unasked);
    let (mut plan, mut trackers) = sync::merged(&cases, session.ground(), &Threads);
    plan.notices.extend(notes.iter().cloned());
    let named = cases.iter().filter(|c| again.contains(&c.tracker.reference.number));
    let named: BTreeSet<&str> = named.map(|c| c.tracker.key.0.as_str()).collect();
    let declined = leave_out(session, &mut plan, &named)?;
    clearance::judge(session, &mut plan, &cases)?;
    settle(&mut plan.items);
    for t in &mut trackers {
        take_over(t, &plan);
    }
    Ok(Synced { cases, plan, trackers, notes, declined })
}

/// Those trackers with what can be observed about them now.
///
/// # Errors
/// When the desk cannot be read.
pub fn observed(session: &mut Session, subjects: &BTreeSet<&str>) -> Result<Vec<Case>> {
    let mut all = session.desk.cases()?;
    all.retain(|c| subjects.contains(c.tracker.key.0.as_str()));
    facts::gather(session, &mut all, Reach::World)?;
    Ok(all)
}

/// Show a tracker's items as the whole plan has them.
fn take_over(t: &mut TrackerPlan, plan: &Plan) {
    let (items, buckets) =
        t.items.iter().zip(&t.buckets).filter_map(|(i, b)| plan.item(i.n).map(|i| (i.clone(), *b))).unzip();
    (t.items, t.buckets) = (items, buckets);
    if t.items.is_empty() && t.skipped.is_none() {
        t.skipped = Some("declined before, and nothing changed since".into());
    }
}

/// What an item rests on: it returns when this changes (DESIGN §2, "No is remembered").
fn facts_of(item: &Item) -> String {
    let effects: Vec<&Effect> = item.steps.iter().map(|s| &s.effect).collect();
    let why: Vec<(&str, &str)> = item.why.iter().map(|w| (w.rule.as_str(), w.text.as_str())).collect();
    digest::of(&(&item.rule, effects, why))
}

/// Remember that a person said no to items.
///
/// # Errors
/// When the desk cannot be written.
pub fn decline(session: &Session, plan: &Plan, items: &BTreeSet<ItemNo>) -> Result<()> {
    for item in items.iter().filter_map(|n| plan.item(*n)) {
        session.desk.decline(
            &item.subject,
            &item.rule,
            &facts_of(item),
            &session.actor.handle,
            session.now(),
        )?;
    }
    Ok(())
}

/// Take out what was declined before. An item that another one needs stays, and needs to be named.
fn leave_out(session: &Session, plan: &mut Plan, again: &BTreeSet<&str>) -> Result<Vec<(String, String)>> {
    let declined: BTreeSet<(String, String, String)> = session.desk.declined()?.into_iter().collect();
    if declined.is_empty() {
        return Ok(Vec::new());
    }
    let needed: BTreeSet<ItemNo> = plan.items.iter().flat_map(|i| i.after.iter().copied()).collect();
    let mut out = Vec::new();
    plan.items.retain_mut(|i| {
        let row = (i.subject.clone(), i.rule.clone(), facts_of(i));
        if again.contains(i.subject.as_str()) || !declined.contains(&row) {
            return true;
        }
        if needed.contains(&i.n) {
            i.group = desk::plan::Group::NeedsWord;
            i.notices.push("you said no to this before; it is applied only when named".into());
            return true;
        }
        out.push((i.headline.clone(), i.rule.clone()));
        false
    });
    Ok(out)
}

/// Change an item as a person asks for: `severity: High`, `title: …`, `milestone: …`, `comment: …`, `letter: …`,
/// `subject: …`, or only the new value where there is one thing to change. In a comment or letter `\n` is a new line. The
/// words are judged again, the record is made again from what the fields will say, and only this item needs a new yes.
///
/// # Errors
/// When the item holds nothing of that name, or a letter breaks the house style.
pub fn revise(session: &mut Session, plan: &Plan, cases: &[Case], n: ItemNo, text: &str) -> Result<Plan> {
    let mut out = plan.clone();
    let Some(item) = out.items.iter_mut().find(|i| i.n == n) else {
        return Err(AppError::usage(format!("{n} is no item of this plan")));
    };
    let mut names: Vec<&'static str> = Vec::new();
    for name in item.effects().into_iter().flat_map(names_of) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let (key, value) = wanted(&names, n, text)?;
    let kinds: Vec<&str> = names.iter().copied().filter(|n| is_kind(n)).collect();
    if key == "comment" && kinds.len() > 1 {
        return Err(AppError::usage(format!(
            "item {n} may write several comments, and `comment` does not say which"
        ))
        .next(format!("write `{n}:edit KEY: VALUE` with one of: {}", kinds.join(", "))));
    }
    let value = if is_word(key) { value.replace("\\n", "\n") } else { value };
    let breach = if key == "letter" || key == "subject" { reply::check_text(&value) } else { Vec::new() };
    if let Some(f) = breach.into_iter().next() {
        return Err(
            AppError::usage(format!("\"{}\": {}", f.evidence, f.message)).next("word it without that")
        );
    }
    let subject = item.subject.clone();
    each_step(&mut item.steps, &mut |step| edit(step, key, &value));
    each_step(&mut item.steps, &mut |step| {
        if let Change::AppendEntry { note, .. } = &mut step.effect {
            let line = if is_word(key) {
                format!("\n\nThe {key} was edited before it was approved.")
            } else {
                let shown = desk::tracker::inline_text(&value);
                format!("\n\nEdited before it was approved: {key} is {shown}")
            };
            note.body = note.body.clone().push_text(line);
            renamed(step);
        }
    });
    for d in &mut item.details {
        if same(&d.0, key) {
            let before = d.1.split_once(" → ").map_or("", |(b, _)| b).to_owned();
            d.1 = if before.is_empty() { value.clone() } else { format!("{before} → {value}") };
        }
    }
    item.notices.push(format!("{key} is as you said: {}", desk::mail::one_line(&value, 200)));
    item.blocked = None;
    if let Some(case) = cases.iter().find(|c| c.tracker.key.0 == subject) {
        sync::record::again(&mut out.items, case, session.ground());
    }
    clearance::judge(session, &mut out, cases)?;
    settle(&mut out.items);
    Ok(out)
}

/// Words to somebody, not a value of the tracker.
fn is_word(name: &str) -> bool {
    ["comment", "subject", "letter"].contains(&name) || is_kind(name)
}

/// A comment that the program keeps, by its own name.
fn is_kind(name: &str) -> bool {
    Marked::ALL.iter().any(|k| k.as_str() == name)
}

/// Which part of an item a person means, and what they want there.
fn wanted(names: &[&'static str], n: ItemNo, text: &str) -> Result<(&'static str, String)> {
    let text = unquoted(text);
    if let Some((k, v)) = text.split_once([':', '='])
        && let Some(name) = names.iter().find(|n| same(n, k))
    {
        return Ok((name, unquoted(v).to_owned()));
    }
    // Who names a part that the item does not have means another item: it is never taken for words of a letter.
    let elsewhere = |k: &str| {
        let parts =
            FieldRole::ALL.iter().map(|r| r.as_str()).chain(["title", "milestone", "subject", "letter"]);
        parts.into_iter().find(|p| same(p, k))
    };
    if let Some(part) = text.split_once([':', '=']).and_then(|(k, _)| elsewhere(k)) {
        let has = if names.is_empty() { "nothing that can be edited".to_owned() } else { names.join(", ") };
        return Err(AppError::usage(format!("item {n} has no {part}; it has {has}"))
            .next("name the item that sets it, or use `tipstaff edit` for the tracker itself"));
    }
    // A bare value is for the tracker's value before it is for anybody's words.
    let values: Vec<&&str> = names.iter().filter(|n| !is_word(n)).collect();
    let words: Vec<&&str> = names.iter().filter(|n| **n != "subject" && !is_kind(n)).collect();
    match (values.as_slice(), words.as_slice()) {
        ([only], _) | ([], [only]) => Ok((only, text.trim().to_owned())),
        ([], []) => Err(AppError::usage(format!("item {n} holds no value that can be edited"))
            .next("skip it, and use `tipstaff edit` for the tracker itself")),
        _ => Err(AppError::usage(format!("`{text}` does not say what of item {n} to change"))
            .next(format!("write `{n}:edit KEY: VALUE` with one of: {}", names.join(", ")))),
    }
}

/// A text without the quotation marks around the whole of it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let pairs = [('"', '"'), ('“', '”'), ('`', '`')];
    let inner = pairs.iter().find_map(|(a, b)| text.strip_prefix(*a)?.strip_suffix(*b));
    inner.filter(|t| !t.contains(['"', '“', '”', '`'])).unwrap_or(text).trim()
}

/// Every step, those in the arms of a choice included.
fn each_step(steps: &mut [Step], f: &mut impl FnMut(&mut Step)) {
    for s in steps {
        f(s);
        if let Change::Choose { arms, .. } = &mut s.effect {
            arms.values_mut().for_each(|a| each_step(a, f));
        }
    }
}

fn edit(step: &mut Step, key: &str, value: &str) {
    if !names_of(&step.effect).contains(&key) {
        return;
    }
    match &mut step.effect {
        Change::SetField { value: v, .. } => *v = Draft::text(value),
        Change::SetTitle { title, .. } => *title = Draft::text(value),
        Change::SetMilestone { milestone, .. } => {
            *milestone = Some(value.to_owned()).filter(|v| !v.is_empty())
        }
        Change::Comment { text, .. } | Change::PostMarked { text, .. } => *text = Draft::text(value),
        Change::MailDraft { letter, .. } => {
            // The ledger's key stays: it is the letter about the same event.
            match (&mut letter.text, key) {
                (LetterText::Reporter { subject, .. }, "subject") => *subject = Draft::text(value),
                (LetterText::Reporter { body, .. }, _) => *body = Draft::text(value),
                (LetterText::Forwarder { subject, .. }, "subject") => *subject = Draft::text(value),
                (LetterText::Forwarder { body, .. }, _) => *body = Draft::text(value),
                (LetterText::Team { subject, .. }, "subject") => *subject = Draft::text(value),
                (LetterText::Team { body, .. }, _) => *body = Draft::text(value),
                (LetterText::List { subject, .. }, "subject") => *subject = Draft::text(value),
                (LetterText::List { body, .. }, _) => *body = Draft::text(value),
                (LetterText::Distributors { subject, .. }, "subject") => *subject = Draft::text(value),
                (LetterText::Distributors { body, .. }, _) => *body = Draft::text(value),
            }
            letter.asks_credit &= key == "subject" || value.to_lowercase().contains("credit");
            return;
        }
        _ => {}
    }
    renamed(step);
}

fn renamed(step: &mut Step) {
    step.key.artifact = digest::of(&step.effect).get(..16).unwrap_or_default().to_owned();
}

/// What the parts of an effect are called when they are edited.
#[must_use]
pub fn names_of(effect: &Effect) -> Vec<&'static str> {
    match effect {
        Change::SetField { role, .. } => vec![role.as_str()],
        Change::SetTitle { .. } => vec!["title"],
        Change::SetMilestone { .. } => vec!["milestone"],
        Change::Comment { .. } => vec!["comment"],
        // The arms of a choice may hold several: each has its own name beside the common one.
        Change::PostMarked { kind, .. } => vec!["comment", kind.as_str()],
        Change::MailDraft { .. } => vec!["letter", "subject"],
        _ => Vec::new(),
    }
}

/// Do two words name the same part? Case, spaces and other names of a field do not matter.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let fold = |s: &str| s.trim().to_lowercase().replace([' ', '-'], "_");
    let (a, b) = (fold(a), fold(b));
    let role = |s: &str| s.parse::<FieldRole>().ok();
    a == b || role(&a).is_some_and(|r| role(&b) == Some(r))
}

/// Where trackers stand, from what was observed.
#[must_use]
pub fn positions(session: &Session, cases: &[Case]) -> Vec<Position> {
    let ground = session.ground();
    cases.iter().map(|c| stage::position(&View::new(c, ground))).collect()
}

/// Where those trackers stand after something was applied: the desk's rows are read again, what was observed outside
/// stays as it was.
///
/// # Errors
/// When the desk cannot be read.
pub fn afterwards(session: &Session, before: &[Case]) -> Result<Vec<Position>> {
    let mut now = Vec::new();
    for old in before {
        if let Some(mut c) = session.desk.case(&old.tracker.key)? {
            c.observed = old.observed.clone();
            now.push(c);
        }
    }
    facts::gather(session, &mut now, Reach::Mail)?;
    Ok(positions(session, &now))
}

/// The clocks of trackers.
#[must_use]
pub fn clocks(session: &Session, cases: &[Case]) -> Vec<Clocks> {
    let ground = session.ground();
    cases.iter().map(|c| sync::clocks::read(&View::new(c, ground))).collect()
}

/// Did two members say that it is valid?
#[must_use]
pub fn agreed(session: &Session, case: &Case) -> bool {
    matches!(View::new(case, session.ground()).consensus(), sync::Consensus::Valid(_))
}
