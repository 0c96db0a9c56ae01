//! The promises of DESIGN §1 as property tests, a module each, and what follows from them.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod g1;
mod g2;
mod g3;
mod g4;
mod g5;
mod g6;
mod journal;
mod lifecycle;
mod older;
mod records;
mod walk;

use std::{collections::BTreeSet, sync::LazyLock};

use desk::{
    confidential::Policy,
    config::Config,
    people::Roster,
    plan::{
        Approval, Approved, Effect, Item, ItemNo, Plan, Step,
        apply::{self, Report},
        effect::Change,
    },
    reply::Library,
    rules::import::propose::{self, Overrides, Scene},
};
use proptest::test_runner::Config as Cases;
use testkit::{
    case::{actor, config, now},
    world::World,
};

static CONFIG: LazyLock<Config> = LazyLock::new(config);
static ROSTER: LazyLock<Roster> = LazyLock::new(|| Roster::from_config(&CONFIG));
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::new(&CONFIG, &ROSTER).unwrap());

/// How often a property over scenes is tried: reading mail is slow without optimisation.
fn few() -> Cases {
    Cases { failure_persistence: None, max_shrink_iters: 60, ..Cases::with_cases(24) }
}

fn plan(scene: &Scene) -> Plan {
    plan_said(scene, &Overrides::new())
}

fn plan_said(scene: &Scene, said: &Overrides) -> Plan {
    propose::plan(scene, &CONFIG, &ROSTER, Library::builtin(), said, now())
}

/// A yes to those items.
fn approve(plan: &Plan, items: &BTreeSet<ItemNo>) -> Approved {
    let approval = Approval { plan: plan.digest(), items: items.clone(), actor: actor(), at: now() };
    Approved::bind(plan.clone(), approval, now()).unwrap()
}

/// Those of the wanted items that can be approved: not blocked, and everything they come after is wanted too.
fn approvable(plan: &Plan, wanted: impl Fn(&Item) -> bool) -> BTreeSet<ItemNo> {
    let mut out: BTreeSet<ItemNo> =
        plan.items.iter().filter(|i| i.blocked.is_none() && wanted(i)).map(|i| i.n).collect();
    loop {
        let stay: BTreeSet<ItemNo> = plan
            .items
            .iter()
            .filter(|i| out.contains(&i.n) && i.after.iter().all(|a| out.contains(a)))
            .map(|i| i.n)
            .collect();
        if stay == out {
            return out;
        }
        out = stay;
    }
}

fn everything(plan: &Plan) -> BTreeSet<ItemNo> {
    approvable(plan, |_| true)
}

fn run(approved: &Approved, world: &mut World) -> Report {
    apply::apply(approved, &POLICY, world)
}

/// Plan a scene, say yes to everything, apply it.
fn import(scene: &Scene) -> (Plan, World, Report) {
    let plan = plan(scene);
    let mut world = World::new(scene, &CONFIG, now());
    let items = everything(&plan);
    let report = if items.is_empty() { Report::default() } else { run(&approve(&plan, &items), &mut world) };
    (plan, world, report)
}

/// Every way through a list of steps: one arm of each choice.
fn paths(steps: &[Step]) -> Vec<Vec<&Effect>> {
    let mut out: Vec<Vec<&Effect>> = vec![vec![]];
    for s in steps {
        let ways: Vec<Vec<&Effect>> = match &s.effect {
            Change::Choose { arms, .. } => arms.values().flat_map(|a| paths(a)).collect(),
            e => vec![vec![e]],
        };
        out = out.iter().flat_map(|o| ways.iter().map(move |w| [o.as_slice(), w].concat())).collect();
    }
    out
}

/// Every step, those in arms included.
fn steps(steps_of: &[Step]) -> Vec<&Step> {
    let mut out = Vec::new();
    for s in steps_of {
        out.push(s);
        if let Change::Choose { arms, .. } = &s.effect {
            arms.values().for_each(|a| out.extend(steps(a)));
        }
    }
    out
}
