//! How far the archive was read, and the next of its messages. An archive files by the date that a message bears, so that a
//! new message may stand in an old month: what is asked for first is how many messages each month has, and a month whose
//! number has changed is listed again. What was read of it is known by a short digest of its id.

use std::collections::{BTreeMap, BTreeSet};

use desk::{mail, plan::digest};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    List, PonyMailbox,
    shape::{Row, Stats, message},
};
use crate::mailbox::{Cursor, LIMIT, Mail, MailFault, Page, Passed};

/// Messages of one page that are asked for one by one.
const COUNT: usize = 50;
/// Bytes after which a page is full; the month or message that fills it is whole.
const BYTES: usize = 8 * 1024 * 1024;
/// From so many new messages of a month on, the month is asked for as a whole.
const WHOLE: usize = 8;
/// Months that are read of one list. A server that names more is not believed.
const MONTHS: usize = 1200;
/// The newest months, listed at every reading: where as many messages go as come, the number says nothing.
const NEWEST: usize = 2;

/// How far the archive was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct At {
    /// Messages that arrived before that second were left out.
    since: Option<i64>,
    /// What is known of each list, by its address; with other lists the archive is read anew.
    lists: BTreeMap<String, Known>,
    /// Months that are still to be listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    todo: Vec<Todo>,
}

/// What is known of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// Was it ever looked at?
    begun: bool,
    months: BTreeMap<String, Month>,
}

/// What is known of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Month {
    /// Messages that the archive counted in it; none where it counts none.
    n: Option<u64>,
    /// Was all of it read that there was?
    #[serde(default)]
    whole: bool,
    /// What was read of it, by the digest of its id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    seen: BTreeSet<String>,
    /// What was left out of it because it arrived before the time that is read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    left: BTreeSet<String>,
}

/// A month that is to be listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Todo {
    list: String,
    month: String,
    n: Option<u64>,
}

impl At {
    /// A cursor that is none of ours, or one for other lists, is as good as none.
    fn read(cursor: Option<&Cursor>, lists: &[List], since: Option<i64>) -> Self {
        let ours =
            |at: &Self| at.lists.keys().eq(lists.iter().map(List::address).collect::<BTreeSet<_>>().iter());
        let at = cursor.and_then(|c| serde_json::from_str::<Self>(&c.0).ok()).filter(ours);
        let mut at = at.unwrap_or_else(|| Self {
            since,
            lists: lists.iter().map(|l| (l.address(), Known::default())).collect(),
            todo: Vec::new(),
        });
        // Asked for more of the past, it goes back for that.
        if at.since.is_some() && since.is_none_or(|s| at.since.is_some_and(|have| s < have)) {
            at.since = since;
            at.todo.clear();
        }
        at
    }

    /// The first month that is read whole; all where everything is.
    fn first(&self) -> String {
        self.since.and_then(month).unwrap_or_default()
    }
}

/// The month of a second, as the archive writes it.
fn month(second: i64) -> Option<String> {
    let at = Timestamp::from_second(second).ok()?.to_zoned(TimeZone::UTC);
    Some(format!("{:04}-{:02}", at.year(), at.month()))
}

fn is_month(text: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').is_some_and(|(y, m)| y.len() == 4 && m.len() == 2 && digits(y) && digits(m))
}

fn short(id: &str) -> String {
    digest::sha256(id.as_bytes())[..12].to_owned()
}

/// What one page holds so far.
#[derive(Default)]
struct Taken {
    mails: Vec<Mail>,
    passed: Vec<Passed>,
    asked: usize,
    bytes: usize,
    /// Lists that showed something.
    shown: BTreeSet<String>,
}

impl Taken {
    fn full(&self) -> bool {
        self.asked >= COUNT || self.bytes >= BYTES
    }
}

impl PonyMailbox {
    /// The next page, see [`crate::mailbox::Mailbox::page`].
    pub(super) fn next(&self, cursor: Option<&Cursor>, since: Option<Timestamp>) -> Result<Page, MailFault> {
        let mut at = At::read(cursor, &self.lists, since.map(Timestamp::as_second));
        let mut taken = Taken::default();
        if at.todo.is_empty() {
            for list in &self.lists {
                self.plan(&mut at, list, &mut taken)?;
            }
        }
        while let Some(todo) = at.todo.first().cloned() {
            if taken.full() {
                break;
            }
            let Some(list) = self.lists.iter().find(|l| l.address() == todo.list) else {
                at.todo.remove(0);
                continue;
            };
            if !self.month(&mut at, list, &todo, &mut taken)? {
                break;
            }
            at.todo.remove(0);
        }
        // A list that showed nothing must be one that we may read, and the session must have lasted until here.
        let empty: Vec<&List> = self.lists.iter().filter(|l| !taken.shown.contains(&l.address())).collect();
        self.access.check(&empty)?;
        let more = !at.todo.is_empty();
        // Texts and numbers are always JSON.
        let cursor = Cursor(serde_json::to_string(&at).unwrap_or_default());
        Ok(Page { mails: taken.mails, passed: taken.passed, cursor, more })
    }

    /// Which months are to be listed?
    fn plan(&self, at: &mut At, list: &List, taken: &mut Taken) -> Result<(), MailFault> {
        let stats = self.access.stats(list, None)?;
        let counted = self.months(&stats)?;
        let first = at.first();
        let today = stats.unixtime.and_then(month).unwrap_or_else(|| "9999".into());
        let newest = counted.keys().rev().filter(|m| **m <= today).take(NEWEST);
        let newest: BTreeSet<String> = newest.cloned().collect();
        let address = list.address();
        if !counted.is_empty() {
            taken.shown.insert(address.clone());
        }
        let known = at.lists.entry(address.clone()).or_default();
        let mut todo = Vec::new();
        for (month, n) in counted {
            let within = month >= first;
            let changed = match known.months.get(&month) {
                // What was never listed, within the time that is read, or filled since.
                None => within || known.begun,
                Some(m) => m.n != n || (within && (n.is_none() || !m.whole || newest.contains(&month))),
            };
            if changed {
                todo.push(Todo { list: address.clone(), month, n });
            } else {
                known.months.entry(month).or_insert(Month { n, ..Month::default() });
            }
        }
        known.begun = true;
        at.todo.extend(todo);
        Ok(())
    }

    /// The months of a list and their numbers; those between its first and last where it has no numbers.
    fn months(&self, stats: &Stats) -> Result<BTreeMap<String, Option<u64>>, MailFault> {
        let strange = |why: &str| self.access.strange("stats", why);
        let out: BTreeMap<String, Option<u64>> = match &stats.active_months {
            Some(all) => all.iter().map(|(m, n)| (m.clone(), Some(*n))).collect(),
            None => {
                let (y, m) = (stats.first_year, stats.first_month);
                let (last_y, last_m) = (stats.last_year, stats.last_month);
                let none = y <= 1970 && last_y <= 1970;
                let sound = (1..=12).contains(&m) && (1..=12).contains(&last_m) && y >= 1970 && last_y < 9999;
                if none || (y == 0 && last_y == 0) {
                    BTreeMap::new()
                } else if sound {
                    let (from, to) = (y * 12 + m - 1, last_y * 12 + last_m - 1);
                    let most = from.saturating_add(i64::try_from(MONTHS).unwrap_or(i64::MAX));
                    (from..=to.min(most))
                        .map(|n| (format!("{:04}-{:02}", n / 12, n % 12 + 1), None))
                        .collect()
                } else {
                    return Err(strange("the answer has no months"));
                }
            }
        };
        if out.len() > MONTHS || out.keys().any(|m| !is_month(m)) {
            return Err(strange("the answer has months that are none"));
        }
        Ok(out)
    }

    /// List a month and read what is new in it. False when the page was full before its end.
    fn month(&self, at: &mut At, list: &List, todo: &Todo, taken: &mut Taken) -> Result<bool, MailFault> {
        let mut rows = self.access.stats(list, Some(&todo.month))?.emails.unwrap_or_default();
        rows.sort_by(|a, b| a.epoch.total_cmp(&b.epoch).then_with(|| a.key().cmp(&b.key())));
        if !rows.is_empty() {
            taken.shown.insert(list.address());
        }
        let within = todo.month >= at.first();
        let since = at.since;
        let known = at.lists.entry(list.address()).or_default();
        let month = known.months.entry(todo.month.clone()).or_default();
        if within {
            month.left.clear();
        }
        let known =
            |r: &Row| r.key().map(short).is_none_or(|k| month.seen.contains(&k) || month.left.contains(&k));
        let new: Vec<Row> = rows.into_iter().filter(|r| !known(r)).collect();
        let whole = if new.len() >= WHOLE { self.access.month(list, &todo.month)? } else { None };
        let mut whole = whole.as_deref().map(by_message_id).unwrap_or_default();
        for row in &new {
            let Some(key) = row.key() else { continue };
            let one = match whole.get_mut(&row.bare()).and_then(Vec::pop) {
                Some(bytes) => One::Is(bytes, String::new()),
                None if taken.full() => return Ok(false),
                None => {
                    taken.asked += 1;
                    self.one(key)?
                }
            };
            let place = self.place(list, key);
            match one {
                One::Not(why) => {
                    taken.passed.push(Passed { place, why: why.into() });
                    month.seen.insert(short(key));
                }
                // Filed in an old month: new is only what arrived since.
                One::Is(bytes, _) if !within && since.is_some_and(|s| arrived_before(&bytes, s)) => {
                    month.left.insert(short(key));
                }
                One::Is(bytes, note) => {
                    taken.bytes += bytes.len();
                    let (folder, id) = (list.address(), key.to_owned());
                    taken.mails.push(Mail { bytes, place, folder, id, thread: String::new(), note });
                    month.seen.insert(short(key));
                }
            }
        }
        month.n = todo.n;
        month.whole = within;
        Ok(true)
    }

    /// One message by the archive's id of it.
    pub(super) fn one(&self, key: &str) -> Result<One, MailFault> {
        match self.access.source(key)? {
            None => Ok(One::Not("the archive lists it and does not show it")),
            Some(Some(bytes)) if bytes.iter().all(u8::is_ascii_whitespace) => {
                Ok(One::Not("an empty message"))
            }
            Some(Some(mut bytes)) => {
                let mut note = String::new();
                if bytes.len() > LIMIT {
                    bytes.truncate(LIMIT);
                    note = "only the head of this large message was read".into();
                }
                Ok(One::Is(bytes, note))
            }
            Some(None) => match self.access.shown(key)? {
                None => Ok(One::Not("the archive lists it and does not show it")),
                Some(shown) => {
                    let mut bytes = message(&shown);
                    bytes.truncate(LIMIT);
                    Ok(One::Is(bytes, "only the text of this large message was read".into()))
                }
            },
        }
    }
}

/// One message.
pub(super) enum One {
    /// Its bytes, and why they may not be the whole of it.
    Is(Vec<u8>, String),
    /// Why there is none.
    Not(&'static str),
}

/// The messages of an mbox by their Message-ID. One that breaks off is left out.
fn by_message_id(mbox: &[u8]) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut out: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for entry in mail::split(mbox).filter(|e| !e.truncated && !e.leading_garbage) {
        let id = mail::parse_headers(&entry.raw, Timestamp::UNIX_EPOCH).key.id;
        if !id.is_empty() && entry.raw.len() <= LIMIT {
            out.entry(id).or_default().push(entry.raw.into_owned());
        }
    }
    out
}

/// Did it arrive before that second? The last host on its way says so, which is the archive's own; what does not say it is
/// not known to.
fn arrived_before(bytes: &[u8], second: i64) -> bool {
    const HEAD: usize = 16 * 1024;
    let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes)).into_owned();
    let mut lines = head.lines().take_while(|l| !l.is_empty()).peekable();
    while let Some(line) = lines.next() {
        if !line.get(..9).is_some_and(|n| n.eq_ignore_ascii_case("received:")) {
            continue;
        }
        let mut hop = line.to_owned();
        while let Some(more) = lines.next_if(|l| l.starts_with([' ', '\t'])) {
            hop.push_str(more);
        }
        let date = hop.rsplit_once(';').map(|(_, date)| date.trim());
        let at = date.and_then(|d| jiff::fmt::rfc2822::parse(d).ok());
        return at.is_some_and(|at| at.timestamp().as_second() < second);
    }
    false
}
