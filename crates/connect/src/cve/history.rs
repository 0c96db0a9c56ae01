//! What was saved between two readings of a record, from the tool's own history: one entry for each save, with the version
//! it made and a JSON Patch (RFC 6902) from the body before it.

use std::collections::BTreeMap;

use serde_json::Value;

/// The body that stood there right before `ours` was saved, replayed from `before` at version `from` to version `to`.
///
/// # Errors
/// When the history does not lead from there to `after`, or `ours` is not on the way.
pub(super) fn overwritten(
    log: &Value,
    (before, from): (&Value, u64),
    ours: &Value,
    (after, to): (&Value, u64),
) -> Result<Value, String> {
    let entries = log.as_array().ok_or("the history is no list")?;
    let mut patches: BTreeMap<u64, &Value> = BTreeMap::new();
    for e in entries {
        let version = e.get("__v").and_then(Value::as_u64);
        if let (Some(v), Some(patch)) = (version, e.pointer("/body/patch"))
            && (from + 1..=to).contains(&v)
            && patches.insert(v, patch).is_some()
        {
            return Err(format!("the history has version {v} twice"));
        }
    }
    let mut now = before.clone();
    let mut under = None;
    // The saves are few, and a version without an entry is a save that changed nothing.
    for (version, patch) in patches {
        let next = apply(now.clone(), patch).map_err(|why| format!("version {version}: {why}"))?;
        if under.is_none() && next == *ours {
            under = Some(now);
        }
        now = next;
    }
    if now != *after {
        return Err("the history does not lead to what stands there".into());
    }
    under.ok_or_else(|| "what was saved here is not in the history".into())
}

/// A body with a patch applied. Only what the comparison of two bodies writes is taken: add, remove, replace.
fn apply(mut body: Value, patch: &Value) -> Result<Value, String> {
    for op in patch.as_array().ok_or("the patch is no list")? {
        let word = |k: &str| op.get(k).and_then(Value::as_str).ok_or_else(|| format!("a step without `{k}`"));
        let (what, path) = (word("op")?, word("path")?);
        let value = || op.get("value").cloned().ok_or("a step without `value`");
        if path.is_empty() {
            body = match what {
                "add" | "replace" => value()?,
                _ => return Err(format!("`{what}` of the whole")),
            };
            continue;
        }
        let (parent, key) = path.rsplit_once('/').ok_or_else(|| format!("`{path}` is no place"))?;
        let key = key.replace("~1", "/").replace("~0", "~");
        let nowhere = || format!("there is no `{path}`");
        match body.pointer_mut(parent).ok_or_else(nowhere)? {
            Value::Object(o) => match what {
                "add" => drop(o.insert(key, value()?)),
                "replace" => *o.get_mut(&key).ok_or_else(nowhere)? = value()?,
                "remove" => drop(o.remove(&key).ok_or_else(nowhere)?),
                _ => return Err(format!("`{what}` is not understood")),
            },
            Value::Array(a) => {
                let at = if key == "-" { Some(a.len()) } else { key.parse::<usize>().ok() };
                let at = at.ok_or_else(nowhere)?;
                match what {
                    "add" if at <= a.len() => a.insert(at, value()?),
                    "replace" => *a.get_mut(at).ok_or_else(nowhere)? = value()?,
                    "remove" if at < a.len() => drop(a.remove(at)),
                    "add" | "remove" => return Err(nowhere()),
                    _ => return Err(format!("`{what}` is not understood")),
                }
            }
            _ => return Err(nowhere()),
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(v: u64, patch: Value) -> Value {
        json!({"__v": v, "author": "x", "updatedAt": "2026-11-01T00:00:00Z", "body": {"old_version": v - 1, "patch": patch}})
    }

    #[test]
    fn what_was_saved_over_is_found() {
        let before = json!({"a": [1, 2], "b": {"c": 1}});
        let theirs = json!([{"op": "add", "path": "/a/-", "value": 3}, {"op": "remove", "path": "/b/c"}]);
        let ours = json!([{"op": "replace", "path": "/a/0", "value": 9}, {"op": "remove", "path": "/a/2"},
            {"op": "add", "path": "/b/c", "value": 1}]);
        let (lost, saved) = (json!({"a": [1, 2, 3], "b": {}}), json!({"a": [9, 2], "b": {"c": 1}}));
        // The newest first, as the tool sorts them; versions before and after are not looked at.
        let log = json!([entry(8, ours), entry(7, theirs), entry(6, json!("x"))]);
        assert_eq!(overwritten(&log, (&before, 6), &saved, (&saved, 8)), Ok(lost));
        // A save that changed nothing has no entry.
        let log = json!([entry(8, json!([{"op": "replace", "path": "/a", "value": []}]))]);
        let saved = json!({"a": [], "b": {"c": 1}});
        assert_eq!(overwritten(&log, (&before, 6), &saved, (&saved, 8)), Ok(before));
    }

    #[test]
    fn a_history_that_does_not_fit_is_none() {
        let before = json!({"a": 1});
        let saved = json!({"a": 2});
        let set = |v: u64, to: u64| entry(v, json!([{"op": "replace", "path": "/a", "value": to}]));
        for log in [
            json!({"message": "No parent document"}),
            json!([]),
            json!([set(7, 3)]),
            json!([set(7, 2), set(7, 2)]),
            json!([set(7, 2), set(8, 3)]),
            json!([entry(7, json!([{"op": "move", "path": "/a", "from": "/b"}]))]),
            json!([entry(7, json!([{"op": "replace", "path": "/x/y", "value": 1}]))]),
            json!([entry(7, json!([{"op": "remove", "path": "a"}]))]),
            json!([entry(7, json!(7))]),
        ] {
            assert!(overwritten(&log, (&before, 6), &saved, (&saved, 8)).is_err(), "{log}");
        }
    }
}
