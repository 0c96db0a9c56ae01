//! Secrets: read from the place the configuration names, kept out of everything that is written or shown.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use super::keyring;

/// Largest secret file, in bytes.
const LARGEST: u64 = 64 * 1024;

/// A secret. It has no `Debug`, `Display` or `Serialize`, so that no message, trace or store can hold it by accident.
///
/// ```compile_fail
/// let s = connect::net::Secret::new("x".into());
/// println!("{s:?}");
/// ```
/// ```compile_fail
/// let s = connect::net::Secret::new("x".into());
/// println!("{s}");
/// ```
/// ```compile_fail
/// let s = connect::net::Secret::new("x".into());
/// serde_json::to_string(&s);
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wrap a value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for a header or a body that is about to leave.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The text with every occurrence of this secret taken out.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        // Too short a secret would take ordinary words out; it is refused where secrets are read.
        if self.0.len() < SHORTEST { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

/// A secret shorter than this is none.
const SHORTEST: usize = 4;

/// Why a secret could not be read. Holds its place, never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not a reference.
    #[error(
        "a secret is named by its place, `env:NAME`, `file:PATH` or `keyring:NAME`, and never written into a configuration"
    )]
    NoReference,
    /// The name of a secret in a keyring is no plain word.
    #[error("keyring:NAME takes a name of letters, digits and . _ @ / + - alone")]
    KeyringName,
    /// The keyring of this machine does not give it.
    #[error("the keyring does not give the secret {name}: {why}. Put it there with: {store}")]
    Keyring {
        /// Which.
        name: String,
        /// Why.
        why: String,
        /// The command that keeps it.
        store: String,
    },
    /// The variable is not set.
    #[error("the environment has no {0}; set it for this session")]
    Unset(String),
    /// The file cannot be read.
    #[error("the secret file {path} cannot be read: {why}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// Others may read the file.
    #[error("the secret file {path} can be read by others ({mode:o}): chmod 600 {path}")]
    Shared {
        /// Which.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// There is nothing in it, or too little.
    #[error("{0} holds no secret")]
    Empty(String),
    /// It would break the header it is for.
    #[error("{0} holds a line break or another control character, which no header can carry")]
    Control(String),
}

/// Where a secret is: `env:NAME`, `file:PATH` or `keyring:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// A variable of the environment.
    Env(String),
    /// A file that only its owner can read.
    File(String),
    /// The keyring of this machine.
    Keyring(String),
}

impl SecretRef {
    /// Read a reference.
    ///
    /// # Errors
    /// [`SecretError::NoReference`] or [`SecretError::KeyringName`]; the text is not repeated, it may be the secret itself.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.into())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("keyring", name)) if keyring::is_name(name) => Ok(Self::Keyring(name.into())),
            Some(("keyring", _)) => Err(SecretError::KeyringName),
            _ => Err(SecretError::NoReference),
        }
    }

    /// The file it is in, if it is in one. `base` is the folder relative paths start from.
    #[must_use]
    pub fn path(&self, base: &Path, home: Option<&Path>) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        Some(match (path.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => base.join(path),
        })
    }

    /// Fetch the secret. `base` is the folder relative paths start from; `env` answers for the environment.
    ///
    /// # Errors
    /// When it is not there, or not kept well.
    pub fn resolve(
        &self,
        base: &Path,
        home: Option<&Path>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Secret, SecretError> {
        let (place, text) = match self {
            Self::Env(name) => (name.clone(), env(name).ok_or_else(|| SecretError::Unset(name.clone()))?),
            Self::File(path) => {
                let path = self.path(base, home).unwrap_or_else(|| base.join(path));
                (path.display().to_string(), read(&path)?)
            }
            Self::Keyring(name) => (format!("keyring:{name}"), keyring::look_up(name, env)?),
        };
        let value = text.trim_matches(|c| matches!(c, '\n' | '\r' | ' ' | '\t'));
        if value.len() < SHORTEST {
            return Err(SecretError::Empty(place));
        }
        // A file may hold a JSON value over several lines; what goes into a header is checked again there.
        if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(SecretError::Control(place));
        }
        Ok(Secret(value.to_owned()))
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let name = || path.display().to_string();
    let failed = |e: std::io::Error| SecretError::Unreadable { path: name(), why: e.to_string() };
    let file = std::fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Of the open file, so that what is checked is what is read.
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Shared { path: name(), mode });
        }
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn text(r: Result<Secret, SecretError>) -> String {
        match r {
            Ok(s) => s.expose().to_owned(),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn a_secret_is_named_by_its_place() {
        assert_eq!(SecretRef::parse("env:CVE_KEY"), Ok(SecretRef::Env("CVE_KEY".into())));
        assert_eq!(SecretRef::parse("file:/x/y"), Ok(SecretRef::File("/x/y".into())));
        assert_eq!(SecretRef::parse("keyring:mail"), Ok(SecretRef::Keyring("mail".into())));
        for raw in [
            "keyring:",
            "keyring:hunter2 hunter2",
            "keyring:--help",
            "hunter2-hunter2",
            "s%3Aabc.def",
            "env:",
            "file:",
            "https://x",
            "",
        ] {
            let e = SecretRef::parse(raw).unwrap_err();
            assert!(raw.len() < 9 || !e.to_string().contains(raw), "{raw}");
        }
        let env = |n: &str| (n == "CVE_KEY").then(|| " planted-1 \n".to_owned());
        let here = Path::new("/");
        assert_eq!(text(SecretRef::Env("CVE_KEY".into()).resolve(here, None, &env)), "planted-1");
        assert!(text(SecretRef::Env("NO".into()).resolve(here, None, &env)).contains("no NO"));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "planted-2\n").unwrap();
        for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o666, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let got = SecretRef::File("key".into()).resolve(dir.path(), None, &none);
            assert_eq!(got.is_ok(), fine, "{mode:o}");
            if let Err(e) = got {
                assert!(e.to_string().contains("chmod 600") && !e.to_string().contains("planted"), "{e}");
            }
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let home = SecretRef::File("~/key".into());
        assert_eq!(text(home.resolve(Path::new("/nowhere"), Some(dir.path()), &none)), "planted-2");
        std::fs::write(&path, "x").unwrap();
        assert!(text(SecretRef::File("key".into()).resolve(dir.path(), None, &none)).contains("no secret"));
        assert!(text(SecretRef::File("gone".into()).resolve(dir.path(), None, &none)).contains("cannot"));
    }

    #[test]
    fn scrubbing_takes_it_out() {
        let s = Secret::new("planted".into());
        assert_eq!(s.scrub("a planted b planted"), "a *** b ***");
    }
}
