//! What an inbound message is (intake page §4) and its default fate (DESIGN §7).

use std::{fmt, sync::LazyLock};

use crate::pattern::Regex;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    answered, bookkeeping, consolidated, converged,
    cue::{Signal, score, words},
    decoys,
    features::{self, Features},
    follow_up::{self, Tie},
    injection,
    once::Once,
    people, public_fix,
    reject::{self, RejectCheck},
    scanner, solicitation,
    text::Doc,
};
use crate::{
    config::Config,
    mail::{Message, Thread, Unreadable},
    people::Roster,
};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Someone claims a flaw.
    Report,
    /// A configured relay passes on somebody's report.
    RelayedReport,
    /// The team accepted it on the thread already.
    ConvergedReport,
    /// Written by the CVE tool or the tracker about itself.
    Bookkeeping,
    /// Machine output without a person's own work.
    Scanner,
    /// Three or more unrelated flaws in one mail.
    Consolidated,
    /// Press, blog, talk, timing of a disclosure.
    Media,
    /// Offers, phishing, payment before details.
    Spam,
    /// More about a tracker that exists.
    FollowUp,
    /// The fix is public already.
    AlreadyPublic,
    /// No report at all.
    Other,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 11] = [
        Class::Report,
        Class::RelayedReport,
        Class::ConvergedReport,
        Class::Bookkeeping,
        Class::Scanner,
        Class::Consolidated,
        Class::Media,
        Class::Spam,
        Class::FollowUp,
        Class::AlreadyPublic,
        Class::Other,
    ];

    /// The word used in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Report => "report",
            Class::RelayedReport => "relayed-report",
            Class::ConvergedReport => "converged-report",
            Class::Bookkeeping => "bookkeeping",
            Class::Scanner => "scanner",
            Class::Consolidated => "consolidated",
            Class::Media => "media",
            Class::Spam => "spam",
            Class::FollowUp => "follow-up",
            Class::AlreadyPublic => "already-public",
            Class::Other => "other",
        }
    }

    /// The one table class → default fate. `other` is held: a person asked something that no canned reply answers,
    /// and only a person can tell. (The plan sets automatic mail aside by itself, see `propose`.)
    #[must_use]
    pub fn default_fate(self) -> Fate {
        match self {
            Class::Report | Class::RelayedReport | Class::ConvergedReport => Fate::NewTracker,
            Class::Scanner | Class::Consolidated | Class::Media | Class::AlreadyPublic => Fate::Reply,
            Class::FollowUp => Fate::FollowUp,
            Class::Other => Fate::Hold,
            Class::Bookkeeping | Class::Spam => Fate::Drop,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What becomes of a message (DESIGN §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// A tracker is proposed.
    NewTracker,
    /// A comment on a tracker is proposed.
    FollowUp,
    /// Recorded already.
    Duplicate,
    /// A canned answer, no tracker.
    Reply,
    /// Nothing is done.
    Drop,
    /// A person must look.
    Hold,
}

/// What the desk knows of a tracker when it reads mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerSummary {
    /// Number.
    pub number: u64,
    /// Full reference, e.g. `owner/name#12`; `#12` is used when empty.
    pub reference: String,
    /// Is it open? Read from `state` (`open` or `closed`), too.
    #[serde(alias = "state", deserialize_with = "open_or_not")]
    pub state_open: bool,
    /// Labels.
    pub labels: Vec<String>,
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
    /// Message-IDs recorded on it.
    pub message_ids: Vec<String>,
    /// Allocated CVE id.
    pub cve: Option<String>,
}

/// `true`, or the word `open` in any case.
fn open_or_not<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum State {
        Flag(bool),
        Word(String),
    }
    Ok(match State::deserialize(from)? {
        State::Flag(open) => open,
        State::Word(word) => word.trim().eq_ignore_ascii_case("open"),
    })
}

impl TrackerSummary {
    /// How the tracker is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.reference.is_empty() { format!("#{}", self.number) } else { self.reference.clone() }
    }
}

/// Everything the judgement may rely on.
#[derive(Clone, Copy, Debug)]
pub struct ClassifyInput<'a> {
    /// The thread.
    pub thread: &'a Thread,
    /// Which message is judged; usually the first untracked one.
    pub index: usize,
    /// The team.
    pub roster: &'a Roster,
    /// The configuration.
    pub config: &'a Config,
    /// Known trackers, open and closed.
    pub trackers: &'a [TrackerSummary],
    /// The forwarder adapter that matched, if one did.
    pub forwarder: Option<&'a str>,
    /// Evidence of a public fix found elsewhere, STRONG only (intake page §3, P3).
    pub public_fix: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// Where the thread stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadVerdict {
    /// Does it belong to a tracker?
    pub tracked: bool,
    /// Which one.
    pub tracker: Option<String>,
    /// Answered with a standing disposition and at rest (intake page §3, D2).
    pub answered: bool,
}

/// The judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What the message is.
    pub class: Class,
    /// What becomes of it.
    pub fate: Fate,
    /// Why, strongest first.
    pub signals: Vec<Signal>,
    /// The thread.
    pub thread: ThreadVerdict,
    /// The reject-class check; always made.
    pub reject: RejectCheck,
    /// Attempts to direct the reader; they change nothing (intake page §7).
    pub injection: Vec<Signal>,
}

words! {
    ADVISORY = r"(?:privately |private |new |draft )*(?:vulnerability report(?:ed|s)?|security advisor(?:y|ies)|reported a vulnerability|private report)|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}";
    OPENED = r"(?:opened|reported|submitted|created|filed|drafted|requested|received|invited|new)";
    // Only where the language is read is the absence of a claim worth anything.
    ENGLISH = r"the|is|are|you|your|what|which|how|we|can|do|does";
    // Observed against expected: a question that tells of that may be a report.
    CONTRAST = r"although|even though|despite|nevertheless|unexpected\w*|surpris\w+|strange\w*|weird\w*|suspicious\w*|shouldn't|should not|worr\w+|concern\w*";
    ARMOUR = r"=-----BEGIN (?:PGP|ENCRYPTED) MESSAGE-----";
}

static DOCUMENT: LazyLock<Regex> = LazyLock::new(|| {
    super::cue::pattern(
        r"=\.(?:pdf|docx?|md|txt|zip|7z|gz|tgz|rar|mp4|mov|webm|mkv|html?|py|c|js|sh|json|sarif|xml|csv|xlsx?|png|jpe?g|gif)$",
    )
});

/// A forge's notice of a private vulnerability report (intake page §4, Hard case 8).
#[must_use]
pub fn is_advisory_notice(message: &Message, doc: &Doc) -> bool {
    people::is_machine(&message.from)
        && ADVISORY.is_match(&doc.everything())
        && OPENED.is_match(&doc.everything())
}

/// Judges one message. Precedence of intake page §4: bookkeeping, forwarder, cross-thread, spam, media,
/// consolidated, scanner, public fix, converged, report; doubt is a report.
#[must_use]
pub fn classify(input: &ClassifyInput<'_>) -> Verdict {
    classify_once(input, &Once::default())
}

/// As [`classify`], for one message after the other of a thread: what they share is judged once. Everything but
/// `index`, `forwarder` and `public_fix` must stay the same.
#[must_use]
pub fn classify_once(input: &ClassifyInput<'_>, once: &Once) -> Verdict {
    let Some(message) = input.thread.messages.get(input.index).or_else(|| input.thread.root()) else {
        return Verdict {
            class: Class::Report,
            fate: Fate::Hold,
            signals: vec![Signal::new("class.report.empty-thread", "")],
            thread: ThreadVerdict::default(),
            reject: RejectCheck::no_match(),
            injection: Vec::new(),
        };
    };
    let own = Doc::new(message);
    let own_features = features::of(message, &own);
    let tie = follow_up::by_thread(input, message, once);
    let settled = if tie.is_some() {
        None
    } else {
        let judge = || answered::judge(input.thread, input.roster, input.config, input.now);
        once.settled.get_or_init(judge).clone()
    };

    let root = input.thread.root().filter(|r| r.key != message.key && tie.is_none());
    if let Some(root) = root
        && let Some(verdict) = reply(input, message, root, &own, &own_features, settled.clone(), once)
    {
        return verdict;
    }
    // A reply without a claim of its own stands for the thread: its root is judged.
    let root = root.filter(|_| !own_features.claims());
    let judged = root.unwrap_or(message);
    let (doc, f) = match root {
        Some(root) => {
            let (doc, f) = once.root(root);
            (doc, f)
        }
        None => (&own, &own_features),
    };

    let case = Case { input, message, judged, own: &own, own_features: &own_features, doc, f, tie, once };
    let (class, mut signals, special) = case.decide();
    let mut thread = ThreadVerdict::default();
    let mut fate = special.unwrap_or_else(|| class.default_fate());
    let belongs = class == Class::FollowUp || fate == Fate::Duplicate;
    if let Some(t) = case.tie.as_ref().or(case.by_id().as_ref().filter(|_| belongs)) {
        thread.tracked = true;
        thread.tracker = Some(t.tracker.shown());
    }
    if let Some(why) = settled.filter(|_| !thread.tracked) {
        thread.answered = true;
        fate = Fate::Drop;
        signals.extend(why);
    }
    let mut injection = injection::detect(message);
    let reject = match root {
        Some(root) => {
            injection.extend(once.injection(root).iter().cloned());
            injection.sort();
            injection.dedup();
            once.reject(class, root, doc, f)
        }
        None => reject::check(class, judged, doc, f),
    };
    Verdict { class, fate, signals, thread, reject, injection }
}

/// A reply within a thread that has no tracker yet: it follows what its root opens, and shares its fate, unless it
/// is a machine's, or reports a flaw of its own. `None` where the root has no say.
fn reply(
    input: &ClassifyInput<'_>,
    message: &Message,
    root: &Message,
    own: &Doc,
    f: &Features,
    settled: Option<Vec<Signal>>,
    once: &Once,
) -> Option<Verdict> {
    // The root once more, by another list: no answer.
    if !message.key.id.is_empty() && message.key.id == root.key.id {
        return None;
    }
    let apart = bookkeeping::judge(message, own, f, input.roster, input.config).is_some()
        || decoys::machine_subject(message, own).is_some() && message.automatic
        || input.forwarder.is_some();
    if apart {
        return None;
    }
    let opened = once.opened(root);
    let signal = Signal::new("class.follow-up.answers-thread", &root.subject);
    let tie = Tie { tracker: opened, signal, recorded: false, by_thread: true };
    let team = people::team_wrote(message, input.thread, input.roster, input.config);
    let injection = injection::detect(message);
    if !team && let Some(s) = follow_up::new_flaw(&tie, input, own, f, once) {
        let mut signals = vec![s, tie.signal];
        signals.extend(f.signals.clone());
        return Some(Verdict {
            class: Class::Report,
            fate: Fate::NewTracker,
            signals,
            thread: ThreadVerdict::default(),
            reject: reject::check(Class::Report, message, own, f),
            injection,
        });
    }
    let first = ClassifyInput { index: 0, forwarder: None, ..*input };
    let fate = match once.fate(input.public_fix.is_some(), || classify_once(&first, once).fate) {
        Fate::NewTracker | Fate::Duplicate => Fate::FollowUp,
        other => other,
    };
    let mut signals = vec![tie.signal];
    let answered = settled.is_some();
    signals.extend(settled.into_iter().flatten());
    Some(Verdict {
        class: Class::FollowUp,
        fate: if answered { Fate::Drop } else { fate },
        signals,
        thread: ThreadVerdict { answered, ..ThreadVerdict::default() },
        reject: RejectCheck::no_match(),
        injection,
    })
}

struct Case<'a, 'i> {
    input: &'a ClassifyInput<'i>,
    /// The message asked about.
    message: &'a Message,
    /// The message whose words decide: the same, or the root.
    judged: &'a Message,
    own: &'a Doc,
    own_features: &'a Features,
    doc: &'a Doc,
    f: &'a Features,
    tie: Option<Tie<'i>>,
    once: &'a Once,
}

type Decision = (Class, Vec<Signal>, Option<Fate>);

impl<'a, 'i> Case<'a, 'i> {
    fn by_id(&self) -> Option<Tie<'i>> {
        follow_up::by_id(self.input, self.own)
    }

    fn decide(&self) -> Decision {
        let (input, message) = (self.input, self.message);
        if let Some(s) = bookkeeping::judge(message, self.own, self.own_features, input.roster, input.config)
        {
            return (Class::Bookkeeping, vec![s], None);
        }
        if let Some(s) = self.unreadable() {
            return (Class::Report, vec![s], Some(Fate::Hold));
        }
        if let Some(adapter) = input.forwarder {
            let mut signals = vec![Signal::new("class.relayed.forwarder", adapter)];
            signals.extend(self.own_features.signals.clone());
            return (Class::RelayedReport, signals, None);
        }
        if let Some(s) = self.machine() {
            return (Class::Other, vec![s], None);
        }
        if let Some(d) = self.follow_up() {
            return d;
        }
        if is_advisory_notice(self.judged, self.doc) {
            let mut signals = vec![Signal::new("class.report.forge-notice", &self.judged.from.email)];
            signals.extend(self.f.signals.clone());
            return (Class::Report, signals, None);
        }
        // For a reply with nothing to say, the root decides, and it is the same root for the next one.
        if self.judged.key != self.message.key && self.input.public_fix.is_none() {
            return self.once.decided.get_or_init(|| self.unknown_thread()).clone();
        }
        self.unknown_thread()
    }

    fn unknown_thread(&self) -> Decision {
        let (doc, f) = (self.doc, self.f);
        if let Some(signals) = self.spam() {
            return (Class::Spam, signals, None);
        }
        if let Some(signals) = self.media() {
            return (Class::Media, signals, None);
        }
        let machine_made = scanner::judge(self.judged, doc, f, self.input.config);
        if let Some(s) = consolidated::judge(doc).filter(|_| f.claims() && machine_made.is_none()) {
            let mut signals = vec![s];
            signals.extend(f.signals.clone());
            return (Class::Consolidated, signals, None);
        }
        if let Some(signals) = machine_made {
            return (Class::Scanner, signals, None);
        }
        let public = self
            .input
            .public_fix
            .map(|e| Signal::new("class.already-public.found", e))
            .or_else(|| public_fix::judge(doc, self.input.config));
        if let Some(s) = public {
            let mut signals = vec![s];
            signals.extend(f.signals.clone());
            return (Class::AlreadyPublic, signals, None);
        }
        if let Some(mut signals) = self.converged() {
            signals.extend(f.signals.clone());
            return (Class::ConvergedReport, signals, None);
        }
        self.report_or_other()
    }

    fn unreadable(&self) -> Option<Signal> {
        let m = self.message;
        if self.input.thread.messages.len() > 1 && m.key != self.judged.key {
            return None;
        }
        let why = match m.unreadable {
            Some(Unreadable::PgpEncrypted) => Some("class.report.encrypted"),
            Some(Unreadable::SmimeEncrypted) => Some("class.report.encrypted"),
            Some(_) if m.text.trim().is_empty() => Some("class.report.undecodable"),
            None if ARMOUR.is_match(&m.text) => Some("class.report.encrypted"),
            None if m.text.trim().is_empty()
                && decoys::machine_subject(m, self.own).is_none()
                && !self.own_features.claims() =>
            {
                Some("class.report.undecodable")
            }
            _ => None,
        }?;
        // Bounces and auto-replies may be bodiless; nothing is lost with them.
        if m.automatic && why == "class.report.undecodable" && decoys::machine_subject(m, self.own).is_some()
        {
            return None;
        }
        Some(Signal::new(why, &m.subject))
    }

    /// Answers of machines and list administration, unless someone tells of a flaw in his own words.
    fn machine(&self) -> Option<Signal> {
        let m = self.message;
        if let Some(h) = decoys::machine_subject(m, self.own)
            && (m.automatic
                || people::is_machine(&m.from)
                || !self.own_features.claims()
                || self.own_features.substance == 0)
        {
            return Some(h.signal());
        }
        let away = decoys::machine(m, self.own)?;
        (!self.own_features.claims() && self.own_features.substance < 3).then(|| away.signal())
    }

    fn follow_up(&self) -> Option<Decision> {
        let tie = self.tie.clone().or_else(|| {
            // A list of many ids names none of them as its matter.
            let many = scanner::judge(self.message, self.own, self.own_features, self.input.config).is_some();
            self.by_id().filter(|_| !many)
        });
        let Some(tie) = tie else {
            let s = follow_up::earlier(self.own, self.own_features)?;
            return Some((Class::FollowUp, vec![s], None));
        };
        if tie.recorded {
            return Some((Class::FollowUp, vec![tie.signal], Some(Fate::Duplicate)));
        }
        if follow_up::same_flaw(&tie, self.own, self.own_features) {
            let mut signals = vec![tie.signal];
            signals.extend(self.own_features.signals.clone());
            return Some((Class::Report, signals, Some(Fate::Duplicate)));
        }
        if let Some(s) = follow_up::new_flaw(&tie, self.input, self.own, self.own_features, self.once) {
            let mut signals = vec![s, tie.signal];
            signals.extend(self.own_features.signals.clone());
            return Some((Class::Report, signals, None));
        }
        Some((Class::FollowUp, vec![tie.signal], None))
    }

    /// The author tells of his own find, by class.
    fn own_claim(&self) -> bool {
        let f = self.f;
        f.claims() && !f.classes.is_empty() && f.signals.iter().any(|s| s.rule == "class.report.discovery")
    }

    fn spam(&self) -> Option<Vec<Signal>> {
        let hits = solicitation::spam_in(self.doc);
        let points = score(&hits);
        let money =
            hits.iter().any(|h| h.rule == "class.spam.payment-first" || h.rule == "class.spam.extortion");
        let rules: std::collections::BTreeSet<_> = hits
            .iter()
            .map(|h| h.rule)
            .filter(|r| !r.ends_with("greeting") && !r.ends_with("bounty-question"))
            .collect();
        // One word out of place in a mail that claims a flaw is not spam.
        let enough = (points >= 5 && (money || !self.f.claims() || rules.len() >= 2))
            || (points >= 4 && !self.f.claims() && !rules.is_empty());
        let money = money || hits.iter().any(|h| h.rule == "class.spam.pay-to-see");
        let shows = self.f.substance >= 2
            || (self.own_claim() && !money)
            || (self.f.substance >= 1 && self.own_claim());
        (enough && !shows).then(|| hits.iter().map(super::cue::Hit::signal).collect())
    }

    fn media(&self) -> Option<Vec<Signal>> {
        let hits = solicitation::media(&self.doc.all_prose());
        let rules: std::collections::BTreeSet<_> = hits.iter().map(|h| h.rule).collect();
        let points = score(&hits);
        let press = hits.iter().any(|h| {
            h.rule == "class.media.press" || h.rule == "class.media.talk" || h.rule == "class.media.story"
        });
        let enough = (points >= 6 && rules.len() >= 2 && press)
            || (press && points >= 4 && !self.f.claims())
            || (points >= 5 && rules.len() >= 2 && self.f.classes.is_empty() && self.f.substance == 0);
        // The bare words "proof of concept" show nothing.
        let named = self.f.signals.iter().any(|s| s.rule == "class.report.poc");
        let bare = i32::from(named) * 3;
        let shows = self.f.reproduction - bare >= 3 || self.f.substance - bare >= 3 || self.own_claim();
        (enough && !shows).then(|| hits.iter().map(super::cue::Hit::signal).collect())
    }

    fn converged(&self) -> Option<Vec<Signal>> {
        converged::judge(self.input.thread, self.input.roster, self.input.config)
    }

    fn report_or_other(&self) -> Decision {
        let (doc, f) = (self.doc, self.f);
        let found = f.signals.iter().any(|s| s.rule == "class.report.discovery");
        if let Some(q) =
            decoys::affected_question(doc).filter(|_| f.substance < 3 && !f.reproduces() && !found)
        {
            return (Class::Other, vec![Signal::new("class.other.affected-question", &q)], None);
        }
        if f.claims() {
            let mut signals = f.signals.clone();
            if self.judged.key != self.message.key {
                signals.insert(0, Signal::new("class.report.thread-root", &self.judged.subject));
            }
            return (Class::Report, signals, None);
        }
        let asking = decoys::asking(doc);
        let attached = self.judged.attachments.iter().find(|a| DOCUMENT.is_match(&a.name) && a.size > 0);
        if let Some(a) = attached.filter(|_| score(&asking) < 4) {
            return (Class::Report, vec![Signal::new("class.report.doubt-attachment", &a.name)], None);
        }
        // A reply on a thread never seen: what it quotes tells what the thread is about.
        if self.judged.is_reply() && !doc.quoted.is_empty() && f.substance > 0 {
            let quoted = features::of_text(&Doc::from_text("", &doc.quoted));
            if quoted.claims() {
                return (
                    Class::Report,
                    vec![Signal::new("class.report.doubt-quoted-claim", &doc.subject)],
                    None,
                );
            }
        }
        // An answer on a thread nobody has seen, about something that sounds like a flaw.
        let courtesy =
            doc.prose.chars().count() < 60 && asking.iter().any(|h| h.rule == "class.other.courtesy");
        if self.judged.is_reply()
            && !courtesy
            && features::of_text(&Doc::from_text(&doc.subject, "")).claims()
        {
            return (Class::Report, vec![Signal::new("class.report.doubt-subject", &doc.subject)], None);
        }
        if !asking.is_empty() {
            return (Class::Other, asking.iter().map(super::cue::Hit::signal).collect(), None);
        }
        let contrast = CONTRAST.is_match(&doc.prose);
        let mostly = f.questions * 3 >= doc.sentences.iter().filter(|s| !s.is_empty()).count();
        if mostly
            && f.questions > 0
            && f.claim == 0
            && f.substance == 0
            && !contrast
            && ENGLISH.is_match(&doc.prose)
        {
            return (Class::Other, vec![Signal::new("class.other.question", &doc.prose)], None);
        }
        // What says nothing can hide nothing; whatever says more than the rules can read is a report.
        let letters = doc.prose.chars().filter(|c| c.is_alphanumeric()).count() + doc.code.len();
        let enough = if doc.prose.is_ascii() { 40 } else { 12 };
        let symbols = doc.prose.bytes().filter(|b| b"{}[]<>=/\\|;$%&*_`\"".contains(b)).count();
        if letters >= enough || symbols >= 4 || f.claim > 0 || f.substance > 0 || !f.mentioned.is_empty() {
            let first = doc.prose.lines().find(|l| !l.trim().is_empty()).unwrap_or(&doc.subject);
            return (Class::Report, vec![Signal::new("class.report.doubt", first)], None);
        }
        (
            Class::Other,
            vec![Signal::new("class.other.no-claim", doc.prose.lines().next().unwrap_or(&doc.subject))],
            None,
        )
    }
}

/// The ids of these rules, and what each means.
pub const RULES: &[(&str, &str)] = &[
    ("class.follow-up.answers-thread", "it answers a message of its thread and reports nothing new"),
    ("class.report.same-as-tracker", "it reports what a tracker holds already"),
    ("class.spam.pay-to-see", "money is asked for before any detail"),
    ("class.already-public.found", "a public fix of this flaw was found"),
    ("class.other.no-claim", "it says too little to hide a claim"),
    ("class.other.question", "it only asks, and claims nothing"),
    ("class.other.affected-question", "it asks whether the product is affected by something already known"),
    ("class.relayed.forwarder", "a configured relay sent it"),
    ("class.report.doubt", "nothing says that it is no report, so it is one"),
    ("class.report.doubt-attachment", "its matter is in an attachment; it counts as a report"),
    ("class.report.doubt-quoted-claim", "a reply on an unknown thread, and what it quotes claims a flaw"),
    ("class.report.doubt-subject", "a reply on an unknown thread, and its subject claims a flaw"),
    ("class.report.empty-thread", "a thread without a readable root"),
    ("class.report.encrypted", "it is encrypted; a person must look"),
    ("class.report.forge-notice", "a forge's notification of a private report"),
    ("class.report.thread-root", "the judgement rests on the root of its thread"),
    ("class.report.undecodable", "it holds nothing that can be read; a person must look"),
];
