//! A CVE for a valid report (CVE page §2): who may ask for it, what they paste into the form, and what follows once the id
//! is there. The program never fills in a form, and never makes an id up.

use serde::Serialize;

use super::{
    gate::{self, GateReport, GateVerdict},
    stage::Stage,
    sync::{Proposal, View, allocated::record_link, comments, tell},
    title,
};
use crate::{
    case::Case,
    config::{CveGate, CveTool},
    people::Role,
    plan::{Action, ActionKind, ItemNo, Plan, Precondition, Told, digest, effect::Change},
    tracker::{self, FieldRole, LabelRole, Marked},
};

/// How the id is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "path")]
pub enum Path {
    /// This person may: open the page, paste the title, submit, bring back the id.
    Own {
        /// The form.
        url: String,
        /// The title to paste.
        title: String,
    },
    /// They may not: this goes to somebody who may, and nothing else does.
    Relay {
        /// Who to send it to: handles, else the list.
        to: Vec<String>,
        /// The message: address, title, one line.
        message: String,
    },
}

/// What `allocate N` says before an id is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// The gate.
    pub gate: GateReport,
    /// The title before and after the cascade.
    pub title: title::TitleReport,
    /// The way; none when the gate is shut.
    pub way: Option<Path>,
    /// What else the authority's form asks for: what it calls the field, and what to paste.
    pub paste: Vec<(String, String)>,
    /// What to know.
    pub notices: Vec<String>,
}

/// Which way the id is asked for, with the gate and the title (CVE page §2.2–2.4).
#[must_use]
pub fn recipe(v: &View<'_>, roles: &std::collections::BTreeSet<Role>) -> Recipe {
    let gate = gate::allocate(v);
    let report = title::normalise(&v.t.title, v.g.titles);
    let least = usize::try_from(v.g.config.cve.title_min_words).unwrap_or(3);
    let mut notices = Vec::new();
    if report.words < least {
        notices.push(format!(
            "the title has fewer than {least} words: say more with `tipstaff edit {} title`",
            v.t.reference.number
        ));
    }
    let url = &v.g.config.cve.allocate_url;
    if url.is_empty() {
        notices.push("cve.allocate_url is not set: where does this project ask for ids?".into());
    }
    let way = (gate.verdict != GateVerdict::Blocked).then(|| {
        if gate::may_allocate(v.g.config.cve.gate, roles) {
            Path::Own { url: url.clone(), title: report.normalized.clone() }
        } else {
            // Address, title and one line: no text of the report, no history, no scope.
            let message = [
                url.as_str(),
                &report.normalized,
                "Please allocate a CVE with this title and send the id back.",
            ]
            .into_iter()
            .filter(|l| !l.is_empty())
            .collect::<Vec<_>>()
            .join("\n");
            Path::Relay { to: asked(v), message }
        }
    });
    let own = matches!(way, Some(Path::Own { .. }));
    let paste = if own && v.g.config.cve.tool == CveTool::MitreForm { form(v) } else { Vec::new() };
    Recipe { gate, title: report, way, paste, notices }
}

/// What the public web form asks for beside the title. Nothing of the report's own words, its thread or its reporter's address
/// goes there, and no link before it is public.
fn form(v: &View<'_>) -> Vec<(String, String)> {
    let project = &v.g.config.project;
    let scope = v.scope();
    let product = scope.map(|s| s.product.as_str()).filter(|p| !p.is_empty()).unwrap_or(&project.name);
    let line = |role| tracker::plain_text(v.field(role)).trim().to_owned();
    [
        ("Vendor", project.vendor.clone()),
        ("Product", product.to_owned()),
        ("Affected versions", line(FieldRole::AffectedVersions)),
        ("Weakness", line(FieldRole::Cwe)),
        ("Suggested description", line(FieldRole::PublicSummary)),
        ("Discoverer", line(FieldRole::ReporterCredit)),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(field, text)| (field.to_owned(), text))
    .collect()
}

/// Whom a relay message is for: every member who may allocate, else the security list.
fn asked(v: &View<'_>) -> Vec<String> {
    let may = |p: &&crate::people::Person| {
        p.member_at(v.g.now)
            && (p.roles.contains(&Role::Governance) || v.g.config.cve.gate == CveGate::SecurityTeam)
    };
    let people: Vec<String> = v.g.roster.people.iter().filter(may).map(|p| v.mention(&p.handle)).collect();
    if !people.is_empty() {
        return people;
    }
    let list = &v.g.config.mail.lists.security;
    if list.is_empty() { Vec::new() } else { vec![list.clone()] }
}

/// Note on the tracker that an id was asked for, so that nobody asks again.
#[must_use]
pub fn request(v: &View<'_>, roles: &std::collections::BTreeSet<Role>) -> Plan {
    let recipe = recipe(v, roles);
    let mut p = Proposal::new(
        "allocate.request",
        format!("Note that a CVE was asked for on {}", v.name),
        v.evidence("allocate.request", format!("{} asks for it", v.mention(v.g.actor))),
    );
    let text = match &recipe.way {
        Some(Path::Relay { to, message }) => format!("{}\n\n```text\n{message}\n```", to.join(" ")),
        Some(Path::Own { title, .. }) => {
            format!("{} asked for a CVE with the title:\n\n```text\n{title}\n```", v.mention(v.g.actor))
        }
        None => String::new(),
    };
    p.blocked = blocked(&recipe.gate);
    p.notices = warned(&recipe.gate);
    p.notices.extend(recipe.notices);
    if let Some(effect) = comments::post(v, Marked::AllocationRequest, text) {
        p = p.step(effect, vec![v.field_is(FieldRole::CveToolLink)]);
    }
    one_plan(v, vec![p.next(Stage::AllocationPending.next())])
}

/// Plan to ask the authority itself for an id: one item, which cannot be repeated. What follows from the id is a plan of its
/// own, once it is there.
#[must_use]
pub fn reserve(v: &View<'_>, who: &str) -> Plan {
    let gate = gate::allocate(v);
    let year = v.g.now.to_zoned(jiff::tz::TimeZone::UTC).year();
    let mut p = Proposal::new(
        "allocate.reserve",
        format!("Ask {who} for a CVE id for {}", v.name),
        v.evidence("allocate.reserve", format!("{} asks for it", v.mention(v.g.actor))),
    );
    p.blocked = blocked(&gate);
    p.notices = warned(&gate);
    p.notices
        .push("an id that was asked for cannot be given back unseen: it counts against the quota".into());
    if v.g.config.cve.gate == CveGate::GovernanceMember {
        p.needs = vec![Role::Governance];
    }
    let open = Precondition::TrackerIs { tracker: v.t.key.clone(), open: true };
    let effect = Change::ReserveId { tracker: v.t.key.clone(), year };
    let requires = vec![open, v.field_is(FieldRole::CveToolLink)];
    one_plan(v, vec![p.step(effect, requires).next(Stage::AllocationPending.next())])
}

fn blocked(gate: &GateReport) -> Option<String> {
    let all: Vec<&str> = gate.blockers.iter().map(|b| b.detail.as_str()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn warned(gate: &GateReport) -> Vec<String> {
    gate.warnings.iter().map(|w| w.detail.clone()).collect()
}

/// Why a pasted id is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// It has not the form of an id.
    #[error("`{0}` is no CVE id; it reads CVE-2026-12345")]
    Form(String),
    /// Its year cannot be.
    #[error("{0}: that year cannot be; CVE ids begin in 1999 and are of this year or the next at the latest")]
    Year(String),
    /// Another tracker has it.
    #[error("{id} belongs to {other} already; one of the two is wrong")]
    Taken {
        /// The id.
        id: String,
        /// Which tracker.
        other: String,
    },
}

/// Judge a pasted id (CVE page §2.5): form, year, and that no other tracker holds it.
///
/// # Errors
/// Why it is refused; nothing is guessed from a bad one.
pub fn pasted(text: &str, v: &View<'_>, others: &[Case]) -> Result<String, BadId> {
    let id = text.trim();
    let form = || BadId::Form(crate::mail::one_line(text, 60));
    let (year, number) = id.strip_prefix("CVE-").and_then(|r| r.split_once('-')).ok_or_else(form)?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !(4..=7).contains(&number.len()) || !digits(number) {
        return Err(form());
    }
    let this = v.g.now.to_zoned(jiff::tz::TimeZone::UTC).year();
    let year: i16 = year.parse().map_err(|_| form())?;
    if year < 1999 || year > this.saturating_add(1) {
        return Err(BadId::Year(id.into()));
    }
    for c in others.iter().filter(|c| c.tracker.key != v.t.key) {
        let body = tracker::parse(&c.tracker.body, v.g.headings);
        if body.get(FieldRole::CveToolLink).and_then(super::sync::view::cve_id).as_deref() == Some(id) {
            return Err(BadId::Taken { id: id.into(), other: c.tracker.reference.to_string() });
        }
    }
    Ok(id.into())
}

/// The id is there: the five items of CVE page §2.6 in one plan. The first carries the others; what is left out, sync
/// proposes again.
#[must_use]
pub fn plan(v: &View<'_>, id: &str) -> Plan {
    let gate = gate::allocate(v);
    // An id that was asked for is what this command waits for.
    let gate = GateReport {
        blockers: gate.blockers.iter().filter(|b| b.code != "already-requested").cloned().collect(),
        ..gate
    };
    let link = {
        let url = v.g.config.cve.record_url.replace("{cve_id}", id).replace("<CVE-ID>", id);
        if url.is_empty() { id.to_owned() } else { url }
    };
    // What the tracker will look like: letter and record are made for that.
    let mut after = v.case.clone();
    if let Ok(body) = tracker::set(&v.t.body, FieldRole::CveToolLink, &link, v.g.headings) {
        after.tracker.body = body;
    }
    after.tracker.labels.insert(v.g.labels.name(LabelRole::CveAllocated).to_owned());
    let then = View::new(&after, v.g);
    let why = || v.evidence("allocate.id", format!("{} brought back {id}", v.mention(v.g.actor)));
    let mut first = Proposal::new("allocate.id", format!("{id} for {}", v.name), why()).field(
        v,
        FieldRole::CveToolLink,
        link,
    );
    first.blocked = blocked(&gate);
    first.notices = warned(&gate);
    if v.g.config.cve.gate == CveGate::GovernanceMember {
        first.notices.push("only a governance member may ask for ids; this notes one that was given".into());
    }
    let label = Proposal::new("allocate.label", format!("Label of {id}"), why()).labels(
        v,
        &[LabelRole::CveAllocated],
        &[],
    );
    let label = match super::sync::column::to(v, crate::tracker::Column::CveAllocated) {
        Some(effect) => {
            label.step(effect, vec![Precondition::TrackerIs { tracker: v.t.key.clone(), open: true }])
        }
        None => label,
    };
    let letter = if tell::due(&then, &[tell::Event::CveAllocated]) == Some(tell::Event::CveAllocated) {
        tell::letter(&then, tell::Event::CveAllocated)
    } else {
        Err(Told::NotNeeded("they know of a later step already".into()))
    };
    let told = match &letter {
        Ok(_) => Told::NotTold("a letter is proposed with this entry".into()),
        Err(told) => told.clone(),
    };
    let entry = Proposal::new("allocate.entry", format!("Status of {}: {id} allocated", v.name), why())
        .note(Action::with(ActionKind::CveAllocated, id), format!("{id} allocated"), summary(&then, id), told)
        .next(Stage::Allocated.next());
    let mut items = vec![first.next(Stage::Allocated.next()), label, entry];
    items.extend(super::sync::record::attach(&then, "allocate.record"));
    if let Ok(letter) = letter {
        let mut p = Proposal::new("allocate.tell", format!("Tell the reporter of {}", v.name), why());
        p.letter = Some(letter);
        items.push(p);
    }
    one_plan(v, items)
}

/// Scope, product, weakness and the like, for the entry.
fn summary(v: &View<'_>, id: &str) -> String {
    let mut lines = vec![record_link(v, id)];
    if let Some(s) = v.scope() {
        let parts = [s.label.as_str(), &s.product, &s.package];
        lines.push(format!(
            "Scope: {}",
            parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" → ")
        ));
    }
    for role in [FieldRole::Cwe, FieldRole::Severity, FieldRole::AffectedVersions] {
        let value = v.field(role);
        if !value.is_empty() {
            lines.push(format!(
                "{}: {}",
                comments::heading(v, role),
                tracker::inline_text(&crate::mail::one_line(value, 200))
            ));
        }
    }
    lines.join("\n")
}

fn one_plan(v: &View<'_>, proposals: Vec<Proposal>) -> Plan {
    let mut plan = Plan::new(
        "allocate",
        v.g.config_digest.to_owned(),
        digest::of(&(&v.t.key, v.case.revision)),
        v.g.now,
    );
    let many = proposals.len() > 1;
    for (i, p) in proposals.into_iter().enumerate() {
        let n = ItemNo(u32::try_from(i + 1).unwrap_or(u32::MAX));
        let after = if i > 0 && many { vec![ItemNo(1)] } else { Vec::new() };
        plan.items.push(p.into_item(n, after, v));
    }
    plan
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("allocate.request", "a CVE id was asked for; nobody asks twice"),
    ("allocate.reserve", "the authority is asked for an id, once"),
    ("allocate.id", "the id that came back goes into the tracker"),
    ("allocate.label", "the label of an allocated id"),
    ("allocate.entry", "the status says so"),
    ("allocate.record", "the record is made and kept on the tracker"),
    ("allocate.tell", "the reporter hears of the id"),
];
