//! What can be searched: which documents share something rare with a report.

use std::collections::{BTreeMap, BTreeSet};

use super::terms::{self, Terms};
use crate::rules::vocabulary::{BUG_CLASSES, Topics};

/// One document of the index.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub(super) topics: Topics,
    pub(super) own_cve: String,
    pub(super) cves: BTreeSet<String>,
}

/// The words of documents, by the word's hash: document and whether its title has it. Ascending by document.
pub(super) type Postings = BTreeMap<u64, Vec<(u32, bool)>>;

/// Documents that can be searched for what a report is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Corpus {
    pub(super) docs: Vec<Doc>,
    pub(super) ghsa: BTreeMap<String, Vec<u32>>,
    pub(super) cves: BTreeMap<String, Vec<u32>>,
    pub(super) pointers: BTreeMap<String, Vec<u32>>,
    pub(super) names: BTreeMap<String, Vec<u32>>,
    pub(super) words: Postings,
    /// Words of the product's own names.
    pub(super) own: BTreeSet<u64>,
    pub(super) classes: Vec<Vec<u32>>,
}

impl Corpus {
    pub(super) fn add(&mut self, terms: Terms, own_cve: &str) {
        // 4 billion trackers are out of reach.
        let id = u32::try_from(self.docs.len()).unwrap_or(u32::MAX);
        for g in &terms.ghsa {
            self.ghsa.entry(g.clone()).or_default().push(id);
        }
        for c in terms.cves.iter().map(String::as_str).chain((!own_cve.is_empty()).then_some(own_cve)) {
            let list = self.cves.entry(c.to_uppercase()).or_default();
            if list.last() != Some(&id) {
                list.push(id);
            }
        }
        for (p, map) in terms.pointers.keys().map(|p| (p, false)).chain(terms.names.keys().map(|p| (p, true)))
        {
            let map = if map { &mut self.names } else { &mut self.pointers };
            match map.get_mut(p) {
                Some(list) => list.push(id),
                None => {
                    map.insert(p.clone(), vec![id]);
                }
            }
        }
        for (w, in_title) in terms.words {
            self.words.entry(terms::word_hash(&w)).or_default().push((id, in_title));
        }
        self.classes.resize(BUG_CLASSES.len(), Vec::new());
        for (row, list) in self.classes.iter_mut().enumerate() {
            if terms.topics.classes >> row & 1 == 1 {
                list.push(id);
            }
        }
        self.docs.push(Doc { topics: terms.topics, own_cve: own_cve.to_uppercase(), cves: terms.cves });
    }

    /// In how many documents may a place in code stand and still be a place?
    fn pointer_limit(&self) -> usize {
        (self.docs.len() / 100).max(3)
    }

    /// In how many documents may a word stand and still tell them apart?
    fn word_limit(&self) -> usize {
        (self.docs.len() / 50).max(4)
    }

    /// How many documents may share a class and a way before that says nothing?
    fn topic_limit(&self) -> usize {
        (self.docs.len() / 100).max(3)
    }

    /// What each document shares with the report, for those that share anything rare.
    pub(super) fn compare(&self, terms: &Terms) -> BTreeMap<u32, Shared> {
        let mut shared: BTreeMap<u32, Shared> = BTreeMap::new();
        for g in &terms.ghsa {
            for id in self.ghsa.get(g).into_iter().flatten() {
                shared.entry(*id).or_default().ghsa.push(g.clone());
            }
        }
        for c in &terms.cves {
            let list = self.cves.get(c).map(Vec::as_slice).unwrap_or_default();
            if list.len() <= self.pointer_limit() {
                for id in list {
                    shared.entry(*id).or_default().cves.push(c.clone());
                }
            }
        }
        for (p, shown) in &terms.pointers {
            let list = self.pointers.get(p).map(Vec::as_slice).unwrap_or_default();
            if list.len() <= self.pointer_limit() {
                for id in list {
                    shared.entry(*id).or_default().pointers.push((list.len(), shown.clone()));
                }
            }
        }
        for (p, shown) in terms.names.iter().filter(|(p, _)| !self.own.contains(&terms::word_hash(p))) {
            let list = self.names.get(p).map(Vec::as_slice).unwrap_or_default();
            if list.len() <= self.pointer_limit() {
                for id in list {
                    shared.entry(*id).or_default().names.push(shown.clone());
                }
            }
        }
        // Words: counted in a dense table first, because most documents share one by chance.
        let mut counts: Vec<(u16, u16)> = vec![(0, 0); self.docs.len()];
        let mut lists = Vec::new();
        for (w, in_title) in &terms.words {
            let hash = terms::word_hash(w);
            if self.own.contains(&hash) {
                continue;
            }
            let Some(list) = self.words.get(&hash).filter(|l| l.len() <= self.word_limit()) else {
                continue;
            };
            lists.push((w, *in_title, list.as_slice()));
            for (id, theirs) in list {
                if let Some(c) = counts.get_mut(*id as usize) {
                    c.0 = c.0.saturating_add(u16::from(*in_title && *theirs));
                    c.1 = c.1.saturating_add(1);
                }
            }
        }
        for (w, ours, list) in lists {
            for (id, theirs) in list {
                if counts
                    .get(*id as usize)
                    .is_some_and(|(title, any)| enough_words(*title, *any) || *title >= 2)
                {
                    let s = shared.entry(*id).or_default();
                    if ours && *theirs {
                        s.title_words.push(w.to_string());
                    } else {
                        s.words.push(w.to_string());
                    }
                }
            }
        }
        self.by_topic(terms, &mut shared);
        shared
    }

    /// Documents with the same class and the same way to reach or mend it, where few have both.
    fn by_topic(&self, terms: &Terms, shared: &mut BTreeMap<u32, Shared>) {
        let causes = terms.topics.causes();
        for (row, list) in self.classes.iter().enumerate().filter(|(row, _)| causes >> row & 1 == 1) {
            let alike = |id: &&u32| {
                self.docs.get(**id as usize).is_some_and(|d| {
                    d.topics.causes() >> row & 1 == 1
                        && (d.topics.paths & terms.topics.paths != 0
                            || d.topics.fixes & terms.topics.fixes != 0)
                })
            };
            let hits: Vec<u32> = list.iter().filter(alike).copied().collect();
            if hits.len() <= self.topic_limit() {
                for id in hits {
                    shared.entry(id).or_default().rare_topic = true;
                }
            }
        }
    }
}

/// Do shared words name a component? Two in both titles, or one there and two more below.
pub(super) fn enough_words(title: u16, any: u16) -> bool {
    title >= 2 || (title >= 1 && any >= 3) || any >= 6
}

/// What one document shares with a report.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) ghsa: Vec<String>,
    pub(super) cves: Vec<String>,
    /// Frequency and spelling.
    pub(super) pointers: Vec<(usize, String)>,
    /// Names that may be a class.
    pub(super) names: Vec<String>,
    pub(super) title_words: Vec<String>,
    pub(super) words: Vec<String>,
    pub(super) rare_topic: bool,
}
