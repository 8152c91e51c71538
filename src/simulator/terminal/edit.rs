//! Edits the current line: characters, cursor, and the history of earlier lines.

use std::collections::VecDeque;

/// The highest number of characters in a line.
pub(super) const LONGEST_LINE: usize = 1023;

const HISTORY_LINES: usize = 32;

/// A line split at the cursor.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit {
    left: String,
    right: String,
}

impl Edit {
    pub(super) fn left(&self) -> &str {
        &self.left
    }

    pub(super) fn right(&self) -> &str {
        &self.right
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty() && self.right.is_empty()
    }

    pub(super) fn text(&self) -> String {
        format!("{}{}", self.left, self.right)
    }

    /// Replaces the whole line; the cursor moves to its end.
    pub(super) fn set(&mut self, text: &str) {
        self.right.clear();
        self.set_left(text);
    }

    /// Replaces the part left of the cursor with the characters of `text` that a keyboard can produce.
    pub(super) fn set_left(&mut self, text: &str) {
        let room = LONGEST_LINE.saturating_sub(self.right.len());
        self.left = text
            .chars()
            .filter(|character| (' '..='~').contains(character))
            .take(room)
            .collect();
    }

    pub(super) fn insert(&mut self, character: char) {
        if self.left.len() + self.right.len() < LONGEST_LINE {
            self.left.push(character);
        }
    }

    pub(super) fn backspace(&mut self) {
        self.left.pop();
    }

    pub(super) fn delete(&mut self) {
        if !self.right.is_empty() {
            self.right.remove(0);
        }
    }

    pub(super) fn move_left(&mut self) {
        if let Some(character) = self.left.pop() {
            self.right.insert(0, character);
        }
    }

    pub(super) fn move_right(&mut self) {
        if !self.right.is_empty() {
            self.left.push(self.right.remove(0));
        }
    }

    pub(super) fn move_home(&mut self) {
        self.right = self.text();
        self.left.clear();
    }

    pub(super) fn move_end(&mut self) {
        self.left.push_str(&self.right);
        self.right.clear();
    }

    pub(super) fn erase_left(&mut self) {
        self.left.clear();
    }

    pub(super) fn erase_right(&mut self) {
        self.right.clear();
    }

    pub(super) fn erase_word(&mut self) {
        let without_spaces = self.left.trim_end_matches(' ');
        let kept = without_spaces.trim_end_matches(|character| character != ' ');
        self.left.truncate(kept.len());
    }
}

/// The last lines, and the one selected by the cursor keys.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The newest line is first.
    lines: VecDeque<String>,
    /// How many lines back the selection is; 0 is the line being edited.
    back: usize,
    /// The unfinished line from before the first cursor key.
    draft: String,
}

impl History {
    /// Adds a line, unless it is blank or equals the last one, and resets the selection.
    pub(super) fn remember(&mut self, line: &str) {
        self.rewind();
        if line.trim().is_empty() || self.lines.front().is_some_and(|last| last == line) {
            return;
        }
        self.lines.truncate(HISTORY_LINES - 1);
        self.lines.push_front(line.to_owned());
    }

    pub(super) fn rewind(&mut self) {
        self.back = 0;
        self.draft.clear();
    }

    pub(super) fn older(&mut self, edit: &mut Edit) {
        let Some(line) = self.lines.get(self.back) else {
            return;
        };
        if self.back == 0 {
            self.draft = edit.text();
        }
        self.back += 1;
        edit.set(line);
    }

    pub(super) fn newer(&mut self, edit: &mut Edit) {
        match self.back {
            0 => return,
            1 => edit.set(&self.draft),
            back => {
                if let Some(line) = self.lines.get(back - 2) {
                    edit.set(line);
                }
            }
        }
        self.back -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erasing_a_word_erases_the_spaces_after_it_too() {
        let mut edit = Edit::default();
        edit.set("show ghn port  ");
        edit.erase_word();
        assert_eq!(edit.text(), "show ghn ");
        edit.erase_word();
        edit.erase_word();
        edit.erase_word();
        assert!(edit.is_empty());
    }

    #[test]
    fn a_line_has_at_most_1023_characters() {
        let mut edit = Edit::default();
        (0..2000).for_each(|_| edit.insert('x'));
        edit.move_home();
        edit.insert('y');
        assert_eq!(edit.text().len(), LONGEST_LINE);
        edit.set_left("y");
        assert_eq!(edit.left(), "");
    }

    #[test]
    fn history_has_32_lines_and_returns_to_the_unfinished_line() {
        let mut history = History::default();
        (0..40).for_each(|number| history.remember(&format!("line {number}")));
        history.remember("line 39");
        history.remember("  ");
        let mut edit = Edit::default();
        edit.set("draft");
        (0..50).for_each(|_| history.older(&mut edit));
        assert_eq!(edit.text(), "line 8");
        history.newer(&mut edit);
        assert_eq!(edit.text(), "line 9");
        (0..50).for_each(|_| history.newer(&mut edit));
        assert_eq!(edit.text(), "draft");
    }
}
