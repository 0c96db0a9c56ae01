//! A calendar file (RFC 5545): as much of it as the ends of disclosure windows need.

use jiff::{Timestamp, tz::TimeZone};

/// One moment in the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What makes it the same event in the next export.
    pub uid: String,
    /// When.
    pub at: Timestamp,
    /// One line.
    pub summary: String,
    /// More about it.
    pub text: String,
    /// Days before it at which the calendar reminds.
    pub warn_days: u32,
}

/// Octets of a line before it is folded (RFC 5545 §3.1).
const LINE: usize = 75;

/// The calendar with these events; `now` is when it was made.
#[must_use]
pub fn calendar(events: &[Event], now: Timestamp) -> String {
    let mut out = String::new();
    let mut put = |line: &str| fold(line, &mut out);
    put("BEGIN:VCALENDAR");
    put("VERSION:2.0");
    put("PRODID:-//Tipstaff//Disclosure clocks//EN");
    put("CALSCALE:GREGORIAN");
    for e in events {
        put("BEGIN:VEVENT");
        put(&format!("UID:{}", escape(&e.uid)));
        put(&format!("DTSTAMP:{}", utc(now)));
        put(&format!("DTSTART:{}", utc(e.at)));
        put(&format!("SUMMARY:{}", escape(&e.summary)));
        put(&format!("DESCRIPTION:{}", escape(&e.text)));
        put("TRANSP:TRANSPARENT");
        put("CLASS:CONFIDENTIAL");
        put("BEGIN:VALARM");
        put("ACTION:DISPLAY");
        put(&format!("DESCRIPTION:{}", escape(&e.summary)));
        put(&format!("TRIGGER:-P{}D", e.warn_days));
        put("END:VALARM");
        put("END:VEVENT");
    }
    put("END:VCALENDAR");
    out
}

fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value: no character of it ends the value or the line.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Write a line, folded between characters.
fn fold(line: &str, out: &mut String) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_is_folded_escaped_and_in_utc() {
        let e = Event {
            uid: "t-1".into(),
            at: "2026-11-22T12:30:05+02:00".parse().unwrap(),
            summary: "A; b, c\\d\r\nEND:VCALENDAR".into(),
            text: "ä".repeat(100),
            warn_days: 7,
        };
        let text = calendar(&[e], "2026-11-01T00:00:00Z".parse().unwrap());
        assert!(
            text.contains("DTSTART:20261122T103005Z\r\n") && text.contains("DTSTAMP:20261101T000000Z\r\n")
        );
        assert!(text.contains("SUMMARY:A\\; b\\, c\\\\d\\nEND:VCALENDAR\r\n"), "{text}");
        assert_eq!(text.matches("\r\nEND:VCALENDAR\r\n").count(), 1);
        assert!(text.split("\r\n").all(|l| l.len() <= LINE), "{text}");
        assert!(text.split('\n').all(|l| l.is_empty() || l.ends_with('\r')), "every line ends in CR LF");
        assert_eq!(text.replace("\r\n ", "").matches('ä').count(), 100);
        for part in ["VCALENDAR", "VEVENT", "VALARM"] {
            assert!(text.contains(&format!("BEGIN:{part}\r\n")) && text.contains(&format!("END:{part}\r\n")));
        }
    }
}
