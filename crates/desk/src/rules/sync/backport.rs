//! Somebody on the team asks for a backport (sync page §4): the branch and the label of the public pull request are named to
//! whoever carries the fix. The label is set by hand, on a public page.

use std::sync::LazyLock;

use regex::Regex;

use super::{Gathered, Proposal, View};
use crate::{
    case::Evidence,
    config::BackportLabel,
    mail::one_line,
    plan::{Action, ActionKind, Told},
    tracker::by_team,
};

static ASKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bback-?port(?:s|ed|ing)?\b").expect("a constant pattern, compiled by a test")
});
static NOT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:no|not|\w+n['’]t|never|without|already|unless)\b|\?\s*$")
        .expect("a constant pattern, compiled by a test")
});

/// The sentence that asks for a backport, and says neither no nor that it is there.
pub(super) fn asks(text: &str) -> Option<&str> {
    let sentences = text.split_inclusive(['!', '?', '\n']).flat_map(|s| s.split(". "));
    sentences.map(str::trim).find(|s| ASKS.is_match(s) && !NOT.is_match(s))
}

/// The branch that is meant: the one the words name, else the only one there is.
fn meant<'c>(words: &str, known: &'c [BackportLabel]) -> Option<&'c BackportLabel> {
    let names = |b: &&BackportLabel| {
        [&b.branch, &b.label].iter().any(|n| !n.is_empty() && words.contains(n.as_str()))
    };
    known.iter().find(names).or_else(|| known.first().filter(|_| known.len() == 1))
}

/// A request that no pull request answers yet becomes a word in the status.
pub fn rule(v: &View<'_>, out: &mut Gathered) {
    let fixes = v.fixes();
    if !v.t.state.is_open() || v.labels.advisory_sent() || fixes.is_empty() {
        return;
    }
    let said = v.discussion().filter(|c| by_team(c, v.g.roster));
    let Some((comment, words)) = said.filter_map(|c| v.words(c).backport().map(|w| (c, w.to_owned()))).last()
    else {
        return;
    };
    let known = &v.g.config.upstream.backport_labels;
    let Some(to) = meant(&words, known) else {
        out.notices.push(format!(
            "@{} asks for a backport: \"{}\"; to which branch? upstream.backport_labels names none of them",
            comment.author,
            one_line(&words, 120)
        ));
        return;
    };
    let done = fixes
        .iter()
        .any(|p| p.branch == to.branch || p.labels.iter().any(|l| l.eq_ignore_ascii_case(&to.label)));
    let action = Action::with(ActionKind::Sync, &format!("backport {}", to.branch));
    if done || super::noted(v, &action) {
        return;
    }
    let fix = fixes.first().map(|p| p.url.as_str()).unwrap_or_default();
    let label = if to.label.is_empty() { String::new() } else { format!("label {fix} with `{}`", to.label) };
    let todo = if label.is_empty() { format!("open a backport of {fix} to `{}`", to.branch) } else { label };
    let why = Evidence::new(
        "sync.backport",
        format!("@{}: \"{}\"", comment.author, one_line(&words, 120)),
        format!("comment {} of {}", comment.id, v.name),
    );
    out.items.push(
        Proposal::new(
            "sync.backport",
            format!("A backport of {} to {} is asked for", v.name, to.branch),
            vec![why],
        )
        .note(
            action,
            format!("Backport to {} asked for", to.branch),
            format!("To do, by hand and with neutral words: {todo}."),
            Told::NotNeeded("which branches get the fix is internal".into()),
        )
        .next(todo),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backport_is_asked_for_or_not() {
        for yes in [
            "Please backport this to v2-10.",
            "We need a back-port. Thanks",
            "This needs backporting to 2.10",
        ] {
            assert!(asks(yes).is_some(), "{yes}");
        }
        for no in [
            "No backport needed.",
            "Should we backport it?",
            "It is already backported",
            "We won't backport",
            "port",
        ] {
            assert!(asks(no).is_none(), "{no}");
        }
    }
}
