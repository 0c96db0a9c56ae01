//! Every transition says what changed, links the artifact, and says whether the reporter was told (roles guide).

use std::{collections::BTreeSet, sync::LazyLock};

use desk::{
    plan::{Effect, Told, effect::Change},
    rules::by_hand::{self, NewReport, Request},
    tracker::{FieldRole, Headings, LabelNames, LabelRole, TrackerKey},
};
use proptest::prelude::*;
use regex::Regex;
use testkit::{
    case::{cases, scenes},
    mails::hostile,
};

use super::*;

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`+[^`]*`+").unwrap());
static BARE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[^\w/\\&`])#\d").unwrap());

fn bare_number(text: &str) -> bool {
    BARE.is_match(&CODE.replace_all(text, ""))
}

/// The entry on that tracker, and what is wrong with the record of this way through an item.
fn check(path: &[&Effect], written_by_us: bool) -> Result<(), TestCaseError> {
    let touched: BTreeSet<&TrackerKey> = path
        .iter()
        .filter(|e| !matches!(e, Change::AppendEntry { .. }))
        .filter_map(|e| e.tracker())
        .collect();
    for tracker in touched {
        let notes: Vec<_> = path
            .iter()
            .filter_map(|e| match e {
                Change::AppendEntry { tracker: t, note } if t == tracker => Some(note),
                _ => None,
            })
            .collect();
        prop_assert!(notes.len() == 1, "{} entries for {tracker} in {path:?}", notes.len());
        let note = notes[0];
        prop_assert!(!note.headline.preview().trim().is_empty());
        prop_assert!(!note.body.preview().trim().is_empty(), "an entry without what changed");
        let (Told::Notified(t) | Told::NotNeeded(t) | Told::PendingDraft(t) | Told::NotTold(t)) = &note.told;
        prop_assert!(!t.trim().is_empty(), "an entry that does not say why");
        if written_by_us {
            for text in [note.headline.preview(), note.body.preview(), note.next.preview(), t.clone()] {
                prop_assert!(!bare_number(&text), "a bare number in `{text}`");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn every_import_is_recorded_on_its_tracker(spec in scenes(true)) {
        let scene = spec.build();
        let plan = plan(&scene);
        for item in &plan.items {
            for path in paths(&item.steps) {
                check(&path, true)?;
                for e in &path {
                    if let Change::AppendEntry { note, .. } = e {
                        // The artifact of an import is the mail.
                        let ids = scene.threads.iter().flat_map(|t| &t.messages).map(|m| &m.message.key.id);
                        let body = desk::tracker::plain_text(&note.body.preview());
                        prop_assert!(ids.clone().any(|id| body.contains(id.as_str())), "no artifact in `{body}`");
                    }
                    if let Change::MailDraft { .. } = e {
                        // Where a draft is written for a tracker, the entry names it.
                        let told = path.iter().find_map(|e| match e {
                            Change::AppendEntry { note, .. } => Some(&note.told),
                            _ => None,
                        });
                        prop_assert!(told.is_none_or(|t| matches!(t, Told::PendingDraft(id) if !id.is_empty())));
                    }
                }
            }
        }
    }
}

fn request() -> impl Strategy<Value = Request> {
    let label =
        prop::sample::select(LabelRole::ALL).prop_map(|r| LabelNames::new(&CONFIG).name(r).to_owned());
    let disposition = prop::option::of(prop::sample::select(vec![
        LabelRole::Invalid,
        LabelRole::Duplicate,
        LabelRole::Wontfix,
    ]));
    prop_oneof![
        hostile().prop_map(Request::Comment),
        hostile().prop_map(|t| Request::Title(t.replace(['\n', '\r'], " "))),
        (
            prop::sample::select(vec![
                FieldRole::AffectedVersions,
                FieldRole::Severity,
                FieldRole::ReporterCredit
            ]),
            hostile()
        )
            .prop_map(|(f, v)| Request::Field(f, v)),
        (label, any::<bool>()).prop_map(|(l, add)| Request::Label(l, add)),
        prop::option::of("[a-z0-9 .#-]{1,12}").prop_map(Request::Milestone),
        prop::collection::btree_set(prop::sample::select(vec!["ann".to_owned(), "bea".to_owned()]), 0..3)
            .prop_map(Request::Assign),
        any::<bool>().prop_map(|consensus| Request::Claim { consensus }),
        any::<bool>().prop_map(|valid| Request::Assess { valid, scope: String::new() }),
        Just(Request::Release),
        (disposition, hostile()).prop_map(|(d, why)| Request::Close(d, why)),
        Just(Request::Reopen),
    ]
}

proptest! {
    #![proptest_config(Cases { cases: 128, ..few() })]

    #[test]
    fn every_request_by_hand_is_recorded_and_done_once(request in request(), which in 0..4usize) {
        let case = cases(4).remove(which);
        let (headings, labels) = (Headings::new(&CONFIG), LabelNames::new(&CONFIG));
        let desk = by_hand::Desk {
            config: &CONFIG, config_digest: "c", headings: &headings, labels: &labels, actor: "ann", now: now(),
        };
        let Ok(plan) = by_hand::plan(&case, &request, desk) else { return Ok(()) };
        prop_assert_eq!(&plan, &by_hand::plan(&case, &request, desk).unwrap());
        let ours = !matches!(request, Request::Close(..));
        for path in paths(&plan.items[0].steps) {
            check(&path, ours)?;
        }
        let items = everything(&plan);
        if items.is_empty() {
            return Ok(());
        }
        let scene = Scene { cases: vec![case], ..testkit::case::SceneSpec::of(&[]).build() };
        let mut world = World::new(&scene, &CONFIG, now());
        let approved = approve(&plan, &items);
        let report = run(&approved, &mut world);
        if report.complete() {
            let before = world.state();
            prop_assert!(run(&approved, &mut world).complete());
            prop_assert_eq!(before, world.state());
            // Asked for again over the fresh facts, it is there already; a remark may be made twice.
            let now_case = world.cases.values().next().unwrap().clone();
            if let Ok(again) = by_hand::plan(&now_case, &request, desk) {
                let keys = |p: &Plan| p.items[0].steps.iter().map(|s| s.key.clone()).collect::<BTreeSet<_>>();
                prop_assert!(matches!(request, Request::Comment(_)), "{:?} can be done twice", request);
                prop_assert!(keys(&again).is_disjoint(&keys(&plan)));
            }
        } else {
            prop_assert!(world.log.is_empty() || world.log.len() < plan.items[0].steps.len());
        }
    }
}

#[test]
fn a_report_without_mail_is_recorded() {
    let (headings, labels) = (Headings::new(&CONFIG), LabelNames::new(&CONFIG));
    let desk = by_hand::Desk {
        config: &CONFIG,
        config_digest: "c",
        headings: &headings,
        labels: &labels,
        actor: "ann",
        now: now(),
    };
    let report = NewReport {
        title: "Login: tokens in the log".into(),
        text: "The token stands in the log. See #12 and desk#1.".into(),
        via: "phone call with #3".into(),
        credit: Some("Mira".into()),
        forwarder: desk::mail::Address::new("Ann Archer", "ann@lantern.example"),
    };
    let plan = by_hand::plan_new(&report, desk).unwrap();
    for path in paths(&plan.items[0].steps) {
        check(&path, true).unwrap();
    }
    let scene = testkit::case::SceneSpec::of(&[]).build();
    let mut world = World::new(&scene, &CONFIG, now());
    let report = run(&approve(&plan, &everything(&plan)), &mut world);
    assert!(report.complete(), "{report:?}");
}
