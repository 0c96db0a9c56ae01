//! Text as part of a web address (RFC 3986 §2.1).

/// Percent-encoded, but for letters, digits, `-._~` and the bytes of `also`.
#[must_use]
pub fn encoded(text: &str, also: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) || also.contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_named_stands_for_itself() {
        for (text, also, want) in [
            ("aZ9-._~", "", "aZ9-._~"),
            ("a b/c?d=é", "", "a%20b%2Fc%3Fd%3D%C3%A9"),
            ("a b/c@d", "/@", "a%20b/c@d"),
            ("%41", "", "%2541"),
            ("", "", ""),
        ] {
            assert_eq!(encoded(text, also.as_bytes()), want, "{text}");
        }
    }
}
