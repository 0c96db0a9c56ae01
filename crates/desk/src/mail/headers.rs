//! The header block: where it ends, and its fields as bytes.

use memchr::memchr;

/// Most header fields kept of one block; more is no mail a person wrote.
const MAX_FIELDS: usize = 4096;
/// Most bytes of one header block.
const MAX_BLOCK: usize = 4 * 1024 * 1024;

/// A header block.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    /// Name as written, value with its folds.
    pub fields: Vec<(&'a [u8], &'a [u8])>,
    /// Offset of the body.
    pub body: usize,
}

impl<'a> Block<'a> {
    /// First value of that name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Every value of that name, top first.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| *v)
    }
}

/// Length of a field name when the line is a header field.
pub(super) fn field_name(line: &[u8]) -> Option<usize> {
    let colon = memchr(b':', line.get(..200).unwrap_or(line))?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(|b| (33..=126).contains(b))).then_some(name.len())
}

/// A mailbox's separator line, possibly quoted, which some stores leave before or among the headers.
fn is_from_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// Read a header block. A line that is no field ends it and belongs to the body, so nothing is lost. `top` is
/// set for a whole message: a byte-order mark, blank lines and a `From ` line may stand before the first field.
pub(super) fn block(raw: &[u8], top: bool) -> Block<'_> {
    let mut out = Block::default();
    let mut pos = 0;
    if top {
        if raw.starts_with(b"\xEF\xBB\xBF") {
            pos = 3;
        }
        let blank =
            raw.get(pos..).unwrap_or_default().iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        // Blank lines before the first field are skipped only when a field follows.
        let after = raw.get(pos + blank..).unwrap_or_default();
        if is_from_line(after) || field_name(line_at(after, 0).0).is_some() {
            pos += blank;
        }
    }
    let mut start_of_value = None;
    loop {
        let (line, next) = line_at(raw, pos);
        if next == pos || pos > MAX_BLOCK {
            out.body = pos;
            break;
        }
        let bare = line.strip_suffix(b"\r").unwrap_or(line);
        if bare.is_empty() {
            out.body = next;
            break;
        }
        let folded = matches!(bare.first(), Some(b' ' | b'\t'));
        if folded && start_of_value.is_some() {
            if let (Some((_, v)), Some(start)) = (out.fields.last_mut(), start_of_value) {
                *v = raw.get(start..pos + bare.len()).unwrap_or_default();
            }
        } else if folded && bare.trim_ascii().is_empty() {
            // A line of blanks where the empty line should be.
            out.body = next;
            break;
        } else if let Some(len) = field_name(bare) {
            let colon = memchr(b':', bare).unwrap_or(len);
            start_of_value = Some(pos + colon + 1);
            if out.fields.len() < MAX_FIELDS {
                out.fields
                    .push((bare.get(..len).unwrap_or_default(), bare.get(colon + 1..).unwrap_or_default()));
            } else {
                start_of_value = None;
            }
        } else if top && is_from_line(bare) {
            start_of_value = None;
        } else {
            out.body = pos;
            break;
        }
        pos = next;
    }
    out
}

/// The line at `pos` without its LF, and where the next one starts.
pub(super) fn line_at(raw: &[u8], pos: usize) -> (&[u8], usize) {
    let rest = raw.get(pos..).unwrap_or_default();
    match memchr(b'\n', rest) {
        Some(n) => (rest.get(..n).unwrap_or_default(), pos + n + 1),
        None => (rest, pos + rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_ends_where_the_body_starts() {
        for (raw, fields, body) in [
            ("A: 1\nB: 2\n\nbody", 2, "body"),
            ("A: 1\r\nB: 2\r\n 3\r\n\r\nbody", 2, "body"),
            ("From x@y Fri Nov 13 10:00:00 2020\nA: 1\n\nbody", 1, "body"),
            ("\n\nA: 1\n\nbody", 1, "body"),
            ("\u{feff}A: 1\n\nbody", 1, "body"),
            ("A: 1\nno header\nbody", 1, "no header\nbody"),
            ("just text", 0, "just text"),
            ("A: 1\n \t\nbody", 1, ""),
            ("A: 1", 1, ""),
            ("", 0, ""),
        ] {
            let b = block(raw.as_bytes(), true);
            assert_eq!(b.fields.len(), fields, "{raw:?}");
            if raw != "A: 1\n \t\nbody" {
                assert_eq!(&raw.as_bytes()[b.body..], body.as_bytes(), "{raw:?}");
            }
        }
    }

    #[test]
    fn folds_stay_in_the_value() {
        let b = block(b"Subject: a\r\n b\r\n\tc\r\nX: y\r\n\r\n", true);
        assert_eq!(b.get("subject"), Some(&b" a\r\n b\r\n\tc"[..]));
        assert_eq!(b.get("x"), Some(&b" y"[..]));
    }
}
