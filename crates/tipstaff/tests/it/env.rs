//! A hermetic place to run the program in: its own home, desk, clock and user.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The time of every test run.
pub const NOW: &str = "2026-11-22T12:00:00Z";

/// One desk and its surroundings.
pub struct Env {
    dir: tempfile::TempDir,
    config: Option<PathBuf>,
    tools: Option<PathBuf>,
}

/// What the program said.
pub struct Said {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// Exit code.
    pub code: i32,
}

impl Said {
    /// The output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }

    /// Fail unless it ended with this code.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

impl Env {
    /// None of these secrets shows in what the program said, nor in any file of its desk.
    pub fn holds_none_of(&self, secrets: &[&str], said: &[&Said]) {
        for (s, secret) in said.iter().flat_map(|s| secrets.iter().map(move |x| (s, x))) {
            assert!(!s.out.contains(secret) && !s.err.contains(secret), "{}\n{}", s.out, s.err);
        }
        let mut folders = vec![self.desk()];
        while let Some(dir) = folders.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap();
                for secret in secrets {
                    let there = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
                    assert!(!there, "{} holds a secret", path.display());
                }
            }
        }
    }

    /// A fresh place, without configuration.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), config: None, tools: None }
    }

    /// A fresh place with the sample desk's configuration.
    pub fn sample() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            config: Some(examples().join("tipstaff.toml")),
            tools: None,
        }
    }

    /// A fresh place with that configuration.
    pub fn with_config(path: &Path) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), config: Some(path.into()), tools: None }
    }

    /// Use that configuration from now on.
    pub fn use_config(&mut self, path: &Path) {
        self.config = Some(path.into());
    }

    /// Find programs in that folder first from now on.
    pub fn use_tools(&mut self, folder: &Path) {
        self.tools = Some(folder.into());
    }

    /// The working folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The desk's folder.
    pub fn desk(&self) -> PathBuf {
        self.dir.path().join("desk")
    }

    /// Write a file into the working folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The command, ready to run: nothing of the caller's environment reaches it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new(env!("CARGO_BIN_EXE_tipstaff"));
        let mut path = std::env::var_os("PATH").unwrap_or_default();
        if let Some(tools) = &self.tools {
            let all = std::iter::once(tools.clone()).chain(std::env::split_paths(&path));
            path = std::env::join_paths(all).unwrap();
        }
        c.env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path().join("home"))
            .env("USER", "maren")
            .env("TIPSTAFF_NOW", NOW)
            .env("TIPSTAFF_DESK", self.desk())
            .current_dir(self.dir.path())
            .args(args);
        if let Some(config) = &self.config {
            c.arg("--config").arg(config);
        }
        c
    }

    /// Run it, with nothing on standard input.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Said {
        said(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Run it, answering its questions.
    #[must_use]
    pub fn answer(&self, args: &[&str], input: &str) -> Said {
        use std::io::Write;
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that ends early closes the pipe; what it said is what counts.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        said(child.wait_with_output().unwrap())
    }
}

fn said(o: Output) -> Said {
    Said {
        out: String::from_utf8_lossy(&o.stdout).into_owned(),
        err: String::from_utf8_lossy(&o.stderr).into_owned(),
        code: o.status.code().unwrap_or(-1),
    }
}

/// The examples folder of the repository.
pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}
