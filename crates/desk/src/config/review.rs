//! What a configuration leaves open: allowed, but somebody should look (the pure half of `doctor`).

use serde::Serialize;

use super::schema::{
    ArchiveKind, Config, CveGate, Forge, Identifiers, Inbox, MailSource, RosterSource, SourceKind,
    SourceRole, Visibility,
};
use crate::people::Role;

/// Something to look at, and how it is mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable id, e.g. `review.no-scope`.
    pub code: &'static str,
    /// What is the case.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

/// Findings on a configuration, in the order of its sections. An empty list means that nothing is known to be
/// missing.
#[must_use]
pub fn review(config: &Config) -> Vec<Finding> {
    let mut out = Findings(Vec::new());
    project(config, &mut out);
    tracker(config, &mut out);
    scopes(config, &mut out);
    mail(config, &mut out);
    forwarders(config, &mut out);
    cve(config, &mut out);
    roster(config, &mut out);
    models(config, &mut out);
    out.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: &'static str, message: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Finding { code, message: message.into(), mend: mend.into() });
    }
}

fn project(config: &Config, out: &mut Findings) {
    if config.project.name.is_empty() {
        out.add("review.no-project", "the project has no name", "set project.name, or run `tipstaff init`");
    }
    if config.project.security_model.url.is_empty() {
        out.add(
            "review.no-security-model",
            "there is no security model, which every triage proposal should cite",
            "set project.security_model.url",
        );
    }
    if config.upstream.repo.is_empty() && config.user.upstream_clone.is_empty() {
        out.add(
            "review.no-upstream",
            "the public code is unknown, so fixes and releases are not followed",
            "set upstream.repo",
        );
    }
}

fn tracker(config: &Config, out: &mut Findings) {
    let tracker = &config.tracker;
    if tracker.forge != Forge::Embedded && tracker.repo.is_empty() {
        out.add(
            "review.no-tracker",
            "trackers live on a forge, but no repository is named",
            "set tracker.repo",
        );
    }
    if tracker.contents == Visibility::Public {
        out.add(
            "review.tracker-public",
            "anyone can read the tracker: every write of embargoed text will be refused",
            "use a private repository and set tracker.contents = \"private\"",
        );
    }
    for opening in tracker.older_comments.iter().filter(|o| !crate::tracker::may_open(o)) {
        out.add(
            "review.older-comments-short",
            format!(
                "tracker.older_comments has {opening:?}, which could begin a person's comment; it is not used"
            ),
            format!("write the opening out, {} characters or more", crate::tracker::SHORTEST_OPENING),
        );
    }
    if tracker.identifiers == Identifiers::PublicSafe {
        out.add(
            "review.identifiers-public-safe",
            "tracker links and numbers may leave before disclosure",
            "this is the team's decision; tracker.identifiers = \"secret\" takes it back",
        );
    }
    if !tracker.repo.is_empty() && tracker.repo.eq_ignore_ascii_case(&config.upstream.repo) {
        out.add(
            "review.tracker-is-upstream",
            "the tracker is the public repository itself",
            "keep trackers in a private repository of their own",
        );
    }
}

fn scopes(config: &Config, out: &mut Findings) {
    if config.scope.is_empty() {
        out.add(
            "review.no-scope",
            "there is no scope: no tracker can be triaged, and no CVE record knows its product",
            "add one [[scope]] with label, product and package; a single product needs one",
        );
    }
    for scope in &config.scope {
        if scope.product.is_empty() {
            out.add(
                "review.scope-incomplete",
                format!("scope \"{}\" names no product for its CVE records", scope.label),
                "set scope.product and scope.package",
            );
        }
        let train = config.releases.train.iter().find(|t| t.name == scope.train);
        match train {
            None if scope.train != "default" => out.add(
                "review.train-unknown",
                format!(
                    "scope \"{}\" follows the release train \"{}\", which is not defined",
                    scope.label, scope.train
                ),
                "add a [[releases.train]] of that name, or change scope.train",
            ),
            Some(train) if train.retired => out.add(
                "review.train-retired",
                format!(
                    "scope \"{}\" follows the release train \"{}\", which is retired",
                    scope.label, scope.train
                ),
                "change scope.train",
            ),
            _ => {}
        }
    }
    let defaults = config.releases.train.iter().filter(|t| t.default).count();
    if defaults > 1 {
        out.add(
            "review.train-default",
            format!("{defaults} release trains are the default"),
            "leave default = true on one of them",
        );
    }
}

fn mail(config: &Config, out: &mut Findings) {
    let mail = &config.mail;
    if mail.inbox == Inbox::MailingList && mail.lists.security.is_empty() {
        out.add(
            "review.no-security-list",
            "reports arrive on a mailing list, but the list is not named",
            "set mail.lists.security",
        );
    }
    if mail.inbox == Inbox::Ghsa && !mail.lists.security.is_empty() {
        out.add(
            "review.inbox",
            "a security list is named, but reports are expected as private advisories",
            "set mail.inbox = \"mailing_list\" if they arrive on the list",
        );
    }
    if mail.inbox == Inbox::MailingList && mail.source.is_empty() {
        out.add(
            "review.no-mail-source",
            "no mail source is set up, so reports have to be given to `tipstaff import PATH`",
            "add a [[mail.source]]",
        );
    }
    for source in &mail.source {
        let missing = match source.kind {
            SourceKind::Mbox if source.path.is_empty() => "path",
            SourceKind::Imap if source.url.is_empty() => "url",
            SourceKind::Imap | SourceKind::Gmail if source.credential.is_empty() => "credential",
            SourceKind::Ghsa if source.credential.is_empty() && config.upstream.token.is_empty() => {
                "credential"
            }
            SourceKind::Ponymail if source.url.is_empty() => "url",
            SourceKind::Ponymail if source.folder.is_empty() && mail.lists.security.is_empty() => "folder",
            _ => continue,
        };
        out.add(
            "review.source-incomplete",
            format!("mail source \"{}\" ({}) has no {missing}", source.name, source.kind.as_str()),
            format!("set mail.source.{missing}"),
        );
    }
    read_only(config, out);
    for op in super::keys::MAIL_OPERATIONS {
        let wanted: Vec<&str> = mail
            .source
            .iter()
            .filter(|s| s.preferred_for.iter().any(|p| p == op))
            .map(|s| s.name.as_str())
            .collect();
        if wanted.len() > 1 {
            out.add(
                "review.preferred-twice",
                format!("several sources are preferred for {op}: {}", wanted.join(", ")),
                "the first is asked; leave the operation in one mail.source.preferred_for",
            );
        }
    }
    let backend = &config.user.draft_backend;
    if !backend.is_empty() && !mail.source.iter().any(|s| s.name == *backend) {
        out.add(
            "review.draft-backend",
            format!("drafts are to go to \"{backend}\", which is no mail source"),
            "name one of mail.source in user.draft_backend",
        );
    }
    if mail.source.iter().any(|s| s.mandatory && s.role == SourceRole::Optional && s.preferred_for.is_empty())
    {
        out.add(
            "review.mandatory-optional",
            "a mail source is mandatory but never chosen",
            "give it role = \"fallback\", or leave out mandatory",
        );
    }
}

/// An archive takes no drafts and knows nothing of what was sent (intake page §2, the table of operations).
fn read_only(config: &Config, out: &mut Findings) {
    const NEVER: [&str; 3] = ["list_drafts", "list_sent_since", "create_draft"];
    let archives = || config.mail.source.iter().filter(|s| s.kind == SourceKind::Ponymail);
    for source in archives() {
        let wanted: Vec<&str> =
            source.preferred_for.iter().map(String::as_str).filter(|p| NEVER.contains(p)).collect();
        if !wanted.is_empty() {
            out.add(
                "review.archive-cannot",
                format!(
                    "mail source \"{}\" is an archive, which cannot do {}",
                    source.name,
                    wanted.join(", ")
                ),
                "leave them out of its mail.source.preferred_for, or give them to another source",
            );
        }
        if [&source.drafts, &source.sent].iter().any(|f| !matches!(f.as_str(), "" | "none")) {
            out.add(
                "review.archive-cannot",
                format!(
                    "mail source \"{}\" is an archive, which keeps neither drafts nor sent mail",
                    source.name
                ),
                "leave out its mail.source.drafts and mail.source.sent",
            );
        }
    }
    if let Some(source) = archives().find(|s| s.name == config.user.draft_backend) {
        out.add(
            "review.archive-drafts",
            format!("drafts are to go to \"{}\", an archive, which takes none", source.name),
            "name an IMAP or Gmail source in user.draft_backend, or unset it",
        );
    }
    let takes = |s: &MailSource| matches!(s.kind, SourceKind::Imap | SourceKind::Gmail) && s.drafts != "none";
    if archives().next().is_some() && !config.mail.source.iter().any(takes) {
        out.add(
            "review.archive-drafts",
            "an archive takes no drafts, and no other mail source does, so drafts go to the folder of this machine",
            "add an IMAP or Gmail source, or take the drafts from the folder into your mail client",
        );
    }
}

fn forwarders(config: &Config, out: &mut Findings) {
    for name in &config.forwarding.enabled {
        if !config.forwarder.iter().any(|f| f.name == *name) {
            out.add(
                "review.forwarder-undefined",
                format!("the forwarder \"{name}\" is enabled but not defined"),
                "add a [[forwarder]] of that name, or leave it out of forwarding.enabled",
            );
        }
    }
    for forwarder in &config.forwarder {
        if forwarder.senders.is_empty() && forwarder.preamble.is_empty() {
            out.add(
                "review.forwarder-empty",
                format!(
                    "the forwarder \"{}\" never matches: it has neither senders nor preamble",
                    forwarder.name
                ),
                "set forwarder.senders and forwarder.preamble",
            );
        } else if forwarder.require_both && (forwarder.senders.is_empty() || forwarder.preamble.is_empty()) {
            out.add(
                "review.forwarder-half",
                format!("the forwarder \"{}\" requires both signals but has one", forwarder.name),
                "set both forwarder.senders and forwarder.preamble",
            );
        } else if !forwarder.require_both {
            out.add(
                "review.forwarder-either",
                format!(
                    "the forwarder \"{}\" matches on sender or opening alone, and may take ordinary mail for a relay",
                    forwarder.name
                ),
                "set require_both = true",
            );
        }
    }
}

fn cve(config: &Config, out: &mut Findings) {
    let holds = |role: Role| config.roster.person.iter().any(|p| p.to.is_empty() && p.roles.contains(&role));
    if config.cve.gate == CveGate::GovernanceMember
        && config.roster.source == RosterSource::File
        && !holds(Role::Governance)
        && !config.user.governance_member
    {
        out.add(
            "review.gate-unheld",
            format!(
                "only a member of the {} may allocate a CVE id, and nobody on the roster is one",
                config.roster.governance_name
            ),
            "give somebody the role \"governance\" in roster.person.roles",
        );
    }
    if config.cve.vote_gating
        && config.mail.lists.dev.is_empty()
        && !config.releases.rm_lookup.iter().any(|l| l.vote_thread.contains('@'))
    {
        out.add(
            "review.no-vote-list",
            "records wait for the release vote, but the list that votes is not named",
            "set mail.lists.dev, or cve.vote_gating = false",
        );
    }
    if config.archive.kind == ArchiveKind::None && config.releases.announce == "lists" {
        out.add(
            "review.no-archive",
            "releases are announced on lists, but no archive can show that an advisory is public",
            "set archive.kind",
        );
    }
}

fn roster(config: &Config, out: &mut Findings) {
    let roster = &config.roster;
    if roster.source == RosterSource::File && roster.person.is_empty() {
        out.add(
            "review.roster-empty",
            "the roster is empty: nobody can own a tracker, and no comment counts as the team's",
            "add [[roster.person]] entries, or set roster.source = \"collaborators\"",
        );
        return;
    }
    if roster.escalation.is_empty() {
        out.add(
            "review.no-escalation",
            "nobody inherits what nobody owns",
            "set roster.escalation to a handle of the roster",
        );
    }
    if roster.source != RosterSource::File {
        return;
    }
    for role in [Role::Triager, Role::Remediation, Role::ReleaseManager] {
        if !roster.person.iter().any(|p| p.to.is_empty() && p.roles.contains(&role)) {
            out.add(
                "review.role-unheld",
                format!("nobody on the roster is {}", role.title()),
                "name somebody in roster.person.roles",
            );
        }
    }
    let known = |handle: &str| {
        handle.is_empty() || roster.person.iter().any(|p| p.handle.eq_ignore_ascii_case(handle))
    };
    let named = std::iter::once(("roster.escalation".to_owned(), &roster.escalation))
        .chain(roster.duty.iter().map(|(role, handle)| (format!("roster.duty.{role}"), handle)))
        .chain(config.releases.cut.iter().map(|c| (format!("releases.cut \"{}\"", c.name), &c.rm)));
    for (key, handle) in named {
        if !known(handle) {
            out.add(
                "review.handle-unknown",
                format!("{key} names \"{handle}\", who is not on the roster"),
                "add the person to the roster, or name another",
            );
        }
    }
}

fn models(config: &Config, out: &mut Findings) {
    for endpoint in &config.models.endpoint {
        let host = endpoint.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', '?', '#']).next().unwrap_or("");
        let bare = host
            .strip_prefix('[')
            .and_then(|h| h.split(']').next())
            .unwrap_or_else(|| host.split(':').next().unwrap_or(""));
        let loopback = matches!(bare, "localhost" | "127.0.0.1" | "::1");
        if !loopback && (endpoint.approved_by.is_empty() || endpoint.approved_on.is_empty()) {
            out.add(
                "review.model-unapproved",
                format!(
                    "nobody approved the model endpoint \"{}\": it will see no private text",
                    endpoint.name
                ),
                "set approved_by, approved_on and contract, or leave the endpoint out",
            );
        }
    }
}
