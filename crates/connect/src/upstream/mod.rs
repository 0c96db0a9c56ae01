//! The public code: today a local git clone, read only.

pub mod git;

/// The public address of a commit of `owner/name`; empty when no repository is configured.
#[must_use]
pub fn commit_url(repo: &str, sha: &str) -> String {
    if repo.is_empty() { String::new() } else { format!("https://github.com/{repo}/commit/{sha}") }
}
