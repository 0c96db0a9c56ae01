//! G4: someone always owns the next move.

use desk::{
    case::Case,
    reply::Library,
    rules::{
        stage::{Stage, position},
        sync::{Basis, View},
    },
    tracker::{CloseReason, Comment, FieldRole, LabelNames, LabelRole, State},
};
use jiff::Timestamp;
use proptest::prelude::*;
use testkit::case::{case, with_field};

use super::*;

fn any_case() -> impl Strategy<Value = Case> {
    let labels = prop::collection::vec(prop::sample::select(LabelRole::ALL), 0..5);
    let extra = prop::collection::vec(prop::sample::select(vec!["server", "cli", "no such label", ""]), 0..3);
    let assignees = prop::collection::vec(prop::sample::select(vec!["ann", "bea", "", " "]), 0..3);
    let said = prop::collection::vec((prop::sample::select(vec!["ann", "stranger"]), 0..60i64), 0..3);
    let fields = (any::<bool>(), any::<bool>());
    (labels, extra, assignees, said, fields, 0..3u8, any::<bool>()).prop_map(
        |(labels, extra, assignees, said, (cve, advisory), state, garbage)| {
            let names = LabelNames::new(&CONFIG);
            let mut c = case(1, "A title", "A description");
            c.tracker.labels = labels.iter().map(|r| names.name(*r).to_owned()).collect();
            c.tracker.labels.extend(extra.into_iter().map(str::to_owned));
            c.tracker.assignees = assignees.into_iter().map(str::to_owned).collect();
            if cve {
                let link = "https://cve.foundation.example/cve5/CVE-2026-30009";
                c = with_field(c, FieldRole::CveToolLink, link);
            }
            if advisory {
                c = with_field(c, FieldRole::PublicAdvisoryUrl, "https://lists.example/thread/1");
            }
            if garbage {
                c.tracker.body = "### \n```\n### CVE tool link\n".into();
            }
            for (author, day) in said {
                let at: Timestamp = now() - jiff::SignedDuration::from_hours(24 * day);
                c.tracker.comments.push(Comment { author: author.into(), at, ..Comment::default() });
            }
            c.tracker.state = match state {
                0 => State::Open,
                1 => State::Closed { reason: CloseReason::Completed },
                _ => State::Closed { reason: CloseReason::NotPlanned },
            };
            c
        },
    )
}

proptest! {
    #![proptest_config(Cases { cases: 256, ..few() })]

    #[test]
    fn every_tracker_has_one_stage_one_role_and_a_next_move(case in any_case(), configured in 0..3u8) {
        let mut config = CONFIG.clone();
        if configured < 2 {
            config.roster.duty.clear();
        }
        if configured < 1 {
            config.roster.escalation.clear();
        }
        let basis = Basis::new(config, Library::builtin().clone()).unwrap();
        let ground = basis.ground("ann", now());
        let p = position(&View::new(&case, ground));
        let finished = p.stage.is_finished();
        prop_assert_eq!(p.role.is_none(), p.stage == Stage::Rejected);
        prop_assert!(!p.next.is_empty() && !p.why.is_empty() && p.why.iter().all(|e| !e.text.is_empty()));
        prop_assert!(!finished || !case.tracker.state.is_open(), "{:?} while open", p.stage);
        // Whoever is on the roster owns what nobody else does, so that a move is never nobody's.
        prop_assert!(finished || !p.person.trim().is_empty(), "{:?}", p);
        prop_assert!(!p.why_person.is_empty());
        prop_assert_eq!(position(&View::new(&case, ground)), p);
    }
}

#[test]
fn every_stage_that_is_not_finished_has_a_role() {
    for s in Stage::ALL {
        assert_eq!(s.role().is_none(), s == Stage::Rejected, "{s:?}");
        assert!(!s.next().is_empty() && !s.name().is_empty());
        assert!(s.steps().is_none_or(|(a, b)| a <= b && b <= 16));
    }
}
