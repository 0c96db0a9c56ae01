//! Where words are printed: colour and links on a terminal only, JSON when asked for.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use desk::mail;

use crate::app::AppError;

/// The terminal, or the pipe, or the file behind standard output.
pub struct Term {
    /// Standard output.
    pub out: Box<dyn Write>,
    /// JSON instead of words.
    pub json: bool,
    colour: bool,
    links: bool,
}

/// Emphasis by meaning.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// A heading.
    Head,
    /// A number or key.
    Key,
    /// Less important.
    Dim,
    /// Good.
    Good,
    /// Look here.
    Warn,
    /// Bad.
    Bad,
}

impl Term {
    /// Standard output as it is.
    #[must_use]
    pub fn new(json: bool) -> Self {
        let tty = io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let plain = json || !tty || dumb;
        Self {
            out: Box::new(BufWriter::new(io::stdout())),
            json,
            colour: !plain && !no_colour,
            links: !plain,
        }
    }

    /// Text with emphasis, on a terminal.
    #[must_use]
    pub fn mark(&self, mark: Mark, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let style = match mark {
            Mark::Head => Style::new().bold(),
            Mark::Key => AnsiColor::Cyan.on_default().bold(),
            Mark::Dim => Style::new().dimmed(),
            Mark::Good => AnsiColor::Green.on_default(),
            Mark::Warn => AnsiColor::Yellow.on_default(),
            Mark::Bad => AnsiColor::Red.on_default().bold(),
        };
        format!("{style}{text}{style:#}")
    }

    /// A link: OSC 8 on a terminal, words and address elsewhere (DESIGN §7).
    #[must_use]
    pub fn link(&self, words: &str, url: &str) -> String {
        // An address with anything but plain characters could close the sequence; it is shown, never made live.
        let safe = url.bytes().all(|b| b.is_ascii_graphic());
        if self.links && safe {
            format!("\u{1b}]8;;{url}\u{1b}\\{words}\u{1b}]8;;\u{1b}\\")
        } else if words == url || url.is_empty() {
            words.to_owned()
        } else {
            format!("{words} ({url})")
        }
    }

    /// Print a line.
    ///
    /// # Errors
    /// When standard output is gone.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Print a value as JSON.
    ///
    /// # Errors
    /// When standard output is gone.
    pub fn value<T: serde::Serialize>(&mut self, value: &T) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        writeln!(self.out)
    }

    /// Print text as it is, line ends included.
    ///
    /// # Errors
    /// When standard output is gone.
    pub fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// Say something on standard error, beside a result on standard output.
    pub fn note(&mut self, word: &str, text: &str) {
        let mut err = anstream::stderr().lock();
        let mark = AnsiColor::Yellow.on_default();
        // Standard error is the last place left to write to.
        let _ = writeln!(err, "{mark}{word}{mark:#}: {}", untrusted(text));
    }

    /// Everything printed so far reaches the reader.
    ///
    /// # Errors
    /// When standard output is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Say an error on standard error: the chain, then what to do next.
    pub fn error(&mut self, e: &AppError) {
        let _ = self.out.flush();
        let mut err = anstream::stderr().lock();
        let bold = AnsiColor::Red.on_default().bold();
        let dim = Style::new().bold();
        // Standard error is the last place left to write to.
        let _ = writeln!(err, "{bold}error{bold:#}: {}", untrusted(&e.said()));
        if !e.next.is_empty() {
            let _ = writeln!(err, "{dim}next{dim:#}: {}", untrusted(&e.next));
        }
    }
}

/// Text of others, with control, bidirectional and invisible characters made visible.
#[must_use]
pub fn untrusted(text: &str) -> String {
    mail::visible(text).into_owned()
}

/// The same on one line of at most that many characters.
#[must_use]
pub fn untrusted_line(text: &str, max: usize) -> String {
    mail::one_line(text, max)
}

/// Is this the reader going away?
#[must_use]
pub fn is_broken_pipe(e: &anyhow::Error) -> bool {
    e.chain().any(|c| {
        c.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
            || c.downcast_ref::<serde_json::Error>()
                .is_some_and(|e| e.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
    })
}

/// Write a line of the log of requests on standard error.
pub fn trace(line: &str) {
    // Standard error is the last place left to write to.
    let _ = writeln!(anstream::stderr().lock(), "{}", untrusted(line));
}
