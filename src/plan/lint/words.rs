//! Splits a line as the command line of the device does: single spaces, and quoted texts.

/// The longest line that the lint accepts, so that every terminal accepts it in one piece.
const LONGEST_LINE: usize = 512;

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub is_quoted: bool,
}

/// Returns the words of a line, or the reason that a line must not be like this.
pub(super) fn words(line: &str) -> Result<Vec<Word<'_>>, String> {
    check_characters(line)?;
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        let (word, after) = next(rest)?;
        words.push(word);
        match after {
            Some(after) => rest = after,
            None => return Ok(words),
        }
    }
}

fn check_characters(line: &str) -> Result<(), String> {
    if line.is_empty() {
        return Err("the line is empty".to_owned());
    }
    if line.len() > LONGEST_LINE {
        return Err(format!(
            "the line has {} characters, and {LONGEST_LINE} are the most",
            line.len()
        ));
    }
    match line
        .chars()
        .find(|character| !(' '..='~').contains(character) || matches!(character, '?' | '\\'))
    {
        Some(character) => Err(format!(
            "`{}` is a key of the device's command line, or not printable ASCII",
            character.escape_default()
        )),
        None => Ok(()),
    }
}

/// Returns the first word and the rest of the line, if there is one.
fn next(text: &str) -> Result<(Word<'_>, Option<&str>), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (inner, after) = quoted
            .split_once('"')
            .ok_or_else(|| "a quote is opened and not closed".to_owned())?;
        let word = Word {
            text: inner,
            is_quoted: true,
        };
        return match (after, after.strip_prefix(' ')) {
            ("", _) => Ok((word, None)),
            (_, Some(rest)) => Ok((word, Some(rest))),
            (_, None) => Err("something follows a quote without a space".to_owned()),
        };
    }
    let (inner, rest) = match text.split_once(' ') {
        Some((inner, rest)) => (inner, Some(rest)),
        None => (text, None),
    };
    if inner.is_empty() {
        return Err("the line has a space too many".to_owned());
    }
    if inner.contains('"') {
        return Err("a quote stands within a word".to_owned());
    }
    let word = Word {
        text: inner,
        is_quoted: false,
    };
    Ok((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_word() {
        let read = words("ghn endpoint 1 name \"a b\" port 4").unwrap();
        let texts: Vec<&str> = read.iter().map(|word| word.text).collect();
        assert_eq!(texts, ["ghn", "endpoint", "1", "name", "a b", "port", "4"]);
        assert!(read[4].is_quoted && !read[3].is_quoted);
    }

    #[test]
    fn a_line_must_not_contain_keys_of_the_terminal() {
        for line in [
            "", " ", "a  b", "a ", " a", "a\nb", "a\tb", "a?", "a\\", "é", "\"a", "\"a\"b", "a\"b",
            "\u{7f}",
        ] {
            assert!(words(line).is_err(), "{line:?}");
        }
        assert!(words(&"x".repeat(513)).is_err());
    }
}
