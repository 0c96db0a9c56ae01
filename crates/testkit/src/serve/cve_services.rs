//! The service that reserves ids and publishes records, as CVE page §11 describes it. Codes, statuses and shapes are those
//! of its public source (`CVEProject/cve-services`: controllers, error files, `schemas/`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Asked, Service, kept};

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct CveServicesFake {
    /// The key that is let in.
    pub key: String,
    /// The user of that key.
    pub user: String,
    /// The organisation's short name.
    pub org: String,
    /// Ids it has: `RESERVED`, `PUBLISHED`, `REJECTED`; who reserved; when.
    pub ids: BTreeMap<String, (String, String, String)>,
    /// Published and rejected records.
    pub records: BTreeMap<String, Value>,
    /// How many ids may be reserved at once.
    pub quota: u64,
    /// How many ids stand on a page of a list.
    pub page: usize,
    /// Is somebody else's reservation under way?
    pub busy: bool,
    /// The time it stamps.
    pub now: String,
    next: u64,
    /// Writes that took effect, in order.
    pub writes: Vec<String>,
}

/// Every text is trimmed before it is looked at.
fn trimmed(v: Value) -> Value {
    match v {
        Value::String(s) => Value::String(s.trim().to_owned()),
        Value::Array(a) => Value::Array(a.into_iter().map(trimmed).collect()),
        Value::Object(o) => Value::Object(o.into_iter().map(|(k, v)| (k, trimmed(v))).collect()),
        v => v,
    }
}

fn no(status: u16, error: &str) -> Answer {
    Answer::json(status, &json!({"error": error, "message": format!("planned: {error}")}))
}

impl CveServicesFake {
    /// One with a key.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self {
            key: key.into(),
            user: "desk@example.org".into(),
            org: "example".into(),
            quota: 100,
            page: 500,
            now: "2026-11-22T12:00:00.000Z".into(),
            next: 40_000,
            ..Self::default()
        }
    }

    /// An id that is reserved already.
    #[must_use]
    pub fn with(mut self, cve: &str) -> Self {
        let row = ("RESERVED".into(), self.user.clone(), "2026-01-01T00:00:00.000Z".into());
        self.ids.insert(cve.into(), row);
        self
    }

    /// The state of an id.
    #[must_use]
    pub fn state(&self, cve: &str) -> String {
        self.ids.get(cve).map(|r| r.0.clone()).unwrap_or_default()
    }

    fn reserved(&self) -> u64 {
        self.ids.values().filter(|r| r.0 == "RESERVED").count() as u64
    }

    fn row(&self, cve: &str) -> Value {
        self.ids.get(cve).map_or(Value::Null, |(state, user, at)| {
            json!({"cve_id": cve, "cve_year": cve.get(4..8), "state": state, "owning_cna": self.org,
                "requested_by": {"cna": self.org, "user": user}, "reserved": at,
                "time": {"created": at, "modified": at}})
        })
    }

    fn known(&self, asked: &Asked) -> bool {
        asked.header("cve-api-key") == self.key
            && asked.header("cve-api-user") == self.user
            && asked.header("cve-api-org") == self.org
    }

    fn publish(&mut self, cve: &str, asked: &Asked, update: bool) -> Answer {
        match (self.ids.contains_key(cve), self.records.contains_key(cve), update) {
            (false, _, _) => return no(403, "ORG_DOES_NOT_OWN_ID"),
            (_, true, false) => return no(403, "CVE_RECORD_EXISTS"),
            (_, false, true) => return no(403, "CVE_RECORD_DNE"),
            _ => {}
        }
        let mut cna = trimmed(kept(asked.json().get("cnaContainer").cloned().unwrap_or_default()));
        let there = |k: &str| cna.get(k).and_then(Value::as_array).is_some_and(|a| !a.is_empty());
        let private = asked.json().to_string().contains("CNA_private");
        if !there("descriptions") || !there("affected") || !there("references") || private {
            return no(400, "INVALID_JSON_SCHEMA");
        }
        cna["providerMetadata"] = json!({"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09",
            "shortName": self.org, "dateUpdated": self.now});
        self.store(cve, "PUBLISHED", cna, if update { "update" } else { "publish" })
    }

    fn reject(&mut self, cve: &str, asked: &Asked, update: bool) -> Answer {
        match (self.ids.contains_key(cve), self.records.contains_key(cve), update) {
            (false, _, _) => return no(403, "ORG_DOES_NOT_OWN_ID"),
            (_, true, false) => return no(400, "CVE_RECORD_EXISTS"),
            (_, false, true) => return no(400, "CVE_RECORD_DNE"),
            _ => {}
        }
        let mut cna = trimmed(kept(asked.json().get("cnaContainer").cloned().unwrap_or_default()));
        let why = cna.get("rejectedReasons").and_then(Value::as_array);
        if why.is_none_or(Vec::is_empty) {
            return no(400, "INVALID_JSON_SCHEMA");
        }
        cna["providerMetadata"] = json!({"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09"});
        self.store(cve, "REJECTED", cna, "reject")
    }

    fn store(&mut self, cve: &str, state: &str, cna: Value, what: &str) -> Answer {
        let record = json!({
            "dataType": "CVE_RECORD", "dataVersion": "5.1",
            "cveMetadata": {"cveId": cve, "state": state, "assignerShortName": self.org,
                "datePublished": self.now, "dateUpdated": self.now},
            "containers": {"cna": cna},
        });
        if let Some(row) = self.ids.get_mut(cve) {
            row.0 = state.into();
        }
        self.records.insert(cve.into(), record.clone());
        self.writes.push(format!("{what} {cve}"));
        let key = if what == "update" { "updated" } else { "created" };
        Answer::json(200, &json!({"message": format!("{cve} record was {what}ed"), key: record}))
    }
}

impl Service for CveServicesFake {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        let open = matches!((asked.method.as_str(), parts.as_slice()), ("GET", ["cve" | "cve-id", _]));
        if !open && !self.known(asked) {
            return no(401, "UNAUTHORIZED");
        }
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["org", org, "id_quota"]) if *org == self.org => {
                let total = self.reserved();
                let row = json!({"id_quota": self.quota, "total_reserved": total,
                    "available": self.quota.saturating_sub(total)});
                Answer::json(200, &row)
            }
            ("POST", ["cve-id"]) => {
                if self.busy {
                    return no(403, "RESERVATION_IN_PROGRESS");
                }
                if self.reserved() >= self.quota {
                    return no(403, "EXCEEDED_ID_QUOTA");
                }
                if asked.param("amount") != Some("1") || asked.param("short_name") != Some(self.org.as_str())
                {
                    return no(400, "BAD_INPUT");
                }
                let year = asked.param("cve_year").unwrap_or_default().to_owned();
                self.next += 1;
                let cve = format!("CVE-{year}-{}", self.next);
                let row = ("RESERVED".into(), self.user.clone(), self.now.clone());
                self.ids.insert(cve.clone(), row);
                self.writes.push(format!("reserve {cve}"));
                Answer::json(200, &json!({"cve_ids": [self.row(&cve)], "meta": {"remaining_quota": 1}}))
            }
            ("GET", ["cve-id"]) => {
                let names = ["page", "state", "cve_id_year", "time_reserved.lt", "time_reserved.gt"];
                let asked_for = asked.query.split('&').filter_map(|p| p.split('=').next());
                if asked_for.filter(|n| !n.is_empty()).any(|n| !names.contains(&n)) {
                    return no(400, "BAD_INPUT");
                }
                let state = asked.param("state").unwrap_or_default();
                let since = asked.param("time_reserved.gt").unwrap_or_default().replace("%3A", ":");
                let rows: Vec<Value> = self
                    .ids
                    .iter()
                    .filter(|(_, r)| r.0 == state && r.2.as_str() > since.as_str())
                    .map(|(id, _)| self.row(id))
                    .collect();
                if rows.len() < self.page {
                    return Answer::json(200, &json!({"cve_ids": rows}));
                }
                let (all, page) = (rows.len(), asked.param("page").and_then(|p| p.parse().ok()).unwrap_or(1));
                let pages = all.div_ceil(self.page);
                let here: Vec<Value> =
                    rows.into_iter().skip((page - 1) * self.page).take(self.page).collect();
                let next = (page < pages).then_some(page + 1);
                let previous = (page > 1).then(|| page - 1);
                Answer::json(
                    200,
                    &json!({"cve_ids": here, "totalCount": all, "itemsPerPage": self.page, "pageCount": pages,
                        "currentPage": page, "prevPage": previous, "nextPage": next}),
                )
            }
            ("GET", ["cve-id", cve]) => {
                if !self.ids.contains_key(*cve) {
                    return no(404, "CVE_ID_NOT_FOUND");
                }
                let state = self.state(cve);
                let owner = if state == "RESERVED" { "[REDACTED]" } else { &self.org };
                Answer::json(200, &json!({"cve_id": cve, "state": state, "owning_cna": owner}))
            }
            ("GET", ["cve", cve]) => match self.records.get(*cve) {
                Some(r) => Answer::json(200, r),
                None => no(404, "CVE_RECORD_DNE"),
            },
            ("PUT", ["cve-id", cve]) => {
                let state = asked.param("state").unwrap_or_default().to_owned();
                if self.records.contains_key(*cve) {
                    return no(403, "CVE_RECORD_EXISTS");
                }
                let Some(row) = self.ids.get_mut(*cve) else { return no(404, "CVE_ID_NOT_FOUND") };
                row.0 = state.clone();
                self.writes.push(format!("{state} {cve}"));
                Answer::json(200, &json!({"message": "updated", "updated": self.row(cve)}))
            }
            ("POST", ["cve", cve, "cna"]) => self.publish(cve, asked, false),
            ("PUT", ["cve", cve, "cna"]) => self.publish(cve, asked, true),
            ("POST", ["cve", cve, "reject"]) => self.reject(cve, asked, false),
            ("PUT", ["cve", cve, "reject"]) => self.reject(cve, asked, true),
            _ => no(404, "NOT_FOUND"),
        }
    }
}
