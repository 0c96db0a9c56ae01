//! Vulnogram as the Apache Software Foundation runs it (CVE page §11): a session cookie captured by hand after the log-in, a
//! token on the page, lists of envelopes, and a save that replaces the whole record and checks nothing. So everything is
//! checked here: read before and after, merged, guarded, and written only where something differs, because each change of a
//! state mails people.

use std::sync::{Arc, LazyLock};

use desk::{
    case::{Record, RecordStage},
    cve::authority::{
        AuthorityError, Capabilities, CveAuthority, Prefer, Prepared, Reserved, Submission, Submitted,
        as_kept, merge, prepare, rise, same_id, stage_of, unwrap_envelope, with_stage,
    },
};
use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

use super::{error, history};
use crate::net::{
    Client, Fault, Looked, Method, Redirect, Reply, Request, Secret, SecretError, Site, is_cve,
};

/// Requests a minute the tool accepts.
pub const PER_MINUTE: u32 = 200;
const WHO: &str = "Vulnogram";
const COOKIE: &str = "connect.sid";

/// A log-in, captured by hand.
#[derive(Clone)]
pub struct Session(pub(super) Secret, Secret);

impl Session {
    /// Read a session: the cookie's value, `name=value`, or JSON with `session_cookie_name` and `session_cookie_value`.
    ///
    /// # Errors
    /// When there is no cookie in it.
    pub fn read(secret: &Secret) -> Result<Self, SecretError> {
        let text = secret.expose().trim();
        let empty = || SecretError::Empty("the session".into());
        let cookie = if text.starts_with('{') {
            let v: Value = serde_json::from_str(text).map_err(|_| empty())?;
            let word = |k: &str| v.get(k).and_then(Value::as_str).map(str::trim).filter(|s| !s.is_empty());
            let value = word("session_cookie_value").ok_or_else(empty)?;
            format!("{}={value}", word("session_cookie_name").unwrap_or(COOKIE))
        } else if text.starts_with(&format!("{COOKIE}=")) {
            text.to_owned()
        } else {
            format!("{COOKIE}={text}")
        };
        if cookie.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, ';' | ',')) {
            return Err(SecretError::Control("the session".into()));
        }
        let value = cookie.split_once('=').map_or(cookie.as_str(), |(_, v)| v).to_owned();
        Ok(Self(Secret::new(cookie), Secret::new(value)))
    }
}

/// One tool, one session.
pub struct Vulnogram {
    client: Arc<Client>,
    site: Site,
    session: Session,
}

impl Vulnogram {
    /// Use that client, address and session.
    #[must_use]
    pub fn new(client: Arc<Client>, mut site: Site, session: Session) -> Self {
        site.per_minute = Some(site.per_minute.unwrap_or(PER_MINUTE));
        Self { client, site, session }
    }

    /// Time spent waiting for the tool's rate.
    #[cfg(test)]
    pub(crate) fn waited(&self) -> std::time::Duration {
        self.client.counts().waited
    }

    fn get(&self, path: String) -> Result<Reply, AuthorityError> {
        let request = Request::get(path).header("cookie", &self.session.0).hiding(&self.session.1).stay();
        let reply = self.client.call(&self.site, &request).map_err(trouble)?;
        match reply.status() {
            200 => Ok(reply),
            401 | 403 => Err(expired(&reply)),
            _ => Err(error(WHO, reply.refusal())),
        }
    }

    /// Body and version of the record; none when the tool has none.
    fn read(&self, cve: &str) -> Result<Option<(Value, String)>, AuthorityError> {
        known(cve)?;
        let reply = self.get(format!("/cve5/json/{cve}"))?;
        let strange = |why: String| error(WHO, Fault::unexpected(&reply, why));
        let found = unwrap_envelope(reply.json().map_err(|f| error(WHO, f))?).map_err(strange)?;
        if let Some((body, _)) = &found {
            // An answer about another record is no answer.
            same_id(body, cve).map_err(strange)?;
        }
        Ok(found.map(|(body, version)| (as_kept(body), version)))
    }

    fn there(&self, cve: &str) -> Result<(Value, String), AuthorityError> {
        self.read(cve)?.ok_or_else(|| AuthorityError::Absent { who: WHO.into(), cve: cve.into() })
    }

    /// The record after a save, with its version: from the history, when the record has none and that before came from there.
    fn after(&self, cve: &str, before: &str) -> Result<(Value, String), AuthorityError> {
        let (body, mut version) = self.there(cve)?;
        if version.is_empty() && !before.is_empty() {
            version = self.logged(cve).unwrap_or_default();
        }
        Ok((body, version))
    }

    /// The latest version of which the tool's history tells; none when there is no history.
    fn logged(&self, cve: &str) -> Option<String> {
        let log = self.get(format!("/cve5/log/{cve}")).ok()?.json().ok()?;
        let versions = log.as_array()?.iter().filter_map(|e| e.get("__v")?.as_u64());
        Some(versions.max().unwrap_or(0).to_string())
    }

    fn token(&self, cve: &str) -> Result<Secret, AuthorityError> {
        static TOKEN: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r#"\bcsrfToken\s*[=:]\s*["']([A-Za-z0-9_.+/=-]{8,200})["']"#).ok());
        let reply = self.get(format!("/cve5/{cve}"))?;
        let text = reply.text();
        let found = TOKEN.as_ref().and_then(|r| r.captures(&text)).and_then(|c| c.get(1));
        found.map(|t| Secret::new(t.as_str().to_owned())).ok_or_else(|| AuthorityError::Unreachable {
            who: WHO.into(),
            why: format!("{}: the page holds no token, so nothing can be saved", reply.what()),
        })
    }

    /// What stands there now: what we wanted, what stood there before, or something else.
    fn look(&self, cve: &str, before: &Value, wanted: &Value) -> Result<Looked<()>, AuthorityError> {
        let (now, _) = self.there(cve)?;
        Ok(if now == *wanted {
            Looked::Made(())
        } else if now == *before {
            Looked::NotMade
        } else {
            Looked::CannotTell(format!("somebody else changed {cve} at the same time"))
        })
    }

    fn save(&self, cve: &str, token: &Secret, before: &Value, body: &Value) -> Result<(), AuthorityError> {
        let request = Request::new(Method::Post, format!("/cve5/{cve}"))
            .header("cookie", &self.session.0)
            .hiding(&self.session.1)
            .header("csrf-token", token)
            .json(body)
            .stay();
        let look = || {
            self.look(cve, before, body)
                .map_err(|e| Fault::Unexpected { what: cve.to_owned(), why: e.to_string() })
        };
        let doubtful = match self.client.change(&self.site, &request, look) {
            Ok(Err(())) => return Ok(()),
            Ok(Ok(reply)) => match verdict(&reply) {
                Ok(()) => return Ok(()),
                Err(Some(e)) => return Err(e),
                Err(None) => format!("{}: status {}: {}", reply.what(), reply.status(), reply.excerpt()),
            },
            Err(Fault::Redirected { what, to }) => match (&to, is_login(&to)) {
                (_, true) => return Err(trouble(Fault::Redirected { what, to })),
                (_, false) => format!("{what}: {to}"),
            },
            Err(f) => return Err(trouble(f)),
        };
        // The answer says nothing that makes sense: what counts is what stands there.
        let who = || WHO.to_owned();
        match self.look(cve, before, body) {
            Ok(Looked::Made(())) => Ok(()),
            Ok(Looked::NotMade) => Err(AuthorityError::Unreachable { who: who(), why: doubtful }),
            Ok(Looked::CannotTell(why)) => {
                Err(AuthorityError::CannotTell { who: who(), why: format!("{doubtful}; {why}") })
            }
            Err(e) => Err(AuthorityError::CannotTell { who: who(), why: format!("{doubtful}; {e}") }),
        }
    }

    fn submit(
        &self,
        cve: &str,
        decide: &dyn Fn(&Value) -> Result<Prepared, AuthorityError>,
    ) -> Result<Submitted, AuthorityError> {
        let (theirs, version) = self.there(cve)?;
        let mut p = decide(&theirs)?;
        if !p.differs {
            return Ok(Submitted { state: p.state, version, wrote: false, holds: p.holds, notes: p.notes });
        }
        let token = self.token(cve)?;
        // Between two readings that agree the history says which version they are of.
        let logged = if version.is_empty() { self.logged(cve) } else { None };
        // Read again right before the save: the tool itself compares no versions.
        let (before, mut version) = self.there(cve)?;
        if version.is_empty() && before == theirs {
            version = logged.unwrap_or_default();
        }
        if before != theirs {
            p = decide(&before)?;
            if !p.differs {
                return Ok(Submitted {
                    state: p.state,
                    version,
                    wrote: false,
                    holds: p.holds,
                    notes: p.notes,
                });
            }
        }
        self.save(cve, &token, &before, &p.body)?;
        // From here on something was written, and no error may say otherwise.
        let untold = |why: String| AuthorityError::CannotTell { who: WHO.into(), why };
        let over = |why: String| AuthorityError::Overwrote { who: WHO.into(), cve: cve.into(), why };
        let mut from = (before, version);
        let mut after = self
            .after(cve, &from.1)
            .map_err(|e| untold(format!("it was saved and cannot be read back: {e}")))?;
        if after.1.is_empty() || after.1 == from.1 {
            p.notes.push(
                "the tool names no versions: what somebody else saved at the same moment would not be seen"
                    .into(),
            );
        }
        let mut rounds = 0;
        while let Some(lost) = self.overwritten(cve, &from, &p.body, &after).map_err(over)? {
            let theirs = format!("what was saved between version {} and {}", from.1, after.1);
            rounds += 1;
            if rounds > ROUNDS {
                return Err(over(format!("{theirs}, after {ROUNDS} tries to merge")));
            }
            let put = |body: &Value| {
                self.save(cve, &token, &after.0, body)
                    .map_err(|e| over(format!("{theirs}, which could not be put back: {e}")))
            };
            // What we wrote over, merged with what we wrote: their changes since our reading, and ours.
            let m = merge(Some(&from.0), &p.body, &lost, Prefer::Neither);
            // What was merged in before is theirs, too: a second clash is not ours to judge.
            if rounds > 1 && !m.conflicts.is_empty() {
                return Err(over(format!("{theirs}, the second time")));
            }
            let (has, stage) = (stage_of(&lost), stage_of(&lost).max(p.state));
            let public = has == RecordStage::Public && p.state < RecordStage::Public;
            let untouchable = public || p.state != RecordStage::Retracted && rise(has, p.state).is_none();
            if untouchable || !m.conflicts.is_empty() {
                // Both wrote the same place at the same moment: theirs goes back as it was, in no lower state.
                let back = if untouchable { lost } else { with_stage(lost, stage) };
                put(&back)?;
                return Err(if untouchable {
                    let why = format!("somebody else made {cve} {} at the same moment", has.as_str());
                    AuthorityError::Refused { who: WHO.into(), why }
                } else if stage != has {
                    untold(format!(
                        "{theirs} is somebody else's and stands in {cve}, but its state was raised"
                    ))
                } else {
                    AuthorityError::Conflict { who: WHO.into(), fields: m.conflicts }
                });
            }
            p.body = with_stage(m.record, stage);
            p.state = stage;
            p.notes.push("somebody else saved at the same moment, and theirs is merged in".into());
            if p.body == after.0 {
                break;
            }
            put(&p.body)?;
            from = after;
            after = self
                .after(cve, &from.1)
                .map_err(|e| untold(format!("it was merged and cannot be read back: {e}")))?;
        }
        if after.0 != p.body {
            // Somebody saved after us. What we brought has to be in there all the same.
            let changed =
                |why: &str| untold(format!("{cve} was saved, and changed by somebody else at once{why}"));
            let again = decide(&after.0).map_err(|e| changed(&format!(": {e}")))?;
            if again.differs || again.state < p.state {
                return Err(changed(""));
            }
            p.notes.push("somebody else changed the record right after".into());
        }
        Ok(Submitted {
            state: stage_of(&after.0),
            version: after.1,
            wrote: true,
            holds: p.holds,
            notes: p.notes,
        })
    }

    /// What somebody else saved between our reading and our save, which ours went over: the tool compares no versions, so
    /// the gap in them tells, and its history says what was in it. Where answers hold no versions nobody can know.
    fn overwritten(
        &self,
        cve: &str,
        before: &(Value, String),
        ours: &Value,
        after: &(Value, String),
    ) -> Result<Option<Value>, String> {
        let (Ok(from), Ok(to)) = (before.1.parse::<u64>(), after.1.parse::<u64>()) else { return Ok(None) };
        if to.saturating_sub(from) <= 1 {
            return Ok(None);
        }
        let what = |why: String| format!("their version is between {from} and {to}; {why}");
        let log = self.get(format!("/cve5/log/{cve}")).map_err(|e| what(e.to_string()))?;
        let log = as_kept(log.json().map_err(|f| what(f.to_string()))?);
        let lost = history::overwritten(&log, (&before.0, from), ours, (&after.0, to)).map_err(what)?;
        if lost == before.0 {
            return Ok(None);
        }
        if after.0 != *ours {
            return Err(what("and somebody saved after us as well".into()));
        }
        Ok(Some(lost))
    }
}

/// How often a record is merged anew with what others save at the same moment.
const ROUNDS: usize = 3;

fn known(cve: &str) -> Result<(), AuthorityError> {
    if is_cve(cve) {
        return Ok(());
    }
    Err(AuthorityError::Refused { who: WHO.into(), why: format!("`{cve}` is no CVE id") })
}

/// What the answer to a save says: done; refused; or nothing that makes sense.
fn verdict(reply: &Reply) -> Result<(), Option<AuthorityError>> {
    let refused = |why: String| Some(AuthorityError::Refused { who: WHO.into(), why });
    match reply.status() {
        200..300 => {}
        401 => return Err(Some(expired(reply))),
        403 => return Err(refused(format!("status 403: {}", reply.excerpt()))),
        s @ 400..500 => return Err(refused(format!("status {s}: {}", reply.excerpt()))),
        _ => return Err(None),
    }
    let Ok(json) = reply.json() else { return Err(None) };
    match json.get("type").and_then(Value::as_str) {
        Some("saved") => Ok(()),
        Some("err") => {
            let msg = json.get("msg").and_then(Value::as_str).unwrap_or("it gives no reason");
            Err(refused(reply.scrub(msg)))
        }
        // `go` says that the record was renamed, which is never what was asked.
        _ => Err(None),
    }
}

/// A redirect away from the tool, or to its log-in, means the session is over.
fn is_login(to: &Redirect) -> bool {
    match to {
        Redirect::OtherHost(_) => true,
        Redirect::Page(p) => p.contains("/login") || p.contains("/auth"),
        Redirect::Loop | Redirect::Nowhere => false,
    }
}

fn trouble(fault: Fault) -> AuthorityError {
    match &fault {
        Fault::Redirected { to, .. } if is_login(to) => {
            AuthorityError::Expired { who: WHO.into(), why: format!("it asks for a log-in ({to})") }
        }
        _ => error(WHO, fault),
    }
}

fn expired(reply: &Reply) -> AuthorityError {
    AuthorityError::Expired {
        who: WHO.into(),
        why: format!("status {}: {}", reply.status(), reply.excerpt()),
    }
}

fn by_hand() -> AuthorityError {
    AuthorityError::NotSupported {
        who: WHO.into(),
        instead: "a governance member submits its form; `tipstaff allocate N` prints the title to paste"
            .into(),
    }
}

impl CveAuthority for Vulnogram {
    fn name(&self) -> String {
        format!("{WHO} at {}", self.site.address.host())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { reserves: false, drafts: true, publishes: true, retracts: true }
    }

    fn probe(&self) -> Result<String, AuthorityError> {
        let request =
            Request::get("/cve5/new").header("cookie", &self.session.0).hiding(&self.session.1).stay();
        match self.client.call(&self.site, &request) {
            Ok(r) if r.ok() => Ok("the session is let in".into()),
            Ok(r) if matches!(r.status(), 401 | 403) => Err(expired(&r)),
            Ok(r) => Err(error(WHO, r.refusal())),
            Err(Fault::Redirected { to, .. }) if !is_login(&to) && to != Redirect::Loop => {
                Ok("the session is let in".into())
            }
            Err(f) => Err(trouble(f)),
        }
    }

    fn fetch(&self, cve: &str) -> Result<Option<Record>, AuthorityError> {
        let found = self.read(cve)?;
        Ok(found.map(|(body, version)| Record {
            state: stage_of(&body),
            json: Some(body),
            version,
            ..Record::default()
        }))
    }

    fn reserve(&self, _year: i16) -> Result<Reserved, AuthorityError> {
        Err(by_hand())
    }

    fn reserved_since(&self, _since: Timestamp) -> Result<Vec<String>, AuthorityError> {
        Err(by_hand())
    }

    fn push(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError> {
        known(s.cve)?;
        self.submit(s.cve, &|theirs| prepare(WHO, &s, theirs, false))
    }

    fn publish(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError> {
        known(s.cve)?;
        let mut done = self.submit(s.cve, &|theirs| prepare(WHO, &s, theirs, true))?;
        done.notes.push("cve.org says when the public can read it".into());
        Ok(done)
    }

    fn retract(&self, cve: &str, _reason: &str) -> Result<Submitted, AuthorityError> {
        known(cve)?;
        self.submit(cve, &|theirs| {
            let has = stage_of(theirs);
            match has {
                RecordStage::Public => {
                    Err(AuthorityError::AlreadyPublic { who: WHO.into(), cve: cve.into() })
                }
                RecordStage::Unknown => Err(AuthorityError::Refused {
                    who: WHO.into(),
                    why: format!("{cve} is in a state this program does not know"),
                }),
                _ => {
                    let body = with_stage(theirs.clone(), RecordStage::Retracted);
                    let differs = body != *theirs;
                    Ok(Prepared {
                        body,
                        state: RecordStage::Retracted,
                        differs,
                        holds: true,
                        notes: Vec::new(),
                    })
                }
            }
        })
    }
}
