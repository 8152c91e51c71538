//! Draws pictures over each other on a terminal, and gives the terminal back however the watch ends.

use std::io::{Write, stdout};

use anyhow::Context;

use crate::cli::terminal::Terminal;
use crate::report::{Paint, WatchView, fitted_watch};

/// Clears the screen and hides the cursor.
const START: &str = "\x1b[2J\x1b[?25l";
/// Goes to the first column of the first line.
const HOME: &str = "\x1b[H";
/// Erases the rest of a line, and everything below it.
const END_OF_LINE: &str = "\x1b[K";
const BELOW: &str = "\x1b[J";
/// Shows the cursor, below the last picture.
const SHOW_CURSOR: &str = "\x1b[?25h";

/// A picture on the terminal. Dropping it shows the cursor again, also while the program panics.
pub(super) struct Screen {
    paint: Paint,
    width: usize,
}

impl Screen {
    pub(super) fn enter(terminal: &Terminal) -> anyhow::Result<Self> {
        let screen = Self {
            paint: terminal.paint,
            width: terminal.width,
        };
        print(START)?;
        Ok(screen)
    }

    /// Draws a picture that fits the terminal as it is now.
    pub(super) fn draw(&self, view: &WatchView<'_>) -> anyhow::Result<()> {
        let (width, rows) = size(self.width);
        let mut text = HOME.to_owned();
        let lines = fitted_watch(view, rows, width);
        for (place, line) in lines.iter().enumerate() {
            if place > 0 {
                text.push_str("\r\n");
            }
            text.push_str(&line.painted(self.paint));
            text.push_str(END_OF_LINE);
        }
        text.push_str(BELOW);
        print(&text)
    }

    /// Draws a text from its first line; what does not fit below is left out.
    pub(super) fn draw_text(&self, text: &str) -> anyhow::Result<()> {
        let (_, rows) = size(self.width);
        let mut drawn = HOME.to_owned();
        for (place, line) in text.lines().take(rows).enumerate() {
            if place > 0 {
                drawn.push_str("\r\n");
            }
            drawn.push_str(line);
            drawn.push_str(END_OF_LINE);
        }
        drawn.push_str(BELOW);
        print(&drawn)
    }

    /// Prepares the terminal again, after another program had it.
    pub(super) fn resume(&self) -> anyhow::Result<()> {
        print(START)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _gone = print(&format!("{SHOW_CURSOR}\r\n"));
    }
}

/// Returns columns and lines of the terminal.
fn size(otherwise: usize) -> (usize, usize) {
    match terminal_size::terminal_size() {
        Some((width, rows)) if width.0 > 0 && rows.0 > 0 => {
            (usize::from(width.0), usize::from(rows.0))
        }
        _ => (otherwise, 24),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = stdout().lock();
    let printed = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    printed.context("failed to draw on the terminal")
}
