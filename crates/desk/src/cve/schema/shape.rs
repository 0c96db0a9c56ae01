//! How a table of the record format is held against a value.

use std::collections::BTreeSet;

use super::{
    super::check::{At, Node, Num, Sink},
    refuse,
};

/// What a value must be.
pub(super) enum Shape {
    /// Anything.
    Any,
    /// Text.
    Text(Text),
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these words, or one of one's own that begins with `x_`.
    Tag(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number of at least this.
    Whole(i64),
    /// A CVSS score: a tenth from 0 to 10.
    Score,
    /// A number from 0 to 10.
    ZeroToTen,
    /// A list.
    List(&'static List),
    /// An object.
    Object(&'static Object),
}

/// A text of so many characters, in a form.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub min: usize,
    pub max: usize,
    pub form: Option<Form>,
}

/// A form of text: how it is known, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub holds: fn(&str) -> bool,
    pub what: &'static str,
}

/// A list of so many items.
pub(super) struct List {
    pub min: usize,
    pub max: usize,
    pub unique: bool,
    pub item: Shape,
    /// What the table cannot say.
    pub more: Option<More>,
}

/// An object.
pub(super) struct Object {
    /// What it is, in words.
    pub what: &'static str,
    pub keys: &'static [(&'static str, Shape)],
    pub required: &'static [&'static str],
    pub open: Open,
    /// Whether something else than an object is refused; the schema forgot to say so twice.
    pub only: bool,
    /// What the table cannot say.
    pub more: Option<More>,
}

/// Which other keys an object may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// None.
    No,
    /// Those that begin with `x_` and have no dot.
    Own,
    /// Any, up to this version of the format, and none from it on.
    Until((u32, u32)),
    /// Any.
    Yes,
}

/// A check in code.
pub(super) type More = fn(&Node<'_>, &At<'_>, &mut Context<'_, '_, '_>);

/// What the checks share.
pub(super) struct Context<'s, 'n, 'a> {
    pub sink: &'s mut Sink<'n, 'a>,
    /// `dataVersion` of the record.
    pub version: (u32, u32),
}

fn value(shape: &Shape, node: &Node<'_>, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    match (shape, node) {
        (Shape::Any, _) | (Shape::Flag, Node::Flag(_)) => {}
        (Shape::Text(rule), Node::Text(t)) => text(*rule, t, at, cx),
        (Shape::Words(words), Node::Text(t)) => one_of(words, "", t, at, cx),
        (Shape::Tag(words), Node::Text(t)) => {
            let own = t.starts_with("x_") && !t.contains('\n') && t.chars().count() <= 128;
            if !own {
                one_of(words, ", or begin with `x_`", t, at, cx);
            }
        }
        (Shape::Whole(min), Node::Number(n)) => {
            let too_small = match n {
                Num::Whole(n) => n < min,
                Num::Large(_) => false,
                #[allow(clippy::cast_precision_loss, reason = "the least values are small")]
                Num::Real(r) => *r < *min as f64,
            };
            if !n.is_whole() {
                refuse(cx.sink, "schema.type", at, "must be a whole number");
            } else if too_small {
                refuse(cx.sink, "schema.range", at, format!("must be at least {min}"));
            }
        }
        (Shape::Score, Node::Number(n)) => {
            if tenths(n.real()).is_none() {
                let message = format!("{} is no CVSS score: 0 to 10, with one decimal", n.real());
                refuse(cx.sink, "schema.range", at, message);
            }
        }
        (Shape::ZeroToTen, Node::Number(n)) => {
            if !(0.0..=10.0).contains(&n.real()) {
                refuse(cx.sink, "schema.range", at, format!("{} is not between 0 and 10", n.real()));
            }
        }
        (Shape::List(rule), Node::List(items)) => list(rule, node, items, at, cx),
        (Shape::Object(rule), _) => object(rule, node, at, cx),
        (_, other) => {
            let wanted = match shape {
                Shape::Text(_) | Shape::Words(_) | Shape::Tag(_) => "text",
                Shape::Flag => "true or false",
                Shape::Whole(_) | Shape::Score | Shape::ZeroToTen => "a number",
                Shape::List(_) => "a list",
                Shape::Object(_) | Shape::Any => "an object",
            };
            refuse(cx.sink, "schema.type", at, format!("must be {wanted}, is {}", other.kind()));
        }
    }
}

fn text(rule: Text, t: &str, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    // Characters are counted only when the bytes leave a doubt.
    if t.len() < rule.min || (rule.min > 1 && t.chars().count() < rule.min) {
        let message = match t.len() {
            0 => "is empty".to_owned(),
            _ => format!("is shorter than the {} characters it needs", rule.min),
        };
        refuse(cx.sink, "schema.length", at, message);
    }
    if t.len() > rule.max {
        let length = t.chars().count();
        if length > rule.max {
            let message = format!("is {length} characters long; at most {} are allowed", rule.max);
            refuse(cx.sink, "schema.length", at, message);
        }
    }
    if let Some(form) = rule.form
        && !(form.holds)(t)
    {
        refuse(cx.sink, "schema.pattern", at, format!("{} is no {}", quoted(t), form.what));
    }
}

fn one_of(words: &[&str], or: &str, t: &str, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    if words.contains(&t) {
        return;
    }
    let message = match words {
        [one] => format!("is {}; must be `{one}`{or}", quoted(t)),
        _ => format!("is {}; must be one of `{}`{or}", quoted(t), words.join("`, `")),
    };
    refuse(cx.sink, "schema.enum", at, message);
}

fn list(rule: &List, node: &Node<'_>, items: &[Node<'_>], at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    if items.len() < rule.min {
        refuse(cx.sink, "schema.items", at, "is an empty list: leave the key out, or say something");
    }
    if items.len() > rule.max {
        let message = format!("has {} entries; at most {} are allowed", items.len(), rule.max);
        refuse(cx.sink, "schema.items", at, message);
    }
    if rule.unique && items.len() > 1 {
        for n in repeats(items) {
            refuse(cx.sink, "schema.unique", &at.index(n), "says the same as an entry above it");
        }
    }
    for (n, item) in items.iter().enumerate() {
        value(&rule.item, item, &at.index(n), cx);
    }
    if let Some(more) = rule.more {
        more(node, at, cx);
    }
}

/// Lists up to this length are compared pair by pair; longer ones are sorted into a set.
const FEW: usize = 16;

/// The items that are equal to one above them.
fn repeats(items: &[Node<'_>]) -> Vec<usize> {
    if items.len() <= FEW {
        let again = |(n, i): &(usize, &Node<'_>)| items.iter().take(*n).any(|o| o.same(i));
        return items.iter().enumerate().filter(again).map(|(n, _)| n).collect();
    }
    let mut seen = BTreeSet::new();
    items.iter().enumerate().filter(|(_, i)| !seen.insert(i.canonical())).map(|(n, _)| n).collect()
}

/// Hold a table against an object.
pub(super) fn object(rule: &Object, node: &Node<'_>, at: &At<'_>, cx: &mut Context<'_, '_, '_>) {
    let Some(o) = node.object() else {
        if rule.only {
            let message = format!("{} must be an object, is {}", rule.what, node.kind());
            refuse(cx.sink, "schema.type", at, message);
        }
        return;
    };
    for key in rule.required.iter().filter(|k| !o.has(k)) {
        refuse(cx.sink, "schema.required", &at.key(key), format!("{} needs `{key}`", rule.what));
    }
    for (key, child) in o.iter() {
        match rule.keys.iter().find(|(k, _)| *k == key) {
            Some((_, shape)) => value(shape, child, &at.key(key), cx),
            None => {
                let allowed = match rule.open {
                    Open::Yes => true,
                    Open::Until(v) => cx.version < v,
                    Open::Own => key.starts_with("x_") && !key.contains('.'),
                    Open::No => false,
                };
                if !allowed {
                    let message = format!("{} has no key {}", rule.what, quoted(key));
                    refuse(cx.sink, "schema.additional", &at.key(key), message);
                }
            }
        }
    }
    if let Some(more) = rule.more {
        more(node, at, cx);
    }
}

/// A score in tenths, when it is one.
pub(super) fn tenths(score: f64) -> Option<u8> {
    (0u8..=100).find(|t| f64::from(*t) / 10.0 == score)
}

/// Text of the record inside a message: shortened, on one line.
pub(super) fn quoted(t: &str) -> String {
    crate::cve::check::quoted(t)
}
