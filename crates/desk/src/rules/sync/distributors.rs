//! Those who package the product hear of a fix before its announcement (sync page §12): one letter for each tracker, with the
//! id, the product, the versions, the public summary and the latest date. It holds what the record will say, and nothing else.

use super::{Gathered, Proposal, View, clocks};
use crate::{
    confidential::{CvePublic, Draft},
    mail::Address,
    plan::{
        Action, ActionKind, Letter, Told,
        effect::{Change, LetterText},
    },
    reply::{Placeholder, ReplyId, Values},
    tracker::{FieldRole, LabelRole},
};

/// The ledger's word for the letter.
pub(super) const EVENT: &str = "distributors";

/// Once the fix is merged and until the flaw is public.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    let d = &v.g.config.disclosure;
    let ready =
        || [LabelRole::PrMerged, LabelRole::RcVoting, LabelRole::FixReleased].into_iter().any(|r| v.has(r));
    if !d.notify_distributors || !ready() {
        return;
    }
    let clocks = clocks::read(v);
    let action = Action::with(ActionKind::Sync, EVENT);
    // The status says it to the desks of others, the ledger to this one.
    if clocks.stopped || v.told(EVENT) || super::noted(v, &action) {
        return;
    }
    let latest = clocks::shown(v, clocks.grace_end.max(clocks.end));
    if d.distributors.is_empty() {
        out.notices.push(format!(
            "distributors may be told now, by hand: {}, product, versions and the public summary only; public by {latest} at \
             the latest, which is no promise (`disclosure.distributors` names whom to write to)",
            v.cve.as_deref().unwrap_or("no CVE yet"),
        ));
        return;
    }
    let affected = v.field(FieldRole::AffectedVersions).replace('`', "");
    let affected: Vec<&str> = affected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let summary = v.field(FieldRole::PublicSummary).trim();
    let missing: Vec<&str> = [
        (v.cve.is_none(), "a CVE id"),
        (affected.is_empty(), "the affected versions"),
        (summary.is_empty(), "the public summary"),
    ]
    .into_iter()
    .filter_map(|(lacks, what)| lacks.then_some(what))
    .collect();
    let Some(cve) = v.cve.as_deref().filter(|_| missing.is_empty()) else {
        out.notices.push(format!("distributors are told once the tracker has {}", missing.join(" and ")));
        return;
    };
    let product =
        v.scope().map(|s| s.product.as_str()).filter(|p| !p.is_empty()).unwrap_or_else(|| v.project());
    let values = Values::new()
        .with(Placeholder::ProjectName, product)
        .with(Placeholder::CveId, cve)
        .with(Placeholder::AffectedVersions, affected.join("\n"))
        .with(Placeholder::PublicSummary, summary)
        .with(Placeholder::LatestDate, latest)
        .with(Placeholder::TeamSignature, v.signature());
    let body = match v.g.replies.fill(ReplyId::DistributorsNote, &values, None) {
        Ok(filled) => filled.text(),
        Err(e) => {
            out.notices.push(format!("the letter to distributors cannot be filled: {e}"));
            return;
        }
    };
    let mut to = d.distributors.iter().map(|a| Address::new("", a));
    let Some(first) = to.next() else { return };
    let security = &v.g.config.mail.lists.security;
    let copy = Some(security).filter(|s| !s.is_empty() && !d.distributors.contains(s));
    let letter = Letter::beginning(
        EVENT,
        ReplyId::DistributorsNote,
        cve.to_owned(),
        first,
        to.chain(copy.map(|s| Address::new("", s))).collect(),
        LetterText::Distributors {
            subject: Draft::<CvePublic>::text(format!("[EMBARGOED] {cve} in {product}")),
            body: Draft::<CvePublic>::text(body),
        },
    );
    let not_told = letter.not_told(&v.t.key.0);
    let effect = Change::MailDraft { subject: v.t.key.0.clone(), letter };
    out.items.push(
        Proposal::new(
            "sync.distributors",
            format!("Tell distributors of {}", v.name),
            v.evidence("sync.distributors", "the fix is merged and not announced yet"),
        )
        .step(effect, vec![not_told])
        .note(
            action,
            "Distributors are told under embargo",
            format!("To {}.", d.distributors.join(", ")),
            Told::NotNeeded("it goes to those who package the product".into()),
        )
        .next("send the letter to the distributors"),
    );
}
