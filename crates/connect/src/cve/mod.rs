//! CVE authorities on the network, each behind [`desk::cve::authority::CveAuthority`].

mod history;
mod services;
mod vulnogram;

use desk::cve::authority::AuthorityError;

use crate::net::Fault;

pub use services::{CveServices, Key};
pub use vulnogram::{Session, Vulnogram};

/// How the service says that there is no such id (its public source: `cveIdNotFound`).
pub(crate) const NO_ID: &str = "CVE_ID_NOT_FOUND";
/// How it says that there is no such record, as of an id that is reserved.
pub(crate) const NO_RECORD: &str = "CVE_RECORD_DNE";

/// A fault of the network in the words of an authority.
fn error(who: &str, fault: Fault) -> AuthorityError {
    let (who, why) = (who.to_owned(), fault.to_string());
    match fault {
        Fault::UnknownOutcome { .. } => AuthorityError::CannotTell { who, why },
        Fault::NotAllowed(_) | Fault::Setup(_) => AuthorityError::Refused { who, why },
        _ => AuthorityError::Unreachable { who, why },
    }
}

#[cfg(test)]
mod tests;
