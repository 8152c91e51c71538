//! Decides whether a step can be undone: a device may have values that no line of gamctl can restore.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::model::{
    Description, HeldText, Hostname, MAX_RESTORED_VLAN_ENTRIES, Mbps, NameError, NameProblem,
    PortConfig, PortName, SystemConfig, SystemText, TextError, VlanId, VlanSet,
};

use super::change::{
    EndpointFields, Kind as _, PortFields, ProfileFields, SubscriberFields, SystemFields,
    UplinkUpdate,
};
use super::{Change, Field, Verb};

/// The reason that no line undoes a step. The earlier value is `from` of the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CannotUndo {
    /// The text has a character that no line may contain.
    UnsafeCharacter {
        field: Field,
        character: char,
        /// Counted from 1.
        position: usize,
    },
    /// The text is longer than gamctl can write.
    TooLong {
        field: Field,
        length: usize,
        most: usize,
    },
    /// The text has spaces that the command line does not keep: at its ends, or two in a row.
    LostSpaces { field: Field },
    /// The name has a character that gamctl does not write in a host name.
    NotAHostname { field: Field },
    /// The VLAN, the speed or the list is not one that gamctl can write.
    OutOfRange { field: Field },
    /// The earlier value is not known.
    NotKnown { field: Field },
    /// The uplink would stop a VLAN through which gamctl may reach the device.
    CutsManagement { vlan: VlanId },
}

/// The numbers that a line can set for a subscriber or a profile (docs/gam.md).
const DATA_VLANS: RangeInclusive<u16> = 3..=4094;
const OWN_VLANS: RangeInclusive<u16> = 3840..=3842;
const TAGS: RangeInclusive<u16> = 3..=4093;
const SPEEDS: RangeInclusive<u32> = 10..=1999;

/// The longest list of an uplink: a line has at most 512 characters, and some are for the words before the list.
pub(super) const LONGEST_LIST: usize = 482;

/// Returns the reason that no line undoes a change; `None` if one does.
pub(super) fn cannot_undo(change: &Change) -> Option<CannotUndo> {
    match change {
        Change::System(update) => {
            let SystemFields {
                hostname,
                location,
                contact,
            } = SystemConfig::before(update);
            text(hostname, Field::Hostname)
                .or_else(|| text(location, Field::Location))
                .or_else(|| text(contact, Field::Contact))
        }
        Change::Uplink(_, UplinkUpdate { allowed_vlans }) => {
            let list = &allowed_vlans.as_ref()?.from.0;
            let is_short = list.to_string().len() <= LONGEST_LIST;
            out_of_range(is_short, Field::AllowedVlans)
        }
        // No command removes a name, so a port without one gets a temporary name (docs/gam.md). The rest can be restored.
        Change::Port(_, update) => {
            let PortFields {
                name,
                enabled: _,
                mode: _,
            } = PortConfig::before(update);
            text(name, Field::Name)
        }
        Change::Profile(_, edit) => {
            // The types of these names accept only names that can be written.
            let ProfileFields {
                name: _,
                description,
                down,
                up,
            } = edit.before();
            text(description, Field::Description)
                .or_else(|| speed_problem(down, Field::Down))
                .or_else(|| speed_problem(up, Field::Up))
        }
        Change::Endpoint(_, edit) => {
            let EndpointFields {
                name: _,
                mac: _,
                port: _,
            } = edit.before();
            None
        }
        Change::Subscriber(_, edit) => {
            let before = edit.before();
            let field = Field::Poe;
            // No command removes the power setting. A removed subscriber can be created again without one.
            let is_power_unknown = before.poe == Some(&None) && edit.verb() == Verb::Update;
            let mut unwritable = unwritable(&before).into_iter();
            unwritable
                .next()
                .map(|(_, why)| why)
                .or_else(|| is_power_unknown.then_some(CannotUndo::NotKnown { field }))
        }
    }
}

/// Returns the fields of a subscriber whose values no line can write, with the reason.
pub(super) fn unwritable(fields: &SubscriberFields<'_>) -> Vec<(Field, CannotUndo)> {
    let SubscriberFields {
        // The types of these have no other value, or none that needs a line.
        name: _,
        endpoint: _,
        rate: _,
        tagged: _,
        poe: _,
        description,
        vlan,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
    } = *fields;
    let tag = |vlan: Option<&Option<VlanId>>, field| {
        out_of_range(vlan.copied().flatten().is_none_or(is_tag), field)
    };
    let vlan = out_of_range(vlan.copied().is_none_or(is_data_vlan), Field::Vlan);
    let allowed_vlans = out_of_range(allowed_vlans.is_none_or(are_tags), Field::AllowedVlans);
    let checked = [
        (Field::Description, text(description, Field::Description)),
        (Field::Vlan, vlan),
        (Field::RemappedVlan, tag(remapped_vlan, Field::RemappedVlan)),
        (Field::AllowedVlans, allowed_vlans),
        (Field::Port2Vlan, tag(port2_vlan, Field::Port2Vlan)),
    ];
    let checked = checked.into_iter();
    checked
        .filter_map(|(field, why)| Some((field, why?)))
        .collect()
}

fn out_of_range(is_writable: bool, field: Field) -> Option<CannotUndo> {
    (!is_writable).then_some(CannotUndo::OutOfRange { field })
}

fn speed_problem(speed: Option<&Mbps>, field: Field) -> Option<CannotUndo> {
    out_of_range(speed.copied().is_none_or(is_speed), field)
}

pub(super) fn is_speed(speed: Mbps) -> bool {
    SPEEDS.contains(&speed.get())
}

/// Returns the reason that an earlier text cannot be written again.
fn text(held: Option<&Option<HeldText>>, field: Field) -> Option<CannotUndo> {
    unwritable_text(field, held?.as_ref()?.as_str())
}

fn is_data_vlan(vlan: VlanId) -> bool {
    DATA_VLANS.contains(&vlan.get()) && !OWN_VLANS.contains(&vlan.get())
}

fn is_tag(vlan: VlanId) -> bool {
    TAGS.contains(&vlan.get())
}

fn are_tags(list: &VlanSet) -> bool {
    list.entries() <= MAX_RESTORED_VLAN_ENTRIES && list.iter().all(is_tag)
}

/// Returns the reason that no line gives a field this text. `Field::Name` means the name of a port.
pub(super) fn unwritable_text(field: Field, text: &str) -> Option<CannotUndo> {
    let named = |error: NameError| match &error.problem {
        NameProblem::Text(error) => of_text(field, error),
        NameProblem::Start(_) | NameProblem::Character { .. } => CannotUndo::NotAHostname { field },
    };
    let written = |error| of_text(field, &error);
    match field {
        Field::Hostname => Hostname::new(text).err().map(named),
        Field::Location | Field::Contact => SystemText::new(text).err().map(written),
        Field::Description => Description::new(text).err().map(written),
        Field::Name => PortName::new(text).err().map(named),
        Field::MacAddress
        | Field::Port
        | Field::Enabled
        | Field::Mode
        | Field::Down
        | Field::Up
        | Field::Endpoint
        | Field::Rate
        | Field::Vlan
        | Field::Tagged
        | Field::RemappedVlan
        | Field::AllowedVlans
        | Field::Port2Vlan
        | Field::Poe => None,
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
    use super::super::Object;
    use super::super::change::Value;
    use super::super::change::tests::stored;
    use super::*;

    fn of(field: Field, from: Option<Value>) -> Option<CannotUndo> {
        let (object, slot) = match field {
            Field::Hostname | Field::Location | Field::Contact => (Object::System, None),
            _ => (Object::Subscriber("apt-1".parse().unwrap()), Some(1)),
        };
        let to = match field {
            Field::Vlan => Value::Vlan(VlanId::new(100).unwrap()),
            Field::RemappedVlan => Value::Vlan(VlanId::new(101).unwrap()),
            Field::Poe => Value::Poe(crate::model::Poe::Force),
            _ => Value::Text("new".to_owned()),
        };
        let fields = [(field, from, Some(to))];
        cannot_undo(&stored(&object, slot, Verb::Update, &fields))
    }

    fn text(field: Field, text: &str) -> Option<CannotUndo> {
        of(field, Some(Value::Text(text.to_owned())))
    }

    #[test]
    fn a_text_that_no_line_can_contain_is_not_restored() {
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
    fn an_empty_value_is_restored_if_a_command_removes_it() {
        assert_eq!(of(Field::Description, None), None);
        assert_eq!(
            of(Field::Poe, None),
            Some(CannotUndo::NotKnown { field: Field::Poe })
        );
    }

    #[test]
    fn a_reserved_vlan_is_not_restored() {
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
