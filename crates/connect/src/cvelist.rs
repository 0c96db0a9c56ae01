//! The public CVE list (sync page §13): as a local copy, which is a clone of the list's own repository or a folder of
//! records, and at its service.

use std::path::{Path, PathBuf};

use desk::case::{Listed, ListedState};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::net::{Client, Fault, Request, Site};

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
    read(&path).map(Some).map_err(|why| ListError::Record { path, why })
}

fn read(path: &Path) -> Result<Listed, String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(LARGEST).read_to_string(&mut text).map_err(|e| e.to_string())?;
    let json: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    listed(json)
}

/// What the public service shows of a CVE. Where it has none, that is said; a page in its place is no answer.
///
/// # Errors
/// When it cannot be asked, or answers about something else.
pub fn ask(client: &Client, site: &Site, cve: &str) -> Result<Option<Listed>, Fault> {
    let reply = client.call(site, &Request::get(format!("/cve/{cve}")))?;
    match reply.status() {
        200 => {}
        // The service says so itself; a reserved id has no record yet.
        404 if reply.json().is_ok() => return Ok(None),
        _ => return Err(reply.refusal()),
    }
    let json = reply.json()?;
    let id = json.pointer("/cveMetadata/cveId").and_then(Value::as_str);
    if id != Some(cve) {
        return Err(Fault::unexpected(&reply, "the answer is another record"));
    }
    listed(json).map(Some).map_err(|why| Fault::unexpected(&reply, why))
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
        assert!(look_up(dir.path(), "CVE-2026-3333").unwrap_err().to_string().contains("CVE-2026-3333.json"));
        let listed = look_up(dir.path(), "CVE-2026-12345").unwrap().unwrap();
        assert_eq!(listed.published, Some("2026-11-22T10:00:00Z".parse().unwrap()));
        assert!(
            look_up(&dir.path().join("none"), "CVE-2026-1234").unwrap_err().to_string().contains("list_path")
        );
        assert!(time("2026-11-22T10:00:00").is_some());
    }

    #[test]
    fn the_service_is_asked_and_what_goes_wrong_is_no_answer() {
        use std::time::Duration;

        use serde_json::json;
        use testkit::serve::{Answer, Asked, Server, Wrong};

        use crate::net::{Address, Limits, Service, Surroundings, SystemPace};

        let server = Server::start(|asked: &Asked| match asked.path.as_str() {
            "/api/cve/CVE-2026-12345" => Answer::json(
                200,
                &json!({"cveMetadata": {"cveId": "CVE-2026-12345", "state": "PUBLISHED",
                        "datePublished": "2026-11-22T10:00:00.000Z"}}),
            ),
            _ => Answer::json(404, &json!({"error": "CVE_RECORD_DNE"})),
        });
        let limits = Limits {
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(20),
            body: 100_000,
            ..Limits::default()
        };
        let client = Client::new(&Surroundings::default(), limits, Box::new(SystemPace::default())).unwrap();
        let address = Address::parse(&format!("{}/api", server.url()), false).unwrap();
        let site = Site { service: Service::CveList, address, per_minute: None };
        let state = |cve: &str| ask(&client, &site, cve).map(|l| l.map(|l| l.state));
        assert_eq!(state("CVE-2026-12345"), Ok(Some(ListedState::Published)));
        assert_eq!(state("CVE-2026-9999"), Ok(None));
        assert!(state("../secret").is_err());
        for wrong in Wrong::every().into_iter().filter(|w| !matches!(w, Wrong::Silence)) {
            server.go_wrong_times("GET", "/", wrong.clone(), 4);
            let found = state("CVE-2026-12345");
            server.all_well();
            match wrong {
                Wrong::Late(_) => assert_eq!(found, Ok(Some(ListedState::Published))),
                Wrong::Status(404) => assert_eq!(found, Ok(None)),
                wrong => assert!(found.is_err(), "{wrong:?}: {found:?}"),
            }
        }
    }
}
