//! Comments that the program writes once and edits in place: the first line is a marker that says which they are
//! (sync page §10). A marker counts only in a comment by somebody on the team (hard case 28).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Comment;
use crate::people::Roster;

/// The kinds of comments with a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marked {
    /// To the remediation developer: these fields are still empty.
    FillFields,
    /// To the release manager: the advisory is yours to send.
    HandOff,
    /// The advisory is archived, the record could not be published yet.
    PublicationReady,
    /// It is over.
    WrapUp,
    /// The disclosure window has passed.
    Overdue,
    /// Nobody has said anything for a month.
    Escalation,
    /// A CVE id was asked for.
    AllocationRequest,
    /// One member's word on whether a report is valid.
    Voice,
    /// The CVE record as the fields of the tracker make it.
    RecordCopy,
}

impl Marked {
    /// Every kind.
    pub const ALL: [Marked; 9] = [
        Marked::FillFields,
        Marked::HandOff,
        Marked::PublicationReady,
        Marked::WrapUp,
        Marked::Overdue,
        Marked::Escalation,
        Marked::AllocationRequest,
        Marked::Voice,
        Marked::RecordCopy,
    ];

    /// The word in the marker.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Marked::FillFields => "fill-fields",
            Marked::HandOff => "hand-off",
            Marked::PublicationReady => "publication-ready",
            Marked::WrapUp => "wrap-up",
            Marked::Overdue => "disclosure-overdue",
            Marked::Escalation => "escalation",
            Marked::AllocationRequest => "allocation-request",
            Marked::Voice => "voice",
            Marked::RecordCopy => "record-copy",
        }
    }

    /// The first line of such a comment.
    #[must_use]
    pub fn marker(self) -> String {
        format!("<!-- tipstaff: {} v1 -->", self.as_str())
    }

    /// Words that older practice wrote in its markers.
    fn older(self) -> &'static str {
        match self {
            Marked::FillFields => "remediation-developer-fill-fields",
            Marked::HandOff => "release-manager-handoff",
            Marked::PublicationReady => "release-manager-publication-ready",
            Marked::WrapUp => "release-manager-wrap-up",
            Marked::Overdue => "disclosure-overdue",
            Marked::Escalation | Marked::AllocationRequest | Marked::Voice | Marked::RecordCopy => "",
        }
    }

    /// The kind that the first line of a comment names, whoever wrote it.
    #[must_use]
    pub fn of(body: &str) -> Option<Marked> {
        let inner = body.lines().next()?.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
        let (ours, word) = if let Some(w) = inner.strip_prefix("tipstaff:") {
            (true, w)
        } else {
            (false, inner.strip_prefix("apache-magpie:")?)
        };
        let word = word.split_whitespace().next()?;
        Self::ALL.into_iter().find(|m| word == if ours { m.as_str() } else { m.older() })
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The newest comment of that kind by somebody on the team. Without a roster every author of the private tracker is.
#[must_use]
pub fn marked<'a>(comments: &'a [Comment], kind: Marked, roster: &Roster) -> Option<&'a Comment> {
    comments.iter().rev().find(|c| Marked::of(&c.body) == Some(kind) && by_team(c, roster))
}

/// Was a comment written by somebody who was on the team then?
#[must_use]
pub fn by_team(comment: &Comment, roster: &Roster) -> bool {
    roster.people.is_empty() || roster.by_handle(&comment.author).is_some_and(|p| p.member_at(comment.at))
}

/// What a marked comment says, below its marker.
#[must_use]
pub fn marked_text(body: &str) -> &str {
    body.split_once('\n').map_or("", |(_, rest)| rest).trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Person;

    fn comment(author: &str, body: &str) -> Comment {
        Comment { author: author.into(), body: body.into(), ..Comment::default() }
    }

    #[test]
    fn markers_read_back_and_older_ones_are_recognised() {
        for kind in Marked::ALL {
            assert_eq!(Marked::of(&format!("{}\nhello", kind.marker())), Some(kind));
        }
        let older = "<!-- apache-magpie: release-manager-handoff v1 -->\n@rm";
        assert_eq!(Marked::of(older), Some(Marked::HandOff));
        for no in ["", "hand-off", "text\n<!-- tipstaff: hand-off v1 -->", "<!-- apache-magpie: voice v1 -->"]
        {
            assert_eq!(Marked::of(no), None, "{no:?}");
        }
    }

    #[test]
    fn a_marker_counts_only_from_the_team() {
        let team = Roster { people: vec![Person { handle: "ada".into(), ..Person::default() }] };
        let said = Marked::HandOff.marker();
        let comments = [comment("stranger", &said), comment("Ada", "no marker")];
        assert_eq!(marked(&comments, Marked::HandOff, &team), None);
        let comments = [comment("ada", &said), comment("stranger", &said)];
        assert_eq!(marked(&comments, Marked::HandOff, &team).unwrap().author, "ada");
        assert!(marked(&comments, Marked::HandOff, &Roster::default()).is_some());
    }
}
