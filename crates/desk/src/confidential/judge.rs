//! What a match means on a surface: the notes of the matrix (§5) applied to one finding.

use std::collections::BTreeSet;

use super::{
    Cell, Info, Kind, OtherIds, Phase, Policy, ScanRequest, SurfaceKind, Tier, cell,
    matcher::{ListKind, Part, Pat, What, Who},
    normal::{AT, Folded, HASH, SLASH, STOP},
    plain, terms,
};

/// A rule, its tier and where it hit, in kept bytes of the folded text.
type Verdict = (&'static str, Tier, usize, usize);

/// How an id stands to the tracker in hand.
#[derive(Clone, Copy, PartialEq)]
enum Relation {
    Own,
    Other,
    Public,
    Unknown,
}

pub(super) struct Judge<'a> {
    policy: &'a Policy,
    request: &'a ScanRequest,
    /// Set at clearance: is the fix open, and who is addressed?
    strict: Option<(bool, &'a [String])>,
    own: BTreeSet<Vec<u8>>,
    other: &'a OtherIds,
    public: BTreeSet<Vec<u8>>,
    credit: Vec<u8>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        request: &'a ScanRequest,
        strict: Option<(bool, &'a [String])>,
    ) -> Self {
        let s = &request.secrets;
        let ids = |list: &[String]| list.iter().map(|id| cve_digits(id)).filter(|d| !d.is_empty()).collect();
        Self {
            policy,
            request,
            strict,
            own: ids(s.own_cve.as_slice()),
            other: &s.other_cves,
            public: ids(&s.public_cves),
            credit: Folded::new(s.credit.as_deref().unwrap_or_default(), false).bytes,
        }
    }

    fn cell(&self, info: Info) -> Cell {
        cell(info, self.request.surface, self.request.phase)
    }

    fn forbidden(&self, info: Info) -> bool {
        self.cell(info) == Cell::Forbidden
    }

    fn surface(&self) -> SurfaceKind {
        self.request.surface
    }

    fn phase(&self) -> Phase {
        self.request.phase
    }

    /// What a pattern's match at kept bytes `start..end` means here; `None` when it may stand.
    pub(super) fn weigh(&self, f: &Folded, pat: &Pat, start: usize, end: usize) -> Option<Verdict> {
        let hit = |tier| (pat.rule, tier, start, end);
        match &pat.what {
            What::Term(tier) => self.forbidden(Info::Framing).then(|| hit(*tier)),
            What::Cve => self.cve(f, start, end),
            What::CveNumber => {
                // `2026-12345` without its prefix, when that is one of the ids in hand.
                let joined = f.gap(start + 4) && f.flags(start + 4) & STOP == 0;
                let ours = matches!(self.relation(f.kept(start, end)), Relation::Own | Relation::Other);
                let tier = self.cve_tier(f.kept(start, end)).filter(|_| ours)?;
                joined.then_some((pat.rule, tier, start, end))
            }
            What::Ghsa => self.ghsa(f, start, end),
            What::Cwe => {
                let digits = digits(f, end, 6);
                (digits > end && self.assessment().is_some()).then_some((
                    pat.rule,
                    Tier::Block,
                    start,
                    digits,
                ))
            }
            What::Security => self.security(f, start, end),
            What::Sensitive => {
                let near = |w: &[u8]| terms::CREDENTIAL_WORDS.iter().any(|c| c.as_bytes() == w);
                (self.forbidden(Info::Framing) && nearby(f, start, end, 5, near)).then(|| hit(Tier::Review))
            }
            What::Sibling => self.sibling(f, start, end).map(hit),
            What::Scanner => match self.surface() {
                SurfaceKind::Tracker | SurfaceKind::TeamMail => None,
                SurfaceKind::Reporter | SurfaceKind::Forwarder => Some(hit(Tier::Justify)),
                _ => Some(hit(Tier::Block)),
            },
            What::State => {
                (self.forbidden(Info::TrackerState) && is_state(f, pat, start, end)).then(|| hit(Tier::Block))
            }
            What::CveTool => self.forbidden(Info::CveTool).then(|| hit(Tier::Block)),
            What::List(kind) => self.list(f, *kind, start).map(hit),
            What::Slug => {
                let end = self.slug(f, start, end)?;
                self.tracker().map(|tier| (pat.rule, tier, start, end))
            }
            What::Desk => {
                let number = digits(f, end, 10);
                let joined = number > end && f.flags(end) & HASH != 0 && f.around(start, end).1 == Some('#');
                self.tracker().filter(|_| joined).map(|tier| (pat.rule, tier, start, number))
            }
            What::Number => {
                // `other/repo#42` is somebody else's number.
                let (before, _) = f.span(start, end);
                let head = f.text.get(..before).unwrap_or_default();
                let owned = head.strip_suffix(['#', '＃']).and_then(|t| t.chars().next_back());
                self.tracker().filter(|_| !owned.is_some_and(char::is_alphanumeric)).map(hit)
            }
            What::Issues => {
                // `/owner/repo/issues/42` of another repository is not ours; with our slug the slug says it.
                let other = f.around(start, end).0 == Some('/') && f.flags(start) & SLASH != 0;
                self.tracker().filter(|_| !other).map(hit)
            }
            What::Name(who, part, weak) => self.name(f, *who, *part, *weak, start, end).map(hit),
            What::Email(who) => self.person(*who, f.kept(start, end), false).map(hit),
            What::Handle(who, weak) => {
                let marked = f.flags(start) & AT != 0 || f.around(start, end).0 == Some('/');
                self.person(*who, f.kept(start, end), *weak && !marked).map(hit)
            }
            What::Thread => self.forbidden(Info::PrivateThread).then(|| hit(Tier::Block)),
            What::Vector => self.forbidden(Info::ReporterAssessment).then(|| hit(Tier::Block)),
            What::Roster(handle) => self.mention(f, handle, start, end).map(hit),
            What::UpstreamPull => {
                let pull = f.word(end);
                let number = digits(f, pull.1, 10);
                let is_pull = matches!(f.kept(pull.0, pull.1), b"pull" | b"pulls") && number > pull.1;
                self.fix_pr().filter(|_| is_pull).map(|tier| (pat.rule, tier, start, number))
            }
        }
    }

    /// Note 1 and 2: the switch `tracker.identifiers` decides (spec decision 1, C1).
    pub(super) fn tracker(&self) -> Option<Tier> {
        match self.cell(Info::TrackerRef) {
            Cell::Allowed => None,
            Cell::If(_) if !self.policy.identifiers_public => Some(Tier::Block),
            // Still worth a look where anyone reads it.
            Cell::If(_) if self.surface() == SurfaceKind::Public => Some(Tier::Review),
            Cell::If(_) => None,
            Cell::Forbidden => Some(Tier::Block),
        }
    }

    /// Note 7 and "once open".
    pub(super) fn fix_pr(&self) -> Option<Tier> {
        match (self.surface(), self.strict) {
            (SurfaceKind::Reporter, Some((false, _))) => Some(Tier::Block),
            (SurfaceKind::Forwarder, Some(_)) => Some(Tier::Justify),
            (SurfaceKind::Forwarder, None) => Some(Tier::Review),
            _ => None,
        }
    }

    fn relation(&self, digits: &[u8]) -> Relation {
        // The worst reading wins: an id in two lists is treated as somebody else's.
        match () {
            () if self.other.has(digits) => Relation::Other,
            () if self.own.contains(digits) => Relation::Own,
            () if self.public.contains(digits) => Relation::Public,
            () => Relation::Unknown,
        }
    }

    /// Note 4. The own id and public ids may be told to reporter and forwarder. Another tracker's undisclosed id
    /// leaves for no surface outside the team, in no phase (spec decision 2). An id in no list may be told after
    /// disclosure only; a bare scan that was not told the own id asks a person instead of refusing.
    fn cve_tier(&self, digits: &[u8]) -> Option<Tier> {
        let relation = self.relation(digits);
        if self.surface().is_private() {
            return None;
        }
        if relation == Relation::Other {
            return Some(Tier::Block);
        }
        match (self.cell(Info::CveId), relation) {
            (Cell::Forbidden, _) => Some(Tier::Block),
            (Cell::Allowed, _) | (_, Relation::Own | Relation::Public) => None,
            _ if self.phase().is_disclosed() => None,
            _ if self.strict.is_some() || !self.own.is_empty() => Some(Tier::Block),
            _ => Some(Tier::Review),
        }
    }

    /// Is this id, in any spelling, refused here?
    pub(super) fn cve_id(&self, id: &str) -> Option<Tier> {
        // A slot is filled by this tracker's own receipt; only a known other id is worse.
        match self.relation(&cve_digits(id)) {
            Relation::Other => self.cve_tier(&cve_digits(id)),
            _ => self.forbidden(Info::CveId).then_some(Tier::Block),
        }
    }

    fn cve(&self, f: &Folded, start: usize, end: usize) -> Option<Verdict> {
        let after = cve_number_end(f, end);
        let whole = (start + 1..end).all(|i| !f.gap(i));
        if after >= end + 7 && (whole || f.boundary(start)) {
            let tier = self.cve_tier(f.kept(end, after))?;
            return Some(("scan.cve-id", tier, start, after));
        }
        let spelled = (start + 1..end).all(|i| f.spells(i));
        let plural = f.bytes.get(end) == Some(&b's') && f.boundary(end + 1);
        let word = f.boundary(start) && (f.boundary(end) || plural) && (whole || spelled);
        (word && self.forbidden(Info::CveId)).then_some(("scan.cve-word", Tier::Block, start, end))
    }

    fn ghsa(&self, f: &Folded, start: usize, end: usize) -> Option<Verdict> {
        if !self.forbidden(Info::CveId) {
            return None;
        }
        let code = f.kept(end, end + 12);
        // Three groups of four, whatever stands between them.
        let grouped = code.len() == 12 && (end + 12 >= f.bytes.len() || f.boundary(end + 12));
        if grouped && code.iter().all(u8::is_ascii_alphanumeric) && f.gap(end) {
            return Some(("scan.ghsa", Tier::Block, start, end + 12));
        }
        (f.boundary(end)).then_some(("scan.ghsa", Tier::Review, start, end))
    }

    fn security(&self, f: &Folded, start: usize, end: usize) -> Option<Verdict> {
        if !self.forbidden(Info::Framing) {
            return None;
        }
        if end < f.bytes.len() && f.flags(end) & AT != 0 && f.around(start, end).1.is_some_and(|c| c != ' ') {
            return Some(("scan.security-address", Tier::Block, start, end));
        }
        // "security-related bug", "fix for a security issue": the two may be a few small words apart.
        let mut at = end;
        for _ in 0..4 {
            if at >= f.bytes.len() || f.flags(at) & STOP != 0 {
                break;
            }
            let (s, e) = f.word(at);
            let word = f.kept(s, e);
            if is_in(terms::FLAW_NOUNS, word) {
                return Some(("scan.security-fix", Tier::Block, start, e));
            }
            if !is_in(terms::FILLERS, word) {
                break;
            }
            at = e;
        }
        let mut at = start;
        for _ in 0..4 {
            if at == 0 || f.flags(at) & STOP != 0 {
                break;
            }
            let (s, e) = f.word_before(at);
            let word = f.kept(s, e);
            if is_in(terms::FIX_VERBS, word) {
                return Some(("scan.security-fix", Tier::Block, s, end));
            }
            if !is_in(terms::FILLERS, word) {
                break;
            }
            at = s;
        }
        let tier = if self.request.kind == Kind::Branch { Tier::Block } else { Tier::Review };
        Some(("scan.security-word", tier, start, end))
    }

    fn sibling(&self, f: &Folded, start: usize, end: usize) -> Option<Tier> {
        if self.surface() == SurfaceKind::TeamMail {
            return Some(Tier::Review);
        }
        let flaw = |w: &[u8]| terms::FLAW_WORDS.iter().any(|t| w.starts_with(t.as_bytes()));
        if nearby(f, start, end, 12, flaw) {
            return Some(Tier::Block);
        }
        // `project.sibling_projects`: names that tracker text may not mention.
        Some(if self.surface() == SurfaceKind::Tracker { Tier::Justify } else { Tier::Review })
    }

    fn list(&self, f: &Folded, kind: ListKind, start: usize) -> Option<Tier> {
        let archive = in_url(f, start);
        let refused = match self.surface() {
            SurfaceKind::Tracker | SurfaceKind::TeamMail => false,
            // Own and relay threads run over these lists; their archive and the governance list stay inside.
            SurfaceKind::Reporter | SurfaceKind::Forwarder => archive || kind == ListKind::Private,
            // After disclosure the address for reports is ordinary contact data.
            SurfaceKind::Public => archive || kind != ListKind::Security || !self.phase().is_disclosed(),
            SurfaceKind::CveDraft | SurfaceKind::CvePublic => archive || kind != ListKind::Security,
        };
        refused.then_some(Tier::Block)
    }

    /// The end of a tracker reference that begins with the repository, its number included.
    fn slug(&self, f: &Folded, start: usize, end: usize) -> Option<usize> {
        let (_, e) = f.span(start, end);
        let mut after = f.text.get(e..).unwrap_or_default().chars();
        // `acme/widget-site` is not `acme/widget`.
        if matches!(after.next(), Some('-' | '_')) && after.next().is_some_and(char::is_alphanumeric) {
            return None;
        }
        if end >= f.bytes.len() {
            return Some(end);
        }
        let (s, word_end) = f.word(end);
        let path = f.flags(s) & SLASH != 0 && f.flags(s) & STOP == 0 && f.kept(s, word_end).is_ascii();
        if f.flags(end) & HASH != 0 && f.around(start, end).1 == Some('#') {
            return Some(digits(f, end, 10));
        }
        if path && matches!(f.kept(s, word_end), b"issues" | b"issue" | b"pull" | b"security" | b"milestone")
        {
            let number = digits(f, word_end, 10);
            return Some(if number > word_end && f.flags(word_end) & SLASH != 0 { number } else { word_end });
        }
        Some(end)
    }

    /// Is an identity refused here? `weak` matches ask instead.
    fn person(&self, who: Who, key: &[u8], weak: bool) -> Option<Tier> {
        let firm = if weak { Tier::Review } else { Tier::Block };
        if who == Who::Other {
            return (!self.surface().is_private()).then_some(firm);
        }
        match self.cell(Info::ReporterIdentity) {
            Cell::Allowed => None,
            // Note 5: the confirmed form only; addresses and handles are never in the name from the report.
            Cell::If("5") => (!contains(&self.credit, key)).then_some(firm),
            Cell::If(_) => None,
            Cell::Forbidden => Some(firm),
        }
    }

    fn name(&self, f: &Folded, who: Who, part: Part, weak: bool, start: usize, end: usize) -> Option<Tier> {
        if weak && !looks_like_a_name(f, start, end) {
            return None;
        }
        let tier = self.person(who, f.kept(start, end), weak || part == Part::First)?;
        if who == Who::Reporter
            && self.cell(Info::ReporterIdentity) == Cell::If("5")
            && self.credit.is_empty()
        {
            // Note 5: without a confirmed form, the full name from the report; whether it may is a person's call.
            return Some(Tier::Review);
        }
        Some(tier)
    }

    fn mention(&self, f: &Folded, handle: &str, start: usize, end: usize) -> Option<Tier> {
        if self.surface() != SurfaceKind::Tracker || !looks_like_a_name(f, start, end) {
            return None;
        }
        let (s, e) = f.span(start, end);
        let near = f.text.get(e..).unwrap_or_default().chars().take(handle.len() + 6).collect::<String>();
        let before: String = {
            let mut c: Vec<char> =
                f.text.get(..s).unwrap_or_default().chars().rev().take(handle.len() + 6).collect();
            c.reverse();
            c.into_iter().collect()
        };
        let at = format!("@{}", handle.to_lowercase());
        let said = near.to_lowercase().contains(&at) || before.to_lowercase().contains(&at);
        // The handle itself may spell the name.
        let is_handle = f.around(start, end).0 == Some('@');
        (!said && !is_handle).then_some(Tier::Review)
    }

    fn assessment(&self) -> Option<Tier> {
        match self.cell(Info::Assessment) {
            Cell::Allowed => None,
            Cell::Forbidden => Some(Tier::Block),
            Cell::If(_) if self.phase().is_disclosed() => None,
            Cell::If(_) => Some(Tier::Block),
        }
    }

    /// The rules that need punctuation, over the original text.
    pub(super) fn plain(&self, text: &str, hit: &mut impl FnMut(&'static str, Tier, usize, usize)) {
        if self.surface().is_private() {
            return;
        }
        for (s, e) in plain::redaction_ids(text) {
            hit("scan.redaction-id", Tier::Block, s, e);
        }
        if self.assessment().is_some() {
            plain::scores(text).for_each(|(s, e)| hit("scan.cvss", Tier::Block, s, e));
            // On public code "severity" is mostly a log level; in mail it is ours.
            if self.surface().is_mail() {
                plain::severities(text).for_each(|(s, e)| hit("scan.severity", Tier::Justify, s, e));
            }
        }
        for (s, e) in plain::phones(text) {
            hit("scan.phone", Tier::Justify, s, e);
        }
        for (s, e) in plain::emails(text) {
            let address = text.get(s..e).unwrap_or_default();
            if self.is_known(address) {
                continue;
            }
            let tier = if is_trailer(text, s) { Tier::Review } else { Tier::Justify };
            hit("scan.third-party-email", tier, s, e);
        }
        for pattern in &self.policy.internal {
            for m in pattern.find_iter(text).filter(|m| !m.is_empty()) {
                hit("scan.internal-url", Tier::Block, m.start(), m.end());
            }
        }
    }

    /// An address that other rules judge or that may stand: team, lists, reporter, recipients, nobody.
    fn is_known(&self, address: &str) -> bool {
        let lower = address.to_ascii_lowercase();
        let same = |a: &String| !a.is_empty() && a.eq_ignore_ascii_case(address);
        self.policy.known_addresses.contains(&lower)
            || plain::is_nobody(address)
            || same(&self.request.secrets.reporter.email)
            || self.request.secrets.lists.iter().any(same)
            || self.request.secrets.threads.iter().any(|t| t.contains(address))
            || self.strict.is_some_and(|(_, to)| to.iter().any(same))
    }
}

/// The digits of an id, as the scan keeps them; empty when there are none.
pub(super) fn cve_digits(id: &str) -> Vec<u8> {
    Folded::new(id, false).bytes.into_iter().filter(u8::is_ascii_digit).collect()
}

/// End of the digits that follow kept byte `at`, at most `most`, all in one run.
fn digits(f: &Folded, at: usize, most: usize) -> usize {
    let mut end = at;
    while end < at + most && f.bytes.get(end).is_some_and(u8::is_ascii_digit) && (end == at || !f.gap(end)) {
        end += 1;
    }
    end
}

/// End of year and number after `cve` (§4.1: four digits, then three or more, anything between).
fn cve_number_end(f: &Folded, at: usize) -> usize {
    let is_digit = |i: usize| f.bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = at;
    while end < at + 4 && is_digit(end) {
        end += 1;
    }
    if end < at + 4 {
        return at;
    }
    let first = end;
    // A number ends at the first gap, unless it is spelled out digit by digit.
    while end < first + 19 && is_digit(end) {
        let alone = end > first && f.gap(end) && (f.gap(end + 1) || !is_digit(end + 1));
        let next_alone = end == first + 1 || f.gap(end - 1);
        if end >= first + 3 && f.gap(end) && !(alone && next_alone) {
            break;
        }
        end += 1;
    }
    if end - first >= 3 { end } else { at }
}

fn is_in(list: &[&str], word: &[u8]) -> bool {
    list.iter().any(|w| w.as_bytes() == word)
}

/// Does a wanted word stand within so many words, without a sentence between?
fn nearby(f: &Folded, start: usize, end: usize, words: usize, wanted: impl Fn(&[u8]) -> bool) -> bool {
    let mut at = end;
    for _ in 0..words {
        if at >= f.bytes.len() || f.flags(at) & STOP != 0 {
            break;
        }
        let (s, e) = f.word(at);
        if wanted(f.kept(s, e)) {
            return true;
        }
        at = e;
    }
    let mut at = start;
    for _ in 0..words {
        if at == 0 || f.flags(at) & STOP != 0 {
            break;
        }
        let (s, e) = f.word_before(at);
        if wanted(f.kept(s, e)) {
            return true;
        }
        at = s;
    }
    false
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && memchr::memmem::find(hay, needle).is_some()
}

/// A name that is also a word counts where it is written as a name, or stands where people are thanked (13.27).
fn looks_like_a_name(f: &Folded, start: usize, end: usize) -> bool {
    let (s, e) = f.span(start, end);
    if f.text.get(s..e).and_then(|t| t.chars().next()).is_some_and(char::is_uppercase) {
        return true;
    }
    let (b, word_end) = f.word_before(start);
    f.flags(start) & AT != 0
        || (start > 0
            && is_in(
                &[
                    "by", "from", "thanks", "thank", "credit", "credits", "finder", "reporter", "mr", "ms",
                    "mrs", "dr",
                ],
                f.kept(b, word_end),
            ))
}

/// Is the label or column named as such: in quotes (names of several words), or beside a word like "label"?
fn is_state(f: &Folded, pat: &Pat, start: usize, end: usize) -> bool {
    let quotes = |c: Option<char>| matches!(c, Some('"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '«' | '»'));
    let (before, after) = f.around(start, end);
    let several = pat.is_phrase();
    if several && quotes(before) && quotes(after) {
        return true;
    }
    let names =
        |w: &[u8]| is_in(&["label", "labels", "labelled", "labeled", "column", "milestone", "board"], w);
    let (a, b) = f.word_before(start);
    let (c, d) = f.word(end.min(f.bytes.len()));
    let near = (start > 0 && f.flags(start) & STOP == 0 && names(f.kept(a, b)))
        || (end < f.bytes.len() && f.flags(end) & STOP == 0 && names(f.kept(c, d)));
    near && (several || quotes(before))
}

/// Does the match stand inside a web address?
fn in_url(f: &Folded, start: usize) -> bool {
    let (s, _) = f.span(start, start + 1);
    let head: String = f.text.get(..s).unwrap_or_default().chars().rev().take(300).collect();
    let word = head.split(|c: char| c.is_whitespace() || "<>()\"'`".contains(c)).next().unwrap_or_default();
    word.contains("//:")
}

/// Is the address on a trailer line of a commit (`Signed-off-by:` and the like)?
fn is_trailer(text: &str, at: usize) -> bool {
    let head = text.get(..at).unwrap_or_default();
    let line = head.rfind('\n').and_then(|i| head.get(i + 1..)).unwrap_or(head);
    line.split_once(':')
        .is_some_and(|(key, _)| key.to_ascii_lowercase().ends_with("-by") && !key.contains(' '))
}
