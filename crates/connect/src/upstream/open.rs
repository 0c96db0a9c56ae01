//! Opening a pull request (decisions page §4): the forge's own form, filled in, where a person presses the button; or by its
//! API. Every word of either is cleared for the public before it comes here, the names of the branches too.

use std::sync::Arc;

use desk::{
    confidential::{Cleared, Public},
    percent::encoded,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    host::github::{dressed, owner_and_name},
    net::{Client, Fault, Looked, Method, Reply, Request, Secret, Site},
};

/// Longest address that a forge's form takes, in bytes.
const LONGEST: usize = 7_500;

/// A pull request to be opened.
pub struct NewPull<'a> {
    /// The branch it is for.
    pub base: &'a Cleared<Public>,
    /// Whose fork the branch is in; empty for the repository itself.
    pub fork: &'a Cleared<Public>,
    /// The branch.
    pub head: &'a Cleared<Public>,
    /// Title.
    pub title: &'a Cleared<Public>,
    /// Text.
    pub body: &'a Cleared<Public>,
    /// As a draft?
    pub draft: bool,
}

impl NewPull<'_> {
    fn label(&self, owner: &str) -> String {
        let fork = self.fork.as_str();
        format!("{}:{}", if fork.is_empty() { owner } else { fork }, self.head.as_str())
    }

    /// Names that git would take, so that none of them leads to another page.
    fn check(&self) -> Result<(), String> {
        let branch = |name: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+".contains(c);
            !name.is_empty()
                && name.len() <= 200
                && name.chars().all(plain)
                && !name.contains("..")
                && !name.starts_with(['-', '/', '.'])
                && !name.ends_with(['/', '.'])
                && !name.contains("//")
        };
        let user =
            |name: &str| name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        for name in [self.base, self.head] {
            if !branch(name.as_str()) {
                return Err("a branch has a name that does not fit into an address; rename it".into());
            }
        }
        if !user(self.fork.as_str()) {
            return Err("the fork is not named by its owner".into());
        }
        if self.title.as_str().trim().is_empty() {
            return Err("a pull request needs a title".into());
        }
        Ok(())
    }
}

/// The form of the forge, filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its address.
    pub url: String,
    /// Was the text too long for an address? Then a person pastes it.
    pub without_body: bool,
}

/// The form that opens it, at the forge whose pages begin with `web`.
///
/// # Errors
/// Why there is none.
pub fn form(web: &str, repo: &str, pull: &NewPull<'_>) -> Result<Form, String> {
    let (owner, name) = owner_and_name(repo)?;
    pull.check()?;
    let base = encoded(pull.base.as_str(), b"/");
    let fork = pull.fork.as_str();
    let head = if fork.is_empty() || fork.eq_ignore_ascii_case(owner) {
        encoded(pull.head.as_str(), b"/")
    } else {
        format!("{fork}:{}", encoded(pull.head.as_str(), b"/"))
    };
    let web = web.trim_end_matches('/');
    let url = format!(
        "{web}/{owner}/{name}/compare/{base}...{head}?quick_pull=1&title={}",
        encoded(pull.title.as_str().trim(), b"")
    );
    let whole = format!("{url}&body={}", encoded(pull.body.as_str(), b""));
    if whole.len() <= LONGEST {
        Ok(Form { url: whole, without_body: false })
    } else if url.len() <= LONGEST {
        Ok(Form { url, without_body: true })
    } else {
        Err("the title is too long for an address".into())
    }
}

/// A pull request that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub number: u64,
    /// Its address.
    pub url: String,
    /// Was it there before?
    pub was_there: bool,
}

/// Opens pull requests of one public repository by its API.
pub struct Opener {
    client: Arc<Client>,
    site: Site,
    web: String,
    owner: String,
    name: String,
    token: Secret,
    key: &'static str,
}

impl Opener {
    /// `owner/name`, whose pages begin with `web`.
    ///
    /// # Errors
    /// When the repository is not `owner/name`.
    pub fn new(
        client: Arc<Client>,
        site: Site,
        web: &str,
        repo: &str,
        token: Secret,
        key: &'static str,
    ) -> Result<Self, String> {
        let (owner, name) = owner_and_name(repo)?;
        let (owner, name) = (owner.to_owned(), name.to_owned());
        Ok(Self { client, site, web: web.trim_end_matches('/').into(), owner, name, token, key })
    }

    /// Open it. However often this is asked, there is one: it is looked up by its branch first, and again when the answer is
    /// lost.
    ///
    /// # Errors
    /// [`Fault`]; nothing was made unless it is [`Fault::UnknownOutcome`].
    pub fn open(&self, pull: &NewPull<'_>) -> Result<Opened, Fault> {
        pull.check().map_err(Fault::Setup)?;
        if let Some(there) = self.find(pull, None)? {
            return Ok(there);
        }
        let label = pull.label(&self.owner);
        let head = if pull.fork.as_str().is_empty() { pull.head.as_str() } else { &label };
        let body = json!({"title": pull.title.as_str().trim(), "body": pull.body.as_str(), "head": head,
            "base": pull.base.as_str(), "draft": pull.draft, "maintainer_can_modify": true});
        let request = Request::new(Method::Post, self.path()).json(&body);
        let look = || Ok(self.find(pull, None)?.map_or(Looked::NotMade, Looked::Made));
        let reply = match self.client.change(&self.site, &dressed(request, &self.token), look)? {
            Ok(reply) => reply,
            Err(found) => return Ok(Opened { was_there: false, ..found }),
        };
        match reply.status() {
            201 => {
                let made = reply.json().ok().and_then(|v| self.read(&v, &label, false, None));
                made.ok_or_else(|| Fault::unexpected(&reply, "an answer that is no pull request"))
            }
            401 => Err(Fault::Setup(format!("the token of {} is not accepted; renew it", self.key))),
            // Somebody opened it in between; or the branch is not there, which the answer says.
            422 => self.find(pull, None)?.ok_or_else(|| self.refused(&reply)),
            400..=499 => Err(self.refused(&reply)),
            _ => Err(reply.refusal()),
        }
    }

    /// The open pull request of that branch, if there is one.
    ///
    /// # Errors
    /// [`Fault`], when it cannot be told.
    pub fn there(&self, pull: &NewPull<'_>) -> Result<Option<Opened>, Fault> {
        pull.check().map_err(Fault::Setup)?;
        self.find(pull, None)
    }

    /// The one that was opened for that branch since then, whatever became of it, or an older one that is open.
    ///
    /// # Errors
    /// [`Fault`], when it cannot be told.
    pub fn opened_since(&self, pull: &NewPull<'_>, since: Timestamp) -> Result<Option<Opened>, Fault> {
        pull.check().map_err(Fault::Setup)?;
        self.find(pull, Some(since))
    }

    /// The open pull request of that branch, or the one that was opened since.
    fn find(&self, pull: &NewPull<'_>, since: Option<Timestamp>) -> Result<Option<Opened>, Fault> {
        let label = pull.label(&self.owner);
        let request = Request::get(self.path())
            .query("head", label.clone())
            .query("base", pull.base.as_str())
            .query("state", if since.is_some() { "all" } else { "open" })
            .query("per_page", "100");
        let reply = self.client.call(&self.site, &dressed(request, &self.token))?;
        match reply.status() {
            200 => {}
            401 => return Err(Fault::Setup(format!("the token of {} is not accepted; renew it", self.key))),
            _ => return Err(reply.refusal()),
        }
        let value = reply.json()?;
        let Some(all) = value.as_array() else {
            return Err(Fault::unexpected(&reply, "an answer that is no list of pull requests"));
        };
        // A filter that was not understood lists them all.
        let open = all.iter().find_map(|v| self.read(v, &label, true, None));
        Ok(open.or_else(|| all.iter().find_map(|v| self.read(v, &label, true, since))))
    }

    fn read(&self, v: &Value, label: &str, was_there: bool, since: Option<Timestamp>) -> Option<Opened> {
        let number = v.get("number").and_then(Value::as_u64)?;
        let same =
            v.pointer("/head/label").and_then(Value::as_str).is_some_and(|l| l.eq_ignore_ascii_case(label));
        let made = || v.get("created_at").and_then(Value::as_str).and_then(|t| t.parse::<Timestamp>().ok());
        let open = v.get("state").and_then(Value::as_str) == Some("open")
            || since.is_some_and(|since| made().is_some_and(|at| at >= since));
        let url = format!("{}/{}/{}/pull/{number}", self.web, self.owner, self.name);
        (same && open).then_some(Opened { number, url, was_there })
    }

    fn path(&self) -> String {
        format!("/repos/{}/{}/pulls", self.owner, self.name)
    }

    /// The service said no, and made nothing.
    fn refused(&self, reply: &Reply) -> Fault {
        let words = reply.json().ok().map(|v| {
            let said = v.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            let more = v.pointer("/errors/0").map(|e| {
                let of = |k: &str| e.get(k).and_then(Value::as_str).unwrap_or_default();
                [of("field"), of("code"), of("message")].join(" ").trim().to_owned()
            });
            format!("{said} {}", more.unwrap_or_default())
        });
        let why = reply.scrub(&words.unwrap_or_else(|| reply.excerpt()));
        let hint = if reply.status() == 403 { "; its token needs pull requests (write)" } else { "" };
        Fault::Setup(format!("{}: status {}: {why}{hint} ({})", reply.what(), reply.status(), self.key))
    }
}

#[cfg(test)]
pub(crate) mod tests;
