//! Tags as releases (sync page §5): which version of which package a tag is, whether it is final, and whether it contains
//! the fix. A tag that moved is no matter, tags are read anew every time.

use std::{collections::BTreeSet, sync::LazyLock};

use desk::{
    case::{Artifact, ArtifactState},
    rules::extract::versions::order::{Scheme, compare},
};
use jiff::Timestamp;
use regex::Regex;

use super::{
    fix::Found,
    git::{Clone, GitError},
    survey::Survey,
    tag_url,
};

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The version; empty for a wave, where every package has one of its own.
    pub version: String,
    /// The packages; one empty name for the project's only one.
    pub packages: Vec<String>,
    /// Branch of the release train; empty for the default branch.
    pub branch: String,
    /// Names of the project, which may stand before a version.
    pub project: Vec<String>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub name: String,
    pub commit: String,
    pub at: Option<Timestamp>,
    /// What stands before the version, folded; empty for nothing.
    pub prefix: String,
    /// The version; empty when the tag names none.
    pub version: String,
}

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::unwrap_used, reason = "a constant, compiled in every test run")]
    Regex::new(r"^(?:(.*?)[-_/@])??[vVrR]?([0-9]+(?:[._][0-9]+)*(?:[-._+~]?[0-9A-Za-z]+)*)$").unwrap()
});

/// Words before a version that name no package.
const GENERIC: &[&str] = &["", "release", "releases", "rel", "version", "ver", "v", "tag", "tags"];

impl Tag {
    pub(super) fn all(clone: &Clone) -> Result<Vec<Self>, GitError> {
        let format = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)";
        let text = clone.text("for-each-ref", &["for-each-ref", format, "refs/tags"])?;
        let mut out = Vec::new();
        for line in text.lines() {
            let mut parts = line.split('\0');
            let (Some(name), Some(object), Some(peeled)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let at =
                parts.next().and_then(|s| s.trim().parse().ok()).and_then(|s| Timestamp::from_second(s).ok());
            let commit = if peeled.is_empty() { object } else { peeled };
            out.push(Self::named(name, commit, at));
        }
        Ok(out)
    }

    pub(super) fn named(name: &str, commit: &str, at: Option<Timestamp>) -> Self {
        let read = NAME.captures(name).filter(|_| name.len() <= 200);
        let part = |i| read.as_ref().and_then(|c| c.get(i)).map_or("", |m| m.as_str());
        let (prefix, version) = (fold(part(1)), part(2).replace('_', "."));
        Self { name: name.into(), commit: commit.into(), at, prefix, version }
    }

    fn is(&self, version: &str) -> bool {
        !self.version.is_empty() && compare(&self.version, version, Scheme::Generic).is_eq()
    }

    pub(super) fn is_final(&self) -> bool {
        compare(&self.version, base(&self.version), Scheme::Generic).is_ge()
    }

    /// A candidate or beta of that version.
    fn leads_to(&self, version: &str) -> bool {
        !self.is_final() && compare(base(&self.version), base(version), Scheme::Generic).is_eq()
    }
}

/// The numbers of a version.
fn base(version: &str) -> &str {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    version.get(..end).unwrap_or(version).trim_end_matches('.')
}

fn fold(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// The ways in which tags name a package: whole, and its last part.
fn names_of(package: &str) -> BTreeSet<String> {
    let last = package.rsplit([':', '/']).next().unwrap_or(package);
    [fold(package), fold(last)].into_iter().filter(|n| !n.is_empty()).collect()
}

/// Something that knows tags and what they hold: a clone, or the forge.
pub(super) trait Code {
    type Fault;

    /// `owner/name`; empty when unknown.
    fn repo(&self) -> &str;

    /// Every tag that matters.
    fn tags(&self) -> &[Tag];

    /// Is a tag on the branch of a train? What nobody can tell leaves it in.
    fn is_on(&mut self, branch: &str, tag: &Tag) -> Result<bool, Self::Fault>;

    /// Does a tag hold every fix? `branch` is the one its release is cut from. `None` when nobody can tell.
    fn has_fix(&mut self, tag: &Tag, branch: &str, fixes: &[Found]) -> Result<Option<bool>, Self::Fault>;

    /// Why the last question whether a tag holds a fix was left open, where it could have been answered.
    fn doubt(&mut self) -> Option<String> {
        None
    }

    /// What its release page says beside: whether it is a pre-release, when it came out, where it is.
    fn page(&self, _tag: &Tag) -> Option<ReleasePage> {
        None
    }
}

/// What the page of a release says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReleasePage {
    pub pre: bool,
    pub at: Option<Timestamp>,
    pub url: String,
}

/// How every package of a target stands.
pub(super) fn artifacts<C: Code>(
    code: &mut C,
    wanted: &Wanted,
    fixes: &[Found],
) -> Result<Vec<Artifact>, C::Fault> {
    let mut out = Vec::new();
    for package in &wanted.packages {
        let Some(tags) = of_package(code.tags(), package, wanted) else {
            out.push(Artifact {
                package: package.clone(),
                version: wanted.version.clone(),
                reason: format!("no tag names the package {package}"),
                ..Artifact::default()
            });
            continue;
        };
        if wanted.version.is_empty() {
            out.push(of_wave(code, package, wanted, tags, fixes)?);
        } else {
            of_version(code, package, wanted, tags, fixes, &mut out)?;
        }
    }
    Ok(out)
}

/// The tags of a package, oldest version first: those that name it; where none does, those that name no package. None
/// when several packages share tags that name none of them.
fn of_package(all: &[Tag], package: &str, wanted: &Wanted) -> Option<Vec<Tag>> {
    let versions = all.iter().filter(|t| !t.version.is_empty());
    let names = names_of(package);
    let mut found: Vec<Tag> = versions.clone().filter(|t| names.contains(&t.prefix)).cloned().collect();
    if found.is_empty() {
        // `providers-ftp/1.2` is a tag of `acme-server-providers-ftp`; one word alone says too little.
        let ends =
            |t: &&Tag| t.prefix.contains('-') && names.iter().any(|n| n.ends_with(&format!("-{}", t.prefix)));
        found = versions.clone().filter(ends).cloned().collect();
    }
    if found.is_empty() {
        let project: Vec<String> = wanted.project.iter().map(|n| fold(n)).collect();
        let plain = |t: &&Tag| GENERIC.contains(&t.prefix.as_str()) || project.contains(&t.prefix);
        found = versions.filter(plain).cloned().collect();
        if wanted.packages.len() > 1 {
            return None;
        }
    }
    found.sort_by(|a, b| compare(&a.version, &b.version, Scheme::Generic).then_with(|| a.name.cmp(&b.name)));
    Some(found)
}

fn of_version<C: Code>(
    code: &mut C,
    package: &str,
    wanted: &Wanted,
    tags: Vec<Tag>,
    fixes: &[Found],
    out: &mut Vec<Artifact>,
) -> Result<(), C::Fault> {
    if let Some(tag) = tags.iter().find(|t| t.is(&wanted.version)) {
        let mut a = artifact(code, package, wanted, tag, fixes)?;
        a.version.clone_from(&wanted.version);
        out.push(a);
        return Ok(());
    }
    let candidate = tags.iter().rfind(|t| t.leads_to(&wanted.version));
    let mut a = match candidate {
        Some(tag) => artifact(code, package, wanted, tag, fixes)?,
        None => Artifact { package: package.into(), state: ArtifactState::Missing, ..Artifact::default() },
    };
    a.version.clone_from(&wanted.version);
    out.push(a);
    // The version may have been skipped: the next one of the train that holds the fix is shown beside it.
    for tag in tags.iter().filter(|t| t.is_final()) {
        if compare(&tag.version, &wanted.version, Scheme::Generic).is_le() {
            continue;
        }
        if !wanted.branch.is_empty() && !code.is_on(&wanted.branch, tag)? {
            continue;
        }
        out.push(artifact(code, package, wanted, tag, fixes)?);
        break;
    }
    Ok(())
}

/// The first final version of a package that holds the fix, else a candidate that does.
fn of_wave<C: Code>(
    code: &mut C,
    package: &str,
    wanted: &Wanted,
    tags: Vec<Tag>,
    fixes: &[Found],
) -> Result<Artifact, C::Fault> {
    let (mut candidate, mut doubted) = (None, None);
    for tag in &tags {
        let a = artifact(code, package, wanted, tag, fixes)?;
        match (a.has_fix, a.state) {
            (Some(true), ArtifactState::Final) => return Ok(a),
            (Some(true), _) => candidate = Some(a),
            // What nobody could tell is no release that is missing.
            (_, ArtifactState::Unknown) => doubted = Some(a),
            _ => {}
        }
    }
    Ok(doubted.or(candidate).unwrap_or_else(|| Artifact {
        package: package.into(),
        state: ArtifactState::Missing,
        ..Artifact::default()
    }))
}

fn artifact<C: Code>(
    code: &mut C,
    package: &str,
    wanted: &Wanted,
    tag: &Tag,
    fixes: &[Found],
) -> Result<Artifact, C::Fault> {
    let page = code.page(tag);
    let pre = !tag.is_final() || page.as_ref().is_some_and(|p| p.pre);
    let has_fix = code.has_fix(tag, &wanted.branch, fixes)?;
    let doubt = code.doubt().filter(|_| has_fix.is_none() && !pre);
    let url = page.as_ref().map(|p| p.url.clone()).filter(|u| !u.is_empty());
    Ok(Artifact {
        package: package.into(),
        version: tag.version.clone(),
        state: match &doubt {
            Some(_) => ArtifactState::Unknown,
            None if pre => ArtifactState::PreRelease,
            None => ArtifactState::Final,
        },
        at: page.and_then(|p| p.at).or(tag.at),
        url: url.unwrap_or_else(|| tag_url(code.repo(), &tag.name)),
        has_fix,
        reason: doubt.unwrap_or_default(),
        page: String::new(),
        names: Vec::new(),
    })
}

impl Code for Survey {
    type Fault = GitError;

    fn repo(&self) -> &str {
        &self.repo
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }

    fn is_on(&mut self, branch: &str, tag: &Tag) -> Result<bool, GitError> {
        match self.tip(branch) {
            Some(train) => self.contains(&train, &tag.commit),
            None => Ok(true),
        }
    }

    fn has_fix(&mut self, tag: &Tag, _: &str, fixes: &[Found]) -> Result<Option<bool>, GitError> {
        Survey::has_fix(self, tag, fixes)
    }
}

impl Survey {
    /// How every package of a target stands. `fixes` are what [`Survey::fix`] found.
    ///
    /// # Errors
    /// When the clone fails.
    pub fn artifacts(&mut self, wanted: &Wanted, fixes: &[Found]) -> Result<Vec<Artifact>, GitError> {
        artifacts(self, wanted, fixes)
    }

    pub(super) fn of_package(&self, package: &str, wanted: &Wanted) -> Option<Vec<Tag>> {
        of_package(&self.tags, package, wanted)
    }

    /// Does a tag contain every fix, by any of its commits, and none of their reverts? `None` when no fix has a commit.
    pub(super) fn has_fix(&mut self, tag: &Tag, fixes: &[Found]) -> Result<Option<bool>, GitError> {
        if fixes.is_empty() || fixes.iter().any(|f| f.commits.is_empty()) {
            return Ok(None);
        }
        for fix in fixes {
            let mut here = false;
            for commit in &fix.commits {
                here = here || (self.holds(&tag.name, commit)? && self.stands_in(tag, commit)?);
            }
            if !here {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    fn holds(&mut self, tag: &str, commit: &str) -> Result<bool, GitError> {
        if !self.holders.contains_key(commit) {
            let text = self.clone.text("tag", &["tag", "--contains", commit])?;
            self.holders.insert(commit.to_owned(), text.lines().map(|l| l.trim().to_owned()).collect());
        }
        Ok(self.holders.get(commit).is_some_and(|tags| tags.contains(tag)))
    }

    fn stands_in(&mut self, tag: &Tag, commit: &str) -> Result<bool, GitError> {
        for revert in self.reverts(commit) {
            if self.contains(&tag.commit, &revert)? {
                // A revert that was taken back in turn, before the tag.
                let mut back = false;
                for again in self.reverts(&revert) {
                    back = back || self.contains(&tag.commit, &again)?;
                }
                if !back {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_package_and_a_version() {
        for (name, prefix, version, is_final) in [
            ("1.2.3", "", "1.2.3", true),
            ("v1.2.3", "", "1.2.3", true),
            ("release-1.2.3", "release", "1.2.3", true),
            ("REL_9_6_1", "rel", "9.6.1", true),
            ("pkg/1.2.3", "pkg", "1.2.3", true),
            ("pkg/v1.2.3", "pkg", "1.2.3", true),
            ("pkg-1.2.3", "pkg", "1.2.3", true),
            ("pkg@1.2.3", "pkg", "1.2.3", true),
            ("@acme/pkg@1.2.3", "acme-pkg", "1.2.3", true),
            ("log4j-2.17.1", "log4j", "2.17.1", true),
            ("python3-client-1.2", "python3-client", "1.2", true),
            ("v1.2.3-rc1", "", "1.2.3-rc1", false),
            ("1.2.3rc1", "", "1.2.3rc1", false),
            ("1.2.3.dev4", "", "1.2.3.dev4", false),
            ("2.0.0-alpha.1", "", "2.0.0-alpha.1", false),
            ("2.0.0-SNAPSHOT", "", "2.0.0-SNAPSHOT", false),
            ("5.3.2.Final", "", "5.3.2.Final", true),
            ("1.0.post1", "", "1.0.post1", true),
            ("latest", "", "", true),
            ("nightly-build", "", "", true),
        ] {
            let t = Tag::named(name, "", None);
            assert_eq!((t.prefix.as_str(), t.version.as_str()), (prefix, version), "{name}");
            if !version.is_empty() {
                assert_eq!(t.is_final(), is_final, "{name}");
            }
        }
        assert!(Tag::named("v2.4.0", "", None).is("2.4"));
        assert!(Tag::named("v2.4.0-rc2", "", None).leads_to("2.4.0"));
        assert!(!Tag::named("v2.4.1-rc2", "", None).leads_to("2.4.0"));
    }
}
