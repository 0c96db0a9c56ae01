//! The four axes on which two reports are compared, and the grade that follows.

use super::{
    Grade, Why,
    corpus::{Shared, enough_words},
};
use crate::rules::vocabulary::{self, ATTACK_PATHS, BUG_CLASSES, FIX_SHAPES, Topics};

/// The four axes of one comparison (intake page §3, D3).
#[derive(Clone, Debug, Default)]
pub(super) struct Axes {
    /// By place in code.
    pub(super) pointer: bool,
    /// The same door and the same function behind it.
    pub(super) same_spot: bool,
    /// By words only.
    pub(super) named: bool,
    pub(super) class: bool,
    /// Both name a cause, and not the same.
    pub(super) other_cause: bool,
    pub(super) path: bool,
    pub(super) fix: bool,
    pub(super) why: Vec<Why>,
}

impl Axes {
    pub(super) fn of(shared: &Shared, ours: &Topics, theirs: &Topics) -> Self {
        let mut a = Self { pointer: !shared.pointers.is_empty(), ..Self::default() };
        let door = shared.pointers.iter().any(|(_, p)| p.starts_with('/'));
        let function = shared.pointers.iter().any(|(_, p)| !p.contains('/') && p.contains(['.', ':', '#']));
        a.same_spot = door && function;
        let count = |v: &Vec<String>| u16::try_from(v.len()).unwrap_or(u16::MAX);
        let title = count(&shared.title_words);
        // A name is one of the words as well; a second one makes it a component.
        a.named = enough_words(title, title.saturating_add(count(&shared.words))) || shared.names.len() >= 2;
        let (oc, tc) = (ours.causes(), theirs.causes());
        a.other_cause = oc != 0 && tc != 0 && oc & tc == 0;
        let classes = if oc & tc != 0 { oc & tc } else { ours.classes & theirs.classes };
        a.class = classes != 0 && !a.other_cause;
        let (paths, fixes) = (ours.paths & theirs.paths, ours.fixes & theirs.fixes);
        a.path = paths != 0;
        a.fix = fixes != 0;
        if a.pointer {
            // The two or three most specific ones.
            let mut p = shared.pointers.clone();
            p.sort_by_key(|(df, s)| (*df, std::cmp::Reverse(s.len()), s.clone()));
            let names: Vec<String> = p.into_iter().take(3).map(|(_, s)| s).collect();
            a.why.push(Why::new("code-pointer", names.join(", ")));
        }
        if a.named {
            let names: Vec<&str> = shared
                .names
                .iter()
                .chain(&shared.title_words)
                .chain(&shared.words)
                .take(6)
                .map(String::as_str)
                .collect();
            a.why.push(Why::new("component", names.join(", ")));
        }
        if a.class {
            a.why.push(Why::new("bug-class", vocabulary::names(BUG_CLASSES, classes).join(", ")));
        }
        if a.path {
            a.why.push(Why::new("attack-path", vocabulary::names(ATTACK_PATHS, paths.into()).join(", ")));
        }
        if a.fix {
            a.why.push(Why::new("fix-shape", vocabulary::names(FIX_SHAPES, fixes.into()).join(", ")));
        }
        a
    }

    /// The component axis. Where the causes differ, words are only a subsystem, which everything shares.
    pub(super) fn component(&self) -> bool {
        self.pointer || (self.named && !self.other_cause)
    }

    pub(super) fn count(&self) -> usize {
        [self.component(), self.class, self.path, self.fix].into_iter().filter(|a| *a).count()
    }

    pub(super) fn grade(&self, rare_topic: bool) -> Option<Grade> {
        if self.component() && self.class && (self.count() >= 3 || self.same_spot) {
            return Some(Grade::Strong);
        }
        let two = self.count() >= 2 && (self.component() || (self.class && rare_topic));
        (self.pointer || two).then_some(Grade::Medium)
    }
}
