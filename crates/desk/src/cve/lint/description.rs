//! Does the description say who, when and what, and which version to upgrade to? Words are looked for by stem, so that
//! only a description that says nothing of the kind is found.

use std::{borrow::Cow, collections::BTreeSet, sync::LazyLock};

use super::{Level, Record, stems::Stems, version};
use crate::cve::check::{At, Node, Sink};

/// Who: any word for somebody who attacks, or for where an attack comes from.
static WHO: LazyLock<Stems> = LazyLock::new(|| {
    Stems::new([
        "attack",
        "trusts",
        "adversar",
        "malicious",
        "user",
        "client",
        "actor",
        "authenticated",
        "untrusted",
        "unauthori",
        "remote",
        "anyone",
        "anybody",
        "someone",
        "somebody",
        "party",
        "parties",
        "intruder",
        "guest",
        "admin",
        "operator",
        "peer",
        "mitm",
        "crafted",
        "hostile",
        "insider",
        "tenant",
        "victim",
        "caller",
        "sender",
        "person",
        "people",
        "hacker",
        "visitor",
        "privileged",
        "process",
        "author",
        "upstream",
        "backend",
        "request",
        "input",
        "third-party",
        "server",
        "local ",
        "network",
        "contributor",
        "developer",
        "program",
        "application",
        "host",
    ])
});

/// What: flaw or effect.
static WHAT: LazyLock<Stems> = LazyLock::new(|| {
    Stems::new([
        "allow",
        "caus",
        "lead",
        "result",
        "expos",
        "execut",
        "inject",
        "overflow",
        "overrun",
        "bypass",
        "disclos",
        "leak",
        "escalat",
        "travers",
        "denial",
        " dos",
        "crash",
        "forg",
        "spoof",
        "smuggl",
        "deseriali",
        "xss",
        "cross-site",
        "cross site",
        "ssrf",
        "csrf",
        "xxe",
        "read",
        "writ",
        "access",
        "corrupt",
        "hijack",
        "steal",
        "obtain",
        "gain",
        "improper",
        "insufficient",
        "missing",
        "incorrect",
        "uncontrolled",
        "unsafe",
        "weak",
        "race",
        "use after",
        "use-after",
        "null pointer",
        "out-of-bounds",
        "out of bounds",
        "not ",
        "n't",
        "fail",
        "without",
        "lack",
        "exhaust",
        "infinite",
        "loop",
        "vulnerable to",
        "permit",
        "enabl",
        "trick",
        "redirect",
        "hard-coded",
        "hardcoded",
        "default",
        "impersonat",
        "sensitive",
        "attack",
        "fixation",
        "reveal",
        "disabl",
        "excessive",
        "unreasonabl",
        "unexpected",
        "late release",
        "interpretation",
        "interpreting",
        "manipulat",
        "tamper",
        "compromis",
        "abus",
        "exploit",
        "trigger",
        "possible to",
        "able to",
        "unintended",
        "invalid",
        "insecure",
        "mishandl",
        "predictable",
        "unrestricted",
        "external control",
        "segmentation",
        "segfault",
        "segv",
        "abort",
        "misalign",
        "confusion",
        "credential",
        "password",
        "cleartext",
        "plaintext",
        "divide",
        "division",
        "dereference",
        "treats",
        "accept",
    ])
});

/// Where the fix is.
const FIX_WORDS: &[&str] = &[
    "upgrad",
    "update to",
    "updated to",
    "updating to",
    "fixed",
    "fixes",
    "fix ",
    "a fix",
    "patched",
    "resolved",
    "resolves",
    "addressed",
    "addresses",
    "mitigated",
    "migrate",
    "move to",
    "switch to",
    "use version",
    "corrected",
    "remediated",
    "starting with",
    "starting from",
    "not affected",
    "unaffected",
    "no longer vulnerable",
    "first version",
];

/// Sentences that tell readers what to do, and so name users and effects that are not the flaw's.
const ADVICE_WORDS: &[&str] = &[
    "recommend",
    "advise",
    "should upgrade",
    "please upgrade",
    "must upgrade",
    "upgrade to",
    "urged to",
    "encouraged to",
    "which fix",
    "that fix",
    "contains a fix",
    "this issue affects",
    "issue is fixed",
    "been fixed",
    "been patched",
];

/// There is none, and the description says so.
static NO_FIX: LazyLock<Stems> = LazyLock::new(|| {
    Stems::new([
        "unsupported",
        "no longer supported",
        "not supported",
        "no longer maintained",
        "not maintained",
        "unmaintained",
        "end of life",
        "end-of-life",
        " eol",
        "(eol",
        "retired",
        "attic",
        "discontinu",
        "will not be fixed",
        "no fix",
        "no plan",
        "not plan",
        "do not plan",
        "no patch",
        "no action",
        "no longer develop",
    ])
});

/// Words of product names that tell nothing apart.
const GENERIC: &[&str] = &[
    "server",
    "client",
    "project",
    "core",
    "software",
    "foundation",
    "the",
    "org",
    "com",
    "net",
    "library",
    "framework",
    "plugin",
    "module",
    "for",
    "java",
    "api",
    "and",
    "www",
    "github",
    "http",
    "https",
    "web",
    "service",
    "app",
];

static FIX: LazyLock<Stems> = LazyLock::new(|| Stems::new(FIX_WORDS.iter().copied()));
static ADVICE: LazyLock<Stems> = LazyLock::new(|| Stems::new(ADVICE_WORDS.iter().copied()));
/// Most sentences have neither, and are read once.
static FIX_OR_ADVICE: LazyLock<Stems> =
    LazyLock::new(|| Stems::new(FIX_WORDS.iter().chain(ADVICE_WORDS).copied()));

pub(super) fn check(r: &Record<'_, '_>, cna: &At<'_>, sink: &mut Sink<'_, '_>) {
    let list = cna.key("descriptions");
    let english: Vec<(usize, &str)> =
        r.english("descriptions").filter_map(|(n, d)| Some((n, d.get("value")?.text()?))).collect();
    let Some((n, _)) = english.first() else { return };
    let item = list.index(*n);
    let at = item.key("value");
    let text = match english.as_slice() {
        [(_, one)] => Cow::Borrowed(*one),
        many => Cow::Owned(many.iter().map(|(_, t)| *t).collect::<Vec<_>>().join("\n\n")),
    };
    if version::is_placeholder(&text) {
        return;
    }
    let (mut fixed, mut who, mut what, mut claims) = (false, false, false, false);
    for s in sentences(&text) {
        let told = FIX_OR_ADVICE.is_in(s);
        if told && !fixed && FIX.is_in(s) {
            fixed = !version::versions(s).is_empty() || numbered(s) || commit(s);
        }
        if !(told && ADVICE.is_in(s)) {
            claims |= !s.trim().is_empty();
            who = who || WHO.is_in(s);
            what = what || WHAT.is_in(s) || names_flaw(s);
        }
    }
    // A description that is advice throughout is taken as it is.
    if !claims {
        (who, what) = (WHO.is_in(&text), WHAT.is_in(&text));
    }
    let low = text.to_ascii_lowercase();
    let mut say = |rule, message: &str| sink.say(rule, super::level(rule), &at, message);
    if !who {
        say(
            "lint.description-who",
            "does not say who can do this: anyone, a user who is logged in, a peer on the network",
        );
    }
    if !says_when(r, &text, &low) {
        say("lint.description-when", "does not say which versions are affected");
    }
    if !what {
        say("lint.description-what", "does not say what can happen");
    }
    if !names_product(r, &low) {
        say("lint.description-product", "does not name the product");
    }
    let elsewhere = || {
        r.cna
            .items("solutions")
            .filter_map(|(_, s)| s.get("value")?.text())
            .any(|s| !version::versions(s).is_empty())
    };
    let hosted = r.tagged("exclusively-hosted-service") || r.tagged("unsupported-when-assigned");
    if !fixed && !hosted && !NO_FIX.is_in(&text) && !elsewhere() {
        // `before 2.4.1` tells a careful reader; `through 2.4.0` tells nobody.
        let (level, message) = if ends_before(&text) {
            (Level::Note, "does not say which version to upgrade to, only before which the flaw is")
        } else {
            (Level::Warning, "does not say which version to upgrade to")
        };
        sink.say("lint.description-upgrade", level, &at, message);
    }
}

/// `Session Fixation vulnerability`, `can see`: the flaw has a name, or somebody can do something.
fn names_flaw(claim: &str) -> bool {
    let claims = format!(" {} ", claim.to_ascii_lowercase());
    let vague = [
        "a",
        "an",
        "the",
        "this",
        "security",
        "possible",
        "critical",
        "potential",
        "severe",
        "any",
        "of",
        "",
    ];
    let named = claims.match_indices("vulnerabilit").any(|(n, _)| {
        let before = claims.get(..n).unwrap_or_default().trim_end().rsplit(char::is_whitespace).next();
        !vague.contains(&before.unwrap_or_default())
    });
    named || [" can ", " could ", " may ", " might "].iter().any(|m| claims.contains(m))
}

/// Is a version named as the first that is not affected?
fn ends_before(text: &str) -> bool {
    let low = text.to_ascii_lowercase();
    version::versions(&low).iter().any(|f| {
        let head = low.get(..f.start).unwrap_or_default().trim_end_matches(['v', ' ', '`', ':']);
        let head =
            head.strip_suffix("version").or_else(|| head.strip_suffix("versions")).unwrap_or(head).trim_end();
        ["before", "prior to", "earlier than", "lower than", "older than", "until", "below", "<"]
            .iter()
            .any(|w| head.ends_with(w))
            || head
                .rsplit(['.', '\n'])
                .next()
                .is_some_and(|s| s.contains("prior to ") || s.contains("before "))
    })
}

/// Sentences, as well as a full stop tells them: one before a version ends none. A form's last sentence begins where its words
/// do, also when nothing stands before it.
fn sentences(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut start = 0;
    for (n, b) in bytes.iter().enumerate() {
        let next = bytes.get(n + 1);
        let ends = match b {
            b'.' | b'!' | b'?' => {
                next.is_none_or(|c| c.is_ascii_whitespace() || c.is_ascii_uppercase() || *c >= 0x80)
            }
            b'\n' => next == Some(&b'\n') || next.is_some_and(|c| matches!(c, b'-' | b'*')),
            _ => {
                next == Some(&b'T')
                    && bytes.get(n + 1..).is_some_and(|r| r.starts_with(b"This issue affects"))
            }
        };
        if ends {
            out.push(text.get(start..=n).unwrap_or_default());
            start = n + 1;
        }
    }
    out.push(text.get(start..).unwrap_or_default());
    out
}

/// `version 5`, `to 20`.
fn numbered(text: &str) -> bool {
    let low = text.to_ascii_lowercase();
    let mut words =
        low.split(|c: char| c.is_whitespace() || ",;()".contains(c)).filter(|w| !w.is_empty()).peekable();
    while let Some(w) = words.next() {
        let number = words.peek().is_some_and(|n| {
            let n = n.trim_end_matches('.').trim_start_matches('v');
            !n.is_empty() && n.len() < 9 && n.bytes().all(|b| b.is_ascii_digit())
        });
        if number && ["version", "versions", "release", "to", "in", "build"].contains(&w) {
            return true;
        }
    }
    false
}

/// The hash of a commit.
fn commit(text: &str) -> bool {
    let low = text.to_ascii_lowercase();
    low.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| {
        (7..=64).contains(&w.len())
            && w.bytes().all(|b| b.is_ascii_hexdigit())
            && w.bytes().any(|b| b.is_ascii_digit())
            && w.bytes().any(|b| b.is_ascii_alphabetic())
    })
}

fn says_when(r: &Record<'_, '_>, text: &str, low: &str) -> bool {
    if !version::versions(text).is_empty() || numbered(text) || commit(text) {
        return true;
    }
    if [
        "all versions",
        "any version",
        "every version",
        "all releases",
        "all known versions",
        "and prior version",
        "and earlier version",
        "and prior release",
        "and earlier release",
        "and earlier.",
        "and prior.",
    ]
    .iter()
    .any(|w| low.contains(w))
    {
        return true;
    }
    let words: BTreeSet<&str> = text.split(|c: char| c.is_whitespace() || ",;()".contains(c)).collect();
    r.cna
        .items("affected")
        .flat_map(|(_, a)| a.items("versions").map(|(_, v)| v))
        .flat_map(|v| ["version", "lessThan", "lessThanOrEqual"].into_iter().filter_map(|k| v.get(k)?.text()))
        .any(|v| v != "0" && words.contains(v))
}

fn names_product(r: &Record<'_, '_>, low: &str) -> bool {
    let mut any = false;
    for (_, a) in r.cna.items("affected") {
        let text = |key: &str| a.get(key).and_then(Node::text).unwrap_or_default().to_lowercase();
        let vendor = text("vendor");
        for name in [text("product"), text("packageName")] {
            let words = name.split(|c: char| !c.is_alphanumeric()).filter(|w| {
                w.chars().count() > 2 && !GENERIC.contains(w) && !vendor.split_whitespace().any(|v| v == *w)
            });
            for w in words {
                any = true;
                let bare = w.trim_end_matches(|c: char| c.is_ascii_digit());
                let w = if bare.chars().count() > 2 { bare } else { w };
                if low.contains(w) {
                    return true;
                }
            }
        }
    }
    // A name of nothing but generic words cannot be looked for.
    !any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_full_stops_and_not_in_versions() {
        let text = "Affects 2.4.1.This is bad. Upgrade to 2.4.2, please\n\nThanks";
        assert_eq!(
            sentences(text),
            ["Affects 2.4.1.", "This is bad.", " Upgrade to 2.4.2, please\n", "\nThanks"]
        );
        assert_eq!(sentences("Flaw in XThis issue affects X."), ["Flaw in X", "This issue affects X.", ""]);
    }

    #[test]
    fn numbers_and_commits() {
        assert!(
            numbered("upgrade to version 5.")
                && numbered("fixed in v20")
                && !numbered("in 2020-01 we saw version x")
        );
        assert!(commit("fixed in 0a1b2c3d") && !commit("deadbeef") && !commit("1234567"));
    }
}
