//! Plants errors in what is there, and checks that the oracle and the judge notice each of them.

use std::collections::BTreeMap;

use gamctl::model::{GamModel, MacAddress};
use gamctl::simulator::gam::{
    Configuration, Endpoint, ExpectedPort, Hardware, Profile, Subscriber as OnDevice,
};

use super::bed::DEVICES;
use super::judge::judge;
use super::life::{Customer, Life};
use super::seen::Seen;
use crate::billing::product::Product;

/// A customer who was sold a line, and whose endpoint is plugged in.
fn life() -> Life {
    let mut life = Life::new(20);
    life.customers.push(Customer {
        account: 1001,
        service: 7001,
        tariff: Some(1),
        has_paid: true,
        has_left: false,
        item: Some(0),
    });
    life.endpoints = 1;
    life.plugged.insert(0, life.home);
    life
}

fn device(model: GamModel) -> Configuration {
    Configuration::factory(&Hardware::of(model, 1))
}

/// Everything as it must be.
fn seen(life: &Life) -> Seen {
    let port = life.home.port;
    let inventory = format!(
        "device = \"maple-b\"\nport = {port}\nendpoint = \"{}\"\nservice_plan = \"home-500\"\nvlan = 100\nexternal = {{ system = \"splynx\", account = \"1001\", service = \"7001\" }}\n",
        life.mac(0)
    );
    let mac: MacAddress = life.mac(0).parse().unwrap();
    let mut devices: Vec<Configuration> =
        DEVICES.iter().map(|(_, model, _)| device(*model)).collect();
    let running = &mut devices[1];
    running.profiles.insert(
        2,
        Profile {
            name: "home-500".into(),
            description: "".into(),
            down: 500,
            up: 250,
            service_limit_level: None,
        },
    );
    running.endpoints.insert(
        1,
        Endpoint {
            name: "one".into(),
            mac,
            description: "".into(),
            port: ExpectedPort::Port(port),
            allow_management_access: false,
        },
    );
    let mut subscriber = OnDevice::named("acct-1001");
    (subscriber.endpoint, subscriber.vlan, subscriber.profile) = (Some(1), 100, Some(2));
    running.subscribers.insert(1, subscriber);
    let fields = [
        format!("maple-b/{port}"),
        "100".to_owned(),
        "served".to_owned(),
    ];
    Seen {
        product: Product::Splynx,
        head: "c1".to_owned(),
        subscribers: BTreeMap::from([("acct-1001".to_owned(), inventory.parse().unwrap())]),
        devices: devices
            .into_iter()
            .map(|one| (one.clone(), Some(one)))
            .collect(),
        written: BTreeMap::from([(7001, fields)]),
        notes: vec![(1001, "activated [gamctl 7f3a9c]".to_owned())],
        bills: 0,
    }
}

/// An error that is planted.
type Planted = fn(&mut Life, &mut Seen);

fn running(seen: &mut Seen) -> &mut Configuration {
    &mut seen.devices[1].0
}

fn set(seen: &mut Seen, key: &str, value: impl Into<toml::Value>) {
    let one = seen.subscribers.get_mut("acct-1001").unwrap();
    one.insert(key.to_owned(), value.into());
}

#[test]
fn every_planted_error_is_noticed() {
    let good = life();
    assert!(judge(std::slice::from_ref(&good), &seen(&good)).is_ok());
    let planted: [(&str, Planted); 20] = [
        ("another port", |_, seen| set(seen, "port", 3)),
        ("another device", |_, seen| set(seen, "device", "maple-a")),
        ("another plan", |_, seen| {
            set(seen, "service_plan", "home-100");
        }),
        ("another state", |_, seen| set(seen, "state", "suspended")),
        ("a key of an engineer", |_, seen| set(seen, "poe", "enable")),
        ("a description from nowhere", |_, seen| {
            set(seen, "description", "flat 9");
        }),
        ("no subscriber", |_, seen| seen.subscribers.clear()),
        ("a stranger", |_, seen| {
            let one = seen.subscribers["acct-1001"].clone();
            seen.subscribers.insert("acct-9".to_owned(), one);
        }),
        ("a VLAN of its own on the device", |_, seen| {
            running(seen).subscribers.get_mut(&1).unwrap().vlan = 101;
        }),
        ("another profile", |_, seen| {
            running(seen).profiles.get_mut(&2).unwrap().down = 100;
        }),
        ("an endpoint on another port", |_, seen| {
            running(seen).endpoints.get_mut(&1).unwrap().port = ExpectedPort::Port(1);
        }),
        ("a stranger on the device", |_, seen| {
            running(seen)
                .subscribers
                .insert(2, OnDevice::named("acct-9"));
        }),
        ("a device that is not saved", |_, seen| {
            seen.devices[1].1 = None;
        }),
        ("another place in billing", |_, seen| {
            seen.written.get_mut(&7001).unwrap()[0] = "maple-b/1".to_owned();
        }),
        ("another state in billing", |_, seen| {
            seen.written.get_mut(&7001).unwrap()[2] = "suspended".to_owned();
        }),
        ("a note that is doubled", |_, seen| {
            let note = seen.notes[0].clone();
            seen.notes.push(note);
        }),
        ("a write that bills", |_, seen| seen.bills = 1),
        ("a customer who did not pay and is served", |life, _| {
            life.customers[0].has_paid = false;
        }),
        ("an endpoint in another building", |life, _| {
            life.plugged.insert(0, life.away);
        }),
        ("an endpoint of two customers", |life, _| {
            life.twice.insert(0);
        }),
    ];
    for (name, plant) in planted {
        let (mut life, mut seen) = (life(), seen(&good));
        plant(&mut life, &mut seen);
        assert!(judge(&[life], &seen).is_err(), "{name} is not noticed");
    }
}
