//! What must not leave for one tracker, and what is known about it.

use serde::{Deserialize, Deserializer, Serialize};

use super::{OtherIds, Tier};

/// A person as a report shows them. Empty strings mean unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Address.
    #[serde(deserialize_with = "text")]
    pub email: String,
    /// Forge handle.
    #[serde(deserialize_with = "text")]
    pub handle: String,
}

/// Where a tracker lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerId {
    /// `owner/name`; empty on the embedded desk.
    #[serde(deserialize_with = "text")]
    pub repo: String,
    /// Its number there.
    #[serde(deserialize_with = "number")]
    pub number: Option<u64>,
}

/// The secrets of one tracker: the file given with `--secrets` (DESIGN §7). Keys of ours stand beside the four of
/// the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// Who reported.
    pub reporter: Identity,
    /// The tracker.
    pub tracker: TrackerId,
    /// Message-IDs or addresses of its private threads.
    pub threads: Vec<String>,
    /// Addresses of private lists.
    pub lists: Vec<String>,
    /// Other people whose identity stays inside, e.g. reporters of a duplicate.
    pub people: Vec<Identity>,
    /// The id allocated to this tracker.
    pub own_cve: Option<String>,
    /// Undisclosed ids of other trackers.
    pub other_cves: OtherIds,
    /// Ids known to be public.
    pub public_cves: Vec<String>,
    /// The credit as the reporter confirmed it.
    pub credit: Option<String>,
    /// Score vectors the reporter gave.
    pub reporter_cvss: Vec<String>,
    /// Hosts of the CVE tool, beside those configured.
    pub cve_tool_hosts: Vec<String>,
}

/// `null` reads as the empty string.
fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(d)?.unwrap_or_default())
}

/// A number, or a string that holds one (`"42"`, `"#42"`).
fn number<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        Number(u64),
        Text(String),
    }
    match Option::<Raw>::deserialize(d)? {
        None => Ok(None),
        Some(Raw::Number(n)) => Ok(Some(n)),
        Some(Raw::Text(t)) if t.is_empty() => Ok(None),
        Some(Raw::Text(t)) => t.trim_start_matches('#').parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// A person's reason why words of the `justify` tier may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Justification {
    /// The rule it answers.
    pub rule: String,
    /// The words it answers, exactly as they stand in the text.
    pub text: String,
    /// Why.
    pub reason: String,
    /// Who says so, by handle.
    pub by: String,
}

/// What the policy knows of the tracker that a draft belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerContext {
    /// Our stable key.
    pub key: String,
    /// `owner/name`; the configured repository when empty.
    pub repo: String,
    /// Its number there.
    pub number: Option<u64>,
    /// Who reported.
    pub reporter: Identity,
    /// The relay, when the report came through one.
    pub forwarder: Option<Identity>,
    /// Other people whose identity stays inside.
    pub people: Vec<Identity>,
    /// The credit as the reporter confirmed it.
    pub credit: Option<String>,
    /// The id allocated to this tracker.
    pub own_cve: Option<String>,
    /// Undisclosed ids of other trackers.
    pub other_cves: OtherIds,
    /// Ids known to be public.
    pub public_cves: Vec<String>,
    /// Score vectors the reporter gave.
    pub reporter_cvss: Vec<String>,
    /// Message-IDs or addresses of its private threads.
    pub thread_ids: Vec<String>,
    /// Addresses of private lists, beside those configured.
    pub lists: Vec<String>,
    /// Is the public fix open?
    pub fix_pr_open: bool,
    /// Hosts of the CVE tool, beside those configured.
    pub cve_tool_hosts: Vec<String>,
    /// Paths and identifiers that exist at the base of the change.
    pub exempt: Vec<String>,
    /// Subjects of a reply to mail that the reporter or forwarder wrote, `Re: ` included.
    pub own_subjects: Vec<String>,
    /// Recorded reasons for words of the `justify` tier.
    pub justified: Vec<Justification>,
}

impl TrackerContext {
    /// The secrets to scan for.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets {
            reporter: self.reporter.clone(),
            tracker: TrackerId { repo: self.repo.clone(), number: self.number },
            threads: self.thread_ids.clone(),
            lists: self.lists.clone(),
            people: self.people.clone(),
            own_cve: self.own_cve.clone(),
            other_cves: self.other_cves.clone(),
            public_cves: self.public_cves.clone(),
            credit: self.credit.clone(),
            reporter_cvss: self.reporter_cvss.clone(),
            cve_tool_hosts: self.cve_tool_hosts.clone(),
        }
    }

    /// Did a person record why this may stand? Only the `justify` tier can be answered so.
    pub(super) fn is_justified(&self, rule: &str, text: &str, tier: Tier) -> bool {
        tier == Tier::Justify
            && self
                .justified
                .iter()
                .any(|j| j.rule == rule && j.text == text && !j.by.is_empty() && !j.reason.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_contract_is_read() {
        let json = r##"{"reporter":{"name":"Ada Quill","email":null,"handle":"aq"},
            "tracker":{"repo":"acme/widget-s","number":"#42"},"threads":["a@b"],"lists":[]}"##;
        let s: Secrets = serde_json::from_str(json).unwrap();
        assert_eq!((s.tracker.number, s.reporter.email.as_str()), (Some(42), ""));
        assert_eq!(serde_json::from_str::<Secrets>("{}").unwrap(), Secrets::default());
    }
}
