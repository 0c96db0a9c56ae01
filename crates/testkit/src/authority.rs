//! What every CVE authority must do, run over each of them: the desk's own and those on the network.

use desk::{
    case::RecordStage,
    cve::authority::{AuthorityError, CveAuthority, Submission},
};
use serde_json::{Value, json};

/// The id that is there and has no record yet.
pub const CVE: &str = "CVE-2026-12345";
/// An id nobody has.
pub const NOBODYS: &str = "CVE-2026-99999";

/// An authority with a view of what really happened on its side.
pub trait Stand {
    /// It.
    fn authority(&self) -> &dyn CveAuthority;
    /// Changes that took effect on its side.
    fn effects(&self) -> u64;
    /// The state of a record on its side.
    fn state(&self, cve: &str) -> RecordStage;
    /// Does it know its ids without being told?
    fn strict(&self) -> bool;
}

/// A complete record with its advisory.
#[must_use]
pub fn record(title: &str) -> Value {
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": CVE, "state": "PUBLISHED"},
        "containers": {"cna": {
            "title": title,
            "descriptions": [{"lang": "en", "value": "An authenticated user can write files outside of the data folder. "}],
            "affected": [{"vendor": "Example", "product": "Example Server", "packageName": "example-server",
                "versions": [{"version": "0", "lessThan": "2.4.1", "status": "affected", "versionType": "semver"}]}],
            "references": [
                {"url": "https://lists.example.org/thread/x", "tags": ["vendor-advisory"]},
                {"url": "https://github.com/example/server/pull/12", "tags": ["patch"]},
            ],
            "credits": [{"lang": "en", "type": "finder", "value": "Ann Archer"}],
            // A whole score and a blank at the end: services keep neither as it was sent.
            "metrics": [{"format": "CVSS", "cvssV3_1": {"version": "3.1", "baseScore": 9.0, "baseSeverity": "CRITICAL",
                "vectorString": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H"}}],
        }},
    })
}

/// A submission of a record that was never pushed.
#[must_use]
pub fn ask(ours: &Value, wish: RecordStage) -> Submission<'_> {
    Submission { cve: CVE, ours, base: None, wish, over: None }
}

fn without_advisory() -> Value {
    let mut r = record("Path traversal");
    r["containers"]["cna"]["references"] = json!([{"url": "https://a.example/1", "tags": ["patch"]}]);
    r
}

/// Run everything. `fresh` makes one with [`CVE`] allocated and nothing else.
pub fn conforms(fresh: &dyn Fn() -> Box<dyn Stand>) {
    unknown_ids(&*fresh());
    pushing(&*fresh());
    publishing(&*fresh());
    retracting(&*fresh());
    another_record(&*fresh());
    reserving(&*fresh());
}

fn unknown_ids(s: &dyn Stand) {
    let a = s.authority();
    assert_eq!(a.fetch(NOBODYS), Ok(None), "{}", a.name());
    if s.strict() {
        assert_eq!(a.fetch(CVE).unwrap().map(|r| r.state), Some(RecordStage::Allocated));
        let mut other = record("T");
        other["cveMetadata"]["cveId"] = json!(NOBODYS);
        let submission = Submission { cve: NOBODYS, ..ask(&other, RecordStage::ReviewReady) };
        assert!(matches!(a.push(submission), Err(AuthorityError::Absent { .. })));
        assert!(matches!(a.publish(submission), Err(AuthorityError::Absent { .. })));
    }
    for bad in ["CVE-2026-1", "../x", "", "CVE-2026-12345/cna"] {
        assert!(a.retract(bad, "x").is_err(), "{bad}");
    }
    assert_eq!(s.effects(), 0, "{}", a.name());
}

fn pushing(s: &dyn Stand) {
    let (a, drafts) = (s.authority(), s.authority().capabilities().drafts);
    let ours = record("Path traversal");
    let first = a.push(ask(&ours, RecordStage::ReviewReady)).unwrap();
    assert_eq!(first.wrote, drafts, "{}", a.name());
    let want = if drafts { RecordStage::ReviewReady } else { RecordStage::Allocated };
    assert_eq!((first.state, s.state(CVE)), (want, want));
    let before = s.effects();
    let based = Submission { base: Some(&ours), ..ask(&ours, RecordStage::ReviewReady) };
    for wish in [RecordStage::Allocated, RecordStage::Unknown, RecordStage::ReviewReady] {
        let again = a.push(Submission { wish, ..based }).unwrap();
        assert_eq!((again.wrote, again.state, s.effects()), (false, want, before), "{} {wish:?}", a.name());
    }
    let other = record("Path traversal in uploads");
    let next = a.push(Submission { ours: &other, ..based }).unwrap();
    assert_eq!((next.wrote, next.state), (drafts, want));
    // Whatever is wished, a push makes nothing public and takes nothing back.
    for wish in [RecordStage::Public, RecordStage::Retracted] {
        let state = a.push(Submission { base: Some(&other), ..ask(&other, wish) }).unwrap().state;
        assert!(state >= want && state < RecordStage::Public, "{} {wish:?}: {state:?}", a.name());
        assert_eq!(s.state(CVE), state);
    }
}

fn publishing(s: &dyn Stand) {
    let a = s.authority();
    let (ours, bare) = (record("Path traversal"), without_advisory());
    if a.capabilities().drafts {
        assert!(a.publish(ask(&ours, RecordStage::Public)).is_err(), "{}: not reviewed", a.name());
        assert_eq!(s.effects(), 0);
        a.push(ask(&bare, RecordStage::ReviewReady)).unwrap();
    }
    let before = s.effects();
    let error = a.publish(Submission { base: Some(&bare), ..ask(&bare, RecordStage::Public) }).unwrap_err();
    assert!(error.to_string().contains("advisory"), "{}: {error}", a.name());
    assert_eq!(s.effects(), before);
    let done = a.publish(Submission { base: Some(&bare), ..ask(&ours, RecordStage::Public) }).unwrap();
    assert_eq!((done.wrote, done.state, s.state(CVE)), (true, RecordStage::Public, RecordStage::Public));
    let before = s.effects();
    let based = Submission { base: Some(&ours), ..ask(&ours, RecordStage::ReviewReady) };
    assert!(!a.publish(based).unwrap().wrote, "{}: published twice", a.name());
    // A public record is brought up to date by publishing, and by nothing else.
    let other = record("Path traversal in uploads");
    let left = a.push(Submission { ours: &other, ..based }).unwrap();
    assert_eq!((left.wrote, left.state, s.effects()), (false, RecordStage::Public, before));
    let updated = a.publish(Submission { ours: &other, ..based }).unwrap();
    assert_eq!((updated.wrote, updated.state), (true, RecordStage::Public));
    let read = a.fetch(CVE).unwrap().unwrap();
    assert_eq!(read.state, RecordStage::Public);
    let title = read.json.as_ref().and_then(|j| j.pointer("/containers/cna/title"));
    assert_eq!(title, Some(&json!("Path traversal in uploads")), "{}", a.name());
    assert!(matches!(a.retract(CVE, "no"), Err(AuthorityError::AlreadyPublic { .. })), "{}", a.name());
}

fn retracting(s: &dyn Stand) {
    let a = s.authority();
    if !s.strict() {
        a.push(ask(&record("T"), RecordStage::Allocated)).unwrap();
    }
    let done = a.retract(CVE, "Not a flaw of this product.").unwrap();
    assert_eq!(
        (done.wrote, done.state, s.state(CVE)),
        (true, RecordStage::Retracted, RecordStage::Retracted)
    );
    let before = s.effects();
    assert!(!a.retract(CVE, "Not a flaw of this product.").unwrap().wrote);
    let ours = record("Path traversal");
    assert!(a.push(ask(&ours, RecordStage::ReviewReady)).is_err(), "{}", a.name());
    assert!(a.publish(ask(&ours, RecordStage::ReviewReady)).is_err(), "{}", a.name());
    assert_eq!((s.effects(), s.state(CVE)), (before, RecordStage::Retracted));
}

fn another_record(s: &dyn Stand) {
    let a = s.authority();
    let mut other = record("Path traversal");
    other["cveMetadata"]["cveId"] = json!(NOBODYS);
    assert!(matches!(a.push(ask(&other, RecordStage::Allocated)), Err(AuthorityError::Refused { .. })));
    assert!(matches!(a.publish(ask(&other, RecordStage::Allocated)), Err(AuthorityError::Refused { .. })));
    assert_eq!(s.effects(), 0, "{}: a record was renamed", a.name());
}

fn reserving(s: &dyn Stand) {
    let a = s.authority();
    if !a.capabilities().reserves {
        assert!(matches!(a.reserve(2026), Err(AuthorityError::NotSupported { .. })), "{}", a.name());
        return;
    }
    let got = a.reserve(2026).unwrap();
    assert!(got.cve.starts_with("CVE-2026-"), "{}", got.cve);
    assert_eq!((s.effects(), s.state(&got.cve)), (1, RecordStage::Allocated));
    let since = "2026-11-01T00:00:00Z".parse().unwrap();
    assert_eq!(a.reserved_since(since).unwrap(), [got.cve]);
}
