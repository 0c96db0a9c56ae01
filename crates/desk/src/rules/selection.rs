//! Which trackers a run is about (sync page §14). A word that selects nothing is an error: a selection is never widened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::extract::cve_ids;
use crate::{
    case::Case,
    config::Config,
    tracker::{self, FieldRole, Headings, LabelNames, LabelRole},
};

/// Days for which a closed, announced tracker is still looked at.
const RECENT_DAYS: i64 = 90;

/// Trackers by the word that selected them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Selection {
    /// Every word with the numbers it selects, ascending.
    pub groups: Vec<(String, Vec<u64>)>,
    /// Was a title searched? A person looks at what was found before anything else happens.
    pub by_title: bool,
}

impl Selection {
    /// The numbers, each once, ascending.
    #[must_use]
    pub fn numbers(&self) -> BTreeSet<u64> {
        self.groups.iter().flat_map(|(_, n)| n.iter().copied()).collect()
    }
}

/// A word that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NoTracker {
    /// What is wrong.
    pub what: String,
    /// What to do; may be empty.
    pub next: String,
}

fn nothing(what: impl Into<String>, next: &str) -> NoTracker {
    NoTracker { what: what.into(), next: next.into() }
}

/// What a selection is made from.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Every tracker of the desk.
    pub cases: &'a [Case],
    /// Configuration.
    pub config: &'a Config,
    /// Headings of body fields.
    pub headings: &'a Headings,
    /// Names of labels.
    pub labels: &'a LabelNames,
    /// The time.
    pub now: Timestamp,
}

/// Read selectors: numbers, lists and ranges (open or closed), CVE ids, `all`, `open`, `closed`, `closed announced`, a
/// label, words of a title. No selector at all means `all`.
///
/// # Errors
/// The first word that selects nothing.
pub fn select(words: &[String], ground: Ground<'_>) -> Result<Selection, NoTracker> {
    let mut out = Selection::default();
    let words: Vec<&str> = words.iter().map(|w| w.trim()).filter(|w| !w.is_empty()).collect();
    if words.is_empty() {
        out.groups.push(("all".into(), ground.bucket("all").unwrap_or_default()));
        return Ok(out);
    }
    let mut at = 0;
    while at < words.len() {
        // The longest phrase that is a set or a label; `closed announced` is one, `pr merged` may be.
        let phrase = (1..=words.len() - at)
            .rev()
            .map(|n| (n, words.get(at..at + n).unwrap_or_default().join(" ")))
            .find_map(|(n, text)| ground.set(&text).map(|found| (n, text, found)));
        if let Some((n, text, found)) = phrase {
            if found.is_empty() {
                return Err(nothing(
                    format!("no tracker is in `{text}`"),
                    "`tipstaff queue --all` lists every tracker",
                ));
            }
            out.groups.push((text, found));
            at += n;
            continue;
        }
        let word = words.get(at).copied().unwrap_or_default();
        if let Some(numbers) = ground.numbers(word)? {
            out.groups.push((word.to_owned(), numbers));
            at += 1;
            continue;
        }
        if word.get(..4).is_some_and(|w| w.eq_ignore_ascii_case("cve-")) {
            out.groups.push((word.to_owned(), ground.cve(word)?));
            at += 1;
            continue;
        }
        // What is left, up to the next word that means something of its own, are words of a title.
        let end = (at + 1..words.len())
            .find(|i| words.get(*i).is_some_and(|w| ground.means(w)))
            .unwrap_or(words.len());
        let text = words.get(at..end).unwrap_or_default().join(" ");
        out.groups.push((text.clone(), ground.title(&text)?));
        out.by_title = true;
        at = end;
    }
    Ok(out)
}

/// Repository and number of a tracker's address on the web.
fn address(word: &str) -> Option<(String, u64)> {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"))?;
    let path = rest.split(['?', '#']).next()?;
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let [_, owner, repo, "issues" | "pull", n] = parts.as_slice() else { return None };
    Some((format!("{owner}/{repo}"), n.parse().ok()?))
}

impl Ground<'_> {
    fn means(&self, word: &str) -> bool {
        self.set(word).is_some()
            || !matches!(self.numbers(word), Ok(None))
            || word.get(..4).is_some_and(|w| w.eq_ignore_ascii_case("cve-"))
    }

    fn of(&self, is: impl Fn(&Case) -> bool) -> Vec<u64> {
        let ledger = &self.config.tracker.ledger_label;
        let in_ledger = |c: &Case| c.tracker.labels.iter().any(|l| l.eq_ignore_ascii_case(ledger));
        let found = self.cases.iter().filter(|c| !in_ledger(c) && is(c));
        let numbers: BTreeSet<u64> = found.map(|c| c.tracker.reference.number).collect();
        numbers.into_iter().collect()
    }

    fn bucket(&self, word: &str) -> Option<Vec<u64>> {
        let open = |c: &Case| c.tracker.state.is_open();
        let announced = |c: &Case| !open(c) && self.labels.read(&c.tracker.labels).has(LabelRole::Announced);
        let recent = |c: &Case| {
            let end = c.closed.unwrap_or(c.tracker.updated);
            self.now.duration_since(end) <= SignedDuration::from_hours(24 * RECENT_DAYS)
        };
        Some(match word {
            "all" => self.of(|c| open(c) || (announced(c) && recent(c))),
            "open" | "all open" => self.of(open),
            "closed announced" | "all closed announced" => self.of(announced),
            "closed" | "all closed" => self.of(|_| true),
            _ => return None,
        })
    }

    fn set(&self, text: &str) -> Option<Vec<u64>> {
        let lower = text.to_lowercase();
        if let Some(found) = self.bucket(&lower) {
            return Some(found);
        }
        let known = self.labels.scope(text).is_some()
            || self.labels.role(text).is_some()
            || self.cases.iter().any(|c| c.tracker.labels.iter().any(|l| l.eq_ignore_ascii_case(text)));
        known.then(|| {
            self.of(|c| {
                c.tracker.state.is_open() && c.tracker.labels.iter().any(|l| l.eq_ignore_ascii_case(text))
            })
        })
    }

    /// `12`, `#12`, `desk#12`, `owner/repo#12`, the address of a tracker, `1,3`, `3-7`; none when the word is no number at all.
    fn numbers(&self, word: &str) -> Result<Option<Vec<u64>>, NoTracker> {
        let all: BTreeMap<u64, &Case> = self.cases.iter().map(|c| (c.tracker.reference.number, c)).collect();
        let one = |text: &str| {
            let text = text.trim();
            let (before, digits) = text.rsplit_once('#').unwrap_or(("", text));
            let named = before.is_empty() || before == "desk" || before.contains('/');
            digits.parse::<u64>().ok().filter(|_| named && digits.bytes().all(|b| b.is_ascii_digit()))
        };
        // Who names a repository means that one: the same number elsewhere is another tracker.
        let elsewhere = |repo: &str, n: u64| {
            let here = all.get(&n).map_or_else(|| all.values().next(), Some).map(|c| &c.tracker.reference);
            here.filter(|r| !repo.is_empty() && repo != "desk" && !r.repo.eq_ignore_ascii_case(repo)).map(
                |r| {
                    let ours = if r.repo.is_empty() { "desk" } else { &r.repo };
                    nothing(
                        format!("{repo}#{n} is no tracker of this desk"),
                        &format!("its trackers are {ours}#N"),
                    )
                },
            )
        };
        let mut out = BTreeSet::new();
        for part in word.split(',').filter(|p| !p.trim().is_empty()) {
            let at = address(part.trim());
            let repo = at
                .as_ref()
                .map(|(repo, _)| repo.as_str())
                .or_else(|| part.trim().rsplit_once('#').map(|p| p.0));
            let short = at.as_ref().map(|(_, n)| n.to_string());
            let part = short.as_deref().unwrap_or(part);
            if let Some(no) = one(part).and_then(|n| elsewhere(repo.unwrap_or_default(), n)) {
                return Err(no);
            }
            let ends = part
                .split_once("..")
                .or_else(|| part.split_once('-'))
                .and_then(|(a, b)| Some((one(a)?, one(b)?)));
            match (one(part), ends) {
                (Some(n), _) => {
                    if !all.contains_key(&n) {
                        return Err(nothing(
                            format!("there is no tracker {n} on this desk"),
                            "`tipstaff queue --all` lists every tracker",
                        ));
                    }
                    out.insert(n);
                }
                (None, Some((a, b))) => {
                    let found: Vec<u64> =
                        if a <= b { all.range(a..=b).map(|(n, _)| *n).collect() } else { Vec::new() };
                    if found.is_empty() {
                        let next = if a > b {
                            "write the lower number first"
                        } else {
                            "`tipstaff queue --all` lists every tracker"
                        };
                        return Err(nothing(format!("no tracker is in the range {part}"), next));
                    }
                    out.extend(found);
                }
                (None, None) => return Ok(None),
            }
        }
        Ok(Some(out.into_iter().collect()).filter(|v: &Vec<u64>| !v.is_empty()))
    }

    fn cve(&self, word: &str) -> Result<Vec<u64>, NoTracker> {
        let id = word.to_uppercase();
        if cve_ids(&id) != [id.clone()] {
            return Err(nothing(format!("`{word}` is no CVE id"), "write it as CVE-2026-12345"));
        }
        let holds = |c: &Case| {
            let fields = tracker::parse(&c.tracker.body, self.headings);
            fields.get(FieldRole::CveToolLink).is_some_and(|v| cve_ids(v).contains(&id))
        };
        let found: Vec<u64> =
            self.cases.iter().filter(|c| holds(c)).map(|c| c.tracker.reference.number).collect();
        if found.is_empty() {
            return Err(nothing(
                format!("no tracker holds {id}"),
                "the field cve_tool_link says which CVE a tracker has",
            ));
        }
        Ok(found)
    }

    fn title(&self, text: &str) -> Result<Vec<u64>, NoTracker> {
        let wanted = text.to_lowercase();
        let found =
            self.of(|c| c.tracker.state.is_open() && c.tracker.title.to_lowercase().contains(&wanted));
        if found.is_empty() {
            return Err(nothing(
                format!("`{text}` is no selector, and no open tracker has it in its title"),
                "use a number, a list, a range, a CVE id, a label, all, open, closed, or words of a title",
            ));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::{CloseReason, State, Tracker, TrackerRef};

    fn case(number: u64, title: &str, labels: &[&str], closed: Option<&str>, cve: &str) -> Case {
        let state =
            if closed.is_some() { State::Closed { reason: CloseReason::Completed } } else { State::Open };
        let body = format!("### CVE tool link\n\n{cve}\n");
        Case {
            tracker: Tracker {
                reference: TrackerRef { number, ..TrackerRef::default() },
                title: title.into(),
                labels: labels.iter().map(|l| (*l).to_owned()).collect(),
                state,
                body,
                ..Tracker::default()
            },
            closed: closed.map(|c| c.parse().unwrap()),
            ..Case::default()
        }
    }

    fn desk() -> Vec<Case> {
        vec![
            case(1, "Upload leaves its folder", &["needs triage"], None, ""),
            case(2, "Overflow in frames", &["pr merged"], None, "CVE-2026-12345"),
            case(3, "Old and told", &["announced"], Some("2026-01-01T00:00:00Z"), "CVE-2026-11111"),
            case(4, "New and told", &["announced"], Some("2026-11-01T00:00:00Z"), "CVE-2026-22222"),
            case(5, "Not a flaw", &["invalid"], Some("2026-11-01T00:00:00Z"), ""),
            case(6, "Rejections", &["rejections-ledger"], None, ""),
            case(7, "Upload is slow", &["needs triage", "odd label"], None, ""),
        ]
    }

    fn read(words: &[&str]) -> Result<(Vec<u64>, bool), String> {
        let (cases, config) = (desk(), Config::default());
        let ground = Ground {
            cases: &cases,
            config: &config,
            headings: &Headings::default(),
            labels: &LabelNames::new(&config),
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
        };
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let found = select(&words, ground).map_err(|e| e.to_string())?;
        Ok((found.numbers().into_iter().collect(), found.by_title))
    }

    #[test]
    fn selectors() {
        let cases: &[(&[&str], &[u64], bool)] = &[
            (&[], &[1, 2, 4, 7], false),
            (&["all"], &[1, 2, 4, 7], false),
            (&["open"], &[1, 2, 7], false),
            (&["all", "open"], &[1, 2, 7], false),
            (&["closed", "announced"], &[3, 4], false),
            (&["closed"], &[1, 2, 3, 4, 5, 7], false),
            (&["3"], &[3], false),
            (&["#6", "desk#5"], &[5, 6], false),
            (&["1,3"], &[1, 3], false),
            (&["2-4"], &[2, 3, 4], false),
            (&["#2..#20"], &[2, 3, 4, 5, 6, 7], false),
            (&["cve-2026-12345"], &[2], false),
            (&["CVE-2026-11111", "1"], &[1, 3], false),
            (&["needs", "triage"], &[1, 7], false),
            (&["Needs Triage"], &[1, 7], false),
            (&["odd label"], &[7], false),
            (&["upload"], &[1, 7], true),
            (&["leaves", "its", "folder"], &[1], true),
            (&["leaves", "its", "2"], &[1, 2], true),
        ];
        for (words, want, by_title) in cases {
            assert_eq!(read(words).unwrap(), (want.to_vec(), *by_title), "{words:?}");
        }
    }

    #[test]
    fn who_names_a_repository_means_that_one() {
        let mut cases = desk();
        let config = Config::default();
        let (headings, labels) = (Headings::default(), LabelNames::new(&config));
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut read = |repo: &str, word: &str| {
            cases.iter_mut().for_each(|c| c.tracker.reference.repo = repo.into());
            let ground = Ground { cases: &cases, config: &config, headings: &headings, labels: &labels, now };
            select(&[word.to_owned()], ground).map(|s| s.numbers().into_iter().collect::<Vec<_>>())
        };
        for (repo, word, want) in [
            ("acme/security", "acme/security#3", vec![3]),
            ("acme/security", "Acme/Security#3,4", vec![3, 4]),
            ("acme/security", "#3", vec![3]),
            ("acme/security", "https://github.com/acme/security/issues/3", vec![3]),
            ("acme/security", "https://forge.example/acme/security/issues/3/?a=b#issuecomment-99", vec![3]),
            ("", "desk#3", vec![3]),
        ] {
            assert_eq!(read(repo, word).unwrap(), want, "{word}");
        }
        for (repo, word) in [
            ("acme/security", "acme/other#3"),
            ("acme/security", "https://github.com/acme/server/issues/3"),
            ("", "acme/security#3"),
            ("", "https://github.com/acme/security/issues/3"),
        ] {
            let e = read(repo, word).unwrap_err();
            assert!(e.what.contains("is no tracker of this desk") && !e.next.is_empty(), "{word}: {e}");
        }
    }

    #[test]
    fn a_word_that_selects_nothing_is_an_error_and_never_everything() {
        for (words, why) in [
            (&["99"][..], "no tracker 99"),
            (&["1", "99"], "no tracker 99"),
            (&["20-30"], "in the range"),
            (&["7-2"], "in the range"),
            (&["CVE-2026-1"], "no CVE id"),
            (&["CVE-2026-99999"], "no tracker holds"),
            (&["told"], "no open tracker"),
            (&["fix released"], "no tracker is in"),
            (&["nothing like it"], "no open tracker"),
        ] {
            let e = read(words).unwrap_err();
            assert!(e.contains(why), "{words:?}: {e}");
        }
    }
}
