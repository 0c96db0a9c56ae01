//! CVE ids that are not disclosed: those of the whole desk are compiled once, for however many texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    judge::cve_digits,
    matcher::{Matcher, Pat, What},
};

/// Undisclosed ids of other trackers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct OtherIds {
    all: Arc<All>,
    /// The tracker whose own ids are no secret to it.
    but: Option<String>,
    /// The digits of the id it has, which parts of one report may share.
    own: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct All {
    /// By digits: the id as it was given, and whose it is.
    ids: BTreeMap<Vec<u8>, (String, BTreeSet<String>)>,
    /// Year and number without `CVE`; none when there are more than can be compiled.
    bare: Option<Matcher>,
}

impl OtherIds {
    /// Ids with the tracker each belongs to.
    #[must_use]
    pub fn of(ids: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut by: BTreeMap<Vec<u8>, (String, BTreeSet<String>)> = BTreeMap::new();
        for (tracker, id) in ids {
            let digits = cve_digits(&id);
            if !digits.is_empty() {
                by.entry(digits).or_insert_with(|| (id, BTreeSet::new())).1.insert(tracker);
            }
        }
        let bare = Matcher::new(by.keys().filter_map(|d| bare(d)).collect()).ok();
        Self { all: Arc::new(All { ids: by, bare }), but: None, own: None }
    }

    /// The same, without those that belong to this tracker alone.
    #[must_use]
    pub fn without(&self, tracker: &str) -> Self {
        Self { all: Arc::clone(&self.all), but: Some(tracker.into()), own: None }
    }

    /// This id is the tracker's own, whoever else has it: parts of one report share theirs.
    pub fn set_own(&mut self, id: Option<&str>) {
        self.own = id.map(cve_digits);
    }

    /// Is that one of them, in any spelling?
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.has(&cve_digits(id))
    }

    pub(super) fn has(&self, digits: &[u8]) -> bool {
        self.all.ids.get(digits).is_some_and(|(_, whose)| self.meant(digits, whose))
    }

    fn meant(&self, digits: &[u8], whose: &BTreeSet<String>) -> bool {
        self.own.as_deref() != Some(digits) && whose.iter().any(|t| self.but.as_ref() != Some(t))
    }

    /// What finds them without their prefix; it finds those of this tracker as well.
    pub(super) fn bare(&self) -> Option<&Matcher> {
        self.all.bare.as_ref()
    }

    /// Are there any at all, this tracker's among them?
    pub(super) fn is_empty(&self) -> bool {
        self.all.ids.is_empty()
    }
}

/// Year and number, as one may write them without `CVE`.
pub(super) fn bare(digits: &[u8]) -> Option<Pat> {
    let digits = std::str::from_utf8(digits).ok()?;
    let (year, number) = digits.split_at_checked(4).filter(|(_, n)| n.len() >= 4)?;
    Pat::new("scan.cve-id", What::CveNumber, &format!("{year}-{number}"))
}

impl From<Vec<String>> for OtherIds {
    fn from(ids: Vec<String>) -> Self {
        Self::of(ids.into_iter().map(|id| (String::new(), id)))
    }
}

impl From<OtherIds> for Vec<String> {
    fn from(ids: OtherIds) -> Self {
        ids.all.ids.iter().filter(|(d, (_, w))| ids.meant(d, w)).map(|(_, (id, _))| id.clone()).collect()
    }
}

impl PartialEq for OtherIds {
    fn eq(&self, other: &Self) -> bool {
        let digits = |x: &'_ Self| -> Vec<Vec<u8>> {
            x.all.ids.iter().filter(|(d, (_, w))| x.meant(d, w)).map(|(d, _)| d.clone()).collect()
        };
        digits(self) == digits(other)
    }
}

impl Eq for OtherIds {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trackers_own_id_is_no_secret_to_it_unless_another_has_it_as_well() {
        let own = |t: &str, id: &str| (t.to_owned(), id.to_owned());
        let ids = OtherIds::of([
            own("t-1", "CVE-2026-11111"),
            own("t-2", "CVE-2026-22222"),
            own("t-1", "cve-2026-33333"),
            own("t-2", "CVE 2026 33333"),
            own("t-3", "no id"),
        ]);
        let (first, second) = (ids.without("t-1"), ids.without("t-2"));
        assert!(!first.contains("CVE-2026-11111") && first.contains("cve 2026‑22222"));
        assert!(second.contains("CVE-2026-11111") && !second.contains("CVE-2026-22222"));
        assert!(first.contains("CVE-2026-33333") && second.contains("CVE-2026-33333"));
        assert_eq!(Vec::from(first.clone()), ["CVE-2026-22222", "cve-2026-33333"]);
        assert_ne!(first, second);
        // Unless they are parts of one report.
        let mut part = first.clone();
        part.set_own(Some("CVE-2026-33333"));
        assert_eq!(Vec::from(part), ["CVE-2026-22222"]);
        let kept: OtherIds = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
        assert_eq!(kept, first);
    }
}
