//! The configuration as bytes: the same values, the same digest.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::schema::Config;

/// SHA-256, in hex, over the configuration as JSON with sorted keys and no blanks. Part of a plan's digest
/// (design §2), so that an approval lapses when the configuration changes.
#[must_use]
pub fn digest(config: &Config) -> String {
    let mut text = String::new();
    // A configuration always has a JSON form: its maps have text keys, and its one fraction is finite.
    canonical(&serde_json::to_value(config).unwrap_or_default(), &mut text);
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Keys are sorted here, whatever map the JSON library was built with.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(map.get(key).unwrap_or(&Value::Null), out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
