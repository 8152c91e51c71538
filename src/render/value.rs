//! Writes the values of a change as words of a line.

use std::fmt::Display;

use super::RenderError;
use super::line::Line;
use crate::model::{Description, HeldText, MacAddress, Mbps, PortAssignment, VlanSet};
use crate::plan::{Change, Field};

/// Builds the line of one change, field by field; a field that the change does not have adds nothing.
pub(super) struct Options<'a> {
    change: &'a Change,
    line: Line,
}

impl<'a> Options<'a> {
    pub(super) fn of(change: &'a Change, command: &'static str, number: u16) -> Self {
        let mut line = Line::begin(command);
        line.number(number);
        Self { change, line }
    }

    pub(super) fn end(self) -> Line {
        self.line
    }

    fn checked(
        &mut self,
        field: Field,
        write: impl FnOnce(&mut Line) -> Result<&mut Line, &'static str>,
    ) -> Result<(), RenderError> {
        match write(&mut self.line) {
            Ok(_) => Ok(()),
            Err(why) => Err(unsafe_text(self.change, field, why)),
        }
    }

    /// Adds `name "…"`.
    pub(super) fn name(&mut self, name: Option<&str>, most: usize) -> Result<(), RenderError> {
        let Some(name) = name else { return Ok(()) };
        self.checked(Field::Name, |line| {
            if name.is_empty() || name.starts_with(' ') || name.ends_with(' ') {
                return Err("a name is not empty and has no outer space");
            }
            line.word("name").quoted(name, most)
        })
    }

    /// Adds `description "…"`; an empty one removes it (assumed, docs/gam.md).
    pub(super) fn description(
        &mut self,
        text: Option<&Option<HeldText>>,
        is_new: bool,
    ) -> Result<(), RenderError> {
        let text = match text {
            None => return Ok(()),
            // A new object has none.
            Some(None) if is_new => return Ok(()),
            Some(text) => text.as_ref().map_or("", HeldText::as_str),
        };
        self.checked(Field::Description, |line| {
            line.word("description").quoted(text, Description::MAX)
        })
    }

    pub(super) fn speed(&mut self, word: &'static str, speed: Option<&Mbps>) {
        if let Some(speed) = speed {
            self.line.word(word).number(speed.get());
        }
    }

    pub(super) fn mac(&mut self, mac: Option<&MacAddress>) -> Result<(), RenderError> {
        let Some(mac) = mac else { return Ok(()) };
        self.checked(Field::MacAddress, |line| {
            line.word("mac-address").bare(&mac.to_string())
        })
    }

    pub(super) fn port(&mut self, port: Option<&PortAssignment>) {
        let Some(port) = port else { return };
        self.line.word("port");
        match port {
            PortAssignment::Port(number) => self.line.number(number.get()),
            PortAssignment::Auto => self.line.word("auto"),
            PortAssignment::Unassigned => self.line.word("unassigned"),
        };
    }

    pub(super) fn word(&mut self, word: Option<&'static str>) {
        if let Some(word) = word {
            self.line.word(word);
        }
    }

    pub(super) fn word_and(&mut self, word: &'static str, value: Option<&'static str>) {
        if let Some(value) = value {
            self.line.word(word).word(value);
        }
    }

    pub(super) fn number(&mut self, word: &'static str, number: Option<u16>) {
        if let Some(number) = number {
            self.line.word(word).number(number);
        }
    }

    /// Adds a value that is one word, or `none` to remove it.
    pub(super) fn or_none(
        &mut self,
        (field, word): (Field, &'static str),
        value: Option<&Option<impl Display>>,
        is_new: bool,
    ) -> Result<(), RenderError> {
        match value {
            None => Ok(()),
            // A new object has none.
            Some(None) if is_new => Ok(()),
            Some(None) => {
                self.word_and(word, Some("none"));
                Ok(())
            }
            Some(Some(value)) => {
                self.checked(field, |line| line.word(word).bare(&value.to_string()))
            }
        }
    }

    pub(super) fn allowed_vlans(
        &mut self,
        list: Option<&VlanSet>,
        is_new: bool,
    ) -> Result<(), RenderError> {
        match list.filter(|list| !(is_new && list.is_empty())) {
            None => Ok(()),
            Some(list) => self.checked(Field::AllowedVlans, |line| {
                list_or_none(line.word("allowed-vlan"), list)
            }),
        }
    }
}

/// Adds a list of VLANs, or `none` for an empty list.
pub(super) fn list_or_none<'line>(
    line: &'line mut Line,
    list: &VlanSet,
) -> Result<&'line mut Line, &'static str> {
    match list.is_empty() {
        true => Ok(line.word("none")),
        false => line.bare(&list.to_string()),
    }
}

pub(super) fn unsafe_text(change: &Change, field: Field, why: &'static str) -> RenderError {
    RenderError::Text {
        object: change.object(),
        field,
        why,
    }
}
