//! `tipstaff import`: read, propose, ask, apply, say what comes next.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    mail,
    plan::{
        ItemNo, Plan, Step,
        confirm::{self, Action, ConfirmItem, ConfirmRequest, Confirmation, Grammar},
        effect::Change,
    },
    reply::ReplyId,
    rules::import::propose::{BOOKKEEPING, Override, Overrides, Scene},
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    args::ImportArgs,
    plan_cmd, prompt, show,
    term::{Mark, Term, untrusted_line},
};
use crate::app::{
    self, AppError, Exit, Session, Setting,
    error::Result,
    import::{self, Swept, Wanted},
    plans,
};

/// Questions asked before the program gives up and leaves the plan for later.
const PATIENCE: usize = 5;

/// Run `import`.
///
/// # Errors
/// When reading, planning or applying fails.
pub fn import(args: &ImportArgs, setting: Setting, term: &mut Term) -> Result<Exit> {
    let wanted = import::wanted(&args.what, args.all, &setting.cwd, setting.now)?;
    let reads = !args.skipped && args.unskip.is_empty();
    if reads {
        // Said before a desk is made: a mistyped name must leave nothing behind.
        for p in import::sources(&setting, &setting.load_config()?.config, &wanted)? {
            connect::mailbox::LocalMailbox::open(&p)?;
        }
    }
    let mut session = Session::open(setting, reads)?;
    if args.skipped {
        return skipped(&session, term);
    }
    super::trackers::fresh(&mut session, term)?;
    if !args.unskip.is_empty() {
        let n = import::unskip(&session, &args.unskip)?;
        term.line(&format!("{n} taken back; the next `tipstaff import` shows them again"))?;
        if wanted.paths.is_empty() {
            // What was taken back is shown; no source is read for it.
            return propose(&mut session, &wanted, args.why, &Swept::default(), term);
        }
    }
    if session.desk.created() && !term.json {
        let line = format!("new desk in {}", session.desk.dir().display());
        let line = term.mark(Mark::Dim, &line);
        term.line(&line)?;
    }
    let resumed = plan_cmd::unfinished_notice(&session, term)?;
    if resumed {
        return Ok(Exit::Decision);
    }
    let swept = sweep(&session, &wanted)?;
    propose(&mut session, &wanted, args.why, &swept, term)
}

fn sweep(session: &Session, wanted: &Wanted) -> Result<Swept> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} messages read, {elapsed}") {
        bar.set_style(style);
    }
    let start = std::time::Instant::now();
    let swept = import::sweep(session, wanted, &mut |n| {
        // A bar for work over a second only (DESIGN §7).
        if n.is_multiple_of(256) && start.elapsed().as_millis() > 1000 {
            bar.set_position(u64::try_from(n).unwrap_or(u64::MAX));
        }
    });
    bar.finish_and_clear();
    swept
}

fn propose(
    session: &mut Session,
    wanted: &Wanted,
    evidence: bool,
    swept: &Swept,
    term: &mut Term,
) -> Result<Exit> {
    let scene = import::scene(session, &wanted.selector)?;
    let plan = import::plan(session, &scene, &Overrides::new())?;
    if plan.items.is_empty() {
        plans::make_way(session, "import")?;
    }
    if term.json {
        let digest = if plan.items.is_empty() { plan.digest() } else { plans::propose(session, &plan)? };
        let value = serde_json::json!({
            "plan": plan, "digest": digest,
            "read": {"new": swept.new, "known": swept.known, "copies": swept.copies, "unchanged_sources": swept.unchanged,
                "clashes": swept.clashes.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "passed": swept.passed.iter().map(|p| format!("{}: {}", p.place, p.why)).collect::<Vec<_>>(),
                "notes": swept.notes, "sources_down": swept.down},
        });
        term.value(&value)?;
        return Ok(if plan.items.is_empty() { Exit::Nothing } else { Exit::Decision });
    }
    read_summary(swept, term)?;
    if plan.items.is_empty() {
        // What the selector leaves out still waits; saying that all is decided would hide it.
        let left = session.desk.undecided()?;
        if left == 0 {
            term.line("Nothing to decide: every message has its fate.")?;
        } else {
            let word = if left == 1 { "message outside it waits" } else { "messages outside it wait" };
            term.line(&format!(
                "Nothing to decide in this selection; {left} {word}: `tipstaff import --all`"
            ))?;
        }
        return Ok(Exit::Nothing);
    }
    plans::propose(session, &plan)?;
    show::plan(term, &plan, evidence)?;
    ask(session, &scene, plan, term)
}

fn read_summary(swept: &Swept, term: &mut Term) -> Result<()> {
    let mut words = vec![format!("{} new", swept.new), format!("{} known", swept.known)];
    if swept.copies > 0 {
        let word = if swept.copies == 1 { "copy" } else { "copies" };
        words.push(format!("{} {word} of mails that came another way", swept.copies));
    }
    if swept.unchanged > 0 {
        words.push(format!("{} unchanged since last time", sources(swept.unchanged)));
    }
    let line = term.mark(Mark::Dim, &format!("read: {}", words.join(", ")));
    term.line(&line)?;
    for p in &swept.passed {
        let mark = term.mark(Mark::Warn, "not read:");
        term.line(&format!("{mark} {}: {}", untrusted_line(&p.place, 100), p.why))?;
    }
    for d in &swept.down {
        let mark = term.mark(Mark::Warn, "source:");
        term.line(&format!("{mark} {}", untrusted_line(d, 400)))?;
    }
    for n in &swept.notes {
        let mark = term.mark(Mark::Warn, "in part:");
        term.line(&format!("{mark} {}", untrusted_line(n, 160)))?;
    }
    for key in &swept.clashes {
        let mark = term.mark(Mark::Warn, "clash:");
        let key = untrusted_line(&key.to_string(), 100);
        term.line(&format!("{mark} {key} came twice with different content; both are kept"))?;
    }
    Ok(())
}

fn sources(n: usize) -> String {
    if n == 1 { "1 source".into() } else { format!("{n} sources") }
}

/// Ask until the reply is understood, then apply it.
fn ask(session: &mut Session, scene: &Scene, plan: Plan, term: &mut Term) -> Result<Exit> {
    let canned = canned(session);
    let mut overrides = Overrides::new();
    let mut plan = plan;
    for _ in 0..PATIENCE {
        let question =
            "\nApply? [all | 1,3 | all skip 2 | 3:reject-with-canned NAME | 4:edit title: … | none]";
        let Some(reply) = prompt::ask(term, question)? else {
            let digest = plan.digest();
            let short = digest.get(..12).unwrap_or_default();
            term.line(&format!("No answer is no: nothing was changed. The plan waits as {short}."))?;
            term.line(&format!(
                "next: `tipstaff plan show {short}`, then `tipstaff plan approve {short} all`"
            ))?;
            return Ok(Exit::Decision);
        };
        let read = confirm::read(&request(&plan, reply, &canned));
        match read.action {
            Action::Cancel => {
                term.line("Nothing was changed.")?;
                return Ok(Exit::Done);
            }
            Action::Ask => {
                say_unknown(&read, term)?;
                continue;
            }
            // Part of an answer is another answer: a number that no item has may be a slip of the finger.
            _ if !read.unknown.is_empty() => {
                say_unknown(&read, term)?;
                continue;
            }
            Action::Apply | Action::Edit => {}
        }
        let (added, revised) = overrides_of(&read, &plan, session)?;
        let mut wanted: BTreeSet<ItemNo> = read.apply.iter().map(|n| ItemNo(*n)).collect();
        if added.is_empty() {
            return finish(session, &plan, &wanted, term);
        }
        overrides.extend(added);
        plan = import::plan(session, scene, &overrides)?;
        plans::propose(session, &plan)?;
        // A skip is what was said and writes nothing; what a revision would write needs a yes of its own.
        let show_again: Vec<ItemNo> =
            revised.iter().copied().filter(|n| !is_skip(&plan, &overrides, *n)).collect();
        wanted.extend(revised.iter().filter(|n| is_skip(&plan, &overrides, **n)));
        if show_again.is_empty() {
            return finish(session, &plan, &wanted, term);
        }
        let mut part = plan.clone();
        part.items.retain(|i| show_again.contains(&i.n));
        let head = term.mark(Mark::Head, "\nRevised as you said:");
        term.line(&head)?;
        show::plan(term, &part, true)?;
        if prompt::yes(term, "\nApply these too, as shown?")? {
            wanted.extend(show_again);
        } else {
            show_again.iter().for_each(|n| {
                wanted.remove(n);
            });
        }
        return finish(session, &plan, &wanted, term);
    }
    term.line("Nothing was changed; the plan waits (`tipstaff plan list`).")?;
    Ok(Exit::Decision)
}

fn is_skip(plan: &Plan, overrides: &Overrides, n: ItemNo) -> bool {
    plan.item(n).and_then(|i| overrides.get(&i.subject)).is_some_and(|o| matches!(o, Override::Skip { .. }))
}

/// What the person said about items, as overrides by subject, and the numbers they are about.
fn overrides_of(read: &Confirmation, plan: &Plan, session: &Session) -> Result<(Overrides, Vec<ItemNo>)> {
    let mut out = Overrides::new();
    let mut about = Vec::new();
    let mut put = |n: u32, o: Override| {
        if let Some(item) = plan.item(ItemNo(n)) {
            out.insert(item.subject.clone(), o);
            about.push(item.n);
        }
    };
    for n in &read.named_skip {
        put(*n, Override::Skip { by: session.actor.handle.clone() });
    }
    for e in &read.edits {
        if let Some(n) = e.n {
            put(n, Override::Import(e.text.clone()));
        }
    }
    for (n, value) in &read.overrides {
        let Ok(n) = n.parse::<u32>() else { continue };
        if let Some(name) = value.get("reject-with-canned").and_then(|v| v.as_str()) {
            let id = session.replies.resolve(name).or_else(|| ReplyId::resolve(name)).ok_or_else(|| {
                AppError::usage(format!("`{name}` is no canned reply")).next("`docs/replies.md` lists them")
            })?;
            put(n, Override::Canned(id));
        }
        if let Some(urls) = value.get("reject-with-public-fix").and_then(|v| v.as_array()) {
            let urls = urls.iter().filter_map(|u| u.as_str().map(String::from)).collect();
            put(n, Override::PublicFix(urls));
        }
    }
    // One answer for several messages of a machine would be nobody's answer.
    let several = out.get(BOOKKEEPING).is_some_and(|o| !matches!(o, Override::Skip { .. }));
    if several {
        return Err(AppError::usage("the item of bookkeeping counts several messages; it can be skipped or taken as a whole")
            .next("to answer or import one of them, name its thread: `tipstaff import <mailbox> thread:<Message-ID>`"));
    }
    Ok((out, about))
}

/// The question about a plan, in the words of the grammar.
#[must_use]
pub fn request(plan: &Plan, reply: String, canned: &BTreeMap<String, Vec<String>>) -> ConfirmRequest {
    let items = plan
        .items
        .iter()
        .map(|i| ConfirmItem {
            n: i.n.0,
            default: i.group != desk::plan::Group::NeedsWord,
            blocked: i.blocked.is_some(),
            ..ConfirmItem::default()
        })
        .collect();
    ConfirmRequest { grammar: Grammar::Import, items, reply, canned: canned.clone() }
}

/// The desk's canned replies by id, with the names people use.
#[must_use]
pub fn canned(session: &Session) -> BTreeMap<String, Vec<String>> {
    session
        .replies
        .templates()
        .map(|t| {
            let names = std::iter::once(t.name.clone()).chain(t.aliases.iter().cloned()).collect();
            (t.id.to_string(), names)
        })
        .collect()
}

/// Say which words of an answer were not understood.
///
/// # Errors
/// When standard output is gone.
pub fn say_unknown(read: &Confirmation, term: &mut Term) -> Result<()> {
    for u in &read.unknown {
        let mark = term.mark(Mark::Warn, "not understood:");
        term.line(&format!("{mark} {}", untrusted_line(&u.to_string(), 100)))?;
    }
    if !read.unknown.is_empty() {
        term.line("Nothing was changed; say all of it again.")?;
    } else if read.action == Action::Ask {
        term.line("Say `all`, numbers such as `1,3`, or `none`.")?;
    }
    Ok(())
}

fn finish(session: &mut Session, plan: &Plan, wanted: &BTreeSet<ItemNo>, term: &mut Term) -> Result<Exit> {
    if wanted.is_empty() {
        term.line("Nothing was changed.")?;
        return Ok(Exit::Done);
    }
    let approved = plans::approve(session, plan, wanted)?;
    let report = plans::apply(session, &approved)?;
    term.line("")?;
    show::report(term, &report)?;
    recap(session, plan, wanted, term)?;
    super::trackers::spent(session, term)?;
    Ok(plan_cmd::exit(&report))
}

/// Is one of the texts no mail, but for a person to paste?
fn pasted(plan: &Plan, wanted: &BTreeSet<ItemNo>) -> bool {
    fn any(steps: &[Step]) -> bool {
        steps.iter().any(|s| match &s.effect {
            Change::MailDraft { letter, .. } => !letter.page.is_empty(),
            Change::Choose { arms, .. } => arms.values().any(|a| any(a)),
            _ => false,
        })
    }
    plan.items.iter().filter(|i| wanted.contains(&i.n)).any(|i| any(&i.steps))
}

fn recap(session: &Session, plan: &Plan, wanted: &BTreeSet<ItemNo>, term: &mut Term) -> Result<()> {
    let rows = session.desk.ledger(None)?;
    let over: BTreeSet<&str> = rows
        .iter()
        .filter(|r| matches!(r.state.as_str(), "sent" | "discarded"))
        .map(|r| r.message_id.as_str())
        .collect();
    let waits = |d: &connect::mailbox::Mail| {
        !over.contains(mail::parse_headers(&d.bytes, session.now()).key.id.as_str())
    };
    let drafts = session.drafts.drafts().map_or(0, |d| d.iter().filter(|d| waits(d)).count());
    if drafts > 0 {
        let dir = session.drafts.name();
        let word = if drafts == 1 { "draft waits" } else { "drafts wait" };
        term.line(&format!(
            "\n{drafts} {word} in {dir}; {}, then `tipstaff mark-sent MESSAGE-ID`.",
            if pasted(plan, wanted) {
                "send or paste them as each says"
            } else {
                "send them from your mail client"
            }
        ))?;
    }
    let left: Vec<String> =
        plan.items.iter().filter(|i| !wanted.contains(&i.n)).map(|i| i.n.to_string()).collect();
    if !left.is_empty() {
        term.line(&format!(
            "Not applied: {}. The next `tipstaff import` shows them again.",
            left.join(", ")
        ))?;
    }
    term.line("next: `tipstaff queue` shows who owns what")?;
    Ok(())
}

fn skipped(session: &Session, term: &mut Term) -> Result<Exit> {
    let all = app::import::skipped(session)?;
    if term.json {
        let rows: Vec<_> = all
            .iter()
            .map(|(key, subject, sender, fate)| {
                serde_json::json!({"message_id": key.id, "digest": key.digest, "subject": subject,
                    "sender": sender, "fate": fate})
            })
            .collect();
        term.value(&rows)?;
        return Ok(if rows.is_empty() { Exit::Nothing } else { Exit::Done });
    }
    if all.is_empty() {
        term.line("Nothing was skipped.")?;
        return Ok(Exit::Nothing);
    }
    for (key, subject, sender, fate) in &all {
        let word = term.mark(Mark::Key, &format!("{:<12}", fate.word()));
        let by = match fate {
            desk::plan::Fate::Skipped { by } => format!(" by @{by}"),
            _ => String::new(),
        };
        term.line(&format!("{word} {}{by}", mail::one_line(subject, 80)))?;
        let key = untrusted_line(&key.to_string(), 120);
        let line = term.mark(Mark::Dim, &format!("{}  {key}", mail::one_line(sender, 50)));
        term.line(&format!("             {line}"))?;
    }
    term.line("next: `tipstaff import --unskip MESSAGE-ID` takes one back")?;
    Ok(Exit::Done)
}
