//! The desk's own records behind the trait every CVE authority has.

use desk::{
    case::{Record, RecordStage},
    cve::authority::{
        AuthorityError, Capabilities, CveAuthority, Reserved, Submission, Submitted, advisory_there, same_id,
    },
    tracker::TrackerKey,
};
use jiff::Timestamp;

use crate::{Desk, StoreError, records};

const WHO: &str = "the desk";

/// The desk as the authority of one tracker's record.
pub struct OwnAuthority<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// Whose record.
    pub tracker: TrackerKey,
    /// When a change is made.
    pub at: Timestamp,
}

fn refused(why: impl Into<String>) -> AuthorityError {
    AuthorityError::Refused { who: WHO.into(), why: why.into() }
}

fn error(e: StoreError) -> AuthorityError {
    match e {
        StoreError::Refused(why) => refused(why),
        other => AuthorityError::Unreachable { who: WHO.into(), why: other.to_string() },
    }
}

fn by_hand() -> AuthorityError {
    let instead = "ask for the id where the project does, then `tipstaff allocate N CVE-…`".to_owned();
    AuthorityError::NotSupported { who: WHO.into(), instead }
}

impl OwnAuthority<'_> {
    fn now(&self, cve: &str, wrote: bool) -> Result<Submitted, AuthorityError> {
        let r = self.fetch(cve)?.unwrap_or_default();
        Ok(Submitted { state: r.state, version: r.version, wrote, holds: true, notes: Vec::new() })
    }
}

impl CveAuthority for OwnAuthority<'_> {
    fn name(&self) -> String {
        WHO.into()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { reserves: false, drafts: true, publishes: true, retracts: true }
    }

    fn probe(&self) -> Result<String, AuthorityError> {
        Ok("it keeps its own records".into())
    }

    fn fetch(&self, cve: &str) -> Result<Option<Record>, AuthorityError> {
        self.desk.cve_record(cve).map_err(error)
    }

    fn reserve(&self, _year: i16) -> Result<Reserved, AuthorityError> {
        Err(by_hand())
    }

    fn reserved_since(&self, _since: Timestamp) -> Result<Vec<String>, AuthorityError> {
        Err(by_hand())
    }

    fn push(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError> {
        same_id(s.ours, s.cve).map_err(refused)?;
        let has = self.fetch(s.cve)?;
        if let Some(r) = &has {
            let kept = r.json.as_ref() == Some(s.ours);
            let risen = r.state.max(s.wish.clamp(RecordStage::Allocated, RecordStage::PublishReady));
            if r.state == RecordStage::Public || (kept && risen == r.state) {
                return self.now(s.cve, false);
            }
        }
        let text = s.ours.to_string();
        self.desk
            .write("push a record", |c| {
                records::push(self.desk, c, &self.tracker, s.cve, s.wish, &text, self.at)
            })
            .map_err(error)?;
        self.now(s.cve, true)
    }

    fn publish(&self, s: Submission<'_>) -> Result<Submitted, AuthorityError> {
        same_id(s.ours, s.cve).map_err(refused)?;
        advisory_there(s.ours).map_err(refused)?;
        let has = self.fetch(s.cve)?.unwrap_or_default();
        if has.state == RecordStage::Public && has.json.as_ref() == Some(s.ours) {
            return self.now(s.cve, false);
        }
        let text = s.ours.to_string();
        self.desk
            .write("publish a record", |c| {
                records::publish(self.desk, c, &self.tracker, s.cve, &text, self.at)
            })
            .map_err(error)?;
        self.now(s.cve, true)
    }

    fn retract(&self, cve: &str, _reason: &str) -> Result<Submitted, AuthorityError> {
        match self.fetch(cve)?.map(|r| r.state) {
            Some(RecordStage::Retracted) => return self.now(cve, false),
            Some(RecordStage::Public) => {
                return Err(AuthorityError::AlreadyPublic { who: WHO.into(), cve: cve.into() });
            }
            _ => {}
        }
        self.desk
            .write("take a record back", |c| records::retract(self.desk, c, &self.tracker, cve))
            .map_err(error)?;
        self.now(cve, true)
    }
}
