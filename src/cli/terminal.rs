//! Prints results to stdout and messages to stderr, with colour only if wanted.

use std::borrow::Cow;
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
use crate::model::{Forge, HostEnvironment};
use crate::report::{DocumentKind, Paint, Web, error_document, no_plan_markdown, visible};

/// The width in columns if the terminal's is unknown.
const DEFAULT_WIDTH: usize = 100;

/// The JSON document of a command that writes files.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WrittenFiles {
    pub written: Vec<PathBuf>,
}

/// The terminal of the person who runs the command.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    /// For results.
    pub paint: Paint,
    /// For messages.
    talk: Paint,
    pub width: usize,
    pub is_quiet: bool,
    is_verbose: bool,
    documents: Arc<Documents>,
    host: HostEnvironment,
}

/// The JSON documents that a command must print or write: exactly one to each destination, however the command ends.
#[derive(Debug, Default)]
struct Documents {
    /// `--format json` and `markdown`: stdout gets one document and nothing else.
    printed: Printed,
    is_printed: AtomicBool,
    /// `--json-to`.
    file: Option<PathBuf>,
    is_written: AtomicBool,
    /// The reader of stdout closed it.
    is_reader_gone: AtomicBool,
}

/// The form of stdout, as far as the end of a command without a result depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Printed {
    #[default]
    Text,
    Json,
    Markdown,
}

impl Terminal {
    pub(super) fn of(arguments: &Arguments, printed: Printed, settings: Option<&Settings>) -> Self {
        let host = settings.map(|settings| settings.host.clone());
        let host = host.unwrap_or_default();
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
            width: width.or(host.columns).unwrap_or(DEFAULT_WIDTH),
            is_quiet: arguments.quiet,
            is_verbose: arguments.verbose,
            documents: Arc::new(Documents {
                printed,
                file: arguments.json_to.clone(),
                ..Documents::default()
            }),
            host,
        }
    }

    /// Returns the forge that runs this CI job.
    pub(super) fn forge(&self) -> Option<&Forge> {
        self.host.ci.as_ref()?.forge.as_ref()
    }

    /// Returns the web addresses that reports link to.
    pub(super) fn web(&self) -> Web<'_> {
        Web {
            forge: self.forge(),
            docs: self.host.docs_url.as_deref(),
        }
    }

    /// Fails if the file of `--json-to` cannot be written, before the command does anything.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Some(file) = &self.documents.file else {
            return Ok(());
        };
        let checked = check_output_file("the result", file);
        let is_settled = checked.is_err();
        self.documents
            .is_written
            .store(is_settled, Ordering::Relaxed);
        checked
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

    /// Prints the document of a command that has no text for stdout.
    pub(super) fn document(&self, document: impl Fn() -> String) -> anyhow::Result<()> {
        self.json_text(&document)?;
        match self.documents.printed {
            Printed::Json => self.result(&document()),
            Printed::Text | Printed::Markdown => Ok(()),
        }
    }

    /// Prints a result; a reader that closes the pipe early, such as `head`, is not a failure.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        self.documents.is_printed.store(true, Ordering::Relaxed);
        let mut stdout = io::stdout().lock();
        let is_read_here = stdout.is_terminal() && self.documents.printed == Printed::Text;
        let text = match is_read_here {
            true => Cow::Owned(fitted(text, self.width)),
            false => Cow::Borrowed(text),
        };
        let printed = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        match printed {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.documents.is_reader_gone.store(true, Ordering::Relaxed);
                Ok(())
            }
            printed => printed.context("failed to print the result"),
        }
    }

    /// Returns whether a result could not be printed because the reader closed the pipe.
    pub(super) fn is_reader_gone(&self) -> bool {
        self.documents.is_reader_gone.load(Ordering::Relaxed)
    }

    /// Writes the result as JSON beside the text, if requested.
    pub(super) fn json(&self, kind: DocumentKind, value: &impl Serialize) -> anyhow::Result<()> {
        self.json_text(|| kind.document(value))
    }

    /// Refuses `--json-to` for a command that has no JSON document.
    pub(super) fn no_json(&self, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.documents.file.is_none(),
            "`--json-to` cannot be used here: there is no JSON of {what}"
        );
        Ok(())
    }

    /// Writes a finished JSON document beside the text, if requested.
    pub(super) fn json_text(&self, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let Some(path) = &self.documents.file else {
            return Ok(());
        };
        self.documents.is_written.store(true, Ordering::Relaxed);
        std::fs::write(path, text()).with_context(|| format!("failed to write {}", path.display()))
    }

    /// Prints a message that is not a result.
    pub(super) fn say(&self, text: &str) {
        if !self.is_quiet {
            self.talk(text);
        }
    }

    /// Prints a message even with `--quiet`.
    pub(super) fn say_always(&self, text: &str) {
        self.talk(text);
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.is_verbose
    }

    /// Prints a detail, only with `--verbose`.
    pub(super) fn detail(&self, text: &str) {
        if self.is_verbose {
            self.talk(&self.talk.dim(text));
        }
    }

    pub(super) fn hint(&self, text: &str) {
        if !self.is_quiet {
            self.talk(&format!("\n{} {text}", self.talk.note("hint:")));
        }
    }

    /// Writes a line to stderr, fitted to it if it is a terminal; a closed stderr is ignored.
    fn talk(&self, line: &str) {
        let mut stderr = io::stderr().lock();
        let _unheard = match stderr.is_terminal() {
            true => writeln!(stderr, "{}", fitted(line, self.width)),
            false => writeln!(stderr, "{line}"),
        };
    }

    /// Asks a person for confirmation; without a terminal, and for any answer but yes, returns false.
    pub(super) fn confirms(&self, question: &str) -> bool {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return false;
        }
        let question = format!("{} {question} [y/N] ", self.talk.note("?"));
        let _unheard = write!(io::stderr().lock(), "{}", fitted(&question, self.width));
        let mut answer = String::new();
        // A longer answer is not a yes or no.
        let read = io::stdin().lock().take(100).read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Asks a person for a hidden value; returns `None` if there is no terminal.
    #[expect(clippy::unused_self, reason = "prompts go to a terminal")]
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
        self.talk(&format!("{} {}", self.talk.error("error:"), visible(&text)));
        let documents = &self.documents;
        if !documents.is_printed.load(Ordering::Relaxed) {
            let document = match documents.printed {
                Printed::Text => String::new(),
                Printed::Json => error_document(&text),
                Printed::Markdown => no_plan_markdown(&text),
            };
            // What cannot be printed is said above.
            let _unheard = self.result(&document);
        }
        // A file that could not be written is what the error is about.
        if !documents.is_written.load(Ordering::Relaxed)
            && let Err(error) = self.json_text(|| error_document(&text))
        {
            self.talk(&format!(
                "{} {}",
                self.talk.error("error:"),
                visible(&format!("{error:#}"))
            ));
        }
    }
}

/// The indentation of what did not fit into a line.
const HANG: usize = 4;

/// Breaks lines that do not fit a terminal at words. A line of TOML stays, so that it can be copied.
pub(super) fn fitted(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| match line.contains(" = ") {
        true => line.to_owned(),
        false => folded(line, HANG, width).join("\n"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Breaks a line at words so that it fits; what follows is indented by `hang` more than the line. Colours take no room.
pub(super) fn folded(line: &str, hang: usize, width: usize) -> Vec<String> {
    let size = console::measure_text_width;
    if size(line) <= width {
        return vec![line.to_owned()];
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (space, rest) = line.split_at_checked(indent).unwrap_or(("", line));
    let mut parts = Vec::new();
    let mut part = space.to_owned();
    for (index, word) in rest.split(' ').enumerate() {
        if index > 0 && size(&part) + 1 + size(word) > width {
            parts.push(std::mem::replace(&mut part, " ".repeat(indent + hang)));
        } else if index > 0 {
            part.push(' ');
        }
        part.push_str(word);
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_breaks_at_words_and_colours_take_no_room() {
        assert_eq!(
            folded("  note: it is so", 1, 10),
            ["  note: it", "   is so"]
        );
        let painted = "\u{1b}[1mone\u{1b}[0m two three";
        assert_eq!(
            folded(painted, 0, 7),
            ["\u{1b}[1mone\u{1b}[0m two", "three"]
        );
        assert_eq!(folded("", 4, 7), [""]);
        assert_eq!(folded("averylongword", 4, 7), ["averylongword"]);
    }

    #[test]
    fn a_text_of_several_lines_fits_a_terminal_and_a_line_of_toml_stays_whole() {
        assert_eq!(
            fitted("one two three\n  four five six\n", 10),
            "one two\n    three\n  four\n      five\n      six\n"
        );
        let toml = "description = \"a long one\"";
        assert_eq!(fitted(toml, 10), toml);
    }
}
