//! Whom to credit: explicit credit lines in mail, values of a credit field, the sender as a last resort
//! (intake page §5–6, CVE page §6).
//!
//! A name is always text of the message (markup and addresses removed, wrapped lines joined), or `anonymous`.

use serde::{Deserialize, Serialize};

use super::{
    bot::{self, CreditKind, judge},
    text,
};
use crate::{config::Config, mail::Message};

mod optout;
mod phrase;
mod statement;
mod value;

use statement::{Found, Source};

/// One credit (DESIGN §7, `x credit`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The name to publish, with its affiliation; `anonymous` for an opt-out.
    pub name: String,
    /// Person, tool or service.
    pub kind: CreditKind,
    /// The text after the label as it stood, wrapped lines joined.
    pub raw: String,
    /// The rule that found it; the bot rule when one fired.
    pub rule: String,
    /// A person must confirm before it is used.
    pub confirm: bool,
}

/// The name used when a finder does not want to be named.
pub const ANONYMOUS: &str = "anonymous";

/// How much of a text is read, in characters.
const LIMIT: usize = 400_000;

/// Every credit stated in a text: a mail, or the value of a credit field (one credit per line).
///
/// Statements are graded: a wish about the credit beats a plain "reported by", which beats thanks. Only the
/// highest grade found counts, and text that is not quoted beats quoted text.
#[must_use]
pub fn credits(text: &str) -> Vec<Credit> {
    stated(text).unwrap_or_else(|| {
        let value = statement::field_value(text::head(text, LIMIT));
        dedupe(value.into_iter().map(finish).collect())
    })
}

/// The credits that the statements of a text make; `None` when it makes none.
fn stated(text: &str) -> Option<Vec<Credit>> {
    let text = text::head(text, LIMIT);
    let mut found = statement::collect(text);
    let opt_out = optout::find(text);
    if found.is_empty() && opt_out.is_none() {
        return None;
    }
    if found.iter().any(|f| !f.quoted) {
        found.retain(|f| !f.quoted);
    }
    let best = found.iter().map(|f| f.source).max().unwrap_or(Source::Thanks);
    let contested = opt_out.is_some();
    if let Some(out) = opt_out {
        // A wish stated after the opt-out, or in the same sentence, is about somebody and stands.
        let wish = found.iter().any(|f| f.source >= Source::Request && f.at >= out.from);
        if !wish {
            let named = !found.is_empty();
            return Some(vec![Credit {
                name: ANONYMOUS.into(),
                kind: CreditKind::Human,
                raw: out.text,
                rule: "credit.opt-out".into(),
                confirm: named && found.iter().any(|f| !value::is_anonymous(&f.raw)),
            }]);
        }
    }
    found.retain(|f| f.source == best);
    let list = found.into_iter().map(finish).map(|mut c| {
        c.confirm |= contested;
        c
    });
    Some(dedupe(list.collect()))
}

fn finish(found: Found) -> Credit {
    if found.name == ANONYMOUS || value::is_anonymous(&found.raw) {
        return Credit {
            name: ANONYMOUS.into(),
            kind: CreditKind::Human,
            raw: found.raw,
            rule: "credit.opt-out".into(),
            confirm: false,
        };
    }
    let verdict = judge(&found.name);
    let rule = verdict.rule.filter(|_| verdict.kind != CreditKind::Human || verdict.confirm);
    Credit {
        confirm: found.confirm || verdict.confirm,
        kind: verdict.kind,
        rule: rule.map_or_else(|| found.rule.to_string(), str::to_string),
        name: found.name,
        raw: found.raw,
    }
}

fn dedupe(list: Vec<Credit>) -> Vec<Credit> {
    let mut seen = std::collections::BTreeSet::new();
    list.into_iter().filter(|c| seen.insert(c.name.clone())).collect()
}

/// Where a credit came from, best first (intake page §6, "Reporter credited as").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreditOrigin {
    /// A credit line in the text.
    Explicit,
    /// The display name of From.
    Header,
    /// The name under the mail.
    Signature,
    /// Nothing; ask, never guess.
    #[default]
    None,
}

/// The credit of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditFinding {
    /// The credits, one per line of the field; empty when unknown.
    pub credits: Vec<Credit>,
    /// How they were found.
    pub origin: CreditOrigin,
    /// A person must be asked: nothing was found, or what was found needs a yes.
    pub ask: bool,
}

impl CreditFinding {
    fn new(credits: Vec<Credit>, origin: CreditOrigin) -> Self {
        let ask = credits.is_empty() || credits.iter().any(|c| c.confirm);
        Self { credits, origin, ask }
    }

    /// The value of the credit field: one name per line; nothing when unknown.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let names: Vec<&str> = self.credits.iter().map(|c| c.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join("\n"))
    }
}

/// The credit of a message: an explicit line, else the display name of From, else the signature. The sender of a
/// relayed message (`relayed`), and a sender that is a service, is never credited (intake page §6).
#[must_use]
pub fn from_message(message: &Message, relayed: bool) -> CreditFinding {
    from_stated(message, relayed, from_text(&message.text))
}

/// As [`from_message`], with the credits that its text states.
pub(super) fn from_stated(message: &Message, relayed: bool, explicit: Vec<Credit>) -> CreditFinding {
    if !explicit.is_empty() {
        return CreditFinding::new(explicit, CreditOrigin::Explicit);
    }
    // A mail passed on as an attachment speaks for its own author.
    let passed = message
        .attachments
        .iter()
        .filter(|a| a.content_type.starts_with("message/") && !a.text.is_empty())
        .take(3)
        .map(|a| from_text(&a.text))
        .find(|c| !c.is_empty());
    if let Some(credits) = passed {
        return CreditFinding::new(credits, CreditOrigin::Explicit);
    }
    if relayed || bot::unreplyable(&message.from) {
        return CreditFinding::new(Vec::new(), CreditOrigin::None);
    }
    let sender = |name: &str, rule: &str| {
        let clean = value::sender_name(name)?;
        let verdict = judge(&clean);
        (verdict.kind != CreditKind::Service).then(|| Credit {
            name: clean,
            kind: verdict.kind,
            raw: name.to_string(),
            rule: rule.to_string(),
            confirm: true,
        })
    };
    if let Some(c) = sender(&message.from.name, "credit.from-header") {
        return CreditFinding::new(vec![c], CreditOrigin::Header);
    }
    if let Some(c) = value::signature(&message.text).and_then(|s| sender(&s, "credit.signature")) {
        return CreditFinding::new(vec![c], CreditOrigin::Signature);
    }
    CreditFinding::new(Vec::new(), CreditOrigin::None)
}

/// A private scanner product named in a text (config page §1.3, `[[confidentiality.scanner]]`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerHit {
    /// The configured product.
    pub token: String,
    /// The text that named it.
    pub matched: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Private scanner products named in a text: whole tokens, without regard to case (intake page §7.6).
#[must_use]
pub fn private_scanners(text: &str, config: &Config) -> Vec<ScannerHit> {
    let mut hits = Vec::new();
    for scanner in &config.confidentiality.scanner {
        for word in std::iter::once(&scanner.token).chain(&scanner.aliases) {
            if word.trim().is_empty() {
                continue;
            }
            let words: Vec<String> = word.split_whitespace().map(regex::escape).collect();
            // An escaped literal always compiles unless it exceeds the size limit; then it is no product name.
            let Ok(re) = crate::pattern::Regex::new(&format!("(?i){}", words.join(r"\s+"))) else { continue };
            for m in re.find_iter(text) {
                let whole = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
                if whole(text[..m.start()].chars().next_back()) && whole(text[m.end()..].chars().next()) {
                    hits.push(ScannerHit {
                        token: scanner.token.clone(),
                        matched: m.as_str().to_string(),
                        start: m.start(),
                        end: m.end(),
                    });
                }
            }
        }
    }
    hits.sort_by_key(|h| (h.start, std::cmp::Reverse(h.end)));
    hits.dedup_by(|b, a| b.start < a.end && b.token == a.token);
    hits
}

/// The credits a mail states. A mail whose text is a bare name states none; only a field value does.
pub(super) fn from_text(body: &str) -> Vec<Credit> {
    stated(body).unwrap_or_default()
}

/// Does the text decline a credit?
pub(super) fn declines(body: &str) -> bool {
    optout::find(text::head(body, LIMIT)).is_some()
}

/// Reads the raw credit that begins at a byte of a text: joins wrapped lines and stops at the sentence end.
pub(super) fn read_at(body: &str, at: usize) -> Option<String> {
    let rest = text::head(body.get(at..)?, 4000);
    let lines: Vec<&str> = text::lines(rest).into_iter().map(|l| l.text).take(12).collect();
    let on_its_line = body.get(..at)?.rsplit('\n').next().is_some_and(|l| text::label(l).is_some());
    value::read(&lines, if on_its_line { value::Mode::Label } else { value::Mode::Prose })
}

/// The name in a raw value.
pub(super) fn clean_value(raw: &str) -> Option<String> {
    if value::is_anonymous(raw) { Some(ANONYMOUS.into()) } else { value::clean(raw) }
}

#[cfg(test)]
mod tests;

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("credit.active", "`NAME found this`: a name as the subject of the sentence"),
    ("credit.answer", "the answer to the credit question"),
    ("credit.by", "`found by`, `reported by` and the like"),
    ("credit.correction", "a correction of an earlier credit"),
    ("credit.field", "a line of the tracker's own credit field"),
    ("credit.from-header", "the display name of the sender; the last resort"),
    ("credit.label", "a label such as `Credit:` or `Reporter:`"),
    ("credit.on-behalf", "on behalf of somebody"),
    ("credit.opt-out", "the writer does not want to be named"),
    ("credit.request", "the writer says how to be credited"),
    ("credit.signature", "the name under the mail"),
    ("credit.thanks", "thanks to somebody; to be confirmed"),
    ("credit.to", "credit goes to somebody"),
];
