//! `tipstaff fix`: the pull request with a fix.

use super::{
    args::FixArgs,
    desk_cmd, plan_cmd,
    term::{Mark, Term, untrusted, untrusted_line},
};
use crate::app::{
    AppError, Exit, Session, by_hand as hand,
    error::Result,
    fix::{self, Judged, Way, Wish},
};

/// Run `fix`.
///
/// # Errors
/// When the tracker is not ready, words may not go public, or the plan cannot be applied.
pub fn run(a: &FixArgs, session: &mut Session, term: &mut Term) -> Result<Exit> {
    let body = a.body_file.as_deref().map(desk_cmd::file).transpose()?.unwrap_or_default();
    // `owner:branch`, as the forge writes it.
    let (fork, head) = match a.head.split_once(':') {
        Some((owner, branch)) if a.fork.is_none() => (owner.to_owned(), branch.to_owned()),
        _ => (a.fork.clone().unwrap_or_default(), a.head.clone()),
    };
    let wish = Wish {
        head,
        base: a.base.clone().unwrap_or_default(),
        fork: fork.trim_start_matches('@').into(),
        title: a.title.trim().into(),
        body: body.trim_end().into(),
        draft: a.draft,
    };
    let case = hand::tracker(session, &a.tracker)?;
    let (judged, way) = fix::plan(session, &case, &wish)?;
    match way {
        Way::Stopped => {
            if term.json {
                term.value(&serde_json::json!({"judged": judged}))?;
            } else {
                say(&judged, true, term)?;
            }
            Err(AppError::new(
                Exit::Blocked,
                "words of this pull request may not go public",
                "nothing left this machine; say what the change does for users, in neutral words, and run this again",
            ))
        }
        Way::Form(form) => {
            if term.json {
                term.value(
                    &serde_json::json!({"judged": judged, "form": form.url, "without_body": form.without_body}),
                )?;
                return Ok(Exit::Done);
            }
            say(&judged, true, term)?;
            let head = term.mark(
                Mark::Head,
                "The form, filled in. Nothing was opened: a person presses the button there.",
            );
            term.line(&head)?;
            term.line(&format!("\n{}\n", form.url))?;
            if form.without_body {
                let mark = term.mark(Mark::Warn, "look:");
                term.line(&format!("{mark} the text is too long for an address; paste it there:\n"))?;
                term.line(&untrusted(&wish.body))?;
            }
            let n = case.tracker.reference.number;
            term.line(&format!(
                "next: `tipstaff edit {n} pr_with_fix URL` with the address it gets, then `tipstaff sync {n}`"
            ))?;
            Ok(Exit::Done)
        }
        Way::Plan(plan) => {
            if !term.json {
                say(&judged, false, term)?;
            }
            plan_cmd::offer(session, &plan, term)
        }
    }
}

/// What was found, the worst first.
fn say(judged: &Judged, notices: bool, term: &mut Term) -> Result<()> {
    for w in judged.words.iter().filter(|w| w.stops).chain(judged.words.iter().filter(|w| !w.stops)) {
        let mark = if w.stops { term.mark(Mark::Bad, "refused") } else { term.mark(Mark::Warn, "look   ") };
        let rule = term.mark(Mark::Dim, &format!("[{}]", w.rule));
        term.line(&format!(
            "{mark} {}: `{}`: {}  {rule}",
            untrusted_line(&w.at, 100),
            untrusted_line(&w.text, 80),
            w.why
        ))?;
    }
    for (at, instead) in &judged.instead {
        term.line(&format!("        {at}, instead: {}", untrusted_line(instead, 100)))?;
    }
    for n in judged.notices.iter().filter(|_| notices) {
        let mark = term.mark(Mark::Warn, "look   ");
        term.line(&format!("{mark} {}", untrusted_line(n, 300)))?;
    }
    Ok(())
}
