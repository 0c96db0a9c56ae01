//! What the public page of a fix gives away (decisions page §4.1: the final text is read again after it was submitted, §5): a
//! flaw under embargo that is named there, or a tracker that is mentioned. It cannot be taken back, and is said at once.

use std::collections::BTreeSet;

use super::{Gathered, View};
use crate::{
    confidential::{Identity, Kind, Phase, ScanRequest, Scanner, SurfaceKind, Tier, TrackerContext},
    mail::one_line,
    tracker::FieldRole,
};

/// Words that are shown of one page.
const SHOWN: usize = 5;

/// Look at every page that was read, closed ones included: they stay public.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    let pulls = v.o.pulls.known().map(Vec::as_slice).unwrap_or_default();
    let public = v.labels.advisory_sent() && !v.field(FieldRole::PublicAdvisoryUrl).is_empty();
    let config = v.g.config;
    let team_reads = config.tracker.contents == crate::config::Visibility::Private;
    let repo = if v.t.reference.repo.is_empty() { &config.tracker.repo } else { &v.t.reference.repo };
    let mut seen = BTreeSet::new();
    for p in pulls.iter().filter(|p| !p.says.is_empty()) {
        // A fix that is on several branches has one page.
        if !seen.insert(&p.url) {
            continue;
        }
        let of_ours = |c: &&String| {
            c.rsplit_once('#').is_some_and(|(r, _)| !repo.is_empty() && r.eq_ignore_ascii_case(repo))
        };
        if let Some(closes) = p.says.closes.iter().find(of_ours).filter(|_| team_reads) {
            out.notices.push(format!(
                "{} is linked to {closes}, so that everybody who sees both knows what it fixes: take the link away there",
                p.url
            ));
        }
        if public {
            continue;
        }
        let found = found(v, p, repo);
        if !found.is_empty() {
            let words: Vec<String> = found.iter().take(SHOWN).cloned().collect();
            let more = found.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            out.notices.push(format!(
                "{} says in public what is under embargo: {}{more}; change it there, and take it for read",
                p.url,
                words.join(", ")
            ));
        }
    }
}

/// What may not stand there, with the place and the rule.
fn found(v: &View<'_>, p: &crate::case::PullRequest, repo: &str) -> Vec<String> {
    let lists = &v.g.config.mail.lists;
    let reporter = &v.case.reporter;
    let context = TrackerContext {
        key: v.t.key.0.clone(),
        repo: repo.to_owned(),
        number: Some(v.t.reference.number),
        reporter: Identity {
            name: reporter.name.clone(),
            email: reporter.email.clone(),
            handle: String::new(),
        },
        own_cve: v.cve.clone(),
        lists: [&lists.security, &lists.private, &lists.foundation_security]
            .into_iter()
            .filter(|l| !l.is_empty())
            .cloned()
            .collect(),
        thread_ids: v.t.message_ids.clone(),
        ..TrackerContext::default()
    };
    let request =
        ScanRequest { secrets: context.secrets(), ..ScanRequest::new(SurfaceKind::Public, Phase::Embargo) };
    let parts = [
        ("title", &p.says.title, Kind::Title),
        ("text", &p.says.text, Kind::Text),
        ("branch", &p.says.head, Kind::Branch),
    ];
    let mut out = Vec::new();
    for (part, text, kind) in parts {
        let request = ScanRequest { kind, ..request.clone() };
        for hit in Scanner::new(v.g.policy, &request).scan(text).hits {
            let said = format!("`{}` in its {part} ({})", one_line(&hit.text, 60), hit.rule);
            if hit.tier == Tier::Block && !out.contains(&said) {
                out.push(said);
            }
        }
    }
    out
}
