//! Splits a line of a running-config into words and quoted values.

use crate::model::without_secrets;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) is_quoted: bool,
}

/// Returns the words of a line. Quoted values have no escape character (docs/gam.md), so their end is unambiguous.
pub(super) fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (text, after, is_quoted) = match rest.strip_prefix('"') {
            Some(inside) => {
                let (text, after) = inside
                    .split_once('"')
                    .ok_or_else(|| format!("a quote is never closed in {}", shown(line)))?;
                (text, after, true)
            }
            None => {
                let (text, after) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
                (text, after, false)
            }
        };
        let ends_well = after.is_empty() || after.starts_with(' ');
        if !ends_well || (!is_quoted && text.contains('"')) {
            return Err(format!("a quote is inside a word in {}", shown(line)));
        }
        words.push(Word {
            text: text.to_owned(),
            is_quoted,
        });
        rest = after.trim_start();
    }
    Ok(words)
}

/// Returns a line for a reason: without secrets, shortened and escaped.
pub(super) fn shown(line: &str) -> String {
    const LONGEST: usize = 100;
    let line = without_secrets(line);
    let short: String = line.chars().take(LONGEST).collect();
    let more = if line.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("{short:?}{more}")
}

/// Parses a number of digits only.
pub(in crate::observe) fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_between_quotes_is_one_word() {
        let cut = words("endpoint 1 name \"a b  c\" description \"\" port 4").unwrap();
        let texts: Vec<&str> = cut.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "endpoint",
                "1",
                "name",
                "a b  c",
                "description",
                "",
                "port",
                "4"
            ]
        );
        assert!(cut[3].is_quoted && !cut[7].is_quoted);
        for bad in ["name \"a", "name \"a\"b", "name a\"b c\"", "\""] {
            assert!(words(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_is_digits() {
        assert_eq!(number("007"), Some(7));
        for bad in ["", "+7", "-7", "7 ", "0x7", "٧", "99999999999"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
