//! How a request can fail, by what is known of its effect.

use std::time::Duration;

use super::{NotAllowed, Reply};

/// A request that has no usable answer. The text names method, host and path, and never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not on the list; nothing left.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// It never reached the service: no name, no connection, no trust.
    #[error("{what}: {why}; nothing was sent")]
    NotSent {
        /// Method, host and path.
        what: String,
        /// Why.
        why: String,
    },
    /// A reading request got no answer in the time and tries it had.
    #[error("{what}: {why}")]
    NoAnswer {
        /// Method, host and path.
        what: String,
        /// Why.
        why: String,
    },
    /// A change left and nobody knows whether it was made: it has to be looked up before it is tried again.
    #[error("{what}: {why}; whether it was made is not known")]
    UnknownOutcome {
        /// Method, host and path.
        what: String,
        /// Why.
        why: String,
    },
    /// The service asks to wait longer than one is willing to; nothing was made.
    #[error("{what}: the service asks to wait {}", seconds(.wait))]
    Throttled {
        /// Method, host and path.
        what: String,
        /// How long, where it says.
        wait: Option<Duration>,
    },
    /// It points elsewhere, and the client does not go there.
    #[error("{what}: {to}")]
    Redirected {
        /// Method, host and path.
        what: String,
        /// Where to.
        to: Redirect,
    },
    /// More than the limit.
    #[error("{what}: the answer is longer than {limit} bytes; it was not read")]
    TooLarge {
        /// Method, host and path.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The answer is not what this service says.
    #[error("{what}: {why}")]
    Unexpected {
        /// Method, host and path.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The client cannot be set up.
    #[error("{0}")]
    Setup(String),
}

impl Fault {
    /// Is it certain that nothing was changed by the request?
    #[must_use]
    pub fn nothing_made(&self) -> bool {
        matches!(
            self,
            Fault::NotAllowed(_) | Fault::NotSent { .. } | Fault::Throttled { .. } | Fault::Setup(_)
        )
    }

    /// An answer that does not fit. Of a change it leaves the outcome unknown.
    #[must_use]
    pub fn unexpected(reply: &Reply, why: impl Into<String>) -> Self {
        let (what, why) = (reply.what().to_owned(), why.into());
        if reply.changes() { Fault::UnknownOutcome { what, why } } else { Fault::Unexpected { what, why } }
    }
}

fn seconds(wait: &Option<Duration>) -> String {
    wait.map_or_else(|| "and does not say how long".to_owned(), |w| format!("{} seconds", w.as_secs()))
}

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// To another host; only its name is kept.
    OtherHost(String),
    /// To another page of the same host.
    Page(String),
    /// Round and round.
    Loop,
    /// To no address.
    Nowhere,
}

impl std::fmt::Display for Redirect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Redirect::OtherHost(h) => write!(f, "it points to another host, {h}, and was not followed"),
            Redirect::Page(p) => write!(f, "it points to {p}, and was not followed"),
            Redirect::Loop => write!(f, "it redirects in a circle"),
            Redirect::Nowhere => write!(f, "it redirects to no address"),
        }
    }
}

/// What looking up a change after an unknown outcome can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked<T> {
    /// It was made.
    Made(T),
    /// It was not.
    NotMade,
    /// Nobody can tell; a person must look.
    CannotTell(String),
}
