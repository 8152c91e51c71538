//! Renders a look as JSON, with its time in RFC 3339.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{
    ConfigSource, DeviceConfig, DeviceName, Health, Identity, Observation, Part, Unclear, Unread,
    UplinkFacts, UplinkNumber, VlanId,
};
use crate::report::document::time;

/// A look at a device in `--format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PublishedLook<'a> {
    device: &'a DeviceName,
    /// The number of the look, counted by the process that looked.
    sequence: u64,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    taken_at: u64,
    identity: &'a Identity,
    config: &'a DeviceConfig,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    uplink_facts: &'a BTreeMap<UplinkNumber, UplinkFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    management_vlan: Option<VlanId>,
    /// Whether the device sends names of subscribers upstream, by DHCP relay information or its PPPoE agent; left out where
    /// it does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    sends_names: Option<bool>,
    /// Where each part was read.
    sources: &'a BTreeMap<Part, ConfigSource>,
    /// What could not be read; it is never taken for absent.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unread: &'a [Unread],
    /// Objects that were read, and that the inventory cannot express.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unclear: &'a [Unclear],
    /// Lines of the running-config about kinds of objects that gamctl does not know. They are ignored.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unknown_lines: &'a [String],
    health: &'a Health,
}

impl<'a> PublishedLook<'a> {
    pub fn of(look: &'a Observation) -> Self {
        let Observation {
            device,
            sequence,
            taken_at,
            identity,
            config,
            uplink_facts,
            management_vlan,
            sends_names,
            sources,
            unread,
            unclear,
            unknown_lines,
            health,
        } = look;
        Self {
            device,
            sequence: *sequence,
            taken_at: *taken_at,
            identity,
            config,
            uplink_facts,
            management_vlan: *management_vlan,
            sends_names: *sends_names,
            sources,
            unread,
            unclear,
            unknown_lines,
            health,
        }
    }
}
