//! The author's own words: quotes, signatures and list footers stripped, code set apart, lines unwrapped.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::cue::words;
use crate::mail::{Message, is_hidden};

/// Bytes of one message that rules look at; the head and the tail of a longer one.
pub const LIMIT: usize = 192 * 1024;

/// A message as the rules read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doc {
    /// Subject without `Re:`, `Fwd:` and list tags.
    pub subject: String,
    /// Own words, line by line, code included.
    pub raw: String,
    /// Prose: one line per paragraph, list item or heading, code left out.
    pub prose: String,
    /// Code, transcripts, traces.
    pub code: String,
    /// Lines that were quoted from someone else.
    pub quoted: String,
    /// The prose in sentences, the subject first.
    pub sentences: Vec<String>,
}

/// Head and tail of a text that is too long to read whole.
#[must_use]
pub fn cap(text: &str) -> String {
    if text.len() <= LIMIT {
        return text.into();
    }
    let head = floor(text, LIMIT / 4 * 3);
    let tail = floor(text, text.len() - LIMIT / 4);
    // Both indices are character boundaries inside the text.
    format!("{}\n{}", text.get(..head).unwrap_or(""), text.get(tail..).unwrap_or(""))
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn plain(text: &str) -> String {
    #[cfg(test)]
    super::once::effort::add(text.len().min(LIMIT));
    cap(text)
        .chars()
        .filter(|c| matches!(c, '\u{2028}' | '\u{2029}') || !is_hidden(*c) && *c != '\r')
        .map(|c| match c {
            '\u{2028}' | '\u{2029}' => '\n',
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => '\'',
            '\u{201C}' | '\u{201D}' => '"',
            '\u{00A0}' | '\u{202F}' | '\u{2007}' => ' ',
            '\u{2010}' | '\u{2011}' => '-',
            // Full-width Latin, as typed in East Asian text.
            '\u{FF01}'..='\u{FF5E}' if !matches!(c, '？' | '！' | '，' | '：' | '；') => {
                char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)
            }
            c => c,
        })
        .collect()
}

words! {
    ATTRIBUTION = r"=^\s*(?:(?:on|am|le|el|em|il|op|den) .{5,160}\b(?:wrote|schrieb(?: .{0,60})?|a écrit|escribió|escreveu|ha scritto|schreef)\s*:?|.{0,80}(?:пишет|написал\w*)\s*:|.{0,80}写道\s*[:：])\s*$";
    ORIGINAL = r"=^\s*-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|mensagem original|messaggio originale|原始邮件)\s*-{2,}";
    FORWARDED = r"=^\s*(?:-{2,}\s*forwarded message\s*-{2,}|begin forwarded message:?|-{2,}\s*(?:weitergeleitete nachricht|message transféré|mensaje reenviado)\s*-{2,})";
    FOOTER = r"=^\s*(?:to unsubscribe(?: from this (?:list|group))?\b|_{20,}\s*$|-{50,}\s*$|you (?:are|'re) receiving this (?:e-?mail|because)|unsubscribe\s*:|for additional commands, e-?mail|this (?:e-?mail|message)(?: and any attachments)? (?:is|are|may be|contains?|and) (?:strictly )?(?:confidential|intended|privileged)|confidentiality notice|sent from my \w+|get outlook for)";
    LIST_ITEM = r"=^\s*(?:[-*+•‣·]\s|\(?[0-9]{1,3}[.):、]\s?|\(?[a-hA-H][.)]\s|#{1,6}\s|\|)";
    CODE_LINE = r"=^\s*(?:\$\s+\S|>>> |curl\s+-|curl\s+['\x22]?https?:|wget\s+http|(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\s+/\S*|HTTP/[0-9.]+\s+[0-9]{3}|(?:Host|Cookie|User-Agent|Content-Type|Content-Length|Authorization|Accept)\s*:\s*\S|at\s+[\w.$<>/]+\([^)]*\)|#[0-9]+\s+0x|==[0-9]+==|Traceback \(most|File \x22[^\x22]+\x22, line|[+-]{3} [ab]/|diff --git|@@ )";
    PREFIX = r"=^\s*(?:(?:re|aw|antw|sv|fwd?|wg|tr|rv|回复|答复|转发)\s*[:：]|\[[^\]]{1,40}\])\s*";
}

static RULE: LazyLock<Regex> = LazyLock::new(|| super::cue::pattern(r"=^[-=_*~#+|\s]{4,}$"));

/// The subject without reply marks and list tags. A tag that names the mail's kind stays in the raw subject.
#[must_use]
pub fn bare_subject(subject: &str) -> String {
    let mut s: String = plain(subject).trim().into();
    for _ in 0..8 {
        let Some(m) = PREFIX.find(&s) else { break };
        if m.end() == 0 || m.end() >= s.len() {
            break;
        }
        s = s.get(m.end()..).unwrap_or("").into();
    }
    s
}

/// Own words and quoted words of a text. A forwarded message is the author's subject, not a quotation.
///
/// Private stand-in for `mail::quote::own_words`.
#[must_use]
pub fn own_words(text: &str, reply: bool) -> (String, String) {
    let mut own = String::new();
    let mut quoted = String::new();
    let mut signed = false;
    let mut fenced = false;
    let mut rest_is_quote = false;
    let mut skip_blank = false;
    for line in text.lines() {
        if rest_is_quote {
            push(&mut quoted, line);
            continue;
        }
        let trimmed = line.trim_end();
        if fence(trimmed) {
            fenced = !fenced;
        }
        if !fenced {
            if trimmed.starts_with("-----BEGIN PGP SIGNED MESSAGE-----") {
                signed = true;
                continue;
            }
            if signed && trimmed.starts_with("Hash:") {
                continue;
            }
            if trimmed.starts_with("-----BEGIN PGP SIGNATURE-----") {
                break;
            }
            // A signature, unless it opens the mail.
            if (line == "-- " || line == "--") && own.trim().len() > 1 {
                break;
            }
            if FORWARDED.is_match(line) {
                push(&mut own, "");
                continue;
            }
            if reply && ORIGINAL.is_match(line) {
                rest_is_quote = true;
                continue;
            }
            if line.len() < 400 && ATTRIBUTION.is_match(line) {
                continue;
            }
            if line.len() < 400 && own.len() > 40 && FOOTER.is_match(line) && !RULE_BEFORE_MORE.is_match(line)
            {
                skip_blank = true;
            }
        }
        if skip_blank {
            // A footer ends with its paragraph; text may go on below a list's banner.
            if trimmed.is_empty() {
                skip_blank = false;
            }
            continue;
        }
        let lead = line.trim_start();
        if !fenced && lead.starts_with('>') && !lead.starts_with(">>> ") {
            push(&mut quoted, lead.trim_start_matches(['>', ' ']));
            continue;
        }
        push(&mut own, line);
    }
    (own, quoted)
}

// A ruler is often a section break; only its own line goes.
static RULE_BEFORE_MORE: LazyLock<Regex> = LazyLock::new(|| super::cue::pattern(r"=^\s*[-_]{20,}\s*$"));

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn fence(line: &str) -> bool {
    let l = line.trim_start();
    l.starts_with("```") || l.starts_with("~~~")
}

impl Doc {
    /// Reads a message.
    #[must_use]
    pub fn new(message: &Message) -> Self {
        let mut text = plain(&message.text);
        let (own, quoted) = own_words(&text, message.is_reply());
        // A mail that is nothing but a quotation, or a forward in reply form, is judged by what it shows.
        if own.trim().is_empty() || (!message.is_reply() && own.trim().len() < 20 && quoted.len() > 200) {
            text = format!("{own}\n{quoted}");
            return Self::from_parts(&message.subject, &text, String::new());
        }
        let mut doc = Self::from_parts(&message.subject, &own, quoted);
        // The subject of an answer is somebody else's.
        if message.is_reply()
            && let Some(first) = doc.sentences.first_mut()
        {
            first.clear();
        }
        doc
    }

    /// Reads a bare text, such as a tracker's body.
    #[must_use]
    pub fn from_text(subject: &str, text: &str) -> Self {
        Self::from_parts(subject, &plain(text), String::new())
    }

    fn from_parts(subject: &str, own: &str, quoted: String) -> Self {
        let subject = bare_subject(subject);
        let (prose, code) = split_code(own);
        let mut sentences = vec![subject.clone()];
        for line in prose.lines() {
            split_sentences(line, &mut sentences);
        }
        Self { subject, raw: own.into(), prose, code, quoted, sentences }
    }

    /// Subject and prose together.
    #[must_use]
    pub fn all_prose(&self) -> String {
        format!("{}\n{}", self.subject, self.prose)
    }

    /// Subject and everything the author wrote, code included.
    #[must_use]
    pub fn everything(&self) -> String {
        format!("{}\n{}", self.subject, self.raw)
    }
}

fn split_code(own: &str) -> (String, String) {
    let mut prose = String::new();
    let mut code = String::new();
    let mut fenced = false;
    let mut previous = Previous::Blank;
    for line in own.lines() {
        if fence(line) {
            fenced = !fenced;
            previous = Previous::Blank;
            continue;
        }
        let indented = (line.starts_with("    ") || line.starts_with('\t')) && !LIST_ITEM.is_match(line);
        let is_code = fenced
            || CODE_LINE.is_match(line)
            // Indentation continues a list item's prose unless a blank line or code stands before it.
            || (indented && previous != Previous::Prose && symbols(line) * 8 >= line.trim().len().max(1));
        if is_code {
            push(&mut code, line);
            previous = Previous::Blank;
            continue;
        }
        let trimmed = line.trim();
        if trimmed.is_empty() || RULE.is_match(trimmed) {
            prose.push('\n');
            previous = Previous::Blank;
            continue;
        }
        if !prose.is_empty() && !prose.ends_with('\n') {
            prose.push(if previous != Previous::Prose || LIST_ITEM.is_match(line) { '\n' } else { ' ' });
        }
        prose.push_str(trimmed);
        // A short line is a heading, a greeting or a field; only full lines are wrapped ones.
        let width: usize = trimmed.chars().map(|c| if (c as u32) > 0x2E80 { 2 } else { 1 }).sum();
        if width < 40 && !trimmed.ends_with(',') {
            prose.push('\n');
            previous = Previous::Blank;
        } else {
            previous = Previous::Prose;
        }
    }
    (prose, code)
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Previous {
    Blank,
    Prose,
}

fn symbols(line: &str) -> usize {
    line.bytes().filter(|b| b"(){}[]<>;=/\\|&$#@*_:\"'".contains(b)).count()
}

/// Does the text end with one or two digits that stand alone, and a full stop?
fn ordinal(text: &str) -> bool {
    let word = text.trim_end_matches('.').rsplit(char::is_whitespace).next().unwrap_or_default();
    (1..=2).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit())
}

fn split_sentences(line: &str, out: &mut Vec<String>) {
    let mut current = String::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        current.push(c);
        let stop = match c {
            '。' | '？' | '！' => true,
            // "am 3. November", "1. Log in": an ordinal ends no sentence.
            '.' if ordinal(&current) => false,
            '.' | '!' | '?' | ';' => chars.peek().is_none_or(|n| n.is_whitespace()),
            _ => false,
        };
        if stop && current.chars().filter(|c| c.is_alphanumeric()).count() > 3 {
            out.push(std::mem::take(&mut current).trim().into());
        }
    }
    if !current.trim().is_empty() {
        out.push(current.trim().into());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_signatures_and_footers_are_not_own_words() {
        let t = "Hi,\n\nOn Mon, 2 Feb 2026 at 10:00, Ann <a@b.c> wrote:\n> SQL injection\n\nfine with me, thanks a lot for telling.\n\n-- \nBob\nCVE hunter\n";
        let (own, quoted) = own_words(t, true);
        assert!(own.contains("fine with me") && !own.contains("hunter") && !own.contains("wrote"));
        assert_eq!(quoted.trim(), "SQL injection");
        let (own, _) = own_words("ok\n-----Original Message-----\nold words", true);
        assert_eq!(own.trim(), "ok");
        let (own, _) = own_words("see below\n---------- Forwarded message ---------\nan overflow", false);
        assert!(own.contains("an overflow"));
    }

    #[test]
    fn wrapped_lines_join_and_code_stands_apart() {
        let d = Doc::from_text(
            "Re: [list] Hello",
            "An attacker who can reach the port is able to run\narbitrary commands.\n\n```\nrm -rf /\n```\n\nRegards",
        );
        assert_eq!(d.subject, "Hello");
        assert!(d.prose.contains("run arbitrary commands"));
        assert_eq!(d.code.trim(), "rm -rf /");
    }

    proptest! {
        #[test]
        fn never_panics(s in "\\PC{0,400}", r in any::<bool>()) {
            let _ = own_words(&s, r);
            let _ = Doc::from_text(&s, &s);
        }
    }
}
