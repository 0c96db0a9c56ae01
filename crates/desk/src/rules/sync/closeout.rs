//! Step 14 in one approval (sync page §8): the archived advisory closes the tracker. Entered by any sign of disclosure,
//! so that a half-finished close-out is picked up wherever it stopped.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::pattern::Regex;

use super::{
    Proposal, View,
    advisory::{self, Advisory},
    chain, column, comments, published, record,
    tell::{self, Event},
};
use crate::{
    case::{Evidence, ListMail, RecordStage},
    config::CveGate,
    people::Role,
    plan::{Action, ActionKind, Effect, Precondition, Probe, Told, effect::Change},
    rules::stage::Stage,
    tracker::{Column, FieldRole, LabelRole, inline_text},
};

/// Longest summary taken over from an advisory, in characters: a record's description has no more.
const LONGEST: usize = 3800;

static VERSIONS_BLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^\s*(?:affected (?:versions?|products?)\b|versions? affected\b|severity\s*:|credit\s*:|references?\s*:|mitigation\s*:)")
        .expect("a constant pattern, compiled by a test")
});

/// A line that begins with a CVE id, as the heading of what is said about it.
static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s#*=>-]{0,8}(CVE-[0-9]{4}-[0-9]{4,19})\b")
        .expect("a constant pattern, compiled by a test")
});

static DESCRIPTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^\s*description\s*:\s*$").expect("a constant pattern, compiled by a test")
});

/// The summary an archived advisory states: after the line with the id, up to the first block of versions and the like
/// (sync page §8.2). None when there is none, or it is too long to be one.
#[must_use]
pub fn summary(mail: &ListMail, cve: &str) -> Option<String> {
    let body = mail.body.replace("\r\n", "\n");
    let body = own_part(&body, cve, advisory::heads(&mail.subject).nth(1).is_some())?;
    // Where the mail has a block of that name it is the description; else it is what follows the line with the id.
    let after = match DESCRIPTION.find(body) {
        Some(m) => &body[m.end()..],
        None => {
            let at = body.find(cve).map_or(0, |at| at + body[at..].find('\n').unwrap_or(body.len() - at));
            &body[at..]
        }
    };
    let text = VERSIONS_BLOCK.find(after).map_or(after, |end| &after[..end.start()]);
    let mut paragraphs: Vec<String> = Vec::new();
    for p in text.split("\n\n") {
        let p = p.split_whitespace().collect::<Vec<_>>().join(" ");
        if !p.is_empty() {
            paragraphs.push(p);
        }
    }
    let out = paragraphs.join("\n\n");
    (!out.is_empty() && out.split_whitespace().count() >= 4 && out.chars().count() <= LONGEST).then_some(out)
}

/// What a mail says about that CVE: all of it, or, where it announces several, from the line that begins with the id to the
/// one that begins with another's. None when the parts cannot be told from each other.
fn own_part<'t>(body: &'t str, cve: &str, several: bool) -> Option<&'t str> {
    let mut at = 0;
    let mut heads: Vec<(usize, &str)> = Vec::new();
    for line in body.split_inclusive('\n') {
        if let Some(m) = HEAD.captures(line).and_then(|c| c.get(1)) {
            heads.push((at, m.as_str()));
        }
        at += line.len();
    }
    let own = |id: &str| id.eq_ignore_ascii_case(cve);
    let others = heads.iter().any(|(_, id)| !own(id));
    if !others {
        // Several ids over one text: it is about all of them, and about none alone.
        let first = heads.first().map_or("", |(at, _)| body[*at..].lines().next().unwrap_or_default());
        return (!several && super::view::cve_ids(first).len() < 2).then_some(body);
    }
    let mut mine = heads.iter().enumerate().filter(|(_, (_, id))| own(id));
    let (which, (from, _)) = mine.next()?;
    let to = heads.get(which + 1..)?.iter().find(|(_, id)| !own(id)).map_or(body.len(), |(at, _)| *at);
    let part = body.get(*from..to)?;
    // A line of the list of ids at the head of the mail has no words of its own.
    let bare = part.lines().skip(1).all(|l| l.trim().is_empty());
    if bare {
        mine.next().and_then(|(which, (from, _))| {
            let to =
                heads.get(which + 1..)?.iter().find(|(_, id)| !own(id)).map_or(body.len(), |(at, _)| *at);
            body.get(*from..to)
        })
    } else {
        Some(part)
    }
}

/// Close out, or say what keeps the tracker from it.
pub fn rule(v: &View<'_>, stage: Stage, out: &mut super::Gathered) {
    match advisory::find(v) {
        Advisory::Ask(mails, why)
            if v.field(FieldRole::PublicAdvisoryUrl).is_empty() && v.t.state.is_open() =>
        {
            let urls: Vec<&str> = mails.iter().map(|m| m.url.as_str()).collect();
            out.notices.push(format!(
                "{why} ({}): if one of them is the advisory, `tipstaff edit {} public_advisory_url URL`",
                urls.join(", "),
                v.t.reference.number
            ));
        }
        Advisory::Unknown(why) if !why.is_empty() => {
            out.notices.push(format!("whether the advisory is archived is not known: {why}"));
        }
        Advisory::No if v.has(LabelRole::FixReleased) && advisory::is_late(v) => {
            out.notices.push("the advisory was sent more than two days ago and is not in the archive".into());
        }
        _ => {}
    }
    if stage != Stage::CloseOut {
        return;
    }
    let captured = v.field(FieldRole::PublicAdvisoryUrl);
    let (found, there, by) = match advisory::find(v) {
        Advisory::Found(m) => (Some(m), m.url.clone(), v.o.advisories.source()),
        Advisory::Page(a) => (None, a.page.clone(), v.o.artifacts.source()),
        _ => (None, String::new(), ""),
    };
    let url = if captured.is_empty() { there } else { first_url(captured) };
    if url.is_empty() {
        // Hard case 11: public, and no address of an advisory. Never invented.
        out.blockers.push(format!(
            "it is public and no advisory address is known: find the archived mail and `tipstaff edit {} public_advisory_url URL`",
            v.t.reference.number
        ));
        return;
    }
    if !captured.is_empty() && !advisory::is_public(v, &url) {
        out.blockers.push(format!(
            "`{url}` is no address of a public advisory: nobody outside can read it there; `tipstaff edit {} public_advisory_url URL`",
            v.t.reference.number
        ));
        return;
    }
    let Some(cve) = v.cve.clone() else {
        out.blockers.push("the advisory is public and cve_tool_link holds no CVE id".into());
        return;
    };
    if v.labels.needs_split() {
        return;
    }
    let source = if captured.is_empty() { by.to_owned() } else { v.name.clone() };
    let mut p = Proposal::new(
        "sync.close-out",
        format!("Close out {}: {cve} is disclosed", v.name),
        vec![Evidence::new("sync.close-out", format!("the advisory is public: {url}"), source)],
    );
    // What a person wrote counts, and they see what the archive says of it.
    match advisory::find(v) {
        Advisory::Found(m) if !captured.is_empty() && !captured.contains(&m.url) => {
            p.notices.push(format!(
                "the tracker names this address, and the archive has the advisory at {}",
                m.url
            ));
        }
        Advisory::No if !captured.is_empty() => {
            p.notices.push(format!(
                "the archive has no advisory of {cve}: look whether it is there before you say yes"
            ));
        }
        _ => {}
    }
    p.after = vec!["sync.split"];
    // The record says what the other items of this plan write, so they come first.
    p.after.extend(record::sources(v, &out.items));
    if captured.is_empty() {
        p = p.field(v, FieldRole::PublicAdvisoryUrl, url.clone());
    }
    if let Some(mail) = found.filter(|m| !m.body.trim().is_empty()) {
        match summary(mail, &cve) {
            Some(text) if text != v.field(FieldRole::PublicSummary) => {
                p = p.field(v, FieldRole::PublicSummary, text);
            }
            Some(_) => {}
            None => p.notices.push(
                "no summary could be read from the advisory; the tracker's own stays, compare them by hand"
                    .into(),
            ),
        }
    }
    let gone = [LabelRole::PrOpen, LabelRole::PrMerged, LabelRole::RcVoting, LabelRole::FixReleased];
    p = p.labels(v, &[LabelRole::EmailsSent, LabelRole::Announced], &gone);
    if v.has_record_tool() && v.g.config.cve.gate == CveGate::GovernanceMember {
        p.needs = vec![Role::Governance];
    }
    if let Some(with) = v.o.record_with.as_ref().filter(|_| v.has_record_tool()) {
        if v.record() != RecordStage::Public {
            out.blockers
                .push(format!("the record of {cve} is kept with {}: close that one out first", with.tracker));
            return;
        }
        let arms = [(RecordStage::Public.as_str().to_owned(), finish(v, &url, out))];
        p = super::choose(p, v, Probe::RecordState { cve }, arms.into());
        out.items.push(p.next("wait until cve.org shows the record"));
        return;
    }
    let steps = finish(v, &url, out);
    // The record says what the tracker says once the first steps of this item are made.
    let mut case = record::after(v, &out.items);
    p.steps.iter().for_each(|(e, _)| chain::apply_in(v, &mut case, e));
    let then = v.again(&case);
    p.notices.extend(record::clashes(&then));
    let publish = || {
        let mut all = record::disclose(&then, &cve);
        all.extend(steps.iter().cloned());
        all
    };
    if v.has_record_tool() {
        let mut arms: BTreeMap<String, Vec<(Effect, Vec<Precondition>)>> = BTreeMap::new();
        for state in [RecordStage::ReviewReady, RecordStage::PublishReady, RecordStage::Public] {
            arms.insert(state.as_str().into(), publish());
        }
        let defer = if record::reviewed(v) {
            comments::publication_ready(v, &url).map(|e| (e, Vec::new())).into_iter().collect()
        } else {
            publish()
        };
        arms.insert(RecordStage::Allocated.as_str().into(), defer);
        p.details.push((
            "record".into(),
            format!("{} when this was planned; asked again at apply", v.record().as_str()),
        ));
        if v.record() == RecordStage::Allocated && record::reviewed(v) {
            p.notices.push(
                "the record has not been through review: it is not published, and the tracker stays open"
                    .into(),
            );
        }
        p = super::choose(p, v, Probe::RecordState { cve }, arms);
    } else {
        for (effect, requires) in publish() {
            p = p.step(effect, requires);
        }
    }
    if p.steps
        .iter()
        .all(|(e, _)| matches!(e, Change::Choose { arms, .. } if arms.values().all(Vec::is_empty)))
    {
        return;
    }
    out.items.push(p.next("wait until cve.org shows the record"));
}

fn first_url(text: &str) -> String {
    let found = text.split_whitespace().find_map(|w| {
        let at = w.find("https://").or_else(|| w.find("http://"))?;
        Some(w[at..].trim_end_matches([')', ']', '>', '.', ',', ';']).to_owned())
    });
    found.unwrap_or_default()
}

/// Steps 7 to 12: board, close, archive, milestone, wrap-up, status, letter.
fn finish(v: &View<'_>, url: &str, out: &mut super::Gathered) -> Vec<(Effect, Vec<Precondition>)> {
    let key = v.t.key.clone();
    let mut steps: Vec<(Effect, Vec<Precondition>)> = Vec::new();
    steps.extend(column::to(v, Column::Announced).map(|e| (e, Vec::new())));
    steps.extend(comments::wrap_up(v, url).map(|e| (e, Vec::new())));
    let open = Precondition::TrackerIs { tracker: key.clone(), open: true };
    steps.push((Change::Close { tracker: key.clone(), reason: "completed".into() }, vec![open]));
    if v.g.config.tracker.board.enabled && v.g.config.tracker.board.archive_on_close && !v.t.archived {
        steps.push((Change::ArchiveCard { tracker: key, archived: true }, Vec::new()));
    }
    if let Some(name) = closes_milestone(v, out) {
        steps.push((Change::CloseMilestone { name }, Vec::new()));
    }
    // Public at cve.org before it was closed: one letter says both.
    let mut coming = vec![Event::AdvisorySent];
    coming.extend(published::is_next(v).then_some(Event::Published));
    let letter = match tell::due(v, &coming) {
        Some(Event::AdvisorySent) => {
            out.conditional = Some(Event::AdvisorySent);
            tell::letter(v, Event::AdvisorySent)
        }
        Some(Event::Published) => {
            out.conditional = Some(Event::Published);
            Err(Told::NotTold("the letter about the publication covers it".into()))
        }
        _ => Err(Told::NotNeeded("they were told already".into())),
    };
    super::with_entry(
        v,
        "sync.close-out",
        steps,
        super::proposal::Note {
            action: Action::with(ActionKind::Sync, "announced"),
            headline: format!("{} is disclosed", v.cve.as_deref().unwrap_or_default()),
            body: format!("Advisory: {}", inline_text(url)),
            told: Told::NotTold("not yet".into()),
        },
        "wait until cve.org shows the record",
        letter,
    )
}

/// The milestone closes with its last announced tracker; closed siblings that were not announced keep it open for a
/// person to decide (sync page §5.6, hard case 26).
fn closes_milestone(v: &View<'_>, out: &mut super::Gathered) -> Option<String> {
    if !v.g.config.tracker.milestones.close_when_done {
        return None;
    }
    let name = v.t.milestone.as_ref()?;
    let m = v.o.milestones.known()?.iter().find(|m| m.name.eq_ignore_ascii_case(name) && m.open)?;
    if m.open_trackers > 1 {
        return None;
    }
    if m.closed_unannounced > 0 {
        out.notices.push(format!(
            "every tracker of `{name}` will be closed, {} of them without an announcement: close the milestone by hand if it is done",
            m.closed_unannounced
        ));
        return None;
    }
    Some(m.name.clone())
}

/// Labels the close-out sets, for tests of monotony.
#[must_use]
pub fn sets(v: &View<'_>) -> BTreeSet<String> {
    [LabelRole::EmailsSent, LabelRole::Announced].into_iter().map(|r| v.g.labels.name(r).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_what_stands_between_the_id_and_the_versions() {
        let cve = "CVE-2026-1234";
        let cases: &[(&str, Option<&str>)] = &[
            (
                "CVE-2026-1234: Harbour Queue: a flaw\n\nAn attacker who can\npublish may read all queues.\n\nUpgrade to 2.1.\n\nAffected versions:\n- before 2.1\n",
                Some("An attacker who can publish may read all queues.\n\nUpgrade to 2.1."),
            ),
            (
                "Severity: high\n\nAffected versions:\n\n- Harbour Queue before 2.1\n\nDescription:\n\nAn attacker may read all queues.\n\nCredit:\n\nAda\n\nReferences:\nhttps://www.cve.org/CVERecord?id=CVE-2026-1234\n",
                Some("An attacker may read all queues."),
            ),
            ("CVE-2026-1234\nAffected versions: all", None),
            ("", None),
        ];
        let two = "CVE-2026-1234: Queue: a flaw\n\nAn attacker may read all queues.\n\nAffected versions:\n- 2\n\nCVE-2026-9999: Queue: another\n\nAn attacker may stop the whole broker.\n";
        let listed = "CVE-2026-9999\nCVE-2026-1234\n\n## CVE-2026-9999: another\n\nAn attacker may stop the broker.\n\n## CVE-2026-1234: one\n\nAn attacker may read all queues.\n";
        let mixed = "CVE-2026-1234, CVE-2026-9999: two flaws\n\nAn attacker may read all queues and stop the broker.\n";
        for (body, id, want) in [
            (two, cve, Some("An attacker may read all queues.")),
            (two, "CVE-2026-9999", Some("An attacker may stop the whole broker.")),
            (listed, cve, Some("An attacker may read all queues.")),
            (listed, "CVE-2026-9999", Some("An attacker may stop the broker.")),
            (mixed, cve, None),
            (mixed, "CVE-2026-9999", None),
            ("CVE-2026-9999: another\n\nIt follows CVE-2026-1234 and is no better.\n", cve, None),
        ] {
            let mail = ListMail { body: body.into(), ..ListMail::default() };
            assert_eq!(summary(&mail, id).as_deref(), want, "{id} of {body}");
        }
        let both = "Severity: high\n\nDescription:\n\nAn attacker may read all queues.\n\nCredit:\n\nAda\n";
        let subject = "CVE-2026-9999, CVE-2026-1234: two flaws".into();
        let mail = ListMail { subject, body: both.into(), ..ListMail::default() };
        assert_eq!(summary(&mail, cve), None);
        for (body, want) in cases {
            let mail = ListMail { body: (*body).into(), ..ListMail::default() };
            assert_eq!(summary(&mail, cve).as_deref(), *want, "{body}");
        }
        let long = ListMail { body: format!("{cve}\n\n{}", "word ".repeat(2000)), ..ListMail::default() };
        assert_eq!(summary(&long, cve), None);
    }
}
