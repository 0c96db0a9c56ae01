//! Words for what can be wrong, how it is reached and how it is mended: plain tables and one matcher.
//!
//! The tables are written from the CWE view of the trade, not from samples: what a class is commonly called, in any
//! kind of software. A phrase matches whole words, singular or plural, with `-`, `_` or blanks between them.

pub mod patterns;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use unicode_normalization::UnicodeNormalization;

/// A row: stable id and the phrases that mean it.
pub type Row = (&'static str, &'static [&'static str]);

/// Bug classes: what is wrong. The rows from [`IMPACTS`] on name what an attacker gains, which says less.
#[rustfmt::skip]
pub const BUG_CLASSES: &[Row] = &[
    ("xss", &["xss", "cross site scripting", "crosssite scripting", "script injection",
        "javascript injection", "html injection", "injected script", "inject javascript",
        "execute javascript", "javascript execution", "unescaped html", "svg onload", "javascript url"]),
    ("csrf", &["csrf", "xsrf", "cross site request forgery", "csrf token", "samesite"]),
    ("ssrf", &["ssrf", "server side request forgery", "request forgery from server",
        "internal metadata service", "cloud metadata", "metadata endpoint", "169 254 169 254"]),
    ("sql-injection", &["sql injection", "sqli", "sql injections", "injected sql", "inject sql",
        "inject arbitrary sql", "arbitrary sql", "sql statement concatenation", "union select",
        "blind sql", "hql injection", "unsanitized sql"]),
    ("nosql-injection", &["nosql injection", "cypher injection", "mongo injection", "query injection"]),
    ("command-injection", &["command injection", "os command", "shell injection", "argument injection",
        "shell metacharacter", "arbitrary shell command", "arbitrary command", "inject command",
        "command execution", "option injection", "shell true"]),
    ("code-injection", &["code injection", "eval injection", "unsafe eval", "dynamic evaluation",
        "sandbox escape", "sandbox bypass"]),
    ("template-injection", &["template injection", "ssti", "server side template", "jinja injection"]),
    ("expression-injection", &["expression injection", "expression language injection", "ognl", "spel",
        "el injection", "jndi", "mvel"]),
    ("deserialization", &["deserialization", "deserialize", "deserialized", "deserializing",
        "unsafe unmarshal", "untrusted pickle", "pickle load", "pickle loads", "unpickle", "unpickling",
        "yaml load", "object injection", "gadget chain", "ysoserial", "objectinputstream", "readobject"]),
    ("path-traversal", &["path traversal", "directory traversal", "dot dot slash", "zip slip",
        "tar slip", "arbitrary file read", "arbitrary file write", "file path manipulation",
        "escape the directory", "outside of the directory", "outside the directory",
        "outside the intended directory", "local file inclusion", "lfi", "relative path",
        "read arbitrary file", "write arbitrary file", "overwrite arbitrary file"]),
    ("file-upload", &["unrestricted file upload", "arbitrary file upload", "unrestricted upload",
        "malicious upload"]),
    ("symlink", &["symlink attack", "symlink following", "symbolic link", "follow symlink",
        "symlink race", "hardlink attack"]),
    ("xxe", &["xxe", "xml external entity", "external entity", "doctype declaration"]),
    ("entity-expansion", &["billion laughs", "entity expansion", "xml bomb"]),
    ("decompression-bomb", &["zip bomb", "decompression bomb", "compression bomb", "gzip bomb"]),
    ("open-redirect", &["open redirect", "unvalidated redirect", "url redirection", "arbitrary redirect"]),
    ("ldap-injection", &["ldap injection", "ldap filter injection"]),
    ("xpath-injection", &["xpath injection", "xquery injection"]),
    ("header-injection", &["header injection", "crlf injection", "response splitting", "http splitting",
        "crlf", "host header"]),
    ("request-smuggling", &["request smuggling", "http desync", "desync attack", "http smuggling"]),
    ("log-injection", &["log injection", "log forging", "terminal escape sequence", "ansi escape"]),
    ("csv-injection", &["csv injection", "formula injection"]),
    ("prototype-pollution", &["prototype pollution"]),
    ("mass-assignment", &["mass assignment", "overposting"]),
    ("buffer-overflow", &["buffer overflow", "heap overflow", "stack overflow", "heap buffer overflow",
        "stack buffer overflow", "buffer overrun", "out of bounds write", "out of bound write",
        "oob write", "memory corruption"]),
    ("out-of-bounds-read", &["out of bounds read", "out of bound read", "oob read", "over read",
        "overread", "heap over read", "uninitialized memory"]),
    ("use-after-free", &["use after free", "uaf", "dangling pointer"]),
    ("double-free", &["double free"]),
    ("integer-overflow", &["integer overflow", "integer underflow", "integer wraparound",
        "arithmetic overflow", "signedness"]),
    ("null-dereference", &["null pointer dereference", "null dereference", "nil pointer", "null deref"]),
    ("format-string", &["format string"]),
    ("type-confusion", &["type confusion"]),
    ("race-condition", &["race condition", "toctou", "time of check", "time of use", "data race"]),
    ("authentication-bypass", &["authentication bypass", "auth bypass", "bypass authentication",
        "missing authentication", "improper authentication", "login bypass",
        "authentication not enforced", "without authentication", "unauthenticated access",
        "lack of authentication"]),
    ("missing-authorization", &["missing authorization", "authorization bypass",
        "improper authorization", "broken access control", "improper access control", "idor",
        "insecure direct object", "missing permission check", "missing access check",
        "missing privilege check", "permission bypass", "access control bypass",
        "incorrect authorization", "missing acl", "permission check missing", "no permission check",
        "no authorization check", "missing authorisation", "bola"]),
    ("session", &["session fixation", "session expiration", "session not invalidated",
        "session hijacking", "session invalidation", "token not revoked", "insufficient session"]),
    ("brute-force", &["brute force", "missing rate limit", "no rate limit", "rate limiting",
        "credential stuffing", "user enumeration", "username enumeration", "account enumeration"]),
    ("secret-exposure", &["secret in log", "password in log", "credential in log", "token in log",
        "logged in plaintext", "logged in clear text", "logged in cleartext", "plaintext password",
        "cleartext password", "plain text password", "cleartext storage", "cleartext transmission",
        "secret leak", "credential leak", "password leak", "token leak", "leak credential",
        "leak password", "leak token", "leak secret", "expose credential", "expose password",
        "expose secret", "credential exposure", "secret not masked", "password not masked",
        "unmasked secret", "secret in plaintext", "credential in plaintext", "log file contain password"]),
    ("hardcoded-credentials", &["hardcoded credential", "hard coded credential", "hardcoded password",
        "hard coded password", "hardcoded key", "hard coded key", "hardcoded secret",
        "hard coded secret", "default credential", "default password", "default secret key", "static key"]),
    ("weak-crypto", &["weak cipher", "weak cryptograph", "weak encryption", "broken cryptograph",
        "ecb mode", "weak hash", "md5 hash", "predictable token", "predictable random",
        "insecure random", "weak random", "insufficient entropy", "nonce reuse", "padding oracle",
        "weak prng"]),
    ("certificate-validation", &["certificate validation", "certificate verification",
        "hostname verification", "tls verification", "ssl verification", "verify false",
        "insecureskipverify", "self signed certificate accepted", "improper certificate"]),
    ("signature-verification", &["signature verification", "signature bypass", "signature not verified",
        "signature validation", "jwt none", "algorithm confusion", "alg none", "unsigned update",
        "missing signature"]),
    ("timing", &["timing attack", "timing side channel", "side channel", "non constant time",
        "timing difference"]),
    ("redos", &["redos", "regular expression denial", "regex denial", "catastrophic backtracking",
        "exponential backtracking"]),
    ("clickjacking", &["clickjacking", "x frame option", "ui redress"]),
    ("cors", &["cors misconfiguration", "cors policy", "cors", "cross origin resource",
        "access control allow origin"]),
    ("cache", &["cache poisoning", "cache deception"]),
    ("dns-rebinding", &["dns rebinding"]),
    ("insecure-permissions", &["world readable", "world writable", "insecure permission",
        "insecure file permission", "incorrect permission assignment", "file permission",
        "directory permission"]),
    ("insecure-temp-file", &["insecure temporary file", "temporary file", "temp file", "tmp directory"]),
    ("supply-chain", &["dependency confusion", "typosquatting", "supply chain", "subdomain takeover",
        "repository takeover"]),
    ("uncontrolled-recursion", &["uncontrolled recursion", "unbounded recursion", "stack exhaustion",
        "infinite recursion", "deeply nested"]),
    ("resource-leak", &["memory leak", "file descriptor leak", "connection leak", "unbounded memory",
        "memory exhaustion", "unbounded allocation", "excessive allocation",
        "uncontrolled resource consumption", "infinite loop", "cpu exhaustion", "resource exhaustion"]),
    ("rce", &["remote code execution", "rce", "arbitrary code execution", "execute arbitrary code",
        "code execution", "run arbitrary code"]),
    ("dos", &["denial of service", "dos", "dos attack", "crash the server", "service unavailable"]),
    ("information-disclosure", &["information disclosure", "information leak", "information exposure",
        "sensitive data exposure", "data leak", "sensitive information", "data disclosure",
        "disclose sensitive"]),
    ("privilege-escalation", &["privilege escalation", "escalation of privilege", "elevate privilege",
        "escalate privilege", "gain admin"]),
];

/// Index in [`BUG_CLASSES`] of the first row that names an impact.
pub const IMPACTS: usize = BUG_CLASSES.len() - 4;

/// Attack paths: how untrusted input reaches the flaw.
#[rustfmt::skip]
pub const ATTACK_PATHS: &[Row] = &[
    ("query-parameter", &["query parameter", "url parameter", "get parameter", "request parameter",
        "query string", "post parameter", "form field", "search parameter"]),
    ("http-header", &["http header", "request header", "x forwarded", "referer header",
        "user agent header", "message header"]),
    ("cookie", &["cookie value", "session cookie", "malicious cookie"]),
    ("url-fetch", &["attacker controlled url", "user supplied url", "user controlled url",
        "arbitrary url", "malicious url", "internal network", "internal service", "internal host",
        "outbound request", "callback url", "webhook url", "internal ip", "server fetch", "fetch url",
        "localhost service"]),
    ("file-upload", &["upload file", "uploaded file", "file upload", "malicious file", "crafted file",
        "upload crafted", "malicious attachment", "crafted document"]),
    ("archive", &["crafted archive", "malicious archive", "zip file", "tar file", "tarball",
        "zip archive", "archive entry"]),
    ("stored-input", &["stored payload", "stored xss", "stored cross site", "persisted payload",
        "saved in database", "stored in the database", "persistent xss"]),
    ("victim-visit", &["victim visit", "victim open", "victim click", "admin view", "admin visit",
        "malicious page", "attacker page", "crafted link", "malicious link", "malicious website"]),
    ("connection-settings", &["connection uri", "connection string", "jdbc url", "connection parameter",
        "connection test", "test connection", "connection host", "connection setting", "data source"]),
    ("malicious-server", &["malicious server", "rogue server", "malicious upstream", "malicious peer",
        "compromised server"]),
    ("man-in-the-middle", &["man in the middle", "mitm", "on path attacker", "network attacker",
        "intercept traffic"]),
    ("local-user", &["local user", "local attacker", "same host", "shared host", "local account"]),
    ("message", &["crafted message", "malicious message", "message queue", "message broker",
        "crafted packet", "malformed packet", "crafted frame"]),
    ("config-file", &["config file", "configuration file", "environment variable", "yaml file",
        "crafted config"]),
    ("rpc", &["grpc", "rpc call", "thrift", "jmx", "remote interface"]),
    ("graphql", &["graphql query", "graphql mutation", "introspection"]),
    ("websocket", &["websocket"]),
    ("xml-input", &["crafted xml", "malicious xml", "xml document", "xml payload", "xml input"]),
    ("json-input", &["crafted json", "malicious json", "json payload", "json body"]),
    ("image-input", &["crafted image", "malicious image", "image file", "svg file"]),
    ("log-access", &["log file", "task log", "server log", "audit log", "debug log", "log output"]),
    ("template-author", &["user supplied template", "custom template", "template field", "template author"]),
    ("low-privileged-user", &["low privileged user", "low privilege user", "read only user",
        "viewer role", "regular user", "non admin user", "normal user", "low privileged account"]),
    ("anonymous", &["unauthenticated attacker", "unauthenticated user", "unauthenticated remote",
        "anonymous user", "without login", "pre auth", "without credential"]),
];

/// Fix shapes: what would mend it.
#[rustfmt::skip]
pub const FIX_SHAPES: &[Row] = &[
    ("escape-output", &["escape output", "html escape", "output encoding", "escape html", "escape the",
        "not escaped", "without escaping", "properly escaped", "unescaped", "encode output",
        "sanitize html", "autoescape", "dompurify"]),
    ("parameterize", &["parameterized", "parameterised", "prepared statement", "bind parameter",
        "bind variable", "placeholder query", "string concatenation"]),
    ("validate-path", &["canonicalize path", "canonical path", "normalize path", "validate path",
        "resolve path", "realpath", "path normalization", "reject absolute", "base directory",
        "safe join", "sanitize filename", "validate filename", "archive entry name"]),
    ("validate-url", &["url allowlist", "host allowlist", "validate url", "url validation",
        "block private", "private ip", "deny internal", "restrict host", "allowed host", "scheme check",
        "url whitelist"]),
    ("permission-check", &["permission check", "authorization check", "access check", "check permission",
        "require permission", "ownership check", "verify owner", "enforce rbac", "check ownership",
        "role check", "require role", "enforce authorization", "add authorization"]),
    ("require-authentication", &["require authentication", "enforce authentication", "require login",
        "authentication required", "add authentication"]),
    ("csrf-token", &["add csrf", "csrf protection", "anti csrf", "csrf token"]),
    ("safe-loader", &["safe load", "safe loader", "safeloader", "allowlist class", "class allowlist",
        "class filter", "object filter", "objectinputfilter", "restrict class", "deserialization filter",
        "class whitelist"]),
    ("disable-entities", &["disable external entit", "disable dtd", "disallow doctype",
        "secure processing", "disable external entity", "disable doctype"]),
    ("avoid-shell", &["avoid shell", "shell false", "argument array", "shlex quote", "shell quoting",
        "argument list", "quote argument"]),
    ("limit", &["size limit", "limit size", "maximum size", "max size", "depth limit", "recursion limit",
        "cap the", "limit the number", "upper bound", "timeout"]),
    ("bounds-check", &["bounds check", "length check", "check length", "check the length", "check bound",
        "bound check"]),
    ("mask-secret", &["mask secret", "redact", "mask password", "mask the", "not masked", "masking",
        "remove from log", "hide secret", "filter secret"]),
    ("constant-time", &["constant time"]),
    ("verify-certificate", &["verify certificate", "certificate check", "enable verification",
        "verify hostname"]),
    ("verify-signature", &["verify signature", "check signature", "signature check"]),
    ("secure-default", &["disable by default", "disabled by default", "secure default", "off by default",
        "change default", "safe default"]),
    ("strict-permissions", &["restrict permission", "chmod", "umask", "0600", "0700", "file mode"]),
    ("random-source", &["secure random", "securerandom", "secrets module", "csprng",
        "cryptographically secure"]),
    ("sandbox", &["sandboxed environment", "sandboxed template", "sandboxedenvironment", "run in sandbox"]),
    ("strip-header", &["header filter", "strip header", "filter header", "reject newline",
        "strip newline", "strip crlf"]),
    ("regex-rewrite", &["rewrite the regex", "linear regex", "possessive quantifier", "atomic group",
        "anchor the regex"]),
    ("redirect-allowlist", &["redirect allowlist", "validate redirect", "relative redirect",
        "redirect whitelist"]),
    ("lock", &["add lock", "use lock", "locking", "atomic rename", "o nofollow", "nofollow"]),
];

/// A bug class said with two words that stand close together, in either order: class, one of these, one of those.
#[rustfmt::skip]
pub const NEAR: &[(&str, &[&str], &[&str])] = &[
    ("secret-exposure", &["leak", "leaked", "leaking", "expose", "exposed", "exposing", "disclose",
        "log", "logged", "print", "reveal", "dump"], &["password", "credential", "secret", "token",
        "apikey", "passphrase"]),
    ("xss", &["inject", "execute", "run", "store", "render"], &["javascript", "html", "markup",
        "script tag"]),
    ("missing-authorization", &["without", "missing", "no", "lack", "bypass", "unchecked"], &[
        "permission", "authorization", "acl", "ownership", "access control"]),
    ("authentication-bypass", &["without", "missing", "no", "lack", "bypass", "skip"], &[
        "authentication", "login"]),
    ("sql-injection", &["inject", "concatenate", "concatenated", "unsanitized", "interpolate"], &["sql",
        "select statement", "where clause"]),
    ("command-injection", &["inject", "execute", "unsanitized", "interpolate"], &["shell command",
        "command line", "shell", "system command"]),
    ("path-traversal", &["escape", "outside", "traverse", "leave"], &["directory", "root folder",
        "base folder", "folder"]),
    ("certificate-validation", &["without", "not", "disable", "skip", "ignore"], &["certificate",
        "hostname check"]),
];

/// Bytes of folded text between two words that are still close.
const CLOSE: usize = 36;

/// Words of a text, folded: lower case, ASCII-like forms, singular, American spelling. Cheap, and applied to the tables
/// as well.
pub fn fold_word(word: &str) -> String {
    let mut w = String::with_capacity(word.len() + 1);
    fold_into(word, &mut w);
    w
}

/// [`fold_word`] at the end of a text: every word of every tracker is folded.
fn fold_into(word: &str, out: &mut String) {
    let from = out.len();
    if word.is_ascii() {
        out.extend(word.bytes().map(|b| char::from(b.to_ascii_lowercase())));
    } else {
        out.extend(word.nfkc().flat_map(char::to_lowercase));
    }
    let tail = |out: &str, ending: &str| out.get(from..).is_some_and(|w| w.ends_with(ending));
    if out.len() - from > 5 {
        for (ending, to) in [("isation", "ization"), ("ise", "ize"), ("ised", "ized"), ("ising", "izing")] {
            if tail(out, ending)
                && !matches!(
                    out.get(from..).unwrap_or(""),
                    "otherwise" | "promise" | "precise" | "exercise" | "enterprise" | "premise" | "expertise"
                )
            {
                out.truncate(out.len() - ending.len());
                out.push_str(to);
                break;
            }
        }
    }
    let len = out.len() - from;
    if len > 3 && tail(out, "s") && !["ss", "us", "is"].iter().any(|e| tail(out, e)) {
        if len > 4 && tail(out, "ies") {
            out.truncate(out.len() - 3);
            out.push('y');
        } else {
            out.pop();
        }
    }
}

/// The folded words of a text.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(fold_word)
}

/// A text as the matcher reads it: folded words, one blank around each.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for w in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        fold_into(w, &mut out);
        out.push(' ');
    }
    out
}

/// The three tables in one automaton.
struct Matcher {
    automaton: Option<AhoCorasick>,
    /// Table (0 classes, 1 paths, 2 fixes, 3 and 4 the two sides of [`NEAR`]) and row of each pattern.
    rows: Vec<(u8, u32)>,
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let (mut patterns, mut rows) = (Vec::new(), Vec::new());
    for (table, all) in [(0u8, BUG_CLASSES), (1, ATTACK_PATHS), (2, FIX_SHAPES)] {
        for (row, (_, phrases)) in (0u32..).zip(all) {
            for p in *phrases {
                patterns.push(folded(p));
                rows.push((table, row));
            }
        }
    }
    for (row, (_, left, right)) in (0u32..).zip(NEAR) {
        for (table, words) in [(3, left), (4, right)] {
            for w in *words {
                patterns.push(folded(w));
                rows.push((table, row));
            }
        }
    }
    // Patterns are constants; a test counts them.
    let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).ok();
    Matcher { automaton, rows }
});

/// What a text speaks of: a bit per row of each table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Topics {
    /// Rows of [`BUG_CLASSES`].
    pub classes: u128,
    /// Rows of [`ATTACK_PATHS`].
    pub paths: u64,
    /// Rows of [`FIX_SHAPES`].
    pub fixes: u64,
}

impl Topics {
    /// Topics of a text that went through [`folded`], and the text without the phrases that said so.
    #[must_use]
    pub fn split_folded(text: &str) -> (Self, String) {
        let mut t = Self::default();
        let mut rest = String::with_capacity(text.len());
        let mut at = 0;
        let mut seen = [[None::<usize>; NEAR.len()]; 2];
        for m in MATCHER.automaton.iter().flat_map(|a| a.find_overlapping_iter(text)) {
            match MATCHER.rows.get(m.pattern().as_usize()) {
                Some((0, row)) => t.classes |= 1 << row,
                Some((1, row)) => t.paths |= 1 << row,
                Some((2, row)) => t.fixes |= 1 << row,
                Some((side, row)) => {
                    t.near(&mut seen, usize::from(*side == 4), *row as usize, m.start());
                    continue;
                }
                None => {}
            }
            // Matches come by their end; one that begins inside the last one goes on from there.
            let start = m.start().max(at);
            if m.end() > at {
                rest.push_str(text.get(at..start).unwrap_or(""));
                rest.push(' ');
                at = m.end();
            }
        }
        rest.push_str(text.get(at..).unwrap_or(""));
        (t, rest)
    }

    /// One side of a pair was met: is the other one close?
    fn near(&mut self, seen: &mut [[Option<usize>; NEAR.len()]; 2], side: usize, row: usize, at: usize) {
        let other = seen.get(1 - side).and_then(|s| *s.get(row)?);
        if other.is_some_and(|o| at - o.min(at) <= CLOSE)
            && let Some(class) = NEAR.get(row).and_then(|n| BUG_CLASSES.iter().position(|(id, _)| *id == n.0))
        {
            self.classes |= 1 << class;
        }
        if let Some(slot) = seen.get_mut(side).and_then(|s| s.get_mut(row)) {
            *slot = Some(at);
        }
    }

    /// Topics of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::split_folded(&folded(text)).0
    }

    /// Classes that say what is wrong, not only what is gained.
    #[must_use]
    pub fn causes(&self) -> u128 {
        self.classes & ((1 << IMPACTS) - 1)
    }
}

/// Is this word alone the name of a class, a path or a fix?
#[must_use]
pub fn is_topic_word(word: &str) -> bool {
    let word = fold_word(word);
    [BUG_CLASSES, ATTACK_PATHS, FIX_SHAPES]
        .iter()
        .any(|t| t.iter().any(|(_, ps)| ps.contains(&word.as_str())))
}

/// Ids of the rows whose bits are set.
#[must_use]
pub fn names(table: &'static [Row], bits: u128) -> Vec<&'static str> {
    table.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, (id, _))| *id).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tables_fit_and_ids_are_unique() {
        assert!(BUG_CLASSES.len() <= 128 && ATTACK_PATHS.len() <= 64 && FIX_SHAPES.len() <= 64);
        assert!(MATCHER.automaton.is_some());
        for table in [BUG_CLASSES, ATTACK_PATHS, FIX_SHAPES] {
            let ids: BTreeSet<_> = table.iter().map(|(id, _)| id).collect();
            assert_eq!(ids.len(), table.len());
            for (id, phrases) in table {
                let hits = phrases.iter().filter(|p| folded(p).len() > 2).count();
                assert!(hits == phrases.len() && hits > 0, "{id}");
            }
        }
        assert_eq!(BUG_CLASSES[IMPACTS].0, "rce");
        assert!(NEAR.iter().all(|(id, _, _)| BUG_CLASSES.iter().any(|(c, _)| c == id)));
    }

    #[test]
    fn classes_by_any_of_their_names() {
        for (text, want) in [
            ("Stored Cross-Site Scripting in notes", &["xss"][..]),
            ("Unsafe deserialisation of cached objects", &["deserialization"]),
            ("Two SQL-injections in the search form", &["sql-injection"]),
            ("Zip Slip when unpacking plugins", &["path-traversal"]),
            ("The maximum size of a message", &[]),
            ("RCE through YAML.load of a job file", &["deserialization", "rce"]),
            ("IDOR: anyone reads invoices", &["missing-authorization"]),
            ("Passwords in logs of failed tasks", &["secret-exposure"]),
            ("heap-buffer-overflow in png reader", &["buffer-overflow"]),
            ("dosage of the report", &[]),
            ("The runner leaks the broker password", &["secret-exposure"]),
            ("The password of the broker is printed; much further down in the text a file may leak", &[]),
            ("Delete any invoice without the needed permission", &["missing-authorization"]),
        ] {
            assert_eq!(names(BUG_CLASSES, Topics::of(text).classes), want, "{text}");
        }
    }
}
