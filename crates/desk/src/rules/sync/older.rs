//! Comments of an earlier bot are folded into the status (sync page §4, §10; config page §7.5): first the entry that
//! holds every word of them, then the comments go. Only those that somebody on the team wrote, and that begin as the bot
//! did; what anybody else wrote stays, however it begins.

use super::{Proposal, View};
use crate::{
    confidential::Draft,
    plan::{Action, ActionKind, Effect, Precondition, RollupNote, Told, digest, effect::Change},
    tracker::{Comment, folded, holds_folded, rollup},
};

/// Most bytes of older words in one entry; a status comment holds 60,000 with everything around them.
const ROOM: usize = 40_000;

/// Propose to fold them, oldest first.
pub fn rule(v: &View<'_>, out: &mut super::Gathered) {
    if !v.t.state.is_open() {
        return;
    }
    let mut all: Vec<&Comment> = v.t.comments.iter().filter(|c| v.is_older(c)).collect();
    // An id that two comments share, or that none has, names no comment.
    let named =
        |c: &&Comment| !c.id.is_empty() && v.t.comments.iter().filter(|other| other.id == c.id).count() == 1;
    all.retain(named);
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let (fits, long): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| folded(c).len() <= ROOM);
    for c in long {
        out.notices.push(format!(
            "comment {} is an earlier bot's and too long for the status: it stays where it is",
            c.id
        ));
    }
    if fits.is_empty() {
        return;
    }
    let entries: Vec<rollup::Found> =
        v.t.comments
            .iter()
            .filter(|c| rollup::is_rollup(&c.body) && crate::tracker::by_team(c, v.g.roster))
            .flat_map(|c| rollup::parse(&c.body).entries)
            .filter(|e| e.kind.as_ref().is_some_and(|k| k.kind == ActionKind::Reformat))
            .collect();
    // Cut off between the two: the words stand in the status, and only the comment is left.
    let (held, new): (Vec<_>, Vec<_>) =
        fits.iter().copied().partition(|c| entries.iter().any(|e| holds_folded(e, c)));
    let who: Vec<String> = fits.iter().map(|c| format!("{} of @{}", c.id, c.author)).collect();
    let mut p = Proposal::new(
        "sync.older-comments",
        format!("Fold {} of {} into its status", count(fits.len()), v.name),
        v.evidence("sync.older-comments", format!("an earlier bot wrote comment {}", who.join(", "))),
    );
    p.notices.push("the comments are removed once the status holds their words".into());
    for c in held {
        p = remove(p, v, c);
    }
    for part in parts(&new) {
        let relies = part.iter().map(|c| still(v, c)).collect();
        p = p.step(entry(v, part), relies);
        for c in part {
            p = remove(p, v, c);
        }
    }
    out.items.push(p);
}

fn count(n: usize) -> String {
    if n == 1 { "1 older comment".into() } else { format!("{n} older comments") }
}

/// In order, as many at a time as one entry holds.
fn parts<'s, 'c>(all: &'s [&'c Comment]) -> Vec<&'s [&'c Comment]> {
    let mut out = Vec::new();
    let (mut from, mut size) = (0, 0);
    for (at, c) in all.iter().enumerate() {
        let len = folded(c).len();
        if size + len > ROOM && at > from {
            out.extend(all.get(from..at));
            (from, size) = (at, 0);
        }
        size += len;
    }
    out.extend(all.get(from..).filter(|rest| !rest.is_empty()));
    out
}

fn still(v: &View<'_>, c: &Comment) -> Precondition {
    Precondition::CommentIs {
        tracker: v.t.key.clone(),
        comment: c.id.clone(),
        digest: digest::sha256(c.body.as_bytes()),
    }
}

/// A comment that was edited since is none whose words the status holds: it stays.
fn remove(p: Proposal, v: &View<'_>, c: &Comment) -> Proposal {
    p.step(Change::RemoveComment { tracker: v.t.key.clone(), comment: c.id.clone() }, vec![still(v, c)])
}

fn entry(v: &View<'_>, part: &[&Comment]) -> Effect {
    let body: Vec<String> = part.iter().map(|c| folded(c)).collect();
    Change::AppendEntry {
        tracker: v.t.key.clone(),
        note: RollupNote {
            action: Action::with(ActionKind::Reformat, &count(part.len())),
            headline: Draft::text("What was said before this status"),
            body: Draft::text(body.join("\n\n")),
            next: Draft::text(String::new()),
            told: Told::NotNeeded("nothing new".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_take_as_many_as_fit_and_lose_none() {
        let make = |id: usize, len: usize| Comment {
            id: format!("{id}"),
            body: "x".repeat(len),
            ..Comment::default()
        };
        for lens in [vec![], vec![1], vec![ROOM, ROOM], vec![10_000; 9], vec![ROOM * 2, 1]] {
            let all: Vec<Comment> = lens.iter().enumerate().map(|(i, l)| make(i, *l)).collect();
            let refs: Vec<&Comment> = all.iter().collect();
            let parts = parts(&refs);
            assert_eq!(parts.concat(), refs, "{lens:?}");
            let size = |p: &&[&Comment]| p.iter().map(|c| folded(c).len()).sum::<usize>();
            assert!(parts.iter().all(|p| !p.is_empty() && (p.len() == 1 || size(p) <= ROOM)), "{lens:?}");
        }
    }
}
