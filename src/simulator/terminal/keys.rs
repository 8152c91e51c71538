//! Parses the bytes of a VT100 keyboard into keys; unknown sequences are dropped whole.

/// A pressed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A printable ASCII character.
    Character(char),
    Tab,
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    Home,
    End,
    Up,
    Down,
    /// ^U: erases everything left of the cursor.
    EraseLeft,
    /// ^K: erases everything right of the cursor.
    EraseRight,
    /// ^W: erases the word left of the cursor.
    EraseWord,
    /// ^C.
    Cancel,
    /// ^D.
    EndOfTransmission,
    /// ^Z.
    EndConfiguration,
    /// ^L.
    Redraw,
}

/// The state within a sequence of bytes, kept between packets.
#[derive(Debug, Clone, Copy, Default)]
enum ParserState {
    #[default]
    Between,
    /// The last byte was CR: an LF or NUL right after it is the same key.
    AfterReturn,
    AfterEscape,
    /// `ESC O`: one letter follows.
    Application,
    /// `ESC [`: parameters, then a final byte.
    Sequence {
        number: u16,
        /// The sequence has more than one plain number, so it is an unknown key.
        is_strange: bool,
    },
}

#[derive(Debug, Default)]
pub(super) struct Keyboard {
    state: ParserState,
}

impl Keyboard {
    /// Parses one byte and returns the key that it completes.
    pub(super) fn press(&mut self, byte: u8) -> Option<Key> {
        match std::mem::take(&mut self.state) {
            ParserState::AfterReturn if matches!(byte, b'\n' | 0) => None,
            ParserState::Between | ParserState::AfterReturn => self.plain(byte),
            // A control character ends an unfinished sequence and is a key of its own.
            _ if byte < b' ' => self.plain(byte),
            ParserState::AfterEscape => {
                self.state = match byte {
                    b'[' => ParserState::Sequence {
                        number: 0,
                        is_strange: false,
                    },
                    b'O' => ParserState::Application,
                    _ => ParserState::Between,
                };
                None
            }
            ParserState::Application => arrow(byte),
            ParserState::Sequence { number, is_strange } => self.sequence(byte, number, is_strange),
        }
    }

    fn sequence(&mut self, byte: u8, number: u16, is_strange: bool) -> Option<Key> {
        match byte {
            b'0'..=b'9' => {
                self.state = ParserState::Sequence {
                    number: number
                        .saturating_mul(10)
                        .saturating_add(u16::from(byte - b'0')),
                    is_strange,
                };
                None
            }
            b' '..=b'?' => {
                self.state = ParserState::Sequence {
                    number,
                    is_strange: true,
                };
                None
            }
            _ if is_strange => None,
            b'~' => match number {
                1 | 7 => Some(Key::Home),
                3 => Some(Key::Delete),
                4 | 8 => Some(Key::End),
                _ => None,
            },
            _ if number <= 1 => arrow(byte),
            _ => None,
        }
    }

    fn plain(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\r' => {
                self.state = ParserState::AfterReturn;
                Some(Key::Enter)
            }
            b'\n' => Some(Key::Enter),
            0x1b => {
                self.state = ParserState::AfterEscape;
                None
            }
            b' '..=b'~' => Some(Key::Character(char::from(byte))),
            0x01 => Some(Key::Home),
            0x02 => Some(Key::Left),
            0x03 => Some(Key::Cancel),
            0x04 => Some(Key::EndOfTransmission),
            0x05 => Some(Key::End),
            0x06 => Some(Key::Right),
            0x08 | 0x7f => Some(Key::Backspace),
            b'\t' => Some(Key::Tab),
            0x0b => Some(Key::EraseRight),
            0x0c => Some(Key::Redraw),
            0x0e => Some(Key::Down),
            0x10 => Some(Key::Up),
            0x15 => Some(Key::EraseLeft),
            0x17 => Some(Key::EraseWord),
            0x1a => Some(Key::EndConfiguration),
            _ => None,
        }
    }
}

fn arrow(byte: u8) -> Option<Key> {
    match byte {
        b'A' => Some(Key::Up),
        b'B' => Some(Key::Down),
        b'C' => Some(Key::Right),
        b'D' => Some(Key::Left),
        b'F' => Some(Key::End),
        b'H' => Some(Key::Home),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keyboard = Keyboard::default();
        bytes
            .iter()
            .filter_map(|byte| keyboard.press(*byte))
            .collect()
    }

    #[test]
    fn a_return_is_one_key_however_it_is_written() {
        assert_eq!(keys(b"\r"), [Key::Enter]);
        assert_eq!(keys(b"\n"), [Key::Enter]);
        assert_eq!(keys(b"\r\n"), [Key::Enter]);
        assert_eq!(keys(b"\r\0"), [Key::Enter]);
        assert_eq!(keys(b"\n\r"), [Key::Enter, Key::Enter]);
        assert_eq!(keys(b"\r\n\n"), [Key::Enter, Key::Enter]);
        assert_eq!(keys(b"\r\n\r\n"), [Key::Enter, Key::Enter]);
    }

    #[test]
    fn arrows_and_their_neighbours_are_keys_in_both_notations() {
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[C\x1b[1D\x1b[H\x1bOF\x1b[3~\x1b[1~\x1b[8~"),
            [
                Key::Up,
                Key::Down,
                Key::Right,
                Key::Left,
                Key::Home,
                Key::End,
                Key::Delete,
                Key::Home,
                Key::End
            ]
        );
    }

    #[test]
    fn an_unknown_sequence_leaves_nothing_behind() {
        assert_eq!(
            keys(b"\x1b[1;5C\x1b[?25h\x1b[200~\x1bx\x1b[5Aa"),
            [Key::Character('a')]
        );
        assert_eq!(keys(b"\x1b[12\rb"), [Key::Enter, Key::Character('b')]);
        assert_eq!(keys("é\x07\0z".as_bytes()), [Key::Character('z')]);
    }
}
