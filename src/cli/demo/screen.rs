//! Prints the demonstration in pieces that fit the screen, with a pause after each that a key ends.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, stdout};
use std::time::Duration;

use anyhow::bail;

use super::keys::{Answer, has_keys, pause};
use super::stop::Stop;
use crate::cli::terminal::{Terminal, folded};

/// The reading time of a line, for someone who reads it for the first time.
const PER_LINE: Duration = Duration::from_millis(350);
const LONGEST_PAUSE: Duration = Duration::from_secs(12);
/// Lines of a screen that a piece leaves free: one of the piece before, and one for the prompt.
const FREE_LINES: u32 = 2;
/// The indentation of what did not fit into a line of a command's output.
const HANG: usize = 4;
/// Returns the cursor to the start of the line, and erases the line.
const ERASE: &str = "\r\x1b[K";

/// The screen of the person who watches.
pub(super) struct Screen<'a> {
    pub(super) terminal: &'a Terminal,
    stop: &'a Stop,
    has_pauses: bool,
    /// The lines of a piece; left out where the output is not a terminal.
    rows: Option<u32>,
    /// The number of lines since the last pause.
    unread: Cell<u32>,
    /// The line that the next output erases; empty if there is none.
    prompt: RefCell<String>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(terminal: &'a Terminal, stop: &'a Stop, has_pauses: bool) -> Self {
        let is_terminal = stdout().is_terminal();
        let rows = terminal_size::terminal_size().filter(|_| is_terminal);
        Self {
            terminal,
            stop,
            has_pauses,
            rows: rows.map(|(_, rows)| u32::from(rows.0).saturating_sub(FREE_LINES).max(5)),
            unread: Cell::new(0),
            prompt: RefCell::new(String::new()),
        }
    }

    /// Prints a line of a command, folded at words, and pauses before it if the screen is full.
    pub(super) fn line(&self, line: &str) -> anyhow::Result<()> {
        self.folded(line, HANG)
    }

    /// Prints a line of an explanation.
    pub(super) fn prose(&self, line: &str) -> anyhow::Result<()> {
        self.folded(line, 0)
    }

    fn folded(&self, line: &str, hang: usize) -> anyhow::Result<()> {
        for part in folded(line, hang, self.terminal.width) {
            if self.rows.is_some_and(|rows| self.unread.get() >= rows) {
                self.pause()?;
            }
            self.print(&format!("{part}\n"))?;
            self.unread.set(self.unread.get() + 1);
        }
        Ok(())
    }

    /// Waits until the lines since the last pause can have been read, or for a key.
    pub(super) fn pause(&self) -> anyhow::Result<()> {
        let lines = self.unread.replace(0);
        if !self.has_pauses || lines == 0 {
            return self.go_on();
        }
        let lasts = PER_LINE.saturating_mul(lines).min(LONGEST_PAUSE);
        if has_keys() {
            let seconds = lasts.as_secs().max(1);
            self.prompt(&format!("continues in {seconds} s; any key: now, q: end"))?;
        }
        let answer = pause(lasts, self.stop);
        self.erase()?;
        if answer == Answer::Quit {
            self.stop.ask();
        }
        self.go_on()
    }

    /// Waits as long as a pause may be: the person does something elsewhere. A key ends it.
    pub(super) fn pause_at_length(&self) -> anyhow::Result<()> {
        self.unread.set(u32::MAX);
        self.pause()
    }

    /// Waits for so long while something works elsewhere; `q` ends the demonstration here too.
    pub(super) fn wait(&self, time: Duration) -> anyhow::Result<()> {
        if pause(time, self.stop) == Answer::Quit {
            self.stop.ask();
        }
        self.go_on()
    }

    /// Shows a line until the next output, on a terminal only.
    pub(super) fn prompt(&self, text: &str) -> anyhow::Result<()> {
        if self.rows.is_none() || *self.prompt.borrow() == text {
            return Ok(());
        }
        self.erase()?;
        let shown = self.terminal.paint.dim(&format!("[{text}]"));
        self.terminal.result(&shown)?;
        text.clone_into(&mut self.prompt.borrow_mut());
        Ok(())
    }

    fn erase(&self) -> anyhow::Result<()> {
        match self.prompt.take().is_empty() {
            true => Ok(()),
            false => self.terminal.result(ERASE),
        }
    }

    fn print(&self, text: &str) -> anyhow::Result<()> {
        self.erase()?;
        self.terminal.result(text)?;
        if self.terminal.is_reader_gone() {
            self.stop.ask();
        }
        self.go_on()
    }

    /// Fails if the demonstration is to end.
    pub(super) fn go_on(&self) -> anyhow::Result<()> {
        if self.stop.is_asked() {
            bail!("the demonstration was ended");
        }
        Ok(())
    }
}

/// Breaks a command at its words, with a `\` at the end of each line but the last, so that it can be copied.
pub(super) fn folded_command(prompt: &str, words: &[String], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = prompt.to_owned();
    for (index, word) in words.iter().enumerate() {
        // The space before the word, and the ` \` after it.
        let has_room = line.chars().count() + word.chars().count() + 3 <= width;
        if !has_room && index > 0 {
            lines.push(format!("{line} \\"));
            line = "   ".to_owned();
        }
        line.push_str(&format!(" {word}"));
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_breaks_so_that_a_shell_reads_it_as_one() {
        let words = ["gamctl", "set", "--where", "device=birch-12", "x=1"];
        let lines = folded_command("$", &words.map(str::to_owned), 24);
        assert_eq!(
            lines,
            [
                "$ gamctl set --where \\",
                "    device=birch-12 \\",
                "    x=1"
            ]
        );
        assert!(lines.iter().all(|line| line.chars().count() <= 24));
    }
}
