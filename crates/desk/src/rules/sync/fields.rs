//! The fields of a tracker, one rule each (sync page §4): what the reporter or the team said goes in verbatim, what a
//! record needs is brought into its form, and what only a person can write is named.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Proposal, View, comments,
    target::{self, Shipped},
};
use crate::{
    case::{Evidence, Routing},
    confidential::Draft,
    config::AffectedStyle,
    mail::{one_line, own_words},
    plan::{Action, ActionKind, Precondition, Told, digest, effect::Change},
    rules::{
        extract::{CreditKind, judge, private_scanners},
        title::normalise,
    },
    tracker::{FieldRole, by_team, credit_lines, inline_text, rollup, versions, versions_value},
};

fn re(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern, compiled by a test")
}

static UPGRADE: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:upgrad\w*|updat\w*|fixed|patched|resolved|mov\w+)\b[^.]{0,120}?\d|\bv?\d[\w.+-]*\s*(?:,\s*which|or (?:later|newer|above|higher)|fixes|resolves)\b",
    )
});
static WHO: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:users?|attackers?|adversar\w+|operators?|administrators?|anyone|someone|clients?|deployments?|installations?|authors?|(?:un)?authenticated|remote)\b",
    )
});
static WHEN: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:when|if|while|where|once|during|by default|with \w+ enabled|configured|after|before version|prior to|through \d|versions? \d|who (?:can|may|has|have|had)|with (?:access|permission|the right))\b",
    )
});
static ACTION: LazyLock<Regex> = LazyLock::new(|| {
    re(r"(?i)\b(?:upgrad\w*|updat\w*|recommend\w*|should|must|mitigat\w*|work ?around\w*|disable|restrict)\b")
});
static SENTINEL: LazyLock<Regex> = LazyLock::new(|| re(r"(?i)<\s*NEXT[ _]VERSION"));
static INCOMPLETE: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:incomplete|insufficient|partial) (?:fix|mitigation|patch)\b|\bfollow-?up (?:to|of|for) CVE-",
    )
});
static LOWER: LazyLock<Regex> = LazyLock::new(|| re(r">=?\s*v?[0-9]"));
static INTRODUCED: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?i)\b(?:introduced|added|regress\w*|first (?:appeared|affected|shipped)|since|end[- ]of[- ]life|EOL|starting (?:with|from)|appeared)\b",
    )
});
static SEVERITY_SAID: LazyLock<Regex> = LazyLock::new(|| {
    re(r"(?im)^\W{0,4}severity\W{1,4}(none|low|moderate|medium|high|important|critical)\W*$")
});
static CWE_SAID: LazyLock<Regex> =
    LazyLock::new(|| re(r"(?im)^\W{0,4}(?:CWE\W{1,4})?(CWE-[1-9][0-9]{0,4}\b[^\n]{0,120})$"));

/// Every rule about a field.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if !v.t.state.is_open() || v.labels.advisory_sent() {
        return;
    }
    observed(v, out);
    if !v.decided() && !v.has_cve() {
        return;
    }
    credit(v, out);
    title(v, out);
    affected(v, out);
    summary(v, out);
    scanner(v, out);
    team_values(v, out);
    reviews(v, out);
    unset(v, out);
}

fn set(
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
    if thread.routing == Routing::ViaForwarder && wish.anonymous {
        out.notices.push("the forwarder says the reporter wants no credit; ask them to confirm it".into());
        return;
    }
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
    if verdict.kind != CreditKind::Human {
        p.notices.push(format!(
            "it looks like a program's name ({}): the record would credit a tool",
            verdict.rule.unwrap_or_default()
        ));
    }
    if credit_lines(now).len() > 1 {
        p.notices.push("the field names several people now: all of them would be replaced".into());
        p = p.needs_word();
    }
    out.items.push(p);
}

/// The title by the cascade; facts that come off stay visible in the item (sync page §4, dirty title).
fn title(v: &View<'_>, out: &mut super::Gathered) {
    let report = normalise(&v.t.title, v.g.titles);
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
    if SENTINEL.is_match(value)
        && let (Shipped::Yes(_), Some(t)) = (target::shipped(v), &target)
        && !t.version.is_empty()
    {
        let text = SENTINEL.replace_all(value, format!("< {}", t.version)).into_owned();
        let why = v.evidence("sync.sentinel", format!("{} is out with the fix", t.version));
        out.items.push(set(v, "sync.sentinel", role, &text, why, later()));
        return;
    }
    // A raw `>=` at the start of a line reads as a quotation, and a form may swallow it (hard case 27).
    let wrapped = versions_value(&versions(value));
    if wrapped != value.trim() && value.lines().any(|l| l.trim_start().starts_with('>')) {
        let why =
            v.evidence("sync.affected-quoted", "a line begins with `>`, which Markdown shows as a quotation");
        out.items.push(set(
            v,
            "sync.affected-quoted",
            role,
            &wrapped,
            why,
            Told::NotNeeded("only its form changes".into()),
        ));
    }
}

/// The summary names the version to upgrade to; who, when and what to do are a person's to write.
fn summary(v: &View<'_>, out: &mut super::Gathered) {
    let role = FieldRole::PublicSummary;
    let text = v.field(role).trim();
    if text.is_empty() {
        return;
    }
    if !names_upgrade(text) {
        match target::of(v).filter(|t| !t.wave && !t.version.is_empty()) {
            Some(t) => {
                let package = t.packages.iter().find(|p| !p.is_empty()).cloned();
                let product = v.scope().map(|s| s.product.clone()).filter(|p| !p.is_empty());
                let name = package.or(product).unwrap_or_else(|| "version".into());
                let sentence = format!(
                    "Users are recommended to upgrade to {name} {} or later, which fixes the issue.",
                    t.version
                );
                let value = format!("{text}\n\n{sentence}");
                let why = v.evidence(
                    "sync.summary-upgrade",
                    format!("names no version to upgrade to; {} ({})", t.version, t.why),
                );
                out.items.push(set(v, "sync.summary-upgrade", role, &value, why, later()));
            }
            None => out
                .notices
                .push("the summary names no version to upgrade to, and no release is known yet".into()),
        }
    }
    let lacks = lacks(text);
    if lacks.len() > 1 {
        out.notices.push(format!("the summary does not say {}: rewrite it", lacks.join(" nor ")));
    }
}

/// Does a text name the version that mends it?
#[must_use]
pub fn names_upgrade(text: &str) -> bool {
    UPGRADE.is_match(text)
}

/// Which of who, when and action a summary lacks.
#[must_use]
pub fn lacks(text: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    for (pattern, word) in
        [(&*WHO, "who is affected"), (&*WHEN, "when it can happen"), (&*ACTION, "what to do")]
    {
        if !pattern.is_match(text) {
            out.push(word);
        }
    }
    out
}

/// A scanner that is known in private only, and a person credited beside it (config page, confidentiality).
fn scanner(v: &View<'_>, out: &mut super::Gathered) {
    for (role, value) in scanner_fixes(v) {
        let why =
            v.evidence("sync.private-scanner", "a scanner known in private only, and a person is credited");
        out.items.push(
            set(
                v,
                "sync.private-scanner",
                role,
                &value,
                why,
                Told::NotNeeded("it keeps their work private".into()),
            )
            .needs_word(),
        );
    }
}

fn scanner_fixes(v: &View<'_>) -> Vec<(FieldRole, String)> {
    let mut out = Vec::new();
    let thread = v.field(FieldRole::SecurityThread);
    let summary = v.field(FieldRole::PublicSummary);
    let in_thread = !private_scanners(thread, v.g.config).is_empty();
    let credit = v.field(FieldRole::ReporterCredit);
    let person = credit_lines(credit)
        .iter()
        .any(|c| judge(c).kind == CreditKind::Human && !c.eq_ignore_ascii_case("anonymous"));
    let consented = v.thread().is_some_and(|t| t.credit.is_some());
    if in_thread && person && !consented {
        out.push((FieldRole::ReporterCredit, "anonymous".into()));
    }
    let hits = private_scanners(summary, v.g.config);
    if !hits.is_empty() && !consented {
        let mut text = summary.to_owned();
        for s in &v.g.config.confidentiality.scanner {
            for word in std::iter::once(&s.token).chain(&s.aliases).filter(|w| !w.is_empty()) {
                text = text.replace(word.as_str(), "a tool");
            }
        }
        if text != summary {
            out.push((FieldRole::PublicSummary, text));
        }
    }
    out
}

/// Severity and weakness as somebody on the team wrote them in a comment; a quotation is nobody's word (hard case 24).
fn team_values(v: &View<'_>, out: &mut super::Gathered) {
    let mut severity = None;
    let mut cwe = None;
    for c in v.discussion().filter(|c| by_team(c, v.g.roster)) {
        let own = own_words(&c.body);
        if let Some(m) = SEVERITY_SAID.captures(&own) {
            severity = Some((m[1].to_lowercase(), c));
        }
        if let Some(m) = CWE_SAID.captures(&own) {
            cwe = Some((m[1].trim().trim_end_matches(['`', '*', '.']).to_owned(), c));
        }
    }
    for (role, said, rule) in
        [(FieldRole::Severity, severity, "sync.team-severity"), (FieldRole::Cwe, cwe, "sync.team-cwe")]
    {
        let Some((value, comment)) = said else { continue };
        let now = v.field(role).trim();
        if now.to_lowercase().starts_with(&value.to_lowercase()) {
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

/// Reviewers' comments on the record are a person's to answer.
fn reviews(v: &View<'_>, out: &mut super::Gathered) {
    for r in v.o.reviews.known().map(Vec::as_slice).unwrap_or_default().iter().filter(|r| !r.resolved) {
        out.notices.push(format!("{} says about the record: {} ({})", r.from, one_line(&r.text, 120), r.id));
    }
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

/// What keeps a record from being pushed although its fields are filled (sync page §7.2): rule and words.
#[must_use]
pub fn hygiene(v: &View<'_>) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    // A record that a reviewer has seen already is not held back for its wording.
    if v.record().is_reviewable() {
        return out;
    }
    let report = normalise(&v.t.title, v.g.titles);
    if report.normalized != v.t.title {
        out.push(("hygiene.title", format!("the title should read \"{}\"", report.normalized)));
    }
    let summary = v.field(FieldRole::PublicSummary);
    if !summary.trim().is_empty() {
        if !names_upgrade(summary) {
            out.push(("hygiene.upgrade", "the summary names no version to upgrade to".into()));
        }
        let lacks = lacks(summary);
        if lacks.len() > 1 {
            out.push(("hygiene.summary", format!("the summary does not say {}", lacks.join(" nor "))));
        }
        let prior = super::view::cve_id(summary).filter(|id| Some(id) != v.cve.as_ref());
        if INCOMPLETE.is_match(summary) && prior.is_none() {
            out.push(("hygiene.follow-up", "an incomplete fix is named without the CVE it was for".into()));
        }
    }
    if !scanner_fixes(v).is_empty() {
        out.push(("hygiene.scanner", "a private scanner or its finder would become public".into()));
    }
    let affected = v.field(FieldRole::AffectedVersions);
    if LOWER.is_match(affected) && !lower_bound_known(v) {
        out.push((
            "hygiene.lower-bound",
            "a lower bound without evidence: name the version or change that brought the flaw in a comment"
                .into(),
        ));
    }
    out
}

/// The field to mend for a rule of [`hygiene`].
#[must_use]
pub fn mends(rule: &str) -> FieldRole {
    match rule {
        "hygiene.lower-bound" => FieldRole::AffectedVersions,
        "hygiene.scanner" => FieldRole::ReporterCredit,
        _ => FieldRole::PublicSummary,
    }
}

/// Does anything say since when the flaw is there? The report and the discussion do.
fn lower_bound_known(v: &View<'_>) -> bool {
    INTRODUCED.is_match(v.field(FieldRole::IssueDescription))
        || INTRODUCED.is_match(v.field(FieldRole::PublicSummary))
        || LOWER.is_match(v.field(FieldRole::IssueDescription))
        || v.discussion().any(|c| INTRODUCED.is_match(&c.body) || LOWER.is_match(&c.body))
        || v.t.comments.iter().filter(|c| rollup::is_rollup(&c.body)).any(|c| INTRODUCED.is_match(&c.body))
}
