//! G5: mail is never sent.

use std::collections::BTreeSet;

use desk::plan::effect::Change;
use proptest::prelude::*;
use testkit::case::scenes;

use super::*;

const EFFECTS: &str = include_str!("../../src/plan/effect.rs");
const PORTS: &str = include_str!("../../src/plan/ports.rs");

/// The names an effect can have, read from the one place that gives them.
fn names() -> BTreeSet<&'static str> {
    let table = EFFECTS.split("fn name(&self)").nth(1).unwrap().split("\n    }\n").next().unwrap();
    table.lines().filter_map(|l| l.split_once("=> \"")).map(|(_, n)| n.trim_end_matches("\",")).collect()
}

#[test]
fn no_effect_and_no_port_sends() {
    let names = names();
    assert!(names.len() >= 16 && names.contains("mail-draft"), "{names:?}");
    let mail: Vec<&&str> = names.iter().filter(|n| n.contains("mail") || n.contains("letter")).collect();
    assert_eq!(mail, [&"mail-draft"]);
    // Comments on the tracker and records at the authority are no mail.
    let other = ["post-marked", "publish-record"];
    for word in ["send", "deliver", "submit", "smtp", "post", "publish"] {
        assert!(
            !names.iter().any(|n| n.contains(word) && !other.contains(n)),
            "an effect is called `{word}`"
        );
        assert!(!PORTS.contains(&format!("fn {word}")), "a port can `{word}`");
    }
}

proptest! {
    #![proptest_config(Cases { cases: 12, ..few() })]

    #[test]
    fn words_for_people_outside_go_into_drafts_only(spec in scenes(false)) {
        let (plan, world, _) = import(&spec.build());
        let known = names();
        let mut letters = 0;
        for item in &plan.items {
            for e in item.effects() {
                prop_assert!(known.contains(e.name()));
                letters += usize::from(matches!(e, Change::MailDraft { .. }));
            }
        }
        prop_assert!(world.drafts.len() <= letters);
        for d in &world.drafts {
            prop_assert!(d.message_id.ends_with("@lantern.example"), "{}", d.message_id);
        }
    }
}
