//! One mail that came by two ways: a copy, not a clash (intake page §2). Two lists add hops, a tag before the subject
//! and a footer of their own; everything else must be the same.

use super::{Attachment, Message, reply_subject};

/// The longest footer a list may add, in lines and bytes; more than this is content.
const FOOTER_LINES: usize = 10;
const FOOTER_BYTES: usize = 1000;
/// Words of which a footer holds one.
const FOOTER_WORDS: [&str; 6] =
    ["unsubscribe", "mailing list", "listinfo", "subscribed", "list archive", "archives:"];

/// Are these two messages of one Message-ID the same mail? Sender, date, subject, text and attachments must agree,
/// apart from what a list adds. A body that cannot be read is compared byte by byte.
#[must_use]
pub fn is_copy(a: &Message, a_raw: &[u8], b: &Message, b_raw: &[u8]) -> bool {
    let same_head = !a.key.id.is_empty()
        && a.key.id == b.key.id
        && a.from.email.eq_ignore_ascii_case(&b.from.email)
        && a.date == b.date
        && subject(&a.subject) == subject(&b.subject);
    if !same_head {
        return false;
    }
    if a.unreadable.is_some() || b.unreadable.is_some() {
        return a.unreadable == b.unreadable && body(a_raw).eq(body(b_raw));
    }
    same_text(&a.text, &b.text) && a.hidden_text == b.hidden_text && attachments(a).eq(attachments(b))
}

/// The subject without the tags lists put before it.
fn subject(s: &str) -> String {
    // `Re: [tag] Re: x` and `[tag] x` are folded to `Re: x` and `x`: a list tags where it likes.
    let reply = reply_subject(s) == s.trim();
    let mut rest = s.trim();
    loop {
        let before = rest;
        for word in ["re:", "RE:", "Re:"] {
            rest = rest.strip_prefix(word).map_or(rest, str::trim_start);
        }
        if let Some((tag, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']'))
            && tag.len() <= 60
        {
            rest = after.trim_start();
        }
        if rest == before {
            break;
        }
    }
    if reply { format!("Re: {rest}") } else { rest.to_owned() }
}

/// Lines of the body, without line ends.
fn body(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).skip_while(|l| !l.is_empty())
}

fn attachments(m: &Message) -> impl Iterator<Item = (&str, &str, usize)> {
    m.attachments
        .iter()
        .filter(|a| !is_footer_part(a))
        .map(|a| (a.name.as_str(), a.content_type.as_str(), a.size))
}

fn is_footer_part(a: &Attachment) -> bool {
    a.content_type == "text/plain" && a.name.is_empty() && is_footer(&lines(&a.text))
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect()
}

/// Equal up to a footer at the end of either.
fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (lines(a), lines(b));
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let ends = |l: &[&str]| {
        let rest = l.get(same..).unwrap_or_default();
        if rest.is_empty() || is_footer(rest) {
            return true;
        }
        // Two footers may begin with the same rule.
        same > 0 && l.get(same - 1..).is_some_and(is_footer)
    };
    ends(&a) && ends(&b)
}

/// A rule, then a few lines, one of which speaks of the list.
fn is_footer(lines: &[&str]) -> bool {
    let Some((first, rest)) = lines.split_first() else { return false };
    let bar = |c: char| first.chars().count() >= 5 && first.chars().all(|x| x == c);
    let rule = *first == "--" || ['_', '-', '=', '*', '~'].into_iter().any(bar);
    let bytes: usize = lines.iter().map(|l| l.len()).sum();
    rule && lines.len() <= FOOTER_LINES
        && bytes <= FOOTER_BYTES
        && rest.iter().any(|l| {
            let l = l.to_lowercase();
            FOOTER_WORDS.iter().any(|w| l.contains(w))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::parse;

    const HEAD: &str =
        "Message-ID: <a@b.example>\nFrom: Ann <ann@b.example>\nDate: Mon, 16 Nov 2026 10:00:00 +0000\n";
    const FOOTER: &str = "\n_______________________________________________\nSecurity mailing list\nSecurity@one.example\nhttps://one.example/listinfo/security\n";
    const EZMLM: &str = "\n---------------------------------------------------------------------\nTo unsubscribe, e-mail: security-unsubscribe@two.example\n";

    fn copy(a: &str, b: &str) -> bool {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        is_copy(&parse(a.as_bytes(), now), a.as_bytes(), &parse(b.as_bytes(), now), b.as_bytes())
    }

    #[test]
    fn what_a_list_adds_does_not_make_another_mail() {
        let plain = format!("{HEAD}Subject: A hole\n\nThere is a hole.\nHere.\n");
        let cases = [
            format!(
                "Received: from x by y; Mon, 16 Nov 2026 10:01:00 +0000\nList-Id: <s.one.example>\n{plain}"
            ),
            format!("{HEAD}Subject: [Security] A hole\n\nThere is a hole.\nHere.\n{FOOTER}"),
            format!("{HEAD}Subject: A hole\n\nThere is a hole.\nHere.\n{EZMLM}"),
            plain.replace('\n', "\r\n"),
        ];
        for other in &cases {
            assert!(copy(&plain, other) && copy(other, &plain), "{other}");
        }
        assert!(copy(&cases[1], &cases[2]), "two lists with footers of their own");
    }

    #[test]
    fn other_content_is_a_clash() {
        let plain = format!("{HEAD}Subject: A hole\n\nThere is a hole.\nHere.\n");
        for other in [
            plain.replace("Here.", "There."),
            plain.replace("ann@b", "eve@b"),
            plain.replace("10:00:00", "10:00:01"),
            plain.replace("A hole", "Re: A hole"),
            plain.replace("A hole", "Another hole"),
            plain.replace("a@b.example", "c@b.example"),
            format!("{plain}And the key is 1234.\n"),
            format!("{plain}_____\nAnd the key is 1234.\n"),
            format!("{plain}_____\nmailing list\n{}", "more words of the report\n".repeat(20)),
        ] {
            assert!(!copy(&plain, &other) && !copy(&other, &plain), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_compared_as_it_stands() {
        let pgp =
            format!("{HEAD}Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n");
        assert!(copy(&pgp, &format!("List-Id: <s.one.example>\n{pgp}")));
        assert!(!copy(&pgp, &pgp.replace("AAAA", "BBBB")));
    }
}
