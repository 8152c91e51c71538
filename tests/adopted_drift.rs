//! Tests which drift becomes a change of the inventory, and which is left out with which reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use gamctl::authoring::edit::Edit;
use gamctl::inventory::source::Limits;
use gamctl::inventory::{Reading, read_texts};
use gamctl::model::{
    DeviceConfig, DeviceName, EndpointName, Mbps, ProfileName, RateLimit, SubscriberName, VlanId,
    VlanSet,
};
use gamctl::plan::{InventoryVersion, Ledger};
use gamctl::reconcile::{
    Applied, FingerprintedObservation, Fleet, Policy, adopt_drift, as_if_applied, plan_all,
};

const DEVICES: &str = r#"
[device.oak-0]
model = "GAM-4-CX"
address = "10.0.0.1"
hostname = "oak-0"
location = "cellar"

[device.oak-0.uplink.1]
allowed_vlans = "100-4094"

[device.oak-0.port.1]
name = "riser"
"#;

const SUBSCRIBERS: &str = r#"
[subscriber.acct-1]
device = "oak-0"
port = 1
endpoint = "00:0e:d8:1c:00:01"
service_plan = "home-100"
vlan = 101
name = "apt-1"

[subscriber.acct-2]
device = "oak-0"
port = 2
endpoint = "00:0e:d8:1c:00:02"
service_plan = "home-100"
vlan = 102
protected = true

[subscriber.acct-3]
device = "oak-0"
port = 3
endpoint = "00:0e:d8:1c:00:03"
service_plan = "home-300"
vlan = 103
state = "suspended"
"#;

fn reading() -> Reading {
    let texts = [
        (
            "network.toml",
            "schema = 1\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"home-100\"\n",
        ),
        ("devices.toml", DEVICES),
        ("subscribers.toml", SUBSCRIBERS),
        (
            "service-plans.toml",
            "[service_plan.home-100]\ndown = 100\nup = 100\n\n[service_plan.home-300]\ndown = 300\nup = 100\n",
        ),
        (
            "credentials.toml",
            "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"c\" } }\nssh = { user = \"admin\", password = { secret = \"p\" } }\n",
        ),
    ];
    let texts = texts.map(|(path, text)| (Arc::from(path), Arc::from(text)));
    let texts: BTreeMap<Arc<str>, Arc<str>> = texts.into_iter().collect();
    let reading = read_texts(&texts, &Limits::default());
    assert!(!reading.has_errors(), "{:?}", reading.findings);
    reading
}

/// Returns the drift after somebody changed the device, as lines: `key = value`, or the object and the reason.
fn adopted(change: impl FnOnce(&mut DeviceConfig)) -> Vec<String> {
    let reading = reading();
    let inventory = &reading.inventory;
    let policy = Policy::of(inventory, inventory);
    let mut fleet = Fleet::of(inventory, InventoryVersion::default(), None, policy);
    let device = DeviceName::new("oak-0").unwrap();
    let looks = as_if_applied(
        &fleet,
        &Applied::of(inventory),
        std::slice::from_ref(&device),
    );
    let mut look = looks[&device].as_ref().unwrap().observation().clone();
    let ledger = Ledger::of(fleet.devices[0].config.clone());
    fleet.ledgers = Some(BTreeMap::from([(device.clone(), ledger)]));
    change(&mut look.config);
    let looks = [(device, Ok(FingerprintedObservation::of(look)))].into();
    let planned = plan_all(&fleet, &looks);
    let adopted = adopt_drift(inventory, &planned, &looks);
    let edits = adopted.edits();
    let values = edits.iter().map(|edit| match edit {
        Edit::Set { object, key, value } => format!("{object} {key} = {value}"),
        Edit::Unset { object, key } => format!("{object} without {key}"),
        other => format!("{other:?}"),
    });
    let left_out = adopted.left_out.iter().map(|one| {
        let field = one.field.map(|field| format!(" {field}"));
        format!(
            "{}{}: {}",
            one.object,
            field.unwrap_or_default(),
            one.because
        )
    });
    let mut all: Vec<String> = values.chain(left_out).collect();
    all.sort();
    all
}

fn subscriber<'a>(
    config: &'a mut DeviceConfig,
    name: &str,
) -> &'a mut gamctl::model::SubscriberConfig {
    let mut subscribers = config.subscribers.iter_mut();
    subscribers
        .find(|(known, _)| known.as_str() == name)
        .unwrap()
        .1
}

#[test]
fn a_device_as_verified_has_nothing_to_adopt() {
    assert!(adopted(|_| {}).is_empty());
}

#[test]
fn a_drifted_field_of_a_subscriber_is_the_key_of_its_id() {
    let drift = adopted(|config| {
        let one = subscriber(config, "apt-1");
        one.vlan = VlanId::new(777).unwrap();
        one.tagged = true;
        one.allowed_vlans = "200-202".parse::<VlanSet>().unwrap();
    });
    assert_eq!(
        drift,
        [
            "subscriber `acct-1` allowed_vlans = \"200-202\"",
            "subscriber `acct-1` tagged = true",
            "subscriber `acct-1` vlan = 777",
        ]
    );
}

#[test]
fn a_renamed_subscriber_keeps_the_name_of_its_endpoint() {
    let drift = adopted(|config| {
        let name = SubscriberName::new("apt-1").unwrap();
        let one = config.subscribers.remove(&name).unwrap();
        let hall = SubscriberName::new("hall").unwrap();
        config.subscribers.insert(hall, one);
    });
    assert_eq!(
        drift,
        [
            "subscriber `acct-1` endpoint_name = \"apt-1\"",
            "subscriber `acct-1` name = \"hall\"",
        ]
    );
}

#[test]
fn settings_of_the_device_and_names_of_endpoints_have_keys_of_their_own() {
    let drift = adopted(|config| {
        config.system.location = Some(gamctl::model::HeldText::new("attic").unwrap());
        let uplink = config.uplinks.values_mut().next().unwrap();
        uplink.allowed_vlans = Some("100-200".parse().unwrap());
        let endpoint = config.endpoints.values_mut().next().unwrap();
        endpoint.name = EndpointName::new("router-9").unwrap();
    });
    assert_eq!(
        drift,
        [
            "device `oak-0` location = \"attic\"",
            "device `oak-0` uplink.1.allowed_vlans = \"100-200\"",
            "subscriber `acct-1` endpoint_name = \"router-9\"",
        ]
    );
}

#[test]
fn a_text_that_the_inventory_refuses_is_left_out_and_an_empty_one_too() {
    let drift = adopted(|config| {
        config.system.hostname = Some(gamctl::model::HeldText::new("oak 0?").unwrap());
        config.ports.values_mut().next().unwrap().name = None;
    });
    assert_eq!(drift.len(), 2, "{drift:?}");
    assert_eq!(
        drift[0],
        "port 1 name: the inventory cannot say that the device has no value"
    );
    assert!(
        drift[1].starts_with("system hostname: the inventory does not accept the text: "),
        "{drift:?}"
    );
}

#[test]
fn another_profile_is_the_one_service_plan_that_has_it() {
    let drift = adopted(|config| {
        let rate = ProfileName::new("home-300").unwrap();
        let mut profile = config.profiles.values().next().unwrap().clone();
        profile.slot = Some(gamctl::model::Slot(9));
        let headroom = |plan: u32| Mbps::new(plan).unwrap();
        (profile.down, profile.up) = (headroom(318), headroom(106));
        config.profiles.insert(rate.clone(), profile);
        subscriber(config, "apt-1").rate = RateLimit::Profile(rate);
    });
    assert_eq!(drift, ["subscriber `acct-1` service_plan = \"home-300\""]);
}

#[test]
fn the_speed_of_a_profile_is_left_out_because_others_share_its_plan() {
    let drift = adopted(|config| {
        config.profiles.values_mut().next().unwrap().down = Mbps::new(55).unwrap();
    });
    assert_eq!(
        drift,
        [
            "profile home-100 down: the profile home-100 belongs to a service plan, and a changed plan would change all its subscribers"
        ]
    );
}

#[test]
fn protected_suspended_and_missing_subscribers_are_left_alone() {
    let drift = adopted(|config| {
        subscriber(config, "acct-2").vlan = VlanId::new(778).unwrap();
        subscriber(config, "acct-3").vlan = VlanId::new(779).unwrap();
        config
            .subscribers
            .retain(|name, _| name.as_str() != "apt-1");
    });
    assert_eq!(
        drift,
        [
            "subscriber acct-1 (apt-1): the device does not have it; take it out of the inventory, or let `gamctl apply` create it again",
            "subscriber acct-2 vlan: the subscriber is protected",
            "subscriber acct-3 vlan: the subscriber is suspended, so the value is that of the suspension",
        ]
    );
}

#[test]
fn another_endpoint_is_left_out() {
    let drift = adopted(|config| {
        subscriber(config, "apt-1").endpoint = None;
    });
    assert_eq!(drift.len(), 1, "{drift:?}");
    assert!(
        drift[0].contains("would be removed from the device"),
        "{drift:?}"
    );
}
