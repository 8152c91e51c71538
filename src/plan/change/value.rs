//! Defines what a field can hold: how a value of each type is stored, read back and shown.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::kinds::{EndpointRef, Rate, UplinkVlans};
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

/// A value for people. Its `Display` is the text that is stored and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// A text from the device or the inventory: make it visible, and set it apart from the words around it.
    Text(&'a str),
    /// The name of something else: make it visible.
    Name(&'a str),
    Flag(bool),
    Word(Cow<'static, str>),
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Name(text) => formatter.write_str(text),
            Self::Flag(flag) => flag.fmt(formatter),
            Self::Word(word) => formatter.write_str(word),
        }
    }
}

/// A value that a field has when it has one.
pub trait Known: fmt::Debug + Clone + PartialEq {
    fn value(&self) -> Value;

    /// Returns the value, where it is of this type.
    fn of(value: Value) -> Option<Self>;

    fn known(&self) -> Shown<'_>;
}

/// What a field holds: a value, or possibly none.
pub trait FieldValue: fmt::Debug {
    /// Returns the stored form; nothing where the field has no value.
    fn stored(&self) -> Option<Value>;

    fn shown(&self) -> Option<Shown<'_>>;

    /// Returns whether the field has no value.
    fn is_none(&self) -> bool {
        false
    }

    /// Returns the value of a stored field; nothing where it is of another type, or missing.
    fn read(stored: Option<Value>) -> Option<Self>
    where
        Self: Sized;
}

impl<T: Known> FieldValue for Option<T> {
    fn stored(&self) -> Option<Value> {
        self.as_ref().map(Known::value)
    }

    fn shown(&self) -> Option<Shown<'_>> {
        self.as_ref().map(Known::known)
    }

    fn is_none(&self) -> bool {
        Self::is_none(self)
    }

    fn read(stored: Option<Value>) -> Option<Self> {
        match stored {
            None => Some(None),
            Some(value) => T::of(value).map(Some),
        }
    }
}

/// A list without entries is stored like none.
impl FieldValue for VlanSet {
    fn stored(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Vlans(self.clone()))
    }

    fn shown(&self) -> Option<Shown<'_>> {
        (!self.is_empty()).then(|| word(self))
    }

    fn is_none(&self) -> bool {
        self.is_empty()
    }

    fn read(stored: Option<Value>) -> Option<Self> {
        match stored {
            None => Some(Self::default()),
            Some(Value::Vlans(vlans)) => Some(vlans),
            Some(_) => None,
        }
    }
}

fn word(value: &impl ToString) -> Shown<'static> {
    Shown::Word(Cow::Owned(value.to_string()))
}

macro_rules! known {
    ($($type:ty: $value:pat => $of:expr, |$own:ident| $to:expr, $shown:expr;)*) => {
        $(
            impl Known for $type {
                fn value(&self) -> Value {
                    let $own = self;
                    $to
                }

                fn of(value: Value) -> Option<Self> {
                    match value {
                        $value => $of,
                        _ => None,
                    }
                }

                fn known(&self) -> Shown<'_> {
                    let $own = self;
                    $shown
                }
            }
        )*
    };
}

known! {
    HeldText: Value::Text(text) => Self::new(&text).ok(), |own| Value::Text(own.as_str().to_owned()), Shown::Text(own.as_str());
    ProfileName: Value::Text(text) => Self::new(&text).ok(), |own| Value::Text(own.to_string()), Shown::Text(own.as_str());
    EndpointName: Value::Text(text) => Self::new(&text).ok(), |own| Value::Text(own.to_string()), Shown::Text(own.as_str());
    SubscriberName: Value::Text(text) => Self::new(&text).ok(), |own| Value::Text(own.to_string()), Shown::Text(own.as_str());
    MacAddress: Value::Mac(mac) => Some(mac), |own| Value::Mac(*own), word(own);
    Mbps: Value::Speed(speed) => Some(speed), |own| Value::Speed(*own), Shown::Word(Cow::Owned(format!("{own} Mbps")));
    bool: Value::Flag(flag) => Some(flag), |own| Value::Flag(*own), Shown::Flag(*own);
    VlanId: Value::Vlan(vlan) => Some(vlan), |own| Value::Vlan(*own), word(own);
    PortAssignment: Value::Port(port) => Some(port), |own| Value::Port(*own), word(own);
    PortMode: Value::Mode(mode) => Some(mode), |own| Value::Mode(*own), word(own);
    Poe: Value::Poe(poe) => Some(poe), |own| Value::Poe(*own), word(own);
    EndpointRef: Value::Endpoint { mac, slot } => Some(Self { mac, slot }),
        |own| Value::Endpoint { mac: own.mac, slot: own.slot }, word(&own.mac);
    VlanSet: Value::Vlans(vlans) => Some(vlans), |own| Value::Vlans(own.clone()),
        if own.is_empty() { Shown::Word(Cow::Borrowed("none")) } else { word(own) };
    UplinkVlans: Value::Vlans(vlans) => Some(Self(vlans)), |own| own.0.value(), own.0.known();
}

impl Known for Rate {
    fn value(&self) -> Value {
        match self.clone() {
            Self::Unthrottled => Value::Unthrottled,
            Self::Profile { name, slot } => Value::Profile { name, slot },
        }
    }

    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Unthrottled => Some(Self::Unthrottled),
            Value::Profile { name, slot } => Some(Self::Profile { name, slot }),
            _ => None,
        }
    }

    fn known(&self) -> Shown<'_> {
        match self {
            Self::Unthrottled => Shown::Word(Cow::Borrowed("unthrottled")),
            Self::Profile { name, .. } => Shown::Name(name.as_str()),
        }
    }
}

macro_rules! required {
    ($($type:ty),*) => {
        $(
            impl FieldValue for $type {
                fn stored(&self) -> Option<Value> {
                    Some(self.value())
                }

                fn shown(&self) -> Option<Shown<'_>> {
                    Some(self.known())
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
