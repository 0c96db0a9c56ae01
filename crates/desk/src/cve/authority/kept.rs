//! What a service keeps of a record is not what was sent: JSON goes through the numbers of another language.

use serde_json::{Number, Value};

/// Whole numbers up to this are exact as a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A record as a service that keeps numbers as doubles gives it back: a score of `9.0` is `9`. Without this, what was
/// written would never read as it was sent.
#[must_use]
pub fn as_kept(mut v: Value) -> Value {
    level(&mut v);
    v
}

fn level(v: &mut Value) {
    match v {
        Value::Number(n) if n.is_f64() => {
            let whole = n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < EXACT);
            if let Some(f) = whole {
                #[allow(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
                let i = f as i64;
                *n = Number::from(i);
            }
        }
        Value::Array(a) => a.iter_mut().for_each(level),
        Value::Object(o) => o.values_mut().for_each(level),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_have_one_form_and_others_stay() {
        let sent = json!({"a": [9.0, {"b": -0.0}], "c": 9.8, "d": 7, "e": "9.0", "f": 1e300, "g": u64::MAX});
        let kept = json!({"a": [9, {"b": 0}], "c": 9.8, "d": 7, "e": "9.0", "f": 1e300, "g": u64::MAX});
        assert_eq!(as_kept(sent), kept);
        assert_eq!(as_kept(kept.clone()), kept);
        assert_ne!(json!(9.0), json!(9), "or none of this is needed");
    }
}
