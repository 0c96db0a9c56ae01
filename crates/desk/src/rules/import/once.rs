//! What is judged once for a thread, however many replies it has: somebody who answers a mail ten thousand times must
//! not make the desk read that mail ten thousand times.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use super::{
    class::{Class, ClassifyInput, Fate, TrackerSummary},
    cue::Signal,
    features::{self, Features},
    follow_up::{self, Holders, places},
    injection,
    reject::{self, RejectCheck},
    text::Doc,
};
use crate::{mail::Message, rules::vocabulary::patterns as vocabulary};

/// The judgements that all messages of one thread share. Made for one thread, roster, configuration and list of
/// trackers; with others it would tell of the wrong ones.
#[derive(Debug, Default)]
pub struct Once {
    pub(super) settled: OnceCell<Option<Vec<Signal>>>,
    /// Class, signals and special fate of the root, judged for a reply that has nothing to say.
    pub(super) decided: OnceCell<(Class, Vec<Signal>, Option<Fate>)>,
    /// Fate of the root, without and with a public fix of the flaw.
    fates: [OnceCell<Fate>; 2],
    root: OnceCell<(Doc, Features)>,
    opened: OnceCell<TrackerSummary>,
    injection: OnceCell<Vec<Signal>>,
    rejects: RefCell<BTreeMap<Class, RejectCheck>>,
    holders: OnceCell<Holders>,
    known: RefCell<BTreeMap<(Option<usize>, bool), Known>>,
}

/// What a tracker and the root of the thread say already.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub classes: BTreeSet<&'static str>,
    pub places: BTreeSet<String>,
    /// How many more places are looked for.
    pub left: usize,
}

impl Once {
    /// The root as the rules read it.
    pub(super) fn root(&self, root: &Message) -> &(Doc, Features) {
        self.root.get_or_init(|| {
            let doc = Doc::new(root);
            let f = features::of(root, &doc);
            (doc, f)
        })
    }

    /// The tracker that the root would open.
    pub(super) fn opened(&self, root: &Message) -> &TrackerSummary {
        self.opened.get_or_init(|| TrackerSummary {
            title: root.subject.clone(),
            body: root.text.clone(),
            ..TrackerSummary::default()
        })
    }

    /// What becomes of the root.
    pub(super) fn fate(&self, public_fix: bool, judge: impl FnOnce() -> Fate) -> Fate {
        let [without, with] = &self.fates;
        *if public_fix { with } else { without }.get_or_init(judge)
    }

    /// Attempts of the root to direct its reader.
    pub(super) fn injection(&self, root: &Message) -> &[Signal] {
        self.injection.get_or_init(|| injection::detect(root))
    }

    /// The reject-class check of the root, for that class.
    pub(super) fn reject(&self, class: Class, root: &Message, doc: &Doc, f: &Features) -> RejectCheck {
        let mut known = self.rejects.borrow_mut();
        known.entry(class).or_insert_with(|| reject::check(class, root, doc, f)).clone()
    }

    /// Which tracker holds which message.
    pub(super) fn holders(&self, input: &ClassifyInput<'_>) -> &Holders {
        self.holders.get_or_init(|| Holders::new(input.trackers, input.thread))
    }

    /// What the tracker of a tie says, and the root of the thread where `with_root`.
    pub(super) fn known(
        &self,
        tie: &follow_up::Tie<'_>,
        input: &ClassifyInput<'_>,
        with_root: bool,
    ) -> Known {
        let tracker = input.trackers.iter().position(|t| std::ptr::eq(t, tie.tracker));
        let mut all = self.known.borrow_mut();
        let read = || {
            let mut text = format!("{}\n{}", tie.tracker.title, tie.tracker.body);
            if let Some(root) = input.thread.root().filter(|_| with_root) {
                text.push_str(&self.root(root).0.everything());
            }
            let (places, left) = places(&text, follow_up::PLACES);
            Known { classes: vocabulary::classes(&text), places, left }
        };
        all.entry((tracker, with_root)).or_insert_with(read).clone()
    }
}

/// Counts the bytes that the rules read, for tests: work is counted, never timed.
#[cfg(test)]
pub(super) mod effort {
    use std::cell::Cell;

    thread_local!(static READ: Cell<usize> = const { Cell::new(0) });

    pub fn add(bytes: usize) {
        READ.set(READ.get() + bytes);
    }

    /// What was read while `work` ran.
    pub fn of(work: impl FnOnce()) -> usize {
        READ.set(0);
        work();
        READ.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Case, Fact, Source},
        mail::{ContentDigest, MessageKey},
        people::Roster,
        plan::Fate as Stored,
        reply::Library,
        rules::import::{
            propose::{self, InboxMessage, InboxThread, Overrides, Scene},
            samples::{config, mail, now},
        },
        tracker::TrackerKey,
    };

    const REPORT: &str = "I found an SQL injection in api/search.py.\n\n1. Log in.\n2. curl 'https://h/api/search?order=x'\n\nAn attacker can read the whole database.\n";
    const COURTESY: &str = "Thanks, understood.\n";
    const ANOTHER: &str = "I found another vulnerability: stored XSS in web/render.js.\n\nSteps to reproduce:\n1. Post <script>alert(1)</script>.\n\nAn attacker can steal the session of any user.\n";
    const REFUSAL: &str = "An authenticated user who does that is not considered a security vulnerability, see our security model.\n";

    /// The bytes read while a thread with that many replies is planned.
    fn effort_of(replies: usize, text: &str, from: &str, tracked: bool) -> usize {
        let at = "2026-02-01T00:00:00Z";
        let message = |n: usize, from: &str, text: &str| {
            let mut m = mail(&format!("m{n}@lab.example"), from, "SQL injection in search", text, at);
            m.key = MessageKey { digest: ContentDigest(format!("{n:064x}")), ..m.key };
            if n > 0 {
                m.in_reply_to = vec![format!("m{}@lab.example", n - 1)];
            }
            InboxMessage { message: m, fate: Stored::Waiting, clash: false, source: "t".into() }
        };
        // A long root, so that reading it again for every reply would show.
        let root = format!("{REPORT}{}", "The value is passed on without a check.\n".repeat(200));
        let mut messages = vec![message(0, "rep@lab.example", &root)];
        messages.extend((1..=replies).map(|n| message(n, from, text)));
        let mut case = Case::default();
        case.tracker.key = TrackerKey("t-1".into());
        case.tracker.title = "SQL injection in search".into();
        case.tracker.body = format!("{root}\nThread: `m0@lab.example`\n");
        let tracker = tracked.then(|| case.tracker.key.clone());
        let thread = InboxThread { id: "m0@lab.example".into(), tracker, messages };
        let scene = Scene {
            threads: vec![thread],
            cases: if tracked { vec![case] } else { Vec::new() },
            told: Vec::new(),
            changes: Fact::Absent(Source("test".into())),
            earlier: Fact::Absent(Source("test".into())),
        };
        let (config, roster) = (config(), Roster::from_config(&config()));
        effort::of(|| {
            let plan = propose::plan(&scene, &config, &roster, Library::builtin(), &Overrides::new(), now());
            assert!(!plan.items.is_empty());
        })
    }

    #[test]
    fn a_thread_of_many_replies_costs_as_much_as_its_texts() {
        for (name, text, from, tracked) in [
            ("courtesies", COURTESY, "rep@lab.example", false),
            ("new flaws", ANOTHER, "rep@lab.example", false),
            ("the team's words", REFUSAL, "ann@widget.example.org", false),
            ("replies on a tracked thread", COURTESY, "rep@lab.example", true),
            ("new flaws on a tracked thread", ANOTHER, "rep@lab.example", true),
        ] {
            let [few, many] = [8, 40].map(|n| effort_of(n, text, from, tracked));
            // What each reply adds is its own text, read a few times; the root alone is 8 KB.
            let each = (many - few) / 32;
            assert!(few > 0 && each <= 8 * text.len() + 64, "{name}: {each} bytes for each reply");
        }
    }
}
