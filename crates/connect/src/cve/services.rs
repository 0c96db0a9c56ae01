//! CVE Services (CVE page §11): ids are reserved, records published, updated and rejected. It keeps no drafts; the first
//! publication makes a record public. A reservation is the one request that cannot be repeated: it is never tried twice.

use std::sync::Arc;

use desk::{
    case::{Record, RecordStage},
    cve::authority::{
        AuthorityError, Capabilities, CveAuthority, Prefer, Reserved, Submission, Submitted, advisory_there,
        as_kept, merge, packages_changed, same_id,
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{NO_ID, NO_RECORD, error};
use crate::net::{Client, Fault, Looked, Method, Reply, Request, Secret, Site, is_cve};

const WHO: &str = "CVE Services";
/// Pages of reserved ids that are read.
const PAGES: u32 = 40;

/// Whose requests these are.
#[derive(Clone)]
pub struct Key {
    /// The user, an address.
    pub user: Secret,
    /// The organisation's short name.
    pub org: String,
    /// The key.
    pub key: Secret,
}

/// One service, one key.
pub struct CveServices {
    client: Arc<Client>,
    site: Site,
    key: Key,
}

impl CveServices {
    /// Use that client, address and key.
    #[must_use]
    pub fn new(client: Arc<Client>, site: Site, key: Key) -> Self {
        Self { client, site, key }
    }

    fn request(&self, method: Method, path: impl Into<String>) -> Request {
        Request::new(method, path)
            .header("cve-api-user", &self.key.user)
            .open_header("cve-api-org", self.key.org.clone())
            .header("cve-api-key", &self.key.key)
    }

    fn call(&self, request: &Request) -> Result<Reply, AuthorityError> {
        self.client.call(&self.site, request).map_err(|f| error(WHO, f))
    }

    /// JSON of a reading request; none when the service says that there is no such id or record.
    fn read(&self, request: &Request, absent: &str) -> Result<Option<(Value, Reply)>, AuthorityError> {
        let reply = self.call(request)?;
        if reply.status() == 404 && code(&reply) == absent {
            return Ok(None);
        }
        if !reply.ok() {
            return Err(said_no(&reply));
        }
        let json = reply.json().map_err(|f| error(WHO, f))?;
        Ok(Some((json, reply)))
    }

    fn id(&self, cve: &str) -> Result<Option<RecordStage>, AuthorityError> {
        let Some((json, reply)) = self.read(&self.request(Method::Get, format!("/cve-id/{cve}")), NO_ID)?
        else {
            return Ok(None);
        };
        if json.get("cve_id").and_then(Value::as_str) != Some(cve) {
            return Err(error(WHO, Fault::unexpected(&reply, format!("the answer is not about {cve}"))));
        }
        match json.get("state").and_then(Value::as_str) {
            Some("RESERVED") => Ok(Some(RecordStage::Allocated)),
            Some("PUBLISHED") => Ok(Some(RecordStage::Public)),
            Some("REJECTED") => Ok(Some(RecordStage::Retracted)),
            _ => Err(error(WHO, Fault::unexpected(&reply, format!("it names no state of {cve}")))),
        }
    }

    fn record(&self, cve: &str) -> Result<Option<Value>, AuthorityError> {
        let request = self.request(Method::Get, format!("/cve/{cve}"));
        let Some((json, reply)) = self.read(&request, NO_RECORD)? else { return Ok(None) };
        same_id(&json, cve).map_err(|why| error(WHO, Fault::unexpected(&reply, why)))?;
        Ok(Some(as_kept(json)))
    }

    fn there(&self, cve: &str) -> Result<Record, AuthorityError> {
        let found = self.fetch(cve)?;
        found.ok_or_else(|| AuthorityError::Absent { who: WHO.into(), cve: cve.into() })
    }

    /// Make a change and look at what stands there whenever the answer is not plain.
    fn write(
        &self,
        request: &Request,
        look: &dyn Fn() -> Result<Looked<()>, AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let fault = |e: AuthorityError| Fault::Unexpected { what: String::new(), why: e.to_string() };
        let doubtful = match self.client.change(&self.site, request, || look().map_err(fault)) {
            Ok(Err(())) => return Ok(()),
            Ok(Ok(reply)) if reply.ok() => match reply.json() {
                Ok(v) if v.get("message").is_some() => return Ok(()),
                _ => format!("{}: an answer without its message: {}", reply.what(), reply.excerpt()),
            },
            Ok(Ok(reply)) if (400..500).contains(&reply.status()) => return Err(said_no(&reply)),
            Ok(Ok(reply)) => format!("{}: status {}", reply.what(), reply.status()),
            Err(f @ Fault::Redirected { .. }) => f.to_string(),
            Err(f) => return Err(error(WHO, f)),
        };
        let who = || WHO.to_owned();
        match look() {
            Ok(Looked::Made(())) => Ok(()),
            Ok(Looked::NotMade) => Err(AuthorityError::Unreachable { who: who(), why: doubtful }),
            Ok(Looked::CannotTell(why)) => {
                Err(AuthorityError::CannotTell { who: who(), why: format!("{doubtful}; {why}") })
            }
            Err(e) => Err(AuthorityError::CannotTell { who: who(), why: format!("{doubtful}; {e}") }),
        }
    }
}

/// The container as the service keeps it: without what it sets itself, and with every text trimmed. Compared in any other
/// form, what was sent would not read back as it was sent.
fn container(record: &Value) -> Value {
    let mut cna = record.pointer("/containers/cna").cloned().unwrap_or_default();
    if let Value::Object(o) = &mut cna {
        o.remove("providerMetadata");
    }
    trim(&mut cna);
    as_kept(cna)
}

/// What the service's language calls white space: U+FEFF, and not U+0085.
fn is_blank(c: char) -> bool {
    c == '\u{feff}' || c.is_whitespace() && c != '\u{85}'
}

fn trim(v: &mut Value) {
    match v {
        Value::String(s) => {
            let short = s.trim_matches(is_blank);
            if short.len() < s.len() {
                *s = short.to_owned();
            }
        }
        Value::Array(a) => a.iter_mut().for_each(trim),
        Value::Object(o) => o.values_mut().for_each(trim),
        _ => {}
    }
}

fn whole(cve: &str, cna: &Value) -> Value {
    json!({"cveMetadata": {"cveId": cve}, "containers": {"cna": cna}})
}

/// What both sides make of it; the service's own keys do not take part.
fn merged(s: &Submission<'_>, theirs: &Value) -> Result<(Value, Vec<String>), AuthorityError> {
    let base = s.base.map(|b| whole(s.cve, &container(b)));
    let prefer = s.over.map_or(Prefer::Neither, |o| o.prefer(theirs));
    let theirs = whole(s.cve, &container(theirs));
    let m = merge(base.as_ref(), &whole(s.cve, &container(s.ours)), &theirs, prefer);
    if !m.conflicts.is_empty() {
        return Err(AuthorityError::Conflict { who: WHO.into(), fields: m.conflicts });
    }
    let mut notes = Vec::new();
    if !m.kept.is_empty() {
        notes.push(format!("kept as changed there: {}", m.kept.join(", ")));
    }
    if !m.replaced.is_empty() {
        notes.push(format!("replaced what stood there: {}", m.replaced.join(", ")));
    }
    Ok((container(&m.record), notes))
}

/// The code of an error answer.
fn code(reply: &Reply) -> String {
    let json = reply.json().unwrap_or_default();
    json.get("error").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn said_no(reply: &Reply) -> AuthorityError {
    let who = WHO.to_owned();
    let json = reply.json().unwrap_or_default();
    let word = |k: &str| json.get(k).and_then(Value::as_str).unwrap_or_default();
    let mut why = format!("{}: {} {}", reply.status(), word("error"), word("message"));
    if let Some(details) = json.get("details").filter(|d| !d.is_null()) {
        why.push_str(&format!(" {details}"));
    }
    let why = if word("error").is_empty() { format!("{why}{}", reply.excerpt()) } else { why };
    let why = reply.scrub(&why);
    match reply.status() {
        401 => AuthorityError::Expired { who, why },
        400..500 if reply.changes() => AuthorityError::Refused { who, why },
        403 => AuthorityError::Refused { who, why },
        _ => AuthorityError::Unreachable { who, why },
    }
}

fn known(cve: &str) -> Result<(), AuthorityError> {
    if is_cve(cve) {
        return Ok(());
    }
    Err(AuthorityError::Refused { who: WHO.into(), why: format!("`{cve}` is no CVE id") })
}

fn submitted(record: &Record, wrote: bool, notes: Vec<String>) -> Submitted {
    Submitted { state: record.state, version: record.version.clone(), wrote, holds: true, notes }
}

impl CveAuthority for CveServices {
    fn name(&self) -> String {
        format!("{WHO} at {}", self.site.address.host())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { reserves: true, drafts: false, publishes: true, retracts: true }
    }

    fn probe(&self) -> Result<String, AuthorityError> {
        let request = self.request(Method::Get, format!("/org/{}/id_quota", self.key.org));
        let Some((json, reply)) = self.read(&request, "")? else {
            return Err(AuthorityError::Unreachable { who: WHO.into(), why: "it gave no quota".into() });
        };
        let number = |k: &str| json.get(k).and_then(Value::as_u64);
        match (number("id_quota"), number("available")) {
            (Some(all), Some(left)) => Ok(format!("{left} of {all} ids can be reserved")),
            _ => Err(error(WHO, Fault::unexpected(&reply, "the answer names no quota"))),
        }
    }

    fn fetch(&self, cve: &str) -> Result<Option<Record>, AuthorityError> {
        known(cve)?;
        let Some(state) = self.id(cve)? else { return Ok(None) };
        if state == RecordStage::Allocated {
            return Ok(Some(Record { state, ..Record::default() }));
        }
        match self.record(cve)? {
            Some(json) => {
                let at = json.pointer("/cveMetadata/dateUpdated").and_then(Value::as_str);
                let version = at.unwrap_or_default().to_owned();
                Ok(Some(Record { state, version, json: Some(json), ..Record::default() }))
            }
            // An id that was rejected without ever having had a record.
            None if state == RecordStage::Retracted => Ok(Some(Record { state, ..Record::default() })),
            None => Err(AuthorityError::Unreachable {
                who: WHO.into(),
                why: format!("it says that {cve} is published and has no record of it"),
            }),
        }
    }

    fn reserve(&self, year: i16) -> Result<Reserved, AuthorityError> {
        let quota = self.probe()?;
        if quota.starts_with("0 ") {
            return Err(AuthorityError::Refused {
                who: WHO.into(),
                why: format!("the quota is used up: {quota}"),
            });
        }
        let request = self
            .request(Method::Post, "/cve-id")
            .query("amount", "1")
            .query("cve_year", year.to_string())
            .query("short_name", self.key.org.clone());
        let untold = |why: String| AuthorityError::CannotTell { who: WHO.into(), why };
        // One request, whatever happens: a second one may be a second id.
        let reply = match self.client.call(&self.site, &request) {
            Ok(r) => r,
            Err(f) if f.nothing_made() => return Err(error(WHO, f)),
            Err(f) => return Err(untold(f.to_string())),
        };
        match reply.status() {
            200..300 => {}
            // Somebody else's request is under way: nothing was made, and it is worth another try.
            403 if code(&reply) == "RESERVATION_IN_PROGRESS" => {
                let why = "another id is being reserved at this moment".into();
                return Err(AuthorityError::Unreachable { who: WHO.into(), why });
            }
            400..500 => return Err(said_no(&reply)),
            _ => return Err(untold(reply.refusal().to_string())),
        }
        let json = reply.json().map_err(|f| untold(f.to_string()))?;
        let ids: Vec<&str> = json
            .get("cve_ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|i| i.get("cve_id").and_then(Value::as_str))
            .collect();
        match ids.as_slice() {
            [id] if is_cve(id) && id.starts_with(&format!("CVE-{year}-")) => {
                Ok(Reserved { cve: (*id).to_owned(), notes: vec![quota] })
            }
            _ => Err(untold(format!("{}: the answer names no id of {year}", reply.what()))),
        }
    }

    fn reserved_since(&self, since: Timestamp) -> Result<Vec<String>, AuthorityError> {
        let mut out = Vec::new();
        let mut page = 1;
        loop {
            let mut request = self
                .request(Method::Get, "/cve-id")
                .query("state", "RESERVED")
                .query("time_reserved.gt", since.to_string());
            if page > 1 {
                request = request.query("page", page.to_string());
            }
            let Some((json, reply)) = self.read(&request, "")? else { return Ok(out) };
            let strange = || error(WHO, Fault::unexpected(&reply, "the answer is no list of ids"));
            let rows = json.get("cve_ids").and_then(Value::as_array).ok_or_else(strange)?;
            for row in rows {
                let user = row.pointer("/requested_by/user").and_then(Value::as_str).unwrap_or_default();
                let id =
                    row.get("cve_id").and_then(Value::as_str).filter(|i| is_cve(i)).ok_or_else(strange)?;
                if user.is_empty() || user == self.key.user.expose() {
                    out.push(id.to_owned());
                }
            }
            match json.get("nextPage") {
                None | Some(Value::Null) => break,
                Some(_) if page >= PAGES => {
                    let why = format!("it has more than {PAGES} pages of reserved ids");
                    return Err(AuthorityError::Unreachable { who: WHO.into(), why });
                }
                Some(next) if next.as_u64() == Some(u64::from(page) + 1) => page += 1,
                // A list with a hole in it must not pass for a list without the id that is looked for.
                Some(_) => return Err(strange()),
            }
        }
        out.sort();
        Ok(out)
    }

    fn push(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError> {
        known(s.cve)?;
        same_id(s.ours, s.cve).map_err(|why| AuthorityError::Refused { who: WHO.into(), why })?;
        let there = self.there(s.cve)?;
        let note = match there.state {
            RecordStage::Retracted => {
                let why = format!("{} was retracted", s.cve);
                return Err(AuthorityError::Refused { who: WHO.into(), why });
            }
            RecordStage::Public => "the record is public; publishing brings it up to date",
            _ => "it keeps no drafts; publishing is the first it sees of the record",
        };
        Ok(Submitted { holds: false, ..submitted(&there, false, vec![note.into()]) })
    }

    fn publish(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError> {
        known(s.cve)?;
        let refused = |why: String| AuthorityError::Refused { who: WHO.into(), why };
        same_id(s.ours, s.cve).map_err(refused)?;
        let there = self.there(s.cve)?;
        let (method, wanted, notes) = match (there.state, &there.json) {
            (RecordStage::Allocated, _) => (Method::Post, container(s.ours), Vec::new()),
            (RecordStage::Public, Some(theirs)) => {
                let (wanted, notes) = merged(&s, theirs)?;
                if wanted == container(theirs) {
                    return Ok(submitted(&there, false, notes));
                }
                if !s.over.is_some_and(|o| o.packages_of(theirs)) {
                    packages_changed(theirs, &whole(s.cve, &wanted)).map_err(refused)?;
                }
                (Method::Put, wanted, notes)
            }
            _ => return Err(refused(format!("{} was retracted", s.cve))),
        };
        advisory_there(&whole(s.cve, &wanted)).map_err(refused)?;
        let request =
            self.request(method, format!("/cve/{}/cna", s.cve)).json(&json!({ "cnaContainer": wanted }));
        let look = || {
            let now = self.there(s.cve)?;
            Ok(match &now.json {
                Some(j) if now.state == RecordStage::Public && container(j) == wanted => Looked::Made(()),
                _ if now == there => Looked::NotMade,
                _ => Looked::CannotTell(format!("somebody else changed {} at the same time", s.cve)),
            })
        };
        self.write(&request, &look)?;
        let untold = |why: String| AuthorityError::CannotTell { who: WHO.into(), why };
        let now = self
            .there(s.cve)
            .map_err(|e| untold(format!("it was published and cannot be read back: {e}")))?;
        match &now.json {
            Some(j) if now.state == RecordStage::Public && container(j) == wanted => {
                Ok(submitted(&now, true, notes))
            }
            _ => Err(untold(format!("{} was published, and does not read as it was sent", s.cve))),
        }
    }

    fn retract(&self, cve: &str, reason: &str) -> Result<Submitted, AuthorityError> {
        known(cve)?;
        let there = self.there(cve)?;
        match there.state {
            RecordStage::Retracted => return Ok(submitted(&there, false, Vec::new())),
            RecordStage::Public => {
                return Err(AuthorityError::AlreadyPublic { who: WHO.into(), cve: cve.into() });
            }
            _ => {}
        }
        let reasons = json!({"cnaContainer": {"rejectedReasons": [{"lang": "en", "value": reason}]}});
        let request = self.request(Method::Post, format!("/cve/{cve}/reject")).json(&reasons);
        let look = || {
            let now = self.there(cve)?;
            Ok(match now.state {
                RecordStage::Retracted => Looked::Made(()),
                _ if now == there => Looked::NotMade,
                _ => Looked::CannotTell(format!("somebody else changed {cve} at the same time")),
            })
        };
        self.write(&request, &look)?;
        let now = self.there(cve).map_err(|e| AuthorityError::CannotTell {
            who: WHO.into(),
            why: format!("it was rejected and cannot be read back: {e}"),
        })?;
        if now.state != RecordStage::Retracted {
            let why = format!("it says that {cve} was rejected, and shows it as {}", now.state.as_str());
            return Err(AuthorityError::CannotTell { who: WHO.into(), why });
        }
        Ok(submitted(&now, true, Vec::new()))
    }
}
