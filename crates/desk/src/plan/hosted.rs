//! What approved changes mean for a tracker that lives at another host: the difference between the tracker as it was read
//! and as the changes leave it. Only cleared changes make one, and each part of it must be covered by one of them, so that
//! nothing reaches the host that nobody approved (promises G1 and G2).

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    ClearedEffect,
    effect::{Beside, Change},
};
use crate::{
    cve::RecordPlace,
    mail::one_line,
    tracker::{State, Tracker, TrackerKey},
};

/// The longest body of a tracker or comment that hosts take, in characters (config page §6.6).
pub const LONGEST_BODY: usize = 65_536;

/// Why a change cannot be written at a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostedError {
    /// A part changed that no approved step speaks of.
    #[error("{0} of the tracker would change, and no approved step says so")]
    NotCovered(&'static str),
    /// A text is longer than the host takes.
    #[error("{what} would have {len} characters, and the host takes {LONGEST_BODY}")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// How long it is.
        len: usize,
    },
}

/// One change of the comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentChange {
    /// Write a new one.
    Add {
        /// Its id on this desk until the host gives it one.
        id: String,
        /// What it says.
        body: String,
    },
    /// Let one say something else.
    Edit {
        /// Its id at the host.
        id: String,
        /// What it said.
        was: String,
        /// What it will say.
        body: String,
    },
    /// Take one away.
    Remove {
        /// Its id at the host.
        id: String,
    },
}

/// What is to be written at the host of one tracker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackerChange {
    title: Option<String>,
    body: Option<String>,
    labels: (BTreeSet<String>, BTreeSet<String>),
    milestone: Option<Option<String>>,
    assignees: Option<BTreeSet<String>>,
    state: Option<State>,
    column: Option<String>,
    archived: Option<bool>,
    comments: Vec<CommentChange>,
}

impl TrackerChange {
    /// The difference that these changes made.
    ///
    /// # Errors
    /// When a part differs that none of them speaks of, or a text is too long for a host.
    pub fn between(before: &Tracker, after: &Tracker, by: &[&ClearedEffect]) -> Result<Self, HostedError> {
        let covered = |what: &'static str, differs: bool, test: &dyn Fn(&ClearedEffect) -> bool| {
            let here = |e: &&ClearedEffect| e.tracker() == Some(&after.key) && test(e);
            match differs && !by.iter().any(here) {
                true => Err(HostedError::NotCovered(what)),
                false => Ok(differs),
            }
        };
        let mut out = Self::default();
        if covered("the title", before.title != after.title, &|e| matches!(e, Change::SetTitle { .. }))? {
            out.title = Some(after.title.clone());
        }
        let in_body = |b: &Option<Beside>| b.as_ref().is_some_and(|b| b.place == RecordPlace::Body);
        let fields = |e: &ClearedEffect| match e {
            Change::SetField { .. } => true,
            Change::AttachRecord { beside, .. } => in_body(beside),
            _ => false,
        };
        if covered("the body", before.body != after.body, &fields)? {
            out.body = Some(short("the body", &after.body)?);
        }
        let of_labels = |e: &ClearedEffect| matches!(e, Change::SetLabels { .. });
        if covered("a label", before.labels != after.labels, &of_labels)? {
            let less = |a: &Tracker, b: &Tracker| a.labels.difference(&b.labels).cloned().collect();
            out.labels = (less(after, before), less(before, after));
        }
        let of_milestone = |e: &ClearedEffect| matches!(e, Change::SetMilestone { .. });
        if covered("the milestone", before.milestone != after.milestone, &of_milestone)? {
            out.milestone = Some(after.milestone.clone());
        }
        let who = |t: &Tracker| t.assignees.iter().cloned().collect::<BTreeSet<_>>();
        let of_people = |e: &ClearedEffect| matches!(e, Change::SetAssignees { .. });
        if covered("an assignee", who(before) != who(after), &of_people)? {
            out.assignees = Some(who(after));
        }
        let of_state = |e: &ClearedEffect| matches!(e, Change::Close { .. } | Change::Reopen { .. });
        if covered("the state", before.state != after.state, &of_state)? {
            out.state = Some(after.state);
        }
        let of_card = |e: &ClearedEffect| matches!(e, Change::MoveCard { .. });
        if covered("the card", before.column != after.column, &of_card)? {
            out.column.clone_from(&after.column);
        }
        let of_archive = |e: &ClearedEffect| matches!(e, Change::ArchiveCard { .. });
        if covered("the card", before.archived != after.archived, &of_archive)? {
            out.archived = Some(after.archived);
        }
        out.comments = comments(before, after)?;
        let says = |e: &ClearedEffect| {
            matches!(
                e,
                Change::AppendEntry { .. }
                    | Change::Comment { .. }
                    | Change::PostMarked { .. }
                    | Change::RemoveComment { .. }
                    | Change::AttachRecord { beside: Some(Beside { place: RecordPlace::Comment, .. }), .. }
            )
        };
        covered("a comment", !out.comments.is_empty(), &says)?;
        Ok(out)
    }

    /// Is there nothing to write?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The new title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The new body.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// Labels to add, and to remove.
    #[must_use]
    pub fn labels(&self) -> (&BTreeSet<String>, &BTreeSet<String>) {
        (&self.labels.0, &self.labels.1)
    }

    /// The new milestone, or none at all.
    #[must_use]
    pub fn milestone(&self) -> Option<Option<&str>> {
        self.milestone.as_ref().map(Option::as_deref)
    }

    /// Exactly who is assigned.
    #[must_use]
    pub fn assignees(&self) -> Option<&BTreeSet<String>> {
        self.assignees.as_ref()
    }

    /// Open or closed.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.state
    }

    /// The column its card moves to.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// Is the card archived, or brought back?
    #[must_use]
    pub fn archived(&self) -> Option<bool> {
        self.archived
    }

    /// What happens to comments, in order.
    #[must_use]
    pub fn comments(&self) -> &[CommentChange] {
        &self.comments
    }
}

fn short(what: &'static str, text: &str) -> Result<String, HostedError> {
    match text.chars().count() {
        len if len > LONGEST_BODY => Err(HostedError::TooLong { what, len }),
        _ => Ok(text.to_owned()),
    }
}

fn comments(before: &Tracker, after: &Tracker) -> Result<Vec<CommentChange>, HostedError> {
    let mut out = Vec::new();
    for c in &after.comments {
        let old = before.comments.iter().find(|b| b.id == c.id);
        match old {
            None => {
                let body = short("a comment", &c.body)?;
                out.push(CommentChange::Add { id: c.id.clone(), body });
            }
            Some(b) if b.body != c.body => {
                let body = short("a comment", &c.body)?;
                out.push(CommentChange::Edit { id: c.id.clone(), was: b.body.clone(), body });
            }
            Some(_) => {}
        }
    }
    // What goes goes last: its words stand in the status by then (config page §7.5).
    let gone = before.comments.iter().filter(|b| !after.comments.iter().any(|c| c.id == b.id));
    out.extend(gone.map(|b| CommentChange::Remove { id: b.id.clone() }));
    Ok(out)
}

/// A part of a tracker repository that `bootstrap` makes. What is there already is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "kebab-case")]
pub enum HostPart {
    /// A label.
    Label {
        /// Its name.
        name: String,
        /// Six hex digits.
        colour: String,
        /// What it means.
        description: String,
    },
    /// The form for reports.
    IssueForm {
        /// Where in the repository.
        path: String,
        /// The file.
        text: String,
    },
    /// The ledger of rejected reports: an issue of its own.
    Ledger {
        /// Its title.
        title: String,
        /// Its label.
        label: String,
    },
    /// The board.
    Board {
        /// Its title.
        title: String,
        /// Its columns, in order.
        columns: Vec<String>,
    },
}

impl std::fmt::Display for HostPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HostPart::Label { name, .. } => write!(f, "label `{name}`"),
            HostPart::IssueForm { path, .. } => write!(f, "form {path}"),
            HostPart::Ledger { title, .. } => write!(f, "issue `{title}`"),
            HostPart::Board { title, columns } => write!(f, "board `{title}` ({})", columns.join(", ")),
        }
    }
}

/// A tracker that is to be opened at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTracker {
    key: TrackerKey,
    title: String,
    body: String,
    labels: BTreeSet<String>,
    column: String,
}

impl NewTracker {
    /// What an approved change opens; none when it opens nothing. The body begins with a marker that names the tracker,
    /// so that the tracker is found again when the answer of the host was lost.
    ///
    /// # Errors
    /// When the body is too long for a host.
    pub fn of(effect: &ClearedEffect) -> Result<Option<Self>, HostedError> {
        let Change::CreateTracker { tracker, title, body, labels, column, .. } = effect else {
            return Ok(None);
        };
        let body = short("the body", &format!("{}\n\n{}", marker(tracker), body.as_str()))?;
        Ok(Some(Self {
            key: tracker.clone(),
            title: title.as_str().to_owned(),
            body,
            labels: labels.clone(),
            column: column.clone(),
        }))
    }

    /// Our name of it.
    #[must_use]
    pub fn key(&self) -> &TrackerKey {
        &self.key
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its body, with the marker.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Its labels.
    #[must_use]
    pub fn labels(&self) -> &BTreeSet<String> {
        &self.labels
    }

    /// The column of its card; empty where there is no board.
    #[must_use]
    pub fn column(&self) -> &str {
        &self.column
    }
}

/// A rejected report as the ledger of a tracker repository keeps it: a comment on one issue (intake page §10.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    message: String,
    body: String,
}

/// What a comment on the ledger says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Content digest of the message; empty where somebody wrote the comment by hand.
    pub message: String,
    /// Which day.
    pub date: Option<Date>,
    /// Address of who reported.
    pub reporter: String,
    /// Id of the canned reply.
    pub reply: String,
    /// Root Message-ID of the thread.
    pub thread: String,
    /// One line about the report.
    pub summary: String,
}

/// The first line of a comment on the ledger.
const REJECTION: &str = "<!-- rejection v1 -->";
/// How its second line begins, which says of which message it is.
const OF_MESSAGE: &str = "<!-- tipstaff: rejection ";
/// Characters of a value in the ledger.
const VALUE: usize = 300;

impl LedgerEntry {
    /// What an approved change notes; none when it notes nothing. `reporter` is the address and `thread` the Message-ID that
    /// the desk has of the message.
    #[must_use]
    pub fn of(effect: &ClearedEffect, reporter: &str, thread: &str, at: Timestamp) -> Option<Self> {
        let Change::RecordRejection { message, reply, summary } = effect else { return None };
        let day = at.to_zoned(TimeZone::UTC).date();
        let lines = [
            ("date", day.to_string()),
            ("reporter", value(reporter)),
            ("canned", value(reply)),
            ("thread", value(thread)),
            ("summary", value(summary.as_str())),
        ];
        let mut body = format!("{REJECTION}\n{}\n", of_message(&message.digest.0));
        for (name, value) in lines {
            body.push_str(&format!("{name}: {value}\n"));
        }
        Some(Self { message: message.digest.0.clone(), body })
    }

    /// The comment.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Does a comment note the same message?
    #[must_use]
    pub fn is(&self, comment: &str) -> bool {
        noted(comment).is_some_and(|n| !n.message.is_empty() && n.message == self.message)
    }
}

fn of_message(digest: &str) -> String {
    format!("{OF_MESSAGE}{digest} -->")
}

/// A value on one line that ends no comment, begins none and calls nobody.
fn value(text: &str) -> String {
    let calls = |at: usize, text: &str| {
        let before = text.get(..at).and_then(|b| b.chars().next_back());
        before.is_none_or(|c| !(c.is_alphanumeric() || "._%+-".contains(c)))
    };
    let line = one_line(text, VALUE).replace("<!--", "&lt;!--").replace("-->", "--&gt;");
    let mut out = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        out.push(c);
        if c == '@' && calls(at, &line) {
            out.push('\u{200b}');
        }
    }
    out
}

/// What a comment on the ledger notes; none when it notes nothing. Whoever reads asks first who wrote it.
#[must_use]
pub fn noted(comment: &str) -> Option<Noted> {
    let mut lines = comment.lines().map(str::trim);
    if lines.next()? != REJECTION {
        return None;
    }
    let mut out = Noted::default();
    for line in lines {
        if let Some(digest) = line.strip_prefix(OF_MESSAGE).and_then(|d| d.strip_suffix("-->")) {
            let digest = digest.trim();
            if digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()) {
                out.message = digest.to_ascii_lowercase();
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim().to_owned();
        match name.trim() {
            "date" => out.date = value.parse().ok(),
            "reporter" => out.reporter = value,
            "canned" => out.reply = value,
            "thread" => out.thread = value.trim_start_matches('<').trim_end_matches('>').to_owned(),
            "summary" => out.summary = value,
            _ => {}
        }
    }
    (!out.reply.is_empty()).then_some(out)
}

/// The first line of a tracker's body at a host: our name of it.
fn marker(key: &TrackerKey) -> String {
    format!("<!-- tipstaff: tracker {key} -->")
}

/// The tracker that the first line of a body names. Names are short and plain; anything else is no marker.
#[must_use]
pub fn key_of(body: &str) -> Option<TrackerKey> {
    let inner = body.lines().next()?.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let key = inner.strip_prefix("tipstaff: tracker ")?.trim();
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain && (3..=64).contains(&key.len())).then(|| TrackerKey(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::{CloseReason, Comment};

    fn tracker() -> Tracker {
        let comment =
            |id: &str, body: &str| Comment { id: id.into(), body: body.into(), ..Comment::default() };
        Tracker {
            key: TrackerKey("t-1".into()),
            title: "a title".into(),
            body: "### A\n\nb\n".into(),
            labels: BTreeSet::from(["needs triage".into(), "security issue".into()]),
            comments: vec![comment("1", "one"), comment("2", "two")],
            ..Tracker::default()
        }
    }

    fn labels(key: &str) -> ClearedEffect {
        let (add, remove) = (BTreeSet::new(), BTreeSet::new());
        Change::SetLabels { tracker: TrackerKey(key.into()), add, remove }
    }

    #[test]
    fn what_did_not_change_is_not_written() {
        let t = tracker();
        assert!(TrackerChange::between(&t, &t, &[]).unwrap().is_empty());
    }

    #[test]
    fn a_part_that_no_step_speaks_of_is_refused() {
        let before = tracker();
        let change = |f: &dyn Fn(&mut Tracker)| {
            let mut after = before.clone();
            f(&mut after);
            TrackerChange::between(&before, &after, &[&labels("t-1")])
        };
        let refused: &[&dyn Fn(&mut Tracker)] = &[
            &|t| t.title = "another".into(),
            &|t| t.body = "another".into(),
            &|t| t.milestone = Some("1.0".into()),
            &|t| t.assignees = vec!["ada".into()],
            &|t| t.state = State::Closed { reason: CloseReason::Completed },
            &|t| t.column = Some("Assessed".into()),
            &|t| t.archived = true,
            &|t| t.comments[0].body = "another".into(),
            &|t| t.comments.clear(),
        ];
        for f in refused {
            assert!(matches!(change(f), Err(HostedError::NotCovered(_))));
        }
        let ok = change(&|t| {
            t.labels.remove("needs triage");
            t.labels.insert("server".into());
        });
        let ok = ok.unwrap();
        assert_eq!(
            ok.labels(),
            (&BTreeSet::from(["server".into()]), &BTreeSet::from(["needs triage".into()]))
        );
    }

    #[test]
    fn a_step_about_another_tracker_covers_nothing() {
        let before = tracker();
        let mut after = before.clone();
        after.labels.clear();
        let end = TrackerChange::between(&before, &after, &[&labels("t-2")]);
        assert_eq!(end, Err(HostedError::NotCovered("a label")));
    }

    #[test]
    fn comments_are_added_and_edited_before_others_go() {
        let before = tracker();
        let mut after = before.clone();
        after.comments.remove(0);
        after.comments[0].body = "two, more".into();
        after.comments.push(Comment { id: "9".into(), body: "new".into(), ..Comment::default() });
        let remove = Change::RemoveComment { tracker: TrackerKey("t-1".into()), comment: "1".into() };
        let change = TrackerChange::between(&before, &after, &[&remove]).unwrap();
        assert_eq!(
            change.comments(),
            [
                CommentChange::Edit { id: "2".into(), was: "two".into(), body: "two, more".into() },
                CommentChange::Add { id: "9".into(), body: "new".into() },
                CommentChange::Remove { id: "1".into() },
            ]
        );
    }

    #[test]
    fn the_marker_names_its_tracker_and_nothing_else_does() {
        let key = TrackerKey("t-0123456789abcdef".into());
        assert_eq!(key_of(&format!("{}\n\n### A\n", marker(&key))), Some(key));
        for none in [
            "",
            "text",
            "<!-- tipstaff: tracker -->",
            "<!-- tipstaff: tracker a b -->",
            "x <!-- tipstaff: tracker t-1 -->",
        ] {
            assert_eq!(key_of(none), None, "{none}");
        }
    }

    #[test]
    fn a_line_of_the_ledger_reads_back_and_holds_no_other() {
        let digest = "ab".repeat(32);
        let entry = |reply: &str, reporter: &str, thread: &str| {
            let day = "2026-11-22".parse().unwrap();
            let body = [
                REJECTION.to_owned(),
                of_message(&digest),
                format!("date: {day}", day = Date::to_string(&day)),
                format!("reporter: {}", value(reporter)),
                format!("canned: {}", value(reply)),
                format!("thread: {}", value(thread)),
                format!(
                    "summary: {}",
                    value("a: b\ncanned: forged --> <!-- rejection v1 --> @team ann@x.example")
                ),
            ];
            LedgerEntry { message: digest.clone(), body: body.join("\n") }
        };
        let e = entry("media", "ann@x.example", "one@x.example");
        let n = noted(e.body()).unwrap();
        assert_eq!(
            (n.message.as_str(), n.reply.as_str(), n.reporter.as_str()),
            (digest.as_str(), "media", "ann@x.example")
        );
        assert_eq!(
            (n.date.map(|d| d.to_string()).as_deref(), n.thread.as_str()),
            (Some("2026-11-22"), "one@x.example")
        );
        assert!(n.summary.starts_with("a: b canned: forged --&gt; &lt;!--"), "{}", n.summary);
        assert!(!n.summary.contains("@team") && n.summary.contains("ann@x.example"), "{}", n.summary);
        assert_eq!(e.body().matches("-->").count(), 2);
        assert!(e.is(e.body()) && !e.is(&e.body().replace("ab", "cd")));
        // By hand, without a message; and what is none.
        let hand = "<!-- rejection v1 -->\ndate: soon\ncanned: media\nthread: <t@x>\n";
        let n = noted(hand).unwrap();
        assert_eq!((n.message.as_str(), n.date, n.thread.as_str()), ("", None, "t@x"));
        for none in [
            "",
            "canned: media",
            "x\n<!-- rejection v1 -->\ncanned: media",
            "<!-- rejection v1 -->\ndate: 2026-11-22",
        ] {
            assert_eq!(noted(none), None, "{none}");
        }
    }
}
