//! A JSON value that borrows its text, keeps the order of keys, and remembers keys that stood twice.

use std::{borrow::Cow, fmt, fmt::Write as _};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Num),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Num {
    /// Written without fraction or exponent.
    Whole(i64),
    /// The same, beyond what `Whole` holds.
    Large(u64),
    /// Any other.
    Real(f64),
}

impl Num {
    /// As a floating-point number.
    #[must_use]
    pub fn real(self) -> f64 {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "JSON numbers are compared as the validators do")]
            Num::Whole(n) => n as f64,
            #[allow(clippy::cast_precision_loss, reason = "as above")]
            Num::Large(n) => n as f64,
            Num::Real(r) => r,
        }
    }

    /// Has it no fraction? `1.0` has none.
    #[must_use]
    pub fn is_whole(self) -> bool {
        match self {
            Num::Whole(_) | Num::Large(_) => true,
            Num::Real(r) => r.is_finite() && r.fract() == 0.0,
        }
    }
}

/// An object: its keys in the order of the text, the last of those that stand twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a> {
    entries: Vec<(Cow<'a, str>, Node<'a>)>,
    /// Almost always absent, and small when it is.
    twice: Option<Box<Twice>>,
}

/// Keys that stood more than once.
#[derive(Clone, Debug, PartialEq)]
struct Twice(Vec<String>);

impl<'a> Object<'a> {
    fn new(mut entries: Vec<(Cow<'a, str>, Node<'a>)>) -> Self {
        let mut twice = Vec::new();
        if has_repeats(&entries) {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            order.sort_by(|a, b| key_at(&entries, *a).cmp(key_at(&entries, *b)).then(a.cmp(b)));
            let mut keep = vec![true; entries.len()];
            for pair in order.windows(2) {
                if let [a, b] = *pair
                    && key_at(&entries, a) == key_at(&entries, b)
                    && let Some(k) = keep.get_mut(a)
                {
                    *k = false;
                    if twice.last().map(String::as_str) != Some(key_at(&entries, a)) {
                        twice.push(key_at(&entries, a).to_owned());
                    }
                }
            }
            let mut kept = keep.into_iter();
            entries.retain(|_| kept.next().unwrap_or(true));
        }
        Self { entries, twice: (!twice.is_empty()).then(|| Box::new(Twice(twice))) }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Is the key there?
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// How many keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No key at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys and values, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        self.entries.iter().map(|(k, v)| (k.as_ref(), v))
    }

    /// The keys that stood more than once.
    #[must_use]
    pub fn twice(&self) -> &[String] {
        self.twice.as_ref().map_or(&[], |t| t.0.as_slice())
    }
}

fn key_at<'e>(entries: &'e [(Cow<'_, str>, Node<'_>)], n: usize) -> &'e str {
    entries.get(n).map_or("", |(k, _)| k.as_ref())
}

/// Few keys are compared with each other, many are sorted.
fn has_repeats(entries: &[(Cow<'_, str>, Node<'_>)]) -> bool {
    if entries.len() <= 24 {
        return entries.iter().enumerate().any(|(n, (k, _))| entries.iter().take(n).any(|(o, _)| o == k));
    }
    let mut keys: Vec<&str> = entries.iter().map(|(k, _)| k.as_ref()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|w| matches!(w, [a, b] if a == b))
}

impl<'a> Node<'a> {
    /// Read a text.
    ///
    /// # Errors
    /// When it is no JSON, is not UTF-8, holds a number that fits no double, or nests deeper than 128 levels.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        match std::str::from_utf8(text) {
            Ok(text) => serde_json::from_str(text),
            // The same error, with its place.
            Err(_) => serde_json::from_slice(text),
        }
    }

    /// The string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The array's items.
    #[must_use]
    pub fn list(&self) -> Option<&[Node<'a>]> {
        match self {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> Option<&Object<'a>> {
        match self {
            Node::Object(o) => Some(o),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> Option<Num> {
        match self {
            Node::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// The value of a key, when this is an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.object()?.get(key)
    }

    /// The value at the end of several keys.
    #[must_use]
    pub fn walk(&self, keys: &[&str]) -> Option<&Node<'a>> {
        keys.iter().try_fold(self, |n, k| n.get(k))
    }

    /// The items of the list under a key; none when there is no list.
    pub fn items(&self, key: &str) -> impl Iterator<Item = (usize, &Node<'a>)> + use<'_, 'a> {
        self.get(key).and_then(Node::list).unwrap_or_default().iter().enumerate()
    }

    /// The kind of value, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Flag(_) => "true or false",
            Node::Number(_) => "a number",
            Node::Text(_) => "text",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }

    /// Does JSON Schema call the two equal? The order of keys does not count, and `1` is `1.0`.
    #[must_use]
    pub fn same(&self, other: &Node<'_>) -> bool {
        match (self, other) {
            (Node::Null, Node::Null) => true,
            (Node::Flag(a), Node::Flag(b)) => a == b,
            (Node::Number(Num::Whole(a)), Node::Number(Num::Whole(b))) => a == b,
            (Node::Number(Num::Large(a)), Node::Number(Num::Large(b))) => a == b,
            (Node::Number(Num::Whole(_)), Node::Number(Num::Large(_)))
            | (Node::Number(Num::Large(_)), Node::Number(Num::Whole(_))) => false,
            (Node::Number(a), Node::Number(b)) => a.real() == b.real(),
            (Node::Text(a), Node::Text(b)) => a == b,
            (Node::List(a), Node::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same(y)),
            (Node::Object(a), Node::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(k, x)| b.get(k).is_some_and(|y| x.same(y)))
            }
            _ => false,
        }
    }

    /// The value in one form for all that JSON Schema calls equal: keys sorted, `1` and `1.0` the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }

    fn write_canonical(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Node::Null => write!(out, "null"),
            Node::Flag(b) => write!(out, "{b}"),
            Node::Number(Num::Whole(n)) => write!(out, "{n}"),
            Node::Number(Num::Large(n)) => write!(out, "{n}"),
            Node::Number(Num::Real(r)) if r.fract() == 0.0 && r.abs() < 1e30 => {
                #[allow(clippy::cast_possible_truncation, reason = "whole and small enough, as just asked")]
                let whole = *r as i128;
                write!(out, "{whole}")
            }
            Node::Number(Num::Real(r)) => write!(out, "{r:e}"),
            Node::Text(t) => write!(out, "{t:?}"),
            Node::List(items) => {
                out.push('[');
                for i in items {
                    i.write_canonical(out);
                    out.push(',');
                }
                out.push(']');
                Ok(())
            }
            Node::Object(o) => {
                let mut entries: Vec<(&str, &Node<'_>)> = o.iter().collect();
                entries.sort_unstable_by_key(|(k, _)| *k);
                out.push('{');
                for (k, v) in entries {
                    let _ = write!(out, "{k:?}:");
                    v.write_canonical(out);
                    out.push(',');
                }
                out.push('}');
                Ok(())
            }
        };
    }
}

impl<'a> From<&'a serde_json::Value> for Node<'a> {
    fn from(value: &'a serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Node::Null,
            Value::Bool(b) => Node::Flag(*b),
            Value::Number(n) => Node::Number(match (n.as_i64(), n.as_u64(), n.as_f64()) {
                (Some(i), _, _) => Num::Whole(i),
                (_, Some(u), _) => Num::Large(u),
                (_, _, f) => Num::Real(f.unwrap_or(f64::NAN)),
            }),
            Value::String(s) => Node::Text(Cow::Borrowed(s)),
            Value::Array(items) => Node::List(items.iter().map(Node::from).collect()),
            Value::Object(map) => Node::Object(Object {
                entries: map.iter().map(|(k, v)| (Cow::Borrowed(k.as_str()), Node::from(v))).collect(),
                twice: None,
            }),
        }
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(v.to_owned())))
            }
        }
        d.deserialize_str(V)
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Node<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Node::Null)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
                Ok(Node::Flag(v))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
                Ok(Node::Number(i64::try_from(v).map_or(Num::Large(v), Num::Whole)))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
                Ok(Node::Number(Num::Whole(v)))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
                Ok(Node::Number(Num::Real(v)))
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Node::Text(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Node::Text(Cow::Owned(v.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(4);
                while let Some((Key(k), v)) = map.next_entry()? {
                    entries.push((k, v));
                }
                Ok(Node::Object(Object::new(entries)))
            }
        }
        d.deserialize_any(V)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_equal_keys_counts_and_both_are_remembered() {
        let n = Node::parse(br#"{"a":1,"b":2,"a":3,"a":4}"#).unwrap();
        let o = n.object().unwrap();
        assert_eq!(o.get("a"), Some(&Node::Number(Num::Whole(4))));
        assert_eq!(o.twice(), ["a"]);
        assert_eq!(o.len(), 2);
        let many: String = (0..40).map(|i| format!("\"k{}\":{i},", i % 39)).collect();
        let text = format!("{{{}}}", many.trim_end_matches(','));
        let n = Node::parse(text.as_bytes()).unwrap();
        assert_eq!(n.object().unwrap().twice(), ["k0"]);
    }

    #[test]
    fn equal_values_have_one_canonical_form() {
        let same = |a: &str, b: &str| {
            let parse = |t: &str| Node::parse(t.as_bytes()).unwrap().canonical();
            let nodes = (Node::parse(a.as_bytes()).unwrap(), Node::parse(b.as_bytes()).unwrap());
            assert_eq!(parse(a) == parse(b), nodes.0.same(&nodes.1), "{a} {b}");
            parse(a) == parse(b)
        };
        assert!(same(r#"{"a":1,"b":[1.0]}"#, r#"{"b":[1],"a":1e0}"#));
        assert!(same(r#""\u0041""#, r#""A""#));
        assert!(!same("true", "1"));
        assert!(!same(r#"["a,"]"#, r#"["a",""]"#));
        assert!(!same("1", "1.5"));
        assert!(!same("9223372036854775807", "9223372036854775808"));
        assert!(!same("9223372036854775808", "9223372036854775809"));
    }
}
