//! Holds the result of one look at a device, with everything that could not be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    DeviceConfig, DeviceName, GamModel, Health, MacAddress, PortAssignment, Serial, Slot,
    UplinkNumber, VlanId, VlanSet,
};

/// The result of one look at a device.
///
/// An object missing in `config` is absent on the device, unless `unread` or `unclear` mentions it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub device: DeviceName,
    /// Counted per device; 0 without a counter.
    pub sequence: u64,
    /// Seconds since 1970, when the look ended.
    pub taken_at: u64,
    pub identity: Identity,
    /// With the slot of every profile, endpoint and subscriber.
    pub config: DeviceConfig,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uplink_facts: BTreeMap<UplinkNumber, UplinkFacts>,
    /// The VLAN of the interface with the address that we use, if the device reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_vlan: Option<VlanId>,
    /// Whether the device sends names and numbers of subscribers upstream, by DHCP relay information or its PPPoE agent.
    /// Left out: it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_names: Option<bool>,
    pub sources: BTreeMap<Part, ConfigSource>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear: Vec<Unclear>,
    /// Lines of the running-config about kinds of objects that this version does not know. They are ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_lines: Vec<String>,
    #[serde(default)]
    pub health: Health,
}

/// The identity of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Identity {
    /// The last number of a GAM's `sysObjectID`.
    pub product: Option<u32>,
    pub model: Option<GamModel>,
    /// In the device's spelling; it may not be a valid `Hostname`.
    pub name: Option<String>,
    pub serial: Option<Serial>,
    pub mac: Option<MacAddress>,
    pub firmware: Option<String>,
    pub uptime_seconds: Option<u64>,
    /// The number of starts, if the agent counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boots: Option<u32>,
}

/// A part of a device's configuration that is read as a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    System,
    Uplinks,
    Ports,
    Profiles,
    Endpoints,
    Subscribers,
}

impl Part {
    pub const ALL: [Self; 6] = [
        Self::System,
        Self::Uplinks,
        Self::Ports,
        Self::Profiles,
        Self::Endpoints,
        Self::Subscribers,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Uplinks => "uplinks",
            Self::Ports => "ports",
            Self::Profiles => "profiles",
            Self::Endpoints => "endpoints",
            Self::Subscribers => "subscribers",
        }
    }
}

/// The source of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ConfigSource {
    Snmp,
    RunningConfig,
}

/// A part, object or field that could not be read, so it is not known to be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unread {
    pub part: Part,
    /// The number of the object (slot, port or uplink; the device itself is 0). Absent: the whole part, and its objects
    /// in `config` are incomplete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u16>,
    /// The field by its name in `DeviceConfig`. Absent: the whole object. The field's value in `config` is then a
    /// stand-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people: the request and the answer.
    pub reason: String,
}

/// An object on the device that our types cannot hold. It occupies its slot and its place, and gamctl must not change
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unclear {
    /// `Profiles`, `Endpoints` or `Subscribers`.
    pub part: Part,
    pub slot: Slot,
    /// In the device's spelling. Absent: unknown, so a new name in that part may clash with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of an endpoint. Absent for an endpoint: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortAssignment>,
    /// A subscriber's endpoint and profile, which must not be removed while it uses them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_endpoint: Option<Slot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_profile: Option<Slot>,
    /// The known VLANs of a subscriber.
    #[serde(default, skip_serializing_if = "VlanSet::is_empty")]
    pub vlans: VlanSet,
    /// For people: the field, its value, and the problem.
    pub reason: String,
}

/// Further properties of an uplink, besides its VLANs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UplinkFacts {
    pub mode: Option<UplinkMode>,
    pub native_vlan: Option<VlanId>,
}

/// The VLAN mode of an uplink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UplinkMode {
    Access,
    Trunk,
    Hybrid,
}

impl Observation {
    /// Returns an empty observation, to be filled.
    pub fn of(device: DeviceName) -> Self {
        Self {
            device,
            sequence: 0,
            taken_at: 0,
            identity: Identity::default(),
            config: DeviceConfig::default(),
            uplink_facts: BTreeMap::new(),
            management_vlan: None,
            sends_names: None,
            sources: BTreeMap::new(),
            unread: Vec::new(),
            unclear: Vec::new(),
            unknown_lines: Vec::new(),
            health: Health::default(),
        }
    }

    /// Returns the reason why not all objects of a part are known, if so.
    pub fn incomplete(&self, part: Part) -> Option<&str> {
        let mut of_part = self.unread.iter().filter(|unread| unread.part == part);
        of_part
            .find(|unread| unread.number.is_none())
            .map(|unread| unread.reason.as_str())
    }

    /// Returns the reason why a field of an object is unknown, if so.
    pub fn unread_field(&self, part: Part, number: u16, field: &str) -> Option<&str> {
        let mut of_object = self
            .unread
            .iter()
            .filter(|unread| unread.part == part && unread.number == Some(number));
        of_object
            .find(|unread| unread.field.as_deref().is_none_or(|name| name == field))
            .map(|unread| unread.reason.as_str())
    }
}
