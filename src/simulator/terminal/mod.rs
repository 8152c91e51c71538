//! Emulates the terminal of one SSH session: echo, line editing, wrapping and the pager.
//!
//! Keys that arrive without a reader wait in a queue, as on the device, and the next reader gets them. That may be the
//! pager: a client that sends its next command too early loses it there.

mod edit;
mod keys;
mod pager;
mod screen;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use edit::{Edit, History};
use keys::{Key, Keyboard};
use pager::Pager;
use screen::Screen;

/// The limit of queued keys; more are lost, as on an unread serial line.
const QUEUE_BYTES: usize = 64 * 1024;

/// The limit of echo for one burst of keys. Redrawing a long line at every key produces the most output; the rest of
/// such a burst is lost.
const ECHO_BYTES: usize = 1024 * 1024;

const DEFAULT_COLUMNS: u16 = 80;
const DEFAULT_ROWS: u16 = 24;

/// An event that the terminal cannot handle alone. Each one stops the reading of keys until `prompt`, `ask`, `redraw`
/// or `replace_line`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A line, without its end.
    Line(String),
    /// `?` was pressed; has the text left of the cursor.
    Help(String),
    /// TAB was pressed; has the text left of the cursor.
    Complete(String),
    /// ^D on an empty line.
    EndOfTransmission,
    /// ^Z; the line is discarded.
    EndConfiguration,
    /// ^C instead of an answer to `ask`.
    Cancelled,
}

/// The purpose of the line being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Command,
    Answer { is_hidden: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// No line is being read.
    No,
    Yes,
    /// Help or completion is in progress; the line is shown again afterwards.
    Suspended,
}

/// An action requested while the pager waited.
#[derive(Debug)]
enum Later {
    Read { prompt: String, purpose: Purpose },
    Redraw,
    Replace(String),
}

#[derive(Debug)]
pub struct Terminal {
    queue: VecDeque<u8>,
    keyboard: Keyboard,
    screen: Screen,
    pager: Pager,
    history: History,
    /// The last line of the prompt.
    prompt: String,
    edit: Edit,
    purpose: Purpose,
    reading: Reading,
    later: Option<Later>,
}

impl Terminal {
    /// Returns the terminal of a PTY of this size; 0 is unknown and becomes 80×24.
    pub fn new(columns: u16, rows: u16) -> Self {
        let or = |given: u16, default| if given == 0 { default } else { given };
        Self {
            queue: VecDeque::new(),
            keyboard: Keyboard::default(),
            screen: Screen::new(or(columns, DEFAULT_COLUMNS)),
            pager: Pager::new(or(rows, DEFAULT_ROWS)),
            history: History::default(),
            prompt: String::new(),
            edit: Edit::default(),
            purpose: Purpose::Command,
            reading: Reading::No,
            later: None,
        }
    }

    /// Receives keys; `next` processes them.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = QUEUE_BYTES.saturating_sub(self.queue.len());
        self.queue.extend(bytes.iter().take(room));
    }

    /// Prints the prompt and starts reading a line; an unfinished line is discarded.
    pub fn prompt(&mut self, text: &str) {
        self.read(text, Purpose::Command);
    }

    /// Asks for one answer that is not added to the history. `?` and TAB are ordinary keys in it, and hidden answers
    /// are not echoed.
    pub fn ask(&mut self, text: &str, hidden: bool) {
        self.read(text, Purpose::Answer { is_hidden: hidden });
    }

    /// Processes queued keys until an event; `None` if more keys are needed, or if no line is being read.
    #[expect(
        clippy::should_implement_trait,
        reason = "`None` means not yet, and no loop over a terminal should end on it"
    )]
    pub fn next(&mut self) -> Option<Event> {
        let mut echoed = 0;
        while self.is_paging() || self.reading == Reading::Yes {
            let byte = self.queue.pop_front()?;
            let Some(key) = self.keyboard.press(byte) else {
                continue;
            };
            if self.is_paging() {
                self.pager.press(key, &mut self.screen);
                self.catch_up();
                continue;
            }
            let before = self.screen.waiting();
            let event = self.press(key);
            if event.is_some() {
                return event;
            }
            echoed += self.screen.waiting() - before;
            if echoed > ECHO_BYTES {
                self.queue.clear();
            }
        }
        None
    }

    /// Prints the output of a command, a page at a time.
    pub fn print(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.reading {
            // Output after the prompt does not belong to the foreground command.
            Reading::Yes => self.asynchronous(text.trim_end_matches('\n')),
            Reading::Suspended | Reading::No => {
                if self.screen.has_row() {
                    self.screen.fresh_line();
                }
                self.pager.print(text, &mut self.screen);
            }
        }
    }

    pub fn is_paging(&self) -> bool {
        self.pager.is_waiting()
    }

    /// Prints a message at once on a line of its own, even inside other output, and then the line being edited.
    fn asynchronous(&mut self, line: &str) {
        self.screen.fresh_line();
        self.screen.text(line);
        self.screen.end_row();
        if self.is_paging() {
            self.pager.show_again(&mut self.screen);
        } else if self.reading == Reading::Yes {
            self.show();
        }
    }

    /// Replaces the text left of the cursor, and continues reading.
    pub fn replace_line(&mut self, text: &str) {
        if self.is_paging() {
            self.postpone(Later::Replace(text.to_owned()));
        } else if self.reading != Reading::No {
            self.edit.set_left(text);
            self.resume();
            self.show();
        }
    }

    /// Shows the prompt and the line again, and continues reading.
    pub fn redraw(&mut self) {
        if self.is_paging() {
            self.postpone(Later::Redraw);
        } else if self.reading != Reading::No {
            self.resume();
            self.show_again();
        }
    }

    /// Returns the output for the screen.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.screen.take()
    }

    /// Sets the rows of a page; 0 turns the pager off.
    pub fn set_length(&mut self, rows: u16) {
        self.pager.set_length(rows);
    }

    /// Sets the width of the screen; 0 is unlimited, so that a line is never scrolled.
    pub fn set_width(&mut self, columns: u16) {
        self.screen.set_width(columns);
    }

    fn read(&mut self, prompt: &str, purpose: Purpose) {
        if self.is_paging() {
            self.postpone(Later::Read {
                prompt: prompt.to_owned(),
                purpose,
            });
            return;
        }
        self.screen.fresh_line();
        let (above, prompt) = match prompt.rsplit_once('\n') {
            Some((above, last)) => (Some(above), last),
            None => (None, prompt),
        };
        if let Some(above) = above {
            self.screen.text(above);
            self.screen.end_row();
        }
        self.prompt = prompt.to_owned();
        self.purpose = purpose;
        self.edit = Edit::default();
        self.history.rewind();
        self.resume();
        self.show();
    }

    fn resume(&mut self) {
        self.pager.restart();
        self.reading = Reading::Yes;
    }

    fn postpone(&mut self, later: Later) {
        // A new prompt replaces a pending redraw, never the reverse.
        if matches!(later, Later::Read { .. }) || !matches!(self.later, Some(Later::Read { .. })) {
            self.later = Some(later);
        }
    }

    /// Runs the actions that waited for the pager.
    fn catch_up(&mut self) {
        if self.is_paging() {
            return;
        }
        match self.later.take() {
            None => {}
            Some(Later::Read { prompt, purpose }) => self.read(&prompt, purpose),
            Some(Later::Redraw) => self.redraw(),
            Some(Later::Replace(text)) => self.replace_line(&text),
        }
    }

    fn press(&mut self, key: Key) -> Option<Event> {
        let is_command = self.purpose == Purpose::Command;
        match key {
            Key::Enter => return Some(self.finish_line()),
            Key::Character('?') if is_command => {
                self.reading = Reading::Suspended;
                return Some(Event::Help(self.edit.left().to_owned()));
            }
            Key::Tab if is_command => {
                self.reading = Reading::Suspended;
                return Some(Event::Complete(self.edit.left().to_owned()));
            }
            Key::Cancel => {
                self.end_line("^C");
                if !is_command {
                    return Some(Event::Cancelled);
                }
                let prompt = std::mem::take(&mut self.prompt);
                self.read(&prompt, Purpose::Command);
                return None;
            }
            Key::EndOfTransmission if self.edit.is_empty() => {
                self.end_line("");
                return Some(Event::EndOfTransmission);
            }
            Key::EndConfiguration if is_command => {
                self.end_line("^Z");
                return Some(Event::EndConfiguration);
            }
            Key::Redraw => {
                self.show_again();
                return None;
            }
            Key::Up if is_command => self.history.older(&mut self.edit),
            Key::Down if is_command => self.history.newer(&mut self.edit),
            Key::Character(character) => self.edit.insert(character),
            Key::Backspace => self.edit.backspace(),
            Key::Delete | Key::EndOfTransmission => self.edit.delete(),
            Key::Left => self.edit.move_left(),
            Key::Right => self.edit.move_right(),
            Key::Home => self.edit.move_home(),
            Key::End => self.edit.move_end(),
            Key::EraseLeft => self.edit.erase_left(),
            Key::EraseRight => self.edit.erase_right(),
            Key::EraseWord => self.edit.erase_word(),
            Key::Up | Key::Down | Key::Tab | Key::EndConfiguration => return None,
        }
        self.show();
        None
    }

    fn finish_line(&mut self) -> Event {
        let line = self.edit.text();
        if self.purpose == Purpose::Command {
            self.history.remember(&line);
        }
        self.edit.move_end();
        self.show();
        self.end_line("");
        Event::Line(line)
    }

    /// Leaves the row being edited, with a mark at the cursor.
    fn end_line(&mut self, mark: &str) {
        self.screen.text(mark);
        self.screen.end_row();
        self.edit = Edit::default();
        self.reading = Reading::No;
    }

    fn show(&mut self) {
        let (left, right) = self.visible();
        self.screen.show(&self.prompt, &left, &right);
    }

    fn show_again(&mut self) {
        let (left, right) = self.visible();
        self.screen.show_again(&self.prompt, &left, &right);
    }

    fn visible(&self) -> (String, String) {
        if self.purpose == (Purpose::Answer { is_hidden: true }) {
            return Default::default();
        }
        (self.edit.left().to_owned(), self.edit.right().to_owned())
    }
}
