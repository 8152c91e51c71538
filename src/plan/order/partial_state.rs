//! Simulates the device between two steps: the state of every object, found by name, slot and use.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    EndpointName, HeldText, MacAddress, PortAssignment, PortConfig, PortNumber, ProfileName, Slot,
    SubscriberName, SystemConfig, UplinkNumber, VlanId, VlanSet,
};
use crate::plan::Field;
use crate::plan::item::{Endpoint, Item, Profile, Subscriber};
use crate::plan::planner_state::PlannerState;
use crate::plan::settings::Settings;

/// The simulated device after some of the steps of a plan.
#[derive(Debug, Default)]
pub(super) struct PartialState {
    pub(super) system: SystemConfig,
    pub(super) uplinks: BTreeMap<UplinkNumber, VlanSet>,
    pub(super) ports: BTreeMap<PortNumber, PortConfig>,
    pub(super) profiles: Vec<Option<Profile>>,
    pub(super) endpoints: Vec<Option<Endpoint>>,
    pub(super) subscribers: Vec<Option<Subscriber>>,
    pub(super) port_names: BTreeMap<HeldText, PortNumber>,
    pub(super) profile_names: BTreeMap<ProfileName, usize>,
    pub(super) endpoint_names: BTreeMap<EndpointName, usize>,
    pub(super) macs: BTreeMap<MacAddress, usize>,
    pub(super) subscriber_names: BTreeMap<SubscriberName, usize>,
    pub(super) profile_slots: BTreeMap<Slot, usize>,
    pub(super) endpoint_slots: BTreeMap<Slot, usize>,
    pub(super) subscriber_slots: BTreeMap<Slot, usize>,
    /// The subscriber of each endpoint.
    pub(super) ties: BTreeMap<usize, usize>,
    /// The subscribers of each profile.
    pub(super) users: BTreeMap<usize, BTreeSet<usize>>,
    /// The endpoints of each port.
    pub(super) on_port: BTreeMap<PortNumber, BTreeSet<usize>>,
    /// The endpoints that are on a port or `auto`, which count on the device.
    pub(super) placed: BTreeSet<usize>,
    pub(super) in_vlan: BTreeMap<VlanId, BTreeSet<usize>>,
    /// Subscribers whose endpoint was not read. They may be served.
    pub(super) unread_endpoints: BTreeSet<usize>,
    /// Subscribers whose VLAN was not read.
    pub(super) unread_vlans: BTreeSet<usize>,
    /// Endpoints whose port was not read.
    pub(super) unread_ports: BTreeSet<usize>,
}

impl PartialState {
    /// Returns the device before the first step.
    pub(super) fn begin(planner: &PlannerState<'_>, settings: &Settings) -> Self {
        let mut partial = Self {
            system: settings.system.start.clone(),
            profiles: vec![None; planner.profiles.len()],
            endpoints: vec![None; planner.endpoints.len()],
            subscribers: vec![None; planner.subscribers.len()],
            ..Self::default()
        };
        for (number, pair) in &settings.uplinks {
            partial.uplinks.insert(*number, pair.start.clone());
        }
        for (number, pair) in &settings.ports {
            partial.set_port(*number, pair.start.clone());
        }
        for (index, item) in planner.profiles.iter().enumerate() {
            partial.set_profile(index, item.slot, item.start.clone());
        }
        for (index, item) in planner.endpoints.iter().enumerate() {
            if item.is_unread(Field::Port) {
                partial.unread_ports.insert(index);
            }
            partial.set_endpoint(index, item.slot, item.start.clone());
        }
        for (index, item) in planner.subscribers.iter().enumerate() {
            if item.is_unread(Field::Endpoint) {
                partial.unread_endpoints.insert(index);
            }
            if item.is_unread(Field::Vlan) {
                partial.unread_vlans.insert(index);
            }
            partial.set_subscriber(index, item.slot, item.start.clone());
        }
        partial
    }

    pub(super) fn profile(&self, index: usize) -> Option<&Profile> {
        self.profiles.get(index)?.as_ref()
    }

    pub(super) fn endpoint(&self, index: usize) -> Option<&Endpoint> {
        self.endpoints.get(index)?.as_ref()
    }

    pub(super) fn subscriber(&self, index: usize) -> Option<&Subscriber> {
        self.subscribers.get(index)?.as_ref()
    }

    pub(super) fn set_port(&mut self, number: PortNumber, port: PortConfig) {
        if let Some(name) = self.ports.get(&number).and_then(|port| port.name.as_ref()) {
            self.port_names.remove(name);
        }
        if let Some(name) = &port.name {
            self.port_names.insert(name.clone(), number);
        }
        self.ports.insert(number, port);
    }

    pub(super) fn set_profile(&mut self, index: usize, slot: Slot, to: Option<Profile>) {
        let Some(kept) = self.profiles.get_mut(index) else {
            return;
        };
        if let Some(before) = kept.take() {
            self.profile_names.remove(&before.name);
            self.profile_slots.remove(&slot);
        }
        if let Some(to) = &to {
            self.profile_names.insert(to.name.clone(), index);
            self.profile_slots.insert(slot, index);
        }
        *kept = to;
    }

    pub(super) fn set_endpoint(&mut self, index: usize, slot: Slot, to: Option<Endpoint>) {
        let Some(kept) = self.endpoints.get_mut(index) else {
            return;
        };
        if let Some(before) = kept.take() {
            self.endpoint_names.remove(&before.name);
            self.macs.remove(&before.mac);
            self.endpoint_slots.remove(&slot);
            self.placed.remove(&index);
            if let PortAssignment::Port(port) = before.port {
                self.on_port.entry(port).or_default().remove(&index);
            }
        }
        if let Some(to) = &to {
            self.endpoint_names.insert(to.name.clone(), index);
            self.macs.insert(to.mac, index);
            self.endpoint_slots.insert(slot, index);
            match to.port {
                PortAssignment::Port(port) => {
                    self.placed.insert(index);
                    self.on_port.entry(port).or_default().insert(index);
                }
                PortAssignment::Auto => {
                    self.placed.insert(index);
                }
                PortAssignment::Unassigned => {}
            }
        }
        *kept = to;
    }

    pub(super) fn set_subscriber(&mut self, index: usize, slot: Slot, to: Option<Subscriber>) {
        let Some(kept) = self.subscribers.get_mut(index) else {
            return;
        };
        if let Some(before) = kept.take() {
            self.subscriber_names.remove(&before.name);
            self.subscriber_slots.remove(&slot);
            self.in_vlan.entry(before.vlan).or_default().remove(&index);
            if let Some(endpoint) = before.endpoint {
                self.ties.remove(&endpoint);
            }
            if let Some(profile) = before.rate {
                self.users.entry(profile).or_default().remove(&index);
            }
        }
        if let Some(to) = &to {
            self.subscriber_names.insert(to.name.clone(), index);
            self.subscriber_slots.insert(slot, index);
            self.in_vlan.entry(to.vlan).or_default().insert(index);
            if let Some(endpoint) = to.endpoint {
                self.ties.insert(endpoint, index);
            }
            if let Some(profile) = to.rate {
                self.users.entry(profile).or_default().insert(index);
            }
        }
        *kept = to;
    }

    /// Returns the endpoints that are on a port now.
    pub(super) fn endpoints_on(&self, port: PortNumber) -> impl Iterator<Item = usize> {
        self.on_port.get(&port).into_iter().flatten().copied()
    }

    pub(super) fn users_of(&self, profile: usize) -> impl Iterator<Item = usize> {
        self.users.get(&profile).into_iter().flatten().copied()
    }
}

/// Returns an item's slot.
pub(super) fn slot_of<S>(items: &[Item<S>], index: usize) -> Slot {
    items.get(index).map_or(Slot(0), |item| item.slot)
}
