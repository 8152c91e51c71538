//! Parses the arguments of CLI lines, by the types in the grammar.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::line::Word;
use crate::model::MacAddress;

/// The type of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `int(1-384)`: one number.
    Number { lowest: u32, highest: u32 },
    /// `text(1-31)`: a word, or anything between quotes.
    Text { shortest: usize, longest: usize },
    /// `line` or `line(0-255)`: everything to the end of the line, as it is.
    Line { shortest: usize, longest: usize },
    /// `mac`.
    Mac,
    /// `vlans`: `none`, `all` or a list such as `3-4093,4094`.
    Vlans,
    /// `ports`: `1/3`, or several as `1/1,3-5`.
    Ports,
    /// `ipv4`.
    Ipv4,
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Number(u32),
    Text(String),
    Mac(MacAddress),
    Vlans(Vec<(u16, u16)>),
    Ports(u16, Vec<(u16, u16)>),
    Ipv4(Ipv4Addr),
}

const VLANS: (u32, u32) = (1, 4095);

impl Kind {
    /// Parses a type as patterns write it.
    pub(super) fn from_pattern(text: &str) -> Option<Self> {
        let (name, bounds) = match text.split_once('(') {
            Some((name, bounds)) => (name, Some(bounds.strip_suffix(')')?)),
            None => (text, None),
        };
        let bounds = match bounds {
            Some(bounds) => {
                let (low, high) = bounds.split_once('-')?;
                let (low, high) = (digits(low)?, digits(high)?);
                (low <= high).then_some(Some((low, high)))?
            }
            None => None,
        };
        let length = |bound| usize::try_from(bound).ok();
        Some(match (name, bounds) {
            ("int", Some((lowest, highest))) => Self::Number { lowest, highest },
            ("text", Some((low, high))) => Self::Text {
                shortest: length(low)?,
                longest: length(high)?,
            },
            ("line", Some((low, high))) => Self::Line {
                shortest: length(low)?,
                longest: length(high)?,
            },
            ("line", None) => Self::Line {
                shortest: 0,
                longest: usize::MAX,
            },
            ("mac", None) => Self::Mac,
            ("vlans", None) => Self::Vlans,
            ("ports", None) => Self::Ports,
            ("ipv4", None) => Self::Ipv4,
            _ => return None,
        })
    }

    pub(super) fn is_line(self) -> bool {
        matches!(self, Self::Line { .. })
    }

    /// Parses a word; a `line` is parsed from `rest`.
    pub(super) fn read(self, word: &Word<'_>, rest: &str) -> Option<Value> {
        if let Self::Line { shortest, longest } = self {
            let rest = rest.trim_end_matches(' ');
            return (shortest..=longest)
                .contains(&rest.chars().count())
                .then(|| Value::Text(rest.to_owned()));
        }
        let text = word.text;
        // Only text goes between quotes (assumed).
        let is_quoted_wrongly = word.is_quoted && !matches!(self, Self::Text { .. });
        if word.misplaced_quote.is_some() || is_quoted_wrongly {
            return None;
        }
        match self {
            Self::Number { lowest, highest } => digits(text)
                .filter(|number| (lowest..=highest).contains(number))
                .map(Value::Number),
            Self::Text { shortest, longest } => (shortest..=longest)
                .contains(&text.chars().count())
                .then(|| Value::Text(text.to_owned())),
            Self::Line { .. } => None,
            Self::Mac => mac(text).map(Value::Mac),
            Self::Vlans => vlans(text).map(Value::Vlans),
            Self::Ports => {
                let (unit, list) = text.split_once('/')?;
                Some(Value::Ports(
                    small(unit)?,
                    narrow_ranges(list, 1, u32::from(u16::MAX))?,
                ))
            }
            Self::Ipv4 => text.parse().ok().map(Value::Ipv4),
        }
    }

    /// Returns whether further characters could make an unfinished word an argument.
    pub(super) fn could_begin(self, word: &Word<'_>) -> bool {
        let text = word.text;
        let only = |allowed: &str| {
            !word.is_quoted
                && text
                    .chars()
                    .all(|character| character.is_ascii_digit() || allowed.contains(character))
        };
        match self {
            Self::Number { highest, .. } => {
                only("")
                    && (text.is_empty() || digits(text).is_some_and(|number| number <= highest))
            }
            Self::Text { longest, .. } => {
                let is_glued = word.misplaced_quote.is_some() && !word.is_quoted;
                !is_glued && text.chars().count() <= longest
            }
            Self::Line { .. } => true,
            Self::Mac => text.len() <= 17 && only(":-abcdefABCDEF"),
            Self::Vlans => {
                let text = text.to_ascii_lowercase();
                only(",-") || ["none", "all"].iter().any(|word| word.starts_with(&text))
            }
            Self::Ports => only("/,-"),
            Self::Ipv4 => text.len() <= 15 && only("."),
        }
    }

    /// Returns the argument as help prints it.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Number { lowest, highest } => format!("<{lowest}-{highest}>"),
            Self::Text { shortest, longest } => format!("<word{shortest}-{longest}>"),
            Self::Line { longest, .. } if longest == usize::MAX => "<line>".to_owned(),
            Self::Line { shortest, longest } => format!("<line{shortest}-{longest}>"),
            Self::Mac => "<mac_addr>".to_owned(),
            Self::Vlans => "<vlan_list>".to_owned(),
            Self::Ports => "<port_list>".to_owned(),
            Self::Ipv4 => "<ipv4_addr>".to_owned(),
        }
    }
}

/// Parses digits only; `parse` alone would accept a sign.
fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn small(text: &str) -> Option<u16> {
    digits(text).and_then(|number| u16::try_from(number).ok())
}

fn ranges(text: &str, lowest: u32, highest: u32) -> Option<Vec<(u32, u32)>> {
    text.split(',')
        .map(|entry| {
            let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
            let (first, last) = (digits(first)?, digits(last)?);
            (lowest <= first && first <= last && last <= highest).then_some((first, last))
        })
        .collect()
}

fn mac(text: &str) -> Option<MacAddress> {
    // The model reads more notations than the device does.
    let is_the_devices = text.len() == 17 && !text.contains('.');
    is_the_devices.then(|| text.parse().ok()).flatten()
}

fn vlans(text: &str) -> Option<Vec<(u16, u16)>> {
    if text.eq_ignore_ascii_case("none") {
        return Some(Vec::new());
    }
    if text.eq_ignore_ascii_case("all") {
        return vlans("1-4095");
    }
    let (lowest, highest) = VLANS;
    narrow_ranges(text, lowest, highest)
}

fn narrow_ranges(text: &str, lowest: u32, highest: u32) -> Option<Vec<(u16, u16)>> {
    let narrow = |number| u16::try_from(number).ok();
    ranges(text, lowest, highest)?
        .into_iter()
        .map(|(first, last)| Some((narrow(first)?, narrow(last)?)))
        .collect()
}

/// The arguments of a line by name, and its keywords, without the order of options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    pub(super) values: BTreeMap<&'static str, Value>,
    pub(super) words: BTreeSet<&'static str>,
}

impl Arguments {
    /// Returns the number given for `<name:int(…)>`.
    pub fn number(&self, name: &str) -> Option<u32> {
        match self.values.get(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the value of `<name:text(…)>`, without quotes, or `<name:line>`, with them.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the address given for `<name:mac>`.
    pub fn mac(&self, name: &str) -> Option<MacAddress> {
        match self.values.get(name)? {
            Value::Mac(address) => Some(*address),
            _ => None,
        }
    }

    /// Returns the ranges given for `<name:vlans>`, as written; `none` gives an empty list.
    pub fn vlans(&self, name: &str) -> Option<&[(u16, u16)]> {
        match self.values.get(name)? {
            Value::Vlans(ranges) => Some(ranges),
            _ => None,
        }
    }

    /// Returns the unit and the ranges of ports given for `<name:ports>`.
    pub fn ports(&self, name: &str) -> Option<(u16, &[(u16, u16)])> {
        match self.values.get(name)? {
            Value::Ports(unit, ports) => Some((*unit, ports)),
            _ => None,
        }
    }

    /// Returns the address given for `<name:ipv4>`.
    pub fn ipv4(&self, name: &str) -> Option<Ipv4Addr> {
        match self.values.get(name)? {
            Value::Ipv4(address) => Some(*address),
            _ => None,
        }
    }

    /// Returns whether a keyword was given, as the pattern spells it.
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::word_at;
    use super::*;

    fn read(kind: &str, text: &str) -> Option<Value> {
        let word = word_at(text, 0).unwrap();
        Kind::from_pattern(kind).unwrap().read(&word, text)
    }

    #[test]
    fn numbers_are_digits_within_their_range() {
        assert_eq!(read("int(1-384)", "384"), Some(Value::Number(384)));
        for text in ["0", "385", "+1", "-1", "1a", "\"1\"", "99999999999"] {
            assert_eq!(read("int(1-384)", text), None, "{text}");
        }
        for text in ["1,", ",", "5-3", "1-4096", "1-2-3"] {
            assert_eq!(read("vlans", text), None, "{text}");
        }
    }

    #[test]
    fn text_is_a_word_or_quoted_and_has_bounds() {
        assert_eq!(read("text(0-3)", "\"\""), Some(Value::Text(String::new())));
        assert_eq!(
            read("text(0-3)", "\"a b\" c"),
            Some(Value::Text("a b".into()))
        );
        assert_eq!(read("text(0-3)", "abc"), Some(Value::Text("abc".into())));
        for text in ["abcd", "\"abc", "a\"b"] {
            assert_eq!(read("text(0-3)", text), None, "{text}");
        }
    }

    #[test]
    fn addresses_ports_and_vlans_are_read() {
        let address = "00:0e:d8:1c:95:08".parse().unwrap();
        assert_eq!(read("mac", "00-0E-d8-1c-95-08"), Some(Value::Mac(address)));
        assert_eq!(read("mac", "000e.d81c.9508"), None);
        assert_eq!(read("mac", "00:0e-d8:1c:95:08"), None);
        assert_eq!(
            read("ports", "1/1,3-5"),
            Some(Value::Ports(1, vec![(1, 1), (3, 5)]))
        );
        assert_eq!(read("ports", "13"), None);
        assert_eq!(read("ipv4", "10.0.0.256"), None);
        assert_eq!(read("vlans", "None"), Some(Value::Vlans(Vec::new())));
        assert_eq!(read("vlans", "all"), Some(Value::Vlans(vec![(1, 4095)])));
        assert_eq!(
            read("vlans", "3-4093,4094"),
            Some(Value::Vlans(vec![(3, 4093), (4094, 4094)]))
        );
        assert_eq!(read("vlans", "0-3"), None);
        assert_eq!(read("vlans", "4096"), None);
    }

    #[test]
    fn an_unknown_argument_type_is_refused() {
        for text in [
            "int",
            "int(5-1)",
            "int(1-",
            "mac(1-2)",
            "text",
            "word(1-3)",
            "",
        ] {
            assert_eq!(Kind::from_pattern(text), None, "{text}");
        }
    }
}
