//! The CVE Record Format, typed: reads 5.0 to 5.2, writes 5.1 (5.2 on request).
//!
//! Every object keeps the keys it does not know, so that what others wrote into a record survives an edit; other
//! containers (`adp`, and whatever comes) stand untouched. The bytes are deterministic: keys sorted at every level,
//! four blanks of indent, raw UTF-8, one final newline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Keys a type does not name.
pub type Rest = BTreeMap<String, Value>;

/// Version of the record format that is written (CVE page, issue of the record).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DataVersion {
    /// 5.1, what is written unless asked otherwise.
    #[default]
    #[serde(rename = "5.1")]
    V5_1,
    /// 5.2: `affected[].packageURL`.
    #[serde(rename = "5.2")]
    V5_2,
}

impl DataVersion {
    /// As it stands in `dataVersion`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DataVersion::V5_1 => "5.1",
            DataVersion::V5_2 => "5.2",
        }
    }
}

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or a key has a value of the wrong kind.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// JSON of something else.
    #[error("`dataType` is {0}, a CVE record has \"CVE_RECORD\"")]
    NotARecord(String),
    /// A format that is not read.
    #[error("`dataVersion` is {0}; 5.0, 5.1 and 5.2 are read")]
    Version(String),
}

/// A whole CVE record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Record {
    /// `CVE_RECORD`.
    pub data_type: String,
    /// `5.0`, `5.1`, `5.2`, or one of their patch releases.
    pub data_version: String,
    /// The id and its state.
    pub cve_metadata: CveMetadata,
    /// What each organization says about it.
    pub containers: Containers,
    /// Other keys, such as a tool's own envelope.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `cveMetadata`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CveMetadata {
    /// `CVE-2026-12345`; none until one is reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cve_id: Option<String>,
    /// The CNA, as a UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigner_org_id: Option<String>,
    /// The CNA's short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigner_short_name: Option<String>,
    /// Number of the revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Value>,
    /// `PUBLISHED` or `REJECTED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Other keys, such as the dates that the server sets.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `containers`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Containers {
    /// The CNA's own.
    pub cna: Cna,
    /// Other containers, untouched.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `containers.cna`, of a published or of a rejected record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cna {
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_metadata: Option<ProviderMetadata>,
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At least one in English.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub descriptions: Vec<Description>,
    /// One entry per package.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Affected>,
    /// One entry per weakness.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problem_types: Vec<ProblemType>,
    /// Severity in words, and CVSS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Who found it, who mended it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<RecordCredit>,
    /// Sorted by URL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// When what happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TimelineEntry>,
    /// How it was discovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Value>,
    /// Rejected records: why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected_reasons: Vec<Description>,
    /// Rejected records: the ids to use instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced_by: Vec<String>,
    /// Other keys, `x_…` among them.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `providerMetadata`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProviderMetadata {
    /// A UUID.
    pub org_id: String,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A text in one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Description {
    /// `en`
    pub lang: String,
    /// Plain text, at most 4096 characters.
    pub value: String,
    /// The same as HTML.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supporting_media: Vec<Media>,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The same text in another form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// `text/html`
    #[serde(rename = "type")]
    pub kind: String,
    /// Is the value base64?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<bool>,
    /// The text.
    pub value: String,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is affected: one package or product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Affected {
    /// Who makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its name in the collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    /// The collection, such as a package index.
    #[serde(rename = "collectionURL", skip_serializing_if = "Option::is_none")]
    pub collection_url: Option<String>,
    /// A purl without version (5.2).
    #[serde(rename = "packageURL", skip_serializing_if = "Option::is_none")]
    pub package_url: Option<String>,
    /// What holds for versions that are not listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_status: Option<String>,
    /// Sorted, without overlaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Version>,
    /// Other keys: platforms, modules, repo, cpes …
    #[serde(flatten)]
    pub rest: Rest,
}

/// A version or a range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Version {
    /// The version, or the first of the range; `0` for the beginning.
    pub version: String,
    /// `affected`, `unaffected`, `unknown`
    pub status: String,
    /// `semver`, `python`, `maven`, `git`, `custom` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_type: Option<String>,
    /// The first that is not in the range; `*` for no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub less_than: Option<String>,
    /// The last of the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub less_than_or_equal: Option<String>,
    /// Other keys, such as `changes`.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A weakness; several descriptions are the same in several languages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemType {
    /// The weakness.
    pub descriptions: Vec<ProblemDescription>,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The weakness in one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProblemDescription {
    /// `en`
    pub lang: String,
    /// `CWE-79: title`
    pub description: String,
    /// `CWE-79`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwe_id: Option<String>,
    /// `CWE` or `text`
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One way to measure it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metric {
    /// `CVSS` where a CVSS stands beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// CVSS 3.1.
    #[serde(rename = "cvssV3_1", skip_serializing_if = "Option::is_none")]
    pub cvss_v3_1: Option<CvssData>,
    /// CVSS 4.0.
    #[serde(rename = "cvssV4_0", skip_serializing_if = "Option::is_none")]
    pub cvss_v4_0: Option<CvssData>,
    /// Severity in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherMetric>,
    /// Other keys: scenarios, older CVSS versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A CVSS vector with what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CvssData {
    /// `3.1` or `4.0`
    pub version: String,
    /// `CVSS:3.1/AV:N/…`
    pub vector_string: String,
    /// 0 to 10.
    pub base_score: Value,
    /// `NONE` to `CRITICAL`
    pub base_severity: String,
    /// Other keys: the vector taken apart.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A measure of another kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OtherMetric {
    /// `Textual description of severity`
    #[serde(rename = "type")]
    pub kind: String,
    /// `{"text": "moderate"}`
    pub content: Value,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A credit as the record has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordCredit {
    /// `en`
    pub lang: String,
    /// The name, at most 4096 characters.
    pub value: String,
    /// `finder`, `tool`, `remediation developer` …
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A link with what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// At most 2048 characters.
    pub url: String,
    /// `patch`, `vendor-advisory`, `related` …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One moment of the story.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineEntry {
    /// RFC 3339.
    pub time: String,
    /// `en`
    pub lang: String,
    /// What happened.
    pub value: String,
    /// Other keys.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record {
    /// Reads a record of format 5.0, 5.1 or 5.2.
    ///
    /// # Errors
    /// When the text is no JSON, no CVE record, or of another format.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        Self::from_value(serde_json::from_str(text)?)
    }

    /// The same, of JSON already read.
    ///
    /// # Errors
    /// See [`Record::parse`].
    pub fn from_value(value: Value) -> Result<Self, RecordError> {
        let word = |key: &str| value.get(key).map_or_else(|| "missing".to_owned(), Value::to_string);
        if value.get("dataType").and_then(Value::as_str) != Some("CVE_RECORD") {
            return Err(RecordError::NotARecord(word("dataType")));
        }
        let version = value.get("dataVersion").and_then(Value::as_str).unwrap_or_default();
        let mut parts = version.split('.');
        let known = parts.next() == Some("5")
            && matches!(parts.next(), Some("0" | "1" | "2"))
            && parts.all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        if !known {
            return Err(RecordError::Version(word("dataVersion")));
        }
        Ok(serde_json::from_value(value)?)
    }

    /// The record as JSON, keys sorted.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // Our types have string keys and finite numbers only; this cannot fail.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The bytes to publish or to compare: four blanks of indent, a final newline.
    #[must_use]
    pub fn render(&self) -> String {
        render(&self.to_value())
    }

    /// The body of a write to CVE Services: `{cnaContainer}`, without what the server sets itself (CVE page §11).
    #[must_use]
    pub fn cna_container(&self) -> Value {
        let mut cna = self.containers.cna.clone();
        cna.provider_metadata = None;
        serde_json::json!({ "cnaContainer": serde_json::to_value(cna).unwrap_or_default() })
    }

    /// A record that says its id is not to be used (issue of the record: rejection records).
    #[must_use]
    pub fn rejected(cve_id: &str, org_id: &str, reason: &str, replaced_by: &[String]) -> Self {
        let owner = Some(org_id.trim()).filter(|o| !o.is_empty());
        let provider = |org: &str| ProviderMetadata { org_id: org.to_owned(), rest: Rest::new() };
        Self {
            data_type: "CVE_RECORD".into(),
            data_version: DataVersion::default().as_str().into(),
            cve_metadata: CveMetadata {
                cve_id: Some(cve_id.to_owned()),
                assigner_org_id: owner.map(str::to_owned),
                serial: Some(1.into()),
                state: Some("REJECTED".into()),
                ..CveMetadata::default()
            },
            containers: Containers {
                cna: Cna {
                    provider_metadata: owner.map(provider),
                    rejected_reasons: vec![Description {
                        lang: "en".into(),
                        value: reason.trim().to_owned(),
                        ..Description::default()
                    }],
                    replaced_by: replaced_by.to_vec(),
                    ..Cna::default()
                },
                rest: Rest::new(),
            },
            rest: Rest::new(),
        }
    }

    /// The English description.
    #[must_use]
    pub fn description(&self) -> &str {
        let all = &self.containers.cna.descriptions;
        all.iter().find(|d| is_english(&d.lang)).map_or("", |d| d.value.as_str())
    }

    /// Is there a reference with that tag?
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.containers.cna.references.iter().any(|r| r.tags.iter().any(|t| t == tag))
    }
}

/// `en`, `en-GB`, `eng`
fn is_english(lang: &str) -> bool {
    let l = lang.to_ascii_lowercase();
    l == "en" || l == "eng" || l.starts_with("en-") || l.starts_with("en_")
}

/// Any JSON in the bytes of a record: keys sorted at every level, four blanks, raw UTF-8, a final newline.
#[must_use]
pub fn render(value: &Value) -> String {
    let mut out = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, format);
    // Writing a JSON value to memory cannot fail.
    let _ = Sorted(value).serialize(&mut writer);
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

/// Sorted whatever map `serde_json` was built with.
struct Sorted<'v>(&'v Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                if map.keys().is_sorted() {
                    return serializer.collect_map(map.iter().map(|(k, v)| (k, Sorted(v))));
                }
                let mut entries: Vec<(&String, &Value)> = map.iter().collect();
                entries.sort_by_key(|(k, _)| *k);
                serializer.collect_map(entries.into_iter().map(|(k, v)| (k, Sorted(v))))
            }
            Value::Array(list) => serializer.collect_seq(list.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({
            "dataType": "CVE_RECORD", "dataVersion": "5.1.1", "x_top": {"b": 1, "a": [1.5, null]},
            "cveMetadata": {"cveId": "CVE-2026-12345", "state": "PUBLISHED", "dateReserved": "2026-01-01T00:00:00Z",
                "serial": 3, "x_more": true},
            "containers": {
                "cna": {
                    "title": "t", "datePublic": "2026-01-02T00:00:00Z",
                    "providerMetadata": {"orgId": "f0158376-9dc2-43b6-827c-5f631a4d8d09", "shortName": "apache"},
                    "descriptions": [{"lang": "en", "value": "ü <b>", "supportingMedia": [
                        {"type": "text/html", "base64": false, "value": "x", "x_m": 1}]}],
                    "affected": [{"vendor": "v", "product": "p", "cpes": ["cpe:2.3:a"], "packageURL": "pkg:pypi/p",
                        "versions": [{"version": "0", "status": "affected", "versionType": "python",
                            "lessThan": "2", "changes": [{"at": "1.5", "status": "unaffected"}]}]}],
                    "problemTypes": [{"descriptions": [{"lang": "en", "description": "CWE-79", "cweId": "CWE-79",
                        "type": "CWE", "x_p": "q"}], "x_q": []}],
                    "metrics": [{"format": "CVSS", "scenarios": [{"lang": "en", "value": "GENERAL"}],
                        "cvssV3_1": {"version": "3.1", "vectorString": "v", "baseScore": 9.9,
                            "baseSeverity": "CRITICAL", "scope": "CHANGED"}},
                        {"cvssV2_0": {"version": "2.0"}}],
                    "credits": [{"lang": "en", "value": "A", "type": "finder", "user": "00000000-0000-4000-9000-000000000000"}],
                    "references": [{"url": "https://a.example", "tags": ["patch"], "name": "n"}],
                    "timeline": [{"time": "2026-01-01T00:00:00Z", "lang": "en", "value": "v"}],
                    "source": {"discovery": "UNKNOWN", "defect": ["D-1"]},
                    "workarounds": [{"lang": "en", "value": "none"}], "x_generator": {"engine": "other"}
                },
                "adp": [{"title": "CISA", "x_y": {"z": []}}],
                "x_next": {}
            }
        })
    }

    #[test]
    fn reading_and_writing_keeps_every_key() {
        let r = Record::from_value(sample()).unwrap();
        assert_eq!(r.to_value(), sample());
        assert_eq!(Record::parse(&r.render()).unwrap(), r);
        assert_eq!(r.containers.cna.affected[0].package_url.as_deref(), Some("pkg:pypi/p"));
        assert_eq!(r.containers.rest.len(), 2);
        // An edit of one key changes that key alone.
        let mut edited = r.clone();
        edited.containers.cna.title = Some("u".into());
        let mut want = sample();
        want["containers"]["cna"]["title"] = "u".into();
        assert_eq!(edited.to_value(), want);
    }

    #[test]
    fn bytes_are_sorted_indented_raw_and_end_with_a_newline() {
        let text = Record::from_value(sample()).unwrap().render();
        assert!(text.starts_with("{\n    \"containers\": {\n        \"adp\": ["));
        assert!(text.ends_with("\n}\n") && !text.ends_with("\n\n"));
        assert!(text.contains("ü <b>"));
        assert_eq!(
            render(&json!({"b": 1, "a": {"d": [], "c": {}}})),
            "{\n    \"a\": {\n        \"c\": {},\n        \"d\": []\n    },\n    \"b\": 1\n}\n"
        );
    }

    #[test]
    fn formats_5_0_to_5_2_are_read_and_others_refused() {
        for (version, fine) in [
            ("5.0", true),
            ("5.1", true),
            ("5.1.1", true),
            ("5.2", true),
            ("5.2.0", true),
            ("5.3", false),
            ("4.0", false),
            ("5", false),
            ("", false),
            ("5.1.x", false),
        ] {
            let mut v = sample();
            v["dataVersion"] = version.into();
            assert_eq!(Record::from_value(v).is_ok(), fine, "{version}");
        }
        for text in [
            "",
            "{}",
            "[]",
            "{\"dataType\": \"CVE\"}",
            "{\"dataType\": \"CVE_RECORD\", \"dataVersion\": 5}",
            "<html>",
        ] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rejection_says_why_and_what_to_use() {
        let r = Record::rejected("CVE-2026-1", "", " not a vulnerability ", &["CVE-2026-2".into()]);
        let v = r.to_value();
        assert_eq!(v["cveMetadata"]["state"], "REJECTED");
        assert_eq!(
            v["containers"]["cna"],
            json!({"rejectedReasons": [{"lang": "en", "value": "not a vulnerability"}], "replacedBy": ["CVE-2026-2"]})
        );
        assert_eq!(r.cna_container()["cnaContainer"], v["containers"]["cna"]);
    }

    fn json_strategy() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z_\"]{1,6}", inner, 0..4)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(32))]
        #[test]
        fn unknown_keys_survive_wherever_they_stand(v in json_strategy(), key in "x_[a-z]{1,5}") {
            let mut record = sample();
            for path in ["", "/cveMetadata", "/containers", "/containers/cna", "/containers/cna/affected/0",
                "/containers/cna/affected/0/versions/0", "/containers/cna/metrics/0", "/containers/cna/credits/0"] {
                record.pointer_mut(path).unwrap()[&key] = v.clone();
            }
            let read = Record::from_value(record.clone()).unwrap();
            prop_assert_eq!(read.to_value(), record);
            prop_assert_eq!(Record::parse(&read.render()).unwrap(), read);
        }
    }
}
