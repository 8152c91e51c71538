//! Pages the output of a command: stops after each page until a key is pressed.

use super::keys::Key;
use super::screen::Screen;

/// The device's text under a full page.
const MORE: &str = "-- more --, next page: Space, continue: g, quit: ^C";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Printing,
    /// The page is full and there is more.
    Waiting,
    /// `g`: no more stops.
    Continuing,
    /// `q`: the rest is discarded.
    Discarding,
}

#[derive(Debug)]
pub(super) struct Pager {
    /// Rows of a page; 0 turns paging off.
    length: usize,
    state: State,
    /// Finished rows of the page.
    rows: usize,
    /// Characters on the unfinished row.
    filled: usize,
    /// Printed output that is not shown yet.
    held: String,
    /// The number of bytes of `held` that are shown already.
    shown: usize,
}

impl Pager {
    pub(super) fn new(length: u16) -> Self {
        Self {
            length: usize::from(length),
            state: State::Printing,
            rows: 0,
            filled: 0,
            held: String::new(),
            shown: 0,
        }
    }

    pub(super) fn set_length(&mut self, length: u16) {
        self.length = usize::from(length);
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    /// Starts the output of another command.
    pub(super) fn restart(&mut self) {
        self.state = State::Printing;
        self.rows = 0;
        self.filled = 0;
    }

    pub(super) fn print(&mut self, text: &str, screen: &mut Screen) {
        match self.state {
            State::Discarding => {}
            State::Waiting => self.held.push_str(text),
            State::Printing | State::Continuing => {
                if let Some(shown) = self.show(text, screen) {
                    self.held = text.get(shown..).unwrap_or_default().to_owned();
                    self.shown = 0;
                }
            }
        }
    }

    /// Handles a key while waiting: Space a page, Enter a line, `g` the rest, `q` or ^C discards.
    pub(super) fn press(&mut self, key: Key, screen: &mut Screen) {
        match key {
            Key::Character(' ') => self.rows = 0,
            Key::Enter => self.rows = self.length.saturating_sub(1),
            Key::Character('g' | 'G') => self.state = State::Continuing,
            Key::Character('q' | 'Q') | Key::Cancel => self.state = State::Discarding,
            _ => return,
        }
        screen.erase(MORE.len());
        if self.state == State::Waiting {
            self.state = State::Printing;
        }
        let held = std::mem::take(&mut self.held);
        let rest = held.get(self.shown..).unwrap_or_default();
        if self.state == State::Discarding {
            return;
        }
        if let Some(shown) = self.show(rest, screen) {
            self.shown += shown;
            self.held = held;
        }
    }

    /// Prints the pager's question again.
    pub(super) fn show_again(&self, screen: &mut Screen) {
        if self.is_waiting() {
            screen.text(MORE);
        }
    }

    /// Shows text until it ends or the page is full; then returns the number of bytes shown.
    fn show(&mut self, text: &str, screen: &mut Screen) -> Option<usize> {
        for (at, character) in text.char_indices() {
            if character != '\n' && screen.width() > 0 && self.filled >= screen.width() {
                self.rows += 1;
                self.filled = 0;
            }
            if self.state == State::Printing && self.length > 0 && self.rows >= self.length {
                self.state = State::Waiting;
                // After a line of exactly the width, the rest is on the next row anyway.
                screen.fresh_line();
                screen.text(MORE);
                return Some(at);
            }
            match character {
                '\n' => {
                    self.rows += 1;
                    self.filled = 0;
                }
                '\r' => self.filled = 0,
                _ => self.filled += 1,
            }
            screen.character(character);
        }
        None
    }
}
