//! Tests guards about places: activations, moves and swaps that are not made.

use super::world::*;
use crate::inventory::text::MovePolicy;
use crate::model::billing::LocationId;
use crate::model::{DeviceState, SubscriberState};
use crate::sync::*;

fn no_lines() -> Vec<String> {
    Vec::new()
}

/// Returns a world in which 1042 is planned on port 7 of `maple-a`, and nothing is heard yet.
fn planned() -> World {
    let mut world = World::sold();
    world.silence(mac(1));
    world.hint("1042", "7001", "maple-a", "7");
    world.commit();
    assert_eq!(
        world.inventory.subscribers["acct-1042"].state,
        SubscriberState::Pending
    );
    world
}

/// Returns a world in which the endpoint of 1042 moved to port 4 of `maple-b`, and subscribers follow.
fn moved() -> World {
    let mut world = World::served();
    world.settings.moves = MovePolicy::Auto;
    world.silence(mac(1));
    world.hear(mac(1), "maple-b", 4);
    world
}

#[test]
fn a_port_that_the_model_does_not_have_gets_no_subscriber() {
    let mut world = World::sold();
    let maple = world.inventory.devices.get_mut("maple-a").unwrap();
    maple.ports = 12;
    assert_eq!(world.propose().lines().len(), 1);
    world.silence(mac(1));
    world.hear(mac(1), "maple-a", 13);
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    assert_eq!(proposal.verdict("1042", "7001").1, ["device-not-managed"]);
}

#[test]
fn a_planned_copper_port_with_a_subscriber_is_taken() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.hint("1042", "7001", "maple-a", "7");
    world.subscriber("other", ("maple-a", 7), Some(mac(9)), None);
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    let (_, rules) = proposal.verdict("1042", "7001");
    assert!(rules.contains(&"port-taken"), "{rules:?}");
}

#[test]
fn a_plan_of_billing_does_not_count_while_an_endpoint_is_heard() {
    // It may be this one, mistyped.
    let mut world = World::sold();
    world.hint("1042", "7001", "maple-a", "7");
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    assert_eq!(world.propose().lines(), no_lines());
    // It is heard, at another site than the plan's.
    let mut world = World::sold();
    world.service("1042", "7001").location = LocationId::new("4").ok();
    world.hint("1042", "7001", "oak-a", "7");
    assert_eq!(world.propose().lines(), no_lines());
}

#[test]
fn a_planned_subscriber_is_not_activated_before_its_service_starts() {
    let mut world = planned();
    world.service("1042", "7001").status = pending();
    world.hear(mac(1), "maple-a", 7);
    assert_eq!(world.propose().lines(), no_lines());
    world.settings.pre_activate = true;
    assert_eq!(world.propose().lines().len(), 2);
}

#[test]
fn a_planned_subscriber_is_not_activated_in_spite_of_a_person() {
    for key in [SyncKey::Endpoint, SyncKey::State] {
        let mut world = planned();
        world.hold("acct-1042", key, NOW + DAY);
        world.hear(mac(1), "maple-a", 7);
        assert_eq!(world.propose().lines(), no_lines(), "{key}");
    }
    let mut world = planned();
    world.edit("acct-1042").state = SubscriberState::Suspended;
    world.hear(mac(1), "maple-a", 7);
    let lines = world.propose().lines();
    assert!(
        lines.iter().all(|line| !line.contains("endpoint")),
        "{lines:?}"
    );
}

#[test]
fn a_subscriber_follows_no_endpoint_that_two_customers_have() {
    let mut world = moved();
    assert_eq!(world.propose().changes.len(), 1);
    world.sell("1043", "7002", "31");
    world.item("89", "00:0e:d8:10:20:01", "1043", Some("7002"));
    assert_eq!(world.propose().lines(), no_lines());
}

#[test]
fn a_subscriber_moves_to_no_device_that_is_not_managed() {
    let mut world = moved();
    let maple = world.inventory.devices.get_mut("maple-b").unwrap();
    maple.state = DeviceState::Observe;
    let proposal = world.propose();
    assert_eq!(proposal.lines(), no_lines());
    let (_, rules) = proposal.verdict("1042", "7001");
    assert!(rules.contains(&"device-not-managed"), "{rules:?}");
}

#[test]
fn two_subscribers_do_not_bring_one_vlan_to_a_device() {
    let mut world = moved();
    world.sell("1043", "7002", "30");
    world.item("89", "00:0e:d8:10:20:02", "1043", Some("7002"));
    let link = Some(("1043", "7002"));
    world.subscriber("acct-1043", ("maple-a", 2), Some(mac(2)), link);
    // VLANs of this device are shared.
    world.edit("acct-1043").vlan = vlan(101);
    world.silence(mac(1));
    world.hear_as(mac(1), "maple-a", 1, HeardState::Configured);
    world.hear_as(mac(2), "maple-a", 2, HeardState::Configured);
    assert!(world.commit().changes.is_empty());
    for (number, endpoint) in [(4, mac(1)), (5, mac(2))] {
        world.silence(endpoint);
        world.hear(endpoint, "maple-b", number);
    }
    let proposal = world.propose();
    assert_eq!(proposal.changes.len(), 1, "{:?}", proposal.lines());
    let (_, rules) = proposal.verdict("1043", "7002");
    assert!(rules.contains(&"vlan-taken"), "{rules:?}");
}

#[test]
fn a_subscriber_whose_service_has_not_started_is_not_moved_or_swapped() {
    let mut world = moved();
    world.service("1042", "7001").status = pending();
    let lines = world.propose().lines();
    assert!(
        lines.iter().all(|line| !line.contains(" device = ")),
        "{lines:?}"
    );
    let mut world = World::served();
    world.service("1042", "7001").status = pending();
    world.item("88", "00:0e:d8:10:20:02", "1042", Some("7001"));
    world.silence(mac(1));
    world.hear(mac(2), "maple-a", 1);
    let lines = world.propose().lines();
    assert!(
        lines.iter().all(|line| !line.contains(" endpoint = ")),
        "{lines:?}"
    );
}
