//! The words of the publication scan (§4.1), declared once (C7).

use super::Tier;

/// A word or phrase. Words are separated by a space here and by anything or nothing in the text; after a `*` the last
/// word may go on.
pub(super) struct Term {
    pub(super) rule: &'static str,
    pub(super) tier: Tier,
    pub(super) text: &'static str,
}

macro_rules! terms {
    ($($rule:literal $tier:ident: $($text:literal)+;)+) => { &[$($(Term::new($rule, Tier::$tier, $text)),+),+] };
}

impl Term {
    const fn new(rule: &'static str, tier: Tier, text: &'static str) -> Self {
        Self { rule, tier, text }
    }
}

/// Everything that frames a change as a security matter.
pub(super) const TERMS: &[Term] = terms! {
    "scan.vulnerability" Block: "vulnerab*" "vuln";
    "scan.advisory" Block: "advisory" "advisories";
    "scan.security-fix" Block:
        "security fix" "security fixes" "security fixed" "security fixing" "security issue" "security bug"
        "security bugfix" "security flaw" "security patch" "security patches" "security patched"
        "security patching" "security hotfix" "security hole" "security defect" "security weakness"
        "security weaknesses" "security problem" "security incident"
        "fix security" "fixes security" "fixed security" "fixing security" "patch security" "patches security";
    "scan.sql-injection" Justify: "sql injection" "sqli";
    "scan.injection" Justify: "command injection" "code injection" "shell injection" "template injection";
    "scan.xss" Justify: "xss" "cross site scripting";
    "scan.csrf" Justify: "csrf" "xsrf" "cross site request forgery";
    "scan.ssrf" Justify: "ssrf" "server side request forgery";
    "scan.code-execution" Justify:
        "rce" "remote code execution" "arbitrary code execution" "execute arbitrary code"
        "execution of arbitrary code";
    "scan.traversal" Justify: "path traversal" "directory traversal";
    "scan.privilege-escalation" Justify:
        "privilege escalation" "privileges escalation" "escalation of privilege" "escalate privilege"
        "elevation of privilege";
    "scan.auth-bypass" Justify:
        "auth bypass" "authn bypass" "authz bypass" "authentication bypass" "authorization bypass"
        "authorisation bypass" "bypass auth" "bypass authentication" "bypass authorization"
        "bypass authorisation" "bypasses auth" "bypasses authentication" "bypasses authorization"
        "bypassing auth" "bypassing authentication" "bypassing authorization" "bypass of authentication"
        "bypass of authorization";
    "scan.memory" Justify:
        "buffer overflow" "buffer overflows" "heap overflow" "stack buffer overflow" "use after free"
        "buffer overrun" "buffer overread" "out of bounds write";
    "scan.deserialization" Justify:
        "insecure deserialization" "insecure deserialisation" "unsafe deserialization"
        "unsafe deserialisation";
    "scan.exploit" Justify: "exploit*" "zero day" "0day";
    "scan.attack-words" Review:
        "attacker" "malicious" "maliciously" "embargo" "embargoed" "proof of concept";
};

/// Nouns that make a security matter of the word before them, for phrases with words in between.
pub(super) const FLAW_NOUNS: &[&str] = &[
    "fix", "fixes", "fixed", "fixing", "issue", "issues", "bug", "bugs", "bugfix", "flaw", "flaws", "patch",
    "patches", "hole", "holes", "hotfix", "defect", "defects", "weakness", "problem", "problems",
];

/// Verbs before `security` that do the same, likewise with words in between.
pub(super) const FIX_VERBS: &[&str] = &[
    "fix", "fixes", "fixed", "fixing", "fixup", "patch", "patches", "patched", "resolve", "resolves",
    "bugfix",
];

/// Words that may stand between the two.
pub(super) const FILLERS: &[&str] = &[
    "a",
    "an",
    "the",
    "some",
    "this",
    "that",
    "one",
    "several",
    "multiple",
    "minor",
    "major",
    "high",
    "low",
    "severe",
    "serious",
    "potential",
    "possible",
    "critical",
    "important",
    "related",
    "relevant",
    "sensitive",
    "core",
    "our",
    "for",
];

/// Words near `sensitive` that ask for a look.
pub(super) const CREDENTIAL_WORDS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "credential",
    "credentials",
    "secret",
    "secrets",
    "token",
    "tokens",
    "key",
    "keys",
    "connection",
    "connections",
];

/// Words near another project's name that make it "another project's flaw".
pub(super) const FLAW_WORDS: &[&str] =
    &["cve", "vulnerab", "vuln", "advisory", "exploit", "security", "flaw", "embargo", "ghsa", "affected"];

/// Names of people that are also words, so that they are matched in context (hard case 27). Sorted.
const COMMON_WORDS: &[&str] = &[
    "angel", "april", "art", "august", "baker", "ball", "bank", "banks", "bar", "bear", "bell", "best",
    "bill", "bird", "black", "blue", "bond", "booth", "box", "branch", "bridge", "brook", "brown", "bug",
    "bush", "butler", "can", "carter", "case", "chance", "chase", "chip", "church", "clay", "code", "cook",
    "cooper", "cross", "day", "dean", "dev", "do", "drew", "drive", "early", "fair", "faith", "field",
    "fields", "fish", "fisher", "flowers", "ford", "forest", "foster", "fox", "frank", "free", "freeman",
    "frost", "gene", "glass", "gold", "good", "grace", "grant", "gray", "green", "guest", "hall", "hand",
    "hands", "hardy", "hart", "hay", "head", "heart", "hill", "holiday", "holly", "hook", "hope", "house",
    "hunter", "ivy", "jack", "jade", "jean", "joy", "june", "keen", "key", "keys", "king", "knight", "lake",
    "lamb", "lane", "lang", "law", "lee", "light", "link", "little", "lock", "long", "love", "major", "mark",
    "marks", "marsh", "mason", "may", "mean", "melody", "mercy", "miles", "miller", "mills", "moon", "moore",
    "nice", "noble", "north", "page", "pan", "park", "parker", "parks", "pat", "path", "peace", "pearl",
    "penny", "pool", "poole", "port", "porter", "post", "power", "powers", "price", "prince", "ray", "read",
    "rich", "ring", "river", "rivers", "rob", "rock", "root", "rose", "rush", "sage", "salt", "sand",
    "sandy", "scott", "sharp", "shell", "short", "silver", "singer", "sky", "small", "snow", "spring",
    "star", "steel", "stone", "story", "street", "strong", "sue", "summer", "summers", "sun", "swift",
    "taylor", "test", "tester", "thorn", "tree", "turner", "user", "violet", "walker", "wall", "walls",
    "ward", "waters", "weaver", "weeks", "wells", "west", "white", "wild", "will", "winter", "winters",
    "wise", "wolf", "wood", "woods", "worth", "wright", "young",
];

/// Is this folded name also a word of the language, or too short to tell?
pub(super) fn is_common(folded: &str) -> bool {
    folded.chars().count() < 3 || COMMON_WORDS.binary_search(&folded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_list_is_sorted_for_its_search() {
        assert!(COMMON_WORDS.is_sorted());
        assert!(is_common("will") && is_common("al") && !is_common("haraldsson"));
    }

    #[test]
    fn every_term_names_a_known_rule() {
        for term in TERMS {
            assert!(super::super::rule_info(term.rule).is_some(), "{}", term.rule);
        }
    }
}
