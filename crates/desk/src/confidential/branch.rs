//! What a branch should be called instead, and what a pull-request text still lacks (§4).

use super::{Hit, normal::Folded};

/// Words that carry no meaning at either end of a slug.
const LINKS: &[&str] = &[
    "a", "an", "and", "by", "for", "from", "in", "of", "on", "or", "the", "to", "via", "with", "into", "at",
];

/// A neutral slug made of the words that no hit touches; never empty.
pub(super) fn suggestion(text: &str, hits: &[Hit]) -> String {
    let folded = Folded::new(text, true);
    let mut words: Vec<String> = Vec::new();
    let link = |w: &String| LINKS.contains(&w.as_str());
    let (mut i, mut removed) = (0, false);
    while i < folded.bytes.len() && words.len() < 8 {
        let (start, end) = folded.word(i);
        i = end;
        let (s, e) = folded.span(start, end);
        let word = String::from_utf8_lossy(folded.kept(start, end)).into_owned();
        let hit = hits.iter().any(|h| h.start < e && s < h.end);
        if hit {
            // A link word beside a removed word has lost its other end.
            words.pop_if(|w| link(&*w));
            removed = true;
        } else if word.is_ascii()
            && word.bytes().any(|b| b.is_ascii_alphabetic())
            && !(removed && link(&word))
        {
            words.push(word);
            removed = false;
        }
    }
    while words.first().is_some_and(link) {
        words.remove(0);
    }
    while words.last().is_some_and(link) {
        words.pop();
    }
    words.dedup();
    let verb =
        |w: &str| matches!(w, "fix" | "fixes" | "bugfix" | "hotfix" | "patch" | "feature" | "feat" | "chore");
    let area: Vec<&str> = words.iter().map(String::as_str).filter(|w| !verb(w)).collect();
    match area.as_slice() {
        [] => FALLBACK.into(),
        // A single bare noun reads better with the verb of a branch.
        [one] => format!("fix-{one}"),
        _ => words.join("-"),
    }
}

/// The slug when nothing neutral is left.
pub(super) const FALLBACK: &str = "update-behaviour";

/// The required parts that a pull-request text lacks: `user-visible-change`, `checklist`, `gen-ai-disclosure`.
pub(super) fn missing(text: &str, disclosure_url: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut out = Vec::new();
    if !lower.lines().any(is_change) {
        out.push("user-visible-change".to_string());
    }
    if !lower.lines().any(is_check) {
        out.push("checklist".to_string());
    }
    let told = (!disclosure_url.is_empty() && text.contains(disclosure_url))
        || lower.lines().any(is_disclosure)
        || lower.lines().any(|l| l.trim_start().starts_with("generated-by:"));
    if !told {
        out.push("gen-ai-disclosure".to_string());
    }
    out
}

/// A task-list line.
fn is_check(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("> ");
    ["- [ ]", "- [x]", "* [ ]", "* [x]", "+ [ ]", "+ [x]"].iter().any(|c| line.starts_with(c))
}

/// A line that says whether, or how, generative tools were used.
fn is_disclosure(line: &str) -> bool {
    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let has = |set: &[&str]| words.iter().any(|w| set.contains(w));
    let tool = has(&["ai", "genai", "llm", "llms"]) || words.windows(2).any(|w| w == ["gen", "ai"]);
    tool && has(&[
        "gen",
        "genai",
        "generated",
        "generative",
        "tooling",
        "tools",
        "tool",
        "assisted",
        "assistance",
        "used",
        "disclosure",
        "usage",
        "use",
    ])
}

/// A line of prose about the change itself.
fn is_change(line: &str) -> bool {
    let text = line.trim();
    if text.starts_with('#') || text.starts_with("<!--") || is_check(line) || is_disclosure(line) {
        return false;
    }
    if text.starts_with("generated-by:") || text.starts_with("signed-off-by:") {
        return false;
    }
    text.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_parts_of_a_pull_request_are_named() {
        let full = "## What changes\nUploads with odd names are now refused with a clear error.\n\n- [x] Tests added\n\n\
                    ### Was generative AI tooling used?\n- [x] Yes, a coding agent";
        assert!(missing(full, "").is_empty(), "{:?}", missing(full, ""));
        assert_eq!(missing("", "").len(), 3);
        let cases = [
            ("Uploads with odd names are refused.\nGen-AI disclosure: none used", "checklist"),
            ("Uploads with odd names are refused.\n- [ ] tests", "gen-ai-disclosure"),
            ("# Summary\n\n- [ ] tests pass on all platforms\nGenerated-by: model-x", "user-visible-change"),
        ];
        for (text, part) in cases {
            assert_eq!(missing(text, ""), [part], "{text}");
        }
        let linked = "Uploads with odd names are refused.\n- [ ] t\nhttps://x.example/genai";
        assert!(missing(linked, "https://x.example/genai").is_empty());
    }
}
