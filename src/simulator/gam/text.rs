//! Checks names and descriptions as a GAM does.

use compact_str::CompactString;

use super::{Hardware, LongestDescription, Refusal};

const LONGEST_NAME: usize = 31;
/// The longest host name that leaves space on a line for commands (assumed).
const LONGEST_HOSTNAME: usize = 45;

/// Returns whether a text is a host name, and so a prompt: letters, digits, `-`, `_` and `.`, starting with a letter or
/// digit (assumed).
pub fn is_hostname(name: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins && name.len() <= LONGEST_HOSTNAME && name.bytes().all(is_inside)
}

/// Returns whether the device accepts a text as a name: 1 to 31 printable characters.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && is_printable(name)
}

pub(super) fn check_description(text: &str) -> Result<(), Refusal> {
    match is_printable(text) {
        true => Ok(()),
        false => Err(Refusal::Description),
    }
}

/// Checks the length of a description that a line gives; one that the device has already is not checked again.
pub(super) fn check_length(
    hardware: &Hardware,
    given: Option<&CompactString>,
) -> Result<(), Refusal> {
    let longest = match hardware.assumptions.descriptions {
        LongestDescription::OfTheMib => 127,
        LongestDescription::OfTheWebPage => 63,
    };
    match given {
        Some(text) if text.len() > longest => Err(Refusal::Description),
        Some(_) | None => Ok(()),
    }
}

/// Returns whether a running-config can hold a text between quotes.
fn is_printable(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"')
}
