//! Emulates a terminal: turns device output into the lines that a person would see.

/// The position within an escape sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    /// `ESC [`, with its first number so far.
    Control(usize),
    /// A title or similar, up to BEL or `ESC \`.
    Text,
    /// Another sequence, with one byte to come.
    One,
}

/// Lines as on a terminal of unlimited width.
#[derive(Debug)]
pub(super) struct Screen {
    lines: Vec<String>,
    line: Vec<u8>,
    cursor: usize,
    state: State,
    /// Bytes received since the screen was cleared.
    taken: usize,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            lines: Vec::new(),
            line: Vec::new(),
            cursor: 0,
            state: State::Ground,
            taken: 0,
        }
    }

    /// Returns the finished lines.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Returns the line with the cursor.
    pub(super) fn current(&self) -> String {
        text(&self.line)
    }

    /// Returns every line, including the unfinished last one.
    pub(super) fn all(&self) -> Vec<String> {
        let mut all = self.lines.clone();
        all.push(self.current());
        all
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Clears all lines.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.clear_line();
        self.taken = 0;
    }

    /// Clears all lines except the one with the cursor.
    pub(super) fn clear_lines(&mut self) {
        self.lines.clear();
        self.taken = 0;
    }

    /// Clears the line with the cursor, as after the answer to a pager.
    pub(super) fn clear_line(&mut self) {
        self.line.clear();
        self.cursor = 0;
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.taken = self.taken.saturating_add(bytes.len());
        for byte in bytes {
            self.state = match self.state {
                State::Ground => self.ground(*byte),
                State::Escape => match byte {
                    b'[' => State::Control(0),
                    b']' | b'P' | b'X' | b'^' | b'_' => State::Text,
                    b'(' | b')' | b'*' | b'+' | b'#' | b'%' | b' ' => State::One,
                    0x1b => State::Escape,
                    _ => State::Ground,
                },
                State::Control(number) => self.control(number, *byte),
                State::Text => match byte {
                    0x07 => State::Ground,
                    0x1b => State::One,
                    _ => State::Text,
                },
                State::One => State::Ground,
            };
        }
    }

    fn ground(&mut self, byte: u8) -> State {
        match byte {
            b'\n' => {
                let line = text(&self.line);
                self.lines.push(line);
                self.clear_line();
            }
            b'\r' => self.cursor = 0,
            0x08 => self.cursor = self.cursor.saturating_sub(1),
            b'\t' => {
                let next = (self.cursor / 8 + 1) * 8;
                while self.cursor < next {
                    self.put(b' ');
                }
            }
            0x1b => return State::Escape,
            0x00..=0x1f | 0x7f => {}
            byte => self.put(byte),
        }
        State::Ground
    }

    fn put(&mut self, byte: u8) {
        match self.line.get_mut(self.cursor) {
            Some(place) => *place = byte,
            None => {
                self.line.resize(self.cursor, b' ');
                self.line.push(byte);
            }
        }
        self.cursor += 1;
    }

    fn control(&mut self, number: usize, byte: u8) -> State {
        match byte {
            b'0'..=b'9' => {
                let digit = usize::from(byte - b'0');
                return State::Control((number * 10 + digit).min(4096));
            }
            b';' | b'?' | b'>' | b'=' | b'!' | 0x20..=0x2f => return State::Control(number),
            b'K' if number == 0 => self.line.truncate(self.cursor),
            b'K' if number == 2 => self.line.clear(),
            b'J' => self.line.truncate(self.cursor),
            b'D' => self.cursor = self.cursor.saturating_sub(number.max(1)),
            // Limited by the existing text: a forged column must not allocate memory.
            b'C' => self.cursor = (self.cursor + number.max(1)).min(self.line.len()),
            b'G' => self.cursor = number.saturating_sub(1).min(self.line.len()),
            b'P' => {
                let end = (self.cursor + number.max(1)).min(self.line.len());
                let start = self.cursor.min(end);
                self.line.drain(start..end);
            }
            _ => {}
        }
        State::Ground
    }
}

/// Returns a line without trailing blanks: devices erase text by overwriting it with spaces.
fn text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end_matches(' ').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(bytes: &str) -> Vec<String> {
        let mut screen = Screen::new();
        screen.take(bytes.as_bytes());
        screen.all()
    }

    #[test]
    fn overwritten_or_erased_text_is_not_visible() {
        assert_eq!(shown("abc\x08\x08X\r\nnext"), ["aXc", "next"]);
        assert_eq!(shown("-- more --\r          \rshort\r\n"), ["short", ""]);
        assert_eq!(shown("-- more --\r\x1b[Kline\r\n"), ["line", ""]);
        assert_eq!(
            shown("\x1b[1;31mred\x1b[0m\x1b]0;title\x07.\x1b(B"),
            ["red."]
        );
        assert_eq!(shown("abcdef\x1b[4D\x1b[2PX"), ["abXf"]);
        assert_eq!(shown("a\tb"), ["a       b"]);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_the_same_lines(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'9'), Just(8), Just(b'\n')], 0..300),
            cut in 0..300_usize,
        ) {
            let mut whole = Screen::new();
            whole.take(&bytes);
            let mut pieces = Screen::new();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            pieces.take(first);
            pieces.take(second);
            prop_assert_eq!(whole.all(), pieces.all());
            let seen: usize = whole.all().iter().map(String::len).sum();
            // A tab is at most eight, an undecodable byte three.
            prop_assert!(seen <= bytes.len() * 8);
        }
    }
}
