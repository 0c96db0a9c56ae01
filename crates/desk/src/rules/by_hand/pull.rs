//! A fix by hand: the pull request that a remediation developer asks for (decisions page §4). Its words are judged by the
//! policy like all that leaves; here is only whether the tracker is ready for one.

use super::{
    Action, ActionKind, CannotPlan, Case, Change, Desk, Draft, Effect, FieldRole, LabelRole, Made,
    Precondition, Slot, by_hand, cannot, digest, tracker,
};

/// A pull request as somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPull {
    /// Whose fork the branch is in; empty for the public repository itself.
    pub fork: String,
    /// The branch it is for.
    pub base: String,
    /// The branch.
    pub head: String,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// As a draft?
    pub draft: bool,
    /// What a person should look at before the yes.
    pub notices: Vec<String>,
}

/// Is the tracker ready for a public fix? Its validity is settled, it is open, and nothing about it is public (decisions page
/// §4, refusals).
fn ready(case: &Case, desk: Desk<'_>) -> Result<Vec<String>, CannotPlan> {
    let t = &case.tracker;
    let name = t.reference.to_string();
    let labels = desk.labels.read(&t.labels);
    if !t.state.is_open() {
        return Err(cannot(format!("{name} is closed"), "`tipstaff reopen` opens it again"));
    }
    if labels.has(LabelRole::NeedsTriage) {
        return Err(cannot(
            format!("{name} is not assessed yet, and a fix in public says that there is something to fix"),
            "`tipstaff assess` says whether it is valid",
        ));
    }
    if labels.has(LabelRole::FixReleased) || labels.has(LabelRole::Announced) {
        return Err(cannot(
            format!("the fix of {name} is released already"),
            "what is still wrong with it is a report of its own: `tipstaff new`",
        ));
    }
    let mut notices = Vec::new();
    if !labels.has(LabelRole::CveAllocated) {
        notices.push("no CVE is allocated yet; `tipstaff allocate` comes before the fix".to_owned());
    }
    let there = field(case, desk);
    if !there.is_empty() {
        let there: Vec<&str> = there.lines().collect();
        notices.push(format!("pr_with_fix names {} already; this one is added beside it", there.join(", ")));
    }
    Ok(notices)
}

fn field(case: &Case, desk: Desk<'_>) -> String {
    let parsed = tracker::parse(&case.tracker.body, desk.headings);
    parsed.get(FieldRole::PrWithFix).unwrap_or_default().trim().to_owned()
}

/// `pr_with_fix` with that at its end.
fn named(
    case: &Case,
    desk: Desk<'_>,
    with: impl FnOnce(Draft<crate::confidential::Tracker>) -> Draft<crate::confidential::Tracker>,
) -> (Effect, Precondition) {
    let tracker = case.tracker.key.clone();
    let there = field(case, desk);
    let parsed = tracker::parse(&case.tracker.body, desk.headings);
    let was = digest::sha256(parsed.get(FieldRole::PrWithFix).unwrap_or_default().as_bytes());
    let before = if there.is_empty() { Draft::default() } else { Draft::text(format!("{there}\n")) };
    let same = Precondition::FieldIs { tracker: tracker.clone(), role: FieldRole::PrWithFix, digest: was };
    (Change::SetField { tracker, role: FieldRole::PrWithFix, value: with(before) }, same)
}

fn made(case: &Case, headline: String, detail: &str, text: String) -> Made {
    Made {
        rule: "hand.fix",
        headline,
        entry: None,
        action: Action::with(ActionKind::FixPr, detail),
        text,
        next: format!(
            "`tipstaff sync {}` marks it as in review and drafts the letter about it",
            case.tracker.reference.number
        ),
        told: by_hand("the fix is public, the next letter says so"),
        effects: Vec::new(),
        notices: Vec::new(),
        blocked: None,
    }
}

/// Open it, and name it on the tracker.
pub(super) fn open(case: &Case, new: &NewPull, desk: Desk<'_>) -> Result<Made, CannotPlan> {
    let tracker = &case.tracker.key;
    let mut notices = ready(case, desk)?;
    notices.extend(new.notices.iter().cloned());
    let open = Change::OpenPullRequest {
        tracker: tracker.clone(),
        fork: Draft::text(new.fork.clone()),
        base: Draft::text(new.base.clone()),
        head: Draft::text(new.head.clone()),
        title: Draft::text(new.title.clone()),
        body: Draft::text(new.body.clone()),
        draft: new.draft,
    };
    let (name_it, same) = named(case, desk, |d| d.push_slot(Slot::PrUrl));
    // What would keep the second step back keeps the first: nobody opens what cannot be written down.
    let is_open = Precondition::TrackerIs { tracker: tracker.clone(), open: true };
    let name = case.tracker.reference.to_string();
    let mut m = made(
        case,
        format!("Open a pull request for {name}"),
        if new.draft { "draft" } else { "opened" },
        format!("@{} opened it for `{}`.", desk.actor, tracker::inline_text(&new.base)),
    );
    m.effects = vec![(open, vec![is_open, same.clone()]), (name_it, vec![same])];
    m.notices = notices;
    Ok(m)
}

/// Name one that is open already.
pub(super) fn adopt(case: &Case, url: &str, desk: Desk<'_>) -> Result<Made, CannotPlan> {
    let name = case.tracker.reference.to_string();
    let notices = ready(case, desk)?;
    if field(case, desk).lines().any(|l| l.trim() == url) {
        return Err(cannot(
            format!("{url} is open, and {name} names it"),
            format!("`tipstaff sync {}` says how it stands", case.tracker.reference.number),
        ));
    }
    let (name_it, same) = named(case, desk, |d| d.push_text(url));
    let mut m = made(
        case,
        format!("Name {url} as the fix of {name}"),
        "named",
        format!("{} was open already.", tracker::inline_text(url)),
    );
    m.effects = vec![(name_it, vec![same])];
    m.notices = notices;
    Ok(m)
}
