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
pub(crate) fn twin(c: &Connection, new: &NewMessage, now: Timestamp) -> rusqlite::Result<Option<Twin>> {
    if new.key.id.is_empty() {
        return Ok(None);
    }
    let mut q = c.prepare_cached(
        "select m.digest, r.bytes from messages m join raw r on r.id = m.id
         where m.message_id = ?1 and m.word <> 'copy' order by m.id limit ?2",
    )?;
    let mut rows = q.query(params![new.key.id, TWINS])?;
    let mut twin = None;
    // Decoded again only here: few mails have a twin, and the whole of every mail is too much to carry along.
    let mut message = None;
    while let Some(r) = rows.next()? {
        let raw: Vec<u8> = r.get(1)?;
        let m = message.get_or_insert_with(|| desk::mail::parse(&new.raw, now));
        if is_copy(&desk::mail::parse(&raw, now), &raw, m, &new.raw) {
            return Ok(Some(Twin::Copy(ContentDigest(r.get(0)?))));
        }
        twin = Some(Twin::Clash);
    }
    Ok(twin)
}
