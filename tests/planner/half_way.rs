//! Planning again between two steps of a plan: it goes on to the same end.

use gamctl::plan::Ledger;
use serde_json::{Value, json};

use super::{Example, homes, mac, subscriber};

/// Returns the example in which `a` has the endpoint and `b` is to get it. `b` is not owned.
fn traded(address: u8) -> Example {
    let mut observed = homes();
    observed["endpoints"] = json!({ mac(address): { "name": "a", "port": 1 } });
    observed["subscribers"]["a"] = subscriber(address, 101);
    observed["subscribers"]["b"] = detached(102);
    let mut example = Example::of(&observed);
    let mut owned = observed;
    owned["subscribers"].as_object_mut().unwrap().remove("b");
    owned["endpoints"] = json!({ mac(1): { "name": "a", "port": 1 } });
    example.ledger = Some(Ledger::of(serde_json::from_value(owned).unwrap()));
    example.intended["endpoints"] = json!({ mac(9): { "name": "a", "port": 1 } });
    example.intended["subscribers"]["a"] = detached(103);
    example.intended["subscribers"]["b"] = subscriber(9, 101);
    example
}

fn detached(vlan: u16) -> Value {
    let mut subscriber = subscriber(1, vlan);
    subscriber.as_object_mut().unwrap().remove("endpoint");
    subscriber
}

/// After the first step, `a` has the very service that `b` is to have. It must not get the name of `b`: the device has another
/// `b`, which is not owned and so cannot give its name up.
#[test]
fn half_way_through_a_trade_of_endpoints_the_names_stay() {
    let lines = traded(1).lines();
    assert_eq!(
        lines,
        [
            "ghn endpoint 1 mac-address 00:0e:d8:00:00:09",
            "no ghn subscriber 1 endpoint",
            "ghn subscriber 1 vid 103",
            "ghn subscriber 2 endpoint 1 vid 101",
        ]
    );
    let again = traded(9);
    assert_eq!(again.lines(), lines[1..]);
    assert_eq!(again.notes(), [] as [&str; 0]);
}
