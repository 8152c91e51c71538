//! Defines the values of fields: each type is stored, read back and shown in its own form.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{
    EndpointName, HeldText, MacAddress, Mbps, Poe, PortAssignment, PortMode, ProfileName, Slot,
    SubscriberName, VlanId, VlanSet,
};

/// A value in the stored form of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Value {
    Text(String),
    Mac(MacAddress),
    Speed(Mbps),
    Flag(bool),
    Vlan(VlanId),
    Vlans(VlanSet),
    Port(PortAssignment),
    Mode(PortMode),
    Poe(Poe),
    Endpoint { mac: MacAddress, slot: Slot },
    Profile { name: ProfileName, slot: Slot },
    Unthrottled,
}

/// An endpoint, with its slot at this step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRef {
    pub mac: MacAddress,
    pub slot: Slot,
}

/// The rate limit of a subscriber. A profile has its slot at this step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rate {
    Unthrottled,
    Profile { name: ProfileName, slot: Slot },
}

/// The VLANs that pass an uplink. An empty list is a value here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkVlans(pub VlanSet);

/// A value for people. Its `Display` is the text that is stored and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A text from the device or the inventory. Output must escape its control characters and mark where it begins and ends.
    Text(String),
    /// The name of another object. Output must escape its control characters.
    Name(ProfileName),
    Flag(bool),
    Word(String),
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Word(text) => formatter.write_str(text),
            Self::Name(name) => name.fmt(formatter),
            Self::Flag(flag) => flag.fmt(formatter),
        }
    }
}

impl From<Value> for Shown {
    fn from(value: Value) -> Self {
        Self::Word(match value {
            Value::Text(text) => return Self::Text(text),
            Value::Profile { name, slot: _ } => return Self::Name(name),
            Value::Flag(flag) => return Self::Flag(flag),
            Value::Mac(mac) | Value::Endpoint { mac, slot: _ } => mac.to_string(),
            Value::Speed(speed) => format!("{speed} Mbps"),
            Value::Vlan(vlan) => vlan.to_string(),
            Value::Vlans(vlans) if vlans.is_empty() => "none".to_owned(),
            Value::Vlans(vlans) => vlans.to_string(),
            Value::Port(port) => port.to_string(),
            Value::Mode(mode) => mode.to_string(),
            Value::Poe(poe) => poe.to_string(),
            Value::Unthrottled => "unthrottled".to_owned(),
        })
    }
}

/// The content of a field: a value, or possibly none.
pub trait FieldValue: fmt::Debug {
    /// Returns the stored form; `None` if the field has no value.
    fn stored(&self) -> Option<Value>;

    /// Returns the value of a stored field; `None` if it is missing or of another type.
    fn read(stored: Option<Value>) -> Option<Self>
    where
        Self: Sized;
}

/// A type of value that a field can have.
pub trait Known: fmt::Debug + Clone {
    fn value(&self) -> Value;

    /// Returns the value if it is of this type.
    fn of(value: Value) -> Option<Self>;
}

impl<T: Known> FieldValue for Option<T> {
    fn stored(&self) -> Option<Value> {
        self.as_ref().map(Known::value)
    }

    fn read(stored: Option<Value>) -> Option<Self> {
        match stored {
            None => Some(None),
            Some(value) => T::of(value).map(Some),
        }
    }
}

/// An empty list is stored like a missing value.
impl FieldValue for VlanSet {
    fn stored(&self) -> Option<Value> {
        (!self.is_empty()).then(|| self.value())
    }

    fn read(stored: Option<Value>) -> Option<Self> {
        stored.map_or(Some(Self::default()), Self::of)
    }
}

macro_rules! known {
    ($($type:ty: $($value:pat => $of:expr),+; |$own:ident| $to:expr;)*) => {
        $(
            impl Known for $type {
                fn value(&self) -> Value {
                    let $own = self;
                    $to
                }

                fn of(value: Value) -> Option<Self> {
                    match value {
                        $($value => $of,)+
                        _ => None,
                    }
                }
            }
        )*
    };
}

known! {
    HeldText: Value::Text(text) => Self::new(&text).ok(); |own| Value::Text(own.as_str().to_owned());
    ProfileName: Value::Text(text) => Self::new(&text).ok(); |own| Value::Text(own.to_string());
    EndpointName: Value::Text(text) => Self::new(&text).ok(); |own| Value::Text(own.to_string());
    SubscriberName: Value::Text(text) => Self::new(&text).ok(); |own| Value::Text(own.to_string());
    MacAddress: Value::Mac(mac) => Some(mac); |own| Value::Mac(*own);
    Mbps: Value::Speed(speed) => Some(speed); |own| Value::Speed(*own);
    bool: Value::Flag(flag) => Some(flag); |own| Value::Flag(*own);
    VlanId: Value::Vlan(vlan) => Some(vlan); |own| Value::Vlan(*own);
    VlanSet: Value::Vlans(vlans) => Some(vlans); |own| Value::Vlans(own.clone());
    UplinkVlans: Value::Vlans(vlans) => Some(Self(vlans)); |own| own.0.value();
    PortAssignment: Value::Port(port) => Some(port); |own| Value::Port(*own);
    PortMode: Value::Mode(mode) => Some(mode); |own| Value::Mode(*own);
    Poe: Value::Poe(poe) => Some(poe); |own| Value::Poe(*own);
    EndpointRef: Value::Endpoint { mac, slot } => Some(Self { mac, slot });
        |own| Value::Endpoint { mac: own.mac, slot: own.slot };
    Rate: Value::Unthrottled => Some(Self::Unthrottled), Value::Profile { name, slot } => Some(Self::Profile { name, slot });
        |own| match own.clone() {
            Self::Unthrottled => Value::Unthrottled,
            Self::Profile { name, slot } => Value::Profile { name, slot },
        };
}

macro_rules! required {
    ($($type:ty),*) => {
        $(
            impl FieldValue for $type {
                fn stored(&self) -> Option<Value> {
                    Some(self.value())
                }

                fn read(stored: Option<Value>) -> Option<Self> {
                    stored.and_then(Self::of)
                }
            }
        )*
    };
}

required!(
    ProfileName,
    EndpointName,
    SubscriberName,
    MacAddress,
    Mbps,
    bool,
    VlanId,
    PortAssignment,
    PortMode,
    Rate,
    UplinkVlans
);
