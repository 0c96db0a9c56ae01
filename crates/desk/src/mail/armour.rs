//! Encrypted and signed mail: what can be read is read, what cannot is named (intake page, weakness 19).

use memchr::memmem;

use super::{Unreadable, decode, mime::Part};

/// Inline PGP in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Armour {
    None,
    /// An encrypted block at the start of a line.
    Encrypted,
    /// Clear-signed: the text without armour and signature, dashes unescaped.
    Signed(String),
}

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const SIGNATURE_END: &str = "-----END PGP SIGNATURE-----";
const ENCRYPTED: &str = "-----BEGIN PGP MESSAGE-----";

/// Look for inline PGP. Quoted blocks (`> -----BEGIN`) belong to another message and do not count.
pub(super) fn inline(text: &str) -> Armour {
    if memmem::find(text.as_bytes(), b"-----BEGIN PGP ").is_none() {
        return Armour::None;
    }
    if text.lines().any(|l| l.trim() == ENCRYPTED) {
        return Armour::Encrypted;
    }
    if !text.lines().any(|l| l.trim_end() == SIGNED) {
        return Armour::None;
    }
    let mut out = String::with_capacity(text.len());
    #[derive(PartialEq)]
    enum At {
        Outside,
        Hash,
        Text,
        Signature,
    }
    let mut at = At::Outside;
    for line in text.lines() {
        let bare = line.trim_end();
        match at {
            At::Outside if bare == SIGNED => at = At::Hash,
            At::Hash => {
                // `Hash:` lines up to the empty one.
                if bare.is_empty() {
                    at = At::Text;
                }
            }
            At::Text if bare == SIGNATURE => at = At::Signature,
            At::Signature => {
                if bare == SIGNATURE_END {
                    at = At::Outside;
                }
            }
            At::Text => {
                out.push_str(line.strip_prefix("- ").unwrap_or(line));
                out.push('\n');
            }
            At::Outside => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    Armour::Signed(out)
}

/// Is the part S/MIME? `Some(None)` for signed data (opaque, its text is not read), `Some(Some(why))` when it is
/// encrypted.
pub(super) fn smime(part: &Part, bytes: &[u8]) -> Option<Option<Unreadable>> {
    if !matches!(part.ctype.value.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime") {
        return None;
    }
    let kind = part.ctype.param("smime-type").unwrap_or("").to_ascii_lowercase();
    if kind.starts_with("signed") || kind.starts_with("certs") || kind.starts_with("compressed") {
        return Some(None);
    }
    if kind.is_empty() {
        // The content type OID stands in the first bytes: 1.2.840.113549.1.7.2 is signed data.
        let head = decode::transfer(bytes.get(..128).unwrap_or(bytes), part.transfer);
        if memmem::find(&head, b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02").is_some() {
            return Some(None);
        }
    }
    Some(Some(Unreadable::SmimeEncrypted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_pgp() {
        let signed = "Hi\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -- dash\ntext\n\
                      -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\nfooter\n";
        assert_eq!(inline(signed), Armour::Signed("Hi\n-- dash\ntext\nfooter\n".into()));
        assert_eq!(inline("x\n-----BEGIN PGP MESSAGE-----\n\nabc\n"), Armour::Encrypted);
        assert_eq!(inline("> -----BEGIN PGP MESSAGE-----\n"), Armour::None);
        assert_eq!(inline("the -----BEGIN PGP MESSAGE----- marker"), Armour::None);
        assert_eq!(inline("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), Armour::None);
    }
}
