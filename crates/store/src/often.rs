//! Statements that run often.

use rusqlite::{Connection, Params};

/// What a connection does with them.
pub(crate) trait Often {
    /// Run a statement that changes something; it is made ready once per connection. Says how many rows it changed.
    ///
    /// # Errors
    /// Those of the statement.
    fn run(&self, sql: &str, with: impl Params) -> rusqlite::Result<usize>;
}

impl Often for Connection {
    fn run(&self, sql: &str, with: impl Params) -> rusqlite::Result<usize> {
        self.prepare_cached(sql)?.execute(with)
    }
}
