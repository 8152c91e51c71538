//! Tests guards about the base and about rules that apply after one another.

use std::collections::BTreeSet;

use super::faults::served;
use super::world::*;
use crate::model::SubscriberState;
use crate::model::billing::{AccountId, ServiceStatus, SnapshotScope, SuspendedCause};
use crate::sync::*;

fn rules(gated: &Gated) -> Vec<&'static str> {
    gated.findings.iter().map(GateFinding::rule).collect()
}

fn gate(world: &World, approved: &BTreeSet<Digest>) -> Gated {
    world.gate(&world.propose(), approved)
}

#[test]
fn sizes_of_an_incomplete_reading_are_not_the_measure_of_the_next_one() {
    let mut world = served(10);
    for number in 0..5 {
        world.drop_service(&format!("{}", 2000 + number), "1");
    }
    world.snapshot.proof = incomplete();
    world.commit();
    assert_eq!(world.base.sizes.as_ref().unwrap().services, 10);
}

#[test]
fn nothing_is_forgotten_of_a_service_that_an_incomplete_reading_lacks() {
    let mut world = World::sold();
    world.silence(mac(1));
    world.commit();
    let known = key("1042", "7001");
    assert!(world.base.services.contains_key(&known));
    assert!(world.base.claims.contains_key(&mac(1)));
    world.drop_service("1042", "7001");
    world.drop_item("88");
    world.snapshot.proof = incomplete();
    world.commit();
    assert!(world.base.services.contains_key(&known));
    assert!(world.base.claims.contains_key(&mac(1)));
    world.snapshot.proof = complete();
    world.commit();
    assert!(!world.base.services.contains_key(&known));
    assert!(!world.base.claims.contains_key(&mac(1)));
}

#[test]
fn a_reading_of_one_account_forgets_nothing_of_the_others() {
    let mut world = served(3);
    world.snapshot.scope = SnapshotScope::Accounts([AccountId::new("2000").unwrap()].into());
    world.snapshot.services.truncate(1);
    world.snapshot.equipment.truncate(1);
    world.commit();
    assert_eq!(world.base.services.len(), 3);
}

#[test]
fn an_empty_reading_is_one_whatever_an_earlier_reading_had() {
    let mut world = served(40);
    // The sync ran before the first subscriber was linked.
    world.base.sizes = Some(ScopeSizes::default());
    world.snapshot.services.clear();
    world.snapshot.equipment.clear();
    let gated = gate(&world, &BTreeSet::new());
    assert_eq!(rules(&gated), ["empty-export"]);
    assert!(gated.passed.is_empty());
}

#[test]
fn with_the_store_lost_the_inventory_is_the_measure_of_a_reading() {
    let mut world = served(100);
    world.base = SyncBase::default();
    world.snapshot.services.truncate(50);
    let gated = gate(&world, &BTreeSet::new());
    assert_eq!(rules(&gated), ["export-shrank"]);
}

#[test]
fn a_customer_is_not_replaced_by_another_one_while_the_reading_shrank() {
    let mut world = served(100);
    world.service("2000", "1").status = gone();
    world.commit();
    for number in 50..80 {
        world.drop_service(&format!("{}", 2000 + number), "1");
    }
    let endpoint = world.inventory.subscribers["acct-2000"].endpoint.unwrap();
    world.sell("3000", "1", "31");
    world.item("2000", &endpoint.to_string(), "3000", Some("1"));
    world.hear_as(endpoint, "oak-a", 1, HeardState::Configured);
    let proposal = world.propose();
    let replaces = |change: &&ProposedChange| change.replaces.is_some();
    assert_eq!(proposal.changes.iter().filter(replaces).count(), 1);
    let gated = world.gate(&proposal, &BTreeSet::new());
    assert!(gated.passed.is_empty(), "{:?}", gated.passed);
}

#[test]
fn changes_that_a_person_approved_are_held_back_by_no_other_rule() {
    // Half of the customers are of a partner that is invisible: the reading shrank, and the group vanished.
    let mut world = served(40);
    let is_seen = |account: &AccountId| {
        let number: u16 = account.as_str().parse().unwrap();
        number.is_multiple_of(2)
    };
    let services = &mut world.snapshot.services;
    services.retain(|service| is_seen(&service.account));
    let gated = gate(&world, &BTreeSet::new());
    assert_eq!(gated.held.len(), 1);
    let approved = [gated.held[0].digest.clone()].into();
    let gated = gate(&world, &approved);
    assert_eq!((gated.passed.len(), gated.held.len()), (20, 0));

    // All customers of a site are blocked: more than half of it, and more than the limit of the hour.
    let mut world = served(40);
    for service in &mut world.snapshot.services {
        service.status = ServiceStatus::Suspended {
            cause: SuspendedCause::NotPaid,
        };
    }
    let held = gate(&world, &BTreeSet::new()).held;
    let gated = gate(&world, &[held[0].digest.clone()].into());
    assert_eq!(gated.passed.len(), 40);
    // They count to no limit.
    assert_eq!(gated.findings.len(), 1, "{:?}", gated.findings);
}

#[test]
fn an_empty_reading_from_which_nothing_follows_is_not_the_measure_either() {
    let mut world = served(40);
    world.base = SyncBase {
        sizes: world.base.sizes.take(),
        ..SyncBase::default()
    };
    for subscriber in world.inventory.subscribers.values_mut() {
        subscriber.state = SubscriberState::Suspended;
    }
    world.snapshot.services.clear();
    world.snapshot.equipment.clear();
    let gated = world.commit_gated();
    assert_eq!(rules(&gated)[0], "empty-export");
    assert!(gated.held.is_empty(), "{:?}", gated.held);
    assert_eq!(world.base.sizes.unwrap().services, 40);
}
