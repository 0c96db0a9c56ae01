//! Notices of GitHub that something changed (its webhooks): who sent one is proved before anything in it is read, and all that
//! is taken from it is what to look at again. A notice is a hint, never a fact.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::net::Secret;

/// Bytes of a notice. GitHub sends none over 25 MB; what is read of one is at its top, and real ones are far smaller.
pub const LARGEST: usize = 5 * 1024 * 1024;

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The hook was set up.
    Ping,
    /// A tracker, by number.
    Issue(u64),
    /// A comment on a tracker, or on a pull request, by its number.
    Comment(u64),
    /// A pull request, by number.
    Pull(u64),
    /// A milestone, by number.
    Milestone(u64),
    /// Something that is not looked at.
    Ignored,
}

/// A notice that is proved to come from the hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id: a notice that is sent twice has the same one twice.
    pub delivery: String,
    /// `owner/name`, as it was asked for; empty for a ping of a hook that has none.
    pub repo: String,
    /// What changed.
    pub what: What,
}

/// The headers and the body as they came.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// `X-Hub-Signature-256`; empty when missing.
    pub signature: &'a str,
    /// `X-GitHub-Event`.
    pub event: &'a str,
    /// `X-GitHub-Delivery`.
    pub delivery: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a notice is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The body is over [`LARGEST`].
    #[error("the notice is too large")]
    TooLarge,
    /// There is no secret to prove it with.
    #[error("no secret is set for notices, so none is taken")]
    NoSecret,
    /// The signature is missing, or not of this body and secret.
    #[error("the signature of the notice is missing or wrong")]
    Signature,
    /// It is signed, and is no notice.
    #[error("the notice cannot be read")]
    Unreadable,
    /// It is about a repository that is not asked about.
    #[error("the notice is about another repository")]
    OtherRepository,
}

/// Take a notice about one of these repositories, `owner/name`.
///
/// # Errors
/// Why it is refused; nothing of its text stands in that.
pub fn take(post: &Post<'_>, secret: &Secret, repos: &[&str]) -> Result<Notice, Refused> {
    if post.body.len() > LARGEST {
        return Err(Refused::TooLarge);
    }
    if secret.expose().is_empty() {
        return Err(Refused::NoSecret);
    }
    let claimed = post.signature.strip_prefix("sha256=").and_then(unhex).ok_or(Refused::Signature)?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| Refused::NoSecret)?;
    mac.update(post.body);
    // Takes the same time whatever differs.
    mac.verify_slice(&claimed).map_err(|_| Refused::Signature)?;

    let delivery = post.delivery;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if delivery.is_empty() || delivery.len() > 64 || !delivery.bytes().all(plain) {
        return Err(Refused::Unreadable);
    }
    let body: Value = serde_json::from_slice(post.body).map_err(|_| Refused::Unreadable)?;
    let named = body.pointer("/repository/full_name").and_then(Value::as_str);
    let repo = match named {
        Some(name) => repos.iter().find(|r| r.eq_ignore_ascii_case(name)).ok_or(Refused::OtherRepository)?,
        // A hook of an organization says hello without naming one.
        None if post.event == "ping" => "",
        None => return Err(Refused::Unreadable),
    };
    let number = |at: &str| {
        let n = body.pointer(at).and_then(Value::as_u64).filter(|n| (1..=i32::MAX as u64).contains(n));
        n.ok_or(Refused::Unreadable)
    };
    let what = match post.event {
        "ping" => What::Ping,
        "issues" => What::Issue(number("/issue/number")?),
        "issue_comment" => What::Comment(number("/issue/number")?),
        "pull_request" => What::Pull(number("/pull_request/number")?),
        "milestone" => What::Milestone(number("/milestone/number")?),
        _ => What::Ignored,
    };
    Ok(Notice { delivery: delivery.into(), repo: repo.into(), what })
}

/// 64 hexadecimal digits, as bytes.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        for d in pair {
            let d = char::from(*d).to_digit(16)?;
            *byte = (*byte << 4) | u8::try_from(d).ok()?;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KEY: &str = "It's a Secret to Everybody";
    const REPOS: &[&str] = &["acme/security", "acme/server"];

    fn sign(body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
        format!("sha256={hex}")
    }

    fn took(event: &str, signature: &str, body: &[u8]) -> Result<Notice, Refused> {
        let post = Post { signature, event, delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958", body };
        take(&post, &Secret::new(KEY.into()), REPOS)
    }

    fn signed(event: &str, body: &Value) -> Result<What, Refused> {
        let body = body.to_string().into_bytes();
        took(event, &sign(&body), &body).map(|n| n.what)
    }

    #[test]
    fn the_published_example_of_a_signature_is_right() {
        let want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(sign(b"Hello, World!"), want);
        assert_eq!(took("issues", want, b"Hello, World!"), Err(Refused::Unreadable), "signed, and no JSON");
        assert_eq!(took("issues", want, b"Hello, World?"), Err(Refused::Signature));
    }

    #[test]
    fn a_notice_says_what_to_look_at_again_and_nothing_else() {
        let repo = json!({"full_name": "Acme/Security"});
        let of = |key: &str, n: Value| json!({"repository": repo, key: {"number": n, "title": "SECRET"}});
        let cases: &[(&str, Value, Result<What, Refused>)] = &[
            ("issues", of("issue", json!(7)), Ok(What::Issue(7))),
            ("issue_comment", of("issue", json!(7)), Ok(What::Comment(7))),
            ("pull_request", of("pull_request", json!(12)), Ok(What::Pull(12))),
            ("milestone", of("milestone", json!(3)), Ok(What::Milestone(3))),
            ("ping", json!({"zen": "x"}), Ok(What::Ping)),
            ("ping", json!({"repository": repo}), Ok(What::Ping)),
            ("push", json!({"repository": repo}), Ok(What::Ignored)),
            ("", json!({"repository": repo}), Ok(What::Ignored)),
            ("issues", of("issue", json!("7")), Err(Refused::Unreadable)),
            ("issues", of("issue", json!(0)), Err(Refused::Unreadable)),
            ("issues", of("issue", json!(-7)), Err(Refused::Unreadable)),
            ("issues", of("issue", json!(1e30)), Err(Refused::Unreadable)),
            ("issues", json!({"repository": repo}), Err(Refused::Unreadable)),
            ("issues", json!({"issue": {"number": 7}}), Err(Refused::Unreadable)),
            ("push", json!([]), Err(Refused::Unreadable)),
            ("issues", json!({"repository": {"full_name": "evil/security"}}), Err(Refused::OtherRepository)),
            ("ping", json!({"repository": {"full_name": "evil/security"}}), Err(Refused::OtherRepository)),
        ];
        for (event, body, want) in cases {
            assert_eq!(signed(event, body), *want, "{event} {body}");
        }
        let body = of("issue", json!(7)).to_string().into_bytes();
        let notice = took("issues", &sign(&body), &body).unwrap();
        assert_eq!(notice.repo, "acme/security", "as it is configured");
        assert!(!format!("{notice:?}").contains("SECRET"));
    }

    #[test]
    fn a_signature_that_is_missing_short_or_of_something_else_is_refused() {
        let body = json!({"repository": {"full_name": "acme/security"}, "issue": {"number": 7}});
        let body = body.to_string().into_bytes();
        let good = sign(&body);
        assert!(took("issues", &good, &body).is_ok());
        assert!(took("issues", &format!("sha256={}", good[7..].to_uppercase()), &body).is_ok());
        let mut bad: Vec<String> = (0..good.len()).map(|n| good[..n].to_owned()).collect();
        bad.extend([
            good[7..].to_owned(),
            good.replace("sha256", "sha1"),
            format!("{good}00"),
            format!("{good} "),
            format!("sha256={}", "é".repeat(32)),
            sign(b"{}"),
        ]);
        for s in bad {
            assert_eq!(took("issues", &s, &body), Err(Refused::Signature), "{s}");
        }
        // One byte more or less is another body.
        assert_eq!(took("issues", &good, &body[1..]), Err(Refused::Signature));
        assert_eq!(took("issues", &good, &[&body[..], b"\n"].concat()), Err(Refused::Signature));
    }

    #[test]
    fn what_is_too_large_or_has_no_secret_or_id_is_refused() {
        let body = vec![b' '; LARGEST + 1];
        assert_eq!(took("ping", &sign(&body), &body), Err(Refused::TooLarge));
        let post = Post { signature: &sign(b"{}"), event: "ping", delivery: "a\nb", body: b"{}" };
        assert_eq!(take(&post, &Secret::new(KEY.into()), REPOS), Err(Refused::Unreadable));
        assert_eq!(take(&post, &Secret::new(String::new()), REPOS), Err(Refused::NoSecret));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(event in ".{0,20}", signature in ".{0,90}", body: Vec<u8>) {
            prop_assert!(took(&event, &signature, &body).is_err());
            let _ = took(&event, &sign(&body), &body);
        }
    }
}
