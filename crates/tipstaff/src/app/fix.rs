//! A fix goes public (decisions page §4): its branch, title and text are judged first, and with a clone every commit of the
//! branch, too. Then a person presses the button of the forge's own form, or an approved plan opens it, once.

use std::collections::BTreeSet;

use connect::{
    net::Fault,
    upstream::{
        git::Clone,
        open::{self, Form, NewPull, Opened, Opener},
    },
};
use desk::{
    case::Case,
    confidential::{
        Cleared, Draft, Kind, Phase, Public, Recipients, ScanRequest, Scanner, Slots, SurfaceKind, Tier,
        TrackerContext,
    },
    config::OpenPr,
    mail::one_line,
    plan::{
        ClearedEffect, Plan, StepKey,
        apply::PR_URL,
        effect::Change,
        ports::{By, Lookup, PortError, Receipt},
    },
    rules::by_hand::{self, Request},
};
use jiff::SignedDuration;
use serde::Serialize;
use store::Desk;

use super::{
    authority, by_hand as hand, clearance,
    error::{AppError, Exit, Result},
    facts, host, pulls,
    session::Session,
};

/// How far the clocks of desk and forge may be apart when a lost pull request is looked for, in minutes.
const SKEW: i64 = 10;
/// Findings in the commits of a branch that are shown; one is enough to stop.
const SHOWN: usize = 12;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The branch.
    pub head: String,
    /// The branch it is for; upstream's default branch when empty.
    pub base: String,
    /// Whose fork the branch is in; empty for the public repository itself.
    pub fork: String,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// As a draft?
    pub draft: bool,
}

/// Words that may not go public, or that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Where they stand: `title`, `branch`, `text`, `commit 0123abc, added lines of x`.
    pub at: String,
    /// The words.
    pub text: String,
    /// The rule.
    pub rule: String,
    /// Do they keep it from going public? A person looks at the others.
    pub stops: bool,
    /// Why, and what to do.
    pub why: String,
}

/// What judging it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// What was found.
    pub words: Vec<Word>,
    /// Neutral words instead: (where, what).
    pub instead: Vec<(String, String)>,
    /// What could not be looked at, and what the project asks for in a text that this one lacks.
    pub notices: Vec<String>,
}

impl Judged {
    /// May nothing of it leave?
    #[must_use]
    pub fn stops(&self) -> bool {
        self.words.iter().any(|w| w.stops)
    }
}

/// Its words, let through for the public.
pub struct Clear {
    fork: Cleared<Public>,
    base: Cleared<Public>,
    head: Cleared<Public>,
    title: Cleared<Public>,
    body: Cleared<Public>,
    draft: bool,
}

impl Clear {
    fn pull(&self) -> NewPull<'_> {
        NewPull {
            base: &self.base,
            fork: &self.fork,
            head: &self.head,
            title: &self.title,
            body: &self.body,
            draft: self.draft,
        }
    }
}

/// What the wish comes to.
pub enum Way {
    /// Words of it may not go public. Nothing left.
    Stopped,
    /// The form, filled in; nothing left.
    Form(Form),
    /// A plan that opens it, or that names the one which is open.
    Plan(Plan),
}

/// Judge a wish, and say how it goes on. A person is asked before anything leaves; only a branch that was judged harmless is
/// looked up among the pull requests that are open.
///
/// # Errors
/// When the tracker is not ready for a fix, or configuration and desk do not say enough.
pub fn plan(session: &mut Session, case: &Case, wish: &Wish) -> Result<(Judged, Way)> {
    let mut wish = wish.clone();
    if wish.base.is_empty() {
        wish.base.clone_from(&session.config().upstream.default_branch);
    }
    let repo = session.config().upstream.repo.clone();
    if repo.is_empty() {
        return Err(AppError::usage("no public repository is configured").next("set upstream.repo"));
    }
    let (context, phase) = clearance::context_of(session, &case.tracker.key.0)?;
    let (mut judged, clear) = judge(session, &wish, &context, phase);
    commits(session, &wish, &context, phase, &mut judged);
    let lines = facts::lines_of(session);
    if wish.base != lines.default && !lines.trains.contains(&wish.base) {
        judged
            .notices
            .push(format!("nothing is released from `{}`, as far as the configuration says", wish.base));
    }
    let asked = by_hand::NewPull {
        fork: wish.fork.clone(),
        base: wish.base.clone(),
        head: wish.head.clone(),
        title: wish.title.clone(),
        body: wish.body.clone(),
        draft: wish.draft,
        notices: judged.notices.clone(),
    };
    // Is the tracker ready? That is said first, whatever the words are.
    let mut made = hand::plan(session, case, &Request::OpenPull(asked))?;
    let Some(clear) = clear.filter(|_| !judged.stops()) else { return Ok((judged, Way::Stopped)) };
    let wrong = |why: String| AppError::usage(why).next("correct it, and run this again");
    if session.config().upstream.open_pr == OpenPr::Browser {
        let form = open::form(&web(session).map_err(wrong)?, &repo, &clear.pull()).map_err(wrong)?;
        // What the tracker's own state says against it stands there with the rest.
        judged.notices = made.items.iter().flat_map(|i| i.notices.clone()).collect();
        return Ok((judged, Way::Form(form)));
    }
    let opener = opener(session).map_err(|why| {
        AppError::usage(why).next("`tipstaff doctor` checks the token; or set upstream.open_pr = \"browser\"")
    })?;
    let found = opener.there(&clear.pull()).map_err(|f| {
        let next = match f {
            Fault::Setup(_) => "correct it, and run this again; nothing was opened",
            _ => "run this again; nothing was opened",
        };
        AppError::new(Exit::Failed, format!("the pull requests of {repo}: {f}"), next)
    })?;
    if let Some(there) = found {
        made = hand::plan(session, case, &Request::AdoptPull(there.url))?;
    }
    clearance::judge(session, &mut made, &[])?;
    Ok((judged, Way::Plan(made)))
}

fn judge(session: &Session, wish: &Wish, context: &TrackerContext, phase: Phase) -> (Judged, Option<Clear>) {
    let mut out = Judged::default();
    let mut pass = |at: &str, kind: Kind, text: &str| -> Option<Cleared<Public>> {
        let draft = Draft::<Public>::text(text);
        let cleared =
            session.policy.clear_as(kind, &draft, &Slots::new(), &Recipients::none(), context, phase);
        let request = ScanRequest {
            surface: SurfaceKind::Public,
            phase,
            kind,
            secrets: context.secrets(),
            exempt: context.exempt.clone(),
        };
        let report = Scanner::new(&session.policy, &request).scan(text);
        for hit in report.hits.iter().filter(|h| h.tier == Tier::Review) {
            out.words.push(word(at, &hit.text, &hit.rule, false));
        }
        let generated = !session.config().upstream.genai_disclosure_url.is_empty();
        for part in report.missing.iter().filter(|p| generated || *p != "gen-ai-disclosure") {
            out.notices.push(format!("the text lacks what the project asks for: {part}"));
        }
        let refusal = match cleared {
            Ok(c) => return Some(c),
            Err(refusal) => refusal,
        };
        for hit in &refusal.hits {
            out.words.push(word(at, &hit.text, hit.rule, true));
        }
        // A title is made of what is left of it, as a branch is.
        let instead = match kind {
            Kind::Branch => report.suggestion,
            Kind::Title => {
                let request = ScanRequest { kind: Kind::Branch, ..request };
                Scanner::new(&session.policy, &request).scan(text).suggestion.map(|s| sentence(&s))
            }
            _ => None,
        };
        out.instead.extend(instead.map(|i| (at.to_owned(), i)));
        None
    };
    let head = pass("branch", Kind::Branch, &wish.head);
    let base = pass("base", Kind::Branch, &wish.base);
    let fork = pass("fork", Kind::Text, &wish.fork);
    let title = pass("title", Kind::Title, &wish.title);
    let body = pass("text", Kind::PrBody, &wish.body);
    let clear = match (fork, base, head, title, body) {
        (Some(fork), Some(base), Some(head), Some(title), Some(body)) => {
            Some(Clear { fork, base, head, title, body, draft: wish.draft })
        }
        _ => None,
    };
    (out, clear)
}

fn word(at: &str, text: &str, rule: &str, stops: bool) -> Word {
    let why =
        desk::confidential::rule_info(rule).map_or_else(String::new, |i| format!("{}; {}", i.why, i.todo));
    Word { at: at.into(), text: one_line(text, 80), rule: rule.into(), stops, why }
}

fn sentence(slug: &str) -> String {
    let words = slug.replace('-', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Messages, paths and added lines of the branch's commits, which go public with it, as far as a clone has them.
fn commits(session: &Session, wish: &Wish, context: &TrackerContext, phase: Phase, out: &mut Judged) {
    let clone = &session.config().user.upstream_clone;
    if clone.is_empty() {
        out.notices
            .push("the commits of the branch were not read: user.upstream_clone names no clone".into());
        return;
    }
    // Names that git would take for something else than branches were refused with the rest of the wish.
    let plain = |b: &str| !b.starts_with('-') && !b.contains("..") && !b.chars().any(char::is_whitespace);
    if !plain(&wish.head) || !plain(&wish.base) {
        return;
    }
    let dir = session.setting.cwd.join(clone);
    let remotes = ["", "origin/", "upstream/"];
    let fork = format!("{}/", session.config().user.fork_remote);
    let heads = remotes.iter().copied().chain((fork.len() > 1).then_some(fork.as_str()));
    // What was pushed and what stands here may differ: both are read, as far as they are there.
    let read = || -> std::result::Result<_, String> {
        let clone = Clone::open(&dir).map_err(|e| e.to_string())?;
        let (mut pieces, mut any, mut why) = (Vec::new(), false, String::new());
        for head in heads {
            for base in ["upstream/", "origin/", ""] {
                match clone.range(&format!("{base}{}..{head}{}", wish.base, wish.head)) {
                    Ok(more) => {
                        any = true;
                        pieces.extend(more);
                        break;
                    }
                    Err(e) => why = e.to_string(),
                }
            }
        }
        if any { Ok(pieces) } else { Err(why) }
    };
    let pieces = match read() {
        Ok(p) => p,
        Err(why) => {
            out.notices.push(format!("the commits of the branch were not read: {why}"));
            return;
        }
    };
    let mut seen = BTreeSet::new();
    for p in &pieces {
        let kind = if p.what == "commit message" { Kind::Commit } else { Kind::Text };
        let request = ScanRequest {
            surface: SurfaceKind::Public,
            phase,
            kind,
            secrets: context.secrets(),
            exempt: context.exempt.iter().chain(&p.exempt).cloned().collect(),
        };
        let report = Scanner::new(&session.policy, &request).scan(&p.text);
        let at = format!("commit {}, {}", p.commit.get(..7).unwrap_or(&p.commit), one_line(&p.what, 80));
        // Whoever wrote a commit signed it for everybody; the reporter is another matter, with a rule of its own.
        let signed = |rule: &str| kind == Kind::Commit && rule == "scan.third-party-email";
        for hit in report.hits.iter().filter(|h| h.tier != Tier::Review && !signed(&h.rule)) {
            if seen.len() < SHOWN && seen.insert((at.clone(), hit.text.to_lowercase())) {
                out.words.push(word(&at, &hit.text, &hit.rule, true));
            }
        }
    }
}

/// Where people look at the public code.
fn web(session: &Session) -> std::result::Result<String, String> {
    let at = host::forged(session)?;
    // What answers in GitHub's place on this machine answers for its pages.
    Ok(if host::is_near(&at.rest) { "https://github.com".into() } else { at.web })
}

/// What opens pull requests at the public repository.
///
/// # Errors
/// Why nothing does.
pub fn opener(session: &Session) -> std::result::Result<Opener, String> {
    let Some((key, token)) = pulls::token(session)? else {
        return Err("no token may open pull requests: upstream.token names none".into());
    };
    let at = host::forged(session)?;
    let web = web(session)?;
    let client = authority::client(session)?;
    Opener::new(client, at.rest, &web, &session.config().upstream.repo, token, key)
        .map_err(|e| format!("upstream.repo: {e}"))
}

/// The same for a plan: none where it opens nothing, so that no secret is asked for.
pub fn opener_for(session: &Session, plan: &Plan) -> Option<std::result::Result<Opener, String>> {
    let opens =
        plan.items.iter().any(|i| i.effects().iter().any(|e| matches!(e, Change::OpenPullRequest { .. })));
    opens.then(|| opener(session))
}

/// Is it a pull request to be opened?
#[must_use]
pub fn is_there(effect: &ClearedEffect) -> bool {
    matches!(effect, Change::OpenPullRequest { .. })
}

fn wanted(effect: &ClearedEffect) -> Option<NewPull<'_>> {
    let Change::OpenPullRequest { fork, base, head, title, body, draft, .. } = effect else { return None };
    Some(NewPull { base, fork, head, title, body, draft: *draft })
}

fn receipt(opened: &Opened) -> Receipt {
    let words = if opened.was_there { "was open already" } else { "opened; everybody sees it" };
    Receipt::new(format!("pull request {} {words}", opened.url))
        .with(PR_URL, opened.url.clone())
        .with("number", opened.number.to_string())
}

fn port(f: &Fault) -> PortError {
    let next = match f {
        Fault::Setup(_) => "correct it, then run the command again",
        Fault::Throttled { .. } => "wait as long as it asks, then `tipstaff plan resume`",
        _ => "`tipstaff plan resume` looks whether it is there, and goes on",
    };
    PortError { item_only: matches!(f, Fault::Setup(_)), ..PortError::new(f.to_string(), next) }
}

type Given<'a> = Option<&'a std::result::Result<Opener, String>>;

fn given<'a>(opener: Given<'a>) -> std::result::Result<&'a Opener, PortError> {
    match opener {
        Some(Ok(o)) => Ok(o),
        Some(Err(why)) => Err(PortError::new(why, "`tipstaff doctor` checks it")),
        None => Err(PortError::new("nothing here opens pull requests", "")),
    }
}

/// Open it, and write its receipt at once. An intent that certainly came to nothing is taken back.
///
/// # Errors
/// What happened, by what is known of the effect.
pub fn perform(
    opener: Given<'_>,
    desk: &mut Desk,
    key: &StepKey,
    effect: &ClearedEffect,
    by: By<'_>,
) -> std::result::Result<Receipt, PortError> {
    let end = match (given(opener), wanted(effect)) {
        (Ok(opener), Some(pull)) => opener.open(&pull),
        (Err(e), _) => {
            desk.withdraw(key, &e.to_string(), by)?;
            return Err(e);
        }
        (_, None) => return Err(PortError::new(format!("`{}` opens nothing", effect.name()), "")),
    };
    match end {
        Ok(opened) => {
            let receipt = receipt(&opened);
            desk.settle(key, effect, &receipt, by)?;
            desk.flush_item()?;
            Ok(receipt)
        }
        Err(f) => {
            if f.nothing_made() {
                desk.withdraw(key, &f.to_string(), by)?;
            }
            Err(port(&f))
        }
    }
}

/// After a crash: is it there? One that was opened meanwhile and merged or closed counts, too.
///
/// # Errors
/// When desk or forge cannot be asked.
pub fn look_up(
    opener: Given<'_>,
    desk: &Desk,
    key: &StepKey,
    effect: &ClearedEffect,
) -> std::result::Result<Lookup, PortError> {
    let (Some(pull), Some(at)) = (wanted(effect), desk.intended_at(key)?) else { return Ok(Lookup::NotDone) };
    let since = at.checked_sub(SignedDuration::from_mins(SKEW)).unwrap_or(at);
    let found = given(opener)?.opened_since(&pull, since).map_err(|f| port(&f))?;
    Ok(found.map_or(Lookup::NotDone, |o| Lookup::Done(receipt(&o))))
}
