//! An answer to a plan over trackers (sync page §14): the same words mean the same at the prompt of `sync` and for
//! `plan approve`. Over several trackers items are counted per tracker: `12:all`, `12:1,3`.

use std::collections::{BTreeMap, BTreeSet};

use desk::plan::{
    Item, ItemNo, Plan,
    confirm::{Action, ConfirmItem, ConfirmRequest, Confirmation, Grammar, TrackerChoice},
};

use crate::app::sync;

/// One item as an answer counts it.
#[derive(Clone, Debug)]
struct Line {
    n: ItemNo,
    tracker: u32,
    at: u32,
    default: bool,
    blocked: bool,
    after: Vec<ItemNo>,
    parts: Vec<String>,
}

/// A plan as an answer sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    lines: Vec<Line>,
}

/// What an answer comes to, in items of the plan.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// To be applied.
    pub apply: BTreeSet<ItemNo>,
    /// Items a person said no to.
    pub refused: BTreeSet<ItemNo>,
    /// Changes: the item and the words.
    pub edits: Vec<(ItemNo, String)>,
    /// Trackers to plan again with what was declined before.
    pub force: BTreeSet<u64>,
    /// Items that stay behind because an item they come after was refused: the item, and that one.
    pub left: Vec<(ItemNo, ItemNo)>,
    /// Words that no item fits.
    pub lost: Vec<String>,
}

impl Asked {
    /// The items of a plan, with the number of the tracker each is about.
    pub fn of(plan: &Plan, number: impl Fn(&str) -> Option<u64>) -> Self {
        let mut count: BTreeMap<u32, u32> = BTreeMap::new();
        let lines = plan.items.iter().map(|i| {
            let tracker = number(&i.subject).and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
            let at = count.entry(tracker).and_modify(|n| *n += 1).or_insert(1);
            Line {
                n: i.n,
                tracker,
                at: *at,
                default: i.is_default(),
                blocked: i.blocked.is_some(),
                after: i.after.clone(),
                parts: parts(i),
            }
        });
        Self { lines: lines.collect() }
    }

    /// Are the items about more than one tracker?
    #[must_use]
    pub fn several(&self) -> bool {
        self.lines.iter().any(|l| self.lines.first().is_some_and(|f| f.tracker != l.tracker))
    }

    /// The number an item is shown and named by.
    #[must_use]
    pub fn shown(&self, n: ItemNo) -> ItemNo {
        let line = self.lines.iter().find(|l| l.n == n && self.several());
        line.map_or(n, |l| ItemNo(l.at))
    }

    /// The item with the numbers it is shown by, those it comes after included.
    #[must_use]
    pub fn numbered(&self, item: &Item) -> Item {
        let after = item.after.iter().map(|a| self.shown(*a)).collect();
        Item { n: self.shown(item.n), after, ..item.clone() }
    }

    /// The question in the words of its grammar: `sync` for one tracker, `bulk` for several. Who names the only tracker all
    /// the same is understood.
    #[must_use]
    pub fn request(&self, reply: String) -> ConfirmRequest {
        let head = reply.trim_start().trim_start_matches('#');
        let digits = head.bytes().take_while(u8::is_ascii_digit).count();
        let named = head.get(digits..).is_some_and(|r| r.trim_start().starts_with(':'))
            && head.get(..digits).and_then(|d| d.parse::<u32>().ok()).is_some_and(|n| {
                self.lines.iter().any(|l| l.tracker == n) && !self.lines.iter().any(|l| l.n.0 == n)
            });
        let lower = reply.trim_start().to_lowercase();
        let forced = ["force-sync ", "force sync "].iter().any(|w| lower.starts_with(w));
        let bulk = self.several() || named || forced;
        let item = |l: &Line| ConfirmItem {
            n: if bulk { l.at } else { l.n.0 },
            default: l.default,
            blocked: l.blocked,
            tracker: bulk.then_some(l.tracker),
            ..ConfirmItem::default()
        };
        let grammar = if bulk { Grammar::Bulk } else { Grammar::Sync };
        ConfirmRequest {
            grammar,
            items: self.lines.iter().map(item).collect(),
            reply,
            canned: BTreeMap::new(),
        }
    }

    /// What the answer says about the items of the plan.
    #[must_use]
    pub fn understood(&self, read: &Confirmation) -> Said {
        let mut out = Said::default();
        match &read.trackers {
            None => {
                out.apply = read.apply.iter().map(|n| ItemNo(*n)).collect();
                out.refused = read.named_skip.iter().map(|n| ItemNo(*n)).collect();
                out.edits = read.edits.iter().filter_map(|e| Some((ItemNo(e.n?), e.text.clone()))).collect();
            }
            Some(trackers) => {
                for (t, choice) in trackers {
                    if let Ok(t) = t.parse::<u32>() {
                        self.about(t, choice, &mut out);
                    }
                }
            }
        }
        self.leave(&mut out);
        out
    }

    fn about(&self, t: u32, choice: &TrackerChoice, out: &mut Said) {
        if choice.force {
            out.force.insert(u64::from(t));
        }
        let mine: Vec<&Line> = self.lines.iter().filter(|l| l.tracker == t).collect();
        let at = |n: &u32| mine.iter().find(|l| l.at == *n).map(|l| l.n);
        match choice.action {
            Action::Apply | Action::Edit => {
                out.apply.extend(choice.apply.iter().filter_map(at));
                if !choice.all {
                    out.refused.extend(choice.skip.iter().filter_map(at).filter(|n| !out.apply.contains(n)));
                }
            }
            Action::Cancel => out.refused.extend(choice.skip.iter().filter_map(at)),
            Action::Ask => {}
        }
        for e in &choice.edits {
            // `12:edit severity: High` means the item that sets the severity; `12:2:edit …` the second one.
            let key = e.text.trim_start_matches(['"', '`', '“']).split([':', '=']).next().unwrap_or_default();
            let by_key: Vec<&&Line> =
                mine.iter().filter(|l| l.parts.iter().any(|p| sync::same(p, key))).collect();
            let by_number = || e.n.filter(|n| *n != t).as_ref().and_then(at);
            match (by_number(), by_key.as_slice()) {
                (Some(n), _) => out.edits.push((n, e.text.clone())),
                (None, [one]) => out.edits.push((one.n, e.text.clone())),
                (None, []) => {
                    out.lost.push(format!("{t}:edit {}: nothing of that tracker sets it", key.trim()))
                }
                (None, several) => {
                    let named: Vec<String> = several.iter().map(|l| format!("{t}:{}:edit …", l.at)).collect();
                    out.lost.push(format!("{t}:edit {}: which one? {}", key.trim(), named.join(", ")));
                }
            }
        }
    }

    /// What comes after an item that was refused stays behind with it.
    fn leave(&self, out: &mut Said) {
        for l in &self.lines {
            let gone = |n: &&ItemNo| out.refused.contains(n) || out.left.iter().any(|(m, _)| m == *n);
            if out.apply.contains(&l.n)
                && let Some(first) = l.after.iter().find(gone)
            {
                out.left.push((l.n, *first));
            }
        }
        for (n, _) in &out.left {
            out.apply.remove(n);
        }
    }
}

/// What of an item can be edited, by name; the values it shows count, too.
fn parts(item: &Item) -> Vec<String> {
    let mut out: Vec<String> =
        item.effects().into_iter().flat_map(sync::names_of).map(str::to_owned).collect();
    out.extend(item.details.iter().map(|(k, _)| k.clone()));
    out.sort();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use desk::plan::{Group, confirm};
    use jiff::Timestamp;

    use super::*;

    fn item(n: u32, subject: &str, after: &[u32], detail: &str) -> Item {
        Item {
            n: ItemNo(n),
            rule: "sync.x".into(),
            subject: subject.into(),
            headline: String::new(),
            details: vec![(detail.into(), String::new())],
            why: Vec::new(),
            steps: Vec::new(),
            after: after.iter().map(|a| ItemNo(*a)).collect(),
            needs: Vec::new(),
            group: Group::Proposed,
            blocked: None,
            notices: Vec::new(),
            next: String::new(),
        }
    }

    fn asked(items: Vec<Item>) -> Asked {
        let mut plan = Plan::new("sync", String::new(), String::new(), Timestamp::UNIX_EPOCH);
        plan.items = items;
        Asked::of(&plan, |s| s.trim_start_matches('t').parse().ok())
    }

    fn said(asked: &Asked, reply: &str) -> Said {
        asked.understood(&confirm::read(&asked.request(reply.into())))
    }

    fn numbers(said: &Said) -> Vec<u32> {
        said.apply.iter().map(|n| n.0).collect()
    }

    #[test]
    fn items_of_several_trackers_are_named_by_tracker() {
        let two = asked(vec![
            item(1, "t12", &[], "severity"),
            item(2, "t12", &[], "milestone"),
            item(3, "t12", &[2], "record"),
            item(4, "t13", &[], "severity"),
        ]);
        let cases: &[(&str, &[u32])] = &[
            ("all", &[1, 2, 3, 4]),
            ("12:all", &[1, 2, 3]),
            ("12:1", &[1]),
            ("12:2,3; 13:1", &[2, 3, 4]),
            ("all; 12:skip", &[4]),
            ("12:all skip 2", &[1]),
            ("none", &[]),
        ];
        for (reply, want) in cases {
            assert_eq!(numbers(&said(&two, reply)), *want, "{reply}");
        }
        let left = said(&two, "12:all skip 2").left;
        assert_eq!(left, [(ItemNo(3), ItemNo(2))]);
        assert_eq!(said(&two, "13:edit severity: High").edits, [(ItemNo(4), "severity: High".into())]);
        assert_eq!(said(&two, "13:edit milestone: 2").lost.len(), 1);
    }

    #[test]
    fn one_tracker_is_answered_by_item_and_by_its_own_number() {
        let one = asked(vec![item(1, "t12", &[], "severity"), item(2, "t12", &[1], "record")]);
        for (reply, want) in
            [("all", &[1, 2][..]), ("12:all", &[1, 2]), ("12:1", &[1]), ("1", &[1]), ("all skip 1", &[])]
        {
            assert_eq!(numbers(&said(&one, reply)), want, "{reply}");
        }
        assert_eq!(said(&one, "1:edit severity: High").edits, [(ItemNo(1), "severity: High".into())]);
    }
}
