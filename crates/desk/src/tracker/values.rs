//! How single values stand in a field: versions, credits, links (config page §2 rules 2 and 3).

use std::collections::BTreeSet;

/// Versions for the field: bare, one a line, in backticks so that `>=` does not become a quote.
#[must_use]
pub fn versions_value<S: AsRef<str>>(versions: &[S]) -> String {
    let lines = versions.iter().map(|v| bare(v.as_ref())).filter(|v| !v.is_empty());
    lines.map(|v| format!("`{v}`")).collect::<Vec<_>>().join("\n")
}

/// The version expressions of the field, bare, one per line of the value.
#[must_use]
pub fn versions(value: &str) -> Vec<String> {
    value.lines().map(|l| bare(unbullet(l))).filter(|v| !v.is_empty()).collect()
}

fn bare(text: &str) -> String {
    text.replace('`', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The credits of the field: one per line, bullets stripped, commas kept, repeats dropped, order kept. Each line is
/// byte-identical otherwise.
#[must_use]
pub fn credit_lines(value: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    value.lines().map(unbullet).filter(|l| !l.is_empty() && seen.insert(*l)).collect()
}

/// Credits for the field.
#[must_use]
pub fn credits_value<S: AsRef<str>>(credits: &[S]) -> String {
    let lines: Vec<String> =
        credits.iter().map(|c| c.as_ref().split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    credit_lines(&lines.join("\n")).join("\n")
}

fn unbullet(line: &str) -> &str {
    let line = line.trim();
    let rest = ["- ", "* ", "+ ", "• "].into_iter().find_map(|b| line.strip_prefix(b)).unwrap_or(line);
    if matches!(rest, "-" | "*" | "+" | "•") { "" } else { rest.trim() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_round_trip_in_backticks() {
        let value = versions_value(&[">= 2.7.0, < 2.10.3", "`3.0`", ""]);
        assert_eq!(value, "`>= 2.7.0, < 2.10.3`\n`3.0`");
        assert_eq!(versions(&value), [">= 2.7.0, < 2.10.3", "3.0"]);
        assert_eq!(versions("- `1.0`\n\n2.0"), ["1.0", "2.0"]);
    }

    #[test]
    fn credits_keep_order_and_commas() {
        let value = "- Ada, of Example\n* Bob\nAda, of Example\n\n-\n-Carl";
        assert_eq!(credit_lines(value), ["Ada, of Example", "Bob", "-Carl"]);
        assert_eq!(credits_value(&["Ada\n### X", "Ada ### X", "Bob"]), "Ada ### X\nBob");
    }
}
