//! One change as data: object, verb, each field from what to what; it can be stored, shown, hashed and turned round.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{
    MacAddress, Mbps, Poe, PortAssignment, PortMode, PortNumber, ProfileName, Slot, SubscriberName,
    UplinkNumber, VlanId, VlanSet,
};

/// What a change is about. A renamed object is known by the name it has before the step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum Object {
    System,
    Uplink(UplinkNumber),
    Port(PortNumber),
    Profile(ProfileName),
    Endpoint(MacAddress),
    Subscriber(SubscriberName),
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => formatter.write_str("system"),
            Self::Uplink(number) => write!(formatter, "uplink {number}"),
            Self::Port(number) => write!(formatter, "port {number}"),
            Self::Profile(name) => write!(formatter, "profile {name}"),
            Self::Endpoint(mac) => write!(formatter, "endpoint {mac}"),
            Self::Subscriber(name) => write!(formatter, "subscriber {name}"),
        }
    }
}

/// What is done to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Create,
    Update,
    Remove,
}

/// Something that is done to one object.
///
/// A removal has every field that the object has, `to` nothing; a creation every field it is given, `from` nothing: so either
/// can be turned round without looking anywhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub object: Object,
    /// The number on the device, of profiles, endpoints and subscribers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    pub verb: Verb,
    /// In the order of `Field`, each at most once.
    pub fields: Vec<FieldChange>,
}

/// One field of an object, from what to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: Field,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// A field by its name in `DeviceConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Hostname,
    Location,
    Contact,
    Name,
    MacAddress,
    Description,
    Port,
    Enabled,
    Mode,
    Down,
    Up,
    Endpoint,
    Rate,
    Vlan,
    Tagged,
    RemappedVlan,
    AllowedVlans,
    Port2Vlan,
    Poe,
}

impl Field {
    /// Returns the field's name as `DeviceConfig` and the inventory spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hostname => "hostname",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Name => "name",
            Self::MacAddress => "mac_address",
            Self::Description => "description",
            Self::Port => "port",
            Self::Enabled => "enabled",
            Self::Mode => "mode",
            Self::Down => "down",
            Self::Up => "up",
            Self::Endpoint => "endpoint",
            Self::Rate => "rate",
            Self::Vlan => "vlan",
            Self::Tagged => "tagged",
            Self::RemappedVlan => "remapped_vlan",
            Self::AllowedVlans => "allowed_vlans",
            Self::Port2Vlan => "port2_vlan",
            Self::Poe => "poe",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What a field has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Value {
    /// A name or a description; whoever makes a line of it checks it once more.
    Text(String),
    Mac(MacAddress),
    Speed(Mbps),
    Flag(bool),
    Vlan(VlanId),
    Vlans(VlanSet),
    Port(PortAssignment),
    Mode(PortMode),
    Poe(Poe),
    /// The endpoint of a subscriber, with the number it has at this step.
    Endpoint {
        mac: MacAddress,
        slot: Slot,
    },
    /// The profile of a subscriber, with the number it has at this step.
    Profile {
        name: ProfileName,
        slot: Slot,
    },
    Unthrottled,
}

impl fmt::Display for Value {
    /// Writes the value for people: an endpoint by its address, a profile by its name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Mac(mac) | Self::Endpoint { mac, .. } => mac.fmt(formatter),
            Self::Speed(speed) => write!(formatter, "{speed} Mbps"),
            Self::Flag(flag) => flag.fmt(formatter),
            Self::Vlan(vlan) => vlan.fmt(formatter),
            Self::Vlans(vlans) if vlans.is_empty() => formatter.write_str("none"),
            Self::Vlans(vlans) => vlans.fmt(formatter),
            Self::Port(port) => port.fmt(formatter),
            Self::Mode(mode) => mode.fmt(formatter),
            Self::Poe(poe) => poe.fmt(formatter),
            Self::Profile { name, .. } => name.fmt(formatter),
            Self::Unthrottled => formatter.write_str("unthrottled"),
        }
    }
}

impl Change {
    /// Returns the change that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self {
            object: self.object.clone(),
            slot: self.slot,
            verb: match self.verb {
                Verb::Create => Verb::Remove,
                Verb::Update => Verb::Update,
                Verb::Remove => Verb::Create,
            },
            fields: self
                .fields
                .iter()
                .map(|change| FieldChange {
                    field: change.field,
                    from: change.to.clone(),
                    to: change.from.clone(),
                })
                .collect(),
        }
    }

    /// Returns what happens to a field.
    pub fn field(&self, field: Field) -> Option<&FieldChange> {
        self.fields.iter().find(|change| change.field == field)
    }
}
