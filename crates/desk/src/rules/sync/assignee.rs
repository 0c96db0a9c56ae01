//! Who works on it (sync page §3, assignee): a member who says so in a comment, and nobody who has left.

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::{Proposal, View};
use crate::{
    case::{Evidence, Fact},
    plan::{Action, ActionKind, Precondition, Told, effect::Change},
    rules::stage::Stage,
    tracker::by_team,
};

/// Words by which somebody takes a fix on: a first person, a verb of taking, and what is taken. A look is no fix.
static TAKES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?im)(?:\b(?:i(?:['’]ll| will| can|['’]d like to|['’]m going to| would like to)|let me|happy to|i['’]?m happy to)\s+",
        r"(?:gladly |also |just )?(?:take (?:this|it|the fix)|pick (?:this|it) up|work on (?:this|it|a fix|the fix|a patch)|",
        r"fix (?:this|it)|(?:write|prepare|do|send|open|submit) (?:a|the) (?:fix|patch|pr|pull request)|own (?:this|it))\b|",
        r"^\W{0,3}/(?:claim|assign me)\b|\bassign (?:this |it )?to me\b|\bi(?:['’]m| am) (?:on it|working on (?:this|it|a fix|the fix)))"
    ))
    .expect("a constant pattern, compiled by a test")
});

static NOT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:can(?:no|')?t|won't|not|unless|if nobody|if no one|to the list|with (?:him|her|them))\b",
    )
    .expect("a constant pattern, compiled by a test")
});

/// Does a comment take the fix on? The sentence that says so.
fn takes(text: &str) -> Option<&str> {
    let m = TAKES.find(text)?;
    let start = text[..m.start()].rfind(['.', '!', '?', '\n']).map_or(0, |at| at + 1);
    let end = text[m.end()..].find(['.', '!', '?', '\n']).map_or(text.len(), |at| m.end() + at);
    let sentence = text[start..end].trim();
    (!NOT.is_match(sentence)).then_some(sentence)
}

/// The volunteer of a tracker that nobody works on, and assignees who have left.
pub fn rule(v: &View<'_>, at: Stage, out: &mut super::Gathered) {
    if !v.t.state.is_open() || at == Stage::CloseOut {
        return;
    }
    let assigns = |p: &Proposal| p.steps.iter().any(|(e, _)| matches!(e, Change::SetAssignees { .. }));
    if out.items.iter().any(assigns) {
        return;
    }
    inactive(v, out);
    if at == Stage::Allocated && v.t.assignees.iter().all(|a| a.trim().is_empty()) {
        volunteer(v, out);
    }
}

fn volunteer(v: &View<'_>, out: &mut super::Gathered) {
    // The newest word counts; a marked comment is the program's or a vote.
    let said = v.discussion().filter_map(|c| Some((c, takes(&v.words(c).own)?.to_owned())));
    let Some((comment, words)) = said.max_by_key(|(c, _)| c.at) else { return };
    let who = comment.author.trim_start_matches('@');
    let may = by_team(comment, v.g.roster) && v.may_assign(who).unwrap_or(v.g.roster.people.is_empty());
    if !may {
        out.notices.push(format!("@{who} offered to fix it and cannot be assigned here: invite them first?"));
        return;
    }
    let why = Evidence::new(
        "sync.volunteer",
        format!("@{who}: \"{}\"", crate::mail::one_line(&words, 120)),
        format!("comment {} of {}", comment.id, v.name),
    );
    let p = Proposal::new("sync.volunteer", format!("@{who} takes {}", v.name), vec![why]);
    out.items.push(assign(v, p, [who.to_owned()].into(), "Taken"));
}

fn inactive(v: &View<'_>, out: &mut super::Gathered) {
    let here = v.t.assignees.iter().filter(|a| !a.trim().is_empty());
    let (gone, stay): (Vec<&String>, Vec<&String>) = here.partition(|a| {
        let left = v.g.roster.by_handle(a).is_some_and(|p| !p.member_at(v.g.now));
        let barred = matches!(v.o.collaborators, Fact::Known(..)) && v.may_assign(a) == Some(false);
        left || barred
    });
    if gone.is_empty() {
        return;
    }
    let names: Vec<String> = gone.iter().map(|a| v.mention(a)).collect();
    let why = v.evidence("sync.inactive", format!("{} left the team", names.join(", ")));
    let p =
        Proposal::new("sync.inactive", format!("{} is still assigned to {}", names.join(", "), v.name), why);
    out.items.push(assign(v, p, stay.into_iter().cloned().collect(), "Assignee cleared"));
}

fn assign(v: &View<'_>, p: Proposal, to: std::collections::BTreeSet<String>, headline: &str) -> Proposal {
    let key = v.t.key.clone();
    let was = Precondition::AssigneesAre {
        tracker: key.clone(),
        assignees: v.t.assignees.iter().cloned().collect(),
    };
    p.step(Change::SetAssignees { tracker: key, assignees: to }, vec![was]).note(
        Action::new(ActionKind::Assign),
        headline,
        "",
        Told::NotNeeded("who works on it is internal".into()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_takes_a_fix_or_says_something_else() {
        for yes in [
            "I'll take this.",
            "Looks bad. I can work on a fix next week.",
            "Happy to pick this up!",
            "/claim",
            "please assign to me",
            "I’m working on it",
            "Let me write a patch for this",
        ] {
            assert!(takes(yes).is_some(), "{yes}");
        }
        for no in [
            "I'll take a look",
            "I can't work on this",
            "I will take this to the list",
            "Somebody should fix this",
            "I can reproduce it",
            "I will fix it unless somebody else wants to",
            "Ann will take this",
            "",
        ] {
            assert!(takes(no).is_none(), "{no}");
        }
    }
}
