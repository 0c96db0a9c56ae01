//! The command line: arguments in, words out. Every judgement is made below it.

mod allocate_cmd;
mod answer;
mod args;
mod config_cmd;
mod cve_cmd;
mod cve_desk;
mod desk_cmd;
mod fix_cmd;
mod import_cmd;
mod log_in_cmd;
mod plan_cmd;
mod prompt;
mod show;
mod sync_cmd;
mod term;
mod trackers;
mod watch_cmd;
mod x;
mod x_case;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser};
use jiff::Timestamp;

pub use self::args::Cli;
use self::{args::Command, term::Term};
use crate::app::{AppError, Exit, Setting};

/// Parse the command line, run, print, and say how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Nothing to do when even the error cannot be written.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { Exit::Usage as u8 } else { Exit::Done as u8 });
        }
    };
    outlive_size_limits();
    let mut term = Term::new(cli.json);
    let end = run(cli, &mut term);
    let end = end.and_then(|exit| term.flush().map(|()| exit).map_err(AppError::from));
    match end {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(e) if term::is_broken_pipe(&e.error) => ExitCode::SUCCESS,
        Err(e) => {
            term.error(&e);
            ExitCode::from(e.exit as u8)
        }
    }
}

/// A write past a file-size limit (`ulimit -f`) is to fail like one on a full disk: with an error that is said, not
/// with the end of the program.
fn outlive_size_limits() {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        const SIGXFSZ: i32 = 25;
        // When the handler cannot be set the program ends as it would have without it.
        let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
    }
}

fn run(cli: Cli, term: &mut Term) -> crate::app::error::Result<Exit> {
    let env_path = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let now = match &cli.now {
        None => Timestamp::now(),
        Some(text) => desk::rules::select::time(text).ok_or_else(|| {
            AppError::usage(format!("--now: `{text}` is no time; write 2026-11-20T12:00:00Z"))
        })?,
    };
    let os_user =
        ["USER", "LOGNAME", "USERNAME"].iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
    let setting = Setting {
        config: cli.config,
        desk: cli.desk,
        cwd: std::env::current_dir()?,
        home: env_path("HOME"),
        data_home: env_path("XDG_DATA_HOME"),
        config_home: env_path("XDG_CONFIG_HOME"),
        os_user: os_user.unwrap_or_else(|| "operator".into()),
        now,
        now_given: cli.now.is_some(),
        env: |name| std::env::var(name).ok(),
        trace: cli.trace.then_some(term::trace as fn(&str)),
    };
    match cli.command {
        Command::X(x) => x::run(x, &setting, term),
        Command::Cve(c) => cve_cmd::run(c.command, setting, term),
        Command::Import(a) => import_cmd::import(&a, setting, term),
        Command::Sync(a) => sync_cmd::sync(&a, setting, term),
        Command::Watch(a) => watch_cmd::watch(&a, &setting, term),
        Command::Clock(a) => watch_cmd::clock(&a, setting, term),
        Command::Init(a) => config_cmd::init(&a, &setting, term),
        Command::Config(a) => config_cmd::config(&a, &setting, term),
        Command::Doctor => config_cmd::doctor(setting, term),
        Command::LogIn(a) => log_in_cmd::run(&a, &setting, term),
        Command::Plan(a) => plan_cmd::plan(&a, setting, term),
        Command::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tipstaff", &mut out);
            term.out.write_all(&out)?;
            Ok(Exit::Done)
        }
        Command::Man => {
            let mut out = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut out)?;
            term.out.write_all(&out)?;
            Ok(Exit::Done)
        }
        other => desk_cmd::run(other, setting, term),
    }
}
