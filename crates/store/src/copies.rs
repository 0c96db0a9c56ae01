//! Mails that share a Message-ID: the same mail by another way, or another mail under a taken name (DESIGN §5).

use desk::mail::{ContentDigest, is_copy};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::NewMessage;

/// What a message is to those of its Message-ID.
pub(crate) enum Twin {
    /// The same mail as this one.
    Copy(ContentDigest),
    /// Another mail.
    Clash,
}

/// Copies of one mail that are looked at. A list that repeats itself more often is a flood, which is shown.
const TWINS: i64 = 32;

/// Look for the mail among those of its Message-ID.
pub(crate) fn twin(c: &Connection, new: &NewMessage<'_>, now: Timestamp) -> rusqlite::Result<Option<Twin>> {
    let m = new.message;
    if m.key.id.is_empty() {
        return Ok(None);
    }
    let mut q = c.prepare_cached(
        "select m.digest, r.bytes from messages m join raw r on r.id = m.id
         where m.message_id = ?1 and m.word <> 'copy' order by m.id limit ?2",
    )?;
    let mut rows = q.query(params![m.key.id, TWINS])?;
    let mut twin = None;
    while let Some(r) = rows.next()? {
        let raw: Vec<u8> = r.get(1)?;
        if is_copy(&desk::mail::parse(&raw, now), &raw, m, new.raw) {
            return Ok(Some(Twin::Copy(ContentDigest(r.get(0)?))));
        }
        twin = Some(Twin::Clash);
    }
    Ok(twin)
}
