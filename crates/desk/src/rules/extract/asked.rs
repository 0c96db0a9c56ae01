//! Did a mail of ours ask how the reporter wants to be credited? The question is asked once, ever (spec README, decision
//! 4), so it is recognised in any wording (sync page §11.4).

use std::sync::LazyLock;

use crate::pattern::Regex;

use super::text;

/// A sentence that ends in a question mark and speaks of credit.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)[^.?!\n][^.?!]{0,400}\?").expect("a constant pattern, compiled by a test")
});
static ABOUT_CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:credit(?:ed|s)?|acknowledg\w*|attribut\w*|(?:be|remain|stay|keep you)\s+(?:named|anonymous)|your\s+(?:name|affiliation)|anonymously)\b")
        .expect("a constant pattern, compiled by a test")
});
/// The same said as a request.
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)\b(?:let us know|tell us|please (?:confirm|say|indicate|advise)|we would like to know|kindly (?:confirm|let us know))\b[^.?!]{0,200}\b(?:credit(?:ed)?|acknowledged?|anonymous(?:ly)?|your (?:name|affiliation))\b")
        .expect("a constant pattern, compiled by a test")
});

/// Does this text, one of ours and without its quotes, ask the credit question?
#[must_use]
pub fn asks_credit(input: &str) -> bool {
    let input = text::head(input, 100_000);
    let joined = input.split_whitespace().collect::<Vec<_>>().join(" ");
    QUESTION.find_iter(&joined).any(|q| ABOUT_CREDIT.is_match(q.as_str())) || REQUEST.is_match(&joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::{CREDIT_QUESTION_PERSON, CREDIT_QUESTION_TOOL};

    #[test]
    fn the_question_is_recognised_in_any_wording() {
        for yes in [
            CREDIT_QUESTION_PERSON,
            CREDIT_QUESTION_TOOL,
            "How would you like to be credited?",
            "Would you prefer to remain anonymous, or should we\nname you in the advisory?",
            "Please let us know how you wish to be credited.",
            "Thanks! Which name and affiliation should stand in the credits?",
            "Please confirm whether you want to be acknowledged.",
            "May we use your name in the advisory?",
        ] {
            assert!(asks_credit(yes), "{yes}");
        }
        for no in [
            "Thank you for the report. We are looking into it.",
            "We credited you as Jane Doe. The fix is in review.",
            "Which version did you test?",
            "The credit will read \"Jane Doe\". Does 2.8.3 show the flaw?",
            "",
        ] {
            assert!(!asks_credit(no), "{no}");
        }
    }
}
