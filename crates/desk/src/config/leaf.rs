//! What a single value may say: words, patterns, days, addresses, variables, references to secrets.

use jiff::civil::Date;

use super::{
    keys::{LISTS, Leaf, RETIRED_WORDS},
    tree::{by_nearness, nearest},
};

/// Why a value is refused. `message` follows the key: `"cve.tool" ` + message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) nearest: Option<String>,
    /// The value may be a secret: never quote it.
    pub(super) secret: bool,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), nearest: None, secret: false }
    }
}

type Checked = Result<String, Refusal>;

/// Checks one text value and returns it as the rest of the program wants it. Empty means unset, except where one
/// of the words has to be said.
pub(super) fn check(leaf: Leaf, text: &str) -> Checked {
    if let Leaf::Word(words) = leaf {
        return word(text, &words());
    }
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.contains('\0') {
        return Err(Refusal::new("config.bad-text", "contains a NUL character"));
    }
    match leaf {
        Leaf::Regex(group) => regex(text, group),
        Leaf::Template(vars) => template(text, vars),
        Leaf::UrlTemplate(vars) => template(text, vars).and_then(|t| url(&t, &["https", "http"])),
        Leaf::Url => url(text, &["https", "http"]),
        Leaf::ServerUrl => url(text, &["imaps", "imap", "https", "http"]),
        Leaf::Address => address(text),
        Leaf::ListRef if LISTS.contains(&text) => Ok(text.to_owned()),
        Leaf::ListRef => address(text).map_err(|mut r| {
            r.nearest = nearest(text, LISTS.iter().copied()).map(str::to_owned);
            let hint = r.nearest.as_ref().map_or(String::new(), |n| format!("; did you mean \"{n}\"?"));
            r.message = format!("names neither an address nor a list of [mail.lists]: {}{hint}", shown(text));
            r
        }),
        Leaf::Handle => handle(text),
        Leaf::Date => date(text),
        Leaf::Zone => zone(text),
        Leaf::Repo => repo(text),
        Leaf::Secret => secret(text),
        _ => Ok(text.to_owned()),
    }
}

/// A value as it is quoted in a message: short, and nothing that does not print.
pub(super) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    format!("\"{}\"", out.replace("\\'", "'"))
}

/// The words a text may be; an older word is named as such, the allowed are listed nearest first.
fn word(text: &str, words: &[&str]) -> Checked {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let list = by_nearness(text, words).join(", ");
    let renamed =
        RETIRED_WORDS.iter().find(|(old, new)| *old == text && words.contains(new)).map(|(_, new)| *new);
    let near = renamed.or_else(|| nearest(text, words.iter().copied()));
    let said = if text.is_empty() { "empty".to_owned() } else { shown(text) };
    let message = match (renamed, near) {
        (Some(new), _) => format!("cannot be {said}, an old word for \"{new}\"; allowed: {list}"),
        (None, Some(near)) => format!("cannot be {said}; did you mean \"{near}\"? Allowed: {list}"),
        (None, None) => format!("cannot be {said}; allowed: {list}"),
    };
    Err(Refusal { nearest: near.map(str::to_owned), ..Refusal::new("config.bad-word", message) })
}

/// Compiled once here to prove that it compiles; readers compile it again. The size limit keeps a hostile pattern
/// from taking the memory.
fn regex(text: &str, group: bool) -> Checked {
    let compiled = regex::RegexBuilder::new(text).size_limit(1 << 20).build().map_err(|e| {
        let why = e.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Refusal::new("config.bad-regex", format!("is not a regular expression: {why}"))
    })?;
    if group && compiled.captures_len() < 2 {
        return Err(Refusal::new("config.bad-regex", "needs a group, ( ), around the part to take"));
    }
    Ok(text.to_owned())
}

/// `{name}` is a variable; `<CVE-ID>` is an older way to write `{cve_id}` (cve page §1).
fn template(text: &str, vars: &[&str]) -> Checked {
    let text = if vars.contains(&"cve_id") { text.replace("<CVE-ID>", "{cve_id}") } else { text.to_owned() };
    let list = vars.iter().map(|v| format!("{{{v}}}")).collect::<Vec<_>>().join(", ");
    let mut rest = text.as_str();
    while let Some(open) = rest.find(['{', '}']) {
        let after = rest.get(open + 1..).unwrap_or("");
        if rest.as_bytes().get(open) == Some(&b'}') {
            return Err(Refusal::new("config.bad-template", "has a } without a {"));
        }
        let Some(close) = after.find(['{', '}']).filter(|&c| after.as_bytes().get(c) == Some(&b'}')) else {
            return Err(Refusal::new("config.bad-template", "has a { without a }"));
        };
        let name = after.get(..close).unwrap_or("");
        if !vars.contains(&name) {
            let said = shown(&format!("{{{name}}}"));
            let said = said.trim_matches('"');
            let near = nearest(name, vars.iter().copied());
            let message = match near {
                Some(near) => {
                    format!("has the unknown variable {said}; did you mean {{{near}}}? Known: {list}")
                }
                None => format!("has the unknown variable {said}; known: {list}"),
            };
            let nearest = near.map(|n| format!("{{{n}}}"));
            return Err(Refusal { nearest, ..Refusal::new("config.unknown-variable", message) });
        }
        rest = after.get(close + 1..).unwrap_or("");
    }
    Ok(text)
}

fn url(text: &str, schemes: &[&str]) -> Checked {
    let wrong = |why: &str| Err(Refusal::new("config.bad-url", format!("is not a web address: {why}")));
    let Some((scheme, rest)) = text.split_once("://") else {
        return wrong(&format!("it does not begin with {}://", schemes.join(":// or ")));
    };
    if !schemes.contains(&scheme.to_ascii_lowercase().as_str()) {
        return wrong(&format!("it does not begin with {}://", schemes.join(":// or ")));
    }
    if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\' | '^' | '`'))
    {
        return wrong("it contains a space or another character that an address cannot have");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if let Some((login, _)) = authority.rsplit_once('@') {
        let message = "holds a name or password; secrets are written env:NAME, file:PATH or keyring:NAME";
        return Err(Refusal { secret: !login.is_empty(), ..Refusal::new("config.literal-secret", message) });
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(""),
        None => authority.split(':').next().unwrap_or(""),
    };
    let port = authority.rsplit_once(':').filter(|_| !authority.ends_with(']')).map(|(_, port)| port);
    if host.is_empty() || host.starts_with('.') || host.contains("..") {
        return wrong("it names no host");
    }
    if port.is_some_and(|p| p.parse::<u16>().is_err()) {
        return wrong("its port is not a number up to 65535");
    }
    Ok(text.to_owned())
}

fn address(text: &str) -> Checked {
    let wrong = |why: &str| {
        Err(Refusal::new("config.bad-address", format!("is not a mail address: {} {why}", shown(text))))
    };
    if text.contains(['<', '>', ',', ';']) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("is not bare; write one address such as security@example.org, without a name");
    }
    let Some((local, domain)) = text.split_once('@') else { return wrong("has no @") };
    if local.is_empty() || domain.contains('@') {
        return wrong("has not one name and one domain");
    }
    let label_ok = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    if !domain.split('.').all(label_ok) {
        return wrong("has no valid domain");
    }
    Ok(text.to_owned())
}

fn handle(text: &str) -> Checked {
    if let Some(name) = text.strip_prefix('@') {
        let message = format!("is written without @: {}", shown(name));
        return Err(Refusal { nearest: Some(name.to_owned()), ..Refusal::new("config.bad-handle", message) });
    }
    if text.chars().any(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']'))) {
        return Err(Refusal::new("config.bad-handle", format!("is not a handle: {}", shown(text))));
    }
    Ok(text.to_owned())
}

fn date(text: &str) -> Checked {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shape && text.parse::<Date>().is_ok() {
        return Ok(text.to_owned());
    }
    let why = if shape { "there is no such day" } else { "write YYYY-MM-DD" };
    Err(Refusal::new("config.bad-date", format!("is not a day: {}; {why}", shown(text))))
}

fn zone(text: &str) -> Checked {
    let db = jiff::tz::db();
    if db.get(text).is_ok() {
        return Ok(text.to_owned());
    }
    let names: Vec<String> = db.available().map(|n| n.as_str().to_owned()).collect();
    let near = nearest(text, names.iter().map(String::as_str)).or_else(|| {
        // `Berlin` for `Europe/Berlin`.
        names.iter().map(String::as_str).find(|n| {
            n.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
        })
    });
    let message = match near {
        Some(near) => format!("is not a time zone: {}; did you mean \"{near}\"?", shown(text)),
        None => {
            format!("is not a time zone: {}; write an IANA name such as Europe/Berlin, or UTC", shown(text))
        }
    };
    Err(Refusal { nearest: near.map(str::to_owned), ..Refusal::new("config.bad-zone", message) })
}

fn repo(text: &str) -> Checked {
    let part_ok = |p: &str| {
        !p.is_empty()
            && p != "."
            && p != ".."
            && p.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    // Groups may be nested on some forges.
    if text.contains('/') && text.split('/').all(part_ok) {
        return Ok(text.to_owned());
    }
    let stripped = text.split_once("://").map(|(_, rest)| rest).and_then(|rest| rest.split_once('/'));
    let near = stripped.map(|(_, path)| path.trim_end_matches('/').trim_end_matches(".git").to_owned());
    let near = near.filter(|p| p.contains('/') && p.split('/').all(part_ok));
    let message = match &near {
        Some(path) => format!("is written owner/name, not as an address: \"{path}\""),
        None => format!("is not a repository: {}; write owner/name", shown(text)),
    };
    Err(Refusal { nearest: near, ..Refusal::new("config.bad-repo", message) })
}

/// Only where a secret is kept may be written (§1.2 rule 5). The text is never quoted back: it may be the secret.
fn secret(text: &str) -> Checked {
    let kept = match text.split_once(':') {
        Some(("env", name)) => {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        }
        Some(("file" | "keyring", place)) => !place.trim().is_empty() && !place.chars().any(char::is_control),
        _ => false,
    };
    if kept {
        return Ok(text.to_owned());
    }
    let message = "holds a secret itself; write where it is kept: env:NAME, file:PATH or keyring:NAME";
    Err(Refusal { secret: true, ..Refusal::new("config.literal-secret", message) })
}

/// What a kind of value is called in messages: `"x.y" takes …`.
pub(super) fn takes(leaf: Leaf) -> String {
    match leaf {
        Leaf::Flag => "true or false".into(),
        Leaf::Count => "a whole number from 0 on".into(),
        Leaf::Fraction => "a number above 0, at most 1".into(),
        Leaf::Word(words) => format!("one of {}", words().join(", ")),
        Leaf::Text => "text".into(),
        Leaf::Regex(_) => "a regular expression".into(),
        Leaf::Template(vars) => format!("text with {}", braces(vars)),
        Leaf::UrlTemplate(vars) => format!("a web address with {}", braces(vars)),
        Leaf::Url => "a web address".into(),
        Leaf::ServerUrl => "the address of a server, imaps://… or https://…".into(),
        Leaf::Address => "a mail address".into(),
        Leaf::ListRef => "a mail address or the name of a list".into(),
        Leaf::Handle => "a handle without @".into(),
        Leaf::Date => "a day, YYYY-MM-DD".into(),
        Leaf::Zone => "an IANA time zone".into(),
        Leaf::Repo => "a repository, owner/name".into(),
        Leaf::Secret => "env:NAME, file:PATH or keyring:NAME".into(),
        Leaf::KeyName => "the name of a key".into(),
    }
}

fn braces(vars: &[&str]) -> String {
    vars.iter().map(|v| format!("{{{v}}}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(leaf: Leaf, texts: &[&str]) {
        for text in texts {
            assert!(check(leaf, text).is_ok(), "{leaf:?} {text:?}: {:?}", check(leaf, text));
        }
    }

    fn bad(leaf: Leaf, texts: &[&str]) {
        for text in texts {
            assert!(check(leaf, text).is_err(), "{leaf:?} {text:?}");
        }
    }

    #[test]
    fn values_are_told_apart() {
        ok(Leaf::Url, &["https://example.org", "http://localhost:8080/x?y#z", "https://[::1]:443/", ""]);
        bad(
            Leaf::Url,
            &[
                "example.org",
                "ftp://x.org",
                "https://",
                "https://a b",
                "https://x:99999/",
                "https://u:p@x.org",
            ],
        );
        ok(Leaf::ServerUrl, &["imaps://mail.example.org", "imaps://mail.example.org:993"]);
        ok(Leaf::Address, &["security@example.org", "a+b@localhost", "x.y@sub.example.co.uk"]);
        bad(
            Leaf::Address,
            &["security", "a@b@c", "@x.org", "a@", "A <a@x.org>", "a@x.org, b@x.org", "a@x..org", "a@-x.org"],
        );
        ok(Leaf::Handle, &["octo-cat", "robot[bot]", "a_b.c"]);
        bad(Leaf::Handle, &["@octo", "a b", "a/b"]);
        ok(Leaf::Date, &["2026-02-28", "2024-02-29"]);
        bad(Leaf::Date, &["2026-02-29", "2026-2-1", "28.02.2026", "2026-02-28T10:00", "next week"]);
        ok(Leaf::Zone, &["UTC", "Europe/Berlin", "America/New_York"]);
        bad(Leaf::Zone, &["Berlin", "Mars/Olympus", "../../etc/passwd"]);
        ok(Leaf::Repo, &["example/server", "group/sub/name"]);
        bad(Leaf::Repo, &["server", "https://forge.example/example/server", "a/..", "a b/c"]);
        ok(Leaf::Secret, &["env:TOKEN", "file:~/.secrets/x", "keyring:mail"]);
        bad(Leaf::Secret, &["hunter2", "env:", "env:1A", "env:A B", "file: ", "Env:TOKEN", "vault:x"]);
        ok(Leaf::Regex(false), &["^a$", "(?i)x"]);
        bad(Leaf::Regex(false), &["(", "[", "a{1000000}", "(?=x)"]);
        bad(Leaf::Regex(true), &["Credit: .*"]);
        ok(Leaf::Regex(true), &["Credit: (.*)"]);
        ok(Leaf::Template(&["a", "b"]), &["{a}-{b}", "plain", ""]);
        bad(Leaf::Template(&["a"]), &["{c}", "{", "}", "{a", "a}", "{a{a}}", "{}"]);
        ok(Leaf::ListRef, &["dev", "dev@example.org"]);
        bad(Leaf::ListRef, &["devs"]);
    }

    #[test]
    fn both_ways_to_write_the_cve_id_mean_the_same() {
        let link = check(Leaf::UrlTemplate(&["cve_id"]), "https://cve.example.org/<CVE-ID>#source");
        assert_eq!(link.as_deref(), Ok("https://cve.example.org/{cve_id}#source"));
    }

    #[test]
    fn a_city_finds_its_zone() {
        assert_eq!(check(Leaf::Zone, "Berlin").unwrap_err().nearest.as_deref(), Some("Europe/Berlin"));
        assert_eq!(check(Leaf::Zone, "Europe/Berln").unwrap_err().nearest.as_deref(), Some("Europe/Berlin"));
    }
}
