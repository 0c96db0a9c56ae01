//! The one policy (C7): compiled once from configuration and roster, asked for every text that leaves.

use std::collections::BTreeSet;

use crate::pattern::Regex;

use super::{
    Cell, Cleared, Draft, Identity, Info, Kind, Phase, Piece, Recipients, Refusal, Refused, ScanRequest,
    Scanner, Secrets, Slot, Slots, Surface, SurfaceKind, Tier, TrackerContext, cell, ids,
    judge::{Judge, cve_digits},
    matcher::{ListKind, Matcher, Part, Pat, What, Who},
    normal::Folded,
    rule_info,
    terms::{TERMS, is_common},
};
use crate::{
    config::{Config, Identifiers, Lists, Visibility},
    people::{Roster, is_organization_word},
};

/// Tools in which CVE records are edited, whatever the configuration says.
const CVE_TOOLS: &[&str] = &["cveprocess.apache.org", "cveform.mitre.org", "cveawg.mitre.org"];

/// Public registries; their addresses are no secret even when configured as a record's address.
const REGISTRIES: &[&str] = &["cve.org", "www.cve.org", "cve.mitre.org", "nvd.nist.gov"];

/// Labels of the lifecycle (§0.6), beside those configured.
const LABELS: &[&str] = &[
    "needs triage",
    "cve allocated",
    "pr created",
    "pr merged",
    "fix released",
    "announced - emails sent",
    "not CVE worthy",
    "security issue",
    "invalidate proposed",
];

/// Why a configuration gives no policy. A pattern that does not compile would be a leak if it were skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A regex of `confidentiality.internal_url_patterns`.
    #[error("confidentiality.internal_url_patterns: `{pattern}` is not a regular expression: {detail}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
    /// More names and words than can be compiled.
    #[error("the lists of names and words in the configuration are too long to compile: {0}")]
    TooMany(String),
}

/// The compiled policy.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) matcher: Matcher,
    pub(super) internal: Vec<Regex>,
    pub(super) identifiers_public: bool,
    pub(super) known_addresses: BTreeSet<String>,
    pub(super) disclosure_url: String,
    pub(super) contributing_url: String,
    contents_public: bool,
    tracker_repo: String,
    team_addresses: BTreeSet<String>,
    /// Whom the team tells under embargo what a record will say.
    distributors: Vec<String>,
    lists: Lists,
}

impl Policy {
    /// Compiles the policy.
    ///
    /// # Errors
    /// When a configured pattern does not compile.
    pub fn new(config: &Config, roster: &Roster) -> Result<Self, PolicyError> {
        let internal = config
            .confidentiality
            .internal_url_patterns
            .iter()
            .map(|p| {
                Regex::new(p).map_err(|e| PolicyError::Pattern { pattern: p.clone(), detail: e.to_string() })
            })
            .collect::<Result<_, _>>()?;
        let matcher =
            Matcher::new(patterns(config, roster)).map_err(|e| PolicyError::TooMany(e.to_string()))?;
        let lists = config.mail.lists.clone();
        let lower = |a: &String| a.trim().to_ascii_lowercase();
        let team_addresses: BTreeSet<String> = roster
            .people
            .iter()
            .flat_map(|p| &p.emails)
            .chain([&lists.security, &lists.private, &lists.foundation_security])
            .map(lower)
            .filter(|a| !a.is_empty())
            .collect();
        let public = [&lists.users, &lists.announce, &lists.dev, &lists.commits].map(lower);
        let known_addresses =
            team_addresses.iter().cloned().chain(public).filter(|a| !a.is_empty()).collect();
        Ok(Self {
            matcher,
            internal,
            identifiers_public: config.tracker.identifiers == Identifiers::PublicSafe,
            known_addresses,
            disclosure_url: config.upstream.genai_disclosure_url.clone(),
            contributing_url: config.upstream.contributing_url.clone(),
            contents_public: config.tracker.contents == Visibility::Public,
            tracker_repo: config.tracker.repo.clone(),
            team_addresses,
            distributors: config.disclosure.distributors.clone(),
            lists,
        })
    }

    /// Clears a draft for its surface, or says every reason why not. Made at apply, again, from the stored draft.
    ///
    /// `review` hits do not refuse: a person has approved these bytes. `justify` hits need a recorded
    /// justification in the context; `block` hits have no way round.
    ///
    /// # Errors
    /// The refusal, with every hit.
    pub fn clear<S: Surface>(
        &self,
        draft: &Draft<S>,
        slots: &Slots,
        recipients: &Recipients,
        context: &TrackerContext,
        phase: Phase,
    ) -> Result<Cleared<S>, Refusal> {
        self.clear_as(Kind::Text, draft, slots, recipients, context, phase)
    }

    /// [`Policy::clear`] for a text of that kind: the name of a branch is judged more strictly, and a text of a pull
    /// request without its required parts is still cleared (the scan names what is missing).
    ///
    /// # Errors
    /// The refusal, with every hit.
    pub fn clear_as<S: Surface>(
        &self,
        kind: Kind,
        draft: &Draft<S>,
        slots: &Slots,
        recipients: &Recipients,
        context: &TrackerContext,
        phase: Phase,
    ) -> Result<Cleared<S>, Refusal> {
        let surface = S::KIND;
        let mut refused = Vec::new();
        let request =
            ScanRequest { surface, phase, kind, secrets: context.secrets(), exempt: context.exempt.clone() };
        let addressed: Vec<String> = recipients.all().map(String::from).collect();
        let judge = Judge::new(self, &request, Some((context.fix_pr_open, &addressed)));

        if self.contents_public {
            refused.push(refusal("scan.contents-public", "tracker.contents = \"public\"", 0, 0));
        }
        let mut text = String::new();
        for piece in draft.pieces() {
            match piece {
                Piece::Text(t) => text.push_str(t),
                Piece::Slot { slot } => {
                    let value = slots.get(*slot).map_or("", |v| v.as_str());
                    let start = text.len();
                    text.push_str(value);
                    if value.is_empty() || !slot_fits(*slot, value, surface, phase, &judge) {
                        refused.push(refusal("scan.slot", slot.title(), start, text.len()));
                    }
                }
            }
        }
        for address in self.strangers(surface, recipients, context) {
            refused.push(refusal("scan.recipient", &address, 0, 0));
        }
        let report = Scanner::strict(self, &request, context.fix_pr_open, &addressed).scan(&text);
        // A CVE slot is this tracker's own id, judged by its type above; the scan may not know the id yet.
        let own = slots.get(Slot::CveId).map(|v| cve_digits(v.as_str()));
        for hit in report.hits {
            let by_type = surface != SurfaceKind::Public
                && hit.rule == "scan.cve-id"
                && own.as_ref().is_some_and(|o| *o == cve_digits(&hit.text))
                && judge.cve_id(&hit.text).is_none();
            // A subject they wrote is answered as it is: their own score is no news to them (intake page §2).
            let theirs = surface.is_mail() && hit.rule == "scan.cvss" && context.own_subjects.contains(&text);
            if theirs
                || hit.tier == Tier::Review
                || by_type
                || context.is_justified(&hit.rule, &hit.text, hit.tier)
            {
                continue;
            }
            refused.push(Refused { tier: hit.tier, ..refusal(&hit.rule, &hit.text, hit.start, hit.end) });
        }
        if refused.is_empty() {
            return Ok(Cleared::seal(text, recipients.clone(), context.key.clone(), phase));
        }
        Err(Refusal { surface, phase, hits: refused })
    }

    /// Recipients that this surface may not have. A mail surface without any recipient is wrong as well, and so is any
    /// other surface with one, except public words to a public list and a record's words to distributors.
    fn strangers(
        &self,
        surface: SurfaceKind,
        recipients: &Recipients,
        context: &TrackerContext,
    ) -> Vec<String> {
        let same = |a: &str, b: &str| !b.is_empty() && a.eq_ignore_ascii_case(b);
        let security = |a: &str| same(a, &self.lists.security);
        if !surface.is_mail() {
            let reads = |a: &str| match surface {
                // What anybody may read may go to a list that anybody reads, and to no person.
                SurfaceKind::Public => same(a, &self.lists.users) || same(a, &self.lists.announce),
                // The words of a record go to no mailbox but those that keep the embargo.
                SurfaceKind::CvePublic => self.distributors.iter().any(|d| same(a, d)) || security(a),
                _ => false,
            };
            return recipients.all().filter(|a| !(is_bare(a) && reads(a))).map(String::from).collect();
        }
        let relay = context.forwarder.as_ref().map_or("", |f| f.email.as_str());
        let allowed_to = |a: &str| match surface {
            SurfaceKind::TeamMail => self.is_team(a, context),
            SurfaceKind::Reporter => same(a, &context.reporter.email),
            _ => same(a, relay),
        };
        let allowed_cc = |a: &str| match surface {
            SurfaceKind::TeamMail => self.is_team(a, context),
            _ => security(a) || allowed_to(a),
        };
        let mut out: Vec<String> = Vec::new();
        out.extend(recipients.to.iter().filter(|a| !(is_bare(a) && allowed_to(a))).cloned());
        out.extend(recipients.cc.iter().filter(|a| !(is_bare(a) && allowed_cc(a))).cloned());
        if recipients.to.is_empty() {
            out.push("(no recipient)".into());
        }
        out
    }

    fn is_team(&self, address: &str, context: &TrackerContext) -> bool {
        self.team_addresses.contains(&address.to_ascii_lowercase())
            || context.lists.iter().any(|l| l.eq_ignore_ascii_case(address))
    }

    /// The patterns of one tracker's secrets.
    pub(super) fn secret_patterns(&self, secrets: &Secrets) -> Vec<Pat> {
        let mut out = Vec::new();
        identity(&mut out, Who::Reporter, &secrets.reporter);
        for person in &secrets.people {
            identity(&mut out, Who::Other, person);
        }
        let repo = if secrets.tracker.repo.is_empty() { &self.tracker_repo } else { &secrets.tracker.repo };
        out.extend(Pat::new("scan.tracker-ref", What::Slug, repo));
        if let Some(n) = secrets.tracker.number {
            out.extend(Pat::new("scan.tracker-number", What::Number, &n.to_string()));
            out.extend(Pat::new("scan.tracker-number", What::Issues, &format!("issues/{n}")));
        }
        for thread in secrets.threads.iter().filter(|t| t.trim().len() >= 6) {
            out.extend(Pat::new("scan.private-thread", What::Thread, thread));
        }
        for list in &secrets.lists {
            let kind = if list.eq_ignore_ascii_case(&self.lists.security) {
                ListKind::Security
            } else {
                ListKind::Secret
            };
            out.extend(Pat::address("scan.private-list", &What::List(kind), list));
        }
        out.extend(secrets.own_cve.iter().filter_map(|id| ids::bare(&cve_digits(id))));
        for vector in secrets.reporter_cvss.iter().filter(|v| v.contains('/')) {
            // The version prefix is optional in prose.
            let bare = vector
                .split_once('/')
                .filter(|(p, _)| p.starts_with("CVSS"))
                .map_or(vector.as_str(), |p| p.1);
            out.extend(Pat::new("scan.reporter-cvss", What::Vector, bare));
        }
        for host in &secrets.cve_tool_hosts {
            out.extend(Pat::new("scan.cve-tool", What::CveTool, host));
        }
        out
    }
}

fn refusal(rule: &str, text: &str, start: usize, end: usize) -> Refused {
    // Every rule the scan can name is in the catalogue; the tests walk both.
    let info = rule_info(rule);
    Refused {
        rule: info.map_or("scan.unknown", |i| i.id),
        tier: Tier::Block,
        text: text.into(),
        start,
        end,
        why: info.map_or("", |i| i.why),
        todo: info.map_or("", |i| i.todo),
    }
}

/// One address and nothing else: no name, no second address, no header.
fn is_bare(address: &str) -> bool {
    address.matches('@').count() == 1
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>\"()[]:\\".contains(c))
        && !address.starts_with('@')
        && !address.ends_with('@')
}

/// May a slot of this kind be read on that surface? Its filled text is scanned as well.
fn slot_fits(slot: Slot, value: &str, surface: SurfaceKind, phase: Phase, judge: &Judge) -> bool {
    match slot {
        Slot::TrackerRef | Slot::TrackerUrl => judge.tracker() != Some(Tier::Block),
        Slot::CveId => judge.cve_id(value).is_none(),
        Slot::PrUrl => judge.fix_pr().is_none(),
        // Ids of drafts and names of approvers are the desk's own state.
        Slot::DraftId | Slot::Approver => cell(Info::TrackerState, surface, phase) == Cell::Allowed,
        Slot::Date => true,
    }
}

/// The patterns of configuration and roster.
fn patterns(config: &Config, roster: &Roster) -> Vec<Pat> {
    let mut out: Vec<Pat> =
        TERMS.iter().filter_map(|t| Pat::new(t.rule, What::Term(t.tier), t.text)).collect();
    out.extend(Pat::new("scan.cve-word", What::Cve, "cve"));
    out.extend(Pat::new("scan.ghsa", What::Ghsa, "ghsa"));
    out.extend(Pat::new("scan.cwe", What::Cwe, "cwe"));
    out.extend(Pat::new("scan.security-word", What::Security, "security"));
    out.extend(Pat::new("scan.sensitive", What::Sensitive, "sensitive"));
    out.extend(Pat::new("scan.tracker-ref", What::Desk, "desk"));
    for term in &config.confidentiality.embargo_terms {
        out.extend(Pat::new("scan.embargo-term", What::Term(Tier::Block), term));
    }
    for name in config.project.sibling_projects.iter().filter(|n| !n.trim().is_empty()) {
        out.extend(Pat::new("scan.sibling-project", What::Sibling, name));
    }
    for scanner in &config.confidentiality.scanner {
        for name in std::iter::once(&scanner.token).chain(&scanner.aliases) {
            out.extend(Pat::new("scan.scanner-product", What::Scanner, name));
        }
    }
    let states = config.tracker.labels.values().chain(config.tracker.board.columns.values());
    let states: BTreeSet<&str> = states.map(String::as_str).chain(LABELS.iter().copied()).collect();
    for name in states {
        out.extend(Pat::new("scan.tracker-state", What::State, name));
    }
    for address in tool_addresses(config) {
        out.extend(Pat::new("scan.cve-tool", What::CveTool, &address));
    }
    let lists = &config.mail.lists;
    for (list, kind) in [
        (&lists.security, ListKind::Security),
        (&lists.foundation_security, ListKind::Relay),
        (&lists.private, ListKind::Private),
    ] {
        out.extend(Pat::address("scan.private-list", &What::List(kind), list));
    }
    out.extend(Pat::new("scan.tracker-ref", What::Slug, &config.tracker.repo));
    out.extend(Pat::new("scan.fix-pr", What::UpstreamPull, &config.upstream.repo));
    if config.roster.mention_rule {
        for person in roster.people.iter().filter(|p| !p.handle.is_empty()) {
            let handle = person.handle.trim_start_matches('@');
            // A single word that equals the handle, or a common word, is no name.
            for name in person.names.iter().filter(|n| n.split_whitespace().count() > 1) {
                out.extend(Pat::new("scan.mention", What::Roster(handle.into()), name));
            }
        }
    }
    out
}

/// Addresses of the CVE tool: the host, or host and path where other things live on the same host.
fn tool_addresses(config: &Config) -> BTreeSet<String> {
    let shared: BTreeSet<&str> = [
        &config.tracker.board.url,
        &config.upstream.contributing_url,
        &config.upstream.genai_disclosure_url,
        &config.project.url,
        &config.project.security_policy_url,
        &config.archive.thread_url,
    ]
    .into_iter()
    .filter_map(|u| host(u))
    .collect();
    let mut out: BTreeSet<String> = CVE_TOOLS.iter().map(|h| (*h).to_string()).collect();
    let cve = &config.cve;
    for url in [&cve.allocate_url, &cve.record_url, &cve.source_url, &cve.email_preview_url] {
        let Some(host) = host(url) else { continue };
        if REGISTRIES.contains(&host) {
            continue;
        }
        if shared.contains(host) || cve.tool == crate::config::CveTool::Ghsa {
            let path = url.split_once("://").map_or(url.as_str(), |p| p.1);
            let fixed = path.split('{').next().unwrap_or(path).trim_end_matches(['/', '#', '?', '=']);
            if fixed.len() > host.len() {
                out.insert(fixed.into());
            }
        } else {
            out.insert(host.into());
        }
    }
    out
}

/// The host of a web address, without user and port.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    host.contains('.').then_some(host)
}

/// Names that say that there is no name.
const NO_NAMES: &[&str] = &[
    "anonymous",
    "unknown",
    "none",
    "reporter",
    "researcher",
    "securityresearcher",
    "noresponse",
    "redacted",
];

/// The patterns of one person.
fn identity(out: &mut Vec<Pat>, who: Who, person: &Identity) {
    let (name_rule, email_rule, handle_rule) =
        ("scan.reporter-name", "scan.reporter-email", "scan.reporter-handle");
    let key = |s: &str| String::from_utf8(Folded::new(s, false).bytes).unwrap_or_default();
    let words: Vec<&str> =
        person.name.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !key(w).is_empty()).collect();
    if !NO_NAMES.contains(&key(&person.name).as_str()) {
        match words.as_slice() {
            [] => {}
            [one] => {
                let weak = is_common(&key(one)) && one.is_ascii();
                out.extend(Pat::new(name_rule, What::Name(who, Part::Full, weak), one));
            }
            [first, .., last] => {
                out.extend(Pat::new(name_rule, What::Name(who, Part::Full, false), &words.join(" ")));
                out.extend(Pat::new(
                    name_rule,
                    What::Name(who, Part::Full, false),
                    &format!("{last} {first}"),
                ));
                if words.len() > 2 {
                    out.extend(Pat::new(
                        name_rule,
                        What::Name(who, Part::Full, false),
                        &format!("{first} {last}"),
                    ));
                }
                // `Acme Security` is not called Security: that word would be found in every letter.
                if !is_organization_word(&key(last)) {
                    out.extend(Pat::new(
                        name_rule,
                        What::Name(who, Part::Surname, is_common(&key(last))),
                        last,
                    ));
                }
                if key(first).chars().count() > 1 && !is_organization_word(&key(first)) {
                    out.extend(Pat::new(
                        name_rule,
                        What::Name(who, Part::First, is_common(&key(first))),
                        first,
                    ));
                }
            }
        }
    }
    if person.email.contains('@') {
        out.extend(Pat::address(email_rule, &What::Email(who), person.email.trim()));
    }
    let handle = person.handle.trim().trim_start_matches('@');
    let folded = key(handle);
    if !folded.is_empty() {
        let weak = folded.chars().count() < 4 || is_common(&folded);
        out.extend(Pat::new(handle_rule, What::Handle(who, weak), handle));
    }
}
