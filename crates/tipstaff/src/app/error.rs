//! Errors as people meet them: what happened, where, and what to do next, with the exit code of DESIGN §7.

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something failed.
    Failed = 1,
    /// The command line was wrong.
    Usage = 2,
    /// There was nothing to do.
    Nothing = 3,
    /// A person must decide.
    Decision = 4,
    /// Something stands in the way.
    Blocked = 5,
}

/// An error with its exit code.
#[derive(Debug)]
pub struct AppError {
    /// Exit code.
    pub exit: Exit,
    /// The cause chain.
    pub error: anyhow::Error,
    /// What to do next; may be empty.
    pub next: String,
}

/// What a use case returns.
pub type Result<T> = std::result::Result<T, AppError>;

impl AppError {
    /// A failure.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { exit, error: anyhow::anyhow!("{}", message.into()), next: next.into() }
    }

    /// A wrong command line.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message, "")
    }

    /// What happened, with its causes; one that was said already is not said again.
    #[must_use]
    pub fn said(&self) -> String {
        let mut out = String::new();
        for error in self.error.chain() {
            let cause = error.to_string();
            if out.is_empty() {
                out = cause;
            } else if !out.contains(&cause) {
                out = format!("{out}: {cause}");
            }
            // The desk says all of it itself.
            if error.is::<store::StoreError>() {
                break;
            }
        }
        out
    }

    /// Add what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

impl<E: Into<anyhow::Error>> From<E> for AppError {
    fn from(e: E) -> Self {
        Self { exit: Exit::Failed, error: e.into(), next: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the desk cannot be read: {source}")]
    struct Says {
        source: std::fmt::Error,
    }

    #[test]
    fn a_cause_is_said_once() {
        let cause = std::fmt::Error.to_string();
        let e = AppError::from(Says { source: std::fmt::Error });
        assert_eq!(e.said(), format!("the desk cannot be read: {cause}"));
        let e = AppError::from(anyhow::Error::from(std::fmt::Error).context("the report cannot be made"));
        assert_eq!(e.said(), format!("the report cannot be made: {cause}"));
    }
}
