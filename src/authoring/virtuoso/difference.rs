//! Compares a row of a VIRTUOSO list with the subscriber of the inventory that it means.

use super::row::Row;
use super::row_problem::Difference;
use crate::model::{DeviceName, ServicePlanId, Subscriber, SubscriberState, VlanId};

/// Returns the keys that differ. What the row does not say is not compared.
///
/// Of a subscriber without service the device has another VLAN and another profile than were sold, so these are compared only if
/// the row has a state, as gamctl's own lists do.
pub(super) fn differences(
    row: &Row,
    one: &Subscriber,
    device: &DeviceName,
    service_plan: Option<&ServicePlanId>,
) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    found.compare("device", &one.device, Some(device));
    found.compare("name", &one.name, Some(&row.name));
    found.compare_optional("endpoint", one.endpoint, row.endpoint);
    found.compare("port", &one.port, row.port.as_ref());
    found.compare("state", &one.state, row.state.as_ref());
    found.compare(
        "endpoint_name",
        &one.endpoint_name,
        row.endpoint_name.as_ref(),
    );
    if row.description.is_some() && row.description != one.description {
        found.0.push(Difference {
            key: "description",
            values: None,
        });
    }
    if has_sold_values(row, one) {
        found.compare("service_plan", &one.service_plan, service_plan);
        found.compare("vlan", &one.vlan, Some(&row.vlan));
        found.compare("tagged", &one.tagged, row.tagged.as_ref());
        let optional = [
            ("remapped_vlan", one.remapped_vlan, row.remapped_vlan),
            ("port2_vlan", one.port2_vlan, row.port2_vlan),
        ];
        for (key, inventory, list) in optional {
            if let Some(list) = list {
                found.compare_optional(key, inventory, list);
            }
        }
        found.compare(
            "allowed_vlans",
            &one.allowed_vlans,
            row.allowed_vlans.as_ref(),
        );
    }
    if let Some(poe) = row.poe {
        found.compare_optional("poe", one.poe, Some(poe));
    }
    found.0
}

/// Returns whether the row has the values that were sold, and not those of a subscriber without service.
pub(super) fn has_sold_values(row: &Row, one: &Subscriber) -> bool {
    one.state == SubscriberState::Active && row.vlan != VlanId::UNSERVED || row.state.is_some()
}

struct Found(Vec<Difference>);

impl Found {
    fn compare<T: PartialEq + ToString>(
        &mut self,
        key: &'static str,
        inventory: &T,
        list: Option<&T>,
    ) {
        if let Some(list) = list
            && list != inventory
        {
            self.add(key, inventory.to_string(), list.to_string());
        }
    }

    fn compare_optional<T: PartialEq + ToString>(
        &mut self,
        key: &'static str,
        inventory: Option<T>,
        list: Option<T>,
    ) {
        if list != inventory {
            let text = |value: Option<T>| value.map_or_else(String::new, |value| value.to_string());
            self.add(key, text(inventory), text(list));
        }
    }

    fn add(&mut self, key: &'static str, inventory: String, list: String) {
        self.0.push(Difference {
            key,
            values: Some((inventory, list)),
        });
    }
}
