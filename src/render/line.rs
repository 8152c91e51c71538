//! Builds one line of configuration mode so that it can hold nothing but what is meant.

use std::fmt::Write as _;

/// The longest line that gamctl sends: half of the 1023 characters that this family's command line keeps (assumed,
/// docs/gam.md).
pub(super) const LONGEST_LINE: usize = 512;

/// An unfinished line. Words come from this program, numbers are formatted from numbers, and texts are checked.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
}

impl Line {
    /// Begins a line with the words of its command.
    pub(super) fn begin(words: &'static str) -> Self {
        Self {
            text: words.to_owned(),
        }
    }

    pub(super) fn word(&mut self, word: &'static str) -> &mut Self {
        self.text.push(' ');
        self.text.push_str(word);
        self
    }

    pub(super) fn number(&mut self, number: impl Into<u32>) -> &mut Self {
        let number: u32 = number.into();
        let _written = write!(self.text, " {number}");
        self
    }

    /// Adds a value of gamctl's own types that prints only digits, letters and `,-:/`.
    pub(super) fn bare(&mut self, value: &str) -> Result<&mut Self, &'static str> {
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-,:/._".contains(&byte);
        if value.is_empty() || !value.bytes().all(is_bare) {
            return Err("it is not a single word");
        }
        self.text.push(' ');
        self.text.push_str(value);
        Ok(self)
    }

    /// Adds a text between quotes; the running-config of a real device quotes even what has no space.
    pub(super) fn quoted(&mut self, text: &str, most: usize) -> Result<&mut Self, &'static str> {
        check(text, most)?;
        let _written = write!(self.text, " \"{text}\"");
        Ok(self)
    }

    /// Ends the line with a text without quotes, up to the end of the line.
    pub(super) fn rest(&mut self, text: &str, most: usize) -> Result<&mut Self, &'static str> {
        check(text, most)?;
        if text.is_empty() || text.starts_with(' ') || text.ends_with(' ') {
            return Err("it is empty, or begins or ends with a space, which the device loses");
        }
        self.text.push(' ');
        self.text.push_str(text);
        Ok(self)
    }

    pub(super) fn end(self) -> String {
        self.text
    }
}

/// Checks a text again, because a plan can come from a file.
fn check(text: &str, most: usize) -> Result<(), &'static str> {
    if text.len() > most {
        return Err("it is longer than the device keeps");
    }
    for byte in text.bytes() {
        match byte {
            b'?' => return Err("`?` is the help key, even between quotes"),
            b'"' => return Err("a quote ends the value"),
            b'\\' => return Err("a backslash may be an escape"),
            b' '..=b'~' => {}
            _ => return Err("it has a character that is not printable ASCII"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_become_more_than_a_value() {
        for bad in [
            "a\nno ghn subscriber 1",
            "a\r",
            "a\"",
            "why?",
            "a\\",
            "a\tb",
            "é",
            "\u{7f}",
            "\u{1b}[A",
            "\u{2028}",
        ] {
            assert!(Line::begin("x").quoted(bad, 31).is_err(), "{bad:?}");
            assert!(Line::begin("x").rest(bad, 31).is_err(), "{bad:?}");
            assert!(Line::begin("x").bare(bad).is_err(), "{bad:?}");
        }
        assert!(Line::begin("x").bare("a b").is_err());
        assert!(Line::begin("x").rest(" a", 31).is_err());
        assert!(Line::begin("x").quoted("abc", 2).is_err());
    }

    #[test]
    fn values_are_set_apart_by_one_space() {
        let mut line = Line::begin("ghn endpoint");
        line.number(3u16).word("name");
        line.quoted("apt 1", 31).unwrap();
        assert_eq!(line.end(), "ghn endpoint 3 name \"apt 1\"");
    }
}
