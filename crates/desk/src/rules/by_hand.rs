//! The desk by hand: what a person asks for in so many words still goes through plan and journal like everything
//! else, and is recorded on the tracker (roles guide, "Recording status transitions").

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    case::{Case, Evidence, RecordStage},
    confidential::{Draft, Slot},
    config::Config,
    cve,
    mail::Address,
    people::Role,
    plan::{
        Action, ActionKind, Effect, Group, Item, ItemNo, Plan, Precondition, RollupNote, Step, StepKey, Told,
        digest,
        effect::{Change, Drafted},
    },
    rules::stage,
    tracker::{
        self, Column, ColumnNames, FieldRole, Headings, LabelNames, LabelRole, Marked, TrackerKey,
        TrackerRef, inline_text,
    },
};

mod pull;

pub use pull::NewPull;

/// Why a request by hand cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct CannotPlan {
    /// What is wrong with the request.
    pub what: String,
    /// What to do instead; may be empty.
    pub next: String,
}

fn cannot(what: impl Into<String>, next: impl Into<String>) -> CannotPlan {
    CannotPlan { what: what.into(), next: next.into() }
}

/// What every request by hand needs.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Its digest.
    pub config_digest: &'a str,
    /// Headings of body fields.
    pub headings: &'a Headings,
    /// Names of labels.
    pub labels: &'a LabelNames,
    /// Handle of the person asking.
    pub actor: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// What a person asks for on a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Say something.
    Comment(String),
    /// Change the title.
    Title(String),
    /// Change a field.
    Field(FieldRole, String),
    /// Add (`true`) or remove a label.
    Label(String, bool),
    /// Set or clear the milestone.
    Milestone(Option<String>),
    /// Assign exactly these.
    Assign(BTreeSet<String>),
    /// Say whether the report is valid, and for which scope.
    Assess {
        /// Valid?
        valid: bool,
        /// The scope of a valid one; empty where there is only one.
        scope: String,
    },
    /// Take it.
    Claim {
        /// Did two members of the team say that it is valid?
        consensus: bool,
    },
    /// Give it back.
    Release,
    /// Close with a disposition: the label to add, none for `completed`.
    Close(Option<LabelRole>, String),
    /// Open it again.
    Reopen,
    /// Open a pull request with its fix.
    OpenPull(NewPull),
    /// Take a pull request that is there for its fix.
    AdoptPull(String),
}

/// What a record could not take of a value: said before the yes, because the next `sync` would stop at it.
fn doubts(role: FieldRole, value: &str) -> Vec<String> {
    let found = match role {
        FieldRole::Severity => cve::severity(value).findings,
        FieldRole::Cwe => cve::weaknesses(value).findings,
        _ => Vec::new(),
    };
    found.into_iter().map(|f| f.message).collect()
}

/// Read the disposition of `close --as`.
///
/// # Errors
/// When it is none of the five.
pub fn disposition(word: &str) -> Result<Option<LabelRole>, CannotPlan> {
    match word.to_lowercase().replace([' ', '_'], "-").as_str() {
        "invalid" => Ok(Some(LabelRole::Invalid)),
        "not-cve-worthy" => Ok(Some(LabelRole::NotCveWorthy)),
        "duplicate" => Ok(Some(LabelRole::Duplicate)),
        "wontfix" => Ok(Some(LabelRole::Wontfix)),
        "completed" => Ok(None),
        _ => Err(cannot(
            format!("`{word}` is no disposition"),
            "use invalid, not-cve-worthy, duplicate, wontfix or completed",
        )),
    }
}

/// Plan one request on one tracker.
///
/// # Errors
/// When the request does not fit the tracker.
pub fn plan(case: &Case, request: &Request, desk: Desk<'_>) -> Result<Plan, CannotPlan> {
    let made = Request::item(request, case, desk)?;
    let facts = digest::of(&(&case.tracker.key, case.revision));
    let mut plan = Plan::new(made.rule, desk.config_digest.to_owned(), facts, desk.now);
    plan.items.push(made.into_item(case, desk));
    Ok(plan)
}

/// What a request comes to, before it is an item.
struct Made {
    rule: &'static str,
    headline: String,
    /// Headline of the entry, where the other holds words that a person typed: they stand in the text, made harmless.
    entry: Option<String>,
    action: Action,
    text: String,
    next: String,
    told: Told,
    effects: Vec<(Effect, Vec<Precondition>)>,
    notices: Vec<String>,
    blocked: Option<String>,
}

impl Made {
    fn into_item(self, case: &Case, desk: Desk<'_>) -> Item {
        let tracker = &case.tracker.key;
        // The revision makes asking for the same thing again, later, a new step.
        let artifact = |e: &Effect| format!("{}-r{}", &digest::of(e)[..16], case.revision);
        // The entry belongs to what was asked for: two different comments on one revision are two entries.
        let asked = digest::of(&self.effects);
        let opens = self.effects.iter().any(|(e, _)| matches!(e, Change::OpenPullRequest { .. }));
        let text = Draft::text(self.text);
        let text = if opens { text.push_text("\n").push_slot(Slot::PrUrl) } else { text };
        let mut steps: Vec<Step> = self
            .effects
            .into_iter()
            .map(|(effect, requires)| Step {
                key: StepKey::new(&tracker.0, self.rule, effect.name(), &artifact(&effect)),
                effect,
                requires,
            })
            .collect();
        let note = Change::AppendEntry {
            tracker: tracker.clone(),
            note: RollupNote::<Drafted> {
                action: self.action,
                headline: Draft::text(self.entry.unwrap_or_else(|| self.headline.clone())),
                body: text,
                next: Draft::text(self.next.clone()),
                told: self.told,
            },
        };
        steps.push(Step {
            key: StepKey::new(
                &tracker.0,
                self.rule,
                note.name(),
                &format!("{}-{}", artifact(&note), &asked[..8]),
            ),
            effect: note,
            requires: Vec::new(),
        });
        let source = case.tracker.reference.to_string();
        Item {
            n: ItemNo(1),
            rule: self.rule.into(),
            subject: tracker.0.clone(),
            headline: self.headline,
            details: vec![("tracker".into(), format!("{source}  {}", case.tracker.title))],
            why: vec![Evidence::new(self.rule, format!("@{} asked for it", desk.actor), "the command line")],
            steps,
            after: Vec::new(),
            needs: Vec::new(),
            group: Group::Proposed,
            blocked: self.blocked,
            notices: self.notices,
            next: self.next,
        }
    }
}

fn by_hand(why: &str) -> Told {
    Told::NotTold(why.into())
}

fn internal(why: &str) -> Told {
    Told::NotNeeded(why.into())
}

impl Request {
    fn item(&self, case: &Case, desk: Desk<'_>) -> Result<Made, CannotPlan> {
        let t = &case.tracker;
        let key = t.key.clone();
        let name = t.reference.to_string();
        let open = |open| Precondition::TrackerIs { tracker: key.clone(), open };
        let stage_next = stage::Stage::next;
        let made = |rule, headline: String, action: Action, text: String, told, effects| Made {
            rule,
            headline,
            entry: None,
            action,
            text,
            next: String::new(),
            told,
            effects,
            notices: Vec::new(),
            blocked: None,
        };
        match self {
            Request::Comment(text) => {
                if text.trim().is_empty() {
                    return Err(cannot("the comment is empty", ""));
                }
                let effect = Change::Comment { tracker: key.clone(), text: Draft::text(text.clone()) };
                // The comment is its own record; an entry that repeats it would only be noise in the status.
                Ok(made(
                    "hand.comment",
                    format!("Comment on {name}"),
                    Action::new(ActionKind::Comment),
                    format!("@{} commented.", desk.actor),
                    internal("a comment is for the team"),
                    vec![(effect, vec![])],
                ))
            }
            Request::Title(title) => {
                let title = title.trim();
                if title.is_empty() || title.contains(['\n', '\r']) {
                    return Err(cannot("a title is one line of text", ""));
                }
                if title == t.title {
                    return Err(cannot(format!("{name} has that title already"), ""));
                }
                let effect = Change::SetTitle { tracker: key.clone(), title: Draft::text(title) };
                let same = Precondition::TitleIs {
                    tracker: key.clone(),
                    digest: digest::sha256(t.title.as_bytes()),
                };
                let m = made(
                    "hand.edit",
                    format!("Title of {name}: {title}"),
                    Action::with(ActionKind::Edit, "title"),
                    format!("Title: {} → {}", inline_text(&t.title), inline_text(title)),
                    internal("the title is internal until the advisory"),
                    vec![(effect, vec![same])],
                );
                Ok(Made { entry: Some(format!("Title of {name} changed")), ..m })
            }
            Request::Field(role, value) => {
                let parsed = tracker::parse(&t.body, desk.headings);
                let old = parsed.get(*role).unwrap_or_default();
                let after = tracker::set(&t.body, *role, value, desk.headings)
                    .map_err(|e| cannot(format!("{role} of {name} cannot be set: {e}"), ""))?;
                // Compared as it would be read back: line ends and blank lines around it make no difference.
                if tracker::parse(&after, desk.headings).get(*role).unwrap_or_default() == old {
                    return Err(cannot(format!("{role} of {name} has that value already"), ""));
                }
                let effect =
                    Change::SetField { tracker: key.clone(), role: *role, value: Draft::text(value.clone()) };
                let same = Precondition::FieldIs {
                    tracker: key.clone(),
                    role: *role,
                    digest: digest::sha256(old.as_bytes()),
                };
                let visible = role.class() == tracker::FieldClass::Embargoed;
                let told = if visible {
                    by_hand("this will be visible in the advisory, mention it in the next update")
                } else {
                    internal("this field never leaves the tracker")
                };
                let shown = |v: &str| {
                    if v.is_empty() { "unset".to_owned() } else { inline_text(&short(v)) }
                };
                let m = made(
                    "hand.edit",
                    format!("{role} of {name}"),
                    Action::with(ActionKind::Edit, role.as_str()),
                    format!("{role}: {} → {}", shown(old), shown(value.trim())),
                    told,
                    vec![(effect, vec![same])],
                );
                Ok(Made { notices: doubts(*role, value), ..m })
            }
            Request::Label(label, add) => {
                let there = t.labels.iter().any(|l| l.eq_ignore_ascii_case(label));
                if there == *add {
                    let word = if there { "has" } else { "does not have" };
                    return Err(cannot(format!("{name} {word} the label `{label}`"), ""));
                }
                if *add && !known_label(label, desk) {
                    return Err(cannot(
                        format!("`{label}` is no label of this project"),
                        "labels are never made silently; `tipstaff config explain tracker.labels` and `scope` list them",
                    ));
                }
                let one = BTreeSet::from([label.clone()]);
                let (plus, minus) = if *add { (one, BTreeSet::new()) } else { (BTreeSet::new(), one) };
                let effect = Change::SetLabels { tracker: key.clone(), add: plus, remove: minus };
                let was =
                    Precondition::LabelIs { tracker: key.clone(), label: label.clone(), present: there };
                let sign = if *add { '+' } else { '-' };
                let mut m = made(
                    "hand.edit",
                    format!("Label of {name}: {sign}{label}"),
                    Action::with(ActionKind::Edit, "label"),
                    format!("Label: {sign}{}", inline_text(label)),
                    internal("labels are internal"),
                    vec![(effect, vec![was])],
                );
                m.entry = Some(format!("Label of {name}: {sign}{}", inline_text(label)));
                let scopes = desk.config.scope.iter().filter(|s| {
                    s.label.eq_ignore_ascii_case(label)
                        || t.labels.iter().any(|l| l.eq_ignore_ascii_case(&s.label))
                });
                if *add && scopes.count() > 1 {
                    m.notices.push(
                        "two scope labels: a tracker has exactly one, split it before allocation".into(),
                    );
                }
                Ok(m)
            }
            Request::Milestone(milestone) => {
                if t.milestone == *milestone {
                    return Err(cannot(format!("{name} has that milestone already"), ""));
                }
                let effect = Change::SetMilestone { tracker: key.clone(), milestone: milestone.clone() };
                let word = milestone.as_deref().unwrap_or("none");
                let m = made(
                    "hand.edit",
                    format!("Milestone of {name}: {word}"),
                    Action::with(ActionKind::Edit, "milestone"),
                    format!("Milestone: {}", inline_text(word)),
                    by_hand("the release is scheduled, mention it in the next update"),
                    vec![(effect, vec![open(true)])],
                );
                Ok(Made { entry: Some(format!("Milestone of {name} changed")), ..m })
            }
            Request::Assign(handles) => assign(case, handles, "hand.assign", ActionKind::Assign, desk),
            Request::Assess { valid, scope } => assess(case, *valid, scope, desk),
            Request::Claim { consensus } => claim(case, *consensus, desk),
            Request::Release => {
                if !t.assignees.iter().any(|a| a.eq_ignore_ascii_case(desk.actor)) {
                    return Err(cannot(format!("{name} is not assigned to @{}", desk.actor), ""));
                }
                let rest =
                    t.assignees.iter().filter(|a| !a.eq_ignore_ascii_case(desk.actor)).cloned().collect();
                assign(case, &rest, "hand.release", ActionKind::Release, desk)
            }
            Request::Close(disposition, reason) => close(case, *disposition, reason, desk),
            Request::Reopen => {
                if t.state.is_open() {
                    return Err(cannot(format!("{name} is open"), ""));
                }
                let mut effects = vec![(Change::Reopen { tracker: key.clone() }, vec![open(false)])];
                let closing = matching(&t.labels, &LabelRole::DISPOSITIONS, desk);
                if !closing.is_empty() {
                    let remove = closing;
                    effects.push((
                        Change::SetLabels { tracker: key.clone(), add: BTreeSet::new(), remove },
                        vec![],
                    ));
                }
                if t.archived {
                    effects.push((Change::ArchiveCard { tracker: key.clone(), archived: false }, vec![]));
                }
                let mut m = made(
                    "hand.reopen",
                    format!("Reopen {name}"),
                    Action::new(ActionKind::Reopen),
                    format!("Reopened by @{}.", desk.actor),
                    by_hand("they may have been told that it was closed"),
                    effects,
                );
                m.next = stage_next(stage::Stage::Assessing).into();
                Ok(m)
            }
            Request::OpenPull(new) => pull::open(case, new, desk),
            Request::AdoptPull(url) => pull::adopt(case, url, desk),
        }
    }
}

/// The labels of a tracker that have one of these roles, as they are written there.
fn matching(labels: &BTreeSet<String>, roles: &[LabelRole], desk: Desk<'_>) -> BTreeSet<String> {
    labels.iter().filter(|l| desk.labels.role(l).is_some_and(|r| roles.contains(&r))).cloned().collect()
}

fn short(text: &str) -> String {
    crate::mail::one_line(text, 120)
}

/// Labels are never created silently: only those the configuration names.
fn known_label(label: &str, desk: Desk<'_>) -> bool {
    desk.labels.scope(label).is_some()
        || LabelRole::ALL.iter().any(|r| desk.labels.name(*r).eq_ignore_ascii_case(label))
}

fn assign(
    case: &Case,
    handles: &BTreeSet<String>,
    rule: &'static str,
    action: ActionKind,
    desk: Desk<'_>,
) -> Result<Made, CannotPlan> {
    let t = &case.tracker;
    let name = t.reference.to_string();
    let handles: BTreeSet<String> = handles.iter().map(|h| h.trim_start_matches('@').to_owned()).collect();
    let now: BTreeSet<String> = t.assignees.iter().cloned().collect();
    if handles == now {
        return Err(cannot(format!("{name} is assigned so already"), ""));
    }
    let people = &desk.config.roster.person;
    let mut notices = Vec::new();
    for h in &handles {
        if h.is_empty() || !h.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return Err(cannot(format!("`{h}` is no handle"), ""));
        }
        if !people.is_empty() && !people.iter().any(|p| p.handle.eq_ignore_ascii_case(h)) {
            notices.push(format!("@{h} is not on the roster"));
        }
    }
    let list = |s: &BTreeSet<String>| {
        if s.is_empty() {
            "nobody".to_owned()
        } else {
            s.iter().map(|h| format!("@{h}")).collect::<Vec<_>>().join(", ")
        }
    };
    let effect = Change::SetAssignees { tracker: t.key.clone(), assignees: handles.clone() };
    let same = Precondition::AssigneesAre { tracker: t.key.clone(), assignees: now.clone() };
    Ok(Made {
        rule,
        headline: format!("{name} assigned to {}", list(&handles)),
        entry: None,
        action: Action::new(action),
        text: (format!("Assigned: {} → {}", list(&now), list(&handles))),
        next: String::new(),
        told: internal("who works on it is internal"),
        effects: vec![(effect, vec![same])],
        notices,
        blocked: None,
    })
}

/// A member's word on validity (spec README, decision 9). Every member has a comment of their own; the newest counts.
fn assess(case: &Case, valid: bool, scope: &str, desk: Desk<'_>) -> Result<Made, CannotPlan> {
    let t = &case.tracker;
    let name = t.reference.to_string();
    let people = &desk.config.roster.person;
    if !people.is_empty() && !people.iter().any(|p| p.handle.eq_ignore_ascii_case(desk.actor)) {
        return Err(cannot(
            format!("@{} is not on the roster, and only the team assesses reports", desk.actor),
            "set user.handle to your handle in the user configuration, or use `comment`",
        ));
    }
    if !t.state.is_open() {
        return Err(cannot(format!("{name} is closed"), "`tipstaff reopen` opens it again"));
    }
    let scope = match (valid, scope.trim(), desk.config.scope.as_slice()) {
        (false, "", _) => None,
        (false, ..) => return Err(cannot("a report that is not valid has no scope", "leave --scope out")),
        (true, "", [only]) => Some(only.label.clone()),
        (true, "", _) => {
            let all: Vec<&str> = desk.config.scope.iter().map(|s| s.label.as_str()).collect();
            return Err(cannot(
                "a valid report needs a scope",
                format!("add --scope with one of: {}", all.join(", ")),
            ));
        }
        (true, word, _) => match desk.labels.scope(word) {
            Some(label) => Some(label.to_owned()),
            None => {
                return Err(cannot(
                    format!("`{word}` is no scope of this project"),
                    "`tipstaff config explain scope` lists them",
                ));
            }
        },
    };
    let word = if valid { "valid" } else { "invalid" };
    let of = scope.as_ref().map(|s| format!(", scope `{s}`")).unwrap_or_default();
    let text = format!("{}\n**{word}**{of}", Marked::Voice.marker());
    let mine = |c: &&tracker::Comment| {
        c.author.eq_ignore_ascii_case(desk.actor) && Marked::of(&c.body) == Some(Marked::Voice)
    };
    if t.comments.iter().rfind(mine).is_some_and(|c| c.body.trim() == text) {
        return Err(cannot(format!("@{} said so about {name} already", desk.actor), ""));
    }
    let effect = Change::Comment { tracker: t.key.clone(), text: Draft::text(text) };
    Ok(Made {
        rule: "hand.assess",
        headline: format!("{name}: @{} says {word}{}", desk.actor, of.replace('`', "")),
        entry: None,
        action: Action::with(ActionKind::Comment, word),
        text: format!("@{} assessed it as {word}{of}.", desk.actor),
        next: "two members who say the same decide; `tipstaff sync` then proposes what follows".into(),
        told: internal("an assessment is for the team until it is decided"),
        effects: vec![(effect, vec![Precondition::TrackerIs { tracker: t.key.clone(), open: true }])],
        notices: Vec::new(),
        blocked: None,
    })
}

/// A tracker is picked up with a scope label and a CVE (roles guide, "Picking up a tracker").
fn claim(case: &Case, consensus: bool, desk: Desk<'_>) -> Result<Made, CannotPlan> {
    let t = &case.tracker;
    let mut handles: BTreeSet<String> = t.assignees.iter().cloned().collect();
    handles.insert(desk.actor.to_owned());
    let mut made = assign(case, &handles, "hand.claim", ActionKind::Claim, desk)?;
    let scope = desk.config.scope.iter().any(|s| t.labels.iter().any(|l| l.eq_ignore_ascii_case(&s.label)));
    let cve = desk.labels.read(&t.labels).has(LabelRole::CveAllocated);
    let mut missing = Vec::new();
    if !scope {
        missing.push("a scope label");
    }
    if !cve {
        missing.push("a CVE");
    }
    if !consensus {
        missing.push("the word of two members that it is valid");
    }
    if !t.state.is_open() {
        missing.push("to be open");
    }
    if !missing.is_empty() {
        let missing = match missing.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => missing.concat(),
        };
        made.blocked = Some(format!(
            "a fix is picked up once the tracker has {missing}; to work on it before, use `assign`"
        ));
    }
    made.next = stage::Stage::Allocated.next().into();
    Ok(made)
}

fn close(
    case: &Case,
    disposition: Option<LabelRole>,
    reason: &str,
    desk: Desk<'_>,
) -> Result<Made, CannotPlan> {
    let t = &case.tracker;
    let key = &t.key;
    let name = t.reference.to_string();
    if !t.state.is_open() {
        return Err(cannot(format!("{name} is closed already"), "`tipstaff show` says why"));
    }
    if reason.trim().is_empty() {
        return Err(cannot("a close needs a reason for the team", "give it with --reason"));
    }
    let fields = tracker::parse(&t.body, desk.headings);
    let has_cve = desk.labels.read(&t.labels).has(LabelRole::CveAllocated)
        || fields.get(FieldRole::CveToolLink).is_some();
    // Decisions page §3: an allocated CVE is retracted first, a public one is not invalidated at all.
    let retracted = case.observed.record.known().is_some_and(|r| r.state == RecordStage::Retracted);
    let blocked = (has_cve && !retracted && disposition.is_some()).then(|| {
        let n = t.reference.number;
        format!("a CVE is allocated; retract it first (`tipstaff cve retract {n} --reason …`), then close")
    });
    let mut effects = Vec::new();
    let word = if let Some(role) = disposition {
        let remove =
            matching(&t.labels, &[LabelRole::NeedsTriage, LabelRole::PrOpen, LabelRole::PrMerged], desk);
        let add = BTreeSet::from([desk.labels.name(role).to_owned()]);
        effects.push((Change::SetLabels { tracker: key.clone(), add, remove }, vec![]));
        desk.labels.name(role).to_owned()
    } else {
        "completed".into()
    };
    let api_reason = if disposition.is_some() { "not_planned" } else { "completed" };
    effects.push((
        Change::Close { tracker: key.clone(), reason: api_reason.into() },
        vec![Precondition::TrackerIs { tracker: key.clone(), open: true }],
    ));
    if desk.config.tracker.board.enabled && desk.config.tracker.board.archive_on_close && !t.archived {
        effects.push((Change::ArchiveCard { tracker: key.clone(), archived: true }, vec![]));
    }
    let nobody = case.reporter.email.is_empty();
    let told = if nobody {
        internal("nobody can be reached")
    } else {
        by_hand("reply on the original thread with the decision and its reason")
    };
    Ok(Made {
        rule: "hand.close",
        headline: format!("Close {name} as {word}"),
        entry: None,
        action: Action::with(ActionKind::Close, &word),
        text: reason.trim().to_owned(),
        next: String::new(),
        told,
        effects,
        notices: Vec::new(),
        blocked,
    })
}

/// A report that came without mail (issue: the person who files it is the forwarder).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// Title.
    pub title: String,
    /// The report, untrusted.
    pub text: String,
    /// How it came.
    pub via: String,
    /// Credit, if one was given.
    pub credit: Option<String>,
    /// The person who files it.
    pub forwarder: Address,
}

/// Plan a tracker for a report that came without mail.
///
/// # Errors
/// When it has no title or no text.
pub fn plan_new(report: &NewReport, desk: Desk<'_>) -> Result<Plan, CannotPlan> {
    if report.title.trim().is_empty() || report.title.contains(['\n', '\r']) {
        return Err(cannot("a tracker needs a title of one line", "give it with --title"));
    }
    if report.text.trim().is_empty() {
        return Err(cannot("the report is empty", "give it with --body FILE, or `-` for standard input"));
    }
    let facts = digest::of(&(&report.title, &report.text, &report.via, &report.credit));
    let tracker = TrackerKey(format!("t-{}", &facts[..16]));
    let clean = tracker::sanitise(&report.text);
    let mut values = BTreeMap::from([
        (FieldRole::IssueDescription, clean.markdown.clone()),
        (FieldRole::SecurityThread, format!("N/A (reported by {})", inline_text(&report.via))),
        (FieldRole::Severity, "Unknown".to_owned()),
    ]);
    if let Some(credit) = &report.credit {
        values.insert(FieldRole::ReporterCredit, inline_text(credit.trim()));
    }
    let board = &desk.config.tracker.board;
    let column = if board.enabled {
        ColumnNames::new(desk.config).name(Column::NeedsTriage).to_owned()
    } else {
        String::new()
    };
    let labels = [LabelRole::NeedsTriage, LabelRole::SecurityMarker].map(|r| desk.labels.name(r).to_owned());
    let create = Change::CreateTracker {
        tracker: tracker.clone(),
        title: Draft::text(report.title.trim()),
        body: Draft::text(tracker::new_body(&values, desk.headings)),
        labels: labels.into(),
        column,
        received: desk.now,
        thread: String::new(),
        reporter: report.forwarder.clone(),
        via_forwarder: true,
    };
    let case = Case {
        tracker: crate::tracker::Tracker {
            key: tracker.clone(),
            reference: TrackerRef::default(),
            title: report.title.trim().into(),
            ..crate::tracker::Tracker::default()
        },
        ..Case::default()
    };
    let made = Made {
        rule: "hand.new",
        headline: format!("New tracker: {}", report.title.trim()),
        entry: Some("Filed by hand".into()),
        action: Action::with(ActionKind::Import, &report.via),
        text: format!("Filed by @{}, who is the contact for this report.", desk.actor),
        next: stage::Stage::New.next().into(),
        told: internal("they cannot be reached; the person who filed it passes word on"),
        effects: vec![(create, vec![Precondition::TrackerAbsent { tracker }])],
        notices: clean.notes.iter().map(|n| format!("{} ({})", n.rule, n.count)).collect(),
        blocked: None,
    };
    let mut plan = Plan::new("hand.new", desk.config_digest.to_owned(), facts, desk.now);
    let mut item = made.into_item(&case, desk);
    item.details =
        vec![("reporter".into(), report.via.clone()), ("owner".into(), Role::Triager.title().into())];
    plan.items.push(item);
    Ok(plan)
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("hand.assess", "a member said whether it is valid"),
    ("hand.assign", "somebody set who is assigned"),
    ("hand.claim", "somebody took the tracker"),
    ("hand.close", "somebody closed it with a disposition"),
    ("hand.comment", "somebody said something"),
    ("hand.edit", "somebody changed title, field, label or milestone"),
    ("hand.fix", "somebody opened a pull request with the fix, or named one that is open"),
    ("hand.new", "somebody filed a report that came without mail"),
    ("hand.release", "somebody gave the tracker back"),
    ("hand.reopen", "somebody opened it again"),
];
