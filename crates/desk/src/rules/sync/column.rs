//! Where the card belongs, by stage (sync page §3), and the move that mends a card that drifted.

use super::{Proposal, View};
use crate::{
    plan::{Action, ActionKind, Effect, Precondition, Told, effect::Change},
    rules::stage::Stage,
    tracker::Column,
};

/// The column of a stage; none leaves the card where it is.
#[must_use]
pub fn of(stage: Stage) -> Option<Column> {
    Some(match stage {
        Stage::Rejected | Stage::ClosedUnexplained => return None,
        Stage::Done | Stage::Propagating | Stage::CloseOut => Column::Announced,
        Stage::RmQueue => Column::FixReleased,
        Stage::Shipped | Stage::Merged => Column::PrMerged,
        Stage::InPr => Column::PrCreated,
        Stage::Allocated => Column::CveAllocated,
        Stage::AllocationPending | Stage::NoCve => Column::Assessed,
        Stage::Stalled | Stage::Assessing | Stage::New => Column::NeedsTriage,
    })
}

/// Where the card of a stage is, in words (sync page §3): the column's name on this desk, `archived` or `unchanged`.
#[must_use]
pub fn place(v: &View<'_>, stage: Stage) -> String {
    match stage {
        Stage::Rejected | Stage::Done | Stage::Propagating if v.g.config.tracker.board.archive_on_close => {
            return "archived".into();
        }
        Stage::Rejected | Stage::ClosedUnexplained => return "unchanged".into(),
        _ => {}
    }
    of(stage).map(|c| v.g.columns.name(c).to_owned()).unwrap_or_default()
}

/// The move to a column, none when the card is there or there is no board.
#[must_use]
pub fn to(v: &View<'_>, column: Column) -> Option<Effect> {
    if !v.g.config.tracker.board.enabled {
        return None;
    }
    let name = v.g.columns.name(column);
    let there = v.t.column.as_deref().is_some_and(|c| c.eq_ignore_ascii_case(name));
    (!there).then(|| Change::MoveCard { tracker: v.t.key.clone(), column: name.to_owned() })
}

/// A card that is not where its stage puts it, or is not archived though its tracker is closed.
#[must_use]
pub fn drift(v: &View<'_>, stage: Stage) -> Option<Proposal> {
    let board = &v.g.config.tracker.board;
    let key = v.t.key.clone();
    if !board.enabled {
        return None;
    }
    let open = v.t.state.is_open();
    let archived = !open && board.archive_on_close && stage != Stage::ClosedUnexplained;
    let mut p = Proposal::new(
        "sync.column",
        format!("Board card of {}", v.name),
        v.evidence("sync.column", format!("stage {}", stage.name())),
    );
    let mut what = Vec::new();
    if open && v.t.archived {
        what.push("bring the card back".to_owned());
        p = p.step(Change::ArchiveCard { tracker: key.clone(), archived: false }, vec![still(v)]);
    }
    if let Some(effect) = of(stage).filter(|_| open || !v.t.archived).and_then(|c| to(v, c)) {
        let from = v.t.column.as_deref().unwrap_or("no column");
        if let Change::MoveCard { column, .. } = &effect {
            what.push(format!("{from} → {column}"));
        }
        p = p.step(effect, vec![still(v)]);
    }
    if archived && !v.t.archived {
        what.push("archive the card".to_owned());
        p = p.step(Change::ArchiveCard { tracker: key, archived: true }, vec![still(v)]);
    }
    if p.steps.is_empty() {
        return None;
    }
    let text = what.join(", ");
    p.details.push(("card".into(), text.clone()));
    Some(p.note(
        Action::with(ActionKind::Sync, "board"),
        "The card follows the tracker",
        text,
        Told::NotNeeded("the board is internal".into()),
    ))
}

fn still(v: &View<'_>) -> Precondition {
    Precondition::TrackerIs { tracker: v.t.key.clone(), open: v.t.state.is_open() }
}
