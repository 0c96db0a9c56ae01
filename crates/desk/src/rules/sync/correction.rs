//! Step 16: the credit is corrected after the disclosure (roles guide, post-release credit corrections). The record is made
//! again, the announcement gets a reply, whoever passes records on gets a note, and the tracker says so.

use serde_json::Value;

use super::{Gathered, Proposal, View, advisory, record};
use crate::{
    case::{Evidence, RecordStage},
    confidential::{Draft, Public, TeamMail},
    config::{CveGate, CveTool},
    cve::authority::Over,
    mail::{Address, can_refer_to, one_line, reply_subject},
    people::Role,
    plan::{
        Action, ActionKind, Letter, Precondition, Told, digest,
        effect::{Change, Drafted, LetterText},
    },
    reply::{Placeholder, ReplyId, Values},
    tracker::{FieldRole, LabelRole, inline_text},
};

/// Names with their kinds, as a record holds them.
type Credits = Vec<(String, String)>;

/// The credits of a record as some tool gave it.
fn credits_of(json: &Value) -> Option<Credits> {
    let cna = json.pointer("/containers/cna").or_else(|| json.pointer("/body/containers/cna"))?;
    let all = cna.get("credits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text =
        |c: &Value, key: &str| c.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    Some(all.iter().map(|c| (text(c, "value"), text(c, "type"))).filter(|(n, _)| !n.is_empty()).collect())
}

fn same(a: &Credits, b: &Credits) -> bool {
    let sorted = |c: &Credits| {
        let mut c = c.clone();
        c.sort();
        c
    };
    sorted(a) == sorted(b)
}

fn shown(credits: &Credits) -> String {
    let one = |(name, kind): &(String, String)| {
        let name = one_line(name, 200);
        if kind.is_empty() { name } else { format!("{name} ({kind})") }
    };
    if credits.is_empty() { "nobody".into() } else { credits.iter().map(one).collect::<Vec<_>>().join(", ") }
}

/// A closed and announced tracker whose credits differ from those the world was told.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    let Some(cve) = v.cve.clone() else { return };
    let rejected = !v.labels.dispositions().is_empty();
    if v.t.state.is_open() || !v.has(LabelRole::Announced) || rejected || v.body.unterminated().is_some() {
        return;
    }
    let at_authority =
        v.o.record.known().filter(|r| r.state == RecordStage::Public).and_then(|r| r.json.as_ref());
    // Whoever keeps the record corrects it.
    if v.o.record_with.is_some() {
        return;
    }
    let (public, source) = match (at_authority, v.o.listed.known().and_then(|l| l.json.as_ref())) {
        (Some(json), _) => (json, v.o.record.source()),
        (None, Some(json)) => (json, v.o.listed.source()),
        (None, None) => return,
    };
    let Some(was) = credits_of(public) else { return };
    let b = v.built();
    let now: Credits = b
        .record
        .containers
        .cna
        .credits
        .iter()
        .map(|c| (c.value.trim().to_owned(), c.kind.clone().unwrap_or_default()))
        .collect();
    if same(&was, &now) || now.is_empty() {
        return;
    }
    let pushes = record::pushes(v) && at_authority.is_some();
    if pushes && v.field(FieldRole::PublicAdvisoryUrl).is_empty() {
        out.notices.push(format!(
            "the public record of {cve} credits {}, the tracker says {}; it is published again once the tracker names its advisory",
            shown(&was),
            shown(&now)
        ));
        return;
    }
    let letters: Vec<Letter<Drafted>> =
        [announcement(v, &cve, &now), authority(v, &cve, &now)].into_iter().flatten().collect();
    let told = |l: &Letter<Drafted>| {
        v.o.told.iter().any(|r| r.event == l.event && r.artifact == l.artifact && r.state != "discarded")
    };
    // Where the record cannot be pushed it goes on to differ until somebody else has changed it: said once.
    if !pushes && (letters.is_empty() || letters.iter().all(told)) {
        out.notices.push(format!(
            "the public record of {cve} credits {}; the tracker says {}",
            shown(&was),
            shown(&now)
        ));
        return;
    }
    let text = v.record_text();
    let mut p = Proposal::new(
        "sync.correction",
        format!("Correct the credit of {cve} after its disclosure"),
        vec![Evidence::new("sync.correction", format!("the public record credits {}", shown(&was)), source)],
    )
    .in_record();
    p.details.push(("credit".into(), format!("{} → {}", shown(&was), shown(&now))));
    if v.o.attached.as_ref().is_some_and(|kept| kept != text) {
        p = p.step(record::attach_step(v, &cve, text), Vec::new());
    }
    if pushes {
        // A push leaves a public record alone: bringing it up to date is publishing, with the gates of that.
        let effect = Change::PublishRecord {
            tracker: v.t.key.clone(),
            cve: cve.clone(),
            record: Draft::text(text),
            over: Over::default(),
        };
        p = p.step(
            effect,
            vec![Precondition::RecordIn { cve: cve.clone(), states: [RecordStage::Public].into() }],
        );
        let other: Vec<String> = record::difference(public, v.record_json())
            .into_iter()
            .filter(|(at, _, new)| {
                new.is_some() && at.starts_with("/containers/cna/") && !at.contains("/credits")
            })
            .map(|(at, ..)| at)
            .collect();
        if !other.is_empty() {
            let some: Vec<&str> = other.iter().take(5).map(String::as_str).collect();
            p.notices.push(format!("the record changes elsewhere, too: {}", some.join(", ")));
        }
        if v.g.config.cve.gate == CveGate::GovernanceMember {
            p.needs = vec![Role::Governance];
        }
    } else {
        p.notices.push(format!("the record of {cve} is changed by hand in the CVE tool"));
    }
    let comment = format!(
        "The credit of {} is corrected after its disclosure: {} → {}.",
        super::allocated::record_link(v, &cve),
        inline_text(&shown(&was)),
        inline_text(&shown(&now))
    );
    p = p.step(Change::Comment { tracker: v.t.key.clone(), text: Draft::text(comment) }, Vec::new());
    if letters.is_empty() {
        p.notices.push("no list is configured to which a correction could go (mail.lists.users)".into());
    }
    for letter in letters.into_iter().filter(|l| !told(l)) {
        let not_told = letter.not_told(&v.t.key.0);
        p = p.step(Change::MailDraft { subject: v.t.key.0.clone(), letter }, vec![not_told]);
    }
    out.items.push(
        p.note(
            Action::with(ActionKind::Sync, "credit correction"),
            format!("Credit of {cve} corrected"),
            format!("{} → {}", inline_text(&shown(&was)), inline_text(&shown(&now))),
            Told::NotTold("the reply to the announcement says it".into()),
        )
        .next("send the reply to the announcement and the note to the CVE authority"),
    );
}

/// The words about a correction, and which instance of it they are: another correction is another letter.
fn words(v: &View<'_>, id: ReplyId, cve: &str, now: &Credits) -> Option<(String, String)> {
    let lines: Vec<String> = now.iter().map(|c| format!("- {}", shown(&vec![c.clone()]))).collect();
    let values = Values::new()
        .with(Placeholder::CveId, cve)
        .with(Placeholder::ProjectName, v.project())
        .with(Placeholder::ChangedFields, lines.join("\n"))
        .with(Placeholder::TeamSignature, v.signature());
    let body = v.g.replies.fill(id, &values, None).ok()?.text();
    Some((body, format!("{cve} {}", &digest::name(now)[..16])))
}

/// The reply to the archived announcement, to the lists it went to.
fn announcement(v: &View<'_>, cve: &str, now: &Credits) -> Option<Letter<Drafted>> {
    let lists = &v.g.config.mail.lists;
    let mut to =
        [&lists.users, &lists.announce].into_iter().filter(|l| !l.is_empty()).map(|l| Address::new("", l));
    let first = to.next()?;
    let id = ReplyId::CreditAnnouncement;
    let (body, artifact) = words(v, id, cve, now)?;
    let mail = match advisory::find(v) {
        advisory::Advisory::Found(m) => Some(m),
        _ => None,
    };
    let subject =
        mail.map_or_else(|| format!("{cve}: correction of the credit"), |m| reply_subject(&m.subject));
    let answers = mail.map(|m| m.message_id.clone()).filter(|id| can_refer_to(id)).unwrap_or_default();
    let text =
        LetterText::List { subject: Draft::<Public>::text(subject), body: Draft::<Public>::text(body) };
    Some(Letter {
        thread: answers.clone(),
        references: Some(answers.clone()).filter(|a| !a.is_empty()).into_iter().collect(),
        in_reply_to: answers,
        ..Letter::beginning(id.as_str(), id, artifact, first, to.collect(), text)
    })
}

/// The note to those who pass the record on; a project that publishes by itself needs none.
fn authority(v: &View<'_>, cve: &str, now: &Credits) -> Option<Letter<Drafted>> {
    let to = &v.g.config.mail.lists.foundation_security;
    if to.is_empty() || v.g.config.cve.tool == CveTool::CveServices {
        return None;
    }
    let id = ReplyId::CreditCna;
    let (body, artifact) = words(v, id, cve, now)?;
    let security = &v.g.config.mail.lists.security;
    let cc = Some(security).filter(|s| !s.is_empty() && *s != to).map(|s| Address::new("", s));
    let text = LetterText::Team {
        subject: Draft::<TeamMail>::text(format!("{cve}: corrected credit, please update cve.org")),
        body: Draft::<TeamMail>::text(body),
    };
    Some(Letter::beginning(id.as_str(), id, artifact, Address::new("", to), cc.into_iter().collect(), text))
}
