//! What a report points at: code, advisories, pull requests (intake page §3 D3, Weakness 15).

use std::sync::LazyLock;

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use super::text;

/// What a code pointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointerKind {
    /// `Class.method()`, `Class::method`, `Class#method`.
    Method,
    /// A path with a source extension.
    Path,
    /// A path with a line.
    Location,
    /// A dotted name.
    Dotted,
    /// `function()`.
    Function,
}

/// A place in the code, where the text names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pointer {
    /// What it is.
    pub kind: PointerKind,
    /// As written, without call parentheses.
    pub text: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// A pull or merge request.
    PullRequest,
    /// A commit.
    Commit,
    /// An issue.
    Issue,
    /// A repository advisory.
    Advisory,
}

/// A link to an object of a code forge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ForgeLink {
    /// What it leads to.
    pub kind: LinkKind,
    /// The address, without query and fragment.
    pub url: String,
    /// `owner/name` as the path has it.
    pub repo: String,
    /// Number, commit or advisory id.
    pub id: String,
}

/// Everything a text points at, each kind in order of appearance and without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointers {
    /// Code.
    pub code: Vec<Pointer>,
    /// GHSA ids, normalised.
    pub ghsa: Vec<String>,
    /// CVE ids, upper case.
    pub cve: Vec<String>,
    /// Forge links.
    pub links: Vec<ForgeLink>,
}

static GHSA: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\bGHSA-([23456789cfghjmpqrvwx]{4})-([23456789cfghjmpqrvwx]{4})-([23456789cfghjmpqrvwx]{4})\b",
    )
    .expect("valid")
});
static CVE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bCVE-((?:19|20)\d\d)-(\d{4,19})\b").expect("valid"));
static FORGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"https?://[A-Za-z0-9.\-]+(?::\d+)?/([\w.\-]+(?:/[\w.\-]+){1,4}?)/(?:-/)?(?:(pull|pulls|pullrequests?|pull-requests|merge_requests)/(\d+)|(commit|commits)/([0-9a-fA-F]{7,40})|(issues|issue)/(\d+)|(security/advisories)/(GHSA-[\w-]{14}))").expect("valid")
});
const EXTENSIONS: &str = "py|pyx|pyi|js|jsx|mjs|cjs|ts|tsx|java|kt|kts|scala|groovy|clj|c|h|cc|cpp|cxx|hpp|hh|m|mm|go|rs|rb|erb|php|phtml|inc|cs|vb|fs|swift|dart|lua|pl|pm|t|sh|bash|zsh|ps1|bat|ex|exs|erl|hrl|hs|ml|mli|r|jl|nim|zig|d|sql|vue|svelte|html|htm|jsp|jspx|aspx|ascx|cshtml|twig|ftl|vm|tpl|tmpl|j2|jinja|xml|xsd|yml|yaml|toml|json|ini|cfg|conf|properties|gradle|cmake|proto|graphql|tf|hcl|nix|asm|s|v|sv|vhd|sol|cu|wat|css|scss|less|mk|am|ac|in|y|l|el|lisp|scm|f90|f|pas|cob|ads|adb";
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?:[\w@.+\-]+/)*[\w@+\-][\w.@+\-]*\.(?:{EXTENSIONS})(?:(?::|#L|\(|\s+line\s+|,\s+line\s+|\s+at\s+line\s+)(\d{{1,6}})(?:(?:-L?|:)\d{{1,6}})?\)?)?"
    ))
    .expect("valid")
});
static METHOD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[A-Za-z_]\w*(?:(?:::|\.|->|#)[A-Za-z_~]\w*)+(?:\(\))?|\b[A-Za-z_]\w*\(\)").expect("valid")
});

/// The CVE ids of a text, upper case, in order of appearance, each once.
#[must_use]
pub fn cve_ids(input: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for c in CVE.captures_iter(text::head(input, 400_000)) {
        let (year, number) = (&c[1], &c[2]);
        let id = format!("CVE-{year}-{number}");
        if !number.bytes().all(|b| b == b'0') && seen.insert(id.clone()) {
            out.push(id);
        }
    }
    out
}

/// Reads the pointers of a text.
#[must_use]
pub fn pointers(input: &str) -> Pointers {
    let input = text::head(input, 400_000);
    let mut out = Pointers::default();
    let mut seen = std::collections::BTreeSet::new();
    for c in GHSA.captures_iter(input) {
        let groups: Vec<String> = c.iter().skip(1).flatten().map(|m| m.as_str().to_lowercase()).collect();
        // `xxxx` is within the alphabet, and a placeholder.
        let placeholder = groups.iter().all(|g| g.chars().all(|c| g.starts_with(c)));
        let id = format!("GHSA-{}", groups.join("-"));
        if !placeholder && seen.insert(id.clone()) {
            out.ghsa.push(id);
        }
    }
    out.cve = cve_ids(input);
    for c in FORGE.captures_iter(input) {
        let Some(whole) = c.get(0) else { continue };
        let get = |i: usize| c.get(i).map(|m| m.as_str().to_string());
        let (kind, id) = match (get(3), get(5), get(7), get(9)) {
            (Some(n), ..) => (LinkKind::PullRequest, n),
            (_, Some(h), ..) => (LinkKind::Commit, h),
            (_, _, Some(n), _) => (LinkKind::Issue, n),
            (_, _, _, Some(g)) => (LinkKind::Advisory, g),
            _ => continue,
        };
        let url = whole.as_str().to_string();
        if seen.insert(url.clone()) {
            out.links.push(ForgeLink { kind, url, repo: get(1).unwrap_or_default(), id });
        }
    }
    out.code = code(input);
    out
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[a-zA-Z][a-zA-Z0-9+.\-]*://\S+|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+|\bwww\.\S+").expect("valid")
});

fn code(input: &str) -> Vec<Pointer> {
    let covered: Vec<(usize, usize)> = URL.find_iter(input).map(|m| (m.start(), m.end())).collect();
    let inside = |list: &[(usize, usize)], at: usize| {
        let i = list.partition_point(|(s, _)| *s <= at);
        i.checked_sub(1).and_then(|i| list.get(i)).is_some_and(|(_, e)| at < *e)
    };
    let mut out: Vec<Pointer> = Vec::new();
    let mut paths: Vec<(usize, usize)> = Vec::new();
    for c in PATH.captures_iter(input) {
        let Some(m) = c.get(0) else { continue };
        let before = input.get(..m.start()).and_then(|s| s.chars().next_back());
        let after = input.get(m.end()..).and_then(|s| s.chars().next());
        let glued = after.is_some_and(|c| c.is_alphanumeric() || c == '_')
            || before.is_some_and(char::is_alphanumeric);
        let stem = m.as_str().split('.').next().unwrap_or_default();
        let bare = c.get(1).is_none() && !m.as_str().contains('/');
        // `e.g`, `Node.js`, `2.c` are no files; a one-letter extension needs a stem that looks like one.
        let product = bare
            && matches!(
                m.as_str(),
                "Node.js"
                    | "node.js"
                    | "Vue.js"
                    | "Next.js"
                    | "Express.js"
                    | "Socket.io"
                    | "ASP.NET"
                    | "D3.js"
                    | "Three.js"
                    | "i.e"
                    | "e.g"
                    | "React.js"
                    | "Nuxt.js"
            );
        let numeric = stem.chars().all(|c| c.is_ascii_digit());
        if inside(&covered, m.start()) || glued || product || numeric || stem.is_empty() {
            continue;
        }
        // `Session.in` reads as a file only when a path or line says so.
        let one = m
            .as_str()
            .rsplit('.')
            .next()
            .is_some_and(|e| matches!(e, "in" | "t" | "d" | "v" | "l" | "y" | "s" | "f" | "m" | "r"));
        if one && bare {
            continue;
        }
        let kind = if c.get(1).is_some() { PointerKind::Location } else { PointerKind::Path };
        paths.push((m.start(), m.end()));
        out.push(Pointer { kind, text: m.as_str().to_string(), start: m.start(), end: m.end() });
    }
    for m in METHOD.find_iter(input) {
        if inside(&covered, m.start()) || inside(&paths, m.start()) {
            continue;
        }
        let call = m.as_str().ends_with("()");
        let name = m.as_str().trim_end_matches("()");
        let parts: Vec<&str> = name.split(['.', ':', '#', '>', '-']).filter(|p| !p.is_empty()).collect();
        let scoped = name.contains("::") || name.contains("->") || name.contains('#');
        let class = parts.len() >= 2
            && parts.iter().rev().nth(1).is_some_and(|p| p.starts_with(|c: char| c.is_ascii_uppercase()));
        let kind = match parts.len() {
            0 => continue,
            1 if call && name.len() > 2 => PointerKind::Function,
            1 => continue,
            _ if call || scoped => PointerKind::Method,
            _ if class
                && parts
                    .last()
                    .is_some_and(|p| p.len() > 2 && p.starts_with(|c: char| c.is_ascii_lowercase())) =>
            {
                PointerKind::Method
            }
            n if n >= 3 && parts.iter().all(|p| p.len() > 1) => PointerKind::Dotted,
            _ => continue,
        };
        // `example.org` style names and sentence ends (`file.The`) are no code; three lower parts are.
        out.push(Pointer { kind, text: name.to_string(), start: m.start(), end: m.end() });
    }
    out.sort_by_key(|p| (p.start, std::cmp::Reverse(p.end)));
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|p| seen.insert(p.text.clone()));
    out.truncate(500);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_many_languages() {
        use PointerKind::*;
        for (text, kind, want) in [
            ("in UserService.loadByName() there", Method, "UserService.loadByName"),
            ("the HttpParser::parse_header function", Method, "HttpParser::parse_header"),
            ("Foo#bar is bad", Method, "Foo#bar"),
            ("src/net/http.c:123 overflows", Location, "src/net/http.c:123"),
            ("see lib/auth/session.rb.", Path, "lib/auth/session.rb"),
            ("pkg/server/handler.go#L42-L50", Location, "pkg/server/handler.go#L42-L50"),
            ("org.example.core.Parser is", Dotted, "org.example.core.Parser"),
            ("example.web.views.login does", Dotted, "example.web.views.login"),
            ("calls strcpy_s() without", Function, "strcpy_s"),
            ("parser.c line 44", Location, "parser.c line 44"),
        ] {
            let p = pointers(text);
            assert!(p.code.iter().any(|c| c.kind == kind && c.text == want), "{text}: {p:?}");
        }
        for text in [
            "Node.js 18, e.g. here",
            "mail jane@example.org or https://a.example/x.py",
            "version 2.3.1 of it",
            "ends.The next",
        ] {
            assert!(pointers(text).code.is_empty(), "{text}: {:?}", pointers(text).code);
        }
    }

    #[test]
    fn identifiers_and_links() {
        let p = pointers(
            "GHSA-jfh8-c2jp-5v3q ghsa-JFH8-C2JP-5V3Q GHSA-xxxx-xxxx-xxxx GHSA-abcd-efgh-ijkl CVE-2026-1234 cve-2026-0000 CVE-YYYY-NNNN",
        );
        assert_eq!(p.ghsa, ["GHSA-jfh8-c2jp-5v3q"]);
        assert_eq!(p.cve, ["CVE-2026-1234"]);
        let p = pointers(
            "https://forge.example/a/b/pull/12/files, https://forge.example/a/b/-/merge_requests/3 https://forge.example/a/b/commit/0123abc https://forge.example/a/b/issues/9",
        );
        let kinds: Vec<(LinkKind, &str, &str)> =
            p.links.iter().map(|l| (l.kind, l.repo.as_str(), l.id.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (LinkKind::PullRequest, "a/b", "12"),
                (LinkKind::PullRequest, "a/b", "3"),
                (LinkKind::Commit, "a/b", "0123abc"),
                (LinkKind::Issue, "a/b", "9"),
            ]
        );
    }
}
