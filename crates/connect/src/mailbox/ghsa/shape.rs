//! What the service says about an advisory, as its documentation has it (schema `repository-advisory`). Only what is read is
//! named; what is missing and not nullable there is no advisory.

use desk::plan::digest::sha256;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far an advisory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Somebody reported it, nobody has decided.
    Triage,
    /// Accepted, or opened by the team.
    Draft,
    /// Public.
    Published,
    /// Closed without being public.
    Closed,
    /// Public, and taken back.
    Withdrawn,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Advisory {
    pub ghsa_id: String,
    pub cve_id: Option<String>,
    pub summary: String,
    pub description: Option<String>,
    pub severity: Option<String>,
    pub author: Option<User>,
    pub state: State,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// There is one when it came in as a private report.
    pub submission: Option<Submission>,
    pub vulnerabilities: Option<Vec<Vulnerability>>,
    #[serde(default)]
    pub cvss: Option<Cvss>,
    #[serde(default)]
    pub cvss_severities: Option<Severities>,
    pub cwe_ids: Option<Vec<String>>,
    pub credits_detailed: Option<Vec<Credit>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub login: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Submission {}

#[derive(Debug, Deserialize)]
pub(super) struct Vulnerability {
    pub package: Option<Package>,
    pub vulnerable_version_range: Option<String>,
    pub patched_versions: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub ecosystem: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cvss {
    pub vector_string: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Severities {
    #[serde(default)]
    pub cvss_v3: Option<Cvss>,
    #[serde(default)]
    pub cvss_v4: Option<Cvss>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Credit {
    pub user: User,
    #[serde(rename = "type")]
    pub kind: String,
    pub state: String,
}

/// `GET /repos/{owner}/{repo}`: what tells whether the token may see every advisory.
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// Shown to administrators, owners and security managers only, says the documentation.
    #[serde(default)]
    pub security_and_analysis: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    pub admin: bool,
}

impl Repository {
    pub(super) fn shows_all(&self) -> bool {
        self.permissions.as_ref().is_some_and(|p| p.admin) || self.security_and_analysis.is_some()
    }
}

impl Advisory {
    /// Is the id of the form that ids have? It becomes a Message-ID and part of a path.
    pub(super) fn is_named_well(&self) -> bool {
        is_ghsa(&self.ghsa_id)
    }

    /// Scores as the reporter, or somebody since, gave them.
    pub(super) fn vectors(&self) -> Vec<&str> {
        let severities = self.cvss_severities.as_ref();
        let all = [
            severities.and_then(|s| s.cvss_v4.as_ref()),
            severities.and_then(|s| s.cvss_v3.as_ref()),
            self.cvss.as_ref(),
        ];
        let mut out: Vec<&str> = Vec::new();
        for v in all.into_iter().flatten().filter_map(|c| c.vector_string.as_deref()) {
            if !v.is_empty() && !out.contains(&v) {
                out.push(v);
            }
        }
        out
    }

    /// Names what the report says, so that a change of it is seen.
    pub(super) fn digest(&self) -> String {
        let mut text = format!("{}\0{}", self.summary, self.description.as_deref().unwrap_or_default());
        for v in self.vulnerabilities.iter().flatten() {
            text.push('\0');
            text.push_str(v.vulnerable_version_range.as_deref().unwrap_or_default());
        }
        sha256(text.as_bytes()).chars().take(16).collect()
    }
}

/// Is it an id of an advisory? The alphabet leaves out what is easily misread.
pub(super) fn is_ghsa(text: &str) -> bool {
    let mut parts = text.split('-');
    let group = |p: &str| p.len() == 4 && p.bytes().all(|b| b"23456789cfghjmpqrvwx".contains(&b));
    parts.next() == Some("GHSA") && parts.clone().count() == 3 && parts.all(group)
}
