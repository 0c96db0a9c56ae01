//! G1: nothing happens without a yes.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    confidential::{Draft, Slot, SlotValue},
    people::Role,
    plan::{
        Approval, ApprovalError, Approved, Group, Item, ItemNo, Plan, Precondition, Step, StepKey,
        effect::Change,
    },
    tracker::TrackerKey,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::Value;
use testkit::{
    case::{SceneSpec, actor, case, now, scenes},
    world::{World, shape_approved},
};

use super::*;

proptest! {
    #![proptest_config(few())]

    #[test]
    fn whatever_is_made_is_a_step_of_an_approved_item_in_the_approved_bytes(
        spec in scenes(true), mask in any::<u32>(),
    ) {
        let scene = spec.build();
        let plan = plan(&scene);
        let items = approvable(&plan, |i| mask >> (i.n.0 % 32) & 1 == 1);
        if items.is_empty() {
            return Ok(());
        }
        let mut world = World::new(&scene, &CONFIG, now());
        let before = world.clone();
        run(&approve(&plan, &items), &mut world);

        let approved: Vec<&Item> = plan.items.iter().filter(|i| items.contains(&i.n)).collect();
        let mut steps_of = BTreeMap::new();
        for item in &approved {
            for s in steps(&item.steps) {
                steps_of.entry(&s.key).or_insert_with(Vec::new).push((item, s));
            }
        }
        for (key, made) in &world.log {
            let Some(candidates) = steps_of.get(key) else {
                return Err(TestCaseError::fail(format!("{key} is no step of an approved item")));
            };
            let same = candidates.iter().any(|(item, s)| {
                let slots = world
                    .filled(&item.subject)
                    .with(SlotValue::new(Slot::Approver, "ann").unwrap())
                    .with(SlotValue::date("2026-03-20".parse().unwrap()));
                shape_approved(&s.effect, &slots) == *made
            });
            prop_assert!(same, "{key} was made in other words: {made}");
        }
        // Trackers and messages of no approved item are as they were.
        let touched: BTreeSet<&TrackerKey> =
            approved.iter().flat_map(|i| i.effects()).filter_map(|e| e.tracker()).collect();
        for (key, case) in &before.cases {
            prop_assert!(touched.contains(key) || world.cases.get(key) == Some(case), "{key} changed");
        }
        let decided: BTreeSet<&str> = approved.iter().flat_map(|i| i.effects()).filter_map(|e| match e {
            Change::SetFate { message, .. } => Some(message.digest.0.as_str()),
            _ => None,
        }).collect();
        for (digest, fate) in before.fates() {
            prop_assert!(decided.contains(digest.as_str()) || world.fates()[&digest] == fate);
        }
    }
}

fn step(name: &str, effect: desk::plan::Effect) -> Step {
    Step { key: StepKey::new("t-0000000000000001", "test", name, "x"), effect, requires: vec![] }
}

fn item(n: u32, steps: Vec<Step>) -> Item {
    Item {
        n: ItemNo(n),
        rule: "test".into(),
        subject: "t-0000000000000001".into(),
        headline: "Say it".into(),
        details: vec![],
        why: vec![],
        steps,
        after: vec![],
        needs: vec![],
        group: Group::Proposed,
        blocked: None,
        notices: vec![],
        next: String::new(),
    }
}

fn plan_of(items: Vec<Item>) -> Plan {
    Plan { items, ..Plan::new("test", "config".into(), "facts".into(), now()) }
}

fn scene_with(case: desk::case::Case) -> Scene {
    Scene { cases: vec![case], ..SceneSpec::of(&[]).build() }
}

#[test]
fn slots_are_filled_by_type_and_nothing_else_changes() {
    let tracker = testkit::case::key(1);
    let text = Draft::text("On ")
        .push_slot(Slot::Date)
        .push_text(" @")
        .push_slot(Slot::Approver)
        .push_text(" looked at ")
        .push_slot(Slot::TrackerRef)
        .push_text(": ⟨CVE id⟩ {\"slot\":\"cve-id\"} stays.");
    let plan = plan_of(vec![item(1, vec![step("say", Change::Comment { tracker: tracker.clone(), text })])]);
    let mut world = World::new(&scene_with(case(1, "T", "D")), &CONFIG, now());
    let report = run(&approve(&plan, &BTreeSet::from([ItemNo(1)])), &mut world);
    assert!(report.complete(), "{report:?}");
    let said = &world.cases[&tracker].tracker.comments[0].body;
    assert_eq!(said, "On 2026-03-20 @ann looked at desk#1: ⟨CVE id⟩ {\"slot\":\"cve-id\"} stays.");
}

#[test]
fn a_slot_without_a_verified_value_stops_the_step() {
    let text = Draft::text("The id is ").push_slot(Slot::CveId);
    let comment = Change::Comment { tracker: testkit::case::key(1), text };
    let plan = plan_of(vec![item(1, vec![step("say", comment)])]);
    let mut world = World::new(&scene_with(case(1, "T", "D")), &CONFIG, now());
    let report = run(&approve(&plan, &BTreeSet::from([ItemNo(1)])), &mut world);
    assert!(!report.complete() && world.log.is_empty(), "{report:?}");
}

/// Every leaf of a JSON value changed, one at a time, and every list with an element doubled, dropped or moved.
fn mutations(v: &Value) -> Vec<Value> {
    fn put(root: &Value, path: &[String], new: Value) -> Value {
        let mut out = root.clone();
        let mut at = &mut out;
        for p in path {
            at = match at {
                Value::Array(a) => &mut a[p.parse::<usize>().unwrap()],
                other => other.get_mut(p).unwrap(),
            };
        }
        *at = new;
        out
    }
    fn walk(root: &Value, v: &Value, path: &mut Vec<String>, out: &mut Vec<Value>) {
        match v {
            Value::Null => {}
            Value::Bool(b) => out.push(put(root, path, Value::from(!b))),
            Value::Number(n) => out.push(put(root, path, Value::from(n.as_u64().unwrap_or(0) + 1))),
            Value::String(s) => {
                out.push(put(root, path, Value::from(format!("{s} "))));
                out.push(put(root, path, Value::from(s.chars().skip(1).collect::<String>())));
            }
            Value::Array(a) => {
                if let Some(last) = a.last() {
                    let mut more = a.clone();
                    more.push(last.clone());
                    out.push(put(root, path, Value::Array(more)));
                    out.push(put(root, path, Value::Array(a[..a.len() - 1].to_vec())));
                    let mut turned = a.clone();
                    turned.reverse();
                    out.push(put(root, path, Value::Array(turned)));
                }
                for (i, x) in a.iter().enumerate() {
                    path.push(i.to_string());
                    walk(root, x, path, out);
                    path.pop();
                }
            }
            Value::Object(o) => {
                for (k, x) in o {
                    path.push(k.clone());
                    walk(root, x, path, out);
                    path.pop();
                }
            }
        }
    }
    let mut out = Vec::new();
    walk(v, v, &mut Vec::new(), &mut out);
    out
}

#[test]
fn any_change_of_a_plan_voids_the_yes() {
    let plan = plan(&SceneSpec { cases: 2, ..SceneSpec::of(&["sqli", "media", "spam"]) }.build());
    let items = everything(&plan);
    let approval = approve(&plan, &items).approval().clone();
    let mut tried = 0;
    for json in mutations(&serde_json::to_value(&plan).unwrap()) {
        let Ok(mut changed) = serde_json::from_value::<Plan>(json) else { continue };
        // When it was made, and what stands beside the items, is no part of what is approved.
        changed.made = plan.made;
        changed.notices.clone_from(&plan.notices);
        changed.blockers.clone_from(&plan.blockers);
        if changed == plan {
            continue;
        }
        tried += 1;
        assert_ne!(changed.digest(), plan.digest(), "{changed:?}");
        let bound = Approved::bind(changed, approval.clone(), now());
        assert!(matches!(bound, Err(ApprovalError::Digest { .. } | ApprovalError::Format(_))));
    }
    assert!(tried > 200, "only {tried} changes were tried");
}

#[test]
fn a_yes_that_does_not_fit_is_refused() {
    type Change = fn(&mut Plan, &mut Approval);
    let cases: [(&str, Change); 9] = [
        ("no item", |_, a| a.items.clear()),
        ("unknown item", |_, a| a.items = BTreeSet::from([ItemNo(9)])),
        ("nobody", |_, a| a.actor.handle = " ".into()),
        ("lapsed", |_, a| a.at = now() - SignedDuration::from_hours(25)),
        ("from the future", |_, a| a.at = now() + SignedDuration::from_hours(1)),
        ("blocked", |p, _| p.items[0].blocked = Some("not now".into())),
        ("wrong role", |p, _| p.items[0].needs = vec![Role::Governance, Role::ReleaseManager]),
        ("alone", |p, _| p.items[0].after = vec![ItemNo(2)]),
        ("old format", |p, _| p.format += 1),
    ];
    let comment =
        |n: &str| step(n, super::Change::Comment { tracker: testkit::case::key(1), text: Draft::text("x") });
    for (name, change) in cases {
        let mut plan = plan_of(vec![item(1, vec![comment("a")]), item(2, vec![comment("b")])]);
        let mut approval =
            Approval { plan: String::new(), items: BTreeSet::from([ItemNo(1)]), actor: actor(), at: now() };
        change(&mut plan, &mut approval);
        approval.plan = plan.digest();
        assert!(Approved::bind(plan, approval, now()).is_err(), "{name} was accepted");
    }
    // Any one of the roles will do, and a yes of almost a day still holds.
    let mut plan = plan_of(vec![item(1, vec![comment("a")])]);
    plan.items[0].needs = vec![Role::Governance, Role::Triager];
    let at = now() - SignedDuration::from_hours(23);
    let approval = Approval { plan: plan.digest(), items: BTreeSet::from([ItemNo(1)]), actor: actor(), at };
    assert!(Approved::bind(plan, approval, now()).is_ok());
}

#[test]
fn an_item_waits_for_those_it_comes_after_whatever_their_order() {
    let tracker = testkit::case::key(1);
    let say = |n: &str, requires| Step {
        requires,
        ..step(n, Change::Comment { tracker: tracker.clone(), text: Draft::text(n) })
    };
    let broken = vec![Precondition::TrackerIs { tracker: tracker.clone(), open: false }];
    let late = Item { after: vec![ItemNo(2)], ..item(1, vec![say("late", vec![])]) };
    let plan = plan_of(vec![late, item(2, vec![say("early", broken)])]);
    let mut world = World::new(&scene_with(case(1, "T", "D")), &CONFIG, now());
    run(&approve(&plan, &BTreeSet::from([ItemNo(1), ItemNo(2)])), &mut world);
    assert!(world.log.is_empty(), "{:?}", world.log);
}
