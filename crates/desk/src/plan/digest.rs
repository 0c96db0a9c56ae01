//! Canonical bytes and their digest.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or_default();
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        out.push(digit(b >> 4));
        out.push(digit(b & 15));
    }
    out
}

/// SHA-256 of bytes, as hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of the canonical JSON of a value: keys sorted at every level, no white space.
#[must_use]
pub fn of<T: Serialize>(value: &T) -> String {
    sha256(canonical(value).as_bytes())
}

/// SHA-256 of a value as it serialises: for names made and compared by one version of the program, where sorting the
/// keys again would buy nothing. The maps of our types are sorted, so that the same value gives the same bytes.
#[must_use]
pub fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_vec(value) {
        Ok(bytes) => sha256(&bytes),
        Err(e) => sha256(format!("unserialisable: {e}").as_bytes()),
    }
}

/// Canonical JSON. `serde_json::Value` keeps its maps sorted, so a round through it sorts every level.
#[must_use]
pub fn canonical<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(v) => v.to_string(),
        // Our types have string keys and finite numbers only; an error here would be a bug, and a digest of the
        // error text never matches an approval, so nothing could be applied.
        Err(e) => format!("unserialisable: {e}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn key_order_does_not_matter() {
        let a = serde_json::json!({"b": 1, "a": {"y": 2, "x": 3}});
        let b: BTreeMap<&str, serde_json::Value> =
            [("a", serde_json::json!({"x": 3, "y": 2})), ("b", serde_json::json!(1))].into();
        assert_eq!(canonical(&a), r#"{"a":{"x":3,"y":2},"b":1}"#);
        assert_eq!(of(&a), of(&b));
    }

    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }
}
