//! Logging in at a mailbox once, so that the program can go on alone.

use std::path::{Path, PathBuf};

use connect::{
    mailbox::gmail::{
        self,
        consent::{self, App, Consent},
    },
    net::{Client, Limits, SecretRef, Service, Site, Surroundings, SystemPace},
};
use desk::config::{MailSource, SourceKind};

use super::{
    error::{AppError, Exit, Result},
    session::{Setting, random},
};

/// How long a person has for it.
pub const TIME: std::time::Duration = std::time::Duration::from_secs(600);

/// A log-in that waits for a person.
pub struct LogIn {
    consent: Consent,
    client: Client,
    tokens: Site,
    /// The page on which a person says yes.
    pub page: String,
    /// The account it is for.
    pub account: String,
    /// Where the credential will be kept.
    pub file: PathBuf,
}

/// Begin a log-in for that source, or for the only one of its kind. `app` is the file with the client of the program.
///
/// # Errors
/// When the configuration does not say enough, or the file of the client cannot be used.
pub fn begin(setting: &Setting, name: Option<&str>, app: &Path) -> Result<LogIn> {
    let loaded = setting.load_config()?;
    let base = setting.config_file().and_then(|p| p.parent().map(Path::to_path_buf));
    let base = base.unwrap_or_else(|| setting.cwd.clone());
    let source = source(&loaded.config.mail.source, name)?;
    let kept = SecretRef::parse(&source.credential).ok();
    let Some(file) = kept.and_then(|r| r.path(&base, setting.home.as_deref())) else {
        return Err(AppError::usage(format!(
            "the credential of \"{}\" is no file, and this writes one",
            source.name
        ))
        .next("set its `credential` to file:PATH, such as file:~/.config/tipstaff/gmail.json"));
    };
    if source.account.is_empty() {
        return Err(AppError::usage(format!("mail source \"{}\" names no account", source.name))
            .next("set its `account` to the address of the mailbox"));
    }
    let path = setting.cwd.join(app).display().to_string();
    let app = SecretRef::File(path.clone())
        .resolve(&setting.cwd, None, &setting.env)
        .map_err(|e| AppError::usage(e.to_string()))?;
    let app = App::read(&app).map_err(|why| AppError::usage(format!("{path}: {why}")).next(MAKE))?;
    let failed = |what: String| AppError::new(Exit::Failed, what, "");
    let client =
        Client::new(&Surroundings::from_env(&setting.env), Limits::default(), Box::<SystemPace>::default())
            .map_err(|f| failed(f.to_string()))?;
    let client = match setting.trace {
        Some(write) => client.logged(Box::new(move |line| write(&line.to_string()))),
        None => client,
    };
    let at = |key: &str, usual: &str| loaded.config.services.get(key).map_or(usual.to_owned(), Clone::clone);
    let tokens = Site::at(Service::Token, &at("google_token", gmail::TOKENS), false)
        .map_err(|e| AppError::usage(format!("services.google_token: {e}")))?;
    let consent =
        Consent::begin(app, &random()).map_err(|e| failed(format!("no port on this machine: {e}")))?;
    let page = consent.page(&at("google_accounts", consent::PAGE), &source.account);
    Ok(LogIn { consent, client, tokens, page, account: source.account.clone(), file })
}

/// Where a client is made.
const MAKE: &str = "make one in the console: OAuth client, type Desktop app, and download its JSON (docs/mailboxes.md, Gmail)";

fn source<'a>(all: &'a [MailSource], name: Option<&str>) -> Result<&'a MailSource> {
    let mut those = all.iter().filter(|s| s.kind == SourceKind::Gmail && name.is_none_or(|n| s.name == n));
    match (those.next(), those.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            let what = name.map_or_else(
                || "no mail source is of kind gmail".to_owned(),
                |n| format!("there is no mail source \"{n}\" of kind gmail"),
            );
            Err(AppError::usage(what)
                .next("`log-in` is for Gmail; other sources take a password, a token or a cookie"))
        }
        (Some(_), Some(_)) => {
            Err(AppError::usage("several mail sources are of kind gmail").next("name one of them"))
        }
    }
}

impl LogIn {
    /// Wait for the person, trade what they bring, and keep the credential.
    ///
    /// # Errors
    /// When nobody comes, they say no, or the service gives nothing that can be kept.
    pub fn finish(self) -> Result<PathBuf> {
        let failed = |what: String| AppError::new(Exit::Failed, what, "run this again; nothing was kept");
        let code = self.consent.wait(TIME).map_err(failed)?;
        let document = self.consent.trade(&self.client, &self.tokens, code).map_err(failed)?;
        consent::keep(&document, &self.file)
            .map_err(|e| failed(format!("{} cannot be written: {e}", self.file.display())))?;
        Ok(self.file)
    }
}
