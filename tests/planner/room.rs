//! Room for endpoints: what could not be read counts, and so may an endpoint without a port.

use gamctl::model::{GamModel, Part, Unread};
use gamctl::plan::Ledger;
use serde_json::{Value, json};

use super::{Example, homes, mac, subscriber};

/// Returns a device with an endpoint on each of so many ports, without subscribers but `a` and `b` on the first two.
fn filled(ports: u8) -> Value {
    let mut config = homes();
    for number in 3..=ports {
        config["endpoints"][mac(number)] = json!({ "name": format!("e{number}"), "port": number });
    }
    config
}

#[test]
fn an_endpoint_whose_port_was_not_read_counts_on_the_device() {
    let mut observed = filled(7);
    observed["endpoints"][mac(8)] = json!({ "name": "e8", "port": "unassigned" });
    let mut example = Example::of(&observed);
    example.observation.unread.push(Unread {
        part: Part::Endpoints,
        number: Some(8),
        field: Some("port".to_owned()),
        reason: "timed out".to_owned(),
    });
    example.intended["endpoints"][mac(9)] = json!({ "name": "e9", "port": "auto" });
    assert_eq!(example.lines(), [] as [&str; 0]);
    let notes = example.notes();
    assert!(
        notes.iter().any(|note| note.ends_with(
            "endpoint 00:0e:d8:00:00:09 is not planned: a GAM-8-MX accepts 8 endpoints"
        )),
        "{notes:?}"
    );
}

/// No document says whether the limit of the device counts endpoints without a port.
#[test]
fn a_full_device_loses_an_endpoint_before_it_gets_one_without_a_port() {
    let mut example = Example::of(&filled(8));
    let endpoints = example.intended["endpoints"].as_object_mut().unwrap();
    endpoints.remove(&mac(1));
    example.intended["endpoints"][mac(9)] = json!({ "name": "e9", "port": "unassigned" });
    example.intended["subscribers"]["a"] = subscriber(2, 101);
    example.intended["subscribers"]["b"] = subscriber(9, 102);
    assert_eq!(
        example.lines(),
        [
            "no ghn subscriber 1 endpoint",
            "no ghn endpoint 1",
            "ghn endpoint 9 name \"e9\" mac-address 00:0e:d8:00:00:09 port unassigned",
            "ghn subscriber 2 endpoint 9",
            "ghn subscriber 1 endpoint 2",
        ]
    );
}

#[test]
fn endpoints_without_a_port_beyond_the_limit_are_planned_and_left_to_the_rehearsal() {
    let mut example = Example::of(&filled(8));
    example.intended["endpoints"][mac(9)] = json!({ "name": "e9", "port": "unassigned" });
    assert_eq!(
        example.lines(),
        ["ghn endpoint 9 name \"e9\" mac-address 00:0e:d8:00:00:09 port unassigned"]
    );
}

/// The last of three that want to port 5 are blocked first: 9 and 4. Then 4 keeps its name, so that 3 cannot come either, and there
/// is room for 9 after all. Without it, the next plan would create 9.
#[test]
fn room_that_a_later_block_leaves_is_used() {
    let mut example = Example::of(&filled(4));
    example.intended["endpoints"][mac(3)] = json!({ "name": "e4", "port": 5 });
    example.intended["endpoints"][mac(4)] = json!({ "name": "e10", "port": 5 });
    example.intended["endpoints"][mac(9)] = json!({ "name": "e9", "port": 5 });
    example.intended["subscribers"]["c"] = subscriber(9, 103);
    let lines = [
        "ghn endpoint 5 name \"e9\" mac-address 00:0e:d8:00:00:09 port 5",
        "ghn subscriber 3 name \"c\" endpoint 5 bw-profile 2 vid 103 untagged poe disable",
    ];
    assert_eq!(example.lines(), lines);
    assert_eq!(
        example.notes(),
        [
            "blocked: endpoint 00:0e:d8:00:00:04 is not planned: port 5 accepts 1, and others come to it",
            "blocked: endpoint 00:0e:d8:00:00:03 is not planned: endpoint 00:0e:d8:00:00:04 has its name",
        ]
    );
}

/// As after a device was replaced by one that has been in service: every place is taken by an endpoint that nobody knows.
#[test]
fn nobody_comes_to_a_device_that_others_fill() {
    let address = |number: u16| format!("00:0e:d8:00:{:02x}:{:02x}", number / 256, number % 256);
    let (mut observed, mut intended) = (homes(), homes());
    for config in [&mut observed, &mut intended] {
        config["endpoints"] = json!({});
        config["subscribers"] = json!({});
    }
    for number in 0..384_u16 {
        let port = number / 16 + 1;
        let other = json!({ "name": format!("other-{number}"), "port": port });
        observed["endpoints"][address(number)] = other;
        let own = json!({ "name": format!("own-{number}"), "port": port });
        intended["endpoints"][address(1_000 + number)] = own;
        let mut served = subscriber(1, 101 + number);
        served["endpoint"] = json!(address(1_000 + number));
        intended["subscribers"][format!("s{number}")] = served;
    }
    let mut example = Example::of(&observed);
    example.model = GamModel::Gam24C;
    example.observation.identity.model = Some(GamModel::Gam24C);
    let nothing = json!({ "profiles": {}, "endpoints": {}, "subscribers": {} });
    example.ledger = Some(Ledger::of(serde_json::from_value(nothing).unwrap()));
    example.intended = intended;
    assert_eq!(example.lines(), [] as [&str; 0]);
    assert_eq!(example.notes().len(), 768);
}
