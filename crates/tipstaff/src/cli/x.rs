//! Plumbing: each judgement on its own, a file or `-` in, one JSON value out, no desk needed (DESIGN §7).

use std::path::Path;

use desk::{
    confidential::{Kind, Phase, Policy, ScanRequest, Scanner, Secrets, SurfaceKind, scan_bytes},
    config::Config,
    mail::{self, Message, Thread},
    people::Roster,
    plan::confirm::{self, ConfirmRequest},
    rules::{
        extract::{self, VersionOptions},
        import::{self, ClassifyInput, TrackerSummary},
        title,
    },
    tracker::{self, Headings},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    args::{TextArg, X},
    desk_cmd::{bytes, file},
    term::Term,
};
use crate::app::{AppError, Exit, Setting, error::Result};

/// Run one judgement. Exit 0 whenever JSON was printed.
///
/// # Errors
/// When input or configuration cannot be read.
pub fn run(x: X, setting: &Setting, term: &mut Term) -> Result<Exit> {
    let config = setting.load_config()?.config;
    let value = match x {
        X::Classify { input, thread, trackers } => {
            classify(&input, thread.as_deref(), trackers.as_deref(), &config, setting)?
        }
        X::Forwarder { input } => {
            let m = super::desk_cmd::message(&input, setting.now)?;
            serde_json::to_value(extract::detect(&m, &config, &Roster::from_config(&config)))?
        }
        X::Credit(t) => json!({"credits": extract::credits(&text(&t)?)}),
        X::Fields { input } => tracker::fields_report(&file(&input)?, &Headings::new(&config)),
        X::Confirm { input } => {
            let request: ConfirmRequest = serde_json::from_str(&file(&input)?).map_err(|e| {
                AppError::usage(format!("{}: {e}", input.display()))
                    .next("write {\"grammar\": \"import\", \"items\": [{\"n\": 1}], \"reply\": \"all\"}")
            })?;
            serde_json::to_value(confirm::read(&request))?
        }
        X::Title(t) => {
            let rules = title::TitleRules::from_config(&config);
            serde_json::to_value(title::normalise(text(&t)?.trim_end_matches(['\n', '\r']), &rules))?
        }
        X::Scan { text: t, surface, phase, kind, secrets, range, repo } => {
            let request = ScanRequest {
                surface: word::<SurfaceKind>("surface", &surface)?,
                phase: word::<Phase>("phase", &phase)?,
                kind: word::<Kind>("kind", &kind)?,
                secrets: secrets.as_deref().map(read_json::<Secrets>).transpose()?.unwrap_or_default(),
                exempt: Vec::new(),
            };
            let policy = Policy::new(&config, &Roster::from_config(&config))?;
            match (range, repo) {
                (Some(range), Some(repo)) => scan_range(&range, &repo, &request, &policy)?,
                _ => {
                    let raw = match &t.text {
                        Some(words) => words.clone().into_bytes(),
                        None => bytes(t.input.as_deref().ok_or_else(nothing_named)?)?,
                    };
                    serde_json::to_value(scan_bytes(&raw, &request, &policy))?
                }
            }
        }
        X::Versions { text: t, ecosystem, package } => {
            let mut options = VersionOptions::from_config(&config);
            options.ecosystem = ecosystem.or(options.ecosystem);
            options.package = package.or(options.package);
            serde_json::to_value(extract::parse(text(&t)?.trim_end_matches('\n'), &options))?
        }
    };
    term.value(&value)?;
    Ok(Exit::Done)
}

fn text(t: &TextArg) -> Result<String> {
    match (&t.text, &t.input) {
        (Some(words), _) => Ok(words.clone()),
        (None, Some(path)) => file(path),
        (None, None) => Err(nothing_named()),
    }
}

fn nothing_named() -> AppError {
    AppError::usage("there is nothing to read").next("name a file, `-` for standard input, or --text WORDS")
}

fn word<T: for<'a> Deserialize<'a>>(what: &str, value: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(value.to_lowercase().replace('_', "-")))
        .map_err(|e| AppError::usage(format!("--{what}: {e}")))
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T> {
    serde_json::from_str(&file(path)?).map_err(|e| AppError::usage(format!("{}: {e}", path.display())))
}

fn classify(
    input: &Path,
    thread: Option<&Path>,
    trackers: Option<&Path>,
    config: &Config,
    setting: &Setting,
) -> Result<serde_json::Value> {
    let m = super::desk_cmd::message(input, setting.now)?;
    let roster = Roster::from_config(config);
    let index: Vec<IndexRow> = trackers.map(read_json).transpose()?.unwrap_or_default();
    let summaries: Vec<TrackerSummary> = index.into_iter().map(IndexRow::summary).collect();
    let (thread, index) = thread_of(&m, thread, setting)?;
    let adapter = extract::adapter(&m, config, &roster);
    let input = ClassifyInput {
        thread: &thread,
        index,
        roster: &roster,
        config,
        trackers: &summaries,
        forwarder: adapter.as_deref(),
        public_fix: None,
        now: setting.now,
    };
    // For one mail, what takes time is to compile the patterns of either; neither needs the other's.
    let (mut verdict, read, observed) = std::thread::scope(|s| {
        let other = s.spawn(|| {
            (extract::Reader::new(config, &roster).read(&m), extract::observed(&m.subject, &m.text))
        });
        let verdict = import::classify(&input);
        let (read, observed) = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (verdict, read, observed)
    });
    let extract::Read { forwarder, fields, credit } = read;
    let related = import::propose::related_to(&m, &fields.title, &summaries);
    import::propose::settle(&mut verdict, &related);
    let mut value = serde_json::to_value(&verdict)?;
    if let Some(map) = value.as_object_mut() {
        map.insert(
            "fields".into(),
            json!({"title": fields.title, "affected_versions": fields.affected_versions,
                "credit": credit.field(), "severity": "Unknown"}),
        );
        map.insert("observed".into(), serde_json::to_value(observed)?);
        map.insert("related".into(), serde_json::to_value(related)?);
        map.insert("problems".into(), serde_json::to_value(&m.problems)?);
        map.insert("unreadable".into(), serde_json::to_value(m.unreadable)?);
        map.insert("mode".into(), serde_json::to_value(forwarder.mode)?);
    }
    Ok(value)
}

/// A row of `--trackers`, as DESIGN §7 writes it.
#[derive(Deserialize)]
struct IndexRow {
    /// Absent means open: a tracker nobody closed.
    #[serde(default)]
    state: Option<String>,
    #[serde(flatten)]
    rest: TrackerSummary,
}

impl IndexRow {
    fn summary(self) -> TrackerSummary {
        let closed = self.state.is_some_and(|s| s.eq_ignore_ascii_case("closed"));
        let bare = |id: String| id.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
        let message_ids = self.rest.message_ids.into_iter().map(bare).collect();
        TrackerSummary { state_open: !closed, message_ids, ..self.rest }
    }
}

/// The thread of a message: as given, or the message alone.
fn thread_of(m: &Message, thread: Option<&Path>, setting: &Setting) -> Result<(Thread, usize)> {
    let Some(path) = thread else {
        return Ok((Thread { id: m.key.id.clone(), messages: vec![m.clone()] }, 0));
    };
    let raw = bytes(path)?;
    let mut messages: Vec<Message> = mail::split(&raw).map(|e| mail::parse(&e.raw, setting.now)).collect();
    let same = |a: &Message| a.key.digest == m.key.digest || (!m.key.id.is_empty() && a.key.id == m.key.id);
    if !messages.iter().any(same) {
        messages.push(m.clone());
    }
    let id = messages.first().map(|r| r.key.id.clone()).unwrap_or_default();
    let grouped = mail::group(messages);
    // Mails that are given as one thread are one, also where a link between them is missing.
    let mut all: Vec<Message> = grouped.threads.into_iter().flat_map(|t| t.messages).collect();
    all.sort_by_key(|a| (a.key.id != id, a.arrived()));
    let index = all.iter().position(same).unwrap_or(0);
    Ok((Thread { id, messages: all }, index))
}

/// Every commit message, added line and path of a range.
fn scan_range(range: &str, repo: &Path, request: &ScanRequest, policy: &Policy) -> Result<serde_json::Value> {
    let clone = connect::upstream::git::Clone::open(repo)?;
    let pieces = clone.range(range)?;
    let mut clear = true;
    let mut hits = Vec::new();
    for p in &pieces {
        let kind = if p.what == "commit message" { Kind::Commit } else { Kind::Text };
        let request = ScanRequest { kind, exempt: p.exempt.clone(), ..request.clone() };
        let report = Scanner::new(policy, &request).scan(&p.text);
        clear &= report.clear;
        for h in report.hits {
            let mut hit = serde_json::to_value(h)?;
            if let Some(map) = hit.as_object_mut() {
                map.insert("commit".into(), p.commit.clone().into());
                map.insert("where".into(), p.what.clone().into());
            }
            hits.push(hit);
        }
    }
    Ok(json!({"clear": clear, "hits": hits, "suggestion": null, "missing": [], "pieces": pieces.len()}))
}
