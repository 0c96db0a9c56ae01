//! `tipstaff sync`: choose, observe, propose, ask, apply, say what comes next (sync page §14).

use std::collections::{BTreeMap, BTreeSet};

use connect::mailbox::Place;
use desk::{
    people::Role,
    plan::{
        Item, ItemNo, Plan,
        confirm::{self, Action},
    },
    rules::{
        selection::Selection,
        stage::Stage,
        sync::{Bucket, TrackerPlan},
    },
    tracker::{TrackerKey, TrackerRef},
};

use super::{
    answer::{Asked, Said},
    args::SyncArgs,
    import_cmd, plan_cmd, prompt, show,
    term::{Mark, Term, untrusted, untrusted_line},
};
use crate::app::{
    Exit, Session, Setting,
    error::Result,
    plans,
    sync::{self, Synced},
};

/// Questions asked before the program gives up and leaves the plan for later.
const PATIENCE: usize = 5;
/// Numbers named when a selection is echoed.
const NAMED: usize = 12;

/// Run `sync`.
///
/// # Errors
/// When a selector selects nothing, or observing, planning or applying fails.
pub fn sync(args: &SyncArgs, setting: Setting, term: &mut Term) -> Result<Exit> {
    let mut session = Session::open(setting, false)?;
    super::trackers::fresh(&mut session, term)?;
    let chosen = sync::select(&session, &args.what)?;
    let numbers = chosen.numbers();
    if !term.json {
        plan_cmd::unfinished_notice(&session, term)?;
        echo(&session, &chosen, term)?;
        if chosen.by_title && !prompt::yes(term, "Are these the trackers you mean?")? {
            term.line("Nothing was changed. Name them by number, CVE id or label.")?;
            return Ok(Exit::Decision);
        }
    }
    let again = if args.declined { numbers.clone() } else { BTreeSet::new() };
    let synced = sync::plan(&mut session, &numbers, &again)?;
    if synced.plan.items.is_empty() {
        plans::make_way(&session, "sync")?;
    }
    if term.json {
        return json(&session, &chosen, &synced, term);
    }
    overview(&synced, args.why, term)?;
    if synced.plan.items.is_empty() {
        let blocked = synced.trackers.iter().any(|t| !t.blockers.is_empty());
        let word = if blocked { "Nothing can be done before that is mended." } else { "Nothing to do." };
        term.line(&format!("\n{word}"))?;
        return Ok(if blocked { Exit::Blocked } else { Exit::Nothing });
    }
    plans::propose(&session, &synced.plan)?;
    ask(&mut session, synced, args.why, term)
}

/// What is selected, word by word, so that nobody is surprised by what is planned.
fn echo(session: &Session, chosen: &Selection, term: &mut Term) -> Result<()> {
    let (host, repo) = session.desk.home().unwrap_or_default();
    let name = |n: &u64| TrackerRef { host: host.clone(), repo: repo.clone(), number: *n }.to_string();
    for (word, numbers) in &chosen.groups {
        let mut names: Vec<String> = numbers.iter().take(NAMED).map(name).collect();
        if numbers.len() > NAMED {
            names.push(format!("and {} more", numbers.len() - NAMED));
        }
        let what = if names.is_empty() { "no tracker".into() } else { names.join(", ") };
        let head = term.mark(Mark::Dim, &format!("{}:", untrusted_line(word, 60)));
        term.line(&format!("{head} {what}"))?;
    }
    Ok(())
}

fn json(session: &Session, chosen: &Selection, synced: &Synced, term: &mut Term) -> Result<Exit> {
    let plan = &synced.plan;
    let digest = if plan.items.is_empty() { plan.digest() } else { plans::propose(session, plan)? };
    let of = |bucket: Bucket| -> BTreeMap<&TrackerKey, Vec<ItemNo>> {
        let items = |t: &TrackerPlan| {
            let both = t.items.iter().zip(&t.buckets);
            both.filter(|(_, b)| **b == bucket).map(|(i, _)| i.n).collect::<Vec<_>>()
        };
        synced.trackers.iter().map(|t| (&t.tracker, items(t))).filter(|(_, i)| !i.is_empty()).collect()
    };
    let skipped: Vec<_> = synced
        .trackers
        .iter()
        .filter_map(|t| {
            Some(serde_json::json!({"tracker": t.position.reference, "why": t.skipped.as_ref()?}))
        })
        .collect();
    let declined: Vec<_> =
        synced.declined.iter().map(|(h, r)| serde_json::json!({"headline": h, "rule": r})).collect();
    term.value(&serde_json::json!({
        "selected": chosen.groups.iter().map(|(w, n)| serde_json::json!({"selector": w, "numbers": n})).collect::<Vec<_>>(),
        "digest": digest, "plan": plan, "trackers": synced.trackers,
        "groups": {"skipped": skipped, "non_cve": of(Bucket::NonCve), "cve": of(Bucket::Cve)},
        "unknown": synced.notes, "declined": declined,
    }))?;
    let blocked = synced.trackers.iter().any(|t| !t.blockers.is_empty());
    Ok(match (plan.items.is_empty(), blocked) {
        (false, _) => Exit::Decision,
        (true, true) => Exit::Blocked,
        (true, false) => Exit::Nothing,
    })
}

/// The whole proposal: what has nothing to do first, then tracker by tracker.
///
/// # Errors
/// When standard output is gone.
pub fn overview(synced: &Synced, evidence: bool, term: &mut Term) -> Result<()> {
    for n in &synced.notes {
        let mark = term.mark(Mark::Warn, "unknown:");
        term.line(&format!("{mark} {}", untrusted(n)))?;
    }
    let titles: BTreeMap<&TrackerKey, &str> =
        synced.cases.iter().map(|c| (&c.tracker.key, c.tracker.title.as_str())).collect();
    let idle = |t: &&TrackerPlan| t.skipped.is_some() && t.blockers.is_empty();
    let quiet: Vec<&TrackerPlan> = synced.trackers.iter().filter(idle).collect();
    if !quiet.is_empty() {
        let head = term.mark(Mark::Head, "\nSkipped: nothing to do");
        term.line(&head)?;
        // Those that wait for the same move of the same person stand together.
        let mut groups: BTreeMap<(Stage, String), Vec<&TrackerPlan>> = BTreeMap::new();
        for t in quiet {
            let why = t.skipped.as_deref().filter(|w| !w.contains("nothing to do")).unwrap_or_default();
            let why = if why.is_empty() { next_of(t) } else { format!("{why}; {}", next_of(t)) };
            groups.entry((t.position.stage, why)).or_default().push(t);
        }
        for ((stage, why), trackers) in groups {
            let line = term.mark(Mark::Dim, &format!("  {}: {}", stage.name(), untrusted_line(&why, 160)));
            term.line(&line)?;
            for t in trackers {
                let title = titles.get(&t.tracker).copied().unwrap_or_default();
                let name = term.mark(Mark::Key, &format!("{:>9}", t.position.reference));
                term.line(&format!("{name}  {}", untrusted_line(title, 90)))?;
                notices(t, term)?;
            }
        }
    }
    let asked = asked(synced);
    for t in synced.trackers.iter().filter(|t| !idle(t)) {
        let title = titles.get(&t.tracker).copied().unwrap_or_default();
        let head = format!("\n{}  {}", t.position.reference, untrusted_line(title, 90));
        let head = term.mark(Mark::Head, &head);
        term.line(&head)?;
        let line = term.mark(Mark::Dim, &format!("{}: {}", t.position.stage.name(), next_of(t)));
        term.line(&format!("     {line}"))?;
        for b in &t.blockers {
            let mark = term.mark(Mark::Bad, "blocked ");
            term.line(&format!("     {mark} {}", untrusted_line(b, 300)))?;
        }
        notices(t, term)?;
        let mut bucket = None;
        for (item, b) in t.items.iter().zip(&t.buckets) {
            if bucket != Some(b) && t.buckets.contains(&Bucket::Cve) {
                bucket = Some(b);
                let word = match b {
                    Bucket::NonCve => "labels, milestone, people, letters",
                    Bucket::Cve => "what the CVE record says",
                };
                let word = term.mark(Mark::Dim, word);
                term.line(&format!("  {word}"))?;
            }
            show::item(term, &asked.numbered(item), evidence)?;
        }
    }
    for (headline, rule) in &synced.declined {
        let line = format!("declined before: {}  [{rule}]", untrusted_line(headline, 90));
        let line = term.mark(Mark::Dim, &line);
        term.line(&line)?;
    }
    Ok(())
}

fn notices(t: &TrackerPlan, term: &mut Term) -> Result<()> {
    for n in &t.notices {
        let mark = term.mark(Mark::Warn, "look    ");
        term.line(&format!("     {mark} {}", untrusted_line(n, 300)))?;
    }
    Ok(())
}

fn next_of(t: &TrackerPlan) -> String {
    let p = &t.position;
    if p.stage.is_finished() {
        return p.next.to_owned();
    }
    let who = match (p.person.as_str(), p.role) {
        ("", None) => return p.next.to_owned(),
        ("", Some(r)) => format!("the {}", r.title()),
        (who, r) => format!("@{} ({})", who, r.map_or("finished", Role::title)),
    };
    format!("next: {who}: {}", p.next)
}

/// The plan as an answer names its items.
#[must_use]
pub fn asked(synced: &Synced) -> Asked {
    let numbers: BTreeMap<&str, u64> =
        synced.cases.iter().map(|c| (c.tracker.key.0.as_str(), c.tracker.reference.number)).collect();
    Asked::of(&synced.plan, |subject| numbers.get(subject).copied())
}

fn ask(session: &mut Session, synced: Synced, evidence: bool, term: &mut Term) -> Result<Exit> {
    let mut synced = synced;
    for _ in 0..PATIENCE {
        let asked = asked(&synced);
        let question = if asked.several() {
            "\nApply? [all | 12:all | 12:1,3 | 12:skip | 12:edit KEY: VALUE | none]"
        } else {
            "\nApply? [all | 1,3 | all skip 2 | 2:edit VALUE | none]"
        };
        super::trackers::estimate(session, &synced.plan, term)?;
        let Some(reply) = prompt::ask(term, question)? else {
            let digest = synced.plan.digest();
            let short = digest.get(..12).unwrap_or_default();
            term.line(&format!("No answer is no: nothing was changed. The plan waits as {short}."))?;
            term.line(&format!(
                "next: `tipstaff plan show {short}`, then `tipstaff plan approve {short} all`"
            ))?;
            return Ok(Exit::Decision);
        };
        let read = confirm::read(&asked.request(reply));
        import_cmd::say_unknown(&read, term)?;
        match read.action {
            Action::Cancel => {
                term.line("Nothing was changed.")?;
                return Ok(Exit::Done);
            }
            Action::Ask => continue,
            // Part of an answer is another answer: a number that no item has may be a slip of the finger.
            _ if !read.unknown.is_empty() => continue,
            Action::Apply | Action::Edit => {}
        }
        let mut said = asked.understood(&read);
        if !heard(&asked, &said, term)? {
            continue;
        }
        if !said.force.is_empty() && said.apply.is_empty() {
            let numbers = synced.cases.iter().map(|c| c.tracker.reference.number).collect();
            synced = sync::plan(session, &numbers, &said.force)?;
            overview(&synced, evidence, term)?;
            plans::propose(session, &synced.plan)?;
            continue;
        }
        sync::decline(session, &synced.plan, &said.refused)?;
        let edited = !said.edits.is_empty();
        if edited && !revise(session, &mut synced, &mut said, term)? {
            continue;
        }
        return finish(session, &synced, &said.apply, term);
    }
    term.line("Nothing was changed; the plan waits (`tipstaff plan list`).")?;
    Ok(Exit::Decision)
}

/// Say what of an answer fits no item, and what stays behind. False when the answer has to be given again.
///
/// # Errors
/// When standard output is gone.
pub fn heard(asked: &Asked, said: &Said, term: &mut Term) -> Result<bool> {
    for lost in &said.lost {
        let mark = term.mark(Mark::Warn, "not understood:");
        term.line(&format!("{mark} {}", untrusted_line(lost, 160)))?;
    }
    for (n, first) in &said.left {
        term.line(&format!("{} is left out: it comes after {}.", asked.shown(*n), asked.shown(*first)))?;
    }
    Ok(said.lost.is_empty())
}

/// Make the edits and ask about what they changed, alone. False when an edit could not be made; nothing is applied then.
fn revise(session: &mut Session, synced: &mut Synced, said: &mut Said, term: &mut Term) -> Result<bool> {
    let mut plan = synced.plan.clone();
    for (n, text) in &said.edits {
        plan = match sync::revise(session, &plan, &synced.cases, *n, text) {
            Ok(p) => p,
            Err(e) => {
                term.error(&e);
                return Ok(false);
            }
        };
    }
    plans::propose(session, &plan)?;
    synced.plan = plan;
    let head = term.mark(Mark::Head, "\nRevised as you said:");
    term.line(&head)?;
    let about: BTreeSet<ItemNo> = said.edits.iter().map(|(n, _)| *n).collect();
    let mut part = synced.plan.clone();
    part.items.retain(|i| about.contains(&i.n));
    part.blockers.clear();
    part.notices.clear();
    show::plan(term, &part, true)?;
    let fits = part.items.iter().all(|i| i.blocked.is_none());
    if fits && prompt::yes(term, "\nApply this too, as shown?")? {
        said.apply.extend(about);
    } else {
        said.apply.retain(|n| !about.contains(n));
    }
    Ok(true)
}

fn finish(
    session: &mut Session,
    synced: &Synced,
    wanted: &BTreeSet<ItemNo>,
    term: &mut Term,
) -> Result<Exit> {
    if wanted.is_empty() {
        term.line("Nothing was changed.")?;
        return Ok(Exit::Done);
    }
    let approved = plans::approve(session, &synced.plan, wanted)?;
    let report = plans::apply(session, &approved)?;
    term.line("")?;
    show::report(term, &report)?;
    recap(session, synced, wanted, &synced.plan, term)?;
    super::trackers::spent(session, term)?;
    Ok(plan_cmd::exit(&report))
}

/// What was changed and what was not, which drafts wait, and who moves next on every tracker that was touched.
fn recap(
    session: &Session,
    synced: &Synced,
    wanted: &BTreeSet<ItemNo>,
    plan: &Plan,
    term: &mut Term,
) -> Result<()> {
    let touched: BTreeSet<&str> =
        plan.items.iter().filter(|i| wanted.contains(&i.n)).map(|i| i.subject.as_str()).collect();
    let before: Vec<_> =
        synced.cases.iter().filter(|c| touched.contains(c.tracker.key.0.as_str())).cloned().collect();
    let head = term.mark(Mark::Head, "\nWhere it stands");
    term.line(&head)?;
    for p in sync::afterwards(session, &before)? {
        let name = term.mark(Mark::Key, &format!("{:>9}", p.reference));
        let who = match (p.person.as_str(), p.role) {
            _ if p.stage.is_finished() => String::new(),
            ("", None) => String::new(),
            ("", Some(r)) => format!("the {}: ", r.title()),
            (who, _) => format!("@{who}: "),
        };
        term.line(&format!("{name}  {}; next: {who}{}", p.stage.name(), p.next))?;
    }
    // Several arms of a choice may hold the same letter; only one of them was taken.
    let drafts: BTreeSet<String> = plan
        .items
        .iter()
        .filter(|i| wanted.contains(&i.n))
        .flat_map(Item::effects)
        .filter_map(|e| match e {
            desk::plan::effect::Change::MailDraft { letter, .. } => Some(letter.message_id.clone()),
            _ => None,
        })
        .filter(|id| session.drafts.find(Place::Drafts, id).is_ok_and(|d| d.is_some()))
        .collect();
    for id in &drafts {
        term.line(&format!(
            "draft <{}> waits in {}; send it, then `tipstaff mark-sent '{}'`",
            untrusted_line(id, 120),
            session.drafts.name(),
            untrusted_line(id, 120)
        ))?;
    }
    let left = plan.items.iter().filter(|i| !wanted.contains(&i.n)).count();
    if left > 0 {
        let word = if left == 1 { "proposal was" } else { "proposals were" };
        term.line(&format!("{left} {word} not applied; the next `tipstaff sync` looks again."))?;
    }
    Ok(())
}
