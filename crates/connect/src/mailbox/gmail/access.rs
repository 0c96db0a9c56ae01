//! The way in: an access token by a refresh token (RFC 6749 §6), and requests that carry it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::shape::{Profile, Token};
use crate::{
    mailbox::MailFault,
    net::{Client, Fault, Method, Reply, Request, Secret, Site},
};

/// A token is renewed that long before it ends.
const EARLY: Duration = Duration::from_secs(60);
/// A token that does not say how long it lives, or says a strange time, is kept no longer.
const LONGEST: u64 = 3600;
/// How to log in again.
const AGAIN: &str =
    "make a new refresh token (docs/mailboxes.md, Gmail) and put it where the credential is kept";

/// What the secret holds: the client and the refresh token, as the document of an `authorized_user` has them.
pub struct Credential {
    client_id: Secret,
    client_secret: Secret,
    refresh_token: Secret,
}

impl Credential {
    /// Read the document.
    ///
    /// # Errors
    /// What is missing; nothing of its content is said.
    pub fn read(document: &Secret) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Document {
            client_id: Option<String>,
            client_secret: Option<String>,
            refresh_token: Option<String>,
        }
        let d: Document = serde_json::from_str(document.expose()).map_err(|_| {
            "the secret is not JSON with client_id, client_secret and refresh_token".to_owned()
        })?;
        let get = |name: &str, value: Option<String>| {
            value
                .filter(|v| v.len() >= 4 && v.bytes().all(|b| b.is_ascii_graphic()))
                .map(Secret::new)
                .ok_or_else(|| format!("the JSON in the secret has no usable {name}"))
        };
        Ok(Self {
            client_id: get("client_id", d.client_id)?,
            client_secret: get("client_secret", d.client_secret)?,
            refresh_token: get("refresh_token", d.refresh_token)?,
        })
    }
}

/// A request that came to nothing: the log-in, or the request itself.
pub(super) enum Trouble {
    LogIn(MailFault),
    Call(Fault),
}

impl From<Trouble> for MailFault {
    fn from(t: Trouble) -> Self {
        match t {
            Trouble::LogIn(f) => f,
            Trouble::Call(f) => MailFault::of_request(f),
        }
    }
}

#[derive(Default)]
struct Held {
    token: Option<(Secret, Instant)>,
    /// What the token allows, where the service says.
    scope: String,
    /// Is it certain that the token is for the account of the configuration?
    checked: bool,
}

/// The mailbox of one account.
pub(super) struct Access {
    client: Arc<Client>,
    pub site: Site,
    token_site: Site,
    credential: Credential,
    pub account: String,
    held: Mutex<Held>,
}

impl Access {
    pub fn new(client: Arc<Client>, site: Site, token_site: Site, who: Credential, account: String) -> Self {
        Self { client, site, token_site, credential: who, account, held: Mutex::default() }
    }

    pub fn what(&self, doing: &str) -> String {
        format!("{} {doing}", self.site.address.origin())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // A token is as good after a thread died as before.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn scope(&self) -> String {
        self.held().scope.clone()
    }

    /// The token, asked for when there is none or it is about to end.
    fn token(&self) -> Result<Secret, MailFault> {
        let mut held = self.held();
        if let Some((token, until)) = &held.token
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        held.token = None;
        let c = &self.credential;
        let request = Request::new(Method::Post, "/token")
            .form(vec![
                ("client_id", c.client_id.clone()),
                ("client_secret", c.client_secret.clone()),
                ("refresh_token", c.refresh_token.clone()),
                ("grant_type", Secret::new("refresh_token".into())),
            ])
            .asking()
            .stay();
        let reply = self.client.call(&self.token_site, &request).map_err(MailFault::of_request)?;
        let what = reply.what().to_owned();
        if !reply.ok() {
            return Err(self.no_token(&reply));
        }
        // Nothing of this answer is ever shown: it is the token.
        let strange = |why: &str| MailFault::Strange { what: what.clone(), why: why.into() };
        let token: Token = object(reply.bytes()).ok_or_else(|| strange("the answer is no access token"))?;
        let usable = (8..=8192).contains(&token.access_token.len())
            && token.access_token.bytes().all(|b| b.is_ascii_graphic());
        if !usable {
            return Err(strange("the access token is none"));
        }
        let lives = Duration::from_secs(token.expires_in.min(LONGEST)).saturating_sub(EARLY);
        let secret = Secret::new(token.access_token);
        held.scope = token.scope;
        held.token = Some((secret.clone(), Instant::now() + lives));
        Ok(secret)
    }

    fn no_token(&self, reply: &Reply) -> MailFault {
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
            #[serde(default)]
            error_description: String,
        }
        let what = format!("{} as {}", self.token_site.address.origin(), self.account);
        let status = reply.status();
        let said = object::<Refusal>(reply.bytes());
        let words = said.as_ref().map_or_else(
            || format!("status {status}"),
            |r| reply.scrub(&format!("{} {}", r.error, r.error_description)).trim().to_owned(),
        );
        match (said.as_ref().map(|r| r.error.as_str()), status) {
            (Some("invalid_grant"), 400..=499) => MailFault::LogIn {
                what,
                why: format!("the refresh token has ended or was taken back ({words}); {AGAIN}"),
            },
            (Some("invalid_client" | "unauthorized_client" | "deleted_client"), 400..=499) => {
                MailFault::LogIn {
                    what,
                    why: format!("client_id and client_secret are not known there ({words}); {AGAIN}"),
                }
            }
            (_, 400 | 401 | 403) => MailFault::LogIn { what, why: words },
            (_, 500..) => MailFault::NoAnswer { what, why: words },
            _ => MailFault::Strange { what, why: words },
        }
    }

    /// Make a call, with a new token once when the one we have is refused. A refused request has changed nothing.
    pub fn call(&self, request: &Request) -> Result<Reply, Trouble> {
        self.check()?;
        self.carry(request)
    }

    fn carry(&self, request: &Request) -> Result<Reply, Trouble> {
        let mut again = true;
        loop {
            let token = self.token().map_err(Trouble::LogIn)?;
            let bearer = Secret::new(format!("Bearer {}", token.expose()));
            let carrying = request.clone().header("authorization", &bearer).hiding(&token).stay();
            let reply = self.client.call(&self.site, &carrying).map_err(Trouble::Call)?;
            if reply.status() != 401 {
                return Ok(reply);
            }
            self.held().token = None;
            if !again {
                let what = format!("{} as {}", self.site.address.origin(), self.account);
                let why = format!("a new token is refused too: {}", said(&reply));
                return Err(Trouble::LogIn(MailFault::LogIn { what, why }));
            }
            again = false;
        }
    }

    /// Whose token is it? One for another account would read and write somebody else's mail.
    fn check(&self) -> Result<(), Trouble> {
        if self.held().checked {
            return Ok(());
        }
        self.profile().map_err(Trouble::LogIn).map(drop)
    }

    /// The account, and where its history stands now.
    pub fn profile(&self) -> Result<Profile, MailFault> {
        let reply = self.carry(&Request::get("/gmail/v1/users/me/profile"))?;
        let profile: Profile = self.shape(&reply)?;
        if !profile.email_address.eq_ignore_ascii_case(&self.account) {
            return Err(MailFault::Setup {
                what: self.what("profile"),
                why: format!(
                    "the credential is for {}, and mail.source.account says {}",
                    reply.scrub(&profile.email_address),
                    self.account
                ),
            });
        }
        self.held().checked = true;
        Ok(profile)
    }

    /// Read something. `Err` inside is an answer 400 or 404, which may mean something to the one who asks.
    pub fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<Result<T, Reply>, MailFault> {
        let reply = self.call(request)?;
        if matches!(reply.status(), 400 | 404) {
            return Ok(Err(reply));
        }
        self.shape(&reply).map(Ok)
    }

    /// Read something that is there.
    pub fn get<T: DeserializeOwned>(&self, request: &Request) -> Result<T, MailFault> {
        self.read(request)?.map_err(|reply| self.refusal(&reply))
    }

    /// The answer as what it should be. Its content is mail, and is not repeated in an error.
    pub fn shape<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, MailFault> {
        if !reply.ok() {
            return Err(self.refusal(reply));
        }
        object(reply.bytes()).ok_or_else(|| {
            let kind = if reply.is_html() { "a page of HTML" } else { "not what this service answers" };
            MailFault::Strange { what: reply.what().into(), why: format!("the answer is {kind}") }
        })
    }

    /// What a status that is no success means.
    pub fn refusal(&self, reply: &Reply) -> MailFault {
        let (what, status) = (reply.what().to_owned(), reply.status());
        let why = format!("status {status}: {}", said(reply));
        let text = reply.text();
        let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
        match status {
            401 => MailFault::LogIn { what, why },
            403 if has(&["ateLimitExceeded", "quotaExceeded", "RESOURCE_EXHAUSTED"]) => {
                MailFault::Throttled { what, why }
            }
            403 if has(&["insufficientPermissions", "insufficient authentication", "SCOPE_INSUFFICIENT"]) => {
                MailFault::LogIn { what, why: format!("{why}; the scopes are too narrow: {AGAIN}") }
            }
            404 | 410 => MailFault::NotFound { what, why },
            500.. => MailFault::NoAnswer { what, why },
            400..=499 => MailFault::Refused { what, why },
            _ => MailFault::Strange { what, why },
        }
    }
}

/// JSON that is an object of this shape. A list is none, although the library would take one.
pub(super) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(bytes).ok()
}

/// What the service says about an error, without secrets.
fn said(reply: &Reply) -> String {
    let message = object::<serde_json::Value>(reply.bytes())
        .and_then(|v| v.pointer("/error/message").and_then(|m| m.as_str()).map(str::to_owned));
    message.map_or_else(|| reply.excerpt(), |m| reply.scrub(&m))
}
