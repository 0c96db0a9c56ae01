//! Which version ships the fix, of which packages, and whether it is out (sync page §5). A connector asks the registries
//! for exactly the target; the verdict is drawn here.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;
use jiff::SignedDuration;
use serde::Serialize;

use super::View;
use crate::{
    case::{Artifact, ArtifactState, PullState},
    config::{Scope, Train},
    rules::extract::versions::order,
    tracker::FieldRole,
};

static DATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b").expect("a constant pattern, compiled by a test")
});

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9A-Za-z.])v?([0-9]+(?:\.[0-9A-Za-z]+)+(?:[-+.][0-9A-Za-z.]+)*|[0-9]+)\s*$")
        .expect("a constant pattern, compiled by a test")
});

/// What has to be published for a tracker to count as shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The version; empty for a wave, whose packages have a version each.
    pub version: String,
    /// The milestone it comes from.
    pub milestone: String,
    /// Is the milestone a dated wave of several packages?
    pub wave: bool,
    /// Every package that has to be there; one empty name for the project's only one.
    pub packages: Vec<String>,
    /// Branch of the release train; empty for the default branch.
    pub branch: String,
    /// Where the version was found.
    pub why: String,
}

/// The version a milestone names: its last word that is a version.
#[must_use]
pub fn version_of(milestone: &str) -> Option<String> {
    if DATED.is_match(milestone) {
        return None;
    }
    VERSION.captures(milestone.trim()).map(|c| c[1].to_owned())
}

/// Does this scope ship in dated waves?
#[must_use]
pub fn is_wave(scope: &Scope) -> bool {
    let f = scope.milestone_format.to_lowercase();
    f.contains("{date}") || f.contains("yyyy-mm-dd") || f.contains("{wave}")
}

/// The train of a scope: the one it names, else the default one.
#[must_use]
pub fn train<'a>(v: &View<'a>) -> Option<&'a Train> {
    let trains = &v.g.config.releases.train;
    let named = v.scope().and_then(|s| trains.iter().find(|t| t.name.eq_ignore_ascii_case(&s.train)));
    named
        .or_else(|| trains.iter().find(|t| t.default))
        .or_else(|| trains.first().filter(|_| trains.len() == 1))
}

/// The milestone a tracker of this scope should have (sync page §5.2): the merged fix's own, else the one it has, else
/// the train's next. Dated waves take the next wave, never the pull request's.
#[must_use]
pub fn milestone(v: &View<'_>) -> Option<(String, String)> {
    let scope = v.scope()?;
    let have = v.t.milestone.clone().map(|m| (m, "the tracker's milestone".to_owned()));
    if is_wave(scope) {
        let today = v.g.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let next = v.g.config.releases.cut.iter().filter(|c| {
            DATED
                .find(&c.date)
                .or_else(|| DATED.find(&c.name))
                .and_then(|d| d.as_str().parse().ok())
                .is_some_and(|d: jiff::civil::Date| d >= today)
        });
        let wave = next.min_by(|a, b| (&a.date, &a.name).cmp(&(&b.date, &b.name)));
        return have.or_else(|| wave.map(|c| (c.name.clone(), format!("the next wave, {}", c.source_url))));
    }
    let train = train(v);
    let fixes = v.fixes();
    // Of several fixes, the one on the scope's train decides: "merged to main" proves nothing about a patch release.
    let of = |merged: bool, train: bool| {
        let found = fixes.iter().find(|p| {
            !p.milestone.is_empty()
                && (!merged || p.state == PullState::Merged)
                && (!train || on_train(v, &p.branch))
        });
        found.map(|p| (p.milestone.clone(), format!("milestone of {}", p.url)))
    };
    let next = || {
        let t = train.filter(|t| !t.retired && !t.next.is_empty())?;
        let product = if scope.product.is_empty() { &scope.label } else { &scope.product };
        let name = scope.milestone_format.replace("{product}", product).replace("{version}", &t.next);
        Some((name, format!("next release of the train {}", t.name)))
    };
    of(true, true).or(have).or_else(|| of(false, true)).or_else(next).or_else(|| of(false, false))
}

/// Is that branch the one from which the tracker's scope is released? An empty name is the default branch.
fn on_train(v: &View<'_>, branch: &str) -> bool {
    let default = v.g.config.upstream.default_branch.as_str();
    let named = |b| if str::is_empty(b) { default } else { b };
    train(v).is_none_or(|t| named(branch) == named(&t.branch))
}

/// What to ask the registries about; none when no version is known.
#[must_use]
pub fn of(v: &View<'_>) -> Option<Target> {
    known(v).cloned()
}

fn known<'v>(v: &'v View<'_>) -> Option<&'v Target> {
    v.target.get_or_init(|| find(v)).as_ref()
}

fn find(v: &View<'_>) -> Option<Target> {
    let scope = v.scope()?;
    let (milestone, why) = milestone(v)?;
    let wave = is_wave(scope);
    let version = version_of(&milestone).unwrap_or_default();
    if version.is_empty() && !wave {
        return None;
    }
    let branch = train(v).map(|t| t.branch.clone()).unwrap_or_default();
    Some(Target { version, milestone, wave, packages: packages(v, scope), branch, why })
}

/// Every package named in the affected versions, else the scope's own.
fn packages(v: &View<'_>, scope: &Scope) -> Vec<String> {
    let report = v.kept.ranges(v.field(FieldRole::AffectedVersions), v.g);
    // A record that several parts of a report share names the products of each; every part waits for its own.
    let others = |p: &String| {
        let theirs = |s: &Scope| s.label != scope.label && s.package.eq_ignore_ascii_case(p);
        !scope.package.eq_ignore_ascii_case(p) && v.g.config.scope.iter().any(theirs)
    };
    let named: BTreeSet<String> = report
        .ranges
        .iter()
        .filter_map(|r| r.package.clone())
        .filter(|p| !p.is_empty() && !others(p))
        .collect();
    if named.is_empty() { vec![scope.package.clone()] } else { named.into_iter().collect() }
}

/// Is the fix out?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shipped {
    /// Every package is published with it: versions by package, and where.
    Yes(Vec<Artifact>),
    /// It is not out; the text says what is missing.
    No(String),
    /// Something was published that may or may not be it; a person must say.
    Ask(String),
    /// A registry could not be asked, or nobody asked.
    Unknown(String),
}

/// The verdict on a target (sync page §5, hard cases 12–15). Unknown is never "not shipped".
#[must_use]
pub fn shipped(v: &View<'_>) -> Shipped {
    let Some(found) = v.o.artifacts.known() else {
        return match &v.o.artifacts {
            crate::case::Fact::Absent(s) => Shipped::No(format!("{s} knows no release")),
            f => Shipped::Unknown(f.failure().unwrap_or_default().to_owned()),
        };
    };
    let target = known(v);
    let only = [String::new()];
    let wanted = target.map_or(only.as_slice(), |t| t.packages.as_slice());
    let version = target.map(|t| t.version.as_str()).unwrap_or_default();
    if let Some(why) = v.o.pulls.failure() {
        return Shipped::Unknown(format!("the state of the fix is not known: {why}"));
    }
    // A fix that is merged on some branches only has not shipped with the trains that wait for their backport.
    if let Some(open) = v.fixes().into_iter().find(|p| p.state == PullState::Open) {
        return Shipped::No(format!("{} is not merged yet", open.url));
    }
    let mut out = Vec::new();
    for package in wanted {
        let same = |a: &&Artifact| {
            wanted.len() == 1 && a.package.is_empty() || a.package == *package || package.is_empty()
        };
        let mine: Vec<&Artifact> = found.iter().filter(same).collect();
        let name = if package.is_empty() { "the release" } else { package };
        let at =
            |a: &&&Artifact| version.is_empty() || a.version.is_empty() || same_version(&a.version, version);
        let here: Vec<&&Artifact> = mine.iter().filter(at).collect();
        // A day of grace for clocks; what is published in a year is not published.
        let ahead =
            |a: &Artifact| a.at.is_some_and(|at| at.duration_since(v.g.now) > SignedDuration::from_hours(24));
        if let Some(a) = here.iter().find(|a| a.state == ArtifactState::Final && ahead(a)) {
            let at = a.at.map(|at| super::day(v, at)).unwrap_or_default();
            return Shipped::Unknown(format!("{name} {} is dated {at}, which is in the future", a.version));
        }
        if let Some(a) = here.iter().find(|a| a.state == ArtifactState::Final) {
            match holds(v, a, target) {
                Ok(()) => out.push((**a).clone()),
                Err(verdict) => return verdict,
            }
            continue;
        }
        if let Some(a) = here.iter().find(|a| a.state == ArtifactState::Unknown) {
            let why = if a.reason.is_empty() { "the registry could not be asked" } else { &a.reason };
            return Shipped::Unknown(format!("{name} {version}: {why}"));
        }
        if let Some(a) = here.iter().find(|a| a.state == ArtifactState::Yanked) {
            return Shipped::No(format!("{name} {} was withdrawn", a.version));
        }
        if let Some(a) = here.iter().find(|a| a.state == ArtifactState::PreRelease) {
            return Shipped::No(format!("{name} {} is only a pre-release", a.version));
        }
        // The exact version was skipped, and a later one is out: a person must say whether it holds the fix.
        let later = mine.iter().find(|a| {
            a.state == ArtifactState::Final
                && !version.is_empty()
                && order::compare(&a.version, version, order::Scheme::Generic).is_gt()
        });
        if let Some(a) = later {
            if a.has_fix == Some(true) {
                out.push((*a).clone());
                continue;
            }
            return Shipped::Ask(format!(
                "{name} {version} was not published, {} was: does it hold the fix? If so, set that milestone",
                a.version
            ));
        }
        return Shipped::No(format!("{name} {version} is not published").replace("  ", " "));
    }
    Shipped::Yes(out)
}

/// Does this published artifact hold the fix? Its source says so, or nothing speaks against it.
fn holds(v: &View<'_>, a: &Artifact, target: Option<&Target>) -> Result<(), Shipped> {
    let what = format!("{} {}", if a.package.is_empty() { "the release" } else { &a.package }, a.version);
    match a.has_fix {
        Some(true) => return Ok(()),
        Some(false) => return Err(Shipped::No(format!("{what} is out without the fix"))),
        None => {}
    }
    let Some(target) = target else {
        let ask = format!("{what} is out, and no milestone says that it is the release with the fix: set it");
        return Err(Shipped::Ask(ask));
    };
    let merged: Vec<_> = v.fixes().into_iter().filter(|p| p.state == PullState::Merged).collect();
    // Merged to the default branch alone proves nothing about a patch release (hard case 14).
    if !merged.is_empty() && !merged.iter().any(|p| on_train(v, &p.branch)) {
        let why = format!(
            "{what} is out, but the fix is not merged on its branch {}: name its backport",
            target.branch
        );
        return Err(Shipped::No(why));
    }
    let earliest = merged.iter().filter_map(|p| p.merged_at).min();
    if let (Some(out), Some(fixed)) = (a.at, earliest)
        && out < fixed
    {
        return Err(Shipped::No(format!("{what} was published before the fix was merged")));
    }
    Ok(())
}

fn same_version(a: &str, b: &str) -> bool {
    let bare = |v: &str| v.trim().trim_start_matches(['v', 'V']).to_owned();
    bare(a) == bare(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_milestone_names_a_version_or_a_wave() {
        let cases: &[(&str, Option<&str>)] = &[
            ("Harbour Queue-2.10.3", Some("2.10.3")),
            ("Harbour Queue 2.10.3", Some("2.10.3")),
            ("v2.10.3", Some("2.10.3")),
            ("3.0.0", Some("3.0.0")),
            ("Chart 1.16.0rc1", Some("1.16.0rc1")),
            ("Providers 2026-03-01", None),
            ("next", None),
            ("", None),
        ];
        for (milestone, want) in cases {
            assert_eq!(version_of(milestone).as_deref(), *want, "{milestone}");
        }
    }
}
