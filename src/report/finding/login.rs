//! Finds the login in an address, `ssh://user:password@host`.

use std::borrow::Cow;
use std::ops::Range;

/// Returns where `user:password` may stand, up to the last `@`, since a password may hold one too.
pub(super) fn login(line: &str) -> Option<Range<usize>> {
    let start = line.find("://")? + 3;
    let end = line.rfind('@')?;
    (start < end).then_some(start..end)
}

/// Returns a message without the login that an address quoted in it may have.
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
        ] {
            assert_eq!(without_login(text), expected);
        }
    }
}
