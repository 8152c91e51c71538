//! Computes the status of a device from its configuration and its physical world.

use std::collections::BTreeMap;

use super::counters::household;
use super::{
    AlarmCondition, DeviceClock, Endpoint, Entity, ExpectedPort, Gam, Grade, Interface, Meter,
    Plugged, Rate, Severity, ShutPorts, Subscriber, TimeForm, Traffic, Wanted,
};
use crate::model::MacAddress;
use crate::simulator::moment::{DeviceTime, Moment};

/// `GAMGhnAgentEndpointState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    NotDetected = 0,
    Ok = 1,
    QuarantinedWrongPort = 2,
    QuarantinedUnknownMac = 3,
}

/// The status of one endpoint in the tables: configured, plugged in, or both.
#[derive(Debug, Clone, Copy)]
pub struct Detected<'a> {
    pub mac: MacAddress,
    pub configured: Option<(u16, &'a Endpoint)>,
    pub plugged: Option<&'a Plugged>,
    pub state: EndpointState,
}

/// A line is poor below this signal, in tenths of a decibel (docs/gam.md).
pub const FAIR_SNR: u32 = 350;

/// The time zone of a device that tells local time: hours behind UTC, as in the guide's samples.
const LOCAL_HOURS: u8 = 5;

impl Gam {
    /// Returns the status of one endpoint, if it is configured or heard.
    pub fn detected(&self, mac: MacAddress) -> Option<Detected<'_>> {
        let configured = self.endpoint_by_mac(mac);
        let plugged = self.heard(mac);
        self.judge(mac, configured, plugged)
    }

    /// Returns the status of one configured endpoint.
    pub fn detected_by_id(&self, id: u16) -> Option<Detected<'_>> {
        let endpoint = self.running.endpoints.get(&id)?;
        let plugged = self.heard(endpoint.mac);
        self.judge(endpoint.mac, Some((id, endpoint)), plugged)
    }

    pub fn endpoint_by_mac(&self, mac: MacAddress) -> Option<(u16, &Endpoint)> {
        let id = *self.index.by_mac.get(&mac)?;
        Some((id, self.running.endpoints.get(&id)?))
    }

    pub fn subscriber_of(&self, endpoint: u16) -> Option<(u16, &Subscriber)> {
        let id = *self.index.served.get(&endpoint)?;
        Some((id, self.running.subscribers.get(&id)?))
    }

    fn judge<'a>(
        &self,
        mac: MacAddress,
        configured: Option<(u16, &'a Endpoint)>,
        plugged: Option<&'a Plugged>,
    ) -> Option<Detected<'a>> {
        let state = match (configured, plugged) {
            (None, None) => return None,
            (Some(_), None) => EndpointState::NotDetected,
            (None, Some(_)) => EndpointState::QuarantinedUnknownMac,
            (Some((_, endpoint)), Some(plugged)) => match endpoint.port {
                ExpectedPort::Auto => EndpointState::Ok,
                ExpectedPort::Port(port) if port == plugged.port => EndpointState::Ok,
                ExpectedPort::Port(_) | ExpectedPort::Unassigned => {
                    EndpointState::QuarantinedWrongPort
                }
            },
        };
        Some(Detected {
            mac,
            configured,
            plugged,
            state,
        })
    }

    /// Returns an endpoint that the device hears.
    pub fn heard(&self, mac: MacAddress) -> Option<&Plugged> {
        let plugged = self.world.plugged.get(&mac);
        plugged.filter(|plugged| self.hears(plugged.port))
    }

    /// Returns whether endpoints behind a port are heard and served. One that is shut down is not monitored, and configured
    /// service goes on (documented), unless it is assumed to end.
    fn hears(&self, port: u8) -> bool {
        let goes_on = self.hardware.assumptions.shut_ports == ShutPorts::ServiceGoesOn;
        let port = self.running.ports.get(&port);
        port.is_some_and(|port| !port.shutdown || goes_on)
    }

    /// Returns the first address, from this one on, of an endpoint that is configured or heard.
    pub fn known_from(&self, lowest: MacAddress) -> Option<MacAddress> {
        let configured = self.index.by_mac.range(lowest..).next();
        let heard = self
            .world
            .plugged
            .range(lowest..)
            .find(|(mac, _)| self.heard(**mac).is_some());
        let heard = heard.map(|(mac, _)| *mac);
        match configured.map(|(mac, _)| *mac) {
            Some(configured) => Some(heard.map_or(configured, |heard| heard.min(configured))),
            None => heard,
        }
    }

    /// Returns the endpoints heard on a port, in the order of their addresses.
    pub fn heard_on(&self, port: u8) -> impl Iterator<Item = (MacAddress, &Plugged)> {
        let is_heard = self.hears(port);
        self.world
            .plugged
            .iter()
            .filter(move |(_, plugged)| is_heard && plugged.port == port)
            .map(|(mac, plugged)| (*mac, plugged))
    }

    /// Returns whether an interface has link.
    pub fn link(&self, interface: Interface) -> bool {
        match interface {
            Interface::Ghn(port) => {
                !self.is_shut_down(interface) && self.heard_on(port).next().is_some()
            }
            // Nothing is plugged in: the device is managed in band.
            Interface::Management => false,
            Interface::Uplink(uplink) => {
                !self.world.dark_uplinks.contains(&uplink)
                    && self
                        .running
                        .uplinks
                        .get(&uplink)
                        .is_some_and(|uplink| !uplink.shutdown)
            }
        }
    }

    pub fn is_shut_down(&self, interface: Interface) -> bool {
        match interface {
            Interface::Ghn(port) => self
                .running
                .ports
                .get(&port)
                .is_some_and(|port| port.shutdown),
            Interface::Management => false,
            Interface::Uplink(uplink) => self
                .running
                .uplinks
                .get(&uplink)
                .is_some_and(|uplink| uplink.shutdown),
        }
    }

    /// Returns the Mbps in use by an endpoint, toward it and from it; an unserved one uses almost nothing.
    pub fn usage(&self, mac: MacAddress) -> (u32, u32) {
        let rate = self.counters.rate(Meter::Endpoint(mac));
        (rate.sent, rate.received)
    }

    /// Returns the traffic of an endpoint's Ethernet port.
    pub fn endpoint_traffic(&self, mac: MacAddress, now: Moment) -> Traffic {
        self.counters.read(Meter::Endpoint(mac), now)
    }

    /// Returns the traffic of an interface.
    pub fn interface_traffic(&self, interface: Interface, now: Moment) -> Traffic {
        self.counters.read(Meter::Interface(interface), now)
    }

    /// Returns the rate of every meter: households, their ports, and the uplink they share.
    pub(super) fn rates(&self) -> BTreeMap<Meter, Rate> {
        let mut rates: BTreeMap<Meter, Rate> = BTreeMap::new();
        for (mac, plugged) in &self.world.plugged {
            let Some(detected) = self.detected(*mac) else {
                continue;
            };
            if detected.plugged.is_none() {
                continue;
            }
            let one = if detected.state == EndpointState::Ok {
                household(self.seed, *mac)
            } else {
                Rate::default()
            };
            rates.insert(Meter::Endpoint(*mac), one);
            let port = rates
                .entry(Meter::Interface(Interface::Ghn(plugged.port)))
                .or_default();
            port.received += one.received;
            port.sent += one.sent;
            let first = Interface::Uplink(1);
            if self.link(first) {
                let uplink = rates.entry(Meter::Interface(first)).or_default();
                uplink.received += one.sent;
                uplink.sent += one.received;
            }
        }
        rates
    }

    /// Returns a time in the form of this device, by its own clock.
    pub fn device_time(&self, at: Moment) -> DeviceTime {
        let assumptions = self.hardware.assumptions;
        let at = match assumptions.clock {
            DeviceClock::Set => at,
            DeviceClock::Unset => Moment::default().after(at.since(self.booted)),
        };
        match assumptions.times {
            TimeForm::Utc => DeviceTime::behind(at, 0),
            TimeForm::Local => DeviceTime::behind(at, LOCAL_HOURS),
            TimeForm::NoOffset => DeviceTime {
                behind: None,
                ..DeviceTime::behind(at, 0)
            },
        }
    }

    /// Returns the active conditions.
    pub(super) fn conditions(&self) -> Wanted {
        let mut wanted = Wanted::new();
        let mut hold = |condition, entity, severity, service_affecting| {
            wanted.insert(
                (condition, entity),
                Grade {
                    severity,
                    service_affecting,
                },
            );
        };
        self.endpoint_conditions(&mut hold);
        // Also an uplink that nothing was ever plugged into, unless it is shut down. The management port never has an alarm.
        for number in self.running.uplinks.keys() {
            let uplink = Interface::Uplink(*number);
            if !self.link(uplink) && !self.is_shut_down(uplink) {
                let entity = Entity {
                    if_index: self.hardware.if_index(uplink),
                    name: uplink.name(),
                };
                hold(AlarmCondition::LinkDown, entity, Severity::Cr, true);
            }
        }
        if self.world.fans.iter().any(|rpm| *rpm < 1000) {
            hold(
                AlarmCondition::FanFlt,
                Entity::system(),
                Severity::Mj,
                false,
            );
        }
        // CPU under 90 °C, the others under 85 °C (docs/gam.md).
        if self
            .world
            .temperatures
            .iter()
            .any(|sensor| sensor.tenths >= if sensor.name == "CPU" { 900 } else { 850 })
        {
            hold(
                AlarmCondition::HighTemp,
                Entity::system(),
                Severity::Mj,
                false,
            );
        }
        wanted
    }

    /// Reports the conditions of endpoints, each with its entity, severity, and whether it affects service.
    fn endpoint_conditions(&self, mut hold: impl FnMut(AlarmCondition, Entity, Severity, bool)) {
        for (id, endpoint) in &self.running.endpoints {
            let Some(detected) = self.detected_by_id(*id) else {
                continue;
            };
            // A port that is shut down is not monitored, and neither is what is expected or plugged in there.
            if self.is_on_a_shut_port(endpoint) {
                continue;
            }
            let entity = Entity::endpoint(*id);
            // The same condition has two weights.
            let is_serving = self.subscriber_of(*id).is_some();
            let severity = if is_serving {
                Severity::Mj
            } else {
                Severity::Mn
            };
            match detected.state {
                EndpointState::NotDetected if endpoint.port != ExpectedPort::Unassigned => {
                    hold(AlarmCondition::Los, entity, severity, is_serving);
                    continue;
                }
                EndpointState::QuarantinedWrongPort => {
                    hold(
                        AlarmCondition::PortMismatch,
                        entity.clone(),
                        Severity::Mn,
                        true,
                    );
                }
                _ => {}
            }
            if let Some(plugged) = detected.plugged {
                if plugged.family.is_coax() != self.hardware.is_coax() {
                    hold(
                        AlarmCondition::HwMismatch,
                        entity.clone(),
                        severity,
                        is_serving,
                    );
                }
                if plugged.wire.snr_tenths < FAIR_SNR {
                    hold(AlarmCondition::LowSnr, entity.clone(), Severity::Mn, false);
                }
                if plugged.firmware != self.hardware.endpoint_firmware() {
                    hold(AlarmCondition::SwRevMismat, entity, Severity::Mn, false);
                }
            }
        }
    }

    /// Returns whether the endpoint is expected, or plugged in, on a port that is shut down.
    fn is_on_a_shut_port(&self, endpoint: &Endpoint) -> bool {
        let plugged = self.world.plugged.get(&endpoint.mac).map(|one| one.port);
        let expected = match endpoint.port {
            ExpectedPort::Port(port) => Some(port),
            ExpectedPort::Auto | ExpectedPort::Unassigned => None,
        };
        [plugged, expected]
            .into_iter()
            .flatten()
            .any(|port| self.is_shut_down(Interface::Ghn(port)))
    }

    /// Returns the value of a `Uid` column, which changes with every reboot (docs/gam.md).
    pub fn uid(&self, id: u16) -> u32 {
        self.boots.wrapping_mul(1000).wrapping_add(u32::from(id))
    }
}
