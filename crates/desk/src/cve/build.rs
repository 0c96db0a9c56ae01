//! From the fields of a tracker to the record (CVE page §4).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    affected::{AffectedReport, affected_by},
    credits::credits,
    cwe::weaknesses,
    finding::{Finding, Level},
    hygiene::hygiene,
    ready::{Readiness, ready, tool_state},
    record::{
        Cna, Containers, CveMetadata, DataVersion, Description, Media, ProviderMetadata, Record, Rest,
        TimelineEntry,
    },
    references::{Links, cve_ids, references},
    severity::severity,
};
use crate::{
    config::{Config, CveTool, Scope},
    rules::extract::VersionOptions,
    tracker::{self, BodyProblem, BodyProblemKind, FieldRole, Headings, LabelNames, Labels},
};

/// Everything a record is made from: the fields, and facts from outside them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Title of the tracker.
    pub title: String,
    /// The fields that are set, by role.
    pub fields: std::collections::BTreeMap<FieldRole, String>,
    /// The id, when it is not read from the field of the CVE tool link.
    pub cve_id: Option<String>,
    /// Labels of the tracker.
    pub labels: Vec<String>,
    /// Remediation developers beside the field's.
    pub remediation_developers: Vec<String>,
    /// Advisories beside the field's.
    pub advisory_urls: Vec<String>,
    /// `INTERNAL`, `EXTERNAL`, `USER`, `UPSTREAM`; UNKNOWN when nothing is said.
    pub discovery: Option<String>,
    /// Moments of the story that are known for certain.
    pub timeline: Vec<TimelineEntry>,
    /// Texts that may hold evidence for a lower bound, beside the fields: comments of the team.
    pub evidence: Vec<String>,
    /// What is wrong with the body the fields were read from.
    pub problems: Vec<BodyProblem>,
}

/// What `source.discovery` may say.
pub const DISCOVERIES: [&str; 5] = ["INTERNAL", "EXTERNAL", "USER", "UPSTREAM", "UNKNOWN"];

impl Facts {
    /// The facts of a tracker body.
    #[must_use]
    pub fn from_body(text: &str, title: &str, config: &Config) -> Self {
        let body = tracker::parse(text, &Headings::new(config));
        let fields = FieldRole::ALL.into_iter().filter_map(|r| Some((r, body.get(r)?.to_owned()))).collect();
        let mut problems = body.problems;
        // A section that is not there is a field that is not set.
        problems.retain(|p| p.kind != BodyProblemKind::MissingHeading);
        Self { title: title.to_owned(), fields, problems, ..Self::default() }
    }

    /// A field; empty when it is not set.
    #[must_use]
    pub fn field(&self, role: FieldRole) -> &str {
        self.fields.get(&role).map_or("", |v| v.trim())
    }
}

/// For which tool the record is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A record and nothing else.
    #[default]
    Plain,
    /// With the private envelope of Vulnogram.
    Vulnogram,
    /// Exactly what the record format allows.
    CveServices,
}

impl Target {
    /// The target of `cve.tool`.
    #[must_use]
    pub fn of(tool: CveTool) -> Self {
        match tool {
            CveTool::Vulnogram => Target::Vulnogram,
            CveTool::CveServices => Target::CveServices,
            _ => Target::Plain,
        }
    }
}

/// How to build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// For which tool.
    pub target: Target,
    /// Which record format.
    pub data: DataVersion,
    /// A person's word on the review state: `Some(true)` asks for it, `Some(false)` holds the record back.
    pub review: Option<bool>,
}

/// The private envelope of Vulnogram (`CNA_private`, CVE page §4): never part of a published record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Who owns the record.
    pub owner: String,
    /// Project page.
    pub projecturl: String,
    /// Users list.
    pub userslist: String,
    /// `DRAFT`, `REVIEW` or `PUBLIC`.
    pub state: String,
}

impl Envelope {
    fn value(&self) -> serde_json::Value {
        let emailed = if self.state == "PUBLIC" { json!("yes") } else { serde_json::Value::Null };
        json!({
            "emailed": emailed, "owner": self.owner, "projecturl": self.projecturl, "state": self.state,
            "todo": [], "type": "unsure", "userslist": self.userslist,
        })
    }
}

/// A record with everything that was noticed on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Built {
    /// The record.
    pub record: Record,
    /// What is wrong or doubtful, by field.
    pub findings: Vec<Finding>,
    /// What is missing, and the state that follows.
    pub readiness: Readiness,
}

impl Built {
    /// Everything there is to say: what was noticed, what is missing, and the gates of hygiene.
    #[must_use]
    pub fn all_findings(&self, facts: &Facts, config: &Config) -> Vec<Finding> {
        let mut out = self.findings.clone();
        out.extend(self.readiness.findings());
        out.extend(hygiene(&self.record, facts, config));
        out
    }
}

/// Builds the record. Pure; never fails: what cannot be recorded is a finding, and the record lacks it.
#[must_use]
pub fn build(facts: &Facts, config: &Config, options: Options) -> Built {
    build_with(facts, config, &LabelNames::new(config), &VersionOptions::from_config(config), options)
}

/// As [`build()`], with what follows from the configuration made before: for many records.
#[must_use]
pub fn build_with(
    facts: &Facts,
    config: &Config,
    names: &LabelNames,
    versions: &VersionOptions,
    options: Options,
) -> Built {
    let mut findings: Vec<Finding> = Vec::new();
    let labels = names.read(&facts.labels);
    for p in &facts.problems {
        let field = p.role.map_or("body", FieldRole::as_str);
        findings.push(Finding::new("record.body", Level::Error, "", field, p.message.clone()).at(p.at));
    }
    let scope = scope(config, &labels, &mut findings);
    let summary = facts.field(FieldRole::PublicSummary);
    let title = title(facts, summary, scope, config, &mut findings);
    let cve_id = id(facts, &mut findings);
    let description = if summary.is_empty() { title.clone() } else { summary.to_owned() };
    if description.chars().count() > MAX_TEXT {
        findings.push(Finding::new(
            "record.description",
            Level::Error,
            "/containers/cna/descriptions/0/value",
            FieldRole::PublicSummary,
            format!("longer than {MAX_TEXT} characters, the most a record takes; shorten it"),
        ));
    }

    let affected = match facts.field(FieldRole::AffectedVersions) {
        "" => AffectedReport::default(),
        field => affected_by(field, scope, config, versions, options.data),
    };
    let cwes = weaknesses(facts.field(FieldRole::Cwe));
    let severity = severity(facts.field(FieldRole::Severity));
    let credits = credits(
        facts.field(FieldRole::ReporterCredit),
        facts.field(FieldRole::RemediationDeveloper),
        &facts.remediation_developers,
    );
    let mut advisory = facts.field(FieldRole::PublicAdvisoryUrl).to_owned();
    for url in &facts.advisory_urls {
        advisory.push('\n');
        advisory.push_str(url);
    }
    let links = Links {
        fixes: facts.field(FieldRole::PrWithFix),
        advisory: &advisory,
        thread: facts.field(FieldRole::SecurityThread),
        description: &description,
        cve_id: cve_id.as_deref(),
    };
    let references = references(&links, config);
    for list in [affected.findings, cwes.findings, severity.findings, credits.findings, references.findings] {
        findings.extend(list);
    }

    let org = Some(config.cve.org_id.trim()).filter(|o| !o.is_empty()).map(str::to_owned);
    if org.is_none() {
        findings.push(Finding::new(
            "record.config",
            Level::Warning,
            "/containers/cna/providerMetadata",
            "cve.org_id",
            "the record names no CNA; set cve.org_id",
        ));
    }
    if let Some(a) = affected.affected.iter().position(|a| a.vendor.is_none() || a.product.is_none()) {
        findings.push(Finding::new(
            "record.config",
            Level::Warning,
            &format!("/containers/cna/affected/{a}"),
            if config.project.name.is_empty() { "project.name" } else { "scope.product" },
            "the affected package has no vendor or product; set project.vendor and scope.product",
        ));
    }
    let cna = Cna {
        provider_metadata: org.clone().map(|org_id| ProviderMetadata { org_id, rest: Rest::new() }),
        title: (!title.is_empty()).then_some(title),
        descriptions: if description.is_empty() { Vec::new() } else { vec![english(&description)] },
        affected: affected.affected,
        problem_types: cwes.problem_types,
        metrics: severity.metrics,
        credits: credits.credits,
        references: references.references,
        timeline: facts.timeline.clone(),
        source: Some(json!({ "discovery": facts.discovery.as_deref().unwrap_or("UNKNOWN") })),
        rest: [("x_generator".to_owned(), json!({ "engine": "tipstaff" }))].into(),
        ..Cna::default()
    };
    let mut record = Record {
        data_type: "CVE_RECORD".into(),
        data_version: options.data.as_str().into(),
        cve_metadata: CveMetadata {
            cve_id,
            assigner_org_id: org,
            serial: Some(1.into()),
            state: Some("PUBLISHED".into()),
            ..CveMetadata::default()
        },
        containers: Containers { cna, rest: Rest::new() },
        rest: Rest::new(),
    };
    let readiness = ready(&record, facts, &findings, &labels, config, options.review);
    if options.target == Target::Vulnogram {
        let envelope = Envelope {
            owner: config.cve.private_owner.clone(),
            projecturl: config.cve.private_url.clone(),
            userslist: config.cve.private_users_list.clone(),
            state: tool_state(readiness.state).into(),
        };
        record.rest.insert("CNA_private".into(), envelope.value());
    }
    Built { record, findings, readiness }
}

/// Longest description and credit, in characters.
const MAX_TEXT: usize = 4096;

/// The one scope of the tracker: by label, or the only one there is.
fn scope<'a>(config: &'a Config, labels: &Labels, findings: &mut Vec<Finding>) -> Option<&'a Scope> {
    let named = |label: &str| config.scope.iter().find(|s| s.label == label);
    if let Some(first) = labels.scopes.first().filter(|_| labels.needs_split()) {
        let all: Vec<&str> = labels.scopes.iter().map(String::as_str).collect();
        findings.push(Finding::new(
            "record.scope",
            Level::Error,
            PATH_AFFECTED,
            "labels",
            format!("several scope labels ({}): split the tracker", all.join(", ")),
        ));
        return named(first);
    }
    let found = labels.scope().and_then(named);
    if found.is_some() || config.scope.is_empty() {
        return found;
    }
    if let [only] = config.scope.as_slice() {
        return Some(only);
    }
    findings.push(Finding::new(
        "record.scope",
        Level::Warning,
        PATH_AFFECTED,
        "labels",
        "no scope label: lines that name no package have no certain product",
    ));
    None
}

const PATH_AFFECTED: &str = "/containers/cna/affected";

/// Words that make what stands before them the subject of a sentence; a name before one of them is no prefix.
const PREDICATE: [&str; 48] = [
    "a",
    "affected",
    "after",
    "allow",
    "allowed",
    "allows",
    "and",
    "are",
    "as",
    "at",
    "before",
    "by",
    "can",
    "causes",
    "contains",
    "could",
    "did",
    "do",
    "does",
    "exposed",
    "exposes",
    "fails",
    "for",
    "from",
    "had",
    "has",
    "in",
    "is",
    "lacks",
    "leaks",
    "may",
    "might",
    "of",
    "on",
    "or",
    "permits",
    "prior",
    "through",
    "to",
    "until",
    "up",
    "uses",
    "vulnerable",
    "was",
    "were",
    "when",
    "will",
    "with",
];

/// The title: the tracker's without the product's name before it, else the first sentence of the summary (§4, §13
/// row 45). The rest of the cascade is a gate of hygiene: the title is mended, never the record.
fn title(
    facts: &Facts,
    summary: &str,
    scope: Option<&Scope>,
    config: &Config,
    findings: &mut Vec<Finding>,
) -> String {
    let raw = facts.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if raw.is_empty() {
        return first_sentence(summary);
    }
    let mut names = vec![config.project.name.trim()];
    names.extend(scope.map(|s| s.product.trim()));
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let Some(rest) = names.into_iter().find_map(|n| without_product(&raw, n)) else { return raw };
    findings.push(Finding::new(
        "record.title",
        Level::Info,
        "/containers/cna/title",
        "title",
        format!("the product's name is left out of the title: `{rest}`"),
    ));
    rest.to_owned()
}

/// What follows the product's name at the beginning, when the name is a prefix and not the subject of a sentence.
fn without_product<'a>(title: &'a str, product: &str) -> Option<&'a str> {
    let head = title.get(..product.len()).filter(|h| !h.is_empty() && h.eq_ignore_ascii_case(product))?;
    let rest = title.get(head.len()..)?;
    let marks = |c: char| matches!(c, ':' | '：' | '|' | '–' | '—' | '-');
    // `Example 2.4: …` is marked; `Example-cli` is another name, `Examples` another word.
    let version: usize = rest
        .strip_prefix(' ')
        .filter(|r| r.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit()))
        .map_or(0, |r| 1 + r.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(r.len()));
    let after = rest.get(version..)?;
    let bare = after.trim_start_matches(|c: char| c == ' ' || marks(c));
    let marked = after.trim_start().starts_with(marks)
        && (!after.starts_with('-') || after.starts_with("- ") || after.starts_with("--"));
    if bare.is_empty() {
        return None;
    }
    if marked {
        return Some(bare);
    }
    let word = bare.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    let prefix = version == 0 && after.starts_with(' ') && bare.starts_with(char::is_alphabetic);
    (prefix && !PREDICATE.contains(&word.as_str())).then_some(bare)
}

/// Up to the first full stop that ends a sentence, on one line.
fn first_sentence(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
    let mut end = line.len();
    for (i, _) in line.match_indices('.') {
        let rest = line.get(i + 1..).unwrap_or_default();
        if rest.is_empty() || rest.starts_with(char::is_whitespace) {
            end = i;
            break;
        }
    }
    line.get(..end).unwrap_or(line).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The id that was given, else the first of the CVE tool link; a malformed one is refused, two different are told.
fn id(facts: &Facts, findings: &mut Vec<Finding>) -> Option<String> {
    let linked = cve_ids(facts.field(FieldRole::CveToolLink)).into_iter().next();
    let given = facts.cve_id.as_deref().map(str::trim).filter(|g| !g.is_empty());
    let Some(given) = given else { return linked };
    let upper = given.to_ascii_uppercase();
    let valid = upper.strip_prefix("CVE-").and_then(|r| r.split_once('-')).is_some_and(|(year, number)| {
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        year.len() == 4 && digits(year) && (4..=19).contains(&number.len()) && digits(number)
    });
    let mut say = |message: String| {
        findings.push(Finding::new(
            "record.id",
            Level::Error,
            "/cveMetadata/cveId",
            FieldRole::CveToolLink,
            message,
        ));
    };
    if !valid {
        let shown: String = given.chars().take(40).collect();
        say(format!("`{shown}` is no CVE id; it looks like CVE-2026-12345"));
        return linked;
    }
    if let Some(other) = linked.filter(|l| *l != upper) {
        say(format!("the field says {other}, but the record is {upper}"));
    }
    Some(upper)
}

fn english(text: &str) -> Description {
    Description {
        lang: "en".into(),
        value: text.to_owned(),
        supporting_media: vec![Media {
            kind: "text/html".into(),
            base64: Some(false),
            value: html(text),
            rest: Rest::new(),
        }],
        rest: Rest::new(),
    }
}

/// Plain text as HTML: five characters escaped, each line end a `<br>` (CVE page §4, §13 row 38).
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '\n' => out.push_str("<br>"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
