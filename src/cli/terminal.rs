//! Where results and talk go: results to stdout, talk to stderr, colour only where it is wanted.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use serde::Serialize;

use super::format::OutputFormat;
use super::output_file::check_output_file;
use super::{Arguments, ColorChoice};
use crate::config::Settings;
use crate::report::{Paint, error_document, json_document, visible};

/// Columns where nobody says how wide the terminal is.
const DEFAULT_WIDTH: usize = 100;

/// What programs are told by a command that writes files.
#[derive(Serialize)]
pub(super) struct Written {
    pub written: Vec<PathBuf>,
}

/// The person at the other end.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    /// For results.
    pub paint: Paint,
    /// For talk.
    talk: Paint,
    pub width: usize,
    pub is_quiet: bool,
    is_verbose: bool,
    documents: Arc<Documents>,
}

/// Which JSON documents a command owes, and which it has given: exactly one to each place, however the command ends.
#[derive(Debug, Default)]
struct Documents {
    /// `--format json`: stdout gets a document and nothing else.
    is_printed_as_json: bool,
    is_printed: AtomicBool,
    /// `--json-to`.
    file: Option<PathBuf>,
    is_written: AtomicBool,
}

impl Terminal {
    /// `is_json`: the command prints its result as a JSON document.
    pub(super) fn of(arguments: &Arguments, is_json: bool, settings: Option<&Settings>) -> Self {
        let paint = |is_terminal: bool| {
            let is_plain = settings.is_some_and(|settings| settings.no_color || settings.is_dumb);
            match arguments.color {
                ColorChoice::Always => Paint::Color,
                ColorChoice::Auto if is_terminal && !is_plain => Paint::Color,
                ColorChoice::Auto | ColorChoice::Never => Paint::Plain,
            }
        };
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self {
            paint: paint(io::stdout().is_terminal()),
            talk: paint(io::stderr().is_terminal()),
            width: width.unwrap_or(DEFAULT_WIDTH),
            is_quiet: arguments.quiet,
            is_verbose: arguments.verbose,
            documents: Arc::new(Documents {
                is_printed_as_json: is_json,
                file: arguments.json_to.clone(),
                ..Documents::default()
            }),
        }
    }

    /// Fails where the file of `--json-to` cannot be written, before the command does anything.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        match &self.documents.file {
            Some(file) => check_output_file("the result", file),
            None => Ok(()),
        }
    }

    /// Prints a result as its JSON document or as text, and writes the document to the file of `--json-to`.
    pub(super) fn print(
        &self,
        format: impl Into<OutputFormat>,
        document: impl Fn() -> String,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        self.json_text(&document)?;
        self.result(&match format.into() {
            OutputFormat::Json => document(),
            OutputFormat::Text => text(),
        })
    }

    /// Gives the document of a command that has no text for stdout.
    pub(super) fn document(&self, document: impl Fn() -> String) -> anyhow::Result<()> {
        self.json_text(&document)?;
        match self.documents.is_printed_as_json {
            true => self.result(&document()),
            false => Ok(()),
        }
    }

    /// Prints a result; that nobody reads it to its end, as `head` does not, is no failure.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        self.documents.is_printed.store(true, Ordering::Relaxed);
        let mut stdout = io::stdout().lock();
        let printed = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        match printed {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed.context("failed to print the result"),
        }
    }

    /// Writes the result as JSON beside the text, where that was asked for.
    pub(super) fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        self.json_text(|| json_document(value))
    }

    /// Refuses to promise a JSON document of what is none.
    pub(super) fn no_json(&self, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.documents.file.is_none(),
            "`--json-to` has nothing to write here: there is no JSON of {what}"
        );
        Ok(())
    }

    /// The same for a document that is made already.
    pub(super) fn json_text(&self, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let Some(path) = &self.documents.file else {
            return Ok(());
        };
        self.documents.is_written.store(true, Ordering::Relaxed);
        std::fs::write(path, text()).with_context(|| format!("failed to write {}", path.display()))
    }

    /// Says something that is not a result.
    pub(super) fn say(&self, text: &str) {
        if !self.is_quiet {
            talk(text);
        }
    }

    /// Says what is wrong, to the quiet as well.
    #[expect(
        clippy::unused_self,
        reason = "whoever talks has a terminal to talk to"
    )]
    pub(super) fn complain(&self, text: &str) {
        talk(text);
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.is_verbose
    }

    /// Says something that only the curious want to know.
    pub(super) fn detail(&self, text: &str) {
        if self.is_verbose {
            talk(&self.talk.dim(text));
        }
    }

    pub(super) fn hint(&self, text: &str) {
        if !self.is_quiet {
            talk(&format!("\n{} {text}", self.talk.note("hint:")));
        }
    }

    /// Asks a person, and nobody where there is none; anything but a yes is a no.
    pub(super) fn confirms(&self, question: &str) -> bool {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return false;
        }
        let _unheard = write!(
            io::stderr().lock(),
            "{} {question} [y/N] ",
            self.talk.note("?")
        );
        let mut answer = String::new();
        // Somebody who types more than this has not answered.
        let read = io::stdin().lock().take(100).read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Asks a person for something that is not to be seen while it is typed; nothing where there is nobody to ask.
    #[expect(clippy::unused_self, reason = "whoever asks has a terminal to ask at")]
    pub(super) fn hidden(&self, question: &str) -> io::Result<Option<zeroize::Zeroizing<String>>> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        let person = console::Term::stderr();
        person.write_str(question)?;
        let answer = person.read_secure_line()?;
        Ok(Some(zeroize::Zeroizing::new(answer)))
    }

    /// Prints an error with everything that led to it, and gives the documents that are still owed.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        talk(&format!("{} {}", self.talk.error("error:"), visible(&text)));
        let documents = &self.documents;
        if documents.is_printed_as_json && !documents.is_printed.load(Ordering::Relaxed) {
            // What cannot be printed is said above.
            let _unheard = self.result(&error_document(&text));
        }
        // A file that could not be written is what the error is about.
        if !documents.is_written.load(Ordering::Relaxed)
            && let Err(error) = self.json_text(|| error_document(&text))
        {
            talk(&format!(
                "{} {}",
                self.talk.error("error:"),
                visible(&format!("{error:#}"))
            ));
        }
    }
}

/// Writes a line to stderr. Where nobody listens there is nobody left to tell.
fn talk(line: &str) {
    let _unheard = writeln!(io::stderr().lock(), "{line}");
}
