//! Where results and talk go: results to stdout, talk to stderr, colour only where it is wanted.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use super::{Arguments, ColorChoice};
use crate::config::Settings;
use crate::report::{Paint, json_document, visible};

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
    json_to: Option<PathBuf>,
}

impl Terminal {
    pub(super) fn of(arguments: &Arguments, settings: Option<&Settings>) -> Self {
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
            json_to: arguments.json_to.clone(),
        }
    }

    /// Prints a result; that nobody reads it to its end, as `head` does not, is no failure.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
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
            self.json_to.is_none(),
            "`--json-to` has nothing to write here: there is no JSON of {what}"
        );
        Ok(())
    }

    /// The same for a document that is made already.
    pub(super) fn json_text(&self, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let Some(path) = &self.json_to else {
            return Ok(());
        };
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

    /// Prints an error with everything that led to it.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        talk(&format!(
            "{} {}",
            self.talk.error("error:"),
            visible(&chain.join(": "))
        ));
    }
}

/// Writes a line to stderr. Where nobody listens there is nobody left to tell.
fn talk(line: &str) {
    let _unheard = writeln!(io::stderr().lock(), "{line}");
}
