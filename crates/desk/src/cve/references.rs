//! `references[]`: gathered, tagged by exact host, and never a private link (CVE page §7, §13 rows 33–37).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::pattern::Regex;

use super::{
    finding::{Finding, Level},
    record::Reference,
};
use crate::{
    config::{AdvisorySignal, Config},
    tracker::{FieldRole, ThreadKind, thread_ref},
};

/// What the link fields become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceReport {
    /// Sorted by URL.
    pub references: Vec<Reference>,
    /// What was left out, and why.
    pub findings: Vec<Finding>,
}

/// What is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Links<'a> {
    /// The fix.
    pub fixes: &'a str,
    /// The advisory.
    pub advisory: &'a str,
    /// Where the report's thread is: never recorded.
    pub thread: &'a str,
    /// The public description, for the CVE ids it names.
    pub description: &'a str,
    /// The record's own id.
    pub cve_id: Option<&'a str>,
}

const PATH: &str = "/containers/cna/references";
/// Longest URL the record format takes, in characters.
const MAX_URL: usize = 2048;
/// Most references it takes.
const MAX_REFERENCES: usize = 512;

static URL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://[^\s<>`\x22|]+").expect("a constant pattern, compiled by a test")
});
static SHORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}))?#([0-9]{1,9})\b|\b([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})@([0-9a-f]{7,40})\b")
        .expect("a constant pattern, compiled by a test")
});
static CVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^A-Za-z0-9_-])(CVE-[0-9]{4}-[0-9]{4,7})(?:[^A-Za-z0-9_]|$)")
        .expect("a constant pattern, compiled by a test")
});
/// Lists whose archive nobody outside may read.
static PRIVATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[^a-z0-9])(?:security|private)@|<(?:security|private)\.")
        .expect("a constant pattern, compiled by a test")
});

/// Tools in which records are made; what they show is not public (CVE page §7).
const TOOL_HOSTS: [&str; 3] = ["cveprocess.apache.org", "cveform.mitre.org", "cveawg.mitre.org"];
/// Pages about a CVE.
const RELATED_HOSTS: [&str; 4] = ["cve.org", "www.cve.org", "nvd.nist.gov", "cve.mitre.org"];

/// The host of a web address, lower case, without user, port and final dot; none when there is none.
#[must_use]
pub fn host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

/// The path of a web address in segments, without query and fragment.
fn segments(url: &str) -> Vec<&str> {
    let rest = url.split_once("://").map_or("", |(_, r)| r);
    let path = rest.split_once(['/', '\\']).map_or("", |(_, p)| p);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/').filter(|s| !s.is_empty()).collect()
}

/// The links of a text, in order. A closing bracket stays where its partner is part of the address (§13 row 35).
pub(super) fn urls(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for m in URL.find_iter(text) {
        // `[https://a](https://a)`: the words of a Markdown link.
        let mut url = m.as_str();
        if let Some(at) = url.find("](") {
            url = url.get(..at).unwrap_or(url);
        }
        let mut depth = (0i64, 0i64);
        for c in url.chars() {
            match c {
                '(' => depth.0 += 1,
                ')' => depth.0 -= 1,
                '[' => depth.1 += 1,
                ']' => depth.1 -= 1,
                _ => {}
            }
        }
        while let Some(last) = url.chars().next_back() {
            let cut = match last {
                ')' if depth.0 < 0 => {
                    depth.0 += 1;
                    true
                }
                ']' if depth.1 < 0 => {
                    depth.1 += 1;
                    true
                }
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '>' => true,
                _ => false,
            };
            if !cut {
                break;
            }
            url = url.get(..url.len() - last.len_utf8()).unwrap_or_default();
        }
        if let Some((scheme, rest)) = url.split_once("://").filter(|(_, r)| !r.is_empty()) {
            out.push(format!("{}://{rest}", scheme.to_ascii_lowercase()));
        }
    }
    out
}

/// Gathers, filters, tags and sorts the references of a record.
#[must_use]
pub fn references(links: &Links<'_>, config: &Config) -> ReferenceReport {
    let rules = Rules::new(links, config);
    let mut out = ReferenceReport::default();
    let mut kept: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (role, text) in [(FieldRole::PrWithFix, links.fixes), (FieldRole::PublicAdvisoryUrl, links.advisory)]
    {
        let mut found = urls(text);
        if role == FieldRole::PrWithFix {
            let rest = URL.replace_all(text, " ");
            found.extend(rules.shorthands(&rest));
        }
        if found.is_empty() && !text.trim().is_empty() {
            let message = "no web address in it; write the whole URL".to_owned();
            out.findings.push(Finding::new("record.reference", Level::Warning, PATH, role, message));
        }
        for url in found {
            match rules.refuse(&url) {
                Some((rule, level, why)) => {
                    let shown: String = url.chars().take(120).collect();
                    out.findings.push(Finding::new(
                        rule,
                        level,
                        PATH,
                        role,
                        format!("{shown} is left out: {why}"),
                    ));
                }
                None => {
                    let tags = rules.tags(&url, role);
                    kept.entry(url).or_default().extend(tags);
                }
            }
        }
    }
    for id in cve_ids(links.description) {
        if links.cve_id.is_none_or(|own| own != id) {
            kept.entry(format!("https://www.cve.org/CVERecord?id={id}")).or_default().insert("related");
        }
    }
    if kept.len() > MAX_REFERENCES {
        let message = format!("{} links; a record holds {MAX_REFERENCES}", kept.len());
        out.findings.push(Finding::new(
            "record.reference",
            Level::Error,
            PATH,
            FieldRole::PrWithFix,
            message,
        ));
    }
    out.references = kept
        .into_iter()
        .take(MAX_REFERENCES)
        .map(|(url, tags)| Reference {
            url,
            tags: tags.into_iter().map(str::to_owned).collect(),
            ..Reference::default()
        })
        .collect();
    out
}

/// Upper-case CVE ids on word boundaries, 4 to 7 digits, in order, each once.
pub(super) fn cve_ids(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut from = 0;
    // Two ids may share the mark between them; hence one search after the other.
    while let Some(m) = text.get(from..).and_then(|rest| CVE.captures(rest)).and_then(|c| c.get(1)) {
        if !out.iter().any(|o| o == m.as_str()) {
            out.push(m.as_str().to_owned());
        }
        from += m.end();
    }
    out
}

/// The configuration, as needed here.
struct Rules<'a> {
    config: &'a Config,
    advisory: BTreeSet<String>,
    forges: BTreeSet<String>,
    tools: BTreeSet<String>,
    internal: Vec<Regex>,
    lists: Vec<String>,
    thread: Vec<String>,
}

type Refusal = (&'static str, Level, String);

impl<'a> Rules<'a> {
    fn new(links: &Links<'_>, config: &'a Config) -> Self {
        let lower = |list: &[String]| {
            list.iter().map(|h| h.trim().to_ascii_lowercase()).filter(|h| !h.is_empty()).collect()
        };
        let forges: BTreeSet<String> = lower(&config.cve.patch_hosts);
        let mut advisory: BTreeSet<String> = lower(&config.cve.advisory_hosts);
        advisory.extend(host(&config.archive.thread_url));
        let c = &config.cve;
        let mut tools: BTreeSet<String> = TOOL_HOSTS.map(str::to_owned).into();
        tools.extend(
            [&c.allocate_url, &c.record_url, &c.source_url, &c.email_preview_url]
                .into_iter()
                .filter_map(|u| host(u)),
        );
        // A tool that lives on the forge is told by its pages, not by the host.
        tools.retain(|t| !forges.contains(t) && !RELATED_HOSTS.contains(&t.as_str()));
        let l = &config.mail.lists;
        let lists = [&l.security, &l.private, &l.foundation_security];
        let lists =
            lists.into_iter().map(|a| a.trim().to_ascii_lowercase()).filter(|a| a.contains('@')).collect();
        let internal =
            config.confidentiality.internal_url_patterns.iter().filter_map(|p| Regex::new(p).ok()).collect();
        // A thread of the report is private, except where the report was a public change to begin with.
        let thread = if thread_ref(links.thread).kind == ThreadKind::PullRequest {
            Vec::new()
        } else {
            urls(links.thread)
        };
        Self { config, advisory, forges, tools, internal, lists, thread }
    }

    /// `owner/repo#12`, `owner/repo@sha`, and `#12` of the public repository.
    fn shorthands(&self, text: &str) -> Vec<String> {
        let own = self.config.upstream.repo.trim();
        let base = "https://github.com";
        SHORT
            .captures_iter(text)
            .filter_map(|c| {
                if let (Some(repo), Some(sha)) = (c.get(3), c.get(4)) {
                    return Some(format!("{base}/{}/commit/{}", repo.as_str(), sha.as_str()));
                }
                let repo = c.get(1).map_or(own, |m| m.as_str());
                let number = c.get(2)?.as_str();
                (!repo.is_empty()).then(|| format!("{base}/{repo}/pull/{number}"))
            })
            .collect()
    }

    /// Why a link may not stand in a record.
    fn refuse(&self, url: &str) -> Option<Refusal> {
        let Some(host) = host(url) else {
            return Some(("record.reference", Level::Warning, "it names no host".into()));
        };
        if url.chars().count() > MAX_URL {
            return Some(("record.reference", Level::Error, format!("longer than {MAX_URL} characters")));
        }
        let private = |why: &str| Some(("record.reference.private", Level::Error, why.to_owned()));
        let plain = unescaped(url);
        let behind =
            plain.split_once("://").and_then(|(_, r)| r.split_once(['/', '?', '#'])).map_or("", |(_, p)| p);
        let behind = behind.to_ascii_lowercase();
        if PRIVATE.is_match(&behind)
            || self.lists.iter().any(|l| {
                behind.contains(l.as_str())
                    || l.split_once('@').is_some_and(|(a, d)| behind.contains(&format!("<{a}.{d}")))
            })
        {
            return private("the archive of a private list");
        }
        if self.thread.iter().any(|t| t.trim_end_matches('/') == url.trim_end_matches('/')) {
            return private("it is the report's own thread");
        }
        if self.internal.iter().any(|p| p.is_match(url)) {
            return private("confidentiality.internal_url_patterns keeps it inside");
        }
        if self.tools.contains(&host) {
            return Some(("record.reference.dropped", Level::Info, "a page of the CVE tool".into()));
        }
        let tracker = self.config.tracker.repo.trim();
        let (owner, name) = tracker.split_once('/').unwrap_or_default();
        let at_tracker = match segments(url).as_slice() {
            [o, n, ..] => {
                let n = n.strip_suffix(".git").unwrap_or(n);
                !owner.is_empty() && o.eq_ignore_ascii_case(owner) && n.eq_ignore_ascii_case(name)
            }
            _ => false,
        };
        if at_tracker && (self.forges.contains(&host) || host.starts_with("api.")) {
            return Some(("record.reference.dropped", Level::Info, "a page of the tracker".into()));
        }
        None
    }

    fn tags(&self, url: &str, role: FieldRole) -> BTreeSet<&'static str> {
        let Some(host) = host(url) else { return BTreeSet::new() };
        let mut tags = BTreeSet::new();
        let path = segments(url);
        let on_forge = self.forges.contains(&host);
        let change = match path.as_slice() {
            [_, _, "pull" | "pulls" | "commit" | "commits", id, ..] => !id.is_empty(),
            [.., "-", "merge_requests" | "commit", id] | [.., "-", "merge_requests", id, _] => !id.is_empty(),
            _ => false,
        };
        if on_forge && change {
            tags.insert("patch");
        }
        if self.advisory.contains(&host) {
            tags.insert("vendor-advisory");
        }
        // An advisory of our own repository on the forge, where the team says that it is the advisory.
        let repo = self.config.upstream.repo.trim();
        if on_forge
            && role == FieldRole::PublicAdvisoryUrl
            && let [o, n, "security", "advisories", _] = path.as_slice()
            && repo
                .split_once('/')
                .is_some_and(|(a, b)| o.eq_ignore_ascii_case(a) && n.eq_ignore_ascii_case(b))
        {
            tags.insert("vendor-advisory");
        }
        // The release page, where that is how the project announces.
        if on_forge
            && role == FieldRole::PublicAdvisoryUrl
            && self.config.archive.advisory_signal == AdvisorySignal::ReleasePage
            && let [o, n, "releases", "tag", _, ..] = path.as_slice()
            && repo
                .split_once('/')
                .is_some_and(|(a, b)| o.eq_ignore_ascii_case(a) && n.eq_ignore_ascii_case(b))
        {
            tags.insert("vendor-advisory");
        }
        if RELATED_HOSTS.contains(&host.as_str()) {
            tags.insert("related");
        }
        tags
    }
}

/// `%3C`, `%3E` and `%40` as characters, which is how a list's address hides in an archive link.
fn unescaped(url: &str) -> String {
    let mut out = url.to_owned();
    for (code, plain) in [("%3C", "<"), ("%3c", "<"), ("%3E", ">"), ("%3e", ">"), ("%40", "@")] {
        out = out.replace(code, plain);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let mut c = Config::default();
        c.tracker.repo = "acme/security-tracker".into();
        c.upstream.repo = "acme/server".into();
        c.cve.record_url = "https://tool.foundation.example/cve5/{cve_id}".into();
        c.mail.lists.security = "reports@acme.example".into();
        c.confidentiality.internal_url_patterns = vec!["^https://inside\\.acme\\.example/".into()];
        c
    }

    fn show(r: &ReferenceReport) -> String {
        let all: Vec<String> = r
            .references
            .iter()
            .map(
                |r| if r.tags.is_empty() { r.url.clone() } else { format!("{} {}", r.url, r.tags.join(",")) },
            )
            .collect();
        all.join(" | ")
    }

    #[test]
    fn links_of_the_fix() {
        for (fixes, want) in [
            ("https://github.com/acme/server/pull/12", "https://github.com/acme/server/pull/12 patch"),
            (
                "https://github.com/acme/server/commit/0a1b2c3",
                "https://github.com/acme/server/commit/0a1b2c3 patch",
            ),
            ("HTTPS://github.com/acme/server/pull/12.", "https://github.com/acme/server/pull/12 patch"),
            ("[fix](https://github.com/acme/server/pull/12)", "https://github.com/acme/server/pull/12 patch"),
            ("<https://github.com/acme/server/pull/12>", "https://github.com/acme/server/pull/12 patch"),
            ("https://github.com/acme/server/issues/12", "https://github.com/acme/server/issues/12"),
            // CVE page §13 rows 33–35, 37, OURS.
            ("https://evil/github.com/a/b/pull/1", "https://evil/github.com/a/b/pull/1"),
            ("https://github.com@evil.example/a/b/pull/1", "https://github.com@evil.example/a/b/pull/1"),
            ("https://github.com.evil.example/a/b/pull/1", "https://github.com.evil.example/a/b/pull/1"),
            (
                "https://lists.apache.org.evil.example/thread/1",
                "https://lists.apache.org.evil.example/thread/1",
            ),
            ("https://x.example/?q=lists.apache.org", "https://x.example/?q=lists.apache.org"),
            ("https://x.org/a_(b)", "https://x.org/a_(b)"),
            ("(see https://x.org/a_(b))", "https://x.org/a_(b)"),
            ("a/b#123", "https://github.com/a/b/pull/123 patch"),
            (
                "#7 and a/b@0a1b2c3d",
                "https://github.com/a/b/commit/0a1b2c3d patch | https://github.com/acme/server/pull/7 patch",
            ),
            ("https://github.com/acme/security-tracker/issues/4", ""),
            (
                "https://github.com/acme/security-tracker-docs/pull/4",
                "https://github.com/acme/security-tracker-docs/pull/4 patch",
            ),
            ("acme/security-tracker#4", ""),
            ("https://tool.foundation.example/cve5/CVE-2026-1", ""),
            ("https://cveprocess.apache.org/cve5/CVE-2026-1", ""),
            (
                "https://nvd.nist.gov/vuln/detail/CVE-2026-1",
                "https://nvd.nist.gov/vuln/detail/CVE-2026-1 related",
            ),
            ("see the tracker", ""),
            ("https://", ""),
        ] {
            let links = Links { fixes, ..Links::default() };
            assert_eq!(show(&references(&links, &config())), want, "{fixes}");
        }
    }

    #[test]
    fn advisories_by_exact_and_configurable_host() {
        for (advisory, want) in [
            ("https://lists.apache.org/thread/abc", "https://lists.apache.org/thread/abc vendor-advisory"),
            ("https://acme.example/advisories/1", "https://acme.example/advisories/1"),
            (
                "https://github.com/acme/server/security/advisories/GHSA-2222-3333-4444",
                "https://github.com/acme/server/security/advisories/GHSA-2222-3333-4444 vendor-advisory",
            ),
            (
                "https://github.com/other/server/security/advisories/GHSA-2222-3333-4444",
                "https://github.com/other/server/security/advisories/GHSA-2222-3333-4444",
            ),
        ] {
            let links = Links { advisory, ..Links::default() };
            assert_eq!(show(&references(&links, &config())), want, "{advisory}");
        }
        let mut c = config();
        c.cve.advisory_hosts = vec!["acme.example".into()];
        c.archive.thread_url = "https://archive.acme.example/thread/{thread_id}".into();
        for (advisory, tagged) in [
            ("https://acme.example/advisories/1", true),
            ("https://ACME.example:443/advisories/1", true),
            ("https://archive.acme.example/thread/1", true),
            ("https://www.acme.example/advisories/1", false),
            ("https://lists.apache.org/thread/abc", false),
        ] {
            let links = Links { advisory, ..Links::default() };
            assert_eq!(show(&references(&links, &c)).ends_with(" vendor-advisory"), tagged, "{advisory}");
        }
    }

    #[test]
    fn a_private_link_is_never_recorded() {
        for url in [
            "https://lists.example.org/list.html?security@acme.example",
            "https://lists.example.org/thread.html/r8848751b6a5d%3Cprivate.acme.example%3E",
            "https://lists.example.org/thread.html/r8848751b6a5d%40%3Creports.acme.example%3E",
            "https://lists.example.org/list?reports%40acme.example:2026-1",
            "https://inside.acme.example/page",
            "https://lists.apache.org/thread/theirs",
        ] {
            let links = Links {
                advisory: url,
                fixes: url,
                thread: "https://lists.apache.org/thread/theirs\n`<m@x.example>`",
                ..Links::default()
            };
            let r = references(&links, &config());
            assert_eq!(show(&r), "", "{url}");
            assert!(
                r.findings.iter().any(|f| f.rule == "record.reference.private" && f.level == Level::Error),
                "{url}"
            );
        }
        let links = Links { advisory: "https://security.acme.example/1", ..Links::default() };
        assert_eq!(references(&links, &config()).references.len(), 1);
        let imported = Links {
            fixes: "https://github.com/acme/server/pull/9",
            thread: "N/A — imported from https://github.com/acme/server/pull/9",
            ..Links::default()
        };
        assert_eq!(references(&imported, &config()).references.len(), 1);
    }

    #[test]
    fn cve_ids_of_the_description_are_related() {
        let links = Links {
            description: "CVE-2026-1000, CVE-2026-1001 CVE-2026-1001; CVE-2026-123 xCVE-2026-2000y CVE-2026-3000_ cve-2026-4000 (CVE-2026-5000)",
            cve_id: Some("CVE-2026-1000"),
            ..Links::default()
        };
        let want = ["CVE-2026-1001", "CVE-2026-5000"]
            .map(|id| format!("https://www.cve.org/CVERecord?id={id} related"));
        assert_eq!(show(&references(&links, &config())), want.join(" | "));
    }

    #[test]
    fn sorted_and_merged() {
        let mut c = config();
        c.cve.advisory_hosts = vec!["github.com".into()];
        let links = Links {
            fixes: "https://z.example/1 https://github.com/acme/server/pull/2",
            advisory: "https://github.com/acme/server/pull/2 https://a.example/",
            ..Links::default()
        };
        assert_eq!(
            show(&references(&links, &c)),
            "https://a.example/ | https://github.com/acme/server/pull/2 patch,vendor-advisory | https://z.example/1"
        );
    }
}
