//! The fix: from an open pull request to a merged one (sync page §3, T4 and T5). Only fixes named in the field count.

use super::{Proposal, View, column, comments, tell::Event};
use crate::{
    case::{PullRequest, PullState},
    plan::{Action, ActionKind, Effect, Precondition, Told, effect::Change},
    rules::{
        extract::{CreditKind, judge},
        stage::Stage,
    },
    tracker::{Column, FieldRole, LabelRole, Marked, marked, marked_text},
};

/// The labels behind a fix, highest last; what a tracker has is never lowered.
const BEYOND: [LabelRole; 5] = [
    LabelRole::RcVoting,
    LabelRole::FixReleased,
    LabelRole::EmailsSent,
    LabelRole::Announced,
    LabelRole::PrMerged,
];

/// Label, developer and assignee of a fix in review or merged.
pub fn rule(v: &View<'_>, at: Stage, out: &mut super::Gathered) {
    if !v.t.state.is_open() {
        return;
    }
    if let Some(why) = v.o.pulls.failure() {
        out.notices.push(format!("the state of the fix is not known: {why}"));
    }
    let fixes = v.fixes();
    let all = v.o.pulls.known().map(Vec::as_slice).unwrap_or_default();
    if let Some(closed) = all.iter().find(|p| !p.elsewhere && p.state == PullState::Closed) {
        out.notices.push(format!("{} was closed without a merge", closed.url));
    }
    for other in all.iter().filter(|p| p.elsewhere) {
        out.notices.push(format!("{} mentions this tracker and is not named in pr_with_fix", other.url));
    }
    if v.field(FieldRole::PrWithFix).is_empty() || fixes.is_empty() {
        if v.has(LabelRole::PrOpen) && v.o.pulls.known().is_some() {
            out.notices.push(format!(
                "the label `{}` is set and pr_with_fix names no fix",
                v.g.labels.name(LabelRole::PrOpen)
            ));
        }
        return;
    }
    let merged = fixes.iter().all(|p| p.state == PullState::Merged);
    // The close-out takes every label of the fix off; none is set before it.
    let beyond = at == Stage::CloseOut || BEYOND.iter().any(|r| v.has(*r));
    if !merged && v.has(LabelRole::PrMerged) {
        let open: Vec<&str> =
            fixes.iter().filter(|p| p.state == PullState::Open).map(|p| p.url.as_str()).collect();
        out.notices
            .push(format!("marked as merged, but {} is open; labels are never taken back", open.join(", ")));
    }
    if v.cve.is_none() {
        if !v.has_cve() {
            // Hard case 1: whatever the state of the fix, the id comes first.
            out.notices.push(format!(
                "the fix is {}, and no CVE is allocated: allocate first",
                if merged { "merged" } else { "open" }
            ));
        }
        return;
    }
    let developer = developer(v, &fixes, out);
    if beyond || (!merged && v.has(LabelRole::PrOpen)) {
        out.items.extend(developer.map(|value| append(v, &value)));
        // Whoever was assigned since by hand stays: only a free place is filled (sync page §3, assignee d).
        if v.t.assignees.iter().all(|a| a.trim().is_empty()) && at != Stage::CloseOut {
            let assignee = assignee(v, &fixes, &mut out.notices);
            out.items.extend(assignee.map(|e| assign_item(v, e)));
        }
        out.items.extend(reminder(v, at));
        return;
    }
    let links: Vec<String> = fixes.iter().map(|p| p.url.clone()).collect();
    let (rule, word, role, event, stage, column) = if merged {
        ("sync.merged", "merged", LabelRole::PrMerged, Event::PrMerged, Stage::Merged, Column::PrMerged)
    } else {
        ("sync.in-review", "open", LabelRole::PrOpen, Event::PrOpened, Stage::InPr, Column::PrCreated)
    };
    let seen: Vec<String> = fixes.iter().map(|p| format!("{} is {}", p.url, state(p))).collect();
    let source = v.o.pulls.source();
    let why = vec![crate::case::Evidence::new(rule, seen.join("; "), source)];
    let mut p = Proposal::new(rule, format!("The fix of {} is {word}", v.name), why).labels(
        v,
        &[role],
        if merged { &[LabelRole::PrOpen] } else { &[] },
    );
    if let Some(value) = developer {
        p = p.field(v, FieldRole::RemediationDeveloper, value);
    }
    if let Some(effect) = assignee(v, &fixes, &mut out.notices) {
        p = p.step(effect, vec![assignees_are(v)]);
    }
    if let Some(effect) = column::to(v, column) {
        p = p.step(effect, vec![Precondition::TrackerIs { tracker: v.t.key.clone(), open: true }]);
    }
    if merged {
        // The developer hears now which fields the release will ask for (config page §2 rule 1).
        let missing = comments::missing(v);
        if let Some(effect) = comments::fill_fields(v, &missing, "the release waits for them") {
            p = p.step(effect, Vec::new());
        }
    }
    let p = p
        .note(
            Action::with(ActionKind::Sync, if merged { "pr merged" } else { "pr created" }),
            format!("The fix is {word}"),
            links.join("\n"),
            Told::NotTold("not yet".into()),
        )
        .next(stage.next());
    out.push_with(p, event);
}

/// The list of missing fields, corrected while the release is awaited; it was posted with the merge.
fn reminder(v: &View<'_>, at: Stage) -> Option<Proposal> {
    let there = marked(&v.t.comments, Marked::FillFields, v.g.roster)?;
    if at != Stage::Merged || marked_text(&there.body).is_empty() {
        return None;
    }
    let missing = comments::missing(v);
    let effect = comments::fill_fields(v, &missing, "the release waits for them")?;
    let left: Vec<&str> = missing.iter().map(|m| m.role.as_str()).collect();
    let why = v.evidence("sync.fill-fields", format!("not ready: {}", left.join(", ")));
    let p = Proposal::new("sync.fill-fields", format!("Fields of {} that are still missing", v.name), why);
    Some(p.step(effect, Vec::new()).note(
        Action::with(ActionKind::Sync, "fill fields"),
        "The list of missing fields changed",
        left.join(", "),
        Told::NotNeeded("fields of the tracker are internal".into()),
    ))
}

fn state(p: &PullRequest) -> String {
    let draft = if p.draft { ", a draft" } else { "" };
    match p.state {
        PullState::Open => format!("open{draft}"),
        PullState::Merged => p.merged_at.map_or_else(|| "merged".into(), |at| format!("merged {at:.0}")),
        PullState::Closed => "closed".into(),
    }
}

/// The field with the authors of the fixes appended; none when they stand there already. A program is never appended.
fn developer(v: &View<'_>, fixes: &[&PullRequest], out: &mut super::Gathered) -> Option<String> {
    let old = v.field(FieldRole::RemediationDeveloper);
    let mut value = old.to_owned();
    for p in fixes {
        let name = if p.author_name.trim().is_empty() { p.author.trim() } else { p.author_name.trim() };
        if name.is_empty() {
            continue;
        }
        let known = |n: &str| !n.is_empty() && value.to_lowercase().contains(&n.to_lowercase());
        if known(name) || known(&p.author) {
            continue;
        }
        let bot = [judge(&p.author), judge(name)].into_iter().find(|b| b.kind == CreditKind::Tool);
        if let Some(verdict) = bot {
            out.notices.push(format!(
                "{name} wrote {} and looks like a program ({}): not credited",
                p.url,
                verdict.rule.unwrap_or_default()
            ));
            continue;
        }
        if !value.is_empty() {
            value.push('\n');
        }
        value.push_str(&crate::mail::one_line(name, 120));
    }
    (value != old).then_some(value)
}

fn append(v: &View<'_>, value: &str) -> Proposal {
    Proposal::new(
        "sync.developer",
        format!("Remediation developer of {}", v.name),
        v.evidence("sync.developer", "wrote the fix"),
    )
    .field(v, FieldRole::RemediationDeveloper, value)
    .note(
        Action::with(ActionKind::Sync, "remediation developer"),
        "Remediation developer added",
        value.lines().last().unwrap_or_default(),
        Told::NotTold("with the next letter: it will stand in the advisory".into()),
    )
    .in_record()
}

fn assignees_are(v: &View<'_>) -> Precondition {
    Precondition::AssigneesAre {
        tracker: v.t.key.clone(),
        assignees: v.t.assignees.iter().cloned().collect(),
    }
}

/// The author of the fix, where they may be assigned; somebody from outside never is (sync page §3, assignee).
fn assignee(v: &View<'_>, fixes: &[&PullRequest], notices: &mut Vec<String>) -> Option<Effect> {
    if BEYOND[1..4].iter().any(|r| v.has(*r)) {
        return None;
    }
    let author = fixes.iter().map(|p| p.author.as_str()).find(|a| !a.is_empty())?;
    if v.t.assignees.iter().any(|a| a.eq_ignore_ascii_case(author)) {
        return None;
    }
    match v.may_assign(author) {
        Some(true) => Some(Change::SetAssignees {
            tracker: v.t.key.clone(),
            assignees: std::iter::once(author.to_owned()).collect(),
        }),
        Some(false) => None,
        None => {
            if let Some(why) = v.o.collaborators.failure() {
                notices.push(format!("who may be assigned is not known: {why}"));
            }
            None
        }
    }
}

fn assign_item(v: &View<'_>, effect: Effect) -> Proposal {
    Proposal::new("sync.assignee", format!("Assign {}", v.name), v.evidence("sync.assignee", "wrote the fix"))
        .step(effect, vec![assignees_are(v)])
        .note(
            Action::new(ActionKind::Assign),
            "Assigned to the author of the fix",
            "",
            Told::NotNeeded("who works on it is internal".into()),
        )
}
