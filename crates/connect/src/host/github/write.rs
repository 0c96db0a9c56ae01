//! Writing to GitHub: what belongs together in one `PATCH`, then comments, then the card (config page §6.5). Every request
//! whose answer is lost is looked up before it is made again.

use std::collections::BTreeSet;

use desk::{
    plan::hosted::{CommentChange, LedgerEntry, NewTracker, TrackerChange},
    tracker::{CloseReason, Comment, State, Tracker},
};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{
    super::{HostMilestone, Hosted, Standing, TrackerHost, WriteFault},
    Github,
    queries::{ADD_CARD, ARCHIVE_CARD, MOVE_CARD, UNARCHIVE_CARD},
};
use crate::net::{Fault, Looked, Method, Reply, Request};

/// Milestones on one page of their list.
const MILESTONES: usize = 100;

/// Open a tracker, and give it its card.
pub fn create(g: &Github, new: &NewTracker) -> Result<(Hosted, Option<String>), WriteFault> {
    // Somebody else's desk may have been quicker, or this one before it was cut off.
    let (there, standing) = g.newest(new.key())?;
    private(g, &standing)?;
    let hosted = match there {
        Some(h) => h,
        None => {
            let body = json!({"title": new.title(), "body": new.body(), "labels": new.labels()});
            let request = Request::new(Method::Post, g.path("/issues")).json(&body);
            let look = || match g.newest(new.key())?.0 {
                Some(h) => Ok(Looked::Made(h)),
                None => Ok(Looked::NotMade),
            };
            match g.client.change(&g.rest, &g.dressed(request), look)? {
                Err(found) => found,
                Ok(reply) => {
                    let number = number_in(&ok(reply, 201)?)?;
                    read(g, number)?
                }
            }
        }
    };
    if new.column().is_empty() || hosted.tracker.column.as_deref() == Some(new.column()) {
        return Ok((hosted, None));
    }
    // The tracker stands; a card that could not be made is proposed again by the next sync.
    let number = hosted.tracker.reference.number;
    match place(g, &hosted, new.column()) {
        Ok(()) => Ok((read(g, number)?, None)),
        Err(e) => Ok((hosted, Some(format!("it has no card: {e}")))),
    }
}

/// Write a change over a tracker as it was read.
pub fn write(g: &Github, before: &Hosted, change: &TrackerChange) -> Result<Hosted, WriteFault> {
    let number = before.tracker.reference.number;
    if change.is_empty() {
        return Ok(before.clone());
    }
    let (now, standing) = g.one(number)?;
    private(g, &standing)?;
    let Some(now) = now else { return Err(WriteFault::Gone(name(g, number))) };
    unmoved(g, before, &now, change)?;
    let fields = fields(g, &now.tracker, change)?;
    if !fields.is_empty() {
        let want = Value::Object(fields);
        let request = Request::new(Method::Patch, g.path(&format!("/issues/{number}"))).json(&want);
        let look = || match g.one(number)?.0 {
            Some(h) if taken(&h.tracker, change).is_none() => Ok(Looked::Made(())),
            Some(_) => Ok(Looked::NotMade),
            None => Ok(Looked::CannotTell(format!("{} is gone", name(g, number)))),
        };
        if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)? {
            let reply = ok(reply, 200)?;
            if number_in(&reply)? != number {
                return Err(Fault::unexpected(&reply, "it answered with another tracker").into());
            }
        }
    }
    for c in change.comments() {
        comment(g, &now, c)?;
    }
    if let Some(column) = change.column() {
        // A card in the archive cannot be moved.
        if now.tracker.archived {
            archive(g, &now, false)?;
        }
        place(g, &now, column)?;
        if now.tracker.archived && change.archived().is_none() {
            archive(g, &read(g, number)?, true)?;
        }
    }
    if let Some(archived) = change.archived() {
        let card = if now.card.is_none() { read(g, number)? } else { now.clone() };
        archive(g, &card, archived)?;
    }
    let end = read(g, number)?;
    match taken(&end.tracker, change).or_else(|| said(&now.tracker, &end.tracker, change)) {
        None => Ok(end),
        Some((what, now)) => {
            Err(WriteFault::NotTaken { what: format!("{what} of {}", name(g, number)), now })
        }
    }
}

fn name(g: &Github, number: u64) -> String {
    format!("{}#{number}", g.full())
}

pub(super) fn private(g: &Github, standing: &Standing) -> Result<(), WriteFault> {
    if standing.private || g.open { Ok(()) } else { Err(WriteFault::NotPrivate(g.full())) }
}

fn read(g: &Github, number: u64) -> Result<Hosted, WriteFault> {
    g.one(number)?.0.ok_or_else(|| WriteFault::Gone(name(g, number)))
}

pub(super) fn ok(reply: Reply, want: u16) -> Result<Reply, WriteFault> {
    match reply.status() {
        s if s == want || reply.ok() => Ok(reply),
        401 => Err(super::no_token(super::KEY).into()),
        403 | 404 => {
            let right = if reply.what().contains("/contents/") { "contents" } else { "issues" };
            let why = format!(
                "{} was refused with status {}: {}; the token needs write access to {right}",
                reply.what(),
                reply.status(),
                reply.excerpt()
            );
            Err(Fault::Setup(why).into())
        }
        410 | 422 => Err(Fault::Setup(format!("{} was refused: {}", reply.what(), reply.excerpt())).into()),
        _ => Err(reply.refusal().into()),
    }
}

fn number_in(reply: &Reply) -> Result<u64, WriteFault> {
    let json = reply.json()?;
    let number = json.get("number").and_then(Value::as_u64);
    number.ok_or_else(|| Fault::unexpected(reply, "an answer without the tracker's number").into())
}

/// What the change is about must be as it was read. Labels are no matter of that: they are added and removed one by one.
fn unmoved(g: &Github, before: &Hosted, now: &Hosted, change: &TrackerChange) -> Result<(), WriteFault> {
    let (b, n) = (&before.tracker, &now.tracker);
    let number = n.reference.number;
    let raced = |what: &str| Err(WriteFault::Raced(format!("{what} of {}", name(g, number))));
    if change.title().is_some() && b.title != n.title {
        return raced("the title");
    }
    if change.body().is_some() && b.body != n.body {
        return raced("the body");
    }
    if change.milestone().is_some() && b.milestone != n.milestone {
        return raced("the milestone");
    }
    if change.assignees().is_some() && b.assignees != n.assignees {
        return raced("who is assigned");
    }
    if change.state().is_some() && b.state != n.state {
        return raced("the state");
    }
    for c in change.comments() {
        let CommentChange::Edit { id, was, .. } = c else { continue };
        if n.comments.iter().find(|c| c.id == *id).is_none_or(|c| c.body != *was) {
            return raced(&format!("comment {id}"));
        }
    }
    Ok(())
}

fn labels(now: &Tracker, change: &TrackerChange) -> Option<BTreeSet<String>> {
    let (add, remove) = change.labels();
    if add.is_empty() && remove.is_empty() {
        return None;
    }
    let same = |set: &BTreeSet<String>, l: &String| set.iter().any(|x| x.eq_ignore_ascii_case(l));
    let mut out: BTreeSet<String> = now.labels.iter().filter(|l| !same(remove, l)).cloned().collect();
    for l in add {
        if !same(&out, l) {
            out.insert(l.clone());
        }
    }
    Some(out)
}

fn fields(g: &Github, now: &Tracker, change: &TrackerChange) -> Result<Map<String, Value>, WriteFault> {
    let mut out = Map::new();
    if let Some(t) = change.title() {
        out.insert("title".into(), t.into());
    }
    if let Some(b) = change.body() {
        out.insert("body".into(), b.into());
    }
    if let Some(l) = labels(now, change) {
        out.insert("labels".into(), json!(l));
    }
    match change.milestone() {
        None => {}
        Some(None) => {
            out.insert("milestone".into(), Value::Null);
        }
        // By number: a closed milestone is not found by its name.
        Some(Some(name)) => {
            let number = milestone(g, name)?.number;
            out.insert("milestone".into(), number.into());
        }
    }
    if let Some(who) = change.assignees() {
        out.insert("assignees".into(), json!(who));
    }
    match change.state() {
        None => {}
        Some(State::Open) => {
            out.insert("state".into(), "open".into());
            out.insert("state_reason".into(), "reopened".into());
        }
        Some(State::Closed { reason }) => {
            let reason = match reason {
                CloseReason::Completed => "completed",
                CloseReason::NotPlanned => "not_planned",
            };
            out.insert("state".into(), "closed".into());
            out.insert("state_reason".into(), reason.into());
        }
    }
    Ok(out)
}

/// The first part of the change that the tracker does not show, with what it shows. A host drops what it does not know,
/// an assignee without access for example, and says nothing.
fn taken(now: &Tracker, change: &TrackerChange) -> Option<(String, String)> {
    if change.title().is_some_and(|t| now.title.trim() != t.trim()) {
        return Some(("the title".into(), format!("`{}`", now.title)));
    }
    if change.body().is_some_and(|b| !same(b, &now.body)) {
        return Some(("the body".into(), "another text".into()));
    }
    let (add, remove) = change.labels();
    let has = |l: &String| now.labels.iter().any(|x| x.eq_ignore_ascii_case(l));
    if let Some(l) = add.iter().find(|l| !has(l)) {
        return Some((format!("the label `{l}`"), "no such label on it".into()));
    }
    if let Some(l) = remove.iter().find(|l| has(l)) {
        return Some((format!("the removal of `{l}`"), "it still".into()));
    }
    if change.milestone().is_some_and(|m| m != now.milestone.as_deref()) {
        return Some(("the milestone".into(), now.milestone.clone().unwrap_or_else(|| "none".into())));
    }
    if let Some(who) = change.assignees() {
        let fold = |s: &str| s.to_ascii_lowercase();
        let there: BTreeSet<String> = now.assignees.iter().map(|a| fold(a)).collect();
        if let Some(a) = who.iter().find(|a| !there.contains(&fold(a))) {
            return Some((format!("@{a} as assignee"), format!("{} assigned", now.assignees.len())));
        }
        if there.len() != who.len() {
            return Some(("the assignees".into(), now.assignees.join(", ")));
        }
    }
    if change.state().is_some_and(|s| s.is_open() != now.state.is_open()) {
        return Some(("the state".into(), if now.state.is_open() { "open" } else { "closed" }.into()));
    }
    None
}

/// The first change of a comment that the tracker does not show.
fn said(before: &Tracker, now: &Tracker, change: &TrackerChange) -> Option<(String, String)> {
    let known: BTreeSet<&String> = before.comments.iter().map(|c| &c.id).collect();
    for c in change.comments() {
        let missing = match c {
            CommentChange::Add { body, .. } => {
                let there = now.comments.iter().any(|c| !known.contains(&c.id) && same(&c.body, body));
                (!there).then(|| "a comment".to_owned())
            }
            CommentChange::Edit { id, body, .. } => {
                let there = now.comments.iter().any(|c| c.id == *id && same(&c.body, body));
                (!there).then(|| format!("comment {id}"))
            }
            CommentChange::Remove { id } => {
                let there = now.comments.iter().any(|c| c.id == *id);
                there.then(|| format!("the removal of comment {id}"))
            }
        };
        if let Some(what) = missing {
            return Some((what, "something else".into()));
        }
    }
    None
}

fn comment(g: &Github, now: &Hosted, c: &CommentChange) -> Result<(), WriteFault> {
    let number = now.tracker.reference.number;
    let comments =
        || -> Result<Option<Vec<Comment>>, Fault> { Ok(g.one(number)?.0.map(|h| h.tracker.comments)) };
    let gone = || Looked::CannotTell(format!("{} is gone", name(g, number)));
    match c {
        CommentChange::Add { body, .. } => {
            let known: BTreeSet<&String> = now.tracker.comments.iter().map(|c| &c.id).collect();
            let request = Request::new(Method::Post, g.path(&format!("/issues/{number}/comments")))
                .json(&json!({"body": body}));
            let look = || {
                let Some(all) = comments()? else { return Ok(gone()) };
                let made = all.iter().any(|c| !known.contains(&c.id) && same(&c.body, body));
                Ok(if made { Looked::Made(()) } else { Looked::NotMade })
            };
            if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)? {
                ok(reply, 201)?;
            }
        }
        CommentChange::Edit { id, body, .. } => {
            let request = Request::new(Method::Patch, g.path(&format!("/issues/comments/{id}")))
                .json(&json!({"body": body}));
            let look = || {
                let Some(all) = comments()? else { return Ok(gone()) };
                let made = all.iter().any(|c| c.id == *id && same(&c.body, body));
                Ok(if made { Looked::Made(()) } else { Looked::NotMade })
            };
            if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)? {
                ok(reply, 200)?;
            }
        }
        CommentChange::Remove { id } => {
            let request = Request::new(Method::Delete, g.path(&format!("/issues/comments/{id}")));
            let look = || {
                let Some(all) = comments()? else { return Ok(gone()) };
                let there = all.iter().any(|c| c.id == *id);
                Ok(if there { Looked::NotMade } else { Looked::Made(()) })
            };
            if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)?
                && reply.status() != 404
            {
                ok(reply, 204)?;
            }
        }
    }
    Ok(())
}

fn same(a: &str, b: &str) -> bool {
    a.replace("\r\n", "\n").trim_end() == b.replace("\r\n", "\n").trim_end()
}

/// Put the card of a tracker into a column, making the card where there is none.
fn place(g: &Github, hosted: &Hosted, column: &str) -> Result<(), WriteFault> {
    let find = |again: bool| -> Result<Option<(super::Columns, String)>, WriteFault> {
        let Some(c) = g.columns(again)? else { return Ok(None) };
        let option = c.options.iter().find(|(_, n)| n.eq_ignore_ascii_case(column)).map(|(id, _)| id.clone());
        Ok(option.map(|o| (c, o)))
    };
    // Whoever edits the columns gives all of them new ids, so that what was not found is looked up once more.
    let found = match find(false)? {
        Some(f) => f,
        None => match find(true)? {
            Some(f) => f,
            None => {
                let known = g.columns(false)?.map(|c| c.options.into_iter().map(|(_, n)| n).collect());
                let what = format!("the board of {} has no column `{column}`", g.full());
                return Err(WriteFault::NoSuch { what, known: known.unwrap_or_default() });
            }
        },
    };
    let card = match &hosted.card {
        Some(c) => c.clone(),
        None => {
            let made = g.mutate(ADD_CARD, &json!({"project": found.0.project, "content": hosted.node}))?;
            let id = made.pointer("/addProjectV2ItemById/item/id").and_then(Value::as_str);
            id.map(String::from).ok_or_else(|| g.strange("a new card has no id"))?
        }
    };
    let moved = |(c, option): &(super::Columns, String)| {
        let vars = json!({"project": c.project, "item": card, "field": c.field, "option": option});
        g.mutate(MOVE_CARD, &vars)
    };
    match moved(&found) {
        Ok(_) => Ok(()),
        // The ids may have changed since they were read.
        Err(first) => match find(true)? {
            Some(f) if f.1 != found.1 => Ok(moved(&f).map(drop)?),
            _ => Err(first.into()),
        },
    }
}

fn archive(g: &Github, hosted: &Hosted, archived: bool) -> Result<(), WriteFault> {
    let (Some(card), Some(c)) = (&hosted.card, g.columns(false)?) else { return Ok(()) };
    let document = if archived { ARCHIVE_CARD } else { UNARCHIVE_CARD };
    g.mutate(document, &json!({"project": c.project, "item": card}))?;
    Ok(())
}

/// Note a rejected report in the ledger, once.
pub fn note(
    g: &Github,
    label: &str,
    entry: &LedgerEntry,
    counts: &dyn Fn(&Comment) -> bool,
) -> Result<Option<u64>, WriteFault> {
    let request = Request::get(g.path("/issues"))
        .query("labels", label)
        .query("state", "open")
        .query("sort", "created")
        .query("direction", "asc")
        .query("per_page", "1");
    let reply = ok(g.client.call(&g.rest, &g.dressed(request))?, 200)?;
    let found = reply.json()?;
    let Some(all) = found.as_array() else {
        return Err(Fault::unexpected(&reply, "issues that are no list").into());
    };
    let Some(first) = all.first() else { return Ok(None) };
    let Some(number) = first.get("number").and_then(Value::as_u64) else {
        return Err(Fault::unexpected(&reply, "an issue without its number").into());
    };
    let (ledger, standing) = g.one(number)?;
    private(g, &standing)?;
    let Some(ledger) = ledger else { return Err(WriteFault::Gone(name(g, number))) };
    // Who sends other issues than were asked for sends no ledger.
    if !ledger.tracker.labels.iter().any(|l| l.eq_ignore_ascii_case(label)) {
        return Err(Fault::unexpected(&reply, "an issue without the label that was asked for").into());
    }
    let there = |t: &Tracker| t.comments.iter().any(|c| entry.is(&c.body) && counts(c));
    if there(&ledger.tracker) {
        return Ok(Some(number));
    }
    let add = CommentChange::Add { id: String::new(), body: entry.body().to_owned() };
    comment(g, &ledger, &add)?;
    if there(&read(g, number)?.tracker) {
        return Ok(Some(number));
    }
    Err(WriteFault::NotTaken { what: format!("a line of {}", name(g, number)), now: "no such line".into() })
}

/// A milestone by name, open or closed.
fn milestone(g: &Github, wanted: &str) -> Result<HostMilestone, WriteFault> {
    let mut known = BTreeSet::new();
    for page in 1..=super::PAGES {
        let request = Request::get(g.path("/milestones"))
            .query("state", "all")
            .query("per_page", MILESTONES.to_string())
            .query("page", page.to_string());
        let reply = ok(g.client.call(&g.rest, &g.dressed(request))?, 200)?;
        let json = reply.json()?;
        let Some(all) = json.as_array() else {
            return Err(Fault::unexpected(&reply, "milestones that are no list").into());
        };
        for m in all {
            let (Some(number), Some(title)) =
                (m.get("number").and_then(Value::as_u64), m.get("title").and_then(Value::as_str))
            else {
                return Err(Fault::unexpected(&reply, "a milestone without number or title").into());
            };
            if title == wanted {
                let open = m.get("state").and_then(Value::as_str) == Some("open");
                return Ok(HostMilestone { number, name: title.into(), open, due: None });
            }
            known.insert(title.to_owned());
        }
        if all.len() < MILESTONES {
            break;
        }
    }
    Err(WriteFault::NoSuch { what: format!("{} has no milestone `{wanted}`", g.full()), known })
}

/// Make a milestone, unless it is there.
pub fn make_milestone(g: &Github, wanted: &str, due: Option<Date>) -> Result<(), WriteFault> {
    match milestone(g, wanted) {
        Ok(_) => return Ok(()),
        Err(WriteFault::NoSuch { .. }) => {}
        Err(e) => return Err(e),
    }
    private(g, &g.repo_standing()?)?;
    let mut body = json!({"title": wanted});
    if let Some(d) = due {
        body["due_on"] = format!("{d}T23:59:59Z").into();
    }
    let request = Request::new(Method::Post, g.path("/milestones")).json(&body);
    let look = || match milestone(g, wanted) {
        Ok(_) => Ok(Looked::Made(())),
        Err(WriteFault::NoSuch { .. }) => Ok(Looked::NotMade),
        Err(WriteFault::Fault(f)) => Err(f),
        Err(e) => Ok(Looked::CannotTell(e.to_string())),
    };
    match g.client.change(&g.rest, &g.dressed(request), look)? {
        Err(()) => Ok(()),
        Ok(reply) => ok(reply, 201).map(drop),
    }
}

/// Close a milestone; one that is closed stays so.
pub fn close_milestone(g: &Github, wanted: &str) -> Result<(), WriteFault> {
    let there = milestone(g, wanted)?;
    if !there.open {
        return Ok(());
    }
    private(g, &g.repo_standing()?)?;
    let request = Request::new(Method::Patch, g.path(&format!("/milestones/{}", there.number)))
        .json(&json!({"state": "closed"}));
    let look = || match milestone(g, wanted) {
        Ok(m) if !m.open => Ok(Looked::Made(())),
        Ok(_) => Ok(Looked::NotMade),
        Err(WriteFault::Fault(f)) => Err(f),
        Err(e) => Ok(Looked::CannotTell(e.to_string())),
    };
    match g.client.change(&g.rest, &g.dressed(request), look)? {
        Err(()) => Ok(()),
        Ok(reply) => ok(reply, 200).map(drop),
    }
}

impl Github {
    /// Who asks, and whether the repository is private.
    pub(super) fn repo_standing(&self) -> Result<Standing, Fault> {
        let request = Request::get(self.path(""));
        let reply = self.client.call(&self.rest, &self.dressed(request))?;
        if !reply.ok() {
            return Err(reply.refusal());
        }
        let json = reply.json()?;
        let private = json.get("private").and_then(Value::as_bool).unwrap_or(false);
        Ok(Standing { private, ..Standing::default() })
    }
}
