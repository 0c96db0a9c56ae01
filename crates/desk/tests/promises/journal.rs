//! The journal: a receipt ends a step, an intent is looked up, and what nobody knows is not done.

use desk::plan::{apply::ItemOutcome, apply::StepOutcome, ports::StepState};
use testkit::case::{SceneSpec, ThreadSpec};

use super::*;

fn desk() -> (Plan, Approved, World) {
    let spec = SceneSpec {
        threads: vec![
            ThreadSpec::new("sqli"),
            ThreadSpec::new("media"),
            ThreadSpec { tracked: Some(0), ..ThreadSpec::new("xss") }.replies(&["more"]),
            ThreadSpec::new("spam"),
        ],
        cases: 1,
        told: false,
        changes: false,
    };
    let scene = spec.build();
    let plan = plan(&scene);
    let approved = approve(&plan, &everything(&plan));
    (plan, approved, World::new(&scene, &CONFIG, now()))
}

#[test]
fn a_step_with_a_receipt_is_never_made_again() {
    let (_, approved, mut world) = desk();
    assert!(run(&approved, &mut world).complete());
    let made = world.log.len();
    let again = run(&approved, &mut world);
    assert!(again.complete());
    assert_eq!(world.log.len(), made);
    for (_, _, outcome) in again.items.iter().flat_map(|i| &i.steps) {
        assert!(matches!(outcome, StepOutcome::Already(_) | StepOutcome::Took(_)), "{outcome:?}");
    }
}

#[test]
fn an_intent_nobody_can_look_up_needs_a_person() {
    let (_, approved, whole) = desk();
    let mut done = whole.clone();
    run(&approved, &mut done);
    let mut asked = 0;
    for at in 0..done.calls {
        let mut world = whole.clone();
        world.faults.die_at = Some(at);
        run(&approved, &mut world);
        world.restart();
        let open = world.journal.values().any(|s| *s == StepState::Intended);
        world.faults.blind = true;
        let made = world.log.len();
        let intended: Vec<_> = world
            .journal
            .iter()
            .filter(|(_, s)| **s == StepState::Intended)
            .map(|(k, _)| k.clone())
            .collect();
        let report = run(&approved, &mut world);
        let person = report.items.iter().any(|i| matches!(i.outcome, ItemOutcome::NeedsPerson { .. }));
        assert_eq!(person, open, "died at {at}: {report:?}");
        for (key, _) in &world.log[made..] {
            assert!(!intended.contains(key), "{key} was made although nobody could tell");
        }
        asked += usize::from(person);
    }
    assert!(asked > 3);
}

#[test]
fn an_unknown_precondition_takes_no_step() {
    let (_, approved, mut world) = desk();
    world.faults.unknown_preconditions = true;
    let before = world.state();
    let report = run(&approved, &mut world);
    assert_eq!(world.state(), before);
    assert!(report.items.iter().all(|i| matches!(i.outcome, ItemOutcome::Refused { .. })), "{report:?}");
    assert_eq!(world.refusals.len(), report.items.len());
}

#[test]
fn an_unknown_probe_takes_no_arm() {
    let (plan, approved, mut world) = desk();
    world.faults.unknown_probes = true;
    let report = run(&approved, &mut world);
    assert!(world.drafts.is_empty());
    for (item, said) in plan.items.iter().zip(&report.items) {
        let asks = item.steps.iter().any(|s| matches!(s.effect, Change::Choose { .. }));
        assert_eq!(asks, matches!(said.outcome, ItemOutcome::NeedsPerson { .. }), "{said:?}");
    }
    // Once it can be answered, the same yes finishes the rest.
    world.restart();
    assert!(run(&approved, &mut world).complete());
    assert_eq!(world.drafts.len(), 2);
}

#[test]
fn a_tracker_that_somebody_else_works_on_is_left_alone() {
    let (plan, approved, mut world) = desk();
    world.faults.busy = Some(plan.items[0].subject.clone());
    let report = run(&approved, &mut world);
    assert!(matches!(report.items[0].outcome, ItemOutcome::Refused { .. }), "{report:?}");
    assert!(report.items[1..].iter().all(|i| i.outcome == ItemOutcome::Applied), "{report:?}");
    assert!(world.log.iter().all(|(k, _)| k.subject != plan.items[0].subject));
}
