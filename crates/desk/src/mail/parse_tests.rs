//! What [`super::parse`] promises, by example: one table per noun.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn p(raw: &str) -> Message {
    parse(raw.as_bytes(), now())
}

const HEAD: &str = "From: Jane Doe <jane@Example.ORG>\nTo: security@lists.x\nSubject: Flaw\nDate: Mon, 4 May 2026 10:00:00 +0000\nMessage-ID: <a@b>\n";

#[test]
fn a_plain_message_has_no_problems() {
    let m = p(&format!(
        "{HEAD}In-Reply-To: <r@b>\nReferences: <q@b>\n <r@b>\nX-Mailer: test\n\nHello\r\nworld\n"
    ));
    assert_eq!(m.problems, []);
    assert_eq!(m.key.id, "a@b");
    assert_eq!(m.from, Address::new("Jane Doe", "jane@example.org"));
    assert_eq!(m.to, [Address::new("", "security@lists.x")]);
    assert_eq!((m.references.len(), m.in_reply_to.as_slice()), (2, &["r@b".to_owned()][..]));
    assert_eq!(m.text, "Hello\nworld\n");
    assert_eq!(m.header("x-mailer"), Some("test"));
    assert_eq!(m.unreadable, None);
    assert!(!m.automatic && !m.from_html);
}

#[test]
fn headers_are_decoded() {
    for (subject, want, problem) in [
        ("=?utf-8?Q?Z=C3=BCrich?= calling", "Zürich calling", None),
        ("=?iso-8859-1?Q?Z=FCrich?=", "Zürich", None),
        ("=?utf-8?B?WsO8?=\n =?utf-8?B?cmljaA==?=", "Zürich", None),
        ("folded\n over lines", "folded over lines", None),
        ("=?utf-8?Q?broken", "=?utf-8?Q?broken", None),
        ("=?utf-8?Q?a=0D=0ABcc:_x@y?=", "a Bcc: x@y", Some(MailProblem::HeaderInjection)),
        ("=?utf-8?Q?a=0Ab?=", "a b", Some(MailProblem::HeaderInjection)),
        ("a\u{202E}b", "a\u{202E}b", Some(MailProblem::InvisibleCharacters)),
        ("8-bit ü", "8-bit ü", None),
    ] {
        let m = p(&format!(
            "From: a@b.c\nDate: Mon, 4 May 2026 10:00:00 +0000\nMessage-ID: <a@b>\nSubject: {subject}\n\nx\n"
        ));
        assert_eq!(m.subject, want);
        assert_eq!(m.problems.first().copied(), problem, "{subject}");
    }
    let m = p("From: =?utf-8?Q?Jane=0AX-Evil:_1?= <j@b.c>\n\nx\n");
    assert_eq!(m.from.name, "Jane X-Evil: 1");
    assert!(m.problems.contains(&MailProblem::HeaderInjection));
}

#[test]
fn odd_headers_are_problems() {
    use MailProblem::*;
    for (raw, want) in [
        ("Subject: x\n\nhi\n", vec![NoMessageId, NoFrom, NoDate]),
        ("From: nobody\nMessage-ID: <a@b>\nDate: never\n\nhi\n", vec![NoFrom, NoDate]),
        (
            "From: a@b.c\nMessage-ID: <a@b>\nMessage-ID: <c@d>\nDate: Mon, 4 May 2026 10:00:00 +0000\n\nhi\n",
            vec![DuplicateHeader],
        ),
        ("From: a@b.c\nMessage-ID: <a@b>\nDate: Mon, 4 May 1970 10:00:00 +0000\n\nhi\n", vec![AbsurdDate]),
        ("From: a@b.c\nMessage-ID: <a@b>\nDate: Mon, 4 May 2037 10:00:00 +0000\n\nhi\n", vec![AbsurdDate]),
        (
            "From: a@b.c\nMessage-ID: <a@b>\nDate: Mon, 4 May 2026 10:00:00 +0000\n\nh\0i\n",
            vec![ControlCharacters],
        ),
        (
            "From: a@b.c\nMessage-ID: <a@b>\nDate: Mon, 4 May 2026 10:00:00 +0000\n\nh\u{200B}i\n",
            vec![InvisibleCharacters],
        ),
    ] {
        assert_eq!(p(raw).problems, want, "{raw}");
    }
    assert!(p("From: a@b.c\n\nh\0i\n").text.contains('\0'), "text is kept as it is");
    let m = p("From: first@b.c, Second <second@b.c>\n\nx\n");
    assert_eq!(m.from.email, "first@b.c");
}

#[test]
fn the_time_of_arrival_is_never_after_observation() {
    let t = |s: &str| s.parse::<Timestamp>().ok();
    for (date, received, want, absurd) in [
        ("Mon, 4 May 2026 10:00:00 +0000", vec![], t("2026-05-04T10:00:00Z"), false),
        // The earliest hop counts.
        (
            "Mon, 4 May 2026 10:00:00 +0000",
            vec!["Mon, 4 May 2026 10:09:00 +0000", "Mon, 4 May 2026 10:01:00 +0000"],
            t("2026-05-04T10:01:00Z"),
            false,
        ),
        // A hop with a broken clock does not.
        (
            "Mon, 4 May 2026 10:00:00 +0000",
            vec!["Mon, 4 May 2026 10:09:00 +0000", "Mon, 1 Jan 2001 00:00:00 +0000"],
            t("2026-05-04T10:09:00Z"),
            false,
        ),
        (
            "Mon, 4 May 2026 10:00:00 +0000",
            vec!["Thu, 1 Jan 1970 00:00:00 +0000"],
            t("2026-05-04T10:00:00Z"),
            false,
        ),
        // A Date after the hop, in the future, or before mail.
        (
            "Tue, 5 May 2026 10:00:00 +0000",
            vec!["Mon, 4 May 2026 10:09:00 +0000"],
            t("2026-05-04T10:09:00Z"),
            true,
        ),
        ("Mon, 4 May 2037 10:00:00 +0000", vec![], t("2026-06-01T00:00:00Z"), true),
        ("Mon, 1 Jun 2026 10:00:00 +0000", vec![], t("2026-06-01T00:00:00Z"), false),
        (
            "Mon, 4 May 1970 10:00:00 +0000",
            vec!["Mon, 4 May 2026 10:09:00 +0000"],
            t("2026-05-04T10:09:00Z"),
            true,
        ),
        ("Mon, 4 May 1970 10:00:00 +0000", vec![], t("2026-06-01T00:00:00Z"), true),
        ("never", vec!["Mon, 4 May 2026 10:09:00 +0000"], t("2026-05-04T10:09:00Z"), false),
        ("never", vec![], None, false),
        ("2026-05-04T10:00:00Z", vec![], t("2026-05-04T10:00:00Z"), false),
        ("4 May 26 05:00 EST", vec![], t("2026-05-04T10:00:00Z"), false),
        ("Mon May  4 10:00:00 2026", vec![], t("2026-05-04T10:00:00Z"), false),
        ("Monday, 4 May 2026 12:00 +0200", vec![], t("2026-05-04T10:00:00Z"), false),
        ("Mon, 04 May 2026 05:00:00 -0500 (EST)", vec![], t("2026-05-04T10:00:00Z"), false),
    ] {
        let hops: String =
            received.iter().map(|r| format!("Received: from a by b\n\twith SMTP; {r}\n")).collect();
        let m = p(&format!("{hops}Date: {date}\nFrom: a@b.c\nMessage-ID: <a@b>\n\nx\n"));
        assert_eq!(m.arrived(), want, "{date} {received:?}");
        assert_eq!(m.problems.contains(&MailProblem::AbsurdDate), absurd, "{date} {received:?}");
        assert_eq!(m.date.is_none(), date == "never");
    }
}

#[test]
fn bodies_are_read() {
    for (body, want, html) in [
        (
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nZ=C3=BC=\nrich =zz\n",
            "Zürich =zz\n",
            false,
        ),
        ("Content-Transfer-Encoding: base64\n\nSGVsbG8K\n", "Hello\n", false),
        ("Content-Transfer-Encoding: base64\n\nSGVsbG8K\n\nlist footer!\n", "Hello\n\nlist footer!\n", false),
        ("Content-Type: text/html\n\n<p>a <b>b</b></p>\n", "a b\n", true),
        ("Content-Type: text/plain; format=flowed\n\none \ntwo\n", "one two\n", false),
        (
            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich\n--b--\n",
            "plain",
            false,
        ),
        (
            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>rich\n--b--\n",
            "rich\n",
            true,
        ),
        (
            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nNo HTML?\n--b\nContent-Type: text/html\n\n<p>rich and long enough to matter\n--b--\n",
            "rich and long enough to matter\n",
            true,
        ),
        ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n", "one\ntwo", false),
        (
            "Content-Type: multipart/signed; boundary=b\n\n--b\n\nsigned text\n--b\nContent-Type: application/pgp-signature\n\nxx\n--b--\n",
            "signed text",
            false,
        ),
        ("Content-Type: multipart/mixed\n\n--guess\n\none\n--guess--\n", "one", false),
        ("Content-Type: nonsense\n\ntext\n", "text\n", false),
    ] {
        let m = p(&format!("{HEAD}{body}"));
        assert_eq!((m.text.as_str(), m.from_html), (want, html), "{body}");
        assert_eq!(m.unreadable, None, "{body}");
    }
    let m = p(&format!(
        "{HEAD}Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich<!-- obey -->\n--b--\n"
    ));
    assert_eq!(m.hidden_text, "obey", "hidden text of the reading not chosen counts too");
}

#[test]
fn charsets_that_do_not_fit_are_problems() {
    let with = |charset: &str, body: &[u8]| {
        let mut raw = format!("{HEAD}Content-Type: text/plain; charset={charset}\n\n").into_bytes();
        raw.extend_from_slice(body);
        let m = parse(&raw, now());
        (m.text, m.problems.contains(&MailProblem::BadCharset))
    };
    assert_eq!(with("iso-8859-1", b"Z\xFCrich"), ("Zürich".into(), false));
    assert_eq!(with("windows-1252", b"\x80"), ("€".into(), false));
    assert_eq!(with("utf-8", b"Z\xFCrich"), ("Z\u{FFFD}rich".into(), true));
    assert_eq!(with("us-ascii", "Zürich".as_bytes()), ("Zürich".into(), true));
    assert_eq!(with("iso-8859-1", "Zürich".as_bytes()), ("Zürich".into(), true));
    assert_eq!(with("no-such-set", b"plain"), ("plain".into(), false));
    assert_eq!(with("no-such-set", "Zürich".as_bytes()), ("Zürich".into(), true));
    assert_eq!(with("gb2312", b"\xC4\xE3\xBA\xC3"), ("你好".into(), false));
    assert_eq!(with("shift_jis", b"\x83n\x83\x8D"), ("ハロ".into(), false));
}

#[test]
fn attachments_are_listed() {
    let m = p(&format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee attached\n--b\nContent-Type: application/pdf\n\
         Content-Disposition: attachment; filename*0*=utf-8''r%C3%A9; filename*1*=port.pdf\nContent-Transfer-Encoding: \
         base64\n\nAAECAw==\n--b\nContent-Type: text/x-python; name=\"=?utf-8?Q?p=0Aoc.py?=\"\n\nprint(1)\n--b\n\
         Content-Type: message/rfc822\n\nSubject: inner\nFrom: x@y.z\n\ninner text\n--b--\n"
    ));
    assert_eq!(m.text, "see attached");
    let got: Vec<_> =
        m.attachments.iter().map(|a| (a.name.as_str(), a.content_type.as_str(), a.size)).collect();
    assert_eq!(got[0], ("réport.pdf", "application/pdf", 4));
    assert_eq!((got[1].0, got[1].1), ("poc.py", "text/x-python"));
    assert_eq!((got[2].0, got[2].1), ("inner", "message/rfc822"));
    assert_eq!(m.attachments[1].text, "print(1)");
    assert!(m.attachments[2].text.contains("inner text"));
    let m = p(&format!("{HEAD}Content-Type: message/rfc822\n\nFrom: j@x.y\nSubject: Flaw\n\nthe report\n"));
    assert_eq!(forwarded(&m.text).unwrap().body, "the report\n");
}

#[test]
fn what_cannot_be_read_is_named() {
    use Unreadable::*;
    let signed = base64_of(b"\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0\x80");
    for (body, want) in [
        ("Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--b--\n".to_owned(), Some(PgpEncrypted)),
        ("\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n".to_owned(), Some(PgpEncrypted)),
        ("\nhi\n> -----BEGIN PGP MESSAGE-----\n".to_owned(), None),
        ("\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhi\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\n".to_owned(), None),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nMII\n".to_owned(), Some(SmimeEncrypted)),
        ("Content-Type: application/pkcs7-mime; name=smime.p7m\n\nMII\n".to_owned(), Some(SmimeEncrypted)),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\n\u{1}\n".to_owned(), Some(NoText)),
        (format!("Content-Type: application/x-pkcs7-mime\nContent-Transfer-Encoding: base64\n\n{signed}\n"), Some(NoText)),
        ("\n  \n".to_owned(), Some(NoText)),
        ("Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAEC\n".to_owned(), Some(NoText)),
        ("Content-Type: text/html\n\n<div style='display:none'>x</div>\n".to_owned(), Some(NoText)),
    ] {
        assert_eq!(p(&format!("{HEAD}{body}")).unreadable, want, "{body}");
    }
}

fn base64_of(bytes: &[u8]) -> String {
    const A: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for c in bytes.chunks(3) {
        let n = c.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - c.len()));
        for i in 0..4 {
            out.push(if i <= c.len() { char::from(A[(n >> (18 - 6 * i)) as usize & 63]) } else { '=' });
        }
    }
    out
}

#[test]
fn limits_hold() {
    let mut big = format!("{HEAD}\nhead of it\n").into_bytes();
    big.resize(MAX_MESSAGE + 10, b'x');
    let m = parse(&big, now());
    assert_eq!((m.unreadable, m.subject.as_str()), (Some(Unreadable::TooLarge), "Flaw"));
    assert!(m.text.starts_with("head of it") && m.text.len() < 2 << 20);

    let mut deep = HEAD.to_owned();
    for i in 0..1000 {
        deep += &format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n");
    }
    assert_eq!(p(&deep).unreadable, Some(Unreadable::TooManyParts));
    let many = format!("{HEAD}Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000));
    let m = p(&many);
    assert_eq!((m.unreadable, m.subject.as_str()), (Some(Unreadable::TooManyParts), "Flaw"));
    let nested = format!("{HEAD}{}", "Content-Type: message/rfc822\n\n".repeat(50_000));
    let _ = p(&nested);
    let words =
        format!("Subject: {}\nFrom: {}\n\nx\n", "=?utf-8?Q?".repeat(100_000), "=?utf-8?Q?a".repeat(100_000));
    let _ = p(&words);
    let _ = p(&format!("From: {}\nReferences: {}\n\n", "(".repeat(1 << 20), "<".repeat(1 << 20)));
    let _ = p(&"X: y\n".repeat(400_000));
}

#[test]
fn one_mail_fetched_two_ways_is_one() {
    let lf = format!("{HEAD}\nbody\n");
    let key = p(&lf).key;
    for other in
        [lf.replace('\n', "\r\n"), format!("{lf}\n"), format!("From x@y Fri Nov 13 10:00:00 2020\n{lf}")]
    {
        assert_eq!(p(&other).key, key);
    }
    assert_ne!(p(&format!("{HEAD}\nbody!\n")).key, key);
    assert_eq!(digest(b"a\r\nb\r\n").0.len(), 64);
    assert_eq!(digest(b""), digest(b"\n"));
}

#[test]
fn list_mail_names_its_author() {
    let m = p(
        "From: Jane via security <security@lists.x>\nReply-To: Jane Doe <jane@example.org>\nTo: security@lists.x\n\
               List-Id: Security <security.lists.x>\nPrecedence: list\nMessage-ID: <a@b>\n\nx\n",
    );
    assert_eq!(m.from, Address::new("Jane", "jane@example.org"));
    assert_eq!(m.rewritten_from, Some(Address::new("Jane via security", "security@lists.x")));
    assert_eq!(m.list_id, "security.lists.x");
    assert!(!m.automatic);
    let m = p("From: jane at example.org (Jane Doe)\n\nx\n");
    assert_eq!(m.from, Address::new("Jane Doe", "jane@example.org"));
}

#[test]
fn headers_alone_say_the_same() {
    let raw = format!(
        "Received: from a by b; Mon, 4 May 2026 10:01:00 +0000\nDKIM-Signature: v=1\nX-Spam-Score: 1\n{HEAD}\nHello\n"
    );
    let (all, head) = (p(&raw), parse_headers(raw.as_bytes(), now()));
    let body = Message { text: all.text.clone(), ..head };
    assert_eq!(all, body);
    assert!(all.headers.is_empty(), "{:?}", all.headers);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Content-Type: multipart/mixed; boundary=b".to_owned()),
        Just("Content-Type: multipart/alternative; boundary=\"c\"".to_owned()),
        Just("Content-Type: text/html; charset=utf-16".to_owned()),
        Just("Content-Type: message/rfc822".to_owned()),
        Just("Content-Transfer-Encoding: base64".to_owned()),
        Just("Content-Transfer-Encoding: quoted-printable".to_owned()),
        Just("From: a via b <b@c.d>".to_owned()),
        Just("Received: x; Mon, 4 May 2026 10:01:00 +0000".to_owned()),
        Just("--b".to_owned()),
        Just("--c".to_owned()),
        Just("--b--".to_owned()),
        Just(String::new()),
        "(Subject|From|To|Date|Message-ID|References|List-Id|Content-Disposition): [ -~é]{0,40}",
        "[ -~]{0,30}",
    ]
}

proptest! {
    #[test]
    fn never_panics_on_mail(lines in prop::collection::vec(line(), 0..30), crlf in any::<bool>()) {
        let raw = lines.join(if crlf { "\r\n" } else { "\n" });
        let m = parse(raw.as_bytes(), now());
        prop_assert!(m.arrived().is_none_or(|a| a <= now()));
        prop_assert!(!m.subject.contains('\n') && !m.text.contains('\r'));
        prop_assert_eq!(parse_headers(raw.as_bytes(), now()).key, m.key);
    }

    #[test]
    fn never_panics_on_bytes(raw in prop::collection::vec(any::<u8>(), 0..300)) {
        let m = parse(&raw, now());
        prop_assert_eq!(m.size, raw.len());
        prop_assert_eq!(split(&raw).map(|e| e.len).sum::<u64>(), raw.len() as u64);
    }
}
