//! Items of an import: what is written, where, in which order, for each proposal.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Candidate, Desk, InboxMessage, Override, Overrides,
    candidate::{Proposal, words},
    letter::{self, NoLetter},
};
use crate::{
    confidential::{self as surface, Draft},
    mail::{Address, message_id_for, one_line, own_words},
    plan::{
        Action, ActionKind, Effect, Fate, Group, Item, ItemNo, Letter, Precondition, Probe, RollupNote, Step,
        StepKey, Told,
        effect::{Change, Drafted},
    },
    reply::ReplyId,
    rules::{
        extract::Mode,
        import::{
            Class,
            related::{MailPrecedent, Recommendation},
        },
        stage::Stage,
    },
    tracker::{
        Column, FieldRole, LabelRole, TrackerKey, credits_value, inline_text, new_body, sanitise,
        versions_value, with_injection_callout,
    },
};

const RULE: &str = "import";

/// Make the items.
pub(super) fn items(candidates: &[Candidate], desk: Desk<'_>, overrides: &Overrides) -> Vec<Item> {
    let bundles = bundles(candidates, desk);
    let mut bookkeeping: Option<Item> = None;
    let mut counted: Vec<&Candidate> = Vec::new();
    let mut out = Vec::new();
    let mut opened: BTreeMap<&TrackerKey, ItemNo> = BTreeMap::new();
    for c in candidates {
        let said = overrides.get(&c.subject);
        let mut item = match &c.proposal {
            Proposal::NewTracker(key) => new_tracker(c, key, said, &bundles, desk),
            Proposal::FollowUp(key) => follow_up(c, key, desk),
            Proposal::Duplicate(key) => duplicate(c, key, desk),
            Proposal::Reply(id) => reply(c, *id, said, desk),
            Proposal::Skipped(by) => skipped(c, by),
            Proposal::Hold(why) => hold(c, why),
            // Bookkeeping is only counted (intake page §4): one item for all of it.
            Proposal::SetAside if c.verdict.class == Class::Bookkeeping => {
                match &mut bookkeeping {
                    // What is said about several is not said about the first of them.
                    Some(item) => item.subject = BOOKKEEPING.into(),
                    none => *none = Some(bare(c, "", Group::SetAside)),
                }
                counted.push(c);
                continue;
            }
            Proposal::SetAside => set_aside(c),
        };
        item.n = ItemNo(u32::try_from(out.len() + 1).unwrap_or(u32::MAX));
        match &c.proposal {
            Proposal::NewTracker(key) => {
                opened.insert(key, item.n);
            }
            Proposal::Duplicate(key) | Proposal::FollowUp(key) => item.after.extend(opened.get(key)),
            _ => {}
        }
        out.push(item);
    }
    if let Some(mut item) = bookkeeping {
        item.n = ItemNo(u32::try_from(out.len() + 1).unwrap_or(u32::MAX));
        let fate = match overrides.get(&item.subject) {
            Some(Override::Skip { by }) => Fate::Skipped { by: by.clone() },
            _ => Fate::Bookkeeping,
        };
        item.steps = counted.iter().flat_map(|c| fates(c, &fate)).collect();
        let n = item.steps.len();
        item.headline = format!("Bookkeeping: {n} {} of the CVE tool and the like", plural(n, "message"));
        if let Fate::Skipped { .. } = fate {
            item.headline = format!("Skip: {n} {} of the CVE tool and the like", plural(n, "message"));
            item.next = "nothing; `tipstaff import --skipped` lists them".into();
        }
        item.details.clear();
        out.push(item);
    }
    out
}

/// The subject of the item that counts several messages of bookkeeping.
pub const BOOKKEEPING: &str = "bookkeeping";

fn plural(n: usize, word: &str) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}

/// Reports of one person that share a receipt.
struct Bundle {
    /// Subject of the item whose letter names them all: the earliest.
    first: String,
    /// Its thread.
    thread: String,
    /// Their titles.
    titles: Vec<String>,
}

/// Imports of one person in one run share a receipt on the earliest thread (intake page §8). Relays are left out: two
/// reports by one relay are two reporters (Weaknesses, 8). So are reports that get no receipt, or whose title may not
/// stand in one.
fn bundles(candidates: &[Candidate], desk: Desk<'_>) -> BTreeMap<String, Bundle> {
    let mut out: BTreeMap<String, Bundle> = BTreeMap::new();
    for c in candidates {
        let new = matches!(c.proposal, Proposal::NewTracker(_)) && c.natural == Group::Proposed;
        if !new || c.forwarder.mode == Mode::ViaForwarder || c.verdict.class == Class::ConvergedReport {
            continue;
        }
        let title = title(c, None);
        if let Ok((to, false)) = letter::recipient(c, desk)
            && letter::receipt(c, &[title.clone(), title.clone()], desk).is_ok()
        {
            let bundle = out.entry(to.email.to_lowercase()).or_insert_with(|| Bundle {
                first: c.subject.clone(),
                thread: c.thread.clone(),
                titles: Vec::new(),
            });
            bundle.titles.push(title);
        }
    }
    out.retain(|_, b| b.titles.len() > 1);
    out
}

fn title(c: &Candidate, said: Option<&Override>) -> String {
    if let Some(Override::Import(text)) = said {
        match edits(text).remove("title") {
            Some(t) if !t.is_empty() => return t,
            _ => {}
        }
    }
    let t = one_line(&c.fields.title, 200);
    if t.trim().is_empty() { "Report without a subject".into() } else { t }
}

/// The changes of `N:edit …`: `key: value` pairs separated by `;` or line breaks, else a new title.
fn edits(text: &str) -> BTreeMap<&'static str, String> {
    const KEYS: [(&str, &str); 8] = [
        ("title", "title"),
        ("credit", "credit"),
        ("reporter_credit", "credit"),
        ("versions", "versions"),
        ("affected_versions", "versions"),
        ("affected", "versions"),
        ("cwe", "cwe"),
        ("severity", "severity"),
    ];
    let mut out = BTreeMap::new();
    for part in text.split([';', '\n']) {
        let known = part.split_once([':', '=']).and_then(|(k, v)| {
            let k = k.trim().to_lowercase().replace([' ', '-'], "_");
            KEYS.iter().find(|(name, _)| *name == k).map(|(_, key)| (*key, v.trim().to_owned()))
        });
        match known {
            Some((key, value)) => {
                out.insert(key, value);
            }
            None if out.is_empty() && !part.trim().is_empty() => {
                out.insert("title", one_line(part.trim(), 200));
            }
            None => {}
        }
    }
    out
}

fn bare(c: &Candidate, headline: &str, group: Group) -> Item {
    let m = &c.lead.message;
    let from = if !c.lead.page().is_empty() {
        format!("{}, by private report", m.from.name)
    } else if c.forwarder.mode == Mode::ViaForwarder {
        format!("{} (forwarder)", m.from)
    } else {
        m.from.to_string()
    };
    let mut details = vec![("class".into(), c.verdict.class.as_str().to_owned()), ("from".into(), from)];
    if let Some(at) = m.arrived() {
        details.push(("arrived".into(), at.to_string()));
    }
    details.push(("subject".into(), m.subject.clone()));
    let clashes = std::iter::once(&c.lead).chain(&c.rest).filter(|m| m.clash);
    let notices = clashes
        .map(|m| {
            let from = one_line(&m.message.from.to_string(), 60);
            format!("{} came twice with different content; this one is from {from}", m.message.key)
        })
        .collect();
    if !c.rest.is_empty() {
        let n = c.rest.len();
        details.push(("thread".into(), format!("{n} more {} of it", plural(n, "message"))));
    }
    Item {
        n: ItemNo(0),
        rule: RULE.into(),
        subject: c.subject.clone(),
        headline: headline.into(),
        details,
        why: c.why(),
        steps: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        group,
        blocked: None,
        notices,
        next: String::new(),
    }
}

fn step(subject: &str, name: &str, artifact: &str, effect: Effect, requires: Vec<Precondition>) -> Step {
    Step { key: StepKey::new(subject, RULE, name, artifact), effect, requires }
}

/// Give the lead and its replies their fates, in arrival order.
fn fates(c: &Candidate, fate: &Fate) -> Vec<Step> {
    std::iter::once(&c.lead)
        .chain(&c.rest)
        .enumerate()
        .map(|(i, m)| {
            let to = match (i, fate) {
                // The first message opens the tracker or is the report; what follows belongs to it.
                (0, f) => f.clone(),
                // The same mail once more, by another list.
                (_, Fate::Tracker { tracker })
                    if !m.message.key.id.is_empty() && m.message.key.id == c.lead.message.key.id =>
                {
                    Fate::Duplicate { tracker: tracker.clone() }
                }
                (_, Fate::Tracker { tracker } | Fate::Duplicate { tracker }) => {
                    Fate::FollowUp { tracker: tracker.clone() }
                }
                (_, Fate::Rejected { .. }) => Fate::Answered,
                (_, f) => f.clone(),
            };
            set_fate(&c.subject, m, to)
        })
        .collect()
}

fn set_fate(subject: &str, m: &InboxMessage, to: Fate) -> Step {
    let message = m.message.key.clone();
    let artifact = message.digest.0.clone();
    let requires = vec![Precondition::Undecided { message: message.clone() }];
    step(subject, "fate", &artifact, Change::SetFate { message, to }, requires)
}

/// What an entry says.
#[derive(Clone)]
struct Words {
    action: Action,
    headline: String,
    body: String,
    next: &'static str,
}

fn entry(c: &Candidate, tracker: &TrackerKey, name: &str, words: &Words, told: Told) -> Step {
    let text = |t: &str| Draft::<surface::Tracker>::text(t);
    let note = RollupNote::<Drafted> {
        action: words.action.clone(),
        headline: text(&words.headline),
        body: text(&words.body),
        next: text(words.next),
        told,
    };
    let artifact = format!("{name}-{}", c.facts().get(..16).unwrap_or_default());
    step(&c.subject, "entry", &artifact, Change::AppendEntry { tracker: tracker.clone(), note }, vec![])
}

/// A letter, asked for at apply: a draft that waits in the folder is not shadowed (intake page §2). `after` gives the
/// steps that follow in either case.
fn choose_letter(
    c: &Candidate,
    mut letter: Letter<Drafted>,
    bundle: Option<&Bundle>,
    desk: Desk<'_>,
    after: impl Fn(Told) -> Vec<Step>,
) -> Step {
    let event = letter.event.clone();
    let thread = letter.thread.clone();
    // A later report of a bundle is named in the first one's letter, if that letter was written: the item that writes it
    // may not have been approved, and somebody must be told in any case.
    let (asked, waits) = match bundle {
        Some(b) => (&b.thread, "one receipt for all reports of this person is on the earliest thread"),
        None => (&thread, "a draft for this thread waits already"),
    };
    let probe = Probe::DraftPending { thread: asked.clone() };
    let key = StepKey::new(&c.subject, RULE, "draft", &event);
    let list = Address::new("", &desk.config.mail.lists.security);
    letter.message_id = message_id_for(&key.to_string(), list.domain());
    let told = Told::PendingDraft(letter.message_id.clone());
    let not_told = Precondition::NotTold { subject: c.subject.clone(), event, artifact: thread };
    let effect = Change::MailDraft { subject: c.subject.clone(), letter };
    let mut no = vec![Step { key, effect, requires: vec![not_told] }];
    no.extend(after(told));
    let yes = after(Told::NotNeeded(waits.into()));
    let arms = BTreeMap::from([("no".to_owned(), no), ("yes".to_owned(), yes)]);
    step(&c.subject, "letter", "choice", Change::Choose { probe, arms }, vec![])
}

/// Where a letter goes, in words.
fn goes(letter: &Letter<Drafted>) -> String {
    if letter.page.is_empty() {
        format!("to {}", letter.to)
    } else {
        format!("for {}, to paste into {}", letter.to.name, letter.page)
    }
}

fn told(no: &NoLetter) -> Told {
    match no {
        NoLetter::NotNeeded(why) => Told::NotNeeded(why.clone()),
        NoLetter::ByHand(why) => Told::NotTold(why.clone()),
    }
}

fn new_tracker(
    c: &Candidate,
    key: &TrackerKey,
    said: Option<&Override>,
    bundles: &BTreeMap<String, Bundle>,
    desk: Desk<'_>,
) -> Item {
    let title = title(c, said);
    let group = if said.is_some() { Group::Proposed } else { c.natural };
    let mut item = bare(c, &format!("New tracker: {title}"), group);
    let via_forwarder = c.forwarder.mode == Mode::ViaForwarder;
    let (values, notices) = body_values(c, said);
    item.notices.extend(notices);
    let labels: BTreeSet<String> =
        [LabelRole::NeedsTriage, LabelRole::SecurityMarker].map(|r| desk.labels.name(r).to_owned()).into();
    let column = if desk.config.tracker.board.enabled {
        desk.columns.name(Column::NeedsTriage).to_owned()
    } else {
        String::new()
    };
    let m = &c.lead.message;
    let reporter = letter::recipient(c, desk).map_or_else(|_| m.from.clone(), |(a, _)| a);
    let create = Change::CreateTracker {
        tracker: key.clone(),
        title: Draft::text(&title),
        body: Draft::text(new_body(&values, desk.headings)),
        labels: labels.clone(),
        column,
        received: m.arrived().unwrap_or(desk.now).min(desk.now),
        thread: c.thread.clone(),
        reporter,
        via_forwarder,
    };
    let requires = vec![
        Precondition::Undecided { message: m.key.clone() },
        Precondition::TrackerAbsent { tracker: key.clone() },
    ];
    item.steps.push(step(&c.subject, "create", &key.0, create, requires));
    item.steps.extend(fates(c, &Fate::Tracker { tracker: key.clone() }));

    let bundle = letter::recipient(c, desk)
        .ok()
        .and_then(|(to, _)| bundles.get(&to.email.to_lowercase()))
        .filter(|_| c.forwarder.mode != Mode::ViaForwarder);
    let later = bundle.filter(|b| b.first != c.subject);
    let titles: &[String] = bundle.filter(|_| later.is_none()).map_or(&[], |b| &b.titles);
    let letter = letter::receipt(c, titles, desk);
    let next = Stage::New.next();
    let words = Words {
        action: action(c),
        headline: format!(
            "Imported from {}: {}",
            if c.lead.page().is_empty() { "mail" } else { "a private report" },
            inline_text(&one_line(&m.subject, 160))
        ),
        body: provenance(c),
        next,
    };
    let note = |told: Told| {
        let name = if matches!(told, Told::PendingDraft(_)) { "import" } else { "import-untold" };
        vec![entry(c, key, name, &words, told)]
    };
    let mut writes = format!("tracker with {}", list(&labels));
    match letter {
        Ok(letter) => {
            let auto = desk.config.disclosure.ack == crate::config::Ack::Auto;
            let mark = if auto { " [auto-ack]" } else { "" };
            let _ = std::fmt::Write::write_fmt(
                &mut writes,
                format_args!("; receipt draft{mark} {}", goes(&letter)),
            );
            if letter.asks_credit {
                writes.push_str(", with the credit question");
            }
            if later.is_some() {
                writes.push_str(", unless the one on their earliest thread names it");
            }
            item.steps.push(choose_letter(c, letter, later, desk, note));
        }
        Err(no) => {
            let (NoLetter::NotNeeded(why) | NoLetter::ByHand(why)) = &no;
            let _ = std::fmt::Write::write_fmt(&mut writes, format_args!("; no receipt: {why}"));
            item.steps.extend(note(told(&no)));
        }
    }
    item.details.push(("writes".into(), writes));
    related_notices(c, &mut item);
    item.next = format!("triager: {next}");
    item
}

/// `Import (class, reporter)`; the parts are shown in a line whose separators must not be forged.
fn action(c: &Candidate) -> Action {
    let from = &c.lead.message.from;
    let who = if from.name.is_empty() { &from.email } else { &from.name };
    let who: String = one_line(who, 60).chars().filter(|ch| !"·()<>".contains(*ch)).collect();
    Action::with(ActionKind::Import, &format!("{}, {}", c.verdict.class.as_str(), who.trim()))
}

/// What the first entry says: where the report came from and what was read out of it.
fn provenance(c: &Candidate) -> String {
    let m = &c.lead.message;
    let mut out = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(if out.is_empty() { "- " } else { "\n- " });
            out.push_str(label);
            out.push_str(": ");
            out.push_str(&inline_text(&one_line(value, 200)));
        }
    };
    line("From", &m.from.to_string());
    line("Message-ID", &m.key.id);
    line("Private report", c.lead.page());
    line("Affected versions", &c.fields.affected_versions.join(", "));
    line("Credit", &c.credit.field().unwrap_or_default());
    for r in &c.related {
        line("Related", &format!("{} ({}): {}", r.tracker, r.grade.as_str(), words(&r.why)));
    }
    out
}

fn body_values(c: &Candidate, said: Option<&Override>) -> (BTreeMap<FieldRole, String>, Vec<String>) {
    let m = &c.lead.message;
    let mut notices = Vec::new();
    let text = if m.text.trim().is_empty() {
        "(This message has no readable text. Look at it in its mailbox.)"
    } else {
        &m.text
    };
    let clean = sanitise(text);
    if clean.fenced_whole {
        notices.push("the report's Markdown does not balance, so it stands in one code block".into());
    }
    let mut description = clean.markdown;
    if !c.verdict.injection.is_empty() {
        let found: Vec<(&str, &str)> =
            c.verdict.injection.iter().map(|s| (s.rule.as_str(), s.evidence.as_str())).collect();
        description = with_injection_callout(&description, &found);
        for s in &c.verdict.injection {
            notices.push(format!("the text tries to give orders ({}): {}", s.rule, s.evidence));
        }
    }
    if !m.attachments.is_empty() {
        description.push_str("\n\nAttachments, in the mail:\n");
        for a in &m.attachments {
            let name = if a.name.is_empty() { "(no name)" } else { &a.name };
            let _ = std::fmt::Write::write_fmt(
                &mut description,
                format_args!(
                    "\n- {} ({}, {} bytes)",
                    inline_text(&one_line(name, 120)),
                    inline_text(&a.content_type),
                    a.size
                ),
            );
        }
    }
    for p in &m.problems {
        notices.push(format!("the mail is odd: {}", problem(*p)));
    }
    let edits = match said {
        Some(Override::Import(text)) => edits(text),
        _ => BTreeMap::new(),
    };
    let versions: Vec<String> = match edits.get("versions") {
        Some(v) => v.split(',').map(|s| s.trim().to_owned()).collect(),
        None => c.fields.affected_versions.clone(),
    };
    let mut credit = edits.get("credit").cloned().or_else(|| c.credit.field());
    if credit.is_none() && !c.lead.page().is_empty() && !m.from.name.is_empty() {
        notices.push("nobody said how to credit them; their handle stands there until they do".into());
        credit = Some(m.from.name.clone());
    }
    let mut values = BTreeMap::from([
        (FieldRole::IssueDescription, description),
        (FieldRole::SecurityThread, thread_field(c)),
        (FieldRole::Severity, edits.get("severity").cloned().unwrap_or_else(|| "Unknown".into())),
    ]);
    if !versions.is_empty() {
        values.insert(FieldRole::AffectedVersions, versions_value(&versions));
    }
    if let Some(cwe) = edits.get("cwe") {
        values.insert(FieldRole::Cwe, inline_text(cwe));
    }
    if let Some(credit) = credit.filter(|v| !v.trim().is_empty()) {
        let lines: Vec<String> = credit.lines().map(inline_text).collect();
        values.insert(FieldRole::ReporterCredit, credits_value(&lines));
    } else {
        notices.push("no credit was found; ask before the advisory".into());
    }
    (values, notices)
}

fn problem(p: crate::mail::MailProblem) -> String {
    serde_json::to_value(p).ok().and_then(|v| v.as_str().map(|s| s.replace('-', " "))).unwrap_or_default()
}

fn thread_field(c: &Candidate) -> String {
    let id = &c.lead.message.key.id;
    let root = if c.thread.is_empty() { id } else { &c.thread };
    if !c.lead.page().is_empty() {
        return format!(
            "No public archive: private report {}, thread `{}`",
            c.lead.page(),
            root.replace('`', "'")
        );
    }
    let shown = c.lead.archive().map_or_else(String::new, |url| format!("\nThe team reads it at {url}"));
    format!("No public archive: private list, thread `{}`{shown}", root.replace('`', "'"))
}

fn related_notices(c: &Candidate, item: &mut Item) {
    for r in &c.related {
        item.notices.push(format!("{} match with {}: {}", r.grade.as_str(), r.tracker, words(&r.why)));
    }
    for p in &c.precedents {
        item.notices.push(format!("{} was rejected ({}): {}", p.tracker, p.label, words(&p.why)));
    }
    if let Some(earlier) = &c.earlier {
        item.notices.extend(earlier.iter().map(answered_before));
        if earlier.is_empty() {
            item.notices.push("no earlier mail of the kind was answered in the last 180 days".into());
        }
    }
    if let Some(why) = Some(&c.verdict.reject.why).filter(|w| !w.is_empty()) {
        item.notices.push(format!("a standing answer may fit ({}), a person must look", why));
    }
    for p in &c.forwarder.problems {
        // Who wrote on a page is answered there.
        let known =
            matches!(p.code.as_str(), "unaddressable" | "credit-unknown") && !c.lead.page().is_empty();
        if p.code != "no-forwarder-config" && !known {
            item.notices.push(p.message.clone());
        }
    }
}

/// How one earlier mail was answered, and what that says about this one.
fn answered_before(p: &MailPrecedent) -> String {
    let with = p.canned.as_ref().map_or_else(String::new, |id| format!(" with `{id}`"));
    let what = match p.recommendation {
        Recommendation::UseVerbatim => format!("was answered{with} and left at that; the same words may do"),
        Recommendation::UseWithAugmentation => {
            format!("was answered{with}, and its author objected; say more this time")
        }
        Recommendation::NewGround => "has no answer of the team".into(),
    };
    format!(
        "“{}” (thread `{}`) {what}: {}",
        one_line(&p.subject, 100),
        p.thread.replace('`', "'"),
        words(&p.why)
    )
}

fn list(set: &BTreeSet<String>) -> String {
    set.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(" ")
}

fn name(key: &TrackerKey, desk: Desk<'_>) -> String {
    desk.scene
        .case(key)
        .map_or_else(|| "the tracker proposed above".into(), |c| c.tracker.reference.to_string())
}

fn follow_up(c: &Candidate, key: &TrackerKey, desk: Desk<'_>) -> Item {
    let n = c.rest.len() + 1;
    let tracker = name(key, desk);
    let mut item = bare(c, &format!("{n} new {} on {tracker}", plural(n, "message")), Group::Proposed);
    let fate = Fate::FollowUp { tracker: key.clone() };
    let mut text = String::new();
    for m in std::iter::once(&c.lead).chain(&c.rest) {
        let m = &m.message;
        let when = m.arrived().map_or_else(|| "undated".to_owned(), |t| t.to_string());
        let said = one_line(&own_words(&m.text), 140);
        let _ = std::fmt::Write::write_fmt(
            &mut text,
            format_args!(
                "- {when}, {}, Message-ID {}: {}\n",
                inline_text(&m.from.to_string()),
                inline_text(&m.key.to_string()),
                inline_text(&said)
            ),
        );
    }
    item.steps.extend(fates(c, &fate));
    let told = Told::NotNeeded("these are messages of the thread itself".into());
    let words = Words {
        action: Action::with(ActionKind::Sync, "mail"),
        headline: format!("{n} new {} on the thread", plural(n, "message")),
        body: text,
        next: "read them and answer",
    };
    item.steps.push(entry(c, key, "follow-up", &words, told));
    item.next = "read them and answer".into();
    related_notices(c, &mut item);
    item
}

fn duplicate(c: &Candidate, key: &TrackerKey, desk: Desk<'_>) -> Item {
    let tracker = name(key, desk);
    let mut item = bare(c, &format!("Duplicate of {tracker}: {}", title(c, None)), c.natural);
    item.steps.extend(fates(c, &Fate::Duplicate { tracker: key.clone() }));
    // The second report keeps its own words on the tracker: what it adds must not be lost.
    let clean = sanitise(&c.lead.message.text);
    let who = inline_text(&c.lead.message.from.to_string());
    let text = format!("A second report of this, from {who}:\n\n{}", clean.markdown);
    let comment = Change::Comment { tracker: key.clone(), text: Draft::text(text) };
    item.steps.push(step(&c.subject, "comment", &key.0, comment, vec![]));
    let strongest = c.related.iter().max_by_key(|r| r.grade);
    let why = strongest.map(|r| words(&r.why)).unwrap_or_default();
    let next = "compare the two, and credit both if it is one flaw";
    let words = Words {
        action: Action::with(ActionKind::Sync, "second report"),
        headline: "A second report of the same flaw came in".into(),
        body: format!(
            "- From: {who}\n- Message-ID: {}\n- Why it is the same: {}",
            inline_text(&c.lead.message.key.to_string()),
            inline_text(&why)
        ),
        next,
    };
    let after = |told: Told| {
        let name = if matches!(told, Told::PendingDraft(_)) { "dup" } else { "dup-untold" };
        vec![entry(c, key, name, &words, told)]
    };
    match letter::receipt(c, &[], desk) {
        Ok(letter) => {
            item.details
                .push(("writes".into(), format!("comment on {tracker}; receipt draft {}", goes(&letter))));
            item.steps.push(choose_letter(c, letter, None, desk, after));
        }
        Err(no) => {
            item.details.push(("writes".into(), format!("comment on {tracker}")));
            item.steps.extend(after(told(&no)));
        }
    }
    related_notices(c, &mut item);
    item.next = format!("triager: {next}");
    item
}

fn reply(c: &Candidate, id: ReplyId, said: Option<&Override>, desk: Desk<'_>) -> Item {
    let group = if said.is_some() { Group::Proposed } else { c.natural };
    let mut item = bare(c, &format!("Reply `{id}`, no tracker: {}", title(c, None)), group);
    let urls: &[String] = match said {
        Some(Override::PublicFix(urls)) => urls,
        _ => &[],
    };
    let rejected = Fate::Rejected { reply: id.to_string() };
    let note = Change::RecordRejection {
        message: c.lead.message.key.clone(),
        reply: id.to_string(),
        summary: Draft::text(inline_text(&one_line(&c.lead.message.subject, 160))),
    };
    let ledger = step(&c.subject, "rejection", &c.lead.message.key.digest.0, note, vec![]);
    let mut tail = fates(c, &rejected);
    tail.push(ledger);
    match letter::canned(c, id, urls, desk) {
        Ok(letter) => {
            item.details.push(("writes".into(), format!("draft of `{id}` {}", goes(&letter))));
            let fixed = tail.clone();
            item.steps.push(choose_letter(c, letter, None, desk, move |_| fixed.clone()));
        }
        Err(NoLetter::NotNeeded(why)) => {
            item.details.push(("writes".into(), format!("no draft: {why}")));
            item.steps = tail;
        }
        Err(NoLetter::ByHand(why)) => {
            item.steps = tail;
            item.blocked = Some(why);
        }
    }
    related_notices(c, &mut item);
    item.next = "send the draft".into();
    item
}

fn skipped(c: &Candidate, by: &str) -> Item {
    let mut item = bare(c, &format!("Skip: {}", title(c, None)), Group::Proposed);
    item.steps = fates(c, &Fate::Skipped { by: by.into() });
    item.next = "nothing; `tipstaff import --skipped` lists it".into();
    item
}

fn hold(c: &Candidate, why: &str) -> Item {
    let subject = title(c, None);
    let mut item = bare(c, &format!("Look at it yourself: {subject}"), Group::NeedsWord);
    item.notices.push(one_line(why, 200));
    // A person who names the item has looked: it is no report, and they answer it themselves.
    item.steps = fates(c, &Fate::Other);
    let who = &c.lead.message.from;
    item.details.push(("writes".into(), format!("nothing; naming it means that you answer {who} yourself")));
    item.next = "answer by hand, or import it with `N:edit title: …`".into();
    item
}

fn set_aside(c: &Candidate) -> Item {
    let subject = title(c, None);
    let (fate, word) = if c.verdict.thread.answered {
        (Fate::Answered, "Answered already")
    } else {
        match c.verdict.class {
            Class::Spam => (Fate::Spam, "Spam"),
            _ => (Fate::Other, "No report"),
        }
    };
    let mut item = bare(c, &format!("{word}: {subject}"), Group::SetAside);
    item.steps = fates(c, &fate);
    item.next = "nothing".into();
    item
}
