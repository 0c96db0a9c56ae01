//! Mail that says it belongs to an earlier report, without headers that tie it to one: which report is it?

use std::collections::BTreeMap;

use super::candidate::{Candidate, Proposal};
use crate::{
    case::Case,
    mail::Message,
    plan::Group,
    rules::{extract, import::Class},
    tracker::TrackerKey,
};

/// Shortest title that is recognised by being quoted, in characters.
const TITLE: usize = 12;

/// A text as it is compared: letters and digits in lower case, one blank between words.
fn plain(text: &str) -> String {
    let mut out = String::from(" ");
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        out.extend(word.chars().flat_map(char::to_lowercase));
        out.push(' ');
    }
    out
}

/// What a report is known by.
struct Known<'a> {
    key: TrackerKey,
    title: String,
    cves: Vec<String>,
    reporters: Vec<&'a str>,
}

impl Known<'_> {
    /// How surely the message is about it: it names its CVE, quotes its title, or shares half of it and its author.
    fn score(&self, cves: &[String], words: &str, from: [&str; 2]) -> usize {
        let named = self.cves.iter().any(|c| cves.contains(c));
        let quoted = self.title.trim().chars().count() >= TITLE && words.contains(&self.title);
        let author =
            self.reporters.iter().any(|r| !r.is_empty() && from.iter().any(|f| r.eq_ignore_ascii_case(f)));
        let own: Vec<&str> = self.title.split_whitespace().filter(|w| w.chars().count() > 3).collect();
        let shared = own.iter().filter(|w| words.contains(&format!(" {w} "))).count();
        let half = author && own.len() >= 2 && shared * 2 > own.len();
        usize::from(named) * 8 + usize::from(quoted) * 4 + usize::from(half) * 2 + usize::from(author)
    }
}

fn people(m: &Message) -> [&str; 2] {
    [&m.from.email, &m.from.name]
}

/// A candidate that opens a tracker, and its place.
fn proposed((at, c): (usize, &Candidate)) -> Option<(usize, Known<'_>)> {
    let Proposal::NewTracker(key) = &c.proposal else { return None };
    let all = c.rest.iter().map(|r| r.message.text.as_str());
    let known = Known {
        key: key.clone(),
        title: plain(&c.fields.title),
        cves: extract::cve_ids(&all.collect::<Vec<_>>().join("\n")),
        reporters: people(&c.lead.message).to_vec(),
    };
    Some((at, known))
}

/// Give each follow-up that found no tracker the report it is about: one of the desk, or an earlier one of this run.
pub(super) fn join(candidates: &mut [Candidate], cases: &[Case]) {
    let wanting =
        |c: &Candidate| c.verdict.class == Class::FollowUp && matches!(c.proposal, Proposal::Hold(_));
    if !candidates.iter().any(wanting) {
        return;
    }
    let desk: Vec<Known<'_>> = cases
        .iter()
        .map(|c| Known {
            key: c.tracker.key.clone(),
            title: plain(&c.tracker.title),
            cves: extract::cve_ids(&c.tracker.body),
            reporters: vec![&c.reporter.email, &c.reporter.name],
        })
        .collect();
    // Those of this run, with their place: one belongs to what came before it.
    let run: Vec<(usize, Known<'_>)> = candidates.iter().enumerate().filter_map(proposed).collect();
    let mut found: BTreeMap<usize, TrackerKey> = BTreeMap::new();
    for (i, c) in candidates.iter().enumerate().filter(|(_, c)| wanting(c)) {
        let m = &c.lead.message;
        let words = plain(&format!("{}\n{}", m.subject, m.text));
        let cves = extract::cve_ids(&m.subject);
        let score = |k: &Known<'_>| k.score(&cves, &words, people(m));
        let before = run.iter().take_while(|(at, _)| *at < i).map(|(_, k)| k);
        let best = before
            .chain(&desk)
            .map(|k| (score(k), &k.key))
            .filter(|(points, _)| *points >= 3)
            .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1)));
        if let Some((_, key)) = best {
            found.insert(i, key.clone());
        }
    }
    for (i, key) in found {
        if let Some(c) = candidates.get_mut(i) {
            c.proposal = Proposal::FollowUp(key);
            c.natural = Group::Proposed;
        }
    }
}
