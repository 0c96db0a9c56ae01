//! What is looked at before a record is written anywhere (CVE page §11, guards; §16.5).

use std::collections::BTreeSet;

use serde_json::Value;

/// A guard that said no, in words.
pub type Guard = Result<(), String>;

/// The id a record names.
fn named(record: &Value) -> Option<&str> {
    record.pointer("/cveMetadata/cveId").and_then(Value::as_str)
}

/// The record names this id and no other: a save of another one renames a record.
///
/// # Errors
/// Which id it names.
pub fn same_id(record: &Value, cve: &str) -> Guard {
    match named(record) {
        Some(id) if id == cve => Ok(()),
        Some(id) => Err(format!("the record is that of {id}, not of {cve}")),
        None => Err(format!("the record names no id, and should name {cve}")),
    }
}

/// A public record names its advisory. There is no way round this one.
///
/// # Errors
/// When it does not.
pub fn advisory_there(record: &Value) -> Guard {
    let all = record.pointer("/containers/cna/references").and_then(Value::as_array);
    let is = |r: &Value| {
        let tags = r.get("tags").and_then(Value::as_array);
        tags.is_some_and(|t| t.iter().any(|t| t == "vendor-advisory"))
    };
    if all.is_some_and(|a| a.iter().any(is)) {
        Ok(())
    } else {
        Err("the record names no advisory (`vendor-advisory`), and a public one must".into())
    }
}

/// The packages and products of a record.
#[must_use]
pub fn packages(record: &Value) -> BTreeSet<(String, String)> {
    let word = |a: &Value, k: &str| a.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = record.pointer("/containers/cna/affected").and_then(Value::as_array);
    all.into_iter().flatten().map(|a| (word(a, "packageName"), word(a, "product"))).collect()
}

/// Packages and products stay what they are once a record has any.
///
/// # Errors
/// What would come and go.
pub fn packages_changed(theirs: &Value, after: &Value) -> Guard {
    let (was, is) = (packages(theirs), packages(after));
    if was.is_empty() || was == is {
        return Ok(());
    }
    let words = |set: Vec<&(String, String)>| {
        let one = |(package, product): &&(String, String)| format!("{product} ({package})");
        set.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let gone: Vec<_> = was.difference(&is).collect();
    let new: Vec<_> = is.difference(&was).collect();
    let part = |word: &str, set: Vec<&(String, String)>| {
        if set.is_empty() { String::new() } else { format!("{word} {}", words(set)) }
    };
    let parts: Vec<String> =
        [part("without", gone), part("with", new)].into_iter().filter(|p| !p.is_empty()).collect();
    Err(format!("the packages of the record would change: {}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn affected(all: &[(&str, &str)]) -> Value {
        let rows: Vec<Value> = all.iter().map(|(p, n)| json!({"packageName": p, "product": n})).collect();
        json!({"containers": {"cna": {"affected": rows}}})
    }

    #[test]
    fn an_id_is_never_changed() {
        let r = json!({"cveMetadata": {"cveId": "CVE-2026-12345"}});
        assert!(same_id(&r, "CVE-2026-12345").is_ok());
        assert!(same_id(&r, "CVE-2026-1234").unwrap_err().contains("CVE-2026-12345"));
        assert!(same_id(&json!({}), "CVE-2026-1234").is_err());
    }

    #[test]
    fn a_public_record_names_its_advisory() {
        let with = |tags: Value| json!({"containers": {"cna": {"references": [{"url": "x", "tags": tags}]}}});
        assert!(advisory_there(&with(json!(["vendor-advisory"]))).is_ok());
        for r in [with(json!(["patch"])), with(json!("vendor-advisory")), json!({}), json!([])] {
            assert!(advisory_there(&r).is_err(), "{r}");
        }
    }

    #[test]
    fn packages_change_on_the_first_time_only() {
        let none = json!({"containers": {"cna": {}}});
        let (a, b) = (affected(&[("pkg-a", "A")]), affected(&[("pkg-a", "A"), ("pkg-b", "B")]));
        assert!(packages_changed(&none, &a).is_ok());
        assert!(packages_changed(&a, &a).is_ok());
        assert_eq!(
            packages_changed(&a, &b).unwrap_err(),
            "the packages of the record would change: with B (pkg-b)"
        );
        assert!(packages_changed(&b, &a).unwrap_err().contains("without B (pkg-b)"));
        assert!(packages_changed(&a, &none).unwrap_err().contains("without A"));
    }
}
