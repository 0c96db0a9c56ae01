//! A case as JSON: what `x step`, `x plan` and `x gate` read (`docs/case.md`). Forgiving in form, strict in meaning: a
//! key that is not known is a problem shown beside the answer, a value that cannot be read is an error with its path.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Map, Value};

use super::{
    Artifact, ArtifactState, Case, CreditWish, Fact, ListMail, Listed, ListedState, MailThread, ManagerClaim,
    Milestone, Observed, PendingDraft, PublicWords, PullRequest, PullState, Record, RecordStage, ReviewNote,
    Routing, ToldRow, Voice,
};
use crate::{
    config::{Config, PersonConfig, Scope},
    mail::Address,
    people::Role,
    tracker::{CloseReason, Comment, FieldRole, Headings, State, Tracker, TrackerKey, TrackerRef, new_body},
};

/// Why a case cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct WireError {
    /// Where in the file, such as `pull_requests[0].merged_at`.
    pub path: String,
    /// What is wrong there.
    pub what: String,
}

/// Who asks, for the gates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedBy {
    /// Handle.
    pub handle: String,
    /// Roles they hold.
    pub roles: BTreeSet<Role>,
}

/// A case file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The case.
    pub case: Case,
    /// The time it speaks of; `--now` wins over it.
    pub now: Option<Timestamp>,
    /// Who asks.
    pub actor: AskedBy,
    /// Keys nobody knows, and the like.
    pub problems: Vec<String>,
}

type Read<T> = Result<T, WireError>;

/// Read a case. What it says of roster and scopes is written into the configuration, so that a case can stand alone.
///
/// # Errors
/// The first value that cannot be read, with its path.
pub fn read(text: &str, config: &mut Config) -> Read<Given> {
    let value: Value = serde_json::from_str(text).map_err(|e| WireError {
        path: format!("line {} column {}", e.line(), e.column()),
        what: format!("this is no JSON: {e}"),
    })?;
    read_value(&value, config)
}

/// The same for a value that is parsed already.
///
/// # Errors
/// The first value that cannot be read, with its path.
pub fn read_value(value: &Value, config: &mut Config) -> Read<Given> {
    let asked = Asked::default();
    let given = read_top(At { value, path: String::new(), asked: &asked }, config)?;
    Ok(Given { problems: unread(&asked), ..given })
}

fn read_top(top: At<'_>, config: &mut Config) -> Read<Given> {
    let map = top.map()?;
    let nested = map.contains_key("tracker");
    let tracker_at = if nested { top.need("tracker")? } else { top.again() };
    tracker_at.map()?;
    scopes(&top, config)?;
    roster(&top, config)?;
    let now = top.get("now").or_else(|| top.get("today")).map(|v| v.time()).transpose()?;
    let received = top.get("received").map(|v| v.time()).transpose()?;
    let (tracker, closed) = tracker(&tracker_at, config, received.or(now))?;
    let seen = now.unwrap_or(tracker.updated);
    let reporter = top.get("reporter").map(|v| v.address()).transpose()?.unwrap_or_default();
    let mut observed = Observed {
        pulls: first(&top, &["pull_requests", "pulls", "prs"], seen, |v| {
            v.list()?.iter().map(pull).collect()
        })?,
        artifacts: artifacts(&top, seen)?,
        votes: first(&top, &["votes"], seen, |v| v.list()?.iter().map(|m| mail(m, seen)).collect())?,
        managers: first(&top, &["release_manager", "release_managers"], seen, |v| {
            v.list()?.iter().map(manager).collect()
        })?,
        advisories: first(&top, &["advisory", "advisories"], seen, |v| {
            v.list()?.iter().map(|m| mail(m, seen)).collect()
        })?,
        listed: first(&top, &["cve_org", "listed"], seen, |v| listed(&v))?,
        record: first(&top, &["record"], seen, |v| record(&v))?,
        milestones: first(&top, &["milestones"], seen, |v| v.list()?.iter().map(milestone).collect())?,
        thread: first(&top, &["thread"], seen, |v| thread(&v, &reporter))?,
        drafts: first(&top, &["drafts"], seen, |v| v.list()?.iter().map(draft).collect())?,
        reviews: first(&top, &["reviews"], seen, |v| v.list()?.iter().map(review).collect())?,
        collaborators: first(&top, &["collaborators"], seen, |v| {
            v.list()?.iter().map(|h| Ok(h.text()?.trim_start_matches('@').to_owned())).collect()
        })?,
        ..Observed::default()
    };
    let ledger: Fact<Vec<ToldRow>> =
        first(&top, &["ledger", "told"], seen, |v| v.list()?.iter().map(told).collect())?;
    observed.told_unknown = ledger.is_unknown();
    observed.told = ledger.known().cloned().unwrap_or_default();
    for key in ["voices", "assessments"] {
        if let Some(v) = top.get(key) {
            observed.voices = v.list()?.iter().map(voice).collect::<Read<_>>()?;
        }
    }
    if let Some(v) = top.get("allocation") {
        let at = match v.value {
            Value::Object(_) => v.get("requested").map(|r| r.time()).transpose()?,
            Value::Null => None,
            _ => Some(v.time()?),
        };
        observed.allocation_requested = at;
    }
    let contact = observed.thread.known();
    let via = top.get("via_forwarder").map(|v| v.flag()).transpose()?;
    let case = Case {
        received: received.unwrap_or(tracker.created),
        thread: contact.map(|t| t.root.clone()).unwrap_or_default(),
        via_forwarder: via.unwrap_or_else(|| contact.is_some_and(|t| t.routing == Routing::ViaForwarder)),
        reporter: if reporter.email.is_empty() && reporter.name.is_empty() {
            contact.map(|t| t.contact.clone()).unwrap_or_default()
        } else {
            reporter
        },
        revision: 1,
        closed,
        tracker,
        observed,
    };
    let actor = match top.get("actor") {
        None => AskedBy::default(),
        Some(a) => AskedBy {
            handle: a.get("handle").map(|v| v.text()).transpose()?.unwrap_or_default(),
            roles: a
                .get("roles")
                .map(|v| v.list()?.iter().map(role).collect())
                .transpose()?
                .unwrap_or_default(),
        },
    };
    Ok(Given { case, now, actor, problems: Vec::new() })
}

/// Every object that was read, by its path, with the keys that were asked for.
type Asked<'a> = RefCell<BTreeMap<String, (&'a Map<String, Value>, BTreeSet<String>)>>;

/// Keys that nobody asked for: what they say was not read, and the nearest key may be the one that was meant.
fn unread(asked: &Asked<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for (path, (map, keys)) in asked.borrow().iter() {
        for key in map.keys().filter(|k| !keys.contains(*k)) {
            let near = keys
                .iter()
                .map(|k| (strsim::normalized_damerau_levenshtein(k, key), k))
                .filter(|(s, _)| *s > 0.6)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let hint = near.map(|(_, k)| format!("; did you mean `{k}`?")).unwrap_or_default();
            let at = if path.is_empty() { String::new() } else { format!("{path}.") };
            out.push(format!("`{at}{key}` is no key of a case, or another one won; it was not read{hint}"));
        }
    }
    out
}

/// A value and where it stands.
struct At<'a> {
    value: &'a Value,
    path: String,
    asked: &'a Asked<'a>,
}

impl<'a> At<'a> {
    fn wrong<T>(&self, what: impl Into<String>) -> Read<T> {
        let path = if self.path.is_empty() { "the case".to_owned() } else { self.path.clone() };
        Err(WireError { path, what: what.into() })
    }

    fn map(&self) -> Read<&'a Map<String, Value>> {
        self.value.as_object().map_or_else(|| self.wrong("this must be an object"), Ok)
    }

    /// The value of a key; a `null` is no value.
    fn get(&self, key: &str) -> Option<At<'a>> {
        self.raw(key).filter(|v| !v.value.is_null())
    }

    fn raw(&self, key: &str) -> Option<At<'a>> {
        let map = self.value.as_object()?;
        let mut asked = self.asked.borrow_mut();
        asked.entry(self.path.clone()).or_insert_with(|| (map, BTreeSet::new())).1.insert(key.to_owned());
        let value = map.get(key)?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(At { value, path, asked: self.asked })
    }

    fn again(&self) -> At<'a> {
        At { value: self.value, path: self.path.clone(), asked: self.asked }
    }

    fn need(&self, key: &str) -> Read<At<'a>> {
        self.get(key).map_or_else(|| self.wrong(format!("`{key}` is missing")), Ok)
    }

    /// A list, or one value in place of a list of one.
    fn list(&self) -> Read<Vec<At<'a>>> {
        Ok(match self.value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(i, value)| At { value, path: format!("{}[{i}]", self.path), asked: self.asked })
                .collect(),
            Value::Null => Vec::new(),
            _ => vec![self.again()],
        })
    }

    fn text(&self) -> Read<String> {
        match self.value {
            Value::String(s) => Ok(s.clone()),
            Value::Number(n) => Ok(n.to_string()),
            _ => self.wrong("this must be text"),
        }
    }

    fn flag(&self) -> Read<bool> {
        self.value.as_bool().map_or_else(|| self.wrong("this must be true or false"), Ok)
    }

    fn number(&self) -> Read<u64> {
        let text = match self.value {
            Value::String(s) => s.rsplit('#').next().and_then(|n| n.trim().parse().ok()),
            v => v.as_u64(),
        };
        text.map_or_else(|| self.wrong("this must be a number"), Ok)
    }

    /// A time, or a day: its first moment in UTC.
    fn time(&self) -> Read<Timestamp> {
        let text = self.text()?;
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
        let at = text.parse::<Timestamp>().ok().or_else(day);
        at.map_or_else(
            || self.wrong(format!("`{text}` is no time; write 2026-03-01T12:00:00Z or 2026-03-01")),
            Ok,
        )
    }

    fn address(&self) -> Read<Address> {
        if self.value.is_string() {
            let text = self.text()?;
            let (name, email) = match text.rsplit_once('<') {
                Some((n, e)) => {
                    (n.trim().trim_matches('"').to_owned(), e.trim_end_matches('>').trim().to_owned())
                }
                None if text.contains('@') => (String::new(), text.trim().to_owned()),
                None => (text.trim().to_owned(), String::new()),
            };
            return Ok(Address::new(&name, &email));
        }
        let part = |k: &str| self.get(k).map(|v| v.text()).transpose();
        let email = part("email")?.or(part("address")?).unwrap_or_default();
        Ok(Address::new(&part("name")?.unwrap_or_default(), &email))
    }

    fn text_of(&self, keys: &[&str]) -> Read<String> {
        Ok(keys.iter().find_map(|k| self.get(k)).map(|v| v.text()).transpose()?.unwrap_or_default())
    }

    fn time_of(&self, keys: &[&str]) -> Read<Option<Timestamp>> {
        keys.iter().find_map(|k| self.get(k)).map(|v| v.time()).transpose()
    }

    fn flag_of(&self, keys: &[&str]) -> Read<bool> {
        Ok(keys.iter().find_map(|k| self.get(k)).map(|v| v.flag()).transpose()?.unwrap_or(false))
    }
}

/// A fact under the first of these keys: absent for `null`, unknown for `"unknown"` or `{"unknown": "why"}`.
fn first<T>(top: &At<'_>, keys: &[&str], seen: Timestamp, f: impl Fn(At<'_>) -> Read<T>) -> Read<Fact<T>> {
    let Some(v) = keys.iter().find_map(|k| top.raw(k)) else { return Ok(Fact::unasked()) };
    Ok(match v.value {
        Value::Null => Fact::Absent(super::Source("the case".into())),
        Value::String(s) if s.eq_ignore_ascii_case("unknown") => Fact::Unknown("the case says so".into()),
        Value::Object(m) if m.contains_key("unknown") => {
            let why = v.text_of(&["unknown"])?;
            Fact::Unknown(if why.trim().is_empty() { "the case says so".into() } else { why })
        }
        _ => Fact::stated(f(v)?, "the case", seen),
    })
}

fn scopes(top: &At<'_>, config: &mut Config) -> Read<()> {
    for key in ["scopes", "scope"] {
        let Some(list) = top.get(key) else { continue };
        for s in list.list()? {
            let scope = match s.value {
                Value::String(label) => {
                    Scope { label: label.clone(), product: label.clone(), ..Scope::default() }
                }
                _ => match serde_json::from_value(s.value.clone()) {
                    Ok(scope) => scope,
                    Err(e) => return s.wrong(e.to_string()),
                },
            };
            if !config.scope.iter().any(|c| c.label.eq_ignore_ascii_case(&scope.label)) {
                config.scope.push(scope);
            }
        }
    }
    Ok(())
}

fn roster(top: &At<'_>, config: &mut Config) -> Read<()> {
    let Some(list) = top.get("roster") else { return Ok(()) };
    config.roster.person.clear();
    for p in list.list()? {
        let handle = if p.value.is_string() { p.text()? } else { p.text_of(&["handle", "login"])? };
        let many = |keys: [&str; 2]| -> Read<Vec<String>> {
            match keys.iter().find_map(|k| p.get(k)) {
                Some(v) => v.list()?.iter().map(At::text).collect(),
                None => Ok(Vec::new()),
            }
        };
        config.roster.person.push(PersonConfig {
            handle: handle.trim_start_matches('@').to_owned(),
            names: many(["names", "name"])?,
            emails: many(["emails", "email"])?,
            roles: p
                .get("roles")
                .map(|r| r.list()?.iter().map(role).collect())
                .transpose()?
                .unwrap_or_default(),
            from: p.text_of(&["from"])?,
            to: p.text_of(&["to"])?,
        });
    }
    Ok(())
}

fn role(v: &At<'_>) -> Read<Role> {
    Ok(match v.text()?.to_lowercase().replace(['-', ' '], "_").as_str() {
        "triager" | "issue_triager" => Role::Triager,
        "remediation" | "remediation_developer" => Role::Remediation,
        "release_manager" | "rm" => Role::ReleaseManager,
        "governance" | "governance_member" | "pmc" | "pmc_member" => Role::Governance,
        // Every member of the team may do what needs no other role.
        "security_team" | "member" | "team" => Role::Triager,
        other => {
            return v
                .wrong(format!("`{other}` is no role: triager, remediation, release_manager, governance"));
        }
    })
}

fn tracker(at: &At<'_>, config: &Config, known: Option<Timestamp>) -> Read<(Tracker, Option<Timestamp>)> {
    let body = match (at.get("body"), at.get("fields")) {
        (Some(b), _) => b.text()?,
        (None, Some(f)) => {
            let mut values = BTreeMap::new();
            for key in f.map()?.keys() {
                let Ok(role) = key.replace('-', "_").parse::<FieldRole>() else {
                    return f.wrong(format!("`{key}` is no field of a tracker"));
                };
                values.insert(role, f.text_of(&[key])?);
            }
            new_body(&values, &Headings::new(config))
        }
        (None, None) => new_body(&BTreeMap::new(), &Headings::new(config)),
    };
    // A tracker without a date is as old as the report, else it was made just now.
    let created = at.time_of(&["created", "created_at"])?.or(known).unwrap_or_default();
    let updated = at.time_of(&["updated", "updated_at"])?.unwrap_or(created);
    let closed = at.time_of(&["closed", "closed_at"])?;
    let number = at.get("number").map(|v| v.number()).transpose()?.unwrap_or(0);
    let repo = at.text_of(&["repo"])?;
    let state = at.text_of(&["state"])?.to_lowercase();
    let reason = at.text_of(&["close_reason", "state_reason"])?.to_lowercase().replace([' ', '-'], "_");
    let not_planned =
        if reason.contains("not_planned") { CloseReason::NotPlanned } else { CloseReason::Completed };
    let state = match state.as_str() {
        "" if closed.is_some() => State::Closed { reason: not_planned },
        "" | "open" | "reopened" => State::Open,
        "closed" => State::Closed { reason: not_planned },
        other => return at.wrong(format!("the state `{other}` is neither `open` nor `closed`")),
    };
    let names = |key: &str, inner: &str| -> Read<Vec<String>> {
        let Some(v) = at.get(key) else { return Ok(Vec::new()) };
        let one = |l: &At<'_>| if l.value.is_object() { l.text_of(&[inner, "name"]) } else { l.text() };
        v.list()?.iter().map(one).collect()
    };
    let mut assignees = names("assignees", "login")?;
    assignees.extend(names("assignee", "login")?);
    let assignees =
        assignees.iter().map(|a| a.trim_start_matches('@').to_owned()).filter(|a| !a.is_empty()).collect();
    let milestone = at.get("milestone").map(|m| match m.value {
        Value::Object(_) => m.text_of(&["name", "title"]),
        _ => m.text(),
    });
    let mut comments = Vec::new();
    if let Some(list) = at.get("comments") {
        for (i, c) in list.list()?.iter().enumerate() {
            let author = match c.get("author").or_else(|| c.get("user")) {
                Some(a) if a.value.is_object() => a.text_of(&["login", "handle"])?,
                Some(a) => a.text()?,
                None => String::new(),
            };
            comments.push(Comment {
                id: Some(c.text_of(&["id"])?)
                    .filter(|i| !i.is_empty())
                    .unwrap_or_else(|| (i + 1).to_string()),
                author: author.trim_start_matches('@').to_owned(),
                at: c.time_of(&["at", "created_at", "created"])?.unwrap_or(created),
                body: c.text_of(&["body", "text"])?,
            });
        }
    }
    let key =
        Some(at.text_of(&["key"])?).filter(|k| !k.is_empty()).unwrap_or_else(|| format!("case-{number}"));
    let tracker = Tracker {
        key: TrackerKey(key),
        reference: TrackerRef { host: String::new(), repo, number },
        title: at.text_of(&["title"])?,
        body,
        labels: names("labels", "name")?.into_iter().collect(),
        state,
        milestone: milestone.transpose()?.filter(|m| !m.trim().is_empty()),
        assignees,
        column: Some(at.text_of(&["column"])?).filter(|c| !c.is_empty()),
        archived: at.flag_of(&["archived"])?,
        comments,
        created,
        updated,
        message_ids: names("message_ids", "id")?,
    };
    Ok((tracker, closed))
}

fn pull(v: &At<'_>) -> Read<PullRequest> {
    if v.value.is_string() {
        return Ok(PullRequest { url: v.text()?, ..PullRequest::default() });
    }
    let merged_at = v.time_of(&["merged_at"])?;
    let state = v.text_of(&["state"])?.to_lowercase();
    let merged = v.flag_of(&["merged"])? || merged_at.is_some();
    let state = match state.as_str() {
        "merged" => PullState::Merged,
        "" | "open" | "closed" if merged => PullState::Merged,
        "" | "open" | "draft" => PullState::Open,
        "closed" => PullState::Closed,
        other => return v.wrong(format!("`{other}` is no state of a pull request: open, merged, closed")),
    };
    let author = v.get("author").or_else(|| v.get("user"));
    let (handle, name) = match &author {
        Some(a) if a.value.is_object() => (a.text_of(&["handle", "login"])?, a.text_of(&["name"])?),
        Some(a) => (a.text()?, String::new()),
        None => (String::new(), String::new()),
    };
    let name = Some(v.text_of(&["author_name"])?).filter(|n| !n.is_empty()).unwrap_or(name);
    let labels = v.get("labels").map(|l| l.list()?.iter().map(At::text).collect()).transpose()?;
    let milestone = v.get("milestone").map(|m| match m.value {
        Value::Object(_) => m.text_of(&["name", "title"]),
        _ => m.text(),
    });
    Ok(PullRequest {
        url: v.text_of(&["url", "html_url", "name"])?,
        state,
        draft: v.flag_of(&["draft"])?,
        author: handle.trim_start_matches('@').to_owned(),
        author_name: name,
        merged_at,
        commit: v.text_of(&["commit", "merge_commit"])?,
        milestone: milestone.transpose()?.unwrap_or_default(),
        milestone_due: None,
        branch: v.text_of(&["branch", "base"])?,
        labels: labels.unwrap_or_default(),
        elsewhere: v.flag_of(&["elsewhere", "mentioned_only"])?,
        says: PublicWords {
            title: v.text_of(&["title"])?,
            text: v.text_of(&["body", "text"])?,
            head: v.text_of(&["head", "head_branch"])?,
            closes: v
                .get("closes")
                .map(|l| l.list()?.iter().map(At::text).collect())
                .transpose()?
                .unwrap_or_default(),
        },
    })
}

fn artifacts(top: &At<'_>, seen: Timestamp) -> Read<Fact<Vec<Artifact>>> {
    first(top, &["release", "artifacts"], seen, |v| {
        if let Some(list) = v.get("artifacts") {
            return list.list()?.iter().map(artifact).collect();
        }
        v.list()?.iter().map(artifact).collect()
    })
}

fn artifact(v: &At<'_>) -> Read<Artifact> {
    let state = match v.get("shipped") {
        Some(s) if s.value.as_bool() == Some(true) => ArtifactState::Final,
        Some(s) if s.value.as_bool() == Some(false) => ArtifactState::Missing,
        Some(_) => ArtifactState::Unknown,
        None => match v.text_of(&["state"])?.to_lowercase().replace([' ', '_'], "-").as_str() {
            "final" | "shipped" | "released" | "published" => ArtifactState::Final,
            "pre-release" | "prerelease" | "rc" | "candidate" => ArtifactState::PreRelease,
            "yanked" | "withdrawn" => ArtifactState::Yanked,
            "missing" | "absent" | "not-found" => ArtifactState::Missing,
            "" | "unknown" => ArtifactState::Unknown,
            other => {
                return v.wrong(format!(
                    "`{other}` is no state of a release: final, pre-release, yanked, missing, unknown"
                ));
            }
        },
    };
    Ok(Artifact {
        package: v.text_of(&["package"])?,
        version: v.text_of(&["version"])?,
        state,
        at: v.time_of(&["at", "released_at", "published_at"])?,
        url: v.text_of(&["url"])?,
        has_fix: v.get("has_fix").or_else(|| v.get("contains_fix")).map(|f| f.flag()).transpose()?,
        reason: v.text_of(&["reason", "unknown"])?,
        page: v.text_of(&["page"])?,
        names: match v.get("names") {
            Some(ids) => ids.list()?.iter().map(|id| Ok(id.text()?.to_owned())).collect::<Read<_>>()?,
            None => Vec::new(),
        },
    })
}

fn mail(v: &At<'_>, seen: Timestamp) -> Read<ListMail> {
    if v.value.is_string() {
        return Ok(ListMail { url: v.text()?, at: seen, vouched: true, ..ListMail::default() });
    }
    let from = v.get("from").or_else(|| v.get("sender"));
    let subject = v.text_of(&["subject"])?;
    let root = v.get("root").map(|r| r.flag()).transpose()?;
    let mut reply = v.text_of(&["in_reply_to"])?;
    if root == Some(false) && reply.is_empty() {
        "unknown".clone_into(&mut reply);
    }
    Ok(ListMail {
        url: v.text_of(&["url", "archive_url", "permalink"])?,
        message_id: v.text_of(&["message_id", "id"])?,
        in_reply_to: reply,
        vouched: subject.is_empty() && from.is_none() && root != Some(false),
        subject,
        from: from.map(|f| f.address()).transpose()?.unwrap_or_default(),
        at: v.time_of(&["at", "date"])?.unwrap_or(seen),
        body: v.text_of(&["body", "text"])?,
    })
}

fn manager(v: &At<'_>) -> Read<ManagerClaim> {
    if v.value.is_string() {
        let handle = v.text()?.trim_start_matches('@').to_owned();
        return Ok(ManagerClaim { handle, source: "the case".into(), ..ManagerClaim::default() });
    }
    Ok(ManagerClaim {
        handle: v.text_of(&["handle", "login"])?.trim_start_matches('@').to_owned(),
        email: v.text_of(&["email", "address"])?,
        version: v.text_of(&["version"])?,
        source: Some(v.text_of(&["source"])?).filter(|s| !s.is_empty()).unwrap_or_else(|| "the case".into()),
    })
}

fn listed(v: &At<'_>) -> Read<Listed> {
    let word = if v.value.is_string() { v.text()? } else { v.text_of(&["state"])? };
    let state = match word.to_uppercase().as_str() {
        "PUBLISHED" | "PUBLIC" => ListedState::Published,
        "RESERVED" => ListedState::Reserved,
        "REJECTED" => ListedState::Rejected,
        other => return v.wrong(format!("`{other}` is no state at cve.org: PUBLISHED, RESERVED, REJECTED")),
    };
    Ok(Listed {
        state,
        published: v.time_of(&["published", "date_published", "datePublished"])?,
        json: v.get("json").map(|j| j.value.clone()),
    })
}

fn record(v: &At<'_>) -> Read<Record> {
    let word = if v.value.is_string() { v.text()? } else { v.text_of(&["state"])? };
    let state = match word.to_lowercase().replace([' ', '_'], "-").as_str() {
        "allocated" | "draft" | "reserved" => RecordStage::Allocated,
        "review-ready" | "review" => RecordStage::ReviewReady,
        "publish-ready" | "ready" => RecordStage::PublishReady,
        "public" | "published" => RecordStage::Public,
        "retracted" | "rejected" => RecordStage::Retracted,
        "" | "unknown" => RecordStage::Unknown,
        other => {
            return v.wrong(format!(
                "`{other}` is no state of a record: allocated, review-ready, publish-ready, public, retracted, unknown"
            ));
        }
    };
    Ok(Record {
        state,
        json: v.get("json").map(|j| j.value.clone()),
        version: v.text_of(&["version"])?,
        base: v.get("base").map(|j| j.value.clone()),
    })
}

fn milestone(v: &At<'_>) -> Read<Milestone> {
    if v.value.is_string() {
        return Ok(Milestone { name: v.text()?, open: true, ..Milestone::default() });
    }
    let count = |k: &str| -> Read<u32> {
        let n = v.get(k).map(|n| n.number()).transpose()?.unwrap_or(0);
        Ok(u32::try_from(n).unwrap_or(u32::MAX))
    };
    let due = v.get("due").or_else(|| v.get("due_on"));
    let due = due.map(|d| Ok(d.time()?.to_zoned(TimeZone::UTC).date())).transpose()?;
    Ok(Milestone {
        name: v.text_of(&["name", "title"])?,
        open: match v.get("open") {
            Some(o) if o.value.is_boolean() => o.flag()?,
            _ => v.text_of(&["state"])?.to_lowercase() != "closed",
        },
        due,
        open_trackers: count("open_trackers")?,
        closed_unannounced: count("closed_unannounced")?,
    })
}

fn thread(v: &At<'_>, reporter: &Address) -> Read<MailThread> {
    if v.value.is_string() {
        return Ok(MailThread { root: v.text()?, contact: reporter.clone(), ..MailThread::default() });
    }
    let word = v.text_of(&["routing", "mode"])?.to_lowercase().replace([' ', '_'], "-");
    let routing = match word.as_str() {
        "" | "direct" => Routing::Direct,
        "via-forwarder" | "forwarder" | "relay" => Routing::ViaForwarder,
        "from-pr" | "pull-request" => Routing::FromPr,
        "nobody" | "none" | "internal" => Routing::Nobody,
        other => return v.wrong(format!("`{other}` is no routing: direct, via-forwarder, from-pr, nobody")),
    };
    let credit = match v.get("credit") {
        None => None,
        Some(c) if c.value.is_string() => Some(CreditWish { name: c.text()?, ..CreditWish::default() }),
        Some(c) => Some(CreditWish {
            name: c.text_of(&["name", "value"])?,
            anonymous: c.flag_of(&["anonymous", "opted_out"])?,
            source: c.text_of(&["source"])?,
        }),
    };
    let contact = v.get("contact").or_else(|| v.get("reporter")).map(|c| c.address()).transpose()?;
    let strings = |key: &str| -> Read<Vec<String>> {
        v.get(key)
            .map(|l| l.list()?.iter().map(At::text).collect())
            .transpose()
            .map(Option::unwrap_or_default)
    };
    let root = v.text_of(&["root", "id", "message_id"])?;
    let last = v.text_of(&["last", "last_message_id"])?;
    Ok(MailThread {
        last: if last.is_empty() { root.clone() } else { last },
        root,
        subject: v.text_of(&["subject"])?,
        references: strings("references")?,
        contact: contact.unwrap_or_else(|| reporter.clone()),
        page: v.text_of(&["page"])?,
        routing,
        credit_asked: v.flag_of(&["credit_asked", "credit_question_pending"])?,
        credit,
        ghsa: v.text_of(&["ghsa", "ghsa_state"])?.to_lowercase(),
        awaits_us: v.text_of(&["last_from"])? == "reporter" || v.flag_of(&["awaits_us"])?,
        last_at: v.time_of(&["last_at"])?,
        observed: strings("observed")?,
    })
}

fn draft(v: &At<'_>) -> Read<PendingDraft> {
    if v.value.is_string() {
        return Ok(PendingDraft { id: v.text()?, ..PendingDraft::default() });
    }
    Ok(PendingDraft {
        id: v.text_of(&["id", "message_id"])?,
        event: v.text_of(&["event"])?,
        thread: v.text_of(&["thread"])?,
    })
}

fn told(v: &At<'_>) -> Read<ToldRow> {
    if v.value.is_string() {
        return Ok(ToldRow { event: v.text()?, state: "sent".into(), ..ToldRow::default() });
    }
    Ok(ToldRow {
        event: v.text_of(&["event"])?,
        artifact: v.text_of(&["artifact"])?,
        state: Some(v.text_of(&["state"])?).filter(|s| !s.is_empty()).unwrap_or_else(|| "sent".into()),
        asked_credit: v.flag_of(&["asked_credit"])?,
        at: v.time_of(&["at"])?,
    })
}

fn voice(v: &At<'_>) -> Read<Voice> {
    let verdict = v.text_of(&["verdict"])?.to_lowercase();
    if !["", "valid", "invalid"].contains(&verdict.as_str()) {
        return v.wrong(format!("`{verdict}` is no verdict: valid, invalid"));
    }
    Ok(Voice {
        handle: v.text_of(&["handle", "author"])?.trim_start_matches('@').to_owned(),
        valid: if verdict.is_empty() { v.flag_of(&["valid"])? } else { verdict == "valid" },
        scope: v.text_of(&["scope"])?,
        at: v.time_of(&["at"])?,
        source: "the case".into(),
    })
}

fn review(v: &At<'_>) -> Read<ReviewNote> {
    Ok(ReviewNote {
        id: v.text_of(&["id", "message_id"])?,
        from: v.get("from").map(|f| f.address()).transpose()?.unwrap_or_default(),
        text: v.text_of(&["text", "body"])?,
        resolved: v.flag_of(&["resolved"])?,
    })
}
