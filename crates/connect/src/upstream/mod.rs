//! The public code: a local git clone, read only, and the pull requests of its forge.

pub mod fix;
pub mod git;
pub mod github;
mod history;
pub mod open;
pub mod releases;
pub mod remote;
pub mod survey;
pub mod tags;
#[cfg(test)]
mod tests;

/// The public address of a commit of `owner/name`; empty when no repository is configured.
#[must_use]
pub fn commit_url(repo: &str, sha: &str) -> String {
    if repo.is_empty() { String::new() } else { format!("https://github.com/{repo}/commit/{sha}") }
}

/// The public address of a pull request of `owner/name`; `#N` when no repository is configured.
#[must_use]
pub fn pull_url(repo: &str, number: u64) -> String {
    if repo.is_empty() { format!("#{number}") } else { format!("https://github.com/{repo}/pull/{number}") }
}

/// The public address of a tag of `owner/name`; its name when no repository is configured.
#[must_use]
pub fn tag_url(repo: &str, tag: &str) -> String {
    if repo.is_empty() { tag.to_owned() } else { format!("https://github.com/{repo}/releases/tag/{tag}") }
}
