//! The gates before the steps that cannot be taken back: allocate (CVE page §2.2), merge and invalidate (decisions page
//! §2, §3), release (sync page §7). Each lists everything that stands in the way, not only the first thing.

use std::sync::LazyLock;

use crate::pattern::Regex;
use serde::Serialize;

use super::sync::{View, released};
use crate::{
    case::{ListedState, RecordStage, Routing},
    config::CveGate,
    people::Role,
    tracker::{FieldRole, LabelRole, ThreadKind, thread_ref},
};

/// A CVE id of any length: whoever wrote it meant one (CVE page §2.2 row 2).
static ANY_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bCVE-[0-9]{4}-[0-9]+").expect("a constant pattern, compiled by a test")
});

/// A line of the thread field that names a way around the reporter (sync page §11.1).
static RELAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:relay\w*|forward\w*|GHSA|huntr|hackerone)\b")
        .expect("a constant pattern, compiled by a test")
});

/// May it go on?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// Nothing stands in the way.
    Proceed,
    /// A person should look at the warnings first.
    Confirm,
    /// Something stands in the way.
    Blocked,
}

/// One thing that stands in the way, or should be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub code: &'static str,
    /// What it found, and what mends it.
    pub detail: String,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateReport {
    /// May it go on?
    pub verdict: GateVerdict,
    /// Everything that stands in the way.
    pub blockers: Vec<Finding>,
    /// What to look at; empty when something stands in the way.
    pub warnings: Vec<Finding>,
}

#[derive(Default)]
struct Checks {
    blockers: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Checks {
    fn block(&mut self, when: bool, code: &'static str, detail: impl Into<String>) {
        if when {
            self.blockers.push(Finding { code, detail: detail.into() });
        }
    }

    fn warn(&mut self, when: bool, code: &'static str, detail: impl Into<String>) {
        if when {
            self.warnings.push(Finding { code, detail: detail.into() });
        }
    }

    fn report(mut self) -> GateReport {
        let verdict = if !self.blockers.is_empty() {
            self.warnings.clear();
            GateVerdict::Blocked
        } else if self.warnings.is_empty() {
            GateVerdict::Proceed
        } else {
            GateVerdict::Confirm
        };
        GateReport { verdict, blockers: self.blockers, warnings: self.warnings }
    }
}

/// May a CVE be allocated for this tracker (CVE page §2.2)?
#[must_use]
pub fn allocate(v: &View<'_>) -> GateReport {
    let mut c = Checks::default();
    c.block(
        !v.t.state.is_open(),
        "not-open",
        format!("{} is closed: a CVE is allocated for an open tracker", v.name),
    );
    let label = v.g.labels.name(LabelRole::CveAllocated);
    // The id and its label are one fact, and one blocker. An id that is too short to be one was still given.
    let given = ANY_ID.find(v.field(FieldRole::CveToolLink)).map(|m| m.as_str().to_uppercase());
    match (given, v.has(LabelRole::CveAllocated)) {
        (Some(id), _) => c.block(true, "cve-exists", format!("{id} is allocated already")),
        (None, true) => c.block(
            true,
            "cve-exists",
            format!("the label `{label}` says that a CVE is allocated; paste its id instead"),
        ),
        (None, false) => {}
    }
    if let Some(at) = v.o.allocation_requested {
        c.block(
            v.cve.is_none(),
            "already-requested",
            format!("an id was asked for on {}: wait for it, never ask twice", super::sync::day(v, at)),
        );
    }
    c.block(
        v.has(LabelRole::Duplicate),
        "duplicate",
        format!(
            "it is labelled `{}`: allocate on the tracker that is kept",
            v.g.labels.name(LabelRole::Duplicate)
        ),
    );
    c.block(
        v.scopes.is_empty(),
        "no-scope",
        "no scope label: the scope decides product and package of the record",
    );
    c.block(
        v.scopes.len() > 1,
        "two-scopes",
        "two scope labels: split it first, each part has a record entry of its own",
    );
    let closing: Vec<&str> = v
        .labels
        .dispositions()
        .into_iter()
        .filter(|d| *d != LabelRole::Duplicate)
        .map(|d| v.g.labels.name(d))
        .collect();
    c.block(!closing.is_empty(), "disposition", format!("it is labelled `{}`", closing.join("`, `")));
    c.warn(
        v.has(LabelRole::NeedsTriage),
        "needs-triage",
        format!("it is labelled `{}` still: is it assessed?", v.g.labels.name(LabelRole::NeedsTriage)),
    );
    c.report()
}

/// May these roles ask the authority for an id themselves? Otherwise they relay (CVE page §2.4).
#[must_use]
pub fn may_allocate(gate: CveGate, roles: &std::collections::BTreeSet<Role>) -> bool {
    match gate {
        CveGate::GovernanceMember => roles.contains(&Role::Governance),
        CveGate::SecurityTeam => !roles.is_empty(),
        CveGate::Maintainer | CveGate::None => true,
    }
}

/// May the release manager take over (sync page §7)?
#[must_use]
pub fn release(v: &View<'_>) -> GateReport {
    let g = released::gate(v);
    let mut c = Checks::default();
    for (code, detail) in g.blockers {
        c.block(true, code, detail);
    }
    for (code, detail) in g.warnings {
        c.warn(true, code, detail);
    }
    c.report()
}

/// May one tracker be merged into another (decisions page §2)?
#[must_use]
pub fn merge(keep: &View<'_>, dropped: &View<'_>) -> GateReport {
    let mut c = Checks::default();
    let same = keep.t.key == dropped.t.key
        || keep.t.reference.number != 0 && keep.t.reference == dropped.t.reference;
    c.block(same, "same-tracker", format!("{} was named twice", keep.name));
    for v in [keep, dropped] {
        c.block(v.scopes.is_empty(), "no-scope", format!("{} has no scope label", v.name));
        c.block(v.scopes.len() > 1, "two-scopes", format!("{} has two scope labels: split it first", v.name));
        c.block(
            !v.t.state.is_open(),
            "closed",
            format!("{} is closed: reopen it if it is to be merged", v.name),
        );
        c.block(
            v.has(LabelRole::Duplicate),
            "already-duplicate",
            format!(
                "{} is labelled `{}` already: a merge stopped half way",
                v.name,
                v.g.labels.name(LabelRole::Duplicate)
            ),
        );
        let listed = v.o.listed.known().is_some_and(|l| l.state == ListedState::Published);
        let public = v.record() == RecordStage::Public
            || listed
            || v.labels.advisory_sent()
            || !v.field(FieldRole::PublicAdvisoryUrl).is_empty();
        c.block(
            public,
            "public",
            format!("{} is disclosed: what is public is corrected, not merged", v.name),
        );
    }
    let scopes = |v: &View<'_>| v.scopes.iter().map(|s| s.label.to_lowercase()).collect::<Vec<_>>();
    let differ = keep.scopes.len() == 1 && dropped.scopes.len() == 1 && scopes(keep) != scopes(dropped);
    c.block(differ, "scope-differs", "their scopes differ: link them, and fix each on its own");
    for v in [keep, dropped] {
        let unread = v.has_cve() && v.record() == RecordStage::Unknown;
        let id = v.cve.as_deref().unwrap_or("a CVE");
        c.warn(
            unread,
            "cve-unknown",
            format!("{}: the state of the record of {id} is not known: look first", v.name),
        );
    }
    let sole = dropped.has_cve() && !keep.has_cve();
    c.warn(sole, "kept-without-cve", format!("only {} has a CVE: is it the one to keep?", dropped.name));
    c.report()
}

/// Who hears that a report is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// A draft to the reporter.
    Draft,
    /// A draft to the forwarder.
    Forwarder,
    /// Nobody: it was found by the team, or came from a public pull request.
    None,
    /// The program cannot tell; a person says.
    Ask,
}

/// May it be closed as invalid (decisions page §3), and who is told?
#[must_use]
pub fn invalidate(v: &View<'_>) -> (GateReport, Notify) {
    let mut c = Checks::default();
    if !v.t.state.is_open() {
        let why: Vec<&str> = v.labels.dispositions().into_iter().map(|d| v.g.labels.name(d)).collect();
        let why = if why.is_empty() {
            "without a disposition".to_owned()
        } else {
            format!("as `{}`", why.join("`, `"))
        };
        c.block(true, "already-closed", format!("{} is closed already, {why}", v.name));
    }
    let id = v.cve.as_deref().unwrap_or("the CVE");
    match v.record() {
        RecordStage::Allocated | RecordStage::ReviewReady => {
            c.block(
                true,
                "cve-allocated",
                format!("the record of {id} is {}: retract it first", v.record().as_str()),
            );
        }
        RecordStage::PublishReady | RecordStage::Public => {
            c.block(
                true,
                "cve-public",
                format!("the record of {id} is {}: this needs the whole team", v.record().as_str()),
            );
        }
        RecordStage::Retracted => {}
        RecordStage::Unknown if v.o.listed.known().is_some_and(|l| l.state == ListedState::Published) => {
            c.block(true, "cve-public", format!("cve.org shows {id}: this needs the whole team"));
        }
        RecordStage::Unknown => c.warn(
            v.has_cve() || !v.field(FieldRole::CveToolLink).is_empty(),
            "cve-unknown",
            format!("{id} is allocated and the state of its record is not known: look before you close"),
        ),
    }
    let out = v.has(LabelRole::FixReleased) || v.labels.advisory_sent();
    c.block(out, "released", "the fix is released or announced: this needs the whole team");
    (c.report(), notify(v))
}

fn notify(v: &View<'_>) -> Notify {
    let field = v.field(FieldRole::SecurityThread);
    let thread = thread_ref(field);
    // Every thread is somebody's relay: which of them carries the answer is a person's to say.
    let lines: Vec<&str> = field.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|l| RELAY.is_match(l)) {
        return Notify::Ask;
    }
    match v.routing() {
        Routing::ViaForwarder => return Notify::Forwarder,
        Routing::Nobody | Routing::FromPr => return Notify::None,
        Routing::Direct => {}
    }
    // Several threads, each with its own reporter: which of them is the primary one is a person's to say only when all
    // are relayed; else the direct one is answered.
    match thread.kind {
        ThreadKind::Archive | ThreadKind::Private => Notify::Draft,
        ThreadKind::PullRequest | ThreadKind::Import => Notify::None,
        ThreadKind::None if v.thread().is_some_and(|t| !t.contact.email.is_empty()) => Notify::Draft,
        ThreadKind::None => Notify::Ask,
    }
}
