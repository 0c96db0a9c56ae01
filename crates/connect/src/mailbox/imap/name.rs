//! Folder names on the wire: RFC 3501 §5.1.3 writes what is not ASCII in a form of UTF-7 of its own.

use base64::{
    Engine,
    alphabet::IMAP_MUTF7,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// A name as the server wants it.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut odd: Vec<u8> = Vec::new();
    let flush = |odd: &mut Vec<u8>, out: &mut String| {
        if !odd.is_empty() {
            out.push('&');
            BASE64.encode_string(&odd, out);
            out.push('-');
            odd.clear();
        }
    };
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut odd, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            odd.extend(c.encode_utf16(&mut units).iter().flat_map(|u| u.to_be_bytes()));
        }
    }
    flush(&mut odd, &mut out);
    out
}

/// A name for people. One that is not in that form is shown as it is.
pub(super) fn decode(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((odd, next)) = after.split_once('-') else {
            rest = &rest[before.len()..];
            break;
        };
        rest = next;
        if odd.is_empty() {
            out.push('&');
            continue;
        }
        let units = BASE64.decode(odd).ok().filter(|b| b.len() % 2 == 0).map(|bytes| {
            let units = bytes.chunks_exact(2).map(|u| u16::from_be_bytes([u[0], u[1]]));
            char::decode_utf16(units).collect::<Result<String, _>>()
        });
        match units {
            Some(Ok(s)) => out.push_str(&s),
            _ => {
                out.push('&');
                out.push_str(odd);
                out.push('-');
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_as_the_standard_writes_them() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("R&D", "R&-D"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("🔒", "&2D3dEg-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire.as_bytes()), name);
        }
        for odd in ["a&b", "&!!-", "&AA-", "&2D0-"] {
            assert_eq!(decode(odd.as_bytes()), odd);
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in ".{0,20}") {
            prop_assert_eq!(decode(encode(&name).as_bytes()), name);
        }

        #[test]
        fn no_name_breaks_the_reader(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&raw);
        }
    }
}
