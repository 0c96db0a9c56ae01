//! G3: nothing is lost, nothing happens twice.

use std::collections::BTreeMap;

use desk::{
    plan::{Fate, ItemNo, effect::Change},
    reply::ReplyId,
    rules::import::propose::Override,
};
use proptest::prelude::*;
use testkit::case::{SceneSpec, ThreadSpec, scenes};

use super::*;

/// Which items decide each message, and whether every way through them decides it once.
fn deciders(plan: &Plan) -> BTreeMap<String, Vec<ItemNo>> {
    let mut out: BTreeMap<String, Vec<ItemNo>> = BTreeMap::new();
    for item in &plan.items {
        let mut per_path: Vec<Vec<String>> = Vec::new();
        for path in paths(&item.steps) {
            let mut set: Vec<String> = path
                .iter()
                .filter_map(|e| match e {
                    Change::SetFate { message, to } => {
                        assert!(!to.undecided(), "{message} would stay undecided");
                        Some(message.digest.0.clone())
                    }
                    _ => None,
                })
                .collect();
            set.sort();
            per_path.push(set);
        }
        assert!(per_path.windows(2).all(|w| w[0] == w[1]), "the arms of {} differ in fates", item.headline);
        for digest in per_path.pop().unwrap_or_default() {
            out.entry(digest).or_default().push(item.n);
        }
    }
    out
}

fn undecided(scene: &Scene) -> Vec<String> {
    let all = scene.threads.iter().flat_map(|t| &t.messages).filter(|m| m.fate.undecided());
    all.map(|m| m.message.key.digest.0.clone()).collect()
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn every_undecided_message_is_decided_by_exactly_one_item(
        spec in scenes(true),
        said in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8), 0..3),
    ) {
        let scene = spec.build();
        let natural = plan(&scene);
        let mut overrides = Overrides::new();
        for (which, what) in said {
            if natural.items.is_empty() {
                continue;
            }
            let item = which.get(&natural.items);
            let what = match what {
                0 => Override::Skip { by: "ann".into() },
                1 => Override::Canned(ReplyId::NotVulnerability),
                2 => Override::PublicFix(vec!["https://forge.example/lantern/pull/7".into()]),
                _ => Override::Import("title: A better title".into()),
            };
            overrides.insert(item.subject.clone(), what);
        }
        let plan = plan_said(&scene, &overrides);
        let deciders = deciders(&plan);
        let mut all = undecided(&scene);
        all.sort();
        prop_assert_eq!(deciders.keys().cloned().collect::<Vec<_>>(), all);
        for (message, items) in &deciders {
            prop_assert!(items.len() == 1, "{} is decided by {:?}", message, items);
        }
        // What a person says about an item moves no other item.
        let at = |p: &Plan| p.items.iter().map(|i| (i.n, i.subject.clone())).collect::<Vec<_>>();
        prop_assert_eq!(at(&natural), at(&plan));
        prop_assert!(propose::duplicate_subjects(&plan).is_empty());
        for i in &plan.items {
            let here = i.after.iter().all(|a| *a < i.n);
            prop_assert!(here, "item {} comes before one that it needs", i.n);
        }
        // A bare `all` can be approved as it is.
        prop_assert_eq!(approvable(&plan, desk::plan::Item::is_default), plan.defaults());
        for (subject, what) in &overrides {
            let item = plan.items.iter().find(|i| i.subject == *subject).unwrap();
            if let Override::Skip { .. } = what {
                let skipped = item.effects().iter().all(|e| matches!(e, Change::SetFate { to: Fate::Skipped { .. }, .. }));
                prop_assert!(skipped || item.headline.starts_with("Bookkeeping"), "{} was not skipped", item.headline);
            }
        }
    }

    #[test]
    fn after_a_full_apply_nothing_is_left_to_do(spec in scenes(true)) {
        let (plan, mut world, _) = import(&spec.build());
        let blocked: Vec<&str> =
            plan.items.iter().filter(|i| i.blocked.is_some()).map(|i| i.subject.as_str()).collect();
        let again = super::plan(&world.scene());
        for item in &again.items {
            prop_assert!(blocked.contains(&item.subject.as_str()), "planned again: {item:?}");
        }
        for (key, times) in world.times() {
            prop_assert!(times == 1, "{key} was made {times} times");
        }
        // A second apply of the same yes changes nothing.
        let items = everything(&plan);
        if !items.is_empty() {
            let before = world.state();
            run(&approve(&plan, &items), &mut world);
            prop_assert_eq!(before, world.state());
        }
    }
}

fn crash_scenes() -> Vec<SceneSpec> {
    vec![
        SceneSpec::of(&["sqli"]),
        SceneSpec::of(&["media"]),
        SceneSpec::of(&["sqli", "sqli-twin"]),
        SceneSpec::of(&["sqli", "traversal"]),
        SceneSpec {
            threads: vec![
                ThreadSpec { tracked: Some(1), ..ThreadSpec::new("relayed") }.replies(&["more", "thanks"]),
            ],
            cases: 2,
            told: false,
            changes: false,
        },
    ]
}

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_next() {
    for spec in crash_scenes() {
        let scene = spec.build();
        let plan = plan(&scene);
        let approved = approve(&plan, &everything(&plan));
        let mut whole = World::new(&scene, &CONFIG, now());
        let report = run(&approved, &mut whole);
        assert!(report.complete(), "{report:?}");
        assert!(whole.calls > 10);
        for at in 0..whole.calls {
            let mut world = World::new(&scene, &CONFIG, now());
            world.faults.die_at = Some(at);
            assert!(!run(&approved, &mut world).complete() || at + 1 == whole.calls, "nothing died at {at}");
            world.restart();
            let report = run(&approved, &mut world);
            assert!(report.complete(), "died at {at}: {report:?}");
            assert_eq!(world.state(), whole.state(), "died at {at}");
            assert!(world.times().values().all(|n| *n == 1), "died at {at}: {:?}", world.times());
        }
    }
}

#[test]
fn a_run_that_dies_twice_is_finished_too() {
    let scene = SceneSpec::of(&["media"]).build();
    let plan = plan(&scene);
    let approved = approve(&plan, &everything(&plan));
    let mut whole = World::new(&scene, &CONFIG, now());
    run(&approved, &mut whole);
    for first in 0..whole.calls {
        for second in (0..whole.calls).step_by(3) {
            let mut world = World::new(&scene, &CONFIG, now());
            for at in [first, second] {
                world.calls = 0;
                world.faults.die_at = Some(at);
                run(&approved, &mut world);
                world.restart();
            }
            run(&approved, &mut world);
            assert_eq!(world.state(), whole.state(), "died at {first}, then at {second}");
            assert!(world.times().values().all(|n| *n == 1));
        }
    }
}

/// A draft that waits in the folder is not written a second time, also when the run dies in the arm that says so.
#[test]
fn the_arm_that_was_begun_is_the_arm_that_is_finished() {
    let scene = SceneSpec::of(&["media"]).build();
    let plan = plan(&scene);
    let approved = approve(&plan, &everything(&plan));
    let mut start = World::new(&scene, &CONFIG, now());
    start.drafts.push(testkit::world::DraftMail {
        surface: "reporter",
        thread: scene.threads[0].id.clone(),
        to: vec![],
        subject: "Re: by hand".into(),
        body: "I wrote this myself.".into(),
        message_id: "hand@lantern.example".into(),
    });
    let mut whole = start.clone();
    run(&approved, &mut whole);
    assert_eq!(whole.drafts.len(), 1);
    for at in 0..whole.calls {
        let mut world = start.clone();
        world.faults.die_at = Some(at);
        run(&approved, &mut world);
        world.restart();
        // Meanwhile the person sent their draft, and the folder is empty.
        world.drafts.clear();
        let begun = !world.journal.is_empty();
        run(&approved, &mut world);
        assert_eq!(world.drafts.is_empty(), begun, "died at {at}");
    }
}

#[test]
fn several_reports_of_one_person_get_one_receipt_and_each_alone_gets_its_own() {
    let scene = SceneSpec::of(&["sqli", "traversal"]).build();
    let plan = plan(&scene);
    let (first, second) = (ItemNo(1), ItemNo(2));
    for (items, drafts) in [(vec![first, second], 1), (vec![first], 1), (vec![second], 1)] {
        let mut world = World::new(&scene, &CONFIG, now());
        let report = run(&approve(&plan, &items.iter().copied().collect()), &mut world);
        assert!(report.complete(), "{report:?}");
        assert_eq!(world.drafts.len(), drafts, "{items:?}");
    }
}

/// What a word about one item of a plan does to the others.
fn said_about(plan: &Plan, scene: &Scene, n: usize, what: Override) -> Plan {
    plan_said(scene, &Overrides::from([(plan.items[n].subject.clone(), what)]))
}

#[test]
fn bookkeeping_is_one_item_and_skipping_it_skips_all_of_it() {
    let scene = SceneSpec::of(&["bookkeeping", "bookkeeping", "sqli"]).build();
    let natural = plan(&scene);
    assert_eq!(natural.items.len(), 2, "{:?}", natural.items);
    let said = said_about(&natural, &scene, 1, Override::Canned(ReplyId::NotVulnerability));
    assert_eq!(natural.items, said.items, "several messages of a machine have no one answer");
    let skipped = said_about(&natural, &scene, 1, Override::Skip { by: "ann".into() });
    let fates = skipped.items[1].effects();
    assert_eq!(fates.len(), 2);
    assert!(fates.iter().all(|e| matches!(e, Change::SetFate { to: Fate::Skipped { .. }, .. })), "{fates:?}");
}

#[test]
fn a_scan_keeps_its_answer_when_a_reply_to_it_opened_the_tracker() {
    let spec = SceneSpec {
        threads: vec![ThreadSpec::new("scanner").replies(&["another-flaw"])],
        ..SceneSpec::of(&[])
    };
    let scene = spec.build();
    let natural = plan(&scene);
    let answers =
        |p: &Plan| p.items.iter().find(|i| i.headline.starts_with("Reply `automated_scan`")).cloned();
    let answer = answers(&natural).expect("the scan is answered");
    // Only the tracker is confirmed, the answer waits for another day.
    let others = everything(&natural).into_iter().filter(|n| *n != answer.n).collect();
    let mut world = World::new(&scene, &CONFIG, now());
    run(&approve(&natural, &others), &mut world);
    let again = plan(&world.scene());
    assert_eq!(answers(&again).map(|i| i.subject), Some(answer.subject), "{:?}", again.items);
}
