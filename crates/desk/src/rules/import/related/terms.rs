//! What a text is about: ids, places in code, distinctive words, topics.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::pattern::Regex;

use crate::rules::vocabulary::{self, Topics};

fn re(pattern: &str) -> Regex {
    #[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
    Regex::new(pattern).unwrap()
}

/// What a text is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// Advisory ids that can exist, upper case.
    pub ghsa: BTreeSet<String>,
    /// CVE ids, upper case.
    pub cves: BTreeSet<String>,
    /// Places in code, folded, with the spelling in the text.
    pub pointers: BTreeMap<String, String>,
    /// Names that may be a class or a product (`ZooKeeper`): no place by themselves.
    pub names: BTreeMap<String, String>,
    /// Distinctive words; true when the title (or the first sentence) has them.
    pub words: BTreeMap<String, bool>,
    /// Bug classes, attack paths, fix shapes.
    pub topics: Topics,
}

/// Only these letters and digits occur in advisory ids (intake page, Weaknesses 15).
static GHSA: LazyLock<Regex> = LazyLock::new(|| re(r"(?i-u)\bGHSA((?:-[23456789cfghjmpqrvwx]{4}){3})\b"));
static GHSA_SHAPE: LazyLock<Regex> = LazyLock::new(|| re(r"(?i-u)\bGHSA(?:-[a-z0-9]{4}){3}\b"));
static CVE: LazyLock<Regex> = LazyLock::new(|| re(r"(?i-u)\bCVE-(?:19|20)\d{2}-\d{4,19}\b"));

/// Everything that may be a place in code, in one pass: paths, qualified names, calls, compound identifiers.
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    re(concat!(
        r"(?-u)(?P<url>\b[a-z][a-z0-9+.-]{1,9}://[!#-&*-;=?-Z^_a-z{-~\\]+)",
        r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
        r"|(?P<path>/?(?:[\w.@{}:-]+/)+[\w.@{}:-]+)",
        r"|(?P<qualified>\b[A-Za-z_]\w*(?:(?:\.|::|#|->)[A-Za-z_]\w*)+(?P<call>\s?\()?)",
        r"|(?P<function>\b[A-Za-z_]\w{2,}\()",
        r"|(?P<compound>\b(?:[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+|[a-z][a-z0-9]*(?:[A-Z][a-z0-9]+)+|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)\b)",
    ))
});
static SOURCE_FILE: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)^[\w.@-]+\.(?:py|pyx|java|rs|go|c|cc|cpp|cxx|h|hh|hpp|js|jsx|mjs|ts|tsx|rb|erb|php|cs|kt|kts|scala|swift|sh|bash|lua|pl|pm|jsp|jspx|vue|svelte|html?|j2|tmpl|ftl|vm|sql|ex|exs|erl|hs|clj|groovy|gradle|m|mm|zig|nim|dart|r|jl|vb|fs|asm|s|proto|tf)$",
    )
});
static DOMAIN: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\.(?:com|org|net|io|dev|edu|gov|info|biz|ai|app|co|uk|de|fr|cn|ru|jp|test|example|local|localhost|invalid|internal)$",
    )
});

/// Paths of every machine, which a proof of concept reads.
const SYSTEM_PATHS: &[&str] =
    &["/etc/", "/proc/", "/tmp/", "/bin/", "/usr/", "/var/", "/home/", "/dev/", "/root/", "/opt/", "c:/"];

/// Identifiers of any proof of concept: a name made of these only is no place in the product.
const GENERIC_CODE: &str = "requests request get post put delete patch head options os system path join subprocess popen run call \
check_output check_call document cookie location window console log print println printf sprintf out runtime getruntime exec \
eval execute json dumps loads dump load base64 b64decode b64encode sys argv exit import string str bytes utf utf8 encode \
decode response text status_code status headers header content urllib urllib2 parse urlopen socket connect send recv sendall time \
sleep re sub match io read write open close file url uri java lang util net javax process builder processbuilder pickle \
object objects class self this super main init new alert prompt confirm fetch then catch require module exports args kwargs \
none null true false int float list dict map set tuple array len range format replace split strip append push pop add \
remove test example foo bar baz poc exploit payload attacker victim target session cookies data params param value key \
name id user username password token auth http https httpserver server simplehttprequesthandler base_url raise_for_status \
timeout verify proxies thread threading threads async await asyncio aiohttp random math date datetime error exception \
traceback stdout stderr stdin env environ getenv getattr setattr isinstance super type function return const var let def \
package public private static void usr local host localhost port addr address cmd command shell bash sh python python3 \
node npm pip curl wget docker kubectl git malloc free memcpy strcpy strlen printf fprintf sizeof assert asan ubsan github \
gitlab javascript typescript postgresql mysql mongodb openssl websocket powershell nodejs oauth oauth2 graphql rubygems \
macos burpsuite chatgpt wordpress hackerone bugcrowd linkedin youtube nullpointerexception runtimeexception \
illegalargumentexception valueerror typeerror runtimeerror useragent user_agent contenttype content_type readme \
__init__ __main__ __reduce__ __import__ getelementbyid innerhtml onerror onload queryselector toString tostring \
addressSanitizer addresssanitizer x_forwarded_for owasp e g i no_response sqlmap devtools";

static GENERIC_CODE_SET: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| GENERIC_CODE.split_whitespace().map(str::to_lowercase).collect());

/// First names of what belongs to a language or its platform.
const PLATFORM: &[&str] = &[
    "java", "javax", "jakarta", "jdk", "sun", "std", "core", "system", "kotlin", "scala", "djdk", "org.w3c",
];

/// File names that every project has.
const GENERIC_FILES: &[&str] = &[
    "__init__.py",
    "main.py",
    "setup.py",
    "utils.py",
    "util.py",
    "app.py",
    "index.js",
    "index.ts",
    "index.html",
    "main.js",
    "main.go",
    "main.rs",
    "lib.rs",
    "mod.rs",
    "main.c",
    "utils.js",
    "utils.ts",
    "app.js",
    "server.js",
    "poc.py",
    "exploit.py",
    "poc.sh",
    "exploit.sh",
    "test.py",
    "poc.html",
    "exploit.html",
    "test.html",
    "index.php",
    "config.py",
    "main.java",
    "test.java",
    "exploit.java",
    "poc.java",
    "app.ts",
    "evil.sh",
    "shell.sh",
    "evil.html",
    "attack.html",
    "conftest.py",
];

/// Words that say nothing about where a flaw is: everyday English, and what stands in every report.
const COMMON: &str = include_str!("common_words.txt");

/// Hashes of the common words, ascending: every word of every tracker is looked up here.
static COMMON_SET: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let words = COMMON.split_whitespace().chain(GENERIC_CODE.split_whitespace());
    let mut hashes: Vec<u64> = words.map(|w| word_hash(&vocabulary::fold_word(w))).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
});

/// FNV-1a: a key for a word that compares in one step.
pub(super) fn word_hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Does this word, in any form, say nothing?
fn is_common(word: &str) -> bool {
    COMMON_SET.binary_search(&word_hash(&vocabulary::fold_word(word))).is_ok()
}

/// Longest text that is read, in bytes: a tracker with thousands of comments is known by its beginning.
const MAX_TEXT: usize = 256 * 1024;
/// Longest place in code, in bytes.
const MAX_POINTER: usize = 160;

/// The text up to a limit, on a character boundary.
fn head(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// Is that an id, and not a row of `x`?
fn real_ghsa(groups: &str) -> bool {
    groups.split('-').filter(|g| !g.is_empty()).any(|g| {
        let first = g.chars().next();
        g.chars().any(|c| Some(c) != first)
    })
}

impl Terms {
    /// Terms of a title and the text below it. Headings and placeholders of a tracker body say nothing.
    pub(super) fn of(title: &str, text: &str) -> Self {
        let text = head(text, MAX_TEXT);
        let mut plain = String::with_capacity(text.len());
        for line in text.lines() {
            let bare = line.trim();
            let quiet = bare.starts_with("### ")
                || bare.starts_with("<!--")
                || matches!(bare, "_No response_" | "*No response*" | "N/A");
            if !quiet {
                plain.push_str(line);
                plain.push('\n');
            }
        }
        let mut terms = Self::default();
        terms.ids(title);
        terms.ids(&plain);
        terms.code(title);
        terms.code(&plain);
        let (of_title, above) = Topics::split_folded(&vocabulary::folded(title));
        let folded = vocabulary::folded(&plain);
        let (of_text, below) = Topics::split_folded(&folded);
        // Without a title, the first sentence stands for it.
        let above = if title.trim().is_empty() {
            Topics::split_folded(&vocabulary::folded(first_sentence(&plain))).1
        } else {
            above
        };
        for (words, in_title) in [(&above, true), (&below, false)] {
            for w in words.split(' ').filter(|w| distinctive(w)) {
                if !terms.words.contains_key(w) {
                    terms.words.insert(w.to_string(), in_title);
                }
            }
        }
        terms.topics = of_text;
        // A title that names the cause decides it: the text below compares, cites and lists impacts.
        if of_title.causes() != 0 {
            terms.topics.classes =
                of_title.classes | (terms.topics.classes & !((1 << vocabulary::IMPACTS) - 1));
        } else {
            terms.topics.classes |= of_title.classes;
        }
        terms.topics.paths |= of_title.paths;
        terms.topics.fixes |= of_title.fixes;
        terms
    }

    fn ids(&mut self, text: &str) {
        for c in GHSA.captures_iter(text) {
            if let (Some(all), Some(groups)) = (c.get(0), c.get(1))
                && real_ghsa(groups.as_str())
            {
                self.ghsa.insert(canonical_ghsa(all.as_str()));
            }
        }
        // A misspelt id is still the same text in two places.
        for m in GHSA_SHAPE.find_iter(text) {
            let id = canonical_ghsa(m.as_str());
            let groups = id.get(4..).unwrap_or("");
            let varied = groups.split('-').filter(|g| !g.is_empty()).filter(|g| real_ghsa(g)).count();
            if !self.ghsa.contains(&id) && varied == 3 {
                self.pointers.insert(id.to_lowercase(), id);
            }
        }
        self.cves.extend(CVE.find_iter(text).map(|m| m.as_str().to_uppercase()));
    }

    fn code(&mut self, text: &str) {
        for c in CODE.captures_iter(text) {
            let Some(whole) = c.get(0).filter(|m| m.len() <= MAX_POINTER) else { continue };
            if c.name("mail").is_some() {
                continue;
            }
            if let Some(url) = c.name("url") {
                // The path of an address is a place only on the reporter's own instance.
                let after = url.as_str().split_once("://").map_or("", |(_, r)| r);
                let (host, path) = after.split_once('/').unwrap_or((after, ""));
                if host.starts_with("localhost")
                    || host.starts_with("127.")
                    || host.contains("target")
                    || host.contains("victim")
                    || host.starts_with("example.")
                {
                    self.endpoint(&format!("/{path}"));
                }
                continue;
            }
            if let Some(path) = c.name("path") {
                self.path(path.as_str());
            } else if c.name("qualified").is_some() {
                self.qualified(whole.as_str(), c.name("call").is_some());
            } else {
                self.identifier(whole.as_str().trim_end_matches('('), c.name("function").is_some());
            }
        }
    }

    fn keep(&mut self, folded: String, shown: &str) {
        self.pointers.entry(folded).or_insert_with(|| shown.to_string());
    }

    fn path(&mut self, raw: &str) {
        let path = raw.trim_end_matches(['.', ':', '-']);
        // `file.py:120` names a line.
        let path = path
            .rsplit_once(':')
            .filter(|(_, l)| l.bytes().all(|b| b.is_ascii_digit()))
            .map_or(path, |(p, _)| p);
        let lower = path.to_lowercase();
        if SYSTEM_PATHS.iter().any(|s| lower.starts_with(s))
            || lower.starts_with("../")
            || lower.contains("/../")
        {
            return;
        }
        let name = lower.rsplit('/').next().unwrap_or("");
        if SOURCE_FILE.is_match(name) {
            let mut parts = lower.rsplit('/');
            let name = parts.next().unwrap_or("");
            if !GENERIC_FILES.contains(&name) {
                self.keep(name.to_string(), path);
            } else if let Some(parent) = parts.next().filter(|p| !p.is_empty() && *p != "." && *p != "src") {
                self.keep(format!("{parent}/{name}"), path);
            }
        } else if path.starts_with('/') {
            self.endpoint(path);
        } else if path.matches('/').count() >= 2 {
            // A folder of the source tree; its last two names.
            let tail: Vec<&str> = lower.trim_matches('/').rsplit('/').take(2).collect();
            if tail.iter().all(|t| t.len() > 2 && t.chars().any(char::is_alphabetic)) {
                self.keep(tail.into_iter().rev().collect::<Vec<_>>().join("/"), path);
            }
        }
    }

    /// `/api/v1/jobs/17?x=1`: the route, numbers and names in braces taken out.
    fn endpoint(&mut self, path: &str) {
        let route = path.split(['?', '#']).next().unwrap_or("");
        let parts: Vec<String> = route
            .split('/')
            .filter(|p| !p.is_empty())
            .map(|p| {
                let variable =
                    p.starts_with(['{', ':', '<']) || p.chars().all(|c| c.is_ascii_digit() || c == '-');
                if variable { "{}".to_string() } else { p.to_lowercase() }
            })
            .collect();
        let named = |p: &&String| {
            p.as_str() != "{}"
                && !matches!(p.as_str(), "api" | "rest" | "public" | "static" | "v1" | "v2" | "v3" | "v4")
        };
        if parts.len() >= 2 && parts.iter().filter(named).count() >= 1 {
            self.keep(format!("/{}", parts.join("/")), route);
        }
    }

    fn qualified(&mut self, raw: &str, call: bool) {
        let name = raw.trim_end_matches(['(', ' ']);
        let lower = name.to_lowercase();
        if SOURCE_FILE.is_match(name) {
            if !GENERIC_FILES.contains(&lower.as_str()) {
                self.keep(lower, name);
            }
            return;
        }
        let typed = name.contains("::") || name.contains('#') || name.contains("->");
        let compound = name.contains('_') || has_hump(name);
        let dots = name.matches('.').count();
        if !typed && !call && !compound && (dots < 2 || DOMAIN.is_match(name)) {
            return;
        }
        let parts: Vec<&str> = lower.split(['.', ':', '#', '-', '>']).filter(|p| !p.is_empty()).collect();
        let generic = |p: &&str| p.len() < 2 || GENERIC_CODE_SET.contains(*p);
        if parts.iter().all(generic) {
            return;
        }
        // The platform's own classes are in every product.
        if parts.len() > 2 && parts.first().is_some_and(|p| PLATFORM.contains(p)) {
            return;
        }
        // `ends here.This begins`: a blank is missing, nothing more.
        if !typed && !call && dots == 1 && parts.last().is_some_and(|p| is_common(p)) {
            return;
        }
        // The last two names: `a.b.Loader.parse()` and `Loader.parse` are one place.
        let tail: Vec<&str> = parts.iter().rev().take(2).rev().copied().collect();
        if tail.iter().all(generic) || parts.len() < 2 {
            return;
        }
        self.keep(tail.join("."), name);
        // The class alone is a place as well, a broader one.
        for part in name.split(['.', ':', '#', '-', '>']).filter(|p| has_hump(p)) {
            self.identifier(part, false);
        }
    }

    fn identifier(&mut self, raw: &str, call: bool) {
        let lower = raw.to_lowercase();
        let compound = raw.contains('_') || has_hump(raw);
        if lower.len() < 5 || GENERIC_CODE_SET.contains(&lower) || (!compound && !call) {
            return;
        }
        if lower.split('_').all(|p| p.is_empty() || GENERIC_CODE_SET.contains(p) || is_common(p)) {
            return;
        }
        // A plain word before a bracket is a call only in code; ordinary words are not places.
        if !compound && (is_common(&lower) || lower.len() < 6) {
            return;
        }
        let humps = raw
            .as_bytes()
            .windows(2)
            .filter(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
            .count();
        // `ZooKeeper` may be a product; `muteException`, `read_entry`, `PluginManifestReader` and a call are code.
        if humps == 1 && !call && !raw.contains('_') && raw.starts_with(|c: char| c.is_ascii_uppercase()) {
            if !vocabulary::is_topic_word(&lower) {
                self.names.entry(lower).or_insert_with(|| raw.to_string());
            }
        } else if !vocabulary::is_topic_word(&lower) {
            self.keep(lower, raw);
        }
    }
}

/// One spelling of an advisory id.
pub(super) fn canonical_ghsa(id: &str) -> String {
    format!("GHSA{}", id.get(4..).unwrap_or("").to_lowercase())
}

/// An upper-case letter after a lower-case one: `camelCase`, `PascalCase`.
fn has_hump(name: &str) -> bool {
    name.as_bytes()
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
}

/// The first sentence with letters in it, at most 160 bytes.
fn first_sentence(text: &str) -> &str {
    let line = text.lines().map(str::trim).find(|l| l.chars().any(char::is_alphabetic)).unwrap_or("");
    head(line.split_once(". ").map_or(line, |(s, _)| s), 160)
}

fn distinctive(word: &str) -> bool {
    (3..=40).contains(&word.len())
        && !word.bytes().all(|b| b.is_ascii_digit())
        && word.chars().any(char::is_alphabetic)
        && COMMON_SET.binary_search(&word_hash(word)).is_err()
}

/// Does a pattern for code find it? For tests and for the public-fix search.
pub(super) fn path_names(path: &str) -> Vec<String> {
    let mut t = Terms::default();
    if path.contains('/') {
        t.path(path)
    } else {
        t.qualified(path, false)
    }
    t.pointers.into_keys().collect()
}
