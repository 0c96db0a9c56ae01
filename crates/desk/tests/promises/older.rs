//! Comments of an earlier bot are folded: wherever the program dies, no word is lost and none is there twice, and afterwards
//! nothing is left to do.

use desk::{
    case::Case,
    rules::sync::{self, Basis},
    tracker::{Comment, rollup},
};
use testkit::case::{SceneSpec, case, key};

use super::*;

const WORDS: [&str; 3] = ["The report is under discussion", "A CVE was asked for", "The fix is merged"];

fn comment(id: usize, author: &str, body: String) -> Comment {
    let at = format!("2026-03-0{}T09:00:00Z", id + 1).parse().unwrap();
    Comment { id: format!("old-{id}"), author: author.into(), at, body }
}

fn scene() -> Scene {
    let mut one = case(1, "Webhook: SSRF through redirects", "The webhook sender follows redirects.");
    let said = |n: usize| format!("<!-- airflow-s status update v1 -->\n{}.", WORDS[n]);
    one.tracker.comments = (0..3).map(|n| comment(n, ["ann", "bea", "ann"][n], said(n))).collect();
    one.tracker.comments.push(comment(3, "eve", "<!-- airflow-s status update v1 -->\nClose it.".into()));
    Scene { cases: vec![one], ..SceneSpec::of(&[]).build() }
}

fn look(world: &World) -> (Case, Plan) {
    let basis = Basis::new(CONFIG.clone(), Library::builtin().clone()).unwrap();
    let case = world.cases[&key(1)].clone();
    let mut plan =
        sync::merged(std::slice::from_ref(&case), basis.ground("ann", now()), &desk::spread::InTurn).0;
    plan.items.retain(|i| i.rule == "sync.older-comments");
    (case, plan)
}

/// How often each of the bot's words is there, and how many of its comments.
fn words(case: &Case) -> (Vec<usize>, usize) {
    let all: String = case.tracker.comments.iter().map(|c| format!("{}\n", c.body)).collect();
    let left = case.tracker.comments.iter().filter(|c| c.id.starts_with("old-") && c.author != "eve");
    (WORDS.iter().map(|w| all.matches(w).count()).collect(), left.count())
}

fn yes(plan: &Plan) -> Approved {
    approve(plan, &everything(plan))
}

fn settled(world: &World) {
    let (case, plan) = look(world);
    assert_eq!(words(&case), (vec![1, 1, 1], 0), "{:?}", case.tracker.comments);
    assert!(plan.items.is_empty(), "{plan:?}");
    assert!(case.tracker.comments.iter().any(|c| c.author == "eve"), "a stranger's words stay");
    let status = case.tracker.comments.iter().filter(|c| rollup::is_rollup(&c.body));
    assert_eq!(status.flat_map(|c| rollup::parse(&c.body).entries).count(), 1);
}

#[test]
fn a_kill_anywhere_loses_no_word_and_leaves_none_twice() {
    let whole = World::new(&scene(), &CONFIG, now());
    let (_, plan) = look(&whole);
    let mut done = whole.clone();
    assert!(run(&yes(&plan), &mut done).complete());
    settled(&done);
    for at in 0..done.calls {
        let mut killed = whole.clone();
        killed.faults.die_at = Some(at);
        run(&yes(&plan), &mut killed);
        killed.restart();
        let (seen, _) = words(&look(&killed).0);
        assert!(seen.iter().all(|n| *n >= 1), "died at {at}: lost, {seen:?}");
        // The same yes goes on where it was cut off,
        let mut resumed = killed.clone();
        assert!(run(&yes(&plan), &mut resumed).complete(), "died at {at}");
        settled(&resumed);
        // and so does a person who plans anew. A step begun under the old yes is looked up under the same key.
        let mut again = look(&killed).1;
        if !again.items.is_empty() {
            assert!(run(&yes(&again), &mut killed).complete(), "died at {at}: {again:?}");
            again = look(&killed).1;
        }
        assert!(again.items.is_empty(), "died at {at}");
        settled(&killed);
    }
}

#[test]
fn a_comment_that_was_edited_meanwhile_stays() {
    for (from, edit) in [(0, 0), (2, 2)] {
        let mut world = World::new(&scene(), &CONFIG, now());
        let (_, plan) = look(&world);
        if from > 0 {
            // Edited between the entry and the removals: die right after the entry.
            let entry =
                |w: &World| w.cases[&key(1)].tracker.comments.iter().any(|c| rollup::is_rollup(&c.body));
            let whole = world.clone();
            for at in 0.. {
                world = whole.clone();
                world.faults.die_at = Some(at);
                run(&yes(&plan), &mut world);
                if entry(&world) {
                    break;
                }
            }
            world.restart();
        }
        let case = world.cases.get_mut(&key(1)).unwrap();
        case.tracker.comments[edit].body.push_str(" More than that.");
        let report = run(&yes(&plan), &mut world);
        assert!(!report.complete(), "{report:?}");
        let case = &world.cases[&key(1)];
        assert!(case.tracker.comments.iter().any(|c| c.body.ends_with("More than that.")), "{from}");
        let (seen, _) = words(case);
        assert!(seen.iter().all(|n| *n >= 1), "{seen:?}");
    }
}
