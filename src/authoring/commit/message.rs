//! Composes a commit message with trailers that `git interpret-trailers --parse` finds.

use crate::authoring::commit::CommitError;
use crate::model::hazard_on_a_terminal;

/// Returns the message with the trailers as its last paragraph.
pub(super) fn compose(message: &str, trailers: &[(&str, &str)]) -> Result<String, CommitError> {
    let message = message.trim_end();
    if message.trim().is_empty() {
        return Err(refused("message", "is empty"));
    }
    check("message", message, true)?;
    let mut text = format!("{}\n", message.trim_start_matches('\n'));
    if !trailers.is_empty() && !ends_with_trailers(&text) {
        text.push('\n');
    }
    for (key, value) in trailers {
        if !is_key(key) {
            return Err(refused(
                "trailers",
                "have a key that is not letters, digits and `-`",
            ));
        }
        let field = format!("trailer {key}");
        if value.trim().is_empty() {
            return Err(refused(&field, "is empty"));
        }
        check(&field, value, false)?;
        text.push_str(&format!("{key}: {}\n", value.trim()));
    }
    Ok(text)
}

/// Refuses what a person reading `git log` would not see; a line's end in a trailer would begin another.
fn check(field: &str, text: &str, may_have_lines: bool) -> Result<(), CommitError> {
    for character in text.chars() {
        if may_have_lines && matches!(character, '\n' | '\t') {
            continue;
        }
        if let Some(hazard) = hazard_on_a_terminal(character) {
            return Err(refused(field, &format!("holds {hazard}")));
        }
    }
    Ok(())
}

/// Returns whether the last paragraph is trailers already; a subject never is.
fn ends_with_trailers(text: &str) -> bool {
    let Some((_, last)) = text.trim_end().rsplit_once("\n\n") else {
        return false;
    };
    last.lines().enumerate().all(|(index, line)| {
        let continues = index > 0 && line.starts_with([' ', '\t']);
        let is_trailer = line
            .split_once(':')
            .is_some_and(|(key, value)| is_key(key) && !value.trim().is_empty());
        continues || is_trailer
    })
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn refused(field: &str, problem: &str) -> CommitError {
    CommitError::Field {
        field: field.to_owned(),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_one_paragraph_at_the_end() {
        for (message, expected) in [
            ("fix: one\n\n", "fix: one\n\nTicket: 7\n"),
            (
                "fix\n\nWhy: it broke.",
                "fix\n\nWhy: it broke.\nTicket: 7\n",
            ),
            (
                "fix\n\nIt broke:\nbadly.",
                "fix\n\nIt broke:\nbadly.\n\nTicket: 7\n",
            ),
            ("fix\n\na b: c", "fix\n\na b: c\n\nTicket: 7\n"),
        ] {
            assert_eq!(compose(message, &[("Ticket", "7 ")]).unwrap(), expected);
        }
        assert_eq!(compose("fix", &[]).unwrap(), "fix\n");
    }

    #[test]
    fn a_commit_message_that_could_forge_a_trailer_is_refused() {
        for (message, key, value) in [
            ("", "Ticket", "7"),
            ("fix\r\n", "Ticket", "7"),
            ("fix\r\nmore", "Ticket", "7"),
            ("fix\u{1b}[2J", "Ticket", "7"),
            ("fix", "Tick et", "7"),
            ("fix", "", "7"),
            ("fix", "Ticket", ""),
            ("fix", "Ticket", "7\nApproved-by: me"),
            ("fix", "Ticket", "\u{202e}7"),
        ] {
            let composed = compose(message, &[(key, value)]);
            assert_eq!(
                composed.is_err(),
                message != "fix\r\n",
                "{message:?} {key:?} {value:?}"
            );
        }
    }
}
