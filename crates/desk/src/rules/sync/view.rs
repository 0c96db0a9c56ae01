//! One tracker as the rules see it: labels, fields and facts read once, and the questions every rule asks of them.

use std::{cell::OnceCell, rc::Rc, sync::LazyLock};

use crate::pattern::Regex;

use super::{
    Ground,
    kept::{Kept, Made, Said as Words},
    target::Target,
};
use crate::{
    case::{Case, Evidence, Fact, MailThread, Observed, PullRequest, PullState, RecordStage, Routing},
    config::Scope,
    cve,
    plan::{Precondition, digest},
    rules::{stage::Stage, title::TitleReport},
    tracker::{
        self, Body, FieldRole, LabelRole, Labels, Marked, Tracker, by_team, marked_text, rollup, thread_ref,
    },
};

static CVE_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bCVE-[0-9]{4}-[0-9]{4,19}\b").expect("a constant pattern, compiled by a test")
});

static VERDICT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W{0,4}(valid|invalid)\b(?:.*?\bscope\W{1,3}([^`*\n]+?)[`*.]*\s*$)?")
        .expect("a constant pattern, compiled by a test")
});

/// Every distinct CVE id in a text, in order of appearance.
#[must_use]
pub fn cve_ids(text: &str) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for m in CVE_ID.find_iter(text) {
        if !out.contains(&m.as_str()) {
            out.push(m.as_str());
        }
    }
    out
}

/// The first CVE id in a text.
#[must_use]
pub fn cve_id(text: &str) -> Option<String> {
    CVE_ID.find(text).map(|m| m.as_str().to_owned())
}

/// A member's word, read from the case or from a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Handle.
    pub handle: String,
    /// Valid?
    pub valid: bool,
    /// Scope label, for a valid one.
    pub scope: Option<String>,
    /// Where it was said.
    pub source: String,
}

/// What the team decided (spec README, decision 9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consensus {
    /// Fewer than two voices for the same word, on a team of more than one.
    None,
    /// Voices disagree.
    Split(Vec<Said>),
    /// Two or more distinct members say the same.
    Valid(Vec<Said>),
    /// Two or more distinct members say it is not valid.
    Invalid(Vec<Said>),
}

/// One tracker as the rules see it.
pub struct View<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its facts.
    pub o: &'a Observed,
    /// The tracker.
    pub t: &'a Tracker,
    /// Everything else.
    pub g: Ground<'a>,
    /// Its labels by role.
    pub labels: Labels,
    /// Its body fields.
    pub body: Rc<Body>,
    /// Configured scopes whose label it has.
    pub scopes: Vec<&'a Scope>,
    /// The CVE id in its link field.
    pub cve: Option<String>,
    /// `owner/repo#N`.
    pub name: String,
    /// What several rules ask, answered once.
    pub(super) target: OnceCell<Option<Target>>,
    pub(in crate::rules) stage: OnceCell<(Stage, String)>,
    routing: OnceCell<Routing>,
    title: OnceCell<Rc<TitleReport>>,
    made: OnceCell<Rc<Made>>,
    pub(super) kept: Rc<Kept>,
}

impl<'a> View<'a> {
    /// Read a case.
    #[must_use]
    pub fn new(case: &'a Case, g: Ground<'a>) -> Self {
        Self::with(case, g, Rc::default())
    }

    /// Look again, at the same tracker as it would be: what reads the same is not read again.
    pub(super) fn again<'b>(&self, case: &'b Case) -> View<'b>
    where
        'a: 'b,
    {
        View::with(case, self.g, Rc::clone(&self.kept))
    }

    fn with(case: &'a Case, g: Ground<'a>, kept: Rc<Kept>) -> Self {
        let t = &case.tracker;
        let labels = g.labels.read(&t.labels);
        let body = kept.body(&t.body, g);
        let named = |s: &&Scope| labels.scopes.iter().any(|l| l.eq_ignore_ascii_case(&s.label));
        let scopes: Vec<&Scope> = g.config.scope.iter().filter(named).collect();
        // Two ids in one field are none: nobody guesses which of them is meant.
        let cve = match body.get(FieldRole::CveToolLink).map(cve_ids).as_deref() {
            Some([one]) => Some((*one).to_owned()),
            _ => None,
        };
        Self {
            case,
            o: &case.observed,
            t,
            g,
            labels,
            scopes,
            cve,
            name: t.reference.to_string(),
            body,
            target: OnceCell::new(),
            stage: OnceCell::new(),
            routing: OnceCell::new(),
            title: OnceCell::new(),
            made: OnceCell::new(),
            kept,
        }
    }

    /// What its record is made from.
    #[must_use]
    pub fn record_facts(&self) -> &cve::Facts {
        &self.made().facts
    }

    /// Its record as it stands.
    #[must_use]
    pub fn built(&self) -> &cve::Built {
        self.made().built(self.g)
    }

    /// The same as JSON.
    #[must_use]
    pub fn record_json(&self) -> &serde_json::Value {
        self.made().json(self.g)
    }

    /// Its bytes.
    #[must_use]
    pub fn record_text(&self) -> &str {
        self.made().text(self.g)
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| self.kept.record(super::record::facts(self)))
    }

    /// What the author of a comment says in it.
    pub(super) fn words(&self, comment: &tracker::Comment) -> Rc<Words> {
        self.kept.said(&comment.body)
    }

    /// What hygiene says of that record.
    #[must_use]
    pub fn hygiene(&self) -> &[cve::Finding] {
        self.made().hygiene(self.g)
    }

    /// Its title by the cascade.
    #[must_use]
    pub fn title(&self) -> &TitleReport {
        self.title.get_or_init(|| self.kept.title(&self.t.title, self.g))
    }

    /// Does it carry that label?
    #[must_use]
    pub fn has(&self, role: LabelRole) -> bool {
        self.labels.has(role)
    }

    /// The value of a field; empty when unset.
    #[must_use]
    pub fn field(&self, role: FieldRole) -> &str {
        self.body.get(role).unwrap_or_default()
    }

    /// Is a mandatory field filled? A severity of `Unknown` is not (config page §2 rule 1).
    #[must_use]
    pub fn filled(&self, role: FieldRole) -> bool {
        let value = self.field(role).trim();
        let unscored = role == FieldRole::Severity && value.eq_ignore_ascii_case("unknown");
        !value.is_empty() && !unscored
    }

    /// Its scope, when it has exactly one.
    #[must_use]
    pub fn scope(&self) -> Option<&'a Scope> {
        self.scopes.first().copied().filter(|_| self.scopes.len() == 1)
    }

    /// Is a CVE allocated: an id in the link field, or the label that says so?
    #[must_use]
    pub fn has_cve(&self) -> bool {
        self.cve.is_some() || self.has(LabelRole::CveAllocated)
    }

    /// Was validity decided: a scope, and no longer under triage?
    #[must_use]
    pub fn decided(&self) -> bool {
        !self.scopes.is_empty() && !self.has(LabelRole::NeedsTriage)
    }

    /// The fixes that count: named in the field and not closed without a merge.
    #[must_use]
    pub fn fixes(&self) -> Vec<&'a PullRequest> {
        let all = self.o.pulls.known().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|p| !p.elsewhere && p.state != PullState::Closed).collect()
    }

    /// The states of the fixes that the field names; none where nobody looked, or the field names none.
    fn looked_up(&self) -> Option<Vec<PullState>> {
        let named = self.o.pulls.known()?.iter().filter(|p| !p.elsewhere).map(|p| p.state);
        Some(named.collect::<Vec<_>>()).filter(|all| !all.is_empty())
    }

    /// Is every fix merged? Where nobody looked, the label says. A fix that was given up does not count, but a tracker
    /// whose only fix was given up has none.
    #[must_use]
    pub fn merged(&self) -> bool {
        let Some(all) = self.looked_up() else { return self.has(LabelRole::PrMerged) };
        all.contains(&PullState::Merged) && !all.contains(&PullState::Open)
    }

    /// Is a fix in review? Where nobody looked, the label says.
    #[must_use]
    pub fn in_review(&self) -> bool {
        let Some(all) = self.looked_up() else { return self.has(LabelRole::PrOpen) };
        all.contains(&PullState::Open)
    }

    /// How far the record is; unknown when nobody could say.
    #[must_use]
    pub fn record(&self) -> RecordStage {
        self.o.record.known().map_or(RecordStage::Unknown, |r| r.state)
    }

    /// Does the project keep its records with a tool that has states?
    #[must_use]
    pub fn has_record_tool(&self) -> bool {
        super::record::pushes(self) || self.o.record.known().is_some()
    }

    /// The reporter's thread, as far as known.
    #[must_use]
    pub fn thread(&self) -> Option<&'a MailThread> {
        self.o.thread.known()
    }

    /// How the contact is reached: a forwarder, once known by thread, import or marker, stays one; else the thread field
    /// says (S19).
    #[must_use]
    pub fn routing(&self) -> Routing {
        *self.routing.get_or_init(|| self.find_routing())
    }

    fn find_routing(&self) -> Routing {
        if let Some(t) = self.thread().filter(|t| t.routing != Routing::Direct) {
            return t.routing;
        }
        let marked = |c: &tracker::Comment| {
            c.body.starts_with("<!--")
                && c.body.lines().next().is_some_and(|l| l.contains("routing-mode via-forwarder"))
                && by_team(c, self.g.roster)
        };
        if self.case.via_forwarder || self.t.comments.iter().any(marked) {
            return Routing::ViaForwarder;
        }
        match thread_ref(self.field(FieldRole::SecurityThread)).kind {
            tracker::ThreadKind::PullRequest => Routing::FromPr,
            tracker::ThreadKind::Import => Routing::Nobody,
            _ => Routing::Direct,
        }
    }

    /// Is it a comment that an earlier bot wrote in the name of somebody who was on the team then? Without a roster nobody
    /// can tell.
    #[must_use]
    pub fn is_older(&self, c: &tracker::Comment) -> bool {
        let roster = self.g.roster;
        !roster.people.is_empty()
            && tracker::is_older(&c.body, &self.g.config.tracker.older_comments)
            && by_team(c, roster)
    }

    /// Comments written by people: neither the status nor those the program keeps, nor the words of a bot account. A
    /// marker hides nothing that somebody outside the team wrote (hard case 28).
    pub fn discussion(&self) -> impl Iterator<Item = &'a tracker::Comment> {
        let roster = self.g.roster;
        self.t.comments.iter().filter(move |c| {
            let kept = rollup::is_rollup(&c.body) || Marked::of(&c.body).is_some_and(|m| m != Marked::Voice);
            let bot = c.author.to_ascii_lowercase().ends_with("[bot]");
            !(bot || self.is_older(c) || kept && by_team(c, roster))
        })
    }

    /// The team's words on validity: each member's newest one.
    #[must_use]
    pub fn voices(&self) -> Vec<Said> {
        let mut out: Vec<Said> = Vec::new();
        let mut say = |s: Said| {
            out.retain(|o| !o.handle.eq_ignore_ascii_case(&s.handle));
            out.push(s);
        };
        for v in &self.o.voices {
            let at = v.at.unwrap_or(self.g.now);
            let member = self.g.roster.by_handle(&v.handle).is_some_and(|p| p.member_at(at));
            if !v.handle.is_empty() && (self.g.roster.people.is_empty() || member) {
                let scope = Some(v.scope.clone()).filter(|s| !s.is_empty());
                say(Said { handle: v.handle.clone(), valid: v.valid, scope, source: v.source.clone() });
            }
        }
        for c in &self.t.comments {
            if Marked::of(&c.body) != Some(Marked::Voice) || !by_team(c, self.g.roster) {
                continue;
            }
            let Some(m) = marked_text(&c.body).lines().next().and_then(|l| VERDICT.captures(l)) else {
                continue;
            };
            say(Said {
                handle: c.author.clone(),
                valid: m[1].eq_ignore_ascii_case("valid"),
                scope: m.get(2).map(|s| s.as_str().trim().to_owned()),
                source: format!("comment {} of {}", c.id, self.name),
            });
        }
        out
    }

    /// Did two distinct members say the same? A disagreement about validity or scope is no consensus.
    #[must_use]
    pub fn consensus(&self) -> Consensus {
        let said = self.voices();
        let (yes, no): (Vec<Said>, Vec<Said>) = said.into_iter().partition(|s| s.valid);
        let scopes: std::collections::BTreeSet<String> =
            yes.iter().filter_map(|s| s.scope.as_ref().map(|s| s.to_lowercase())).collect();
        if !yes.is_empty() && !no.is_empty() || scopes.len() > 1 {
            return Consensus::Split(yes.into_iter().chain(no).collect());
        }
        let enough = if self.alone() { 1 } else { 2 };
        match (yes.len(), no.len()) {
            (n, 0) if n >= enough => Consensus::Valid(yes),
            (0, n) if n >= enough => Consensus::Invalid(no),
            _ => Consensus::None,
        }
    }

    /// Has the roster one member today, and nobody a second voice could come from? A desk without a roster does not say
    /// who is on its team.
    #[must_use]
    pub fn alone(&self) -> bool {
        self.g.roster.people.iter().filter(|p| p.member_at(self.g.now)).count() == 1
    }

    /// Evidence from this tracker.
    #[must_use]
    pub fn evidence(&self, rule: &str, text: impl Into<String>) -> Vec<Evidence> {
        vec![Evidence::new(rule, text, self.name.clone())]
    }

    /// A field still has the value that was read.
    #[must_use]
    pub fn field_is(&self, role: FieldRole) -> Precondition {
        Precondition::FieldIs {
            tracker: self.t.key.clone(),
            role,
            digest: digest::sha256(self.field(role).as_bytes()),
        }
    }

    /// A person as the tracker names them.
    #[must_use]
    pub fn mention(&self, handle: &str) -> String {
        if handle.is_empty() { "nobody".to_owned() } else { format!("@{}", handle.trim_start_matches('@')) }
    }

    /// May this person be assigned? `None` when nobody knows.
    #[must_use]
    pub fn may_assign(&self, handle: &str) -> Option<bool> {
        let is = |h: &str| h.trim_start_matches('@').eq_ignore_ascii_case(handle);
        match &self.o.collaborators {
            Fact::Known(list, ..) => Some(list.iter().any(|h| is(h))),
            Fact::Unknown(why) if !why.is_empty() => None,
            // Nobody asked a forge: the roster is the list.
            _ if self.g.roster.people.is_empty() => None,
            _ => Some(self.g.roster.by_handle(handle).is_some_and(|p| p.member_at(self.g.now))),
        }
    }

    /// What letters call the project.
    #[must_use]
    pub fn project(&self) -> &str {
        let name = &self.g.config.project.name;
        if name.is_empty() { "project" } else { name }
    }

    /// Who signs letters.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("The {} security team", self.project())
    }

    /// Was the contact told about this event?
    #[must_use]
    pub fn told(&self, event: &str) -> bool {
        self.o.told.iter().any(|r| r.event == event && r.state != "discarded")
    }
}
