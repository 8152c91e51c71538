//! Validates the text of a configuration line before it is sent to a device, as a last safeguard.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Hostname;

/// A line of configuration mode that may be sent.
///
/// The author of the text has checked it already. This is the last check before the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConfigLine {
    text: String,
    leads_to: Lead,
}

/// The reason why a text is not a line. It leaves out the text itself: callers must make that safe to display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALine {
    #[error("it is empty")]
    Empty,
    #[error("it has {length} characters; a line has at most {LONGEST}")]
    TooLong { length: usize },
    #[error("character {place} is U+{code:04X}, which a command line may treat as a key")]
    Key { place: usize, code: u32 },
    #[error("it begins or ends with a space")]
    OuterSpace,
    #[error("it has a quote inside a name or a description")]
    StrayQuote,
    #[error("it has an option twice")]
    Twice,
    #[error("it is not a command that gamctl sends")]
    UnknownCommand,
}

/// The effect of a line on the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// Enters configuration mode from a submode, or stays in it.
    Configuration,
    /// Enters interface mode.
    Interface,
    /// Stays in interface mode; the line is valid only there.
    WithinInterface,
    /// Leaves interface mode.
    Out,
    /// Renames the device from here on.
    Renamed(Hostname),
    /// Resets the name of the device to the factory default.
    NameTaken,
}

/// The family's lines end at 1023 (assumed, docs/gam.md).
const LONGEST: usize = 1000;

/// Commands that change a numbered object; the number follows.
const NUMBERED: [&str; 8] = [
    "ghn bw-profile ",
    "ghn endpoint ",
    "ghn port ",
    "ghn subscriber ",
    "no ghn bw-profile ",
    "no ghn endpoint ",
    "no ghn port ",
    "no ghn subscriber ",
];

/// Commands with a text up to the end of the line.
const WITH_TEXT: [&str; 2] = ["snmp-server contact ", "snmp-server location "];

/// Commands without arguments.
const ALONE: [&str; 2] = ["no snmp-server contact", "no snmp-server location"];

impl ConfigLine {
    /// Validates a text as a line.
    ///
    /// # Errors
    ///
    /// Fails if a device could read the text as anything but one known command.
    pub fn new(text: &str) -> Result<Self, NotALine> {
        text.to_owned().try_into()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn leads_to(&self) -> &Lead {
        &self.leads_to
    }
}

impl AsRef<str> for ConfigLine {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<&str> for ConfigLine {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

impl TryFrom<String> for ConfigLine {
    type Error = NotALine;

    fn try_from(text: String) -> Result<Self, NotALine> {
        let leads_to = check(&text)?;
        Ok(Self { text, leads_to })
    }
}

impl From<ConfigLine> for String {
    fn from(line: ConfigLine) -> Self {
        line.text
    }
}

impl fmt::Display for ConfigLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn check(text: &str) -> Result<Lead, NotALine> {
    if text.is_empty() {
        return Err(NotALine::Empty);
    }
    if text.len() > LONGEST {
        return Err(NotALine::TooLong {
            length: text.chars().count(),
        });
    }
    if let Some(key) = first_key(text) {
        return Err(key);
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(NotALine::OuterSpace);
    }
    check_quotes(text)?;
    lead(text).ok_or(NotALine::UnknownCommand)
}

/// Returns the first character that a device may treat as a key instead of text. A backslash may be an escape.
///
/// Looks at bytes first: a plan of a whole network has hundreds of thousands of lines, and nearly all are fine.
fn first_key(text: &str) -> Option<NotALine> {
    let is_text = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'?' | b'\\');
    if text.bytes().all(is_text) {
        return None;
    }
    let is_key = |one: &char| u8::try_from(*one).map_or(true, |byte| !is_text(byte));
    let (before, key) = text.chars().enumerate().find(|(_, one)| is_key(one))?;
    Some(NotALine::Key {
        place: before + 1,
        code: u32::from(key),
    })
}

/// Checks that quotes enclose only names and descriptions, and that no option occurs twice. A text that breaks out of
/// its quotes therefore cannot form a valid line.
fn check_quotes(text: &str) -> Result<(), NotALine> {
    // Parts outside and inside of quotes alternate.
    let quotes = text.bytes().filter(|byte| *byte == b'"').count();
    let is_ghn = text.starts_with("ghn ");
    if quotes > 0 && !(quotes.is_multiple_of(2) && is_ghn) {
        return Err(NotALine::StrayQuote);
    }
    // A line has few options: comparing each with all is faster than a set.
    let mut options = Vec::with_capacity(8);
    let parts = text.as_bytes().split(|byte| *byte == b'"');
    for (index, part) in parts.enumerate().step_by(2) {
        let is_first = index == 0;
        let is_last = index == quotes;
        let begins = is_first || part.is_empty() && is_last || part.starts_with(b" ");
        let ends = is_last || part.ends_with(b" name ") || part.ends_with(b" description ");
        if !begins || !ends {
            return Err(NotALine::StrayQuote);
        }
        if !is_ghn {
            continue;
        }
        for word in part.split(|byte| *byte == b' ') {
            let is_option = word.first().is_some_and(u8::is_ascii_alphabetic) && word != b"none";
            if !is_option {
                continue;
            }
            if options.contains(&word) {
                return Err(NotALine::Twice);
            }
            options.push(word);
        }
    }
    Ok(())
}

/// Returns the effect of a line, if it is one of those that gamctl sends.
fn lead(text: &str) -> Option<Lead> {
    let behind = |commands: &[&str]| {
        let mut behind = commands
            .iter()
            .filter_map(|command| text.strip_prefix(command));
        behind.next()
    };
    if let Some(rest) = behind(&NUMBERED) {
        return is_number(rest.split(' ').next()?).then_some(Lead::Configuration);
    }
    if behind(&WITH_TEXT).is_some() || ALONE.contains(&text) {
        return Some(Lead::Configuration);
    }
    if let Some(name) = text.strip_prefix("hostname ") {
        return Hostname::new(name).ok().map(Lead::Renamed);
    }
    if let Some(number) = text.strip_prefix("interface 10GigabitEthernet 1/") {
        return is_number(number).then_some(Lead::Interface);
    }
    if let Some(list) = text.strip_prefix("switchport trunk allowed vlan ") {
        let is_list = |byte: u8| byte.is_ascii_digit() || b",-".contains(&byte);
        let is_known = list == "none" || list.bytes().all(is_list);
        return is_known.then_some(Lead::WithinInterface);
    }
    match text {
        "no hostname" => Some(Lead::NameTaken),
        "exit" => Some(Lead::Out),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_gamctl_sends_is_valid() {
        for text in [
            "ghn bw-profile 2 name \"home 100\" rate-downstream 106 rate-upstream 106",
            "no ghn bw-profile 2",
            "ghn subscriber 1 remapped-vid none port2-vid none allowed-vlan none name \"none\"",
            "ghn port 3 name \"riser a\" mode siso",
            "no ghn port 3 shutdown",
            "ghn subscriber 1 allowed-vlan 5,7-9",
            "no ghn subscriber 1 endpoint",
            "hostname gam-1",
            "no hostname",
            "snmp-server location behind the name of the name",
            "ghn subscriber 1 description \"name description name\" name \"a\"",
            "no snmp-server contact",
            "interface 10GigabitEthernet 1/2",
            "switchport trunk allowed vlan 3-4093",
            "switchport trunk allowed vlan none",
            "exit",
        ] {
            assert_eq!(ConfigLine::new(text).map(|line| line.text), Ok(text.into()));
        }
    }

    #[test]
    fn an_ambiguous_text_is_not_a_line() {
        let why = |text: &str| ConfigLine::new(text).unwrap_err();
        assert_eq!(why(""), NotALine::Empty);
        assert_eq!(why("ghn "), NotALine::OuterSpace);
        assert_eq!(why(" exit"), NotALine::OuterSpace);
        for text in [
            "ghn port 1 name \"a",
            "ghn port 1 name \"a\" mode siso\"",
            "ghn port 1 name \"a\"b",
            "ghn port 1 name \"a\"\"b\"",
            "ghn port 1 name a\"b\"",
            "ghn subscriber 1 vid \"5\"",
            "\"ghn\" port 1",
            "snmp-server location behind the \"door\"",
            "snmp-server location a name \"b\"",
        ] {
            assert_eq!(why(text), NotALine::StrayQuote, "{text}");
        }
        for text in [
            "ghn subscriber 1 name \"a\" vid 5 name \"b\"",
            "ghn subscriber 1 name \"a\" description \"b\" description \"c\"",
            "ghn subscriber 1 name \"a\" vid 5 description \"b\" vid 6",
        ] {
            assert_eq!(why(text), NotALine::Twice, "{text}");
        }
        for text in [
            "end",
            "do reload cold",
            "configure terminal",
            "reload cold",
            "ghn firmware upgrade endpoint 1",
            "ghn subscriber",
            "ghn subscriber all",
            "no ghn",
            "GHN subscriber 1",
            "hostname a b",
            "hostname a.b",
            "interface 10GigabitEthernet 1/1,2",
            "interface vlan 1",
            "switchport trunk allowed vlan all",
            "switchport mode access",
            "username admin privilege 15 password none",
            "no hostname x",
            "exit 1",
        ] {
            assert_eq!(why(text), NotALine::UnknownCommand, "{text}");
        }
        for (text, code) in [
            ("ghn port 1 name \"a\nb\"", 0x0a),
            ("ghn port 1 name \"a\rb\"", 0x0d),
            ("ghn port 1 name \"a\tb\"", 0x09),
            ("ghn port 1 name \"a?\"", 0x3f),
            ("ghn port 1 name \"a\\\"", 0x5c),
            ("ghn port 1 name \"\u{3}\"", 3),
            ("ghn port 1 name \"\u{7f}\"", 0x7f),
            ("ghn port 1 name \"\u{202e}\"", 0x202e),
            ("ghn port 1 name \"é\"", 0xe9),
        ] {
            let place = text.chars().position(|one| u32::from(one) == code).unwrap() + 1;
            assert_eq!(why(text), NotALine::Key { place, code }, "{text:?}");
        }
        let long = format!("snmp-server location {}", "x".repeat(1000));
        assert_eq!(why(&long), NotALine::TooLong { length: 1021 });
    }
}
