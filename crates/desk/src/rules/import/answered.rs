//! Already answered, no tracker (intake page §3, D2): the team said no with a standing answer, the reporter let it
//! rest, and a week has passed. Only then is a thread set aside.

use jiff::Timestamp;

use super::{
    cue::{Signal, cues, words},
    people::team_wrote,
    text::Doc,
};
use crate::{config::Config, mail::Thread, people::Roster};

/// Hours of silence after which a thread counts as settled: seven elapsed days.
const SILENCE_HOURS: i64 = 7 * 24;
/// Characters of the team's message in which the disposition must stand.
const HEAD: usize = 300;

cues! {
    /// Openings of a standing disposition.
    DISPOSITION = [
        "answered.cannot-accept" 1 r"(?:cannot|can't|can not|unable to|not able to|do not|don't|won't|will not|no longer) (?:\w+ ){0,2}(?:accept|review|process|handle|triage) (?:\w+ ){0,6}(?:report\w*|issue|issues|submission\w*|finding\w*|scan\w*|result\w*|this|these|such|it|automated)",
        "answered.not-a-vulnerability" 1 r"(?:not|isn't|is no|aren't|don't|do not|doesn't|does not|never|n't) (?:\w+ ){0,6}(?:a |an |to be |as |any )*(?:\w+ )?(?:vulnerabilit\w+|security (?:issue|bug|problem|vulnerability|flaw|concern|defect|risk)s?)",
        "answered.security-model" 1 r"(?:security|threat|trust) model",
        "answered.by-design" 1 r"by design|as designed|works as (?:designed|intended)|(?:expected|intended|documented) behaviou?r",
        "answered.out-of-scope" 1 r"(?:explicitly |considered )?out[- ]of[- ]scope|(?:not|isn't|aren't) (?:\w+ )?(?:in|within) (?:the |our )?scope|outside (?:of )?(?:the |our )?scope",
        "answered.regular-process" 1 r"(?:regular|normal|usual|standard|public) (?:contribution|contributing|development|bug|issue|pull[- ]request)s? (?:process|tracker|workflow|report\w*)|(?:open|file|submit|raise) (?:a |an )?(?:regular|normal|public|ordinary) (?:\w+ )?(?:issue|bug|pr|pull request)",
        "answered.repeat-sender" 1 r"(?:repeated|further|future|additional|more) (?:\w+ ){0,4}(?:reports?|messages?|submissions?|e-?mails?) (?:\w+ ){0,8}(?:ignored|blocked|banned|not be (?:answered|reviewed|read)|deny|moderated)|(?:already|previously) (?:been )?(?:warned|told|asked you)",
    ];
}

words! {
    ASKS = r"=\?";
    DECIDES_NOT_YET = r"(?:could|can|would|please) (?:you )?(?:\w+ ){0,3}(?:clarify|explain|elaborate|provide|share|confirm|tell|send|describe)|looking into|investigat\w+|get back to you|will (?:review|check|look)|not (?:yet )?(?:sure|clear|decided)|i'm not sure|before we (?:decide|can)|wondering";
    SETTLES = r"=\b(?:thanks?|thank\s+you|thx|ok(?:ay)?|understood|fair\s+enough|makes\s+sense|got\s+it|noted|agreed?|i\s+see|no\s+problem|appreciate\w*|merci|danke|gracias|obrigad[oa]|grazie|спасибо|понял\w*|closing|apolog\w+|sorry)\b|谢谢|好的|明白|ありがとう|了解";
    OBJECTS = r"(?:disagree|don't agree|do not agree|however|reconsider|still (?:believe|think|vulnerable|possible|exploitable)|respectfully|mistaken|misunderst\w+|incorrect|please (?:re-?open|re-?check|re-?view|look again)|but (?:\w+ )?(?:attacker|user|this|the|it|i|an|anyone|that|if)|not (?:true|correct|right)|new (?:poc|vector|evidence|attack)|escalat\w+|why (?:is|do|would|not|isn't|are))|\?";
}

/// Is the thread settled already? `None` keeps it. Tracked threads are the caller's to keep (D1).
#[must_use]
pub fn judge(thread: &Thread, roster: &Roster, config: &Config, now: Timestamp) -> Option<Vec<Signal>> {
    let root = thread.root()?;
    let mut disposed: Option<Signal> = None;
    let mut open_objection = false;
    let mut quiet_since: Option<Timestamp> = None;
    for m in thread.messages.iter().skip(1) {
        let when = m.arrived();
        if when.is_none() && !m.automatic {
            // Silence cannot be measured.
            return None;
        }
        if m.automatic {
            continue;
        }
        if let Some(t) = when {
            quiet_since = Some(quiet_since.map_or(t, |q| q.max(t)));
        }
        let doc = Doc::new(m);
        if team_wrote(m, thread, roster, config) && !root.from.is(&m.from.email) {
            let head: String = doc.prose.chars().take(HEAD).collect();
            // A member who takes the report up again unsettles it.
            if let Some(hit) = disposition(&head) {
                disposed = Some(hit);
                open_objection = false;
            } else if disposed.is_some()
                && open_objection
                && !ASKS.is_match(&doc.prose)
                && doc.prose.len() > 40
            {
                open_objection = false;
            } else if disposed.is_some() && reverses(&doc.prose) {
                disposed = None;
            }
        } else if disposed.is_some() {
            open_objection = objects(&doc);
        }
    }
    let disposed = disposed?;
    if open_objection {
        return None;
    }
    let silence = now.as_second().saturating_sub(quiet_since?.as_second()) / 3600;
    (silence >= SILENCE_HOURS).then(|| {
        vec![
            disposed,
            Signal::new("answered.silence", &format!("{} days without another message", silence / 24)),
        ]
    })
}

/// What became of a report in mail: the last answer of the team, and whether the reporter objects to it since.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// The words of the answer, without what they quote; empty when there is none.
    pub reply: String,
    /// Does it stand unanswered?
    pub objection: bool,
}

/// Read a thread for what was answered in it (intake page §3, P2).
pub(super) fn exchange(thread: &Thread, roster: &Roster, config: &Config) -> Exchange {
    let mut out = Exchange::default();
    let Some(root) = thread.root() else { return out };
    for m in thread.messages.iter().skip(1).filter(|m| !m.automatic) {
        let doc = Doc::new(m);
        if team_wrote(m, thread, roster, config) && !root.from.is(&m.from.email) {
            out = Exchange { reply: doc.prose.clone(), objection: false };
        } else if !out.reply.is_empty() {
            out.objection = objects(&doc);
        }
    }
    out
}

fn disposition(head: &str) -> Option<Signal> {
    if DECIDES_NOT_YET.is_match(head) {
        return None;
    }
    // A question is not a disposition: look at the sentences that state something.
    let stated: String =
        head.split_inclusive(['.', '!', '?', '\n']).filter(|s| !s.trim_end().ends_with('?')).collect();
    // "We agree: guests are untrusted in our security model" refuses nothing.
    if super::converged::accepts(&stated) {
        return None;
    }
    DISPOSITION.first(&stated).map(|h| h.signal())
}

words! {
    REVERSES = r"(?:on (?:second|further|closer) (?:thought|look|review|inspection)|we were wrong|i was wrong|you(?:'re| are) right|re-?open\w*|(?:we|i) (?:can |could |now |did |have )*(?:confirm\w*|reproduc\w+|agree (?:this|that|it)))";
}

fn reverses(text: &str) -> bool {
    REVERSES.is_match(text)
}

/// Brief acknowledgement settles; anything else from the reporter is read as pushback.
fn objects(doc: &Doc) -> bool {
    let text = doc.prose.trim();
    if text.is_empty() {
        return false;
    }
    let brief = text.chars().count() <= 280;
    !(brief && SETTLES.is_match(text) && !OBJECTS.is_match(text))
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("answered.by-design", "the team called it intended"),
    ("answered.cannot-accept", "the team said that it cannot accept the report"),
    ("answered.not-a-vulnerability", "the team said that it is no vulnerability"),
    ("answered.out-of-scope", "the team called it out of scope"),
    ("answered.regular-process", "the team pointed to the public process"),
    ("answered.repeat-sender", "the team warned a repeat sender"),
    ("answered.security-model", "the team cited the security model"),
    ("answered.silence", "a week without another message since"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::import::samples::{config, mail, now};

    fn thread(messages: &[(&str, &str, &str)]) -> Thread {
        let messages = messages
            .iter()
            .enumerate()
            .map(|(n, (from, when, text))| mail(&format!("m{n}"), from, "DoS in parser", text, when))
            .collect();
        Thread { id: "m0".into(), messages }
    }

    const REP: &str = "rep@lab.example";
    const ANN: &str = "ann@widget.example.org";
    const NO: &str = "Hello, thank you. An authenticated user who exhausts memory is not considered a security vulnerability, see our security model.";

    #[test]
    fn all_three_conditions_are_needed() {
        let old = "2026-02-10T00:00:00Z";
        let report = (REP, "2026-02-01T00:00:00Z", "The parser hangs.");
        for (rest, answered, why) in [
            (vec![(ANN, old, NO)], true, "standing answer, 19 days of silence"),
            (vec![(ANN, "2026-02-25T00:00:00Z", NO)], false, "four days are not seven"),
            (
                vec![(ANN, old, "Could you explain why this is not a vulnerability in the client?")],
                false,
                "a question",
            ),
            (vec![(ANN, old, "We are looking into it and will get back to you.")], false, "free-form"),
            (vec![(ANN, old, NO), (REP, old, "Thanks, understood.")], true, "brief acknowledgement"),
            (
                vec![(ANN, old, NO), (REP, old, "I disagree: no login is needed at all.")],
                false,
                "pushback is open",
            ),
            (
                vec![
                    (ANN, old, NO),
                    (REP, old, "I disagree."),
                    (ANN, old, "As said, this is out of scope for us."),
                ],
                true,
                "answered twice",
            ),
            (vec![(REP, old, "Any news? By design?")], false, "only the reporter wrote"),
            (vec![("stranger@else.example", old, NO)], false, "not the team"),
            (
                vec![(ANN, old, NO), (ANN, old, "On second thought you are right, we can confirm this.")],
                false,
                "reversed",
            ),
            (
                vec![(ANN, old, &format!("{}{}", "x ".repeat(200), NO))],
                false,
                "the cue stands beyond the head",
            ),
        ] {
            let mut all = vec![report];
            all.extend(rest);
            let config = config();
            let got = judge(&thread(&all), &Roster::from_config(&config), &config, now());
            assert_eq!(got.is_some(), answered, "{why}: {got:?}");
        }
    }

    #[test]
    fn a_reporter_alone_is_never_dropped() {
        let config = config();
        let t = thread(&[(REP, "2025-01-01T00:00:00Z", NO)]);
        assert!(judge(&t, &Roster::from_config(&config), &config, now()).is_none());
    }
}
