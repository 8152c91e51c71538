//! Checks that texts are safe to print on a terminal or to send to a device's command line.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The reason why a text must not contain a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hazard {
    /// A control character: the device and every terminal treat it as a key.
    Control,
    /// A character that reorders the text around it.
    Bidirectional,
    /// An invisible character.
    Invisible,
    /// Not ASCII: the device's character set is not documented.
    NotAscii,
    /// `?`, which the device's CLI treats as "help", even inside quotes.
    HelpKey,
    /// `"`, which ends the quoted value.
    Quote,
    /// `\`, which the CLI may treat as an escape.
    Backslash,
}

impl fmt::Display for Hazard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Control => "a control character",
            Self::Bidirectional => "a character that reorders the text around it",
            Self::Invisible => "an invisible character",
            Self::NotAscii => "not ASCII",
            Self::HelpKey => "the help key of the device's command line, even inside quotes",
            Self::Quote => "the quote that ends a value on the device's command line",
            Self::Backslash => "an escape character",
        })
    }
}

/// Returns the hazard if `character` could mislead a person reading it on a terminal.
pub fn hazard_on_a_terminal(character: char) -> Option<Hazard> {
    match character {
        // U+2028 and U+2029 break the line in some viewers and not in others.
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => Some(Hazard::Control),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Hazard::Bidirectional)
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Hazard::Invisible),
        _ => None,
    }
}

/// Returns the hazard if `character` must not reach a device's command line.
pub(super) fn hazard_on_a_device(character: char) -> Option<Hazard> {
    match character {
        '?' => Some(Hazard::HelpKey),
        '"' => Some(Hazard::Quote),
        '\\' => Some(Hazard::Backslash),
        ' '..='~' => None,
        other => Some(hazard_on_a_terminal(other).unwrap_or(Hazard::NotAscii)),
    }
}

/// An error in a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("it is empty")]
    Empty,
    #[error("it has {got} characters, at most {max} are allowed")]
    TooLong { max: usize, got: usize },
    #[error("it has {} at position {position}: {hazard}", written(*.character))]
    Character {
        character: char,
        /// Counted from 1.
        position: usize,
        hazard: Hazard,
    },
    #[error("it begins or ends with a space, which is easily lost")]
    OuterSpace,
    #[error("it has two spaces in a row, of which a command line without quotes keeps one")]
    DoubleSpace,
}

/// Returns a character for display: itself if it is harmless, otherwise its number.
pub(super) fn written(character: char) -> String {
    if hazard_on_a_terminal(character).is_some() {
        format!("U+{:04X}", u32::from(character))
    } else if character == ' ' {
        "a space".to_owned()
    } else {
        format!("`{character}`")
    }
}

pub(super) fn check_device_text(text: &str, max: usize) -> Result<(), TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    for (index, character) in text.chars().enumerate() {
        if let Some(hazard) = hazard_on_a_device(character) {
            return Err(TextError::Character {
                character,
                position: index + 1,
                hazard,
            });
        }
    }
    if text.len() > max {
        return Err(TextError::TooLong {
            max,
            got: text.len(),
        });
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(TextError::OuterSpace);
    }
    Ok(())
}

/// Checks a text at the end of a line without quotes.
fn check_unquoted_text(text: &str, max: usize) -> Result<(), TextError> {
    check_device_text(text, max)?;
    if text.contains("  ") {
        return Err(TextError::DoubleSpace);
    }
    Ok(())
}

macro_rules! device_text {
    ($(#[$meta:meta])* $name:ident, $check:ident, $max:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "CompactString", into = "CompactString")]
        pub struct $name(CompactString);

        impl $name {
            /// The longest valid text.
            pub const MAX: usize = $max;

            pub fn new(text: &str) -> Result<Self, TextError> {
                $check(text, Self::MAX)?;
                Ok(Self(CompactString::new(text)))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<CompactString> for $name {
            type Error = TextError;

            fn try_from(text: CompactString) -> Result<Self, TextError> {
                $check(&text, Self::MAX)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for CompactString {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

device_text! {
    /// A description that is stored on the device.
    ///
    /// The CLI and the MIB accept 127 characters, the vendor's web page and API 63. With this limit a description can
    /// be edited by either.
    Description, check_device_text, 63
}

device_text! {
    /// The device's location or contact (`snmp-server location`, `snmp-server contact`).
    SystemText, check_unquoted_text, 127
}

/// A text in a device's configuration, observed or intended.
///
/// An intended text comes from one of the strict types. An observed one may hold characters, spaces or a length that
/// gamctl cannot send in a line. It is compared, but never written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct HeldText(pub(super) CompactString);

impl HeldText {
    /// The longest text that is kept: that of a `DisplayString`.
    pub const MAX: usize = 255;

    /// # Errors
    ///
    /// Fails if the text is empty, or longer than any text on a device.
    pub fn new(text: &str) -> Result<Self, TextError> {
        match text.chars().count() {
            0 => Err(TextError::Empty),
            got if got > Self::MAX => Err(TextError::TooLong {
                max: Self::MAX,
                got,
            }),
            _ => Ok(Self(CompactString::new(text))),
        }
    }

    /// Returns the text, which may contain any character: escape it before display.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for HeldText {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl TryFrom<CompactString> for HeldText {
    type Error = TextError;

    fn try_from(text: CompactString) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

impl From<HeldText> for CompactString {
    fn from(text: HeldText) -> Self {
        text.0
    }
}

/// Lets a checked text be held as it is.
macro_rules! held {
    ($($strict:ident),*) => {
        $(impl From<$strict> for $crate::model::HeldText {
            fn from(text: $strict) -> Self {
                Self(compact_str::CompactString::from(text))
            }
        })*
    };
}

pub(super) use held;

held!(Description, SystemText);

/// Text for people that never reaches a device: any script, but nothing that misleads a reader.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct PlainText(CompactString);

impl PlainText {
    /// The longest valid text.
    pub const MAX: usize = 120;

    pub fn new(text: &str) -> Result<Self, TextError> {
        let mut count = 0;
        for character in text.chars() {
            count += 1;
            if let Some(hazard) = hazard_on_a_terminal(character) {
                return Err(TextError::Character {
                    character,
                    position: count,
                    hazard,
                });
            }
        }
        match count {
            0 => Err(TextError::Empty),
            got if got > Self::MAX => Err(TextError::TooLong {
                max: Self::MAX,
                got,
            }),
            _ => Ok(Self(CompactString::new(text))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<CompactString> for PlainText {
    type Error = TextError;

    fn try_from(text: CompactString) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

impl From<PlainText> for CompactString {
    fn from(text: PlainText) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_mark_never_gets_into_a_description() {
        assert_eq!(
            Description::new("why?"),
            Err(TextError::Character {
                character: '?',
                position: 4,
                hazard: Hazard::HelpKey
            })
        );
    }

    #[test]
    fn every_control_byte_is_refused() {
        for byte in (0u8..0x20).chain([0x7f]) {
            let text = format!("a{}b", char::from(byte));
            assert!(Description::new(&text).is_err(), "{byte:#x}");
        }
    }

    #[test]
    fn a_description_of_63_characters_fits_and_one_of_64_does_not() {
        assert!(Description::new(&"x".repeat(63)).is_ok());
        assert!(Description::new(&"x".repeat(64)).is_err());
    }

    #[test]
    fn a_location_has_no_two_spaces_in_a_row_and_a_description_may() {
        assert_eq!(SystemText::new("rack  2"), Err(TextError::DoubleSpace));
        assert!(SystemText::new("rack 2, left").is_ok());
        assert!(Description::new("rack  2").is_ok());
    }

    #[test]
    fn a_text_on_a_device_is_kept_unchanged_up_to_a_size() {
        for text in ["a\\b", " a  b ", "why?", "a\u{1b}[2J", "\u{fffd}"] {
            assert_eq!(HeldText::new(text).unwrap().as_str(), text);
        }
        assert!(HeldText::new(&"é".repeat(255)).is_ok());
        assert!(HeldText::new(&"é".repeat(256)).is_err());
        assert_eq!(HeldText::new(""), Err(TextError::Empty));
    }

    #[test]
    fn an_error_never_prints_the_character_that_would_move_the_cursor() {
        let error = Description::new("a\u{1b}[2Jb").unwrap_err().to_string();
        assert!(
            !error.contains('\u{1b}') && error.contains("U+001B"),
            "{error}"
        );
    }
}
