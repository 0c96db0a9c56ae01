//! The full-text search: which words of a message the index holds, and how a question is asked of it.
//!
//! The index (FTS5) only knows which message holds which word. Words are folded and made distinct here, on the
//! thread that decodes the message, so that the one writer of the desk has little left to do.

use std::collections::HashSet;

use desk::mail::{ContentDigest, Message, MessageKey};
use rusqlite::params;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{Desk, StoreError};

/// Bytes of text that are indexed of one message; its head says what it is about.
const MAX_TEXT: usize = 256 * 1024;
/// Bytes kept of one word: a SHA-256 in hex is whole, an inlined blob is cut.
const MAX_WORD: usize = 64;

/// The distinct words of a message, folded, with a space between them.
pub(crate) fn of(m: &Message) -> String {
    let mut folded = String::with_capacity(m.text.len().min(MAX_TEXT) + 256);
    let mut left = MAX_TEXT;
    let fields = [m.subject.as_str(), &m.from.name, &m.from.email, &m.text];
    let parts = m.attachments.iter().flat_map(|a| [a.name.as_str(), &a.text]);
    for text in fields.into_iter().chain(parts) {
        let mut end = text.len().min(left);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        left -= end;
        fold(text.get(..end).unwrap_or_default(), &mut folded);
    }
    distinct(&folded)
}

/// The words in which both the index and a question are written: letters and digits only, lower case, without
/// diacritics, one space after each. Scripts that put no space between words are taken a character at a time.
fn fold(text: &str, out: &mut String) {
    let mut start = out.len();
    let mut end_word = |out: &mut String| {
        if out.len() > start {
            let mut end = out.len().min(start + MAX_WORD);
            while !out.is_char_boundary(end) {
                end -= 1;
            }
            out.truncate(end);
            out.push(' ');
            start = out.len();
        }
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii() {
            end_word(out);
        } else if is_unspaced(c) && c.is_alphanumeric() {
            end_word(out);
            out.push(c);
            end_word(out);
        } else {
            for c in std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c)) {
                if c.is_alphanumeric() {
                    out.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
                } else {
                    end_word(out);
                }
            }
        }
    }
    end_word(out);
}

/// Chinese characters and Japanese syllables.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn distinct(folded: &str) -> String {
    let mut seen = HashSet::with_capacity(folded.len() / 12);
    let mut out = String::with_capacity(folded.len() / 2);
    for word in folded.split_terminator(' ') {
        if seen.insert(word) {
            out.push_str(word);
            out.push(' ');
        }
    }
    out
}

impl Desk {
    /// Full-text search: keys and subjects of the messages that hold every one of the words, the latest remembered
    /// first. There is no query syntax: what is no letter or digit only separates words.
    ///
    /// # Errors
    /// When the desk cannot be read.
    pub fn search(&self, words: &str, limit: usize) -> Result<Vec<(MessageKey, String)>, StoreError> {
        let mut folded = String::new();
        fold(words, &mut folded);
        let query = folded.split_terminator(' ').map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(" ");
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let read = || {
            let mut q = self.conn.prepare_cached(
                "select m.message_id, m.digest, m.subject from search s join messages m on m.id = s.rowid
                 where search match ?1 order by s.rowid desc limit ?2",
            )?;
            let rows = q.query_map(params![query, i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
                Ok((MessageKey { id: r.get(0)?, digest: ContentDigest(r.get(1)?) }, r.get(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| self.err("be searched", e))
    }
}

#[cfg(test)]
mod tests {
    use desk::mail;
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::{NewMessage, OpenOptions};

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold(text, &mut out);
        out
    }

    #[test]
    fn words_are_folded_the_same_way_everywhere() {
        for (text, want) in [
            ("Heap overflow in parse_url()!", "heap overflow in parse url "),
            ("CVE-2026-1234", "cve 2026 1234 "),
            ("Zoë Łukasz ÅNGSTRÖM ﬁle", "zoe łukasz angstrom file "),
            ("Straße İstanbul", "straße istanbul "),
            ("日本語です ok", "日 本 語 で す ok "),
            ("", ""),
            (" \u{301} -- ", ""),
        ] {
            assert_eq!(folded(text), want, "{text:?}");
        }
        assert_eq!(folded(&"x".repeat(100)).len(), MAX_WORD + 1);
        assert_eq!(distinct("a b a c b "), "a b c ");
    }

    proptest! {
        #[test]
        fn folding_is_stable_and_leaves_no_syntax(text in "\\PC*") {
            let once = folded(&text);
            prop_assert!(once.chars().all(|c| c == ' ' || (c.is_alphanumeric() && c != '"')), "{once:?}");
            prop_assert!(once.split(' ').all(|w| w.len() <= MAX_WORD));
        }
    }

    fn desk_with(texts: &[&str]) -> (tempfile::TempDir, Desk) {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let desk = Desk::open(dir.path(), OpenOptions { create: true, now, seed: [7; 32] }).unwrap();
        let batch: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| {
                let raw = format!(
                    "From: Zoë Doe <zoe@example.org>\nMessage-ID: <{n}@x>\nSubject: mail {n}\n\
                     Content-Type: text/plain; charset=utf-8\n\n{text}\n"
                );
                let m = mail::parse(raw.as_bytes(), now);
                NewMessage::new(m, raw.into_bytes(), "test".into(), now)
            })
            .collect();
        assert_eq!(desk.observe(&batch, now).unwrap().new, texts.len());
        (dir, desk)
    }

    #[test]
    fn what_was_remembered_is_found_by_its_words() {
        let (_dir, desk) = desk_with(&[
            "A heap overflow in the URL parser.",
            "The parser is fine; see \"NEAR\" and parse_url().",
            "日本語の報告",
        ]);
        let found =
            |q: &str| -> Vec<String> { desk.search(q, 10).unwrap().into_iter().map(|(k, _)| k.id).collect() };
        assert_eq!(found("parser"), ["1@x", "0@x"]);
        assert_eq!(found("OVERFLOW parser"), ["0@x"]);
        assert_eq!(found("zoe"), ["2@x", "1@x", "0@x"]);
        assert_eq!(found("zoe@example.org subject:x"), Vec::<String>::new());
        assert_eq!(found("parse_url() \"near\" OR"), Vec::<String>::new());
        assert_eq!(found("parse_url() \"near\" and*"), ["1@x"]);
        assert_eq!(found("報告"), ["2@x"]);
        assert_eq!(found("\" * ( ) : ^"), Vec::<String>::new());
        assert_eq!(desk.search("parser", 1).unwrap()[0].1, "mail 1");
    }

    #[test]
    fn the_same_mail_is_remembered_once() {
        let (_dir, desk) = desk_with(&["one", "two"]);
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let stored = desk.by_message_id("0@x").unwrap();
        let again = NewMessage::new(mail::parse(&stored[0].raw, now), stored[0].raw.clone(), "b".into(), now);
        let seen = desk.observe(&[again.clone(), again], now).unwrap();
        assert_eq!((seen.new, seen.known), (0, 2));
        assert_eq!(desk.search("one", 10).unwrap().len(), 1);
    }
}
