//! Writes to the client's screen, and redraws the row of the line being edited.
//!
//! Only carriage return, backspace, spaces and text are used, as the device does:
//!
//! - A key that changes the row returns to the first character that differs, rewrites the rest of the row, covers
//!   the remainder of the old one with spaces and returns to the cursor by backspaces. A character entered at
//!   the end is therefore just that character, and backspace at the end is `\b \b`.
//! - A row that would reach the width is scrolled. It shows `$` in the first column, then the end of the text
//!   left of the cursor (prompt and line together); the last column stays free for the cursor. Each key that
//!   scrolls writes `\r`, the whole row, and spaces over the rest of the old one.
//! - With the cursor so far left that the beginning fits, the beginning is shown and the end is cut off.

/// The mark at the left edge of a scrolled row.
const SCROLLED: char = '$';

/// The appearance of the row with the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    characters: Vec<char>,
    cursor: usize,
    /// The number of hidden characters on the left.
    hidden: usize,
}

impl Row {
    fn new(prompt: &str, left: &str, right: &str, width: usize) -> Self {
        let before: Vec<char> = prompt.chars().chain(left.chars()).collect();
        let whole = before.len() + right.chars().count();
        // The last column is for the cursor.
        let room = width.saturating_sub(1).max(2);
        if width > 0 && whole > room && before.len() >= room {
            let hidden = before.len() + 1 - room;
            let tail = before.into_iter().skip(hidden);
            return Self {
                characters: std::iter::once(SCROLLED).chain(tail).collect(),
                cursor: room,
                hidden,
            };
        }
        let shown = if width > 0 { room } else { usize::MAX };
        let cursor = before.len();
        Self {
            characters: before
                .into_iter()
                .chain(right.chars())
                .take(shown)
                .collect(),
            cursor,
            hidden: 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Screen {
    output: Vec<u8>,
    /// 0 is unlimited.
    width: usize,
    is_at_line_start: bool,
    /// The row being edited as shown; `None` after other text has overwritten it.
    row: Option<Row>,
}

impl Screen {
    pub(super) fn new(width: u16) -> Self {
        Self {
            output: Vec::new(),
            width: usize::from(width),
            is_at_line_start: true,
            row: None,
        }
    }

    pub(super) fn set_width(&mut self, width: u16) {
        self.width = usize::from(width);
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns whether the row being edited is on the screen, with the cursor in it.
    pub(super) fn has_row(&self) -> bool {
        self.row.is_some()
    }

    /// Returns the number of bytes that wait to be taken.
    pub(super) fn waiting(&self) -> usize {
        self.output.len()
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    pub(super) fn character(&mut self, character: char) {
        if character == '\n' {
            self.output.push(b'\r');
        }
        let mut bytes = [0; 4];
        let encoded: &str = character.encode_utf8(&mut bytes);
        self.output.extend_from_slice(encoded.as_bytes());
        self.is_at_line_start = matches!(character, '\n' | '\r');
    }

    pub(super) fn text(&mut self, text: &str) {
        text.chars().for_each(|character| self.character(character));
    }

    /// Leaves the row being edited, or any unfinished line, as shown and moves to the next one.
    pub(super) fn fresh_line(&mut self) {
        self.row = None;
        if !self.is_at_line_start {
            self.character('\n');
        }
    }

    /// Ends the row being edited, even an empty one.
    pub(super) fn end_row(&mut self) {
        self.row = None;
        self.character('\n');
    }

    /// Removes a line of `length` characters; the cursor is at its end.
    pub(super) fn erase(&mut self, length: usize) {
        self.character('\r');
        self.repeat(' ', length);
        self.character('\r');
    }

    /// Updates the row, in place if it is shown already.
    pub(super) fn show(&mut self, prompt: &str, left: &str, right: &str) {
        let row = Row::new(prompt, left, right, self.width);
        match self.row.take() {
            None => {
                self.fresh_line();
                self.write_row(&row, 0, 0);
            }
            Some(old) if old.hidden != row.hidden => {
                self.character('\r');
                self.write_row(&row, 0, old.characters.len());
            }
            Some(old) => self.change_row(&old, &row),
        }
        self.is_at_line_start = row.cursor == 0;
        self.row = Some(row);
    }

    /// Writes the row again although it did not change.
    pub(super) fn show_again(&mut self, prompt: &str, left: &str, right: &str) {
        if let Some(old) = self.row.take() {
            self.character('\r');
            let row = Row::new(prompt, left, right, self.width);
            self.write_row(&row, 0, old.characters.len());
            self.is_at_line_start = row.cursor == 0;
            self.row = Some(row);
        } else {
            self.show(prompt, left, right);
        }
    }

    fn change_row(&mut self, old: &Row, new: &Row) {
        let same = old
            .characters
            .iter()
            .zip(&new.characters)
            .take_while(|(old, new)| old == new)
            .count();
        if old.characters == new.characters {
            self.backspaces(old.cursor.saturating_sub(new.cursor));
            let over = new.characters.iter().take(new.cursor).skip(old.cursor);
            over.for_each(|character| self.character(*character));
            return;
        }
        let from = same.min(old.cursor);
        self.backspaces(old.cursor - from);
        self.write_row(new, from, old.characters.len());
    }

    /// Writes the row from a column on, with the cursor there, over one of `old_length` characters.
    fn write_row(&mut self, row: &Row, from: usize, old_length: usize) {
        let rest = row.characters.iter().skip(from);
        rest.for_each(|character| self.character(*character));
        let length = row.characters.len();
        self.repeat(' ', old_length.saturating_sub(length));
        self.backspaces(old_length.max(length).saturating_sub(row.cursor));
    }

    fn backspaces(&mut self, count: usize) {
        self.repeat('\x08', count);
    }

    fn repeat(&mut self, character: char, count: usize) {
        (0..count).for_each(|_| self.character(character));
    }
}
