//! Does a message belong to a tracker that exists? By message, not by thread: a new flaw reported on a tracked
//! thread is surfaced (intake page §3 D1, Weakness 6).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    class::{ClassifyInput, TrackerSummary},
    cue::{Signal, words},
    features::Features,
    once::Once,
    text::Doc,
};
use crate::{
    mail::{Message, Thread},
    rules::vocabulary::patterns as vocabulary,
};

words! {
    CVE = r"=\bCVE-\d{4}-\d{4,7}\b";
    GHSA = r"=\bGHSA(?:-[23456789cfghjmpqrvwx]{4}){3}\b";
    ANOTHER = r"(?:another|separate|different|second|new|additional|further|unrelated|distinct|independent|other) (?:\w+ ){0,3}(?:vulnerabilit\w+|issues?|bugs?|flaws?|problems?|findings?|holes?|weakness\w*|vulns?|report)|also (?:found|discovered|noticed|identified|affects?)|(?:not|isn't|un)\s?-?(?:the same|related)|eine? (?:weitere|andere|neue) \w+|une autre|otra (?:vulnerabilidad|falla)|outra (?:vulnerabilidade|falha)|ещ[её] одн\w+|друг\w+ уязвимост\w*";
    ANOTHER_CJK = r"=另(?:外)?一个|新的漏洞|別の";
    IN_PASSING = r"(?:similar|like|unlike|comparable|analogous|reminiscent|related|identical|resembl\w+|same (?:class|kind|type|pattern)|variant|inspired by|as in|cf\.?|see also|distinct from|different (?:from|than)|unrelated to|not (?:the same as|covered by|fixed by)|bypass\w*|incomplete)";
    PLACE = r"=[\w/.-]+\.(?:c|cc|cpp|h|rs|go|py|js|ts|tsx|java|rb|php|cs|kt|swift)\b|(?:^|[\s`'\x22(])/[a-z][\w-]*(?:/[\w{}.-]+)+|(?:^|[\s`'\x22(])/[a-z][\w-]{2,}\b|\b[a-z_]\w*(?:(?:\.|::)\w+)*\(\)|(?-i:\b[A-Z]\w+(?:\.|::|#)[a-z]\w+|\b[A-Z][a-z]+(?:[A-Z]\w+)+\b)|\b[a-z]+(?:_[a-z0-9]+)+\b|\b[a-z_]\w*(?:\.[a-z_]\w*){2,}\b";
    // The author says, of this very mail, that it is about another flaw.
    OF_ITS_OWN = r"(?:another|separate|different|second|new|unrelated|distinct|independent) (?:\w+ )?(?:vulnerabilit\w+|issue|bug|flaw|problem|finding|hole|weakness|vuln|report)";
    // A day, a weekday, a span: "of 13 October", "last week", "10 October".
    REPORTED = r"(?:i|we)(?:'ve|'d| have| had)? (?:already |previously |originally |first )*(?:reported|sent|submitted|filed|disclosed|wrote|written|mailed|e-?mailed) (?:\S+ ){0,14}?(?:to this (?:address|list)|to you|on (?:\S+ )?\d|\d+ (?:days|weeks|months)|(?:days|weeks|months) ago|last (?:week|month|year|\w+day)|earlier|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|yesterday|a (?:week|month|while) ago)|(?:my|our) (?:\S+ ){0,12}?(?:report|submission|e-?mail|message|disclosure|mail)(?:,)? (?:\S+ ){0,14}?(?:of|from|dated|sent|on) (?:the )?(?:\S+ )?(?:\d|last|yesterday|monday|tuesday|wednesday|thursday|friday|january|february|march|april|may|june|july|august|september|october|november|december)|(?:report|issue|vulnerability|flaw|bug|finding)s? (?:that )?(?:i|we) (?:have |had )?(?:reported|sent|submitted|filed)(?: \S+){0,6}|reported (?:on )?\d{1,2} \w+";
    ASKS_AFTER = r"any (?:updates?|news|progress|decision|feedback)|(?:not|n't|never|nothing) (?:\w+ ){0,2}(?:heard|received|got|seen|had) (?:\w+ )?(?:anything|back|an? (?:answer|reply|response|word))|heard (?:nothing|back)|(?:no|without) (?:answer|reply|response|acknowledg\w+|confirmation)|not heard|status (?:of|update)|has (?:a |the |any )?cve(?: id)? been|(?:is|was) (?:somebody|someone|anybody|anyone) (?:\w+ )?looking|did (?:it|you|my \w+) (?:\w+ )?(?:arrive|receive|get)|still (?:planned|open|pending)|for the record|reminder|follow(?:ing)?[- ]?up|friendly ping|when (?:do|will|can) you|tested (?:the|your) (?:patch|fix)|question (?:on|about|regarding)";
    ADDS = r"(?:additional|further|more|extra|supplementary|another) (?:\w+ )?(?:material|pocs?|proof|information|details?|evidence|data|logs?|notes?|payloads?) (?:for|to|on|about|regarding|concerning) (?:my|our|the) (?:\w+ ){0,4}(?:report|submission|mail|e-?mail|finding|issue|message)|(?:addendum|addition|supplement|follow[- ]?up|continuation|correction) (?:to|of|on|for) (?:my|our) (?:\w+ ){0,4}(?:report|mail|message|submission|finding)|this (?:mail |message )?(?:is about|concerns|refers to|belongs to|relates to) (?:my|our) (?:\w+ ){0,4}(?:report|mail|message|submission)";
    COORDINATES = r"embargo\w*|distributors?'?|packages? (?:for|of|will)|(?:planned|release|disclosure|publication|public) date|coordinated release|backports?|linux-distros|downstream";
}

/// How a message is tied to a tracker.
#[derive(Clone, Debug)]
pub struct Tie<'a> {
    /// The tracker.
    pub tracker: &'a TrackerSummary,
    /// Why.
    pub signal: Signal,
    /// The very message is already on the tracker.
    pub recorded: bool,
    /// Tied by the headers of the mail, not by an id that it names.
    pub by_thread: bool,
}

fn holds(t: &TrackerSummary, id: &str) -> bool {
    let id = bare(id);
    if id.is_empty() {
        return false;
    }
    #[cfg(test)]
    super::once::effort::add(t.body.len());
    let same = |m: &String| bare(m) == id;
    t.message_ids.iter().any(same) || (id.len() >= 8 && id.contains('@') && contains_token(&t.body, id))
}

/// What may stand around an id in a body.
fn delimiter(c: char) -> bool {
    c.is_whitespace() || "<>`'\"()[],;/:=|*".contains(c)
}

/// A body that holds an id between delimiters, not inside a longer one.
fn contains_token(body: &str, id: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(delimiter);
    body.match_indices(id).take(8).any(|(at, m)| {
        edge(body.get(..at).and_then(|s| s.chars().next_back()))
            && edge(body.get(at + m.len()..).and_then(|s| s.chars().next()))
    })
}

/// Which tracker holds which Message-ID, and which messages of a thread are held: looked up, so that neither many
/// replies nor many trackers are compared one by one.
#[derive(Debug, Default)]
pub struct Holders {
    /// Places of the trackers in which a word stands that may be (a part of) the id, in order.
    words: BTreeMap<String, Vec<usize>>,
    /// Messages of the thread that a tracker holds, by place: the message and the tracker.
    thread: Vec<(usize, usize)>,
}

impl Holders {
    /// Reads the trackers and the ids of a thread.
    #[must_use]
    pub fn new(trackers: &[TrackerSummary], thread: &Thread) -> Self {
        let mut words: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, t) in trackers.iter().enumerate() {
            let recorded = t.message_ids.iter().map(|id| bare(id));
            let mut all: BTreeSet<&str> = recorded.collect();
            all.extend(t.body.split(delimiter).filter(|w| w.contains('@')));
            for word in all {
                words.entry(word.to_owned()).or_default().push(i);
            }
        }
        let mut out = Self { words, thread: Vec::new() };
        let held = thread.messages.iter().enumerate();
        out.thread = held.filter_map(|(m, msg)| Some((m, out.of(trackers, &msg.key.id)?))).collect();
        out
    }

    /// Place of the first tracker that holds the id.
    fn of(&self, trackers: &[TrackerSummary], id: &str) -> Option<usize> {
        let id = bare(id);
        // An id with a delimiter in it stands in a body in pieces.
        let piece = id.split(delimiter).find(|p| p.contains('@')).unwrap_or(id);
        let places = |word: &str| self.words.get(word).into_iter().flatten().copied();
        places(id).chain(places(piece)).filter(|i| trackers.get(*i).is_some_and(|t| holds(t, id))).min()
    }
}

fn bare(id: &str) -> &str {
    id.trim().trim_matches(['<', '>'])
}

/// The tracker a message belongs to by its headers or its thread, if any.
#[must_use]
pub fn by_thread<'a>(input: &ClassifyInput<'a>, message: &Message, once: &Once) -> Option<Tie<'a>> {
    if input.trackers.is_empty() {
        return None;
    }
    let holders = once.holders(input);
    let tie = |at: usize, rule: &str, id: &str| {
        let recorded = rule == "class.follow-up.recorded";
        let tracker = input.trackers.get(at)?;
        Some(Tie { tracker, signal: Signal::new(rule, id), recorded, by_thread: true })
    };
    let held = |id: &str| holders.of(input.trackers, id);
    if let Some(t) = held(&message.key.id) {
        // A tracker opened for a reply names the thread by its root; the root is not recorded by that, and what it is
        // does not hang on what was answered to it.
        let from_reply = |t: &TrackerSummary| {
            let id = bare(&message.key.id);
            let own = t.message_ids.iter().any(|m| bare(m) == id);
            !own && input
                .thread
                .messages
                .iter()
                .any(|m| t.message_ids.iter().any(|i| bare(i) == bare(&m.key.id)))
        };
        if input.index == 0 && input.trackers.get(t).is_some_and(from_reply) {
            return None;
        }
        return tie(t, "class.follow-up.recorded", &message.key.id);
    }
    // Newest ancestor first: a thread may hold several trackers.
    let ancestors = message.in_reply_to.iter().rev().chain(message.references.iter().rev().take(100));
    for id in ancestors {
        if let Some(t) = held(id) {
            return tie(t, "class.follow-up.answers-tracked", id);
        }
    }
    let id_of = |at: usize| input.thread.messages.get(at).map_or("", |m| m.key.id.as_str());
    if let Some(&(m, t)) = holders.thread.first().filter(|(m, _)| *m < input.index) {
        return tie(t, "class.follow-up.answers-tracked", id_of(m));
    }
    if let Some(t) = held(&input.thread.id) {
        return tie(t, "class.follow-up.answers-tracked", &input.thread.id);
    }
    // A sibling of the thread may be the one that is tracked.
    let later = holders.thread.partition_point(|(m, _)| *m < input.index);
    let &(m, t) = holders.thread.get(later)?;
    tie(t, "class.follow-up.tracked-thread", id_of(m))
}

/// The tracker whose CVE or advisory id a new mail names as its subject matter.
#[must_use]
pub fn by_id<'a>(input: &ClassifyInput<'a>, doc: &Doc) -> Option<Tie<'a>> {
    let everything = doc.everything();
    for m in CVE.find_iter(&everything).take(200) {
        let id = m.as_str();
        if let Some(t) = input
            .trackers
            .iter()
            .find(|t| t.cve.as_deref().is_some_and(|c| c.trim().eq_ignore_ascii_case(id)))
        {
            return Some(Tie {
                tracker: t,
                signal: Signal::new("class.follow-up.names-cve", id),
                recorded: false,
                by_thread: false,
            });
        }
    }
    for m in GHSA.find_iter(&everything).take(200) {
        let id = m.as_str().to_ascii_lowercase();
        let of = |t: &&TrackerSummary| {
            t.body.to_ascii_lowercase().contains(&id) || t.title.to_ascii_lowercase().contains(&id)
        };
        if let Some(t) = input.trackers.iter().find(of) {
            return Some(Tie {
                tracker: t,
                signal: Signal::new("class.follow-up.names-advisory", m.as_str()),
                recorded: false,
                by_thread: false,
            });
        }
    }
    None
}

/// Says of itself that it is about something reported before, without headers that tie it to anything: the author
/// asks after an earlier report or adds to it, or somebody coordinates the release of a named CVE.
#[must_use]
pub fn earlier(doc: &Doc, f: &Features) -> Option<Signal> {
    let all = doc.all_prose();
    if let Some(m) = ADDS.find(&all) {
        return Some(Signal::new("class.follow-up.adds-to-report", m.as_str()));
    }
    if f.reproduces() || f.substance >= 3 {
        return None;
    }
    if let (Some(m), true) = (REPORTED.find(&all), ASKS_AFTER.is_match(&all)) {
        return Some(Signal::new("class.follow-up.asks-after-report", m.as_str()));
    }
    let named = CVE.find(&doc.subject)?;
    (!f.claims() && COORDINATES.is_match(&all))
        .then(|| Signal::new("class.follow-up.coordinates-release", named.as_str()))
}

/// Does a mail of its own report what the tracker named by an advisory id holds?
#[must_use]
pub fn same_flaw(tie: &Tie<'_>, doc: &Doc, f: &Features) -> bool {
    !tie.by_thread
        && GHSA.is_match(&tie.signal.evidence)
        && f.claims()
        && !OF_ITS_OWN.is_match(&doc.all_prose())
}

/// Places in the code that are read out of one text.
pub(super) const PLACES: usize = 60;

/// The places a text names, at most `most`, and how many were left to find.
pub(super) fn places(text: &str, most: usize) -> (BTreeSet<String>, usize) {
    let mut left = most;
    let found = PLACE
        .find_iter(text)
        .take(most)
        .inspect(|_| left -= 1)
        .map(|m| m.as_str().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|s| s.len() > 2)
        .collect();
    (found, left)
}

/// Is this a flaw of its own, not more about the tracker's? Needs a claim with its own reproduction, and another
/// class in another place, or the author's word that it is another one.
#[must_use]
pub fn new_flaw(
    tie: &Tie<'_>,
    input: &ClassifyInput<'_>,
    doc: &Doc,
    f: &Features,
    once: &Once,
) -> Option<Signal> {
    let by_word = OF_ITS_OWN.is_match(&doc.all_prose());
    if !f.claims() || (!f.reproduces() && f.substance < 4 && !(tie.by_thread && by_word)) {
        return None;
    }
    let mut known = once.known(tie, input, tie.by_thread && input.index > 0);
    if tie.by_thread {
        known.classes.extend(vocabulary::classes(&doc.quoted));
        known.places.extend(places(&doc.quoted, known.left).0);
    }
    let (known_classes, there) = (known.classes, known.places);
    let (here, _) = places(&doc.everything(), PLACES);
    let other_class = !f.classes.is_empty() && f.classes.iter().all(|c| !known_classes.contains(c));
    let other_place = !here.is_empty() && here.is_disjoint(&there);
    let all = doc.all_prose();
    let said = ANOTHER.find(&all).or_else(|| ANOTHER_CJK.find(&all));
    let evidence = said.map_or_else(|| doc.subject.clone(), |m| m.as_str().to_owned());
    let fresh = if tie.by_thread {
        (by_word && other_place)
            || f.reproduces()
                && ((other_class && (other_place && !known_classes.is_empty() || said.is_some()))
                    || (other_place && said.is_some()))
    } else {
        // A mail of its own that shows a flaw of its own and only mentions the tracker's id.
        let passing = IN_PASSING.is_match(&all) || said.is_some();
        other_class || (passing && f.reproduces()) || (other_place && f.reproduces() && !there.is_empty())
    };
    fresh.then(|| Signal::new("class.report.new-on-tracked-thread", &evidence))
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.follow-up.adds-to-report", "it adds to a report that was made before"),
    ("class.follow-up.asks-after-report", "it asks what became of a report"),
    ("class.follow-up.coordinates-release", "it arranges the release of a fix that is known"),
    ("class.follow-up.answers-tracked", "it answers a message that a tracker holds"),
    ("class.follow-up.names-advisory", "it names the advisory id of a tracker"),
    ("class.follow-up.names-cve", "it names the CVE id of a tracker"),
    ("class.follow-up.recorded", "a tracker holds this very message"),
    ("class.follow-up.tracked-thread", "another message of its thread is on a tracker"),
    ("class.report.new-on-tracked-thread", "it is on a tracked thread and reports another flaw"),
];
