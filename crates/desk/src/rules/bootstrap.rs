//! What a new tracker repository lacks: labels, the form for reports, the rejection ledger, milestones, the board (config page
//! §4, §5 and §9). Everything is an item; nothing that is there is touched.

use std::{collections::BTreeSet, fmt::Write};

use jiff::Timestamp;

use crate::{
    case::Evidence,
    config::Config,
    plan::{Effect, Group, Item, ItemNo, Plan, Step, StepKey, digest, effect::Change, hosted::HostPart},
    tracker::{
        Column, ColumnNames, FieldRole, Headings, LabelNames, LabelRole, SCOPE_COLOUR, SCOPE_DESCRIPTION,
    },
};

/// Subject of these items: no tracker, but their repository.
pub const SUBJECT: &str = "tracker-repository";
/// Where the host looks for forms.
const FORM: &str = ".github/ISSUE_TEMPLATE/security-report.yml";

/// What is there already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct There {
    /// Labels.
    pub labels: BTreeSet<String>,
    /// Milestones, open and closed.
    pub milestones: BTreeSet<String>,
    /// Is there a form for reports?
    pub form: bool,
    /// Is there an issue with the ledger's label?
    pub ledger: bool,
}

/// What the rules read.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Its digest.
    pub config_digest: &'a str,
    /// Names of labels.
    pub labels: &'a LabelNames,
    /// Names of columns.
    pub columns: &'a ColumnNames,
    /// Headings of fields.
    pub headings: &'a Headings,
    /// The time.
    pub now: Timestamp,
}

/// Plan what is missing.
#[must_use]
pub fn plan(there: &There, host: &str, g: Ground<'_>) -> Plan {
    let seen = (&there.labels, &there.milestones, there.form, there.ledger);
    let facts = digest::of(&(seen, host));
    let mut plan = Plan::new("bootstrap", g.config_digest.to_owned(), facts.clone(), g.now);
    let mut add = |rule: &str, headline: String, why: &str, effects: Vec<Effect>, after: Vec<ItemNo>| {
        if effects.is_empty() {
            return None;
        }
        let n = ItemNo(u32::try_from(plan.items.len()).unwrap_or(u32::MAX).saturating_add(1));
        // What somebody took away may be made again: the state of the repository is part of the key.
        let generation = &facts[..12];
        let steps = effects.into_iter().map(|effect| Step {
            key: StepKey::new(
                SUBJECT,
                rule,
                effect.name(),
                &format!("{}-{generation}", &digest::of(&effect)[..16]),
            ),
            effect,
            requires: Vec::new(),
        });
        plan.items.push(Item {
            n,
            rule: rule.into(),
            subject: SUBJECT.into(),
            headline,
            details: vec![("repository".into(), host.to_owned())],
            why: vec![Evidence::new(rule, why, host)],
            steps: steps.collect(),
            after,
            needs: Vec::new(),
            group: Group::Proposed,
            blocked: None,
            notices: Vec::new(),
            next: String::new(),
        });
        Some(n)
    };
    let labels = labels(there, g);
    let names = labels.len();
    let made = add(
        "bootstrap.labels",
        format!("make {names} {}", if names == 1 { "label" } else { "labels" }),
        "the rules read and write these labels, and the repository lacks them",
        labels,
        Vec::new(),
    );
    if !there.form {
        let part = HostPart::IssueForm { path: FORM.into(), text: form(g) };
        add(
            "bootstrap.form",
            "add the form for reports that come without mail".into(),
            "an issue opened by hand should have the fields of a tracker",
            vec![Change::PrepareHost { part }],
            made.into_iter().collect(),
        );
    }
    let ledger = g.labels.name(LabelRole::RejectionsLedger);
    if !there.ledger && !g.config.tracker.ledger_label.eq_ignore_ascii_case("none") {
        let part = HostPart::Ledger { title: "Ledger of rejected reports".into(), label: ledger.to_owned() };
        add(
            "bootstrap.ledger",
            "open the ledger of rejected reports".into(),
            "reports that were answered without a tracker are counted there",
            vec![Change::PrepareHost { part }],
            made.into_iter().collect(),
        );
    }
    let board = &g.config.tracker.board;
    if board.enabled && board.url.is_empty() {
        let title = format!("{} security", g.config.project.name);
        let columns = Column::ALL.iter().map(|c| g.columns.name(*c).to_owned()).collect();
        add(
            "bootstrap.board",
            format!("make the board `{}` with a column for each stage", title.trim()),
            "tracker.board.enabled is set, and tracker.board.url names no board",
            vec![Change::PrepareHost { part: HostPart::Board { title: title.trim().into(), columns } }],
            Vec::new(),
        );
    }
    add(
        "bootstrap.milestones",
        "make the milestones of the next releases".into(),
        "each train names its next release, and trackers are put on its milestone",
        milestones(there, g),
        Vec::new(),
    );
    plan
}

fn labels(there: &There, g: Ground<'_>) -> Vec<Effect> {
    let has = |name: &str| there.labels.iter().any(|l| l.eq_ignore_ascii_case(name));
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let roles = LabelRole::ALL.iter().map(|r| (g.labels.name(*r), r.colour(), r.description()));
    let scopes = g.config.scope.iter().map(|s| (s.label.as_str(), SCOPE_COLOUR, SCOPE_DESCRIPTION));
    roles
        .chain(scopes)
        .filter(|(name, ..)| !name.is_empty() && !has(name) && seen.insert(name.to_lowercase()))
        .map(|(name, colour, description)| Change::PrepareHost {
            part: HostPart::Label {
                name: name.to_owned(),
                colour: colour.to_owned(),
                description: description.to_owned(),
            },
        })
        .collect()
}

/// Milestones of trains that name their next release; date waves have none until their day is known.
fn milestones(there: &There, g: Ground<'_>) -> Vec<Effect> {
    let mut out = Vec::new();
    let mut seen = there.milestones.clone();
    for scope in &g.config.scope {
        let train = g.config.releases.train.iter().find(|t| t.name == scope.train);
        let Some(train) = train.filter(|t| !t.retired && !t.next.is_empty()) else { continue };
        let product = if scope.product.is_empty() { &scope.label } else { &scope.product };
        let name = scope.milestone_format.replace("{product}", product).replace("{version}", &train.next);
        if !name.contains('{') && seen.insert(name.clone()) {
            out.push(Change::CreateMilestone { name, due: None });
        }
    }
    out
}

/// The form: one field for each heading, so that what comes out reads as a tracker. Empty answers are written by the host
/// as the placeholder that [`crate::tracker::is_placeholder`] knows.
fn form(g: Ground<'_>) -> String {
    // JSON strings are YAML strings, whatever a heading holds.
    let quoted = |s: &str| serde_json::Value::from(s).to_string();
    let labels = [LabelRole::NeedsTriage, LabelRole::SecurityMarker].map(|r| quoted(g.labels.name(r)));
    let mut out = format!(
        "name: Security report\ndescription: A report that did not come by mail\nlabels: [{}]\nbody:\n",
        labels.join(", ")
    );
    for role in FieldRole::ALL {
        let required = role == FieldRole::IssueDescription;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "  - type: textarea\n    id: {}\n    attributes:\n      label: {}\n    validations:\n      required: {required}\n",
            role.as_str(),
            quoted(g.headings.heading(role)),
        );
    }
    out
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("bootstrap.board", "the board is missing"),
    ("bootstrap.form", "the form for reports is missing"),
    ("bootstrap.labels", "labels of the configuration are missing"),
    ("bootstrap.ledger", "the ledger of rejected reports is missing"),
    ("bootstrap.milestones", "the milestone of a train's next release is missing"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tracker;

    fn config(tracker: serde_json::Value) -> Config {
        serde_json::from_value(serde_json::json!({
            "project": {"name": "Lantern"},
            "tracker": tracker,
            "scope": [{"label": "server", "product": "Lantern", "milestone_format": "{product} {version}", "train": "2"}],
            "releases": {"train": [{"name": "2", "branch": "main", "next": "2.1", "default": true}]},
        }))
        .unwrap()
    }

    fn made(there: &There, config: &Config) -> Plan {
        let (labels, columns, headings) =
            (LabelNames::new(config), ColumnNames::new(config), Headings::new(config));
        let g = Ground {
            config,
            config_digest: "c",
            labels: &labels,
            columns: &columns,
            headings: &headings,
            now: Timestamp::UNIX_EPOCH,
        };
        plan(there, "github a/b", g)
    }

    fn rules(p: &Plan) -> Vec<&str> {
        p.items.iter().map(|i| i.rule.as_str()).collect()
    }

    #[test]
    fn an_empty_repository_gets_everything_and_a_full_one_nothing() {
        let c = config(json!({"board": {"enabled": false}}));
        let p = made(&There::default(), &c);
        assert_eq!(
            rules(&p),
            ["bootstrap.labels", "bootstrap.form", "bootstrap.ledger", "bootstrap.milestones"]
        );
        let names: BTreeSet<String> = p.items[0]
            .steps
            .iter()
            .filter_map(|s| match &s.effect {
                Change::PrepareHost { part: HostPart::Label { name, .. } } => Some(name.to_uppercase()),
                _ => None,
            })
            .collect();
        assert_eq!(names.len(), LabelRole::ALL.len() + 1);
        let full = There {
            labels: names,
            milestones: BTreeSet::from(["Lantern 2.1".to_owned()]),
            form: true,
            ledger: true,
        };
        assert!(made(&full, &c).items.is_empty(), "labels are compared without case");
    }

    #[test]
    fn a_board_is_made_only_where_one_is_wanted_and_none_is_named() {
        let p = |board: serde_json::Value| {
            let c = config(json!({"board": board}));
            rules(&made(&There::default(), &c)).contains(&"bootstrap.board")
        };
        assert!(p(json!({"enabled": true})));
        assert!(!p(json!({"enabled": true, "url": "https://github.com/orgs/a/projects/1"})));
        assert!(!p(json!({"enabled": false})));
    }

    #[test]
    fn no_ledger_where_the_team_wants_none() {
        let c = config(json!({"ledger_label": "none"}));
        assert!(!rules(&made(&There::default(), &c)).contains(&"bootstrap.ledger"));
    }

    #[test]
    fn what_the_form_makes_reads_as_a_tracker() {
        let c = config(json!({}));
        let headings = Headings::new(&c);
        let p = made(&There::default(), &c);
        let text = p.items.iter().flat_map(|i| &i.steps).find_map(|s| match &s.effect {
            Change::PrepareHost { part: HostPart::IssueForm { text, .. } } => Some(text.clone()),
            _ => None,
        });
        // The host writes each label as a heading, and the answer under it.
        let mut body = String::new();
        for label in text.unwrap().lines().filter_map(|l| l.trim().strip_prefix("label: ")) {
            let label: String = serde_json::from_str(label).unwrap();
            body.push_str(&format!("### {label}\n\n_No response_\n\n"));
        }
        let read = tracker::parse(&body, &headings);
        assert_eq!(read.problems, []);
        assert!(FieldRole::ALL.iter().all(|r| read.section(*r).is_some()));
    }
}
