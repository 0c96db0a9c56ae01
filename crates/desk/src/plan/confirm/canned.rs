//! Names of canned replies: stable ids, the headings of the template, and what people call them (intake page §8,
//! Weaknesses 14).

use std::{collections::BTreeMap, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

/// What a canned reply is for. Only a negative reply can answer a report that gets no tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannedKind {
    /// Confirms that a report arrived.
    Receipt,
    /// Declines a report.
    Negative,
    /// Tells a reporter about progress.
    Status,
}

/// One built-in canned reply.
#[derive(Clone, Copy, Debug)]
pub struct CannedName {
    /// Stable id.
    pub id: &'static str,
    /// What it is for.
    pub kind: CannedKind,
    /// Headings and aliases, folded by [`fold`].
    pub names: &'static [&'static str],
}

const fn row(id: &'static str, kind: CannedKind, names: &'static [&'static str]) -> CannedName {
    CannedName { id, kind, names }
}

/// The built-in canned replies.
pub const CANNED: &[CannedName] = &[
    row(
        "receipt",
        CannedKind::Receipt,
        &[
            "confirmation of receiving the report",
            "confirmation of receipt",
            "confirmation",
            "acknowledgement",
        ],
    ),
    row(
        "out_of_scope",
        CannedKind::Negative,
        &[
            "negative assessment out of scope per the security model",
            "out of scope per the security model",
            "negative assessment out of scope",
            "out of scope",
            "security model",
        ],
    ),
    row(
        "not_vulnerability",
        CannedKind::Negative,
        &[
            "negative assessment not a vulnerability",
            "negative assessment",
            "not a vulnerability",
            "no vulnerability",
            "not a security issue",
            "not vulnerability",
        ],
    ),
    row(
        "automated_scan",
        CannedKind::Negative,
        &[
            "automated scanning results",
            "automated scanner results",
            "automated scan results",
            "automated scanning",
            "automated scanner",
            "scanner results",
            "scanning results",
            "scan results",
            "scanner",
        ],
    ),
    row(
        "consolidated",
        CannedKind::Negative,
        &[
            "consolidated multi issue report",
            "sending multiple issues in consolidated report",
            "sending multiple issues in a consolidated report",
            "multiple issues in consolidated report",
            "consolidated report",
            "multiple issues",
            "multi issue report",
            "multi issue",
            "split",
        ],
    ),
    row(
        "media",
        CannedKind::Negative,
        &[
            "media research disclosure request",
            "when someone submits a media report",
            "media request",
            "media report",
            "research disclosure request",
            "press",
        ],
    ),
    row(
        "already_public",
        CannedKind::Negative,
        &[
            "publicly disclosed issue",
            "publicly disclosed",
            "public issue",
            "fix already public",
            "already fixed",
            "public fix",
        ],
    ),
    row(
        "trusted_author",
        CannedKind::Negative,
        &["trusted author input", "dag author input", "author input", "trusted author", "dag author"],
    ),
    row(
        "authenticated_dos",
        CannedKind::Negative,
        &[
            "authenticated denial of service",
            "dos by authenticated users",
            "denial of service by authenticated users",
        ],
    ),
    row("self_xss", CannedKind::Negative, &["self cross site scripting", "self inflicted xss"]),
    row(
        "image_scan",
        CannedKind::Negative,
        &[
            "image scanning results",
            "image scan results",
            "container image scan",
            "docker image scan",
            "image scan",
        ],
    ),
    row(
        "connection_configuration",
        CannedKind::Negative,
        &[
            "connection config",
            "operator controlled connection configuration",
            "connection configuration abuse",
        ],
    ),
    row("parameter_injection", CannedKind::Negative, &["trusted caller parameter injection"]),
    row("cve_allocated", CannedKind::Status, &["cve allocation"]),
    row("fix_pr_opened", CannedKind::Status, &["fix opened"]),
    row("fix_pr_merged", CannedKind::Status, &["fix merged"]),
    row("release_shipped", CannedKind::Status, &["release"]),
    row("advisory_sent", CannedKind::Status, &["advisory"]),
    row("cve_published", CannedKind::Status, &["cve public"]),
    row("credit_correction", CannedKind::Status, &["credit"]),
];

/// The built-in replies with their ids folded once: an answer may ask for thousands of names.
static FOLDED: LazyLock<Vec<(String, &'static CannedName)>> =
    LazyLock::new(|| CANNED.iter().map(|c| (fold(c.id), c)).collect());

/// A name without case, punctuation and spacing: `Out-of-scope` and `out_of_scope` become `out of scope`.
#[must_use]
pub fn fold(name: &str) -> String {
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

/// The id of the negative reply a person named: by id, heading or alias, by the beginning of a heading (two words at
/// least, no second candidate), or by a name of this desk. `None` when nothing or more than one thing fits, and for
/// replies that decline nothing.
#[must_use]
pub fn negative(name: &str, desk: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let folded = fold(name);
    let mut folded = folded.as_str();
    for tail in [" canned response", " canned reply", " response", " reply", " template"] {
        folded = folded.strip_suffix(tail).unwrap_or(folded);
    }
    if folded.is_empty() {
        return None;
    }
    for (id, names) in desk {
        if fold(id) == folded || names.iter().any(|n| fold(n) == folded) {
            return Some(id.clone());
        }
    }
    let called = |(id, c): &&(String, &CannedName)| *id == folded || c.names.contains(&folded);
    let negative = || FOLDED.iter().filter(|(_, c)| c.kind == CannedKind::Negative);
    if let Some((_, hit)) = negative().find(called) {
        return Some(hit.id.to_string());
    }
    if FOLDED.iter().any(|c| called(&c)) || !folded.contains(' ') {
        return None;
    }
    let begins = format!("{folded} ");
    let mut hits: Vec<String> = negative()
        .map(|(_, c)| *c)
        .filter(|c| c.names.iter().any(|n| n.starts_with(&begins)))
        .map(|c| c.id.to_string())
        .collect();
    hits.extend(
        desk.iter()
            .filter(|(_, ns)| ns.iter().any(|n| fold(n).starts_with(&begins)))
            .map(|(id, _)| id.clone()),
    );
    match hits.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}
