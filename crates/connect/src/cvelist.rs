//! The public CVE list: a local copy, which is a clone of the list's own repository or a folder of records; or the list's own
//! service (sync page §13).

use std::path::{Path, PathBuf};

use std::sync::Arc;

use desk::{
    case::{Listed, ListedState},
    cve::authority::same_id,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::cve::{NO_ID, NO_RECORD};
use crate::net::{Client, Fault, Reply, Request, Site, is_cve};

/// Largest record that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Why the list could not say.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No copy there.
    #[error("there is no copy of the CVE list at {0}; correct cve.list_path, or leave it empty")]
    Missing(PathBuf),
    /// A record that cannot be read.
    #[error("the record {path} cannot be read: {why}")]
    Record {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// What the list shows of a CVE; `None` when it has no record of it, as of one that is reserved.
///
/// # Errors
/// When there is no list, or its record cannot be read.
pub fn look_up(list: &Path, cve: &str) -> Result<Option<Listed>, ListError> {
    if !list.is_dir() {
        return Err(ListError::Missing(list.into()));
    }
    // Only digits reach the path, whatever the field held.
    let mut parts = cve.strip_prefix("CVE-").unwrap_or_default().split('-');
    let (Some(year), Some(number), None) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let digits = |s: &str| !s.is_empty() && s.len() <= 19 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(year) || !digits(number) {
        return Ok(None);
    }
    let name = format!("CVE-{year}-{number}.json");
    let thousand = format!("{}xxx", number.get(..number.len().saturating_sub(3)).unwrap_or_default());
    let places = [
        list.join("cves").join(year).join(&thousand).join(&name),
        list.join(year).join(&thousand).join(&name),
        list.join(&name),
    ];
    let Some(path) = places.into_iter().find(|p| p.is_file()) else { return Ok(None) };
    read(&path, cve).map(Some).map_err(|why| ListError::Record { path, why })
}

fn read(path: &Path, cve: &str) -> Result<Listed, String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(LARGEST).read_to_string(&mut text).map_err(|e| e.to_string())?;
    let json: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    // A file that was renamed says nothing about this id.
    if json.pointer("/cveMetadata/cveId").is_some() {
        same_id(&json, cve)?;
    }
    listed(json)
}

/// The public list over the network, read without any key.
pub struct NetList {
    client: Arc<Client>,
    site: Site,
}

impl NetList {
    /// Ask it with that client at that address.
    #[must_use]
    pub fn new(client: Arc<Client>, site: Site) -> Self {
        Self { client, site }
    }

    /// Where it is.
    #[must_use]
    pub fn host(&self) -> &str {
        self.site.address.host()
    }

    /// What the list shows of a CVE; `None` when it knows no such id. A reserved id has no record: its state is asked
    /// for first, so that "no record" is told from "not there" (CVE page §11).
    ///
    /// # Errors
    /// When it cannot be asked, or answers something else.
    pub fn look_up(&self, cve: &str) -> Result<Option<Listed>, Fault> {
        if !is_cve(cve) {
            return Ok(None);
        }
        let Some((id, reply)) = self.read(format!("/cve-id/{cve}"), NO_ID)? else { return Ok(None) };
        if id.get("cve_id").and_then(Value::as_str) != Some(cve) {
            return Err(Fault::unexpected(&reply, format!("the answer is not about {cve}")));
        }
        let bare = |state| Ok(Some(Listed { state, ..Listed::default() }));
        match id.get("state").and_then(Value::as_str) {
            Some("RESERVED") => return bare(ListedState::Reserved),
            Some("REJECTED") => return bare(ListedState::Rejected),
            Some("PUBLISHED") => {}
            _ => return Err(Fault::unexpected(&reply, format!("it names no state of {cve}"))),
        }
        let strange = |reply: &Reply, why: String| Fault::unexpected(reply, why);
        match self.read(format!("/cve/{cve}"), NO_RECORD)? {
            None => Err(strange(&reply, format!("{cve} is published and has no record"))),
            Some((json, reply)) => {
                same_id(&json, cve).map_err(|why| strange(&reply, why))?;
                listed(json).map(Some).map_err(|why| strange(&reply, why))
            }
        }
    }

    fn read(&self, path: String, absent: &str) -> Result<Option<(Value, Reply)>, Fault> {
        let reply = self.client.call(&self.site, &Request::get(path))?;
        if reply.status() == 404 && reply.json().is_ok_and(|v| v.get("error").is_some_and(|e| e == absent)) {
            return Ok(None);
        }
        if !reply.ok() {
            return Err(reply.refusal());
        }
        Ok(Some((reply.json()?, reply)))
    }
}

fn listed(json: Value) -> Result<Listed, String> {
    let meta = |key: &str| json.pointer(&format!("/cveMetadata/{key}")).and_then(Value::as_str);
    let state = match meta("state") {
        Some("PUBLISHED") => ListedState::Published,
        Some("REJECTED") => ListedState::Rejected,
        Some("RESERVED") => ListedState::Reserved,
        Some(other) => return Err(format!("its state is `{other}`")),
        None => return Err("it names no state".into()),
    };
    let published = meta("datePublished").and_then(time);
    Ok(Listed { state, published, json: Some(json) })
}

/// Times of the list carry a zone, or none and mean UTC.
fn time(text: &str) -> Option<Timestamp> {
    let plain = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| plain().map(|z| z.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_service_tells_reserved_from_unknown_and_trouble_from_both() {
        use testkit::serve::{CveServicesFake, Server, Wrong};

        use crate::net::{Address, Limits, Service, Surroundings, SystemPace};

        let server = Server::start(CveServicesFake::new("key").with("CVE-2026-1000").with("CVE-2026-2000"));
        server.with(|f| {
            f.ids.get_mut("CVE-2026-2000").unwrap().0 = "PUBLISHED".into();
            let json = serde_json::json!({"cveMetadata": {"cveId": "CVE-2026-2000", "state": "PUBLISHED",
                "datePublished": "2026-11-22T10:00:00.000Z"}});
            f.records.insert("CVE-2026-2000".into(), json);
        });
        let limits = Limits { tries: 1, ..Limits::default() };
        let client = Client::new(&Surroundings::default(), limits, Box::<SystemPace>::default()).unwrap();
        let address = Address::parse(&server.url(), false).unwrap();
        let list = NetList::new(
            Arc::new(client),
            Site { service: Service::CveList, address, per_minute: None, apart: None },
        );
        let state = |cve: &str| list.look_up(cve).unwrap().map(|l| l.state);
        assert_eq!(state("CVE-2026-1000"), Some(ListedState::Reserved));
        assert_eq!(state("CVE-2026-2000"), Some(ListedState::Published));
        assert_eq!(state("CVE-2026-3000"), None);
        assert_eq!(state("CVE-2026-../x"), None);
        for wrong in Wrong::every().into_iter().filter(|w| !matches!(w, Wrong::Late(_) | Wrong::Silence)) {
            for at in 0..2 {
                server.go_wrong_at(at, 1, wrong.clone());
                assert!(list.look_up("CVE-2026-2000").is_err(), "{wrong:?} at {at}");
                server.all_well();
            }
        }
    }

    #[test]
    fn a_record_is_found_in_the_lists_own_layout_and_in_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let put = |at: &str, text: &str| {
            let path = dir.path().join(at);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let record = |state: &str| {
            format!(r#"{{"cveMetadata":{{"state":"{state}","datePublished":"2026-11-22T10:00:00.000Z"}}}}"#)
        };
        put("cves/2026/12xxx/CVE-2026-12345.json", &record("PUBLISHED"));
        put("CVE-2026-0001.json", &record("REJECTED"));
        put("2026/2xxx/CVE-2026-2222.json", &record("RESERVED"));
        put("CVE-2026-3333.json", "{");
        put("secret.json", &record("PUBLISHED"));
        let state = |cve: &str| look_up(dir.path(), cve).unwrap().map(|l| l.state);
        assert_eq!(state("CVE-2026-12345"), Some(ListedState::Published));
        assert_eq!(state("CVE-2026-0001"), Some(ListedState::Rejected));
        assert_eq!(state("CVE-2026-2222"), Some(ListedState::Reserved));
        for none in ["CVE-2026-9999", "CVE-2026-../secret", "secret", "CVE-", "CVE-2026-", "CVE-2026-1-2"] {
            assert_eq!(state(none), None, "{none}");
        }
        let other = record("PUBLISHED").replace("\"state\"", "\"cveId\":\"CVE-2026-12345\",\"state\"");
        put("CVE-2026-4444.json", &other);
        put("CVE-2026-12345.json", &other);
        assert!(look_up(dir.path(), "CVE-2026-4444").unwrap_err().to_string().contains("CVE-2026-12345"));
        assert!(look_up(dir.path(), "CVE-2026-12345").is_ok());
        assert!(look_up(dir.path(), "CVE-2026-3333").unwrap_err().to_string().contains("CVE-2026-3333.json"));
        let listed = look_up(dir.path(), "CVE-2026-12345").unwrap().unwrap();
        assert_eq!(listed.published, Some("2026-11-22T10:00:00Z".parse().unwrap()));
        assert!(
            look_up(&dir.path().join("none"), "CVE-2026-1234").unwrap_err().to_string().contains("list_path")
        );
        assert!(time("2026-11-22T10:00:00").is_some());
    }
}
