//! Which releases hold the flaw and which hold its fix: what the affected ranges are read off (CVE page §5).

use desk::{
    cve::ranges::Release,
    rules::extract::versions::order::{Scheme, compare},
};

use super::{
    fix::{Found, Named},
    survey::{Survey, SurveyError},
    tags::Wanted,
};
use jiff::Timestamp;

/// Since when the flaw is there.
#[derive(Clone, Debug)]
pub enum Since {
    /// Nobody said.
    Unknown,
    /// Changes that brought it; any of them, or a cherry-pick of one, is enough.
    Changes(Vec<Found>),
    /// The first version with it.
    Version(String),
}

impl Survey {
    /// A commit, pull request or branch that brought a flaw, whenever that was.
    ///
    /// # Errors
    /// When the clone does not know it, or no branch holds it.
    pub fn origin(&mut self, named: &Named) -> Result<Found, SurveyError> {
        let found = self.fix(named, Timestamp::UNIX_EPOCH)?;
        if found.commits.is_empty() {
            let url = found.pulls.first().map(|p| p.url.clone()).unwrap_or_default();
            let why = format!("{url}: no branch of the clone that is released from holds it");
            return Err(SurveyError::NotHere(format!(
                "{why}; name the commit that was merged, or its version"
            )));
        }
        Ok(found)
    }

    /// Every final release of a package, by version. `None` when no tag names the package.
    ///
    /// # Errors
    /// When the clone fails, or no fix is on a branch that is released from.
    pub fn releases(
        &mut self,
        package: &str,
        wanted: &Wanted,
        fixes: &[Found],
        since: &Since,
    ) -> Result<Option<Vec<Release>>, SurveyError> {
        let Some(tags) = self.of_package(package, wanted) else { return Ok(None) };
        let mut out: Vec<Release> = Vec::new();
        for tag in tags.iter().filter(|t| t.is_final()) {
            // `v1.2` and `release-1.2` are one release.
            if out.last().is_some_and(|r| compare(&r.version, &tag.version, Scheme::Generic).is_eq()) {
                continue;
            }
            let has_flaw = match since {
                Since::Unknown => None,
                Since::Version(v) => Some(compare(&tag.version, v, Scheme::Generic).is_ge()),
                Since::Changes(all) => {
                    let mut here = false;
                    for change in all {
                        here = here || self.has_fix(tag, std::slice::from_ref(change))?.unwrap_or(false);
                    }
                    Some(here)
                }
            };
            out.push(Release {
                version: tag.version.clone(),
                name: tag.name.clone(),
                has_fix: self.has_fix(tag, fixes)?.unwrap_or(false),
                has_flaw,
            });
        }
        Ok(Some(out))
    }
}
