//! Checks file names: people must be able to read and type them.

use std::fmt::Write as _;

use crate::model::hazard_on_a_terminal;

/// The longest name that common file systems hold.
const LONGEST: usize = 255;

/// The shown length of a long name.
const SHOWN: usize = 80;

/// Returns whether a name asks not to be looked at.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") && name != b"." && name != b".." && !name.contains(&b'/')
}

/// Returns the name as text, or why it cannot be a file's name in an inventory.
///
/// A hostile git tree can hold any bytes but NUL, names that would lead out of the folder included.
pub(crate) fn check(name: &[u8]) -> Result<&str, String> {
    if name.is_empty() || name == b"." || name == b".." || name.contains(&b'/') {
        return Err("is not a name a file can have".to_owned());
    }
    if name.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes"));
    }
    let Ok(text) = str::from_utf8(name) else {
        return Err("is not UTF-8".to_owned());
    };
    match text.chars().find_map(hazard_on_a_terminal) {
        Some(hazard) => Err(format!("holds {hazard}")),
        None => Ok(text),
    }
}

/// Returns the name as a person sees it: without invisible characters and bytes that are not text.
pub(super) fn as_it_seems(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .chars()
        .filter(|character| {
            *character != char::REPLACEMENT_CHARACTER && hazard_on_a_terminal(*character).is_none()
        })
        .collect()
}

/// Returns the name safe for a terminal, what is odd in it escaped.
pub(super) fn shown(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            if hazard_on_a_terminal(character).is_some() {
                text.extend(character.escape_unicode());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if text.chars().count() > SHOWN {
        text = text.chars().take(SHOWN).collect();
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mislead_are_refused_and_shown_escaped() {
        for (name, display) in [
            (&b"a\xffb.toml"[..], "a\\xffb.toml"),
            ("a\u{202e}lmot.toml".as_bytes(), "a\\u{202e}lmot.toml"),
            ("maple\u{200b}.toml".as_bytes(), "maple\\u{200b}.toml"),
            (b"a\nb.toml", "a\\u{a}b.toml"),
            (b"..", ".."),
            (b"../x.toml", "../x.toml"),
            (b"", ""),
        ] {
            assert!(check(name).is_err(), "{display}");
            assert_eq!(shown(name), display);
        }
        assert!(check(&[b'a'; 256]).is_err());
        assert_eq!(shown(&[b'a'; 256]).chars().count(), 81);
    }

    #[test]
    fn names_in_any_script_are_fine() {
        for name in ["maple court.toml", "größe.toml", "日本.toml", "a'b\"c.toml"] {
            assert_eq!(check(name.as_bytes()), Ok(name));
            assert_eq!(shown(name.as_bytes()), name);
        }
    }

    #[test]
    fn an_odd_name_seems_like_the_plain_one() {
        assert_eq!(
            as_it_seems("net\u{200b}work.toml".as_bytes()),
            "network.toml"
        );
        assert_eq!(as_it_seems(b"network\xff.toml"), "network.toml");
    }

    #[test]
    fn only_a_leading_dot_hides() {
        assert!(is_hidden(b".git") && is_hidden(b"...") && is_hidden(b"..a"));
        assert!(!is_hidden(b"../a") && !is_hidden(b".") && !is_hidden(b"..") && !is_hidden(b"a.b"));
    }
}
