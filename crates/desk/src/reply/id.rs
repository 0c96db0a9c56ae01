//! Which replies there are, and every name people call them by.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reply_ids {
    ($($(#[$d:meta])* $v:ident => $s:literal, $negative:literal, [$($alias:literal),* $(,)?];)+) => {
        /// A canned reply. The ids are stable; names and wording may drift (intake page §8).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ReplyId { $($(#[$d])* $v),+ }

        impl ReplyId {
            /// Every reply, in the order of the process.
            pub const ALL: &'static [ReplyId] = &[$(ReplyId::$v),+];

            /// The id as it is written in files and commands.
            #[must_use]
            pub fn as_str(self) -> &'static str { match self { $(ReplyId::$v => $s),+ } }

            /// Does this reply turn a report down? Negative replies are the reject taxonomy of intake.
            #[must_use]
            pub fn is_negative(self) -> bool { match self { $(ReplyId::$v => $negative),+ } }

            /// Names that mean this reply, beside its id and the name its template gives.
            #[must_use]
            pub fn aliases(self) -> &'static [&'static str] { match self { $(ReplyId::$v => &[$($alias),*]),+ } }
        }
    };
}

reply_ids! {
    /// A report arrived.
    Receipt => "receipt", false, [
        "Confirmation of receiving the report", "Confirmation of receipt", "Acknowledgement", "Receipt of report"];
    /// Several reports by one person arrived; one reply for all.
    ReceiptBundle => "receipt_bundle", false, [
        "Receipt for several reports", "Bundled receipt", "Confirmation of receiving several reports"];
    /// The report was assessed as valid.
    AssessedValid => "assessed_valid", false, ["Assessed as valid", "Valid", "Report accepted", "Accepted as valid"];
    /// The team needs more from the reporter.
    MoreInformation => "more_information", false, [
        "More information needed", "More info needed", "Additional information requested", "Needs more information"];
    /// Outside of the security model.
    OutOfScope => "out_of_scope", true, [
        "Negative assessment — out of scope per the Security Model", "Out of scope",
        "Out of scope by the security model", "Not in scope"];
    /// No vulnerability; the general negative answer.
    NotVulnerability => "not_vulnerability", true, [
        "Negative assessment — not a vulnerability", "Not a vulnerability", "Not a security issue", "Invalid",
        "Negative assessment"];
    /// A script that only its author runs.
    SelfXss => "self_xss", true, ["Self-XSS", "Self XSS", "Script that users run on themselves"];
    /// Load by a user who was let in.
    AuthenticatedDos => "authenticated_dos", true, [
        "Authenticated DoS", "DoS by authenticated users", "Denial of service by an authorised user",
        "Denial of service by authenticated users"];
    /// Input of an author who is trusted to run code.
    TrustedAuthor => "trusted_author", true, [
        "Trusted-author input", "Author input", "Dag-author input", "Input by an author who may run code"];
    /// Configuration that only the operator can change.
    OperatorConfig => "operator_config", true, [
        "Operator-controlled connection config", "Connection configuration", "Operator configuration",
        "Configuration in the hands of the operator"];
    /// Parameters that the caller's own code passes.
    CallerParameters => "caller_parameters", true, [
        "Trusted-caller parameter injection", "Parameter injection", "Parameters passed by trusted code"];
    /// Output of a scanner without proof.
    AutomatedScan => "automated_scan", true, [
        "Automated scanning results", "Automated scan", "Scanner output", "Unverified scanner output", "Image scan",
        "Results of an automated scan"];
    /// Several unrelated issues in one mail.
    Consolidated => "consolidated", true, [
        "Consolidated multi-issue report", "Sending multiple issues in consolidated report",
        "Several issues in one report", "Multiple issues"];
    /// A journalist, a speaker, a blogger.
    Media => "media", true, [
        "Media / research-disclosure request", "When someone submits a media report", "Media report",
        "Media-only report", "Media request", "Media or research enquiry", "Research disclosure"];
    /// The fix is public already.
    AlreadyPublic => "already_public", true, [
        "Publicly-disclosed issue", "Already public", "Public fix", "Fix already public", "Publicly known issue"];
    /// Another report has it already.
    Duplicate => "duplicate", true, ["Duplicate of a known report", "Duplicate report", "Already reported"];
    /// A CVE id was reserved.
    CveAllocated => "cve_allocated", false, ["CVE allocated", "CVE reserved", "CVE assigned"];
    /// The fix is proposed in public.
    PrOpened => "pr_opened", false, ["Fix PR opened", "PR opened", "PR created", "Fix proposed"];
    /// The fix is merged.
    PrMerged => "pr_merged", false, ["Fix PR merged", "PR merged", "Fix merged"];
    /// The fix has a release to go with.
    Scheduled => "scheduled", false, ["Scheduled for a release", "Milestone set"];
    /// The release is out.
    Released => "released", false, ["Release shipped", "Fix released", "Shipped"];
    /// The advisory is public.
    AdvisorySent => "advisory_sent", false, ["Advisory sent", "Advisory published", "Announced"];
    /// The CVE record is public.
    CvePublished => "cve_published", false, ["CVE published", "CVE record published", "CVE live"];
    /// Something that the advisory will show has changed.
    CreditFix => "credit_fix", false, ["Credit correction", "Public details corrected", "Credit change", "Credit fix"];
    /// The announcement credited somebody wrongly: the reply to it.
    CreditAnnouncement => "credit_announcement", false, ["Credit correction to the announcement", "Reply to the announcement"];
    /// The same for those who pass the record on.
    CreditCna => "credit_cna", false, ["Credit correction for the CVE authority", "Note to the CNA"];
    /// Distributors hear of a fix before its announcement.
    DistributorsNote => "distributors_note", false, ["Note to distributors", "Pre-announcement", "Notice to distributors"];
    /// Nobody assesses a report: those beyond the team who may have an idea.
    EscalationCall => "escalation_call", false, ["Call for ideas", "Escalation", "Call for ideas about a report nobody assesses"];
    /// How should the credit read?
    CreditQuestion => "credit_question", false, ["Credit question", "Credit clarification"];
    /// A message for the reporter that a forwarder passes on.
    ForwarderRelay => "forwarder_relay", false, [
        "Message for the reporter, by way of the forwarder", "Forwarder message", "Relay message"];
}

impl ReplyId {
    /// The reply that a name means: its id, or a known name in any spelling of case, dashes, quotes, plurals and
    /// small words. A name that means none is `None`; nothing is guessed.
    #[must_use]
    pub fn resolve(name: &str) -> Option<ReplyId> {
        let wanted = fold_name(name);
        if wanted.is_empty() {
            return None;
        }
        Self::ALL.iter().copied().find(|id| {
            fold_name(id.as_str()) == wanted || id.aliases().iter().any(|a| fold_name(a) == wanted)
        })
    }

    /// The reply whose id or name is spelled most like `name`, to ask "did you mean …?" and for nothing else.
    #[must_use]
    pub fn closest(name: &str) -> Option<ReplyId> {
        // Names are short; a long string is no typo of one, and the measure is quadratic in its length.
        let wanted = fold_name(name.get(..200).unwrap_or(name));
        if wanted.is_empty() || wanted.len() > 200 {
            return None;
        }
        let mut best: Option<(f64, ReplyId)> = None;
        for &id in Self::ALL {
            for known in std::iter::once(id.as_str()).chain(id.aliases().iter().copied()) {
                let score = strsim::normalized_damerau_levenshtein(&fold_name(known), &wanted);
                if score >= 0.6 && best.is_none_or(|(b, _)| score > b) {
                    best = Some((score, id));
                }
            }
        }
        best.map(|(_, id)| id)
    }
}

impl fmt::Display for ReplyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name without what drifts: case, punctuation, plural endings and small words.
pub(super) fn fold_name(name: &str) -> String {
    const SMALL: [&str; 12] =
        ["a", "an", "the", "of", "per", "by", "for", "in", "when", "someone", "our", "response"];
    let mut out = String::new();
    for word in name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let word = word.to_lowercase();
        if SMALL.contains(&word.as_str()) {
            continue;
        }
        let stem = match word.strip_suffix('s') {
            Some(s) if s.len() > 3 && !s.ends_with('s') => s,
            _ => &word,
        };
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(stem);
    }
    out
}
