//! How far the folders were read, and the next of their messages.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Trouble, session::Session};
use crate::mailbox::{Cursor, LIMIT, Mail, Passed};

/// UIDs that are searched at once.
const WINDOW: u32 = 10_000;
/// Messages of one page.
const COUNT: usize = 256;
/// Bytes of one page; a larger message is a page of its own.
const BYTES: u64 = 8 * 1024 * 1024;

/// How far each folder was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress(BTreeMap<String, At>);

/// How far one folder was read. Its UIDs mean this only while its validity stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct At {
    validity: u32,
    /// Every message up to this UID was read.
    done: u32,
    /// Messages before that day were left out, of those that were there when reading began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Date>,
    /// The first UID that was not there then. An old mail that somebody moves into the folder later has a UID of its
    /// own from there on, and is read whatever its date.
    first: u32,
}

/// What one folder had next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub mails: Vec<Mail>,
    pub passed: Vec<Passed>,
}

impl Progress {
    /// A cursor that is none of ours is as good as none.
    pub(super) fn read(cursor: Option<&Cursor>) -> Self {
        cursor.and_then(|c| serde_json::from_str(&c.0).ok()).unwrap_or_default()
    }

    pub(super) fn cursor(&self) -> Cursor {
        // A map of strings and numbers is always JSON.
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// Read on in a folder. `raw` is its name on the wire, `place` says where in words.
    pub(super) fn next(
        &mut self,
        session: &mut Session,
        folder: &str,
        raw: &str,
        place: &str,
        since: Option<Timestamp>,
    ) -> Result<Batch, Trouble> {
        let seen = session.examine(raw)?;
        let day = since.map(day_before);
        let fresh =
            || At { validity: seen.validity, done: 0, since: day, first: seen.next.unwrap_or(u32::MAX) };
        let mut at = match self.0.get(folder) {
            Some(at) if at.validity == seen.validity && covers(at.since, day) => at.clone(),
            _ => fresh(),
        };
        let end = seen.next.map_or(u32::MAX, |n| n.saturating_sub(1));
        let mut batch = Batch::default();
        let mut width = WINDOW;
        while at.done < end && batch.mails.is_empty() && batch.passed.is_empty() {
            let from = at.done + 1;
            let old = from < at.first && at.since.is_some();
            let mut to = at.done.saturating_add(width).min(end);
            if old {
                to = to.min(at.first - 1);
            }
            let found = match (seen.next, old.then_some(at.since).flatten()) {
                // Without UIDNEXT there is no end to search towards.
                (None, None) => session.search(&format!("UID {from}:*"))?,
                (None, Some(day)) => session.search(&format!("UID {from}:* SINCE {}", imap_day(day)))?,
                (Some(_), None) => session.search(&format!("UID {from}:{to}"))?,
                (Some(_), Some(day)) => {
                    session.search(&format!("UID {from}:{to} SINCE {}", imap_day(day)))?
                }
            };
            let to = if seen.next.is_none() { u32::MAX } else { to };
            // `*` is the last message even when it is before the start.
            let found: Vec<u32> = found.into_iter().filter(|u| (from..=to).contains(u)).collect();
            let read = take(session, &found, folder, place, &mut batch)?;
            match (
                found.get(read..).is_some_and(<[u32]>::is_empty),
                seen.next,
                found.get(..read).and_then(<[u32]>::last),
            ) {
                (true, Some(_), _) => at.done = to,
                (_, _, Some(last)) => at.done = *last,
                (_, _, None) => break,
            }
            // Folders with great gaps are crossed in few strides.
            width = width.saturating_mul(4);
        }
        self.0.insert(folder.to_owned(), at);
        Ok(batch)
    }
}

/// Read the first of these messages, as many as one page holds. Returns how many are dealt with.
fn take(
    session: &mut Session,
    uids: &[u32],
    folder: &str,
    place: &str,
    batch: &mut Batch,
) -> Result<usize, Trouble> {
    let uids = uids.get(..COUNT.min(uids.len())).unwrap_or_default();
    let Some(&first) = uids.first() else { return Ok(0) };
    let sizes = session.sizes(uids)?;
    // One whose size nobody knows is read alone.
    let size = |uid: &u32| sizes.get(uid).map_or(LIMIT as u64, |n| u64::from(*n));
    let mut expected = 0;
    let fitting = uids.iter().take_while(|uid| {
        expected += size(uid);
        expected <= BYTES
    });
    // The first is read however large it is.
    let count = fitting.count().max(1);
    let uids = uids.get(..count).unwrap_or_default();
    let whole = size(&first) <= LIMIT as u64;
    let (part, note) = if whole {
        ("BODY.PEEK[]".to_owned(), "")
    } else {
        (format!("BODY.PEEK[]<0.{LIMIT}>"), "only the head of this large message was read")
    };
    let bytes: u64 = uids.iter().map(size).sum();
    let mut got = session.parts(uids, &part, bytes.min(LIMIT as u64 * 2))?;
    for &uid in uids {
        let place = format!("{place} uid {uid}");
        let mut pass = |why: &str| batch.passed.push(Passed { place: place.clone(), why: why.into() });
        let bytes = match got.of.remove(&uid) {
            Some(b) => Some(b),
            None => {
                // Alone, so that it is plain whose answer cannot be read.
                let mut alone = session.parts(&[uid], &part, LIMIT as u64)?;
                let bytes = alone.of.remove(&uid);
                if bytes.is_none() {
                    pass(if alone.lost > 0 {
                        "the server's answer about this message cannot be read; look at it in a mail client"
                    } else {
                        "it was deleted on the server before it could be read"
                    });
                }
                bytes
            }
        };
        let Some(bytes) = bytes else { continue };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            pass("an empty message");
            continue;
        }
        batch.mails.push(Mail {
            bytes,
            place,
            folder: folder.to_owned(),
            id: uid.to_string(),
            thread: String::new(),
            note: note.to_owned(),
        });
    }
    Ok(count)
}

/// Does what was read since the first day hold all since the second?
fn covers(read: Option<Date>, wanted: Option<Date>) -> bool {
    match (read, wanted) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(read), Some(wanted)) => read <= wanted,
    }
}

/// Servers compare days in zones of their own: a day more is searched.
fn day_before(t: Timestamp) -> Date {
    let before = t.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::UNIX_EPOCH);
    before.max(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).date()
}

fn imap_day(d: Date) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // A date's month is 1 to 12.
    let month = usize::try_from(d.month()).ok().and_then(|m| MONTHS.get(m - 1)).copied().unwrap_or("Jan");
    format!("{}-{month}-{:04}", d.day(), d.year())
}
