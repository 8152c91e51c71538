//! Names every field once: its stored name, its label for people, and its inventory key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a subscriber with an unread field may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum MayUse {
    NoMore,
    AnyEndpoint,
    AnyProfile,
    AnyVlan,
}

macro_rules! fields {
    ($($variant:ident: $name:literal, $label:literal, $absent:literal, $key:literal, $is_service:literal, $may_use:ident;)*) => {
        /// A field by its name in `DeviceConfig`. Fields of a change are stored in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl Field {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the field's name as `DeviceConfig` and stored plans spell it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns the field with this name in `DeviceConfig`.
            pub(in crate::plan) fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// Returns the name of the field for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// Returns the word for a field without a value: the device has none, or does not report it.
            pub fn absent(self) -> &'static str {
                match self { $(Self::$variant => $absent,)* }
            }

            /// Returns the inventory key that sets the field, if it is the same for all kinds of object.
            pub fn inventory_key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// Returns whether a suspension of the subscriber overrides the field.
            pub fn is_service(self) -> bool {
                match self { $(Self::$variant => $is_service,)* }
            }

            /// Returns what a subscriber may use if this field of it was not read.
            pub(in crate::plan) fn may_use(self) -> MayUse {
                match self { $(Self::$variant => MayUse::$may_use,)* }
            }
        }
    };
}

fields! {
    Hostname: "hostname", "host name", "unknown", "hostname", false, NoMore;
    Location: "location", "location", "none", "location", false, NoMore;
    Contact: "contact", "contact", "none", "contact", false, NoMore;
    Name: "name", "name", "none", "name", false, NoMore;
    MacAddress: "mac_address", "MAC", "unknown", "endpoint", false, NoMore;
    Description: "description", "description", "none", "description", false, NoMore;
    Port: "port", "port", "unknown", "port", false, NoMore;
    Enabled: "enabled", "enabled", "unknown", "enabled", false, NoMore;
    Mode: "mode", "mode", "unknown", "mode", false, NoMore;
    Down: "down", "down", "unknown", "down", false, NoMore;
    Up: "up", "up", "unknown", "up", false, NoMore;
    Endpoint: "endpoint", "endpoint", "none", "endpoint", true, AnyEndpoint;
    Rate: "rate", "rate", "unknown", "service_plan", true, AnyProfile;
    Vlan: "vlan", "VLAN", "unknown", "vlan", true, AnyVlan;
    Tagged: "tagged", "tagged", "unknown", "tagged", true, NoMore;
    RemappedVlan: "remapped_vlan", "remapped VLAN", "none", "remapped_vlan", true, AnyVlan;
    AllowedVlans: "allowed_vlans", "allowed VLANs", "none", "allowed_vlans", true, AnyVlan;
    Port2Vlan: "port2_vlan", "VLAN of port 2", "none", "port2_vlan", true, AnyVlan;
    Poe: "poe", "power", "unknown", "poe", false, NoMore;
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
