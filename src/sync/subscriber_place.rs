//! Compares the place of a subscriber with the place where its endpoint is heard.

use compact_str::{CompactString, format_compact};

use super::conflict::BillingValue;
use super::context::Context;
use super::edit::SyncValue;
use super::inventory_view::SyncSubscriber;
use super::placement::clear_place;
use super::reason::DevicePort;
use super::write_back::place_text;
use crate::model::{DeviceName, PortAssignment, PortNumber};

/// Returns a place as text, for comparing it with the base.
fn place_value(device: &DeviceName, port: Option<PortNumber>) -> CompactString {
    match port {
        Some(port) => place_text(device, port),
        None => format_compact!("{device}/"),
    }
}

/// Returns the place of a subscriber as text.
pub(super) fn place_of(subscriber: &SyncSubscriber) -> CompactString {
    match subscriber.port {
        PortAssignment::Port(port) => place_value(&subscriber.device, Some(port)),
        PortAssignment::Auto | PortAssignment::Unassigned => place_value(&subscriber.device, None),
    }
}

/// Returns the place where an endpoint is heard, as far as the subscriber names a port.
pub(super) fn heard_value(
    subscriber: &SyncSubscriber,
    device: &DeviceName,
    port: PortNumber,
) -> BillingValue {
    let names_port = matches!(subscriber.port, PortAssignment::Port(_));
    let value = place_value(device, names_port.then_some(port));
    BillingValue {
        raw: value.clone(),
        value,
    }
}

pub(super) fn own_place(subscriber: &SyncSubscriber) -> DevicePort {
    let port = match subscriber.port {
        PortAssignment::Port(port) => Some(port),
        PortAssignment::Auto | PortAssignment::Unassigned => None,
    };
    DevicePort {
        device: subscriber.device.clone(),
        port,
    }
}

pub(super) fn same_site(context: &Context<'_>, one: &DeviceName, other: &DeviceName) -> bool {
    let inventory = context.inputs.inventory;
    one == other
        || inventory
            .site_of(one)
            .is_some_and(|site| inventory.site_of(other) == Some(site))
}

pub(super) fn place_values(
    subscriber: &SyncSubscriber,
    device: &DeviceName,
    port: PortNumber,
) -> Vec<SyncValue> {
    let mut values = Vec::new();
    if subscriber.device != *device {
        values.push(SyncValue::Device(device.clone()));
    }
    if matches!(subscriber.port, PortAssignment::Port(known) if known != port) {
        values.push(SyncValue::Port(port));
    }
    values
}

/// Returns the place of an endpoint that is heard in one place, for comparing it with the base.
pub(super) fn heard_now(
    context: &Context<'_>,
    subscriber: &SyncSubscriber,
) -> Option<BillingValue> {
    let (heard, port) = clear_place(context, subscriber.endpoint?).ok()?;
    Some(heard_value(subscriber, &heard.device, port))
}
