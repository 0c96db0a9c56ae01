//! Who relayed a report, and whom to talk to (intake page §5; roles guide, via-forwarder mode).
//!
//! A match needs the sender or the preamble of a configured adapter; both, when the adapter says so. Text in the
//! body that names an adapter decides nothing: it is flagged.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use crate::pattern::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{
    bot::{CreditKind, judge, unreplyable},
    credit::{self, Credit},
    text,
};
use crate::{
    config::{Config, ForwarderConfig},
    mail::{Address, Message},
    people::Roster,
};

/// How the desk talks to the reporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By answering the mail.
    #[default]
    Direct,
    /// Through whoever delivered it; only milestones are relayed.
    ViaForwarder,
}

/// The person to talk to. An address is an address and a handle a handle; neither stands in for the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// A personal mail address; none when nobody can be written to.
    pub address: Option<String>,
    /// A forge handle without `@`.
    pub handle: Option<String>,
}

/// The credit a relayed body states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayedCredit {
    /// The name, with its affiliation.
    pub name: String,
    /// Person, tool or service.
    pub kind: CreditKind,
    /// The text after the label, mail address included.
    pub raw: String,
}

/// Something about the message or the configuration that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwarderProblem {
    /// Stable id.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// The judgement on one message (DESIGN §7, `x forwarder`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwarderReport {
    /// Name of the adapter that matched.
    #[serde(rename = "match")]
    pub adapter: Option<String>,
    /// Direct, or via a forwarder.
    pub mode: Mode,
    /// Whom to talk to.
    pub contact: Contact,
    /// Did the sender match an adapter?
    pub sender_matched: bool,
    /// The preamble as matched, at most 80 characters.
    pub preamble: Option<String>,
    /// The sender is also on the roster.
    pub collaborator_warning: bool,
    /// The credit stated; the first when there are several.
    pub credit: Option<RelayedCredit>,
    /// Every credit stated.
    pub credits: Vec<RelayedCredit>,
    /// What a person should know.
    pub problems: Vec<ForwarderProblem>,
}

impl ForwarderReport {
    fn problem(&mut self, code: &str, message: impl Into<String>) {
        self.problems.push(ForwarderProblem { code: code.into(), message: message.into() });
    }
}

/// How much of a body a preamble is looked for in, in characters.
const HEAD: usize = 400;
/// How much of a matched preamble is shown, in characters.
const SHOWN: usize = 80;

/// Judges who delivered a message. Never fails: what is missing is a problem (DESIGN §7).
#[must_use]
pub fn detect(message: &Message, config: &Config, roster: &Roster) -> ForwarderReport {
    judged(message, config, roster, &Patterns::default(), &credit::from_text(&message.text))
}

/// Name of the adapter that matches, as [`detect`] finds it, without reading credits.
#[must_use]
pub fn adapter(message: &Message, config: &Config, roster: &Roster) -> Option<String> {
    judged(message, config, roster, &Patterns::default(), &[]).adapter
}

/// As [`detect`], with patterns that were compiled before, and the credits that the text states.
pub(super) fn judged(
    message: &Message,
    config: &Config,
    roster: &Roster,
    patterns: &Patterns,
    credits: &[Credit],
) -> ForwarderReport {
    let mut report = ForwarderReport::default();
    let body = message.text.trim();
    if message.from.email.is_empty() {
        report.problem("missing-from", "the message has no From address");
    }
    if message.date.is_none() {
        report.problem("missing-date", "the message has no readable Date");
    }
    if body.is_empty() {
        report.problem("missing-body", "the message has no readable body");
    }
    let adapters = enabled(config, &mut report);
    let head = preamble_head(&message.text);
    let mut matched = None;
    for adapter in &adapters {
        let signals = signals(adapter, message, &head, patterns, &mut report);
        report.sender_matched |= signals.sender && matched.is_none();
        let hit = if adapter.require_both {
            signals.sender && signals.preamble.is_some()
        } else {
            signals.sender || signals.preamble.is_some()
        };
        if matched.is_some() {
            continue;
        }
        if hit {
            report.sender_matched = signals.sender;
            report.preamble = signals.preamble;
            matched = Some(*adapter);
        } else if signals.sender {
            let text =
                format!("the sender matches `{}` but the preamble does not; not a match", adapter.name);
            report.problem("sender-only", text);
        } else if signals.preamble.is_some() {
            let text = format!("the preamble of `{}` comes from another sender; not a match", adapter.name);
            report.problem("preamble-only", text);
        }
    }
    claims(message, config, matched, patterns, &mut report);
    report.collaborator_warning = roster.is_team(&message.from.email, message.arrived());
    report.adapter = matched.map(|a| a.name.clone());
    route(message, config, matched, &mut report);
    report.credits =
        matched.and_then(|a| relayed(a, body, patterns, &mut report)).unwrap_or_else(|| stated(credits));
    report.credit = report.credits.first().cloned();
    if report.credit.is_none() && report.mode == Mode::ViaForwarder {
        report.problem("credit-unknown", "the relayed text credits nobody; ask, never guess");
    }
    report
}

/// The adapters in use, in order (config page §1.3): all that are defined, or those `forwarding.enabled` names.
fn enabled<'a>(config: &'a Config, report: &mut ForwarderReport) -> Vec<&'a ForwarderConfig> {
    let named = &config.forwarding.enabled;
    let adapters: Vec<&ForwarderConfig> = if named.is_empty() {
        config.forwarder.iter().collect()
    } else {
        let mut out = Vec::new();
        for name in named {
            match config.forwarder.iter().find(|f| f.name == *name) {
                Some(f) => out.push(f),
                None => report.problem(
                    "forwarder-undefined",
                    format!("`forwarding.enabled` names `{name}`, which no [[forwarder]] defines"),
                ),
            }
        }
        out
    };
    if adapters.is_empty() && named.is_empty() {
        report.problem("no-forwarder-config", "no forwarder is configured");
    }
    adapters
}

struct Signals {
    sender: bool,
    preamble: Option<String>,
}

fn signals(
    adapter: &ForwarderConfig,
    message: &Message,
    head: &Head,
    patterns: &Patterns,
    report: &mut ForwarderReport,
) -> Signals {
    let mut sender = false;
    for pattern in &adapter.senders {
        match patterns.get(pattern) {
            Some(re) => sender |= sender_matches(&re, &message.from.email),
            None => report
                .problem("bad-pattern", format!("a sender pattern of `{}` cannot be read", adapter.name)),
        }
    }
    let mut preamble = None;
    if !adapter.preamble.is_empty() {
        match patterns.get(&adapter.preamble) {
            Some(re) => preamble = head.find(&re),
            None => {
                report.problem("bad-pattern", format!("the preamble of `{}` cannot be read", adapter.name))
            }
        }
    }
    if adapter.senders.is_empty() && adapter.preamble.is_empty() {
        report.problem("no-signal", format!("`{}` has neither senders nor a preamble", adapter.name));
    }
    Signals { sender, preamble }
}

/// The patterns of the configured adapters, each compiled when it is first asked for; `None` is one that cannot be.
#[derive(Debug, Default)]
pub(super) struct Patterns(Mutex<BTreeMap<String, Option<Arc<Regex>>>>);

impl Patterns {
    fn get(&self, pattern: &str) -> Option<Arc<Regex>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(pattern) {
            return found.clone();
        }
        let made = RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build();
        let made = made.ok().map(Arc::new);
        known.insert(pattern.to_owned(), made.clone());
        made
    }
}

/// A pattern matches an address only at its joints: `@apache.org` is not found in `@apache.org.example`, nor
/// `jo@x.org` in `banjo@x.org`.
fn sender_matches(re: &Regex, email: &str) -> bool {
    let at = email.rfind('@').unwrap_or(email.len());
    re.find_iter(email).any(|m| {
        let before = email.get(..m.start()).and_then(|s| s.chars().next_back());
        let after = email.get(m.end()..).and_then(|s| s.chars().next());
        let starts = match before {
            None | Some('@' | '.') => true,
            Some(c) => m.as_str().starts_with('@') || (m.start() <= at && !c.is_alphanumeric()),
        };
        let ends = after.is_none() || m.end() <= at + 1;
        !m.is_empty() && starts && ends
    })
}

/// The beginning of a body, quote marks and leading space ignored: as lines, and on one line.
struct Head {
    lines: String,
    joined: String,
}

impl Head {
    fn find(&self, re: &Regex) -> Option<String> {
        let hit = re.find(&self.lines).or_else(|| re.find(&self.joined)).filter(|m| !m.is_empty())?;
        Some(text::head(hit.as_str(), SHOWN).to_string())
    }
}

fn preamble_head(body: &str) -> Head {
    let start = text::head(body, HEAD * 4);
    let mut lines = String::new();
    for line in text::lines(start) {
        let line = line.text.trim();
        if line.is_empty() && lines.is_empty() {
            continue;
        }
        lines.push_str(line);
        lines.push('\n');
    }
    let joined = text::head(&text::collapse(&lines), HEAD).to_string();
    Head { lines: text::head(lines.trim_end(), HEAD).to_string(), joined }
}

static CLAIM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:forwarder|adapter|routing[- ]?mode|relay[- ]mode)\b\s*(?:[:=]|is|to|as)?\s*[`'\x22]?([a-z][\w.\-]*)|<!--[^>]{0,80}routing[- ]?mode").expect("valid")
});
static ORDERING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:use|route|treat|handle|process|switch|select|set|match|force|apply)\b|[:=]")
        .expect("valid")
});

/// Flags body text that asks for an adapter by name; it decides nothing (intake page §5, Hard case 21).
fn claims(
    message: &Message,
    config: &Config,
    matched: Option<&ForwarderConfig>,
    patterns: &Patterns,
    report: &mut ForwarderReport,
) {
    let own = matched.map_or("", |m| m.name.as_str());
    let names = config
        .forwarder
        .iter()
        .map(|f| f.name.as_str())
        .chain(config.forwarding.enabled.iter().map(String::as_str));
    let others: std::collections::BTreeSet<&str> = names.filter(|n| !n.is_empty() && *n != own).collect();
    // The name of an adapter may be a common word; only an order about routing makes it a claim.
    let body = text::head(&message.text, 200_000);
    let lower = body.to_lowercase();
    let orders: Vec<(&str, Arc<Regex>)> = others
        .into_iter()
        .filter(|n| lower.contains(&n.to_lowercase()))
        .filter_map(|n| {
            let e = regex::escape(n);
            let p = format!(r"\b(?:adapters?|forwarders?|routing(?:[- ]?mode)?)\b\s*(?:name)?\s*(?:[:=]|is|to|as|named|called)?\s*[`'\x22]?{e}(?:$|[^\w\-])|(?:^|[^\w\-]){e}[`'\x22]?\s+(?:adapter|forwarder|routing)\b|\b(?:route|rout\w+|treat\w*|handle\w*|process\w*|import\w*|match\w*|classif\w+)\b[^.]{{0,40}}\b(?:via|as|through|with|by|using|to|under)\s+(?:the\s+|a\s+|an\s+)?[`'\x22]?{e}(?:$|[^\w\-])");
            Some((n, patterns.get(&p)?))
        })
        .collect();
    for line in body.lines() {
        let named = orders.iter().find(|(_, re)| re.is_match(line)).map(|(n, _)| *n);
        let asks = CLAIM.captures(line).is_some_and(|c| {
            c.get(1).is_none_or(|m| {
                let w = m.as_str();
                ORDERING.is_match(line) && w.contains(['-', '_']) && !w.eq_ignore_ascii_case(own)
            })
        });
        if named.is_some() || asks {
            let who = named.map_or_else(|| "another routing".to_string(), |n| format!("`{n}`"));
            let shown = text::head(line.trim(), SHOWN);
            report.problem("other-adapter-claimed", format!("the body asks for {who}; ignored: {shown}"));
            return;
        }
    }
}

/// Decides mode and contact. The address is the personal From, never a list, an alias or a robot (Weakness 8).
fn route(
    message: &Message,
    config: &Config,
    matched: Option<&ForwarderConfig>,
    report: &mut ForwarderReport,
) {
    let personal = personal_sender(message, config);
    match matched {
        Some(adapter) => {
            report.mode = Mode::ViaForwarder;
            report.contact.address = personal;
            let contact = adapter.contact.trim();
            if !contact.is_empty() {
                let given = Address::new("", contact);
                if !is_address(contact) {
                    report.problem(
                        "contact-not-an-address",
                        format!("the contact of `{}` is not a mail address", adapter.name),
                    );
                } else if !unreplyable(&given)
                    && (report.contact.address.is_none() || !is_list(contact, config))
                {
                    report.contact.address = Some(contact.to_string());
                }
            }
            let handle = adapter.contact_handle.trim().trim_start_matches('@');
            if is_address(handle) {
                report.problem(
                    "handle-is-an-address",
                    format!("the handle of `{}` is a mail address", adapter.name),
                );
            } else if !handle.is_empty() {
                report.contact.handle = Some(handle.to_string());
            }
        }
        None => {
            report.contact.address = personal;
            // A sender nobody can answer leaves only whoever delivered the mail.
            let robot = !message.from.email.is_empty() && unreplyable(&message.from);
            if robot && report.contact.address.is_none() {
                report.mode = Mode::ViaForwarder;
            }
        }
    }
    if report.contact.address.is_none() && !message.from.email.is_empty() {
        report.problem("unaddressable", format!("nobody reads mail to {}", message.from.email));
    }
}

/// The personal address behind a message: From, else a Reply-To or Sender that is a person's.
fn personal_sender(message: &Message, config: &Config) -> Option<String> {
    let usable = |a: &Address| is_address(&a.email) && !unreplyable(a) && !is_list(&a.email, config);
    if usable(&message.from) {
        return Some(message.from.email.clone());
    }
    let reply = message
        .reply_to
        .iter()
        .find(|a| usable(a) && !message.to.iter().chain(&message.cc).any(|t| t.is(&a.email)));
    if let Some(a) = reply {
        return Some(a.email.clone());
    }
    let sender = message
        .header("Sender")
        .map(|s| s.rsplit('<').next().unwrap_or(s).trim_matches(['>', ' ']).to_string());
    sender.filter(|s| usable(&Address::new("", s)) && is_list(&message.from.email, config))
}

fn is_address(s: &str) -> bool {
    s.rsplit_once('@').is_some_and(|(l, d)| {
        !l.is_empty() && d.contains('.') && !d.starts_with('.') && !s.contains(char::is_whitespace)
    })
}

/// Is the address one of the project's lists, or a relay's alias?
fn is_list(email: &str, config: &Config) -> bool {
    let l = &config.mail.lists;
    [&l.security, &l.private, &l.foundation_security, &l.users, &l.announce, &l.dev, &l.commits]
        .into_iter()
        .chain(&config.mail.mirror_senders)
        .any(|a| !a.is_empty() && a.eq_ignore_ascii_case(email))
}

fn stated(credits: &[Credit]) -> Vec<RelayedCredit> {
    let relayed = |c: &Credit| RelayedCredit { name: c.name.clone(), kind: c.kind, raw: c.raw.clone() };
    credits.iter().map(relayed).collect()
}

/// The credit by the adapter's own pattern, its extent mended (names with dots, wrapped lines); `None` where what the
/// text states counts.
fn relayed(
    adapter: &ForwarderConfig,
    body: &str,
    patterns: &Patterns,
    report: &mut ForwarderReport,
) -> Option<Vec<RelayedCredit>> {
    if adapter.credit.is_empty() {
        return None;
    }
    let Some(re) = patterns.get(&adapter.credit) else {
        report.problem("bad-pattern", format!("the credit pattern of `{}` cannot be read", adapter.name));
        return None;
    };
    let (whole, group) = re.captures(body).and_then(|c| Some((c.get(0)?, c.get(1).or_else(|| c.get(0))?)))?;
    if credit::declines(body) {
        return None;
    }
    let mut raw = text::collapse(group.as_str());
    // A pattern that names its own end is believed; one that merely stops is read on.
    if whole.end() == group.end() {
        let longer = credit::read_at(body, group.start());
        if let Some(longer) = longer.filter(|l| l.starts_with(raw.trim_end_matches(['.', ' ', ',']))) {
            raw = longer;
        }
    }
    let name = credit::clean_value(&raw)?;
    let kind = judge(&name).kind;
    Some(vec![RelayedCredit { name, kind, raw }])
}

/// Text to hand to a forwarder: a line for them, the reference on a line of its own, and a fenced message ready to
/// paste, addressed to the reporter. The inner text is not changed (intake page §5). The wording of `lead` and
/// `salutation` comes from a template; either may be empty.
#[must_use]
pub fn reporter_addressing_block(
    lead: &str,
    reference: Option<&str>,
    salutation: &str,
    inner: &str,
) -> String {
    // A fence longer than any run of backticks inside cannot be closed from inside.
    let longest = inner.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut out = String::new();
    for part in [lead.trim_end(), reference.unwrap_or_default().trim()] {
        if !part.is_empty() {
            out.push_str(part);
            out.push_str("\n\n");
        }
    }
    out.push_str(&fence);
    out.push_str("text\n");
    if !salutation.trim().is_empty() {
        out.push_str(salutation.trim_end());
        out.push_str("\n\n");
    }
    out.push_str(inner);
    if !inner.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&fence);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests;
