//! Masks text from a billing system, so that an error can show its form and not its content.

use compact_str::CompactString;

/// The most characters of an answer that an error shows.
const MOST_SHOWN: usize = 48;

/// Returns the beginning of an answer with every letter as `a` and every digit as `0`.
///
/// `<!DOCTYPE html>` becomes `<!aaaaaaa aaaa>`: enough to see that a proxy or a login page answered.
pub fn masked(body: &[u8]) -> CompactString {
    let start = body.get(..MOST_SHOWN * 4).unwrap_or(body);
    let text = String::from_utf8_lossy(start);
    let mut shown: CompactString = text.trim().chars().take(MOST_SHOWN).map(mask).collect();
    if text.trim().chars().nth(MOST_SHOWN).is_some() || start.len() < body.len() {
        shown.push('…');
    }
    shown
}

fn mask(character: char) -> char {
    match character {
        _ if character.is_ascii_digit() => '0',
        _ if character.is_alphabetic() => 'a',
        _ if character.is_ascii_punctuation() => character,
        _ if character.is_whitespace() => ' ',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_its_form_and_no_content() {
        assert_eq!(masked(b"<!DOCTYPE html>\n"), "<!aaaaaaa aaaa>");
        let name = masked("{\"name\":\"Ngozi Okafor\",\"phone\":5551234".as_bytes());
        assert_eq!(name, "{\"aaaa\":\"aaaaa aaaaaa\",\"aaaaa\":0000000");
    }

    #[test]
    fn a_long_answer_is_cut_and_bytes_of_no_text_are_dots() {
        let long = masked("x".repeat(1000).as_bytes());
        assert_eq!(long.chars().count(), MOST_SHOWN + 1);
        assert!(long.ends_with('…'));
        assert_eq!(masked(&[0xff, 0x00, 0x1b]), "...");
        assert_eq!(masked(b""), "");
    }
}
