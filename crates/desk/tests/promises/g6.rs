//! G6: the same facts give the same plan.

use desk::{
    case::Fact,
    plan::{Fate, digest},
    rules::import::propose::ToldFact,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use testkit::case::{SceneSpec, ThreadSpec, changes, scenes};

use super::*;

proptest! {
    #![proptest_config(few())]

    #[test]
    fn the_same_facts_in_any_order_give_the_same_bytes(spec in scenes(true), turn in 0..4usize) {
        let scene = spec.build();
        let first = plan(&scene);
        let mut turned = scene.clone();
        turned.threads.reverse();
        turned.cases.reverse();
        turned.told.reverse();
        let n = turned.threads.len();
        turned.threads.rotate_left(turn % n.max(1));
        let n = turned.cases.len();
        turned.cases.rotate_left(turn % n.max(1));
        if let Fact::Known(changes, ..) = &mut turned.changes {
            changes.reverse();
        }
        prop_assert_eq!(digest::canonical(&first), digest::canonical(&plan(&scene)));
        prop_assert_eq!(digest::canonical(&first), digest::canonical(&plan(&turned)));

        // When it was made is no part of it, nor is when the facts were seen.
        let mut later = first.clone();
        later.made += SignedDuration::from_hours(1);
        prop_assert_eq!(first.digest(), later.digest());
        if let Fact::Known(_, _, seen) = &mut turned.changes {
            seen.at += SignedDuration::from_hours(1);
        }
        let an_hour_later = now() + SignedDuration::from_hours(1);
        let again = propose::plan(&turned, &CONFIG, &ROSTER, Library::builtin(), &Overrides::new(), an_hour_later);
        prop_assert_eq!(first.digest(), again.digest());

        // Every item has a rule and evidence, and says what becomes of it.
        for i in &first.items {
            prop_assert!(!i.rule.is_empty() && !i.headline.is_empty());
            prop_assert!(i.why.iter().any(|e| !e.rule.is_empty()), "{} has no reason", i.headline);
        }
    }
}

#[test]
fn a_change_of_any_fact_changes_the_fingerprint() {
    let spec = SceneSpec {
        threads: vec![
            ThreadSpec::new("sqli").replies(&["thanks"]),
            ThreadSpec { tracked: Some(0), ..ThreadSpec::new("xss") }.replies(&["more"]),
        ],
        cases: 2,
        told: true,
        changes: true,
    };
    type Touch = fn(&mut Scene);
    let touches: [(&str, Touch); 14] = [
        ("a message's content", |s| s.threads[0].messages[0].message.key.digest.0.push('0')),
        ("a message's id", |s| s.threads[0].messages[0].message.key.id.push('0')),
        ("a fate", |s| s.threads[0].messages[0].fate = Fate::Held { why: "look".into() }),
        ("the reason of a hold", |s| s.threads[0].messages[1].fate = Fate::Held { why: "x".into() }),
        ("a message more", |s| {
            let m = s.threads[0].messages[0].clone();
            s.threads[1].messages.push(m);
        }),
        ("a message less", |s| drop(s.threads[0].messages.pop())),
        ("a thread's id", |s| s.threads[0].id.push('x')),
        ("a thread's tracker", |s| s.threads[0].tracker = Some(testkit::case::key(2))),
        ("a tracker's revision", |s| s.cases[0].revision += 1),
        ("a tracker less", |s| drop(s.cases.pop())),
        ("who was told", |s| s.told.push(ToldFact { event: "rejected".into(), ..s.told[0].clone() })),
        ("what was asked", |s| s.told[0].asked_credit = false),
        ("a public change", |s| match &mut s.changes {
            Fact::Known(c, ..) => c[1].title.push_str(", again"),
            _ => panic!("changes are known here"),
        }),
        ("whether changes are known", |s| s.changes = Fact::Unknown("no clone".into())),
    ];
    let facts = plan(&spec.build()).facts;
    let mut seen = std::collections::BTreeSet::from([facts]);
    for (name, touch) in touches {
        let mut scene = spec.build();
        touch(&mut scene);
        assert!(seen.insert(plan(&scene).facts), "{name} does not change the fingerprint");
    }
    assert!(changes().known().is_some());
}
