//! What a reviewer of the CVE record says (S9): a comment that states the value of a field becomes a proposal; everything
//! else is a person's to answer (sync page §4). A reviewer's word is text like any other: it sets values, it orders nothing.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{Gathered, Proposal, View, advisory, fields};
use crate::{
    case::{Evidence, ReviewNote},
    cve,
    mail::{one_line, own_words},
    plan::{Told, effect::Change},
    rules::extract::{CreditKind, judge, private_scanners, versions as ranges},
    tracker::{FieldRole, credit_lines, inline_text, versions, versions_value},
};

fn re(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern, compiled by a test")
}

static CWE: LazyLock<Regex> = LazyLock::new(|| re(r"(?i)\bCWE-([1-9][0-9]{0,4})\b"));
/// A weakness that is named to be replaced or refused.
static NOT_THIS: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:not|isn['’]?t|rather than|instead of|replac\w+|from|wrong|incorrect|no longer)\s+(?:\w+\s+){0,2}\W{0,3}CWE-([1-9][0-9]{0,4})\b",
    )
});
static WRONG: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\bCWE-([1-9][0-9]{0,4})\b[^.\n]{0,20}\b(?:is|seems|looks|feels|was)\s+(?:\w+\s+)?(?:too|not|wrong|incorrect|off|discouraged|prohibited|deprecated)\b",
    )
});
/// `affected versions: …`, `the credit should read …`: a field, a word that sets it, and the rest of the line.
static SETS: LazyLock<Regex> = LazyLock::new(|| {
    re(concat!(
        r"(?im)^\W{0,4}(?:please\s+)?(?:change\s+|set\s+|update\s+|make\s+)?(?:the\s+)?",
        r"(affected(?:\s+versions?|\s+range)?|version\s+range|(?:reporter\s+)?credits?|finder|remediation\s+developer|(?:public\s+)?(?:summary|description)|vendor[- ]advisory|advisory(?:\s+(?:url|link|reference))?)",
        r"\s*(?::|=|\bto\s+(?:be\s+|read\s*)?|\bshould\s+(?:be|read|say)\b|\bmust\s+(?:be|read)\b)\s*:?\s*(.*)$"
    ))
});
static URL: LazyLock<Regex> = LazyLock::new(|| re(r#"https?://[^\s<>"')\]]+"#));

/// What one comment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ask {
    role: FieldRole,
    value: String,
}

/// Comments that nobody answered yet: each is shown, and the values it states are proposed.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    for r in v.o.reviews.known().map(Vec::as_slice).unwrap_or_default().iter().filter(|r| !r.resolved) {
        let asks = if is_reviewer(v, r) { asks(v, &own_words(&r.text)) } else { Vec::new() };
        let mut proposed = Vec::new();
        for ask in asks {
            if let Some(p) = propose(v, r, &ask, out) {
                proposed.push(ask.role.as_str());
                out.items.push(p);
            }
        }
        let also = if proposed.is_empty() {
            String::new()
        } else {
            format!("; proposed: {}, answer them on their thread", proposed.join(", "))
        };
        out.notices.push(format!(
            "{} says about the record: {} ({}){also}",
            r.from,
            one_line(&r.text, 120),
            r.id
        ));
    }
    if let Some(why) = v.o.reviews.failure() {
        out.notices.push(format!("whether reviewers commented on the record is not known: {why}"));
    }
}

/// Neither the reporter nor one of us, whose words have ways of their own.
fn is_reviewer(v: &View<'_>, r: &ReviewNote) -> bool {
    let reporter =
        v.thread().is_some_and(|t| r.from.is(&t.contact.email)) || r.from.is(&v.case.reporter.email);
    !(reporter || v.g.roster.is_team(&r.from.email, Some(v.g.now)))
}

fn asks(v: &View<'_>, text: &str) -> Vec<Ask> {
    let mut out: Vec<Ask> = Vec::new();
    let mut push = |role, value: String| {
        if !out.iter().any(|a: &Ask| a.role == role) {
            out.push(Ask { role, value });
        }
    };
    if let Some(id) = weakness(v, text) {
        let value = cve::cwe(id).map_or_else(|| format!("CWE-{id}"), |known| known.long());
        push(FieldRole::Cwe, value);
    }
    for m in SETS.captures_iter(text) {
        let (what, rest) = (m[1].to_lowercase(), m[2].trim());
        let end = m.get(0).map_or(text.len(), |w| w.end());
        if what.starts_with("affected") || what.starts_with("version") {
            push(FieldRole::AffectedVersions, rest.to_owned());
        } else if what.contains("credit") || what == "finder" {
            push(FieldRole::ReporterCredit, unquoted(rest).to_owned());
        } else if what.starts_with("remediation") {
            push(FieldRole::RemediationDeveloper, unquoted(rest).to_owned());
        } else if what.contains("advisory") {
            if let Some(url) = URL.find(rest) {
                push(FieldRole::PublicAdvisoryUrl, url.as_str().trim_end_matches(['.', ',', ';']).to_owned());
            }
        } else {
            // The words themselves, on this line or in the paragraph below it.
            let below = text.get(end..).unwrap_or_default();
            let words = if rest.is_empty() {
                below.trim_start().split("\n\n").next().unwrap_or_default()
            } else {
                rest
            };
            push(FieldRole::PublicSummary, unquoted(words.trim()).to_owned());
        }
    }
    out
}

/// The one weakness a comment asks for: a second one leaves it to a person.
fn weakness(v: &View<'_>, text: &str) -> Option<u32> {
    let number = |m: crate::pattern::Captures<'_>| m[1].parse::<u32>().ok();
    let now = CWE.captures(v.field(FieldRole::Cwe)).and_then(number);
    let refused = NOT_THIS.captures_iter(text).chain(WRONG.captures_iter(text));
    let refused: Vec<u32> = refused.filter_map(number).collect();
    let mut named: Vec<u32> = CWE.captures_iter(text).filter_map(number).collect();
    named.sort_unstable();
    named.dedup();
    named.retain(|n| Some(*n) != now && !refused.contains(n));
    match named.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn unquoted(text: &str) -> &str {
    let pairs = [('"', '"'), ('“', '”'), ('`', '`'), ('\'', '\'')];
    let text = text.trim();
    let inner = pairs.iter().find_map(|(a, b)| text.strip_prefix(*a)?.trim_end_matches('.').strip_suffix(*b));
    inner.unwrap_or(text).trim()
}

/// A value that fits its field and differs from it. What the team or the reporter said of the same field goes first.
fn propose(v: &View<'_>, r: &ReviewNote, ask: &Ask, out: &Gathered) -> Option<Proposal> {
    let sets = |p: &Proposal| {
        p.steps.iter().any(|(e, _)| matches!(e, Change::SetField { role, .. } if *role == ask.role))
    };
    let spoken = match ask.role {
        FieldRole::Cwe => fields::team_said(v, FieldRole::Cwe),
        FieldRole::ReporterCredit => v.thread().is_some_and(|t| t.credit.is_some()),
        _ => false,
    };
    if spoken || out.items.iter().any(sets) {
        return None;
    }
    let now = v.field(ask.role).trim();
    let mut word = false;
    let value = match ask.role {
        FieldRole::AffectedVersions => {
            let found = ranges::parse(&ask.value, v.g.versions);
            let value = versions_value(&versions(&ask.value));
            let says = found.problems.is_empty() && !found.ranges.is_empty();
            (says && value != versions_value(&versions(now))).then_some(value)?
        }
        FieldRole::ReporterCredit => {
            let name = name(&ask.value)?;
            let verdict = judge(name);
            word = verdict.kind != CreditKind::Human || verdict.confirm || credit_lines(now).len() > 1;
            (!credit_lines(now).contains(&name)).then(|| name.to_owned())?
        }
        FieldRole::RemediationDeveloper => {
            let name = name(&ask.value)?;
            let known = now.to_lowercase().contains(&name.to_lowercase());
            (!known).then(|| if now.is_empty() { name.to_owned() } else { format!("{now}\n{name}") })?
        }
        FieldRole::PublicAdvisoryUrl => {
            // It opens the close-out, so that a person looks at the address first.
            word = true;
            (now.is_empty() && advisory::is_public(v, &ask.value)).then(|| ask.value.clone())?
        }
        FieldRole::PublicSummary => {
            word = true;
            let flat = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
            let (wanted, has) = (flat(&ask.value), flat(now));
            let named = !private_scanners(&wanted, v.g.config).is_empty();
            let says = wanted.split(' ').count() >= 4 && !has.contains(&wanted) && !named;
            says.then(|| ask.value.clone())?
        }
        _ => (now != ask.value).then(|| ask.value.clone())?,
    };
    let why =
        Evidence::new("sync.review", format!("{}: \"{}\"", r.from, one_line(&r.text, 120)), r.id.clone());
    let told = Told::NotTold("with the next letter: it will stand in the advisory".into());
    let mut p = fields::set(v, "sync.review", ask.role, &value, vec![why], told);
    p.notices.push(format!("a reviewer of the record asks for it: {}", inline_text(&r.from.to_string())));
    Some(if word { p.needs_word() } else { p })
}

/// A name and nothing else.
fn name(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches(['.', ';', ',']);
    let plain = !text.is_empty() && text.chars().count() <= 80 && text.split_whitespace().count() <= 6;
    (plain && !text.contains(['<', '>', '@', '?']) && !text.contains("://")).then_some(text)
}
