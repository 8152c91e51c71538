//! Reads the values of a VIRTUOSO list as people and systems write them, and guards cells against formulas.

use crate::model::{
    MacAddress, MacAddressError, Poe, PortAssignment, PortNumber, SubscriberState, VlanId, VlanSet,
};

/// The reason that a cell cannot be read. The cell itself is not repeated: it may be about a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    #[error("{0}")]
    Mac(#[from] MacAddressError),
    #[error("it is not one VLAN, a number from 1 to 4095")]
    Vlan,
    #[error("{0}")]
    Vlans(#[from] crate::model::VlanSetError),
    #[error("it is neither yes nor no")]
    YesNo,
    #[error("it is none of `disable`, `enable` and `force`")]
    Poe,
    #[error("it is neither a port such as `4` or `G.hn 1/4`, nor `auto` or `unassigned`")]
    Port,
    #[error("it is none of `active`, `suspended` and `pending`")]
    State,
    #[error("{0}")]
    Name(#[from] crate::model::NameError),
    #[error("{0}")]
    Text(#[from] crate::model::TextError),
}

/// Signs at the beginning of a cell that a spreadsheet takes for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The sign before a guarded cell: spreadsheets show the rest as text.
const GUARD: char = '\'';

fn needs_guard(text: &str) -> bool {
    text.starts_with(FORMULA) || text.strip_prefix(GUARD).is_some_and(is_guardable)
}

fn is_guardable(text: &str) -> bool {
    text.starts_with(FORMULA) || text.starts_with(GUARD)
}

/// Returns a text as a cell that no spreadsheet takes for a formula.
pub(super) fn guarded(text: &str) -> String {
    match needs_guard(text) {
        true => format!("{GUARD}{text}"),
        false => text.to_owned(),
    }
}

/// Returns the text of a cell that may be guarded.
pub(super) fn unguarded(cell: &str) -> &str {
    let inner = cell.strip_prefix(GUARD);
    inner.filter(|inner| is_guardable(inner)).unwrap_or(cell)
}

/// Returns whether a cell is empty or a word for that.
pub(super) fn is_none(cell: &str) -> bool {
    let words = ["", "0", "none", "-", "n/a", "null"];
    words.contains(&cell.to_ascii_lowercase().as_str())
}

/// Reads a MAC address in any notation: six groups of one or two digits, three of four, two of six, or one.
pub(super) fn mac(cell: &str) -> Result<MacAddress, CellError> {
    let is_separator = |c: char| matches!(c, ':' | '-' | '.' | ' ');
    let mut separators = cell.chars().filter(|c| is_separator(*c));
    let first = separators.next();
    let groups: Vec<&str> = cell.split(is_separator).collect();
    let is_one_kind = separators.all(|other| Some(other) == first);
    let have = |length: usize| groups.iter().all(|group| group.len() == length);
    let is_shaped = match groups.len() {
        1 => have(12),
        2 => have(6),
        3 => have(4),
        6 => groups.iter().all(|group| matches!(group.len(), 1 | 2)),
        _ => false,
    };
    if !is_one_kind || !is_shaped {
        return Err(MacAddressError::Notation.into());
    }
    // A single digit of six groups lost its zero.
    let digits = groups.iter().map(|group| format!("{group:0>2}"));
    Ok(digits.collect::<String>().parse()?)
}

/// Reads one VLAN.
pub(super) fn vlan(cell: &str) -> Result<VlanId, CellError> {
    let is_number = cell.bytes().all(|byte| byte.is_ascii_digit());
    let number = cell.parse().ok().filter(|_| is_number);
    let vlan = number.and_then(|number| VlanId::new(number).ok());
    vlan.ok_or(CellError::Vlan)
}

pub(super) fn optional_vlan(cell: &str) -> Result<Option<VlanId>, CellError> {
    match is_none(cell) {
        true => Ok(None),
        false => vlan(cell).map(Some),
    }
}

/// Reads a list such as `1000,2000-2002`, with any separator, also in brackets.
pub(super) fn vlans(cell: &str) -> Result<VlanSet, CellError> {
    let inner = cell
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let list = inner.unwrap_or(cell).trim();
    if is_none(list) {
        return Ok(VlanSet::default());
    }
    // Spaces around a hyphen belong to a range.
    let list = list.replace(" - ", "-");
    let entries = list.split([',', ';', '/', '|', ' ', '\n']);
    let entries: Vec<&str> = entries.filter(|entry| !entry.is_empty()).collect();
    Ok(entries.join(",").parse()?)
}

pub(super) fn yes_no(cell: &str) -> Result<bool, CellError> {
    match cell.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "on" | "enabled" | "enable" | "tagged" => Ok(true),
        "" | "no" | "n" | "false" | "0" | "off" | "disabled" | "disable" | "untagged" | "none"
        | "-" | "n/a" | "null" => Ok(false),
        _ => Err(CellError::YesNo),
    }
}

/// Reads the use of Power over Ethernet; an empty cell is none, and leaves it as it is.
pub(super) fn poe(cell: &str) -> Result<Option<Poe>, CellError> {
    match cell.to_ascii_lowercase().as_str() {
        "" | "-" | "n/a" | "null" => Ok(None),
        "disable" | "disabled" | "off" | "no" | "false" | "0" => Ok(Some(Poe::Disable)),
        "enable" | "enabled" | "on" | "yes" | "true" | "1" => Ok(Some(Poe::Enable)),
        "force" | "forced" => Ok(Some(Poe::Force)),
        _ => Err(CellError::Poe),
    }
}

/// Reads a port: `4`, `1/4`, `G.hn 1/4`, or a word.
pub(super) fn port(cell: &str) -> Result<PortAssignment, CellError> {
    let word = cell.to_ascii_lowercase();
    match word.as_str() {
        "auto" => return Ok(PortAssignment::Auto),
        "unassigned" => return Ok(PortAssignment::Unassigned),
        _ => {}
    }
    let number = word.strip_prefix("g.hn").unwrap_or(&word).trim_start();
    let number = number.strip_prefix("1/").unwrap_or(number);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number);
    let port = number.and_then(|number| PortNumber::new(number).ok());
    port.map(PortAssignment::Port).ok_or(CellError::Port)
}

pub(super) fn state(cell: &str) -> Result<SubscriberState, CellError> {
    let mut states = SubscriberState::ALL.iter().copied();
    let state = states.find(|state| cell.eq_ignore_ascii_case(state.as_str()));
    state.ok_or(CellError::State)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mac_address_is_read_in_every_notation() {
        for cell in [
            "00:0e:d8:0c:95:08",
            "00-0E-D8-0C-95-08",
            "000e.d80c.9508",
            "000ED80C9508",
            "000ed8-0c9508",
            "00 0e d8 0c 95 08",
            "0:e:d8:c:95:8",
        ] {
            assert_eq!(
                mac(cell).unwrap().to_string(),
                "00:0e:d8:0c:95:08",
                "{cell}"
            );
        }
        for cell in [
            "",
            "0:e:d8:c:95",
            "00:0e-d8:0c:95:08",
            "3.14E+11",
            "00 0e:d8",
            "é:e:d8:c:95:8",
        ] {
            assert_eq!(mac(cell), Err(MacAddressError::Notation.into()), "{cell}");
        }
    }

    #[test]
    fn vlans_are_read_one_by_one_and_as_lists_with_ranges() {
        assert_eq!(vlan("101").unwrap().get(), 101);
        for cell in ["", "0", "4096", "+1", "1-2", "101.0"] {
            assert_eq!(vlan(cell), Err(CellError::Vlan), "{cell}");
        }
        for cell in ["0", "", "None", "-", "N/A"] {
            assert_eq!(optional_vlan(cell), Ok(None), "{cell}");
        }
        for cell in [
            "1000,2000-2002",
            "2000 - 2002; 1000",
            "[1000, 2000, 2001, 2002]",
            "1000 2000-2002",
        ] {
            assert_eq!(vlans(cell).unwrap().to_string(), "1000,2000-2002", "{cell}");
        }
        for cell in ["", "none", "[]", "0"] {
            assert!(vlans(cell).unwrap().is_empty(), "{cell}");
        }
        assert!(vlans("1000,x").is_err() && vlans("9-3").is_err() && vlans("Jan 00").is_err());
    }

    #[test]
    fn words_are_read_whatever_their_capitals_and_others_are_refused() {
        assert_eq!(
            (yes_no("Yes"), yes_no(""), yes_no("TAGGED")),
            (Ok(true), Ok(false), Ok(true))
        );
        assert_eq!(yes_no("maybe"), Err(CellError::YesNo));
        assert_eq!(
            (poe("Force"), poe(""), poe("off")),
            (Ok(Some(Poe::Force)), Ok(None), Ok(Some(Poe::Disable)))
        );
        assert_eq!(poe("30 W"), Err(CellError::Poe));
        let four = PortNumber::new(4).map(PortAssignment::Port).unwrap();
        for cell in ["4", "1/4", "G.hn 1/4", "g.hn1/4"] {
            assert_eq!(port(cell), Ok(four), "{cell}");
        }
        assert_eq!(port("Auto"), Ok(PortAssignment::Auto));
        assert_eq!(port("UNASSIGNED"), Ok(PortAssignment::Unassigned));
        for cell in ["", "25", "2/4", "NONE", "10G 1/1"] {
            assert_eq!(port(cell), Err(CellError::Port), "{cell}");
        }
        assert_eq!(state("Suspended"), Ok(SubscriberState::Suspended));
        assert_eq!(state("gone"), Err(CellError::State));
    }

    proptest! {
        #[test]
        fn a_guarded_cell_is_no_formula_and_reads_back_the_same(text in "['=+@\t-]{0,3}[ -~]{0,12}") {
            let cell = guarded(&text);
            prop_assert!(!cell.starts_with(FORMULA), "{}", cell);
            prop_assert_eq!(unguarded(&cell), text.as_str());
        }
    }
}
