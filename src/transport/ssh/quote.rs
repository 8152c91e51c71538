//! Prepares device output for errors and logs: shortens it, escapes control bytes, masks secrets.

use crate::model::{HIDDEN, config_without_secrets, hazard_on_a_terminal, without_secrets};

/// The most characters of device output that an error quotes.
const LONGEST: usize = 240;

/// The most lines kept of a reply that should have had none, or two.
const MOST_KEPT: usize = 20;

/// Returns the end of device output for an error. `password` is masked, in case the device repeated it.
pub(super) fn quote<'a>(lines: impl IntoIterator<Item = &'a str>, password: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    for line in lines {
        let line = line.trim();
        if !line.is_empty() {
            shown.push(visible(&masked(line, password)));
        }
    }
    let text = shown.join(" / ");
    let extra = text.chars().count().saturating_sub(LONGEST);
    if extra == 0 {
        return text;
    }
    let end: String = text.chars().skip(extra).collect();
    format!("…{end}")
}

/// Returns the end of device output, line by line, for the log.
pub(super) fn kept(lines: &[&str], password: &str) -> Vec<String> {
    let start = lines.len().saturating_sub(MOST_KEPT);
    let end = lines.iter().skip(start);
    end.map(|line| quote([*line], password)).collect()
}

/// Returns a whole reply, masked, for the log of exchanges.
pub(super) fn quoted_lines(lines: &[&str], password: &str) -> Vec<String> {
    let without_password = |line: &&str| match password {
        "" => (*line).to_owned(),
        password => line.replace(password, HIDDEN),
    };
    let lines: Vec<String> = lines.iter().map(without_password).collect();
    let masked = config_without_secrets(lines.iter().map(String::as_str));
    masked.iter().map(|line| visible(line)).collect()
}

/// Returns the text with every character that moves the cursor, hides or reorders written as `U+…`.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if hazard_on_a_terminal(character).is_some() {
            shown.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

fn masked(line: &str, password: &str) -> String {
    if password.is_empty() {
        return without_secrets(line);
    }
    without_secrets(&line.replace(password, HIDDEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_control_bytes_do_not_come_through() {
        let said = [
            "username admin privilege 15 password encrypted 5f4dcc3b",
            "snmp-server community CANARY rw",
            "Password:",
            "\u{1b}[2Jred\u{202e}",
            "hunter2 is what you typed",
        ];
        let quoted = quote(said, "hunter2");
        assert_eq!(
            quoted,
            "username admin privilege 15 password *** / snmp-server community *** / Password: / <U+001B>[2Jred<U+202E> / *** is what you typed"
        );
    }

    #[test]
    fn only_the_end_is_quoted() {
        let long = "x".repeat(100_000);
        let quoted = quote([long.as_str(), "% Incomplete command."], "");
        assert!(quoted.chars().count() <= LONGEST + 1);
        assert!(quoted.starts_with('…') && quoted.ends_with("% Incomplete command."));
    }
}
