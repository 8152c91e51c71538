//! Decides whether a step can be undone: a device may hold values that no line of gamctl can give back.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::model::{
    Description, Hostname, MAX_RESTORED_VLAN_ENTRIES, NameError, NameProblem, PortName, SystemText,
    TextError, VlanId, VlanSet,
};

use super::{Change, Field, FieldChange, Object, Value, Verb};

/// Why no line undoes a step. The value that the device had is `from` of the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CannotUndo {
    /// The text has a character that no line may hold.
    UnsafeCharacter {
        field: Field,
        character: char,
        /// Counted from 1.
        position: usize,
    },
    /// The text is longer than gamctl writes one.
    TooLong {
        field: Field,
        length: usize,
        most: usize,
    },
    /// The text has spaces that the command line does not keep: at its ends, or two in a row.
    LostSpaces { field: Field },
    /// The name has a character that gamctl does not write in a host name.
    NotAHostname { field: Field },
    /// The VLAN, the speed or the list is none that gamctl writes.
    OutOfRange { field: Field },
    /// It is not known what the device had.
    NotKnown { field: Field },
    /// The uplink would stop a VLAN that gamctl may reach the device through.
    CutsManagement { vlan: VlanId },
}

/// What a line can give a subscriber or a profile (docs/gam.md).
const DATA_VLANS: RangeInclusive<u16> = 3..=4094;
const OWN_VLANS: RangeInclusive<u16> = 3840..=3842;
const TAGS: RangeInclusive<u16> = 3..=4093;
const SPEEDS: RangeInclusive<u32> = 10..=1999;

/// The longest list of an uplink: what the words before it leave of a line of 512 characters.
const LONGEST_LIST: usize = 482;

/// Returns why no line undoes a change, where that is so.
pub(super) fn cannot_undo(change: &Change) -> Option<CannotUndo> {
    if change.verb == Verb::Create {
        return None;
    }
    let mut fields = change.fields.iter();
    fields.find_map(|field| unwritable(&change.object, field))
}

/// Returns why the value that a field had cannot be written, where that is so.
fn unwritable(object: &Object, change: &FieldChange) -> Option<CannotUndo> {
    let field = change.field;
    let Some(from) = &change.from else {
        return has_no_none(object, field).then_some(CannotUndo::NotKnown { field });
    };
    let is_writable = match (from, field) {
        (Value::Text(text), _) => return unwritable_text(object, field, text),
        (Value::Speed(speed), _) => SPEEDS.contains(&speed.get()),
        (Value::Vlan(vlan), Field::Vlan) => is_data_vlan(*vlan),
        (Value::Vlan(vlan), _) => is_tag(*vlan),
        (Value::Vlans(list), _) if matches!(object, Object::Uplink(_)) => {
            list.to_string().len() <= LONGEST_LIST
        }
        (Value::Vlans(list), _) => are_tags(list),
        (
            Value::Mac(_)
            | Value::Flag(_)
            | Value::Port(_)
            | Value::Mode(_)
            | Value::Poe(_)
            | Value::Endpoint { .. }
            | Value::Profile { .. }
            | Value::Unthrottled,
            _,
        ) => true,
    };
    (!is_writable).then_some(CannotUndo::OutOfRange { field })
}

pub(super) fn is_data_vlan(vlan: VlanId) -> bool {
    DATA_VLANS.contains(&vlan.get()) && !OWN_VLANS.contains(&vlan.get())
}

pub(super) fn is_tag(vlan: VlanId) -> bool {
    TAGS.contains(&vlan.get())
}

pub(super) fn are_tags(list: &VlanSet) -> bool {
    list.entries() <= MAX_RESTORED_VLAN_ENTRIES && list.iter().all(is_tag)
}

/// Returns whether no command takes the field away: what was there has to be known to be given back.
fn has_no_none(object: &Object, field: Field) -> bool {
    match field {
        Field::Hostname
        | Field::Location
        | Field::Contact
        | Field::Description
        | Field::Endpoint
        | Field::RemappedVlan
        | Field::Port2Vlan => false,
        Field::AllowedVlans => matches!(object, Object::Uplink(_)),
        // A port that had no name gets another one (docs/gam.md).
        Field::Name => !matches!(object, Object::Port(_)),
        Field::MacAddress
        | Field::Port
        | Field::Enabled
        | Field::Mode
        | Field::Down
        | Field::Up
        | Field::Rate
        | Field::Vlan
        | Field::Tagged
        | Field::Poe => true,
    }
}

/// Returns why no line gives a field this text, where that is so.
pub(super) fn unwritable_text(object: &Object, field: Field, text: &str) -> Option<CannotUndo> {
    let named = |error: NameError| match &error.problem {
        NameProblem::Text(error) => of_text(field, error),
        NameProblem::Start(_) | NameProblem::Character { .. } => CannotUndo::NotAHostname { field },
    };
    let written = |error| of_text(field, &error);
    match (field, object) {
        (Field::Hostname, _) => Hostname::new(text).err().map(named),
        (Field::Location | Field::Contact, _) => SystemText::new(text).err().map(written),
        (Field::Description, _) => Description::new(text).err().map(written),
        (Field::Name, Object::Port(_)) => PortName::new(text).err().map(named),
        // The names of all other objects are known by their types.
        (_, _) => None,
    }
}

fn of_text(field: Field, error: &TextError) -> CannotUndo {
    match *error {
        TextError::Empty => CannotUndo::NotKnown { field },
        TextError::TooLong { max, got } => CannotUndo::TooLong {
            field,
            length: got,
            most: max,
        },
        TextError::Character {
            character,
            position,
            hazard: _,
        } => CannotUndo::UnsafeCharacter {
            field,
            character,
            position,
        },
        TextError::OuterSpace | TextError::DoubleSpace => CannotUndo::LostSpaces { field },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: Field, from: Option<Value>) -> Option<CannotUndo> {
        cannot_undo(&Change {
            object: match field {
                Field::Hostname | Field::Location | Field::Contact => Object::System,
                _ => Object::Subscriber("apt-1".parse().unwrap()),
            },
            slot: None,
            verb: Verb::Update,
            fields: vec![FieldChange {
                field,
                from,
                to: None,
            }],
        })
    }

    fn text(field: Field, text: &str) -> Option<CannotUndo> {
        of(field, Some(Value::Text(text.to_owned())))
    }

    #[test]
    fn a_text_that_no_line_can_hold_is_not_given_back() {
        let field = Field::Description;
        assert_eq!(
            text(field, "a\\b"),
            Some(CannotUndo::UnsafeCharacter {
                field,
                character: '\\',
                position: 2
            })
        );
        assert_eq!(
            text(field, &"x".repeat(70)),
            Some(CannotUndo::TooLong {
                field,
                length: 70,
                most: 63
            })
        );
        assert_eq!(text(field, "a  b"), None, "between quotes both stay");
        let field = Field::Location;
        assert_eq!(text(field, "a  b"), Some(CannotUndo::LostSpaces { field }));
        let field = Field::Hostname;
        assert_eq!(
            text(field, "gam_1"),
            Some(CannotUndo::NotAHostname { field })
        );
        assert_eq!(text(field, "gam-1"), None);
    }

    #[test]
    fn what_the_device_had_none_of_is_taken_away_where_a_command_does_that() {
        assert_eq!(of(Field::Description, None), None);
        assert_eq!(
            of(Field::Poe, None),
            Some(CannotUndo::NotKnown { field: Field::Poe })
        );
    }

    #[test]
    fn a_vlan_of_the_devices_own_is_not_given_back() {
        let vlan = |id| Some(Value::Vlan(VlanId::new(id).unwrap()));
        assert_eq!(of(Field::Vlan, vlan(4094)), None);
        for (field, id) in [
            (Field::Vlan, 2),
            (Field::Vlan, 3841),
            (Field::RemappedVlan, 4094),
        ] {
            assert_eq!(of(field, vlan(id)), Some(CannotUndo::OutOfRange { field }));
        }
    }
}
