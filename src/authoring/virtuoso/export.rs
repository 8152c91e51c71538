//! Writes the subscribers of an inventory as a VIRTUOSO list.

use std::collections::BTreeMap;

use super::cell::guarded;
use super::column::Column;
use super::known::{Known, UNTHROTTLED};
use crate::authoring::csv::csv_line;
use crate::inventory::{DeviceObject, Inventory, complete_service_plans, complete_subscriber};
use crate::model::{ServicePlan, Speed, Subscriber, SubscriberState, VlanId, natural_order};

/// The columns of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// VIRTUOSO's, then gamctl's own, so that an import of the list loses nothing.
    WithOwnColumns,
    /// VIRTUOSO's alone. Only subscribers that are served can be in it.
    VirtuosoOnly,
}

impl ListForm {
    fn columns(self) -> Vec<Column> {
        let columns = Column::ALL.iter().copied();
        columns
            .filter(|column| self == Self::WithOwnColumns || column.is_of_virtuoso())
            .collect()
    }
}

/// A list as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub text: String,
    pub rows: usize,
    /// Subscribers that are not in the list, because it has no column for their state.
    pub suspended: usize,
    pub pending: usize,
}

/// Writes the subscribers of chosen devices, sorted by device and id.
pub fn export(
    inventory: &Inventory,
    is_chosen: impl Fn(&DeviceObject) -> bool,
    form: ListForm,
) -> Exported {
    let columns = form.columns();
    let mut exported = Exported {
        text: csv_line(columns.iter().map(|column| column.title())),
        rows: 0,
        suspended: 0,
        pending: 0,
    };
    let plans = complete_service_plans(inventory);
    let known = Known::of(inventory);
    let mut devices: Vec<&DeviceObject> = inventory.devices().collect();
    devices.retain(|device| is_chosen(device));
    devices.sort_by(|one, other| natural_order(one.id.as_str(), other.id.as_str()));
    for device in devices {
        let system = system(device, &known);
        let subscribers = inventory.subscribers_of(device.id.as_str());
        let mut subscribers: Vec<Subscriber> =
            subscribers.filter_map(complete_subscriber).collect();
        subscribers.sort_by(|one, other| natural_order(one.id.as_str(), other.id.as_str()));
        for one in &subscribers {
            match (form, one.state) {
                (ListForm::VirtuosoOnly, SubscriberState::Suspended) => exported.suspended += 1,
                (ListForm::VirtuosoOnly, SubscriberState::Pending) => exported.pending += 1,
                _ => {
                    let place = Place {
                        device,
                        system: &system,
                        plans: &plans,
                    };
                    let cells: Vec<String> = columns
                        .iter()
                        .map(|column| guarded(&place.text(*column, one)))
                        .collect();
                    let line = csv_line(cells.iter().map(String::as_str));
                    exported.text.push_str(&line);
                    exported.rows += 1;
                }
            }
        }
    }
    exported
}

/// Returns the host name of a device, or its id where the host name is not known or could be that of another one.
fn system(device: &DeviceObject, known: &Known<'_>) -> String {
    let hostname = device.text.hostname.as_ref().map(|name| name.as_str());
    let address = device.text.address.map(|address| address.ip);
    let is_clear = |name: &&str| {
        let found = known.device(Some(name), address);
        found.is_ok_and(|found| found.id == device.id)
    };
    let id = device.id.as_str();
    hostname.filter(is_clear).unwrap_or(id).to_owned()
}

/// What the cells of a device's subscribers have in common.
struct Place<'a> {
    device: &'a DeviceObject,
    system: &'a str,
    plans: &'a BTreeMap<String, ServicePlan>,
}

impl Place<'_> {
    fn text(&self, column: Column, one: &Subscriber) -> String {
        let word = |is_on: bool| if is_on { "yes" } else { "no" };
        let vlan = |vlan: Option<VlanId>| optional(vlan);
        match column {
            Column::Name => one.name.to_string(),
            Column::Endpoint => optional(one.endpoint),
            Column::Profile => self.profile(one),
            Column::Vlan => one.vlan.to_string(),
            Column::Port2Vlan => vlan(one.port2_vlan),
            Column::Tagged => word(one.tagged).to_owned(),
            Column::Allowed => one.allowed_vlans.to_string(),
            Column::Remapped => vlan(one.remapped_vlan),
            // The inventory cannot express them, so no subscriber of it has them.
            Column::DoubleTags | Column::Trunk => word(false).to_owned(),
            Column::Poe => optional(one.poe),
            Column::System => self.system.to_owned(),
            Column::Address => optional(self.device.text.address.map(|address| address.ip)),
            Column::Port => one.port.to_string(),
            Column::Description => optional(one.description.as_ref()),
            Column::Id => one.id.to_string(),
            Column::ServicePlan => one.service_plan.to_string(),
            Column::State => one.state.to_string(),
            Column::EndpointName => one.endpoint_name.to_string(),
        }
    }

    fn profile(&self, one: &Subscriber) -> String {
        let plan = self.plans.get(one.service_plan.as_str());
        match plan.map(|plan| (plan.speed, &plan.profile_name)) {
            Some((Speed::Unthrottled, _)) => UNTHROTTLED.to_owned(),
            Some((Speed::Limited { .. }, name)) => name.to_string(),
            None => String::new(),
        }
    }
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
