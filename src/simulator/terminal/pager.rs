//! The pager: stops a command's output after each page until a key says how to go on.

use super::keys::Key;
use super::screen::Screen;

/// What the device writes under a full page.
const MORE: &str = "-- more --, next page: Space, continue: g, quit: ^C";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Printing,
    /// A page is full and there is more.
    Waiting,
    /// `g`: no more stops.
    Continuing,
    /// `q`: nothing more is shown.
    Discarding,
}

#[derive(Debug)]
pub(super) struct Pager {
    /// Rows of a page; 0 never stops.
    length: usize,
    state: State,
    /// Rows finished since the page began.
    rows: usize,
    /// Characters on the row being printed.
    filled: usize,
    /// What was printed and not yet shown.
    held: String,
    /// How much of `held` is shown already.
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

    /// Begins the output of another command.
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

    /// Takes a key while waiting: Space a page, Enter a line, `g` the rest, `q` or ^C nothing more.
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

    /// Writes the line that asks for a key once more.
    pub(super) fn show_again(&self, screen: &mut Screen) {
        if self.is_waiting() {
            screen.text(MORE);
        }
    }

    /// Shows text until it ends, or a page is full: then returns how many of its bytes are shown.
    fn show(&mut self, text: &str, screen: &mut Screen) -> Option<usize> {
        for (at, character) in text.char_indices() {
            if character != '\n' && screen.width() > 0 && self.filled >= screen.width() {
                self.rows += 1;
                self.filled = 0;
            }
            if self.state == State::Printing && self.length > 0 && self.rows >= self.length {
                self.state = State::Waiting;
                // After a line that filled the width exactly, the rest of it goes on the next row anyhow.
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
