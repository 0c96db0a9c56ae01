//! A report that the team has already accepted on the thread, and whose reporter has agreed (intake page §4).

use super::{
    cue::{Signal, words},
    people::team_wrote,
    text::Doc,
};
use crate::{config::Config, mail::Thread, people::Roster};

words! {
    ACCEPTS = r"(?:we|i|team|pmc|maintainers) (?:\w+ ){0,4}(?:confirm\w*|agree\w*|accept\w*|consider (?:this|it) (?:to be )?(?:a |as )?(?:\w+ )*(?:vulnerability|security)|reproduc\w+|acknowledge|validated|verified|concur)|(?:we|i)(?:'ll| will| are going to| plan to| intend to) (?:\w+ ){0,3}(?:fix|allocate|assign|request|patch|address|issue|publish|reserve|file|handle)|this is (?:indeed |clearly |certainly |a |an )*(?:valid|vulnerability|security (?:issue|bug|vulnerability|problem)|real)|(?:is|are) (?:a )?(?:valid|legitimate|genuine|confirmed)|(?:cve (?:id )?(?:will be|has been|is being|was))|accepted as|worth a cve|deserves a cve|treat (?:this|it) as a (?:vulnerability|security)|wir (?:bestätigen|können (?:das|es) (?:bestätigen|nachvollziehen))|nous confirmons|confirmamos|confermiamo|подтвержда\w+";
    REFUSES = r"(?:not|isn't|don't|doesn't|cannot|can't|won't|no longer|never|unable to) (?:\w+ ){0,6}(?:vulnerab\w+|security (?:issue|bug|problem)|confirm\w*|reproduc\w+|accept\w*|agree|valid|consider\w*|qualify|cve)|not considered";
    // Words of a refusal that an acceptance may use as well: "guests are untrusted in our security model".
    SOFT_REFUSAL = r"by design|expected behaviou?r|intended behaviou?r|out of scope|works as (?:designed|intended)|security model|regular (?:bug|contribution|issue)";
    THANKS = r"=\b(?:thanks?|thank\s+you|thx|great|perfect|excellent|awesome|ok(?:ay)?|sounds\s+good|fine|agree[ds]?|understood|good\s+to\s+(?:hear|know)|happy\s+(?:with|to)|works\s+for\s+me|appreciate\w*|glad|cool|nice|wonderful|looking\s+forward|merci|danke|gracias|obrigad[oa]|grazie|спасибо|acknowledged?|confirmed|yes)\b|谢谢|感谢|好的|ありがとう|了解";
    PUSHES = r"(?:disagree|don't agree|do not agree|however|but (?:i|this|the|it|that)|reconsider|still (?:believe|think)|respectfully|mistaken|misunderst\w+|not correct|incorrect|why (?:is|do|would|not)|nevertheless|unfortunately)";
}

/// Does a text of the team accept the report, and take nothing of it back?
#[must_use]
pub fn accepts(words: &str) -> bool {
    ACCEPTS.is_match(words) && !REFUSES.is_match(words)
}

/// The acceptance and the reporter's answer to it, among the last five messages.
#[must_use]
pub fn judge(thread: &Thread, roster: &Roster, config: &Config) -> Option<Vec<Signal>> {
    let root = thread.root()?;
    if thread.messages.len() < 3 {
        return None;
    }
    let first = thread.messages.len().saturating_sub(5).max(1);
    let mut accepted: Option<Signal> = None;
    let mut agreed: Option<Signal> = None;
    for m in thread.messages.iter().skip(first) {
        let doc = Doc::new(m);
        let words = &doc.prose;
        if team_wrote(m, thread, roster, config) && !root.from.is(&m.from.email) {
            if REFUSES.is_match(words) || (SOFT_REFUSAL.is_match(words) && !accepts(words)) {
                // The team changed its mind, or two members differ: nothing is settled.
                accepted = None;
                agreed = None;
            } else if let Some(hit) = ACCEPTS.find(words) {
                accepted = Some(Signal::new("class.converged.team-accepts", hit.as_str()));
                agreed = None;
            }
        } else if root.from.is(&m.from.email) && accepted.is_some() {
            agreed = match THANKS.find(words) {
                Some(hit) if !PUSHES.is_match(words) => {
                    Some(Signal::new("class.converged.reporter-agrees", hit.as_str()))
                }
                _ if PUSHES.is_match(words) => None,
                _ => agreed,
            };
        }
    }
    Some(vec![accepted?, agreed?])
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.converged.reporter-agrees", "the reporter agreed to that"),
    ("class.converged.team-accepts", "the team accepted the report on the thread"),
];
