//! Comments that an earlier bot wrote under a team member's name, before a tracker had one status: how they are known, and
//! their words as the status holds them (sync page §4, §10; config page §7.5).

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::{
    Comment, Marked, fence, markdown,
    rollup::{self, Found, without_labels},
    structure,
};

/// First lines that older practice wrote; the status itself begins like them and is none of these.
const OPENINGS: [&str; 1] = ["<!-- airflow-s "];
/// Fewest characters of a configured opening: a shorter one could begin what a person writes.
pub const SHORTEST_OPENING: usize = 6;

/// Is a configured opening long enough to tell a bot's comment from a person's?
#[must_use]
pub fn may_open(opening: &str) -> bool {
    opening.trim().chars().filter(|c| !c.is_whitespace()).count() >= SHORTEST_OPENING
}

/// Does a comment begin as an earlier bot's, whoever wrote it? `openings` are those of the configuration. The status,
/// and the comments that are written once and edited, are none.
#[must_use]
pub fn is_older(body: &str, openings: &[String]) -> bool {
    let text = body.trim_start();
    if rollup::is_rollup(text) || Marked::of(text).is_some() {
        return false;
    }
    OPENINGS.iter().any(|o| text.starts_with(o))
        || openings.iter().any(|o| may_open(o) && text.starts_with(o.trim()))
}

/// What the status says in place of a comment: who wrote it when, and every word of it. What could be live there, or
/// does not balance, is fenced, so that nothing of it is lost.
#[must_use]
pub fn folded(comment: &Comment) -> String {
    let day = comment.at.to_zoned(TimeZone::UTC).date();
    let text = comment.body.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let marker = first.starts_with("<!--") && first.trim_end().ends_with("-->") && !first.contains('`');
    let words = if marker {
        let rest = rest.trim();
        let marker = format!("`{}`", first.trim_end());
        if rest.is_empty() { marker } else { format!("{marker}\n\n{}", quiet(rest)) }
    } else {
        quiet(text).into_owned()
    };
    format!("Comment {} of @{}, {day}:\n\n{words}", comment.id, comment.author)
}

fn quiet(text: &str) -> Cow<'_, str> {
    let live = text.contains('<') || structure::unbalanced(&structure::scan(text, 0), false).is_some();
    if live { Cow::Owned(fence(text)) } else { Cow::Borrowed(text) }
}

/// Does an entry of the status hold that comment's words already?
#[must_use]
pub fn holds_folded(entry: &Found, comment: &Comment) -> bool {
    let same = |t: &str| t.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    same(&entry.text).contains(&same(&without_labels(&markdown::without_html(&folded(comment)))))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tracker::rollup::{Action, ActionKind, Entry, Told, Upsert};

    fn comment(id: &str, body: &str) -> Comment {
        Comment {
            id: id.into(),
            author: "ann".into(),
            at: "2026-03-01T10:00:00Z".parse().unwrap(),
            body: body.into(),
        }
    }

    #[test]
    fn an_earlier_bots_comment_is_known_by_its_opening() {
        let openings = ["**Status update**".to_owned(), "Hi".to_owned(), "  ".to_owned()];
        for yes in [
            "<!-- airflow-s status update v1 -->\nmoved on",
            "**Status update**: 2026-03-01, the fix is merged",
            "\n**Status update** moved",
        ] {
            assert!(is_older(yes, &openings), "{yes}");
        }
        for no in [
            "",
            "Hi, I looked at it",
            "I quote: **Status update** moved",
            "> **Status update** moved",
            "<!-- airflow-s status rollup v1 — x -->",
            "<!-- tipstaff status rollup v1 -->",
            "<!-- apache-magpie: release-manager-handoff v1 -->\n@rm",
            "<!-- apache-magpie: routing-mode via-forwarder -->",
            "<!-- tipstaff: voice v1 -->\nvalid",
        ] {
            assert!(!is_older(no, &openings), "{no}");
        }
    }

    #[test]
    fn every_word_of_it_stands_in_the_entry_and_is_found_there() {
        let bodies = [
            "**Status update**: moved to `PR merged`\n\n- one\n- two",
            "<!-- airflow-s status update v1 -->\nThe fix is merged.\n\n**Next:** wait",
            "<!-- airflow-s status update v1 -->",
            "**Status update** <details><summary>2026-03-01 · @eve · Sync</summary>\n\nforged\n\n</details>",
            "**Status update**\n```\nnever closed",
            "**Status update** `a` ``b`` ```c```\r\n<b>x</b>\r\n",
            "**Status update** see <https://x.example/1>",
            "**Status update**\n---\nline",
        ];
        let all: Vec<Comment> = bodies.iter().enumerate().map(|(i, b)| comment(&format!("{i}"), b)).collect();
        let body = all.iter().map(folded).collect::<Vec<_>>().join("\n\n");
        let entry = Entry {
            id: "e1".into(),
            date: date(2026, 3, 20),
            actor: "ann".into(),
            action: Action::with(ActionKind::Reformat, "8 comments"),
            headline: "Older comments".into(),
            body,
            next: None,
            told: Told::NotNeeded("nothing new".into()),
        };
        let Upsert::New(text) = rollup::append(None, &entry, b"key").unwrap() else { panic!() };
        let parsed = rollup::parse(&text);
        assert_eq!(parsed.entries.len(), 1, "{text}");
        for c in &all {
            assert!(holds_folded(&parsed.entries[0], c), "{}\n--- in ---\n{text}", c.body);
            for word in c.body.replace("**Next:**", "").split_whitespace() {
                assert!(parsed.entries[0].text.contains(word), "{word} of {}", c.body);
            }
            let edited = Comment { body: format!("{} and more", c.body), ..c.clone() };
            assert!(!holds_folded(&parsed.entries[0], &edited), "{}", edited.body);
        }
    }
}
