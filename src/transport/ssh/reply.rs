//! Finds the reply to a line in the terminal output: after its echo, before the prompt.

use super::prompt::Prompt;

/// The highest number of lines before an echo: it comes at once, after at most a few messages.
const ECHO_WITHIN: usize = 100;

/// The state of the output after a line was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The reply is missing or incomplete.
    Unfinished,
    /// The pager waits for a key.
    Paged,
    /// The device asks a question.
    Asked(String),
    /// The reply looks complete, but ends with another prompt than before.
    OtherPrompt,
    /// The reply is complete.
    Finished(Body, Prompt),
}

/// The lines between echo and prompt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) lines: Vec<String>,
    /// Unsolicited messages of the device in between; they are not in `lines`.
    pub(super) messages: Vec<String>,
}

/// Looks for the reply to `sent`.
pub(super) fn view(lines: &[String], current: &str, sent: &str, prompt: &Prompt) -> View {
    if current.trim_start().starts_with("-- more --") {
        return View::Paged;
    }
    if is_question(current) {
        return View::Asked(current.trim().to_owned());
    }
    let first = lines.iter().take(ECHO_WITHIN);
    let Some(echo) = first
        .into_iter()
        .position(|line| is_echo(line, sent, prompt))
    else {
        return View::Unfinished;
    };
    let after = lines.get(echo + 1..).unwrap_or_default();
    if let Some(now) = prompt.of_same_host(current) {
        return View::Finished(body(after), now);
    }
    if Prompt::guess(current).is_some() {
        return View::OtherPrompt;
    }
    // A message followed the prompt, and the device did not repeat the prompt.
    let last = after
        .iter()
        .rposition(|line| !is_message(line) && !line.trim().is_empty());
    let ended = last.and_then(|at| Some((at, prompt.of_same_host(after.get(at)?)?)));
    match ended {
        Some((at, now)) if current.trim().is_empty() => {
            View::Finished(body(after.get(..at).unwrap_or_default()), now)
        }
        Some(_) | None => View::Unfinished,
    }
}

fn body(lines: &[String]) -> Body {
    let (messages, mut lines): (Vec<String>, Vec<String>) =
        lines.iter().cloned().partition(|line| is_message(line));
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    Body { lines, messages }
}

/// Returns whether a line is the echo of the sent line, as a terminal shows it: after the prompt, or scrolled with `$`
/// at its left.
fn is_echo(line: &str, sent: &str, prompt: &Prompt) -> bool {
    let line = line.trim();
    let typed = prompt.begins(line).unwrap_or(line).trim();
    if typed == sent {
        return true;
    }
    let Some(scrolled) = typed.strip_prefix('$') else {
        return false;
    };
    // A scrolled line shows only its end, possibly with the end of the prompt. A few letters could match by chance.
    let scrolled = scrolled.trim();
    scrolled.ends_with(sent) || (scrolled.len() >= 8 && sent.ends_with(scrolled))
}

/// Returns whether a line is an unsolicited message: a log line, or a message from another terminal.
pub(super) fn is_message(line: &str) -> bool {
    let line = line.trim();
    if line.starts_with("*** Message from ") {
        return true;
    }
    // `%LINK-3-UPDOWN: …`: facility, severity, what happened.
    let Some((mark, _)) = line.strip_prefix('%').and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let parts: Vec<&str> = mark.split('-').collect();
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    parts.len() >= 3
        && parts.iter().all(|part| is_word(part))
        && parts.get(1).is_some_and(|severity| {
            matches!(*severity, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7")
        })
}

/// Returns whether an unfinished line is a question.
pub(super) fn is_question(line: &str) -> bool {
    let line = line.trim().to_ascii_lowercase();
    let line = line.trim_end_matches(['?', ':', ' ']);
    ["(y/n)", "[y/n]", "(yes/no)", "[yes/no]", "[confirm]"]
        .iter()
        .any(|mark| line.ends_with(mark))
}

/// Returns the first line that refuses a command.
pub(super) fn refusal(lines: &[String]) -> Option<&str> {
    let mut trimmed = lines.iter().map(|line| line.trim());
    trimmed.find(|line| line.starts_with("% "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "show running-config";

    fn seen(text: &str) -> View {
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let current = lines.pop().unwrap_or_default();
        let prompt = Prompt::guess("GAM#").unwrap();
        view(&lines, &current, SENT, &prompt)
    }

    fn finished(text: &str) -> Body {
        match seen(text) {
            View::Finished(body, _) => body,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reply_is_between_echo_and_prompt() {
        for echo in [
            "show running-config",
            "GAM# show running-config",
            "$ running-config",
            "$M# show running-config",
            "late words\nshow running-config",
        ] {
            let body = finished(&format!("{echo}\nhostname GAM\nend\n\nGAM# "));
            assert_eq!(body.lines, ["hostname GAM", "end"], "{echo}");
        }
    }

    #[test]
    fn a_false_end_is_not_accepted() {
        for text in [
            "GAM# ",
            "show running-config\n",
            "show running-config\nbanner GAM# x\n",
            "show running-config\nhostname GAM\nGAM# x",
            "show running-config\nGAM#\nhostname",
            "$config\nend\nGAM# ",
        ] {
            assert_eq!(seen(text), View::Unfinished, "{text}");
        }
        assert_eq!(seen("show running-config\nend\nNEW# "), View::OtherPrompt);
        assert_eq!(seen("show running-config\n-- more --, next"), View::Paged);
        let asked = seen("Are you sure you want to continue (y/n)? ");
        assert!(matches!(asked, View::Asked(_)), "{asked:?}");
    }

    #[test]
    fn messages_are_not_part_of_a_reply_wherever_they_interrupt() {
        let text = "%LINK-3-UPDOWN: up\nshow running-config\nhostname GAM\n*** Message from line 0: hello\nend\n%SYS-5-X: y\nGAM# ";
        let body = finished(text);
        assert_eq!(body.lines, ["hostname GAM", "end"]);
        assert_eq!(body.messages.len(), 2);
        let behind = finished("show running-config\nend\nGAM#\n%SYS-5-X: y\n");
        assert_eq!(behind.lines, ["end"]);
    }

    #[test]
    fn a_refusal_is_distinguished_from_a_message() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            refusal(&lines("        ^\n% Incomplete command.")),
            Some("% Incomplete command.")
        );
        assert_eq!(refusal(&lines("%LINK-3-UPDOWN: x\n50 % of it")), None);
    }

    use crate::transport::ssh::screen::Screen;
    use proptest::prelude::*;

    proptest! {
        /// For any bytes in any pieces, an accepted reply has an echo before it and the prompt after it.
        #[test]
        fn any_bytes_are_either_a_complete_reply_or_rejected(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just(b"show running-config\r\n".to_vec()),
                    Just(b"GAM# ".to_vec()),
                    Just(b"\r\n".to_vec()),
                    Just(b"end".to_vec()),
                    Just(b"-- more --".to_vec()),
                    Just(b"%LINK-3-UPDOWN: x".to_vec()),
                    Just(b"\x1b[K\x08$".to_vec()),
                    prop::collection::vec(any::<u8>(), 0..6),
                ],
                0..24,
            ),
        ) {
            let prompt = Prompt::guess("GAM#").unwrap();
            let mut screen = Screen::new();
            for piece in pieces {
                screen.take(&piece);
                let seen = view(screen.lines(), &screen.current(), SENT, &prompt);
                if let View::Finished(body, now) = seen {
                    prop_assert_eq!(&now, &prompt);
                    prop_assert!(body.messages.iter().all(|line| is_message(line)));
                    prop_assert!(screen.lines().iter().any(|line| is_echo(line, SENT, &prompt)));
                }
            }
        }
    }
}
