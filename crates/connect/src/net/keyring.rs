//! Secrets in the keyring of this machine. The keyring is asked through the system's own program: a library for it brings an
//! async runtime and its D-Bus stack, forty crates, for one question at the start of a run, where `secret-tool` (libsecret)
//! and `security` (macOS) are what people keep their secrets with anyway.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use super::SecretError;

/// The name under which secrets of this program stand in a keyring.
const SERVICE: &str = "tipstaff";
/// Time for an answer. A locked keyring asks a person for its password.
const DEADLINE: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read.
const LARGEST: u64 = 64 * 1024;
/// Characters of a complaint that are shown.
const SHOWN: usize = 160;

/// The program that a system asks its keyring with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    /// libsecret, as desktops of Linux and BSD have it.
    SecretTool,
    /// The one of macOS.
    Security,
}

impl Tool {
    const HERE: Self = if cfg!(target_os = "macos") { Self::Security } else { Self::SecretTool };

    fn name(self) -> &'static str {
        match self {
            Self::SecretTool => "secret-tool",
            Self::Security => "security",
        }
    }

    fn arguments(self, name: &str) -> Vec<&str> {
        match self {
            Self::SecretTool => vec!["lookup", "service", SERVICE, "account", name],
            Self::Security => vec!["find-generic-password", "-s", SERVICE, "-a", name, "-w"],
        }
    }

    fn store(self, name: &str) -> String {
        match self {
            Self::SecretTool => {
                format!("secret-tool store --label='{SERVICE} {name}' service {SERVICE} account {name}")
            }
            Self::Security => format!("security add-generic-password -s {SERVICE} -a {name} -w"),
        }
    }

    fn install(self) -> &'static str {
        match self {
            Self::SecretTool => "install it (libsecret-tools)",
            Self::Security => "it belongs to macOS",
        }
    }
}

/// How to put a secret into the keyring of this machine.
pub(super) fn store(name: &str) -> String {
    Tool::HERE.store(name)
}

/// A name that is one word on a command line, and no option.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._@/+-".contains(&b);
    (1..=128).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(plain)
}

/// Ask the keyring for a secret. `env` answers for the environment.
pub(super) fn look_up(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, SecretError> {
    let failed = |why: String| SecretError::Keyring { name: name.into(), why, store: store(name) };
    let tool = Tool::HERE;
    let path = env("PATH").unwrap_or_default();
    let Some(program) = program(tool.name(), &path) else {
        return Err(failed(format!(
            "{} is not on the PATH; {}, or keep the secret in a file (file:PATH)",
            tool.name(),
            tool.install()
        )));
    };
    ask(&program, &tool.arguments(name), DEADLINE).map_err(failed)
}

/// A program by its name. What the PATH leaves to the working folder is not run: it may be anybody's.
fn program(name: &str, path: &str) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|p| p.is_absolute());
    folders.map(|p| p.join(name)).find(|p| runs(p))
}

#[cfg(unix)]
fn runs(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(path: &Path) -> bool {
    path.is_file()
}

/// Run it and take what it says. An error never holds what it said on its standard output.
fn ask(program: &Path, arguments: &[&str], deadline: Duration) -> Result<String, String> {
    let what = program.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{what} cannot be run: {e}"))?;
    let answer = reader(child.stdout.take());
    let complaint = reader(child.stderr.take());
    let until = Instant::now() + deadline;
    let late = || {
        format!(
            "{what} did not answer within {} seconds; is the keyring locked?",
            deadline.as_secs_f32().ceil()
        )
    };
    let Some(status) = wait(&mut child, until).map_err(|e| format!("{what}: {e}"))? else {
        // It may be gone by now, which is as good.
        let _ = child.kill();
        let _ = child.wait();
        return Err(late());
    };
    let left = || until.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
    let bytes = answer.recv_timeout(left()).map_err(|_| late())?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{what} answered with no text"))?;
    if status.success() && !text.trim().is_empty() {
        return Ok(text);
    }
    let said = complaint.recv_timeout(left()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    // A program that fails after it has answered may say the answer again.
    let said = match text.trim() {
        "" => said,
        _ => String::new(),
    };
    let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    Err(match (line.is_empty(), status.code()) {
        (false, _) => format!("{what} says: {line}"),
        (true, Some(0 | 1 | 44)) => "it is not there".into(),
        (true, _) => format!("{what} ended with {status}"),
    })
}

/// Read a pipe on a thread of its own: whoever inherits it may keep it open.
fn reader(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (put, got) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error is what there is.
            let _ = pipe.take(LARGEST).read_to_end(&mut bytes);
        }
        // Nobody waits any more when the time is over.
        let _ = put.send(bytes);
    });
    got
}

fn wait(child: &mut Child, until: Instant) -> std::io::Result<Option<std::process::ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn tool(dir: &Path, script: &str) -> PathBuf {
        let path = dir.join(Tool::HERE.name());
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_keyring_says_the_secret_or_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let env = |n: &str| (n == "PATH").then(|| format!("{}:/usr/bin:/bin", dir.path().display()));
        for (script, want) in [
            ("[ \"$3\" = tipstaff ] && [ \"$5\" = mail ] && echo planted-ring-1", Ok("planted-ring-1\n")),
            ("exit 1", Err("it is not there")),
            ("exit 0", Err("it is not there")),
            ("echo 'no D-Bus here' >&2; exit 1", Err("says: no D-Bus here")),
            ("echo planted-ring-1; echo planted-ring-1 >&2; exit 3", Err("ended with")),
            ("printf '\\377\\376'", Err("no text")),
            ("kill -9 $$", Err("ended with")),
        ] {
            tool(dir.path(), script);
            match (look_up("mail", &env), want) {
                (Ok(got), Ok(want)) => assert_eq!(got, want, "{script}"),
                (Err(e), Err(want)) => {
                    let e = e.to_string();
                    assert!(e.contains(want) && !e.contains("planted"), "{script}: {e}");
                    assert!(e.contains("service tipstaff account mail") || cfg!(target_os = "macos"), "{e}");
                }
                (got, _) => panic!("{script}: {}", got.is_ok()),
            }
        }
    }

    #[test]
    fn a_locked_keyring_is_not_waited_for_forever() {
        let dir = tempfile::tempdir().unwrap();
        let path = tool(dir.path(), "sleep 30");
        let begun = Instant::now();
        let e = ask(&path, &[], Duration::from_millis(200)).unwrap_err();
        assert!(e.contains("is the keyring locked?") && begun.elapsed() < Duration::from_secs(5), "{e}");
        // Somebody who inherited the pipe does not hold us up either.
        let path = tool(dir.path(), "sleep 30 & echo late");
        assert!(ask(&path, &[], Duration::from_millis(300)).is_err());
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn only_what_stands_on_an_absolute_path_is_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = tool(dir.path(), "echo x");
        let name = Tool::HERE.name();
        assert_eq!(program(name, &dir.path().display().to_string()), Some(path.clone()));
        assert_eq!(program(name, ".:"), None);
        assert_eq!(program(name, ""), None);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(program(name, &dir.path().display().to_string()), None);
        let none = look_up("mail", &|_| None).unwrap_err().to_string();
        assert!(none.contains("not on the PATH") && none.contains("file:PATH"), "{none}");
        for (good, name) in [
            (true, "mail"),
            (true, "tracker/acme-security@maren"),
            (false, ""),
            (false, "-o"),
            (false, "a b"),
            (false, "a;b"),
            (false, "$(x)"),
        ] {
            assert_eq!(is_name(name), good, "{name}");
        }
    }

    #[test]
    fn each_system_has_its_own_words() {
        assert_eq!(Tool::SecretTool.arguments("x"), ["lookup", "service", "tipstaff", "account", "x"]);
        assert_eq!(
            Tool::Security.arguments("x"),
            ["find-generic-password", "-s", "tipstaff", "-a", "x", "-w"]
        );
        assert_eq!(
            Tool::SecretTool.store("x"),
            "secret-tool store --label='tipstaff x' service tipstaff account x"
        );
        assert_eq!(Tool::Security.store("x"), "security add-generic-password -s tipstaff -a x -w");
    }
}
