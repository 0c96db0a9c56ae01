//! CVE records: built from the fields of a tracker, judged ready or not, embedded in the tracker (CVE page).
//!
//! [`build()`] is a pure function: the same fields give the same bytes. What a field says badly is a [`Finding`] that
//! names the field to mend; the record is never mended behind the tracker's back.

mod affected;
pub mod authority;
mod build;
pub mod check;
mod credits;
mod cwe;
mod drift;
mod embed;
pub mod export;
mod finding;
mod hygiene;
pub mod lint;
pub mod ranges;
mod ready;
mod record;
mod references;
pub mod schema;
mod severity;

pub use affected::{AffectedReport, affected, purl};
pub use build::{Built, DISCOVERIES, Envelope, Facts, Options, Target, build, build_with, html};
pub use credits::{CREDIT_TYPES, CreditReport, credits};
pub use cwe::{Cwe, CweReport, CweUsage, cwe, weaknesses};
pub use drift::{Drift, drift};
pub use embed::{EmbedError, Embedded, RecordPlace, embed, embedded, kept};
pub use finding::{Finding, Level, RULES};
pub use hygiene::{
    RULES as HYGIENE_RULES, cross_cve_lacks, fixed_in, hygiene, hygiene_with, lacks, names_upgrade,
};
pub use ready::{Missing, Readiness, ready, tool_state};
pub use record::*;
pub use references::{ReferenceReport, host, references};
pub use severity::{SEVERITIES, SeverityReport, severity};
