//! `tipstaff init`, `config`, `doctor`.

use std::{collections::BTreeMap, io::Write};

use desk::config::{self, SourceKind, init};

use super::{
    args::{ConfigArgs, ConfigCommand, InitArgs},
    prompt,
    term::{Mark, Term, untrusted},
};
use crate::app::{AppError, Exit, Session, Setting, doctor, error::Result};

/// Ask at most eight questions and write a `tipstaff.toml`. An existing file is never overwritten.
///
/// # Errors
/// When the file exists, or cannot be written.
pub fn init(args: &InitArgs, setting: &Setting, term: &mut Term) -> Result<Exit> {
    let path = setting.cwd.join(&args.file);
    if path.exists() {
        return Err(AppError::usage(format!("{} exists already", path.display()))
            .next("edit it, or name another file: `tipstaff init FILE`"));
    }
    let questions = init::questions();
    if term.json {
        term.value(&questions)?;
        return Ok(Exit::Decision);
    }
    let mut answers: BTreeMap<String, String> = BTreeMap::new();
    for (i, q) in questions.iter().enumerate() {
        let n = term.mark(Mark::Key, &format!("{}/{}", i + 1, questions.len()));
        term.line(&format!("{n} {}", q.text))?;
        if !q.help.is_empty() {
            let help = term.mark(Mark::Dim, &format!("    {}", q.help));
            term.line(&help)?;
        }
        loop {
            let hint = if q.default.is_empty() { String::new() } else { format!(" [{}]", q.default) };
            let Some(reply) = prompt::ask(term, &format!("   {hint}>"))? else {
                term.line("No answer is no: nothing was written.")?;
                return Ok(Exit::Decision);
            };
            let reply = if reply.trim().is_empty() { q.default.to_string() } else { reply.trim().to_owned() };
            answers.insert(q.id.to_string(), reply);
            // Each answer is checked as it is given, so that a slip is mended where it was made.
            match init::render(&answers) {
                Ok(_) => break,
                Err(errors) => {
                    let mine: Vec<_> = errors.iter().filter(|e| e.id == q.id).collect();
                    if mine.is_empty() {
                        break;
                    }
                    for e in mine {
                        let mark = term.mark(Mark::Warn, "   ");
                        term.line(&format!("{mark}{}", untrusted(&e.to_string())))?;
                    }
                }
            }
        }
    }
    let text = init::render(&answers).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        AppError::usage(lines.join("\n"))
    })?;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    file.write_all(text.as_bytes())?;
    term.line(&format!("wrote {}", path.display()))?;
    term.line("next: `tipstaff doctor` checks it, `tipstaff import PATH` reads a mailbox")?;
    Ok(Exit::Done)
}

/// Explain a key, or check the files.
///
/// # Errors
/// When there is no such key, or the files hold errors.
pub fn config(args: &ConfigArgs, setting: &Setting, term: &mut Term) -> Result<Exit> {
    let loaded = setting.load_config()?;
    match &args.command {
        ConfigCommand::Check => {
            let sources: Vec<String> = loaded.sources().iter().map(|(l, f)| format!("{l:?}: {f}")).collect();
            if term.json {
                term.value(
                    &serde_json::json!({"sources": sources, "digest": config::digest(&loaded.config)}),
                )?;
            } else {
                for s in &sources {
                    term.line(s)?;
                }
                let good = term.mark(Mark::Good, "no errors");
                term.line(&good)?;
            }
        }
        ConfigCommand::Explain { key } => {
            let e = config::explain(&loaded, key)
                .map_err(|e| AppError::usage(e.to_string()).next("`docs/config.md` lists every key"))?;
            if term.json { term.value(&e)? } else { term.line(&untrusted(&e.to_string()))? }
        }
    }
    Ok(Exit::Done)
}

/// Check desk and configuration.
///
/// # Errors
/// When they cannot be read at all.
pub fn doctor(setting: Setting, term: &mut Term) -> Result<Exit> {
    // What is asked on servers can be tried before there is a desk, and is best tried then.
    let out = setting.load_config().is_ok_and(|l| {
        let c = &l.config;
        let mail = c.mail.source.iter().any(|s| s.kind != SourceKind::Mbox);
        mail || !c.cve.address.is_empty() || !c.upstream.token.is_empty()
    });
    let session = Session::open(setting, out)?;
    let findings = doctor::check(&session)?;
    let worst = if findings.iter().any(|f| f.level == "fault") { Exit::Failed } else { Exit::Done };
    if term.json {
        term.value(&findings)?;
        return Ok(worst);
    }
    for f in &findings {
        let mark = match f.level {
            "ok" => Mark::Good,
            "fault" => Mark::Bad,
            "warning" => Mark::Warn,
            _ => Mark::Dim,
        };
        let level = term.mark(mark, &format!("{:<8}", f.level));
        term.line(&format!("{level} {}: {}", f.what, untrusted(&f.found)))?;
        if !f.mend.is_empty() {
            term.line(&format!("         {}", untrusted(&f.mend)))?;
        }
    }
    Ok(worst)
}
