//! A local archive of a list: an mbox, a Maildir or a folder of `.eml`, read once per run and never kept in memory whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use desk::{
    case::ListMail,
    mail::{self, Message},
    percent,
    rules::extract,
};
use jiff::Timestamp;
use memchr::memmem;
use regex::Regex;

use crate::mailbox::{LocalMailbox, MailboxError};

/// Most characters of a body that are kept: an advisory is shorter, a mail that is not one may be a book.
const BODY: usize = 64 * 1024;
/// Longest permalink, in bytes.
const LINK: usize = 1000;

/// A local archive of one list.
#[derive(Clone, Debug)]
pub struct ListArchive {
    path: PathBuf,
    /// `archive.thread_url`.
    template: String,
    /// The list, for `{list}`.
    list: String,
}

pub(super) static VOTE: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::unwrap_used, reason = "a constant, compiled in every test run")]
    Regex::new(r"(?i)\[\s*(?:VOTE|RESULTS?|CANCEL\w*|VOTE\s*RESULTS?|RESULTS?\s*VOTE)\s*\]").unwrap()
});
pub(super) static SETTLED: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::unwrap_used, reason = "a constant, compiled in every test run")]
    Regex::new(r"(?i)\[[^\]]*(?:RESULT|CANCEL)").unwrap()
});

impl ListArchive {
    /// An archive at that path. `template` makes a link where a message carries none; `{message_id}` and `{thread_id}`
    /// stand for its Message-ID, `{list}` for the list's address.
    #[must_use]
    pub fn new(path: &Path, template: &str, list: &str) -> Self {
        Self { path: path.into(), template: template.into(), list: list.into() }
    }

    /// The messages that mention each of these CVE ids, oldest first.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn mentions(
        &self,
        ids: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Vec<ListMail>>, MailboxError> {
        let mut out: BTreeMap<String, Vec<ListMail>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(out);
        }
        let plain = memmem::Finder::new(b"CVE-");
        self.each(
            now,
            |raw| plain.find(raw).is_some() || encoded(raw) || lower_cve(raw),
            |message| {
                let named: BTreeSet<String> = extract::cve_ids(&message.subject)
                    .into_iter()
                    .chain(extract::cve_ids(&message.text))
                    .filter(|id| ids.contains(id))
                    .collect();
                if !named.is_empty() {
                    let mail = self.list_mail(message);
                    for id in named {
                        out.entry(id).or_default().push(mail.clone());
                    }
                }
            },
        )?;
        for mails in out.values_mut() {
            mails.sort_by(|a, b| (a.at, &a.message_id).cmp(&(b.at, &b.message_id)));
        }
        Ok(out)
    }

    /// Votes on releases, their results and cancellations, oldest first. Answers to a vote are left out.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn votes(&self, now: Timestamp) -> Result<Vec<ListMail>, MailboxError> {
        let mut out = Vec::new();
        self.each(
            now,
            |raw| raw.contains(&b'[') || encoded(raw),
            |message| {
                if VOTE.is_match(&message.subject)
                    && (!is_answer(&message) || SETTLED.is_match(&message.subject))
                {
                    out.push(self.list_mail(message));
                }
            },
        )?;
        out.sort_by(|a, b| (a.at, &a.message_id).cmp(&(b.at, &b.message_id)));
        Ok(out)
    }

    /// Every message that may matter by its bytes, decoded.
    fn each(
        &self,
        now: Timestamp,
        may: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(Message),
    ) -> Result<(), MailboxError> {
        let mailbox = LocalMailbox::open(&self.path)?;
        mailbox
            .read(&mut |raw| {
                if may(&raw.bytes) {
                    take(mail::parse(&raw.bytes, now));
                }
                Ok(())
            })
            .map(drop)
    }

    fn list_mail(&self, m: Message) -> ListMail {
        let url = self.link(&m);
        list_mail(m, url)
    }

    /// The archive's page of a message. A header may be written by whoever sent the mail, so it counts only when it leads
    /// to the host of the configured archive, where one is configured.
    fn link(&self, m: &Message) -> String {
        for name in ["Archived-At", "X-Archived-At", "Permalink", "X-Permalink"] {
            let all = m.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            for (_, value) in all {
                let value = value.trim().trim_start_matches('<').trim_end_matches('>').trim();
                let host = host(value);
                if host.is_some()
                    && (self.template.is_empty()
                        || host == self::host(&self.template.replace(['{', '}'], "")))
                {
                    return value.to_owned();
                }
            }
        }
        if self.template.is_empty() || m.key.id.is_empty() {
            return String::new();
        }
        page(&self.template, &self.list, &m.key.id, &m.key.id)
    }
}

/// `archive.thread_url` filled in; `thread` is the archive's own name of the message, `message` its Message-ID.
pub(super) fn page(template: &str, list: &str, thread: &str, message: &str) -> String {
    let made = template
        .replace("{message_id}", &percent::encoded(message, b"@"))
        .replace("{thread_id}", &percent::encoded(thread, b"@"));
    made.replace("{list}", &percent::encoded(list, b"@")).replace("{query}", "")
}

/// A message as a mail of a list, at that address.
pub(super) fn list_mail(m: Message, url: String) -> ListMail {
    let in_reply_to = m.in_reply_to.first().or(m.references.last()).cloned().unwrap_or_default();
    ListMail {
        url,
        message_id: m.key.id.clone(),
        in_reply_to,
        subject: m.subject.clone(),
        from: m.from.clone(),
        at: m.arrived().unwrap_or_default(),
        body: m.text.chars().take(BODY).collect(),
        vouched: false,
    }
}

/// May words of this message be written in other bytes than their own?
fn encoded(raw: &[u8]) -> bool {
    let head = raw.get(..raw.len().min(64 * 1024)).unwrap_or(raw);
    memmem::find(head, b"=?").is_some()
        || [
            &b"base64"[..],
            b"BASE64",
            b"Base64",
            b"quoted-printable",
            b"Quoted-Printable",
            b"QUOTED-PRINTABLE",
        ]
        .iter()
        .any(|w| memmem::find(raw, w).is_some())
}

fn lower_cve(raw: &[u8]) -> bool {
    [&b"cve-"[..], b"Cve-"].iter().any(|w| memmem::find(raw, w).is_some())
}

pub(super) fn is_answer(m: &Message) -> bool {
    m.is_reply() || is_re(&m.subject)
}

/// Does a subject begin with `Re:`?
pub(super) fn is_re(subject: &str) -> bool {
    subject.trim_start().get(..3).is_some_and(|s| s.eq_ignore_ascii_case("re:"))
}

/// The host of a plain web address; none for anything else.
fn host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let plain = url.len() <= LINK && url.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`\\".contains(c));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
    (plain && named).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "https://lists.example.org/thread?id={message_id}&list={list}";

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn mail(id: &str, subject: &str, more: &str, body: &str) -> String {
        format!(
            "From x Sat Nov 21 09:00:00 2026\nFrom: Rita RM <rita@example.org>\nDate: Sat, 21 Nov 2026 09:00:00 \
             +0000\nMessage-ID: <{id}>\nSubject: {subject}\n{more}\n{body}\n\n"
        )
    }

    fn archive(text: &str) -> (tempfile::TempDir, ListArchive) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.mbox");
        std::fs::write(&path, text).unwrap();
        let list = ListArchive::new(&path, TEMPLATE, "users@example.org");
        (dir, list)
    }

    fn ids(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn mails_that_mention_an_id_are_found_however_they_are_written() {
        let folded = mail(
            "b@x",
            "=?utf-8?B?Q1ZFLTIwMjYtMTExMTE6IGEgZmxhdw==?=",
            "Content-Transfer-Encoding: base64\n",
            "U2VlIENWRS0yMDI2LTIyMjIyIHRvby4=",
        );
        let text = [
            mail("a@x", "CVE-2026-11111: a flaw", "", "Severity: low\n\nDescription:\nA flaw."),
            folded,
            mail("c@x", "Re: CVE-2026-11111: a flaw", "In-Reply-To: <a@x>\n", "thanks"),
            mail("d@x", "hello", "", "see cve-2026-11111"),
            mail("e@x", "CVE-2026-111119: another", "", "nothing of ours"),
        ]
        .concat();
        let (_dir, list) = archive(&text);
        let found =
            list.mentions(&ids(&["CVE-2026-11111", "CVE-2026-22222", "CVE-2026-33333"]), now()).unwrap();
        let of = |id: &str| {
            found
                .get(id)
                .map(|v| v.iter().map(|m| m.message_id.as_str()).collect::<Vec<_>>())
                .unwrap_or_default()
        };
        assert_eq!(of("CVE-2026-11111"), ["a@x", "b@x", "c@x", "d@x"]);
        assert_eq!(of("CVE-2026-22222"), ["b@x"]);
        assert!(of("CVE-2026-33333").is_empty());
        let first = &found["CVE-2026-11111"][0];
        assert!(first.is_root() && first.from.is("rita@example.org") && first.body.contains("A flaw."));
        assert_eq!(first.at, "2026-11-21T09:00:00Z".parse().unwrap());
        assert_eq!(first.url, "https://lists.example.org/thread?id=a@x&list=users@example.org");
        assert!(!found["CVE-2026-11111"][2].is_root());
    }

    #[test]
    fn a_permalink_is_the_archives_or_none() {
        let text = [
            mail("a@x", "CVE-2026-11111", "Archived-At: <https://lists.example.org/m/abc>\n", ""),
            mail("b@x", "CVE-2026-11111", "Archived-At: <https://evil.example/m/abc>\n", ""),
            mail("c@x", "CVE-2026-11111", "Permalink: javascript:alert(1)\n", ""),
            mail("d e<f@x", "CVE-2026-11111", "", ""),
        ]
        .concat();
        let (dir, list) = archive(&text);
        let url = |list: &ListArchive| {
            let found = list.mentions(&ids(&["CVE-2026-11111"]), now()).unwrap();
            found["CVE-2026-11111"].iter().map(|m| m.url.clone()).collect::<Vec<_>>()
        };
        let made = |id: &str| format!("https://lists.example.org/thread?id={id}&list=users@example.org");
        let got = url(&list);
        assert_eq!(got[0], "https://lists.example.org/m/abc");
        assert_eq!(got[1], made("b@x"));
        assert_eq!(got[2], made("c@x"));
        assert!(!got[3].contains([' ', '<']), "{}", got[3]);
        let open = ListArchive::new(&dir.path().join("users.mbox"), "", "");
        assert_eq!(url(&open), ["https://lists.example.org/m/abc", "https://evil.example/m/abc", "", ""]);
    }

    #[test]
    fn votes_and_results_are_told_from_answers() {
        let text = [
            mail("1@x", "[VOTE] Release Harbour Queue 2.8.4 from rc1", "", "please vote"),
            mail("2@x", "Re: [VOTE] Release Harbour Queue 2.8.4 from rc1", "In-Reply-To: <1@x>\n", "+1"),
            mail("3@x", "[RESULT][VOTE] Release Harbour Queue 2.8.4", "In-Reply-To: <1@x>\n", "passed"),
            mail("4@x", "[ANNOUNCE] something", "", ""),
            mail("5@x", "[CANCELLED] [VOTE] Release 2.8.5", "", ""),
            mail("6@x", "[Result] [Vote] Release 2.8.6", "", ""),
            mail("7@x", "I will vote [soon]", "", ""),
        ]
        .concat();
        let (_dir, list) = archive(&text);
        let found: Vec<String> = list.votes(now()).unwrap().into_iter().map(|m| m.message_id).collect();
        assert_eq!(found, ["1@x", "3@x", "5@x", "6@x"]);
    }

    #[test]
    fn an_archive_that_is_not_there_is_said_so() {
        let list = ListArchive::new(Path::new("/nonexistent/users.mbox"), "", "");
        let e = list.mentions(&ids(&["CVE-2026-11111"]), now()).unwrap_err();
        assert!(e.to_string().contains("/nonexistent/users.mbox"), "{e}");
        assert!(
            list.mentions(&BTreeSet::new(), now()).unwrap().is_empty(),
            "nothing to look for, nothing read"
        );
    }
}
