//! G2: nothing leaks.

use desk::{
    confidential::{Draft, Forwarder, Phase, Public, Recipients, Reporter, Slots, Surface, TrackerContext},
    plan::{apply::ItemOutcome, effect::Clearing},
};
use proptest::prelude::*;
use testkit::{
    case::{SECRETS, SceneSpec, cases, scenes},
    mails::hostile,
};

use super::*;

/// The first secret of a scene that a text holds, in plain spelling. Names and addresses are secrets where somebody of
/// that name reported something.
fn leak(text: &str, scene: &Scene) -> Option<&'static str> {
    let text = text.to_lowercase();
    let people: String = scene.cases.iter().map(|c| c.reporter.to_string()).collect();
    let secret = |s: &&str| {
        let person = ["Blackwood", "Greyfield", "quentin@", "wanda@"].iter().any(|p| s.starts_with(p));
        !person || people.contains(*s)
    };
    SECRETS.into_iter().filter(secret).find(|s| text.contains(&s.to_lowercase()))
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn no_letter_holds_a_secret_whatever_the_reports_say(spec in scenes(true)) {
        let scene = spec.build();
        let (plan, world, report) = import(&scene);
        for d in &world.drafts {
            for text in [&d.subject, &d.body] {
                prop_assert!(leak(text, &scene).is_none(), "{:?} in {text}", leak(text, &scene));
            }
            // The private list is among the secrets, the security list in Cc is not.
            let (to, cc) = d.to.split_first().unwrap();
            prop_assert!(cc.iter().all(|a| a == "security@lantern.example"), "{cc:?}");
            prop_assert!(!to.ends_with("@lantern.example"), "{to}");
        }
        for i in &report.items {
            // Whatever the policy would refuse is not proposed, so that no item stops half way.
            prop_assert!(i.outcome == ItemOutcome::Applied, "{i:?}");
        }
        for item in &plan.items {
            let (context, phase) = world.clearing(&item.subject);
            for e in item.effects() {
                // Cleared or refused, never a panic; what is cleared has the approved words.
                let _ = e.clear(Clearing { policy: &POLICY, slots: &Slots::new(), context: &context, phase });
            }
        }
    }
}

fn clears<S: Surface>(text: &str, to: Recipients, context: &TrackerContext) -> bool {
    Phase::ALL
        .into_iter()
        .any(|phase| POLICY.clear(&Draft::<S>::text(text), &Slots::new(), &to, context, phase).is_ok())
}

proptest! {
    #![proptest_config(Cases { cases: 64, ..few() })]

    #[test]
    fn a_text_with_a_secret_is_never_cleared(
        before in prop_oneof![hostile(), "[ -~\n]{0,40}"],
        secret in prop::sample::select(&SECRETS[..]),
        after in "[ -~\n]{0,40}",
    ) {
        let scene = SceneSpec { cases: 4, ..SceneSpec::of(&["sqli"]) }.build();
        let world = World::new(&scene, &CONFIG, now());
        // The letter is about the first tracker, whose reporter has nothing to do with the other secrets.
        let mut first = cases(1).remove(0);
        first.reporter = desk::mail::Address::new("Nadia Ferreira", "nadia@lab.example");
        let mut world = world;
        world.cases.insert(first.tracker.key.clone(), first.clone());
        let (context, _) = world.clearing(&first.tracker.key.0);
        let secret = if secret == "desk#" { "desk#1" } else { secret };
        let text = format!("{before} {secret} {after}");
        prop_assert!(!clears::<Reporter>(&text, Recipients::to("nadia@lab.example"), &context), "{text}");
        let relayed = TrackerContext { forwarder: Some(context.reporter.clone()), ..context.clone() };
        prop_assert!(!clears::<Forwarder>(&text, Recipients::to("nadia@lab.example"), &relayed), "{text}");
        let public = Draft::<Public>::text(text.as_str());
        for phase in [Phase::Intake, Phase::Embargo, Phase::Released, Phase::ClosedNoCve] {
            let cleared = POLICY.clear(&public, &Slots::new(), &Recipients::none(), &context, phase);
            prop_assert!(cleared.is_err(), "{text}");
        }
    }
}
