//! `tipstaff cve …`: what is done with CVE records.

use std::{collections::BTreeMap, io::Write as _};

use desk::cve::{
    authority::Over,
    check::{Checked, Finding, Level, default_level, rules},
    lint::Options,
};
use desk::{percent, rules::sync::record::Ask};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    args::{BringArgs, CveCheckArgs, CveCommand},
    cve_desk,
    term::{Mark, Term, untrusted, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, Setting,
    cve_check::{self, Report, Target},
    error::Result,
};

/// Findings of one rule in one record that are shown to people; the others are counted.
const SHOWN: usize = 5;

/// Run a command about records.
///
/// # Errors
/// When the command line names what does not exist, or the output is gone.
pub fn run(command: CveCommand, setting: Setting, term: &mut Term) -> Result<Exit> {
    let open = |term: &mut Term| -> Result<Session> {
        let mut s = Session::open(setting.clone(), false)?;
        super::trackers::fresh(&mut s, term)?;
        Ok(s)
    };
    match command {
        CveCommand::Check(a) => check(&a, term),
        CveCommand::Refresh(a) => {
            let mut s = open(term)?;
            cve_desk::ask(&a, Ask::Refresh, &Over::default(), &mut s, term)
        }
        CveCommand::Push(a) => {
            let mut s = open(term)?;
            cve_desk::ask(&a.tracker, Ask::Push, &over(&a), &mut s, term)
        }
        CveCommand::Publish(a) => {
            let mut s = open(term)?;
            cve_desk::ask(&a.tracker, Ask::Publish, &over(&a), &mut s, term)
        }
        CveCommand::Retract(a) => {
            let mut s = open(term)?;
            cve_desk::retract(&a, &mut s, term)
        }
        CveCommand::State(a) => {
            let s = open(term)?;
            cve_desk::compare(&a, false, &s, term)
        }
        CveCommand::Diff(a) => {
            let s = open(term)?;
            cve_desk::compare(&a, true, &s, term)
        }
        CveCommand::Affected(a) => {
            let mut s = open(term)?;
            cve_desk::affected(&a, &mut s, term)
        }
        CveCommand::Export(a) => cve_desk::export(&a, setting, term),
    }
}

fn over(a: &BringArgs) -> Over {
    Over { packages: a.allow_packages, conflicts: a.take_ours, ..Over::default() }
}

#[derive(Default)]
struct Counts {
    files: usize,
    records: usize,
    other: usize,
    with_findings: usize,
    levels: [usize; 3],
    rules: BTreeMap<&'static str, usize>,
}

impl Counts {
    fn add(&mut self, report: &Report) {
        self.files += 1;
        self.other += usize::from(report.records.is_empty());
        for c in &report.records {
            self.records += 1;
            self.with_findings += usize::from(!c.findings.is_empty());
            for f in &c.findings {
                if let Some(n) = self.levels.get_mut(f.level as usize) {
                    *n += 1;
                }
                *self.rules.entry(f.rule).or_default() += 1;
            }
        }
    }

    fn of(&self, level: Level) -> usize {
        self.levels.get(level as usize).copied().unwrap_or(0)
    }

    fn worst(&self) -> Option<Level> {
        [Level::Error, Level::Warning, Level::Note].into_iter().find(|l| self.of(*l) > 0)
    }

    fn json(&self) -> Value {
        json!({"files": self.files, "records": self.records, "other_files": self.other,
            "records_with_findings": self.with_findings, "errors": self.of(Level::Error),
            "warnings": self.of(Level::Warning), "notes": self.of(Level::Note), "rules": self.rules})
    }
}

fn check(a: &CveCheckArgs, term: &mut Term) -> Result<Exit> {
    for word in a.only.iter().chain(&a.ignore) {
        if !rules().any(|(id, _)| id.starts_with(word.as_str())) {
            return Err(AppError::usage(format!("no rule begins with `{word}`"))
                .next("docs/cve-check.md lists the rules; `schema` and `lint.E` name families"));
        }
    }
    let machine = term.json || a.sarif;
    let least = a.min_level.map_or(if machine { Level::Note } else { Level::Warning }, Level::from);
    let options = Options { min_level: Level::Note, only: a.only.clone(), ignore: a.ignore.clone() };
    let targets = cve_check::targets(&a.files)?;
    let counts = if a.sarif {
        sarif(&targets, &Options { min_level: least, ..options }, term)?
    } else if term.json {
        as_json(&targets, &Options { min_level: least, ..options }, term)?
    } else {
        words(&targets, &options, least, term)?
    };
    if targets.is_empty() && !machine {
        return Ok(Exit::Nothing);
    }
    // Where JSON is printed, exit 0 says that it was (DESIGN §7), unless the caller asks for more.
    let deny = a.deny.map(Level::from).or((!machine).then_some(Level::Error));
    let denied = deny.is_some_and(|d| counts.worst().is_some_and(|w| w >= d));
    Ok(if denied { Exit::Blocked } else { Exit::Done })
}

/// One line a record, so that the output of thousands can be read line by line as well.
fn as_json(targets: &[Target], options: &Options, term: &mut Term) -> Result<Counts> {
    let mut counts = Counts::default();
    write!(term.out, "{{\"files\": [")?;
    let mut first = true;
    let work = |t: &Target| {
        let report = cve_check::check(t, options);
        let lines: serde_json::Result<Vec<String>> =
            report.records.iter().map(|c| record_json(&report.file, c)).collect();
        (report, lines)
    };
    cve_check::in_order(targets, work, |(report, lines)| {
        counts.add(&report);
        for line in lines? {
            write!(term.out, "{}\n{line}", if first { "" } else { "," })?;
            first = false;
        }
        Ok(())
    })?;
    writeln!(term.out, "\n],\n\"summary\": {}}}", counts.json())?;
    Ok(counts)
}

/// A record as `--json` shows it.
#[derive(Serialize)]
struct RecordJson<'c> {
    file: &'c str,
    cve: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<usize>,
    findings: Vec<FindingJson<'c>>,
}

#[derive(Serialize)]
struct FindingJson<'c> {
    rule: &'c str,
    level: Level,
    path: &'c str,
    field: &'c str,
    message: &'c str,
    line: Option<usize>,
    column: Option<usize>,
}

fn record_json(file: &str, c: &Checked) -> serde_json::Result<String> {
    let findings = c.findings.iter().map(|f| FindingJson {
        rule: f.rule,
        level: f.level,
        path: &f.path,
        field: f.field,
        message: &f.message,
        line: f.place.map(|p| p.line),
        column: f.place.map(|p| p.column),
    });
    let record = RecordJson { file, cve: c.cve.as_deref(), record: c.record, findings: findings.collect() };
    serde_json::to_string(&record)
}

fn words(targets: &[Target], options: &Options, least: Level, term: &mut Term) -> Result<Counts> {
    let mut all = Counts::default();
    let mut shown = Counts::default();
    cve_check::in_order(
        targets,
        |t| cve_check::check(t, options),
        |mut report| {
            all.add(&report);
            for c in &mut report.records {
                c.findings.retain(|f| f.level >= least);
                // The worst first; within a level in the order of the checks.
                c.findings.sort_by_key(|f| std::cmp::Reverse(f.level));
            }
            shown.add(&report);
            for c in report.records.iter().filter(|c| !c.findings.is_empty()) {
                record_words(&report.file, c, term)?;
            }
            Ok(())
        },
    )?;
    summary(&all, &shown, targets.len() > 1, least, term)?;
    Ok(all)
}

fn record_words(file: &str, c: &Checked, term: &mut Term) -> Result<()> {
    let file = if file == "-" { "standard input".to_owned() } else { untrusted(file) };
    let number = c.record.map(|n| format!(" record {}", n + 1)).unwrap_or_default();
    let cve = c.cve.as_deref().map(|c| untrusted_line(c, 40)).filter(|c| !file.contains(c.as_str()));
    let cve = cve.map(|c| format!("  {c}")).unwrap_or_default();
    let head = term.mark(Mark::Head, &format!("{file}{number}{cve}"));
    let counts: Vec<String> = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
        .into_iter()
        .filter_map(|(l, w)| counted(c.findings.iter().filter(|f| f.level == l).count(), w))
        .collect();
    let counts = term.mark(Mark::Dim, &counts.join(", "));
    term.line(&format!("{head}  {counts}"))?;
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for f in &c.findings {
        let n = said.entry(f.rule).or_default();
        *n += 1;
        if *n <= SHOWN {
            finding_words(f, term)?;
        }
    }
    for (rule, n) in said.into_iter().filter(|(_, n)| *n > SHOWN) {
        let more = term.mark(Mark::Dim, &format!("  … and {} more of {rule}", n - SHOWN));
        term.line(&more)?;
    }
    term.line("")?;
    Ok(())
}

fn finding_words(f: &Finding, term: &mut Term) -> Result<()> {
    let mark = match f.level {
        Level::Error => Mark::Bad,
        Level::Warning => Mark::Warn,
        Level::Note => Mark::Dim,
    };
    let level = term.mark(mark, &format!("{:7}", f.level.as_str()));
    let place = f.place.map(|p| format!("{}:{}", p.line, p.column)).unwrap_or_default();
    let path = f.path.strip_prefix("$.").unwrap_or("");
    let path = if path.is_empty() { String::new() } else { format!("{}: ", untrusted_line(path, 200)) };
    let rule = term.mark(Mark::Key, &format!("{:24}", f.rule));
    let field = if f.field.is_empty() { String::new() } else { format!("  [{}]", f.field) };
    let field = term.mark(Mark::Dim, &field);
    term.line(&format!("  {level} {place:>8}  {rule} {path}{}{field}", untrusted(&f.message)))?;
    Ok(())
}

fn counted(n: usize, word: &str) -> Option<String> {
    (n > 0).then(|| format!("{n} {word}{}", if n == 1 { "" } else { "s" }))
}

fn summary(all: &Counts, shown: &Counts, many: bool, least: Level, term: &mut Term) -> Result<()> {
    if many && !shown.rules.is_empty() {
        let mut rows: Vec<_> = shown.rules.iter().collect();
        rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let head = term.mark(Mark::Head, "By rule");
        term.line(&head)?;
        for (rule, n) in rows {
            let meaning = rules().find(|(id, _)| id == rule).map_or("", |(_, m)| m);
            let rule = term.mark(Mark::Key, &format!("{rule:24}"));
            term.line(&format!("  {n:>6}  {rule} {meaning}"))?;
        }
        term.line("")?;
    }
    if all.files == 0 {
        term.line("There is no *.json file in what you named.")?;
        return Ok(());
    }
    let records = counted(all.records, "record").unwrap_or_else(|| "no record".into());
    let files = counted(all.files - all.other, "file").unwrap_or_else(|| "no file".into());
    let levels: Vec<String> = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
        .into_iter()
        .filter(|(l, _)| *l >= least)
        .filter_map(|(l, w)| counted(shown.of(l), w))
        .collect();
    let verdict = if levels.is_empty() {
        term.mark(Mark::Good, "nothing to mend")
    } else {
        format!("{} in {}", levels.join(", "), counted(shown.with_findings, "record").unwrap_or_default())
    };
    let mut line = format!("{records} in {files}: {verdict}.");
    if all.other > 0 {
        line.push_str(&format!(
            " {} that hold no CVE record were passed over.",
            counted(all.other, "file").unwrap_or_default()
        ));
    }
    let hidden: usize =
        [Level::Note, Level::Warning].into_iter().filter(|l| *l < least).map(|l| all.of(l)).sum();
    if hidden > 0 {
        let what = if least == Level::Warning { "note" } else { "lesser finding" };
        let more =
            format!(" {} hidden; --min-level note shows all.", counted(hidden, what).unwrap_or_default());
        line.push_str(&term.mark(Mark::Dim, &more));
    }
    term.line(&line)?;
    Ok(())
}

/// SARIF 2.1.0, a result a line.
fn sarif(targets: &[Target], options: &Options, term: &mut Term) -> Result<Counts> {
    let ids: BTreeMap<&str, usize> = rules().enumerate().map(|(n, (id, _))| (id, n)).collect();
    let table: Vec<Value> = rules()
        .map(|(id, meaning)| {
            json!({"id": id, "shortDescription": {"text": meaning},
                "defaultConfiguration": {"level": default_level(id)}})
        })
        .collect();
    let driver = json!({"name": "tipstaff", "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": table});
    let mut counts = Counts::default();
    writeln!(
        term.out,
        "{{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", \"runs\": [{{"
    )?;
    writeln!(term.out, "\"tool\": {{\"driver\": {driver}}},")?;
    write!(term.out, "\"columnKind\": \"unicodeCodePoints\",\n\"results\": [")?;
    let mut first = true;
    let work = |t: &Target| {
        let report = cve_check::check(t, options);
        let uri = uri(&report.file);
        let lines: Vec<String> = report
            .records
            .iter()
            .flat_map(|c| c.findings.iter().map(|f| result(&uri, c, f, &ids).to_string()).collect::<Vec<_>>())
            .collect();
        (report, lines)
    };
    cve_check::in_order(targets, work, |(report, lines)| {
        counts.add(&report);
        for line in lines {
            write!(term.out, "{}\n{line}", if first { "" } else { "," })?;
            first = false;
        }
        Ok(())
    })?;
    writeln!(term.out, "\n]}}]}}")?;
    Ok(counts)
}

fn result(uri: &str, c: &Checked, f: &Finding, ids: &BTreeMap<&str, usize>) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri}});
    if let (Some(p), Some(map)) = (f.place, physical.as_object_mut()) {
        map.insert("region".into(), json!({"startLine": p.line, "startColumn": p.column}));
    }
    let mut location = json!({"physicalLocation": physical});
    if let Some(map) = location.as_object_mut() {
        map.insert("logicalLocations".into(), json!([{"fullyQualifiedName": f.path, "kind": "member"}]));
    }
    json!({"ruleId": f.rule, "ruleIndex": ids.get(f.rule), "level": f.level, "message": {"text": f.message},
        "locations": [location], "properties": {"cve": c.cve, "field": f.field}})
}

/// A path as a URI reference.
fn uri(file: &str) -> String {
    if file == "-" {
        return "stdin".into();
    }
    let scheme = if file.starts_with('/') { "file://" } else { "" };
    let path = file.strip_prefix("./").unwrap_or(file);
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.into() };
    format!("{scheme}{}", percent::encoded(&path, b"/"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(super::uri("./a b/ü.json"), "a%20b/%C3%BC.json");
        assert_eq!(super::uri("/tmp/x.json"), "file:///tmp/x.json");
    }
}
