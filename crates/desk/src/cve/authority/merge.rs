//! A record that both the tracker and people at the authority edit (CVE page §15, hard case 1; sync page §9): a merge of
//! three, over what was pushed last. What the tracker did not make is never touched; what both changed is a conflict.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::as_kept;

/// A place that both sides changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Where, as a path.
    pub at: String,
    /// What the tracker says; null when it says nothing.
    pub ours: Value,
    /// What stands at the authority; null when nothing does.
    pub theirs: Value,
}

/// Whose word counts where both changed something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefer {
    /// Nobody's: it is a conflict, and theirs stays.
    #[default]
    Neither,
    /// The tracker's, also where it says nothing. Links stay all the same.
    Ours,
}

/// The merged record, and what was decided on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merge {
    /// The record.
    pub record: Value,
    /// Both changed these.
    pub conflicts: Vec<Conflict>,
    /// Others changed these since the last push, and the tracker did not: theirs stands.
    pub kept: Vec<String>,
    /// Before the first push these stood there with another value, and ours replaces it.
    pub replaced: Vec<String>,
}

/// Merge what the tracker makes now (`ours`) into what stands at the authority (`theirs`). `base` is what the tracker made
/// when it was pushed last; without one, keys of the tracker win and all others stay. `theirs` is as [`as_kept`] has it.
#[must_use]
pub fn merge(base: Option<&Value>, ours: &Value, theirs: &Value, prefer: Prefer) -> Merge {
    let ours = yield_to(ours, theirs);
    let base = base.map(|b| yield_to(b, theirs));
    let mut m = Merger { first: base.is_none(), prefer, out: Merge::default() };
    let record = m.value("", base.as_ref(), Some(&ours), Some(theirs));
    Merge { record: record.unwrap_or(Value::Null), ..m.out }
}

/// Keys that are the tracker's only until somebody else has written them: people's notes, and what the server counts.
const THEIRS_ONCE_THERE: [&str; 8] = [
    "/CNA_private/state",
    "/CNA_private/todo",
    "/CNA_private/type",
    "/CNA_private/emailed",
    "/cveMetadata/serial",
    "/cveMetadata/state",
    "/dataVersion",
    "/containers/cna/providerMetadata",
];

/// Keys of the team that the configuration may leave empty: nothing is no reason to take away what somebody filled in. Whose
/// a record is decides who may see it.
const THEIRS_UNLESS_SAID: [&str; 3] =
    ["/CNA_private/owner", "/CNA_private/projecturl", "/CNA_private/userslist"];

/// The record with those keys as the authority has them.
fn yield_to(ours: &Value, theirs: &Value) -> Value {
    let mut ours = as_kept(ours.clone());
    let silent = |at: &&str| match ours.pointer(at) {
        Some(Value::String(s)) => s.is_empty(),
        other => other.is_none_or(Value::is_null),
    };
    let unsaid: Vec<&str> = THEIRS_UNLESS_SAID.into_iter().filter(silent).collect();
    for at in THEIRS_ONCE_THERE.into_iter().chain(unsaid) {
        let Some((parent, key)) = at.rsplit_once('/') else { continue };
        if let Some(there) = theirs.pointer(at)
            && let Some(Value::Object(o)) = ours.pointer_mut(parent)
        {
            o.insert(key.to_owned(), there.clone());
        }
    }
    ours
}

/// The list of links.
const LINKS: &str = "/containers/cna/references";

/// Characters of an element's key that stand in a path.
const KEY: usize = 200;

struct Merger {
    first: bool,
    prefer: Prefer,
    out: Merge,
}

impl Merger {
    fn value(
        &mut self,
        at: &str,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
    ) -> Option<Value> {
        if ours == theirs {
            return ours.cloned();
        }
        match (ours, theirs) {
            (Some(Value::Object(o)), Some(Value::Object(t))) => {
                return Some(self.object(at, base.and_then(Value::as_object), o, t));
            }
            (Some(Value::Array(o)), Some(Value::Array(t))) => {
                return Some(self.array(at, base.and_then(Value::as_array).map(Vec::as_slice), o, t));
            }
            _ => {}
        }
        if self.first {
            return match (ours, theirs) {
                (Some(o), Some(_)) => {
                    self.out.replaced.push(at.to_owned());
                    Some(o.clone())
                }
                (o, t) => o.or(t).cloned(),
            };
        }
        if base == ours {
            // What we never made is theirs without a word; what we made and they changed is worth one.
            if base.is_some() {
                self.out.kept.push(at.to_owned());
            }
            return theirs.cloned();
        }
        if base == theirs {
            return ours.cloned();
        }
        if self.prefer == Prefer::Ours {
            return ours.cloned();
        }
        self.out.conflicts.push(Conflict {
            at: at.to_owned(),
            ours: ours.cloned().unwrap_or_default(),
            theirs: theirs.cloned().unwrap_or_default(),
        });
        theirs.cloned()
    }

    fn object(
        &mut self,
        at: &str,
        base: Option<&Map<String, Value>>,
        ours: &Map<String, Value>,
        theirs: &Map<String, Value>,
    ) -> Value {
        let keys: BTreeSet<&String> =
            base.into_iter().flat_map(Map::keys).chain(ours.keys()).chain(theirs.keys()).collect();
        let mut out = Map::new();
        for k in keys {
            let at = format!("{at}/{}", k.replace('~', "~0").replace('/', "~1"));
            if let Some(v) = self.value(&at, base.and_then(|b| b.get(k)), ours.get(k), theirs.get(k)) {
                out.insert(k.clone(), v);
            }
        }
        Value::Object(out)
    }

    /// A list is merged as the set it is: by the url of a link, the name of a credit, the package of an entry.
    fn array(&mut self, at: &str, base: Option<&[Value]>, ours: &[Value], theirs: &[Value]) -> Value {
        let list = at.rsplit('/').next().unwrap_or_default();
        let (b, o, t) = (keyed(list, base.unwrap_or_default()), keyed(list, ours), keyed(list, theirs));
        let order = order(base.map(|_| &b), &o, &t);
        let (b, o, t) = (index(&b), index(&o), index(&t));
        let links = at == LINKS;
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        // Elements that only the base has are gone on both sides.
        for key in order {
            if !seen.insert(key) {
                continue;
            }
            // An element known by its whole text would make a path nobody can read.
            let at = format!("{at}/[{}]", key.chars().take(KEY).collect::<String>());
            let (b, o, t) = (b.get(key).copied(), o.get(key).copied(), t.get(key).copied());
            // A link that stands there once stays, whoever brought it; others may rely on it (sync page §9).
            if let (true, None, Some(t)) = (links, o, t) {
                if b.is_some() {
                    self.out.kept.push(at);
                }
                out.push(t.clone());
                continue;
            }
            if let Some(v) = self.value(&at, b, o, t) {
                out.push(v);
            }
        }
        Value::Array(out)
    }
}

type Keyed<'a> = Vec<(String, &'a Value)>;

/// The order of the elements: theirs, and what is new of ours behind it, so that nothing moves without need; ours, where we
/// put things into another order since the last push and they did not, and the first time.
fn order<'a>(base: Option<&Keyed<'_>>, ours: &'a Keyed<'_>, theirs: &'a Keyed<'_>) -> Vec<&'a str> {
    let keys = |k: &'a Keyed<'_>| k.iter().map(|(k, _)| k.as_str()).collect::<Vec<&str>>();
    let (o, t) = (keys(ours), keys(theirs));
    let moved = |now: &[&str]| {
        base.is_some_and(|b| {
            let here: BTreeSet<&str> = now.iter().copied().collect();
            let was: Vec<&str> = b.iter().map(|(k, _)| k.as_str()).filter(|k| here.contains(k)).collect();
            let known: BTreeSet<&str> = was.iter().copied().collect();
            was != now.iter().copied().filter(|k| known.contains(k)).collect::<Vec<_>>()
        })
    };
    if base.is_none() || moved(&o) && !moved(&t) {
        o.into_iter().chain(t).collect()
    } else {
        t.into_iter().chain(o).collect()
    }
}

fn index<'a>(k: &'a Keyed<'a>) -> BTreeMap<&'a str, &'a Value> {
    k.iter().map(|(k, v)| (k.as_str(), *v)).collect()
}

/// What an element is known by. Equal ones are counted, so that none is lost.
fn keyed<'a>(list: &str, all: &'a [Value]) -> Keyed<'a> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    all.iter()
        .map(|v| {
            let key = identity(list, v);
            let n = seen.entry(key.clone()).or_default();
            *n += 1;
            (if *n == 1 { key } else { format!("{key}#{n}") }, v)
        })
        .collect()
}

fn identity(list: &str, v: &Value) -> String {
    let words = |keys: &[&str]| -> Option<String> {
        let all: Vec<&str> =
            keys.iter().map(|k| v.get(k).and_then(Value::as_str).unwrap_or_default()).collect();
        all.iter().any(|w| !w.is_empty()).then(|| all.join(" "))
    };
    let known = match list {
        "references" => words(&["url"]),
        "credits" => words(&["value"]),
        "descriptions" if v.get("cweId").is_some() => words(&["cweId", "lang"]),
        "descriptions" | "rejectedReasons" => words(&["lang"]),
        "supportingMedia" => words(&["type"]),
        "affected" => words(&["collectionURL", "packageName", "vendor", "product"]),
        "versions" => words(&["version", "status"]),
        "problemTypes" => v
            .pointer("/descriptions/0")
            .and_then(|d| d.get("cweId").or_else(|| d.get("description")))
            .and_then(Value::as_str)
            .map(str::to_owned),
        "metrics" => {
            let form = v.as_object().and_then(|o| {
                o.keys().find(|k| !matches!(k.as_str(), "format" | "scenarios")).map(String::as_str)
            });
            form.map(|f| {
                let kind = v.pointer(&format!("/{f}/type")).and_then(Value::as_str).unwrap_or_default();
                format!("{f} {kind}")
            })
        }
        "timeline" => words(&["time", "value"]),
        _ => None,
    };
    known.unwrap_or_else(|| v.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn links(urls: &[&str]) -> Value {
        let all: Vec<Value> = urls.iter().map(|u| json!({"url": u})).collect();
        json!({"containers": {"cna": {"references": all}}})
    }

    #[test]
    fn each_side_keeps_what_it_alone_changed() {
        let base = json!({"a": 1, "b": 1, "c": 1, "d": 1});
        let ours = json!({"a": 2, "b": 1, "c": 1, "e": 5});
        let theirs = json!({"a": 1, "b": 3, "d": 1, "x_note": "keep"});
        let m = merge(Some(&base), &ours, &theirs, Prefer::Neither);
        assert_eq!(m.record, json!({"a": 2, "b": 3, "e": 5, "x_note": "keep"}));
        assert_eq!(m.kept, ["/b", "/c"]);
        assert!(m.conflicts.is_empty());
    }

    #[test]
    fn what_both_changed_is_a_conflict_and_theirs_stays() {
        let (base, ours, theirs) = (json!({"t": "x"}), json!({"t": "o"}), json!({"t": "t"}));
        let m = merge(Some(&base), &ours, &theirs, Prefer::Neither);
        assert_eq!(m.record, theirs);
        assert_eq!(m.conflicts, [Conflict { at: "/t".into(), ours: json!("o"), theirs: json!("t") }]);
        let m = merge(Some(&base), &ours, &theirs, Prefer::Ours);
        assert_eq!((m.record, m.conflicts.len()), (ours.clone(), 0));
        let agreed = merge(Some(&base), &ours, &ours, Prefer::Neither);
        assert_eq!((agreed.record, agreed.conflicts.len()), (ours, 0));
    }

    #[test]
    fn before_the_first_push_ours_fills_and_theirs_stays_beside_it() {
        let ours = json!({"containers": {"cna": {"title": "Ours", "credits": [{"value": "Ann"}]}},
            "CNA_private": {"owner": "server", "state": "REVIEW", "todo": [], "type": "unsure"}});
        let theirs = json!({"containers": {"cna": {"title": "Theirs", "credits": [{"value": "Bo"}], "x_y": 1}},
            "CNA_private": {"state": "READY", "todo": ["call Ann"], "type": "RCE"}, "comments": [1]});
        let m = merge(None, &ours, &theirs, Prefer::Neither);
        assert_eq!(
            m.record,
            json!({"containers": {"cna": {"title": "Ours", "credits": [{"value": "Ann"}, {"value": "Bo"}], "x_y": 1}},
                "CNA_private": {"owner": "server", "state": "READY", "todo": ["call Ann"], "type": "RCE"},
                "comments": [1]})
        );
        assert_eq!(m.replaced, ["/containers/cna/title"]);
    }

    #[test]
    fn whose_a_record_is_stays_unless_the_configuration_says_otherwise() {
        let private = |owner: &str| json!({"CNA_private": {"owner": owner, "userslist": ""}});
        let theirs = json!({"CNA_private": {"owner": "server", "userslist": "users@server.example"}});
        let m = merge(None, &private(""), &theirs, Prefer::Neither);
        assert_eq!((m.record, m.replaced.len()), (theirs.clone(), 0));
        let m = merge(None, &private("other"), &theirs, Prefer::Neither);
        assert_eq!(m.record["CNA_private"], json!({"owner": "other", "userslist": "users@server.example"}));
        // Once said and then left out is left to them as well.
        let m = merge(Some(&private("server")), &private(""), &theirs, Prefer::Neither);
        assert_eq!((m.record, m.conflicts.len()), (theirs, 0));
    }

    #[test]
    fn links_are_a_union_and_none_is_taken_away() {
        let m =
            merge(Some(&links(&["a", "b"])), &links(&["c", "a"]), &links(&["a", "b", "t"]), Prefer::Neither);
        assert_eq!(m.record, links(&["a", "b", "t", "c"]));
        assert_eq!(m.kept, ["/containers/cna/references/[b]"]);
        // Whatever the address looks like, and whoever changed its tags meanwhile.
        let odd = format!("https://[::1]/{}", "x".repeat(300));
        let mut theirs = links(&["a", &odd]);
        let m = merge(Some(&theirs.clone()), &links(&["a"]), &theirs, Prefer::Ours);
        assert_eq!(m.record, theirs);
        theirs["containers"]["cna"]["references"][1]["tags"] = json!(["related"]);
        let m = merge(Some(&links(&["a", &odd])), &links(&["a"]), &theirs, Prefer::Neither);
        assert_eq!((m.record, m.conflicts.len()), (theirs, 0));
    }

    #[test]
    fn the_trackers_word_counts_where_it_is_preferred_also_when_it_is_nothing() {
        let (base, theirs) = (json!({"t": "x", "u": "x"}), json!({"t": "t", "u": "x", "x_y": 1}));
        let m = merge(Some(&base), &json!({"u": "x"}), &theirs, Prefer::Ours);
        assert_eq!(m.record, json!({"u": "x", "x_y": 1}), "and what is not the tracker's stays");
    }

    #[test]
    fn a_score_that_is_whole_is_no_change() {
        let score = |n: Value| json!({"metrics": [{"cvssV3_1": {"baseScore": n, "vectorString": "v"}}]});
        for base in [None, Some(score(json!(9.0)))] {
            let m = merge(base.as_ref(), &score(json!(9.0)), &score(json!(9)), Prefer::Neither);
            assert_eq!(m.record, score(json!(9)));
            assert!(m.conflicts.is_empty() && m.replaced.is_empty() && m.kept.is_empty(), "{m:?}");
        }
    }

    #[test]
    fn their_order_stays_when_they_made_it() {
        let one = |o: &[&str]| json!({"credits": o.iter().map(|v| json!({"value": v})).collect::<Vec<_>>()});
        let m = merge(
            Some(&one(&["a", "b", "c"])),
            &one(&["a", "b", "c", "d"]),
            &one(&["c", "a", "b"]),
            Prefer::Neither,
        );
        assert_eq!(m.record, one(&["c", "a", "b", "d"]));
        let m = merge(Some(&one(&["a", "b"])), &one(&["b", "a"]), &one(&["a", "b"]), Prefer::Neither);
        assert_eq!(m.record, one(&["b", "a"]));
    }

    #[test]
    fn a_range_changed_on_both_sides_is_no_second_range() {
        let one = |to: &str| json!({"affected": [{"product": "S", "versions": [{"version": "0", "status": "affected", "lessThan": to}]}]});
        let m = merge(Some(&one("1")), &one("2"), &one("3"), Prefer::Neither);
        assert_eq!(m.record, one("3"));
        assert_eq!(m.conflicts.len(), 1);
        assert!(m.conflicts[0].at.ends_with("/lessThan"), "{}", m.conflicts[0].at);
    }

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![Just(json!("x")), Just(json!("y")), Just(json!(1)), Just(Value::Null), Just(json!(""))]
    }

    /// Records as they might be: few keys, so that the sides meet.
    fn record() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("title"),
            Just("references"),
            Just("credits"),
            Just("versions"),
            Just("x_a"),
            Just("CNA_private"),
            Just("state"),
            Just("list"),
            Just("url"),
            Just("value"),
            Just("containers"),
            Just("cna"),
        ];
        scalar().prop_recursive(5, 48, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                proptest::collection::btree_map(key.clone(), inner, 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
            ]
        })
    }

    /// Every key of `theirs` that neither we nor the last push have is in the result, with its value.
    fn foreign_stays(
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: &Value,
        out: Option<&Value>,
    ) -> bool {
        let (Value::Object(t), Some(Value::Object(o))) = (theirs, ours) else { return true };
        let Some(Value::Object(r)) = out else { return false };
        t.iter().all(|(k, v)| {
            let b = base.and_then(|b| b.get(k));
            match (b, o.get(k)) {
                (None, None) => r.get(k) == Some(v),
                (b, Some(o)) if o.is_object() && v.is_object() => foreign_stays(b, Some(o), v, r.get(k)),
                _ => true,
            }
        })
    }

    proptest! {
        #[test]
        fn a_key_that_is_not_ours_is_never_lost(
            base in proptest::option::of(record()), ours in record(), theirs in record(),
        ) {
            let m = merge(base.as_ref(), &ours, &theirs, Prefer::Neither);
            prop_assert!(foreign_stays(base.as_ref(), Some(&ours), &theirs, Some(&m.record)), "{}", m.record);
        }

        #[test]
        fn pushing_the_same_again_changes_nothing(
            base in proptest::option::of(record()), ours in record(), theirs in record(),
        ) {
            let m = merge(base.as_ref(), &ours, &theirs, Prefer::Neither);
            // Afterwards what we made is the base.
            let again = merge(Some(&ours), &ours, &m.record, Prefer::Neither);
            prop_assert_eq!(&again.record, &m.record);
            prop_assert!(again.conflicts.is_empty());
        }

        #[test]
        fn nothing_to_bring_changes_nothing(ours in record(), theirs in record()) {
            prop_assert_eq!(merge(Some(&ours), &ours, &theirs, Prefer::Neither).record, theirs);
        }

        #[test]
        fn what_nobody_else_touched_is_as_we_make_it(base in record(), ours in record()) {
            let m = merge(Some(&base), &ours, &base, Prefer::Neither);
            prop_assert!(m.conflicts.is_empty());
        }
    }
}
