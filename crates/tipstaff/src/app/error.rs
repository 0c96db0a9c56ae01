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
