//! Mail that a CVE tool or the tracker's mirror writes about itself (intake page §4, first in precedence).

use super::{
    cue::{Signal, cues, words},
    features::Features,
    people::{Standing, standing},
    text::Doc,
};
use crate::{config::Config, mail::Message, people::Roster};

cues! {
    SUBJECT = [
        "class.bookkeeping.cve-reserved" 1 r"=^\W*CVE-\d{4}-\d{4,}\b.{0,20}\b(?:reserved|allocated|assigned)\b(?:\s+(?:for|to)\b|\s*$)",
        "class.bookkeeping.cve-comment" 1 r"=^\W*(?:new\s+)?comments?\s+(?:was\s+)?(?:added|posted|left)?\s*(?:on|to|for)\s+CVE-\d{4}-\d{4,}",
        "class.bookkeeping.cve-state" 1 r"=^\W*CVE-\d{4}-\d{4,}\b.{0,20}\b(?:is\s+now|is|moved\s+to|changed\s+to|state|status|->|→|:)\s*(?:in\s+(?:state\s+)?)?(?:now\s+)?(?:RESERVED|DRAFT|REVIEW|READY|PUBLIC|PUBLISHED|REJECTED|WITHDRAWN)\b",
        "class.bookkeeping.cve-rejected" 1 r"=^\W*CVE-\d{4}-\d{4,}\b\W*(?:(?:was|has\s+been|is)\s+)?(?:REJECTED|PUBLISHED|PUBLIC|READY|WITHDRAWN)\b",
    ];
}

words! {
    STATE_LINE = r"=https?://\S*CVE-\d{4}-\d{4,}\S*";
    STATE_WORD = r"=(?:\bstate\b|\bstatus\b|is\s+now|changed\s+(?:from|to)|moved\s+to|->|→|set\s+to).{0,40}\b(?:RESERVED|DRAFT|REVIEW|READY|PUBLIC|PUBLISHED|REJECTED)\b|\b(?:RESERVED|DRAFT|REVIEW|READY|PUBLIC|PUBLISHED|REJECTED)\s*(?:->|→|to)\s*(?:RESERVED|DRAFT|REVIEW|READY|PUBLIC|PUBLISHED|REJECTED)\b";
    TOOL_URL = r"=https?://[^\s/]+/(?:\S*/)?(?:cve5?|records?|allocatecve)/\S*";
}

/// The rule that makes a message bookkeeping, if one does. A stranger's mail never is.
#[must_use]
pub fn judge(message: &Message, doc: &Doc, f: &Features, roster: &Roster, config: &Config) -> Option<Signal> {
    let who = standing(message, roster, config);
    if who == Standing::Stranger {
        return None;
    }
    // A person who shows how something breaks is not keeping books, whatever the subject says.
    if f.reproduction >= 3 && f.claims() {
        return None;
    }
    let state_line = || {
        let url = STATE_LINE.find(&doc.raw)?;
        let told = STATE_WORD.is_match(&doc.raw);
        (told && (TOOL_URL.is_match(url.as_str()) || in_tool(url.as_str(), config)))
            .then(|| url.as_str().to_owned())
    };
    // A reply by hand on such a mail is a conversation.
    let by_hand = message.is_reply() && doc.prose.len() > 200;
    if let (Some(hit), false) = (SUBJECT.first(&doc.subject), by_hand)
        && (who == Standing::Office || state_line().is_some() || doc.raw.trim().len() < 600)
    {
        return Some(Signal::new(hit.rule, &message.subject));
    }
    let terse = doc.prose.len() < 900 && !by_hand;
    if let (true, Some(url)) = (terse, state_line()) {
        return Some(Signal::new("class.bookkeeping.cve-tool-line", &url));
    }
    let mirror = config.mail.mirror_senders.iter().any(|m| message.from.is(m));
    if mirror && !crate::rules::import::class::is_advisory_notice(message, doc) {
        return Some(Signal::new("class.bookkeeping.tracker-mirror", &message.from.email));
    }
    None
}

fn in_tool(url: &str, config: &Config) -> bool {
    [&config.cve.record_url, &config.cve.source_url, &config.cve.allocate_url].iter().any(|u| {
        let base = u.split("{cve_id}").next().unwrap_or("");
        base.len() > 10 && url.starts_with(base)
    })
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.bookkeeping.cve-comment", "the CVE tool says that a record got a comment"),
    ("class.bookkeeping.cve-rejected", "the CVE tool says that a record was rejected or published"),
    ("class.bookkeeping.cve-reserved", "the CVE tool says that an id was reserved"),
    ("class.bookkeeping.cve-state", "the CVE tool says that a record changed its state"),
    ("class.bookkeeping.cve-tool-line", "a line with the CVE tool's address and a state"),
    ("class.bookkeeping.tracker-mirror", "a copy of the tracker's own notifications"),
];
