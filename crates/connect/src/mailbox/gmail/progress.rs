//! How far the mailbox was read, and the next of its messages. What is there is listed once, newest first; what comes
//! later is read off the mailbox's history, which is noted before the listing begins, so that nothing falls between.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Gmail, Label, MESSAGES, Raw,
    shape::{Event, Histories, Messages, Record},
};
use crate::{
    mailbox::{Cursor, Mail, MailFault, Page, Passed},
    net::Request,
};

const HISTORY: &str = "/gmail/v1/users/me/history";
/// Messages of one page.
const COUNT: usize = 50;
/// Bytes after which a page is full; the message that fills it is whole.
const BYTES: usize = 8 * 1024 * 1024;
/// Ids or events that are asked for at once.
const LISTED: &str = "100";
/// Answers of one listing, and empty answers of the history. A service with more goes round in a circle.
const TURNS: u32 = 100_000;
/// Times the history may be gone right after the mailbox was read anew.
const ANEW: u32 = 2;
/// Labels of what is no mail that came.
const EXCLUDED: [&str; 4] = ["SPAM", "TRASH", "DRAFT", "CHAT"];

/// How far the mailbox was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct At {
    /// Ids of the labels that are read; with others the mailbox is read anew.
    labels: Vec<String>,
    /// Everything that happened up to here was read.
    history: u64,
    /// The last message that was read of the first event after that, when the event holds several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    after: String,
    /// Messages before that second were left out, of those that were there when reading began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    /// The listing under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<Listing>,
    /// How often the history was gone since it was last there.
    #[serde(default)]
    anew: u32,
}

/// How far the listing has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Listing {
    /// Which of the labels.
    label: usize,
    /// Which answer.
    token: String,
    /// The last message that was read of it.
    after: String,
    /// Messages of that second and later were read before.
    before: Option<i64>,
    /// Answers so far.
    turns: u32,
}

impl At {
    /// A cursor that is none of ours, or one for other labels, is as good as none.
    fn read(cursor: Option<&Cursor>, labels: &[String]) -> Option<Self> {
        let at: Self = serde_json::from_str(&cursor?.0).ok()?;
        (at.labels == labels).then_some(at)
    }

    fn page(&self, taken: Taken, more: bool) -> Page {
        // Texts and numbers are always JSON.
        let cursor = Cursor(serde_json::to_string(self).unwrap_or_default());
        Page { mails: taken.mails, passed: taken.passed, cursor, more }
    }
}

/// What one page holds so far.
#[derive(Default)]
struct Taken {
    mails: Vec<Mail>,
    passed: Vec<Passed>,
    asked: BTreeSet<String>,
    bytes: usize,
}

impl Taken {
    fn full(&self) -> bool {
        self.asked.len() >= COUNT || self.bytes >= BYTES
    }
}

impl Gmail {
    /// The next page, see [`crate::mailbox::Mailbox::page`].
    pub(super) fn next(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault> {
        let labels = self.labels()?;
        let ids: Vec<String> = labels.iter().map(|l| l.id.clone()).collect();
        // The service leaves out what came in the very second.
        let since = since.map(|t| t.as_second().saturating_sub(1).max(0));
        let mut at = match At::read(cursor, &ids) {
            Some(at) => at,
            None => self.begin(&ids, since)?,
        };
        if !covers(at.since, since) {
            // What lies between is listed; what was listed to its end is not listed again.
            let before = match &at.list {
                Some(list) => list.before,
                None => at.since.map(|s| s.saturating_add(2)),
            };
            at.since = since;
            at.list = Some(Listing { before, ..Listing::default() });
        }
        match at.list.take() {
            Some(list) => self.listed(at, list, &labels),
            None => self.happened(at, &labels),
        }
    }

    /// Note where the history stands before anything is listed: what comes meanwhile is read off it.
    fn begin(&self, labels: &[String], since: Option<i64>) -> Result<At, MailFault> {
        let profile = self.access.profile()?;
        Ok(At {
            labels: labels.to_vec(),
            history: self.number(&profile.history_id)?,
            after: String::new(),
            since,
            list: Some(Listing::default()),
            anew: 0,
        })
    }

    fn number(&self, history: &str) -> Result<u64, MailFault> {
        history.parse().map_err(|_| self.strange("history", "its place in the history is no number"))
    }

    /// Read on in the listing.
    fn listed(&self, mut at: At, mut list: Listing, labels: &[Label]) -> Result<Page, MailFault> {
        let mut taken = Taken::default();
        let Some(label) = labels.get(list.label) else { return Ok(at.page(taken, true)) };
        list.turns += 1;
        if list.turns > TURNS {
            return Err(self.strange("messages", "the list does not end"));
        }
        let mut q = String::from("-in:chats -in:drafts");
        for (word, second) in [("after", at.since), ("before", list.before)] {
            if let Some(s) = second {
                q.push_str(&format!(" {word}:{s}"));
            }
        }
        let mut request = Request::get(MESSAGES).query("maxResults", LISTED).query("q", q);
        if !label.id.is_empty() {
            request = request.query("labelIds", label.id.clone());
        }
        if !list.token.is_empty() {
            request = request.query("pageToken", list.token.clone());
        }
        let answer: Messages = match self.access.read(&request)? {
            Ok(answer) => answer,
            // The place in the list is no longer known: it is listed from its start.
            Err(reply) if reply.status() == 400 && !list.token.is_empty() => {
                list.token.clear();
                list.after.clear();
                at.list = Some(list);
                return Ok(at.page(taken, true));
            }
            Err(reply) => return Err(self.access.refusal(&reply)),
        };
        let ids: Vec<String> = answer.messages.into_iter().map(|m| m.id).collect();
        let rest = beyond(&ids, &list.after);
        let read = self.take(rest, std::slice::from_ref(label), &mut taken)?;
        if read < rest.len() {
            list.after = read.checked_sub(1).and_then(|i| rest.get(i)).cloned().unwrap_or(list.after);
            at.list = Some(list);
            return Ok(at.page(taken, true));
        }
        list.after.clear();
        let next = answer.next_page_token.unwrap_or_default();
        if !next.is_empty() && next == list.token {
            return Err(self.strange("messages", "the list goes round in a circle"));
        }
        if next.is_empty() {
            list.label += 1;
        }
        list.token = next;
        at.list = (list.label < labels.len()).then_some(list);
        Ok(at.page(taken, true))
    }

    /// Read what happened since.
    fn happened(&self, mut at: At, labels: &[Label]) -> Result<Page, MailFault> {
        let mut taken = Taken::default();
        let (mut token, mut turns) = (String::new(), 0);
        loop {
            turns += 1;
            if turns > TURNS {
                return Err(self.strange("history", "the history does not end"));
            }
            let mut request = Request::get(HISTORY)
                .query("startHistoryId", at.history.to_string())
                .query("maxResults", LISTED)
                .query("historyTypes", "messageAdded")
                .query("historyTypes", "labelAdded")
                .query("historyTypes", "labelRemoved");
            if !token.is_empty() {
                request = request.query("pageToken", token.clone());
            }
            let answer: Histories = match self.access.read(&request)? {
                Ok(answer) => answer,
                // So old a history is not kept: the mailbox is read anew, and what the desk has is known there.
                Err(reply) if reply.status() == 404 && at.anew < ANEW => {
                    let anew = at.anew + 1;
                    at = At { anew, ..self.begin(&at.labels, at.since)? };
                    return Ok(at.page(taken, true));
                }
                Err(reply) => return Err(self.access.refusal(&reply)),
            };
            at.anew = 0;
            let next = answer.next_page_token.unwrap_or_default();
            let mut moved = false;
            for record in &answer.history {
                let id = self.number(&record.id)?;
                if id <= at.history {
                    continue;
                }
                let wanted = candidates(record, labels);
                let rest = beyond(&wanted, &at.after);
                let read = self.take(rest, labels, &mut taken)?;
                if read < rest.len() {
                    if let Some(last) = read.checked_sub(1).and_then(|i| rest.get(i)) {
                        at.after = last.clone();
                    }
                    return Ok(at.page(taken, true));
                }
                at.history = id;
                at.after.clear();
                moved = true;
            }
            if next.is_empty() {
                at.history = at.history.max(self.number(&answer.history_id)?);
                return Ok(at.page(taken, false));
            }
            if moved {
                // The next answer begins after the last event, and needs no token that may have ended by then.
                return Ok(at.page(taken, true));
            }
            if next == token {
                return Err(self.strange("history", "the history goes round in a circle"));
            }
            token = next;
        }
    }

    /// Read the first of these messages, as many as the page still holds. Returns how many are dealt with.
    fn take(&self, ids: &[String], labels: &[Label], taken: &mut Taken) -> Result<usize, MailFault> {
        for (n, id) in ids.iter().enumerate() {
            if taken.full() {
                return Ok(n);
            }
            if !taken.asked.insert(id.clone()) {
                continue;
            }
            let origin = self.access.site.address.origin();
            let name = |l: &Label| format!("{origin} {} message {id}", l.name);
            let place = labels.first().map(name).unwrap_or_default();
            let mut pass = |why: &str| taken.passed.push(Passed { place: place.clone(), why: why.into() });
            match self.raw(id)? {
                Raw::Gone => pass("it was deleted on the server before it could be read"),
                Raw::Unreadable => {
                    pass(
                        "the server's answer about this message cannot be read; look at it in a mail client",
                    );
                }
                Raw::Is { bytes, labels: has, thread, note } => {
                    let Some(label) = wanted(&has, labels) else { continue };
                    if bytes.iter().all(u8::is_ascii_whitespace) {
                        pass("an empty message");
                        continue;
                    }
                    taken.bytes += bytes.len();
                    let (place, folder) = (name(label), label.name.clone());
                    taken.mails.push(Mail { bytes, place, folder, id: id.clone(), thread, note });
                }
            }
        }
        Ok(ids.len())
    }
}

/// By which of the labels a message with those labels is read; none where it is not.
fn wanted<'l>(has: &[String], labels: &'l [Label]) -> Option<&'l Label> {
    if has.iter().any(|h| EXCLUDED.contains(&h.as_str())) {
        return None;
    }
    labels.iter().find(|l| l.id.is_empty() || has.contains(&l.id))
}

/// Messages of an event that may have come into a label. One that a person takes out of the spam comes that way.
fn candidates(record: &Record, labels: &[Label]) -> Vec<String> {
    // That somebody reads or stars a mail is no news. What is not said is looked at.
    let says = |event: &&Event, any: &dyn Fn(&str) -> bool| {
        event.label_ids.as_ref().is_none_or(|ids| ids.iter().any(|id| any(id)))
    };
    let ours = |id: &str| labels.iter().any(|l| l.id == id);
    let barred = |id: &str| EXCLUDED.contains(&id);
    let added = record.labels_added.iter().filter(|e| says(e, &ours));
    let removed = record.labels_removed.iter().filter(|e| says(e, &barred));
    let events = record.messages_added.iter().chain(added).chain(removed);
    let mut out: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for event in events {
        let m = &event.message;
        let may = m.label_ids.as_ref().is_none_or(|has| wanted(has, labels).is_some());
        if may && seen.insert(m.id.as_str()) {
            out.push(m.id.clone());
        }
    }
    out
}

/// What stands behind that one; all, when it does not stand there any more.
fn beyond<'a>(ids: &'a [String], after: &str) -> &'a [String] {
    let start = ids.iter().position(|i| !after.is_empty() && i == after).map_or(0, |i| i + 1);
    ids.get(start..).unwrap_or_default()
}

/// Does what was read since the first second hold all since the second?
fn covers(read: Option<i64>, wanted: Option<i64>) -> bool {
    match (read, wanted) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(read), Some(wanted)) => read <= wanted,
    }
}
