//! `[cve]`: the CVE tool, how it is reached, and who may ask it.

use serde::{Deserialize, Serialize};

use super::schema::{CveGate, CveTool, Propagation, RecordState, ReviewerChannel};

/// `[cve]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cve {
    /// Which tool.
    pub tool: CveTool,
    /// Human links; `{cve_id}` is the only variable.
    pub allocate_url: String,
    /// Link to a record.
    pub record_url: String,
    /// Link to a record's source.
    pub source_url: String,
    /// Link to the advisory preview.
    pub email_preview_url: String,
    /// States this tool knows, in order.
    pub states: Vec<RecordState>,
    /// How "public" is detected.
    pub propagation: Propagation,
    /// Base address of the tool's own service.
    pub address: String,
    /// Where the log-in session of Vulnogram is kept.
    pub session: String,
    /// Where the user of CVE Services is kept.
    pub api_user: String,
    /// Short name of the organization at CVE Services.
    pub api_org: String,
    /// Where the key of CVE Services is kept.
    pub api_key: String,
    /// May the tool be asked over plain http on another machine?
    pub plain_http: bool,
    /// Path of a local copy of the public CVE list.
    pub list_path: String,
    /// Base address of the public CVE list's service.
    pub list_url: String,
    /// Does the tool mail the list about an allocation?
    pub emits_allocation_mail: bool,
    /// Who reviews records.
    pub reviewer_channel: ReviewerChannel,
    /// Who may allocate.
    pub gate: CveGate,
    /// CNA organization id.
    pub org_id: String,
    /// CNA envelope: owner.
    pub private_owner: String,
    /// CNA envelope: project page.
    pub private_url: String,
    /// CNA envelope: users list.
    pub private_users_list: String,
    /// Hold review until the release vote passes.
    pub vote_gating: bool,
    /// Label of a running vote.
    pub vote_label: String,
    /// Extra strip rules for titles, tried after the built-in cascade.
    pub title_rules: Vec<String>,
    /// Fewer words than this: warn and ask.
    pub title_min_words: u32,
    /// Hosts whose pages are advisories; the host of `archive.thread_url` is always one.
    pub advisory_hosts: Vec<String>,
    /// Forges whose pull requests and commits are patches.
    pub patch_hosts: Vec<String>,
}

impl Default for Cve {
    fn default() -> Self {
        Self {
            tool: CveTool::default(),
            allocate_url: String::new(),
            record_url: String::new(),
            source_url: String::new(),
            email_preview_url: String::new(),
            states: vec![
                RecordState::Allocated,
                RecordState::ReviewReady,
                RecordState::PublishReady,
                RecordState::Public,
            ],
            propagation: Propagation::default(),
            address: String::new(),
            session: String::new(),
            api_user: String::new(),
            api_org: String::new(),
            api_key: String::new(),
            plain_http: false,
            list_path: String::new(),
            list_url: String::new(),
            emits_allocation_mail: false,
            reviewer_channel: ReviewerChannel::default(),
            gate: CveGate::default(),
            org_id: String::new(),
            private_owner: String::new(),
            private_url: String::new(),
            private_users_list: String::new(),
            vote_gating: false,
            vote_label: "rc voting".into(),
            title_rules: Vec::new(),
            title_min_words: 3,
            advisory_hosts: vec!["lists.apache.org".into(), "security.apache.org".into()],
            patch_hosts: vec!["github.com".into(), "gitlab.com".into(), "codeberg.org".into()],
        }
    }
}
