//! The fields of a tracker, one rule each (sync page §4): what the reporter or the team said goes in verbatim, what a
//! record needs is brought into its form, and what only a person can write is named.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{
    Proposal, View, comments, review,
    target::{self, Shipped},
};
use crate::{
    case::{Artifact, Evidence},
    confidential::Draft,
    config::AffectedStyle,
    cve,
    mail::one_line,
    plan::{Action, ActionKind, Precondition, Told, digest, effect::Change},
    rules::{
        extract::{CreditKind, judge, private_scanners},
        stage::Stage,
    },
    tracker::{
        Comment, FieldRole, LabelRole, by_team, credit_lines, inline_text, rollup, versions, versions_value,
    },
};

fn re(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern, compiled by a test")
}

static SENTINEL: LazyLock<Regex> = LazyLock::new(|| re(r"(?i)<\s*NEXT[ _]VERSION"));
static LOWER: LazyLock<Regex> = LazyLock::new(|| re(r">=?\s*v?[0-9]"));
/// A lower bound with the comma or word that joins it to what follows.
static LOWER_BOUND: LazyLock<Regex> =
    LazyLock::new(|| re(r"(?i)>=?\s*v?[0-9][0-9A-Za-z.+-]*\s*(?:(?:,|&&|\band\b)\s*)?"));
static INTRODUCED: LazyLock<Regex> = LazyLock::new(|| {
    re(
        // A word of beginning counts with a version, a change or a commit beside it; "since the token is not checked"
        // says nothing about versions.
        r"(?i)\b(?:introduc\w*|added|regress\w*|first (?:appeared|affected|shipped)|since|appeared|present|starting (?:with|from|in)|as of)\b[^\n]{0,80}?(?:\bv?[0-9]+\.[0-9]|#[0-9]+|/pull/[0-9]|\b[0-9a-f]{7,40}\b)|\bend[- ]of[- ]life\b|\bEOL\b",
    )
});
static SEVERITY_SAID: LazyLock<Regex> = LazyLock::new(|| {
    re(r"(?im)^\W{0,4}severity\W{1,4}(none|low|moderate|medium|high|important|critical)\W*$")
});
static CWE_SAID: LazyLock<Regex> =
    LazyLock::new(|| re(r"(?im)^\W{0,4}(?:CWE\W{1,4})?(CWE-[1-9][0-9]{0,4}\b[^\n]{0,120})$"));

/// What came off a title and says something: ids and versions, not tags.
const FACTS: [&str; 6] = [
    "title.cve-id",
    "title.external-id",
    "title.ghsa",
    "title.pr-number",
    "title.product-version",
    "title.split-from",
];
/// Heads what came off a title, at the end of the description.
const RELATED: &str = "**Related references**";

/// Every rule about a field.
pub fn rule(v: &View<'_>, at: Stage, out: &mut super::Gathered) {
    if !v.t.state.is_open() || v.has(LabelRole::Announced) {
        return;
    }
    observed(v, out);
    credit(v, out);
    title(v, out);
    if !v.decided() && !v.has_cve() {
        return;
    }
    // The archived advisory says what was affected; from here on the close-out writes the summary.
    if at != Stage::CloseOut {
        affected(v, out);
        summary(v, out);
    }
    anonymity(v, out);
    team_values(v, out);
    review::rule(v, out);
    cwe(v, out);
    unset(v, out);
}

/// A field set, with its status entry.
pub(super) fn set(
    v: &View<'_>,
    rule: &'static str,
    role: FieldRole,
    value: &str,
    why: Vec<Evidence>,
    told: Told,
) -> Proposal {
    Proposal::new(rule, format!("{role} of {}", v.name), why)
        .field(v, role, value)
        .note(
            Action::with(ActionKind::Sync, role.as_str()),
            format!("{role} set"),
            format!("{} → {}", shown(v.field(role)), shown(value)),
            told,
        )
        .in_record()
}

fn shown(value: &str) -> String {
    if value.is_empty() { "unset".into() } else { inline_text(&one_line(value, 200)) }
}

fn later() -> Told {
    Told::NotTold("with the next letter: it will stand in the advisory".into())
}

/// What the reporter said about credit, verbatim; their newest word counts. A name that looks like a program's is asked
/// about, never changed.
fn credit(v: &View<'_>, out: &mut super::Gathered) {
    let Some(thread) = v.thread() else { return };
    let Some(wish) = &thread.credit else { return };
    let source = if wish.source.is_empty() { "the reporter's thread" } else { &wish.source };
    let now = v.field(FieldRole::ReporterCredit);
    if wish.anonymous {
        if !now.eq_ignore_ascii_case("anonymous") {
            let why = vec![Evidence::new("sync.credit-opt-out", "the reporter wants no credit", source)];
            out.items.push(set(
                v,
                "sync.credit-opt-out",
                FieldRole::ReporterCredit,
                "anonymous",
                why,
                Told::NotNeeded("they asked for it".into()),
            ));
        }
        return;
    }
    let name = wish.name.trim();
    if name.is_empty() || credit_lines(now).contains(&name) {
        return;
    }
    let why = vec![Evidence::new("sync.credit", format!("\"{}\"", one_line(name, 120)), source)];
    let mut p = set(
        v,
        "sync.credit",
        FieldRole::ReporterCredit,
        name,
        why,
        Told::NotNeeded("they said it themselves".into()),
    );
    let verdict = judge(name);
    if verdict.kind != CreditKind::Human || verdict.confirm {
        // Hard case 19: the rule is shown, and the name goes in on somebody's word.
        let kind = if verdict.kind == CreditKind::Human { "a person" } else { "a tool" };
        p.notices.push(format!(
            "it brushes the pattern of a program's name ({}): the record would credit {kind}",
            verdict.rule.unwrap_or_default()
        ));
        p = p.needs_word();
    }
    if credit_lines(now).len() > 1 {
        p.notices.push("the field names several people now: all of them would be replaced".into());
        p = p.needs_word();
    }
    out.items.push(p);
}

/// The title by the cascade; facts that come off stay visible in the item (sync page §4, dirty title).
fn title(v: &View<'_>, out: &mut super::Gathered) {
    let report = v.title();
    if report.normalized == v.t.title || report.normalized.is_empty() {
        return;
    }
    let least = usize::try_from(v.g.config.cve.title_min_words).unwrap_or(3);
    if report.words < least {
        // Hard case 25: two words say too little; a person writes the title.
        out.notices
            .push(format!("the title would be \"{}\": too short, write one by hand", report.normalized));
        return;
    }
    let came_off: Vec<String> =
        report.stripped.iter().map(|s| format!("`{}` ({})", one_line(&s.text, 60), s.rule)).collect();
    let same =
        Precondition::TitleIs { tracker: v.t.key.clone(), digest: digest::sha256(v.t.title.as_bytes()) };
    let mut p = Proposal::new(
        "sync.title",
        format!("Title of {}: {}", v.name, report.normalized),
        v.evidence("sync.title", format!("comes off: {}", came_off.join(", "))),
    )
    .step(
        Change::SetTitle { tracker: v.t.key.clone(), title: Draft::text(report.normalized.clone()) },
        vec![same],
    )
    .note(
        Action::with(ActionKind::Sync, "title"),
        "Title cleaned",
        format!(
            "{} → {}\n\nCame off: {}",
            inline_text(&v.t.title),
            inline_text(&report.normalized),
            came_off.join(", ")
        ),
        Told::NotNeeded("the title is internal until the advisory".into()),
    )
    .in_record();
    p.details.push(("title".into(), format!("{} → {}", v.t.title, report.normalized)));
    // Ids and versions are facts: they stay in the tracker, where the description ends (sync page §4).
    let facts: Vec<String> = report
        .stripped
        .iter()
        .filter(|s| FACTS.contains(&s.rule.as_str()))
        .map(|s| inline_text(s.text.trim_matches(['(', ')', '[', ']', ' '])))
        .filter(|f| !f.is_empty() && !v.field(FieldRole::IssueDescription).contains(f.as_str()))
        .collect();
    if !facts.is_empty()
        && v.body.section(FieldRole::IssueDescription).is_some()
        && v.body.unterminated().is_none()
    {
        let old = v.field(FieldRole::IssueDescription).trim_end();
        let head = if old.contains(RELATED) { "" } else { RELATED };
        let lines: Vec<String> = facts.iter().map(|f| format!("- {f}")).collect();
        let text = format!("{old}\n\n{head}\n\n{}", lines.join("\n"));
        p = p.field(v, FieldRole::IssueDescription, text.replace("\n\n\n\n", "\n\n").trim());
        p.details.pop();
        p.details.push(("kept".into(), facts.join(", ")));
    }
    out.items.push(p);
}

/// Affected versions: filled from the release, wrapped in backticks, the sentinel replaced once the version is known.
fn affected(v: &View<'_>, out: &mut super::Gathered) {
    let role = FieldRole::AffectedVersions;
    let value = v.field(role);
    let target = target::of(v);
    if value.trim().is_empty() {
        let style = v.scope().map(|s| s.affected_style).unwrap_or_default();
        let fixed = target.as_ref().filter(|t| !t.wave && !t.version.is_empty());
        let text = match (style, fixed) {
            (AffectedStyle::NextVersion, _) => "`< NEXT VERSION`".to_owned(),
            (AffectedStyle::Range, Some(t)) => format!("`< {}`", t.version),
            _ => return,
        };
        let why = fixed.map_or("the scope's convention".to_owned(), |t| {
            format!("{} ships the fix ({})", t.version, t.why)
        });
        let mut p = set(v, "sync.affected", role, &text, v.evidence("sync.affected", why), later());
        p.notices.push("a first guess: give the version that brought the flaw, if it is known".into());
        out.items.push(p);
        return;
    }
    let mut text = value.trim().to_owned();
    let mut why = Vec::new();
    let mut rule = None;
    let mut told = Told::NotNeeded("only its form changes".into());
    if SENTINEL.is_match(&text)
        && let Shipped::Yes(out) = target::shipped(v)
        && let Some(fixed) = unsentinel(&text, &out)
    {
        why.push(v.evidence("sync.sentinel", format!("{} is out with the fix", versions_of(&out))));
        rule = rule.or(Some("sync.sentinel"));
        told = later();
        text = fixed;
    }
    if let Some(lost) = lost_bound(v, &text) {
        out.notices.push(format!(
            "the record that is kept says `>= {lost}`, and the field says `{lost}` without it: a form may have eaten the sign"
        ));
    }
    if LOWER.is_match(&text)
        && !lower_bound_known(v)
        && let Some(wide) = widen(&text)
    {
        let said = "nothing names the version or change that brought the flaw, nor an end of support";
        why.push(v.evidence("sync.lower-bound", said));
        rule = rule.or(Some("sync.lower-bound"));
        told = later();
        text = wide;
    }
    // A raw `>=` at the start of a line reads as a quotation, and a form may swallow it (hard case 27).
    let quoted = wrap(&text);
    if quoted != text {
        why.push(v.evidence(
            "sync.affected-quoted",
            "not in backticks: Markdown reads a leading `>` as a quotation",
        ));
        rule = rule.or(Some("sync.affected-quoted"));
        text = quoted;
    }
    if let Some(rule) = rule {
        out.items.push(set(v, rule, role, &text, why.concat(), told));
    }
}

/// The lower bound that the kept record has and the field names without its sign: a form reads a leading `>` as a quotation
/// (hard case 27).
fn lost_bound(v: &View<'_>, text: &str) -> Option<String> {
    let kept: serde_json::Value = serde_json::from_str(v.o.attached.as_deref()?).ok()?;
    let affected = kept.pointer("/containers/cna/affected")?.as_array()?;
    let all = affected.iter().filter_map(|a| a.get("versions")?.as_array()).flatten();
    let bounded = all.filter(|v| v.get("lessThan").is_some() || v.get("lessThanOrEqual").is_some());
    // `2.0 to 2.4` has its lower bound in words.
    let read = v.kept.ranges(text, v.g);
    let in_words = |from: &str| {
        let ends = |r: &crate::rules::extract::versions::VersionRange| {
            r.less_than.is_some() || r.less_than_or_equal.is_some()
        };
        read.ranges.iter().any(|r| r.version == from && ends(r))
    };
    bounded
        .filter_map(|v| v.get("version")?.as_str())
        .find(|from| {
            let bare = text.match_indices(*from).any(|(at, _)| {
                let before = text[..at].trim_end_matches([' ', '`', '=']);
                let ends =
                    !text[at + from.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
                ends && !before.ends_with(['>', '<', '.'])
                    && !before.ends_with(|c: char| c.is_ascii_alphanumeric())
            });
            bare && *from != "0" && !text.contains('>') && !in_words(from)
        })
        .map(str::to_owned)
}

fn versions_of(out: &[Artifact]) -> String {
    let named: Vec<String> =
        out.iter().map(|a| format!("{} {}", a.package, a.version).trim().to_owned()).collect();
    named.join(", ")
}

/// The sentinel replaced by what shipped, line by line: each package has a version of its own. None when a line cannot
/// be told apart.
fn unsentinel(value: &str, out: &[Artifact]) -> Option<String> {
    let mut lines = Vec::new();
    for line in value.lines() {
        if !SENTINEL.is_match(line) {
            lines.push(line.to_owned());
            continue;
        }
        let named = || out.iter().filter(|a| !a.package.is_empty() && line.contains(&a.package));
        let shipped = if let [one] = out { one } else { named().max_by_key(|a| a.package.len())? };
        if shipped.version.is_empty() {
            return None;
        }
        lines.push(SENTINEL.replace_all(line, format!("< {}", shipped.version)).into_owned());
    }
    Some(lines.join("\n"))
}

/// The value without its lower bounds, where an upper bound stays: `>= 2.0, < 2.5` becomes `< 2.5`.
fn widen(value: &str) -> Option<String> {
    let mut lines = Vec::new();
    for line in value.lines() {
        let ticks = line.contains('`');
        let bare = line.replace('`', " ");
        if !LOWER.is_match(&bare) || !bare.contains('<') {
            lines.push(line.to_owned());
            continue;
        }
        let without = LOWER_BOUND.replace_all(&bare, "");
        let parts = without.split(',').map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "));
        let mut text = String::new();
        for part in parts.filter(|p| !p.is_empty()) {
            if !text.is_empty() {
                text.push_str(if text.contains('<') { ", " } else { " " });
            }
            text.push_str(&part);
        }
        lines.push(if ticks { format!("`{text}`") } else { text });
    }
    let out = lines.join("\n");
    (out != value).then_some(out)
}

/// Every line in backticks; a line that has some already stays as it is.
fn wrap(value: &str) -> String {
    let line = |l: &str| {
        if l.trim().is_empty() || l.matches('`').count() >= 2 {
            l.to_owned()
        } else {
            versions_value(&versions(l))
        }
    };
    value.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The summary names the version to upgrade to; who, when and what to do are a person's to write.
fn summary(v: &View<'_>, out: &mut super::Gathered) {
    let role = FieldRole::PublicSummary;
    let text = v.field(role).trim();
    if text.is_empty() {
        return;
    }
    let mut value = text.to_owned();
    let mut why = Vec::new();
    let mut rule = None;
    if let Some(scrubbed) = unnamed_scanner(v) {
        why.push(v.evidence("sync.private-scanner", "a scanner that is known in private only is named"));
        rule = Some("sync.private-scanner");
        value = scrubbed.trim().to_owned();
    }
    let target = target::of(v).filter(|t| !t.wave && !t.version.is_empty());
    let known: Vec<&str> = target.iter().map(|t| t.version.as_str()).collect();
    let named =
        cve::names_upgrade(&value, &known) || cve::names_upgrade(&value, &cve::fixed_in(&v.built().record));
    if !named {
        match &target {
            Some(t) => {
                let package = t.packages.iter().find(|p| !p.is_empty()).cloned();
                let product = v.scope().map(|s| s.product.clone()).filter(|p| !p.is_empty());
                let name = package.or(product).unwrap_or_else(|| "version".into());
                value.push_str(&format!(
                    "\n\nUsers are recommended to upgrade to {name} {} or later, which fixes the issue.",
                    t.version
                ));
                let said = format!("names no version to upgrade to; {} ({})", t.version, t.why);
                why.push(v.evidence("sync.summary-upgrade", said));
                rule = rule.or(Some("sync.summary-upgrade"));
            }
            None => out
                .notices
                .push("the summary names no version to upgrade to, and no release is known yet".into()),
        }
    }
    let follow_up = cve::cross_cve_lacks(&value, &v.t.title, v.cve.as_deref());
    if !follow_up.is_empty() {
        out.notices.push(format!(
            "the summary is that of a follow-up of an incomplete fix: {}",
            follow_up.join(" and ")
        ));
    }
    let lacks = cve::lacks(&value);
    if lacks.len() > 1 {
        out.notices.push(format!("the summary does not say {}: rewrite it", lacks.join(" nor ")));
    }
    if let Some(rule) = rule {
        let p = set(v, rule, role, &value, why.concat(), later());
        out.items.push(if rule == "sync.private-scanner" { p.needs_word() } else { p });
    }
}

/// A scanner that is known in private only, and a person credited beside it who did not ask for it (config page,
/// confidentiality).
fn anonymity(v: &View<'_>, out: &mut super::Gathered) {
    // What the reporter says about credit in this very plan goes first.
    let asked = out.items.iter().any(|p| p.rule.starts_with("sync.credit"));
    if !asked && betrays_finder(v) {
        let role = FieldRole::ReporterCredit;
        let why =
            v.evidence("sync.private-scanner", "a scanner known in private only, and a person is credited");
        let told = Told::NotNeeded("it keeps their work private".into());
        out.items.push(set(v, "sync.private-scanner", role, "anonymous", why, told).needs_word());
    }
}

/// Did the reporter agree to be named?
fn consented(v: &View<'_>) -> bool {
    v.thread().and_then(|t| t.credit.as_ref()).is_some_and(|c| !c.anonymous)
}

fn betrays_finder(v: &View<'_>) -> bool {
    let person = |c: &str| judge(c).kind == CreditKind::Human && !c.eq_ignore_ascii_case("anonymous");
    !v.g.config.confidentiality.scanner.is_empty()
        && !consented(v)
        && !private_scanners(v.field(FieldRole::SecurityThread), v.g.config).is_empty()
        && credit_lines(v.field(FieldRole::ReporterCredit)).iter().any(|c| person(c))
}

/// The summary without the names of private scanners; none when it has none.
fn unnamed_scanner(v: &View<'_>) -> Option<String> {
    let summary = v.field(FieldRole::PublicSummary);
    if v.g.config.confidentiality.scanner.is_empty() || consented(v) {
        return None;
    }
    let mut out = String::new();
    let mut at = 0;
    for hit in private_scanners(summary, v.g.config) {
        if hit.start >= at {
            out.push_str(summary.get(at..hit.start)?);
            out.push_str("a tool");
            at = hit.end;
        }
    }
    out.push_str(summary.get(at..)?);
    (at > 0).then_some(out)
}

/// A bare CWE id gets MITRE's name beside it; an id MITRE does not know stays as it is.
fn cwe(v: &View<'_>, out: &mut super::Gathered) {
    let role = FieldRole::Cwe;
    let value = v.field(role).trim();
    let bare = value.trim_matches(['`', '*', ' ']);
    let Some(known) =
        bare.to_uppercase().strip_prefix("CWE-").and_then(|n| n.parse().ok()).and_then(cve::cwe)
    else {
        return;
    };
    let why = v.evidence("sync.cwe", format!("MITRE's name of {bare}"));
    out.items.push(set(
        v,
        "sync.cwe",
        role,
        &known.long(),
        why,
        Told::NotNeeded("only its form changes".into()),
    ));
}

type Said<'c> = (String, &'c Comment);

/// The values that somebody states in words of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Stated {
    severity: Option<String>,
    cwe: Option<String>,
}

pub(super) fn stated(own: &str) -> Stated {
    let cwe = |m: crate::pattern::Captures<'_>| m[1].trim().trim_end_matches(['`', '*', '.']).to_owned();
    Stated {
        severity: SEVERITY_SAID.captures(own).map(|m| m[1].to_lowercase()),
        cwe: CWE_SAID.captures(own).map(cwe),
    }
}

/// The newest severity and weakness that somebody on the team wrote in a comment; a quotation is nobody's word (hard case
/// 24).
fn team_words<'c>(v: &View<'c>) -> (Option<Said<'c>>, Option<Said<'c>>) {
    let mut severity = None;
    let mut cwe = None;
    for c in v.discussion().filter(|c| by_team(c, v.g.roster)) {
        let words = v.words(c);
        let said = words.stated();
        severity = said.severity.clone().map(|s| (s, c)).or(severity);
        cwe = said.cwe.clone().map(|s| (s, c)).or(cwe);
    }
    (severity, cwe)
}

/// Did somebody on the team state that field in a comment?
pub(super) fn team_said(v: &View<'_>, role: FieldRole) -> bool {
    let (severity, cwe) = team_words(v);
    match role {
        FieldRole::Severity => severity.is_some(),
        FieldRole::Cwe => cwe.is_some(),
        _ => false,
    }
}

/// Severity and weakness as the team wrote them.
fn team_values(v: &View<'_>, out: &mut super::Gathered) {
    let (severity, cwe) = team_words(v);
    for (role, said, rule) in
        [(FieldRole::Severity, severity, "sync.team-severity"), (FieldRole::Cwe, cwe, "sync.team-cwe")]
    {
        let Some((value, comment)) = said else { continue };
        let now = v.field(role).trim();
        let word = |s: &str| s.split([':', ' ', '(', '.']).next().unwrap_or_default().to_lowercase();
        if word(comments::severity_word(now).as_str()) == word(&value) {
            continue;
        }
        let value = if role == FieldRole::Severity { capital(&value) } else { value };
        let why = vec![Evidence::new(
            rule,
            format!("@{} wrote it", comment.author),
            format!("comment {} of {}", comment.id, v.name),
        )];
        out.items.push(set(
            v,
            rule,
            role,
            &value,
            why,
            Told::NotNeeded("the team's score is told with the advisory".into()),
        ));
    }
}

fn capital(word: &str) -> String {
    let mut c = word.chars();
    c.next().map(|f| f.to_uppercase().chain(c).collect()).unwrap_or_default()
}

/// Scores and labels the reporter gave are shown, and never written.
fn observed(v: &View<'_>, out: &mut super::Gathered) {
    if let Some(t) = v.thread().filter(|t| !t.observed.is_empty()) {
        out.notices.push(format!(
            "the reporter gave {}: shown only, the team scores by itself",
            t.observed.join(", ")
        ));
    }
}

/// Fields without a value, every run (sync page §4): somebody fills them or says why not.
fn unset(v: &View<'_>, out: &mut super::Gathered) {
    if v.cve.is_none() {
        return;
    }
    let missing = comments::missing(v);
    let fixes = v.fixes();
    let open: Vec<String> = missing
        .iter()
        .filter(|m| m.role != FieldRole::PrWithFix || !fixes.is_empty())
        .map(|m| comments::heading(v, m.role))
        .collect();
    if !open.is_empty() {
        out.notices.push(format!("not ready for the record: {}", open.join(", ")));
    }
}

/// What keeps a record from being pushed although its fields are filled (sync page §7.2): rule, the field to mend, words.
/// A record that a reviewer has seen already is not held back for its wording.
#[must_use]
pub fn hygiene(v: &View<'_>) -> Vec<(&'static str, FieldRole, String)> {
    if v.record().is_reviewable() {
        return Vec::new();
    }
    let known = |rule: &str| cve::HYGIENE_RULES.iter().find(|(id, _)| *id == rule).map(|(id, _)| *id);
    v.hygiene()
        .iter()
        .filter(|f| f.level == cve::Level::Error)
        .filter_map(|f| {
            let role = f.field.as_deref().and_then(|w| w.parse().ok()).unwrap_or(FieldRole::PublicSummary);
            Some((known(&f.rule)?, role, f.message.clone()))
        })
        .collect()
}

/// Does anything say since when the flaw is there? The report and the discussion do.
fn lower_bound_known(v: &View<'_>) -> bool {
    INTRODUCED.is_match(v.field(FieldRole::IssueDescription))
        || INTRODUCED.is_match(v.field(FieldRole::PublicSummary))
        || LOWER.is_match(v.field(FieldRole::IssueDescription))
        || v.o
            .reviews
            .known()
            .is_some_and(|all| all.iter().any(|r| INTRODUCED.is_match(&r.text) || LOWER.is_match(&r.text)))
        || v.discussion().any(|c| INTRODUCED.is_match(&c.body) || LOWER.is_match(&c.body))
        || v.t
            .comments
            .iter()
            .filter(|c| rollup::is_rollup(&c.body) || v.is_older(c))
            .any(|c| INTRODUCED.is_match(&c.body))
}
