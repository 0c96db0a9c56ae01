//! From what was said to what happens to each item.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::pattern::Regex;
use serde_json::json;

use super::{
    Action, ConfirmItem, Confirmation, Edit, Unknown,
    grammar::{Assent, Rules},
    parse::Said,
};

/// Prose that asks for a change of the plan.
static CHANGE: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
    Regex::new(
        r"(?ix)
        ^\W*(?:(?:please|pls|ok|okay|yes|go|all|but|and|no|hmm)\b[\s,.:;-]*)*
        (?:edit|change|set|replace|use|rename|reword|rephrase|shorten|rewrite|add|remove|drop|update|make|put|correct
          |swap|move|mention|omit|switch|target|backport|title|instead|delete|modify|adjust|skip\s+the|leave\s+out|let'?s\s+use
          |don'?t\s+(?:add|mention|use|include|touch)|do\s+not\s+(?:add|mention|use|include|touch))\b
        | \bshould\s+(?:be|say|read)\b | \binstead\s+of\b",
    )
    .unwrap()
});

/// An edit that begins with the item it is about: `change 3 to …`.
static CHANGE_ITEM: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::unwrap_used, reason = "the pattern is a constant, compiled in every test run")]
    Regex::new(r"(?i)^\W*(?:(?:please|all|ok|yes|but)\W+)*(?:change|reword|rephrase|shorten|rewrite|update|correct|modify|adjust)\s+(?:item\s+|step\s+)?#?(\d{1,9})\b").unwrap()
});

fn ask(unknown: Vec<Unknown>) -> Confirmation {
    Confirmation { unknown, ..Confirmation::default() }
}

/// Judges what was said against the items. See the module page of [`super`] for the principles.
pub(super) fn resolve(mut said: Said, rules: Rules, items: &[ConfirmItem], text: &str) -> Confirmation {
    if (said.lost || said.bare_skip) && rules.free_edits && !text.contains('?') && CHANGE.is_match(text) {
        return free_edit(items, text);
    }
    let picks = !said.named.is_empty()
        || !said.ranged.is_empty()
        || !said.skipped.is_empty()
        || !said.rejected.is_empty()
        || !said.classes.is_empty()
        || !said.edits.is_empty()
        || !said.free.is_empty()
        || !said.doubtful.is_empty()
        || !said.keys.is_empty()
        || !said.force.is_empty();
    if said.lost {
        return ask(said.unknown);
    }
    let assented = !said.assent.is_empty();
    let stops = said.cancel || said.skip_all || (said.bare_skip && rules.bare_skip);
    if said.bare_skip && !rules.bare_skip {
        return ask(said.unknown);
    }
    if stops {
        let clear = !said.all && !assented && !picks && said.unknown.is_empty() && !said.only;
        if clear {
            return Confirmation { action: Action::Cancel, ..Confirmation::default() };
        }
        return ask(said.unknown);
    }
    if (said.all && (said.only || said.skip_rest)) || (said.only && assented && !picks) {
        return ask(said.unknown);
    }

    // Contradictions about one item stay with it.
    let mut doubtful = std::mem::take(&mut said.doubtful);
    let taken_out: BTreeSet<u32> = said.skipped.iter().chain(said.rejected.keys()).copied().collect();
    let edited: BTreeSet<u32> =
        said.edits.iter().map(|(n, _)| *n).chain(said.classes.keys().copied()).collect();
    for n in &taken_out {
        let twice = said.skipped.contains(n) && said.rejected.contains_key(n);
        if twice || said.named.contains(n) || edited.contains(n) {
            doubtful.insert(*n);
            said.note(Unknown::Number(*n));
        }
    }

    let blocked: BTreeSet<u32> = items.iter().filter(|i| i.blocked).map(|i| i.n).collect();
    let defaults: BTreeSet<u32> = items.iter().filter(|i| i.default).map(|i| i.n).collect();
    let numbered = !said.named.is_empty() || !said.ranged.is_empty();
    if said.all && !said.on_top && said.named.iter().chain(&said.ranged).any(|n| defaults.contains(n)) {
        // "all of 1 and 3", "all 1,3": all, or these?
        return ask(said.unknown);
    }
    let enough = said.assent.iter().any(|a| rules.assent.contains(a))
        || (rules.yes_for_one && items.len() == 1 && said.assent.iter().any(|a| *a != Assent::Weak))
        || said.keys.contains_key("silent");
    let out_names_in =
        rules.skip_is_complete && edited.is_empty() && !said.skipped.is_subset(&doubtful) && !said.skip_rest;
    let whole = said.all || ((enough || out_names_in) && (!numbered || said.on_top) && !said.only);

    let mut apply: BTreeSet<u32> = if whole { defaults.clone() } else { BTreeSet::new() };
    apply.extend(&said.named);
    apply.extend(&said.ranged);
    apply.extend(&edited);
    if let Some(name) = said.keys.get("bucket").and_then(|b| b.as_str()) {
        let of_bucket = |i: &&ConfirmItem| {
            i.bucket.as_deref().is_some_and(|b| super::grammar::bucket(b).unwrap_or(b) == name)
        };
        apply.extend(items.iter().filter(of_bucket).map(|i| i.n));
    }
    apply.retain(|n| !taken_out.contains(n) && !doubtful.contains(n) && !blocked.contains(n));
    said.edits.retain(|(n, _)| apply.contains(n));
    said.classes.retain(|n, _| apply.contains(n));
    said.rejected.retain(|n, _| !doubtful.contains(n) && !blocked.contains(n));

    // Clear enough to act on? Something was taken, declined with a reply, or every default was spoken of.
    let spoken: BTreeSet<u32> = numbered_all(&said).union(&blocked).copied().collect();
    let all_spoken = !spoken.is_empty() && defaults.is_subset(&spoken) && picks && doubtful.is_empty();
    let all_blocked =
        !items.is_empty() && (whole || numbered) && doubtful.is_empty() && said.unknown.is_empty();
    let by_bucket = said.keys.contains_key("bucket");
    let clear = !apply.is_empty() || !said.rejected.is_empty() || all_spoken || all_blocked || by_bucket;
    let keys_only = !said.keys.is_empty() && !whole && !by_bucket;
    if !said.free.is_empty() || (keys_only && (apply.is_empty() || !enough)) {
        let mut edits: Vec<Edit> = said.free.iter().map(|t| Edit { n: None, text: t.clone() }).collect();
        edits.extend(said.edits.iter().map(|(n, t)| Edit { n: Some(*n), text: t.clone() }));
        if rules.free_edits {
            edits.extend(
                said.keys
                    .iter()
                    .filter_map(|(k, v)| v.as_str().map(|v| Edit { n: None, text: format!("{k}: {v}") })),
            );
        }
        return Confirmation {
            action: Action::Edit,
            edits,
            overrides: said.keys,
            unknown: said.unknown,
            ..Confirmation::default()
        };
    }
    if !clear {
        return ask(said.unknown);
    }

    let mut skip: BTreeSet<u32> = taken_out.union(&blocked).copied().collect();
    skip.extend(&doubtful);
    // Only the caller knows what is in a bucket when the items do not say.
    if !(by_bucket && items.iter().all(|i| i.bucket.is_none())) {
        skip.extend(defaults.difference(&apply));
    }
    let fresh = apply.iter().any(|n| !edited.contains(n));
    let any_edit = !said.edits.is_empty() || !said.classes.is_empty();
    let action = if any_edit && (rules.free_edits || (!fresh && said.rejected.is_empty())) {
        Action::Edit
    } else {
        Action::Apply
    };
    let mut overrides = said.keys;
    for (n, (name, value)) in said.rejected {
        overrides.insert(n.to_string(), json!({ name: value }));
    }
    for (n, (verb, class)) in said.classes {
        overrides.insert(n.to_string(), json!({ verb: class }));
    }
    let named_skip =
        items.iter().map(|i| i.n).filter(|n| said.skipped.contains(n) && !apply.contains(n)).collect();
    Confirmation {
        action,
        named_skip,
        apply: apply.into_iter().collect(),
        skip: skip.into_iter().collect(),
        edits: said.edits.into_iter().map(|(n, text)| Edit { n: Some(n), text }).collect(),
        overrides,
        unknown: said.unknown,
        ..Confirmation::default()
    }
}

/// Every item the answer takes or takes out.
fn numbered_all(said: &Said) -> BTreeSet<u32> {
    let mut all: BTreeSet<u32> = said.named.union(&said.skipped).copied().collect();
    all.extend(&said.ranged);
    all.extend(said.rejected.keys());
    all
}

/// The whole reply is the edit; nothing is applied before it has been worked in.
fn free_edit(items: &[ConfirmItem], text: &str) -> Confirmation {
    let n = CHANGE_ITEM
        .captures(text)
        .and_then(|c| c.get(1)?.as_str().parse().ok())
        .filter(|n| items.iter().any(|i| i.n == *n));
    Confirmation {
        action: Action::Edit,
        edits: vec![Edit { n, text: text.trim().to_string() }],
        ..Confirmation::default()
    }
}
