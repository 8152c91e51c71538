//! Computes the VLANs of a device and of its ports, for both the CLI and the MIBs.

use super::{
    Configuration, ExpectedPort, Hardware, Interface, Subscriber, SwitchportMode, UNSERVED_VLAN,
    vlans,
};
use crate::model::{VlanId, VlanSet};

/// The VLANs that the device keeps on every G.hn port, besides those of subscribers (seen).
const ON_EVERY_PORT: [u16; 2] = [2, UNSERVED_VLAN];

/// The native VLAN of a G.hn port for untagged frames, which leads nowhere (seen).
pub const GHN_NATIVE_VLAN: u16 = 4095;

/// The default VLAN, which cannot be removed on a switch of this family (icli).
const DEFAULT_VLAN: u16 = 1;

impl Configuration {
    /// Returns the VLANs that the device itself keeps on a G.hn port: 2, 4094 and those of its subscribers (seen).
    ///
    /// A subscriber counts on the port where its endpoint is expected, and with its remapped VLAN (assumed).
    pub fn vlans_on_port(&self, port: u8) -> VlanSet {
        let mut ranges: Vec<(u16, u16)> = ON_EVERY_PORT.map(|vlan| (vlan, vlan)).to_vec();
        for subscriber in self.subscribers.values() {
            if self.port_of(subscriber) == Some(port) {
                ranges.extend(ranges_of(subscriber));
            }
        }
        vlans(&ranges)
    }

    /// Returns every VLAN of the device: its own, those of subscribers, of uplinks' native VLANs and of its addresses.
    pub fn vlans_in_use(&self) -> VlanSet {
        vlans(&self.ranges_in_use().collect::<Vec<_>>())
    }

    /// Returns the device's lowest VLAN from this one on.
    pub fn vlan_from(&self, lowest: u16) -> Option<u16> {
        self.ranges_in_use()
            .filter(|(_, last)| *last >= lowest)
            .map(|(first, _)| first.max(lowest))
            .min()
    }

    /// Returns whether the device has a VLAN.
    pub fn has_vlan(&self, vlan: u16) -> bool {
        self.vlan_from(vlan) == Some(vlan)
    }

    /// Returns the physical interfaces that carry a VLAN.
    pub fn carriers(&self, vlan: u16, hardware: &Hardware) -> Vec<Interface> {
        let mut ghn: Vec<u8> = self
            .subscribers
            .values()
            .filter(|subscriber| {
                ranges_of(subscriber).any(|(first, last)| (first..=last).contains(&vlan))
            })
            .filter_map(|subscriber| self.port_of(subscriber))
            .collect();
        if ON_EVERY_PORT.contains(&vlan) || vlan == GHN_NATIVE_VLAN {
            ghn.extend(1..=hardware.ghn_ports());
        }
        let carries = |interface: &Interface| match interface {
            Interface::Ghn(port) => ghn.contains(port),
            // An access port of the default VLAN [assumed].
            Interface::Management => vlan == DEFAULT_VLAN,
            Interface::Uplink(uplink) => {
                self.uplinks
                    .get(uplink)
                    .is_some_and(|uplink| match uplink.mode {
                        SwitchportMode::Access => uplink.native == vlan,
                        SwitchportMode::Trunk | SwitchportMode::Hybrid => {
                            VlanId::new(vlan).is_ok_and(|vlan| uplink.allowed.contains(vlan))
                        }
                    })
            }
        };
        hardware.interfaces().filter(carries).collect()
    }

    /// Returns the VLAN of untagged frames on an interface.
    pub fn native_vlan(&self, interface: Interface) -> u16 {
        match interface {
            Interface::Ghn(_) => GHN_NATIVE_VLAN,
            Interface::Management => DEFAULT_VLAN,
            Interface::Uplink(uplink) => self
                .uplinks
                .get(&uplink)
                .map_or(DEFAULT_VLAN, |uplink| uplink.native),
        }
    }

    fn port_of(&self, subscriber: &Subscriber) -> Option<u8> {
        match self.endpoints.get(&subscriber.endpoint?)?.port {
            ExpectedPort::Port(port) => Some(port),
            ExpectedPort::Auto | ExpectedPort::Unassigned => None,
        }
    }

    fn ranges_in_use(&self) -> impl Iterator<Item = (u16, u16)> {
        let own = [DEFAULT_VLAN, GHN_NATIVE_VLAN]
            .into_iter()
            .chain(ON_EVERY_PORT);
        let natives = self.uplinks.values().map(|uplink| uplink.native);
        own.chain(natives)
            .chain(self.vlan_interfaces.keys().copied())
            .map(|vlan| (vlan, vlan))
            .chain(self.subscribers.values().flat_map(ranges_of))
    }
}

fn ranges_of(subscriber: &Subscriber) -> impl Iterator<Item = (u16, u16)> {
    let single = [
        Some(subscriber.vlan),
        subscriber.port2_vlan,
        subscriber.remapped_vlan,
    ];
    let allowed = subscriber.allowed_vlans.ranges().iter();
    single
        .into_iter()
        .flatten()
        .map(|vlan| (vlan, vlan))
        .chain(allowed.map(|range| (range.first.get(), range.last.get())))
}
