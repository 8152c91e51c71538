//! Checks what must be unique in the fleet: ids, MAC addresses, management addresses, identity pins.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Display;

use foldhash::{HashMap, HashMapExt};

use crate::inventory::assemble::{Inventory, ObjectPosition};
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::parse::Object;
use crate::inventory::rules::rules;
use crate::inventory::similar_id::look_alike;
use crate::model::{DeviceState, MacAddress, Rule};

rules! {
    /// Of an object that is defined twice only one can be meant. It happens when a file is copied to begin a new one.
    DUPLICATE_OBJECT = "duplicate-object", Error, "an object is defined in two files",
    wrong: [("service-plans/more.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n")],
    right: [("service-plans/more.toml", "[service_plan.home-200]\ndown = 200\nup = 200\n")];

    /// Ids that differ only in capitals are one id to a tired reader, to some file systems and to some billing systems.
    CASE_ONLY_DIFFERENCE = "case-only-difference", Error, "two ids differ only in capitals",
    wrong: [("service-plans/more.toml", "[service_plan.Home-100]\ndown = 100\nup = 100\n")],
    right: [("service-plans/more.toml", "[service_plan.home-200]\ndown = 200\nup = 200\n")];

    /// `acct-1O` and `acct-10` look alike; one of them may be a slip.
    LOOK_ALIKE = "look-alike", Warning, "two ids look alike",
    wrong: [("service-plans/more.toml", "[service_plan.home-1OO]\ndown = 100\nup = 100\n")],
    right: [("service-plans/more.toml", "[service_plan.home-200]\ndown = 200\nup = 200\n")];

    /// An endpoint is one device in one home. With its MAC address in two places, two subscribers would compete for it.
    DUPLICATE_MAC = "duplicate-mac", Error, "a MAC address is given twice in the fleet",
    wrong: [("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"000e.d800.0001\"\nservice_plan = \"home-100\"\nvlan = 102\n")],
    right: [("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\n")];

    /// Two devices at one address are one device; what is meant for one would be written to the other.
    DUPLICATE_ADDRESS = "duplicate-address", Error, "two devices have the same address",
    wrong: [("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.11\"\n")],
    right: [("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\n")];

    /// Serial numbers and host keys identify devices. The same pin on two devices protects neither.
    DUPLICATE_PIN = "duplicate-pin", Error, "two devices have the same identity pin",
    wrong: [("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\nserial = \"01013599\"\n[device.oak-b]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.13\"\nserial = \"01013599\"\n")],
    right: [("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\nserial = \"01013599\"\n[device.oak-b]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.13\"\nserial = \"01013600\"\n")];

    /// The host name is what an engineer sees at the prompt; the same name on two devices invites a change on the wrong one.
    DUPLICATE_HOSTNAME = "duplicate-hostname", Warning, "two devices have the same host name",
    wrong: [("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\nhostname = \"oak\"\n[device.oak-b]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.13\"\nhostname = \"oak\"\n")],
    right: [("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\nhostname = \"oak-a\"\n[device.oak-b]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.13\"\nhostname = \"oak-b\"\n")];
}

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    all_ids(inventory, pending);
    mac_addresses(inventory, pending);
    addresses(inventory, pending);
    pins(inventory, pending);
}

fn all_ids(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let subscriber = |at| named(inventory.subscriber_at(at));
    ids("subscriber", &inventory.subscribers, subscriber, pending);
    let device = |at| named(inventory.device_at(at));
    ids("device", &inventory.devices, device, pending);
    let service_plan = |at| named(inventory.service_plan_at(at));
    ids(
        "service_plan",
        &inventory.service_plans,
        service_plan,
        pending,
    );
    let credentials = |at| named(inventory.credentials_at(at));
    ids("credentials", &inventory.credentials, credentials, pending);
    let billing = |at| named(inventory.billing_at(at));
    ids("billing", &inventory.billing, billing, pending);
}

/// Returns what the ids of a kind are compared by.
fn named<I: Borrow<str>, T>(object: Option<&Object<I, T>>) -> Option<(u64, &str)> {
    object.map(|object| (object.skeleton, object.id.borrow()))
}

/// Reports ids that are duplicate or look alike.
fn ids<'a>(
    table: &'static str,
    positions: &[ObjectPosition],
    id_of: impl Fn(ObjectPosition) -> Option<(u64, &'a str)>,
    pending: &mut Vec<Pending>,
) {
    let mut keys: Vec<(u64, ObjectPosition)> = positions
        .iter()
        .filter_map(|position| Some((id_of(*position)?.0, *position)))
        .collect();
    keys.sort_unstable();
    let what = match table {
        "billing" => "billing system".to_owned(),
        table => table.replace('_', " "),
    };
    for group in keys.chunk_by(|left, right| left.0 == right.0) {
        if group.len() < 2 {
            continue;
        }
        let named: Vec<(&str, ObjectPosition)> = group
            .iter()
            .filter_map(|(_, position)| Some((id_of(*position)?.1, *position)))
            .collect();
        // The first of each spelling, so that many alike cost no more than a few.
        let mut same: HashMap<&str, ObjectPosition> = HashMap::new();
        let mut in_capitals: HashMap<String, (&str, ObjectPosition)> = HashMap::new();
        for (id, position) in &named {
            let upper = id.to_ascii_uppercase();
            let first = named.first().filter(|(first, _)| look_alike(first, id));
            let earlier = same
                .get(id)
                .map(|at| (Clash::Same, *id, *at))
                .or_else(|| {
                    in_capitals
                        .get(&upper)
                        .map(|(other, at)| (Clash::Case, *other, *at))
                })
                .or_else(|| first.map(|(other, at)| (Clash::Look, *other, *at)));
            same.entry(id).or_insert(*position);
            in_capitals.entry(upper).or_insert((id, *position));
            let Some((clash, other, at)) = earlier.filter(|(_, _, at)| at != position) else {
                continue;
            };
            let here = Pointer::to_object(position.file, table, id);
            let there = Pointer::to_object(at.file, table, other);
            // What a file of credentials holds is not repeated, not even its names.
            let (one, other) = if table == "credentials" {
                ("name of these credentials".to_owned(), "another".to_owned())
            } else {
                (format!("{what} `{id}`"), format!("`{other}`"))
            };
            let mut found = match clash {
                Clash::Same => Pending::new(
                    &DUPLICATE_OBJECT,
                    here,
                    format!("the {one} is defined a second time"),
                )
                .hint("keep one of the two, or give one another id")
                .related(there, "first defined here"),
                Clash::Case => Pending::new(
                    &CASE_ONLY_DIFFERENCE,
                    here,
                    format!("the {one} differs from {other} only in capitals"),
                )
                .hint("give one of the two another id")
                .related(there, "the other one"),
                Clash::Look => {
                    Pending::new(&LOOK_ALIKE, here, format!("the {one} looks like {other}"))
                        .hint(
                            "if they are two, an id that is easier to tell apart prevents mistakes",
                        )
                        .related(there, "the other one")
                }
            };
            found.is_secret = table == "credentials";
            pending.push(found);
        }
    }
}

/// The difference between two ids that look alike.
enum Clash {
    Same,
    Case,
    Look,
}

/// The owner of a MAC address in the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claimant {
    Device(ObjectPosition),
    Subscriber(ObjectPosition),
}

/// Reports MAC addresses that two subscribers, or a subscriber and a device, claim.
fn mac_addresses(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let devices = inventory.devices.iter().filter_map(|position| {
        let mac = inventory.device_at(*position)?.text.mac?;
        Some((mac.to_u64(), Claimant::Device(*position)))
    });
    let subscribers = inventory.subscribers.iter().filter_map(|position| {
        let mac = inventory.subscriber_at(*position)?.text.endpoint?;
        Some((mac.to_u64(), Claimant::Subscriber(*position)))
    });
    let mut claims: Vec<(u64, Claimant)> = devices.chain(subscribers).collect();
    claims.sort_unstable();
    for group in claims.chunk_by(|left, right| left.0 == right.0) {
        let [(_, first), others @ ..] = group else {
            continue;
        };
        for (_, other) in others {
            let (Some((first, first_at, _)), Some((other, at, mac))) =
                (claim(inventory, *first), claim(inventory, *other))
            else {
                continue;
            };
            if first == other {
                // A duplicate object, which another rule reports.
                continue;
            }
            pending.push(
                Pending::new(&DUPLICATE_MAC, at, format!("{first} and {other} both have {mac}"))
                    .hint("an endpoint that moved home must be taken from the first before it is given to the second")
                    .related(first_at, "first given here"),
            );
        }
    }
}

/// Returns who claims, where, and which address.
fn claim(inventory: &Inventory, claimant: Claimant) -> Option<(String, Pointer, MacAddress)> {
    Some(match claimant {
        Claimant::Device(position) => {
            let object = inventory.device_at(position)?;
            let at = inventory.point_at_device(position).value("mac");
            (format!("device `{}`", object.id), at, object.text.mac?)
        }
        Claimant::Subscriber(position) => {
            let object = inventory.subscriber_at(position)?;
            let at = inventory.point_at_subscriber(position).value("endpoint");
            (
                format!("subscriber `{}`", object.id),
                at,
                object.text.endpoint?,
            )
        }
    })
}

/// Reports devices that share an address and a port.
fn addresses(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let mut by_ip: BTreeMap<_, Vec<(ObjectPosition, crate::model::Address)>> = BTreeMap::new();
    for position in &inventory.devices {
        if let Some(address) = inventory
            .device_at(*position)
            .and_then(|object| object.text.address)
        {
            by_ip
                .entry(address.ip.to_canonical())
                .or_default()
                .push((*position, address));
        }
    }
    for group in by_ip.values() {
        for (index, (position, address)) in group.iter().enumerate() {
            let clash = group.iter().take(index).find(|(_, other)| {
                other.ssh_port == address.ssh_port || other.snmp_port == address.snmp_port
            });
            let Some((first, _)) = clash else { continue };
            if is_same_device(inventory, *first, *position) {
                continue;
            }
            let name = |position: ObjectPosition| {
                inventory
                    .device_at(position)
                    .map_or("", |object| object.id.as_str())
            };
            pending.push(
                Pending::new(
                    &DUPLICATE_ADDRESS,
                    inventory.point_at_device(*position).value("address"),
                    format!("devices `{}` and `{}` both have {}", name(*first), name(*position), address.ip),
                )
                .hint("a device that takes another's place keeps its name: change the pins of the first instead")
                .related(inventory.point_at_device(*first).value("address"), "first given here"),
            );
        }
    }
}

/// Returns whether a device is defined at both positions, which is reported as such.
fn is_same_device(inventory: &Inventory, left: ObjectPosition, right: ObjectPosition) -> bool {
    let id = |position| inventory.device_at(position).map(|object| &object.id);
    id(left) == id(right)
}

fn pins(inventory: &Inventory, pending: &mut Vec<Pending>) {
    unique(
        inventory,
        "serial",
        &DUPLICATE_PIN,
        |text| text.serial.clone(),
        pending,
    );
    unique(
        inventory,
        "host_key",
        &DUPLICATE_PIN,
        |text| text.host_key.clone(),
        pending,
    );
    unique(
        inventory,
        "hostname",
        &DUPLICATE_HOSTNAME,
        |text| {
            let is_here = text.state != Some(DeviceState::Retired);
            text.hostname.clone().filter(|_| is_here)
        },
        pending,
    );
}

fn unique<T: Ord + Display>(
    inventory: &Inventory,
    key: &'static str,
    rule: &'static Rule,
    value_of: impl Fn(&crate::inventory::text::DeviceText) -> Option<T>,
    pending: &mut Vec<Pending>,
) {
    let mut first: BTreeMap<T, ObjectPosition> = BTreeMap::new();
    for position in &inventory.devices {
        let Some(object) = inventory.device_at(*position) else {
            continue;
        };
        let Some(value) = value_of(&object.text) else {
            continue;
        };
        if let Some(earlier) = first.get(&value) {
            if is_same_device(inventory, *earlier, *position) {
                continue;
            }
            let other = inventory
                .device_at(*earlier)
                .map_or("", |object| object.id.as_str());
            pending.push(
                Pending::new(
                    rule,
                    inventory.point_at_device(*position).value(key),
                    format!(
                        "devices `{other}` and `{}` both have the `{key}` {value}",
                        object.id
                    ),
                )
                .hint(format!(
                    "every device has its own `{key}`: check on the device which one is right"
                ))
                .related(
                    inventory.point_at_device(*earlier).value(key),
                    "first given here",
                ),
            );
        } else {
            first.insert(value, *position);
        }
    }
}
