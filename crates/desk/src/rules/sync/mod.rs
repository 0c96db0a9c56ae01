//! `sync`: from observed facts to the next proposals (sync page). One function per rule, a file per capability; this
//! file runs them in order and gathers what they propose.

pub mod advisory;
pub mod allocated;
pub mod assignee;
pub mod backport;
pub mod chain;
pub mod clocks;
pub mod closeout;
pub mod column;
pub mod comments;
pub mod correction;
mod distributors;
pub mod divergence;
pub mod fields;
pub mod fix;
mod kept;
pub mod leak;
pub mod manager;
pub mod milestone;
pub mod older;
mod proposal;
pub mod published;
pub mod record;
pub mod reference;
pub mod released;
pub mod review;
pub mod split;
pub mod target;
pub mod tell;
pub mod triage;
pub mod view;
pub mod vote;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

pub use self::{
    proposal::{Bucket, Note, Proposal},
    view::{Consensus, View},
};
use crate::{
    case::{Case, Fact, RecordStage, ToldRow},
    confidential::{Draft, Policy, PolicyError},
    config::{self, Config},
    people::{Role, Roster},
    plan::{
        Effect, Item, ItemNo, Letter, Plan, Precondition, Probe, Step, StepKey, Told, digest,
        effect::{Change, Drafted},
    },
    reply::Library,
    rules::{
        extract::versions::VersionOptions,
        stage::{self, Position, Stage},
        title::TitleRules,
    },
    spread::{self, InTurn, Spread},
    tracker::{
        BodyProblemKind, ColumnNames, FieldRole, Headings, LabelNames, LabelRole, Marked, TrackerKey,
        by_team, marked, marked_text, rollup,
    },
};

/// What every rule of the lifecycle reads besides the case.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Its digest.
    pub config_digest: &'a str,
    /// Headings of body fields.
    pub headings: &'a Headings,
    /// Names of labels.
    pub labels: &'a LabelNames,
    /// The team.
    pub roster: &'a Roster,
    /// Canned replies.
    pub replies: &'a Library,
    /// The title cascade of this project.
    pub titles: &'a TitleRules,
    /// What may be written where.
    pub policy: &'a Policy,
    /// Handle of the person who asks.
    pub actor: &'a str,
    /// Names of board columns.
    pub columns: &'a ColumnNames,
    /// Packages and patterns of version expressions.
    pub versions: &'a VersionOptions,
    /// The time.
    pub now: Timestamp,
}

/// What a [`Ground`] borrows, made once from a configuration.
#[derive(Clone, Debug)]
pub struct Basis {
    /// Configuration.
    pub config: Config,
    /// Its digest.
    pub config_digest: String,
    /// Headings of body fields.
    pub headings: Headings,
    /// Names of labels.
    pub labels: LabelNames,
    /// The team.
    pub roster: Roster,
    /// Canned replies.
    pub replies: Library,
    /// The title cascade of this project.
    pub titles: TitleRules,
    /// What may be written where.
    pub policy: Policy,
    /// Names of board columns.
    pub columns: ColumnNames,
    /// Packages and patterns of version expressions.
    pub versions: VersionOptions,
}

impl Basis {
    /// Everything that follows from a configuration.
    ///
    /// # Errors
    /// When the configuration holds terms the policy cannot use.
    pub fn new(config: Config, replies: Library) -> Result<Self, PolicyError> {
        let roster = Roster::from_config(&config);
        Ok(Self {
            config_digest: config::digest(&config),
            headings: Headings::new(&config),
            labels: LabelNames::new(&config),
            policy: Policy::new(&config, &roster)?,
            titles: TitleRules::from_config(&config),
            columns: ColumnNames::new(&config),
            versions: VersionOptions::from_config(&config),
            replies,
            roster,
            config,
        })
    }

    /// The ground on which that person plans at that time.
    #[must_use]
    pub fn ground<'a>(&'a self, actor: &'a str, now: Timestamp) -> Ground<'a> {
        Ground {
            config: &self.config,
            config_digest: &self.config_digest,
            headings: &self.headings,
            labels: &self.labels,
            roster: &self.roster,
            replies: &self.replies,
            titles: &self.titles,
            policy: &self.policy,
            actor,
            columns: &self.columns,
            versions: &self.versions,
            now,
        }
    }
}

/// What is proposed for one tracker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackerPlan {
    /// Which tracker.
    pub tracker: TrackerKey,
    /// Where it stands.
    pub position: Position,
    /// The proposals, numbered through the whole plan.
    pub items: Vec<Item>,
    /// In which bucket each item is shown, in the order of `items`.
    pub buckets: Vec<Bucket>,
    /// What stands in the way.
    pub blockers: Vec<String>,
    /// What a person should know.
    pub notices: Vec<String>,
    /// Why nothing is proposed, when nothing is.
    pub skipped: Option<String>,
}

/// Plan every case, ascending by number (sync page §14). The same facts give the same bytes (G6).
#[must_use]
pub fn plan(cases: &[Case], ground: Ground<'_>) -> Vec<TrackerPlan> {
    plan_with(cases, ground, &InTurn)
}

/// As [`plan`], with somebody who does pieces of the work; the result is the same. What a tracker needs depends on no
/// other; only the numbers of the items do, and who is told already: parts of one report share their reporter.
#[must_use]
pub fn plan_with(cases: &[Case], ground: Ground<'_>, spread: &dyn Spread) -> Vec<TrackerPlan> {
    let mut order: Vec<&Case> = cases.iter().collect();
    order.sort_by_key(|c| (c.tracker.reference.number, &c.tracker.key));
    let mut next = 1;
    let mut plans = Vec::with_capacity(order.len());
    let mut said: BTreeMap<&str, Vec<ToldRow>> = BTreeMap::new();
    // Whoever lends a thread does all of a tracker; only the numbers wait for those before it.
    spread::in_order(
        spread,
        &order,
        |c| plan_one(&View::new(c, ground), 1),
        |case, mut plan| {
            let case: &Case = case;
            if !case.thread.is_empty() {
                let rows = said.entry(&case.thread).or_default();
                let same = |r: &ToldRow, l: &ToldRow| r.event == l.event && r.artifact == l.artifact;
                if letters(&plan, &case.thread).iter().any(|l| rows.iter().any(|r| same(r, l))) {
                    // A tracker before it brings the same letter to the same thread.
                    let mut told = case.clone();
                    told.observed.told.extend(rows.iter().cloned());
                    plan = plan_one(&View::new(&told, ground), 1);
                }
                rows.extend(letters(&plan, &case.thread));
            }
            renumber(&mut plan.items, next - 1);
            next += u32::try_from(plan.items.len()).unwrap_or(0);
            plans.push(plan);
        },
    );
    plans
}

/// What a plan would tell on that thread, as the ledger will have it.
fn letters(plan: &TrackerPlan, thread: &str) -> Vec<ToldRow> {
    let row = |e: &Effect| match e {
        Change::MailDraft { letter, .. } if letter.thread == thread => Some(ToldRow {
            event: letter.event.clone(),
            artifact: letter.artifact.clone(),
            state: "drafted".into(),
            asked_credit: letter.asks_credit,
            at: None,
        }),
        _ => None,
    };
    plan.items.iter().filter(|i| i.blocked.is_none()).flat_map(Item::effects).filter_map(row).collect()
}

/// Items numbered from 1 as those behind `before` others.
fn renumber(items: &mut [Item], before: u32) {
    if before == 0 {
        return;
    }
    for i in items.iter_mut() {
        i.n.0 += before;
        i.after.iter_mut().for_each(|a| a.0 += before);
    }
    // What waits for a blocked item names its number.
    crate::plan::settle(items);
}

/// What the rules gather for one tracker.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Proposals, in the order of the process.
    pub items: Vec<Proposal>,
    /// What the contact will have to hear about, by the item that brings it.
    pub events: Vec<(usize, tell::Event)>,
    /// An event that only one arm of a choice brings; its letter is in that arm.
    pub conditional: Option<tell::Event>,
    /// What stands in the way.
    pub blockers: Vec<String>,
    /// What a person should know.
    pub notices: Vec<String>,
    /// Why nothing of this tracker may be applied until a person has looked.
    pub halt: Option<String>,
}

impl Gathered {
    /// Add a proposal that brings an event.
    pub fn push_with(&mut self, p: Proposal, event: tell::Event) {
        self.events.push((self.items.len(), event));
        self.items.push(p);
    }
}

/// Run every rule over one tracker; `first` is the number of its first item.
#[must_use]
pub fn plan_one(v: &View<'_>, first: u32) -> TrackerPlan {
    let (position, out) = judge(v);
    finish(v, position, out, first)
}

/// Where it stands, and everything there is to say about it, with what this opens in turn.
fn judge(v: &View<'_>) -> (Position, Gathered) {
    let position = stage::position(v);
    if v.has(LabelRole::RejectionsLedger) {
        let mut out = Gathered::default();
        out.notices.push("this is the list of rejected mail, no tracker".into());
        return (position, out);
    }
    let mut out = gather(v);
    let later = chain::extend(v, &mut out);
    let later = later.as_ref().map(|case| v.again(case));
    // Words are chosen, and the record is made, for the tracker as this plan leaves it.
    let then = later.as_ref().unwrap_or(v);
    if position.stage != Stage::CloseOut {
        record::rule(v, &mut out);
    }
    tell(then, position.stage, &mut out);
    clarify(then, &mut out);
    out.notices.extend(tell::gone(v));
    for failure in &v.o.failures {
        out.notices.push(failure.clone());
    }
    (position, out)
}

/// What every rule has to say about a tracker as it stands; the record and the letter come once, at the end of a plan.
fn gather(v: &View<'_>) -> Gathered {
    let stage = stage::stage(v).0;
    let mut out = Gathered::default();
    damage(v, &mut out);
    split::rule(v, &mut out);
    triage::rule(v, &mut out);
    allocated::rule(v, &mut out);
    fix::rule(v, stage, &mut out);
    assignee::rule(v, stage, &mut out);
    backport::rule(v, &mut out);
    divergence::rule(v, &mut out);
    leak::rule(v, &mut out);
    milestone::rule(v, stage, &mut out);
    fields::rule(v, stage, &mut out);
    // What is public is closed out, whatever its labels lag behind.
    if stage != Stage::CloseOut {
        vote::rule(v, &mut out);
        released::rule(v, &mut out);
    }
    closeout::rule(v, stage, &mut out);
    published::rule(v, &mut out);
    correction::rule(v, &mut out);
    clocks::rule(v, stage, &mut out);
    distributors::rule(v, &mut out);
    labels(v, &mut out);
    older::rule(v, &mut out);
    let moves = out.items.iter().any(|p| p.steps.iter().any(|(e, _)| moves_card(e)));
    if !moves {
        out.items.extend(column::drift(v, stage));
    }
    out
}

fn moves_card(effect: &Effect) -> bool {
    match effect {
        Change::MoveCard { .. } => true,
        Change::Choose { arms, .. } => arms.values().flatten().any(|s| moves_card(&s.effect)),
        _ => false,
    }
}

/// What no rule may build on: a body that cannot be read, two rollups, labels that contradict each other.
fn damage(v: &View<'_>, out: &mut Gathered) {
    for p in &v.body.problems {
        // A heading that an older form does not have is no damage; a heading that is there twice is.
        if p.kind != BodyProblemKind::MissingHeading {
            out.blockers.push(format!("body: {}", p.message));
        }
    }
    let team = |h: &str| v.g.roster.people.is_empty() || v.g.roster.by_handle(h).is_some();
    if let Err(e) = rollup::locate(&v.t.comments, team) {
        out.halt = Some(e.to_string());
    }
    let closing: Vec<&str> = v.labels.dispositions().iter().map(|r| v.g.labels.name(*r)).collect();
    if v.t.state.is_open() && !closing.is_empty() {
        let names = closing.join("`, `");
        out.halt = Some(format!(
            "it is open and labelled `{names}`: close it, or take the label off with `tipstaff edit {} label \"-…\"`",
            v.t.reference.number
        ));
    } else if closing.len() > 1 {
        out.notices.push(format!("closed with more than one disposition: `{}`", closing.join("`, `")));
    }
    if let (Some(with), Some(cve)) = (v.o.record_with.as_ref().filter(|w| !w.split), &v.cve)
        && v.t.state.is_open()
    {
        out.halt = Some(format!(
            "{cve} is the id of {}: correct it, or clear it (`tipstaff edit {} cve_tool_link …`)",
            with.tracker, v.t.reference.number
        ));
    }
    if let Some(what) = v.o.damaged.first() {
        out.halt = Some(format!("the desk's own row of it is damaged: {what}; restore it from a backup"));
    }
    out.blockers.extend(out.halt.clone());
}

/// The labels of a fix, in the order in which they come.
const FIX_SIDE: [LabelRole; 4] =
    [LabelRole::PrOpen, LabelRole::PrMerged, LabelRole::RcVoting, LabelRole::FixReleased];

/// Labels of earlier steps that were left behind come off; the highest one is what holds (config page §4.5).
fn labels(v: &View<'_>, out: &mut Gathered) {
    // Only labels of the fix overtake each other: `announced - emails sent` proves nothing, and what it stands beside
    // comes off with the close-out alone.
    let mut side: Vec<LabelRole> = FIX_SIDE.into_iter().filter(|r| v.has(*r)).collect();
    let top = side.pop();
    let left: Vec<LabelRole> = side
        .into_iter()
        .filter(|r| !(top == Some(LabelRole::RcVoting) && *r == LabelRole::PrMerged))
        .collect();
    // An item that moves a label of the fix leaves none behind by itself.
    let moved = |e: &Effect| match e {
        Change::SetLabels { add, remove, .. } => {
            let fix = |l: &String| v.g.labels.role(l).is_some_and(|r| FIX_SIDE.contains(&r));
            add.iter().chain(remove).any(fix)
        }
        _ => false,
    };
    let mut touched = false;
    for p in &mut out.items {
        for_each_step(&mut p.steps, &mut |e, _| touched |= moved(e));
    }
    // A label that the facts contradict is behind nothing: which of them goes is for a person.
    if left.is_empty() || touched || !v.t.state.is_open() || released::contradicted(v).is_some() {
        return;
    }
    let names: Vec<&str> = left.iter().map(|r| v.g.labels.name(*r)).collect();
    out.items.push(
        Proposal::new(
            "sync.labels",
            format!("Labels of {}: {} is behind", v.name, names.join(", ")),
            v.evidence("sync.labels", "a later label is set; labels of the fix exclude each other"),
        )
        .labels(v, &[], &left)
        .note(
            crate::plan::Action::with(crate::plan::ActionKind::Sync, "labels"),
            "Labels tidied",
            format!("Off: {}", names.join(", ")),
            Told::NotNeeded("labels are internal".into()),
        ),
    );
}

/// One letter for everything since the last (sync page §11.1): with the item that brings the newest event, or on its own
/// when that event lies in the past.
fn tell(v: &View<'_>, at: Stage, out: &mut Gathered) {
    let unreadable = !out.blockers.is_empty() && v.body.unterminated().is_some();
    // A closed tracker has only the letter about its record left, and only if it was announced.
    let over = matches!(at, Stage::Rejected | Stage::ClosedUnexplained);
    if v.labels.needs_split() || unreadable || over || out.halt.is_some() {
        return;
    }
    let coming: Vec<tell::Event> = out.events.iter().map(|(_, e)| *e).chain(out.conditional).collect();
    let Some(event) = tell::due(v, &coming) else {
        for (at, e) in &out.events {
            if let Some(n) = out.items.get_mut(*at).and_then(|p| p.note.as_mut()) {
                n.told = match tell::letter(v, *e) {
                    Err(told @ Told::NotNeeded(_)) => told,
                    _ => Told::NotNeeded("they know of a later step already".into()),
                };
            }
        }
        return;
    };
    for (at, e) in &out.events {
        if *e == event {
            continue;
        }
        if let Some(n) = out.items.get_mut(*at).and_then(|p| p.note.as_mut()) {
            n.told = match tell::letter(v, *e) {
                Err(told @ Told::NotNeeded(_)) => told,
                _ => Told::NotTold("the letter about the next step covers it".into()),
            };
        }
    }
    let here = out.events.iter().any(|(_, e)| *e == event);
    if out.conditional == Some(event) && !here {
        return;
    }
    let at = out.events.iter().find(|(_, e)| *e == event).map(|(at, _)| *at);
    if at.is_none() && v.o.told_unknown {
        // Nobody knows what was said before; what the labels say happened was told with them, or is a person's to say.
        return;
    }
    match (tell::letter(v, event), at.and_then(|at| out.items.get_mut(at))) {
        (Ok(letter), Some(p)) => p.letter = Some(letter),
        (Err(told), Some(p)) => {
            if let Some(n) = p.note.as_mut() {
                n.told = told;
            }
        }
        (Ok(letter), None) => {
            let word = event.reply().as_str();
            let mut p = Proposal::new(
                "sync.tell",
                format!("Tell the reporter of {}: {}", v.name, word.replace('_', " ")),
                v.evidence("sync.tell", format!("{word} was not told yet")),
            );
            p.letter = Some(letter);
            out.items.push(p.note(
                crate::plan::Action::with(crate::plan::ActionKind::Sync, "reporter"),
                "The reporter is told",
                word.replace('_', " "),
                Told::NotTold("not yet".into()),
            ));
        }
        (Err(Told::PendingDraft(id)), None) => {
            out.notices.push(format!("a draft lies on their thread already: {id}"));
        }
        (Err(Told::NotTold(why)), None) => {
            out.notices.push(format!("the reporter was not told of {}: {why}", event.reply()))
        }
        (Err(_), None) => {}
    }
}

/// A credit that looks like a program's stays; the reporter is asked about it, unless somebody asked before or this plan asks.
fn clarify(v: &View<'_>, out: &mut Gathered) {
    let credit = v.field(FieldRole::ReporterCredit);
    let announced = !v.t.state.is_open() || v.labels.advisory_sent() || !v.decided() || v.o.told_unknown;
    if credit.is_empty() || announced || out.halt.is_some() || v.labels.needs_split() {
        return;
    }
    let found = crate::cve::credits(credit, "", &[]).findings;
    let Some(doubt) =
        found.iter().find(|f| ["record.credit.confirm", "record.credit.tool"].contains(&f.rule.as_str()))
    else {
        return;
    };
    out.notices.push(format!("credit: {}", doubt.message));
    let asked = |p: &Proposal| {
        let asks = |e: &Effect| match e {
            Change::Choose { arms, .. } => arms
                .values()
                .flatten()
                .any(|s| matches!(&s.effect, Change::MailDraft { letter, .. } if letter.asks_credit)),
            _ => false,
        };
        p.letter.as_ref().is_some_and(|l| l.asks_credit)
            || p.rule.starts_with("sync.credit")
            || p.steps.iter().any(|(e, _)| asks(e))
    };
    if out.items.iter().any(asked) {
        return;
    }
    let Ok(letter) = tell::clarification(v, credit) else { return };
    let mut p = Proposal::new(
        "sync.credit-question",
        format!("Ask whether the credit of {} is a person's", v.name),
        v.evidence("sync.credit-question", doubt.message.clone()),
    );
    p.letter = Some(letter);
    out.items.push(p.note(
        crate::plan::Action::with(crate::plan::ActionKind::Sync, "credit question"),
        "The reporter is asked about the credit",
        "",
        Told::NotTold("not yet".into()),
    ));
}

/// A field that stands twice has no value that anybody may rely on: no record is made from it, and nobody is asked to fill it.
fn twice(v: &View<'_>, out: &mut Gathered) {
    let Some(problem) = v.body.problems.iter().find(|p| p.kind == BodyProblemKind::DuplicateHeading) else {
        return;
    };
    for p in &mut out.items {
        let mut rests = false;
        for_each_step(&mut p.steps, &mut |e, _| {
            rests |= matches!(
                e,
                Change::AttachRecord { .. }
                    | Change::PushRecord { .. }
                    | Change::PublishRecord { .. }
                    | Change::PostMarked { kind: Marked::FillFields, .. }
            );
        });
        if rests {
            p.blocked = Some(format!("{}; until then nothing is made from it", problem.message));
        }
    }
}

/// A field without its section, or with two, cannot be written: the item says so before anybody says yes to it.
fn unwritable(v: &View<'_>, out: &mut Gathered) {
    for p in &mut out.items {
        let lost = |e: &Effect| match e {
            Change::SetField { role, .. } => v.body.section(*role).is_none(),
            _ => false,
        };
        if !p.steps.iter().any(|(e, _)| lost(e)) {
            continue;
        }
        let names: Vec<&str> = p
            .steps
            .iter()
            .filter_map(|(e, _)| match e {
                Change::SetField { role, .. } if lost(e) => Some(v.g.headings.heading(*role)),
                _ => None,
            })
            .collect();
        let why = format!("the body has no single section `{}`", names.join("`, `"));
        if matches!(p.rule, "sync.merged" | "sync.in-review") {
            // The transition does not wait for a field that an older form does not have.
            p.steps.retain(|(e, _)| !lost(e));
            p.notices.push(why);
        } else {
            p.blocked = Some(format!("{why}: add it to the body, then run again"));
        }
    }
}

/// The developer is asked for what is missing once this very plan is applied, not for what it fills itself.
fn filled_here(v: &View<'_>, items: &mut Vec<Proposal>) {
    let asks = |e: &Effect| matches!(e, Change::PostMarked { kind: Marked::FillFields, .. });
    if !items.iter().any(|p| p.steps.iter().any(|(e, _)| asks(e))) {
        return;
    }
    let case = record::after(v, items);
    let then = v.again(&case);
    let there = marked(&v.t.comments, Marked::FillFields, v.g.roster).map(|c| marked_text(&c.body));
    for p in items.iter_mut() {
        // The release asks for a record that can be published, the merge for the fields alone.
        let mut missing = comments::missing(&then);
        if p.rule == "sync.fill-fields" && matches!(target::shipped(&then), target::Shipped::Yes(_)) {
            let hygiene = fields::hygiene(&then);
            missing.extend(hygiene.into_iter().map(|(_, role, why)| comments::Missing { role, why }));
        }
        p.steps.retain_mut(|(e, _)| {
            let Change::PostMarked { kind: Marked::FillFields, text, .. } = e else { return true };
            let all = text.preview();
            let Some((head, tail)) =
                all.split_once("\n\n- **").and_then(|(h, rest)| Some((h, rest.split_once("\n\n")?.1)))
            else {
                return true;
            };
            let line = |m: &comments::Missing| format!("- **{}**: {}", comments::heading(v, m.role), m.why);
            let list: Vec<String> = missing.iter().map(line).collect();
            let left = format!("{head}\n\n{}\n\n{tail}", list.join("\n"));
            // Whom it addresses is no news: somebody else may be assigned by now.
            let said = there.is_some_and(|t| unaddressed(t) == unaddressed(left.trim()));
            *text = Draft::text(left);
            !list.is_empty() && !said
        });
    }
    items.retain(|p| p.rule != "sync.fill-fields" || !p.steps.is_empty());
}

/// What a comment says, without whom it begins with: a person, or the role while nobody holds it.
fn unaddressed(text: &str) -> &str {
    let role = |who: &str| {
        let titles =
            [Role::Triager, Role::Remediation, Role::ReleaseManager, Role::Governance].map(Role::title);
        who == "Team" || titles.iter().any(|t| t.eq_ignore_ascii_case(who))
    };
    text.split_once(", ").filter(|(who, _)| who.starts_with('@') || role(who)).map_or(text, |(_, rest)| rest)
}

/// A choice whose arm for the state the record has now is empty would change nothing: it is no proposal, and what it
/// waits for is said. A state that could not be read is said as well (sync page §7).
fn idle_choices(v: &View<'_>, out: &mut Gathered) {
    let state = v.record();
    let now = v.o.record.known().map(|r| r.state.as_str());
    let mut said = Vec::new();
    out.items.retain(|p| {
        let mut arms = p.steps.iter().filter_map(|(e, _)| match e {
            Change::Choose { probe: Probe::RecordState { cve }, arms } => Some((cve, arms)),
            _ => None,
        });
        let Some((cve, arms)) = arms.next() else { return true };
        if let Some(why) = v.o.record.failure() {
            said.push(format!("state unverified, {cve}: {why}"));
        }
        let idle = p.steps.len() == 1 && now.is_some_and(|s| arms.get(s).is_none_or(Vec::is_empty));
        if idle {
            said.push(format!(
                "the record of {cve} is {}: nothing goes on before that changes",
                state.as_str()
            ));
        }
        !idle || state == RecordStage::Unknown
    });
    out.blockers.extend(said);
}

/// Labels of the fix exclude each other whoever sets them first: a step that sets one relies on the others being where the
/// plan saw them, and on the tracker still being open.
fn exclusive(v: &View<'_>, items: &mut [Proposal]) {
    const SIDE: [LabelRole; 5] = [
        LabelRole::PrOpen,
        LabelRole::PrMerged,
        LabelRole::RcVoting,
        LabelRole::FixReleased,
        LabelRole::Announced,
    ];
    // What an earlier item of this plan sets, a later one may find.
    let mut set: BTreeSet<LabelRole> = BTreeSet::new();
    for p in items {
        let mut here = BTreeSet::new();
        for_each_step(&mut p.steps, &mut |effect, requires| {
            let Change::SetLabels { tracker, add, remove } = effect else { return };
            let role = |l: &String| v.g.labels.role(l).filter(|r| SIDE.contains(r));
            let Some(top) = add.iter().filter_map(role).max().filter(|_| *tracker == v.t.key) else { return };
            let gone: BTreeSet<LabelRole> = remove.iter().filter_map(role).collect();
            here.insert(top);
            for other in
                SIDE.into_iter().filter(|r| *r != top && !gone.contains(r) && !v.has(*r) && !set.contains(r))
            {
                let beside = (other, top) == (LabelRole::PrMerged, LabelRole::RcVoting)
                    || (other, top) == (LabelRole::RcVoting, LabelRole::PrMerged);
                if !beside {
                    let label = v.g.labels.name(other).to_owned();
                    requires.push(Precondition::LabelIs { tracker: tracker.clone(), label, present: false });
                }
            }
            requires.push(Precondition::TrackerIs { tracker: tracker.clone(), open: true });
        });
        set.append(&mut here);
    }
}

/// Every step of a proposal, those in arms included.
fn for_each_step(steps: &mut Steps, f: &mut impl FnMut(&Effect, &mut Vec<Precondition>)) {
    fn arms(steps: &mut [Step], f: &mut impl FnMut(&Effect, &mut Vec<Precondition>)) {
        for s in steps {
            f(&s.effect, &mut s.requires);
            if let Change::Choose { arms: inner, .. } = &mut s.effect {
                inner.values_mut().for_each(|a| arms(a, f));
            }
        }
    }
    for (effect, requires) in steps {
        f(effect, requires);
        if let Change::Choose { arms: inner, .. } = effect {
            inner.values_mut().for_each(|a| arms(a, f));
        }
    }
}

/// The order in which items are shown and applied: by bucket, each after those it needs.
fn in_order(items: &mut Vec<Proposal>) {
    items.sort_by_key(|p| p.bucket);
    let mut waiting = std::mem::take(items);
    while !waiting.is_empty() {
        let free = waiting
            .iter()
            .position(|p| !waiting.iter().any(|q| q.rule != p.rule && p.after.contains(&q.rule)));
        // Rules that wait for each other would be a mistake of ours; nothing is lost over it.
        items.push(waiting.remove(free.unwrap_or(0)));
    }
}

/// Number the items, tie them together, and say why there are none.
fn finish(v: &View<'_>, position: Position, mut out: Gathered, first: u32) -> TrackerPlan {
    if let Some(why) = &out.halt {
        for p in &mut out.items {
            p.blocked = Some(why.clone());
        }
    }
    // Hard case 23: until the split is made nothing else is.
    if v.scopes.len() > 1 {
        for p in out.items.iter_mut().filter(|p| p.rule != "sync.split") {
            p.blocked = Some("two scope labels: split it first".into());
        }
    }
    // The body of a tracker that cannot be read is never written.
    if let Some(problem) = v.body.unterminated() {
        for p in &mut out.items {
            if p.steps.iter().any(|(e, _)| matches!(e, Change::SetField { .. })) {
                p.blocked = Some(format!("the body cannot be edited: {}", problem.message));
            }
        }
    }
    twice(v, &mut out);
    unwritable(v, &mut out);
    filled_here(v, &mut out.items);
    idle_choices(v, &mut out);
    in_order(&mut out.items);
    exclusive(v, &mut out.items);
    let number = |at: usize| ItemNo(first + u32::try_from(at).unwrap_or(0));
    let rules: Vec<&str> = out.items.iter().map(|p| p.rule).collect();
    let buckets = out.items.iter().map(|p| p.bucket).collect();
    let mut items: Vec<Item> = out
        .items
        .into_iter()
        .enumerate()
        .map(|(at, p)| {
            let after = rules
                .iter()
                .enumerate()
                .filter(|(i, r)| *i != at && p.after.contains(r))
                .map(|(i, _)| number(i))
                .collect();
            p.into_item(number(at), after, v)
        })
        .collect();
    crate::plan::settle(&mut items);
    out.notices.dedup();
    let skipped = items.is_empty().then(|| {
        if out.blockers.is_empty() {
            format!("{}: nothing to do until something changes", position.stage.name())
        } else {
            "blocked".to_owned()
        }
    });
    TrackerPlan {
        tracker: v.t.key.clone(),
        position,
        items,
        buckets,
        blockers: out.blockers,
        notices: out.notices,
        skipped,
    }
}

/// Does the status say so already? What is said once is not said again.
#[must_use]
pub fn noted(v: &View<'_>, action: &crate::plan::Action) -> bool {
    let ours = v.t.comments.iter().filter(|c| rollup::is_rollup(&c.body) && by_team(c, v.g.roster));
    ours.flat_map(|c| rollup::parse(&c.body).entries).any(|e| e.kind.as_ref() == Some(action))
}

/// A day as people read it, in the project's zone.
#[must_use]
pub fn day(v: &View<'_>, at: Timestamp) -> String {
    let zone = TimeZone::get(&v.g.config.project.time_zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).date().to_string()
}

/// Whoever owns the next move, as a mention.
#[must_use]
pub fn owner(v: &View<'_>) -> String {
    let p = stage::position(v);
    if p.person.is_empty() {
        p.role.map_or("Team", crate::people::Role::title).to_owned()
    } else {
        v.mention(&p.person)
    }
}

type Steps = Vec<(Effect, Vec<Precondition>)>;

/// Steps followed by their status entry and letter, for the arm of a choice.
fn with_entry(
    v: &View<'_>,
    rule: &'static str,
    mut steps: Steps,
    note: Note,
    next: &str,
    letter: Result<Letter<Drafted>, Told>,
) -> Steps {
    let mut p = Proposal::new(rule, "", Vec::new()).next(next);
    p.note = Some(note);
    match letter {
        Ok(l) => p.letter = Some(l),
        Err(told) => {
            if let Some(n) = p.note.as_mut() {
                n.told = told;
            }
        }
    }
    let item = p.into_item(ItemNo(0), Vec::new(), v);
    steps.extend(item.steps.into_iter().map(|s| (s.effect, s.requires)));
    steps
}

/// Add a choice. The steps of its arms have keys of their own; the same step in two arms is one step.
fn choose(p: Proposal, v: &View<'_>, probe: Probe, arms: BTreeMap<String, Steps>) -> Proposal {
    let rule = p.rule;
    let generation = u32::try_from(v.case.revision).unwrap_or(u32::MAX);
    let keyed = |(effect, requires): (Effect, Vec<Precondition>)| {
        let key = match &effect {
            Change::MailDraft { letter, .. } => {
                StepKey::new(&v.t.key.0, &format!("tell.{}", letter.event), "mail-draft", &letter.artifact)
            }
            _ => StepKey {
                generation,
                ..StepKey::new(&v.t.key.0, rule, effect.name(), &digest::name(&effect)[..16])
            },
        };
        Step { key, effect, requires }
    };
    // Several answers often come to the same: what is named once is copied.
    let mut made: Vec<(Steps, Vec<Step>)> = Vec::new();
    let arms = arms
        .into_iter()
        .map(|(answer, steps)| {
            let known = made.iter().find(|(s, _)| *s == steps).map(|(_, k)| k.clone());
            let all = known.unwrap_or_else(|| {
                let all: Vec<Step> = steps.iter().cloned().map(keyed).collect();
                made.push((steps, all.clone()));
                all
            });
            (answer, all)
        })
        .collect();
    p.step(Change::Choose { probe, arms }, Vec::new())
}

/// The same as one plan that can be stored and approved.
#[must_use]
pub fn merged(cases: &[Case], ground: Ground<'_>, spread: &dyn Spread) -> (Plan, Vec<TrackerPlan>) {
    let plans = plan_with(cases, ground, spread);
    let mut out =
        Plan::new("sync", ground.config_digest.to_owned(), fingerprint(cases, ground.now), ground.now);
    for p in &plans {
        out.items.extend(p.items.iter().cloned());
        let name = |text: &String| format!("{}: {text}", p.position.reference);
        out.blockers.extend(p.blockers.iter().map(name));
        out.notices.extend(p.notices.iter().map(name));
    }
    (out, plans)
}

/// Digest of the facts a plan rests on, without the times at which they were seen; a plan of another day may speak of
/// another window.
#[must_use]
pub fn fingerprint(cases: &[Case], now: Timestamp) -> String {
    fn known<T: Serialize>(fact: &Fact<T>) -> (Option<&T>, bool) {
        (fact.known(), matches!(fact, Fact::Unknown(_)))
    }
    let facts: Vec<String> = cases
        .iter()
        .map(|c| {
            let o = &c.observed;
            let fix = (known(&o.pulls), known(&o.artifacts), known(&o.votes), known(&o.managers));
            let record =
                (known(&o.advisories), known(&o.listed), known(&o.record), &o.attached, known(&o.reviews));
            let people = (known(&o.thread), known(&o.drafts), &o.told, o.told_unknown, &o.voices);
            let around = (known(&o.milestones), known(&o.collaborators), o.allocation_requested);
            digest::of(&(&c.tracker, c.revision, fix, record, people, around))
        })
        .collect();
    digest::of(&(facts, now.to_zoned(TimeZone::UTC).date()))
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("sync.needs-triage", "neither scope nor triage label: mark it as untriaged"),
    ("sync.valid", "two distinct members say it is valid, for one scope"),
    ("sync.allocated", "the id is in the tracker: label, column, letter"),
    ("sync.in-review", "the fix is open for review"),
    ("sync.merged", "every fix named in the tracker is merged"),
    ("sync.developer", "who wrote the fix is credited as remediation developer"),
    ("sync.assignee", "who wrote the fix is assigned, where they may be"),
    ("sync.volunteer", "somebody on the team said that they take it"),
    ("sync.inactive", "somebody who left the team is still assigned"),
    ("sync.backport", "somebody on the team asks for a backport"),
    ("sync.milestone", "the release that ships the fix"),
    ("sync.credit", "credit as the reporter stated it"),
    ("sync.credit-opt-out", "the reporter wants no credit"),
    ("sync.credit-question", "the credit looks like a program's: ask the reporter, once"),
    ("sync.title", "what does not belong in a title comes off"),
    ("sync.affected", "affected versions by the scope's convention"),
    ("sync.lower-bound", "a lower bound nobody gave evidence for is widened"),
    ("sync.affected-quoted", "versions in backticks, so that `>=` is no quotation"),
    ("sync.sentinel", "`< NEXT VERSION` becomes the version that shipped"),
    ("sync.summary-upgrade", "the summary names the version to upgrade to"),
    ("sync.review", "a reviewer of the record stated the value of a field"),
    ("sync.private-scanner", "a private scanner and its finder stay private"),
    ("sync.team-severity", "the severity somebody on the team wrote down"),
    ("sync.cwe", "a bare CWE id gets its name"),
    ("sync.team-cwe", "the weakness somebody on the team wrote down"),
    ("sync.vote", "a vote on the release is open"),
    ("sync.record", "the record follows the tracker: kept, and pushed when it changed"),
    ("sync.released", "the fix is out: hand over once fields and record are ready"),
    ("sync.fill-fields", "the fix is out and the fields are not ready: tell the developer"),
    ("sync.close-out", "the advisory is archived: publish the record and close"),
    ("sync.published", "cve.org shows the record"),
    ("sync.drift", "cve.org shows something else than the tracker says"),
    ("sync.correction", "the credit changed after the disclosure"),
    ("sync.ghsa", "the forge closed its advisory, and the team accepted the report"),
    ("sync.split", "two scopes: a tracker for each"),
    ("sync.overdue", "the disclosure window has passed"),
    ("sync.grace", "a fix is ready, and the grace for its release has passed"),
    ("sync.distributors", "the fix is merged: those who package it hear of it, once"),
    ("sync.stalled", "nobody has said anything for a month: ask for ideas"),
    ("sync.labels", "labels of earlier steps come off"),
    ("sync.older-comments", "comments of an earlier bot are folded into the status"),
    ("sync.column", "the card stands where the stage puts it"),
    ("sync.tell", "the reporter hears of what happened"),
];

#[cfg(test)]
mod tests;
