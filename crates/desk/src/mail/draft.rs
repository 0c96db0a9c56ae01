//! Drafts of mail. Nothing here sends: the bytes go to a drafts folder and a person takes it from there.

use jiff::Timestamp;
use mail_builder::{
    MessageBuilder,
    headers::{address::Address as OutAddress, content_type::ContentType, message_id::MessageId, raw::Raw},
    mime::MimePart,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Address, parse::hex};

/// One plain-text mail to be put into a drafts folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailDraft {
    /// Who will send it.
    pub from: Address,
    /// Recipients; at least one.
    pub to: Vec<Address>,
    /// Copies.
    pub cc: Vec<Address>,
    /// Subject, see [`reply_subject`].
    pub subject: String,
    /// Message-ID that is answered, without brackets.
    pub in_reply_to: Option<String>,
    /// The chain of Message-IDs, oldest first, without brackets.
    pub references: Vec<String>,
    /// Message-ID without brackets, see [`message_id_for`].
    pub message_id: String,
    /// `Date`.
    pub date: Timestamp,
    /// Plain text with LF line ends.
    pub body: String,
    /// The page a person pastes it into, when it is no mail; empty for mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub page: String,
}

/// Why a draft cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Nobody to write to.
    #[error("the draft has no To address")]
    NoRecipient,
    /// A header value with a line break or NUL would write a header of its own.
    #[error("the {0} header holds a line break or NUL")]
    ControlInHeader(&'static str),
    /// Not `local@domain`.
    #[error("the {0} header holds something that is no mail address")]
    BadAddress(&'static str),
    /// Not a Message-ID.
    #[error("the {0} header holds something that is no Message-ID")]
    BadMessageId(&'static str),
    /// The library could not write the message.
    #[error("the draft could not be written: {0}")]
    Build(String),
}

fn safe<'a>(header: &'static str, value: &'a str) -> Result<&'a str, DraftError> {
    if value.contains(['\r', '\n', '\0']) { Err(DraftError::ControlInHeader(header)) } else { Ok(value) }
}

fn address<'a>(header: &'static str, a: &'a Address) -> Result<OutAddress<'a>, DraftError> {
    let name = safe(header, &a.name)?;
    let email = safe(header, &a.email)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c);
    let fits =
        email.rsplit_once('@').is_some_and(|(l, d)| !l.is_empty() && !d.is_empty() && !l.contains('@'));
    if !fits || email.contains(odd) || email.len() > 320 {
        return Err(DraftError::BadAddress(header));
    }
    Ok(OutAddress::new_address((!name.trim().is_empty()).then_some(name), email))
}

fn addresses<'a>(header: &'static str, list: &'a [Address]) -> Result<OutAddress<'a>, DraftError> {
    Ok(OutAddress::new_list(list.iter().map(|a| address(header, a)).collect::<Result<_, _>>()?))
}

fn message_id<'a>(header: &'static str, id: &'a str) -> Result<&'a str, DraftError> {
    safe(header, id)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '<' || c == '>';
    if id.is_empty() || id.contains(odd) || id.len() > 900 {
        Err(DraftError::BadMessageId(header))
    } else {
        Ok(id)
    }
}

/// Can a draft be written to this address?
#[must_use]
pub fn can_address(a: &Address) -> bool {
    address("To", a).is_ok()
}

/// Can a draft refer to this Message-ID?
#[must_use]
pub fn can_refer_to(id: &str) -> bool {
    message_id("References", id).is_ok()
}

/// The draft as RFC 5322 bytes with CRLF line ends: text/plain in UTF-8, the same bytes for the same draft.
///
/// # Errors
/// See [`DraftError`]; it names the header that is wrong.
pub fn render(draft: &MailDraft) -> Result<Vec<u8>, DraftError> {
    if draft.to.is_empty() {
        return Err(DraftError::NoRecipient);
    }
    let mut m = MessageBuilder::new()
        .from(address("From", &draft.from)?)
        .to(addresses("To", &draft.to)?)
        .subject(safe("Subject", &draft.subject)?)
        .date(draft.date.as_second())
        .message_id(message_id("Message-ID", &draft.message_id)?);
    if !draft.cc.is_empty() {
        m = m.cc(addresses("Cc", &draft.cc)?);
    }
    if let Some(id) = &draft.in_reply_to {
        m = m.in_reply_to(message_id("In-Reply-To", id)?);
    }
    if !draft.references.is_empty() {
        let ids: Vec<&str> =
            draft.references.iter().map(|id| message_id("References", id)).collect::<Result<_, _>>()?;
        m = m.references(MessageId::new_list(ids.into_iter()));
    }
    let text = ContentType::new("text/plain").attribute("charset", "utf-8");
    let part = if draft.page.is_empty() {
        // Mail programs open such a message for sending, not for reading.
        m = m.header("X-Unsent", Raw::new("1"));
        MimePart::new(text, draft.body.as_str())
    } else {
        // Whoever opens the file as it is copies what they see.
        m = m.header("X-Paste-Into", Raw::new(safe("X-Paste-Into", &draft.page)?));
        let lines = draft.body.replace("\r\n", "\n").replace('\n', "\r\n");
        MimePart::new(text, lines).transfer_encoding("8bit")
    };
    m.body(part).write_to_vec().map_err(|e| DraftError::Build(e.to_string()))
}

/// `Re: ` and the root's subject, the reply prefixes it carries (in several languages) collapsed into one.
#[must_use]
pub fn reply_subject(root_subject: &str) -> String {
    const PREFIXES: [&str; 14] = [
        "re",
        "aw",
        "antw",
        "antwort",
        "sv",
        "vs",
        "odp",
        "rif",
        "ynt",
        "回复",
        "答复",
        "返信",
        "回覆",
        "ответ",
    ];
    let mut rest = root_subject.trim();
    while let Some((head, tail)) = rest.split_once([':', '：']) {
        // `Re[2]`, `Re (3)`
        let word = head.trim().split(['[', '(', '^']).next().unwrap_or("").trim().to_lowercase();
        if head.chars().count() > 12 || !PREFIXES.contains(&word.as_str()) {
            break;
        }
        rest = tail.trim_start();
    }
    format!("Re: {rest}")
}

/// A Message-ID (without brackets) that is the same for the same effect: 32 hex digits of SHA-256 of the key, at the
/// domain, or at `tipstaff.invalid` when that is no host name.
#[must_use]
pub fn message_id_for(effect_key: &str, domain: &str) -> String {
    let domain = domain.trim().trim_start_matches('@').to_ascii_lowercase();
    let label =
        |l: &str| !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let good = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label);
    let host = if good { domain.as_str() } else { "tipstaff.invalid" };
    let hash = hex(&Sha256::digest(effect_key.as_bytes()));
    format!("{}@{host}", hash.get(..32).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mail::parse;

    fn draft() -> MailDraft {
        MailDraft {
            from: Address::new("Security Team", "security@project.example"),
            to: vec![Address::new("Zoë Doe", "zoe@example.org")],
            cc: vec![Address::new("", "security@lists.project.example")],
            subject: "Re: Stored XSS in the «UI»".into(),
            in_reply_to: Some("b@example.org".into()),
            references: vec!["a@example.org".into(), "b@example.org".into()],
            message_id: message_id_for("tracker-7/receipt", "project.example"),
            date: "2026-05-04T10:00:00Z".parse().unwrap(),
            body: "Dear Zoë,\n\nthank you.\n-- \nThe team\n".into(),
            page: String::new(),
        }
    }

    #[test]
    fn what_is_pasted_stands_as_it_is() {
        let long =
            "a line that is much longer than a mail would have it, with umlauts äöü and = signs, unbroken";
        let page = "https://forge.example/o/r/security/advisories/GHSA-2h5m-9qxw-vr3c";
        let d = MailDraft { page: page.into(), body: format!("Hello,\n\n{long}\n"), ..draft() };
        let bytes = render(&d).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(&format!("X-Paste-Into: {page}\r\n")), "{text}");
        assert!(text.contains(&format!("Hello,\r\n\r\n{long}\r\n")) && !text.contains("X-Unsent"), "{text}");
        let m = parse(&bytes, d.date);
        assert_eq!((m.key.id, m.text.trim_end()), (d.message_id.clone(), d.body.trim_end()));
        assert!(render(&MailDraft { page: "https://x\r\nBcc: y".into(), ..d }).is_err());
    }

    #[test]
    fn the_bytes_are_mail_and_stay_the_same() {
        let bytes = render(&draft()).unwrap();
        assert_eq!(bytes, render(&draft()).unwrap());
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains("\r\nX-Unsent: 1\r\n"), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(text.lines().all(|l| l.len() <= 998));
        assert!(text.contains("Content-Type: text/plain; charset=\"utf-8\"\r\n"), "{text}");
        let m = parse(&bytes, "2026-05-05T00:00:00Z".parse().unwrap());
        assert_eq!(m.problems, []);
        assert_eq!(m.date, Some(draft().date));
    }

    #[test]
    fn what_would_break_a_header_is_refused() {
        type Spoil = fn(&mut MailDraft);
        let cases: [(Spoil, DraftError); 9] = [
            (|d| d.to.clear(), DraftError::NoRecipient),
            (|d| d.subject = "a\r\nBcc: x@y.example".into(), DraftError::ControlInHeader("Subject")),
            (|d| d.subject = "a\0".into(), DraftError::ControlInHeader("Subject")),
            (|d| d.to[0].name = "a\nb".into(), DraftError::ControlInHeader("To")),
            (|d| d.to[0].email = "nobody".into(), DraftError::BadAddress("To")),
            (|d| d.cc[0].email = "a@b, c@d".into(), DraftError::BadAddress("Cc")),
            (|d| d.from.email = String::new(), DraftError::BadAddress("From")),
            (|d| d.in_reply_to = Some("a> <b".into()), DraftError::BadMessageId("In-Reply-To")),
            (|d| d.references.push("a\nb".into()), DraftError::ControlInHeader("References")),
        ];
        for (spoil, want) in cases {
            let mut d = draft();
            spoil(&mut d);
            assert_eq!(render(&d), Err(want));
        }
    }

    #[test]
    fn subjects_and_ids() {
        for (root, want) in [
            ("Flaw", "Re: Flaw"),
            ("Re: Flaw", "Re: Flaw"),
            ("RE: AW: Antw: SV: Re[2]: Flaw", "Re: Flaw"),
            ("回复：Flaw", "Re: Flaw"),
            ("Fwd: Flaw", "Re: Fwd: Flaw"),
            ("Real: trouble", "Re: Real: trouble"),
            ("", "Re: "),
        ] {
            assert_eq!(reply_subject(root), want);
        }
        let id = message_id_for("k", "x.example");
        assert_eq!(id.len(), 32 + "@x.example".len());
        assert_eq!(id, message_id_for("k", "@X.example"));
        assert_ne!(id, message_id_for("l", "x.example"));
        assert!(message_id_for("k", "not a host>").ends_with("@tipstaff.invalid"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn parse_gives_back_what_was_rendered(
            name in "[A-Za-zäöü日本 ,.()\"'<>@]{0,24}",
            local in "[a-z0-9.+_-]{1,20}",
            subject in "[ -~äöü日本«»—]{0,120}",
            refs in prop::collection::vec("[a-z0-9.]{1,30}@[a-z]{1,20}", 0..12),
            body in prop::collection::vec("[ -~äöü日本]{0,150}", 0..12),
        ) {
            let d = MailDraft {
                to: vec![Address::new(&name, &format!("{local}@example.org"))],
                subject: subject.clone(),
                references: refs,
                body: body.join("\n"),
                ..draft()
            };
            let m = parse(&render(&d).unwrap(), "2026-05-05T00:00:00Z".parse().unwrap());
            let squash = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(&m.key.id, &d.message_id);
            prop_assert_eq!(&m.in_reply_to, &d.in_reply_to.iter().cloned().collect::<Vec<_>>());
            prop_assert_eq!(&m.references, &d.references);
            prop_assert_eq!(&m.from, &d.from);
            prop_assert_eq!(&m.to[0].email, &d.to[0].email);
            prop_assert_eq!(squash(&m.to[0].name), squash(&name));
            prop_assert_eq!(&m.cc, &d.cc);
            prop_assert_eq!(squash(&m.subject), squash(&subject));
            prop_assert_eq!(m.text.trim_end_matches('\n'), d.body.trim_end_matches('\n'));
        }
    }
}
