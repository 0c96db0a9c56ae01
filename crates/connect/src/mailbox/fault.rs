//! How a mailbox on a server can fail, by what is known of the effect.

use crate::net::{AddressError, Fault, SecretError};

/// An operation of a mailbox that came to nothing usable. `what` names service, host and operation; no text holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// This kind of mailbox cannot do that at all; nothing was asked (intake page §2, rule 1).
    #[error("{what}: this source cannot {operation}")]
    NotSupported {
        /// Which mailbox.
        what: String,
        /// What it was asked for.
        operation: &'static str,
    },
    /// It cannot be set up: an address, a secret, an authority.
    #[error("{what}: {why}")]
    Setup {
        /// Which mailbox, or which key of the configuration.
        what: String,
        /// Why.
        why: String,
    },
    /// It never got there: no name, no connection, no trust. Nothing was made.
    #[error("{what}: {why}; nothing was sent")]
    Unreachable {
        /// Service, host, operation.
        what: String,
        /// Why.
        why: String,
    },
    /// The log-in was refused, or the session has ended. Nothing was made.
    #[error("{what}: the log-in was refused: {why}")]
    LogIn {
        /// Service, host, account.
        what: String,
        /// What the service said.
        why: String,
    },
    /// A folder, label or thread that is not there. Nothing was made.
    #[error("{what}: {why}")]
    NotFound {
        /// Service, host, operation.
        what: String,
        /// What is missing.
        why: String,
    },
    /// The service said no. Nothing was made.
    #[error("{what}: it was refused: {why}")]
    Refused {
        /// Service, host, operation.
        what: String,
        /// What it said.
        why: String,
    },
    /// It asks to wait longer than one is willing to. Nothing was made.
    #[error("{what}: {why}")]
    Throttled {
        /// Service, host, operation.
        what: String,
        /// For how long.
        why: String,
    },
    /// A reading request got no answer in the time and tries it had.
    #[error("{what}: {why}")]
    NoAnswer {
        /// Service, host, operation.
        what: String,
        /// Why.
        why: String,
    },
    /// A reading request was answered, but not in the way this service answers.
    #[error("{what}: {why}")]
    Strange {
        /// Service, host, operation.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A draft left and nobody knows whether it was kept: it has to be looked up before it is written again.
    #[error("{what}: {why}; whether the draft was kept is not known")]
    UnknownOutcome {
        /// Service, host, operation.
        what: String,
        /// Why.
        why: String,
    },
}

impl MailFault {
    /// Is it certain that nothing was changed?
    #[must_use]
    pub fn nothing_made(&self) -> bool {
        !matches!(self, Self::UnknownOutcome { .. })
    }

    /// Is the source unavailable as a whole, so that another may be asked (intake page §2, rule 3)?
    #[must_use]
    pub fn unavailable(&self) -> bool {
        matches!(
            self,
            Self::Setup { .. }
                | Self::Unreachable { .. }
                | Self::LogIn { .. }
                | Self::NoAnswer { .. }
                | Self::Throttled { .. }
        )
    }

    /// What to do next.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            Self::NotSupported { .. } => "configure a source that can, or do it by hand",
            Self::Setup { .. } => "correct this source under [[mail.source]]",
            Self::Unreachable { .. } => "check mail.source.url and the network; `tipstaff doctor` tries it",
            Self::LogIn { .. } => "renew what mail.source.credential names; `tipstaff doctor` tries it",
            Self::NotFound { .. } => {
                "name it as the server does, or make it there; `tipstaff doctor` shows the names"
            }
            Self::Refused { .. } => "see what the server says, and do it by hand where it keeps saying no",
            Self::Throttled { .. } => "wait, then do the same again",
            Self::NoAnswer { .. } => "try again later; what was read before is kept",
            Self::Strange { .. } => "check that mail.source.url is that kind of server",
            Self::UnknownOutcome { .. } => {
                "`tipstaff plan resume` looks it up before anything is written again"
            }
        }
    }

    /// A fault of a request over http, as a mailbox has it.
    #[must_use]
    pub fn of_request(fault: Fault) -> Self {
        match fault {
            Fault::NotSent { what, why } => Self::Unreachable { what, why },
            Fault::NoAnswer { what, why } => Self::NoAnswer { what, why },
            Fault::UnknownOutcome { what, why } => Self::UnknownOutcome { what, why },
            Fault::Throttled { ref what, .. } => {
                Self::Throttled { what: what.clone(), why: fault.to_string() }
            }
            Fault::Unexpected { what, why } => Self::Strange { what, why },
            Fault::Redirected { what, to } => Self::Strange { what, why: to.to_string() },
            Fault::TooLarge { ref what, .. } => Self::Strange { what: what.clone(), why: fault.to_string() },
            Fault::NotAllowed(_) | Fault::Setup(_) => {
                Self::Setup { what: "mail source".into(), why: fault.to_string() }
            }
        }
    }

    /// A secret that cannot be used.
    #[must_use]
    pub fn of_secret(what: &str, error: &SecretError) -> Self {
        Self::Setup { what: what.into(), why: error.to_string() }
    }

    /// An address that is none.
    #[must_use]
    pub fn of_address(what: &str, error: &AddressError) -> Self {
        Self::Setup { what: what.into(), why: error.to_string() }
    }
}
