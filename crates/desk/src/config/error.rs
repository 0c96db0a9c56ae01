//! What is wrong with a file, where, and what was probably meant.

use std::fmt;

use super::value::prints;

/// One thing wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Stable id of the kind of error, e.g. `config.unknown-key`.
    pub code: &'static str,
    /// The file, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The dotted key, empty when the text is not TOML.
    pub key: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The nearest known key or word.
    pub nearest: Option<String>,
    /// The line, fit to be shown: secrets and what does not print are left out. Empty when there is none to show.
    pub source_line: String,
    /// Where the marks stand below `source_line`: first character (from 0) and how many.
    pub mark: (usize, usize),
}

impl fmt::Display for ConfigError {
    /// `file:line:column: message`, without the source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Everything wrong with the files, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The errors; at least one.
    pub errors: Vec<ConfigError>,
    /// How many more there were.
    pub more: usize,
}

impl ConfigErrors {
    /// The errors as a list.
    #[must_use]
    pub fn as_slice(&self) -> &[ConfigError] {
        &self.errors
    }
}

impl std::ops::Deref for ConfigErrors {
    type Target = [ConfigError];
    fn deref(&self) -> &[ConfigError] {
        &self.errors
    }
}

impl From<ConfigErrors> for Vec<ConfigError> {
    fn from(all: ConfigErrors) -> Self {
        all.errors
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    /// What the command line prints: each error with its line and marks below the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{error}")?;
            if !error.source_line.is_empty() {
                let number = error.line.to_string();
                let (from, len) = error.mark;
                writeln!(f, "{:w$} |", "", w = number.len())?;
                writeln!(f, "{number} | {}", error.source_line)?;
                writeln!(f, "{:w$} | {:from$}{}", "", "", "^".repeat(len.max(1)), w = number.len())?;
            }
        }
        if self.more > 0 {
            writeln!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

/// How much of a long line is shown.
const WIDTH: usize = 110;

/// A text with its lines found, so that a place costs a look-up.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1);
        Self { text, starts: std::iter::once(0).chain(newlines).collect() }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|&start| start <= byte).max(1)
    }

    fn content(&self, line: usize) -> (usize, &'a str) {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        (start, self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r']))
    }

    /// Column (from 1), the line fit to be shown, and where the marks go. `hide` leaves out everything from that
    /// byte to the end of the line.
    pub(super) fn show(
        &self,
        start: usize,
        end: usize,
        hide: Option<usize>,
    ) -> (usize, String, (usize, usize)) {
        let (from, content) = self.content(self.line(start));
        let at = content.get(..start.saturating_sub(from)).map_or(0, |s| s.chars().count());
        let len = content
            .get(start.saturating_sub(from)..end.saturating_sub(from).min(content.len()))
            .map_or(1, |s| s.chars().count())
            .max(1);
        let shown = match hide.and_then(|h| content.get(..h.saturating_sub(from))) {
            Some(kept) => format!("{}…", kept),
            None => content.to_owned(),
        };
        let total = shown.chars().count();
        let skip = if at > WIDTH / 2 && total > WIDTH { at - WIDTH / 2 } else { 0 };
        let mut line: String = if skip > 0 { "…".into() } else { String::new() };
        let lead = usize::from(skip > 0);
        line.extend(shown.chars().skip(skip).take(WIDTH).map(|c| match c {
            '\t' => ' ',
            c if prints(c) => c,
            _ => '·',
        }));
        if total > skip + WIDTH {
            line.push('…');
        }
        let visible = line.chars().count();
        let first = (at - skip + lead).min(visible);
        (at + 1, line, (first, len.min(visible.saturating_sub(first)).max(1)))
    }

    /// Where the value begins on the line of a key, when it has one: what follows the next `=`.
    pub(super) fn after_equals(&self, byte: usize) -> Option<usize> {
        let (from, content) = self.content(self.line(byte));
        let equals = byte + content.get(byte.saturating_sub(from)..)?.find('=')?;
        let blank = content.get(equals + 1 - from..).is_some_and(|rest| rest.starts_with(' '));
        Some(equals + 1 + usize::from(blank))
    }

    /// From which byte a line is hidden: a line that looks like it sets a secret is never quoted in full.
    pub(super) fn secret(&self, byte: usize) -> Option<usize> {
        let (from, content) = self.content(self.line(byte));
        let word = secret_word(content)?;
        let equals = content.get(word..)?.find(['=', ':', '"'])? + word + 1;
        Some(from + equals)
    }

    /// As [`Lines::secret`], for text that is not TOML: there a secret may also stand below a line that names it.
    pub(super) fn secret_around(&self, byte: usize) -> Option<usize> {
        let line = self.line(byte);
        let (from, content) = self.content(line);
        for above in (1..=line).rev() {
            let (_, text) = self.content(above);
            if secret_word(text).is_some() {
                return Some(from + content.find('=').map_or(0, |i| i + 1));
            }
            if above < line && text.trim_start().starts_with('[') {
                break;
            }
        }
        None
    }
}

/// Where a line has a word that credentials are called by.
fn secret_word(line: &str) -> Option<usize> {
    let folded = line.to_ascii_lowercase();
    ["credent", "secret", "token", "passw", "pasw", "cookie", "session", "apikey", "api_key"]
        .iter()
        .filter_map(|w| folded.find(w))
        .min()
}
