//! The record follows the tracker (sync page §9): made again from its fields, kept beside it, and pushed when something
//! changed. A push never lowers a state, and a record that hygiene holds back is not pushed.

use serde_json::Value;

use super::{Gathered, Ground, Proposal, View, chain};
use crate::{
    case::{Case, Record, RecordStage},
    confidential::{CveDraft, CvePublic, Draft},
    config::{Config, CveTool, Forge, RecordHome, RecordState},
    cve::{
        self, Built, Level, Options, RecordPlace, Target,
        authority::{Merge, Over, Prefer, merge, packages_changed},
    },
    plan::{
        Action, ActionKind, Effect, Group, Item, Precondition, Step, Told, digest,
        effect::{Beside, Change},
    },
    tracker::{FieldRole, by_team},
};

/// The facts a record is made from.
#[must_use]
pub fn facts(v: &View<'_>) -> cve::Facts {
    cve::Facts {
        title: v.t.title.clone(),
        fields: FieldRole::ALL.into_iter().filter_map(|r| Some((r, v.body.get(r)?.to_owned()))).collect(),
        cve_id: v.cve.clone(),
        labels: v.t.labels.iter().cloned().collect(),
        evidence: {
            let said = v.discussion().filter(|c| by_team(c, v.g.roster)).map(|c| c.body.clone());
            let reviewed = v.o.reviews.known().map(Vec::as_slice).unwrap_or_default();
            said.chain(reviewed.iter().map(|r| r.text.clone())).collect()
        },
        ..cve::Facts::default()
    }
}

/// The record that follows from those facts; [`View::built`] keeps it.
pub(super) fn build(facts: &cve::Facts, g: Ground<'_>) -> Built {
    let options = Options { target: Target::of(g.config.cve.tool), ..Options::default() };
    cve::build_with(facts, g.config, g.labels, g.versions, options)
}

/// Does the project's CVE tool take pushes from a program?
#[must_use]
pub fn pushes(v: &View<'_>) -> bool {
    matches!(v.g.config.cve.tool, CveTool::Desk | CveTool::Vulnogram | CveTool::CveServices)
}

/// Does a record go through review before it is published? The desk's own always does; a record whose state was read
/// is judged by it, except where publishing is the only step there is.
#[must_use]
pub fn reviewed(v: &View<'_>) -> bool {
    let tool = v.g.config.cve.tool;
    tool == CveTool::Desk
        || v.g.config.cve.states.contains(&RecordState::ReviewReady)
        || tool != CveTool::CveServices && v.o.record.known().is_some()
}

/// The case as it would be once these proposals are applied: what a record made in the same plan must say.
#[must_use]
pub fn after(v: &View<'_>, items: &[Proposal]) -> Case {
    // What the record itself opens comes after it.
    chain::project(v, items.iter().filter(|p| !p.after.contains(&"sync.record")))
}

/// Does a proposal change more than the tracker's log and its mail?
fn matters(v: &View<'_>, p: &Proposal) -> bool {
    let idle = |e: &Effect| {
        matches!(e, Change::AppendEntry { .. } | Change::MailDraft { .. } | Change::Comment { .. })
    };
    chain::counts(v.case, p) && !p.steps.iter().all(|(e, _)| idle(e))
}

/// The items that write what a record is made from: it comes after them.
#[must_use]
pub fn sources(v: &View<'_>, items: &[Proposal]) -> Vec<&'static str> {
    let writes = |e: &Effect| matches!(e, Change::SetField { .. } | Change::SetTitle { .. });
    let counted = items.iter().filter(|i| chain::counts(v.case, i));
    counted.filter(|i| i.steps.iter().any(|(e, _)| writes(e))).map(|i| i.rule).collect()
}

/// Make the records of a plan again after a person edited what they are made from: their bytes are those of the tracker as
/// the plan leaves it now, and what hygiene holds back is not pushed.
pub fn again(items: &mut [Item], case: &Case, g: Ground<'_>) {
    let mut then = case.clone();
    for i in items.iter_mut().filter(|i| i.subject == case.tracker.key.0) {
        if i.blocked.is_some() || i.group != Group::Proposed {
            continue;
        }
        i.steps.iter().filter(|s| !matches!(s.effect, Change::Choose { .. })).for_each(|s| {
            chain::apply(&mut then, &s.effect, g);
        });
        if !i.effects().iter().any(|e| writes(e)) {
            continue;
        }
        let v = View::new(&then, g);
        let pushes = i.effects().iter().any(|e| matches!(e, Change::PushRecord { .. }));
        let held = held_back(&v);
        if let Some((field, why)) = held.first().filter(|_| pushes && i.rule == "sync.record") {
            i.blocked = Some(format!("not pushed, {field}: {why}"));
        }
        write(&mut i.steps, v.record_text());
    }
}

fn writes(effect: &Effect) -> bool {
    matches!(effect, Change::AttachRecord { .. } | Change::PushRecord { .. } | Change::PublishRecord { .. })
}

fn write(steps: &mut [Step], text: &str) {
    for s in steps {
        match &mut s.effect {
            Change::AttachRecord { record, .. } | Change::PushRecord { record, .. } => {
                *record = Draft::text(text)
            }
            Change::PublishRecord { record, .. } => *record = Draft::text(text),
            Change::Choose { arms, .. } => {
                arms.values_mut().for_each(|a| write(a, text));
                continue;
            }
            _ => continue,
        }
        s.key.artifact = digest::name(&s.effect)[..16].to_owned();
    }
}

/// Keep the record beside the tracker; none when it is there with these words, or nobody looked.
#[must_use]
pub fn attach(v: &View<'_>, rule: &'static str) -> Option<Proposal> {
    let cve = v.cve.clone()?;
    let text = v.record_text();
    let kept = v.o.attached.as_ref()?;
    if kept == text {
        return None;
    }
    let p = Proposal::new(
        rule,
        format!("Record of {cve}"),
        v.evidence(rule, "made from the fields of the tracker"),
    );
    Some(p.step(attach_step(v, &cve, text), Vec::new()).in_record())
}

/// The step that keeps a record beside its tracker.
pub(super) fn attach_step(v: &View<'_>, cve: &str, text: &str) -> Effect {
    let beside = place(v.g.config).map(|place| Beside { place, link: v.g.config.cve.source_url.clone() });
    let record = Draft::<CveDraft>::text(text);
    Change::AttachRecord { tracker: v.t.key.clone(), cve: cve.into(), record, beside }
}

/// Where in a tracker its record is kept; none where it is kept on the desk.
#[must_use]
pub fn place(config: &Config) -> Option<RecordPlace> {
    let t = &config.tracker;
    match t.record {
        _ if t.forge == Forge::Embedded || t.token.is_empty() => None,
        RecordHome::Body => Some(RecordPlace::Body),
        RecordHome::Comment => Some(RecordPlace::Comment),
        RecordHome::Desk => None,
    }
}

/// The state a record should have at least, by what it holds; publishing is the close-out's.
#[must_use]
pub fn wanted(v: &View<'_>, b: &Built) -> RecordStage {
    match b.readiness.state {
        RecordState::Allocated => RecordStage::Allocated,
        RecordState::ReviewReady | RecordState::PublishReady | RecordState::Public if reviewed(v) => {
            RecordStage::ReviewReady
        }
        _ => RecordStage::Allocated,
    }
}

/// What keeps a record from being pushed, by field.
#[must_use]
pub fn held_back(v: &View<'_>) -> Vec<(String, String)> {
    v.hygiene()
        .iter()
        .filter(|f| f.level == Level::Error)
        .map(|f| (f.field.clone().unwrap_or_default(), f.message.clone()))
        .collect()
}

/// Is what the authority has the same record? Keys that are not ours to write do not count.
fn same(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Object(t), Value::Object(o)) => o.iter().all(|(k, v)| t.get(k).is_some_and(|w| same(w, v))),
        (t, o) => t == o,
    }
}

/// What a push or a publication would leave at the authority: what others wrote there stands beside ours.
#[must_use]
pub fn merged(v: &View<'_>, theirs: &Record, ours: &Value) -> Option<Merge> {
    merged_with(v, theirs, ours, Prefer::Neither)
}

fn merged_with(v: &View<'_>, theirs: &Record, ours: &Value, prefer: Prefer) -> Option<Merge> {
    let there = theirs.json.as_ref()?;
    // The desk's own record has one writer.
    if v.g.config.cve.tool == CveTool::Desk {
        return Some(Merge { record: ours.clone(), ..Merge::default() });
    }
    // Only the container goes to an authority without drafts; everything else there is its own.
    if v.g.config.cve.tool == CveTool::CveServices {
        let cna = |r: &Value| {
            let mut cna = r.pointer("/containers/cna").cloned().unwrap_or_default();
            if let Value::Object(o) = &mut cna {
                o.remove("providerMetadata");
            }
            serde_json::json!({"containers": {"cna": cna}})
        };
        let m = merge(theirs.base.as_ref().map(cna).as_ref(), &cna(ours), &cna(there), prefer);
        let mut record = there.clone();
        if let (Some(Value::Object(to)), Some(Value::Object(from))) =
            (record.pointer_mut("/containers/cna"), m.record.pointer("/containers/cna"))
        {
            let provider = to.remove("providerMetadata");
            to.clone_from(from);
            if let Some(p) = provider {
                to.insert("providerMetadata".into(), p);
            }
        }
        return Some(Merge { record, ..m });
    }
    Some(merge(theirs.base.as_ref(), ours, there, prefer))
}

/// Would bringing the record there change anything, or meet somebody else's change?
fn differs(v: &View<'_>, theirs: &Record, ours: &Value) -> bool {
    let Some(there) = &theirs.json else { return false };
    if v.g.config.cve.tool == CveTool::Desk {
        return !same(there, ours);
    }
    merged(v, theirs, ours).is_some_and(|m| !m.conflicts.is_empty() || m.record != *there)
}

/// The places that the tracker and people at the authority both changed since the last push.
#[must_use]
pub fn contested(v: &View<'_>, ours: &Value) -> Vec<String> {
    let theirs = v.o.record.known();
    let m = theirs.and_then(|r| merged(v, r, ours));
    m.map(|m| m.conflicts.into_iter().map(|c| c.at).collect()).unwrap_or_default()
}

/// Which packages a push or a publication would change there, in words; the guard asks for a person's word.
fn repackaged(v: &View<'_>, ours: &Value, prefer: Prefer) -> Option<String> {
    if v.g.config.cve.tool == CveTool::Desk {
        return None;
    }
    let theirs = v.o.record.known()?;
    let m = merged_with(v, theirs, ours, prefer)?;
    packages_changed(theirs.json.as_ref()?, &m.record).err()
}

/// What a guard would refuse of bringing the record there, and the way round it; for a plan that brings it among other things.
#[must_use]
pub fn clashes(v: &View<'_>) -> Vec<String> {
    if !pushes(v) {
        return Vec::new();
    }
    let ours = v.built().record.to_value();
    // What is public, or has no draft, is brought by publishing.
    let publishes = v.record() == RecordStage::Public || v.g.config.cve.tool == CveTool::CveServices;
    let word = if publishes { "publish" } else { "push" };
    let command = format!("tipstaff cve {word} {}", v.t.reference.number);
    let mut out = Vec::new();
    let both = contested(v, &ours);
    if !both.is_empty() {
        let both = both.join(", ");
        out.push(format!("others changed {both}, too; settle it first, or `{command} --take-ours`"));
    }
    let packages = repackaged(v, &ours, Prefer::Neither);
    out.extend(packages.map(|why| format!("{why}; where that is right, first `{command} --allow-packages`")));
    out
}

/// What would change there, in a few lines, for the person who approves.
fn shown(v: &View<'_>, ours: &Value, prefer: Prefer, p: &mut Proposal) {
    const LINES: usize = 12;
    let Some(theirs) = v.o.record.known() else { return };
    let (Some(there), Some(m)) = (&theirs.json, merged_with(v, theirs, ours, prefer)) else { return };
    if v.g.config.cve.tool == CveTool::Desk {
        return;
    }
    let all = difference(there, &m.record);
    let word = |v: &Option<Value>| {
        v.as_ref().map_or_else(|| "nothing".to_owned(), |v| crate::mail::one_line(&v.to_string(), 80))
    };
    for (at, old, new) in all.iter().take(LINES) {
        p.details.push(("change".into(), format!("{at}: {} → {}", word(old), word(new))));
    }
    if all.len() > LINES {
        p.details.push(("change".into(), format!("and {} more: `tipstaff cve diff`", all.len() - LINES)));
    }
    if !m.kept.is_empty() {
        p.notices.push(format!("kept as others changed it there: {}", m.kept.join(", ")));
    }
    if !m.replaced.is_empty() {
        p.notices.push(format!("replaces what stands there: {}", m.replaced.join(", ")));
    }
}

/// Make the record again, keep it, push it; once a tracker has an id.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    let Some(cve) = v.cve.clone() else { return };
    // One id has one record, and one tracker that keeps it (sync page §12): the parts of a report share it.
    if let Some(with) = &v.o.record_with {
        if with.split && v.t.state.is_open() {
            out.notices.push(format!(
                "the record of {cve} is kept with {}: its affected versions name the products of both",
                with.tracker
            ));
        }
        return;
    }
    // Most plans change nothing that a record is made from: then it is the record as it stands.
    let case = out.items.iter().any(|p| matters(v, p)).then(|| after(v, &out.items));
    let changed = case.as_ref().map(|c| v.again(c));
    let then = changed.as_ref().unwrap_or(v);
    if !v.t.state.is_open() || then.scopes.len() != 1 || v.body.unterminated().is_some() {
        return;
    }
    let text = then.record_text();
    let mut p = Proposal::new(
        "sync.record",
        format!("Record of {cve}"),
        v.evidence("sync.record", "made again from the fields of the tracker"),
    )
    .in_record();
    if v.o.attached.as_ref().is_some_and(|kept| kept != text) {
        p = p.step(attach_step(v, &cve, text), Vec::new());
    }
    if pushes(v) {
        push(v, then, &cve, text, &mut p, out);
    }
    if p.steps.is_empty() {
        return;
    }
    // The bytes are those of the tracker with the other changes of this plan: they come first.
    p.after = sources(v, &out.items);
    let state = p.steps.iter().find_map(|(e, _)| match e {
        Change::PushRecord { state, .. } => Some(state.as_str()),
        _ => None,
    });
    let what = state.map_or_else(|| "Kept on the tracker.".to_owned(), |s| format!("Pushed, at least {s}."));
    out.items.push(p.note(
        Action::with(ActionKind::Sync, "record"),
        format!("Record of {cve} made again"),
        what,
        Told::NotNeeded("the record is internal until the advisory".into()),
    ));
}

fn push(v: &View<'_>, then: &View<'_>, cve: &str, text: &str, p: &mut Proposal, out: &mut Gathered) {
    let tool = v.g.config.cve.tool;
    if tool == CveTool::CveServices {
        // It keeps no drafts: publishing is the first it sees.
        return;
    }
    let remote = match &v.o.record {
        crate::case::Fact::Known(r, ..) => Some(r),
        crate::case::Fact::Absent(source) if tool != CveTool::Desk => {
            out.notices.push(format!("{source} has no record of {cve}, so nothing is pushed"));
            return;
        }
        crate::case::Fact::Absent(_) => None,
        crate::case::Fact::Unknown(why) => {
            if !why.is_empty() {
                out.notices
                    .push(format!("the record's state could not be read, so nothing is pushed: {why}"));
            }
            return;
        }
    };
    let (wanted, ours) = (wanted(then, then.built()), then.record_json());
    let state = remote.map_or(RecordStage::Unknown, |r| r.state);
    if state == RecordStage::Retracted {
        return;
    }
    let behind = wanted > state;
    let differs = match remote {
        None => true,
        Some(r) => differs(v, r, ours),
    };
    let unpushed = remote.is_some_and(|r| r.json.is_none() && r.version == "0");
    if !(behind || differs || unpushed) {
        return;
    }
    let held = held_back(then);
    if !held.is_empty() {
        out.notices.extend(held.iter().map(|(field, why)| format!("not pushed, {field}: {why}")));
        return;
    }
    let contested = contested(v, ours);
    if !contested.is_empty() {
        out.notices.push(format!(
            "not pushed: the tracker and the record at its authority both changed {}; settle it on one side, `tipstaff cve diff` shows both; `tipstaff cve push {} --take-ours` brings the tracker's",
            contested.join(", "),
            v.t.reference.number
        ));
        return;
    }
    if let Some(why) = repackaged(then, ours, Prefer::Neither) {
        out.notices.push(format!(
            "not pushed: {why}; where that is right, `tipstaff cve push {} --allow-packages`",
            v.t.reference.number
        ));
        return;
    }
    let states = [state].into_iter().filter(|s| *s != RecordStage::Unknown).collect();
    let requires = if state == RecordStage::Unknown {
        Vec::new()
    } else {
        vec![Precondition::RecordIn { cve: cve.into(), states }]
    };
    let effect = Change::PushRecord {
        tracker: v.t.key.clone(),
        cve: cve.into(),
        state: wanted.max(state),
        record: Draft::<CveDraft>::text(text),
        over: Over::default(),
    };
    p.details.push(("record".into(), format!("{} → {}", state.as_str(), wanted.max(state).as_str())));
    shown(v, ours, Prefer::Neither, p);
    p.steps.push((effect, requires));
}

/// The record's part of a close-out, by the state it is found in: kept, pushed with the advisory's address, published.
#[must_use]
pub fn disclose(then: &View<'_>, cve: &str) -> Vec<(Effect, Vec<Precondition>)> {
    let text = then.record_text();
    let mut steps = Vec::new();
    if then.o.attached.as_ref().is_some_and(|kept| kept != text) {
        steps.push((attach_step(then, cve, text), Vec::new()));
    }
    if !pushes(then) {
        return steps;
    }
    let tracker = then.t.key.clone();
    steps.push((
        Change::PushRecord {
            tracker: tracker.clone(),
            cve: cve.into(),
            // At least that, and the same step in every arm: a close-out that was cut off after publishing goes on.
            state: RecordStage::ReviewReady,
            record: Draft::<CveDraft>::text(text),
            over: Over::default(),
        },
        Vec::new(),
    ));
    // A record that somebody made public already is brought up to date by the same step.
    steps.push((
        Change::PublishRecord {
            tracker,
            cve: cve.into(),
            record: Draft::<CvePublic>::text(text),
            over: Over::default(),
        },
        Vec::new(),
    ));
    steps
}

/// What a person asks of a record by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Make it again and keep it on the tracker.
    Refresh,
    /// Push it to its authority.
    Push,
    /// Publish it.
    Publish,
}

/// Plan what a person asks of a record; the guards are those of `sync`, but for those they let it go over.
///
/// # Errors
/// Why it cannot be asked: no id, nothing to change.
pub fn by_hand(v: &View<'_>, ask: Ask, allow: &Over) -> Result<Proposal, String> {
    let Some(cve) = v.cve.clone() else {
        return Err(format!("{} has no CVE id: `tipstaff allocate {}`", v.name, v.t.reference.number));
    };
    let (b, text, ours) = (v.built(), v.record_text(), v.record_json());
    let state = v.record();
    let (rule, word) = match ask {
        Ask::Refresh => ("record.refresh", "made again"),
        Ask::Push => ("record.push", "pushed"),
        Ask::Publish => ("record.publish", "published"),
    };
    let why = v.evidence(rule, format!("{} asks for it", v.mention(v.g.actor)));
    let mut p = Proposal::new(rule, format!("Record of {cve} {word}"), why).in_record();
    if v.o.attached.as_ref().is_none_or(|kept| kept != text) {
        p = p.step(attach_step(v, &cve, text), Vec::new());
    }
    let held = held_back(v);
    let mut over = Over::default();
    if ask != Ask::Refresh {
        if !pushes(v) {
            return Err(format!(
                "cve.tool = \"{}\" takes no record from a program: paste it by hand, `tipstaff cve export {} --format json`",
                v.g.config.cve.tool.as_str(),
                v.t.reference.number
            ));
        }
        if v.g.config.cve.tool != CveTool::Desk && !reached(v) {
            let why = v.o.record.failure().filter(|w| !w.is_empty());
            let why = why.unwrap_or("cve.address and its secret are not set, so this desk cannot reach it");
            return Err(format!(
                "{why}; paste it by hand meanwhile, `tipstaff cve export {} --format json`",
                v.t.reference.number
            ));
        }
        let command = if ask == Ask::Push { "push" } else { "publish" };
        let command = format!("tipstaff cve {command} {}", v.t.reference.number);
        let contested = contested(v, ours);
        if !contested.is_empty() && allow.conflicts {
            over.conflicts = true;
            p.notices.push(format!("goes over what others changed there: {}", contested.join(", ")));
        } else if !contested.is_empty() {
            p.blocked = Some(format!(
                "settle it on one side, or `{command} --take-ours`: the tracker and the record at its authority both changed {}",
                contested.join(", ")
            ));
        }
        let prefer = if over.conflicts { Prefer::Ours } else { Prefer::Neither };
        match repackaged(v, ours, prefer) {
            Some(why) if allow.packages => {
                over.packages = true;
                p.notices.push(why);
            }
            // The way out first: a line that is long is cut.
            Some(why) => {
                p.blocked = Some(format!("`{command} --allow-packages`, where this is right: {why}"));
            }
            None => {}
        }
        // It counts for the record that is shown here, and for no other.
        if let (false, Some(there)) = (over.is_none(), v.o.record.known().and_then(|r| r.json.as_ref())) {
            over = over.of(there);
        }
        shown(v, ours, prefer, &mut p);
        if !held.is_empty() {
            let all: Vec<String> = held.iter().map(|(f, w)| format!("{f}: {w}")).collect();
            p.blocked = Some(all.join("; "));
        }
    }
    let needs: std::collections::BTreeSet<RecordStage> = match ask {
        Ask::Refresh => {
            return if p.steps.is_empty() {
                Err(format!("the record of {cve} is up to date"))
            } else {
                Ok(p.noted(&cve, word))
            };
        }
        Ask::Push => Default::default(),
        Ask::Publish if state == RecordStage::Public => [RecordStage::Public].into(),
        Ask::Publish if !reviewed(v) => {
            [RecordStage::Allocated, RecordStage::ReviewReady, RecordStage::PublishReady].into()
        }
        Ask::Publish => [RecordStage::ReviewReady, RecordStage::PublishReady].into(),
    };
    let tracker = v.t.key.clone();
    if ask == Ask::Push && v.g.config.cve.tool == CveTool::CveServices {
        return Err(format!(
            "CVE Services keep no drafts: `tipstaff cve publish {}` makes the record public, after the advisory",
            v.t.reference.number
        ));
    }
    if ask == Ask::Push && state == RecordStage::Public && v.g.config.cve.tool != CveTool::Desk {
        return Err(format!(
            "the record of {cve} is public: `tipstaff cve publish {}` brings it up to date",
            v.t.reference.number
        ));
    }
    if ask == Ask::Push {
        let to = wanted(v, b).max(state);
        p.details.push(("record".into(), format!("{} → {}", state.as_str(), to.as_str())));
        p = p.step(
            Change::PushRecord {
                tracker,
                cve: cve.clone(),
                state: to,
                record: Draft::<CveDraft>::text(text),
                over,
            },
            Vec::new(),
        );
        return Ok(p.noted(&cve, word));
    }
    if v.field(FieldRole::PublicAdvisoryUrl).is_empty() {
        p.blocked = Some(
            "a record is published after its advisory: capture the archived mail's address first".into(),
        );
    } else if state == RecordStage::Public {
        if !v.o.record.known().is_some_and(|r| differs(v, r, ours)) {
            return Err(format!("the record of {cve} is public already"));
        }
        p.notices.push("the record is public: this changes what the public reads".into());
    } else if !state.is_reviewable() && reviewed(v) {
        p.blocked = Some(format!("the record is {}: it goes through review first", state.as_str()));
    }
    if v.g.config.cve.gate == crate::config::CveGate::GovernanceMember {
        p.needs = vec![crate::people::Role::Governance];
    }
    let requires = vec![Precondition::RecordIn { cve: cve.clone(), states: needs }];
    let effect =
        Change::PublishRecord { tracker, cve: cve.clone(), record: Draft::<CvePublic>::text(text), over };
    Ok(p.step(effect, requires).noted(&cve, word))
}

/// Was the authority asked, and did it answer?
fn reached(v: &View<'_>) -> bool {
    !matches!(v.o.record, crate::case::Fact::Unknown(_))
}

/// Plan to take an id back: the record is withdrawn, and the id is not used again.
///
/// # Errors
/// Why it cannot be asked: no id, a public record, an authority that takes no such request.
pub fn retract(v: &View<'_>, reason: &str) -> Result<Proposal, String> {
    let Some(cve) = v.cve.clone() else {
        return Err(format!("{} has no CVE id", v.name));
    };
    let (tool, state) = (v.g.config.cve.tool, v.record());
    if !pushes(v) || tool != CveTool::Desk && !reached(v) {
        let why = v.o.record.failure().filter(|w| !w.is_empty());
        let why = why.map(|w| format!(" ({w})")).unwrap_or_default();
        return Err(format!(
            "{} takes no such request from this desk{why}: ask whoever gave out {cve} to reject it, with the reason:\n\n{}",
            tool.as_str(),
            reason.trim()
        ));
    }
    match state {
        RecordStage::Public => {
            return Err(format!(
                "{cve} is public: a public record is rejected by its CNA after talking to those who use it, not from here"
            ));
        }
        RecordStage::Retracted => return Err(format!("{cve} was taken back already")),
        _ => {}
    }
    if reason.trim().is_empty() {
        return Err("say why: the reason stands in the rejected record".into());
    }
    let why = v.evidence("record.retract", format!("{} asks for it", v.mention(v.g.actor)));
    let mut p = Proposal::new("record.retract", format!("Take {cve} back"), why).in_record();
    p.notices.push(format!("{cve} cannot be used again after this"));
    if v.g.config.cve.gate == crate::config::CveGate::GovernanceMember {
        p.needs = vec![crate::people::Role::Governance];
    }
    let states = [RecordStage::Allocated, RecordStage::ReviewReady, RecordStage::PublishReady].into();
    let effect = Change::RetractRecord {
        tracker: v.t.key.clone(),
        cve: cve.clone(),
        reason: Draft::<CvePublic>::text(reason.trim()),
    };
    Ok(p.step(effect, vec![Precondition::RecordIn { cve: cve.clone(), states }]).noted(&cve, "taken back"))
}

impl Proposal {
    fn noted(self, cve: &str, word: &str) -> Self {
        self.note(
            Action::with(ActionKind::Sync, "record"),
            format!("Record of {cve} {word}"),
            "",
            Told::NotNeeded("the record is internal until the advisory".into()),
        )
    }
}

/// The plan of one proposal.
#[must_use]
pub fn plan(v: &View<'_>, p: Proposal) -> crate::plan::Plan {
    use crate::plan::{ItemNo, Plan, digest};
    let facts = digest::of(&(&v.t.key, v.case.revision, &v.o.record.known()));
    let mut plan = Plan::new("record", v.g.config_digest.to_owned(), facts, v.g.now);
    plan.items.push(p.into_item(ItemNo(1), Vec::new(), v));
    plan
}

/// How two records differ, by JSON pointer: what is only in the first, only in the second, and changed.
#[must_use]
pub fn difference(old: &Value, new: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
    fn walk(at: &str, old: &Value, new: &Value, out: &mut Vec<(String, Option<Value>, Option<Value>)>) {
        match (old, new) {
            (Value::Object(a), Value::Object(b)) => {
                let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for k in keys {
                    let at = format!("{at}/{}", k.replace('~', "~0").replace('/', "~1"));
                    match (a.get(k), b.get(k)) {
                        (Some(x), Some(y)) => walk(&at, x, y, out),
                        (x, y) => out.push((at, x.cloned(), y.cloned())),
                    }
                }
            }
            (Value::Array(a), Value::Array(b)) => {
                for i in 0..a.len().max(b.len()) {
                    let at = format!("{at}/{i}");
                    match (a.get(i), b.get(i)) {
                        (Some(x), Some(y)) => walk(&at, x, y, out),
                        (x, y) => out.push((at, x.cloned(), y.cloned())),
                    }
                }
            }
            (x, y) if x == y => {}
            (x, y) => out.push((at.to_owned(), Some(x.clone()), Some(y.clone()))),
        }
    }
    let mut out = Vec::new();
    walk("", old, new, &mut out);
    out
}

/// The ids of what a person asks for, and what each means.
pub const BY_HAND: &[(&str, &str)] = &[
    ("record.refresh", "a person asks to make the record again"),
    ("record.push", "a person asks to push the record"),
    ("record.publish", "a person asks to publish the record"),
    ("record.retract", "a person asks to take an id back"),
];
