//! Private vulnerability reports of a public repository (intake page §2, §5): its advisories that wait for triage, and those
//! that were taken on. Read only. The service has no way to comment on an advisory by program, so whoever wrote one is
//! answered on its page, by hand.

mod letter;
mod progress;
mod shape;
#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeMap, sync::Arc};

use desk::mail::Address;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use self::{
    letter::Place as Written,
    shape::{Repository, is_ghsa},
};
use super::{Abilities, Cursor, Found, Mail, MailFault, Mailbox, NewDraft, Page, Place};
use crate::{
    host::github::{dressed, owner_and_name},
    net::{Client, Fault, Reply, Request, Secret, Site},
};

/// What the token needs, in the service's own words.
const NEEDS: &str = "give it \"Repository security advisories\" (read), and \"Administration\" (read) where its owner is \
                     no administrator of the repository";

/// Where advisories are read.
pub struct GhsaSource {
    /// The API.
    pub site: Site,
    /// Where people look: `https://github.com`.
    pub web: String,
    /// `owner/name`.
    pub repo: String,
    /// Whose eyes.
    pub token: Secret,
    /// Where the configuration names the token.
    pub key: String,
    /// Mail addresses of the team, by handle in small letters: what they write is theirs.
    pub team: BTreeMap<String, Address>,
}

/// The inbox.
pub struct Ghsa {
    client: Arc<Client>,
    source: GhsaSource,
    owner: String,
    name: String,
    host: String,
}

impl Ghsa {
    /// Advisories of that repository; nothing is asked yet.
    ///
    /// # Errors
    /// When it is no repository.
    pub fn new(client: Arc<Client>, source: GhsaSource) -> Result<Self, MailFault> {
        let (owner, name) = owner_and_name(&source.repo)
            .map_err(|why| MailFault::Setup { what: "upstream.repo".into(), why })?;
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let host = source.web.split_once("://").map_or(source.web.as_str(), |(_, h)| h);
        let host = host.split(['/', ':']).next().unwrap_or_default().to_owned();
        Ok(Self { owner, name, host, client, source })
    }

    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.name)
    }

    /// The page of an advisory.
    fn page_of(&self, ghsa: &str) -> String {
        format!(
            "{}/{}/{}/security/advisories/{ghsa}",
            self.source.web.trim_end_matches('/'),
            self.owner,
            self.name
        )
    }

    fn written<'a>(&'a self, team: &'a dyn Fn(&str) -> Option<Address>) -> Written<'a> {
        Written { host: &self.host, team }
    }

    fn member(&self, login: &str) -> Option<Address> {
        self.source.team.get(&login.to_lowercase()).cloned()
    }

    fn ask(&self, request: Request) -> Result<Reply, MailFault> {
        self.client.call(&self.source.site, &dressed(request, &self.source.token)).map_err(fault)
    }

    /// What a status that is no success means.
    fn refusal(&self, reply: &Reply) -> MailFault {
        let (what, status) = (reply.what().to_owned(), reply.status());
        let said = message(reply);
        let why = format!("status {status}: {said}");
        match status {
            401 => MailFault::LogIn { what, why: format!("{why}; renew the token of {}", self.source.key) },
            403 => MailFault::Refused {
                what,
                why: format!("{why}; the token of {} may not read advisories: {NEEDS}", self.source.key),
            },
            404 if !reply.is_html() => MailFault::NotFound {
                what,
                why: format!(
                    "{} has no advisories that the token of {} may see: {NEEDS}, or correct upstream.repo",
                    self.source.repo, self.source.key
                ),
            },
            500.. => MailFault::NoAnswer { what, why },
            _ => MailFault::Strange { what, why },
        }
    }

    fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, MailFault> {
        let reply = self.ask(request)?;
        if reply.status() != 200 {
            return Err(self.refusal(&reply));
        }
        fits(&reply)
    }

    /// Is it certain that the token sees every advisory? Those who may not are shown fewer, and never told so.
    fn shows_all(&self) -> Result<bool, MailFault> {
        Ok(self.read::<Repository>(Request::get(self.path("")))?.shows_all())
    }

    fn partial(&self) -> String {
        format!(
            "whether the token of {} sees every private report of {} cannot be told: {NEEDS}",
            self.source.key, self.source.repo
        )
    }

    fn no(&self, operation: &'static str) -> MailFault {
        MailFault::NotSupported { what: self.name(), operation }
    }
}

/// JSON of that shape.
fn fits<T: DeserializeOwned>(reply: &Reply) -> Result<T, MailFault> {
    let value = reply.json().map_err(fault)?;
    serde_json::from_value(value).map_err(|e| MailFault::Strange {
        what: reply.what().into(),
        why: format!("an answer that is no advisory: {}", reply.scrub(&e.to_string())),
    })
}

/// What the service says about an error.
fn message(reply: &Reply) -> String {
    let said = reply.json().ok().and_then(|v| v.get("message")?.as_str().map(str::to_owned));
    said.map_or_else(|| reply.excerpt(), |m| reply.scrub(&m))
}

fn fault(f: Fault) -> MailFault {
    MailFault::of_request(f)
}

impl Mailbox for Ghsa {
    fn name(&self) -> String {
        format!("private reports of {} at {}", self.source.repo, self.host)
    }

    fn can(&self) -> Abilities {
        Abilities { list_recent: true, read: true, ..Abilities::default() }
    }

    fn probe(&self) -> Vec<Result<String, MailFault>> {
        let open = match self.count() {
            Ok(n) => n,
            Err(f) => return vec![Err(f)],
        };
        let mut out = vec![match self.shows_all() {
            Ok(true) => Ok(format!("{}: {open} wait or are being worked on", self.name())),
            Ok(false) => Err(MailFault::Refused { what: self.name(), why: self.partial() }),
            Err(f) => Err(f),
        }];
        #[derive(serde::Deserialize)]
        struct Reporting {
            enabled: bool,
        }
        // Where nobody can tell, nothing is said: reports that are there are read all the same.
        let reporting = self.read::<Reporting>(Request::get(self.path("/private-vulnerability-reporting")));
        if let Ok(Reporting { enabled: false }) = reporting {
            out.push(Err(MailFault::Refused {
                what: self.name(),
                why: "private vulnerability reporting is switched off, so nobody can report anything there: switch it \
                      on in the security settings of the repository"
                    .into(),
            }));
        }
        out
    }

    fn page(&self, cursor: Option<&Cursor>, _: Option<Timestamp>) -> Result<Page, MailFault> {
        self.next(cursor)
    }

    fn fetch(&self, message_id: &str) -> Result<Option<Mail>, MailFault> {
        let ghsa = message_id.strip_suffix(&self.host).and_then(|m| m.strip_suffix('@'));
        let Some(ghsa) = ghsa.filter(|g| is_ghsa(g)) else { return Ok(None) };
        Ok(self.one(ghsa)?.map(|a| self.mail(&a)))
    }

    fn find(&self, _: Place, _: &str) -> Result<Option<Found>, MailFault> {
        Err(self.no("keep letters"))
    }

    fn drafts(&self) -> Result<Vec<Mail>, MailFault> {
        Err(self.no("list drafts"))
    }

    fn create_draft(&self, _: &NewDraft<'_>) -> Result<Found, MailFault> {
        Err(self.no("keep a draft: an advisory cannot be commented on by program"))
    }

    fn thread_url(&self, message_id: &str) -> Result<Option<String>, MailFault> {
        let ghsa = message_id.split(['@', '.']).next().filter(|g| is_ghsa(g));
        Ok(ghsa.map(|g| self.page_of(g)))
    }
}
