//! A valid inventory has no finding, and what it resolves to keeps the promises that planning relies on.

use std::collections::BTreeSet;

use gamctl::inventory::{IntendedDevice, resolve, resolve_device};
use gamctl::model::{GamModel, Medium, RateLimit, SubscriberName, VlanId};
use proptest::prelude::*;

use super::generate::limiter;
use super::spec::{Object, Spec, Table, vlans_of};
use super::write::{plain, varied};
use super::{dice, listed, reading_of, shown, tried, valid_inventory};

/// Checks what holds for a device's configuration whatever the inventory says.
fn check_device(spec: &Spec, device: &IntendedDevice) -> Result<(), TestCaseError> {
    let config = &device.config;
    let written = spec.device(device.name.as_str()).unwrap();
    let model: GamModel = written.text("model").unwrap().parse().unwrap();
    prop_assert!(config.profiles.len() <= 14);
    let used: BTreeSet<_> = config
        .subscribers
        .values()
        .filter_map(|subscriber| match &subscriber.rate {
            RateLimit::Profile(name) => Some(name),
            RateLimit::Unthrottled => None,
        })
        .collect();
    prop_assert_eq!(used, config.profiles.keys().collect::<BTreeSet<_>>());
    let highest = if model.medium() == Medium::Coax {
        800
    } else {
        1000
    };
    for profile in config.profiles.values() {
        for rate in [profile.down, profile.up] {
            prop_assert!((10..=highest).contains(&rate.get()), "{}", rate);
        }
    }
    let names: BTreeSet<_> = config
        .endpoints
        .values()
        .map(|endpoint| &endpoint.name)
        .collect();
    prop_assert_eq!(names.len(), config.endpoints.len());
    for port in config.ports.keys() {
        prop_assert!(model.has_port(*port));
    }
    let of_subscribers = config.subscribers.values().filter_map(|one| one.endpoint);
    let bound: Vec<_> = of_subscribers.collect();
    let once: BTreeSet<_> = bound.iter().collect();
    prop_assert_eq!(once.len(), bound.len());
    for mac in &bound {
        prop_assert!(config.endpoints.contains_key(mac));
    }
    Ok(())
}

/// Checks one subscriber against what was written of it.
fn check_subscriber(
    spec: &Spec,
    object: &Object,
    device: &IntendedDevice,
) -> Result<(), TestCaseError> {
    let Object { id, table } = object;
    let name = SubscriberName::new(table.text("name").unwrap_or(id)).unwrap();
    let served = device.config.subscribers.get(&name);
    let mac = table.text("endpoint").map(|text| text.parse().unwrap());
    let state = table.text("state").unwrap_or("active");
    if state == "pending" {
        prop_assert_eq!(served, None);
        prop_assert!(mac.is_none_or(|mac| !device.config.endpoints.contains_key(&mac)));
        return Ok(());
    }
    let served = served.unwrap();
    let how = (state == "suspended").then(|| spec.suspension().0);
    let is_captive = how == Some("captive");
    let plan = match how {
        Some("captive" | "throttle") => spec.suspension().1,
        _ => table.text("service_plan"),
    };
    let plan = spec.plan(plan.unwrap()).unwrap();
    prop_assert_eq!(limit_of(device, &served.rate), limits_of(spec, plan));
    prop_assert_eq!(served.endpoint, mac.filter(|_| how != Some("detach")));
    prop_assert!(mac.is_none_or(|mac| device.config.endpoints.contains_key(&mac)));
    let vlan = |key: &str| {
        let number = table.number(key).filter(|_| !is_captive);
        number.map(|number| VlanId::new(u16::try_from(number).unwrap()).unwrap())
    };
    prop_assert_eq!(served.vlan, vlan("vlan").unwrap_or(VlanId::UNSERVED));
    prop_assert_eq!(served.vlan == VlanId::UNSERVED, is_captive);
    prop_assert_eq!(served.tagged, table.is_set("tagged") && !is_captive);
    prop_assert_eq!(served.port2_vlan, vlan("port2_vlan"));
    prop_assert_eq!(served.remapped_vlan, vlan("remapped_vlan"));
    let allowed: BTreeSet<u16> = served.allowed_vlans.iter().map(VlanId::get).collect();
    let written = table.text("allowed_vlans").filter(|_| !is_captive);
    prop_assert_eq!(allowed, written.map(vlans_of).unwrap_or_default());
    let description = served.description.as_ref().map(|text| text.as_str());
    prop_assert_eq!(description, table.text("description"));
    prop_assert_eq!(served.poe.map(|poe| poe.as_str()), table.text("poe"));
    Ok(())
}

fn limit_of(device: &IntendedDevice, rate: &RateLimit) -> Option<(u32, u32)> {
    let RateLimit::Profile(name) = rate else {
        return None;
    };
    let profile = &device.config.profiles[name];
    Some((profile.down.get(), profile.up.get()))
}

fn limits_of(spec: &Spec, plan: &Table) -> Option<(u32, u32)> {
    Some((limiter(spec, plan, "down")?, limiter(spec, plan, "up")?))
}

proptest! {
    #![proptest_config(tried(60))]

    #[test]
    fn a_valid_inventory_has_no_finding_and_resolves_to_what_it_says(spec in valid_inventory()) {
        let reading = reading_of(&plain(&spec));
        prop_assert_eq!(listed(&reading), "");
        let devices = resolve(&reading.inventory);
        prop_assert_eq!(devices.len(), spec.devices.len());
        prop_assert!(devices.is_sorted_by(|left, right| left.name < right.name));
        let mut served = 0;
        for device in &devices {
            check_device(&spec, device)?;
            served += device.config.subscribers.len();
            let alone = resolve_device(&reading.inventory, device.name.as_str());
            prop_assert_eq!(alone.as_ref(), Some(device));
        }
        for object in &spec.subscribers {
            let home = object.table.text("device").unwrap();
            let device = devices.iter().find(|device| device.name.as_str() == home).unwrap();
            check_subscriber(&spec, object, device)?;
            served -= usize::from(object.table.text("state") != Some("pending"));
        }
        prop_assert_eq!(served, 0);
    }

    /// A port that is shut down stops no service (docs/gam.md).
    #[test]
    fn suspending_every_subscriber_leaves_every_port_as_it_is(mut spec in valid_inventory()) {
        let ports = |spec: &Spec| {
            let devices = resolve(&reading_of(&plain(spec)).inventory).into_iter();
            devices.map(|device| (device.name, device.config.ports)).collect::<Vec<_>>()
        };
        let before = ports(&spec);
        for object in &mut spec.subscribers {
            object.table.set("state", "suspended");
        }
        prop_assert_eq!(ports(&spec), before);
    }

    #[test]
    fn retired_devices_without_subscribers_resolve_to_nothing(mut spec in valid_inventory(), mut dice in dice::dice(300)) {
        spec.subscribers.clear();
        for device in &mut spec.devices {
            device.table.set("state", "retired");
            if device.table.get("address").is_none() {
                device.table.remove("test_bed");
                device.table.set("address", "2001:db8:1::1");
            }
        }
        spec.devices.retain({
            let mut seen = BTreeSet::new();
            move |device| seen.insert(device.table.text("address").unwrap().to_owned())
        });
        let texts = varied(&spec, &mut dice);
        let reading = reading_of(&texts);
        prop_assert_eq!(listed(&reading), "", "{}", shown(&texts));
        for device in resolve(&reading.inventory) {
            prop_assert_eq!(device.config, gamctl::model::DeviceConfig::default());
        }
    }
}

#[test]
fn generated_inventories_use_what_there_is() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..150 {
        let spec = valid_inventory().new_tree(&mut runner).unwrap().current();
        for object in spec
            .devices
            .iter()
            .chain(&spec.subscribers)
            .chain(&spec.plans)
        {
            for (key, value) in &object.table.0 {
                seen.insert(match (key.as_str(), value) {
                    ("model" | "state" | "poe", super::spec::Value::Text(text)) => text.clone(),
                    _ => key.clone(),
                });
            }
        }
    }
    for model in GamModel::ALL {
        assert!(seen.contains(model.as_str()), "{model}");
    }
    for word in [
        "suspended",
        "pending",
        "retired",
        "preprovision",
        "locked",
        "force",
        "moved_from",
        "external",
        "hold",
        "port2_vlan",
        "allowed_vlans",
        "labels",
        "host_key",
        "unthrottled",
    ] {
        assert!(seen.contains(word), "{word}");
    }
}
