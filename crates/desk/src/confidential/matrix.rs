//! The confidentiality matrix (§5), declared once: kind of information by surface.

use serde::{Deserialize, Serialize};

use super::{Phase, SurfaceKind};

/// A kind of information: a row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Info {
    /// URL or number of the tracker.
    TrackerRef,
    /// What people wrote in the tracker. Not detectable in text; the person who approves answers for it.
    TrackerProse,
    /// Labels, board column, milestone, assignee.
    TrackerState,
    /// A CVE id.
    CveId,
    /// An address of the CVE tool.
    CveTool,
    /// Words that say "this is a security flaw".
    Framing,
    /// The team's severity, CWE and versions.
    Assessment,
    /// The reporter's CVSS and CWE.
    ReporterAssessment,
    /// Who reported.
    ReporterIdentity,
    /// Personal data of anybody else.
    ThirdPartyPii,
    /// Private threads and lists.
    PrivateThread,
    /// Flaws of other projects.
    OtherProjects,
    /// The address of the public fix.
    FixPr,
}

/// A cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// May be written.
    Allowed,
    /// May not.
    Forbidden,
    /// Depends; the text is the condition or note as the page words it.
    If(&'static str),
}

use Cell::{Allowed as A, Forbidden as F, If};

/// Columns: tracker, team mail, reporter, forwarder, public before disclosure, public after, CVE draft, CVE public.
pub const MATRIX: [(Info, [Cell; 8]); 13] = [
    (Info::TrackerRef, [A, A, If("1"), If("1"), If("2"), A, A, If("2")]),
    (Info::TrackerProse, [A, A, If("3"), If("3"), F, F, F, F]),
    (Info::TrackerState, [A, A, F, F, F, F, F, F]),
    (Info::CveId, [If("A, linked"), A, If("4"), If("4"), F, A, A, A]),
    (Info::CveTool, [A, A, F, F, F, F, F, F]),
    (Info::Framing, [A, A, A, A, F, A, A, A]),
    (Info::Assessment, [A, A, If("F until published"), If("F until published"), F, A, A, A]),
    (Info::ReporterAssessment, [If("observation only"), If("observation only"), F, F, F, F, F, F]),
    (Info::ReporterIdentity, [A, A, If("own only"), A, F, If("5"), A, If("5")]),
    (Info::ThirdPartyPii, [If("redacted"), If("redacted"), If("6"), If("6"), F, If("6"), If("6"), If("6")]),
    (Info::PrivateThread, [A, A, If("own thread"), If("relay thread"), F, F, F, F]),
    (Info::OtherProjects, [F, If("arrival channel only"), F, F, F, F, F, F]),
    (Info::FixPr, [A, A, If("A once open"), If("7"), If("A, neutral"), A, A, A]),
];

/// The cell for that information on that surface in that phase. `ClosedNoCve` counts as not disclosed.
#[must_use]
pub fn cell(info: Info, surface: SurfaceKind, phase: Phase) -> Cell {
    let column = match surface {
        SurfaceKind::Tracker => 0,
        SurfaceKind::TeamMail => 1,
        SurfaceKind::Reporter => 2,
        SurfaceKind::Forwarder => 3,
        SurfaceKind::Public if phase.is_disclosed() => 5,
        SurfaceKind::Public => 4,
        SurfaceKind::CveDraft => 6,
        SurfaceKind::CvePublic => 7,
    };
    // A row missing from the table would be a bug; it reads as forbidden, never as allowed.
    MATRIX
        .iter()
        .find(|(row, _)| *row == info)
        .and_then(|(_, cells)| cells.get(column).copied())
        .unwrap_or(Cell::Forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells of the page, in the order of its rows and columns.
    const PAGE: [(Info, &str); 13] = [
        (Info::TrackerRef, "A | A | 1 | 1 | 2 | A | A | 2"),
        (Info::TrackerProse, "A | A | 3 | 3 | F | F | F | F"),
        (Info::TrackerState, "A | A | F | F | F | F | F | F"),
        (Info::CveId, "A, linked | A | 4 | 4 | F | A | A | A"),
        (Info::CveTool, "A | A | F | F | F | F | F | F"),
        (Info::Framing, "A | A | A | A | F | A | A | A"),
        (Info::Assessment, "A | A | F until published | F until published | F | A | A | A"),
        (Info::ReporterAssessment, "observation only | observation only | F | F | F | F | F | F"),
        (Info::ReporterIdentity, "A | A | own only | A | F | 5 | A | 5"),
        (Info::ThirdPartyPii, "redacted | redacted | 6 | 6 | F | 6 | 6 | 6"),
        (Info::PrivateThread, "A | A | own thread | relay thread | F | F | F | F"),
        (Info::OtherProjects, "F | arrival channel only | F | F | F | F | F | F"),
        (Info::FixPr, "A | A | A once open | 7 | A, neutral | A | A | A"),
    ];

    #[test]
    fn the_table_is_the_one_on_the_page() {
        for ((info, cells), (row, line)) in MATRIX.iter().zip(PAGE) {
            assert_eq!(*info, row);
            let ours: Vec<_> = cells
                .iter()
                .map(|c| match c {
                    A => "A",
                    F => "F",
                    If(note) => note,
                })
                .collect();
            assert_eq!(ours.join(" | "), line, "{info:?}");
        }
    }

    #[test]
    fn only_disclosure_opens_the_public_column() {
        for phase in Phase::ALL {
            let open = cell(Info::Framing, SurfaceKind::Public, phase) == A;
            assert_eq!(open, phase == Phase::Disclosed);
            assert_eq!(cell(Info::CveTool, SurfaceKind::Public, phase), F);
            assert_eq!(cell(Info::PrivateThread, SurfaceKind::CvePublic, phase), F);
        }
    }
}
