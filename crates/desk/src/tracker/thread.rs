//! What the field *Security mailing list thread* points at (DESIGN §7, config page §2, decisions page §3).

use std::sync::LazyLock;

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use super::{body, field::FieldRole, field::Headings};

/// Where a report came from, as its thread field says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThreadKind {
    /// A page of a mail archive.
    Archive,
    /// A mail thread that no archive shows, known by its Message-ID or thread id.
    Private,
    /// A public pull request; nobody is written to.
    PullRequest,
    /// A file of findings; nobody is written to.
    Import,
    /// The field does not say.
    #[default]
    None,
}

/// A pointer to the origin of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadRef {
    /// What it points at.
    pub kind: ThreadKind,
    /// The archive or pull-request URL, the Message-ID without brackets or the thread id, or the file name.
    pub id: Option<String>,
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://[^\s<>`\[\]()\x22']+").expect("a constant pattern, compiled by a test")
});

static PULL_REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^https?://[^/]+/[^?#]+/(?:pulls?|merge_requests|pull-requests)/[0-9]+")
        .expect("a constant pattern, compiled by a test")
});

/// Pages of a forge that are no mail archive: an advisory, an issue, a commit.
static FORGE_PAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)/(?:security/advisories|issues|commit|blob|tree)/")
        .expect("a constant pattern, compiled by a test")
});

static NO_ARCHIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:no|not|never|without)\b[^.\n]{0,40}\barchiv|\barchiv\w*\b[^.\n]{0,20}\b(?:none|n/a|unavailable)\b")
        .expect("a constant pattern, compiled by a test")
});

static MESSAGE_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"`\s*<?([^\s`<>@]+@[^\s`<>@]+)>?\s*`|<([^\s`<>@]+@[^\s`<>@]+)>")
        .expect("a constant pattern, compiled by a test")
});

static THREAD_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"`\s*([A-Za-z0-9][A-Za-z0-9._+=/-]{5,})\s*`|\b([0-9a-f]{12,64})\b")
        .expect("a constant pattern, compiled by a test")
});

static NOT_APPLICABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)^\W*n/a\b").expect("a constant pattern, compiled by a test"));

static FILE_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_][A-Za-z0-9._+-]*\.[A-Za-z][A-Za-z0-9]{0,9}\b")
        .expect("a constant pattern, compiled by a test")
});

/// Reads the value of the thread field. An archive page wins over an id, unless the value says that there is no
/// archive; `N/A` with a file name or a pull request marks an import without mail.
#[must_use]
pub fn thread_ref(value: &str) -> ThreadRef {
    let value = value.trim();
    let found = |kind, id: &str| ThreadRef { kind, id: Some(id.to_owned()) };
    if body::is_placeholder(value) {
        return ThreadRef::default();
    }
    let urls: Vec<&str> = URL
        .find_iter(value)
        .map(|m| m.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']))
        .collect();
    let pull = urls.iter().find(|u| PULL_REQUEST.is_match(u));
    if NOT_APPLICABLE.is_match(value) {
        return match pull {
            Some(url) => found(ThreadKind::PullRequest, url),
            None => {
                import_name(value).map_or_else(ThreadRef::default, |name| found(ThreadKind::Import, name))
            }
        };
    }
    let group =
        |c: &crate::pattern::Captures<'_>| c.get(1).or_else(|| c.get(2)).map(|m| m.as_str().to_owned());
    let message_id = MESSAGE_ID.captures(value).as_ref().and_then(group);
    let archive = urls.iter().find(|u| !PULL_REQUEST.is_match(u) && !FORGE_PAGE.is_match(u));
    if let Some(url) = archive.filter(|_| !(NO_ARCHIVE.is_match(value) && message_id.is_some())) {
        return found(ThreadKind::Archive, url);
    }
    if message_id.is_none()
        && let Some(url) = pull
    {
        return found(ThreadKind::PullRequest, url);
    }
    let without_urls = URL.replace_all(value, " ");
    let id = message_id.or_else(|| THREAD_ID.captures(&without_urls).as_ref().and_then(group));
    id.map_or_else(ThreadRef::default, |id| found(ThreadKind::Private, &id))
}

/// The file name behind `N/A`: in backticks, or the first word shaped like one.
fn import_name(value: &str) -> Option<&str> {
    let quoted = value.split('`').nth(1).map(str::trim).filter(|q| !q.is_empty());
    let name = quoted.or_else(|| FILE_NAME.find(value).map(|m| m.as_str()))?;
    name.rsplit(['/', '\\']).next().filter(|n| !n.is_empty())
}

/// The answer of `x fields`: every field by role (null when unset), the problems, and what the thread field points
/// at (DESIGN §7).
#[must_use]
pub fn fields_report(text: &str, headings: &Headings) -> serde_json::Value {
    let body = body::parse(text, headings);
    let fields: serde_json::Map<String, serde_json::Value> =
        FieldRole::ALL.into_iter().map(|r| (r.as_str().to_owned(), body.get(r).into())).collect();
    let thread = thread_ref(body.get(FieldRole::SecurityThread).unwrap_or_default());
    serde_json::json!({ "fields": fields, "problems": body.problems, "thread": thread })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_field_says_where_a_report_came_from() {
        use ThreadKind::{Archive, Import, None as Nothing, Private, PullRequest};
        let cases: &[(&str, ThreadKind, Option<&str>)] = &[
            (
                "https://lists.example.org/thread/abc123",
                Archive,
                Some("https://lists.example.org/thread/abc123"),
            ),
            (
                "18f0aabbccddeeff\nhttps://lists.example.org/thread/abc\n`<a@b.example>`",
                Archive,
                Some("https://lists.example.org/thread/abc"),
            ),
            (
                "[thread](https://lists.example.org/thread/abc).",
                Archive,
                Some("https://lists.example.org/thread/abc"),
            ),
            ("No public archive; Message-ID `<CA+x=1@mail.example>`", Private, Some("CA+x=1@mail.example")),
            (
                "Not publicly archived, see https://example.org/policy. `a@b.example`",
                Private,
                Some("a@b.example"),
            ),
            (
                "No public archive: private list, thread `a@b.example`\nThe team reads it at https://lists.example.org/thread/abc?%3Csecurity.example.org%3E",
                Private,
                Some("a@b.example"),
            ),
            ("`18f0aabbccddeeff` (no public archive)", Private, Some("18f0aabbccddeeff")),
            ("18f0aabbccddeeff", Private, Some("18f0aabbccddeeff")),
            (
                "N/A — imported from https://forge.example/o/r/pull/12",
                PullRequest,
                Some("https://forge.example/o/r/pull/12"),
            ),
            (
                "https://forge.example/o/r/pull/12/files",
                PullRequest,
                Some("https://forge.example/o/r/pull/12/files"),
            ),
            ("N/A (findings-2026.md)", Import, Some("findings-2026.md")),
            ("n/a, `scans/out.sarif`", Import, Some("out.sarif")),
            ("N/A", Nothing, None),
            ("_No response_", Nothing, None),
            ("", Nothing, None),
            ("asked on the phone", Nothing, None),
            ("https://forge.example/o/r/security/advisories/GHSA-2222-3333-4444", Nothing, None),
        ];
        for (value, kind, id) in cases {
            let got = thread_ref(value);
            assert_eq!((got.kind, got.id.as_deref()), (*kind, *id), "{value:?}");
        }
    }

    #[test]
    fn the_report_names_every_field() {
        let text =
            "### Security mailing list thread\r\n\r\n`<a@b.example>`\r\n\r\n### CWE\r\n\r\n*No response*\r\n";
        let report = fields_report(text, &Headings::default());
        assert_eq!(report["fields"].as_object().unwrap().len(), 11);
        assert_eq!(report["fields"]["cwe"], serde_json::Value::Null);
        assert_eq!(report["fields"]["security_thread"], "`<a@b.example>`");
        assert_eq!(report["thread"], serde_json::json!({"kind": "private", "id": "a@b.example"}));
        let problem = &report["problems"][0];
        assert_eq!(
            (&problem["kind"], &problem["role"]),
            (&"missing-heading".into(), &"issue_description".into())
        );
        assert_eq!(problem["at"], text.len());
    }
}
