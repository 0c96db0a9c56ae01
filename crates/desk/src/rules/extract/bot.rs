//! Is a credited name a person, a tool or a service? (intake page §6, CVE page §6, sync page §16.19)
//!
//! Whole tokens only: a pattern that merely brushes a person's name (`Kai`, `Talbot`, `Claude Dupont`) leaves the
//! person a person, names the rule that brushed, and asks.

use std::sync::LazyLock;

use crate::pattern::Regex;
use serde::{Deserialize, Serialize};

use crate::mail::Address;

/// What a credited name is (intake page §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreditKind {
    /// A person, or a group of people named as such.
    #[default]
    Human,
    /// A program.
    Tool,
    /// A security team, an operations centre, a relay.
    Service,
}

/// The judgement on one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotVerdict {
    /// What the name is.
    pub kind: CreditKind,
    /// The rule that fired or brushed the name.
    pub rule: Option<&'static str>,
    /// A person should look before the kind is relied on.
    pub confirm: bool,
}

impl BotVerdict {
    const fn sure(kind: CreditKind, rule: &'static str) -> Self {
        Self { kind, rule: Some(rule), confirm: false }
    }

    const fn ask(kind: CreditKind, rule: &'static str) -> Self {
        Self { kind, rule: Some(rule), confirm: true }
    }
}

/// Names of programs, compared with whole tokens (intake page §6), then well-known analysers.
const KNOWN: &[&str] = &[
    "dependabot",
    "renovate",
    "snyk",
    "snyk-bot",
    "copilot",
    "ghsa-probot",
    "github-actions",
    "mend",
    "mend-bot",
    "whitesource",
    "sonatype-lift",
    "lift-bot",
    "codecov",
    "mergify",
    "mergifyio",
    "allcontributors",
    "fossabot",
    "imgbotapp",
    "pre-commit-ci",
    "claude",
    "chatgpt",
    "gpt",
    "gpt-bot",
    "anthropic",
    "openai",
    "automated",
    "automation",
    "scanner",
    "auto-scanner",
    "vulnerability-scanner",
    "security-scanner",
    "sast",
    "dast",
    "codeql",
    "semgrep",
    "oss-fuzz",
    "clusterfuzz",
    "syzkaller",
    "trivy",
    "sonarqube",
    "gitguardian",
];

/// Program names that are also given or family names.
const ALSO_PEOPLE: &[&str] = &["claude", "mend"];

/// Words that follow a program's name and keep it a program (`Claude Code`, `Claude Opus 4`).
const PROGRAM_WORDS: &[&str] = &[
    "ai",
    "agent",
    "agents",
    "app",
    "assistant",
    "bot",
    "code",
    "codex",
    "desktop",
    "haiku",
    "llm",
    "max",
    "model",
    "opus",
    "pro",
    "renovate",
    "security",
    "sonnet",
    "scan",
    "scanner",
    "scans",
    "sca",
    "tool",
    "anthropic",
    "automated",
    "cli",
    "io",
    "platform",
    "alerts",
    "analysis",
    "review",
];

/// Stems that make a glued `…bot`, `…ai` or `…agent` a program.
const TECHNICAL: &[&str] = &[
    "agent",
    "ai",
    "alert",
    "audit",
    "auto",
    "build",
    "bug",
    "bughunt",
    "check",
    "ci",
    "code",
    "crawl",
    "cve",
    "cyber",
    "dep",
    "deps",
    "dev",
    "exploit",
    "find",
    "fix",
    "fuzz",
    "git",
    "github",
    "guard",
    "hack",
    "hunt",
    "lint",
    "llm",
    "merge",
    "patch",
    "pen",
    "pentest",
    "probe",
    "pull",
    "recon",
    "release",
    "report",
    "review",
    "risk",
    "scan",
    "sec",
    "secure",
    "security",
    "sentinel",
    "shield",
    "test",
    "threat",
    "triage",
    "update",
    "vuln",
    "vulnerability",
    "web",
    "zero",
];

/// Words of a team or service (intake page §5).
const TEAM: &[&str] = &[
    "team", "teams", "soc", "cert", "csirt", "psirt", "sirt", "cirt", "csoc", "helpdesk", "équipe", "equipo",
    "团队",
];

static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}._'’\-]*(?:\[bot\])?").expect("valid"));
static AFFILIATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s(?:of|from|at|with|via|using|for|and|working\s+at|@)\s|\s*[,;(|/]\s*|\s[-–—&+]\s")
        .expect("valid")
});

/// Judges one credited name: person, tool or service, with the rule that fired or brushed it.
#[must_use]
pub fn judge(name: &str) -> BotVerdict {
    let name = name.trim();
    if name.to_ascii_lowercase().ends_with("[bot]") {
        return BotVerdict::sure(CreditKind::Tool, "bot.suffix");
    }
    // The person stands before the affiliation: `Jane Doe of Snyk` is not Snyk.
    let (main, rest) = AFFILIATION
        .find(name)
        .filter(|m| m.start() > 0)
        .map_or((name, ""), |m| (&name[..m.start()], &name[m.start()..]));
    let tokens: Vec<&str> = TOKEN.find_iter(main).map(|m| m.as_str()).collect();
    let affiliation: Vec<&str> = TOKEN.find_iter(rest).map(|m| m.as_str()).collect();

    let verdict = judge_tokens(&tokens);
    if verdict.kind != CreditKind::Human || verdict.rule.is_some() {
        return verdict;
    }
    // The name itself is clean; a program among the rest of the credit is worth a look.
    let brushed = affiliation.iter().any(|t| {
        let t = t.to_lowercase();
        KNOWN.contains(&t.as_str()) || t.ends_with(".ai") || t.ends_with("[bot]") || t.ends_with("-bot")
    });
    if brushed { BotVerdict::ask(CreditKind::Human, "bot.affiliation") } else { verdict }
}

fn judge_tokens(tokens: &[&str]) -> BotVerdict {
    let lower: Vec<String> = tokens.iter().map(|t| t.to_lowercase()).collect();
    let is_service_word = lower.len() == 1 && lower.first().is_some_and(|t| service_local(t));
    if is_service_word {
        return BotVerdict::ask(CreditKind::Service, "bot.service-sender");
    }
    if lower.iter().any(|t| TEAM.contains(&t.as_str())) {
        let brushed = tokens.iter().zip(&lower).any(|(t, l)| token_rule(t, l, tokens.len()).is_some());
        return BotVerdict { kind: CreditKind::Service, rule: Some("service.team"), confirm: brushed };
    }
    if let Some(known) = lower.iter().find(|t| KNOWN.contains(&t.as_str())) {
        let others: Vec<&String> = lower.iter().filter(|t| *t != known).collect();
        let person_like = others.iter().any(|t| {
            t.chars().all(|c| c.is_alphabetic() || "-'’.".contains(c))
                && !PROGRAM_WORDS.contains(&t.as_str())
                && !KNOWN.contains(&t.as_str())
        });
        if ALSO_PEOPLE.contains(&known.as_str()) && person_like {
            return BotVerdict::ask(CreditKind::Human, "bot.known-name");
        }
        // A noun for programs is one in any company; a vendor's name beside another word may be a person's employer.
        let noun = ["scan", "autom", "sast", "dast"].iter().any(|n| known.contains(n));
        return BotVerdict {
            kind: CreditKind::Tool,
            rule: Some("bot.known-name"),
            confirm: person_like && !noun,
        };
    }
    let mut brushed = None;
    for (token, low) in tokens.iter().zip(&lower) {
        match token_rule(token, low, tokens.len()) {
            Some(v) if v.kind == CreditKind::Tool => return v,
            Some(v) => brushed = brushed.or(Some(v)),
            None => {}
        }
    }
    // `Security Bot`, `AI agent`: the standalone noun needs a technical companion; `Joe Bot` is a person.
    if lower.len() > 1 && lower.last().is_some_and(|l| matches!(l.as_str(), "bot" | "agent")) {
        let technical = lower.iter().rev().skip(1).any(|t| TECHNICAL.contains(&t.as_str()) || is_program(t));
        if technical {
            return BotVerdict::sure(CreditKind::Tool, "bot.noun");
        }
    }
    if tokens.len() > 1 && tokens.last() == Some(&"AI") {
        return BotVerdict::ask(CreditKind::Tool, "bot.ai");
    }
    brushed.unwrap_or_default()
}

fn is_program(lower: &str) -> bool {
    KNOWN.contains(&lower) || PROGRAM_WORDS.contains(&lower)
}

/// The verdict of one token's shape, or nothing when no pattern touches it.
fn token_rule(token: &str, low: &str, count: usize) -> Option<BotVerdict> {
    let tool = |rule| Some(BotVerdict::sure(CreditKind::Tool, rule));
    if low.ends_with("[bot]") {
        return tool("bot.suffix");
    }
    if low.ends_with(".ai") && low.len() > 3 {
        return tool("bot.ai-domain");
    }
    if low.contains("scanner") {
        return tool("bot.scanner");
    }
    if low.ends_with("gpt") {
        return tool("bot.gpt");
    }
    if low.ends_with("-scan") || low.ends_with("_scan") {
        return tool("bot.scan");
    }
    if let Some(at) = low.find("automat") {
        let tail = low.get(at + 7..).unwrap_or_default();
        let word = matches!(tail, "ed" | "ion" | "ions" | "ic" | "ically" | "or" | "a" | "on" | "e" | "");
        return Some(if word {
            BotVerdict::sure(CreditKind::Tool, "bot.automat")
        } else {
            BotVerdict::ask(CreditKind::Human, "bot.automat")
        });
    }
    for (suffix, rule) in [("bot", "bot.bot"), ("agent", "bot.agent"), ("ai", "bot.ai")] {
        let Some(stem) = low.strip_suffix(suffix) else { continue };
        if stem.is_empty() {
            continue;
        }
        return Some(suffix_rule(token, stem, suffix, rule, count));
    }
    None
}

/// A token that ends in `bot`, `agent` or `ai`: a program by its stem or its spelling, else a person to ask about.
fn suffix_rule(token: &str, stem: &str, suffix: &str, rule: &'static str, count: usize) -> BotVerdict {
    let bare = stem.trim_end_matches(['-', '_', '.']);
    let separated = bare.len() < stem.len();
    let tail_start = token.len().saturating_sub(suffix.len());
    let tail = token.get(tail_start..).unwrap_or_default();
    let head_lower = token.chars().next().is_some_and(char::is_lowercase);
    let technical = bare.split(['-', '_', '.']).any(|w| TECHNICAL.contains(&w));
    // `SecurityBot`, `BugAI`: the suffix is spelled as a word of its own.
    let camel = !separated
        && tail.chars().next().is_some_and(char::is_uppercase)
        && token.get(..tail_start).is_some_and(|h| h.chars().any(char::is_lowercase));
    if technical || camel {
        return BotVerdict::sure(CreditKind::Tool, rule);
    }
    if separated {
        // `Li-Ai` is a name; `acme-ai` and `ACME-AI` are not written like one.
        let title = token.split(['-', '_', '.']).all(|p| {
            let mut c = p.chars();
            c.next().is_some_and(char::is_uppercase) && c.all(char::is_lowercase)
        });
        return if suffix == "ai" && title {
            BotVerdict::ask(CreditKind::Human, rule)
        } else {
            BotVerdict::sure(CreditKind::Tool, rule)
        };
    }
    // Glued `bot` on a lone lower-case word is an account name, unless the word is a family name or a noun.
    const WORDS: &[&str] =
        &["ro", "tal", "ab", "ca", "cha", "sa", "tur", "ri", "ho", "gil", "ja", "bar", "li"];
    if suffix == "bot" && head_lower && count == 1 && !WORDS.contains(&stem) {
        return BotVerdict::ask(CreditKind::Tool, rule);
    }
    BotVerdict::ask(CreditKind::Human, rule)
}

/// Local parts that belong to a machine and never to a person (intake page §6).
fn service_local(local: &str) -> bool {
    let local = local.to_ascii_lowercase();
    let words: Vec<&str> = local.split(['.', '+', '_', '-']).collect();
    let glued: String = words.concat();
    words.iter().any(|w| {
        matches!(
            *w,
            "noreply"
                | "donotreply"
                | "notifications"
                | "mailerdaemon"
                | "bounce"
                | "bounces"
                | "unreplyable"
        )
    }) || glued.starts_with("noreply")
        || glued.starts_with("donotreply")
        || glued.ends_with("noreply")
        || glued.ends_with("donotreply")
        || matches!(
            glued.as_str(),
            "notification"
                | "securityalerts"
                | "mailerdaemon"
                | "postmaster"
                | "nobody"
                | "devnull"
                | "autoreply"
        )
}

/// Does mail to that address reach nobody? Relay and service senders (intake page §6, Weakness 8).
#[must_use]
pub fn unreplyable(address: &Address) -> bool {
    // Forges hand out addresses below such a name to people who hide theirs.
    let nobody = |label: &str| matches!(label, "noreply" | "no-reply");
    address.email.is_empty()
        || service_local(address.local())
        || address.local().starts_with("reply+")
        || address.domain().to_ascii_lowercase().split('.').any(nobody)
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("bot.affiliation", "a program's name stands after the person's; ask"),
    ("bot.agent", "a name that ends in `agent`"),
    ("bot.ai", "a name that ends in `ai`"),
    ("bot.ai-domain", "a name that is a `.ai` domain"),
    ("bot.automat", "a form of `automat`"),
    ("bot.bot", "a name that ends in `bot`"),
    ("bot.gpt", "a name that ends in `gpt`"),
    ("bot.known-name", "the name of a known program"),
    ("bot.noun", "`bot` or `agent` after a technical word"),
    ("bot.scan", "a name that ends in `-scan`"),
    ("bot.scanner", "a name that holds `scanner`"),
    ("bot.service-sender", "the name of a service's mailbox, such as `noreply`"),
    ("bot.suffix", "the suffix `[bot]`"),
    ("service.team", "a team or a service, not one person"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_confirmations_of_names() {
        use CreditKind::{Human as H, Service as S, Tool as T};
        let table: &[(&str, CreditKind, bool)] = &[
            // CVE page §13 rows 28–30.
            ("dependabot[bot]", T, false),
            ("Snyk", T, false),
            ("securitybot", T, false),
            ("scan-ai", T, false),
            ("Joe Bot", H, false),
            ("Botev Martinov", H, false),
            ("AI Research Lab", H, false),
            ("Marie Talbot", H, true),
            ("Claude Monet", H, true),
            ("Li-Ai", H, true),
            ("Robot", H, true),
            // Sync page §16.19, intake Weakness 12.
            ("Claude Dupont", H, true),
            ("Talbot", H, true),
            ("Nikolai", H, true),
            ("Kai", H, true),
            ("Kai Nakamura", H, true),
            ("John Abbot", H, true),
            ("Jean-Claude Martin", H, false),
            ("Jean Claude Martin", H, true),
            ("Claude", T, false),
            ("Claude Code", T, false),
            ("Claude Opus 4", T, false),
            ("Claude (Anthropic)", T, false),
            ("github-actions", T, false),
            ("GitHub-Actions[bot]", T, false),
            ("ChatGPT", T, false),
            ("PentestGPT", T, false),
            ("bugbunny.ai", T, false),
            ("Jane Doe of bugbunny.ai", H, true),
            ("Jane Doe of Snyk", H, true),
            ("Jane Doe, OpenAI", H, true),
            ("SecurityBot", T, false),
            ("Acme Security Bot", T, false),
            ("acme-bot", T, false),
            ("vuln-agent", T, false),
            ("Acme Vulnerability Scanner", T, false),
            ("nightly-scan", T, false),
            ("Automated analysis", T, false),
            ("Automattic", H, true),
            ("Example Security Team", S, false),
            ("Example SOC", S, false),
            ("Security Team at Example", S, false),
            ("Jane Doe, Example Security Team", H, false),
            ("noreply", S, true),
            ("Jane Doe", H, false),
            ("张伟", H, false),
            ("", H, false),
        ];
        for (name, kind, confirm) in table {
            let v = judge(name);
            assert_eq!((v.kind, v.confirm), (*kind, *confirm), "{name}: {v:?}");
            assert!(!v.confirm || v.rule.is_some(), "{name}: a question shows its rule");
        }
    }

    #[test]
    fn addresses_nobody_reads() {
        for e in [
            "noreply@github.com",
            "no-reply@x.org",
            "notifications@github.com",
            "security-noreply@github.com",
            "do-not-reply@x.org",
            "MAILER-DAEMON@x.org",
            "reply+abc123@reply.example",
            "no-reply+tag@x.org",
            "",
        ] {
            assert!(unreplyable(&Address::new("", e)), "{e}");
        }
        for e in ["jane@x.org", "security@x.org", "noreen.reply@x.org", "bob.nor@x.org"] {
            assert!(!unreplyable(&Address::new("", e)), "{e}");
        }
    }
}
