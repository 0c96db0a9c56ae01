//! Forms of text that the record format demands.

/// A random UUID (version 4).
#[must_use]
pub fn is_uuid4(t: &str) -> bool {
    t.len() == 36
        && t.bytes().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => b == b'-',
            14 => b == b'4',
            19 => matches!(b, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => b.is_ascii_hexdigit(),
        })
}

/// `CVE-`, four digits, `-`, four to nineteen digits.
pub(super) fn is_cve_id(t: &str) -> bool {
    numbered(t, "CVE-", 4, 4, 4, 19)
}

fn numbered(t: &str, prefix: &str, a: usize, b: usize, c: usize, d: usize) -> bool {
    let digits = |s: &str, min: usize, max: usize| {
        (min..=max).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    t.strip_prefix(prefix)
        .and_then(|r| r.split_once('-'))
        .is_some_and(|(x, y)| digits(x, a, b) && digits(y, c, d))
}

/// `CWE-79`, without a leading zero.
pub(super) fn is_cwe_id(t: &str) -> bool {
    t.strip_prefix("CWE-").is_some_and(|n| is_number(n, usize::MAX))
}

/// `CAPEC-66`, one to five digits without a leading zero.
pub(super) fn is_capec_id(t: &str) -> bool {
    t.strip_prefix("CAPEC-").is_some_and(|n| is_number(n, 5))
}

fn is_number(n: &str, max: usize) -> bool {
    n.len() <= max
        && n.bytes().next().is_some_and(|b| matches!(b, b'1'..=b'9'))
        && n.bytes().all(|b| b.is_ascii_digit())
}

/// `5.1`, `5.1.1`: a version of this record format.
pub(super) fn is_data_version(t: &str) -> bool {
    let part = |p: &str| p == "0" || is_number(p, usize::MAX);
    t.strip_prefix("5.").is_some_and(|rest| match rest.split_once('.') {
        Some((a, b)) => part(a) && part(b),
        None => part(rest),
    })
}

/// A day, a `T`, a time; the zone may be missing. Years 1900 to 2999. The official pattern knows no leap day before
/// 2000 and takes `19-02-29` for a day; both are followed, since the verdict is to be the same.
#[must_use]
pub fn is_timestamp(t: &str) -> bool {
    t.split_once('T').is_some_and(|(day, time)| is_day(day) && is_time(time))
}

fn is_day(day: &str) -> bool {
    if let Some(year) = day.strip_suffix("-02-29") {
        let leap = |rest: &[u8]| {
            matches!(
                rest,
                [b'0', b'4' | b'8']
                    | [b'2' | b'4' | b'6' | b'8', b'0' | b'4' | b'8']
                    | [b'1' | b'3' | b'5' | b'7' | b'9', b'2' | b'6']
            )
        };
        return match year.as_bytes() {
            b"19" | b"2000" | b"2400" | b"2800" => true,
            [b'2', c, rest @ ..] => c.is_ascii_digit() && leap(rest),
            _ => false,
        };
    }
    let &[a, b, c, d, b'-', m, n, b'-', x, y] = day.as_bytes() else { return false };
    let year =
        matches!((a, b), (b'1', b'9') | (b'2', b'0'..=b'9')) && c.is_ascii_digit() && d.is_ascii_digit();
    let two = |p: u8, q: u8| match (p, q) {
        (b'0'..=b'9', b'0'..=b'9') => (p - b'0') * 10 + (q - b'0'),
        _ => 0,
    };
    let last = match two(m, n) {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    year && (1..=last).contains(&two(x, y))
}

fn is_time(time: &str) -> bool {
    let Some((clock, rest)) = time.split_at_checked(8) else { return false };
    let &[a, b, b':', c, d, b':', e, f] = clock.as_bytes() else { return false };
    let hour = matches!((a, b), (b'2', b'0'..=b'3') | (b'0' | b'1', b'0'..=b'9'));
    let sixty = |x: u8, y: u8| matches!(x, b'0'..=b'5') && y.is_ascii_digit();
    if !(hour && sixty(c, d) && sixty(e, f)) {
        return false;
    }
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    match zone.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|x| x.is_ascii_digit()),
        _ => false,
    }
}

/// `en`, `en-US`, `zh_Hant_TW`.
pub(super) fn is_language(t: &str) -> bool {
    let mut parts = t.split(['-', '_']);
    let first = parts.next().unwrap_or_default();
    (2..=4).contains(&first.len()) && is_alpha(first) && is_language_tail(&parts.collect::<Vec<_>>())
}

/// The same, of English.
pub(super) fn is_english(t: &str) -> bool {
    let mut parts = t.split(['-', '_']);
    parts.next() == Some("en") && is_language_tail(&parts.collect::<Vec<_>>())
}

fn is_language_tail(parts: &[&str]) -> bool {
    let script = |p: &str| p.len() == 4 && is_alpha(p);
    let region =
        |p: &str| (p.len() == 2 && is_alpha(p)) || (p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit()));
    match parts {
        [] => true,
        [one] => script(one) || region(one),
        [one, two] => script(one) && region(two),
        _ => false,
    }
}

fn is_alpha(t: &str) -> bool {
    t.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Holds a CPE 2.3 name; the official pattern does not ask that nothing else stands beside it. Read by hand: an engine for the
/// pattern takes longer to make than a record takes to check. A test holds both beside each other.
pub(super) fn has_cpe23(t: &str) -> bool {
    memchr::memmem::find_iter(t.as_bytes(), "cpe:2.3:")
        .any(|n| t.as_bytes().get(n + 8..).is_some_and(|rest| cpe23(rest).is_some()))
}

/// The part, five attributes, the language, four attributes, each after a colon.
fn cpe23(t: &[u8]) -> Option<()> {
    let mut rest = match t {
        [b'a' | b'h' | b'o' | b'*' | b'-', rest @ ..] => rest,
        _ => return None,
    };
    for n in 0..10 {
        rest = rest.strip_prefix(b":")?;
        let end = if n == 5 { language(rest) } else { attribute(rest) };
        rest = rest.get(end?..)?;
    }
    Some(())
}

/// How long the attribute is that begins here.
fn attribute(t: &[u8]) -> Option<usize> {
    // As many `?` as there are, or one `*`.
    let wild = |from: usize| {
        let marks = t.get(from..).unwrap_or_default().iter().take_while(|b| **b == b'?').count();
        if marks > 0 { marks } else { usize::from(t.get(from) == Some(&b'*')) }
    };
    let lead = wild(0);
    let mut end = lead;
    loop {
        end += match t.get(end..) {
            Some([b'\\', b, ..]) if br##"\*?!"#$%&'()+,/:;<=>@[]^`{|}~"##.contains(b) => 2,
            Some([b, ..]) if b.is_ascii_alphanumeric() || b"-._".contains(b) => 1,
            _ => break,
        };
    }
    if end == lead { matches!(t.first(), Some(b'*')).then_some(1) } else { Some(end + wild(end)) }
}

/// How long the language is that begins here.
fn language(t: &[u8]) -> Option<usize> {
    if let Some(b'*' | b'-') = t.first() {
        return Some(1);
    }
    let run = |from: usize, is: fn(&u8) -> bool| {
        t.get(from..).unwrap_or_default().iter().take_while(|b| is(b)).count()
    };
    let letters = run(0, u8::is_ascii_alphabetic);
    if !(2..=3).contains(&letters) {
        return None;
    }
    let region = match (
        t.get(letters),
        run(letters + 1, u8::is_ascii_alphabetic),
        run(letters + 1, u8::is_ascii_digit),
    ) {
        (Some(b'-'), 2, _) => 3,
        (Some(b'-'), _, 3) => 4,
        _ => 0,
    };
    Some(letters + region)
}

/// Holds a CPE name of 2.2 or 2.3.
pub(super) fn has_cpe(t: &str) -> bool {
    let bytes = t.as_bytes();
    let old = |w: &[u8]| matches!(w, [b'c', b'p' | b'P', b'e' | b'E', b':', b'/']);
    bytes.windows(5).any(old) || has_cpe23(t)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        type Row = (fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);
        let rows: &[Row] = &[
            (
                is_uuid4,
                &["f0158376-9dc2-43b6-827c-5f631a4d8d09", "F0158376-9DC2-43B6-A27C-5F631A4D8D09"],
                &[
                    "",
                    "Not found",
                    "f0158376-9dc2-13b6-827c-5f631a4d8d09",
                    "f0158376-9dc2-43b6-727c-5f631a4d8d09",
                    "f0158376-9dc2-43b6-827c-5f631a4d8d0",
                    "f0158376-9dc2-43b6-827c-5f631a4d8d09\n",
                ],
            ),
            (
                is_cve_id,
                &["CVE-2024-1234", "CVE-1999-1234567890123456789"],
                &[
                    "CVE-2024-123",
                    "cve-2024-1234",
                    "CVE-24-1234",
                    "CVE-2024-12345678901234567890",
                    "CVE-2024-1234 ",
                    "CVE-2024-12a4",
                ],
            ),
            (is_cwe_id, &["CWE-79", "CWE-1"], &["CWE-079", "CWE-", "CWE-0", "79", "CWE-7x"]),
            (is_capec_id, &["CAPEC-66"], &["CAPEC-066", "CAPEC-123456", "CAPEC-"]),
            (
                is_data_version,
                &["5.0", "5.1", "5.1.1", "5.20.3"],
                &["5", "4.0", "5.01", "5.1.", "5.1.1.1", "5.x"],
            ),
            (
                is_timestamp,
                &[
                    "2024-02-29T00:00:00",
                    "2024-12-31T23:59:59.123Z",
                    "1999-01-01T10:00:00+01:00",
                    "19-02-29T00:00:00",
                ],
                &[
                    "2023-02-29T00:00:00",
                    "1996-02-29T00:00:00",
                    "2024-13-01T00:00:00",
                    "2024-04-31T00:00:00",
                    "2024-01-01",
                    "2024-01-01T24:00:00",
                    "2024-01-01T00:60:00",
                    "2024-01-01 00:00:00",
                    "2024-01-01T00:00:00.",
                    "2024-01-01T00:00:00z",
                    "2024-01-01T00:00",
                    "1899-01-01T00:00:00",
                    "2024-00-01T00:00:00",
                    "2024-01-00T00:00:00",
                    "2024-1-1T00:00:00",
                    "2024-01-01T00:00:0é",
                ],
            ),
            (
                is_language,
                &["en", "en-US", "zh_Hant_TW", "es-419", "engl"],
                &["", "e", "english", "en-", "en-USA", "en-US-Latn", "e1"],
            ),
            (is_english, &["en", "en-US", "en_GB"], &["de", "eng", "EN", "en-"]),
            (
                has_cpe,
                &["cpe:/a:vendor:product:1.0", "cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*:*", "xcPE:/"],
                &["cpe:2.3:a:vendor:product:1.0", "CPE:/a", "cpe", "cpe:2.3:x:v:p:1:*:*:*:*:*:*:*"],
            ),
        ];
        for (n, (holds, good, bad)) in rows.iter().enumerate() {
            for t in *good {
                assert!(holds(t), "{n}: {t}");
            }
            for t in *bad {
                assert!(!holds(t), "{n}: {t}");
            }
        }
    }

    /// One attribute of a CPE 2.3 name, as the official pattern has it.
    const ATTRIBUTE: &str =
        r#"(?:(?:\?*|\*?)(?:[a-zA-Z0-9\-._]|\\[\\*?!"\#$%&'()+,/:;<=>@\[\]\^`{|}~])+(?:\?*|\*?)|[*\-])"#;

    fn piece() -> impl Strategy<Value = String> {
        let attribute = prop_oneof![
            4 => prop::sample::select(vec!["*", "-", "a", "1.0", "x_y", "a*", "*a", "?a", "??a?"]).prop_map(str::to_owned),
            1 => prop::collection::vec(prop::sample::select(vec!["a", "?", "*", "-", "\\", ":", "\\:", "\\!", "é", "~", ""]), 0..4)
                .prop_map(|v| v.concat()),
        ];
        let language = prop::sample::select(vec![
            "*", "-", "en", "eng", "en-US", "en-419", "en-US1", "e", "engl", "en-", "en-USA",
        ]);
        let part = prop::sample::select(vec!["a", "h", "*", "-", "x", ""]);
        let rest = (
            prop::collection::vec(attribute.clone(), 5..=5),
            language,
            prop::collection::vec(attribute, 3..=5),
        );
        (prop::sample::select(vec!["", "x", "cpe:2.3:"]), part, rest).prop_map(
            |(before, part, (five, language, four))| {
                format!("{before}cpe:2.3:{part}:{}:{language}:{}", five.join(":"), four.join(":"))
            },
        )
    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(2000))]
        #[test]
        fn cpe_names_are_those_of_the_pattern(text in piece()) {
            static PATTERN: std::sync::LazyLock<crate::pattern::Regex> = std::sync::LazyLock::new(|| {
                let (a, language) = (ATTRIBUTE, r"(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?|[*\-])");
                crate::pattern::Regex::new(&format!(r"cpe:2\.3:[aho*\-](?::{a}){{5}}:{language}(?::{a}){{4}}")).unwrap()
            });
            prop_assert_eq!(has_cpe23(&text), PATTERN.is_match(&text), "{}", text);
        }
    }
}
