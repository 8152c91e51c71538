//! Renders a look and a poll as JSON, with their time in RFC 3339.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{
    ActiveAlarm, ConfigSource, DeviceConfig, DeviceName, Health, Identity, Observation, Part, Poll,
    PollDepth, Polled, PolledEndpoint, PolledPort, PolledSensors, PolledUplink, PortNumber,
    Unclear, Unread, UplinkFacts, UplinkNumber, VlanId,
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

/// A poll of a device in `--format json`. A value that could not be read is an object with the reason as `unread`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PublishedPoll<'a> {
    device: &'a DeviceName,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    taken_at: u64,
    depth: PollDepth,
    /// The SNMP requests of this poll, without retries.
    requests: u64,
    identity: &'a Identity,
    /// `sysUpTime` in hundredths of a second when the counters were read; it starts again at zero after 497 days. Two polls
    /// give a rate only if it advanced as much as the time between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime_hundredths: Option<u32>,
    cpu_percent: &'a Polled<u32>,
    led: &'a Polled<String>,
    alarms: &'a Polled<Vec<ActiveAlarm>>,
    uplinks: &'a Polled<Vec<PolledUplink>>,
    ports: &'a [PolledPort],
    endpoints: &'a Polled<Vec<PolledEndpoint>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<PortNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensors: Option<&'a PolledSensors>,
    /// Single values that could not be read and have no place of their own.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unread: &'a [String],
}

impl<'a> PublishedPoll<'a> {
    pub fn of(device: &'a DeviceName, poll: &'a Poll, requests: u64) -> Self {
        let Poll {
            depth,
            port,
            identity,
            clock,
            cpu_percent,
            led,
            alarms,
            uplinks,
            ports,
            endpoints,
            sensors,
            unread,
        } = poll;
        Self {
            device,
            taken_at: clock.at_millis / 1000,
            depth: *depth,
            requests,
            identity,
            uptime_hundredths: clock.uptime_hundredths,
            cpu_percent,
            led,
            alarms,
            uplinks,
            ports,
            endpoints,
            port: *port,
            sensors: sensors.as_ref(),
            unread,
        }
    }
}
