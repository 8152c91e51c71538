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

/// Returns the example in which `b` gets the service of `a`, and `a` that of `c`. `a` is not owned, and `b` is protected.
fn passed_on(address: u8) -> Example {
    let mut observed = homes();
    observed["endpoints"] = json!({
        mac(address): { "name": "a", "port": 1 },
        mac(32): { "name": "c", "port": 2 },
    });
    observed["subscribers"] = json!({
        "a": subscriber(address, 101), "b": detached(102), "c": subscriber(32, 103),
    });
    let mut example = Example::of(&observed);
    example.ledger = Some(ledger_without_a(&observed));
    let protected = &mut example.ledger.as_mut().unwrap().protected;
    protected.insert("b".parse().unwrap());
    example.intended["endpoints"] = json!({
        mac(9): { "name": "a", "port": 1 },
        mac(32): { "name": "c", "port": 2 },
    });
    example.intended["subscribers"] = json!({
        "a": subscriber(32, 103), "b": subscriber(9, 101), "c": detached(104),
    });
    example
}

/// Returns a ledger of all that is observed, and of endpoint 1, but not of subscriber `a`.
fn ledger_without_a(observed: &Value) -> Ledger {
    let mut owned = observed.clone();
    owned["endpoints"][mac(1)] = json!({ "name": "a", "port": 1 });
    owned["subscribers"].as_object_mut().unwrap().remove("a");
    Ledger::of(serde_json::from_value(owned).unwrap())
}

/// After the first step, `a` has the service that `b` is to have. `b` is protected, so it is not removed and its name is not
/// free. Then the name of `a` is not free for `c` either.
#[test]
fn half_way_a_protected_subscriber_keeps_its_name_and_so_do_all_that_wait_for_it() {
    let lines = passed_on(1).lines();
    assert_eq!(
        lines,
        [
            "ghn endpoint 1 mac-address 00:0e:d8:00:00:09",
            "no ghn subscriber 3 endpoint",
            "ghn subscriber 3 vid 104",
            "ghn subscriber 1 endpoint 2 vid 103",
            "ghn subscriber 2 endpoint 1 vid 101",
        ]
    );
    let again = passed_on(9);
    assert_eq!(again.lines(), lines[1..]);
    assert_eq!(again.notes(), [] as [&str; 0]);
}

/// Returns the example in which `a` and `c` exchange their names while the endpoint of `a` is replaced. `a` is not owned.
fn exchanged(address: u8) -> Example {
    let mut example = passed_on(address);
    example.ledger.as_mut().unwrap().protected.clear();
    example.intended["subscribers"] = json!({
        "a": subscriber(32, 103), "b": detached(102), "c": subscriber(9, 101),
    });
    example
}

/// The names travel from the start: the subscriber of a replaced endpoint counts as on the new address before the first step.
#[test]
fn half_way_through_an_exchange_of_names_a_replaced_endpoint_changes_nothing() {
    let lines = exchanged(1).lines();
    assert_eq!(
        lines,
        [
            "ghn endpoint 1 mac-address 00:0e:d8:00:00:09",
            "ghn subscriber 1 name \"gamctl-tmp-1\"",
            "ghn subscriber 3 name \"a\"",
            "ghn subscriber 1 name \"c\"",
        ]
    );
    assert_eq!(exchanged(9).lines(), lines[1..]);
}

/// On an authoritative device, an endpoint that is not owned is replaced like an owned one: from the start, its subscriber has
/// the service of `c`.
#[test]
fn half_way_an_endpoint_of_an_authoritative_device_counts_as_replaced_from_the_start() {
    let unowned = |address| {
        let mut example = exchanged(address);
        example.authoritative = true;
        example.ledger.as_mut().unwrap().verified.endpoints.clear();
        example.intended["subscribers"]["a"] = detached(104);
        example
    };
    let mut lines = unowned(1).lines();
    let count = lines.len();
    lines.retain(|line| line != "ghn endpoint 1 mac-address 00:0e:d8:00:00:09");
    assert_eq!(lines.len() + 1, count, "{lines:?}");
    assert_eq!(unowned(9).lines(), lines);
}
