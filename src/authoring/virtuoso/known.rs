//! Finds what a row of a VIRTUOSO list names in the inventory: its device, its service plan, its subscriber.

use std::collections::HashMap;
use std::net::IpAddr;

use super::row::Row;
use super::row_problem::RowProblem;
use crate::inventory::{
    DeviceObject, Inventory, complete_service_plans, complete_subscriber, nearest,
};
use crate::model::{
    DeviceName, MacAddress, ProfileName, ServicePlan, ServicePlanId, Speed, Subscriber,
    SubscriberName,
};

/// The word for a subscriber without a limit.
pub(super) const UNTHROTTLED: &str = "Unthrottled";

/// The objects of an inventory, indexed by what rows name them by.
pub(super) struct Known<'a> {
    devices: Vec<&'a DeviceObject>,
    /// In lower case, as all names here.
    by_hostname: HashMap<String, Vec<usize>>,
    by_device_id: HashMap<String, Vec<usize>>,
    by_address: HashMap<IpAddr, Vec<usize>>,
    plans: Vec<ServicePlan>,
    pub(super) subscribers: Vec<Subscriber>,
    by_endpoint: HashMap<MacAddress, usize>,
    by_name: HashMap<(DeviceName, SubscriberName), usize>,
}

impl<'a> Known<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let subscribers = inventory.subscribers().filter_map(complete_subscriber);
        let mut known = Self {
            devices: inventory.devices().collect(),
            by_hostname: HashMap::new(),
            by_device_id: HashMap::new(),
            by_address: HashMap::new(),
            plans: complete_service_plans(inventory).into_values().collect(),
            subscribers: subscribers.collect(),
            by_endpoint: HashMap::new(),
            by_name: HashMap::new(),
        };
        for (index, device) in known.devices.iter().enumerate() {
            let id = device.id.as_str().to_lowercase();
            known.by_device_id.entry(id).or_default().push(index);
            if let Some(hostname) = &device.text.hostname {
                let hostname = hostname.as_str().to_lowercase();
                known.by_hostname.entry(hostname).or_default().push(index);
            }
            if let Some(address) = device.text.address {
                known.by_address.entry(address.ip).or_default().push(index);
            }
        }
        for (index, one) in known.subscribers.iter().enumerate() {
            if let Some(endpoint) = one.endpoint {
                known.by_endpoint.entry(endpoint).or_insert(index);
            }
            let name = (one.device.clone(), one.name.clone());
            known.by_name.entry(name).or_insert(index);
        }
        known
    }

    /// Returns the device that a row names: by its host name, else by its id, and by its address where both leave a doubt.
    pub(super) fn device(
        &self,
        system: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<&'a DeviceObject, RowProblem> {
        let candidates = match (system, address) {
            (Some(system), _) => self.named(system)?,
            (None, Some(address)) => self.at(address),
            (None, None) => return Err(RowProblem::NoDevice),
        };
        match (candidates.as_slice(), address) {
            ([], Some(address)) => Err(RowProblem::UnknownAddress(address)),
            ([device], Some(list)) => match device.text.address {
                Some(inventory) if inventory.ip != list => Err(RowProblem::OtherAddress {
                    device: device.id.clone(),
                    inventory,
                    list,
                }),
                _ => Ok(*device),
            },
            ([device], None) => Ok(*device),
            (several, address) => {
                let is_there = |one: &&&DeviceObject| {
                    address.is_some() && one.text.address.map(|known| known.ip) == address
                };
                let mut there = several.iter().filter(is_there);
                match (there.next(), there.next()) {
                    (Some(device), None) => Ok(*device),
                    _ => Err(RowProblem::SeveralDevices(
                        several.iter().map(|device| device.id.clone()).collect(),
                    )),
                }
            }
        }
    }

    fn at(&self, address: IpAddr) -> Vec<&'a DeviceObject> {
        self.these(self.by_address.get(&address))
    }

    fn these(&self, indices: Option<&Vec<usize>>) -> Vec<&'a DeviceObject> {
        let indices = indices.into_iter().flatten();
        indices
            .filter_map(|index| self.devices.get(*index).copied())
            .collect()
    }

    fn named(&self, system: &str) -> Result<Vec<&'a DeviceObject>, RowProblem> {
        let lower = system.to_lowercase();
        let with_id = self.these(self.by_device_id.get(&lower));
        let mut found = self.these(self.by_hostname.get(&lower));
        // The host name of a device that the inventory leaves as it is may be this one.
        let is_open = |device: &&&DeviceObject| device.text.hostname.is_none();
        found.extend(with_id.iter().filter(is_open));
        if found.is_empty() {
            found = with_id;
        }
        match found.is_empty() {
            false => Ok(found),
            true => {
                let name = DeviceName::new(system).ok().map(|name| name.to_string());
                let ids = self.devices.iter().map(|device| device.id.as_str());
                let near = name.as_deref().and_then(|name| nearest(name, ids));
                Err(RowProblem::UnknownSystem {
                    nearest: near.map(str::to_owned),
                    name,
                })
            }
        }
    }

    /// Returns the service plan of a profile: by the profile's name, else by its own id.
    pub(super) fn service_plan(
        &self,
        profile: &str,
        id: Option<&ServicePlanId>,
    ) -> Result<ServicePlanId, RowProblem> {
        let is_unthrottled = profile.eq_ignore_ascii_case(UNTHROTTLED);
        let makes = |plan: &&ServicePlan| match plan.speed {
            Speed::Unthrottled => is_unthrottled,
            Speed::Limited { .. } => plan.profile_name.as_str() == profile,
        };
        let ids = |found: Vec<&ServicePlan>| -> Vec<ServicePlanId> {
            found.into_iter().map(|plan| plan.id.clone()).collect()
        };
        let mut candidates = ids(self.plans.iter().filter(makes).collect());
        if candidates.is_empty() {
            let with_id = self.plans.iter().filter(|plan| plan.id.as_str() == profile);
            candidates = ids(with_id.collect());
        }
        match (id, candidates.as_slice()) {
            (Some(id), _) if candidates.contains(id) => Ok(id.clone()),
            (Some(id), _) => match self.plans.iter().any(|plan| plan.id == *id) {
                true => Err(RowProblem::OtherServicePlan),
                false => Err(RowProblem::UnknownServicePlan(id.clone())),
            },
            (None, [only]) => Ok(only.clone()),
            (None, []) if is_unthrottled => Err(RowProblem::NothingUnthrottled),
            (None, []) => Err(self.unknown_profile(profile)),
            (None, _) => Err(RowProblem::SeveralServicePlans(candidates)),
        }
    }

    fn unknown_profile(&self, profile: &str) -> RowProblem {
        let name = ProfileName::new(profile).ok();
        let near = name.as_ref().and_then(|name| {
            let known = self.plans.iter().map(|plan| plan.profile_name.as_str());
            let near = nearest(name.as_str(), known)?;
            let mut plans = self.plans.iter();
            let plan = plans.find(|plan| plan.profile_name.as_str() == near)?;
            Some(plan.id.clone())
        });
        RowProblem::UnknownProfile {
            name: name.map(|name| name.to_string()),
            nearest: near,
        }
    }

    /// Returns the subscriber that a row means, by its name on the device or its endpoint.
    pub(super) fn subscriber(
        &self,
        row: &Row,
        device: &DeviceName,
    ) -> Result<Option<&Subscriber>, RowProblem> {
        let by_name = self.by_name.get(&(device.clone(), row.name.clone()));
        let by_endpoint = row.endpoint.and_then(|mac| self.by_endpoint.get(&mac));
        let one = |index: Option<&usize>| self.subscribers.get(*index?);
        match (one(by_name), one(by_endpoint)) {
            (Some(named), Some(other)) if named.id != other.id => Err(RowProblem::TwoSubscribers {
                by_name: named.id.clone(),
                by_endpoint: other.id.clone(),
            }),
            (named, other) => Ok(named.or(other)),
        }
    }
}
