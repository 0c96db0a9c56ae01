//! Which messages an import looks at (intake page §1).

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// Days an import looks back when nothing is said.
pub const DEFAULT_DAYS: u32 = 14;

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Those that arrived at or after this time.
    Since(Timestamp),
    /// Every undecided message.
    All,
    /// One thread, by the Message-ID of any of its messages.
    Thread(String),
}

/// A selector that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no selector; write `since:2026-11-01`, `last 30d`, `all` or `thread:MESSAGE-ID`")]
pub struct NoSelector(pub String);

/// Read a selector. `None` when the words are none at all, so that a path may stand in their place.
///
/// # Errors
/// When the words begin like a selector and are not one.
pub fn selector(words: &str, now: Timestamp) -> Result<Option<Selector>, NoSelector> {
    let text = words.trim();
    let lower = text.to_lowercase();
    let no = || NoSelector(text.to_owned());
    if lower == "new" {
        return Ok(Some(default_window(now)));
    }
    if lower == "all" {
        return Ok(Some(Selector::All));
    }
    if let Some(day) = lower.strip_prefix("since:") {
        return time(day.trim()).map(|t| Some(Selector::Since(t))).ok_or_else(no);
    }
    if lower.starts_with("thread:") {
        let id = text.get("thread:".len()..).unwrap_or_default();
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        return if id.is_empty() { Err(no()) } else { Ok(Some(Selector::Thread(id.into()))) };
    }
    if let Some(days) = lower.strip_prefix("last ").or_else(|| lower.strip_prefix("last:")) {
        let n: u32 =
            days.trim().trim_end_matches("days").trim_end_matches('d').trim().parse().map_err(|_| no())?;
        return back(now, n).map(|t| Some(Selector::Since(t))).ok_or_else(no);
    }
    Ok(None)
}

/// The window of an import without a selector: the last 14 days.
#[must_use]
pub fn default_window(now: Timestamp) -> Selector {
    back(now, DEFAULT_DAYS).map_or(Selector::All, Selector::Since)
}

fn back(now: Timestamp, days: u32) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

/// A time as people write it: RFC 3339, or a day, which begins at midnight UTC.
#[must_use]
pub fn time(text: &str) -> Option<Timestamp> {
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t);
    }
    let day: Date = text.parse().ok()?;
    day.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn selectors() {
        let now = at("2026-11-22T12:00:00Z");
        let since = |t: &str| Some(Selector::Since(at(t)));
        for (words, want) in [
            ("new", since("2026-11-08T12:00:00Z")),
            ("since:2026-11-01", since("2026-11-01T00:00:00Z")),
            ("SINCE: 2026-11-01T08:00:00Z", since("2026-11-01T08:00:00Z")),
            ("last 30d", since("2026-10-23T12:00:00Z")),
            ("last 1 days", since("2026-11-21T12:00:00Z")),
            ("all", Some(Selector::All)),
            ("thread:<A.b@C>", Some(Selector::Thread("A.b@C".into()))),
            ("reports.mbox", None),
            ("", None),
        ] {
            assert_eq!(selector(words, now).unwrap(), want, "{words}");
        }
    }

    #[test]
    fn half_selectors_are_errors() {
        let now = at("2026-11-22T12:00:00Z");
        for words in ["since:yesterday", "last d", "last -3d", "last 99999999999d", "thread:", "thread:<>"] {
            assert_eq!(selector(words, now), Err(NoSelector(words.into())), "{words}");
        }
    }
}
