//! What could not be read is never taken for absent, and what is not understood keeps its place.

use gamctl::model::{Part, PortAssignment, PortConfig, PortNumber, Slot, Unclear, Unread, VlanSet};
use gamctl::plan::Impact;
use serde_json::json;

use super::{Example, mac, subscriber};

fn unread(part: Part, number: Option<u16>, field: Option<&str>) -> Unread {
    Unread {
        part,
        number,
        field: field.map(str::to_owned),
        reason: "timed out".to_owned(),
    }
}

fn unclear(part: Part, slot: u16) -> Unclear {
    Unclear {
        part,
        slot: Slot(slot),
        name: Some("x".to_owned()),
        mac: None,
        port: None,
        uses_endpoint: None,
        uses_profile: None,
        vlans: VlanSet::default(),
        reason: "rate 2".to_owned(),
    }
}

#[test]
fn a_part_that_is_not_whole_loses_and_gains_nothing() {
    let mut example = Example::settled();
    example.intended["subscribers"]
        .as_object_mut()
        .unwrap()
        .remove("a");
    example.intended["subscribers"]["c"] = subscriber(1, 103);
    example.intended["subscribers"]["b"]["vlan"] = json!(200);
    example
        .observation
        .unread
        .push(unread(Part::Subscribers, None, None));
    example.intended["endpoints"][mac(1)]["name"] = json!("c");
    assert_eq!(
        example.lines(),
        ["ghn endpoint 1 name \"c\"", "ghn subscriber 2 vid 200"]
    );
    let notes = example.notes();
    assert_eq!(
        notes[0],
        "not-read: not all subscribers could be read: timed out; nothing is created or removed there"
    );
    assert!(
        notes[1].starts_with(
            "not-read: subscriber c is not planned: not all subscribers could be read"
        ),
        "{notes:?}"
    );
}

#[test]
fn a_field_that_was_not_read_is_not_compared() {
    let mut example = Example::settled();
    example.intended["subscribers"]["a"]["vlan"] = json!(200);
    example.intended["subscribers"]["a"]["tagged"] = json!(true);
    example
        .observation
        .unread
        .push(unread(Part::Subscribers, Some(1), Some("vlan")));
    assert_eq!(example.lines(), ["ghn subscriber 1 tagged"]);
    assert_eq!(
        example.notes(),
        ["not-read: `vlan` of subscriber a is not compared: it could not be read (timed out)"]
    );
}

#[test]
fn an_unclear_subscriber_is_cut_off_by_a_move_to_a_port_that_is_off() {
    for enabled in [true, false] {
        let mut example = Example::settled();
        let mut stranger = unclear(Part::Subscribers, 1);
        stranger.uses_endpoint = Some(Slot(1));
        example.observation.unclear.push(stranger);
        let name: gamctl::model::SubscriberName = "a".parse().unwrap();
        example.observation.config.subscribers.remove(&name);
        let subscribers = example.intended["subscribers"].as_object_mut().unwrap();
        subscribers.remove("a");
        let port = PortConfig {
            enabled: Some(enabled),
            ..PortConfig::default()
        };
        let ports = &mut example.observation.config.ports;
        ports.insert(PortNumber::new(3).unwrap(), port);
        example.intended["endpoints"][mac(1)]["port"] = json!(3);
        let plan = example.plan();
        let impacts: Vec<&Impact> = plan.steps.iter().map(|step| &step.impact).collect();
        let subscribers = vec!["x".parse().unwrap()];
        let expected = match enabled {
            true => Impact::Interrupts { subscribers },
            false => Impact::Disconnects {
                subscribers,
                interrupts: Vec::new(),
            },
        };
        assert_eq!(impacts, [&expected]);
    }
}

#[test]
fn an_unclear_subscriber_may_be_cut_off_by_a_port_that_its_endpoint_may_be_on() {
    // The port of its endpoint did not decode, then all of the endpoint did not, then its own reference did not.
    for unknown in ["port", "endpoint", "reference"] {
        let mut example = Example::settled();
        let mut stranger = unclear(Part::Subscribers, 1);
        stranger.uses_endpoint = (unknown != "reference").then_some(Slot(1));
        example.observation.unclear.push(stranger);
        let name: gamctl::model::SubscriberName = "a".parse().unwrap();
        example.observation.config.subscribers.remove(&name);
        for (part, name) in [("subscribers", "a".to_owned()), ("endpoints", mac(1))] {
            let objects = example.intended[part].as_object_mut().unwrap();
            objects.remove(&name);
        }
        if unknown == "endpoint" {
            let address = mac(1).parse().unwrap();
            example.observation.config.endpoints.remove(&address);
            example
                .observation
                .unclear
                .push(unclear(Part::Endpoints, 1));
        } else if unknown == "port" {
            let port = unread(Part::Endpoints, Some(1), Some("port"));
            example.observation.unread.push(port);
        }
        let enabled = PortConfig {
            enabled: Some(true),
            ..PortConfig::default()
        };
        let ports = &mut example.observation.config.ports;
        ports.insert(PortNumber::new(4).unwrap(), enabled);
        example.intended["ports"] = json!({ "4": { "enabled": false } });
        let plan = example.plan();
        let shuts = plan
            .steps
            .iter()
            .find(|step| step.lines == ["ghn port 4 shutdown"]);
        let cut_off = Impact::Disconnects {
            subscribers: vec!["x".parse().unwrap()],
            interrupts: Vec::new(),
        };
        assert_eq!(shuts.unwrap().impact, cut_off, "{unknown}");
    }
}

#[test]
fn a_move_to_where_nothing_was_read_may_cut_off() {
    let mut observed = super::homes();
    observed["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    observed["ports"] = json!({ "3": {} });
    for (part, field) in [(Part::Endpoints, "port"), (Part::Ports, "enabled")] {
        let mut example = Example::of(&observed);
        example
            .observation
            .unread
            .push(unread(part, Some(3), Some(field)));
        example.intended["subscribers"]["a"] = subscriber(3, 101);
        let plan = example.plan();
        let impacts: Vec<&Impact> = plan.steps.iter().map(|step| &step.impact).collect();
        let cut_off = Impact::Disconnects {
            subscribers: vec!["a".parse().unwrap()],
            interrupts: Vec::new(),
        };
        assert_eq!(impacts, [&cut_off], "{field}");
    }
}

#[test]
fn an_unclear_object_keeps_its_slot_its_name_and_its_references() {
    let mut example = Example::settled();
    let mut stranger = unclear(Part::Subscribers, 3);
    stranger.uses_endpoint = Some(Slot(1));
    stranger.uses_profile = Some(Slot(2));
    example.observation.unclear.push(stranger);
    let name: gamctl::model::SubscriberName = "a".parse().unwrap();
    example.observation.config.subscribers.remove(&name);
    example.intended = json!({ "endpoints": { mac(3): { "name": "x", "port": 3 } }, "subscribers": {
        "x": { "endpoint": mac(3), "rate": "unthrottled", "vlan": 150, "tagged": false },
        "y": { "endpoint": mac(3), "rate": "unthrottled", "vlan": 150, "tagged": false },
    } });
    example.intended["subscribers"]
        .as_object_mut()
        .unwrap()
        .remove("y");
    assert_eq!(
        example.lines(),
        [
            "no ghn subscriber 2",
            "no ghn endpoint 2",
            "ghn endpoint 3 name \"x\" mac-address 00:0e:d8:00:00:03 port 3"
        ]
    );
    assert_eq!(
        example.notes(),
        [
            "still-used: endpoint 00:0e:d8:00:00:01 is not removed: subscriber 3 is not understood (rate 2), and uses it",
            "still-used: profile home is not removed: subscriber 3 is not understood (rate 2), and uses it",
            "unclear: subscriber x is not planned: subscriber 3 is not understood (rate 2), and has the name x",
        ]
    );
}

#[test]
fn an_endpoint_that_is_not_understood_fills_its_port() {
    let mut example = Example::settled();
    let mut there = unclear(Part::Endpoints, 9);
    there.mac = Some("00:0e:d8:00:00:99".parse().unwrap());
    there.port = Some(PortAssignment::Port(PortNumber::new(3).unwrap()));
    example.observation.unclear.push(there);
    example.intended["endpoints"][mac(3)] = json!({ "name": "c", "port": 3 });
    example.intended["subscribers"]["c"] = subscriber(3, 103);
    assert_eq!(example.lines(), [] as [&str; 0]);
    assert_eq!(
        example.notes(),
        [
            "blocked: endpoint 00:0e:d8:00:00:03 is not planned: port 3 accepts 1, and has 1 that could not be read or understood",
            "blocked: subscriber c is not planned: its endpoint 00:0e:d8:00:00:03 is not",
        ]
    );
}

#[test]
fn an_unmanaged_object_in_the_way_is_named_and_the_rest_goes_on() {
    let mut example = Example::settled();
    example.ledger = None;
    example.intended = json!({
        "profiles": { "home": { "down": 212, "up": 106 } },
        "endpoints": { mac(3): { "name": "c", "port": 1 }, mac(4): { "name": "b", "port": 4 } },
        "subscribers": { "c": subscriber(3, 103) },
    });
    assert_eq!(example.lines(), ["ghn bw-profile 2 rate-downstream 212"]);
    assert_eq!(
        example.notes(),
        [
            "blocked: endpoint 00:0e:d8:00:00:04 is not planned: unmanaged endpoint 00:0e:d8:00:00:02 has its name",
            "blocked: endpoint 00:0e:d8:00:00:03 is not planned: port 1 accepts 1, and has unmanaged endpoint 00:0e:d8:00:00:01",
            "blocked: subscriber c is not planned: its endpoint 00:0e:d8:00:00:03 is not",
        ]
    );
}
