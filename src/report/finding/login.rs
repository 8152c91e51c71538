//! Finds the login in an address, `ssh://user:password@host`.

use std::borrow::Cow;
use std::ops::Range;

/// Returns the range that may be `user:password`, up to the last `@`, since a password may contain one.
pub(super) fn login(line: &str) -> Option<Range<usize>> {
    let end = line.rfind('@')?;
    let after_scheme = line.find("://").map(|at| at + 3).filter(|at| *at < end);
    if let Some(start) = after_scheme {
        return Some(start..end);
    }
    // Without a scheme it is a word with `:` before its `@`; everything from the first such word to the last is hidden.
    let mut logins = line.match_indices('@').filter_map(|(at, _)| {
        let before = line.get(..at)?;
        let is_edge = |it: char| it.is_whitespace() || matches!(it, '"' | '\'' | '`' | '=');
        let word = before.rsplit(is_edge).next()?;
        word.contains(':').then_some(at - word.len()..at)
    });
    let first = logins.next()?;
    let end = logins.next_back().map_or(first.end, |last| last.end);
    Some(first.start..end)
}

/// Returns the number of leading bytes of a value that are a login; in an address all before the `@` is one.
pub(super) fn login_in_value(content: &str, is_address: impl Fn() -> bool) -> Option<usize> {
    let end = content.rfind('@')?;
    let is_login = content.get(..end)?.contains(':') || is_address();
    is_login.then_some(end)
}

/// Returns a message without the login of an address quoted in it.
pub(super) fn without_login(text: &str) -> Cow<'_, str> {
    let shown = login(text).and_then(|login| {
        let before = text.get(..login.start)?;
        let after = text.get(login.end..)?;
        Some(format!("{before}****{after}"))
    });
    shown.map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_loses_the_login_and_nothing_else() {
        for (text, expected) in [
            ("`ssh://a:b@h` is wrong", "`ssh://****@h` is wrong"),
            ("`ssh://a:p@:/b@h` is wrong", "`ssh://****@h` is wrong"),
            ("https://token@h", "https://****@h"),
            ("mail a@b, see https://h", "mail a@b, see https://h"),
            ("https://h", "https://h"),
            ("`a:b@h` is wrong", "`****@h` is wrong"),
            ("a:b@h, see https://h", "****@h, see https://h"),
            ("at 10:30 mail a@b", "at 10:30 mail a@b"),
        ] {
            assert_eq!(without_login(text), expected);
        }
    }
}
